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

/* Longer than any line: a group's name and some words. */
#define LINE_OCTETS 256

/* Counters that the thread that watches keeps. */
enum { LOG_LINES, LOG_SUPPRESSED, LOG_COUNTS };

struct stats {
	const struct tally *tally;
	const struct standing *standing;
	const struct observer *observer;
	int inhibit_zero;
	/* Guards what follows. */
	pthread_mutex_t lock;
	/* One a worker: where counting began, and what was taken. */
	struct tally_values *base;
	struct tally_values *taken;
	/* Whether a worker took, and neither cleared nor was printed yet. */
	unsigned char *is_open;
	uint64_t log_base[LOG_COUNTS];
	/* For reading. */
	struct tally_values scratch;
};

/* The counters in the sums that are printed. */
struct sums {
	uint64_t unrestricted;
	uint64_t allowed;
	uint64_t blocked;
	uint64_t audited;
	uint64_t by_reason[REASON_COUNT];
	uint64_t by_action[ACTION_COUNT];
};

/* Where lines go, and whether one could not be put out. */
struct printer {
	stats_line line;
	void *arg;
	int failed;
};

static void print(struct printer *printer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
print(struct printer *printer, const char *format, ...)
{
	char text[LINE_OCTETS];
	va_list arguments;

	if (printer->failed)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printer->failed = !printer->line(printer->arg, text);
}

/* --- Sums. */

static void
add_group(struct sums *sums, const struct group *group, const uint64_t *cells)
{
	unsigned i;

	sums->allowed += cells[REASON_ALLOWED];
	for (i = 0; i < REASON_COUNT; i++) {
		if (i == REASON_ALLOWED || i == REASON_NO_GROUP)
			continue;
		sums->by_reason[i] += cells[i];
		if (group->audit) {
			sums->audited += cells[i];
			continue;
		}
		sums->blocked += cells[i];
		sums->by_action[policy_action(group, (enum reason)i)] +=
			cells[i];
	}
}

static void
add_up(const struct stats *stats, const struct tally_values *values,
	struct sums *sums)
{
	const struct policy *policy = stats->standing->policy;
	size_t i;

	memset(sums, 0, sizeof(*sums));
	sums->unrestricted = values->counts[TALLY_UNRESTRICTED];
	for (i = 0; i < policy->group_count; i++)
		add_group(sums, &policy->groups[i],
			values->cells + i * TALLY_CELLS);
}

static size_t
cells_of(const struct tally *tally)
{
	return tally->group_count * TALLY_CELLS;
}

static void
add_values(const struct tally *tally, struct tally_values *sum,
	const struct tally_values *more)
{
	size_t i;

	for (i = 0; i < TALLY_COUNTS; i++)
		sum->counts[i] += more->counts[i];
	for (i = 0; i < cells_of(tally); i++)
		sum->cells[i] += more->cells[i];
}

static void
copy_values(const struct tally *tally, struct tally_values *to,
	const struct tally_values *from)
{
	memcpy(to->counts, from->counts, sizeof(to->counts));
	memcpy(to->cells, from->cells,
		cells_of(tally) * sizeof(*to->cells));
}

static void
zero_values(const struct tally *tally, struct tally_values *values)
{
	memset(values->counts, 0, sizeof(values->counts));
	memset(values->cells, 0, cells_of(tally) * sizeof(*values->cells));
}

void
stats_sum(const struct tally *tally, struct tally_values *values,
	struct tally_values *scratch)
{
	size_t i;

	zero_values(tally, values);
	for (i = 0; i < tally->worker_count; i++) {
		tally_read(tally, i, scratch);
		add_values(tally, values, scratch);
	}
}

/* --- Printing. */

static void
print_sums(struct printer *printer, const char *who, const struct sums *sums)
{
	print(printer, "%s.num.bitsink.queries=%" PRIu64, who,
		sums->unrestricted + sums->allowed + sums->blocked +
		sums->audited);
	print(printer, "%s.num.bitsink.unrestricted=%" PRIu64, who,
		sums->unrestricted);
	print(printer, "%s.num.bitsink.allowed=%" PRIu64, who, sums->allowed);
	print(printer, "%s.num.bitsink.blocked=%" PRIu64, who, sums->blocked);
	print(printer, "%s.num.bitsink.audited=%" PRIu64, who, sums->audited);
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
print_group(const struct stats *stats, struct printer *printer,
	const struct group *group, const uint64_t *cells)
{
	struct sums sums;

	memset(&sums, 0, sizeof(sums));
	add_group(&sums, group, cells);
	if (stats->inhibit_zero &&
	    sums.allowed + sums.blocked + sums.audited == 0)
		return;
	print(printer, "num.bitsink.group.%s.allowed=%" PRIu64, group->name,
		sums.allowed);
	print(printer, "num.bitsink.group.%s.blocked=%" PRIu64, group->name,
		sums.blocked);
	print(printer, "num.bitsink.group.%s.audited=%" PRIu64, group->name,
		sums.audited);
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
}

static void
print_total(const struct stats *stats, struct printer *printer,
	const struct tally_values *total, const uint64_t *logged, int64_t now)
{
	const struct policy *policy = stats->standing->policy;
	struct sums sums;
	size_t i;

	add_up(stats, total, &sums);
	print_sums(printer, "total", &sums);
	print_words(printer, &sums);
	print(printer, "num.bitsink.unanswered=%" PRIu64,
		total->counts[TALLY_UNANSWERED]);
	print(printer, "num.bitsink.failed=%" PRIu64,
		total->counts[TALLY_UNANSWERED] +
		sums.by_reason[REASON_MALFORMED]);
	print(printer, "num.bitsink.log.lines=%" PRIu64, logged[LOG_LINES]);
	print(printer, "num.bitsink.log.suppressed=%" PRIu64,
		logged[LOG_SUPPRESSED]);
	print(printer, "num.bitsink.events.lost=%" PRIu64,
		total->counts[TALLY_EVENTS_LOST]);
	for (i = 0; i < policy->group_count && !printer->failed; i++)
		print_group(stats, printer, &policy->groups[i],
			total->cells + i * TALLY_CELLS);
	print_policy(stats, printer, now);
}

/* Prints what is in VALUES, one a worker, and frees their memory. */
static int
print_values(const struct stats *stats, struct tally_values *values,
	const uint64_t *logged, int64_t now, stats_line line, void *arg)
{
	struct printer printer = { line, arg, 0 };
	struct sums sums;
	char who[32];
	size_t i;

	for (i = 0; i < stats->tally->worker_count; i++) {
		add_up(stats, &values[i], &sums);
		snprintf(who, sizeof(who), "thread%zu", i);
		print_sums(&printer, who, &sums);
		if (i > 0)
			add_values(stats->tally, &values[0], &values[i]);
	}
	print_total(stats, &printer, &values[0], logged, now);
	return !printer.failed;
}

/* --- Taking. */

/* With the lock held, after the counters of WORKER were set back: what it took
 * and is about to clear has been printed now, and would be twice. */
static void
forget_taken(struct stats *stats, size_t worker)
{
	if (stats->is_open[worker])
		zero_values(stats->tally, &stats->taken[worker]);
}

/* With the lock held: TAKEN becomes what WORKER counted since the base. */
static void
take(struct stats *stats, size_t worker, int reset, struct tally_values *taken)
{
	struct tally_values *base = &stats->base[worker];
	size_t i;

	tally_read(stats->tally, worker, &stats->scratch);
	for (i = 0; i < TALLY_COUNTS; i++)
		taken->counts[i] = stats->scratch.counts[i] - base->counts[i];
	for (i = 0; i < cells_of(stats->tally); i++)
		taken->cells[i] = stats->scratch.cells[i] - base->cells[i];
	if (reset)
		copy_values(stats->tally, base, &stats->scratch);
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
	take(stats, worker, 0, &stats->taken[worker]);
	stats->is_open[worker] = 1;
	pthread_mutex_unlock(&stats->lock);
}

void
stats_clear(struct stats *stats, size_t worker)
{
	uint64_t ignored[LOG_COUNTS];

	pthread_mutex_lock(&stats->lock);
	tally_read(stats->tally, worker, &stats->base[worker]);
	/* Where something was taken, who prints it sets the log's back. */
	if (worker == 0 && !stats->is_open[0])
		take_logged(stats, 1, ignored);
	stats->is_open[worker] = 0;
	pthread_mutex_unlock(&stats->lock);
}

static void
free_values(struct tally_values *values, size_t count)
{
	size_t i;

	for (i = 0; values != NULL && i < count; i++)
		tally_values_clear(&values[i]);
	free(values);
}

static struct tally_values *
new_values(const struct tally *tally)
{
	struct tally_values *values = calloc(tally->worker_count,
		sizeof(*values));
	size_t i;

	for (i = 0; values != NULL && i < tally->worker_count; i++)
		if (tally_values_init(&values[i], tally->group_count) != 0) {
			free_values(values, i);
			return NULL;
		}
	return values;
}

int
stats_print_taken(struct stats *stats, int64_t now, int reset, stats_line line,
	void *arg)
{
	struct tally_values *values = new_values(stats->tally);
	uint64_t logged[LOG_COUNTS];
	size_t i;
	int done;

	/* Nothing to print is better than statistics that fail. */
	if (values == NULL)
		return 1;
	pthread_mutex_lock(&stats->lock);
	for (i = 0; i < stats->tally->worker_count; i++)
		copy_values(stats->tally, &values[i], &stats->taken[i]);
	memset(stats->is_open, 0, stats->tally->worker_count);
	take_logged(stats, reset, logged);
	pthread_mutex_unlock(&stats->lock);
	done = print_values(stats, values, logged, now, line, arg);
	free_values(values, stats->tally->worker_count);
	return done;
}

int
stats_print(struct stats *stats, int64_t now, int reset, stats_line line,
	void *arg)
{
	struct tally_values *values = new_values(stats->tally);
	uint64_t logged[LOG_COUNTS];
	size_t i;
	int done;

	if (values == NULL)
		return 0;
	pthread_mutex_lock(&stats->lock);
	for (i = 0; i < stats->tally->worker_count; i++) {
		take(stats, i, reset, &values[i]);
		if (reset)
			forget_taken(stats, i);
	}
	take_logged(stats, reset, logged);
	pthread_mutex_unlock(&stats->lock);
	done = print_values(stats, values, logged, now, line, arg);
	free_values(values, stats->tally->worker_count);
	return done;
}

/* --- From birth to death. */

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
	stats->base = new_values(tally);
	stats->taken = new_values(tally);
	stats->is_open = calloc(tally->worker_count, 1);
	if (stats->base == NULL || stats->taken == NULL ||
	    stats->is_open == NULL ||
	    tally_values_init(&stats->scratch, tally->group_count) != 0 ||
	    pthread_mutex_init(&stats->lock, NULL) != 0) {
		free_values(stats->base, tally->worker_count);
		free_values(stats->taken, tally->worker_count);
		tally_values_clear(&stats->scratch);
		free(stats->is_open);
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
	free_values(stats->base, stats->tally->worker_count);
	free_values(stats->taken, stats->tally->worker_count);
	tally_values_clear(&stats->scratch);
	free(stats->is_open);
	free(stats);
}

size_t
stats_memory(const struct stats *stats)
{
	size_t values = 2 * stats->tally->worker_count + 1;

	return sizeof(*stats) + values * (sizeof(*stats->base) +
		cells_of(stats->tally) * sizeof(*stats->base->cells));
}
