/*
 * print.c - answers for people.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "suggest.h"
#include "text.h"

/* Room for a cell that is made here. */
#define CELL_OCTETS 64
/* The longest label of a line, with its colon. */
#define LABEL_COLUMNS 13

/* --- Values. */

static int64_t
number(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);
	int64_t result;

	if (value == NULL || text_number(value, &result) != 0)
		return 0;
	return result;
}

/* The value of KEY, "-" where there is none. */
static const char *
value(const struct record *record, const char *key)
{
	const char *text = record_get(record, key);

	return text != NULL && text[0] != '\0' ? text : "-";
}

static int
has(const struct record *record, const char *key)
{
	const char *text = record_get(record, key);

	return text != NULL && text[0] != '\0';
}

static int
is(const struct record *record, const char *key, const char *expected)
{
	const char *text = record_get(record, key);

	return text != NULL && strcmp(text, expected) == 0;
}

static void
put(const char *text)
{
	(void)text_safe(stdout, text);
}

static void
put_spaces(size_t count)
{
	while (count-- > 0)
		putchar(' ');
}

/* A value at the left of so many columns. */
static void
put_left(const char *text, size_t columns)
{
	size_t used = text_safe(stdout, text);

	if (used < columns)
		put_spaces(columns - used);
}

static void
put_right(const char *text, size_t columns)
{
	size_t used = text_safe(NULL, text);

	if (used < columns)
		put_spaces(columns - used);
	put(text);
}

/* "TIME (3 h ago)" */
static void
put_time(int64_t seconds, int64_t now)
{
	char time[TEXT_TIME_MAX], ago[TEXT_TIME_MAX];

	text_time(time, seconds);
	text_ago(ago, seconds, now);
	printf("%s (%s)", time, ago);
}

/* --- Tables. */

struct table;

struct column {
	const char *heading;
	const char *key;
	int right;
	/* Makes the cell in TEXT, of CELL_OCTETS; NULL: the value itself. */
	void (*cell)(const struct table *table, const struct record *record,
		const char *key, char *text);
};

struct table {
	const struct reply *reply;
	/* The kind of records that are its rows. */
	const char *kind;
	const struct column *columns;
	size_t count;
	/* The sum of what rows have a share of. */
	uint64_t total;
};

/* No table has more columns. */
#define COLUMNS_MAX 16

static const char *
cell(const struct table *table, const struct column *column,
	const struct record *record, char *text)
{
	if (column->cell == NULL)
		return value(record, column->key);
	column->cell(table, record, column->key, text);
	return text;
}

/* The next row behind ROW (NULL: the first), or NULL. */
static const struct record *
next_row(const struct table *table, const struct record *row)
{
	const struct record *end = table->reply->records + table->reply->count;

	for (row = row == NULL ? table->reply->records : row + 1; row < end;
	    row++)
		if (strcmp(row->kind, table->kind) == 0)
			return row;
	return NULL;
}

static void
measure(const struct table *table, size_t *widths)
{
	const struct record *row = NULL;
	char text[CELL_OCTETS];
	size_t i;

	for (i = 0; i < table->count; i++)
		widths[i] = strlen(table->columns[i].heading);
	while ((row = next_row(table, row)) != NULL)
		for (i = 0; i < table->count; i++) {
			size_t width = text_safe(NULL, cell(table,
				&table->columns[i], row, text));

			if (width > widths[i])
				widths[i] = width;
		}
}

static void
put_cell(const struct table *table, size_t i, const char *text, size_t width)
{
	if (i > 0)
		put_spaces(2);
	if (table->columns[i].right)
		put_right(text, width);
	else
		/* No line ends with spaces. */
		put_left(text, i + 1 < table->count ? width : 0);
}

static void
put_table(const struct table *table)
{
	const struct record *row = NULL;
	size_t widths[COLUMNS_MAX] = { 0 }, i;
	char text[CELL_OCTETS];

	measure(table, widths);
	for (i = 0; i < table->count; i++)
		put_cell(table, i, table->columns[i].heading, widths[i]);
	putchar('\n');
	while ((row = next_row(table, row)) != NULL) {
		for (i = 0; i < table->count; i++)
			put_cell(table, i, cell(table, &table->columns[i], row,
				text), widths[i]);
		putchar('\n');
	}
}

