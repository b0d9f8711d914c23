/*
 * test_log.c - which queries Unbound's log tells of, that nobody can forge or
 * flood it, and what it tells in any case.
 */
#include "world.h"

#include <ctype.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Its one client's queries are all logged: who asks last. */
#define LAST_GROUP \
	"group:\n  name: last\n  client: 127.0.0.9\n  log: all\n"
#define LAST "127.0.0.9"

#define LOG_POLICY \
	"bitsink:\n  log-limit: 0\n" \
	"group:\n  name: quiet\n  client: 127.0.0.2\n  log: off\n" \
	"group:\n  name: first\n  client: 127.0.0.3\n  client: 127.0.0.4\n" \
	"group:\n  name: every\n  client: 127.0.0.5\n  log: all\n" \
	"  allow: .allowed.test\n  deny: denied.allowed.test\n" \
	"group:\n  name: audit\n  client: 127.0.0.6\n  log: all\n" \
	"  mode: audit\n  action: sinkhole\n  sinkhole: 192.0.2.1\n" \
	LAST_GROUP

#define LIMIT 5
#define LIMIT_POLICY \
	"bitsink:\n  log: all\n  log-limit: 5\n" \
	"group:\n  name: a\n  client: 127.0.0.0/29\n" \
	"group:\n  name: b\n  client: " SANDBOX_IP6_UPDATE "\n" \
	LAST_GROUP

static int
setup(void **state)
{
	static const struct resolver_options options = {
		.policy = LOG_POLICY,
	};

	world_start(state, &options);
	return 0;
}

static int
limited_setup(void **state)
{
	static const struct resolver_options options = {
		.policy = LIMIT_POLICY,
	};

	world_start(state, &options);
	return 0;
}

/* --- Lines. */

static void
ask_times(const char *from, const char *name, unsigned times)
{
	while (times-- > 0)
		ldns_pkt_free(ask(Q(from, name, TYPE_A)));
}

/* The log up to a query that comes after all others: lines are written in the
 * order in which Unbound's one thread judges. To be freed. */
static char *
log_so_far(const struct world *world)
{
	static unsigned number;
	char name[64], text[128];

	snprintf(name, sizeof(name), "last-%u.test", number++);
	ask_times(LAST, name, 1);
	snprintf(text, sizeof(text), " name=%s. ", name);
	resolver_await_log(world->resolver, text);
	return resolver_log(world->resolver);
}

static unsigned
count_in(const char *log, const char *text)
{
	unsigned count = 0;

	for (; (log = strstr(log, text)) != NULL; log += strlen(text))
		count++;
	return count;
}

static void
assert_lines(const char *log, const char *text, unsigned expected)
{
	unsigned found = count_in(log, text);

	if (found != expected) {
		print_error("found %u times, expected %u times: %s\nin:\n%s",
			found, expected, text, log);
		fail();
	}
}

/* --- Which queries. */

static void
each_group_logs_what_its_policy_says(void **state)
{
	struct world *world = *state;
	char *log;

	ask_times("127.0.0.2", "evil.test", 3);
	ask_times("127.0.0.3", "evil.test", 3);
	ask_times("127.0.0.5", "evil.test", 3);
	ask_times("127.0.0.6", "evil.test", 3);
	ask_times(ORDINARY, "evil.test", 3);
	ask_times("127.0.0.5", "www.allowed.test", 3);
	log = log_so_far(world);
	assert_lines(log, " client=127.0.0.2 ", 0);
	assert_lines(log, "bitsink: block client=127.0.0.3 group=first ", 1);
	assert_lines(log, "bitsink: block client=127.0.0.5 group=every ", 3);
	assert_lines(log, "bitsink: audit client=127.0.0.6 group=audit ", 3);
	assert_lines(log, " client=" ORDINARY " ", 0);
	assert_lines(log, "www.allowed.test", 0);
	free(log);
	/* Logged or not, they count. */
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.group.quiet.blocked"), 3);
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.log.suppressed"), 0);
}

