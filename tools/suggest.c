/*
 * suggest.c - an allowlist out of what was seen in audit.
 *
 * The printer gets records, as from the module. First:
 *
 *   suggestion group= since= until= now= used= room= lost= learning= names=
 *     min-clients= min-count= single=
 *
 * with when the learning time began and ends; single is there where all names
 * came from that one client. Then one for each list that has something:
 *
 *   list name= file= patterns= names= needed= wide= proposed=
 *
 * where proposed is yes, its names follow as seen records; else names is how
 * many of those that are allowed otherwise stand in it. Then, by domain:
 *
 *   allow pattern= domain= names= count= clients= exact= first= last= list=
 *     types=
 *
 * with the names of a pattern as seen records behind it; exact is no where
 * clients is the least that there were, or an estimate. At last, for each name
 * that stands apart:
 *
 *   apart kind= pattern= domain= count= clients= exact= single= first= last=
 *     list= types= reasons=
 *
 * kind is suspicious, new, seldom, denied or target. A name of a list or of a
 * pattern is
 *
 *   seen pattern= count= clients= exact= single= first= last= list= types=
 *     reasons=
 */
#include "suggest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "crowd.h"
#include "domain.h"
#include "oddity.h"
#include "question.h"
#include "text.h"

#define DAY_SECONDS INT64_C(86400)

#define MIN_CLIENTS_DEFAULT 2
#define MIN_COUNT_DEFAULT 1
#define LEARNING_DEFAULT 7
#define LEARNING_MAX 3650
#define MIN_MAX 1000000000

/* --- What was asked for. */

/* Reads a number from 1 to MAX, where the option is given. */
static int
read_option(const struct session *session, enum option option, int64_t max,
	int64_t *number)
{
	const char *text = session->arguments.options[option];

	if (text == NULL)
		return 0;
	if (text_number(text, number) == 0 && *number >= 1 && *number <= max)
		return 0;
	(void)session_error(session, SESSION_USAGE, "found \"%s\" for %s, "
		"expected a number from 1 to %" PRId64, text,
		arguments_option(option), max);
	return -1;
}

static enum session_code
read_options(struct suggestion *suggestion)
{
	const struct session *session = suggestion->session;

	suggestion->group = session->arguments.words[0];
	suggestion->min_clients = MIN_CLIENTS_DEFAULT;
	suggestion->min_count = MIN_COUNT_DEFAULT;
	suggestion->learning = LEARNING_DEFAULT;
	if (read_option(session, OPTION_MIN_CLIENTS, MIN_MAX,
	    &suggestion->min_clients) != 0 ||
	    read_option(session, OPTION_MIN_COUNT, MIN_MAX,
	    &suggestion->min_count) != 0 ||
	    read_option(session, OPTION_LEARNING, LEARNING_MAX,
	    &suggestion->learning) != 0)
		return SESSION_USAGE;
	return SESSION_DONE;
}

/* --- What the module knows. */

/* 0 where there is none. */
static int64_t
number(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);
	int64_t result;

	return value != NULL && text_number(value, &result) == 0 ? result : 0;
}

static int
is_yes(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);

	return value != NULL && strcmp(value, "yes") == 0;
}

/* The name as a pattern; "." for the root. */
static char *
text_of(const struct name *name)
{
	char text[NAMES_PATTERN_MAX] = ".", *at = text;
	unsigned i;

	for (i = 0; i < name->labels; i++) {
		const uint8_t *label = name_label(name, i);

		if (i > 0)
			*at++ = '.';
		at = general_escape(at, label + 1, label[0]);
	}
	return strdup(text);
}

/* Takes a record "learned". 0, or -1 for what is none, or with memory out:
 * then text is NULL and name is one. */
static int
take_name(struct seen *seen, const struct record *record)
{
	const char *text = record_get(record, "name");
	struct question question;

	if (text == NULL || question_read_name(&question, text) != NULL ||
	    name_from_wire(&seen->name, question.qname,
	    question.query.qname_len) != 0)
		return -1;
	seen->domain = domain_labels(&seen->name);
	seen->shared = domain_is_shared(&seen->name);
	seen->count = (uint64_t)number(record, "count");
	seen->clients = (uint64_t)number(record, "clients");
	seen->first = number(record, "first");
	seen->last = number(record, "last");
	seen->client = record_get(record, "single");
	seen->types = record_get(record, "types");
	if (is_yes(record, "denied"))
		seen->doubts |= DOUBT_DENIED;
	if (is_yes(record, "target"))
		seen->doubts |= DOUBT_TARGET;
	seen->text = text_of(&seen->name);
	return 0;
}

