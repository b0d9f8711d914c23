/*
 * control.c - the thread beside the workers: it takes their events, writes
 * the log and serves the control socket.
 */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "owner.h"
#include "ring.h"
#include "service.h"
#include "socket.h"

/* Events that a worker may be ahead. */
#define RING_SLOTS 2048
/* Events taken of one worker before the next one's turn. */
#define BATCH 256
/* Milliseconds in which events are let gather, so that a worker seldom has
 * to wake the thread. */
#define GATHER 20
/* A socket's name, with its NUL: what sockaddr_un holds. */
#define PATH_OCTETS 108
#define WRONG_OCTETS 512
/* Milliseconds from one look at the counters to the next. */
#define TICK 5000

struct control {
	/* Read by all workers, seldom written. */
	alignas(64) _Atomic int wants_allowed;
	/* The thread waits for the bell, and has seen all rings empty. */
	alignas(64) _Atomic int asleep;
	/* The bell has rung and is not heard yet. */
	_Atomic int rung;
	alignas(64) _Atomic int stop;
	int bell;
	struct tally *tally;
	struct observer *observer;
	struct ring **rings;
	size_t ring_count;
	struct socket_file socket;
	struct service *service;
	struct commands commands;
	int64_t next_tick;
	pthread_t thread;
};

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The workers' side. */

int
control_wants_allowed(const struct control *control)
{
	return atomic_load_explicit(&control->wants_allowed,
		memory_order_relaxed);
}

struct event *
control_reserve(struct control *control, size_t worker)
{
	struct event *event = ring_reserve(control->rings[worker]);

	if (event == NULL)
		tally_count(control->tally, worker, TALLY_EVENTS_LOST);
	return event;
}

/* An eventfd that cannot be written to is one that rings already. */
static void
ring_bell(struct control *control)
{
	uint64_t one = 1;
	ssize_t written;

	if (atomic_exchange(&control->rung, 1))
		return;
	written = write(control->bell, &one, sizeof(one));
	(void)written;
}

void
control_publish(struct control *control, size_t worker)
{
	struct ring *ring = control->rings[worker];

	ring_publish(ring);
	if (atomic_load(&control->asleep) || ring_is_half_full(ring))
		ring_bell(control);
}

/* --- The thread's side. */

static void
take_events(struct control *control, struct ring *ring)
{
	const struct event *event;
	unsigned i;

	for (i = 0; i < BATCH && (event = ring_front(ring)) != NULL; i++) {
		observer_event(control->observer, event);
		service_event(control->service, event);
		ring_pop(ring);
	}
}

static int
rings_are_empty(const struct control *control)
{
	size_t i;

	for (i = 0; i < control->ring_count; i++)
		if (ring_front(control->rings[i]) != NULL)
			return 0;
	return 1;
}

/* Whether there were any. */
static int
take_all(struct control *control)
{
	size_t i;

	if (rings_are_empty(control))
		return 0;
	for (i = 0; i < control->ring_count; i++)
		take_events(control, control->rings[i]);
	return 1;
}

/* How long to wait, as poll() has it. Who finds the rings empty has said before
 * that it sleeps: what comes later rings the bell. */
static int
time_to_wait(struct control *control, int had_events, int64_t now)
{
	int64_t wait = control->next_tick > now ? control->next_tick - now : 0;

	if (had_events)
		return !rings_are_empty(control) ? 0
			: wait < GATHER ? (int)wait : GATHER;
	atomic_store(&control->asleep, 1);
	return rings_are_empty(control) ? (int)wait : 0;
}

static void
wait_for_something(struct control *control, int had_events)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 2];
	int64_t now = milliseconds();
	int wait = time_to_wait(control, had_events, now);
	uint64_t rung;
	size_t count;

	fds[0].fd = control->bell;
	fds[0].events = POLLIN;
	fds[0].revents = 0;
	count = 1 + service_poll(control->service, now, fds + 1, &wait);
	if (poll(fds, count, wait) < 0)
		for (; count > 0; count--)
			fds[count - 1].revents = 0;
	atomic_store(&control->asleep, 0);
	if (fds[0].revents & POLLIN) {
		/* Only then may a worker ring again. */
		if (read(control->bell, &rung, sizeof(rung)) < 0)
			rung = 0;
		atomic_store(&control->rung, 0);
	}
	control->commands.now = time(NULL);
	service_run(control->service, milliseconds(), fds + 1);
	atomic_store_explicit(&control->wants_allowed,
		control->commands.want_all > 0, memory_order_relaxed);
}

static void
tick(struct control *control)
{
	int64_t now = milliseconds();

	if (now < control->next_tick)
		return;
	control->next_tick = now + TICK;
	observer_tick(control->observer, time(NULL));
}

