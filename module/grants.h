/*
 * grants.h - names that an administrator allowed a group for a time.
 *
 * The file is one of ledger.h, with lines
 *
 *   grant group= pattern= since= until=
 *
 * Thread-safety: grants_allow() and grants_count() may be called by any number
 * of threads at a time; the others are for one thread, which may run beside
 * those.
 */
#ifndef BITSINK_GRANTS_H
#define BITSINK_GRANTS_H

#include <stddef.h>
#include <stdint.h>

#include "name.h"

#define GRANTS_MAX 64
/* Seconds that one may last: 31 days. */
#define GRANTS_SECONDS_MAX 2678400
/* Seconds that a clock may have gone back since one began: before that it does
 * not count. */
#define GRANTS_EARLY 86400
/* The file in the state directory. */
#define GRANTS_NAME "granted"

struct grants;

struct grant {
	/* Owned by the grants. */
	const char *group;
	/* As it was written. */
	const char *pattern;
	/* Seconds since 1970; it counts before UNTIL, and not at it. */
	int64_t since;
	int64_t until;
};

/* NULL when out of memory. */
struct grants *grants_new(void);
void grants_free(struct grants *grants);

/* Until when GROUP may ask for NAME, or 0 where it may not at NOW. Costs one
 * load where there are no grants. */
int64_t grants_allow(struct grants *grants, const char *group,
	const struct name *name, int64_t now);

/* Adds a grant; one of the same group and pattern, however that is written, is
 * replaced by it. It ends at SINCE + GRANTS_SECONDS_MAX at the latest. 0; -1
 * where there are GRANTS_MAX; -2 for what is no pattern or no name of a group;
 * -3 when out of memory. */
int grants_add(struct grants *grants, const char *group, const char *pattern,
	int64_t since, int64_t until);

/* Ends the one with the same group and pattern. 0, or -1: there is none. */
int grants_remove(struct grants *grants, const char *group,
	const char *pattern);

/* The grant numbered NUMBER, from 0, those that end first first. 0, or -1
 * behind the last. Valid until the next change. */
int grants_get(const struct grants *grants, size_t number,
	struct grant *grant);
size_t grants_count(const struct grants *grants);

/* Takes the first grant out that has ended at NOW. 1 with its group and pattern
 * copied, GROUP_NAME_MAX + 1 and NAMES_PATTERN_MAX octets; 0 for none. */
int grants_expire(struct grants *grants, int64_t now, char *group,
	char *pattern);

/* Keeps them in DIRECTORY by way of keep_file(), and reads them in the place of
 * those there are, those that have ended at NOW left out. NULL, or what failed,
 * a constant, with errno set, 0 for a file that is damaged: of that none is
 * taken. No file is no failure: there were none. */
const char *grants_write(const struct grants *grants, const char *directory);
const char *grants_read(struct grants *grants, const char *directory,
	int64_t now);

#endif
