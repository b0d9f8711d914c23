/*
 * observer.c - what is made of events: log lines, the most blocked, the last
 * day.
 */
#include "observer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hash.h"
#include "record.h"
#include "rrtype.h"
#include "sums.h"

/* A file name that is longer loses its beginning. */
#define FILE_OCTETS_MAX 255u
#define ADDRESS_OCTETS 17u
#define RULE_OCTETS 9u
#define GROUP_OCTETS_MAX (1u + GROUP_NAME_MAX)
#define KEY_OCTETS_MAX (GROUP_OCTETS_MAX + ADDRESS_OCTETS + RULE_OCTETS + 255u)
/* A file name in a log line, with escapes. */
#define FILE_TEXT_MAX 1024

/* Groups whose hashes are remembered. */
#define GROUPS_SEEN 64

struct group_seen {
	const struct group *group;
	uint64_t hash;
};

struct observer {
	/* Of hash_key(). */
	struct names_key key;
	const struct policy *policy;
	const struct tally *tally;
	say_line line;
	struct lines *lines;
	struct top *tops[OBSERVER_TOPS];
	struct top *allowed;
	struct learned *learned;
	int64_t since;
	/* That of the groups there are, and the one for the policy that is to
	 * come. */
	struct history *history, *next;
	/* Of policies that are not freed yet. */
	struct group_seen groups[GROUPS_SEEN];
	/* Events lost under earlier policies, and those told of. */
	uint64_t lost_before;
	uint64_t lost_told;
	_Atomic uint64_t written;
	_Atomic uint64_t suppressed;
	_Atomic size_t memory;
};

/* --- Keys of the tops. */

static size_t
put(uint8_t *key, size_t at, const void *octets, size_t length)
{
	memcpy(key + at, octets, length);
	return at + length;
}

static size_t
put_group(uint8_t *key, const struct group *group)
{
	uint8_t length = (uint8_t)strlen(group->name);
	size_t at = put(key, 0, &length, 1);

	return put(key, at, group->name, length);
}

static size_t
put_client(uint8_t *key, size_t at, const struct address *client)
{
	uint8_t family = (uint8_t)client->family;

	at = put(key, at, &family, 1);
	return put(key, at, client->octets, sizeof(client->octets));
}

static size_t
put_name(uint8_t *key, size_t at, const struct event *event)
{
	size_t i;

	for (i = 0; i < event->qname_len; i++)
		key[at + i] = octet_lower(event->qname[i]);
	return at + event->qname_len;
}

static size_t
put_rule(uint8_t *key, size_t at, const struct event *event)
{
	uint8_t reason = (uint8_t)event->reason;
	uint32_t line = event->rule.line, column = event->rule.column;
	const char *file = event->rule.file;
	size_t length = file != NULL ? strlen(file) : 0;

	if (length > FILE_OCTETS_MAX) {
		file += length - FILE_OCTETS_MAX;
		length = FILE_OCTETS_MAX;
	}
	at = put(key, at, &reason, sizeof(reason));
	at = put(key, at, &line, sizeof(line));
	at = put(key, at, &column, sizeof(column));
	return length > 0 ? put(key, at, file, length) : at;
}

static size_t
make_key(enum observer_top number, const struct event *event, uint8_t *key)
{
	size_t at = put_group(key, event->group);

	if (number == OBSERVER_RULES)
		return put_rule(key, at, event);
	if (number != OBSERVER_NAMES)
		at = put_client(key, at, &event->client);
	if (number != OBSERVER_CLIENTS)
		at = put_name(key, at, event);
	return at;
}

static inline uint64_t
hash_pair(const struct names_key *key, const struct event_hashes *of)
{
	return hash_both(key, hash_both(key, of->group, of->client), of->name);
}

/* Hashes of what the keys are made of. */
static inline void
make_hashes(const struct names_key *key, const struct event *event,
	const struct event_hashes *of, uint64_t hashes[OBSERVER_TOPS])
{
	uint8_t rule[RULE_OCTETS + FILE_OCTETS_MAX];
	uint64_t rule_hash = event->reason;

	if (event->rule.file != NULL)
		rule_hash = hash_octets(key, 0, rule, put_rule(rule, 0,
			event));
	hashes[OBSERVER_CLIENTS] = hash_both(key, of->group, of->client);
	hashes[OBSERVER_NAMES] = hash_both(key, of->group, of->name);
	hashes[OBSERVER_RULES] = hash_both(key, of->group, rule_hash);
	hashes[OBSERVER_PAIRS] = hash_pair(key, of);
}

