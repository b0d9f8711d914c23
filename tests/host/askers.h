/*
 * askers.h - clients who ask without a pause, in threads of their own.
 *
 * Each thread asks some questions at once, of one client over one line, waits
 * for all answers, and asks the next. A query that stays without answer for
 * SANDBOX_PATIENCE is lost. What is wrong is told when they end: a thread
 * cannot fail the test.
 *
 * Thread-safety: for one thread; the functions of the plan are called by any of
 * the askers'.
 */
#ifndef ASKERS_H
#define ASKERS_H

#include <ldns/ldns.h>

/* Questions at once. */
#define ASKERS_BATCH 8

struct asked {
	/* In the plan. */
	size_t client;
	char name[64];
	int type;
	/* The plan's: something of the moment before it is sent. */
	unsigned long moment;
};

struct askers_plan {
	/* Addresses to ask from. */
	const char *const *clients;
	size_t client_count;
	/* Sets all but the client; NUMBER counts questions, of all threads. */
	void (*choose)(void *arg, unsigned long number, struct asked *asked);
	/* Whether the answer is right; says what is wrong. */
	int (*judge)(void *arg, const struct asked *asked,
		const ldns_pkt *answer);
	void *arg;
	/* Threads. */
	unsigned udp;
	unsigned tcp;
};

struct askers_sums {
	unsigned long asked;
	unsigned long answers;
	/* Answers that are wrong, or nobody's. */
	unsigned long wrong;
};

struct askers;

struct askers *askers_begin(const struct askers_plan *plan);

/* Answers so far. */
unsigned long askers_answers(struct askers *askers);

/* Waits until there are COUNT more. */
void askers_await(struct askers *askers, unsigned long count);

/* They ask no more, and get what answers are due. */
struct askers_sums askers_end(struct askers *askers);

#endif
