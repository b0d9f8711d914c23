/*
 * test_gate.c - an Unbound without our patches, which looks into its cache
 * without asking: views stand before it, and bitsink behind.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "control.h"

/* Clients of one group, in them one of another and one that is nobody's; and
 * patterns of all kinds, coarse ones too. */
#define GROUPS \
	"  log: all\n" \
	"  unrestricted: " ORDINARY_2 "\n" \
	"group:\n" \
	"  name: \"wsus\"\n" \
	"  client: 127.0.0.64/26\n" \
	"  client: " UPDATE_HOST "\n" \
	"  client: " SANDBOX_IP6_UPDATE "\n" \
	"  allow: \".allowed.test\"\n" \
	"  allow: \"exact.test\"\n" \
	"  allow: \"a*.wild.test\"\n" \
	"  allow: \"*.below.test\"\n" \
	"  deny: \"denied.allowed.test\"\n" \
	"  deny: \".forbidden.allowed.test\"\n" \
	"  ttl: 77\n" \
	"group:\n" \
	"  name: \"sink\"\n" \
	"  client: " UPDATE_HOST_2 "\n" \
	"  client: 127.0.0.90\n" \
	"  allow: \".allowed.test\"\n" \
	"  allow: \"*.below.test\"\n" \
	"  action: sinkhole\n" \
	"  sinkhole: 192.0.2.10\n" \
	"  sinkhole: 2001:db8::10\n" \
	"  ttl: 88\n"
#define POLICY "bitsink:\n  gate: views\n" GROUPS

#define MORE_RECORDS \
	"exact.test. 3600 IN A 198.51.100.5\n" \
	"secret.exact.test. 3600 IN A 203.0.113.5\n" \
	"ax.wild.test. 3600 IN A 198.51.100.6\n" \
	"bx.wild.test. 3600 IN A 203.0.113.6\n" \
	"bx.wild.test. 3600 IN TXT \"command\"\n" \
	"below.test. 3600 IN A 203.0.113.7\n" \
	"x.below.test. 3600 IN A 198.51.100.7\n" \
	"x.forbidden.allowed.test. 3600 IN A 203.0.113.8\n" \
	"x.denied.allowed.test. 3600 IN A 198.51.100.8\n"

/* What "bitsinkctl gate" prints for a policy, to be freed. */
static char *
gate_of(const char *policy)
{
	char *folder = sandbox_folder(), *command, *text;
	int code;

	sandbox_write(folder, "policy.conf", policy);
	assert_true(asprintf(&command, TEST_BUILD "/bitsinkctl gate "
		"%s/policy.conf >%s/gate", folder, folder) > 0);
	code = system(command);
	/* 1 tells that it is coarse. */
	assert_true(WIFEXITED(code) && WEXITSTATUS(code) <= 1);
	text = sandbox_read(folder, "gate");
	assert_true(strlen(text) > 0);
	free(command);
	sandbox_remove(folder);
	return text;
}

static struct world *
start_with(void **state, const char *policy, const char *server)
{
	char *gate = gate_of(policy);
	const struct resolver_options options = {
		.policy = policy, .clauses = gate, .server = server,
	};
	struct world *world = world_start(state, &options);

	upstream_add(world->upstream, MORE_RECORDS);
	free(gate);
	return world;
}

static int
setup(void **state)
{
	start_with(state, POLICY, RESOLVER_PATIENT);
	return 0;
}

#define gated_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, world_stop)

/* The message answers what was asked. */
static void
assert_question(const ldns_pkt *answer, struct question question)
{
	ldns_rdf *name = ldns_dname_new_frm_str(question.name);
	const ldns_rr *rr;

	assert_int_equal(ldns_pkt_qdcount(answer), 1);
	rr = ldns_rr_list_rr(ldns_pkt_question(answer), 0);
	assert_int_equal(ldns_dname_compare(ldns_rr_owner(rr), name), 0);
	assert_int_equal((int)ldns_rr_get_type(rr), question.type);
	ldns_rdf_deep_free(name);
}

