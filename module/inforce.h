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
 * Thread-safety: what enters, leaves or passes is for the worker that WORKER is
 * the number of, or that USE is of; inforce_change() is for one thread, which
 * may also look at the present policy by inforce_now().
 */
#ifndef BITSINK_INFORCE_H
#define BITSINK_INFORCE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "recall.h"
#include "standing.h"
#include "tally.h"

/* What changes together. */
struct force {
	/* Another one for each, from 1 on. */
	uint32_t epoch;
	struct standing standing;
	struct tally *tally;
	/* What each worker remembers of names. */
	struct recall **recalls;
	size_t worker_count;
};

/* Takes over all of STANDING, and makes for it what workers have of their own;
 * KEY is for hashes. NULL when out of memory; STANDING stays the caller's
 * then. */
struct force *force_new(struct standing *standing, size_t workers,
	const struct names_key *key);
void force_free(struct force *force);

/* The number in AFTER of each group of BEFORE, by its name; SIZE_MAX where it
 * has none. NULL when out of memory. */
size_t *force_map(const struct policy *before, const struct policy *after);
void force_map_free(size_t *map, const struct policy *before);

/* What a worker has of its own, whatever is in force. */
struct inforce_use {
	/* What it uses; NULL for nothing. */
	alignas(64) const struct force *_Atomic force;
	/* Queries of clients in no group that inforce_passes() counted. */
	_Atomic uint64_t passed;
	struct recall_clients clients;
	struct recall_absents absents;
};

struct inforce {
	struct force *_Atomic now;
	/* Of what is in force, a moment later. */
	_Atomic uint32_t epoch;
	size_t worker_count;
	struct inforce_use *uses;
};

/* KEY is for hashes. NULL when out of memory; FORCE stays the caller's then. */
struct inforce *inforce_new(struct force *force, size_t workers,
	const struct names_key *key);
/* Frees what is in force, too. When there is no worker any more. */
void inforce_free(struct inforce *inforce);

/* What a worker has of its own, for those that take it instead of a number. */
static inline struct inforce_use *
inforce_use(struct inforce *inforce, size_t worker)
{
	return &inforce->uses[worker];
}

/* Both sides are sequentially consistent: who changes the policy after a
 * worker's second look sees that the worker uses it, or the worker sees that it
 * has changed. */
static inline const struct force *
inforce_enter_by(struct inforce *inforce, struct inforce_use *use)
{
	const struct force *force = atomic_load(&inforce->now);

	for (;;) {
		const struct force *again;

		atomic_store(&use->force, force);
		again = atomic_load(&inforce->now);
		if (again == force)
			return force;
		force = again;
	}
}

static inline const struct force *
inforce_enter(struct inforce *inforce, size_t worker)
{
	return inforce_enter_by(inforce, inforce_use(inforce, worker));
}

static inline void
inforce_leave_by(struct inforce_use *use)
{
	atomic_store_explicit(&use->force, NULL, memory_order_release);
}

static inline void
inforce_leave(struct inforce *inforce, size_t worker)
{
	inforce_leave_by(inforce_use(inforce, worker));
}

/*
 * Whether nothing is to be done for a query of a client: it has been in no
 * group since this policy is in force. The query is counted then. CLIENT is its
 * place. Enters nothing: what it looks at is the worker's, and whom it lets
 * pass might have asked before the policy changed.
 */
static inline int
inforce_passes(const struct inforce *inforce, struct inforce_use *use,
	const struct recall_client *client)
{
	if (client->passing != atomic_load_explicit(&inforce->epoch,
	    memory_order_acquire))
		return 0;
	tally_raise(&use->passed);
	return 1;
}

/* Octets that it takes for WORKERS. */
size_t inforce_memory(size_t workers);

/* What is in force, for who changes it. */
struct force *inforce_now(struct inforce *inforce);

/* Puts NEXT in force. Returns what was, which no worker uses any more; waits
 * for those that do, which is a matter of microseconds. */
struct force *inforce_change(struct inforce *inforce, struct force *next);

#endif
