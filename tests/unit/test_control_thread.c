/*
 * test_control_thread.c - the thread beside the workers, with a real socket: it
 * takes what they publish, answers who asks, and holds up nobody.
 */
/* A group of the system is not one of the policy. */
#define group system_group
#include <grp.h>
#undef group

#include "watching.h"

#include <dirent.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "control.h"
#include "owner.h"
#include "socket.h"

#define WORKERS 3
#define SOCKET STATE "/control"
#define NOBODY 65534

static const char policy[] =
	"bitsink: log: all log-limit: 0\n"
	"group: name: one client: 192.0.2.0 client: 192.0.2.1\n"
	" client: 192.0.2.2 allow: .a.example\n"
	"group: name: two client: 2001:db8::/32 allow: .a.example\n"
	" mode: audit\n";

/* Of each worker. */
static const char *const clients[WORKERS] = { "192.0.2.0", "192.0.2.1",
	"192.0.2.2" };

struct stage {
	struct world world;
	struct control *control;
};

/* --- The clock, which tests set ahead rather than wait: the thread looks at it
 * whenever it wakes up. */

static _Atomic int64_t seconds_ahead;

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (result == 0 && clock == CLOCK_MONOTONIC)
		now->tv_sec += (time_t)atomic_load(&seconds_ahead);
	return result;
}

/* --- The stage. */

static struct control_setup
setup_of(struct stage *stage, say_line line)
{
	struct control_setup setup = {
		.inforce = stage->world.inforce,
		.key = &world_key,
		.observer = stage->world.observer,
		.stats = stage->world.stats,
		.exceptions = &stage->world.exceptions,
		.site = stage->world.standing->site,
		.site_length = stage->world.standing->site_length,
		.unbound = "1.17.1",
		.line = line,
	};

	return setup;
}

static void
start(struct stage *stage)
{
	struct control_setup setup = setup_of(stage, said_line);

	stage->control = control_start(&setup);
	assert_non_null(stage->control);
}

static void
open_stage(struct stage *stage, const char *text)
{
	world_open(&stage->world, text, WORKERS, time(NULL));
	start(stage);
}

static void
close_stage(struct stage *stage)
{
	control_stop(stage->control);
	world_close(&stage->world);
}

/* --- The workers' side. */

/* What a worker does with a query, under what is in force. Whether there was
 * room for the event; of allowed ones there are some while somebody listens
 * who wants them. */
static int
judge(struct stage *stage, const struct force *force, size_t worker,
	const struct query *query)
{
	const struct policy *in_force = force->standing.policy;
	struct event event, *place;

	event_judge(&event, in_force, query, 1);
	tally_decision(force->tally, worker, (size_t)(event.group -
		in_force->groups), event.reason, 0);
	if (event.verdict == VERDICT_ALLOW &&
	    !control_wants_allowed(stage->control, force->tally, worker, 0))
		return 0;
	place = control_reserve(stage->control, force->tally, worker);
	if (place == NULL)
		return 0;
	*place = event;
	control_publish(stage->control, worker);
	return 1;
}

static int
ask_as(struct stage *stage, size_t worker, const char *client,
	const char *qname)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct query query = query_of(client, qname, wire);
	const struct force *force = inforce_enter(stage->world.inforce, worker);
	int told = judge(stage, force, worker, &query);

	inforce_leave(stage->world.inforce, worker);
	return told;
}

/* While somebody listens who wants them all. */
static int
wants_allowed(struct stage *stage)
{
	return control_wants_allowed(stage->control, stage->world.tally, 0,
		0);
}

/* --- Who asks. */

static int
connect_to(const char *path)
{
	static const struct timeval patience = { DEADLINE_SECONDS, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		abort();
	strcpy(address.sun_path, path);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
call(const char *path, const char *line)
{
	int fd = connect_to(path);

	if (fd >= 0 && send(fd, line, strlen(line), MSG_NOSIGNAL) ==
	    (ssize_t)strlen(line))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads to the end. NULL where there was no connection, or no end. */
static char *
read_all(int fd, size_t *length)
{
	size_t room = 4096;
	char *text = malloc(room);

	*length = 0;
	while (fd >= 0 && text != NULL) {
		ssize_t n = recv(fd, text + *length, room - *length, 0);

		if (n == 0) {
			close(fd);
			return text;
		}
		if (n < 0)
			break;
		*length += (size_t)n;
		if (*length == room)
			text = realloc(text, room *= 2);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return NULL;
}

static struct reply
reply_at(const char *path, const char *line)
{
	size_t length;
	char *text = read_all(call(path, line), &length);
	struct reply reply;

	assert_non_null(text);
	reply = reply_parse(text, length);
	free(text);
	assert_true(reply.count > 0);
	return reply;
}

/* A reply that is whole. */
static struct reply
reply_to(const char *line)
{
	struct reply reply = reply_at(SOCKET, line);

	assert_string_equal(reply.records[reply.count - 1].kind, "end");
	assert_int_equal(reply_count(&reply, "end"), 1);
	return reply;
}

static size_t
listeners(void)
{
	struct reply reply = reply_to("status\n");
	size_t count = number_of(&reply.records[0], "listeners");

	reply_free(&reply);
	return count;
}

/* Listens; the request has been taken when this returns. */
static int
listen_to(const char *line)
{
	size_t before = listeners();
	int fd = call(SOCKET, line);

	assert_true(fd >= 0);
	wait_until(listeners() == before + 1);
	return fd;
}

/* The next record that a listener gets. */
static struct reply
hear(int fd)
{
	char line[4096];
	size_t length = 0;

	do {
		assert_true(length < sizeof(line));
		assert_int_equal(recv(fd, line + length, 1, 0), 1);
	} while (line[length++] != '\n');
	return reply_parse(line, length);
}

static void
assert_heard(int fd, const char *client, const char *name,
	const char *verdict)
{
	struct reply reply = hear(fd);

	assert_string_equal(reply.records[0].kind, "event");
	assert_string_equal(field_of(&reply.records[0], "client"), client);
	assert_string_equal(field_of(&reply.records[0], "name"), name);
	assert_string_equal(field_of(&reply.records[0], "verdict"), verdict);
	reply_free(&reply);
}

static int
is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* --- Requests. */

static void
requests_are_answered_by_the_thread(void **state)
{
	static const struct { const char *line, *kind; } rows[] = {
		{ "status\n", "status" },
		{ "groups\n", "group" },
		{ "stats\n", "line" },
		{ "metrics\n", "info" },
		{ "top by=names\n", "top" },
		{ "history\n", "history" },
		{ "explain client=192.0.2.1 name=x\n", "explain" },
		{ "allow group=one pattern=x seconds=9\n", "grant" },
		{ "revoke group=one pattern=x\n", "revoked" },
	};
	struct stage stage;
	struct reply reply;
	size_t i;

	(void)state;
	open_stage(&stage, policy);
	for (i = 0; i < COUNT_OF(rows); i++) {
		reply = reply_to(rows[i].line);
		assert_string_equal(reply.records[0].kind, rows[i].kind);
		reply_free(&reply);
	}
	reply = reply_at(SOCKET, "hello\n");
	assert_int_equal(reply.count, 1);
	assert_string_equal(reply.records[0].kind, "error");
	reply_free(&reply);
	reply = reply_at(SOCKET, "status =\n");
	assert_string_equal(record_line(&reply.records[0]), "error text=found "
		"'=' in column 8, expected a key of a-z, 0-9 and '-'");
	reply_free(&reply);
	close_stage(&stage);
}

static uint64_t
seconds_since_start(void)
{
	struct reply reply = reply_to("status\n");
	uint64_t seconds = number_of(&reply.records[0], "now") -
		number_of(&reply.records[0], "started");

	reply_free(&reply);
	return seconds;
}

static void
status_knows_the_time_and_the_memory(void **state)
{
	int64_t before = time(NULL);
	struct stage stage;
	struct reply reply;
	struct record *status;

	(void)state;
	open_stage(&stage, policy);
	reply = reply_to("status\n");
	status = &reply.records[0];
	assert_string_equal(field_of(status, "unbound"), "1.17.1");
	assert_int_equal(number_of(status, "pid"), getpid());
	assert_int_equal(number_of(status, "workers"), WORKERS);
	assert_in_range(number_of(status, "started"), before, time(NULL));
	assert_in_range(number_of(status, "now"), before, time(NULL));
	assert_true(control_memory(stage.control) >=
		WORKERS * 1024 * sizeof(struct event));
	assert_true(control_memory(stage.control) >
		WORKERS * 1024 * sizeof(struct event) +
		observer_memory(stage.world.observer));
	assert_true(number_of(status, "memory") >=
		control_memory(stage.control));
	reply_free(&reply);
	wait_until(seconds_since_start() > 0);
	close_stage(&stage);
}

static void
statistics_are_set_back_over_the_socket(void **state)
{
	struct stage stage;
	struct reply reply;
	size_t i;

	(void)state;
	open_stage(&stage, policy);
	ask_as(&stage, 1, clients[1], "x.example");
	for (i = 0; i < 2; i++) {
		static const char name[] = "total.num.bitsink.blocked";
		size_t k;

		reply = reply_to("stats reset=yes\n");
		for (k = 0; strcmp(field_of(&reply.records[k], "name"),
		    name) != 0; k++)
			continue;
		assert_int_equal(number_of(&reply.records[k], "value"),
			1 - i);
		reply_free(&reply);
	}
	close_stage(&stage);
}

/* --- Events. */

static void
events_become_lines_and_tops(void **state)
{
	struct stage stage;
	struct reply reply;

	(void)state;
	open_stage(&stage, policy);
	assert_true(ask_as(&stage, 0, clients[0], "x.example"));
	assert_true(ask_as(&stage, 2, clients[2], "x.example"));
	assert_true(ask_as(&stage, 1, "2001:db8::1", "y.example"));
	assert_false(ask_as(&stage, 1, "2001:db8::1", "www.a.example"));
	wait_until(said_count("bitsink: ") == 3);
	assert_int_equal(said_count("bitsink: block client=192.0.2.0 "
		"group=one name=x.example. "), 1);
	assert_int_equal(said_count("bitsink: audit client=2001:db8::1 "
		"group=two name=y.example. "), 1);
	reply = reply_to("top by=names\n");
	assert_int_equal(reply_count(&reply, "entry"), 2);
	assert_int_equal(number_of(&reply.records[1], "count"), 2);
	reply_free(&reply);
	reply = reply_to("history\n");
	assert_non_null(strstr(field_of(&reply.records[1], "blocked"), ",2"));
	reply_free(&reply);
	close_stage(&stage);
}

/* Each event finds the thread asleep, or about to be; it would sleep for
 * seconds, which all together are too many. */
static void
the_thread_wakes_up_for_each_event(void **state)
{
	int64_t deadline = real_seconds() + DEADLINE_SECONDS;
	struct chance chance = { 6 };
	struct stage stage;
	size_t i;

	(void)state;
	open_stage(&stage, policy);
	for (i = 1; i <= 100; i++) {
		assert_true(ask_as(&stage, i % WORKERS, clients[i % WORKERS],
			"x.example"));
		while (said_count("bitsink: block ") < i) {
			assert_true(real_seconds() < deadline);
			pause_for(1);
		}
		/* Around the time in which the thread lets events gather. */
		pause_for(chance_below(&chance, 40));
	}
	close_stage(&stage);
}

static void
stopping_takes_all_that_was_published(void **state)
{
	int round;

	(void)state;
	for (round = 0; round < 20; round++) {
		struct stage stage;
		size_t i, published = 0;

		open_stage(&stage, policy);
		for (i = 0; i < 2000; i++)
			published += (size_t)ask_as(&stage, i % WORKERS,
				clients[i % WORKERS], "x.example");
		/* There is room for so many without the thread. */
		assert_int_equal(published, 2000);
		control_stop(stage.control);
		assert_int_equal(said_count("bitsink: block "), published);
		assert_int_equal(said_count(""), published);
		world_close(&stage.world);
	}
}

struct writer {
	struct stage *stage;
	size_t worker;
	unsigned count;
	size_t published;
	pthread_t thread;
};

static void *
write_events(void *arg)
{
	struct writer *writer = arg;
	char name[32];
	unsigned i;

	for (i = 0; i < writer->count; i++) {
		snprintf(name, sizeof(name), "x%08u.example", i);
		writer->published += (size_t)ask_as(writer->stage,
			writer->worker, clients[writer->worker], name);
	}
	return NULL;
}

static void
start_writers(struct stage *stage, struct writer *writers, unsigned count)
{
	size_t i;

	for (i = 0; i < WORKERS; i++) {
		writers[i].stage = stage;
		writers[i].worker = i;
		writers[i].count = count;
		writers[i].published = 0;
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
			write_events, &writers[i]), 0);
	}
}

static size_t
join_writers(struct writer *writers)
{
	size_t i, published = 0;

	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
		published += writers[i].published;
	}
	return published;
}

static uint64_t
lost(const struct stage *stage)
{
	return tally_total(stage->world.tally, TALLY_EVENTS_LOST);
}

/* The names in the lines of a client only rise. */
static void
assert_in_order(const char *client)
{
	char beginning[128], last[32] = "";
	size_t i, length = (size_t)snprintf(beginning, sizeof(beginning),
		"bitsink: block client=%s group=one name=x", client);

	for (i = 0; i < all_said.count; i++) {
		const char *text = all_said.lines[i].text;

		if (strncmp(text, beginning, length) != 0)
			continue;
		assert_true(strncmp(last, text + length, 8) < 0);
		memcpy(last, text + length, 8);
		last[8] = '\0';
	}
	assert_true(last[0] != '\0');
}

/* Who told how many events were lost. */
static uint64_t
told_lost(void)
{
	static const char beginning[] = "bitsink: log-limit lost=";
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < all_said.count; i++)
		if (strncmp(all_said.lines[i].text, beginning,
		    strlen(beginning)) == 0)
			sum += strtoull(all_said.lines[i].text +
				strlen(beginning), NULL, 10);
	return sum;
}

