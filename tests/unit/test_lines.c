/*
 * test_lines.c - which log lines are written: the first of a kind, and not
 * more from one client than a log can bear.
 */
#include "support.h"

#include "hash.h"
#include "lines.h"

#define MINUTE 60
/* The first second of a minute. */
#define START (INT64_C(30000000) * MINUTE)

static const struct names_key any_key = { { 7, 8 } };

static struct lines *
new_lines(unsigned limit)
{
	struct lines *lines = lines_new(limit, &any_key);

	assert_non_null(lines);
	return lines;
}

/* Groups are told apart by name; each call has its own for the number. */
static const struct group *
group_of(uint32_t number)
{
	static struct group groups[16];
	static size_t at;
	struct group *group = &groups[at++ % COUNT_OF(groups)];

	snprintf(group->name, sizeof(group->name), "g%u", number);
	return group;
}

static struct event
event_of(const char *client, uint32_t group, const char *qname,
	enum verdict verdict)
{
	struct event event;

	memset(&event, 0, sizeof(event));
	event.seconds = START;
	event.verdict = verdict;
	event.group = group_of(group);
	assert_int_equal(address_from_text(&event.client, client), 0);
	event.qname_len = (uint16_t)wire_of(qname, event.qname);
	return event;
}

static struct event_hashes
hashes_of(const struct event *event)
{
	const struct names_key key = hash_key(&any_key);
	struct event_hashes hashes;

	lines_hash(&hashes, &key, event);
	hashes.group = lines_hash_group(&key, event->group);
	return hashes;
}

static int
is_new(struct lines *lines, const struct event *event)
{
	const struct event_hashes hashes = hashes_of(event);

	return lines_is_first(lines, &hashes, event);
}

static void
forget(struct lines *lines, const struct event *event)
{
	const struct event_hashes hashes = hashes_of(event);

	lines_forget(lines, &hashes, event);
}

/* --- The first of a kind. */

static void
a_line_is_first_once(void **state)
{
	struct event event = event_of("192.0.2.1", 1, "a.example",
		VERDICT_BLOCK);
	struct lines *lines = new_lines(0);

	(void)state;
	assert_true(is_new(lines, &event));
	assert_false(is_new(lines, &event));
	assert_false(is_new(lines, &event));
	lines_free(lines);
	lines_free(NULL);
}

static void
another_client_group_name_or_verdict_is_another_line(void **state)
{
	const struct event others[] = {
		event_of("192.0.2.1", 1, "a.example", VERDICT_BLOCK),
		event_of("192.0.2.2", 1, "a.example", VERDICT_BLOCK),
		event_of("2001:db8::1", 1, "a.example", VERDICT_BLOCK),
		event_of("2001:db8::2", 1, "a.example", VERDICT_BLOCK),
		/* The octets of the first, in the other family. */
		event_of("c000:0201::", 1, "a.example", VERDICT_BLOCK),
		event_of("192.0.2.1", 2, "a.example", VERDICT_BLOCK),
		event_of("192.0.2.1", 257, "a.example", VERDICT_BLOCK),
		event_of("192.0.2.1", 1 << 24, "a.example", VERDICT_BLOCK),
		event_of("192.0.2.1", 1, "a.example", VERDICT_AUDIT),
		event_of("192.0.2.1", 1, "a.example", VERDICT_ALLOW),
		event_of("192.0.2.1", 1, "b.example", VERDICT_BLOCK),
		event_of("192.0.2.1", 1, "a.example.com", VERDICT_BLOCK),
		event_of("192.0.2.1", 1, "example", VERDICT_BLOCK),
		event_of("192.0.2.1", 1, ".", VERDICT_BLOCK),
	};
	struct lines *lines = new_lines(0);
	struct event no_name = others[0];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(others); i++)
		assert_true(is_new(lines, &others[i]));
	no_name.qname_len = 0;
	assert_true(is_new(lines, &no_name));
	for (i = 0; i < COUNT_OF(others); i++)
		assert_false(is_new(lines, &others[i]));
	assert_false(is_new(lines, &no_name));
	lines_free(lines);
}

