/*
 * test_inforce.c - the policy in force changes in one step: whoever is in sees
 * one policy, whole, until it leaves, and who changes it gets back what nobody
 * sees any more.
 *
 * Run it under ThreadSanitizer, too: what is wrong here seldom shows.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "inforce.h"

#define WORKERS 4

/* --- What is in force here: all that a reader sees tells the same number. */

static size_t
groups_of(uint64_t number)
{
	return 1 + number % 7;
}

static const struct names_key some_key = { { 1, 2 } };

static struct force *
make_force(uint64_t number)
{
	struct standing standing;
	struct policy *policy = calloc(1, sizeof(*policy));
	struct force *force;
	size_t i;

	if (policy == NULL)
		abort();
	policy->group_count = groups_of(number);
	policy->region = region_new();
	if (policy->region == NULL)
		abort();
	policy->groups = region_take(policy->region, policy->group_count *
		sizeof(*policy->groups));
	if (policy->groups == NULL ||
	    standing_init(&standing, "policy", "state", NULL, 0) != 0)
		abort();
	for (i = 0; i < policy->group_count; i++) {
		snprintf(policy->groups[i].name,
			sizeof(policy->groups[i].name), "%lu",
			(unsigned long)number);
		policy->groups[i].ttl = (uint32_t)number;
	}
	policy->prefix_count = number;
	standing.policy = policy;
	standing.generation = number;
	force = force_new(&standing, WORKERS, &some_key);
	if (force == NULL)
		abort();
	return force;
}

/* Whether it is whole. It is not asserted, for threads ask. */
static int
is_whole(const struct force *force)
{
	const struct policy *policy = force->standing.policy;
	uint64_t number = force->standing.generation;
	char name[GROUP_NAME_MAX + 1];
	size_t i;

	snprintf(name, sizeof(name), "%lu", (unsigned long)number);
	if (policy->group_count != groups_of(number) ||
	    policy->prefix_count != number ||
	    force->tally->group_count != policy->group_count)
		return 0;
	for (i = 0; i < policy->group_count; i++)
		if (strcmp(policy->groups[i].name, name) != 0 ||
		    policy->groups[i].ttl != (uint32_t)number)
			return 0;
	return 1;
}

/* Nothing of it must be seen any more; who does see it finds no number. */
static void
spoil(struct force *force)
{
	struct policy *policy = force->standing.policy;

	memset(policy->groups, 0xa5,
		policy->group_count * sizeof(*policy->groups));
	for (; policy->group_count > 0; policy->group_count--) {
		policy->groups[policy->group_count - 1].own = NULL;
		policy->groups[policy->group_count - 1].lists = NULL;
	}
	force->standing.generation = UINT64_MAX;
	force_free(force);
}

static uint64_t
counted(const struct force *force)
{
	const struct tally *tally = force->tally;
	uint64_t sum = 0;
	size_t worker, i;

	for (worker = 0; worker < tally->worker_count; worker++)
		for (i = 0; i < tally->group_count * TALLY_CELLS; i++)
			sum += atomic_load_explicit(
				&tally->workers[worker].cells[i],
				memory_order_relaxed);
	return sum;
}

/* --- One thread. */

static void
a_force_takes_over_the_standing_and_has_its_counters(void **state)
{
	struct standing standing;
	struct force *force;
	struct policy *policy = calloc(1, sizeof(*policy));

	(void)state;
	assert_non_null(policy);
	assert_int_equal(standing_init(&standing, "p", "d", NULL, 0), 0);
	policy->group_count = 0;
	standing.policy = policy;
	standing.checksum = 17;
	standing.stale = 1;
	strcpy(standing.error, "why");
	force = force_new(&standing, 3, &some_key);
	assert_non_null(force);
	assert_null(standing.policy);
	assert_null(standing.path);
	assert_null(standing.directory);
	/* Nothing of it is the caller's any more, who may clear it. */
	standing_clear(&standing);
	assert_ptr_equal(force->standing.policy, policy);
	assert_string_equal(force->standing.path, "p");
	assert_string_equal(force->standing.directory, "d");
	assert_int_equal(force->standing.checksum, 17);
	assert_int_equal(force->standing.stale, 1);
	assert_string_equal(force->standing.error, "why");
	assert_int_equal(force->tally->worker_count, 3);
	assert_int_equal(force->tally->group_count, 0);
	force_free(force);
	force_free(NULL);
	inforce_free(NULL);
}