static void
each_event_of_all_workers_is_a_line_or_counted_as_lost(void **state)
{
	struct writer writers[WORKERS];
	struct stage stage;
	size_t published, i;

	(void)state;
	open_stage(&stage, policy);
	start_writers(&stage, writers, 20000);
	published = join_writers(writers);
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: block "), published);
	assert_int_equal(published + lost(&stage), WORKERS * 20000);
	assert_int_equal(told_lost(), lost(&stage));
	assert_int_equal(observer_lines(stage.world.observer), published);
	for (i = 0; i < WORKERS; i++)
		assert_in_order(clients[i]);
	world_close(&stage.world);
}

/* --- A log that is slow. */

static pthread_mutex_t slow = PTHREAD_MUTEX_INITIALIZER;

static void
say_when_let(enum say_level level, const char *line)
{
	pthread_mutex_lock(&slow);
	said_line(level, line);
	pthread_mutex_unlock(&slow);
}

static void
a_worker_does_not_wait_for_a_slow_log(void **state)
{
	struct control_setup setup;
	struct stage stage;
	size_t published = 0, i;

	(void)state;
	world_open(&stage.world, policy, WORKERS, time(NULL));
	setup = setup_of(&stage, say_when_let);
	stage.world.observer = (observer_free(stage.world.observer),
		observer_new(stage.world.standing->policy, stage.world.tally,
		&world_key, say_when_let, time(NULL)));
	setup.observer = stage.world.observer;
	assert_non_null(setup.observer);
	stage.control = control_start(&setup);
	assert_non_null(stage.control);
	pthread_mutex_lock(&slow);
	for (i = 0; i < 10000; i++)
		published += (size_t)ask_as(&stage, 1, clients[1],
			"x.example");
	assert_in_range(published, 1024, 9000);
	assert_int_equal(lost(&stage), 10000 - published);
	pthread_mutex_unlock(&slow);
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: block "), published);
	assert_int_equal(told_lost(), 10000 - published);
	/* The world's statistics ask the observer that went. */
	stats_free(stage.world.stats);
	stage.world.stats = NULL;
	world_close(&stage.world);
}

/* --- Listeners. */

static void
listeners_hear_what_they_asked_for(void **state)
{
	struct stage stage;
	int any, two, one, name;

	(void)state;
	open_stage(&stage, policy);
	any = listen_to("watch\n");
	two = listen_to("watch group=two\n");
	one = listen_to("watch client=192.0.2.2/31\n");
	name = listen_to("watch name=*.x.example\n");
	ask_as(&stage, 0, clients[0], "a.x.example");
	ask_as(&stage, 0, clients[0], "b.example");
	ask_as(&stage, 0, "2001:db8::1", "c.example");
	ask_as(&stage, 0, "192.0.2.2", "d.example");
	ask_as(&stage, 0, "192.0.2.2", "e.x.example");
	ask_as(&stage, 0, "2001:db8::1", "f.example");
	assert_heard(any, "192.0.2.0", "a.x.example.", "block");
	assert_heard(any, "192.0.2.0", "b.example.", "block");
	assert_heard(any, "2001:db8::1", "c.example.", "audit");
	assert_heard(any, "192.0.2.2", "d.example.", "block");
	assert_heard(any, "192.0.2.2", "e.x.example.", "block");
	assert_heard(any, "2001:db8::1", "f.example.", "audit");
	assert_heard(two, "2001:db8::1", "c.example.", "audit");
	assert_heard(two, "2001:db8::1", "f.example.", "audit");
	assert_heard(one, "192.0.2.2", "d.example.", "block");
	assert_heard(one, "192.0.2.2", "e.x.example.", "block");
	assert_heard(name, "192.0.2.0", "a.x.example.", "block");
	assert_heard(name, "192.0.2.2", "e.x.example.", "block");
	assert_int_equal(listeners(), 4);
	close(any);
	close(two);
	wait_until(listeners() == 2);
	control_stop(stage.control);
	/* What was sent is read to the end, and nothing more. */
	assert_int_equal(recv(one, &any, 1, 0), 0);
	assert_int_equal(recv(name, &any, 1, 0), 0);
	close(one);
	close(name);
	world_close(&stage.world);
}

static void
allowed_queries_are_told_while_somebody_wants_them(void **state)
{
	struct stage stage;
	int all, some, more;

	(void)state;
	open_stage(&stage, policy);
	some = listen_to("watch\n");
	assert_false(wants_allowed(&stage));
	assert_false(ask_as(&stage, 0, clients[0], "0.a.example"));
	all = call(SOCKET, "watch all=yes\n");
	wait_until(wants_allowed(&stage));
	assert_true(ask_as(&stage, 0, clients[0], "1.a.example"));
	assert_true(ask_as(&stage, 0, clients[0], "2.example"));
	assert_heard(all, "192.0.2.0", "1.a.example.", "allow");
	assert_heard(all, "192.0.2.0", "2.example.", "block");
	assert_heard(some, "192.0.2.0", "2.example.", "block");
	more = call(SOCKET, "watch all=yes group=two\n");
	wait_until(listeners() == 3);
	close(all);
	wait_until(listeners() == 2);
	assert_true(wants_allowed(&stage));
	assert_true(ask_as(&stage, 0, "2001:db8::1", "3.a.example"));
	assert_heard(more, "2001:db8::1", "3.a.example.", "allow");
	close(more);
	wait_until(!wants_allowed(&stage));
	close(some);
	/* No line, and in no top. */
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: "), 1);
	world_close(&stage.world);
}

