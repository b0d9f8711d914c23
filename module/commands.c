/*
 * commands.c - the requests of the control socket, and their replies.
 */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff.h"
#include "explain.h"
#include "inforce.h"
#include "question.h"
#include "recall.h"
#include "rrtype.h"
#include "sums.h"

#define TOP_LIMIT_FALLBACK 10
/* Names of lists in one field. */
#define FIELD_OCTETS 1024

/* What a listener wants; or who waits for a reply, which wants nothing. */
struct listener {
	int all;
	/* "": any. A name, for groups come and go with policies. */
	char group[GROUP_NAME_MAX + 1];
	int has_client;
	struct prefix client;
	int has_name;
	struct pattern name;
};

struct command {
	const char *name;
	/* The keys that it takes, up to NULL. */
	const char *keys[6];
	enum service_answer (*run)(struct commands *commands,
		const struct record *request, struct record_writer *reply);
	/* For those whose client stays. */
	enum service_answer (*start)(struct commands *commands,
		const struct record *request, struct record_writer *reply,
		void **listener);
};

static enum service_answer
fail(struct record_writer *reply, const char *found, const char *expected)
{
	reply->length = 0;
	record_begin(reply, "error");
	record_format(reply, "text", "found \"%.200s\", expected %s", found,
		expected);
	record_end(reply);
	return SERVICE_ERROR;
}

static void
put_origin(struct record_writer *writer, const char *key,
	const struct origin *origin)
{
	if (origin->file != NULL)
		explain_origin(writer, key, origin);
}

static void
put_address(struct record_writer *writer, const char *key,
	const struct address *address)
{
	char text[PREFIX_TEXT_MAX];

	address_to_text(address, text);
	record_text(writer, key, text);
}

static void
put_name(struct record_writer *writer, const char *key, const uint8_t *wire,
	size_t length)
{
	char text[NAME_TEXT_MAX];

	name_to_text(wire, length, text);
	record_text(writer, key, text);
}

/* Seconds before 1970 are a clock that is wrong, not a time to tell. */
static void
put_time(struct record_writer *writer, const char *key, int64_t seconds)
{
	record_number(writer, key, seconds > 0 ? (uint64_t)seconds : 0);
}

static void
put_yes(struct record_writer *writer, const char *key, int yes)
{
	record_text(writer, key, yes ? "yes" : "no");
}

/* The group that the request names; *NUMBER is SIZE_MAX where it names none.
 * 0, or -1 where there is no such group. */
static int
find_group(const struct commands *commands, const struct record *request,
	size_t *number)
{
	const struct policy *policy = commands->standing->policy;
	const char *name = record_get(request, "group");
	size_t i;

	*number = SIZE_MAX;
	if (name == NULL)
		return 0;
	for (i = 0; i < policy->group_count; i++)
		if (strcmp(policy->groups[i].name, name) == 0) {
			*number = i;
			return 0;
		}
	return -1;
}

static enum service_answer
fail_group(struct record_writer *reply, const struct record *request)
{
	return fail(reply, record_get(request, "group"),
		"a group of the policy");
}

/* Whether KEY is there and yes; *WRONG is set where it is something else. */
static int
is_yes(const struct record *request, const char *key, const char **wrong)
{
	const char *value = record_get(request, key);

	if (value == NULL || strcmp(value, "no") == 0)
		return 0;
	if (strcmp(value, "yes") != 0)
		*wrong = value;
	return 1;
}

size_t
commands_memory(const struct commands *commands)
{
	return commands->memory + commands->standing->memory +
		tally_memory(commands->tally) +
		recall_memory() * commands->tally->worker_count +
		inforce_memory(commands->tally->worker_count) +
		observer_memory(commands->observer) +
		stats_memory(commands->stats) +
		followed_memory(commands->exceptions->followed) +
		(commands->service != NULL
			? service_memory(commands->service) : 0);
}

static size_t
listeners(const struct commands *commands)
{
	return commands->service != NULL
		? service_listeners(commands->service) : 0;
}

static size_t
followed(const struct commands *commands)
{
	return followed_count(commands->exceptions->followed, commands->now);
}

static void
put_grant(struct record_writer *reply, const struct grant *grant)
{
	record_begin(reply, "grant");
	record_text(reply, "group", grant->group);
	record_text(reply, "pattern", grant->pattern);
	put_time(reply, "since", grant->since);
	put_time(reply, "until", grant->until);
	record_end(reply);
}

/* --- status */

