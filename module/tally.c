/*
 * tally.c - what every worker counts.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

/* Whole cache lines of zeroes. */
static void *
lines_of(size_t octets)
{
	size_t whole = (octets + CACHE_LINE) / CACHE_LINE * CACHE_LINE;
	void *memory = aligned_alloc(CACHE_LINE, whole);

	if (memory != NULL)
		memset(memory, 0, whole);
	return memory;
}

static size_t
cells_of(size_t groups)
{
	return groups * TALLY_CELLS;
}

struct tally *
tally_new(size_t workers, size_t groups)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	size_t i;

	if (tally == NULL)
		return NULL;
	tally->group_count = groups;
	tally->workers = lines_of(workers * sizeof(*tally->workers));
	if (tally->workers == NULL) {
		free(tally);
		return NULL;
	}
	tally->worker_count = workers;
	for (i = 0; i < workers; i++) {
		tally->workers[i].cells = lines_of(cells_of(groups) *
			sizeof(*tally->workers[i].cells));
		if (tally->workers[i].cells == NULL) {
			tally_free(tally);
			return NULL;
		}
	}
	return tally;
}

void
tally_free(struct tally *tally)
{
	size_t i;

	if (tally == NULL)
		return;
	for (i = 0; i < tally->worker_count; i++)
		free(tally->workers[i].cells);
	free(tally->workers);
	free(tally);
}

int
tally_values_init(struct tally_values *values, size_t groups)
{
	memset(values, 0, sizeof(*values));
	values->cells = calloc(cells_of(groups) + 1, sizeof(*values->cells));
	return values->cells != NULL ? 0 : -1;
}

void
tally_values_clear(struct tally_values *values)
{
	free(values->cells);
	values->cells = NULL;
}

uint64_t
tally_total(const struct tally *tally, enum tally_count count)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < tally->worker_count; i++)
		total += atomic_load_explicit(&tally->workers[i].counts[count],
			memory_order_relaxed);
	return total;
}

void
tally_read(const struct tally *tally, size_t worker,
	struct tally_values *values)
{
	const struct tally_worker *from = &tally->workers[worker];
	size_t i;

	for (i = 0; i < TALLY_COUNTS; i++)
		values->counts[i] = atomic_load_explicit(&from->counts[i],
			memory_order_relaxed);
	for (i = 0; i < cells_of(tally->group_count); i++)
		values->cells[i] = atomic_load_explicit(&from->cells[i],
			memory_order_relaxed);
}

size_t
tally_memory(const struct tally *tally)
{
	return sizeof(*tally) + tally->worker_count *
		(sizeof(*tally->workers) +
		cells_of(tally->group_count) * sizeof(*tally->workers->cells));
}
