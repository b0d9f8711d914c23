/*
 * test_top.c - which keys came most often, in constant memory.
 */
#include "support.h"

#include "hash.h"
#include "top.h"

#define HOUR 3600
/* Some day at 00:00. */
#define MIDNIGHT (INT64_C(20000) * 24 * HOUR)
#define KEY_MAX 12

static const struct names_key some_key = { { 5, 6 } };

static struct top *
new_top(size_t room)
{
	struct top *top = top_new(room, KEY_MAX);

	assert_non_null(top);
	return top;
}

static void
add(struct top *top, const uint8_t *key, size_t length, int64_t now)
{
	const struct names_key better = hash_key(&some_key);
	uint64_t hash = hash_octets(&better, 0, key, length);

	if (!top_again(top, hash, now))
		top_add(top, hash, key, length, now);
}

static void
add_text(struct top *top, const char *key, int64_t now)
{
	add(top, (const uint8_t *)key, strlen(key), now);
}

static void
add_many(struct top *top, const char *key, unsigned times, int64_t now)
{
	for (; times > 0; times--)
		add_text(top, key, now);
}

/* Numbers as keys, of different lengths. */
static void
add_number(struct top *top, unsigned number)
{
	char key[KEY_MAX + 1];

	snprintf(key, sizeof(key), "%u", number);
	add_text(top, key, MIDNIGHT);
}

static unsigned
number_of(const struct top_entry *entry)
{
	char key[KEY_MAX + 1];

	assert_in_range(entry->key_length, 1, KEY_MAX);
	memcpy(key, entry->key, entry->key_length);
	key[entry->key_length] = '\0';
	return (unsigned)strtoul(key, NULL, 10);
}

static int
is_key(const struct top_entry *entry, const char *key)
{
	return entry->key_length == strlen(key) &&
		memcmp(entry->key, key, entry->key_length) == 0;
}

/* All entries in a list of the caller's to free. */
static struct top_entry *
list_all(const struct top *top, int64_t now)
{
	struct top_entry *entries = calloc(top_room(top), sizeof(*entries));

	assert_non_null(entries);
	assert_int_equal(top_list(top, now, NULL, NULL, entries,
		top_room(top)), top_used(top));
	return entries;
}

/* The one entry of KEY. */
static struct top_entry
entry_of(const struct top *top, const char *key, int64_t now)
{
	struct top_entry *entries = list_all(top, now), found;
	size_t i, times = 0;

	memset(&found, 0, sizeof(found));
	for (i = 0; i < top_used(top); i++)
		if (is_key(&entries[i], key)) {
			found = entries[i];
			times++;
		}
	free(entries);
	assert_int_equal(times, 1);
	return found;
}

/* The keys of a list, with their counts, as text. */
static const char *
text_of(const struct top_entry *entries, size_t count)
{
	static char text[400];
	size_t i, length = 0;

	text[0] = '\0';
	for (i = 0; i < count; i++)
		length += (size_t)snprintf(text + length,
			sizeof(text) - length, "%s%.*s:%lu", i > 0 ? " " : "",
			(int)entries[i].key_length,
			(const char *)entries[i].key,
			(unsigned long)entries[i].count);
	return text;
}

/* --- Streams, against counts of everything. */

#define NUMBERS 50000

/* The key that comes at AT, for a table of ROOM. */
typedef unsigned (*stream)(struct chance *chance, unsigned at, unsigned room);

static unsigned
all_distinct(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	(void)room;
	return at;
}

static unsigned
always_the_same(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	(void)at;
	(void)room;
	return 7;
}

static unsigned
round_robin(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	return at % room;
}

/* The worst there is for a table that lacks one place. */
static unsigned
round_robin_of_one_too_many(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	return at % (room + 1);
}

static unsigned
any_of_many(struct chance *chance, unsigned at, unsigned room)
{
	(void)at;
	return chance_below(chance, room * 3);
}

/* Half of all is key 0, half of what is left key 1, and so on. */
static unsigned
halves(struct chance *chance, unsigned at, unsigned room)
{
	unsigned number = 0;

	(void)at;
	(void)room;
	while (number < NUMBERS - 1 && chance_below(chance, 2))
		number++;
	return number;
}

