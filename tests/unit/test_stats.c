/*
 * test_stats.c - the counters agree with each other in every look at them,
 * and whoever sets them back, each count is in one output and no other.
 */
#include "watching.h"

#include <sched.h>
#include <stdatomic.h>

#include "stats.h"

#define WORKERS 3
#define LOADED 1000000

static const char policy[] =
	"bitsink: log: all log-limit: 2\n"
	"group: name: one client: 192.0.2.1 allow: a.example\n"
	" window: \"daily 00:00-24:00\" window-action: nodata\n"
	"group: name: two client: 192.0.2.2 allow: a.example\n"
	" action: sinkhole sinkhole: 198.51.100.1\n"
	"group: name: three client: 192.0.2.3 allow: a.example mode: audit\n"
	"group: name: idle client: 192.0.2.4 allow: a.example action: drop\n";

enum { ONE, TWO, THREE, IDLE, GROUPS };

/* --- What was printed. */

#define LINES_MAX 160

struct printed {
	struct { char name[96]; uint64_t value; } lines[LINES_MAX];
	size_t count;
	/* The line that fails, counted from 1; 0 for none. */
	size_t fails_at;
};

static int
take_line(void *arg, const char *line)
{
	struct printed *printed = arg;
	const char *equals = strchr(line, '=');
	char *end;
	size_t length;

	if (printed->count + 1 == printed->fails_at) {
		printed->count++;
		return 0;
	}
	assert_true(printed->count < LINES_MAX);
	assert_non_null(equals);
	length = (size_t)(equals - line);
	assert_true(length < sizeof(printed->lines[0].name));
	memcpy(printed->lines[printed->count].name, line, length);
	printed->lines[printed->count].name[length] = '\0';
	assert_in_range(equals[1], '0', '9');
	printed->lines[printed->count++].value = strtoull(equals + 1, &end,
		10);
	assert_int_equal(*end, '\0');
	return 1;
}

/* The value of a line, which is there once. */
static uint64_t
value_of(const struct printed *printed, const char *name)
{
	size_t i, found = SIZE_MAX;

	for (i = 0; i < printed->count; i++)
		if (strcmp(printed->lines[i].name, name) == 0) {
			assert_int_equal(found, SIZE_MAX);
			found = i;
		}
	if (found == SIZE_MAX)
		fail_msg("no line %s", name);
	return printed->lines[found].value;
}

/* The sum of the lines whose names begin and end so. */
static uint64_t
sum_of(const struct printed *printed, const char *beginning, const char *end)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < printed->count; i++) {
		const char *name = printed->lines[i].name;

		if (strlen(name) > strlen(beginning) + strlen(end) &&
		    strncmp(name, beginning, strlen(beginning)) == 0 &&
		    strcmp(name + strlen(name) - strlen(end), end) == 0)
			sum += printed->lines[i].value;
	}
	return sum;
}

/* A counter of a thread, or of "total". */
static uint64_t
count_of(const struct printed *printed, const char *who, const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.num.bitsink.%s", who, what);
	return value_of(printed, name);
}

static struct printed
print_now(struct world *world, int reset)
{
	struct printed printed;

	memset(&printed, 0, sizeof(printed));
	assert_int_equal(stats_print(world->stats, LOADED, reset, take_line,
		&printed), 1);
	return printed;
}

static struct printed
print_taken(struct world *world, int reset)
{
	struct printed printed;

	memset(&printed, 0, sizeof(printed));
	assert_int_equal(stats_print_taken(world->stats, LOADED, reset,
		take_line, &printed), 1);
	return printed;
}

static void
assert_sums(const struct printed *printed, const char *who)
{
	assert_int_equal(count_of(printed, who, "queries"),
		count_of(printed, who, "unrestricted") +
		count_of(printed, who, "allowed") +
		count_of(printed, who, "blocked") +
		count_of(printed, who, "audited") +
		count_of(printed, who, "quiet"));
}

/* What the documentation says of every output. */
static void
assert_identities(const struct printed *printed)
{
	static const char *const words[] = { "queries", "unrestricted",
		"allowed", "blocked", "audited", "quiet" };
	uint64_t blocked = count_of(printed, "total", "blocked");
	uint64_t audited = count_of(printed, "total", "audited");
	uint64_t quiet = count_of(printed, "total", "quiet");
	char end[64];
	size_t i;

	assert_sums(printed, "thread0");
	assert_sums(printed, "thread1");
	assert_sums(printed, "thread2");
	assert_sums(printed, "total");
	for (i = 0; i < COUNT_OF(words); i++) {
		snprintf(end, sizeof(end), ".num.bitsink.%s", words[i]);
		assert_int_equal(sum_of(printed, "thread", end),
			count_of(printed, "total", words[i]));
	}
	assert_int_equal(sum_of(printed, "num.bitsink.reason.", ""),
		blocked + audited + quiet +
		value_of(printed, "num.bitsink.reason.site") +
		value_of(printed, "num.bitsink.reason.granted") +
		value_of(printed, "num.bitsink.reason.followed"));
	assert_int_equal(value_of(printed, "num.bitsink.reason.quiet"), quiet);
	assert_int_equal(sum_of(printed, "num.bitsink.action.", ""), blocked);
	/* Of groups, and of those that are gone. */
	assert_int_equal(sum_of(printed, "num.bitsink.g", ".allowed"),
		count_of(printed, "total", "allowed"));
	assert_int_equal(sum_of(printed, "num.bitsink.g", ".blocked"),
		blocked);
	assert_int_equal(sum_of(printed, "num.bitsink.g", ".audited"),
		audited);
	assert_int_equal(sum_of(printed, "num.bitsink.g", ".quiet"), quiet);
	assert_int_equal(value_of(printed, "num.bitsink.failed"),
		value_of(printed, "num.bitsink.unanswered") +
		value_of(printed, "num.bitsink.reason.answer") +
		value_of(printed, "num.bitsink.reason.busy") +
		value_of(printed, "num.bitsink.reason.malformed"));
}

