/*
 * test_reload.c - another policy while clients ask: every answer is that of the
 * one before or of the new one as a whole, none is missing, and all that
 * Unbound and bitsink remember stays.
 */
#include "world.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "askers.h"
#include "control.h"
#include "damage.h"
#include "process.h"
#include "statistics.h"

#define THREADS 2
#define LINE_OCTETS 512
#define EDE_BLOCKED 15
/* Under traffic. */
#define RELOADS 60
#define RELOADS_FAST 40
#define STRICT_ANSWERS 200
/* Without. */
#define RELOADS_MANY 500
#define RELOADS_FIRST 100
#define GROWTH_KIB 768
#define CLIENT_OCTETS 32768
/* Patterns of a big policy. */
#define PATTERNS 200000

/* --- Two policies, and what follows from them. */

#define NAMES_OF(zone) "  allow: ." zone ".test\n  allow: .both.test\n"
#define GROUP(name, client, zone, more) \
	"group:\n  name: " name "\n  client: " client "\n" \
	NAMES_OF(zone) more
#define SINKHOLE(last, ttl) "  action: sinkhole\n  sinkhole: 192.0.2." last \
	"\n  sinkhole: 2001:db8::" last "\n  ttl: " ttl "\n"

static const char policy_a[] =
	"bitsink:\n  log: off\n"
	GROUP("hole", "127.0.0.2", "x", "  client: " SANDBOX_IP6_UPDATE
		"\n  client: 127.0.0.6\n" SINKHOLE("1", "11"))
	GROUP("acts", "127.0.0.3", "x", "  action: nxdomain\n  ttl: 11\n")
	GROUP("refuses", "127.0.0.4", "x", "  action: refused\n")
	GROUP("old", "127.0.0.5", "x", "  ttl: 11\n")
	GROUP("first", "127.0.0.7", "x", "  mode: audit\n  ttl: 11\n")
	GROUP("second", "127.0.0.8", "x", "  ttl: 11\n")
	GROUP("gone", "127.0.0.9", "x", "  action: nodata\n  ttl: 11\n");

/* In another order. */
static const char policy_b[] =
	"bitsink:\n  log: off\n"
	GROUP("come", "127.0.0.10", "y", "  action: nodata\n  ttl: 22\n")
	GROUP("second", "127.0.0.8", "y", "  mode: audit\n  ttl: 22\n")
	GROUP("first", "127.0.0.7", "y", "  ttl: 22\n")
	GROUP("new", "127.0.0.5", "y", "  ttl: 22\n")
	GROUP("refuses", "127.0.0.4", "y", SINKHOLE("2", "22"))
	GROUP("acts", "127.0.0.3", "y", "  client: 127.0.0.6\n"
		"  action: nodata\n  ttl: 22\n")
	GROUP("hole", "127.0.0.2", "y", "  client: " SANDBOX_IP6_UPDATE "\n"
		SINKHOLE("2", "22"));

static const char *const policies[2] = { policy_a, policy_b };

static const char records[] =
	"www.x.test. 3600 IN A 198.51.100.1\n"
	"www.x.test. 3600 IN AAAA 2001:db8:100::1\n"
	"*.x.test. 3600 IN A 198.51.100.1\n"
	"www.y.test. 3600 IN A 198.51.100.2\n"
	"www.y.test. 3600 IN AAAA 2001:db8:100::2\n"
	"*.y.test. 3600 IN A 198.51.100.2\n"
	"www.both.test. 3600 IN A 198.51.100.3\n"
	"www.neither.test. 3600 IN A 198.51.100.4\n";

/* What comes of a query that is not allowed. */
enum deed { PASSES, NXDOMAIN, NODATA, REFUSED, SINKS, DEEDS };

static const char *const actions[DEEDS] = {
	[NXDOMAIN] = "num.bitsink.action.nxdomain",
	[NODATA] = "num.bitsink.action.nodata",
	[REFUSED] = "num.bitsink.action.refused",
	[SINKS] = "num.bitsink.action.sinkhole",
};

/* The policies above, read by a person: A's and B's. */
static const struct client {
	const char *from;
	struct {
		enum deed deed;
		const char *group;
	} by[2];
} clients[] = {
	{ "127.0.0.2", { { SINKS, "hole" }, { SINKS, "hole" } } },
	{ SANDBOX_IP6_UPDATE, { { SINKS, "hole" }, { SINKS, "hole" } } },
	{ "127.0.0.3", { { NXDOMAIN, "acts" }, { NODATA, "acts" } } },
	{ "127.0.0.4", { { REFUSED, "refuses" }, { SINKS, "refuses" } } },
	{ "127.0.0.5", { { NXDOMAIN, "old" }, { NXDOMAIN, "new" } } },
	{ "127.0.0.6", { { SINKS, "hole" }, { NODATA, "acts" } } },
	{ "127.0.0.7", { { PASSES, "first" }, { NXDOMAIN, "first" } } },
	{ "127.0.0.8", { { NXDOMAIN, "second" }, { PASSES, "second" } } },
	{ "127.0.0.9", { { NODATA, "gone" }, { PASSES, NULL } } },
	{ "127.0.0.10", { { PASSES, NULL }, { NODATA, "come" } } },
	{ ORDINARY, { { PASSES, NULL }, { PASSES, NULL } } },
};

#define CLIENTS (sizeof(clients) / sizeof(clients[0]))

static const struct zone {
	const char *name;
	const char *ip4;
	const char *ip6;
	int allowed[2];
} zones[] = {
	{ ".x.test", "198.51.100.1", "2001:db8:100::1", { 1, 0 } },
	{ ".y.test", "198.51.100.2", "2001:db8:100::2", { 0, 1 } },
	{ ".both.test", "198.51.100.3", NULL, { 1, 1 } },
	{ ".neither.test", "198.51.100.4", NULL, { 0, 0 } },
};

static const struct zone *
zone_of(const char *name)
{
	const struct zone *zone = zones;

	while (strcmp(name + strlen(name) - strlen(zone->name),
	    zone->name) != 0)
		zone++;
	return zone;
}

