/*
 * test_service.c - the conversations on the control socket go on whatever a
 * client does: nothing waits for it, and what it takes comes back.
 *
 * One thread is client and service; the service's clock is the test's.
 */
#include "support.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "record.h"
#include "service.h"
#include "socket.h"

#define PATH "control"
#define BEGINNING 1000000
#define REPLY_ROOM 65536

/* --- What the service asks. */

struct world {
	struct socket_file file;
	struct service *service;
	int64_t now;
	/* Octets that it takes without clients. */
	size_t memory;
	unsigned answered;
	unsigned freed;
	/* Of whom waits for a reply, in the order they asked; those that have
	 * gone are there, too. */
	const void *waiting[SERVICE_CLIENTS_MAX];
	size_t waiting_count;
	struct folder *folder;
};

/* Wants events of this type; 0 for all. */
struct ear {
	uint16_t qtype;
};

static void
write_lines(struct record_writer *reply, uint64_t octets)
{
	size_t before = reply->length;

	while (reply->length - before < octets) {
		record_begin(reply, "line");
		record_format(reply, "text", "%01000d", 0);
		record_end(reply);
	}
}

static uint64_t
number_of(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);

	return value == NULL ? 0 : strtoull(value, NULL, 10);
}

static enum service_answer
answer(void *arg, const struct record *request, struct record_writer *reply,
	void **listener)
{
	struct world *world = arg;

	world->answered++;
	if (strcmp(request->kind, "watch") == 0) {
		struct ear *ear = malloc(sizeof(*ear));

		assert_non_null(ear);
		ear->qtype = (uint16_t)number_of(request, "type");
		*listener = ear;
		return SERVICE_LISTEN;
	}
	if (strcmp(request->kind, "later") == 0) {
		struct ear *ear = calloc(1, sizeof(*ear));

		assert_non_null(ear);
		assert_true(world->waiting_count < SERVICE_CLIENTS_MAX);
		world->waiting[world->waiting_count++] = ear;
		*listener = ear;
		return SERVICE_LATER;
	}
	write_lines(reply, number_of(request, "octets"));
	if (strcmp(request->kind, "fail") == 0) {
		record_begin(reply, "error");
		record_text(reply, "text", "found fail, expected less");
		record_end(reply);
		return SERVICE_ERROR;
	}
	record_begin(reply, "echo");
	if (record_get(request, "text") != NULL)
		record_text(reply, "text", record_get(request, "text"));
	record_end(reply);
	if (strcmp(request->kind, "exhaust") == 0)
		reply->broken = 1;
	return SERVICE_REPLY;
}

/* The number of an event is in its seconds, the padding in microseconds. */
static int
want_event(void *arg, void *listener, const struct event *event,
	struct record_writer *out)
{
	const struct ear *ear = listener;

	(void)arg;
	if (ear->qtype != 0 && ear->qtype != event->qtype)
		return 0;
	record_begin(out, "event");
	record_number(out, "number", (uint64_t)event->seconds);
	record_format(out, "text", "%0*d", (int)event->microseconds, 0);
	record_end(out);
	return 1;
}

static void
free_ear(void *arg, void *listener)
{
	struct world *world = arg;

	world->freed++;
	free(listener);
}

/* --- A cmocka setup and its teardown. */

static int
begin(void **state)
{
	static const struct socket_owner owner = { (uid_t)-1, (gid_t)-1, 0600 };
	struct world *world = calloc(1, sizeof(*world));
	struct service_calls calls = { answer, want_event, free_ear, world };
	char wrong[256];

	if (world == NULL || folder_enter((void **)&world->folder) != 0 ||
	    socket_listen(&world->file, PATH, &owner, wrong,
	    sizeof(wrong)) != 0)
		return -1;
	world->now = BEGINNING;
	world->service = service_new(world->file.fd, &calls);
	world->memory = service_memory(world->service);
	*state = world;
	return world->service == NULL ? -1 : 0;
}

static int
end(void **state)
{
	struct world *world = *state;
	int result;

	service_free(world->service);
	socket_close(&world->file);
	result = folder_leave((void **)&world->folder);
	free(world);
	return result;
}

/* --- The service's turns. */

/* One turn; returns how many file descriptors had something. */
static int
turn(struct world *world)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int wait = -1;
	size_t count = service_poll(world->service, world->now, fds, &wait);
	int ready = poll(fds, (nfds_t)count, 0);

	assert_in_range(count, 1, SERVICE_CLIENTS_MAX + 1);
	assert_true(ready >= 0);
	service_run(world->service, world->now, fds);
	return ready;
}

/* Turns until nothing is ready; that it comes to that is the test. */
static void
settle(struct world *world)
{
	unsigned turns = 0;

	while (turn(world) > 0)
		assert_true(++turns < 100000);
}

/* The milliseconds that poll() may wait. */
static int
wait_of(struct world *world, int wait)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];

	service_poll(world->service, world->now, fds, &wait);
	return wait;
}

static void
assert_idle(struct world *world)
{
	assert_int_equal(turn(world), 0);
	assert_int_not_equal(wait_of(world, -1), 0);
}

/* All clients are gone, and what they took is given back. */
static void
assert_nobody(struct world *world)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int wait = -1;

	assert_int_equal(service_poll(world->service, world->now, fds, &wait),
		1);
	assert_int_equal(wait, -1);
	assert_int_equal(service_listeners(world->service), 0);
	/* The memory for one line stays. */
	assert_in_range(service_memory(world->service), world->memory,
		world->memory + 4096);
}

static size_t
clients_of(struct world *world)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int wait = -1;

	return service_poll(world->service, world->now, fds, &wait) - 1;
}

static void
tell(struct world *world, int64_t number, uint16_t qtype, uint32_t padding)
{
	struct event event;

	memset(&event, 0, sizeof(event));
	event.seconds = number;
	event.microseconds = padding;
	event.qtype = qtype;
	service_event(world->service, &event);
}

/* --- Clients. */

static int
call(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, PATH);
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	return fd;
}

/* Sends what the other side takes; returns how many octets it took. */
static size_t
offer(int fd, const void *octets, size_t length)
{
	ssize_t n = send(fd, octets, length, MSG_NOSIGNAL);

	return n < 0 ? 0 : (size_t)n;
}

