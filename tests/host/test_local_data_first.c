/*
 * test_local_data_first.c - what Unbound has of its own comes first, also for
 * a name that was asked before: bitsink judges such a name before Unbound looks
 * for that, as long as it knows that there is none.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statistics.h"

/* A group of two clients. */
#define POLICY \
	"bitsink:\n  log: all\n" \
	"group:\n" \
	"  name: \"wsus\"\n" \
	"  client: " UPDATE_HOST "\n" \
	"  client: " UPDATE_HOST_2 "\n" \
	"  allow: \".allowed.test\"\n" \
	"  ttl: 77\n"

/* Below each other and next to each other, and what they may have. */
static const char *const names[] = { "test", "evil.test", "x.evil.test",
	"y.x.evil.test", "allowed.test", "www.allowed.test",
	"x.www.allowed.test", "other.test" };
static const char *const data[] = { "A 192.0.2.7", "AAAA 2001:db8::7",
	"TXT text" };

#define CHANGES 150
#define QUERIES 12

/* So often that the client and the name are known, by each thread. */
#define OFTEN 16

static struct world *
start_with(void **state, const char *server, const char *clauses)
{
	struct resolver_options options = {
		.policy = POLICY,
		.server = server,
		.clauses = clauses,
	};

	return world_start(state, &options);
}

static void
assert_often(struct question question, const char *line)
{
	unsigned i;

	for (i = 0; i < OFTEN; i++)
		assert_answer(question, line);
}

static void
control(struct world *world, const char *command)
{
	free(resolver_control(world->resolver, command));
}

/* For a name that is blocked, for one that is allowed, and for whom no policy
 * is about. */
static void
data_comes_and_goes(struct world *world)
{
	const struct question blocked = Q(UPDATE_HOST, "evil.test", TYPE_A);
	const struct question allowed = Q(UPDATE_HOST, "www.allowed.test",
		TYPE_A);
	const struct question other = Q(ORDINARY, "evil.test", TYPE_A);
	const struct question by_ip6 = Q(SANDBOX_IP6_ORDINARY, "evil.test",
		TYPE_A);

	assert_often(blocked, "NXDOMAIN");
	assert_often(allowed, "NOERROR 198.51.100.1");
	assert_often(other, "NOERROR 203.0.113.66");
	assert_often(by_ip6, "NOERROR 203.0.113.66");
	control(world, "local_data evil.test A 192.0.2.7");
	control(world, "local_data www.allowed.test A 192.0.2.8");
	assert_often(blocked, "NOERROR 192.0.2.7");
	assert_often(allowed, "NOERROR 192.0.2.8");
	assert_often(other, "NOERROR 192.0.2.7");
	assert_often(by_ip6, "NOERROR 192.0.2.7");
	control(world, "local_zone_remove evil.test");
	control(world, "local_zone_remove www.allowed.test");
	assert_often(blocked, "NXDOMAIN");
	assert_often(allowed, "NOERROR 198.51.100.1");
	assert_often(other, "NOERROR 203.0.113.66");
	assert_often(by_ip6, "NOERROR 203.0.113.66");
}

static void
local_data_that_is_added_is_answered_at_once(void **state)
{
	struct world *world = start_with(state, "", NULL);

	data_comes_and_goes(world);
	data_comes_and_goes(world);
}

static void
each_thread_answers_what_is_added(void **state)
{
	data_comes_and_goes(start_with(state, "  num-threads: 2\n", NULL));
}

static void
a_local_zone_above_counts_as_well(void **state)
{
	struct world *world = start_with(state, "", NULL);
	const struct question blocked = Q(UPDATE_HOST, "evil.test", TYPE_A);
	const struct question allowed = Q(UPDATE_HOST, "www.allowed.test",
		TYPE_A);

	assert_often(blocked, "NXDOMAIN");
	assert_often(allowed, "NOERROR 198.51.100.1");
	control(world, "local_zone test always_refuse");
	assert_often(blocked, "REFUSED");
	assert_often(allowed, "REFUSED");
	/* It stands in for the one above. */
	control(world, "local_zone allowed.test always_transparent");
	assert_often(blocked, "REFUSED");
	assert_often(allowed, "NOERROR 198.51.100.1");
	control(world, "local_zone_remove test");
	assert_often(blocked, "NXDOMAIN");
}

