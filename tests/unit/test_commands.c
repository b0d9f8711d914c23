/*
 * test_commands.c - each request of the control socket gets its reply, and
 * one that is wrong is told what was found and what was expected.
 */
#include "watching.h"

#include "commands.h"
#include "diff.h"
#include "history.h"

#define WORKERS 2
/* 2023-11-14T22:13:20Z */
#define NOW 1700000000
#define LATER (NOW + 61)

static const char policy[] =
	"bitsink: list-directory: lists\n"
	"group: name: one client: 192.0.2.1 client: 2001:db8::/64\n"
	" allow: a.example deny: d.example allow-list: names\n"
	" allow-list: more ttl: 5\n"
	"group: name: two client: 192.0.2.2 allow: a.example\n"
	" action: sinkhole sinkhole: 198.51.100.1 sinkhole: 2001:db8:1::1\n"
	" sinkhole: 198.51.100.2 log: all\n"
	"group: name: three client: 192.0.2.3 allow: a.example mode: audit\n"
	" action: drop log: off\n";

enum { ONE, TWO, THREE };

struct desk {
	struct world world;
	struct commands commands;
	struct granting granting;
	/* What the last load was asked for with, and is answered with. */
	unsigned loads;
	int diff;
	const void *waiting;
	int answer;
};

/* As the control thread's, but for the loading. */
static int
take_load(void *arg, int diff, const void *waiting)
{
	struct desk *desk = arg;

	desk->loads++;
	desk->diff = diff;
	desk->waiting = waiting;
	return desk->answer;
}

static void
desk_open_with(struct desk *desk, const char *text)
{
	write_text("lists/names.list", "b.example\n*.c.example\n");
	write_text("lists/more.list", "e.example\n");
	world_open(&desk->world, text, WORKERS, NOW);
	memset(&desk->commands, 0, sizeof(desk->commands));
	desk->commands.standing = desk->world.standing;
	desk->commands.tally = desk->world.tally;
	desk->commands.observer = desk->world.observer;
	desk->commands.stats = desk->world.stats;
	desk->commands.exceptions = &desk->world.exceptions;
	desk->granting.grants = desk->world.exceptions.grants;
	desk->granting.directory = STATE;
	desk->granting.line = said_line;
	desk->commands.granting = &desk->granting;
	desk->commands.unbound = "1.17.1 \"test\"";
	desk->commands.started = NOW - 5;
	desk->commands.now = LATER;
	desk->commands.memory = 1000;
	desk->commands.load = take_load;
	desk->commands.load_arg = desk;
	desk->loads = 0;
	desk->answer = 0;
}

/* Another policy is in force. */
static void
desk_switch(struct desk *desk, const char *text)
{
	struct force *before = world_change(&desk->world, text, NOW);

	commands_switch(&desk->commands, desk->world.standing,
		desk->world.tally);
	force_free(before);
}

static void
desk_open(struct desk *desk)
{
	desk_open_with(desk, policy);
}

static void
desk_close(struct desk *desk)
{
	world_close(&desk->world);
}

/* What a worker does with a query. */
static void
ask(struct desk *desk, const char *client, const char *qname)
{
	struct event event = event_of(&desk->world, client, qname, NOW);

	tally_decision(desk->world.tally, 0, group_number(&desk->world,
		event.group), event.reason, 0);
	observer_event(desk->world.observer, &event);
}

/* Answers LINE; the listener is freed. */
static enum service_answer
answer(struct desk *desk, const char *line, struct record_writer *writer,
	void **listener)
{
	char copy[SERVICE_REQUEST_MAX];
	const char *expected;
	struct record request;
	size_t wrong;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	assert_int_equal(record_parse(&request, copy, &wrong, &expected), 0);
	memset(writer, 0, sizeof(*writer));
	*listener = NULL;
	return commands_answer(&desk->commands, &request, writer, listener);
}

static struct reply
reply_to(struct desk *desk, const char *line)
{
	struct record_writer writer;
	struct reply reply;
	void *listener;
	enum service_answer result = answer(desk, line, &writer, &listener);

	assert_false(writer.broken);
	reply = reply_parse(writer.memory, writer.length);
	if (result != SERVICE_REPLY && reply.count > 0)
		print_error("%s: %s\n", line, record_line(&reply.records[0]));
	assert_int_equal(result, SERVICE_REPLY);
	assert_null(listener);
	record_clear(&writer);
	return reply;
}

/* Whether the reply is one error with this text. */
static int
check_error(struct desk *desk, const char *line, const char *text)
{
	struct record_writer writer;
	struct reply reply;
	void *listener;
	int wrong;

	if (answer(desk, line, &writer, &listener) != SERVICE_ERROR ||
	    listener != NULL) {
		print_error("%s: no error\n", line);
		return 1;
	}
	reply = reply_parse(writer.memory, writer.length);
	assert_int_equal(reply.count, 1);
	assert_string_equal(reply.records[0].kind, "error");
	wrong = row_text(line, text, field_of(&reply.records[0], "text"));
	record_clear(&writer);
	reply_free(&reply);
	return wrong;
}

/* --- status */

static void
status_tells_what_is_in_force(void **state)
{
	struct reply reply;
	struct desk desk;
	char expected[1024], host[256] = "";

	(void)state;
	desk_open(&desk);
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	reply = reply_to(&desk, "status");
	assert_int_equal(reply.count, 1);
	snprintf(expected, sizeof(expected), "status version=%s "
		"unbound=1.17.1 \"test\" host=%s pid=%d mode=mixed "
		"policy=policy.conf checksum=%016" PRIx64 " generation=1 "
		"loaded=1700000000 stale=no started=1699999995 "
		"now=1700000061 groups=3 prefixes=4 patterns=7 workers=2 "
		"listeners=0 memory=%zu grants=0 followed=0 errors=0",
		BITSINK_VERSION, host,
		(int)getpid(), desk.world.standing->checksum,
		commands_memory(&desk.commands));
	assert_string_equal(record_line(&reply.records[0]), expected);
	assert_true(commands_memory(&desk.commands) > 1000 +
		desk.world.standing->memory +
		observer_memory(desk.world.observer));
	reply_free(&reply);
	desk_close(&desk);
}

static void
status_tells_of_a_stale_policy(void **state)
{
	struct reply reply;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	desk.world.standing->stale = 1;
	desk.world.standing->kept = 1600000000;
	desk.world.standing->errors = 3;
	strcpy(desk.world.standing->error, "policy.conf:1:2: error: \"=\"\n");
	reply = reply_to(&desk, "status");
	assert_string_equal(field_of(&reply.records[0], "stale"), "yes");
	assert_string_equal(field_of(&reply.records[0], "kept"), "1600000000");
	assert_string_equal(field_of(&reply.records[0], "errors"), "3");
	assert_string_equal(field_of(&reply.records[0], "error"),
		"policy.conf:1:2: error: \"=\"\n");
	reply_free(&reply);
	desk_close(&desk);
}

static void
the_mode_is_that_of_all_groups_or_mixed(void **state)
{
	static const struct { const char *policy, *mode; } rows[] = {
		{ "group: name: g client: ::1 allow: a", "enforce" },
		{ "group: name: g client: ::1 allow: a mode: audit", "audit" },
		{ "bitsink: mode: audit group: name: g client: ::1 allow: a "
			"group: name: h client: ::2 allow: a", "audit" },
		{ "bitsink: mode: audit group: name: g client: ::1 allow: a "
			"group: name: h client: ::2 allow: a mode: enforce",
			"mixed" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct reply reply;
		struct desk desk;

		desk_open_with(&desk, rows[i].policy);
		reply = reply_to(&desk, "status");
		wrong += row_text(rows[i].policy, rows[i].mode,
			field_of(&reply.records[0], "mode"));
		reply_free(&reply);
		desk_close(&desk);
	}
	assert_int_equal(wrong, 0);
}

/* --- groups */

static void
groups_are_told_with_what_they_have(void **state)
{
	struct reply reply;
	struct desk desk;
	int i;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < 3; i++) {
		ask(&desk, "192.0.2.1", "a.example");
		ask(&desk, "192.0.2.3", "b.example");
	}
	ask(&desk, "192.0.2.1", "d.example");
	ask(&desk, "2001:db8::7", "x.example");
	tally_decision(desk.world.tally, 1, TWO, REASON_CLASS, 0);
	tally_decision(desk.world.tally, 1, TWO, REASON_SITE, 1);
	tally_decision(desk.world.tally, 1, TWO, REASON_QUIET, 1);
	tally_decision(desk.world.tally, 1, THREE, REASON_QUIET, 0);
	tally_decision(desk.world.tally, 0, THREE, REASON_QUIET, 0);
	/* Statistics that are set back are no matter. */
	stats_clear(desk.world.stats, 0);
	reply = reply_to(&desk, "groups");
	assert_int_equal(reply.count, 3);
	assert_string_equal(record_line(&reply.records[ONE]),
		"group name=one at=policy.conf:2:1 mode=enforce "
		"action=nxdomain ttl=5 log=first-seen prefixes=2 patterns=2 "
		"lists=names, more sinkholes= allowed=3 blocked=2 audited=0 "
		"quiet=0");
	assert_string_equal(record_line(&reply.records[TWO]),
		"group name=two at=policy.conf:5:1 mode=enforce "
		"action=sinkhole ttl=60 log=all prefixes=1 patterns=1 lists= "
		"sinkholes=198.51.100.1, 198.51.100.2, 2001:db8:1::1 "
		"allowed=1 blocked=1 audited=0 quiet=1");
	assert_string_equal(record_line(&reply.records[THREE]),
		"group name=three at=policy.conf:8:1 mode=audit action=drop "
		"ttl=60 log=off prefixes=1 patterns=1 lists= sinkholes= "
		"allowed=0 blocked=0 audited=3 quiet=2");
	reply_free(&reply);
	desk_close(&desk);
}

