/*
 * fuzz_control.c - lines of the control protocol, and a client that sends
 * anything to the service.
 *
 * The input is an octet for how many octets go at a time, an octet of flags
 * (see below), and what the client sends. Each line of that is parsed by
 * itself, too, and the whole of it is written as values and read back.
 */
#include "fuzz.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "record.h"
#include "service.h"

/* Flags. */
enum {
	/* The client closes its half in the end; else time passes. */
	CLOSES_HALF = 1,
	/* It sends all three times. */
	SENDS_THRICE = 2,
	/* It goes before it has read anything. */
	VANISHES = 4
};

/* --- Records. */

static void
check_same(const struct record *a, const struct record *b)
{
	unsigned i;

	fuzz_check(strcmp(a->kind, b->kind) == 0);
	fuzz_check(a->count == b->count);
	for (i = 0; i < a->count; i++) {
		fuzz_check(strcmp(a->fields[i].key, b->fields[i].key) == 0);
		fuzz_check(strcmp(a->fields[i].value, b->fields[i].value) ==
			0);
	}
}

/* A copy with a NUL behind it and not an octet more: reading beyond it is
 * found. */
static char *
copy_line(const char *octets, size_t length)
{
	char *line = malloc(length + 1);

	if (line == NULL)
		exit(1);
	if (length > 0)
		memcpy(line, octets, length);
	line[length] = '\0';
	return line;
}

/* What was written is one line of harmless octets, and parses to the same. */
static void
check_written(const struct record_writer *writer, const struct record *same)
{
	struct record record;
	const char *expected;
	size_t wrong, i;
	char *line;

	fuzz_check(!writer->broken && writer->length > 0);
	fuzz_check(writer->memory[writer->length - 1] == '\n');
	for (i = 0; i + 1 < writer->length; i++)
		fuzz_check(writer->memory[i] >= 0x20 &&
			writer->memory[i] < 0x7f);
	line = copy_line(writer->memory, writer->length - 1);
	fuzz_check(record_parse(&record, line, &wrong, &expected) == 0);
	check_same(&record, same);
	free(line);
}

static size_t
count_spaces(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == ' ';
	return count;
}

/* Returns whether LINE parses. */
static int
check_line(const char *octets, size_t length)
{
	char *line = copy_line(octets, length);
	size_t spaces = count_spaces(line), end = strlen(line), wrong = 0;
	struct record_writer writer = { 0 };
	const char *expected = NULL;
	struct record record;
	unsigned i;

	if (record_parse(&record, line, &wrong, &expected) != 0) {
		fuzz_check(wrong <= end);
		fuzz_check(expected != NULL);
		free(line);
		return 0;
	}
	/* Nothing was passed over. */
	fuzz_check(record.count == spaces);
	record_begin(&writer, record.kind);
	for (i = 0; i < record.count; i++) {
		const char *value = record.fields[i].value;

		fuzz_check(value + strlen(value) <= line + end);
		fuzz_check(record_get(&record, record.fields[i].key) != NULL);
		record_text(&writer, record.fields[i].key, value);
	}
	record_end(&writer);
	check_written(&writer, &record);
	record_clear(&writer);
	free(line);
	return 1;
}

static void
check_lines(struct input input)
{
	const char *line;
	size_t length;

	while (input_line(&input, &line, &length))
		(void)check_line(line, length);
}

/* Values that are parts of the input, divided by its NULs. */
static void
check_values(struct input input)
{
	static const char *const keys[] = { "a", "text", "-", "9" };
	struct record_writer writer = { 0 };
	struct record record = { .kind = "kind" };
	char *values[RECORD_FIELDS_MAX], escaped[64];
	unsigned i;

	record_begin(&writer, record.kind);
	while (input.left > 0 && record.count < RECORD_FIELDS_MAX) {
		const char *octets = (const char *)input.at;
		size_t length = strnlen(octets, input.left);
		struct record_field *field = &record.fields[record.count];

		values[record.count] = copy_line(octets, length);
		field->key = keys[record.count % 4];
		field->value = values[record.count++];
		record_octets(&writer, field->key, octets, length);
		record_escape(escaped, 1 + length % sizeof(escaped),
			field->value);
		fuzz_check(strlen(escaped) <= length % sizeof(escaped));
		input.at += length;
		input.left -= length;
		(void)input_octet(&input);
	}
	record_end(&writer);
	check_written(&writer, &record);
	record_clear(&writer);
	for (i = 0; i < record.count; i++)
		free(values[i]);
}

/* --- The service. */

struct asked {
	unsigned answered;
	unsigned listeners;
	unsigned freed;
};

/* Answers with the request, by its kind in one of the three ways. */
static enum service_answer
answer(void *arg, const struct record *request, struct record_writer *reply,
	void **listener)
{
	struct asked *asked = arg;
	unsigned i;

	asked->answered++;
	if (strcmp(request->kind, "watch") == 0) {
		asked->listeners++;
		*listener = asked;
		return SERVICE_LISTEN;
	}
	record_begin(reply, strcmp(request->kind, "fail") == 0 ? "error" :
		"echo");
	for (i = 0; i < request->count; i++)
		record_text(reply, request->fields[i].key,
			request->fields[i].value);
	record_end(reply);
	return strcmp(request->kind, "fail") == 0 ? SERVICE_ERROR :
		SERVICE_REPLY;
}

static int
want_event(void *arg, void *listener, const struct event *event,
	struct record_writer *out)
{
	fuzz_check(arg == listener);
	record_begin(out, "event");
	record_number(out, "time", (uint64_t)event->seconds);
	record_end(out);
	return event->seconds % 3 != 0;
}

