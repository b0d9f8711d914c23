/*
 * replace.h - a file that is there whole, or as it was.
 *
 * Thread-safety: one thread; the umask is read by setting it.
 */
#ifndef BITSINK_REPLACE_H
#define BITSINK_REPLACE_H

#include <stddef.h>
#include <stdio.h>

/* What the file is to become. */
struct replacement {
	FILE *out;
	/* Borrowed. */
	const char *path;
	/* The file that OUT writes; owned. */
	char *temporary;
};

/* Begins to write what PATH, a regular file or none, is to become, with the
 * mode 0644 less the umask. 0, or -1 with the reason in WRONG, of SIZE
 * octets. */
int replace_begin(struct replacement *replacement, const char *path,
	char *wrong, size_t size);

/* Puts it in the place of PATH. 0, or -1 with the reason in WRONG; PATH is as
 * it was then. */
int replace_end(struct replacement *replacement, char *wrong, size_t size);

/* Leaves PATH as it was. */
void replace_cancel(struct replacement *replacement);

#endif
