/*
 * control.c - who asks bitsink itself, by its control socket.
 */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "process.h"
#include "sandbox.h"

#define LINE_OCTETS_MAX 8192

struct watcher {
	int fd;
	/* What was read and not handed out yet, behind the line that was. */
	char text[LINE_OCTETS_MAX];
	size_t length;
	size_t next;
};

/* --- Connections. */

char *
control_path(const struct resolver *resolver)
{
	char *path;

	if (asprintf(&path, "%s/state/control", resolver->folder) < 0)
		abort();
	return path;
}

int
control_connect(const char *path)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), failed;

	assert_true(fd >= 0);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

int
control_open(const struct resolver *resolver)
{
	char *path = control_path(resolver);
	int fd = control_connect(path);

	if (fd < 0) {
		print_error("%s: %s\n", path, strerror(errno));
		fail();
	}
	free(path);
	return fd;
}

void
control_await_idle(const struct resolver *resolver)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *path = control_path(resolver);

	while (process_connections(path) > 0)
		if (!sandbox_wait(deadline))
			fail_msg("%u connections are left",
				process_connections(path));
	free(path);
}

void
control_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
		(ssize_t)strlen(text));
}

/* Waits for something to read. */
static void
await(int fd)
{
	struct pollfd polled = { fd, POLLIN, 0 };

	assert_int_equal(poll(&polled, 1, SANDBOX_PATIENCE), 1);
}

/* A connection that was reset has ended, too. */
static ssize_t
read_some(int fd, char *octets, size_t size)
{
	ssize_t n;

	await(fd);
	n = recv(fd, octets, size, 0);
	assert_true(n >= 0 || errno == ECONNRESET);
	return n > 0 ? n : 0;
}

