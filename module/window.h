/*
 * window.h - times of the week, as clocks on the wall show them.
 *
 * Text format: days, a space, and from when to when:
 *
 *	Tue 22:00-04:00		from Tuesday evening to Wednesday morning
 *	Mon-Fri 18:30-24:00	the days from one to the other
 *	Sat,Sun 00:00-24:00	some days
 *	daily 02:00-03:00	every day
 *	2nd Tue 19:00-07:00	of the month's Tuesdays the second
 *	last Sun 00:00-24:00
 *	1st,3rd Sat 20:00-24:00	some of them
 *
 * A day is the one on which the window opens; where the end is not behind the
 * begin, the window closes on the day after. Days are Mon Tue Wed Thu Fri Sat
 * Sun, ordinals 1st 2nd 3rd 4th 5th last; letter case does not count. The
 * moment of the begin is in the window, that of the end is not; an end at 00:00
 * is one at 24:00. Spaces are nowhere else.
 *
 * Only what a clock shows counts: an hour that is skipped when clocks go
 * forward is in no window, and one that comes twice is in it twice.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_WINDOW_H
#define BITSINK_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "zone.h"

struct window {
	/* Days on which it opens: bit 0 is Sunday. */
	uint8_t days;
	/* Which of the month's such days: bit 0 the first ... bit 4 the fifth,
	 * bit 5 the last. */
	uint8_t weeks;
	/* Minutes of the day: 0 to 1439, and 1 to 1440; where TO is not above
	 * FROM it is of the next day. */
	uint16_t from;
	uint16_t to;
};

#define WINDOW_ALL_WEEKS 0x1f
#define WINDOW_LAST_WEEK 0x20

struct window_error {
	/* Offset of the mistake in the text. */
	size_t at;
	/* What was expected there; a constant. */
	const char *expected;
};

/* Reads a window of LENGTH octets. 0, or -1 with ERROR filled. */
int window_from_text(struct window *window, const char *text, size_t length,
	struct window_error *error);

/* Writes it as it is read; TEXT holds WINDOW_TEXT_MAX octets. */
#define WINDOW_TEXT_MAX 64
void window_to_text(const struct window *window, char *text);

/* Whether WINDOW is open at NOW, seconds since 1970; a NULL zone is UTC. */
int window_is_open(const struct window *window, const struct zone *zone,
	int64_t now);

/* Whether any of COUNT windows is; the calendar is asked once for all. */
int window_any_is_open(const struct window *windows, size_t count,
	const struct zone *zone, int64_t now);

/* The first moment after NOW at which it changes whether any of the windows is
 * open, or 0 where that is not within 400 days. Takes milliseconds: not for
 * every query. */
int64_t window_change(const struct window *windows, size_t count,
	const struct zone *zone, int64_t now);

#endif
