/*
 * test_memory.c - without memory a policy is not loaded, and says so: never is
 * there half of one. Each allocation of a load fails once, then all from each
 * on.
 */
#include "support.h"

#include "keep.h"
#include "tape.h"

/* The allocation that fails, counted from 1, and whether all after it do. */
static unsigned long fails_at;
static int fails_on;
static unsigned long allocations;

static int
is_to_fail(void)
{
	allocations++;
	return fails_at > 0 && (fails_on ? allocations >= fails_at
		: allocations == fails_at);
}

/* The linker has the core call these; see Makefile.in. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
int __real_vasprintf(char **text, const char *format, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...);

void *
__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return is_to_fail() ? NULL : __real_realloc(memory, size);
}

void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_reallocarray(memory, count, size);
}

char *
__wrap_strdup(const char *text)
{
	return is_to_fail() ? NULL : __real_strdup(text);
}

char *
__wrap_strndup(const char *text, size_t length)
{
	return is_to_fail() ? NULL : __real_strndup(text, length);
}

int
__wrap_vasprintf(char **text, const char *format, va_list args)
{
	return is_to_fail() ? -1 : __real_vasprintf(text, format, args);
}

int
__wrap_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = is_to_fail() ? -1 : __real_vasprintf(text, format, args);
	va_end(args);
	return result;
}

/* A policy that has something of everything, and a warning. */
static void
write_policy(void)
{
	static const struct text_file files[] = {
		{ "lists/names.list", "*.a.example http\nk*.b.example 443\n" },
		{ "parts/one.conf", "group:\n name: one\n client: 192.0.2.1\n"
			" client: 2001:db8::/64\n client: 192.0.2.1\n"
			" allow-list: names\n allow: .c.example\n"
			" deny: d.c.example\n" },
		{ "parts/two.conf", "group:\n name: two\n client: 192.0.2.2\n"
			" allow-list: names\n allow-list: names\n"
			" action: sinkhole\n sinkhole: 192.0.2.3\n" },
		{ "policy.conf", "bitsink:\n list-directory: lists\n"
			"include: \"parts/*.conf\"\ninclude: \"none*\"\n" },
	};

	write_files(files, COUNT_OF(files));
}

static struct policy *
try_load(const char *path, struct tape *tape, struct diag *diag)
{
	const struct policy_options options = { NULL, { { 1, 2 } }, 1, tape };

	memset(diag, 0, sizeof(*diag));
	return policy_load(path, &options, diag);
}

static int
decides_right(const struct policy *policy)
{
	return policy->group_count == 2 && policy->prefix_count == 3 &&
		verdict_of(policy, "192.0.2.1", "x.a.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "192.0.2.1", "a.example") == VERDICT_BLOCK &&
		verdict_of(policy, "2001:db8::5", "d.c.example") ==
			VERDICT_BLOCK &&
		verdict_of(policy, "192.0.2.2", "kx.b.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "192.0.2.2", "c.example") == VERDICT_BLOCK &&
		verdict_of(policy, "192.0.2.9", "x") == VERDICT_UNRESTRICTED;
}

/* Loads with the failure set; whether the outcome is a right one. */
static int
outcome_is_right(const char *path, struct tape *tape)
{
	struct policy *policy;
	struct diag diag;
	int right;

	allocations = 0;
	policy = try_load(path, tape, &diag);
	fails_at = 0;
	/* What only makes something smaller, or a warning's text, may fail. */
	right = policy == NULL ? diag.errors > 0
		: diag.errors == 0 && decides_right(policy);
	policy_free(policy);
	diag_clear(&diag);
	return right;
}

static unsigned long
count_allocations(void)
{
	struct policy *policy;
	struct diag diag;
	struct tape tape;

	memset(&tape, 0, sizeof(tape));
	allocations = 0;
	policy = try_load("policy.conf", &tape, &diag);
	assert_non_null(policy);
	assert_true(decides_right(policy));
	policy_free(policy);
	diag_clear(&diag);
	tape_clear(&tape);
	return allocations;
}

static void
each_allocation_of_a_load_may_fail(void **state)
{
	unsigned long i, count;
	int on, wrong = 0;

	(void)state;
	write_policy();
	count = count_allocations();
	assert_true(count > 50);
	for (on = 0; on < 2; on++)
		for (i = 1; i <= count; i++) {
			struct tape tape;

			memset(&tape, 0, sizeof(tape));
			fails_at = i;
			fails_on = on;
			if (!outcome_is_right("policy.conf", &tape)) {
				print_error("allocation %lu%s\n", i,
					on ? " and all after it" : "");
				wrong++;
			}
			tape_clear(&tape);
		}
	assert_int_equal(wrong, 0);
}

/* A tape on which something is missing must not pass for a whole one. */
static void
a_tape_that_lacked_memory_is_not_kept(void **state)
{
	unsigned long i, count;
	unsigned finished = 0;

	(void)state;
	write_policy();
	count = count_allocations();
	for (i = 1; i <= count; i++) {
		struct tape tape, copy;
		struct policy *policy;
		struct diag diag;
		char *memory;

		memset(&tape, 0, sizeof(tape));
		fails_at = i;
		fails_on = 0;
		allocations = 0;
		policy = try_load("policy.conf", &tape, &diag);
		fails_at = 0;
		diag_clear(&diag);
		if (policy == NULL || tape_finish(&tape) != 0) {
			policy_free(policy);
			tape_clear(&tape);
			continue;
		}
		finished++;
		policy_free(policy);
		memory = __real_malloc(tape.length);
		memcpy(memory, tape.memory, tape.length);
		assert_int_equal(tape_open(&copy, memory, tape.length), 0);
		assert_true(outcome_is_right(NULL, &copy));
		tape_clear(&copy);
		tape_clear(&tape);
	}
	assert_true(finished > 0);
}

#define folder_test(function) \
	cmocka_unit_test_setup_teardown(function, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(each_allocation_of_a_load_may_fail),
		folder_test(a_tape_that_lacked_memory_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