/* What the client gets under policy 0, A, or 1, B; as describe() has it. */
static void
expect(const struct asked *asked, unsigned policy, char *line, size_t size)
{
	static const char *const rcodes[DEEDS] = { "NOERROR", "NXDOMAIN",
		"NOERROR", "REFUSED", "NOERROR" };
	const struct zone *zone = zone_of(asked->name);
	enum deed deed = clients[asked->client].by[policy].deed;
	int is_ip6 = asked->type == TYPE_AAAA;
	size_t at;

	if (zone->allowed[policy] || deed == PASSES) {
		snprintf(line, size, "NOERROR %s", is_ip6 ? zone->ip6
			: zone->ip4);
		return;
	}
	at = (size_t)snprintf(line, size, "%s", rcodes[deed]);
	if (deed == SINKS)
		at += (size_t)snprintf(line + at, size - at, " %s%u",
			is_ip6 ? "2001:db8::" : "192.0.2.", policy + 1);
	if (deed != REFUSED)
		at += (size_t)snprintf(line + at, size - at, " ttl=%u",
			(policy + 1) * 11);
	snprintf(line + at, size - at, " bitsink: group \"%s\" has no allow "
		"for this name", clients[asked->client].by[policy].group);
}

/* RCODE and data, and of a blocked query's the TTL and why. Returns what was
 * done. */
static enum deed
describe(const ldns_pkt *answer, char *line, size_t size)
{
	const ldns_rr_list *list = ldns_pkt_ancount(answer) > 0
		? ldns_pkt_answer(answer) : ldns_pkt_authority(answer);
	char why[LINE_OCTETS], *word;
	size_t i, at;

	word = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
	at = (size_t)snprintf(line, size, "%s", word);
	free(word);
	for (i = 0; i < ldns_pkt_ancount(answer); i++) {
		word = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(list, i), 0));
		at += (size_t)snprintf(line + at, size - at, " %s", word);
		free(word);
	}
	if (answer_ede(answer, why, sizeof(why)) != EDE_BLOCKED)
		return PASSES;
	if (ldns_rr_list_rr_count(list) > 0)
		at += (size_t)snprintf(line + at, size - at, " ttl=%u",
			ldns_rr_ttl(ldns_rr_list_rr(list, 0)));
	snprintf(line + at, size - at, " %s", why);
	switch (ldns_pkt_get_rcode(answer)) {
	case LDNS_RCODE_NXDOMAIN:
		return NXDOMAIN;
	case LDNS_RCODE_REFUSED:
		return REFUSED;
	default:
		return ldns_pkt_ancount(answer) > 0 ? SINKS : NODATA;
	}
}

/* --- Who asks meanwhile. */

struct stage {
	struct world *world;
	/* Even: one policy is in force, A and B by turns; odd: while one
	 * follows the other. */
	_Atomic unsigned long moment;
	/* Names that nobody asked for before are asked for, too. */
	int fresh;
	unsigned long generation;
	/* Answers that only one policy could give. */
	_Atomic unsigned long strict;
	_Atomic unsigned long deeds[DEEDS];
	_Atomic unsigned told;
};

static unsigned
policy_at(unsigned long moment)
{
	return moment / 2 % 2;
}

static void
choose(void *arg, unsigned long number, struct asked *asked)
{
	static const struct {
		const char *name;
		int type;
	} names[ASKERS_BATCH] = {
		{ "www.x.test", TYPE_A }, { "www.y.test", TYPE_A },
		{ "www.x.test", TYPE_AAAA }, { "www.y.test", TYPE_AAAA },
		{ "www.both.test", TYPE_A }, { "www.neither.test", TYPE_A },
		{ "www.x.test", TYPE_A }, { "www.y.test", TYPE_A },
	};
	struct stage *stage = arg;
	unsigned i = number % ASKERS_BATCH;

	strcpy(asked->name, names[i].name);
	asked->type = names[i].type;
	if (stage->fresh && i >= 6 && number / ASKERS_BATCH % 4 == 0)
		snprintf(asked->name, sizeof(asked->name), "n%lu%s", number,
			names[i].name + 3);
	asked->moment = atomic_load(&stage->moment);
}

static void
tell(struct stage *stage, const struct asked *asked, unsigned long now,
	const char *found, const char *expected)
{
	if (atomic_fetch_add(&stage->told, 1) >= 5)
		return;
	print_error("%s asked for %s (moments %lu to %lu):\nfound:    %s\n"
		"expected: %s\n", clients[asked->client].from, asked->name,
		asked->moment, now, found, expected);
}

static int
judge(void *arg, const struct asked *asked, const ldns_pkt *answer)
{
	struct stage *stage = arg;
	char found[LINE_OCTETS], expected[LINE_OCTETS];
	unsigned long now = atomic_load(&stage->moment);
	int is_strict = asked->moment == now && now % 2 == 0;

	atomic_fetch_add(&stage->deeds[describe(answer, found,
		sizeof(found))], 1);
	atomic_fetch_add(&stage->strict, (unsigned long)is_strict);
	expect(asked, policy_at(now), expected, sizeof(expected));
	if (strcmp(found, expected) == 0)
		return 1;
	if (!is_strict) {
		expect(asked, !policy_at(now), expected, sizeof(expected));
		if (strcmp(found, expected) == 0)
			return 1;
	}
	tell(stage, asked, now, found, expected);
	return 0;
}

static struct askers *
let_ask(struct stage *stage, unsigned udp, unsigned tcp)
{
	static const char *from[CLIENTS];
	const struct askers_plan plan = { from, CLIENTS, choose, judge, stage,
		udp, tcp };
	size_t i;

	for (i = 0; i < CLIENTS; i++)
		from[i] = clients[i].from;
	return askers_begin(&plan);
}

/* No query was dropped, and no answer wrong. */
static unsigned long
let_go(struct stage *stage, struct askers *askers)
{
	struct askers_sums sums = askers_end(askers);

	print_message("asked=%lu answers=%lu strict=%lu wrong=%lu\n",
		sums.asked, sums.answers, stage->strict, sums.wrong);
	assert_int_equal(sums.wrong, 0);
	assert_int_equal(sums.answers, sums.asked);
	return sums.answers;
}

