/*
 * test_granted_names.c - what an administrator allows a group for a time may be
 * asked for at once, until it ends or is revoked, whatever is restarted
 * meanwhile; and nothing else may be, by nobody else.
 */
#include "world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "statistics.h"

#define EVIL "NOERROR 203.0.113.66"
#define SUB "NOERROR 203.0.113.67"
#define DENIED "denied.allowed.test"

#define OTHER "127.0.0.3"
#define TYPED "127.0.0.4"
#define QUIET "127.0.0.5"
#define AUDITED "127.0.0.6"
#define INSPECTED "127.0.0.7"
#define FORWARDER "127.0.0.8"
#define ALLOWED "  allow: .allowed.test\n"

#define WSUS_GROUP(more) \
	"group:\n  name: wsus\n  client: " UPDATE_HOST "\n" \
	"  client: " SANDBOX_IP6_UPDATE "\n" ALLOWED more
#define OTHERS \
	"group:\n  name: other\n  client: " OTHER "\n" ALLOWED \
	"  action: sinkhole\n  sinkhole: 192.0.2.10\n" \
	"group:\n  name: typed\n  client: " TYPED "\n" ALLOWED \
	"  allow-types: A\n" \
	"group:\n  name: quiet\n  client: " QUIET "\n" ALLOWED \
	"  quiet: .evil.test\n" \
	"group:\n  name: audited\n  client: " AUDITED "\n" ALLOWED \
	"  mode: audit\n" \
	"group:\n  name: inspected\n  client: " INSPECTED "\n" ALLOWED \
	"  chain: inspect\n" \
	"group:\n  name: forwarder\n  client: " FORWARDER "\n" ALLOWED \
	"  follow-chain: yes\n"
#define POLICY \
	"bitsink:\n  log: all\n" \
	WSUS_GROUP("  deny: " DENIED "\n") OTHERS

#define RECORDS \
	"sub.evil.test. 3600 IN A 203.0.113.67\n" \
	"a.sub.evil.test. 3600 IN A 203.0.113.68\n" \
	"alias.test. 3600 IN CNAME target.cdn.test.\n" \
	"target.cdn.test. 3600 IN A 198.51.100.80\n"
#define ALIAS "NOERROR target.cdn.test. 198.51.100.80"

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
	return start_with(state, NULL);
}

static void
write_policy(const struct world *world, const char *policy)
{
	sandbox_write(world->resolver->folder, "bitsink.conf", policy);
}

/* The clock that Unbound looks at; that of time() is behind it at times. */
static long
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (long)now.tv_sec;
}

/* As it stands in a request. The reply, to be freed. */
static char *
allow(const struct world *world, const char *group, const char *pattern,
	long lasts)
{
	char *request, *reply;

	if (asprintf(&request, "allow group=%s pattern=%s seconds=%ld", group,
	    pattern, lasts) < 0)
		abort();
	reply = control_ask(world->resolver, request);
	assert_ptr_equal(control_find(reply, "grant", NULL, NULL), reply);
	free(request);
	return reply;
}

static void
take_back(const struct world *world, const char *group, const char *pattern)
{
	char *request, *reply;

	if (asprintf(&request, "revoke group=%s pattern=%s", group,
	    pattern) < 0)
		abort();
	reply = control_ask(world->resolver, request);
	control_assert(reply, "group", group);
	assert_ptr_equal(control_find(reply, "revoked", NULL, NULL), reply);
	free(reply);
	free(request);
}

static unsigned long
grants(const struct world *world)
{
	char *reply = control_ask(world->resolver, "status");
	unsigned long number = control_number(reply, "grants");

	free(reply);
	return number;
}

static void
assert_reason(const struct world *world, const char *client, const char *name,
	const char *reason)
{
	char *explained = control_explain(world->resolver, client, name);

	control_assert(explained, "reason", reason);
	free(explained);
}

static void
assert_ordinary_are_served(void)
{
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY_2, "sub.evil.test", TYPE_A,
		.transport = ASK_TCP), SUB);
	assert_answer(Q(SANDBOX_IP6_ORDINARY, DENIED, TYPE_A),
		"NOERROR 198.51.100.3");
}

/* --- What may be asked for. */

