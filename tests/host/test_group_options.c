/*
 * test_group_options.c - what else a group can say: names that nobody needs to
 * hear of, types that may be asked for, who is in it that nobody lists, and
 * times in which more counts; at once with a reload, and for nobody else.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "statistics.h"

#define EVIL "NOERROR 203.0.113.66"
#define WWW "NOERROR 198.51.100.1"
#define SUNK "NOERROR 192.0.2.10"
#define ALLOWED "  allow: .allowed.test\n"
#define SINKHOLE "  action: sinkhole\n  sinkhole: 192.0.2.10\n"
#define LOG_ALL "bitsink:\n  log: all\n"

#define GROUP(name, client, more) \
	"group:\n  name: " name "\n  client: " client "\n" ALLOWED more

#define LISTS "  list-directory: \"" TEST_SOURCE "/conf/lists\"\n"

static struct world *
start(void **state, const char *policy)
{
	struct resolver_options options = { .policy = policy };

	return world_start(state, &options);
}

static void
write_policy(const struct world *world, const char *policy)
{
	sandbox_write(world->resolver->folder, "bitsink.conf", policy);
}

static void
assert_ordinary_are_served(void)
{
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY_2, "evil.test", TYPE_TXT,
		.transport = ASK_TCP), "NOERROR \"command\"");
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_AAAA),
		"NOERROR 2001:db8:bad::66");
}

/* Both ways. */
static void
assert_both(const char *from, const char *name, int type, const char *line)
{
	assert_answer(Q(from, name, type), line);
	assert_answer(Q(from, name, type, .transport = ASK_TCP), line);
}

static char *
checked_stats(const struct world *world)
{
	char *stats = resolver_control(world->resolver, "stats_noreset");

	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	return stats;
}

/* A line counts when it is there. */
static void
await_lines(const struct world *world, unsigned long count)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (resolver_stat(world->resolver, "num.bitsink.log.lines") !=
	    count)
		assert_true(sandbox_wait(deadline));
}

/* --- Quiet names. */

#define NX UPDATE_HOST
#define NODATA "127.0.0.3"
#define REFUSING "127.0.0.4"
#define DROPPING "127.0.0.5"
#define SINKING "127.0.0.6"
#define AUDITED "127.0.0.7"

#define QUIETS \
	"  allow: host\n  deny: denied.quiet.test\n" \
	"  quiet: .quiet.test\n  quiet: .allowed.test\n" \
	"  quiet-list: quiet-names\n  quiet-single-labels: yes\n"

static const char quiet_policy[] =
	LOG_ALL LISTS
	GROUP("nx", NX, "  client: " SANDBOX_IP6_UPDATE "\n  ttl: 77\n" QUIETS)
	GROUP("nodata", NODATA, "  action: nodata\n" QUIETS)
	GROUP("refusing", REFUSING, "  action: refused\n" QUIETS)
	GROUP("dropping", DROPPING, "  action: drop\n" QUIETS)
	GROUP("sinking", SINKING, SINKHOLE QUIETS)
	GROUP("audited", AUDITED, "  mode: audit\n" QUIETS);

static const char *const quiet_names[] = { "x.quiet.test", "QUIET.test",
	"wpad.ad.test", "printer", "_ldap._tcp.dc._msdcs.workgroup",
	"wpad" };

#define QUIET_NAMES (sizeof(quiet_names) / sizeof(quiet_names[0]))

#define QUIET_RECORDS \
	"x.quiet.test. 60 IN A 203.0.113.80\n" \
	"denied.quiet.test. 60 IN A 203.0.113.81\n" \
	"host. 60 IN A 198.51.100.80\n" \
	"printer. 60 IN A 203.0.113.82\n"

static struct world *
start_quiet(void **state)
{
	struct world *world = start(state, quiet_policy);

	upstream_add(world->upstream, QUIET_RECORDS);
	return world;
}

static void
quiet_names_do_not_exist_whatever_the_action_is(void **state)
{
	static const char *const clients[] = { NX, NODATA, REFUSING, DROPPING,
		SINKING, SANDBOX_IP6_UPDATE };
	struct world *world = start_quiet(state);
	size_t i, n;

	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		for (n = 0; n < QUIET_NAMES; n++)
			assert_both(clients[i], quiet_names[n], TYPE_A,
				"NXDOMAIN");
	assert_int_equal(upstream_total(world->upstream), 0);
	/* And nothing but those. */
	assert_both(NX, "evil.test", TYPE_A, "NXDOMAIN");
	assert_both(NODATA, "evil.test", TYPE_A, "NOERROR");
	assert_both(REFUSING, "evil.test", TYPE_A, "REFUSED");
	assert_both(SINKING, "evil.test", TYPE_A, SUNK);
	ask_expect_silence(Q(DROPPING, "evil.test", TYPE_A), 500);
	assert_int_equal(upstream_total(world->upstream), 0);
	assert_answer(Q(ORDINARY, "x.quiet.test", TYPE_A),
		"NOERROR 203.0.113.80");
	assert_answer(Q(ORDINARY, "printer", TYPE_A, .transport = ASK_TCP),
		"NOERROR 203.0.113.82");
	assert_ordinary_are_served();
}

