/*
 * test_ledger.c - files made of records: what was written is read, and of what
 * is not whole nothing is taken.
 */
#include "support.h"

#include "hash.h"
#include "keep.h"
#include "ledger.h"

#define FILE_NAME "state/thing"

/* --- What is in the files here: a number and a name a line. */

#define THINGS_MAX 64

struct things {
	size_t count;
	uint64_t numbers[THINGS_MAX];
	struct name names[THINGS_MAX];
};

static int
take(void *context, const struct record *record)
{
	struct things *things = context;
	struct name name;
	uint64_t number;

	if (strcmp(record->kind, "thing") != 0 ||
	    ledger_number(record, "number", &number) != 0 ||
	    ledger_name(record, "name", &name) != 0)
		return -1;
	if (things == NULL)
		return 0;
	if (things->count == THINGS_MAX)
		return -2;
	things->numbers[things->count] = number;
	things->names[things->count++] = name;
	return 0;
}

static void
write_thing(struct record_writer *writer, uint64_t number,
	const uint8_t *wire, size_t length)
{
	record_begin(writer, "thing");
	record_number(writer, "number", number);
	ledger_write_name(writer, "name", wire, length);
	record_end(writer);
}

/* The longest name of octets that need escapes, from FIRST on. */
static size_t
longest_name(uint8_t *wire, unsigned first)
{
	static const uint8_t lengths[] = { 63, 63, 63, 61 };
	size_t at = 0, label;
	unsigned i;

	for (label = 0; label < COUNT_OF(lengths); label++) {
		wire[at++] = lengths[label];
		for (i = 0; i < lengths[label]; i++)
			wire[at++] = (uint8_t)(first++ % 33);
	}
	wire[at++] = 0;
	return at;
}

static void
write_things(uint64_t count)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	uint8_t wire[NAME_OCTETS_MAX + 2];
	uint64_t i;

	ledger_begin(&writer, "thing");
	for (i = 0; i < count; i++)
		write_thing(&writer, i == 0 ? UINT64_MAX : i, wire,
			i % 2 ? longest_name(wire, (unsigned)i)
			: wire_of("A.example", wire));
	assert_null(ledger_keep(&writer, "state", "thing"));
	assert_null(writer.memory);
}

static void
what_was_written_is_read(void **state)
{
	struct things things = { 0 };
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct kept kept;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	write_things(4);
	assert_null(ledger_load("state", "thing", take, &things));
	assert_int_equal(things.count, 4);
	assert_true(things.numbers[0] == UINT64_MAX);
	assert_true(things.numbers[3] == 3);
	assert_int_equal(things.names[0].length, sizeof("\1a\7example"));
	assert_memory_equal(things.names[0].octets, "\1a\7example",
		sizeof("\1a\7example"));
	assert_int_equal(things.names[1].length, longest_name(wire, 1));
	assert_memory_equal(things.names[1].octets, wire,
		things.names[1].length);
	assert_null(keep_load("state", "thing", &kept));
	assert_memory_equal(kept.octets, "bitsink-thing format=1\nthing ", 29);
	keep_clear(&kept);
	/* None of them is a file, too. */
	write_things(0);
	things.count = 0;
	assert_null(ledger_load("state", "thing", take, &things));
	assert_int_equal(things.count, 0);
}

