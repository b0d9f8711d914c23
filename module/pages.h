/*
 * pages.h - large pieces of memory that go back to the system when they are
 * given back.
 *
 * What free() gets may stay with the process: the C library keeps what is not
 * at the end of one of its heaps, and large blocks too, once it has had one of
 * that size. A policy that is replaced now and then would leave holes as large
 * as itself, one a heap. Handing back what is free in all heaps, as
 * malloc_trim() does, would make the host's own threads wait.
 *
 * Thread-safety: any thread; a piece belongs to one at a time.
 */
#ifndef BITSINK_PAGES_H
#define BITSINK_PAGES_H

#include <stddef.h>

#define PAGES_ALIGN 64u

/* OCTETS of memory, all zeroes, in cache lines that nothing else is in; NULL
 * when out of memory. To be given back by pages_give() with the same OCTETS. */
void *pages_take(size_t octets);

/*
 * Makes MEMORY of BEFORE octets one of OCTETS, at another place maybe, aligned
 * for anything. What is new is zeroes. MEMORY may be NULL, with BEFORE 0.
 * Returns NULL when out of memory; then MEMORY is as it was.
 */
void *pages_resize(void *memory, size_t before, size_t octets);

/* Gives back MEMORY of OCTETS octets; NULL is accepted. */
void pages_give(void *memory, size_t octets);

/* What MEMORY of OCTETS octets has from FROM to TO is not needed any more: it
 * may be anything from now on, and takes no memory where it has whole pages.
 * Returns where the last of them ends, or FROM where there is none: what is
 * dropped next should begin there, for a page that is needed in part stays. */
size_t pages_drop(void *memory, size_t octets, size_t from, size_t to);

#endif