static void
many_lists_are_cut(void **state)
{
	char text[8192] = "bitsink: list-directory: lists\n"
		"group: name: g client: ::1\n", name[128];
	struct reply reply;
	struct desk desk;
	const char *lists;
	int i;

	(void)state;
	for (i = 0; i < 30; i++) {
		sprintf(name, "lists/%02d-%050d.list", i, 0);
		write_text(name, "a.example\n");
		sprintf(name, " allow-list: %02d-%050d\n", i, 0);
		strcat(text, name);
	}
	desk_open_with(&desk, text);
	reply = reply_to(&desk, "groups");
	lists = field_of(&reply.records[0], "lists");
	assert_memory_equal(lists, "00-000", 6);
	assert_true(strlen(lists) > 900 && strlen(lists) < 1024);
	assert_string_equal(lists + strlen(lists) - 6, "0, ...");
	reply_free(&reply);
	desk_close(&desk);
}

/* --- stats and metrics */

static uint64_t
line_of(const struct reply *reply, const char *kind, const char *name)
{
	size_t i, found = SIZE_MAX;

	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0 &&
		    strcmp(field_of(&reply->records[i], "name"), name) == 0) {
			assert_int_equal(found, SIZE_MAX);
			found = i;
		}
	if (found == SIZE_MAX)
		fail_msg("no %s %s", kind, name);
	return number_of(&reply->records[found], "value");
}

struct lines {
	const struct reply *reply;
	size_t at;
};

static int
same_line(void *arg, const char *line)
{
	struct lines *lines = arg;
	const struct record *record = &lines->reply->records[lines->at++];
	char text[512];

	snprintf(text, sizeof(text), "%s=%s", field_of(record, "name"),
		field_of(record, "value"));
	assert_string_equal(record->kind, "line");
	assert_string_equal(text, line);
	return 1;
}

static void
stats_are_the_lines_of_unbound_control(void **state)
{
	struct lines lines = { NULL, 0 };
	struct reply reply;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.1", "a.example");
	ask(&desk, "192.0.2.2", "b.example");
	reply = reply_to(&desk, "stats");
	lines.reply = &reply;
	assert_int_equal(stats_print(desk.world.stats, LATER, 0, same_line,
		&lines), 1);
	assert_int_equal(lines.at, reply.count);
	assert_int_equal(line_of(&reply, "line",
		"total.num.bitsink.queries"), 2);
	assert_int_equal(line_of(&reply, "line", "bitsink.policy.age"), 61);
	reply_free(&reply);
	desk_close(&desk);
}

static void
stats_are_set_back_on_request(void **state)
{
	static const struct { const char *line; uint64_t queries; } rows[] = {
		{ "stats", 1 }, { "stats reset=no", 1 },
		{ "stats reset=yes", 1 }, { "stats", 0 },
	};
	struct reply reply;
	struct desk desk;
	size_t i;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.1", "b.example");
	for (i = 0; i < COUNT_OF(rows); i++) {
		reply = reply_to(&desk, rows[i].line);
		assert_int_equal(line_of(&reply, "line",
			"total.num.bitsink.queries"), rows[i].queries);
		reply_free(&reply);
	}
	desk_close(&desk);
}

static void
metrics_have_a_cell_for_each_reason(void **state)
{
	struct reply reply;
	struct desk desk;
	char cells[4096] = "", expected[256];
	size_t i;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.1", "a.example");
	ask(&desk, "192.0.2.1", "a.example");
	ask(&desk, "192.0.2.1", "d.example");
	ask(&desk, "192.0.2.3", "d.example");
	tally_decision(desk.world.tally, 1, TWO, REASON_MALFORMED, 0);
	/* Nothing tells a window of a group that has none. */
	tally_decision(desk.world.tally, 0, TWO, REASON_MALFORMED, 1);
	tally_decision(desk.world.tally, 1, TWO, REASON_FOLLOWED, 0);
	tally_decision(desk.world.tally, 1, TWO, REASON_QUIET, 0);
	tally_decision(desk.world.tally, 1, THREE, REASON_CLASS, 0);
	tally_decision(desk.world.tally, 1, THREE, REASON_QUIET, 0);
	tally_decision(desk.world.tally, 1, THREE, REASON_ADDRESS, 0);
	tally_count(desk.world.tally, 1, TALLY_UNRESTRICTED);
	tally_count(desk.world.tally, 0, TALLY_UNANSWERED);
	tally_count(desk.world.tally, 1, TALLY_EVENTS_LOST);
	/* Never set back. */
	reply = reply_to(&desk, "stats reset=yes");
	reply_free(&reply);
	reply = reply_to(&desk, "metrics");
	snprintf(expected, sizeof(expected), "info version=%s unbound=1.17.1 "
		"\"test\" checksum=%016" PRIx64, BITSINK_VERSION,
		desk.world.standing->checksum);
	assert_string_equal(record_line(&reply.records[0]), expected);
	assert_int_equal(line_of(&reply, "gauge", "generation"), 1);
	assert_int_equal(line_of(&reply, "gauge", "loaded"), NOW);
	assert_int_equal(line_of(&reply, "gauge", "started"), NOW - 5);
	assert_int_equal(line_of(&reply, "gauge", "stale"), 0);
	assert_int_equal(line_of(&reply, "gauge", "groups"), 3);
	assert_int_equal(line_of(&reply, "gauge", "prefixes"), 4);
	assert_int_equal(line_of(&reply, "gauge", "patterns"), 7);
	assert_int_equal(line_of(&reply, "gauge", "memory"),
		commands_memory(&desk.commands));
	assert_int_equal(line_of(&reply, "gauge", "listeners"), 0);
	assert_int_equal(line_of(&reply, "gauge", "grants"), 0);
	assert_int_equal(line_of(&reply, "gauge", "followed"), 0);
	assert_int_equal(reply_count(&reply, "gauge"), 11);
	assert_int_equal(line_of(&reply, "count", "unrestricted"), 1);
	assert_int_equal(line_of(&reply, "count", "unanswered"), 1);
	assert_int_equal(line_of(&reply, "count", "events-lost"), 1);
	assert_int_equal(line_of(&reply, "count", "log-lines"), 1);
	assert_int_equal(line_of(&reply, "count", "log-suppressed"), 0);
	assert_int_equal(reply_count(&reply, "count"), 5);
	for (i = 0; i < reply.count; i++)
		if (strcmp(reply.records[i].kind, "cell") == 0)
			strcat(strcat(cells, record_line(&reply.records[i])),
				"\n");
	assert_string_equal(cells,
		"cell group=one verdict=allow reason=allowed action=none "
		"value=2\n"
		"cell group=one verdict=block reason=not-listed "
		"action=nxdomain value=0\n"
		"cell group=one verdict=block reason=denied action=nxdomain "
		"value=1\n"
		"cell group=two verdict=allow reason=allowed action=none "
		"value=0\n"
		"cell group=two verdict=allow reason=followed action=none "
		"value=1\n"
		"cell group=two verdict=block reason=not-listed "
		"action=sinkhole value=0\n"
		"cell group=two verdict=quiet reason=quiet action=none "
		"value=1\n"
		"cell group=two verdict=block reason=malformed "
		"action=refused value=2\n"
		"cell group=three verdict=allow reason=allowed action=none "
		"value=0\n"
		"cell group=three verdict=audit reason=not-listed "
		"action=drop value=1\n"
		"cell group=three verdict=quiet reason=quiet action=none "
		"value=1\n"
		"cell group=three verdict=audit reason=address action=drop "
		"value=1\n"
		"cell group=three verdict=audit reason=class action=drop "
		"value=1\n");
	assert_int_equal(reply.count, 1 + 11 + 5 + 13);
	reply_free(&reply);
	desk_close(&desk);
}