/* Somebody who stops reading loses events, is told how many, and holds up
 * nothing. */
static void
a_listener_that_does_not_read_is_told_what_it_lost(void **state)
{
	struct stage stage;
	size_t published = 0, heard = 0;
	int fd;

	(void)state;
	open_stage(&stage, policy);
	fd = listen_to("watch\n");
	while (published < 20000)
		if (ask_as(&stage, 0, clients[0], "x.example"))
			published++;
		else
			pause_for(1);
	wait_until(said_count("bitsink: block ") == published);
	while (heard < published) {
		struct reply reply = hear(fd);
		struct record *record = &reply.records[0];

		if (strcmp(record->kind, "lost") == 0)
			heard += number_of(record, "count");
		else
			heard++;
		reply_free(&reply);
	}
	assert_int_equal(heard, published);
	close(fd);
	close_stage(&stage);
}

/* --- Many at once. */

struct caller {
	unsigned whole;
	unsigned broken;
	pthread_t thread;
};

/* Asks again and again; no assertion, for this is not the test's thread. */
static void *
ask_again_and_again(void *arg)
{
	static const char *const lines[] = { "status\n", "groups\n", "stats\n",
		"stats reset=yes\n", "metrics\n", "top by=pairs limit=100\n",
		"top by=rules\n", "history\n", "history group=one\n",
		"explain client=192.0.2.1 name=x.example\n" };
	struct caller *caller = arg;
	unsigned i;

	for (i = 0; i < 100; i++) {
		size_t length;
		char *text = read_all(call(SOCKET, lines[i % COUNT_OF(lines)]),
			&length);

		if (text != NULL && length > 4 &&
		    memcmp(text + length - 4, "end\n", 4) == 0)
			caller->whole++;
		else
			caller->broken++;
		free(text);
	}
	return NULL;
}

static void
many_ask_while_events_flow(void **state)
{
	struct writer writers[WORKERS];
	struct caller callers[12];
	struct stage stage;
	size_t i, published;
	int fd;

	(void)state;
	open_stage(&stage, policy);
	/* One listens and does not read. */
	fd = listen_to("watch all=yes\n");
	memset(callers, 0, sizeof(callers));
	start_writers(&stage, writers, 20000);
	for (i = 0; i < COUNT_OF(callers); i++)
		assert_int_equal(pthread_create(&callers[i].thread, NULL,
			ask_again_and_again, &callers[i]), 0);
	for (i = 0; i < COUNT_OF(callers); i++) {
		assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
		assert_int_equal(callers[i].broken, 0);
		assert_int_equal(callers[i].whole, 100);
	}
	published = join_writers(writers);
	close(fd);
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: block "), published);
	assert_int_equal(published + lost(&stage), WORKERS * 20000);
	world_close(&stage.world);
}

/* --- Reloading. */

static const char other_policy[] =
	"bitsink: log: all log-limit: 0\n"
	"group: name: two client: 2001:db8::/32 allow: .b.example\n"
	"group: name: uno client: 192.0.2.0 client: 192.0.2.1\n"
	" client: 192.0.2.2 allow: .b.example\n";

/* A warning is something to say, which a log may hold up. */
static const char warning[] = " client: 192.0.2.2\n";

#define FOUND "client \"192.0.2.2\" is in this group already"

/* What the present policy says to a worker. */
static enum verdict
ask_for(struct stage *stage, const char *qname)
{
	const struct force *force = inforce_enter(stage->world.inforce, 0);
	enum verdict verdict = verdict_of(force->standing.policy, clients[0],
		qname);

	inforce_leave(stage->world.inforce, 0);
	return verdict;
}

/* A number of the status; yes is 1. */
static uint64_t
status_of(const char *key)
{
	struct reply reply = reply_to("status\n");
	const char *value = field_of(&reply.records[0], key);
	uint64_t number = strcmp(value, "yes") == 0 ? 1
		: strcmp(value, "no") == 0 ? 0
		: number_of(&reply.records[0], key);

	reply_free(&reply);
	return number;
}

/* Reloads what is there, which must be good. */
static void
reload_file(void)
{
	struct reply reply = reply_to("reload\n");

	assert_string_equal(reply.records[reply.count - 2].kind, "reloaded");
	reply_free(&reply);
}

static void
reload(const char *text)
{
	write_text("policy.conf", text);
	reload_file();
}

static void
a_good_file_is_in_force_when_the_reply_is_there(void **state)
{
	struct stage stage;
	struct reply reply;
	char expected[512];
	unsigned i;

	(void)state;
	open_stage(&stage, policy);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_BLOCK);
	for (i = 2; i < 12; i++) {
		int is_other = i % 2 == 0;

		write_text("policy.conf", is_other ? other_policy : policy);
		reply = reply_to("reload\n");
		assert_int_equal(reply.count, 2);
		world_look(&stage.world);
		snprintf(expected, sizeof(expected), "reloaded generation=%u "
			"checksum=%016" PRIx64 " groups=2 prefixes=4 "
			"patterns=2 policy=policy.conf", i,
			stage.world.standing->checksum);
		assert_string_equal(record_line(&reply.records[0]), expected);
		reply_free(&reply);
		assert_int_equal(ask_for(&stage, "x.b.example"), is_other
			? VERDICT_ALLOW : VERDICT_BLOCK);
		assert_int_equal(ask_for(&stage, "x.a.example"), is_other
			? VERDICT_BLOCK : VERDICT_ALLOW);
		assert_int_equal(status_of("generation"), i);
		assert_int_equal(status_of("stale"), 0);
		assert_in_range(status_of("loaded"), time(NULL) - 5,
			time(NULL));
		snprintf(expected, sizeof(expected), "I bitsink: reloaded "
			"generation=%u groups=2 prefixes=4 patterns=2 "
			"policy=policy.conf\n", i);
		assert_said(expected);
	}
	close_stage(&stage);
}

static const char broken[] = "group: name: one\n clint: 192.0.2.0\n";

#define ERROR "policy.conf:2:2: error: found \"clint:\", expected an " \
	"option of the group: clause, group:, bitsink: or include:"

static void
a_bad_file_leaves_the_policy_and_is_told(void **state)
{
	struct stage stage;
	struct reply reply;
	const char *line;
	int i;

	(void)state;
	open_stage(&stage, policy);
	for (i = 0; i < 3; i++) {
		write_text("policy.conf", broken);
		reply = reply_at(SOCKET, "reload\n");
		assert_int_equal(reply.count, 2);
		assert_string_equal(record_line(&reply.records[0]),
			"problem severity=error text=" ERROR);
		assert_string_equal(record_line(&reply.records[1]),
			"error text=the policy has errors; the policy before "
			"stays in force");
		reply_free(&reply);
		assert_said("E bitsink: " ERROR "\nE bitsink: not reloaded: "
			"the policy has 1 errors; the policy before stays in "
			"force\n");
		reply = reply_to("status\n");
		line = record_line(&reply.records[0]);
		assert_non_null(strstr(line, " stale=yes "));
		assert_non_null(strstr(line, " generation=1 "));
		assert_non_null(strstr(line, " errors=1 error=" ERROR));
		reply_free(&reply);
		assert_int_equal(ask_for(&stage, "x.a.example"),
			VERDICT_ALLOW);
	}
	/* A diff of it makes nothing worse, nor better. */
	reply = reply_at(SOCKET, "reload diff=yes\n");
	assert_string_equal(record_line(&reply.records[reply.count - 1]),
		"error text=the policy has errors");
	reply_free(&reply);
	said_clear();
	assert_int_equal(remove("policy.conf"), 0);
	reply = reply_at(SOCKET, "reload\n");
	assert_string_equal(record_line(&reply.records[0]), "problem "
		"severity=error text=policy.conf: error: cannot open "
		"\"policy.conf\": No such file or directory");
	reply_free(&reply);
	reload(other_policy);
	assert_int_equal(status_of("stale"), 0);
	assert_int_equal(status_of("errors"), 0);
	assert_int_equal(status_of("generation"), 2);
	close_stage(&stage);
}

static void
a_bad_file_of_a_diff_is_no_news_for_what_is_in_force(void **state)
{
	struct stage stage;
	struct reply reply;

	(void)state;
	open_stage(&stage, policy);
	write_text("policy.conf", broken);
	reply = reply_at(SOCKET, "reload diff=yes\n");
	assert_int_equal(reply.count, 2);
	assert_string_equal(record_line(&reply.records[1]),
		"error text=the policy has errors");
	reply_free(&reply);
	assert_int_equal(status_of("stale"), 0);
	assert_int_equal(status_of("errors"), 0);
	close_stage(&stage);
}

