/*
 * test_allowed_names.c - an update host gets allowed names as Unbound answers
 * them, from the cache that all share.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN "NOERROR edge.cdn.test. node.content.test. 198.51.100.2"

static void
an_allowed_name_is_answered(void **state)
{
	(void)state;
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(SANDBOX_IP6_UPDATE, "www.allowed.test", TYPE_AAAA),
		"NOERROR 2001:db8:100::1");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_TXT,
		.transport = ASK_TCP), "NOERROR \"text\"");
	assert_answer(Q(UPDATE_HOST, "nothing.allowed.test", TYPE_A),
		"NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", LDNS_RR_TYPE_MX),
		"NOERROR");
}

static void
a_chain_into_other_networks_is_returned_whole(void **state)
{
	struct world *world = *state;

	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A), CHAIN);
	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A,
		.transport = ASK_TCP), CHAIN);
	assert_answer(Q(UPDATE_HOST_2, "CHAIN.allowed.TEST", TYPE_A), CHAIN);
	assert_int_equal(upstream_count(world->upstream, "chain.allowed.test",
		LDNS_RR_TYPE_A), 1);
}

static void
the_cache_is_shared_with_everybody(void **state)
{
	struct world *world = *state;
	unsigned long hits;

	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	hits = resolver_stat(world->resolver, "total.num.cachehits");
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST_2, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.cachehits"), hits + 3);
	assert_int_equal(upstream_count(world->upstream, "www.allowed.test",
		LDNS_RR_TYPE_A), 1);
}

static void
an_allowed_query_in_flight_is_merged_with_others(void **state)
{
	struct world *world = *state;
	struct asking *ordinary, *restricted;
	char *line;

	upstream_hold(world->upstream, "www.allowed.test");
	ordinary = ask_begin(Q(ORDINARY, "www.allowed.test", TYPE_A));
	upstream_await(world->upstream, "www.allowed.test", 0, 1);
	restricted = ask_begin(Q(UPDATE_HOST, "www.allowed.test", TYPE_A));
	/* Only what is in the same look-up comes back by one answer. */
	upstream_release(world->upstream, "www.allowed.test");
	line = answer_line(ask_end(restricted));
	assert_string_equal(line, "NOERROR 198.51.100.1");
	free(line);
	line = answer_line(ask_end(ordinary));
	assert_string_equal(line, "NOERROR 198.51.100.1");
	free(line);
}

/* The AD bit of an answer, after its RCODE was checked. */
static int
is_authentic(struct question question)
{
	ldns_pkt *answer = ask(question);
	int ad = ldns_pkt_ad(answer) != 0;

	assert_int_equal(ldns_pkt_get_rcode(answer), LDNS_RCODE_NOERROR);
	assert_true(ldns_pkt_ancount(answer) > 0);
	ldns_pkt_free(answer);
	return ad;
}

/* The zone must be there before the resolver that trusts its key. */
static void
the_ad_bit_is_the_same_as_for_others(void **state)
{
	struct upstream *upstream = upstream_start();
	struct world *world = calloc(1, sizeof(*world));
	char *anchor, *server;
	struct resolver_options options = { .policy = WORLD_POLICY };
	ldns_pkt *answer;

	assert_non_null(world);
	*state = world;
	world->upstream = upstream;
	upstream_add(upstream, WORLD_RECORDS);
	anchor = upstream_add_signed(upstream, "signed.test.",
		"www.signed.test. 60 IN A 198.51.100.4\n"
		"alias.signed.test. 60 IN CNAME www.signed.test.\n");
	if (asprintf(&server, "  trust-anchor: '%s'\n", anchor) < 0)
		abort();
	options.server = server;
	world->resolver = resolver_start(&options);
	assert_true(is_authentic(Q(UPDATE_HOST, "www.signed.test", TYPE_A,
		.flags = ASK_DO)));
	assert_true(is_authentic(Q(ORDINARY, "www.signed.test", TYPE_A,
		.flags = ASK_DO)));
	assert_true(is_authentic(Q(UPDATE_HOST, "alias.signed.test", TYPE_A,
		.flags = ASK_AD, .transport = ASK_TCP)));
	assert_false(is_authentic(Q(UPDATE_HOST, "www.signed.test", TYPE_A)));
	assert_false(is_authentic(Q(UPDATE_HOST, "www.allowed.test", TYPE_A,
		.flags = ASK_DO)));
	/* The signature comes along. */
	answer = ask(Q(UPDATE_HOST, "www.signed.test", TYPE_A,
		.flags = ASK_DO));
	assert_int_equal(ldns_pkt_ancount(answer), 2);
	ldns_pkt_free(answer);
	/* The key was looked up, and nobody's policy judged that. */
	assert_true(upstream_count(upstream, "signed.test",
		LDNS_RR_TYPE_DNSKEY) > 0);
	/* What the cache holds as secure stays blocked for who may not. */
	assert_answer(Q(UPDATE_HOST_2, "www.signed.test", TYPE_A,
		.flags = ASK_DO), "NOERROR 192.0.2.10");
	free(server);
	free(anchor);
}

/* Only the validator's look-ups make it bogus: they are not judged, and a
 * bogus answer is nobody's, restricted or not. */
static void
a_bogus_allowed_name_is_servfail_as_for_others(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct resolver_options options = { .policy = WORLD_POLICY };
	char *anchor, *server;

	assert_non_null(world);
	*state = world;
	world->upstream = upstream_start();
	anchor = upstream_add_signed(world->upstream, "signed.test.",
		"www.signed.test. 60 IN A 198.51.100.4\n");
	upstream_forget(world->upstream, "www.signed.test");
	upstream_add(world->upstream,
		"www.signed.test. 60 IN A 203.0.113.70\n");
	if (asprintf(&server, "  trust-anchor: '%s'\n", anchor) < 0)
		abort();
	options.server = server;
	world->resolver = resolver_start(&options);
	assert_answer(Q(ORDINARY, "www.signed.test", TYPE_A), "SERVFAIL");
	assert_answer(Q(UPDATE_HOST, "www.signed.test", TYPE_A), "SERVFAIL");
	/* Checking disabled is the client's choice, for an allowed name. */
	assert_answer(Q(UPDATE_HOST, "www.signed.test", TYPE_A,
		.flags = ASK_CD), "NOERROR 203.0.113.70");
	/* The second group may not have it either way. */
	assert_answer(Q(UPDATE_HOST_2, "www.signed.test", TYPE_A,
		.flags = ASK_CD), "NOERROR 192.0.2.10");
	free(server);
	free(anchor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(an_allowed_name_is_answered),
		world_test(a_chain_into_other_networks_is_returned_whole),
		world_test(the_cache_is_shared_with_everybody),
		world_test(an_allowed_query_in_flight_is_merged_with_others),
		own_world_test(the_ad_bit_is_the_same_as_for_others),
		own_world_test(a_bogus_allowed_name_is_servfail_as_for_others),
	};

	return world_main(tests);
}
