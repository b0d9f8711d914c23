/*
 * test_statistics.c - bitsink's lines of unbound-control stats: what they
 * count, that they add up, and when they begin anew.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "statistics.h"

#define THREADS 2
#define TIMES 3
#define NAME_OCTETS 128

/* A group for each action, and one that is only audited; the log has it all. */
#define STATISTICS_POLICY \
	"bitsink:\n  log: all\n  log-limit: 0\n" \
	"group:\n  name: nx\n  client: 127.0.0.2\n  client: " \
		SANDBOX_IP6_UPDATE "\n" \
	"  allow: .allowed.test\n  deny: denied.allowed.test\n" \
	"group:\n  name: nodata\n  client: 127.0.0.3\n" \
	"  allow: .allowed.test\n  action: nodata\n" \
	"group:\n  name: refuse\n  client: 127.0.0.4\n" \
	"  allow: .allowed.test\n  action: refused\n" \
	"group:\n  name: drop\n  client: 127.0.0.5\n" \
	"  allow: .allowed.test\n  action: drop\n" \
	"group:\n  name: hole\n  client: 127.0.0.6\n" \
	"  allow: .allowed.test\n  action: sinkhole\n" \
	"  sinkhole: 192.0.2.10\n" \
	"group:\n  name: audit\n  client: 127.0.0.7\n" \
	"  allow: .allowed.test\n  action: drop\n  mode: audit\n" \
	"group:\n  name: idle\n  client: 192.0.2.1\n"

static const struct resolver_options two_threads = {
	.policy = STATISTICS_POLICY,
	.server = "  num-threads: 2\n  so-reuseport: yes\n"
		"  harden-short-bufsize: no\n"
		"  local-data: \"local.test. 60 IN A 192.0.2.77\"\n",
};

static const struct resolver_options one_thread = {
	.policy = STATISTICS_POLICY,
};

static int
setup(void **state)
{
	world_start(state, &two_threads);
	return 0;
}

static char *
stats_of(const struct world *world)
{
	return resolver_control(world->resolver, "stats_noreset");
}

/* The lines of bitsink alone. */
static char *
only_bitsink(const char *stats)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);
	const char *line = stats;

	assert_non_null(memory);
	while (*line != '\0') {
		const char *next = strchr(line, '\n') + 1;
		const char *word = strstr(line, "bitsink.");

		if (word != NULL && word < next)
			fwrite(line, 1, (size_t)(next - line), memory);
		line = next;
	}
	fclose(memory);
	return text;
}

/* --- Queries of all sorts. */

struct sort {
	struct question question;
	/* NULL: of nobody's. */
	const char *group;
	/* NULL: allowed. */
	const char *reason;
	/* NULL: not blocked. */
	const char *action;
};

