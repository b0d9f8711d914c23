/*
 * pattern.h - what an allow or a deny says: one pattern of owner names.
 *
 * Presentation format, case-insensitive, final dot optional:
 *
 *	name	that name only
 *	*.name	every name below it, at any depth, not the name itself
 *	.name	both
 *	*	every name but the root
 *	.	the root alone
 *
 * A '*' elsewhere stands for any octets, also none, within its one label. To
 * have an asterisk itself, write \* or \042; \DDD and \X are read as in
 * RFC 1035 section 5.1.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_PATTERN_H
#define BITSINK_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#include "name.h"

/* Which names a pattern's labels stand for. Both bits may be set. */
enum {
	PATTERN_SELF = 1, /* the name itself */
	PATTERN_BELOW = 2 /* the names below it */
};

struct pattern {
	unsigned scope;
	/* The labels in wire format; a wildcard octet is '*' here. */
	struct name name;
	/* Bit I of star[L]: octet I of label L is a wildcard. */
	uint64_t star[NAME_LABELS_MAX];
};

struct pattern_error {
	/* Offset of the mistake in the text. */
	size_t at;
	/* What was expected there; a constant. */
	const char *expected;
};

/* Reads a pattern of LENGTH octets. 0, or -1 with ERROR filled. */
int pattern_from_text(struct pattern *pattern, const char *text, size_t length,
	struct pattern_error *error);

/*
 * How specific a label of a pattern is: more than any other where it has no
 * wildcard, else by its number of literal octets, 0 for a lone '*'. Of a
 * pattern's length octet no more counts than what a length may be.
 */
#define PATTERN_RANK_LITERAL 64
unsigned pattern_label_rank(const uint8_t *label, uint64_t star);

/*
 * Whether a label with wildcards matches a label of a lower-case name. Both
 * have their length octet first.
 */
int pattern_label_matches(const uint8_t *label, uint64_t star,
	const uint8_t *other);

/*
 * The reference: whether PATTERN matches NAME, and if so how specifically.
 * SPECIFICITY, NAME_LABELS_MAX + 1 octets, is filled with one octet for each
 * label of the pattern from the right (rank + 1), then zeroes: the greater by
 * memcmp() is the more specific. This is the definition; the table of
 * names.h must give the same.
 */
int pattern_matches(const struct pattern *pattern, const struct name *name,
	uint8_t *specificity);

#endif
