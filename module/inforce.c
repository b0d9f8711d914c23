/*
 * inforce.c - the policy in force, which changes in one step while workers
 * judge.
 */
#include "inforce.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recall.h"

/* Nanoseconds until a worker is looked at again; it judges one query in some
 * microseconds. */
#define MOMENT 50000

struct force *
force_new(struct standing *standing, size_t workers,
	const struct names_key *key)
{
	struct force *force = calloc(1, sizeof(*force));

	if (force == NULL)
		return NULL;
	force->tally = tally_new(workers, standing->policy->group_count);
	force->recalls = recall_new(workers, key);
	if (force->tally == NULL || force->recalls == NULL) {
		tally_free(force->tally);
		recall_free(force->recalls);
		free(force);
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
	tally_free(force->tally);
	recall_free(force->recalls);
	standing_clear(&force->standing);
	free(force);
}

/* --- Groups of two policies. */

struct named {
	const char *name;
	size_t number;
};

static int
compare_named(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

size_t *
force_map(const struct policy *before, const struct policy *after)
{
	struct named *sorted = calloc(after->group_count + 1, sizeof(*sorted));
	size_t *map = calloc(before->group_count + 1, sizeof(*map)), i;

	if (sorted == NULL || map == NULL) {
		free(sorted);
		free(map);
		return NULL;
	}
	for (i = 0; i < after->group_count; i++) {
		sorted[i].name = after->groups[i].name;
		sorted[i].number = i;
	}
	qsort(sorted, after->group_count, sizeof(*sorted), compare_named);
	for (i = 0; i < before->group_count; i++) {
		struct named key = { before->groups[i].name, 0 }, *found;

		found = bsearch(&key, sorted, after->group_count,
			sizeof(*sorted), compare_named);
		map[i] = found != NULL ? found->number : SIZE_MAX;
	}
	free(sorted);
	return map;
}

/* --- What is in force. */

struct inforce *
inforce_new(struct force *force, size_t workers)
{
	struct inforce *inforce = calloc(1, sizeof(*inforce));
	size_t i;

	if (inforce == NULL)
		return NULL;
	inforce->uses = aligned_alloc(alignof(struct inforce_use),
		workers * sizeof(*inforce->uses));
	if (inforce->uses == NULL) {
		free(inforce);
		return NULL;
	}
	for (i = 0; i < workers; i++)
		atomic_init(&inforce->uses[i].force, NULL);
	inforce->worker_count = workers;
	atomic_init(&inforce->now, force);
	return inforce;
}

void
inforce_free(struct inforce *inforce)
{
	if (inforce == NULL)
		return;
	force_free(atomic_load(&inforce->now));
	free(inforce->uses);
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
	struct force *before = atomic_exchange(&inforce->now, next);
	size_t i;

	for (i = 0; i < inforce->worker_count; i++)
		while (atomic_load(&inforce->uses[i].force) == before)
			nanosleep(&moment, NULL);
	return before;
}