/* --- Counting. */

static void
count_some(struct tally *tally, size_t worker, struct chance *chance)
{
	unsigned what = chance_below(chance, 20);

	if (what == 0)
		tally_count(tally, worker, TALLY_UNANSWERED);
	else if (what == 1)
		tally_count(tally, worker, TALLY_EVENTS_LOST);
	else if (what < 5)
		tally_count(tally, worker, TALLY_UNRESTRICTED);
	else
		tally_decision(tally, worker, chance_below(chance, IDLE),
			(enum reason)(1 + chance_below(chance,
			REASON_COUNT - 1)), (int)chance_below(chance, 2));
}

/* So many decisions of a group, by worker 0, in a window or not. */
static void
count_when(struct tally *tally, size_t group, enum reason reason,
	int in_window, unsigned times)
{
	for (; times > 0; times--)
		tally_decision(tally, 0, group, reason, in_window);
}

static void
count_times(struct tally *tally, size_t group, enum reason reason,
	unsigned times)
{
	count_when(tally, group, reason, 0, times);
}

/* --- What there is to see. */

static int
write_line(void *arg, const char *line)
{
	char *text = arg;

	strcat(strcat(text, line), "\n");
	return 1;
}

static void
each_count_is_in_its_lines(void **state)
{
	struct name question = name_of("a.example");
	struct name target = name_of("b.example");
	struct world world;
	char text[8192] = "";

	(void)state;
	world_open(&world, policy, 2, LOADED);
	count_times(world.tally, ONE, REASON_ALLOWED, 1);
	count_times(world.tally, ONE, REASON_NOT_LISTED, 2);
	count_times(world.tally, ONE, REASON_CLASS, 4);
	count_times(world.tally, TWO, REASON_DENIED, 8);
	count_times(world.tally, TWO, REASON_MALFORMED, 16);
	count_times(world.tally, TWO, REASON_CLASS, 32);
	count_times(world.tally, THREE, REASON_ALLOWED, 64);
	count_times(world.tally, THREE, REASON_NOT_LISTED, 128);
	count_times(world.tally, THREE, REASON_MALFORMED, 256);
	tally_count(world.tally, 1, TALLY_UNRESTRICTED);
	count_times(world.tally, ONE, REASON_QUIET, 512);
	count_when(world.tally, THREE, REASON_QUIET, 1, 1024);
	count_when(world.tally, ONE, REASON_SITE, 1, 2048);
	count_times(world.tally, TWO, REASON_TYPE, 4096);
	count_when(world.tally, ONE, REASON_ADDRESS, 1, 8192);
	count_times(world.tally, ONE, REASON_BUSY, 16384);
	count_times(world.tally, THREE, REASON_ANSWER, 32768);
	count_times(world.tally, THREE, REASON_CHAIN, 65536);
	count_times(world.tally, TWO, REASON_GRANTED, 131072);
	count_times(world.tally, TWO, REASON_FOLLOWED, 262144);
	tally_decision(world.tally, 1, IDLE, REASON_NOT_LISTED, 0);
	assert_int_equal(grants_add(world.exceptions.grants, "one", "x",
		LOADED, LOADED + 9), 0);
	followed_add(world.exceptions.followed, "one", &question, &target,
		LOADED, LOADED + 61);
	followed_add(world.exceptions.followed, "two", &question, &target,
		LOADED, LOADED + 60);
	tally_count(world.tally, 1, TALLY_UNANSWERED);
	tally_count(world.tally, 1, TALLY_EVENTS_LOST);
	tally_count(world.tally, 1, TALLY_EVENTS_LOST);
	assert_int_equal(stats_print(world.stats, LOADED + 61, 0, write_line,
		text), 1);
	/* A class that is not IN, and what is malformed, get REFUSED where a
	 * group has an answer in IN. */
	assert_string_equal(text,
		"thread0.num.bitsink.queries=524287\n"
		"thread0.num.bitsink.unrestricted=0\n"
		"thread0.num.bitsink.allowed=395329\n"
		"thread0.num.bitsink.blocked=28734\n"
		"thread0.num.bitsink.audited=98688\n"
		"thread0.num.bitsink.quiet=1536\n"
		"thread1.num.bitsink.queries=2\n"
		"thread1.num.bitsink.unrestricted=1\n"
		"thread1.num.bitsink.allowed=0\n"
		"thread1.num.bitsink.blocked=1\n"
		"thread1.num.bitsink.audited=0\n"
		"thread1.num.bitsink.quiet=0\n"
		"total.num.bitsink.queries=524289\n"
		"total.num.bitsink.unrestricted=1\n"
		"total.num.bitsink.allowed=395329\n"
		"total.num.bitsink.blocked=28735\n"
		"total.num.bitsink.audited=98688\n"
		"total.num.bitsink.quiet=1536\n"
		"num.bitsink.action.nxdomain=2\n"
		"num.bitsink.action.nodata=8192\n"
		"num.bitsink.action.refused=16436\n"
		"num.bitsink.action.drop=1\n"
		"num.bitsink.action.sinkhole=4104\n"
		"num.bitsink.reason.site=2048\n"
		"num.bitsink.reason.granted=131072\n"
		"num.bitsink.reason.followed=262144\n"
		"num.bitsink.reason.not-listed=131\n"
		"num.bitsink.reason.denied=8\n"
		"num.bitsink.reason.quiet=1536\n"
		"num.bitsink.reason.type=4096\n"
		"num.bitsink.reason.chain=65536\n"
		"num.bitsink.reason.address=8192\n"
		"num.bitsink.reason.answer=32768\n"
		"num.bitsink.reason.busy=16384\n"
		"num.bitsink.reason.class=36\n"
		"num.bitsink.reason.malformed=272\n"
		"num.bitsink.unanswered=1\n"
		"num.bitsink.failed=49425\n"
		"num.bitsink.log.lines=0\n"
		"num.bitsink.log.suppressed=0\n"
		"num.bitsink.events.lost=2\n"
		"num.bitsink.group.one.allowed=2049\n"
		"num.bitsink.group.one.blocked=24582\n"
		"num.bitsink.group.one.audited=0\n"
		"num.bitsink.group.one.quiet=512\n"
		"num.bitsink.group.two.allowed=393216\n"
		"num.bitsink.group.two.blocked=4152\n"
		"num.bitsink.group.two.audited=0\n"
		"num.bitsink.group.two.quiet=0\n"
		"num.bitsink.group.three.allowed=64\n"
		"num.bitsink.group.three.blocked=0\n"
		"num.bitsink.group.three.audited=98688\n"
		"num.bitsink.group.three.quiet=1024\n"
		"num.bitsink.group.idle.allowed=0\n"
		"num.bitsink.group.idle.blocked=1\n"
		"num.bitsink.group.idle.audited=0\n"
		"num.bitsink.group.idle.quiet=0\n"
		"num.bitsink.gone.allowed=0\n"
		"num.bitsink.gone.blocked=0\n"
		"num.bitsink.gone.audited=0\n"
		"num.bitsink.gone.quiet=0\n"
		"bitsink.policy.generation=1\n"
		"bitsink.policy.age=61\n"
		"bitsink.policy.stale=0\n"
		"bitsink.policy.groups=4\n"
		"bitsink.policy.prefixes=4\n"
		"bitsink.policy.patterns=4\n"
		"bitsink.grants=1\n"
		"bitsink.followed=1\n");
	world_close(&world);
}

