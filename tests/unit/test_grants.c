/*
 * test_grants.c - what an administrator allows for a time: in force at once,
 * over restarts, for those it is for, and not a second longer.
 *
 * Run it under ThreadSanitizer, too.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "grants.h"
#include "hash.h"
#include "keep.h"
#include "names.h"

#define NOW INT64_C(1700000000)
#define HOUR 3600
#define FILE_NAME "state/" GRANTS_NAME

static struct grants *
new_grants(void)
{
	struct grants *grants = grants_new();

	assert_non_null(grants);
	return grants;
}

/* One that lasts an hour from NOW on. */
static void
add(struct grants *grants, const char *group, const char *pattern)
{
	assert_int_equal(grants_add(grants, group, pattern, NOW, NOW + HOUR),
		0);
}

static int64_t
allow(struct grants *grants, const char *group, const char *text, int64_t now)
{
	struct name name = name_of(text);

	return grants_allow(grants, group, &name, now);
}

/* Whether that is allowed at NOW. */
static int
is_allowed(struct grants *grants, const char *group, const char *text)
{
	return allow(grants, group, text, NOW) != 0;
}

/* The grants as text, with times from NOW on, in memory that is used again. */
static const char *
list(const struct grants *grants)
{
	static char text[GRANTS_MAX * 128];
	struct grant grant;
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; grants_get(grants, i, &grant) == 0; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s %s %ld %ld\n", grant.group, grant.pattern,
			(long)(grant.since - NOW), (long)(grant.until - NOW));
	assert_int_equal(i, grants_count(grants));
	return text;
}

/* --- Who may ask for what. */

static void
without_grants_nothing_is_allowed(void **state)
{
	struct grants *grants = new_grants();
	struct grant grant;

	(void)state;
	assert_false(is_allowed(grants, "g", "a.example"));
	assert_int_equal(grants_count(grants), 0);
	assert_int_equal(grants_get(grants, 0, &grant), -1);
	assert_int_equal(grants_remove(grants, "g", "a.example"), -1);
	grants_free(grants);
	grants_free(NULL);
}

static void
a_grant_is_for_one_group_and_the_names_of_its_pattern(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "wsus", "Self.Example.");
	add(grants, "wsus", "*.below.example");
	add(grants, "wsus", ".both.example");
	add(grants, "wsus", "w*d.example");
	add(grants, "other", "other.example");
	assert_true(is_allowed(grants, "wsus", "self.example"));
	assert_false(is_allowed(grants, "wsus", "x.self.example"));
	assert_false(is_allowed(grants, "wsus", "below.example"));
	assert_true(is_allowed(grants, "wsus", "x.y.below.example"));
	assert_true(is_allowed(grants, "wsus", "both.example"));
	assert_true(is_allowed(grants, "wsus", "x.both.example"));
	assert_true(is_allowed(grants, "wsus", "wild.example"));
	assert_false(is_allowed(grants, "wsus", "mild.example"));
	assert_false(is_allowed(grants, "wsus", "other.example"));
	assert_true(is_allowed(grants, "other", "other.example"));
	assert_false(is_allowed(grants, "other", "self.example"));
	assert_false(is_allowed(grants, "wsu", "self.example"));
	assert_false(is_allowed(grants, "wsus2", "self.example"));
	assert_false(is_allowed(grants, "WSUS", "self.example"));
	assert_false(is_allowed(grants, "", "self.example"));
	assert_false(is_allowed(grants, "wsus", "."));
	grants_free(grants);
}

static void
it_counts_before_its_end_and_not_at_it(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "g", "a");
	assert_int_equal(allow(grants, "g", "a", NOW), NOW + HOUR);
	assert_int_equal(allow(grants, "g", "a", NOW + HOUR - 1), NOW + HOUR);
	assert_int_equal(allow(grants, "g", "a", NOW + HOUR), 0);
	assert_int_equal(allow(grants, "g", "a", NOW + 100 * HOUR), 0);
	assert_int_equal(allow(grants, "g", "a", INT64_MAX), 0);
	grants_free(grants);
}

