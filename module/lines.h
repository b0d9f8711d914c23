/*
 * lines.h - which log lines are written: the first of a kind, and not more
 * from one client than a log can bear.
 *
 * Memory is constant. Where a table is full, the oldest entry goes: a line that
 * was written may come again then; a client that is new while all places are
 * taken in this minute shares one place with others like it.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_LINES_H
#define BITSINK_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "event.h"
#include "names.h"
#include "policy.h"

/* What is remembered of lines written first-seen. */
#define LINES_SEEN_MAX 65536
/* Clients that are told apart in a minute. Of IPv6 a client is a /64 prefix:
 * who has one address there has all. */
#define LINES_CLIENTS_MAX 4096
#define LINES_PREFIX6 64
/* Lines of all clients together in a minute, where there is a limit. */
#define LINES_TOTAL_MAX 12000

struct lines;

/* What was left out for one client, in a minute that is over. */
struct lines_suppressed {
	/* family ADDRESS_NONE: clients beyond LINES_CLIENTS_MAX. Of IPv6 with
	 * zeroes behind LINES_PREFIX6. */
	struct address client;
	/* The group of the first line left out. */
	char group[GROUP_NAME_MAX + 1];
	uint64_t count;
};

/* NULL when out of memory. LIMIT is lines a client and minute, 0 for all. */
struct lines *lines_new(unsigned limit, const struct names_key *key);
void lines_free(struct lines *lines);

/* Hashes of an event's group, client and name, under any one key. */
struct event_hashes {
	uint64_t group;
	uint64_t client;
	uint64_t name;
};

/* Those of client and name, and apart from them the one of the group, which
 * changes less often; KEY is of hash_key(). */
void lines_hash(struct event_hashes *hashes, const struct names_key *key,
	const struct event *event);
uint64_t lines_hash_group(const struct names_key *key,
	const struct group *group);

/* Whether this client, group, QNAME (in any letter case) and verdict comes for
 * the first time, as far as is known; it is known then. What an allowed name
 * was blocked for, as its type or an address, is told apart, too. HASHES are
 * the event's. */
int lines_is_first(struct lines *lines, const struct event_hashes *hashes,
	const struct event *event);

/* Takes back what lines_is_first() has just learned of the same, for a line
 * that is not written after all. */
void lines_forget(struct lines *lines, const struct event_hashes *hashes,
	const struct event *event);

/* Another limit, from the next line on. */
void lines_set_limit(struct lines *lines, unsigned limit);

/* Whether the event's client may have another line in the event's minute;
 * if not, it is counted. */
int lines_may_write(struct lines *lines, const struct event *event);

/* Whether SECONDS since 1970 belong to the minute that limits count in. */
int lines_is_this_minute(const struct lines *lines, int64_t seconds);

/*
 * Reports and forgets what was left out in minutes that are over at NOW,
 * seconds since 1970; with NOW INT64_MAX all there is. Call it from time to
 * time, before the first lines_may_write() of a minute too.
 */
void lines_report(struct lines *lines, int64_t now,
	void (*report)(void *arg, const struct lines_suppressed *suppressed),
	void *arg);

/* Octets it takes. */
size_t lines_memory(const struct lines *lines);

#endif
