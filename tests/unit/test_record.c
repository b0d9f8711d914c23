/*
 * test_record.c - what is written comes back as it was, no value can forge a
 * line or a field, and a line that is none is told where it is wrong.
 */
#include "support.h"

#include <inttypes.h>

#include "record.h"

/* --- Writing. */

static void
assert_written(const struct record_writer *writer, const char *expected)
{
	assert_false(writer->broken);
	assert_int_equal(writer->length, strlen(expected));
	assert_memory_equal(writer->memory, expected, writer->length);
}

static void
a_line_is_a_kind_and_its_fields(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };

	(void)state;
	record_begin(&writer, "kind");
	record_text(&writer, "text", "a-b_c.d:e,f/~!");
	record_text(&writer, "empty", "");
	record_number(&writer, "zero", 0);
	record_number(&writer, "most", UINT64_MAX);
	record_octets(&writer, "octets", "abcdef", 3);
	record_octets(&writer, "none", "", 0);
	record_format(&writer, "format", "%s:%d %x", "a=b", -1, 255u);
	record_end(&writer);
	record_begin(&writer, "end");
	record_end(&writer);
	assert_written(&writer, "kind text=a-b_c.d:e,f/~! empty= zero=0 "
		"most=18446744073709551615 octets=abc none= "
		"format=a\\061b:-1\\032ff\nend\n");
	record_clear(&writer);
	assert_null(writer.memory);
	record_begin(&writer, "again");
	assert_written(&writer, "again");
	record_clear(&writer);
}

static void
what_could_end_a_value_is_escaped(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	unsigned octet;

	(void)state;
	for (octet = 1; octet < 256; octet++) {
		char value[2] = { (char)octet, '\0' }, expected[32];

		if (octet > 0x20 && octet < 0x7f && octet != '"' &&
		    octet != '=' && octet != '\\')
			snprintf(expected, sizeof(expected), "k v=%c\n",
				(int)octet);
		else
			snprintf(expected, sizeof(expected), "k v=\\%03u\n",
				octet);
		record_begin(&writer, "k");
		record_text(&writer, "v", value);
		record_end(&writer);
		assert_written(&writer, expected);
		record_clear(&writer);
	}
}

static void
a_formatted_value_is_cut(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };

	(void)state;
	record_format(&writer, "v", "%02000d", 0);
	assert_int_equal(writer.length, strlen(" v=") + 1023);
	record_clear(&writer);
}

static void
a_value_may_be_long(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	size_t i, length = 300000;
	char *value = malloc(length + 1);

	(void)state;
	assert_non_null(value);
	memset(value, '\n', length);
	value[length] = '\0';
	record_begin(&writer, "k");
	record_text(&writer, "v", value);
	record_end(&writer);
	assert_int_equal(writer.length, strlen("k v=\n") + 4 * length);
	for (i = 4; i + 1 < writer.length; i += 4)
		assert_memory_equal(writer.memory + i, "\\010", 4);
	assert_true(writer.room >= writer.length);
	record_clear(&writer);
	free(value);
}

static void
a_log_gets_the_same_escapes_in_the_room_there_is(void **state)
{
	static const char text[] = "a b=c\\\"\n\x7f\xff.*";
	static const char whole[] = "a\\032b\\061c\\092\\034\\010\\127\\255.*";
	char out[sizeof(whole) + 8];
	size_t size;

	(void)state;
	record_escape(out, sizeof(out), text);
	assert_string_equal(out, whole);
	for (size = 1; size <= sizeof(whole); size++) {
		size_t length;
		const char *escape;

		memset(out, 'x', sizeof(out));
		record_escape(out, size, text);
		length = strlen(out);
		assert_true(length < size);
		/* Nothing behind the room, and as much as fits. */
		assert_int_equal(out[size], 'x');
		assert_memory_equal(out, whole, length);
		assert_true(size - length <= 4);
		escape = strrchr(out, '\\');
		assert_true(escape == NULL || strlen(escape) >= 4);
	}
}

/* --- Reading. */

static int
check_fields(const char *row, const char *line, const char *expected)
{
	char copy[4096], found[4096] = "";
	struct record record;
	const char *wanted;
	size_t wrong, length;
	unsigned i;

	strcpy(copy, line);
	if (record_parse(&record, copy, &wrong, &wanted) != 0) {
		print_error("%s: expected %s at %zu\n", row, wanted, wrong);
		return 1;
	}
	assert_null(wanted);
	length = (size_t)snprintf(found, sizeof(found), "%s", record.kind);
	for (i = 0; i < record.count; i++)
		length += (size_t)snprintf(found + length,
			sizeof(found) - length, "|%s|%s", record.fields[i].key,
			record.fields[i].value);
	return row_text(row, expected, found);
}