/* --- status. */

static void
put_label(const char *label)
{
	int used = printf("%s:", label);

	if (used > 0 && used < LABEL_COLUMNS)
		put_spaces((size_t)(LABEL_COLUMNS - used));
}

static void
put_line(const struct record *record, const char *key)
{
	if (!has(record, key))
		return;
	put_label(key);
	put(value(record, key));
	putchar('\n');
}

static void
put_time_line(const struct record *record, const char *key)
{
	if (!has(record, key))
		return;
	put_label(key);
	put_time(number(record, key), number(record, "now"));
	putchar('\n');
}

static void
put_memory_line(const struct record *record)
{
	int64_t octets = number(record, "memory");

	if (!has(record, "memory"))
		return;
	put_label("memory");
	if (octets >= 1 << 20)
		printf("%.1f MiB", (double)octets / (1 << 20));
	else
		printf("%.1f KiB", (double)octets / (1 << 10));
	printf(" (%" PRId64 " octets)\n", octets);
}

static void
put_first_line(const struct record *status)
{
	if (is(status, "stale", "yes")) {
		printf("STALE: ");
		put(value(status, "policy"));
		printf(" cannot be used; the last good policy is in force");
		if (has(status, "kept")) {
			printf(", kept ");
			put_time(number(status, "kept"),
				number(status, "now"));
		}
	} else {
		printf("in force");
	}
	if (is(status, "mode", "audit"))
		printf(", in audit: nothing is blocked");
	else if (is(status, "mode", "mixed"))
		printf(", some groups in audit");
	putchar('\n');
}

/* What is allowed for a time. */
static void
put_grants(const struct reply *reply, const struct record *status)
{
	size_t i;

	for (i = 0; i < reply->count; i++) {
		const struct record *grant = &reply->records[i];
		char until[TEXT_TIME_MAX], left[TEXT_TIME_MAX];

		if (strcmp(grant->kind, "grant") != 0)
			continue;
		text_time(until, number(grant, "until"));
		text_left(left, number(grant, "until"), number(status, "now"));
		put_label("grant");
		put(value(grant, "group"));
		putchar(' ');
		put(value(grant, "pattern"));
		printf(" until %s (%s)\n", until, left);
	}
}

static int
print_status(const struct reply *reply)
{
	const struct record *status = reply_find(reply, "status");

	put_first_line(status);
	put_line(status, "policy");
	put_line(status, "mode");
	if (number(status, "errors") > 0) {
		put_line(status, "errors");
		put_line(status, "error");
	}
	put_line(status, "checksum");
	put_line(status, "generation");
	put_time_line(status, "loaded");
	put_time_line(status, "kept");
	put_line(status, "groups");
	put_line(status, "prefixes");
	put_line(status, "patterns");
	put_line(status, "grants");
	put_grants(reply, status);
	put_line(status, "followed");
	put_memory_line(status);
	put_line(status, "workers");
	put_line(status, "listeners");
	put_time_line(status, "started");
	put_line(status, "pid");
	put_line(status, "host");
	put_line(status, "unbound");
	put_line(status, "version");
	return 0;
}

/* --- groups, stats. */

static int
print_groups(const struct reply *reply)
{
	static const struct column columns[] = {
		{ "GROUP", "name", 0, NULL },
		{ "MODE", "mode", 0, NULL },
		{ "ACTION", "action", 0, NULL },
		{ "TTL", "ttl", 1, NULL },
		{ "LOG", "log", 0, NULL },
		{ "PREFIXES", "prefixes", 1, NULL },
		{ "PATTERNS", "patterns", 1, NULL },
		{ "ALLOWED", "allowed", 1, NULL },
		{ "BLOCKED", "blocked", 1, NULL },
		{ "AUDITED", "audited", 1, NULL },
		{ "QUIET", "quiet", 1, NULL },
		{ "AT", "at", 0, NULL },
		{ "SINKHOLES", "sinkholes", 0, NULL },
		{ "LISTS", "lists", 0, NULL },
	};
	struct table table = {
		reply, "group", columns, sizeof(columns) / sizeof(columns[0]), 0
	};

	put_table(&table);
	return 0;
}

