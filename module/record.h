/*
 * record.h - a line of the control protocol: KIND KEY=VALUE KEY=VALUE ...
 *
 * KIND and KEY are of lower-case letters, digits and '-'. In VALUE every octet
 * that is not a printable ASCII character, and space, '"', '=' and '\', stands
 * as \DDD in decimal, as RFC 1035 section 5.1 has it for names: a value has
 * no white space and cannot forge a line. A value may be empty, and holds no
 * NUL. Requests are one such line; replies are some, of which the last is of
 * the kind "end" or "error": one that was cut short shows it.
 *
 * Thread-safety: a writer, or a parsed line, belongs to one thread.
 */
#ifndef BITSINK_RECORD_H
#define BITSINK_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* Fields of one line; a longer line does not parse. */
#define RECORD_FIELDS_MAX 32

/* Lines on their way. All zeroes to begin with; record_clear() frees. */
struct record_writer {
	char *memory;
	size_t length;
	size_t room;
	/* Out of memory: what is there is not whole. */
	int broken;
};

void record_begin(struct record_writer *writer, const char *kind);
void record_text(struct record_writer *writer, const char *key,
	const char *value);
void record_number(struct record_writer *writer, const char *key,
	uint64_t value);
/* Octets without a NUL among them. */
void record_octets(struct record_writer *writer, const char *key,
	const char *octets, size_t length);
/* A value by printf; at most 1023 octets of it. */
void record_format(struct record_writer *writer, const char *key,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Ends the line that record_begin() began. */
void record_end(struct record_writer *writer);
/* Appends all that MORE has. */
void record_append(struct record_writer *writer,
	const struct record_writer *more);
void record_clear(struct record_writer *writer);

/* Writes TEXT with the escapes of a value, for logs too. OUT holds SIZE
 * octets; what does not fit is cut off, never within an escape. */
void record_escape(char *out, size_t size, const char *text);

struct record_field {
	const char *key;
	/* Without escapes, ended by a NUL. */
	const char *value;
};

struct record {
	const char *kind;
	struct record_field fields[RECORD_FIELDS_MAX];
	unsigned count;
};

/*
 * Takes LINE, ended by a NUL and without a newline, apart, in place; the record
 * points into it. 0, or -1 for what is no such line, with *WRONG the offset
 * of the first octet that is not as it should be and *EXPECTED what was
 * expected there, a constant.
 */
int record_parse(struct record *record, char *line, size_t *wrong,
	const char **expected);

/* The value of KEY, or NULL where the record has none. */
const char *record_get(const struct record *record, const char *key);

#endif
