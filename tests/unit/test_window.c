/*
 * test_window.c - windows minute by minute against libc's calendar, and what is
 * none.
 */
#include "support.h"

#include <time.h>

#include "window.h"

#define ZONEINFO "/usr/share/zoneinfo/"
#define DAY 86400
#define MINUTES (366 * 24 * 60)
#define WRONG_MAX 5

#define START_EXPECTED "a day (Mon Tue Wed Thu Fri Sat Sun), daily, or one " \
	"of 1st 2nd 3rd 4th 5th last"
#define DAY_EXPECTED "one of Mon Tue Wed Thu Fri Sat Sun"
#define WEEK_EXPECTED "one of 1st 2nd 3rd 4th 5th last"
#define WEEKDAY_EXPECTED "a space, and which weekday of the month"
#define OTHER_EXPECTED "another day than the first; daily is all of them"
#define TIMES_EXPECTED "a space, and times such as 22:00-04:00"
#define FROM_EXPECTED "a time from 00:00 to 23:59"
#define TO_EXPECTED "a time from 00:00 to 24:00"
#define DASH_EXPECTED "'-', and the time of the end"
#define END_EXPECTED "nothing behind the time of the end"

#define SUN 0x01
#define MON 0x02
#define TUE 0x04
#define WED 0x08
#define THU 0x10
#define FRI 0x20
#define SAT 0x40

/* --- Text. */

struct good_row {
	const char *text;
	/* As window_to_text() writes it; NULL where that is the same. */
	const char *again;
	struct window window;
};

static const struct good_row good_rows[] = {
	{ "Tue 22:00-04:00", NULL, { TUE, 0x1f, 1320, 240 } },
	{ "Mon-Fri 18:30-24:00", NULL, { 0x3e, 0x1f, 1110, 1440 } },
	{ "Sat,Sun 00:00-24:00", NULL, { SAT | SUN, 0x1f, 0, 1440 } },
	{ "daily 02:00-03:00", NULL, { 0x7f, 0x1f, 120, 180 } },
	{ "2nd Tue 19:00-07:00", NULL, { TUE, 0x02, 1140, 420 } },
	{ "last Sun 00:00-24:00", NULL, { SUN, 0x20, 0, 1440 } },
	{ "sun 00:00-00:01", "Sun 00:00-00:01", { SUN, 0x1f, 0, 1 } },
	{ "MON 23:59-23:59", "Mon 23:59-23:59", { MON, 0x1f, 1439, 1439 } },
	{ "DAILY 00:00-24:00", "daily 00:00-24:00", { 0x7f, 0x1f, 0, 1440 } },
	{ "LAST fRI 10:00-11:00", "last Fri 10:00-11:00",
		{ FRI, 0x20, 600, 660 } },
	{ "1ST Wed 10:00-11:00", "1st Wed 10:00-11:00",
		{ WED, 0x01, 600, 660 } },
	{ "Tue 22:00-00:00", "Tue 22:00-24:00", { TUE, 0x1f, 1320, 1440 } },
	{ "Tue 00:00-00:00", "Tue 00:00-24:00", { TUE, 0x1f, 0, 1440 } },
	{ "Fri-Mon 20:00-21:00", NULL,
		{ FRI | SAT | SUN | MON, 0x1f, 1200, 1260 } },
	{ "Sat-Sun 20:00-21:00", "Sat,Sun 20:00-21:00",
		{ SAT | SUN, 0x1f, 1200, 1260 } },
	{ "Sun-Sat 20:00-21:00", "daily 20:00-21:00",
		{ 0x7f, 0x1f, 1200, 1260 } },
	{ "Mon,Tue,Wed 20:00-21:00", "Mon-Wed 20:00-21:00",
		{ MON | TUE | WED, 0x1f, 1200, 1260 } },
	{ "Sun,Mon-Wed,Tue,Fri 20:00-21:00", "Fri,Sun-Wed 20:00-21:00",
		{ SUN | MON | TUE | WED | FRI, 0x1f, 1200, 1260 } },
	{ "Mon,Wed,Fri,Sun 20:00-21:00", "Wed,Fri,Sun,Mon 20:00-21:00",
		{ SUN | MON | WED | FRI, 0x1f, 1200, 1260 } },
	{ "Thu  20:00-21:00", "Thu 20:00-21:00", { THU, 0x1f, 1200, 1260 } },
	{ "1st,3rd Sat 20:00-21:00", NULL, { SAT, 0x05, 1200, 1260 } },
	{ "last,4th Sat 20:00-21:00", "4th,last Sat 20:00-21:00",
		{ SAT, 0x28, 1200, 1260 } },
	{ "5th Tue-Thu,Sat 20:00-21:00", NULL,
		{ TUE | WED | THU | SAT, 0x10, 1200, 1260 } },
	{ "1st,2nd,3rd,4th,5th Sat 20:00-21:00", "Sat 20:00-21:00",
		{ SAT, 0x1f, 1200, 1260 } },
	{ "1st   Mon-Sun 20:00-21:00", "1st Mon-Sun 20:00-21:00",
		{ 0x7f, 0x01, 1200, 1260 } },
};

