/*
 * onlookers.c - those who look on by the control socket while it blows.
 */
#include "onlookers.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "control.h"
#include "sandbox.h"
#include "statistics.h"

/* Milliseconds between two looks, and between two visits of who leaves: a
 * connection stays until bitsink looks at it. */
#define PAUSE 5
#define VISIT_PAUSE 100
/* How long what is allowed for a time is allowed, and is not. */
#define GRANT_PAUSE 2500
#define CHUNK 65536

enum manner {
	/* Gets a reply, which ends with a line "end". */
	ASKS,
	/* Gets a reply, in which the counters add up. */
	COUNTS,
	/* Gets events. */
	LISTENS,
	/* Gets what a policy was read for, or why not. */
	RELOADS,
	/* The same, and does not wait for it. */
	LEAVES,
	/* Allows something for a time, and takes it back. */
	GRANTS,
	/* Gets an error. */
	BABBLES,
	/* Reads nothing, until it is sent away. */
	IS_DEAF
};

struct role {
	enum manner manner;
	const char *says;
};

static const struct role roles[] = {
	{ LISTENS, "watch all=yes\n" },
	{ LISTENS, "watch\n" },
	{ IS_DEAF, "watch all=yes\n" },
	{ IS_DEAF, "watch\n" },
	{ IS_DEAF, "top by=pairs limit=4096\n" },
	{ IS_DEAF, "" },
	{ IS_DEAF, "sta" },
	{ COUNTS, "stats\n" },
	{ COUNTS, "stats\n" },
	{ ASKS, "status\n" },
	{ ASKS, "groups\n" },
	{ ASKS, "metrics\n" },
	{ ASKS, "history\n" },
	{ ASKS, "history group=sinkhole\n" },
	{ ASKS, "top by=pairs limit=4096\n" },
	{ ASKS, "top by=rules\n" },
	{ ASKS, "site\n" },
	{ ASKS, "explain client=127.0.10.1 name=a.some.test\n" },
	{ ASKS, "explain client=127.0.17.1 name=t2.none.test\n" },
	{ RELOADS, "reload\n" },
	{ RELOADS, "reload\n" },
	{ RELOADS, "reload diff=yes\n" },
	{ LEAVES, "reload\n" },
	{ GRANTS, "" },
	{ BABBLES, "allow group=none pattern=.none.test seconds=60\n" },
	{ BABBLES, "watch all=perhaps\n" },
	{ BABBLES, "\xff\xfe\n" },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))
/* In the table above. */
#define ALL 0
#define BLOCKED 1
#define LISTENERS 4

/* What is said by turns, by who grants; the last ends by itself. */
enum { GRANT, REVOKE, GRANT_SHORTLY, TURNS };
static const char *const turns[TURNS] = {
	"allow group=grant pattern=.none.test seconds=3600\n",
	"revoke group=grant pattern=.none.test\n",
	"allow group=grant pattern=.never.test seconds=1\n",
};

struct onlooker {
	const struct role *role;
	/* -1: it is not there. */
	int fd;
	/* When it may come again. */
	long long next;
	char *text;
	size_t length;
	size_t room;
};

struct onlookers {
	const struct resolver *resolver;
	char *path;
	unsigned threads;
	long long next;
	struct onlooker onlookers[ROLES];
	/* Which turn it is, and whether the reply to the one before was cut
	 * short; whether .none.test is granted, -1: nobody knows;
	 * and since when. */
	unsigned turn;
	int was_cut;
	int granted;
	long long granted_since;
	struct onlookers_sums sums;
};

/* --- What they are told. */

__attribute__((noreturn))
static void
is_wrong(const struct onlooker *onlooker, const char *what)
{
	print_error("%s: %s: %.2000s\n", onlooker->role->says, what,
		onlooker->text);
	fail();
	abort();
}

static void
judge_event(struct onlookers *onlookers, const struct onlooker *onlooker,
	const char *line)
{
	struct onlookers_sums *sums = &onlookers->sums;
	int all = onlooker->role == &roles[ALL];

	if (strncmp(line, "event ", 6) == 0)
		(*(all ? &sums->all_seen : &sums->seen))++;
	else if (strncmp(line, "lost ", 5) == 0)
		*(all ? &sums->all_lost : &sums->lost) +=
			control_number(line, "count");
	else
		is_wrong(onlooker, "expected an event");
}

