/*
 * test_followed.c - targets of chains: for the group that got the answer, while
 * it lives, in bounded memory, over restarts, by any number of threads.
 *
 * Run it under ThreadSanitizer, too.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "followed.h"
#include "hash.h"
#include "keep.h"

#define NOW INT64_C(1700000000)
#define MAX FOLLOWED_SECONDS_MAX
#define FILE_NAME "state/" FOLLOWED_NAME

static const struct names_key test_key = { { 7, 8 } };
static const struct names_key other_key = { { 9, 10 } };

static struct followed *
new_followed(void)
{
	struct followed *followed = followed_new(&test_key);

	assert_non_null(followed);
	return followed;
}

static void
add(struct followed *followed, const char *group, const char *question,
	const char *target, int64_t until)
{
	struct name asked = name_of(question), led = name_of(target);

	followed_add(followed, group, &asked, &led, NOW, until);
}

static int64_t
find(struct followed *followed, const char *group, const char *name,
	int64_t now)
{
	struct name asked = name_of(name);

	return followed_find(followed, group, &asked, now, NULL);
}

static int64_t
find_wire(struct followed *followed, const char *group, const uint8_t *wire,
	size_t length, int64_t now)
{
	struct name name;

	assert_int_equal(name_from_wire(&name, wire, length), 0);
	return followed_find(followed, group, &name, now, NULL);
}

/* The question by which GROUP may ask for NAME at NOW, in memory that is used
 * again; NULL where it may not. */
static const char *
question_of(struct followed *followed, const char *group, const char *name)
{
	static char text[NAME_TEXT_MAX];
	struct name asked = name_of(name), question;

	if (followed_find(followed, group, &asked, NOW, &question) == 0)
		return NULL;
	name_to_text(question.octets, question.length, text);
	return text;
}

/* --- Who may ask for what, and until when. */

static void
nothing_is_followed_at_first(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	assert_int_equal(find(followed, "g", "a.example", NOW), 0);
	assert_int_equal(followed_count(followed, NOW), 0);
	followed_free(followed);
	followed_free(NULL);
}

static void
a_target_is_for_the_group_that_got_the_answer(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "dc", "Download.Example", "Shim.CDN.example", NOW + 60);
	assert_int_equal(find(followed, "dc", "shim.cdn.example", NOW),
		NOW + 60);
	assert_int_equal(find(followed, "dc", "SHIM.cdn.EXAMPLE.", NOW),
		NOW + 60);
	assert_string_equal(question_of(followed, "dc", "shim.cdn.example"),
		"download.example.");
	assert_int_equal(find(followed, "d", "shim.cdn.example", NOW), 0);
	assert_int_equal(find(followed, "dc2", "shim.cdn.example", NOW), 0);
	assert_int_equal(find(followed, "DC", "shim.cdn.example", NOW), 0);
	assert_int_equal(find(followed, "", "shim.cdn.example", NOW), 0);
	assert_int_equal(find(followed, "dc", "cdn.example", NOW), 0);
	assert_int_equal(find(followed, "dc", "x.shim.cdn.example", NOW), 0);
	assert_int_equal(find(followed, "dc", "download.example", NOW), 0);
	assert_int_equal(find(followed, "dc", ".", NOW), 0);
	add(followed, "other", "q.example", "shim.cdn.example", NOW + 5);
	assert_int_equal(find(followed, "dc", "shim.cdn.example", NOW),
		NOW + 60);
	assert_string_equal(question_of(followed, "other",
		"shim.cdn.example"), "q.example.");
	assert_int_equal(followed_count(followed, NOW), 2);
	followed_free(followed);
}

/* The end of one name and the beginning of the next are no other pair. */
static void
group_and_name_are_not_taken_for_each_other(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "g\001a", "q", "b", NOW + 60);
	assert_int_equal(find(followed, "g", "a.b", NOW), 0);
	add(followed, "h", "q", "a.b", NOW + 60);
	assert_int_equal(find(followed, "h\001a", "b", NOW), 0);
	followed_free(followed);
}

/* Makes 24 octets, the first 8 of which are others, have the hash of FROM, by
 * what comes behind these: hash.h hashes word by word. */
