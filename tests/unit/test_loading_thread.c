/*
 * test_loading_thread.c - a policy is read beside everything else: who asked
 * is told when it is done, and the one that is read again stays as it is.
 */
#include "watching.h"

#include <stdatomic.h>

#include "keep.h"
#include "loading.h"

#define NOW 1700000000
#define KEPT STATE "/" KEEP_NAME

static const char first[] =
	"group: name: one client: 192.0.2.1 allow: a.example\n";
static const char second[] =
	"group: name: one client: 192.0.2.1 allow: b.example\n"
	"group: name: two client: 192.0.2.2 allow: b.example\n";
static const char bad[] = "group: name: one clint: ::1\n allow: a..example\n";

#define ERROR_1 "policy.conf:1:18: error: found \"clint:\", expected an " \
	"option of the group: clause, group:, bitsink: or include:"
#define ERROR_2 "policy.conf:2:11: error: in pattern \"a..example\": " \
	"expected a label before '.'"
#define ERRORS "E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n"

/* Who is waked, in the loading's thread. */
struct bell {
	atomic_int rings;
	/* Whether it was done already. */
	atomic_int was_done;
	_Atomic(struct loading *) loading;
	/* Whoever is waked does not come back while this is so. */
	atomic_int holds;
};

static void
ring(void *arg)
{
	struct bell *bell = arg;
	const struct loading *loading = atomic_load(&bell->loading);

	if (loading != NULL && loading_is_done(loading))
		atomic_store(&bell->was_done, 1);
	atomic_fetch_add(&bell->rings, 1);
	while (atomic_load(&bell->holds))
		pause_for(1);
}

static struct loading *
start(const struct world *world, struct bell *bell, int diff)
{
	struct loading_setup setup = {
		.standing = world->standing,
		.key = &world_key,
		.diff = diff,
		.line = said_line,
		.wake = ring,
		.arg = bell,
	};
	struct loading *loading;

	atomic_store(&bell->rings, 0);
	atomic_store(&bell->loading, NULL);
	loading = loading_start(&setup);
	assert_non_null(loading);
	atomic_store(&bell->loading, loading);
	return loading;
}

static struct loading *
load_whole(const struct world *world, struct bell *bell, int diff)
{
	struct loading *loading = start(world, bell, diff);

	loading_wait(loading);
	loading_wait(loading);
	assert_true(loading_is_done(loading));
	assert_int_equal(atomic_load(&bell->rings), 1);
	return loading;
}

static off_t
size_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void
a_good_policy_is_read_and_kept(void **state)
{
	struct loading *loading;
	struct standing taken;
	struct world world;
	struct bell bell = { .holds = 0 };
	uint64_t before;
	off_t kept;

	(void)state;
	world_open(&world, first, 1, NOW);
	before = world.standing->checksum;
	kept = size_of(KEPT);
	write_text("policy.conf", second);
	loading = load_whole(&world, &bell, 0);
	assert_said("");
	assert_int_equal(loading_diag(loading)->errors, 0);
	assert_int_equal(loading_diff(loading)->length, 0);
	taken = *loading_standing(loading);
	assert_non_null(taken.policy);
	assert_int_equal(taken.policy->group_count, 2);
	assert_string_equal(taken.path, "policy.conf");
	assert_string_equal(taken.directory, STATE);
	assert_int_equal(taken.memory, policy_memory(taken.policy));
	assert_true(taken.checksum != before);
	assert_int_equal(taken.errors, 0);
	assert_int_equal(taken.stale, 0);
	assert_true(size_of(KEPT) > kept);
	/* What is in force has not changed. */
	assert_int_equal(world.standing->policy->group_count, 1);
	assert_true(world.standing->checksum == before);
	assert_int_equal(world.standing->generation, 1);
	/* Who takes the standing leaves zeroes. */
	memset(loading_standing(loading), 0, sizeof(taken));
	loading_free(loading);
	assert_int_equal(verdict_of(taken.policy, "192.0.2.2", "b.example"),
		VERDICT_ALLOW);
	standing_clear(&taken);
	world_close(&world);
	loading_free(NULL);
}

static void
it_is_done_before_it_says_so(void **state)
{
	struct world world;
	struct bell bell = { .holds = 0 };
	int i, seen = 0;

	(void)state;
	world_open(&world, first, 1, NOW);
	for (i = 0; i < 100; i++) {
		struct loading *loading;

		atomic_store(&bell.was_done, 0);
		loading = start(&world, &bell, 0);
		wait_until(atomic_load(&bell.rings) == 1);
		assert_true(loading_is_done(loading));
		/* Whoever asked may not know of it yet. */
		seen += atomic_load(&bell.was_done);
		loading_free(loading);
	}
	assert_true(seen > 0);
	world_close(&world);
}

/* A thread that stands back may be late with its end. */
static void
nobody_waits_for_the_end_of_its_thread(void **state)
{
	struct loading *loading;
	struct world world;
	struct bell bell = { .holds = 1 };
	int i;

	(void)state;
	world_open(&world, first, 1, NOW);
	loading = start(&world, &bell, 0);
	wait_until(loading_is_done(loading));
	for (i = 0; i < 100; i++)
		assert_false(loading_has_ended(loading));
	atomic_store(&bell.holds, 0);
	wait_until(loading_has_ended(loading));
	assert_true(loading_has_ended(loading));
	loading_wait(loading);
	assert_int_equal(atomic_load(&bell.rings), 1);
	assert_int_equal(loading_standing(loading)->policy->group_count, 1);
	loading_free(loading);
	world_close(&world);
}

