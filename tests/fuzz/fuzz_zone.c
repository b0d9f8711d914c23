/*
 * fuzz_zone.c - time zones against a plain reading of their files, and windows
 * against a plain reading of the calendar.
 *
 * An input that begins with "TZif" is a file. Of any other the first line is a
 * rule and each line behind it a window; where the rule is none it is UTC.
 */
#include "fuzz.h"

#include "hash.h"
#include "window.h"
#include "zone.h"

#define DAY 86400
#define OFFSET_MIN (-89999)
#define OFFSET_MAX 93599
#define WINDOWS_MAX 4
#define PROBES 48

/* Numbers that depend on the input, the same in every run. */
static uint64_t chance;

static uint64_t
chance_word(void)
{
	chance = hash_fold(chance + 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u);
	return chance;
}

/* A moment: mostly of these centuries, sometimes any. */
static int64_t
chance_moment(void)
{
	uint64_t word = chance_word();

	return word % 8 == 0 ? (int64_t)chance_word()
		: (int64_t)(chance_word() % 8000000000u) - 2000000000;
}

/* --- What any zone has to be. */

static void
check_moment(const struct zone *zone, int64_t when)
{
	int32_t offset = zone_offset(zone, when);
	int64_t next = zone_next(zone, when);
	struct zone_time local;

	fuzz_check(offset >= OFFSET_MIN && offset <= OFFSET_MAX);
	zone_local(zone, when, &local);
	fuzz_check(local.second < DAY);
	fuzz_check(local.weekday < 7);
	fuzz_check(local.month_days >= 28 && local.month_days <= 31);
	fuzz_check(local.month_day >= 1 && local.month_day <= local.month_days);
	if (when > INT64_MIN / 2 && when < INT64_MAX / 2) {
		fuzz_check(local.day * DAY + local.second == when + offset);
		fuzz_check((local.day % 7 + 11) % 7 == (int)local.weekday);
	}
	fuzz_check(next > when || when == INT64_MAX);
	if (next == INT64_MAX)
		return;
	/* Nothing changes before it. */
	fuzz_check(zone_offset(zone, next - 1) == offset);
	fuzz_check(zone_offset(zone, when + (int64_t)
		(((uint64_t)next - (uint64_t)when) / 2)) == offset);
	fuzz_check(zone_next(zone, next - 1) == next);
}

static void
check_zone(const struct zone *zone)
{
	static const int64_t moments[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1,
		INT64_MAX - 1, INT64_MAX };
	size_t i;

	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		check_moment(zone, moments[i]);
	for (i = 0; i < PROBES; i++) {
		int64_t when = chance_moment();

		check_moment(zone, when);
		check_moment(zone, zone_next(zone, when));
	}
}

/* --- Files, read a second time. */

static int64_t
number_at(const uint8_t *octets, unsigned length)
{
	uint64_t number = octets[0] >= 0x80 ? UINT64_MAX : 0;

	while (length-- > 0)
		number = number << 8 | *octets++;
	return (int64_t)number;
}

/* What the header at HEADER counts, by its place there. */
static size_t
count_at(const uint8_t *header, unsigned i)
{
	return (size_t)(uint32_t)number_at(header + 20 + i * 4, 4);
}

static size_t
data_octets(const uint8_t *header, size_t wide)
{
	return count_at(header, 3) * (wide + 1) + count_at(header, 4) * 6 +
		count_at(header, 5) + count_at(header, 2) * (wide + 4) +
		count_at(header, 1) + count_at(header, 0);
}

/* The offset in force at WHEN by the table, of a file that was accepted; one at
 * a time. *BEHIND tells whether that is behind the last change of it. */
static int32_t
plain_offset(const uint8_t *data, int64_t when, int *behind)
{
	const uint8_t *header = data, *times, *types;
	unsigned wide = 4;
	size_t i, type = 0, count;

	if (header[4] != 0) {
		header += 44 + data_octets(header, 4);
		wide = 8;
	}
	count = count_at(header, 3);
	times = header + 44;
	types = times + count * (wide + 1);
	for (i = 0; i < count; i++) {
		if (number_at(times + i * wide, wide) > when)
			break;
		type = times[count * wide + i];
	}
	*behind = i == count;
	return (int32_t)number_at(types + type * 6, 4);
}

