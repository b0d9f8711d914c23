/*
 * test_leak_matrix.c - wherever a name is in Unbound, whoever asks for it, how
 * and for what: the answer is the one that the policy says.
 *
 *   test_leak_matrix [PROFILE]    one of matrix_profiles, or "*dns64*"
 */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "line.h"

#define BATCH_MAX 4096
/* Unbound reads on from a connection that waits for less than 32 answers. */
#define WAITING_MAX 30
#define UNREAD_MAX 90
#define FAILURES_SHOWN 30
#define QUERY_MAX 300

/* Cells that are on their way together, on one line. */
struct batch {
	struct batch *next;
	struct line *line;
	unsigned count;
	unsigned char answered[BATCH_MAX];
	struct cell cells[BATCH_MAX];
};

/* One profile's Unbound, and what was asked of it. */
struct run {
	const struct profile *profile;
	struct world *world;
	struct line *opener;
	unsigned long asked;
	unsigned long cells;
	unsigned long verdicts[VERDICT_KINDS];
	/* How often upstream was asked for a name before it was held. */
	unsigned before[PLACE_COUNT][ZONE_COUNT][TYPES];
	/* Answered by, or passed by, the site's own RPZ. */
	unsigned long rpz_data;
	unsigned long rpz_passthru;
	unsigned failures;
	unsigned number;
	/* What Unbound may not have read yet. */
	unsigned unread;
};

static unsigned long total_cells, total_blocked, total_own;

/* --- One cell. */

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* NAME as labels; no escapes in it. */
static size_t
put_name(uint8_t *at, const char *name)
{
	size_t used = 0;

	for (;;) {
		size_t length = strcspn(name, ".");

		at[used++] = (uint8_t)length;
		memcpy(at + used, name, length);
		used += length;
		if (length == 0)
			return used;
		name += length + (name[length] == '.');
	}
}

static size_t
make_query(uint8_t *query, unsigned id, const char *name, int type,
	unsigned flags)
{
	size_t at = 12;

	memset(query, 0, QUERY_MAX);
	put16(query, id);
	query[2] = flags & ASK_NO_RD ? 0 : 1;
	query[3] = flags & ASK_CD ? 0x10 : 0;
	query[5] = 1; /* QDCOUNT */
	at += put_name(query + at, name);
	put16(query + at, (unsigned)type);
	put16(query + at + 2, LDNS_RR_CLASS_IN);
	at += 4;
	if (flags & (ASK_EDNS | ASK_DO)) {
		query[11] = 1; /* ARCOUNT */
		put16(query + at + 1, LDNS_RR_TYPE_OPT);
		put16(query + at + 3, 4096);
		query[at + 7] = flags & ASK_DO ? 0x80 : 0;
		at += 11;
	}
	return at;
}

static void
describe(const struct cell *cell)
{
	char name[300];

	matrix_name(cell, name, sizeof(name));
	print_error("profile \"%s\", place \"%s\", name %s, transport \"%s\", "
		"type %s, flags \"%s\", client \"%s\": ",
		cell->profile->name, matrix_places[cell->place].name, name,
		matrix_ways[cell->way].name, matrix_types[cell->type].name,
		matrix_flags[cell->flags].name,
		matrix_clients[cell->client].name);
}

static void
note_failure(struct run *run, const struct cell *cell,
	enum verdict_kind expected, const char *what, const ldns_pkt *answer)
{
	char *text;

	if (run->failures++ >= FAILURES_SHOWN)
		return;
	describe(cell);
	text = answer_line(ldns_pkt_clone(answer));
	print_error("expected %s, found %s: %s\n",
		matrix_verdict_word(expected), what, text);
	free(text);
}

static void
judge(struct run *run, const struct cell *cell, const ldns_pkt *answer)
{
	enum verdict_kind expected = matrix_expect(cell);
	const char *what = matrix_judge(cell, expected, answer);

	run->cells++;
	run->verdicts[expected]++;
	run->rpz_data += cell->place == PLACE_RPZ;
	run->rpz_passthru += cell->place == PLACE_RPZ_PASSTHRU;
	if (what != NULL)
		note_failure(run, cell, expected, what, answer);
}

/* --- Many cells. */

static struct batch *
new_batch(unsigned way, unsigned client)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	assert_non_null(batch);
	batch->line = line_open(matrix_ways[way].transport,
		matrix_clients[client].address);
	return batch;
}

