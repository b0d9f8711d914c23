/*
 * top.h - which keys came most often, in constant memory, whoever chooses
 * the keys.
 *
 * The space-saving algorithm (Metwally, Agrawal, El Abbadi: Efficient
 * Computation of Frequent and Top-k Elements in Data Streams, 2005): as
 * many keys as there is room for are counted exactly; beyond that, a new key
 * takes the place of the one with the lowest count, goes on from that count,
 * and remembers it as its error. So count - error <= true count <= count, a
 * key that came more often than all / room is always there, and no error is
 * above all / room.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_TOP_H
#define BITSINK_TOP_H

#include <stddef.h>
#include <stdint.h>

#include "names.h"

/* Hours that are kept of each key. */
#define TOP_HOURS 24

struct top;

struct top_entry {
	/* Owned by the table, valid until the next top_add(). */
	const uint8_t *key;
	size_t key_length;
	/* How often it came, at most this often too much. */
	uint64_t count;
	uint64_t error;
	/* When it came first, since it last got its place, and last: seconds
	 * since 1970. */
	int64_t first;
	int64_t last;
	/* How often it came in the hours up to NOW of top_list(), the oldest
	 * first, the last one is not over yet; hours are those of UTC. */
	uint32_t hours[TOP_HOURS];
};

/* A table for ROOM keys of at most KEY_MAX octets. NULL when out of memory. All
 * memory is taken here. */
struct top *top_new(size_t room, size_t key_max);
void top_free(struct top *top);

/* Keys are told apart by a hash of 64 bits that is made with a key of the
 * process's: that two of those here have the same is not to be expected in
 * millennia. */

/* The key with HASH came once, at NOW. 0 where it is not in the table: then
 * top_add() is to be called. */
int top_again(struct top *top, uint64_t hash, int64_t now);

/* KEY, of KEY_LENGTH octets and with HASH, is not in the table and came once,
 * at NOW. */
void top_add(struct top *top, uint64_t hash, const uint8_t *key,
	size_t key_length, int64_t now);

/*
 * The keys that WANTED accepts (NULL: all), the most frequent first (between
 * equals the one that came last), at most LIMIT of them, to ENTRIES.
 * Returns how many there are in ENTRIES.
 */
size_t top_list(const struct top *top, int64_t now,
	int (*wanted)(const struct top_entry *entry, const void *arg),
	const void *arg, struct top_entry *entries, size_t limit);

/* Keys that are there, and the room for them. Once a key had to go, counts
 * may have errors: top_is_exact() is 0. */
size_t top_used(const struct top *top);
size_t top_room(const struct top *top);
int top_is_exact(const struct top *top);

/* Octets the table takes. */
size_t top_memory(const struct top *top);

#endif
