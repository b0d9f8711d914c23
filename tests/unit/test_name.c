/*
 * test_name.c - owner names: wire format, lower case, and as text.
 */
#include "support.h"

#include <ldns/ldns.h>

#include "name.h"

/* A name in wire format as a string; the string's own NUL is the root. */
#define WIRE(string) (const uint8_t *)(string), sizeof(string)
/* Octets with no root label behind them. */
#define CUT(string) (const uint8_t *)(string), sizeof(string) - 1

struct wire_row {
	const char *row;
	const uint8_t *wire;
	size_t length;
	/* In lower case, as long; NULL where the wire is no name. */
	const char *lower;
	unsigned labels;
};

static const struct wire_row wire_rows[] = {
	{ "the root", WIRE(""), "", 0 },
	{ "one label", WIRE("\3com"), "\3com", 1 },
	{ "three labels", WIRE("\3www\7example\3com"),
		"\3www\7example\3com", 3 },
	{ "capitals become small", WIRE("\3WwW\7EXAMPLE\3cOM"),
		"\3www\7example\3com", 3 },
	{ "the neighbours of the letters stay", WIRE("\4@[`{"),
		"\4@[`{", 1 },
	{ "the first and the last letter", WIRE("\4AZaz"), "\4azaz", 1 },
	{ "a length octet is no letter", WIRE(
		"\101AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAA"), NULL, 0 },
	{ "letters of Latin-1 stay", WIRE("\4\300\336\340\376"),
		"\4\300\336\340\376", 1 },
	{ "letters with the high bit stay", WIRE("\2\301\332"),
		"\2\301\332", 1 },
	{ "octets beyond ASCII stay", WIRE("\3\200\277\377"),
		"\3\200\277\377", 1 },
	{ "a NUL in a label", WIRE("\3a\0b"), "\3a\0b", 1 },
	{ "dots and spaces in a label", WIRE("\3. ."), "\3. .", 1 },
	{ "an asterisk", WIRE("\1*\3com"), "\1*\3com", 2 },
	{ "no octet at all", CUT(""), NULL, 0 },
	{ "an octet behind the root", WIRE("\0"), NULL, 0 },
	{ "an octet behind a name", WIRE("\3com\0"), NULL, 0 },
	{ "a name behind a name", WIRE("\3com\0\3com"), NULL, 0 },
	{ "no root label", CUT("\3com"), NULL, 0 },
	{ "cut in a label", CUT("\3www\7exam"), NULL, 0 },
	{ "cut behind a length octet", CUT("\3www\7"), NULL, 0 },
	{ "a label up to the end of the octets", CUT("\4com"), NULL, 0 },
	{ "a compression pointer", CUT("\300\14"), NULL, 0 },
	{ "a compression pointer behind a label", CUT("\3www\300\14"), NULL,
		0 },
	{ "an extended label", WIRE("\101\1"), NULL, 0 },
	{ "a label type of old", WIRE("\201\1"), NULL, 0 },
};

static void
wire_format_is_read_or_refused(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(wire_rows); i++) {
		const struct wire_row *r = &wire_rows[i];
		struct name name;
		/* Just as large, so that a sanitizer sees what is beyond. */
		uint8_t *wire = malloc(r->length > 0 ? r->length : 1);
		int result;

		assert_non_null(wire);
		memcpy(wire, r->wire, r->length);
		result = name_from_wire(&name, wire, r->length);
		free(wire);
		wrong += row_number(r->row, "result", r->lower ? 0 : -1,
			result);
		if (result != 0 || r->lower == NULL)
			continue;
		wrong += row_octets(r->row, (const uint8_t *)r->lower,
			r->length, name.octets, name.length);
		wrong += row_number(r->row, "labels", r->labels, name.labels);
	}
	assert_int_equal(wrong, 0);
}

/* Labels of LENGTHS octets each, 0 behind the last, all of OCTET. */
static size_t
wire_of_lengths(const uint8_t *lengths, uint8_t octet, uint8_t *wire)
{
	size_t at = 0;

	for (; *lengths != 0; lengths++) {
		wire[at] = *lengths;
		memset(wire + at + 1, octet, *lengths);
		at += *lengths + 1u;
	}
	wire[at] = 0;
	return at + 1;
}

