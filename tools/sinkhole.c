/*
 * sinkhole.c - who asked at the sinkhole, joined with what was blocked.
 */
#include "sinkhole.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "question.h"
#include "text.h"

/* More than nginx writes of a request by our format, whose headers are limited
 * to four of 8192 octets. */
#define LINE_OCTETS_MAX 131072
/* Of an octet beyond ASCII: a backslash in JSON, and three digits. */
#define OCTET_JSON_MAX 5

/* Pairs that no module told of. */
#define UNMATCHED_MAX 1000
#define PROBLEMS_MAX 10

/* Octets that are shown of what a client sent. */
#define PATH_SHOWN 400
#define AGENT_SHOWN 160
#define METHOD_SHOWN 32

/* The end of the year 9999. */
#define TIME_MAX INT64_C(253402300799)

/* A client and a name. */
struct row {
	/* What rows are compared by. */
	struct address client;
	struct name name;
	/* The record of the reply, NULL for none. */
	const struct record *pair;
	uint64_t requests;
	int64_t first;
	int64_t last;
	char method[METHOD_SHOWN + 4];
	char path[PATH_SHOWN + 4];
	char agent[AGENT_SHOWN + 4];
};

struct join {
	const char *path;
	FILE *file;
	/* The line that is read, and the same in ASCII. */
	char *line;
	char *ascii;
	size_t length;
	/* All rows, as they came, and a tree of them. */
	struct row **rows;
	size_t count;
	size_t room;
	void *tree;
	size_t unmatched;
	uint64_t lines;
	uint64_t requests;
	uint64_t bits;
	uint64_t tls;
	uint64_t unreadable;
	uint64_t left_out;
	struct record_writer problems;
};

/* --- Rows. */

static int
compare_rows(const void *a, const void *b)
{
	const struct row *one = a, *other = b;
	int order;

	if (one->client.family != other->client.family)
		return one->client.family < other->client.family ? -1 : 1;
	order = memcmp(one->client.octets, other->client.octets,
		sizeof(one->client.octets));
	if (order != 0)
		return order;
	if (one->name.length != other->name.length)
		return one->name.length < other->name.length ? -1 : 1;
	return memcmp(one->name.octets, other->name.octets, one->name.length);
}

/* Takes CLIENT and NAME as text. NULL, or what was expected of *KEY. */
static const char *
set_key(struct row *row, const char *client, const char *name,
	const char **key)
{
	struct question question;
	const char *expected;

	memset(row, 0, sizeof(*row));
	*key = "client";
	if (client == NULL || address_from_text(&row->client, client) != 0)
		return "an address";
	*key = "name";
	if (name == NULL)
		return "a name";
	expected = question_read_name(&question, name);
	if (expected != NULL)
		return expected;
	return name_from_wire(&row->name, question.qname,
		question.query.qname_len) == 0 ? NULL : "a name";
}

/* The row of the pair of KEY, a new one where there is none; NULL when out of
 * memory. */
static struct row *
add_row(struct join *join, const struct row *key)
{
	struct row **place, *row = malloc(sizeof(*row));

	if (row == NULL || array_room(&join->rows, join->count, &join->room, 1,
	    sizeof(struct row *)) != 0) {
		free(row);
		return NULL;
	}
	memcpy(row, key, sizeof(*row));
	place = tsearch(row, &join->tree, compare_rows);
	if (place == NULL || *place != row) {
		free(row);
		return place != NULL ? *place : NULL;
	}
	join->rows[join->count++] = row;
	return row;
}

/* What was blocked. A record that is none of that is passed over. 0, or -1 when
 * out of memory. */
static int
add_pairs(struct join *join, const struct reply *pairs)
{
	size_t i;

	for (i = 0; i < pairs->count; i++) {
		const struct record *pair = &pairs->records[i];
		const char *key;
		struct row row;

		if (strcmp(pair->kind, "entry") != 0 || set_key(&row,
		    record_get(pair, "client"), record_get(pair, "name"),
		    &key) != NULL)
			continue;
		row.pair = pair;
		if (add_row(join, &row) == NULL)
			return -1;
	}
	return 0;
}