/* Reads a window from just its octets, so that a look beyond them is seen. */
static int
read_window(struct window *window, const char *text, size_t length,
	struct window_error *error)
{
	char *copy = malloc(length > 0 ? length : 1);
	int result;

	assert_non_null(copy);
	memcpy(copy, text, length);
	result = window_from_text(window, copy, length, error);
	free(copy);
	return result;
}

static struct window
window_of(const char *text)
{
	struct window_error error;
	struct window window;

	if (read_window(&window, text, strlen(text), &error) != 0)
		fail_msg("%s: at %zu: expected %s", text, error.at,
			error.expected);
	return window;
}

static int
same_window(const char *row, const struct window *expected,
	const struct window *found)
{
	return row_number(row, "days", expected->days, found->days) +
		row_number(row, "weeks", expected->weeks, found->weeks) +
		row_number(row, "from", expected->from, found->from) +
		row_number(row, "to", expected->to, found->to);
}

static void
good_windows_are_read_and_written(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rows); i++) {
		const struct good_row *r = &good_rows[i];
		struct window window = window_of(r->text);
		char text[WINDOW_TEXT_MAX];

		wrong += same_window(r->text, &r->window, &window);
		window_to_text(&window, text);
		wrong += row_text(r->text, r->again != NULL ? r->again
			: r->text, text);
	}
	assert_int_equal(wrong, 0);
}

static void
text_of_any_window_reads_back_as_that_window(void **state)
{
	struct chance chance = { 1 };
	unsigned days, weeks;
	size_t longest = 0;

	(void)state;
	for (days = 1; days <= 0x7f; days++)
		for (weeks = 1; weeks <= 0x3f; weeks++) {
			struct window window = { (uint8_t)days, (uint8_t)weeks,
				(uint16_t)chance_below(&chance, 1440),
				(uint16_t)(1 + chance_below(&chance, 1440)) };
			char text[WINDOW_TEXT_MAX + 1];
			struct window again;

			text[WINDOW_TEXT_MAX] = '#';
			window_to_text(&window, text);
			assert_int_equal(text[WINDOW_TEXT_MAX], '#');
			if (strlen(text) > longest)
				longest = strlen(text);
			again = window_of(text);
			if (same_window(text, &window, &again))
				fail();
		}
	assert_in_range(longest, 50, WINDOW_TEXT_MAX - 1);
}

struct bad_row {
	const char *text;
	size_t at;
	const char *expected;
};