static void
say_to(int fd, const char *text)
{
	assert_int_equal(offer(fd, text, strlen(text)), strlen(text));
}

static int
call_with(struct world *world, const char *request)
{
	int fd = call();

	say_to(fd, request);
	settle(world);
	return fd;
}

/* What there is to read, at most ROOM octets; -1 for the end. */
static ssize_t
hear_from(int fd, void *octets, size_t room)
{
	ssize_t n = recv(fd, octets, room, 0);

	if (n < 0)
		assert_true(errno == EAGAIN || errno == ECONNRESET);
	if (n < 0 && errno == EAGAIN)
		return 0;
	return n > 0 ? n : -1;
}

/* Reads to the end, of a reply below REPLY_ROOM octets, and hangs up. */
static const char *
reply_of(struct world *world, int fd)
{
	static char reply[REPLY_ROOM];
	int64_t deadline = real_seconds() + DEADLINE_SECONDS;
	size_t length = 0;
	ssize_t n;

	for (;;) {
		turn(world);
		n = hear_from(fd, reply + length, sizeof(reply) - 1 - length);
		if (n < 0)
			break;
		length += (size_t)n;
		assert_true(real_seconds() < deadline);
	}
	reply[length] = '\0';
	close(fd);
	return reply;
}

/* Whether the other side closed; what there is to read is lost. */
static int
is_closed(int fd)
{
	char octets[4096];
	ssize_t n;

	while ((n = hear_from(fd, octets, sizeof(octets))) > 0)
		continue;
	return n < 0;
}

/* Without its escapes, for tests that are easy to read. */
static const char *
error_of(const char *reply)
{
	static char text[REPLY_ROOM];
	const char *expected = NULL;
	struct record record;
	size_t wrong;

	snprintf(text, sizeof(text), "%s", reply);
	text[strcspn(text, "\n")] = '\0';
	if (reply[0] == '\0' || strchr(reply, '\n')[1] != '\0' ||
	    record_parse(&record, text, &wrong, &expected) != 0 ||
	    strcmp(record.kind, "error") != 0)
		return reply;
	return record_get(&record, "text");
}

/* --- Requests. */

static void
a_request_is_answered_and_the_connection_closed(void **state)
{
	struct world *world = *state;
	int fd = call();

	say_to(fd, "echo text=a\\032b\n");
	assert_string_equal(reply_of(world, fd), "echo text=a\\032b\nend\n");
	assert_nobody(world);
	fd = call();
	say_to(fd, "fail\n");
	assert_string_equal(error_of(reply_of(world, fd)),
		"found fail, expected less");
	assert_nobody(world);
}

static void
a_request_may_come_octet_by_octet(void **state)
{
	static const char request[] = "echo text=slow\n";
	struct world *world = *state;
	int fd = call();
	size_t i;

	for (i = 0; i < strlen(request); i++) {
		assert_int_equal(world->answered, 0);
		assert_int_equal(offer(fd, request + i, 1), 1);
		settle(world);
	}
	assert_string_equal(reply_of(world, fd), "echo text=slow\nend\n");
}

static void
who_closes_its_half_is_answered(void **state)
{
	struct world *world = *state;
	int fd = call();

	say_to(fd, "echo\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_string_equal(reply_of(world, fd), "echo\nend\n");
}

static void
a_long_reply_may_be_read_in_small_parts(void **state)
{
	struct world *world = *state;
	int64_t deadline = real_seconds() + DEADLINE_SECONDS;
	int fd = call_with(world, "echo octets=1000000\n");
	char part[5000];
	size_t length = 0;
	ssize_t n;

	while ((n = hear_from(fd, part, sizeof(part))) >= 0) {
		length += (size_t)n;
		/* Long in all, but never long without any progress. */
		world->now += n > 0 ? SERVICE_PATIENCE : 0;
		turn(world);
		assert_true(real_seconds() < deadline);
	}
	close(fd);
	assert_true(length > 1000000);
	assert_nobody(world);
}

struct wrong_row {
	const char *octets;
	size_t length;
	/* It closes its half. */
	int is_cut;
	const char *expected;
};

#define WRONG(text, is_cut, expected) \
	{ text, sizeof(text) - 1, is_cut, expected }

static void
what_is_no_request_is_refused(void **state)
{
	static const struct wrong_row rows[] = {
		WRONG("\n", 0, "found the end of the line in column 1, "
			"expected a word of a-z, 0-9 and '-'"),
		WRONG("Status\n", 0, "found 'S' in column 1, expected a word "
			"of a-z, 0-9 and '-'"),
		WRONG("status\r\n", 0, "found octet 0x0d in column 7, "
			"expected a space"),
		WRONG("a \n", 0, "found the end of the line in column 3, "
			"expected a key of a-z, 0-9 and '-'"),
		WRONG("a b\n", 0, "found the end of the line in column 4, "
			"expected '=' behind the key"),
		WRONG("a b=\\0\n", 0, "found '\\' in column 5, expected "
			"\\DDD from \\001 to \\255"),
		WRONG("a b=\"\n", 0, "found '\"' in column 5, expected a "
			"printable character, or \\DDD"),
		WRONG("a b=\xff\n", 0, "found octet 0xff in column 5, "
			"expected a printable character, or \\DDD"),
		WRONG("\0\n", 0, "found octet 0x00 in column 1, expected "
			"a word of a-z, 0-9 and '-'"),
		WRONG("status\0\n", 0, "found octet 0x00 in column 7, "
			"expected text"),
		WRONG("a b=\0c\n", 0, "found octet 0x00 in column 5, "
			"expected text"),
		WRONG("echo\necho\n", 0, "found 5 octets behind the line, "
			"expected one line"),
		WRONG("echo\n\n", 0, "found 1 octets behind the line, "
			"expected one line"),
		WRONG("", 1, "found 0 octets without a newline, expected a "
			"line"),
		WRONG("echo", 1, "found 4 octets without a newline, expected "
			"a line"),
		WRONG("\0\0", 1, "found 2 octets without a newline, expected "
			"a line"),
	};
	struct world *world = *state;
	int wrong = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		int fd = call();

		assert_int_equal(offer(fd, rows[i].octets, rows[i].length),
			rows[i].length);
		if (rows[i].is_cut)
			assert_int_equal(shutdown(fd, SHUT_WR), 0);
		wrong += row_text(rows[i].octets, rows[i].expected,
			error_of(reply_of(world, fd)));
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(world->answered, 0);
	assert_nobody(world);
}

static void
a_line_may_be_as_long_as_said_and_not_longer(void **state)
{
	struct world *world = *state;
	char line[SERVICE_REQUEST_MAX + 2];
	int fd = call();

	memset(line, 'x', sizeof(line));
	memcpy(line, "echo text=", 10);
	line[SERVICE_REQUEST_MAX - 1] = '\n';
	line[SERVICE_REQUEST_MAX] = '\0';
	say_to(fd, line);
	assert_int_equal(strlen(reply_of(world, fd)),
		SERVICE_REQUEST_MAX + strlen("end\n"));
	/* The newline may come by itself. */
	fd = call();
	assert_int_equal(offer(fd, line, SERVICE_REQUEST_MAX - 1),
		SERVICE_REQUEST_MAX - 1);
	settle(world);
	say_to(fd, "\n");
	assert_int_equal(strlen(reply_of(world, fd)),
		SERVICE_REQUEST_MAX + strlen("end\n"));
	line[SERVICE_REQUEST_MAX - 1] = 'x';
	line[SERVICE_REQUEST_MAX] = '\n';
	line[SERVICE_REQUEST_MAX + 1] = '\0';
	fd = call();
	say_to(fd, line);
	assert_string_equal(error_of(reply_of(world, fd)), "found no newline "
		"in 4096 octets, expected a line of at most 4096 with its "
		"newline");
	assert_int_equal(world->answered, 2);
	assert_nobody(world);
}

static int
socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length),
		0);
	return error;
}