static void
a_granted_name_is_answered_at_once(void **state)
{
	struct world *world = start(state);
	char *stats, *reply;
	long before, until;

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	before = seconds();
	reply = allow(world, "wsus", "evil.test", 3600);
	/* The thread that answers looks at a clock that may be behind. */
	until = (long)control_number(reply, "until");
	assert_in_range(until, before + 3600 - 1, seconds() + 3600);
	assert_int_equal(control_number(reply, "since"), until - 3600);
	control_assert(reply, "group", "wsus");
	control_assert(reply, "pattern", "evil.test");
	free(reply);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(UPDATE_HOST, "EVIL.Test", TYPE_A,
		.transport = ASK_TCP), EVIL);
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_AAAA),
		"NOERROR 2001:db8:bad::66");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(OTHER, "evil.test", TYPE_A), "NOERROR 192.0.2.10");
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	statistics_assert(stats, "num.bitsink.reason.granted", 3);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 4);
	statistics_assert(stats, "num.bitsink.group.wsus.allowed", 3);
	statistics_assert(stats, "num.bitsink.group.wsus.blocked", 3);
	statistics_assert(stats, "bitsink.grants", 1);
	free(stats);
	assert_ordinary_are_served();
}

static void
a_pattern_is_granted_as_a_policy_allows_it(void **state)
{
	struct world *world = start(state);

	free(allow(world, "wsus", "*.evil.test", 3600));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_answer(Q(UPDATE_HOST, "a.Sub.evil.test", TYPE_A,
		.transport = ASK_TCP), "NOERROR 203.0.113.68");
	take_back(world, "wsus", "*.evil.test");
	free(allow(world, "wsus", ".EVIL.test.", 3600));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	take_back(world, "wsus", ".evil.test");
	free(allow(world, "wsus", "s*.evil.test", 3600));
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_answer(Q(UPDATE_HOST, "a.sub.evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	take_back(world, "wsus", "s*.evil.test");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(grants(world), 0);
	assert_ordinary_are_served();
}

static void
what_is_denied_stays_denied(void **state)
{
	struct world *world = start(state);
	char *error;

	error = control_refused(world->resolver, "allow group=wsus pattern="
		DENIED " seconds=60");
	assert_non_null(strstr(error, "found \"" DENIED "\", expected what "
		"the policy does not deny, as it does at "));
	assert_non_null(strstr(error, "bitsink.conf:"));
	free(error);
	free(allow(world, "wsus", "*", 3600));
	assert_answer(Q(UPDATE_HOST, DENIED, TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, DENIED, TYPE_A, .transport = ASK_TCP),
		"NXDOMAIN");
	assert_reason(world, UPDATE_HOST, DENIED, "denied");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	/* Another group's deny is none. */
	free(allow(world, "other", DENIED, 3600));
	assert_ordinary_are_served();
	/* What a policy denies that comes later is denied, too. */
	write_policy(world, WSUS_GROUP("  deny: .evil.test\n"));
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_reason(world, UPDATE_HOST, "evil.test", "denied");
	write_policy(world, POLICY);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

static void
other_options_count_for_granted_names(void **state)
{
	struct world *world = start(state);
	char *stats;

	free(allow(world, "typed", "evil.test", 3600));
	assert_answer(Q(TYPED, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(TYPED, "evil.test", TYPE_TXT), "NXDOMAIN");
	free(allow(world, "quiet", "evil.test", 3600));
	assert_answer(Q(QUIET, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(QUIET, "sub.evil.test", TYPE_A), "NXDOMAIN");
	free(allow(world, "audited", "evil.test", 3600));
	assert_answer(Q(AUDITED, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(AUDITED, "sub.evil.test", TYPE_A), SUB);
	/* A chain may lead to what is granted, and from there to no more. */
	free(allow(world, "inspected", "alias.test", 3600));
	assert_answer(Q(INSPECTED, "alias.test", TYPE_A), "NXDOMAIN");
	free(allow(world, "inspected", "target.cdn.test", 3600));
	assert_answer(Q(INSPECTED, "alias.test", TYPE_A), ALIAS);
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	statistics_assert(stats, "num.bitsink.reason.granted", 4);
	statistics_assert(stats, "num.bitsink.reason.type", 1);
	statistics_assert(stats, "num.bitsink.reason.quiet", 1);
	statistics_assert(stats, "num.bitsink.reason.chain", 1);
	statistics_assert(stats, "num.bitsink.group.audited.allowed", 1);
	statistics_assert(stats, "num.bitsink.group.audited.audited", 1);
	free(stats);
	assert_ordinary_are_served();
}

/* --- For how long. */

static void
await_time(long moment)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (seconds() < moment)
		assert_true(sandbox_wait(deadline));
}

static void
await_blocked(const char *client, const char *name)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *line = answer_line(ask(Q(client, name, TYPE_A)));
		int is = strcmp(line, "NXDOMAIN") == 0;

		free(line);
		if (is)
			return;
		assert_true(sandbox_wait(deadline));
	}
}

static void
a_grant_ends_when_its_time_is_over(void **state)
{
	struct world *world = start(state);
	char *reply = allow(world, "wsus", "evil.test", 3);
	long until = (long)control_number(reply, "until");

	free(reply);
	free(allow(world, "wsus", "sub.evil.test", 3600));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	/* Not a moment longer. */
	await_time(until);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	resolver_await_log(world->resolver,
		"bitsink: expired group=wsus pattern=evil.test\n");
	assert_int_equal(grants(world), 1);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_reason(world, UPDATE_HOST, "evil.test", "not-listed");
	assert_ordinary_are_served();
	/* Not after a start either. */
	resolver_end(world->resolver, SIGKILL);
	resolver_start_again(world->resolver);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_ordinary_are_served();
}

static void
a_grant_that_is_revoked_ends_at_once(void **state)
{
	struct world *world = start(state);

	free(allow(world, "wsus", "evil.test", 3600));
	free(allow(world, "typed", "evil.test", 3600));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	take_back(world, "wsus", "EVIL.test");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_answer(Q(TYPED, "evil.test", TYPE_A), EVIL);
	assert_int_equal(grants(world), 1);
	resolver_end(world->resolver, SIGKILL);
	resolver_start_again(world->resolver);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(TYPED, "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

static void
the_same_again_changes_its_time(void **state)
{
	struct world *world = start(state);
	unsigned long first, second;
	char *reply;

	reply = allow(world, "wsus", "evil.test", 3600);
	first = control_number(reply, "until");
	free(reply);
	reply = allow(world, "wsus", "EVIL.test.", 7200);
	second = control_number(reply, "until");
	free(reply);
	assert_in_range(second - first, 3600, 3600 + 20);
	assert_int_equal(grants(world), 1);
	/* A shorter one as well. */
	free(allow(world, "wsus", "evil.test", 2));
	assert_int_equal(grants(world), 1);
	await_blocked(UPDATE_HOST, "evil.test");
	assert_ordinary_are_served();
}

/* Else the night would go on for a day. */
static void
a_chain_from_a_granted_name_ends_with_the_grant(void **state)
{
	struct world *world = start(state);
	char *reply = allow(world, "forwarder", "alias.test", 5), *explained;
	long until = (long)control_number(reply, "until");

	free(reply);
	assert_answer(Q(FORWARDER, "alias.test", TYPE_A), ALIAS);
	assert_answer(Q(FORWARDER, "target.cdn.test", TYPE_A),
		"NOERROR 198.51.100.80");
	explained = control_explain(world->resolver, FORWARDER,
		"target.cdn.test");
	control_assert(explained, "reason", "followed");
	assert_true((long)control_number(explained, "until") <= until);
	free(explained);
	await_time(until);
	assert_answer(Q(FORWARDER, "alias.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(FORWARDER, "target.cdn.test", TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
}

/* --- Over restarts. */

/* By a signal, or 0: by a reload of Unbound. */
static void
start_anew(struct world *world, int signal)
{
	if (signal == 0) {
		resolver_reload(world->resolver);
		return;
	}
	resolver_end(world->resolver, signal);
	resolver_start_again(world->resolver);
}

static void
grants_are_kept_over_restarts(void **state)
{
	static const int ends[] = { SIGTERM, SIGKILL, 0 };
	struct world *world = start(state);
	char *reply = allow(world, "wsus", "*.evil.test", 3600), *status;
	char *until = control_value(reply, "until");
	size_t i;

	free(reply);
	free(allow(world, "other", "evil.test", 1800));
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		start_anew(world, ends[i]);
		assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
		assert_answer(Q(OTHER, "evil.test", TYPE_A,
			.transport = ASK_TCP), EVIL);
		assert_answer(Q(OTHER, "sub.evil.test", TYPE_A),
			"NOERROR 192.0.2.10");
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
			"NXDOMAIN");
		status = control_ask(world->resolver, "status");
		control_assert(status, "grants", "2");
		control_assert(control_find(status, "grant", "group", "wsus"),
			"until", until);
		free(status);
		assert_ordinary_are_served();
	}
	free(until);
}

static void
a_grant_that_ended_meanwhile_does_not_come_back(void **state)
{
	struct world *world = start(state);
	char *reply = allow(world, "wsus", "evil.test", 2);
	long until = (long)control_number(reply, "until");

	free(reply);
	free(allow(world, "wsus", "sub.evil.test", 3600));
	resolver_end(world->resolver, SIGKILL);
	await_time(until);
	resolver_start_again(world->resolver);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_int_equal(grants(world), 1);
	assert_ordinary_are_served();
}

static void
grants_go_on_under_another_policy(void **state)
{
	struct world *world = start(state);
	char *log;

	free(allow(world, "wsus", "evil.test", 3600));
	write_policy(world, WSUS_GROUP("  action: refused\n"));
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	/* One that is refused, and that the start finds. */
	write_policy(world, "group:\n  nmae: wsus\n");
	free(control_failed(world->resolver, "reload"));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	resolver_reload(world->resolver);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), "REFUSED");
	/* The group is gone for a while; its clients are in another. */
	write_policy(world, "group:\n  name: others\n  client: " UPDATE_HOST
		"\n" ALLOWED);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_int_equal(grants(world), 1);
	write_policy(world, POLICY);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	write_policy(world, OTHERS);
	assert_int_equal(control_reload(world->resolver), 4);
	take_back(world, "wsus", "evil.test");
	write_policy(world, POLICY);
	assert_int_equal(control_reload(world->resolver), 5);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	log = resolver_log(world->resolver);
	assert_null(strstr(log, "bitsink: expired"));
	free(log);
	assert_ordinary_are_served();
}

/* Who cannot know what was allowed, allows nothing. */
static void
a_damaged_file_grants_nothing(void **state)
{
	struct world *world = start(state);
	char *file;

	free(allow(world, "wsus", "evil.test", 3600));
	resolver_end(world->resolver, SIGTERM);
	file = sandbox_read(world->resolver->folder, "state/granted");
	assert_non_null(strstr(file, "evil.test"));
	*strstr(file, "evil.test") = '*';
	sandbox_write(world->resolver->folder, "state/granted", file);
	free(file);
	resolver_start_again(world->resolver);
	resolver_await_log(world->resolver,
		"bitsink: what was allowed for a time is lost: ");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "xvil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	/* The next one is kept again. */
	free(allow(world, "wsus", "evil.test", 3600));
	start_anew(world, SIGKILL);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

/* --- How it is told. */

static void
status_and_explain_tell_of_it(void **state)
{
	struct world *world = start(state);
	char *reply = allow(world, "wsus", "*.evil.test", 3600), *until;
	const char *line;

	until = control_value(reply, "until");
	free(reply);
	free(allow(world, "other", "evil.test", 1800));
	reply = control_ask(world->resolver, "status");
	control_assert(reply, "grants", "2");
	/* That which ends first, first. */
	line = control_find(reply, "grant", NULL, NULL);
	control_assert(line, "group", "other");
	control_assert(line, "pattern", "evil.test");
	line = control_find(line, "grant", "group", "wsus");
	control_assert(line, "pattern", "*.evil.test");
	control_assert(line, "until", until);
	free(reply);
	reply = control_explain(world->resolver, UPDATE_HOST,
		"Sub.evil.test");
	control_assert(reply, "verdict", "allow");
	control_assert(reply, "reason", "granted");
	control_assert(reply, "granted", "*.evil.test");
	control_assert(reply, "until", until);
	control_assert(reply, "rule", NULL);
	control_assert(reply, "answer", "as usual");
	free(reply);
	assert_reason(world, UPDATE_HOST, "evil.test", "not-listed");
	free(until);
	assert_ordinary_are_served();
}

static void
the_log_tells_when_it_begins_and_ends(void **state)
{
	struct world *world = start(state);
	char *reply = allow(world, "wsus", "*.evil.test", 3600), *said, *log;
	char when[64];
	time_t until = (time_t)control_number(reply, "until");

	free(reply);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&until));
	if (asprintf(&said, "info: bitsink: allowed group=wsus "
	    "pattern=*.evil.test until=%s\n", when) < 0)
		abort();
	resolver_await_log(world->resolver, said);
	free(said);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	take_back(world, "wsus", "*.evil.test");
	resolver_await_log(world->resolver,
		"info: bitsink: revoked group=wsus pattern=*.evil.test\n");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	resolver_await_log(world->resolver, "name=evil.test.");
	log = resolver_log(world->resolver);
	/* An allowed query has no line. */
	assert_null(strstr(log, "name=sub.evil.test."));
	assert_null(strstr(log, "bitsink: expired"));
	free(log);
	assert_ordinary_are_served();
}

/* Nobody forges a line by a pattern. */
static void
a_line_has_no_more_than_one_grant(void **state)
{
	/* The pattern and the same in a value. */
#define PATTERN "x\\032y\\061z\\010.evil.test"
#define VALUE "x\\092032y\\092061z\\092010.evil.test"
	struct world *world = start(state);
	char *status;

	free(allow(world, "wsus", VALUE, 60));
	resolver_await_log(world->resolver, "bitsink: allowed group=wsus "
		"pattern=" VALUE " until=");
	status = control_ask(world->resolver, "status");
	control_assert(control_find(status, "grant", NULL, NULL), "pattern",
		PATTERN);
	free(status);
	assert_reason(world, UPDATE_HOST, VALUE, "granted");
	take_back(world, "wsus", VALUE);
	resolver_await_log(world->resolver,
		"bitsink: revoked group=wsus pattern=" VALUE "\n");
	assert_int_equal(grants(world), 0);
	assert_ordinary_are_served();
}

/* --- What is wrong. */

static void
wrong_requests_are_refused(void **state)
{
	static const struct {
		const char *request;
		const char *said;
	} rows[] = {
		{ "allow group=nobody pattern=evil.test seconds=60",
			"found \"nobody\", expected " },
		{ "allow pattern=evil.test seconds=60",
			"expected group=, a group of the policy" },
		{ "allow group=wsus seconds=60", "found \"\", expected " },
		{ "allow group=wsus pattern=evil..test seconds=60",
			"found \"evil..test\", expected " },
		{ "allow group=wsus pattern=evil.**.test seconds=60",
			"found \"evil.**.test\", expected " },
		{ "allow group=wsus pattern=evil\\032x.test seconds=60",
			"found \"evil x.test\", expected no space or control "
			"character" },
		{ "allow group=wsus pattern=evil\\010x.test seconds=60",
			"found \"evil\nx.test\", expected no space or control "
			"character" },
		{ "allow group=wsus pattern=evil.test", "found \"\", expected "
			"a number of seconds from 1 to 2678400" },
		{ "allow group=wsus pattern=evil.test seconds=0",
			"found \"0\", expected a number of seconds" },
		{ "allow group=wsus pattern=evil.test seconds=2h",
			"found \"2h\", expected a number of seconds" },
		{ "allow group=wsus pattern=evil.test seconds=-1",
			"found \"-1\", expected a number of seconds" },
		{ "allow group=wsus pattern=evil.test seconds=2678401",
			"found \"2678401\", expected a number of seconds" },
		{ "allow group=wsus pattern=evil.test "
			"seconds=99999999999999999999", "expected a number of "
			"seconds" },
		{ "allow group=wsus pattern=evil.test seconds=1 client=1",
			"found \"client\", expected " },
		{ "revoke group=wsus pattern=evil.test", "found \"evil.test\","
			" expected what this group is allowed for a time" },
		{ "revoke group=nobody pattern=evil.test", "expected what "
			"this group is allowed for a time" },
		{ "revoke group=wsus pattern=a..b", "expected what this group "
			"is allowed for a time" },
	};
	struct world *world = start(state);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *error = control_refused(world->resolver,
			rows[i].request);

		if (strstr(error, rows[i].said) == NULL) {
			print_error("%s: found \"%s\", expected \"%s\"\n",
				rows[i].request, error, rows[i].said);
			fail();
		}
		free(error);
	}
	assert_int_equal(grants(world), 0);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	free(allow(world, "wsus", "evil.test", 2678400));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

static void
there_are_64_at_most(void **state)
{
	struct world *world = start(state);
	char name[64], *error;
	unsigned i;

	for (i = 0; i < 63; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		free(allow(world, "wsus", name, 3600));
	}
	free(allow(world, "wsus", "evil.test", 3600));
	error = control_refused(world->resolver,
		"allow group=wsus pattern=sub.evil.test seconds=60");
	assert_non_null(strstr(error, "expected one of at most 64"));
	free(error);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), EVIL);
	/* One that is there already may be changed. */
	free(allow(world, "wsus", "evil.test", 1800));
	take_back(world, "wsus", "n0.test");
	free(allow(world, "wsus", "sub.evil.test", 60));
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	start_anew(world, SIGKILL);
	assert_int_equal(grants(world), 64);
	assert_ordinary_are_served();
}

