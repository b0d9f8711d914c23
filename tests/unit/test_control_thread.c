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
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
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

static struct control_setup
setup_of(struct stage *stage, say_line line)
{
	struct control_setup setup = {
		&stage->world.standing, stage->world.tally,
		stage->world.observer, stage->world.stats, "1.17.1", line,
		4321
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

/* What a worker does with a query. Whether there was room for the event. */
static int
ask_as(struct stage *stage, size_t worker, const char *client,
	const char *qname)
{
	struct event event = event_of(&stage->world, client, qname, 1), *place;

	tally_decision(stage->world.tally, worker, event.group, event.reason);
	if (event.verdict == VERDICT_ALLOW &&
	    !control_wants_allowed(stage->control))
		return 0;
	place = control_reserve(stage->control, worker);
	if (place == NULL)
		return 0;
	*place = event;
	control_publish(stage->control, worker);
	return 1;
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
	assert_true(number_of(status, "memory") > 4321 +
		control_memory(stage.control) +
		observer_memory(stage.world.observer));
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

/* Milliseconds: around those in which the thread lets events gather. */
static void
pause_for(unsigned milliseconds)
{
	struct timespec pause = { 0, (long)milliseconds * 1000000 };

	nanosleep(&pause, NULL);
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
			rest();
		}
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
	struct tally_values sum, scratch;
	uint64_t count;

	assert_int_equal(tally_values_init(&sum, 2), 0);
	assert_int_equal(tally_values_init(&scratch, 2), 0);
	stats_sum(stage->world.tally, &sum, &scratch);
	count = sum.counts[TALLY_EVENTS_LOST];
	tally_values_clear(&sum);
	tally_values_clear(&scratch);
	return count;
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
		observer_new(stage.world.standing.policy, stage.world.tally,
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
	assert_false(control_wants_allowed(stage.control));
	assert_false(ask_as(&stage, 0, clients[0], "0.a.example"));
	all = call(SOCKET, "watch all=yes\n");
	wait_until(control_wants_allowed(stage.control));
	assert_true(ask_as(&stage, 0, clients[0], "1.a.example"));
	assert_true(ask_as(&stage, 0, clients[0], "2.example"));
	assert_heard(all, "192.0.2.0", "1.a.example.", "allow");
	assert_heard(all, "192.0.2.0", "2.example.", "block");
	assert_heard(some, "192.0.2.0", "2.example.", "block");
	more = call(SOCKET, "watch all=yes group=two\n");
	wait_until(listeners() == 3);
	close(all);
	wait_until(listeners() == 2);
	assert_true(control_wants_allowed(stage.control));
	assert_true(ask_as(&stage, 0, "2001:db8::1", "3.a.example"));
	assert_heard(more, "2001:db8::1", "3.a.example.", "allow");
	close(more);
	wait_until(!control_wants_allowed(stage.control));
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
			rest();
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
		free(stage.world.standing.directory);
		stage.world.standing.directory = strdup(directory);
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
	assert_said("E bitsink: there is no control thread, and no log of "
		"queries: Too many open files\n");
	assert_false(is_there(SOCKET));
	limit_files(1, &before);
	stage.control = control_start(&setup);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_non_null(stage.control);
	assert_works_without_socket(&stage, "E bitsink: there is no control "
		"socket: cannot make \"state/control\": Too many open "
		"files\n");
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
