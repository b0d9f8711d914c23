/*
 * region.h - memory for what goes at one time: a policy, or what loading one
 * needs.
 *
 * Pieces are of sizes some steps apart; what is given back is there for the
 * next piece of its size, and all pieces go back to the system together. So a
 * policy of many small tables leaves no holes in the host's heaps.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef BITSINK_REGION_H
#define BITSINK_REGION_H

#include <stddef.h>

struct region;

/* NULL when out of memory. */
struct region *region_new(void);

/* Gives back all that was taken. NULL is accepted. */
void region_free(struct region *region);

/*
 * OCTETS of memory, all zeroes, aligned for any of C's types; NULL when out of
 * memory. Where REGION is NULL, it is memory of its own, here and below.
 */
void *region_take(struct region *region, size_t octets);

/* As pages_resize(); what is new is zeroes. */
void *region_resize(struct region *region, void *memory, size_t before,
	size_t octets);

/* Gives MEMORY of OCTETS octets back to the region. NULL is accepted. */
void region_give(struct region *region, void *memory, size_t octets);

#endif
