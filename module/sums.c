/*
 * sums.c - counters as they are told: by what came of queries, and by group.
 */
#include "sums.h"

#include <string.h>

#include "pages.h"

/* One more, for nothing is not to be had everywhere. */
static size_t
room_of(size_t groups)
{
	return (groups + 1) * sizeof(struct outcomes);
}

int
sums_init(struct sums *sums, size_t groups)
{
	memset(sums, 0, sizeof(*sums));
	sums->groups = pages_take(room_of(groups));
	if (sums->groups == NULL)
		return -1;
	sums->group_count = groups;
	return 0;
}

void
sums_clear(struct sums *sums)
{
	pages_give(sums->groups, room_of(sums->group_count));
	memset(sums, 0, sizeof(*sums));
}

static int
is_nothing(const struct outcomes *outcomes)
{
	return (outcomes->allowed | outcomes->blocked | outcomes->audited |
		outcomes->quiet) == 0;
}

/* Of many groups most have nothing. What is not written to takes no memory, so
 * no zero is written over another, nor is one added. */
static void
zero_groups(struct outcomes *groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!is_nothing(&groups[i]))
			memset(&groups[i], 0, sizeof(*groups));
}

void
sums_zero(struct sums *sums)
{
	struct outcomes *groups = sums->groups;
	size_t count = sums->group_count;

	zero_groups(groups, count);
	memset(sums, 0, sizeof(*sums));
	sums->groups = groups;
	sums->group_count = count;
}

static void
add_outcomes(struct outcomes *to, const struct outcomes *more)
{
	if (is_nothing(more))
		return;
	to->allowed += more->allowed;
	to->blocked += more->blocked;
	to->audited += more->audited;
	to->quiet += more->quiet;
}

/* Adds all that has nothing to do with single groups. */
static void
add_totals(struct sums *sums, const struct sums *more)
{
	unsigned i;

	for (i = 0; i < TALLY_COUNTS; i++)
		sums->counts[i] += more->counts[i];
	for (i = 0; i < REASON_COUNT; i++)
		sums->by_reason[i] += more->by_reason[i];
	for (i = 0; i < ACTION_COUNT; i++)
		sums->by_action[i] += more->by_action[i];
	add_outcomes(&sums->all, &more->all);
	add_outcomes(&sums->gone, &more->gone);
}

void
sums_add(struct sums *sums, const struct sums *more)
{
	size_t i;

	add_totals(sums, more);
	for (i = 0; i < sums->group_count; i++)
		add_outcomes(&sums->groups[i], &more->groups[i]);
}

void
sums_add_earlier(struct sums *sums, const struct sums *from,
	const size_t *map)
{
	size_t i;

	add_totals(sums, from);
	for (i = 0; i < from->group_count; i++)
		add_outcomes(map[i] != SIZE_MAX ? &sums->groups[map[i]]
			: &sums->gone, &from->groups[i]);
}

/* The one of OUTCOMES that queries of GROUP count in. */
static uint64_t *
outcome_for(struct outcomes *outcomes, const struct group *group,
	enum reason reason)
{
	if (reason_allows(reason))
		return &outcomes->allowed;
	if (reason == REASON_QUIET)
		return &outcomes->quiet;
	return group->audit ? &outcomes->audited : &outcomes->blocked;
}

struct outcomes
outcomes_of(const struct group *group, const uint64_t *cells)
{
	struct outcomes outcomes = { 0, 0, 0, 0 };
	unsigned i;

	for (i = REASON_ALLOWED; i < REASON_COUNT; i++)
		*outcome_for(&outcomes, group, (enum reason)i) +=
			cells[tally_cell((enum reason)i, 0)] +
			cells[tally_cell((enum reason)i, 1)];
	return outcomes;
}

/* What was blocked, by what was done to it. Quiet names are no action: nobody
 * is to hear of them. */
static void
add_actions(struct sums *sums, const struct group *group,
	const uint64_t *grown)
{
	unsigned i;
	int in_window;

	if (group->audit)
		return;
	for (i = REASON_ALLOWED; i < REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;

		if (reason_allows(reason) || reason == REASON_QUIET)
			continue;
		for (in_window = 0; in_window <= 1; in_window++)
			sums->by_action[policy_action(group, reason,
				in_window)] +=
				grown[tally_cell(reason, in_window)];
	}
}

static void
add_group(struct sums *sums, size_t number, const struct group *group,
	const uint64_t *cells, const uint64_t *base)
{
	uint64_t grown[TALLY_CELLS];
	struct outcomes outcomes;
	unsigned i;

	for (i = 0; i < TALLY_CELLS; i++)
		grown[i] = cells[i] - base[i];
	for (i = REASON_ALLOWED; i < REASON_COUNT; i++)
		sums->by_reason[i] += grown[tally_cell((enum reason)i, 0)] +
			grown[tally_cell((enum reason)i, 1)];
	add_actions(sums, group, grown);
	outcomes = outcomes_of(group, grown);
	add_outcomes(&sums->groups[number], &outcomes);
	add_outcomes(&sums->all, &outcomes);
}

void
sums_add_tally(struct sums *sums, const struct policy *policy,
	const struct tally *tally, size_t worker, struct tally_values *base,
	int set_back)
{
	uint64_t cells[TALLY_CELLS];
	size_t i;

	for (i = 0; i < TALLY_COUNTS; i++) {
		uint64_t count = tally_read_count(tally, worker,
			(enum tally_count)i);

		sums->counts[i] += count - base->counts[i];
		if (set_back)
			base->counts[i] = count;
	}
	/* One group after the other: all at once would be as large as the
	 * tally, whatever is counted in it. */
	for (i = 0; i < policy->group_count; i++) {
		const uint64_t *from = tally_values_group(base, i);

		(void)tally_read_group(tally, worker, i, cells);
		if (memcmp(cells, from, sizeof(cells)) == 0)
			continue;
		add_group(sums, i, &policy->groups[i], cells, from);
		if (set_back)
			tally_values_set(base, i, cells);
	}
}
