/*
 * name.h - owner names: wire format, lower case, and as text.
 *
 * Names compare as DNS compares them: octet by octet, ASCII letters without
 * case (RFC 4343). Any other octet stands for itself.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_NAME_H
#define BITSINK_NAME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* RFC 1035 section 2.3.4. */
enum {
	NAME_OCTETS_MAX = 255,
	NAME_LABEL_MAX = 63,
	NAME_LABELS_MAX = 127
};

/* Room for the longest name as text: every octet as \DDD, the dots, NUL. */
#define NAME_TEXT_MAX (4 * NAME_OCTETS_MAX + 1)

/* A name taken apart. Label 0 is the leftmost; the root label does not
 * count. */
struct name {
	/* Wire format, uncompressed, lower case, with the root label; and some
	 * that may be read and mean nothing, for octets_head(). */
	uint8_t octets[NAME_OCTETS_MAX + 8];
	/* Octets of it. */
	uint8_t length;
	uint8_t labels;
	/* Where the length octet of each label is. */
	uint8_t offset[NAME_LABELS_MAX + 1];
};

/*
 * Reads a name of LENGTH octets in wire format. Returns 0, or -1 for
 * what is not one whole uncompressed name: too long, cut short, with a
 * compression pointer, or with octets behind the root label.
 */
int name_from_wire(struct name *name, const uint8_t *wire, size_t length);

/* The label I, its length octet first. */
static inline const uint8_t *
name_label(const struct name *name, unsigned i)
{
	return name->octets + name->offset[i];
}

/*
 * The first COUNT octets at AT, from 1 to 8, as a number: equal for equal
 * octets. Eight are read, whatever COUNT is.
 */
static inline uint64_t
octets_head(const uint8_t *at, unsigned count)
{
	uint64_t head;

	memcpy(&head, at, sizeof(head));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return head >> (64 - 8 * count);
#else
	return head << (64 - 8 * count);
#endif
}

/* Whether two labels, their length octets first, are the same octets. */
static inline int
label_equal(const uint8_t *a, const uint8_t *b)
{
	return a[0] == b[0] && memcmp(a + 1, b + 1, a[0]) == 0;
}

/* Lower case as DNS has it: ASCII letters only, whatever the locale. */
static inline uint8_t
octet_lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

/* The same for eight octets. Numbers below the letters, as lengths of labels
 * are, stay what they are. */
static inline uint64_t
octets_lower(uint64_t word)
{
	const uint64_t each = 0x0101010101010101u, high = 0x80 * each;
	uint64_t low = word & ~high;
	/* The high bit is set from 'A' on, and in the other one beyond 'Z'. */
	uint64_t from = low + (0x80 - 'A') * each;
	uint64_t beyond = low + (0x7f - 'Z') * each;

	return word | ((from ^ beyond) & ~word & high) >> 2;
}

/* Octets of an octet as \DDD, in decimal (RFC 1035 section 5.1). */
#define OCTET_ESCAPE 4

/* Writes it, and returns what is behind. */
static inline char *
octet_escape(char *text, uint8_t octet)
{
	*text++ = '\\';
	*text++ = (char)('0' + octet / 100);
	*text++ = (char)('0' + octet / 10 % 10);
	*text++ = (char)('0' + octet % 10);
	return text;
}

/*
 * Writes a wire format name as text, in the letter case it has, with its final
 * dot and with escapes (RFC 1035 section 5.1) for whatever is not a letter,
 * a digit, '-', '_' or '*': the text has no space, quote, '=' or control
 * character and can stand in a log line. TEXT holds NAME_TEXT_MAX octets. What
 * is no name is written as "?".
 */
void name_to_text(const uint8_t *wire, size_t length, char *text);

#endif
