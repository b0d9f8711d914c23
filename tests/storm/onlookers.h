/*
 * onlookers.h - those who look on by the control socket while it blows.
 *
 * Some listen, some ask again and again, some have the policy read again, some
 * never read what they asked for, some send what is no request. Whoever is sent
 * away comes again. What they are told is judged when it comes: the lines'
 * form, whole replies, and that the counters in each add up. What is wrong
 * fails the test.
 *
 * Thread-safety: for one thread.
 */
#ifndef ONLOOKERS_H
#define ONLOOKERS_H

#include "resolver.h"

struct onlookers_sums {
	/* Whole replies, and those that an end of Unbound's cut short. */
	unsigned long replies;
	unsigned long cut;
	unsigned long connections;
	/* Of the listener that wants all, and of the one that does not: events
	 * it saw, and events that it was told it lost. */
	unsigned long all_seen, all_lost;
	unsigned long seen, lost;
	/* Replies to "reload": what was read is in force, is only compared, has
	 * errors, or is not read for another is. */
	unsigned long reloaded, compared, refused, busy;
	/* How often .none.test was granted. */
	unsigned long granted;
};

struct onlookers;

/* They ask for statistics of THREADS threads. */
struct onlookers *onlookers_begin(const struct resolver *resolver,
	unsigned threads);
void onlookers_end(struct onlookers *onlookers);

/* Reads what is there and asks again; never waits. */
void onlookers_turn(struct onlookers *onlookers);

/* Waits until all listeners listen, and have heard what there was; counts from
 * there. Unbound has to be silent, and new. */
void onlookers_settle(struct onlookers *onlookers);

/* Whether .none.test has been granted to the group "grant" all the time since
 * SINCE, of sandbox_now(): 1; 0: it was not granted; -1: who can tell. */
int onlookers_granted(const struct onlookers *onlookers, long long since);

const struct onlookers_sums *onlookers_sums(
	const struct onlookers *onlookers);

#endif
