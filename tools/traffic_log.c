/*
 * traffic_log.c - queries in text: the lines that bitsink writes to Unbound's
 * log, and those of "bitsinkctl watch --json".
 */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "question.h"
#include "text.h"
#include "traffic.h"

/* More than any line of either has; a longer one is none. */
#define LINE_MAX_OCTETS 16384

/* What bitsink's lines begin with, behind what Unbound or syslog puts there. */
static const char mark[] = "bitsink: ";

/* --- Lines. */

struct line {
	char text[LINE_MAX_OCTETS];
	/* It has a NUL, or is too long. */
	int damaged;
};

/* Reads a line, without its end. Returns 0 where there is none. */
static int
read_line(FILE *file, struct line *line)
{
	size_t length = 0;
	int c;

	line->damaged = 0;
	for (c = getc_unlocked(file); c != EOF && c != '\n';
	    c = getc_unlocked(file)) {
		if (c == '\0' || length + 1 >= sizeof(line->text))
			line->damaged = 1;
		else
			line->text[length++] = (char)c;
	}
	line->text[length] = '\0';
	return c != EOF || length > 0 || line->damaged;
}

/* --- A query, from either. */

/* Texts of a line; NULL for those that it does not have. */
struct fields {
	const char *client;
	const char *name;
	const char *type;
	const char *rrclass;
};

static int
take_fields(const struct traffic_sink *sink, struct traffic *traffic,
	const struct fields *fields, int has_time, int64_t seconds)
{
	struct question question;
	struct traffic_query query;
	const char *found;

	/* "?" was no name; one that has that label is written with \063. */
	if (fields->client == NULL || fields->name == NULL ||
	    fields->type == NULL || fields->rrclass == NULL ||
	    strcmp(fields->name, "?") == 0 || question_read(&question,
	    fields->client, fields->name, fields->type, fields->rrclass,
	    &found) != NULL) {
		traffic->unreadable++;
		return 0;
	}
	memset(&query, 0, sizeof(query));
	query.query = question.query;
	query.has_time = has_time;
	query.seconds = seconds;
	traffic->queries++;
	return sink->take(sink->arg, &query);
}

static void
add_missing(struct traffic *traffic, const char *text)
{
	int64_t count;

	if (text != NULL && text_number(text, &count) == 0 && count >= 0)
		traffic->missing += (uint64_t)count;
	else
		traffic->unreadable++;
}

/* --- Unbound's log. */

/* The value of KEY, which ends with '=', in the words behind AT; NULL where
 * there is none. It is cut off behind its end by split(). */
static const char *
find_value(const char *at, const char *end, const char *key)
{
	size_t length = strlen(key);

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, key, length) == 0)
			return at + length;
	return NULL;
}

/* Ends each word with a NUL; returns the end of the last. */
static const char *
split(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == ' ')
			*text = '\0';
	return text;
}

/* As in 2026-11-23T07:30:00.000042Z. */
static int
read_time(const char *text, int64_t *seconds)
{
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	if (text == NULL)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || (*end != '.' && *end != 'Z'))
		return 0;
	*seconds = timegm(&tm);
	return 1;
}

static int
take_words(const struct traffic_sink *sink, struct traffic *traffic,
	char *words)
{
	const char *end = split(words);
	const struct fields fields = {
		find_value(words, end, "client="),
		find_value(words, end, "name="),
		find_value(words, end, "type="),
		find_value(words, end, "class=")
	};
	int64_t seconds = 0;
	int has_time = read_time(find_value(words, end, "time="), &seconds);

	traffic->is_partial = 1;
	return take_fields(sink, traffic, &fields, has_time, seconds);
}

/* Lines that were left out, for a limit or for too many came. */
static void
take_limit(struct traffic *traffic, char *words)
{
	const char *end = split(words);
	const char *count = find_value(words, end, "suppressed=");

	traffic->others++;
	add_missing(traffic, count != NULL ? count
		: find_value(words, end, "lost="));
}

/* What is behind PREFIX in TEXT, or NULL. */
static char *
behind(char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static int
take_log_line(const struct traffic_sink *sink, struct traffic *traffic,
	char *text)
{
	char *at, *words;

	/* A name of a host or a program may be the same word. */
	for (at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
		at += sizeof(mark) - 1;
		words = behind(at, "block ");
		if (words == NULL)
			words = behind(at, "audit ");
		if (words != NULL)
			return take_words(sink, traffic, words);
		words = behind(at, "log-limit ");
		if (words != NULL) {
			take_limit(traffic, words);
			return 0;
		}
	}
	traffic->others++;
	return 0;
}

/* --- Lines of "watch --json". */

static const char *
text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static int
take_object(const struct traffic_sink *sink, struct traffic *traffic,
	const json_t *json)
{
	const json_t *time = json_object_get(json, "time");
	const json_t *lost = json_object_get(json, "lost");
	const struct fields fields = { text_of(json, "client"),
		text_of(json, "name"), text_of(json, "type"),
		text_of(json, "class") };

	if (json_integer_value(lost) > 0)
		traffic->missing += (uint64_t)json_integer_value(lost);
	/* How many were lost, or how it ended. */
	if (lost != NULL || json_object_get(json, "error") != NULL) {
		traffic->others++;
		return 0;
	}
	return take_fields(sink, traffic, &fields, json_is_integer(time),
		json_integer_value(time));
}

static int
take_json_line(const struct traffic_sink *sink, struct traffic *traffic,
	const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	int result = 0;

	if (json != NULL)
		result = take_object(sink, traffic, json);
	else
		traffic->unreadable++;
	json_decref(json);
	return result;
}

/* --- The file. */

static int
take_line(const struct traffic_sink *sink, struct traffic *traffic,
	struct line *line)
{
	if (line->damaged) {
		traffic->unreadable++;
		return 0;
	}
	if (line->text[0] == '{')
		return take_json_line(sink, traffic, line->text);
	return take_log_line(sink, traffic, line->text);
}

int
traffic_log(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size)
{
	struct line line;
	int result = 0;

	(void)wrong;
	(void)size;
	while (result == 0 && read_line(file, &line))
		result = take_line(sink, traffic, &line);
	if (ferror(file))
		snprintf(traffic->stopped, sizeof(traffic->stopped), "the "
			"file cannot be read to its end");
	(void)fclose(file);
	return 0;
}