static uint64_t
hash_group(struct observer *observer, const struct group *group)
{
	struct group_seen *seen = &observer->groups[(uintptr_t)group /
		sizeof(*group) % GROUPS_SEEN];

	if (seen->group != group) {
		seen->group = group;
		seen->hash = lines_hash_group(&observer->key, group);
	}
	return seen->hash;
}

static void
add_new(struct top *top, enum observer_top number, uint64_t hash,
	const struct event *event)
{
	uint8_t key[KEY_OCTETS_MAX];

	top_add(top, hash, key, make_key(number, event, key), event->seconds);
}

static const uint8_t *
take_client(const uint8_t *at, struct address *client)
{
	client->family = (enum address_family)at[0];
	memcpy(client->octets, at + 1, sizeof(client->octets));
	return at + ADDRESS_OCTETS;
}

static void
take_rule(const uint8_t *at, const uint8_t *end, struct observer_key *key)
{
	uint32_t number;

	key->reason = (enum reason)at[0];
	memcpy(&number, at + 1, sizeof(number));
	key->line = number;
	memcpy(&number, at + 1 + sizeof(number), sizeof(number));
	key->column = number;
	key->file = (const char *)at + RULE_OCTETS;
	key->file_length = (size_t)(end - at) - RULE_OCTETS;
}

void
observer_key(enum observer_top number, const struct top_entry *entry,
	struct observer_key *key)
{
	const uint8_t *at = entry->key, *end = at + entry->key_length;

	memset(key, 0, sizeof(*key));
	key->group_length = at[0];
	key->group = (const char *)at + 1;
	at += 1 + key->group_length;
	if (number == OBSERVER_RULES) {
		take_rule(at, end, key);
		return;
	}
	if (number != OBSERVER_NAMES)
		at = take_client(at, &key->client);
	key->name = at;
	key->name_length = (size_t)(end - at);
}

/* --- The log. */

static void
write_time(const struct event *event, char *text, size_t size)
{
	char day[SAY_TIME_MAX];

	say_time(day, "%Y-%m-%dT%H:%M:%S", event->seconds);
	snprintf(text, size, "%s.%06" PRIu32 "Z", day, event->microseconds);
}

static void
write_rule(const struct origin *rule, char *text, size_t size)
{
	char file[FILE_TEXT_MAX];

	if (rule->file == NULL) {
		snprintf(text, size, "-");
		return;
	}
	record_escape(file, sizeof(file), rule->file);
	snprintf(text, size, "%s:%u:%u", file, rule->line, rule->column);
}

int
observer_found(const struct event *event, char *text)
{
	if (event->reason == REASON_CHAIN && event->found_len > 0)
		name_to_text(event->found, event->found_len, text);
	else if (event->reason == REASON_ADDRESS &&
	    event->address.family != ADDRESS_NONE)
		address_to_text(&event->address, text);
	else
		return 0;
	return 1;
}

static void
write_line(struct observer *observer, const struct event *event)
{
	char client[PREFIX_TEXT_MAX], name[NAME_TEXT_MAX];
	char type[RRTYPE_TEXT_MAX], class[RRTYPE_TEXT_MAX];
	char rule[FILE_TEXT_MAX + 32], when[64];
	char found[OBSERVER_FOUND_MAX];
	int was_found = observer_found(event, found);

	address_to_text(&event->client, client);
	name_to_text(event->qname, event->qname_len, name);
	rrtype_to_text(event->qtype, type);
	rrclass_to_text(event->qclass, class);
	write_rule(&event->rule, rule, sizeof(rule));
	write_time(event, when, sizeof(when));
	say(observer->line, SAY_INFO, "bitsink: %s client=%s group=%s name=%s "
		"type=%s class=%s reason=%s action=%s rule=%s%s%s time=%s",
		verdict_word(event->verdict), client,
		event->group->name, name, type, class,
		reason_word(event->reason), action_word(event->action), rule,
		was_found ? " found=" : "", was_found ? found : "", when);
	atomic_fetch_add_explicit(&observer->written, 1, memory_order_relaxed);
}

