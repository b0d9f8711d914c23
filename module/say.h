/*
 * say.h - lines for the host's log.
 *
 * Thread-safety: the host's function may be called by any thread.
 */
#ifndef BITSINK_SAY_H
#define BITSINK_SAY_H

#include <stdint.h>

enum say_level { SAY_INFO, SAY_WARNING, SAY_ERROR };

/* Writes LINE, without a newline and with no control character in it. */
typedef void (*say_line)(enum say_level level, const char *line);

/* Says a line by printf, of at most 4095 octets. What is not printable in it
 * becomes '?'. */
void say(say_line line, enum say_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Room for a time as say_time() writes it. */
#define SAY_TIME_MAX 32

/* Writes SECONDS since 1970 by FORMAT of strftime(), in UTC; "?" for what is
 * no time. */
void say_time(char *text, const char *format, int64_t seconds);

#endif
