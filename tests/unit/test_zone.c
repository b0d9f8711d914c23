/*
 * test_zone.c - local time against the C library, which has one zone at a time,
 * and time zone files that are damaged.
 */
#include "support.h"

#include <time.h>

#include "zone.h"

#define ZONEINFO "/usr/share/zoneinfo/"
#define FILE_MAX 65536
#define DAY 86400
/* Beyond that many wrong moments of a zone nothing more is learned. */
#define WRONG_MAX 5

static const char *const zone_names[] = {
	"Europe/Berlin", "America/New_York", "Asia/Tokyo",
	"Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
	"Europe/Dublin", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns",
	"Antarctica/Troll", "Asia/Gaza", "Europe/Lisbon", "Etc/UTC",
};

/* Years of old and of new rules, those in which a zone did something odd, and
 * those behind the tables. */
static const int years[] = { 1970, 1974, 1987, 1995, 2007, 2011, 2018, 2026,
	2037, 2038, 2071, 2088, 2099, 2100 };

/* --- Files, and libc. */

struct octets {
	size_t length;
	uint8_t at[FILE_MAX];
};

static void
read_zone_file(const char *name, struct octets *octets)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", ZONEINFO, name);
	file = fopen(path, "rb");
	if (file == NULL)
		print_error("found no %s, expected the time zone database; "
			"Debian's package is tzdata\n", path);
	assert_non_null(file);
	octets->length = fread(octets->at, 1, sizeof(octets->at), file);
	assert_int_equal(fclose(file), 0);
	assert_in_range(octets->length, 45, sizeof(octets->at) - 1);
}

static struct zone *
zone_of_octets(const struct octets *octets)
{
	/* Of the right size, so that a look beyond it is seen. */
	uint8_t *copy = malloc(octets->length > 0 ? octets->length : 1);
	struct zone *zone;

	assert_non_null(copy);
	memcpy(copy, octets->at, octets->length);
	zone = zone_from_tzif(copy, octets->length);
	if (zone == NULL)
		assert_int_equal(errno, EINVAL);
	free(copy);
	return zone;
}

static struct zone *
zone_of_file(const char *name)
{
	static struct octets octets;
	struct zone *zone;

	read_zone_file(name, &octets);
	zone = zone_of_octets(&octets);
	if (zone == NULL)
		print_error("%s: expected a zone, found none\n", name);
	assert_non_null(zone);
	return zone;
}

static struct zone *
zone_of_rule(const char *rule)
{
	struct zone *zone = zone_from_rule(rule, strlen(rule));

	if (zone == NULL)
		print_error("%s: expected a zone, found none\n", rule);
	assert_non_null(zone);
	return zone;
}

/* Gives libc a zone: a name of the database, or a rule. */
static void
libc_zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static long
libc_offset(int64_t when)
{
	time_t moment = (time_t)when;
	struct tm tm;

	assert_non_null(localtime_r(&moment, &tm));
	return tm.tm_gmtoff;
}

static int64_t
moment_of(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1,
		.tm_mday = day };

	return timegm(&tm);
}

/* --- A moment, compared. */

static int
compare_local(const char *row, const struct tm *tm,
	const struct zone_time *local)
{
	int64_t month = moment_of(tm->tm_year + 1900, tm->tm_mon + 1, 1);
	int64_t next = moment_of(tm->tm_year + 1900, tm->tm_mon + 2, 1);

	return row_number(row, "day", (long)(month / DAY) + tm->tm_mday - 1,
			(long)local->day) +
		row_number(row, "weekday", tm->tm_wday, local->weekday) +
		row_number(row, "day of month", tm->tm_mday,
			local->month_day) +
		row_number(row, "days of month", (next - month) / DAY,
			local->month_days) +
		row_number(row, "second", tm->tm_hour * 3600L +
			tm->tm_min * 60L + tm->tm_sec, local->second);
}

/* Returns how much is wrong with what ZONE has for WHEN, by libc's zone. */
static int
compare(const char *name, const struct zone *zone, int64_t when)
{
	time_t moment = (time_t)when;
	struct zone_time local;
	char row[128];
	struct tm tm;

	assert_non_null(localtime_r(&moment, &tm));
	zone_local(zone, when, &local);
	snprintf(row, sizeof(row), "%s at %lld, %04d-%02d-%02d %02d:%02d:%02d",
		name, (long long)when, tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return row_number(row, "offset", tm.tm_gmtoff,
			zone_offset(zone, when)) +
		compare_local(row, &tm, &local);
}

static int
compare_each_hour(const char *name, const struct zone *zone, int year)
{
	int64_t when = moment_of(year, 1, 1), end = moment_of(year + 1, 1, 1);
	int wrong = 0;

	for (; when < end && wrong < WRONG_MAX; when += 3600)
		wrong += compare(name, zone, when);
	return wrong;
}

static int
compare_all_years(const char *name, const struct zone *zone)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(years); i++)
		wrong += compare_each_hour(name, zone, years[i]);
	return wrong;
}