/* What a client reads to the end has no error of the socket behind it, also
 * where it sent more than was read. */
static void
what_is_sent_in_vain_does_not_spoil_the_reply(void **state)
{
	struct world *world = *state;
	char junk[30000];
	int fd = call();

	memset(junk, 'j', sizeof(junk));
	assert_int_equal(offer(fd, junk, sizeof(junk)), sizeof(junk));
	settle(world);
	assert_int_equal(socket_error(fd), 0);
	assert_memory_equal(reply_of(world, fd), "error text=", 11);
	/* Behind the request, when it is answered already. */
	fd = call_with(world, "echo octets=1000000\n");
	assert_int_equal(offer(fd, junk, sizeof(junk)), sizeof(junk));
	while (clients_of(world) > 0) {
		assert_true(hear_from(fd, junk, sizeof(junk)) > 0);
		settle(world);
	}
	assert_int_equal(socket_error(fd), 0);
	close(fd);
}

/* --- Garbage. */

static size_t
write_garbage(struct chance *chance, char *octets, size_t room)
{
	static const char *const parts[] = { "echo", " ", "text", "=", "\\032",
		"\\", "0", "\n", "-", "octets=20000", "status", "a", "\r" };
	size_t length = 0, end = chance_below(chance, 8) == 0
		? chance_below(chance, (unsigned)room)
		: chance_below(chance, 60);
	int binary = chance_below(chance, 3) == 0;

	while (length < end) {
		const char *part = parts[chance_below(chance,
			COUNT_OF(parts))];

		if (binary) {
			octets[length++] = (char)chance_word(chance);
			continue;
		}
		while (*part != '\0' && length < end)
			octets[length++] = *part++;
	}
	return length;
}

/* Each line parses, and the last one, and no other, ends the reply. */
static void
assert_whole(const char *reply)
{
	static char line[REPLY_ROOM];
	int has_ended = 0;

	while (*reply != '\0') {
		const char *expected;
		struct record record;
		size_t length = strcspn(reply, "\n"), wrong;

		assert_false(has_ended);
		assert_int_equal(reply[length], '\n');
		memcpy(line, reply, length);
		line[length] = '\0';
		assert_int_equal(record_parse(&record, line, &wrong,
			&expected), 0);
		has_ended = strcmp(record.kind, "end") == 0 ||
			strcmp(record.kind, "error") == 0;
		reply += length + 1;
	}
	assert_true(has_ended);
}

static void
any_garbage_is_answered(void **state)
{
	static char octets[6000];
	struct chance chance = { 20 };
	struct world *world = *state;
	int i;

	for (i = 0; i < 4000; i++) {
		size_t length = write_garbage(&chance, octets, sizeof(octets));
		size_t at = 0;
		int fd = call();

		while (at < length) {
			size_t part = 1 + chance_below(&chance,
				(unsigned)(length - at));

			/* It may have been refused by now. */
			if (offer(fd, octets + at, part) == 0)
				break;
			at += part;
			if (chance_below(&chance, 4) == 0)
				turn(world);
		}
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		assert_whole(reply_of(world, fd));
		assert_nobody(world);
	}
	assert_int_not_equal(world->answered, 0);
}

/* --- Many clients, and those that go. */

static void
many_clients_are_answered_at_once(void **state)
{
	struct world *world = *state;
	int fds[SERVICE_CLIENTS_MAX], i;
	char request[64], expected[64];

	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		fds[i] = call();
		settle(world);
	}
	assert_int_equal(clients_of(world), SERVICE_CLIENTS_MAX);
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		snprintf(request, sizeof(request), "echo text=%d\n", i);
		say_to(fds[i], request);
	}
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		snprintf(expected, sizeof(expected), "echo text=%d\nend\n", i);
		assert_string_equal(reply_of(world, fds[i]), expected);
	}
	assert_nobody(world);
}

static void
one_client_too_many_is_told_so(void **state)
{
	struct world *world = *state;
	int fds[SERVICE_CLIENTS_MAX], i, fd;

	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		fds[i] = call();
		settle(world);
	}
	for (i = 0; i < 6; i++) {
		fd = call();
		say_to(fd, "echo\n");
		assert_string_equal(error_of(reply_of(world, fd)), "found 64 "
			"connections already, expected fewer; try again");
	}
	assert_idle(world);
	close(fds[10]);
	settle(world);
	fd = call();
	say_to(fd, "echo\n");
	assert_string_equal(reply_of(world, fd), "echo\nend\n");
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++)
		if (i != 10)
			close(fds[i]);
	settle(world);
	assert_nobody(world);
}

