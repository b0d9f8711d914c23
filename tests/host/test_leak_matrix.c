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
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "line.h"
#include "statistics.h"

#define BATCH_MAX 8192
/* Unbound reads on from a connection that waits for less than 32 answers. */
#define WAITING_MAX 30
/* What fits into a socket's buffer, and into one of so-rcvbuf. */
#define UNREAD_MAX 90
#define UNREAD_MAX_FORCED 1000
#define FAILURES_SHOWN 30
#define QUERY_MAX 300
/* Later versions of Unbound send 100 errors of their own a second, and drop
 * the queries beyond. */
#define ERRORS_A_SECOND 90

/* Cells that are on their way together, on one line. */
struct batch {
	struct batch *next;
	unsigned way;
	unsigned client;
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
	/* Of those that bitsink blocks, by what it counts them as; and all
	 * cells, by why they are so. */
	unsigned long actions[VERDICT_KINDS];
	unsigned long whys[WHY_COUNT];
	/* Unbound's own errors of this second. */
	unsigned errors;
	/* How often upstream was asked for a name before it was held. */
	unsigned before[PLACE_COUNT][ZONE_COUNT][TYPES];
	/* What learned names. */
	unsigned long leads;
	/* Answered by, or passed by, the site's own RPZ. */
	unsigned long rpz_data;
	unsigned long rpz_passthru;
	unsigned failures;
	unsigned number;
	/* What Unbound may not have read yet. */
	unsigned unread;
};

static unsigned unread_max = UNREAD_MAX;
static unsigned long total_cells, total_blocked, total_own, total_judged;

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

/* KIND is what came of it. */
static void
count_cell(struct run *run, const struct cell *cell, enum verdict_kind kind)
{
	enum why why = matrix_why(cell);

	run->cells++;
	run->verdicts[kind]++;
	/* Nothing was found in what could have had it. */
	if (why >= WHY_NOT_LISTED && !matrix_is_blocked(kind))
		why = WHY_ALLOWED;
	run->whys[why]++;
	if (matrix_is_blocked(kind))
		run->actions[matrix_action(cell)]++;
	run->rpz_data += cell->place == PLACE_RPZ;
	run->rpz_passthru += cell->place == PLACE_RPZ_PASSTHRU;
}

static void
judge(struct run *run, const struct cell *cell, const ldns_pkt *answer)
{
	enum verdict_kind expected = matrix_expect(cell), kind = expected;
	const char *what = matrix_judge(cell, &kind, answer);

	count_cell(run, cell, kind);
	if (what != NULL)
		note_failure(run, cell, expected, what, answer);
}

/* --- Many cells. */

static struct batch *
new_batch(unsigned way, unsigned client)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	assert_non_null(batch);
	batch->way = way;
	batch->client = client;
	return batch;
}

static void
open_batch(struct batch *batch)
{
	batch->line = line_open(matrix_ways[batch->way].transport,
		matrix_clients[batch->client].address);
}

