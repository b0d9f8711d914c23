/*
 * ring.h - events on their way from one worker to the thread that watches.
 *
 * A queue of fixed size for one writer and one reader, without locks: the
 * writer never waits, and where there is no room the event is lost and
 * counted by the writer. Written here, for the sanitizers must see the
 * order of its accesses, and events are filled in place.
 *
 * Thread-safety: ring_reserve() and ring_publish() are for the one writer,
 * ring_front() and ring_pop() for the one reader; ring_free() for when there
 * is neither.
 */
#ifndef BITSINK_RING_H
#define BITSINK_RING_H

#include <stddef.h>

#include "event.h"

struct ring;

/* A ring of SLOTS events, a power of two. NULL when out of memory. */
struct ring *ring_new(size_t slots);
void ring_free(struct ring *ring);

/* Where to write the next event, or NULL where there is no room. */
struct event *ring_reserve(struct ring *ring);
/* Hands over what was written. */
void ring_publish(struct ring *ring);

/* The oldest event, until ring_pop(); NULL where there is none. */
const struct event *ring_front(struct ring *ring);
void ring_pop(struct ring *ring);

/* Whether the ring is half full, for the writer to wake the reader early. */
int ring_is_half_full(struct ring *ring);

/* Octets the ring takes. */
size_t ring_memory(const struct ring *ring);

#endif
