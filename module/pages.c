/*
 * pages.c - large pieces of memory that go back to the system when they are
 * given back.
 */
#include "pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* From so many octets on a piece has pages of its own; smaller ones are the C
 * library's, which is made for that. It does not fill the hole of an aligned
 * one with the next of that size; so no block of a region is as small. */
#define FROM ((size_t)1 << 15)
/* Whole pages, however large these are. */
#define UNMAPPED_AT_ONCE ((size_t)1 << 16)

static int
is_large(size_t octets)
{
	return octets >= FROM;
}

static void *
map(size_t octets)
{
	void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* In pieces: what the system has begun it does to the end before another thread
 * has the processor, and some threads answer queries. */
static void
unmap(char *memory, size_t octets)
{
	size_t at;

	for (at = 0; at < octets; at += UNMAPPED_AT_ONCE)
		(void)munmap(memory + at, octets - at < UNMAPPED_AT_ONCE
			? octets - at : UNMAPPED_AT_ONCE);
}

static void *
take_small(size_t octets)
{
	size_t whole = (octets / PAGES_ALIGN + 1) * PAGES_ALIGN;
	void *memory = aligned_alloc(PAGES_ALIGN, whole);

	if (memory != NULL)
		memset(memory, 0, whole);
	return memory;
}

void *
pages_take(size_t octets)
{
	return is_large(octets) ? map(octets) : take_small(octets);
}

/* From small to large, or the other way. */
static void *
move(void *memory, size_t before, size_t octets)
{
	void *moved = pages_take(octets);

	if (moved == NULL)
		return NULL;
	memcpy(moved, memory, before < octets ? before : octets);
	pages_give(memory, before);
	return moved;
}

static void *
resize_small(void *memory, size_t before, size_t octets)
{
	char *resized = realloc(memory, octets > 0 ? octets : 1);

	if (resized != NULL && octets > before)
		memset(resized + before, 0, octets - before);
	return resized;
}

/* The system has zeroes in new pages; the last one that was there may have
 * anything behind its end. */
static void *
resize_large(void *memory, size_t before, size_t octets)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t rest = before % page == 0 ? 0 : page - before % page;
	char *resized = mremap(memory, before, octets, MREMAP_MAYMOVE);

	if (resized == MAP_FAILED)
		return NULL;
	if (octets > before)
		memset(resized + before, 0, octets - before < rest
			? octets - before : rest);
	return resized;
}

void *
pages_resize(void *memory, size_t before, size_t octets)
{
	if (memory == NULL)
		return pages_take(octets);
	if (is_large(before) != is_large(octets))
		return move(memory, before, octets);
	return is_large(octets) ? resize_large(memory, before, octets)
		: resize_small(memory, before, octets);
}

void
pages_give(void *memory, size_t octets)
{
	if (memory == NULL)
		return;
	if (is_large(octets))
		unmap(memory, octets);
	else
		free(memory);
}

size_t
pages_drop(void *memory, size_t octets, size_t from, size_t to)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t first = (from + page - 1) / page * page;
	size_t last = to / page * page;

	if (!is_large(octets) || first >= last)
		return from;
	/* It would be no mistake to keep it. */
	(void)madvise((char *)memory + first, last - first, MADV_DONTNEED);
	return last;
}
