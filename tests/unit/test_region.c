/*
 * test_region.c - memory that is given back as a whole: what is taken is zeroes
 * and nobody else's, what is resized keeps what it had, and nothing is left.
 */
#include "support.h"

#include <sys/mman.h>
#include <unistd.h>

#include "pages.h"
#include "region.h"

/* Around the sizes at which something changes: of pieces, of blocks. */
static const size_t sizes[] = { 0, 1, 15, 16, 17, 20, 21, 31, 32, 33, 100, 4095,
	4096, 4097, 32767, 32768, 32769, 40000, 65535, 65536, 65537, 262143,
	262144, 300001, 1000000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void
assert_all(const char *memory, size_t from, size_t to, char octet)
{
	for (; from < to; from++)
		if (memory[from] != octet)
			fail_msg("octet %zu is %d, expected %d", from,
				memory[from], octet);
}

static void
what_is_taken_is_zeroes_also_where_it_was_used_before(void **state)
{
	struct region *region = region_new();
	size_t i, round;

	(void)state;
	assert_non_null(region);
	for (round = 0; round < 3; round++)
		for (i = 0; i < SIZES; i++) {
			char *memory = region_take(region, sizes[i]);

			assert_non_null(memory);
			assert_int_equal((uintptr_t)memory %
				_Alignof(max_align_t), 0);
			assert_all(memory, 0, sizes[i], 0);
			memset(memory, 'x', sizes[i]);
			region_give(region, memory, sizes[i]);
		}
	region_free(region);
}

static void
pieces_do_not_overlap(void **state)
{
	struct region *region = region_new();
	char *taken[SIZES * 8];
	size_t i;

	(void)state;
	assert_non_null(region);
	for (i = 0; i < SIZES * 8; i++) {
		taken[i] = region_take(region, sizes[i % SIZES]);
		assert_non_null(taken[i]);
		memset(taken[i], (char)('a' + i % 26), sizes[i % SIZES]);
	}
	for (i = 0; i < SIZES * 8; i++)
		assert_all(taken[i], 0, sizes[i % SIZES],
			(char)('a' + i % 26));
	/* Some before, some with the region. */
	for (i = 0; i < SIZES * 8; i += 3)
		region_give(region, taken[i], sizes[i % SIZES]);
	region_free(region);
}

/* From each size to each other. REGION may be NULL. */
static void
resize_all(struct region *region)
{
	size_t from, to;

	for (from = 0; from < SIZES; from++)
		for (to = 0; to < SIZES; to++) {
			size_t less = sizes[from] < sizes[to] ? sizes[from]
				: sizes[to];
			char *memory = region_take(region, sizes[from]);

			assert_non_null(memory);
			memset(memory, 'y', sizes[from]);
			memory = region_resize(region, memory, sizes[from],
				sizes[to]);
			assert_non_null(memory);
			assert_all(memory, 0, less, 'y');
			assert_all(memory, less, sizes[to], 0);
			memset(memory, 'z', sizes[to]);
			region_give(region, memory, sizes[to]);
		}
}

static void
what_is_resized_keeps_what_it_had_and_the_rest_is_zeroes(void **state)
{
	struct region *region = region_new();

	(void)state;
	assert_non_null(region);
	resize_all(region);
	region_free(region);
}

static void
without_a_region_it_is_the_same(void **state)
{
	char *memory;

	(void)state;
	resize_all(NULL);
	memory = region_resize(NULL, NULL, 0, 100);
	assert_non_null(memory);
	assert_all(memory, 0, 100, 0);
	region_give(NULL, memory, 100);
	region_give(NULL, NULL, 0);
	region_free(NULL);
}

static void
what_cannot_be_had_changes_nothing(void **state)
{
	struct region *region = region_new();
	char *memory;

	(void)state;
	assert_non_null(region);
	memory = region_take(region, 70000);
	assert_non_null(memory);
	memset(memory, 'x', 70000);
	assert_null(region_take(region, SIZE_MAX - 8));
	assert_null(region_take(region, SIZE_MAX / 2));
	assert_null(region_resize(region, memory, 70000, SIZE_MAX - 8));
	assert_null(region_resize(region, memory, 70000, SIZE_MAX / 2));
	assert_all(memory, 0, 70000, 'x');
	region_free(region);
}

/* Octets that this process has in memory. */
static long
resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
all_goes_back_to_the_system(void **state)
{
	const size_t piece = 1000, pieces = 40000;
	struct region *region = region_new();
	long before = resident(), most;
	void *behind;
	size_t i;

	(void)state;
	assert_non_null(region);
	for (i = 0; i < pieces; i++)
		memset(region_take(region, piece), 'x', piece);
	memset(region_take(region, piece * pieces), 'x', piece * pieces);
	/* Of what lives on, nothing keeps what is in front of it. */
	behind = malloc(100000);
	assert_non_null(behind);
	most = resident();
	region_free(region);
	free(behind);
	assert_true(most - before > (long)(piece * pieces) * 3 / 2);
	/* The shadow of AddressSanitizer is an eighth. */
	assert_true(resident() - before < (long)(piece * pieces) / 2);
}

static void
what_is_dropped_takes_no_memory_and_the_rest_stays(void **state)
{
	const size_t octets = 8000000, from = 100000, to = 7900000;
	char *memory = pages_take(octets);
	long most;

	(void)state;
	assert_non_null(memory);
	memset(memory, 'x', octets);
	most = resident();
	assert_in_range(pages_drop(memory, octets, from, to), to - 65536, to);
	assert_all(memory, 0, from, 'x');
	assert_all(memory, to, octets, 'x');
	assert_true(most - resident() > (long)octets / 2);
	pages_give(memory, octets);
}

/* How many pages take memory, but for those of the last LEFT octets. */
static size_t
pages_there(const char *memory, size_t octets, size_t left)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i, count = 0;
	size_t pages = (octets - left) / page;
	unsigned char *there = calloc(pages, 1);

	assert_non_null(there);
	assert_int_equal(mincore((void *)(uintptr_t)memory, pages * page,
		there), 0);
	for (i = 0; i < pages; i++)
		count += there[i] & 1;
	free(there);
	return count;
}

