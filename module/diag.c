/*
 * diag.c - what is wrong with a file: every error and warning with its place.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
format_item(enum diag_severity severity, struct origin where,
	const char *format, va_list args)
{
	const char *file = where.file != NULL ? where.file : "policy";
	const char *word = severity == DIAG_ERROR ? "error" : "warning";
	char place[32] = "", *message = NULL, *text = NULL, *p;

	if (where.line > 0 && where.column > 0)
		snprintf(place, sizeof(place), ":%u:%u", where.line,
			where.column);
	else if (where.line > 0)
		snprintf(place, sizeof(place), ":%u", where.line);
	if (vasprintf(&message, format, args) < 0)
		return NULL;
	if (asprintf(&text, "%s%s: %s: %s", file, place, word, message) < 0)
		text = NULL;
	free(message);
	/* What a file holds reaches no terminal and no log as it is. */
	for (p = text; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return text;
}

static void
add(struct diag *diag, enum diag_severity severity, struct origin where,
	const char *format, va_list args)
{
	char *text;

	if (severity == DIAG_ERROR)
		diag->errors++;
	else
		diag->warnings++;
	if (diag->kept >= DIAG_KEPT_MAX)
		return;
	if (diag->kept == diag->room) {
		size_t room = diag->room == 0 ? 16 : diag->room * 2;
		struct diag_item *items = realloc(diag->items,
			room * sizeof(*items));

		if (items == NULL)
			return; /* counted, which is what decides */
		diag->items = items;
		diag->room = room;
	}
	text = format_item(severity, where, format, args);
	if (text == NULL)
		return;
	diag->items[diag->kept].severity = severity;
	diag->items[diag->kept++].text = text;
}

void
diag_error(struct diag *diag, struct origin where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_ERROR, where, format, args);
	va_end(args);
}

void
diag_warning(struct diag *diag, struct origin where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_WARNING, where, format, args);
	va_end(args);
}

void
diag_no_memory(struct diag *diag)
{
	struct origin nowhere = { NULL, 0, 0 };

	diag_error(diag, nowhere, "out of memory");
}

void
diag_clear(struct diag *diag)
{
	size_t i;

	for (i = 0; i < diag->kept; i++)
		free(diag->items[i].text);
	free(diag->items);
	memset(diag, 0, sizeof(*diag));
}
