/*
 * tree.h - the nodes of a table of names; for names.c and globs.c alone.
 *
 * The nodes stand one behind the other in an array of words. A node's number
 * is the word it begins with; the root is 0. It has
 *
 *	a word		its parent's number, and TREE_RULE
 *	an octet	what is here and below, enum tree_bits
 *	labels		that lead here from the parent, the one nearest to
 *			the root first, each with its length octet first
 *	octets		that mean nothing, up to the next word
 *	two words	with TREE_RULE: the rule, a struct names_rule
 *
 * There is a node only where a rule is, or where two ways part: most have
 * several labels.
 *
 * A label with wildcards is alone between two nodes. Its length octet has
 * TREE_WILD, and behind it is a bit for each of its octets, the lowest first:
 * set where the octet is a wildcard.
 *
 * A rule that comes to a node that is there already becomes a node below it,
 * a late one, whose label has no octet. One that is useless is not found by the
 * look-up, but keeps its place: rules are counted from the first word on.
 */
#ifndef BITSINK_TREE_H
#define BITSINK_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hash.h"
#include "name.h"
#include "names.h"

#define TREE_ROOT 0u
#define TREE_RULE (1u << 31)
#define TREE_NUMBERS (1u << 30)
/* In the place of a node's first word: nothing is here. */
#define TREE_GAP UINT32_MAX
/* Words behind the last node, for label_head(). */
#define TREE_SLACK 2u

enum tree_bits {
	/* The rule here is at that end; the values are those of pattern.h. */
	TREE_SELF = 1,
	TREE_BELOW = 2,
	/* It was written for both, whether or not another one has the other. */
	TREE_BOTH = 4,
	/* The rule of that end is late; TREE_LATE() of the end. */
	TREE_LATE_SELF = 8,
	TREE_LATE_BELOW = 16,
	/* There are literal labels below, a few or many with wildcards. */
	TREE_LITERALS = 32,
	TREE_FEW_GLOBS = 64,
	TREE_MANY_GLOBS = 128,
	TREE_GLOBS = TREE_FEW_GLOBS | TREE_MANY_GLOBS
};

#define TREE_LATE(end) ((end) << 3)

/* What a length octet has besides the length. */
#define TREE_LAST 0x80u
#define TREE_WILD 0x40u
#define TREE_LENGTH 0x3fu

static inline uint32_t
tree_parent(const uint32_t *node)
{
	return node[0] & (TREE_NUMBERS - 1);
}

static inline const uint8_t *
tree_bits(const uint32_t *node)
{
	return (const uint8_t *)(node + 1);
}

static inline void
tree_set_bits(uint32_t *node, unsigned bits)
{
	*(uint8_t *)(node + 1) = (uint8_t)bits;
}

static inline void
tree_add_bits(uint32_t *node, unsigned bits)
{
	tree_set_bits(node, *tree_bits(node) | bits);
}

static inline const uint8_t *
tree_labels(const uint32_t *node)
{
	return tree_bits(node) + 1;
}

/* Octets of the bits behind a label. */
static inline unsigned
tree_star_octets(const uint8_t *label)
{
	return label[0] & TREE_WILD ? ((label[0] & TREE_LENGTH) + 7u) / 8 : 0;
}

static inline const uint8_t *
tree_next_label(const uint8_t *label)
{
	return label + 1 + (label[0] & TREE_LENGTH) + tree_star_octets(label);
}

/* The wildcards of a label as pattern.h has them, 0 for a literal one. */
static inline uint64_t
tree_star(const uint8_t *label)
{
	const uint8_t *bits = label + 1 + (label[0] & TREE_LENGTH);
	unsigned i, octets = tree_star_octets(label);
	uint64_t star = 0;

	for (i = 0; i < octets; i++)
		star |= (uint64_t)bits[i] << 8 * i;
	return star;
}

/* Whether two labels are the same but for which octets are wildcards. That of B
 * has octets. */
static inline int
tree_same_octets(const uint8_t *a, const uint8_t *b)
{
	unsigned length = b[0] & TREE_LENGTH;

	if (((a[0] ^ b[0]) & (TREE_WILD | TREE_LENGTH)) != 0)
		return 0;
	if (length <= 8)
		return octets_head(a + 1, length) == octets_head(b + 1, length);
	for (; length > 8; a += 8, b += 8, length -= 8)
		if (octets_head(a + 1, 8) != octets_head(b + 1, 8))
			return 0;
	/* The last eight, some of which are the same again. */
	a += length;
	b += length;
	return octets_head(a - 7, 8) == octets_head(b - 7, 8);
}

/* Whether two labels are the same, with the same wildcards. */
static inline int
tree_same_label(const uint8_t *a, const uint8_t *b)
{
	return tree_same_octets(a, b) && ((a[0] & TREE_WILD) == 0 ||
		memcmp(a + 1 + (a[0] & TREE_LENGTH),
		b + 1 + (b[0] & TREE_LENGTH), tree_star_octets(a)) == 0);
}

/* The hash of a label, which has octets, below a node, whatever wildcards it
 * has. Up to seven of other lengths have the same, and no key changes that. */
static inline uint64_t
tree_hash(const struct names_key *key, uint32_t parent, const uint8_t *label)
{
	unsigned length = label[0] & TREE_LENGTH;
	uint64_t first, last = key->word[1] ^ parent;

	if (length > 8) {
		for (; length > 16; label += 8, length -= 8)
			last = hash_fold(octets_head(label + 1, 8) ^
				key->word[0], last);
		first = octets_head(label + 1, 8);
		last ^= octets_head(label + length - 7, 8);
	} else {
		first = octets_head(label + 1, length);
	}
	return hash_end(key, hash_fold(first ^ key->word[0], last));
}

/* The same for the late rules of a node. */
static inline uint64_t
tree_late_hash(const struct names_key *key, uint32_t parent)
{
	return hash_end(key, hash_fold(key->word[0], key->word[1] ^ parent));
}

/* Whether a node is a late rule of its parent. */
static inline int
tree_is_late(const uint32_t *node)
{
	return (tree_labels(node)[0] & TREE_LENGTH) == 0 &&
		(node[0] & TREE_RULE) != 0;
}

static inline int
tree_is_wild(const uint32_t *node)
{
	return (tree_labels(node)[0] & TREE_WILD) != 0;
}

/* Behind the last label of a node. */
static inline const uint8_t *
tree_end(const uint32_t *node)
{
	const uint8_t *label = tree_labels(node);

	while ((label[0] & TREE_LAST) == 0)
		label = tree_next_label(label);
	return tree_next_label(label);
}

/* Where the rule of a node is, in words from the node on. */
static inline uint32_t
tree_rule_at(const uint32_t *node)
{
	return (uint32_t)(tree_end(node) - (const uint8_t *)node + 3) / 4;
}

static inline const struct names_rule *
tree_rule(const uint32_t *node)
{
	return (const struct names_rule *)(node + tree_rule_at(node));
}

/* Words of a node. */
static inline uint32_t
tree_words(const uint32_t *node)
{
	return tree_rule_at(node) + (node[0] >> 31) * 2;
}

/* The node behind NUMBER of the USED words, which is USED behind the last. */
static inline uint32_t
tree_next(const uint32_t *words, uint32_t used, uint32_t number)
{
	number += tree_words(words + number);
	while (number < used && words[number] == TREE_GAP)
		number++;
	return number;
}

#endif
