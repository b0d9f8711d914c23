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

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "event.h"

/* Private; it is here for what a worker does with each blocked query. */
struct ring {
	/* The writer's; the reader looks at head alone. */
	alignas(64) _Atomic size_t head;
	/* What the writer last saw of tail. */
	size_t tail_seen;
	/* The reader's. */
	alignas(64) _Atomic size_t tail;
	alignas(64) size_t mask;
	struct event *events;
};

/* A ring of SLOTS events, a power of two. NULL when out of memory. */
struct ring *ring_new(size_t slots);
void ring_free(struct ring *ring);

/* Where to write the next event, or NULL where there is no room. */
static inline struct event *
ring_reserve(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head - ring->tail_seen > ring->mask)
		ring->tail_seen = atomic_load_explicit(&ring->tail,
			memory_order_acquire);
	if (head - ring->tail_seen > ring->mask)
		return NULL;
	return &ring->events[head & ring->mask];
}

/* Hands over what was written. Sequentially consistent, as the reader's look
 * before it goes to sleep is: either it sees the event, or the writer sees that
 * it sleeps. */
static inline void
ring_publish(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	atomic_store(&ring->head, head + 1);
}

/* The oldest event, until ring_pop(); NULL where there is none. */
const struct event *ring_front(struct ring *ring);
void ring_pop(struct ring *ring);

/* Whether the ring is half full, for the writer to wake the reader early. */
static inline int
ring_is_half_full(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	/* What was seen may be long ago, and the ring empty since. */
	if (head - ring->tail_seen > ring->mask / 2)
		ring->tail_seen = atomic_load_explicit(&ring->tail,
			memory_order_acquire);
	return head - ring->tail_seen > ring->mask / 2;
}

/* Octets the ring takes. */
size_t ring_memory(const struct ring *ring);

#endif
