/*
 * aside.c - work in a thread of its own, which stands back for all others.
 */
#include "aside.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct aside {
	void (*work)(void *arg);
	void *arg;
	int is_joined;
	pthread_t thread;
};

/* Nanoseconds. Longer than the kernel's own, 2.8 ms at most: that is all that
 * counts. Not more, for who has had his share meanwhile waits for its end. */
#define SLICE 5000000

/* As of sched_setattr(2); the C library may have one of that name. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

/* A filter of system calls may end the process for asking to be scheduled
 * otherwise, as that of the unit file in Unbound's sources does, and it cannot
 * be asked before. To be slower is better. */
static int
may_ask(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0;
}

/* It is not the class of what is idle: a machine that is asked too much has its
 * work done late, not never. With Linux a priority is a thread's own. Where it
 * may not be changed, it is as it was. */
static void
stand_back(void)
{
	static const struct sched_param none = { 0 };

	if (!may_ask())
		return;
	(void)pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), PRIO_MAX - 1);
}

/*
 * From Linux 6.12 on, who has a shorter slice and wakes need not wait until the
 * one of who runs is over. Before, a slice of one's own is not looked at, and
 * who has slept comes first anyway.
 */
void
aside_let_others_in(void)
{
	struct attributes attributes = { .size = sizeof(attributes) };

	if (!may_ask() || syscall(SYS_sched_getattr, 0, &attributes,
	    sizeof(attributes), 0) != 0 || attributes.policy != SCHED_OTHER)
		return;
	attributes.runtime = SLICE;
	(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static void *
run(void *arg)
{
	const struct aside *aside = arg;

	stand_back();
	aside->work(aside->arg);
	return NULL;
}

struct aside *
aside_start(void (*work)(void *arg), void *arg)
{
	struct aside *aside = calloc(1, sizeof(*aside));

	if (aside == NULL)
		return NULL;
	aside->work = work;
	aside->arg = arg;
	if (pthread_create(&aside->thread, NULL, run, aside) != 0) {
		free(aside);
		return NULL;
	}
	return aside;
}

int
aside_has_ended(struct aside *aside)
{
	if (!aside->is_joined)
		aside->is_joined = pthread_tryjoin_np(aside->thread,
			NULL) == 0;
	return aside->is_joined;
}

void
aside_wait(struct aside *aside)
{
	if (!aside->is_joined)
		pthread_join(aside->thread, NULL);
	aside->is_joined = 1;
}

void
aside_free(struct aside *aside)
{
	if (aside == NULL)
		return;
	aside_wait(aside);
	free(aside);
}
