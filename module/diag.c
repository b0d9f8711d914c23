/*
 * diag.c - what is to be said of a file, each with its place.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"

const char *
diag_word(enum diag_severity severity)
{
	switch (severity) {
	case DIAG_ERROR:
		return "error";
	case DIAG_WARNING:
		return "warning";
	case DIAG_NOTE:
		break;
	}
	return "note";
}

/* Fills ITEM. 0, or -1 when out of memory. */
static int
format_item(struct diag_item *item, struct origin where, const char *format,
	va_list args)
{
	const char *file = where.file != NULL ? where.file : "policy";
	char place[32] = "", *message = NULL, *text = NULL, *p;
	int length;

	item->line = where.line;
	item->column = where.line > 0 ? where.column : 0;
	if (item->column > 0)
		snprintf(place, sizeof(place), ":%u:%u", item->line,
			item->column);
	else if (item->line > 0)
		snprintf(place, sizeof(place), ":%u", item->line);
	if (vasprintf(&message, format, args) < 0)
		return -1;
	length = asprintf(&text, "%s%s: %s: %s", file, place,
		diag_word(item->severity), message);
	if (length < 0) {
		free(message);
		return -1;
	}
	item->text = text;
	item->file_length = strlen(file);
	item->message = (size_t)length - strlen(message);
	free(message);
	/* What a file holds reaches no terminal and no log as it is. */
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return 0;
}

static void
add(struct diag *diag, enum diag_severity severity, struct origin where,
	const char *format, va_list args)
{
	struct diag_item item = { .severity = severity };

	if (severity == DIAG_ERROR)
		diag->errors++;
	else if (severity == DIAG_WARNING)
		diag->warnings++;
	else
		diag->notes++;
	if (diag->kept >= DIAG_KEPT_MAX)
		return;
	if (array_room(&diag->items, diag->kept, &diag->room, 1,
	    sizeof(*diag->items)) != 0)
		return; /* counted, which is what decides */
	if (format_item(&item, where, format, args) == 0)
		diag->items[diag->kept++] = item;
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
diag_note(struct diag *diag, struct origin where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_NOTE, where, format, args);
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
