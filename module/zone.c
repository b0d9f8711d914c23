/*
 * zone.c - local time of a time zone.
 *
 * A zone is a table of moments, from each of which on another offset counts,
 * and a rule for all time from the last of them on. Either may be missing.
 */
#include "zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400

/* What a rule can say; RFC 8536 wants no more of a file. */
#define OFFSET_MIN (-25 * HOUR + 1)
#define OFFSET_MAX (26 * HOUR - 1)

/* --- The calendar. It repeats after 400 years, weekdays too. Days are counted
 * from 2000-01-01, a Saturday, and years from 2000. */

#define CYCLE_DAYS 146097
#define CYCLE_YEARS 400
#define DAYS_TO_2000 10957

/* Days before each month of a common year, and before the next year. */
static const uint16_t month_begins[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243,
	273, 304, 334, 365 };

static int64_t
floor_div(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

static int64_t
floor_mod(int64_t number, int64_t by)
{
	int64_t rest = number % by;

	return rest < 0 ? rest + by : rest;
}

static int
is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day with which a year begins, for years from 0 on. */
static int32_t
year_begin(int32_t year)
{
	return year * 365 + (year + 3) / 4 - (year + 99) / 100 +
		(year + 399) / 400;
}

/* The year that has DAY, which is not below 0. */
static int32_t
year_of(int32_t day)
{
	int32_t year = (int32_t)((int64_t)day * CYCLE_YEARS / CYCLE_DAYS);

	/* Leap days come in lumps: that can be a year beside it. */
	while (year_begin(year) > day)
		year--;
	while (year_begin(year + 1) <= day)
		year++;
	return year;
}

/* Days of YEAR before a month, which is 0 to 12. */
static int32_t
month_begin(int32_t year, unsigned month)
{
	return month_begins[month] + (month >= 2 && is_leap(year));
}

/* --- Rules. */

enum change_kind {
	/* 1 to 365; February 29 is never counted. */
	CHANGE_JULIAN,
	/* 0 to 365; it is. */
	CHANGE_DAY,
	/* A weekday of a month; the fifth is the last. */
	CHANGE_WEEKDAY
};

/* When in a year clocks are changed, by the clocks until then. */
struct change {
	enum change_kind kind;
	/* Of the year, from 0 or 1 on; or 0 for Sunday. */
	uint16_t day;
	/* From 0 on, both. */
	uint8_t month;
	uint8_t week;
	/* Since midnight; may be before or behind that day. */
	int32_t second;
};

struct rule {
	/* Seconds ahead of UTC, in standard and in daylight saving time; where
	 * there is no such time they are the same. */
	int32_t standard;
	int32_t saving;
	int has_saving;
	struct change begin;
	struct change end;
};

static int32_t
change_day(const struct change *change, int32_t year)
{
	int32_t first = year_begin(year), length, day;

	switch (change->kind) {
	case CHANGE_JULIAN:
		return first + change->day - 1 +
			(change->day >= 60 && is_leap(year));
	case CHANGE_DAY:
		return first + change->day;
	case CHANGE_WEEKDAY:
		break;
	}
	first += month_begin(year, change->month);
	length = month_begin(year, change->month + 1U) -
		month_begin(year, change->month);
	/* Day 0 was a Saturday, so day 1 and each seventh from it a Sunday. */
	day = (change->day + 8 - first % 7) % 7 + change->week * 7;
	return first + (day < length ? day : day - 7);
}

static int64_t
saving_begin(const struct rule *rule, int32_t year)
{
	return (int64_t)change_day(&rule->begin, year) * DAY +
		rule->begin.second - rule->standard;
}

static int64_t
saving_end(const struct rule *rule, int32_t year)
{
	return (int64_t)change_day(&rule->end, year) * DAY +
		rule->end.second - rule->saving;
}

/* Whether WHEN is in the daylight saving time that begins in YEAR. In the south
 * it ends in the next year. */
static int
saves_from(const struct rule *rule, int32_t year, int64_t when)
{
	int64_t begin = saving_begin(rule, year), end;

	if (when < begin)
		return 0;
	end = saving_end(rule, year);
	return when < end ||
		(end <= begin && when < saving_end(rule, year + 1));
}

/* The same moment of a cycle that begins with the year 400: so there are years
 * before it. */
static int64_t
in_cycle(int64_t when)
{
	const int64_t cycle = (int64_t)CYCLE_DAYS * DAY;

	return floor_mod(floor_mod(when, cycle) - (int64_t)DAYS_TO_2000 * DAY,
		cycle) + cycle;
}

static int32_t
rule_offset(const struct rule *rule, int64_t when)
{
	int32_t year, last;

	if (!rule->has_saving)
		return rule->standard;
	when = in_cycle(when);
	year = year_of((int32_t)(when / DAY));
	/* A change's time goes some days beyond its year: so the next year's
	 * may be over, and in the south that from the year before the last may
	 * not. */
	last = year - 2;
	for (year++; year >= last; year--)
		if (saves_from(rule, year, when))
			return rule->saving;
	return rule->standard;
}

/* The first change behind WHEN. */
static int64_t
rule_next(const struct rule *rule, int64_t when)
{
	int64_t at = in_cycle(when), next = INT64_MAX;
	int32_t year = year_of((int32_t)(at / DAY)), i;

	if (!rule->has_saving)
		return INT64_MAX;
	for (i = year - 1; i <= year + 2; i++) {
		int64_t begin = saving_begin(rule, i);
		int64_t end = saving_end(rule, i);

		if (begin > at && begin < next)
			next = begin;
		if (end > at && end < next)
			next = end;
	}
	return when > INT64_MAX - (next - at) ? INT64_MAX : when + (next - at);
}

/* --- Rules as text. */

struct text {
	const char *at;
	size_t left;
};

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes C where it comes next. */
static int
take(struct text *text, char c)
{
	if (text->left == 0 || *text->at != c)
		return 0;
	text->at++;
	text->left--;
	return 1;
}

/* Takes a decimal number. 0, or -1. */
static int
take_number(struct text *text, int32_t min, int32_t max, int32_t *number)
{
	int32_t value = 0;

	if (text->left == 0 || !is_digit(*text->at))
		return -1;
	while (text->left > 0 && is_digit(*text->at)) {
		value = value * 10 + (*text->at - '0');
		text->at++;
		text->left--;
		if (value > max)
			return -1;
	}
	*number = value;
	return value < min ? -1 : 0;
}

/* Takes [+-]HOURS[:MINUTES[:SECONDS]]. 0, or -1. */
static int
take_clock(struct text *text, int32_t hours, int32_t *seconds)
{
	int negative = take(text, '-');
	int32_t part;

	if (!negative)
		(void)take(text, '+');
	if (take_number(text, 0, hours, &part) != 0)
		return -1;
	*seconds = part * HOUR;
	if (take(text, ':')) {
		if (take_number(text, 0, 59, &part) != 0)
			return -1;
		*seconds += part * 60;
		if (take(text, ':')) {
			if (take_number(text, 0, 59, &part) != 0)
				return -1;
			*seconds += part;
		}
	}
	if (negative)
		*seconds = -*seconds;
	return 0;
}

/* Takes what clocks are said to show, as in CET or <+0545>; it does not matter
 * here. 0, or -1. */
static int
take_name(struct text *text)
{
	int quoted = take(text, '<');
	size_t length = 0;

	for (; text->left > 0; text->at++, text->left--, length++) {
		char c = *text->at;

		if (!is_letter(c) && !(quoted &&
		    (is_digit(c) || c == '+' || c == '-')))
			break;
	}
	return length < 3 || (quoted && !take(text, '>')) ? -1 : 0;
}

/* Takes an offset: a rule has it west of Greenwich. 0, or -1. */
static int
take_offset(struct text *text, int32_t *offset)
{
	int32_t west;

	if (take_clock(text, 24, &west) != 0)
		return -1;
	*offset = -west;
	return 0;
}

/* Takes MONTH.WEEK.WEEKDAY. 0, or -1. */
static int
take_weekday(struct text *text, struct change *change)
{
	int32_t month, week, day;

	if (take_number(text, 1, 12, &month) != 0 || !take(text, '.') ||
	    take_number(text, 1, 5, &week) != 0 || !take(text, '.') ||
	    take_number(text, 0, 6, &day) != 0)
		return -1;
	change->kind = CHANGE_WEEKDAY;
	change->month = (uint8_t)(month - 1);
	change->week = (uint8_t)(week - 1);
	change->day = (uint16_t)day;
	return 0;
}

/* Takes a comma, a day and maybe a time of it. 0, or -1. */
static int
take_change(struct text *text, struct change *change)
{
	int32_t day = 0;
	int failed;

	if (!take(text, ','))
		return -1;
	if (take(text, 'M')) {
		failed = take_weekday(text, change);
	} else {
		int julian = take(text, 'J');

		failed = take_number(text, julian, 365, &day);
		change->kind = julian ? CHANGE_JULIAN : CHANGE_DAY;
		change->day = (uint16_t)day;
	}
	if (failed)
		return -1;
	change->second = 2 * HOUR;
	return take(text, '/') ? take_clock(text, 167, &change->second) : 0;
}

/* Reads a rule of LENGTH octets. 0, or -1. */
static int
rule_from_text(struct rule *rule, const char *octets, size_t length)
{
	struct text text = { octets, length };

	memset(rule, 0, sizeof(*rule));
	if (take_name(&text) != 0 || take_offset(&text, &rule->standard) != 0)
		return -1;
	rule->saving = rule->standard;
	if (text.left == 0)
		return 0;
	rule->has_saving = 1;
	rule->saving += HOUR;
	if (take_name(&text) != 0)
		return -1;
	if (text.left > 0 && *text.at != ',' &&
	    take_offset(&text, &rule->saving) != 0)
		return -1;
	if (take_change(&text, &rule->begin) != 0 ||
	    take_change(&text, &rule->end) != 0)
		return -1;
	return text.left == 0 ? 0 : -1;
}

/* --- Zones. */

struct transition {
	int64_t when;
	int32_t offset;
};

struct zone {
	/* Before the first transition. */
	int32_t before;
	int has_rule;
	struct rule rule;
	size_t count;
	struct transition transitions[];
};

static struct zone *
zone_new(size_t count)
{
	struct zone *zone = malloc(sizeof(*zone) +
		count * sizeof(zone->transitions[0]));

	if (zone == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	memset(zone, 0, sizeof(*zone));
	zone->count = count;
	return zone;
}

struct zone *
zone_from_rule(const char *text, size_t length)
{
	struct zone *zone;
	struct rule rule;

	if (rule_from_text(&rule, text, length) != 0) {
		errno = EINVAL;
		return NULL;
	}
	zone = zone_new(0);
	if (zone != NULL) {
		zone->rule = rule;
		zone->has_rule = 1;
	}
	return zone;
}

void
zone_free(struct zone *zone)
{
	free(zone);
}

/* How many transitions were at or before WHEN. */
static size_t
passed(const struct zone *zone, int64_t when)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->transitions[middle].when <= when)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t
zone_offset(const struct zone *zone, int64_t when)
{
	size_t count;

	if (zone == NULL)
		return 0;
	count = passed(zone, when);
	if (count == zone->count && zone->has_rule)
		return rule_offset(&zone->rule, when);
	return count == 0 ? zone->before : zone->transitions[count - 1].offset;
}

int64_t
zone_next(const struct zone *zone, int64_t when)
{
	size_t count;

	if (zone == NULL)
		return INT64_MAX;
	count = passed(zone, when);
	if (count < zone->count)
		return zone->transitions[count].when;
	return zone->has_rule ? rule_next(&zone->rule, when) : INT64_MAX;
}

void
zone_local(const struct zone *zone, int64_t when, struct zone_time *local)
{
	/* Apart, for the sum of the two may be too much. */
	int64_t second = floor_mod(when, DAY) + zone_offset(zone, when);
	int32_t day, year;
	unsigned month = 1;

	local->day = floor_div(when, DAY) + floor_div(second, DAY);
	local->second = (unsigned)floor_mod(second, DAY);
	/* 1970-01-01 was a Thursday. */
	local->weekday = (unsigned)floor_mod(local->day + 4, 7);
	day = (int32_t)floor_mod(local->day - DAYS_TO_2000, CYCLE_DAYS);
	year = year_of(day);
	day -= year_begin(year);
	while (month_begin(year, month) <= day)
		month++;
	local->month_day = (unsigned)(day - month_begin(year, month - 1)) + 1;
	local->month_days = (unsigned)(month_begin(year, month) -
		month_begin(year, month - 1));
}

size_t
zone_memory(const struct zone *zone)
{
	return zone == NULL ? 0 : sizeof(*zone) +
		zone->count * sizeof(zone->transitions[0]);
}

/* --- TZif files. */

#define HEADER_OCTETS 44
#define TYPE_OCTETS 6

/* A header, and the data behind it. */
struct block {
	/* 0, or a digit. */
	uint8_t version;
	/* How many there are, in the order of the header. */
	uint32_t isuts;
	uint32_t isstds;
	uint32_t leaps;
	uint32_t times;
	uint32_t types;
	uint32_t chars;
	/* Of a moment: 4 or 8 octets. */
	unsigned time_octets;
	const uint8_t *data;
};

static uint32_t
read_32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
		(uint32_t)octets[2] << 8 | octets[3];
}

