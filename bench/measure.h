/*
 * measure.h - what a look-up costs, one table next to another.
 *
 * Contestants are asked the same in turn, round after round, so that what else
 * the machine does meets all of them. Each looks at every answer it gets, and a
 * wrong one ends the program.
 *
 * Thread-safety: for programs with one thread.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define ROUNDS_MAX 101u

struct contestant {
	const char *name;
	/* Does COUNT look-ups, one after the other; returns how many gave a
	 * wrong answer. */
	size_t (*run)(const struct contestant *self, size_t count);
	/* What it looks up in, and what for. */
	const void *table;
	const void *questions;
	/* Found: nanoseconds of processor time a look-up, one a round. */
	double ns[ROUNDS_MAX];
};

/* Lets CONTESTANTS do COUNT look-ups each in each of ROUNDS rounds; one more
 * goes before, and is not counted. */
void measure(struct contestant *contestants, size_t contestant_count,
	unsigned rounds, size_t count);

/* Writes them as members of an object of JSON: "name": [ns, ...]. */
void measure_print(const struct contestant *contestants,
	size_t contestant_count, unsigned rounds);

/* Nanoseconds of processor time of this thread. */
double measure_now(void);

/*
 * Zero, which the compiler does not know. Where a look-up begins is made to
 * depend on it and on what the one before gave: so the processor cannot do
 * several at once, as it could not for a server's queries.
 */
extern const volatile size_t measure_zero;

/*
 * The floor: steps from one cache line of a table to another one, anywhere in
 * it, that only the last one tells; one a look-up and table.
 */
struct chase;
#define CHASE_TABLES_MAX 4u

/* A chase through as many tables as there are OCTETS, each of so many. */
struct chase *chase_new(const size_t *octets, size_t count);
void chase_free(struct chase *chase);
/* A contestant's run; the table is the chase. */
size_t chase_run(const struct contestant *self, size_t count);

/* Numbers that look like random ones, always the same for the same STATE, to
 * begin with. */
uint64_t measure_random(uint64_t *state);

/* A key as random as that of the module. */
struct names_key measure_key(void);

/* Loads a policy with such a key, or ends as measure_fail() does. */
struct policy *measure_load(const char *path);

/* Says what went wrong, and ends with exit code 1. */
void measure_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* Memory, or the end. */
void *measure_memory(size_t count, size_t size);

#endif