/* Few come often, many seldom. */
static unsigned
skewed(struct chance *chance, unsigned at, unsigned room)
{
	unsigned limit = 1 + chance_below(chance, NUMBERS);

	(void)at;
	(void)room;
	return chance_below(chance, 1 + chance_below(chance, limit) /
		(1 + chance_below(chance, 1000)));
}

static unsigned
a_flood_after_frequent_ones(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	return at < NUMBERS / 4 ? at % (room / 2 + 1) : at;
}

static unsigned
frequent_ones_after_a_flood(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	return at < NUMBERS / 4 * 3 ? at : at % (room / 2 + 1);
}

static unsigned
frequent_ones_in_a_flood(struct chance *chance, unsigned at, unsigned room)
{
	return chance_below(chance, 2) ? chance_below(chance, room) : at;
}

/* Each new key comes again just when it is due to go. */
static unsigned
back_before_it_goes(struct chance *chance, unsigned at, unsigned room)
{
	(void)chance;
	return at / (2 * room) * room + at % room;
}

static const struct {
	const char *row;
	stream stream;
} streams[] = {
	{ "all distinct", all_distinct },
	{ "always the same", always_the_same },
	{ "round-robin", round_robin },
	{ "round-robin of one too many", round_robin_of_one_too_many },
	{ "any of many", any_of_many },
	{ "halves", halves },
	{ "skewed", skewed },
	{ "a flood after frequent ones", a_flood_after_frequent_ones },
	{ "frequent ones after a flood", frequent_ones_after_a_flood },
	{ "frequent ones in a flood", frequent_ones_in_a_flood },
	{ "back before it goes", back_before_it_goes },
};

static int
row_true(const char *row, const char *what, int is_true)
{
	return row_number(row, what, 1, is_true != 0);
}

/* What space-saving promises, of a table that got ALL keys, number i of them
 * TRUE_COUNTS[i] times. */
static int
check_promises(const char *row, const struct top *top, unsigned all,
	const unsigned *true_counts)
{
	struct top_entry *entries = list_all(top, MIDNIGHT);
	uint8_t *listed = calloc(NUMBERS, 1);
	size_t used = top_used(top), room = top_room(top), i, kinds = 0;
	uint64_t sum = 0;
	int wrong = 0;

	assert_non_null(listed);
	for (i = 0; i < used && wrong < 5; i++) {
		const struct top_entry *entry = &entries[i];
		unsigned number = number_of(entry);

		wrong += row_true(row, "no key is there twice",
			!listed[number]);
		wrong += row_true(row, "true count <= count",
			true_counts[number] <= entry->count);
		wrong += row_true(row, "count - error <= true count",
			entry->count - entry->error <= true_counts[number]);
		wrong += row_true(row, "error < count",
			entry->error < entry->count);
		wrong += row_true(row, "error <= all / room",
			entry->error <= all / room);
		wrong += row_true(row, "sorted", i == 0 ||
			entries[i - 1].count >= entry->count);
		listed[number] = 1;
		sum += entry->count;
	}
	for (i = 0; i < NUMBERS && wrong < 5; i++) {
		kinds += true_counts[i] > 0;
		wrong += row_true(row, "whoever is frequent is there",
			true_counts[i] <= all / room || listed[i]);
	}
	wrong += row_number(row, "sum of counts", all, (long)sum);
	wrong += row_number(row, "used", (long)(kinds < room ? kinds : room),
		(long)used);
	wrong += row_number(row, "exact", kinds <= room, top_is_exact(top));
	free(listed);
	free(entries);
	return wrong;
}

static int
run_stream(struct chance *chance, size_t number, unsigned room)
{
	unsigned *true_counts = calloc(NUMBERS, sizeof(*true_counts)), i;
	struct top *top = new_top(room);
	char row[80];
	int wrong = 0;

	assert_non_null(true_counts);
	snprintf(row, sizeof(row), "%s, room %u", streams[number].row, room);
	for (i = 0; i < NUMBERS; i++) {
		unsigned key = streams[number].stream(chance, i, room);

		assert_in_range(key, 0, NUMBERS - 1);
		add_number(top, key);
		true_counts[key]++;
		/* Now and then; every time while there are few. */
		if ((i < 20 || i % 12347 == 0) && wrong == 0)
			wrong += check_promises(row, top, i + 1, true_counts);
	}
	wrong += check_promises(row, top, NUMBERS, true_counts);
	top_free(top);
	free(true_counts);
	return wrong;
}

