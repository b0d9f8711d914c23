/*
 * loading.c - reading a policy beside everything else, in a thread of its own.
 */
#include "loading.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "inforce.h"

struct loading {
	struct loading_setup setup;
	struct standing standing;
	struct diag diag;
	struct record_writer diff;
	/* NULL: none. */
	size_t *map;
	_Atomic int is_done;
	struct aside *aside;
};

static void
run(void *arg)
{
	struct loading *loading = arg;
	const struct loading_setup *setup = &loading->setup;
	const struct policy *before = setup->standing->policy;

	aside_free(setup->after);
	if (standing_read(&loading->standing, setup->key, !setup->diff,
	    &loading->diag, setup->line) == 0) {
		if (setup->diff)
			diff_policies(&loading->diff, before,
				loading->standing.policy);
		else
			loading->map = force_map(before,
				loading->standing.policy);
	}
	atomic_store(&loading->is_done, 1);
	setup->wake(setup->arg);
}

struct loading *
loading_start(const struct loading_setup *setup)
{
	struct loading *loading = calloc(1, sizeof(*loading));

	if (loading == NULL)
		return NULL;
	loading->setup = *setup;
	if (standing_init(&loading->standing, setup->standing->path,
	    setup->standing->directory, setup->standing->site,
	    setup->standing->site_length) != 0) {
		standing_clear(&loading->standing);
		free(loading);
		return NULL;
	}
	loading->standing.gate = setup->standing->gate;
	loading->standing.gate_length = setup->standing->gate_length;
	loading->aside = aside_start(run, loading);
	if (loading->aside == NULL) {
		standing_clear(&loading->standing);
		free(loading);
		return NULL;
	}
	return loading;
}

int
loading_is_done(const struct loading *loading)
{
	return atomic_load(&loading->is_done);
}

int
loading_has_ended(struct loading *loading)
{
	return loading_is_done(loading) && aside_has_ended(loading->aside);
}

void
loading_wait(struct loading *loading)
{
	aside_wait(loading->aside);
}

struct standing *
loading_standing(struct loading *loading)
{
	return &loading->standing;
}

const struct diag *
loading_diag(const struct loading *loading)
{
	return &loading->diag;
}

const struct record_writer *
loading_diff(const struct loading *loading)
{
	return &loading->diff;
}

const size_t *
loading_map(const struct loading *loading)
{
	return loading->map;
}

void
loading_free(struct loading *loading)
{
	if (loading == NULL)
		return;
	aside_free(loading->aside);
	if (loading->map != NULL)
		force_map_free(loading->map, loading->setup.standing->policy);
	standing_clear(&loading->standing);
	diag_clear(&loading->diag);
	record_clear(&loading->diff);
	free(loading);
}
