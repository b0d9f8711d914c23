/*
 * test_observer.c - what is made of events: lines that nobody can forge, as
 * many as were asked for, the most blocked, and the last day.
 */
#include "watching.h"

#include "history.h"
#include "top.h"

/* 2023-11-14T22:13:20Z, 20 seconds into a minute. */
#define NOW 1700000000
#define MINUTE 60

static const char policy[] =
	"bitsink: log-limit: 3\n"
	"group: name: first client: 192.0.2.1 allow: a.example\n"
	" deny: d.example\n"
	"group: name: all client: 192.0.2.2 client: 2001:db8::2\n"
	" allow: a.example log: all action: refused\n"
	"group: name: off client: 192.0.2.3 allow: a.example log: off\n"
	"group: name: audited client: 192.0.2.4 allow: a.example mode: audit\n"
	" deny: d.example log: all action: drop\n";

enum { FIRST, ALL, OFF, AUDITED, GROUPS };

/* The client of each group. */
static const char *const clients[GROUPS] = { "192.0.2.1", "192.0.2.2",
	"192.0.2.3", "192.0.2.4" };

static void
tell(struct world *world, const char *client, const char *qname,
	int64_t seconds)
{
	struct event event = event_of(world, client, qname, seconds);

	observer_event(world->observer, &event);
}

/* --- Lines. */

#define LINE(verdict, client, group, name, reason, action, rule) \
	"I bitsink: " verdict " client=" client " group=" group " name=" name \
	" type=A class=IN reason=" reason " action=" action " rule=" rule \
	" time=2023-11-14T22:13:20.000000Z\n"

static void
a_line_has_all_that_is_known(void **state)
{
	struct world world;
	struct event event;

	(void)state;
	world_open(&world, policy, 1, NOW);
	tell(&world, "192.0.2.1", "www.b.example", NOW);
	assert_said(LINE("block", "192.0.2.1", "first", "www.b.example.",
		"not-listed", "nxdomain", "-"));
	tell(&world, "192.0.2.1", "D.example", NOW);
	assert_said(LINE("block", "192.0.2.1", "first", "D.example.",
		"denied", "nxdomain", "policy.conf:3:8"));
	tell(&world, "2001:db8::2", ".", NOW);
	assert_said(LINE("block", "2001:db8::2", "all", ".", "not-listed",
		"refused", "-"));
	tell(&world, "192.0.2.4", "d.example", NOW);
	assert_said(LINE("audit", "192.0.2.4", "audited", "d.example.",
		"denied", "drop", "policy.conf:8:8"));
	event = event_of(&world, "192.0.2.2", "*._x-y.example", NOW - 1);
	event.microseconds = 7;
	event.qtype = 65;
	event.qclass = 3;
	event.reason = REASON_CLASS;
	observer_event(world.observer, &event);
	assert_said("I bitsink: block client=192.0.2.2 group=all "
		"name=*._x-y.example. type=HTTPS class=CH reason=class "
		"action=refused rule=- time=2023-11-14T22:13:19.000007Z\n");
	event.qtype = 65280;
	event.qclass = 65280;
	event.microseconds = 999999;
	event.reason = REASON_MALFORMED;
	event.qname_len = 0;
	observer_event(world.observer, &event);
	assert_said("I bitsink: block client=192.0.2.2 group=all name=? "
		"type=TYPE65280 class=CLASS65280 reason=malformed "
		"action=refused rule=- time=2023-11-14T22:13:19.999999Z\n");
	world_close(&world);
}

static void
allowed_queries_are_no_line(void **state)
{
	struct top_entry entry;
	struct world world;
	unsigned i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < GROUPS; i++)
		tell(&world, clients[i], "a.example", NOW);
	assert_said("");
	for (i = 0; i < OBSERVER_TOPS; i++)
		assert_int_equal(top_list(observer_top(world.observer,
			(enum observer_top)i), NOW, NULL, NULL, &entry, 1), 0);
	assert_int_equal(observer_lines(world.observer), 0);
	assert_int_equal(observer_suppressed(world.observer), 0);
	world_close(&world);
}

/* Blocked or audited, and with a name of which nothing is learned. */
static void
quiet_queries_leave_no_trace(void **state)
{
	struct top_entry entry;
	struct world world;
	unsigned i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < GROUPS; i++) {
		struct event event = event_of(&world, clients[i], "wpad", NOW);

		event.reason = REASON_QUIET;
		event.action = ACTION_NXDOMAIN;
		observer_event(world.observer, &event);
	}
	assert_said("");
	for (i = 0; i < OBSERVER_TOPS; i++)
		assert_int_equal(top_list(observer_top(world.observer,
			(enum observer_top)i), NOW, NULL, NULL, &entry, 1), 0);
	assert_int_equal(top_used(observer_allowed(world.observer)), 0);
	assert_int_equal(learned_used(observer_learned(world.observer)), 0);
	world_close(&world);
}

/* What is allowed for another reason than a pattern is as quiet as what is. */
static void
whatever_is_allowed_is_no_line(void **state)
{
	static const enum reason reasons[] = { REASON_ALLOWED, REASON_SITE,
		REASON_GRANTED, REASON_FOLLOWED };
	struct world world;
	size_t i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < COUNT_OF(reasons); i++) {
		struct event event = event_of(&world, "192.0.2.4",
			"a.example", NOW);

		event.reason = reasons[i];
		observer_event(world.observer, &event);
	}
	assert_said("");
	assert_int_equal(top_used(observer_allowed(world.observer)), 1);
	assert_int_equal(learned_used(observer_learned(world.observer)), 0);
	world_close(&world);
}

