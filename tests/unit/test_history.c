/*
 * test_history.c - how many queries were allowed, blocked and audited in the
 * last day, in steps.
 */
#include "support.h"

#include "history.h"

#define STEP HISTORY_STEP_SECONDS
#define DAY (HISTORY_STEPS * HISTORY_STEP_SECONDS)
/* The first second of a step. */
#define START (INT64_C(2000000) * STEP)
#define GROUPS 3

/* Counters of some groups, and the history that is fed with them. */
struct fed {
	struct history *history;
	struct outcomes counts[GROUPS];
};

static struct outcomes
counts_in(const void *arg, size_t group)
{
	const struct outcomes *counts = arg;

	return counts[group];
}

static struct fed
fed_from(int64_t now)
{
	struct fed fed;

	memset(&fed, 0, sizeof(fed));
	fed.history = history_new(GROUPS);
	assert_non_null(fed.history);
	history_feed(fed.history, now, counts_in, fed.counts);
	return fed;
}

/* So many more of GROUP, and all counters are fed. */
static void
feed(struct fed *fed, int64_t now, size_t group, unsigned allowed,
	unsigned blocked, unsigned audited)
{
	fed->counts[group].allowed += allowed;
	fed->counts[group].blocked += blocked;
	fed->counts[group].audited += audited;
	history_feed(fed->history, now, counts_in, fed->counts);
}

/* Steps that have some, as AGE:ALLOWED/BLOCKED/AUDITED, and +QUIET where there
 * were any; the last has age 0. */
static const char *
text_of(const struct history *history, int64_t now, size_t group)
{
	static char text[HISTORY_STEPS * 48];
	struct outcomes steps[HISTORY_STEPS];
	size_t i, length = 0;

	if (history_steps(history, now, group, steps) != 0)
		return "none";
	text[0] = '\0';
	for (i = 0; i < HISTORY_STEPS; i++) {
		const struct outcomes *step = &steps[i];

		if (step->allowed + step->blocked + step->audited +
		    step->quiet == 0)
			continue;
		length += (size_t)snprintf(text + length,
			sizeof(text) - length, "%s%zu:%lu/%lu/%lu",
			length > 0 ? " " : "", HISTORY_STEPS - 1 - i,
			(unsigned long)step->allowed,
			(unsigned long)step->blocked,
			(unsigned long)step->audited);
		if (step->quiet > 0)
			length += (size_t)snprintf(text + length,
				sizeof(text) - length, "+%lu",
				(unsigned long)step->quiet);
	}
	return text;
}

static void
the_first_call_sets_where_the_counters_begin(void **state)
{
	const struct outcomes counts[GROUPS] = { { 100, 200, 300, 400 },
		{ 0, 0, 0, 0 }, { 1, 0, 0, 0 } };
	struct history *history = history_new(GROUPS);

	(void)state;
	assert_non_null(history);
	assert_string_equal(text_of(history, START, SIZE_MAX), "");
	history_feed(history, START, counts_in, counts);
	assert_string_equal(text_of(history, START, SIZE_MAX), "");
	assert_string_equal(text_of(history, START, 0), "none");
	history_feed(history, START, counts_in, counts);
	assert_string_equal(text_of(history, START, SIZE_MAX), "");
	history_free(history);
}

static void
growth_goes_to_the_step_it_is_fed_in(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	feed(&fed, START + STEP - 1, 0, 1, 2, 3);
	feed(&fed, START + STEP - 1, 0, 10, 0, 0);
	feed(&fed, START + STEP, 0, 4, 5, 6);
	feed(&fed, START + 3 * STEP, 0, 0, 0, 9);
	assert_string_equal(text_of(fed.history, START + 3 * STEP, SIZE_MAX),
		"3:11/2/3 2:4/5/6 0:0/0/9");
	assert_string_equal(text_of(fed.history, START + 4 * STEP - 1, 0),
		"3:11/2/3 2:4/5/6 0:0/0/9");
	assert_string_equal(text_of(fed.history, START + 5 * STEP, 0),
		"5:11/2/3 4:4/5/6 2:0/0/9");
	history_free(fed.history);
}