static int64_t
read_time(const uint8_t *octets, unsigned length)
{
	if (length == 4)
		return (int32_t)read_32(octets);
	return (int64_t)((uint64_t)read_32(octets) << 32 |
		read_32(octets + 4));
}

/* The octets of the block's data; no count makes it overflow. */
static uint64_t
block_octets(const struct block *block)
{
	return (uint64_t)block->times * (block->time_octets + 1) +
		(uint64_t)block->types * TYPE_OCTETS + block->chars +
		(uint64_t)block->leaps * (block->time_octets + 4) +
		block->isstds + block->isuts;
}

/* Takes a block off what is left of a file. 0, or -1. */
static int
take_block(struct block *block, unsigned time_octets, const uint8_t **octets,
	size_t *left)
{
	const uint8_t *header = *octets;

	if (*left < HEADER_OCTETS || memcmp(header, "TZif", 4) != 0)
		return -1;
	block->version = header[4];
	if (block->version != 0 &&
	    (block->version < '2' || block->version > '4'))
		return -1;
	block->isuts = read_32(header + 20);
	block->isstds = read_32(header + 24);
	block->leaps = read_32(header + 28);
	block->times = read_32(header + 32);
	block->types = read_32(header + 36);
	block->chars = read_32(header + 40);
	block->time_octets = time_octets;
	block->data = header + HEADER_OCTETS;
	if (block_octets(block) > *left - HEADER_OCTETS)
		return -1;
	*octets = block->data + block_octets(block);
	*left -= HEADER_OCTETS + (size_t)block_octets(block);
	return 0;
}

