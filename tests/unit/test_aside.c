/*
 * test_aside.c - threads that stand back.
 */
#include "support.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "aside.h"

/* What the thread saw of itself. */
struct seen {
	_Atomic int may_end;
	int policy;
	int nice;
	int calls;
};

static void
look(void *arg)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->policy = sched_getscheduler(0);
	seen->nice = getpriority(PRIO_PROCESS, (id_t)gettid());
	while (!atomic_load(&seen->may_end))
		pause_for(1);
}

static void
the_thread_stands_back_and_nobody_else(void **state)
{
	struct seen seen = { .may_end = 1 };
	int policy = sched_getscheduler(0);
	int nice = getpriority(PRIO_PROCESS, 0);
	struct aside *aside = aside_start(look, &seen);

	(void)state;
	assert_non_null(aside);
	aside_wait(aside);
	aside_wait(aside);
	assert_true(aside_has_ended(aside));
	aside_free(aside);
	assert_int_equal(seen.calls, 1);
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0) {
		assert_int_equal(seen.policy, SCHED_BATCH);
		assert_int_equal(seen.nice, PRIO_MAX - 1);
	}
	assert_int_equal(sched_getscheduler(0), policy);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), nice);
	aside_free(NULL);
}

static void
nobody_waits_to_see_that_it_goes_on(void **state)
{
	struct seen seen = { .may_end = 0 };
	struct aside *aside = aside_start(look, &seen);
	int i;

	(void)state;
	assert_non_null(aside);
	for (i = 0; i < 100; i++)
		assert_false(aside_has_ended(aside));
	atomic_store(&seen.may_end, 1);
	aside_free(aside);
	assert_int_equal(seen.calls, 1);
}

/* Nanoseconds; 0 where Linux tells of no slice, which it does from 6.12 on. */
static uint64_t
slice(void)
{
	/* As of sched_setattr(2): its size, and where the slice is. */
	uint64_t attributes[6] = { 0 };

	if (syscall(SYS_sched_getattr, 0, attributes, sizeof(attributes),
	    0) != 0)
		return 0;
	return attributes[3];
}

static void
who_lets_others_in_has_a_longer_slice_alone(void **state)
{
	int policy = sched_getscheduler(0);
	int nice = getpriority(PRIO_PROCESS, 0);
	uint64_t before = slice();

	(void)state;
	aside_let_others_in();
	assert_int_equal(sched_getscheduler(0), policy);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), nice);
	if (before != 0 && policy == SCHED_OTHER &&
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0)
		assert_true(slice() > before);
}

/* From here on, who asks to be scheduled otherwise is ended. 0, or -1 where
 * there are no filters. */
static int
forbid(void)
{
	static struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setpriority, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setscheduler, 3,
			0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setparam, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setattr, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(steps[0]),
		steps };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#define NO_FILTERS 77

/* What ends the process where such calls are forbidden: 0 for nothing. */
static int
end_of(void (*what)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (forbid() != 0)
			_exit(NO_FILTERS);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTERS)
		skip();
	return status;
}

static void
work_aside(void)
{
	struct seen seen = { .may_end = 1 };
	struct aside *aside = aside_start(look, &seen);

	if (aside == NULL)
		_exit(1);
	aside_free(aside);
	if (seen.calls != 1)
		_exit(2);
}

static void
ask_for_it(void)
{
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0));
}

static void
where_it_may_not_be_asked_for_nobody_is_ended(void **state)
{
	(void)state;
	assert_true(WIFSIGNALED(end_of(ask_for_it)));
	assert_int_equal(end_of(work_aside), 0);
	assert_int_equal(end_of(aside_let_others_in), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_thread_stands_back_and_nobody_else),
		cmocka_unit_test(nobody_waits_to_see_that_it_goes_on),
		cmocka_unit_test(who_lets_others_in_has_a_longer_slice_alone),
		cmocka_unit_test(where_it_may_not_be_asked_for_nobody_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
