/*
 * client.c - asking the running module.
 */
#include "client.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "array.h"

/* Seconds without an octet after which nobody is taken to be there. */
#define PATIENCE 30
/* No policy makes a reply of that length: who sends it is no module. */
#define REPLY_OCTETS_MAX ((size_t)1 << 30)
/* An event takes some thousand octets at most. */
#define LINE_OCTETS_MAX ((size_t)64 << 10)

/* A connection, and where to say what is wrong with it. */
struct connection {
	const char *path;
	int fd;
	char *wrong;
	size_t size;
};

/* --- Talking. */

static enum client_result
unreachable(const struct connection *connection, int error)
{
	const char *advice = error == EACCES || error == EPERM
		? "run as root or a member of the socket's group"
		: "is Unbound running with bitsink?";

	snprintf(connection->wrong, connection->size, "cannot reach the "
		"module at %s: %s; %s", connection->path, strerror(error),
		advice);
	return CLIENT_UNREACHABLE;
}

static enum client_result
silent(const struct connection *connection)
{
	snprintf(connection->wrong, connection->size, "heard nothing from "
		"the module at %s for %d seconds", connection->path, PATIENCE);
	return CLIENT_UNREACHABLE;
}

static enum client_result
cut_short(const struct connection *connection)
{
	snprintf(connection->wrong, connection->size, "the reply of the "
		"module at %s was cut short; was Unbound stopped?",
		connection->path);
	return CLIENT_UNREACHABLE;
}

/* How long connecting, sending and receiving may wait; 0 is forever. */
static void
set_patience(int fd, int seconds)
{
	struct timeval patience = { seconds, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience));
}

/* What failed told by errno; EAGAIN is that patience has ended. */
static enum client_result
failed(const struct connection *connection)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return silent(connection);
	return unreachable(connection, errno);
}

static enum client_result
connect_to(struct connection *connection)
{
	struct sockaddr_un address;
	size_t length = strlen(connection->path);

	if (length >= sizeof(address.sun_path)) {
		snprintf(connection->wrong, connection->size, "found a "
			"socket's path of %zu octets, expected at most %zu",
			length, sizeof(address.sun_path) - 1);
		return CLIENT_UNREACHABLE;
	}
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, connection->path, length);
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0)
		return unreachable(connection, errno);
	set_patience(connection->fd, PATIENCE);
	while (connect(connection->fd, (const struct sockaddr *)&address,
	    sizeof(address)) != 0)
		if (errno != EINTR)
			return failed(connection);
	return CLIENT_DONE;
}