static const char *
mode_of(const struct policy *policy)
{
	size_t i, audited = 0;

	for (i = 0; i < policy->group_count; i++)
		audited += policy->groups[i].audit != 0;
	if (audited == 0)
		return "enforce";
	return audited == policy->group_count ? "audit" : "mixed";
}

static void
put_host(struct record_writer *reply)
{
	char name[256];

	if (gethostname(name, sizeof(name)) != 0)
		return;
	name[sizeof(name) - 1] = '\0';
	record_text(reply, "host", name);
}

static enum service_answer
run_status(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const struct standing *standing = commands->standing;
	const struct policy *policy = standing->policy;
	const struct grants *grants = commands->exceptions->grants;
	struct grant grant;
	size_t i;

	(void)request;
	record_begin(reply, "status");
	record_text(reply, "version", BITSINK_VERSION);
	record_text(reply, "unbound", commands->unbound);
	put_host(reply);
	record_number(reply, "pid", (uint64_t)getpid());
	record_text(reply, "mode", mode_of(policy));
	record_text(reply, "policy", standing->path);
	record_format(reply, "checksum", "%016" PRIx64, standing->checksum);
	record_number(reply, "generation", standing->generation);
	put_time(reply, "loaded", standing->loaded);
	put_yes(reply, "stale", standing->stale);
	if (standing->stale && standing->kept > 0)
		put_time(reply, "kept", standing->kept);
	put_time(reply, "started", commands->started);
	put_time(reply, "now", commands->now);
	record_number(reply, "groups", policy->group_count);
	record_number(reply, "prefixes", policy->prefix_count);
	record_number(reply, "patterns", policy->pattern_count);
	record_number(reply, "workers", commands->tally->worker_count);
	record_number(reply, "listeners", listeners(commands));
	record_number(reply, "memory", commands_memory(commands));
	record_number(reply, "grants", grants_count(grants));
	record_number(reply, "followed", followed(commands));
	record_number(reply, "errors", standing->errors);
	if (standing->errors > 0 || standing->stale)
		record_text(reply, "error", standing->error);
	record_end(reply);
	for (i = 0; grants_get(grants, i, &grant) == 0; i++)
		put_grant(reply, &grant);
	return SERVICE_REPLY;
}

/* --- groups */

/* Adds a word to a list in TEXT; what does not fit is left out, with "...". */
static void
add_word(char *text, size_t size, const char *word)
{
	size_t used = strlen(text);

	if (used >= 3 && strcmp(text + used - 3, "...") == 0)
		return;
	if (used + strlen(", ") + strlen(word) + sizeof(", ...") > size)
		word = "...";
	snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", word);
}

static void
put_lists(struct record_writer *reply, const struct group *group)
{
	char text[FIELD_OCTETS] = "";
	size_t i;

	for (i = 0; i < group->list_count; i++)
		add_word(text, sizeof(text), group->lists[i]->name);
	record_text(reply, "lists", text);
}

static void
put_group(struct record_writer *reply, const struct group *group,
	size_t prefixes, const uint64_t *cells)
{
	struct outcomes outcomes = outcomes_of(group, cells);
	char sinkholes[EXPLAIN_ADDRESSES_MAX];

	record_begin(reply, "group");
	record_text(reply, "name", group->name);
	put_origin(reply, "at", &group->origin);
	record_text(reply, "mode", group_mode_word(group));
	record_text(reply, "action", action_word(group->action));
	record_number(reply, "ttl", group->ttl);
	record_text(reply, "log", group_log_word(group));
	record_number(reply, "prefixes", prefixes);
	record_number(reply, "patterns", names_rules(group->own));
	put_lists(reply, group);
	explain_addresses(group, RRTYPE_ANY, sinkholes);
	record_text(reply, "sinkholes", sinkholes);
	record_number(reply, "allowed", outcomes.allowed);
	record_number(reply, "blocked", outcomes.blocked);
	record_number(reply, "audited", outcomes.audited);
	record_number(reply, "quiet", outcomes.quiet);
	record_end(reply);
}

/* A counter that no group has, under this policy and those before. */
static uint64_t
count_of(const struct commands *commands, enum tally_count count)
{
	return commands->earlier[count] + tally_total(commands->tally, count);
}

static enum service_answer
fail_memory(struct record_writer *reply)
{
	reply->broken = 1;
	return SERVICE_ERROR;
}

