/*
 * granting.h - what an administrator does with grants: each that begins, is
 * revoked or ends is said, and kept in the state directory.
 *
 * Thread-safety: one thread, which is the one of grants.h that changes them.
 */
#ifndef BITSINK_GRANTING_H
#define BITSINK_GRANTING_H

#include <limits.h>
#include <stdint.h>

#include "grants.h"
#include "policy.h"
#include "say.h"

/* What it points to is borrowed. */
struct granting {
	struct grants *grants;
	/* The state directory. */
	const char *directory;
	say_line line;
	/* How many were revoked or have ended: what was followed from their
	 * names is to be looked at. */
	uint64_t ended;
};

/* What is wrong with a request: what was found, as it was handed over, and what
 * was expected. */
struct granting_error {
	const char *found;
	char expected[PATH_MAX + 256];
};

/* GROUP may ask for what PATTERN matches from NOW on for SECONDS, a number as
 * text. Refused is what would have no effect, for the policy denies it. 0, or
 * -1 with ERROR filled. */
int granting_allow(const struct granting *granting,
	const struct policy *policy, const struct group *group,
	const char *pattern, const char *seconds, int64_t now,
	struct granting_error *error);

/* Ends the grant of GROUP, which need not be one of a policy, for PATTERN. 0,
 * or -1 with ERROR filled. */
int granting_revoke(struct granting *granting, const char *group,
	const char *pattern, struct granting_error *error);

/* Takes those out that have ended at NOW. */
void granting_expire(struct granting *granting, int64_t now);

/* Reads those that are kept, before anybody asks for them. */
void granting_read(const struct granting *granting, int64_t now);

#endif