static const struct bad_row bad_rows[] = {
	{ "", 0, START_EXPECTED },
	{ " Tue 22:00-04:00", 0, START_EXPECTED },
	{ "22:00-04:00", 0, START_EXPECTED },
	{ "Tuesday 22:00-04:00", 0, START_EXPECTED },
	{ "Tu 22:00-04:00", 0, START_EXPECTED },
	{ "Tue22:00-04:00", 0, START_EXPECTED },
	{ "Die 22:00-04:00", 0, START_EXPECTED },
	{ "6th Tue 22:00-04:00", 0, START_EXPECTED },
	{ "2 Tue 22:00-04:00", 0, START_EXPECTED },
	{ "second Tue 22:00-04:00", 0, START_EXPECTED },
	{ "every 22:00-04:00", 0, START_EXPECTED },
	{ "*", 0, START_EXPECTED },
	{ "\xc3\xa4", 0, START_EXPECTED },
	{ "-Tue 22:00-04:00", 0, START_EXPECTED },
	{ ",Tue 22:00-04:00", 0, START_EXPECTED },
	{ "Tue-", 4, DAY_EXPECTED },
	{ "Tue- Wed 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue-Wedn 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue-22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue-daily 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue, Wed 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue,,Wed 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue,daily 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue,2nd Wed 22:00-04:00", 4, DAY_EXPECTED },
	{ "Mon-Wed,", 8, DAY_EXPECTED },
	{ "Mon-Tue-Wed 22:00-04:00", 7, TIMES_EXPECTED },
	{ "Mon-Mon 22:00-04:00", 4, OTHER_EXPECTED },
	{ "2nd", 3, WEEKDAY_EXPECTED },
	{ "2nd-3rd Tue 22:00-04:00", 3, WEEKDAY_EXPECTED },
	{ "2nd\tTue 22:00-04:00", 3, WEEKDAY_EXPECTED },
	{ "2nd,Tue 22:00-04:00", 4, WEEK_EXPECTED },
	{ "2nd, 3rd Tue 22:00-04:00", 4, WEEK_EXPECTED },
	{ "2nd,3 Tue 22:00-04:00", 4, WEEK_EXPECTED },
	{ "2nd ", 4, DAY_EXPECTED },
	{ "2nd daily 22:00-04:00", 4, DAY_EXPECTED },
	{ "2nd last Tue 22:00-04:00", 4, DAY_EXPECTED },
	{ "2nd 22:00-04:00", 4, DAY_EXPECTED },
	{ "Tue", 3, TIMES_EXPECTED },
	{ "Tue\t22:00-04:00", 3, TIMES_EXPECTED },
	{ "Tue. 22:00-04:00", 3, TIMES_EXPECTED },
	{ "daily,Tue 22:00-04:00", 5, TIMES_EXPECTED },
	{ "daily-Tue 22:00-04:00", 5, TIMES_EXPECTED },
	{ "Tue ", 4, FROM_EXPECTED },
	{ "Tue Wed 22:00-04:00", 4, FROM_EXPECTED },
	{ "Tue 9:00-10:00", 4, FROM_EXPECTED },
	{ "Tue 24:00-04:00", 4, FROM_EXPECTED },
	{ "Tue 99:99-04:00", 4, FROM_EXPECTED },
	{ "Tue 22:60-04:00", 4, FROM_EXPECTED },
	{ "Tue 22-04", 4, FROM_EXPECTED },
	{ "Tue 22.00-04.00", 4, FROM_EXPECTED },
	{ "Tue 22:0", 4, FROM_EXPECTED },
	{ "Tue -1:00-04:00", 4, FROM_EXPECTED },
	{ "Tue 22:00", 9, DASH_EXPECTED },
	{ "Tue 22:00 04:00", 9, DASH_EXPECTED },
	{ "Tue 22:00 - 04:00", 9, DASH_EXPECTED },
	{ "Tue 22:000-04:00", 9, DASH_EXPECTED },
	{ "Tue 22:00:00-04:00:00", 9, DASH_EXPECTED },
	{ "Tue 22:00-", 10, TO_EXPECTED },
	{ "Tue 22:00-4:00", 10, TO_EXPECTED },
	{ "Tue 22:00- 04:00", 10, TO_EXPECTED },
	{ "Tue 22:00-24:01", 10, TO_EXPECTED },
	{ "Tue 22:00-25:00", 10, TO_EXPECTED },
	{ "Tue 22:00-23:60", 10, TO_EXPECTED },
	{ "Tue 22:00-04:0", 10, TO_EXPECTED },
	{ "Tue 22:00-Wed 04:00", 10, TO_EXPECTED },
	{ "Tue 22:00-04:00 ", 15, END_EXPECTED },
	{ "Tue 22:00-04:000", 15, END_EXPECTED },
	{ "Tue 22:00-04:00,Wed 01:00-02:00", 15, END_EXPECTED },
	{ "Tue 22:00-04:00 Europe/Berlin", 15, END_EXPECTED },
};

static void
what_is_no_window_says_what_was_expected(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_rows); i++) {
		const struct bad_row *r = &bad_rows[i];
		struct window_error error = { 99, "(no error)" };
		struct window window;

		wrong += row_number(r->text, "result", -1, read_window(&window,
			r->text, strlen(r->text), &error));
		wrong += row_number(r->text, "offset", (long)r->at,
			(long)error.at);
		wrong += row_text(r->text, r->expected, error.expected);
	}
	assert_int_equal(wrong, 0);
}