static void
await_strict(struct stage *stage, unsigned long count)
{
	unsigned long goal = atomic_load(&stage->strict) + count;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (atomic_load(&stage->strict) < goal)
		assert_true(sandbox_wait(deadline));
}

/* --- The stage. */

static char *
path_in(const struct stage *stage, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", stage->world->resolver->folder, name) < 0)
		abort();
	return path;
}

/* At once, whatever was there. */
static void
put_file(const struct stage *stage, const char *name, const char *text)
{
	char *path = path_in(stage, name), *new = path_in(stage, "new");

	sandbox_write(stage->world->resolver->folder, "new", text);
	(void)rmdir(path);
	assert_int_equal(rename(new, path), 0);
	free(path);
	free(new);
}

static void
put_policy(const struct stage *stage, const char *text)
{
	put_file(stage, "bitsink.conf", text);
}

/* The policy's group with all its patterns, and another one with many. */
static char *
big_policy(const char *policy)
{
	char *text = NULL;
	size_t length;
	unsigned i;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	fprintf(memory, "%sgroup:\n  name: big\n  client: 192.0.2.1\n",
		policy);
	for (i = 0; i < PATTERNS; i++)
		fprintf(memory, "  allow: n%u.big.test\n", i);
	fclose(memory);
	return text;
}

static struct stage *
stage_start(void **state, const char *policy)
{
	const struct resolver_options options = {
		.policy = policy,
		.server = "  num-threads: 2\n  so-reuseport: yes\n",
	};
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	*state = stage;
	stage->world = calloc(1, sizeof(*stage->world));
	assert_non_null(stage->world);
	stage->world->upstream = upstream_start();
	upstream_add(stage->world->upstream, records);
	stage->world->resolver = resolver_start(&options);
	stage->generation = 1;
	return stage;
}

static int
setup(void **state)
{
	stage_start(state, policy_a);
	return 0;
}

static int
teardown(void **state)
{
	struct stage *stage = *state;
	void *world;

	if (stage == NULL)
		return 0;
	world = stage->world;
	world_stop(&world);
	free(stage);
	*state = NULL;
	return 0;
}

/* The other of both policies follows; its text may be another. */
static void
switch_to(struct stage *stage, const char *text)
{
	unsigned long moment = atomic_load(&stage->moment);

	assert_int_equal(moment % 2, 0);
	put_policy(stage, text != NULL ? text : policies[!policy_at(moment)]);
	atomic_store(&stage->moment, moment + 1);
	assert_int_equal(control_reload(stage->world->resolver),
		++stage->generation);
	atomic_store(&stage->moment, moment + 2);
}

static char *
line_for(size_t client, const char *name, int type)
{
	ldns_pkt *answer = ask(Q(clients[client].from, name, type,
		.flags = ASK_EDNS));
	char *line = malloc(LINE_OCTETS);

	assert_non_null(line);
	describe(answer, line, LINE_OCTETS);
	ldns_pkt_free(answer);
	return line;
}

/* All clients get what policy 0, A, or 1, B, says. */
static void
assert_in_force(unsigned policy)
{
	static const char *const names[] = { "www.x.test", "www.y.test",
		"www.both.test", "www.neither.test" };
	char expected[LINE_OCTETS];
	struct asked asked;
	size_t c, n;

	for (c = 0; c < CLIENTS; c++)
		for (n = 0; n < 4; n++) {
			char *found = line_for(c, names[n], TYPE_A);

			asked.client = c;
			asked.type = TYPE_A;
			strcpy(asked.name, names[n]);
			expect(&asked, policy, expected, sizeof(expected));
			assert_string_equal(found, expected);
			free(found);
		}
}

#define QUERIES_IN_FORCE (CLIENTS * 4)

static char *
stats_of(const struct stage *stage)
{
	return resolver_control(stage->world->resolver, "stats_noreset");
}

static unsigned long
status_number(const struct stage *stage, const char *key)
{
	char *status = control_ask(stage->world->resolver, "status");
	unsigned long value = control_number(status, key);

	free(status);
	return value;
}

/* What status, statistics and metrics say of it. */
static void
assert_stale(const struct stage *stage, int stale)
{
	char *text = control_ask(stage->world->resolver, "status");

	assert_true(control_is(text, "stale", stale ? "yes" : "no"));
	assert_int_equal(control_number(text, "errors") > 0, stale);
	assert_int_equal(control_number(text, "generation"),
		stage->generation);
	assert_int_equal(control_find(text, "status", "error", "") == NULL &&
		strstr(text, " error=") != NULL, stale);
	free(text);
	text = stats_of(stage);
	statistics_assert(text, "bitsink.policy.stale", (unsigned)stale);
	statistics_assert(text, "bitsink.policy.generation",
		stage->generation);
	free(text);
	text = control_ask(stage->world->resolver, "metrics");
	assert_int_equal(control_number(control_find(text, "gauge", "name",
		"stale"), "value"), stale);
	assert_int_equal(control_number(control_find(text, "gauge", "name",
		"generation"), "value"), stage->generation);
	free(text);
}

/* --- Under traffic. */

/* So often was each asked for upstream. */
static unsigned
asked_upstream(const struct stage *stage)
{
	static const char *const names[] = { "www.x.test", "www.y.test",
		"www.both.test", "www.neither.test" };
	unsigned i, count = 0;

	for (i = 0; i < 4; i++)
		count += upstream_count(stage->world->upstream, names[i], 0);
	return count;
}

static void
check_counters(struct stage *stage, unsigned long queries)
{
	char *stats = stats_of(stage);
	unsigned deed;

	statistics_check(stats, THREADS);
	statistics_check_rpz(stats);
	statistics_assert(stats, "total.num.queries", queries);
	statistics_assert(stats, "total.num.bitsink.queries", queries);
	for (deed = NXDOMAIN; deed < DEEDS; deed++) {
		statistics_assert(stats, actions[deed], stage->deeds[deed]);
		assert_true(stage->deeds[deed] > 0);
	}
	assert_true(statistics_total(stats, "audited") > 0);
	assert_true(statistics_number(stats, "num.bitsink.gone.blocked") > 0);
	free(stats);
}