/* A truncated message without any record, by TCP too. */
static void
assert_withheld(struct question question)
{
	ldns_pkt *answer = ask(question);

	assert_true(ldns_pkt_tc(answer));
	assert_int_equal(ldns_pkt_ancount(answer), 0);
	assert_int_equal(ldns_pkt_nscount(answer), 0);
	assert_question(answer, question);
	ldns_pkt_free(answer);
}

/* --- Starting. */

static void
assert_refuses(const char *policy, const char *clauses, const char *reason)
{
	const struct resolver_options options = {
		.policy = policy, .clauses = clauses,
	};
	char *log = resolver_refuses(&options);

	if (strstr(log, reason) == NULL)
		fail_msg("expected \"%s\" in:\n%s", reason, log);
	free(log);
}

static void
a_policy_without_gate_views_does_not_start(void **state)
{
	(void)state;
	assert_refuses("bitsink:\n" GROUPS, NULL, "found no \"gate: views\", "
		"expected it: this Unbound does not ask bitsink before its "
		"cache");
}

static void
without_the_views_it_does_not_start_and_tells_what_is_missing(void **state)
{
	(void)state;
	assert_refuses(POLICY, NULL, "expected <access-control-view: "
		"127.0.0.2/32 bitsink-wsus>");
	assert_refuses(POLICY, NULL, "found no view \"bitsink-sink\" in "
		"unbound.conf");
}

/* GATE with the first FROM, which is there, replaced by TO; to be freed. */
static char *
replaced(const char *gate, const char *from, const char *to)
{
	const char *at = strstr(gate, from);
	char *text;

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - gate), gate, to,
		at + strlen(from)) > 0);
	return text;
}

static void
assert_refuses_changed(const char *from, const char *to, const char *reason)
{
	char *gate = gate_of(POLICY), *changed = replaced(gate, from, to);

	assert_refuses(POLICY, changed, reason);
	free(changed);
	free(gate);
}

static void
each_difference_from_what_is_needed_is_told(void **state)
{
	(void)state;
	assert_refuses_changed("    local-zone: \".\" always_nxdomain\n", "",
		"found no <local-zone: \".\" always_nxdomain> in view "
		"\"bitsink-wsus\"");
	assert_refuses_changed("local-zone: \".\" always_nxdomain",
		"local-zone: \".\" always_transparent",
		"found <local-zone: \".\" always_transparent> in view "
		"\"bitsink-wsus\"");
	assert_refuses_changed("    local-zone: \".\" always_nxdomain\n",
		"    local-zone: \".\" always_nxdomain\n"
		"    local-zone: \"evil.test.\" always_transparent\n",
		"found <local-zone: \"evil.test.\" always_transparent> in "
		"view \"bitsink-wsus\"");
	assert_refuses_changed("view-first: yes", "view-first: no",
		"without <view-first: yes>");
	assert_refuses_changed("IN A 192.0.2.10", "IN A 192.0.2.11",
		"found no <local-data: \". 88 IN A 192.0.2.10\">");
}

/* Of netblocks the longest counts, whatever it is there for. */
static void
netblocks_that_take_clients_out_or_in_are_told(void **state)
{
	(void)state;
	assert_refuses_changed("server:\n",
		"server:\n    access-control: 127.0.0.80/28 allow\n",
		"expected <access-control-view: 127.0.0.80/28 bitsink-wsus>");
	assert_refuses_changed("    access-control: " ORDINARY_2 "/32 allow\n",
		"", "found clients " ORDINARY_2 "/32 with view "
		"\"bitsink-wsus\" in unbound.conf, expected none of bitsink's");
	assert_refuses_changed("server:\n", "server:\n    "
		"access-control-view: 127.0.0.0/26 bitsink-wsus\n",
		"found clients 127.0.0.0/26 with view \"bitsink-wsus\"");
}

/* Who may ask without recursion is told the servers of a zone, and nobody is
 * asked whether that may be. */
static void
restricted_clients_that_may_snoop_are_told(void **state)
{
	char *gate = gate_of(POLICY);
	const struct resolver_options options = {
		.policy = POLICY, .clauses = gate,
		.server = "  access-control: " UPDATE_HOST "/32 allow_snoop\n",
	};
	char *log = resolver_refuses(&options);

	(void)state;
	assert_non_null(strstr(log, "found <access-control: " UPDATE_HOST
		"/32 allow_snoop> in unbound.conf, expected <allow>"));
	free(log);
	free(gate);
}