/* No clock makes it end later, and one that is far behind allows nothing. */
static void
a_clock_that_goes_back_lengthens_nothing(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "g", "a");
	assert_int_equal(allow(grants, "g", "a", NOW + HOUR), 0);
	assert_int_equal(allow(grants, "g", "a", NOW - 1), NOW + HOUR);
	assert_int_equal(allow(grants, "g", "a", NOW - GRANTS_EARLY),
		NOW + HOUR);
	assert_int_equal(allow(grants, "g", "a", NOW - GRANTS_EARLY - 1), 0);
	assert_int_equal(allow(grants, "g", "a", 0), 0);
	assert_int_equal(allow(grants, "g", "a", INT64_MIN), 0);
	/* When it is right again, all is as it was. */
	assert_int_equal(allow(grants, "g", "a", NOW + HOUR - 1), NOW + HOUR);
	grants_free(grants);
}

static void
of_several_the_one_that_lasts_longest_is_told(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(grants_add(grants, "g", "*", NOW, NOW + 20), 0);
	assert_int_equal(grants_add(grants, "g", ".a", NOW, NOW + 30), 0);
	assert_int_equal(grants_add(grants, "g", "b.a", NOW, NOW + 10), 0);
	assert_int_equal(grants_add(grants, "h", "b.a", NOW, NOW + 90), 0);
	assert_int_equal(allow(grants, "g", "b.a", NOW), NOW + 30);
	assert_int_equal(allow(grants, "g", "b", NOW), NOW + 20);
	assert_int_equal(allow(grants, "g", "b.a", NOW + 20), NOW + 30);
	assert_int_equal(allow(grants, "g", "b", NOW + 20), 0);
	grants_free(grants);
}

/* The one that lasts longest may be of another clock. */
static void
one_that_does_not_count_hides_no_other(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(grants_add(grants, "g", ".a", NOW + 30 * 86400,
		NOW + 40 * 86400), 0);
	assert_int_equal(allow(grants, "g", "a", NOW), 0);
	add(grants, "g", "a");
	assert_int_equal(allow(grants, "g", "a", NOW), NOW + HOUR);
	grants_free(grants);
}

/* --- Changes. */

static void
the_same_pattern_takes_the_place_of_the_one_before(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "g", "a.Example");
	assert_int_equal(grants_add(grants, "g", "A.example.", NOW + 5,
		NOW + 10), 0);
	assert_string_equal(list(grants), "g A.example. 5 10\n");
	/* These are others. */
	add(grants, "g", ".a.example");
	add(grants, "g", "*.a.example");
	add(grants, "h", "a.example");
	add(grants, "g", "*a.example");
	add(grants, "g", "\\*a.example");
	assert_int_equal(grants_count(grants), 6);
	add(grants, "g", "\\042a.example");
	assert_int_equal(grants_count(grants), 6);
	grants_free(grants);
}

static void
what_is_revoked_is_over_at_once(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "g", "a.example");
	add(grants, "g", "b.example");
	add(grants, "h", "a.example");
	assert_int_equal(grants_remove(grants, "i", "a.example"), -1);
	assert_int_equal(grants_remove(grants, "g", "*.a.example"), -1);
	assert_int_equal(grants_remove(grants, "g", "a..example"), -1);
	assert_int_equal(grants_remove(grants, "g", ""), -1);
	assert_int_equal(grants_count(grants), 3);
	assert_int_equal(grants_remove(grants, "g", "A.EXAMPLE."), 0);
	assert_false(is_allowed(grants, "g", "a.example"));
	assert_true(is_allowed(grants, "g", "b.example"));
	assert_true(is_allowed(grants, "h", "a.example"));
	assert_int_equal(grants_remove(grants, "g", "a.example"), -1);
	grants_free(grants);
}

