/*
 * cuts.h - the names at which it changes what a group may ask for, for what
 * knows zones alone: a name, and everything below it.
 *
 * Thread-safety: one thread; what is built may be read by any number.
 */
#ifndef BITSINK_CUTS_H
#define BITSINK_CUTS_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define CUTS_NONE UINT32_MAX

/*
 * A name that a pattern ends with, behind its wildcard labels, and what the
 * policy says there, patterns with wildcard labels aside.
 */
struct cut {
	/* The labels from the root on, each with its length octet first;
	 * without the root label, and owned by the cuts. */
	const uint8_t *labels;
	uint8_t length;
	/* The name itself may be asked for, and what is below it and below no
	 * other cut; and that it is so in windows alone. */
	unsigned self : 1;
	unsigned below : 1;
	unsigned self_in_window : 1;
	unsigned below_in_window : 1;
	/* A pattern is just for what is below the name: it is more specific
	 * than those above. */
	unsigned has_below : 1;
	/* Patterns with a wildcard label, here or above, may allow or deny some
	 * of what is below. */
	unsigned wild : 1;
	unsigned wild_deny : 1;
	/* The longest cut above, or CUTS_NONE for the root's. */
	uint32_t above;
	/* A pattern that made the cut; line 0 for the root, which always is
	 * one, and for a zone of the host. */
	struct names_rule rule;
};

/* A pattern with a wildcard label, as written. */
struct cuts_wild {
	/* Of names_pattern(); owned by the cuts. */
	char *text;
	struct names_rule rule;
	int in_window;
};

struct cuts {
	/* What is above comes first; the root's is the first. */
	struct cut *cuts;
	size_t count;
	struct cuts_wild *wild;
	size_t wild_count;
	/* What the cuts point into. */
	uint8_t *memory;
};

/* NULL when out of memory. Free with cuts_free(), which accepts NULL. */
struct cuts *cuts_new(const struct policy *policy, const struct group *group);
void cuts_free(struct cuts *cuts);

/* The name of the first LENGTH octets of a cut's labels, as cut_name(). */
void cut_part(const struct cut *cut, uint8_t length, char *text);

/* The name of a cut, of NAME_TEXT_MAX octets, with the final dot and as of
 * name_to_text(). */
void cut_name(const struct cut *cut, char *text);

#endif
