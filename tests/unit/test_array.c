/*
 * test_array.c - arrays grow, and stay as they were where they cannot.
 */
#include "support.h"

#include <stdint.h>
#include <stdlib.h>

#include "array.h"

static int no_memory;
static unsigned calls;

/* The linker has array.c call it; see Makefile.in. The sanitizers would end
 * the program where there is not enough. */
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	calls++;
	return no_memory || count > SIZE_MAX / size ? NULL
		: __real_reallocarray(memory, count, size);
}

static void
what_is_there_stays_when_an_array_grows(void **state)
{
	uint32_t *numbers = NULL;
	size_t used, room = 0, grown = 0;

	(void)state;
	for (used = 0; used < 5000; used++) {
		size_t before = room;

		assert_int_equal(array_room(&numbers, used, &room, 1,
			sizeof(*numbers)), 0);
		assert_true(room > used);
		grown += room != before;
		numbers[used] = (uint32_t)used * 7;
	}
	for (used = 0; used < 5000; used++)
		assert_int_equal(numbers[used], used * 7);
	/* Not each time. */
	assert_true(grown < 15);
	free(numbers);
}

static void
as_many_fit_as_were_asked_for(void **state)
{
	static const size_t rows[][2] = {
		/* used, more */
		{ 0, 0 }, { 0, 1 }, { 0, 255 }, { 3, 252 }, { 200, 56 },
		{ 256, 0 }, { 256, 1 }, { 100, 5000 },
	};
	char *octets = NULL;
	size_t i, room = 0;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		size_t used = rows[i][0], more = rows[i][1], before = room;

		assert_int_equal(array_room(&octets, used, &room, more, 1), 0);
		assert_true(room >= used + more);
		if (before >= used + more)
			assert_int_equal(room, before);
		if (more > 0)
			memset(octets + used, 'x', more);
	}
	free(octets);
}

static void
an_array_that_cannot_grow_stays_as_it_was(void **state)
{
	static const struct {
		size_t more;
		size_t size;
		/* Whether memory is asked for at all. */
		int asks;
		int fails;
	} rows[] = {
		/* As many elements as no size_t counts. */
		{ SIZE_MAX, 1, 0, 0 }, { SIZE_MAX - 2, 1, 0, 0 },
		{ SIZE_MAX / 2 + 1, 1, 0, 0 },
		/* As many octets. */
		{ SIZE_MAX / 8, 8, 1, 0 }, { SIZE_MAX / 16, 24, 1, 0 },
		/* Out of memory. */
		{ 30, 8, 1, 1 },
	};
	uint64_t *numbers = NULL, *before;
	size_t i, room = 0, room_before;

	(void)state;
	assert_int_equal(array_room(&numbers, 0, &room, 3, sizeof(*numbers)),
		0);
	numbers[2] = 42;
	before = numbers;
	room_before = room;
	for (i = 0; i < COUNT_OF(rows); i++) {
		calls = 0;
		no_memory = rows[i].fails;
		assert_int_equal(array_room(&numbers, 3, &room, rows[i].more,
			rows[i].size), -1);
		no_memory = 0;
		assert_int_equal(calls, rows[i].asks);
		assert_ptr_equal(numbers, before);
		assert_int_equal(room, room_before);
		assert_int_equal(numbers[2], 42);
	}
	free(numbers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_stays_when_an_array_grows),
		cmocka_unit_test(as_many_fit_as_were_asked_for),
		cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
