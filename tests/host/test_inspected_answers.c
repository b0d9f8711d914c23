/*
 * test_inspected_answers.c - an answer to an allowed name leads no host to a
 * name or an address that its group may not reach, wherever the answer is from.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "process.h"
#include "statistics.h"

#define NODE "NOERROR edge.cdn.test. node.content.test. 198.51.100.2"
#define PRIVATE "NOERROR 10.1.2.3"

/* A group of each sort of its own, so that one resolver serves them all. */
#define CHAINS "127.0.0.2"
#define CHAINS_MORE "127.0.0.3"
#define ADDRESSES "127.0.0.4"
#define SUNK "127.0.0.5"
#define DROPPED "127.0.0.6"
#define AUDITED "127.0.0.7"
#define ALLOWED "  allow: \".allowed.test\"\n"

#define POLICY \
	"bitsink:\n  log: all\n" \
	"group:\n  name: chains\n  client: " CHAINS "\n" ALLOWED \
	"  chain: inspect\n  ttl: 77\n" \
	"group:\n  name: more\n  client: " CHAINS_MORE "\n" ALLOWED \
	"  chain: inspect\n  chain-allow: .cdn.test\n" \
	"  chain-allow: *.content.test\n" \
	"group:\n  name: addresses\n  client: " ADDRESSES "\n" ALLOWED \
	"  answer-deny: 10.0.0.0/8\n  answer-deny: fd00::/8\n" \
	"  answer-allow: 10.9.0.0/16\n  answer-deny: 198.51.100.2\n" \
	"group:\n  name: sunk\n  client: " SUNK "\n" ALLOWED \
	"  chain: inspect\n  action: sinkhole\n  sinkhole: 192.0.2.10\n" \
	"  ttl: 88\n" \
	"group:\n  name: dropped\n  client: " DROPPED "\n" ALLOWED \
	"  chain: inspect\n  action: drop\n" \
	"group:\n  name: audited\n  client: " AUDITED "\n" ALLOWED \
	"  chain: inspect\n  answer-deny: 10.0.0.0/8\n  mode: audit\n"

#define RECORDS \
	"private.allowed.test. 3600 IN A 10.1.2.3\n" \
	"own.allowed.test. 3600 IN A 10.9.2.3\n" \
	"two.allowed.test. 3600 IN A 198.51.100.7\n" \
	"two.allowed.test. 3600 IN A 10.1.2.4\n" \
	"ula.allowed.test. 3600 IN AAAA fd00:1::1\n" \
	"mapped.allowed.test. 3600 IN AAAA ::ffff:10.1.2.3\n" \
	"hint.allowed.test. 3600 IN HTTPS 1 . ipv4hint=10.1.2.3\n" \
	"good.allowed.test. 3600 IN HTTPS 1 . ipv4hint=198.51.100.7\n" \
	"alias.allowed.test. 3600 IN CNAME www.allowed.test.\n" \
	"around.allowed.test. 3600 IN CNAME out.other.test.\n" \
	"out.other.test. 3600 IN CNAME www.allowed.test.\n"

static struct world *
start_with(void **state, const char *server, const char *modules)
{
	struct resolver_options options = {
		.policy = POLICY, .server = server, .modules = modules,
	};
	struct world *world = world_start(state, &options);

	upstream_add(world->upstream, RECORDS);
	return world;
}

static struct world *
start(void **state)
{
	return start_with(state, RESOLVER_PATIENT, NULL);
}

static unsigned long
reason(const struct world *world, const char *word)
{
	char name[64];

	snprintf(name, sizeof(name), "num.bitsink.reason.%s", word);
	return resolver_stat(world->resolver, name);
}