static void
groups_add_up_to_all(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	fed.counts[0].blocked = 1;
	fed.counts[1].audited = 10;
	feed(&fed, START, 2, 1000, 100, 0);
	feed(&fed, START + STEP, 1, 5, 0, 0);
	assert_string_equal(text_of(fed.history, START + STEP, SIZE_MAX),
		"1:1000/101/10 0:5/0/0");
	assert_string_equal(text_of(fed.history, START + STEP, 0), "1:0/1/0");
	assert_string_equal(text_of(fed.history, START + STEP, 1),
		"1:0/0/10 0:5/0/0");
	assert_string_equal(text_of(fed.history, START + STEP, 2),
		"1:1000/100/0");
	history_free(fed.history);
}

static void
a_group_has_steps_from_its_first_block_on(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	feed(&fed, START, 0, 7, 0, 0);
	assert_string_equal(text_of(fed.history, START, 0), "none");
	feed(&fed, START + STEP, 0, 2, 1, 0);
	assert_string_equal(text_of(fed.history, START + STEP, 0), "0:2/1/0");
	assert_string_equal(text_of(fed.history, START + STEP, SIZE_MAX),
		"1:7/0/0 0:2/1/0");
	feed(&fed, START + STEP, 1, 0, 0, 1);
	assert_string_equal(text_of(fed.history, START + STEP, 1), "0:0/0/1");
	assert_string_equal(text_of(fed.history, START + STEP, 2), "none");
	history_free(fed.history);
}

/* They are no alarm: nobody looks for a curve of them. */
static void
quiet_queries_are_told_and_make_no_steps_of_a_group(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	fed.counts[0].quiet = 5;
	feed(&fed, START, 0, 1, 0, 0);
	assert_string_equal(text_of(fed.history, START, SIZE_MAX), "0:1/0/0+5");
	assert_string_equal(text_of(fed.history, START, 0), "none");
	feed(&fed, START + STEP, 0, 0, 2, 0);
	fed.counts[0].quiet = 12;
	feed(&fed, START + STEP, 0, 0, 0, 0);
	assert_string_equal(text_of(fed.history, START + STEP, 0), "0:0/2/0+7");
	assert_string_equal(text_of(fed.history, START + STEP, SIZE_MAX),
		"1:1/0/0+5 0:0/2/0+7");
	/* A counter that fell. */
	fed.counts[0].quiet = 3;
	feed(&fed, START + STEP, 0, 0, 0, 0);
	assert_string_equal(text_of(fed.history, START + STEP, 0),
		"0:0/2/0+10");
	history_free(fed.history);
}

static void
there_is_no_group_beyond_the_last(void **state)
{
	struct fed fed = fed_from(START);
	struct history *none = history_new(0);

	(void)state;
	assert_string_equal(text_of(fed.history, START, GROUPS), "none");
	assert_string_equal(text_of(fed.history, START, SIZE_MAX - 1), "none");
	assert_non_null(none);
	history_feed(none, START, counts_in, fed.counts);
	assert_string_equal(text_of(none, START, 0), "none");
	assert_string_equal(text_of(none, START, SIZE_MAX), "");
	history_free(none);
	history_free(fed.history);
	history_free(NULL);
}

/* --- Clocks. */

static void
a_step_is_kept_for_a_day(void **state)
{
	struct fed fed = fed_from(START);
	const struct history *history = fed.history;

	(void)state;
	feed(&fed, START, 0, 1, 1, 1);
	assert_string_equal(text_of(history, START + DAY - 1, 0), "95:1/1/1");
	assert_string_equal(text_of(history, START + DAY, 0), "");
	/* It goes when its place is needed. */
	feed(&fed, START + DAY - STEP, 0, 2, 0, 0);
	assert_string_equal(text_of(history, START + DAY - STEP, 0),
		"95:1/1/1 0:2/0/0");
	feed(&fed, START + DAY, 0, 3, 0, 0);
	assert_string_equal(text_of(history, START + DAY, 0),
		"1:2/0/0 0:3/0/0");
	assert_string_equal(text_of(history, START + DAY, SIZE_MAX),
		"1:2/0/0 0:3/0/0");
	history_free(fed.history);
}

static void
a_gap_is_empty(void **state)
{
	static const int64_t gaps[] = { 2, HISTORY_STEPS - 1, HISTORY_STEPS,
		HISTORY_STEPS + 1, 3 * HISTORY_STEPS + 5, 100000 };
	static const char *const expected[] = { "3:1/1/0 2:2/0/0 0:4/0/0",
		"95:2/0/0 0:4/0/0", "0:4/0/0", "0:4/0/0", "0:4/0/0",
		"0:4/0/0" };
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(gaps); i++) {
		struct fed fed = fed_from(START);
		int64_t now = START + (1 + gaps[i]) * STEP;
		char row[40];

		feed(&fed, START, 0, 1, 1, 0);
		feed(&fed, START + STEP, 0, 2, 0, 0);
		feed(&fed, now, 0, 4, 0, 0);
		snprintf(row, sizeof(row), "gap of %ld", (long)gaps[i]);
		wrong += row_text(row, expected[i], text_of(fed.history, now,
			SIZE_MAX));
		wrong += row_text(row, expected[i], text_of(fed.history, now,
			0));
		history_free(fed.history);
	}
	assert_int_equal(wrong, 0);
}