static void
what_needs_judged_answers_does_not_start(void **state)
{
	(void)state;
	assert_refuses(POLICY "  chain: inspect\n", NULL,
		"found chain: inspect in group \"sink\", expected none with "
		"\"gate: views\"");
	assert_refuses(POLICY "  answer-deny: 10.0.0.0/8\n", NULL,
		"found answer-deny in group \"sink\"");
	assert_refuses(POLICY "  follow-chain: yes\n", NULL,
		"found follow-chain in group \"sink\"");
}

/* --- Names. */

static void
names_of_others_in_the_cache_are_not_given(void **state)
{
	struct world *world = *state;
	static const char *const names[] = {
		"evil.test", "below.test", "denied.allowed.test",
		"x.forbidden.allowed.test",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ldns_pkt *answer = ask(Q(ORDINARY_2, names[i], TYPE_A));

		assert_int_equal(ldns_pkt_ancount(answer), 1);
		ldns_pkt_free(answer);
	}
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "EVIL.test", TYPE_A, ASK_TCP),
		"NXDOMAIN");
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_AAAA),
		"NOERROR 2001:db8::10");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_TXT), "NOERROR");
	/* A name alone has no NXDOMAIN: there may be others below it. */
	assert_answer(Q(UPDATE_HOST, "below.test", TYPE_A), "NOERROR");
	assert_answer(Q(UPDATE_HOST_2, "below.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q(UPDATE_HOST, "denied.allowed.test", TYPE_A),
		"NOERROR");
	assert_answer(Q(UPDATE_HOST, "x.forbidden.allowed.test", TYPE_A),
		"NXDOMAIN");
	assert_int_equal(upstream_count(world->upstream, "evil.test", 0), 1);
}

static void
what_the_policy_allows_is_given(void **state)
{
	(void)state;
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(SANDBOX_IP6_UPDATE, "www.allowed.test", TYPE_AAAA),
		"NOERROR 2001:db8:100::1");
	assert_answer(Q(UPDATE_HOST, "exact.test", TYPE_A),
		"NOERROR 198.51.100.5");
	assert_answer(Q(UPDATE_HOST, "ax.wild.test", TYPE_A),
		"NOERROR 198.51.100.6");
	assert_answer(Q(UPDATE_HOST, "x.below.test", TYPE_A),
		"NOERROR 198.51.100.7");
	assert_answer(Q(UPDATE_HOST, "x.denied.allowed.test", TYPE_A),
		"NOERROR 198.51.100.8");
	assert_answer(Q(UPDATE_HOST, "chain.allowed.test", TYPE_A),
		"NOERROR edge.cdn.test. node.content.test. 198.51.100.2");
}

static void
nested_clients_are_in_the_group_of_the_longest_prefix(void **state)
{
	(void)state;
	/* 127.0.0.64/26 without 127.0.0.90, and .102. */
	assert_answer(Q(ORDINARY_2, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q("127.0.0.70", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.90", "evil.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q("127.0.0.128", "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
}

/* --- Names that a view lets pass and the policy does not. */

static void
an_uncached_name_that_passes_its_view_is_blocked(void **state)
{
	struct world *world = *state;
	char text[256];
	ldns_pkt *answer;

	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A),
		"NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "bx.wild.test", TYPE_A, ASK_TCP),
		"NXDOMAIN");
	answer = ask(Q(UPDATE_HOST, "bx.wild.test", TYPE_A, ASK_UDP,
		ASK_EDNS));
	assert_int_equal(answer_ede(answer, text, sizeof(text)), 15);
	ldns_pkt_free(answer);
	assert_int_equal(upstream_count_below(world->upstream, "exact.test"),
		0);
	assert_int_equal(upstream_count_below(world->upstream, "wild.test"),
		0);
	/* It is in nobody's cache then. */
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR 203.0.113.5");
}

static void
a_cached_name_that_passes_its_view_is_withheld(void **state)
{
	(void)state;
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR 203.0.113.5");
	assert_answer(Q(ORDINARY_2, "bx.wild.test", TYPE_TXT),
		"NOERROR \"command\"");
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A));
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A, ASK_TCP));
	assert_withheld(Q(UPDATE_HOST, "SECRET.exact.test", TYPE_A, ASK_UDP,
		ASK_DO));
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A, ASK_UDP,
		ASK_EDNS, 65535));
	assert_withheld(Q(SANDBOX_IP6_UPDATE, "bx.wild.test", TYPE_TXT));
	/* And nobody else is any the worse for it. */
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR 203.0.113.5");
	assert_answer(Q(ORDINARY_2, "bx.wild.test", TYPE_TXT, ASK_TCP),
		"NOERROR \"command\"");
}

