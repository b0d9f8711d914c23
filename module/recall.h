/*
 * recall.h - what one worker found a moment ago: the groups of clients, what
 * was decided of names, and which names are in no local zone.
 *
 * Most clients and names come again, and are not looked for again then. What is
 * compared is all that was asked with, octet by octet: the answer is never
 * another one than without all this, and a name in another letter case is
 * looked for. Each hash has one place, in which the last one stays; the hash is
 * keyed, and who makes many names takes from nobody but what is found faster.
 *
 * Names are remembered under one policy, and forgotten with it. Places of
 * clients outlive a policy: each has the epoch of inforce.h in which it holds.
 * Names in no local zone are such in one state of these zones, a number.
 *
 * Thread-safety: for the one worker that it is made for.
 */
#ifndef BITSINK_RECALL_H
#define BITSINK_RECALL_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clients.h"
#include "hash.h"
#include "query.h"

enum {
	/* Powers of two. */
	RECALL_CLIENTS = 2048,
	RECALL_SETS = 4096,
	/* Places of a set, the one that came last is the first. */
	RECALL_WAYS = 2,
	/* Octets of a name; what is shorter or longer has no place. */
	RECALL_LEAST = 8,
	RECALL_MOST = 93,
	RECALL_ABSENT_SETS = 4096,
	RECALL_ABSENT_MOST = 55
};

struct recall_client {
	/* An IPv4 address as it is in the packet. */
	uint32_t address;
	/* As of clients_find(). */
	uint32_t group;
	/* When that was so. One of them is 0: the first where it is no group,
	 * and the second where it is one; both are for an empty place. */
	uint32_t restricted;
	uint32_t passing;
};

struct recall_clients {
	uint32_t key;
	struct recall_client places[RECALL_CLIENTS];
};

/* Two cache lines. */
struct recall_name {
	/* Of recall_asked(); 0 for an empty place. */
	alignas(64) uint64_t asked;
	/* Where a query is counted for which nothing else is to be done, ever;
	 * the caller's, NULL as long as it has not set it. */
	_Atomic uint64_t *counter;
	/* The pattern that decided. */
	struct origin rule;
	/* Of enum reason, as far as it is the name's alone; REASON_COUNT as
	 * long as that is not known. */
	uint8_t reason;
	/* Whether a window of the group was open. */
	uint8_t in_window;
	/* Allowed, and nothing is to be done but to count it, ever. */
	uint8_t is_plain;
	/* In wire format. */
	uint8_t name[RECALL_MOST];
};

struct recall {
	struct names_key key;
	struct recall_name names[RECALL_SETS][RECALL_WAYS];
};

/* A cache line. */
struct recall_absent {
	/* In which the name is in no local zone. */
	alignas(64) uint64_t state;
	/* 0 for an empty place. */
	uint8_t length;
	/* In wire format. */
	uint8_t name[RECALL_ABSENT_MOST];
};
_Static_assert(sizeof(struct recall_absent) == 64, "a cache line");

struct recall_absents {
	/* Odd. */
	uint64_t factor;
	struct recall_absent names[RECALL_ABSENT_SETS][RECALL_WAYS];
};

/* What is remembered of names; NULL when out of memory. */
struct recall *recall_new(const struct names_key *key);
void recall_free(struct recall *recall);

/* Octets that it takes. */
size_t recall_memory(void);

/* --- Clients. */

/* The place of an IPv4 address as it is in the packet; it may be another
 * one's. */
static inline struct recall_client *
recall_client(struct recall_clients *recall, uint32_t address)
{
	uint32_t hash = (address ^ recall->key) * 0x9e3779b1u;

	return &recall->places[hash / (UINT32_MAX / RECALL_CLIENTS + 1)];
}

/* Has the place find that the address is in GROUP of GROUPS, or in none where
 * GROUP is beyond, since EPOCH. */
static inline void
recall_settle(struct recall_client *client, uint32_t address, uint32_t group,
	size_t groups, uint32_t epoch)
{
	client->address = address;
	client->group = group;
	client->restricted = group < groups ? epoch : 0;
	client->passing = group < groups ? 0 : epoch;
}

/* --- Names. */

