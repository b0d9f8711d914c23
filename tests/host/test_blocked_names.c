/*
 * test_blocked_names.c - an update host never gets a name that its group does
 * not allow, wherever Unbound has it.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* Names that a prefetch is tried with, some ten seconds each. */
#define PREFETCH_TRIES 5
#define BLOCKED "NXDOMAIN"
#define EVIL "NOERROR 203.0.113.66"

static const enum transport transports[] = { ASK_UDP, ASK_TCP };

static void
a_name_that_nobody_asked_before_is_blocked_and_asked_of_nobody(void **state)
{
	struct world *world = *state;
	static const ldns_rr_type types[] = {
		LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA, LDNS_RR_TYPE_TXT,
		LDNS_RR_TYPE_HTTPS, LDNS_RR_TYPE_SVCB, LDNS_RR_TYPE_ANY,
		LDNS_RR_TYPE_MX, LDNS_RR_TYPE_NS, LDNS_RR_TYPE_SOA,
		LDNS_RR_TYPE_PTR, LDNS_RR_TYPE_DS, LDNS_RR_TYPE_DNSKEY,
		(ldns_rr_type)65280
	};
	size_t i, t;

	for (t = 0; t < sizeof(transports) / sizeof(transports[0]); t++)
		for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			struct question question = Q(UPDATE_HOST, "evil.test",
				TYPE_A, .transport = transports[t]);

			question.type = types[i];
			assert_answer(question, BLOCKED);
			question.from = SANDBOX_IP6_UPDATE;
			assert_answer(question, BLOCKED);
		}
	assert_int_equal(upstream_total(world->upstream), 0);
}

static void
a_name_cached_for_another_client_is_blocked(void **state)
{
	size_t t;

	(void)state;
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_TXT),
		"NOERROR \"command\"");
	for (t = 0; t < sizeof(transports) / sizeof(transports[0]); t++) {
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
			.transport = transports[t]), BLOCKED);
		assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A,
			.transport = transports[t]), BLOCKED);
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_TXT,
			.transport = transports[t]), BLOCKED);
		assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A,
			.transport = transports[t]), "NOERROR 192.0.2.10");
	}
	/* And the other way around, after all that. */
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
}

