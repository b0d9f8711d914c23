/*
 * region.c - memory for what goes at one time.
 */
#include "region.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CLOSE(memory, octets) ASAN_POISON_MEMORY_REGION(memory, octets)
#define OPEN(memory, octets) ASAN_UNPOISON_MEMORY_REGION(memory, octets)
#else
#define CLOSE(memory, octets) ((void)(memory))
#define OPEN(memory, octets) ((void)(memory))
#endif

/* Small pieces are cut from blocks of so many octets. */
#define BLOCK ((size_t)1 << 18)
/* Larger pieces are blocks of their own. */
#define PIECE_MAX ((size_t)1 << 15)
#define PIECE_MIN 16u
/* Sizes from one power of two to the next. */
#define STEPS 4u
#define SIZES 48u

/* In front of each block; what follows is aligned for anything. */
struct block {
	alignas(max_align_t) struct block *next;
	struct block **link;
	size_t octets;
};

/* A piece that was given back. */
struct spare {
	struct spare *next;
};

struct region {
	struct block *blocks;
	/* The rest of the block that pieces are cut from. */
	char *rest;
	size_t left;
	struct spare *spare[SIZES];
};

/* --- Sizes of pieces: 16, 20, 24, 28, 32, 40, and so on. */

static size_t
size_of(unsigned number)
{
	size_t size = (size_t)(STEPS + number % STEPS) << number / STEPS;

	/* The smallest is STEPS << 0. */
	return size * (PIECE_MIN / STEPS);
}

/* The number of the least size that is enough. */
static unsigned
number_of(size_t octets)
{
	unsigned number = 0, power = 0;

	while (((size_t)PIECE_MIN << (power + 1)) < octets)
		power++;
	number = power * STEPS;
	while (size_of(number) < octets)
		number++;
	return number;
}

/* What it takes: sizes are kept apart as they are aligned. */
static size_t
span_of(unsigned number)
{
	size_t align = alignof(max_align_t);

	return (size_of(number) + align - 1) / align * align;
}

/* --- Blocks. */

static void
link_block(struct region *region, struct block *block)
{
	block->next = region->blocks;
	block->link = &region->blocks;
	if (block->next != NULL)
		block->next->link = &block->next;
	region->blocks = block;
}

static void
unlink_block(struct block *block)
{
	*block->link = block->next;
	if (block->next != NULL)
		block->next->link = block->link;
}

/* The block of a piece that has one of its own. */
static struct block *
block_of(void *memory)
{
	return (struct block *)memory - 1;
}

static struct block *
take_block(struct region *region, size_t octets)
{
	struct block *block;

	if (octets > SIZE_MAX - sizeof(*block))
		return NULL;
	block = pages_take(octets + sizeof(*block));
	if (block == NULL)
		return NULL;
	block->octets = octets + sizeof(*block);
	link_block(region, block);
	return block;
}

static void *
resize_block(struct block *block, size_t octets)
{
	struct block *resized;

	if (octets > SIZE_MAX - sizeof(*block))
		return NULL;
	resized = pages_resize(block, block->octets, octets + sizeof(*block));
	if (resized == NULL)
		return NULL;
	resized->octets = octets + sizeof(*block);
	/* Its neighbours have to know where it is. */
	*resized->link = resized;
	if (resized->next != NULL)
		resized->next->link = &resized->next;
	return resized + 1;
}

static void
give_block(struct block *block)
{
	unlink_block(block);
	pages_give(block, block->octets);
}

/* --- Pieces. */

static void *
cut(struct region *region, unsigned number)
{
	size_t span = span_of(number);
	char *piece;

	if (region->left < span) {
		struct block *block = take_block(region, BLOCK -
			sizeof(*block));

		if (block == NULL)
			return NULL;
		region->rest = (char *)(block + 1);
		region->left = BLOCK - sizeof(*block);
		CLOSE(region->rest, region->left);
	}
	piece = region->rest;
	region->rest += span;
	region->left -= span;
	return piece;
}

static void *
take_piece(struct region *region, size_t octets)
{
	unsigned number = number_of(octets);
	struct spare *spare = region->spare[number];

	if (spare == NULL) {
		spare = cut(region, number);
		if (spare != NULL)
			OPEN(spare, octets);
		return spare;
	}
	OPEN(spare, span_of(number));
	region->spare[number] = spare->next;
	CLOSE(spare, span_of(number));
	OPEN(spare, octets);
	memset(spare, 0, octets);
	return spare;
}

static void
give_piece(struct region *region, void *memory, size_t octets)
{
	unsigned number = number_of(octets);
	struct spare *spare = memory;

	OPEN(spare, span_of(number));
	spare->next = region->spare[number];
	region->spare[number] = spare;
	CLOSE(spare, span_of(number));
}

/* --- The region. */

struct region *
region_new(void)
{
	return calloc(1, sizeof(struct region));
}

void
region_free(struct region *region)
{
	if (region == NULL)
		return;
	while (region->blocks != NULL) {
		OPEN(region->blocks, region->blocks->octets);
		give_block(region->blocks);
	}
	free(region);
}

void *
region_take(struct region *region, size_t octets)
{
	struct block *block;

	if (region == NULL)
		return pages_take(octets);
	if (octets <= PIECE_MAX)
		return take_piece(region, octets);
	block = take_block(region, octets);
	return block != NULL ? block + 1 : NULL;
}

/* To or from a piece, or from one size of it to another. */
static void *
move(struct region *region, void *memory, size_t before, size_t octets)
{
	void *moved = region_take(region, octets);

	if (moved == NULL)
		return NULL;
	memcpy(moved, memory, before < octets ? before : octets);
	region_give(region, memory, before);
	return moved;
}

void *
region_resize(struct region *region, void *memory, size_t before,
	size_t octets)
{
	if (region == NULL)
		return pages_resize(memory, before, octets);
	if (memory == NULL)
		return region_take(region, octets);
	if (before > PIECE_MAX && octets > PIECE_MAX)
		return resize_block(block_of(memory), octets);
	if (before > PIECE_MAX || octets > PIECE_MAX ||
	    number_of(before) != number_of(octets))
		return move(region, memory, before, octets);
	OPEN(memory, octets);
	if (octets > before)
		memset((char *)memory + before, 0, octets - before);
	return memory;
}

void
region_give(struct region *region, void *memory, size_t octets)
{
	if (memory == NULL)
		return;
	if (region == NULL)
		pages_give(memory, octets);
	else if (octets > PIECE_MAX)
		give_block(block_of(memory));
	else
		give_piece(region, memory, octets);
}
