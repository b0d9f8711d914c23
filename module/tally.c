/*
 * tally.c - what every worker counts.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"

static size_t
cells_of(size_t groups)
{
	return groups * TALLY_CELLS;
}

static size_t
room_of_workers(size_t workers)
{
	return workers * sizeof(struct tally_worker);
}

static size_t
room_of_cells(size_t groups)
{
	return cells_of(groups) * sizeof(uint64_t);
}

struct tally *
tally_new(size_t workers, size_t groups)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	size_t i;

	if (tally == NULL)
		return NULL;
	tally->group_count = groups;
	tally->workers = pages_take(room_of_workers(workers));
	if (tally->workers == NULL) {
		free(tally);
		return NULL;
	}
	tally->worker_count = workers;
	for (i = 0; i < workers; i++) {
		atomic_init(&tally->workers[i].ended, UINT64_MAX);
		tally->workers[i].cells = pages_take(room_of_cells(groups));
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
		pages_give(tally->workers[i].cells,
			room_of_cells(tally->group_count));
	pages_give(tally->workers, room_of_workers(tally->worker_count));
	free(tally);
}

int
tally_values_init(struct tally_values *values, size_t groups)
{
	memset(values, 0, sizeof(*values));
	values->room = (cells_of(groups) + 1) * sizeof(*values->cells);
	values->cells = pages_take(values->room);
	return values->cells != NULL ? 0 : -1;
}

void
tally_values_clear(struct tally_values *values)
{
	pages_give(values->cells, values->room);
	values->cells = NULL;
}

const uint64_t *
tally_values_group(const struct tally_values *values, size_t group)
{
	static const uint64_t none[TALLY_CELLS];

	return values->is_set ? values->cells + group * TALLY_CELLS : none;
}

void
tally_values_set(struct tally_values *values, size_t group,
	const uint64_t *cells)
{
	size_t octets = TALLY_CELLS * sizeof(*cells);

	if (memcmp(tally_values_group(values, group), cells, octets) == 0)
		return;
	memcpy(values->cells + group * TALLY_CELLS, cells, octets);
	values->is_set = 1;
}

void
tally_begin(struct tally *tally, size_t worker, const _Atomic uint64_t *passed,
	uint64_t begun)
{
	tally->workers[worker].passed = passed;
	tally->workers[worker].begun = begun;
}

void
tally_end(struct tally *tally, size_t worker, uint64_t ended)
{
	atomic_store_explicit(&tally->workers[worker].ended, ended,
		memory_order_relaxed);
}

static uint64_t
passed_of(const struct tally_worker *worker)
{
	uint64_t ended = atomic_load_explicit(&worker->ended,
		memory_order_relaxed);

	if (worker->passed == NULL)
		return 0;
	return (ended != UINT64_MAX ? ended : atomic_load_explicit(
		worker->passed, memory_order_relaxed)) - worker->begun;
}

static uint64_t
read_count(const struct tally_worker *worker, enum tally_count count)
{
	uint64_t value = atomic_load_explicit(&worker->counts[count],
		memory_order_relaxed);

	return count == TALLY_UNRESTRICTED ? value + passed_of(worker) : value;
}

uint64_t
tally_total(const struct tally *tally, enum tally_count count)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < tally->worker_count; i++)
		total += read_count(&tally->workers[i], count);
	return total;
}

void
tally_read(const struct tally *tally, size_t worker,
	struct tally_values *values)
{
	const struct tally_worker *from = &tally->workers[worker];
	uint64_t cells[TALLY_CELLS];
	size_t i;

	for (i = 0; i < TALLY_COUNTS; i++)
		values->counts[i] = read_count(from, (enum tally_count)i);
	for (i = 0; i < tally->group_count; i++) {
		(void)tally_read_group(tally, worker, i, cells);
		tally_values_set(values, i, cells);
	}
}

uint64_t
tally_read_count(const struct tally *tally, size_t worker,
	enum tally_count count)
{
	return read_count(&tally->workers[worker], count);
}

int
tally_read_group(const struct tally *tally, size_t worker, size_t group,
	uint64_t *cells)
{
	const _Atomic uint64_t *from = tally->workers[worker].cells +
		group * TALLY_CELLS;
	uint64_t any = 0;
	size_t i;

	for (i = 0; i < TALLY_CELLS; i++) {
		cells[i] = atomic_load_explicit(&from[i],
			memory_order_relaxed);
		any |= cells[i];
	}
	return any != 0;
}

int
tally_sum_group(const struct tally *tally, size_t group, uint64_t *cells)
{
	uint64_t more[TALLY_CELLS];
	size_t worker, i;
	int has_any = tally_read_group(tally, 0, group, cells);

	for (worker = 1; worker < tally->worker_count; worker++) {
		if (!tally_read_group(tally, worker, group, more))
			continue;
		has_any = 1;
		for (i = 0; i < TALLY_CELLS; i++)
			cells[i] += more[i];
	}
	return has_any;
}

size_t
tally_memory(const struct tally *tally)
{
	return sizeof(*tally) + tally->worker_count *
		(sizeof(*tally->workers) +
		cells_of(tally->group_count) * sizeof(*tally->workers->cells));
}