static void
make_collision(uint8_t *octets, const uint8_t *from, uint64_t seed)
{
	const struct names_key key = hash_key(&test_key);
	uint64_t step = hash_fold(key.word[0] ^ seed,
		key.word[1] ^ 24 ^ 0x9e3779b97f4a7c15u);
	uint64_t first, word, other;

	memcpy(&first, from, 8);
	memcpy(&word, from + 8, 8);
	memcpy(&other, octets, 8);
	word ^= hash_fold(step ^ first, key.word[1]) + key.word[0];
	word ^= hash_fold(step ^ other, key.word[1]) + key.word[0];
	memcpy(octets + 8, &word, 8);
	memcpy(octets + 16, from + 16, 8);
	assert_memory_not_equal(octets, from, 8);
	assert_true(hash_octets(&key, seed, octets, 24) ==
		hash_octets(&key, seed, from, 24));
}

/* Whether a name stays as it is, and a group has no NUL. */
static int
is_plain(const uint8_t *octets, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (octets[i] == 0 || octets[i] != octet_lower(octets[i]))
			return 0;
	return 1;
}

/* The hash alone decides nothing. */
static void
names_with_the_same_hash_are_told_apart(void **state)
{
	const struct names_key key = hash_key(&test_key);
	struct followed *followed = new_followed();
	uint8_t first[25] = "\26abcdefghijklmnopqrstuv";
	uint8_t second[25] = "\26abcdefghijklmnopqrstuv";
	uint64_t seed = hash_octets(&key, 0, (const uint8_t *)"g", 1);
	struct name question = name_of("q"), name;

	(void)state;
	do {
		second[1]++;
		make_collision(second, first, seed);
	} while (!is_plain(second, 23));
	assert_int_equal(name_from_wire(&name, first, 24), 0);
	followed_add(followed, "g", &question, &name, NOW, NOW + 60);
	assert_int_equal(find_wire(followed, "g", first, 24, NOW), NOW + 60);
	assert_int_equal(find_wire(followed, "g", second, 24, NOW), 0);
	followed_free(followed);
}

static void
groups_with_the_same_hash_are_told_apart(void **state)
{
	struct followed *followed = new_followed();
	char first[25] = "abcdefghijklmnopqrstuvwx";
	char second[25] = "abcdefghijklmnopqrstuvwx";

	(void)state;
	do {
		second[1]++;
		make_collision((uint8_t *)second, (uint8_t *)first, 0);
	} while (!is_plain((uint8_t *)second, 24));
	add(followed, first, "q", "a", NOW + 60);
	assert_int_equal(find(followed, first, "a", NOW), NOW + 60);
	assert_int_equal(find(followed, second, "a", NOW), 0);
	followed_free(followed);
}

static void
what_is_no_group_is_not_remembered(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "", "q", "a", NOW + 60);
	add(followed, "123456789012345678901234567890123", "q", "a", NOW + 60);
	assert_int_equal(followed_count(followed, NOW), 0);
	add(followed, "12345678901234567890123456789012", "q", "a", NOW + 60);
	assert_int_equal(followed_count(followed, NOW), 1);
	assert_int_equal(find(followed, "123456789012345678901234567890123",
		"a", NOW), 0);
	assert_int_equal(find(followed, "12345678901234567890123456789012",
		"a", NOW), NOW + 60);
	followed_free(followed);
}

static void
it_counts_to_its_last_second(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "g", "q", "a", NOW + 60);
	assert_int_equal(find(followed, "g", "a", NOW + 60), NOW + 60);
	assert_int_equal(find(followed, "g", "a", NOW + 61), 0);
	assert_int_equal(find(followed, "g", "a", INT64_MAX), 0);
	/* A TTL of 0 is for the second of the answer. */
	add(followed, "g", "q", "b", NOW);
	assert_int_equal(find(followed, "g", "b", NOW), NOW);
	assert_int_equal(find(followed, "g", "b", NOW + 1), 0);
	/* And what has ended before it came is none. */
	add(followed, "g", "q", "c", NOW - 1);
	assert_int_equal(find(followed, "g", "c", NOW - 1), 0);
	assert_int_equal(followed_count(followed, NOW), 2);
	assert_int_equal(followed_count(followed, NOW + 1), 1);
	assert_int_equal(followed_count(followed, NOW + 61), 0);
	followed_free(followed);
}

static void
nothing_lasts_longer_than_may_be(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "g", "q", "a", NOW + MAX);
	add(followed, "g", "q", "b", NOW + MAX + 1);
	add(followed, "g", "q", "c", INT64_MAX);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + MAX);
	assert_int_equal(find(followed, "g", "b", NOW), NOW + MAX);
	assert_int_equal(find(followed, "g", "c", NOW), NOW + MAX);
	assert_int_equal(find(followed, "g", "c", NOW + MAX), NOW + MAX);
	assert_int_equal(find(followed, "g", "c", NOW + MAX + 1), 0);
	followed_free(followed);
}

