/*
 * test_learned.c - the names that groups in audit would have been blocked from:
 * counted as they came, in bounded memory, over restarts.
 */
#include "support.h"

#include "crowd.h"
#include "hash.h"
#include "keep.h"
#include "learned.h"

#define NOW INT64_C(1700000000)
#define DAY 86400
#define FILE_NAME "state/" LEARNED_NAME

static const struct names_key test_key = { { 7, 8 } };
static const struct names_key other_key = { { 9, 10 } };

static struct learned *
new_learned(void)
{
	struct learned *learned = learned_new(&test_key);

	assert_non_null(learned);
	return learned;
}

static struct event
event_of(const char *client, const uint8_t *qname, size_t length, int64_t now)
{
	struct event event;

	memset(&event, 0, sizeof(event));
	event.seconds = now;
	event.verdict = VERDICT_AUDIT;
	event.reason = REASON_NOT_LISTED;
	event.qtype = RRTYPE_A;
	event.qclass = RRCLASS_IN;
	assert_int_equal(address_from_text(&event.client, client), 0);
	event.qname_len = (uint16_t)length;
	memcpy(event.qname, qname, length);
	return event;
}

static void
ask(struct learned *learned, const char *group, const char *client,
	const char *name, int64_t now)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	size_t length = wire_of(name, wire);
	struct event event = event_of(client, wire, length, now);

	learned_add(learned, group, &event);
}

static void
ask_type(struct learned *learned, uint16_t type, const char *name)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	size_t length = wire_of(name, wire);
	struct event event = event_of("192.0.2.1", wire, length, NOW);

	event.qtype = type;
	learned_add(learned, "g", &event);
}

static void
be_target(struct learned *learned, const char *group, const char *name,
	int64_t now)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	size_t length = wire_of(name, wire);

	learned_target(learned, group, wire, length, now);
}

/* What is known of a group, as text of the caller's to free. */
static char *
list(const struct learned *learned, const char *group)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char *text;

	learned_list(learned, group, &writer);
	assert_false(writer.broken);
	text = strndup(writer.memory != NULL ? writer.memory : "",
		writer.length);
	assert_non_null(text);
	record_clear(&writer);
	return text;
}

static void
assert_list(const struct learned *learned, const char *group,
	const char *expected)
{
	char *text = list(learned, group);

	assert_string_equal(text, expected);
	free(text);
}

/* The value of KEY of the name in a list, in memory that is used again; NULL
 * where the name is not there. */
static const char *
value_of(const struct learned *learned, const char *group, const char *name,
	const char *key)
{
	static char copy[4096];
	char *text = list(learned, group), *line = text, *end;
	const char *found = NULL;
	struct record record;
	const char *expected;
	size_t wrong;

	for (; found == NULL && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		assert_true((size_t)(end - line) < sizeof(copy));
		strcpy(copy, line);
		assert_int_equal(record_parse(&record, copy, &wrong,
			&expected), 0);
		assert_string_equal(record.kind, "learned");
		if (strcmp(record_get(&record, "name"), name) == 0)
			found = record_get(&record, key);
	}
	free(text);
	return found;
}

static unsigned long
number_of(const struct learned *learned, const char *name, const char *key)
{
	const char *value = value_of(learned, "g", name, key);

	return value != NULL ? strtoul(value, NULL, 10) : 0;
}

/* --- What is known of a name. */

