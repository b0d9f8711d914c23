/*
 * test_filewatch.c - a change of the policy's files is noticed, whatever it
 * is, when who writes them is done.
 */
#include "support.h"

#include <fcntl.h>
#include <time.h>

#include "filewatch.h"

/* Of all files of these tests: nothing changed while they were read. */
static const struct timespec after_all = { INT64_C(100000000000), 0 };

struct watched {
	struct loaded loaded;
	struct filewatch watch;
};

static void
open_watched(struct watched *watched)
{
	static const struct text_file files[] = {
		{ "policy.conf", "bitsink: list-directory: lists\n"
			"include: \"parts/*.conf\"\n" },
		{ "parts/one.conf", "group: name: one client: 192.0.2.1\n"
			" allow-list: names\n" },
		{ "parts/two.conf", "group: name: two client: 192.0.2.2\n"
			" allow: a.example\n" },
		{ "lists/names.list", "b.example\n" },
	};

	write_files(files, COUNT_OF(files));
	watched->loaded = load_good("policy.conf");
	filewatch_note(&watched->watch, watched->loaded.policy, &after_all);
}

static int
look(struct watched *watched)
{
	return filewatch_changed(&watched->watch, watched->loaded.policy);
}

static void
note(struct watched *watched)
{
	filewatch_note(&watched->watch, watched->loaded.policy, &after_all);
}

/* Noticed at the second look and each after it, until the files are read. */
static void
assert_noticed(struct watched *watched)
{
	assert_false(look(watched));
	assert_true(look(watched));
	assert_true(look(watched));
	note(watched);
	assert_false(look(watched));
	assert_false(look(watched));
}

static void
assert_nothing(struct watched *watched)
{
	int i;

	for (i = 0; i < 3; i++)
		assert_false(look(watched));
}

static void
without_a_change_there_is_none(void **state)
{
	struct watched watched;

	(void)state;
	open_watched(&watched);
	assert_nothing(&watched);
	/* To be read is no change, nor are files of nobody. */
	unload(&watched.loaded);
	watched.loaded = load_good("policy.conf");
	write_text("lists/other.list", "c.example\n");
	write_text("other.conf", "group:\n");
	assert_nothing(&watched);
	unload(&watched.loaded);
}

static void
a_change_of_each_file_is_noticed(void **state)
{
	static const char *const names[] = { "policy.conf", "parts/one.conf",
		"parts/two.conf", "lists/names.list" };
	struct watched watched;
	size_t i;

	(void)state;
	open_watched(&watched);
	for (i = 0; i < COUNT_OF(names); i++) {
		FILE *file = fopen(names[i], "a");

		assert_non_null(file);
		assert_true(fputs("# more\n", file) >= 0);
		assert_int_equal(fclose(file), 0);
		assert_noticed(&watched);
	}
	unload(&watched.loaded);
}