static void
an_entry_that_lasts_longer_stays(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	add(followed, "g", "q", "a", NOW + 60);
	add(followed, "g", "q", "a", NOW + 50);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + 60);
	add(followed, "g", "r", "a", NOW + 60);
	assert_string_equal(question_of(followed, "g", "a"), "q.");
	add(followed, "g", "q", "a", NOW + 70);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + 70);
	add(followed, "g", "r", "a", NOW + 80);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + 80);
	assert_string_equal(question_of(followed, "g", "a"), "r.");
	assert_int_equal(followed_count(followed, NOW), 1);
	followed_free(followed);
}

static void
a_clock_that_goes_back_lengthens_nothing(void **state)
{
	struct followed *followed = new_followed();
	struct name q = name_of("q"), r = name_of("r"), a = name_of("a");
	int64_t then = NOW - 100 * INT64_C(86400);

	(void)state;
	add(followed, "g", "q", "a", NOW + 60);
	add(followed, "g", "q", "b", NOW + 60);
	assert_int_equal(find(followed, "g", "a", NOW + 60 - MAX), NOW + 60);
	assert_int_equal(find(followed, "g", "a", NOW + 60 - MAX - 1), 0);
	assert_int_equal(find(followed, "g", "a", then), 0);
	assert_int_equal(find(followed, "g", "a", 0), 0);
	assert_int_equal(find(followed, "g", "a", INT64_MIN), 0);
	/* What comes then is remembered, whatever there was. */
	followed_add(followed, "g", &r, &a, then, then + 5);
	assert_int_equal(find(followed, "g", "a", then), then + 5);
	assert_int_equal(find(followed, "g", "a", NOW), 0);
	followed_add(followed, "g", &r, &a, then, then + 7);
	assert_int_equal(find(followed, "g", "a", then), then + 7);
	assert_int_equal(followed_count(followed, then), 1);
	assert_int_equal(find(followed, "g", "b", NOW), 0);
	/* Before 1970 nothing is. */
	assert_int_equal(followed_count(followed, NOW), 0);
	followed_add(followed, "g", &q, &a, -20, -10);
	assert_int_equal(followed_count(followed, -20), 0);
	followed_add(followed, "g", &q, &a, INT64_MIN, INT64_MAX);
	assert_int_equal(followed_count(followed, INT64_MIN), 0);
	followed_add(followed, "g", &q, &a, -10, 0);
	assert_int_equal(followed_count(followed, -10), 0);
	followed_free(followed);
}

/* --- Memory. */

static void
fill(struct followed *followed, unsigned first, unsigned count, int64_t until)
{
	char name[64];

	for (; count > 0; count--) {
		snprintf(name, sizeof(name), "n%u.example", first++);
		add(followed, "g", "q.example", name, until);
	}
}

static unsigned
found(struct followed *followed, unsigned first, unsigned count)
{
	unsigned left = 0;
	char name[64];

	for (; count > 0; count--) {
		snprintf(name, sizeof(name), "n%u.example", first++);
		left += find(followed, "g", name, NOW) != 0;
	}
	return left;
}

static void
memory_is_bounded_and_what_is_new_has_a_place(void **state)
{
	struct followed *followed = new_followed();
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fill(followed, i * 2000, 2000, NOW + 60 + i);
		assert_true(followed_count(followed, NOW) <= FOLLOWED_ROOM);
		assert_true(followed_memory(followed) < FOLLOWED_ROOM * 100);
		assert_int_equal(found(followed, (i + 1) * 2000 - 100, 100),
			100);
	}
	assert_in_range(followed_count(followed, NOW), FOLLOWED_ROOM * 9 / 10,
		FOLLOWED_ROOM);
	assert_int_equal(found(followed, 0, 40000),
		followed_count(followed, NOW));
	followed_free(followed);
}

static void
a_part_of_the_room_is_had_without_a_loss(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	fill(followed, 0, FOLLOWED_ROOM / 8, NOW + 60);
	assert_int_equal(found(followed, 0, FOLLOWED_ROOM / 8),
		FOLLOWED_ROOM / 8);
	followed_free(followed);
}

static void
what_ends_first_goes_first(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	/* Long ones have more than enough room, and short ones come after. */
	fill(followed, 0, 1000, NOW + 1000);
	fill(followed, 10000, 40000, NOW + 10);
	assert_in_range(found(followed, 0, 1000), 990, 1000);
	/* What has ended is in nobody's way. */
	assert_int_equal(followed_count(followed, NOW + 11),
		found(followed, 0, 1000));
	fill(followed, 60000, 1000, NOW + 5);
	assert_in_range(found(followed, 60000, 1000), 990, 1000);
	followed_free(followed);
}

