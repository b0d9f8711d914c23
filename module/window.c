/*
 * window.c - times of the week, as clocks on the wall show them.
 */
#include "window.h"

#include <stdio.h>
#include <string.h>

#include "name.h"

#define MINUTE 60
#define HOUR_MINUTES 60
#define DAY_MINUTES 1440
#define DAY 86400

#define WEEK_DAYS 7
#define ALL_DAYS 0x7f
#define WEEKS 6

/* How far ahead a change is looked for. */
#define AHEAD (400 * (int64_t)DAY)

static const char day_words[WEEK_DAYS][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };
static const char week_words[WEEKS][5] = { "1st", "2nd", "3rd", "4th", "5th",
	"last" };

/* --- From text. */

#define EXPECTED_START "a day (Mon Tue Wed Thu Fri Sat Sun), daily, or one " \
	"of 1st 2nd 3rd 4th 5th last"
#define EXPECTED_DAY "one of Mon Tue Wed Thu Fri Sat Sun"
#define EXPECTED_WEEK "one of 1st 2nd 3rd 4th 5th last"
#define EXPECTED_WEEKDAY "a space, and which weekday of the month"
#define EXPECTED_OTHER "another day than the first; daily is all of them"
#define EXPECTED_TIMES "a space, and times such as 22:00-04:00"
#define EXPECTED_FROM "a time from 00:00 to 23:59"
#define EXPECTED_TO "a time from 00:00 to 24:00"
#define EXPECTED_DASH "'-', and the time of the end"
#define EXPECTED_END "nothing behind the time of the end"

struct reader {
	const char *text;
	size_t length;
	size_t at;
	struct window *window;
	struct window_error *error;
};