/* --- The whole way. */

static int
bitsinkctl(const struct world *world, const char *arguments)
{
	char *command;
	int status;

	if (asprintf(&command, TEST_BUILD "/bitsinkctl --socket "
	    "%s/state/control %s >%s/out 2>&1", world->resolver->folder,
	    arguments, world->resolver->folder) < 0)
		abort();
	status = system(command);
	free(command);
	return status;
}

static void
bitsinkctl_allows_and_revokes(void **state)
{
	struct world *world = start(state);
	char *out;

	assert_int_equal(bitsinkctl(world,
		"allow wsus '*.evil.test' --for 1d2h"), 0);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), SUB);
	assert_int_equal(bitsinkctl(world, "status"), 0);
	out = sandbox_read(world->resolver->folder, "out");
	assert_non_null(strstr(out, "*.evil.test"));
	free(out);
	assert_int_not_equal(bitsinkctl(world,
		"allow wsus " DENIED " --for 2h"), 0);
	assert_int_not_equal(bitsinkctl(world,
		"allow wsus evil.test --for 2x"), 0);
	assert_int_equal(bitsinkctl(world, "revoke wsus '*.evil.test'"), 0);
	assert_answer(Q(UPDATE_HOST, "sub.evil.test", TYPE_A), "NXDOMAIN");
	assert_int_not_equal(bitsinkctl(world, "revoke wsus '*.evil.test'"),
		0);
	assert_ordinary_are_served();
}

