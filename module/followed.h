/*
 * followed.h - names that stood in the chain of an allowed answer, and may be
 * asked for while that answer lives.
 *
 * A server that forwards to the resolver and has cached the CNAMEs of an
 * answer asks for their targets by itself. What is remembered is which group
 * may ask for which target until when, and by which question it came.
 *
 * Memory is bounded: FOLLOWED_ROOM targets; where there is no room, the one of
 * those at its place that ends first goes, and its group may ask for it no
 * longer.
 *
 * The file is one of ledger.h, with lines
 *
 *   followed group= name= question= until=
 *
 * Thread-safety: any number of threads at a time; none waits for more than a
 * look at some entries by another. Groups are told apart by name, so that a
 * change of policy keeps what is remembered: followed_review() is for then.
 */
#ifndef BITSINK_FOLLOWED_H
#define BITSINK_FOLLOWED_H

#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "names.h"

#define FOLLOWED_ROOM 8192
/* No target is remembered for longer, in seconds, whatever its TTL is. */
#define FOLLOWED_SECONDS_MAX 86400
/* The file in the state directory. */
#define FOLLOWED_NAME "followed"

struct followed;

/* NULL when out of memory. */
struct followed *followed_new(const struct names_key *key);
void followed_free(struct followed *followed);

/*
 * The answer to QUESTION, which GROUP may have, has a chain with TARGET in it,
 * which may be asked for until UNTIL, seconds since 1970 and still at that
 * second. An entry that lasts longer stays, but not one that lasts for more
 * than FOLLOWED_SECONDS_MAX from NOW: the clock went back. Where it cannot be
 * remembered, it is not.
 */
void followed_add(struct followed *followed, const char *group,
	const struct name *question, const struct name *target, int64_t now,
	int64_t until);

/* Until when GROUP may ask for NAME; 0 where it may not, or no more, at NOW.
 * QUESTION is set to the question that led there, in lower case; it may be
 * NULL. Costs one load where nothing is remembered. */
int64_t followed_find(struct followed *followed, const char *group,
	const struct name *name, int64_t now, struct name *question);

/* Entries of all groups that have not ended at NOW; the others go. */
size_t followed_count(struct followed *followed, int64_t now);

/* Forgets every entry for which KEEP returns 0, which must not ask for anything
 * of this header: some threads may wait for it. */
typedef int followed_keep(void *context, const char *group,
	const struct name *question);
void followed_review(struct followed *followed, followed_keep *keep,
	void *context);

/* Writes all that has not ended at NOW to DIRECTORY by way of keep_file(), if
 * it changed since it was last written or read; what has ended goes. Reads it
 * and adds it to what there is, what has ended at NOW left out, and what lasts
 * for more than FOLLOWED_SECONDS_MAX from then. NULL, or what failed, a
 * constant, with errno set, 0 for a file that is damaged: of that nothing is
 * taken. No file is no failure. */
const char *followed_write(struct followed *followed, const char *directory,
	int64_t now);
const char *followed_read(struct followed *followed, const char *directory,
	int64_t now);

/* Octets it takes. */
size_t followed_memory(const struct followed *followed);

#endif