static int
print_stats(const struct reply *reply)
{
	size_t i;

	for (i = 0; i < reply->count; i++) {
		const struct record *line = &reply->records[i];
		const char *name = record_get(line, "name");
		const char *number_text = record_get(line, "value");

		if (name == NULL || number_text == NULL)
			continue;
		put(name);
		putchar('=');
		put(number_text);
		putchar('\n');
	}
	return 0;
}

/* --- top. */

static void
error_cell(const struct table *table, const struct record *record,
	const char *key, char *text)
{
	(void)table;
	snprintf(text, CELL_OCTETS, "+-%" PRId64, number(record, key));
}

static void
share_cell(const struct table *table, const struct record *record,
	const char *key, char *text)
{
	double count = (double)number(record, key);

	snprintf(text, CELL_OCTETS, "%.1f%%", table->total > 0
		? 100 * count / (double)table->total : 0);
}

static void
time_cell(const struct table *table, const struct record *record,
	const char *key, char *text)
{
	(void)table;
	text_time(text, number(record, key));
}

#define COLUMNS_EVERY \
	{ "COUNT", "count", 1, NULL }, \
	{ "ERROR", "error", 1, error_cell }, \
	{ "SHARE", "count", 1, share_cell }, \
	{ "FIRST", "first", 0, time_cell }, \
	{ "LAST", "last", 0, time_cell }, \
	{ "GROUP", "group", 0, NULL }

/* The columns for what tops are by. */
struct top_columns {
	const char *by;
	const struct column *columns;
	size_t count;
};

static const struct column client_columns[] = {
	COLUMNS_EVERY, { "CLIENT", "client", 0, NULL }
};
static const struct column name_columns[] = {
	COLUMNS_EVERY, { "NAME", "name", 0, NULL }
};
static const struct column rule_columns[] = {
	COLUMNS_EVERY, { "REASON", "reason", 0, NULL },
	{ "RULE", "rule", 0, NULL }
};
static const struct column pair_columns[] = {
	COLUMNS_EVERY, { "CLIENT", "client", 0, NULL },
	{ "NAME", "name", 0, NULL }
};

#define TOP_COLUMNS(by, columns) \
	{ by, columns, sizeof(columns) / sizeof((columns)[0]) }

static const struct top_columns tops[] = {
	TOP_COLUMNS("clients", client_columns),
	TOP_COLUMNS("names", name_columns),
	TOP_COLUMNS("rules", rule_columns),
	TOP_COLUMNS("pairs", pair_columns),
};

#define TOPS (sizeof(tops) / sizeof(tops[0]))

static const struct top_columns *
columns_by(const char *by)
{
	size_t i;

	for (i = 0; i + 1 < TOPS && strcmp(tops[i].by, by) != 0; i++)
		;
	return &tops[i];
}

/* What all rows count together. */
static uint64_t
sum_counts(const struct table *table)
{
	const struct record *row = NULL;
	uint64_t sum = 0;

	while ((row = next_row(table, row)) != NULL)
		sum += (uint64_t)number(row, "count");
	return sum;
}

/* How far the counts may be trusted. */
static void
put_trust(const struct record *top, int shares_of_shown)
{
	if (is(top, "exact", "yes"))
		printf("Counts are exact");
	else
		printf("Counts are not exact, more than %" PRId64 " came: a "
			"true count is COUNT or at most ERROR less",
			number(top, "room"));
	if (number(top, "lost") > 0)
		printf("; %" PRId64 " events were lost and are in no count",
			number(top, "lost"));
	else
		printf("; no event was lost");
	printf("; shares are of %s.\n", shares_of_shown ? "what is shown"
		: "all");
}

static int
print_top(const struct reply *reply)
{
	const struct record *top = reply_find(reply, "top");
	const struct top_columns *by = columns_by(value(top, "by"));
	struct table table = { reply, "entry", by->columns, by->count, 0 };
	int has_total = has(top, "total");

	printf("Blocked or audited most often, by ");
	put(value(top, "by"));
	printf(", since ");
	put_time(number(top, "since"), number(top, "now"));
	putchar('\n');
	table.total = has_total ? (uint64_t)number(top, "total")
		: sum_counts(&table);
	if (next_row(&table, NULL) != NULL)
		put_table(&table);
	else
		printf("nothing\n");
	put_trust(top, !has_total);
	return 0;
}

/* --- watch. */