static void
first_seen_is_by_client_and_name_in_any_letter_case(void **state)
{
	struct world *world = *state;
	char *log;

	ask_times("127.0.0.3", "evil.test", 2);
	ask_times("127.0.0.3", "EVIL.test", 2);
	ldns_pkt_free(ask(Q("127.0.0.3", "evil.test", TYPE_AAAA)));
	ldns_pkt_free(ask(Q("127.0.0.3", "evil.test", TYPE_TXT,
		.transport = ASK_TCP)));
	ask_times("127.0.0.3", "a.evil.test", 2);
	ask_times("127.0.0.4", "evil.test", 2);
	log = log_so_far(world);
	assert_lines(log, " client=127.0.0.3 group=first name=evil.test. "
		"type=A ", 1);
	assert_lines(log, " client=127.0.0.3 group=first name=a.evil.test. "
		"type=A ", 1);
	assert_lines(log, " client=127.0.0.4 group=first name=evil.test. ",
		1);
	assert_lines(log, " group=first ", 3);
	free(log);
	/* A reload forgets what was seen. */
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 2);
	ask_times("127.0.0.3", "evil.test", 2);
	log = log_so_far(world);
	assert_lines(log, " client=127.0.0.3 group=first name=evil.test. ",
		2);
	free(log);
}

/* --- What is in a line. */

static void
a_line_tells_all_of_a_query(void **state)
{
	struct world *world = *state;
	char *expected;

	ldns_pkt_free(ask(Q("127.0.0.5", "EviL.test", TYPE_AAAA)));
	resolver_await_log(world->resolver, "bitsink: block client=127.0.0.5 "
		"group=every name=EviL.test. type=AAAA class=IN "
		"reason=not-listed action=nxdomain rule=- time=");
	ldns_pkt_free(ask(Q("127.0.0.5", "denied.allowed.test", TYPE_TXT)));
	if (asprintf(&expected, "bitsink: block client=127.0.0.5 group=every "
	    "name=denied.allowed.test. type=TXT class=IN reason=denied "
	    "action=nxdomain rule=%s/bitsink.conf:16:9 time=",
	    world->resolver->folder) < 0)
		abort();
	resolver_await_log(world->resolver, expected);
	free(expected);
	ldns_pkt_free(ask(Q("127.0.0.5", "www.allowed.test", 65280,
		.flags = ASK_CHAOS)));
	resolver_await_log(world->resolver, "bitsink: block client=127.0.0.5 "
		"group=every name=www.allowed.test. type=TYPE65280 class=CH "
		"reason=class action=refused rule=- time=");
	ldns_pkt_free(ask(Q("127.0.0.6", "evil.test", TYPE_A)));
	resolver_await_log(world->resolver, "bitsink: audit client=127.0.0.6 "
		"group=audit name=evil.test. type=A class=IN "
		"reason=not-listed action=sinkhole rule=- time=");
}

static void
the_time_is_that_of_the_query(void **state)
{
	struct world *world = *state;
	time_t before = time(NULL), when;
	char *log, *at;
	struct tm utc = { 0 };

	ask_times("127.0.0.5", "evil.test", 1);
	log = log_so_far(world);
	at = strstr(log, "group=every name=evil.test. ");
	assert_non_null(at);
	at = strstr(at, " time=");
	at = strptime(at + strlen(" time="), "%Y-%m-%dT%H:%M:%S", &utc);
	assert_non_null(at);
	assert_int_equal(*at, '.');
	assert_int_equal(strcspn(at, "Z"), 7);
	when = timegm(&utc);
	assert_in_range(when, before - 1, time(NULL));
	free(log);
}

/* --- Forgery. */

/* Names as ldns takes them; \DDD is in decimal. */
static const char *const hostile[] = {
	"a\\010[1]\\032info:\\032bitsink:\\032block\\032client=6.6.6.6.test",
	"\\010\\010\\013\\010bitsink:\\032block\\032client=6.6.6.6\\010.test",
	"a\\034b\\092c\\061d\\039e.test",
	"client=6.6.6.6.group=x.name=y.test",
	"x\\032action=nxdomain\\032rule=-\\032time=now.test",
	"\\000\\001\\027[2J\\127.test",
	"\\195\\188\\200\\255\\128\\160.test",
	"%s%n%d%99999999s.test",
	"a\\.b.test",
};