static enum service_answer
run_groups(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const struct policy *policy = commands->standing->policy;
	size_t i, *prefixes = calloc(policy->group_count + 1,
		sizeof(*prefixes));
	uint64_t cells[TALLY_CELLS];

	(void)request;
	if (prefixes == NULL)
		return fail_memory(reply);
	clients_count(policy->clients, prefixes, policy->group_count);
	for (i = 0; i < policy->group_count; i++) {
		(void)tally_sum_group(commands->tally, i, cells);
		put_group(reply, &policy->groups[i], prefixes[i], cells);
	}
	free(prefixes);
	return SERVICE_REPLY;
}

/* --- stats */

static int
put_line(void *arg, const char *line)
{
	struct record_writer *reply = arg;
	const char *equals = strchr(line, '=');

	record_begin(reply, "line");
	record_octets(reply, "name", line, (size_t)(equals - line));
	record_text(reply, "value", equals + 1);
	record_end(reply);
	return !reply->broken;
}

static enum service_answer
run_stats(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const char *wrong = NULL;
	int reset = is_yes(request, "reset", &wrong);

	if (wrong != NULL)
		return fail(reply, wrong, "yes or no");
	if (!stats_print(commands->stats, commands->now, reset, put_line,
	    reply))
		return fail_memory(reply);
	return SERVICE_REPLY;
}

/* --- metrics */

static void
put_metric(struct record_writer *reply, const char *kind, const char *name,
	uint64_t value)
{
	record_begin(reply, kind);
	record_text(reply, "name", name);
	record_number(reply, "value", value);
	record_end(reply);
}

static void
put_gauges(const struct commands *commands, struct record_writer *reply)
{
	const struct standing *standing = commands->standing;
	const struct policy *policy = standing->policy;

	put_metric(reply, "gauge", "generation", standing->generation);
	put_metric(reply, "gauge", "loaded", (uint64_t)standing->loaded);
	put_metric(reply, "gauge", "started", (uint64_t)commands->started);
	put_metric(reply, "gauge", "stale", (uint64_t)standing->stale);
	put_metric(reply, "gauge", "groups", policy->group_count);
	put_metric(reply, "gauge", "prefixes", policy->prefix_count);
	put_metric(reply, "gauge", "patterns", policy->pattern_count);
	put_metric(reply, "gauge", "grants",
		grants_count(commands->exceptions->grants));
	put_metric(reply, "gauge", "followed", followed(commands));
	put_metric(reply, "gauge", "memory", commands_memory(commands));
	put_metric(reply, "gauge", "listeners", listeners(commands));
}

static void
put_counts(const struct commands *commands, struct record_writer *reply)
{
	put_metric(reply, "count", "unrestricted",
		count_of(commands, TALLY_UNRESTRICTED));
	put_metric(reply, "count", "unanswered",
		count_of(commands, TALLY_UNANSWERED));
	put_metric(reply, "count", "events-lost",
		count_of(commands, TALLY_EVENTS_LOST));
	put_metric(reply, "count", "log-lines",
		observer_lines(commands->observer));
	put_metric(reply, "count", "log-suppressed",
		observer_suppressed(commands->observer));
}

/* What becomes of queries of a group, as sums.h has it. */
static const char *
outcome_word(const struct group *group, enum reason reason)
{
	if (reason_allows(reason))
		return "allow";
	if (reason == REASON_QUIET)
		return "quiet";
	return group->audit ? "audit" : "block";
}

static const char *
metric_action(const struct group *group, enum reason reason, int in_window)
{
	return reason_allows(reason) || reason == REASON_QUIET ? "none"
		: action_word(policy_action(group, reason, in_window));
}

static void
put_cell(struct record_writer *reply, const struct group *group,
	enum reason reason, const char *action, uint64_t value)
{
	record_begin(reply, "cell");
	record_text(reply, "group", group->name);
	record_text(reply, "verdict", outcome_word(group, reason));
	record_text(reply, "reason", reason_word(reason));
	record_text(reply, "action", action);
	record_number(reply, "value", value);
	record_end(reply);
}

/* Those of which nothing tells a window are one cell. */
static void
put_cells_of(struct record_writer *reply, const struct group *group,
	enum reason reason, const uint64_t *cells)
{
	const char *action = metric_action(group, reason, 0);
	const char *other = metric_action(group, reason, 1);
	uint64_t value = cells[tally_cell(reason, 0)];
	uint64_t in_window = cells[tally_cell(reason, 1)];

	if (strcmp(action, other) == 0) {
		value += in_window;
		in_window = 0;
	}
	if (value > 0 || reason == REASON_ALLOWED ||
	    reason == REASON_NOT_LISTED)
		put_cell(reply, group, reason, action, value);
	if (in_window > 0)
		put_cell(reply, group, reason, other, in_window);
}