static void
names_are_counted_by_group(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	ask(learned, "wsus", "192.0.2.1", "a.example", NOW);
	ask(learned, "wsus", "2001:db8::1", "A.Example", NOW + 5);
	ask(learned, "wsus", "192.0.2.1", "b.example", NOW + 6);
	ask(learned, "wsus", "192.0.2.1", "a.example", NOW + 7);
	ask(learned, "other", "192.0.2.9", "a.example", NOW + 8);
	assert_list(learned, "wsus",
		"learned name=a.example. count=3 clients=2 first=1700000000 "
		"last=1700000007 types=A target=no denied=no\n"
		"learned name=b.example. count=1 clients=1 single=192.0.2.1 "
		"first=1700000006 last=1700000006 types=A target=no "
		"denied=no\n");
	assert_list(learned, "other",
		"learned name=a.example. count=1 clients=1 single=192.0.2.9 "
		"first=1700000008 last=1700000008 types=A target=no "
		"denied=no\n");
	assert_list(learned, "ws", "");
	assert_list(learned, "wsus2", "");
	assert_int_equal(learned_used(learned), 3);
	assert_int_equal(learned_lost(learned), 0);
	assert_int_equal(learned_since(learned, "wsus"), NOW);
	assert_int_equal(learned_since(learned, "other"), NOW + 8);
	assert_int_equal(learned_since(learned, "none"), 0);
	learned_free(learned);
	learned_free(NULL);
}

static void
the_most_frequent_comes_first_and_equals_by_name(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	ask(learned, "g", "192.0.2.1", "b", NOW);
	ask(learned, "g", "192.0.2.1", "c", NOW);
	ask(learned, "g", "192.0.2.1", "c", NOW);
	ask(learned, "g", "192.0.2.1", "a", NOW);
	assert_list(learned, "g",
		"learned name=c. count=2 clients=1 single=192.0.2.1 "
		"first=1700000000 last=1700000000 types=A target=no denied=no\n"
		"learned name=a. count=1 clients=1 single=192.0.2.1 "
		"first=1700000000 last=1700000000 types=A target=no denied=no\n"
		"learned name=b. count=1 clients=1 single=192.0.2.1 "
		"first=1700000000 last=1700000000 types=A target=no "
		"denied=no\n");
	learned_free(learned);
}

static void
types_are_told_in_order_and_not_more_than_eight(void **state)
{
	struct learned *learned = new_learned();
	uint16_t type;

	(void)state;
	ask_type(learned, RRTYPE_AAAA, "a");
	ask_type(learned, RRTYPE_A, "a");
	ask_type(learned, 65280, "a");
	ask_type(learned, RRTYPE_AAAA, "a");
	assert_string_equal(value_of(learned, "g", "a.", "types"),
		"A,AAAA,TYPE65280");
	for (type = 60000; type < 60100; type++)
		ask_type(learned, type, "a");
	assert_string_equal(value_of(learned, "g", "a.", "types"),
		"A,AAAA,TYPE60000,TYPE60001,TYPE60002,TYPE60003,TYPE60004,"
		"TYPE65280");
	assert_int_equal(number_of(learned, "a.", "count"), 104);
	learned_free(learned);
}

static void
what_no_allow_could_help_is_passed_over(void **state)
{
	static const uint8_t cut_off[] = { 3, 'a', 'b' };
	static const uint8_t root[] = { 0 };
	struct learned *learned = new_learned();
	struct event event;
	unsigned reason;

	(void)state;
	event = event_of("192.0.2.1", cut_off, sizeof(cut_off), NOW);
	learned_add(learned, "g", &event);
	event = event_of("192.0.2.1", root, 0, NOW);
	learned_add(learned, "g", &event);
	event = event_of("192.0.2.1", root, sizeof(root), NOW);
	/* For its class or type, for what is in the answer, for a quiet name;
	 * and what is allowed needs no help. */
	for (reason = 0; reason < REASON_COUNT; reason++) {
		event.reason = (enum reason)reason;
		if (reason != REASON_NOT_LISTED && reason != REASON_DENIED)
			learned_add(learned, "g", &event);
	}
	event.reason = REASON_NOT_LISTED;
	learned_add(learned, "", &event);
	learned_add(learned, "a-group-whose-name-is-far-too-long", &event);
	learned_target(learned, "g", cut_off, sizeof(cut_off), NOW);
	assert_int_equal(learned_used(learned), 0);
	learned_add(learned, "g", &event);
	assert_non_null(value_of(learned, "g", ".", "count"));
	learned_free(learned);
}