static void
the_action_counted_is_the_one_that_is_taken(void **state)
{
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_times(world.tally, IDLE, REASON_CLASS, 5);
	count_times(world.tally, IDLE, REASON_MALFORMED, 7);
	count_times(world.tally, TWO, REASON_CLASS, 11);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(value_of(&printed, "num.bitsink.action.drop"), 12);
	assert_int_equal(value_of(&printed, "num.bitsink.action.refused"), 11);
	/* In a window it is another one, and quiet names are in none. */
	count_when(world.tally, ONE, REASON_NOT_LISTED, 0, 13);
	count_when(world.tally, ONE, REASON_NOT_LISTED, 1, 17);
	count_when(world.tally, ONE, REASON_MALFORMED, 1, 19);
	count_when(world.tally, TWO, REASON_DENIED, 1, 23);
	count_when(world.tally, ONE, REASON_QUIET, 1, 29);
	count_when(world.tally, THREE, REASON_DENIED, 1, 31);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(value_of(&printed, "num.bitsink.action.nxdomain"),
		13);
	assert_int_equal(value_of(&printed, "num.bitsink.action.nodata"), 17);
	assert_int_equal(value_of(&printed, "num.bitsink.action.refused"),
		11 + 19);
	assert_int_equal(value_of(&printed, "num.bitsink.action.sinkhole"),
		23);
	assert_int_equal(value_of(&printed, "num.bitsink.reason.not-listed"),
		30);
	assert_int_equal(count_of(&printed, "total", "quiet"), 29);
	world_close(&world);
}

static void
a_clock_that_went_back_makes_no_age(void **state)
{
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	memset(&printed, 0, sizeof(printed));
	assert_int_equal(stats_print(world.stats, LOADED - 10, 0, take_line,
		&printed), 1);
	assert_int_equal(value_of(&printed, "bitsink.policy.age"), 0);
	world_close(&world);
}

static void
the_sums_agree_whatever_is_counted(void **state)
{
	struct chance chance = { 1 };
	struct printed printed;
	struct world world;
	int i, k;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(count_of(&printed, "total", "queries"), 0);
	for (i = 0; i < 50; i++) {
		for (k = 0; k < 200; k++)
			count_some(world.tally, chance_below(&chance, WORKERS),
				&chance);
		printed = print_now(&world, 0);
		assert_identities(&printed);
		assert_true(count_of(&printed, "total", "queries") > 0);
	}
	world_close(&world);
}

static void
groups_without_queries_can_be_left_out(void **state)
{
	struct printed all, some;
	struct world world;
	struct stats *stats;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	stats = stats_new(world.tally, world.standing, world.observer, 1);
	assert_non_null(stats);
	count_times(world.tally, TWO, REASON_ALLOWED, 1);
	count_times(world.tally, THREE, REASON_DENIED, 1);
	all = print_now(&world, 0);
	memset(&some, 0, sizeof(some));
	assert_int_equal(stats_print(stats, LOADED, 0, take_line, &some), 1);
	assert_identities(&some);
	assert_int_equal(some.count, all.count - 12);
	assert_int_equal(value_of(&some, "num.bitsink.group.two.blocked"), 0);
	assert_int_equal(value_of(&some, "num.bitsink.group.three.audited"),
		1);
	assert_int_equal(value_of(&some, "num.bitsink.reason.class"), 0);
	stats_free(stats);
	world_close(&world);
}

static void
a_line_that_cannot_be_put_out_is_the_last(void **state)
{
	struct printed printed;
	struct world world;
	size_t i, count;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count = print_now(&world, 0).count;
	for (i = 1; i <= count; i++) {
		memset(&printed, 0, sizeof(printed));
		printed.fails_at = i;
		assert_int_equal(stats_print(world.stats, LOADED, 0,
			take_line, &printed), 0);
		assert_int_equal(printed.count, i);
		printed.count = 0;
		assert_int_equal(stats_print_taken(world.stats, LOADED, 0,
			take_line, &printed), 0);
		assert_int_equal(printed.count, i);
	}
	world_close(&world);
}

/* --- As Unbound asks: each worker takes and, for "stats", clears at once; then
 * one prints. */

static void
take_all(struct world *world, int clear)
{
	size_t i;

	for (i = 0; i < WORKERS; i++) {
		stats_take(world->stats, i);
		if (clear)
			stats_clear(world->stats, i);
	}
}