static enum service_answer
run_metrics(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const struct policy *policy = commands->standing->policy;
	uint64_t cells[TALLY_CELLS];
	size_t i;
	unsigned reason;

	(void)request;
	record_begin(reply, "info");
	record_text(reply, "version", BITSINK_VERSION);
	record_text(reply, "unbound", commands->unbound);
	record_format(reply, "checksum", "%016" PRIx64,
		commands->standing->checksum);
	record_end(reply);
	put_gauges(commands, reply);
	put_counts(commands, reply);
	for (i = 0; i < policy->group_count; i++) {
		(void)tally_sum_group(commands->tally, i, cells);
		for (reason = REASON_ALLOWED; reason < REASON_COUNT; reason++)
			put_cells_of(reply, &policy->groups[i],
				(enum reason)reason, cells);
	}
	return SERVICE_REPLY;
}

/* --- top */

static const char *const top_words[OBSERVER_TOPS] = {
	[OBSERVER_CLIENTS] = "clients",
	[OBSERVER_NAMES] = "names",
	[OBSERVER_RULES] = "rules",
	[OBSERVER_PAIRS] = "pairs",
};

struct wanted {
	enum observer_top by;
	const char *group;
};

static int
is_wanted(const struct top_entry *entry, const void *arg)
{
	const struct wanted *wanted = arg;
	struct observer_key key;

	if (wanted->group == NULL)
		return 1;
	observer_key(wanted->by, entry, &key);
	return strlen(wanted->group) == key.group_length &&
		memcmp(wanted->group, key.group, key.group_length) == 0;
}

static void
put_hours(struct record_writer *reply, const uint32_t *hours)
{
	char text[TOP_HOURS * 11 + 1];
	size_t at = 0, i;

	for (i = 0; i < TOP_HOURS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"%s%" PRIu32, i > 0 ? "," : "", hours[i]);
	record_text(reply, "hours", text);
}

static void
put_entry(struct record_writer *reply, enum observer_top by,
	const struct top_entry *entry)
{
	struct observer_key key;

	observer_key(by, entry, &key);
	record_begin(reply, "entry");
	record_octets(reply, "group", key.group, key.group_length);
	if (key.client.family != ADDRESS_NONE)
		put_address(reply, "client", &key.client);
	if (by == OBSERVER_NAMES || by == OBSERVER_PAIRS)
		put_name(reply, "name", key.name, key.name_length);
	if (key.file_length > 0)
		record_format(reply, "rule", "%.*s:%u:%u",
			(int)key.file_length, key.file, key.line, key.column);
	if (by == OBSERVER_RULES)
		record_text(reply, "reason", reason_word(key.reason));
	record_number(reply, "count", entry->count);
	record_number(reply, "error", entry->error);
	put_time(reply, "first", entry->first);
	put_time(reply, "last", entry->last);
	put_hours(reply, entry->hours);
	record_end(reply);
}

static void
put_top(const struct commands *commands, struct record_writer *reply,
	enum observer_top by, uint64_t total)
{
	const struct top *top = observer_top(commands->observer, by);
	uint64_t lost = count_of(commands, TALLY_EVENTS_LOST);

	record_begin(reply, "top");
	record_text(reply, "by", top_words[by]);
	put_time(reply, "since", observer_since(commands->observer));
	put_time(reply, "now", commands->now);
	record_number(reply, "used", top_used(top));
	record_number(reply, "room", top_room(top));
	record_number(reply, "total", total);
	put_yes(reply, "exact", top_is_exact(top) && lost == 0);
	record_number(reply, "lost", lost);
	record_end(reply);
}

/* Reads a number from 1 to OBSERVER_ROOM. 0, or -1. */
static int
read_limit(const char *text, size_t *limit)
{
	size_t i;

	*limit = TOP_LIMIT_FALLBACK;
	if (text == NULL)
		return 0;
	*limit = 0;
	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 4; i++)
		*limit = *limit * 10 + (size_t)(text[i] - '0');
	return text[i] == '\0' && *limit >= 1 && *limit <= OBSERVER_ROOM
		? 0 : -1;
}

