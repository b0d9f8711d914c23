/*
 * test_other_clients.c - clients in no group are served as if bitsink were not
 * there: no made-up answer, no delay, the same cache and the same merging.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static void
no_made_up_answer_reaches_an_ordinary_client(void **state)
{
	struct world *world = *state;
	int i;

	for (i = 0; i < 5; i++) {
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
		assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
			"NOERROR 192.0.2.10");
		assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_AAAA),
			"NOERROR 2001:db8::10");
	}
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(ORDINARY, "evil.test", TYPE_AAAA),
		"NOERROR 2001:db8:bad::66");
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_int_equal(upstream_count(world->upstream, "evil.test",
		LDNS_RR_TYPE_A), 1);
}

static void
blocked_answers_do_not_enter_the_cache(void **state)
{
	struct world *world = *state;
	char *dump;

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	dump = resolver_control(world->resolver, "dump_cache");
	assert_null(strstr(dump, "evil.test"));
	assert_null(strstr(dump, "bitsink"));
	assert_non_null(strstr(dump, "www.allowed.test"));
	free(dump);
}

/* Counts are taken before and after, for Unbound asks for itself too. */
static void
cache_hits_stay_cache_hits(void **state)
{
	struct world *world = *state;
	unsigned long hits, misses;
	int i;

	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	hits = resolver_stat(world->resolver, "total.num.cachehits");
	misses = resolver_stat(world->resolver, "total.num.cachemiss");
	for (i = 0; i < 10; i++)
		assert_answer(Q(i % 2 ? ORDINARY : ORDINARY_2, "evil.test",
			TYPE_A), "NOERROR 203.0.113.66");
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.cachehits"), hits + 10);
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.cachemiss"), misses);
	assert_int_equal(upstream_count(world->upstream, "evil.test", 0), 1);
}

static void
queries_in_flight_stay_merged(void **state)
{
	struct world *world = *state;
	struct asking *asking[8];
	unsigned long misses = resolver_stat(world->resolver,
		"total.num.cachemiss");
	long long deadline;
	int i;

	upstream_hold(world->upstream, "evil.test");
	for (i = 0; i < 8; i++) {
		asking[i] = ask_begin(Q(i % 2 ? ORDINARY : ORDINARY_2,
			"evil.test", TYPE_A));
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
			"NXDOMAIN");
	}
	deadline = sandbox_now() + SANDBOX_PATIENCE;
	while (resolver_stat(world->resolver, "total.num.cachemiss") <
	    misses + 8)
		assert_true(sandbox_wait(deadline));
	/* One look-up for all eight; the resolver may repeat its query. */
	upstream_await(world->upstream, "evil.test", LDNS_RR_TYPE_A, 1);
	assert_int_equal(resolver_stat(world->resolver,
		"total.requestlist.current.user"), 1);
	assert_true(upstream_count(world->upstream, "evil.test",
		LDNS_RR_TYPE_A) < 8);
	upstream_release(world->upstream, "evil.test");
	for (i = 0; i < 8; i++) {
		char *line = answer_line(ask_end(asking[i]));

		assert_string_equal(line, "NOERROR 203.0.113.66");
		free(line);
	}
}

/* An answer that a group may not have is none to anybody's chain. */
static void
an_allowed_name_whose_chain_leaves_the_allowlist_is_whole_for_all(void **state)
{
	static const char chain[] =
		"NOERROR edge.cdn.test. node.content.test. 198.51.100.2";

	(void)state;
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), chain);
	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A), chain);
	assert_answer(Q(UPDATE_HOST, "edge.cdn.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "edge.cdn.test", TYPE_A),
		"NOERROR node.content.test. 198.51.100.2");
}

/* Whole answers of the same questions with and without bitsink. */
static char *
record_answers(struct world *world)
{
	static const struct question questions[] = {
		{ ORDINARY, "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		{ ORDINARY, "EVIL.test", TYPE_A, ASK_TCP, ASK_EDNS, 0, 0 },
		{ ORDINARY, "evil.test", TYPE_TXT, ASK_UDP, ASK_DO, 0, 0 },
		{ ORDINARY, "evil.test", TYPE_ANY, ASK_UDP, 0, 0, 0 },
		{ ORDINARY, "nothing.test", TYPE_A, ASK_UDP, ASK_EDNS, 0, 0 },
		{ ORDINARY, "www.allowed.test", LDNS_RR_TYPE_MX, ASK_UDP,
			ASK_CD, 0, 0 },
		{ ORDINARY, "chain.allowed.test", TYPE_A, ASK_UDP, ASK_DO,
			512, 0 },
		{ ORDINARY, "evil.test", TYPE_A, ASK_UDP, ASK_NO_RD, 0, 0 },
		{ ORDINARY, "version.bind", TYPE_TXT, ASK_UDP, ASK_CHAOS, 0,
			0 },
		{ ORDINARY, "other.test", TYPE_TXT, ASK_UDP, ASK_CHAOS, 0, 0 },
		{ ORDINARY, ".", LDNS_RR_TYPE_NS, ASK_UDP, 0, 0, 0 },
		{ SANDBOX_IP6_ORDINARY, "evil.test", TYPE_AAAA, ASK_UDP, 0,
			0, 0 },
	};
	char *all = NULL, *text;
	size_t length, i;
	FILE *memory = open_memstream(&all, &length);

	(void)world;
	assert_non_null(memory);
	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		ldns_pkt *answer = ask(questions[i]);

		/* What differs from one run to the next. */
		ldns_pkt_set_id(answer, 0);
		ldns_pkt_set_querytime(answer, 0);
		text = ldns_pkt2str(answer);
		fprintf(memory, "%zu %s\n", i, text);
		free(text);
		ldns_pkt_free(answer);
	}
	fclose(memory);
	return all;
}

static void
every_answer_is_the_same_as_without_bitsink(void **state)
{
	static const struct resolver_options with = {
		.policy = WORLD_POLICY,
	}, without = {
		.policy = NULL,
	};
	char *answers_with, *answers_without;

	answers_with = record_answers(world_start(state, &with));
	world_stop(state);
	answers_without = record_answers(world_start(state, &without));
	assert_string_equal(answers_with, answers_without);
	free(answers_with);
	free(answers_without);
}

/* An audited group is answered as everybody, and what it would not get is
 * counted and logged. */
static void
an_audited_client_is_answered_and_counted(void **state)
{
	static const struct resolver_options options = {
		.policy = "bitsink:\n  mode: audit\n" WORLD_GROUPS
			"  mode: enforce\n",
	};
	struct world *world = world_start(state, &options);

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	/* The second group enforces by itself. */
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-disabled"), 1);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-nxdomain"), 0);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-local-data"), 1);
	resolver_await_log(world->resolver, "bitsink: audit client=127.0.0.2 "
		"group=wsus name=evil.test. type=A class=IN reason=not-listed "
		"action=nxdomain rule=- time=");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(no_made_up_answer_reaches_an_ordinary_client),
		world_test(blocked_answers_do_not_enter_the_cache),
		world_test(cache_hits_stay_cache_hits),
		world_test(queries_in_flight_stay_merged),
		world_test(
	an_allowed_name_whose_chain_leaves_the_allowlist_is_whole_for_all),
		own_world_test(every_answer_is_the_same_as_without_bitsink),
		own_world_test(an_audited_client_is_answered_and_counted),
	};

	return world_main(tests);
}
