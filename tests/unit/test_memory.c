/*
 * test_memory.c - without memory a policy is not loaded, and says so: never is
 * there half of one, nor half of what watches, nor half a reply that passes for
 * a whole one. Each allocation fails once, then all from each on. And a reload
 * takes no more of it than it must.
 */
#include "support.h"

#include <malloc.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "commands.h"
#include "control.h"
#include "diff.h"
#include "followed.h"
#include "grants.h"
#include "inforce.h"
#include "keep.h"
#include "observer.h"
#include "outcomes.h"
#include "recall.h"
#include "service.h"
#include "socket.h"
#include "standing.h"
#include "stats.h"
#include "tally.h"
#include "tape.h"

/* The allocation that fails, counted from 1, and whether all after it do. Of
 * all threads together. */
static _Atomic unsigned long fails_at;
static _Atomic int fails_on;
static _Atomic unsigned long allocations;

static int
is_to_fail(void)
{
	unsigned long number = atomic_fetch_add(&allocations, 1) + 1;
	unsigned long at = atomic_load(&fails_at);

	return at > 0 && (atomic_load(&fails_on) ? number >= at
		: number == at);
}

/* Octets that are taken, and the most that were. What is given back of a piece
 * before it goes as a whole does not count. */
static _Atomic long taken;
static _Atomic long most_taken;

static void
count_octets(long octets)
{
	long now = atomic_fetch_add(&taken, octets) + octets;
	long most = atomic_load(&most_taken);

	while (now > most &&
	    !atomic_compare_exchange_weak(&most_taken, &most, now))
		continue;
}

/* What the C library has given for a piece. */
static void *
count_taken(void *memory)
{
	count_octets((long)malloc_usable_size(memory));
	return memory;
}

/* The linker has the core call these; see Makefile.in. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void __real_free(void *memory);
void *__real_mmap(void *memory, size_t size, int protection, int flags,
	int fd, off_t offset);
void *__real_mremap(void *memory, size_t before, size_t size, int flags, ...);
int __real_munmap(void *memory, size_t size);
int __real_vasprintf(char **text, const char *format, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
void __wrap_free(void *memory);
int __wrap_munmap(void *memory, size_t size);
void *__wrap_mmap(void *memory, size_t size, int protection, int flags,
	int fd, off_t offset);
void *__wrap_mremap(void *memory, size_t before, size_t size, int flags, ...);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...);
/* What the two are with _FORTIFY_SOURCE. */
int __wrap___vasprintf_chk(char **text, int flag, const char *format,
	va_list args);
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...);

void *
__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : count_taken(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : count_taken(__real_calloc(count, size));
}

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return is_to_fail() ? NULL
		: count_taken(__real_aligned_alloc(alignment, size));
}

void *
__wrap_realloc(void *memory, size_t size)
{
	size_t before = malloc_usable_size(memory);
	void *resized = is_to_fail() ? NULL : __real_realloc(memory, size);

	if (resized == NULL)
		return NULL;
	count_octets(-(long)before);
	return count_taken(resized);
}

void *
__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	size_t before = malloc_usable_size(memory);
	void *resized = is_to_fail() ? NULL : __real_reallocarray(memory,
		count, size);

	if (resized == NULL)
		return NULL;
	count_octets(-(long)before);
	return count_taken(resized);
}

char *
__wrap_strdup(const char *text)
{
	return is_to_fail() ? NULL : count_taken(__real_strdup(text));
}

char *
__wrap_strndup(const char *text, size_t length)
{
	return is_to_fail() ? NULL : count_taken(__real_strndup(text, length));
}

void *
__wrap_mmap(void *memory, size_t size, int protection, int flags, int fd,
	off_t offset)
{
	void *mapped = is_to_fail() ? MAP_FAILED : __real_mmap(memory, size,
		protection, flags, fd, offset);

	if (mapped != MAP_FAILED)
		count_octets((long)size);
	return mapped;
}

int
__wrap_munmap(void *memory, size_t size)
{
	count_octets(-(long)size);
	return __real_munmap(memory, size);
}

void
__wrap_free(void *memory)
{
	count_octets(-(long)malloc_usable_size(memory));
	__real_free(memory);
}

void *
__wrap_mremap(void *memory, size_t before, size_t size, int flags, ...)
{
	void *moved = is_to_fail() ? MAP_FAILED : __real_mremap(memory, before,
		size, flags);

	if (moved != MAP_FAILED)
		count_octets((long)size - (long)before);
	return moved;
}

int
__wrap_vasprintf(char **text, const char *format, va_list args)
{
	int result = is_to_fail() ? -1 : __real_vasprintf(text, format, args);

	if (result >= 0)
		(void)count_taken(*text);
	return result;
}

int
__wrap_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = __wrap_vasprintf(text, format, args);
	va_end(args);
	return result;
}

int
__wrap___vasprintf_chk(char **text, int flag, const char *format,
	va_list args)
{
	(void)flag;
	return __wrap_vasprintf(text, format, args);
}

int
__wrap___asprintf_chk(char **text, int flag, const char *format, ...)
{
	va_list args;
	int result;

	(void)flag;
	va_start(args, format);
	result = __wrap_vasprintf(text, format, args);
	va_end(args);
	return result;
}

/* What the host declares. */
static const char declared[] = "tag name=t\n"
	"client prefix=198.51.100.0/24 tags=t\n"
	"client prefix=198.51.100.7\nzone name=corp.example. kind=stub\n";