static void
report_suppressed(void *arg, const struct lines_suppressed *suppressed)
{
	struct observer *observer = arg;
	char client[PREFIX_TEXT_MAX] = "-";
	struct prefix prefix = { suppressed->client, LINES_PREFIX6 };

	if (suppressed->client.family == ADDRESS_IP6)
		prefix_to_text(&prefix, client);
	else if (suppressed->client.family == ADDRESS_IP4)
		address_to_text(&suppressed->client, client);
	say(observer->line, SAY_INFO, "bitsink: log-limit client=%s group=%s "
		"suppressed=%" PRIu64, client,
		suppressed->group, suppressed->count);
}

/* A minute begins with what the one before has left out. */
static void
begin_minute(struct observer *observer, int64_t seconds)
{
	if (!lines_is_this_minute(observer->lines, seconds))
		lines_report(observer->lines, seconds, report_suppressed,
			observer);
}

static void
log_event(struct observer *observer, const struct event_hashes *hashes,
	const struct event *event)
{
	enum group_log log = event->group->log;

	if (log == GROUP_LOG_OFF || (log == GROUP_LOG_FIRST_SEEN &&
	    !lines_is_first(observer->lines, hashes, event)))
		return;
	begin_minute(observer, event->seconds);
	if (lines_may_write(observer->lines, event)) {
		write_line(observer, event);
		return;
	}
	/* What was not written may come as the first another time. */
	if (log == GROUP_LOG_FIRST_SEEN)
		lines_forget(observer->lines, hashes, event);
	atomic_fetch_add_explicit(&observer->suppressed, 1,
		memory_order_relaxed);
}

static void
list_allowed(struct observer *observer, const struct event_hashes *of,
	const struct event *event)
{
	uint64_t hash = hash_pair(&observer->key, of);

	if (!top_again(observer->allowed, hash, event->seconds))
		add_new(observer->allowed, OBSERVER_PAIRS, hash, event);
}

void
observer_event(struct observer *observer, const struct event *event)
{
	uint64_t hashes[OBSERVER_TOPS];
	struct event_hashes of;
	unsigned i;

	if (event->is_target) {
		learned_target(observer->learned, event->group->name,
			event->qname, event->qname_len, event->seconds);
		return;
	}
	/* Nobody is to hear of it. */
	if (event->reason == REASON_QUIET)
		return;
	if (event->verdict == VERDICT_AUDIT)
		learned_add(observer->learned, event->group->name, event);
	lines_hash(&of, &observer->key, event);
	of.group = hash_group(observer, event->group);
	if (event->verdict == VERDICT_ALLOW)
		list_allowed(observer, &of, event);
	if (event->verdict != VERDICT_BLOCK && event->verdict != VERDICT_AUDIT)
		return;
	make_hashes(&observer->key, event, &of, hashes);
	for (i = 0; i < OBSERVER_TOPS; i++)
		if (!top_again(observer->tops[i], hashes[i], event->seconds))
			add_new(observer->tops[i], (enum observer_top)i,
				hashes[i], event);
	log_event(observer, &of, event);
}

/* --- Now and then. */

static void
note_memory(struct observer *observer)
{
	size_t octets = sizeof(*observer) + lines_memory(observer->lines) +
		history_memory(observer->history) +
		top_memory(observer->allowed) +
		learned_memory(observer->learned), i;

	for (i = 0; i < OBSERVER_TOPS; i++)
		octets += top_memory(observer->tops[i]);
	atomic_store_explicit(&observer->memory, octets, memory_order_relaxed);
}

static struct outcomes
counts_of(const void *arg, size_t group)
{
	const struct observer *observer = arg;
	struct outcomes none = { 0, 0, 0, 0 };
	uint64_t cells[TALLY_CELLS];

	/* Most, where there are many. */
	if (!tally_sum_group(observer->tally, group, cells))
		return none;
	return outcomes_of(&observer->policy->groups[group], cells);
}

static void
feed_history(struct observer *observer, int64_t now)
{
	history_feed(observer->history, now, counts_of, observer);
	note_memory(observer);
}