static void
a_diff_changes_nothing(void **state)
{
	struct stage stage;
	struct reply reply;
	struct record *last;

	(void)state;
	open_stage(&stage, policy);
	assert_true(ask_as(&stage, 0, clients[0], "x.b.example"));
	wait_until(said_count("bitsink: block ") == 1);
	said_clear();
	write_text("policy.conf", other_policy);
	reply = reply_to("reload diff=yes\n");
	assert_int_equal(reply_count(&reply, "problem"), 0);
	/* One is uno now, which is two changes. */
	assert_int_equal(reply_count(&reply, "group"), 3);
	assert_int_equal(reply_count(&reply, "verdict"), 1);
	last = &reply.records[reply.count - 2];
	assert_string_equal(record_line(last),
		"verdicts blocked=0 allowed=1 other=0 asked=1");
	assert_string_equal(field_of(last - 1, "name"), "x.b.example.");
	assert_string_equal(field_of(last - 1, "change"), "allowed");
	reply_free(&reply);
	assert_int_equal(status_of("generation"), 1);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_BLOCK);
	assert_said("");
	/* Then it is done. */
	reload(other_policy);
	reply = reply_to("reload diff=yes\n");
	assert_int_equal(reply_count(&reply, "verdict"), 0);
	assert_int_equal(reply_count(&reply, "group"), 0);
	reply_free(&reply);
	close_stage(&stage);
}

static void
options_that_a_start_takes_are_warned_of(void **state)
{
	char text[1024];
	struct stage stage;

	(void)state;
	open_stage(&stage, policy);
	snprintf(text, sizeof(text), "bitsink: control-mode: 0600\n%s",
		policy);
	reload(text);
	assert_said("W bitsink: the options of the control socket have "
		"changed; they take effect with \"unbound-control reload\"\n"
		"I bitsink: reloaded generation=2 groups=2 prefixes=4 "
		"patterns=2 policy=policy.conf\n");
	/* Only where they changed. */
	reload(text);
	assert_int_equal(said_count("bitsink: the options "), 0);
	close_stage(&stage);
}

/* --- While a policy is read: the log holds the thread up that reads. */

/* With a policy that has a warning to say, and a log that does not take it
 * until it is let. */
static void
open_slow_stage(struct stage *stage)
{
	struct control_setup setup;

	world_open(&stage->world, policy, WORKERS, time(NULL));
	setup = setup_of(stage, say_when_let);
	stage->control = control_start(&setup);
	assert_non_null(stage->control);
}

/* Begins to reload, which goes on until the log is let. */
static int
begin_reload(const char *line, const char *text)
{
	char whole[1024];
	int fd;

	snprintf(whole, sizeof(whole), "%s%s", text, warning);
	write_text("policy.conf", whole);
	pthread_mutex_lock(&slow);
	fd = call(SOCKET, line);
	assert_true(fd >= 0);
	/* The request has been taken when another is answered. */
	assert_int_equal(status_of("generation"), 1);
	assert_int_equal(status_of("generation"), 1);
	return fd;
}

/* The reply that was waited for. */
static struct reply
end_reload(int fd)
{
	struct reply reply;
	size_t length;
	char *text;

	pthread_mutex_unlock(&slow);
	text = read_all(fd, &length);
	assert_non_null(text);
	reply = reply_parse(text, length);
	free(text);
	return reply;
}

static void
all_goes_on_while_a_policy_is_read(void **state)
{
	struct stage stage;
	struct reply reply;
	int fd, listener;
	unsigned i;

	(void)state;
	open_slow_stage(&stage);
	listener = listen_to("watch\n");
	fd = begin_reload("reload\n", other_policy);
	/* One at a time. */
	for (i = 0; i < 3; i++) {
		reply = reply_at(SOCKET, i % 2 ? "reload diff=yes\n"
			: "reload\n");
		assert_int_equal(reply.count, 1);
		assert_string_equal(field_of(&reply.records[0], "text"),
			"found \"reload\", expected no other one under way; "
			"try again");
		reply_free(&reply);
	}
	assert_int_equal(ask_for(&stage, "x.a.example"), VERDICT_ALLOW);
	assert_true(ask_as(&stage, 0, clients[0], "x.b.example"));
	assert_heard(listener, clients[0], "x.b.example.", "block");
	reply = end_reload(fd);
	assert_int_equal(reply.count, 3);
	assert_string_equal(field_of(&reply.records[0], "severity"),
		"warning");
	assert_non_null(strstr(field_of(&reply.records[0], "text"), FOUND));
	assert_string_equal(reply.records[1].kind, "reloaded");
	assert_string_equal(reply.records[2].kind, "end");
	reply_free(&reply);
	assert_int_equal(status_of("generation"), 2);
	close(listener);
	close_stage(&stage);
}

static void
who_asked_may_go_or_close_its_half(void **state)
{
	struct stage stage;
	struct reply reply;
	int fd;

	(void)state;
	open_slow_stage(&stage);
	fd = begin_reload("reload\n", other_policy);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(status_of("generation"), 1);
	reply = end_reload(fd);
	assert_string_equal(reply.records[reply.count - 1].kind, "end");
	reply_free(&reply);
	control_stop(stage.control);
	world_close(&stage.world);
	/* What was asked for is done all the same. */
	open_slow_stage(&stage);
	fd = begin_reload("reload\n", other_policy);
	close(fd);
	assert_int_equal(status_of("generation"), 1);
	pthread_mutex_unlock(&slow);
	wait_until(status_of("generation") == 2);
	reload(policy);
	control_stop(stage.control);
	world_close(&stage.world);
	/* A diff nobody wants any more. */
	open_slow_stage(&stage);
	fd = begin_reload("reload diff=yes\n", other_policy);
	close(fd);
	assert_int_equal(status_of("generation"), 1);
	pthread_mutex_unlock(&slow);
	/* Until it is over there cannot be another one. */
	do {
		reply = reply_at(SOCKET, "reload\n");
		fd = strcmp(reply.records[reply.count - 1].kind, "end") == 0;
		reply_free(&reply);
	} while (!fd);
	assert_int_equal(status_of("generation"), 2);
	close_stage(&stage);
}

static void *
stop_control(void *arg)
{
	control_stop(arg);
	return NULL;
}

static void
stopping_waits_for_a_policy_that_is_read(void **state)
{
	struct stage stage;
	pthread_t stopping;
	char octet;
	int fd;

	(void)state;
	open_slow_stage(&stage);
	fd = begin_reload("reload\n", other_policy);
	assert_int_equal(pthread_create(&stopping, NULL, stop_control,
		stage.control), 0);
	pause_for(50);
	pthread_mutex_unlock(&slow);
	assert_int_equal(pthread_join(stopping, NULL), 0);
	/* Nobody is there any more to tell how it went. */
	assert_int_equal(recv(fd, &octet, 1, 0), 0);
	close(fd);
	assert_int_equal(ask_for(&stage, "x.a.example"), VERDICT_ALLOW);
	world_close(&stage.world);
}

static void
stopping_is_possible_at_any_moment_of_a_reload(void **state)
{
	struct chance chance = { 4 };
	int round;

	(void)state;
	for (round = 0; round < 60; round++) {
		struct stage stage;
		int fd;

		open_stage(&stage, policy);
		write_text("policy.conf", round % 3 ? other_policy : broken);
		fd = call(SOCKET, round % 5 ? "reload\n"
			: "reload diff=yes\n");
		assert_true(fd >= 0);
		assert_true(ask_as(&stage, 0, clients[0], "x.example"));
		if (round % 2)
			pause_for(chance_below(&chance, 8));
		control_stop(stage.control);
		close(fd);
		assert_int_equal(said_count("bitsink: block "), 1);
		world_close(&stage.world);
	}
}

/* --- Reloading while events flow. */

static struct record
line_of(size_t at, char *line, size_t size)
{
	const char *expected;
	struct record record;
	size_t wrong;

	assert_true(strlen(all_said.lines[at].text) < size);
	strcpy(line, all_said.lines[at].text + strlen("bitsink: "));
	assert_int_equal(record_parse(&record, line, &wrong, &expected), 0);
	return record;
}

/* Each is of a group of one of the policies, and tells that group's verdict
 * and the client that it is of; names only rise. */
static void
assert_lines_are_whole(void)
{
	char line[1024], last[WORKERS][32];
	unsigned one = 0, uno = 0;
	size_t i, k;

	memset(last, 0, sizeof(last));
	for (i = 0; i < all_said.count; i++) {
		struct record record;
		const char *name;

		if (strncmp(all_said.lines[i].text, "bitsink: block ", 15) !=
		    0)
			continue;
		record = line_of(i, line, sizeof(line));
		one += strcmp(field_of(&record, "group"), "one") == 0;
		uno += strcmp(field_of(&record, "group"), "uno") == 0;
		for (k = 0; k < WORKERS; k++)
			if (strcmp(field_of(&record, "client"),
			    clients[k]) == 0)
				break;
		assert_true(k < WORKERS);
		name = field_of(&record, "name");
		assert_true(strcmp(last[k], name) < 0);
		snprintf(last[k], sizeof(last[k]), "%s", name);
	}
	assert_int_equal(one + uno, said_count("bitsink: block "));
	assert_true(one > 0);
	assert_true(uno > 0);
}

/* The value of a line of the statistics. */
static uint64_t
statistic(const char *name)
{
	struct reply reply = reply_to("stats\n");
	uint64_t value = 0;
	size_t i, found = 0;

	for (i = 0; i + 1 < reply.count; i++)
		if (strcmp(field_of(&reply.records[i], "name"), name) == 0) {
			value = number_of(&reply.records[i], "value");
			found++;
		}
	assert_int_equal(found, 1);
	reply_free(&reply);
	return value;
}

static _Atomic int is_over;

/* Until it is over; who finds no room waits a little. */
static void *
write_on(void *arg)
{
	struct writer *writer = arg;
	char name[32];

	while (!atomic_load(&is_over)) {
		snprintf(name, sizeof(name), "x%08u.example",
			writer->count++);
		if (ask_as(writer->stage, writer->worker,
		    clients[writer->worker], name))
			writer->published++;
		else
			pause_for(1);
		sched_yield();
	}
	return NULL;
}