static void
check_file(const uint8_t *data, size_t size)
{
	struct zone *zone = zone_from_tzif(data, size);
	size_t i;

	if (zone == NULL)
		return;
	fuzz_check(zone_memory(zone) <= 1024 + 16 * size);
	check_zone(zone);
	for (i = 0; i < PROBES; i++) {
		int64_t when = chance_moment();
		int behind;
		int32_t offset = plain_offset(data, when, &behind);

		if (!behind || data[4] == 0)
			fuzz_check(zone_offset(zone, when) == offset);
	}
	zone_free(zone);
}

/* --- Windows. */

static int
plain_opens(const struct window *window, int64_t day)
{
	struct zone_time date, later;
	unsigned nth = 0, back;

	zone_local(NULL, day * DAY, &date);
	zone_local(NULL, (day + 7) * DAY, &later);
	for (back = 7; back < date.month_day; back += 7)
		nth++;
	if (!(window->days & 1U << date.weekday))
		return 0;
	return (window->weeks & 1U << nth) != 0 ||
		((window->weeks & WINDOW_LAST_WEEK) &&
		later.month_day < date.month_day);
}

/* In seconds since the midnight of the day on which it opened. */
static int
plain_is_open(const struct window *window, const struct zone *zone,
	int64_t when)
{
	int64_t from = window->from * 60, to = window->to * 60, second;
	struct zone_time local;
	int back;

	zone_local(zone, when, &local);
	if (to <= from)
		to += DAY;
	for (back = 0; back <= 1; back++) {
		second = local.second + (int64_t)back * DAY;
		if (second >= from && second < to &&
		    plain_opens(window, local.day - back))
			return 1;
	}
	return 0;
}

static int
any_open(const struct window *windows, size_t count, const struct zone *zone,
	int64_t when)
{
	size_t i;
	int any = 0;

	for (i = 0; i < count; i++) {
		int open = plain_is_open(&windows[i], zone, when);

		fuzz_check(window_is_open(&windows[i], zone, when) == open);
		any |= open;
	}
	fuzz_check(window_any_is_open(windows, count, zone, when) == any);
	return any;
}

static void
check_change(const struct window *windows, size_t count,
	const struct zone *zone, int64_t now)
{
	int64_t change = window_change(windows, count, zone, now);
	int64_t end = change != 0 ? change : now + 400 * (int64_t)DAY;
	int open = any_open(windows, count, zone, now), i;

	fuzz_check(end > now && end <= now + 400 * (int64_t)DAY);
	if (change != 0)
		fuzz_check(any_open(windows, count, zone, change) != open);
	fuzz_check(any_open(windows, count, zone, end - 1) == open);
	for (i = 0; i < PROBES; i++) {
		int64_t when = now + (int64_t)(chance_word() %
			(uint64_t)(end - now));

		fuzz_check(any_open(windows, count, zone, when) == open);
	}
}

/* Returns 1 where the line is a window. */
static size_t
take_window(struct window *window, const char *line, size_t length)
{
	char text[WINDOW_TEXT_MAX];
	struct window_error error;
	struct window again;

	if (window_from_text(window, line, length, &error) != 0) {
		fuzz_check(error.at <= length);
		fuzz_check(strlen(error.expected) > 0);
		return 0;
	}
	fuzz_check(window->days != 0 && window->days < 0x80);
	fuzz_check(window->weeks != 0 && window->weeks < 0x40);
	fuzz_check(window->from < 1440);
	fuzz_check(window->to > 0 && window->to <= 1440);
	window_to_text(window, text);
	fuzz_check(window_from_text(&again, text, strlen(text), &error) == 0);
	fuzz_check(memcmp(window, &again, sizeof(again)) == 0);
	return 1;
}

static void
check_text(struct input input)
{
	struct window windows[WINDOWS_MAX];
	struct zone *zone = NULL;
	const char *line;
	size_t count = 0, length;
	int i;

	if (input_line(&input, &line, &length))
		zone = zone_from_rule(line, length);
	check_zone(zone);
	while (count < WINDOWS_MAX && input_line(&input, &line, &length))
		count += take_window(&windows[count], line, length);
	for (i = 0; i < 4; i++)
		check_change(windows, count, zone, 1600000000 +
			(int64_t)(chance_word() % 500000000));
	zone_free(zone);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	chance = hash_checksum((const char *)data, size);
	if (size >= 4 && memcmp(data, "TZif", 4) == 0)
		check_file(data, size);
	else
		check_text(input);
	return 0;
}
