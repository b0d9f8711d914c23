/*
 * tally.h - what every worker counts.
 *
 * One counter is raised a judged query: that of its group and reason, or
 * the one of unrestricted queries. Everything that statistics tell of queries
 * is a sum of those, so that the sums agree in every look at them, also while
 * workers go on.
 *
 * Thread-safety: the functions that count are for the worker that WORKER
 * is the number of, and never wait; anybody may read at any time.
 */
#ifndef BITSINK_TALLY_H
#define BITSINK_TALLY_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* Counters that no group has. */
enum tally_count {
	/* Queries of clients in no group. */
	TALLY_UNRESTRICTED,
	/* Blocked queries whose answer could not be made; none was sent. */
	TALLY_UNANSWERED,
	/* Events that nobody saw, for there was no room for them. */
	TALLY_EVENTS_LOST,
	TALLY_COUNTS
};

/* Counters of a group: one a reason, and the same while one of its windows was
 * open, for another action counts then. */
#define TALLY_REASONS 16
#define TALLY_CELLS ((size_t)2 * TALLY_REASONS)
_Static_assert((int)REASON_COUNT <= TALLY_REASONS, "a cell for each reason");

/* In cache lines of its own. */
struct tally_worker {
	alignas(64) _Atomic uint64_t counts[TALLY_COUNTS];
	/* Cell group * TALLY_CELLS + tally_cell(). */
	_Atomic uint64_t *cells;
	/* Counts for TALLY_UNRESTRICTED whichever tally there is, and what it
	 * stood at when this one began. NULL for none. */
	const _Atomic uint64_t *passed;
	uint64_t begun;
	/* What it stood at when this one ended; UINT64_MAX before. */
	_Atomic uint64_t ended;
};

struct tally {
	size_t worker_count;
	size_t group_count;
	struct tally_worker *workers;
};

/* What the counters of a worker stood at. Where all cells of a group were zero,
 * nothing is written: of many groups most have none, and no memory then. */
struct tally_values {
	uint64_t counts[TALLY_COUNTS];
	uint64_t *cells;
	/* Octets of the cells. */
	size_t room;
	/* Whether any cell was written. */
	int is_set;
};

/* All zeroes. NULL when out of memory. */
struct tally *tally_new(size_t workers, size_t groups);
void tally_free(struct tally *tally);

/* One more. There is one writer, so that no locked instruction is needed. */
static inline void
tally_raise(_Atomic uint64_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter,
		memory_order_relaxed) + 1, memory_order_relaxed);
}

static inline void
tally_count(struct tally *tally, size_t worker, enum tally_count count)
{
	tally_raise(&tally->workers[worker].counts[count]);
}

/* The cell of a group that counts REASON. */
static inline size_t
tally_cell(enum reason reason, int in_window)
{
	return (size_t)reason + (in_window ? TALLY_REASONS : 0);
}

/* What counts the queries of clients in group number GROUP. */
static inline _Atomic uint64_t *
tally_counter(struct tally *tally, size_t worker, size_t group,
	enum reason reason, int in_window)
{
	return &tally->workers[worker].cells[group * TALLY_CELLS +
		tally_cell(reason, in_window)];
}

/* Counts the query of a client in group number GROUP. */
static inline void
tally_decision(struct tally *tally, size_t worker, size_t group,
	enum reason reason, int in_window)
{
	tally_raise(tally_counter(tally, worker, group, reason, in_window));
}

/* Queries of unrestricted clients are counted at PASSED as well: for this tally
 * from BEGUN on, until PASSED stands at ENDED. PASSED is the caller's. */
void tally_begin(struct tally *tally, size_t worker,
	const _Atomic uint64_t *passed, uint64_t begun);
void tally_end(struct tally *tally, size_t worker, uint64_t ended);

/* Values for a tally of GROUPS groups: all zeroes. 0, or -1 when out of
 * memory. */
int tally_values_init(struct tally_values *values, size_t groups);
void tally_values_clear(struct tally_values *values);

/* One of the counters that no group has, of all workers. */
uint64_t tally_total(const struct tally *tally, enum tally_count count);

/* What the counters of WORKER stand at: all of them, or one that no group has,
 * or the TALLY_CELLS of a group; the last returns whether any is not zero. */
void tally_read(const struct tally *tally, size_t worker,
	struct tally_values *values);
uint64_t tally_read_count(const struct tally *tally, size_t worker,
	enum tally_count count);
int tally_read_group(const struct tally *tally, size_t worker, size_t group,
	uint64_t *cells);

/* The same of a group, summed over all workers. */
int tally_sum_group(const struct tally *tally, size_t group, uint64_t *cells);

/* The TALLY_CELLS of a group among VALUES, and setting them. */
const uint64_t *tally_values_group(const struct tally_values *values,
	size_t group);
void tally_values_set(struct tally_values *values, size_t group,
	const uint64_t *cells);

/* Octets it takes. */
size_t tally_memory(const struct tally *tally);

#endif