static enum session_code
take_names(struct suggestion *suggestion, const struct reply *reply)
{
	size_t i;

	suggestion->seen = calloc(reply->count + 1, sizeof(struct seen));
	if (suggestion->seen == NULL)
		return session_printed(suggestion->session, -1, SESSION_DONE);
	for (i = 0; i < reply->count; i++) {
		struct seen *seen = &suggestion->seen[suggestion->count];

		if (strcmp(reply->records[i].kind, "learned") != 0)
			continue;
		if (take_name(seen, &reply->records[i]) != 0)
			return session_error(suggestion->session,
				SESSION_UNREACHABLE, "cannot understand the "
				"reply: found a record \"learned\" without a "
				"name");
		suggestion->count++;
		if (seen->text == NULL)
			return session_printed(suggestion->session, -1,
				SESSION_DONE);
	}
	return SESSION_DONE;
}

static enum session_code
ask_names(struct suggestion *suggestion, struct reply *reply)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	const struct record *audit;
	enum session_code code;

	record_begin(&writer, "learned");
	record_text(&writer, "group", suggestion->group);
	code = ask(suggestion->session, &writer, reply);
	if (code != SESSION_DONE)
		return code;
	audit = reply_find(reply, "audit");
	if (audit == NULL)
		return session_error(suggestion->session, SESSION_UNREACHABLE,
			"cannot understand the reply: found no record "
			"\"audit\"");
	suggestion->since = number(audit, "since");
	suggestion->until = suggestion->since +
		suggestion->learning * DAY_SECONDS;
	return take_names(suggestion, reply);
}

/* --- Order. */

static int
compare_labels(const uint8_t *a, const uint8_t *b)
{
	size_t length = a[0] < b[0] ? a[0] : b[0];
	int order = memcmp(a + 1, b + 1, length);

	return order != 0 ? order : a[0] - b[0];
}

/* By domain, as it is read. */
static int
compare_domains(const struct seen *a, const struct seen *b)
{
	unsigned i;

	for (i = 0; i < a->domain && i < b->domain; i++) {
		int order = compare_labels(
			name_label(&a->name, a->name.labels - a->domain + i),
			name_label(&b->name, b->name.labels - b->domain + i));

		if (order != 0)
			return order;
	}
	return (int)a->domain - (int)b->domain;
}

/* By domain, then by the labels before it from the right. */
static int
compare_seen(const void *va, const void *vb)
{
	const struct seen *a = va, *b = vb;
	int order = compare_domains(a, b);
	unsigned i;

	for (i = a->domain; order == 0 && i < a->name.labels &&
	    i < b->name.labels; i++)
		order = compare_labels(
			name_label(&a->name, a->name.labels - 1u - i),
			name_label(&b->name, b->name.labels - 1u - i));
	return order != 0 ? order : a->name.labels - b->name.labels;
}

/* --- What is to be said against a name. */

static int
judge(const struct suggestion *suggestion, struct seen *seen)
{
	char why[ODDITY_MAX];

	if (oddity_of(&seen->name, why) &&
	    !shelf_vouches(&suggestion->shelf, &seen->name)) {
		seen->doubts |= DOUBT_ODD;
		seen->odd = strdup(why);
		if (seen->odd == NULL)
			return -1;
	}
	if (seen->clients < 2 && suggestion->min_clients >= 2)
		seen->doubts |= DOUBT_ONE_CLIENT;
	else if (seen->clients < (uint64_t)suggestion->min_clients)
		seen->doubts |= DOUBT_FEW_CLIENTS;
	if (seen->first > suggestion->until)
		seen->doubts |= DOUBT_NEW;
	if (seen->count < (uint64_t)suggestion->min_count)
		seen->doubts |= DOUBT_SELDOM;
	seen->list = shelf_find(&suggestion->shelf, &seen->name);
	return 0;
}

static int
judge_all(struct suggestion *suggestion)
{
	size_t i;

	if (suggestion->count > 0)
		qsort(suggestion->seen, suggestion->count,
			sizeof(*suggestion->seen), compare_seen);
	for (i = 0; i < suggestion->count; i++)
		if (judge(suggestion, &suggestion->seen[i]) != 0)
			return -1;
	return shelf_choose(suggestion) == 0 ? general_find(suggestion) : -1;
}

/* Where a name stands that is not allowed; NULL for one that is. */
static const char *
kind_of(const struct seen *seen)
{
	if (seen->by_list != NULL || seen->by_pattern != NULL ||
	    seen->doubts == 0)
		return NULL;
	if (seen->doubts & DOUBT_TARGET)
		return "target";
	if (seen->doubts & DOUBT_DENIED)
		return "denied";
	if (seen->doubts & (DOUBT_ODD | DOUBT_ONE_CLIENT))
		return "suspicious";
	return seen->doubts & DOUBT_NEW ? "new" : "seldom";
}

/* --- The records. */