/* --- Lines. */

/* Reads a line, without its end. 1, 0 where there is none, or -1 where it is
 * longer than any, or has a NUL. */
static int
read_line(struct join *join)
{
	int c, result = 1;

	join->length = 0;
	for (c = getc_unlocked(join->file); c != EOF && c != '\n';
	    c = getc_unlocked(join->file)) {
		if (c == '\0' || join->length == LINE_OCTETS_MAX)
			result = -1;
		else
			join->line[join->length++] = (char)c;
	}
	return c != EOF || join->length > 0 || result < 0 ? result : 0;
}

/* What nginx was sent beyond ASCII it has written as it was: UTF-8 or not. As
 * \DDD it is JSON. */
static size_t
make_ascii(struct join *join)
{
	char *at = join->ascii;
	size_t i;

	for (i = 0; i < join->length; i++) {
		uint8_t octet = (uint8_t)join->line[i];

		if (octet >= 0x7f) {
			*at++ = '\\';
			at = octet_escape(at, octet);
		} else {
			*at++ = (char)octet;
		}
	}
	return (size_t)(at - join->ascii);
}

/* The column in the line of what is at COLUMN in ASCII; from 1. */
static size_t
column_of(const struct join *join, size_t column)
{
	size_t i, behind = 0;

	for (i = 0; i < join->length; i++) {
		behind += (uint8_t)join->line[i] >= 0x7f ? OCTET_JSON_MAX : 1;
		if (behind >= column)
			return i + 1;
	}
	return join->length + 1;
}

/* Where the value of KEY stands, or 1. A quote within a text has a '\' before
 * it, so nothing in a text looks like a key. */
static size_t
column_of_key(const struct join *join, const char *key)
{
	char word[40];
	const char *at;

	snprintf(word, sizeof(word), "\"%s\":", key);
	at = memmem(join->line, join->length, word, strlen(word));
	return at != NULL ? (size_t)(at - join->line) + strlen(word) + 1 : 1;
}

/* The line is not as it should be at COLUMN. */
static void
say_problem(struct join *join, size_t column, const char *expected)
{
	char text[SESSION_WRONG];

	if (join->unreadable++ >= PROBLEMS_MAX)
		return;
	snprintf(text, sizeof(text), "%s:%" PRIu64 ":%zu: expected %s",
		strcmp(join->path, "-") == 0 ? "standard input" : join->path,
		join->lines, column, expected);
	record_begin(&join->problems, "problem");
	record_text(&join->problems, "text", text);
	record_end(&join->problems);
}

static void
say_key(struct join *join, const char *key, const char *expected)
{
	char text[200];

	snprintf(text, sizeof(text), "%s for \"%s\"", expected, key);
	say_problem(join, column_of_key(join, key), text);
}

/* --- Requests. */

/* TEXT, of which SHOWN octets at most are told; an escape of what is beyond
 * ASCII is not cut in two. */
static void
cut_text(char *out, const char *text, size_t shown)
{
	size_t length = strlen(text), i;

	if (length <= shown) {
		memcpy(out, text, length + 1);
		return;
	}
	memcpy(out, text, shown);
	for (i = shown; i > 0 && shown - i < 3; i--)
		if (out[i - 1] == '\\') {
			shown = i - 1;
			break;
		}
	memcpy(out + shown, "...", 4);
}

/* The text of KEY; NULL for none, and what was expected is told. */
static const char *
text_of(struct join *join, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (text == NULL)
		say_key(join, key, "a text");
	return text;
}

static int
has_time(const json_t *json)
{
	const json_t *time = json_object_get(json, "time");

	return json_is_integer(time) && json_integer_value(time) >= 0 &&
		json_integer_value(time) <= TIME_MAX;
}