static void
policies_may_come_while_events_flow(void **state)
{
	enum { RELOADS = 60 };
	struct writer writers[WORKERS];
	struct stage stage;
	size_t published, asked = 0;
	unsigned i;
	int fd;

	(void)state;
	open_stage(&stage, policy);
	/* One listens and does not read. */
	fd = listen_to("watch all=yes\n");
	memset(writers, 0, sizeof(writers));
	atomic_store(&is_over, 0);
	for (i = 0; i < WORKERS; i++) {
		writers[i].stage = &stage;
		writers[i].worker = i;
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
			write_on, &writers[i]), 0);
	}
	for (i = 0; i < RELOADS; i++) {
		if (i % 5 == 4) {
			struct reply reply;

			write_text("policy.conf", broken);
			reply = reply_at(SOCKET, "reload\n");
			assert_string_equal(
				reply.records[reply.count - 1].kind, "error");
			reply_free(&reply);
			continue;
		}
		reload(i % 2 ? policy : other_policy);
	}
	atomic_store(&is_over, 1);
	published = join_writers(writers);
	for (i = 0; i < WORKERS; i++)
		asked += writers[i].count;
	assert_int_equal(statistic("total.num.bitsink.blocked"), asked);
	assert_int_equal(statistic("num.bitsink.events.lost"),
		asked - published);
	assert_int_equal(status_of("generation"), 1 + RELOADS * 4 / 5);
	close(fd);
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: block "), published);
	assert_int_equal(told_lost(), asked - published);
	assert_int_equal(observer_lines(stage.world.observer), published);
	assert_lines_are_whole();
	world_close(&stage.world);
}

static void
a_listener_to_a_group_listens_on_over_reloads(void **state)
{
	struct stage stage;
	int two, all;

	(void)state;
	open_stage(&stage, policy);
	two = listen_to("watch group=two\n");
	all = call(SOCKET, "watch all=yes group=two\n");
	wait_until(listeners() == 2);
	ask_as(&stage, 0, clients[0], "1.example");
	ask_as(&stage, 0, "2001:db8::1", "2.example");
	assert_heard(two, "2001:db8::1", "2.example.", "audit");
	assert_heard(all, "2001:db8::1", "2.example.", "audit");
	/* It has another place, and enforces. */
	reload(other_policy);
	assert_int_equal(listeners(), 2);
	ask_as(&stage, 0, clients[0], "3.example");
	ask_as(&stage, 0, "2001:db8::1", "4.example");
	assert_heard(two, "2001:db8::1", "4.example.", "block");
	assert_heard(all, "2001:db8::1", "4.example.", "block");
	ask_as(&stage, 0, "2001:db8::1", "4.b.example");
	assert_heard(all, "2001:db8::1", "4.b.example.", "allow");
	/* It is not there for a while. */
	reload("group: name: other client: 2001:db8::/32 allow: a\n");
	ask_as(&stage, 0, "2001:db8::1", "5.example");
	assert_int_equal(listeners(), 2);
	reload(policy);
	ask_as(&stage, 0, "2001:db8::1", "6.example");
	assert_heard(two, "2001:db8::1", "6.example.", "audit");
	assert_heard(all, "2001:db8::1", "6.example.", "audit");
	close(two);
	close(all);
	close_stage(&stage);
}

static void
counters_and_tops_go_on_over_reloads(void **state)
{
	struct stage stage;
	struct reply reply;
	unsigned i;

	(void)state;
	open_stage(&stage, policy);
	for (i = 0; i < 6; i++) {
		assert_true(ask_as(&stage, i % WORKERS, clients[i % WORKERS],
			"x.example"));
		reload(i % 2 ? policy : other_policy);
	}
	reply = reply_to("top by=names\n");
	/* Under the names of two groups. */
	assert_int_equal(reply_count(&reply, "entry"), 2);
	assert_int_equal(number_of(&reply.records[0], "total"), 6);
	reply_free(&reply);
	reply = reply_to("history\n");
	assert_non_null(strstr(field_of(&reply.records[1], "blocked"), ",6"));
	reply_free(&reply);
	assert_int_equal(statistic("total.num.bitsink.blocked"), 6);
	assert_int_equal(statistic("num.bitsink.gone.blocked"), 6);
	close_stage(&stage);
}

static void
memory_is_that_of_the_policy_in_force(void **state)
{
	static char text[400000];
	struct stage stage;
	char *end = text;
	uint64_t before;
	unsigned i;

	(void)state;
	open_stage(&stage, policy);
	before = status_of("memory");
	end += sprintf(end, "%s", policy);
	for (i = 0; i < 10000; i++)
		end += sprintf(end, " allow: n%u.example\n", i);
	reload(text);
	assert_true(status_of("memory") > before + 10000 * 16);
	reload(policy);
	assert_in_range(status_of("memory"), before - 8192, before + 8192);
	close_stage(&stage);
}

/* --- Files that are watched. */

/* The thread has had its look after some seconds. */
static void
let_it_look(void)
{
	atomic_fetch_add(&seconds_ahead, 6);
	/* It looks between the two. */
	(void)status_of("generation");
	(void)status_of("generation");
}

#define WATCHED "bitsink: watch-files: yes\n"

/* Writes the policy's file, and lets the clock of files go on, which is not the
 * one that tests set: what changed in the moment in which reading began is read
 * again. */
static void
write_policy(const char *text)
{
	write_text("policy.conf", text);
	pause_for(20);
}

static void
reload_later(const char *text)
{
	write_policy(text);
	reload_file();
}

static void
a_change_of_a_watched_file_is_read(void **state)
{
	char text[1024], other[1024];
	struct stage stage;
	int i;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", policy);
	snprintf(other, sizeof(other), WATCHED "%s", other_policy);
	open_stage(&stage, policy);
	reload_later(text);
	said_clear();
	for (i = 0; i < 3; i++)
		let_it_look();
	assert_said("");
	write_policy(other);
	let_it_look();
	assert_said("");
	let_it_look();
	wait_until(said_count("bitsink: reloaded ") == 1);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_ALLOW);
	said_clear();
	let_it_look();
	let_it_look();
	assert_said("");
	/* One that takes its place. */
	write_text("new.conf", text);
	assert_int_equal(rename("new.conf", "policy.conf"), 0);
	pause_for(20);
	let_it_look();
	let_it_look();
	wait_until(said_count("bitsink: reloaded ") == 1);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_BLOCK);
	/* Nobody wants it any more. */
	reload_later(policy);
	write_policy(other);
	said_clear();
	for (i = 0; i < 4; i++)
		let_it_look();
	assert_said("");
	close_stage(&stage);
}

static void
a_watched_file_that_says_the_same_is_no_change(void **state)
{
	char text[1024], longer[1100];
	struct stage stage;
	int i;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", policy);
	snprintf(longer, sizeof(longer), "%s# No more.\n", text);
	open_stage(&stage, policy);
	reload_later(text);
	assert_int_equal(status_of("generation"), 2);
	said_clear();
	/* Read again, as the change that follows shows. */
	write_policy(text);
	for (i = 0; i < 2; i++)
		let_it_look();
	write_policy(longer);
	for (i = 0; i < 2; i++)
		let_it_look();
	wait_until(said_count("bitsink: reloaded ") == 1);
	assert_int_equal(status_of("generation"), 3);
	close_stage(&stage);
}

static void
a_watched_file_that_is_still_written_is_let_be(void **state)
{
	char text[1024];
	struct stage stage;
	size_t length;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", other_policy);
	open_stage(&stage, policy);
	reload_later(WATCHED "group: name: g client: 192.0.2.0\n"
		" allow: a.example\n");
	said_clear();
	/* What is there on the way is no policy. */
	for (length = 10; length < strlen(text); length += 15) {
		write_octets("policy.conf", text, length);
		let_it_look();
	}
	assert_said("");
	write_policy(text);
	let_it_look();
	assert_said("");
	let_it_look();
	wait_until(said_count("bitsink: reloaded ") == 1);
	assert_int_equal(said_count("bitsink: "), 1);
	close_stage(&stage);
}

static void
a_bad_watched_file_is_told_once(void **state)
{
	char text[1024];
	struct stage stage;
	int i;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", policy);
	open_stage(&stage, policy);
	reload_later(text);
	said_clear();
	write_policy(broken);
	let_it_look();
	assert_said("");
	let_it_look();
	wait_until(said_count("bitsink: not reloaded: ") == 1);
	assert_int_equal(status_of("stale"), 1);
	for (i = 0; i < 4; i++)
		let_it_look();
	assert_int_equal(said_count("bitsink: not reloaded: "), 1);
	/* The same as before is good again. */
	write_policy(text);
	let_it_look();
	let_it_look();
	wait_until(status_of("stale") == 0);
	assert_int_equal(status_of("generation"), 3);
	/* Gone, and back. */
	assert_int_equal(rename("policy.conf", "away"), 0);
	let_it_look();
	let_it_look();
	wait_until(status_of("stale") == 1);
	assert_int_equal(rename("away", "policy.conf"), 0);
	pause_for(20);
	let_it_look();
	let_it_look();
	wait_until(status_of("stale") == 0);
	close_stage(&stage);
}

static void
what_changes_while_it_is_read_is_read_once_more(void **state)
{
	char text[1024], other[1024];
	struct stage stage;
	struct reply reply;
	int fd;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", other_policy);
	snprintf(other, sizeof(other), WATCHED "%s", policy);
	open_slow_stage(&stage);
	pause_for(20);
	/* It has been read when the log is to be told of the warning. */
	fd = begin_reload("reload\n", text);
	pause_for(50);
	write_policy(other);
	reply = end_reload(fd);
	assert_string_equal(reply.records[reply.count - 1].kind, "end");
	reply_free(&reply);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_ALLOW);
	let_it_look();
	wait_until(status_of("generation") == 3);
	assert_int_equal(ask_for(&stage, "x.b.example"), VERDICT_BLOCK);
	close_stage(&stage);
}