static void
a_clock_that_goes_back_stays_in_the_newest_step(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	feed(&fed, START, 0, 0, 1, 0);
	feed(&fed, START + 4 * STEP, 0, 0, 2, 0);
	feed(&fed, START + 2 * STEP, 0, 0, 10, 0);
	/* Whoever looks then sees it, too. */
	assert_string_equal(text_of(fed.history, START + 2 * STEP, 0),
		"4:0/1/0 0:0/12/0");
	feed(&fed, START + 5 * STEP - DAY, 0, 0, 20, 0);
	feed(&fed, START + 4 * STEP, 0, 0, 40, 0);
	feed(&fed, START + 5 * STEP, 0, 0, 80, 0);
	assert_string_equal(text_of(fed.history, START + 5 * STEP, 0),
		"5:0/1/0 1:0/72/0 0:0/80/0");
	history_free(fed.history);
}

static void
a_clock_that_goes_back_a_day_begins_anew(void **state)
{
	static const int64_t clocks[] = { START - DAY, 5 * STEP, 0, -1,
		INT64_MIN };
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(clocks); i++) {
		struct fed fed = fed_from(START);
		int64_t next = (clocks[i] > 0 ? clocks[i] : 0) + STEP;
		char row[40];

		snprintf(row, sizeof(row), "clock %ld", (long)clocks[i]);
		feed(&fed, START, 0, 0, 1, 0);
		feed(&fed, clocks[i], 0, 0, 2, 0);
		feed(&fed, next, 0, 0, 4, 0);
		wrong += row_text(row, "1:0/2/0 0:0/4/0",
			text_of(fed.history, next, 0));
		wrong += row_text(row, "1:0/2/0 0:0/4/0",
			text_of(fed.history, next, SIZE_MAX));
		history_free(fed.history);
	}
	assert_int_equal(wrong, 0);
}

static void
a_counter_that_fell_began_anew(void **state)
{
	struct fed fed = fed_from(START);

	(void)state;
	feed(&fed, START, 0, 50, 50, 50);
	memset(fed.counts, 0, sizeof(fed.counts));
	feed(&fed, START + STEP, 0, 1, 2, 50);
	assert_string_equal(text_of(fed.history, START + STEP, 0),
		"1:50/50/50 0:1/2/0");
	history_free(fed.history);
}

/* Everything that came in a day adds up, however it was fed. */
static void
nothing_is_lost_within_a_day(void **state)
{
	struct chance chance = { 31 };
	struct fed fed = fed_from(START);
	struct outcomes steps[HISTORY_STEPS], sum, expected;
	int64_t now = START;
	unsigned i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	memset(&expected, 0, sizeof(expected));
	memset(&sum, 0, sizeof(sum));
	while (now < START + DAY - STEP) {
		unsigned allowed = chance_below(&chance, 5);
		unsigned blocked = chance_below(&chance, 5);
		unsigned audited = chance_below(&chance, 5);

		feed(&fed, now, chance_below(&chance, GROUPS), allowed,
			blocked, audited);
		expected.allowed += allowed;
		expected.blocked += blocked;
		expected.audited += audited;
		now += chance_below(&chance, STEP * 2);
		now -= chance_below(&chance, 60);
	}
	assert_int_equal(history_steps(fed.history, START + DAY - 1, SIZE_MAX,
		steps), 0);
	for (i = 0; i < HISTORY_STEPS; i++) {
		sum.allowed += steps[i].allowed;
		sum.blocked += steps[i].blocked;
		sum.audited += steps[i].audited;
	}
	assert_int_equal(sum.allowed, expected.allowed);
	assert_int_equal(sum.blocked, expected.blocked);
	assert_int_equal(sum.audited, expected.audited);
	history_free(fed.history);
}

/* --- Memory. */