static const struct sort sorts[] = {
	{ { ORDINARY, "www.allowed.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		NULL, NULL, NULL },
	{ { ORDINARY, "evil.test", TYPE_A, ASK_TCP, ASK_EDNS, 0, 0 },
		NULL, NULL, NULL },
	{ { SANDBOX_IP6_ORDINARY, "evil.test", TYPE_AAAA, ASK_UDP, 0, 0, 0 },
		NULL, NULL, NULL },
	{ { SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A, ASK_TCP, 0, 0, 0 },
		NULL, NULL, NULL },
	{ { "127.0.0.2", "www.allowed.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"nx", NULL, NULL },
	{ { SANDBOX_IP6_UPDATE, "www.allowed.test", TYPE_A, ASK_TCP, 0, 0, 0 },
		"nx", NULL, NULL },
	{ { "127.0.0.2", "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"nx", "not-listed", "nxdomain" },
	{ { SANDBOX_IP6_UPDATE, "evil.test", TYPE_AAAA, ASK_UDP, 0, 0, 0 },
		"nx", "not-listed", "nxdomain" },
	{ { SANDBOX_IP6_UPDATE, "evil.test", TYPE_A, ASK_TCP, 0, 0, 0 },
		"nx", "not-listed", "nxdomain" },
	{ { "127.0.0.2", "denied.allowed.test", TYPE_A, ASK_TCP, 0, 0, 0 },
		"nx", "denied", "nxdomain" },
	{ { "127.0.0.2", "www.allowed.test", TYPE_A, ASK_UDP, ASK_CHAOS, 0, 0 },
		"nx", "class", "refused" },
	{ { "127.0.0.3", "evil.test", TYPE_TXT, ASK_UDP, ASK_DO, 0, 0 },
		"nodata", "not-listed", "nodata" },
	{ { "127.0.0.4", "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"refuse", "not-listed", "refused" },
	{ { "127.0.0.5", "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"drop", "not-listed", "drop" },
	{ { "127.0.0.5", "evil.test", TYPE_A, ASK_TCP, 0, 0, 0 },
		"drop", "not-listed", "drop" },
	{ { "127.0.0.5", "evil.test", TYPE_A, ASK_UDP, ASK_CHAOS, 0, 0 },
		"drop", "class", "drop" },
	{ { "127.0.0.5", "www.allowed.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"drop", NULL, NULL },
	{ { "127.0.0.6", "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"hole", "not-listed", "sinkhole" },
	{ { "127.0.0.6", "evil.test", TYPE_ANY, ASK_TCP, 0, 0, 0 },
		"hole", "not-listed", "sinkhole" },
	{ { "127.0.0.7", "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"audit", "not-listed", NULL },
	{ { "127.0.0.7", "www.allowed.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"audit", NULL, NULL },
	{ { "127.0.0.7", "evil.test", TYPE_A, ASK_UDP, ASK_CHAOS, 0, 0 },
		"audit", "class", NULL },
};

#define SORTS (sizeof(sorts) / sizeof(sorts[0]))

static int
is(const char *word, const char *other)
{
	return word == NULL ? other == NULL : other != NULL &&
		strcmp(word, other) == 0;
}

static void
ask_sort(const struct sort *sort)
{
	/* Without answer it has arrived all the same: loopback loses nothing,
	 * and who reads waits for the counter. */
	if (is(sort->action, "drop"))
		ask_cancel(ask_begin(sort->question));
	else
		ldns_pkt_free(ask(sort->question));
}

static void
ask_all_sorts(void)
{
	size_t i, n;

	for (n = 0; n < TIMES; n++)
		for (i = 0; i < SORTS; i++)
			ask_sort(&sorts[i]);
}

/* Statistics in which QUERIES queries are counted, and logged if they are to
 * be; a dropped one has no answer to wait for, and lines come later. */
static char *
await_stats(const struct world *world, unsigned long queries)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *stats = stats_of(world);

		if (statistics_total(stats, "queries") == queries &&
		    statistics_number(stats, "num.bitsink.log.lines") ==
		    statistics_refused(stats))
			return stats;
		if (!sandbox_wait(deadline)) {
			print_error("expected %lu queries, and all lines, in:"
				"\n%s", queries, stats);
			fail();
		}
		free(stats);
	}
}

static void
check_sort_counts(const char *stats)
{
	static const char *const reasons[] = { "not-listed", "denied",
		"class" };
	static const char *const actions[] = { "nxdomain", "nodata",
		"refused", "drop", "sinkhole" };
	char name[NAME_OCTETS];
	unsigned long count;
	size_t i, k;

	for (k = 0; k < 3; k++) {
		for (i = 0, count = 0; i < SORTS; i++)
			count += is(sorts[i].reason, reasons[k]);
		snprintf(name, sizeof(name), "num.bitsink.reason.%s",
			reasons[k]);
		statistics_assert(stats, name, count * TIMES);
	}
	for (k = 0; k < 5; k++) {
		for (i = 0, count = 0; i < SORTS; i++)
			count += is(sorts[i].action, actions[k]);
		snprintf(name, sizeof(name), "num.bitsink.action.%s",
			actions[k]);
		statistics_assert(stats, name, count * TIMES);
	}
}

static void
check_group_counts(const char *stats)
{
	static const char *const groups[] = { "nx", "nodata", "refuse",
		"drop", "hole", "audit", "idle" };
	char name[NAME_OCTETS];
	size_t i, k;

	for (k = 0; k < sizeof(groups) / sizeof(groups[0]); k++) {
		unsigned long allowed = 0, blocked = 0, audited = 0;

		for (i = 0; i < SORTS; i++) {
			if (!is(sorts[i].group, groups[k]))
				continue;
			allowed += sorts[i].reason == NULL;
			blocked += sorts[i].action != NULL;
			audited += sorts[i].reason != NULL &&
				sorts[i].action == NULL;
		}
		snprintf(name, sizeof(name), "num.bitsink.group.%s.allowed",
			groups[k]);
		statistics_assert(stats, name, allowed * TIMES);
		snprintf(name, sizeof(name), "num.bitsink.group.%s.blocked",
			groups[k]);
		statistics_assert(stats, name, blocked * TIMES);
		snprintf(name, sizeof(name), "num.bitsink.group.%s.audited",
			groups[k]);
		statistics_assert(stats, name, audited * TIMES);
	}
}

static unsigned long
lines_in_log(const struct world *world)
{
	char *log = resolver_log(world->resolver), *line;
	unsigned long count = 0;

	for (line = log; (line = strstr(line, "bitsink: ")) != NULL; line++)
		count += strncmp(line, "bitsink: block ", 15) == 0 ||
			strncmp(line, "bitsink: audit ", 15) == 0;
	free(log);
	return count;
}

static void
every_query_counts_once_and_all_sums_agree(void **state)
{
	struct world *world = *state;
	unsigned long unrestricted = 0;
	char *stats;
	size_t i;

	ask_all_sorts();
	for (i = 0; i < SORTS; i++)
		unrestricted += sorts[i].group == NULL;
	stats = await_stats(world, SORTS * TIMES);
	statistics_check(stats, THREADS);
	statistics_check_rpz(stats);
	check_sort_counts(stats);
	check_group_counts(stats);
	statistics_assert(stats, "total.num.bitsink.unrestricted",
		unrestricted * TIMES);
	/* Unbound saw the same queries, and no others. */
	statistics_assert(stats, "total.num.queries", SORTS * TIMES);
	statistics_assert(stats, "num.bitsink.failed", 0);
	statistics_assert(stats, "num.bitsink.events.lost", 0);
	statistics_assert(stats, "num.bitsink.log.suppressed", 0);
	statistics_assert(stats, "num.bitsink.log.lines", lines_in_log(world));
	free(stats);
}

/* What Unbound answers before it asks any module is none of bitsink's. */
static void
queries_answered_before_the_modules_do_not_count(void **state)
{
	static const char *const clients[] = { ORDINARY, "127.0.0.2" };
	struct world *world = *state;
	char *stats;
	size_t i;

	for (i = 0; i < 2; i++) {
		assert_answer(Q(clients[i], "local.test", TYPE_A),
			"NOERROR 192.0.2.77");
		ldns_pkt_free(ask(Q(clients[i], "version.bind", TYPE_TXT,
			.flags = ASK_CHAOS)));
		assert_answer(Q(clients[i], "www.allowed.test", TYPE_A),
			"NOERROR 198.51.100.1");
	}
	stats = stats_of(world);
	statistics_assert(stats, "total.num.queries", 6);
	statistics_assert(stats, "total.num.bitsink.queries", 2);
	statistics_assert(stats, "total.num.bitsink.unrestricted", 1);
	statistics_assert(stats, "total.num.bitsink.allowed", 1);
	statistics_check(stats, THREADS);
	free(stats);
}

/* Where not even a header has room, there is no answer. */
static void
an_answer_that_has_no_room_counts_as_failed(void **state)
{
	struct world *world = *state;
	char *stats;

	ask_cancel(ask_begin(Q("127.0.0.2", "evil.test", TYPE_A,
		.flags = ASK_EDNS, .udp_size = 16)));
	stats = await_stats(world, 1);
	statistics_assert(stats, "num.bitsink.unanswered", 1);
	statistics_assert(stats, "num.bitsink.failed", 1);
	statistics_assert(stats, "total.num.bitsink.blocked", 1);
	statistics_check_rpz(stats);
	free(stats);
}

/* --- Beginning anew. */

static void
assert_begun_anew(const char *stats)
{
	statistics_check(stats, THREADS);
	statistics_assert(stats, "total.num.bitsink.queries", 0);
	statistics_assert(stats, "num.bitsink.log.lines", 0);
	statistics_assert(stats, "num.bitsink.log.suppressed", 0);
	statistics_assert(stats, "num.bitsink.unanswered", 0);
}

static void
stats_begin_anew_and_stats_noreset_do_not(void **state)
{
	struct world *world = *state;
	char *first, *second;

	ask_all_sorts();
	first = await_stats(world, SORTS * TIMES);
	second = stats_of(world);
	assert_int_equal(statistics_total(second, "queries"), SORTS * TIMES);
	free(second);
	second = resolver_control(world->resolver, "stats");
	statistics_check(second, THREADS);
	statistics_check_rpz(second);
	assert_int_equal(statistics_total(second, "queries"), SORTS * TIMES);
	statistics_assert(second, "num.bitsink.log.lines",
		statistics_number(first, "num.bitsink.log.lines"));
	free(second);
	second = stats_of(world);
	assert_begun_anew(second);
	free(second);
	/* What comes now is counted from there. */
	ask_all_sorts();
	second = await_stats(world, SORTS * TIMES);
	statistics_check(second, THREADS);
	statistics_check_rpz(second);
	check_group_counts(second);
	free(second);
	free(first);
}

static void
flush_stats_begins_anew(void **state)
{
	struct world *world = *state;
	char *stats;

	ask_all_sorts();
	free(await_stats(world, SORTS * TIMES));
	free(resolver_control(world->resolver, "flush_stats"));
	/* Each thread flushes in its own time. */
	stats = await_stats(world, 0);
	assert_begun_anew(stats);
	statistics_assert(stats, "total.num.queries", 0);
	free(stats);
}

static void
the_control_socket_begins_the_same_counters_anew(void **state)
{
	struct world *world = *state;
	char *stats;

	ask_all_sorts();
	free(await_stats(world, SORTS * TIMES));
	stats = statistics_by_socket(world->resolver, "stats reset=yes");
	statistics_check(stats, THREADS);
	assert_int_equal(statistics_total(stats, "queries"), SORTS * TIMES);
	free(stats);
	stats = statistics_by_socket(world->resolver, "stats");
	assert_begun_anew(stats);
	free(stats);
	stats = stats_of(world);
	assert_begun_anew(stats);
	/* Unbound's own are Unbound's. */
	statistics_assert(stats, "total.num.queries", SORTS * TIMES);
	free(stats);
}

static void
an_interval_begins_anew(void **state)
{
	static const struct resolver_options options = {
		.policy = STATISTICS_POLICY,
		.server = "  num-threads: 2\n  statistics-interval: 1\n",
	};
	struct world *world = world_start(state, &options);

	ask_all_sorts();
	free(await_stats(world, 0));
}

static void
cumulative_counters_never_begin_anew(void **state)
{
	static const struct resolver_options options = {
		.policy = STATISTICS_POLICY,
		.server = "  num-threads: 2\n  statistics-interval: 1\n"
			"  statistics-cumulative: yes\n",
	};
	struct world *world = world_start(state, &options);
	char *stats;

	ask_all_sorts();
	free(await_stats(world, SORTS * TIMES));
	/* An interval that begins and ends from here on. */
	sandbox_write(world->resolver->folder, "unbound.log", "");
	resolver_await_log_count(world->resolver, "server stats for thread 0",
		2);
	resolver_await_log_count(world->resolver, "server stats for thread 1",
		2);
	stats = resolver_control(world->resolver, "stats");
	assert_int_equal(statistics_total(stats, "queries"), SORTS * TIMES);
	free(stats);
	stats = stats_of(world);
	assert_int_equal(statistics_total(stats, "queries"), SORTS * TIMES);
	statistics_assert(stats, "total.num.queries", SORTS * TIMES);
	statistics_assert(stats, "num.bitsink.log.lines",
		statistics_refused(stats));
	statistics_check(stats, THREADS);
	statistics_check_rpz(stats);
	free(stats);
}

/* --- Which lines there are. */

static void
the_control_socket_has_the_same_lines(void **state)
{
	struct world *world = *state;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *stats, *mine, *by_socket;

	ask_all_sorts();
	free(await_stats(world, SORTS * TIMES));
	/* The age may grow between two looks. */
	for (;;) {
		stats = stats_of(world);
		mine = only_bitsink(stats);
		by_socket = statistics_by_socket(world->resolver, "stats");
		if (statistics_number(stats, "bitsink.policy.age") ==
		    statistics_number(by_socket, "bitsink.policy.age"))
			break;
		free(stats);
		free(mine);
		free(by_socket);
		assert_true(sandbox_wait(deadline));
	}
	assert_string_equal(mine, by_socket);
	free(stats);
	free(mine);
	free(by_socket);
}

static void
lines_are_there_without_extended_statistics(void **state)
{
	static const struct resolver_options options = {
		.policy = STATISTICS_POLICY,
		.server = "  extended-statistics: no\n",
	};
	struct world *world = world_start(state, &options);
	char *stats;

	ask_all_sorts();
	stats = await_stats(world, SORTS * TIMES);
	assert_null(strstr(stats, "num.rpz.action"));
	statistics_check(stats, 1);
	check_group_counts(stats);
	free(stats);
}

static void
groups_of_which_nobody_asked_can_be_left_out(void **state)
{
	static const struct resolver_options options = {
		.policy = STATISTICS_POLICY,
		.server = "  statistics-inhibit-zero: yes\n",
	};
	struct world *world = world_start(state, &options);
	unsigned long value;
	char *stats;

	assert_answer(Q("127.0.0.2", "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	stats = stats_of(world);
	statistics_assert(stats, "num.bitsink.group.nx.allowed", 1);
	statistics_assert(stats, "num.bitsink.group.nx.blocked", 0);
	assert_false(statistics_find(stats, "num.bitsink.group.idle.allowed",
		&value));
	statistics_assert(stats, "total.num.bitsink.blocked", 0);
	statistics_check(stats, 1);
	free(stats);
}

/* --- The policy's lines. */

static void
write_policy(const struct world *world, const char *text)
{
	sandbox_write(world->resolver->folder, "bitsink.conf", text);
	free(resolver_control(world->resolver, "reload"));
	free(resolver_control(world->resolver, "status"));
}

static void
the_policy_is_described(void **state)
{
	struct world *world = world_start(state, &one_thread);
	char *stats = stats_of(world), *status;

	statistics_assert(stats, "bitsink.policy.generation", 1);
	statistics_assert(stats, "bitsink.policy.stale", 0);
	statistics_assert(stats, "bitsink.policy.groups", 7);
	statistics_assert(stats, "bitsink.policy.prefixes", 8);
	statistics_assert(stats, "bitsink.policy.patterns", 7);
	free(stats);
	write_policy(world, "group:\n  name: a\n  client: 127.0.0.2\n");
	stats = stats_of(world);
	statistics_assert(stats, "bitsink.policy.stale", 0);
	statistics_assert(stats, "bitsink.policy.groups", 1);
	statistics_assert(stats, "bitsink.policy.prefixes", 1);
	statistics_assert(stats, "bitsink.policy.patterns", 0);
	status = control_ask(world->resolver, "status");
	assert_int_equal(statistics_number(stats, "bitsink.policy.generation"),
		control_number(status, "generation"));
	free(status);
	free(stats);
}

static void
a_stale_policy_shows(void **state)
{
	struct world *world = world_start(state, &one_thread);
	char *stats;

	write_policy(world, "group:\n  nmae: a\n");
	resolver_await_log(world->resolver, "bitsink: STALE: ");
	stats = stats_of(world);
	statistics_assert(stats, "bitsink.policy.stale", 1);
	/* What is in force. */
	statistics_assert(stats, "bitsink.policy.groups", 7);
	free(stats);
	write_policy(world, STATISTICS_POLICY);
	assert_int_equal(resolver_stat(world->resolver,
		"bitsink.policy.stale"), 0);
}

static void
the_age_is_that_of_the_policy_in_force(void **state)
{
	time_t before = time(NULL);
	struct world *world = world_start(state, &one_thread);
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long age;

	do {
		age = resolver_stat(world->resolver, "bitsink.policy.age");
		assert_true(age <= (unsigned long)(time(NULL) - before) + 1);
	} while (age < 2 && sandbox_wait(deadline));
	assert_true(age >= 2);
	before = time(NULL);
	write_policy(world, "group:\n  name: a\n  client: 127.0.0.2\n");
	age = resolver_stat(world->resolver, "bitsink.policy.age");
	assert_true(age <= (unsigned long)(time(NULL) - before) + 1);
}

/* --- Memory. */

static char *
large_policy(void)
{
	char *text = NULL;
	size_t length;
	unsigned i;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	for (i = 0; i < 1000; i++)
		fprintf(memory, "group:\n  name: g%u\n  client: 10.0.%u.%u\n"
			"  allow: a%u.test\n", i, i / 256, i % 256, i);
	fclose(memory);
	return text;
}

static void
memory_is_counted(void **state)
{
	struct world *world = world_start(state, &one_thread);
	unsigned long small, large, told;
	char *policy = large_policy(), *status;

	small = resolver_stat(world->resolver, "mem.mod.dynlibmod");
	status = control_ask(world->resolver, "status");
	told = control_number(status, "memory");
	free(status);
	/* The socket's connections come and go. */
	assert_in_range(told, small - 65536, small + 65536);
	write_policy(world, policy);
	large = resolver_stat(world->resolver, "mem.mod.dynlibmod");
	assert_true(large > small + strlen(policy));
	free(policy);
}

/* --- Without the patch for statistics. */

/* A copy of the library in which FUNCTION has another name: for Unbound it is
 * as if its own side knew no such function. */
static char *
library_without(const char *folder, const char *function)
{
	char *path, *octets, word[64] = "";
	/* With the NUL before it, and its own. */
	size_t size, length = strlen(function) + 2, i;
	unsigned found = 0;
	FILE *file = fopen(TEST_BUILD "/bitsink.so", "rb");

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = (size_t)ftell(file);
	rewind(file);
	octets = malloc(size);
	assert_non_null(octets);
	assert_int_equal(fread(octets, 1, size, file), size);
	fclose(file);
	memcpy(word + 1, function, length - 1);
	for (i = 0; i + length <= size; i++)
		if (memcmp(octets + i, word, length) == 0) {
			octets[i + 1] = 'X';
			found++;
		}
	assert_true(found > 0);
	if (asprintf(&path, "%s/bitsink.so", folder) < 0)
		abort();
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(octets);
	return path;
}

static void
an_unbound_that_asks_for_no_statistics_loses_nothing_else(void **state)
{
	char *folder = sandbox_folder();
	char *library = library_without(folder, "get_stats");
	const struct resolver_options options = {
		.policy = STATISTICS_POLICY,
		.server = "  num-threads: 2\n",
		.library = library,
	};
	struct world *world = world_start(state, &options);
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *stats, *mine;

	ask_all_sorts();
	for (;;) {
		mine = statistics_by_socket(world->resolver, "stats");
		if (statistics_total(mine, "queries") == SORTS * TIMES &&
		    statistics_number(mine, "num.bitsink.log.lines") ==
		    statistics_refused(mine))
			break;
		free(mine);
		assert_true(sandbox_wait(deadline));
	}
	statistics_check(mine, THREADS);
	check_sort_counts(mine);
	check_group_counts(mine);
	statistics_assert(mine, "num.bitsink.log.lines", lines_in_log(world));
	stats = resolver_control(world->resolver, "stats");
	assert_null(strstr(stats, "bitsink."));
	/* Those that Unbound has for others are there. */
	statistics_assert(stats, "num.rpz.action.rpz-nxdomain",
		statistics_number(mine, "num.bitsink.action.nxdomain"));
	assert_true(statistics_number(stats, "mem.mod.dynlibmod") > 0);
	free(stats);
	free(mine);
	/* Unbound's reset does not reach them, the socket's does. */
	mine = statistics_by_socket(world->resolver, "stats reset=yes");
	assert_int_equal(statistics_total(mine, "queries"), SORTS * TIMES);
	free(mine);
	mine = statistics_by_socket(world->resolver, "stats");
	assert_begun_anew(mine);
	free(mine);
	free(library);
	sandbox_remove(folder);
}

#define two_threads_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, world_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		two_threads_test(every_query_counts_once_and_all_sums_agree),
		two_threads_test(
			queries_answered_before_the_modules_do_not_count),
		two_threads_test(an_answer_that_has_no_room_counts_as_failed),
		two_threads_test(stats_begin_anew_and_stats_noreset_do_not),
		two_threads_test(flush_stats_begins_anew),
		two_threads_test(
			the_control_socket_begins_the_same_counters_anew),
		own_world_test(an_interval_begins_anew),
		own_world_test(cumulative_counters_never_begin_anew),
		two_threads_test(the_control_socket_has_the_same_lines),
		own_world_test(lines_are_there_without_extended_statistics),
		own_world_test(groups_of_which_nobody_asked_can_be_left_out),
		own_world_test(the_policy_is_described),
		own_world_test(a_stale_policy_shows),
		own_world_test(the_age_is_that_of_the_policy_in_force),
		own_world_test(memory_is_counted),
		own_world_test(
		an_unbound_that_asks_for_no_statistics_loses_nothing_else),
	};

	return world_main(tests);
}