static int
print_event(const struct record *record)
{
	char time[TEXT_TIME_MAX];

	if (strcmp(record->kind, "lost") == 0) {
		printf("lost %" PRId64 " events\n", number(record, "count"));
		return 0;
	}
	text_time(time, number(record, "time"));
	/* The fraction goes before the Z. */
	time[strcspn(time, "Z")] = '\0';
	printf("%s.%06" PRId64 "Z  ", time, number(record, "microseconds"));
	put_left(value(record, "verdict"), 5);
	putchar(' ');
	put_left(value(record, "action"), 8);
	putchar(' ');
	put_left(value(record, "reason"), 10);
	putchar(' ');
	put_left(value(record, "group"), 12);
	putchar(' ');
	put_left(value(record, "client"), 15);
	putchar(' ');
	put_left(value(record, "name"), 32);
	putchar(' ');
	put(value(record, "class"));
	putchar(' ');
	put_left(value(record, "type"), 5);
	putchar(' ');
	put(value(record, "rule"));
	if (has(record, "found")) {
		printf(" found ");
		put(value(record, "found"));
	}
	putchar('\n');
	return 0;
}

/* --- explain. */

static void
put_client(const struct record *explain)
{
	put(value(explain, "client"));
	if (!has(explain, "group")) {
		printf(" is in no group");
		if (has(explain, "prefix")) {
			printf(", by unrestricted ");
			put(value(explain, "prefix"));
		}
		printf(": it is served as if bitsink were not there.\n");
		return;
	}
	printf(" is in group ");
	put(value(explain, "group"));
	printf(" (");
	put(value(explain, "group-at"));
	printf("), by client ");
	put(value(explain, "prefix"));
	printf(".\n");
}

/* The pattern, its list and its place. */
static void
put_rule(const struct record *record)
{
	put(value(record, "pattern"));
	if (has(record, "list")) {
		printf(" of list ");
		put(value(record, "list"));
	}
	printf(" (");
	put(value(record, "rule"));
	putchar(')');
}

/* The pattern that decided. */
static void
put_pattern(const struct record *explain)
{
	if (is(explain, "kind", "quiet")) {
		printf(" is quiet by the pattern ");
		put_rule(explain);
		printf(": nothing allows it, and it is no alarm.\n");
		return;
	}
	printf(" is %s by the %s ",
		is(explain, "deny", "yes") ? "denied" : "allowed",
		is(explain, "kind", "site") ? "zone" : "pattern");
	put_rule(explain);
	if (is(explain, "kind", "window"))
		printf(" of the open window");
	printf(", the most specific one that matches.\n");
}

/* What is allowed besides the policy. */
static void
put_exception(const struct record *explain)
{
	char time[TEXT_TIME_MAX];

	text_time(time, number(explain, "until"));
	if (has(explain, "followed-from")) {
		printf(" is allowed until %s: it stood in the chain of the "
			"answer to ", time);
		put(value(explain, "followed-from"));
		printf("\n");
		return;
	}
	printf(" is allowed until %s, by \"bitsinkctl allow\" of ", time);
	put(value(explain, "granted"));
	printf(".\n");
}

static void
put_reason(const struct record *explain)
{
	const char *class = value(explain, "class");

	if (is(explain, "verdict", "unrestricted"))
		return;
	put(value(explain, "name"));
	if (is(explain, "reason", "class")) {
		printf(" is asked for in class ");
		put(class);
		printf(", which no pattern allows anything in.\n");
	} else if (is(explain, "reason", "type")) {
		printf(" may be asked for, but not for ");
		put(value(explain, "type"));
		printf(": the group's types are ");
		put(value(explain, "types"));
		printf(".\n");
	} else if (has(explain, "pattern")) {
		put_pattern(explain);
	} else if (has(explain, "until")) {
		put_exception(explain);
	} else if (is(explain, "reason", "quiet")) {
		printf(" is quiet, as all names of one label: nothing allows "
			"it, and it is no alarm.\n");
	} else if (is(explain, "reason", "not-listed")) {
		printf(" is not listed there: no pattern matches.\n");
	} else {
		printf(" is judged for the reason ");
		put(value(explain, "reason"));
		printf(".\n");
	}
}