static void
more_clients_may_call_than_wait_at_once(void **state)
{
	struct world *world = *state;
	int fds[70], i;
	unsigned refused = 0;

	/* The queue of the socket is not that long. */
	for (i = 0; i < 70; i++) {
		fds[i] = call();
		if (i % 50 == 49)
			turn(world);
	}
	settle(world);
	for (i = 0; i < 70; i++)
		refused += is_closed(fds[i]) != 0;
	assert_int_equal(refused, 70 - SERVICE_CLIENTS_MAX);
	for (i = 0; i < 70; i++)
		close(fds[i]);
	settle(world);
	assert_nobody(world);
}

/* SIGPIPE would end the test. */
static void
clients_may_vanish_at_any_time(void **state)
{
	static const char *const requests[] = { "", "ec", "echo\n",
		"echo octets=5000000\n", "watch\n", "\n" };
	struct world *world = *state;
	size_t i;
	int k;

	for (i = 0; i < COUNT_OF(requests); i++)
		for (k = 0; k < 4; k++) {
			int fd = call();

			/* Before it is accepted, before it is heard, ... */
			if (k > 0)
				turn(world);
			say_to(fd, requests[i]);
			if (k > 1)
				turn(world);
			if (k > 2)
				settle(world);
			close(fd);
			settle(world);
			assert_nobody(world);
		}
}

static void
listeners_may_vanish_at_any_time(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n"), i;

	tell(world, 1, 0, 10);
	close(fd);
	tell(world, 2, 0, 10);
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 1);
	/* In the midst of a flood. */
	fd = call_with(world, "watch\n");
	for (i = 0; i < 3000; i++) {
		tell(world, i, 0, 500);
		if (i == 2000) {
			settle(world);
			close(fd);
		}
	}
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 2);
}

static void
all_that_are_left_are_closed_in_the_end(void **state)
{
	struct world *world = *state;
	struct service_calls calls = { answer, want_event, free_ear, world };
	int listener = call_with(world, "watch\n");
	int replied = call_with(world, "echo octets=2000000\n");
	int waiting = call_with(world, "ec");
	char octets[8];

	tell(world, 1, 0, 1);
	settle(world);
	service_free(world->service);
	assert_int_equal(world->freed, 1);
	/* What was written may be read. */
	assert_int_equal(hear_from(listener, octets, 5), 5);
	assert_memory_equal(octets, "event", 5);
	assert_int_equal(hear_from(replied, octets, 5), 5);
	assert_true(is_closed(listener));
	assert_true(is_closed(replied));
	assert_true(is_closed(waiting));
	close(listener);
	close(replied);
	close(waiting);
	world->service = service_new(world->file.fd, &calls);
	assert_non_null(world->service);
	service_free(NULL);
}

/* --- Patience. */

static void
who_sends_no_request_is_closed(void **state)
{
	struct world *world = *state;
	int silent = call(), slow = call();

	settle(world);
	assert_int_equal(wait_of(world, -1), SERVICE_PATIENCE);
	assert_int_equal(wait_of(world, 100), 100);
	assert_int_equal(wait_of(world, 100000), SERVICE_PATIENCE);
	world->now += SERVICE_PATIENCE - 1;
	/* That it sends some does not help. */
	say_to(slow, "e");
	settle(world);
	assert_int_equal(clients_of(world), 2);
	assert_int_equal(wait_of(world, -1), 1);
	world->now++;
	assert_int_equal(wait_of(world, -1), 0);
	settle(world);
	assert_nobody(world);
	assert_string_equal(error_of(reply_of(world, silent)), "found 0 octets "
		"without a newline in 10 s, expected a line");
	assert_string_equal(error_of(reply_of(world, slow)), "found 1 octets "
		"without a newline in 10 s, expected a line");
}

/* When the thread itself was late, that is not the client's fault. */
static void
a_request_that_is_there_is_taken_however_late(void **state)
{
	struct world *world = *state;
	int fd = call();

	settle(world);
	say_to(fd, "echo\n");
	world->now += 10 * SERVICE_PATIENCE;
	assert_string_equal(reply_of(world, fd), "echo\nend\n");
}

static void
who_takes_nothing_of_its_reply_is_closed(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "echo octets=20000000\n");
	static char octets[400000];

	assert_int_equal(clients_of(world), 1);
	assert_true(service_memory(world->service) > 20000000);
	assert_idle(world);
	assert_int_equal(wait_of(world, -1), SERVICE_PATIENCE);
	world->now += SERVICE_PATIENCE - 1;
	assert_idle(world);
	/* It takes some. */
	assert_true(hear_from(fd, octets, sizeof(octets)) > 0);
	settle(world);
	world->now += SERVICE_PATIENCE - 1;
	settle(world);
	assert_int_equal(clients_of(world), 1);
	world->now++;
	settle(world);
	assert_nobody(world);
	close(fd);
}

/* --- Bounds. */

static void
requests_wait_while_too_many_replies_do(void **state)
{
	struct world *world = *state;
	int first = call_with(world, "echo octets=40000000\n");
	int second = call_with(world, "echo octets=40000000\n");
	int third = call_with(world, "echo text=third\n");
	int impatient = call_with(world, "echo text=impatient\n");
	int gone = call_with(world, "echo text=gone\n");

	assert_int_equal(world->answered, 2);
	assert_idle(world);
	close(gone);
	settle(world);
	assert_int_equal(clients_of(world), 4);
	assert_idle(world);
	close(first);
	settle(world);
	assert_int_equal(world->answered, 4);
	assert_string_equal(reply_of(world, third), "echo text=third\nend\n");
	close(impatient);
	close(second);
	settle(world);
	assert_nobody(world);
}

/* Also of those that are there at the same time. */
static void
one_turn_does_not_take_all_requests(void **state)
{
	struct world *world = *state;
	int first = call(), second = call();

	settle(world);
	say_to(first, "echo octets=70000000\n");
	say_to(second, "echo octets=70000000\n");
	turn(world);
	assert_int_equal(world->answered, 1);
	settle(world);
	assert_int_equal(world->answered, 1);
	close(first);
	close(second);
	settle(world);
	assert_nobody(world);
}

static void
who_waits_too_long_for_others_is_told_so(void **state)
{
	struct world *world = *state;
	int first = call_with(world, "echo octets=70000000\n");
	int second = call_with(world, "echo\n");
	static char octets[400000];

	world->now += SERVICE_PATIENCE - 1;
	assert_true(hear_from(first, octets, sizeof(octets)) > 0);
	settle(world);
	world->now++;
	settle(world);
	assert_int_equal(clients_of(world), 1);
	assert_string_equal(error_of(reply_of(world, second)), "found more "
		"than 67108864 octets of replies that others do not read, "
		"expected room for one; try again");
	close(first);
}