/* Of each good text the parts, and with each octet another one. */
static void
errors_are_inside_the_text(void **state)
{
	static const char octets[] = "MTWFSonuedhri1259 ,-:stal\t\xff";
	struct window_error error;
	struct window window;
	size_t i, k, at;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rows); i++) {
		size_t length = strlen(good_rows[i].text);
		char text[64];

		assert_true(length < sizeof(text));
		for (at = 0; at < length; at++) {
			assert_int_equal(read_window(&window,
				good_rows[i].text, at, &error), -1);
			assert_in_range(error.at, 0, at);
			/* With the NUL at the end, too. */
			for (k = 0; k < sizeof(octets); k++) {
				strcpy(text, good_rows[i].text);
				text[at] = octets[k];
				if (read_window(&window, text, length,
				    &error) != 0)
					assert_in_range(error.at, 0, length);
			}
		}
	}
}

/* --- A year. */

/* A year of a zone by libc: for each minute of it, in UTC. */
struct year {
	const char *name;
	struct zone *zone;
	int64_t begin;
	size_t minutes;
	/* Day of the local year, from -1 on (the last of the year before), and
	 * minute of that day. */
	int16_t day[MINUTES];
	uint16_t minute[MINUTES];
	/* Of each of these days, from that one on: its weekday, and which of
	 * the month it is, from the first and from the last one on. */
	int weekday[368];
	int nth[368];
	int nth_last[368];
};

static struct zone *
zone_of_file(const char *name)
{
	static uint8_t octets[65536];
	struct zone *zone;
	char path[256];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", ZONEINFO, name);
	file = fopen(path, "rb");
	if (file == NULL)
		print_error("found no %s, expected the time zone database; "
			"Debian's package is tzdata\n", path);
	assert_non_null(file);
	length = fread(octets, 1, sizeof(octets), file);
	assert_int_equal(fclose(file), 0);
	zone = zone_from_tzif(octets, length);
	assert_non_null(zone);
	return zone;
}

static struct zone *
zone_of_rule(const char *rule)
{
	struct zone *zone = zone_from_rule(rule, strlen(rule));

	assert_non_null(zone);
	return zone;
}

/* Counts the weekdays of each month, forth and back. */
static void
fill_dates(struct year *year, int number)
{
	static const int lengths[] = { 31, 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31, 31 };
	int leap = number % 4 == 0 && (number % 100 != 0 || number % 400 == 0);
	struct tm tm = { .tm_year = number - 1900, .tm_mday = 1 };
	int64_t first = timegm(&tm);
	int month, day, at = -30, weekday;

	/* December 1 of the year before is 31 days before January 1. */
	weekday = (tm.tm_wday + 7 * 5 - 31) % 7;
	year->begin = first;
	year->minutes = (size_t)(365 + leap) * 24 * 60;
	for (month = 0; month < 14; month++) {
		int length = lengths[month] + (month == 2 && leap);
		int seen[7] = { 0 }, last[7] = { 0 }, begin = at;

		for (day = 0; day < length; day++, at++) {
			int w = (weekday + day) % 7;

			seen[w]++;
			if (at < 0 || at > 367)
				continue;
			year->weekday[at] = w;
			year->nth[at] = seen[w];
		}
		for (day = length - 1; day >= 0; day--) {
			int w = (weekday + day) % 7;

			last[w]++;
			if (begin + day >= 0 && begin + day < 368)
				year->nth_last[begin + day] = last[w];
		}
		weekday = (weekday + length) % 7;
	}
}

/* Takes ZONE, which LIBC is the name of. */
static void
fill_year(struct year *year, const char *libc, struct zone *zone, int number)
{
	size_t i;

	memset(year, 0, sizeof(*year));
	year->name = libc;
	year->zone = zone;
	fill_dates(year, number);
	assert_int_equal(setenv("TZ", libc, 1), 0);
	tzset();
	for (i = 0; i < year->minutes; i++) {
		time_t when = (time_t)year->begin + 60 * (time_t)i;
		struct tm tm;

		assert_non_null(localtime_r(&when, &tm));
		year->minute[i] = (uint16_t)(tm.tm_hour * 60 + tm.tm_min);
		year->day[i] = (int16_t)(tm.tm_year + 1900 < number ? -1
			: tm.tm_year + 1900 > number
			? (int)year->minutes / (24 * 60) : tm.tm_yday);
		/* The counting is right. */
		assert_int_equal(tm.tm_wday, year->weekday[year->day[i] + 1]);
	}
}