/* Whether a window is open, and until when that is so. */
static void
put_window(const struct record *explain)
{
	char time[TEXT_TIME_MAX];

	if (!has(explain, "window"))
		return;
	printf("%s of the group is open now",
		is(explain, "window", "open") ? "A window" : "No window");
	if (has(explain, "window-change")) {
		text_time(time, number(explain, "window-change"));
		printf("; that changes at %s", time);
	}
	printf(".\n");
}

static void
put_inspects(const struct record *explain)
{
	if (!has(explain, "inspects"))
		return;
	printf("What the group gets is judged by its %s, too.\n",
		is(explain, "inspects", "chain") ? "chain" :
		is(explain, "inspects", "addresses") ? "addresses" :
		"chain and its addresses");
}

static void
put_answer(const struct record *explain)
{
	printf("Answer to a query for ");
	put(value(explain, "class"));
	putchar(' ');
	put(value(explain, "type"));
	printf(": ");
	put(value(explain, "answer"));
	if (is(explain, "answer", "none"))
		printf(", the query is dropped");
	if (has(explain, "ttl")) {
		printf(", TTL ");
		put(value(explain, "ttl"));
	}
	printf(".\n");
	if (has(explain, "ede")) {
		printf("The client is told: ");
		put(value(explain, "ede"));
		putchar('\n');
	}
}

static int
print_explain(const struct record *explain)
{
	put_client(explain);
	put_reason(explain);
	put_window(explain);
	if (is(explain, "verdict", "audit")) {
		printf("The group is in audit: this is counted and logged, and "
			"answered all the same; else the action would be ");
		put(value(explain, "action"));
		printf(".\n");
	}
	put_answer(explain);
	put_inspects(explain);
	return 0;
}

/* --- allow, revoke, site. */

static int
print_grant(const struct record *record)
{
	char until[TEXT_TIME_MAX];

	put(value(record, "group"));
	if (strcmp(record->kind, "grant") == 0) {
		text_time(until, number(record, "until"));
		printf(" may ask for ");
		put(value(record, "pattern"));
		printf(" until %s\n", until);
	} else {
		printf(" may no longer ask for ");
		put(value(record, "pattern"));
		putchar('\n');
	}
	return 0;
}

/* As the records came, for they are what --site reads. */
static int
print_site(const struct reply *reply)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	int result = 0;
	size_t i;
	unsigned k;

	for (i = 0; i < reply->count; i++) {
		const struct record *record = &reply->records[i];

		record_begin(&writer, record->kind);
		for (k = 0; k < record->count; k++)
			record_text(&writer, record->fields[k].key,
				record->fields[k].value);
		record_end(&writer);
	}
	if (writer.broken)
		result = -1;
	else if (writer.length > 0)
		(void)fwrite(writer.memory, 1, writer.length, stdout);
	record_clear(&writer);
	return result;
}

/* --- reload. */

/* On standard error, as check does. */
static void
put_problems(const struct reply *reply)
{
	size_t i;

	for (i = 0; i < reply->count; i++) {
		if (strcmp(reply->records[i].kind, "problem") != 0)
			continue;
		(void)text_safe(stderr, value(&reply->records[i], "text"));
		fputc('\n', stderr);
	}
}

static void
put_group_change(const struct record *change)
{
	fputs("group ", stdout);
	put(value(change, "name"));
	fputs(": ", stdout);
	if (!is(change, "change", "changed")) {
		put(value(change, "change"));
		return;
	}
	put(value(change, "option"));
	putchar(' ');
	put(value(change, "before"));
	fputs(" -> ", stdout);
	put(value(change, "after"));
}

static void
put_option_change(const struct record *change)
{
	fputs("option ", stdout);
	put(value(change, "name"));
	fputs(": ", stdout);
	put(value(change, "before"));
	fputs(" -> ", stdout);
	put(value(change, "after"));
}

static void
put_client_change(const struct record *change)
{
	fputs("client ", stdout);
	put(value(change, "prefix"));
	fputs(": ", stdout);
	put(has(change, "before") && !is(change, "before", "-")
		? value(change, "before") : "unrestricted");
	fputs(" -> ", stdout);
	put(has(change, "after") && !is(change, "after", "-")
		? value(change, "after") : "unrestricted");
}