static void
what_is_wrong_with_an_allowed_name_is_another_line(void **state)
{
	static const enum reason reasons[] = { REASON_NOT_LISTED, REASON_TYPE,
		REASON_CHAIN, REASON_ADDRESS, REASON_ANSWER, REASON_BUSY };
	static const enum reason same[] = { REASON_DENIED, REASON_CLASS,
		REASON_NOT_LISTED, REASON_BUSY, REASON_ADDRESS };
	struct event event = event_of("192.0.2.1", 1, "a.example",
		VERDICT_BLOCK);
	struct lines *lines = new_lines(0);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(reasons); i++) {
		event.reason = reasons[i];
		assert_true(is_new(lines, &event));
	}
	for (i = 0; i < COUNT_OF(same); i++) {
		event.reason = same[i];
		assert_false(is_new(lines, &event));
	}
	lines_free(lines);
}

static void
letter_case_and_all_else_make_no_other_line(void **state)
{
	struct event event = event_of("192.0.2.1", 1, "www.Example-[1]",
		VERDICT_BLOCK);
	struct event same = event_of("192.0.2.1", 1, "WwW.eXAMPLE-[1]",
		VERDICT_BLOCK);
	struct event other = event_of("192.0.2.1", 1, "www.example-{1}",
		VERDICT_BLOCK);
	struct lines *lines = new_lines(0);

	(void)state;
	same.seconds += 100000;
	same.microseconds = 5;
	same.qtype = RRTYPE_AAAA;
	same.qclass = RRCLASS_IN;
	same.reason = REASON_DENIED;
	same.action = ACTION_DROP;
	same.rule.line = 9;
	/* What is behind the name is none of it. */
	same.qname[same.qname_len] = 'x';
	assert_true(is_new(lines, &event));
	assert_false(is_new(lines, &same));
	/* Only ASCII letters have a case. */
	assert_true(is_new(lines, &other));
	lines_free(lines);
}

static void
the_longest_name_is_compared_to_its_end(void **state)
{
	struct event event = event_of("192.0.2.1", 1, ".", VERDICT_BLOCK);
	struct lines *lines = new_lines(0);
	struct event other;

	(void)state;
	event.qname_len = NAME_OCTETS_MAX;
	memset(event.qname, 'A', sizeof(event.qname));
	other = event;
	assert_true(is_new(lines, &event));
	other.qname[NAME_OCTETS_MAX - 1] = 'b';
	assert_true(is_new(lines, &other));
	other.qname[NAME_OCTETS_MAX - 1] = 'a';
	assert_false(is_new(lines, &other));
	lines_free(lines);
}

/* The line of a number. */
static int
is_first(struct lines *lines, unsigned number)
{
	struct event event = event_of("192.0.2.1", number, "a.example",
		VERDICT_BLOCK);

	return is_new(lines, &event);
}

/* How many of the lines from FIRST to END - 1 come as the first again. Those
 * that are known come first: nothing has to go for them. */
static unsigned
forgotten(struct lines *lines, unsigned first, unsigned end)
{
	unsigned i, count = 0;

	for (i = end; i > first; i--)
		count += is_first(lines, i - 1) != 0;
	return count;
}

/* The table has sets, so that single lines go a little earlier or later than
 * the oldest of all; but of each set the oldest. */
static void
a_full_table_forgets_the_oldest(void **state)
{
	enum { ALL = 5 * LINES_SEEN_MAX };
	struct lines *lines = new_lines(0);
	size_t memory = lines_memory(lines);
	unsigned i;

	(void)state;
	for (i = 0; i < ALL; i++)
		assert_true(is_first(lines, i));
	assert_int_equal(forgotten(lines, ALL - LINES_SEEN_MAX / 8, ALL), 0);
	/* From here on a line that is known, while older ones go, was kept
	 * instead of them. */
	assert_int_equal(forgotten(lines, 0, ALL - LINES_SEEN_MAX / 8),
		ALL - LINES_SEEN_MAX);
	assert_int_equal(lines_memory(lines), memory);
	lines_free(lines);
}

static void
a_line_that_goes_on_coming_is_not_forgotten(void **state)
{
	struct lines *lines = new_lines(0);
	unsigned i;

	(void)state;
	assert_true(is_first(lines, 0));
	for (i = 1; i < 4 * LINES_SEEN_MAX; i++) {
		(void)is_first(lines, i);
		if (i % (LINES_SEEN_MAX / 16) == 0)
			assert_false(is_first(lines, 0));
	}
	lines_free(lines);
}

