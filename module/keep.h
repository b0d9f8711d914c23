/*
 * keep.h - the last good policy, kept in the state directory.
 *
 * Thread-safety: for one thread at a time.
 */
#ifndef BITSINK_KEEP_H
#define BITSINK_KEEP_H

#include <time.h>

#include "tape.h"

/* The file in the state directory. */
#define KEEP_NAME "last-good-policy"

/*
 * Keeps a finished tape in DIRECTORY. At any moment, also of a power cut, the
 * file is either the one before or the new one, whole. Nothing is written where
 * the same is kept already. Returns NULL, or what failed, a constant, with
 * errno set.
 */
const char *keep_write(const char *directory, const struct tape *tape);

/* Opens what is kept in DIRECTORY for replaying, and tells when it was
 * written. Returns NULL, or what failed; TAPE is to be cleared in any case. */
const char *keep_read(const char *directory, struct tape *tape, time_t *when);

#endif