/* The first moment behind FROM, and not behind TO, at which libc's clock does
 * not just go on; there is one. */
static int64_t
libc_change(int64_t from, int64_t to)
{
	long offset = libc_offset(from);

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (libc_offset(middle) == offset)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* Around each change from 1970 to 2100. *CHANGES counts them. */
static int
compare_changes(const char *name, const struct zone *zone, int *changes)
{
	int64_t when = 0, end = moment_of(2100, 12, 31);
	const int64_t step = DAY / 2;
	int wrong = 0;

	for (; when < end && wrong < WRONG_MAX; when += step) {
		int64_t change, i;

		if (libc_offset(when) == libc_offset(when + step))
			continue;
		change = libc_change(when, when + step);
		for (i = -3; i <= 3; i++)
			wrong += compare(name, zone, change + i);
		wrong += row_number(name, "next change", (long)change,
			(long)zone_next(zone, change - 1));
		(*changes)++;
	}
	return wrong;
}

/* --- Files of the database. */

static void
files_have_the_time_that_libc_has(void **state)
{
	int wrong = 0, changes = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(zone_names); i++) {
		struct zone *zone = zone_of_file(zone_names[i]);

		libc_zone(zone_names[i]);
		wrong += compare_all_years(zone_names[i], zone);
		wrong += compare_changes(zone_names[i], zone, &changes);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	/* They were found. */
	assert_true(changes > 2000);
}

/* The rule at the end of a file; "" where it has none. */
static void
footer_of(const char *name, char *rule, size_t room)
{
	static struct octets octets;
	size_t at, length;

	read_zone_file(name, &octets);
	assert_int_equal(octets.at[octets.length - 1], '\n');
	for (at = octets.length - 1; octets.at[at - 1] != '\n'; at--)
		;
	length = octets.length - 1 - at;
	assert_true(length < room);
	memcpy(rule, octets.at + at, length);
	rule[length] = '\0';
}

static void
their_rules_alone_have_the_time_that_libc_has(void **state)
{
	int wrong = 0, changes = 0;
	char rule[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(zone_names); i++) {
		struct zone *zone;

		footer_of(zone_names[i], rule, sizeof(rule));
		zone = zone_of_rule(rule);
		libc_zone(rule);
		wrong += compare_all_years(rule, zone);
		wrong += compare_changes(rule, zone, &changes);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	assert_true(changes > 2000);
}

/* In which years the table ends and the rule goes on, is for the file to say:
 * no moment may fall between the two. */
static void
offsets_stay_from_one_change_to_the_next(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(zone_names); i++) {
		struct zone *zone = zone_of_file(zone_names[i]);
		int64_t end = moment_of(2500, 1, 1), when = -end, next;
		int changes = 0;

		for (; when < end; when = next, changes++) {
			next = zone_next(zone, when);
			assert_true(next > when);
			if (next == INT64_MAX)
				break;
			assert_int_equal(zone_offset(zone, when),
				zone_offset(zone, next - 1));
			assert_int_equal(zone_next(zone, next - 1), next);
		}
		assert_true(changes < 3000);
		zone_free(zone);
	}
}

/* --- Rules. */

static const char *const good_rules[] = {
	"UTC0", "GMT+0", "CET-1", "AAA+12:30", "AAA-5:45", "AAA-1:02:03",
	"AAA3BBB,M3.2.0,M11.1.0", "AAA3BBB2:30,M3.2.0,M11.1.0",
	"AAA3BBB,M3.2.0/2:30,M11.1.0/1:59:59", "AAA-3BBB-4,J60,J300",
	"AAA-3BBB-4,J59/0,J61/0", "AAA-3BBB-4,59/0,60/0", "AAA-3BBB,60,300/23",
	"AAA-10BBB,M10.1.0,M4.1.0/3", "AAA-10BBB,J300,J100",
	"AAA-10BBB,299/4,99/5", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
	"<+0330>-3:30<+0430>,J79/24,J263/24", "IST-1GMT0,M10.5.0,M3.5.0/1",
	"EET-2EEST,M3.4.4/50,M10.4.4/50", "AAA2BBB,M4.1.1/100,M9.1.1/-100",
	"AAA2BBB,M4.1.1/167:59:59,M9.1.1/-167:59:59",
	"AAA2BBB,M2.5.0/0,M9.1.3/+3", "AAA2BBB,M2.5.6,M12.1.6",
	"AAA2BBB,M1.3.1,M6.5.5", "AAA-13BBB-14,M9.5.0/2:45,M4.1.0/3:45",
	"aaa-1bbb,M4.2.2,M8.3.3", "<A1+->-1<B2->-3,M4.2.2,M8.3.3",
	"AAA24:59:59", "AAA-24:59:59BBB,M4.2.2,M8.3.3", "AAA-001:05:007",
	"AAAAAAAAAAAAAAAAAAAAAA-1BBBBBBBBBBBBBBBBBBBB,M4.2.2,M8.3.3",
};

static void
rules_mean_what_libc_makes_of_them(void **state)
{
	int wrong = 0, changes = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rules); i++) {
		struct zone *zone = zone_of_rule(good_rules[i]);

		libc_zone(good_rules[i]);
		wrong += compare_each_hour(good_rules[i], zone, 2026);
		wrong += compare_changes(good_rules[i], zone, &changes);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	assert_true(changes > 2000);
}