static void
a_denied_name_below_an_allowed_one_is_blocked(void **state)
{
	(void)state;
	assert_answer(Q(ORDINARY, "denied.allowed.test", TYPE_A),
		"NOERROR 198.51.100.3");
	assert_answer(Q(UPDATE_HOST, "denied.allowed.test", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
}

/* The whole name is judged: no label of it alone opens anything. */
static void
names_that_only_look_like_allowed_ones_are_blocked(void **state)
{
	struct world *world = *state;
	static const char *const names[] = {
		"www.allowed.test.evil.test", "www", "www.evil.test",
		"allowed.test.evil.test", "www.allowed.test.", "test",
		"notallowed.test", "allowed\\.test.evil.test",
		"www\\.allowed.test", "."
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_answer(Q(UPDATE_HOST, names[i], TYPE_A),
			strcmp(names[i], "www.allowed.test.") == 0
			? "NOERROR 198.51.100.1" : BLOCKED);
	assert_int_equal(upstream_count(world->upstream, "evil.test", 0), 0);
}

/* Several of each side wait for one name. Restricted ones must not wait. */
static void
in_flight(struct world *world, int restricted_first, enum transport transport)
{
	struct asking *ordinary[3], *restricted[3];
	int i, done = 0;

	upstream_hold(world->upstream, "evil.test");
	while (done < 2) {
		if ((done == 0) == restricted_first) {
			for (i = 0; i < 3; i++)
				restricted[i] = ask_begin(Q(i == 1
					? SANDBOX_IP6_UPDATE : UPDATE_HOST,
					"evil.test", TYPE_A,
					.transport = transport));
		} else {
			for (i = 0; i < 3; i++)
				ordinary[i] = ask_begin(Q(i == 1 ? ORDINARY_2
					: ORDINARY, "evil.test", TYPE_A,
					.transport = transport));
			upstream_await(world->upstream, "evil.test",
				LDNS_RR_TYPE_A, 1);
		}
		done++;
	}
	for (i = 0; i < 3; i++) {
		char *line = answer_line(ask_end(restricted[i]));

		assert_string_equal(line, BLOCKED);
		free(line);
	}
	for (i = 0; i < 3; i++)
		assert_false(ask_is_answered(ordinary[i]));
	upstream_release(world->upstream, "evil.test");
	for (i = 0; i < 3; i++) {
		char *line = answer_line(ask_end(ordinary[i]));

		assert_string_equal(line, EVIL);
		free(line);
	}
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), BLOCKED);
}

static void
in_flight_for_others_over_udp(void **state)
{
	in_flight(*state, 0, ASK_UDP);
}

static void
in_flight_for_others_over_tcp(void **state)
{
	in_flight(*state, 0, ASK_TCP);
}

static void
asked_just_before_others_over_udp(void **state)
{
	in_flight(*state, 1, ASK_UDP);
}

static void
asked_just_before_others_over_tcp(void **state)
{
	in_flight(*state, 1, ASK_TCP);
}

/* A target that is looked up for somebody else's chain. */
static void
a_name_in_flight_as_a_cname_target_is_blocked(void **state)
{
	struct world *world = *state;
	struct asking *ordinary;
	char *line;

	upstream_add(world->upstream,
		"alias.test. 60 IN CNAME target.test.\n");
	upstream_hold(world->upstream, "target.test");
	ordinary = ask_begin(Q(ORDINARY, "alias.test", TYPE_A));
	upstream_await(world->upstream, "target.test", 0, 1);
	assert_answer(Q(UPDATE_HOST, "target.test", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "alias.test", TYPE_A), BLOCKED);
	upstream_add(world->upstream, "target.test. 60 IN A 203.0.113.67\n");
	upstream_release(world->upstream, "target.test");
	line = answer_line(ask_end(ordinary));
	assert_string_equal(line, "NOERROR target.test. 203.0.113.67");
	free(line);
}

/* Each cache hit counts until the name has come. */
static unsigned long
prefetches(struct world *world)
{
	return resolver_stat(world->resolver, "total.num.prefetch");
}

/* Asks until upstream is asked for NAME again, which it holds back. In the last
 * tenth of the TTL a cache hit starts a prefetch. Whoever does not get to ask
 * then comes when the entry is gone, and waits; so nobody waits for that
 * answer. */
static void
await_second_look_up(struct world *world, const char *name)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	upstream_hold(world->upstream, name);
	while (upstream_count(world->upstream, name, 0) < 2) {
		struct asking *asking = ask_begin(Q(ORDINARY, name, TYPE_A));

		assert_answer(Q(UPDATE_HOST, name, TYPE_A), BLOCKED);
		assert_true(sandbox_wait(deadline));
		ask_cancel(asking);
	}
}

static void
a_name_that_is_being_prefetched_is_blocked(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  prefetch: yes\n",
	};
	struct world *world = world_start(state, &options);
	unsigned long count = 0;
	char name[32], record[80];
	unsigned i;

	/* Another name where the moment was missed. */
	for (i = 0; i < PREFETCH_TRIES && count == 0; i++) {
		snprintf(name, sizeof(name), "short%u.test", i);
		snprintf(record, sizeof(record), "%s. 10 IN A 203.0.113.68\n",
			name);
		upstream_add(world->upstream, record);
		assert_answer(Q(ORDINARY, name, TYPE_A),
			"NOERROR 203.0.113.68");
		await_second_look_up(world, name);
		count = prefetches(world);
		if (count == 0)
			upstream_release(world->upstream, name);
	}
	assert_true(count > 0);
	assert_answer(Q(UPDATE_HOST, name, TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, name, TYPE_A, .transport = ASK_TCP),
		BLOCKED);
	/* The restricted client's queries started none. */
	assert_int_equal(prefetches(world), count);
	upstream_release(world->upstream, name);
	assert_answer(Q(ORDINARY, name, TYPE_A), "NOERROR 203.0.113.68");
}

/* Lets a name expire in the cache: asks until its upstream is gone for good
 * and what is served is old. */
