/*
 * history.c - how many queries were allowed, blocked, audited and quiet in the
 * last day, in steps.
 */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"

/* Element step % HISTORY_STEPS has the step's. */
struct steps {
	struct outcomes counts[HISTORY_STEPS];
};

struct history {
	size_t group_count;
	/* What the counters of each group stood at last. */
	struct outcomes *stood;
	/* The steps of each group, NULL where it has none. */
	struct steps **own;
	size_t own_count;
	struct steps all;
	/* The step that is fed now, in steps since 1970. */
	int64_t newest;
	int is_begun;
};

/* One more, for nothing is not to be had everywhere. */
static size_t
room_of(size_t groups, size_t size)
{
	return (groups + 1) * size;
}

struct history *
history_new(size_t groups)
{
	struct history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	history->group_count = groups;
	history->stood = pages_take(room_of(groups, sizeof(*history->stood)));
	history->own = pages_take(room_of(groups, sizeof(*history->own)));
	if (history->stood == NULL || history->own == NULL) {
		history_free(history);
		return NULL;
	}
	return history;
}

void
history_free(struct history *history)
{
	size_t i;

	if (history == NULL)
		return;
	for (i = 0; history->own != NULL && i < history->group_count; i++)
		free(history->own[i]);
	pages_give(history->own, room_of(history->group_count,
		sizeof(*history->own)));
	pages_give(history->stood, room_of(history->group_count,
		sizeof(*history->stood)));
	free(history);
}

/* Before 1970 there were no steps. */
static int64_t
step_of(int64_t now)
{
	return now > 0 ? now / HISTORY_STEP_SECONDS : 0;
}

/* Clears COUNT elements from AT on, of all there are. */
static void
clear(struct history *history, size_t at, size_t count)
{
	size_t octets = count * sizeof(*history->all.counts), i;

	memset(&history->all.counts[at], 0, octets);
	for (i = 0; i < history->group_count; i++)
		if (history->own[i] != NULL)
			memset(&history->own[i]->counts[at], 0, octets);
}

/* Goes on to STEP. One that is not kept any more shows that the clock was wrong
 * before, and the steps with it; one that is does not count as going back. */
static void
advance(struct history *history, int64_t step)
{
	if (step <= history->newest - HISTORY_STEPS ||
	    step >= history->newest + HISTORY_STEPS) {
		clear(history, 0, HISTORY_STEPS);
		history->newest = step;
	}
	/* What a new step takes the place of is a day old. */
	while (history->newest < step)
		clear(history, (size_t)(++history->newest % HISTORY_STEPS), 1);
}

/* A counter that is lower than it was began anew. */
static uint64_t
growth(uint64_t stood, uint64_t stands)
{
	return stands >= stood ? stands - stood : stands;
}

static struct outcomes
growth_of(const struct outcomes *stood, const struct outcomes *stands)
{
	struct outcomes grown;

	grown.allowed = growth(stood->allowed, stands->allowed);
	grown.blocked = growth(stood->blocked, stands->blocked);
	grown.audited = growth(stood->audited, stands->audited);
	grown.quiet = growth(stood->quiet, stands->quiet);
	return grown;
}

static void
add(struct history *history, struct steps *steps,
	const struct outcomes *grown)
{
	struct outcomes *count =
		&steps->counts[history->newest % HISTORY_STEPS];

	count->allowed += grown->allowed;
	count->blocked += grown->blocked;
	count->audited += grown->audited;
	count->quiet += grown->quiet;
}

/* The steps of a group, which are made where it needs some; or NULL. */
static struct steps *
steps_of(struct history *history, size_t group,
	const struct outcomes *grown)
{
	struct steps **own = &history->own[group];

	if (*own != NULL || (grown->blocked == 0 && grown->audited == 0) ||
	    history->own_count == HISTORY_GROUPS_MAX)
		return *own;
	*own = calloc(1, sizeof(**own));
	history->own_count += *own != NULL;
	return *own;
}

static void
add_growth(struct history *history, size_t group,
	const struct outcomes *stands)
{
	struct outcomes grown = growth_of(&history->stood[group], stands);
	struct steps *own = steps_of(history, group, &grown);

	add(history, &history->all, &grown);
	if (own != NULL)
		add(history, own, &grown);
}

/* Of many groups most have nothing new; what is not written to takes no
 * memory. */
static void
feed_group(struct history *history, size_t group,
	const struct outcomes *stands)
{
	struct outcomes *stood = &history->stood[group];

	if (memcmp(stood, stands, sizeof(*stood)) == 0)
		return;
	if (history->is_begun)
		add_growth(history, group, stands);
	*stood = *stands;
}

void
history_feed(struct history *history, int64_t now, history_counts counts,
	const void *arg)
{
	size_t i;

	advance(history, step_of(now));
	for (i = 0; i < history->group_count; i++) {
		struct outcomes stands = counts(arg, i);

		feed_group(history, i, &stands);
	}
	history->is_begun = 1;
}

int
history_steps(const struct history *history, int64_t now, size_t group,
	struct outcomes steps[HISTORY_STEPS])
{
	const struct steps *from = &history->all;
	int64_t step = step_of(now);
	size_t i;

	if (group != SIZE_MAX)
		from = group < history->group_count ? history->own[group]
			: NULL;
	if (from == NULL)
		return -1;
	/* The clock went back, and feeding stays in the newest. */
	if (step < history->newest)
		step = history->newest;
	step -= HISTORY_STEPS;
	memset(steps, 0, HISTORY_STEPS * sizeof(*steps));
	for (i = 0; i < HISTORY_STEPS; i++) {
		step++;
		if (step >= 0 && step <= history->newest)
			steps[i] = from->counts[step % HISTORY_STEPS];
	}
	return 0;
}

void
history_move(struct history *to, struct history *from, const size_t *map)
{
	size_t i;

	to->all = from->all;
	to->newest = from->newest;
	to->is_begun = from->is_begun;
	for (i = 0; i < from->group_count; i++) {
		if (map[i] == SIZE_MAX || from->own[i] == NULL)
			continue;
		to->own[map[i]] = from->own[i];
		to->own_count++;
		from->own[i] = NULL;
		from->own_count--;
	}
}

size_t
history_memory(const struct history *history)
{
	return sizeof(*history) +
		(history->group_count + 1) * (sizeof(*history->stood) +
		sizeof(*history->own)) +
		history->own_count * sizeof(**history->own);
}