static void
the_last_query_tells_whether_it_is_denied(void **state)
{
	struct learned *learned = new_learned();
	uint8_t wire[NAME_OCTETS_MAX];
	size_t length = wire_of("a", wire);
	struct event event = event_of("192.0.2.1", wire, length, NOW);

	(void)state;
	event.reason = REASON_DENIED;
	learned_add(learned, "g", &event);
	assert_string_equal(value_of(learned, "g", "a.", "denied"), "yes");
	event.reason = REASON_NOT_LISTED;
	learned_add(learned, "g", &event);
	assert_string_equal(value_of(learned, "g", "a.", "denied"), "no");
	learned_free(learned);
}

static void
a_clock_that_goes_back_spoils_nothing(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	ask(learned, "g", "192.0.2.1", "a", NOW);
	ask(learned, "g", "192.0.2.1", "a", NOW - DAY);
	assert_int_equal(number_of(learned, "a.", "first"), NOW - DAY);
	assert_int_equal(number_of(learned, "a.", "last"), NOW);
	ask(learned, "g", "192.0.2.1", "b", INT64_MIN);
	assert_string_equal(value_of(learned, "g", "b.", "first"), "0");
	ask(learned, "g", "192.0.2.1", "c", INT64_MAX);
	assert_string_equal(value_of(learned, "g", "c.", "last"),
		"9223372036854775807");
	learned_free(learned);
}

/* --- Clients. */

static void
clients_are_exact_up_to_eight(void **state)
{
	struct learned *learned = new_learned();
	unsigned i, again;

	(void)state;
	for (i = 1; i <= CROWD_EXACT; i++) {
		for (again = 1; again <= i; again++) {
			char client[32];

			snprintf(client, sizeof(client), again % 2 == 0
				? "2001:db8::%u" : "192.0.2.%u", again);
			ask(learned, "g", client, "a", NOW);
		}
		assert_int_equal(number_of(learned, "a.", "clients"), i);
		assert_int_equal(value_of(learned, "g", "a.", "single") !=
			NULL, i == 1);
	}
	/* The two forms of an IPv4 address are one client. */
	ask(learned, "g", "::ffff:192.0.2.1", "a", NOW);
	assert_int_equal(number_of(learned, "a.", "clients"), CROWD_EXACT);
	learned_free(learned);
}