/* A request of BITS. 0, or -1 when out of memory. */
static int
count_request(struct join *join, const struct row *key, const json_t *json,
	const char *const texts[3])
{
	struct row **place = tfind(key, &join->tree, compare_rows), *row;
	int64_t time = json_integer_value(json_object_get(json, "time"));

	if (place == NULL && join->unmatched == UNMATCHED_MAX) {
		join->left_out++;
		return 0;
	}
	row = place != NULL ? *place : add_row(join, key);
	if (row == NULL)
		return -1;
	if (place == NULL)
		join->unmatched++;
	if (row->requests == 0 || time < row->first) {
		row->first = time;
		cut_text(row->method, texts[0], METHOD_SHOWN);
		cut_text(row->path, texts[1], PATH_SHOWN);
		cut_text(row->agent, texts[2], AGENT_SHOWN);
	}
	if (row->requests == 0 || time > row->last)
		row->last = time;
	row->requests++;
	return 0;
}

static int
take_request(struct join *join, const json_t *json)
{
	const json_t *bits = json_object_get(json, "bits");
	const char *texts[3], *expected, *key;
	struct row row;

	if (!json_is_boolean(bits)) {
		say_key(join, "bits", "true or false");
		return 0;
	}
	texts[0] = text_of(join, json, "method");
	texts[1] = texts[0] != NULL ? text_of(join, json, "path") : NULL;
	texts[2] = texts[1] != NULL ? text_of(join, json, "agent") : NULL;
	if (texts[2] == NULL)
		return 0;
	expected = set_key(&row, json_string_value(json_object_get(json,
		"client")), json_string_value(json_object_get(json, "name")),
		&key);
	/* A request may name no host, or what is no name, as any scan does. */
	if (expected != NULL && (strcmp(key, "client") == 0 ||
	    json_is_true(bits))) {
		say_key(join, key, expected);
		return 0;
	}
	join->requests++;
	if (!json_is_true(bits))
		return 0;
	join->bits++;
	return count_request(join, &row, json, texts);
}

static int
take_object(struct join *join, const json_t *json)
{
	if (!json_is_object(json)) {
		say_problem(join, 1, "an object of JSON");
		return 0;
	}
	if (!has_time(json)) {
		say_key(join, "time", "seconds since 1970");
		return 0;
	}
	if (json_is_true(json_object_get(json, "tls"))) {
		join->tls++;
		return 0;
	}
	return take_request(join, json);
}

/* 0, or -1 when out of memory. */
static int
take_line(struct join *join)
{
	size_t length = make_ascii(join);
	json_error_t error;
	json_t *json = json_loadb(join->ascii, length, JSON_REJECT_DUPLICATES,
		&error);
	int result = 0;

	if (json != NULL)
		result = take_object(join, json);
	else if (json_error_code(&error) == json_error_out_of_memory)
		result = -1;
	else
		say_problem(join, column_of(join, error.column > 0 ?
			(size_t)error.column : 1), "an object of JSON");
	json_decref(json);
	return result;
}

/* 0, or -1 when out of memory. */
static int
read_log(struct join *join)
{
	int found, result = 0;

	while (result == 0 && (found = read_line(join)) != 0) {
		join->lines++;
		if (found < 0)
			say_problem(join, 1, "a line of at most 131072 octets, "
				"without a NUL");
		else if (join->length > 0)
			result = take_line(join);
	}
	return result;
}

/* --- Records. */

/* Those that asked last first; the same order each time. */
static int
compare_times(const void *a, const void *b)
{
	const struct row *one = *(struct row *const *)a;
	const struct row *other = *(struct row *const *)b;

	if (one->last != other->last)
		return one->last > other->last ? -1 : 1;
	return compare_rows(one, other);
}

static void
put_number(struct record_writer *writer, const char *key, int64_t number)
{
	record_number(writer, key, (uint64_t)number);
}