static void
a_stale_start_recovers_by_itself(void **state)
{
	char text[1024];
	struct standing standing;
	struct force *force;
	struct stage stage;

	(void)state;
	snprintf(text, sizeof(text), WATCHED "%s", policy);
	world_open(&stage.world, text, WORKERS, time(NULL));
	world_close(&stage.world);
	write_policy(broken);
	/* As a world is opened, but that it is stale. */
	assert_int_equal(standing_load(&standing, "policy.conf", STATE, NULL,
		0, &world_key, time(NULL), said_line), 0);
	assert_int_equal(standing.stale, 1);
	memset(&stage, 0, sizeof(stage));
	force = force_new(&standing, WORKERS, &world_key);
	assert_non_null(force);
	stage.world.inforce = inforce_new(force, WORKERS, &world_key);
	assert_non_null(stage.world.inforce);
	world_look(&stage.world);
	stage.world.observer = observer_new(stage.world.standing->policy,
		stage.world.tally, &world_key, said_line, time(NULL));
	stage.world.stats = stats_new(stage.world.tally,
		stage.world.standing, stage.world.observer, 0);
	assert_true(stage.world.observer != NULL &&
		stage.world.stats != NULL);
	world_make_exceptions(&stage.world);
	start(&stage);
	assert_int_equal(status_of("stale"), 1);
	write_policy(text);
	let_it_look();
	let_it_look();
	wait_until(status_of("stale") == 0);
	assert_int_equal(status_of("generation"), 2);
	close_stage(&stage);
}

/* --- What is allowed besides the policy. */

static const char follows[] =
	"bitsink: log: all log-limit: 0\n"
	"group: name: one client: 192.0.2.0 client: 192.0.2.1\n"
	" client: 192.0.2.2 allow: .a.example allow: b.example\n"
	" allow: *.b.example follow-chain: yes\n"
	"group: name: two client: 2001:db8::/32 allow: .a.example\n"
	" follow-chain: yes\n";

static int
is_granted(const struct stage *stage, const char *group, const char *qname)
{
	struct name name = name_of(qname);

	return grants_allow(stage->world.exceptions.grants, group, &name,
		time(NULL)) != 0;
}

static void
follow(const struct stage *stage, const char *group, const char *question,
	const char *target)
{
	struct name from = name_of(question), to = name_of(target);

	followed_add(stage->world.exceptions.followed, group, &from, &to,
		time(NULL), time(NULL) + 3600);
}

static int
is_followed(const struct stage *stage, const char *group, const char *qname)
{
	struct name name = name_of(qname);

	return followed_find(stage->world.exceptions.followed, group, &name,
		time(NULL), NULL) != 0;
}

static void
grants_are_kept_over_a_restart(void **state)
{
	struct stage stage;
	struct reply reply;

	(void)state;
	open_stage(&stage, policy);
	reply = reply_to("allow group=one pattern=*.x.example seconds=3600\n");
	reply_free(&reply);
	assert_true(is_granted(&stage, "one", "w.x.example"));
	assert_int_equal(said_count("bitsink: allowed group=one "
		"pattern=*.x.example until="), 1);
	close_stage(&stage);
	/* In force before any worker begins. */
	world_open(&stage.world, policy, WORKERS, time(NULL));
	assert_false(is_granted(&stage, "one", "w.x.example"));
	start(&stage);
	assert_true(is_granted(&stage, "one", "w.x.example"));
	assert_int_equal(status_of("grants"), 1);
	reply = reply_to("revoke group=one pattern=*.x.example\n");
	reply_free(&reply);
	assert_false(is_granted(&stage, "one", "w.x.example"));
	close_stage(&stage);
	open_stage(&stage, policy);
	assert_int_equal(status_of("grants"), 0);
	close_stage(&stage);
}

static void
a_grant_ends_by_itself(void **state)
{
	struct stage stage;
	struct reply reply;

	(void)state;
	open_stage(&stage, policy);
	reply = reply_to("allow group=one pattern=x.example seconds=1\n");
	reply_free(&reply);
	wait_until(status_of("grants") == 0);
	assert_int_equal(said_count("bitsink: expired group=one "
		"pattern=x.example"), 1);
	close_stage(&stage);
}

/* Those whose question may still be asked. */
static void
what_is_followed_is_looked_at_with_each_policy(void **state)
{
	static const char after[] =
		"bitsink: log: all log-limit: 0\n"
		"group: name: one client: 192.0.2.0 allow: .a.example\n"
		" deny: no.a.example follow-chain: yes quiet: quiet.example\n"
		"group: name: two client: 2001:db8::/32 allow: .a.example\n";
	static const struct {
		const char *group, *question, *target;
		int stays;
	} rows[] = {
		{ "one", "www.a.example", "t1.example", 1 },
		{ "one", "b.example", "t2.example", 0 },
		{ "one", "no.a.example", "t3.example", 0 },
		/* It is allowed for a time, that is enough. */
		{ "one", "g.b.example", "t4.example", 1 },
		{ "one", "quiet.example", "t5.example", 0 },
		/* It follows chains no more, or is gone. */
		{ "two", "www.a.example", "t6.example", 0 },
		{ "three", "www.a.example", "t7.example", 0 },
	};
	struct stage stage;
	struct reply reply;
	size_t i;
	int wrong = 0;

	(void)state;
	open_stage(&stage, follows);
	reply = reply_to("allow group=one pattern=g.b.example seconds=999\n");
	reply_free(&reply);
	for (i = 0; i < COUNT_OF(rows); i++)
		follow(&stage, rows[i].group, rows[i].question,
			rows[i].target);
	assert_int_equal(status_of("followed"), COUNT_OF(rows));
	reload(after);
	for (i = 0; i < COUNT_OF(rows); i++)
		wrong += row_number(rows[i].target, "followed", rows[i].stays,
			is_followed(&stage, rows[i].group, rows[i].target));
	assert_int_equal(wrong, 0);
	assert_int_equal(status_of("followed"), 2);
	close_stage(&stage);
}

static void
what_a_grant_led_to_ends_with_it(void **state)
{
	struct stage stage;
	struct reply reply;

	(void)state;
	open_stage(&stage, follows);
	reply = reply_to("allow group=one pattern=v.example seconds=999\n");
	reply_free(&reply);
	reply = reply_to("allow group=one pattern=w.example seconds=1\n");
	reply_free(&reply);
	follow(&stage, "one", "v.example", "t1.example");
	follow(&stage, "one", "w.example", "t2.example");
	follow(&stage, "one", "www.a.example", "t3.example");
	wait_until(status_of("grants") == 1);
	wait_until(!is_followed(&stage, "one", "t2.example"));
	assert_true(is_followed(&stage, "one", "t1.example"));
	reply = reply_to("revoke group=one pattern=v.example\n");
	reply_free(&reply);
	wait_until(!is_followed(&stage, "one", "t1.example"));
	assert_true(is_followed(&stage, "one", "t3.example"));
	close_stage(&stage);
}

static void
what_is_followed_is_kept_over_a_restart(void **state)
{
	static const char after[] =
		"group: name: one client: 192.0.2.0 allow: .a.example\n"
		" follow-chain: yes\n";
	struct stage stage;

	(void)state;
	open_stage(&stage, follows);
	follow(&stage, "one", "www.a.example", "t1.example");
	follow(&stage, "one", "b.example", "t2.example");
	close_stage(&stage);
	/* Another policy may have come meanwhile. */
	world_open(&stage.world, after, WORKERS, time(NULL));
	start(&stage);
	assert_true(is_followed(&stage, "one", "t1.example"));
	assert_false(is_followed(&stage, "one", "t2.example"));
	assert_int_equal(status_of("followed"), 1);
	/* While it runs, too, now and then. */
	assert_int_equal(remove(STATE "/" FOLLOWED_NAME), 0);
	follow(&stage, "one", "www.a.example", "t3.example");
	atomic_fetch_add(&seconds_ahead, 600);
	let_it_look();
	wait_until(is_there(STATE "/" FOLLOWED_NAME));
	close_stage(&stage);
}

static void
damaged_files_are_told_and_all_goes_on(void **state)
{
	struct stage stage;

	(void)state;
	assert_int_equal(mkdir(STATE, 0700), 0);
	write_text(STATE "/" GRANTS_NAME, "x\n");
	write_text(STATE "/" FOLLOWED_NAME, "x\n");
	open_stage(&stage, follows);
	assert_int_equal(said_count("bitsink: what was allowed for a time is "
		"lost: "), 1);
	assert_int_equal(said_count("bitsink: what was followed before is "
		"lost: "), 1);
	assert_int_equal(status_of("grants"), 0);
	close_stage(&stage);
}

/* --- What the host declares. */

static void
a_reload_knows_the_site(void **state)
{
	static const char site[] = "client prefix=192.0.2.0/24 tags=t\n"
		"tag name=t\nzone name=ad.example. kind=stub\n";
	static const char by_tag[] = "group: name: one client-tag: t\n"
		" allow: .a.example\n";
	static const char with_zones[] = "group: name: one client-tag: t\n"
		" allow: .a.example allow-site-names: yes\n";
	struct stage stage;
	struct reply reply;

	(void)state;
	world_open_for(&stage.world, by_tag, site, WORKERS, time(NULL));
	start(&stage);
	assert_int_equal(ask_for(&stage, "dc.ad.example"), VERDICT_BLOCK);
	reload(with_zones);
	assert_int_equal(ask_for(&stage, "dc.ad.example"), VERDICT_ALLOW);
	reload(by_tag);
	assert_int_equal(ask_for(&stage, "dc.ad.example"), VERDICT_BLOCK);
	reply = reply_to("site\n");
	assert_int_equal(reply.count, 4);
	assert_string_equal(record_line(&reply.records[2]),
		"zone name=ad.example. kind=stub");
	reply_free(&reply);
	close_stage(&stage);
}

