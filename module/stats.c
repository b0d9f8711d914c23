/*
 * stats.c - counters as lines of "unbound-control stats".
 */
#include "stats.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sums.h"

/* Longer than any line: a group's name and some words. */
#define LINE_OCTETS ((size_t)256)

/* Counters that the thread that watches keeps. */
enum { LOG_LINES, LOG_SUPPRESSED, LOG_COUNTS };

/* OPEN_BEFORE: under the policy before. */
enum { NOT_OPEN, OPEN, OPEN_BEFORE };

/* What has the size of a policy: one a worker. */
struct books {
	/* Where the tally of the policy in force stood when it was set back,
	 * and what was counted under earlier policies since then. */
	struct tally_values *base;
	struct sums *earlier;
	/* What the worker took. */
	struct sums *taken;
};

struct stats {
	const struct tally *tally;
	const struct standing *standing;
	const struct observer *observer;
	int inhibit_zero;
	size_t worker_count;
	/* Guards what follows, and what is borrowed. */
	pthread_mutex_t lock;
	struct books books;
	/* For the policy that is to come. */
	struct books next;
	/* What is allowed besides the policy; NULL for none. */
	struct exceptions exceptions;
	/* Whether a worker took, and neither cleared nor was printed yet. */
	unsigned char *open;
	uint64_t log_base[LOG_COUNTS];
};

/* Lines in memory: what they are made of may be gone when they are put out. */
struct printer {
	char *memory;
	size_t length;
	size_t room;
	int broken;
};