/* No two cells have the same labels, whatever is counted. */
static void
metrics_tell_the_action_of_a_window(void **state)
{
	static const char window_policy[] =
		"group: name: g client: 192.0.2.1 allow: a.example\n"
		" window: \"daily 00:00-12:00\" window-action: refused\n";
	char cells[4096] = "";
	struct reply reply;
	struct desk desk;
	unsigned reason;
	size_t i;

	(void)state;
	desk_open_with(&desk, window_policy);
	for (reason = REASON_ALLOWED; reason < REASON_COUNT; reason++) {
		tally_decision(desk.world.tally, 0, 0, (enum reason)reason, 0);
		tally_decision(desk.world.tally, 1, 0, (enum reason)reason, 1);
		tally_decision(desk.world.tally, 0, 0, (enum reason)reason, 1);
	}
	reply = reply_to(&desk, "metrics");
	for (i = 0; i < reply.count; i++)
		if (strcmp(reply.records[i].kind, "cell") == 0)
			strcat(strcat(cells, record_line(&reply.records[i]) +
				strlen("cell group=g ")), "\n");
	assert_string_equal(cells,
		"verdict=allow reason=allowed action=none value=3\n"
		"verdict=allow reason=site action=none value=3\n"
		"verdict=allow reason=granted action=none value=3\n"
		"verdict=allow reason=followed action=none value=3\n"
		"verdict=block reason=not-listed action=nxdomain value=1\n"
		"verdict=block reason=not-listed action=refused value=2\n"
		"verdict=block reason=denied action=nxdomain value=1\n"
		"verdict=block reason=denied action=refused value=2\n"
		"verdict=quiet reason=quiet action=none value=3\n"
		"verdict=block reason=type action=nxdomain value=1\n"
		"verdict=block reason=type action=refused value=2\n"
		"verdict=block reason=chain action=nxdomain value=1\n"
		"verdict=block reason=chain action=refused value=2\n"
		"verdict=block reason=address action=nxdomain value=1\n"
		"verdict=block reason=address action=refused value=2\n"
		"verdict=block reason=answer action=refused value=3\n"
		"verdict=block reason=busy action=refused value=3\n"
		"verdict=block reason=class action=refused value=3\n"
		"verdict=block reason=malformed action=refused value=3\n");
	reply_free(&reply);
	desk_close(&desk);
}

/* --- top */

static const char hours[] = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,";

static int
check_entry(const struct reply *reply, size_t number, const char *expected)
{
	char text[1024];

	assert_true(number < reply->count);
	snprintf(text, sizeof(text), "%s error=0 first=1700000000 "
		"last=1700000000 hours=%s%s", expected, hours,
		strrchr(expected, '=') + 1);
	return row_text("entry", text, record_line(&reply->records[number]));
}

static void
ask_some(struct desk *desk)
{
	int i;

	for (i = 0; i < 4; i++)
		ask(desk, "192.0.2.1", "D.example");
	for (i = 0; i < 3; i++)
		ask(desk, "2001:db8::2", "x.example");
	for (i = 0; i < 2; i++)
		ask(desk, "192.0.2.3", "x.example");
	ask(desk, "192.0.2.2", ".");
	ask(desk, "192.0.2.1", "a.example");
}

static void
tops_tell_the_most_blocked_first(void **state)
{
	static const struct {
		const char *by, *entries[4];
	} rows[] = {
		{ "clients", {
			"entry group=one client=192.0.2.1 count=4",
			"entry group=one client=2001:db8::2 count=3",
			"entry group=three client=192.0.2.3 count=2",
			"entry group=two client=192.0.2.2 count=1" } },
		{ "names", {
			"entry group=one name=d.example. count=4",
			"entry group=one name=x.example. count=3",
			"entry group=three name=x.example. count=2",
			"entry group=two name=. count=1" } },
		{ "rules", {
			"entry group=one rule=policy.conf:3:25 reason=denied "
				"count=4",
			"entry group=one reason=not-listed count=3",
			"entry group=three reason=not-listed count=2",
			"entry group=two reason=not-listed count=1" } },
		{ "pairs", {
			"entry group=one client=192.0.2.1 name=d.example. "
				"count=4",
			"entry group=one client=2001:db8::2 name=x.example. "
				"count=3",
			"entry group=three client=192.0.2.3 name=x.example. "
				"count=2",
			"entry group=two client=192.0.2.2 name=. count=1" } },
	};
	struct desk desk;
	size_t i, k;
	int wrong = 0;

	(void)state;
	desk_open(&desk);
	ask_some(&desk);
	for (i = 0; i < COUNT_OF(rows); i++) {
		char line[64];
		struct reply reply;

		snprintf(line, sizeof(line), "top by=%s", rows[i].by);
		reply = reply_to(&desk, line);
		assert_int_equal(reply.count, 5);
		snprintf(line, sizeof(line), "top by=%s since=1700000000 "
			"now=1700000061 ", rows[i].by);
		wrong += strncmp(record_line(&reply.records[0]), line,
			strlen(line)) != 0;
		wrong += row_text("top",
			" used=4 room=4096 total=10 exact=yes lost=0",
			strstr(record_line(&reply.records[0]), " used="));
		for (k = 0; k < 4; k++)
			wrong += check_entry(&reply, k + 1,
				rows[i].entries[k]);
		reply_free(&reply);
	}
	assert_int_equal(wrong, 0);
	desk_close(&desk);
}

static void
tops_are_of_a_group_and_as_long_as_asked(void **state)
{
	static const struct {
		const char *line;
		size_t count;
	} rows[] = {
		{ "top by=pairs group=one", 2 },
		{ "top by=pairs group=two", 1 },
		{ "top by=names group=three", 1 },
		{ "top by=rules group=one limit=1", 1 },
		{ "top by=clients limit=3", 3 },
		{ "top by=clients limit=0003", 3 },
		{ "top by=clients limit=4096", 4 },
		{ "top limit=4 by=clients", 4 },
	};
	struct desk desk;
	struct reply reply;
	char name[32];
	size_t i;
	int wrong = 0;

	(void)state;
	desk_open(&desk);
	ask_some(&desk);
	for (i = 0; i < COUNT_OF(rows); i++) {
		reply = reply_to(&desk, rows[i].line);
		wrong += row_number(rows[i].line, "entries",
			(long)rows[i].count,
			(long)reply_count(&reply, "entry"));
		reply_free(&reply);
	}
	assert_int_equal(wrong, 0);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "x%zu.example", i);
		ask(&desk, "192.0.2.3", name);
	}
	reply = reply_to(&desk, "top by=pairs");
	assert_int_equal(reply_count(&reply, "entry"), 10);
	/* The total is that of all, and of a group. */
	assert_int_equal(number_of(&reply.records[0], "total"), 30);
	reply_free(&reply);
	reply = reply_to(&desk, "top by=pairs limit=1 group=three");
	assert_int_equal(reply_count(&reply, "entry"), 1);
	assert_int_equal(number_of(&reply.records[0], "total"), 22);
	assert_int_equal(number_of(&reply.records[0], "used"), 24);
	reply_free(&reply);
	desk_close(&desk);
}

static void
a_top_that_misses_something_is_not_exact(void **state)
{
	struct desk desk;
	struct reply reply;
	char name[32];
	unsigned i;

	(void)state;
	desk_open(&desk);
	ask_some(&desk);
	tally_count(desk.world.tally, 1, TALLY_EVENTS_LOST);
	reply = reply_to(&desk, "top by=names");
	assert_string_equal(field_of(&reply.records[0], "exact"), "no");
	assert_string_equal(field_of(&reply.records[0], "lost"), "1");
	reply_free(&reply);
	desk_close(&desk);
	desk_open(&desk);
	for (i = 0; i <= OBSERVER_ROOM; i++) {
		snprintf(name, sizeof(name), "x%u.example", i);
		ask(&desk, "192.0.2.3", name);
	}
	reply = reply_to(&desk, "top by=names limit=4096");
	assert_int_equal(reply_count(&reply, "entry"), OBSERVER_ROOM);
	assert_string_equal(field_of(&reply.records[0], "exact"), "no");
	assert_string_equal(field_of(&reply.records[0], "lost"), "0");
	reply_free(&reply);
	reply = reply_to(&desk, "top by=clients");
	assert_string_equal(field_of(&reply.records[0], "exact"), "yes");
	assert_int_equal(number_of(&reply.records[1], "count"),
		OBSERVER_ROOM + 1);
	reply_free(&reply);
	desk_close(&desk);
}

/* --- history */

static void
assert_last(const struct record *steps, const char *key, const char *number)
{
	const char *value = field_of(steps, key);
	char expected[HISTORY_STEPS * 21], *end = expected;
	int i;

	for (i = 0; i < HISTORY_STEPS - 1; i++)
		end += sprintf(end, "0,");
	sprintf(end, "%s", number);
	assert_string_equal(value, expected);
}

static void
history_is_of_all_or_of_a_group(void **state)
{
	struct desk desk;
	struct reply reply;

	(void)state;
	desk_open(&desk);
	ask_some(&desk);
	tally_decision(desk.world.tally, 0, ONE, REASON_QUIET, 0);
	reply = reply_to(&desk, "history");
	assert_int_equal(reply.count, 2);
	assert_string_equal(record_line(&reply.records[0]),
		"history step=900 now=1700000061");
	assert_string_equal(reply.records[1].kind, "steps");
	assert_last(&reply.records[1], "allowed", "1");
	assert_last(&reply.records[1], "blocked", "8");
	assert_last(&reply.records[1], "audited", "2");
	assert_last(&reply.records[1], "quiet", "1");
	reply_free(&reply);
	reply = reply_to(&desk, "history group=three");
	assert_string_equal(record_line(&reply.records[0]),
		"history group=three step=900 now=1700000061");
	assert_last(&reply.records[1], "allowed", "0");
	assert_last(&reply.records[1], "blocked", "0");
	assert_last(&reply.records[1], "audited", "2");
	reply_free(&reply);
	desk_close(&desk);
}