static void
free_batch(struct batch *batch)
{
	if (batch->line != NULL)
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

static unsigned
count_refused(const struct batch *batch, unsigned from, unsigned to)
{
	unsigned count = 0;

	for (; from < to; from++)
		count += matrix_expect(&batch->cells[from]) == OWN_REFUSED;
	return count;
}

/* COUNT more errors are to come; all that were asked for have come. */
static void
spare_errors(struct run *run, unsigned count)
{
	time_t second = time(NULL);

	if (run->errors + count > ERRORS_A_SECOND) {
		while (time(NULL) == second)
			usleep(5000);
		run->errors = 0;
	}
	run->errors += count;
}

/* Sends and receives some at a time. */
static void
ask_batch(struct run *run, struct batch *batch)
{
	unsigned window = matrix_ways[batch->way].window, from, to, id;

	if (batch->count > 0)
		open_batch(batch);
	for (from = 0; from < batch->count; from = to) {
		to = from + window < batch->count ? from + window
			: batch->count;
		spare_errors(run, count_refused(batch, from, to));
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
	enum why why = matrix_why(cell);

	return matrix_places[cell->place].held && expected != OWN_REFUSED &&
		(!matrix_is_blocked(expected) || why == WHY_CHAIN ||
		why == WHY_ADDRESS);
}

/* Whether it is not yet what it is to be: something has to end before. */
static int
is_late(const struct cell *cell)
{
	enum group group = matrix_group(cell);

	return group == GROUP_GRANT_OVER || (group == GROUP_FOLLOWED &&
		cell->place == PLACE_FOLLOWED_OVER);
}

/* For what Unbound refuses, at the rate above, fewer cells must do. */
static int
is_asked(const struct cell *cell)
{
	return matrix_asks(cell) && (matrix_expect(cell) != OWN_REFUSED ||
		matrix_types[cell->type].type == TYPE_A);
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
		if (is_asked(&cell))
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
	if (!matrix_places[cell->place].held && !is_late(cell))
		add_cell(with, cell);
}

static void
take_late(struct run *run, const struct cell *cell, void *with)
{
	(void)run;
	if (!matrix_places[cell->place].held && is_late(cell))
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
			ask_batch(run, batch);
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

/* Whether Unbound merges the query with others. */
static int
is_merged(const struct cell *cell)
{
	const struct group_row *group = &matrix_groups[matrix_group(cell)];

	return !(cell->profile->features & FEATURE_SUBNET) &&
		!group->inspects && !group->follows;
}

/* Where a connection carries one query, and where Unbound merges no queries,
 * fewer cells must do. */
static int
has_room(const struct cell *cell)
{
	int type = matrix_types[cell->type].type;

	return (matrix_ways[cell->way].window > 1 && is_merged(cell)) ||
		(cell->flags == 0 && (type == TYPE_A || type == TYPE_TXT ||
		type == TYPE_ANY || (type == LDNS_RR_TYPE_HTTPS &&
		cell->zone == ZONE_ADDRESS)));
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
		if (run->unread >= unread_max)
			await_queries(run);
		batch = new_batch(cell->way, cell->client);
		open_batch(batch);
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

static void
add_leads(struct run *run)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	matrix_leads(memory);
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
	add_leads(run);
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

/* What is in cachedb alone. */
static void
forget_in_cache(struct run *run)
{
	char command[300];
	unsigned zone;

	for (zone = 0; zone < ZONE_COUNT; zone++) {
		snprintf(command, sizeof(command), "flush_zone db.%s",
			matrix_zones[zone]);
		free(resolver_control(run->world->resolver, command));
	}
}

/* In the order of places, so a redirect's target is cached before it. */
static void
prime_all(struct run *run)
{
	struct cell cell = { .profile = run->profile,
		.client = MATRIX_ORDINARY };
	unsigned place, zone;
	char name[300];

	for (place = 0; place < PLACE_COUNT; place++)
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		cell.place = place;
		cell.zone = zone;
		matrix_name(&cell, name, sizeof(name));
		if (matrix_has(run->profile, place) &&
		    matrix_zone_has(zone, place) &&
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
	if (run->profile->features & FEATURE_CACHEDB)
		forget_in_cache(run);
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
			    matrix_zone_has(zone, place) &&
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

/* --- What is allowed for a time. */

static const char *
address_of(enum group group)
{
	unsigned client;

	for (client = 0; matrix_clients[client].group != group; client++)
		assert_true(client + 1 < CLIENTS);
	return matrix_clients[client].address;
}

static void
ask_lead(struct run *run, const char *from, const char *name)
{
	ldns_pkt *answer = ask(Q(from, name, TYPE_A, .flags = ASK_EDNS));

	/* It and its target. */
	assert_int_equal(ldns_pkt_ancount(answer), 2);
	ldns_pkt_free(answer);
	run->asked++;
	run->leads += strcmp(from, ORDINARY_2) != 0;
}

/* What begins here and ends soon goes first. */
static void
begin_exceptions(struct run *run)
{
	const struct resolver *resolver = run->world->resolver;
	const char *follower = address_of(GROUP_FOLLOWED);

	free(control_ask(resolver,
		"allow group=over pattern=.blocked.test seconds=1"));
	ask_lead(run, follower, MATRIX_LEADS_OVER);
	ask_lead(run, follower, MATRIX_LEADS_FRESH);
	ask_lead(run, ORDINARY_2, MATRIX_LEADS);
	ask_lead(run, follower, MATRIX_LEADS);
	free(control_ask(resolver,
		"allow group=granted pattern=.blocked.test seconds=86400"));
	free(control_ask(resolver,
		"allow group=over pattern=*.blocked.test seconds=86400"));
	free(control_ask(resolver, "revoke group=over pattern=*.blocked.test"));
}

/* Until the control socket's reply has no such line any more. */
static void
await_end_of(struct run *run, const char *request, const char *kind,
	const char *key, const char *value)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *reply = control_ask(run->world->resolver, request);
		int is_there = control_find(reply, kind, key, value) != NULL;

		free(reply);
		if (!is_there)
			return;
		assert_true(sandbox_wait(deadline));
	}
}

static void
await_end_of_exceptions(struct run *run)
{
	char request[300];

	await_end_of(run, "status", "grant", "group", "over");
	snprintf(request, sizeof(request), "explain client=%s name=%s.%s",
		address_of(GROUP_FOLLOWED),
		matrix_places[PLACE_FOLLOWED_OVER].label,
		matrix_zones[ZONE_BLOCKED]);
	await_end_of(run, request, "explain", "reason", "followed");
}

/* --- One profile. */

static char *
policy_of(const struct profile *profile)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	matrix_policy(memory, profile);
	fclose(memory);
	return text;
}

static void
start(struct run *run, void **state, const char *folder)
{
	struct resolver_options options = { .modules = run->profile->modules };
	char *server = NULL, *clauses = NULL, *tls = resolver_tls(folder);
	char *policy = policy_of(run->profile);
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
	options.policy = policy;
	options.server = server;
	options.clauses = clauses;
	run->world->resolver = resolver_start(&options);
	free(server);
	free(clauses);
	free(tls);
	free(policy);
}

/* Unbound's own, in which a quiet query is one of NXDOMAIN. */
static void
check_rpz(const struct run *run, const char *stats)
{
	statistics_assert(stats, "num.rpz.action.rpz-nxdomain",
		run->actions[BLOCKED_NXDOMAIN]);
	statistics_assert(stats, "num.rpz.action.rpz-local-data",
		run->actions[BLOCKED_SINKHOLE] + run->rpz_data);
	statistics_assert(stats, "num.rpz.action.rpz-nodata",
		run->actions[BLOCKED_NODATA]);
	statistics_assert(stats, "num.rpz.action.rpz-cname-override",
		run->actions[BLOCKED_REFUSED]);
	statistics_assert(stats, "num.rpz.action.rpz-passthru",
		run->rpz_passthru);
	statistics_assert(stats, "num.rpz.action.rpz-disabled", 0);
}

/* bitsink's reasons, each as often as the policy says. */
static void
check_reasons(const struct run *run, const char *stats)
{
	unsigned long allowed = run->leads, blocked = 0;
	char name[64];
	unsigned why;

	for (why = 0; why < WHY_COUNT; why++) {
		const char *word = matrix_reason_word(why);

		if (why >= WHY_ALLOWED && why < WHY_NOT_LISTED)
			allowed += run->whys[why];
		else if (why >= WHY_NOT_LISTED && why != WHY_QUIET)
			blocked += run->whys[why];
		if (word == NULL)
			continue;
		snprintf(name, sizeof(name), "num.bitsink.reason.%s", word);
		statistics_assert(stats, name, run->whys[why]);
	}
	statistics_assert(stats, "total.num.bitsink.allowed", allowed);
	statistics_assert(stats, "total.num.bitsink.blocked", blocked);
	statistics_assert(stats, "total.num.bitsink.quiet",
		run->whys[WHY_QUIET]);
	statistics_assert(stats, "num.bitsink.failed", 0);
}

static void
check_counters(struct run *run)
{
	char *stats = resolver_control(run->world->resolver, "stats_noreset");

	statistics_assert(stats, "total.num.queries", run->asked);
	statistics_check(stats, strstr(stats, "\nthread3.") != NULL ? 4 : 1);
	check_rpz(run, stats);
	check_reasons(run, stats);
	free(stats);
}

static unsigned long
blocked_cells(const struct run *run)
{
	unsigned long blocked = 0;
	unsigned kind;

	for (kind = 0; kind < VERDICT_KINDS; kind++)
		blocked += matrix_is_blocked(kind) ? run->verdicts[kind] : 0;
	return blocked;
}

static void
add_totals(const struct run *run, long long milliseconds)
{
	unsigned long judged = run->whys[WHY_CHAIN] + run->whys[WHY_ADDRESS];

	print_message("%lu cells, %lu of them blocked, %lu for their answer, "
		"in %lld ms\n", run->cells, blocked_cells(run), judged,
		milliseconds);
	total_cells += run->cells;
	total_blocked += blocked_cells(run);
	total_judged += judged;
	total_own += run->verdicts[OWN_WORD];
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
	begin_exceptions(&run);
	prime_all(&run);
	ask_all(&run, take_settled);
	await_end_of_exceptions(&run);
	ask_all(&run, take_late);
	ask_held(&run);
	assert_int_equal(upstream_count_below(run.world->upstream,
		MATRIX_NOBODY), 0);
	add_totals(&run, sandbox_now() - begun);
	if (run.failures > 0)
		print_error("%u cells are wrong\n", run.failures);
	assert_int_equal(run.failures, 0);
	check_counters(&run);
	line_close(run.opener);
	sandbox_remove(folder);
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

/* Whether sockets may have larger buffers than the system's limit. */
static void
look_at_buffers(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), octets = 4 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets,
	    sizeof(octets)) == 0)
		unread_max = UNREAD_MAX_FORCED;
	close(fd);
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
	look_at_buffers();
	failed = _cmocka_run_group_tests("leak_matrix", tests,
		matrix_profile_count, NULL, NULL);
	print_message("leak matrix: %lu cells, %lu of them blocked, %lu of "
		"these for their answer; of %lu the policy says no more than "
		"that they are Unbound's own\n", total_cells, total_blocked,
		total_judged, total_own);
	free(tests);
	return failed;
}
