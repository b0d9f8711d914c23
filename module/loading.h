/*
 * loading.h - reading a policy beside everything else, in a thread of its own.
 *
 * Thread-safety: one thread, which starts and ends it.
 */
#ifndef BITSINK_LOADING_H
#define BITSINK_LOADING_H

#include "aside.h"
#include "diag.h"
#include "record.h"
#include "standing.h"

struct loading;

struct loading_setup {
	/* Whose file is read again; it may not change until the loading is
	 * freed. */
	const struct standing *standing;
	const struct names_key *key;
	/* What would change is written to loading_diff(), and nothing is kept
	 * in the state directory; else the policy is kept. */
	int diff;
	say_line line;
	/* Called by the thread when it is done. */
	void (*wake)(void *arg);
	void *arg;
	/* Whose end the thread waits for before it begins, and frees it; NULL
	 * for nobody's. */
	struct aside *after;
};

/* NULL when there is no memory or no thread; AFTER stays the caller's then. */
struct loading *loading_start(const struct loading_setup *setup);

/* Whether all is read. The thread may have something to do yet until it ends,
 * and stands back for others. */
int loading_is_done(const struct loading *loading);

/* Whether the thread has ended, and loading_wait() and loading_free() would not
 * wait for it. Does not wait either. */
int loading_has_ended(struct loading *loading);

/* Waits for the end. */
void loading_wait(struct loading *loading);

/* Of a loading that ended: the policy, NULL where it has errors; all that was
 * found; and the records of diff.h. The caller may take the standing, leaving
 * zeroes. */
struct standing *loading_standing(struct loading *loading);
const struct diag *loading_diag(const struct loading *loading);
const struct record_writer *loading_diff(const struct loading *loading);

/* Where groups of the policy before are in it, as of force_map(), made by the
 * thread, for it takes its time where there are many; for as long as LOADING.
 * NULL where there was no memory, and for a diff. */
const size_t *loading_map(const struct loading *loading);

/* Waits for its end and frees what is left of it. Accepts NULL. */
void loading_free(struct loading *loading);

#endif