static void
clear_all(struct world *world)
{
	size_t i;

	for (i = 0; i < WORKERS; i++)
		stats_clear(world->stats, i);
}

static void
count_each(struct world *world, unsigned times)
{
	size_t i;

	for (; times > 0; times--)
		for (i = 0; i < WORKERS; i++)
			tally_decision(world->tally, i, TWO, REASON_DENIED,
				0);
}

static uint64_t
taken_queries(struct world *world, int reset)
{
	struct printed printed = print_taken(world, reset);

	assert_identities(&printed);
	return count_of(&printed, "total", "queries");
}

static uint64_t
queries_now(struct world *world, int reset)
{
	struct printed printed = print_now(world, reset);

	assert_identities(&printed);
	return count_of(&printed, "total", "queries");
}

static void
what_is_printed_is_what_was_taken(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_each(&world, 1);
	assert_int_equal(taken_queries(&world, 0), 0);
	take_all(&world, 0);
	count_each(&world, 10);
	assert_int_equal(taken_queries(&world, 0), 3);
	assert_int_equal(taken_queries(&world, 0), 3);
	take_all(&world, 0);
	assert_int_equal(taken_queries(&world, 0), 33);
	/* One did not answer in time. */
	count_each(&world, 1);
	stats_take(world.stats, 0);
	assert_int_equal(taken_queries(&world, 0), 34);
	world_close(&world);
}

static void
a_clear_right_after_a_take_leaves_what_was_taken(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_each(&world, 5);
	take_all(&world, 1);
	count_each(&world, 2);
	assert_int_equal(taken_queries(&world, 1), 15);
	take_all(&world, 1);
	assert_int_equal(taken_queries(&world, 1), 6);
	take_all(&world, 1);
	assert_int_equal(taken_queries(&world, 1), 0);
	world_close(&world);
}

static void
a_clear_alone_sets_back(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_each(&world, 5);
	clear_all(&world);
	count_each(&world, 1);
	take_all(&world, 0);
	assert_int_equal(taken_queries(&world, 0), 3);
	stats_clear(world.stats, 1);
	take_all(&world, 0);
	assert_int_equal(taken_queries(&world, 0), 2);
	assert_int_equal(queries_now(&world, 0), 2);
	world_close(&world);
}

static void
a_reset_by_one_is_seen_by_the_other(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_each(&world, 4);
	assert_int_equal(queries_now(&world, 0), 12);
	assert_int_equal(queries_now(&world, 1), 12);
	assert_int_equal(queries_now(&world, 0), 0);
	take_all(&world, 1);
	assert_int_equal(taken_queries(&world, 1), 0);
	count_each(&world, 1);
	take_all(&world, 1);
	assert_int_equal(taken_queries(&world, 1), 3);
	assert_int_equal(queries_now(&world, 1), 0);
	world_close(&world);
}

/* Wherever the one comes between the steps of the other. */
static void
two_resets_at_once_share_the_counts(void **state)
{
	unsigned when;

	(void)state;
	for (when = 0; when <= 2 * WORKERS; when++) {
		uint64_t seen = 0;
		struct world world;
		unsigned step;

		world_open(&world, policy, WORKERS, LOADED);
		count_each(&world, 10);
		for (step = 0; step <= 2 * WORKERS; step++) {
			if (step == when)
				seen += queries_now(&world, 1);
			if (step == 2 * WORKERS)
				break;
			if (step % 2 == 0)
				stats_take(world.stats, step / 2);
			else
				stats_clear(world.stats, step / 2);
			/* Others than this worker go on. */
			tally_count(world.tally, (step / 2 + 1) % WORKERS,
				TALLY_UNRESTRICTED);
		}
		seen += taken_queries(&world, 1);
		seen += queries_now(&world, 1);
		assert_int_equal(seen, 30 + 2 * WORKERS);
		assert_int_equal(queries_now(&world, 0), 0);
		world_close(&world);
	}
}

/* --- The log's counters, which no worker has. */

/* Five lines of which two may be written. */
static void
log_some(struct world *world, int64_t minute)
{
	struct event event = event_of(world, "192.0.2.1", "b.example",
		minute * 60);
	int i;

	for (i = 0; i < 5; i++)
		observer_event(world->observer, &event);
}

static void
assert_log(const struct printed *printed, uint64_t lines, uint64_t suppressed)
{
	assert_int_equal(value_of(printed, "num.bitsink.log.lines"), lines);
	assert_int_equal(value_of(printed, "num.bitsink.log.suppressed"),
		suppressed);
}

static void
the_logs_counters_are_set_back_with_the_others(void **state)
{
	int64_t minute = LOADED / 60;
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	log_some(&world, ++minute);
	printed = print_now(&world, 0);
	assert_log(&printed, 2, 3);
	/* stats_noreset */
	take_all(&world, 0);
	printed = print_taken(&world, 0);
	assert_log(&printed, 2, 3);
	/* stats */
	log_some(&world, ++minute);
	take_all(&world, 1);
	printed = print_taken(&world, 1);
	assert_log(&printed, 4, 6);
	printed = print_now(&world, 0);
	assert_log(&printed, 0, 0);
	/* bitsinkctl stats --reset */
	log_some(&world, ++minute);
	printed = print_now(&world, 1);
	assert_log(&printed, 2, 3);
	printed = print_now(&world, 0);
	assert_log(&printed, 0, 0);
	/* flush_stats, also after stats_noreset */
	log_some(&world, ++minute);
	clear_all(&world);
	printed = print_now(&world, 0);
	assert_log(&printed, 0, 0);
	log_some(&world, ++minute);
	take_all(&world, 0);
	printed = print_taken(&world, 0);
	assert_log(&printed, 2, 3);
	clear_all(&world);
	printed = print_now(&world, 0);
	assert_log(&printed, 0, 0);
	world_close(&world);
}

/* --- While workers count. */

