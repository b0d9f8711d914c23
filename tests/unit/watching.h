/*
 * watching.h - what the tests of counters, logs and the control socket share:
 * what was said, records, and a policy with all that watches it.
 */
#ifndef BITSINK_TEST_WATCHING_H
#define BITSINK_TEST_WATCHING_H

#include "support.h"

#include <inttypes.h>
#include <pthread.h>

#include "event.h"
#include "inforce.h"
#include "judge.h"
#include "observer.h"
#include "record.h"
#include "say.h"
#include "standing.h"
#include "stats.h"
#include "tally.h"

/* --- What was said. */

struct said {
	enum say_level level;
	char *text;
};

static struct {
	pthread_mutex_t lock;
	struct said *lines;
	size_t count, room;
} all_said = { PTHREAD_MUTEX_INITIALIZER, NULL, 0, 0 };

/* A say_line; any thread may call it. */
static inline void
said_line(enum say_level level, const char *line)
{
	pthread_mutex_lock(&all_said.lock);
	if (all_said.count == all_said.room) {
		all_said.room = all_said.room * 2 + 64;
		all_said.lines = realloc(all_said.lines,
			all_said.room * sizeof(*all_said.lines));
		if (all_said.lines == NULL)
			abort();
	}
	all_said.lines[all_said.count].level = level;
	all_said.lines[all_said.count++].text = strdup(line);
	pthread_mutex_unlock(&all_said.lock);
}

static inline void
said_clear(void)
{
	size_t i;

	pthread_mutex_lock(&all_said.lock);
	for (i = 0; i < all_said.count; i++)
		free(all_said.lines[i].text);
	free(all_said.lines);
	all_said.lines = NULL;
	all_said.count = all_said.room = 0;
	pthread_mutex_unlock(&all_said.lock);
}

/* Lines that begin so. */
static inline size_t
said_count(const char *beginning)
{
	size_t i, count = 0;

	pthread_mutex_lock(&all_said.lock);
	for (i = 0; i < all_said.count; i++)
		count += strncmp(all_said.lines[i].text, beginning,
			strlen(beginning)) == 0;
	pthread_mutex_unlock(&all_said.lock);
	return count;
}

/* Compares all that was said, each line with "I ", "W " or "E " before and a
 * newline behind, and forgets it. */
static inline void
assert_said(const char *expected)
{
	size_t i, length = 1;
	char *found, *at;
	int wrong;

	for (i = 0; i < all_said.count; i++)
		length += strlen(all_said.lines[i].text) + 3;
	at = found = malloc(length);
	assert_non_null(found);
	*at = '\0';
	for (i = 0; i < all_said.count; i++)
		at += sprintf(at, "%c %s\n", "IWE"[all_said.lines[i].level],
			all_said.lines[i].text);
	wrong = row_text("said", expected, found);
	free(found);
	said_clear();
	assert_int_equal(wrong, 0);
}

/* --- Replies: records, each a line. */

struct reply {
	char *text;
	struct record *records;
	size_t count;
};

/* Takes LENGTH octets of whole lines apart. */
static inline struct reply
reply_parse(const char *octets, size_t length)
{
	struct reply reply = { malloc(length + 1), NULL, 0 };
	const char *expected;
	size_t wrong, lines = 0, i;
	char *line;

	assert_non_null(reply.text);
	if (length > 0)
		memcpy(reply.text, octets, length);
	reply.text[length] = '\0';
	assert_int_equal(strlen(reply.text), length);
	for (i = 0; i < length; i++)
		lines += reply.text[i] == '\n';
	assert_true(length == 0 || reply.text[length - 1] == '\n');
	reply.records = calloc(lines + 1, sizeof(*reply.records));
	assert_non_null(reply.records);
	for (line = reply.text; reply.count < lines; reply.count++) {
		char *next = strchr(line, '\n');

		*next = '\0';
		if (record_parse(&reply.records[reply.count], line, &wrong,
		    &expected) != 0)
			fail_msg("%s: expected %s at %zu", line, expected,
				wrong);
		line = next + 1;
	}
	return reply;
}

static inline void
reply_free(struct reply *reply)
{
	free(reply->text);
	free(reply->records);
	memset(reply, 0, sizeof(*reply));
}

static inline size_t
reply_count(const struct reply *reply, const char *kind)
{
	size_t i, count = 0;

	for (i = 0; i < reply->count; i++)
		count += strcmp(reply->records[i].kind, kind) == 0;
	return count;
}

/* A record as "kind key=value key=value", without escapes. */
static inline const char *
record_line(const struct record *record)
{
	static char text[65536];
	size_t length;
	unsigned i;

	length = (size_t)snprintf(text, sizeof(text), "%s", record->kind);
	for (i = 0; i < record->count; i++)
		length += (size_t)snprintf(text + length,
			sizeof(text) - length, " %s=%s", record->fields[i].key,
			record->fields[i].value);
	assert_true(length < sizeof(text));
	return text;
}

static inline const char *
field_of(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);

	if (value == NULL)
		fail_msg("no %s in: %s", key, record_line(record));
	return value;
}

static inline uint64_t
number_of(const struct record *record, const char *key)
{
	const char *value = field_of(record, key);
	char *end;
	uint64_t number = strtoull(value, &end, 10);

	assert_true(end > value && *end == '\0');
	return number;
}

/* --- A policy with all that watches it. */

#define STATE "state"