static void
what_a_clock_ahead_left_is_in_nobodys_way(void **state)
{
	struct followed *followed = new_followed();
	struct name question = name_of("q");
	int64_t ahead = NOW + 100 * INT64_C(86400);
	unsigned i;

	(void)state;
	for (i = 0; i < 40000; i++) {
		char text[32];
		struct name name;

		snprintf(text, sizeof(text), "ahead%u", i);
		name = name_of(text);
		followed_add(followed, "g", &question, &name, ahead,
			ahead + 60);
	}
	assert_true(followed_count(followed, ahead) > FOLLOWED_ROOM / 2);
	fill(followed, 0, 1000, NOW + 60);
	assert_in_range(found(followed, 0, 1000), 990, 1000);
	followed_free(followed);
}

static void
what_has_ended_gives_its_memory_back(void **state)
{
	struct followed *followed = new_followed();
	size_t before = followed_memory(followed);

	(void)state;
	fill(followed, 0, 1000, NOW + 10);
	fill(followed, 0, 500, NOW + 20);
	assert_true(followed_memory(followed) > before + 1000 * 20);
	assert_int_equal(followed_count(followed, NOW + 11), 500);
	assert_int_equal(followed_count(followed, NOW + 21), 0);
	assert_int_equal(followed_memory(followed), before);
	followed_free(followed);
}

/* --- Against a list of everything. */

#define KEYS 60

struct known {
	int64_t until;
	unsigned question;
};

/* What an answer changes. */
static void
know(struct known *known, unsigned question, int64_t now, int64_t until)
{
	int is_live = known->until >= now;

	if (is_live && known->until >= until)
		return;
	known->until = until;
	known->question = question;
}

static int
assert_known(struct followed *followed, const char *group,
	const struct known *known, unsigned number, int64_t now)
{
	struct name name, question, expected;
	char text[32];
	int64_t until;

	snprintf(text, sizeof(text), "k%u.example", number);
	name = name_of(text);
	until = followed_find(followed, group, &name, now, &question);
	if (known->until < now) {
		assert_int_equal(until, 0);
		return 0;
	}
	assert_int_equal(until, known->until);
	snprintf(text, sizeof(text), "q%u.example", known->question);
	expected = name_of(text);
	assert_int_equal(question.length, expected.length);
	assert_memory_equal(question.octets, expected.octets,
		expected.length);
	assert_int_equal(question.labels, 2);
	return 1;
}

static void
chance_tells_nothing_else(void **state)
{
	static const char *const groups[] = { "a", "ab", "b" };
	static struct known known[3][KEYS];
	struct followed *followed = new_followed();
	struct chance chance = { 53 };
	unsigned i, group, key, count;
	int64_t now = NOW;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	for (i = 0; i < 30000; i++) {
		int64_t until = now + chance_below(&chance, 40);
		unsigned question = chance_below(&chance, 3);
		char target[32], asked[32];
		struct name t, q;

		group = chance_below(&chance, 3);
		key = chance_below(&chance, KEYS);
		now += chance_below(&chance, 8) == 0;
		snprintf(target, sizeof(target), "K%u.example", key);
		snprintf(asked, sizeof(asked), "Q%u.example", question);
		t = name_of(target);
		q = name_of(asked);
		if (until >= now)
			know(&known[group][key], question, now, until);
		followed_add(followed, groups[group], &q, &t, now, until);
		group = chance_below(&chance, 3);
		key = chance_below(&chance, KEYS);
		assert_known(followed, groups[group], &known[group][key], key,
			now);
		if (i % 500 != 0)
			continue;
		for (count = 0, group = 0; group < 3; group++)
			for (key = 0; key < KEYS; key++)
				count += (unsigned)assert_known(followed,
					groups[group], &known[group][key],
					key, now);
		assert_int_equal(followed_count(followed, now), count);
	}
	followed_free(followed);
}

/* --- After a change of policy. */

struct review {
	unsigned asked;
	unsigned wrong;
};

/* Group "h" is gone, and so is "q2.example" of the group "g". */
static int
keep(void *context, const char *group, const struct name *question)
{
	static const uint8_t q2[] = "\2q2\7example";
	struct review *review = context;

	review->asked++;
	review->wrong += question->labels != 2;
	if (strcmp(group, "h") == 0)
		return 0;
	review->wrong += strcmp(group, "g") != 0;
	return question->length != sizeof(q2) ||
		memcmp(question->octets, q2, sizeof(q2)) != 0;
}