/* Whether a name of LENGTH octets may have a place. */
static inline int
recall_fits(size_t length)
{
	return length - RECALL_LEAST <= RECALL_MOST - RECALL_LEAST;
}

/* Eight octets; the last ones of a name may overlap those before. */
static inline uint64_t
recall_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* 0 where eight octets are the same. */
static inline uint64_t
recall_differ(const uint8_t *a, const uint8_t *b)
{
	return recall_word(a) ^ recall_word(b);
}

/* Whose clients asked, and the length of the name. */
static inline uint64_t
recall_asked(uint32_t group, size_t length)
{
	return (uint64_t)length << 32 | group;
}

/* Of a name in wire format the first sixteen octets count, and the last: those
 * that are the same in these and as long share a set. */
static inline uint64_t
recall_hash(uint64_t factor, uint64_t asked, const uint8_t *name,
	size_t length)
{
	uint64_t hash = (asked ^ recall_word(name)) * factor;

	hash = (hash ^ recall_word(name + length - 8)) * factor;
	if (length > 16) {
		hash = (hash ^ recall_word(name + 8)) * factor;
		hash = (hash ^ recall_word(name + length - 16)) * factor;
	}
	return hash;
}

/* Whether two names, which are as long, are the same octets. */
static inline int
recall_same(const uint8_t *a, const uint8_t *b, size_t length)
{
	uint64_t differ = recall_differ(a, b) |
		recall_differ(a + (length - 8), b + (length - 8));
	size_t at;

	if (length > 16)
		differ |= recall_differ(a + 8, b + 8) |
			recall_differ(a + (length - 16), b + (length - 16));
	for (at = 16; at + 16 < length; at += 16)
		differ |= recall_differ(a + at, b + at) |
			recall_differ(a + at + 8, b + at + 8);
	return differ == 0;
}

/* The places among which that of a name in wire format is, which fits. */
static inline struct recall_name *
recall_set(struct recall *recall, uint64_t asked, const uint8_t *name,
	size_t length)
{
	uint64_t hash = recall_hash(recall->key.word[1], asked, name, length);

	return recall->names[hash / (UINT64_MAX / RECALL_SETS + 1)];
}

/* Whether it is that name's, which fits. */
static inline int
recall_is(const struct recall_name *place, uint64_t asked,
	const uint8_t *name, size_t length)
{
	return place->asked == asked &&
		recall_same(place->name, name, length);
}

/* The place of a name in wire format, asked for by a client of GROUP: what is
 * not known yet is the caller's to set. NULL where it has none. */
struct recall_name *recall_name(struct recall *recall, uint32_t group,
	const uint8_t *name, size_t length);

/* --- Names in no local zone. */

static inline int
recall_absent_fits(size_t length)
{
	return length - RECALL_LEAST <= RECALL_ABSENT_MOST - RECALL_LEAST;
}

/* The places of a name that fits. */
static inline struct recall_absent *
recall_absent_set(struct recall_absents *absents, const uint8_t *name,
	size_t length)
{
	uint64_t hash = recall_hash(absents->factor, length, name, length);

	return absents->names[hash / (UINT64_MAX / RECALL_ABSENT_SETS + 1)];
}

static inline int
recall_absent_is(const struct recall_absent *place, const uint8_t *name,
	size_t length)
{
	return place->length == length &&
		recall_same(place->name, name, length);
}

/* That name's of the places of SET, or NULL. */
static inline struct recall_absent *
recall_absent_find(struct recall_absent *set, const uint8_t *name,
	size_t length)
{
	if (recall_absent_is(&set[0], name, length))
		return &set[0];
	return recall_absent_is(&set[1], name, length) ? &set[1] : NULL;
}

/* Whether the name in wire format is known to be in no local zone in STATE,
 * which is not 0. */
static inline int
recall_is_absent(struct recall_absents *absents, uint64_t state,
	const uint8_t *name, size_t length)
{
	const struct recall_absent *place;

	if (!recall_absent_fits(length))
		return 0;
	place = recall_absent_find(recall_absent_set(absents, name, length),
		name, length);
	return place != NULL && place->state == state;
}

/* Remembers that it is. */
void recall_absent(struct recall_absents *absents, uint64_t state,
	const uint8_t *name, size_t length);

#endif
