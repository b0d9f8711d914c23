/*
 * test_standing.c - which policy is in force after a start, and that what is
 * said tells how it came to be.
 */
#include "watching.h"

#include <fcntl.h>

#include "keep.h"

#define KEPT STATE "/" KEEP_NAME
#define NOW 1700000000

static const char good[] =
	"bitsink: list-directory: lists\n"
	"group: name: g client: 192.0.2.1 allow-list: names\n"
	" include: more.conf\n";

static void
write_good(void)
{
	write_text("policy.conf", good);
	write_text("lists/names.list", "a.example\n");
	write_text("more.conf", "allow: b.example\n");
	assert_true(mkdir(STATE, 0700) == 0 || errno == EEXIST);
}

static int
try_to_stand(struct standing *standing)
{
	return standing_load(standing, "policy.conf", STATE, NULL, 0,
		&world_key, NOW, said_line);
}

static enum verdict
judge(const struct standing *standing, const char *qname)
{
	return verdict_of(standing->policy, "192.0.2.1", qname);
}

/* Keeps the good policy, long ago; returns its checksum. */
static uint64_t
keep_good(void)
{
	static const struct timespec ago[2] = { { 1000000000, 0 },
		{ 1000000000, 0 } };
	struct standing standing;
	uint64_t checksum;

	write_good();
	assert_int_equal(try_to_stand(&standing), 0);
	checksum = standing.checksum;
	standing_clear(&standing);
	assert_said("");
	assert_int_equal(utimensat(AT_FDCWD, KEPT, ago, 0), 0);
	return checksum;
}

static void
a_good_policy_is_in_force_and_kept(void **state)
{
	struct standing standing;
	struct stat status;

	(void)state;
	write_good();
	assert_int_equal(try_to_stand(&standing), 0);
	assert_said("");
	assert_non_null(standing.policy);
	assert_string_equal(standing.path, "policy.conf");
	assert_string_equal(standing.directory, STATE);
	assert_int_equal(standing.memory, policy_memory(standing.policy));
	assert_int_not_equal(standing.checksum, 0);
	assert_int_equal(standing.generation, 1);
	assert_int_equal(standing.loaded, NOW);
	assert_int_equal(standing.kept, 0);
	assert_int_equal(standing.stale, 0);
	assert_int_equal(standing.errors, 0);
	assert_string_equal(standing.error, "");
	assert_int_equal(judge(&standing, "b.example"), VERDICT_ALLOW);
	assert_int_equal(stat(KEPT, &status), 0);
	standing_clear(&standing);
	assert_null(standing.policy);
	standing_clear(&standing);
}

static void
warnings_are_said_as_many_as_a_log_bears(void **state)
{
	char policy[4096], expected[8192], *end;
	struct standing standing;
	unsigned count, i;

	(void)state;
	assert_int_equal(mkdir(STATE, 0700), 0);
	for (count = 19; count <= 22; count++) {
		end = policy + sprintf(policy, "group: name: g client: ::1\n"
			" allow: a.example\n");
		for (i = 0; i < count; i++)
			end += sprintf(end, " client: ::1\n");
		write_text("policy.conf", policy);
		for (i = 0, end = expected; i < count && i < 20; i++)
			end += sprintf(end, "W bitsink: policy.conf:%u:10: "
				"warning: client \"::1\" is in this group "
				"already, at policy.conf:1:24\n", i + 3);
		if (count > 20)
			sprintf(end, "W bitsink: %u more warnings; "
				"\"bitsinkctl check\" prints them\n",
				count - 20);
		assert_int_equal(try_to_stand(&standing), 0);
		assert_said(expected);
		assert_int_equal(standing.errors, 0);
		assert_string_equal(standing.error, "");
		standing_clear(&standing);
	}
}