static void
a_group_without_a_history_has_no_steps(void **state)
{
	struct desk desk;
	struct reply reply;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.2", "a.example");
	reply = reply_to(&desk, "history group=two");
	assert_int_equal(reply.count, 1);
	assert_string_equal(field_of(&reply.records[0], "group"), "two");
	reply_free(&reply);
	/* All together have one from the start. */
	reply = reply_to(&desk, "history");
	assert_last(&reply.records[1], "allowed", "1");
	reply_free(&reply);
	desk_close(&desk);
}

static void
the_largest_numbers_fit_into_a_history(void **state)
{
	struct desk desk;
	struct reply reply;

	(void)state;
	desk_open(&desk);
	atomic_store(&desk.world.tally->workers[0].cells[REASON_ALLOWED],
		UINT64_MAX);
	atomic_store(&desk.world.tally->workers[0].cells[REASON_DENIED],
		UINT64_MAX);
	reply = reply_to(&desk, "history group=one");
	assert_last(&reply.records[1], "allowed", "18446744073709551615");
	assert_last(&reply.records[1], "blocked", "18446744073709551615");
	reply_free(&reply);
	desk_close(&desk);
}

/* --- watch */

/* The record of the event, or "" where the listener does not want it. */
static const char *
heard(struct desk *desk, void *listener, const struct event *event)
{
	static char text[65536];
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct reply reply;

	if (!commands_event(&desk->commands, listener, event, &writer)) {
		assert_int_equal(writer.length, 0);
		return "";
	}
	reply = reply_parse(writer.memory, writer.length);
	assert_int_equal(reply.count, 1);
	strcpy(text, record_line(&reply.records[0]));
	reply_free(&reply);
	record_clear(&writer);
	return text;
}

static void *
listen_to(struct desk *desk, const char *line)
{
	struct record_writer writer;
	void *listener;

	assert_int_equal(answer(desk, line, &writer, &listener),
		SERVICE_LISTEN);
	assert_non_null(listener);
	assert_int_equal(writer.length, 0);
	record_clear(&writer);
	return listener;
}

static void
an_event_is_told_with_all_that_is_known(void **state)
{
	struct event event;
	struct desk desk;
	void *listener;

	(void)state;
	desk_open(&desk);
	listener = listen_to(&desk, "watch all=yes");
	event = event_of(&desk.world, "192.0.2.1", "D.example", NOW);
	event.microseconds = 42;
	event.qtype = 28;
	assert_string_equal(heard(&desk, listener, &event),
		"event time=1700000000 microseconds=42 client=192.0.2.1 "
		"group=one name=D.example. type=AAAA class=IN verdict=block "
		"reason=denied action=nxdomain rule=policy.conf:3:25");
	event = event_of(&desk.world, "192.0.2.3", ".", NOW);
	event.qclass = 3;
	assert_string_equal(heard(&desk, listener, &event),
		"event time=1700000000 microseconds=0 client=192.0.2.3 "
		"group=three name=. type=A class=CH verdict=audit "
		"reason=not-listed action=drop");
	event = event_of(&desk.world, "2001:db8::1", "b.example", -1);
	event.rule.file = "a b\n=";
	assert_string_equal(heard(&desk, listener, &event),
		"event time=0 microseconds=0 client=2001:db8::1 group=one "
		"name=b.example. type=A class=IN verdict=allow "
		"reason=allowed action=none rule=a b\n=:1:1");
	event = event_of(&desk.world, "192.0.2.2", "b.example", 1);
	memcpy(event.qname, "\3\0\n=", 5);
	event.qname_len = 5;
	assert_string_equal(heard(&desk, listener, &event),
		"event time=1 microseconds=0 client=192.0.2.2 group=two "
		"name=\\000\\010\\061. type=A class=IN verdict=block "
		"reason=not-listed action=sinkhole");
	event.qname_len = 0;
	assert_string_equal(heard(&desk, listener, &event),
		"event time=1 microseconds=0 client=192.0.2.2 group=two "
		"name=? type=A class=IN verdict=block "
		"reason=not-listed action=sinkhole");
	commands_free_listener(&desk.commands, listener);
	desk_close(&desk);
}

static void
an_event_tells_what_was_in_the_answer(void **state)
{
	struct event event;
	struct desk desk;
	void *listener;
	const char *told;

	(void)state;
	desk_open(&desk);
	listener = listen_to(&desk, "watch");
	event = event_of(&desk.world, "192.0.2.1", "x.example", NOW);
	event.found_len = (uint8_t)wire_of("T.c.example", event.found);
	assert_int_equal(address_from_text(&event.address, "10.0.0.1"), 0);
	event.reason = REASON_CHAIN;
	told = heard(&desk, listener, &event);
	assert_non_null(strstr(told, " reason=chain action=nxdomain "
		"found=T.c.example."));
	event.reason = REASON_ADDRESS;
	told = heard(&desk, listener, &event);
	assert_non_null(strstr(told, " reason=address action=nxdomain "
		"found=10.0.0.1"));
	event.reason = REASON_NOT_LISTED;
	assert_null(strstr(heard(&desk, listener, &event), "found"));
	commands_free_listener(&desk.commands, listener);
	desk_close(&desk);
}

/* Who wants to hear all hears of them, too. */
static void
quiet_events_are_told_to_those_who_want_all(void **state)
{
	static const char *const clients[] = { "192.0.2.1", "192.0.2.3" };
	void *some, *all;
	struct desk desk;
	size_t i;

	(void)state;
	desk_open(&desk);
	some = listen_to(&desk, "watch");
	all = listen_to(&desk, "watch all=yes");
	for (i = 0; i < COUNT_OF(clients); i++) {
		struct event event = event_of(&desk.world, clients[i], "wpad",
			NOW);

		event.reason = REASON_QUIET;
		event.action = ACTION_NXDOMAIN;
		assert_string_equal(heard(&desk, some, &event), "");
		assert_non_null(strstr(heard(&desk, all, &event),
			" reason=quiet action=nxdomain"));
	}
	commands_free_listener(&desk.commands, some);
	commands_free_listener(&desk.commands, all);
	desk_close(&desk);
}

static void
a_listener_hears_what_it_asked_for(void **state)
{
	static const struct { const char *client, *qname; } events[] = {
		{ "192.0.2.1", "a.example" }, /* allowed */
		{ "192.0.2.1", "www.x.example" },
		{ "2001:db8::9", "X.example" },
		{ "192.0.2.2", "x.example" },
		{ "192.0.2.3", "y.example" }, /* audited */
		{ "192.0.2.2", "." },
	};
	static const struct {
		const char *line;
		/* A letter for each event. */
		const char *heard;
	} rows[] = {
		{ "watch", "-yyyyy" },
		{ "watch all=no", "-yyyyy" },
		{ "watch all=yes", "yyyyyy" },
		{ "watch group=one", "-yy---" },
		{ "watch all=yes group=one", "yyy---" },
		{ "watch group=three", "----y-" },
		{ "watch client=192.0.2.2", "---y-y" },
		{ "watch client=192.0.2.0/30", "-y-yyy" },
		{ "watch client=2001:db8::/32", "--y---" },
		{ "watch client=::/0", "--y---" },
		{ "watch client=0.0.0.0/0", "-y-yyy" },
		{ "watch client=::ffff:192.0.2.1", "-y----" },
		{ "watch name=x.example", "--yy--" },
		{ "watch name=x.EXAMPLE.", "--yy--" },
		{ "watch name=.x.example", "-yyy--" },
		{ "watch name=*.x.example", "-y----" },
		{ "watch name=*", "-yyyy-" },
		{ "watch name=.", "-----y" },
		{ "watch all=yes name=*.example group=one "
			"client=192.0.2.1", "yy----" },
		{ "watch name=w*.x.example", "-y----" },
	};
	struct desk desk;
	size_t i, k;
	int wrong = 0;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < COUNT_OF(rows); i++) {
		void *listener = listen_to(&desk, rows[i].line);
		char found[COUNT_OF(events) + 1] = "";

		for (k = 0; k < COUNT_OF(events); k++) {
			struct event event = event_of(&desk.world,
				events[k].client, events[k].qname, NOW);

			found[k] = *heard(&desk, listener, &event) != '\0'
				? 'y' : '-';
		}
		wrong += row_text(rows[i].line, rows[i].heard, found);
		commands_free_listener(&desk.commands, listener);
	}
	assert_int_equal(wrong, 0);
	desk_close(&desk);
}

static void
what_is_no_name_matches_no_pattern(void **state)
{
	struct event event;
	struct desk desk;
	void *listener;

	(void)state;
	desk_open(&desk);
	listener = listen_to(&desk, "watch name=*");
	event = event_of(&desk.world, "192.0.2.2", "b.example", 1);
	event.qname_len = 0;
	assert_string_equal(heard(&desk, listener, &event), "");
	event.qname_len = 3;
	assert_string_equal(heard(&desk, listener, &event), "");
	commands_free_listener(&desk.commands, listener);
	desk_close(&desk);
}

