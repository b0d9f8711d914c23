/*
 * inforce.h - the policy in force, which changes in one step while workers
 * judge.
 *
 * A worker sees one policy from inforce_enter() to inforce_leave(), and never
 * waits. Who changes it gets the old one back when no worker can see it any
 * more: read-copy update, by liburcu.
 *
 * Thread-safety: inforce_enter() and inforce_leave() are for workers;
 * inforce_change() is for one thread, which may also look at the present
 * policy by inforce_now().
 */
#ifndef BITSINK_INFORCE_H
#define BITSINK_INFORCE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

/*
 * With -D_LGPL_SOURCE liburcu's few instructions are in line, which it offers
 * to code of a license like ours. Not with AddressSanitizer, which comes with
 * the one for undefined behaviour here: liburcu up to 0.13 has a thread's state
 * where its alignment does not allow it to be.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef _LGPL_SOURCE
#endif
#elif defined(__SANITIZE_ADDRESS__)
#undef _LGPL_SOURCE
#endif
#include <urcu/urcu-bp.h>

#include "standing.h"
#include "tally.h"

/* What changes together. */
struct force {
	struct standing standing;
	struct tally *tally;
};

/* Takes over all of STANDING, and makes the counters for it. NULL when out of
 * memory; STANDING stays the caller's then. */
struct force *force_new(struct standing *standing, size_t workers);
void force_free(struct force *force);

/* The number in AFTER of each group of BEFORE, by its name; SIZE_MAX where it
 * has none. Allocated; NULL when out of memory. */
size_t *force_map(const struct policy *before, const struct policy *after);

/*
 * Keeps liburcu in memory for the life of the process, for a library that is
 * unloaded: liburcu has a function called at the end of each thread that once
 * was a reader, and does not take that back when it is unloaded itself. Returns
 * NULL, or what failed.
 */
const char *inforce_hold_liburcu(void);

/* How often a worker left. Its release, and the acquire of who changes, tell
 * also the sanitizer what liburcu's grace period guarantees. */
struct inforce_left {
	alignas(64) _Atomic uint64_t times;
};

struct inforce {
	struct force *_Atomic now;
	size_t worker_count;
	struct inforce_left *left;
};

/* NULL when out of memory; FORCE stays the caller's then. */
struct inforce *inforce_new(struct force *force, size_t workers);
/* Frees what is in force, too. When there is no worker any more. */
void inforce_free(struct inforce *inforce);

static inline const struct force *
inforce_enter(struct inforce *inforce)
{
	urcu_bp_read_lock();
	return atomic_load_explicit(&inforce->now, memory_order_acquire);
}

static inline void
inforce_leave(struct inforce *inforce, size_t worker)
{
	_Atomic uint64_t *times = &inforce->left[worker].times;

	atomic_store_explicit(times, atomic_load_explicit(times,
		memory_order_relaxed) + 1, memory_order_release);
	urcu_bp_read_unlock();
}

/* What is in force, for who changes it. */
struct force *inforce_now(struct inforce *inforce);

/* Puts NEXT in force. Returns what was, which no worker uses any more; waits
 * for those that do, which is a matter of microseconds. */
struct force *inforce_change(struct inforce *inforce, struct force *next);

#endif
