/*
 * test_pattern.c - what an allow or a deny says: one pattern of owner names.
 */
#include "support.h"

#include <ldns/ldns.h>

#include "pattern.h"

/* Text with its length, so that it may have a NUL in it. */
#define TEXT(string) (string), sizeof(string) - 1
/* Wire format; the string's own NUL is the root label. */
#define WIRE(string) (const uint8_t *)(string), sizeof(string)

#define SELF PATTERN_SELF
#define BELOW PATTERN_BELOW
#define BOTH (PATTERN_SELF | PATTERN_BELOW)

struct good_row {
	const char *row;
	const char *text;
	size_t length;
	unsigned scope;
	const uint8_t *wire;
	size_t wire_length;
	/* Wildcards of the first labels; bit 0 is a label's first octet. */
	uint64_t star[3];
};

static const struct good_row good_rows[] = {
	{ "a name", TEXT("www.example.com"), SELF,
		WIRE("\3www\7example\3com"), { 0 } },
	{ "a name with its final dot", TEXT("www.example.com."), SELF,
		WIRE("\3www\7example\3com"), { 0 } },
	{ "one label", TEXT("com"), SELF, WIRE("\3com"), { 0 } },
	{ "one octet", TEXT("x"), SELF, WIRE("\1x"), { 0 } },
	{ "capitals", TEXT("WWW.Example.COM"), SELF,
		WIRE("\3www\7example\3com"), { 0 } },
	{ "below a name", TEXT("*.example.com"), BELOW,
		WIRE("\7example\3com"), { 0 } },
	{ "below a name, final dot", TEXT("*.example.com."), BELOW,
		WIRE("\7example\3com"), { 0 } },
	{ "a name and below", TEXT(".example.com"), BOTH,
		WIRE("\7example\3com"), { 0 } },
	{ "a name and below, final dot", TEXT(".example.com."), BOTH,
		WIRE("\7example\3com"), { 0 } },
	{ "every name", TEXT("*"), BELOW, WIRE(""), { 0 } },
	{ "every name, final dot", TEXT("*."), BELOW, WIRE(""), { 0 } },
	{ "the root", TEXT("."), SELF, WIRE(""), { 0 } },
	{ "wildcard in front", TEXT("*foo.com"), SELF, WIRE("\4*foo\3com"),
		{ 1 } },
	{ "wildcard behind", TEXT("foo*.com"), SELF, WIRE("\4foo*\3com"),
		{ 8 } },
	{ "wildcard inside", TEXT("f*o.com"), SELF, WIRE("\3f*o\3com"),
		{ 2 } },
	{ "several in a label", TEXT("*a*b*.com"), SELF,
		WIRE("\5*a*b*\3com"), { 1 | 4 | 16 } },
	{ "a label that is one", TEXT("a.*.com"), SELF, WIRE("\1a\1*\3com"),
		{ 0, 1 } },
	{ "below a label that is one", TEXT("*.*.com"), BELOW,
		WIRE("\1*\3com"), { 1 } },
	{ "a label that is one, and below", TEXT(".*.com"), BOTH,
		WIRE("\1*\3com"), { 1 } },
	{ "any label, and below", TEXT(".*"), BOTH, WIRE("\1*"), { 1 } },
	{ "every name of two labels or more", TEXT("*.*"), BELOW,
		WIRE("\1*"), { 1 } },
	{ "two labels with wildcards", TEXT("a*.*b.com"), SELF,
		WIRE("\2a*\2*b\3com"), { 2, 1 } },
	{ "the last label a wildcard", TEXT("example.*"), SELF,
		WIRE("\7example\1*"), { 0, 1 } },
	{ "an asterisk itself", TEXT("\\*.example"), SELF,
		WIRE("\1*\7example"), { 0 } },
	{ "an asterisk by its number", TEXT("\\042.example"), SELF,
		WIRE("\1*\7example"), { 0 } },
	{ "an asterisk itself alone", TEXT("\\*"), SELF, WIRE("\1*"), { 0 } },
	{ "an asterisk itself, and below", TEXT(".\\*.example"), BOTH,
		WIRE("\1*\7example"), { 0 } },
	{ "below an asterisk itself", TEXT("*.\\*.example"), BELOW,
		WIRE("\1*\7example"), { 0 } },
	{ "an asterisk itself beside a wildcard", TEXT("\\**.example"), SELF,
		WIRE("\2**\7example"), { 2 } },
	{ "a wildcard beside an asterisk itself", TEXT("*\\*.example"), SELF,
		WIRE("\2**\7example"), { 1 } },
	{ "a wildcard, an asterisk itself, a wildcard", TEXT("*\\042*.x"),
		SELF, WIRE("\3***\1x"), { 1 | 4 } },
	{ "a dot in a label", TEXT("a\\.b.com"), SELF, WIRE("\3a.b\3com"),
		{ 0 } },
	{ "a dot in a label by its number", TEXT("a\\046b.com"), SELF,
		WIRE("\3a.b\3com"), { 0 } },
	{ "a label that is a dot", TEXT("\\."), SELF, WIRE("\1."), { 0 } },
	{ "a label that ends with a dot", TEXT("a\\.."), SELF, WIRE("\2a."),
		{ 0 } },
	{ "a backslash", TEXT("a\\\\b"), SELF, WIRE("\3a\\b"), { 0 } },
	{ "a letter escaped for nothing", TEXT("\\a\\B.com"), SELF,
		WIRE("\2ab\3com"), { 0 } },
	{ "a capital by its number", TEXT("\\065.com"), SELF,
		WIRE("\1a\3com"), { 0 } },
	{ "the lowest octet", TEXT("\\000"), SELF,
		(const uint8_t *)"\1\0", 3, { 0 } },
	{ "the highest octet", TEXT("\\255"), SELF, WIRE("\1\377"), { 0 } },
	{ "a digit behind a number", TEXT("\\0480"), SELF, WIRE("\00200"),
		{ 0 } },
	{ "an escaped space", TEXT("a\\ b"), SELF, WIRE("\3a b"), { 0 } },
	{ "a quote", TEXT("a\"b"), SELF, WIRE("\3a\"b"), { 0 } },
	{ "an underscore and digits", TEXT("_443._tcp.example"), SELF,
		WIRE("\4_443\4_tcp\7example"), { 0 } },
	{ "an A-label", TEXT("xn--bcher-kva.example"), SELF,
		WIRE("\15xn--bcher-kva\7example"), { 0 } },
};