static void
every_stream_keeps_the_promises(void **state)
{
	static const unsigned rooms[] = { 1, 2, 3, 16, 100, 1023 };
	struct chance chance = { 21 };
	size_t i, room;
	int wrong = 0;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < COUNT_OF(streams); i++)
		for (room = 0; room < COUNT_OF(rooms); room++)
			wrong += run_stream(&chance, i, rooms[room]);
	assert_int_equal(wrong, 0);
}

static void
the_key_that_goes_has_the_lowest_count(void **state)
{
	enum { ROOM = 37 };
	struct chance chance = { 24 };
	struct top *top = new_top(ROOM);
	unsigned i, gone = 0;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < 5000; i++) {
		struct top_entry *entries = list_all(top, MIDNIGHT);
		unsigned number = chance_below(&chance,
			1 + chance_below(&chance, 4 * ROOM));
		uint64_t lowest = entries[ROOM - 1].count;
		char key[KEY_MAX];
		size_t at = 0;

		while (at < top_used(top) && number_of(&entries[at]) != number)
			at++;
		add_number(top, number);
		if (at == ROOM) {
			snprintf(key, sizeof(key), "%u", number);
			assert_int_equal(entry_of(top, key, MIDNIGHT).error,
				lowest);
			gone++;
		}
		free(entries);
	}
	assert_true(gone > 1000);
	top_free(top);
}

static void
as_many_keys_as_there_is_room_for_are_exact(void **state)
{
	enum { ROOM = 500 };
	struct chance chance = { 22 };
	unsigned true_counts[ROOM] = { 0 };
	struct top *top = new_top(ROOM);
	struct top_entry *entries;
	unsigned i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < ROOM * 20; i++) {
		unsigned key = chance_below(&chance,
			1 + chance_below(&chance, ROOM));

		add_number(top, key);
		true_counts[key]++;
	}
	entries = list_all(top, MIDNIGHT);
	for (i = 0; i < top_used(top); i++) {
		assert_int_equal(entries[i].error, 0);
		assert_int_equal(entries[i].count,
			true_counts[number_of(&entries[i])]);
	}
	assert_true(top_is_exact(top));
	free(entries);
	top_free(top);
}

/* --- Keys. */

static void
a_key_is_no_other_that_it_is_a_prefix_of(void **state)
{
	static const struct {
		uint8_t octets[KEY_MAX];
		size_t length;
	} keys[] = {
		{ { 0 }, 0 }, { { 0 }, 1 }, { { 0 }, 2 }, { { 0 }, 8 },
		{ { 0 }, 9 }, { { 0 }, KEY_MAX }, { "a", 1 }, { "a", 2 },
		{ "abcdefgh", 7 }, { "abcdefgh", 8 }, { "abcdefgh", 9 },
		{ "abcdefghi", 9 }, { "abcdefghijkl", KEY_MAX },
		{ "abcdefghijkL", KEY_MAX },
	};
	struct top *top = new_top(COUNT_OF(keys));
	struct top_entry *entries;
	size_t i, times;

	(void)state;
	for (i = 0; i < COUNT_OF(keys); i++)
		for (times = 0; times <= i; times++)
			add(top, keys[i].octets, keys[i].length, MIDNIGHT);
	entries = list_all(top, MIDNIGHT);
	assert_int_equal(top_used(top), COUNT_OF(keys));
	for (i = 0; i < COUNT_OF(keys); i++) {
		size_t key = COUNT_OF(keys) - 1 - i;

		assert_int_equal(entries[i].count, key + 1);
		assert_int_equal(row_octets("key", keys[key].octets,
			keys[key].length, entries[i].key,
			entries[i].key_length), 0);
	}
	free(entries);
	top_free(top);
}