/* A zone that lets pass what it has no data for. */
static void
data_in_a_zone_that_there_is_is_answered_at_once(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"test\" transparent\n", NULL);
	const struct question blocked = Q(UPDATE_HOST, "evil.test", TYPE_A);

	assert_often(blocked, "NXDOMAIN");
	control(world, "local_data evil.test A 192.0.2.7");
	assert_often(blocked, "NOERROR 192.0.2.7");
	control(world, "local_data_remove evil.test");
	assert_often(blocked, "NXDOMAIN");
}

/* Of two clients of a group, and of two in none, the second has local data. */
static void
assert_data_for_the_second(void)
{
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.9");
	assert_often(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_often(Q(ORDINARY_2, "evil.test", TYPE_A),
		"NOERROR 192.0.2.9");
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
}

static void
a_client_with_a_view_is_answered_from_it(void **state)
{
	start_with(state,
		"  access-control-view: " UPDATE_HOST_2 "/32 \"other\"\n"
		"  access-control-view: " ORDINARY_2 "/32 \"other\"\n",
		"view:\n  name: \"other\"\n  view-first: yes\n"
		"  local-zone: \"evil.test\" transparent\n"
		"  local-data: \"evil.test A 192.0.2.9\"\n");
	assert_data_for_the_second();
}

static void
a_client_with_a_tag_is_answered_from_its_zones(void **state)
{
	start_with(state,
		"  define-tag: \"some\"\n"
		"  access-control-tag: " UPDATE_HOST_2 "/32 \"some\"\n"
		"  access-control-tag: " ORDINARY_2 "/32 \"some\"\n"
		"  local-zone: \"evil.test\" transparent\n"
		"  local-zone-tag: \"evil.test\" \"some\"\n"
		"  local-data: \"evil.test A 192.0.2.9\"\n", NULL);
	assert_data_for_the_second();
}

static unsigned
below(unsigned *seed, size_t limit)
{
	return (unsigned)rand_r(seed) % (unsigned)limit;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(seed, array) ((array)[below((seed), COUNT_OF(array))])

/* One change of the local zones. */
static void
change_something(struct world *world, unsigned *seed)
{
	static const char *const types[] = { "static", "transparent",
		"refuse", "typetransparent", "always_nxdomain",
		"always_nodata", "always_transparent", "inform" };
	const char *name = PICK(seed, names);
	char command[128];

	switch (below(seed, 4)) {
	case 0:
		snprintf(command, sizeof(command), "local_zone %s %s", name,
			PICK(seed, types));
		break;
	case 1:
		snprintf(command, sizeof(command), "local_data %s %s", name,
			PICK(seed, data));
		break;
	case 2:
		snprintf(command, sizeof(command), "local_data_remove %s",
			name);
		break;
	default:
		snprintf(command, sizeof(command), "local_zone_remove %s",
			name);
		break;
	}
	control(world, command);
}

/* The same from one who is never judged early, as of no other client. */
static void
assert_alike(struct question question, const char *another)
{
	char *first = answer_line(ask(question)), *second;

	question.from = another;
	second = answer_line(ask(question));
	if (strcmp(first, second) != 0)
		print_error("%s, type %d, %s or %s\n", question.name,
			question.type, first, second);
	assert_string_equal(first, second);
	free(second);
	free(first);
}

/* Who may look into the cache is not judged early. */
static void
any_order_of_changes_is_answered_as_without(void **state)
{
	static const int types[] = { TYPE_A, TYPE_A, TYPE_AAAA, TYPE_TXT,
		LDNS_RR_TYPE_DS };
	struct world *world = start_with(state,
		"  access-control: " UPDATE_HOST_2 "/32 allow_snoop\n"
		"  access-control: " ORDINARY_2 "/32 allow_snoop\n", NULL);
	unsigned seed = 41, i, k;

	print_message("seed %u\n", seed);
	for (i = 0; i < CHANGES; i++) {
		change_something(world, &seed);
		for (k = 0; k < QUERIES; k++) {
			struct question question = { .from = UPDATE_HOST,
				.name = PICK(&seed, names),
				.type = PICK(&seed, types) };

			assert_alike(question, UPDATE_HOST_2);
			question.from = ORDINARY;
			assert_alike(question, ORDINARY_2);
		}
	}
}

static void
an_auth_zone_is_answered_by_itself(void **state)
{
	start_with(state, "",
		"auth-zone:\n  name: \"own.test\"\n"
		"  for-downstream: yes\n  primary: 192.0.2.99\n");

	/* It cannot be had, and so fails. */
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "www.own.test", TYPE_A), "SERVFAIL");
}