/* An event that is blocked for what was in the answer. */
static struct event
found_event(const struct world *world, enum reason reason)
{
	struct event event = event_of(world, "192.0.2.2", "a.example", NOW);

	event.verdict = VERDICT_BLOCK;
	event.reason = reason;
	event.rule.file = NULL;
	event.found_len = (uint8_t)wire_of("t.c.example", event.found);
	assert_int_equal(address_from_text(&event.address, "2001:db8::5"), 0);
	return event;
}

#define FOUND_LINE(reason, found) "I bitsink: block client=192.0.2.2 " \
	"group=all name=a.example. type=A class=IN reason=" reason \
	" action=refused rule=-" found " time=2023-11-14T22:13:20.000000Z\n"

static void
a_line_tells_what_was_in_the_answer(void **state)
{
	static const struct { enum reason reason; const char *line; } rows[] = {
		{ REASON_CHAIN, FOUND_LINE("chain", " found=t.c.example.") },
		{ REASON_ADDRESS, FOUND_LINE("address",
			" found=2001:db8::5") },
		/* All others have none, whatever there is. */
		{ REASON_ANSWER, FOUND_LINE("answer", "") },
		{ REASON_TYPE, FOUND_LINE("type", "") },
	};
	struct world world;
	struct event event;
	size_t i;

	(void)state;
	world_open(&world, "bitsink: log-limit: 0 log: all\n"
		"group: name: all client: 192.0.2.2 allow: a.example\n"
		" action: refused\n", 1, NOW);
	for (i = 0; i < COUNT_OF(rows); i++) {
		event = found_event(&world, rows[i].reason);
		observer_event(world.observer, &event);
		assert_said(rows[i].line);
	}
	/* Nothing was found, or it is no name. */
	event = found_event(&world, REASON_CHAIN);
	event.found_len = 0;
	observer_event(world.observer, &event);
	assert_said(FOUND_LINE("chain", ""));
	event = found_event(&world, REASON_ADDRESS);
	event.address.family = ADDRESS_NONE;
	observer_event(world.observer, &event);
	assert_said(FOUND_LINE("address", ""));
	event = found_event(&world, REASON_CHAIN);
	memcpy(event.found, "\3a\n=\1 ", 7);
	event.found_len = 7;
	observer_event(world.observer, &event);
	assert_said(FOUND_LINE("chain", " found=a\\010\\061.\\032."));
	world_close(&world);
}

static void
each_group_has_the_lines_it_asks_for(void **state)
{
	struct world world;
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 3; i++) {
		tell(&world, clients[FIRST], "b.example", NOW + i * MINUTE);
		tell(&world, clients[ALL], "b.example", NOW + i * MINUTE);
		tell(&world, clients[OFF], "b.example", NOW + i * MINUTE);
		tell(&world, clients[AUDITED], "b.example", NOW + i * MINUTE);
	}
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "), 1);
	assert_int_equal(said_count("bitsink: block client=192.0.2.2 "), 3);
	assert_int_equal(said_count("bitsink: block client=192.0.2.3 "), 0);
	assert_int_equal(said_count("bitsink: audit client=192.0.2.4 "), 3);
	assert_int_equal(said_count(""), 7);
	assert_int_equal(observer_lines(world.observer), 7);
	assert_int_equal(observer_suppressed(world.observer), 0);
	world_close(&world);
}

static void
the_first_is_told_by_client_and_name(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, "bitsink: log-limit: 0\n"
		"group: name: g client: 192.0.2.0/24 allow: a.example\n", 1,
		NOW);
	tell(&world, "192.0.2.1", "b.example", NOW);
	tell(&world, "192.0.2.1", "B.EXAMPLE", NOW);
	assert_int_equal(said_count(""), 1);
	tell(&world, "192.0.2.2", "b.example", NOW);
	tell(&world, "192.0.2.1", "c.example", NOW);
	assert_int_equal(said_count(""), 3);
	tell(&world, "192.0.2.2", "b.example", NOW + 5000);
	tell(&world, "192.0.2.1", "c.example", NOW + 5000);
	assert_int_equal(said_count(""), 3);
	assert_int_equal(observer_lines(world.observer), 3);
	assert_int_equal(observer_suppressed(world.observer), 0);
	world_close(&world);
}

/* --- What nobody can forge. */

/* The line that was said, as a record: its values are written alike, but for a
 * NUL, which no record has. "found" may be there or not. */
static struct record
only_line(char *line, size_t size)
{
	static const char *const keys[] = { "client", "group", "name", "type",
		"class", "reason", "action", "rule", "found", "time" };
	const char *expected;
	struct record record;
	size_t wrong, i, at = 0;
	char *nul;

	assert_int_equal(all_said.count, 1);
	assert_int_equal(all_said.lines[0].level, SAY_INFO);
	assert_true(strlen(all_said.lines[0].text) < size);
	assert_memory_equal(all_said.lines[0].text, "bitsink: ", 9);
	strcpy(line, all_said.lines[0].text + 9);
	while ((nul = strstr(line, "\\000")) != NULL)
		nul[3] = '1';
	said_clear();
	if (record_parse(&record, line, &wrong, &expected) != 0)
		fail_msg("%s: expected %s at %zu", line, expected, wrong);
	assert_string_equal(record.kind, "block");
	for (i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(keys[i], "found") != 0 ||
		    record_get(&record, "found") != NULL)
			assert_string_equal(record.fields[at++].key, keys[i]);
	assert_int_equal(record.count, at);
	return record;
}