/* What a pattern is for, as the policy's file has it. */
static const char *
kind_of_pattern(const struct record *change)
{
	if (is(change, "kind", "quiet"))
		return "quiet";
	if (is(change, "kind", "window"))
		return "window-allow";
	if (is(change, "kind", "chain"))
		return "chain-allow";
	if (is(change, "kind", "site"))
		return "zone";
	return is(change, "deny", "yes") ? "deny" : "allow";
}

static void
put_pattern_change(const struct record *change)
{
	fputs("group ", stdout);
	put(value(change, "group"));
	printf(": %c %s ", is(change, "change", "added") ? '+' : '-',
		kind_of_pattern(change));
	put_rule(change);
}

static void
put_verdict_change(const struct record *change)
{
	put(value(change, "client"));
	putchar(' ');
	put(value(change, "name"));
	fputs(": ", stdout);
	put(value(change, "before"));
	fputs(" -> ", stdout);
	put(value(change, "after"));
	if (!has(change, "after-rule"))
		return;
	fputs(" (", stdout);
	put(value(change, "after-rule"));
	putchar(')');
}

/* What would change, a line each. Whether KIND has a line. */
static int
put_policy_change(const struct record *change)
{
	static const struct {
		const char *kind;
		void (*put)(const struct record *change);
	} kinds[] = {
		{ "option", put_option_change },
		{ "group", put_group_change },
		{ "client", put_client_change },
		{ "pattern", put_pattern_change },
		{ "verdict", put_verdict_change },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(change->kind, kinds[i].kind) == 0) {
			kinds[i].put(change);
			putchar('\n');
			return 1;
		}
	return 0;
}

static void
put_diff(const struct reply *reply, const struct record *changes)
{
	const struct record *verdicts = reply_find(reply, "verdicts");
	size_t i;

	for (i = 0; i < reply->count; i++)
		(void)put_policy_change(&reply->records[i]);
	printf("Would change: options %" PRId64 ", groups %" PRId64
		", clients %" PRId64 ", patterns %" PRId64 ".\n",
		number(changes, "options"), number(changes, "groups"),
		number(changes, "clients"), number(changes, "patterns"));
	if (verdicts != NULL)
		printf("Of %" PRId64 " names that clients asked for lately, "
			"%" PRId64 " would be blocked that were not, %" PRId64
			" no longer blocked, %" PRId64 " otherwise.\n",
			number(verdicts, "asked"), number(verdicts, "blocked"),
			number(verdicts, "allowed"),
			number(verdicts, "other"));
}

static int
print_reload(const struct reply *reply)
{
	const struct record *reloaded = reply_find(reply, "reloaded");
	const struct record *changes = reply_find(reply, "changes");

	put_problems(reply);
	if (changes != NULL) {
		put_diff(reply, changes);
	} else if (reloaded != NULL) {
		put(value(reloaded, "policy"));
		printf(": in force, generation %" PRId64 ", groups %" PRId64
			", prefixes %" PRId64 ", patterns %" PRId64 "\n",
			number(reloaded, "generation"),
			number(reloaded, "groups"),
			number(reloaded, "prefixes"),
			number(reloaded, "patterns"));
	} else {
		fputs("bitsinkctl: the policy has errors; nothing has "
			"changed\n", stderr);
	}
	return 0;
}

/* --- replay. */

/* What of a recording is not all right. */
static void
put_count(const struct record *record, const char *key, const char *what)
{
	if (number(record, key) > 0)
		printf(", %s %" PRId64, what, number(record, key));
}

static void
put_recording(const struct record *recording)
{
	put(value(recording, "file"));
	printf(": %s, queries %" PRId64, value(recording, "format"),
		number(recording, "queries"));
	put_count(recording, "others", "of another kind");
	put_count(recording, "unreadable", "unreadable");
	put_count(recording, "fragments", "fragments of queries");
	put_count(recording, "segments", "TCP segments without a whole query");
	put_count(recording, "missing", "known to be missing");
	putchar('\n');
	if (is(recording, "partial", "yes"))
		printf("    It has no queries that were allowed: more may be "
			"newly blocked.\n");
	if (has(recording, "stopped")) {
		printf("    NOT READ TO ITS END: ");
		put(value(recording, "stopped"));
		putchar('\n');
	}
}

