/*
 * stats.h - counters as lines of "unbound-control stats".
 *
 * The counters themselves only grow; setting them back is to remember where
 * they stood.
 *
 * Thread-safety: all functions may be called by any thread, but for those that
 * prepare and switch, which are for one; they hold a lock while they copy
 * counters, and never while they print. stats_set_exceptions() is for before.
 */
#ifndef BITSINK_STATS_H
#define BITSINK_STATS_H

#include "judge.h"
#include "observer.h"
#include "standing.h"
#include "tally.h"

struct stats;

/* Puts out a line "name=value". Returns 0 to go no further. */
typedef int (*stats_line)(void *arg, const char *line);

/* TALLY, STANDING and OBSERVER are borrowed. INHIBIT_ZERO leaves the
 * lines of groups out that are all 0. NULL when out of memory. */
struct stats *stats_new(const struct tally *tally,
	const struct standing *standing, const struct observer *observer,
	int inhibit_zero);
void stats_free(struct stats *stats);

/* Takes the counters of WORKER, for stats_print_taken(). */
void stats_take(struct stats *stats, size_t worker);

/* Sets the counters of WORKER back; what was taken stays. Without a take before
 * it, worker 0 sets back what no worker has, too. */
void stats_clear(struct stats *stats, size_t worker);

/* Prints what was last taken of each worker; NOW as in standing.h. With RESET
 * sets back what no worker has. 0 where LINE returned that, else 1. */
int stats_print_taken(struct stats *stats, int64_t now, int reset,
	stats_line line, void *arg);

/* Prints the counters of now, and with RESET sets them back. 0 where LINE
 * returned that or memory is out, else 1. Lines are made while the lock is
 * held, and put out after that. */
int stats_print(struct stats *stats, int64_t now, int reset, stats_line line,
	void *arg);

/*
 * Another policy, in two steps. Preparing takes all memory that is needed; 0,
 * or -1 when out of memory. Switching comes when no worker counts in the old
 * tally any more: STANDING, whose policy was prepared for, and its TALLY are
 * borrowed instead; MAP has the new number of each old group, or SIZE_MAX. What
 * was counted stays.
 */
int stats_prepare(struct stats *stats, const struct policy *policy);
void stats_switch(struct stats *stats, const struct standing *standing,
	const struct tally *tally, const size_t *map);

/* What is allowed besides the policy, which is counted, too; borrowed. */
void stats_set_exceptions(struct stats *stats,
	const struct exceptions *exceptions);

/* Octets it takes. */
size_t stats_memory(const struct stats *stats);

#endif
