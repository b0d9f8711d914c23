/*
 * test_no_memory.c - a resolver without memory: what an update host may not
 * have it does not get, and everybody else gets what Unbound has to say.
 */
#include "world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

/* Starts a world whose Unbound has the library of preload/ in it. */
static struct world *
start(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
	};
	char *folder = sandbox_folder(), *command, *library;
	struct world *world;

	if (asprintf(&library, "%s/no_memory.so", folder) < 0 ||
	    asprintf(&command, "cc -shared -fPIC -O1 -fno-builtin -o '%s' '"
	    TEST_SOURCE "/tests/host/preload/no_memory.c' >&2", library) < 0)
		abort();
	assert_int_equal(system(command), 0);
	setenv("LD_PRELOAD", library, 1);
	world = world_start(state, &options);
	unsetenv("LD_PRELOAD");
	sandbox_remove(folder);
	free(command);
	free(library);
	return world;
}

/* Signals come when they come: what needs memory tells when it is gone. */
static void
take_memory(struct world *world, int take)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char name[64];
	int gone = !take, i;

	assert_int_equal(kill(world->resolver->pid, SIGUSR2), 0);
	for (i = 0; gone != take; i++) {
		ldns_pkt *answer;

		snprintf(name, sizeof(name), "probe%d-%d.test", take, i);
		answer = ask(Q(ORDINARY, name, TYPE_A));
		gone = ldns_pkt_get_rcode(answer) == LDNS_RCODE_SERVFAIL;
		ldns_pkt_free(answer);
		assert_true(sandbox_wait(deadline));
	}
}

/* Who would ask bitsink itself is told, and sent away. */
static void
assert_control_has_none(const struct world *world)
{
	int fd = control_open(world->resolver);
	char *text = control_rest(fd);

	assert_string_equal(text,
		"error code=busy text=out\\032of\\032memory\n");
	free(text);
	close(fd);
}

static void
without_memory_blocked_names_stay_blocked(void **state)
{
	struct world *world = start(state);
	int i;

	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	take_memory(world, 1);
	for (i = 0; i < 50; i++) {
		/* Blocked, cached or not: the answer as ever. */
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
			.flags = ASK_DO), "NXDOMAIN");
		assert_answer(Q(UPDATE_HOST, "never.test", TYPE_TXT),
			"NXDOMAIN");
		assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_AAAA,
			.flags = ASK_EDNS), "NOERROR 2001:db8::10");
		/* Allowed and cached: as ever; not cached: Unbound's word. */
		assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
			"NOERROR 198.51.100.1");
		assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_AAAA),
			"SERVFAIL");
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
			"NOERROR 203.0.113.66");
		assert_answer(Q(ORDINARY, "evil.test", TYPE_TXT), "SERVFAIL");
		assert_control_has_none(world);
	}
	take_memory(world, 0);
	free(control_ask(world->resolver, "groups"));
	assert_answer(Q(ORDINARY, "evil.test", TYPE_TXT),
		"NOERROR \"command\"");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_TXT), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_AAAA),
		"NOERROR 2001:db8:100::1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(without_memory_blocked_names_stay_blocked),
	};

	return world_main(tests);
}
