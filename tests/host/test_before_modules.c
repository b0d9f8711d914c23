/*
 * test_before_modules.c - what Unbound answers before it asks any module is
 * the administrator's word, for a restricted client too. Local data, views,
 * auth zones and RPZ are in the leak matrix.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define COUNTER "num.rpz.action.rpz-nxdomain"

static struct world *
start_with(void **state, const char *server)
{
	struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = server,
	};

	return world_start(state, &options);
}

/* Asks, and wants RCODE and no word of bitsink's. */
static void
assert_own(struct question question, ldns_pkt_rcode rcode)
{
	ldns_pkt *answer;
	char text[256];

	question.flags |= ASK_EDNS;
	answer = ask(question);
	assert_int_equal(ldns_pkt_get_rcode(answer), rcode);
	answer_ede(answer, text, sizeof(text));
	assert_null(strstr(text, "bitsink"));
	ldns_pkt_free(answer);
}

static void
server_identity_is_told(void **state)
{
	struct world *world = start_with(state,
		"  identity: \"site\"\n  version: \"some\"\n");

	assert_answer(Q(UPDATE_HOST, "id.server", TYPE_TXT,
		.flags = ASK_CHAOS), "NOERROR \"site\"");
	assert_answer(Q(UPDATE_HOST, "version.bind", TYPE_TXT,
		.flags = ASK_CHAOS), "NOERROR \"some\"");
	/* What is no identity is bitsink's to refuse. */
	assert_answer(Q(UPDATE_HOST, "other.bind", TYPE_TXT,
		.flags = ASK_CHAOS), "REFUSED");
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-cname-override"), 1);
}

static void
names_that_every_unbound_has_are_answered(void **state)
{
	struct world *world = start_with(state, "");

	assert_answer(Q(UPDATE_HOST, "localhost", TYPE_A),
		"NOERROR 127.0.0.1");
	assert_answer(Q(UPDATE_HOST, "1.0.0.127.in-addr.arpa",
		LDNS_RR_TYPE_PTR), "NOERROR localhost.");
	assert_own((Q(UPDATE_HOST, "nothing.onion", TYPE_A)),
		LDNS_RCODE_NXDOMAIN);
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 0);
}

static void
a_client_that_the_acl_refuses_is_refused(void **state)
{
	struct world *world = start_with(state,
		"  access-control: 127.0.0.2/32 refuse\n"
		"  access-control: 127.0.0.3/32 refuse_non_local\n");

	assert_own((Q(UPDATE_HOST, "evil.test", TYPE_A)),
		LDNS_RCODE_REFUSED);
	assert_own((Q(UPDATE_HOST, "www.allowed.test", TYPE_A)),
		LDNS_RCODE_REFUSED);
	assert_own((Q(UPDATE_HOST_2, "evil.test", TYPE_A)),
		LDNS_RCODE_REFUSED);
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 0);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-local-data"), 0);
}

static void
a_client_that_the_acl_drops_hears_nothing(void **state)
{
	start_with(state, "  access-control: 127.0.0.2/32 deny\n");
	ask_expect_silence(Q(UPDATE_HOST, "evil.test", TYPE_A), 300);
}

static void
who_may_not_look_into_the_cache_is_refused(void **state)
{
	struct world *world = start_with(state, "");

	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_own((Q(UPDATE_HOST, "evil.test", TYPE_A,
		.flags = ASK_NO_RD)), LDNS_RCODE_REFUSED);
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 0);
}

static void
zone_transfers_and_meta_types_are_refused(void **state)
{
	struct world *world = start_with(state, "");

	assert_own((Q(UPDATE_HOST, "evil.test", LDNS_RR_TYPE_AXFR,
		.transport = ASK_TCP)), LDNS_RCODE_REFUSED);
	assert_own((Q(UPDATE_HOST, "evil.test", LDNS_RR_TYPE_MAILB)),
		LDNS_RCODE_FORMERR);
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 0);
	assert_int_equal(upstream_total(world->upstream), 0);
}

/* Data in a zone of this type is for its types only. */
static void
what_local_data_leaves_open_is_judged(void **state)
{
	start_with(state,
		"  local-zone: \"part.test\" typetransparent\n"
		"  local-data: \"part.test A 192.0.2.1\"\n");
	assert_answer(Q(UPDATE_HOST, "part.test", TYPE_A),
		"NOERROR 192.0.2.1");
	assert_answer(Q(UPDATE_HOST, "part.test", TYPE_TXT), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.part.test", TYPE_A), "NXDOMAIN");
}

/* A DS record is its parent's, who may be somebody else. */
static void
the_ds_of_a_local_zone_is_judged(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"own.test\" static\n"
		"  local-data: \"own.test A 192.0.2.1\"\n");

	assert_answer(Q(UPDATE_HOST, "own.test", TYPE_A),
		"NOERROR 192.0.2.1");
	assert_answer(Q(UPDATE_HOST, "www.own.test", LDNS_RR_TYPE_DS),
		"NXDOMAIN");
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 0);
	assert_answer(Q(UPDATE_HOST, "own.test", LDNS_RR_TYPE_DS),
		"NXDOMAIN");
	assert_int_equal(resolver_stat(world->resolver, COUNTER), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(server_identity_is_told),
		own_world_test(names_that_every_unbound_has_are_answered),
		own_world_test(a_client_that_the_acl_refuses_is_refused),
		own_world_test(a_client_that_the_acl_drops_hears_nothing),
		own_world_test(who_may_not_look_into_the_cache_is_refused),
		own_world_test(zone_transfers_and_meta_types_are_refused),
		own_world_test(what_local_data_leaves_open_is_judged),
		own_world_test(the_ds_of_a_local_zone_is_judged),
	};

	return world_main(tests);
}
