/*
 * service.c - the conversations on the control socket.
 */
#include "service.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Octets that one client gets in one turn, and at a time: the system has room
 * again when all of one time is read, and only so a slow reader is told from
 * one that does not read. */
#define TURN_MAX ((size_t)256 << 10)
#define SEND_MAX ((size_t)4096)
/* Of what a client sends in vain, that many times 4096 octets are read. */
#define DISCARD_MAX 16
/* Milliseconds without accept() after it failed. */
#define ACCEPT_PAUSE 1000
#define EVENTS_ROOM_MIN 4096
#define ERROR_OCTETS 256

/* WAITING is for a reply that takes its time. */
enum stage { READING, WAITING, REPLYING, LISTENING };

struct client {
	int fd;
	enum stage stage;
	/* Since when the service waits for this client: when it came, last
	 * took some of what it is sent, or fell behind. */
	int64_t since;
	/* Octets of request. */
	size_t got;
	/* Reply or events, and how many octets of them are sent. */
	struct record_writer out;
	size_t sent;
	/* A listener's, or of the reply waited for; lost counts the events that
	 * a listener was not told of. */
	void *listener;
	uint64_t lost;
	int is_behind;
	/* It will send nothing more; poll() would tell so for ever. */
	int is_mute;
	char request[SERVICE_REQUEST_MAX];
};

struct service {
	int fd;
	struct service_calls calls;
	/* Not before this time is accept() tried again. */
	int64_t accept_at;
	struct client *clients[SERVICE_CLIENTS_MAX];
	size_t count;
	/* One event on its way to a listener. */
	struct record_writer line;
	/* Whose request is taken in this turn: who waits for longest. */
	const struct client *chosen;
};

struct service *
service_new(int fd, const struct service_calls *calls)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	service->fd = fd;
	service->calls = *calls;
	service->accept_at = INT64_MIN;
	return service;
}

/* Whether the client has its request answered, and does not go by itself. */
static int
stays(const struct client *client)
{
	return client->stage == LISTENING || client->stage == WAITING;
}

/* The place of the client that goes is the last one's then. */
static void
drop(struct service *service, size_t at)
{
	struct client *client = service->clients[at];

	close(client->fd);
	if (stays(client))
		service->calls.free_listener(service->calls.arg,
			client->listener);
	record_clear(&client->out);
	free(client);
	service->clients[at] = service->clients[--service->count];
}

void
service_free(struct service *service)
{
	if (service == NULL)
		return;
	while (service->count > 0)
		drop(service, service->count - 1);
	record_clear(&service->line);
	free(service);
}

/* --- What fails, and what only did not go on. */

static int
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* A socket that is closed while there is something to read has its peer find
 * an error behind the reply. */
static void
discard_input(int fd)
{
	char octets[4096];
	int i;

	for (i = 0; i < DISCARD_MAX; i++)
		if (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) <= 0)
			return;
}