/* Takes whole lines. */
static void
judge_events(struct onlookers *onlookers, struct onlooker *onlooker)
{
	char *line = onlooker->text, *end;

	while ((end = strchr(line, '\n')) != NULL) {
		judge_event(onlookers, onlooker, line);
		line = end + 1;
	}
	onlooker->length -= (size_t)(line - onlooker->text);
	memmove(onlooker->text, line, onlooker->length + 1);
}

/* Whether it is an error, which may be behind the lines of what is wrong. */
static int
ends_with_error(const char *text)
{
	const char *last = text, *next;

	while ((next = strchr(last, '\n')) != NULL && next[1] != '\0')
		last = next + 1;
	return strncmp(last, "error ", 6) == 0 &&
		strchr(last, '\n') != NULL;
}

static void
judge_reload(struct onlookers *onlookers, struct onlooker *onlooker)
{
	struct onlookers_sums *sums = &onlookers->sums;
	const char *text = onlooker->text;

	if (!ends_with_error(text)) {
		if (strstr(text, "\nreloaded generation=") != NULL ||
		    strncmp(text, "reloaded generation=", 20) == 0)
			sums->reloaded++;
		else if (strstr(text, "\nverdicts blocked=") != NULL)
			sums->compared++;
		else
			is_wrong(onlooker, "expected what is in force");
	} else if (strstr(text, "\\032no\\032other\\032one\\032under\\032way")
	    != NULL) {
		sums->busy++;
	} else if (strncmp(text, "problem severity=error ", 23) == 0) {
		sums->refused++;
	} else {
		is_wrong(onlooker, "expected the errors of the policy");
	}
}

/* The reply to who grants, or that it was cut short. Only where the one before
 * was, there may be nothing to revoke. */
static void
judge_turn(struct onlookers *onlookers, struct onlooker *onlooker,
	int is_whole)
{
	unsigned turn = onlookers->turn;
	int is_error = strncmp(onlooker->text, "error ", 6) == 0;

	if (is_error && !(turn == REVOKE && onlookers->was_cut))
		is_wrong(onlooker, "expected it to be done");
	onlookers->was_cut = !is_whole && !is_error;
	onlookers->turn = (turn + 1) % TURNS;
	/* What nobody knows is not waited with. */
	onlooker->next = sandbox_now() + (turn == REVOKE ||
		onlookers->was_cut ? 0 : GRANT_PAUSE);
	if (turn == GRANT_SHORTLY)
		return;
	onlookers->granted = onlookers->was_cut ? -1 : turn == GRANT;
	onlookers->granted_since = sandbox_now();
	onlookers->sums.granted += onlookers->granted == 1;
}

/* All that came until the end of the connection. */
static void
judge_reply(struct onlookers *onlookers, struct onlooker *onlooker)
{
	static const char end[] = "end\n";
	static const char full[] = "error code=busy text=found\\03264\\032";
	size_t length = onlooker->length;
	char *text = onlooker->text, *stats;

	/* Too many who left are still being noticed; the same later. */
	if (strncmp(text, full, strlen(full)) == 0) {
		onlookers->sums.busy++;
		onlooker->next = sandbox_now() + GRANT_PAUSE;
		return;
	}
	if (onlooker->role->manner == BABBLES) {
		if (length > 0 && strncmp(text, "error text=", 11) != 0)
			is_wrong(onlooker, "expected an error");
		onlookers->sums.replies += length > 0;
		return;
	}
	if (onlooker->role->manner == RELOADS && ends_with_error(text)) {
		onlookers->sums.replies++;
		judge_reload(onlookers, onlooker);
		return;
	}
	if (length < 4 || strcmp(text + length - 4, end) != 0) {
		if (onlooker->role->manner == GRANTS)
			judge_turn(onlookers, onlooker, 0);
		else if (strncmp(text, "error ", 6) == 0)
			is_wrong(onlooker, "expected a reply");
		onlookers->sums.cut++;
		return;
	}
	onlookers->sums.replies++;
	if (onlooker->role->manner == GRANTS)
		judge_turn(onlookers, onlooker, 1);
	if (onlooker->role->manner == RELOADS)
		judge_reload(onlookers, onlooker);
	if (onlooker->role->manner != COUNTS)
		return;
	text[length - 4] = '\0';
	stats = statistics_of_reply(text);
	statistics_check(stats, onlookers->threads);
	free(stats);
}

/* --- One of them. */

static void
leave(struct onlooker *onlooker)
{
	if (onlooker->fd >= 0)
		close(onlooker->fd);
	onlooker->fd = -1;
	onlooker->length = 0;
	if (onlooker->text != NULL)
		onlooker->text[0] = '\0';
}