static void
a_reply_that_memory_was_too_short_for_is_an_error(void **state)
{
	struct world *world = *state;
	int fd = call();

	say_to(fd, "exhaust\n");
	assert_string_equal(error_of(reply_of(world, fd)), "out of memory");
	assert_nobody(world);
}

static void
a_flood_does_not_keep_others_waiting(void **state)
{
	struct world *world = *state;
	static char flood[1 << 20];
	int flooding[8], fd = call();
	size_t i;

	memset(flood, 'x', sizeof(flood));
	for (i = 0; i < COUNT_OF(flooding); i++) {
		flooding[i] = call();
		assert_true(offer(flooding[i], flood, sizeof(flood)) > 65536);
	}
	say_to(fd, "echo\n");
	/* Accepted, then heard and answered. */
	turn(world);
	turn(world);
	assert_true(recv(fd, flood, sizeof(flood), 0) > 0);
	for (i = 0; i < COUNT_OF(flooding); i++)
		close(flooding[i]);
	close(fd);
	settle(world);
	assert_nobody(world);
}

/* Lowers the number of files so that not one more can be opened. */
static struct rlimit
forbid_files(void)
{
	struct rlimit before, none;
	int next = dup(0);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static void
without_file_descriptors_accept_is_left_for_a_moment(void **state)
{
	struct world *world = *state;
	int fd = call();
	struct rlimit before = forbid_files();

	assert_int_equal(turn(world), 1);
	assert_int_equal(clients_of(world), 0);
	assert_idle(world);
	assert_in_range(wait_of(world, -1), 1, 1000);
	/* And again, when they are still missing. */
	world->now += 1000;
	assert_int_equal(turn(world), 1);
	assert_idle(world);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_idle(world);
	world->now += wait_of(world, -1);
	say_to(fd, "echo\n");
	assert_string_equal(reply_of(world, fd), "echo\nend\n");
	assert_nobody(world);
}

static void
idle_connections_leave_poll_with_nothing_ready(void **state)
{
	static const char *const requests[] = { "", "ec", "watch\n",
		"watch type=1\n", "echo octets=3000000\n" };
	struct world *world = *state;
	int fds[40], i, wait;

	for (i = 0; i < 40; i++)
		fds[i] = call_with(world, requests[(size_t)i %
			COUNT_OF(requests)]);
	/* Some of the listeners close their half. */
	assert_int_equal(shutdown(fds[2], SHUT_WR), 0);
	assert_int_equal(shutdown(fds[7], SHUT_WR), 0);
	settle(world);
	assert_int_equal(clients_of(world), 40);
	for (i = 0; i < 100; i++) {
		assert_idle(world);
		wait = wait_of(world, -1);
		assert_in_range(wait, 1, SERVICE_PATIENCE);
	}
	for (i = 0; i < 40; i++)
		close(fds[i]);
	settle(world);
	assert_nobody(world);
}

/* --- Listeners. */

/* What the clients hear, in turn with the service's turns, until nothing is
 * left. */
static size_t
hear_all(struct world *world, int fd, char *octets, size_t room)
{
	size_t length = 0;
	ssize_t n;

	do {
		settle(world);
		n = hear_from(fd, octets + length, room - 1 - length);
		assert_true(n >= 0);
		length += (size_t)n;
	} while (n > 0);
	octets[length] = '\0';
	return length;
}

static void
listeners_hear_the_events_that_they_want(void **state)
{
	struct world *world = *state;
	int all = call_with(world, "watch\n");
	int some = call_with(world, "watch type=28\n");
	char heard[1024];

	assert_int_equal(service_listeners(world->service), 2);
	tell(world, 1, 1, 1);
	tell(world, 2, 28, 1);
	tell(world, 3, 1, 1);
	hear_all(world, all, heard, sizeof(heard));
	assert_string_equal(heard, "event number=1 text=0\n"
		"event number=2 text=0\nevent number=3 text=0\n");
	hear_all(world, some, heard, sizeof(heard));
	assert_string_equal(heard, "event number=2 text=0\n");
	close(all);
	settle(world);
	assert_int_equal(service_listeners(world->service), 1);
	assert_int_equal(world->freed, 1);
	close(some);
}

static void
listeners_have_no_time_limit(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n");
	char heard[1024];

	assert_int_equal(wait_of(world, -1), -1);
	world->now += (int64_t)1000 * 86400 * 400;
	assert_idle(world);
	tell(world, 1, 0, 1);
	/* Also with an event that it does not read. */
	settle(world);
	world->now += (int64_t)1000 * 86400 * 400;
	assert_idle(world);
	assert_int_equal(wait_of(world, -1), -1);
	hear_all(world, fd, heard, sizeof(heard));
	assert_string_equal(heard, "event number=1 text=0\n");
	close(fd);
}

/* What was heard, added up. */
struct account {
	uint64_t events;
	uint64_t lost;
	uint64_t losses;
};

/* Events come in their order, and each gap is told of with its size. */
static struct account
account_for(char *heard)
{
	struct account account = { 0, 0, 0 };
	uint64_t next = 0;
	char *line, *rest = NULL;

	for (line = strtok_r(heard, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest)) {
		const char *expected;
		struct record record;
		size_t wrong;

		assert_int_equal(record_parse(&record, line, &wrong,
			&expected), 0);
		if (strcmp(record.kind, "lost") == 0) {
			account.losses++;
			account.lost += number_of(&record, "count");
			next += number_of(&record, "count");
			continue;
		}
		assert_string_equal(record.kind, "event");
		assert_int_equal(number_of(&record, "number"), next);
		account.events++;
		next++;
	}
	return account;
}

/* Fills what a listener is to hear until events are lost; returns how many
 * were told. */
static int64_t
tell_too_much(struct world *world)
{
	int64_t number = 0;

	do {
		tell(world, number++, 0, 300);
		/* Some are in the system's buffers. */
		settle(world);
	} while (number < 10000);
	return number;
}

static void
lost_events_are_counted_and_told_before_the_next(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n");
	int64_t number = tell_too_much(world);
	static char heard[8 << 20];
	size_t length;
	struct account account;

	assert_true(service_memory(world->service) < world->memory + 65536 +
		SERVICE_EVENTS_MAX);
	length = hear_all(world, fd, heard, sizeof(heard));
	tell(world, number++, 0, 300);
	hear_all(world, fd, heard + length, sizeof(heard) - length);
	account = account_for(heard);
	assert_int_equal(account.events + account.lost, number);
	assert_int_equal(account.losses, 1);
	assert_true(account.lost > 1000);
	assert_true(account.events * 330 > SERVICE_EVENTS_MAX);
	close(fd);
}

static void
lost_events_are_told_when_no_other_comes(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n");
	int64_t number = tell_too_much(world);
	static char heard[8 << 20];
	struct account account;

	hear_all(world, fd, heard, sizeof(heard));
	account = account_for(heard);
	assert_int_equal(account.events + account.lost, number);
	assert_int_equal(account.losses, 1);
	assert_int_equal(wait_of(world, -1), -1);
	/* And nothing is kept but the connection. */
	assert_true(service_memory(world->service) < world->memory + 16384);
	close(fd);
}

/* One that reads by chance, while others do not notice. */
static void
no_event_is_lost_that_is_not_counted(void **state)
{
	struct world *world = *state;
	struct chance chance = { 7 };
	int slow = call_with(world, "watch\n");
	int fast = call_with(world, "watch\n");
	static char heard[16 << 20], other[16 << 20];
	size_t length = 0, other_length = 0;
	struct account account;
	int64_t number;

	for (number = 0; number < 20000; number++) {
		tell(world, number, 0, 1 + chance_below(&chance, 600));
		assert_true(service_memory(world->service) < world->memory +
			2 * SERVICE_EVENTS_MAX + 32768);
		if (number % 100 == 0)
			other_length += hear_all(world, fast,
				other + other_length,
				sizeof(other) - other_length);
		if (chance_below(&chance, 100) == 0)
			length += (size_t)hear_from(slow, heard + length,
				chance_below(&chance, 50000) + 1);
	}
	hear_all(world, slow, heard + length, sizeof(heard) - length);
	account = account_for(heard);
	assert_int_equal(account.events + account.lost, number);
	assert_true(account.losses > 1);
	hear_all(world, fast, other + other_length,
		sizeof(other) - other_length);
	account = account_for(other);
	assert_int_equal(account.events, number);
	assert_int_equal(account.losses, 0);
	close(slow);
	close(fast);
}

static void
a_listener_that_stays_behind_is_closed(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n");
	static char octets[300000];

	tell_too_much(world);
	assert_int_equal(wait_of(world, -1), SERVICE_PATIENCE);
	world->now += SERVICE_PATIENCE - 1;
	tell(world, 0, 0, 300);
	assert_idle(world);
	/* It takes some, and is behind again. */
	assert_true(hear_from(fd, octets, sizeof(octets)) > 0);
	settle(world);
	tell_too_much(world);
	world->now += SERVICE_PATIENCE - 1;
	settle(world);
	assert_int_equal(service_listeners(world->service), 1);
	world->now++;
	settle(world);
	assert_int_equal(world->freed, 1);
	assert_nobody(world);
	assert_true(is_closed(fd));
	close(fd);
}

/* However long it did not read, while there was room for what it did not. */
static void
patience_begins_when_a_listener_falls_behind(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n"), i;

	for (i = 0; i < 500; i++) {
		tell(world, i, 0, 300);
		settle(world);
	}
	world->now += 86400000;
	tell_too_much(world);
	assert_int_equal(wait_of(world, -1), SERVICE_PATIENCE);
	world->now += SERVICE_PATIENCE - 1;
	assert_idle(world);
	assert_int_equal(service_listeners(world->service), 1);
	world->now++;
	settle(world);
	assert_nobody(world);
	close(fd);
}

static void
a_listener_may_close_its_half(void **state)
{
	struct world *world = *state;
	int fd = call();
	char heard[1024];

	say_to(fd, "watch\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	settle(world);
	assert_int_equal(service_listeners(world->service), 1);
	assert_idle(world);
	tell(world, 1, 0, 1);
	hear_all(world, fd, heard, sizeof(heard));
	assert_string_equal(heard, "event number=1 text=0\n");
	assert_idle(world);
	/* That it goes is noticed without an event. */
	close(fd);
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 1);
}

static void
a_listener_that_talks_is_closed(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "watch\n");

	say_to(fd, "w");
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 1);
	assert_true(is_closed(fd));
	close(fd);
}