static void
no_name_forges_a_line_or_a_field(void **state)
{
	static const struct {
		const char *wire;
		size_t length;
		const char *text;
	} names[] = {
		{ "\x9" "a group=x\0", 11, "a\\032group\\061x." },
		{ "\x1b" "a\nbitsink: block client=1.2\0", 29,
			"a\\010bitsink\\058\\032block\\032client\\0611"
			"\\0462." },
		{ "\3\r\t\x1b\4\0\x7f\x80\xff\0", 10,
			"\\013\\009\\027.\\000\\127\\128\\255." },
		{ "\4\".\\'\0", 6, "\\034\\046\\092\\039." },
	};
	struct world world;
	char line[8192];
	size_t i;
	int wrong = 0;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < COUNT_OF(names); i++) {
		struct event event = event_of(&world, clients[FIRST],
			"b.example", NOW + (int64_t)i * MINUTE);
		struct record record;
		char *name;

		memcpy(event.qname, names[i].wire, names[i].length);
		event.qname_len = (uint16_t)names[i].length;
		observer_event(world.observer, &event);
		name = strstr(all_said.lines[0].text, " name=");
		assert_non_null(name);
		wrong += strncmp(name + 6, names[i].text,
			strlen(names[i].text)) != 0 ||
			name[6 + strlen(names[i].text)] != ' ';
		record = only_line(line, sizeof(line));
		assert_string_equal(record_get(&record, "group"), "first");
		assert_string_equal(record_get(&record, "client"),
			"192.0.2.1");
	}
	assert_int_equal(wrong, 0);
	world_close(&world);
}

/* All octets, in names of many lengths. */
static void
no_octets_at_all_forge_a_line(void **state)
{
	struct chance chance = { 3 };
	struct world world;
	char line[8192];
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 2000; i++) {
		struct event event = event_of(&world, clients[ALL],
			"b.example", NOW + i * MINUTE);
		unsigned k;

		event.qname_len = (uint16_t)chance_below(&chance,
			NAME_OCTETS_MAX + 1);
		for (k = 0; k < event.qname_len; k++)
			event.qname[k] = (uint8_t)chance_word(&chance);
		/* Every second one is a name. */
		if (i % 2 == 0 && event.qname_len > 1) {
			unsigned at = 0, left;

			while ((left = event.qname_len - 1u - at) > 0) {
				unsigned length = left > 63 ? 60 : left - 1;

				event.qname[at] = (uint8_t)length;
				at += length + 1;
				if (length == 0)
					break;
			}
			event.qname[at] = 0;
			event.qname_len = (uint16_t)(at + 1);
		}
		observer_event(world.observer, &event);
		only_line(line, sizeof(line));
	}
	world_close(&world);
}

static void
the_longest_line_is_whole(void **state)
{
	struct event event;
	struct world world;
	struct record record;
	char line[8192], file[5000], text[2048];

	(void)state;
	world_open(&world, "group: name: a-name-of-just-32-octets-1234567\n"
		" client: 2001:db8:1111:2222:3333:4444:5555:6666\n"
		" allow: a.example action: sinkhole sinkhole: ::1\n", 1, NOW);
	event = event_of(&world, "2001:db8:1111:2222:3333:4444:5555:6666",
		"b.example", NOW);
	longest_name(event.qname, '\n');
	event.qname_len = NAME_OCTETS_MAX;
	event.qtype = event.qclass = 65280;
	memset(file, '\n', sizeof(file) - 1);
	file[sizeof(file) - 1] = '\0';
	event.rule.file = file;
	event.rule.line = event.rule.column = 4294967295u;
	event.reason = REASON_CHAIN;
	event.found_len = NAME_OCTETS_MAX;
	longest_name(event.found, '\r');
	name_to_text(event.qname, event.qname_len, text);
	observer_event(world.observer, &event);
	assert_non_null(strstr(all_said.lines[0].text, text));
	name_to_text(event.found, event.found_len, text);
	assert_non_null(strstr(all_said.lines[0].text, text));
	record = only_line(line, sizeof(line));
	assert_non_null(record_get(&record, "found"));
	assert_non_null(strstr(record_get(&record, "rule"),
		":4294967295:4294967295"));
	assert_string_equal(record_get(&record, "time"),
		"2023-11-14T22:13:20.000000Z");
	world_close(&world);
}

static void
no_file_name_forges_a_line_or_a_field(void **state)
{
	static const char file[] = "my policy\nbitsink: block a=\"b\\c\".conf";
	struct record record;
	struct event event;
	struct world world;
	char line[8192];

	(void)state;
	world_open(&world, policy, 1, NOW);
	event = event_of(&world, clients[FIRST], "d.example", NOW);
	event.rule.file = file;
	observer_event(world.observer, &event);
	assert_non_null(strstr(all_said.lines[0].text,
		" rule=my\\032policy\\010bitsink:\\032block\\032a\\061\\034b"
		"\\092c\\034.conf:3:8 time="));
	record = only_line(line, sizeof(line));
	assert_string_equal(record_get(&record, "rule"), "my policy\nbitsink: "
		"block a=\"b\\c\".conf:3:8");
	world_close(&world);
}

/* --- Limits. */

#define SUPPRESSED(client, group, count) "I bitsink: log-limit client=" \
	client " group=" group " suppressed=" count "\n"

static void
a_client_has_so_many_lines_a_minute(void **state)
{
	struct world world;
	char name[32];
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "b%d.example", i);
		tell(&world, "192.0.2.1", name, NOW);
		tell(&world, "2001:db8::2", "b.example", NOW);
	}
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "), 3);
	assert_int_equal(said_count("bitsink: block client=2001:db8::2 "), 3);
	assert_int_equal(said_count(""), 6);
	said_clear();
	assert_int_equal(observer_lines(world.observer), 6);
	assert_int_equal(observer_suppressed(world.observer), 14);
	/* The minute is not over. */
	observer_tick(world.observer, NOW + 39);
	assert_said("");
	observer_tick(world.observer, NOW + 40);
	assert_said(SUPPRESSED("192.0.2.1", "first", "7")
		SUPPRESSED("2001:db8::/64", "all", "7"));
	observer_tick(world.observer, NOW + 40);
	observer_tick(world.observer, NOW + 400);
	assert_said("");
	world_close(&world);
}