static void
who_wants_all_is_counted(void **state)
{
	void *all, *some, *more;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	assert_int_equal(desk.commands.want_all, 0);
	some = listen_to(&desk, "watch");
	assert_int_equal(desk.commands.want_all, 0);
	all = listen_to(&desk, "watch all=yes");
	more = listen_to(&desk, "watch all=yes group=two");
	assert_int_equal(desk.commands.want_all, 2);
	/* One that cannot listen does not want anything. */
	assert_int_equal(check_error(&desk, "watch all=yes group=x",
		"found \"x\", expected a group of the policy"), 0);
	assert_int_equal(desk.commands.want_all, 2);
	commands_free_listener(&desk.commands, some);
	commands_free_listener(&desk.commands, all);
	assert_int_equal(desk.commands.want_all, 1);
	commands_free_listener(&desk.commands, more);
	assert_int_equal(desk.commands.want_all, 0);
	desk_close(&desk);
}

/* --- explain */

static void
a_query_is_explained(void **state)
{
	static const struct { const char *line, *expected; } rows[] = {
		{ "explain client=192.0.2.1 name=D.example",
			"explain client=192.0.2.1 name=d.example. type=A "
			"class=IN verdict=block reason=denied "
			"action=nxdomain group=one group-at=policy.conf:2:1 "
			"prefix=192.0.2.1/32 pattern=d.example deny=yes "
			"rule=policy.conf:3:25 answer=NXDOMAIN ttl=5 "
			"ede=bitsink: group \"one\" denies this name" },
		{ "explain name=x.c.example client=2001:db8::1 type=https",
			"explain client=2001:db8::1 name=x.c.example. "
			"type=HTTPS class=IN verdict=allow reason=allowed "
			"group=one group-at=policy.conf:2:1 "
			"prefix=2001:db8::/64 pattern=*.c.example deny=no "
			"list=names rule=lists/names.list:2:1 "
			"answer=as usual" },
		{ "explain client=192.0.2.2 name=\\\\032*.x type=AAAA "
			"class=IN",
			"explain client=192.0.2.2 name=\\032*.x. type=AAAA "
			"class=IN verdict=block reason=not-listed "
			"action=sinkhole group=two group-at=policy.conf:5:1 "
			"prefix=192.0.2.2/32 answer=2001:db8:1::1 ttl=60 "
			"ede=bitsink: group \"two\" has no allow for this "
			"name" },
		{ "explain client=192.0.2.9 name=. type=TYPE1 class=CH",
			"explain client=192.0.2.9 name=. type=A class=CH "
			"verdict=unrestricted reason=no-group "
			"answer=as usual" },
	};
	struct desk desk;
	size_t i;
	int wrong = 0;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < COUNT_OF(rows); i++) {
		char line[256], *at;
		struct reply reply;

		/* A backslash is \092 on the wire. */
		strcpy(line, rows[i].line);
		at = strstr(line, "\\\\");
		if (at != NULL) {
			memmove(at + 4, at + 2, strlen(at + 2) + 1);
			memcpy(at, "\\092", 4);
		}
		reply = reply_to(&desk, line);
		assert_int_equal(reply.count, 1);
		wrong += row_text(rows[i].line, rows[i].expected,
			record_line(&reply.records[0]));
		reply_free(&reply);
	}
	assert_int_equal(wrong, 0);
	desk_close(&desk);
}

/* --- allow, revoke */

/* Whether one of the group's clients may ask for the name now. */
static int
may_ask(const struct desk *desk, const char *client, const char *qname)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct query query = query_of(client, qname, wire);
	struct decision decision;

	query.now = desk->commands.now;
	judge_query(desk->commands.standing->policy, desk->commands.exceptions,
		&query, &decision);
	return decision.verdict == VERDICT_ALLOW;
}

static void
assert_reply(struct desk *desk, const char *line, const char *expected)
{
	struct reply reply = reply_to(desk, line);
	char text[4096] = "";
	size_t i;

	for (i = 0; i < reply.count; i++)
		strcat(strcat(text, record_line(&reply.records[i])), "\n");
	assert_int_equal(row_text(line, expected, text), 0);
	reply_free(&reply);
}

static void
what_is_allowed_for_a_time_is_in_force_at_once(void **state)
{
	struct reply reply;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	assert_false(may_ask(&desk, "192.0.2.1", "x.vendor.example"));
	assert_reply(&desk, "allow group=one pattern=*.Vendor.example "
		"seconds=60", "grant group=one pattern=*.Vendor.example "
		"since=1700000061 until=1700000121\n");
	assert_said("I bitsink: allowed group=one pattern=*.Vendor.example "
		"until=2023-11-14T22:15:21Z\n");
	assert_true(may_ask(&desk, "192.0.2.1", "x.vendor.example"));
	assert_false(may_ask(&desk, "192.0.2.2", "x.vendor.example"));
	assert_reply(&desk, "allow group=two pattern=b.example seconds=5",
		"grant group=two pattern=b.example since=1700000061 "
		"until=1700000066\n");
	reply = reply_to(&desk, "status");
	assert_int_equal(reply.count, 3);
	assert_int_equal(number_of(&reply.records[0], "grants"), 2);
	assert_string_equal(record_line(&reply.records[1]), "grant group=two "
		"pattern=b.example since=1700000061 until=1700000066");
	assert_string_equal(field_of(&reply.records[2], "group"), "one");
	reply_free(&reply);
	reply = reply_to(&desk, "metrics");
	assert_int_equal(line_of(&reply, "gauge", "grants"), 2);
	reply_free(&reply);
	/* The same again has another end. */
	assert_reply(&desk, "allow group=two pattern=B.example. seconds=7",
		"grant group=two pattern=B.example. since=1700000061 "
		"until=1700000068\n");
	assert_int_equal(grants_count(desk.world.exceptions.grants), 2);
	/* It is explained. */
	reply = reply_to(&desk, "explain client=192.0.2.2 name=b.example");
	assert_string_equal(field_of(&reply.records[0], "reason"), "granted");
	assert_string_equal(field_of(&reply.records[0], "until"),
		"1700000068");
	reply_free(&reply);
	/* A start knows it. */
	assert_null(grants_read(desk.world.exceptions.grants, STATE, LATER));
	assert_int_equal(grants_count(desk.world.exceptions.grants), 2);
	assert_true(may_ask(&desk, "192.0.2.1", "x.vendor.example"));
	desk_close(&desk);
}

static void
what_is_revoked_is_allowed_no_more(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk);
	assert_reply(&desk, "allow group=one pattern=x.example seconds=60",
		"grant group=one pattern=x.example since=1700000061 "
		"until=1700000121\n");
	said_clear();
	assert_int_equal(check_error(&desk, "revoke group=two "
		"pattern=x.example", "found \"x.example\", expected what this "
		"group is allowed for a time; \"bitsinkctl status\" lists it"),
		0);
	assert_int_equal(check_error(&desk, "revoke group=one", "found \"\", "
		"expected what this group is allowed for a time; \"bitsinkctl "
		"status\" lists it"), 0);
	assert_said("");
	assert_reply(&desk, "revoke group=one pattern=X.example",
		"revoked group=one pattern=X.example\n");
	assert_said("I bitsink: revoked group=one pattern=X.example\n");
	assert_false(may_ask(&desk, "192.0.2.1", "x.example"));
	assert_null(grants_read(desk.world.exceptions.grants, STATE, LATER));
	assert_int_equal(grants_count(desk.world.exceptions.grants), 0);
	/* Of a group that is no more there, too. */
	assert_reply(&desk, "allow group=one pattern=x.example seconds=60",
		"grant group=one pattern=x.example since=1700000061 "
		"until=1700000121\n");
	desk_switch(&desk, "group: name: g client: ::1 allow: a");
	assert_int_equal(check_error(&desk, "allow group=one pattern=y.example "
		"seconds=60", "found \"one\", expected a group of the policy"),
		0);
	assert_reply(&desk, "revoke group=one pattern=x.example",
		"revoked group=one pattern=x.example\n");
	said_clear();
	desk_close(&desk);
}

static void
what_has_ended_is_said_once(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk);
	assert_reply(&desk, "allow group=one pattern=x.example seconds=10",
		"grant group=one pattern=x.example since=1700000061 "
		"until=1700000071\n");
	assert_reply(&desk, "allow group=two pattern=\\092032 seconds=20",
		"grant group=two pattern=\\032 since=1700000061 "
		"until=1700000081\n");
	said_clear();
	granting_expire(&desk.granting, LATER + 9);
	assert_said("");
	assert_true(may_ask(&desk, "192.0.2.1", "x.example"));
	granting_expire(&desk.granting, LATER + 10);
	assert_said("I bitsink: expired group=one pattern=x.example\n");
	granting_expire(&desk.granting, LATER + 20);
	assert_said("I bitsink: expired group=two pattern=\\092032\n");
	granting_expire(&desk.granting, LATER + 21);
	assert_said("");
	/* In the file it has ended, too, even for an earlier clock. */
	assert_null(grants_read(desk.world.exceptions.grants, STATE, LATER));
	assert_int_equal(grants_count(desk.world.exceptions.grants), 0);
	desk_close(&desk);
}