struct moment_row {
	const char *rule;
	int64_t when;
	int32_t offset;
};

/* What glibc does not have right, as it looks at the year in UTC alone. */
static const struct moment_row moment_rows[] = {
	/* All the year, as RFC 8536 has it: from a new year to the next. */
	{ "EST5EDT,0/0,J365/25", 1767225599, -14400 },
	{ "EST5EDT,0/0,J365/25", 1767225600, -14400 },
	{ "EST5EDT,0/0,J365/25", 1767243599, -14400 },
	{ "EST5EDT,0/0,J365/25", 1767243600, -14400 },
	{ "EST5EDT,0/0,J365/25", 1782000000, -14400 },
	{ "XXX3EDT4,0/0,J365/23", 1767225600, -14400 },
	{ "XXX3EDT4,0/0,J365/23", 1767236399, -14400 },
	{ "XXX3EDT4,0/0,J365/23", 1767236400, -14400 },
	{ "XXX3EDT4,0/0,J365/23", 1782000000, -14400 },
	/* Over the end of a year: from December 30 to January 3. */
	{ "AAA0BBB,J364/0,J3/0", 1767052799, 0 },
	{ "AAA0BBB,J364/0,J3/0", 1767052800, 3600 },
	{ "AAA0BBB,J364/0,J3/0", 1767225600, 3600 },
	{ "AAA0BBB,J364/0,J3/0", 1767394799, 3600 },
	{ "AAA0BBB,J364/0,J3/0", 1767394800, 0 },
	/* From a day of the next year by its time: 2026-01-03 00:00. */
	{ "AAA0BBB,J365/72,J100/0", 1767398399, 0 },
	{ "AAA0BBB,J365/72,J100/0", 1767398400, 3600 },
	/* And from one of the year before: 2025-12-30 00:00. */
	{ "AAA0BBB,J1/-48,J100/0", 1767052799, 0 },
	{ "AAA0BBB,J1/-48,J100/0", 1767052800, 3600 },
	/* To one of the next year by its time: 2026-01-06 22:00. */
	{ "AAA0BBB,J300/0,J365/167", 1767736799, 3600 },
	{ "AAA0BBB,J300/0,J365/167", 1767736800, 0 },
	/* Begins and ends in the year after, and ends first: all but a few
	 * hours. */
	{ "AAA0BBB,J365/160,J365/150", 1767398400, 3600 },
	{ "AAA0BBB,J365/160,J365/150", 1767675599, 3600 },
	{ "AAA0BBB,J365/160,J365/150", 1767675600, 0 },
	{ "AAA0BBB,J365/160,J365/150", 1767715199, 0 },
	{ "AAA0BBB,J365/160,J365/150", 1767715200, 3600 },
	/* Begins and ends in the year before. */
	{ "AAA0BBB,J1/-48,J1/-40", 1767052800, 3600 },
	{ "AAA0BBB,J1/-48,J1/-40", 1767077999, 3600 },
	{ "AAA0BBB,J1/-48,J1/-40", 1767078000, 0 },
	{ "AAA0BBB,J1/-48,J1/-40", 1798588799, 0 },
	/* Begins again when it ends: never ends. */
	{ "AAA0BBB,J100/0,J100/1", 1767225600, 3600 },
	{ "AAA0BBB,J100/0,J100/1", 1775779200, 3600 },
	{ "AAA0BBB,J100/0,J100/1", 1782000000, 3600 },
};