static void
the_answer_tells_that_the_name_is_quiet(void **state)
{
	char text[256];
	ldns_pkt *answer;
	ldns_rr *soa;

	(void)start_quiet(state);
	answer = ask(Q(NX, "X.quiet.test", TYPE_A, .flags = ASK_EDNS));
	assert_int_equal(ldns_pkt_get_rcode(answer), LDNS_RCODE_NXDOMAIN);
	assert_int_equal(ldns_pkt_nscount(answer), 1);
	soa = ldns_rr_list_rr(ldns_pkt_authority(answer), 0);
	assert_int_equal(ldns_rr_ttl(soa), 77);
	assert_int_equal(answer_ede(answer, text, sizeof(text)), 15);
	assert_string_equal(text,
		"bitsink: group \"nx\" has no allow for this quiet name");
	ldns_pkt_free(answer);
	assert_ordinary_are_served();
}

static void
quiet_names_are_counted_apart_and_no_alarm(void **state)
{
	struct world *world = start_quiet(state);
	struct watcher *watcher = control_watch(world->resolver, "watch");
	char *stats, *reply, *log;
	const char *event;
	size_t n;

	for (n = 0; n < QUIET_NAMES; n++)
		assert_both(SINKING, quiet_names[n], TYPE_A, "NXDOMAIN");
	assert_answer(Q(SINKING, "evil.test", TYPE_A), SUNK);
	/* The only one that is told of. */
	event = control_next(watcher);
	control_assert(event, "name", "evil.test.");
	control_assert(event, "reason", "not-listed");
	control_unwatch(watcher);
	resolver_await_log(world->resolver, "name=evil.test.");
	log = resolver_log(world->resolver);
	assert_null(strstr(log, "reason=quiet"));
	assert_null(strstr(log, "quiet.test."));
	free(log);
	stats = checked_stats(world);
	statistics_assert(stats, "total.num.bitsink.quiet", 2 * QUIET_NAMES);
	statistics_assert(stats, "num.bitsink.reason.quiet", 2 * QUIET_NAMES);
	statistics_assert(stats, "num.bitsink.group.sinking.quiet",
		2 * QUIET_NAMES);
	statistics_assert(stats, "num.bitsink.group.sinking.blocked", 1);
	statistics_assert(stats, "num.bitsink.action.nxdomain", 0);
	statistics_assert(stats, "num.bitsink.action.sinkhole", 1);
	free(stats);
	await_lines(world, 1);
	reply = control_ask(world->resolver, "top by=names");
	control_assert(reply, "total", "1");
	assert_null(control_find(reply, "entry", "name", "x.quiet.test."));
	assert_non_null(control_find(reply, "entry", "name", "evil.test."));
	free(reply);
	reply = control_ask(world->resolver, "groups");
	control_assert(control_find(reply, "group", "name", "sinking"),
		"quiet", "12");
	free(reply);
	assert_ordinary_are_served();
}

static void
a_listener_who_wants_all_hears_of_quiet_names(void **state)
{
	struct world *world = start_quiet(state);
	struct watcher *watcher = control_watch(world->resolver,
		"watch all=yes group=refusing");
	const char *event;

	assert_answer(Q(REFUSING, "x.quiet.test", TYPE_A), "NXDOMAIN");
	event = control_next(watcher);
	control_assert(event, "name", "x.quiet.test.");
	control_assert(event, "verdict", "block");
	control_assert(event, "reason", "quiet");
	control_assert(event, "action", "nxdomain");
	control_unwatch(watcher);
	assert_ordinary_are_served();
}

/* A quiet pattern opens nothing, and takes nothing away. */
static void
what_is_allowed_or_denied_is_not_quiet(void **state)
{
	struct world *world = start_quiet(state);
	char *explained, *stats;

	assert_both(REFUSING, "www.allowed.test", TYPE_A, WWW);
	assert_both(REFUSING, "host", TYPE_A, "NOERROR 198.51.100.80");
	assert_both(REFUSING, "denied.quiet.test", TYPE_A, "REFUSED");
	/* The root has no label. */
	assert_both(REFUSING, ".", LDNS_RR_TYPE_NS, "REFUSED");
	/* Below a single label. */
	assert_both(REFUSING, "a.host", TYPE_A, "REFUSED");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.reason.quiet", 0);
	statistics_assert(stats, "num.bitsink.reason.denied", 2);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 4);
	free(stats);
	explained = control_explain(world->resolver, REFUSING,
		"x.quiet.test");
	control_assert(explained, "verdict", "block");
	control_assert(explained, "reason", "quiet");
	control_assert(explained, "action", "nxdomain");
	control_assert(explained, "answer", "NXDOMAIN");
	control_assert(explained, "pattern", ".quiet.test");
	control_assert(explained, "kind", "quiet");
	free(explained);
	explained = control_explain(world->resolver, REFUSING, "wpad.ad.test");
	control_assert(explained, "list", "quiet-names");
	free(explained);
	explained = control_explain(world->resolver, REFUSING, "printer");
	control_assert(explained, "reason", "quiet");
	control_assert(explained, "pattern", NULL);
	free(explained);
	assert_ordinary_are_served();
}

