/*
 * keep.h - files of the state directory that are there whole: the last good
 * policy, and what others keep over restarts.
 *
 * Thread-safety: for one thread at a time.
 */
#ifndef BITSINK_KEEP_H
#define BITSINK_KEEP_H

#include <stddef.h>
#include <time.h>

#include "tape.h"

/* The file of the policy in the state directory. */
#define KEEP_NAME "last-good-policy"

/*
 * Keeps LENGTH octets as the file NAME in DIRECTORY. At any moment, also of a
 * power cut, the file is either the one before or the new one, whole. Nothing
 * is written where the same is kept already. Returns NULL, or what failed, a
 * constant, with errno set.
 */
const char *keep_file(const char *directory, const char *name,
	const char *octets, size_t length);

/*
 * The same of what comes piece by piece, none of which is held in memory: it is
 * compared with what is kept already, and written from where that is not the
 * same. keeping_begin() takes over nothing, NAME stays the caller's, and it
 * returns NULL when out of memory. What failed meanwhile is told at the end, as
 * keep_file() does; with KEEP 0 all is as it was before.
 */
struct keeping;
struct keeping *keeping_begin(const char *directory, const char *name);
/* CONTEXT is the struct keeping: a tape_write. */
void keeping_put(void *context, const char *octets, size_t length);
const char *keeping_end(struct keeping *keeping, int keep);

/* What keep_load() read; keep_clear() frees it. */
struct kept {
	/* From malloc(), with a NUL behind it that is not counted; NULL where
	 * there is no such file, or it was not read. */
	char *octets;
	size_t length;
	/* When it was written. */
	time_t when;
};

/* Reads the file NAME in DIRECTORY. Returns NULL, also where there is none, or
 * what failed, a constant, with errno set (0 for what is no file of ours). */
const char *keep_load(const char *directory, const char *name,
	struct kept *kept);
void keep_clear(struct kept *kept);

/* Opens the policy that is kept in DIRECTORY for replaying, and tells when it
 * was written. Returns NULL, or what failed; TAPE is to be cleared in any
 * case. */
const char *keep_read(const char *directory, struct tape *tape, time_t *when);

#endif
