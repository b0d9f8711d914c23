/*
 * test_tape.c - a recorded policy can be loaded again, and only a whole one.
 */
#include "support.h"

#include "hash.h"
#include "keep.h"
#include "policy.h"
#include "tape.h"

static struct policy *
load_with_site_and(const char *path, const char *site, struct tape *tape,
	struct diag *diag)
{
	static const char *const directories[] = { "installed", NULL };
	const struct policy_options options = {
		.list_directories = directories,
		.key = { { 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u } },
		.site = site,
		.site_length = site != NULL ? strlen(site) : 0,
		.tape = tape,
	};

	memset(diag, 0, sizeof(*diag));
	return policy_load(path, &options, diag);
}

static struct policy *
load_with(const char *path, struct tape *tape, struct diag *diag)
{
	return load_with_site_and(path, NULL, tape, diag);
}

/* A policy of five files, two of them by a pattern, and one list twice. */
static void
write_policy(void)
{
	assert_int_equal(mkdir("installed", 0755), 0);
	assert_int_equal(mkdir("parts", 0755), 0);
	write_text("installed/names.list", ".listed.example http\n");
	write_text("parts/a.conf", "group:\n name: a\n client: 192.0.2.1\n"
		" allow-list: names\n include: \"more\"\n");
	write_text("parts/more", "deny: b.listed.example\n");
	write_text("parts/b.conf", "group:\n name: b\n client: 192.0.2.2\n"
		" allow-list: names\n action: refused\n");
	write_text("policy.conf", "include: \"parts/*.conf\"\n"
		"include: \"nothing*\"\n");
}

static void
assert_decisions(const struct policy *policy)
{
	assert_non_null(policy);
	assert_int_equal(policy->group_count, 2);
	assert_int_equal(policy->list_count, 1);
	assert_int_equal(verdict_of(policy, "192.0.2.1", "listed.example"),
		VERDICT_ALLOW);
	assert_int_equal(verdict_of(policy, "192.0.2.1", "b.listed.example"),
		VERDICT_BLOCK);
	assert_int_equal(verdict_of(policy, "192.0.2.2", "b.listed.example"),
		VERDICT_ALLOW);
	assert_int_equal(verdict_of(policy, "192.0.2.2", "other.example"),
		VERDICT_BLOCK);
	assert_int_equal(verdict_of(policy, "192.0.2.3", "other.example"),
		VERDICT_UNRESTRICTED);
}

static void
record(struct tape *tape)
{
	struct diag diag;
	struct policy *policy;

	memset(tape, 0, sizeof(*tape));
	write_policy();
	policy = load_with("policy.conf", tape, &diag);
	assert_decisions(policy);
	assert_int_equal(tape_finish(tape), 0);
	policy_free(policy);
	diag_clear(&diag);
}

/* Opens a copy of the first LENGTH octets. */
static int
open_copy(struct tape *copy, const struct tape *tape, size_t length)
{
	char *memory = malloc(length + 1);

	assert_non_null(memory);
	memcpy(memory, tape->memory, length);
	return tape_open(copy, memory, length);
}

static void
what_was_recorded_is_loaded_without_the_files(void **state)
{
	struct tape tape, copy;
	struct policy *policy;
	struct diag diag;

	(void)state;
	record(&tape);
	assert_int_equal(system("rm -rf policy.conf parts installed"), 0);
	assert_int_equal(open_copy(&copy, &tape, tape.length), 0);
	policy = load_with(NULL, &copy, &diag);
	assert_int_equal(diag.errors, 0);
	assert_decisions(policy);
	assert_string_equal(policy->sources[0], "policy.conf");
	policy_free(policy);
	diag_clear(&diag);
	tape_clear(&copy);
	tape_clear(&tape);
}

/* --- What the host declares, and time zones. */

#define SITE "tag name=t\nclient prefix=198.51.100.0/24 tags=t\n" \
	"zone name=corp.example. kind=stub\n"
#define TUESDAY INT64_C(1704153600)
#define HOUR 3600