static void
in_audit_a_quiet_name_is_answered_and_no_alarm(void **state)
{
	struct world *world = start_quiet(state);
	char *stats, *reply, *log;

	assert_both(AUDITED, "x.quiet.test", TYPE_A, "NOERROR 203.0.113.80");
	assert_both(AUDITED, "printer", TYPE_A, "NOERROR 203.0.113.82");
	assert_answer(Q(AUDITED, "evil.test", TYPE_A), EVIL);
	resolver_await_log(world->resolver, "bitsink: audit ");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.group.audited.quiet", 4);
	statistics_assert(stats, "num.bitsink.group.audited.audited", 1);
	statistics_assert(stats, "num.rpz.action.rpz-disabled", 5);
	free(stats);
	reply = control_ask(world->resolver, "learned group=audited");
	assert_non_null(control_find(reply, "learned", "name", "evil.test."));
	assert_null(control_find(reply, "learned", "name", "x.quiet.test."));
	assert_null(control_find(reply, "learned", "name", "printer."));
	free(reply);
	log = resolver_log(world->resolver);
	assert_null(strstr(log, "quiet.test."));
	free(log);
	assert_ordinary_are_served();
}

static void
quiet_begins_and_ends_with_a_reload(void **state)
{
	static const char without[] = LOG_ALL
		GROUP("refusing", REFUSING, "  action: refused\n");
	static const char with[] = LOG_ALL
		GROUP("refusing", REFUSING, "  action: refused\n"
		"  quiet: .quiet.test\n");
	struct world *world = start(state, without);
	char *stats;

	assert_both(REFUSING, "x.quiet.test", TYPE_A, "REFUSED");
	write_policy(world, with);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_both(REFUSING, "x.quiet.test", TYPE_A, "NXDOMAIN");
	write_policy(world, without);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_both(REFUSING, "x.quiet.test", TYPE_A, "REFUSED");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.group.refusing.quiet", 2);
	statistics_assert(stats, "num.bitsink.group.refusing.blocked", 4);
	free(stats);
	/* Those of a group that is no more are not lost. */
	write_policy(world, GROUP("renamed", REFUSING, ""));
	assert_int_equal(control_reload(world->resolver), 4);
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.gone.quiet", 2);
	statistics_assert(stats, "total.num.bitsink.quiet", 2);
	free(stats);
	assert_ordinary_are_served();
}

/* --- Types. */

#define ADDRESSES UPDATE_HOST
#define ANY "127.0.0.3"
#define TEXTS "127.0.0.4"
#define SINK_A "127.0.0.5"
#define TYPES_AUDITED "127.0.0.6"

static const char types_policy[] =
	LOG_ALL
	GROUP("addresses", ADDRESSES, "  client: " SANDBOX_IP6_UPDATE "\n"
		"  allow-types: \"A aaaa\"\n  deny: denied.allowed.test\n"
		"  action: refused\n")
	GROUP("any", ANY, "  allow-types: A\n  allow-types: ANY\n")
	GROUP("texts", TEXTS, "  allow-types: \"TYPE16 HTTPS\"\n")
	GROUP("sink", SINK_A, "  allow-types: AAAA\n" SINKHOLE)
	GROUP("audited", TYPES_AUDITED, "  allow-types: A\n  mode: audit\n");

static struct world *
start_types(void **state)
{
	struct world *world = start(state, types_policy);

	upstream_add(world->upstream,
		"www.allowed.test. 3600 IN HTTPS 1 . alpn=h2\n");
	return world;
}

static void
only_the_types_of_the_group_may_be_asked_for(void **state)
{
	static const int others[] = { TYPE_TXT, TYPE_ANY, LDNS_RR_TYPE_HTTPS,
		LDNS_RR_TYPE_NULL, LDNS_RR_TYPE_CNAME, LDNS_RR_TYPE_SRV };
	struct world *world = start_types(state);
	unsigned before;
	size_t i;

	assert_both(ADDRESSES, "www.allowed.test", TYPE_A, WWW);
	assert_both(SANDBOX_IP6_UPDATE, "www.allowed.test", TYPE_AAAA,
		"NOERROR 2001:db8:100::1");
	before = upstream_total(world->upstream);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_both(ADDRESSES, "www.allowed.test", others[i],
			"REFUSED");
		assert_both(SANDBOX_IP6_UPDATE, "WWW.allowed.test", others[i],
			"REFUSED");
	}
	assert_int_equal(upstream_total(world->upstream), before);
	/* The CNAMEs on the way come along. */
	assert_both(ADDRESSES, "chain.allowed.test", TYPE_A,
		"NOERROR edge.cdn.test. node.content.test. 198.51.100.2");
	assert_both(TEXTS, "www.allowed.test", TYPE_TXT, "NOERROR \"text\"");
	assert_both(TEXTS, "www.allowed.test", LDNS_RR_TYPE_HTTPS,
		"NOERROR 1");
	assert_both(TEXTS, "www.allowed.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_TXT),
		"NOERROR \"text\"");
}