static void
what_was_put_in_force_is_seen_from_then_on(void **state)
{
	struct force *first = make_force(1), *second = make_force(2);
	struct force *third = make_force(3);
	struct inforce *inforce = inforce_new(first, WORKERS, &some_key);

	(void)state;
	assert_non_null(inforce);
	assert_ptr_equal(inforce_now(inforce), first);
	assert_ptr_equal(inforce_enter(inforce, 0), first);
	inforce_leave(inforce, 0);
	assert_ptr_equal(inforce_change(inforce, second), first);
	spoil(first);
	assert_ptr_equal(inforce_now(inforce), second);
	/* Nobody who left is waited for, whoever it was. */
	assert_ptr_equal(inforce_enter(inforce, WORKERS - 1), second);
	inforce_leave(inforce, WORKERS - 1);
	assert_ptr_equal(inforce_change(inforce, third), second);
	spoil(second);
	assert_ptr_equal(inforce_enter(inforce, 1), third);
	assert_true(is_whole(third));
	inforce_leave(inforce, 1);
	inforce_free(inforce);
}

/* --- Groups of two policies. */

/* Names in TEXT, separated by blanks, as groups of a policy; ROOM of them. */
static void
name_groups(struct policy *policy, struct group *groups, const char *text)
{
	memset(policy, 0, sizeof(*policy));
	policy->groups = groups;
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		memset(&groups[policy->group_count], 0, sizeof(*groups));
		memcpy(groups[policy->group_count++].name, text, length);
		text += length + (text[length] == ' ');
	}
}

static void
groups_are_found_again_by_name(void **state)
{
	static const struct {
		const char *before, *after;
		/* A number each, "-" for none. */
		const char *map;
	} rows[] = {
		{ "a b c", "a b c", "0 1 2 " },
		{ "a b c", "c b a", "2 1 0 " },
		{ "c a b", "b c a", "1 2 0 " },
		{ "a b c", "b", "- 0 - " },
		{ "b", "a b c", "1 " },
		{ "a b c", "d e", "- - - " },
		{ "a", "aa A a-", "- " },
		{ "aa A a-", "a", "- - - " },
		{ "a-name-of-just-32-octets-1234567 b",
			"a-name-of-just-32-octets-1234568 "
			"a-name-of-just-32-octets-1234567", "1 - " },
		{ "", "a", "" },
		{ "a b", "", "- - " },
		{ "", "", "" },
	};
	struct group groups[2][4];
	struct policy before, after;
	size_t i, k;
	int wrong = 0;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char found[256] = "", row[256];
		size_t *map;

		name_groups(&before, groups[0], rows[i].before);
		name_groups(&after, groups[1], rows[i].after);
		map = force_map(&before, &after);
		assert_non_null(map);
		for (k = 0; k < before.group_count; k++)
			if (map[k] == SIZE_MAX)
				strcat(found, "- ");
			else
				sprintf(found + strlen(found), "%zu ",
					map[k]);
		snprintf(row, sizeof(row), "%s -> %s", rows[i].before,
			rows[i].after);
		wrong += row_text(row, rows[i].map, found);
		force_map_free(map, &before);
	}
	assert_int_equal(wrong, 0);
}

static void
many_groups_are_found_again(void **state)
{
	enum { MANY = 20000 };
	struct group *groups = calloc(2 * MANY, sizeof(*groups));
	struct policy before, after;
	size_t i, *map;

	(void)state;
	assert_non_null(groups);
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	before.groups = groups;
	after.groups = groups + MANY;
	before.group_count = after.group_count = MANY;
	/* The odd ones are no more, the others are in another order. */
	for (i = 0; i < MANY; i++) {
		sprintf(before.groups[i].name, "g%zu", i);
		sprintf(after.groups[MANY - 1 - i].name, "g%zu", 2 * i);
	}
	map = force_map(&before, &after);
	assert_non_null(map);
	for (i = 0; i < MANY; i++)
		assert_int_equal(map[i], i % 2 ? SIZE_MAX : MANY - 1 - i / 2);
	force_map_free(map, &before);
	free(groups);
}

/* --- Who is in is waited for. */

struct change {
	struct inforce *inforce;
	struct force *next;
	struct force *before;
	_Atomic int is_done;
	pthread_t thread;
};

static void *
change(void *arg)
{
	struct change *asked = arg;

	asked->before = inforce_change(asked->inforce, asked->next);
	atomic_store(&asked->is_done, 1);
	return NULL;
}