/* What the text of a window says of a date, place AT of the year. */
static int
plain_opens(const struct year *year, const struct window *window, int at)
{
	static const uint8_t days[] = { SUN, MON, TUE, WED, THU, FRI, SAT };
	static const uint8_t weeks[] = { 0, 0x01, 0x02, 0x04, 0x08, 0x10 };

	return (window->days & days[year->weekday[at]]) != 0 &&
		((window->weeks & weeks[year->nth[at]]) != 0 ||
		((window->weeks & 0x20) != 0 && year->nth_last[at] == 1));
}

/* Whether it is open in minute I of the year. */
static int
plain_is_open(const struct year *year, const struct window *window, size_t i)
{
	int minute = year->minute[i], at = year->day[i] + 1;
	int over = window->to <= window->from;

	if (plain_opens(year, window, at) && minute >= window->from &&
	    (over || minute < window->to))
		return 1;
	return over && minute < window->to && plain_opens(year, window, at - 1);
}

/* The first minute of the local year: from there on the day before is known. */
static size_t
first_minute(const struct year *year)
{
	size_t i;

	for (i = 0; year->day[i] < 0; i++)
		;
	return i;
}

static const char *const year_windows[] = {
	"Tue 22:00-04:00", "Mon-Fri 18:30-24:00", "Sat,Sun 00:00-24:00",
	"daily 02:00-03:00", "daily 02:30-02:30", "2nd Tue 19:00-07:00",
	"last Sun 00:00-24:00", "last Sun 01:59-03:01", "Fri-Mon 23:59-00:15",
	"5th Mon-Sun 12:00-12:00", "1st,3rd,last Sat 23:00-01:00",
	"1st Mon-Sun 00:00-23:59", "Sun 00:00-00:00", "1st Sun 01:15-01:45",
};

static int
compare_year(const struct year *year, const char *text)
{
	struct window window = window_of(text);
	size_t i, open = 0;
	int wrong = 0;
	char row[128];

	for (i = first_minute(year); i < year->minutes; i++) {
		int64_t when = year->begin + 60 * (int64_t)i;
		int expected = plain_is_open(year, &window, i);

		/* The last second of a minute is as its first; often enough. */
		if (i % 16 == 0)
			when += 59;
		open += expected != 0;
		if (window_is_open(&window, year->zone, when) == expected)
			continue;
		snprintf(row, sizeof(row), "%s, \"%s\" at %lld", year->name,
			text, (long long)when);
		wrong += row_number(row, "open", expected, !expected);
		if (wrong >= WRONG_MAX)
			break;
	}
	assert_in_range(open, 10, year->minutes);
	return wrong;
}

static const struct year_row {
	const char *zone;
	int year;
} year_rows[] = {
	{ "Europe/Berlin", 2026 }, { "America/New_York", 2024 },
	{ "Australia/Lord_Howe", 2026 },
	/* Clocks were changed at midnight, both ways. */
	{ "America/Sao_Paulo", 2018 },
	/* December 30 was left out. */
	{ "Pacific/Apia", 2011 },
	/* From the rule alone. */
	{ "America/St_Johns", 2040 },
};

static void
windows_are_open_when_libc_says_so(void **state)
{
	static struct year year;
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(year_rows); i++) {
		fill_year(&year, year_rows[i].zone,
			zone_of_file(year_rows[i].zone), year_rows[i].year);
		for (k = 0; k < COUNT_OF(year_windows); k++)
			wrong += compare_year(&year, year_windows[k]);
		zone_free(year.zone);
	}
	assert_int_equal(wrong, 0);
}

/* --- Moments that are known. */

struct moment_row {
	const char *text;
	/* A rule; NULL is UTC. */
	const char *zone;
	/* In UTC. */
	int month, day, hour, minute, second;
	int open;
};

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define MIDNIGHT "<-03>3<-02>,M11.1.0/0,M2.3.0/0"