/* Who relies on the log must know that it is not whole. */
static void
tell_lost(struct observer *observer)
{
	uint64_t lost = tally_total(observer->tally, TALLY_EVENTS_LOST) +
		observer->lost_before;

	if (lost > observer->lost_told)
		say(observer->line, SAY_WARNING, "bitsink: log-limit "
			"lost=%" PRIu64, lost - observer->lost_told);
	observer->lost_told = lost;
}

void
observer_tick(struct observer *observer, int64_t now)
{
	feed_history(observer, now);
	tell_lost(observer);
	begin_minute(observer, now);
}

void
observer_finish(struct observer *observer, int64_t now)
{
	observer_tick(observer, now);
	lines_report(observer->lines, INT64_MAX, report_suppressed, observer);
}

/* --- From birth to death. */

static int
make_parts(struct observer *observer, const struct names_key *key)
{
	unsigned i;

	observer->key = hash_key(key);
	for (i = 0; i < OBSERVER_TOPS; i++) {
		observer->tops[i] = top_new(OBSERVER_ROOM, KEY_OCTETS_MAX);
		if (observer->tops[i] == NULL)
			return -1;
	}
	observer->allowed = top_new(OBSERVER_ROOM, KEY_OCTETS_MAX);
	if (observer->allowed == NULL)
		return -1;
	observer->learned = learned_new(key);
	if (observer->learned == NULL)
		return -1;
	observer->lines = lines_new(observer->policy->settings.log_limit, key);
	if (observer->lines == NULL)
		return -1;
	observer->history = history_new(observer->policy->group_count);
	return observer->history != NULL ? 0 : -1;
}

int
observer_prepare(struct observer *observer, const struct policy *policy)
{
	history_free(observer->next);
	observer->next = history_new(policy->group_count);
	return observer->next != NULL ? 0 : -1;
}

void
observer_switch(struct observer *observer, const struct policy *policy,
	const struct tally *tally, const size_t *map, int64_t now)
{
	/* The last of the old one. */
	feed_history(observer, now);
	observer->lost_before += tally_total(observer->tally,
		TALLY_EVENTS_LOST);
	history_move(observer->next, observer->history, map);
	history_free(observer->history);
	observer->history = observer->next;
	observer->next = NULL;
	memset(observer->groups, 0, sizeof(observer->groups));
	observer->policy = policy;
	observer->tally = tally;
	lines_set_limit(observer->lines, policy->settings.log_limit);
	note_memory(observer);
}

struct observer *
observer_new(const struct policy *policy, const struct tally *tally,
	const struct names_key *key, say_line line, int64_t now)
{
	struct observer *observer = calloc(1, sizeof(*observer));

	if (observer == NULL)
		return NULL;
	observer->policy = policy;
	observer->tally = tally;
	observer->line = line;
	observer->since = now;
	if (make_parts(observer, key) != 0) {
		observer_free(observer);
		return NULL;
	}
	feed_history(observer, now);
	return observer;
}

void
observer_free(struct observer *observer)
{
	unsigned i;

	if (observer == NULL)
		return;
	for (i = 0; i < OBSERVER_TOPS; i++)
		top_free(observer->tops[i]);
	top_free(observer->allowed);
	learned_free(observer->learned);
	lines_free(observer->lines);
	history_free(observer->history);
	history_free(observer->next);
	free(observer);
}

uint64_t
observer_lines(const struct observer *observer)
{
	return atomic_load_explicit(&observer->written, memory_order_relaxed);
}

uint64_t
observer_suppressed(const struct observer *observer)
{
	return atomic_load_explicit(&observer->suppressed,
		memory_order_relaxed);
}

const struct top *
observer_top(const struct observer *observer, enum observer_top number)
{
	return observer->tops[number];
}

const struct top *
observer_allowed(const struct observer *observer)
{
	return observer->allowed;
}

struct learned *
observer_learned(struct observer *observer)
{
	return observer->learned;
}

int64_t
observer_since(const struct observer *observer)
{
	return observer->since;
}

const struct history *
observer_history(const struct observer *observer)
{
	return observer->history;
}

size_t
observer_memory(const struct observer *observer)
{
	return atomic_load_explicit(&observer->memory, memory_order_relaxed);
}