static void
patterns_are_read(void **state)
{
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rows); i++) {
		const struct good_row *r = &good_rows[i];
		struct pattern_error error = { 0, "(not filled)" };
		struct pattern pattern;

		memset(&pattern, 0xa5, sizeof(pattern));
		if (pattern_from_text(&pattern, r->text, r->length, &error)) {
			wrong += row_text(r->row, "(read)", error.expected);
			continue;
		}
		wrong += row_number(r->row, "scope", r->scope, pattern.scope);
		wrong += row_octets(r->row, r->wire, r->wire_length,
			pattern.name.octets, pattern.name.length);
		for (k = 0; k < pattern.name.labels && k < 3; k++)
			wrong += row_number(r->row, "wildcards",
				(long)r->star[k], (long)pattern.star[k]);
	}
	assert_int_equal(wrong, 0);
}

/* Whoever takes a pattern apart relies on offsets that fit its octets. */
static void
labels_of_a_pattern_are_where_a_names_are(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rows); i++) {
		const struct good_row *r = &good_rows[i];
		struct pattern_error error;
		struct pattern pattern;
		struct name name;

		assert_int_equal(pattern_from_text(&pattern, r->text,
			r->length, &error), 0);
		assert_int_equal(name_from_wire(&name, pattern.name.octets,
			pattern.name.length), 0);
		assert_int_equal(name.labels, pattern.name.labels);
		assert_memory_equal(name.offset, pattern.name.offset,
			name.labels + 1u);
	}
}

#define DIGITS_EXPECTED "three digits after '\\'"
#define RANGE_EXPECTED "an octet from \\000 to \\255"
#define SPACE_EXPECTED "no space or control character; \\DDD is one"
#define ASCII_EXPECTED "ASCII: the name's A-label (xn--...), or \\DDD"
#define STAR_EXPECTED "one '*', not two; a leading '*.' stands for any " \
	"number of labels already"