/* All of 2026. */
static const struct moment_row moment_rows[] = {
	/* The moment of the begin, that of the end, over midnight. */
	{ "Tue 22:00-04:00", NULL, 11, 24, 21, 59, 59, 0 },
	{ "Tue 22:00-04:00", NULL, 11, 24, 22, 0, 0, 1 },
	{ "Tue 22:00-04:00", NULL, 11, 25, 0, 0, 0, 1 },
	{ "Tue 22:00-04:00", NULL, 11, 25, 3, 59, 59, 1 },
	{ "Tue 22:00-04:00", NULL, 11, 25, 4, 0, 0, 0 },
	{ "Tue 22:00-04:00", NULL, 11, 25, 22, 0, 0, 0 },
	{ "Tue 22:00-04:00", NULL, 11, 24, 3, 0, 0, 0 },
	{ "Tue 22:00-24:00", NULL, 11, 24, 23, 59, 59, 1 },
	{ "Tue 22:00-24:00", NULL, 11, 25, 0, 0, 0, 0 },
	{ "Tue 22:00-00:00", NULL, 11, 24, 23, 59, 59, 1 },
	{ "Tue 22:00-00:00", NULL, 11, 25, 0, 0, 0, 0 },
	{ "Tue 22:00-22:00", NULL, 11, 25, 21, 59, 59, 1 },
	{ "Tue 22:00-22:00", NULL, 11, 25, 22, 0, 0, 0 },
	/* By the clock of the place. */
	{ "Tue 22:00-04:00", BERLIN, 11, 24, 20, 59, 59, 0 },
	{ "Tue 22:00-04:00", BERLIN, 11, 24, 21, 0, 0, 1 },
	{ "Tue 22:00-04:00", BERLIN, 7, 7, 19, 59, 59, 0 },
	{ "Tue 22:00-04:00", BERLIN, 7, 7, 20, 0, 0, 1 },
	/* March 29: from 02:00 to 03:00, at 01:00 UTC. */
	{ "Sun 02:00-03:00", BERLIN, 3, 29, 0, 59, 59, 0 },
	{ "Sun 02:00-03:00", BERLIN, 3, 29, 1, 0, 0, 0 },
	{ "Sun 02:30-03:30", BERLIN, 3, 29, 0, 59, 59, 0 },
	{ "Sun 02:30-03:30", BERLIN, 3, 29, 1, 0, 0, 1 },
	{ "Sun 02:30-03:30", BERLIN, 3, 29, 1, 30, 0, 0 },
	{ "Sat 22:00-04:00", BERLIN, 3, 29, 1, 59, 59, 1 },
	{ "Sat 22:00-04:00", BERLIN, 3, 29, 2, 0, 0, 0 },
	/* October 25: from 03:00 back to 02:00, at 01:00 UTC. */
	{ "Sun 02:00-03:00", BERLIN, 10, 24, 23, 59, 59, 0 },
	{ "Sun 02:00-03:00", BERLIN, 10, 25, 0, 0, 0, 1 },
	{ "Sun 02:00-03:00", BERLIN, 10, 25, 1, 59, 59, 1 },
	{ "Sun 02:00-03:00", BERLIN, 10, 25, 2, 0, 0, 0 },
	{ "Sun 02:15-02:45", BERLIN, 10, 25, 0, 30, 0, 1 },
	{ "Sun 02:15-02:45", BERLIN, 10, 25, 0, 50, 0, 0 },
	{ "Sun 02:15-02:45", BERLIN, 10, 25, 1, 10, 0, 0 },
	{ "Sun 02:15-02:45", BERLIN, 10, 25, 1, 30, 0, 1 },
	/* November 1, at midnight: no 00:30 that day. */
	{ "Sun 00:30-01:00", MIDNIGHT, 11, 1, 2, 59, 59, 0 },
	{ "Sun 00:30-01:00", MIDNIGHT, 11, 1, 3, 0, 0, 0 },
	{ "Sat 23:00-01:30", MIDNIGHT, 11, 1, 3, 29, 59, 1 },
	{ "Sat 23:00-01:30", MIDNIGHT, 11, 1, 3, 30, 0, 0 },
	/* February 15, at midnight: Saturday's last hour comes again. */
	{ "Sat 23:00-24:00", MIDNIGHT, 2, 15, 1, 30, 0, 1 },
	{ "Sat 23:00-24:00", MIDNIGHT, 2, 15, 2, 30, 0, 1 },
	{ "Sat 23:00-24:00", MIDNIGHT, 2, 15, 3, 0, 0, 0 },
	/* From one month to the next. */
	{ "last Tue 22:00-04:00", NULL, 4, 1, 3, 0, 0, 1 },
	{ "last Tue 22:00-04:00", NULL, 3, 25, 3, 0, 0, 0 },
	{ "5th Tue 22:00-04:00", NULL, 4, 1, 3, 0, 0, 1 },
	{ "4th Tue 22:00-04:00", NULL, 4, 1, 3, 0, 0, 0 },
	{ "1st Wed 22:00-04:00", NULL, 4, 1, 3, 0, 0, 0 },
	{ "1st Sun 22:00-04:00", NULL, 3, 1, 23, 0, 0, 1 },
	{ "last Sat 22:00-04:00", NULL, 3, 1, 1, 0, 0, 1 },
	{ "5th Sat 22:00-04:00", NULL, 3, 1, 1, 0, 0, 0 },
	{ "last Wed 22:00-04:00", NULL, 1, 1, 3, 0, 0, 1 },
	{ "5th Wed 22:00-04:00", NULL, 1, 1, 3, 0, 0, 1 },
};

