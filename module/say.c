/*
 * say.c - lines for the host's log.
 */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_OCTETS 4096

void
say(say_line line, enum say_level level, const char *format, ...)
{
	char text[LINE_OCTETS], *at;
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	va_end(arguments);
	for (at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	line(level, text);
}

void
say_time(char *text, const char *format, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&when, &utc) == NULL ||
	    strftime(text, SAY_TIME_MAX, format, &utc) == 0)
		memcpy(text, "?", sizeof("?"));
}
