/*
 * report.h - a page of what was blocked, for people.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_REPORT_H
#define BITSINK_REPORT_H

#include <stdio.h>

#include "client.h"

/* Replies to the requests of commands.h that the page is made of. */
struct report {
	struct reply status; /* status */
	struct reply groups; /* groups */
	struct reply history; /* history, all groups together */
	/* history group=, one a group of GROUPS in its order; a group without
	 * steps has a reply without records. */
	struct reply *group_history;
	size_t group_history_count;
	struct reply clients; /* top by=clients limit=50 */
	struct reply names; /* top by=names limit=50 */
	struct reply rules; /* top by=rules limit=50 */
	struct reply pairs; /* top by=pairs limit=1000 */
	/* The records of sinkhole.h; none where there is no log to join. */
	struct reply findings;
};

/* Writes the page, HTML in one file that needs nothing else. 0, or -1 where
 * OUT has an error. */
int report_write(FILE *out, const struct report *report);

/* Frees what the replies hold. */
void report_clear(struct report *report);

#endif