/* What is ORDINARY's is cached then. */
static void
fill_cache(void)
{
	static const char *const names[] = { "www.x.test", "www.y.test",
		"www.both.test", "www.neither.test" };
	unsigned i;

	for (i = 0; i < 4; i++) {
		free(line_for(CLIENTS - 1, names[i], TYPE_A));
		free(line_for(CLIENTS - 1, names[i], TYPE_AAAA));
	}
}

static void
every_answer_is_that_of_one_policy_as_a_whole(void **state)
{
	struct stage *stage = *state;
	struct askers *askers;
	unsigned long queries;
	unsigned before, i;
	char *stats;

	fill_cache();
	before = asked_upstream(stage);
	stage->fresh = 1;
	askers = let_ask(stage, 2, 2);
	for (i = 0; i < RELOADS; i++) {
		await_strict(stage, STRICT_ANSWERS);
		switch_to(stage, NULL);
		/* Whoever looks sees sums that agree. */
		stats = i % 2 ? stats_of(stage) : statistics_by_socket(
			stage->world->resolver, "stats");
		statistics_check(stats, THREADS);
		statistics_assert(stats, "bitsink.policy.generation",
			stage->generation);
		free(stats);
	}
	await_strict(stage, STRICT_ANSWERS);
	queries = let_go(stage, askers);
	/* The cache has stayed. */
	assert_int_equal(asked_upstream(stage), before);
	check_counters(stage, queries + 8);
}

/* What assert_in_force() makes of A's and of B's groups, both together: of two
 * names each client may have two. */
static void
check_groups_of_both(const char *stats)
{
	static const struct {
		const char *group;
		unsigned allowed, blocked, audited;
	} rows[] = {
		{ "hole", 10, 10, 0 }, { "acts", 6, 6, 0 },
		{ "refuses", 4, 4, 0 }, { "first", 4, 2, 2 },
		{ "second", 4, 2, 2 },
	};
	char name[128];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "num.bitsink.group.%s.allowed",
			rows[i].group);
		statistics_assert(stats, name, rows[i].allowed);
		snprintf(name, sizeof(name), "num.bitsink.group.%s.blocked",
			rows[i].group);
		statistics_assert(stats, name, rows[i].blocked);
		snprintf(name, sizeof(name), "num.bitsink.group.%s.audited",
			rows[i].group);
		statistics_assert(stats, name, rows[i].audited);
	}
	/* Two that are no more, and two that are. */
	statistics_assert(stats, "num.bitsink.gone.allowed", 4);
	statistics_assert(stats, "num.bitsink.gone.blocked", 4);
	statistics_assert(stats, "num.bitsink.gone.audited", 0);
}

/* The socket's own counts of groups begin anew with each policy. */
static void
check_groups_in_force(const struct stage *stage)
{
	unsigned clients_of_acts = policy_at(stage->moment) ? 2 : 1;
	char *reply = control_ask(stage->world->resolver, "groups");
	const char *line = control_find(reply, "group", "name", "acts");

	assert_non_null(line);
	assert_int_equal(control_number(line, "allowed"),
		2 * clients_of_acts);
	assert_int_equal(control_number(line, "blocked"),
		2 * clients_of_acts);
	assert_int_equal(control_number(line, "prefixes"), clients_of_acts);
	free(reply);
}

/* Sums that were set back amid reloads are sums of what came since. */
static void
counters_that_were_set_back_add_up_over_reloads(void **state)
{
	struct stage *stage = *state;
	unsigned long queries = 0, blocked = 0, unrestricted = 0;
	unsigned i;
	char *stats;

	for (i = 0; i < 12; i++) {
		assert_in_force(policy_at(stage->moment));
		switch_to(stage, NULL);
		assert_in_force(policy_at(stage->moment));
		check_groups_in_force(stage);
		stats = i % 2 ? resolver_control(stage->world->resolver,
			"stats") : statistics_by_socket(
			stage->world->resolver, "stats reset=yes");
		statistics_check(stats, THREADS);
		queries += statistics_total(stats, "queries");
		blocked += statistics_total(stats, "blocked");
		unrestricted += statistics_total(stats, "unrestricted");
		assert_int_equal(statistics_total(stats, "queries"),
			2 * QUERIES_IN_FORCE);
		statistics_assert(stats, "num.bitsink.events.lost", 0);
		check_groups_of_both(stats);
		free(stats);
		/* The next begins with the same policy, and with no counts. */
		switch_to(stage, NULL);
		switch_to(stage, NULL);
	}
	assert_int_equal(queries, 24 * QUERIES_IN_FORCE);
	assert_true(blocked > 24 * CLIENTS);
	/* What no group has was never set back. */
	stats = control_ask(stage->world->resolver, "metrics");
	assert_int_equal(control_number(control_find(stats, "count", "name",
		"unrestricted"), "value"), unrestricted);
	free(stats);
	/* What the history has of a group goes on under the new policy. */
	stats = control_ask(stage->world->resolver, "history group=acts");
	assert_non_null(control_find(stats, "steps", NULL, NULL));
	free(stats);
}

/* --- What it takes. */

struct taken {
	long resident;
	unsigned descriptors, threads;
	/* What the module says that it takes; to a client of its own, and to
	 * Unbound. */
	unsigned long memory, told;
};

/* What Unbound is told follows with the module's next look, and is without the
 * client that asks. */
static unsigned long
await_told(const struct stage *stage, unsigned long memory)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		unsigned long told = resolver_stat(stage->world->resolver,
			"mem.mod.dynlibmod");

		if (told <= memory && told + CLIENT_OCTETS > memory)
			return told;
		if (!sandbox_wait(deadline))
			fail_msg("mem.mod.dynlibmod is %lu, expected some %lu",
				told, memory);
	}
}

/* A thread that was waited for is in the process for a moment yet. */
static void
await_threads(const struct stage *stage, unsigned threads)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned found;

	while ((found = process_threads(stage->world->resolver->pid)) !=
	    threads)
		if (!sandbox_wait(deadline))
			fail_msg("expected %u threads, found %u", threads,
				found);
}