char *
control_rest(int fd)
{
	char *text = NULL, chunk[4096];
	size_t length;
	ssize_t n;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	while ((n = read_some(fd, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, memory);
	fclose(memory);
	return text;
}

/* --- Requests. */

static char *
reply_to(const struct resolver *resolver, const char *request)
{
	int fd = control_open(resolver);
	char *reply;

	control_send(fd, request);
	control_send(fd, "\n");
	reply = control_rest(fd);
	close(fd);
	return reply;
}

char *
control_ask(const struct resolver *resolver, const char *request)
{
	char *reply = reply_to(resolver, request);
	size_t length = strlen(reply);

	if (length < 4 || strcmp(reply + length - 4, "end\n") != 0 ||
	    (length > 4 && reply[length - 5] != '\n')) {
		print_error("%s: found a reply without end: %s\n", request,
			reply);
		fail();
	}
	reply[length - 4] = '\0';
	return reply;
}

char *
control_refused(const struct resolver *resolver, const char *request)
{
	char *reply = reply_to(resolver, request), *text;
	const char *error = control_find(reply, "error", NULL, NULL);

	if (error != reply || strchr(reply, '\n')[1] != '\0') {
		print_error("%s: expected an error alone, found: %s\n",
			request, reply);
		fail();
	}
	text = control_value(error, "text");
	assert_non_null(text);
	free(reply);
	return text;
}

char *
control_failed(const struct resolver *resolver, const char *request)
{
	char *reply = reply_to(resolver, request), *last = reply, *next;

	while ((next = strchr(last, '\n')) != NULL && next[1] != '\0')
		last = next + 1;
	if (control_find(last, "error", NULL, NULL) != last) {
		print_error("%s: expected an error at the end, found: %s\n",
			request, reply);
		fail();
	}
	return reply;
}

unsigned long
control_reload(const struct resolver *resolver)
{
	char *reply = control_ask(resolver, "reload");
	unsigned long generation = control_number(control_find(reply,
		"reloaded", NULL, NULL), "generation");

	free(reply);
	return generation;
}

/* --- Replies. */

static int
is_kind(const char *line, const char *kind)
{
	size_t length = strlen(kind);

	return strncmp(line, kind, length) == 0 &&
		(line[length] == ' ' || line[length] == '\n');
}

const char *
control_find(const char *reply, const char *kind, const char *key,
	const char *value)
{
	const char *line = reply;

	while (*line != '\0') {
		if (is_kind(line, kind) &&
		    (key == NULL || control_is(line, key, value)))
			return line;
		line = strchr(line, '\n');
		assert_non_null(line);
		line++;
	}
	return NULL;
}

/* Takes the escapes off a value that ends at a space or the end of the line. */
static char *
unescape(const char *at)
{
	size_t length = strcspn(at, " \n"), got = 0;
	char *value = malloc(length + 1);
	const char *end = at + length;

	assert_non_null(value);
	while (at < end) {
		if (*at != '\\') {
			value[got++] = *at++;
			continue;
		}
		assert_true(end - at >= 4);
		value[got++] = (char)((at[1] - '0') * 100 + (at[2] - '0') * 10 +
			at[3] - '0');
		at += 4;
	}
	value[got] = '\0';
	return value;
}

char *
control_value(const char *line, const char *key)
{
	const char *end = line + strcspn(line, "\n"), *at = line;
	size_t length = strlen(key);

	while ((at = memchr(at, ' ', (size_t)(end - at))) != NULL) {
		at++;
		if (strncmp(at, key, length) == 0 && at[length] == '=')
			return unescape(at + length + 1);
	}
	return NULL;
}

int
control_is(const char *line, const char *key, const char *value)
{
	char *found = control_value(line, key);
	int is = found != NULL && strcmp(found, value) == 0;

	free(found);
	return is;
}

void
control_assert(const char *line, const char *key, const char *expected)
{
	char *found;

	assert_non_null(line);
	found = control_value(line, key);
	if (expected == NULL ? found != NULL : found == NULL ||
	    strcmp(found, expected) != 0) {
		print_error("%s: found \"%s\", expected \"%s\", in %.*s\n",
			key, found != NULL ? found : "(none)",
			expected != NULL ? expected : "(none)",
			(int)strcspn(line, "\n"), line);
		fail();
	}
	free(found);
}

unsigned long
control_number(const char *line, const char *key)
{
	char *value, *end;
	unsigned long number;

	assert_non_null(line);
	value = control_value(line, key);
	if (value == NULL) {
		print_error("no %s in: %.300s\n", key, line);
		fail();
	}
	assert_true(*value >= '0' && *value <= '9');
	number = strtoul(value, &end, 10);
	assert_int_equal(*end, '\0');
	free(value);
	return number;
}

char *
control_explain(const struct resolver *resolver, const char *client,
	const char *name)
{
	char *request, *reply;

	if (asprintf(&request, "explain client=%s name=%s", client, name) < 0)
		abort();
	reply = control_ask(resolver, request);
	free(request);
	return reply;
}

/* --- Events. */

static unsigned long
listeners(const struct resolver *resolver)
{
	char *status = control_ask(resolver, "status");
	unsigned long count = control_number(status, "listeners");

	free(status);
	return count;
}

struct watcher *
control_watch(const struct resolver *resolver, const char *request)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long before = listeners(resolver);

	assert_non_null(watcher);
	watcher->fd = control_open(resolver);
	control_send(watcher->fd, request);
	control_send(watcher->fd, "\n");
	while (listeners(resolver) <= before)
		assert_true(sandbox_wait(deadline));
	/* Who is answered once more is answered in a later turn of the thread,
	 * in which the workers know. */
	(void)listeners(resolver);
	return watcher;
}

void
control_unwatch(struct watcher *watcher)
{
	close(watcher->fd);
	free(watcher);
}

const char *
control_next(struct watcher *watcher)
{
	char *end;

	watcher->length -= watcher->next;
	memmove(watcher->text, watcher->text + watcher->next,
		watcher->length);
	watcher->next = 0;
	for (;;) {
		ssize_t n;

		end = memchr(watcher->text, '\n', watcher->length);
		if (end != NULL)
			break;
		n = read_some(watcher->fd, watcher->text + watcher->length,
			sizeof(watcher->text) - 1 - watcher->length);
		if (n == 0)
			fail_msg("the connection has ended");
		watcher->length += (size_t)n;
		watcher->text[watcher->length] = '\0';
	}
	watcher->next = (size_t)(end - watcher->text) + 1;
	return watcher->text;
}