static void print(struct printer *printer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a line, with a NUL behind it. */
static void
print(struct printer *printer, const char *format, ...)
{
	va_list arguments;
	int length;

	if (printer->room - printer->length < LINE_OCTETS) {
		size_t room = printer->room * 2 + 16 * LINE_OCTETS;
		char *memory = realloc(printer->memory, room);

		if (memory == NULL) {
			printer->broken = 1;
			return;
		}
		printer->memory = memory;
		printer->room = room;
	}
	va_start(arguments, format);
	length = vsnprintf(printer->memory + printer->length, LINE_OCTETS,
		format, arguments);
	va_end(arguments);
	printer->length += (size_t)length + 1;
}

/* Puts the lines out, and frees them. 0 where LINE returned that. */
static int
put_out(struct printer *printer, stats_line line, void *arg)
{
	const char *at = printer->memory;
	int done = 1;

	while (done && at < printer->memory + printer->length) {
		done = line(arg, at);
		at += strlen(at) + 1;
	}
	free(printer->memory);
	return done;
}

/* --- Printing. */

static void
print_sums(struct printer *printer, const char *who, const struct sums *sums)
{
	const struct outcomes *all = &sums->all;

	print(printer, "%s.num.bitsink.queries=%" PRIu64, who,
		sums->counts[TALLY_UNRESTRICTED] + all->allowed +
		all->blocked + all->audited + all->quiet);
	print(printer, "%s.num.bitsink.unrestricted=%" PRIu64, who,
		sums->counts[TALLY_UNRESTRICTED]);
	print(printer, "%s.num.bitsink.allowed=%" PRIu64, who, all->allowed);
	print(printer, "%s.num.bitsink.blocked=%" PRIu64, who, all->blocked);
	print(printer, "%s.num.bitsink.audited=%" PRIu64, who, all->audited);
	print(printer, "%s.num.bitsink.quiet=%" PRIu64, who, all->quiet);
}

static void
print_words(struct printer *printer, const struct sums *sums)
{
	unsigned i;

	for (i = 0; i < ACTION_COUNT; i++)
		print(printer, "num.bitsink.action.%s=%" PRIu64,
			action_word((enum action)i), sums->by_action[i]);
	for (i = REASON_ALLOWED + 1; i < REASON_COUNT; i++)
		print(printer, "num.bitsink.reason.%s=%" PRIu64,
			reason_word((enum reason)i), sums->by_reason[i]);
}

static void
print_rest(struct printer *printer, const struct sums *sums,
	const uint64_t *logged)
{
	print(printer, "num.bitsink.unanswered=%" PRIu64,
		sums->counts[TALLY_UNANSWERED]);
	print(printer, "num.bitsink.failed=%" PRIu64,
		sums->counts[TALLY_UNANSWERED] +
		sums->by_reason[REASON_MALFORMED] +
		sums->by_reason[REASON_ANSWER] +
		sums->by_reason[REASON_BUSY]);
	print(printer, "num.bitsink.log.lines=%" PRIu64, logged[LOG_LINES]);
	print(printer, "num.bitsink.log.suppressed=%" PRIu64,
		logged[LOG_SUPPRESSED]);
	print(printer, "num.bitsink.events.lost=%" PRIu64,
		sums->counts[TALLY_EVENTS_LOST]);
}

static int
is_zero(const struct outcomes *outcomes)
{
	return outcomes->allowed + outcomes->blocked + outcomes->audited +
		outcomes->quiet == 0;
}

static void
print_group(const struct stats *stats, struct printer *printer,
	const char *name, const struct outcomes *outcomes)
{
	if (stats->inhibit_zero && is_zero(outcomes))
		return;
	print(printer, "num.bitsink.group.%s.allowed=%" PRIu64, name,
		outcomes->allowed);
	print(printer, "num.bitsink.group.%s.blocked=%" PRIu64, name,
		outcomes->blocked);
	print(printer, "num.bitsink.group.%s.audited=%" PRIu64, name,
		outcomes->audited);
	print(printer, "num.bitsink.group.%s.quiet=%" PRIu64, name,
		outcomes->quiet);
}

static void
print_gone(const struct stats *stats, struct printer *printer,
	const struct outcomes *gone)
{
	if (stats->inhibit_zero && is_zero(gone))
		return;
	print(printer, "num.bitsink.gone.allowed=%" PRIu64, gone->allowed);
	print(printer, "num.bitsink.gone.blocked=%" PRIu64, gone->blocked);
	print(printer, "num.bitsink.gone.audited=%" PRIu64, gone->audited);
	print(printer, "num.bitsink.gone.quiet=%" PRIu64, gone->quiet);
}

static void
print_policy(const struct stats *stats, struct printer *printer, int64_t now)
{
	const struct standing *standing = stats->standing;

	print(printer, "bitsink.policy.generation=%" PRIu64,
		standing->generation);
	print(printer, "bitsink.policy.age=%" PRId64,
		now > standing->loaded ? now - standing->loaded : 0);
	print(printer, "bitsink.policy.stale=%d", standing->stale);
	print(printer, "bitsink.policy.groups=%zu",
		standing->policy->group_count);
	print(printer, "bitsink.policy.prefixes=%zu",
		standing->policy->prefix_count);
	print(printer, "bitsink.policy.patterns=%zu",
		standing->policy->pattern_count);
	print(printer, "bitsink.grants=%zu", stats->exceptions.grants != NULL
		? grants_count(stats->exceptions.grants) : 0);
	print(printer, "bitsink.followed=%zu",
		stats->exceptions.followed != NULL
		? followed_count(stats->exceptions.followed, now) : 0);
}

/* Prints what is in SUMS, one a worker; the first becomes the total. */
static void
print_all(const struct stats *stats, struct printer *printer,
	struct sums *sums, const uint64_t *logged, int64_t now)
{
	const struct policy *policy = stats->standing->policy;
	char who[32];
	size_t i;

	for (i = 0; i < stats->worker_count; i++) {
		snprintf(who, sizeof(who), "thread%zu", i);
		print_sums(printer, who, &sums[i]);
		if (i > 0)
			sums_add(&sums[0], &sums[i]);
	}
	print_sums(printer, "total", &sums[0]);
	print_words(printer, &sums[0]);
	print_rest(printer, &sums[0], logged);
	for (i = 0; i < policy->group_count; i++)
		print_group(stats, printer, policy->groups[i].name,
			&sums[0].groups[i]);
	print_gone(stats, printer, &sums[0].gone);
	print_policy(stats, printer, now);
}

/* --- Taking; all with the lock held. */

/* After the counters of WORKER were set back: what it took and is about to
 * clear has been printed now, and would be twice. */
static void
forget_taken(struct stats *stats, size_t worker)
{
	if (stats->open[worker] != NOT_OPEN)
		sums_zero(&stats->books.taken[worker]);
}

static void
set_back(struct stats *stats, size_t worker)
{
	tally_read(stats->tally, worker, &stats->books.base[worker]);
	sums_zero(&stats->books.earlier[worker]);
}

/* TAKEN becomes what WORKER counted since it was set back; with RESET it is set
 * back at once. */
static void
take(struct stats *stats, size_t worker, struct sums *taken, int reset)
{
	struct books *books = &stats->books;

	sums_zero(taken);
	sums_add(taken, &books->earlier[worker]);
	sums_add_tally(taken, stats->standing->policy, stats->tally, worker,
		&books->base[worker], reset);
	if (reset)
		sums_zero(&books->earlier[worker]);
}

static void
take_logged(struct stats *stats, int reset, uint64_t *logged)
{
	uint64_t now[LOG_COUNTS] = {
		[LOG_LINES] = observer_lines(stats->observer),
		[LOG_SUPPRESSED] = observer_suppressed(stats->observer),
	};
	unsigned i;

	for (i = 0; i < LOG_COUNTS; i++) {
		logged[i] = now[i] - stats->log_base[i];
		if (reset)
			stats->log_base[i] = now[i];
	}
}

void
stats_take(struct stats *stats, size_t worker)
{
	pthread_mutex_lock(&stats->lock);
	take(stats, worker, &stats->books.taken[worker], 0);
	stats->open[worker] = OPEN;
	pthread_mutex_unlock(&stats->lock);
}

void
stats_clear(struct stats *stats, size_t worker)
{
	uint64_t ignored[LOG_COUNTS];

	pthread_mutex_lock(&stats->lock);
	/* What was taken under the policy before is all that it counted; what
	 * was counted under this one since then was not taken. */
	if (stats->open[worker] == OPEN_BEFORE)
		sums_zero(&stats->books.earlier[worker]);
	else
		set_back(stats, worker);
	/* Where something was taken, who prints it sets the log's back. */
	if (worker == 0 && stats->open[0] == NOT_OPEN)
		take_logged(stats, 1, ignored);
	stats->open[worker] = NOT_OPEN;
	pthread_mutex_unlock(&stats->lock);
}

/* --- Both. */

static void
free_sums(struct sums *sums, size_t count)
{
	size_t i;

	for (i = 0; sums != NULL && i < count; i++)
		sums_clear(&sums[i]);
	free(sums);
}

static struct sums *
new_sums(size_t count, size_t groups)
{
	struct sums *sums = calloc(count, sizeof(*sums));
	size_t i;

	for (i = 0; sums != NULL && i < count; i++)
		if (sums_init(&sums[i], groups) != 0) {
			free_sums(sums, i);
			return NULL;
		}
	return sums;
}

/* What was last taken of each worker. */
static void
gather_taken(struct stats *stats, int reset, struct sums *sums)
{
	size_t i;

	(void)reset;
	for (i = 0; i < stats->worker_count; i++)
		sums_add(&sums[i], &stats->books.taken[i]);
	memset(stats->open, NOT_OPEN, stats->worker_count);
}

/* What each worker has counted by now. */
static void
gather_now(struct stats *stats, int reset, struct sums *sums)
{
	size_t i;

	for (i = 0; i < stats->worker_count; i++) {
		take(stats, i, &sums[i], reset);
		if (reset)
			forget_taken(stats, i);
	}
}

/* With the lock held. 0, or -1 when out of memory. */
static int
print_gathered(struct stats *stats, int64_t now, int reset,
	void (*gather)(struct stats *stats, int reset, struct sums *sums),
	struct printer *printer)
{
	struct sums *sums = new_sums(stats->worker_count,
		stats->tally->group_count);
	uint64_t logged[LOG_COUNTS];

	if (sums == NULL)
		return -1;
	gather(stats, reset, sums);
	take_logged(stats, reset, logged);
	print_all(stats, printer, sums, logged, now);
	free_sums(sums, stats->worker_count);
	return printer->broken ? -1 : 0;
}

int
stats_print_taken(struct stats *stats, int64_t now, int reset, stats_line line,
	void *arg)
{
	struct printer printer = { NULL, 0, 0, 0 };
	int failed;

	pthread_mutex_lock(&stats->lock);
	failed = print_gathered(stats, now, reset, gather_taken, &printer);
	pthread_mutex_unlock(&stats->lock);
	/* Nothing to print is better than statistics that fail. */
	if (failed) {
		free(printer.memory);
		return 1;
	}
	return put_out(&printer, line, arg);
}

int
stats_print(struct stats *stats, int64_t now, int reset, stats_line line,
	void *arg)
{
	struct printer printer = { NULL, 0, 0, 0 };
	int failed;

	pthread_mutex_lock(&stats->lock);
	failed = print_gathered(stats, now, reset, gather_now, &printer);
	pthread_mutex_unlock(&stats->lock);
	if (failed) {
		free(printer.memory);
		return 0;
	}
	return put_out(&printer, line, arg);
}

/* --- Another policy. */

static void
free_values(struct tally_values *values, size_t count)
{
	size_t i;

	for (i = 0; values != NULL && i < count; i++)
		tally_values_clear(&values[i]);
	free(values);
}

static struct tally_values *
new_values(size_t count, size_t groups)
{
	struct tally_values *values = calloc(count, sizeof(*values));
	size_t i;

	for (i = 0; values != NULL && i < count; i++)
		if (tally_values_init(&values[i], groups) != 0) {
			free_values(values, i);
			return NULL;
		}
	return values;
}

static void
free_books(struct books *books, size_t workers)
{
	free_values(books->base, workers);
	free_sums(books->earlier, workers);
	free_sums(books->taken, workers);
	memset(books, 0, sizeof(*books));
}

/* 0, or -1 when out of memory; then there is nothing. */
static int
make_books(struct books *books, size_t workers, size_t groups)
{
	books->base = new_values(workers, groups);
	books->earlier = new_sums(workers, groups);
	books->taken = new_sums(workers, groups);
	if (books->base != NULL && books->earlier != NULL &&
	    books->taken != NULL)
		return 0;
	free_books(books, workers);
	return -1;
}

int
stats_prepare(struct stats *stats, const struct policy *policy)
{
	free_books(&stats->next, stats->worker_count);
	return make_books(&stats->next, stats->worker_count,
		policy->group_count);
}

void
stats_switch(struct stats *stats, const struct standing *standing,
	const struct tally *tally, const size_t *map)
{
	struct books *books = &stats->books, *next = &stats->next;
	size_t i;

	pthread_mutex_lock(&stats->lock);
	for (i = 0; i < stats->worker_count; i++) {
		sums_add_tally(&books->earlier[i], stats->standing->policy,
			stats->tally, i, &books->base[i], 0);
		sums_add_earlier(&next->earlier[i], &books->earlier[i], map);
		sums_add_earlier(&next->taken[i], &books->taken[i], map);
		if (stats->open[i] != NOT_OPEN)
			stats->open[i] = OPEN_BEFORE;
	}
	free_books(books, stats->worker_count);
	*books = *next;
	memset(next, 0, sizeof(*next));
	stats->standing = standing;
	stats->tally = tally;
	pthread_mutex_unlock(&stats->lock);
}

/* --- From birth to death. */

void
stats_set_exceptions(struct stats *stats, const struct exceptions *exceptions)
{
	stats->exceptions = *exceptions;
}

struct stats *
stats_new(const struct tally *tally, const struct standing *standing,
	const struct observer *observer, int inhibit_zero)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	if (stats == NULL)
		return NULL;
	stats->tally = tally;
	stats->standing = standing;
	stats->observer = observer;
	stats->inhibit_zero = inhibit_zero;
	stats->worker_count = tally->worker_count;
	stats->open = calloc(tally->worker_count, 1);
	if (stats->open == NULL || make_books(&stats->books,
	    tally->worker_count, tally->group_count) != 0 ||
	    pthread_mutex_init(&stats->lock, NULL) != 0) {
		free_books(&stats->books, tally->worker_count);
		free(stats->open);
		free(stats);
		return NULL;
	}
	return stats;
}

void
stats_free(struct stats *stats)
{
	if (stats == NULL)
		return;
	pthread_mutex_destroy(&stats->lock);
	free_books(&stats->books, stats->worker_count);
	free_books(&stats->next, stats->worker_count);
	free(stats->open);
	free(stats);
}

size_t
stats_memory(const struct stats *stats)
{
	size_t groups = stats->tally->group_count;

	return sizeof(*stats) +
		stats->worker_count * 2 * (sizeof(struct sums) +
		(groups + 1) * sizeof(struct outcomes)) +
		stats->worker_count * (sizeof(struct tally_values) +
		groups * TALLY_CELLS * sizeof(uint64_t));
}