static void
no_file_is_none_and_no_directory_a_failure(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct things things = { 0 };

	(void)state;
	errno = 0;
	assert_string_equal(ledger_load("state", "thing", take, &things),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	ledger_begin(&writer, "thing");
	errno = 0;
	assert_string_equal(ledger_keep(&writer, "state", "thing"),
		"cannot open the directory");
	assert_int_equal(errno, ENOENT);
	assert_null(writer.memory);
	assert_int_equal(mkdir("state", 0700), 0);
	assert_null(ledger_load("state", "thing", take, &things));
	assert_int_equal(things.count, 0);
}

static void
a_writer_without_memory_writes_no_file(void **state)
{
	struct record_writer writer = { NULL, 0, 0, 0 };

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	ledger_begin(&writer, "thing");
	writer.broken = 1;
	assert_string_equal(ledger_keep(&writer, "state", "thing"),
		"out of memory");
	assert_int_equal(errno, ENOMEM);
	assert_null(writer.memory);
	assert_int_not_equal(access(FILE_NAME, F_OK), 0);
}

static void
who_takes_without_memory_is_heard(void **state)
{
	struct things things = { 0 };

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	write_things(THINGS_MAX + 1);
	assert_string_equal(ledger_load("state", "thing", take, &things),
		"out of memory");
	assert_int_equal(errno, ENOMEM);
}

/* Nothing may be taken of a damaged file. */
static void
assert_damaged(const char *octets, size_t length)
{
	struct things things = { 0 };
	const char *failed;

	write_octets(FILE_NAME, octets, length);
	errno = ENOENT;
	failed = ledger_load("state", "thing", take, &things);
	assert_non_null(failed);
	assert_string_equal(failed, "the file is damaged");
	assert_int_equal(errno, 0);
	assert_int_equal(things.count, 0);
}

static void
damage_is_noticed_wherever_it_is(void **state)
{
	struct chance chance = { 41 };
	struct kept kept;
	size_t i;

	(void)state;
	print_message("seed %lu\n", (unsigned long)chance.state);
	assert_int_equal(mkdir("state", 0700), 0);
	write_things(3);
	assert_null(keep_load("state", "thing", &kept));
	for (i = 0; i < kept.length; i++) {
		char before = kept.octets[i];

		assert_damaged(kept.octets, i);
		kept.octets[i] ^= (char)(1u << chance_below(&chance, 8));
		assert_damaged(kept.octets, kept.length);
		kept.octets[i] = before;
	}
	/* Something behind it. */
	assert_damaged(kept.octets, kept.length + 1);
	keep_clear(&kept);
}

/* Their checksum is right. */
static const char *const wrong_files[] = {
	"", "\n", "bitsink-thing format=1",
	"bitsink-thing format=2\n", "bitsink-other format=1\n",
	"bitsink-thing format=1 \n", "bitsink-thing format=1\n\n",
	"thing number=1 name=a.\n",
	"bitsink-thing format=1\nthing\n",
	"bitsink-thing format=1\nother number=1 name=a.\n",
	"bitsink-thing format=1\nthing number=1 name=a.\nend\n",
	"bitsink-thing format=1\nthing number=1 name=a.\nthing number=2",
	"bitsink-thing format=1\nthing  number=1 name=a.\n",
	"bitsink-thing format=1\nthing number= name=a.\n",
	"bitsink-thing format=1\nthing number=-1 name=a.\n",
	"bitsink-thing format=1\nthing number=+1 name=a.\n",
	"bitsink-thing format=1\nthing number=1x name=a.\n",
	"bitsink-thing format=1\nthing number=0x1 name=a.\n",
	"bitsink-thing format=1\nthing number=\\0321 name=a.\n",
	"bitsink-thing format=1\nthing number=18446744073709551616 name=a.\n",
	"bitsink-thing format=1\nthing number=1 name=\n",
	"bitsink-thing format=1\nthing number=1 name=a..\n",
	"bitsink-thing format=1\nthing number=1 name=.a\n",
	"bitsink-thing format=1\nthing number=1 name=a\\032b\n",
	"bitsink-thing format=1\nthing number=1\n",
};

static size_t
with_checksum(char *text, size_t size, const char *lines)
{
	size_t length = strlen(lines);

	assert_true(length + 32 < size);
	memcpy(text, lines, length);
	return length + (size_t)snprintf(text + length, size - length,
		"end sum=%016lx\n",
		(unsigned long)hash_checksum(lines, length));
}

static void
lines_that_nobody_wrote_are_refused(void **state)
{
	static char text[20000], lines[19000];
	struct things things = { 0 };
	size_t i, length;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (i = 0; i < COUNT_OF(wrong_files); i++) {
		print_message("%s\n", wrong_files[i]);
		assert_damaged(text, with_checksum(text, sizeof(text),
			wrong_files[i]));
	}
	/* A line longer than any. */
	length = (size_t)sprintf(lines, "bitsink-thing format=1\n"
		"thing number=1 name=a. more=");
	memset(lines + length, 'x', 10000);
	strcpy(lines + length + 10000, "\n");
	assert_damaged(text, with_checksum(text, sizeof(text), lines));
	/* A key that is not known yet does no harm. */
	length = with_checksum(text, sizeof(text), "bitsink-thing format=1\n"
		"thing number=7 more=x name=a.\n");
	write_octets(FILE_NAME, text, length);
	assert_null(ledger_load("state", "thing", take, &things));
	assert_int_equal(things.count, 1);
	assert_true(things.numbers[0] == 7);
}

static void
a_nul_ends_no_line(void **state)
{
	static const char lines[] = "bitsink-thing format=1\n"
		"thing number=1 name=a.\0\n";
	size_t length = sizeof(lines) - 1;
	char text[256];

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	memcpy(text, lines, length);
	length += (size_t)sprintf(text + length, "end sum=%016lx\n",
		(unsigned long)hash_checksum(lines, length));
	assert_damaged(text, length);
}

static void
times_are_as_large_as_they_may_be(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t time;
	} rows[] = {
		{ "0", 0, 0 }, { "1700000000", 0, 1700000000 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -1, 0 }, { "-1", -1, 0 },
		{ "", -1, 0 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct record record = { "x", { { "at", rows[i].text } }, 1 };
		int64_t time = 0;
		int result = ledger_time(&record, "at", &time);

		wrong += row_number(rows[i].text, "result", rows[i].result,
			result);
		if (result == 0)
			wrong += row_number(rows[i].text, "time",
				rows[i].time, time);
		assert_int_equal(ledger_time(&record, "other", &time), -1);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(what_was_written_is_read),
		test_in_folder(no_file_is_none_and_no_directory_a_failure),
		test_in_folder(a_writer_without_memory_writes_no_file),
		test_in_folder(who_takes_without_memory_is_heard),
		test_in_folder(damage_is_noticed_wherever_it_is),
		test_in_folder(lines_that_nobody_wrote_are_refused),
		test_in_folder(a_nul_ends_no_line),
		cmocka_unit_test(times_are_as_large_as_they_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
