/*
 * ledger.c - a file of the state directory that is made of records.
 */
#include "ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "keep.h"
#include "question.h"

/* "end sum=", 16 digits, a newline. */
#define TRAILER_OCTETS 25u

/* More than a line takes that has two names: each octet of a name as \DDD,
 * whose backslash the record writes as \DDD again, and what else there is. */
#define LINE_OCTETS (14 * NAME_OCTETS_MAX + 2048)

/* "bitsink-NAME format=1" and a newline. */
#define HEADER_OCTETS (NAME_MAX + 32)

static size_t
format_header(char *header, const char *name)
{
	return (size_t)snprintf(header, HEADER_OCTETS, "bitsink-%.*s "
		"format=1\n", NAME_MAX, name);
}

static void
format_trailer(char *trailer, const char *octets, size_t length)
{
	snprintf(trailer, TRAILER_OCTETS + 1, "end sum=%016" PRIx64 "\n",
		hash_checksum(octets, length));
}

/* --- Writing. */

void
ledger_begin(struct record_writer *writer, const char *name)
{
	char kind[HEADER_OCTETS];

	snprintf(kind, sizeof(kind), "bitsink-%.*s", NAME_MAX, name);
	record_begin(writer, kind);
	record_text(writer, "format", "1");
	record_end(writer);
}

static void
write_trailer(struct record_writer *writer)
{
	uint64_t sum;

	if (writer->broken)
		return;
	sum = hash_checksum(writer->memory, writer->length);
	record_begin(writer, "end");
	record_format(writer, "sum", "%016" PRIx64, sum);
	record_end(writer);
}

const char *
ledger_keep(struct record_writer *writer, const char *directory,
	const char *name)
{
	const char *failed = "out of memory";
	int error = ENOMEM;

	write_trailer(writer);
	if (!writer->broken) {
		failed = keep_file(directory, name, writer->memory,
			writer->length);
		error = errno;
	}
	record_clear(writer);
	errno = error;
	return failed;
}

void
ledger_write_name(struct record_writer *writer, const char *key,
	const uint8_t *wire, size_t length)
{
	char text[NAME_TEXT_MAX];

	name_to_text(wire, length, text);
	record_text(writer, key, text);
}

/* --- Reading. */

/* A line, ended by a NUL; what is in it is changed. */
static int
take_line(char *line, ledger_take *take, void *context)
{
	struct record record;
	const char *expected;
	size_t wrong;

	if (record_parse(&record, line, &wrong, &expected) != 0)
		return -1;
	return take(context, &record);
}

/* The lines from *AT to END. As ledger_take. */
static int
take_lines(const char *at, const char *end, ledger_take *take, void *context)
{
	char line[LINE_OCTETS];
	int result;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = newline != NULL ? (size_t)(newline - at)
			: sizeof(line);

		if (length >= sizeof(line))
			return -1;
		memcpy(line, at, length);
		line[length] = '\0';
		if (memchr(line, '\0', length) != NULL)
			return -1;
		result = take_line(line, take, context);
		if (result != 0)
			return result;
		at = newline + 1;
	}
	return 0;
}

static int
take_all(const struct kept *kept, const char *name, ledger_take *take,
	void *context)
{
	char header[HEADER_OCTETS], trailer[TRAILER_OCTETS + 1];
	size_t start = format_header(header, name), lines;
	const char *end;
	int result;

	if (kept->length < start + TRAILER_OCTETS ||
	    memcmp(kept->octets, header, start) != 0)
		return -1;
	lines = kept->length - TRAILER_OCTETS;
	end = kept->octets + lines;
	format_trailer(trailer, kept->octets, lines);
	if (memcmp(end, trailer, TRAILER_OCTETS) != 0)
		return -1;
	result = take_lines(kept->octets + start, end, take, NULL);
	return result != 0 ? result
		: take_lines(kept->octets + start, end, take, context);
}

const char *
ledger_load(const char *directory, const char *name, ledger_take *take,
	void *context)
{
	const char *failed;
	struct kept kept;
	int result;

	failed = keep_load(directory, name, &kept);
	if (failed != NULL || kept.octets == NULL)
		return failed;
	result = take_all(&kept, name, take, context);
	keep_clear(&kept);
	if (result == 0)
		return NULL;
	errno = result == -2 ? ENOMEM : 0;
	return result == -2 ? "out of memory" : "the file is damaged";
}

int
ledger_number(const struct record *record, const char *key, uint64_t *number)
{
	const char *text = record_get(record, key);

	*number = 0;
	if (text == NULL || *text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(unsigned char)*text - '0';

		if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	return 0;
}

int
ledger_time(const struct record *record, const char *key, int64_t *time)
{
	uint64_t number;

	if (ledger_number(record, key, &number) != 0 || number > INT64_MAX)
		return -1;
	*time = (int64_t)number;
	return 0;
}

int
ledger_name(const struct record *record, const char *key, struct name *name)
{
	const char *text = record_get(record, key);
	struct question question;

	if (text == NULL || question_read_name(&question, text) != NULL)
		return -1;
	return name_from_wire(name, question.qname, question.query.qname_len);
}
