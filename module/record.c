/*
 * record.c - a line of the control protocol: KIND KEY=VALUE KEY=VALUE ...
 */
#include "record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"

#define FORMAT_OCTETS 1024

static int
stands_for_itself(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

/* Writes one octet of a value, at most OCTET_ESCAPE, and returns what is
 * behind. */
static char *
write_octet(char *out, char c)
{
	if (!stands_for_itself(c))
		return octet_escape(out, (uint8_t)c);
	*out++ = c;
	return out;
}

/* Room for MORE octets; NULL when out of memory, now or before. */
static char *
room_for(struct record_writer *writer, size_t more)
{
	size_t room = writer->room;
	char *memory;

	if (writer->broken)
		return NULL;
	if (writer->length + more > room) {
		while (room < writer->length + more)
			room = room < 256 ? 256 : room * 2;
		memory = realloc(writer->memory, room);
		if (memory == NULL) {
			writer->broken = 1;
			return NULL;
		}
		writer->memory = memory;
		writer->room = room;
	}
	return writer->memory + writer->length;
}

static void
append(struct record_writer *writer, const char *octets, size_t length)
{
	char *at = room_for(writer, length);

	if (at == NULL)
		return;
	memcpy(at, octets, length);
	writer->length += length;
}

void
record_begin(struct record_writer *writer, const char *kind)
{
	append(writer, kind, strlen(kind));
}

static void
append_key(struct record_writer *writer, const char *key)
{
	append(writer, " ", 1);
	append(writer, key, strlen(key));
	append(writer, "=", 1);
}

void
record_octets(struct record_writer *writer, const char *key,
	const char *octets, size_t length)
{
	char *at;
	size_t i;

	append_key(writer, key);
	at = room_for(writer, OCTET_ESCAPE * length);
	if (at == NULL)
		return;
	for (i = 0; i < length; i++)
		at = write_octet(at, octets[i]);
	writer->length = (size_t)(at - writer->memory);
}

void
record_text(struct record_writer *writer, const char *key, const char *value)
{
	record_octets(writer, key, value, strlen(value));
}

void
record_number(struct record_writer *writer, const char *key, uint64_t value)
{
	record_format(writer, key, "%" PRIu64, value);
}

void
record_format(struct record_writer *writer, const char *key,
	const char *format, ...)
{
	char text[FORMAT_OCTETS];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) < 0)
		text[0] = '\0';
	va_end(arguments);
	record_text(writer, key, text);
}

void
record_end(struct record_writer *writer)
{
	append(writer, "\n", 1);
}

void
record_append(struct record_writer *writer, const struct record_writer *more)
{
	if (more->length > 0)
		append(writer, more->memory, more->length);
	writer->broken |= more->broken;
}

void
record_clear(struct record_writer *writer)
{
	free(writer->memory);
	memset(writer, 0, sizeof(*writer));
}

void
record_escape(char *out, size_t size, const char *text)
{
	char octets[OCTET_ESCAPE];
	size_t used = 0;

	for (; *text != '\0'; text++) {
		size_t length = (size_t)(write_octet(octets, *text) - octets);

		if (used + length >= size)
			break;
		memcpy(out + used, octets, length);
		used += length;
	}
	out[used] = '\0';
}

/* --- Reading. */

static int
is_word_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Passes over a word; NULL where there is none. */
static char *
skip_word(char *at)
{
	char *start = at;

	while (is_word_octet(*at))
		at++;
	return at > start ? at : NULL;
}

/* The octet that an escape at AT stands for, or -1. */
static int
read_escape(const char *at)
{
	int octet = 0, i;

	for (i = 1; i < OCTET_ESCAPE; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		octet = octet * 10 + (at[i] - '0');
	}
	return octet >= 1 && octet <= 255 ? octet : -1;
}

/* Takes the escapes out of the value at *AT, into VALUE, and moves *AT behind
 * it. NULL, or what was expected at *AT. */
static const char *
read_value(char **at, char *value)
{
	for (; **at != ' ' && **at != '\0'; value++) {
		if (stands_for_itself(**at)) {
			*value = *(*at)++;
		} else if (**at == '\\') {
			int octet = read_escape(*at);

			if (octet < 0)
				return "\\DDD from \\001 to \\255";
			*value = (char)octet;
			*at += OCTET_ESCAPE;
		} else {
			return "a printable character, or \\DDD";
		}
	}
	/* The octet that ends the value is still to be looked at. */
	if (value < *at)
		*value = '\0';
	return NULL;
}

/* Reads KEY=VALUE. NULL, or what was expected at *AT. */
static const char *
read_field(char **at, struct record_field *field)
{
	char *end = skip_word(*at);

	if (end == NULL)
		return "a key of a-z, 0-9 and '-'";
	if (*end != '=') {
		*at = end;
		return "'=' behind the key";
	}
	*end = '\0';
	field->key = *at;
	*at = end + 1;
	field->value = *at;
	return read_value(at, end + 1);
}

static const char *
read_record(struct record *record, char **at)
{
	const char *expected = NULL;
	char *end = skip_word(*at);

	record->kind = *at;
	record->count = 0;
	if (end == NULL)
		return "a word of a-z, 0-9 and '-'";
	*at = end;
	while (**at == ' ') {
		if (record->count == RECORD_FIELDS_MAX)
			return "no more fields";
		*(*at)++ = '\0';
		expected = read_field(at, &record->fields[record->count++]);
		if (expected != NULL)
			return expected;
	}
	return **at == '\0' ? NULL : "a space";
}

int
record_parse(struct record *record, char *line, size_t *wrong,
	const char **expected)
{
	char *at = line;

	*expected = read_record(record, &at);
	*wrong = (size_t)(at - line);
	return *expected == NULL ? 0 : -1;
}

const char *
record_get(const struct record *record, const char *key)
{
	unsigned i;

	for (i = 0; i < record->count; i++)
		if (strcmp(record->fields[i].key, key) == 0)
			return record->fields[i].value;
	return NULL;
}
