/*
 * history.h - how many queries were allowed, blocked, audited and quiet in the
 * last day, in steps, over all and by group.
 *
 * It is fed with the counters as they stand now and then, and keeps what
 * they grew by. Memory is bounded: groups have steps of their own from the
 * first query that was blocked or audited in them, and only as many as there
 * is room for.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_HISTORY_H
#define BITSINK_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "outcomes.h"

#define HISTORY_STEPS 96
#define HISTORY_STEP_SECONDS 900
/* Groups with steps of their own. */
#define HISTORY_GROUPS_MAX 1024

struct history;

/* For GROUPS groups. NULL when out of memory. */
struct history *history_new(size_t groups);
void history_free(struct history *history);

/* What the counters of GROUP stand at. */
typedef struct outcomes (*history_counts)(const void *arg, size_t group);

/*
 * The counters of all groups, of which COUNTS is asked with ARG, as they stand
 * at NOW, seconds since 1970. The first call sets where they begin. What they
 * grew by since the last call goes to NOW's step. A clock that goes back stays
 * in the newest step. Lack of memory for a group's steps leaves that group
 * without.
 */
void history_feed(struct history *history, int64_t now, history_counts counts,
	const void *arg);

/*
 * The steps of GROUP, or of all groups together for SIZE_MAX, to STEPS, the
 * oldest first; the last is the one that NOW is in. Returns 0, or -1 where
 * the group has no steps of its own.
 */
int history_steps(const struct history *history, int64_t now, size_t group,
	struct outcomes steps[HISTORY_STEPS]);

/*
 * Goes on with other groups: TO, a new history for them, takes over all that
 * FROM has; MAP has the number in TO of each group of FROM, or SIZE_MAX for one
 * that is no more, whose steps are lost but for those of all together. The
 * counters of all groups begin at 0 then. FROM is left empty, to be freed.
 */
void history_move(struct history *to, struct history *from, const size_t *map);

/* Octets it takes. */
size_t history_memory(const struct history *history);

#endif