/* All of the wanted entries are needed for the total. */
static enum service_answer
list_top(struct commands *commands, struct record_writer *reply,
	const struct wanted *wanted, size_t limit)
{
	const struct top *top = observer_top(commands->observer, wanted->by);
	struct top_entry *entries = calloc(top_used(top) + 1,
		sizeof(*entries));
	uint64_t total = 0;
	size_t i, count;

	if (entries == NULL)
		return fail_memory(reply);
	count = top_list(top, commands->now, is_wanted, wanted, entries,
		top_used(top));
	for (i = 0; i < count; i++)
		total += entries[i].count;
	put_top(commands, reply, wanted->by, total);
	for (i = 0; i < count && i < limit; i++)
		put_entry(reply, wanted->by, &entries[i]);
	free(entries);
	return SERVICE_REPLY;
}

static enum service_answer
run_top(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const char *by = record_get(request, "by");
	struct wanted wanted = { OBSERVER_CLIENTS,
		record_get(request, "group") };
	size_t group, limit;
	unsigned i;

	for (i = 0; by != NULL && i < OBSERVER_TOPS; i++)
		if (strcmp(by, top_words[i]) == 0)
			break;
	if (by == NULL || i == OBSERVER_TOPS)
		return fail(reply, by != NULL ? by : "",
			"by=clients, names, rules or pairs");
	wanted.by = (enum observer_top)i;
	if (find_group(commands, request, &group) != 0)
		return fail_group(reply, request);
	if (read_limit(record_get(request, "limit"), &limit) != 0)
		return fail(reply, record_get(request, "limit"),
			"a number from 1 to 4096");
	return list_top(commands, reply, &wanted, limit);
}

/* --- history */

static void
put_steps(struct record_writer *reply, const char *key,
	const struct outcomes *steps, size_t offset)
{
	char text[HISTORY_STEPS * 21 + 1];
	size_t at = 0, i;

	for (i = 0; i < HISTORY_STEPS; i++) {
		uint64_t value;

		memcpy(&value, (const char *)&steps[i] + offset,
			sizeof(value));
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"%s%" PRIu64, i > 0 ? "," : "", value);
	}
	record_text(reply, key, text);
}

static enum service_answer
run_history(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	struct outcomes steps[HISTORY_STEPS];
	size_t group;

	if (find_group(commands, request, &group) != 0)
		return fail_group(reply, request);
	record_begin(reply, "history");
	if (group != SIZE_MAX)
		record_text(reply, "group", record_get(request, "group"));
	record_number(reply, "step", HISTORY_STEP_SECONDS);
	put_time(reply, "now", commands->now);
	record_end(reply);
	observer_tick(commands->observer, commands->now);
	if (history_steps(observer_history(commands->observer), commands->now,
	    group, steps) != 0)
		return SERVICE_REPLY;
	record_begin(reply, "steps");
	put_steps(reply, "allowed", steps,
		offsetof(struct outcomes, allowed));
	put_steps(reply, "blocked", steps,
		offsetof(struct outcomes, blocked));
	put_steps(reply, "audited", steps,
		offsetof(struct outcomes, audited));
	put_steps(reply, "quiet", steps, offsetof(struct outcomes, quiet));
	record_end(reply);
	return SERVICE_REPLY;
}

/* --- watch */

/* Fills in a listener's filters. NULL, or what was wrong in FOUND and expected
 * instead. */
static const char *
read_filters(struct commands *commands, const struct record *request,
	struct listener *listener, const char **found)
{
	const char *client = record_get(request, "client");
	const char *name = record_get(request, "name"), *wrong;
	struct pattern_error error;
	size_t group;

	*found = NULL;
	listener->all = is_yes(request, "all", found);
	if (*found != NULL)
		return "yes or no";
	*found = record_get(request, "group");
	if (find_group(commands, request, &group) != 0)
		return "a group of the policy";
	if (group != SIZE_MAX)
		snprintf(listener->group, sizeof(listener->group), "%s",
			*found);
	*found = client;
	listener->has_client = client != NULL;
	wrong = client != NULL ? prefix_from_text(&listener->client, client)
		: NULL;
	if (wrong != NULL)
		return wrong;
	*found = name;
	listener->has_name = name != NULL;
	if (name != NULL && pattern_from_text(&listener->name, name,
	    strlen(name), &error) != 0)
		return error.expected;
	return NULL;
}

static enum service_answer
start_watch(struct commands *commands, const struct record *request,
	struct record_writer *reply, void **listener)
{
	struct listener *new = calloc(1, sizeof(*new));
	const char *found, *wrong;

	if (new == NULL)
		return fail_memory(reply);
	wrong = read_filters(commands, request, new, &found);
	if (wrong != NULL) {
		free(new);
		return fail(reply, found, wrong);
	}
	commands->want_all += new->all != 0;
	*listener = new;
	return SERVICE_LISTEN;
}