/* --- Some of what is allowed. */

static void
of_allowed_queries_there_is_one_a_millisecond(void **state)
{
	struct control *control;
	struct tally *tally;
	struct stage stage;
	size_t i;

	(void)state;
	open_stage(&stage, policy);
	control = stage.control;
	tally = stage.world.tally;
	for (i = 1; i < 5; i++) {
		int64_t now = (int64_t)i;

		assert_true(control_wants_allowed(control, tally, 0, now));
		assert_false(control_wants_allowed(control, tally, 0, now));
		assert_true(control_wants_allowed(control, tally, 1, now));
		assert_false(control_wants_allowed(control, tally, 0, now));
		assert_false(control_wants_allowed(control, tally, 1, now));
	}
	/* A clock that goes back is one that goes on. */
	assert_true(control_wants_allowed(control, tally, 0, 1));
	assert_int_equal(lost(&stage), 0);
	close_stage(&stage);
}

static void
allowed_queries_do_not_take_the_room_of_blocked_ones(void **state)
{
	struct control_setup setup;
	struct stage stage;
	size_t i, blocked = 0, wanted = 0;
	int fd;

	(void)state;
	world_open(&stage.world, policy, WORKERS, time(NULL));
	setup = setup_of(&stage, say_when_let);
	stats_free(stage.world.stats);
	observer_free(stage.world.observer);
	stage.world.observer = observer_new(stage.world.standing->policy,
		stage.world.tally, &world_key, say_when_let, time(NULL));
	assert_non_null(stage.world.observer);
	stage.world.stats = stats_new(stage.world.tally,
		stage.world.standing, stage.world.observer, 0);
	assert_non_null(stage.world.stats);
	setup.observer = stage.world.observer;
	setup.stats = stage.world.stats;
	stage.control = control_start(&setup);
	assert_non_null(stage.control);
	fd = call(SOCKET, "watch all=yes\n");
	wait_until(wants_allowed(&stage));
	/* The thread is held up by the first line. */
	pthread_mutex_lock(&slow);
	assert_true(ask_as(&stage, 0, clients[0], "x.example"));
	pause_for(100);
	for (i = 0; i < 5000; i++)
		wanted += (size_t)ask_as(&stage, 0, clients[0], "x.a.example");
	assert_in_range(wanted, 500, 1500);
	assert_int_equal(lost(&stage), 5000 - wanted);
	/* The other half is for these. */
	while (ask_as(&stage, 0, clients[0], "y.example"))
		blocked++;
	assert_true(blocked > 900);
	/* In vain where nobody listens: that is not lost. */
	assert_int_equal(lost(&stage), 5000 - wanted + 1);
	close(fd);
	pthread_mutex_unlock(&slow);
	control_stop(stage.control);
	assert_int_equal(said_count("bitsink: block "), blocked + 1);
	world_close(&stage.world);
}

static void
targets_are_wanted_where_a_group_is_in_audit(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, policy);
	assert_true(control_wants_targets(stage.control));
	reload(other_policy);
	assert_false(control_wants_targets(stage.control));
	reload(policy);
	assert_true(control_wants_targets(stage.control));
	close_stage(&stage);
}

/* --- The socket's file. */

static void
the_file_is_there_as_long_as_the_thread(void **state)
{
	struct stage stage;
	struct stat status;

	(void)state;
	open_stage(&stage, policy);
	assert_int_equal(lstat(SOCKET, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(status.st_uid, geteuid());
	control_stop(stage.control);
	assert_false(is_there(SOCKET));
	world_close(&stage.world);
	control_stop(NULL);
}

static void
the_policy_names_the_socket(void **state)
{
	char path[64], text[1024], cwd[40];
	struct stage stage;
	struct reply reply;

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/my socket", cwd);
	snprintf(text, sizeof(text), "bitsink: control-socket: \"%s\" "
		"control-mode: 0600\n%s", path, strchr(policy, '\n') + 1);
	open_stage(&stage, text);
	assert_false(is_there(SOCKET));
	reply = reply_at(path, "status\n");
	assert_string_equal(reply.records[0].kind, "status");
	reply_free(&reply);
	close_stage(&stage);
	assert_false(is_there(path));
}

/* What the thread does without a socket. */
static void
assert_works_without_socket(struct stage *stage, const char *text)
{
	size_t before;

	assert_said(text);
	before = said_count("bitsink: block ");
	assert_true(ask_as(stage, 0, clients[0], "x.example"));
	wait_until(said_count("bitsink: block ") == before + 1);
	control_stop(stage->control);
	world_close(&stage->world);
}

static void
without_a_socket_the_rest_works(void **state)
{
	char text[1024], expected[1024], cwd[40];
	struct stage stage;

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(text, sizeof(text), "bitsink: log: all control-socket: "
		"\"%s/none/socket\"\n%s", cwd, strchr(policy, '\n') + 1);
	snprintf(expected, sizeof(expected), "E bitsink: there is no control "
		"socket: cannot make \"%s/none/socket\": No such file or "
		"directory\n", cwd);
	open_stage(&stage, text);
	assert_works_without_socket(&stage, expected);
	/* It was not wanted. */
	snprintf(text, sizeof(text), "bitsink: log: all control-socket: off\n"
		"%s", strchr(policy, '\n') + 1);
	open_stage(&stage, text);
	assert_false(is_there(SOCKET));
	assert_works_without_socket(&stage, "");
}

static void
a_state_directory_may_be_too_long_for_a_socket(void **state)
{
	char directory[200];
	struct stage stage;
	size_t length;

	(void)state;
	for (length = 99; length <= 101; length++) {
		memset(directory, 'd', length);
		directory[length] = '\0';
		assert_int_equal(mkdir(directory, 0700), 0);
		world_open(&stage.world, policy, WORKERS, time(NULL));
		free(stage.world.standing->directory);
		stage.world.standing->directory = strdup(directory);
		start(&stage);
		/* "/control", and 107 octets in all. */
		assert_works_without_socket(&stage, length == 99 ? "" :
			"E bitsink: there is no control socket: found a name "
			"of more than 107 octets, expected a shorter one\n");
	}
}

static int
bind_at(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address;

	assert_true(fd >= 0);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	return fd;
}

static void
a_stale_socket_is_replaced(void **state)
{
	struct stage stage;

	(void)state;
	assert_int_equal(mkdir(STATE, 0700), 0);
	close(bind_at(SOCKET));
	assert_true(is_there(SOCKET));
	open_stage(&stage, policy);
	assert_said("");
	assert_int_equal(listeners(), 0);
	close_stage(&stage);
}

static void
what_is_somebody_elses_stays(void **state)
{
	struct stage stage;
	char text[16] = "";
	FILE *file;
	int fd;

	(void)state;
	write_text(SOCKET, "not yours");
	open_stage(&stage, policy);
	assert_works_without_socket(&stage, "E bitsink: there is no control "
		"socket: found a file that is no socket at "
		"\"state/control\", expected none, or a stale socket\n");
	file = fopen(SOCKET, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "not yours");
	assert_int_equal(remove(SOCKET), 0);
	fd = bind_at(SOCKET);
	assert_int_equal(listen(fd, 1), 0);
	open_stage(&stage, policy);
	assert_works_without_socket(&stage, "E bitsink: there is no control "
		"socket: found a socket in use at \"state/control\", expected "
		"none, or a stale one\n");
	assert_true(is_there(SOCKET));
	close(fd);
}

static void
a_file_that_took_its_place_stays(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, policy);
	assert_int_equal(remove(SOCKET), 0);
	write_text(SOCKET, "mine now");
	close_stage(&stage);
	assert_true(is_there(SOCKET));
}

/* --- Its owner. */

static void
open_owned(struct stage *stage, const char *options)
{
	char text[1024];

	snprintf(text, sizeof(text), "bitsink: log: all %s\n%s", options,
		strchr(policy, '\n') + 1);
	open_stage(stage, text);
}

static void
assert_owned(const char *options, uid_t user, gid_t group, mode_t mode)
{
	struct stage stage;
	struct stat status;

	open_owned(&stage, options);
	assert_said("");
	assert_int_equal(lstat(SOCKET, &status), 0);
	assert_int_equal(status.st_uid, user);
	assert_int_equal(status.st_gid, group);
	assert_int_equal(status.st_mode & 07777, mode);
	close_stage(&stage);
}

static void
the_socket_belongs_to_whom_the_policy_names(void **state)
{
	uid_t user = geteuid() == 0 ? NOBODY : geteuid();
	gid_t group = geteuid() == 0 ? NOBODY : getegid();
	const struct passwd *passwd = getpwuid(user);
	const struct system_group *entry = getgrgid(group);
	char options[256];

	(void)state;
	assert_owned("", geteuid(), getegid(), 0660);
	assert_owned("control-mode: 0600", geteuid(), getegid(), 0600);
	assert_owned("control-mode: 777", geteuid(), getegid(), 0777);
	assert_owned("control-mode: 0", geteuid(), getegid(), 0);
	snprintf(options, sizeof(options), "control-user: %u "
		"control-mode: 0640", (unsigned)user);
	assert_owned(options, user, getegid(), 0640);
	snprintf(options, sizeof(options), "control-group: %u",
		(unsigned)group);
	assert_owned(options, geteuid(), group, 0660);
	if (passwd == NULL || entry == NULL)
		return;
	snprintf(options, sizeof(options), "control-user: \"%s\" "
		"control-group: '%s'", passwd->pw_name, entry->gr_name);
	assert_owned(options, user, group, 0660);
}

static void
an_owner_that_is_not_known_is_told(void **state)
{
	struct stage stage;

	(void)state;
	open_owned(&stage, "control-user: no-such-user");
	assert_false(is_there(SOCKET));
	assert_works_without_socket(&stage, "E bitsink: there is no control "
		"socket: found control-user \"no-such-user\", expected a user "
		"of this system, or a number\n");
	open_owned(&stage, "control-group: no-such-group");
	assert_false(is_there(SOCKET));
	assert_works_without_socket(&stage, "E bitsink: there is no control "
		"socket: found control-group \"no-such-group\", expected a "
		"group of this system, or a number\n");
}

static void
owners_are_names_or_numbers(void **state)
{
	static const struct {
		const char *text;
		/* -1: there is none. */
		int64_t number;
	} rows[] = {
		{ "0", 0 }, { "000", 0 }, { "12345", 12345 },
		{ "4294967294", 4294967294 }, { "4294967295", -1 },
		{ "4294967296", -1 }, { "18446744073709551616", -1 },
		{ "-1", -1 }, { "+1", -1 }, { " 1", -1 }, { "1 ", -1 },
		{ "1x", -1 }, { "0x1", -1 }, { "", -1 },
	};
	struct socket_owner owner;
	char wrong[512];
	int bad = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const char *row = rows[i].text;
		int known = rows[i].number >= 0;

		bad += row_number(row, "user", known ? 0 : -1,
			owner_find(row, NULL, &owner, wrong, sizeof(wrong)));
		if (known)
			bad += row_number(row, "uid", rows[i].number,
				owner.user);
		bad += row_number(row, "group", known ? 0 : -1,
			owner_find(NULL, row, &owner, wrong, sizeof(wrong)));
		if (known)
			bad += row_number(row, "gid", rows[i].number,
				owner.group);
	}
	assert_int_equal(bad, 0);
	assert_int_equal(owner_find(NULL, NULL, &owner, wrong, sizeof(wrong)),
		0);
	assert_int_equal(owner.user, (uid_t)-1);
	assert_int_equal(owner.group, (gid_t)-1);
	assert_int_equal(owner_find("no-such-user", NULL, &owner, wrong, 10),
		-1);
	assert_string_equal(wrong, "found con");
}

