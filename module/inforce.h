/*
 * inforce.h - the policy in force, which changes in one step while workers
 * judge.
 *
 * A worker sees one policy from inforce_enter() to inforce_leave(), and never
 * waits. Who changes it gets the old one back when no worker uses it any more.
 *
 * By hazard pointers (Michael: Hazard Pointers: Safe Memory Reclamation for
 * Lock-Free Objects, 2004), one a worker: it tells what it is about to use, and
 * looks whether that still is in force. liburcu does not fit here: a library
 * that is loaded after chroot() and unloaded at a reload cannot bring one along
 * that has functions called at the end of threads.
 *
 * Thread-safety: inforce_enter() and inforce_leave() are for the worker that
 * WORKER is the number of; inforce_change() is for one thread, which may also
 * look at the present policy by inforce_now().
 */
#ifndef BITSINK_INFORCE_H
#define BITSINK_INFORCE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "standing.h"
#include "tally.h"

struct recall;

/* What changes together. */
struct force {
	struct standing standing;
	struct tally *tally;
	/* One a worker, and its own. */
	struct recall *recalls;
};

/* Takes over all of STANDING, and makes for it what workers have of their own;
 * KEY is for hashes. NULL when out of memory; STANDING stays the caller's
 * then. */
struct force *force_new(struct standing *standing, size_t workers,
	const struct names_key *key);
void force_free(struct force *force);

/* The number in AFTER of each group of BEFORE, by its name; SIZE_MAX where it
 * has none. Allocated; NULL when out of memory. */
size_t *force_map(const struct policy *before, const struct policy *after);

/* What a worker uses; NULL for nothing. */
struct inforce_use {
	alignas(64) const struct force *_Atomic force;
};

struct inforce {
	struct force *_Atomic now;
	size_t worker_count;
	struct inforce_use *uses;
};

/* NULL when out of memory; FORCE stays the caller's then. */
struct inforce *inforce_new(struct force *force, size_t workers);
/* Frees what is in force, too. When there is no worker any more. */
void inforce_free(struct inforce *inforce);

/* Both sides are sequentially consistent: who changes the policy after a
 * worker's second look sees that the worker uses it, or the worker sees that it
 * has changed. */
static inline const struct force *
inforce_enter(struct inforce *inforce, size_t worker)
{
	const struct force *force = atomic_load(&inforce->now);

	for (;;) {
		const struct force *again;

		atomic_store(&inforce->uses[worker].force, force);
		again = atomic_load(&inforce->now);
		if (again == force)
			return force;
		force = again;
	}
}

static inline void
inforce_leave(struct inforce *inforce, size_t worker)
{
	atomic_store_explicit(&inforce->uses[worker].force, NULL,
		memory_order_release);
}

/* What is in force, for who changes it. */
struct force *inforce_now(struct inforce *inforce);

/* Puts NEXT in force. Returns what was, which no worker uses any more; waits
 * for those that do, which is a matter of microseconds. */
struct force *inforce_change(struct inforce *inforce, struct force *next);

#endif