static struct address
address_number(unsigned number)
{
	uint8_t octets[4] = { 10, (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };
	struct address address;

	address_set_ip4(&address, octets);
	return address;
}

static void
assert_about(unsigned expected, uint64_t found, unsigned percent)
{
	if (found * 100 < (uint64_t)expected * (100 - percent) ||
	    found * 100 > (uint64_t)expected * (100 + percent))
		fail_msg("found %lu, expected about %u", (unsigned long)found,
			expected);
}

static void
crowds_are_about_as_large_as_they_are(void **state)
{
	struct crowd crowd, half;
	uint64_t before = 0;
	unsigned i;

	(void)state;
	memset(&crowd, 0, sizeof(crowd));
	memset(&half, 0, sizeof(half));
	for (i = 1; i <= 4000; i++) {
		struct address address = address_number(i);

		crowd_add(&crowd, &address);
		crowd_add(&crowd, &address);
		if (i % 2 == 0)
			crowd_add(&half, &address);
		assert_true(crowd_count(&crowd) >= before);
		before = crowd_count(&crowd);
		assert_true(i <= CROWD_EXACT ? before == i
			: before > CROWD_EXACT);
		if (i >= 20)
			assert_about(i, before, i < 100 ? 20 : 15);
	}
	crowd_merge(&half, &crowd);
	assert_true(crowd_count(&half) == before);
	for (; i < 200000; i++) {
		struct address address = address_number(i);

		crowd_add(&crowd, &address);
	}
	assert_about(7690, crowd_count(&crowd), 1);
}

static void
crowds_of_any_size_merge(void **state)
{
	unsigned few, many, i;

	(void)state;
	for (few = 0; few <= 12; few++)
		for (many = 0; many <= 12; many++) {
			struct crowd a, b, both;

			memset(&a, 0, sizeof(a));
			memset(&b, 0, sizeof(b));
			memset(&both, 0, sizeof(both));
			for (i = 0; i < few + many; i++) {
				struct address address = address_number(i);

				crowd_add(&both, &address);
				crowd_add(i < few ? &a : &b, &address);
			}
			crowd_merge(&a, &b);
			assert_true(crowd_count(&a) == crowd_count(&both));
		}
}

/* --- Targets of CNAMEs. */

static void
a_name_is_a_target_while_each_query_follows_a_chain(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	be_target(learned, "g", "Cdn.Example", NOW);
	be_target(learned, "other", "www.example", NOW);
	ask(learned, "g", "192.0.2.1", "cdn.example", NOW);
	ask(learned, "g", "192.0.2.1", "cdn.example", NOW + 3600);
	ask(learned, "g", "192.0.2.1", "www.example", NOW);
	assert_string_equal(value_of(learned, "g", "cdn.example.", "target"),
		"yes");
	assert_string_equal(value_of(learned, "g", "www.example.", "target"),
		"no");
	/* For itself once, and it stays so. */
	ask(learned, "g", "192.0.2.1", "cdn.example", NOW + 3601);
	be_target(learned, "g", "cdn.example", NOW + 3602);
	ask(learned, "g", "192.0.2.1", "cdn.example", NOW + 3603);
	assert_string_equal(value_of(learned, "g", "cdn.example.", "target"),
		"no");
	/* Well before it was one. */
	be_target(learned, "g", "late.example", NOW + 100);
	ask(learned, "g", "192.0.2.1", "late.example", NOW);
	assert_string_equal(value_of(learned, "g", "late.example.", "target"),
		"no");
	/* To be a target is to be known by nobody. */
	be_target(learned, "g", "never.example", NOW);
	assert_null(value_of(learned, "g", "never.example.", "count"));
	learned_free(learned);
}

static void
targets_are_remembered_by_the_thousand(void **state)
{
	struct learned *learned = new_learned();
	unsigned i, found = 0;
	char name[32];

	(void)state;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "t%u.example", i);
		be_target(learned, "g", name, NOW + i / 100);
	}
	for (i = 90000; i < 100000; i++) {
		snprintf(name, sizeof(name), "t%u.example", i);
		ask(learned, "g", "192.0.2.1", name, NOW + 1000);
		snprintf(name, sizeof(name), "t%u.example.", i);
		if (i % 50 == 0)
			found += strcmp(value_of(learned, "g", name, "target"),
				"yes") == 0;
	}
	assert_in_range(found, 195, 200);
	learned_free(learned);
}

/* --- Memory. */

static void
flood(struct learned *learned, unsigned count, unsigned *number)
{
	char name[32];

	for (; count > 0; count--) {
		snprintf(name, sizeof(name), "x%u.flood.example", (*number)++);
		ask(learned, "g", "192.0.2.66", name, NOW);
	}
}

static void
no_flood_pushes_out_what_came_more_often(void **state)
{
	struct learned *learned = new_learned();
	size_t memory = learned_memory(learned);
	unsigned i, number = 0;
	char name[32];

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(learned, "g", "192.0.2.1", name, NOW);
		ask(learned, "g", "192.0.2.2", name, NOW);
	}
	flood(learned, 300000, &number);
	for (i = 0; i < 1000; i += 37) {
		snprintf(name, sizeof(name), "n%u.example.", i);
		assert_int_equal(number_of(learned, name, "count"), 2);
	}
	assert_int_equal(learned_used(learned), LEARNED_ROOM);
	assert_int_equal(learned_lost(learned), 301000 - LEARNED_ROOM);
	assert_int_equal(learned_memory(learned), memory);
	learned_free(learned);
}