static void
copy_field(struct record_writer *writer, const char *key,
	const struct record *from, const char *from_key)
{
	const char *value = record_get(from, from_key);

	if (value != NULL)
		record_text(writer, key, value);
}

static void
write_row(struct record_writer *writer, const struct row *row)
{
	char client[PREFIX_TEXT_MAX], name[NAME_TEXT_MAX];

	address_to_text(&row->client, client);
	name_to_text(row->name.octets, row->name.length, name);
	record_begin(writer, row->pair != NULL ? "finding" : "unmatched");
	record_text(writer, "client", client);
	record_text(writer, "name", name);
	if (row->pair != NULL) {
		copy_field(writer, "group", row->pair, "group");
		copy_field(writer, "count", row->pair, "count");
		copy_field(writer, "blocked-first", row->pair, "first");
		copy_field(writer, "blocked-last", row->pair, "last");
	}
	record_number(writer, "requests", row->requests);
	put_number(writer, "first", row->first);
	put_number(writer, "last", row->last);
	record_text(writer, "method", row->method);
	record_text(writer, "path", row->path);
	record_text(writer, "agent", row->agent);
	record_end(writer);
}

static void
write_rows(struct record_writer *writer, const struct join *join, int matched)
{
	size_t i;

	for (i = 0; i < join->count; i++)
		if (join->rows[i]->requests > 0 &&
		    (join->rows[i]->pair != NULL) == matched)
			write_row(writer, join->rows[i]);
}

static void
write_records(struct record_writer *writer, struct join *join)
{
	record_begin(writer, "sinkhole");
	record_text(writer, "file", join->path);
	record_number(writer, "lines", join->lines);
	record_number(writer, "requests", join->requests);
	record_number(writer, "bits", join->bits);
	record_number(writer, "tls", join->tls);
	record_number(writer, "unreadable", join->unreadable);
	record_number(writer, "left-out", join->left_out);
	record_end(writer);
	record_append(writer, &join->problems);
	if (join->count > 0)
		qsort(join->rows, join->count, sizeof(struct row *),
			compare_times);
	write_rows(writer, join, 1);
	write_rows(writer, join, 0);
}

/* --- The log. */

static enum session_code
read_and_write(const struct session *session, struct join *join,
	const struct reply *pairs, struct reply *findings)
{
	struct record_writer writer = { NULL, 0, 0, 0 };

	join->line = malloc(LINE_OCTETS_MAX);
	join->ascii = malloc((size_t)LINE_OCTETS_MAX * OCTET_JSON_MAX);
	if (join->line == NULL || join->ascii == NULL ||
	    add_pairs(join, pairs) != 0 || read_log(join) != 0)
		return session_printed(session, -1, SESSION_DONE);
	if (ferror(join->file))
		return session_error(session, SESSION_USAGE, "cannot read the "
			"sinkhole's log %s: %s", join->path, strerror(errno));
	write_records(&writer, join);
	writer.broken |= join->problems.broken;
	return session_reply(session, &writer, findings);
}

static void
nothing(void *row)
{
	(void)row;
}

enum session_code
sinkhole_join(const struct session *session, const char *path,
	const struct reply *pairs, struct reply *findings)
{
	struct join join = { .path = path };
	enum session_code code;
	size_t i;

	memset(findings, 0, sizeof(*findings));
	join.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (join.file == NULL)
		return session_error(session, SESSION_USAGE, "cannot read the "
			"sinkhole's log %s: %s", path, strerror(errno));
	code = read_and_write(session, &join, pairs, findings);
	if (join.file != stdin)
		(void)fclose(join.file);
	tdestroy(join.tree, nothing);
	for (i = 0; i < join.count; i++)
		free(join.rows[i]);
	free(join.rows);
	free(join.line);
	free(join.ascii);
	record_clear(&join.problems);
	return code;
}