static void
a_bad_policy_is_none_and_all_errors_are_there(void **state)
{
	struct loading *loading;
	struct world world;
	struct bell bell = { .holds = 0 };
	off_t kept;
	int diff;

	(void)state;
	world_open(&world, first, 1, NOW);
	kept = size_of(KEPT);
	for (diff = 0; diff < 2; diff++) {
		const struct diag *diag;

		write_text("policy.conf", bad);
		loading = load_whole(&world, &bell, diff);
		assert_said(ERRORS);
		assert_null(loading_standing(loading)->policy);
		assert_int_equal(loading_standing(loading)->errors, 2);
		assert_string_equal(loading_standing(loading)->error, ERROR_1);
		/* The last good one is none for a loading. */
		assert_int_equal(loading_standing(loading)->stale, 0);
		diag = loading_diag(loading);
		assert_int_equal(diag->errors, 2);
		assert_int_equal(diag->kept, 2);
		assert_string_equal(diag->items[1].text, ERROR_2);
		assert_int_equal(loading_diff(loading)->length, 0);
		assert_int_equal(size_of(KEPT), kept);
		loading_free(loading);
	}
	assert_int_equal(remove("policy.conf"), 0);
	loading = load_whole(&world, &bell, 0);
	assert_null(loading_standing(loading)->policy);
	assert_int_equal(loading_diag(loading)->errors, 1);
	assert_said("E bitsink: policy.conf: error: cannot open "
		"\"policy.conf\": No such file or directory\n");
	loading_free(loading);
	world_close(&world);
}

static void
warnings_are_said_and_there(void **state)
{
	struct loading *loading;
	struct world world;
	struct bell bell = { .holds = 0 };

	(void)state;
	world_open(&world, first, 1, NOW);
	write_text("policy.conf", "group: name: one client: ::1\n"
		" client: ::1 allow: a\n");
	loading = load_whole(&world, &bell, 0);
	assert_said("W bitsink: policy.conf:2:10: warning: client \"::1\" is "
		"in this group already, at policy.conf:1:26\n");
	assert_non_null(loading_standing(loading)->policy);
	assert_int_equal(loading_diag(loading)->kept, 1);
	assert_int_equal(loading_diag(loading)->errors, 0);
	loading_free(loading);
	world_close(&world);
}

static void
a_diff_is_written_and_nothing_kept(void **state)
{
	struct loading *loading;
	struct world world;
	struct reply reply;
	struct bell bell = { .holds = 0 };
	off_t kept;

	(void)state;
	world_open(&world, first, 1, NOW);
	kept = size_of(KEPT);
	write_text("policy.conf", second);
	loading = load_whole(&world, &bell, 1);
	assert_said("");
	assert_false(loading_diff(loading)->broken);
	reply = reply_parse(loading_diff(loading)->memory,
		loading_diff(loading)->length);
	assert_int_equal(reply_count(&reply, "group"), 1);
	assert_int_equal(reply_count(&reply, "client"), 1);
	assert_int_equal(reply_count(&reply, "pattern"), 2);
	assert_string_equal(record_line(&reply.records[reply.count - 1]),
		"changes groups=1 clients=1 patterns=2 options=0");
	reply_free(&reply);
	assert_non_null(loading_standing(loading)->policy);
	assert_int_equal(size_of(KEPT), kept);
	loading_free(loading);
	world_close(&world);
}

static void
a_policy_that_cannot_be_kept_is_read(void **state)
{
	struct loading *loading;
	struct world world;
	struct bell bell = { .holds = 0 };

	(void)state;
	world_open(&world, first, 1, NOW);
	assert_int_equal(remove(KEPT), 0);
	assert_int_equal(rmdir(STATE), 0);
	loading = load_whole(&world, &bell, 0);
	assert_said("W bitsink: the policy is not kept in \"state\": cannot "
		"open the directory: No such file or directory\n");
	assert_non_null(loading_standing(loading)->policy);
	loading_free(loading);
	/* A diff has nothing to keep. */
	loading = load_whole(&world, &bell, 1);
	assert_said("");
	loading_free(loading);
	world_close(&world);
}

/* Whoever does not want it any more need not wait for it by itself. */
static void
a_loading_can_be_given_up_at_any_time(void **state)
{
	struct chance chance = { 11 };
	struct world world;
	struct bell bell = { .holds = 0 };
	int i;

	(void)state;
	world_open(&world, first, 1, NOW);
	for (i = 0; i < 200; i++) {
		struct timespec pause = { 0, 0 };
		struct loading *loading;

		write_text("policy.conf", i % 3 == 0 ? bad : i % 3 == 1
			? first : second);
		loading = start(&world, &bell, i % 2);
		pause.tv_nsec = (long)chance_below(&chance, 1000000);
		if (i % 5 != 0)
			nanosleep(&pause, NULL);
		loading_free(loading);
		assert_int_equal(atomic_load(&bell.rings), 1);
	}
	world_close(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(a_good_policy_is_read_and_kept),
		test_in_folder(it_is_done_before_it_says_so),
		test_in_folder(nobody_waits_for_the_end_of_its_thread),
		test_in_folder(a_bad_policy_is_none_and_all_errors_are_there),
		test_in_folder(warnings_are_said_and_there),
		test_in_folder(a_diff_is_written_and_nothing_kept),
		test_in_folder(a_policy_that_cannot_be_kept_is_read),
		test_in_folder(a_loading_can_be_given_up_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