static void
of_those_that_came_as_often_the_one_not_seen_for_longest_goes(void **state)
{
	struct learned *learned = new_learned();
	unsigned number = 0;

	(void)state;
	ask(learned, "other", "192.0.2.1", "old.example", NOW);
	ask(learned, "g", "192.0.2.1", "twice.example", NOW);
	flood(learned, LEARNED_ROOM - 2, &number);
	ask(learned, "g", "192.0.2.1", "twice.example", NOW);
	assert_int_equal(learned_lost(learned), 0);
	flood(learned, 1, &number);
	assert_null(value_of(learned, "other", "old.example.", "count"));
	assert_non_null(value_of(learned, "g", "x0.flood.example.", "count"));
	flood(learned, 1, &number);
	assert_null(value_of(learned, "g", "x0.flood.example.", "count"));
	assert_non_null(value_of(learned, "g", "x1.flood.example.", "count"));
	assert_non_null(value_of(learned, "g", "twice.example.", "count"));
	learned_free(learned);
}

/* Names that came twice, as many as there is room for, shut nobody out. */
static void
what_is_new_has_a_place_though_all_came_more_often(void **state)
{
	struct learned *learned = new_learned();
	unsigned number = 0;

	(void)state;
	flood(learned, LEARNED_ROOM, &number);
	number = 0;
	flood(learned, LEARNED_ROOM, &number);
	ask(learned, "g", "192.0.2.1", "new.example", NOW);
	assert_int_equal(number_of(learned, "new.example.", "count"), 1);
	ask(learned, "g", "192.0.2.1", "new.example", NOW);
	ask(learned, "g", "192.0.2.1", "new.example", NOW);
	flood(learned, 1000, &number);
	assert_int_equal(number_of(learned, "new.example.", "count"), 3);
	learned_free(learned);
}

/* --- Against counts of everything. */

#define KEYS 40

static void
chance_tells_nothing_else(void **state)
{
	struct chance chance = { 29 };
	struct learned *learned = new_learned();
	unsigned counts[3][KEYS] = { { 0 } }, i, key;
	static const char *const groups[] = { "a", "ab", "b" };

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < 20000; i++) {
		unsigned group = chance_below(&chance, 3);
		char name[16];

		key = chance_below(&chance, KEYS);
		if (chance_below(&chance, 500) == 0) {
			size_t known = 0;

			for (key = 0; key < KEYS; key++) {
				known += counts[group][key] > 0;
				counts[group][key] = 0;
			}
			assert_int_equal(learned_forget(learned,
				groups[group]), known);
			continue;
		}
		snprintf(name, sizeof(name), "k%u", key);
		ask(learned, groups[group], "192.0.2.1", name, NOW + i);
		counts[group][key]++;
	}
	for (i = 0; i < 3; i++)
		for (key = 0; key < KEYS; key++) {
			const char *value;
			char name[16];

			snprintf(name, sizeof(name), "k%u.", key);
			value = value_of(learned, groups[i], name, "count");
			assert_int_equal(value != NULL
				? strtoul(value, NULL, 10) : 0,
				counts[i][key]);
		}
	learned_free(learned);
}

static void
what_is_forgotten_leaves_the_others(void **state)
{
	struct learned *learned = new_learned();
	unsigned i, number = 0;
	char name[32];

	(void)state;
	for (i = 0; i < LEARNED_ROOM; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(learned, i % 2 ? "g" : "other", "192.0.2.1", name, NOW);
	}
	assert_int_equal(learned_forget(learned, "none"), 0);
	assert_int_equal(learned_forget(learned, "other"), LEARNED_ROOM / 2);
	assert_int_equal(learned_used(learned), LEARNED_ROOM / 2);
	assert_list(learned, "other", "");
	/* The heap and the chains are as they should be. */
	flood(learned, LEARNED_ROOM / 2 + 1, &number);
	assert_null(value_of(learned, "g", "n1.example.", "count"));
	assert_non_null(value_of(learned, "g", "n3.example.", "count"));
	assert_int_equal(learned_lost(learned), 1);
	learned_free(learned);
}

