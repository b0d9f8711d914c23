/*
 * filewatch.h - whether the files of a policy have changed.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_FILEWATCH_H
#define BITSINK_FILEWATCH_H

#include <stdint.h>
#include <time.h>

#include "policy.h"

struct filewatch {
	/* What the files were like when they were read, and at the last look:
	 * their places, sizes and times, in one number. */
	uint64_t read;
	uint64_t seen;
};

/* The files have been read, from BEGUN on, a time as files have it: one that
 * changed since then may have been read as it was before, and has changed. */
void filewatch_note(struct filewatch *watch, const struct policy *policy,
	const struct timespec *begun);

/* Whether they are not as they were read, and are as they were at the last
 * look: who writes them is done. */
int filewatch_changed(struct filewatch *watch, const struct policy *policy);

#endif