static void
what_no_policy_wants_any_more_is_forgotten(void **state)
{
	struct followed *followed = new_followed();
	struct review review = { 0, 0 };
	size_t before = followed_memory(followed);

	(void)state;
	followed_review(followed, keep, &review);
	assert_int_equal(review.asked, 0);
	add(followed, "g", "q1.example", "a", NOW + 60);
	add(followed, "g", "Q2.example", "b", NOW + 60);
	add(followed, "h", "q1.example", "a", NOW + 60);
	add(followed, "h", "q3.example", "c", NOW + 60);
	followed_review(followed, keep, &review);
	assert_int_equal(review.asked, 4);
	assert_int_equal(review.wrong, 0);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + 60);
	assert_int_equal(find(followed, "g", "b", NOW), 0);
	assert_int_equal(find(followed, "h", "a", NOW), 0);
	assert_int_equal(find(followed, "h", "c", NOW), 0);
	assert_int_equal(followed_count(followed, NOW), 1);
	followed_review(followed, keep, &review);
	assert_int_equal(review.asked, 5);
	assert_int_equal(followed_count(followed, NOW + 61), 0);
	assert_int_equal(followed_memory(followed), before);
	followed_free(followed);
}

/* --- Over restarts. */

static struct followed *
read_again(const struct names_key *key, int64_t now)
{
	struct followed *followed = followed_new(key);

	assert_non_null(followed);
	assert_null(followed_read(followed, "state", now));
	return followed;
}

/* Every octet there is, in the longest name; lower case. */
static size_t
longest_name(uint8_t *wire)
{
	unsigned i;

	for (i = 0; i < 254; i++)
		wire[i] = octet_lower((uint8_t)(255 - i));
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	wire[254] = 0;
	return 255;
}

static void
targets_may_be_asked_for_after_a_restart(void **state)
{
	struct followed *followed = new_followed();
	uint8_t wire[NAME_OCTETS_MAX];
	size_t length = longest_name(wire);
	struct name longest;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	assert_int_equal(name_from_wire(&longest, wire, length), 0);
	add(followed, "g", "Q.example", "A.example", NOW + 60);
	add(followed, "g", ".", "*.example", NOW + 10);
	add(followed, "g", "q", "\nend sum=.example", NOW + 60);
	followed_add(followed, "odd\n\"group\"=\\", &longest, &longest, NOW,
		NOW + 60);
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	followed = read_again(&other_key, NOW);
	assert_int_equal(followed_count(followed, NOW), 4);
	assert_int_equal(find(followed, "g", "a.example", NOW), NOW + 60);
	assert_string_equal(question_of(followed, "g", "a.example"),
		"q.example.");
	assert_int_equal(find(followed, "g", "*.example", NOW), NOW + 10);
	assert_int_equal(find(followed, "g", "x.example", NOW), 0);
	assert_string_equal(question_of(followed, "g", "*.example"), ".");
	assert_int_equal(find(followed, "g", "\nend sum=.example", NOW),
		NOW + 60);
	assert_int_equal(find_wire(followed, "odd\n\"group\"=\\", wire, length,
		NOW), NOW + 60);
	followed_free(followed);
	followed = read_again(&test_key, NOW + 11);
	assert_int_equal(followed_count(followed, NOW + 11), 3);
	assert_int_equal(find(followed, "g", "*.example", NOW), 0);
	followed_free(followed);
	/* Nor does a clock that is behind make it last. */
	followed = read_again(&test_key, NOW - MAX);
	assert_int_equal(followed_count(followed, NOW - MAX), 0);
	followed_free(followed);
	assert_int_equal(unlink(FILE_NAME), 0);
	followed = read_again(&test_key, NOW);
	assert_int_equal(followed_count(followed, NOW), 0);
	followed_free(followed);
}

static void
all_there_is_room_for_is_kept(void **state)
{
	struct followed *followed = new_followed();
	size_t count;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	fill(followed, 0, 20000, NOW + 60);
	count = followed_count(followed, NOW);
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	followed = read_again(&test_key, NOW);
	assert_int_equal(followed_count(followed, NOW), count);
	followed_free(followed);
}

static int
is_written(struct followed *followed)
{
	int written;

	assert_null(followed_write(followed, "state", NOW));
	written = access(FILE_NAME, F_OK) == 0;
	assert_true(unlink(FILE_NAME) == 0 || !written);
	return written;
}

