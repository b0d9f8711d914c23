/*
 * control.c - the thread beside the workers: it takes their events, writes
 * the log and serves the control socket.
 */
#include "control.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "aside.h"
#include "commands.h"
#include "filewatch.h"
#include "granting.h"
#include "loading.h"
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
/* Milliseconds from one look to the next at a thread that is about to end. */
#define ENDING 1
/* Milliseconds from one look at the counters to the next. */
#define TICK 5000
/* From one writing of what was learned and followed to the next. */
#define WRITING_PERIOD 600000

/* When a worker told of an allowed query last. */
struct worker_told {
	alignas(64) int64_t millisecond;
};

/* What nobody needs any more when another policy is in force, or is not wanted.
 * Each may be NULL. */
struct leftovers {
	struct loading *loading;
	struct force *before;
};

struct control {
	/* Read by all workers, seldom written. */
	alignas(64) _Atomic int wants_allowed;
	_Atomic int wants_targets;
	/* The thread waits for the bell, and has seen all rings empty. */
	alignas(64) _Atomic int asleep;
	/* The bell has rung and is not heard yet. */
	_Atomic int rung;
	/* Octets that the module takes, when it was last looked at. */
	_Atomic size_t memory;
	alignas(64) _Atomic int stop;
	int bell;
	say_line line;
	const struct names_key *key;
	struct inforce *inforce;
	struct observer *observer;
	struct stats *stats;
	struct exceptions *exceptions;
	struct granting granting;
	/* What granting.ended stood at when what is followed was looked at. */
	uint64_t reviewed;
	struct ring **rings;
	struct worker_told *told;
	size_t ring_count;
	struct socket_file socket;
	struct service *service;
	struct commands commands;
	int64_t next_tick;
	int64_t next_writing;
	/* The policy that is being read; NULL for none. */
	struct loading *loading;
	int loading_is_diff;
	/* Who waits for it; NULL for nobody. */
	const void *waiting;
	/* What was replaced is given back by it; NULL: it is, or the next
	 * loading sees to that. */
	struct aside *giving_back;
	struct leftovers leftovers;
	struct filewatch files;
	pthread_t thread;
};

/* The policy in force, and how it came to be. */
static struct standing *
present(const struct control *control)
{
	return &inforce_now(control->inforce)->standing;
}

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The workers' side. */

int
control_wants_allowed(struct control *control, struct tally *tally,
	size_t worker, int64_t milliseconds)
{
	int64_t *told = &control->told[worker].millisecond;
	int all = atomic_load_explicit(&control->wants_allowed,
		memory_order_relaxed);

	if (!all && *told == milliseconds)
		return 0;
	*told = milliseconds;
	/* The other half is for what is blocked. */
	if (!ring_is_half_full(control->rings[worker]))
		return 1;
	if (all)
		tally_count(tally, worker, TALLY_EVENTS_LOST);
	return 0;
}

const _Atomic int *
control_wish(const struct control *control)
{
	return &control->wants_allowed;
}

int
control_wants_targets(const struct control *control)
{
	return atomic_load_explicit(&control->wants_targets,
		memory_order_relaxed);
}

struct event *
control_reserve(struct control *control, struct tally *tally, size_t worker)
{
	struct event *event = ring_reserve(control->rings[worker]);

	if (event == NULL)
		tally_count(tally, worker, TALLY_EVENTS_LOST);
	return event;
}