static void
notes_are_said_as_many_as_a_log_bears(void **state)
{
	char policy[4096], expected[8192], name[32], *end;
	struct standing standing;
	unsigned i;

	(void)state;
	assert_int_equal(mkdir(STATE, 0700), 0);
	end = policy + sprintf(policy, "bitsink: list-directory: a "
		"list-directory: b\ngroup: name: g client: 192.0.2.1\n");
	for (i = 0; i < 22; i++) {
		end += sprintf(end, "allow-list: l%02u\n", i);
		sprintf(name, "a/l%02u.list", i);
		write_text(name, "a.example\n");
		name[0] = 'b';
		write_text(name, "b.example\n");
	}
	write_text("policy.conf", policy);
	for (i = 0, end = expected; i < 20; i++)
		end += sprintf(end, "I bitsink: policy.conf:%u:13: note: list "
			"\"l%02u\" is \"a/l%02u.list\", which goes before "
			"\"b/l%02u.list\"\n", i + 3, i, i, i);
	sprintf(end, "I bitsink: 2 more notes; \"bitsinkctl check\" prints "
		"them\n");
	assert_int_equal(try_to_stand(&standing), 0);
	assert_said(expected);
	standing_clear(&standing);
	/* The last good policy has its lists, and goes before nothing. */
	assert_int_equal(unlink("policy.conf"), 0);
	assert_int_equal(try_to_stand(&standing), 0);
	assert_int_equal(said_count("note"), 0);
	assert_int_equal(judge(&standing, "a.example"), VERDICT_ALLOW);
	assert_int_equal(judge(&standing, "b.example"), VERDICT_BLOCK);
	standing_clear(&standing);
	said_clear();
}

static void
a_policy_that_cannot_be_kept_is_in_force(void **state)
{
	struct standing standing;

	(void)state;
	write_good();
	assert_int_equal(rmdir(STATE), 0);
	assert_int_equal(try_to_stand(&standing), 0);
	assert_said("W bitsink: the policy is not kept in \"state\": cannot "
		"open the directory: No such file or directory\n");
	assert_int_equal(standing.stale, 0);
	assert_int_not_equal(standing.checksum, 0);
	assert_int_equal(judge(&standing, "a.example"), VERDICT_ALLOW);
	standing_clear(&standing);
}

#define BAD "group: name: g clint: 192.0.2.1\n allow: a..example\n"
#define ERROR_1 "policy.conf:1:16: error: found \"clint:\", expected an " \
	"option of the group: clause, group:, bitsink: or include:"
#define ERROR_2 "policy.conf:2:11: error: in pattern \"a..example\": " \
	"expected a label before '.'"

static void
without_a_good_or_a_kept_one_there_is_none(void **state)
{
	struct standing standing;

	(void)state;
	write_good();
	write_text("policy.conf", BAD);
	assert_int_equal(try_to_stand(&standing), -1);
	assert_said("E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n"
		"E bitsink: found no last good policy in \"state\": cannot "
		"read last-good-policy\n");
	assert_null(standing.policy);
	assert_int_equal(standing.errors, 2);
	assert_string_equal(standing.error, ERROR_1);
	assert_int_equal(standing.generation, 0);
	assert_int_equal(standing.stale, 0);
	standing_clear(&standing);
	assert_int_equal(rmdir(STATE), 0);
	assert_int_equal(try_to_stand(&standing), -1);
	assert_said("E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n"
		"E bitsink: found no last good policy in \"state\": cannot "
		"open the directory\n");
	standing_clear(&standing);
}

#define MISSING "policy.conf: error: cannot open \"policy.conf\": " \
	"No such file or directory"
#define STALE "E bitsink: STALE: the last good policy is in force, " \
	"kept=2001-09-09T01:46:40Z directory=state\n"