static void
a_minute_begins_with_what_the_last_one_left_out(void **state)
{
	struct world world;
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 5; i++)
		tell(&world, "192.0.2.2", "b.example", NOW + i);
	said_clear();
	tell(&world, "192.0.2.4", "b.example", NOW + 39);
	assert_int_equal(said_count("bitsink: audit "), 1);
	said_clear();
	/* A tick between is no summary too early, and this no second one. */
	tell(&world, "192.0.2.4", "b.example", NOW + 40);
	assert_int_equal(all_said.count, 2);
	assert_string_equal(all_said.lines[0].text, "bitsink: log-limit "
		"client=192.0.2.2 group=all suppressed=2");
	assert_int_equal(said_count("bitsink: audit "), 1);
	said_clear();
	observer_tick(world.observer, NOW + 41);
	assert_said("");
	/* The new minute has room again. */
	for (i = 0; i < 5; i++)
		tell(&world, "192.0.2.2", "b.example", NOW + 50);
	assert_int_equal(said_count("bitsink: block "), 3);
	world_close(&world);
}

static void
a_first_line_that_was_left_out_may_come_later(void **state)
{
	struct world world;
	char name[32];
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "b%d.example", i);
		tell(&world, "192.0.2.1", name, NOW);
	}
	assert_int_equal(said_count("bitsink: block "), 3);
	said_clear();
	observer_tick(world.observer, NOW + MINUTE);
	said_clear();
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "b%d.example", i);
		tell(&world, "192.0.2.1", name, NOW + MINUTE);
		tell(&world, "192.0.2.1", name, NOW + MINUTE);
	}
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "
		"group=first name=b3.example. "), 1);
	assert_int_equal(said_count("bitsink: block "), 1);
	world_close(&world);
}

static void
at_the_end_nothing_is_left_untold(void **state)
{
	struct world world;
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 5; i++)
		tell(&world, "192.0.2.2", "b.example", NOW);
	said_clear();
	observer_finish(world.observer, NOW);
	assert_said(SUPPRESSED("192.0.2.2", "all", "2"));
	observer_finish(world.observer, NOW);
	assert_said("");
	world_close(&world);
}

static void
clients_beyond_those_told_apart_are_summed_up(void **state)
{
	static const char beyond[] = "bitsink: log-limit client=- ";
	struct world world;
	unsigned i;

	(void)state;
	world_open(&world, "bitsink: log-limit: 1 log: all\n"
		"group: name: g client: 10.0.0.0/8 allow: a.example\n", 1,
		NOW);
	for (i = 0; i < LINES_CLIENTS_MAX + 10; i++) {
		struct event event = event_of(&world, "10.0.0.1", "b.example",
			NOW);

		event.client.octets[2] = (uint8_t)(i >> 8);
		event.client.octets[3] = (uint8_t)i;
		observer_event(world.observer, &event);
	}
	assert_int_equal(observer_lines(world.observer), LINES_CLIENTS_MAX + 1);
	assert_int_equal(observer_suppressed(world.observer), 9);
	said_clear();
	observer_tick(world.observer, NOW + MINUTE);
	assert_int_equal(said_count(beyond), 1);
	assert_said(SUPPRESSED("-", "g", "9"));
	world_close(&world);
}

static void
without_a_limit_there_are_all_lines(void **state)
{
	struct world world;
	int i;

	(void)state;
	world_open(&world, "bitsink: log-limit: 0 log: all\n"
		"group: name: g client: ::1 allow: a.example\n", 1, NOW);
	for (i = 0; i < 1000; i++)
		tell(&world, "::1", "b.example", NOW);
	assert_int_equal(said_count("bitsink: block "), 1000);
	observer_finish(world.observer, NOW + MINUTE);
	assert_int_equal(said_count(""), 1000);
	world_close(&world);
}

static void
lost_events_are_told_once(void **state)
{
	struct world world;
	int i;

	(void)state;
	world_open(&world, policy, 2, NOW);
	for (i = 0; i < 3; i++)
		tally_count(world.tally, 1, TALLY_EVENTS_LOST);
	observer_tick(world.observer, NOW + 5);
	assert_said("W bitsink: log-limit lost=3\n");
	observer_tick(world.observer, NOW + 10);
	assert_said("");
	tally_count(world.tally, 0, TALLY_EVENTS_LOST);
	tally_count(world.tally, 1, TALLY_EVENTS_LOST);
	observer_finish(world.observer, NOW + 15);
	assert_said("W bitsink: log-limit lost=2\n");
	/* Who sets statistics back does not make them lost again. */
	stats_clear(world.stats, 1);
	observer_tick(world.observer, NOW + 20);
	assert_said("");
	world_close(&world);
}

/* --- The last day. */

static void
assert_step(const struct world *world, size_t group, int64_t now,
	size_t number, const struct outcomes *expected)
{
	struct outcomes steps[HISTORY_STEPS];

	assert_int_equal(history_steps(observer_history(world->observer), now,
		group, steps), 0);
	assert_int_equal(steps[number].allowed, expected->allowed);
	assert_int_equal(steps[number].blocked, expected->blocked);
	assert_int_equal(steps[number].audited, expected->audited);
	assert_int_equal(steps[number].quiet, expected->quiet);
}