static void
any_may_be_asked_for_where_it_is_named(void **state)
{
	ldns_pkt *answer;

	(void)start_types(state);
	answer = ask(Q(ANY, "www.allowed.test", TYPE_ANY,
		.transport = ASK_TCP));
	assert_int_equal(ldns_pkt_get_rcode(answer), LDNS_RCODE_NOERROR);
	assert_int_equal(ldns_pkt_ancount(answer), 4);
	ldns_pkt_free(answer);
	assert_both(ANY, "www.allowed.test", TYPE_A, WWW);
	assert_both(ANY, "www.allowed.test", TYPE_TXT, "NXDOMAIN");
	assert_both(ANY, "www.allowed.test", TYPE_AAAA, "NXDOMAIN");
	assert_both(ANY, "evil.test", TYPE_ANY, "NXDOMAIN");
	assert_ordinary_are_served();
}

static void
another_type_is_blocked_by_the_action_and_counted(void **state)
{
	struct world *world = start_types(state);
	char *stats, *explained;

	assert_answer(Q(SINK_A, "www.allowed.test", TYPE_A), SUNK);
	assert_answer(Q(SINK_A, "www.allowed.test", TYPE_TXT), "NOERROR");
	assert_answer(Q(TYPES_AUDITED, "www.allowed.test", TYPE_TXT),
		"NOERROR \"text\"");
	assert_answer(Q(ADDRESSES, "www.allowed.test", TYPE_TXT), "REFUSED");
	/* The name is what counts first. */
	assert_answer(Q(ADDRESSES, "evil.test", TYPE_TXT), "REFUSED");
	assert_answer(Q(ADDRESSES, "denied.allowed.test", TYPE_TXT),
		"REFUSED");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.reason.type", 4);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 1);
	statistics_assert(stats, "num.bitsink.reason.denied", 1);
	statistics_assert(stats, "num.bitsink.action.sinkhole", 2);
	statistics_assert(stats, "num.bitsink.group.audited.audited", 1);
	free(stats);
	resolver_await_log(world->resolver, "bitsink: block client="
		ADDRESSES " group=addresses name=www.allowed.test. type=TXT "
		"class=IN reason=type action=refused rule=- ");
	explained = control_ask(world->resolver, "explain client=" ADDRESSES
		" name=www.allowed.test type=TXT");
	control_assert(explained, "reason", "type");
	control_assert(explained, "types", "A, AAAA");
	control_assert(explained, "pattern", NULL);
	control_assert(explained, "ede", "bitsink: group \"addresses\" may "
		"not ask for this type");
	free(explained);
	assert_ordinary_are_served();
}

static void
types_change_with_a_reload(void **state)
{
	struct world *world = start(state, GROUP("a", UPDATE_HOST, ""));
	char *reply;

	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_TXT,
		"NOERROR \"text\"");
	write_policy(world, GROUP("a", UPDATE_HOST, "  allow-types: A\n"));
	assert_int_equal(control_reload(world->resolver), 2);
	/* It is in the cache. */
	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_TXT, "NXDOMAIN");
	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_A, WWW);
	write_policy(world, GROUP("a", UPDATE_HOST,
		"  allow-types: \"A AAAAA\"\n"));
	reply = control_failed(world->resolver, "reload");
	assert_non_null(strstr(reply, "AAAAA"));
	free(reply);
	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_TXT, "NXDOMAIN");
	write_policy(world, GROUP("a", UPDATE_HOST, "  allow-types: TXT\n"));
	assert_int_equal(control_reload(world->resolver), 3);
	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_TXT,
		"NOERROR \"text\"");
	assert_both(UPDATE_HOST, "www.allowed.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
}

/* --- A group for all others. */

#define CARVED \
	"  unrestricted: 127.0.0.96/28\n" \
	"  unrestricted: " SANDBOX_IP6_ORDINARY "\n"
#define REST "group:\n  name: rest\n" ALLOWED

static const char rest_policy[] =
	"bitsink:\n  default-group: rest\n" CARVED
	REST "  unrestricted: 127.0.0.64/28\n"
	"group:\n  name: kiosk\n  client: 127.0.0.100\n  action: refused\n"
	ALLOWED
	"group:\n  name: own\n  client: 127.0.0.32/28\n"
	"  unrestricted: 127.0.0.40/30\n  client: 127.0.0.41\n"
	"  action: nodata\n" ALLOWED;