static void
an_option_of_bitsink_that_a_client_sends_opens_nothing(void **state)
{
	(void)state;
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR 203.0.113.5");
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A, ASK_UDP,
		ASK_EDNS, 0, 65303), "NXDOMAIN");
}

static void
assert_line(struct asking *asking, const char *expected)
{
	char *line = answer_line(ask_end(asking));

	assert_string_equal(line, expected);
	free(line);
}

static void
await_misses(struct world *world, unsigned long misses)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (resolver_stat(world->resolver, "total.num.cachemiss") < misses)
		assert_true(sandbox_wait(deadline));
}

/* In either order, with the same EDNS, for one message might be written for
 * all. */
static void
a_client_that_joins_what_is_in_flight_for_others_gets_nothing(void **state)
{
	struct world *world = *state;
	unsigned long misses = resolver_stat(world->resolver,
		"total.num.cachemiss");
	struct asking *asking[6];
	unsigned i;

	upstream_hold(world->upstream, "secret.exact.test");
	for (i = 0; i < 6; i++)
		asking[i] = ask_begin(Q(i % 2 ? UPDATE_HOST : ORDINARY_2,
			"secret.exact.test", TYPE_A, ASK_UDP,
			i < 4 ? 0 : ASK_EDNS));
	await_misses(world, misses + 6);
	upstream_release(world->upstream, "secret.exact.test");
	for (i = 0; i < 6; i++) {
		ldns_pkt *answer;

		if (i % 2 == 0) {
			assert_line(asking[i], "NOERROR 203.0.113.5");
			continue;
		}
		answer = ask_end(asking[i]);
		assert_true(ldns_pkt_tc(answer));
		assert_int_equal(ldns_pkt_ancount(answer), 0);
		ldns_pkt_free(answer);
	}
}

static void
expired_answers_are_withheld_as_well(void **state)
{
	struct world *world = start_with(state, POLICY,
		"  serve-expired: yes\n  serve-expired-client-timeout: 0\n");
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	upstream_add(world->upstream, "old.exact.test. 1 IN A 203.0.113.9\n");
	assert_answer(Q(ORDINARY_2, "old.exact.test", TYPE_A),
		"NOERROR 203.0.113.9");
	upstream_hold(world->upstream, "old.exact.test");
	/* What is expired is given, and asked for again. */
	while (upstream_count(world->upstream, "old.exact.test", 0) < 2) {
		assert_true(sandbox_wait(deadline));
		assert_answer(Q(ORDINARY_2, "old.exact.test", TYPE_A),
			"NOERROR 203.0.113.9");
	}
	assert_withheld(Q(UPDATE_HOST, "old.exact.test", TYPE_A));
	assert_answer(Q(ORDINARY_2, "old.exact.test", TYPE_A),
		"NOERROR 203.0.113.9");
	upstream_release(world->upstream, "old.exact.test");
}

/* --- What is about names alone, or is not. */

/* Of those Unbound tells no name in the callback. */
static void
what_unbound_says_of_itself_is_said(void **state)
{
	start_with(state, POLICY, "  version: \"gated\"\n");
	assert_answer(Q(ORDINARY_2, "version.server", TYPE_TXT, ASK_UDP,
		ASK_CHAOS | ASK_NO_RD), "NOERROR \"gated\"");
	assert_answer(Q(UPDATE_HOST, "version.server", TYPE_TXT, ASK_UDP,
		ASK_CHAOS), "NOERROR \"gated\"");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
}

/* States of others are found by their questions: what bitsink changes in one
 * must not hide another one, nor leave one behind that has gone. */