/* A policy that has something of everything, and a warning. */
static void
write_policy(void)
{
	static const struct text_file files[] = {
		{ "lists/names.list", "*.a.example http\nk*.b.example 443\n" },
		{ "more/names.list", "e.example\n" },
		{ "parts/one.conf", "group:\n name: one\n client: 192.0.2.1\n"
			" client: 2001:db8::/64\n client: 192.0.2.1\n"
			" client-tag: t\n unrestricted: 2001:db8::7\n"
			" allow-list: names\n allow: .c.example\n"
			" deny: d.c.example\n" },
		{ "parts/two.conf", "group:\n name: two\n client: 192.0.2.2\n"
			" allow-list: names\n allow-list: names\n"
			" allow-site-names: yes\n"
			" include: \"../zone.conf\"\n quiet: wpad\n"
			" quiet-list: names\n window: \"Tue 22:00-04:00\"\n"
			" window: \"daily 00:00-00:01\"\n"
			" window-allow: w.example\n allow-types: \"A AAAA\"\n"
			" window-allow-list: names\n chain: inspect\n"
			" chain-allow: *.cdn.example\n"
			" answer-deny: 10.0.0.0/8\n answer-deny: 10.0.0.0/8\n"
			" answer-allow: 10.1.0.0/16\n"
			" action: sinkhole\n sinkhole: 192.0.2.3\n" },
		{ "policy.conf", "bitsink:\n list-directory: lists\n"
			" list-directory: more\n"
			"include: \"parts/*.conf\"\ninclude: \"none*\"\n" },
	};

	char folder[256], text[300];

	write_files(files, COUNT_OF(files));
	assert_non_null(getcwd(folder, sizeof(folder)));
	snprintf(text, sizeof(text), "time-zone: \"%s/zone\"\n", folder);
	write_text("zone.conf", text);
	write_zone("zone", "CET-1");
}

static int
is_quiet_until_window(const struct policy *policy)
{
	/* A Tuesday at nine in the evening, by Greenwich. */
	static const int64_t opens = INT64_C(1704153600) + 21 * 3600;
	struct decision before, then;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.2", "wpad", wire);

	policy_decide(policy, &query, &before);
	if (before.reason != REASON_QUIET)
		return 0;
	query = query_of("192.0.2.2", "w.example", wire);
	query.now = opens - 1;
	policy_decide(policy, &query, &before);
	query.now = opens;
	policy_decide(policy, &query, &then);
	return before.reason == REASON_NOT_LISTED && !before.in_window &&
		then.reason == REASON_ALLOWED && then.in_window;
}

static int
looks_into_answers(const struct policy *policy)
{
	const struct group *group = &policy->groups[1];
	struct names_match match = { .rule = NULL };
	struct name target = name_of("x.cdn.example");
	struct address address;

	if (!group->inspect_chain || group->chain == NULL ||
	    group->answers == NULL || group->type_count != 2 ||
	    address_from_text(&address, "10.1.2.3") != 0)
		return 0;
	names_find(group->chain, &target, NAMES_NO_RULE, &match);
	return match.rule != NULL && !group->answer_rules[clients_find(
		group->answers, &address)].deny;
}

static struct policy *
try_load(const char *path, struct tape *tape, struct diag *diag)
{
	const struct policy_options options = { .key = { { 1, 2 } },
		.check_patterns = 1, .site = declared,
		.site_length = sizeof(declared) - 1, .tape = tape };

	memset(diag, 0, sizeof(*diag));
	return policy_load(path, &options, diag);
}