/* What is there for a moment only is not looked at. */
static struct taken
look(const struct stage *stage)
{
	int pid = stage->world->resolver->pid;
	struct taken taken;

	taken.memory = status_number(stage, "memory");
	taken.told = await_told(stage, taken.memory);
	control_await_idle(stage->world->resolver);
	/* The one beside the workers is left. */
	await_threads(stage, THREADS + 1);
	taken.resident = process_resident_kib(pid);
	taken.descriptors = process_descriptors(pid);
	taken.threads = process_threads(pid);
	print_message("resident-kib=%ld descriptors=%u threads=%u memory=%lu "
		"mem.mod.dynlibmod=%lu\n", taken.resident, taken.descriptors,
		taken.threads, taken.memory, taken.told);
	return taken;
}

/* Good ones, a bad one and a question what would change, by turns. */
static void
reload_times(struct stage *stage, unsigned times)
{
	unsigned i;

	for (i = 0; i < times; i++) {
		switch_to(stage, NULL);
		free(line_for(i % CLIENTS, "www.x.test", TYPE_A));
		if (i % 10 == 3) {
			put_policy(stage, "nonsense\n");
			free(control_failed(stage->world->resolver,
				"reload"));
		} else if (i % 10 == 7) {
			put_policy(stage, policies[!policy_at(
				stage->moment)]);
			free(control_ask(stage->world->resolver,
				"reload diff=yes"));
		}
	}
}

static void
many_reloads_take_nothing(void **state)
{
	struct stage *stage = *state;
	struct taken before, after;

	reload_times(stage, RELOADS_FIRST);
	before = look(stage);
	reload_times(stage, RELOADS_MANY);
	after = look(stage);
	assert_in_force(0);
	assert_int_equal(after.memory, before.memory);
	assert_int_equal(after.descriptors, before.descriptors);
	assert_int_equal(after.threads, before.threads);
	assert_true(after.resident <= before.resident + GROWTH_KIB);
}

/* --- Bad files. */

static void
a_bad_file_changes_nothing(void **state)
{
	struct stage *stage = *state;
	char *good, *path = path_in(stage, "bitsink.conf"), *kept;
	size_t i;

	if (asprintf(&good, "%s  allow: \"last.test\"\n", policy_a) < 0)
		abort();
	put_policy(stage, good);
	assert_int_equal(control_reload(stage->world->resolver),
		++stage->generation);
	kept = sandbox_read(stage->world->resolver->folder,
		"state/last-good-policy");
	for (i = 0; i < damage_count; i++) {
		char *reply, *text;
		const char *problem;

		print_message("%s\n", damages[i].description);
		damages[i].make(path);
		reply = control_failed(stage->world->resolver, "reload");
		problem = control_find(reply, "problem", "severity", "error");
		assert_non_null(problem);
		text = control_value(problem, "text");
		assert_ptr_equal(strstr(text, path), text);
		assert_non_null(strstr(text, damages[i].said));
		free(text);
		free(reply);
		assert_stale(stage, 1);
		assert_in_force(0);
		text = sandbox_read(stage->world->resolver->folder,
			"state/last-good-policy");
		assert_string_equal(text, kept);
		free(text);
		put_policy(stage, good);
		assert_int_equal(control_reload(stage->world->resolver),
			++stage->generation);
		assert_stale(stage, 0);
	}
	free(kept);
	free(path);
	free(good);
}

/* All errors of all files, each with its place. */
static void
the_reply_has_all_errors_and_their_places(void **state)
{
	static const char *const rows[][2] = {
		{ "bitsink.conf", ":3:3: error: found \"colour:\"" },
		{ "bitsink.conf", ":4:11: error: " },
		{ "bitsink.conf", ":6:12: error: in pattern \"a..b\"" },
		{ "part.conf", ":2:8: error: " },
		{ "names.list", ":2:3: error: " },
		{ "bitsink.conf", ":5:15: error: " },
	};
	struct stage *stage = *state;
	char *reply, *policy, *log, *place;
	const char *line;
	size_t i, count = 0;

	put_file(stage, "names.list", ".good.test http\nb..d.test http\n");
	put_file(stage, "part.conf", "group:\n  ttl: never\n  name: p\n"
		"  client: 192.0.2.1\n");
	if (asprintf(&policy, "group:\n  name: a\n  colour: red\n"
	    "  client: 1.2.3\n  allow-list: \"missing\"\n"
	    "  allow: a..b\n  client: 127.0.0.2\n"
	    "  allow-list: \"names\"\n"
	    "include: \"part.conf\"\n"
	    "bitsink:\n  list-directory: \"%s\"\n",
	    stage->world->resolver->folder) < 0)
		abort();
	put_policy(stage, policy);
	reply = control_failed(stage->world->resolver, "reload");
	log = resolver_log(stage->world->resolver);
	for (line = reply; (line = control_find(line, "problem", NULL, NULL))
	    != NULL; line = strchr(line, '\n') + 1) {
		char *text = control_value(line, "text");

		/* The log has the same. */
		assert_non_null(strstr(log, text));
		count += control_is(line, "severity", "error");
		free(text);
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int found = 0;

		if (asprintf(&place, "%s/%s%s",
		    stage->world->resolver->folder, rows[i][0],
		    rows[i][1]) < 0)
			abort();
		for (line = reply; (line = control_find(line, "problem", NULL,
		    NULL)) != NULL; line = strchr(line, '\n') + 1) {
			char *text = control_value(line, "text");

			found |= strncmp(text, place, strlen(place)) == 0;
			free(text);
		}
		if (!found)
			print_error("no \"%s\" in:\n%s", place, reply);
		assert_true(found);
		free(place);
	}
	assert_int_equal(count, status_number(stage, "errors"));
	assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
	free(log);
	free(policy);
	free(reply);
	assert_stale(stage, 1);
	assert_in_force(0);
}

/* --- What would change. */

