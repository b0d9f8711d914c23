/*
 * clients.h - from a source address to its group, by longest prefix.
 *
 * A prefix may also be carved out: whoever it is the longest for is in no
 * group, whatever group is around it.
 *
 * The table is built once and never changes. It holds its prefixes sorted,
 * each with the index of the prefix around it; in front of them is an index by
 * the first bits, which tells of most addresses at once which group they are
 * in. The others are searched among the few prefixes that begin near by. It
 * takes 16 octets an IPv4 and 28 octets an IPv6 prefix at most; a table of few
 * has up to 64 more for each.
 *
 * Thread-safety: a built table may be read by any number of threads.
 */
#ifndef BITSINK_CLIENTS_H
#define BITSINK_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

/* No group; as the group of an entry, its prefix is carved out. Groups are
 * numbers below CLIENTS_GROUPS_MAX. */
#define CLIENTS_NONE UINT32_MAX
#define CLIENTS_GROUPS_MAX ((1u << 24) - 1)

struct client_entry {
	struct prefix prefix;
	uint32_t group;
	/* The caller's, to find the entry's place in a file again. */
	uint32_t tag;
};

struct clients;

/* Sorts ENTRIES by family, address and length, the order of clients_new(). */
void clients_sort(struct client_entry *entries, size_t count);

/* Which prefix comes first in that order: below, at or above 0. */
int clients_order(const struct prefix *a, const struct prefix *b);

/* Whether A and B are the same prefix. */
int clients_same(const struct client_entry *a, const struct client_entry *b);

/*
 * Builds the table of COUNT sorted entries with no prefix twice. The entries
 * stay the caller's. Returns NULL when out of memory or when there are more
 * than fit (2^31). Free with clients_free(), which accepts NULL.
 */
struct clients *clients_new(const struct client_entry *entries, size_t count);
void clients_free(struct clients *clients);

/* The group of the longest prefix that holds ADDRESS, or CLIENTS_NONE where
 * none does, or that one is carved out. */
uint32_t clients_find(const struct clients *clients,
	const struct address *address);

/* The same, and that prefix, one that is carved out too; all zeroes, with
 * ADDRESS_NONE for its family, where no prefix holds ADDRESS. */
uint32_t clients_find_prefix(const struct clients *clients,
	const struct address *address, struct prefix *prefix);

/* The group of the longest prefix that holds all of PREFIX, which is PREFIX
 * itself where the table has it, or CLIENTS_NONE, as of clients_find(). */
uint32_t clients_find_around(const struct clients *clients,
	const struct prefix *prefix);

/* The prefix that is NUMBER, from 0, in the order of the table, with its group,
 * CLIENTS_NONE where it is carved out; the tag is 0. Returns 0, or -1 behind
 * the last. */
int clients_entry(const struct clients *clients, size_t number,
	struct client_entry *entry);

/* Adds the prefixes of each group below GROUPS to its element of COUNTS; those
 * that are carved out count for none. */
void clients_count(const struct clients *clients, size_t *counts,
	size_t groups);

/* Octets the table takes. */
size_t clients_memory(const struct clients *clients);

#endif