static void
a_line_that_is_taken_back_is_first_again(void **state)
{
	struct event event = event_of("192.0.2.1", 1, "a.example",
		VERDICT_BLOCK);
	struct event other = event_of("192.0.2.1", 1, "b.example",
		VERDICT_BLOCK);
	struct lines *lines = new_lines(0);
	unsigned i;

	(void)state;
	/* One that is not known is not forgotten either. */
	forget(lines, &event);
	assert_true(is_new(lines, &other));
	for (i = 0; i < 3; i++) {
		assert_true(is_new(lines, &event));
		forget(lines, &event);
	}
	forget(lines, &event);
	assert_false(is_new(lines, &other));
	assert_true(is_new(lines, &event));
	assert_false(is_new(lines, &event));
	lines_free(lines);
}

/* Of a full table, too, only the oldest of a set is the price. */
static void
what_is_taken_back_takes_no_other_with_it(void **state)
{
	struct lines *lines = new_lines(0);
	unsigned i, known = 0;

	(void)state;
	for (i = 0; i < LINES_SEEN_MAX / 8; i++)
		assert_true(is_first(lines, i));
	for (i = 0; i < 1000; i++) {
		struct event event = event_of("192.0.2.2", i, "a.example",
			VERDICT_BLOCK);

		assert_true(is_new(lines, &event));
		forget(lines, &event);
	}
	for (i = 0; i < LINES_SEEN_MAX / 8; i++)
		known += !is_first(lines, i);
	assert_int_equal(known, LINES_SEEN_MAX / 8);
	lines_free(lines);
}

static void
a_line_goes_on_being_known_under_another_policy(void **state)
{
	struct event event = event_of("192.0.2.1", 1, "a.example",
		VERDICT_BLOCK);
	struct lines *lines = new_lines(0);
	struct group *gone = calloc(1, sizeof(*gone));

	(void)state;
	assert_non_null(gone);
	memcpy(gone->name, event.group->name, sizeof(gone->name));
	event.group = gone;
	assert_true(is_new(lines, &event));
	memset(gone, 0xa5, sizeof(*gone));
	free(gone);
	/* The same name, whatever it is of. */
	event.group = group_of(1);
	assert_false(is_new(lines, &event));
	lines_free(lines);
}

/* --- Not too many of one client. */

#define REPORTS_MAX 8

/* What was reported. */
struct reports {
	struct lines_suppressed kept[REPORTS_MAX];
	size_t count;
	uint64_t sum;
	/* Of it, for clients without a place of their own. */
	uint64_t others;
};

static void
take_report(void *arg, const struct lines_suppressed *suppressed)
{
	struct reports *reports = arg;

	assert_true(suppressed->count > 0);
	if (reports->count < REPORTS_MAX)
		reports->kept[reports->count] = *suppressed;
	reports->count++;
	reports->sum += suppressed->count;
	if (suppressed->client.family == ADDRESS_NONE)
		reports->others += suppressed->count;
}

static struct reports
report_at(struct lines *lines, int64_t now)
{
	struct reports reports;

	memset(&reports, 0, sizeof(reports));
	lines_report(lines, now, take_report, &reports);
	return reports;
}

/* How many lines of TIMES events may be written. */
static unsigned
write_many(struct lines *lines, const char *client, uint32_t group,
	int64_t seconds, unsigned times)
{
	struct event event = event_of(client, group, "a.example",
		VERDICT_BLOCK);
	unsigned written = 0;

	event.seconds = seconds;
	for (; times > 0; times--)
		written += lines_may_write(lines, &event) != 0;
	return written;
}

static int
is_report(const struct lines_suppressed *suppressed, const char *client,
	uint32_t group, uint64_t count)
{
	struct address address;

	assert_int_equal(address_from_text(&address, client), 0);
	return suppressed->client.family == address.family &&
		memcmp(suppressed->client.octets, address.octets, 16) == 0 &&
		strcmp(suppressed->group, group_of(group)->name) == 0 &&
		suppressed->count == count;
}