static int
wants(const struct listener *listener, const struct event *event)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct name name;

	if ((event->verdict == VERDICT_ALLOW ||
	    event->reason == REASON_QUIET) && !listener->all)
		return 0;
	if (listener->group[0] != '\0' &&
	    strcmp(listener->group, event->group->name) != 0)
		return 0;
	if (listener->has_client &&
	    !prefix_holds(&listener->client, &event->client))
		return 0;
	return !listener->has_name ||
		(name_from_wire(&name, event->qname, event->qname_len) == 0 &&
		pattern_matches(&listener->name, &name, specificity));
}

int
commands_event(void *arg, void *listener, const struct event *event,
	struct record_writer *out)
{
	char word[RRTYPE_TEXT_MAX], found[OBSERVER_FOUND_MAX];

	(void)arg;
	if (!wants(listener, event))
		return 0;
	record_begin(out, "event");
	put_time(out, "time", event->seconds);
	record_number(out, "microseconds", event->microseconds);
	put_address(out, "client", &event->client);
	record_text(out, "group",
		event->group->name);
	put_name(out, "name", event->qname, event->qname_len);
	rrtype_to_text(event->qtype, word);
	record_text(out, "type", word);
	rrclass_to_text(event->qclass, word);
	record_text(out, "class", word);
	record_text(out, "verdict", verdict_word(event->verdict));
	record_text(out, "reason", reason_word(event->reason));
	record_text(out, "action", event->verdict == VERDICT_ALLOW ? "none"
		: action_word(event->action));
	put_origin(out, "rule", &event->rule);
	if (observer_found(event, found))
		record_text(out, "found", found);
	record_end(out);
	return 1;
}

void
commands_free_listener(void *arg, void *freed)
{
	struct commands *commands = arg;
	struct listener *listener = freed;

	commands->want_all -= listener->all != 0;
	free(listener);
}

/* --- reload */

void
commands_switch(struct commands *commands, const struct standing *standing,
	const struct tally *tally)
{
	unsigned i;

	for (i = 0; i < TALLY_COUNTS; i++)
		commands->earlier[i] = count_of(commands,
			(enum tally_count)i);
	commands->standing = standing;
	commands->tally = tally;
}

/* A query that was asked for lately, as the key of a top has it, asked again
 * at NOW. */
static void
query_of_key(const struct observer_key *key, int64_t now, struct query *query)
{
	query->client = key->client;
	query->qname = key->name;
	query->qname_len = key->name_length;
	query->qtype = RRTYPE_A;
	query->qclass = RRCLASS_IN;
	query->now = now;
}

/* Counts of verdict records, by their change. */
struct verdicts {
	uint64_t blocked;
	uint64_t allowed;
	uint64_t other;
	uint64_t asked;
};

static void
count_verdict(struct verdicts *verdicts, const char *record)
{
	if (strncmp(record, "verdict change=blocked ", 23) == 0)
		verdicts->blocked++;
	else if (strncmp(record, "verdict change=allowed ", 23) == 0)
		verdicts->allowed++;
	else
		verdicts->other++;
}

static void
put_verdicts(const struct commands *commands, const struct top *top,
	const struct policy *after, struct record_writer *reply,
	struct verdicts *verdicts)
{
	size_t i, count, room = top_used(top);
	struct top_entry *entries = calloc(room + 1, sizeof(*entries));
	struct observer_key key;
	struct query query;

	if (entries == NULL) {
		reply->broken = 1;
		return;
	}
	count = top_list(top, commands->now, NULL, NULL, entries, room);
	for (i = 0; i < count; i++) {
		size_t at = reply->length;

		observer_key(OBSERVER_PAIRS, &entries[i], &key);
		query_of_key(&key, commands->now, &query);
		if (diff_query(reply, commands->standing->policy, after,
		    &query) && !reply->broken)
			count_verdict(verdicts, reply->memory + at);
	}
	verdicts->asked += count;
	free(entries);
}

void
commands_put_diff(const struct commands *commands, const struct policy *after,
	const struct record_writer *diff, struct record_writer *reply)
{
	struct verdicts verdicts = { 0, 0, 0, 0 };

	record_append(reply, diff);
	put_verdicts(commands, observer_allowed(commands->observer), after,
		reply, &verdicts);
	put_verdicts(commands, observer_top(commands->observer,
		OBSERVER_PAIRS), after, reply, &verdicts);
	record_begin(reply, "verdicts");
	record_number(reply, "blocked", verdicts.blocked);
	record_number(reply, "allowed", verdicts.allowed);
	record_number(reply, "other", verdicts.other);
	record_number(reply, "asked", verdicts.asked);
	record_end(reply);
}

