/*
 * loading.c - reading a policy beside everything else, in a thread of its own.
 */
#include "loading.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

/*
 * Clients wait for a worker, and nobody for a policy as they do: where both
 * want a processor, the worker has it. It is not the class of what is idle: a
 * machine that is asked too much has a new policy late, not never. With Linux
 * a priority is a thread's own. Where it may not be changed, it is as it was.
 */
static void
stand_back(void)
{
	static const struct sched_param none = { 0 };

	(void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), PRIO_MAX - 1);
}

static void *
run(void *arg)
{
	struct loading *loading = arg;
	const struct loading_setup *setup = &loading->setup;

	stand_back();
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
	    setup->standing->site_length) != 0) {
		standing_clear(&loading->standing);
		free(loading);
		return NULL;
	}
	loading->standing.gate = setup->standing->gate;
	loading->standing.gate_length = setup->standing->gate_length;
	if (pthread_create(&loading->thread, NULL, run, loading) != 0) {
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
	if (!loading->is_joined && loading_is_done(loading))
		loading->is_joined = pthread_tryjoin_np(loading->thread,
			NULL) == 0;
	return loading->is_joined;
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