static enum client_result
send_request(const struct connection *connection, const char *request)
{
	size_t left = strlen(request);

	while (left > 0) {
		ssize_t n = send(connection->fd, request, left, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* Who hangs up may have said why: the reply is read first. */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return CLIENT_DONE;
		if (n < 0)
			return failed(connection);
		request += n;
		left -= (size_t)n;
	}
	return CLIENT_DONE;
}

/* Connects and sends REQUEST; in any case connection_end() is to be called. */
static enum client_result
connection_begin(struct connection *connection, const char *request)
{
	enum client_result result;

	connection->fd = -1;
	result = connect_to(connection);
	return result == CLIENT_DONE ? send_request(connection, request)
		: result;
}

static void
connection_end(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
}

/* As recv(), with a connection that broke as one that ended. */
static ssize_t
receive(const struct connection *connection, char *at, size_t room)
{
	ssize_t n;

	do
		n = recv(connection->fd, at, room, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* --- Taking replies apart. */

/* The module would answer at another time. */
static int
is_busy(const struct record *error)
{
	const char *code = record_get(error, "code");

	return code != NULL && strcmp(code, "busy") == 0;
}

static int
is_end(const struct record *record)
{
	return strcmp(record->kind, "end") == 0;
}

static int
is_error(const struct record *record)
{
	return strcmp(record->kind, "error") == 0;
}

static void
take_error(const struct record *record, char *wrong, size_t size)
{
	const char *text = record_get(record, "text");

	snprintf(wrong, size, "%s", text != NULL ? text
		: "the module answered with an error and no text");
}

/* Takes the line of LENGTH octets, without its newline, apart. */
static int
parse_line(struct record *record, char *line, size_t length, char *wrong,
	size_t size)
{
	const char *expected;
	size_t at;
	char found;

	line[length] = '\0';
	/* After record_parse() the line is not what it was. */
	if (strlen(line) == length) {
		if (record_parse(record, line, &at, &expected) == 0)
			return 0;
	} else {
		at = strlen(line);
		expected = "no NUL";
	}
	found = line[at];
	if (at == length)
		snprintf(wrong, size, "cannot understand the reply: found the "
			"end of a line, expected %s", expected);
	else
		snprintf(wrong, size, "cannot understand the reply: found the "
			"octet %u, expected %s; is that socket bitsink's?",
			(unsigned)(unsigned char)found, expected);
	return -1;
}

/* Takes the lines apart up to a last record, which then is the last one. A
 * last line without its newline is left out. */
static int
parse_lines(struct reply *reply, size_t length, char *wrong, size_t size)
{
	char *line = reply->memory, *end;
	size_t room = 0;

	while ((end = memchr(line, '\n', length)) != NULL) {
		struct record *record;

		if (array_room(&reply->records, reply->count, &room, 1,
		    sizeof(*reply->records)) != 0) {
			snprintf(wrong, size, "out of memory");
			return -1;
		}
		record = &reply->records[reply->count];
		if (parse_line(record, line, (size_t)(end - line), wrong,
		    size) != 0)
			return -1;
		reply->count++;
		if (is_end(record) || is_error(record))
			break;
		length -= (size_t)(end - line) + 1;
		line = end + 1;
	}
	return 0;
}

int
reply_parse(struct reply *reply, char *memory, size_t length, char *wrong,
	size_t size)
{
	memset(reply, 0, sizeof(*reply));
	reply->memory = memory;
	/* Of no records there is no memory either. */
	return length > 0 ? parse_lines(reply, length, wrong, size) : 0;
}

void
reply_clear(struct reply *reply)
{
	free(reply->memory);
	free(reply->records);
	memset(reply, 0, sizeof(*reply));
}

const struct record *
reply_find(const struct reply *reply, const char *kind)
{
	size_t i;

	for (i = 0; i < reply->count; i++)
		if (strcmp(reply->records[i].kind, kind) == 0)
			return &reply->records[i];
	return NULL;
}

/* --- A whole reply. */

/* Whether the octets end with a last record: nothing comes behind it. */
static int
ends_whole(const char *memory, size_t length)
{
	const char *line, *before;

	if (length == 0 || memory[length - 1] != '\n')
		return 0;
	before = memrchr(memory, '\n', length - 1);
	line = before != NULL ? before + 1 : memory;
	return strncmp(line, "end\n", 4) == 0 ||
		strncmp(line, "error ", 6) == 0;
}

/* Makes room for some octets more, and one for a NUL. */
static int
grow(const struct connection *connection, struct reply *reply, size_t *room)
{
	size_t more = *room == 0 ? (size_t)16 << 10 : *room * 2;
	char *memory;

	if (more > REPLY_OCTETS_MAX) {
		snprintf(connection->wrong, connection->size, "the reply of "
			"the module at %s is longer than any; is that socket "
			"bitsink's?", connection->path);
		return -1;
	}
	memory = realloc(reply->memory, more + 1);
	if (memory == NULL) {
		snprintf(connection->wrong, connection->size, "out of memory");
		return -1;
	}
	reply->memory = memory;
	*room = more;
	return 0;
}

static enum client_result
receive_reply(const struct connection *connection, struct reply *reply,
	size_t *length)
{
	size_t room = 0;
	ssize_t n;

	*length = 0;
	do {
		if (*length == room && grow(connection, reply, &room) != 0)
			return CLIENT_UNREACHABLE;
		n = receive(connection, reply->memory + *length,
			room - *length);
		if (n < 0)
			return failed(connection);
		*length += (size_t)n;
		reply->memory[*length] = '\0';
	} while (n > 0 && !ends_whole(reply->memory, *length));
	return CLIENT_DONE;
}

/* Looks at the last record, and takes it away. */
static enum client_result
judge_reply(const struct connection *connection, struct reply *reply)
{
	const struct record *last;

	if (reply->count == 0)
		return cut_short(connection);
	last = &reply->records[reply->count - 1];
	if (is_error(last)) {
		take_error(last, connection->wrong, connection->size);
		return is_busy(last) ? CLIENT_UNREACHABLE : CLIENT_ERROR;
	}
	if (!is_end(last))
		return cut_short(connection);
	reply->count--;
	return CLIENT_DONE;
}

enum client_result
client_ask(const char *path, const char *request, struct reply *reply,
	char *wrong, size_t size)
{
	struct connection connection = { path, -1, wrong, size };
	enum client_result result;
	size_t length = 0;

	memset(reply, 0, sizeof(*reply));
	result = connection_begin(&connection, request);
	if (result == CLIENT_DONE)
		result = receive_reply(&connection, reply, &length);
	connection_end(&connection);
	if (result != CLIENT_DONE)
		return result;
	if (parse_lines(reply, length, wrong, size) != 0)
		return CLIENT_UNREACHABLE;
	return judge_reply(&connection, reply);
}

/* --- Records as they come. */

/* Hands the lines in MEMORY to TAKE. 0 where it goes on, and *LENGTH is then
 * what is left, moved to the beginning; else *RESULT is set. */
static int
take_lines(const struct connection *connection, char *memory, size_t *length,
	int (*take)(void *arg, const struct record *record), void *arg,
	enum client_result *result)
{
	char *line = memory, *end;
	size_t left = *length;

	while ((end = memchr(line, '\n', left)) != NULL) {
		struct record record;

		*result = CLIENT_UNREACHABLE;
		if (parse_line(&record, line, (size_t)(end - line),
		    connection->wrong, connection->size) != 0)
			return -1;
		if (is_error(&record)) {
			take_error(&record, connection->wrong,
				connection->size);
			*result = is_busy(&record) ? CLIENT_UNREACHABLE
				: CLIENT_ERROR;
			return -1;
		}
		*result = CLIENT_DONE;
		if (is_end(&record) || !take(arg, &record))
			return -1;
		left -= (size_t)(end - line) + 1;
		line = end + 1;
	}
	memmove(memory, line, left);
	*length = left;
	return 0;
}

static enum client_result
receive_lines(const struct connection *connection, char *memory,
	int (*take)(void *arg, const struct record *record), void *arg)
{
	enum client_result result;
	size_t length = 0;
	ssize_t n;

	for (;;) {
		if (length == LINE_OCTETS_MAX) {
			snprintf(connection->wrong, connection->size, "cannot "
				"understand the reply: found a line without an "
				"end; is that socket bitsink's?");
			return CLIENT_UNREACHABLE;
		}
		n = receive(connection, memory + length,
			LINE_OCTETS_MAX - length);
		if (n < 0)
			return failed(connection);
		if (n == 0) {
			snprintf(connection->wrong, connection->size, "the "
				"module at %s closed the connection; was "
				"Unbound stopped or reloaded?",
				connection->path);
			return CLIENT_UNREACHABLE;
		}
		length += (size_t)n;
		if (take_lines(connection, memory, &length, take, arg,
		    &result) != 0)
			return result;
	}
}

enum client_result
client_listen(const char *path, const char *request,
	int (*take)(void *arg, const struct record *record), void *arg,
	char *wrong, size_t size)
{
	struct connection connection = { path, -1, wrong, size };
	char *memory = malloc(LINE_OCTETS_MAX);
	enum client_result result;

	if (memory == NULL) {
		snprintf(wrong, size, "out of memory");
		return CLIENT_UNREACHABLE;
	}
	result = connection_begin(&connection, request);
	if (result == CLIENT_DONE) {
		/* Nothing may happen for days. */
		set_patience(connection.fd, 0);
		result = receive_lines(&connection, memory, take, arg);
	}
	connection_end(&connection);
	free(memory);
	return result;
}