static void
they_are_told_in_the_order_in_which_they_end(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(grants_add(grants, "g", "c", NOW, NOW + 30), 0);
	assert_int_equal(grants_add(grants, "g", "a", NOW, NOW + 10), 0);
	assert_int_equal(grants_add(grants, "g", "d", NOW, NOW + 30), 0);
	assert_int_equal(grants_add(grants, "h", "b", NOW, NOW + 20), 0);
	assert_string_equal(list(grants),
		"g a 0 10\nh b 0 20\ng c 0 30\ng d 0 30\n");
	assert_int_equal(grants_add(grants, "g", "a", NOW, NOW + 40), 0);
	assert_int_equal(grants_remove(grants, "g", "c"), 0);
	assert_string_equal(list(grants), "h b 0 20\ng d 0 30\ng a 0 40\n");
	grants_free(grants);
}

static void
there_is_room_for_some_and_no_more(void **state)
{
	struct grants *grants = new_grants();
	char pattern[32];
	unsigned i;

	(void)state;
	for (i = 0; i < GRANTS_MAX; i++) {
		snprintf(pattern, sizeof(pattern), "n%u.example", i);
		add(grants, "g", pattern);
	}
	assert_int_equal(grants_add(grants, "g", "more", NOW, NOW + HOUR), -1);
	assert_false(is_allowed(grants, "g", "more"));
	assert_int_equal(grants_count(grants), GRANTS_MAX);
	/* One that is there may be changed all the same. */
	assert_int_equal(grants_add(grants, "g", "n5.example", NOW, NOW + 7),
		0);
	assert_int_equal(allow(grants, "g", "n5.example", NOW), NOW + 7);
	assert_int_equal(grants_remove(grants, "g", "n0.example"), 0);
	add(grants, "g", "more");
	assert_true(is_allowed(grants, "g", "more"));
	assert_int_equal(grants_count(grants), GRANTS_MAX);
	grants_free(grants);
}

static void
what_is_no_pattern_or_no_group_is_refused(void **state)
{
	static const char *const patterns[] = { "", "a..b", "..", "a b",
		"**.a", "a\\", "\\999", "b\xc3\xbc" };
	static const char *const groups[] = { "",
		"123456789012345678901234567890123" };
	struct grants *grants = new_grants();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(patterns); i++)
		assert_int_equal(grants_add(grants, "g", patterns[i], NOW,
			NOW + HOUR), -2);
	for (i = 0; i < COUNT_OF(groups); i++)
		assert_int_equal(grants_add(grants, groups[i], "a", NOW,
			NOW + HOUR), -2);
	assert_int_equal(grants_count(grants), 0);
	add(grants, "12345678901234567890123456789012", "a");
	assert_true(is_allowed(grants, "12345678901234567890123456789012",
		"a"));
	grants_free(grants);
}