static void
a_chain_that_leaves_the_list_is_blocked(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_answer(Q(CHAINS, "alias.allowed.test", TYPE_A),
		"NOERROR www.allowed.test. 198.51.100.1");
	assert_answer(Q(CHAINS, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(CHAINS, "nothing.allowed.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "chain"), 2);
	assert_answer(Q(CHAINS_MORE, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_int_equal(reason(world, "chain"), 2);
}

static void
a_chain_that_comes_back_is_blocked(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(CHAINS, "around.allowed.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "around.allowed.test", TYPE_A),
		"NOERROR out.other.test. www.allowed.test. 198.51.100.1");
	assert_answer(Q(CHAINS, "around.allowed.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "chain"), 2);
}

static void
a_cached_chain_is_blocked(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A), "NXDOMAIN");
	/* And what was made up for one is in nobody's cache. */
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(CHAINS_MORE, "chain.allowed.test", TYPE_A), NODE);
	assert_int_equal(upstream_count(world->upstream, "chain.allowed.test",
		LDNS_RR_TYPE_A), 1);
}

static void
a_chain_in_flight_for_another_is_blocked(void **state)
{
	struct world *world = start(state);
	struct asking *ordinary, *restricted;
	char *line;

	upstream_hold(world->upstream, "chain.allowed.test");
	ordinary = ask_begin(Q(ORDINARY, "chain.allowed.test", TYPE_A));
	upstream_await(world->upstream, "chain.allowed.test", 0, 1);
	restricted = ask_begin(Q(CHAINS, "chain.allowed.test", TYPE_A));
	upstream_await(world->upstream, "chain.allowed.test", 0, 2);
	upstream_release(world->upstream, "chain.allowed.test");
	line = answer_line(ask_end(restricted));
	assert_string_equal(line, "NXDOMAIN");
	free(line);
	line = answer_line(ask_end(ordinary));
	assert_string_equal(line, NODE);
	free(line);
}

static void
an_address_that_is_denied_is_blocked(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(ADDRESSES, "private.allowed.test", TYPE_A),
		"NXDOMAIN");
	assert_answer(Q(ADDRESSES, "own.allowed.test", TYPE_A),
		"NOERROR 10.9.2.3");
	assert_answer(Q(ADDRESSES, "two.allowed.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ADDRESSES, "ula.allowed.test", TYPE_AAAA),
		"NXDOMAIN");
	assert_answer(Q(ADDRESSES, "mapped.allowed.test", TYPE_AAAA),
		"NXDOMAIN");
	assert_answer(Q(ADDRESSES, "hint.allowed.test", LDNS_RR_TYPE_HTTPS),
		"NXDOMAIN");
	assert_answer(Q(ADDRESSES, "chain.allowed.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(reason(world, "address"), 6);
	assert_answer(Q(ADDRESSES, "www.allowed.test", TYPE_AAAA),
		"NOERROR 2001:db8:100::1");
	assert_int_equal(reason(world, "address"), 6);
	assert_answer(Q(ORDINARY, "private.allowed.test", TYPE_A), PRIVATE);
	assert_answer(Q(ADDRESSES, "private.allowed.test", TYPE_A),
		"NXDOMAIN");
	assert_answer(Q(CHAINS, "private.allowed.test", TYPE_A), PRIVATE);
}

/* How many records the additional section of an answer has. */
static size_t
additional_records(struct question question)
{
	ldns_pkt *answer = ask(question);
	size_t count = ldns_rr_list_rr_count(ldns_pkt_additional(answer));

	assert_int_equal(ldns_pkt_ancount(answer), 1);
	ldns_pkt_free(answer);
	return count;
}

static void
an_address_that_nobody_asked_for_goes(void **state)
{
	static const char zone[] =
		"$ORIGIN site.allowed.test.\n"
		"@ 3600 IN SOA ns nobody 1 3600 1200 604800 60\n"
		"@ 3600 IN NS ns.content.test.\n"
		"bad 3600 IN MX 10 inside\n"
		"inside 3600 IN A 10.1.2.3\n"
		"good 3600 IN MX 10 outside\n"
		"outside 3600 IN A 198.51.100.7\n";
	struct resolver_options options = { .policy = POLICY,
		.server = "  minimal-responses: no\n" };
	char *folder = sandbox_folder(), *clauses;

	sandbox_write(folder, "site.zone", zone);
	/* The stub has Unbound ask the zone, and nobody else. */
	if (asprintf(&clauses, "stub-zone:\n  name: site.allowed.test\n"
	    "  stub-addr: %s@%d\nauth-zone:\n  name: site.allowed.test\n"
	    "  zonefile: \"%s/site.zone\"\n  for-downstream: no\n",
	    UPSTREAM_ADDRESS, UPSTREAM_PORT, folder) < 0)
		abort();
	options.clauses = clauses;
	(void)world_start(state, &options);
	assert_int_equal(additional_records(Q(ORDINARY,
		"bad.site.allowed.test", LDNS_RR_TYPE_MX)), 1);
	assert_int_equal(additional_records(Q(ADDRESSES,
		"bad.site.allowed.test", LDNS_RR_TYPE_MX)), 0);
	assert_int_equal(additional_records(Q(ADDRESSES,
		"good.site.allowed.test", LDNS_RR_TYPE_MX)), 1);
	assert_int_equal(additional_records(Q(ORDINARY,
		"bad.site.allowed.test", LDNS_RR_TYPE_MX)), 1);
	free(clauses);
	sandbox_remove(folder);
}

static void
the_answer_is_that_of_a_blocked_name(void **state)
{
	char text[256];
	ldns_pkt *answer;
	ldns_rr *soa;

	(void)start(state);
	answer = ask(Q(CHAINS, "chain.allowed.test", TYPE_A,
		.flags = ASK_DO));
	assert_int_equal(ldns_pkt_get_rcode(answer), LDNS_RCODE_NXDOMAIN);
	assert_false(ldns_pkt_ad(answer));
	assert_false(ldns_pkt_aa(answer));
	assert_true(ldns_pkt_ra(answer));
	assert_int_equal(ldns_pkt_nscount(answer), 1);
	soa = ldns_rr_list_rr(ldns_pkt_authority(answer), 0);
	assert_int_equal(ldns_rr_get_type(soa), LDNS_RR_TYPE_SOA);
	assert_int_equal(ldns_rr_ttl(soa), 77);
	assert_int_equal(answer_ede(answer, text, sizeof(text)), 15);
	assert_non_null(strstr(text, "\"chains\""));
	ldns_pkt_free(answer);
	assert_answer(Q(SUNK, "chain.allowed.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q(SUNK, "chain.allowed.test", TYPE_TXT), "NOERROR");
	ask_expect_silence(Q(DROPPED, "chain.allowed.test", TYPE_A), 1500);
	assert_answer(Q(DROPPED, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
}

static void
a_group_in_audit_is_answered_and_told_of(void **state)
{
	struct world *world = start(state);

	assert_answer(Q(AUDITED, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(AUDITED, "private.allowed.test", TYPE_A), PRIVATE);
	assert_int_equal(reason(world, "chain"), 1);
	assert_int_equal(reason(world, "address"), 1);
	resolver_await_log(world->resolver, "found=edge.cdn.test.");
	resolver_await_log(world->resolver, "found=10.1.2.3");
}

static void
each_query_is_counted_once(void **state)
{
	struct world *world = start(state);
	char *stats;

	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(CHAINS, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(CHAINS, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ADDRESSES, "own.allowed.test", TYPE_A),
		"NOERROR 10.9.2.3");
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	statistics_assert(stats, "num.bitsink.group.chains.allowed", 1);
	statistics_assert(stats, "num.bitsink.group.chains.blocked", 2);
	statistics_assert(stats, "num.bitsink.group.addresses.allowed", 1);
	free(stats);
}

/* What lives for a second, and is not to be had again, is expired then. */
static void
await_expired(void)
{
	long long end = sandbox_now() + 2500;

	while (sandbox_wait(end))
		continue;
}

/* The upstream server is silent: what is expired is no way out. */
static void
expired_answers_are_not_served_unseen(void **state)
{
	static const char server[] = "  serve-expired: yes\n"
		"  serve-expired-client-timeout: 100\n"
		"  serve-expired-ttl: 86400\n";
	struct world *world = start_with(state, server, NULL);
	char *line;

	upstream_add(world->upstream,
		"old.allowed.test. 1 IN CNAME old.other.test.\n"
		"old.other.test. 1 IN A 198.51.100.9\n");
	assert_answer(Q(ORDINARY, "old.allowed.test", TYPE_A),
		"NOERROR old.other.test. 198.51.100.9");
	upstream_hold(world->upstream, "old.allowed.test");
	upstream_hold(world->upstream, "old.other.test");
	/* Others get what is expired, as soon as it is. */
	await_expired();
	ldns_pkt_free(ask(Q(ORDINARY, "old.allowed.test", TYPE_A)));
	ask_expect_silence(Q(CHAINS, "old.allowed.test", TYPE_A), 1500);
	upstream_release(world->upstream, "old.allowed.test");
	upstream_release(world->upstream, "old.other.test");
	line = answer_line(ask(Q(CHAINS, "old.allowed.test", TYPE_A)));
	assert_true(strcmp(line, "NXDOMAIN") == 0 ||
		strcmp(line, "SERVFAIL") == 0);
	free(line);
}

/* Behind us cachedb has what the cache has no more, and later versions of it
 * have Unbound send that while they still look for something newer. */
static void
expired_answers_of_cachedb_are_not_served_unseen(void **state)
{
	struct resolver_options options = { .policy = POLICY,
		.server = "  serve-expired: yes\n"
			"  serve-expired-client-timeout: 0\n",
		.clauses = "cachedb:\n  backend: \"testframe\"\n",
		.modules = "dynlib validator cachedb iterator" };
	struct world *world;
	struct asking *asking;
	long long deadline;
	char *line;

	if (!resolver_has_module("cachedb"))
		skip();
	world = world_start(state, &options);
	upstream_add(world->upstream,
		"old.allowed.test. 1 IN CNAME old.other.test.\n"
		"old.other.test. 1 IN A 198.51.100.9\n");
	assert_answer(Q(ORDINARY, "old.allowed.test", TYPE_A),
		"NOERROR old.other.test. 198.51.100.9");
	upstream_hold(world->upstream, "old.allowed.test");
	upstream_hold(world->upstream, "old.other.test");
	await_expired();
	ldns_pkt_free(ask(Q(ORDINARY, "old.allowed.test", TYPE_A)));
	free(resolver_control(world->resolver, "flush old.allowed.test"));
	asking = ask_begin(Q(CHAINS, "old.allowed.test", TYPE_A));
	deadline = sandbox_now() + 1500;
	while (!ask_is_answered(asking) && sandbox_wait(deadline))
		continue;
	upstream_release(world->upstream, "old.allowed.test");
	upstream_release(world->upstream, "old.other.test");
	line = answer_line(ask_end(asking));
	assert_string_equal(line, "NXDOMAIN");
	free(line);
	assert_int_equal(reason(world, "chain"), 1);
}

/* Who got the chain goes on with it, expired or not. */
static void
what_an_expired_answer_leads_to_is_followed(void **state)
{
	struct resolver_options options = { .policy = "group:\n  name: g\n"
		"  client: " UPDATE_HOST "\n  allow: .allowed.test\n"
		"  follow-chain: yes\n",
		.server = "  serve-expired: yes\n"
			"  serve-expired-client-timeout: 100\n" };
	struct world *world = world_start(state, &options);

	upstream_add(world->upstream,
		"old.allowed.test. 1 IN CNAME old.other.test.\n"
		"old.other.test. 1 IN A 198.51.100.9\n");
	assert_answer(Q(ORDINARY, "old.allowed.test", TYPE_A),
		"NOERROR old.other.test. 198.51.100.9");
	assert_answer(Q(ORDINARY, "old.other.test", TYPE_A),
		"NOERROR 198.51.100.9");
	upstream_hold(world->upstream, "old.allowed.test");
	upstream_hold(world->upstream, "old.other.test");
	await_expired();
	ldns_pkt_free(ask(Q(ORDINARY, "old.allowed.test", TYPE_A)));
	assert_answer(Q(UPDATE_HOST, "old.allowed.test", TYPE_A),
		"NOERROR old.other.test. 198.51.100.9");
	assert_answer(Q(UPDATE_HOST, "old.other.test", TYPE_A),
		"NOERROR 198.51.100.9");
	upstream_release(world->upstream, "old.allowed.test");
	upstream_release(world->upstream, "old.other.test");
}

/* What stands in front of bitsink in the chain stores what it gets: it must not
 * get what was made up, and must make nothing of what was refused. */
static void
addresses_made_by_dns64_do_not_pass(void **state)
{
	(void)start_with(state, "  dns64-prefix: 64:ff9b::/96\n",
		"dns64 dynlib validator iterator");
	assert_answer(Q(ADDRESSES, "private.allowed.test", TYPE_AAAA),
		"NOERROR");
	assert_answer(Q(ADDRESSES, "private.allowed.test", TYPE_A),
		"NXDOMAIN");
	assert_answer(Q(ORDINARY, "private.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::a01:203");
	/* Made already, and in the cache. */
	assert_answer(Q(ADDRESSES, "private.allowed.test", TYPE_AAAA),
		"NXDOMAIN");
	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_AAAA), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_AAAA),
		"NOERROR edge.cdn.test. node.content.test. "
		"64:ff9b::c633:6402");
	assert_answer(Q(SUNK, "chain.allowed.test", TYPE_A), "REFUSED");
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
}

/* dns64 then asks for the A itself, and no module sees what it makes. */
static void
addresses_made_of_all_by_dns64_do_not_pass(void **state)
{
	struct world *world = start_with(state,
		"  dns64-prefix: 64:ff9b::/96\n  dns64-synthall: yes\n",
		"dns64 dynlib validator iterator");
	char *line, *stats;

	assert_answer(Q(ORDINARY, "private.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::a01:203");
	line = answer_line(ask(Q(ADDRESSES, "private.allowed.test",
		TYPE_AAAA)));
	assert_null(strstr(line, "64:ff9b::a01:203"));
	free(line);
	line = answer_line(ask(Q(CHAINS, "chain.allowed.test", TYPE_AAAA)));
	assert_null(strstr(line, "edge.cdn.test."));
	free(line);
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_assert(stats, "total.num.bitsink.queries", 3);
	statistics_assert(stats, "total.num.bitsink.blocked", 2);
	free(stats);
}

/* The same where it passes over the AAAA of some names. */
static void
addresses_made_by_dns64_for_some_names_do_not_pass(void **state)
{
	char *line;

	(void)start_with(state, "  dns64-prefix: 64:ff9b::/96\n"
		"  dns64-ignore-aaaa: private.allowed.test\n",
		"dns64 dynlib validator iterator");
	line = answer_line(ask(Q(ADDRESSES, "private.allowed.test",
		TYPE_AAAA)));
	assert_null(strstr(line, "64:ff9b::a01:203"));
	free(line);
}

/* Who asks with CD is to get none that dns64 made. */
static void
what_was_made_by_dns64_stays_in_its_place(void **state)
{
	(void)start_with(state, "  dns64-prefix: 64:ff9b::/96\n",
		"dns64 dynlib validator iterator");
	assert_answer(Q(ORDINARY, "own.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::a09:203");
	assert_answer(Q(ORDINARY, "own.allowed.test", TYPE_AAAA,
		.flags = ASK_CD), "NOERROR");
	assert_answer(Q(ADDRESSES, "own.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::a09:203");
	assert_answer(Q(ORDINARY, "own.allowed.test", TYPE_AAAA,
		.flags = ASK_CD), "NOERROR");
}

/* It has a cache of its own, and asks nobody behind it for what is there. */
static void
what_a_module_in_front_has_cached_does_not_pass(void **state)
{
	struct world *world;

	if (!resolver_has_module("subnetcache"))
		skip();
	world = start_with(state,
		"  send-client-subnet: " UPSTREAM_ADDRESS "\n"
		"  client-subnet-always-forward: yes\n",
		"subnetcache dynlib validator iterator");
	resolver_await_log(world->resolver, "bitsink: found module-config: "
		"\"subnetcache dynlib validator iterator\", in which answers");
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A), "REFUSED");
	assert_answer(Q(CHAINS, "www.allowed.test", TYPE_A), "REFUSED");
	assert_answer(Q(SUNK, "chain.allowed.test", TYPE_A), "REFUSED");
	assert_answer(Q(AUDITED, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_int_equal(reason(world, "answer"), 4);
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.bitsink.queries"), 6);
}

/* A chain that somebody made up: the host that asked gets none of it, and may
 * not ask for what it leads to. */
static void
nothing_is_followed_from_a_bogus_answer(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct resolver_options options = { .policy = "group:\n  name: g\n"
		"  client: " UPDATE_HOST "\n  allow: .signed.test\n"
		"  follow-chain: yes\n" };
	char *anchor, *server;

	assert_non_null(world);
	*state = world;
	world->upstream = upstream_start();
	anchor = upstream_add_signed(world->upstream, "signed.test.",
		"alias.signed.test. 60 IN CNAME edge.cdn.test.\n"
		"bogus.signed.test. 60 IN CNAME evil.test.\n");
	upstream_spoil(world->upstream, "bogus.signed.test");
	upstream_add(world->upstream, WORLD_RECORDS);
	if (asprintf(&server, "  trust-anchor: '%s'\n", anchor) < 0)
		abort();
	options.server = server;
	world->resolver = resolver_start(&options);
	assert_answer(Q(UPDATE_HOST, "alias.signed.test", TYPE_A), NODE);
	assert_answer(Q(UPDATE_HOST, "edge.cdn.test", TYPE_A),
		"NOERROR node.content.test. 198.51.100.2");
	assert_answer(Q(UPDATE_HOST, "bogus.signed.test", TYPE_A),
		"SERVFAIL");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	free(server);
	free(anchor);
}

/* The option that marks queries inside is nobody's to send. */
static void
a_client_cannot_make_a_mark(void **state)
{
	struct world *world = start(state);
	unsigned long hits;

	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	hits = resolver_stat(world->resolver, "total.num.cachehits");
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A,
		.option = 65303), "NOERROR 198.51.100.1");
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.cachehits"), hits + 1);
	assert_answer(Q(CHAINS, "chain.allowed.test", TYPE_A,
		.option = 65303), "NXDOMAIN");
}

static void
inspecting_begins_and_ends_with_a_reload(void **state)
{
	struct resolver_options options = { .policy = WORLD_POLICY };
	struct world *world = world_start(state, &options);

	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A), NODE);
	sandbox_write(world->resolver->folder, "bitsink.conf", POLICY);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A),
		"NXDOMAIN");
	sandbox_write(world->resolver->folder, "bitsink.conf", WORLD_POLICY);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A), NODE);
}

/* Enough questions that are waited for leave the others their part. */
static void
waiting_for_answers_is_bounded(void **state)
{
	struct world *world = start_with(state,
		"  num-queries-per-thread: 64\n", NULL);
	struct asking *waiting[32];
	char name[64];
	size_t i;

	for (i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "w%zu.allowed.test", i);
		upstream_hold(world->upstream, name);
	}
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "w%zu.allowed.test", i);
		waiting[i] = ask_begin(Q(CHAINS, name, TYPE_A));
		upstream_await(world->upstream, name, 0, 1);
	}
	assert_answer(Q(CHAINS, "w20.allowed.test", TYPE_A), "REFUSED");
	assert_int_equal(reason(world, "busy"), 1);
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	for (i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "w%zu.allowed.test", i);
		upstream_release(world->upstream, name);
	}
	for (i = 0; i < 16; i++)
		ldns_pkt_free(ask_end(waiting[i]));
	assert_answer(Q(CHAINS, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
}

/* Answers that were dropped are waited for no longer: there is a limit to what
 * is, beyond which nobody may wait for what another one waits for. */
static void
dropped_answers_leave_room_for_others(void **state)
{
	enum { ROUNDS = 40, TOGETHER = 8 };
	struct world *world = start_with(state,
		"  num-queries-per-thread: 16\n", NULL);
	struct asking *waiting[TOGETHER], *first, *second;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned round, i;

	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < TOGETHER; i++)
			waiting[i] = ask_begin(Q(DROPPED,
				"chain.allowed.test", TYPE_A));
		while (reason(world, "chain") < round * TOGETHER)
			assert_true(sandbox_wait(deadline));
		for (i = 0; i < TOGETHER; i++)
			ask_cancel(waiting[i]);
	}
	upstream_hold(world->upstream, "own.allowed.test");
	first = ask_begin(Q(ORDINARY, "own.allowed.test", TYPE_A));
	upstream_await(world->upstream, "own.allowed.test", 0, 1);
	second = ask_begin(Q(ORDINARY_2, "own.allowed.test", TYPE_A));
	/* One after the other is read, so the second is there when this is
	 * answered. */
	assert_answer(Q(ORDINARY, "chain.allowed.test", TYPE_A), NODE);
	assert_answer(Q(ORDINARY_2, "chain.allowed.test", TYPE_A), NODE);
	upstream_release(world->upstream, "own.allowed.test");
	ldns_pkt_free(ask_end(first));
	ldns_pkt_free(ask_end(second));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(a_chain_that_leaves_the_list_is_blocked),
		own_world_test(a_chain_that_comes_back_is_blocked),
		own_world_test(a_cached_chain_is_blocked),
		own_world_test(a_chain_in_flight_for_another_is_blocked),
		own_world_test(an_address_that_is_denied_is_blocked),
		own_world_test(an_address_that_nobody_asked_for_goes),
		own_world_test(the_answer_is_that_of_a_blocked_name),
		own_world_test(a_group_in_audit_is_answered_and_told_of),
		own_world_test(each_query_is_counted_once),
		own_world_test(expired_answers_are_not_served_unseen),
		own_world_test(
			expired_answers_of_cachedb_are_not_served_unseen),
		own_world_test(what_an_expired_answer_leads_to_is_followed),
		own_world_test(addresses_made_by_dns64_do_not_pass),
		own_world_test(addresses_made_of_all_by_dns64_do_not_pass),
		own_world_test(
			addresses_made_by_dns64_for_some_names_do_not_pass),
		own_world_test(what_was_made_by_dns64_stays_in_its_place),
		own_world_test(
			what_a_module_in_front_has_cached_does_not_pass),
		own_world_test(nothing_is_followed_from_a_bogus_answer),
		own_world_test(a_client_cannot_make_a_mark),
		own_world_test(inspecting_begins_and_ends_with_a_reload),
		own_world_test(waiting_for_answers_is_bounded),
		own_world_test(dropped_answers_leave_room_for_others),
	};

	return world_main(tests);
}
