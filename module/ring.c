/*
 * ring.c - events on their way from one worker to the thread that watches.
 */
#include "ring.h"

#include <stdlib.h>

struct ring *
ring_new(size_t slots)
{
	struct ring *ring = aligned_alloc(alignof(struct ring), sizeof(*ring));

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

size_t
ring_memory(const struct ring *ring)
{
	return sizeof(*ring) + (ring->mask + 1) * sizeof(*ring->events);
}