static int64_t
moment_of(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
		.tm_mday = day };

	return timegm(&tm);
}

static void
windows_open_and_close_by_the_clock_on_the_wall(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(moment_rows); i++) {
		const struct moment_row *r = &moment_rows[i];
		struct zone *zone = r->zone != NULL ? zone_of_rule(r->zone)
			: NULL;
		struct window window = window_of(r->text);
		int64_t when = moment_of(2026, r->month, r->day) +
			r->hour * 3600 + r->minute * 60 + r->second;
		char row[128];

		snprintf(row, sizeof(row), "%s, %02d-%02d %02d:%02d:%02d",
			r->text, r->month, r->day, r->hour, r->minute,
			r->second);
		wrong += row_number(row, "open", r->open,
			window_is_open(&window, zone, when));
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
}

/* On the second Tuesday of each month Microsoft has updates. */
static void
patch_tuesdays_of_2026_are_found(void **state)
{
	static const int days[] = { 13, 10, 10, 14, 12, 9, 14, 11, 8, 13, 10,
		8 };
	struct zone *zone = zone_of_rule("PST8PDT,M3.2.0,M11.1.0");
	struct window window = window_of("2nd Tue 10:00-18:00");
	int64_t when = moment_of(2026, 1, 1);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(days); i++) {
		/* Daylight saving time from March 8 to November 1. */
		int64_t opens = moment_of(2026, (int)i + 1, days[i]) +
			(i >= 2 && i < 10 ? 17 : 18) * 3600;

		when = window_change(&window, 1, zone, when);
		assert_int_equal(when, opens);
		when = window_change(&window, 1, zone, when);
		assert_int_equal(when, opens + 8 * 3600);
	}
	zone_free(zone);
}

/* --- Changes. */

static const struct set {
	const char *texts[3];
} sets[] = {
	{ { "Tue 22:00-04:00" } },
	{ { "daily 02:00-03:00" } },
	{ { "2nd Tue 19:00-07:00", "Wed 07:00-08:00" } },
	{ { "last Sun 01:30-02:30", "1st Mon 00:00-24:00" } },
	{ { "Mon-Fri 18:30-24:00", "Sat,Sun 00:00-24:00",
		"daily 23:00-07:00" } },
	{ { "Sat 22:00-04:00", "Sun 03:00-03:30", "5th Fri 23:59-23:58" } },
	{ { "Sun 00:30-01:00", "Sat 23:00-24:00" } },
	{ { "daily 01:30-02:00", "daily 02:00-02:30" } },
};

static size_t
windows_of(const struct set *set, struct window *windows)
{
	size_t count;

	for (count = 0; count < 3 && set->texts[count] != NULL; count++)
		windows[count] = window_of(set->texts[count]);
	return count;
}

static int
any_open(const struct window *windows, size_t count, const struct zone *zone,
	int64_t when)
{
	size_t i;
	int open = 0;

	for (i = 0; i < count; i++)
		open |= window_is_open(&windows[i], zone, when);
	assert_int_equal(window_any_is_open(windows, count, zone, when), open);
	return open;
}

/* Each change between BEGIN and END, found in steps of STEP seconds, and asked
 * for from the change before and from a moment in between. *CHANGES counts
 * them. */
static int
compare_set(const char *name, const struct zone *zone, const struct set *set,
	int64_t begin, int64_t end, int64_t step, int *changes)
{
	struct chance chance = { 1 };
	struct window windows[3];
	size_t count = windows_of(set, windows);
	int64_t when, last = begin, found;
	int open = any_open(windows, count, zone, begin), wrong = 0;
	char row[128];

	for (when = begin + step; when < end && wrong < WRONG_MAX;
	    when += step) {
		int64_t from;

		if (any_open(windows, count, zone, when) == open)
			continue;
		from = last + (int64_t)chance_below(&chance,
			(unsigned)(when - last));
		snprintf(row, sizeof(row), "%s, \"%s\" from %lld", name,
			set->texts[0], (long long)last);
		found = window_change(windows, count, zone, last);
		wrong += row_number(row, "change", (long)when, (long)found);
		found = window_change(windows, count, zone, from);
		wrong += row_number(row, "change, later", (long)when,
			(long)found);
		last = when;
		open = !open;
		(*changes)++;
	}
	return wrong;
}

