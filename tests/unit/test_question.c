/*
 * test_question.c - a query as people write it is the query that a client
 * would send, and what is wrong in it is told.
 */
#include "support.h"

#include "question.h"

static void
questions_are_read(void **state)
{
	static const struct {
		const char *client, *name, *type, *rrclass;
		const char *address, *text;
		uint16_t qtype, qclass;
	} rows[] = {
		{ "192.0.2.1", "a.example", NULL, NULL,
			"192.0.2.1", "a.example.", 1, 1 },
		{ "2001:DB8::1", "a.example.", "AAAA", "IN",
			"2001:db8::1", "a.example.", 28, 1 },
		{ "::ffff:192.0.2.1", "A.Example", "https", "ch",
			"192.0.2.1", "a.example.", 65, 3 },
		{ "::1", ".", "TYPE65280", "CLASS65280",
			"::1", ".", 65280, 65280 },
		{ "::1", "a", "TYPE1", "CLASS1", "::1", "a.", 1, 1 },
		{ "::1", "a", "any", "any", "::1", "a.", 255, 255 },
		{ "::1", "*.example", NULL, NULL, "::1", "*.example.", 1, 1 },
		{ "::1", "*", NULL, NULL, "::1", "*.", 1, 1 },
		{ "::1", "**.a*b.*", NULL, NULL, "::1", "**.a*b.*.", 1, 1 },
		{ "::1", "\\*.example", NULL, NULL, "::1", "*.example.", 1,
			1 },
		{ "::1", "\\042.example", NULL, NULL, "::1", "*.example.", 1,
			1 },
		{ "::1", "a\\.b.example", NULL, NULL, "::1",
			"a\\046b.example.", 1, 1 },
		{ "::1", "\\000\\255\\032.\\065", NULL, NULL, "::1",
			"\\000\\255\\032.a.", 1, 1 },
		{ "::1", "\\\\*", NULL, NULL, "::1", "\\092*.", 1, 1 },
		{ "::1", "_dns.x-1", NULL, NULL, "::1", "_dns.x-1.", 1, 1 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char address[PREFIX_TEXT_MAX], text[NAME_TEXT_MAX];
		struct question question;
		const char *row = rows[i].name, *found, *expected;

		expected = question_read(&question, rows[i].client, row,
			rows[i].type, rows[i].rrclass, &found);
		if (expected != NULL) {
			wrong += row_text(row, "", expected);
			continue;
		}
		address_to_text(&question.query.client, address);
		assert_ptr_equal(question.query.qname, question.qname);
		name_to_text(question.query.qname, question.query.qname_len,
			text);
		wrong += row_text(row, rows[i].address, address);
		wrong += row_text(row, rows[i].text, text);
		wrong += row_number(row, "type", rows[i].qtype,
			question.query.qtype);
		wrong += row_number(row, "class", rows[i].qclass,
			question.query.qclass);
	}
	assert_int_equal(wrong, 0);
}

#define CLIENT "an IPv4 or IPv6 address of a client"
#define TYPE "a type, as A, AAAA, HTTPS or TYPE65"
#define CLASS "a class, as IN, CH, ANY or CLASS1"

static void
what_is_wrong_is_told(void **state)
{
	static const struct {
		const char *client, *name, *type, *rrclass;
		const char *found, *expected;
	} rows[] = {
		{ NULL, "a", NULL, NULL, "", CLIENT },
		{ "", "a", NULL, NULL, "", CLIENT },
		{ "192.0.2.0/24", "a", NULL, NULL, "192.0.2.0/24", CLIENT },
		{ "192.0.2.256", "a", NULL, NULL, "192.0.2.256", CLIENT },
		{ "localhost", "a", NULL, NULL, "localhost", CLIENT },
		/* The first of two mistakes. */
		{ "x", "", "y", "z", "x", CLIENT },
		{ "::1", NULL, NULL, NULL, "", "a name" },
		{ "::1", "", NULL, NULL, "", "a name" },
		{ "::1", ".a", NULL, NULL, ".a",
			"a name, which does not begin with a dot" },
		{ "::1", "..", NULL, NULL, "..", "a label before '.'" },
		{ "::1", "a..b", NULL, NULL, "a..b", "a label before '.'" },
		{ "::1", "a b", NULL, NULL, "a b", "no space or control "
			"character; \\DDD is one" },
		{ "::1", "a\\", NULL, NULL, "a\\", "an octet after '\\'" },
		{ "::1", "b\xc3\xbc" "cher", NULL, NULL, "b\xc3\xbc" "cher",
			"ASCII: the name's A-label (xn--...), or \\DDD" },
		{ "::1", "a", "", NULL, "", TYPE },
		{ "::1", "a", "B", NULL, "B", TYPE },
		{ "::1", "a", "TYPE65536", NULL, "TYPE65536", TYPE },
		{ "::1", "a", "1", NULL, "1", TYPE },
		{ "::1", "a", "CLASS1", NULL, "CLASS1", TYPE },
		{ "::1", "a", "A", "", "", CLASS },
		{ "::1", "a", "A", "INN", "INN", CLASS },
		{ "::1", "a", NULL, "TYPE1", "TYPE1", CLASS },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct question question;
		const char *found = NULL, *expected;

		expected = question_read(&question, rows[i].client,
			rows[i].name, rows[i].type, rows[i].rrclass, &found);
		wrong += row_text(rows[i].found, rows[i].expected,
			expected != NULL ? expected : "");
		wrong += row_text("found", rows[i].found,
			found != NULL ? found : "");
	}
	assert_int_equal(wrong, 0);
}

/* The longest name in all ways to write it; one octet more is too long. */
static void
names_are_as_long_as_they_may_be(void **state)
{
	static const char *const octets[] = { "a", "*", "\\*", "\\097",
		"\\000" };
	struct question question;
	const char *found;
	char text[8192];
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(octets); i++) {
		char *end = text;

		/* Three labels of 63 and one of 61 octets. */
		for (k = 0; k < 3 * 63 + 61; k++) {
			if (k > 0 && k % 63 == 0)
				*end++ = '.';
			end = stpcpy(end, octets[i]);
		}
		assert_null(question_read(&question, "::1", text, NULL, NULL,
			&found));
		assert_int_equal(question.query.qname_len, NAME_OCTETS_MAX);
		stpcpy(end, octets[i]);
		assert_non_null(question_read(&question, "::1", text, NULL,
			NULL, &found));
		assert_ptr_equal(found, text);
	}
	/* As many labels as there may be. */
	for (i = 0, text[0] = '\0'; i < NAME_LABELS_MAX; i++)
		strcat(text, "*.");
	assert_null(question_read(&question, "::1", text, NULL, NULL, &found));
	assert_int_equal(question.query.qname_len, NAME_OCTETS_MAX);
	/* What no name can be is refused whatever its length. */
	for (i = 1; i < sizeof(text) - 1; i += 97) {
		memset(text, '*', i);
		text[i] = '\0';
		found = question_read(&question, "::1", text, NULL, NULL,
			&found);
		assert_int_equal(found != NULL, i > NAME_LABEL_MAX);
		memset(text, '\\', i);
		(void)question_read(&question, "::1", text, NULL, NULL,
			&found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_read),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(names_are_as_long_as_they_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