static void
changes_near_the_new_year_are_in_the_right_one(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(moment_rows); i++) {
		const struct moment_row *r = &moment_rows[i];
		struct zone *zone = zone_of_rule(r->rule);
		char row[64];

		snprintf(row, sizeof(row), "%s at %lld", r->rule,
			(long long)r->when);
		wrong += row_number(row, "offset", r->offset,
			zone_offset(zone, r->when));
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
}

static void
no_change_is_passed_over(void **state)
{
	int64_t begin = moment_of(2024, 11, 1), end = moment_of(2027, 3, 1);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(moment_rows); i++) {
		struct zone *zone = zone_of_rule(moment_rows[i].rule);
		int64_t when;

		/* Each year there is one. */
		for (when = begin; when < end; when += 3600)
			assert_in_range(zone_next(zone, when) - when, 1,
				zone_offset(zone, when) ==
				zone_offset(zone, when + 3600) ? 366 * DAY
				: 3600);
		zone_free(zone);
	}
}

static const char *const bad_rules[] = {
	"", "CET", "CE-1", "C-1", "-1", "1", "CET-", "CET--1", "CET+-1",
	"CET-25", "CET-25:00", "CET-1:60", "CET-1:00:60", "CET-1:", "CET-1:0:",
	"CET-1:0:0:0", "CET -1", " CET-1", "CET-1 ", "CET-1\n", ":CET-1",
	"CET1x", "C3T-1", "<CET-1", "<CE>-1", "<>-1", "<CE T>-1",
	"<C\xc3\xa9T>-1", "C\xc3\xa9T-1", "CET-1CEST", "CET-1CEST-2",
	"CET-1CE,M3.5.0,M10.5.0",
	"CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
	"CET-1CEST,M3.5.0,M10.5.0,", "CET-1CEST,M3.5.0,M10.5.0,M1.1.1",
	"CET-1CEST;M3.5.0;M10.5.0", "CET-1CESTM3.5.0,M10.5.0",
	"CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0",
	"CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
	"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0",
	"CET-1CEST,M3.5.,M10.5.0", "CET-1CEST,M3..0,M10.5.0",
	"CET-1CEST,M,M10.5.0", "CET-1CEST,m3.5.0,m10.5.0",
	"CET-1CEST,M3.5.0/,M10.5.0", "CET-1CEST,M3.5.0/168,M10.5.0",
	"CET-1CEST,M3.5.0/-168,M10.5.0", "CET-1CEST,M3.5.0/2:60,M10.5.0",
	"CET-1CEST,M3.5.0/2h,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
	"CET-1CEST,J0,J300", "CET-1CEST,J366,J300", "CET-1CEST,J,J300",
	"CET-1CEST,366,300", "CET-1CEST,-1,300", "CET-1CEST,60,99999999999",
	"CET-1CEST-25,M3.5.0,M10.5.0", "CET-1CEST2:61,M3.5.0,M10.5.0",
	"CET-99999999999999999999", "Europe/Berlin", "UTC",
	"UTC0/Etc",
};

static void
what_is_no_rule_is_refused(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_rules); i++) {
		struct zone *zone;

		errno = 0;
		zone = zone_from_rule(bad_rules[i], strlen(bad_rules[i]));
		wrong += row_number(bad_rules[i], "a zone", 0, zone != NULL);
		wrong += row_number(bad_rules[i], "errno", EINVAL, errno);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
	assert_null(zone_from_rule("CET-1\0", 6));
	assert_null(zone_from_rule("CE\0-1", 5));
}

/* No part of a rule is one, but where daylight saving time begins. */
static void
a_rule_is_read_no_further_than_it_goes(void **state)
{
	const char *rule = "<+0330>-3:30<+0430>-4:30,J79/24:00:00,M9.5.0/-24";
	size_t length, whole = strlen(rule);

	(void)state;
	for (length = 0; length <= whole; length++) {
		char *copy = malloc(length + 1);
		struct zone *zone;

		assert_non_null(copy);
		memcpy(copy, rule, length);
		copy = realloc(copy, length > 0 ? length : 1);
		assert_non_null(copy);
		zone = zone_from_rule(copy, length);
		/* "<+0330>-3", "-3:3", "-3:30", and from "M9.5.0" on. */
		if (length == 9 || length == 11 || length == 12 ||
		    length == 44 || length == 47 || length == 48)
			assert_non_null(zone);
		else
			assert_null(zone);
		zone_free(zone);
		free(copy);
	}
}