static void
only_what_changed_is_written(void **state)
{
	struct followed *followed = new_followed();
	struct review review = { 0, 0 };

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	assert_false(is_written(followed));
	add(followed, "g", "q1.example", "a", NOW + 60);
	assert_true(is_written(followed));
	assert_false(is_written(followed));
	add(followed, "g", "q1.example", "a", NOW + 50);
	assert_false(is_written(followed));
	add(followed, "g", "q1.example", "a", NOW + 61);
	assert_true(is_written(followed));
	add(followed, "g", "q2.example", "a", NOW + 62);
	assert_true(is_written(followed));
	followed_review(followed, keep, &review);
	assert_true(is_written(followed));
	assert_int_equal(followed_count(followed, NOW), 0);
	/* What could not be written is still to be. */
	add(followed, "g", "q1.example", "a", NOW + 60);
	assert_int_equal(rmdir("state"), 0);
	errno = 0;
	assert_string_equal(followed_write(followed, "state", NOW),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("state", 0700), 0);
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	/* What was read is in the file, but not what was there before it. */
	followed = read_again(&test_key, NOW);
	assert_true(unlink(FILE_NAME) == 0);
	assert_false(is_written(followed));
	add(followed, "g", "q1.example", "a", NOW + 70);
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	followed = new_followed();
	add(followed, "g", "q1.example", "b", NOW + 60);
	assert_int_equal(mkdir("other", 0700), 0);
	assert_null(followed_write(followed, "other", NOW));
	assert_null(followed_read(followed, "state", NOW));
	assert_int_equal(followed_count(followed, NOW), 2);
	assert_true(unlink(FILE_NAME) == 0);
	assert_true(is_written(followed));
	followed_free(followed);
}

static void
what_has_ended_is_not_written(void **state)
{
	struct followed *followed = new_followed();
	size_t before = followed_memory(followed);
	struct kept kept;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	add(followed, "g", "q", "a", NOW + 10);
	add(followed, "g", "q", "b", NOW + 20);
	assert_null(followed_write(followed, "state", NOW + 11));
	assert_null(keep_load("state", FOLLOWED_NAME, &kept));
	assert_non_null(strstr(kept.octets, "name=b. question=q. "
		"until=1700000020\n"));
	assert_null(strstr(kept.octets, "name=a."));
	keep_clear(&kept);
	assert_null(followed_write(followed, "state", NOW + 21));
	assert_int_equal(followed_memory(followed), before);
	followed_free(followed);
}

/* Reads OCTETS as the file; nothing may be taken over of a damaged one, and
 * what was there stays. */
static void
assert_damaged(const char *octets, size_t length)
{
	struct followed *followed = new_followed();
	const char *failed;

	add(followed, "g", "q", "before", NOW + 60);
	write_octets(FILE_NAME, octets, length);
	errno = ENOENT;
	failed = followed_read(followed, "state", NOW);
	assert_non_null(failed);
	assert_string_equal(failed, "the file is damaged");
	assert_int_equal(errno, 0);
	assert_int_equal(followed_count(followed, NOW), 1);
	assert_int_equal(find(followed, "g", "before", NOW), NOW + 60);
	/* And the next write goes over it. */
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	followed = read_again(&test_key, NOW);
	assert_int_equal(followed_count(followed, NOW), 1);
	followed_free(followed);
}

static void
a_damaged_file_allows_nothing(void **state)
{
	struct followed *followed = new_followed();
	struct chance chance = { 59 };
	struct kept kept;
	size_t i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_int_equal(mkdir("state", 0700), 0);
	fill(followed, 0, 5, NOW + 60);
	assert_null(followed_write(followed, "state", NOW));
	followed_free(followed);
	assert_null(keep_load("state", FOLLOWED_NAME, &kept));
	for (i = 0; i < kept.length; i += 1 + chance_below(&chance, 4)) {
		char before = kept.octets[i];

		assert_damaged(kept.octets, i);
		kept.octets[i] ^= (char)(1u << chance_below(&chance, 8));
		assert_damaged(kept.octets, kept.length);
		kept.octets[i] = before;
	}
	keep_clear(&kept);
}

/* As a file whose checksum is right. */
static size_t
with_checksum(char *text, size_t size, const char *lines)
{
	size_t length = (size_t)snprintf(text, size,
		"bitsink-followed format=1\nfollowed group=g name=a. "
		"question=q. until=1700000060\n%s", lines);

	assert_true(length + 32 < size);
	return length + (size_t)snprintf(text + length, size - length,
		"end sum=%016lx\n",
		(unsigned long)hash_checksum(text, length));
}