static int
decides_right(const struct policy *policy)
{
	return policy->group_count == 2 && policy->prefix_count == 6 &&
		verdict_of(policy, "192.0.2.1", "x.a.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "192.0.2.1", "a.example") == VERDICT_BLOCK &&
		verdict_of(policy, "2001:db8::5", "d.c.example") ==
			VERDICT_BLOCK &&
		verdict_of(policy, "192.0.2.2", "kx.b.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "192.0.2.2", "c.example") == VERDICT_BLOCK &&
		verdict_of(policy, "192.0.2.2", "x.corp.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "198.51.100.1", "corp.example") ==
			VERDICT_BLOCK &&
		verdict_of(policy, "198.51.100.7", "x") ==
			VERDICT_UNRESTRICTED &&
		verdict_of(policy, "2001:db8::7", "x") ==
			VERDICT_UNRESTRICTED &&
		is_quiet_until_window(policy) && looks_into_answers(policy) &&
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

/* --- Views before the cache. */

static const char views[] =
	"client prefix=::1 view=bitsink-g\n"
	"view name=bitsink-g first=yes\n"
	"line view=bitsink-g text=local-zone:\\032\\034.\\034\\032"
	"always_nxdomain\n"
	"line view=bitsink-g text=local-zone:\\032\\034x.\\034\\032"
	"transparent\n"
	"line view=bitsink-g text=local-data:\\032\\034x.\\03260\\032IN"
	"\\032TXT\\032bitsink\\034\n";

/* Whether it is loaded; sets ERRORS. */
static int
is_loaded_with_views(size_t *errors)
{
	const struct policy_options options = { .key = { { 1, 2 } },
		.gate = views, .gate_length = sizeof(views) - 1 };
	struct policy *policy;
	struct diag diag;
	int loaded;

	memset(&diag, 0, sizeof(diag));
	allocations = 0;
	policy = policy_load("views.conf", &options, &diag);
	fails_at = 0;
	loaded = policy != NULL;
	*errors = diag.errors;
	policy_free(policy);
	diag_clear(&diag);
	return loaded;
}

static void
each_allocation_of_a_comparison_with_views_may_fail(void **state)
{
	unsigned long i, count;
	size_t errors;
	int on, refused = 0;

	(void)state;
	write_text("views.conf", "bitsink: gate: views\ngroup: name: g "
		"client: ::1 allow: *.x allow: a*.x\n");
	assert_true(is_loaded_with_views(&errors));
	count = allocations;
	for (on = 0; on < 2; on++)
		for (i = 1; i <= count; i++) {
			fails_at = i;
			fails_on = on;
			if (is_loaded_with_views(&errors)) {
				assert_int_equal(errors, 0);
			} else {
				assert_true(errors > 0);
				refused++;
			}
		}
	assert_true(refused > 20);
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

/* Has allocation NUMBER fail from now on, and with ON all after it. */
static void
begin_to_fail(unsigned long number, int on)
{
	allocations = 0;
	fails_at = number;
	fails_on = on;
}

/* Whether one did. */
static int
end_to_fail(void)
{
	int failed = allocations >= fails_at;

	fails_at = 0;
	return failed;
}

/* --- What another policy would change. */

static void
without_memory_a_difference_is_not_told_for_whole(void **state)
{
	struct policy *before, *after;
	struct diag diag;
	unsigned long i;
	int on, failed;

	(void)state;
	write_policy();
	before = try_load("policy.conf", NULL, &diag);
	diag_clear(&diag);
	write_text("lists/names.list", "*.b.example\n*.d.example\n");
	write_text("parts/one.conf", "group:\n name: one\n client: ::1\n"
		" allow: .d.example\n deny: a.d.example\n ttl: 1\n");
	after = try_load("policy.conf", NULL, &diag);
	diag_clear(&diag);
	assert_non_null(before);
	assert_non_null(after);
	for (on = 0; on < 2; on++) {
		for (i = 1, failed = 1; failed; i++) {
			struct record_writer writer = { NULL, 0, 0, 0 };

			begin_to_fail(i, on);
			diff_policies(&writer, before, after);
			failed = end_to_fail();
			assert_int_equal(writer.broken, failed);
			record_clear(&writer);
		}
		assert_true(i > 20);
	}
	policy_free(before);
	policy_free(after);
}

/* --- What is in force. */

static const struct names_key key = { { 1, 2 } };
static _Atomic unsigned said;

static void
count_said(enum say_level level, const char *line)
{
	(void)level;
	said += line[0] != '\0';
}

/* Loads with the failure set. Whether there was one. */
static int
stand(struct standing *standing, unsigned long number, int on, int *result)
{
	begin_to_fail(number, on);
	*result = standing_load(standing, "policy.conf", "state", declared,
		sizeof(declared) - 1, &key, 1, count_said);
	return end_to_fail();
}

static void
without_memory_nothing_wrong_is_in_force(void **state)
{
	unsigned long i;
	unsigned none = 0, stale = 0;
	int on, failed, result;

	(void)state;
	write_policy();
	assert_int_equal(mkdir("state", 0700), 0);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			struct standing standing;

			said = 0;
			failed = stand(&standing, i, on, &result);
			if (result == 0)
				assert_true(decides_right(standing.policy));
			else
				assert_null(standing.policy);
			if (result != 0 || standing.stale)
				assert_string_not_equal(standing.error, "");
			none += result != 0;
			stale += standing.stale != 0;
			standing_clear(&standing);
		}
	assert_true(i > 50);
	/* Once one was kept, there is one unless all fails. */
	assert_true(stale > 10);
	assert_true(none > 50);
}

/* --- What is allowed besides the policy. */

#define GRANTED_AT INT64_C(1700000000)

/* What became of it. */
struct kept_grants {
	struct grants *grants;
	int added;
	const char *write_failed;
	const char *read_failed;
};

static void
keep_grants(struct kept_grants *kept)
{
	memset(kept, 0, sizeof(*kept));
	kept->grants = grants_new();
	if (kept->grants == NULL)
		return;
	kept->added = grants_add(kept->grants, "g", "a.example", GRANTED_AT,
		GRANTED_AT + 60);
	kept->write_failed = grants_write(kept->grants, "state");
	kept->read_failed = grants_read(kept->grants, "state", GRANTED_AT);
}

/* Those that were added, or those of the file, which may be none. */
static void
check_grants(const struct kept_grants *kept)
{
	struct name name = name_of("a.example");
	int expected = kept->added == 0 && (kept->write_failed == NULL ||
		kept->read_failed != NULL);

	assert_true(kept->added == 0 || kept->added == -3);
	assert_int_equal(grants_count(kept->grants), expected);
	assert_int_equal(grants_allow(kept->grants, "g", &name, GRANTED_AT) !=
		0, expected);
}

static void
without_memory_grants_are_whole_or_as_before(void **state)
{
	struct kept_grants kept;
	unsigned long i;
	int on, failed;
	unsigned unread = 0;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			begin_to_fail(i, on);
			keep_grants(&kept);
			failed = end_to_fail();
			if (kept.grants != NULL)
				check_grants(&kept);
			else
				assert_true(failed);
			unread += kept.read_failed != NULL;
			grants_free(kept.grants);
			assert_true(unlink("state/" GRANTS_NAME) == 0 ||
				!kept.grants || kept.write_failed != NULL);
		}
	assert_true(unread > 4);
}

struct kept_followed {
	struct followed *followed;
	const char *write_failed;
	const char *read_failed;
};

static void
keep_followed(struct kept_followed *kept)
{
	static const struct names_key other = { { 3, 4 } };
	struct name question = name_of("q.example");
	struct name target = name_of("a.example");

	memset(kept, 0, sizeof(*kept));
	kept->followed = followed_new(&other);
	if (kept->followed == NULL)
		return;
	followed_add(kept->followed, "g", &question, &target, GRANTED_AT,
		GRANTED_AT + 60);
	kept->write_failed = followed_write(kept->followed, "state",
		GRANTED_AT);
	kept->read_failed = followed_read(kept->followed, "state", GRANTED_AT);
}

/* It is remembered or it is not; and so it is in the file. */
static void
check_followed(struct followed *followed, const char *write_failed)
{
	struct followed *again = followed_new(&(struct names_key){ { 5, 6 } });
	struct name target = name_of("a.example");
	size_t count = followed_count(followed, GRANTED_AT);

	assert_non_null(again);
	assert_true(count <= 1);
	assert_int_equal(followed_find(followed, "g", &target, GRANTED_AT,
		NULL) != 0, count);
	assert_null(followed_read(again, "state", GRANTED_AT));
	assert_int_equal(followed_count(again, GRANTED_AT),
		write_failed == NULL ? count : 0);
	followed_free(again);
}

static void
without_memory_targets_are_followed_or_not(void **state)
{
	struct kept_followed kept;
	unsigned long i;
	int on, failed;
	unsigned unwritten = 0, unread = 0;

	(void)state;
	assert_int_equal(mkdir("state", 0700), 0);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			begin_to_fail(i, on);
			keep_followed(&kept);
			failed = end_to_fail();
			unwritten += kept.write_failed != NULL;
			unread += kept.read_failed != NULL;
			if (kept.followed != NULL)
				check_followed(kept.followed,
					kept.write_failed);
			else
				assert_true(failed);
			followed_free(kept.followed);
			(void)unlink("state/" FOLLOWED_NAME);
		}
	assert_true(unwritten > 1);
	assert_true(unread > 1);
}

/* --- What watches. */

struct watch {
	/* Until it is in force. */
	struct standing standing;
	struct inforce *inforce;
	struct observer *observer;
	struct stats *stats;
	struct exceptions exceptions;
	struct granting granting;
	struct commands commands;
};

static void
clear_watch(struct watch *watch)
{
	grants_free(watch->exceptions.grants);
	followed_free(watch->exceptions.followed);
	stats_free(watch->stats);
	observer_free(watch->observer);
	inforce_free(watch->inforce);
	standing_clear(&watch->standing);
}

static void
load_watched(struct watch *watch)
{
	int result;

	memset(watch, 0, sizeof(*watch));
	write_policy();
	assert_true(mkdir("state", 0700) == 0 || errno == EEXIST);
	stand(&watch->standing, 0, 0, &result);
	assert_int_equal(result, 0);
}

static int
put_in_force(struct watch *watch)
{
	struct force *force = force_new(&watch->standing, 3, &key);

	if (force == NULL)
		return -1;
	watch->inforce = inforce_new(force, 3, &key);
	if (watch->inforce != NULL)
		return 0;
	force_free(force);
	return -1;
}

/* As the host does; stops at the first that cannot be had. */
static int
make_watch(struct watch *watch)
{
	struct force *force;

	if (put_in_force(watch) != 0)
		return -1;
	force = inforce_now(watch->inforce);
	watch->observer = observer_new(force->standing.policy, force->tally,
		&key, count_said, 1000);
	if (watch->observer == NULL)
		return -1;
	watch->stats = stats_new(force->tally, &force->standing,
		watch->observer, 0);
	if (watch->stats == NULL)
		return -1;
	watch->exceptions.grants = grants_new();
	if (watch->exceptions.grants == NULL)
		return -1;
	watch->exceptions.followed = followed_new(&key);
	return watch->exceptions.followed != NULL ? 0 : -1;
}

static const struct policy *
policy_of(const struct watch *watch)
{
	return inforce_now(watch->inforce)->standing.policy;
}

static void
what_watches_is_whole_or_not_there(void **state)
{
	unsigned long i;
	int on, failed, result;

	(void)state;
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			struct watch watch;

			load_watched(&watch);
			begin_to_fail(i, on);
			result = make_watch(&watch);
			failed = end_to_fail();
			assert_int_equal(result, failed ? -1 : 0);
			clear_watch(&watch);
		}
	assert_true(i > 20);
}

/* What a worker does with a query of the first group. */
static void
ask(struct watch *watch, size_t worker, const char *qname)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", qname, wire);
	struct decision decision;
	struct event event;

	policy_decide(policy_of(watch), &query, &decision);
	memset(&event, 0, sizeof(event));
	event.verdict = decision.verdict;
	event.reason = decision.reason;
	event.group = decision.group;
	event.client = query.client;
	event.rule = decision.rule;
	event.qname_len = (uint16_t)query.qname_len;
	memcpy(event.qname, wire, query.qname_len);
	tally_decision(inforce_now(watch->inforce)->tally, worker, 0,
		decision.reason, decision.in_window);
	observer_event(watch->observer, &event);
}