/* --- Times beyond all calendars. */

static void
without_a_zone_it_is_utc(void **state)
{
	int64_t when = moment_of(1600, 1, 1), end = moment_of(2401, 1, 1);
	int wrong = 0;

	(void)state;
	libc_zone("UTC0");
	for (; when < end && wrong < WRONG_MAX; when += DAY)
		wrong += compare("no zone", NULL, when) +
			compare("no zone", NULL, when - 1);
	assert_int_equal(wrong, 0);
	assert_true(zone_next(NULL, 0) == INT64_MAX);
	assert_int_equal(zone_memory(NULL), 0);
	zone_free(NULL);
}

static void
any_number_is_a_moment(void **state)
{
	static const int64_t moments[] = { INT64_MIN, INT64_MIN + 1,
		INT64_MIN / 2, -1, 0, 1, INT64_MAX / 2, INT64_MAX - 1,
		INT64_MAX };
	const int64_t cycle = (int64_t)146097 * DAY;
	struct zone *zones[4];
	struct chance chance = { 1 };
	size_t i, k;

	(void)state;
	zones[0] = zone_of_rule("CET-1CEST,M3.5.0,M10.5.0/3");
	zones[1] = zone_of_rule("AAA-24:59:59BBB,J300/167,J100/-167");
	zones[2] = zone_of_rule("AAA24:59:59");
	zones[3] = zone_of_file("Europe/Berlin");
	for (k = 0; k < COUNT_OF(zones); k++) {
		for (i = 0; i < 2000; i++) {
			int64_t when = i < COUNT_OF(moments) ? moments[i]
				: (int64_t)(chance_word(&chance) >>
				chance_below(&chance, 30));
			struct zone_time local;

			zone_local(zones[k], when, &local);
			assert_in_range(local.weekday, 0, 6);
			assert_in_range(local.month_days, 28, 31);
			assert_in_range(local.month_day, 1, local.month_days);
			assert_in_range(local.second, 0, DAY - 1);
			assert_true(zone_next(zones[k], when) > when ||
				when == INT64_MAX);
			/* The calendar comes again. */
			if (k < 3 && when < INT64_MAX - cycle)
				assert_int_equal(zone_offset(zones[k], when),
					zone_offset(zones[k], when + cycle));
		}
		zone_free(zones[k]);
	}
}

/* --- Files that are made here. */

struct header {
	char version;
	uint32_t isuts;
	uint32_t isstds;
	uint32_t leaps;
	uint32_t times;
	uint32_t types;
	uint32_t chars;
};

static void
put(struct octets *octets, const void *at, size_t length)
{
	assert_true(octets->length + length <= sizeof(octets->at));
	memcpy(octets->at + octets->length, at, length);
	octets->length += length;
}

static void
put_number(struct octets *octets, uint64_t number, unsigned length)
{
	while (length-- > 0) {
		uint8_t octet = (uint8_t)(number >> 8 * length);

		put(octets, &octet, 1);
	}
}

static void
put_header(struct octets *octets, const struct header *header)
{
	static const uint8_t reserved[15];

	put(octets, "TZif", 4);
	put(octets, &header->version, 1);
	put(octets, reserved, sizeof(reserved));
	put_number(octets, header->isuts, 4);
	put_number(octets, header->isstds, 4);
	put_number(octets, header->leaps, 4);
	put_number(octets, header->times, 4);
	put_number(octets, header->types, 4);
	put_number(octets, header->chars, 4);
}

/* Two types, of 1 and 2 hours: standard and daylight saving time. */
static void
put_types(struct octets *octets)
{
	static const uint8_t types[] = { 0, 0, 0x0e, 0x10, 0, 0,
		0, 0, 0x1c, 0x20, 1, 4 };

	put(octets, types, sizeof(types));
	put(octets, "CET\0CEST", 9);
}

/* The second type counts from 1000 to 2000, moments of LENGTH octets. */
static void
put_block(struct octets *octets, char version, unsigned length)
{
	const struct header header = { version, 0, 0, 0, 2, 2, 9 };

	put_header(octets, &header);
	put_number(octets, 1000, length);
	put_number(octets, 2000, length);
	put(octets, "\1\0", 2);
	put_types(octets);
}

/* A first block that only has to be there, with something wrong in it. */
static void
put_empty_block(struct octets *octets, char version)
{
	const struct header header = { version, 0, 0, 1, 1, 1, 1 };

	put_header(octets, &header);
	put_number(octets, 5, 4);
	put(octets, "\7", 1);
	put_number(octets, 0x7fffffff, 4);
	put(octets, "\7\7x", 3);
	put_number(octets, 0, 8);
}