static void
counters_that_stand_still_take_no_memory(void **state)
{
	struct fed fed = fed_from(START);
	size_t before = history_memory(fed.history), one;

	(void)state;
	feed(&fed, START, 0, 0, 0, 0);
	feed(&fed, START + STEP, 1, 9, 0, 0);
	assert_int_equal(history_memory(fed.history), before);
	feed(&fed, START + STEP, 1, 0, 1, 0);
	one = history_memory(fed.history) - before;
	assert_true(one >= HISTORY_STEPS * sizeof(struct outcomes));
	feed(&fed, START + 2 * STEP, 1, 1, 1, 1);
	assert_int_equal(history_memory(fed.history), before + one);
	feed(&fed, START + 2 * STEP, 0, 0, 0, 1);
	assert_int_equal(history_memory(fed.history), before + 2 * one);
	history_free(fed.history);
}

static void
only_so_many_groups_have_steps(void **state)
{
	enum { MANY = HISTORY_GROUPS_MAX + 10 };
	struct outcomes *counts = calloc(MANY, sizeof(*counts));
	struct history *history = history_new(MANY);
	size_t i, memory;

	(void)state;
	assert_non_null(counts);
	assert_non_null(history);
	history_feed(history, START, counts_in, counts);
	/* The last ones come first. */
	for (i = 5; i < MANY; i++)
		counts[i].blocked++;
	history_feed(history, START, counts_in, counts);
	memory = history_memory(history);
	for (i = 0; i < MANY; i++)
		counts[i].blocked++;
	history_feed(history, START + STEP, counts_in, counts);
	assert_int_equal(history_memory(history), memory);
	assert_string_equal(text_of(history, START + STEP, 4), "none");
	assert_string_equal(text_of(history, START + STEP, 5),
		"1:0/1/0 0:0/1/0");
	assert_string_equal(text_of(history, START + STEP,
		HISTORY_GROUPS_MAX + 4), "1:0/1/0 0:0/1/0");
	assert_string_equal(text_of(history, START + STEP,
		HISTORY_GROUPS_MAX + 5), "none");
	/* They count among all. */
	assert_string_equal(text_of(history, START + STEP, SIZE_MAX),
		"1:0/1029/0 0:0/1034/0");
	history_free(history);
	free(counts);
}

/* --- Other groups. */

/* Moves to a history of COUNT groups, and feeds it from now on. */
static void
move(struct fed *fed, size_t count, const size_t *map)
{
	struct history *to = history_new(count);

	assert_non_null(to);
	history_move(to, fed->history, map);
	history_free(fed->history);
	fed->history = to;
	memset(fed->counts, 0, sizeof(fed->counts));
}

static void
a_move_keeps_all_steps(void **state)
{
	static const size_t map[GROUPS] = { 2, SIZE_MAX, 0 };
	struct fed fed = fed_from(START);
	int64_t now = START + 2 * STEP;

	(void)state;
	feed(&fed, START, 0, 1, 2, 3);
	feed(&fed, START + STEP, 1, 4, 5, 6);
	feed(&fed, now, 2, 7, 8, 9);
	move(&fed, GROUPS, map);
	assert_string_equal(text_of(fed.history, now, SIZE_MAX),
		"2:1/2/3 1:4/5/6 0:7/8/9");
	assert_string_equal(text_of(fed.history, now, 0), "0:7/8/9");
	assert_string_equal(text_of(fed.history, now, 1), "none");
	assert_string_equal(text_of(fed.history, now, 2), "2:1/2/3");
	/* All counters begin at 0, and what they have at once counts. */
	feed(&fed, now, 2, 10, 20, 30);
	feed(&fed, now + STEP, 1, 0, 1, 0);
	now += STEP;
	assert_string_equal(text_of(fed.history, now, SIZE_MAX),
		"3:1/2/3 2:4/5/6 1:17/28/39 0:0/1/0");
	assert_string_equal(text_of(fed.history, now, 0), "1:7/8/9");
	assert_string_equal(text_of(fed.history, now, 1), "0:0/1/0");
	assert_string_equal(text_of(fed.history, now, 2),
		"3:1/2/3 1:10/20/30");
	history_free(fed.history);
}