/* The parts of the data. */
static const uint8_t *
time_at(const struct block *block, uint32_t i)
{
	return block->data + (size_t)i * block->time_octets;
}

static uint8_t
type_index(const struct block *block, uint32_t i)
{
	return time_at(block, block->times)[i];
}

static const uint8_t *
type_at(const struct block *block, uint32_t i)
{
	return time_at(block, block->times) + block->times +
		(size_t)i * TYPE_OCTETS;
}

/* What is not needed is looked at too: it shows that the file is damaged. */
static int
types_are_right(const struct block *block)
{
	const uint8_t *chars = type_at(block, block->types);
	uint32_t i;

	if (block->types == 0 || block->chars == 0 ||
	    chars[block->chars - 1] != '\0')
		return 0;
	if ((block->isuts != 0 && block->isuts != block->types) ||
	    (block->isstds != 0 && block->isstds != block->types))
		return 0;
	for (i = 0; i < block->types; i++) {
		const uint8_t *type = type_at(block, i);
		int64_t offset = read_time(type, 4);

		if (offset < OFFSET_MIN || offset > OFFSET_MAX || type[4] > 1 ||
		    type[5] >= block->chars)
			return 0;
	}
	return 1;
}

static int
times_are_right(const struct block *block)
{
	uint32_t i;

	for (i = 0; i < block->times; i++) {
		if (type_index(block, i) >= block->types)
			return 0;
		if (i > 0 && read_time(time_at(block, i),
		    block->time_octets) <= read_time(time_at(block, i - 1),
		    block->time_octets))
			return 0;
	}
	return 1;
}