/* --- Over restarts. */

static struct learned *
read_again(const struct names_key *key)
{
	struct learned *learned = learned_new(key);

	assert_non_null(learned);
	assert_null(learned_read(learned, "state"));
	return learned;
}

/* Names that could break a file of lines, and clients of all sorts. */
static void
fill(struct learned *learned)
{
	static const char *const names[] = { "a.example", "\nend sum=.example",
		"a b.\"c\".\\d=*.e", "*.example", "\xff\x01.example", "*", ".",
		"learned name=x." };
	struct chance chance = { 31 };
	uint8_t wire[NAME_OCTETS_MAX];
	struct event event;
	unsigned i;

	be_target(learned, "g", "a.example", NOW);
	for (i = 0; i < 300; i++) {
		struct address client = address_number(
			chance_below(&chance, 1 + i));
		size_t length = wire_of(names[i % COUNT_OF(names)], wire);

		event = event_of("192.0.2.1", wire, length, NOW + i);
		event.qtype = (uint16_t)chance_below(&chance, 70);
		event.client = client;
		learned_add(learned, i % 3 ? "g" : "odd\n\"group\"", &event);
	}
	/* Every octet there is, in the longest name. */
	memset(wire, 0, sizeof(wire));
	for (i = 0; i < 254; i++)
		wire[i] = (uint8_t)(255 - i);
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	event = event_of("2001:db8::1", wire, 255, NOW);
	event.reason = REASON_DENIED;
	learned_add(learned, "g", &event);
}

static void
assert_same(const struct learned *a, const struct learned *b)
{
	static const char *const groups[] = { "g", "odd\n\"group\"" };
	unsigned i;

	assert_int_equal(learned_used(a), learned_used(b));
	for (i = 0; i < COUNT_OF(groups); i++) {
		char *text = list(a, groups[i]);

		assert_true(strlen(text) > 100);
		assert_list(b, groups[i], text);
		free(text);
	}
}

