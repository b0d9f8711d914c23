/*
 * service.h - the conversations on the control socket.
 *
 * A client sends one request, a line of record.h, and gets its reply; then
 * the connection is closed. A listener stays and gets events as they come.
 * Nothing waits for a client: what it does not read is kept within bounds,
 * and beyond them a listener's events are dropped and counted, and another's
 * connection is closed.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_SERVICE_H
#define BITSINK_SERVICE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "record.h"

/* Connections at a time; one more is told so and closed. */
#define SERVICE_CLIENTS_MAX 64
/* Listeners among them. */
#define SERVICE_LISTENERS_MAX 32
/* Octets of a request, with its newline. */
#define SERVICE_REQUEST_MAX 4096
/* Octets of events that wait for a listener. */
#define SERVICE_EVENTS_MAX ((size_t)256 << 10)
/* Octets of replies that wait, of all connections together; while there are
 * more no request is taken. */
#define SERVICE_REPLIES_MAX ((size_t)64 << 20)
/* Milliseconds in which a request must be there, and in which some of a
 * reply must be read, or the connection is closed. */
#define SERVICE_PATIENCE 10000

struct service;

/* A refusal is a record "error text=", with code=busy before it where another
 * time may be better. */

/* What a request is answered with. */
enum service_answer {
	/* The reply is there; the service adds the line "end". */
	SERVICE_REPLY,
	/* The same without "end": the reply is, or ends with, an error. */
	SERVICE_ERROR,
	/* The client becomes a listener: *LISTENER is set, and the service
	 * frees it with free_listener() in the end. */
	SERVICE_LISTEN,
	/* The reply takes its time, and the client waits: *LISTENER is set, and
	 * is what service_reply() and service_end() know it by. */
	SERVICE_LATER
};

struct service_calls {
	/* Answers REQUEST into REPLY. */
	enum service_answer (*answer)(void *arg, const struct record *request,
		struct record_writer *reply, void **listener);
	/* Whether the listener wants EVENT; if so, the record of it is
	 * appended to OUT. */
	int (*event)(void *arg, void *listener, const struct event *event,
		struct record_writer *out);
	/* The listener, or who waited, has gone or has its reply. */
	void (*free_listener)(void *arg, void *listener);
	void *arg;
};

/* For clients of the listening, non-blocking socket FD, which stays the
 * caller's. NULL when out of memory. */
struct service *service_new(int fd, const struct service_calls *calls);

/* Closes all connections; what was written already may still be read. */
void service_free(struct service *service);

/*
 * For poll(): fills FDS, of SERVICE_CLIENTS_MAX + 1, and returns how many
 * there are. *WAIT is lowered to the milliseconds until service_run() has
 * something to do by itself; -1 is forever.
 */
size_t service_poll(struct service *service, int64_t now,
	struct pollfd *fds, int *wait);

/* Does what can be done, after poll() filled in REVENTS. NOW is milliseconds
 * of a clock that only goes forward. Never waits. */
void service_run(struct service *service, int64_t now,
	const struct pollfd *fds);

/* Hands an event to all listeners that want it. */
void service_event(struct service *service, const struct event *event);

/* Where to write the reply that the client of TOKEN waits for; NULL where it
 * has gone. */
struct record_writer *service_reply(struct service *service,
	const void *token);

/* Ends that reply, with ANSWER SERVICE_REPLY or SERVICE_ERROR. Not between
 * service_poll() and service_run(). */
void service_end(struct service *service, const void *token,
	enum service_answer answer, int64_t now);

/* Listeners there are. */
size_t service_listeners(const struct service *service);

/* Octets that it takes now. */
size_t service_memory(const struct service *service);

#endif