static void
what_cannot_be_kept_holds_and_is_told(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk);
	desk.granting.directory = "missing";
	assert_reply(&desk, "allow group=one pattern=x.example seconds=10",
		"grant group=one pattern=x.example since=1700000061 "
		"until=1700000071\n");
	assert_int_equal(said_count("bitsink: allowed group=one "), 1);
	assert_int_equal(said_count("bitsink: what is allowed for a time is "
		"not kept: cannot open the directory: "), 1);
	assert_true(may_ask(&desk, "192.0.2.1", "x.example"));
	said_clear();
	write_text(STATE "/" GRANTS_NAME, "no grants\n");
	desk.granting.directory = STATE;
	granting_read(&desk.granting, LATER);
	assert_int_equal(said_count("bitsink: what was allowed for a time is "
		"lost: "), 1);
	assert_int_equal(said_count(""), 1);
	desk_close(&desk);
}

#define DENIED(at) "expected what the policy does not deny, as it does at " at
#define SECONDS "expected a number of seconds from 1 to 2678400"

static void
what_no_allow_could_change_is_refused(void **state)
{
	static const struct { const char *line, *error; } rows[] = {
		{ "pattern=bad.example", "found \"bad.example\", "
			DENIED("policy.conf:2:8") },
		{ "pattern=BAD.Example.", "found \"BAD.Example.\", "
			DENIED("policy.conf:2:8") },
		/* All of what it stands for is denied. */
		{ "pattern=*.bad.example", NULL },
		{ "pattern=.bad.example", NULL },
		{ "pattern=*.worse.example", "found \"*.worse.example\", "
			DENIED("policy.conf:2:26") },
		{ "pattern=x.y.worse.example", "found \"x.y.worse.example\", "
			DENIED("policy.conf:2:26") },
		{ "pattern=*.x.worse.example", "found \"*.x.worse.example\", "
			DENIED("policy.conf:2:26") },
		{ "pattern=.worse.example", NULL },
		{ "pattern=worse.example", NULL },
		{ "pattern=.worst.example", "found \".worst.example\", "
			DENIED("policy.conf:3:8") },
		{ "pattern=ad*.example", "found \"ad*.example\", "
			DENIED("policy.conf:3:29") },
		{ "pattern=ads*.example", "found \"ads*.example\", "
			DENIED("policy.conf:3:29") },
		{ "pattern=a*.example", NULL },
		{ "pattern=*", NULL },
		/* The policy allows it: that may change. */
		{ "pattern=a.example", NULL },
		{ "pattern=ok.worse.example", NULL },
		{ "pattern=", "found \"\", expected a name" },
		{ "pattern=a..b", "found \"a..b\", expected a label before "
			"'.'" },
	};
	struct desk desk;
	size_t i;
	int wrong = 0;

	(void)state;
	desk_open_with(&desk, "group: name: g client: 192.0.2.1\n"
		" deny: bad.example deny: *.worse.example\n"
		" deny: .worst.example deny: \"ad*.example\"\n"
		" allow: a.example allow: ok.worse.example\n");
	for (i = 0; i < COUNT_OF(rows); i++) {
		char line[256];
		struct reply reply;

		sprintf(line, "allow group=g seconds=60 %s", rows[i].line);
		if (rows[i].error != NULL) {
			wrong += check_error(&desk, line, rows[i].error);
			continue;
		}
		reply = reply_to(&desk, line);
		assert_int_equal(reply.count, 1);
		reply_free(&reply);
	}
	assert_int_equal(wrong, 0);
	desk_close(&desk);
}

/* A name may be as long as any: what stands for those below it is none. */
static void
the_longest_patterns_are_allowed(void **state)
{
	char line[NAME_TEXT_MAX + 64], name[NAME_TEXT_MAX];
	uint8_t wire[NAME_OCTETS_MAX];
	struct reply reply;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	longest_name(wire, 'a');
	name_to_text(wire, sizeof(wire), name);
	sprintf(line, "allow group=one seconds=9 pattern=%s", name);
	reply = reply_to(&desk, line);
	assert_string_equal(field_of(&reply.records[0], "pattern"), name);
	reply_free(&reply);
	assert_true(may_ask(&desk, "192.0.2.1", name));
	sprintf(line, "allow group=one seconds=9 pattern=.%s", name);
	reply = reply_to(&desk, line);
	assert_int_equal(reply.count, 1);
	reply_free(&reply);
	desk_close(&desk);
}

static void
there_is_an_end_to_what_can_be_allowed(void **state)
{
	char line[128];
	struct reply reply;
	struct desk desk;
	unsigned i;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < GRANTS_MAX; i++) {
		sprintf(line, "allow group=one pattern=x%u seconds=9", i);
		reply = reply_to(&desk, line);
		assert_int_equal(reply.count, 1);
		reply_free(&reply);
	}
	assert_int_equal(check_error(&desk, "allow group=one pattern=y "
		"seconds=9", "found \"y\", expected one of at most 64 that are "
		"allowed at a time; \"bitsinkctl revoke\" ends one"), 0);
	/* One that is there has room. */
	reply = reply_to(&desk, "allow group=one pattern=x3 seconds=99");
	assert_string_equal(field_of(&reply.records[0], "until"),
		"1700000160");
	reply_free(&reply);
	reply = reply_to(&desk, "status");
	assert_int_equal(reply_count(&reply, "grant"), GRANTS_MAX);
	reply_free(&reply);
	desk_close(&desk);
}

/* --- site */

static void
the_site_is_told_as_the_host_told_it(void **state)
{
	static const char site[] =
		"client prefix=192.0.2.0/24 tags=a\\032b view=v\n"
		"client prefix=::/0\n"
		"tag name=a\n"
		"zone name=x\\092032.example. kind=stub\n";
	struct record_writer writer;
	struct desk desk;
	void *listener;

	(void)state;
	desk_open(&desk);
	desk.commands.site = site;
	desk.commands.site_length = strlen(site);
	assert_int_equal(answer(&desk, "site", &writer, &listener),
		SERVICE_REPLY);
	assert_int_equal(writer.length, strlen(site));
	assert_memory_equal(writer.memory, site, writer.length);
	record_clear(&writer);
	/* Not all of the memory is the text. */
	desk.commands.site_length = strlen("client prefix=192.0.2.0/24 "
		"tags=a\\032b view=v\n");
	assert_reply(&desk, "site",
		"client prefix=192.0.2.0/24 tags=a b view=v\n");
	desk.commands.site_length = 0;
	assert_reply(&desk, "site", "");
	desk.commands.site = NULL;
	assert_reply(&desk, "site", "");
	desk_close(&desk);
}

/* --- What is wrong. */

#define COMMANDS "expected status, groups, stats, metrics, top, history, " \
	"watch, reload, learned, explain, allow, revoke or site"
#define KEY "expected a key that this request takes, once"
#define GROUP "expected a group of the policy"
#define LIMIT "expected a number from 1 to 4096"
#define BY "expected by=clients, names, rules or pairs"
#define YES "expected yes or no"
#define PREFIX "expected an IPv4 or IPv6 address, or ADDRESS/LENGTH"
#define CLIENT "expected an IPv4 or IPv6 address of a client"

