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
#include "inforce.h"
#include "judge.h"
#include "observer.h"
#include "stats.h"
#include "tally.h"

/* All of it borrowed, until control_stop(). */
struct control_setup {
	struct inforce *inforce;
	const struct names_key *key;
	struct observer *observer;
	struct stats *stats;
	/* Neither is NULL. What is kept of them is read before anything else,
	 * so that it counts without the thread, too. */
	struct exceptions *exceptions;
	/* What the host declares, as of site.h; NULL: not known. */
	const char *site;
	size_t site_length;
	/* Unbound's version. */
	const char *unbound;
	say_line line;
};

struct control;

/* Whether somebody listens who wants to hear of allowed queries; valid as long
 * as CONTROL. */
const _Atomic int *control_wish(const struct control *control);

/*
 * Starts the thread, all signals blocked in it. Where the socket cannot be
 * had, that is said and the thread does the rest. NULL, with the reason said,
 * where there can be no thread: queries are judged without it.
 */
struct control *control_start(const struct control_setup *setup);

/* Takes what is still on its way, ends the thread and waits for its end.
 * Accepts NULL. */
void control_stop(struct control *control);

/* Whether an allowed query is to be told of, too, or one for a quiet name: one
 * in each of MILLISECONDS, a time of any beginning, of each worker, and all
 * while somebody listens who wants them. Never where that would take the room
 * of blocked queries: what somebody wanted is counted as lost in TALLY then. */
int control_wants_allowed(struct control *control, struct tally *tally,
	size_t worker, int64_t milliseconds);

/* Whether targets of CNAMEs are to be told of: a group is in audit. */
int control_wants_targets(const struct control *control);

/* Where to write the next event, or NULL, and it is counted as lost in
 * TALLY. */
struct event *control_reserve(struct control *control, struct tally *tally,
	size_t worker);
void control_publish(struct control *control, size_t worker);

/* Octets that the module takes; may be called by any thread. */
size_t control_memory(const struct control *control);

#endif