static void
put_reasons(struct record_writer *writer, const struct seen *seen)
{
	static const struct {
		enum doubt doubt;
		const char *text;
	} reasons[] = {
		{ DOUBT_TARGET, "only ever the target of a CNAME" },
		{ DOUBT_DENIED, "denied by the policy" },
		{ DOUBT_ODD, NULL },
		{ DOUBT_ONE_CLIENT, "one client only" },
		{ DOUBT_NEW, "new after the learning time" },
		{ DOUBT_FEW_CLIENTS, "few clients" },
		{ DOUBT_SELDOM, "seldom" }
	};
	char text[ODDITY_MAX + 256] = "";
	size_t i, used = 0;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (seen->doubts & reasons[i].doubt)
			used += (size_t)snprintf(text + used,
				sizeof(text) - used, "%s%s",
				used > 0 ? ", " : "", reasons[i].text != NULL
				? reasons[i].text : seen->odd);
	if (used > 0)
		record_text(writer, "reasons", text);
}

static void
put_times(struct record_writer *writer, int64_t first, int64_t last)
{
	record_format(writer, "first", "%" PRId64, first);
	record_format(writer, "last", "%" PRId64, last);
}

/* What is known of one name. */
static void
put_facts(struct record_writer *writer, const struct seen *seen)
{
	record_number(writer, "count", seen->count);
	record_number(writer, "clients", seen->clients);
	record_text(writer, "exact", seen->clients <= CROWD_EXACT ? "yes"
		: "no");
	if (seen->client != NULL)
		record_text(writer, "single", seen->client);
	put_times(writer, seen->first, seen->last);
	if (seen->list != NULL)
		record_text(writer, "list", seen->list->list->name);
	if (seen->types != NULL)
		record_text(writer, "types", seen->types);
}

static void
put_seen(struct record_writer *writer, const struct seen *seen)
{
	record_begin(writer, "seen");
	record_text(writer, "pattern", seen->text);
	put_facts(writer, seen);
	put_reasons(writer, seen);
	record_end(writer);
}

/* The domain that a name is in, as text. */
static void
put_domain(struct record_writer *writer, const struct seen *seen)
{
	const char *text = seen->text;
	unsigned i;

	/* A dot within a label stands as \DDD. */
	for (i = seen->domain; i < seen->name.labels; i++)
		text = strchr(text, '.') + 1;
	record_text(writer, "domain", text);
}

/* The client that all names came from, if it was one; else NULL. */
static const char *
single_of(const struct suggestion *suggestion)
{
	const char *client = suggestion->count > 0
		? suggestion->seen[0].client : NULL;
	size_t i;

	for (i = 1; client != NULL && i < suggestion->count; i++) {
		const char *other = suggestion->seen[i].client;

		if (other == NULL || strcmp(other, client) != 0)
			client = NULL;
	}
	return client;
}

static void
put_suggestion(struct record_writer *writer,
	const struct suggestion *suggestion, const struct record *audit)
{
	static const char *const keys[] = { "now", "used", "room", "lost" };
	const char *client = single_of(suggestion);
	size_t i;

	record_begin(writer, "suggestion");
	record_text(writer, "group", suggestion->group);
	record_format(writer, "since", "%" PRId64, suggestion->since);
	record_format(writer, "until", "%" PRId64, suggestion->until);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		record_format(writer, keys[i], "%" PRId64,
			number(audit, keys[i]));
	record_number(writer, "learning", (uint64_t)suggestion->learning);
	record_number(writer, "names", suggestion->count);
	record_number(writer, "min-clients",
		(uint64_t)suggestion->min_clients);
	record_number(writer, "min-count", (uint64_t)suggestion->min_count);
	if (client != NULL)
		record_text(writer, "single", client);
	record_end(writer);
}

/* Allowed names that stand in LIST, which is not proposed. */
static size_t
count_names(const struct suggestion *suggestion,
	const struct shelf_list *list)
{
	size_t i, count = 0;

	for (i = 0; i < suggestion->count; i++) {
		const struct seen *seen = &suggestion->seen[i];

		count += seen->list == list && seen->by_list == NULL &&
			kind_of(seen) == NULL;
	}
	return count;
}

static void
put_list(struct record_writer *writer, const struct suggestion *suggestion,
	const struct shelf_list *list)
{
	size_t i, names = list->proposed ? list->names
		: count_names(suggestion, list);

	if (names == 0)
		return;
	record_begin(writer, "list");
	record_text(writer, "name", list->list->name);
	record_text(writer, "file", list->list->file);
	record_number(writer, "patterns", list->patterns);
	record_number(writer, "names", names);
	record_number(writer, "needed", list->needed);
	record_text(writer, "wide", shelf_is_wide(list) ? "yes" : "no");
	record_text(writer, "proposed", list->proposed ? "yes" : "no");
	record_end(writer);
	for (i = 0; i < suggestion->count; i++)
		if (suggestion->seen[i].by_list == list)
			put_seen(writer, &suggestion->seen[i]);
}

