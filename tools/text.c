/*
 * text.c - values on their way to people.
 */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#define ESCAPE_OCTETS 4

/* Octets of the character at VALUE, 0 where it is none that may be printed;
 * *COLUMNS is how many it takes. */
static size_t
printable(const char *value, size_t left, size_t *columns)
{
	mbstate_t state;
	wchar_t character;
	size_t octets;
	int width;

	memset(&state, 0, sizeof(state));
	octets = mbrtowc(&character, value, left, &state);
	if (octets == 0 || octets > left)
		return 0;
	/* 0: it changes others, as what turns their direction. */
	width = wcwidth(character);
	if (width <= 0)
		return 0;
	*columns = (size_t)width;
	return octets;
}

static void
write_escape(char *out, char c)
{
	unsigned octet = (unsigned char)c;

	out[0] = '\\';
	out[1] = (char)('0' + octet / 100);
	out[2] = (char)('0' + octet / 10 % 10);
	out[3] = (char)('0' + octet % 10);
}

size_t
text_safe(FILE *out, const char *value)
{
	size_t left = strlen(value), all = 0;

	while (left > 0) {
		char escape[ESCAPE_OCTETS];
		const char *what = value;
		size_t columns, octets = printable(value, left, &columns);
		size_t length = octets;

		if (octets == 0) {
			write_escape(escape, *value);
			what = escape;
			octets = 1;
			length = columns = ESCAPE_OCTETS;
		}
		if (out != NULL)
			(void)fwrite(what, 1, length, out);
		all += columns;
		value += octets;
		left -= octets;
	}
	return all;
}

char *
text_ascii(const char *value)
{
	char *text = malloc(ESCAPE_OCTETS * strlen(value) + 1);
	char *at = text;

	if (text == NULL)
		return NULL;
	for (; *value != '\0'; value++) {
		if (*value >= ' ' && *value < 0x7f) {
			*at++ = *value;
		} else {
			write_escape(at, *value);
			at += ESCAPE_OCTETS;
		}
	}
	*at = '\0';
	return text;
}

int
text_number(const char *value, int64_t *number)
{
	const char *digits = value + (*value == '-');
	char *end;

	/* strtoimax() would take a '+' and spaces, too. */
	if (*digits < '0' || *digits > '9')
		return -1;
	errno = 0;
	*number = strtoimax(value, &end, 10);
	return errno == 0 && *end == '\0' ? 0 : -1;
}

void
text_time(char *out, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL ||
	    strftime(out, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TEXT_TIME_MAX, "%" PRId64, seconds);
}

/* Writes SECONDS in a unit that suits, and WORD behind it. */
static void
write_span(char *out, uint64_t seconds, const char *word)
{
	const char *unit = "s";

	if (seconds >= (uint64_t)2 * 24 * 3600) {
		seconds /= (uint64_t)24 * 3600;
		unit = "days";
	} else if (seconds >= 3600) {
		seconds /= 3600;
		unit = "h";
	} else if (seconds >= 60) {
		seconds /= 60;
		unit = "min";
	}
	snprintf(out, TEXT_TIME_MAX, "%" PRIu64 " %s %s", seconds, unit, word);
}

/* No time that is one overflows what these two subtract. */
void
text_ago(char *out, int64_t seconds, int64_t now)
{
	if (seconds > now)
		snprintf(out, TEXT_TIME_MAX, "in the future");
	else
		write_span(out, (uint64_t)now - (uint64_t)seconds, "ago");
}

void
text_left(char *out, int64_t seconds, int64_t now)
{
	if (seconds <= now)
		snprintf(out, TEXT_TIME_MAX, "over");
	else
		write_span(out, (uint64_t)seconds - (uint64_t)now, "left");
}

int
text_duration(const char *value, int64_t *seconds)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	size_t i = 0;

	*seconds = 0;
	while (*value >= '0' && *value <= '9') {
		int64_t count = 0;

		for (; *value >= '0' && *value <= '9'; value++) {
			if (count > INT32_MAX)
				return -1;
			count = count * 10 + (*value - '0');
		}
		while (i < sizeof(units) / sizeof(units[0]) &&
		    units[i].letter != *value)
			i++;
		if (i == sizeof(units) / sizeof(units[0]))
			return -1;
		*seconds += count * units[i++].seconds;
		value++;
	}
	return *value == '\0' && *seconds > 0 ? 0 : -1;
}