/* There is always room for it. */
static int
say_yes(void *arg, int diff, const void *waiting)
{
	(void)arg;
	(void)diff;
	return waiting != NULL ? 0 : -2;
}

/* A watch with something to tell of everything. */
static void
open_watch(struct watch *watch)
{
	static const char *const names[] = { "x.example", "y.example",
		"d.c.example", "www.a.example" };
	struct force *force;
	size_t i;

	load_watched(watch);
	assert_int_equal(make_watch(watch), 0);
	force = inforce_now(watch->inforce);
	for (i = 0; i < COUNT_OF(names); i++)
		ask(watch, i % 3, names[i]);
	observer_tick(watch->observer, 1000);
	watch->commands.standing = &force->standing;
	watch->commands.tally = force->tally;
	watch->commands.observer = watch->observer;
	watch->commands.stats = watch->stats;
	watch->commands.exceptions = &watch->exceptions;
	watch->granting.grants = watch->exceptions.grants;
	watch->granting.directory = "state";
	watch->granting.line = count_said;
	watch->commands.granting = &watch->granting;
	watch->commands.site = declared;
	watch->commands.site_length = sizeof(declared) - 1;
	watch->commands.unbound = "1.17.1";
	watch->commands.started = watch->commands.now = 1000;
	watch->commands.load = say_yes;
}