struct world {
	struct inforce *inforce;
	/* What is in force. */
	struct standing *standing;
	struct tally *tally;
	struct observer *observer;
	struct stats *stats;
	/* Nothing is allowed by them to begin with. */
	struct exceptions exceptions;
};

static const struct names_key world_key = {
	{ 0x0123456789abcdefu, 0xfedcba9876543210u }
};

/* After a change. */
static inline void
world_look(struct world *world)
{
	struct force *force = inforce_now(world->inforce);

	world->standing = &force->standing;
	world->tally = force->tally;
}

static inline void
world_make_exceptions(struct world *world)
{
	world->exceptions.grants = grants_new();
	world->exceptions.followed = followed_new(&world_key);
	assert_non_null(world->exceptions.grants);
	assert_non_null(world->exceptions.followed);
	stats_set_exceptions(world->stats, &world->exceptions);
}

/* In the folder of a test, with what the host declares, or NULL; nothing may be
 * wrong with the policy. */
static inline void
world_open_for(struct world *world, const char *policy, const char *site,
	size_t workers, int64_t now)
{
	struct standing standing;
	struct force *force;

	memset(world, 0, sizeof(*world));
	said_clear();
	write_text("policy.conf", policy);
	assert_true(mkdir(STATE, 0700) == 0 || errno == EEXIST);
	assert_int_equal(standing_load(&standing, "policy.conf", STATE, site,
		site != NULL ? strlen(site) : 0, &world_key, now, said_line),
		0);
	assert_said("");
	force = force_new(&standing, workers, &world_key);
	assert_non_null(force);
	world->inforce = inforce_new(force, workers, &world_key);
	assert_non_null(world->inforce);
	world_look(world);
	world->observer = observer_new(world->standing->policy, world->tally,
		&world_key, said_line, now);
	assert_non_null(world->observer);
	world->stats = stats_new(world->tally, world->standing,
		world->observer, 0);
	assert_non_null(world->stats);
	world_make_exceptions(world);
}

static inline void
world_open(struct world *world, const char *policy, size_t workers,
	int64_t now)
{
	world_open_for(world, policy, NULL, workers, now);
}

/* What the file of the world's policy says now; nothing may be wrong with
 * it. */
static inline struct force *
world_read(const struct world *world, int64_t now)
{
	struct standing standing;
	struct force *force;
	struct diag diag;

	memset(&diag, 0, sizeof(diag));
	assert_int_equal(standing_init(&standing, "policy.conf", STATE,
		world->standing->site, world->standing->site_length), 0);
	assert_int_equal(standing_read(&standing, &world_key, 0, &diag,
		said_line), 0);
	diag_clear(&diag);
	standing.generation = world->standing->generation + 1;
	standing.loaded = now;
	force = force_new(&standing, world->tally->worker_count,
		&world_key);
	assert_non_null(force);
	return force;
}

/* Puts another policy in force as the control thread does, which these tests
 * do without. Returns what was, to be freed. */
static inline struct force *
world_change(struct world *world, const char *policy, int64_t now)
{
	struct force *before, *force;
	size_t *map;

	write_text("policy.conf", policy);
	force = world_read(world, now);
	map = force_map(world->standing->policy, force->standing.policy);
	assert_non_null(map);
	assert_int_equal(observer_prepare(world->observer,
		force->standing.policy), 0);
	assert_int_equal(stats_prepare(world->stats, force->standing.policy),
		0);
	before = inforce_change(world->inforce, force);
	observer_switch(world->observer, force->standing.policy, force->tally,
		map, now);
	stats_switch(world->stats, &force->standing, force->tally, map);
	world_look(world);
	force_map_free(map, before->standing.policy);
	return before;
}

static inline void
world_switch(struct world *world, const char *policy, int64_t now)
{
	force_free(world_change(world, policy, now));
}

static inline void
world_close(struct world *world)
{
	stats_free(world->stats);
	observer_free(world->observer);
	inforce_free(world->inforce);
	grants_free(world->exceptions.grants);
	followed_free(world->exceptions.followed);
	said_clear();
}

/* --- Events. */

/* Judges a query, of a client in a group, as a worker does, and tells of it. */
static inline void
event_judge(struct event *event, const struct policy *policy,
	const struct query *query, int64_t seconds)
{
	struct decision decision;

	policy_decide(policy, query, &decision);
	memset(event, 0, sizeof(*event));
	event->seconds = seconds;
	event->verdict = decision.verdict;
	event->reason = decision.reason;
	event->action = decision.action;
	event->group = decision.group;
	event->client = query->client;
	event->rule = decision.rule;
	event->qtype = query->qtype;
	event->qclass = query->qclass;
	event->qname_len = (uint16_t)query->qname_len;
	memcpy(event->qname, query->qname, query->qname_len);
}

/* The number of a group of the world's policy. */
static inline size_t
group_number(const struct world *world, const struct group *group)
{
	return (size_t)(group - world->standing->policy->groups);
}

static inline struct event
event_of(const struct world *world, const char *client, const char *qname,
	int64_t seconds)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct query query = query_of(client, qname, wire);
	struct event event;

	query.now = seconds;
	event_judge(&event, world->standing->policy, &query, seconds);
	return event;
}

/* A name of 255 octets in wire format, its first label of letters LETTER. */
static inline void
longest_name(uint8_t *wire, char letter)
{
	size_t at;

	memset(wire, letter, NAME_OCTETS_MAX);
	for (at = 0; at < 192; at += 64)
		wire[at] = 63;
	wire[192] = 61;
	wire[254] = 0;
}

#endif