static void refuse(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void refuse_busy(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Tells a client to which nothing was sent yet what is wrong: the system has
 * room for that much, and the connection can be closed then. */
static void
send_error(int fd, const char *code, const char *format, va_list arguments)
{
	char text[ERROR_OCTETS], escaped[4 * ERROR_OCTETS];
	char line[sizeof(escaped) + 32];
	int length;

	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	record_escape(escaped, sizeof(escaped), text);
	length = snprintf(line, sizeof(line), "error %stext=%s\n", code,
		escaped);
	if (length > 0)
		(void)send(fd, line, (size_t)length,
			MSG_NOSIGNAL | MSG_DONTWAIT);
	discard_input(fd);
}

static void
refuse(int fd, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_error(fd, "", format, arguments);
	va_end(arguments);
}

/* It is not the client's fault: another time may be better. */
static void
refuse_busy(int fd, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	send_error(fd, "code=busy ", format, arguments);
	va_end(arguments);
}

/* --- What is sent. */

static size_t
unsent(const struct client *client)
{
	return client->out.length - client->sent;
}

/* Whether the replies that wait leave room for one more. */
static int
takes_requests(const struct service *service)
{
	size_t i, octets = 0;

	/* Whole replies, and all the memory they have: it is held until all of
	 * one is sent. */
	for (i = 0; i < service->count; i++)
		if (service->clients[i]->stage == REPLYING)
			octets += service->clients[i]->out.room;
	return octets <= SERVICE_REPLIES_MAX;
}

/* Sends until a turn is over. -1 if that fails. */
static int
send_some(struct client *client, int64_t now)
{
	size_t total = 0;

	while (unsent(client) > 0 && total < TURN_MAX) {
		size_t length = unsent(client);
		ssize_t n = send(client->fd, client->out.memory + client->sent,
			length < SEND_MAX ? length : SEND_MAX,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return is_passing(errno) ? 0 : -1;
		client->sent += (size_t)n;
		client->since = now;
		total += (size_t)n;
	}
	return 0;
}

/* Sends some of what there is. -1 if the connection is to be closed: it
 * failed, or the reply is done. */
static int
flush(struct client *client, int64_t now)
{
	if (send_some(client, now) != 0)
		return -1;
	if (unsent(client) > 0)
		return 0;
	record_clear(&client->out);
	client->sent = 0;
	if (stays(client))
		return 0;
	discard_input(client->fd);
	return -1;
}

/* --- Requests. */

/* Refuses a line for what is in one of its columns. */
static void
refuse_column(const struct client *client, size_t length, size_t at,
	const char *expected)
{
	unsigned octet = at < length ? (unsigned char)client->request[at] : 0;

	if (at >= length)
		refuse(client->fd, "found the end of the line in column %zu, "
			"expected %s", at + 1, expected);
	else if (octet >= 0x20 && octet < 0x7f)
		refuse(client->fd, "found '%c' in column %zu, expected %s",
			(int)octet, at + 1, expected);
	else
		refuse(client->fd, "found octet 0x%02x in column %zu, "
			"expected %s", octet, at + 1, expected);
}

/* Sends as much of the answer as goes at once. */
static int
answer_request(struct service *service, struct client *client,
	const struct record *request, int64_t now)
{
	struct record_writer *out = &client->out;
	void *listener = NULL;
	enum service_answer answer = service->calls.answer(service->calls.arg,
		request, out, &listener);

	client->stage = REPLYING;
	if (answer == SERVICE_LISTEN &&
	    service_listeners(service) >= SERVICE_LISTENERS_MAX) {
		service->calls.free_listener(service->calls.arg, listener);
		refuse_busy(client->fd, "found %d listeners already, expected "
			"fewer; try again", SERVICE_LISTENERS_MAX);
		return -1;
	}
	if (answer == SERVICE_LISTEN || answer == SERVICE_LATER) {
		client->stage = answer == SERVICE_LISTEN ? LISTENING : WAITING;
		client->listener = listener;
	} else if (answer == SERVICE_REPLY) {
		record_begin(out, "end");
		record_end(out);
	}
	if (out->broken) {
		refuse_busy(client->fd, "out of memory");
		return -1;
	}
	return flush(client, now);
}

/* Takes the LENGTH octets before the newline. */
static int
take_line(struct service *service, struct client *client, size_t length,
	int64_t now)
{
	char line[SERVICE_REQUEST_MAX];
	const char *nul = memchr(client->request, '\0', length);
	const char *expected;
	struct record request;
	size_t wrong;

	memcpy(line, client->request, length);
	line[length] = '\0';
	if (record_parse(&request, line, &wrong, &expected) != 0) {
		refuse_column(client, length, wrong, expected);
		return -1;
	}
	/* For record_parse() the line ended there. */
	if (nul != NULL) {
		refuse_column(client, length, (size_t)(nul - client->request),
			"text");
		return -1;
	}
	if (length + 1 < client->got) {
		refuse(client->fd, "found %zu octets behind the line, "
			"expected one line", client->got - length - 1);
		return -1;
	}
	return answer_request(service, client, &request, now);
}

/* Reads once: who sends much does not keep others waiting. */
static int
take_request(struct service *service, struct client *client, int64_t now)
{
	char *at = client->request + client->got;
	ssize_t n = recv(client->fd, at, sizeof(client->request) - client->got,
		MSG_DONTWAIT);
	const char *end;

	if (n < 0)
		return is_passing(errno) ? 0 : -1;
	if (n == 0) {
		refuse(client->fd, "found %zu octets without a newline, "
			"expected a line", client->got);
		return -1;
	}
	client->got += (size_t)n;
	end = memchr(at, '\n', (size_t)n);
	if (end != NULL)
		return take_line(service, client,
			(size_t)(end - client->request), now);
	if (client->got < sizeof(client->request))
		return 0;
	refuse(client->fd, "found no newline in %d octets, expected a line of "
		"at most %d with its newline", SERVICE_REQUEST_MAX,
		SERVICE_REQUEST_MAX);
	return -1;
}

/* --- Listeners. */

/* The memory for one line, without the last one. */
static struct record_writer *
empty_line(struct service *service)
{
	if (service->line.broken)
		record_clear(&service->line);
	service->line.length = 0;
	return &service->line;
}

/* Room for LENGTH octets behind what is to be sent; what was sent goes. */
static int
make_room(struct client *client, size_t length)
{
	struct record_writer *out = &client->out;
	size_t room = out->room;
	char *memory;

	if (out->length + length <= room)
		return 0;
	if (client->sent > 0) {
		memmove(out->memory, out->memory + client->sent,
			unsent(client));
		out->length -= client->sent;
		client->sent = 0;
	}
	while (room < out->length + length)
		room = room < EVENTS_ROOM_MIN ? EVENTS_ROOM_MIN : room * 2;
	if (room == out->room)
		return 0;
	memory = realloc(out->memory, room);
	if (memory == NULL)
		return -1;
	out->memory = memory;
	out->room = room;
	return 0;
}

/* Appends a line to what a listener is sent. -1 where there is no room. */
static int
append_line(struct client *client, const struct record_writer *line)
{
	struct record_writer *out = &client->out;

	if (line->broken ||
	    unsent(client) + line->length > SERVICE_EVENTS_MAX ||
	    make_room(client, line->length) != 0)
		return -1;
	memcpy(out->memory + out->length, line->memory, line->length);
	out->length += line->length;
	return 0;
}

/* Appends a line for which there was no room, if the system takes some of what
 * was before. If it does not, it is full: when it takes some later, the
 * listener has read. That sending fails is for poll() to tell. */
static int
append_sent(struct client *client, const struct record_writer *line)
{
	(void)send_some(client, client->since);
	return append_line(client, line);
}

/* Tells a listener how many events it lost, when half of its room is free: it
 * would be told of each if any room would do. */
static void
tell_lost(struct service *service, struct client *client)
{
	struct record_writer *line;

	if (client->lost == 0 || unsent(client) > SERVICE_EVENTS_MAX / 2)
		return;
	line = empty_line(service);
	record_begin(line, "lost");
	record_number(line, "count", client->lost);
	record_end(line);
	if (append_line(client, line) == 0)
		client->lost = 0;
}

static void
tell_event(struct service *service, struct client *client,
	const struct event *event)
{
	struct record_writer *line;

	tell_lost(service, client);
	line = empty_line(service);
	/* What it does not want is not lost either. */
	if (!service->calls.event(service->calls.arg, client->listener, event,
	    line) || (!line->broken && line->length == 0))
		return;
	if (client->lost > 0 || (append_line(client, line) != 0 &&
	    append_sent(client, line) != 0))
		client->lost++;
}

void
service_event(struct service *service, const struct event *event)
{
	size_t i;

	for (i = 0; i < service->count; i++)
		if (service->clients[i]->stage == LISTENING)
			tell_event(service, service->clients[i], event);
}

/* A listener may close its half, and listens on. One that talks is closed. */
static int
hear(struct client *client)
{
	char octet;
	ssize_t n = recv(client->fd, &octet, 1, MSG_DONTWAIT);

	if (n < 0)
		return is_passing(errno) ? 0 : -1;
	client->is_mute = 1;
	return n == 0 ? 0 : -1;
}

/* --- Turns. */

/* What the service waits for. */
static short
poll_events(const struct service *service, const struct client *client)
{
	short events = 0;

	if (client->stage == READING)
		return takes_requests(service) ? POLLIN : 0;
	if (unsent(client) > 0)
		events |= POLLOUT;
	if (stays(client) && !client->is_mute)
		events |= POLLIN;
	return events;
}

/* A listener is behind as long as there are lost events to tell of. */
static void
note_if_behind(struct service *service, struct client *client, int64_t now)
{
	tell_lost(service, client);
	if (client->lost > 0 && !client->is_behind)
		client->since = now;
	client->is_behind = client->lost > 0;
}

/* Milliseconds until the service has waited long enough; -1 is forever. */
static int64_t
patience(const struct client *client, int64_t now)
{
	int64_t waited = now - client->since;

	if (stays(client) && !client->is_behind)
		return -1;
	return waited < SERVICE_PATIENCE ? SERVICE_PATIENCE - waited : 0;
}

static void
lower(int *wait, int64_t milliseconds)
{
	if (milliseconds >= 0 && (*wait < 0 || milliseconds < *wait))
		*wait = (int)milliseconds;
}

size_t
service_poll(struct service *service, int64_t now, struct pollfd *fds,
	int *wait)
{
	size_t i;

	/* poll() passes over -1. */
	fds[0].fd = now < service->accept_at ? -1 : service->fd;
	fds[0].events = POLLIN;
	fds[0].revents = 0;
	if (now < service->accept_at)
		lower(wait, service->accept_at - now);
	for (i = 0; i < service->count; i++) {
		struct client *client = service->clients[i];

		note_if_behind(service, client, now);
		fds[i + 1].fd = client->fd;
		fds[i + 1].events = poll_events(service, client);
		fds[i + 1].revents = 0;
		lower(wait, patience(client, now));
	}
	return service->count + 1;
}

/* -1 if the connection is to be closed. */
static int
take_turn(struct service *service, struct client *client, short revents,
	int64_t now)
{
	/* Also of a client that closed: it may read on, if only it closed its
	 * half, and its request counts either way. */
	if (client->stage == READING && (revents & POLLIN)) {
		if (client != service->chosen)
			return 0;
		return take_request(service, client, now);
	}
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		return -1;
	if (stays(client) && (revents & POLLIN) && hear(client) != 0)
		return -1;
	return (revents & POLLOUT) ? flush(client, now) : 0;
}

static void
refuse_late(const struct service *service, const struct client *client)
{
	if (takes_requests(service))
		refuse(client->fd, "found %zu octets without a newline in %d "
			"s, expected a line", client->got,
			SERVICE_PATIENCE / 1000);
	else
		refuse_busy(client->fd, "found more than %zu octets of replies "
			"that others do not read, expected room for one; "
			"try again", SERVICE_REPLIES_MAX);
}

/* Whether a client let the service wait too long, and is to be closed. */
static int
is_late(const struct service *service, struct client *client, int64_t now)
{
	if (patience(client, now) != 0)
		return 0;
	if (client->stage == READING) {
		refuse_late(service, client);
		return 1;
	}
	/* It may have read some: poll() tells only of much room. */
	return flush(client, now) != 0 || client->since != now;
}

static void
add_client(struct service *service, int fd, int64_t now)
{
	struct client *client;

	if (service->count == SERVICE_CLIENTS_MAX) {
		refuse_busy(fd, "found %d connections already, expected "
			"fewer; try again", SERVICE_CLIENTS_MAX);
		close(fd);
		return;
	}
	client = calloc(1, sizeof(*client));
	if (client == NULL) {
		refuse_busy(fd, "out of memory");
		close(fd);
		return;
	}
	client->fd = fd;
	client->since = now;
	service->clients[service->count++] = client;
}

static void
accept_clients(struct service *service, int64_t now)
{
	size_t i;

	for (i = 0; i < SERVICE_CLIENTS_MAX; i++) {
		int fd = accept4(service->fd, NULL, NULL,
			SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_client(service, fd, now);
			continue;
		}
		/* Out of file descriptors, most likely. poll() would return at
		 * once until there are some, for the client still waits. */
		if (!is_passing(errno) && errno != ECONNABORTED)
			service->accept_at = now + ACCEPT_PAUSE;
		return;
	}
}

/* Answers take their time, and events come meanwhile: one request a turn. */
static void
choose(struct service *service, const struct pollfd *fds)
{
	size_t i;

	service->chosen = NULL;
	if (!takes_requests(service))
		return;
	for (i = 0; i < service->count; i++) {
		const struct client *client = service->clients[i];

		if (client->stage == READING && (fds[i + 1].revents & POLLIN) &&
		    (service->chosen == NULL ||
		    client->since < service->chosen->since))
			service->chosen = client;
	}
}

void
service_run(struct service *service, int64_t now, const struct pollfd *fds)
{
	size_t i;

	choose(service, fds);
	/* From the last, for the last takes the place of one that goes; those
	 * who come have no place in FDS yet. */
	for (i = service->count; i > 0; i--) {
		struct client *client = service->clients[i - 1];

		if (take_turn(service, client, fds[i].revents, now) != 0 ||
		    is_late(service, client, now))
			drop(service, i - 1);
	}
	if (fds[0].revents != 0)
		accept_clients(service, now);
}

/* --- Numbers. */

static struct client *
waiting_client(struct service *service, const void *token, size_t *at)
{
	for (*at = 0; *at < service->count; (*at)++)
		if (service->clients[*at]->stage == WAITING &&
		    service->clients[*at]->listener == token)
			return service->clients[*at];
	return NULL;
}

struct record_writer *
service_reply(struct service *service, const void *token)
{
	size_t at;
	struct client *client = waiting_client(service, token, &at);

	return client != NULL ? &client->out : NULL;
}

void
service_end(struct service *service, const void *token,
	enum service_answer answer, int64_t now)
{
	size_t at;
	struct client *client = waiting_client(service, token, &at);

	if (client == NULL)
		return;
	service->calls.free_listener(service->calls.arg, client->listener);
	client->stage = REPLYING;
	client->since = now;
	if (answer == SERVICE_REPLY) {
		record_begin(&client->out, "end");
		record_end(&client->out);
	}
	if (client->out.broken)
		refuse_busy(client->fd, "out of memory");
	if (client->out.broken || flush(client, now) != 0)
		drop(service, at);
}

size_t
service_listeners(const struct service *service)
{
	size_t i, count = 0;

	for (i = 0; i < service->count; i++)
		count += service->clients[i]->stage == LISTENING;
	return count;
}

size_t
service_memory(const struct service *service)
{
	size_t i, octets = sizeof(*service) + service->line.room;

	for (i = 0; i < service->count; i++)
		octets += sizeof(*service->clients[i]) +
			service->clients[i]->out.room;
	return octets;
}