#define LABEL_EXPECTED "a label before '.'"

static void
mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *row;
		const char *text;
		size_t length;
		size_t at;
		const char *expected;
	} rows[] = {
		{ "nothing", TEXT(""), 0, "a name" },
		{ "two dots", TEXT("a..b"), 2, LABEL_EXPECTED },
		{ "two dots at the end", TEXT("a.."), 2, LABEL_EXPECTED },
		{ "two dots in front", TEXT("..a"), 1, LABEL_EXPECTED },
		{ "nothing but two dots", TEXT(".."), 1, LABEL_EXPECTED },
		{ "two dots behind a wildcard", TEXT("*..a"), 2,
			LABEL_EXPECTED },
		{ "two wildcards alone", TEXT("**"), 1, STAR_EXPECTED },
		{ "two wildcards in front", TEXT("**.com"), 1,
			STAR_EXPECTED },
		{ "two wildcards inside", TEXT("a.b**c.com"), 4,
			STAR_EXPECTED },
		{ "two wildcards behind another", TEXT("*a**.com"), 3,
			STAR_EXPECTED },
		{ "a space", TEXT("a b"), 1, SPACE_EXPECTED },
		{ "a space in front", TEXT(" a"), 0, SPACE_EXPECTED },
		{ "a space behind", TEXT("a "), 1, SPACE_EXPECTED },
		{ "a space behind the leading dot", TEXT(". "), 1,
			SPACE_EXPECTED },
		{ "a tab", TEXT("a\tb"), 1, SPACE_EXPECTED },
		{ "a NUL", TEXT("a\0b"), 1, SPACE_EXPECTED },
		{ "DEL", TEXT("a\177"), 1, SPACE_EXPECTED },
		{ "UTF-8", TEXT("b\303\274cher.example"), 1,
			ASCII_EXPECTED },
		{ "the first octet beyond ASCII", TEXT("\200"), 0,
			ASCII_EXPECTED },
		{ "a backslash at the end", TEXT("abc\\"), 3,
			"an octet after '\\'" },
		{ "a backslash alone", TEXT("\\"), 0,
			"an octet after '\\'" },
		{ "one digit", TEXT("a.\\1"), 2, DIGITS_EXPECTED },
		{ "two digits", TEXT("a.\\12"), 2, DIGITS_EXPECTED },
		{ "two digits and a letter", TEXT("\\12a"), 0,
			DIGITS_EXPECTED },
		{ "two digits and a dot", TEXT("\\12.com"), 0,
			DIGITS_EXPECTED },
		{ "a digit and a letter", TEXT("\\1a2"), 0,
			DIGITS_EXPECTED },
		{ "beyond an octet", TEXT("ab\\256"), 2, RANGE_EXPECTED },
		{ "far beyond an octet", TEXT("\\999.com"), 0,
			RANGE_EXPECTED },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct pattern_error error = { 999, "(not filled)" };
		struct pattern pattern;

		wrong += row_number(rows[i].row, "result", -1,
			pattern_from_text(&pattern, rows[i].text,
			rows[i].length, &error));
		wrong += row_text(rows[i].row, rows[i].expected,
			error.expected);
		wrong += row_number(rows[i].row, "place", (long)rows[i].at,
			(long)error.at);
	}
	assert_int_equal(wrong, 0);
}