static void
limit_0_lets_everything_pass(void **state)
{
	struct lines *lines = new_lines(0);

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 10000),
		10000);
	assert_int_equal(report_at(lines, INT64_MAX).count, 0);
	lines_free(lines);
}

static void
the_first_lines_of_a_minute_pass(void **state)
{
	struct lines *lines = new_lines(3);
	struct reports reports;

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 2), 2);
	assert_int_equal(write_many(lines, "192.0.2.2", 1, START, 3), 3);
	assert_int_equal(write_many(lines, "2001:db8::1", 2, START, 4), 3);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + 59, 9), 1);
	/* The minute is not over. */
	assert_int_equal(report_at(lines, START + 59).count, 0);
	reports = report_at(lines, START + MINUTE);
	assert_int_equal(reports.count, 2);
	assert_true(is_report(&reports.kept[0], "192.0.2.1", 1, 8));
	assert_true(is_report(&reports.kept[1], "2001:db8::", 2, 1));
	/* It is forgotten then. */
	assert_int_equal(report_at(lines, START + MINUTE).count, 0);
	assert_int_equal(report_at(lines, INT64_MAX).count, 0);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + MINUTE, 4),
		3);
	lines_free(lines);
}

static void
the_same_octets_in_two_families_are_two_clients(void **state)
{
	struct lines *lines = new_lines(1);

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 2), 1);
	assert_int_equal(write_many(lines, "c000:0201::", 1, START, 2), 1);
	assert_int_equal(report_at(lines, INT64_MAX).count, 2);
	lines_free(lines);
}

static void
the_group_is_that_of_the_first_line_left_out(void **state)
{
	struct lines *lines = new_lines(1);
	struct reports reports;

	(void)state;
	(void)write_many(lines, "192.0.2.1", 1, START, 1);
	(void)write_many(lines, "192.0.2.1", 2, START, 1);
	(void)write_many(lines, "192.0.2.1", 3, START, 1);
	reports = report_at(lines, START + MINUTE);
	assert_int_equal(reports.count, 1);
	assert_true(is_report(&reports.kept[0], "192.0.2.1", 2, 2));
	lines_free(lines);
}

static void
at_the_end_the_minute_that_is_not_over_is_reported_too(void **state)
{
	struct lines *lines = new_lines(1);
	struct reports reports;

	(void)state;
	(void)write_many(lines, "192.0.2.1", 1, START, 5);
	reports = report_at(lines, INT64_MAX);
	assert_int_equal(reports.count, 1);
	assert_true(is_report(&reports.kept[0], "192.0.2.1", 1, 4));
	assert_int_equal(report_at(lines, INT64_MAX).count, 0);
	/* And once more. */
	(void)write_many(lines, "192.0.2.1", 1, START, 5);
	(void)write_many(lines, "192.0.2.1", 1, INT64_MAX, 5);
	assert_int_equal(report_at(lines, INT64_MAX).sum, 8);
	lines_free(lines);
}

static void
minutes_nobody_asked_for_are_reported_later(void **state)
{
	struct lines *lines = new_lines(2);
	struct reports reports;

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 2);
	assert_int_equal(write_many(lines, "192.0.2.1", 2, START + MINUTE, 6),
		2);
	assert_int_equal(write_many(lines, "192.0.2.1", 3,
		START + 9 * MINUTE, 7), 2);
	/* Of the minutes that are over alone. */
	reports = report_at(lines, START + 9 * MINUTE);
	assert_int_equal(reports.count, 1);
	assert_true(is_report(&reports.kept[0], "192.0.2.1", 1, 7));
	reports = report_at(lines, START + 10 * MINUTE);
	assert_int_equal(reports.count, 1);
	assert_true(is_report(&reports.kept[0], "192.0.2.1", 3, 5));
	lines_free(lines);
}

static void
an_event_that_comes_late_belongs_to_this_minute(void **state)
{
	struct lines *lines = new_lines(2);

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 1), 1);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START - 1, 1), 1);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 1), 0);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START - 1, 1), 0);
	assert_int_equal(report_at(lines, START - 1).count, 0);
	assert_int_equal(report_at(lines, START).count, 0);
	assert_int_equal(report_at(lines, START + MINUTE).sum, 2);
	lines_free(lines);
}