/* One that has nothing at first. */
static void
an_auth_zone_that_comes_is_answered_by_itself(void **state)
{
	char *folder = sandbox_folder(), *clauses;
	struct world *world;

	sandbox_write(folder, "own.zone", "");
	if (asprintf(&clauses, "auth-zone:\n  name: \"own.test\"\n"
	    "  zonefile: \"%s/own.zone\"\n  for-downstream: yes\n"
	    "  for-upstream: no\n  fallback-enabled: yes\n", folder) < 0)
		abort();
	world = start_with(state, "", clauses);
	assert_often(Q(UPDATE_HOST, "www.own.test", TYPE_A), "NXDOMAIN");
	sandbox_write(folder, "own.zone", "$ORIGIN own.test.\n"
		"@ 60 IN SOA own.test. nobody.own.test. 1 60 60 60 60\n"
		"@ 60 IN NS ns.own.test.\n"
		"www 60 IN A 192.0.2.1\n");
	control(world, "auth_zone_reload own.test");
	assert_often(Q(UPDATE_HOST, "www.own.test", TYPE_A),
		"NOERROR 192.0.2.1");
	free(clauses);
	sandbox_remove(folder);
}

static void
a_response_policy_zone_that_comes_is_answered_by_itself(void **state)
{
	struct resolver_options options = {
		.policy = POLICY,
		.modules = "respip dynlib validator iterator",
	};
	char *folder = sandbox_folder(), *clauses;
	struct world *world;

	sandbox_write(folder, "policy.zone", "$ORIGIN policy.example.\n"
		"@ 60 IN SOA policy.example. nobody.example. 1 60 60 60 60\n"
		"@ 60 IN NS ns.policy.example.\n"
		"evil.test 60 IN A 192.0.2.1\n"
		"www.allowed.test 60 IN A 192.0.2.2\n");
	if (asprintf(&clauses, "rpz:\n  name: \"policy.example\"\n"
	    "  zonefile: \"%s/policy.zone\"\n", folder) < 0)
		abort();
	options.clauses = clauses;
	world = world_start(state, &options);
	control(world, "rpz_disable policy.example");
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	control(world, "rpz_enable policy.example");
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A),
		"NOERROR 192.0.2.1");
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 192.0.2.2");
	free(clauses);
	sandbox_remove(folder);
}

static void
who_gets_local_data_alone_is_refused_a_known_name(void **state)
{
	start_with(state, "  access-control: " UPDATE_HOST_2
		"/32 refuse_non_local\n", NULL);
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST_2, "evil.test", TYPE_A), "REFUSED");
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_often(Q(UPDATE_HOST_2, "www.allowed.test", TYPE_A), "REFUSED");
}

static void
what_the_acl_refuses_is_refused_for_a_known_name_too(void **state)
{
	start_with(state, "", NULL);
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A, .flags = ASK_NO_RD),
		"REFUSED");
	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
}

/* For a DS, Unbound looks into the zone above, and for another class into
 * other zones. */
static void
other_types_and_classes_tell_nothing(void **state)
{
	start_with(state,
		"  local-zone: \"own.test\" static\n"
		"  local-data: \"own.test A 192.0.2.1\"\n"
		"  local-zone: \"some.test\" static\n"
		"  local-data: \"some.test A 192.0.2.2\"\n", NULL);
	assert_often(Q(UPDATE_HOST, "own.test", LDNS_RR_TYPE_DS),
		"NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "own.test", TYPE_A),
		"NOERROR 192.0.2.1");
	assert_often(Q(UPDATE_HOST, "some.test", TYPE_TXT,
		.flags = ASK_CHAOS), "REFUSED");
	assert_often(Q(UPDATE_HOST, "some.test", TYPE_A),
		"NOERROR 192.0.2.2");
}