static void
count_times(struct world *world, size_t group, enum reason reason,
	unsigned times)
{
	for (; times > 0; times--)
		tally_decision(world->tally, times % 2, group, reason,
			times % 3 == 0);
}

static void
history_tells_allowed_blocked_audited_and_quiet(void **state)
{
	static const struct outcomes first = { 5, 2 + 3 + 4 + 6, 0, 10 };
	static const struct outcomes audited = { 7 + 12, 0, 8 + 9 + 13, 11 };
	static const struct outcomes all = { 24, 15, 30, 21 };
	static const struct outcomes more = { 0, 0, 1, 0 };
	struct outcomes steps[HISTORY_STEPS];
	int64_t later = NOW + HISTORY_STEP_SECONDS;
	size_t last = HISTORY_STEPS - 1;
	struct world world;

	(void)state;
	world_open(&world, policy, 2, NOW);
	tally_count(world.tally, 0, TALLY_UNRESTRICTED);
	count_times(&world, FIRST, REASON_ALLOWED, 5);
	count_times(&world, FIRST, REASON_NOT_LISTED, 2);
	count_times(&world, FIRST, REASON_DENIED, 3);
	count_times(&world, FIRST, REASON_CLASS, 4);
	count_times(&world, FIRST, REASON_MALFORMED, 6);
	count_times(&world, AUDITED, REASON_ALLOWED, 7);
	count_times(&world, AUDITED, REASON_NOT_LISTED, 8);
	count_times(&world, AUDITED, REASON_DENIED, 9);
	count_times(&world, FIRST, REASON_QUIET, 10);
	count_times(&world, AUDITED, REASON_QUIET, 11);
	count_times(&world, AUDITED, REASON_FOLLOWED, 12);
	count_times(&world, AUDITED, REASON_ADDRESS, 13);
	observer_tick(world.observer, NOW);
	assert_step(&world, FIRST, NOW, last, &first);
	assert_step(&world, AUDITED, NOW, last, &audited);
	assert_step(&world, SIZE_MAX, NOW, last, &all);
	assert_int_equal(history_steps(observer_history(world.observer), NOW,
		OFF, steps), -1);
	/* A step goes on, and statistics set back are no matter. */
	stats_clear(world.stats, 0);
	stats_clear(world.stats, 1);
	count_times(&world, AUDITED, REASON_NOT_LISTED, 1);
	observer_tick(world.observer, later);
	assert_step(&world, SIZE_MAX, later, last, &more);
	assert_step(&world, AUDITED, later, last, &more);
	assert_step(&world, AUDITED, later, last - 1, &audited);
	assert_step(&world, FIRST, later, last - 1, &first);
	world_close(&world);
}

/* --- The most blocked. */

static size_t
list(const struct world *world, enum observer_top number,
	struct top_entry *entries, size_t room)
{
	return top_list(observer_top(world->observer, number), NOW, NULL, NULL,
		entries, room);
}

static void
assert_group(const struct observer_key *key, const char *group)
{
	assert_int_equal(key->group_length, strlen(group));
	assert_memory_equal(key->group, group, key->group_length);
}

static void
assert_key_address(const struct observer_key *key, const char *text)
{
	char found[PREFIX_TEXT_MAX];

	address_to_text(&key->client, found);
	assert_string_equal(found, text);
}

static void
tops_count_by_what_they_are_of(void **state)
{
	static const struct {
		const char *client, *qname;
		int64_t seconds;
	} queries[] = {
		{ "192.0.2.2", "b.example", NOW },
		{ "192.0.2.2", "B.example", NOW },
		{ "192.0.2.2", "c.example", NOW },
		{ "2001:db8::2", "b.example", NOW },
		{ "192.0.2.3", "b.example", NOW },
		{ "192.0.2.3", "a.example", NOW },
	};
	static const struct {
		enum observer_top number;
		size_t used;
		uint64_t most;
	} rows[] = {
		{ OBSERVER_CLIENTS, 3, 3 },
		{ OBSERVER_NAMES, 3, 3 },
		{ OBSERVER_RULES, 2, 4 },
		{ OBSERVER_PAIRS, 4, 2 },
	};
	struct top_entry entries[8];
	struct world world;
	size_t i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < COUNT_OF(queries); i++)
		tell(&world, queries[i].client, queries[i].qname,
			queries[i].seconds);
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(list(&world, rows[i].number, entries, 8),
			rows[i].used);
		assert_int_equal(entries[0].count, rows[i].most);
		assert_int_equal(entries[0].error, 0);
	}
	assert_int_equal(top_room(observer_top(world.observer,
		OBSERVER_PAIRS)), OBSERVER_ROOM);
	assert_int_equal(observer_since(world.observer), NOW);
	world_close(&world);
}

/* What differs in reason or place is another rule. */
static void
rules_are_told_apart_by_reason_and_place(void **state)
{
	struct top_entry entries[16];
	struct observer_key key;
	struct world world;
	struct event event;
	size_t i, count;

	(void)state;
	world_open(&world, policy, 1, NOW);
	tell(&world, "192.0.2.1", "b.example", NOW);
	tell(&world, "192.0.2.1", "c.example", NOW);
	event = event_of(&world, "192.0.2.1", "b.example", NOW);
	event.reason = REASON_CLASS;
	observer_event(world.observer, &event);
	event.reason = REASON_MALFORMED;
	observer_event(world.observer, &event);
	event = event_of(&world, "192.0.2.1", "d.example", NOW);
	observer_event(world.observer, &event);
	event.rule.column++;
	observer_event(world.observer, &event);
	event.rule.line++;
	observer_event(world.observer, &event);
	event.rule.file = "policy.conf2";
	observer_event(world.observer, &event);
	count = list(&world, OBSERVER_RULES, entries, 16);
	assert_int_equal(count, 7);
	observer_key(OBSERVER_RULES, &entries[0], &key);
	assert_int_equal(entries[0].count, 2);
	assert_int_equal(key.reason, REASON_NOT_LISTED);
	assert_int_equal(key.file_length, 0);
	for (i = 0; i < count; i++) {
		observer_key(OBSERVER_RULES, &entries[i], &key);
		assert_group(&key, "first");
		assert_int_equal(key.client.family, ADDRESS_NONE);
		assert_int_equal(key.name_length, 0);
		assert_int_equal(key.file_length > 0,
			key.reason == REASON_DENIED);
	}
	world_close(&world);
}