static void
who_is_in_keeps_what_it_sees(void **state)
{
	struct force *first = make_force(1);
	struct inforce *inforce = inforce_new(first, WORKERS, &some_key);
	struct change asked = { .inforce = inforce, .next = make_force(2) };
	const struct force *seen;

	(void)state;
	assert_non_null(inforce);
	seen = inforce_enter(inforce, 2);
	assert_int_equal(pthread_create(&asked.thread, NULL, change, &asked),
		0);
	/* The change is there at once, and is over when this one leaves. */
	while (inforce_now(inforce) == first)
		pause_for(1);
	pause_for(50);
	assert_false(atomic_load(&asked.is_done));
	assert_true(is_whole(seen));
	assert_int_equal(seen->standing.generation, 1);
	inforce_leave(inforce, 2);
	assert_int_equal(pthread_join(asked.thread, NULL), 0);
	assert_ptr_equal(asked.before, first);
	spoil(first);
	seen = inforce_enter(inforce, 2);
	assert_int_equal(seen->standing.generation, 2);
	inforce_leave(inforce, 2);
	inforce_free(inforce);
}

/* --- Who passes. */

enum { ADDRESS = 0x0100007f };

static struct recall_client *
place_of(struct inforce *inforce, size_t worker, uint32_t address)
{
	return recall_client(&inforce_use(inforce, worker)->clients, address);
}

static int
passes(struct inforce *inforce, size_t worker, uint32_t address)
{
	const struct recall_client *client = place_of(inforce, worker, address);

	return client->address == address && inforce_passes(inforce,
		inforce_use(inforce, worker), client);
}

/* As who finds that the client with ADDRESS is in no group of FORCE. */
static void
remember(struct inforce *inforce, size_t worker, const struct force *force)
{
	recall_settle(place_of(inforce, worker, ADDRESS), ADDRESS,
		CLIENTS_NONE, force->standing.policy->group_count,
		force->epoch);
}

static void
who_passed_is_looked_at_again_after_a_change(void **state)
{
	struct force *first = make_force(1), *second = make_force(2);
	struct inforce *inforce = inforce_new(first, WORKERS, &some_key);

	(void)state;
	assert_non_null(inforce);
	assert_false(passes(inforce, 1, ADDRESS));
	remember(inforce, 1, first);
	assert_true(passes(inforce, 1, ADDRESS));
	assert_false(passes(inforce, 1, ADDRESS + 1));
	assert_false(passes(inforce, 0, ADDRESS));
	/* Of a group. */
	recall_settle(place_of(inforce, 2, ADDRESS), ADDRESS, 0, 1,
		first->epoch);
	assert_false(passes(inforce, 2, ADDRESS));
	assert_ptr_equal(inforce_change(inforce, second), first);
	assert_false(passes(inforce, 1, ADDRESS));
	/* Of a policy that is not in force. */
	remember(inforce, 1, first);
	assert_false(passes(inforce, 1, ADDRESS));
	spoil(first);
	remember(inforce, 1, second);
	assert_true(passes(inforce, 1, ADDRESS));
	inforce_free(inforce);
}

static uint64_t
unrestricted(const struct force *force)
{
	return tally_total(force->tally, TALLY_UNRESTRICTED);
}

static void
who_passes_is_counted_under_what_is_in_force(void **state)
{
	struct force *first = make_force(1), *second = make_force(2);
	struct inforce *inforce = inforce_new(first, WORKERS, &some_key);
	struct tally_values values;
	int i;

	(void)state;
	assert_non_null(inforce);
	remember(inforce, 1, first);
	for (i = 0; i < 3; i++)
		assert_true(passes(inforce, 1, ADDRESS));
	tally_count(first->tally, 1, TALLY_UNRESTRICTED);
	assert_int_equal(unrestricted(first), 4);
	assert_ptr_equal(inforce_change(inforce, second), first);
	assert_int_equal(unrestricted(second), 0);
	remember(inforce, 1, second);
	assert_true(passes(inforce, 1, ADDRESS));
	assert_int_equal(unrestricted(second), 1);
	/* That of the one before stays. */
	assert_int_equal(unrestricted(first), 4);
	assert_int_equal(tally_values_init(&values,
		first->tally->group_count), 0);
	tally_read(first->tally, 1, &values);
	assert_int_equal(values.counts[TALLY_UNRESTRICTED], 4);
	tally_read(first->tally, 0, &values);
	assert_int_equal(values.counts[TALLY_UNRESTRICTED], 0);
	tally_values_clear(&values);
	spoil(first);
	inforce_free(inforce);
}

/* --- Many. */

struct reader {
	struct inforce *inforce;
	_Atomic int *stop;
	size_t worker;
	/* How often it was in, was not right, saw something new, and let
	 * pass. */
	uint64_t times, wrong;
	_Atomic uint64_t changes, passed;
	pthread_t thread;
};