static const char *const wrong_lines[] = {
	"followed\n",
	"learned group=g name=b. question=q. until=1700000060\n",
	"followed name=b. question=q. until=1700000060\n",
	"followed group= name=b. question=q. until=1700000060\n",
	("followed group=123456789012345678901234567890123 name=b. "
		"question=q. until=1700000060\n"),
	"followed group=g question=q. until=1700000060\n",
	"followed group=g name= question=q. until=1700000060\n",
	"followed group=g name=.b question=q. until=1700000060\n",
	"followed group=g name=b. until=1700000060\n",
	"followed group=g name=b. question=q..r until=1700000060\n",
	"followed group=g name=b. question=q.\n",
	"followed group=g name=b. question=q. until=\n",
	"followed group=g name=b. question=q. until=-1\n",
	"followed group=g name=b. question=q. until=9223372036854775808\n",
	/* Also where it would have ended. */
	"followed group=g name=b..c question=q. until=5\n",
};

static void
lines_that_nobody_wrote_allow_nothing(void **state)
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

static void
no_file_makes_anything_last_longer_than_may_be(void **state)
{
	struct followed *followed;
	char text[8192];
	size_t length;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	length = with_checksum(text, sizeof(text),
		"followed group=g name=b. question=q. until=1700086400\n"
		"followed group=g name=c. question=q. until=1700086401\n"
		"followed group=g name=d. question=q. "
		"until=9223372036854775807\n"
		"followed group=g name=e. question=q. until=1699999999\n"
		"followed group=g name=f. question=q. until=1700000000\n");
	write_octets(FILE_NAME, text, length);
	followed = read_again(&test_key, NOW);
	assert_int_equal(find(followed, "g", "a", NOW), NOW + 60);
	assert_int_equal(find(followed, "g", "b", NOW), NOW + MAX);
	assert_int_equal(find(followed, "g", "c", NOW), 0);
	assert_int_equal(find(followed, "g", "d", NOW), 0);
	assert_int_equal(find(followed, "g", "e", NOW), 0);
	assert_int_equal(find(followed, "g", "f", NOW), NOW);
	assert_int_equal(followed_count(followed, NOW), 3);
	followed_free(followed);
	/* Nor does it push out what there is. */
	followed = new_followed();
	add(followed, "g", "r", "d", NOW + 5);
	assert_null(followed_read(followed, "state", NOW));
	assert_int_equal(find(followed, "g", "d", NOW), NOW + 5);
	followed_free(followed);
}

static void
what_cannot_be_read_is_told(void **state)
{
	struct followed *followed = new_followed();

	(void)state;
	errno = 0;
	assert_string_equal(followed_read(followed, "state", NOW),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("state", 0700), 0);
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	assert_string_equal(followed_read(followed, "state", NOW),
		"cannot read the file");
	followed_free(followed);
}

/* --- Threads. */

#define THREADS 4
#define TURNS 20000
#define TARGETS 3000

/* Seconds go by while they work, more than any entry lasts. */
struct shared {
	struct followed *followed;
	_Atomic int64_t now;
	_Atomic unsigned running;
	_Atomic unsigned wrong;
	_Atomic unsigned long found;
	_Atomic unsigned long ended;
};

struct worker {
	struct shared *shared;
	unsigned number;
	pthread_t thread;
};

static const char *const groups[] = { "one", "two", "three" };

/* The question that leads to a target tells which group it is of, and which
 * target. */
static void
make_names(unsigned group, unsigned target, unsigned which,
	struct name *question, struct name *name)
{
	char text[64];

	snprintf(text, sizeof(text), "q%u.t%u.%s", which, target,
		groups[group]);
	*question = name_of(text);
	snprintf(text, sizeof(text), "t%u.example", target);
	*name = name_of(text);
}

static int
is_question_of(const struct name *question, unsigned group, unsigned target)
{
	struct name expected, name;
	unsigned which;

	for (which = 0; which < 2; which++) {
		make_names(group, target, which, &expected, &name);
		if (question->length == expected.length &&
		    memcmp(question->octets, expected.octets,
			expected.length) == 0)
			return 1;
	}
	return 0;
}