/* Twenty listeners that take a part each: where one goes another takes its
 * place in the service. */
static void
listeners_that_go_leave_the_others(void **state)
{
	struct world *world = *state;
	struct chance chance = { 3 };
	char heard[256], expected[64];
	int fds[20], i, round;

	for (i = 0; i < 20; i++)
		fds[i] = call_with(world, "watch\n");
	for (round = 0; round < 200; round++) {
		int gone = (int)chance_below(&chance, 20);

		close(fds[gone]);
		fds[gone] = call_with(world, "watch\n");
		assert_int_equal(service_listeners(world->service), 20);
		tell(world, round, 0, 1);
		snprintf(expected, sizeof(expected),
			"event number=%d text=0\n", round);
		for (i = 0; i < 20; i++) {
			hear_all(world, fds[i], heard, sizeof(heard));
			assert_string_equal(heard, expected);
		}
	}
	assert_int_equal(world->freed, 200);
	for (i = 0; i < 20; i++)
		close(fds[i]);
}

/* --- Replies that take their time. */

/* Ends the reply that number AT waits for, with some octets. Whether anybody
 * waited. */
static int
end_later(struct world *world, size_t at, uint64_t octets,
	enum service_answer answer)
{
	const void *token = world->waiting[at];
	struct record_writer *reply = service_reply(world->service, token);

	assert_true(at < world->waiting_count);
	if (reply == NULL)
		return 0;
	assert_int_equal(reply->length, 0);
	write_lines(reply, octets);
	record_begin(reply, answer == SERVICE_ERROR ? "error" : "done");
	record_number(reply, answer == SERVICE_ERROR ? "text" : "number", at);
	record_end(reply);
	service_end(world->service, token, answer, world->now);
	/* Nobody waits any more. */
	assert_null(service_reply(world->service, token));
	return 1;
}