static void
clients_that_nobody_lists_are_in_the_default_group(void **state)
{
	static const struct {
		const char *from;
		const char *line;
		const char *group;
	} rows[] = {
		{ "127.0.0.1", "NXDOMAIN", "rest" },
		{ UPDATE_HOST, "NXDOMAIN", "rest" },
		{ "127.255.255.254", "NXDOMAIN", "rest" },
		{ SANDBOX_IP6_UPDATE, "NXDOMAIN", "rest" },
		{ SANDBOX_IP6_RESOLVER, "NXDOMAIN", "rest" },
		{ "127.0.0.33", "NOERROR", "own" },
		/* Carved out, by one group and by all. */
		{ "127.0.0.40", EVIL, NULL },
		{ "127.0.0.43", EVIL, NULL },
		{ "127.0.0.64", EVIL, NULL },
		{ "127.0.0.79", EVIL, NULL },
		{ "127.0.0.80", "NXDOMAIN", "rest" },
		{ "127.0.0.95", "NXDOMAIN", "rest" },
		{ "127.0.0.96", EVIL, NULL },
		{ "127.0.0.111", EVIL, NULL },
		{ "127.0.0.112", "NXDOMAIN", "rest" },
		/* And restricted again. */
		{ "127.0.0.41", "NOERROR", "own" },
		{ "127.0.0.100", "REFUSED", "kiosk" },
	};
	struct world *world = start(state, rest_policy);
	unsigned long restricted = 0;
	char *stats;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *explained = control_explain(world->resolver,
			rows[i].from, "evil.test");

		control_assert(explained, "group", rows[i].group);
		free(explained);
		assert_both(rows[i].from, "evil.test", TYPE_A, rows[i].line);
		assert_answer(Q(rows[i].from, "www.allowed.test", TYPE_A),
			WWW);
		restricted += rows[i].group != NULL;
	}
	stats = checked_stats(world);
	statistics_assert(stats, "total.num.bitsink.blocked", 2 * restricted);
	statistics_assert(stats, "total.num.bitsink.allowed", restricted);
	statistics_assert(stats, "total.num.bitsink.unrestricted",
		3 * (sizeof(rows) / sizeof(rows[0]) - restricted));
	free(stats);
	assert_ordinary_are_served();
}

static void
a_default_group_begins_and_ends_with_a_reload(void **state)
{
	static const char without[] = "bitsink:\n" CARVED
		REST "  client: " UPDATE_HOST "\n";
	static const char with[] = "bitsink:\n  default-group: rest\n" CARVED
		REST;
	static const char unknown[] = "bitsink:\n  default-group: rset\n"
		REST "  client: " UPDATE_HOST "\n";
	struct world *world = start(state, without);
	char *reply;

	assert_both(UPDATE_HOST, "evil.test", TYPE_A, "NXDOMAIN");
	assert_both("127.0.0.3", "evil.test", TYPE_A, EVIL);
	write_policy(world, with);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_both(UPDATE_HOST, "evil.test", TYPE_A, "NXDOMAIN");
	assert_both("127.0.0.3", "evil.test", TYPE_A, "NXDOMAIN");
	assert_both(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
	write_policy(world, unknown);
	reply = control_failed(world->resolver, "reload");
	assert_non_null(strstr(reply, "rset"));
	free(reply);
	assert_both("127.0.0.3", "evil.test", TYPE_A, "NXDOMAIN");
	write_policy(world, without);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_both(UPDATE_HOST, "evil.test", TYPE_A, "NXDOMAIN");
	assert_both("127.0.0.3", "evil.test", TYPE_A, EVIL);
	assert_ordinary_are_served();
}

/* Each group carves out of itself alone. */
static void
what_one_group_carves_out_another_may_have(void **state)
{
	(void)start(state,
		"group:\n  name: outer\n  client: 127.0.0.0/27\n" ALLOWED
		"group:\n  name: inner\n  client: 127.0.0.16/28\n" ALLOWED
		"  unrestricted: 127.0.0.8\n  unrestricted: 127.0.0.20\n"
		"  action: refused\n");
	assert_both("127.0.0.8", "evil.test", TYPE_A, "NXDOMAIN");
	assert_both("127.0.0.19", "evil.test", TYPE_A, "REFUSED");
	assert_both("127.0.0.20", "evil.test", TYPE_A, EVIL);
	assert_ordinary_are_served();
}

/* --- Windows. */

#define OPEN_CLIENT UPDATE_HOST
#define CLOSED_CLIENT "127.0.0.3"

/* What both have, and an open one and a closed one. */
#define TIMED \
	"  deny: denied.evil.test\n  deny: .both.test\n" \
	"  quiet: .quiet.test\n" \
	"  window-allow: .evil.test\n  window-allow: .both.test\n" \
	"  window-allow-list: microsoft-2007\n"
#define ALWAYS "  window: \"daily 00:00-24:00\"\n"

static const char *const day_words[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };

/* Days from today in UTC on; no day ends within the next half minute. */
static const char *
day_word(int ahead)
{
	struct tm now;
	time_t seconds;

	while ((seconds = time(NULL)) % 86400 >= 86400 - 30)
		(void)sandbox_wait(sandbox_now() + SANDBOX_PATIENCE);
	gmtime_r(&seconds, &now);
	return day_words[(now.tm_wday + ahead + 7) % 7];
}

/* The policy with that day in the place of each "DAY"; until the next call. */
static const char *
on_day(const char *policy, const char *day)
{
	static char text[4096];
	char *at = text;

	assert_true(strlen(policy) < sizeof(text));
	strcpy(text, policy);
	while ((at = strstr(at, "DAY")) != NULL)
		memcpy(at, day, 3);
	return text;
}

#define OPEN_GROUP(more) GROUP("open", OPEN_CLIENT, \
	"  client: " SANDBOX_IP6_UPDATE "\n" TIMED ALWAYS more)