static void
free_batch(struct batch *batch)
{
	line_close(batch->line);
	free(batch);
}

/* Its ID is the cell's place in the batch. */
static void
send_cell(struct run *run, struct batch *batch, unsigned id)
{
	const struct cell *cell = &batch->cells[id];
	uint8_t query[QUERY_MAX];
	char name[300];
	size_t length;

	matrix_name(cell, name, sizeof(name));
	length = make_query(query, id, name, matrix_types[cell->type].type,
		matrix_flags[cell->flags].flags);
	line_send(batch->line, query, length);
	run->asked++;
}

static void
receive_cell(struct run *run, struct batch *batch, unsigned from,
	unsigned to)
{
	static uint8_t wire[LINE_MESSAGE_MAX];
	size_t length = line_receive(batch->line, wire);
	ldns_pkt *answer;
	unsigned id;

	for (id = from; length == 0 && id < to; id++)
		if (!batch->answered[id]) {
			describe(&batch->cells[id]);
			print_error("no answer\n");
		}
	assert_int_not_equal(length, 0);
	assert_int_equal(ldns_wire2pkt(&answer, wire, length),
		LDNS_STATUS_OK);
	id = ldns_pkt_id(answer);
	assert_true(id >= from && id < to && !batch->answered[id]);
	batch->answered[id] = 1;
	judge(run, &batch->cells[id], answer);
	ldns_pkt_free(answer);
}

/* Sends and receives WINDOW at a time. */
static void
ask_batch(struct run *run, struct batch *batch, unsigned window)
{
	unsigned from, to, id;

	for (from = 0; from < batch->count; from = to) {
		to = from + window < batch->count ? from + window
			: batch->count;
		for (id = from; id < to; id++)
			send_cell(run, batch, id);
		line_flush(batch->line);
		for (id = from; id < to; id++)
			receive_cell(run, batch, from, to);
	}
}

/* Whether the answer waits for upstream. */
static int
waits(const struct cell *cell)
{
	enum verdict_kind expected = matrix_expect(cell);

	return matrix_places[cell->place].held &&
		expected != BLOCKED_NXDOMAIN && expected != BLOCKED_SINKHOLE &&
		expected != OWN_REFUSED;
}

/* Calls TAKE for every cell of a client and a way. */
static void
for_each_cell(struct run *run, unsigned way, unsigned client,
	void (*take)(struct run *, const struct cell *, void *), void *with)
{
	struct cell cell = { .profile = run->profile, .way = way,
		.client = client };
	unsigned place, zone;

	for (place = 0; place < PLACE_COUNT; place++)
	for (zone = 0; zone < ZONE_COUNT; zone++)
	for (cell.type = 0; cell.type < TYPES; cell.type++)
	for (cell.flags = 0; cell.flags < FLAGS; cell.flags++) {
		if (!matrix_has(run->profile, place))
			continue;
		cell.place = place;
		cell.zone = zone;
		cell.number = run->number++;
		take(run, &cell, with);
	}
}

static void
add_cell(struct batch *batch, const struct cell *cell)
{
	assert_true(batch->count < BATCH_MAX);
	batch->cells[batch->count++] = *cell;
}

static void
take_settled(struct run *run, const struct cell *cell, void *with)
{
	(void)run;
	if (!matrix_places[cell->place].held)
		add_cell(with, cell);
}

static void
take_held_and_answered(struct run *run, const struct cell *cell, void *with)
{
	(void)run;
	if (matrix_places[cell->place].held && !waits(cell))
		add_cell(with, cell);
}

static void
ask_all(struct run *run,
	void (*take)(struct run *, const struct cell *, void *))
{
	unsigned way, client;

	for (way = 0; way < WAYS; way++)
		for (client = 0; client < CLIENTS; client++) {
			struct batch *batch = new_batch(way, client);

			for_each_cell(run, way, client, take, batch);
			ask_batch(run, batch, matrix_ways[way].window);
			free_batch(batch);
		}
}

/* --- Cells that wait. */

/* Until Unbound has read all that was asked. */
static void
await_queries(struct run *run)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long read;

	while ((read = resolver_stat(run->world->resolver,
	    "total.num.queries")) < run->asked)
		if (!sandbox_wait(deadline)) {
			print_error("Unbound has read %lu of %lu queries\n",
				read, run->asked);
			fail();
		}
	run->unread = 0;
}