static void
a_key_that_takes_a_place_begins_with_its_count(void **state)
{
	struct top *top = new_top(2);
	struct top_entry entry;

	(void)state;
	add_many(top, "often", 9, MIDNIGHT);
	add_many(top, "seldom", 4, MIDNIGHT);
	assert_true(top_is_exact(top));
	add_text(top, "new", MIDNIGHT + HOUR);
	assert_false(top_is_exact(top));
	assert_int_equal(top_used(top), 2);
	entry = entry_of(top, "new", MIDNIGHT + HOUR);
	assert_int_equal(entry.count, 5);
	assert_int_equal(entry.error, 4);
	assert_int_equal(entry.first, MIDNIGHT + HOUR);
	assert_int_equal(entry.last, MIDNIGHT + HOUR);
	/* The hours are its own. */
	assert_int_equal(entry.hours[TOP_HOURS - 1], 1);
	assert_int_equal(entry.hours[TOP_HOURS - 2], 0);
	entry = entry_of(top, "often", MIDNIGHT + HOUR);
	assert_int_equal(entry.count, 9);
	assert_int_equal(entry.error, 0);
	top_free(top);
}

/* --- Lists. */

static void
the_most_frequent_comes_first_and_of_equals_the_last(void **state)
{
	struct top *top = new_top(8);
	struct top_entry entries[8];

	(void)state;
	add_many(top, "a", 2, MIDNIGHT);
	add_many(top, "b", 3, MIDNIGHT);
	add_many(top, "c", 2, MIDNIGHT);
	add_many(top, "d", 1, MIDNIGHT);
	add_many(top, "e", 3, MIDNIGHT);
	add_many(top, "d", 1, MIDNIGHT);
	assert_int_equal(top_list(top, MIDNIGHT, NULL, NULL, entries, 8), 5);
	assert_string_equal(text_of(entries, 5), "e:3 b:3 d:2 c:2 a:2");
	top_free(top);
}

static int
begins_with(const struct top_entry *entry, const void *arg)
{
	return entry->key[0] == *(const char *)arg;
}

static int
came_this_hour(const struct top_entry *entry, const void *arg)
{
	assert_null(arg);
	return entry->hours[TOP_HOURS - 1] > 0;
}

static void
only_what_is_wanted_is_listed_and_not_beyond_the_limit(void **state)
{
	static const struct {
		int (*wanted)(const struct top_entry *, const void *);
		const char *arg;
		size_t limit;
		const char *expected;
	} lists[] = {
		{ NULL, NULL, 9, "x3:5 y1:4 x1:3 y2:2 x2:1" },
		{ NULL, NULL, 5, "x3:5 y1:4 x1:3 y2:2 x2:1" },
		{ NULL, NULL, 2, "x3:5 y1:4" },
		{ NULL, NULL, 0, "" },
		{ begins_with, "x", 9, "x3:5 x1:3 x2:1" },
		{ begins_with, "x", 3, "x3:5 x1:3 x2:1" },
		{ begins_with, "x", 2, "x3:5 x1:3" },
		{ begins_with, "y", 1, "y1:4" },
		{ begins_with, "z", 9, "" },
		{ came_this_hour, NULL, 9, "x3:5" },
	};
	struct top *top = new_top(8);
	int wrong = 0;
	size_t i;

	(void)state;
	add_many(top, "x1", 3, MIDNIGHT);
	add_many(top, "x2", 1, MIDNIGHT);
	add_many(top, "x3", 5, MIDNIGHT + HOUR);
	add_many(top, "y1", 4, MIDNIGHT);
	add_many(top, "y2", 2, MIDNIGHT);
	for (i = 0; i < COUNT_OF(lists); i++) {
		struct top_entry entries[9];
		size_t count = top_list(top, MIDNIGHT + HOUR, lists[i].wanted,
			lists[i].arg, entries, lists[i].limit);
		char row[40];

		snprintf(row, sizeof(row), "list %zu", i);
		wrong += row_text(row, lists[i].expected,
			text_of(entries, count));
	}
	assert_int_equal(wrong, 0);
	top_free(top);
}