static void
expired_with(void **state, const char *server)
{
	struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = server,
	};
	struct world *world = world_start(state, &options);
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long expired = 0;

	upstream_add(world->upstream, "old.test. 1 IN A 203.0.113.69\n");
	assert_answer(Q(ORDINARY, "old.test", TYPE_A), "NOERROR 203.0.113.69");
	upstream_hold(world->upstream, "old.test");
	while (expired == 0) {
		assert_answer(Q(UPDATE_HOST, "old.test", TYPE_A), BLOCKED);
		assert_answer(Q(UPDATE_HOST_2, "old.test", TYPE_A),
			"NOERROR 192.0.2.10");
		assert_answer(Q(ORDINARY, "old.test", TYPE_A),
			"NOERROR 203.0.113.69");
		assert_true(sandbox_wait(deadline));
		expired = resolver_stat(world->resolver,
			"total.num.expired");
	}
	assert_answer(Q(UPDATE_HOST, "old.test", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "old.test", TYPE_A, .transport = ASK_TCP),
		BLOCKED);
	/* The restricted clients' queries made no expired answers. */
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.expired"), expired);
	upstream_release(world->upstream, "old.test");
}

static void
an_expired_name_is_blocked_with_serve_expired(void **state)
{
	expired_with(state, "  serve-expired: yes\n"
		"  serve-expired-client-timeout: 0\n");
}

static void
an_expired_name_is_blocked_with_a_client_timeout(void **state)
{
	expired_with(state, "  serve-expired: yes\n"
		"  serve-expired-client-timeout: 50\n");
}

static void
a_cached_name_is_blocked_without_recursion_desired(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  access-control: 127.0.0.0/8 allow_snoop\n",
	};

	world_start(state, &options);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A, .flags = ASK_NO_RD),
		EVIL);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A, .flags = ASK_NO_RD),
		BLOCKED);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A, .flags = ASK_NO_RD,
		.transport = ASK_TCP), BLOCKED);
}

static void
flags_and_edns_open_nothing(void **state)
{
	static const unsigned flags[] = { ASK_CD, ASK_DO, ASK_EDNS, ASK_AD,
		ASK_CD | ASK_DO | ASK_AD };
	size_t i, t;

	(void)state;
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A, .flags = ASK_CD), EVIL);
	for (t = 0; t < sizeof(transports) / sizeof(transports[0]); t++)
		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
				.flags = flags[i],
				.transport = transports[t]), BLOCKED);
}

static void
letter_case_opens_nothing_and_closes_nothing(void **state)
{
	(void)state;
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(UPDATE_HOST, "EVIL.TEST", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "eViL.tEsT", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "DeNiEd.AlLoWeD.tEsT", TYPE_A), BLOCKED);
	assert_answer(Q(UPDATE_HOST, "WWW.AlLoWeD.tEsT", TYPE_A),
		"NOERROR 198.51.100.1");
}

/* Unbound answers some names of class CH itself; the rest is refused. */
static void
another_class_is_refused(void **state)
{
	(void)state;
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_TXT,
		.flags = ASK_CHAOS), "REFUSED");
}

static void
the_client_behind_a_proxy_is_judged_and_not_the_proxy(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  interface: 127.0.0.1@5354\n"
			"  proxy-protocol-port: 5354\n",
	};
	static const enum transport proxied[] = {
		ASK_PROXY_UDP, ASK_PROXY_TCP };
	size_t t;

	world_start(state, &options);
	for (t = 0; t < 2; t++) {
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A,
			.transport = proxied[t]), EVIL);
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
			.transport = proxied[t]), BLOCKED);
		assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A,
			.transport = proxied[t]), BLOCKED);
		assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A,
			.transport = proxied[t]), EVIL);
	}
}

/* The proxy's own address in a group says nothing of its clients. */
static void
a_restricted_proxy_does_not_restrict_its_clients(void **state)
{
	static const struct resolver_options options = {
		.policy = "group:\n  name: proxy\n  client: " ORDINARY_2 "\n"
			"  allow: \"*.allowed.test\"\n",
		.server = "  interface: 127.0.0.1@5354\n"
			"  proxy-protocol-port: 5354\n",
	};

	world_start(state, &options);
	assert_answer(Q(ORDINARY_2, "evil.test", TYPE_A), BLOCKED);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A,
		.transport = ASK_PROXY_UDP), EVIL);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A,
		.transport = ASK_PROXY_TCP), EVIL);
}

