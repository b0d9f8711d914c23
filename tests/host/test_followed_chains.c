/*
 * test_followed_chains.c - a server that forwards here may ask by itself for
 * the targets in an answer that its group was given: for as long as that answer
 * lives, and for nothing else.
 */
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "statistics.h"

#define CHAIN "chain.allowed.test"
#define EDGE "edge.cdn.test"
#define NODE "node.content.test"
#define EDGE_LINE "NOERROR node.content.test. 198.51.100.2"
#define NODE_LINE "NOERROR 198.51.100.2"
#define CHAIN_LINE "NOERROR edge.cdn.test. node.content.test. 198.51.100.2"
#define EVIL "NOERROR 203.0.113.66"

/* Seconds that a target may be asked for after its TTL, for an answer takes its
 * time to the one who asks. */
#define GRACE 1

/* A group of each sort of its own, so that one resolver serves them all. */
#define FORWARDER "127.0.0.2"
#define FORWARDER_MORE "127.0.0.3"
#define OTHER "127.0.0.4"
#define DENYING "127.0.0.5"
#define INSPECTING "127.0.0.6"
#define INSPECTING_MORE "127.0.0.7"
#define ADDRESSES "127.0.0.8"
#define TYPED "127.0.0.9"
#define AUDITED "127.0.0.10"
#define QUIET "127.0.0.11"
#define ALLOWED "  allow: \".allowed.test\"\n  allow: \".signed.test\"\n"
#define FOLLOWS ALLOWED "  follow-chain: yes\n"

#define OTHERS \
	"group:\n  name: other\n  client: " OTHER "\n" ALLOWED \
	"group:\n  name: denying\n  client: " DENYING "\n" FOLLOWS \
	"  deny: " EDGE "\n" \
	"group:\n  name: inspecting\n  client: " INSPECTING "\n" FOLLOWS \
	"  chain: inspect\n  chain-allow: .cdn.test\n" \
	"group:\n  name: more\n  client: " INSPECTING_MORE "\n" FOLLOWS \
	"  chain: inspect\n  chain-allow: .cdn.test\n" \
	"  chain-allow: .content.test\n" \
	"group:\n  name: addresses\n  client: " ADDRESSES "\n" FOLLOWS \
	"  answer-deny: 198.51.100.2\n" \
	"group:\n  name: typed\n  client: " TYPED "\n" FOLLOWS \
	"  allow-types: A\n" \
	"group:\n  name: audited\n  client: " AUDITED "\n" FOLLOWS \
	"  mode: audit\n" \
	"group:\n  name: quiet\n  client: " QUIET "\n" FOLLOWS \
	"  quiet: .cdn.test\n  quiet: .quiet.test\n"

#define POLICY \
	"bitsink:\n  log: all\n" \
	"group:\n  name: forwarder\n  client: " FORWARDER "\n" \
	"  client: " FORWARDER_MORE "\n  client: " SANDBOX_IP6_UPDATE "\n" \
	FOLLOWS "  action: refused\n" OTHERS

#define RECORDS \
	"www." EDGE ". 3600 IN A 198.51.100.50\n" \
	"other.cdn.test. 3600 IN A 198.51.100.51\n" \
	"bad.test. 3600 IN CNAME bad.cdn.test.\n" \
	"bad.cdn.test. 3600 IN A 198.51.100.52\n" \
	"download.allowed.test. 300 IN CNAME " \
	"wu-fg-shim.trafficmanager.net.\n" \
	"wu-fg-shim.trafficmanager.net. 60 IN CNAME cds.hwcdn.test.\n" \
	"cds.hwcdn.test. 3600 IN A 198.51.100.53\n" \
	"mail.allowed.test. 3600 IN MX 10 mx.cdn.test.\n" \
	"mx.cdn.test. 3600 IN A 198.51.100.54\n" \
	"gone.allowed.test. 3600 IN CNAME gone.cdn.test.\n" \
	"loop.allowed.test. 3600 IN CNAME loop.cdn.test.\n" \
	"loop.cdn.test. 3600 IN CNAME loop.allowed.test.\n"

static struct world *
start_with(void **state, const char *server)
{
	struct resolver_options options = {
		.policy = POLICY, .server = server,
	};
	struct world *world = world_start(state, &options);

	upstream_add(world->upstream, RECORDS);
	return world;
}

static struct world *
start(void **state)
{
	return start_with(state, RESOLVER_PATIENT);
}

static void
assert_ordinary_are_served(void)
{
	assert_answer(Q(ORDINARY, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(ORDINARY, EDGE, TYPE_A), EDGE_LINE);
	assert_answer(Q(ORDINARY_2, NODE, TYPE_A, .transport = ASK_TCP),
		NODE_LINE);
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A), EVIL);
}

static unsigned long
status(const struct world *world, const char *key)
{
	char *reply = control_ask(world->resolver, "status");
	unsigned long number = control_number(reply, key);

	free(reply);
	return number;
}

static unsigned long
reason(const struct world *world, const char *word)
{
	char name[64];

	snprintf(name, sizeof(name), "num.bitsink.reason.%s", word);
	return resolver_stat(world->resolver, name);
}

/* The clock that Unbound looks at; that of time() is behind it at times. */
static long
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (long)now.tv_sec;
}

/* Until when the client may ask for the name, which it may. */
static long
until_of(const struct world *world, const char *client, const char *name)
{
	char *explained = control_explain(world->resolver, client, name);
	long until;

	control_assert(explained, "reason", "followed");
	until = (long)control_number(explained, "until");
	free(explained);
	return until;
}

