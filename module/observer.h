/*
 * observer.h - what is made of events: log lines, the most blocked, the last
 * day.
 *
 * Thread-safety: one thread; observer_lines(), observer_suppressed() and
 * observer_memory() may be called by any.
 */
#ifndef BITSINK_OBSERVER_H
#define BITSINK_OBSERVER_H

#include <stdatomic.h>

#include "event.h"
#include "history.h"
#include "learned.h"
#include "lines.h"
#include "say.h"
#include "tally.h"
#include "top.h"

enum observer_top {
	OBSERVER_CLIENTS,
	OBSERVER_NAMES,
	OBSERVER_RULES,
	OBSERVER_PAIRS,
	OBSERVER_TOPS
};

/* Keys of each top that are told apart. */
#define OBSERVER_ROOM 4096

/* A key taken apart. */
struct observer_key {
	/* Not ended by a NUL. */
	const char *group;
	size_t group_length;
	/* family ADDRESS_NONE where the key has none. */
	struct address client;
	/* Wire format, lower case; length 0 where the key has none. */
	const uint8_t *name;
	size_t name_length;
	/* For rules. */
	enum reason reason;
	/* File name not ended by a NUL; length 0 where no pattern decided. */
	const char *file;
	size_t file_length;
	unsigned line;
	unsigned column;
};

struct observer;

/* POLICY and TALLY are borrowed. NULL when out of memory. */
struct observer *observer_new(const struct policy *policy,
	const struct tally *tally, const struct names_key *key, say_line line,
	int64_t now);
void observer_free(struct observer *observer);

/*
 * Another policy, in two steps. Preparing takes all memory that is needed; 0,
 * or -1 when out of memory. Switching comes when no worker uses the old policy
 * any more and all its events are taken: POLICY, which was prepared for, and
 * its TALLY are borrowed instead; MAP has the new number of each old group,
 * or SIZE_MAX.
 */
int observer_prepare(struct observer *observer, const struct policy *policy);
void observer_switch(struct observer *observer, const struct policy *policy,
	const struct tally *tally, const size_t *map, int64_t now);

/* An event came. Quiet names leave no trace here. */
void observer_event(struct observer *observer, const struct event *event);

/* To be called every some seconds: feeds the history and sums up what was not
 * logged. */
void observer_tick(struct observer *observer, int64_t now);

/* The same at the end, for what the current minute has left out, too. */
void observer_finish(struct observer *observer, int64_t now);

/* Log lines written, and left out for a limit, since the start. */
uint64_t observer_lines(const struct observer *observer);
uint64_t observer_suppressed(const struct observer *observer);

const struct top *observer_top(const struct observer *observer,
	enum observer_top number);
/* Allowed queries that were seen, which may be some of them; keys are those of
 * OBSERVER_PAIRS. */
const struct top *observer_allowed(const struct observer *observer);
/* What groups in audit asked for; the caller reads and writes its file. */
struct learned *observer_learned(struct observer *observer);
/* When the tops began. */
int64_t observer_since(const struct observer *observer);
const struct history *observer_history(const struct observer *observer);

/* Writes what must not have been in the answer, a name or an address, to TEXT,
 * of OBSERVER_FOUND_MAX octets. Returns 0 where the event is not for that. */
#define OBSERVER_FOUND_MAX NAME_TEXT_MAX
int observer_found(const struct event *event, char *text);

/* Takes the key of a top's entry apart. */
void observer_key(enum observer_top number, const struct top_entry *entry,
	struct observer_key *key);

/* Octets it took when it last looked. */
size_t observer_memory(const struct observer *observer);

#endif