static void
blocking_leaves_what_is_in_flight_for_others_whole(void **state)
{
	static const char *const held[] = {
		"a.held.test", "m.held.test", "z.held.test", "held",
		"a.exact.test", "z.exact.test", "zzz.zzz",
	};
	const size_t count = sizeof(held) / sizeof(held[0]);
	struct world *world = *state;
	unsigned long misses = resolver_stat(world->resolver,
		"total.num.cachemiss");
	struct asking *asking[sizeof(held) / sizeof(held[0])];
	char record[128], name[64];
	unsigned i;

	for (i = 0; i < count; i++) {
		snprintf(record, sizeof(record),
			"%s. 3600 IN A 203.0.113.5\n", held[i]);
		upstream_add(world->upstream, record);
		upstream_hold(world->upstream, held[i]);
		asking[i] = ask_begin(Q(ORDINARY_2, held[i], TYPE_A));
	}
	await_misses(world, misses + count);
	for (i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "%c%u.exact.test",
			'a' + (char)(i % 26), i);
		assert_answer(Q(UPDATE_HOST, name, TYPE_A), "NXDOMAIN");
		assert_answer(Q(UPDATE_HOST, name, TYPE_AAAA, ASK_TCP),
			"NXDOMAIN");
	}
	assert_int_equal(resolver_stat(world->resolver,
		"total.requestlist.current.all"), count);
	for (i = 0; i < count; i++)
		upstream_release(world->upstream, held[i]);
	for (i = 0; i < count; i++)
		assert_line(asking[i], "NOERROR 203.0.113.5");
	assert_int_equal(resolver_stat(world->resolver,
		"total.requestlist.current.all"), 0);
}

/* response-ip makes an alias of the answer, and looks for its target then. */
static void
what_is_withheld_once_is_withheld_when_response_ip_goes_on(void **state)
{
	char *gate = gate_of(POLICY);
	const struct resolver_options options = {
		.policy = POLICY, .clauses = gate,
		.modules = "respip dynlib validator iterator",
		.server = "  response-ip: 203.0.113.5/32 redirect\n"
			"  response-ip-data: 203.0.113.5/32 "
			"\"CNAME www.allowed.test\"\n",
	};
	struct world *world = world_start(state, &options);

	free(gate);
	upstream_add(world->upstream, MORE_RECORDS);
	assert_answer(Q(ORDINARY_2, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR www.allowed.test. 198.51.100.1");
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A));
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A, ASK_TCP));
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_A),
		"NOERROR www.allowed.test. 198.51.100.1");
}

/* An answer that is not NOERROR or NXDOMAIN may have records, too, and cannot
 * be withheld: nobody gets those, and it is not in the cache. */
static void
records_of_answers_with_another_rcode_are_not_given(void **state)
{
	struct world *world = *state;
	struct asking *asking[2];
	unsigned i, count;

	upstream_set_rcode(world->upstream, "bx.wild.test",
		LDNS_RCODE_YXDOMAIN);
	upstream_add(world->upstream,
		"*.alias.allowed.test. 3600 IN CNAME bx.wild.test.\n");
	for (i = 0; i < 2; i++)
		assert_answer(Q(ORDINARY_2, "bx.wild.test", TYPE_TXT, ASK_UDP,
			ASK_CD), "YXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "bx.wild.test", TYPE_TXT, ASK_UDP,
		ASK_CD), "NXDOMAIN");
	assert_answer(Q(ORDINARY_2, "x.alias.allowed.test", TYPE_TXT, ASK_UDP,
		ASK_CD), "YXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "bx.wild.test", TYPE_TXT, ASK_UDP,
		ASK_CD), "NXDOMAIN");
	count = upstream_count(world->upstream, "bx.wild.test", 0);
	upstream_hold(world->upstream, "bx.wild.test");
	for (i = 0; i < 2; i++) {
		unsigned long misses = resolver_stat(world->resolver,
			"total.num.cachemiss");

		asking[i] = ask_begin(Q(i == 0 ? ORDINARY_2 : UPDATE_HOST,
			"bx.wild.test", TYPE_TXT, ASK_UDP, ASK_CD));
		await_misses(world, misses + 1);
	}
	upstream_await(world->upstream, "bx.wild.test", 0, count + 1);
	upstream_release(world->upstream, "bx.wild.test");
	for (i = 0; i < 2; i++)
		assert_line(asking[i], "YXDOMAIN");
}