static const char *
must_find(const char *reply, const char *kind, const char *key,
	const char *value, const char *more, const char *expected)
{
	const char *line = reply;

	while ((line = control_find(line, kind, key, value)) != NULL) {
		if (more == NULL || control_is(line, more, expected))
			return line;
		line = strchr(line, '\n') + 1;
	}
	fail_msg("no %s with %s=%s %s=%s in:\n%s", kind, key, value,
		more != NULL ? more : "", expected != NULL ? expected : "",
		reply);
	return NULL;
}

static char *
await_diff(const struct stage *stage, unsigned long asked)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *reply = control_ask(stage->world->resolver,
			"reload diff=yes");

		if (control_number(control_find(reply, "verdicts", NULL,
		    NULL), "asked") == asked)
			return reply;
		if (!sandbox_wait(deadline))
			fail_msg("expected %lu names in:\n%s", asked, reply);
		free(reply);
	}
}

static void
diff_tells_what_would_change_and_changes_nothing(void **state)
{
	struct stage *stage = *state;
	char *before, *after, *reply, *kept;
	const char *line;

	/* Allowed, then blocked; the other way round; moved; unrestricted. */
	free(line_for(0, "www.x.test", TYPE_A));
	free(line_for(0, "www.y.test", TYPE_A));
	free(line_for(5, "www.neither.test", TYPE_A));
	free(line_for(6, "www.neither.test", TYPE_A));
	free(line_for(10, "www.neither.test", TYPE_A));
	before = control_ask(stage->world->resolver, "status");
	kept = sandbox_read(stage->world->resolver->folder,
		"state/last-good-policy");
	put_policy(stage, policy_b);
	reply = await_diff(stage, 4);
	line = must_find(reply, "group", "change", "removed", "name", "old");
	line = must_find(reply, "group", "change", "added", "name", "new");
	line = must_find(reply, "group", "option", "sinkhole", "name",
		"hole");
	assert_true(control_is(line, "before", "192.0.2.1, 2001:db8::1"));
	assert_true(control_is(line, "after", "192.0.2.2, 2001:db8::2"));
	line = must_find(reply, "group", "option", "mode", "name", "first");
	assert_true(control_is(line, "before", "audit"));
	line = must_find(reply, "client", "change", "moved", "before",
		"hole");
	assert_true(control_is(line, "after", "acts"));
	must_find(reply, "pattern", "change", "removed", "pattern",
		".x.test");
	must_find(reply, "pattern", "change", "added", "pattern", ".y.test");
	line = must_find(reply, "verdict", "change", "blocked", "name",
		"www.x.test.");
	assert_true(control_is(line, "before", "allow"));
	assert_true(control_is(line, "after", "block sinkhole"));
	line = must_find(reply, "verdict", "change", "allowed", "name",
		"www.y.test.");
	line = must_find(reply, "verdict", "client", "127.0.0.6", "change",
		"other");
	assert_true(control_is(line, "after", "block nodata"));
	line = must_find(reply, "verdict", "client", "127.0.0.7", "change",
		"blocked");
	assert_true(control_is(line, "before", "audit"));
	line = control_find(reply, "verdicts", NULL, NULL);
	assert_int_equal(control_number(line, "blocked"), 2);
	assert_int_equal(control_number(line, "allowed"), 1);
	assert_int_equal(control_number(line, "other"), 1);
	free(reply);
	/* A bad one is told, and is no reason to call the policy stale. */
	put_policy(stage, "nonsense\n");
	reply = control_failed(stage->world->resolver, "reload diff=yes");
	assert_non_null(control_find(reply, "problem", NULL, NULL));
	free(reply);
	after = sandbox_read(stage->world->resolver->folder,
		"state/last-good-policy");
	assert_string_equal(after, kept);
	free(after);
	after = control_ask(stage->world->resolver, "status");
	reply = control_value(after, "checksum");
	assert_true(control_is(before, "checksum", reply));
	free(reply);
	assert_stale(stage, 0);
	assert_in_force(0);
	/* The same policy is no change. */
	put_policy(stage, policy_a);
	reply = control_ask(stage->world->resolver, "reload diff=yes");
	line = control_find(reply, "changes", NULL, NULL);
	assert_ptr_equal(line, reply);
	assert_int_equal(control_number(line, "groups") +
		control_number(line, "clients") +
		control_number(line, "patterns") +
		control_number(line, "options"), 0);
	free(reply);
	free(before);
	free(after);
	free(kept);
}

/* --- Who asks for it. */

static int
begin_reload(const struct stage *stage, const char *request)
{
	int fd = control_open(stage->world->resolver);

	control_send(fd, request);
	return fd;
}

static void
await_generation(struct stage *stage)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	stage->generation++;
	while (status_number(stage, "generation") != stage->generation)
		assert_true(sandbox_wait(deadline));
}

/* Waits until the policy is being read: a thread does so. */
static void
await_reading(const struct stage *stage, unsigned threads)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (process_threads(stage->world->resolver->pid) <= threads)
		assert_true(sandbox_now() < deadline);
}

static void
who_goes_away_has_it_reloaded_all_the_same(void **state)
{
	struct stage *stage = *state;
	unsigned i;
	char *text;
	int fd;

	for (i = 0; i < 20; i++) {
		put_policy(stage, policies[!(i % 2)]);
		close(begin_reload(stage, "reload\n"));
		await_generation(stage);
		assert_in_force(!(i % 2));
	}
	/* Who closes its half only listens. */
	put_policy(stage, policy_b);
	fd = begin_reload(stage, "reload\n");
	shutdown(fd, SHUT_WR);
	text = control_rest(fd);
	assert_non_null(strstr(text, "reloaded generation=22 "));
	assert_non_null(strstr(text, "\nend\n"));
	free(text);
	close(fd);
	control_await_idle(stage->world->resolver);
}