/* --- Replies. */

static const char *const requests[] = {
	"status", "groups", "stats", "metrics", "top by=clients",
	"top by=names", "top by=rules group=one", "top by=pairs limit=1",
	"history", "history group=one", "explain client=192.0.2.1 name=x",
	"explain client=192.0.2.1 name=x.a.example type=ANY",
	"watch", "watch all=yes group=one client=::/0 name=*.a",
	"reload", "reload diff=yes", "learned group=one", "site",
	/* Those that are wrong, too. */
	"hello", "status a=1", "top by=x", "history group=x", "watch group=x",
	"explain client=x", "reload diff=x", "allow group=x",
	"allow group=one pattern=x seconds=0", "revoke group=one pattern=x",
};

static enum service_answer
answer(struct watch *watch, const char *line, struct record_writer *reply,
	void **listener)
{
	char copy[256];
	const char *expected;
	struct record request;
	size_t wrong;

	strcpy(copy, line);
	assert_int_equal(record_parse(&request, copy, &wrong, &expected), 0);
	memset(reply, 0, sizeof(*reply));
	*listener = NULL;
	return commands_answer(&watch->commands, &request, reply, listener);
}

/* Whether the answer is that of before, or none: what is broken the service
 * does not send. */
static int
is_whole_or_none(struct watch *watch, const char *line,
	enum service_answer expected, const struct record_writer *whole)
{
	struct record_writer reply;
	void *listener;
	enum service_answer result = answer(watch, line, &reply, &listener);
	int failed = end_to_fail(), right = 0;

	if (result == SERVICE_LISTEN || result == SERVICE_LATER)
		commands_free_listener(&watch->commands, listener);
	else if (listener != NULL)
		return 0;
	if (reply.broken)
		right = failed && result != SERVICE_LISTEN &&
			result != SERVICE_LATER;
	else
		right = result == expected && reply.length == whole->length &&
			(whole->length == 0 || memcmp(reply.memory,
			whole->memory, whole->length) == 0);
	record_clear(&reply);
	return right;
}

static void
no_half_reply_passes_for_a_whole_one(void **state)
{
	struct watch watch;
	size_t k;
	int wrong = 0;

	(void)state;
	open_watch(&watch);
	for (k = 0; k < COUNT_OF(requests); k++) {
		struct record_writer whole;
		enum service_answer expected;
		unsigned long i, count;
		void *listener;
		int on;

		begin_to_fail(0, 0);
		expected = answer(&watch, requests[k], &whole, &listener);
		count = allocations;
		if (expected == SERVICE_LISTEN || expected == SERVICE_LATER)
			commands_free_listener(&watch.commands, listener);
		assert_false(whole.broken);
		assert_true(count > 0);
		for (on = 0; on < 2; on++)
			for (i = 1; i <= count + 1; i++) {
				begin_to_fail(i, on);
				if (is_whole_or_none(&watch, requests[k],
				    expected, &whole))
					continue;
				print_error("%s: allocation %lu%s\n",
					requests[k], i,
					on ? " and all after it" : "");
				wrong++;
			}
		record_clear(&whole);
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(watch.commands.want_all, 0);
	clear_watch(&watch);
}

/* Who is refused has nothing; who is answered has it, and keeps it where that
 * is not said otherwise. */
static void
an_allow_without_memory_is_in_force_or_refused(void **state)
{
	static const char line[] = "allow group=one pattern=v.example "
		"seconds=9";
	struct watch watch;
	unsigned long i;
	unsigned refused = 0, unkept = 0;
	int on, failed;

	(void)state;
	open_watch(&watch);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			struct record_writer reply;
			enum service_answer result;
			void *listener;
			size_t count;

			said = 0;
			begin_to_fail(i, on);
			result = answer(&watch, line, &reply, &listener);
			failed = end_to_fail();
			count = grants_count(watch.exceptions.grants);
			if (result == SERVICE_REPLY)
				assert_int_equal(count, 1);
			else if (!reply.broken)
				assert_int_equal(count, 0);
			refused += result != SERVICE_REPLY;
			unkept += said > 1;
			record_clear(&reply);
			if (count > 0)
				assert_int_equal(grants_remove(
					watch.exceptions.grants, "one",
					"v.example"), 0);
		}
	assert_true(refused > 1);
	assert_true(unkept > 1);
	clear_watch(&watch);
}

static int
ignore_line(void *arg, const char *line)
{
	*(unsigned *)arg += line[0] != '\0';
	return 1;
}

/* Nothing to print is better than statistics that fail, for Unbound would end
 * its own there. */
static void
statistics_without_memory_are_none_or_all(void **state)
{
	struct watch watch;
	unsigned all = 0, lines;
	unsigned long i;
	int failed;

	(void)state;
	open_watch(&watch);
	assert_int_equal(stats_print(watch.stats, 1, 0, ignore_line, &all), 1);
	for (i = 1, failed = 1; failed; i++) {
		lines = 0;
		begin_to_fail(i, 0);
		assert_int_equal(stats_print_taken(watch.stats, 1, 0,
			ignore_line, &lines), 1);
		failed = end_to_fail();
		assert_int_equal(lines, failed ? 0 : all);
	}
	assert_true(i > 3);
	clear_watch(&watch);
}

/* --- The service. */

struct counter {
	struct socket_file file;
	struct service *service;
};

/* One turn, with the failure set in it where FAILS. */
static int
turn(struct counter *counter, unsigned long number, int on)
{
	struct pollfd fds[SERVICE_CLIENTS_MAX + 1];
	int wait = -1, failed;
	nfds_t count;

	begin_to_fail(number, on);
	count = (nfds_t)service_poll(counter->service, 1, fds, &wait);
	assert_true(poll(fds, count, 0) >= 0);
	service_run(counter->service, 1, fds);
	failed = number > 0 && end_to_fail();
	return failed;
}