static void
lines_are_taken_apart(void **state)
{
	static const struct {
		const char *line, *expected;
	} rows[] = {
		{ "status", "status" },
		{ "a", "a" },
		{ "0-9-z", "0-9-z" },
		{ "top by=clients", "top|by|clients" },
		{ "k a=1 b=2 c-3=", "k|a|1|b|2|c-3|" },
		{ "k a= b=", "k|a||b|" },
		{ "k a=1 a=2", "k|a|1|a|2" },
		{ "k a=\\032", "k|a| " },
		{ "k a=x\\061y\\092z b=\\034", "k|a|x=y\\z|b|\"" },
		{ "k a=\\097\\098 b=c", "k|a|ab|b|c" },
		{ "k a=\\255\\001", "k|a|\xff\x01" },
		{ "k a=\\0010", "k|a|\x01" "0" },
		{ "k a=!#~'{}", "k|a|!#~'{}" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		wrong += check_fields(rows[i].line, rows[i].line,
			rows[i].expected);
	assert_int_equal(wrong, 0);
}

#define WORD "a word of a-z, 0-9 and '-'"
#define KEY "a key of a-z, 0-9 and '-'"
#define EQUALS "'=' behind the key"
#define OCTET "a printable character, or \\DDD"
#define ESCAPE "\\DDD from \\001 to \\255"

static void
a_wrong_line_is_told_where(void **state)
{
	static const struct {
		const char *line;
		size_t at;
		const char *expected;
	} rows[] = {
		{ "", 0, WORD },
		{ " status", 0, WORD },
		{ "Status", 0, WORD },
		{ "=", 0, WORD },
		{ "\xc3\xa4", 0, WORD },
		{ "statuS", 5, "a space" },
		{ "status\t", 6, "a space" },
		{ "status\r", 6, "a space" },
		{ "status=1", 6, "a space" },
		{ "status ", 7, KEY },
		{ "status  a=1", 7, KEY },
		{ "status =1", 7, KEY },
		{ "status A=1", 7, KEY },
		{ "status a", 8, EQUALS },
		{ "status a b=1", 8, EQUALS },
		{ "status aB=1", 8, EQUALS },
		{ "status a_b=1", 8, EQUALS },
		{ "status a=1 ", 11, KEY },
		{ "status a=1  b=2", 11, KEY },
		{ "status a=1=2", 10, OCTET },
		{ "status a=\"1\"", 9, OCTET },
		{ "status a=1\tb", 10, OCTET },
		{ "status a=1\x7f", 10, OCTET },
		{ "status a=\xc3\xa4", 9, OCTET },
		{ "status a=1\n", 10, OCTET },
		{ "status a=\\", 9, ESCAPE },
		{ "status a=\\0", 9, ESCAPE },
		{ "status a=\\00", 9, ESCAPE },
		{ "status a=\\000", 9, ESCAPE },
		{ "status a=\\256", 9, ESCAPE },
		{ "status a=\\999", 9, ESCAPE },
		{ "status a=\\-01", 9, ESCAPE },
		{ "status a=\\ 01", 9, ESCAPE },
		{ "status a=\\0x1", 9, ESCAPE },
		{ "status a=\\\\", 9, ESCAPE },
		{ "status a=b\\032\\03", 14, ESCAPE },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const char *expected = NULL;
		struct record record;
		size_t at = 9999;
		char line[64];

		strcpy(line, rows[i].line);
		wrong += row_number(rows[i].line, "result", -1,
			record_parse(&record, line, &at, &expected));
		wrong += row_number(rows[i].line, "offset",
			(long)rows[i].at, (long)at);
		wrong += row_text(rows[i].line, rows[i].expected,
			expected != NULL ? expected : "");
	}
	assert_int_equal(wrong, 0);
}

static void
a_line_has_so_many_fields_and_no_more(void **state)
{
	char line[1024], *end = line + sprintf(line, "k");
	const char *expected;
	struct record record;
	size_t wrong, length;
	unsigned i;

	(void)state;
	for (i = 0; i < RECORD_FIELDS_MAX; i++)
		end += sprintf(end, " k%u=%u", i, i);
	assert_int_equal(record_parse(&record, line, &wrong, &expected), 0);
	assert_int_equal(record.count, RECORD_FIELDS_MAX);
	assert_string_equal(record_get(&record, "k31"), "31");
	for (i = 0, end = line + sprintf(line, "k"); i < RECORD_FIELDS_MAX;
	    i++)
		end += sprintf(end, " k%u=%u", i, i);
	length = strlen(line);
	strcpy(end, " more=1");
	assert_int_equal(record_parse(&record, line, &wrong, &expected), -1);
	assert_int_equal(wrong, length);
	assert_string_equal(expected, "no more fields");
}

static void
a_field_is_found_by_its_key(void **state)
{
	char line[] = "k ab=1 a=2 b= a=3";
	const char *expected;
	struct record record;
	size_t wrong;

	(void)state;
	assert_int_equal(record_parse(&record, line, &wrong, &expected), 0);
	assert_string_equal(record_get(&record, "ab"), "1");
	assert_string_equal(record_get(&record, "a"), "2");
	assert_string_equal(record_get(&record, "b"), "");
	assert_null(record_get(&record, "c"));
	assert_null(record_get(&record, ""));
	assert_null(record_get(&record, "k"));
}

/* --- Both ways. */

/* Octets without a NUL; more of those that matter than there are else. */
static void
chance_value(struct chance *chance, char *value, unsigned length)
{
	static const char matter[] = " =\"\\\n\t\r09ax";

	for (; length > 0; length--)
		*value++ = chance_below(chance, 2)
			? matter[chance_below(chance, sizeof(matter) - 1)]
			: (char)(1 + chance_below(chance, 255));
	*value = '\0';
}

static void
what_is_written_is_read_again(void **state)
{
	struct chance chance = { 4 };
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct record_writer writer = { NULL, 0, 0, 0 };
		char values[4][32];
		unsigned count = chance_below(&chance, 5), k;
		const char *expected;
		struct record record;
		size_t wrong;

		record_begin(&writer, "kind");
		for (k = 0; k < count; k++) {
			static const char *const keys[] = { "a", "b", "c",
				"d" };

			chance_value(&chance, values[k],
				chance_below(&chance, 31));
			record_text(&writer, keys[k], values[k]);
		}
		record_end(&writer);
		assert_false(writer.broken);
		assert_ptr_equal(memchr(writer.memory, '\n', writer.length),
			writer.memory + writer.length - 1);
		writer.memory[writer.length - 1] = '\0';
		assert_int_equal(record_parse(&record, writer.memory, &wrong,
			&expected), 0);
		assert_string_equal(record.kind, "kind");
		assert_int_equal(record.count, count);
		for (k = 0; k < count; k++)
			assert_string_equal(record.fields[k].value, values[k]);
		record_clear(&writer);
	}
}

/* Exactly what record_end() writes parses: nothing is read in two ways. */
static void
what_is_read_is_written_again(void **state)
{
	static const char octets[] = "kab01 ==\\\\\"\n\t\x80";
	struct chance chance = { 5 };
	int i, good = 0;

	(void)state;
	for (i = 0; i < 200000; i++) {
		struct record_writer writer = { NULL, 0, 0, 0 };
		unsigned length = chance_below(&chance, 12), k;
		char line[16], copy[16];
		const char *expected;
		struct record record;
		size_t wrong;

		for (k = 0; k < length; k++)
			line[k] = octets[chance_below(&chance,
				sizeof(octets) - 1)];
		line[length] = '\0';
		strcpy(copy, line);
		if (record_parse(&record, copy, &wrong, &expected) != 0) {
			assert_true(wrong <= length);
			assert_non_null(expected);
			continue;
		}
		good++;
		record_begin(&writer, record.kind);
		for (k = 0; k < record.count; k++)
			record_text(&writer, record.fields[k].key,
				record.fields[k].value);
		record_end(&writer);
		/* An escape that need not be one is the only other way. */
		if (strchr(line, '\\') == NULL) {
			assert_int_equal(writer.length, length + 1);
			assert_memory_equal(writer.memory, line, length);
		}
		record_clear(&writer);
	}
	assert_true(good > 1000);
}

static void
records_are_appended_to_records(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record_writer more = { NULL, 0, 0, 0 };
	int i;

	(void)state;
	/* Nothing to nothing. */
	record_append(&writer, &more);
	assert_int_equal(writer.length, 0);
	assert_false(writer.broken);
	record_begin(&writer, "a");
	record_end(&writer);
	record_append(&writer, &more);
	assert_int_equal(writer.length, 2);
	for (i = 0; i < 10000; i++) {
		record_begin(&more, "b");
		record_number(&more, "k", (uint64_t)i);
		record_end(&more);
	}
	record_append(&writer, &more);
	assert_int_equal(writer.length, 2 + more.length);
	assert_memory_equal(writer.memory, "a\n", 2);
	assert_memory_equal(writer.memory + 2, more.memory, more.length);
	record_append(&writer, &more);
	assert_int_equal(writer.length, 2 + 2 * more.length);
	assert_false(writer.broken);
	/* What is broken breaks the whole. */
	more.broken = 1;
	record_append(&writer, &more);
	assert_true(writer.broken);
	record_clear(&writer);
	record_clear(&more);
	more.broken = 1;
	memset(&writer, 0, sizeof(writer));
	record_append(&writer, &more);
	assert_true(writer.broken);
	record_clear(&writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_kind_and_its_fields),
		cmocka_unit_test(what_could_end_a_value_is_escaped),
		cmocka_unit_test(a_formatted_value_is_cut),
		cmocka_unit_test(a_value_may_be_long),
		cmocka_unit_test(
			a_log_gets_the_same_escapes_in_the_room_there_is),
		cmocka_unit_test(lines_are_taken_apart),
		cmocka_unit_test(a_wrong_line_is_told_where),
		cmocka_unit_test(a_line_has_so_many_fields_and_no_more),
		cmocka_unit_test(a_field_is_found_by_its_key),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(what_is_read_is_written_again),
		cmocka_unit_test(records_are_appended_to_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