/* Where a connection carries one query, and where Unbound merges no queries,
 * fewer cells must do. */
static int
has_room(const struct cell *cell)
{
	return (matrix_ways[cell->way].window > 1 &&
		!(cell->profile->features & FEATURE_SUBNET)) ||
		(cell->flags == 0 &&
		(matrix_types[cell->type].type == TYPE_A ||
		matrix_types[cell->type].type == TYPE_TXT ||
		matrix_types[cell->type].type == TYPE_ANY));
}

static void
take_waiting(struct run *run, const struct cell *cell, void *with)
{
	struct batch **batches = with, *batch = *batches;
	unsigned window = matrix_ways[cell->way].window;
	unsigned most = window < WAITING_MAX ? window : WAITING_MAX;

	if (!waits(cell) || !has_room(cell))
		return;
	if (batch == NULL || batch->count >= most ||
	    batch->cells[0].client != cell->client ||
	    batch->cells[0].way != cell->way) {
		if (batch != NULL)
			line_flush(batch->line);
		/* More would not fit into a socket's buffer. */
		if (run->unread >= UNREAD_MAX)
			await_queries(run);
		batch = new_batch(cell->way, cell->client);
		batch->next = *batches;
		*batches = batch;
	}
	add_cell(batch, cell);
	send_cell(run, batch, batch->count - 1);
	run->unread++;
}

static struct batch *
begin_waiting(struct run *run)
{
	struct batch *batches = NULL;
	unsigned way, client;

	for (way = 0; way < WAYS; way++)
		for (client = 0; client < CLIENTS; client++)
			for_each_cell(run, way, client, take_waiting,
				&batches);
	if (batches != NULL)
		line_flush(batches->line);
	return batches;
}

static void
end_waiting(struct run *run, struct batch *batches)
{
	struct batch *batch;

	while ((batch = batches) != NULL) {
		unsigned i;

		batches = batch->next;
		for (i = 0; i < batch->count; i++)
			receive_cell(run, batch, 0, batch->count);
		free_batch(batch);
	}
}

/* --- Bringing names where they are to be. */

static void
add_records(struct run *run, enum place place, enum zone zone)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	matrix_records(memory, place, zone);
	fclose(memory);
	upstream_add(run->world->upstream, text);
	free(text);
}

/* Signs the zone of the secure names, and the bogus one wrongly; its trust
 * anchor, to be freed. */
static char *
add_signed(struct run *run, enum zone zone)
{
	char *text = NULL, apex[300], *anchor;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	matrix_records(memory, PLACE_SECURE, zone);
	matrix_records(memory, PLACE_BOGUS, zone);
	fclose(memory);
	snprintf(apex, sizeof(apex), "signed.%s.", matrix_zones[zone]);
	anchor = upstream_add_signed(run->world->upstream, apex, text);
	snprintf(apex, sizeof(apex), "bogus.signed.%s", matrix_zones[zone]);
	upstream_spoil(run->world->upstream, apex);
	free(text);
	return anchor;
}

static void
add_world(struct run *run, FILE *server)
{
	unsigned place, zone;
	char chain[300];

	for (zone = 0; zone < ZONE_COUNT; zone++) {
		char *anchor = add_signed(run, zone);

		fprintf(server, "  trust-anchor: '%s'\n", anchor);
		free(anchor);
		for (place = 0; place < PLACE_COUNT; place++)
			if (place != PLACE_SECURE && place != PLACE_BOGUS &&
			    place != PLACE_CNAME_TARGET)
				add_records(run, place, zone);
		/* The target itself comes when it is let go. */
		snprintf(chain, sizeof(chain), "chain.%s. 60 IN CNAME "
			"target.%s.\n", matrix_zones[zone],
			matrix_zones[zone]);
		upstream_add(run->world->upstream, chain);
	}
}

/* An unrestricted client's question, whose answer nobody waits for. */
static void
open_cell(struct run *run, const char *name, unsigned type)
{
	static uint8_t answer[LINE_MESSAGE_MAX];
	static unsigned id;
	uint8_t query[QUERY_MAX];

	while (line_is_answered(run->opener))
		line_receive(run->opener, answer);
	line_send(run->opener, query, make_query(query, id++ & 0xffff, name,
		matrix_types[type].type, ASK_EDNS));
	run->asked++;
}

