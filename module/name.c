/*
 * name.c - owner names: wire format, lower case, and as text.
 */
#include "name.h"

#include <string.h>

static inline void
copy_lower(uint8_t *to, const uint8_t *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	word = octets_lower(word);
	memcpy(to, &word, sizeof(word));
}

/* A length octet is smaller than any letter, and stays as it is. */
static void
lower_wire(uint8_t *to, const uint8_t *from, size_t length)
{
	size_t i;

	if (length < 8) {
		for (i = 0; i < length; i++)
			to[i] = octet_lower(from[i]);
		return;
	}
	for (i = 0; i + 8 < length; i += 8)
		copy_lower(to + i, from + i);
	/* The last eight, some of which are done again. */
	copy_lower(to + length - 8, from + length - 8);
}

int
name_from_wire(struct name *name, const uint8_t *wire, size_t length)
{
	size_t at = 0;
	unsigned labels = 0;

	if (length == 0 || length > NAME_OCTETS_MAX)
		return -1;
	while (wire[at] != 0) {
		unsigned len = wire[at];

		/* Pointers and unknown label types have the two high bits. */
		if (len > NAME_LABEL_MAX || at + len + 2 > length)
			return -1;
		name->offset[labels++] = (uint8_t)at;
		at += len + 1;
	}
	if (at + 1 != length)
		return -1;
	name->offset[labels] = (uint8_t)at;
	name->labels = (uint8_t)labels;
	name->length = (uint8_t)length;
	lower_wire(name->octets, wire, length);
	return 0;
}

static int
stands_for_itself(uint8_t octet)
{
	uint8_t lower = octet_lower(octet);

	return (lower >= 'a' && lower <= 'z') ||
		(octet >= '0' && octet <= '9') || octet == '-' ||
		octet == '_' || octet == '*';
}

static char *
write_octet(char *text, uint8_t octet)
{
	if (!stands_for_itself(octet))
		return octet_escape(text, octet);
	*text++ = (char)octet;
	return text;
}

void
name_to_text(const uint8_t *wire, size_t length, char *text)
{
	struct name name;
	unsigned label, i;

	if (name_from_wire(&name, wire, length) != 0) {
		memcpy(text, "?", sizeof("?"));
		return;
	}
	if (name.labels == 0)
		*text++ = '.';
	for (label = 0; label < name.labels; label++) {
		const uint8_t *octets = wire + name.offset[label];

		for (i = 1; i <= octets[0]; i++)
			text = write_octet(text, octets[i]);
		*text++ = '.';
	}
	*text = '\0';
}