struct crowd {
	struct world world;
	atomic_int stop;
	/* Rises for each "stats" of Unbound; what the workers did of it. */
	atomic_uint asked;
	atomic_uint done;
};

struct counter {
	struct crowd *crowd;
	size_t worker;
	uint64_t counted;
	pthread_t thread;
};

static void *
count_on(void *arg)
{
	struct counter *counter = arg;
	struct crowd *crowd = counter->crowd;
	struct inforce *inforce = crowd->world.inforce;
	struct chance chance = { counter->worker };
	unsigned answered = 0;

	while (!atomic_load(&crowd->stop)) {
		unsigned what = chance_below(&chance, 8);
		struct tally *tally = inforce_enter(inforce,
			counter->worker)->tally;

		if (what == 0)
			tally_count(tally, counter->worker,
				TALLY_UNRESTRICTED);
		else
			tally_decision(tally, counter->worker,
				what % tally->group_count, (enum reason)(1 +
				chance_below(&chance, REASON_COUNT - 1)),
				(int)chance_below(&chance, 2));
		inforce_leave(inforce, counter->worker);
		counter->counted++;
		sched_yield();
		/* One after the other, as Unbound has it. */
		if (atomic_load(&crowd->asked) == answered ||
		    atomic_load(&crowd->done) !=
		    answered * WORKERS + counter->worker)
			continue;
		stats_take(crowd->world.stats, counter->worker);
		stats_clear(crowd->world.stats, counter->worker);
		answered++;
		atomic_fetch_add(&crowd->done, 1);
	}
	return NULL;
}

static void
start_crowd(struct crowd *crowd, struct counter *counters)
{
	size_t i;

	memset(crowd, 0, sizeof(*crowd));
	world_open(&crowd->world, policy, WORKERS, LOADED);
	for (i = 0; i < WORKERS; i++) {
		counters[i].crowd = crowd;
		counters[i].worker = i;
		counters[i].counted = 0;
		assert_int_equal(pthread_create(&counters[i].thread, NULL,
			count_on, &counters[i]), 0);
	}
}

/* Returns how many queries were counted. */
static uint64_t
stop_crowd(struct crowd *crowd, struct counter *counters)
{
	uint64_t counted = 0;
	size_t i;

	atomic_store(&crowd->stop, 1);
	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(counters[i].thread, NULL), 0);
		counted += counters[i].counted;
	}
	return counted;
}

static void
the_sums_agree_while_workers_count(void **state)
{
	struct counter counters[WORKERS];
	uint64_t last = 0, queries = 0, counted;
	struct crowd crowd;
	int i;

	(void)state;
	start_crowd(&crowd, counters);
	for (i = 0; i < 300 || queries < 10000; i++) {
		queries = queries_now(&crowd.world, 0);
		assert_true(queries >= last);
		last = queries;
	}
	counted = stop_crowd(&crowd, counters);
	assert_int_equal(queries_now(&crowd.world, 0), counted);
	world_close(&crowd.world);
}

/* "stats" of Unbound, from a thread that prints for it. */
static void *
ask_as_unbound(void *arg)
{
	struct crowd *crowd = arg;
	uint64_t *seen = malloc(sizeof(*seen));
	unsigned i;

	if (seen == NULL)
		abort();
	*seen = 0;
	for (i = 1; i <= 200; i++) {
		struct printed printed;

		atomic_fetch_add(&crowd->asked, 1);
		while (atomic_load(&crowd->done) < i * WORKERS)
			pause_for(1);
		memset(&printed, 0, sizeof(printed));
		(void)stats_print_taken(crowd->world.stats, LOADED, 1,
			take_line, &printed);
		*seen += count_of(&printed, "total", "queries");
	}
	return seen;
}

static void
each_count_is_in_one_output_while_two_reset(void **state)
{
	struct counter counters[WORKERS];
	uint64_t seen = 0, counted;
	struct crowd crowd;
	pthread_t unbound;
	void *seen_there;

	(void)state;
	start_crowd(&crowd, counters);
	assert_int_equal(pthread_create(&unbound, NULL, ask_as_unbound,
		&crowd), 0);
	while (atomic_load(&crowd.done) < 200 * WORKERS)
		seen += queries_now(&crowd.world, 1);
	assert_int_equal(pthread_join(unbound, &seen_there), 0);
	counted = stop_crowd(&crowd, counters);
	seen += *(uint64_t *)seen_there + queries_now(&crowd.world, 1);
	assert_int_equal(seen, counted);
	free(seen_there);
	world_close(&crowd.world);
}

/* --- Another policy. */

#define ORDER \
	"group: name: three client: 192.0.2.3 allow: a.example\n" \
	"group: name: five client: 192.0.2.5 allow: a.example\n" \
	"group: name: two client: 192.0.2.2 allow: a.example action: nodata\n"

/* Each differs from policy and from the others in something. */
static const char *const others[] = {
	/* One and idle are gone, three is not in audit any more. */
	ORDER,
	/* Two has another name and another mode. */
	"group: name: deux client: 192.0.2.2 allow: a.example mode: audit\n"
	"group: name: one client: 192.0.2.1 allow: a.example action: drop\n"
	" window: \"daily 00:00-24:00\" window-action: refused\n",
	"bitsink: mode: audit\n"
	"group: name: one client: 192.0.2.1 allow: a.example\n",
	policy,
	"bitsink: mode: audit\n" ORDER
	"group: name: idle client: 192.0.2.4 allow: a.example\n"
	"group: name: four client: 192.0.2.6 allow: a.example\n"
	"group: name: one client: 192.0.2.1 allow: a.example mode: enforce\n",
};