static void *
run(void *arg)
{
	struct control *control = arg;

	while (!atomic_load(&control->stop)) {
		int had_events = take_all(control);

		tick(control);
		wait_for_something(control, had_events);
	}
	while (take_all(control))
		continue;
	/* What listeners can take at once, they get. */
	control->next_tick = 0;
	wait_for_something(control, 1);
	observer_finish(control->observer, time(NULL));
	return NULL;
}

/* --- From birth to death. */

/* Where the socket is to be: in the state directory, unless the policy says
 * something else. 0, or -1 where the name is too long. */
static int
socket_path(const struct standing *standing, char *path, size_t size)
{
	const char *given = standing->policy->settings.control_socket;
	int length = given != NULL ? snprintf(path, size, "%s", given)
		: snprintf(path, size, "%s/control", standing->directory);

	return length >= 0 && (size_t)length < size ? 0 : -1;
}

static void
open_socket(struct control *control, const struct control_setup *setup)
{
	const struct policy_settings *settings =
		&setup->standing->policy->settings;
	struct socket_owner owner;
	char path[PATH_OCTETS], wrong[WRONG_OCTETS];

	control->socket.fd = -1;
	if (settings->control_off)
		return;
	owner.mode = (mode_t)settings->control_mode;
	if (socket_path(setup->standing, path, sizeof(path)) != 0)
		snprintf(wrong, sizeof(wrong), "found a name of more than %d "
			"octets, expected a shorter one", PATH_OCTETS - 1);
	else if (owner_find(settings->control_user, settings->control_group,
	    &owner, wrong, sizeof(wrong)) == 0 &&
	    socket_listen(&control->socket, path, &owner, wrong,
	    sizeof(wrong)) == 0)
		return;
	control->socket.fd = -1;
	say(setup->line, SAY_ERROR, "bitsink: there is no control socket: %s",
		wrong);
}

static int
make_rings(struct control *control, size_t count)
{
	control->rings = calloc(count, sizeof(struct ring *));
	if (control->rings == NULL)
		return -1;
	for (; control->ring_count < count; control->ring_count++) {
		struct ring *ring = ring_new(RING_SLOTS);

		if (ring == NULL)
			return -1;
		control->rings[control->ring_count] = ring;
	}
	return 0;
}

static int
make_service(struct control *control)
{
	struct service_calls calls = {
		commands_answer, commands_event, commands_free_listener,
		&control->commands
	};

	control->service = service_new(control->socket.fd, &calls);
	control->commands.service = control->service;
	return control->service != NULL ? 0 : -1;
}

/* A signal that the host waits for must not end up here. */
static int
start_thread(struct control *control)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	failed = pthread_create(&control->thread, NULL, run, control);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		errno = failed;
		return -1;
	}
	(void)pthread_setname_np(control->thread, "bitsink");
	return 0;
}

static void
free_control(struct control *control)
{
	size_t i;

	service_free(control->service);
	socket_close(&control->socket);
	if (control->bell >= 0)
		close(control->bell);
	for (i = 0; i < control->ring_count; i++)
		ring_free(control->rings[i]);
	free(control->rings);
	free(control);
}

static void
borrow(struct control *control, const struct control_setup *setup)
{
	control->tally = setup->tally;
	control->observer = setup->observer;
	control->commands.standing = setup->standing;
	control->commands.tally = setup->tally;
	control->commands.observer = setup->observer;
	control->commands.stats = setup->stats;
	control->commands.unbound = setup->unbound;
	control->commands.started = time(NULL);
	control->commands.now = control->commands.started;
}

static void
say_no_thread(const struct control_setup *setup, const char *why)
{
	say(setup->line, SAY_ERROR, "bitsink: there is no control thread, and "
		"no log of queries: %s", why);
}

struct control *
control_start(const struct control_setup *setup)
{
	struct control *control = aligned_alloc(alignof(struct control),
		sizeof(*control));

	if (control == NULL) {
		say_no_thread(setup, "out of memory");
		return NULL;
	}
	memset(control, 0, sizeof(*control));
	control->socket.fd = -1;
	borrow(control, setup);
	control->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control->bell < 0 ||
	    make_rings(control, setup->tally->worker_count) != 0) {
		say_no_thread(setup, strerror(errno));
		free_control(control);
		return NULL;
	}
	control->commands.memory = setup->memory + control_memory(control);
	open_socket(control, setup);
	if (make_service(control) != 0 || start_thread(control) != 0) {
		say_no_thread(setup, strerror(errno));
		free_control(control);
		return NULL;
	}
	return control;
}

void
control_stop(struct control *control)
{
	if (control == NULL)
		return;
	atomic_store(&control->stop, 1);
	ring_bell(control);
	pthread_join(control->thread, NULL);
	free_control(control);
}

size_t
control_memory(const struct control *control)
{
	size_t i, octets = sizeof(*control);

	for (i = 0; i < control->ring_count; i++)
		octets += ring_memory(control->rings[i]);
	return octets;
}