static void
put_problems(const struct diag *diag, struct record_writer *reply)
{
	size_t i;

	for (i = 0; i < diag->kept; i++) {
		record_begin(reply, "problem");
		record_text(reply, "severity",
			diag_word(diag->items[i].severity));
		record_text(reply, "text", diag->items[i].text);
		record_end(reply);
	}
}

enum service_answer
commands_put_loaded(const struct commands *commands, const struct diag *diag,
	const char *failed, int is_diff, struct record_writer *reply)
{
	const struct standing *standing = commands->standing;

	put_problems(diag, reply);
	if (failed != NULL) {
		record_begin(reply, "error");
		record_text(reply, "text", failed);
		record_end(reply);
		return SERVICE_ERROR;
	}
	if (is_diff)
		return SERVICE_REPLY;
	record_begin(reply, "reloaded");
	record_number(reply, "generation", standing->generation);
	record_format(reply, "checksum", "%016" PRIx64, standing->checksum);
	record_number(reply, "groups", standing->policy->group_count);
	record_number(reply, "prefixes", standing->policy->prefix_count);
	record_number(reply, "patterns", standing->policy->pattern_count);
	record_text(reply, "policy", standing->path);
	record_end(reply);
	return SERVICE_REPLY;
}

static enum service_answer
start_reload(struct commands *commands, const struct record *request,
	struct record_writer *reply, void **listener)
{
	struct listener *waiting;
	const char *wrong = NULL;
	int failed, diff = is_yes(request, "diff", &wrong);

	if (wrong != NULL)
		return fail(reply, wrong, "yes or no");
	waiting = calloc(1, sizeof(*waiting));
	if (waiting == NULL)
		return fail_memory(reply);
	failed = commands->load(commands->load_arg, diff, waiting);
	if (failed == 0) {
		*listener = waiting;
		return SERVICE_LATER;
	}
	free(waiting);
	return fail(reply, "reload", failed == -1
		? "no other one under way; try again"
		: "memory and a thread for it");
}

/* --- learned */

static enum service_answer
run_learned(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	struct learned *learned = observer_learned(commands->observer);
	const struct policy *policy = commands->standing->policy;
	const char *name = record_get(request, "group"), *wrong = NULL;
	int forget = is_yes(request, "forget", &wrong);
	size_t group;

	if (wrong != NULL)
		return fail(reply, wrong, "yes or no");
	if (name == NULL)
		return fail(reply, "", "group=, a group of the policy");
	if (find_group(commands, request, &group) != 0)
		return fail_group(reply, request);
	record_begin(reply, "audit");
	record_text(reply, "group", name);
	record_text(reply, "mode", group_mode_word(&policy->groups[group]));
	put_time(reply, "since", learned_since(learned, name));
	put_time(reply, "now", commands->now);
	record_number(reply, "used", learned_used(learned));
	record_number(reply, "room", LEARNED_ROOM);
	record_number(reply, "lost", learned_lost(learned));
	record_end(reply);
	learned_list(learned, name, reply);
	if (forget && !reply->broken)
		(void)learned_forget(learned, name);
	return SERVICE_REPLY;
}

/* --- explain */

static enum service_answer
run_explain(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	struct explanation explanation;
	struct question question;
	const char *found, *expected;

	expected = question_read(&question, record_get(request, "client"),
		record_get(request, "name"), record_get(request, "type"),
		record_get(request, "class"), &found);
	if (expected != NULL)
		return fail(reply, found, expected);
	question.query.now = commands->now;
	explain_query(commands->standing->policy, commands->exceptions,
		&question.query, &explanation);
	explain_record(reply, &question.query, &explanation);
	return SERVICE_REPLY;
}

/* --- allow, revoke */

/* The value of KEY, or "": what is missing is told by what was expected. */
static const char *
text_of(const struct record *request, const char *key)
{
	const char *text = record_get(request, key);

	return text != NULL ? text : "";
}

