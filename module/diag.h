/*
 * diag.h - what is to be said of a file: every error, warning and note with its
 * place.
 *
 * Thread-safety: one struct diag belongs to one thread.
 */
#ifndef BITSINK_DIAG_H
#define BITSINK_DIAG_H

#include <stddef.h>

#include "query.h"

/* A note tells of what is as it should be, and may be forgotten. */
enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

/* As many are kept; those beyond are only counted. */
#define DIAG_KEPT_MAX 10000u

struct diag_item {
	enum diag_severity severity;
	/* "file:line:column: error: message", without a newline. */
	char *text;
	/* Octets of the file's name, which text begins with, and where the
	 * message is in it. */
	size_t file_length;
	size_t message;
	/* 0 where text has none. */
	unsigned line;
	unsigned column;
};

/* Set to zeroes to begin with; diag_clear() frees what it holds. */
struct diag {
	struct diag_item *items;
	size_t kept;
	size_t room;
	/* All that were reported, kept or not. */
	size_t errors;
	size_t warnings;
	size_t notes;
};

/* Reports at WHERE: line 0 leaves line and column out, column 0 the column.
 * Control characters in the message become '?'. */
void diag_error(struct diag *diag, struct origin where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *diag, struct origin where, const char *format,
	...) __attribute__((format(printf, 3, 4)));
void diag_note(struct diag *diag, struct origin where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The word for it, as it stands in an item's text. */
const char *diag_word(enum diag_severity severity);

/* The out-of-memory error, which takes no memory to report. */
void diag_no_memory(struct diag *diag);

void diag_clear(struct diag *diag);

#endif