static void
wrong_requests_are_told(void **state)
{
	static const struct { const char *line, *error; } rows[] = {
		{ "statu", "found \"statu\", " COMMANDS },
		{ "end", "found \"end\", " COMMANDS },
		{ "0", "found \"0\", " COMMANDS },

		{ "status x=1", "found \"x\", " KEY },
		{ "status reset=yes", "found \"reset\", " KEY },
		{ "groups group=one", "found \"group\", " KEY },
		{ "metrics a=", "found \"a\", " KEY },
		{ "stats group=one", "found \"group\", " KEY },
		{ "stats reset=yes reset=yes", "found \"reset\", " KEY },
		{ "stats reset=no reset=yes", "found \"reset\", " KEY },
		{ "top by=names all=yes", "found \"all\", " KEY },
		{ "top by=names by=names", "found \"by\", " KEY },
		{ "top by=names group=one group=two", "found \"group\", "
			KEY },
		{ "history limit=1", "found \"limit\", " KEY },
		{ "watch type=A", "found \"type\", " KEY },
		{ "watch name=a name=b", "found \"name\", " KEY },
		{ "explain client=::1 name=a group=one", "found \"group\", "
			KEY },
		{ "explain client=::1 name=a type=A type=A", "found \"type\", "
			KEY },

		{ "allow group=one pattern=a seconds=1 name=a",
			"found \"name\", " KEY },
		{ "allow group=one group=two pattern=a seconds=1",
			"found \"group\", " KEY },
		{ "revoke group=one pattern=a seconds=1",
			"found \"seconds\", " KEY },
		{ "site group=one", "found \"group\", " KEY },

		{ "allow", "found \"\", expected group=, a group of the "
			"policy" },
		{ "allow group=four pattern=x seconds=1", "found \"four\", "
			GROUP },
		{ "allow group=one seconds=1", "found \"\", expected a name" },
		{ "allow group=one pattern=x", "found \"\", " SECONDS },
		{ "allow group=one pattern=x seconds=0", "found \"0\", "
			SECONDS },
		{ "allow group=one pattern=x seconds=2678401",
			"found \"2678401\", " SECONDS },
		{ "allow group=one pattern=x seconds=-1", "found \"-1\", "
			SECONDS },
		{ "allow group=one pattern=x seconds=1x", "found \"1x\", "
			SECONDS },
		{ "allow group=one pattern=x seconds=18446744073709551617",
			"found \"18446744073709551617\", " SECONDS },
		{ "allow group=one pattern=d.example seconds=1",
			"found \"d.example\", " DENIED("policy.conf:3:25") },

		{ "stats reset=", "found \"\", " YES },
		{ "stats reset=1", "found \"1\", " YES },
		{ "stats reset=Yes", "found \"Yes\", " YES },
		{ "stats reset=\\010", "found \"\n\", " YES },

		{ "top", "found \"\", " BY },
		{ "top group=one", "found \"\", " BY },
		{ "top by=", "found \"\", " BY },
		{ "top by=client", "found \"client\", " BY },
		{ "top by=names group=four", "found \"four\", " GROUP },
		{ "top by=names group=", "found \"\", " GROUP },
		{ "top by=names group=One", "found \"One\", " GROUP },
		{ "top by=names limit=", "found \"\", " LIMIT },
		{ "top by=names limit=0", "found \"0\", " LIMIT },
		{ "top by=names limit=4097", "found \"4097\", " LIMIT },
		{ "top by=names limit=00001", "found \"00001\", " LIMIT },
		{ "top by=names limit=-1", "found \"-1\", " LIMIT },
		{ "top by=names limit=1x", "found \"1x\", " LIMIT },
		{ "top by=names limit=\\0321", "found \" 1\", " LIMIT },
		{ "top by=names limit=18446744073709551617",
			"found \"18446744073709551617\", " LIMIT },

		{ "history group=", "found \"\", " GROUP },
		{ "history group=on", "found \"on\", " GROUP },

		{ "watch all=y", "found \"y\", " YES },
		{ "watch all=", "found \"\", " YES },
		{ "watch group=four", "found \"four\", " GROUP },
		{ "watch client=", "found \"\", " PREFIX },
		{ "watch client=localhost", "found \"localhost\", " PREFIX },
		{ "watch client=192.0.2.1/24", "found \"192.0.2.1/24\", "
			"expected no bits set behind the prefix length" },
		{ "watch client=::/129", "found \"::/129\", expected a prefix "
			"length from 0 to 128" },
		{ "watch name=", "found \"\", expected a name" },
		{ "watch name=a..b", "found \"a..b\", expected a label before "
			"'.'" },
		{ "watch all=y group=x", "found \"y\", " YES },

		{ "explain", "found \"\", " CLIENT },
		{ "explain client=::1", "found \"\", expected a name" },
		{ "explain name=a", "found \"\", " CLIENT },
		{ "explain client=::/0 name=a", "found \"::/0\", " CLIENT },
		{ "explain client=::1 name=.a", "found \".a\", expected a "
			"name, which does not begin with a dot" },
		{ "explain client=::1 name=a type=1", "found \"1\", expected "
			"a type, as A, AAAA, HTTPS or TYPE65" },
		{ "explain client=::1 name=a class=1", "found \"1\", expected "
			"a class, as IN, CH, ANY or CLASS1" },
	};
	struct desk desk;
	size_t i;
	int wrong = 0;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < COUNT_OF(rows); i++)
		wrong += check_error(&desk, rows[i].line, rows[i].error);
	assert_int_equal(wrong, 0);
	desk_close(&desk);
}

static void
what_was_found_is_cut(void **state)
{
	struct desk desk;
	char line[4000], expected[400];

	(void)state;
	desk_open(&desk);
	sprintf(line, "history group=%03000d", 0);
	sprintf(expected, "found \"%0200d\", expected a group of the policy",
		0);
	assert_int_equal(check_error(&desk, line, expected), 0);
	desk_close(&desk);
}

/* --- reload */

static void
a_reload_is_begun_and_waited_for(void **state)
{
	static const struct { const char *line; int diff; } rows[] = {
		{ "reload", 0 }, { "reload diff=no", 0 },
		{ "reload diff=yes", 1 },
	};
	struct desk desk;
	size_t i;

	(void)state;
	desk_open(&desk);
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct record_writer writer;
		void *waiting;

		assert_int_equal(answer(&desk, rows[i].line, &writer,
			&waiting), SERVICE_LATER);
		assert_int_equal(desk.loads, i + 1);
		assert_int_equal(desk.diff, rows[i].diff);
		assert_non_null(waiting);
		assert_ptr_equal(desk.waiting, waiting);
		assert_int_equal(writer.length, 0);
		assert_false(writer.broken);
		record_clear(&writer);
		/* Who waits wants nothing. */
		commands_free_listener(&desk.commands, waiting);
		assert_int_equal(desk.commands.want_all, 0);
	}
	desk_close(&desk);
}

static void
a_reload_that_cannot_be_begun_is_told(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk);
	desk.answer = -1;
	assert_int_equal(check_error(&desk, "reload", "found \"reload\", "
		"expected no other one under way; try again"), 0);
	desk.answer = -2;
	assert_int_equal(check_error(&desk, "reload diff=yes", "found "
		"\"reload\", expected memory and a thread for it"), 0);
	assert_int_equal(desk.loads, 2);
	/* What is wrong is not even tried. */
	assert_int_equal(check_error(&desk, "reload diff=maybe", "found "
		"\"maybe\", " YES), 0);
	assert_int_equal(check_error(&desk, "reload diff=yes diff=yes",
		"found \"diff\", " KEY), 0);
	assert_int_equal(check_error(&desk, "reload group=one",
		"found \"group\", " KEY), 0);
	assert_int_equal(desk.loads, 2);
	desk_close(&desk);
}

/* The lines of a reply that is written later. */
static const char *
text_of(struct record_writer *writer)
{
	static char text[65536];
	struct reply reply;
	size_t i;

	assert_false(writer->broken);
	reply = reply_parse(writer->memory, writer->length);
	text[0] = '\0';
	for (i = 0; i < reply.count; i++) {
		strcat(text, record_line(&reply.records[i]));
		strcat(text, "\n");
	}
	reply_free(&reply);
	record_clear(writer);
	memset(writer, 0, sizeof(*writer));
	return text;
}

static void
the_end_of_a_reload_tells_what_is_in_force(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char expected[512];
	struct desk desk;
	struct diag diag;

	(void)state;
	desk_open(&desk);
	desk_switch(&desk, policy);
	memset(&diag, 0, sizeof(diag));
	assert_int_equal(commands_put_loaded(&desk.commands, &diag, NULL, 0,
		&writer), SERVICE_REPLY);
	snprintf(expected, sizeof(expected), "reloaded generation=2 "
		"checksum=%016" PRIx64 " groups=3 prefixes=4 patterns=7 "
		"policy=policy.conf\n", desk.world.standing->checksum);
	assert_string_equal(text_of(&writer), expected);
	/* A diff has told all it has to tell. */
	assert_int_equal(commands_put_loaded(&desk.commands, &diag, NULL, 1,
		&writer), SERVICE_REPLY);
	assert_string_equal(text_of(&writer), "");
	desk_close(&desk);
}

static void
the_end_of_a_reload_tells_all_that_was_found(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct loaded loaded;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	write_text("bad.conf", "group: name: g client: ::1\n client: ::1\n"
		" allow: a..b\n");
	loaded = load("bad.conf");
	assert_null(loaded.policy);
	assert_int_equal(commands_put_loaded(&desk.commands, &loaded.diag,
		"why =", 0, &writer), SERVICE_ERROR);
	assert_string_equal(text_of(&writer),
		"problem severity=error text=bad.conf:3:11: error: in pattern "
		"\"a..b\": expected a label before '.'\n"
		"problem severity=warning text=bad.conf:2:10: warning: client "
		"\"::1\" is in this group already, at bad.conf:1:24\n"
		"error text=why =\n");
	assert_int_equal(commands_put_loaded(&desk.commands, &loaded.diag,
		"why", 1, &writer), SERVICE_ERROR);
	assert_non_null(strstr(text_of(&writer), "\nerror text=why\n"));
	unload(&loaded);
	/* Warnings alone are no failure. */
	write_text("bad.conf", "group: name: g client: ::1\n client: ::1\n"
		" allow: a\n");
	loaded = load_good("bad.conf");
	assert_int_equal(commands_put_loaded(&desk.commands, &loaded.diag,
		NULL, 1, &writer), SERVICE_REPLY);
	assert_string_equal(text_of(&writer),
		"problem severity=warning text=bad.conf:2:10: warning: client "
		"\"::1\" is in this group already, at bad.conf:1:24\n");
	unload(&loaded);
	desk_close(&desk);
}