/* 255 octets, of which each but the lengths takes four in a line. */
static void
make_longest_name(char *name)
{
	size_t at = 0, labels[] = { 63, 63, 63, 61 }, i, k;

	for (i = 0; i < 4; i++)
		for (k = 0; k < labels[i]; k++)
			at += (size_t)sprintf(name + at, "%s\\%03u",
				k == 0 && i > 0 ? "." : "",
				(unsigned)(k % 32));
}

/* Each line of bitsink's is one that it would write; all are text. */
static void
check_form(const char *log, unsigned lines)
{
	static const char form[] = "^\\[[0-9]+\\] unbound\\[[0-9]+:[0-9a-f]+\\]"
		" info: bitsink: block client=127\\.0\\.0\\.[0-9] "
		"group=[a-z]+ name=([-A-Za-z0-9_*.]|\\\\[0-9]{3})+ "
		"type=[A-Z0-9]+ class=[A-Z0-9]+ reason=[a-z-]+ action=[a-z]+ "
		"rule=- time=[-0-9:.TZ]+$";
	char *copy = strdup(log), *rest = copy, *line;
	unsigned found = 0;
	const char *p;
	regex_t regex;

	for (p = log; *p != '\0'; p++)
		assert_true(*p == '\n' || isprint((unsigned char)*p));
	assert_int_equal(regcomp(&regex, form, REG_EXTENDED | REG_NOSUB), 0);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strstr(line, "bitsink: block") == NULL)
			continue;
		found++;
		if (regexec(&regex, line, 0, NULL, 0) != 0) {
			print_error("found: %s\n", line);
			fail();
		}
	}
	assert_int_equal(found, lines);
	regfree(&regex);
	free(copy);
}

static void
no_name_can_forge_a_line(void **state)
{
	enum { NAMES = sizeof(hostile) / sizeof(hostile[0]) };
	struct world *world = *state;
	char longest[1200], *log;
	size_t i;

	for (i = 0; i < NAMES; i++)
		ask_times("127.0.0.5", hostile[i], 1);
	make_longest_name(longest);
	ask_times("127.0.0.5", longest, 1);
	log = log_so_far(world);
	check_form(log, NAMES + 2);
	assert_lines(log, "client=6.6.6.6", 0);
	assert_lines(log, "client=127.0.0.5 ", NAMES + 1);
	/* No octet is lost. */
	assert_lines(log, longest, 1);
	assert_lines(log, " name=\\195\\188\\200\\255\\128\\160.test. ", 1);
	assert_lines(log, " name=a\\046b.test. ", 1);
	assert_lines(log, " name=a\\034b\\092c\\061d\\039e.test. ", 1);
	assert_lines(log, " name=\\000\\001\\027\\0912J\\127.test. ", 1);
	free(log);
}

/* --- Floods. */

/* Of SANDBOX_IP6_UPDATE: whoever has one address of it has all. */
#define IP6_PREFIX "fd00:53::/64"

/* The sum of the NUMBERs in "TEXT...suppressed=NUMBER". */
static unsigned long
suppressed_in(const char *log, const char *text)
{
	unsigned long sum = 0;

	while ((log = strstr(log, text)) != NULL) {
		const char *end = log + strcspn(log, "\n");

		log = strstr(log, " suppressed=");
		assert_true(log != NULL && log < end);
		sum += strtoul(log + strlen(" suppressed="), NULL, 10);
	}
	return sum;
}

/* Where a minute ends among the queries, a client has two times as many. PREFIX
 * is what the limit counts for. */
static void
check_flood(const char *log, const char *client, const char *prefix,
	const char *group, unsigned queries, int same_minute)
{
	unsigned long lines, suppressed;
	char text[128];

	snprintf(text, sizeof(text), "bitsink: block client=%s ", client);
	lines = count_in(log, text);
	snprintf(text, sizeof(text), "bitsink: log-limit client=%s group=%s ",
		prefix, group);
	suppressed = suppressed_in(log, text);
	assert_int_equal(lines + suppressed, queries);
	if (!same_minute) {
		assert_in_range(lines, LIMIT, 2 * LIMIT);
		return;
	}
	assert_int_equal(lines, queries < LIMIT ? queries : LIMIT);
	assert_lines(log, text, queries > LIMIT);
}

