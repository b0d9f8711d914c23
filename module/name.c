/*
 * name.c - owner names: wire format, lower case, and as text.
 */
#include "name.h"

#include <string.h>

int
name_from_wire(struct name *name, const uint8_t *wire, size_t length)
{
	size_t at = 0;
	unsigned labels = 0;

	if (length == 0 || length > NAME_OCTETS_MAX)
		return -1;
	while (wire[at] != 0) {
		unsigned i, len = wire[at];

		/* Pointers and unknown label types have the two high bits. */
		if (len > NAME_LABEL_MAX || at + len + 2 > length)
			return -1;
		name->offset[labels++] = (uint8_t)at;
		name->octets[at] = (uint8_t)len;
		for (i = 1; i <= len; i++)
			name->octets[at + i] = octet_lower(wire[at + i]);
		at += len + 1;
	}
	if (at + 1 != length)
		return -1;
	name->octets[at] = 0;
	name->offset[labels] = (uint8_t)at;
	name->labels = (uint8_t)labels;
	name->length = (uint8_t)length;
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