static void
write_policy_with_zone(const struct folder *folder)
{
	char text[600];

	write_zone("zone", "CET-1");
	snprintf(text, sizeof(text), "group: name: one client: 192.0.2.1\n"
		"client-tag: t allow-site-names: yes\n"
		"window: 'Tue 22:00-23:00' time-zone: %s/zone\n"
		"window-allow: b.example window-allow-list: names\n"
		"group: name: two client: 192.0.2.2 allow: a.example\n"
		"window: 'Tue 22:00-23:00' window-allow: b.example\n"
		"time-zone: %s/zone quiet-list: names\n", folder->path,
		folder->path);
	write_text("policy.conf", text);
	write_text("installed/names.list", "listed.example\n");
}

static enum reason
reason_at(const struct policy *policy, const char *client, const char *qname,
	int64_t now)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of(client, qname, wire);
	struct decision decision;

	query.now = now;
	policy_decide(policy, &query, &decision);
	return decision.reason;
}

static void
assert_site_and_zone(const struct policy *policy)
{
	static const struct {
		const char *client, *qname;
		int64_t hour;
		enum reason reason;
	} rows[] = {
		{ "192.0.2.1", "dc.corp.example", 0, REASON_SITE },
		{ "198.51.100.9", "dc.corp.example", 0, REASON_SITE },
		{ "198.51.101.9", "dc.corp.example", 0, REASON_NO_GROUP },
		{ "192.0.2.2", "dc.corp.example", 0, REASON_NOT_LISTED },
		{ "192.0.2.1", "b.example", 20, REASON_NOT_LISTED },
		{ "192.0.2.1", "b.example", 21, REASON_ALLOWED },
		{ "198.51.100.9", "listed.example", 21, REASON_ALLOWED },
		{ "192.0.2.1", "b.example", 22, REASON_NOT_LISTED },
		{ "192.0.2.2", "b.example", 21, REASON_ALLOWED },
		{ "192.0.2.2", "listed.example", 21, REASON_QUIET },
	};
	size_t i;

	assert_non_null(policy);
	for (i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(reason_at(policy, rows[i].client,
			rows[i].qname, TUESDAY + rows[i].hour * HOUR),
			rows[i].reason);
}

/* Whatever the host says by then, and without the file of the zone. */
static void
what_the_host_declares_and_time_zones_are_recorded(void **state)
{
	struct tape tape, copy;
	struct policy *policy;
	struct diag diag;
	size_t i, versions = 0;

	memset(&tape, 0, sizeof(tape));
	write_policy_with_zone(*state);
	policy = load_with_site_and("policy.conf", SITE, &tape, &diag);
	assert_site_and_zone(policy);
	assert_int_equal(tape_finish(&tape), 0);
	policy_free(policy);
	diag_clear(&diag);
	/* What the host declares is first, and a zone is there once. */
	assert_memory_equal(tape.memory + strlen("bitsink-policy 1\n"), "S ",
		2);
	for (i = 0; i + 5 <= tape.length; i++)
		versions += memcmp(tape.memory + i, "TZif2", 5) == 0;
	assert_int_equal(versions, 2);
	assert_int_equal(system("rm -rf policy.conf zone installed"), 0);
	assert_int_equal(open_copy(&copy, &tape, tape.length), 0);
	policy = load_with_site_and(NULL, "zone name=x. kind=stub\n", &copy,
		&diag);
	assert_int_equal(diag.errors, 0);
	assert_site_and_zone(policy);
	policy_free(policy);
	diag_clear(&diag);
	tape_clear(&copy);
	tape_clear(&tape);
}

/* What was recorded without a host is loaded without one. */
static void
a_tape_without_a_host_stays_without(void **state)
{
	struct tape tape, copy;
	struct policy *policy;
	struct diag diag;

	memset(&tape, 0, sizeof(tape));
	write_policy_with_zone(*state);
	policy = load_with("policy.conf", &tape, &diag);
	assert_non_null(policy);
	assert_int_equal(tape_finish(&tape), 0);
	policy_free(policy);
	diag_clear(&diag);
	assert_int_equal(open_copy(&copy, &tape, tape.length), 0);
	policy = load_with_site_and(NULL, SITE, &copy, &diag);
	assert_non_null(policy);
	assert_null(policy->site);
	assert_int_equal(reason_at(policy, "192.0.2.1", "dc.corp.example", 0),
		REASON_NOT_LISTED);
	assert_int_equal(reason_at(policy, "198.51.100.9", "a.example", 0),
		REASON_NO_GROUP);
	policy_free(policy);
	diag_clear(&diag);
	tape_clear(&copy);
	tape_clear(&tape);
}

static void
what_is_not_whole_is_refused(void **state)
{
	struct tape tape, copy;
	size_t i;

	(void)state;
	record(&tape);
	for (i = 0; i < tape.length; i++) {
		assert_int_not_equal(open_copy(&copy, &tape, i), 0);
		tape_clear(&copy);
	}
	for (i = 0; i < tape.length; i++) {
		tape.memory[i] ^= 0x20;
		assert_int_not_equal(open_copy(&copy, &tape, tape.length), 0);
		tape_clear(&copy);
		tape.memory[i] ^= 0x20;
	}
	tape_clear(&tape);
}

/* A checksum that is right for items that are wrong. */
static void
items_that_do_not_fit_are_reported(void **state)
{
	static const char *const items[] = {
		"L 1 0\nx\n", "F 1 0\nx\nF 1 0\nx\n", "F 9 0\nx\n",
		"F 1 99\nx\n", "F 99999999999999999999 0\nx\n", "F x 0\n\n",
		"F 1 30\nx""group:\n name: a\n allow-list: l\n",
		"F 1 22\nx""include: \"y*\"\n client:\nG 1 1\nx5\nP 1 0\ny\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct tape tape, copy;
		struct policy *policy;
		struct diag diag;

		memset(&tape, 0, sizeof(tape));
		tape_put(&tape, TAPE_FILE, "", 0, "", 0);
		/* The header stays, the item goes. */
		tape.length = strlen("bitsink-policy 1\n");
		assert_true(strlen(items[i]) + tape.length < tape.room);
		memcpy(tape.memory + tape.length, items[i], strlen(items[i]));
		tape.length += strlen(items[i]);
		tape.sum = hash_checksum(tape.memory, tape.length);
		assert_int_equal(tape_finish(&tape), 0);
		assert_int_equal(open_copy(&copy, &tape, tape.length), 0);
		policy = load_with(NULL, &copy, &diag);
		assert_null(policy);
		assert_true(diag.errors > 0);
		diag_clear(&diag);
		tape_clear(&copy);
		tape_clear(&tape);
	}
}

/* Puts an item with text into a tape. */
static void
put(struct tape *tape, enum tape_kind kind, const char *name,
	const char *content)
{
	tape_put(tape, kind, name, strlen(name), content, strlen(content));
}

#define IN_ZONE "group: name: g client: ::1 allow: a time-zone: /z\n"

static void
a_host_and_zones_that_do_not_fit_are_reported(void **state)
{
	static const struct {
		const char *row;
		/* NULL for none. */
		const char *site;
		const char *file;
		enum tape_kind kind;
		const char *name;
		const char *content;
		const char *expected;
	} rows[] = {
		{ "no such text of a host", "tag name=t\nx=\n",
			"group: name: g client: ::1 allow: a\n", TAPE_FILE,
			"x", "", "found line 2 of what unbound.conf declares "
			"damaged" },
		{ "a host that is not first", NULL, IN_ZONE, TAPE_SITE, "",
			"tag name=t\n", "found the kept policy damaged" },
		{ "a file in the place of a zone", NULL, IN_ZONE, TAPE_FILE,
			"/z", "TZif", "found the kept policy damaged" },
		{ "another zone", NULL, IN_ZONE, TAPE_ZONE, "/y", "TZif",
			"found the kept policy damaged" },
		{ "no zone", NULL, IN_ZONE, TAPE_ZONE, "/z", "TZif",
			"found no time zone in \"/z\"" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct tape tape, copy;
		struct diag diag;

		memset(&tape, 0, sizeof(tape));
		if (rows[i].site != NULL)
			put(&tape, TAPE_SITE, "", rows[i].site);
		put(&tape, TAPE_FILE, "policy.conf", rows[i].file);
		put(&tape, rows[i].kind, rows[i].name, rows[i].content);
		assert_int_equal(tape_finish(&tape), 0);
		assert_int_equal(open_copy(&copy, &tape, tape.length), 0);
		assert_null(load_with(NULL, &copy, &diag));
		assert_true(diag.errors > 0);
		if (strstr(diag.items[0].text, rows[i].expected) == NULL)
			wrong += row_text(rows[i].row, rows[i].expected,
				diag.items[0].text);
		diag_clear(&diag);
		tape_clear(&copy);
		tape_clear(&tape);
	}
	assert_int_equal(wrong, 0);
}

/* Keeps a finished tape as the last good policy. */
static const char *
keep_tape(const char *directory, const struct tape *tape)
{
	return keep_file(directory, KEEP_NAME, tape->memory, tape->length);
}

static void
a_kept_policy_is_read_again(void **state)
{
	struct tape tape, kept;
	struct stat before, after;
	time_t when = 0;

	(void)state;
	record(&tape);
	assert_int_equal(mkdir("state", 0755), 0);
	assert_null(keep_tape("state", &tape));
	assert_int_equal(stat("state/" KEEP_NAME, &before), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	assert_null(keep_read("state", &kept, &when));
	assert_true(when == before.st_mtime);
	assert_int_equal(kept.length + 21, tape.length);
	tape_clear(&kept);
	/* The same again is not written again. */
	assert_null(keep_tape("state", &tape));
	assert_int_equal(stat("state/" KEEP_NAME, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	tape_clear(&tape);
}

/* Whatever a write left behind when it was cut off: the old one counts. */
static void
a_write_that_was_cut_off_leaves_the_policy_before(void **state)
{
	struct tape tape, kept;
	time_t when;
	size_t i;

	(void)state;
	record(&tape);
	assert_int_equal(mkdir("state", 0755), 0);
	assert_null(keep_tape("state", &tape));
	for (i = 0; i <= tape.length; i += 7) {
		FILE *file = fopen("state/" KEEP_NAME ".new", "w");

		assert_non_null(file);
		assert_int_equal(fwrite(tape.memory, 1, i, file), i);
		fclose(file);
		assert_null(keep_read("state", &kept, &when));
		tape_clear(&kept);
	}
	/* And the next write goes over it. */
	tape.memory[tape.length - 2] ^= 1;
	assert_null(keep_tape("state", &tape));
	assert_non_null(keep_read("state", &kept, &when));
	tape_clear(&kept);
	tape_clear(&tape);
}

static void
what_cannot_be_kept_or_read_is_told(void **state)
{
	struct tape tape, kept;
	time_t when;

	(void)state;
	record(&tape);
	assert_string_equal(keep_tape("missing", &tape),
		"cannot open the directory");
	assert_string_equal(keep_read("missing", &kept, &when),
		"cannot open the directory");
	tape_clear(&kept);
	assert_int_equal(mkdir("state", 0755), 0);
	assert_string_equal(keep_read("state", &kept, &when),
		"cannot read " KEEP_NAME);
	tape_clear(&kept);
	assert_int_equal(mkdir("state/" KEEP_NAME ".new", 0755), 0);
	assert_string_equal(keep_tape("state", &tape),
		"cannot make the new file");
	assert_int_equal(rmdir("state/" KEEP_NAME ".new"), 0);
	assert_int_equal(mkfifo("state/" KEEP_NAME, 0600), 0);
	assert_string_equal(keep_read("state", &kept, &when),
		"cannot read the file");
	tape_clear(&kept);
	tape_clear(&tape);
}

#define folder_test(function) \
	cmocka_unit_test_setup_teardown(function, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(what_was_recorded_is_loaded_without_the_files),
		folder_test(what_the_host_declares_and_time_zones_are_recorded),
		folder_test(a_tape_without_a_host_stays_without),
		folder_test(what_is_not_whole_is_refused),
		folder_test(items_that_do_not_fit_are_reported),
		folder_test(a_host_and_zones_that_do_not_fit_are_reported),
		folder_test(a_kept_policy_is_read_again),
		folder_test(a_write_that_was_cut_off_leaves_the_policy_before),
		folder_test(what_cannot_be_kept_or_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