static void
a_switch_keeps_what_was_counted_as_it_was(void **state)
{
	char text[8192] = "";
	struct world world;
	size_t i;

	(void)state;
	world_open(&world, policy, 2, LOADED);
	count_times(world.tally, ONE, REASON_ALLOWED, 1);
	count_times(world.tally, ONE, REASON_NOT_LISTED, 2);
	count_times(world.tally, TWO, REASON_DENIED, 4);
	count_times(world.tally, THREE, REASON_NOT_LISTED, 8);
	count_times(world.tally, THREE, REASON_ALLOWED, 16);
	count_times(world.tally, IDLE, REASON_DENIED, 32);
	count_times(world.tally, ONE, REASON_QUIET, 512);
	count_times(world.tally, TWO, REASON_QUIET, 512);
	for (i = 0; i < TALLY_COUNTS; i++)
		tally_count(world.tally, i % 2, (enum tally_count)i);
	world_switch(&world, ORDER, LOADED + 100);
	/* Three, five, two. */
	count_times(world.tally, 0, REASON_NOT_LISTED, 64);
	count_times(world.tally, 1, REASON_ALLOWED, 256);
	count_times(world.tally, 2, REASON_DENIED, 128);
	for (i = 0; i < TALLY_COUNTS; i++)
		tally_count(world.tally, 1, (enum tally_count)i);
	assert_int_equal(stats_print(world.stats, LOADED + 161, 0, write_line,
		text), 1);
	assert_string_equal(text,
		"thread0.num.bitsink.queries=1536\n"
		"thread0.num.bitsink.unrestricted=1\n"
		"thread0.num.bitsink.allowed=273\n"
		"thread0.num.bitsink.blocked=230\n"
		"thread0.num.bitsink.audited=8\n"
		"thread0.num.bitsink.quiet=1024\n"
		"thread1.num.bitsink.queries=1\n"
		"thread1.num.bitsink.unrestricted=1\n"
		"thread1.num.bitsink.allowed=0\n"
		"thread1.num.bitsink.blocked=0\n"
		"thread1.num.bitsink.audited=0\n"
		"thread1.num.bitsink.quiet=0\n"
		"total.num.bitsink.queries=1537\n"
		"total.num.bitsink.unrestricted=2\n"
		"total.num.bitsink.allowed=273\n"
		"total.num.bitsink.blocked=230\n"
		"total.num.bitsink.audited=8\n"
		"total.num.bitsink.quiet=1024\n"
		"num.bitsink.action.nxdomain=66\n"
		"num.bitsink.action.nodata=128\n"
		"num.bitsink.action.refused=0\n"
		"num.bitsink.action.drop=32\n"
		"num.bitsink.action.sinkhole=4\n"
		"num.bitsink.reason.site=0\n"
		"num.bitsink.reason.granted=0\n"
		"num.bitsink.reason.followed=0\n"
		"num.bitsink.reason.not-listed=74\n"
		"num.bitsink.reason.denied=164\n"
		"num.bitsink.reason.quiet=1024\n"
		"num.bitsink.reason.type=0\n"
		"num.bitsink.reason.chain=0\n"
		"num.bitsink.reason.address=0\n"
		"num.bitsink.reason.answer=0\n"
		"num.bitsink.reason.busy=0\n"
		"num.bitsink.reason.class=0\n"
		"num.bitsink.reason.malformed=0\n"
		"num.bitsink.unanswered=2\n"
		"num.bitsink.failed=2\n"
		"num.bitsink.log.lines=0\n"
		"num.bitsink.log.suppressed=0\n"
		"num.bitsink.events.lost=2\n"
		"num.bitsink.group.three.allowed=16\n"
		"num.bitsink.group.three.blocked=64\n"
		"num.bitsink.group.three.audited=8\n"
		"num.bitsink.group.three.quiet=0\n"
		"num.bitsink.group.five.allowed=256\n"
		"num.bitsink.group.five.blocked=0\n"
		"num.bitsink.group.five.audited=0\n"
		"num.bitsink.group.five.quiet=0\n"
		"num.bitsink.group.two.allowed=0\n"
		"num.bitsink.group.two.blocked=132\n"
		"num.bitsink.group.two.audited=0\n"
		"num.bitsink.group.two.quiet=512\n"
		"num.bitsink.gone.allowed=1\n"
		"num.bitsink.gone.blocked=34\n"
		"num.bitsink.gone.audited=0\n"
		"num.bitsink.gone.quiet=512\n"
		"bitsink.policy.generation=2\n"
		"bitsink.policy.age=61\n"
		"bitsink.policy.stale=0\n"
		"bitsink.policy.groups=3\n"
		"bitsink.policy.prefixes=3\n"
		"bitsink.policy.patterns=3\n"
		"bitsink.grants=0\n"
		"bitsink.followed=0\n");
	world_close(&world);
}

static uint64_t
group_count_of(const struct printed *printed, const char *group,
	const char *what)
{
	char name[96];

	snprintf(name, sizeof(name), "num.bitsink.group.%s.%s", group, what);
	return value_of(printed, name);
}

static void
a_group_that_comes_back_begins_anew(void **state)
{
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_times(world.tally, ONE, REASON_ALLOWED, 3);
	count_times(world.tally, THREE, REASON_DENIED, 5);
	world_switch(&world, others[2], LOADED);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(group_count_of(&printed, "one", "allowed"), 3);
	assert_int_equal(value_of(&printed, "num.bitsink.gone.audited"), 5);
	count_times(world.tally, 0, REASON_DENIED, 7);
	world_switch(&world, policy, LOADED);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(group_count_of(&printed, "one", "allowed"), 3);
	assert_int_equal(group_count_of(&printed, "one", "blocked"), 0);
	assert_int_equal(group_count_of(&printed, "one", "audited"), 7);
	assert_int_equal(group_count_of(&printed, "three", "audited"), 0);
	assert_int_equal(value_of(&printed, "num.bitsink.gone.audited"), 5);
	/* What is set back is so under all policies. */
	printed = print_now(&world, 1);
	assert_int_equal(count_of(&printed, "total", "queries"), 15);
	printed = print_now(&world, 0);
	assert_identities(&printed);
	assert_int_equal(count_of(&printed, "total", "queries"), 0);
	assert_int_equal(value_of(&printed, "num.bitsink.gone.audited"), 0);
	world_close(&world);
}

