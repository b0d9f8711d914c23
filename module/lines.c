/*
 * lines.c - which log lines are written.
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

/* What is remembered is in sets, found by hash: the oldest of a set goes. The
 * ways of a set take a cache line. */
#define WAYS 8
#define SETS (LINES_SEEN_MAX / WAYS)
/* Open addressing, half full at most. */
#define SLOTS ((size_t)LINES_CLIENTS_MAX * 2)
_Static_assert(LINES_CLIENTS_MAX < UINT16_MAX, "a place fits into a slot");

/* Seeds of the hashes. */
enum {
	SEED_CLIENTS,
	SEED_GROUP
};

struct left_out {
	uint64_t count;
	char group[GROUP_NAME_MAX + 1];
};

/* A client, or all that have no place of their own. */
struct place {
	struct address client;
	/* Lines in this minute. */
	unsigned written;
	struct left_out now;
	/* In minutes that are over; not reported yet. */
	struct left_out over;
};

struct lines {
	struct names_key key;
	unsigned limit;
	/* The minute that NOW and WRITTEN are of, since 1970. */
	int64_t minute;
	size_t used;
	/* Lines of this minute. */
	unsigned written;
	struct place places[LINES_CLIENTS_MAX];
	struct place others;
	/* A client's place + 1; 0 is empty. */
	uint16_t slots[SLOTS];
	/* Hashes, those seen last first; 0 is empty. */
	uint64_t seen[SETS][WAYS];
};

struct lines *
lines_new(unsigned limit, const struct names_key *key)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL)
		return NULL;
	lines->key = hash_key(key);
	lines->limit = limit;
	return lines;
}

void
lines_set_limit(struct lines *lines, unsigned limit)
{
	lines->limit = limit;
}

void
lines_free(struct lines *lines)
{
	free(lines);
}

/* --- The first of a kind. */

/* An allowed name may be blocked for its type first and for an address in its
 * answer later: those are lines of their own. Reasons that are the name's stand
 * for each other. */
static uint8_t
kind_of(enum reason reason)
{
	switch (reason) {
	case REASON_TYPE:
	case REASON_CHAIN:
	case REASON_ADDRESS:
	case REASON_ANSWER:
	case REASON_BUSY:
		return (uint8_t)reason;
	default:
		return 0;
	}
}

void
lines_hash(struct event_hashes *hashes, const struct names_key *key,
	const struct event *event)
{
	const struct address *client = &event->client;
	uint64_t high, low;

	memcpy(&high, client->octets, sizeof(high));
	memcpy(&low, client->octets + sizeof(high), sizeof(low));
	hashes->client = hash_fold(hash_both(key, high,
		(uint64_t)client->family), low ^ key->word[1]);
	hashes->name = hash_name(key, event->qname, event->qname_len);
}

uint64_t
lines_hash_group(const struct names_key *key, const struct group *group)
{
	return hash_octets(key, SEED_GROUP, (const uint8_t *)group->name,
		strlen(group->name));
}

/* 64 bits instead of all that is compared: that two of the lines remembered
 * are taken for one is not to be expected in millennia. 0 is empty. */
static uint64_t
hash_of_line(const struct lines *lines, const struct event_hashes *hashes,
	const struct event *event)
{
	uint64_t hash = hash_both(&lines->key, hashes->group, hashes->client);

	hash = hash_both(&lines->key, hash, hashes->name);
	return hash_both(&lines->key, hash, (uint64_t)event->verdict << 8 |
		kind_of(event->reason)) | 1;
}

static uint64_t *
set_of(struct lines *lines, uint64_t hash)
{
	return lines->seen[(hash >> 32) % SETS];
}

int
lines_is_first(struct lines *lines, const struct event_hashes *hashes,
	const struct event *event)
{
	uint64_t hash = hash_of_line(lines, hashes, event);
	uint64_t *set = set_of(lines, hash);
	unsigned way = 0;
	int is_first;

	if (set[0] == hash)
		return 0;
	while (way < WAYS - 1 && set[way] != hash)
		way++;
	is_first = set[way] != hash;
	/* To the front; one that is new pushes the oldest out. */
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = hash;
	return is_first;
}

void
lines_forget(struct lines *lines, const struct event_hashes *hashes,
	const struct event *event)
{
	uint64_t hash = hash_of_line(lines, hashes, event);
	uint64_t *set = set_of(lines, hash);

	if (set[0] != hash)
		return;
	memmove(set, set + 1, (WAYS - 1) * sizeof(*set));
	set[WAYS - 1] = 0;
}