static void
an_empty_table_lists_nothing(void **state)
{
	struct top *top = new_top(3);
	struct top_entry entry;

	(void)state;
	assert_int_equal(top_list(top, MIDNIGHT, NULL, NULL, &entry, 1), 0);
	assert_int_equal(top_used(top), 0);
	assert_int_equal(top_room(top), 3);
	assert_true(top_is_exact(top));
	top_free(top);
}

/* --- Hours and clocks. */

#define ADDS_MAX 5

struct clock_row {
	const char *row;
	/* Seconds from MIDNIGHT; times 0 ends them. */
	struct {
		int64_t at;
		unsigned times;
	} adds[ADDS_MAX];
	int64_t now;
	/* Hours that have some: the last is 0, the one before it 1... */
	const char *hours;
};

static const struct clock_row clock_rows[] = {
	{ "this hour", { { 0, 2 }, { HOUR - 1, 1 } }, HOUR - 1, "0:3" },
	{ "the hour before", { { 0, 2 }, { HOUR, 1 } }, HOUR, "1:2 0:1" },
	{ "across midnight", { { -1, 4 }, { 0, 1 } }, HOUR / 2, "1:4 0:1" },
	{ "nothing since", { { 0, 2 } }, 5 * HOUR, "5:2" },
	{ "the oldest hour", { { 0, 2 } }, 24 * HOUR - 1, "23:2" },
	{ "a day ago", { { 0, 2 } }, 24 * HOUR, "" },
	{ "the same hour of the next day", { { 0, 2 }, { 24 * HOUR, 1 } },
		24 * HOUR, "0:1" },
	{ "one hour less than a day later", { { 0, 2 }, { 23 * HOUR, 1 } },
		23 * HOUR, "23:2 0:1" },
	{ "a gap of hours", { { 0, 2 }, { HOUR, 3 }, { 20 * HOUR, 4 },
		{ 25 * HOUR, 5 } }, 25 * HOUR, "5:4 0:5" },
	{ "a gap of days", { { 0, 2 }, { 5 * HOUR, 3 }, { 80 * HOUR, 4 } },
		80 * HOUR, "0:4" },
	{ "back by a second", { { HOUR, 2 }, { HOUR - 1, 3 }, { HOUR, 1 } },
		HOUR, "1:3 0:3" },
	{ "back by hours", { { 9 * HOUR, 2 }, { 3 * HOUR, 3 } }, 9 * HOUR,
		"6:3 0:2" },
	{ "back by hours, seen from there", { { 9 * HOUR, 2 }, { 3 * HOUR, 3 },
		{ 2 * HOUR, 1 } }, 3 * HOUR, "1:1 0:3" },
	{ "back by a day: it was wrong before", { { 24 * HOUR, 2 }, { 0, 3 },
		{ HOUR, 1 } }, HOUR, "1:3 0:1" },
	{ "back by years", { { 100000 * HOUR, 2 }, { 0, 3 }, { HOUR, 1 } },
		HOUR, "1:3 0:1" },
	{ "back to 1970", { { 0, 2 }, { -MIDNIGHT + 5 * HOUR, 3 } },
		-MIDNIGHT + 7 * HOUR, "2:3" },
	{ "before 1970", { { -MIDNIGHT - 5, 1 }, { -2 * MIDNIGHT, 1 },
		{ INT64_MIN + MIDNIGHT, 1 }, { -MIDNIGHT, 1 } }, -MIDNIGHT,
		"0:4" },
	{ "at the end of all time", { { 0, 1 }, { INT64_MAX - MIDNIGHT, 2 } },
		INT64_MAX - MIDNIGHT, "0:2" },
};

static const char *
hours_text(const struct top_entry *entry)
{
	static char text[TOP_HOURS * 16];
	size_t length = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < TOP_HOURS; i++)
		if (entry->hours[i] > 0)
			length += (size_t)snprintf(text + length,
				sizeof(text) - length, "%s%d:%u",
				length > 0 ? " " : "", TOP_HOURS - 1 - i,
				(unsigned)entry->hours[i]);
	return text;
}