/* The seconds of a file's time. */
static void
set_time(const char *name, time_t seconds, long nanoseconds)
{
	struct timespec times[2] = { { seconds, nanoseconds },
		{ seconds, nanoseconds } };

	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void
times_alone_are_a_change(void **state)
{
	struct watched watched;

	(void)state;
	open_watched(&watched);
	set_time("lists/names.list", 1000000000, 5);
	assert_noticed(&watched);
	set_time("lists/names.list", 1000000000, 6);
	assert_noticed(&watched);
	/* Back to a time before. */
	set_time("lists/names.list", 1, 0);
	assert_noticed(&watched);
	unload(&watched.loaded);
}

/* Longer than the clock of files takes for one step. */
static void
let_time_pass(void)
{
	pause_for(30);
}

static void
who_may_read_a_file_is_a_change(void **state)
{
	struct watched watched;

	(void)state;
	open_watched(&watched);
	assert_int_equal(chmod("parts/one.conf", 0600), 0);
	note(&watched);
	let_time_pass();
	assert_int_equal(chmod("parts/one.conf", 0644), 0);
	assert_noticed(&watched);
	unload(&watched.loaded);
}

static void
a_file_that_takes_the_place_of_another_is_noticed(void **state)
{
	struct stat before;
	struct watched watched;

	(void)state;
	open_watched(&watched);
	assert_int_equal(stat("lists/names.list", &before), 0);
	/* As long and as old as the one before. */
	write_text("lists/new", "c.example\n");
	set_time("lists/new", before.st_mtim.tv_sec, before.st_mtim.tv_nsec);
	assert_int_equal(rename("lists/new", "lists/names.list"), 0);
	assert_noticed(&watched);
	/* By way of a link, as a release that is put in place at once. */
	write_text("lists/next", "c.example\n");
	set_time("lists/next", before.st_mtim.tv_sec, before.st_mtim.tv_nsec);
	assert_int_equal(symlink("next", "lists/link"), 0);
	assert_int_equal(rename("lists/link", "lists/names.list"), 0);
	assert_noticed(&watched);
	write_text("lists/third", "c.example\n");
	assert_int_equal(symlink("third", "lists/link"), 0);
	assert_int_equal(rename("lists/link", "lists/names.list"), 0);
	assert_noticed(&watched);
	/* And what is behind the link. */
	write_text("lists/third", "d.example\ne.example\n");
	assert_noticed(&watched);
	unload(&watched.loaded);
}

static void
a_file_that_is_gone_is_noticed_and_so_is_that_it_is_back(void **state)
{
	struct watched watched;

	(void)state;
	open_watched(&watched);
	assert_int_equal(rename("parts/two.conf", "away"), 0);
	assert_noticed(&watched);
	/* Which one is gone makes a difference. */
	assert_int_equal(rename("away", "parts/two.conf"), 0);
	assert_int_equal(rename("parts/one.conf", "away"), 0);
	assert_noticed(&watched);
	assert_int_equal(rename("away", "parts/one.conf"), 0);
	assert_noticed(&watched);
	/* Gone for a moment, while nobody looked or one look long. */
	assert_int_equal(rename("parts", "elsewhere"), 0);
	assert_int_equal(rename("elsewhere", "parts"), 0);
	assert_nothing(&watched);
	assert_int_equal(rename("parts", "elsewhere"), 0);
	assert_false(look(&watched));
	assert_int_equal(rename("elsewhere", "parts"), 0);
	assert_nothing(&watched);
	/* All of them. */
	assert_int_equal(rename("parts", "elsewhere"), 0);
	assert_int_equal(rename("lists", "more"), 0);
	assert_int_equal(remove("policy.conf"), 0);
	assert_noticed(&watched);
	unload(&watched.loaded);
}

static void
files_that_are_still_written_are_let_be(void **state)
{
	struct watched watched;
	FILE *file;
	int i;

	(void)state;
	open_watched(&watched);
	file = fopen("lists/names.list", "w");
	assert_non_null(file);
	for (i = 0; i < 20; i++) {
		assert_true(fprintf(file, "x%d.example\n", i) > 0);
		assert_int_equal(fflush(file), 0);
		assert_false(look(&watched));
	}
	assert_int_equal(fclose(file), 0);
	assert_true(look(&watched));
	/* One after the other. */
	note(&watched);
	for (i = 0; i < 20; i++) {
		set_time(i % 2 ? "policy.conf" : "parts/one.conf", 1000 + i,
			0);
		assert_false(look(&watched));
	}
	assert_true(look(&watched));
	/* It goes on while it is about to be read. */
	set_time("policy.conf", 5, 0);
	assert_false(look(&watched));
	assert_true(look(&watched));
	unload(&watched.loaded);
}

/* The time that the system gives a file that is written now. */
static struct timespec
time_of_files(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
	return now;
}

static void
what_changed_while_it_was_read_is_read_again(void **state)
{
	struct watched watched;
	struct timespec begun;

	(void)state;
	open_watched(&watched);
	let_time_pass();
	begun = time_of_files();
	filewatch_note(&watched.watch, watched.loaded.policy, &begun);
	assert_nothing(&watched);
	/* Whatever the time is that it bears itself. */
	write_text("lists/names.list", "after.example\n");
	set_time("lists/names.list", 1000, 0);
	filewatch_note(&watched.watch, watched.loaded.policy, &begun);
	assert_true(look(&watched));
	assert_true(look(&watched));
	/* It may go on. */
	filewatch_note(&watched.watch, watched.loaded.policy, &begun);
	set_time("lists/names.list", 1001, 0);
	assert_false(look(&watched));
	assert_true(look(&watched));
	/* The next time it did not change. */
	let_time_pass();
	begun = time_of_files();
	filewatch_note(&watched.watch, watched.loaded.policy, &begun);
	assert_nothing(&watched);
	unload(&watched.loaded);
}

static void
another_policy_has_other_files(void **state)
{
	struct watched watched;

	(void)state;
	open_watched(&watched);
	unload(&watched.loaded);
	write_text("policy.conf", "group: name: g client: ::1 allow: a\n");
	watched.loaded = load_good("policy.conf");
	note(&watched);
	assert_int_equal(remove("lists/names.list"), 0);
	assert_nothing(&watched);
	set_time("policy.conf", 5, 0);
	assert_noticed(&watched);
	unload(&watched.loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(without_a_change_there_is_none),
		test_in_folder(a_change_of_each_file_is_noticed),
		test_in_folder(times_alone_are_a_change),
		test_in_folder(who_may_read_a_file_is_a_change),
		test_in_folder(
			a_file_that_takes_the_place_of_another_is_noticed),
		test_in_folder(
			a_file_that_is_gone_is_noticed_and_so_is_that_it_is_back
		),
		test_in_folder(files_that_are_still_written_are_let_be),
		test_in_folder(what_changed_while_it_was_read_is_read_again),
		test_in_folder(another_policy_has_other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
