/*
 * statistics.c - lines "name=value" of unbound-control stats.
 */
#include "statistics.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "control.h"

#define NAME_OCTETS 128

/* --- Lines. */

int
statistics_find(const char *stats, const char *name, unsigned long *value)
{
	size_t length = strlen(name);
	const char *line = stats;

	for (; *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			*value = strtoul(line + length + 1, NULL, 10);
			return 1;
		}
	return 0;
}

unsigned long
statistics_number(const char *stats, const char *name)
{
	unsigned long value = 0;

	if (!statistics_find(stats, name, &value)) {
		print_error("no line \"%s\" in:\n%s", name, stats);
		fail();
	}
	return value;
}

unsigned long
statistics_total(const char *stats, const char *what)
{
	char name[NAME_OCTETS];

	snprintf(name, sizeof(name), "total.num.bitsink.%s", what);
	return statistics_number(stats, name);
}

unsigned long
statistics_refused(const char *stats)
{
	return statistics_total(stats, "blocked") +
		statistics_total(stats, "audited");
}

unsigned long
statistics_sum(const char *stats, const char *begin, const char *end)
{
	size_t before = strlen(begin), after = strlen(end), count = 0;
	unsigned long all = 0;
	const char *line = stats;

	for (; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, "=");

		if (length < before + after ||
		    strncmp(line, begin, before) != 0 ||
		    strncmp(line + length - after, end, after) != 0)
			continue;
		all += strtoul(line + length + 1, NULL, 10);
		count++;
	}
	assert_true(count > 0);
	return all;
}

static void
assert_equal(const char *stats, const char *what, unsigned long found,
	unsigned long expected)
{
	if (found == expected)
		return;
	print_error("%s: found %lu, expected %lu, in:\n%s", what, found,
		expected, stats);
	fail();
}

void
statistics_assert(const char *stats, const char *name, unsigned long expected)
{
	assert_equal(stats, name, statistics_number(stats, name), expected);
}

/* --- What must hold. */

static void
check_threads(const char *stats, unsigned threads)
{
	static const char *const names[] = { "queries", "unrestricted",
		"allowed", "blocked", "audited", "quiet" };
	size_t count = sizeof(names) / sizeof(names[0]), n;
	char name[NAME_OCTETS];
	unsigned i;

	for (i = 0; i < threads; i++) {
		unsigned long parts = 0;

		for (n = 1; n < count; n++) {
			snprintf(name, sizeof(name), "thread%u.num.bitsink.%s",
				i, names[n]);
			parts += statistics_number(stats, name);
		}
		snprintf(name, sizeof(name), "thread%u.num.bitsink.queries",
			i);
		statistics_assert(stats, name, parts);
	}
	for (n = 0; n < count; n++) {
		snprintf(name, sizeof(name), ".num.bitsink.%s", names[n]);
		assert_equal(stats, names[n], statistics_total(stats,
			names[n]), statistics_sum(stats, "thread", name));
	}
	snprintf(name, sizeof(name), "\nthread%u.num.bitsink", threads);
	assert_null(strstr(stats, name));
}

/* With those of groups that a reload of bitsink's took away, which are left out
 * where there are none and zeroes are not wanted. */
static void
check_groups(const char *stats, const char *what, unsigned long expected)
{
	char end[NAME_OCTETS], name[NAME_OCTETS];
	unsigned long gone = 0;

	snprintf(end, sizeof(end), ".%s", what);
	snprintf(name, sizeof(name), "num.bitsink.gone.%s", what);
	(void)statistics_find(stats, name, &gone);
	assert_equal(stats, "groups", statistics_sum(stats,
		"num.bitsink.group.", end) + gone, expected);
}

static unsigned long
reason(const char *stats, const char *word)
{
	char name[NAME_OCTETS];

	snprintf(name, sizeof(name), "num.bitsink.reason.%s", word);
	return statistics_number(stats, name);
}

/* Some of what is allowed has a reason, too, and quiet names have one of their
 * own. */
static void
check_reasons(const char *stats, unsigned long allowed, unsigned long refused,
	unsigned long quiet)
{
	unsigned long besides = reason(stats, "site") +
		reason(stats, "granted") + reason(stats, "followed");

	assert_true(besides <= allowed);
	assert_equal(stats, "quiet", reason(stats, "quiet"), quiet);
	assert_equal(stats, "reasons", statistics_sum(stats,
		"num.bitsink.reason.", ""), refused + besides + quiet);
}

static void
check_sums(const char *stats)
{
	unsigned long allowed = statistics_total(stats, "allowed");
	unsigned long blocked = statistics_total(stats, "blocked");
	unsigned long audited = statistics_total(stats, "audited");
	unsigned long quiet = statistics_total(stats, "quiet");

	assert_equal(stats, "queries", statistics_total(stats, "queries"),
		statistics_total(stats, "unrestricted") + allowed + blocked +
		audited + quiet);
	check_reasons(stats, allowed, blocked + audited, quiet);
	assert_equal(stats, "actions", statistics_sum(stats,
		"num.bitsink.action.", ""), blocked);
	check_groups(stats, "allowed", allowed);
	check_groups(stats, "blocked", blocked);
	check_groups(stats, "audited", audited);
	check_groups(stats, "quiet", quiet);
	statistics_assert(stats, "num.bitsink.failed",
		statistics_number(stats, "num.bitsink.unanswered") +
		reason(stats, "malformed") + reason(stats, "answer") +
		reason(stats, "busy"));
}

void
statistics_check(const char *stats, unsigned threads)
{
	check_threads(stats, threads);
	check_sums(stats);
}

/* As bitsink(8) has them. */
void
statistics_check_rpz(const char *stats)
{
	static const char *const pairs[][2] = {
		{ "num.rpz.action.rpz-nodata", "num.bitsink.action.nodata" },
		{ "num.rpz.action.rpz-drop", "num.bitsink.action.drop" },
		{ "num.rpz.action.rpz-local-data",
			"num.bitsink.action.sinkhole" },
		{ "num.rpz.action.rpz-cname-override",
			"num.bitsink.action.refused" },
	};
	unsigned long blocked = statistics_number(stats,
		"num.rpz.action.rpz-nxdomain");
	unsigned long audited = statistics_number(stats,
		"num.rpz.action.rpz-disabled");
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		statistics_assert(stats, pairs[i][0],
			statistics_number(stats, pairs[i][1]));
	/* Quiet names are in one of the two. */
	assert_true(blocked >= statistics_number(stats,
		"num.bitsink.action.nxdomain"));
	assert_true(audited >= statistics_total(stats, "audited"));
	assert_equal(stats, "num.rpz.action", blocked + audited,
		statistics_number(stats, "num.bitsink.action.nxdomain") +
		statistics_total(stats, "audited") +
		statistics_total(stats, "quiet"));
}

/* --- The control socket's. */

char *
statistics_of_reply(const char *reply)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);
	const char *line;

	assert_non_null(memory);
	for (line = reply; *line != '\0'; line = strchr(line, '\n') + 1) {
		char *name = control_value(line, "name");
		char *value = control_value(line, "value");

		assert_ptr_equal(control_find(line, "line", NULL, NULL), line);
		assert_true(name != NULL && value != NULL);
		fprintf(memory, "%s=%s\n", name, value);
		free(name);
		free(value);
	}
	fclose(memory);
	return text;
}

char *
statistics_by_socket(const struct resolver *resolver, const char *request)
{
	char *reply = control_ask(resolver, request);
	char *text = statistics_of_reply(reply);

	free(reply);
	return text;
}
