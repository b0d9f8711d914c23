/*
 * statistics.h - lines "name=value" of unbound-control stats, and what must
 * hold among those of bitsink in every look at them.
 *
 * Whatever does not hold fails the test.
 *
 * Thread-safety: for one thread.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "resolver.h"

/* Whether there is a line of this name; *VALUE is what it has. */
int statistics_find(const char *stats, const char *name,
	unsigned long *value);

/* The same for a line that must be there. */
unsigned long statistics_number(const char *stats, const char *name);

/* The same of "total.num.bitsink.WHAT". */
unsigned long statistics_total(const char *stats, const char *what);

/* Blocked and audited queries: each is an event, and may have a log line. */
unsigned long statistics_refused(const char *stats);

/* The sum of the lines whose names begin and end so; there must be some. */
unsigned long statistics_sum(const char *stats, const char *begin,
	const char *end);

void statistics_assert(const char *stats, const char *name,
	unsigned long expected);

/* Each thread's queries are the sum of its verdicts, there are so many
 * threads, and they, the groups, the reasons and the actions add up to the
 * totals. */
void statistics_check(const char *stats, unsigned threads);

/* Unbound's own counters of what bitsink does agree with bitsink's: in a moment
 * in which it does nothing. */
void statistics_check_rpz(const char *stats);

/* bitsink's lines as its control socket has them; REQUEST begins with "stats".
 * To be freed. */
char *statistics_by_socket(const struct resolver *resolver,
	const char *request);

/* The same of a reply that is there, without "end". */
char *statistics_of_reply(const char *reply);

#endif