/* An eventfd that cannot be written to is one that rings already. */
static void
ring_bell(struct control *control)
{
	uint64_t one = 1;
	ssize_t written;

	if (atomic_load_explicit(&control->rung, memory_order_relaxed) ||
	    atomic_exchange(&control->rung, 1))
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

/* --- What is followed. */

struct review {
	const struct policy *policy;
	struct grants *grants;
	int64_t now;
};

/* Whether GROUP may still ask for QUESTION, and still follows chains. */
static int
is_still_followed(void *context, const char *group,
	const struct name *question)
{
	const struct review *review = context;
	const struct policy *policy = review->policy;
	struct origin rule;
	size_t i = 0;

	while (i < policy->group_count &&
	    strcmp(policy->groups[i].name, group) != 0)
		i++;
	if (i == policy->group_count || !policy->groups[i].follow_chain)
		return 0;
	switch (policy_judge_name(policy, &policy->groups[i], question,
	    review->now, &rule)) {
	case REASON_ALLOWED:
	case REASON_SITE:
		return 1;
	case REASON_NOT_LISTED:
	case REASON_QUIET:
		return grants_allow(review->grants, group, question,
			review->now) != 0;
	default:
		return 0;
	}
}

/* What stood in the answer to a question that is not allowed any more is not
 * either. */
static void
review_followed(const struct exceptions *exceptions,
	const struct policy *policy)
{
	struct review review = { policy, exceptions->grants, time(NULL) };

	followed_review(exceptions->followed, is_still_followed, &review);
}

/* A grant that was revoked takes with it what it led to. */
static void
review_after_grants(struct control *control)
{
	if (control->reviewed == control->granting.ended)
		return;
	control->reviewed = control->granting.ended;
	review_followed(control->exceptions, present(control)->policy);
}

/* --- The thread's side. */

static void
take_events(struct control *control, struct ring *ring)
{
	const struct event *event;
	unsigned i;

	for (i = 0; i < BATCH && (event = ring_front(ring)) != NULL; i++) {
		observer_event(control->observer, event);
		if (!event->is_target)
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

	/* The bell does not ring for its end. */
	if (control->loading != NULL && loading_is_done(control->loading) &&
	    wait > ENDING)
		wait = ENDING;
	if (had_events)
		return !rings_are_empty(control) ? 0
			: wait < GATHER ? (int)wait : GATHER;
	atomic_store(&control->asleep, 1);
	return rings_are_empty(control) ? (int)wait : 0;
}

static void
note_memory(struct control *control)
{
	atomic_store_explicit(&control->memory,
		commands_memory(&control->commands), memory_order_relaxed);
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
	granting_expire(&control->granting, control->commands.now);
	service_run(control->service, milliseconds(), fds + 1);
	review_after_grants(control);
	atomic_store_explicit(&control->wants_allowed,
		control->commands.want_all > 0, memory_order_relaxed);
}

/* --- Another policy. */

static void
wake(void *arg)
{
	ring_bell(arg);
}

/* Begins to read the policy's file, where that does not go on already; 0, or -1
 * where that cannot be. */
static int
start_loading(struct control *control, int diff, const void *waiting)
{
	struct loading_setup setup = {
		.standing = present(control),
		.key = control->key,
		.diff = diff,
		.line = control->line,
		.wake = wake,
		.arg = control,
		.after = control->giving_back,
	};

	control->loading = loading_start(&setup);
	if (control->loading == NULL)
		return -1;
	control->giving_back = NULL;
	control->loading_is_diff = diff;
	control->waiting = waiting;
	return 0;
}

/* For the request "reload". */
static int
ask_to_load(void *arg, int diff, const void *waiting)
{
	struct control *control = arg;

	if (control->loading != NULL)
		return -1;
	return start_loading(control, diff, waiting) == 0 ? 0 : -2;
}

static void
note_audit(struct control *control, const struct policy *policy)
{
	atomic_store_explicit(&control->wants_targets,
		policy_has_audit(policy), memory_order_relaxed);
}

/* All events of workers that were in the old policy; more that come meanwhile
 * are of the new one. */
static void
take_old_events(struct control *control)
{
	size_t i, n;

	for (i = 0; i < control->ring_count; i++)
		for (n = 0; n < RING_SLOTS; n += BATCH)
			take_events(control, control->rings[i]);
}

/* The workers' part is one pointer; the rest follows. The policy before is
 * left over. 0, or -1 when out of memory; then nothing has changed. */
static int
switch_policy(struct control *control, struct standing *next,
	const size_t *map)
{
	struct force *before = inforce_now(control->inforce), *force;
	const struct policy *policy = next->policy;

	if (map == NULL ||
	    observer_prepare(control->observer, policy) != 0 ||
	    stats_prepare(control->stats, policy) != 0)
		return -1;
	next->generation = before->standing.generation + 1;
	next->loaded = time(NULL);
	force = force_new(next, before->tally->worker_count,
		control->key);
	if (force == NULL)
		return -1;
	control->leftovers.before = inforce_change(control->inforce, force);
	take_old_events(control);
	observer_switch(control->observer, policy, force->tally, map,
		force->standing.loaded);
	stats_switch(control->stats, &force->standing, force->tally, map);
	commands_switch(&control->commands, &force->standing, force->tally);
	control->granting.directory = force->standing.directory;
	review_followed(control->exceptions, policy);
	note_audit(control, policy);
	return 0;
}

/* Options that only a start can follow. */
static void
warn_of_socket(const struct control *control, const struct policy *before,
	const struct policy *after)
{
	if (!policy_same_control(before, after))
		say(control->line, SAY_WARNING, "bitsink: the options of the "
			"control socket have changed; they take effect with "
			"\"unbound-control reload\"");
}

static void
say_reloaded(const struct control *control)
{
	const struct standing *standing = present(control);

	say(control->line, SAY_INFO, "bitsink: reloaded generation=%" PRIu64
		" groups=%zu prefixes=%zu patterns=%zu policy=%s",
		standing->generation, standing->policy->group_count,
		standing->policy->prefix_count,
		standing->policy->pattern_count, standing->path);
}

/* What was read is put in force. NULL, or what failed. */
static const char *
take_over(struct control *control, struct standing *next, const size_t *map)
{
	warn_of_socket(control, present(control)->policy, next->policy);
	if (switch_policy(control, next, map) != 0) {
		say(control->line, SAY_ERROR, "bitsink: not reloaded: out of "
			"memory; the policy before stays in force");
		standing_fail(present(control), 1, "out of memory");
		return "out of memory";
	}
	say_reloaded(control);
	return NULL;
}

/* The policy before goes on, and whoever looks sees that it is stale. */
static const char *
stay(struct control *control, const struct standing *next)
{
	if (control->loading_is_diff)
		return "the policy has errors";
	standing_fail(present(control), next->errors, next->error);
	say(control->line, SAY_ERROR, "bitsink: not reloaded: the policy has "
		"%zu errors; the policy before stays in force", next->errors);
	return "the policy has errors; the policy before stays in force";
}

/* Files that were touched, or may have changed as they were read, and say what
 * is in force anyway: nothing is new. */
static int
says_the_same(const struct control *control, const struct standing *next)
{
	const struct standing *now = present(control);

	return control->waiting == NULL && next->policy != NULL &&
		!now->stale && next->checksum == now->checksum;
}

/* Of millions of patterns, that takes its time. What is loaded next waits for
 * it, so that there are never more than two policies. */
static void
give_back(void *arg)
{
	struct leftovers *leftovers = arg;

	/* It looks at what was in force. */
	loading_free(leftovers->loading);
	force_free(leftovers->before);
	memset(leftovers, 0, sizeof(*leftovers));
}

/* Of a thread that has ended. */
static void
finish_loading(struct control *control)
{
	struct loading *loading = control->loading;
	struct standing *next = loading_standing(loading);
	struct record_writer *reply = control->waiting == NULL ? NULL
		: service_reply(control->service, control->waiting);
	struct timespec begun = next->begun;
	const char *failed = NULL;

	if (reply != NULL && control->loading_is_diff && next->policy != NULL)
		commands_put_diff(&control->commands, next->policy,
			loading_diff(loading), reply);
	if (next->policy == NULL)
		failed = stay(control, next);
	else if (!control->loading_is_diff && !says_the_same(control, next))
		failed = take_over(control, next, loading_map(loading));
	if (!control->loading_is_diff)
		filewatch_note(&control->files, present(control)->policy,
			&begun);
	if (reply != NULL)
		service_end(control->service, control->waiting,
			commands_put_loaded(&control->commands,
			loading_diag(loading), failed,
			control->loading_is_diff, reply), milliseconds());
	control->loading = NULL;
	control->waiting = NULL;
	control->leftovers.loading = loading;
	control->giving_back = aside_start(give_back, &control->leftovers);
	if (control->giving_back == NULL)
		give_back(&control->leftovers);
}

/* A file of the policy that changed, and has stayed as it is since the last
 * look, is read. */
static void
look_for_changes(struct control *control)
{
	const struct policy *policy = present(control)->policy;

	if (!policy->settings.watch_files || control->loading != NULL)
		return;
	if (filewatch_changed(&control->files, policy))
		(void)start_loading(control, 0, NULL);
}

/* FAILED is NULL, or what failed with a file of the state directory. */
static void
say_failed(say_line line, const char *what, const char *failed)
{
	if (failed != NULL)
		say(line, SAY_WARNING, "bitsink: %s: %s: %s", what, failed,
			strerror(errno));
}

/* What audit has learned is more than a start should forget; a server that
 * forwards to us goes on asking for the targets that it has. */
static void
write_files(struct control *control)
{
	const char *directory = present(control)->directory;

	say_failed(control->line, "what was learned is not kept",
		learned_write(observer_learned(control->observer), directory));
	say_failed(control->line, "what is followed is not kept",
		followed_write(control->exceptions->followed, directory,
		time(NULL)));
}

static void
read_learned(struct control *control)
{
	say_failed(control->line, "what was learned before is lost",
		learned_read(observer_learned(control->observer),
		present(control)->directory));
}

/*
 * The thread that has read the policy is not waited for: it stands back for
 * all others, and while it did not get to its end, nobody would take the events
 * of workers that are asked without a pause.
 */
static void
tick(struct control *control)
{
	int64_t now = milliseconds();

	if (control->loading != NULL && loading_has_ended(control->loading))
		finish_loading(control);
	if (now < control->next_tick)
		return;
	control->next_tick = now + TICK;
	observer_tick(control->observer, time(NULL));
	look_for_changes(control);
	note_memory(control);
	if (now < control->next_writing)
		return;
	control->next_writing = now + WRITING_PERIOD;
	write_files(control);
}

static void *
run(void *arg)
{
	struct control *control = arg;

	aside_let_others_in();
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
	write_files(control);
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
open_socket(struct control *control)
{
	const struct standing *standing = present(control);
	const struct policy_settings *settings = &standing->policy->settings;
	struct socket_owner owner;
	char path[PATH_OCTETS], wrong[WRONG_OCTETS];

	control->socket.fd = -1;
	if (settings->control_off)
		return;
	owner.mode = (mode_t)settings->control_mode;
	if (socket_path(standing, path, sizeof(path)) != 0)
		snprintf(wrong, sizeof(wrong), "found a name of more than %d "
			"octets, expected a shorter one", PATH_OCTETS - 1);
	else if (owner_find(settings->control_user, settings->control_group,
	    &owner, wrong, sizeof(wrong)) == 0 &&
	    socket_listen(&control->socket, path, &owner, wrong,
	    sizeof(wrong)) == 0)
		return;
	control->socket.fd = -1;
	say(control->line, SAY_ERROR, "bitsink: there is no control socket: "
		"%s", wrong);
}

static int
make_rings(struct control *control, size_t count)
{
	control->rings = calloc(count, sizeof(struct ring *));
	control->told = aligned_alloc(alignof(struct worker_told),
		count * sizeof(*control->told));
	if (control->rings == NULL || control->told == NULL)
		return -1;
	memset(control->told, 0, count * sizeof(*control->told));
	for (; control->ring_count < count; control->ring_count++) {
		struct ring *ring = ring_new(RING_SLOTS);

		if (ring == NULL)
			return -1;
		control->rings[control->ring_count] = ring;
	}
	return 0;
}

static size_t
own_memory(const struct control *control)
{
	size_t i, octets = sizeof(*control);

	for (i = 0; i < control->ring_count; i++)
		octets += ring_memory(control->rings[i]) +
			sizeof(*control->told);
	return octets;
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

	loading_free(control->loading);
	aside_free(control->giving_back);
	service_free(control->service);
	socket_close(&control->socket);
	if (control->bell >= 0)
		close(control->bell);
	for (i = 0; i < control->ring_count; i++)
		ring_free(control->rings[i]);
	free(control->rings);
	free(control->told);
	free(control);
}

static void
borrow(struct control *control, const struct control_setup *setup)
{
	struct force *force = inforce_now(setup->inforce);

	control->line = setup->line;
	control->key = setup->key;
	control->inforce = setup->inforce;
	control->observer = setup->observer;
	control->stats = setup->stats;
	control->exceptions = setup->exceptions;
	control->granting.grants = setup->exceptions->grants;
	control->granting.directory = force->standing.directory;
	control->granting.line = setup->line;
	control->commands.standing = &force->standing;
	control->commands.tally = force->tally;
	control->commands.observer = setup->observer;
	control->commands.stats = setup->stats;
	control->commands.exceptions = setup->exceptions;
	control->commands.granting = &control->granting;
	control->commands.site = setup->site;
	control->commands.site_length = setup->site_length;
	control->commands.unbound = setup->unbound;
	control->commands.load = ask_to_load;
	control->commands.load_arg = control;
	control->commands.started = time(NULL);
	control->commands.now = control->commands.started;
	filewatch_note(&control->files, force->standing.policy,
		&force->standing.begun);
	note_audit(control, force->standing.policy);
}

static void
say_no_thread(const struct control_setup *setup, const char *why)
{
	say(setup->line, SAY_ERROR, "bitsink: there is no control thread, and "
		"no log of queries: %s", why);
}

/* What is allowed besides the policy is so from the first query on. */
static void
read_exceptions(const struct control_setup *setup)
{
	const struct force *force = inforce_now(setup->inforce);
	const struct standing *standing = &force->standing;
	const struct granting granting = {
		setup->exceptions->grants, standing->directory, setup->line, 0
	};
	int64_t now = time(NULL);

	granting_read(&granting, now);
	say_failed(setup->line, "what was followed before is lost",
		followed_read(setup->exceptions->followed,
		standing->directory, now));
	review_followed(setup->exceptions, standing->policy);
	stats_set_exceptions(setup->stats, setup->exceptions);
}

struct control *
control_start(const struct control_setup *setup)
{
	struct control *control = aligned_alloc(alignof(struct control),
		sizeof(*control));

	read_exceptions(setup);
	if (control == NULL) {
		say_no_thread(setup, "out of memory");
		return NULL;
	}
	memset(control, 0, sizeof(*control));
	control->socket.fd = -1;
	borrow(control, setup);
	control->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control->bell < 0 ||
	    make_rings(control, inforce_now(setup->inforce)->tally->
	    worker_count) != 0) {
		say_no_thread(setup, strerror(errno));
		free_control(control);
		return NULL;
	}
	control->commands.memory = own_memory(control);
	open_socket(control);
	read_learned(control);
	control->next_writing = milliseconds() + WRITING_PERIOD;
	note_memory(control);
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
	return atomic_load_explicit(&control->memory, memory_order_relaxed);
}