static void
times_are_made_to_be_some(void **state)
{
	static const int64_t max = GRANTS_SECONDS_MAX;
	const struct {
		int64_t since, until;
		int64_t found_since, found_until;
	} rows[] = {
		{ NOW, NOW + max, NOW, NOW + max },
		{ NOW, NOW + max + 1, NOW, NOW + max },
		{ NOW, INT64_MAX, NOW, NOW + max },
		{ NOW, NOW - 1, NOW, NOW },
		{ NOW, INT64_MIN, NOW, NOW },
		{ -5, 100, 0, 100 },
		{ INT64_MIN, INT64_MAX, 0, max },
		{ INT64_MAX, INT64_MAX, INT64_MAX - max, INT64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct grants *grants = new_grants();
		struct grant grant;

		assert_int_equal(grants_add(grants, "g", "a", rows[i].since,
			rows[i].until), 0);
		assert_int_equal(grants_get(grants, 0, &grant), 0);
		assert_true(grant.since == rows[i].found_since);
		assert_true(grant.until == rows[i].found_until);
		grants_free(grants);
	}
}

static void
what_has_ended_is_taken_out_one_by_one(void **state)
{
	struct grants *grants = new_grants();
	char group[GROUP_NAME_MAX + 1], pattern[NAMES_PATTERN_MAX];

	(void)state;
	assert_int_equal(grants_expire(grants, NOW, group, pattern), 0);
	assert_int_equal(grants_add(grants, "g", "c", NOW, NOW + 30), 0);
	assert_int_equal(grants_add(grants, "h", "B.a", NOW, NOW + 20), 0);
	assert_int_equal(grants_add(grants, "g", "a", NOW, NOW + 10), 0);
	assert_int_equal(grants_expire(grants, NOW + 9, group, pattern), 0);
	assert_int_equal(grants_expire(grants, NOW + 20, group, pattern), 1);
	assert_string_equal(group, "g");
	assert_string_equal(pattern, "a");
	assert_int_equal(grants_expire(grants, NOW + 20, group, pattern), 1);
	assert_string_equal(group, "h");
	assert_string_equal(pattern, "B.a");
	assert_int_equal(grants_expire(grants, NOW + 20, group, pattern), 0);
	assert_string_equal(list(grants), "g c 0 30\n");
	grants_free(grants);
}

/* The longest pattern there is: every octet as \DDD. */
static void
longest_pattern(char *text)
{
	unsigned i;

	text += sprintf(text, ".");
	for (i = 0; i < 250; i++)
		text += sprintf(text, "\\%03u%s", i, i % 63 == 62 ? "." : "");
	strcpy(text, ".");
}

static void
the_longest_pattern_has_room(void **state)
{
	struct grants *grants = new_grants();
	char group[GROUP_NAME_MAX + 1], pattern[NAMES_PATTERN_MAX];
	char text[2 * NAMES_PATTERN_MAX];

	(void)state;
	longest_pattern(text);
	assert_int_equal(mkdir("state", 0700), 0);
	add(grants, "12345678901234567890123456789012", text);
	assert_null(grants_write(grants, "state"));
	grants_free(grants);
	grants = new_grants();
	assert_null(grants_read(grants, "state", NOW));
	assert_int_equal(grants_expire(grants, NOW + HOUR, group, pattern), 1);
	assert_string_equal(pattern, text);
	assert_string_equal(group, "12345678901234567890123456789012");
	grants_free(grants);
}

/* --- Over restarts. */

static struct grants *
read_again(int64_t now)
{
	struct grants *grants = new_grants();

	assert_null(grants_read(grants, "state", now));
	return grants;
}

static void
fill(struct grants *grants)
{
	assert_int_equal(grants_add(grants, "g", "A.example", NOW, NOW + 10),
		0);
	assert_int_equal(grants_add(grants, "g", "*.b.example", NOW - 5,
		NOW + 20), 0);
	assert_int_equal(grants_add(grants, "odd\n\"group\"=", "\\\\\\\"\\=*.e",
		NOW, NOW + GRANTS_SECONDS_MAX), 0);
}

#define FILLED "g A.example 0 10\ng *.b.example -5 20\n" \
	"odd\n\"group\"= \\\\\\\"\\=*.e 0 2678400\n"

static void
grants_are_in_force_after_a_restart(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	fill(grants);
	assert_null(grants_write(grants, "state"));
	grants_free(grants);
	grants = read_again(NOW);
	assert_string_equal(list(grants), FILLED);
	assert_int_equal(allow(grants, "g", "a.example", NOW + 9), NOW + 10);
	assert_int_equal(allow(grants, "odd\n\"group\"=", "\\\"=x.e", NOW),
		NOW + GRANTS_SECONDS_MAX);
	grants_free(grants);
	grants = read_again(NOW + 10);
	assert_int_equal(grants_count(grants), 2);
	assert_int_equal(allow(grants, "g", "a.example", NOW + 9), 0);
	grants_free(grants);
	grants = read_again(NOW + GRANTS_SECONDS_MAX);
	assert_int_equal(grants_count(grants), 0);
	grants_free(grants);
}

/* It may be set right a moment later. */
static void
a_clock_that_is_behind_at_a_start_allows_nothing_and_loses_nothing(
	void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	add(grants, "g", "a");
	assert_null(grants_write(grants, "state"));
	grants_free(grants);
	grants = read_again(NOW - 400 * INT64_C(86400));
	assert_int_equal(allow(grants, "g", "a", NOW - 400 * INT64_C(86400)),
		0);
	assert_int_equal(allow(grants, "g", "a", NOW), NOW + HOUR);
	grants_free(grants);
}

static void
what_is_read_takes_the_place_of_what_there_was(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	add(grants, "g", "a");
	assert_null(grants_write(grants, "state"));
	add(grants, "g", "b");
	assert_null(grants_read(grants, "state", NOW));
	assert_string_equal(list(grants), "g a 0 3600\n");
	/* No file: there were none. */
	assert_int_equal(unlink(FILE_NAME), 0);
	assert_null(grants_read(grants, "state", NOW));
	assert_string_equal(list(grants), "");
	assert_false(is_allowed(grants, "g", "a"));
	/* None of them is kept as such. */
	assert_null(grants_write(grants, "state"));
	add(grants, "g", "b");
	assert_null(grants_read(grants, "state", NOW));
	assert_string_equal(list(grants), "");
	grants_free(grants);
}

/* Reads OCTETS as the file; nothing may be granted by a damaged one, and what
 * was granted stays. */
static void
assert_damaged(const char *octets, size_t length)
{
	struct grants *grants = new_grants();
	const char *failed;

	add(grants, "g", "before");
	write_octets(FILE_NAME, octets, length);
	errno = ENOENT;
	failed = grants_read(grants, "state", NOW);
	assert_non_null(failed);
	assert_string_equal(failed, "the file is damaged");
	assert_int_equal(errno, 0);
	assert_string_equal(list(grants), "g before 0 3600\n");
	assert_true(is_allowed(grants, "g", "before"));
	/* And the next write goes over it. */
	assert_null(grants_write(grants, "state"));
	grants_free(grants);
	grants = read_again(NOW);
	assert_int_equal(grants_count(grants), 1);
	grants_free(grants);
}

static void
a_damaged_file_grants_nothing(void **state)
{
	struct grants *grants = new_grants();
	struct chance chance = { 43 };
	struct kept kept;
	size_t i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_int_equal(mkdir("state", 0700), 0);
	fill(grants);
	assert_null(grants_write(grants, "state"));
	grants_free(grants);
	assert_null(keep_load("state", GRANTS_NAME, &kept));
	for (i = 0; i < kept.length; i += 1 + chance_below(&chance, 4)) {
		char before = kept.octets[i];

		assert_damaged(kept.octets, i);
		kept.octets[i] ^= (char)(1u << chance_below(&chance, 8));
		assert_damaged(kept.octets, kept.length);
		kept.octets[i] = before;
	}
	keep_clear(&kept);
}

#define GOOD "grant group=g pattern=a since=1700000000 until=1700003600\n"

/* As a file whose checksum is right. */
static size_t
with_checksum(char *text, size_t size, const char *lines)
{
	size_t length = (size_t)snprintf(text, size,
		"bitsink-granted format=1\n" GOOD "%s", lines);

	assert_true(length + 32 < size);
	return length + (size_t)snprintf(text + length, size - length,
		"end sum=%016lx\n",
		(unsigned long)hash_checksum(text, length));
}

static const char *const wrong_lines[] = {
	"grant\n",
	"allow group=g pattern=b since=1700000000 until=1700003600\n",
	"grant pattern=b since=1700000000 until=1700003600\n",
	"grant group= pattern=b since=1700000000 until=1700003600\n",
	("grant group=123456789012345678901234567890123 pattern=b "
		"since=1700000000 until=1700003600\n"),
	"grant group=g since=1700000000 until=1700003600\n",
	"grant group=g pattern= since=1700000000 until=1700003600\n",
	"grant group=g pattern=b..c since=1700000000 until=1700003600\n",
	"grant group=g pattern=b\\032c since=1700000000 until=1700003600\n",
	"grant group=g pattern=b until=1700003600\n",
	"grant group=g pattern=b since=1700000000\n",
	"grant group=g pattern=b since= until=1700003600\n",
	"grant group=g pattern=b since=now until=1700003600\n",
	"grant group=g pattern=b since=1700000000 until=never\n",
	"grant group=g pattern=b since=-1 until=1700003600\n",
	"grant group=g pattern=b since=1700000000 until=-1\n",
	"grant group=g pattern=b since=1700000001 until=1700000000\n",
	"grant group=g pattern=b since=1700000000 until=9223372036854775808\n",
	/* Also where it would have ended. */
	"grant group=g pattern=b..c since=1 until=2\n",
};

static void
lines_that_nobody_wrote_grant_nothing(void **state)
{
	char text[8192];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (i = 0; i < COUNT_OF(wrong_lines); i++) {
		print_message("%s", wrong_lines[i]);
		assert_damaged(text, with_checksum(text, sizeof(text),
			wrong_lines[i]));
	}
}

/* Whoever wrote it: no line grants for longer than may be. */
static void
no_file_grants_for_longer_than_may_be(void **state)
{
	struct grants *grants;
	char text[8192];
	size_t length;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	length = with_checksum(text, sizeof(text),
		"grant group=g pattern=b since=1700000000 "
		"until=9223372036854775807\n"
		/* Ended long ago: it began so long ago. */
		"grant group=g pattern=c since=0 until=9223372036854775807\n"
		/* And these have not begun. */
		"grant group=g pattern=d since=1700086401 until=1700090000\n"
		"grant group=g pattern=e since=9223372036854775807 "
		"until=9223372036854775807\n"
		"grant group=g pattern=A since=1700000000 until=1700000010\n");
	write_octets(FILE_NAME, text, length);
	grants = read_again(NOW);
	assert_int_equal(allow(grants, "g", "b", NOW),
		NOW + GRANTS_SECONDS_MAX);
	assert_false(is_allowed(grants, "g", "c"));
	assert_false(is_allowed(grants, "g", "d"));
	assert_true(allow(grants, "g", "d", NOW + 1));
	assert_false(is_allowed(grants, "g", "e"));
	/* Of two the last counts. */
	assert_int_equal(allow(grants, "g", "a", NOW), NOW + 10);
	assert_int_equal(grants_count(grants), 4);
	grants_free(grants);
}

static void
a_file_with_more_than_there_is_room_for_is_damaged(void **state)
{
	char lines[GRANTS_MAX * 80], text[GRANTS_MAX * 80 + 256];
	struct grants *grants;
	size_t used = 0, length;
	unsigned i;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	/* With the good one. */
	for (i = 0; i < GRANTS_MAX; i++) {
		if (i == GRANTS_MAX - 1) {
			length = with_checksum(text, sizeof(text), lines);
			write_octets(FILE_NAME, text, length);
			grants = read_again(NOW);
			assert_int_equal(grants_count(grants), GRANTS_MAX);
			grants_free(grants);
		}
		used += (size_t)sprintf(lines + used, "grant group=g "
			"pattern=n%u since=1700000000 until=1700003600\n", i);
	}
	assert_damaged(text, with_checksum(text, sizeof(text), lines));
}

static void
what_cannot_be_written_or_read_is_told(void **state)
{
	struct grants *grants = new_grants();

	(void)state;
	add(grants, "g", "a");
	errno = 0;
	assert_string_equal(grants_write(grants, "state"),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_string_equal(grants_read(grants, "state", NOW),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("state", 0700), 0);
	assert_int_equal(mkdir(FILE_NAME ".new", 0700), 0);
	assert_string_equal(grants_write(grants, "state"),
		"cannot make the new file");
	assert_int_equal(rmdir(FILE_NAME ".new"), 0);
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	assert_string_equal(grants_read(grants, "state", NOW),
		"cannot read the file");
	assert_true(is_allowed(grants, "g", "a"));
	assert_null(grants_write(grants, "state"));
	assert_null(grants_read(grants, "state", NOW));
	assert_true(is_allowed(grants, "g", "a"));
	grants_free(grants);
}

/* --- Killed: each state that is written has as many grants as their names
 * tell. */

static void
write_states(int fd)
{
	struct grants *grants = grants_new();
	char pattern[32];
	unsigned turn, i;

	if (grants == NULL)
		_exit(1);
	for (turn = 0;; turn++) {
		while (grants_count(grants) > 0) {
			struct grant grant;

			grants_get(grants, 0, &grant);
			snprintf(pattern, sizeof(pattern), "%s",
				grant.pattern);
			grants_remove(grants, "g", pattern);
		}
		for (i = 0; i <= turn % 50; i++) {
			snprintf(pattern, sizeof(pattern), "n%u.s%u", i,
				turn % 50 + 1);
			if (grants_add(grants, "g", pattern, NOW,
			    NOW + HOUR) != 0)
				_exit(1);
		}
		if (grants_write(grants, "state") != NULL ||
		    write(fd, "", 1) != 1)
			_exit(1);
	}
}

/* Kills who writes after some states. */
static void
kill_after(unsigned states)
{
	int fds[2], status;
	pid_t child;
	char octet;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		write_states(fds[1]);
	}
	close(fds[1]);
	for (; states > 0; states--)
		assert_int_equal(read(fds[0], &octet, 1), 1);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	close(fds[0]);
}

static void
killed_at_any_time_it_leaves_a_whole_file(void **state)
{
	struct chance chance = { 47 };
	struct grants *grants;
	struct grant grant;
	unsigned i, told;
	size_t k;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_int_equal(mkdir("state", 0700), 0);
	for (i = 0; i < 30; i++) {
		kill_after(1 + chance_below(&chance, 40));
		grants = read_again(NOW);
		assert_true(grants_count(grants) > 0);
		for (k = 0; grants_get(grants, k, &grant) == 0; k++) {
			assert_int_equal(sscanf(grant.pattern, "n%*u.s%u",
				&told), 1);
			assert_int_equal(told, grants_count(grants));
		}
		grants_free(grants);
	}
}

/* --- Threads. */

#define READERS 3
#define TURNS 3000
#define ONLY_TURNS 100000

struct shared {
	struct grants *grants;
	_Atomic int stop;
	_Atomic unsigned wrong;
	_Atomic unsigned long allowed;
	_Atomic unsigned long looks;
};

/* "stays" is allowed all the time, until a time that changes; "never" is not;
 * "comes" comes and goes. */
static void *
ask(void *argument)
{
	struct shared *shared = argument;
	struct name stays = name_of("x.stays.example");
	struct name never = name_of("stays.example");
	struct name comes = name_of("comes.example");

	while (!atomic_load(&shared->stop)) {
		int64_t until = grants_allow(shared->grants, "g", &stays, NOW);

		if (until < NOW + HOUR || until > NOW + HOUR + TURNS ||
		    grants_allow(shared->grants, "g", &never, NOW) != 0 ||
		    grants_allow(shared->grants, "h", &stays, NOW) != 0)
			atomic_fetch_add(&shared->wrong, 1);
		until = grants_allow(shared->grants, "g", &comes, NOW);
		if (until != 0 && until != NOW + 1)
			atomic_fetch_add(&shared->wrong, 1);
		if (until != 0)
			atomic_fetch_add(&shared->allowed, 1);
		atomic_fetch_add(&shared->looks, 1);
	}
	return NULL;
}

/* What the one thread does that may. */
static void
change(struct grants *grants, unsigned turn)
{
	char group[GROUP_NAME_MAX + 1], pattern[NAMES_PATTERN_MAX];

	assert_int_equal(grants_add(grants, "g", "*.stays.example", NOW,
		NOW + HOUR + turn), 0);
	if (turn % 4 == 0)
		assert_int_equal(grants_add(grants, "g", "comes.example", NOW,
			NOW + 1), 0);
	else if (turn % 8 == 2)
		assert_int_equal(grants_remove(grants, "g", "Comes.example"),
			0);
	else if (turn % 8 == 6)
		assert_int_equal(grants_expire(grants, NOW + 1, group,
			pattern), 1);
	if (turn % 500 == 3) {
		assert_null(grants_write(grants, "state"));
		assert_null(grants_read(grants, "state", NOW));
	}
}

static void
changes_beside_those_who_ask_are_seen_whole(void **state)
{
	struct shared shared = { .grants = new_grants() };
	pthread_t threads[READERS];
	unsigned turn = 0, i;
	unsigned long before;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	change(shared.grants, 1);
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask,
			&shared), 0);
	/* In some of the states somebody has looked: of as many looks not all
	 * were begun before. */
	for (turn = 0; turn < TURNS; turn++) {
		change(shared.grants, turn);
		before = atomic_load(&shared.looks);
		while (turn % 100 == 0 && atomic_load(&shared.looks) < before +
		    2 * READERS)
			sched_yield();
	}
	atomic_store(&shared.stop, 1);
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(shared.wrong, 0);
	assert_true(shared.allowed > 0);
	grants_free(shared.grants);
}

