/*
 * fragment.c - a suggestion as lines that may stand in a group's clause.
 *
 * Whatever is not to be allowed, or is not sure, is a comment: who loads the
 * lines as they are allows nothing but what is proposed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "text.h"

/* Names that are told of each pattern and each list. */
#define NAMES_TOLD 8u

static const char *
value(const struct record *record, const char *key)
{
	const char *text = record_get(record, key);

	return text != NULL ? text : "";
}

static int64_t
number(const struct record *record, const char *key)
{
	int64_t result;

	return text_number(value(record, key), &result) == 0 ? result : 0;
}

static int
is(const struct record *record, const char *key, const char *expected)
{
	return strcmp(value(record, key), expected) == 0;
}

/* Text in a comment: a policy is UTF-8, whatever the locale is. */
static int
put(const char *text)
{
	char *ascii = text_ascii(text);

	if (ascii == NULL)
		return -1;
	fputs(ascii, stdout);
	free(ascii);
	return 0;
}

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

/* How often, by how many and when. */
static void
put_facts(const struct record *record)
{
	char first[TEXT_TIME_MAX], last[TEXT_TIME_MAX];
	int64_t count = number(record, "count");
	int64_t clients = number(record, "clients");

	text_time(first, number(record, "first"));
	text_time(last, number(record, "last"));
	if (number(record, "names") > 1)
		printf("%" PRId64 " names, ", number(record, "names"));
	printf("%" PRId64 " quer%s, %s%" PRId64 " client%s, %s to %s", count,
		count == 1 ? "y" : "ies", is(record, "exact", "yes") ? ""
		: number(record, "names") > 1 ? "at least " : "about ",
		clients, plural(clients), first, last);
}

/* What stands behind an allow. */
static int
put_comment(const struct record *record)
{
	int failed = 0;

	printf("  # ");
	put_facts(record);
	if (record_get(record, "single") != NULL) {
		printf(", ");
		failed |= put(value(record, "single"));
	}
	if (record_get(record, "list") != NULL) {
		printf("; in list ");
		failed |= put(value(record, "list"));
	}
	if (record_get(record, "reasons") != NULL) {
		printf("; ");
		failed |= put(value(record, "reasons"));
	}
	putchar('\n');
	return failed;
}

static int
put_allow(const char *begin, const struct record *record)
{
	/* Octets that are no host name's are \DDD in a pattern. */
	printf("%sallow: \"%s\"", begin, value(record, "pattern"));
	return put_comment(record);
}

/* The names of the list or pattern at AT, as comments. */
static int
put_names(const struct reply *reply, size_t at)
{
	size_t told = 0, all = 0;
	int failed = 0;

	for (at++; at < reply->count &&
	    strcmp(reply->records[at].kind, "seen") == 0; at++) {
		all++;
		if (told == NAMES_TOLD)
			continue;
		told++;
		printf("    #   %s", value(&reply->records[at], "pattern"));
		failed |= put_comment(&reply->records[at]);
	}
	if (all > told)
		printf("    #   and %zu more\n", all - told);
	return failed;
}

static int
put_head(const struct record *suggestion)
{
	char since[TEXT_TIME_MAX], until[TEXT_TIME_MAX], now[TEXT_TIME_MAX];
	int64_t days = number(suggestion, "learning");
	int failed = 0;

	text_time(since, number(suggestion, "since"));
	text_time(until, number(suggestion, "until"));
	text_time(now, number(suggestion, "now"));
	printf("    # Seen in audit of group \"");
	failed |= put(value(suggestion, "group"));
	printf("\" up to %s: %s names\n", now, value(suggestion, "names"));
	if (number(suggestion, "names") == 0)
		return failed;
	printf("    # Learning time: %" PRId64 " day%s, %s to %s%s\n", days,
		plural(days), since, until, number(suggestion, "now") <
		number(suggestion, "until") ? " - NOT OVER YET" : "");
	if (number(suggestion, "lost") > 0)
		printf("    # There was no room for %s names: what came "
			"seldom may be missing\n", value(suggestion, "lost"));
	if (record_get(suggestion, "single") != NULL) {
		printf("    # All of it came from one client, ");
		failed |= put(value(suggestion, "single"));
		printf("; --min-clients 1 trusts it\n");
	}
	return failed;
}

static int
put_list(const struct reply *reply, size_t at)
{
	const struct record *list = &reply->records[at];
	const char *names = value(list, "names");

	printf("\n    # List ");
	if (put(value(list, "name")) != 0)
		return -1;
	printf(", %s patterns: ", value(list, "patterns"));
	if (is(list, "proposed", "yes")) {
		printf("allows %s of the names, which need %s of them\n"
			"    allow-list: \"%s\"\n", names,
			value(list, "needed"), value(list, "name"));
		return put_names(reply, at);
	}
	printf("%s of the names below stand in it%s\n"
		"    # allow-list: \"%s\"\n", names, is(list, "wide", "yes")
		? ", but it is for whole domains" : ", too few to allow it "
		"all", value(list, "name"));
	return 0;
}

/* A heading where the domain is another one than *DOMAIN. */
static void
put_domain(const struct record *record, const char **domain)
{
	if (*domain != NULL && strcmp(value(record, "domain"), *domain) == 0)
		return;
	*domain = value(record, "domain");
	printf("\n    # %s\n", *domain);
}

static int
put_allowed(const struct reply *reply)
{
	const char *domain = NULL;
	int failed = 0;
	size_t i;

	for (i = 0; i < reply->count; i++) {
		if (strcmp(reply->records[i].kind, "allow") != 0)
			continue;
		put_domain(&reply->records[i], &domain);
		failed |= put_allow("    ", &reply->records[i]);
		failed |= put_names(reply, i);
	}
	return failed;
}

static int
put_apart(const struct reply *reply, const char *kind, const char *heading)
{
	char begin[64];
	int failed = 0, any = 0;
	size_t i;

	snprintf(begin, sizeof(begin), "    # %s: ", kind);
	for (i = 0; i < reply->count; i++) {
		const struct record *record = &reply->records[i];

		if (strcmp(record->kind, "apart") != 0 ||
		    !is(record, "kind", kind))
			continue;
		if (!any)
			printf("\n    # %s\n", heading);
		any = 1;
		failed |= put_allow(begin, record);
	}
	return failed;
}

int
fragment_print(const struct reply *reply)
{
	static const char *const headings[][2] = {
		{ "suspicious", "Suspicious, to be looked at one by one:" },
		{ "new", "New after the learning time:" },
		{ "seldom", "Seen too seldom, or by too few:" },
		{ "denied", "Denied by the policy as it is:" },
		{ "target", "Only ever targets of CNAMEs, which need no "
			"allow:" }
	};
	int failed = put_head(reply_find(reply, "suggestion"));
	size_t i;

	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, "list") == 0)
			failed |= put_list(reply, i);
	failed |= put_allowed(reply);
	for (i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		failed |= put_apart(reply, headings[i][0], headings[i][1]);
	return failed;
}