static void
who_waits_gets_the_reply_when_it_is_there(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "later\n"), other;
	char octets[8];

	assert_int_equal(world->waiting_count, 1);
	assert_int_equal(clients_of(world), 1);
	assert_int_equal(service_listeners(world->service), 0);
	assert_idle(world);
	/* It takes as long as it takes, and others are answered. */
	assert_int_equal(wait_of(world, -1), -1);
	world->now += 100 * SERVICE_PATIENCE;
	assert_idle(world);
	other = call();
	say_to(other, "echo\n");
	assert_string_equal(reply_of(world, other), "echo\nend\n");
	assert_int_equal(hear_from(fd, octets, sizeof(octets)), 0);
	assert_int_equal(world->freed, 0);
	assert_true(end_later(world, 0, 0, SERVICE_REPLY));
	assert_int_equal(world->freed, 1);
	assert_string_equal(reply_of(world, fd), "done number=0\nend\n");
	assert_nobody(world);
	/* No second time, and nobody else. */
	service_end(world->service, world->waiting[0], SERVICE_REPLY,
		world->now);
	assert_null(service_reply(world->service, NULL));
	assert_null(service_reply(world->service, world));
	assert_int_equal(world->freed, 1);
}

static void
who_waits_may_get_an_error(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "later\n");
	struct record_writer *reply;

	assert_true(end_later(world, 0, 0, SERVICE_ERROR));
	assert_string_equal(error_of(reply_of(world, fd)), "0");
	assert_nobody(world);
	/* Or what was found before it. */
	fd = call_with(world, "later\n");
	assert_true(end_later(world, 1, 1500, SERVICE_ERROR));
	assert_string_equal(strchr(strchr(reply_of(world, fd), '\n') + 1,
		'\n'), "\nerror text=1\n");
	assert_nobody(world);
	/* Or nothing but this, for there was no memory. */
	fd = call_with(world, "later\n");
	reply = service_reply(world->service, world->waiting[2]);
	assert_non_null(reply);
	write_lines(reply, 100000);
	reply->broken = 1;
	service_end(world->service, world->waiting[2], SERVICE_REPLY,
		world->now);
	assert_int_equal(world->freed, 3);
	assert_string_equal(error_of(reply_of(world, fd)), "out of memory");
	assert_nobody(world);
}

static void
a_late_reply_may_be_longer_than_all_buffers(void **state)
{
	struct world *world = *state;
	int64_t deadline = real_seconds() + DEADLINE_SECONDS;
	int fd = call_with(world, "later\n");
	static char part[50000];
	size_t length = 0;
	ssize_t n;

	world->now += 5 * SERVICE_PATIENCE;
	assert_true(end_later(world, 0, 5000000, SERVICE_REPLY));
	/* Freed as soon as it is not waited for any more. */
	assert_int_equal(world->freed, 1);
	/* Patience begins with the reply. */
	assert_int_equal(wait_of(world, -1), SERVICE_PATIENCE);
	while ((n = hear_from(fd, part, sizeof(part))) >= 0) {
		length += (size_t)n;
		turn(world);
		assert_true(real_seconds() < deadline);
	}
	close(fd);
	assert_true(length > 5000000);
	assert_nobody(world);
	/* And ends for who does not read it. */
	fd = call_with(world, "later\n");
	assert_true(end_later(world, 1, 5000000, SERVICE_REPLY));
	settle(world);
	world->now += SERVICE_PATIENCE;
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 2);
	close(fd);
}

static void
who_waits_may_go(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "later\n"), other;

	close(fd);
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 1);
	assert_false(end_later(world, 0, 0, SERVICE_REPLY));
	service_end(world->service, world->waiting[0], SERVICE_REPLY,
		world->now);
	assert_int_equal(world->freed, 1);
	/* Before anybody noticed. */
	fd = call_with(world, "later\n");
	close(fd);
	assert_true(end_later(world, 1, 5000000, SERVICE_REPLY));
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 2);
	/* Who comes in the place of one that went does not get its reply. */
	fd = call_with(world, "later\n");
	close(fd);
	settle(world);
	other = call_with(world, "watch\n");
	assert_int_equal(clients_of(world), 1);
	service_end(world->service, world->waiting[2], SERVICE_REPLY,
		world->now);
	assert_int_equal(clients_of(world), 1);
	assert_int_equal(service_listeners(world->service), 1);
	close(other);
	settle(world);
	assert_nobody(world);
}

static void
who_waits_may_close_its_half(void **state)
{
	struct world *world = *state;
	int fd = call(), i;

	say_to(fd, "later\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	settle(world);
	assert_int_equal(clients_of(world), 1);
	/* poll() does not come back at once for it all the time. */
	for (i = 0; i < 10; i++)
		assert_idle(world);
	assert_true(end_later(world, 0, 2000, SERVICE_REPLY));
	assert_string_equal(strstr(reply_of(world, fd), "done"),
		"done number=0\nend\n");
	assert_nobody(world);
	/* That it goes then is noticed. */
	fd = call();
	say_to(fd, "later\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	settle(world);
	close(fd);
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 2);
}

static void
who_waits_and_talks_is_closed(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "later\n");

	say_to(fd, "echo\n");
	settle(world);
	assert_nobody(world);
	assert_int_equal(world->freed, 1);
	assert_false(end_later(world, 0, 0, SERVICE_REPLY));
	assert_true(is_closed(fd));
	close(fd);
}

static void
events_are_none_for_who_waits(void **state)
{
	struct world *world = *state;
	int fd = call_with(world, "later\n"), i;
	int listener = call_with(world, "watch\n");

	for (i = 0; i < 5000; i++)
		tell(world, i, 0, 100);
	settle(world);
	assert_int_equal(service_listeners(world->service), 1);
	assert_true(end_later(world, 0, 0, SERVICE_REPLY));
	assert_string_equal(reply_of(world, fd), "done number=0\nend\n");
	close(listener);
	settle(world);
	assert_nobody(world);
}