static void
only_one_reload_is_under_way_at_a_time(void **state)
{
	struct stage *stage = *state;
	char *big = big_policy(policy_b), *text;
	unsigned threads = process_threads(stage->world->resolver->pid);
	int fd;

	put_policy(stage, big);
	fd = begin_reload(stage, "reload\n");
	await_reading(stage, threads);
	text = control_refused(stage->world->resolver, "reload");
	assert_string_equal(text, "found \"reload\", expected no other one "
		"under way; try again");
	free(text);
	free(control_refused(stage->world->resolver, "reload diff=yes"));
	/* Nobody has to wait for it. */
	assert_stale(stage, 0);
	assert_in_force(0);
	text = control_rest(fd);
	assert_non_null(strstr(text, "reloaded generation=2 "));
	free(text);
	close(fd);
	stage->generation++;
	assert_stale(stage, 0);
	assert_in_force(1);
	await_threads(stage, threads);
	free(big);
}

/* --- Big policies. */

static void
nobody_waits_for_a_big_policy(void **state)
{
	struct stage *stage = *state;
	char *big[2] = { big_policy(policy_a), big_policy(policy_b) };
	struct askers *askers;
	unsigned long before, meanwhile, least = ULONG_MAX;
	unsigned i;

	fill_cache();
	askers = let_ask(stage, 1, 0);
	for (i = 0; i < 6; i++) {
		long long start = sandbox_now();

		await_strict(stage, STRICT_ANSWERS);
		before = askers_answers(askers);
		switch_to(stage, big[!policy_at(stage->moment)]);
		meanwhile = askers_answers(askers) - before;
		print_message("%lld ms, %lu answers meanwhile\n",
			sandbox_now() - start, meanwhile);
		least = meanwhile < least ? meanwhile : least;
	}
	let_go(stage, askers);
	assert_true(least > 500);
	assert_int_equal(resolver_stat(stage->world->resolver,
		"num.bitsink.events.lost"), 0);
	assert_int_equal(resolver_stat(stage->world->resolver,
		"bitsink.policy.patterns"), PATTERNS + 14);
	free(big[0]);
	free(big[1]);
}

static void
unbound_stops_while_a_big_policy_is_read(void **state)
{
	struct stage *stage = *state;
	char *big = big_policy(policy_b);
	unsigned threads = process_threads(stage->world->resolver->pid), i;

	for (i = 0; i < 4; i++) {
		int fd;

		put_policy(stage, big);
		fd = begin_reload(stage, i % 2 ? "reload diff=yes\n"
			: "reload\n");
		await_reading(stage, threads);
		resolver_end(stage->world->resolver, SIGTERM);
		free(control_rest(fd));
		close(fd);
		put_policy(stage, policies[i % 2]);
		resolver_start_again(stage->world->resolver);
		assert_in_force(i % 2);
	}
	free(big);
}

/* --- Unbound's own reload. */

#define STARTED "bitsink: version="

/* In the midst of each other; in the end Unbound has read the policy anew. */
static void
mix_with(struct stage *stage, const char *command)
{
	char *big = big_policy(policy_b), *text;
	unsigned threads = process_threads(stage->world->resolver->pid);
	unsigned i, starts = 1;
	int fd;

	for (i = 0; i < 6; i++) {
		/* Ours first; the client is told, or cut short. */
		put_policy(stage, big);
		fd = begin_reload(stage, i % 2 ? "reload diff=yes\n"
			: "reload\n");
		await_reading(stage, threads);
		put_policy(stage, policies[i % 2]);
		if (command != NULL)
			free(resolver_control(stage->world->resolver,
				command));
		else
			kill(stage->world->resolver->pid, SIGHUP);
		free(control_rest(fd));
		close(fd);
		resolver_await_log_count(stage->world->resolver, STARTED,
			++starts);
		assert_in_force(i % 2);
		stage->generation = 1;
		assert_stale(stage, 0);
		/* Unbound's first. */
		if (command != NULL)
			free(resolver_control(stage->world->resolver,
				command));
		else
			kill(stage->world->resolver->pid, SIGHUP);
		text = path_in(stage, "state/control");
		do {
			char *log = resolver_log(stage->world->resolver);

			fd = control_connect(text);
			if (fd >= 0 && send(fd, "reload\n", 7,
			    MSG_NOSIGNAL) == 7)
				free(control_rest(fd));
			if (fd >= 0)
				close(fd);
			free(log);
		} while (fd < 0);
		free(text);
		resolver_await_log_count(stage->world->resolver, STARTED,
			++starts);
		assert_in_force(i % 2);
		await_threads(stage, threads);
	}
	free(big);
}

static void
unbound_control_reload_and_ours_get_along(void **state)
{
	mix_with(*state, "reload");
}

static void
sighup_and_ours_get_along(void **state)
{
	mix_with(*state, NULL);
}

/* Later versions of Unbound have more ways to reload. */
static void
reload_keep_cache_and_ours_get_along(void **state)
{
	struct stage *stage = *state;
	unsigned before;

	resolver_need_command("reload_keep_cache");
	fill_cache();
	before = asked_upstream(stage);
	mix_with(stage, "reload_keep_cache");
	assert_int_equal(asked_upstream(stage), before);
}

/* --- Unbound's fast_reload, which calls no module. */

/* As many are at work as there were, and none has been started again. */
static void
assert_not_restarted(const struct stage *stage, unsigned threads)
{
	char *log = resolver_log(stage->world->resolver), *first;

	first = strstr(log, STARTED);
	assert_non_null(first);
	assert_null(strstr(first + 1, STARTED));
	free(log);
	await_threads(stage, threads);
}

/* Its own thread is gone when it has said so, or soon after. */
static void
fast_reload(const struct stage *stage, const char *options, unsigned threads)
{
	char *command, *said;

	if (asprintf(&command, "fast_reload %s", options) < 0)
		abort();
	said = resolver_control(stage->world->resolver, command);
	if (strstr(said, "ok") == NULL || strstr(said, "error") != NULL)
		fail_msg("%s: %s", command, said);
	free(said);
	free(command);
	await_threads(stage, threads);
}

/* The policy is the one before to all who ask meanwhile, with the next one in
 * the file; then that one follows, as ever. */