static void
check_floods(struct world *world, void (*end)(struct world *world))
{
	time_t before = time(NULL);
	int same_minute;
	char *log;

	ask_times("127.0.0.2", "evil.test", 37);
	ask_times("127.0.0.3", "evil.test", LIMIT);
	ask_times("127.0.0.4", "evil.test", LIMIT + 1);
	ask_times(SANDBOX_IP6_UPDATE, "evil.test", 12);
	same_minute = before / 60 == time(NULL) / 60;
	end(world);
	log = resolver_log(world->resolver);
	check_flood(log, "127.0.0.2", "127.0.0.2", "a", 37, same_minute);
	check_flood(log, "127.0.0.3", "127.0.0.3", "a", LIMIT, same_minute);
	check_flood(log, "127.0.0.4", "127.0.0.4", "a", LIMIT + 1,
		same_minute);
	check_flood(log, SANDBOX_IP6_UPDATE, IP6_PREFIX, "b", 12,
		same_minute);
	assert_lines(log, "lost=", 0);
	free(log);
}

static void
reload(struct world *world)
{
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 2);
}

static void
stop(struct world *world)
{
	resolver_end(world->resolver, SIGTERM);
}

static void
a_client_has_so_many_lines_and_a_reload_tells_what_was_left_out(void **state)
{
	check_floods(*state, reload);
}

static void
a_stop_tells_what_was_left_out(void **state)
{
	check_floods(*state, stop);
}

static void
what_is_left_out_counts(void **state)
{
	struct world *world = *state;
	unsigned long lines, suppressed;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *log;

	ask_times("127.0.0.2", "evil.test", 37);
	log = log_so_far(world);
	/* With the last query, which counts when its line is there. */
	for (;;) {
		lines = resolver_stat(world->resolver,
			"num.bitsink.log.lines");
		suppressed = resolver_stat(world->resolver,
			"num.bitsink.log.suppressed");
		if (lines + suppressed == 38)
			break;
		assert_true(sandbox_wait(deadline));
	}
	assert_lines(log, "bitsink: block ", (unsigned)lines);
	assert_true(suppressed > 0);
	free(log);
}

/* --- In any case. */

static void
what_is_in_force_is_logged_whatever_the_log_is(void **state)
{
	static const struct resolver_options options = {
		.policy = "bitsink:\n  log: off\n" WORLD_GROUPS,
	};
	struct world *world = world_start(state, &options);

	resolver_await_log(world->resolver, "bitsink: version=");
	ask_times(UPDATE_HOST, "evil.test", 3);
	sandbox_write(world->resolver->folder, "bitsink.conf",
		"bitsink:\n  log: off\ngroup:\n  name: a\n"
		"  client: 127.0.0.2\n  log: off\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver,
		" groups=1 prefixes=1 patterns=0 policy=");
	sandbox_write(world->resolver->folder, "bitsink.conf",
		"bitsink:\n  log: off\n  nothing: 1\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver, "bitsink.conf:3:3: error: ");
	resolver_await_log(world->resolver, "bitsink: STALE: ");
	ask_times(UPDATE_HOST, "evil.test", 3);
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.log.lines"), 0);
	resolver_end(world->resolver, SIGTERM);
}

#define log_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, world_stop)
#define limited_test(function) \
	cmocka_unit_test_setup_teardown(function, limited_setup, world_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		log_test(each_group_logs_what_its_policy_says),
		log_test(first_seen_is_by_client_and_name_in_any_letter_case),
		log_test(a_line_tells_all_of_a_query),
		log_test(the_time_is_that_of_the_query),
		log_test(no_name_can_forge_a_line),
		limited_test(
	a_client_has_so_many_lines_and_a_reload_tells_what_was_left_out),
		limited_test(a_stop_tells_what_was_left_out),
		limited_test(what_is_left_out_counts),
		own_world_test(what_is_in_force_is_logged_whatever_the_log_is),
	};

	return world_main(tests);
}