static int
offset_is(const char *row, const struct zone *zone, int64_t when, long offset)
{
	char text[64];

	snprintf(text, sizeof(text), "%s at %lld", row, (long long)when);
	return row_number(text, "offset", offset, zone_offset(zone, when));
}

static void
versions_from_1_to_4_are_read(void **state)
{
	static const char versions[] = { '\0', '2', '3', '4', '1', '5', 'a' };
	static struct octets octets;
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(versions); i++) {
		struct zone *zone;
		char row[16];

		snprintf(row, sizeof(row), "version %zu", i);
		octets.length = 0;
		if (versions[i] == '\0') {
			put_block(&octets, versions[i], 4);
		} else {
			put_empty_block(&octets, versions[i]);
			put_block(&octets, versions[i], 8);
			put(&octets, "\n\n", 2);
		}
		zone = zone_of_octets(&octets);
		wrong += row_number(row, "a zone", i < 4, zone != NULL);
		if (zone == NULL)
			continue;
		/* The first type counts before, the last behind. */
		wrong += offset_is(row, zone, INT64_MIN, 3600);
		wrong += offset_is(row, zone, 999, 3600);
		wrong += offset_is(row, zone, 1000, 7200);
		wrong += offset_is(row, zone, 1999, 7200);
		wrong += offset_is(row, zone, 2000, 3600);
		wrong += offset_is(row, zone, INT64_MAX, 3600);
		assert_true(zone_next(zone, 0) == 1000);
		assert_true(zone_next(zone, 1000) == 2000);
		assert_true(zone_next(zone, 2000) == INT64_MAX);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
}

static void
the_rule_counts_from_the_last_transition_on(void **state)
{
	static struct octets octets;
	struct zone *zone;
	int wrong = 0;

	(void)state;
	octets.length = 0;
	put_empty_block(&octets, '3');
	put_block(&octets, '3', 8);
	put(&octets, "\nAAA-9BBB,J1/5,J2/5\nmore", 24);
	zone = zone_of_octets(&octets);
	assert_non_null(zone);
	wrong += offset_is("file", zone, 999, 3600);
	wrong += offset_is("file", zone, 1999, 7200);
	wrong += offset_is("file", zone, 2000, 36000);
	wrong += offset_is("file", zone, 86400 * 1 - 4 * 3600 - 3600, 32400);
	assert_true(zone_next(zone, 1999) == 2000);
	assert_true(zone_next(zone, 2000) == DAY - 5 * 3600);
	zone_free(zone);
	assert_int_equal(wrong, 0);
}

/* As "zic -b slim" has it for a zone without a past. */
static void
a_file_without_transitions_is_its_rule(void **state)
{
	const struct header header = { '2', 0, 0, 0, 0, 1, 4 };
	static struct octets octets;
	struct zone *zone;

	(void)state;
	octets.length = 0;
	put_empty_block(&octets, '2');
	put_header(&octets, &header);
	put(&octets, "\0\0\0\0\0\0AAA\0", 10);
	put(&octets, "\nCET-1CEST,M3.5.0,M10.5.0/3\n", 28);
	zone = zone_of_octets(&octets);
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, moment_of(1900, 7, 1)), 7200);
	assert_int_equal(zone_offset(zone, moment_of(2026, 1, 1)), 3600);
	assert_int_equal(zone_offset(zone, moment_of(2026, 7, 1)), 7200);
	zone_free(zone);
}

/* --- Files that are no files. */

/* A second block with its footer: 44 octets of header, 16 of moments, 2 of
 * indexes, 12 of types, 9 of names, 6 of footer. */
#define DAMAGE_OCTETS 89

struct damage_row {
	const char *row;
	/* Where something else is written there, and what. */
	size_t at;
	unsigned length;
	uint64_t number;
	int good;
};

