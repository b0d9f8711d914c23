/*
 * test_ring.c - events come out of the ring as they went in, and who writes
 * never waits.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "ring.h"

/* --- Events that tell whether they are whole. */

static void
fill(struct event *event, uint64_t number)
{
	event->seconds = (int64_t)number;
	event->microseconds = (uint32_t)(number * 7);
	event->qname_len = (uint16_t)(number % NAME_OCTETS_MAX);
	memset(event->qname, (int)(number % 251), NAME_OCTETS_MAX);
}

static int
is_whole(const struct event *event)
{
	uint64_t number = (uint64_t)event->seconds;
	size_t i;

	if (event->microseconds != (uint32_t)(number * 7) ||
	    event->qname_len != number % NAME_OCTETS_MAX)
		return 0;
	for (i = 0; i < NAME_OCTETS_MAX; i++)
		if (event->qname[i] != number % 251)
			return 0;
	return 1;
}

/* Whether there was room. */
static int
put(struct ring *ring, uint64_t number)
{
	struct event *event = ring_reserve(ring);

	if (event == NULL)
		return 0;
	fill(event, number);
	ring_publish(ring);
	return 1;
}

static void
assert_front(struct ring *ring, uint64_t number)
{
	const struct event *event = ring_front(ring);

	assert_non_null(event);
	assert_true(is_whole(event));
	assert_int_equal(event->seconds, number);
}

/* --- One thread. */

static void
events_come_in_order_and_stay_until_they_are_taken(void **state)
{
	struct ring *ring = ring_new(8);
	uint64_t i;

	(void)state;
	assert_non_null(ring);
	assert_null(ring_front(ring));
	for (i = 0; i < 8; i++)
		assert_true(put(ring, i));
	for (i = 0; i < 8; i++) {
		assert_front(ring, i);
		assert_front(ring, i);
		ring_pop(ring);
	}
	assert_null(ring_front(ring));
	ring_free(ring);
}

static void
what_is_not_published_is_not_there(void **state)
{
	struct ring *ring = ring_new(2);

	(void)state;
	assert_non_null(ring_reserve(ring));
	assert_null(ring_front(ring));
	/* Reserved again, it is the same. */
	assert_true(put(ring, 5));
	assert_front(ring, 5);
	ring_free(ring);
}

static void
a_full_ring_has_room_again_when_one_is_taken(void **state)
{
	size_t slots;

	(void)state;
	for (slots = 1; slots <= 64; slots *= 2) {
		struct ring *ring = ring_new(slots);
		uint64_t in = 0, out = 0;
		int lap;

		assert_non_null(ring);
		while (in < slots)
			assert_true(put(ring, in++));
		for (lap = 0; lap < 300; lap++) {
			assert_false(put(ring, 12345));
			assert_false(put(ring, 12345));
			assert_front(ring, out++);
			ring_pop(ring);
			assert_true(put(ring, in++));
		}
		while (out < in) {
			assert_front(ring, out++);
			ring_pop(ring);
		}
		assert_null(ring_front(ring));
		ring_free(ring);
	}
}

static void
half_full_is_told_of_what_is_there_now(void **state)
{
	struct ring *ring = ring_new(8);
	uint64_t i;
	int lap;

	(void)state;
	for (lap = 0; lap < 50; lap++) {
		assert_false(ring_is_half_full(ring));
		for (i = 1; i <= 8; i++) {
			assert_true(put(ring, i));
			assert_int_equal(ring_is_half_full(ring), i >= 4);
		}
		/* The writer may see later that something was taken. */
		for (; i > 1; i--)
			ring_pop(ring);
		assert_null(ring_front(ring));
	}
	ring_free(ring);
}

static void
its_memory_is_that_of_its_slots(void **state)
{
	struct ring *one = ring_new(1), *many = ring_new(1024);

	(void)state;
	assert_int_equal(ring_memory(many) - ring_memory(one),
		1023 * sizeof(struct event));
	ring_free(one);
	ring_free(many);
	ring_free(NULL);
}

/* --- Two threads. */

struct writer {
	struct ring *ring;
	uint64_t count;
	/* Tries until there is room. */
	int insists;
	uint64_t lost;
	atomic_int done;
};

static void *
write_events(void *arg)
{
	struct writer *writer = arg;
	uint64_t i;

	for (i = 0; i < writer->count; i++) {
		int written = put(writer->ring, i);

		while (!written && writer->insists) {
			sched_yield();
			written = put(writer->ring, i);
		}
		writer->lost += !written;
	}
	atomic_store(&writer->done, 1);
	return NULL;
}

/* Reads until the writer is done and nothing is left; returns how many. */
static uint64_t
read_events(struct writer *writer)
{
	uint64_t read = 0, next = 0;

	for (;;) {
		int done = atomic_load(&writer->done);
		const struct event *event = ring_front(writer->ring);

		if (event == NULL && done)
			return read;
		if (event == NULL) {
			sched_yield();
			continue;
		}
		assert_true(is_whole(event));
		/* In order, none twice; none is missing where it insists. */
		assert_true((uint64_t)event->seconds >= next);
		if (writer->insists)
			assert_int_equal(event->seconds, next);
		next = (uint64_t)event->seconds + 1;
		ring_pop(writer->ring);
		read++;
	}
}

static void
run_both(size_t slots, uint64_t count, int insists)
{
	struct writer writer = { ring_new(slots), count, insists, 0, 0 };
	pthread_t thread;
	uint64_t read;

	assert_non_null(writer.ring);
	assert_int_equal(pthread_create(&thread, NULL, write_events, &writer),
		0);
	read = read_events(&writer);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(read + writer.lost, count);
	if (insists)
		assert_int_equal(writer.lost, 0);
	ring_free(writer.ring);
}

static void
none_is_lost_where_there_is_room(void **state)
{
	size_t slots;

	(void)state;
	for (slots = 1; slots <= 4096; slots *= 8)
		run_both(slots, slots < 8 ? 5000 : 100000, 1);
}

static void
what_is_lost_is_counted_and_the_rest_in_order(void **state)
{
	(void)state;
	run_both(1, 50000, 0);
	run_both(64, 200000, 0);
}

static void
a_writer_does_not_wait_for_a_reader(void **state)
{
	struct writer writer = { ring_new(16), 1000, 0, 0, 0 };
	pthread_t thread;
	uint64_t i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, write_events, &writer),
		0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(writer.lost, 1000 - 16);
	for (i = 0; i < 16; i++) {
		assert_front(writer.ring, i);
		ring_pop(writer.ring);
	}
	assert_null(ring_front(writer.ring));
	ring_free(writer.ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			events_come_in_order_and_stay_until_they_are_taken),
		cmocka_unit_test(what_is_not_published_is_not_there),
		cmocka_unit_test(a_full_ring_has_room_again_when_one_is_taken),
		cmocka_unit_test(half_full_is_told_of_what_is_there_now),
		cmocka_unit_test(its_memory_is_that_of_its_slots),
		cmocka_unit_test(none_is_lost_where_there_is_room),
		cmocka_unit_test(
			what_is_lost_is_counted_and_the_rest_in_order),
		cmocka_unit_test(a_writer_does_not_wait_for_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
