/*
 * test_recall.c - what a worker remembers changes nothing that it decides.
 */
#include "support.h"

#include "judge.h"
#include "recall.h"

#define NOW INT64_C(1700000000)
#define DAY 86400
#define QUERIES 60000

static const struct names_key test_key = { { 3, 4 } };

/* The window is open on Tuesdays, which NOW is. */
static const char policy_text[] =
	"group:\n"
	" name: one\n client: 127.0.0.0/25\n allow: \"*.ok.example\"\n"
	" deny: \"not.ok.example\"\n"
	"group:\n"
	" name: two\n client: 127.0.0.128/25\n unrestricted: 127.0.0.192/27\n"
	" allow: \"*.not.ok.example\"\n allow-types: A\n"
	"group:\n"
	" name: three\n client: 127.0.1.0/24\n mode: audit\n"
	" window: \"Tue 00:00-24:00\"\n window-allow: \"*.example\"\n"
	"group:\n"
	" name: four\n client: 127.0.1.64/26\n allow: \"*.ok.example\"\n"
	" follow-chain: yes\n";

static const char *const groups[] = { "one", "two", "three", "four" };

/* Names with some of these have more octets than a place has. */
#define LONG_LABEL "a-label-of-as-many-octets-as-half-a-place-is-long"

static const char *const names[] = {
	"a.ok.example", "A.ok.example", "a.OK.example", "ok.example",
	"not.ok.example", "x.not.ok.example", "X.not.ok.example", "b.example",
	"short", "a.b", "eightoct", "one.more.label.ok.example", ".",
	LONG_LABEL "." LONG_LABEL "." LONG_LABEL ".ok.example",
};

struct judging {
	struct loaded loaded;
	struct exceptions exceptions;
	struct recall *recall;
};

static void
open_judging(struct judging *judging)
{
	write_text("policy.conf", policy_text);
	judging->loaded = load_good("policy.conf");
	judging->exceptions.grants = grants_new();
	judging->exceptions.followed = followed_new(&test_key);
	judging->recall = recall_new(&test_key);
	assert_non_null(judging->exceptions.grants);
	assert_non_null(judging->exceptions.followed);
	assert_non_null(judging->recall);
}

static void
close_judging(struct judging *judging)
{
	recall_free(judging->recall);
	followed_free(judging->exceptions.followed);
	grants_free(judging->exceptions.grants);
	unload(&judging->loaded);
}

/* As the host asks. */
static struct decision
decide(const struct judging *judging, const struct query *query)
{
	const struct policy *policy = judging->loaded.policy;
	uint32_t group = clients_find(policy->clients, &query->client);
	struct decision decision;

	memset(&decision, 0, sizeof(decision));
	if (group >= policy->group_count)
		return decision;
	judge_group_query(policy, &policy->groups[group], recall_name(
		judging->recall, group, query->qname, query->qname_len),
		&judging->exceptions, query, &decision);
	return decision;
}

static int
differ(const struct decision *a, const struct decision *b)
{
	return a->verdict != b->verdict || a->group != b->group ||
		(a->group != NULL && (a->reason != b->reason ||
		a->action != b->action || a->in_window != b->in_window ||
		a->rule.file != b->rule.file || a->rule.line != b->rule.line ||
		a->rule.column != b->rule.column));
}

/* What is allowed for a time comes and goes. */
static void
change_exceptions(struct judging *judging, unsigned number, int64_t now)
{
	static const char *const patterns[] = {
		"b.example", "a.b", "*.not.ok.example", "eightoct",
	};
	const char *group = groups[number % COUNT_OF(groups)];
	const char *pattern = patterns[number / 4 % COUNT_OF(patterns)];
	const struct name question = name_of("a.ok.example"),
		target = name_of("b.example");

	if (number / 16 % 3 == 0)
		(void)grants_remove(judging->exceptions.grants, group,
			pattern);
	else if (number / 16 % 3 == 1)
		(void)grants_add(judging->exceptions.grants, group, pattern,
			now, now + DAY);
	else
		followed_add(judging->exceptions.followed, group, &question,
			&target, now, now + 60);
}