/* Tells of one event and takes the keys of it apart. */
static void
assert_keys(struct world *world, struct event *event, const char *group,
	const char *client, const char *file)
{
	struct top_entry entry;
	struct observer_key key;
	uint8_t name[NAME_OCTETS_MAX];
	unsigned i;

	for (i = 0; i < event->qname_len; i++)
		name[i] = octet_lower(event->qname[i]);
	observer_event(world->observer, event);
	for (i = 0; i < OBSERVER_TOPS; i++) {
		enum observer_top number = (enum observer_top)i;
		int has_client = number == OBSERVER_CLIENTS ||
			number == OBSERVER_PAIRS;
		int has_name = number == OBSERVER_NAMES ||
			number == OBSERVER_PAIRS;

		/* The one that came last is first between equals. */
		assert_int_equal(top_list(observer_top(world->observer,
			number), event->seconds, NULL, NULL, &entry, 1), 1);
		memset(&key, 0xff, sizeof(key));
		observer_key(number, &entry, &key);
		assert_group(&key, group);
		if (has_client)
			assert_key_address(&key, client);
		else
			assert_int_equal(key.client.family, ADDRESS_NONE);
		assert_int_equal(key.name_length,
			has_name ? event->qname_len : 0);
		if (key.name_length > 0)
			assert_memory_equal(key.name, name, key.name_length);
		if (number != OBSERVER_RULES) {
			assert_int_equal(key.file_length, 0);
			continue;
		}
		assert_int_equal(key.reason, event->reason);
		assert_int_equal(key.line, event->rule.line);
		assert_int_equal(key.column, event->rule.column);
		assert_int_equal(key.file_length, strlen(file));
		if (key.file_length > 0)
			assert_memory_equal(key.file, file, key.file_length);
	}
}

static void
keys_give_back_what_came_in(void **state)
{
	static const char longest[] = "a-name-of-just-32-octets-1234567";
	static const char one_policy[] = "bitsink: log: off\n"
		"group: name: a-name-of-just-32-octets-1234567\n"
		" client: 0.0.0.0/0 client: ::/0 allow: a.example\n"
		" deny: d.example\n";
	static const char *const addresses[] = { "0.0.0.0", "192.0.2.1",
		"255.255.255.255", "::", "2001:db8::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
	static const char *const names[] = { ".", "a", "d.example",
		"MiXed.CaSe.Example" };
	char file[2000];
	struct world world;
	struct event event;
	int64_t now = NOW;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(addresses); i++)
		for (k = 0; k < COUNT_OF(names); k++) {
			world_open(&world, one_policy, 1, NOW);
			event = event_of(&world, addresses[i], names[k],
				++now);
			assert_keys(&world, &event, longest, addresses[i],
				k == 2 ? "policy.conf" : "");
			/* No name at all, and the longest. */
			event.qname_len = 0;
			event.seconds = ++now;
			assert_keys(&world, &event, longest, addresses[i],
				k == 2 ? "policy.conf" : "");
			longest_name(event.qname, 'Q');
			event.qname_len = NAME_OCTETS_MAX;
			event.seconds = ++now;
			assert_keys(&world, &event, longest, addresses[i],
				k == 2 ? "policy.conf" : "");
			world_close(&world);
		}
	/* The end of a long file name is what tells it from others. */
	world_open(&world, one_policy, 1, NOW);
	for (i = 0; i < sizeof(file) - 1; i++)
		file[i] = (char)('a' + i % 26);
	file[i] = '\0';
	for (k = 250; k < 260; k++) {
		event = event_of(&world, "::1", "d.example", ++now);
		event.rule.file = file + sizeof(file) - 1 - k;
		event.rule.line = 4294967295u;
		event.rule.column = 65535;
		event.qname_len = NAME_OCTETS_MAX;
		longest_name(event.qname, 'a');
		/* Once more than the one before, so that it is first. */
		observer_event(world.observer, &event);
		assert_keys(&world, &event, longest, "::1",
			file + sizeof(file) - 1 - (k > 255 ? 255 : k));
	}
	world_close(&world);
}

static void
its_memory_is_known(void **state)
{
	struct world world;
	size_t before;

	(void)state;
	world_open(&world, policy, 2, NOW);
	before = observer_memory(world.observer);
	assert_true(before > OBSERVER_TOPS * top_memory(observer_top(
		world.observer, OBSERVER_PAIRS)) / 2);
	observer_tick(world.observer, NOW);
	assert_int_equal(observer_memory(world.observer), before);
	/* A group whose clients were refused something has a history. */
	count_times(&world, FIRST, REASON_DENIED, 1);
	observer_tick(world.observer, NOW);
	assert_in_range(observer_memory(world.observer), before + 1,
		before + 2 * HISTORY_STEPS * sizeof(struct outcomes));
	world_close(&world);
	observer_free(NULL);
}