static void
work(struct shared *shared, struct chance *chance)
{
	unsigned group = chance_below(chance, COUNT_OF(groups));
	unsigned target = chance_below(chance, TARGETS);
	int64_t now = atomic_load(&shared->now), until;
	struct name question, name;

	make_names(group, target, chance_below(chance, 2), &question, &name);
	if (chance_below(chance, 3) == 0) {
		followed_add(shared->followed, groups[group], &question, &name,
			now, now + chance_below(chance, 5));
		return;
	}
	until = followed_find(shared->followed, groups[group], &name, now,
		&question);
	if (until == 0) {
		atomic_fetch_add(&shared->ended, 1);
		return;
	}
	atomic_fetch_add(&shared->found, 1);
	if (until < now || until > atomic_load(&shared->now) + 4 ||
	    !is_question_of(&question, group, target))
		atomic_fetch_add(&shared->wrong, 1);
}

static void *
run(void *argument)
{
	struct worker *worker = argument;
	struct chance chance = { worker->number };
	unsigned turn;

	for (turn = 0; turn < TURNS; turn++)
		work(worker->shared, &chance);
	atomic_fetch_sub(&worker->shared->running, 1);
	return NULL;
}

/* Forgets what the group "two" has by its second questions. */
static int
keep_most(void *context, const char *group, const struct name *question)
{
	(void)context;
	return strcmp(group, "two") != 0 || question->octets[2] != '1';
}

/* What the thread beside the workers does, over and over. */
static void
watch(struct shared *shared, unsigned turn)
{
	int64_t now = atomic_fetch_add(&shared->now, 1) + 1;

	assert_true(followed_count(shared->followed, now) <= FOLLOWED_ROOM);
	if (turn % 4 == 1)
		followed_review(shared->followed, keep_most, NULL);
	if (turn % 16 == 2)
		assert_null(followed_write(shared->followed, "state", now));
	if (turn % 16 == 3)
		assert_null(followed_read(shared->followed, "state", now));
	sched_yield();
}

static void
threads_find_what_threads_add_and_nothing_else(void **state)
{
	struct shared shared = { .followed = new_followed(), .now = NOW,
		.running = THREADS };
	struct worker workers[THREADS];
	size_t before = followed_memory(shared.followed);
	unsigned turn, i;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (i = 0; i < THREADS; i++) {
		workers[i].shared = &shared;
		workers[i].number = i;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, run,
			&workers[i]), 0);
	}
	for (turn = 0; atomic_load(&shared.running) > 0; turn++)
		watch(&shared, turn);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_int_equal(shared.wrong, 0);
	assert_true(shared.found > 0);
	assert_true(shared.ended > 0);
	/* Nothing was lost on the way, and nothing was counted twice. */
	assert_int_equal(followed_count(shared.followed, shared.now + 5), 0);
	assert_int_equal(followed_memory(shared.followed), before);
	followed_free(shared.followed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_followed_at_first),
		cmocka_unit_test(a_target_is_for_the_group_that_got_the_answer),
		cmocka_unit_test(group_and_name_are_not_taken_for_each_other),
		cmocka_unit_test(names_with_the_same_hash_are_told_apart),
		cmocka_unit_test(groups_with_the_same_hash_are_told_apart),
		cmocka_unit_test(what_is_no_group_is_not_remembered),
		cmocka_unit_test(it_counts_to_its_last_second),
		cmocka_unit_test(nothing_lasts_longer_than_may_be),
		cmocka_unit_test(an_entry_that_lasts_longer_stays),
		cmocka_unit_test(a_clock_that_goes_back_lengthens_nothing),
		cmocka_unit_test(memory_is_bounded_and_what_is_new_has_a_place),
		cmocka_unit_test(a_part_of_the_room_is_had_without_a_loss),
		cmocka_unit_test(what_ends_first_goes_first),
		cmocka_unit_test(what_a_clock_ahead_left_is_in_nobodys_way),
		cmocka_unit_test(what_has_ended_gives_its_memory_back),
		cmocka_unit_test(chance_tells_nothing_else),
		cmocka_unit_test(what_no_policy_wants_any_more_is_forgotten),
		test_in_folder(targets_may_be_asked_for_after_a_restart),
		test_in_folder(all_there_is_room_for_is_kept),
		test_in_folder(only_what_changed_is_written),
		test_in_folder(what_has_ended_is_not_written),
		test_in_folder(a_damaged_file_allows_nothing),
		test_in_folder(lines_that_nobody_wrote_allow_nothing),
		test_in_folder(no_file_makes_anything_last_longer_than_may_be),
		test_in_folder(what_cannot_be_read_is_told),
		test_in_folder(threads_find_what_threads_add_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