/* No thread goes on with what was. */
static void
all_threads_know_at_once(void **state)
{
	struct world *world = start_with(state,
		"  num-threads: 2\n  so-reuseport: yes\n");
	char *stats;
	int i, n;

	for (n = 0; n < 8; n++) {
		free(allow(world, "wsus", "evil.test", 3600));
		for (i = 0; i < 8; i++)
			assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
				EVIL);
		take_back(world, "wsus", "evil.test");
		for (i = 0; i < 8; i++)
			assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
				"NXDOMAIN");
	}
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 2);
	statistics_assert(stats, "num.bitsink.reason.granted", 64);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 64);
	free(stats);
	assert_ordinary_are_served();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(a_granted_name_is_answered_at_once),
		own_world_test(a_pattern_is_granted_as_a_policy_allows_it),
		own_world_test(what_is_denied_stays_denied),
		own_world_test(other_options_count_for_granted_names),
		own_world_test(a_grant_ends_when_its_time_is_over),
		own_world_test(a_grant_that_is_revoked_ends_at_once),
		own_world_test(the_same_again_changes_its_time),
		own_world_test(
			a_chain_from_a_granted_name_ends_with_the_grant),
		own_world_test(grants_are_kept_over_restarts),
		own_world_test(
			a_grant_that_ended_meanwhile_does_not_come_back),
		own_world_test(grants_go_on_under_another_policy),
		own_world_test(a_damaged_file_grants_nothing),
		own_world_test(status_and_explain_tell_of_it),
		own_world_test(the_log_tells_when_it_begins_and_ends),
		own_world_test(a_line_has_no_more_than_one_grant),
		own_world_test(wrong_requests_are_refused),
		own_world_test(there_are_64_at_most),
		own_world_test(bitsinkctl_allows_and_revokes),
		own_world_test(all_threads_know_at_once),
	};

	return world_main(tests);
}