static void
what_was_learned_is_known_after_a_restart(void **state)
{
	struct learned *learned = new_learned(), *again;
	struct stat before, after;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	again = read_again(&other_key);
	assert_int_equal(learned_used(again), 0);
	/* Where nothing was learned there is nothing to write. */
	assert_null(learned_write(again, "state"));
	assert_int_equal(access(FILE_NAME, F_OK), -1);
	learned_free(again);
	fill(learned);
	assert_null(learned_write(learned, "state"));
	assert_int_equal(stat(FILE_NAME, &before), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	again = read_again(&other_key);
	assert_same(learned, again);
	/* What did not change is not written. */
	assert_int_equal(unlink(FILE_NAME), 0);
	assert_null(learned_write(again, "state"));
	assert_null(learned_write(learned, "state"));
	assert_int_equal(access(FILE_NAME, F_OK), -1);
	ask(again, "g", "192.0.2.1", "a.example", NOW);
	assert_null(learned_write(again, "state"));
	assert_int_equal(stat(FILE_NAME, &after), 0);
	assert_int_equal(learned_forget(again, "g"), 9);
	assert_null(learned_write(again, "state"));
	learned_free(learned);
	learned = read_again(&test_key);
	assert_list(learned, "g", "");
	learned_free(learned);
	learned_free(again);
}

static void
what_is_read_is_added(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	be_target(learned, "g", "a", NOW);
	ask(learned, "g", "192.0.2.1", "a", NOW);
	ask_type(learned, RRTYPE_AAAA, "a");
	ask(learned, "g", "192.0.2.1", "b", NOW);
	assert_null(learned_write(learned, "state"));
	learned_free(learned);
	learned = new_learned();
	ask(learned, "g", "192.0.2.2", "a", NOW + 9);
	assert_null(learned_read(learned, "state"));
	assert_list(learned, "g",
		"learned name=a. count=3 clients=2 first=1700000000 "
		"last=1700000009 types=A,AAAA target=no denied=no\n"
		"learned name=b. count=1 clients=1 single=192.0.2.1 "
		"first=1700000000 last=1700000000 types=A target=no "
		"denied=no\n");
	/* The file has not all of it. */
	assert_int_equal(unlink(FILE_NAME), 0);
	assert_null(learned_write(learned, "state"));
	assert_int_equal(access(FILE_NAME, F_OK), 0);
	learned_free(learned);
}

/* Which one is to go is kept as well. */
static void
the_order_is_the_same_after_a_restart(void **state)
{
	struct learned *learned = new_learned();
	unsigned number = 0;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	flood(learned, LEARNED_ROOM, &number);
	assert_null(learned_write(learned, "state"));
	learned_free(learned);
	learned = read_again(&other_key);
	assert_int_equal(learned_lost(learned), 0);
	flood(learned, 1, &number);
	assert_null(value_of(learned, "g", "x0.flood.example.", "count"));
	assert_non_null(value_of(learned, "g", "x1.flood.example.", "count"));
	learned_free(learned);
}

/* Reads OCTETS as the file; nothing may be taken over of a damaged one. */
static void
assert_damaged(const char *octets, size_t length)
{
	struct learned *learned = new_learned();
	const char *failed;

	write_octets(FILE_NAME, octets, length);
	failed = learned_read(learned, "state");
	assert_non_null(failed);
	assert_string_equal(failed, "the file is damaged");
	assert_int_equal(learned_used(learned), 0);
	/* And the next write goes over it. */
	ask(learned, "g", "192.0.2.1", "a", NOW);
	assert_null(learned_write(learned, "state"));
	learned_free(learned);
	learned = read_again(&test_key);
	assert_int_equal(learned_used(learned), 1);
	learned_free(learned);
}

static void
damage_is_noticed_wherever_it_is(void **state)
{
	struct chance chance = { 37 };
	struct learned *learned = new_learned();
	struct kept kept;
	unsigned i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_int_equal(mkdir("state", 0755), 0);
	fill(learned);
	assert_null(learned_write(learned, "state"));
	learned_free(learned);
	assert_null(keep_load("state", LEARNED_NAME, &kept));
	assert_damaged("", 0);
	for (i = 0; i < 150; i++) {
		size_t at = chance_word(&chance) % kept.length;
		char before = kept.octets[at];

		assert_damaged(kept.octets, at);
		kept.octets[at] ^= (char)(1u << chance_below(&chance, 8));
		assert_damaged(kept.octets, kept.length);
		kept.octets[at] = before;
	}
	/* Something behind it. */
	assert_damaged(kept.octets, kept.length + 1);
	keep_clear(&kept);
}

#define GOOD "learned group=g name=a. count=1 first=5 last=6 types=A " \
	"target=no denied=no clients=192.0.2.1\n"

static const char *const wrong_lines[] = {
	"\n", " \n", "learned\n", "learned x\n", "learned x=\\000\n",
	"lost count=5\n", "end\n",
	"learned name=a. count=1 first=5 last=6 types=A target=no denied=no "
		"clients=192.0.2.1\n",
	"learned group= name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=123456789012345678901234567890123 name=a. count=1 "
		"first=5 last=6 types=A target=no denied=no "
		"clients=192.0.2.1\n",
	"learned group=g name=a..b count=1 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=0 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=-1 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=18446744073709551616 first=5 last=6 "
		"types=A target=no denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=7 last=6 types=A target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=9223372036854775808 "
		"types=A target=no denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=6 types=FOO target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=6 types= target=no "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=maybe "
		"denied=no clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"clients=192.0.2.1\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no clients=\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.1,\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no clients=192.0.2.0/24\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no clients=::1,::2,::3,::4,::5,::6,::7,::8,::9\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no crowd=00ff\n",
	"learned group=g name=a. count=1 first=5 last=6 types=A target=no "
		"denied=no\n",
};

/* As a file whose checksum is right. */
static void
with_checksum(char *text, size_t size, const char *before, const char *lines)
{
	size_t length = (size_t)snprintf(text, size, "%s%s%s", before, GOOD,
		lines);

	assert_true(length + 32 < size);
	snprintf(text + length, size - length, "end sum=%016lx\n",
		(unsigned long)hash_checksum(text, length));
}

static void
lines_that_nobody_wrote_are_refused(void **state)
{
	static const char first[] = "bitsink-learned format=1\n";
	struct learned *learned = new_learned();
	char text[16384], line[9000];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	for (i = 0; i < COUNT_OF(wrong_lines); i++) {
		with_checksum(text, sizeof(text), first, wrong_lines[i]);
		print_message("%s", wrong_lines[i]);
		assert_damaged(text, strlen(text));
	}
	memset(line, 'a', sizeof(line));
	strcpy(line + sizeof(line) - 2, "\n");
	with_checksum(text, sizeof(text), first, line);
	assert_damaged(text, strlen(text));
	with_checksum(text, sizeof(text), "bitsink-learned format=2\n", "");
	assert_damaged(text, strlen(text));
	/* A key that is not known yet does no harm. */
	with_checksum(text, sizeof(text), first, "learned group=g name=b. "
		"count=1 first=5 last=6 types=A target=no denied=no more=x "
		"clients=192.0.2.1\n");
	write_octets(FILE_NAME, text, strlen(text));
	assert_null(learned_read(learned, "state"));
	assert_int_equal(learned_used(learned), 2);
	learned_free(learned);
}

static void
what_cannot_be_written_or_read_is_told(void **state)
{
	struct learned *learned = new_learned();

	(void)state;
	ask(learned, "g", "192.0.2.1", "a", NOW);
	errno = 0;
	assert_string_equal(learned_write(learned, "state"),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(learned_read(learned, "state"),
		"cannot open the directory");
	assert_int_equal(mkdir("state", 0755), 0);
	assert_int_equal(mkdir(FILE_NAME ".new", 0755), 0);
	assert_string_equal(learned_write(learned, "state"),
		"cannot make the new file");
	assert_int_equal(rmdir(FILE_NAME ".new"), 0);
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	assert_string_equal(learned_read(learned, "state"),
		"cannot read the file");
	/* Then it is still to be written. */
	assert_null(learned_write(learned, "state"));
	assert_null(learned_read(learned, "state"));
	assert_int_equal(number_of(learned, "a.", "count"), 2);
	learned_free(learned);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_counted_by_group),
		cmocka_unit_test(
			the_most_frequent_comes_first_and_equals_by_name),
		cmocka_unit_test(
			types_are_told_in_order_and_not_more_than_eight),
		cmocka_unit_test(what_no_allow_could_help_is_passed_over),
		cmocka_unit_test(the_last_query_tells_whether_it_is_denied),
		cmocka_unit_test(a_clock_that_goes_back_spoils_nothing),
		cmocka_unit_test(clients_are_exact_up_to_eight),
		cmocka_unit_test(crowds_are_about_as_large_as_they_are),
		cmocka_unit_test(crowds_of_any_size_merge),
		cmocka_unit_test(
			a_name_is_a_target_while_each_query_follows_a_chain),
		cmocka_unit_test(targets_are_remembered_by_the_thousand),
		cmocka_unit_test(no_flood_pushes_out_what_came_more_often),
		cmocka_unit_test(
		of_those_that_came_as_often_the_one_not_seen_for_longest_goes),
		cmocka_unit_test(
			what_is_new_has_a_place_though_all_came_more_often),
		cmocka_unit_test(chance_tells_nothing_else),
		cmocka_unit_test(what_is_forgotten_leaves_the_others),
		test_in_folder(what_was_learned_is_known_after_a_restart),
		test_in_folder(what_is_read_is_added),
		test_in_folder(the_order_is_the_same_after_a_restart),
		test_in_folder(damage_is_noticed_wherever_it_is),
		test_in_folder(lines_that_nobody_wrote_are_refused),
		test_in_folder(what_cannot_be_written_or_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