static void
what_is_dropped_in_pieces_leaves_no_page_between_them(void **state)
{
	const size_t octets = 8000000, piece = 70001;
	char *memory = pages_take(octets);
	size_t to, dropped = 0;

	(void)state;
	assert_non_null(memory);
	memset(memory, 'x', octets);
	for (to = piece; to < octets; to += piece)
		dropped = pages_drop(memory, octets, dropped, to);
	assert_int_equal(pages_there(memory, octets, 2 * piece), 0);
	assert_all(memory, to - piece, octets, 'x');
	pages_give(memory, octets);
}

static void
what_has_no_whole_page_is_not_dropped(void **state)
{
	const size_t octets = 8000000, small = 100;
	char *memory = pages_take(octets), *few = pages_take(small);

	(void)state;
	assert_non_null(memory);
	assert_non_null(few);
	memset(memory, 'x', octets);
	memset(few, 'x', small);
	assert_int_equal(pages_drop(memory, octets, 1, 4000), 1);
	assert_int_equal(pages_drop(few, small, 0, small), 0);
	assert_all(memory, 0, octets, 'x');
	assert_all(few, 0, small, 'x');
	pages_give(memory, octets);
	pages_give(few, small);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_taken_is_zeroes_also_where_it_was_used_before),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(
		what_is_resized_keeps_what_it_had_and_the_rest_is_zeroes),
		cmocka_unit_test(without_a_region_it_is_the_same),
		cmocka_unit_test(what_cannot_be_had_changes_nothing),
		cmocka_unit_test(all_goes_back_to_the_system),
		cmocka_unit_test(
			what_is_dropped_takes_no_memory_and_the_rest_stays),
		cmocka_unit_test(
			what_is_dropped_in_pieces_leaves_no_page_between_them),
		cmocka_unit_test(what_has_no_whole_page_is_not_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