static void
changes_are_the_first_that_a_search_finds(void **state)
{
	int wrong = 0, changes = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(year_rows); i++) {
		struct zone *zone = zone_of_file(year_rows[i].zone);
		int year = year_rows[i].year;

		for (k = i % 2; k < COUNT_OF(sets); k += 2)
			wrong += compare_set(year_rows[i].zone, zone, &sets[k],
				moment_of(year, 1, 1),
				moment_of(year + 1, 1, 1), 60, &changes);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	/* There was something to compare. */
	assert_true(changes > 3000);
}

/* Clocks that are not whole minutes from UTC, and are changed at odd seconds
 * in the middle of a window. */
static void
changes_are_exact_to_the_second(void **state)
{
	static const char *const rules[] = { "AAA-0:19:32",
		"AAA-0:19:32BBB-1:20:07,M3.5.0/1:45:17,M10.5.0/2:07:09",
		"AAA12:59:59BBB,J85/2:00:01,J301/3:00:02" };
	int wrong = 0, changes = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rules); i++) {
		struct zone *zone = zone_of_rule(rules[i]);

		for (k = i % 2; k < COUNT_OF(sets); k += 2) {
			wrong += compare_set(rules[i], zone, &sets[k],
				moment_of(2026, 3, 25),
				moment_of(2026, 3, 31), 1, &changes);
			wrong += compare_set(rules[i], zone, &sets[k],
				moment_of(2026, 10, 24),
				moment_of(2026, 10, 29), 1, &changes);
		}
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	assert_true(changes > 100);
}

static void
what_does_not_change_has_no_next_change(void **state)
{
	struct zone *zone = zone_of_rule(BERLIN);
	struct window windows[2];
	int64_t now = moment_of(2026, 5, 1);

	(void)state;
	assert_int_equal(window_change(NULL, 0, zone, now), 0);
	windows[0] = window_of("daily 00:00-24:00");
	assert_int_equal(window_change(windows, 1, zone, now), 0);
	windows[0] = window_of("daily 07:30-07:30");
	assert_int_equal(window_change(windows, 1, zone, now), 0);
	windows[0] = window_of("Mon-Thu 12:00-12:00");
	windows[1] = window_of("Fri,Sat,Sun 12:00-12:00");
	assert_int_equal(window_change(windows, 2, zone, now), 0);
	/* All of its time is left out, each time. */
	windows[0] = window_of("last Sun 02:10-02:50");
	windows[0].days = SUN;
	assert_int_equal(window_change(windows, 1, zone,
		moment_of(2026, 3, 28)), moment_of(2026, 4, 26) + 600);
	assert_int_equal(window_change(windows, 1, zone, INT64_MAX), 0);
	assert_int_equal(window_change(windows, 1, zone, INT64_MIN), 0);
	zone_free(zone);
}

/* A window of no day is none that text can say; it is never open. */
static void
any_structure_is_safe(void **state)
{
	struct chance chance = { 1 };
	struct zone *zone = zone_of_rule(BERLIN);
	char text[WINDOW_TEXT_MAX];
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct window window = { (uint8_t)chance_word(&chance),
			(uint8_t)chance_word(&chance),
			(uint16_t)chance_word(&chance),
			(uint16_t)chance_word(&chance) };
		int64_t when = (int64_t)chance_word(&chance);

		window_to_text(&window, text);
		assert_true(strlen(text) < sizeof(text));
		window_is_open(&window, zone, when);
		window.days = 0;
		assert_int_equal(window_is_open(&window, zone, when), 0);
	}
	zone_free(zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_windows_are_read_and_written),
		cmocka_unit_test(text_of_any_window_reads_back_as_that_window),
		cmocka_unit_test(what_is_no_window_says_what_was_expected),
		cmocka_unit_test(errors_are_inside_the_text),
		cmocka_unit_test(windows_are_open_when_libc_says_so),
		cmocka_unit_test(
			windows_open_and_close_by_the_clock_on_the_wall),
		cmocka_unit_test(patch_tuesdays_of_2026_are_found),
		cmocka_unit_test(changes_are_the_first_that_a_search_finds),
		cmocka_unit_test(changes_are_exact_to_the_second),
		cmocka_unit_test(what_does_not_change_has_no_next_change),
		cmocka_unit_test(any_structure_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