#define CLOSED_GROUP(more) GROUP("closed", CLOSED_CLIENT, \
	TIMED "  window: \"DAY 00:00-24:00\"\n" more)

#define WINDOW_RECORDS \
	"denied.evil.test. 60 IN A 203.0.113.90\n" \
	"www.both.test. 60 IN A 203.0.113.91\n" \
	"download.windowsupdate.com. 60 IN A 198.51.100.90\n"
#define UPDATE "NOERROR 198.51.100.90"

static struct world *
start_windows(void **state, const char *policy)
{
	struct world *world = start(state, policy);

	upstream_add(world->upstream, WINDOW_RECORDS);
	return world;
}

static void
more_is_allowed_while_a_window_is_open(void **state)
{
	static const char policy[] = LOG_ALL LISTS OPEN_GROUP("")
		CLOSED_GROUP("");
	struct world *world = start_windows(state, on_day(policy,
		day_word(3)));
	char *stats;

	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	assert_both(SANDBOX_IP6_UPDATE, "EVIL.test", TYPE_A, EVIL);
	assert_both(OPEN_CLIENT, "Download.WindowsUpdate.com", TYPE_A, UPDATE);
	assert_both(OPEN_CLIENT, "www.allowed.test", TYPE_A, WWW);
	assert_both(CLOSED_CLIENT, "evil.test", TYPE_A, "NXDOMAIN");
	assert_both(CLOSED_CLIENT, "download.windowsupdate.com", TYPE_A,
		"NXDOMAIN");
	assert_both(CLOSED_CLIENT, "www.allowed.test", TYPE_A, WWW);
	/* A deny wins, that is as specific or more. */
	assert_both(OPEN_CLIENT, "denied.evil.test", TYPE_A, "NXDOMAIN");
	assert_both(OPEN_CLIENT, "www.both.test", TYPE_A, "NXDOMAIN");
	assert_both(OPEN_CLIENT, "other.test", TYPE_A, "NXDOMAIN");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.group.open.allowed", 8);
	statistics_assert(stats, "num.bitsink.group.open.blocked", 6);
	statistics_assert(stats, "num.bitsink.group.closed.allowed", 2);
	statistics_assert(stats, "num.bitsink.group.closed.blocked", 4);
	statistics_assert(stats, "num.bitsink.reason.denied", 4);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 6);
	free(stats);
	assert_ordinary_are_served();
}

static void
an_explanation_tells_of_windows(void **state)
{
	static const char policy[] = LOG_ALL LISTS OPEN_GROUP("")
		CLOSED_GROUP("");
	struct world *world = start_windows(state, on_day(policy,
		day_word(3)));
	long now = time(NULL);
	char *explained;

	explained = control_explain(world->resolver, OPEN_CLIENT, "evil.test");
	control_assert(explained, "reason", "allowed");
	control_assert(explained, "kind", "window");
	control_assert(explained, "pattern", ".evil.test");
	control_assert(explained, "window", "open");
	/* It never closes. */
	control_assert(explained, "window-change", NULL);
	free(explained);
	explained = control_explain(world->resolver, OPEN_CLIENT,
		"download.windowsupdate.com");
	control_assert(explained, "list", "microsoft-2007");
	control_assert(explained, "kind", "window");
	free(explained);
	explained = control_explain(world->resolver, CLOSED_CLIENT,
		"evil.test");
	control_assert(explained, "reason", "not-listed");
	control_assert(explained, "window", "closed");
	/* The midnight before the third day from now. */
	assert_int_equal(control_number(explained, "window-change"),
		(now / 86400 + 3) * 86400);
	free(explained);
	assert_ordinary_are_served();
}

#define OTHER_ACTION \
	"  action: refused\n  sinkhole: 192.0.2.10\n" \
	"  window-action: sinkhole\n"