/* No AAAA is made of an A that the client may not know, nor is that asked for;
 * while others wait for the same. */
static void
dns64_makes_nothing_of_blocked_names(void **state)
{
	static const char policy[] = "bitsink:\n  gate: views\ngroup:\n"
		"  name: \"g\"\n  client: " UPDATE_HOST "\n"
		"  allow: \"exact.test\"\n  action: nodata\n";
	char *gate = gate_of(policy);
	const struct resolver_options options = {
		.policy = policy, .clauses = gate,
		.modules = "dns64 dynlib validator iterator",
	};
	struct world *world = world_start(state, &options);

	free(gate);
	upstream_add(world->upstream, MORE_RECORDS);
	assert_answer(Q(UPDATE_HOST, "exact.test", TYPE_AAAA),
		"NOERROR 64:ff9b::c633:6405");
	/* In front, dns64 would store what bitsink made. */
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_AAAA),
		"REFUSED");
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_AAAA, ASK_TCP),
		"REFUSED");
	assert_int_equal(upstream_count(world->upstream, "secret.exact.test",
		0), 0);
	assert_answer(Q(ORDINARY_2, "secret.exact.test", TYPE_AAAA),
		"NOERROR 64:ff9b::cb00:7105");
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_AAAA));
	assert_withheld(Q(UPDATE_HOST, "secret.exact.test", TYPE_A));
}

/* --- Actions. */

static void
assert_action(void **state, const char *action, const char *whole,
	const char *alone)
{
	struct world *world;
	char *policy;

	assert_true(asprintf(&policy, "bitsink:\n  gate: views\ngroup:\n"
		"  name: \"g\"\n  client: " UPDATE_HOST "\n  allow: "
		"\"*.below.test\"\n  allow: \"exact.test\"\n  action: %s\n",
		action) > 0);
	world = start_with(state, policy, NULL);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(ORDINARY, "below.test", TYPE_A),
		"NOERROR 203.0.113.7");
	if (whole == NULL) {
		ask_expect_silence(Q(UPDATE_HOST, "evil.test", TYPE_A), 200);
		ask_expect_silence(Q(UPDATE_HOST, "secret.exact.test",
			TYPE_A), 200);
	} else {
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), whole);
		assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A),
			whole);
	}
	assert_answer(Q(UPDATE_HOST, "below.test", TYPE_A), alone);
	assert_answer(Q(UPDATE_HOST, "x.below.test", TYPE_A),
		"NOERROR 198.51.100.7");
	assert_int_equal(upstream_count(world->upstream, "secret.exact.test",
		0), 0);
	free(policy);
	world_stop(state);
}

static void
each_action_is_done_by_view_and_by_module(void **state)
{
	assert_action(state, "nxdomain", "NXDOMAIN", "NOERROR");
	assert_action(state, "nodata", "NOERROR", "NOERROR");
	assert_action(state, "refused", "REFUSED", "NOERROR");
	assert_action(state, "drop", NULL, "NOERROR");
	assert_action(state, "sinkhole\n  sinkhole: 192.0.2.10",
		"NOERROR 192.0.2.10", "NOERROR 192.0.2.10");
}

static void
a_group_in_audit_is_not_restricted_and_is_told_of(void **state)
{
	struct world *world = start_with(state, POLICY "  mode: audit\n",
		NULL);

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q("127.0.0.90", "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	resolver_await_log_count(world->resolver, "bitsink: audit client="
		UPDATE_HOST_2 " group=sink name=evil.test.", 2);
}

/* --- Watching. */

static void
what_views_refuse_is_counted_and_told(void **state)
{
	struct world *world = *state;
	char *reply;

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "bx.wild.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	reply = control_ask(world->resolver, "groups");
	control_assert(control_find(reply, "group", "name", "wsus"),
		"blocked", "3");
	control_assert(control_find(reply, "group", "name", "wsus"),
		"allowed", "2");
	free(reply);
	resolver_await_log_count(world->resolver, "bitsink: block client="
		UPDATE_HOST " group=wsus name=evil.test. type=A class=IN "
		"reason=not-listed action=nxdomain", 2);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-nxdomain"), 3);
}