static const struct damage_row damage_rows[] = {
	{ "nothing", 0, 0, 0, 1 },
	{ "magic", 3, 1, 'F', 0 },
	{ "version 5", 4, 1, '5', 0 },
	{ "reserved", 5, 8, UINT64_MAX, 1 },
	{ "isuts beyond the end", 20, 4, 2, 0 },
	{ "most isuts", 20, 4, UINT32_MAX, 0 },
	{ "isstds beyond the end", 24, 4, 2, 0 },
	{ "most isstds", 24, 4, UINT32_MAX, 0 },
	{ "leap second", 28, 4, 1, 0 },
	{ "most leap seconds", 28, 4, UINT32_MAX, 0 },
	{ "fewer times", 32, 4, 1, 0 },
	{ "more times", 32, 4, 3, 0 },
	{ "most times", 32, 4, UINT32_MAX, 0 },
	{ "half of the most times", 32, 4, INT32_MAX, 0 },
	{ "no types", 36, 4, 0, 0 },
	{ "more types", 36, 4, 3, 0 },
	{ "most types", 36, 4, UINT32_MAX, 0 },
	{ "no names", 40, 4, 0, 0 },
	{ "shorter names", 40, 4, 8, 0 },
	{ "longer names", 40, 4, 10, 0 },
	{ "longest names", 40, 4, UINT32_MAX, 0 },
	{ "moment at the next", 44, 8, 2000, 0 },
	{ "moment behind the next", 44, 8, 2001, 0 },
	{ "moment right before the next", 44, 8, 1999, 1 },
	{ "first of all moments", 44, 8, (uint64_t)1 << 63, 1 },
	{ "last of all moments", 52, 8, INT64_MAX, 1 },
	{ "moment before 1970", 52, 8, UINT64_MAX, 0 },
	{ "index beyond the types", 60, 1, 2, 0 },
	{ "greatest index", 61, 1, 255, 0 },
	{ "least offset", 62, 4, (uint32_t)-89999, 1 },
	{ "less than that", 62, 4, (uint32_t)-90000, 0 },
	{ "least number", 62, 4, (uint32_t)INT32_MIN, 0 },
	{ "greatest offset", 68, 4, 93599, 1 },
	{ "more than that", 68, 4, 93600, 0 },
	{ "greatest number", 68, 4, INT32_MAX, 0 },
	{ "odd kind of time", 66, 1, 2, 0 },
	{ "last octet of the names", 67, 1, 8, 1 },
	{ "octet behind the names", 67, 1, 9, 0 },
	{ "name without an end", 82, 1, 'T', 0 },
	{ "no newline", 83, 1, 'X', 0 },
	{ "no rule", 84, 1, '!', 0 },
	{ "no end of the rule", 88, 1, '0', 0 },
	{ "NUL in the rule", 87, 1, 0, 0 },
	{ "empty rule, and more", 84, 1, '\n', 1 },
};

static void
damage_is_noticed(void **state)
{
	static struct octets octets;
	int wrong = 0;
	size_t i, start;

	(void)state;
	for (i = 0; i < COUNT_OF(damage_rows); i++) {
		const struct damage_row *r = &damage_rows[i];
		struct zone *zone;

		octets.length = 0;
		put_empty_block(&octets, '2');
		start = octets.length;
		put_block(&octets, '2', 8);
		put(&octets, "\nUTC0\n", 6);
		octets.length = start + r->at;
		put_number(&octets, r->number, r->length);
		octets.length = start + DAMAGE_OCTETS;
		zone = zone_of_octets(&octets);
		wrong += row_number(r->row, "a zone", r->good, zone != NULL);
		zone_free(zone);
	}
	assert_int_equal(wrong, 0);
}

/* The first block only has to be skipped, whatever it says. */
static void
counts_of_the_first_block_cannot_lead_beyond_the_file(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff, 0x33333334, 0x55555556, 0x1c71c71d };
	static struct octets octets;
	size_t i, k, field;

	(void)state;
	for (field = 20; field <= 40; field += 4)
		for (i = 0; i < COUNT_OF(counts); i++)
			for (k = 0; k < 2; k++) {
				size_t length;

				octets.length = 0;
				put_empty_block(&octets, '2');
				put_block(&octets, '2', 8);
				put(&octets, "\nUTC0\n", 6);
				length = octets.length;
				octets.length = field;
				put_number(&octets, counts[i], 4);
				octets.length = 40 - 4 * k;
				put_number(&octets, counts[i], 4);
				octets.length = length;
				zone_free(zone_of_octets(&octets));
			}
}

static void
indicators_are_none_or_one_a_type(void **state)
{
	static const uint32_t counts[][2] = { { 0, 0 }, { 2, 0 }, { 0, 2 },
		{ 2, 2 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 3, 0 }, { 2, 1 } };
	static struct octets octets;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(counts); i++) {
		const struct header header = { '2', counts[i][0], counts[i][1],
			0, 0, 2, 9 };
		struct zone *zone;

		octets.length = 0;
		put_empty_block(&octets, '2');
		put_header(&octets, &header);
		put_types(&octets);
		put(&octets, "\0\0\0\0", counts[i][0] + counts[i][1]);
		put(&octets, "\nUTC0\n", 6);
		zone = zone_of_octets(&octets);
		assert_int_equal(zone != NULL, i < 4);
		zone_free(zone);
	}
}

