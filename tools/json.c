/*
 * json.c - answers for programs: one JSON object each, in one line, described
 * in bitsinkctl(1).
 */
#include <jansson.h>
#include <string.h>

#include "session.h"
#include "text.h"

/* ASCII only: no terminal takes any of it for a command. */
#define FORMAT (JSON_ENSURE_ASCII | JSON_COMPACT)

enum type { TEXT, NUMBER, YES_NO, NUMBERS, TEXTS, WORDS };

/* What the value of a key is, by the kind of record that it is in. */
struct key {
	const char *kind;
	const char *key;
	enum type type;
};

/* A key that is not here is passed over: its type would be a guess. */
static const struct key keys[] = {
	{ "status", "version", TEXT },
	{ "status", "unbound", TEXT },
	{ "status", "host", TEXT },
	{ "status", "pid", NUMBER },
	{ "status", "mode", TEXT },
	{ "status", "policy", TEXT },
	{ "status", "checksum", TEXT },
	{ "status", "generation", NUMBER },
	{ "status", "loaded", NUMBER },
	{ "status", "kept", NUMBER },
	{ "status", "stale", YES_NO },
	{ "status", "started", NUMBER },
	{ "status", "now", NUMBER },
	{ "status", "groups", NUMBER },
	{ "status", "prefixes", NUMBER },
	{ "status", "patterns", NUMBER },
	{ "status", "workers", NUMBER },
	{ "status", "listeners", NUMBER },
	{ "status", "memory", NUMBER },
	{ "status", "followed", NUMBER },
	{ "status", "errors", NUMBER },
	{ "status", "error", TEXT },
	{ "group", "name", TEXT },
	{ "group", "at", TEXT },
	{ "group", "mode", TEXT },
	{ "group", "action", TEXT },
	{ "group", "ttl", NUMBER },
	{ "group", "log", TEXT },
	{ "group", "prefixes", NUMBER },
	{ "group", "patterns", NUMBER },
	{ "group", "lists", TEXTS },
	{ "group", "sinkholes", TEXTS },
	{ "group", "allowed", NUMBER },
	{ "group", "blocked", NUMBER },
	{ "group", "audited", NUMBER },
	{ "group", "quiet", NUMBER },
	{ "line", "value", NUMBER },
	{ "top", "by", TEXT },
	{ "top", "since", NUMBER },
	{ "top", "now", NUMBER },
	{ "top", "used", NUMBER },
	{ "top", "room", NUMBER },
	{ "top", "exact", YES_NO },
	{ "top", "lost", NUMBER },
	{ "top", "total", NUMBER },
	{ "entry", "group", TEXT },
	{ "entry", "client", TEXT },
	{ "entry", "name", TEXT },
	{ "entry", "rule", TEXT },
	{ "entry", "reason", TEXT },
	{ "entry", "count", NUMBER },
	{ "entry", "error", NUMBER },
	{ "entry", "first", NUMBER },
	{ "entry", "last", NUMBER },
	{ "entry", "hours", NUMBERS },
	{ "history", "group", TEXT },
	{ "history", "step", NUMBER },
	{ "history", "now", NUMBER },
	{ "steps", "allowed", NUMBERS },
	{ "steps", "blocked", NUMBERS },
	{ "steps", "audited", NUMBERS },
	{ "steps", "quiet", NUMBERS },
	{ "event", "time", NUMBER },
	{ "event", "microseconds", NUMBER },
	{ "event", "client", TEXT },
	{ "event", "group", TEXT },
	{ "event", "name", TEXT },
	{ "event", "type", TEXT },
	{ "event", "class", TEXT },
	{ "event", "verdict", TEXT },
	{ "event", "reason", TEXT },
	{ "event", "action", TEXT },
	{ "event", "rule", TEXT },
	{ "event", "found", TEXT },
	{ "lost", "count", NUMBER },
	{ "explain", "client", TEXT },
	{ "explain", "name", TEXT },
	{ "explain", "type", TEXT },
	{ "explain", "class", TEXT },
	{ "explain", "verdict", TEXT },
	{ "explain", "reason", TEXT },
	{ "explain", "action", TEXT },
	{ "explain", "group", TEXT },
	{ "explain", "group-at", TEXT },
	{ "explain", "prefix", TEXT },
	{ "explain", "pattern", TEXT },
	{ "explain", "deny", YES_NO },
	{ "explain", "kind", TEXT },
	{ "explain", "list", TEXT },
	{ "explain", "rule", TEXT },
	{ "explain", "granted", TEXT },
	{ "explain", "until", NUMBER },
	{ "explain", "followed-from", TEXT },
	{ "explain", "window", TEXT },
	{ "explain", "window-change", NUMBER },
	{ "explain", "types", TEXTS },
	{ "explain", "inspects", TEXTS },
	{ "explain", "answer", TEXT },
	{ "explain", "ttl", NUMBER },
	{ "explain", "ede", TEXT },
	{ "grant", "group", TEXT },
	{ "grant", "pattern", TEXT },
	{ "grant", "since", NUMBER },
	{ "grant", "until", NUMBER },
	{ "revoked", "group", TEXT },
	{ "revoked", "pattern", TEXT },
	{ "problem", "severity", TEXT },
	{ "problem", "text", TEXT },
	{ "reloaded", "generation", NUMBER },
	{ "reloaded", "checksum", TEXT },
	{ "reloaded", "groups", NUMBER },
	{ "reloaded", "prefixes", NUMBER },
	{ "reloaded", "patterns", NUMBER },
	{ "reloaded", "policy", TEXT },
	{ "group", "change", TEXT },
	{ "group", "option", TEXT },
	{ "group", "before", TEXT },
	{ "group", "after", TEXT },
	{ "client", "change", TEXT },
	{ "client", "prefix", TEXT },
	{ "client", "before", TEXT },
	{ "client", "after", TEXT },
	{ "client", "tags", WORDS },
	{ "client", "view", TEXT },
	{ "zone", "name", TEXT },
	{ "zone", "kind", TEXT },
	{ "pattern", "change", TEXT },
	{ "pattern", "group", TEXT },
	{ "pattern", "kind", TEXT },
	{ "pattern", "list", TEXT },
	{ "pattern", "pattern", TEXT },
	{ "pattern", "deny", YES_NO },
	{ "pattern", "rule", TEXT },
	{ "option", "change", TEXT },
	{ "option", "name", TEXT },
	{ "option", "before", TEXT },
	{ "option", "after", TEXT },
	{ "changes", "groups", NUMBER },
	{ "changes", "clients", NUMBER },
	{ "changes", "patterns", NUMBER },
	{ "changes", "options", NUMBER },
	{ "verdict", "change", TEXT },
	{ "verdict", "client", TEXT },
	{ "verdict", "name", TEXT },
	{ "verdict", "type", TEXT },
	{ "verdict", "before", TEXT },
	{ "verdict", "after", TEXT },
	{ "verdict", "before-rule", TEXT },
	{ "verdict", "after-rule", TEXT },
	{ "verdict", "before-group", TEXT },
	{ "verdict", "after-group", TEXT },
	{ "verdicts", "blocked", NUMBER },
	{ "verdicts", "allowed", NUMBER },
	{ "verdicts", "other", NUMBER },
	{ "verdicts", "asked", NUMBER },
	{ "replay", "config", TEXT },
	{ "replay", "against", TEXT },
	{ "replay", "state", TEXT },
	{ "replay", "kept", NUMBER },
	{ "replay", "queries", NUMBER },
	{ "replay", "restricted", NUMBER },
	{ "replay", "unreadable", NUMBER },
	{ "replay", "missing", NUMBER },
	{ "replay", "same", NUMBER },
	{ "replay", "changed", NUMBER },
	{ "replay", "unlisted", NUMBER },
	{ "recording", "file", TEXT },
	{ "recording", "format", TEXT },
	{ "recording", "queries", NUMBER },
	{ "recording", "others", NUMBER },
	{ "recording", "unreadable", NUMBER },
	{ "recording", "fragments", NUMBER },
	{ "recording", "segments", NUMBER },
	{ "recording", "missing", NUMBER },
	{ "recording", "partial", YES_NO },
	{ "recording", "stopped", TEXT },
	{ "changes", "queries", NUMBER },
	{ "changes", "pairs", NUMBER },
	{ "change", "client", TEXT },
	{ "change", "name", TEXT },
	{ "change", "class", TEXT },
	{ "change", "count", NUMBER },
	{ "change", "first", NUMBER },
	{ "change", "last", NUMBER },
	{ "suggestion", "group", TEXT },
	{ "suggestion", "since", NUMBER },
	{ "suggestion", "until", NUMBER },
	{ "suggestion", "now", NUMBER },
	{ "suggestion", "used", NUMBER },
	{ "suggestion", "room", NUMBER },
	{ "suggestion", "lost", NUMBER },
	{ "suggestion", "learning", NUMBER },
	{ "suggestion", "names", NUMBER },
	{ "suggestion", "min-clients", NUMBER },
	{ "suggestion", "min-count", NUMBER },
	{ "suggestion", "single", TEXT },
	{ "list", "name", TEXT },
	{ "list", "file", TEXT },
	{ "list", "patterns", NUMBER },
	{ "list", "title", TEXT },
	{ "list", "purpose", TEXT },
	{ "list", "without", TEXT },
	{ "list", "date", TEXT },
	{ "list", "errors", NUMBER },
	{ "list", "other", TEXT },
	{ "row", "line", NUMBER },
	{ "row", "pattern", TEXT },
	{ "row", "ports", WORDS },
	{ "row", "note", TEXT },
	{ "list", "names", NUMBER },
	{ "list", "needed", NUMBER },
	{ "list", "wide", YES_NO },
	{ "list", "proposed", YES_NO },
	{ "allow", "pattern", TEXT },
	{ "allow", "domain", TEXT },
	{ "allow", "names", NUMBER },
	{ "allow", "count", NUMBER },
	{ "allow", "clients", NUMBER },
	{ "allow", "exact", YES_NO },
	{ "allow", "single", TEXT },
	{ "allow", "first", NUMBER },
	{ "allow", "last", NUMBER },
	{ "allow", "list", TEXT },
	{ "allow", "types", TEXT },
	{ "seen", "pattern", TEXT },
	{ "seen", "count", NUMBER },
	{ "seen", "clients", NUMBER },
	{ "seen", "exact", YES_NO },
	{ "seen", "single", TEXT },
	{ "seen", "first", NUMBER },
	{ "seen", "last", NUMBER },
	{ "seen", "list", TEXT },
	{ "seen", "types", TEXT },
	{ "seen", "reasons", TEXTS },
	{ "apart", "kind", TEXT },
	{ "apart", "pattern", TEXT },
	{ "apart", "domain", TEXT },
	{ "apart", "count", NUMBER },
	{ "apart", "clients", NUMBER },
	{ "apart", "exact", YES_NO },
	{ "apart", "single", TEXT },
	{ "apart", "first", NUMBER },
	{ "apart", "last", NUMBER },
	{ "apart", "list", TEXT },
	{ "apart", "types", TEXT },
	{ "apart", "reasons", TEXTS },
	{ "sinkhole", "file", TEXT },
	{ "sinkhole", "lines", NUMBER },
	{ "sinkhole", "requests", NUMBER },
	{ "sinkhole", "bits", NUMBER },
	{ "sinkhole", "tls", NUMBER },
	{ "sinkhole", "unreadable", NUMBER },
	{ "sinkhole", "left-out", NUMBER },
	{ "finding", "client", TEXT },
	{ "finding", "name", TEXT },
	{ "finding", "group", TEXT },
	{ "finding", "count", NUMBER },
	{ "finding", "blocked-first", NUMBER },
	{ "finding", "blocked-last", NUMBER },
	{ "finding", "requests", NUMBER },
	{ "finding", "first", NUMBER },
	{ "finding", "last", NUMBER },
	{ "finding", "method", TEXT },
	{ "finding", "path", TEXT },
	{ "finding", "agent", TEXT },
	{ "unmatched", "client", TEXT },
	{ "unmatched", "name", TEXT },
	{ "unmatched", "requests", NUMBER },
	{ "unmatched", "first", NUMBER },
	{ "unmatched", "last", NUMBER },
	{ "unmatched", "method", TEXT },
	{ "unmatched", "path", TEXT },
	{ "unmatched", "agent", TEXT },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* --- Values. Those that make one return NULL when out of memory. */

/* A file's name may hold any octets: those of a VALUE that is not UTF-8, or
 * holds DEL, which jansson leaves as it is, stand as \DDD. */
static json_t *
text_value(const char *value)
{
	json_t *json = strchr(value, 0x7f) == NULL ? json_string(value) : NULL;
	char *ascii;

	if (json != NULL)
		return json;
	ascii = text_ascii(value);
	if (ascii == NULL)
		return NULL;
	json = json_string(ascii);
	free(ascii);
	return json;
}

/* null for what is no number: by the key it should have been one. */
static json_t *
number_value(const char *value)
{
	int64_t number;

	return text_number(value, &number) == 0 ? json_integer(number)
		: json_null();
}

/* The parts of VALUE between separators; none for "". */
static json_t *
array_value(const char *value, const char *separator,
	json_t *(*make)(const char *value))
{
	char *copy = strdup(value), *at = copy, *end;
	json_t *array = json_array();
	int failed = copy == NULL || array == NULL;

	while (!failed && at != NULL && *value != '\0') {
		end = strstr(at, separator);
		if (end != NULL)
			*end = '\0';
		failed = json_array_append_new(array, make(at)) != 0;
		at = end != NULL ? end + strlen(separator) : NULL;
	}
	free(copy);
	if (!failed)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
value_of(enum type type, const char *value)
{
	switch (type) {
	case NUMBER:
		return number_value(value);
	case YES_NO:
		return json_boolean(strcmp(value, "yes") == 0);
	case NUMBERS:
		return array_value(value, ",", number_value);
	case TEXTS:
		return array_value(value, ", ", text_value);
	case WORDS:
		return array_value(value, " ", text_value);
	case TEXT:
		break;
	}
	return text_value(value);
}

static const struct key *
find_key(const char *kind, const char *name)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (strcmp(keys[i].kind, kind) == 0 &&
		    strcmp(keys[i].key, name) == 0)
			return &keys[i];
	return NULL;
}

/* Sets the member KEY with '_' for '-', which filters need not quote. */
static int
set_member(json_t *object, const char *key, json_t *value)
{
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s", key);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '-')
			name[i] = '_';
	return json_object_set_new(object, name, value);
}

/* Adds the fields of RECORD to OBJECT. 0, or -1. */
static int
add_fields(json_t *object, const struct record *record)
{
	unsigned i;

	for (i = 0; i < record->count; i++) {
		const struct record_field *field = &record->fields[i];
		const struct key *key = find_key(record->kind, field->key);

		if (key != NULL && set_member(object, key->key,
		    value_of(key->type, field->value)) != 0)
			return -1;
	}
	return 0;
}

static json_t *
object_of(const struct record *record)
{
	json_t *object = json_object();

	if (object != NULL && add_fields(object, record) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* The records of KIND as objects. */
static json_t *
array_of(const struct reply *reply, const char *kind)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0 &&
		    json_array_append_new(array,
		    object_of(&reply->records[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

/* Adds a value that was just made (NULL: it could not be) to *OBJECT, which is
 * freed and NULL where that fails. */
static int
add(json_t **object, const char *key, json_t *value)
{
	if (*object == NULL) {
		json_decref(value);
		return -1;
	}
	if (json_object_set_new(*object, key, value) == 0)
		return 0;
	json_decref(*object);
	*object = NULL;
	return -1;
}

/* Writes and frees JSON. */
static int
write_json(FILE *out, json_t *json)
{
	if (json == NULL)
		return -1;
	/* What OUT did not take, its state tells. */
	(void)json_dumpf(json, out, FORMAT);
	putc('\n', out);
	json_decref(json);
	return 0;
}

static int
print(json_t *json)
{
	return write_json(stdout, json);
}

/* --- Replies. */

/* The record of KIND, {} where it is missing. */
static json_t *
object_of_kind(const struct reply *reply, const char *kind)
{
	const struct record *record = reply_find(reply, kind);

	return record != NULL ? object_of(record) : json_object();
}

static json_t *
top_of(const struct reply *reply)
{
	json_t *top = object_of_kind(reply, "top");

	(void)add(&top, "entries", array_of(reply, "entry"));
	return top;
}

/* The steps stand beside what the record "history" says. */
static json_t *
history_of(const struct reply *reply)
{
	const struct record *steps = reply_find(reply, "steps");
	json_t *history = object_of_kind(reply, "history");

	if (history != NULL && steps != NULL &&
	    add_fields(history, steps) != 0) {
		json_decref(history);
		return NULL;
	}
	return history;
}

static json_t *
status_of(const struct reply *reply)
{
	json_t *status = object_of_kind(reply, "status");

	(void)add(&status, "grants", array_of(reply, "grant"));
	return status;
}

static int
json_status(const struct reply *reply)
{
	return print(status_of(reply));
}

static int
json_groups(const struct reply *reply)
{
	const char *separator = "{\"groups\":[";
	size_t i;

	/* One after the other: there may be very many. */
	for (i = 0; i < reply->count; i++) {
		const struct record *record = &reply->records[i];
		json_t *group;

		if (strcmp(record->kind, "group") != 0)
			continue;
		group = object_of(record);
		if (group == NULL)
			return -1;
		fputs(separator, stdout);
		(void)json_dumpf(group, stdout, FORMAT);
		json_decref(group);
		separator = ",";
	}
	puts(*separator == '{' ? "{\"groups\":[]}" : "]}");
	return 0;
}

static int
json_stats(const struct reply *reply)
{
	json_t *json = json_object();
	size_t i;

	for (i = 0; i < reply->count && json != NULL; i++) {
		const struct record *line = &reply->records[i];
		const char *name = record_get(line, "name");
		const char *value = record_get(line, "value");
		char *key;

		if (name == NULL || value == NULL)
			continue;
		key = text_ascii(name);
		(void)add(&json, key != NULL ? key : "",
			key != NULL ? number_value(value) : NULL);
		free(key);
	}
	return print(json);
}

static int
json_top(const struct reply *reply)
{
	return print(top_of(reply));
}

static int
json_event(const struct record *record)
{
	json_t *json;

	if (strcmp(record->kind, "lost") != 0)
		return print(object_of(record));
	json = json_object();
	(void)add(&json, "lost", number_value(
		record_get(record, "count") != NULL
		? record_get(record, "count") : ""));
	return print(json);
}

static int
json_explain(const struct record *record)
{
	return print(object_of(record));
}

static int
json_grant(const struct record *record)
{
	return print(object_of(record));
}

/* The names of the records "tag". */
static json_t *
tags_of(const struct reply *reply)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < reply->count; i++) {
		const struct record *record = &reply->records[i];
		const char *name = record_get(record, "name");

		if (strcmp(record->kind, "tag") == 0 && name != NULL &&
		    json_array_append_new(array, text_value(name)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static int
json_site(const struct reply *reply)
{
	json_t *json = json_object();

	(void)add(&json, "clients", array_of(reply, "client"));
	(void)add(&json, "tags", tags_of(reply));
	(void)add(&json, "zones", array_of(reply, "zone"));
	return print(json);
}

static json_t *
group_histories(const struct report *report)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < report->group_history_count; i++) {
		/* A group without steps has no records. */
		if (report->group_history[i].count > 0 &&
		    json_array_append_new(array,
		    history_of(&report->group_history[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

/* The texts of the records "problem". */
static json_t *
problems_of(const struct reply *reply)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < reply->count; i++) {
		const struct record *record = &reply->records[i];
		const char *text = record_get(record, "text");

		if (strcmp(record->kind, "problem") == 0 && text != NULL &&
		    json_array_append_new(array, text_value(text)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static void
add_findings(json_t **json, const struct reply *findings)
{
	json_t *sinkhole = object_of(reply_find(findings, "sinkhole"));

	(void)add(&sinkhole, "problems", problems_of(findings));
	(void)add(json, "sinkhole", sinkhole);
	(void)add(json, "findings", array_of(findings, "finding"));
	(void)add(json, "unmatched", array_of(findings, "unmatched"));
}

static int
json_report(FILE *out, const struct report *report)
{
	json_t *json = json_object();

	(void)add(&json, "status", status_of(&report->status));
	(void)add(&json, "groups", array_of(&report->groups, "group"));
	(void)add(&json, "history", history_of(&report->history));
	(void)add(&json, "group_histories", group_histories(report));
	(void)add(&json, "clients", top_of(&report->clients));
	(void)add(&json, "names", top_of(&report->names));
	(void)add(&json, "rules", top_of(&report->rules));
	(void)add(&json, "pairs", top_of(&report->pairs));
	if (report->findings.count > 0)
		add_findings(&json, &report->findings);
	return write_json(out, json);
}

/* --- reload. */

/* Adds the object of the one record of KIND, where there is one. */
static void
add_record(json_t **json, const struct reply *reply, const char *kind,
	const char *key)
{
	const struct record *record = reply_find(reply, kind);

	if (record != NULL)
		(void)add(json, key, object_of(record));
}

static int
json_reload(const struct reply *reply)
{
	json_t *json = json_object();

	(void)add(&json, "problems", array_of(reply, "problem"));
	add_record(&json, reply, "reloaded", "reloaded");
	add_record(&json, reply, "changes", "changes");
	if (reply_find(reply, "changes") != NULL) {
		(void)add(&json, "options", array_of(reply, "option"));
		(void)add(&json, "groups", array_of(reply, "group"));
		(void)add(&json, "clients", array_of(reply, "client"));
		(void)add(&json, "patterns", array_of(reply, "pattern"));
		(void)add(&json, "verdicts", array_of(reply, "verdict"));
	}
	add_record(&json, reply, "verdicts", "asked");
	return print(json);
}

/* --- replay. */

/* A change, and what was and what would be, which stand behind it. */
static json_t *
change_of(const struct record *change)
{
	json_t *json = object_of(change);

	(void)add(&json, "old", object_of(change + 1));
	(void)add(&json, "new", object_of(change + 2));
	return json;
}

/* The changes behind the record "changes" at AT. */
static json_t *
changes_of(const struct reply *reply, size_t at)
{
	json_t *json = object_of(&reply->records[at]), *list = json_array();

	for (at++; list != NULL && at + 2 < reply->count &&
	    strcmp(reply->records[at].kind, "change") == 0; at += 3)
		if (json_array_append_new(list,
		    change_of(&reply->records[at])) != 0) {
			json_decref(list);
			list = NULL;
		}
	(void)add(&json, "changes", list);
	return json;
}

static int
json_replay(const struct reply *reply)
{
	json_t *json = object_of_kind(reply, "replay");
	size_t i;

	(void)add(&json, "files", array_of(reply, "recording"));
	for (i = 0; i < reply->count && json != NULL; i++) {
		const struct record *record = &reply->records[i];

		if (strcmp(record->kind, "changes") == 0 &&
		    set_member(json, record_get(record, "kind"),
		    changes_of(reply, i)) != 0) {
			json_decref(json);
			json = NULL;
		}
	}
	return print(json);
}

/* --- suggest. */

/* The record at AT, with the "seen" ones behind it. */
static json_t *
object_with_seen(const struct reply *reply, size_t at)
{
	json_t *json = object_of(&reply->records[at]), *list = json_array();

	for (at++; list != NULL && at < reply->count &&
	    strcmp(reply->records[at].kind, "seen") == 0; at++)
		if (json_array_append_new(list,
		    object_of(&reply->records[at])) != 0) {
			json_decref(list);
			list = NULL;
		}
	(void)add(&json, "seen", list);
	return json;
}

static json_t *
array_with_seen(const struct reply *reply, const char *kind)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0 &&
		    json_array_append_new(array,
		    object_with_seen(reply, i)) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static int
json_suggest(const struct reply *reply)
{
	json_t *json = object_of_kind(reply, "suggestion");

	(void)add(&json, "lists", array_with_seen(reply, "list"));
	(void)add(&json, "allow", array_with_seen(reply, "allow"));
	(void)add(&json, "apart", array_of(reply, "apart"));
	return print(json);
}

/* --- What needs no module. */

static json_t *
number_of(size_t number)
{
	return json_integer((json_int_t)number);
}

/* The file's name is not ended by a NUL. */
static json_t *
file_of(const struct diag_item *item)
{
	char *file = strndup(item->text, item->file_length);
	json_t *json = file != NULL ? text_value(file) : NULL;

	free(file);
	return json;
}

static json_t *
item_of(const struct diag_item *item)
{
	json_t *json = json_object();

	(void)add(&json, "file", file_of(item));
	if (item->line > 0)
		(void)add(&json, "line", number_of(item->line));
	if (item->column > 0)
		(void)add(&json, "column", number_of(item->column));
	(void)add(&json, "severity",
		json_string(diag_word(item->severity)));
	(void)add(&json, "message", text_value(item->text + item->message));
	return json;
}

static json_t *
items_of(const struct diag *diag)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array != NULL && i < diag->kept; i++)
		if (json_array_append_new(array,
		    item_of(&diag->items[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static int
json_check(const struct checked *checked)
{
	const struct policy *policy = checked->policy;
	json_t *json = json_object();

	(void)add(&json, "file", text_value(checked->file));
	(void)add(&json, "errors", number_of(checked->diag->errors));
	(void)add(&json, "warnings", number_of(checked->diag->warnings));
	if (policy != NULL) {
		(void)add(&json, "groups", number_of(policy->group_count));
		(void)add(&json, "prefixes", number_of(policy->prefix_count));
		(void)add(&json, "patterns", number_of(policy->pattern_count));
	}
	(void)add(&json, "items", items_of(checked->diag));
	return print(json);
}

static int
json_lists(const struct reply *reply, const struct diag *diag)
{
	json_t *json = json_object();

	(void)add(&json, "lists", array_of(reply, "list"));
	(void)add(&json, "items", items_of(diag));
	return print(json);
}

static int
json_list(const struct reply *reply, const struct diag *diag)
{
	json_t *json = object_of_kind(reply, "list");

	(void)add(&json, "rows", array_of(reply, "row"));
	(void)add(&json, "items", items_of(diag));
	return print(json);
}

static int
json_exported(const struct exported *exported)
{
	json_t *json = json_object();

	(void)add(&json, "format", text_value(exported->format));
	(void)add(&json, "file", text_value(exported->file));
	(void)add(&json, "text", text_value(exported->text));
	(void)add(&json, "items", items_of(exported->notes));
	return print(json);
}

static int
json_version(const char *version)
{
	json_t *json = json_object();

	(void)add(&json, "version", text_value(version));
	return print(json);
}

static json_t *
command_of(const struct command *command)
{
	json_t *json = json_object();

	(void)add(&json, "name", json_string(command->name));
	(void)add(&json, "arguments", json_string(command->arguments));
	(void)add(&json, "description", json_string(command->what));
	return json;
}

static int
json_help(const struct command *command)
{
	json_t *json = json_object(), *array = json_array();
	const struct command *each;

	for (each = session_commands; each->name != NULL; each++)
		if (array != NULL && (command == NULL || command == each) &&
		    json_array_append_new(array, command_of(each)) != 0) {
			json_decref(array);
			array = NULL;
		}
	(void)add(&json, "commands", array);
	return print(json);
}

static int
json_error(const char *text, const struct diag *diag)
{
	json_t *json = json_object();

	(void)add(&json, "error", text_value(text));
	if (diag != NULL)
		(void)add(&json, "items", items_of(diag));
	return print(json);
}

const struct printer json_printer = {
	.status = json_status,
	.groups = json_groups,
	.stats = json_stats,
	.top = json_top,
	.event = json_event,
	.explain = json_explain,
	.report = json_report,
	.check = json_check,
	.lists = json_lists,
	.list = json_list,
	.exported = json_exported,
	.replay = json_replay,
	.suggest = json_suggest,
	.reload = json_reload,
	.grant = json_grant,
	.site = json_site,
	.version = json_version,
	.help = json_help,
	.error = json_error,
};
