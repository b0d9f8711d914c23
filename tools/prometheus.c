/*
 * prometheus.c - counters in the text exposition format of Prometheus.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include "prometheus.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct family {
	const char *name;
	const char *type;
	/* The records it is made of: their kind, and their name where it is
	 * one of many. */
	const char *kind;
	const char *from;
	/* The keys that become labels, up to NULL. */
	const char *labels[5];
	const char *help;
};

static const struct family families[] = {
	{ "bitsink_info", "gauge", "info", NULL,
		{ "version", "unbound", "checksum", NULL },
		"The version, Unbound's, and the checksum of the policy." },
	{ "bitsink_queries_total", "counter", "cell", NULL,
		{ "group", "verdict", "reason", "action", NULL },
		"Queries of restricted clients." },
	{ "bitsink_unrestricted_queries_total", "counter", "count",
		"unrestricted", { NULL }, "Queries of clients in no group." },
	{ "bitsink_unanswered_total", "counter", "count", "unanswered",
		{ NULL }, "Blocked queries whose answer could not be made." },
	{ "bitsink_events_lost_total", "counter", "count", "events-lost",
		{ NULL }, "Queries that are in no log and no list, for there "
		"was no room." },
	{ "bitsink_log_lines_total", "counter", "count", "log-lines",
		{ NULL }, "Log lines of queries." },
	{ "bitsink_log_suppressed_total", "counter", "count",
		"log-suppressed", { NULL },
		"Log lines that were left out for a limit." },
	{ "bitsink_policy_generation", "gauge", "gauge", "generation",
		{ NULL }, "Policies that were put in force, with this one." },
	{ "bitsink_policy_loaded_timestamp_seconds", "gauge", "gauge",
		"loaded", { NULL }, "When the policy was put in force." },
	{ "bitsink_start_timestamp_seconds", "gauge", "gauge", "started",
		{ NULL }, "When the counters began." },
	{ "bitsink_policy_stale", "gauge", "gauge", "stale", { NULL },
		"1 where the file of the policy has errors and the last good "
		"one is in force." },
	{ "bitsink_policy_groups", "gauge", "gauge", "groups", { NULL },
		"Groups of the policy." },
	{ "bitsink_policy_prefixes", "gauge", "gauge", "prefixes", { NULL },
		"Client prefixes of the policy." },
	{ "bitsink_policy_patterns", "gauge", "gauge", "patterns", { NULL },
		"Patterns of the policy, those of each list once." },
	{ "bitsink_grants", "gauge", "gauge", "grants", { NULL },
		"Patterns that are allowed for a time." },
	{ "bitsink_followed_names", "gauge", "gauge", "followed", { NULL },
		"Targets of chains that may be asked for." },
	{ "bitsink_memory_bytes", "gauge", "gauge", "memory", { NULL },
		"Memory that the module takes." },
	{ "bitsink_listeners", "gauge", "gauge", "listeners", { NULL },
		"Who watches queries now." },
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static int
is_of(const struct family *family, const struct record *record)
{
	const char *name = record_get(record, "name");

	return strcmp(record->kind, family->kind) == 0 &&
		(family->from == NULL ||
		(name != NULL && strcmp(name, family->from) == 0));
}

/* The sample's value; info is 1. 0, or -1 where the record has none. */
static int
value_of(const struct family *family, const struct record *record,
	int64_t *value)
{
	const char *text = record_get(record, "value");

	*value = 1;
	if (strcmp(family->kind, "info") == 0)
		return 0;
	return text != NULL ? text_number(text, value) : -1;
}

/* A label's value, escaped as the format wants it. */
static int
put_value(FILE *out, const char *value)
{
	char *text = text_ascii(value), *at;

	if (text == NULL)
		return -1;
	for (at = text; *at != '\0'; at++) {
		if (*at == '\\' || *at == '"')
			putc('\\', out);
		putc(*at, out);
	}
	free(text);
	return 0;
}

static int
put_labels(FILE *out, const struct family *family, const struct record *record)
{
	unsigned i;

	if (family->labels[0] == NULL)
		return 0;
	for (i = 0; family->labels[i] != NULL; i++) {
		const char *value = record_get(record, family->labels[i]);

		fprintf(out, "%s%s=\"", i == 0 ? "{" : ",", family->labels[i]);
		if (value != NULL && put_value(out, value) != 0)
			return -1;
		putc('"', out);
	}
	putc('}', out);
	return 0;
}

static int
put_sample(FILE *out, const struct family *family, const struct record *record,
	char *wrong, size_t size)
{
	int64_t value;

	if (value_of(family, record, &value) != 0) {
		snprintf(wrong, size, "cannot understand the reply: found no "
			"number for %s", family->name);
		return -1;
	}
	fputs(family->name, out);
	if (put_labels(out, family, record) != 0) {
		snprintf(wrong, size, "out of memory");
		return -1;
	}
	fprintf(out, " %" PRId64 "\n", value);
	return 0;
}

/* A family without a sample is left out, as by an older module. */
static int
put_family(FILE *out, const struct family *family, const struct reply *reply,
	char *wrong, size_t size)
{
	int begun = 0;
	size_t i;

	for (i = 0; i < reply->count; i++) {
		if (!is_of(family, &reply->records[i]))
			continue;
		if (!begun)
			fprintf(out, "# HELP %s %s\n# TYPE %s %s\n",
				family->name, family->help, family->name,
				family->type);
		begun = 1;
		if (put_sample(out, family, &reply->records[i], wrong,
		    size) != 0)
			return -1;
	}
	return 0;
}

int
prometheus_write(FILE *out, const struct reply *reply, char *wrong,
	size_t size)
{
	char *memory = NULL;
	size_t length = 0, i;
	FILE *text = open_memstream(&memory, &length);
	int result = 0;

	if (text == NULL) {
		snprintf(wrong, size, "out of memory");
		return -1;
	}
	for (i = 0; result == 0 && i < FAMILIES; i++)
		result = put_family(text, &families[i], reply, wrong, size);
	if (fclose(text) != 0 && result == 0) {
		snprintf(wrong, size, "out of memory");
		result = -1;
	}
	if (result == 0)
		(void)fwrite(memory, 1, length, out);
	free(memory);
	return result;
}