/* --- Not too many of one client. */

static int
same_address(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
		memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* The slot with the client's place, or the empty one for it. */
static uint16_t *
slot_of(struct lines *lines, const struct address *client)
{
	size_t slot = hash_octets(&lines->key, SEED_CLIENTS, client->octets,
		sizeof(client->octets)) >> 32;

	for (;; slot++) {
		uint16_t *at = &lines->slots[slot % SLOTS];

		if (*at == 0 || same_address(&lines->places[*at - 1].client,
		    client))
			return at;
	}
}

/* Whom the lines of CLIENT are counted for. */
static struct address
account_of(const struct address *client)
{
	struct address account = *client;

	if (account.family == ADDRESS_IP6)
		prefix_mask(account.octets, LINES_PREFIX6);
	return account;
}

static struct place *
place_of(struct lines *lines, const struct address *client)
{
	uint16_t *slot = slot_of(lines, client);
	struct place *place;

	if (*slot != 0)
		return &lines->places[*slot - 1];
	if (lines->used == LINES_CLIENTS_MAX)
		return &lines->others;
	place = &lines->places[lines->used++];
	memset(place, 0, sizeof(*place));
	place->client = *client;
	*slot = (uint16_t)lines->used;
	return place;
}

/* Makes room: a place with nothing in it is nobody's. */
static void
drop_empty(struct lines *lines)
{
	size_t i, kept = 0;

	memset(lines->slots, 0, sizeof(lines->slots));
	for (i = 0; i < lines->used; i++) {
		const struct place *place = &lines->places[i];

		if (place->written == 0 && place->over.count == 0)
			continue;
		lines->places[kept++] = *place;
		*slot_of(lines, &place->client) = (uint16_t)kept;
	}
	lines->used = kept;
}

static void
end_minute_of(struct place *place)
{
	if (place->over.count == 0)
		memcpy(place->over.group, place->now.group,
			sizeof(place->over.group));
	place->over.count += place->now.count;
	place->now.count = 0;
	place->written = 0;
}

static void
begin_minute(struct lines *lines, int64_t minute)
{
	size_t i;

	for (i = 0; i < lines->used; i++)
		end_minute_of(&lines->places[i]);
	end_minute_of(&lines->others);
	lines->written = 0;
	lines->minute = minute;
	drop_empty(lines);
}

static int64_t
minute_of(int64_t seconds)
{
	return seconds / 60;
}

/* Workers are not in step: what comes late, from the minute before, belongs to
 * this one. Of a clock that went back further any minute is a new one. */
int
lines_is_this_minute(const struct lines *lines, int64_t seconds)
{
	int64_t minute = minute_of(seconds);

	return minute == lines->minute || minute == lines->minute - 1;
}

int
lines_may_write(struct lines *lines, const struct event *event)
{
	struct address account = account_of(&event->client);
	struct place *place;

	if (lines->limit == 0)
		return 1;
	if (!lines_is_this_minute(lines, event->seconds))
		begin_minute(lines, minute_of(event->seconds));
	place = place_of(lines, &account);
	if (place->written < lines->limit &&
	    lines->written < LINES_TOTAL_MAX) {
		place->written++;
		lines->written++;
		return 1;
	}
	if (place->now.count == 0)
		memcpy(place->now.group, event->group->name,
			sizeof(place->now.group));
	place->now.count++;
	return 0;
}

static void
report_place(struct place *place,
	void (*report)(void *arg, const struct lines_suppressed *suppressed),
	void *arg)
{
	struct lines_suppressed suppressed;

	if (place->over.count == 0)
		return;
	suppressed.client = place->client;
	memcpy(suppressed.group, place->over.group, sizeof(suppressed.group));
	suppressed.count = place->over.count;
	place->over.count = 0;
	report(arg, &suppressed);
}

void
lines_report(struct lines *lines, int64_t now,
	void (*report)(void *arg, const struct lines_suppressed *suppressed),
	void *arg)
{
	size_t i;

	if (now == INT64_MAX || !lines_is_this_minute(lines, now))
		begin_minute(lines, minute_of(now));
	for (i = 0; i < lines->used; i++)
		report_place(&lines->places[i], report, arg);
	report_place(&lines->others, report, arg);
	drop_empty(lines);
}

size_t
lines_memory(const struct lines *lines)
{
	return sizeof(*lines);
}
