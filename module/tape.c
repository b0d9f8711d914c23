/*
 * tape.c - what a policy was loaded from, so that it can be loaded again.
 */
#include "tape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

static const char header[] = "bitsink-policy 1\n";

/* "end ", 16 digits, a newline. */
#define TRAILER_OCTETS 21u

static void
remember(struct tape *tape, const char *octets, size_t length)
{
	if (tape->broken)
		return;
	if (tape->room - tape->length < length) {
		size_t room = (tape->length + length) * 3 / 2 + 256;
		char *memory = realloc(tape->memory, room);

		if (memory == NULL) {
			tape->broken = 1;
			return;
		}
		tape->memory = memory;
		tape->room = room;
	}
	memcpy(tape->memory + tape->length, octets, length);
}

static void
append(struct tape *tape, const char *octets, size_t length)
{
	if (tape->write != NULL)
		tape->write(tape->context, octets, length);
	else
		remember(tape, octets, length);
	if (!tape->broken)
		tape->length += length;
}

/* What the checksum is of. */
static void
record(struct tape *tape, const char *octets, size_t length)
{
	tape->sum = hash_more(tape->length == 0 ? HASH_NOTHING : tape->sum,
		octets, length);
	append(tape, octets, length);
}

void
tape_put(struct tape *tape, enum tape_kind kind, const char *name,
	size_t name_length, const char *content, size_t content_length)
{
	char line[64];

	if (tape->length == 0)
		record(tape, header, strlen(header));
	snprintf(line, sizeof(line), "%c %zu %zu\n", (char)kind, name_length,
		content_length);
	record(tape, line, strlen(line));
	record(tape, name, name_length);
	record(tape, content, content_length);
	record(tape, "\n", 1);
}

static void
format_trailer(char *trailer, uint64_t sum)
{
	snprintf(trailer, TRAILER_OCTETS + 1, "end %016" PRIx64 "\n", sum);
}

int
tape_finish(struct tape *tape)
{
	char trailer[TRAILER_OCTETS + 1];

	if (tape->broken || tape->length == 0)
		return -1;
	format_trailer(trailer, tape->sum);
	append(tape, trailer, TRAILER_OCTETS);
	return tape->broken ? -1 : 0;
}

int
tape_open(struct tape *tape, char *memory, size_t length)
{
	char trailer[TRAILER_OCTETS + 1];
	size_t items = length - TRAILER_OCTETS;

	memset(tape, 0, sizeof(*tape));
	tape->memory = memory;
	tape->length = length;
	tape->room = length;
	if (length < strlen(header) + TRAILER_OCTETS ||
	    memcmp(memory, header, strlen(header)) != 0)
		return -1;
	tape->sum = hash_checksum(memory, items);
	format_trailer(trailer, tape->sum);
	if (memcmp(memory + items, trailer, TRAILER_OCTETS) != 0)
		return -1;
	tape->length = items;
	tape->at = strlen(header);
	return 0;
}

/* Reads a decimal number and the octet behind it. */
static int
take_number(const struct tape *tape, size_t *at, char behind, size_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (*at < tape->length && tape->memory[*at] >= '0' &&
	    tape->memory[*at] <= '9' && digits++ < 12)
		*number = *number * 10 + (size_t)(tape->memory[(*at)++] - '0');
	if (digits == 0 || *at >= tape->length || tape->memory[*at] != behind)
		return -1;
	(*at)++;
	return 0;
}

/* Reads the item at *AT and goes behind it. */
static int
read_item(const struct tape *tape, size_t *at, enum tape_kind kind,
	struct tape_item *item)
{
	if (tape->length - *at < 2 || tape->memory[*at] != (char)kind ||
	    tape->memory[*at + 1] != ' ')
		return -1;
	*at += 2;
	if (take_number(tape, at, ' ', &item->name_length) != 0 ||
	    take_number(tape, at, '\n', &item->content_length) != 0 ||
	    item->name_length > tape->length - *at ||
	    item->content_length >= tape->length - *at - item->name_length)
		return -1;
	item->name = tape->memory + *at;
	item->content = item->name + item->name_length;
	*at += item->name_length + item->content_length + 1;
	return 0;
}

int
tape_peek(const struct tape *tape, enum tape_kind kind, struct tape_item *item)
{
	size_t at = tape->at;

	return read_item(tape, &at, kind, item);
}

int
tape_take(struct tape *tape, enum tape_kind kind, struct tape_item *item)
{
	return read_item(tape, &tape->at, kind, item);
}

void
tape_clear(struct tape *tape)
{
	free(tape->memory);
	memset(tape, 0, sizeof(*tape));
}