static void
the_hours_are_the_last_of_the_day(void **state)
{
	int wrong = 0;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT_OF(clock_rows); i++) {
		const struct clock_row *r = &clock_rows[i];
		struct top *top = new_top(2);
		struct top_entry entry;
		unsigned all = 0;

		for (j = 0; j < ADDS_MAX && r->adds[j].times > 0; j++) {
			add_many(top, "key", r->adds[j].times,
				MIDNIGHT + r->adds[j].at);
			all += r->adds[j].times;
		}
		entry = entry_of(top, "key", MIDNIGHT + r->now);
		wrong += row_text(r->row, r->hours, hours_text(&entry));
		wrong += row_number(r->row, "count", all, (long)entry.count);
		wrong += row_true(r->row, "first is not behind last",
			entry.first <= entry.last);
		top_free(top);
	}
	assert_int_equal(wrong, 0);
}

static void
first_and_last_are_when_it_came(void **state)
{
	struct top *top = new_top(2);
	struct top_entry entry;

	(void)state;
	add_text(top, "key", MIDNIGHT + 5);
	add_text(top, "other", MIDNIGHT + 6);
	add_text(top, "key", MIDNIGHT + 7);
	add_text(top, "other", MIDNIGHT + 8);
	entry = entry_of(top, "key", MIDNIGHT + 9);
	assert_int_equal(entry.first, MIDNIGHT + 5);
	assert_int_equal(entry.last, MIDNIGHT + 7);
	/* Back beyond the first. */
	add_text(top, "key", MIDNIGHT + 2);
	entry = entry_of(top, "key", MIDNIGHT + 9);
	assert_int_equal(entry.first, MIDNIGHT + 2);
	assert_int_equal(entry.last, MIDNIGHT + 2);
	top_free(top);
}

static void
clocks_that_jump_leave_the_counts_alone(void **state)
{
	struct chance chance = { 23 };
	unsigned true_counts[40] = { 0 }, i;
	struct top *top = new_top(COUNT_OF(true_counts));
	struct top_entry *entries;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < 20000; i++) {
		unsigned key = chance_below(&chance, COUNT_OF(true_counts));
		/* Hours, days or any time. */
		int64_t now = MIDNIGHT + chance_below(&chance,
			chance_below(&chance, 2) ? 9 * HOUR : 99 * HOUR);
		char text[KEY_MAX];

		if (chance_below(&chance, 10) == 0)
			now = (int64_t)chance_word(&chance);
		snprintf(text, sizeof(text), "%u", key);
		add_text(top, text, now);
		true_counts[key]++;
		if (i % 100 == 0)
			free(list_all(top, now));
	}
	entries = list_all(top, MIDNIGHT);
	for (i = 0; i < top_used(top); i++)
		assert_int_equal(entries[i].count,
			true_counts[number_of(&entries[i])]);
	free(entries);
	top_free(top);
}

/* --- Memory. */

static void
memory_stays_what_it_was(void **state)
{
	struct top *top = new_top(100);
	size_t before = top_memory(top);
	unsigned i;

	(void)state;
	assert_true(before >= 100 * KEY_MAX);
	for (i = 0; i < 100000; i++)
		add_number(top, i);
	assert_int_equal(top_memory(top), before);
	top_free(top);
}

static void
no_table_is_without_room(void **state)
{
	(void)state;
	assert_null(top_new(0, KEY_MAX));
	assert_null(top_new(SIZE_MAX, KEY_MAX));
	top_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stream_keeps_the_promises),
		cmocka_unit_test(the_key_that_goes_has_the_lowest_count),
		cmocka_unit_test(as_many_keys_as_there_is_room_for_are_exact),
		cmocka_unit_test(a_key_is_no_other_that_it_is_a_prefix_of),
		cmocka_unit_test(
			a_key_that_takes_a_place_begins_with_its_count),
		cmocka_unit_test(
			the_most_frequent_comes_first_and_of_equals_the_last),
		cmocka_unit_test(
			only_what_is_wanted_is_listed_and_not_beyond_the_limit),
		cmocka_unit_test(an_empty_table_lists_nothing),
		cmocka_unit_test(the_hours_are_the_last_of_the_day),
		cmocka_unit_test(first_and_last_are_when_it_came),
		cmocka_unit_test(clocks_that_jump_leave_the_counts_alone),
		cmocka_unit_test(memory_stays_what_it_was),
		cmocka_unit_test(no_table_is_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