static void
a_mapped_address_is_its_ip4_address(void **state)
{
	static const struct resolver_options options = {
		.policy = "group:\n  name: mapped\n"
			"  client: ::ffff:127.0.0.2\n"
			"  client: 127.0.0.3\n"
			"  allow: \"*.allowed.test\"\n",
		.server = "  interface: 127.0.0.1@5354\n"
			"  proxy-protocol-port: 5354\n",
	};

	world_start(state, &options);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), BLOCKED);
	assert_answer(Q("::ffff:127.0.0.2", "evil.test", TYPE_A,
		.transport = ASK_PROXY_UDP), BLOCKED);
	assert_answer(Q("::ffff:127.0.0.3", "evil.test", TYPE_A,
		.transport = ASK_PROXY_TCP), BLOCKED);
	assert_answer(Q("::ffff:127.0.0.101", "evil.test", TYPE_A,
		.transport = ASK_PROXY_TCP), EVIL);
}

static void
encrypted(void **state, enum transport transport)
{
	struct resolver_options options = {
		.policy = WORLD_POLICY,
	};
	char *folder = sandbox_folder(), *server = resolver_tls(folder), *line;
	struct asking *ordinary;
	struct world *world;

	options.server = server;
	world = world_start(state, &options);
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A,
		.transport = transport), "NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A,
		.transport = transport), "NOERROR 198.51.100.1");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
		.transport = transport), BLOCKED);
	upstream_hold(world->upstream, "evil.test");
	ordinary = ask_begin(Q(ORDINARY, "evil.test", TYPE_A,
		.transport = transport));
	upstream_await(world->upstream, "evil.test", 0, 1);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
		.transport = transport), BLOCKED);
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A,
		.transport = transport, .flags = ASK_DO), BLOCKED);
	upstream_release(world->upstream, "evil.test");
	line = answer_line(ask_end(ordinary));
	assert_string_equal(line, EVIL);
	free(line);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A,
		.transport = transport), BLOCKED);
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_AAAA,
		.transport = transport), "NOERROR 2001:db8::10");
	free(server);
	sandbox_remove(folder);
}

static void
blocked_names_are_blocked_over_tls(void **state)
{
	encrypted(state, ASK_TLS);
}

static void
blocked_names_are_blocked_over_https(void **state)
{
	encrypted(state, ASK_HTTPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(
		a_name_that_nobody_asked_before_is_blocked_and_asked_of_nobody),
		world_test(a_name_cached_for_another_client_is_blocked),
		world_test(a_denied_name_below_an_allowed_one_is_blocked),
		world_test(names_that_only_look_like_allowed_ones_are_blocked),
		world_test(in_flight_for_others_over_udp),
		world_test(in_flight_for_others_over_tcp),
		world_test(asked_just_before_others_over_udp),
		world_test(asked_just_before_others_over_tcp),
		world_test(a_name_in_flight_as_a_cname_target_is_blocked),
		own_world_test(a_name_that_is_being_prefetched_is_blocked),
		own_world_test(an_expired_name_is_blocked_with_serve_expired),
		own_world_test(
			an_expired_name_is_blocked_with_a_client_timeout),
		own_world_test(
			a_cached_name_is_blocked_without_recursion_desired),
		world_test(flags_and_edns_open_nothing),
		world_test(letter_case_opens_nothing_and_closes_nothing),
		world_test(another_class_is_refused),
		own_world_test(
			the_client_behind_a_proxy_is_judged_and_not_the_proxy),
		own_world_test(
			a_restricted_proxy_does_not_restrict_its_clients),
		own_world_test(a_mapped_address_is_its_ip4_address),
		own_world_test(blocked_names_are_blocked_over_tls),
		own_world_test(blocked_names_are_blocked_over_https),
	};

	return world_main(tests);
}