static void
any_order_of_queries_is_decided_as_without(void **state)
{
	struct chance chance = { 31 };
	struct judging judging;
	unsigned i, verdicts[4] = { 0 };

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	open_judging(&judging);
	for (i = 0; i < QUERIES; i++) {
		uint8_t wire[NAME_OCTETS_MAX + 2];
		char client[32];
		struct decision with, without;
		struct query query;

		snprintf(client, sizeof(client), "127.0.%u.%u",
			chance_below(&chance, 2), chance_below(&chance, 256));
		query = query_of(client, names[chance_below(&chance,
			COUNT_OF(names))], wire);
		query.qtype = chance_below(&chance, 2) ? RRTYPE_A
			: RRTYPE_AAAA;
		/* Also a little back. */
		query.now = NOW + i / 32 * 3600 +
			chance_below(&chance, 8) * DAY;
		if (chance_below(&chance, 8) == 0)
			query.qclass = chance_below(&chance, 2) ? 3
				: RRCLASS_ANY;
		/* A label that is longer than what follows. */
		if (chance_below(&chance, 8) == 0)
			wire[0] = 63;
		if (i % 16 == 0)
			change_exceptions(&judging, chance_below(&chance, 48),
				query.now);
		memset(&without, 0, sizeof(without));
		judge_query(judging.loaded.policy, &judging.exceptions, &query,
			&without);
		with = decide(&judging, &query);
		assert_false(differ(&with, &without));
		verdicts[without.verdict]++;
	}
	for (i = 0; i < COUNT_OF(verdicts); i++)
		assert_true(verdicts[i] > QUERIES / 100);
	close_judging(&judging);
}

static void
a_client_is_restricted_or_passes_since_an_epoch(void **state)
{
	struct recall_client client;

	(void)state;
	memset(&client, 0, sizeof(client));
	recall_settle(&client, 17, 4, 5, 99);
	assert_int_equal(client.address, 17);
	assert_int_equal(client.group, 4);
	assert_int_equal(client.restricted, 99);
	assert_int_equal(client.passing, 0);
	recall_settle(&client, 18, 5, 5, 100);
	assert_int_equal(client.address, 18);
	assert_int_equal(client.restricted, 0);
	assert_int_equal(client.passing, 100);
	recall_settle(&client, 18, CLIENTS_NONE, 5, 101);
	assert_int_equal(client.restricted, 0);
	assert_int_equal(client.passing, 101);
}

/* However many others there are. */
static void
a_place_is_of_no_other_name_or_group(void **state)
{
	enum { NAMES = 5000, GROUPS = 3, TURNS = 100000 };
	struct chance chance = { 32 };
	struct recall *recall = recall_new(&test_key);
	unsigned i, known = 0;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_non_null(recall);
	for (i = 0; i < TURNS; i++) {
		unsigned number = chance_below(&chance,
			1 + chance_below(&chance, NAMES));
		unsigned group = chance_below(&chance, GROUPS);
		struct recall_name *place;
		char text[40];
		struct name name;

		snprintf(text, sizeof(text), "%u.name.example", number);
		name = name_of(text);
		place = recall_name(recall, group, name.octets, name.length);
		assert_non_null(place);
		assert_int_equal(place->asked, recall_asked(group,
			name.length));
		assert_memory_equal(place->name, name.octets, name.length);
		if (place->reason == REASON_COUNT) {
			assert_false(place->is_plain);
			assert_null(place->counter);
			place->reason = REASON_ALLOWED;
			place->rule.line = number;
			place->is_plain = 1;
		} else {
			assert_int_equal(place->rule.line, number);
			assert_true(place->is_plain);
			known++;
		}
	}
	assert_in_range(known, TURNS / 10, TURNS - NAMES);
	recall_free(recall);
}

/* One does not drive out the other. */
static void
two_names_have_room_in_each_set(void **state)
{
	static const char *const rows[] = { "one.example", "two.example",
		"one.example", "two.example", "two.example" };
	struct recall *recall = recall_new(&test_key);
	unsigned i;

	(void)state;
	assert_non_null(recall);
	/* All names are in one set then. */
	memset(&recall->key, 0, sizeof(recall->key));
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct name name = name_of(rows[i]);
		struct recall_name *place = recall_name(recall, 0, name.octets,
			name.length);

		assert_int_equal(place->reason, i < 2 ? REASON_COUNT
			: REASON_DENIED);
		place->reason = REASON_DENIED;
	}
	recall_free(recall);
}

static void
only_a_name_that_is_always_allowed_is_plain(void **state)
{
	static const struct {
		const char *client, *name;
		int is_plain;
	} rows[] = {
		{ "127.0.0.1", "a.ok.example", 1 },
		{ "127.0.0.1", "not.ok.example", 0 },
		{ "127.0.0.1", "other.example", 0 },
		/* Its type counts, too. */
		{ "127.0.0.129", "x.not.ok.example", 0 },
		/* Its window may close. */
		{ "127.0.1.1", "other.example", 0 },
		/* Where its answer leads is to be followed. */
		{ "127.0.1.65", "a.ok.example", 0 },
	};
	struct judging judging;
	size_t i;

	(void)state;
	open_judging(&judging);
	for (i = 0; i < COUNT_OF(rows); i++) {
		uint8_t wire[NAME_OCTETS_MAX + 2];
		struct query query = query_of(rows[i].client, rows[i].name,
			wire);
		uint32_t group = clients_find(judging.loaded.policy->clients,
			&query.client);

		query.now = NOW;
		(void)decide(&judging, &query);
		assert_int_equal(recall_name(judging.recall, group,
			query.qname, query.qname_len)->is_plain,
			rows[i].is_plain);
	}
	close_judging(&judging);
}

