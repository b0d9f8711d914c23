/*
 * control.h - the thread beside the workers: it takes their events, writes
 * the log and serves the control socket.
 *
 * Thread-safety: control_start() and control_stop() are for the host's main
 * thread while no worker runs; the others are for the worker that WORKER is the
 * number of, and never wait.
 */
#ifndef BITSINK_CONTROL_H
#define BITSINK_CONTROL_H

#include <stdatomic.h>
#include <stddef.h>

#include "event.h"
#include "observer.h"
#include "standing.h"
#include "stats.h"
#include "tally.h"

/* All of it borrowed, until control_stop(). */
struct control_setup {
	const struct standing *standing;
	struct tally *tally;
	struct observer *observer;
	struct stats *stats;
	/* Unbound's version. */
	const char *unbound;
	say_line line;
	/* Octets of the module that are not in what is above. */
	size_t memory;
};

struct control;

/*
 * Starts the thread, all signals blocked in it. Where the socket cannot be
 * had, that is said and the thread does the rest. NULL, with the reason said,
 * where there can be no thread: queries are judged without it.
 */
struct control *control_start(const struct control_setup *setup);

/* Takes what is still on its way, ends the thread and waits for its end.
 * Accepts NULL. */
void control_stop(struct control *control);

/* Whether somebody listens who wants allowed queries, too. */
int control_wants_allowed(const struct control *control);

/* Where to write the next event, or NULL, and it is counted as lost. */
struct event *control_reserve(struct control *control, size_t worker);
void control_publish(struct control *control, size_t worker);

/* Octets it takes by itself. */
size_t control_memory(const struct control *control);

#endif
