/*
 * control.h - who asks bitsink itself, by its control socket.
 *
 * Replies are taken apart here and not by bitsink's own code. Whatever goes
 * wrong, or takes longer than SANDBOX_PATIENCE, fails the test.
 *
 * Thread-safety: for one thread.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "resolver.h"

/* Where the socket is unless the policy says something else; to be freed. */
char *control_path(const struct resolver *resolver);

/* A connection, as a descriptor; -1 with errno where nobody takes it. */
int control_connect(const char *path);

/* The same, of this resolver; fails without. */
int control_open(const struct resolver *resolver);

/* Waits until the resolver has left all connections. */
void control_await_idle(const struct resolver *resolver);

/* Sends TEXT as it is. */
void control_send(int fd, const char *text);

/* All that comes until the other side closes, which it must; to be freed. */
char *control_rest(int fd);

/* Asks, without the newline. The lines of the reply without "end", which must
 * be there; to be freed. */
char *control_ask(const struct resolver *resolver, const char *request);

/* The same for what is refused: the text of the error, to be freed. */
char *control_refused(const struct resolver *resolver, const char *request);

/* The same for what fails: the lines of the reply, the last of which must be an
 * error; to be freed. */
char *control_failed(const struct resolver *resolver, const char *request);

/* What "reload" is answered: the generation that is in force now. */
unsigned long control_reload(const struct resolver *resolver);

/* The first line of KIND in which KEY is VALUE, or NULL. KEY NULL: the first of
 * the kind. Lines begin where a reply begins, or behind another line. */
const char *control_find(const char *reply, const char *kind, const char *key,
	const char *value);

/* The value of KEY in one line, without escapes, to be freed; NULL where the
 * line has none. */
char *control_value(const char *line, const char *key);

/* Whether KEY has this value. */
int control_is(const char *line, const char *key, const char *value);

/* Fails the test unless KEY has this value; NULL: unless the line has none. */
void control_assert(const char *line, const char *key, const char *expected);

/* The value as a number, which it must be. */
unsigned long control_number(const char *line, const char *key);

/* Why CLIENT gets what it gets for NAME and type A, to be freed. */
char *control_explain(const struct resolver *resolver, const char *client,
	const char *name);

/* One who gets events as they come. */
struct watcher;

/* Begins with a request as "watch all=yes"; from now on nothing is missed. */
struct watcher *control_watch(const struct resolver *resolver,
	const char *request);
void control_unwatch(struct watcher *watcher);

/* The next line, which must come; until the next call. */
const char *control_next(struct watcher *watcher);

#endif
