/*
 * learned.h - the names that groups in audit would have been blocked from: what
 * an allowlist is made of.
 *
 * Memory is bounded: where there is no room, the name that was seen least often
 * goes, and of those the one that was not seen for longest; how many went is
 * counted. So a flood of names that come once, however long, takes the places
 * of others that came once, and of one more at most. It is kept in a file of
 * the state directory over restarts.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_LEARNED_H
#define BITSINK_LEARNED_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "names.h"
#include "record.h"

/* Names, those of each group counted by themselves. */
#define LEARNED_ROOM 16384
/* The file in the state directory. */
#define LEARNED_NAME "learned"

struct learned;

/* NULL when out of memory. */
struct learned *learned_new(const struct names_key *key);
void learned_free(struct learned *learned);

/* A query that was audited: GROUP is the name of its group, from 1 to
 * GROUP_NAME_MAX octets. What no allow could help is passed over: for its class
 * or type, because it is no name or a quiet one, for what is in the answer.
 * event->group is not looked at. */
void learned_add(struct learned *learned, const char *group,
	const struct event *event);

/* NAME (wire format) was the target of a CNAME in an answer that a client of
 * GROUP got, at NOW: a client that asks for it within LEARNED_TARGET_SECONDS
 * follows a chain. Some 30000 targets are remembered, in memory alone. */
#define LEARNED_TARGET_SECONDS 3600
void learned_target(struct learned *learned, const char *group,
	const uint8_t *name, size_t name_length, int64_t now);

/*
 * Appends a record for each name of GROUP, the most frequent first:
 *
 *   learned name= count= clients= single= first= last= types= target=
 *	  denied=
 *
 * name is in lower case; clients is an estimate beyond 8; single is the client
 * where there was one only, else left out; types is words separated by ',', the
 * first 8; target is yes where each query for the name came within
 * LEARNED_TARGET_SECONDS after it was a CNAME's target, else no; denied is yes
 * where a pattern of the policy denied it when it came last, no where none
 * matched.
 */
void learned_list(const struct learned *learned, const char *group,
	struct record_writer *writer);

/* When the oldest name of GROUP was first seen; 0 where there is none. */
int64_t learned_since(const struct learned *learned, const char *group);

/* Forgets what is known of GROUP. Returns how many names that were. */
size_t learned_forget(struct learned *learned, const char *group);

/* Names there are, and those that had to go since the start. */
size_t learned_used(const struct learned *learned);
uint64_t learned_lost(const struct learned *learned);

/*
 * Writes all of it to DIRECTORY, if it changed since it was last written or
 * read, by way of keep_file(): at any moment the file is either the one before
 * or the new one, whole. Returns NULL, or what failed, a constant, with errno
 * set. learned_read() adds what the file has; a file that is not there is none
 * that failed, a damaged one is.
 */
const char *learned_write(struct learned *learned, const char *directory);
const char *learned_read(struct learned *learned, const char *directory);

/* Octets it takes. */
size_t learned_memory(const struct learned *learned);

#endif