static void
another_action_counts_while_a_window_is_open(void **state)
{
	static const char policy[] = LOG_ALL LISTS OPEN_GROUP(OTHER_ACTION)
		CLOSED_GROUP(OTHER_ACTION);
	struct world *world = start_windows(state, on_day(policy,
		day_word(3)));
	char *stats, *metrics;

	assert_both(OPEN_CLIENT, "other.test", TYPE_A, SUNK);
	assert_both(OPEN_CLIENT, "denied.evil.test", TYPE_A, SUNK);
	assert_both(CLOSED_CLIENT, "other.test", TYPE_A, "REFUSED");
	assert_both(CLOSED_CLIENT, "evil.test", TYPE_A, "REFUSED");
	/* What is quiet is so at all times. */
	assert_both(OPEN_CLIENT, "x.quiet.test", TYPE_A, "NXDOMAIN");
	assert_both(CLOSED_CLIENT, "x.quiet.test", TYPE_A, "NXDOMAIN");
	resolver_await_log_count(world->resolver, "group=open name=other.test."
		" type=A class=IN reason=not-listed action=sinkhole ", 2);
	resolver_await_log_count(world->resolver, "group=closed "
		"name=other.test. type=A class=IN reason=not-listed "
		"action=refused ", 2);
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.action.sinkhole", 4);
	statistics_assert(stats, "num.bitsink.action.refused", 4);
	statistics_assert(stats, "num.bitsink.group.open.quiet", 2);
	statistics_assert(stats, "num.bitsink.group.closed.quiet", 2);
	free(stats);
	metrics = control_ask(world->resolver, "metrics");
	control_assert(control_find(metrics, "cell", "action", "sinkhole"),
		"group", "open");
	assert_null(strstr(metrics, "group=closed verdict=block "
		"reason=not-listed action=sinkhole"));
	free(metrics);
	assert_ordinary_are_served();
}

/* The clock on the wall counts: a day behind it is another day. */
static void
windows_are_of_the_groups_time_zone(void **state)
{
	static const char policy[] = "bitsink:\n" LISTS
		GROUP("utc", "127.0.0.2", TIMED
			"  window: \"DAY 00:00-24:00\"\n")
		GROUP("behind", "127.0.0.3", TIMED
			"  window: \"DAY 00:00-24:00\"\n"
			"  time-zone: \"AAA24\"\n")
		GROUP("berlin", "127.0.0.4", TIMED ALWAYS
			"  time-zone: \"CET-1CEST,M3.5.0,M10.5.0/3\"\n");
	struct world *world = start_windows(state, on_day(policy,
		day_word(-1)));
	char *explained;

	assert_both("127.0.0.2", "evil.test", TYPE_A, "NXDOMAIN");
	assert_both("127.0.0.3", "evil.test", TYPE_A, EVIL);
	assert_both("127.0.0.4", "evil.test", TYPE_A, EVIL);
	explained = control_explain(world->resolver, "127.0.0.3", "evil.test");
	control_assert(explained, "window", "open");
	/* At midnight, which is the same one. */
	assert_int_equal(control_number(explained, "window-change"),
		(time(NULL) / 86400 + 1) * 86400);
	free(explained);
	assert_ordinary_are_served();
}

/* A file of a time zone (RFC 8536) in which the rule says all. */
static void
write_zone(const struct world *world, const char *rule)
{
	/* One type of local time, whose name has three letters. */
	static const char header[44] = {
		'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4,
	};
	static const char types[10] = "\0\0\0\0\0\0UTC";
	char *path;
	FILE *file;
	int i;

	if (asprintf(&path, "%s/zone", world->resolver->folder) < 0)
		abort();
	file = fopen(path, "w");
	assert_non_null(file);
	for (i = 0; i < 2; i++) {
		fwrite(header, 1, sizeof(header), file);
		fwrite(types, 1, sizeof(types), file);
	}
	fprintf(file, "\n%s\n", rule);
	assert_int_equal(fclose(file), 0);
	free(path);
}

/* The group has a window on just that day; the file is the resolver's. */
static void
write_zone_policy(const struct world *world, const char *more,
	const char *day)
{
	char *policy;

	if (asprintf(&policy, "bitsink:\n" LISTS "%s" GROUP("zoned",
	    OPEN_CLIENT, TIMED "  window: \"%s 00:00-24:00\"\n")
	    "  time-zone: \"%s/zone\"\n", more, day,
	    world->resolver->folder) < 0)
		abort();
	write_policy(world, policy);
	free(policy);
}

static void
a_time_zones_file_is_kept_with_the_last_good_policy(void **state)
{
	struct world *world = start_windows(state, GROUP("a", OPEN_CLIENT, ""));
	const char *yesterday = day_word(-1);
	char *reply;

	write_zone(world, "AAA24");
	write_zone_policy(world, "", yesterday);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	/* It is no file of a time zone any more. */
	sandbox_write(world->resolver->folder, "zone", "TZif2");
	reply = control_failed(world->resolver, "reload");
	assert_non_null(strstr(reply, "/zone"));
	free(reply);
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	resolver_reload(world->resolver);
	resolver_await_log(world->resolver, "bitsink: STALE: ");
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	assert_both(OPEN_CLIENT, "other.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
	/* Read again with the next one that is good. */
	write_zone(world, "BBB0");
	assert_int_equal(control_reload(world->resolver), 2);
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
}

static void
another_file_of_a_time_zone_is_noticed(void **state)
{
	struct world *world = start_windows(state, GROUP("a", OPEN_CLIENT, ""));
	const char *yesterday = day_word(-1);

	write_zone(world, "AAA24");
	write_zone_policy(world, "  watch-files: yes\n", yesterday);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	write_zone(world, "BBB0");
	resolver_await_log(world->resolver, "bitsink: reloaded generation=3 ");
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, "NXDOMAIN");
	assert_ordinary_are_served();
}