static struct recall_absents *
new_absents(uint64_t factor)
{
	struct recall_absents *absents = aligned_alloc(
		alignof(struct recall_absents), sizeof(*absents));

	assert_non_null(absents);
	memset(absents, 0, sizeof(*absents));
	absents->factor = factor;
	return absents;
}

static int
is_absent(struct recall_absents *absents, uint64_t state, const char *text)
{
	struct name name = name_of(text);

	return recall_is_absent(absents, state, name.octets, name.length);
}

static void
make_absent(struct recall_absents *absents, uint64_t state, const char *text)
{
	struct name name = name_of(text);

	recall_absent(absents, state, name.octets, name.length);
}

static void
a_name_is_in_no_zone_in_the_state_that_was_told_alone(void **state)
{
	struct recall_absents *absents = new_absents(11);

	(void)state;
	assert_false(is_absent(absents, 1, "some.example"));
	make_absent(absents, 2, "some.example");
	assert_true(is_absent(absents, 2, "some.example"));
	assert_false(is_absent(absents, 1, "some.example"));
	assert_false(is_absent(absents, 3, "some.example"));
	make_absent(absents, 3, "some.example");
	assert_true(is_absent(absents, 3, "some.example"));
	assert_false(is_absent(absents, 2, "some.example"));
	/* All that is compared are octets. */
	assert_false(recall_is_absent(absents, 3,
		(const uint8_t *)"\4SOME\7example", 14));
	free(absents);
}

/* In the same set, of the same length, and the same at both ends. */
static void
names_that_are_alike_are_not_taken_for_each_other(void **state)
{
	static const char *const alike[] = {
		"a-label-of-a-length.x.another-label-of-a.example",
		"a-label-of-a-length.y.another-label-of-a.example",
		"a-label-of-a-lengtg.x.another-label-of-a.example",
		"a-label-of-a-length.x.bnother-label-of-a.example",
	};
	/* All names are in one set then. */
	struct recall_absents *absents = new_absents(0);
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(alike); i++) {
		make_absent(absents, 5, alike[i]);
		/* The one before is there still. */
		for (k = 0; k < COUNT_OF(alike); k++)
			assert_int_equal(is_absent(absents, 5, alike[k]),
				k == i || k + 1 == i);
	}
	free(absents);
}

static void
what_is_too_short_or_too_long_is_never_known(void **state)
{
	struct recall_absents *absents = new_absents(11);
	uint8_t name[NAME_OCTETS_MAX];
	size_t length;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (length = 1; length <= sizeof(name); length++) {
		recall_absent(absents, 7, name, length);
		assert_int_equal(recall_is_absent(absents, 7, name, length),
			length >= RECALL_LEAST &&
			length <= RECALL_ABSENT_MOST);
	}
	free(absents);
}

/* Next to a table that forgets nothing. */
static void
no_name_is_known_that_was_not_told(void **state)
{
	enum { NAMES = 20000, TURNS = 200000 };
	struct recall_absents *absents = new_absents(0x9e3779b97f4a7c15);
	struct chance chance = { 33 };
	uint64_t *told = calloc(NAMES, sizeof(*told)), zones = 1;
	unsigned i, known = 0;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_non_null(told);
	for (i = 0; i < TURNS; i++) {
		unsigned number = chance_below(&chance,
			1 + chance_below(&chance, NAMES));
		char text[40];

		snprintf(text, sizeof(text), "%u.name.example", number);
		if (chance_below(&chance, 1000) == 0)
			zones++;
		if (is_absent(absents, zones, text)) {
			assert_int_equal(told[number], zones);
			known++;
		} else if (chance_below(&chance, 2) == 0) {
			make_absent(absents, zones, text);
			told[number] = zones;
		}
	}
	assert_in_range(known, TURNS / 100, TURNS - NAMES);
	free(told);
	free(absents);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(any_order_of_queries_is_decided_as_without),
		cmocka_unit_test(
			a_client_is_restricted_or_passes_since_an_epoch),
		cmocka_unit_test(a_place_is_of_no_other_name_or_group),
		cmocka_unit_test(two_names_have_room_in_each_set),
		test_in_folder(only_a_name_that_is_always_allowed_is_plain),
		cmocka_unit_test(
			a_name_is_in_no_zone_in_the_state_that_was_told_alone),
		cmocka_unit_test(
			names_that_are_alike_are_not_taken_for_each_other),
		cmocka_unit_test(what_is_too_short_or_too_long_is_never_known),
		cmocka_unit_test(no_name_is_known_that_was_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
