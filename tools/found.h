/*
 * found.h - the lists that there are in list directories, and reading them as
 * the module does, by way of a tape.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_FOUND_H
#define BITSINK_FOUND_H

#include <stddef.h>

#include "policy.h"
#include "session.h"
#include "tape.h"

/* A list by its name: the first file counts. All owned. */
struct found_list {
	char *name;
	char *path;
	/* The next file of that name, which it goes before; NULL: none. */
	char *other;
};

struct found_lists {
	/* By their names. Owned. */
	struct found_list *lists;
	size_t count;
};

/* Looks in the directories of POLICY (NULL: none), then in that of --lists or
 * in those of the installation. FOUND is to be cleared in any case.
 * SESSION_DONE, or the error is printed. */
enum session_code found_search(struct found_lists *found,
	const struct session *session, const struct policy *policy);
void found_clear(struct found_lists *found);

/* Puts a list and its text on a tape that records. */
void found_put(struct tape *tape, const char *path, const char *text,
	size_t length);

/* From recording to replaying, for which the tape gives its memory away. 0, or
 * -1 when out of memory. */
int found_rewind(struct tape *tape);

#endif