static void
another_class_is_looked_for_in_its_own_zones(void **state)
{
	start_with(state,
		"  local-data: \"www.allowed.test CH TXT text\"\n"
		"  local-data: \"blocked.test CH TXT text\"\n", NULL);
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_TXT,
		.flags = ASK_CHAOS), "NOERROR \"text\"");
	assert_often(Q(UPDATE_HOST, "blocked.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "blocked.test", TYPE_TXT,
		.flags = ASK_CHAOS), "NOERROR \"text\"");
	assert_often(Q(UPDATE_HOST, "other.test", TYPE_TXT,
		.flags = ASK_CHAOS), "REFUSED");
}

/* With a name asked for that is next to a zone that was added. Unbound 1.17.1
 * takes it for one that is in no zone at all, and not so the name above it. */
static struct world *
start_next_to_a_zone(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"own.test\" always_refuse\n", NULL);
	unsigned i;

	control(world, "local_zone a.b.own.test always_transparent");
	/* What these get is the version's. */
	for (i = 0; i < OFTEN; i++)
		ldns_pkt_free(ask(Q(UPDATE_HOST, "z.b.own.test", TYPE_A)));
	return world;
}

/* One label higher. */
static void
a_ds_is_looked_for_in_the_zone_above_each_time(void **state)
{
	start_next_to_a_zone(state);
	assert_often(Q(UPDATE_HOST, "z.b.own.test", LDNS_RR_TYPE_DS),
		"REFUSED");
}

static void
a_local_zone_that_goes_uncovers_the_one_above(void **state)
{
	struct world *world = start_next_to_a_zone(state);

	control(world, "local_zone_remove a.b.own.test");
	assert_often(Q(UPDATE_HOST, "z.b.own.test", TYPE_A), "REFUSED");
}

/* Each is counted once, and not what Unbound answers by itself. */
static void
queries_are_counted_once(void **state)
{
	struct world *world = start_with(state,
		"  local-zone: \"own.test\" static\n"
		"  local-data: \"own.test A 192.0.2.1\"\n", NULL);
	char *stats;

	assert_often(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_often(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_often(Q(UPDATE_HOST, "own.test", TYPE_A),
		"NOERROR 192.0.2.1");
	assert_often(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_often(Q(ORDINARY, "own.test", TYPE_A),
		"NOERROR 192.0.2.1");
	stats = resolver_control(world->resolver, "stats_noreset");
	assert_int_equal(statistics_total(stats, "blocked"), OFTEN);
	assert_int_equal(statistics_total(stats, "allowed"), OFTEN);
	assert_int_equal(statistics_total(stats, "unrestricted"), OFTEN);
	statistics_check(stats, 1);
	free(stats);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(local_data_that_is_added_is_answered_at_once),
		own_world_test(each_thread_answers_what_is_added),
		own_world_test(a_local_zone_above_counts_as_well),
		own_world_test(
			data_in_a_zone_that_there_is_is_answered_at_once),
		own_world_test(a_client_with_a_view_is_answered_from_it),
		own_world_test(a_client_with_a_tag_is_answered_from_its_zones),
		own_world_test(any_order_of_changes_is_answered_as_without),
		own_world_test(an_auth_zone_is_answered_by_itself),
		own_world_test(an_auth_zone_that_comes_is_answered_by_itself),
		own_world_test(
		a_response_policy_zone_that_comes_is_answered_by_itself),
		own_world_test(
			who_gets_local_data_alone_is_refused_a_known_name),
		own_world_test(
			what_the_acl_refuses_is_refused_for_a_known_name_too),
		own_world_test(other_types_and_classes_tell_nothing),
		own_world_test(another_class_is_looked_for_in_its_own_zones),
		own_world_test(a_ds_is_looked_for_in_the_zone_above_each_time),
		own_world_test(a_local_zone_that_goes_uncovers_the_one_above),
		own_world_test(queries_are_counted_once),
	};

	return world_main(tests);
}
