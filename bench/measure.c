/*
 * measure.c - what a look-up costs, one table next to another.
 */
#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"

#define CACHE_LINE 64u

const volatile size_t measure_zero = 0;

void
measure_fail(const char *format, ...)
{
	va_list arguments;

	fputs("bench: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

void *
measure_memory(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL)
		measure_fail("out of memory");
	return memory;
}

struct names_key
measure_key(void)
{
	struct names_key key;

	if (getentropy(&key, sizeof(key)) != 0)
		measure_fail("found no random key");
	return key;
}

struct policy *
measure_load(const char *path)
{
	struct policy_options options;
	struct policy *policy;
	struct diag diag;

	memset(&options, 0, sizeof(options));
	memset(&diag, 0, sizeof(diag));
	options.key = measure_key();
	policy = policy_load(path, &options, &diag);
	if (policy == NULL)
		measure_fail("%s", diag.kept > 0 ? diag.items[0].text
			: "out of memory");
	diag_clear(&diag);
	return policy;
}

double
measure_now(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
		measure_fail("found no clock of processor time");
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One state after the other, and then mixed: splitmix64. */
uint64_t
measure_random(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15u;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

static double
run_once(const struct contestant *contestant, size_t count)
{
	double before = measure_now(), after;
	size_t wrong = contestant->run(contestant, count);

	after = measure_now();
	if (wrong > 0)
		measure_fail("%s gave %zu wrong answers of %zu",
			contestant->name, wrong, count);
	return (after - before) / (double)count;
}

void
measure(struct contestant *contestants, size_t contestant_count,
	unsigned rounds, size_t count)
{
	unsigned round;
	size_t i;

	for (i = 0; i < contestant_count; i++)
		(void)run_once(&contestants[i], count);
	for (round = 0; round < rounds; round++)
		/* Whoever comes first finds the caches as another one left
		 * them: each does so as often. */
		for (i = 0; i < contestant_count; i++) {
			struct contestant *now = &contestants[(i + round) %
				contestant_count];

			now->ns[round] = run_once(now, count);
		}
}

void
measure_print(const struct contestant *contestants, size_t contestant_count,
	unsigned rounds)
{
	unsigned round;
	size_t i;

	for (i = 0; i < contestant_count; i++) {
		printf(", \"%s\": [", contestants[i].name);
		for (round = 0; round < rounds; round++)
			printf("%s%.3f", round > 0 ? ", " : "",
				contestants[i].ns[round]);
		putchar(']');
	}
}

/* --- The floor. */

struct line {
	size_t next;
	char rest[CACHE_LINE - sizeof(size_t)];
};

struct chase {
	struct line **tables;
	size_t count;
};

/* One way through all lines, and back to the first (Sattolo's algorithm). */
static struct line *
make_way(size_t octets)
{
	size_t i, count = octets / CACHE_LINE + 1;
	struct line *lines = measure_memory(count, sizeof(*lines));
	uint64_t state = octets;

	for (i = 0; i < count; i++)
		lines[i].next = i;
	for (i = count - 1; i > 0; i--) {
		size_t other = measure_random(&state) % i;
		size_t next = lines[i].next;

		lines[i].next = lines[other].next;
		lines[other].next = next;
	}
	return lines;
}

struct chase *
chase_new(const size_t *octets, size_t count)
{
	struct chase *chase = measure_memory(1, sizeof(*chase));

	if (count > CHASE_TABLES_MAX)
		measure_fail("found %zu tables, expected fewer", count);
	chase->tables = measure_memory(count, sizeof(*chase->tables));
	for (; chase->count < count; chase->count++)
		chase->tables[chase->count] = make_way(octets[chase->count]);
	return chase;
}

void
chase_free(struct chase *chase)
{
	while (chase->count > 0)
		free(chase->tables[--chase->count]);
	free(chase->tables);
	free(chase);
}

size_t
chase_run(const struct contestant *self, size_t count)
{
	const struct chase *chase = self->table;
	size_t at[CHASE_TABLES_MAX] = { 0 }, i, table, last = 0;

	for (i = 0; i < count; i++)
		for (table = 0; table < chase->count; table++) {
			last &= measure_zero;
			last = chase->tables[table][at[table] + last].next;
			at[table] = last;
		}
	return last & measure_zero;
}
