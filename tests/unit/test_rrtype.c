/*
 * test_rrtype.c - the words for types and classes of records, as ldns has them.
 */
#include "support.h"

#include <ctype.h>
#include <ldns/ldns.h>

#include "rrtype.h"

/* What a number is without a word. */
static void
write_numbered(const char *prefix, unsigned number, char *text)
{
	sprintf(text, "%s%u", prefix, number);
}

static void
change_case(const char *text, int (*change)(int), char *changed)
{
	for (; *text != '\0'; text++)
		*changed++ = (char)change((unsigned char)*text);
	*changed = '\0';
}

/* --- Types. */

static void
types_have_the_words_of_the_registry(void **state)
{
	static const struct {
		unsigned type;
		const char *word;
	} rows[] = {
		{ 0, "TYPE0" }, { 1, "A" }, { 2, "NS" }, { 5, "CNAME" },
		{ 6, "SOA" }, { 10, "NULL" }, { 12, "PTR" }, { 13, "HINFO" },
		{ 15, "MX" }, { 16, "TXT" }, { 23, "NSAP-PTR" },
		{ 28, "AAAA" }, { 29, "LOC" }, { 33, "SRV" }, { 35, "NAPTR" },
		{ 39, "DNAME" }, { 41, "OPT" }, { 43, "DS" }, { 44, "SSHFP" },
		{ 46, "RRSIG" }, { 47, "NSEC" }, { 48, "DNSKEY" },
		{ 50, "NSEC3" }, { 51, "NSEC3PARAM" }, { 52, "TLSA" },
		{ 53, "SMIMEA" }, { 54, "TYPE54" }, { 59, "CDS" },
		{ 60, "CDNSKEY" }, { 61, "OPENPGPKEY" }, { 63, "ZONEMD" },
		{ 64, "SVCB" }, { 65, "HTTPS" }, { 66, "DSYNC" },
		{ 67, "HHIT" }, { 68, "BRID" }, { 69, "TYPE69" },
		{ 99, "SPF" }, { 128, "NXNAME" }, { 249, "TKEY" },
		{ 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" },
		{ 253, "MAILB" }, { 254, "MAILA" }, { 255, "ANY" },
		{ 256, "URI" }, { 257, "CAA" }, { 261, "RESINFO" },
		{ 262, "WALLET" }, { 263, "CLA" }, { 264, "IPN" },
		{ 265, "TYPE265" }, { 32768, "TA" }, { 32769, "DLV" },
		{ 65280, "TYPE65280" }, { 65535, "TYPE65535" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[RRTYPE_TEXT_MAX];

		rrtype_to_text((uint16_t)rows[i].type, text);
		wrong += row_text("word", rows[i].word, text);
	}
	assert_int_equal(wrong, 0);
}

static int
reads_as_type(const char *text, unsigned expected)
{
	uint16_t type = (uint16_t)~expected;

	if (rrtype_from_text(text, &type) != 0)
		return row_text(text, "(read)", "(not read)");
	return row_number(text, "type", (long)expected, type);
}

static void
every_type_comes_back_in_any_letter_case(void **state)
{
	unsigned type;
	int wrong = 0;

	(void)state;
	for (type = 0; type <= UINT16_MAX; type++) {
		char text[RRTYPE_TEXT_MAX], changed[RRTYPE_TEXT_MAX];

		memset(text, 0xa5, sizeof(text));
		rrtype_to_text((uint16_t)type, text);
		assert_non_null(memchr(text, '\0', sizeof(text)));
		wrong += reads_as_type(text, type);
		change_case(text, tolower, changed);
		wrong += reads_as_type(changed, type);
		change_case(text, toupper, changed);
		wrong += row_text("is in capitals", text, changed);
		write_numbered("TYPE", type, text);
		wrong += reads_as_type(text, type);
		write_numbered("tYpE", type, text);
		wrong += reads_as_type(text, type);
	}
	assert_int_equal(wrong, 0);
}

/* The number ldns reads, 0 where it knows no such word. */
static unsigned
type_by_ldns(const char *text)
{
	return (unsigned)ldns_get_rr_type_by_name(text);
}

static void
types_have_the_words_of_ldns_where_it_has_one(void **state)
{
	unsigned type, known = 0;
	int wrong = 0;

	(void)state;
	for (type = 0; type <= UINT16_MAX; type++) {
		char *theirs = ldns_rr_type2str((ldns_rr_type)type);
		char ours[RRTYPE_TEXT_MAX], numbered[RRTYPE_TEXT_MAX];

		assert_non_null(theirs);
		rrtype_to_text((uint16_t)type, ours);
		write_numbered("TYPE", type, numbered);
		if (strcmp(theirs, numbered) != 0) {
			wrong += row_text("ldns knows it", theirs, ours);
			wrong += reads_as_type(theirs, type);
			known++;
		}
		/* It may lack the newer ones. */
		if (type_by_ldns(ours) != 0 || strcmp(ours, numbered) == 0)
			wrong += row_number(ours, "read by ldns", type,
				type_by_ldns(ours));
		free(theirs);
	}
	assert_true(known > 70);
	assert_int_equal(wrong, 0);
}

/* --- Classes. */

static int
reads_as_class(const char *text, unsigned expected)
{
	uint16_t rrclass = (uint16_t)~expected;

	if (rrclass_from_text(text, &rrclass) != 0)
		return row_text(text, "(read)", "(not read)");
	return row_number(text, "class", (long)expected, rrclass);
}

static void
classes_have_the_words_of_the_registry(void **state)
{
	static const struct {
		unsigned rrclass;
		const char *word;
	} rows[] = { { 0, "CLASS0" }, { 1, "IN" }, { 2, "CLASS2" },
		{ 3, "CH" }, { 4, "HS" }, { 253, "CLASS253" },
		{ 254, "NONE" }, { 255, "ANY" }, { 256, "CLASS256" },
		{ 65535, "CLASS65535" } };
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[RRTYPE_TEXT_MAX];

		rrclass_to_text((uint16_t)rows[i].rrclass, text);
		wrong += row_text("word", rows[i].word, text);
	}
	assert_int_equal(wrong, 0);
}

static void
every_class_comes_back_in_any_letter_case(void **state)
{
	unsigned rrclass;
	int wrong = 0;

	(void)state;
	for (rrclass = 0; rrclass <= UINT16_MAX; rrclass++) {
		char text[RRTYPE_TEXT_MAX], changed[RRTYPE_TEXT_MAX];

		rrclass_to_text((uint16_t)rrclass, text);
		wrong += reads_as_class(text, rrclass);
		change_case(text, tolower, changed);
		wrong += reads_as_class(changed, rrclass);
		write_numbered("CLASS", rrclass, text);
		wrong += reads_as_class(text, rrclass);
	}
	assert_int_equal(wrong, 0);
}

static void
classes_have_the_words_of_ldns_where_it_has_one(void **state)
{
	unsigned rrclass;
	int wrong = 0;

	(void)state;
	for (rrclass = 0; rrclass <= UINT16_MAX; rrclass++) {
		char *theirs = ldns_rr_class2str((ldns_rr_class)rrclass);
		char ours[RRTYPE_TEXT_MAX];

		assert_non_null(theirs);
		rrclass_to_text((uint16_t)rrclass, ours);
		wrong += row_text("class", theirs, ours);
		free(theirs);
	}
	assert_int_equal(wrong, 0);
}

/* --- Neither. */

static void
other_texts_are_no_words(void **state)
{
	static const char *const texts[] = { "", " ", "A ", " A", "B", "AA",
		"AAA", "AAAAA", "MXX", "M", "*", "1", "28", "TYPE", "TYPE-1",
		"TYPE+1", "TYPE 1", "TYPE1 ", "TYPE1.", "TYPE01", "TYPE00",
		"TYPE0x1", "TYPE65536", "TYPE99999", "TYPE4294967297",
		"TYPE18446744073709551617", "TYPEA", "TYP1", "TYPETYPE1",
		"CLASS", "CLASS-1", "CLASS01", "CLASS65536", "CLASSIN",
		"INN", "I", "CHAOS", "HESIOD", "\xc1", "NSAP_PTR",
		"a word that is longer than all of them are" };
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		uint16_t number = 4711;

		wrong += row_number(texts[i], "as a type", -1,
			rrtype_from_text(texts[i], &number));
		wrong += row_number(texts[i], "as a class", -1,
			rrclass_from_text(texts[i], &number));
		wrong += row_number(texts[i], "the number", 4711, number);
	}
	assert_int_equal(wrong, 0);
}

static void
words_of_types_are_no_classes(void **state)
{
	uint16_t number = 4711;

	(void)state;
	assert_int_equal(rrclass_from_text("A", &number), -1);
	assert_int_equal(rrclass_from_text("TYPE1", &number), -1);
	assert_int_equal(rrtype_from_text("IN", &number), -1);
	assert_int_equal(rrtype_from_text("NONE", &number), -1);
	assert_int_equal(rrtype_from_text("CLASS1", &number), -1);
	assert_int_equal(number, 4711);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_have_the_words_of_the_registry),
		cmocka_unit_test(every_type_comes_back_in_any_letter_case),
		cmocka_unit_test(
			types_have_the_words_of_ldns_where_it_has_one),
		cmocka_unit_test(classes_have_the_words_of_the_registry),
		cmocka_unit_test(every_class_comes_back_in_any_letter_case),
		cmocka_unit_test(
			classes_have_the_words_of_ldns_where_it_has_one),
		cmocka_unit_test(other_texts_are_no_words),
		cmocka_unit_test(words_of_types_are_no_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