/* A chain may lead to what a window allows, while that is open. */
static void
chains_are_judged_by_windows_too(void **state)
{
	static const char policy[] = LOG_ALL LISTS
		OPEN_GROUP("  chain: inspect\n")
		CLOSED_GROUP("  chain: inspect\n");
	static const char line[] = "NOERROR evil.test. 203.0.113.66";
	struct world *world = start_windows(state, on_day(policy,
		day_word(3)));

	upstream_add(world->upstream,
		"alias.allowed.test. 60 IN CNAME evil.test.\n");
	assert_both(OPEN_CLIENT, "alias.allowed.test", TYPE_A, line);
	assert_both(CLOSED_CLIENT, "alias.allowed.test", TYPE_A, "NXDOMAIN");
	assert_both(ORDINARY, "alias.allowed.test", TYPE_A, line);
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.reason.chain"), 2);
	assert_ordinary_are_served();
}

/* As by the clock: with the next query. */
static void
windows_open_and_close_with_a_reload(void **state)
{
	static const char open[] = LOG_ALL LISTS OPEN_GROUP(OTHER_ACTION);
	static const char closed[] = LOG_ALL LISTS GROUP("open", OPEN_CLIENT,
		TIMED "  window: \"DAY 00:00-24:00\"\n" OTHER_ACTION);
	static const char none[] = LOG_ALL LISTS GROUP("open", OPEN_CLIENT,
		"  action: refused\n");
	struct world *world = start_windows(state, none);
	unsigned long generation = 1;
	char *stats;
	int i;

	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, "REFUSED");
	for (i = 0; i < 2; i++) {
		write_policy(world, open);
		assert_int_equal(control_reload(world->resolver),
			++generation);
		assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
		assert_both(OPEN_CLIENT, "other.test", TYPE_A, SUNK);
		write_policy(world, on_day(closed, day_word(3)));
		assert_int_equal(control_reload(world->resolver),
			++generation);
		assert_both(OPEN_CLIENT, "evil.test", TYPE_A, "REFUSED");
		assert_both(OPEN_CLIENT, "other.test", TYPE_A, "REFUSED");
		assert_both(OPEN_CLIENT, "www.allowed.test", TYPE_A, WWW);
		assert_ordinary_are_served();
	}
	/* Nothing that was counted has another action now. */
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.action.sinkhole", 4);
	statistics_assert(stats, "num.bitsink.action.refused", 10);
	statistics_assert(stats, "num.bitsink.group.open.allowed", 8);
	free(stats);
	assert_ordinary_are_served();
}

/* A dropped query of an open window has no answer, and counts as one. */
static void
a_window_may_drop(void **state)
{
	static const char policy[] = LOG_ALL LISTS
		OPEN_GROUP("  window-action: drop\n")
		CLOSED_GROUP("  window-action: drop\n");
	struct world *world = start_windows(state, on_day(policy,
		day_word(3)));
	char *stats;

	ask_expect_silence(Q(OPEN_CLIENT, "other.test", TYPE_A), 500);
	assert_both(CLOSED_CLIENT, "other.test", TYPE_A, "NXDOMAIN");
	assert_both(OPEN_CLIENT, "evil.test", TYPE_A, EVIL);
	assert_both(OPEN_CLIENT, "x.quiet.test", TYPE_A, "NXDOMAIN");
	stats = checked_stats(world);
	statistics_assert(stats, "num.bitsink.action.drop", 1);
	statistics_assert(stats, "num.bitsink.action.nxdomain", 2);
	free(stats);
	assert_ordinary_are_served();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(
			quiet_names_do_not_exist_whatever_the_action_is),
		own_world_test(the_answer_tells_that_the_name_is_quiet),
		own_world_test(quiet_names_are_counted_apart_and_no_alarm),
		own_world_test(a_listener_who_wants_all_hears_of_quiet_names),
		own_world_test(what_is_allowed_or_denied_is_not_quiet),
		own_world_test(in_audit_a_quiet_name_is_answered_and_no_alarm),
		own_world_test(quiet_begins_and_ends_with_a_reload),
		own_world_test(only_the_types_of_the_group_may_be_asked_for),
		own_world_test(any_may_be_asked_for_where_it_is_named),
		own_world_test(
			another_type_is_blocked_by_the_action_and_counted),
		own_world_test(types_change_with_a_reload),
		own_world_test(
			clients_that_nobody_lists_are_in_the_default_group),
		own_world_test(a_default_group_begins_and_ends_with_a_reload),
		own_world_test(what_one_group_carves_out_another_may_have),
		own_world_test(more_is_allowed_while_a_window_is_open),
		own_world_test(an_explanation_tells_of_windows),
		own_world_test(another_action_counts_while_a_window_is_open),
		own_world_test(windows_are_of_the_groups_time_zone),
		own_world_test(
			a_time_zones_file_is_kept_with_the_last_good_policy),
		own_world_test(another_file_of_a_time_zone_is_noticed),
		own_world_test(chains_are_judged_by_windows_too),
		own_world_test(windows_open_and_close_with_a_reload),
		own_world_test(a_window_may_drop),
	};

	return world_main(tests);
}