static void
a_bad_policy_leaves_the_kept_one_in_force(void **state)
{
	uint64_t checksum = keep_good();
	struct standing standing;
	int i;

	(void)state;
	write_text("policy.conf", BAD);
	/* Again and again, and it stays kept. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(try_to_stand(&standing), 0);
		assert_said("E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n"
			STALE);
		assert_int_equal(standing.stale, 1);
		assert_int_equal(standing.kept, 1000000000);
		assert_int_equal(standing.loaded, NOW);
		assert_int_equal(standing.generation, 1);
		assert_int_equal(standing.errors, 2);
		assert_string_equal(standing.error, ERROR_1);
		assert_true(standing.checksum == checksum);
		assert_int_equal(standing.memory,
			policy_memory(standing.policy));
		assert_string_equal(standing.path, "policy.conf");
		assert_int_equal(judge(&standing, "a.example"), VERDICT_ALLOW);
		assert_int_equal(judge(&standing, "b.example"), VERDICT_ALLOW);
		assert_int_equal(judge(&standing, "c.example"), VERDICT_BLOCK);
		standing_clear(&standing);
	}
}

static void
a_file_that_is_gone_counts_as_a_bad_one(void **state)
{
	struct standing standing;

	(void)state;
	keep_good();
	assert_int_equal(remove("policy.conf"), 0);
	assert_int_equal(try_to_stand(&standing), 0);
	assert_said("E bitsink: " MISSING "\n" STALE);
	assert_int_equal(standing.errors, 1);
	assert_string_equal(standing.error, MISSING);
	standing_clear(&standing);
	/* So does one of its lists. */
	write_good();
	assert_int_equal(remove("lists/names.list"), 0);
	assert_int_equal(try_to_stand(&standing), 0);
	assert_int_equal(said_count("E bitsink: policy.conf:2:46:"), 0);
	assert_int_equal(said_count("bitsink: policy.conf:2:46: error: "), 1);
	assert_int_equal(said_count("bitsink: STALE: "), 1);
	said_clear();
	assert_int_equal(standing.stale, 1);
	assert_int_equal(judge(&standing, "a.example"), VERDICT_ALLOW);
	standing_clear(&standing);
}

static void
a_repaired_policy_is_stale_no_more(void **state)
{
	struct standing standing;

	(void)state;
	keep_good();
	write_text("policy.conf", BAD);
	assert_int_equal(try_to_stand(&standing), 0);
	assert_int_equal(standing.stale, 1);
	standing_clear(&standing);
	said_clear();
	write_good();
	write_text("more.conf", "allow: c.example\n");
	assert_int_equal(try_to_stand(&standing), 0);
	assert_said("");
	assert_int_equal(standing.stale, 0);
	assert_int_equal(standing.errors, 0);
	assert_string_equal(standing.error, "");
	assert_int_equal(judge(&standing, "c.example"), VERDICT_ALLOW);
	standing_clear(&standing);
}

static void
a_damaged_kept_policy_is_not_put_in_force(void **state)
{
	struct standing standing;
	FILE *file;

	(void)state;
	keep_good();
	write_text("policy.conf", BAD);
	file = fopen(KEPT, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, -40, SEEK_END), 0);
	assert_int_equal(fputc('~', file), '~');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(try_to_stand(&standing), -1);
	assert_said("E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n"
		"E bitsink: found no last good policy in \"state\": "
		"last-good-policy is damaged\n");
	assert_null(standing.policy);
	assert_int_equal(standing.stale, 0);
	assert_string_equal(standing.error, ERROR_1);
	standing_clear(&standing);
}

static void
a_long_error_is_cut(void **state)
{
	char path[700];
	struct standing standing;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(standing_load(&standing, path, STATE, NULL, 0,
		&world_key, NOW, said_line), -1);
	assert_int_equal(strlen(standing.error), STANDING_ERROR_MAX - 1);
	assert_memory_equal(standing.error, path, STANDING_ERROR_MAX - 1);
	assert_int_equal(said_count("bitsink: aaaa"), 1);
	standing_clear(&standing);
	said_clear();
}

/* --- The checksum. */

static uint64_t
checksum_of_files(void)
{
	struct standing standing;
	uint64_t checksum;

	assert_int_equal(try_to_stand(&standing), 0);
	assert_said("");
	checksum = standing.checksum;
	standing_clear(&standing);
	return checksum;
}

static void
the_checksum_is_that_of_all_files(void **state)
{
	uint64_t first, list, include;

	(void)state;
	write_good();
	first = checksum_of_files();
	assert_true(checksum_of_files() == first);
	write_text("lists/names.list", "a.example\nc.example\n");
	list = checksum_of_files();
	assert_true(list != first);
	write_text("more.conf", "allow: b.example # a comment\n");
	include = checksum_of_files();
	assert_true(include != first && include != list);
	write_text("policy.conf", "# another\n");
	write_good();
	assert_true(checksum_of_files() == first);
	/* What no file of the policy is does not count. */
	write_text("lists/other.list", "d.example\n");
	assert_true(checksum_of_files() == first);
}