static void
free_listener(void *arg, void *listener)
{
	struct asked *asked = arg;

	fuzz_check(arg == listener);
	asked->freed++;
}

/* The address of the socket, which has no file: the system chooses a name. */
static struct sockaddr_un address;
static socklen_t address_length;

static int
listening_socket(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	address.sun_family = AF_UNIX;
	address_length = sizeof(address);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
	    sizeof(address.sun_family)) != 0 || listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &address_length) != 0)
		fuzz_found("cannot make a socket: %s", strerror(errno));
	return fd;
}

static int
call(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
	    address_length) != 0)
		fuzz_found("cannot connect: %s", strerror(errno));
	return fd;
}

/* Turns until nothing is ready, which must come soon. */
static void
settle(struct service *service, int64_t now)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int turns = 0, wait, ready;

	do {
		size_t count;

		wait = -1;
		count = service_poll(service, now, fds, &wait);
		fuzz_check(count >= 1 && count <= SERVICE_CLIENTS_MAX + 1);
		/* The fuzzer's own timer interrupts now and then. */
		do
			ready = poll(fds, (nfds_t)count, 0);
		while (ready < 0 && errno == EINTR);
		service_run(service, now, fds);
		fuzz_check(++turns < 1000);
	} while (ready > 0 || wait == 0);
}

/* Clients that the service has. */
static size_t
clients_of(struct service *service, int64_t now)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int wait = -1;

	return service_poll(service, now, fds, &wait) - 1;
}

/* Sends octets, some at a time, for as long as the service takes them. */
static void
send_octets(struct service *service, int fd, const uint8_t *octets,
	size_t length, size_t part)
{
	while (length > 0) {
		size_t n = part == 0 || part > length ? length : part;

		if (send(fd, octets, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		settle(service, 0);
		octets += n;
		length -= n;
	}
}

/* Each line of a reply parses; the last one, and no other, ends it. */
static void
check_reply(struct input input, const struct asked *asked)
{
	int has_ended = 0, has_echo = 0, parsed;
	const char *line;
	size_t length;

	while (input_line(&input, &line, &length)) {
		fuzz_check(!has_ended);
		parsed = check_line(line, length);
		fuzz_check(parsed);
		/* A whole line: kinds end with a space, or the line. */
		has_echo |= length >= 4 && memcmp(line, "echo", 4) == 0;
		has_ended = (length == 3 && memcmp(line, "end", 3) == 0) ||
			(length >= 5 && memcmp(line, "error", 5) == 0);
	}
	fuzz_check(has_ended);
	fuzz_check(asked->answered || !has_echo);
}

static void
read_reply(int fd, const struct asked *asked)
{
	static uint8_t reply[8 * SERVICE_REQUEST_MAX];
	size_t length = 0;
	ssize_t n;

	do {
		n = recv(fd, reply + length, sizeof(reply) - length, 0);
		length += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	/* The end, or what was sent in vain; but never more to come. */
	fuzz_check(n == 0 || errno == ECONNRESET);
	if (asked->listeners == 0)
		check_reply((struct input){ reply, length }, asked);
}

/* Some events, most of which a listener wants, but none hears who talks. */
static void
tell_events(struct service *service)
{
	struct event event;
	int i;

	memset(&event, 0, sizeof(event));
	for (i = 0; i < 6; i++) {
		event.seconds = i;
		service_event(service, &event);
	}
	settle(service, 0);
}

/* Whether the first line, sent at once and alone, is a request. */
static int
is_request(const struct input *input)
{
	const uint8_t *end = memchr(input->at, '\n', input->left);
	size_t length;

	if (end == NULL)
		return 0;
	length = (size_t)(end - input->at);
	return length + 1 == input->left && length < SERVICE_REQUEST_MAX &&
		memchr(input->at, '\0', length) == NULL &&
		check_line((const char *)input->at, length);
}

/* The client's last act: the service must have closed it then, but for a
 * listener, which may listen on. */
static void
end_conversation(struct service *service, int fd, unsigned flags)
{
	int64_t now = 0;

	if (flags & CLOSES_HALF)
		(void)shutdown(fd, SHUT_WR);
	else
		now = SERVICE_PATIENCE;
	settle(service, now);
	tell_events(service);
	fuzz_check(clients_of(service, now) == service_listeners(service));
	if (service_listeners(service) > 0)
		(void)shutdown(fd, SHUT_RDWR);
	settle(service, now);
	fuzz_check(clients_of(service, now) == 0);
}

static void
converse(const struct input *input, size_t part, unsigned flags)
{
	struct asked asked = { 0, 0, 0 };
	const struct service_calls calls = { answer, want_event,
		free_listener, &asked };
	struct service *service = service_new(listening_socket(), &calls);
	int fd = call(), times = flags & SENDS_THRICE ? 3 : 1, i;

	if (service == NULL)
		exit(1);
	for (i = 0; i < times; i++)
		send_octets(service, fd, input->at, input->left, part);
	if (flags & VANISHES) {
		close(fd);
		settle(service, 0);
		fuzz_check(clients_of(service, 0) == 0);
	} else {
		end_conversation(service, fd, flags);
		read_reply(fd, &asked);
		close(fd);
		fuzz_check(times > 1 || !is_request(input) ||
			asked.answered);
	}
	fuzz_check(asked.answered <= 1);
	fuzz_check(asked.freed == asked.listeners);
	service_free(service);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t part = input_octet(&input) % 64;
	unsigned flags = input_octet(&input);

	if (input.left == 0)
		return 0;
	check_lines(input);
	check_values(input);
	converse(&input, part, flags);
	return 0;
}
