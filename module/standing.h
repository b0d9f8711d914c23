/*
 * standing.h - the policy in force, and how it came to be.
 *
 * Thread-safety: one thread; what is in it may be read by any while it does not
 * change.
 */
#ifndef BITSINK_STANDING_H
#define BITSINK_STANDING_H

#include <stdint.h>
#include <time.h>

#include "policy.h"
#include "say.h"

#define STANDING_ERROR_MAX 512

struct standing {
	struct policy *policy;
	/* The policy's file and the state directory; owned. */
	char *path;
	char *directory;
	/* What the host declares, as of site.h; borrowed. NULL: not known. */
	const char *site;
	size_t site_length;
	/* What stands before its cache, as of gate.h; borrowed, and set behind
	 * standing_init(). NULL: it asks us. */
	const char *gate;
	size_t gate_length;
	/* Octets the policy takes. */
	size_t memory;
	/* Of all that it was loaded from. */
	uint64_t checksum;
	/* Policies that were put in force, with this one. */
	uint64_t generation;
	/* When reading the file began, as the times of files have it. */
	struct timespec begun;
	/* Seconds since 1970: when it was put in force, and, for a stale one
	 * from the state directory, when it was first kept, else 0. */
	int64_t loaded;
	int64_t kept;
	/* The file was no good, and a policy from before is in force. */
	_Atomic int stale;
	/* Errors of the file when it was last read, and the first of them. */
	size_t errors;
	char error[STANDING_ERROR_MAX];
};

/* For a policy of PATH that is kept in DIRECTORY, of a host that declares SITE;
 * there is none yet. 0, or -1 when out of memory. To be ended by
 * standing_clear() in any case. */
int standing_init(struct standing *standing, const char *path,
	const char *directory, const char *site, size_t site_length);

/*
 * Reads the policy's file, and with KEEP keeps what was read in the state
 * directory. Sets policy, memory, checksum and begun; generation and loaded
 * are the caller's to set. Errors and warnings are said to LINE, and added to
 * DIAG. Returns 0, or -1 where there are errors: errors and error are set
 * then.
 */
int standing_read(struct standing *standing, const struct names_key *key,
	int keep, struct diag *diag, say_line line);

/*
 * Loads the policy of PATH, as of standing_init(), or, where that has errors,
 * the one that was last kept in DIRECTORY; a good one is kept there. Errors,
 * warnings and what is in force are said to LINE. Returns 0, or -1 where there
 * is no policy to be had; standing->error is the reason then. To be ended by
 * standing_clear() in any case.
 */
int standing_load(struct standing *standing, const char *path,
	const char *directory, const char *site, size_t site_length,
	const struct names_key *key, int64_t now, say_line line);
/* The same for a standing that standing_init() was called for. */
int standing_begin(struct standing *standing, const struct names_key *key,
	int64_t now, say_line line);

/* A newer file was no good: the policy goes on, and is stale. */
void standing_fail(struct standing *standing, size_t errors,
	const char *error);

void standing_clear(struct standing *standing);

#endif
