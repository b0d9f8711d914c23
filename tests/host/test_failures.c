/*
 * test_failures.c - what happens when things fail: update hosts stay restricted
 * by the last good policy, and nobody else notices.
 */
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damage.h"

#define STALE "bitsink: STALE: the last good policy is in force, kept="

static char *
path_in(const struct world *world, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", world->resolver->folder, name) < 0)
		abort();
	return path;
}

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

	for (i = 0; i < damage_count; i++) {
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