/* Reads the footer, a rule between newlines, maybe an empty one. 0, or -1. */
static int
read_footer(const uint8_t *octets, size_t left, struct rule *rule,
	int *has_rule)
{
	const uint8_t *end;
	size_t length;

	if (left == 0 || octets[0] != '\n')
		return -1;
	end = memchr(octets + 1, '\n', left - 1);
	if (end == NULL)
		return -1;
	length = (size_t)(end - octets) - 1;
	*has_rule = length > 0;
	return length == 0 ? 0
		: rule_from_text(rule, (const char *)octets + 1, length);
}

static int32_t
type_offset(const struct block *block, uint32_t type)
{
	return (int32_t)read_time(type_at(block, type), 4);
}

static struct zone *
zone_from_block(const struct block *block)
{
	struct zone *zone = zone_new(block->times);
	uint32_t i;

	if (zone == NULL)
		return NULL;
	zone->before = type_offset(block, 0);
	for (i = 0; i < block->times; i++) {
		zone->transitions[i].when = read_time(time_at(block, i),
			block->time_octets);
		zone->transitions[i].offset = type_offset(block,
			type_index(block, i));
	}
	return zone;
}

struct zone *
zone_from_tzif(const uint8_t *octets, size_t length)
{
	struct zone *zone;
	struct block block;
	struct rule rule = { .standard = 0 };
	int has_rule = 0;

	errno = EINVAL;
	if (take_block(&block, 4, &octets, &length) != 0)
		return NULL;
	/* From version 2 on the same comes once more, with 64 bits. */
	if (block.version != 0 &&
	    (take_block(&block, 8, &octets, &length) != 0 ||
	    read_footer(octets, length, &rule, &has_rule) != 0))
		return NULL;
	/* Where leap seconds are counted, moments are others than the clock of
	 * the machine has. */
	if (block.leaps != 0 || !types_are_right(&block) ||
	    !times_are_right(&block))
		return NULL;
	zone = zone_from_block(&block);
	if (zone != NULL) {
		zone->rule = rule;
		zone->has_rule = has_rule;
	}
	return zone;
}