/* --- Another policy. */

/* The groups of the others in another order, one is gone and one is new. */
static const char other_policy[] =
	"bitsink: log-limit: 5\n"
	"group: name: audited client: 192.0.2.4 allow: a.example\n"
	"group: name: new client: 192.0.2.5 allow: a.example mode: audit\n"
	"group: name: first client: 192.0.2.1 allow: a.example\n";

enum { OTHER_AUDITED, OTHER_NEW, OTHER_FIRST };

static void
history_goes_on_over_a_switch(void **state)
{
	static const struct outcomes first = { 1, 2, 0, 16 };
	static const struct outcomes first_more = { 1, 2 + 64, 0, 16 + 32 };
	static const struct outcomes audited = { 0, 0, 4, 0 };
	static const struct outcomes audited_more = { 0, 128, 4, 0 };
	static const struct outcomes all = { 1, 2 + 8, 4, 16 };
	static const struct outcomes all_more = { 1, 2 + 8 + 64 + 128,
		4 + 256, 16 + 32 };
	static const struct outcomes new = { 0, 0, 256, 0 };
	size_t last = HISTORY_STEPS - 1;
	struct outcomes steps[HISTORY_STEPS];
	struct world world;

	(void)state;
	world_open(&world, policy, 2, NOW);
	count_times(&world, FIRST, REASON_ALLOWED, 1);
	count_times(&world, FIRST, REASON_DENIED, 2);
	observer_tick(world.observer, NOW);
	/* What came since the last look is not lost. */
	count_times(&world, AUDITED, REASON_DENIED, 4);
	count_times(&world, ALL, REASON_DENIED, 8);
	count_times(&world, FIRST, REASON_QUIET, 16);
	world_switch(&world, other_policy, NOW);
	assert_step(&world, OTHER_FIRST, NOW, last, &first);
	assert_step(&world, OTHER_AUDITED, NOW, last, &audited);
	assert_step(&world, SIZE_MAX, NOW, last, &all);
	assert_int_equal(history_steps(observer_history(world.observer), NOW,
		OTHER_NEW, steps), -1);
	count_times(&world, OTHER_FIRST, REASON_DENIED, 64);
	count_times(&world, OTHER_FIRST, REASON_QUIET, 32);
	count_times(&world, OTHER_AUDITED, REASON_DENIED, 128);
	count_times(&world, OTHER_NEW, REASON_DENIED, 256);
	observer_tick(world.observer, NOW);
	assert_step(&world, OTHER_FIRST, NOW, last, &first_more);
	assert_step(&world, OTHER_AUDITED, NOW, last, &audited_more);
	assert_step(&world, OTHER_NEW, NOW, last, &new);
	assert_step(&world, SIZE_MAX, NOW, last, &all_more);
	/* Nothing is counted twice. */
	world_switch(&world, policy, NOW);
	world_switch(&world, other_policy, NOW);
	observer_tick(world.observer, NOW);
	assert_step(&world, SIZE_MAX, NOW, last, &all_more);
	world_close(&world);
}

/* What the old policy counts after it was prepared for the new one, and what
 * the new one counts before the switch. */
static void
what_is_counted_in_between_is_in_the_history(void **state)
{
	static const struct outcomes all = { 0, 3 + 5, 0, 0 };
	struct force *before, *next;
	struct world world;
	size_t *map;

	(void)state;
	world_open(&world, policy, 2, NOW);
	write_text("policy.conf", other_policy);
	next = world_read(&world, NOW);
	map = force_map(world.standing->policy, next->standing.policy);
	assert_non_null(map);
	assert_int_equal(observer_prepare(world.observer,
		next->standing.policy), 0);
	/* In vain, the first time. */
	assert_int_equal(observer_prepare(world.observer,
		next->standing.policy), 0);
	count_times(&world, FIRST, REASON_DENIED, 3);
	before = inforce_change(world.inforce, next);
	world_look(&world);
	count_times(&world, OTHER_FIRST, REASON_DENIED, 5);
	observer_switch(world.observer, next->standing.policy, next->tally,
		map, NOW);
	stats_free(world.stats);
	world.stats = NULL;
	force_map_free(map, before->standing.policy);
	force_free(before);
	observer_tick(world.observer, NOW);
	assert_step(&world, SIZE_MAX, NOW, HISTORY_STEPS - 1, &all);
	assert_step(&world, OTHER_FIRST, NOW, HISTORY_STEPS - 1, &all);
	world_close(&world);
}

static void
tops_go_on_over_a_switch(void **state)
{
	struct top_entry entries[8];
	struct observer_key key;
	struct world world;

	(void)state;
	world_open(&world, policy, 1, NOW);
	tell(&world, clients[FIRST], "d.example", NOW);
	tell(&world, clients[OFF], "b.example", NOW);
	world_switch(&world, other_policy, NOW + 5);
	tell(&world, clients[FIRST], "b.example", NOW + 6);
	tell(&world, clients[FIRST], "b.example", NOW + 7);
	assert_int_equal(list(&world, OBSERVER_CLIENTS, entries, 8), 2);
	assert_int_equal(entries[0].count, 3);
	observer_key(OBSERVER_CLIENTS, &entries[0], &key);
	assert_group(&key, "first");
	assert_key_address(&key, clients[FIRST]);
	/* Of a group that is no more. */
	observer_key(OBSERVER_CLIENTS, &entries[1], &key);
	assert_group(&key, "off");
	/* A rule of a file that is read no more. */
	assert_int_equal(list(&world, OBSERVER_RULES, entries, 8), 3);
	assert_int_equal(list(&world, OBSERVER_PAIRS, entries, 8), 3);
	assert_int_equal(observer_since(world.observer), NOW);
	world_close(&world);
}