static int
call(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	assert_true(fd >= 0);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, "control");
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	return fd;
}

static void
open_counter(struct counter *counter, struct watch *watch)
{
	static const struct socket_owner owner = { (uid_t)-1, (gid_t)-1, 0600 };
	struct service_calls calls = { commands_answer, commands_event,
		commands_free_listener, &watch->commands };
	char wrong[256];

	open_watch(watch);
	assert_int_equal(socket_listen(&counter->file, "control", &owner,
		wrong, sizeof(wrong)), 0);
	counter->service = service_new(counter->file.fd, &calls);
	assert_non_null(counter->service);
}

static void
close_counter(struct counter *counter, struct watch *watch)
{
	service_free(counter->service);
	socket_close(&counter->file);
	clear_watch(watch);
}

/* The reply to LINE, with the failure in the turn in which it is taken, or in
 * the one before in which the client comes. */
static size_t
converse(struct counter *counter, const char *line, int in_first,
	unsigned long number, int on, int *failed, char *reply, size_t room)
{
	int fd = call(), turns;
	size_t length = 0;
	ssize_t n;

	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL),
		strlen(line));
	*failed = turn(counter, in_first ? number : 0, on);
	*failed |= turn(counter, in_first ? 0 : number, on);
	for (turns = 0; turns < 100; turns++) {
		n = recv(fd, reply + length, room - 1 - length, 0);
		if (n == 0)
			break;
		if (n > 0)
			length += (size_t)n;
		turn(counter, 0, 0);
	}
	assert_true(turns < 100);
	close(fd);
	reply[length] = '\0';
	return length;
}

static void
a_client_gets_a_whole_reply_or_is_told_of_memory(void **state)
{
	static char whole[65536], reply[65536];
	struct counter counter;
	struct watch watch;
	unsigned long i;
	int on, first, failed;
	unsigned refused = 0;

	(void)state;
	open_counter(&counter, &watch);
	converse(&counter, "groups\n", 0, 0, 0, &failed, whole, sizeof(whole));
	assert_non_null(strstr(whole, "\nend\n"));
	for (on = 0; on < 2; on++)
		for (first = 0; first < 2; first++)
			for (i = 1, failed = 1; failed; i++) {
				converse(&counter, "groups\n", first, i, on,
					&failed, reply, sizeof(reply));
				if (failed && strcmp(reply, "error code=busy "
				    "text=out\\032of\\032memory\n") == 0)
					refused++;
				else
					assert_string_equal(reply, whole);
			}
	assert_true(refused > 4);
	close_counter(&counter, &watch);
}

/* What a listener was told: events, and how many it lost. */
static uint64_t
told_of(int fd)
{
	char text[65536], *line, *next;
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	uint64_t count = 0;

	if (n < 0)
		return 0;
	text[n] = '\0';
	for (line = text; *line != '\0'; line = next + 1) {
		next = strchr(line, '\n');
		assert_non_null(next);
		*next = '\0';
		if (sscanf(line, "lost count=%u", &(unsigned){ 0 }) == 1)
			count += strtoull(strchr(line, '=') + 1, NULL, 10);
		else if (strncmp(line, "event ", 6) == 0 &&
		    strstr(line, " action=nxdomain") != NULL)
			count++;
		else
			fail_msg("%s", line);
	}
	return count;
}

static void
an_event_without_memory_is_told_as_lost(void **state)
{
	struct counter counter;
	struct watch watch;
	struct event event;
	unsigned long i;
	int on, failed, fd, k;

	(void)state;
	open_counter(&counter, &watch);
	memset(&event, 0, sizeof(event));
	event.verdict = VERDICT_BLOCK;
	event.reason = REASON_NOT_LISTED;
	event.group = policy_of(&watch)->groups;
	assert_int_equal(address_from_text(&event.client, "192.0.2.1"), 0);
	event.qname_len = 1;
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			uint64_t told = 0;

			fd = call();
			assert_int_equal(send(fd, "watch\n", 6, 0), 6);
			turn(&counter, 0, 0);
			turn(&counter, 0, 0);
			assert_int_equal(service_listeners(counter.service),
				1);
			begin_to_fail(i, on);
			for (k = 0; k < 5; k++)
				service_event(counter.service, &event);
			failed = end_to_fail();
			for (k = 0; k < 10; k++) {
				turn(&counter, 0, 0);
				told += told_of(fd);
			}
			assert_int_equal(told, 5);
			close(fd);
			turn(&counter, 0, 0);
			/* The memory of one line is to be taken anew. */
			close_counter(&counter, &watch);
			open_counter(&counter, &watch);
			event.group = policy_of(&watch)->groups;
		}
	assert_true(i > 2);
	close_counter(&counter, &watch);
}

/* --- The thread. */

static struct control_setup
setup_of(struct watch *watch)
{
	struct control_setup setup = {
		.inforce = watch->inforce,
		.key = &key,
		.observer = watch->observer,
		.stats = watch->stats,
		.exceptions = &watch->exceptions,
		.site = declared,
		.site_length = sizeof(declared) - 1,
		.unbound = "1.17.1",
		.line = count_said,
	};

	return setup;
}

static void
there_is_a_thread_or_it_is_said_why_not(void **state)
{
	struct control_setup setup;
	struct control *control;
	struct watch watch;
	unsigned long i;
	unsigned none = 0;
	int on, failed;

	(void)state;
	open_watch(&watch);
	setup = setup_of(&watch);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			said = 0;
			begin_to_fail(i, on);
			control = control_start(&setup);
			failed = end_to_fail();
			/* Without what is kept it works, too. */
			assert_true(control != NULL || failed);
			assert_int_equal(said > 0, failed);
			none += control == NULL;
			control_stop(control);
			assert_int_equal(access("state/control", F_OK), -1);
		}
	assert_true(i > 8);
	assert_true(none > 8);
	clear_watch(&watch);
}