static enum service_answer
run_allow(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const struct policy *policy = commands->standing->policy;
	const char *pattern = text_of(request, "pattern");
	struct granting_error error;
	struct grant grant;
	size_t group, i;

	if (find_group(commands, request, &group) != 0)
		return fail_group(reply, request);
	if (group == SIZE_MAX)
		return fail(reply, "", "group=, a group of the policy");
	/* They would refuse it all the same. */
	if (commands->standing->gate != NULL)
		return fail(reply, pattern, "an Unbound that asks bitsink "
			"before its cache: its views know no grants");
	if (granting_allow(commands->granting, policy, &policy->groups[group],
	    pattern, text_of(request, "seconds"), commands->now, &error) != 0)
		return fail(reply, error.found, error.expected);
	for (i = 0; grants_get(commands->exceptions->grants, i, &grant) == 0;
	    i++)
		if (strcmp(grant.group, policy->groups[group].name) == 0 &&
		    strcmp(grant.pattern, pattern) == 0)
			put_grant(reply, &grant);
	return SERVICE_REPLY;
}

static enum service_answer
run_revoke(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	const char *group = text_of(request, "group");
	const char *pattern = text_of(request, "pattern");
	struct granting_error error;

	if (granting_revoke(commands->granting, group, pattern, &error) != 0)
		return fail(reply, error.found, error.expected);
	record_begin(reply, "revoked");
	record_text(reply, "group", group);
	record_text(reply, "pattern", pattern);
	record_end(reply);
	return SERVICE_REPLY;
}

/* --- site */

/* A line as it came; nothing where it is none. */
static void
copy_record(struct record_writer *reply, char *line)
{
	struct record record;
	const char *expected;
	size_t wrong;
	unsigned i;

	if (record_parse(&record, line, &wrong, &expected) != 0)
		return;
	record_begin(reply, record.kind);
	for (i = 0; i < record.count; i++)
		record_text(reply, record.fields[i].key,
			record.fields[i].value);
	record_end(reply);
}

static enum service_answer
run_site(struct commands *commands, const struct record *request,
	struct record_writer *reply)
{
	char *text, *line, *end;

	(void)request;
	if (commands->site == NULL)
		return SERVICE_REPLY;
	text = strndup(commands->site, commands->site_length);
	if (text == NULL)
		return fail_memory(reply);
	for (line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		copy_record(reply, line);
	}
	free(text);
	return SERVICE_REPLY;
}

/* --- Which of them. */

static const struct command commands_table[] = {
	{ "status", { NULL }, run_status, NULL },
	{ "groups", { NULL }, run_groups, NULL },
	{ "stats", { "reset", NULL }, run_stats, NULL },
	{ "metrics", { NULL }, run_metrics, NULL },
	{ "top", { "by", "group", "limit", NULL }, run_top, NULL },
	{ "history", { "group", NULL }, run_history, NULL },
	{ "watch", { "all", "group", "client", "name", NULL }, NULL,
		start_watch },
	{ "reload", { "diff", NULL }, NULL, start_reload },
	{ "learned", { "group", "forget", NULL }, run_learned, NULL },
	{ "explain", { "client", "name", "type", "class", NULL },
		run_explain, NULL },
	{ "allow", { "group", "pattern", "seconds", NULL }, run_allow, NULL },
	{ "revoke", { "group", "pattern", NULL }, run_revoke, NULL },
	{ "site", { NULL }, run_site, NULL },
};

#define COMMANDS (sizeof(commands_table) / sizeof(commands_table[0]))

/* The first key of the request that the command does not take, or that is
 * there twice; NULL where there is none. */
static const char *
wrong_key(const struct command *command, const struct record *request)
{
	unsigned i, k;

	for (i = 0; i < request->count; i++) {
		const char *key = request->fields[i].key;

		for (k = 0; command->keys[k] != NULL; k++)
			if (strcmp(command->keys[k], key) == 0)
				break;
		if (command->keys[k] == NULL ||
		    record_get(request, key) != request->fields[i].value)
			return key;
	}
	return NULL;
}

enum service_answer
commands_answer(void *arg, const struct record *request,
	struct record_writer *reply, void **listener)
{
	struct commands *commands = arg;
	const struct command *command = NULL;
	const char *wrong;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(request->kind, commands_table[i].name) == 0)
			command = &commands_table[i];
	if (command == NULL)
		return fail(reply, request->kind, "status, groups, stats, "
			"metrics, top, history, watch, reload, learned, "
			"explain, allow, revoke or site");
	wrong = wrong_key(command, request);
	if (wrong != NULL)
		return fail(reply, wrong,
			"a key that this request takes, once");
	if (command->start != NULL)
		return command->start(commands, request, reply, listener);
	return command->run(commands, request, reply);
}