/* Sees a policy, and counts under it. */
static void
visit(struct reader *reader, uint64_t *last)
{
	const struct force *force = inforce_enter(reader->inforce,
		reader->worker);
	uint64_t number = force->standing.generation;

	/* What is in force never goes back. */
	reader->wrong += !is_whole(force) || number < *last;
	atomic_fetch_add(&reader->changes, number != *last);
	*last = number;
	tally_decision(force->tally, reader->worker,
		force->tally->group_count - 1, REASON_DENIED, 0);
	reader->wrong += !is_whole(force);
	remember(reader->inforce, reader->worker, force);
	inforce_leave(reader->inforce, reader->worker);
	atomic_fetch_add(&reader->passed, (uint64_t)passes(reader->inforce,
		reader->worker, ADDRESS));
	reader->times++;
}

static void *
read_on(void *arg)
{
	struct reader *reader = arg;
	uint64_t last = 0;

	while (!atomic_load(reader->stop)) {
		visit(reader, &last);
		/* Rather here than in between, where it is waited for. */
		sched_yield();
	}
	return NULL;
}

/* Once, in a thread that is new each time. */
static void *
read_once(void *arg)
{
	struct reader *reader = arg;
	uint64_t last = 0;

	visit(reader, &last);
	return NULL;
}

static void
start_readers(struct reader *readers, struct inforce *inforce,
	_Atomic int *stop)
{
	size_t i;

	for (i = 0; i < WORKERS - 1; i++) {
		memset(&readers[i], 0, sizeof(readers[i]));
		readers[i].inforce = inforce;
		readers[i].stop = stop;
		readers[i].worker = i;
		assert_int_equal(pthread_create(&readers[i].thread, NULL,
			read_on, &readers[i]), 0);
	}
}

/* Whether they have seen enough of the changes; on a busy machine they see
 * few. */
static int
have_seen(const struct reader *readers, uint64_t enough)
{
	uint64_t seen = 0, passed = 0;
	size_t i;

	for (i = 0; i < WORKERS - 1; i++) {
		seen += atomic_load(&readers[i].changes);
		passed += atomic_load(&readers[i].passed);
	}
	return seen > enough && passed > enough;
}

static void
nobody_sees_half_a_policy_or_one_that_is_gone(void **state)
{
	enum { CHANGES = 10000, PATIENCE = 60 };
	struct inforce *inforce = inforce_new(make_force(1), WORKERS,
		&some_key);
	struct reader readers[WORKERS];
	struct reader guest = { .inforce = inforce, .worker = WORKERS - 1 };
	uint64_t number, told = 0, times = 0, passed = 0, told_passed = 0;
	time_t deadline = time(NULL) + PATIENCE;
	_Atomic int stop = 0;
	size_t i;

	(void)state;
	assert_non_null(inforce);
	start_readers(readers, inforce, &stop);
	for (number = 2; number < CHANGES ||
	    !have_seen(readers, CHANGES / 100); number++) {
		struct force *before;

		assert_true(number < CHANGES || time(NULL) < deadline);
		if (number % 16 == 0)
			assert_int_equal(pthread_create(&guest.thread, NULL,
				read_once, &guest), 0);
		before = inforce_change(inforce, make_force(number));
		assert_int_equal(before->standing.generation, number - 1);
		told += counted(before);
		told_passed += unrestricted(before);
		spoil(before);
		if (number % 16 == 0)
			assert_int_equal(pthread_join(guest.thread, NULL), 0);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < WORKERS - 1; i++) {
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		assert_int_equal(readers[i].wrong, 0);
		times += readers[i].times;
		passed += readers[i].passed;
	}
	assert_int_equal(guest.wrong, 0);
	assert_true(guest.times > CHANGES / 16 - 2);
	/* Each count is in a tally that was given back, or in the last. */
	assert_int_equal(told + counted(inforce_now(inforce)),
		times + guest.times);
	assert_int_equal(told_passed + unrestricted(inforce_now(inforce)),
		passed + guest.passed);
	inforce_free(inforce);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_force_takes_over_the_standing_and_has_its_counters),
		cmocka_unit_test(what_was_put_in_force_is_seen_from_then_on),
		cmocka_unit_test(groups_are_found_again_by_name),
		cmocka_unit_test(many_groups_are_found_again),
		cmocka_unit_test(who_is_in_keeps_what_it_sees),
		cmocka_unit_test(who_passed_is_looked_at_again_after_a_change),
		cmocka_unit_test(who_passes_is_counted_under_what_is_in_force),
		cmocka_unit_test(
			nobody_sees_half_a_policy_or_one_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
