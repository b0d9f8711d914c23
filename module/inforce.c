/*
 * inforce.c - the policy in force, which changes in one step while workers
 * judge.
 */
#include "inforce.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pages.h"

_Static_assert(alignof(struct inforce_use) <= PAGES_ALIGN,
	"as pages_take() has it");

/* Nanoseconds until a worker is looked at again; it judges one query in some
 * microseconds. */
#define MOMENT 50000

static void
free_parts(struct force *force)
{
	size_t i;

	for (i = 0; i < force->worker_count; i++)
		recall_free(force->recalls[i]);
	free(force->recalls);
	tally_free(force->tally);
	free(force);
}

/* 0, or -1 when out of memory. */
static int
make_recalls(struct force *force, size_t workers, const struct names_key *key)
{
	force->recalls = calloc(workers, sizeof(*force->recalls));
	if (force->recalls == NULL)
		return -1;
	while (force->worker_count < workers) {
		struct recall *recall = recall_new(key);

		if (recall == NULL)
			return -1;
		force->recalls[force->worker_count++] = recall;
	}
	return 0;
}

struct force *
force_new(struct standing *standing, size_t workers,
	const struct names_key *key)
{
	struct force *force = calloc(1, sizeof(*force));

	if (force == NULL)
		return NULL;
	force->tally = tally_new(workers, standing->policy->group_count);
	if (force->tally == NULL || make_recalls(force, workers, key) != 0) {
		free_parts(force);
		return NULL;
	}
	memcpy(&force->standing, standing, sizeof(*standing));
	memset(standing, 0, sizeof(*standing));
	return force;
}

void
force_free(struct force *force)
{
	if (force == NULL)
		return;
	standing_clear(&force->standing);
	free_parts(force);
}

/* --- Groups of two policies. */

/* The number in POLICY of the group with a name; SIZE_MAX for none. */
static size_t
find_group(const struct policy *policy, const uint32_t *sorted,
	const char *name)
{
	size_t low = 0, high = policy->group_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, policy->groups[sorted[middle]].name);

		if (order == 0)
			return sorted[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}

size_t *
force_map(const struct policy *before, const struct policy *after)
{
	uint32_t *sorted = policy_sort_groups(after);
	size_t *map = pages_take(before->group_count * sizeof(*map)), i;

	if (sorted == NULL || map == NULL) {
		pages_give(sorted, after->group_count * sizeof(*sorted));
		force_map_free(map, before);
		return NULL;
	}
	for (i = 0; i < before->group_count; i++)
		map[i] = find_group(after, sorted, before->groups[i].name);
	pages_give(sorted, after->group_count * sizeof(*sorted));
	return map;
}

void
force_map_free(size_t *map, const struct policy *before)
{
	pages_give(map, before->group_count * sizeof(*map));
}

/* --- What is in force. */

size_t
inforce_memory(size_t workers)
{
	return sizeof(struct inforce) + workers * sizeof(struct inforce_use);
}

struct inforce *
inforce_new(struct force *force, size_t workers, const struct names_key *key)
{
	struct inforce *inforce = calloc(1, sizeof(*inforce));
	size_t i;

	if (inforce == NULL)
		return NULL;
	inforce->uses = pages_take(workers * sizeof(*inforce->uses));
	if (inforce->uses == NULL) {
		free(inforce);
		return NULL;
	}
	for (i = 0; i < workers; i++) {
		struct inforce_use *use = &inforce->uses[i];

		atomic_init(&use->force, NULL);
		use->clients.key = (uint32_t)hash_key(key).word[0];
		use->absents.factor = hash_key(key).word[1] | 1;
		tally_begin(force->tally, i, &use->passed, 0);
	}
	inforce->worker_count = workers;
	force->epoch = 1;
	atomic_init(&inforce->epoch, force->epoch);
	atomic_init(&inforce->now, force);
	return inforce;
}

void
inforce_free(struct inforce *inforce)
{
	if (inforce == NULL)
		return;
	force_free(atomic_load(&inforce->now));
	pages_give(inforce->uses,
		inforce->worker_count * sizeof(*inforce->uses));
	free(inforce);
}

struct force *
inforce_now(struct inforce *inforce)
{
	return atomic_load_explicit(&inforce->now, memory_order_acquire);
}

struct force *
inforce_change(struct inforce *inforce, struct force *next)
{
	static const struct timespec moment = { 0, MOMENT };
	struct force *before;
	size_t i;

	next->epoch = inforce_now(inforce)->epoch + 1;
	before = atomic_exchange(&inforce->now, next);
	atomic_store_explicit(&inforce->epoch, next->epoch,
		memory_order_release);
	for (i = 0; i < inforce->worker_count; i++) {
		const _Atomic uint64_t *passed = &inforce->uses[i].passed;
		uint64_t stands;

		while (atomic_load(&inforce->uses[i].force) == before)
			nanosleep(&moment, NULL);
		/* The new one begins where the old one ends. */
		stands = atomic_load_explicit(passed, memory_order_relaxed);
		tally_end(before->tally, i, stands);
		tally_begin(next->tally, i, passed, stands);
	}
	return before;
}