static void
a_clock_that_goes_back_loses_nothing_silences_nobody(void **state)
{
	struct lines *lines = new_lines(2);
	int64_t wrong = START + INT64_C(99999999);

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, wrong, 5), 2);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 2);
	assert_int_equal(report_at(lines, START).sum, 3);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 0);
	assert_int_equal(report_at(lines, START + MINUTE).sum, 8);
	/* The one that reports notices first. */
	assert_int_equal(write_many(lines, "192.0.2.1", 1, wrong, 5), 2);
	assert_int_equal(report_at(lines, START).sum, 3);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 2);
	assert_int_equal(report_at(lines, INT64_MAX).sum, 3);
	lines_free(lines);
}

/* Of 10.0.0.0/8. */
static int
may_client_write(struct lines *lines, unsigned number, uint32_t group,
	int64_t seconds)
{
	struct event event = event_of("10.0.0.0", group, ".", VERDICT_BLOCK);

	event.client.octets[1] = (uint8_t)(number >> 16);
	event.client.octets[2] = (uint8_t)(number >> 8);
	event.client.octets[3] = (uint8_t)number;
	event.seconds = seconds;
	return lines_may_write(lines, &event);
}

static void
clients_beyond_the_places_share_one(void **state)
{
	struct lines *lines = new_lines(2);
	struct reports reports;
	unsigned i, round;

	(void)state;
	for (i = 0; i < LINES_CLIENTS_MAX; i++)
		assert_true(may_client_write(lines, i, 1, START));
	assert_true(may_client_write(lines, LINES_CLIENTS_MAX, 2, START));
	assert_true(may_client_write(lines, LINES_CLIENTS_MAX + 1, 3, START));
	assert_false(may_client_write(lines, LINES_CLIENTS_MAX + 2, 4, START));
	assert_false(may_client_write(lines, LINES_CLIENTS_MAX, 2, START));
	/* Who has a place keeps it. */
	for (round = 0; round < 2; round++)
		for (i = 0; i < LINES_CLIENTS_MAX; i++)
			assert_int_equal(may_client_write(lines, i, 1, START),
				round == 0);
	reports = report_at(lines, START + MINUTE);
	assert_int_equal(reports.count, LINES_CLIENTS_MAX + 1);
	assert_int_equal(reports.sum, LINES_CLIENTS_MAX + 2);
	assert_int_equal(reports.others, 2);
	/* In the next minute there is room again. */
	for (i = 0; i < LINES_CLIENTS_MAX; i++) {
		unsigned client = LINES_CLIENTS_MAX * 2 + i;

		for (round = 0; round < 3; round++)
			assert_int_equal(may_client_write(lines, client, 1,
				START + MINUTE), round < 2);
	}
	reports = report_at(lines, START + 2 * MINUTE);
	assert_int_equal(reports.sum, LINES_CLIENTS_MAX);
	assert_int_equal(reports.others, 0);
	lines_free(lines);
}

static void
a_client_with_nothing_left_out_makes_room_in_time(void **state)
{
	struct lines *lines = new_lines(1);
	unsigned i;

	(void)state;
	assert_true(may_client_write(lines, 0, 1, START));
	assert_false(may_client_write(lines, 0, 1, START));
	for (i = 1; i < LINES_CLIENTS_MAX; i++)
		assert_true(may_client_write(lines, i, 1, START));
	/* Nobody asked for a report, so that the first one stays. */
	for (i = 1; i < LINES_CLIENTS_MAX; i++)
		assert_true(may_client_write(lines, i + LINES_CLIENTS_MAX, 1,
			START + MINUTE));
	assert_int_equal(report_at(lines, START + MINUTE).others, 0);
	assert_int_equal(report_at(lines, INT64_MAX).count, 0);
	lines_free(lines);
}

static void
the_shared_place_has_the_group_of_its_first_left_out(void **state)
{
	struct lines *lines = new_lines(1);
	struct reports reports;
	unsigned i;

	(void)state;
	for (i = 0; i <= LINES_CLIENTS_MAX; i++)
		assert_true(may_client_write(lines, i, 1, START));
	assert_false(may_client_write(lines, i, 5, START));
	assert_false(may_client_write(lines, i, 6, START));
	reports = report_at(lines, INT64_MAX);
	assert_int_equal(reports.count, 1);
	assert_int_equal(reports.kept[0].client.family, ADDRESS_NONE);
	assert_string_equal(reports.kept[0].group, "g5");
	assert_int_equal(reports.kept[0].count, 2);
	lines_free(lines);
}

