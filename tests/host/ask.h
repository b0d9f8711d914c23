/*
 * ask.h - clients: they ask from chosen addresses, over any transport.
 *
 * Thread-safety: for one thread.
 */
#ifndef ASK_H
#define ASK_H

#include <ldns/ldns.h>

#include "line.h"

/* The clients of most tests: one of an update host's group for each action,
 * and ordinary ones. */
#define UPDATE_HOST "127.0.0.2"
#define UPDATE_HOST_2 "127.0.0.3"
#define ORDINARY "127.0.0.101"
#define ORDINARY_2 "127.0.0.102"

enum {
	ASK_NO_RD = 1, /* RD clear */
	ASK_CD = 2, /* CD set */
	ASK_DO = 4, /* EDNS with DO set */
	ASK_EDNS = 8, /* EDNS */
	ASK_AD = 16, /* AD set: tell me if it is secure */
	ASK_CHAOS = 32 /* class CH */
};

/* The types that tests ask for most. */
enum {
	TYPE_A = LDNS_RR_TYPE_A,
	TYPE_AAAA = LDNS_RR_TYPE_AAAA,
	TYPE_TXT = LDNS_RR_TYPE_TXT,
	TYPE_ANY = LDNS_RR_TYPE_ANY
};

struct question {
	const char *from;
	/* Asked in just this letter case. */
	const char *name;
	int type;
	enum transport transport;
	unsigned flags;
	/* EDNS buffer size; 0 for 1232. */
	unsigned udp_size;
	/* Code of an EDNS option without data; 0 for none. */
	unsigned option;
};

/* A question on its way. */
struct asking;

struct asking *ask_begin(struct question question);

/* Whether the answer is there, without waiting. */
int ask_is_answered(struct asking *asking);

/* Waits for the answer, which is the caller's; fails the test without. */
ldns_pkt *ask_end(struct asking *asking);

/* Gives up. */
void ask_cancel(struct asking *asking);

/* Both in one. */
ldns_pkt *ask(struct question question);

/* Asks and waits for MILLISECONDS: fails the test if there is an answer. */
void ask_expect_silence(struct question question, long long milliseconds);

/* The INFO-CODE and EXTRA-TEXT of the answer's EDE; -1 where it has none. */
int answer_ede(const ldns_pkt *answer, char *text, size_t size);

/* The answer as one line: RCODE, then the answer section's data in order, as
 * "NOERROR cname.example. 192.0.2.1". To be freed; frees the answer. */
char *answer_line(ldns_pkt *answer);

/* Asks, and compares the line. */
#define assert_answer(question, line) \
	ask_assert((question), (line), __FILE__, __LINE__)
void ask_assert(struct question question, const char *line, const char *file,
	int at);

#endif
