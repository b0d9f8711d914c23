/*
 * globs.h - which labels with wildcards may match a label; for names.c alone.
 *
 * Below a node with few of them all are tried. Below one with many each is
 * found by a piece of it that a label must have to match: what is in front of
 * its first wildcard, what is behind its last, or up to four octets between
 * two. Of a label's pieces the one is taken that the fewest others have. What
 * a look-up costs is then a step for each length that a piece may have, one for
 * each place of a piece between wildcards, and a match for each label that has
 * the piece: many where many share all pieces that they have.
 *
 * Thread-safety: as of names.h.
 */
#ifndef BITSINK_GLOBS_H
#define BITSINK_GLOBS_H

#include <stddef.h>
#include <stdint.h>

#include "names.h"

struct globs;

/*
 * Makes an index of the COUNT nodes with wildcard labels that are among the
 * USED words of a tree, and tells their parents (tree.h). The words are to stay
 * where they are. NULL when out of memory. Free with globs_free().
 */
struct globs *globs_new(const struct names_key *key, uint32_t *words,
	uint32_t used, uint32_t count);
void globs_free(struct globs *globs);

/*
 * Calls VISIT once for each child of the node PARENT, which has some, whose
 * label with wildcards matches LABEL, with its number.
 */
typedef void globs_visit(void *context, uint32_t child);
void globs_find(const struct globs *globs, uint32_t parent,
	const uint8_t *label, globs_visit *visit, void *context);

/* The child of PARENT with just the label LABEL, in the tree's form; 0 for
 * none. */
uint32_t globs_child(const struct globs *globs, uint32_t parent,
	const uint8_t *label);

size_t globs_memory(const struct globs *globs);

#endif