static void
put_pattern(struct record_writer *writer, const struct suggestion *suggestion,
	size_t at)
{
	const struct general *general = suggestion->seen[at].by_pattern;

	record_begin(writer, "allow");
	record_text(writer, "pattern", general->text);
	put_domain(writer, &suggestion->seen[at]);
	record_number(writer, "names", general->names);
	record_number(writer, "count", general->count);
	record_number(writer, "clients", general->clients);
	record_text(writer, "exact", "no");
	put_times(writer, general->first, general->last);
	record_end(writer);
	for (; at < suggestion->count; at++)
		if (suggestion->seen[at].by_pattern == general)
			put_seen(writer, &suggestion->seen[at]);
}

static void
put_name(struct record_writer *writer, const struct seen *seen)
{
	record_begin(writer, "allow");
	record_text(writer, "pattern", seen->text);
	put_domain(writer, seen);
	record_number(writer, "names", 1);
	put_facts(writer, seen);
	record_end(writer);
}

/* Whether a pattern stands at a name: the first that it is for. */
static int
is_first(const struct suggestion *suggestion, size_t at)
{
	const struct general *general = suggestion->seen[at].by_pattern;
	size_t i;

	for (i = at; i > 0; i--) {
		/* All names of a pattern are in one domain. */
		if (compare_domains(&suggestion->seen[i - 1],
		    &suggestion->seen[at]) != 0)
			return 1;
		if (suggestion->seen[i - 1].by_pattern == general)
			return 0;
	}
	return 1;
}

static void
put_allowed(struct record_writer *writer, const struct suggestion *suggestion)
{
	size_t i;

	for (i = 0; i < suggestion->count; i++) {
		const struct seen *seen = &suggestion->seen[i];

		if (seen->by_list != NULL || kind_of(seen) != NULL)
			continue;
		if (seen->by_pattern == NULL)
			put_name(writer, seen);
		else if (is_first(suggestion, i))
			put_pattern(writer, suggestion, i);
	}
}

static void
put_apart(struct record_writer *writer, const struct suggestion *suggestion,
	const char *kind)
{
	size_t i;

	for (i = 0; i < suggestion->count; i++) {
		const struct seen *seen = &suggestion->seen[i];
		const char *is = kind_of(seen);

		if (is == NULL || strcmp(is, kind) != 0)
			continue;
		record_begin(writer, "apart");
		record_text(writer, "kind", kind);
		record_text(writer, "pattern", seen->text);
		put_domain(writer, seen);
		put_facts(writer, seen);
		put_reasons(writer, seen);
		record_end(writer);
	}
}

static enum session_code
print(const struct suggestion *suggestion, const struct record *audit)
{
	static const char *const kinds[] = { "suspicious", "new", "seldom",
		"denied", "target" };
	const struct session *session = suggestion->session;
	struct record_writer writer = { NULL, 0, 0, 0 };
	enum session_code code;
	struct reply reply;
	size_t i;

	put_suggestion(&writer, suggestion, audit);
	for (i = 0; i < suggestion->shelf.count; i++)
		put_list(&writer, suggestion, &suggestion->shelf.lists[i]);
	put_allowed(&writer, suggestion);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		put_apart(&writer, suggestion, kinds[i]);
	code = session_reply(session, &writer, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session,
			session->printer->suggest(&reply), SESSION_DONE);
	reply_clear(&reply);
	return code;
}

static void
suggestion_clear(struct suggestion *suggestion)
{
	size_t i;

	for (i = 0; i < suggestion->count; i++) {
		free(suggestion->seen[i].text);
		free(suggestion->seen[i].odd);
	}
	for (i = 0; i < suggestion->pattern_count; i++)
		free(suggestion->patterns[i].text);
	free(suggestion->seen);
	free(suggestion->patterns);
	shelf_close(&suggestion->shelf);
}

enum session_code
suggest_run(const struct session *session)
{
	struct suggestion suggestion;
	struct reply reply = { NULL, NULL, 0 };
	enum session_code code;

	memset(&suggestion, 0, sizeof(suggestion));
	suggestion.session = session;
	code = read_options(&suggestion);
	if (code == SESSION_DONE)
		code = shelf_open(&suggestion.shelf, session);
	if (code == SESSION_DONE)
		code = ask_names(&suggestion, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session, judge_all(&suggestion),
			SESSION_DONE);
	if (code == SESSION_DONE)
		code = print(&suggestion, reply_find(&reply, "audit"));
	suggestion_clear(&suggestion);
	reply_clear(&reply);
	return code;
}
