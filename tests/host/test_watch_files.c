/*
 * test_watch_files.c - with "watch-files: yes" a policy is read again when its
 * files have changed, and not while somebody still writes them.
 */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "process.h"

/* Milliseconds from one look at the files to the next. */
#define LOOK 5000
#define PATTERNS 200000
/* A second each. */
#define PIECES 12

#define PASSED "NOERROR 203.0.113.66"

#define WATCHED(allow) \
	"bitsink:\n  watch-files: yes\n  list-directory: \".\"\n" \
	"group:\n  name: a\n  client: " UPDATE_HOST "\n" allow

static struct world *
start(void **state, const char *policy)
{
	struct resolver_options options = { .policy = policy };

	return world_start(state, &options);
}

static char *
path_in(const struct world *world, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", world->resolver->folder, name) < 0)
		abort();
	return path;
}

static void
replace(const struct world *world, const char *name, const char *text)
{
	char *old = path_in(world, "another"), *new = path_in(world, name);

	sandbox_write(world->resolver->folder, "another", text);
	assert_int_equal(rename(old, new), 0);
	free(old);
	free(new);
}

static void
add_to(const struct world *world, const char *name, const char *text)
{
	char *path = path_in(world, name);
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static char *
status_of(const struct world *world)
{
	return control_ask(world->resolver, "status");
}

static void
fail_with_log(const struct world *world, const char *what)
{
	char *log = resolver_log(world->resolver);

	print_error("%s; the log of Unbound:\n%s\n", what, log);
	free(log);
	fail();
}

static unsigned long
generation(const struct world *world)
{
	char *status = status_of(world);
	unsigned long value = control_number(status, "generation");

	free(status);
	return value;
}

static void
await_generation(const struct world *world, unsigned long expected)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (generation(world) < expected)
		if (!sandbox_wait(deadline))
			fail_with_log(world, "expected another generation");
}

static void
await_stale(const struct world *world)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *status = status_of(world);
		int stale = control_is(status, "stale", "yes");

		free(status);
		if (stale)
			return;
		assert_true(sandbox_wait(deadline));
	}
}

static void
assert_log_has_not(const struct world *world, const char *text)
{
	char *log = resolver_log(world->resolver);

	assert_null(strstr(log, text));
	free(log);
}

static void
assert_evil(const char *line)
{
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), line);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), PASSED);
}

static void
changes_of_all_sorts_are_noticed(void **state)
{
	struct world *world = start(state, WATCHED(""));

	assert_evil("NXDOMAIN");
	/* Written in its place. */
	sandbox_write(world->resolver->folder, "names.list",
		"evil.test http\n");
	sandbox_write(world->resolver->folder, "bitsink.conf",
		WATCHED("  allow-list: names\n"));
	await_generation(world, 2);
	assert_evil(PASSED);
	/* A list. */
	sandbox_write(world->resolver->folder, "names.list",
		"good.test http\n");
	await_generation(world, 3);
	assert_evil("NXDOMAIN");
	/* By another file, of the same size. */
	replace(world, "names.list", "evil.test http\n");
	await_generation(world, 4);
	assert_evil(PASSED);
	/* No more than was changed. */
	assert_int_equal(generation(world), 4);
	assert_log_has_not(world, "bitsink: not reloaded");
	/* Who switches it off is the last that is noticed. */
	replace(world, "bitsink.conf", WORLD_POLICY);
	await_generation(world, 5);
	assert_evil("NXDOMAIN");
}

static void
nothing_is_noticed_without_being_asked_for(void **state)
{
	struct world *world = start(state, WORLD_POLICY);
	long long deadline = sandbox_now() + 2 * LOOK + 1000;

	replace(world, "bitsink.conf", WATCHED("  allow: evil.test\n"));
	while (sandbox_wait(deadline))
		assert_int_equal(generation(world), 1);
	assert_evil("NXDOMAIN");
	assert_int_equal(control_reload(world->resolver), 2);
	assert_evil(PASSED);
}

static void
a_file_that_is_being_written_is_not_read(void **state)
{
	static const struct timespec second = { 1, 0 };
	struct world *world = start(state, WATCHED(""));
	int i;

	/* What is there is no policy, until the last piece. */
	sandbox_write(world->resolver->folder, "bitsink.conf",
		WATCHED("") "group:\n");
	for (i = 0; i < PIECES; i++) {
		nanosleep(&second, NULL);
		add_to(world, "bitsink.conf", "  allow: evil.test\n");
	}
	add_to(world, "bitsink.conf", "  name: b\n  client: 127.0.0.9\n");
	assert_int_equal(generation(world), 1);
	assert_log_has_not(world, "bitsink: not reloaded");
	await_generation(world, 2);
	assert_answer(Q("127.0.0.9", "evil.test", TYPE_A), PASSED);
	assert_log_has_not(world, "bitsink: not reloaded");
}

static void
a_half_of_a_file_changes_nothing_and_the_rest_mends_it(void **state)
{
	struct world *world = start(state, WATCHED(""));
	char *status;

	sandbox_write(world->resolver->folder, "bitsink.conf",
		WATCHED("  allow: \"evil.t"));
	await_stale(world);
	assert_evil("NXDOMAIN");
	resolver_await_log(world->resolver, "bitsink: not reloaded: the "
		"policy has ");
	add_to(world, "bitsink.conf", "est\"\n");
	await_generation(world, 2);
	assert_evil(PASSED);
	status = status_of(world);
	assert_true(control_is(status, "stale", "no"));
	free(status);
	/* It was read once as it was, and once as it is. */
	resolver_await_log(world->resolver, "bitsink: reloaded generation=2 ");
}

/* What is read is one file, and what is there is another already. */
static void
a_change_while_the_file_is_read_is_not_missed(void **state)
{
	static const struct timespec moment = { 0, 30000000 };
	struct world *world = start(state, WATCHED(""));
	unsigned threads = process_threads(world->resolver->pid), i;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *text = NULL, *path = path_in(world, "another");
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	fprintf(memory, WATCHED(""));
	for (i = 0; i < PATTERNS; i++)
		fprintf(memory, "  allow: n%u.big.test\n", i);
	fclose(memory);
	replace(world, "bitsink.conf", text);
	sandbox_write(world->resolver->folder, "another",
		WATCHED("  allow: evil.test\n"));
	while (process_threads(world->resolver->pid) <= threads)
		assert_true(sandbox_now() < deadline);
	/* The file is read in a moment, and what was read takes longer. */
	nanosleep(&moment, NULL);
	free(text);
	text = path_in(world, "bitsink.conf");
	assert_int_equal(rename(path, text), 0);
	/* The big one, or none where it was noticed in time; then this one. */
	deadline = sandbox_now() + SANDBOX_PATIENCE;
	for (;;) {
		char *line = answer_line(ask(Q(UPDATE_HOST, "evil.test",
			TYPE_A)));
		int is_there = strcmp(line, PASSED) == 0;

		free(line);
		if (is_there)
			break;
		if (!sandbox_wait(deadline))
			fail_msg("the last change is not noticed");
	}
	free(text);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(changes_of_all_sorts_are_noticed),
		own_world_test(nothing_is_noticed_without_being_asked_for),
		own_world_test(a_file_that_is_being_written_is_not_read),
		own_world_test(
		a_half_of_a_file_changes_nothing_and_the_rest_mends_it),
		own_world_test(a_change_while_the_file_is_read_is_not_missed),
	};

	return world_main(tests);
}