/* --- Reloading, in two threads. */

/* One policy or the other, which differ in groups and in what they say. */
static void
write_either(unsigned which)
{
	if (which % 2 == 0) {
		write_policy();
		return;
	}
	write_text("parts/one.conf", "group:\n name: uno\n"
		" client: 192.0.2.7\n client: 192.0.2.7\n allow: a\n");
	write_text("parts/two.conf", "group:\n name: two\n"
		" client: 192.0.2.2\n allow: z.example\n mode: audit\n"
		"group: name: one client: 192.0.2.1 allow: z.example\n");
}

static int
is_either(const struct policy *policy, unsigned which)
{
	if (which % 2 == 0)
		return decides_right(policy);
	return policy->group_count == 3 &&
		verdict_of(policy, "192.0.2.1", "z.example") ==
			VERDICT_ALLOW &&
		verdict_of(policy, "192.0.2.1", "x.a.example") ==
			VERDICT_BLOCK &&
		verdict_of(policy, "192.0.2.2", "x") == VERDICT_AUDIT &&
		verdict_of(policy, "2001:db8::5", "x") ==
			VERDICT_UNRESTRICTED;
}

/* Reads to the end, without any memory of its own. */
static void
request(const char *line, char *reply, size_t room)
{
	struct sockaddr_un address;
	size_t length = 0;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, "state/control");
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	/* It may have been refused by now. */
	(void)send(fd, line, strlen(line), MSG_NOSIGNAL);
	do {
		n = recv(fd, reply + length, room - 1 - length, 0);
		length += n > 0 ? (size_t)n : 0;
		assert_true(length < room - 1);
	} while (n > 0);
	reply[length] = '\0';
	close(fd);
}

/* The same with the failure set. Whether there was one. */
static int
request_failing(const char *line, unsigned long number, int on, char *reply,
	size_t room)
{
	begin_to_fail(number, on);
	request(line, reply, room);
	return end_to_fail();
}

static int
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) &&
		strcmp(text + length - strlen(end), end) == 0;
}

/* Whether what is there after a reload is one policy or the other, and what
 * is told is so. */
static int
is_whole_reload(const struct watch *watch, uint64_t before, unsigned which,
	const char *reply)
{
	const struct force *force = inforce_enter(watch->inforce, 0);
	const struct standing *standing = &force->standing;
	int right = 1;

	if (standing->generation == before)
		/* Nothing was told as done. */
		right = is_either(standing->policy, which - 1) &&
			!ends_with(reply, "\nend\n") &&
			force->tally->group_count ==
			standing->policy->group_count;
	else
		right = standing->generation == before + 1 &&
			is_either(standing->policy, which) &&
			!standing->stale && force->tally->group_count ==
			standing->policy->group_count;
	inforce_leave(watch->inforce, 0);
	return right && (reply[0] == '\0' || ends_with(reply, "\n"));
}

static uint64_t
generation_of(const struct watch *watch)
{
	return inforce_now(watch->inforce)->standing.generation;
}

static void
a_reload_is_whole_or_none(void **state)
{
	static char reply[65536];
	struct control_setup setup;
	struct control *control;
	struct watch watch;
	unsigned which = 1, done = 0, none = 0;
	unsigned long i;
	int on, failed;

	(void)state;
	open_watch(&watch);
	setup = setup_of(&watch);
	control = control_start(&setup);
	assert_non_null(control);
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			uint64_t before = generation_of(&watch);

			write_either(which);
			failed = request_failing("reload\n", i, on, reply,
				sizeof(reply));
			if (!is_whole_reload(&watch, before, which, reply))
				fail_msg("allocation %lu%s: %s", i,
					on ? " and all after it" : "", reply);
			none += generation_of(&watch) == before;
			done += generation_of(&watch) != before;
			which += generation_of(&watch) != before;
			/* What it looked like before is no obstacle. */
			request("stats\n", reply, sizeof(reply));
			assert_true(ends_with(reply, "\nend\n"));
		}
	assert_true(none > 100);
	/* What only made something smaller, or the reply. */
	assert_true(done > 4);
	control_stop(control);
	clear_watch(&watch);
}

/* --- How much it takes. */

enum {
	/* What an array has that was doubled, so that no room is left. */
	MANY_GROUPS = 8192,
	GROUPS_A_FILE = 256,
	MANY_LISTS = 64,
	PATTERNS_A_LIST = 3000,
	/* What has nothing to do with the policy. */
	SMALL = 8192
};

static void
write_many_groups(size_t file)
{
	static char text[GROUPS_A_FILE * 160];
	size_t group = file * GROUPS_A_FILE, at = 0, i;
	char name[32];

	for (i = 0; i < GROUPS_A_FILE; i++, group++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"group:\n name: g%zu\n client: 10.%zu.%zu.0/24\n"
			" allow: *.g%zu.example\n allow-list: l%zu\n", group,
			group >> 8, group & 255, group,
			group / (MANY_GROUPS / MANY_LISTS));
	assert_true(at < sizeof(text));
	snprintf(name, sizeof(name), "many/g%zu.conf", 100 + file);
	write_text(name, text);
}

static void
write_many_patterns(size_t list)
{
	static char text[PATTERNS_A_LIST * 32];
	size_t at = 0, i;
	char name[32];

	for (i = 0; i < PATTERNS_A_LIST; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"n%zu.l%zu.example\n", i, list);
	assert_true(at < sizeof(text));
	snprintf(name, sizeof(name), "many/l%zu.list", list);
	write_text(name, text);
}