/* --- What a reload does. */

static void
a_standing_begins_with_its_names_alone(void **state)
{
	struct standing standing, nothing;
	char path[] = "policy.conf";

	(void)state;
	assert_int_equal(standing_init(&standing, path, STATE, NULL, 0), 0);
	path[0] = 'x';
	assert_string_equal(standing.path, "policy.conf");
	assert_string_equal(standing.directory, STATE);
	free(standing.path);
	free(standing.directory);
	standing.path = standing.directory = NULL;
	memset(&nothing, 0, sizeof(nothing));
	assert_memory_equal(&standing, &nothing, sizeof(nothing));
	standing_clear(&standing);
}

static int
read_into(struct standing *standing, int keep, struct diag *diag)
{
	memset(diag, 0, sizeof(*diag));
	assert_int_equal(standing_init(standing, "policy.conf", STATE, NULL,
		0), 0);
	return standing_read(standing, &world_key, keep, diag, said_line);
}

static void
reading_keeps_the_policy_where_it_is_asked_to(void **state)
{
	struct standing standing;
	struct timespec before;
	struct stat status;
	struct diag diag;

	(void)state;
	write_good();
	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &before), 0);
	assert_int_equal(read_into(&standing, 0, &diag), 0);
	assert_int_equal(stat(KEPT, &status), -1);
	assert_non_null(standing.policy);
	assert_int_equal(standing.memory, policy_memory(standing.policy));
	assert_int_equal(standing.checksum, checksum_of_files());
	assert_int_equal(remove(KEPT), 0);
	/* These are the caller's. */
	assert_int_equal(standing.generation, 0);
	assert_int_equal(standing.loaded, 0);
	assert_in_range(standing.begun.tv_sec, before.tv_sec, time(NULL));
	assert_int_equal(diag.kept, 0);
	standing_clear(&standing);
	diag_clear(&diag);
	assert_int_equal(read_into(&standing, 1, &diag), 0);
	assert_int_equal(stat(KEPT, &status), 0);
	standing_clear(&standing);
	diag_clear(&diag);
	assert_said("");
}