/* What a zone of a damaged file says need not be right, but is an offset. */
static void
use_zone(const struct zone *zone)
{
	static const int64_t moments[] = { INT64_MIN, -1, 0, 1000000000,
		1790000000, 4102444800, INT64_MAX };
	struct zone_time local;
	size_t i;

	for (i = 0; i < COUNT_OF(moments); i++) {
		zone_local(zone, moments[i], &local);
		assert_in_range(zone_offset(zone, moments[i]) + 89999, 0,
			89999 + 93599);
		assert_true(zone_next(zone, moments[i]) > moments[i] ||
			moments[i] == INT64_MAX);
	}
}

static void
no_part_of_a_file_is_one(void **state)
{
	static struct octets octets;
	size_t i, length;

	(void)state;
	for (i = 0; i < COUNT_OF(zone_names); i++) {
		read_zone_file(zone_names[i], &octets);
		length = octets.length;
		for (octets.length = 0; octets.length < length;
		    octets.length++)
			assert_null(zone_of_octets(&octets));
	}
}

static void
changed_octets_do_no_harm(void **state)
{
	static struct octets whole, octets;
	struct chance chance = { 1 };
	int good = 0, bad = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(zone_names); i++) {
		read_zone_file(zone_names[i], &whole);
		for (k = 0; k < 3000; k++) {
			unsigned flips = 1 + chance_below(&chance, 4);
			struct zone *zone;

			octets = whole;
			while (flips-- > 0) {
				size_t at = chance_below(&chance,
					(unsigned)whole.length);

				/* Headers and footers more often. */
				if (chance_below(&chance, 3) == 0)
					at = at % 44;
				octets.at[at] ^= (uint8_t)(1 +
					chance_below(&chance, 255));
			}
			zone = zone_of_octets(&octets);
			good += zone != NULL;
			bad += zone == NULL;
			if (zone != NULL)
				use_zone(zone);
			zone_free(zone);
		}
	}
	assert_true(good > 1000);
	assert_true(bad > 1000);
}

/* For the machines whose clocks count leap seconds. */
static void
leap_seconds_are_refused(void **state)
{
	const struct header header = { '2', 0, 0, 1, 0, 1, 4 };
	static struct octets octets;
	struct zone *zone;

	(void)state;
	octets.length = 0;
	put_empty_block(&octets, '2');
	put_header(&octets, &header);
	put(&octets, "\0\0\0\0\0\0UTC\0", 10);
	put_number(&octets, 78796800, 8);
	put_number(&octets, 1, 4);
	put(&octets, "\nUTC0\n", 6);
	zone = zone_of_octets(&octets);
	assert_null(zone);
}

static void
what_it_takes_is_in_proportion_to_the_transitions(void **state)
{
	struct zone *small = zone_of_rule("UTC0");
	struct zone *large = zone_of_file("Europe/Berlin");

	(void)state;
	assert_in_range(zone_memory(small), 1, 256);
	assert_in_range(zone_memory(large), zone_memory(small), 8192);
	zone_free(small);
	zone_free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_the_time_that_libc_has),
		cmocka_unit_test(their_rules_alone_have_the_time_that_libc_has),
		cmocka_unit_test(offsets_stay_from_one_change_to_the_next),
		cmocka_unit_test(rules_mean_what_libc_makes_of_them),
		cmocka_unit_test(
			changes_near_the_new_year_are_in_the_right_one),
		cmocka_unit_test(no_change_is_passed_over),
		cmocka_unit_test(what_is_no_rule_is_refused),
		cmocka_unit_test(a_rule_is_read_no_further_than_it_goes),
		cmocka_unit_test(without_a_zone_it_is_utc),
		cmocka_unit_test(any_number_is_a_moment),
		cmocka_unit_test(versions_from_1_to_4_are_read),
		cmocka_unit_test(the_rule_counts_from_the_last_transition_on),
		cmocka_unit_test(a_file_without_transitions_is_its_rule),
		cmocka_unit_test(damage_is_noticed),
		cmocka_unit_test(indicators_are_none_or_one_a_type),
		cmocka_unit_test(
			counts_of_the_first_block_cannot_lead_beyond_the_file),
		cmocka_unit_test(no_part_of_a_file_is_one),
		cmocka_unit_test(changed_octets_do_no_harm),
		cmocka_unit_test(leap_seconds_are_refused),
		cmocka_unit_test(
			what_it_takes_is_in_proportion_to_the_transitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