/* In any order, while some have gone. */
static void
many_may_wait(void **state)
{
	struct world *world = *state;
	struct chance chance = { 12 };
	int fds[SERVICE_CLIENTS_MAX], order[SERVICE_CLIENTS_MAX], i;
	unsigned told = 0;
	char expected[64];

	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		fds[i] = call_with(world, "later\n");
		order[i] = i;
	}
	assert_int_equal(world->waiting_count, SERVICE_CLIENTS_MAX);
	for (i = SERVICE_CLIENTS_MAX - 1; i > 0; i--) {
		int other = (int)chance_below(&chance, (unsigned)i + 1);
		int kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (i = 0; i < SERVICE_CLIENTS_MAX; i += 4)
		close(fds[i]);
	settle(world);
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		int at = order[i];

		assert_int_equal(end_later(world, (size_t)at, 0,
			SERVICE_REPLY), at % 4 != 0);
		if (at % 4 == 0)
			continue;
		told++;
		snprintf(expected, sizeof(expected), "done number=%d\nend\n",
			at);
		assert_string_equal(reply_of(world, fds[at]), expected);
	}
	assert_int_equal(told, SERVICE_CLIENTS_MAX * 3 / 4);
	assert_int_equal(world->freed, SERVICE_CLIENTS_MAX);
	assert_nobody(world);
}

static void
who_still_waits_in_the_end_is_closed(void **state)
{
	struct world *world = *state;
	struct service_calls calls = { answer, want_event, free_ear, world };
	int fds[3], i;

	for (i = 0; i < 3; i++)
		fds[i] = call_with(world, "later\n");
	service_free(world->service);
	assert_int_equal(world->freed, 3);
	for (i = 0; i < 3; i++) {
		assert_true(is_closed(fds[i]));
		close(fds[i]);
	}
	world->service = service_new(world->file.fd, &calls);
	assert_non_null(world->service);
}

static void
only_so_many_may_listen(void **state)
{
	struct world *world = *state;
	int fds[SERVICE_LISTENERS_MAX], i, fd;

	for (i = 0; i < SERVICE_LISTENERS_MAX; i++)
		fds[i] = call_with(world, "watch\n");
	fd = call();
	say_to(fd, "watch\n");
	assert_string_equal(error_of(reply_of(world, fd)), "found 32 listeners "
		"already, expected fewer; try again");
	assert_int_equal(world->freed, 1);
	/* Others are answered, and one that goes makes room. */
	fd = call();
	say_to(fd, "echo\n");
	assert_string_equal(reply_of(world, fd), "echo\nend\n");
	close(fds[7]);
	settle(world);
	fds[7] = call_with(world, "watch\n");
	assert_int_equal(service_listeners(world->service),
		SERVICE_LISTENERS_MAX);
	for (i = 0; i < SERVICE_LISTENERS_MAX; i++)
		close(fds[i]);
	settle(world);
	assert_nobody(world);
}

/* An error tells whether another time may be better. */
static void
who_comes_in_vain_is_told_to_come_again(void **state)
{
	static const char busy[] = "error code=busy text=";
	struct world *world = *state;
	int fds[SERVICE_CLIENTS_MAX], i, fd;

	fd = call();
	say_to(fd, "exhaust\n");
	assert_string_equal(reply_of(world, fd),
		"error code=busy text=out\\032of\\032memory\n");
	fd = call();
	say_to(fd, "\n");
	assert_memory_equal(reply_of(world, fd), "error text=", 11);
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		fds[i] = call();
		settle(world);
	}
	fd = call();
	assert_memory_equal(reply_of(world, fd), busy, strlen(busy));
	for (i = 0; i < SERVICE_CLIENTS_MAX; i++)
		close(fds[i]);
	settle(world);
	assert_nobody(world);
}

#define test_with_service(test) \
	cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_with_service(
			a_request_is_answered_and_the_connection_closed),
		test_with_service(a_request_may_come_octet_by_octet),
		test_with_service(who_closes_its_half_is_answered),
		test_with_service(a_long_reply_may_be_read_in_small_parts),
		test_with_service(what_is_no_request_is_refused),
		test_with_service(a_line_may_be_as_long_as_said_and_not_longer),
		test_with_service(
			what_is_sent_in_vain_does_not_spoil_the_reply),
		test_with_service(any_garbage_is_answered),
		test_with_service(many_clients_are_answered_at_once),
		test_with_service(one_client_too_many_is_told_so),
		test_with_service(more_clients_may_call_than_wait_at_once),
		test_with_service(clients_may_vanish_at_any_time),
		test_with_service(listeners_may_vanish_at_any_time),
		test_with_service(all_that_are_left_are_closed_in_the_end),
		test_with_service(who_sends_no_request_is_closed),
		test_with_service(
			a_request_that_is_there_is_taken_however_late),
		test_with_service(who_takes_nothing_of_its_reply_is_closed),
		test_with_service(requests_wait_while_too_many_replies_do),
		test_with_service(one_turn_does_not_take_all_requests),
		test_with_service(who_waits_too_long_for_others_is_told_so),
		test_with_service(
			a_reply_that_memory_was_too_short_for_is_an_error),
		test_with_service(a_flood_does_not_keep_others_waiting),
		test_with_service(
			without_file_descriptors_accept_is_left_for_a_moment),
		test_with_service(
			idle_connections_leave_poll_with_nothing_ready),
		test_with_service(listeners_hear_the_events_that_they_want),
		test_with_service(listeners_have_no_time_limit),
		test_with_service(
			lost_events_are_counted_and_told_before_the_next),
		test_with_service(lost_events_are_told_when_no_other_comes),
		test_with_service(no_event_is_lost_that_is_not_counted),
		test_with_service(a_listener_that_stays_behind_is_closed),
		test_with_service(patience_begins_when_a_listener_falls_behind),
		test_with_service(a_listener_may_close_its_half),
		test_with_service(a_listener_that_talks_is_closed),
		test_with_service(listeners_that_go_leave_the_others),
		test_with_service(who_waits_gets_the_reply_when_it_is_there),
		test_with_service(who_waits_may_get_an_error),
		test_with_service(a_late_reply_may_be_longer_than_all_buffers),
		test_with_service(who_waits_may_go),
		test_with_service(who_waits_may_close_its_half),
		test_with_service(who_waits_and_talks_is_closed),
		test_with_service(events_are_none_for_who_waits),
		test_with_service(many_may_wait),
		test_with_service(who_still_waits_in_the_end_is_closed),
		test_with_service(only_so_many_may_listen),
		test_with_service(who_comes_in_vain_is_told_to_come_again),
	};

	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
