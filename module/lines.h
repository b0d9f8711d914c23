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

/* What is remembered of lines written first-seen. */
#define LINES_SEEN_MAX 65536
/* Clients that are told apart in a minute. */
#define LINES_CLIENTS_MAX 4096

struct lines;

/* What was left out for one client, in a minute that is over. */
struct lines_suppressed {
	/* family ADDRESS_NONE: clients beyond LINES_CLIENTS_MAX. */
	struct address client;
	/* Of the first line left out. */
	uint32_t group;
	uint64_t count;
};

/* NULL when out of memory. LIMIT is lines a client and minute, 0 for all. */
struct lines *lines_new(unsigned limit, const struct names_key *key);
void lines_free(struct lines *lines);

/* Whether this client, group, QNAME (in any letter case) and verdict comes for
 * the first time, as far as is known; it is known then. */
int lines_is_first(struct lines *lines, const struct event *event);

/* Takes back what lines_is_first() has just learned, for a line that is not
 * written after all. */
void lines_forget(struct lines *lines, const struct event *event);

/* Whether the event's client may have another line in the event's minute;
 * if not, it is counted. */
int lines_may_write(struct lines *lines, const struct event *event);

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
