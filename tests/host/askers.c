/*
 * askers.c - clients who ask without a pause, in threads of their own.
 */
#include "askers.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "line.h"
#include "sandbox.h"

#define QUERY_MAX 128

struct asker {
	struct askers *askers;
	enum transport transport;
	pthread_t thread;
	/* Over UDP: one a client; over TCP one at a time. */
	struct line **lines;
	struct asked asked[ASKERS_BATCH];
	uint8_t answer[LINE_MESSAGE_MAX];
};

struct askers {
	struct askers_plan plan;
	_Atomic int stop;
	_Atomic unsigned long next, asked, answers, wrong;
	struct asker *list;
	unsigned count;
};

/* --- Queries. */

static size_t
put_name(uint8_t *wire, const char *text)
{
	size_t at = 0;

	while (*text != '\0') {
		size_t length = strcspn(text, ".");

		wire[at] = (uint8_t)length;
		memcpy(wire + at + 1, text, length);
		at += length + 1;
		text += length + (text[length] == '.');
	}
	wire[at] = 0;
	return at + 1;
}

/* With EDNS, so that the answer may tell why. */
static size_t
make_query(uint8_t *query, const struct asked *asked, unsigned id)
{
	static const uint8_t opt[11] = { 0, 0, 41, 4, 0xd0 };
	size_t at = 12;

	memset(query, 0, 12);
	query[0] = (uint8_t)(id >> 8);
	query[1] = (uint8_t)id;
	query[2] = 1; /* RD */
	query[5] = 1;
	query[11] = 1;
	at += put_name(query + at, asked->name);
	query[at++] = (uint8_t)(asked->type >> 8);
	query[at++] = (uint8_t)asked->type;
	query[at++] = 0;
	query[at++] = 1;
	memcpy(query + at, opt, sizeof(opt));
	return at + sizeof(opt);
}

/* --- One of them. */

/* Questions FIRST to FIRST + ASKERS_BATCH - 1; an ID is a question's number. */
static void
send_batch(struct asker *asker, struct line *line, unsigned long first,
	size_t client)
{
	struct askers *askers = asker->askers;
	uint8_t query[QUERY_MAX];
	unsigned i;

	for (i = 0; i < ASKERS_BATCH; i++) {
		struct asked *asked = &asker->asked[i];

		asked->client = client;
		askers->plan.choose(askers->plan.arg, first + i, asked);
		line_send(line, query, make_query(query, asked,
			(unsigned)(first + i) & 0xffff));
		atomic_fetch_add(&askers->asked, 1);
	}
	line_flush(line);
}

static int
is_right(struct asker *asker, unsigned long first, size_t length,
	unsigned *answered)
{
	const struct askers_plan *plan = &asker->askers->plan;
	ldns_pkt *answer;
	unsigned at;
	int right;

	if (ldns_wire2pkt(&answer, asker->answer, length) != LDNS_STATUS_OK)
		return 0;
	at = (ldns_pkt_id(answer) - (unsigned)first) & 0xffff;
	right = at < ASKERS_BATCH && !(*answered >> at & 1) &&
		plan->judge(plan->arg, &asker->asked[at], answer);
	if (at < ASKERS_BATCH)
		*answered |= 1u << at;
	ldns_pkt_free(answer);
	return right;
}

/* -1 where an answer is missing. */
static int
receive_batch(struct asker *asker, struct line *line, unsigned long first)
{
	struct askers *askers = asker->askers;
	unsigned i, answered = 0;

	for (i = 0; i < ASKERS_BATCH; i++) {
		size_t length = line_receive(line, asker->answer);

		if (length == 0)
			return -1;
		if (!is_right(asker, first, length, &answered))
			atomic_fetch_add(&askers->wrong, 1);
		atomic_fetch_add(&askers->answers, 1);
	}
	return 0;
}

static struct line *
line_of(struct asker *asker, size_t client)
{
	struct line **line = &asker->lines[client];

	if (*line == NULL)
		*line = line_open(asker->transport,
			asker->askers->plan.clients[client]);
	return *line;
}

/* A connection carries one batch. */
static void
leave_line(struct asker *asker, size_t client)
{
	if (asker->transport == ASK_UDP)
		return;
	line_close(asker->lines[client]);
	asker->lines[client] = NULL;
}

static void *
ask_on(void *arg)
{
	struct asker *asker = arg;
	struct askers *askers = asker->askers;
	int lost = 0;

	while (!lost && !atomic_load(&askers->stop)) {
		unsigned long first = atomic_fetch_add(&askers->next,
			ASKERS_BATCH);
		size_t client = first / ASKERS_BATCH %
			askers->plan.client_count;
		struct line *line = line_of(asker, client);

		send_batch(asker, line, first, client);
		lost = receive_batch(asker, line, first) != 0;
		leave_line(asker, client);
	}
	return NULL;
}

/* --- All of them. */

struct askers *
askers_begin(const struct askers_plan *plan)
{
	struct askers *askers = calloc(1, sizeof(*askers));
	unsigned i;

	assert_non_null(askers);
	askers->plan = *plan;
	askers->count = plan->udp + plan->tcp;
	askers->list = calloc(askers->count, sizeof(*askers->list));
	assert_non_null(askers->list);
	for (i = 0; i < askers->count; i++) {
		struct asker *asker = &askers->list[i];

		asker->askers = askers;
		asker->transport = i < plan->udp ? ASK_UDP : ASK_TCP;
		asker->lines = calloc(plan->client_count,
			sizeof(struct line *));
		assert_non_null(asker->lines);
		assert_int_equal(pthread_create(&asker->thread, NULL, ask_on,
			asker), 0);
	}
	return askers;
}

unsigned long
askers_answers(struct askers *askers)
{
	return atomic_load(&askers->answers);
}

void
askers_await(struct askers *askers, unsigned long count)
{
	unsigned long goal = askers_answers(askers) + count;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (askers_answers(askers) < goal)
		if (!sandbox_wait(deadline))
			fail_msg("expected %lu answers more, found %lu",
				count, askers_answers(askers) + count - goal);
}

struct askers_sums
askers_end(struct askers *askers)
{
	struct askers_sums sums;
	unsigned i;
	size_t k;

	atomic_store(&askers->stop, 1);
	for (i = 0; i < askers->count; i++) {
		struct asker *asker = &askers->list[i];

		pthread_join(asker->thread, NULL);
		for (k = 0; k < askers->plan.client_count; k++)
			line_close(asker->lines[k]);
		free(asker->lines);
	}
	sums.asked = askers->asked;
	sums.answers = askers->answers;
	sums.wrong = askers->wrong;
	free(askers->list);
	free(askers);
	return sums;
}