static void
put_policies(const struct record *replay)
{
	char time[TEXT_TIME_MAX];

	put(value(replay, "config"));
	printf(" in the place of ");
	if (has(replay, "against")) {
		put(value(replay, "against"));
	} else {
		text_time(time, number(replay, "kept"));
		printf("the last good policy in ");
		put(value(replay, "state"));
		printf(", kept %s", time);
	}
	putchar('\n');
}

static void
put_why(const struct record *explain)
{
	if (has(explain, "pattern")) {
		printf("%s ", is(explain, "deny", "yes") ? "denied by" :
			is(explain, "kind", "quiet") ? "quiet by" :
			is(explain, "kind", "site") ? "by the zone" :
			is(explain, "kind", "window") ? "in a window by" :
			"by");
		put_rule(explain);
	} else if (is(explain, "reason", "type")) {
		printf("for its type ");
		put(value(explain, "type"));
	} else if (is(explain, "reason", "quiet")) {
		printf("quiet, as all names of one label");
	} else if (is(explain, "reason", "class")) {
		printf("for its class");
	} else if (is(explain, "reason", "not-listed")) {
		printf("not listed");
	} else {
		printf("for the reason ");
		put(value(explain, "reason"));
	}
}

/* Before or after. */
static void
put_side(const char *label, const struct record *explain)
{
	printf("    %s: ", label);
	if (!has(explain, "group")) {
		printf("unrestricted, in no group\n");
		return;
	}
	if (is(explain, "verdict", "allow"))
		printf("allowed");
	else if (is(explain, "verdict", "audit"))
		printf("only audited, answered as usual");
	else
		printf("blocked");
	if (has(explain, "action"))
		printf(" (%s)", value(explain, "action"));
	printf(" in group ");
	put(value(explain, "group"));
	printf(", ");
	put_why(explain);
	putchar('\n');
}

static void
put_times(const struct record *change)
{
	char first[TEXT_TIME_MAX], last[TEXT_TIME_MAX];

	if (!has(change, "first"))
		return;
	text_time(first, number(change, "first"));
	text_time(last, number(change, "last"));
	printf(", %s", first);
	if (strcmp(first, last) != 0)
		printf(" to %s", last);
}

/* A change, and behind it what was and what would be. */
static void
put_change(const struct record *change)
{
	put_right(value(change, "count"), 8);
	printf("  ");
	put(value(change, "client"));
	putchar(' ');
	put(value(change, "name"));
	if (!is(change, "class", "IN")) {
		putchar(' ');
		put(value(change, "class"));
	}
	put_times(change);
	putchar('\n');
	put_side("was", change + 1);
	put_side("now", change + 2);
}

/* The changes behind the record "changes" at AT. */
static void
put_changes(const struct reply *reply, size_t at)
{
	const struct record *changes = &reply->records[at];
	int64_t left = number(changes, "pairs");

	if (is(changes, "kind", "newly-blocked"))
		printf("\nNewly blocked: ");
	else if (is(changes, "kind", "newly-allowed"))
		printf("\nNewly allowed: ");
	else
		printf("\nOther changes: ");
	if (number(changes, "queries") == 0)
		printf("none\n");
	else
		printf("%" PRId64 " queries, %" PRId64 " pairs of client and "
			"name\n", number(changes, "queries"), left);
	for (at++; at + 2 < reply->count &&
	    strcmp(reply->records[at].kind, "change") == 0; at += 3) {
		put_change(&reply->records[at]);
		left--;
	}
	if (left > 0)
		printf("    and %" PRId64 " more\n", left);
}

static void
put_sums(const struct record *replay)
{
	put_line(replay, "queries");
	put_line(replay, "restricted");
	put_line(replay, "unreadable");
	if (number(replay, "missing") > 0)
		put_line(replay, "missing");
	put_line(replay, "same");
	put_line(replay, "changed");
	if (number(replay, "unlisted") > 0)
		printf("There are too many changes to tell all apart: %" PRId64
			" of these queries are of none below.\n",
			number(replay, "unlisted"));
}

static int
print_replay(const struct reply *reply)
{
	const struct record *replay = reply_find(reply, "replay");
	size_t i;

	put_policies(replay);
	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, "recording") == 0)
			put_recording(&reply->records[i]);
	put_sums(replay);
	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, "changes") == 0)
			put_changes(reply, i);
	return 0;
}

/* --- What needs no module. */

