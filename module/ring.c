/*
 * ring.c - events on their way from one worker to the thread that watches.
 */
#include "ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#define CACHE_LINE 64

struct ring {
	/* The writer's; the reader looks at head alone. */
	alignas(CACHE_LINE) _Atomic size_t head;
	/* What the writer last saw of tail. */
	size_t tail_seen;
	/* The reader's. */
	alignas(CACHE_LINE) _Atomic size_t tail;
	alignas(CACHE_LINE) size_t mask;
	struct event *events;
};

struct ring *
ring_new(size_t slots)
{
	struct ring *ring = aligned_alloc(CACHE_LINE, sizeof(*ring));

	if (ring == NULL)
		return NULL;
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	ring->tail_seen = 0;
	ring->mask = slots - 1;
	ring->events = calloc(slots, sizeof(*ring->events));
	if (ring->events == NULL) {
		free(ring);
		return NULL;
	}
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->events);
	free(ring);
}

struct event *
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

/* Sequentially consistent, as the reader's look before it goes to sleep is:
 * either it sees the event, or the writer sees that it sleeps. */
void
ring_publish(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	atomic_store(&ring->head, head + 1);
}

const struct event *
ring_front(struct ring *ring)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (atomic_load(&ring->head) == tail)
		return NULL;
	return &ring->events[tail & ring->mask];
}

void
ring_pop(struct ring *ring)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}

int
ring_is_half_full(struct ring *ring)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	/* What was seen may be long ago, and the ring empty since. */
	if (head - ring->tail_seen > ring->mask / 2)
		ring->tail_seen = atomic_load_explicit(&ring->tail,
			memory_order_acquire);
	return head - ring->tail_seen > ring->mask / 2;
}

size_t
ring_memory(const struct ring *ring)
{
	return sizeof(*ring) + (ring->mask + 1) * sizeof(*ring->events);
}
