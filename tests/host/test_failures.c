/*
 * test_failures.c - what happens when things fail: update hosts stay restricted
 * by the last good policy, and nobody else notices.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STALE "bitsink: STALE: the last good policy is in force, kept="

static char *
path_in(const struct world *world, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", world->resolver->folder, name) < 0)
		abort();
	return path;
}

/* --- What may become of a policy file; each gets the path of it. */

static void
make_missing(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
make_directory(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_fifo(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void
make_device(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void
make_dangling(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
}

static void
make_empty(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void
make_truncated(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	/* In the middle of the last value. */
	assert_int_equal(truncate(path, status.st_size - 3), 0);
}

/* One GiB of it, without using the disk. */
static void
make_huge(const char *path)
{
	assert_int_equal(truncate(path, (off_t)1 << 30), 0);
}

static void
append(const char *path, const char *octets, size_t length)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, length), (ssize_t)length);
	close(fd);
}

static void
make_latin1(const char *path)
{
	append(path, "# f\xfcr\n", 6);
}

static void
make_utf16(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, "\xff\xfeg\0r\0", 6), 6);
	close(fd);
}

static void
make_include_itself(const char *path)
{
	append(path, "include: \"bitsink.conf\"\n", 24);
}

static void
make_misspelt(const char *path)
{
	append(path, "alow: \"*.test\"\n", 15);
}

static const struct damage {
	const char *description;
	void (*make)(const char *path);
	const char *said;
} damages[] = {
	{ "missing", make_missing, "cannot open" },
	{ "a directory", make_directory, "is a directory, expected a regular" },
	{ "a FIFO nobody writes to", make_fifo, "is a FIFO, expected" },
	{ "a device without end", make_device, "is a special file" },
	{ "a link to nowhere", make_dangling, "cannot open" },
	{ "empty", make_empty, "found no group" },
	{ "truncated", make_truncated, "expected" },
	{ "1 GiB", make_huge, "octets, expected at most" },
	{ "not UTF-8", make_latin1, "found octet 0xfc" },
	{ "UTF-16", make_utf16, "found octet 0xff" },
	{ "includes itself", make_include_itself, "is being read already" },
	{ "misspelt", make_misspelt, "found \"alow:\"" },
};

static void
assert_enforced(void)
{
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.10");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
}

/* The policy ends with a quoted value, which truncation opens. */
static const struct resolver_options quoted = {
	.policy = WORLD_POLICY "  deny: \"last.allowed.test\"\n",
};

static void
a_bad_policy_at_a_reload_leaves_the_last_good_one_in_force(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct world *world = world_start(state, &quoted);
		char *path = path_in(world, "bitsink.conf");

		print_message("%s\n", damages[i].description);
		assert_enforced();
		damages[i].make(path);
		free(resolver_control(world->resolver, "reload"));
		resolver_await_log(world->resolver, damages[i].said);
		resolver_await_log(world->resolver, STALE);
		assert_enforced();
		free(path);
		world_stop(state);
	}
}

static void
a_mended_policy_is_taken_again(void **state)
{
	struct world *world = *state;

	sandbox_write(world->resolver->folder, "bitsink.conf", "nonsense\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver, STALE);
	assert_enforced();
	sandbox_write(world->resolver->folder, "bitsink.conf",
		"group:\n  name: other\n  client: 127.0.0.2\n"
		"  allow: evil.test\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver, " groups=1 prefixes=1 patterns=1 ");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	/* And that one is kept from then on. */
	sandbox_write(world->resolver->folder, "bitsink.conf", "nonsense\n");
	free(resolver_control(world->resolver, "reload"));
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A), "NXDOMAIN");
}

/* What the policy includes, and its lists, are kept with it. */
static void
lists_and_includes_are_kept_with_the_policy(void **state)
{
	char *folder = sandbox_folder(), *policy;
	struct resolver_options options = { 0 };
	struct world *world;

	sandbox_make_folder(folder, "parts");
	sandbox_write(folder, "names.list", ".allowed.test http\n");
	sandbox_write(folder, "parts/one.conf", "group:\n  name: one\n"
		"  client: " UPDATE_HOST "\n  allow-list: names\n");
	sandbox_write(folder, "parts/two.conf", "group:\n  name: two\n"
		"  client: " UPDATE_HOST_2 "\n  allow-list: names\n"
		"  action: sinkhole\n  sinkhole: 192.0.2.10\n");
	if (asprintf(&policy, "bitsink:\n  list-directory: \"%s\"\n"
	    "include: \"%s/parts/*.conf\"\n", folder, folder) < 0)
		abort();
	options.policy = policy;
	world = world_start(state, &options);
	assert_enforced();
	sandbox_remove(folder);
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver, STALE);
	assert_enforced();
	free(policy);
}

/* Without a newline at the end. */
static char *
last_line(char *log)
{
	size_t length = strlen(log);

	while (length > 0 && log[length - 1] == '\n')
		log[--length] = '\0';
	return strrchr(log, '\n') != NULL ? strrchr(log, '\n') + 1 : log;
}

static void
without_a_last_good_policy_the_last_line_of_the_log_says_why(void **state)
{
	static const struct resolver_options options = {
		.policy = "group:\n  name: a\n  client: 127.0.0.2\n"
			"  alow: x\n",
	};
	char *log = resolver_refuses(&options), *last = last_line(log);

	(void)state;
	assert_non_null(strstr(last, "bitsink: not started, for there is no "
		"policy: "));
	assert_non_null(strstr(last, "bitsink.conf:4:3: error: found \"alow:\","
		" expected an option of the group: clause"));
	free(log);
}

/* Unbound ends by itself; the log says that the kept policy is no good. */
static void
a_damaged_kept_policy_is_not_used(void **state)
{
	struct world *world = *state;
	struct resolver *resolver = world->resolver;
	char *text = sandbox_read(resolver->folder, "state/last-good-policy");

	assert_true(strlen(text) > 100);
	text[strlen(text) / 2] ^= 1;
	sandbox_write(resolver->folder, "state/last-good-policy", text);
	sandbox_write(resolver->folder, "bitsink.conf", "nonsense\n");
	resolver_reload_fails(resolver);
	resolver_await_log(resolver, "bitsink: found no last good policy in");
	resolver_await_log(resolver, "last-good-policy is damaged");
	free(text);
}

static void
a_state_directory_that_cannot_be_written_is_told_and_does_no_harm(
	void **state)
{
	struct world *world = *state;
	char *path = path_in(world, "state");
	char *kept = path_in(world, "state/last-good-policy");
	char *socket = path_in(world, "state/control");

	assert_int_equal(unlink(kept), 0);
	assert_int_equal(unlink(socket), 0);
	assert_int_equal(rmdir(path), 0);
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver, "bitsink: the policy is not kept "
		"in \"");
	resolver_await_log(world->resolver,
		"bitsink: there is no control socket: cannot make \"");
	assert_enforced();
	free(socket);
	free(kept);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(
		a_bad_policy_at_a_reload_leaves_the_last_good_one_in_force),
		world_test(a_mended_policy_is_taken_again),
		own_world_test(lists_and_includes_are_kept_with_the_policy),
		cmocka_unit_test(
		without_a_last_good_policy_the_last_line_of_the_log_says_why),
		world_test(a_damaged_kept_policy_is_not_used),
		world_test(
	a_state_directory_that_cannot_be_written_is_told_and_does_no_harm),
	};

	return world_main(tests);
}