static void
a_flood_of_addresses_is_counted_to_the_last(void **state)
{
	enum { CLIENTS = 100000, LIMIT = 3 };
	struct lines *lines = new_lines(LIMIT);
	size_t memory = lines_memory(lines);
	struct reports reports;
	unsigned i, written = 0, minute;

	(void)state;
	for (minute = 0; minute < 2; minute++) {
		int64_t now = START + (int64_t)minute * MINUTE;

		for (i = 0; i < CLIENTS; i++)
			written += may_client_write(lines, i, 1, now) != 0;
		assert_int_equal(written, LINES_CLIENTS_MAX + LIMIT);
		reports = report_at(lines, now + MINUTE);
		assert_int_equal(reports.count, 1);
		assert_int_equal(reports.others + written, CLIENTS);
		written = 0;
	}
	assert_int_equal(lines_memory(lines), memory);
	lines_free(lines);
}

/* Whatever the clock does and however seldom somebody asks. */
static void
what_passed_and_what_is_reported_is_all_there_was(void **state)
{
	enum { EVENTS = 300000 };
	struct chance chance = { 41 };
	struct lines *lines = new_lines(5);
	int64_t now = START;
	uint64_t written = 0, reported = 0;
	unsigned i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < EVENTS; i++) {
		unsigned way = chance_below(&chance, 20000);
		unsigned clients = chance_below(&chance, 3) ? 50 : 20000;

		if (way < 60)
			now += way;
		else if (way < 65)
			now -= chance_below(&chance, 200);
		else if (way == 65)
			now = START + chance_below(&chance, 1000000);
		written += may_client_write(lines,
			chance_below(&chance, clients), 1,
			now - chance_below(&chance, 2)) != 0;
		if (way % 4000 == 66)
			reported += report_at(lines, now).sum;
	}
	assert_true(written > 0);
	assert_true(reported > 0);
	reported += report_at(lines, INT64_MAX).sum;
	assert_int_equal(written + reported, EVENTS);
	lines_free(lines);
}

static void
addresses_of_one_network_are_one_client(void **state)
{
	struct lines *lines = new_lines(3);
	struct reports reports;

	(void)state;
	assert_int_equal(write_many(lines, "2001:db8::1", 1, START, 2), 2);
	assert_int_equal(write_many(lines, "2001:db8::ffff:ffff:ffff:ffff", 1,
		START, 2), 1);
	assert_int_equal(write_many(lines, "2001:db8::", 1, START, 2), 0);
	assert_int_equal(write_many(lines, "2001:db8:0:1::", 1, START, 4), 3);
	assert_int_equal(write_many(lines, "2001:db7:ffff:ffff:ffff::", 1,
		START, 4), 3);
	/* Of IPv4 each. */
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 4), 3);
	assert_int_equal(write_many(lines, "192.0.2.0", 1, START, 3), 3);
	reports = report_at(lines, START + MINUTE);
	assert_int_equal(reports.count, 4);
	assert_true(is_report(&reports.kept[0], "2001:db8::", 1, 3));
	assert_true(is_report(&reports.kept[1], "2001:db8:0:1::", 1, 1));
	assert_true(is_report(&reports.kept[2], "2001:db7:ffff:ffff::", 1,
		1));
	assert_true(is_report(&reports.kept[3], "192.0.2.1", 1, 1));
	lines_free(lines);
}

static void
all_clients_together_have_a_limit(void **state)
{
	enum { EACH = 100, ENOUGH = LINES_TOTAL_MAX / EACH };
	struct lines *lines = new_lines(EACH);
	char client[32];
	unsigned i;

	(void)state;
	for (i = 0; i < ENOUGH; i++) {
		sprintf(client, "10.0.%u.%u", i / 256, i % 256);
		assert_int_equal(write_many(lines, client, 1, START,
			EACH + 1), EACH);
	}
	/* Nobody has any left, and that is told. */
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 0);
	assert_int_equal(report_at(lines, START + MINUTE).sum, ENOUGH + 5);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + MINUTE, 5),
		5);
	/* Who wants no limit has none. */
	lines_set_limit(lines, 0);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + MINUTE,
		2 * LINES_TOTAL_MAX), 2 * LINES_TOTAL_MAX);
	lines_free(lines);
}