static void
a_move_may_be_to_fewer_or_more_groups(void **state)
{
	static const size_t to_one[GROUPS] = { SIZE_MAX, 0, SIZE_MAX };
	static const size_t to_three[1] = { 1 };
	static const size_t to_none[GROUPS] = { SIZE_MAX, SIZE_MAX,
		SIZE_MAX };
	struct fed fed = fed_from(START);
	size_t i;

	(void)state;
	for (i = 0; i < GROUPS; i++)
		feed(&fed, START, i, 0, (unsigned)i + 1, 0);
	move(&fed, 1, to_one);
	assert_string_equal(text_of(fed.history, START, 0), "0:0/2/0");
	assert_string_equal(text_of(fed.history, START, 1), "none");
	feed(&fed, START, 0, 0, 10, 0);
	move(&fed, GROUPS, to_three);
	assert_string_equal(text_of(fed.history, START, 1), "0:0/12/0");
	assert_string_equal(text_of(fed.history, START, 0), "none");
	move(&fed, 0, to_none);
	assert_string_equal(text_of(fed.history, START, SIZE_MAX),
		"0:0/16/0");
	history_feed(fed.history, START + STEP, counts_in, fed.counts);
	assert_string_equal(text_of(fed.history, START + STEP, SIZE_MAX),
		"1:0/16/0");
	history_free(fed.history);
}

static void
a_history_that_never_began_begins_after_a_move(void **state)
{
	static const size_t map[GROUPS] = { 0, 1, 2 };
	struct fed fed;

	(void)state;
	memset(&fed, 0, sizeof(fed));
	fed.history = history_new(GROUPS);
	assert_non_null(fed.history);
	move(&fed, GROUPS, map);
	feed(&fed, START, 0, 1, 2, 3);
	assert_string_equal(text_of(fed.history, START, SIZE_MAX), "");
	feed(&fed, START, 0, 4, 5, 6);
	assert_string_equal(text_of(fed.history, START, SIZE_MAX),
		"0:4/5/6");
	history_free(fed.history);
}

/* The memory of groups that are gone is given back, and there is room for as
 * many others. */
static void
a_move_makes_room_for_other_groups(void **state)
{
	enum { ALL = HISTORY_GROUPS_MAX };
	struct outcomes *counts = calloc(ALL, sizeof(*counts));
	size_t *map = calloc(ALL, sizeof(*map)), i, full, empty;
	struct history *history = history_new(ALL), *next;

	(void)state;
	assert_true(counts != NULL && map != NULL && history != NULL);
	empty = history_memory(history);
	history_feed(history, START, counts_in, counts);
	for (i = 0; i < ALL; i++) {
		counts[i].blocked = 1;
		map[i] = i % 2 ? SIZE_MAX : ALL - 1 - i;
	}
	history_feed(history, START, counts_in, counts);
	full = history_memory(history);
	next = history_new(ALL);
	assert_non_null(next);
	history_move(next, history, map);
	assert_int_equal(history_memory(next) - empty, (full - empty) / 2);
	/* What is left behind are the steps of those that are gone. */
	assert_int_equal(history_memory(history) - empty, (full - empty) / 2);
	history_free(history);
	history_feed(next, START + STEP, counts_in, counts);
	assert_int_equal(history_memory(next), full);
	for (i = 0; i < ALL; i++)
		assert_string_equal(text_of(next, START + STEP, i),
			i % 2 ? "1:0/1/0 0:0/1/0" : "0:0/1/0");
	history_free(next);
	free(counts);
	free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_call_sets_where_the_counters_begin),
		cmocka_unit_test(growth_goes_to_the_step_it_is_fed_in),
		cmocka_unit_test(groups_add_up_to_all),
		cmocka_unit_test(a_group_has_steps_from_its_first_block_on),
		cmocka_unit_test(
			quiet_queries_are_told_and_make_no_steps_of_a_group),
		cmocka_unit_test(there_is_no_group_beyond_the_last),
		cmocka_unit_test(a_step_is_kept_for_a_day),
		cmocka_unit_test(a_gap_is_empty),
		cmocka_unit_test(
			a_clock_that_goes_back_stays_in_the_newest_step),
		cmocka_unit_test(a_clock_that_goes_back_a_day_begins_anew),
		cmocka_unit_test(a_counter_that_fell_began_anew),
		cmocka_unit_test(nothing_is_lost_within_a_day),
		cmocka_unit_test(counters_that_stand_still_take_no_memory),
		cmocka_unit_test(only_so_many_groups_have_steps),
		cmocka_unit_test(a_move_keeps_all_steps),
		cmocka_unit_test(a_move_may_be_to_fewer_or_more_groups),
		cmocka_unit_test(
			a_history_that_never_began_begins_after_a_move),
		cmocka_unit_test(a_move_makes_room_for_other_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