/* Asks until the answer is another one than for what may be asked. */
static void
await_answer(struct question question, const char *expected)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *line = answer_line(ask(question));
		int is = strcmp(line, expected) == 0;

		free(line);
		if (is)
			return;
		assert_true(sandbox_wait(deadline));
	}
}

/* Waits until so many targets are remembered; the others have ended. */
static void
await_followed(const struct world *world, unsigned long count)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (status(world, "followed") != count)
		assert_true(sandbox_wait(deadline));
}

/* --- What may be asked for. */

static void
targets_of_an_allowed_answer_may_be_asked_for(void **state)
{
	struct world *world = start(state);
	char *stats;

	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, NODE, TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
	assert_answer(Q(FORWARDER, NODE, TYPE_A, .transport = ASK_TCP),
		NODE_LINE);
	/* Any of the group's clients, any type, any letter case. */
	assert_answer(Q(FORWARDER_MORE, EDGE, TYPE_A, .transport = ASK_TCP),
		EDGE_LINE);
	assert_answer(Q(SANDBOX_IP6_UPDATE, "EDGE.cdn.Test", TYPE_A),
		EDGE_LINE);
	assert_answer(Q(FORWARDER, NODE, TYPE_AAAA), "NOERROR");
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	statistics_assert(stats, "num.bitsink.reason.followed", 6);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 2);
	statistics_assert(stats, "num.bitsink.group.forwarder.allowed", 7);
	statistics_assert(stats, "num.bitsink.group.forwarder.blocked", 2);
	statistics_assert(stats, "bitsink.followed", 2);
	free(stats);
	assert_ordinary_are_served();
}

/* As it was seen: the server asks in other letter case than it was told. */
static void
letter_case_does_not_matter(void **state)
{
	struct world *world = start(state);

	upstream_add(world->upstream,
		"case.allowed.test. 300 IN CNAME Case.CDN.test.\n"
		"case.cdn.test. 300 IN A 198.51.100.55\n");
	assert_answer(Q(FORWARDER, "Download.Allowed.Test", TYPE_A),
		"NOERROR wu-fg-shim.trafficmanager.net. cds.hwcdn.test. "
		"198.51.100.53");
	assert_answer(Q(FORWARDER, "wu-fg-shim.trafficmanager.NET", TYPE_A),
		"NOERROR cds.hwcdn.test. 198.51.100.53");
	assert_answer(Q(FORWARDER, "CDS.HWCDN.TEST", TYPE_A,
		.transport = ASK_TCP), "NOERROR 198.51.100.53");
	ldns_pkt_free(ask(Q(FORWARDER, "case.allowed.test", TYPE_A)));
	assert_answer(Q(FORWARDER, "case.cdn.test", TYPE_A),
		"NOERROR 198.51.100.55");
	assert_ordinary_are_served();
}

static void
targets_of_a_cached_answer_may_be_asked_for(void **state)
{
	static const enum transport transports[] = { ASK_UDP, ASK_TCP };
	size_t t;

	for (t = 0; t < 2; t++) {
		struct world *world = start(state);

		assert_answer(Q(ORDINARY, CHAIN, TYPE_A), CHAIN_LINE);
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
		assert_answer(Q(FORWARDER, CHAIN, TYPE_A,
			.transport = transports[t]), CHAIN_LINE);
		assert_int_equal(upstream_count(world->upstream, CHAIN, 0),
			1);
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
		assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
		assert_ordinary_are_served();
		world_stop(state);
	}
}

/* Two clients with one question: what the one gets teaches nothing for the
 * other's group, and what the other gets does. */
static void
targets_of_an_answer_in_flight_may_be_asked_for(void **state)
{
	struct world *world = start(state);
	struct asking *ordinary, *forwarder;
	char *line;

	upstream_hold(world->upstream, CHAIN);
	ordinary = ask_begin(Q(ORDINARY, CHAIN, TYPE_A));
	upstream_await(world->upstream, CHAIN, 0, 1);
	forwarder = ask_begin(Q(FORWARDER, CHAIN, TYPE_A));
	upstream_await(world->upstream, CHAIN, 0, 2);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
	upstream_release(world->upstream, CHAIN);
	line = answer_line(ask_end(forwarder));
	assert_string_equal(line, CHAIN_LINE);
	free(line);
	line = answer_line(ask_end(ordinary));
	assert_string_equal(line, CHAIN_LINE);
	free(line);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	assert_ordinary_are_served();
}