/* Has NAME asked by an unrestricted client, type by type; ANY first, for
 * later Unbound puts it together from what it has. */
static void
prime(struct run *run, const char *name)
{
	struct question question = { .from = ORDINARY_2, .name = name,
		.flags = ASK_EDNS };
	unsigned type;

	question.type = TYPE_ANY;
	ldns_pkt_free(ask(question));
	for (type = 0; type < TYPES; type++) {
		question.type = matrix_types[type].type;
		if (question.type != TYPE_ANY)
			ldns_pkt_free(ask(question));
	}
	run->asked += TYPES;
}

/* In the order of places, so a redirect's target is cached before it. */
static void
prime_all(struct run *run)
{
	struct cell cell = { .profile = run->profile, .client = CLIENTS - 1 };
	unsigned place, zone;
	char name[300];

	for (place = 0; place < PLACE_COUNT; place++)
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		cell.place = place;
		cell.zone = zone;
		matrix_name(&cell, name, sizeof(name));
		if (matrix_has(run->profile, place) &&
		    place != PLACE_IN_FLIGHT && place != PLACE_CNAME_TARGET &&
		    place != PLACE_ABSENT && place != PLACE_NSEC) {
			prime(run, name);
			run->rpz_data += place == PLACE_RPZ ? TYPES : 0;
			run->rpz_passthru += place == PLACE_RPZ_PASSTHRU
				? TYPES : 0;
		}
	}
	/* Denies what is not in the signed zones. */
	prime(run, "c.signed.blocked.test");
	prime(run, "c.signed.allowed.test");
	if (run->profile->features & FEATURE_CACHEDB) {
		free(resolver_control(run->world->resolver,
			"flush_zone db.blocked.test"));
		free(resolver_control(run->world->resolver,
			"flush_zone db.allowed.test"));
	}
}

static unsigned
times_asked(struct run *run, const char *name, unsigned type)
{
	return upstream_count(run->world->upstream, name,
		(ldns_rr_type)matrix_types[type].type);
}

/* Asks until upstream was asked, and holds it back: then the name is in
 * flight, for want of a fresh enough entry in the cache. */
static void
open_place(struct run *run, enum place place, enum zone zone)
{
	struct cell cell = { .place = place, .zone = zone };
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char held[300], asked[300];
	unsigned type, left, last = 0;

	matrix_name(&cell, held, sizeof(held));
	snprintf(asked, sizeof(asked), "%s", held);
	if (place == PLACE_CNAME_TARGET)
		snprintf(asked, sizeof(asked), "chain.%s",
			matrix_zones[zone]);
	do {
		left = 0;
		for (type = 0; type < TYPES; type++) {
			/* A chain is not followed for ANY. */
			if ((place == PLACE_CNAME_TARGET &&
			    matrix_types[type].type == TYPE_ANY) ||
			    times_asked(run, held, type) >
			    run->before[place][zone][type])
				continue;
			left++;
			last = type;
			open_cell(run, asked, type);
		}
	} while (left > 0 && sandbox_wait(deadline));
	if (left > 0)
		print_error("%s is not asked for, for type %s\n", held,
			matrix_types[last].name);
	assert_int_equal(left, 0);
}

static void
for_each_held(struct run *run,
	void (*call)(struct run *, enum place, enum zone))
{
	unsigned place, zone;

	for (place = 0; place < PLACE_COUNT; place++)
		for (zone = 0; zone < ZONE_COUNT; zone++)
			if (matrix_places[place].held &&
			    matrix_has(run->profile, place))
				call(run, place, zone);
}

static void
hold_place(struct run *run, enum place place, enum zone zone)
{
	struct cell cell = { .place = place, .zone = zone };
	char name[300];
	unsigned type;

	matrix_name(&cell, name, sizeof(name));
	upstream_hold(run->world->upstream, name);
	for (type = 0; type < TYPES; type++)
		run->before[place][zone][type] = times_asked(run, name, type);
}

static void
release_place(struct run *run, enum place place, enum zone zone)
{
	struct cell cell = { .place = place, .zone = zone };
	char name[300];

	matrix_name(&cell, name, sizeof(name));
	if (place == PLACE_CNAME_TARGET)
		add_records(run, place, zone);
	upstream_release(run->world->upstream, name);
}

