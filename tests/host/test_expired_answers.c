/*
 * test_expired_answers.c - what Unbound sends past the modules, when all else
 * fails or after a change of its settings, gets to no group that inspects.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "statistics.h"

#define PRIVATE "NOERROR 10.1.2.3"
#define ADDRESSES "127.0.0.4"
#define CHAINS "127.0.0.5"
#define POLICY \
	"bitsink:\n  log: all\n" \
	"group:\n  name: chains\n  client: " CHAINS "\n" \
	"  allow: \".allowed.test\"\n  chain: inspect\n" \
	"group:\n  name: addresses\n  client: " ADDRESSES "\n" \
	"  allow: \".allowed.test\"\n  answer-deny: 10.0.0.0/8\n"
/* Long enough to be asked for twice. */
#define RECORDS \
	"old.allowed.test. 2 IN A 10.1.2.3\n" \
	"good.allowed.test. 2 IN A 198.51.100.7\n" \
	"new.allowed.test. 3600 IN A 10.1.2.3\n"

static struct world *
start_with(void **state, const char *server, const char *modules)
{
	struct resolver_options options = {
		.policy = POLICY, .server = server, .modules = modules,
	};
	struct world *world = world_start(state, &options);

	upstream_add(world->upstream, RECORDS);
	return world;
}

static void
wait_for(long long milliseconds)
{
	long long end = sandbox_now() + milliseconds;

	while (sandbox_wait(end))
		continue;
}

static void
await_expired(void)
{
	wait_for(3000);
}

/* Nobody is there who could be asked; what is cached expires. */
static void
lose_upstream(struct world *world)
{
	await_expired();
	free(resolver_control(world->resolver,
		"forward_add . 127.0.0.54@5301"));
}

static void
check_expired_now(struct world *world)
{
	char *stats;

	assert_answer(Q(ORDINARY, "old.allowed.test", TYPE_A), PRIVATE);
	assert_answer(Q(ORDINARY, "good.allowed.test", TYPE_A),
		"NOERROR 198.51.100.7");
	lose_upstream(world);
	/* Before others have it, and after. */
	assert_answer(Q(ADDRESSES, "old.allowed.test", TYPE_A), "SERVFAIL");
	assert_answer(Q(ORDINARY, "old.allowed.test", TYPE_A), PRIVATE);
	assert_answer(Q(ADDRESSES, "old.allowed.test", TYPE_A,
		.transport = ASK_TCP), "SERVFAIL");
	assert_answer(Q(ADDRESSES, "good.allowed.test", TYPE_A), "SERVFAIL");
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_assert(stats, "total.num.bitsink.queries", 6);
	free(stats);
}

static void
check_expired(void **state, const char *server, const char *modules)
{
	char *lines;

	if (asprintf(&lines, "  serve-expired: yes\n"
	    "  serve-expired-ttl: 86400\n%s", server) < 0)
		abort();
	check_expired_now(start_with(state, lines, modules));
	free(lines);
}

/* --- Settings that are changed while Unbound runs. */

static void
fast_reload_with(struct world *world, const char *lines)
{
	resolver_add_lines(world->resolver, lines);
	free(resolver_control(world->resolver, "fast_reload"));
}

/* --- The tests. */

static void
what_fails_is_no_reason_for_an_expired_answer(void **state)
{
	check_expired(state, "  serve-expired-client-timeout: 0\n", NULL);
}

static void
nor_is_it_where_clients_may_have_to_wait(void **state)
{
	check_expired(state, "  serve-expired-client-timeout: 300\n", NULL);
}

static void
nor_is_it_behind_dns64(void **state)
{
	check_expired(state, "  serve-expired-client-timeout: 0\n"
		"  dns64-prefix: 64:ff9b::/96\n",
		"dns64 dynlib validator iterator");
}

static void
nor_is_it_with_subnetcache(void **state)
{
	if (!resolver_has_module("subnetcache"))
		skip();
	check_expired(state, "  serve-expired-client-timeout: 0\n",
		"dynlib subnetcache validator iterator");
}

/* dns64 asks for more when the answer has been judged; what is expired is then
 * another answer. */
static void
nor_is_it_while_dns64_asks_for_more(void **state)
{
	struct world *world = start_with(state,
		"  serve-expired: yes\n  serve-expired-ttl: 86400\n"
		"  serve-expired-client-timeout: 100\n"
		"  dns64-prefix: 64:ff9b::/96\n",
		"dns64 dynlib validator iterator");
	struct asking *asking;
	char *line;

	upstream_add(world->upstream,
		"six.allowed.test. 1 IN CNAME out.other.test.\n"
		"out.other.test. 1 IN AAAA 2001:db8::66\n");
	assert_answer(Q(ORDINARY, "six.allowed.test", TYPE_AAAA),
		"NOERROR out.other.test. 2001:db8::66");
	upstream_forget(world->upstream, "six.allowed.test");
	upstream_add(world->upstream,
		"six.allowed.test. 1 IN A 198.51.100.7\n");
	upstream_hold_type(world->upstream, "six.allowed.test",
		LDNS_RR_TYPE_A);
	await_expired();
	asking = ask_begin(Q(CHAINS, "six.allowed.test", TYPE_AAAA));
	upstream_await(world->upstream, "six.allowed.test",
		LDNS_RR_TYPE_A, 1);
	wait_for(1000);
	upstream_release(world->upstream, "six.allowed.test");
	line = answer_line(ask_end(asking));
	assert_string_equal(line, "NOERROR 64:ff9b::c633:6407");
	free(line);
}

/* The same with what was turned on when Unbound ran already. */
static void
nor_is_it_after_a_fast_reload(void **state)
{
	struct world *world;

	resolver_need_command("fast_reload");
	world = start_with(state, NULL, NULL);
	fast_reload_with(world, "server:\n  serve-expired: yes\n"
		"  serve-expired-ttl: 86400\n"
		"  serve-expired-client-timeout: 300\n");
	check_expired_now(world);
}

/* dns64 makes all from then on, and no module is told. */
static void
what_dns64_makes_after_a_fast_reload_does_not_pass(void **state)
{
	struct world *world;
	char *line;

	resolver_need_command("fast_reload");
	world = start_with(state, "  dns64-prefix: 64:ff9b::/96\n",
		"dns64 dynlib validator iterator");
	fast_reload_with(world, "server:\n  dns64-synthall: yes\n");
	assert_answer(Q(ORDINARY, "new.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::a01:203");
	line = answer_line(ask(Q(ADDRESSES, "new.allowed.test", TYPE_AAAA)));
	assert_null(strstr(line, "64:ff9b::"));
	free(line);
	line = resolver_control(world->resolver, "stats_noreset");
	statistics_assert(line, "total.num.bitsink.queries", 2);
	statistics_assert(line, "total.num.bitsink.blocked", 1);
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(what_fails_is_no_reason_for_an_expired_answer),
		own_world_test(nor_is_it_where_clients_may_have_to_wait),
		own_world_test(nor_is_it_behind_dns64),
		own_world_test(nor_is_it_with_subnetcache),
		own_world_test(nor_is_it_while_dns64_asks_for_more),
		own_world_test(nor_is_it_after_a_fast_reload),
		own_world_test(
		what_dns64_makes_after_a_fast_reload_does_not_pass),
	};

	return world_main(tests);
}