/* In small files, so that their text is next to nothing. */
static void
write_large_policy(void)
{
	size_t i;

	assert_true(mkdir("many", 0700) == 0 || errno == EEXIST);
	for (i = 0; i < MANY_GROUPS / GROUPS_A_FILE; i++)
		write_many_groups(i);
	for (i = 0; i < MANY_LISTS; i++)
		write_many_patterns(i);
	write_text("policy.conf", "bitsink:\n list-directory: many\n"
		"include: \"many/*.conf\"\n");
}

static void
load_large(struct standing *standing)
{
	int result;

	write_large_policy();
	assert_int_equal(mkdir("state", 0700), 0);
	stand(standing, 0, 0, &result);
	assert_int_equal(result, 0);
	assert_int_equal(standing->policy->group_count, MANY_GROUPS);
}

static void
loading_takes_little_that_does_not_stay(void **state)
{
	struct standing standing;
	long before = taken, stays, most;

	(void)state;
	most_taken = before;
	load_large(&standing);
	stays = taken - before;
	most = most_taken - before;
	/* A group has a pattern and a client here, and uses a list. */
	assert_in_range(stays, 1, MANY_GROUPS * 768 +
		MANY_LISTS * PATTERNS_A_LIST * 32);
	/* What is known of it and of that use until all is checked. */
	assert_in_range(most - stays, 1, MANY_GROUPS * 128);
	standing_clear(&standing);
	assert_true(taken - before < SMALL);
}

/* What counts and remembers, of a policy with so many groups. */
static long
octets_beside(long groups, long workers)
{
	const long cells = (long)(TALLY_CELLS * sizeof(uint64_t));
	const long sums = (long)sizeof(struct outcomes);
	/* Who is who in the new policy. */
	const long map = (long)(sizeof(size_t) + sizeof(uint32_t));
	/* The tally, the base and two sums of each worker; what the tallies
	 * stand at, what groups did, and where each has its history. */
	return groups * (workers * 2 * (cells + sums) + cells + 2 * sums +
		(long)sizeof(void *) + map) + workers * (long)recall_memory();
}

static void
a_reload_takes_one_policy_more_for_a_while(void **state)
{
	static char reply[65536];
	struct control_setup setup;
	struct control *control;
	struct watch watch;
	long before = taken, policy;
	unsigned i;

	(void)state;
	memset(&watch, 0, sizeof(watch));
	load_large(&watch.standing);
	policy = taken - before;
	assert_int_equal(make_watch(&watch), 0);
	setup = setup_of(&watch);
	control = control_start(&setup);
	assert_non_null(control);
	for (i = 0; i < 3; i++) {
		before = taken;
		most_taken = before;
		request("reload\n", reply, sizeof(reply));
		assert_true(ends_with(reply, "\nend\n"));
		/* A thread that stands back gives the one before back. */
		wait_until(taken - before < SMALL);
		assert_in_range(most_taken - before, policy, policy +
			octets_beside(MANY_GROUPS, 3) + 10 * SMALL);
	}
	assert_int_equal(generation_of(&watch), 4);
	control_stop(control);
	clear_watch(&watch);
}

static void
a_diff_without_memory_is_none(void **state)
{
	static char whole[65536], reply[65536];
	struct control_setup setup;
	struct control *control;
	struct watch watch;
	unsigned long i;
	int on, failed;

	(void)state;
	open_watch(&watch);
	setup = setup_of(&watch);
	control = control_start(&setup);
	assert_non_null(control);
	write_either(1);
	request("reload diff=yes\n", whole, sizeof(whole));
	assert_true(ends_with(whole, "\nend\n"));
	assert_non_null(strstr(whole, "\nverdict "));
	for (on = 0; on < 2; on++)
		for (i = 1, failed = 1; failed; i++) {
			failed = request_failing("reload diff=yes\n", i, on,
				reply, sizeof(reply));
			/* Without the text of a warning, perhaps. */
			if (strcmp(reply, whole) != 0 &&
			    ends_with(reply, "\nend\n") &&
			    strncmp(reply, whole, (size_t)(strstr(whole,
			    "problem ") - whole)) != 0)
				fail_msg("allocation %lu%s: %s", i,
					on ? " and all after it" : "", reply);
			assert_int_equal(generation_of(&watch), 1);
			assert_int_equal(inforce_now(watch.inforce)->
				standing.stale, 0);
		}
	assert_true(i > 50);
	control_stop(control);
	clear_watch(&watch);
}

#define folder_test(function) \
	cmocka_unit_test_setup_teardown(function, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(
			each_allocation_of_a_comparison_with_views_may_fail),
		folder_test(each_allocation_of_a_load_may_fail),
		folder_test(a_tape_that_lacked_memory_is_not_kept),
		folder_test(without_memory_a_difference_is_not_told_for_whole),
		folder_test(without_memory_nothing_wrong_is_in_force),
		folder_test(without_memory_grants_are_whole_or_as_before),
		folder_test(without_memory_targets_are_followed_or_not),
		folder_test(what_watches_is_whole_or_not_there),
		folder_test(no_half_reply_passes_for_a_whole_one),
		folder_test(an_allow_without_memory_is_in_force_or_refused),
		folder_test(statistics_without_memory_are_none_or_all),
		folder_test(a_client_gets_a_whole_reply_or_is_told_of_memory),
		folder_test(an_event_without_memory_is_told_as_lost),
		folder_test(there_is_a_thread_or_it_is_said_why_not),
		folder_test(a_reload_is_whole_or_none),
		folder_test(a_diff_without_memory_is_none),
		folder_test(loading_takes_little_that_does_not_stay),
		folder_test(a_reload_takes_one_policy_more_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