static void
ask_held(struct run *run)
{
	struct batch *batches;

	for_each_held(run, hold_place);
	for_each_held(run, open_place);
	ask_all(run, take_held_and_answered);
	batches = begin_waiting(run);
	await_queries(run);
	for_each_held(run, release_place);
	end_waiting(run, batches);
}

/* --- One profile. */

static void
start(struct run *run, void **state, const char *folder)
{
	struct resolver_options options = { .policy = MATRIX_POLICY,
		.modules = run->profile->modules };
	char *server = NULL, *clauses = NULL, *tls = resolver_tls(folder);
	size_t length;
	FILE *memory = open_memstream(&server, &length);

	assert_non_null(memory);
	run->world = calloc(1, sizeof(*run->world));
	assert_non_null(run->world);
	*state = run->world;
	run->world->upstream = upstream_start();
	matrix_server(memory);
	fprintf(memory, "%s%s", tls, run->profile->server != NULL
		? run->profile->server : "");
	add_world(run, memory);
	fclose(memory);
	memory = open_memstream(&clauses, &length);
	assert_non_null(memory);
	matrix_clauses(memory, run->profile, folder);
	fclose(memory);
	options.server = server;
	options.clauses = clauses;
	run->world->resolver = resolver_start(&options);
	free(server);
	free(clauses);
	free(tls);
}

static void
check_counters(struct run *run)
{
	struct resolver *resolver = run->world->resolver;

	assert_int_equal(resolver_stat(resolver, "total.num.queries"),
		run->asked);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-nxdomain"),
		run->verdicts[BLOCKED_NXDOMAIN]);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-local-data"),
		run->verdicts[BLOCKED_SINKHOLE] + run->rpz_data);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-passthru"), run->rpz_passthru);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-nodata"), 0);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-cname-override"), 0);
	assert_int_equal(resolver_stat(resolver,
		"num.rpz.action.rpz-disabled"), 0);
}

static void
every_cell_gets_what_the_policy_says(void **state)
{
	struct run run = { .profile = *state };
	char *folder = sandbox_folder();
	long long begun = sandbox_now();

	*state = NULL;
	start(&run, state, folder);
	run.opener = line_open(ASK_UDP, ORDINARY_2);
	prime_all(&run);
	ask_all(&run, take_settled);
	ask_held(&run);
	assert_int_equal(upstream_count_below(run.world->upstream,
		MATRIX_NOBODY), 0);
	check_counters(&run);
	line_close(run.opener);
	sandbox_remove(folder);
	print_message("%lu cells, %lu of them blocked, in %lld ms\n",
		run.cells, run.verdicts[BLOCKED_NXDOMAIN] +
		run.verdicts[BLOCKED_SINKHOLE], sandbox_now() - begun);
	total_cells += run.cells;
	total_blocked += run.verdicts[BLOCKED_NXDOMAIN] +
		run.verdicts[BLOCKED_SINKHOLE];
	total_own += run.verdicts[OWN_WORD];
	if (run.failures > 0)
		print_error("%u cells are wrong\n", run.failures);
	assert_int_equal(run.failures, 0);
}

static void
skip_without_module(void **state)
{
	const struct profile *profile = *state;

	*state = NULL;
	print_message("this Unbound has no %s\n", profile->needs);
	skip();
}

/* Many connections at the same time. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
main(int argc, char **argv)
{
	struct CMUnitTest *tests = calloc(matrix_profile_count,
		sizeof(*tests));
	size_t i;
	int failed;

	if (tests == NULL)
		return 1;
	for (i = 0; i < matrix_profile_count; i++) {
		const struct profile *profile = &matrix_profiles[i];

		tests[i].name = profile->name;
		tests[i].test_func = profile->needs == NULL ||
			resolver_has_module(profile->needs)
			? every_cell_gets_what_the_policy_says
			: skip_without_module;
		tests[i].teardown_func = world_stop;
		tests[i].initial_state = (void *)(uintptr_t)profile;
	}
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	raise_limits();
	sandbox_enter();
	failed = _cmocka_run_group_tests("leak_matrix", tests,
		matrix_profile_count, NULL, NULL);
	print_message("leak matrix: %lu cells, %lu of them blocked; of %lu "
		"the policy says no more than that they are Unbound's own\n",
		total_cells, total_blocked, total_own);
	free(tests);
	return failed;
}