static void
reading_does_not_fall_back_on_what_is_kept(void **state)
{
	struct standing standing;
	struct stat before, after;
	struct diag diag;

	(void)state;
	keep_good();
	assert_int_equal(stat(KEPT, &before), 0);
	write_text("policy.conf", BAD);
	assert_int_equal(read_into(&standing, 1, &diag), -1);
	assert_said("E bitsink: " ERROR_1 "\nE bitsink: " ERROR_2 "\n");
	assert_null(standing.policy);
	assert_int_equal(standing.stale, 0);
	assert_int_equal(standing.errors, 2);
	assert_string_equal(standing.error, ERROR_1);
	assert_int_equal(diag.errors, 2);
	assert_string_equal(diag.items[1].text, ERROR_2);
	assert_int_equal(stat(KEPT, &after), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	standing_clear(&standing);
	diag_clear(&diag);
}

static void
a_newer_file_that_is_no_good_makes_it_stale(void **state)
{
	char error[2 * STANDING_ERROR_MAX];
	struct standing standing;
	struct diag diag;

	(void)state;
	write_good();
	assert_int_equal(read_into(&standing, 0, &diag), 0);
	standing_fail(&standing, 7, "why");
	assert_int_equal(standing.stale, 1);
	assert_int_equal(standing.errors, 7);
	assert_string_equal(standing.error, "why");
	/* It goes on. */
	assert_int_equal(judge(&standing, "b.example"), VERDICT_ALLOW);
	memset(error, 'e', sizeof(error) - 1);
	error[sizeof(error) - 1] = '\0';
	standing_fail(&standing, 1, error);
	assert_int_equal(strlen(standing.error), STANDING_ERROR_MAX - 1);
	standing_clear(&standing);
	diag_clear(&diag);
}

/* --- What the host declares. */

static const char tagged[] =
	"group: name: g client-tag: t allow: a.example\n";
static const char site[] = "client prefix=192.0.2.0/24 tags=t\ntag name=t\n";
static const char other_site[] =
	"client prefix=198.51.100.0/24 tags=t\ntag name=t\n";

static enum verdict
judge_client(const struct standing *standing, const char *client)
{
	return verdict_of(standing->policy, client, "x.example");
}

static void
a_policy_is_for_the_host_that_declares_something(void **state)
{
	struct standing standing, again;
	struct diag diag;

	(void)state;
	write_text("policy.conf", tagged);
	assert_int_equal(mkdir(STATE, 0700), 0);
	assert_int_equal(standing_load(&standing, "policy.conf", STATE, site,
		strlen(site), &world_key, NOW, said_line), 0);
	assert_said("");
	assert_ptr_equal(standing.site, site);
	assert_int_equal(standing.site_length, strlen(site));
	assert_int_equal(judge_client(&standing, "192.0.2.1"), VERDICT_BLOCK);
	assert_int_equal(judge_client(&standing, "198.51.100.1"),
		VERDICT_UNRESTRICTED);
	/* The same file on another host is another policy. */
	memset(&diag, 0, sizeof(diag));
	assert_int_equal(standing_init(&again, "policy.conf", STATE,
		other_site, strlen(other_site)), 0);
	assert_int_equal(standing_read(&again, &world_key, 0, &diag,
		said_line), 0);
	assert_int_equal(judge_client(&again, "192.0.2.1"),
		VERDICT_UNRESTRICTED);
	assert_int_equal(judge_client(&again, "198.51.100.1"), VERDICT_BLOCK);
	assert_int_not_equal(again.checksum, standing.checksum);
	diag_clear(&diag);
	standing_clear(&again);
	standing_clear(&standing);
}

static void
the_last_good_policy_knows_its_own_host(void **state)
{
	struct standing standing;

	(void)state;
	write_text("policy.conf", tagged);
	assert_int_equal(mkdir(STATE, 0700), 0);
	assert_int_equal(standing_load(&standing, "policy.conf", STATE, site,
		strlen(site), &world_key, NOW, said_line), 0);
	standing_clear(&standing);
	write_text("policy.conf", BAD);
	assert_int_equal(standing_load(&standing, "policy.conf", STATE,
		other_site, strlen(other_site), &world_key, NOW, said_line),
		0);
	assert_int_equal(standing.stale, 1);
	assert_int_equal(judge_client(&standing, "192.0.2.1"), VERDICT_BLOCK);
	assert_int_equal(judge_client(&standing, "198.51.100.1"),
		VERDICT_UNRESTRICTED);
	standing_clear(&standing);
	said_clear();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(a_good_policy_is_in_force_and_kept),
		test_in_folder(warnings_are_said_as_many_as_a_log_bears),
		test_in_folder(notes_are_said_as_many_as_a_log_bears),
		test_in_folder(a_policy_that_cannot_be_kept_is_in_force),
		test_in_folder(without_a_good_or_a_kept_one_there_is_none),
		test_in_folder(a_bad_policy_leaves_the_kept_one_in_force),
		test_in_folder(a_file_that_is_gone_counts_as_a_bad_one),
		test_in_folder(a_repaired_policy_is_stale_no_more),
		test_in_folder(a_damaged_kept_policy_is_not_put_in_force),
		test_in_folder(a_long_error_is_cut),
		test_in_folder(the_checksum_is_that_of_all_files),
		test_in_folder(a_standing_begins_with_its_names_alone),
		test_in_folder(reading_keeps_the_policy_where_it_is_asked_to),
		test_in_folder(reading_does_not_fall_back_on_what_is_kept),
		test_in_folder(a_newer_file_that_is_no_good_makes_it_stale),
		test_in_folder(
			a_policy_is_for_the_host_that_declares_something),
		test_in_folder(the_last_good_policy_knows_its_own_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