static void
nothing_is_allowed_for_a_time_that_views_would_refuse(void **state)
{
	struct world *world = *state;
	char *error = control_refused(world->resolver,
		"allow group=wsus pattern=evil.test seconds=60");

	assert_non_null(strstr(error, "its views know no grants"));
	free(error);
}

/* --- Another policy. */

static void
reload_with(struct world *world, const char *policy)
{
	sandbox_write(world->resolver->folder, "bitsink.conf", policy);
}

static void
a_policy_that_needs_other_views_is_not_put_in_force(void **state)
{
	struct world *world = *state;
	char *reply;

	reload_with(world, POLICY "  allow: \"more.test\"\n");
	reply = control_failed(world->resolver, "reload");
	assert_non_null(strstr(reply, "more.test."));
	assert_non_null(strstr(reply, "bitsink-sink"));
	free(reply);
	/* The views are what they were, and so is the policy. */
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A),
		"NXDOMAIN");
	reload_with(world, "bitsink:\n" GROUPS);
	reply = control_failed(world->resolver, "reload");
	free(reply);
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A),
		"NXDOMAIN");
}

static void
a_policy_with_the_same_views_is_put_in_force(void **state)
{
	struct world *world = *state;

	reload_with(world, POLICY "  allow: \"www.allowed.test\"\n");
	assert_true(control_reload(world->resolver) == 2);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
}

/* The kept policy was made for other views. */
static void
with_neither_policy_fit_for_its_views_unbound_ends(void **state)
{
	struct world *world = *state;
	const struct resolver_options options = { .policy = POLICY };

	resolver_configure(world->resolver, &options);
	resolver_reload_fails(world->resolver);
	*state = NULL;
	upstream_stop(world->upstream);
	free(world);
}

static void
a_kept_policy_that_fits_its_views_is_used(void **state)
{
	struct world *world = *state;

	reload_with(world, "nonsense:\n");
	resolver_reload(world->resolver);
	resolver_await_log(world->resolver, "STALE");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "secret.exact.test", TYPE_A),
		"NXDOMAIN");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_without_gate_views_does_not_start),
		cmocka_unit_test(
		without_the_views_it_does_not_start_and_tells_what_is_missing),
		cmocka_unit_test(each_difference_from_what_is_needed_is_told),
		cmocka_unit_test(
			netblocks_that_take_clients_out_or_in_are_told),
		cmocka_unit_test(restricted_clients_that_may_snoop_are_told),
		cmocka_unit_test(what_needs_judged_answers_does_not_start),
		gated_test(names_of_others_in_the_cache_are_not_given),
		gated_test(what_the_policy_allows_is_given),
		gated_test(
			nested_clients_are_in_the_group_of_the_longest_prefix),
		gated_test(an_uncached_name_that_passes_its_view_is_blocked),
		gated_test(a_cached_name_that_passes_its_view_is_withheld),
		gated_test(
			an_option_of_bitsink_that_a_client_sends_opens_nothing),
		gated_test(
		a_client_that_joins_what_is_in_flight_for_others_gets_nothing),
		own_world_test(expired_answers_are_withheld_as_well),
		own_world_test(
		what_is_withheld_once_is_withheld_when_response_ip_goes_on),
		gated_test(records_of_answers_with_another_rcode_are_not_given),
		own_world_test(dns64_makes_nothing_of_blocked_names),
		own_world_test(what_unbound_says_of_itself_is_said),
		gated_test(blocking_leaves_what_is_in_flight_for_others_whole),
		own_world_test(each_action_is_done_by_view_and_by_module),
		own_world_test(
			a_group_in_audit_is_not_restricted_and_is_told_of),
		gated_test(what_views_refuse_is_counted_and_told),
		gated_test(
			nothing_is_allowed_for_a_time_that_views_would_refuse),
		gated_test(
			a_policy_that_needs_other_views_is_not_put_in_force),
		gated_test(a_policy_with_the_same_views_is_put_in_force),
		gated_test(with_neither_policy_fit_for_its_views_unbound_ends),
		gated_test(a_kept_policy_that_fits_its_views_is_used),
	};

	return world_main(tests);
}
