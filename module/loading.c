/*
 * loading.c - reading a policy beside everything else, in a thread of its own.
 */
#include "loading.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

struct loading {
	struct loading_setup setup;
	struct standing standing;
	struct diag diag;
	struct record_writer diff;
	_Atomic int is_done;
	int is_joined;
	pthread_t thread;
};

static void *
run(void *arg)
{
	struct loading *loading = arg;
	const struct loading_setup *setup = &loading->setup;

	if (standing_read(&loading->standing, setup->key, !setup->diff,
	    &loading->diag, setup->line) == 0 && setup->diff)
		diff_policies(&loading->diff, setup->standing->policy,
			loading->standing.policy);
	atomic_store(&loading->is_done, 1);
	setup->wake(setup->arg);
	return NULL;
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
	    setup->standing->site_length) != 0 ||
	    pthread_create(&loading->thread, NULL, run, loading) != 0) {
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

void
loading_wait(struct loading *loading)
{
	if (!loading->is_joined)
		pthread_join(loading->thread, NULL);
	loading->is_joined = 1;
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

void
loading_free(struct loading *loading)
{
	if (loading == NULL)
		return;
	loading_wait(loading);
	standing_clear(&loading->standing);
	diag_clear(&loading->diag);
	record_clear(&loading->diff);
	free(loading);
}