static void
limits_and_what_was_first_go_on_over_a_switch(void **state)
{
	struct world world;
	char name[32];
	int i;

	(void)state;
	world_open(&world, policy, 1, NOW);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "b%d.example", i);
		tell(&world, clients[FIRST], name, NOW);
	}
	assert_int_equal(said_count("bitsink: block "), 3);
	said_clear();
	/* Five in this minute now, of which there were three. */
	world_switch(&world, other_policy, NOW + 1);
	assert_said("");
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "b%d.example", i);
		tell(&world, clients[FIRST], name, NOW + 2);
	}
	assert_int_equal(said_count("bitsink: block "), 2);
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "
		"group=first name=b3.example. "), 1);
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "
		"group=first name=b4.example. "), 1);
	said_clear();
	assert_int_equal(observer_lines(world.observer), 5);
	assert_int_equal(observer_suppressed(world.observer), 4);
	/* The group of what was left out need not be there any more. */
	world_switch(&world, "bitsink: log-limit: 0 log: all\n"
		"group: name: g client: 192.0.2.0/24 allow: a.example\n",
		NOW + 3);
	for (i = 0; i < 100; i++)
		tell(&world, clients[FIRST], "b.example", NOW + 4);
	assert_int_equal(said_count("bitsink: block client=192.0.2.1 "
		"group=g "), 100);
	said_clear();
	observer_tick(world.observer, NOW + MINUTE);
	assert_said(SUPPRESSED("192.0.2.1", "first", "4"));
	world_close(&world);
}

static void
lost_events_are_told_once_over_switches(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, policy, 2, NOW);
	tally_count(world.tally, 0, TALLY_EVENTS_LOST);
	observer_tick(world.observer, NOW);
	assert_said("W bitsink: log-limit lost=1\n");
	tally_count(world.tally, 1, TALLY_EVENTS_LOST);
	world_switch(&world, other_policy, NOW);
	tally_count(world.tally, 0, TALLY_EVENTS_LOST);
	world_switch(&world, policy, NOW);
	said_clear();
	world_switch(&world, policy, NOW);
	assert_said("");
	tally_count(world.tally, 0, TALLY_EVENTS_LOST);
	observer_tick(world.observer, NOW + 5);
	assert_said("W bitsink: log-limit lost=3\n");
	observer_finish(world.observer, NOW + 5);
	assert_said("");
	world_close(&world);
}

/* --- Allowed ones. */

static void
allowed_queries_are_remembered_to_be_asked_again(void **state)
{
	struct top_entry entries[8];
	struct observer_key key;
	struct world world;

	(void)state;
	world_open(&world, policy, 1, NOW);
	tell(&world, clients[FIRST], "A.example", NOW);
	tell(&world, clients[FIRST], "a.example", NOW + 1);
	tell(&world, "2001:db8::2", "a.example", NOW + 2);
	tell(&world, clients[FIRST], "b.example", NOW + 3);
	assert_int_equal(top_list(observer_allowed(world.observer), NOW, NULL,
		NULL, entries, 8), 2);
	assert_int_equal(entries[0].count, 2);
	observer_key(OBSERVER_PAIRS, &entries[0], &key);
	assert_group(&key, "first");
	assert_key_address(&key, clients[FIRST]);
	assert_int_equal(key.name_length, 11);
	assert_memory_equal(key.name, "\1a\7example", 11);
	observer_key(OBSERVER_PAIRS, &entries[1], &key);
	assert_key_address(&key, "2001:db8::2");
	/* They stay when the policy changes: what else would it be asked? */
	world_switch(&world, other_policy, NOW + 4);
	assert_int_equal(top_list(observer_allowed(world.observer), NOW, NULL,
		NULL, entries, 8), 2);
	world_close(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(a_line_has_all_that_is_known),
		test_in_folder(allowed_queries_are_no_line),
		test_in_folder(quiet_queries_leave_no_trace),
		test_in_folder(whatever_is_allowed_is_no_line),
		test_in_folder(a_line_tells_what_was_in_the_answer),
		test_in_folder(each_group_has_the_lines_it_asks_for),
		test_in_folder(the_first_is_told_by_client_and_name),
		test_in_folder(no_name_forges_a_line_or_a_field),
		test_in_folder(no_octets_at_all_forge_a_line),
		test_in_folder(the_longest_line_is_whole),
		test_in_folder(no_file_name_forges_a_line_or_a_field),
		test_in_folder(a_client_has_so_many_lines_a_minute),
		test_in_folder(a_minute_begins_with_what_the_last_one_left_out),
		test_in_folder(a_first_line_that_was_left_out_may_come_later),
		test_in_folder(at_the_end_nothing_is_left_untold),
		test_in_folder(clients_beyond_those_told_apart_are_summed_up),
		test_in_folder(without_a_limit_there_are_all_lines),
		test_in_folder(lost_events_are_told_once),
		test_in_folder(history_tells_allowed_blocked_audited_and_quiet),
		test_in_folder(tops_count_by_what_they_are_of),
		test_in_folder(rules_are_told_apart_by_reason_and_place),
		test_in_folder(keys_give_back_what_came_in),
		test_in_folder(its_memory_is_known),
		test_in_folder(history_goes_on_over_a_switch),
		test_in_folder(what_is_counted_in_between_is_in_the_history),
		test_in_folder(tops_go_on_over_a_switch),
		test_in_folder(limits_and_what_was_first_go_on_over_a_switch),
		test_in_folder(lost_events_are_told_once_over_switches),
		test_in_folder(
			allowed_queries_are_remembered_to_be_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