/* The text must not be read beyond its length. */
static void
text_ends_where_its_length_says(void **state)
{
	static const struct {
		const char *row;
		const char *text;
		size_t length;
		int result;
	} rows[] = {
		{ "a digit behind an escape's digits", "\\123", 3, -1 },
		{ "an octet behind a backslash", "a\\b", 2, -1 },
		{ "a dot behind an asterisk", "*.com", 1, 0 },
		{ "a label behind a dot", ".com", 1, 0 },
		{ "a wrong octet behind", "com ", 3, 0 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct pattern_error error;
		struct pattern pattern;
		char *text = malloc(rows[i].length);

		assert_non_null(text);
		memcpy(text, rows[i].text, rows[i].length);
		wrong += row_number(rows[i].row, "result", rows[i].result,
			pattern_from_text(&pattern, text, rows[i].length,
			&error));
		free(text);
	}
	assert_int_equal(wrong, 0);
}

#define NAME_EXPECTED "a name of at most 255 octets"
#define LONG_LABEL_EXPECTED "a label of at most 63 octets"
#define BELOW_EXPECTED "a name short enough to have names below it"

static void
lengths_are_those_of_names(void **state)
{
	static const struct {
		const char *row;
		const char *front;
		/* Labels of so many times the octet; 0 behind the last. */
		uint8_t lengths[6];
		const char *octet;
		/* Octets read; 0 for an error. */
		unsigned octets;
		size_t at;
		const char *expected;
	} rows[] = {
		{ "a label of 63 octets", "", { 63 }, "a", 65, 0, "" },
		{ "a label of 64 octets", "", { 64 }, "a", 0, 63,
			LONG_LABEL_EXPECTED },
		{ "the second label of 64 octets", "", { 1, 64 }, "a", 0, 65,
			LONG_LABEL_EXPECTED },
		{ "63 escaped octets", "", { 63 }, "\\097", 65, 0, "" },
		{ "64 escaped octets", "", { 64 }, "\\097", 0, 252,
			LONG_LABEL_EXPECTED },
		{ "63 octets and a wildcard", "*", { 63 }, "a", 0, 63,
			LONG_LABEL_EXPECTED },
		{ "62 octets and a wildcard", "*", { 62 }, "a", 65, 0, "" },
		{ "255 octets", "", { 63, 63, 63, 61 }, "a", 255, 0, "" },
		{ "256 octets", "", { 63, 63, 63, 62 }, "a", 0, 253,
			NAME_EXPECTED },
		{ "255 octets, the last label of one", "",
			{ 63, 63, 63, 59, 1 }, "a", 255, 0, "" },
		{ "256 octets, the last label of one", "",
			{ 63, 63, 63, 60, 1 }, "a", 0, 253, NAME_EXPECTED },
		{ "255 octets and names below", ".", { 63, 63, 63, 61 }, "a",
			255, 0, "" },
		{ "253 octets, only names below", "*.", { 63, 63, 63, 59 },
			"a", 253, 0, "" },
		{ "254 octets, only names below", "*.", { 63, 63, 63, 60 },
			"a", 0, 0, BELOW_EXPECTED },
		{ "255 octets, only names below", "*.", { 63, 63, 63, 61 },
			"a", 0, 0, BELOW_EXPECTED },
		{ "a label that is too long comes first", "",
			{ 63, 63, 63, 64 }, "a", 0, 253, NAME_EXPECTED },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct pattern_error error = { 0, "" };
		struct pattern pattern;
		char text[1200];
		unsigned label, n;
		int result;

		strcpy(text, rows[i].front);
		for (label = 0; rows[i].lengths[label] != 0; label++) {
			if (label > 0)
				strcat(text, ".");
			for (n = 0; n < rows[i].lengths[label]; n++)
				strcat(text, rows[i].octet);
		}
		result = pattern_from_text(&pattern, text, strlen(text),
			&error);
		wrong += row_number(rows[i].row, "result",
			rows[i].octets > 0 ? 0 : -1, result);
		wrong += row_text(rows[i].row, rows[i].expected,
			error.expected);
		wrong += row_number(rows[i].row, "place", (long)rows[i].at,
			(long)error.at);
		if (result == 0)
			wrong += row_number(rows[i].row, "octets",
				rows[i].octets, pattern.name.length);
	}
	assert_int_equal(wrong, 0);
}

static void
patterns_may_have_127_labels(void **state)
{
	struct pattern_error error;
	struct pattern pattern;
	char text[300] = "";
	unsigned i;

	(void)state;
	for (i = 0; i < 127; i++)
		strcat(text, i % 2 == 0 ? "a." : "*.");
	assert_int_equal(pattern_from_text(&pattern, text, strlen(text),
		&error), 0);
	assert_int_equal(pattern.name.labels, 127);
	assert_int_equal(pattern.name.length, 255);
	for (i = 0; i < 127; i++)
		assert_int_equal(pattern.star[i], i % 2);
	strcat(text, "a");
	assert_int_equal(pattern_from_text(&pattern, text, strlen(text),
		&error), -1);
	assert_string_equal(error.expected, NAME_EXPECTED);
	assert_int_equal(error.at, 254);
}

/* --- One label. */

/* A label of a pattern, read as ".LABEL". */
static struct pattern
label_of(const char *label)
{
	struct pattern_error error;
	struct pattern pattern;
	char text[NAME_TEXT_MAX];
	int length = snprintf(text, sizeof(text), ".%s", label);

	assert_int_equal(pattern_from_text(&pattern, text, (size_t)length,
		&error), 0);
	assert_int_equal(pattern.name.labels, 1);
	return pattern;
}

#define TWENTY(text) text text text text text text text text text text text \
	text text text text text text text text text
#define SIXTY_A TWENTY("aaa")

static void
wildcards_stand_for_any_octets_in_a_label(void **state)
{
	static const struct {
		const char *row;
		const char *label;
		const char *other;
		int matches;
	} rows[] = {
		{ "alone, one octet", "*", "a", 1 },
		{ "alone, many octets", "*", SIXTY_A "aaa", 1 },
		{ "alone, an asterisk", "*", "*", 1 },
		{ "behind, for nothing", "ab*", "ab", 1 },
		{ "behind, for some", "ab*", "abcd", 1 },
		{ "behind, other octets in front", "ab*", "acd", 0 },
		{ "behind, too short", "ab*", "a", 0 },
		{ "in front, for nothing", "*ab", "ab", 1 },
		{ "in front, for some", "*ab", "cdab", 1 },
		{ "in front, other octets behind", "*ab", "abc", 0 },
		{ "in front, the end comes twice", "*ab", "abab", 1 },
		{ "in front, too short", "*ab", "b", 0 },
		{ "inside, for nothing", "a*b", "ab", 1 },
		{ "inside, for some", "a*b", "axxb", 1 },
		{ "inside, octets are not shared", "a*a", "a", 0 },
		{ "inside, two octets", "a*a", "aa", 1 },
		{ "inside, the end comes early too", "a*b", "abxb", 1 },
		{ "inside, behind its end", "a*b", "abx", 0 },
		{ "twice, for nothing", "*a*", "a", 1 },
		{ "twice, in the middle", "*a*", "bab", 1 },
		{ "twice, not there", "*a*", "bbb", 0 },
		{ "twice, not shared", "*ab*ba*", "aba", 0 },
		{ "twice, one after the other", "*ab*ba*", "abba", 1 },
		{ "the first try is the wrong one", "*aab", "aaab", 1 },
		{ "the first part must not be tried again", "a*bc*d",
			"abxbcd", 1 },
		{ "in the wrong order", "*b*a*", "ab", 0 },
		{ "an asterisk itself", "\\**", "*a", 1 },
		{ "an asterisk itself is no wildcard", "\\**", "aa", 0 },
		{ "an asterisk itself inside", "*\\**", "a*b", 1 },
		{ "an asterisk itself inside, not there", "*\\**", "ab", 0 },
		{ "capitals in the pattern", "A*B", "axb", 1 },
		{ "long, all wildcards used", TWENTY("*a") "*", SIXTY_A, 1 },
		{ "long, one octet is wrong", TWENTY("*a") "*b", SIXTY_A, 0 },
		{ "long, the last octet fits", TWENTY("*a") "*b",
			SIXTY_A "b", 1 },
		{ "long, one octet too short", TWENTY("*a") "*",
			"aaaaaaaaaaaaaaaaaaa", 0 },
		{ "long, as many as there are", TWENTY("*a") "*",
			"aaaaaaaaaaaaaaaaaaaa", 1 },
		{ "the last of 63 octets is the wildcard", SIXTY_A "aa*",
			SIXTY_A "aa", 1 },
		{ "the last of 63 octets is the wildcard, for one",
			SIXTY_A "aa*", SIXTY_A "aab", 1 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct pattern pattern = label_of(rows[i].label);
		struct name name = name_of(rows[i].other);

		wrong += row_number(rows[i].row, rows[i].label,
			rows[i].matches, pattern_label_matches(
			pattern.name.octets, pattern.star[0], name.octets));
	}
	assert_int_equal(wrong, 0);
}

/* The definition, by trying all: slow, so for short labels. */
static int
matches_by_trying(const char *label, const char *other)
{
	if (*label == '\0')
		return *other == '\0';
	if (*label == '*')
		return matches_by_trying(label + 1, other) ||
			(*other != '\0' &&
			matches_by_trying(label, other + 1));
	return *label == *other && matches_by_trying(label + 1, other + 1);
}

/* Text NUMBER over the octets of ALPHABET; 0 behind the last of LENGTH. */
static int
nth_text(unsigned number, const char *alphabet, unsigned length, char *text)
{
	unsigned base = (unsigned)strlen(alphabet);

	for (; length > 0; length--) {
		*text++ = alphabet[number % base];
		number /= base;
	}
	*text = '\0';
	return number == 0;
}

static void
all_short_labels_match_as_by_trying(void **state)
{
	unsigned length, i, other_length, k, matched = 0;

	(void)state;
	for (length = 1; length <= 6; length++) {
		char label[8], other[8];

		for (i = 0; nth_text(i, "ab*", length, label); i++) {
			struct pattern pattern;

			if (strstr(label, "**") != NULL)
				continue;
			pattern = label_of(label);
			for (other_length = 1; other_length <= 6;
			    other_length++)
				for (k = 0; nth_text(k, "ab", other_length,
				    other); k++) {
					struct name name = name_of(other);
					int found = pattern_label_matches(
						pattern.name.octets,
						pattern.star[0], name.octets);

					if (found != matches_by_trying(label,
					    other))
						fail_msg("%s and %s: %d",
							label, other, found);
					matched += (unsigned)found;
				}
		}
	}
	assert_true(matched > 1000);
}

static void
rank_counts_literal_octets(void **state)
{
	static const struct {
		const char *row;
		const char *label;
		unsigned rank;
	} rows[] = {
		{ "no wildcard", "a", PATTERN_RANK_LITERAL },
		{ "no wildcard, long", SIXTY_A "aaa", PATTERN_RANK_LITERAL },
		{ "an asterisk itself", "\\*", PATTERN_RANK_LITERAL },
		{ "a lone wildcard", "*", 0 },
		{ "one octet and a wildcard", "a*", 1 },
		{ "an asterisk itself and a wildcard", "\\**", 1 },
		{ "wildcards do not count", "*a*b*", 2 },
		{ "the longest", SIXTY_A "aa*", 62 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct pattern pattern = label_of(rows[i].label);

		wrong += row_number(rows[i].row, "rank", rows[i].rank,
			pattern_label_rank(pattern.name.octets,
			pattern.star[0]));
	}
	assert_int_equal(wrong, 0);
}

/* --- Whole names. */

static void
matches_tell_the_rank_of_each_label_from_the_right(void **state)
{
	static const struct {
		const char *row;
		const char *pattern;
		const char *name;
		/* Of each label from the right, as a number; -1 behind the
		 * last, -2 alone for no match. */
		int specificity[5];
	} rows[] = {
		{ "a name", "www.example.com", "www.example.com",
			{ 65, 65, 65, -1 } },
		{ "in capitals", "WWW.example.com", "www.EXAMPLE.com",
			{ 65, 65, 65, -1 } },
		{ "a name is not below itself", "example.com",
			"www.example.com", { -2 } },
		{ "a name and its parent", "www.example.com", "example.com",
			{ -2 } },
		{ "below", "*.example.com", "www.example.com",
			{ 65, 65, -1 } },
		{ "far below", "*.example.com", "a.b.c.example.com",
			{ 65, 65, -1 } },
		{ "below is not the name itself", "*.example.com",
			"example.com", { -2 } },
		{ "below is not beside", "*.example.com", "www.example.net",
			{ -2 } },
		{ "below ends at a dot", "*.example.com", "www.notexample.com",
			{ -2 } },
		{ "both: the name", ".example.com", "example.com",
			{ 65, 65, -1 } },
		{ "both: below", ".example.com", "a.b.example.com",
			{ 65, 65, -1 } },
		{ "both: beside", ".example.com", "notexample.com", { -2 } },
		{ "every name", "*", "com", { -1 } },
		{ "every name, deep", "*", "a.b.c.d", { -1 } },
		{ "every name is not the root", "*", ".", { -2 } },
		{ "the root", ".", ".", { -1 } },
		{ "the root and another name", ".", "com", { -2 } },
		{ "a wildcard inside", "w*w.example.com", "wow.example.com",
			{ 65, 65, 3, -1 } },
		{ "a lone wildcard", "a.*.com", "a.b.com", { 65, 1, 65, -1 } },
		{ "a lone wildcard is one label", "a.*.com", "a.b.c.com",
			{ -2 } },
		{ "a lone wildcard is no less than one label", "a.*.com",
			"a.com", { -2 } },
		{ "below a wildcard", "*.f*.com", "a.b.foo.com",
			{ 65, 2, -1 } },
		{ "a wildcard does not cross a dot", "a*c.com", "a.c.com",
			{ -2 } },
		{ "an asterisk itself", "\\*.com", "*.com", { 65, 65, -1 } },
		{ "an asterisk itself and another name", "\\*.com", "a.com",
			{ -2 } },
	};
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		uint8_t found[NAME_LABELS_MAX + 1];
		uint8_t expected[NAME_LABELS_MAX + 1] = { 0 };
		struct name name = name_of(rows[i].name);
		struct pattern_error error;
		struct pattern pattern;
		int matches;

		assert_int_equal(pattern_from_text(&pattern, rows[i].pattern,
			strlen(rows[i].pattern), &error), 0);
		memset(found, 0xa5, sizeof(found));
		matches = pattern_matches(&pattern, &name, found);
		wrong += row_number(rows[i].row, "matches",
			rows[i].specificity[0] != -2, matches);
		if (!matches)
			continue;
		for (k = 0; rows[i].specificity[k] >= 0; k++)
			expected[k] = (uint8_t)rows[i].specificity[k];
		wrong += row_octets(rows[i].row, expected, sizeof(expected),
			found, sizeof(found));
	}
	assert_int_equal(wrong, 0);
}

/* --- Against ldns. */

/* A name as text, with every kind of escape and no wildcard. */
static void
any_text(struct chance *chance, char *text)
{
	unsigned labels = 1 + chance_below(chance, 5), length;

	for (; labels > 0; labels--) {
		for (length = 1 + chance_below(chance, 8); length > 0;
		    length--)
			switch (chance_below(chance, 4)) {
			case 0:
				text += sprintf(text, "\\%03u",
					chance_below(chance, 256));
				break;
			case 1:
				text += sprintf(text, "\\%c", ".*\\\"@ aZ-("[
					chance_below(chance, 10)]);
				break;
			default:
				*text++ = "abcXYZ059-_"[chance_below(chance,
					11)];
			}
		if (labels > 1 || chance_below(chance, 2))
			*text++ = '.';
	}
	*text = '\0';
}

static void
names_are_read_as_ldns_reads_them(void **state)
{
	struct chance chance = { 31 };
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		char text[256];
		struct pattern_error error;
		struct pattern pattern;
		ldns_rdf *rdf;

		any_text(&chance, text);
		rdf = ldns_dname_new_frm_str(text);
		if (rdf == NULL)
			fail_msg("ldns cannot read %s", text);
		ldns_dname2canonical(rdf);
		if (pattern_from_text(&pattern, text, strlen(text), &error))
			fail_msg("%s: expected %s", text, error.expected);
		assert_int_equal(row_octets(text, ldns_rdf_data(rdf),
			ldns_rdf_size(rdf), pattern.name.octets,
			pattern.name.length), 0);
		assert_int_equal(pattern.scope, PATTERN_SELF);
		ldns_rdf_deep_free(rdf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_read),
		cmocka_unit_test(labels_of_a_pattern_are_where_a_names_are),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(text_ends_where_its_length_says),
		cmocka_unit_test(lengths_are_those_of_names),
		cmocka_unit_test(patterns_may_have_127_labels),
		cmocka_unit_test(wildcards_stand_for_any_octets_in_a_label),
		cmocka_unit_test(all_short_labels_match_as_by_trying),
		cmocka_unit_test(rank_counts_literal_octets),
		cmocka_unit_test(
			matches_tell_the_rank_of_each_label_from_the_right),
		cmocka_unit_test(names_are_read_as_ldns_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