/* The chain counts, not what is at its end. */
static void
chains_without_an_end_are_followed(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(FORWARDER, CHAIN, TYPE_AAAA),
		"NOERROR edge.cdn.test. node.content.test.");
	assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
	assert_answer(Q(FORWARDER, "gone.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "gone.allowed.test", TYPE_A),
		"NXDOMAIN gone.cdn.test.");
	assert_answer(Q(FORWARDER, "gone.cdn.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "followed"), 2);
	assert_ordinary_are_served();
}

/* Who asks for the CNAME alone has seen no more than that. */
static void
what_was_not_in_the_answer_is_not_followed(void **state)
{
	(void)start(state);
	assert_answer(Q(FORWARDER, CHAIN, LDNS_RR_TYPE_CNAME),
		"NOERROR edge.cdn.test.");
	assert_answer(Q(FORWARDER, NODE, TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	/* That was an answer, too. */
	assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
	assert_answer(Q(FORWARDER, "www." EDGE, TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "other.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "mail.allowed.test", LDNS_RR_TYPE_MX),
		"NOERROR 10");
	assert_answer(Q(FORWARDER, "mx.cdn.test", TYPE_A), "REFUSED");
	assert_ordinary_are_served();
}

static void
other_groups_may_not_ask_for_them(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(OTHER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(OTHER, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(OTHER, EDGE, TYPE_A, .transport = ASK_TCP),
		"NXDOMAIN");
	/* One that follows, too, but was not given that answer. */
	assert_answer(Q(TYPED, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(TYPED, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(TYPED, EDGE, TYPE_A), EDGE_LINE);
	assert_int_equal(status(world, "followed"), 4);
	assert_ordinary_are_served();
}

static void
a_group_without_follow_chain_learns_nothing(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(OTHER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(OTHER, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, CHAIN, TYPE_A), CHAIN_LINE);
	assert_int_equal(status(world, "followed"), 0);
	assert_ordinary_are_served();
}

static void
targets_of_blocked_names_are_not_learned(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(ORDINARY, "bad.test", TYPE_A),
		"NOERROR bad.cdn.test. 198.51.100.52");
	assert_answer(Q(FORWARDER, "bad.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "bad.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(TYPED, CHAIN, TYPE_AAAA), "NXDOMAIN");
	assert_answer(Q(TYPED, EDGE, TYPE_A), "NXDOMAIN");
	assert_int_equal(status(world, "followed"), 0);
	assert_ordinary_are_served();
}

static void
a_denied_target_stays_denied(void **state)
{
	struct world *world = start(state);
	char *explained;

	assert_answer(Q(DENYING, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(DENYING, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(DENYING, EDGE, TYPE_A, .transport = ASK_TCP),
		"NXDOMAIN");
	explained = control_explain(world->resolver, DENYING, EDGE);
	control_assert(explained, "reason", "denied");
	control_assert(explained, "until", NULL);
	free(explained);
	/* What is behind it is not. */
	assert_answer(Q(DENYING, NODE, TYPE_A), NODE_LINE);
	assert_ordinary_are_served();
}

static void
types_count_for_followed_names(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(TYPED, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(TYPED, NODE, TYPE_A), NODE_LINE);
	assert_answer(Q(TYPED, NODE, TYPE_TXT), "NXDOMAIN");
	assert_answer(Q(TYPED, NODE, TYPE_ANY), "NXDOMAIN");
	assert_int_equal(reason(world, "type"), 2);
	assert_ordinary_are_served();
}

static void
a_quiet_name_that_is_followed_is_answered(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(QUIET, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(QUIET, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(QUIET, EDGE, TYPE_A), EDGE_LINE);
	assert_int_equal(reason(world, "quiet"), 1);
	assert_int_equal(reason(world, "followed"), 1);
	assert_ordinary_are_served();
}

/* Else the log would tell of names that no policy needs. */
static void
in_audit_a_followed_name_is_allowed(void **state)
{
	struct world *world = start(state);
	char *stats;

	assert_answer(Q(AUDITED, EDGE, TYPE_A), EDGE_LINE);
	assert_answer(Q(AUDITED, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(AUDITED, EDGE, TYPE_A), EDGE_LINE);
	/* A name that is only audited is no allowed one. */
	assert_answer(Q(AUDITED, "bad.test", TYPE_A),
		"NOERROR bad.cdn.test. 198.51.100.52");
	assert_answer(Q(AUDITED, "bad.cdn.test", TYPE_A),
		"NOERROR 198.51.100.52");
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_assert(stats, "num.bitsink.group.audited.audited", 3);
	statistics_assert(stats, "num.bitsink.group.audited.allowed", 2);
	statistics_assert(stats, "num.bitsink.reason.followed", 1);
	free(stats);
	assert_ordinary_are_served();
}

/* --- For how long. */

static void
a_target_may_be_asked_for_as_long_as_the_answer_lives(void **state)
{
	struct world *world = start(state);
	long before, until;

	upstream_add(world->upstream,
		"short.allowed.test. 3600 IN CNAME short.cdn.test.\n"
		"short.cdn.test. 4 IN CNAME last.cdn.test.\n"
		"last.cdn.test. 3600 IN A 198.51.100.60\n");
	before = seconds();
	assert_answer(Q(FORWARDER, "short.allowed.test", TYPE_A),
		"NOERROR short.cdn.test. last.cdn.test. 198.51.100.60");
	assert_answer(Q(FORWARDER, "last.cdn.test", TYPE_A),
		"NOERROR 198.51.100.60");
	until = until_of(world, FORWARDER, "last.cdn.test");
	assert_in_range(until, before + 4, seconds() + 4 + GRACE);
	assert_in_range(until_of(world, FORWARDER, "short.cdn.test"),
		before + 3600, seconds() + 3600 + GRACE);
	await_answer(Q(FORWARDER, "last.cdn.test", TYPE_A), "REFUSED");
	assert_true(seconds() > until);
	assert_answer(Q(FORWARDER, "last.cdn.test", TYPE_A,
		.transport = ASK_TCP), "REFUSED");
	await_followed(world, 1);
	assert_answer(Q(ORDINARY, "last.cdn.test", TYPE_A),
		"NOERROR 198.51.100.60");
	/* And again, with the next answer. */
	assert_answer(Q(FORWARDER, "short.allowed.test", TYPE_A),
		"NOERROR short.cdn.test. last.cdn.test. 198.51.100.60");
	assert_answer(Q(FORWARDER, "last.cdn.test", TYPE_A),
		"NOERROR 198.51.100.60");
	assert_ordinary_are_served();
}

/* What is left of it counts, not what it had when it was new. */
static void
a_cached_answer_teaches_no_longer_than_it_lives(void **state)
{
	struct world *world = start(state);
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	uint32_t ttl;
	long learned;

	upstream_add(world->upstream,
		"aging.allowed.test. 30 IN CNAME aging.cdn.test.\n"
		"aging.cdn.test. 3600 IN A 198.51.100.61\n");
	ldns_pkt_free(ask(Q(ORDINARY, "aging.allowed.test", TYPE_A)));
	learned = seconds();
	do {
		ldns_pkt *answer = ask(Q(ORDINARY, "aging.allowed.test",
			TYPE_A));

		ttl = ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(answer),
			0));
		ldns_pkt_free(answer);
		assert_true(sandbox_wait(deadline));
	} while (ttl > 27);
	ldns_pkt_free(ask(Q(FORWARDER, "aging.allowed.test", TYPE_A)));
	assert_int_equal(upstream_count(world->upstream, "aging.allowed.test",
		0), 1);
	assert_true(until_of(world, FORWARDER, "aging.cdn.test") <=
		learned + 30 + GRACE);
	assert_ordinary_are_served();
}

/* The target of a followed name is one of the first answer's: it must not be a
 * way to go on for ever. */
static void
a_chain_that_goes_on_lives_no_longer_than_the_first(void **state)
{
	struct world *world = start(state);
	char *explained;
	long until;

	upstream_add(world->upstream,
		"first.allowed.test. 5 IN CNAME first.cdn.test.\n"
		"first.cdn.test. 3600 IN A 198.51.100.62\n"
		"second.cdn.test. 3600 IN CNAME third.cdn.test.\n"
		"third.cdn.test. 3600 IN A 198.51.100.63\n");
	ldns_pkt_free(ask(Q(FORWARDER, "first.allowed.test", TYPE_A)));
	until = until_of(world, FORWARDER, "first.cdn.test");
	upstream_forget(world->upstream, "first.cdn.test");
	upstream_add(world->upstream,
		"first.cdn.test. 3600 IN CNAME second.cdn.test.\n");
	free(resolver_control(world->resolver, "flush first.cdn.test"));
	assert_answer(Q(FORWARDER, "second.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "first.cdn.test", TYPE_A),
		"NOERROR second.cdn.test. third.cdn.test. 198.51.100.63");
	assert_answer(Q(FORWARDER, "second.cdn.test", TYPE_A),
		"NOERROR third.cdn.test. 198.51.100.63");
	assert_int_equal(until_of(world, FORWARDER, "second.cdn.test"),
		until);
	assert_int_equal(until_of(world, FORWARDER, "third.cdn.test"), until);
	explained = control_explain(world->resolver, FORWARDER,
		"third.cdn.test");
	control_assert(explained, "followed-from", "first.allowed.test.");
	free(explained);
	/* Who asks all the time does not make it longer. */
	await_answer(Q(FORWARDER, "second.cdn.test", TYPE_A), "REFUSED");
	assert_true(seconds() > until);
	assert_answer(Q(FORWARDER, "first.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "third.cdn.test", TYPE_A), "REFUSED");
	await_followed(world, 0);
	assert_ordinary_are_served();
}

static void
no_target_may_be_asked_for_longer_than_a_day(void **state)
{
	struct world *world = start_with(state,
		"  cache-max-ttl: 1000000\n");
	long before = seconds();

	upstream_add(world->upstream,
		"long.allowed.test. 604800 IN CNAME long.cdn.test.\n"
		"long.cdn.test. 604800 IN A 198.51.100.64\n");
	assert_answer(Q(FORWARDER, "long.allowed.test", TYPE_A),
		"NOERROR long.cdn.test. 198.51.100.64");
	assert_in_range(until_of(world, FORWARDER, "long.cdn.test"),
		before + 86400, seconds() + 86400);
	assert_ordinary_are_served();
}

/* --- What leads nowhere. */

static void
an_endless_chain_teaches_nothing(void **state)
{
	struct world *world = start(state);
	char *ordinary, *forwarder;

	ordinary = answer_line(ask(Q(ORDINARY, "loop.allowed.test", TYPE_A)));
	forwarder = answer_line(ask(Q(FORWARDER, "loop.allowed.test",
		TYPE_A)));
	assert_string_equal(forwarder, ordinary);
	assert_string_equal(forwarder, "SERVFAIL");
	free(ordinary);
	free(forwarder);
	assert_answer(Q(FORWARDER, "loop.cdn.test", TYPE_A), "REFUSED");
	assert_int_equal(status(world, "followed"), 0);
	assert_ordinary_are_served();
}

/* What Unbound does not accept leads no forwarder anywhere. */
static void
a_bogus_chain_teaches_nothing(void **state)
{
	struct resolver_options options = { .policy = POLICY };
	struct world *world = calloc(1, sizeof(*world));
	char *anchor, *server;

	assert_non_null(world);
	*state = world;
	world->upstream = upstream_start();
	upstream_add(world->upstream, WORLD_RECORDS);
	anchor = upstream_add_signed(world->upstream, "signed.test.",
		"good.signed.test. 3600 IN CNAME good.cdn.test.\n"
		"bad.signed.test. 3600 IN CNAME bad.cdn.test.\n");
	upstream_add(world->upstream,
		"good.cdn.test. 3600 IN A 198.51.100.65\n"
		"bad.cdn.test. 3600 IN A 198.51.100.66\n");
	upstream_spoil(world->upstream, "bad.signed.test");
	if (asprintf(&server, "  trust-anchor: '%s'\n", anchor) < 0)
		abort();
	options.server = server;
	world->resolver = resolver_start(&options);
	assert_answer(Q(FORWARDER, "good.signed.test", TYPE_A),
		"NOERROR good.cdn.test. 198.51.100.65");
	assert_answer(Q(FORWARDER, "good.cdn.test", TYPE_A),
		"NOERROR 198.51.100.65");
	assert_answer(Q(FORWARDER, "bad.signed.test", TYPE_A), "SERVFAIL");
	assert_answer(Q(FORWARDER, "bad.cdn.test", TYPE_A), "REFUSED");
	/* Who wants to check it for himself gets it, and no other name. */
	assert_answer(Q(FORWARDER, "bad.signed.test", TYPE_A,
		.flags = ASK_CD), "NOERROR bad.cdn.test. 198.51.100.66");
	assert_answer(Q(FORWARDER, "bad.cdn.test", TYPE_A, .flags = ASK_CD),
		"REFUSED");
	assert_int_equal(status(world, "followed"), 1);
	assert_ordinary_are_served();
	free(server);
	free(anchor);
}

/* --- Together with other options. */

static void
only_chains_that_are_given_are_followed(void **state)
{
	struct world *world = start(state);

	/* Blocked for NODE: EDGE was in no answer either. */
	assert_answer(Q(INSPECTING, CHAIN, TYPE_A), "NXDOMAIN");
	assert_answer(Q(INSPECTING, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(ADDRESSES, CHAIN, TYPE_A), "NXDOMAIN");
	assert_answer(Q(ADDRESSES, EDGE, TYPE_A), "NXDOMAIN");
	assert_int_equal(status(world, "followed"), 0);
	assert_int_equal(reason(world, "chain"), 1);
	assert_int_equal(reason(world, "address"), 1);
	assert_int_equal(reason(world, "not-listed"), 2);
	assert_answer(Q(INSPECTING_MORE, EDGE, TYPE_A), "NXDOMAIN");
	assert_answer(Q(INSPECTING_MORE, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(INSPECTING_MORE, EDGE, TYPE_A), EDGE_LINE);
	assert_answer(Q(INSPECTING_MORE, NODE, TYPE_A,
		.transport = ASK_TCP), NODE_LINE);
	assert_int_equal(reason(world, "followed"), 2);
	assert_ordinary_are_served();
}

/* An answer to a followed name is inspected as that to an allowed one. */
static void
answers_to_followed_names_are_inspected(void **state)
{
	struct world *world = start(state);

	upstream_add(world->upstream,
		"turn.allowed.test. 3600 IN CNAME turn.cdn.test.\n"
		"turn.cdn.test. 3600 IN A 198.51.100.67\n");
	assert_answer(Q(INSPECTING, "turn.allowed.test", TYPE_A),
		"NOERROR turn.cdn.test. 198.51.100.67");
	assert_answer(Q(INSPECTING, "turn.cdn.test", TYPE_A),
		"NOERROR 198.51.100.67");
	assert_answer(Q(ADDRESSES, "turn.allowed.test", TYPE_A),
		"NOERROR turn.cdn.test. 198.51.100.67");
	upstream_forget(world->upstream, "turn.cdn.test");
	upstream_add(world->upstream,
		"turn.cdn.test. 3600 IN CNAME " NODE ".\n");
	free(resolver_control(world->resolver, "flush turn.cdn.test"));
	assert_answer(Q(INSPECTING, "turn.cdn.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(INSPECTING, NODE, TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "chain"), 1);
	assert_answer(Q(ADDRESSES, "turn.cdn.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ADDRESSES, NODE, TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "address"), 1);
	assert_answer(Q(ORDINARY, "turn.cdn.test", TYPE_A),
		"NOERROR node.content.test. 198.51.100.2");
	assert_ordinary_are_served();
}

/* The client sees one chain, of which the first step is from local-data. */
static void
a_redirection_by_local_data_is_followed(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"alias.allowed.test.\" redirect\n"
		"  local-data: \"alias.allowed.test. 60 IN CNAME "
		"start.test.\"\n"
		"  local-zone: \"alias.evil.test.\" redirect\n"
		"  local-data: \"alias.evil.test. 60 IN CNAME end.test.\"\n");
	long before = seconds();

	upstream_add(world->upstream,
		"start.test. 3600 IN CNAME next.test.\n"
		"next.test. 3600 IN A 198.51.100.68\n"
		"end.test. 3600 IN CNAME next.test.\n");
	assert_answer(Q(FORWARDER, "start.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "alias.evil.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "next.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, "alias.allowed.test", TYPE_A),
		"NOERROR start.test. next.test. 198.51.100.68");
	assert_answer(Q(FORWARDER, "next.test", TYPE_A),
		"NOERROR 198.51.100.68");
	assert_answer(Q(FORWARDER, "start.test", TYPE_A),
		"NOERROR next.test. 198.51.100.68");
	assert_answer(Q(FORWARDER, "end.test", TYPE_A), "REFUSED");
	/* Local data has a TTL as well. */
	assert_in_range(until_of(world, FORWARDER, "start.test"), before,
		seconds() + 60 + GRACE);
	assert_in_range(until_of(world, FORWARDER, "next.test"), before,
		seconds() + 60 + GRACE);
	assert_answer(Q(ORDINARY, "alias.evil.test", TYPE_A),
		"NOERROR end.test. next.test. 198.51.100.68");
	assert_ordinary_are_served();
}

/* What local data says is not judged; where that leads, the answer is. */
static void
a_redirection_by_local_data_is_inspected_behind_it(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"good.allowed.test.\" redirect\n"
		"  local-data: \"good.allowed.test. 60 IN CNAME start.test.\"\n"
		"  local-zone: \"bad.allowed.test.\" redirect\n"
		"  local-data: \"bad.allowed.test. 60 IN CNAME end.test.\"\n");

	upstream_add(world->upstream,
		"start.test. 3600 IN CNAME other.cdn.test.\n"
		"end.test. 3600 IN CNAME other.test.\n"
		"other.test. 3600 IN A 198.51.100.71\n");
	assert_answer(Q(INSPECTING, "good.allowed.test", TYPE_A),
		"NOERROR start.test. other.cdn.test. 198.51.100.51");
	assert_answer(Q(INSPECTING, "start.test", TYPE_A),
		"NOERROR other.cdn.test. 198.51.100.51");
	assert_answer(Q(INSPECTING, "other.cdn.test", TYPE_A),
		"NOERROR 198.51.100.51");
	assert_answer(Q(INSPECTING, "bad.allowed.test", TYPE_A),
		"NXDOMAIN end.test.");
	assert_answer(Q(INSPECTING, "end.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(INSPECTING, "other.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "chain"), 1);
	assert_int_equal(reason(world, "followed"), 2);
	assert_answer(Q(ORDINARY, "bad.allowed.test", TYPE_A),
		"NOERROR end.test. other.test. 198.51.100.71");
	assert_ordinary_are_served();
}

/* Unbound makes an AAAA of an A; the CNAMEs are what they are. */
static void
chains_are_followed_behind_dns64(void **state)
{
	struct resolver_options options = {
		.policy = POLICY,
		.server = "  dns64-prefix: 64:ff9b::/96\n",
		.modules = "dns64 dynlib validator iterator",
	};
	struct world *world = world_start(state, &options);

	assert_answer(Q(FORWARDER, EDGE, TYPE_AAAA), "REFUSED");
	assert_answer(Q(FORWARDER, CHAIN, TYPE_AAAA), "NOERROR edge.cdn.test."
		" node.content.test. 64:ff9b::c633:6402");
	assert_answer(Q(FORWARDER, EDGE, TYPE_AAAA),
		"NOERROR node.content.test. 64:ff9b::c633:6402");
	assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
	assert_answer(Q(OTHER, EDGE, TYPE_AAAA), "NXDOMAIN");
	assert_int_equal(status(world, "followed"), 2);
	assert_ordinary_are_served();
}

/* --- How it is told. */

static void
an_explanation_tells_from_where_and_until_when(void **state)
{
	struct world *world = start(state);
	char *explained;

	explained = control_explain(world->resolver, FORWARDER, NODE);
	control_assert(explained, "verdict", "block");
	control_assert(explained, "reason", "not-listed");
	control_assert(explained, "until", NULL);
	control_assert(explained, "followed-from", NULL);
	free(explained);
	assert_answer(Q(FORWARDER, "CHAIN.allowed.test", TYPE_A), CHAIN_LINE);
	explained = control_explain(world->resolver, FORWARDER, NODE);
	control_assert(explained, "verdict", "allow");
	control_assert(explained, "reason", "followed");
	control_assert(explained, "followed-from", "chain.allowed.test.");
	control_assert(explained, "rule", NULL);
	control_assert(explained, "granted", NULL);
	control_assert(explained, "answer", "as usual");
	assert_true(control_number(explained, "until") >
		(unsigned long)seconds());
	free(explained);
	explained = control_explain(world->resolver, OTHER, NODE);
	control_assert(explained, "reason", "not-listed");
	free(explained);
	assert_int_equal(status(world, "followed"), 2);
	assert_ordinary_are_served();
}

/* A listener sees the verdict; the log has what is blocked alone. */
static void
a_followed_query_is_told_as_one(void **state)
{
	struct world *world = start(state);
	struct watcher *watcher = control_watch(world->resolver,
		"watch all=yes");
	const char *event;
	char *log;

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	event = control_next(watcher);
	control_assert(event, "name", "chain.allowed.test.");
	control_assert(event, "reason", "allowed");
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	event = control_next(watcher);
	control_assert(event, "name", "edge.cdn.test.");
	control_assert(event, "verdict", "allow");
	control_assert(event, "reason", "followed");
	control_unwatch(watcher);
	assert_answer(Q(FORWARDER, "evil.test", TYPE_A), "REFUSED");
	resolver_await_log(world->resolver, "name=evil.test.");
	log = resolver_log(world->resolver);
	assert_null(strstr(log, "name=" EDGE));
	free(log);
	assert_ordinary_are_served();
}

/* --- Another policy, another start. */

#define FORWARDER_GROUP(name, more) \
	"group:\n  name: " name "\n  client: " FORWARDER "\n" more

static void
write_policy(const struct world *world, const char *policy)
{
	sandbox_write(world->resolver->folder, "bitsink.conf", policy);
}

static void
targets_stay_while_their_question_is_allowed(void **state)
{
	struct world *world = start(state);
	long until;

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	until = until_of(world, FORWARDER, NODE);
	write_policy(world, FORWARDER_GROUP("forwarder",
		"  allow: " CHAIN "\n  follow-chain: yes\n"));
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	assert_int_equal(until_of(world, FORWARDER, NODE), until);
	assert_ordinary_are_served();
}

/* Whatever makes the question no allowed one; and it does not come back with
 * the policy. */
static void
targets_go_with_their_question(void **state)
{
	static const char *const policies[] = {
		FORWARDER_GROUP("forwarder", FOLLOWS "  deny: " CHAIN "\n"),
		FORWARDER_GROUP("forwarder", "  allow: other.allowed.test\n"
			"  follow-chain: yes\n"),
		FORWARDER_GROUP("forwarder", ALLOWED),
		FORWARDER_GROUP("renamed", FOLLOWS),
	};
	struct world *world = start(state);
	unsigned long generation = 1;
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
		write_policy(world, policies[i]);
		assert_int_equal(control_reload(world->resolver),
			++generation);
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), "NXDOMAIN");
		assert_answer(Q(FORWARDER, NODE, TYPE_A,
			.transport = ASK_TCP), "NXDOMAIN");
		assert_int_equal(status(world, "followed"), 0);
		assert_ordinary_are_served();
		write_policy(world, POLICY);
		assert_int_equal(control_reload(world->resolver),
			++generation);
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
	}
	assert_ordinary_are_served();
}

static void
following_begins_with_a_reload(void **state)
{
	struct resolver_options options = { .policy = WORLD_POLICY };
	struct world *world = world_start(state, &options);

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "NXDOMAIN");
	write_policy(world, POLICY);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	write_policy(world, WORLD_POLICY);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
}

static void
targets_are_kept_over_a_restart(void **state)
{
	struct world *world = start(state);
	long until;

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	until = until_of(world, FORWARDER, NODE);
	resolver_end(world->resolver, SIGTERM);
	resolver_start_again(world->resolver);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	assert_int_equal(until_of(world, FORWARDER, NODE), until);
	resolver_reload(world->resolver);
	assert_answer(Q(FORWARDER, NODE, TYPE_A), NODE_LINE);
	assert_int_equal(until_of(world, FORWARDER, NODE), until);
	assert_answer(Q(OTHER, EDGE, TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
}

static void
targets_that_ended_meanwhile_do_not_come_back(void **state)
{
	struct world *world = start(state);
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	long until;

	upstream_add(world->upstream,
		"brief.allowed.test. 2 IN CNAME brief.cdn.test.\n"
		"brief.cdn.test. 3600 IN A 198.51.100.69\n");
	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, "brief.allowed.test", TYPE_A),
		"NOERROR brief.cdn.test. 198.51.100.69");
	until = until_of(world, FORWARDER, "brief.cdn.test");
	resolver_end(world->resolver, SIGTERM);
	while (seconds() <= until)
		assert_true(sandbox_wait(deadline));
	resolver_start_again(world->resolver);
	assert_answer(Q(FORWARDER, "brief.cdn.test", TYPE_A), "REFUSED");
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	await_followed(world, 2);
	assert_ordinary_are_served();
}

/* A policy that was changed while nothing ran drops them, too. */
static void
targets_of_a_question_that_a_start_finds_denied_go(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	resolver_end(world->resolver, SIGTERM);
	write_policy(world, FORWARDER_GROUP("forwarder", FOLLOWS
		"  deny: " CHAIN "\n"));
	resolver_start_again(world->resolver);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "NXDOMAIN");
	assert_int_equal(status(world, "followed"), 0);
	assert_ordinary_are_served();
}

/* --- Bounds. */

#define ROOM 8192
/* Chains in all, a few at a time, for it takes long to find one among many. */
#define CHAINS 900
#define CHAINS_AT_A_TIME 60
/* Unbound takes no more of one answer. */
#define STEPS 10

/* The name of a step of a chain; names of different length are told apart at
 * once. */
static const char *
step_name(int chain, int step)
{
	static char names[2][64];
	static unsigned turn;
	char *name = names[turn++ % 2];
	int digits = 3 + chain % 40;

	if (step == 0)
		snprintf(name, sizeof(names[0]), "q%0*d.allowed.test", digits,
			chain);
	else
		snprintf(name, sizeof(names[0]), "s%0*d.%d.cdn.test", digits,
			chain, step);
	return name;
}

static void
add_chain(FILE *records, int chain)
{
	int step;

	for (step = 0; step < STEPS; step++)
		fprintf(records, "%s. 3600 IN CNAME %s.\n",
			step_name(chain, step), step_name(chain, step + 1));
	fprintf(records, "%s. 3600 IN A 198.51.100.70\n",
		step_name(chain, STEPS));
}

static void
add_chains(struct upstream *upstream, int first)
{
	char *text = NULL;
	size_t length;
	FILE *records = open_memstream(&text, &length);
	int i;

	assert_non_null(records);
	for (i = 0; i < CHAINS_AT_A_TIME; i++)
		add_chain(records, first + i);
	fclose(records);
	upstream_add(upstream, text);
	free(text);
}

static void
forget_chains(struct upstream *upstream, int first)
{
	int i, step;

	for (i = 0; i < CHAINS_AT_A_TIME; i++)
		for (step = 0; step <= STEPS; step++)
			upstream_forget(upstream, step_name(first + i, step));
}

static void
ask_chain(const char *from, int chain, int step)
{
	ldns_pkt *answer = ask(Q(from, step_name(chain, step), TYPE_A,
		.transport = ASK_TCP));

	assert_int_equal(ldns_pkt_ancount(answer), STEPS - step + 1);
	ldns_pkt_free(answer);
}

static void
what_is_followed_is_bounded(void **state)
{
	struct world *world = start(state);
	int first, i;

	for (first = 0; first < CHAINS; first += CHAINS_AT_A_TIME) {
		add_chains(world->upstream, first);
		for (i = 0; i < CHAINS_AT_A_TIME; i++)
			ask_chain(FORWARDER, first + i, 0);
		forget_chains(world->upstream, first);
	}
	assert_true(CHAINS * STEPS > ROOM);
	assert_in_range(status(world, "followed"), ROOM / 2, ROOM);
	/* All is well with the last one, and nothing else is open. */
	ask_chain(FORWARDER, CHAINS - 1, 1);
	ask_chain(FORWARDER, CHAINS - 1, STEPS);
	assert_answer(Q(FORWARDER, "evil.test", TYPE_A), "REFUSED");
	assert_answer(Q(OTHER, step_name(CHAINS - 1, 1), TYPE_A),
		"NXDOMAIN");
	assert_ordinary_are_served();
}

/* Where too many are waited for, an allowed name is answered all the same. */
static void
a_chain_too_many_is_given_and_not_followed(void **state)
{
	struct world *world = start_with(state,
		"  num-queries-per-thread: 64\n");
	struct asking *waiting[16];
	char name[64];
	size_t i;

	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "w%zu.allowed.test", i);
		upstream_hold(world->upstream, name);
		waiting[i] = ask_begin(Q(FORWARDER, name, TYPE_A));
		upstream_await(world->upstream, name, 0, 1);
	}
	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), "REFUSED");
	assert_int_equal(reason(world, "busy"), 0);
	assert_ordinary_are_served();
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "w%zu.allowed.test", i);
		upstream_release(world->upstream, name);
		ldns_pkt_free(ask_end(waiting[i]));
	}
	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
	assert_ordinary_are_served();
}

/* Whichever thread gets which query. */
static void
threads_share_what_is_followed(void **state)
{
	struct world *world = start_with(state,
		"  num-threads: 2\n  so-reuseport: yes\n");
	char *stats;
	int i;

	assert_answer(Q(FORWARDER, CHAIN, TYPE_A), CHAIN_LINE);
	for (i = 0; i < 32; i++) {
		assert_answer(Q(FORWARDER, EDGE, TYPE_A), EDGE_LINE);
		assert_answer(Q(FORWARDER_MORE, NODE, TYPE_A,
			.transport = ASK_TCP), NODE_LINE);
	}
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 2);
	statistics_assert(stats, "num.bitsink.reason.followed", 64);
	assert_true(statistics_number(stats, "thread0.num.bitsink.allowed") >
		0);
	assert_true(statistics_number(stats, "thread1.num.bitsink.allowed") >
		0);
	free(stats);
	assert_ordinary_are_served();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(targets_of_an_allowed_answer_may_be_asked_for),
		own_world_test(letter_case_does_not_matter),
		own_world_test(targets_of_a_cached_answer_may_be_asked_for),
		own_world_test(
			targets_of_an_answer_in_flight_may_be_asked_for),
		own_world_test(chains_without_an_end_are_followed),
		own_world_test(what_was_not_in_the_answer_is_not_followed),
		own_world_test(other_groups_may_not_ask_for_them),
		own_world_test(a_group_without_follow_chain_learns_nothing),
		own_world_test(targets_of_blocked_names_are_not_learned),
		own_world_test(a_denied_target_stays_denied),
		own_world_test(types_count_for_followed_names),
		own_world_test(a_quiet_name_that_is_followed_is_answered),
		own_world_test(in_audit_a_followed_name_is_allowed),
		own_world_test(
			a_target_may_be_asked_for_as_long_as_the_answer_lives),
		own_world_test(
			a_cached_answer_teaches_no_longer_than_it_lives),
		own_world_test(
			a_chain_that_goes_on_lives_no_longer_than_the_first),
		own_world_test(no_target_may_be_asked_for_longer_than_a_day),
		own_world_test(an_endless_chain_teaches_nothing),
		own_world_test(a_bogus_chain_teaches_nothing),
		own_world_test(only_chains_that_are_given_are_followed),
		own_world_test(answers_to_followed_names_are_inspected),
		own_world_test(a_redirection_by_local_data_is_followed),
		own_world_test(
			a_redirection_by_local_data_is_inspected_behind_it),
		own_world_test(chains_are_followed_behind_dns64),
		own_world_test(an_explanation_tells_from_where_and_until_when),
		own_world_test(a_followed_query_is_told_as_one),
		own_world_test(targets_stay_while_their_question_is_allowed),
		own_world_test(targets_go_with_their_question),
		own_world_test(following_begins_with_a_reload),
		own_world_test(targets_are_kept_over_a_restart),
		own_world_test(targets_that_ended_meanwhile_do_not_come_back),
		own_world_test(
			targets_of_a_question_that_a_start_finds_denied_go),
		own_world_test(what_is_followed_is_bounded),
		own_world_test(a_chain_too_many_is_given_and_not_followed),
		own_world_test(threads_share_what_is_followed),
	};

	return world_main(tests);
}