static void
those_that_are_gone_can_be_left_out_with_the_groups(void **state)
{
	struct printed some;
	struct world world;
	struct stats *all;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	all = world.stats;
	world.stats = stats_new(world.tally, world.standing, world.observer,
		1);
	assert_non_null(world.stats);
	stats_free(all);
	world_switch(&world, others[2], LOADED);
	some = print_now(&world, 0);
	assert_int_equal(sum_of(&some, "num.bitsink.g", ""), 0);
	count_times(world.tally, 0, REASON_DENIED, 2);
	world_switch(&world, others[0], LOADED);
	some = print_now(&world, 0);
	assert_identities(&some);
	assert_int_equal(value_of(&some, "num.bitsink.gone.allowed"), 0);
	assert_int_equal(value_of(&some, "num.bitsink.gone.blocked"), 0);
	assert_int_equal(value_of(&some, "num.bitsink.gone.audited"), 2);
	assert_int_equal(sum_of(&some, "num.bitsink.group.", ""), 0);
	world_close(&world);
}

static void
what_was_taken_before_a_switch_is_printed_after_it(void **state)
{
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_times(world.tally, ONE, REASON_DENIED, 1);
	count_times(world.tally, TWO, REASON_DENIED, 2);
	count_times(world.tally, THREE, REASON_DENIED, 4);
	take_all(&world, 0);
	count_times(world.tally, TWO, REASON_DENIED, 8);
	world_switch(&world, ORDER, LOADED);
	count_times(world.tally, 2, REASON_DENIED, 16);
	printed = print_taken(&world, 0);
	assert_identities(&printed);
	assert_int_equal(count_of(&printed, "total", "queries"), 7);
	assert_int_equal(group_count_of(&printed, "two", "blocked"), 2);
	assert_int_equal(group_count_of(&printed, "three", "audited"), 4);
	assert_int_equal(value_of(&printed, "num.bitsink.gone.blocked"), 1);
	assert_int_equal(value_of(&printed, "num.bitsink.action.sinkhole"), 2);
	assert_int_equal(value_of(&printed, "num.bitsink.action.nodata"), 0);
	take_all(&world, 0);
	printed = print_taken(&world, 0);
	assert_identities(&printed);
	assert_int_equal(count_of(&printed, "total", "queries"), 31);
	assert_int_equal(group_count_of(&printed, "two", "blocked"), 26);
	assert_int_equal(value_of(&printed, "num.bitsink.action.sinkhole"),
		10);
	world_close(&world);
}

/* Wherever the switch comes between the steps of one who resets, and wherever
 * another one resets meanwhile. */
static void
a_switch_may_come_between_all_steps(void **state)
{
	enum { STEPS = 2 * WORKERS };
	unsigned when, reset;

	(void)state;
	for (when = 0; when <= STEPS; when++)
		for (reset = 0; reset <= STEPS + 1; reset++) {
			uint64_t seen = 0;
			struct world world;
			unsigned step;

			world_open(&world, policy, WORKERS, LOADED);
			count_each(&world, 10);
			for (step = 0; step <= STEPS; step++) {
				if (step == when)
					world_switch(&world, ORDER, LOADED);
				if (step == reset)
					seen += queries_now(&world, 1);
				if (step == STEPS)
					break;
				if (step % 2 == 0)
					stats_take(world.stats, step / 2);
				else
					stats_clear(world.stats, step / 2);
				tally_count(world.tally, (step / 2 + 1) %
					WORKERS, TALLY_UNRESTRICTED);
			}
			seen += taken_queries(&world, 1);
			seen += queries_now(&world, 1);
			assert_int_equal(seen, 30 + STEPS);
			assert_int_equal(queries_now(&world, 0), 0);
			world_close(&world);
		}
}

/* Who takes while workers are under the new policy already, and clears what it
 * took when the statistics are, too. */
static void
a_clear_after_a_switch_sets_back_what_was_taken(void **state)
{
	int clears, resets;

	(void)state;
	for (clears = 0; clears < 2; clears++)
		for (resets = 0; resets < 2; resets++) {
			struct force *before, *next;
			uint64_t seen = 0;
			struct world world;
			size_t *map;

			world_open(&world, policy, WORKERS, LOADED);
			count_times(world.tally, ONE, REASON_DENIED, 1);
			write_text("policy.conf", ORDER);
			next = world_read(&world, LOADED);
			map = force_map(world.standing->policy,
				next->standing.policy);
			assert_non_null(map);
			assert_int_equal(stats_prepare(world.stats,
				next->standing.policy), 0);
			before = inforce_change(world.inforce, next);
			count_times(next->tally, 0, REASON_DENIED, 2);
			stats_take(world.stats, 0);
			if (resets)
				seen += queries_now(&world, 1);
			stats_switch(world.stats, &next->standing,
				next->tally, map);
			if (clears)
				stats_clear(world.stats, 0);
			seen += taken_queries(&world, clears);
			assert_int_equal(seen, 1);
			assert_int_equal(queries_now(&world, 0),
				clears || resets ? 2 : 3);
			count_times(next->tally, 0, REASON_DENIED, 4);
			stats_take(world.stats, 0);
			stats_clear(world.stats, 0);
			assert_int_equal(taken_queries(&world, 1),
				clears || resets ? 6 : 7);
			assert_int_equal(queries_now(&world, 0), 0);
			observer_free(world.observer);
			world.observer = NULL;
			force_map_free(map, before->standing.policy);
			force_free(before);
			stats_free(world.stats);
			world.stats = NULL;
			world_look(&world);
			world_close(&world);
		}
}