/* --- The thread itself. */

/* Field FIELD of the thread of that name, from /proc. */
static void
read_thread_field(const char *thread, const char *field, char *value,
	size_t size)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	char path[300], line[256];
	int found = 0;

	assert_non_null(tasks);
	value[0] = '\0';
	while ((task = readdir(tasks)) != NULL) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status",
			task->d_name);
		file = fopen(path, "r");
		if (file == NULL)
			continue;
		while (fgets(line, sizeof(line), file) != NULL) {
			char *text = strchr(line, '\t');

			line[strcspn(line, "\n")] = '\0';
			if (strncmp(line, "Name:", 5) == 0)
				found = strcmp(text + 1, thread) == 0;
			if (found && strncmp(line, field,
			    strlen(field)) == 0)
				snprintf(value, size, "%s", text + 1);
		}
		fclose(file);
	}
	closedir(tasks);
}

static void
no_signal_ends_up_in_the_thread(void **state)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT,
		SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGPIPE };
	struct stage stage;
	sigset_t before, after;
	unsigned long long blocked;
	char value[64];
	size_t i;

	(void)state;
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	open_stage(&stage, policy);
	/* While a thread begins, all are blocked anyway. */
	assert_int_equal(listeners(), 0);
	read_thread_field("bitsink", "SigBlk:", value, sizeof(value));
	assert_string_not_equal(value, "");
	blocked = strtoull(value, NULL, 16);
	for (i = 0; i < COUNT_OF(signals); i++)
		assert_true(blocked >> (signals[i] - 1) & 1);
	/* Those of the thread that started it are as they were. */
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (i = 0; i < COUNT_OF(signals); i++)
		assert_int_equal(sigismember(&before, signals[i]),
			sigismember(&after, signals[i]));
	close_stage(&stage);
	read_thread_field("bitsink", "SigBlk:", value, sizeof(value));
	assert_string_equal(value, "");
}

/* File descriptors that may be opened yet. */
static void
limit_files(unsigned more, struct rlimit *before)
{
	struct rlimit limit;
	int lowest = dup(0);

	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	limit = *before;
	limit.rlim_cur = (rlim_t)lowest + more;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void
without_file_descriptors_there_is_less(void **state)
{
	struct control_setup setup;
	struct rlimit before;
	struct stage stage;

	(void)state;
	world_open(&stage.world, policy, WORKERS, time(NULL));
	setup = setup_of(&stage, said_line);
	limit_files(0, &before);
	stage.control = control_start(&setup);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_null(stage.control);
	assert_said("W bitsink: what was allowed for a time is lost: cannot "
		"open the directory: Too many open files\n"
		"W bitsink: what was followed before is lost: cannot open the "
		"directory: Too many open files\n"
		"E bitsink: there is no control thread, and no log of "
		"queries: Too many open files\n");
	assert_false(is_there(SOCKET));
	limit_files(1, &before);
	stage.control = control_start(&setup);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_non_null(stage.control);
	/* Files are read before something else needs a descriptor. */
	assert_works_without_socket(&stage, "W bitsink: what was allowed for a "
		"time is lost: cannot open the file: Too many open files\n"
		"W bitsink: what was followed before is lost: cannot open the "
		"file: Too many open files\n"
		"E bitsink: there is no control socket: cannot make "
		"\"state/control\": Too many open files\n"
		"W bitsink: what was learned before is lost: cannot open the "
		"directory: Too many open files\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(requests_are_answered_by_the_thread),
		test_in_folder(status_knows_the_time_and_the_memory),
		test_in_folder(statistics_are_set_back_over_the_socket),
		test_in_folder(events_become_lines_and_tops),
		test_in_folder(the_thread_wakes_up_for_each_event),
		test_in_folder(stopping_takes_all_that_was_published),
		test_in_folder(
			each_event_of_all_workers_is_a_line_or_counted_as_lost
		),
		test_in_folder(a_worker_does_not_wait_for_a_slow_log),
		test_in_folder(listeners_hear_what_they_asked_for),
		test_in_folder(
			allowed_queries_are_told_while_somebody_wants_them),
		test_in_folder(
			a_listener_that_does_not_read_is_told_what_it_lost),
		test_in_folder(many_ask_while_events_flow),
		test_in_folder(a_good_file_is_in_force_when_the_reply_is_there),
		test_in_folder(a_bad_file_leaves_the_policy_and_is_told),
		test_in_folder(
			a_bad_file_of_a_diff_is_no_news_for_what_is_in_force),
		test_in_folder(a_diff_changes_nothing),
		test_in_folder(options_that_a_start_takes_are_warned_of),
		test_in_folder(all_goes_on_while_a_policy_is_read),
		test_in_folder(who_asked_may_go_or_close_its_half),
		test_in_folder(stopping_waits_for_a_policy_that_is_read),
		test_in_folder(stopping_is_possible_at_any_moment_of_a_reload),
		test_in_folder(policies_may_come_while_events_flow),
		test_in_folder(a_listener_to_a_group_listens_on_over_reloads),
		test_in_folder(counters_and_tops_go_on_over_reloads),
		test_in_folder(memory_is_that_of_the_policy_in_force),
		test_in_folder(a_change_of_a_watched_file_is_read),
		test_in_folder(a_watched_file_that_says_the_same_is_no_change),
		test_in_folder(a_watched_file_that_is_still_written_is_let_be),
		test_in_folder(a_bad_watched_file_is_told_once),
		test_in_folder(
			what_changes_while_it_is_read_is_read_once_more),
		test_in_folder(a_stale_start_recovers_by_itself),
		test_in_folder(grants_are_kept_over_a_restart),
		test_in_folder(a_grant_ends_by_itself),
		test_in_folder(what_is_followed_is_looked_at_with_each_policy),
		test_in_folder(what_a_grant_led_to_ends_with_it),
		test_in_folder(what_is_followed_is_kept_over_a_restart),
		test_in_folder(damaged_files_are_told_and_all_goes_on),
		test_in_folder(a_reload_knows_the_site),
		test_in_folder(of_allowed_queries_there_is_one_a_millisecond),
		test_in_folder(
			allowed_queries_do_not_take_the_room_of_blocked_ones),
		test_in_folder(targets_are_wanted_where_a_group_is_in_audit),
		test_in_folder(the_file_is_there_as_long_as_the_thread),
		test_in_folder(the_policy_names_the_socket),
		test_in_folder(without_a_socket_the_rest_works),
		test_in_folder(a_state_directory_may_be_too_long_for_a_socket),
		test_in_folder(a_stale_socket_is_replaced),
		test_in_folder(what_is_somebody_elses_stays),
		test_in_folder(a_file_that_took_its_place_stays),
		test_in_folder(the_socket_belongs_to_whom_the_policy_names),
		test_in_folder(an_owner_that_is_not_known_is_told),
		cmocka_unit_test(owners_are_names_or_numbers),
		test_in_folder(no_signal_ends_up_in_the_thread),
		test_in_folder(without_file_descriptors_there_is_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
