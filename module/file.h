/*
 * file.h - one file, read whole.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_FILE_H
#define BITSINK_FILE_H

#include <stddef.h>

#include "diag.h"

/* A larger file of text is an error: a million patterns take about 40 MiB. */
#define FILE_OCTETS_MAX ((size_t)256 << 20)

struct file {
	/* Name as given; borrowed. */
	const char *name;
	/* The text, without a leading byte order mark, and a NUL behind it
	 * that is not counted. Owned; freed by file_free(). */
	char *memory;
	/* Octets of the memory, which is from pages_take(). */
	size_t room;
	const char *text;
	size_t length;
};

/*
 * Reads NAME, a regular file in UTF-8 that does not change meanwhile. Returns
 * 0, or -1 with an error at WHERE (the place that names the file) or in
 * the file itself. Never blocks on a FIFO or a device.
 */
int file_read(struct file *file, const char *name, struct origin where,
	struct diag *diag);

/* The same for a file of any octets, at most MOST. */
int file_read_octets(struct file *file, const char *name, size_t most,
	struct origin where, struct diag *diag);
void file_free(struct file *file);

/* The text in front of AT is not needed any more, nor what a call before told:
 * DROPPED is up to where that was done, 0 at first, and so it is afterwards.
 * Only now and then anything is done. */
void file_drop(const struct file *file, size_t at, size_t *dropped);

/* Whether both are there, and not one file by two names. */
int file_are_two(const char *a, const char *b);

#endif