static void
put_diag(const struct diag *diag)
{
	size_t i, all = diag->errors + diag->warnings + diag->notes;

	for (i = 0; i < diag->kept; i++) {
		(void)text_safe(stderr, diag->items[i].text);
		fputc('\n', stderr);
	}
	if (all > diag->kept)
		fprintf(stderr, "and %zu more\n", all - diag->kept);
}

static int
print_check(const struct checked *checked)
{
	const struct policy *policy = checked->policy;

	put_diag(checked->diag);
	put(checked->file);
	if (policy != NULL)
		printf(": groups %zu, prefixes %zu, patterns %zu, warnings "
			"%zu\n", policy->group_count, policy->prefix_count,
			policy->pattern_count, checked->diag->warnings);
	else
		printf(": errors %zu, warnings %zu\n", checked->diag->errors,
			checked->diag->warnings);
	return 0;
}

static int
print_lists(const struct reply *reply, const struct diag *diag)
{
	static const struct column columns[] = {
		{ "LIST", "name", 0, NULL },
		{ "PATTERNS", "patterns", 1, NULL },
		{ "DATE", "date", 0, NULL },
		{ "FOR", "title", 0, NULL },
		{ "FILE", "file", 0, NULL },
	};
	struct table table = {
		reply, "list", columns, sizeof(columns) / sizeof(columns[0]), 0
	};
	const struct record *row = NULL;

	put_diag(diag);
	put_table(&table);
	while ((row = next_row(&table, row)) != NULL)
		if (has(row, "other")) {
			put(value(row, "name"));
			printf(": ");
			put(value(row, "file"));
			printf(" goes before ");
			put(value(row, "other"));
			putchar('\n');
		}
	return 0;
}

/* A line of a file, whose tabs stay. */
static void
put_text_line(const char *line)
{
	size_t length;
	char *copy = strdup(line), *at = copy;

	while (at != NULL) {
		length = strcspn(at, "\t");
		if (at[length] == '\0') {
			put(at);
			break;
		}
		at[length] = '\0';
		put(at);
		putchar('\t');
		at += length + 1;
	}
	putchar('\n');
	free(copy);
}

/* So that it can be a list again. */
static int
print_list(const struct reply *reply, const struct diag *diag)
{
	const struct record *list = reply_find(reply, "list");
	size_t i;

	put_diag(diag);
	printf("# from ");
	put(value(list, "file"));
	if (has(list, "other")) {
		printf("\n# which goes before ");
		put(value(list, "other"));
	}
	putchar('\n');
	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, "text") == 0)
			put_text_line(record_get(&reply->records[i], "line"));
	return 0;
}

static int
print_version(const char *version)
{
	printf("bitsinkctl %s\n", version);
	return 0;
}

static void
put_command(const struct command *command)
{
	printf("%s%s%s\n        %s\n", command->name,
		command->arguments[0] != '\0' ? " " : "", command->arguments,
		command->what);
}

static int
print_help(const struct command *command)
{
	if (command != NULL) {
		printf("usage: bitsinkctl [--socket PATH] [--json] ");
		put_command(command);
	} else {
		printf("usage: bitsinkctl [--socket PATH] [--json] "
			"COMMAND\n\n");
		for (command = session_commands; command->name != NULL;
		    command++) {
			printf("  ");
			put_command(command);
		}
	}
	printf("\nSee bitsinkctl(1).\n");
	return 0;
}

static int
print_error(const char *text, const struct diag *diag)
{
	if (diag != NULL)
		put_diag(diag);
	fprintf(stderr, "bitsinkctl: ");
	(void)text_safe(stderr, text);
	fputc('\n', stderr);
	return 0;
}

/* It is for programs, and as it is. */
static int
print_exported(const struct exported *exported)
{
	fputs(exported->text, stdout);
	return 0;
}

const struct printer print_printer = {
	.status = print_status,
	.groups = print_groups,
	.stats = print_stats,
	.top = print_top,
	.event = print_event,
	.explain = print_explain,
	.report = report_write,
	.check = print_check,
	.lists = print_lists,
	.list = print_list,
	.exported = print_exported,
	.replay = print_replay,
	.suggest = fragment_print,
	.reload = print_reload,
	.grant = print_grant,
	.site = print_site,
	.version = print_version,
	.help = print_help,
	.error = print_error,
};