/* Counts the looks at which what is allowed all the time was not. */
static void *
ask_for_one(void *argument)
{
	struct shared *shared = argument;
	struct name name = name_of("only.example");

	while (!atomic_load(&shared->stop)) {
		if (grants_allow(shared->grants, "g", &name, NOW) == 0)
			atomic_fetch_add(&shared->wrong, 1);
		atomic_fetch_add(&shared->looks, 1);
	}
	return NULL;
}

static void
the_only_grant_is_lengthened_without_a_gap(void **state)
{
	struct shared shared = { .grants = new_grants() };
	pthread_t thread;
	unsigned turn;

	(void)state;
	assert_int_equal(grants_add(shared.grants, "g", "only.example", NOW,
		NOW + HOUR), 0);
	assert_int_equal(pthread_create(&thread, NULL, ask_for_one, &shared),
		0);
	for (turn = 0; turn < ONLY_TURNS || atomic_load(&shared.looks) <
	     ONLY_TURNS; turn++)
		assert_int_equal(grants_add(shared.grants, "g", "only.example",
			NOW, NOW + HOUR + turn % 2), 0);
	atomic_store(&shared.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(shared.wrong, 0);
	grants_free(shared.grants);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_grants_nothing_is_allowed),
		cmocka_unit_test(
			a_grant_is_for_one_group_and_the_names_of_its_pattern),
		cmocka_unit_test(it_counts_before_its_end_and_not_at_it),
		cmocka_unit_test(a_clock_that_goes_back_lengthens_nothing),
		cmocka_unit_test(of_several_the_one_that_lasts_longest_is_told),
		cmocka_unit_test(one_that_does_not_count_hides_no_other),
		cmocka_unit_test(
			the_same_pattern_takes_the_place_of_the_one_before),
		cmocka_unit_test(what_is_revoked_is_over_at_once),
		cmocka_unit_test(they_are_told_in_the_order_in_which_they_end),
		cmocka_unit_test(there_is_room_for_some_and_no_more),
		cmocka_unit_test(what_is_no_pattern_or_no_group_is_refused),
		cmocka_unit_test(times_are_made_to_be_some),
		cmocka_unit_test(what_has_ended_is_taken_out_one_by_one),
		test_in_folder(the_longest_pattern_has_room),
		test_in_folder(grants_are_in_force_after_a_restart),
		test_in_folder(
	a_clock_that_is_behind_at_a_start_allows_nothing_and_loses_nothing),
		test_in_folder(what_is_read_takes_the_place_of_what_there_was),
		test_in_folder(a_damaged_file_grants_nothing),
		test_in_folder(lines_that_nobody_wrote_grant_nothing),
		test_in_folder(no_file_grants_for_longer_than_may_be),
		test_in_folder(
			a_file_with_more_than_there_is_room_for_is_damaged),
		test_in_folder(what_cannot_be_written_or_read_is_told),
		test_in_folder(killed_at_any_time_it_leaves_a_whole_file),
		test_in_folder(changes_beside_those_who_ask_are_seen_whole),
		cmocka_unit_test(the_only_grant_is_lengthened_without_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