static void
the_sums_agree_whatever_policies_come(void **state)
{
	struct chance chance = { 8 };
	uint64_t expected = 0, since = 0;
	struct printed printed;
	struct world world;
	int i, k;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	for (i = 0; i < 100; i++) {
		for (k = 0; k < 50; k++) {
			unsigned group = chance_below(&chance,
				(unsigned)world.tally->group_count);

			tally_decision(world.tally,
				chance_below(&chance, WORKERS), group,
				(enum reason)(1 + chance_below(&chance,
				REASON_COUNT - 1)),
				(int)chance_below(&chance, 2));
			since++;
		}
		if (chance_below(&chance, 3) > 0)
			world_switch(&world, others[chance_below(&chance,
				COUNT_OF(others))], LOADED);
		/* Prepared for in vain. */
		if (chance_below(&chance, 4) == 0)
			assert_int_equal(stats_prepare(world.stats,
				world.standing->policy), 0);
		printed = print_now(&world, 0);
		assert_identities(&printed);
		assert_int_equal(count_of(&printed, "total", "queries"),
			since);
		if (chance_below(&chance, 5) > 0)
			continue;
		expected += since;
		since -= queries_now(&world, 1);
		assert_int_equal(since, 0);
	}
	assert_true(expected > 0);
	world_close(&world);
}

static void
each_count_is_in_one_output_while_policies_come(void **state)
{
	struct counter counters[WORKERS];
	uint64_t seen = 0, counted;
	struct crowd crowd;
	pthread_t unbound;
	unsigned switches = 0;
	void *seen_there;

	(void)state;
	start_crowd(&crowd, counters);
	assert_int_equal(pthread_create(&unbound, NULL, ask_as_unbound,
		&crowd), 0);
	while (atomic_load(&crowd.done) < 200 * WORKERS || switches < 100) {
		struct printed printed = print_now(&crowd.world, 0);

		assert_identities(&printed);
		world_switch(&crowd.world, others[switches++ %
			COUNT_OF(others)], LOADED);
		if (switches % 3 == 0)
			seen += queries_now(&crowd.world, 1);
	}
	assert_int_equal(pthread_join(unbound, &seen_there), 0);
	counted = stop_crowd(&crowd, counters);
	seen += *(uint64_t *)seen_there + queries_now(&crowd.world, 1);
	assert_int_equal(seen, counted);
	free(seen_there);
	world_close(&crowd.world);
}

static void
the_logs_counters_go_on_over_a_switch(void **state)
{
	int64_t minute = LOADED / 60;
	struct printed printed;
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	log_some(&world, ++minute);
	world_switch(&world, policy, LOADED);
	printed = print_now(&world, 0);
	assert_log(&printed, 2, 3);
	log_some(&world, ++minute);
	printed = print_now(&world, 1);
	assert_log(&printed, 4, 6);
	world_switch(&world, policy, LOADED);
	printed = print_now(&world, 0);
	assert_log(&printed, 0, 0);
	world_close(&world);
}

/* --- Sums that nobody sets back. */

static void
the_sum_since_the_start_is_never_set_back(void **state)
{
	uint64_t cells[TALLY_CELLS];
	struct world world;

	(void)state;
	world_open(&world, policy, WORKERS, LOADED);
	count_each(&world, 3);
	tally_count(world.tally, 2, TALLY_EVENTS_LOST);
	take_all(&world, 1);
	queries_now(&world, 1);
	count_each(&world, 1);
	tally_sum_group(world.tally, TWO, cells);
	assert_int_equal(cells[REASON_DENIED], 12);
	tally_sum_group(world.tally, ONE, cells);
	assert_int_equal(cells[REASON_DENIED], 0);
	assert_int_equal(tally_total(world.tally, TALLY_EVENTS_LOST), 1);
	tally_sum_group(world.tally, TWO, cells);
	assert_int_equal(cells[REASON_DENIED], 12);
	world_close(&world);
}

static void
memory_grows_with_workers_and_groups(void **state)
{
	struct tally *small = tally_new(1, 1), *large = tally_new(4, 1000);

	(void)state;
	assert_true(tally_memory(small) >= TALLY_CELLS * sizeof(uint64_t));
	assert_true(tally_memory(large) >=
		4 * 1000 * TALLY_CELLS * sizeof(uint64_t));
	assert_true(tally_memory(large) <
		5 * 1000 * TALLY_CELLS * sizeof(uint64_t));
	tally_free(small);
	tally_free(large);
	tally_free(NULL);
	stats_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(each_count_is_in_its_lines),
		test_in_folder(the_action_counted_is_the_one_that_is_taken),
		test_in_folder(a_clock_that_went_back_makes_no_age),
		test_in_folder(the_sums_agree_whatever_is_counted),
		test_in_folder(groups_without_queries_can_be_left_out),
		test_in_folder(a_line_that_cannot_be_put_out_is_the_last),
		test_in_folder(what_is_printed_is_what_was_taken),
		test_in_folder(
			a_clear_right_after_a_take_leaves_what_was_taken),
		test_in_folder(a_clear_alone_sets_back),
		test_in_folder(a_reset_by_one_is_seen_by_the_other),
		test_in_folder(two_resets_at_once_share_the_counts),
		test_in_folder(the_logs_counters_are_set_back_with_the_others),
		test_in_folder(the_sums_agree_while_workers_count),
		test_in_folder(each_count_is_in_one_output_while_two_reset),
		test_in_folder(a_switch_keeps_what_was_counted_as_it_was),
		test_in_folder(a_group_that_comes_back_begins_anew),
		test_in_folder(
			those_that_are_gone_can_be_left_out_with_the_groups),
		test_in_folder(
			what_was_taken_before_a_switch_is_printed_after_it),
		test_in_folder(a_switch_may_come_between_all_steps),
		test_in_folder(a_clear_after_a_switch_sets_back_what_was_taken),
		test_in_folder(the_sums_agree_whatever_policies_come),
		test_in_folder(
			each_count_is_in_one_output_while_policies_come),
		test_in_folder(the_logs_counters_go_on_over_a_switch),
		test_in_folder(the_sum_since_the_start_is_never_set_back),
		cmocka_unit_test(memory_grows_with_workers_and_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