static int
fail(struct reader *reader, size_t at, const char *expected)
{
	reader->error->at = at;
	reader->error->expected = expected;
	return -1;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes C where it comes next. */
static int
take(struct reader *reader, char c)
{
	if (reader->at == reader->length || reader->text[reader->at] != c)
		return 0;
	reader->at++;
	return 1;
}

/* Takes spaces. 0 where there are none. */
static int
take_spaces(struct reader *reader)
{
	size_t start = reader->at;

	while (take(reader, ' '))
		;
	return reader->at > start;
}

/* How many letters and digits come next. */
static size_t
word_length(const struct reader *reader)
{
	size_t at;

	for (at = reader->at; at < reader->length; at++) {
		char c = (char)octet_lower((uint8_t)reader->text[at]);

		if (!is_digit(c) && (c < 'a' || c > 'z'))
			break;
	}
	return at - reader->at;
}

/* Takes WORD, in any letter case, where it is the whole next word. */
static int
take_word(struct reader *reader, const char *word)
{
	size_t length = word_length(reader), i;

	if (length != strlen(word))
		return 0;
	for (i = 0; i < length; i++)
		if (octet_lower((uint8_t)reader->text[reader->at + i]) !=
		    octet_lower((uint8_t)word[i]))
			return 0;
	reader->at += length;
	return 1;
}

/* Takes a day's name. Returns the day, or -1. */
static int
take_day(struct reader *reader)
{
	int day;

	for (day = 0; day < WEEK_DAYS; day++)
		if (take_word(reader, day_words[day]))
			return day;
	return -1;
}

static int
take_week(struct reader *reader)
{
	int week;

	for (week = 0; week < WEEKS; week++)
		if (take_word(reader, week_words[week]))
			return week;
	return -1;
}

/* Takes a day, or two with a dash between them and all in the middle. EXPECTED
 * is what the first of them may be. 0, or -1. */
static int
take_days(struct reader *reader, const char *expected)
{
	int day = take_day(reader), last;
	size_t start;

	if (day < 0)
		return fail(reader, reader->at, expected);
	reader->window->days |= (uint8_t)(1U << day);
	if (!take(reader, '-'))
		return 0;
	start = reader->at;
	last = take_day(reader);
	if (last < 0)
		return fail(reader, start, EXPECTED_DAY);
	if (last == day)
		return fail(reader, start, EXPECTED_OTHER);
	while (day != last) {
		day = (day + 1) % WEEK_DAYS;
		reader->window->days |= (uint8_t)(1U << day);
	}
	return 0;
}

/* Takes 1st, 2nd and so on, with the space behind it, where it comes next.
 * Returns whether, or -1. */
static int
take_weeks(struct reader *reader)
{
	int week = take_week(reader);

	if (week < 0)
		return 0;
	reader->window->weeks = 0;
	for (;;) {
		reader->window->weeks |= (uint8_t)(1U << week);
		if (!take(reader, ','))
			break;
		week = take_week(reader);
		if (week < 0)
			return fail(reader, reader->at, EXPECTED_WEEK);
	}
	return take_spaces(reader) ? 1
		: fail(reader, reader->at, EXPECTED_WEEKDAY);
}

/* Takes which days it is. 0, or -1. */
static int
take_which(struct reader *reader)
{
	const char *expected = EXPECTED_START;
	int found = take_weeks(reader);

	if (found < 0)
		return -1;
	if (found == 0 && take_word(reader, "daily")) {
		reader->window->days = ALL_DAYS;
		return 0;
	}
	if (found > 0)
		expected = EXPECTED_DAY;
	do {
		if (take_days(reader, expected) != 0)
			return -1;
		expected = EXPECTED_DAY;
	} while (take(reader, ','));
	return 0;
}

/* Takes HH:MM, up to MAX minutes. 0, or -1. */
static int
take_time(struct reader *reader, unsigned max, const char *expected,
	uint16_t *minute)
{
	const char *text = reader->text + reader->at;
	unsigned hours, minutes;

	if (reader->length - reader->at < 5 || !is_digit(text[0]) ||
	    !is_digit(text[1]) || text[2] != ':' || !is_digit(text[3]) ||
	    !is_digit(text[4]))
		return fail(reader, reader->at, expected);
	hours = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	minutes = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
	if (minutes >= HOUR_MINUTES || hours * HOUR_MINUTES + minutes > max)
		return fail(reader, reader->at, expected);
	reader->at += 5;
	*minute = (uint16_t)(hours * HOUR_MINUTES + minutes);
	return 0;
}

int
window_from_text(struct window *window, const char *text, size_t length,
	struct window_error *error)
{
	struct reader reader = { text, length, 0, window, error };

	memset(window, 0, sizeof(*window));
	window->weeks = WINDOW_ALL_WEEKS;
	if (take_which(&reader) != 0)
		return -1;
	if (!take_spaces(&reader))
		return fail(&reader, reader.at, EXPECTED_TIMES);
	if (take_time(&reader, DAY_MINUTES - 1, EXPECTED_FROM,
	    &window->from) != 0)
		return -1;
	if (!take(&reader, '-'))
		return fail(&reader, reader.at, EXPECTED_DASH);
	if (take_time(&reader, DAY_MINUTES, EXPECTED_TO, &window->to) != 0)
		return -1;
	if (reader.at < length)
		return fail(&reader, reader.at, EXPECTED_END);
	/* The midnight at which a day ends. */
	if (window->to == 0)
		window->to = DAY_MINUTES;
	return 0;
}

/* --- To text. */

struct writer {
	char *text;
	size_t length;
};

static void
put(struct writer *writer, const char *text)
{
	size_t length = strlen(text);

	/* Nothing that is read is as long as that. */
	if (writer->length + length >= WINDOW_TEXT_MAX)
		return;
	memcpy(writer->text + writer->length, text, length + 1);
	writer->length += length;
}

/* How many days in a row it has from DAY on. */
static int
run_length(const struct window *window, int day)
{
	int length = 0;

	while (length < WEEK_DAYS &&
	    (window->days >> (day + length) % WEEK_DAYS & 1))
		length++;
	return length;
}

/* Writes the days in a row from DAY on, as a range where it is shorter. */
static void
put_run(struct writer *writer, int day, int length)
{
	int last = (day + length - 1) % WEEK_DAYS;

	put(writer, day_words[day]);
	if (length == 2)
		put(writer, ",");
	if (length > 2)
		put(writer, "-");
	if (length > 1)
		put(writer, day_words[last]);
}

static void
put_days(struct writer *writer, const struct window *window)
{
	const char *between = "";
	int i, length;

	if (window->days == ALL_DAYS) {
		put(writer, window->weeks == WINDOW_ALL_WEEKS ? "daily"
			: "Mon-Sun");
		return;
	}
	/* A week from Monday on, and each run where it begins. */
	for (i = 1; i <= WEEK_DAYS; i++) {
		int day = i % WEEK_DAYS, before = (i - 1) % WEEK_DAYS;

		length = run_length(window, day);
		if (length == 0 || (window->days >> before & 1))
			continue;
		put(writer, between);
		put_run(writer, day, length);
		between = ",";
	}
}

void
window_to_text(const struct window *window, char *text)
{
	struct writer writer = { text, 0 };
	const char *between = "";
	char times[32];
	int week;

	*text = '\0';
	for (week = 0; week < WEEKS; week++) {
		if (window->weeks == WINDOW_ALL_WEEKS ||
		    !(window->weeks >> week & 1))
			continue;
		put(&writer, between);
		put(&writer, week_words[week]);
		between = ",";
	}
	if (writer.length > 0)
		put(&writer, " ");
	put_days(&writer, window);
	snprintf(times, sizeof(times), " %02u:%02u-%02u:%02u",
		(unsigned)window->from / HOUR_MINUTES,
		(unsigned)window->from % HOUR_MINUTES,
		(unsigned)window->to / HOUR_MINUTES,
		(unsigned)window->to % HOUR_MINUTES);
	put(&writer, times);
}

/* --- When it is open. */

/* Whether it opens on that date. */
static int
opens_on(const struct window *window, const struct zone_time *date)
{
	unsigned nth = (date->month_day - 1) / WEEK_DAYS;
	int is_last = date->month_day + WEEK_DAYS > date->month_days;

	return (window->days >> date->weekday & 1) &&
		((window->weeks >> nth & 1) ||
		(is_last && (window->weeks & WINDOW_LAST_WEEK)));
}

/* Whether it opens on the day before that date. */
static int
opens_before(const struct window *window, const struct zone_time *date)
{
	struct zone_time before;

	/* Most often the calendar need not be asked. */
	if (!(window->days >> (date->weekday + WEEK_DAYS - 1) % WEEK_DAYS & 1))
		return 0;
	zone_local(NULL, (date->day - 1) * DAY, &before);
	return opens_on(window, &before);
}

static int
is_open_at(const struct window *window, const struct zone_time *local)
{
	unsigned minute = local->second / MINUTE;

	if (window->to > window->from)
		return minute >= window->from && minute < window->to &&
			opens_on(window, local);
	return (minute >= window->from && opens_on(window, local)) ||
		(minute < window->to && opens_before(window, local));
}

int
window_is_open(const struct window *window, const struct zone *zone,
	int64_t now)
{
	struct zone_time local;

	zone_local(zone, now, &local);
	return is_open_at(window, &local);
}

int
window_any_is_open(const struct window *windows, size_t count,
	const struct zone *zone, int64_t now)
{
	struct zone_time local;
	size_t i;

	if (count == 0)
		return 0;
	zone_local(zone, now, &local);
	for (i = 0; i < count; i++)
		if (is_open_at(&windows[i], &local))
			return 1;
	return 0;
}

/* --- When that changes. */

/* Seconds from SECOND of a day until a clock shows MINUTE, above 0. */
static int64_t
seconds_until(unsigned second, unsigned minute)
{
	int64_t left = (int64_t)minute * MINUTE - (int64_t)second;

	return left > 0 ? left : left + DAY;
}

/* Seconds from WHEN until some window's times may matter, while clocks are not
 * changed. */
static int64_t
seconds_until_any(const struct window *windows, size_t count,
	const struct zone *zone, int64_t when)
{
	int64_t least = DAY;
	struct zone_time local;
	size_t i;

	zone_local(zone, when, &local);
	for (i = 0; i < count; i++) {
		int64_t from = seconds_until(local.second, windows[i].from);
		int64_t to = seconds_until(local.second, windows[i].to);

		if (from < least)
			least = from;
		if (to < least)
			least = to;
	}
	return least;
}

/* Goes from one moment at which something may change to the next. */
int64_t
window_change(const struct window *windows, size_t count,
	const struct zone *zone, int64_t now)
{
	int64_t when = now;
	int was_open;

	/* Beyond what any clock shows, and sums would be too much. */
	if (count == 0 || now < INT64_MIN / 2 || now > INT64_MAX / 2)
		return 0;
	was_open = window_any_is_open(windows, count, zone, now);
	for (;;) {
		int64_t next = zone_next(zone, when);

		when += seconds_until_any(windows, count, zone, when);
		if (next < when)
			when = next;
		if (when - now > AHEAD)
			return 0;
		if (window_any_is_open(windows, count, zone, when) != was_open)
			return when;
	}
}