static void
fast_reload_leaves_the_policy_in_force(void **state)
{
	static const char *const ways[] = { "", "+p", "+v", "+pv" };
	struct stage *stage = *state;
	struct askers *askers;
	unsigned threads, before, i;
	unsigned long queries;
	char *stats;

	resolver_need_command("fast_reload");
	threads = process_threads(stage->world->resolver->pid);
	fill_cache();
	before = asked_upstream(stage);
	stage->fresh = 1;
	put_policy(stage, policy_b);
	askers = let_ask(stage, 2, 2);
	for (i = 0; i < RELOADS_FAST; i++) {
		await_strict(stage, STRICT_ANSWERS);
		fast_reload(stage, ways[i % 4], threads);
		assert_stale(stage, 0);
	}
	await_strict(stage, STRICT_ANSWERS);
	queries = let_go(stage, askers);
	/* No moment passed, so each answer was judged strictly. */
	assert_int_equal(stage->strict, queries);
	assert_int_equal(asked_upstream(stage), before);
	stats = stats_of(stage);
	statistics_check(stats, THREADS);
	statistics_check_rpz(stats);
	statistics_assert(stats, "total.num.bitsink.queries", queries + 8);
	free(stats);
	assert_not_restarted(stage, threads);
	assert_in_force(0);
	switch_to(stage, NULL);
	assert_in_force(1);
}

/* What is waited for is dropped on demand, and nothing else of ours. */
static void
fast_reload_that_drops_queries_leaves_the_policy_in_force(void **state)
{
	struct stage *stage = *state;
	unsigned threads, i;

	resolver_need_command("fast_reload");
	threads = process_threads(stage->world->resolver->pid);
	for (i = 0; i < 4; i++) {
		fast_reload(stage, i % 2 ? "+dp" : "+d", threads);
		assert_in_force(policy_at(stage->moment));
		switch_to(stage, NULL);
		assert_in_force(policy_at(stage->moment));
	}
	assert_not_restarted(stage, threads);
}

/* Nobody gets free by a configuration that is to be in force later. */
static void
fast_reload_of_another_configuration_leaves_bitsink(void **state)
{
	static const char *const lines[] = {
		"server:\n  log-identity: \"one\"\n"
		"  num-queries-per-thread: 64\n",
		"server:\n  log-identity: \"another\"\n  serve-expired: yes\n"
		"  prefetch: yes\n",
		"server:\n  access-control: 127.0.0.2/32 allow_snoop\n"
		"  local-data: \"local.test. A 198.51.100.9\"\n",
		"server:\n  log-identity: \"\"\n"
		"  module-config: \"validator iterator\"\n",
		"dynlib:\n  dynlib-file: \"/nonexistent\"\n",
	};
	struct stage *stage = *state;
	unsigned threads, i;

	resolver_need_command("fast_reload");
	threads = process_threads(stage->world->resolver->pid);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		resolver_add_lines(stage->world->resolver, lines[i]);
		fast_reload(stage, i % 2 ? "+p" : "", threads);
		assert_in_force(policy_at(stage->moment));
		switch_to(stage, NULL);
		assert_in_force(policy_at(stage->moment));
		assert_stale(stage, 0);
	}
	assert_not_restarted(stage, threads);
}

/* In the midst of each other. */
static void
fast_reload_and_ours_get_along(void **state)
{
	struct stage *stage = *state;
	char *big[2] = { big_policy(policy_a), big_policy(policy_b) }, *text;
	unsigned threads, i;
	int fd;

	resolver_need_command("fast_reload");
	threads = process_threads(stage->world->resolver->pid);
	for (i = 0; i < 6; i++) {
		put_policy(stage, big[!(i % 2)]);
		fd = begin_reload(stage, "reload\n");
		await_reading(stage, threads);
		/* Ours is another thread, which may still be at it. */
		fast_reload(stage, i % 2 ? "+p" : "", threads + 1);
		text = control_rest(fd);
		assert_non_null(strstr(text, "reloaded generation="));
		free(text);
		close(fd);
		stage->generation++;
		assert_stale(stage, 0);
		assert_in_force(!(i % 2));
	}
	assert_not_restarted(stage, threads);
	free(big[0]);
	free(big[1]);
}

/* A start after it begins anew. */
static void
reload_after_fast_reload_reads_all_anew(void **state)
{
	struct stage *stage = *state;
	unsigned threads, i, starts = 1;

	resolver_need_command("fast_reload");
	threads = process_threads(stage->world->resolver->pid);
	for (i = 0; i < 6; i++) {
		resolver_add_lines(stage->world->resolver, i % 2
			? "server:\n  log-identity: \"one\"\n"
			: "server:\n  log-identity: \"another\"\n");
		put_policy(stage, policies[!(i % 2)]);
		fast_reload(stage, "", threads);
		assert_in_force(i % 2);
		free(resolver_control(stage->world->resolver,
			i % 4 < 2 ? "reload" : "reload_keep_cache"));
		resolver_await_log_count(stage->world->resolver, STARTED,
			++starts);
		assert_in_force(!(i % 2));
	}
}

#define reload_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		reload_test(every_answer_is_that_of_one_policy_as_a_whole),
		reload_test(counters_that_were_set_back_add_up_over_reloads),
		reload_test(many_reloads_take_nothing),
		reload_test(a_bad_file_changes_nothing),
		reload_test(the_reply_has_all_errors_and_their_places),
		reload_test(diff_tells_what_would_change_and_changes_nothing),
		reload_test(who_goes_away_has_it_reloaded_all_the_same),
		reload_test(only_one_reload_is_under_way_at_a_time),
		reload_test(nobody_waits_for_a_big_policy),
		reload_test(unbound_stops_while_a_big_policy_is_read),
		reload_test(unbound_control_reload_and_ours_get_along),
		reload_test(sighup_and_ours_get_along),
		reload_test(reload_keep_cache_and_ours_get_along),
		reload_test(fast_reload_leaves_the_policy_in_force),
		reload_test(
		fast_reload_that_drops_queries_leaves_the_policy_in_force),
		reload_test(
		fast_reload_of_another_configuration_leaves_bitsink),
		reload_test(fast_reload_and_ours_get_along),
		reload_test(reload_after_fast_reload_reads_all_anew),
	};

	return world_main(tests);
}
