/*
 * text.h - values on their way to people.
 *
 * Thread-safety: one thread, and the locale of the process.
 */
#ifndef BITSINK_TEXT_H
#define BITSINK_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Room for text_time(), text_ago() and text_left(). */
#define TEXT_TIME_MAX 48

/*
 * Writes VALUE to OUT (NULL: nowhere) so that no terminal takes any of it for
 * a command: what is not printable in the locale stands as \DDD in decimal,
 * octet by octet. Returns the columns that it takes.
 */
size_t text_safe(FILE *out, const char *value);

/* VALUE with all that is not printable ASCII as \DDD. Allocated; NULL when
 * out of memory. */
char *text_ascii(const char *value);

/* Reads all of VALUE as a decimal number. 0, or -1. */
int text_number(const char *value, int64_t *number);

/* Seconds since 1970, as in 2026-11-23T07:30:00Z. */
void text_time(char *out, int64_t seconds);
/* The time from SECONDS to NOW, as in "3 h ago". */
void text_ago(char *out, int64_t seconds, int64_t now);
/* The time from NOW to SECONDS, as in "3 h left"; "over" for none. */
void text_left(char *out, int64_t seconds, int64_t now);

/* Reads a time as 90s, 30m, 2h, 1d or 1h30m: numbers with units, the longest
 * first, that together are more than 0. 0, or -1. */
int text_duration(const char *value, int64_t *seconds);

#endif