static void
names_may_have_255_octets_and_no_more(void **state)
{
	static const struct {
		const char *row;
		uint8_t lengths[6];
		size_t octets;
		int result;
	} rows[] = {
		{ "a label of 63 octets", { 63 }, 65, 0 },
		{ "a name of 254 octets", { 63, 63, 63, 60 }, 254, 0 },
		{ "a name of 255 octets", { 63, 63, 63, 61 }, 255, 0 },
		{ "a name of 256 octets", { 63, 63, 63, 62 }, 256, -1 },
		{ "a name of 257 octets", { 63, 63, 63, 63 }, 257, -1 },
		{ "its last label is of one octet", { 63, 63, 63, 59, 1 }, 255,
			0 },
		{ "one label too many", { 63, 63, 63, 60, 1 }, 256, -1 },
		{ "a label of 64 octets", { 64 }, 66, -1 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		uint8_t wire[300];
		size_t length = wire_of_lengths(rows[i].lengths, 'x', wire);
		struct name name;

		wrong += row_number(rows[i].row, "octets",
			(long)rows[i].octets, (long)length);
		wrong += row_number(rows[i].row, "result", rows[i].result,
			name_from_wire(&name, wire, length));
	}
	assert_int_equal(wrong, 0);
}

static void
names_may_have_127_labels(void **state)
{
	uint8_t lengths[129], wire[300];
	struct name name;
	unsigned i;

	(void)state;
	memset(lengths, 1, sizeof(lengths));
	lengths[127] = 0;
	assert_int_equal(wire_of_lengths(lengths, 'X', wire), 255);
	assert_int_equal(name_from_wire(&name, wire, 255), 0);
	assert_int_equal(name.labels, 127);
	for (i = 0; i < 127; i++) {
		assert_int_equal(name.offset[i], 2 * i);
		assert_int_equal(name_label(&name, i)[0], 1);
		assert_int_equal(name_label(&name, i)[1], 'x');
	}
	assert_int_equal(name_label(&name, 127)[0], 0);
	lengths[127] = 1;
	lengths[128] = 0;
	assert_int_equal(name_from_wire(&name, wire,
		wire_of_lengths(lengths, 'X', wire)), -1);
}

static void
every_octet_may_stand_in_a_label(void **state)
{
	unsigned octet;

	(void)state;
	for (octet = 0; octet < 256; octet++) {
		const uint8_t wire[] = { 1, (uint8_t)octet, 0 };
		uint8_t lower = (uint8_t)octet;
		struct name name;

		if (octet >= 'A' && octet <= 'Z')
			lower = (uint8_t)(octet - 'A' + 'a');
		assert_int_equal(octet_lower((uint8_t)octet), lower);
		assert_int_equal(name_from_wire(&name, wire, sizeof(wire)),
			0);
		assert_int_equal(name.octets[1], lower);
	}
}

static void
labels_are_equal_octet_by_octet(void **state)
{
	static const struct {
		const char *row, *a, *b;
		int equal;
	} rows[] = {
		{ "the same", "\3abc", "\3abc", 1 },
		{ "another octet", "\3abc", "\3abd", 0 },
		{ "another length", "\2abc", "\3abc", 0 },
		{ "both empty", "", "", 1 },
		{ "the same up to a NUL", "\3a\0b", "\3a\0c", 0 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		wrong += row_number(rows[i].row, "equal", rows[i].equal,
			label_equal((const uint8_t *)rows[i].a,
			(const uint8_t *)rows[i].b));
	assert_int_equal(wrong, 0);
}

static void
text_keeps_letter_case_and_escapes_the_rest(void **state)
{
	static const struct {
		const char *row;
		const uint8_t *wire;
		size_t length;
		const char *text;
	} rows[] = {
		{ "the root", WIRE(""), "." },
		{ "letters in the case they have", WIRE("\3WwW\3CoM"),
			"WwW.CoM." },
		{ "what needs no escape", WIRE("\6_a-1*Z"), "_a-1*Z." },
		{ "a dot in a label", WIRE("\3a.b\3com"), "a\\046b.com." },
		{ "a backslash", WIRE("\1\\"), "\\092." },
		{ "a quote and a space", WIRE("\3\" '"),
			"\\034\\032\\039." },
		{ "what separates fields of a log", WIRE("\3=,;"),
			"\\061\\044\\059." },
		{ "control characters", WIRE("\4\0\n\33\177"),
			"\\000\\010\\027\\127." },
		{ "octets beyond ASCII", WIRE("\2\303\244"), "\\195\\164." },
		{ "the last octet", WIRE("\1\377"), "\\255." },
		{ "the neighbours of letters and digits", WIRE("\6/:@[`{"),
			"\\047\\058\\064\\091\\096\\123." },
		{ "no name", CUT("\3com"), "?" },
		{ "a pointer", CUT("\300\14"), "?" },
		{ "nothing", CUT(""), "?" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[NAME_TEXT_MAX];

		name_to_text(rows[i].wire, rows[i].length, text);
		wrong += row_text(rows[i].row, rows[i].text, text);
	}
	assert_int_equal(wrong, 0);
}

static void
the_longest_text_fits(void **state)
{
	static const uint8_t lengths[] = { 63, 63, 63, 61, 0 };
	uint8_t wire[300];
	char *text = malloc(NAME_TEXT_MAX); /* a sanitizer sees its end */
	size_t length = wire_of_lengths(lengths, 0xff, wire);

	(void)state;
	assert_non_null(text);
	name_to_text(wire, length, text);
	assert_int_equal(strlen(text), 4 * (63 + 63 + 63 + 61) + 4);
	free(text);
}

/* A name of any octets, capitals among them more often than by chance. */
static size_t
any_wire(struct chance *chance, uint8_t *wire)
{
	unsigned labels = chance_below(chance, 6), label, i;
	size_t at = 0;

	for (label = 0; label < labels; label++) {
		unsigned length = 1 + chance_below(chance,
			chance_below(chance, 4) == 0 ? 50 : 5);

		if (at + length + 2 > NAME_OCTETS_MAX)
			break;
		wire[at++] = (uint8_t)length;
		for (i = 0; i < length; i++)
			wire[at++] = (uint8_t)(chance_below(chance, 2)
				? chance_word(chance)
				: 'A' + chance_below(chance, 26));
	}
	wire[at] = 0;
	return at + 1;
}

static void
text_reads_back_by_ldns_as_the_same_name(void **state)
{
	struct chance chance = { 21 };
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		uint8_t wire[NAME_OCTETS_MAX];
		size_t length = any_wire(&chance, wire);
		char text[NAME_TEXT_MAX];
		ldns_rdf *rdf;

		name_to_text(wire, length, text);
		rdf = ldns_dname_new_frm_str(text);
		if (rdf == NULL || row_octets(text, wire, length,
		    ldns_rdf_data(rdf), ldns_rdf_size(rdf)))
			fail_msg("ldns reads another name from %s", text);
		ldns_rdf_deep_free(rdf);
	}
}

static void
lower_case_is_the_canonical_form_of_ldns(void **state)
{
	struct chance chance = { 22 };
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		uint8_t wire[NAME_OCTETS_MAX];
		size_t length = any_wire(&chance, wire), at = 0;
		struct name name;
		ldns_rdf *rdf = NULL;

		assert_int_equal(name_from_wire(&name, wire, length), 0);
		assert_int_equal(ldns_wire2dname(&rdf, wire, length, &at),
			LDNS_STATUS_OK);
		assert_int_equal(at, length);
		assert_int_equal(ldns_dname_label_count(rdf), name.labels);
		ldns_dname2canonical(rdf);
		assert_int_equal(row_octets("canonical form",
			ldns_rdf_data(rdf), ldns_rdf_size(rdf), name.octets,
			name.length), 0);
		ldns_rdf_deep_free(rdf);
	}
}

/* Any octets at all: what is accepted must be what ldns accepts, without a
 * pointer and up to the last octet. */
static void
garbage_is_refused_as_ldns_refuses_it(void **state)
{
	struct chance chance = { 23 };
	unsigned i, good = 0, bad = 0;

	(void)state;
	for (i = 0; i < 50000; i++) {
		uint8_t wire[NAME_OCTETS_MAX + 8];
		size_t length = any_wire(&chance, wire), at = 0, k;
		unsigned changes = chance_below(&chance, 3);
		struct name name;
		ldns_rdf *rdf = NULL;
		int is_name, pointer = 0;

		while (changes-- > 0)
			wire[chance_below(&chance, (unsigned)length)] =
				(uint8_t)(chance_word(&chance) & 0xcf);
		length -= chance_below(&chance, 8) == 0 && length > 1;
		for (k = 0; k < length && wire[k] != 0; k += wire[k] + 1u)
			pointer |= wire[k] > 63;
		is_name = !pointer && ldns_wire2dname(&rdf, wire, length,
			&at) == LDNS_STATUS_OK && at == length;
		ldns_rdf_deep_free(rdf);
		assert_int_equal(name_from_wire(&name, wire, length),
			is_name ? 0 : -1);
		good += (unsigned)is_name;
		bad += !is_name;
	}
	assert_true(good > 1000);
	assert_true(bad > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_format_is_read_or_refused),
		cmocka_unit_test(names_may_have_255_octets_and_no_more),
		cmocka_unit_test(names_may_have_127_labels),
		cmocka_unit_test(every_octet_may_stand_in_a_label),
		cmocka_unit_test(labels_are_equal_octet_by_octet),
		cmocka_unit_test(text_keeps_letter_case_and_escapes_the_rest),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(text_reads_back_by_ldns_as_the_same_name),
		cmocka_unit_test(lower_case_is_the_canonical_form_of_ldns),
		cmocka_unit_test(garbage_is_refused_as_ldns_refuses_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