static void
another_limit_counts_from_the_next_line_on(void **state)
{
	struct lines *lines = new_lines(3);

	(void)state;
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 3);
	/* More in the same minute, and those that were written count. */
	lines_set_limit(lines, 5);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 5), 2);
	lines_set_limit(lines, 1);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 4), 0);
	assert_int_equal(write_many(lines, "192.0.2.2", 1, START, 4), 1);
	/* Without a limit nothing is counted, and what was is told. */
	lines_set_limit(lines, 0);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START, 9), 9);
	assert_int_equal(report_at(lines, START + MINUTE).sum, 2 + 3 + 4 + 3);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + MINUTE,
		9), 9);
	lines_set_limit(lines, 2);
	assert_int_equal(write_many(lines, "192.0.2.1", 1, START + MINUTE,
		9), 2);
	assert_int_equal(report_at(lines, INT64_MAX).sum, 7);
	lines_free(lines);
}

static void
a_group_that_is_gone_is_still_told_of(void **state)
{
	struct event event = event_of("192.0.2.1", 1, "a.example",
		VERDICT_BLOCK);
	struct group *gone = calloc(1, sizeof(*gone));
	struct lines *lines = new_lines(1);
	struct reports reports;

	(void)state;
	assert_non_null(gone);
	strcpy(gone->name, "a-name-of-just-32-octets-1234567");
	event.group = gone;
	assert_true(lines_may_write(lines, &event));
	assert_false(lines_may_write(lines, &event));
	memset(gone, 0xa5, sizeof(*gone));
	free(gone);
	reports = report_at(lines, INT64_MAX);
	assert_int_equal(reports.count, 1);
	assert_string_equal(reports.kept[0].group,
		"a-name-of-just-32-octets-1234567");
	lines_free(lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_first_once),
		cmocka_unit_test(
			another_client_group_name_or_verdict_is_another_line),
		cmocka_unit_test(
			what_is_wrong_with_an_allowed_name_is_another_line),
		cmocka_unit_test(letter_case_and_all_else_make_no_other_line),
		cmocka_unit_test(the_longest_name_is_compared_to_its_end),
		cmocka_unit_test(a_full_table_forgets_the_oldest),
		cmocka_unit_test(a_line_that_goes_on_coming_is_not_forgotten),
		cmocka_unit_test(a_line_that_is_taken_back_is_first_again),
		cmocka_unit_test(what_is_taken_back_takes_no_other_with_it),
		cmocka_unit_test(
			a_line_goes_on_being_known_under_another_policy),
		cmocka_unit_test(limit_0_lets_everything_pass),
		cmocka_unit_test(the_first_lines_of_a_minute_pass),
		cmocka_unit_test(
			the_same_octets_in_two_families_are_two_clients),
		cmocka_unit_test(the_group_is_that_of_the_first_line_left_out),
		cmocka_unit_test(
			at_the_end_the_minute_that_is_not_over_is_reported_too),
		cmocka_unit_test(minutes_nobody_asked_for_are_reported_later),
		cmocka_unit_test(
			an_event_that_comes_late_belongs_to_this_minute),
		cmocka_unit_test(
			a_clock_that_goes_back_loses_nothing_silences_nobody),
		cmocka_unit_test(clients_beyond_the_places_share_one),
		cmocka_unit_test(
			a_client_with_nothing_left_out_makes_room_in_time),
		cmocka_unit_test(
			the_shared_place_has_the_group_of_its_first_left_out),
		cmocka_unit_test(a_flood_of_addresses_is_counted_to_the_last),
		cmocka_unit_test(
			what_passed_and_what_is_reported_is_all_there_was),
		cmocka_unit_test(addresses_of_one_network_are_one_client),
		cmocka_unit_test(all_clients_together_have_a_limit),
		cmocka_unit_test(another_limit_counts_from_the_next_line_on),
		cmocka_unit_test(a_group_that_is_gone_is_still_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