/* While Unbound reloads nobody is there. */
static void
come(struct onlookers *onlookers, struct onlooker *onlooker)
{
	const char *says = onlooker->role->says;

	if (onlooker->role->manner == GRANTS)
		says = turns[onlookers->turn];
	onlooker->fd = control_connect(onlookers->path);
	if (onlooker->fd < 0)
		return;
	onlookers->sums.connections++;
	/* From now on it may be otherwise. */
	if (onlooker->role->manner == GRANTS &&
	    onlookers->turn != GRANT_SHORTLY)
		onlookers->granted = -1;
	if (send(onlooker->fd, says, strlen(says), MSG_NOSIGNAL) < 0 ||
	    onlooker->role->manner == LEAVES)
		leave(onlooker);
	if (onlooker->role->manner == LEAVES)
		onlooker->next = onlookers->next + VISIT_PAUSE;
}

static void
make_room(struct onlooker *onlooker)
{
	if (onlooker->room - onlooker->length > CHUNK)
		return;
	onlooker->room = 2 * onlooker->room + 2 * CHUNK;
	onlooker->text = realloc(onlooker->text, onlooker->room);
	assert_non_null(onlooker->text);
}

/* Whether it is to go on reading. */
static int
hear_some(struct onlookers *onlookers, struct onlooker *onlooker)
{
	ssize_t n;

	make_room(onlooker);
	n = recv(onlooker->fd, onlooker->text + onlooker->length, CHUNK,
		MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n > 0) {
		onlooker->length += (size_t)n;
		onlooker->text[onlooker->length] = '\0';
		if (onlooker->role->manner == LISTENS)
			judge_events(onlookers, onlooker);
		return 1;
	}
	onlooker->text[onlooker->length] = '\0';
	/* A listener may get half a line where Unbound ends. */
	if (onlooker->role->manner != LISTENS)
		judge_reply(onlookers, onlooker);
	leave(onlooker);
	return 0;
}

static void
hear(struct onlookers *onlookers, struct onlooker *onlooker)
{
	struct pollfd polled = { onlooker->fd, 0, 0 };

	if (onlooker->role->manner != IS_DEAF) {
		while (hear_some(onlookers, onlooker))
			continue;
		return;
	}
	if (poll(&polled, 1, 0) == 1 && (polled.revents & POLLHUP))
		leave(onlooker);
}

/* --- All of them. */

struct onlookers *
onlookers_begin(const struct resolver *resolver, unsigned threads)
{
	struct onlookers *onlookers = calloc(1, sizeof(*onlookers));
	size_t i;

	assert_non_null(onlookers);
	onlookers->resolver = resolver;
	onlookers->path = control_path(resolver);
	onlookers->threads = threads;
	onlookers->granted = -1;
	for (i = 0; i < ROLES; i++) {
		onlookers->onlookers[i].role = &roles[i];
		onlookers->onlookers[i].fd = -1;
	}
	return onlookers;
}

void
onlookers_end(struct onlookers *onlookers)
{
	size_t i;

	if (onlookers == NULL)
		return;
	for (i = 0; i < ROLES; i++) {
		leave(&onlookers->onlookers[i]);
		free(onlookers->onlookers[i].text);
	}
	free(onlookers->path);
	free(onlookers);
}

void
onlookers_turn(struct onlookers *onlookers)
{
	long long now = sandbox_now();
	size_t i;

	if (now < onlookers->next)
		return;
	onlookers->next = now + PAUSE;
	for (i = 0; i < ROLES; i++) {
		struct onlooker *onlooker = &onlookers->onlookers[i];

		if (onlooker->fd < 0 && onlooker->next <= now)
			come(onlookers, onlooker);
		else if (onlooker->fd >= 0)
			hear(onlookers, onlooker);
	}
}

void
onlookers_settle(struct onlookers *onlookers)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long listeners = 0;

	while (listeners != LISTENERS) {
		char *status;

		onlookers_turn(onlookers);
		status = control_ask(onlookers->resolver, "status");
		listeners = control_number(status, "listeners");
		free(status);
		assert_true(sandbox_wait(deadline));
	}
	memset(&onlookers->sums, 0, sizeof(onlookers->sums));
}

int
onlookers_granted(const struct onlookers *onlookers, long long since)
{
	return onlookers->granted_since <= since ? onlookers->granted : -1;
}

const struct onlookers_sums *
onlookers_sums(const struct onlookers *onlookers)
{
	return &onlookers->sums;
}