static void
a_diff_tells_of_names_that_were_asked_for(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record_writer diff = { NULL, 0, 0, 0 };
	struct loaded after;
	struct reply reply;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	/* Allowed ones, blocked ones and one that is audited. */
	ask(&desk, "192.0.2.1", "a.example");
	ask(&desk, "192.0.2.1", "b.example");
	ask(&desk, "2001:db8::1", "b.example");
	ask(&desk, "192.0.2.1", "X.example");
	ask(&desk, "192.0.2.1", "x.example");
	ask(&desk, "192.0.2.2", "y.example");
	ask(&desk, "192.0.2.3", "z.example");
	ask(&desk, "192.0.2.3", "a.example");
	/* One may ask for a, and not for b any more; x is new; two has another
	 * answer, and three is not in audit any more. */
	write_text("after.conf", "group: name: one client: 192.0.2.1\n"
		" client: 2001:db8::/64 allow: a.example allow: x.example\n"
		"group: name: two client: 192.0.2.2 allow: a.example\n"
		"group: name: three client: 192.0.2.3 allow: a.example\n");
	after = load_good("after.conf");
	diff_policies(&diff, desk.world.standing->policy, after.policy);
	commands_put_diff(&desk.commands, after.policy, &diff, &writer);
	assert_true(writer.length > diff.length);
	assert_memory_equal(writer.memory, diff.memory, diff.length);
	reply = reply_parse(writer.memory + diff.length,
		writer.length - diff.length);
	assert_int_equal(reply.count, 6);
	assert_int_equal(reply_count(&reply, "verdict"), 5);
	/* Those that were allowed first. */
	assert_string_equal(record_line(&reply.records[0]),
		"verdict change=blocked client=2001:db8::1 name=b.example. "
		"type=A before=allow after=block nxdomain "
		"before-rule=lists/names.list:1:1 before-group=one "
		"after-group=one");
	assert_string_equal(field_of(&reply.records[1], "client"),
		"192.0.2.1");
	assert_string_equal(field_of(&reply.records[1], "change"), "blocked");
	/* Of those that were blocked that with the most first. */
	assert_string_equal(field_of(&reply.records[2], "name"), "x.example.");
	assert_string_equal(field_of(&reply.records[2], "change"), "allowed");
	assert_string_equal(field_of(&reply.records[2], "before"),
		"block nxdomain");
	assert_string_equal(field_of(&reply.records[3], "name"), "z.example.");
	assert_string_equal(field_of(&reply.records[3], "before"), "audit");
	assert_string_equal(field_of(&reply.records[3], "change"), "blocked");
	assert_string_equal(field_of(&reply.records[4], "name"), "y.example.");
	assert_string_equal(field_of(&reply.records[4], "change"), "other");
	assert_string_equal(field_of(&reply.records[4], "before"),
		"block sinkhole");
	assert_string_equal(record_line(&reply.records[5]),
		"verdicts blocked=3 allowed=1 other=1 asked=7");
	reply_free(&reply);
	record_clear(&writer);
	record_clear(&diff);
	unload(&after);
	desk_close(&desk);
}

static void
a_diff_of_the_same_policy_has_no_verdicts(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record_writer diff = { NULL, 0, 0, 0 };
	struct event event;
	struct desk desk;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.1", "a.example");
	ask(&desk, "192.0.2.1", "x.example");
	/* What is no name, and the longest one. */
	event = event_of(&desk.world, "192.0.2.1", "x.example", NOW);
	event.qname_len = 0;
	observer_event(desk.world.observer, &event);
	event.qname_len = NAME_OCTETS_MAX;
	longest_name(event.qname, 'a');
	observer_event(desk.world.observer, &event);
	commands_put_diff(&desk.commands, desk.world.standing->policy, &diff,
		&writer);
	assert_string_equal(text_of(&writer),
		"verdicts blocked=0 allowed=0 other=0 asked=4\n");
	/* What is broken stays so. */
	diff.broken = 1;
	commands_put_diff(&desk.commands, desk.world.standing->policy, &diff,
		&writer);
	assert_true(writer.broken);
	record_clear(&writer);
	desk_close(&desk);
}

static void
after_a_reload_all_is_told_of_the_new_policy(void **state)
{
	static const char one_policy[] = "bitsink: mode: audit\n"
		"group: name: new client: 192.0.2.7 allow: a.example\n"
		"group: name: two client: 192.0.2.2 allow: b.example\n";
	struct reply reply;
	struct desk desk;
	void *listener;
	struct event event;
	size_t i;

	(void)state;
	desk_open(&desk);
	ask(&desk, "192.0.2.1", "x.example");
	ask(&desk, "192.0.2.2", "x.example");
	for (i = 0; i < TALLY_COUNTS; i++)
		tally_count(desk.world.tally, i % WORKERS,
			(enum tally_count)i);
	listener = listen_to(&desk, "watch group=two");
	desk_switch(&desk, one_policy);
	for (i = 0; i < TALLY_COUNTS; i++)
		tally_count(desk.world.tally, 0, (enum tally_count)i);
	ask(&desk, "192.0.2.2", "y.example");
	reply = reply_to(&desk, "status");
	assert_int_equal(number_of(&reply.records[0], "generation"), 2);
	assert_string_equal(field_of(&reply.records[0], "mode"), "audit");
	assert_int_equal(number_of(&reply.records[0], "groups"), 2);
	assert_int_equal(number_of(&reply.records[0], "workers"), WORKERS);
	reply_free(&reply);
	reply = reply_to(&desk, "groups");
	assert_int_equal(reply.count, 2);
	assert_string_equal(field_of(&reply.records[1], "name"), "two");
	assert_int_equal(number_of(&reply.records[1], "audited"), 1);
	reply_free(&reply);
	/* Statistics and what no group has go on. */
	reply = reply_to(&desk, "stats");
	assert_int_equal(line_of(&reply, "line",
		"num.bitsink.group.two.blocked"), 1);
	assert_int_equal(line_of(&reply, "line",
		"num.bitsink.gone.blocked"), 1);
	assert_int_equal(line_of(&reply, "line",
		"total.num.bitsink.audited"), 1);
	reply_free(&reply);
	desk_switch(&desk, one_policy);
	reply = reply_to(&desk, "metrics");
	assert_int_equal(line_of(&reply, "gauge", "generation"), 3);
	assert_int_equal(line_of(&reply, "count", "unrestricted"), 2);
	assert_int_equal(line_of(&reply, "count", "unanswered"), 2);
	assert_int_equal(line_of(&reply, "count", "events-lost"), 2);
	reply_free(&reply);
	/* A top that missed something before is not exact since. */
	reply = reply_to(&desk, "top by=names");
	assert_string_equal(field_of(&reply.records[0], "exact"), "no");
	assert_int_equal(number_of(&reply.records[0], "lost"), 2);
	reply_free(&reply);
	/* One that is gone is none to ask for; who listens for one that has
	 * another place hears of it, and of no other. */
	assert_int_equal(check_error(&desk, "history group=one",
		"found \"one\", " GROUP), 0);
	event = event_of(&desk.world, "192.0.2.2", "z.example", NOW);
	assert_string_not_equal(heard(&desk, listener, &event), "");
	event = event_of(&desk.world, "192.0.2.7", "z.example", NOW);
	assert_string_equal(heard(&desk, listener, &event), "");
	commands_free_listener(&desk.commands, listener);
	desk_close(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(status_tells_what_is_in_force),
		test_in_folder(status_tells_of_a_stale_policy),
		test_in_folder(the_mode_is_that_of_all_groups_or_mixed),
		test_in_folder(groups_are_told_with_what_they_have),
		test_in_folder(many_lists_are_cut),
		test_in_folder(stats_are_the_lines_of_unbound_control),
		test_in_folder(stats_are_set_back_on_request),
		test_in_folder(metrics_have_a_cell_for_each_reason),
		test_in_folder(metrics_tell_the_action_of_a_window),
		test_in_folder(tops_tell_the_most_blocked_first),
		test_in_folder(tops_are_of_a_group_and_as_long_as_asked),
		test_in_folder(a_top_that_misses_something_is_not_exact),
		test_in_folder(history_is_of_all_or_of_a_group),
		test_in_folder(a_group_without_a_history_has_no_steps),
		test_in_folder(the_largest_numbers_fit_into_a_history),
		test_in_folder(an_event_is_told_with_all_that_is_known),
		test_in_folder(an_event_tells_what_was_in_the_answer),
		test_in_folder(quiet_events_are_told_to_those_who_want_all),
		test_in_folder(a_listener_hears_what_it_asked_for),
		test_in_folder(what_is_no_name_matches_no_pattern),
		test_in_folder(who_wants_all_is_counted),
		test_in_folder(a_query_is_explained),
		test_in_folder(what_is_allowed_for_a_time_is_in_force_at_once),
		test_in_folder(what_is_revoked_is_allowed_no_more),
		test_in_folder(what_has_ended_is_said_once),
		test_in_folder(what_cannot_be_kept_holds_and_is_told),
		test_in_folder(what_no_allow_could_change_is_refused),
		test_in_folder(the_longest_patterns_are_allowed),
		test_in_folder(there_is_an_end_to_what_can_be_allowed),
		test_in_folder(the_site_is_told_as_the_host_told_it),
		test_in_folder(wrong_requests_are_told),
		test_in_folder(what_was_found_is_cut),
		test_in_folder(a_reload_is_begun_and_waited_for),
		test_in_folder(a_reload_that_cannot_be_begun_is_told),
		test_in_folder(the_end_of_a_reload_tells_what_is_in_force),
		test_in_folder(the_end_of_a_reload_tells_all_that_was_found),
		test_in_folder(a_diff_tells_of_names_that_were_asked_for),
		test_in_folder(a_diff_of_the_same_policy_has_no_verdicts),
		test_in_folder(after_a_reload_all_is_told_of_the_new_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
