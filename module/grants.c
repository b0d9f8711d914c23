/*
 * grants.c - names that an administrator allowed a group for a time.
 *
 * There are few of them: those of a group are tried one after the other, by
 * the reference of pattern.h.
 */
#include "grants.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "names.h"
#include "pattern.h"
#include "policy.h"

struct entry {
	char group[GROUP_NAME_MAX + 1];
	char text[NAMES_PATTERN_MAX];
	struct pattern pattern;
	int64_t since;
	int64_t until;
};

struct grants {
	/* Held by who changes the entries, and by who reads them in another
	 * thread. */
	pthread_rwlock_t lock;
	_Atomic size_t count;
	/* Those that end first first. */
	struct entry *entries[GRANTS_MAX];
};

/* A crowd of readers must not keep out who revokes. */
static int
init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attributes;
	int result;

	if (pthread_rwlockattr_init(&attributes) != 0)
		return -1;
#ifdef __GLIBC__
	pthread_rwlockattr_setkind_np(&attributes,
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
	result = pthread_rwlock_init(lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	return result == 0 ? 0 : -1;
}

struct grants *
grants_new(void)
{
	struct grants *grants = calloc(1, sizeof(*grants));

	if (grants != NULL && init_lock(&grants->lock) != 0) {
		free(grants);
		return NULL;
	}
	return grants;
}

void
grants_free(struct grants *grants)
{
	size_t i;

	if (grants == NULL)
		return;
	for (i = 0; i < GRANTS_MAX; i++)
		free(grants->entries[i]);
	pthread_rwlock_destroy(&grants->lock);
	free(grants);
}

size_t
grants_count(const struct grants *grants)
{
	return atomic_load_explicit(&grants->count, memory_order_relaxed);
}

/* --- Asking. */

/* What begins a day from now was made by a clock that went wrong, or it is
 * wrong now: no more is allowed then. */
static int
is_in_force(const struct entry *entry, int64_t now)
{
	return now < entry->until && now >= entry->since - GRANTS_EARLY;
}

/* The last of those that match is the one that lasts longest. */
static int64_t
find_until(const struct grants *grants, const char *group,
	const struct name *name, int64_t now)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];
	size_t i;

	for (i = grants_count(grants); i > 0; i--) {
		const struct entry *entry = grants->entries[i - 1];

		if (is_in_force(entry, now) &&
		    strcmp(entry->group, group) == 0 &&
		    pattern_matches(&entry->pattern, name, specificity))
			return entry->until;
	}
	return 0;
}

int64_t
grants_allow(struct grants *grants, const char *group,
	const struct name *name, int64_t now)
{
	int64_t until;

	if (grants_count(grants) == 0 ||
	    pthread_rwlock_rdlock(&grants->lock) != 0)
		return 0;
	until = find_until(grants, group, name, now);
	pthread_rwlock_unlock(&grants->lock);
	return until;
}

/* --- Changing: by one thread, which need not lock to look. */

static int
same_patterns(const struct pattern *a, const struct pattern *b)
{
	return a->scope == b->scope && a->name.length == b->name.length &&
		memcmp(a->name.octets, b->name.octets, a->name.length) == 0 &&
		memcmp(a->star, b->star,
			a->name.labels * sizeof(a->star[0])) == 0;
}

/* The number of the one with the same group and pattern, or how many there
 * are. */
static size_t
find_same(const struct grants *grants, const char *group,
	const struct pattern *pattern)
{
	size_t i, count = grants_count(grants);

	for (i = 0; i < count; i++)
		if (strcmp(grants->entries[i]->group, group) == 0 &&
		    same_patterns(&grants->entries[i]->pattern, pattern))
			break;
	return i;
}

static void
set_count(struct grants *grants, size_t count)
{
	atomic_store_explicit(&grants->count, count, memory_order_relaxed);
}

/* Takes the entry out; it is the caller's. With the lock. */
static struct entry *
take_out(struct grants *grants, size_t number)
{
	struct entry *entry = grants->entries[number];
	size_t count = grants_count(grants) - 1;

	memmove(&grants->entries[number], &grants->entries[number + 1],
		(count - number) * sizeof(grants->entries[0]));
	grants->entries[count] = NULL;
	set_count(grants, count);
	return entry;
}

/* Moves one to its place among the first COUNT: behind those that end at the
 * same time. With the lock. */
static void
settle(struct entry **entries, size_t number, size_t count)
{
	struct entry *entry = entries[number];

	for (; number > 0 && entries[number - 1]->until > entry->until;
	     number--)
		entries[number] = entries[number - 1];
	for (; number + 1 < count &&
	     entries[number + 1]->until <= entry->until; number++)
		entries[number] = entries[number + 1];
	entries[number] = entry;
}

/* With the lock. */
static void
put_in(struct grants *grants, struct entry *entry)
{
	size_t count = grants_count(grants);

	grants->entries[count] = entry;
	settle(grants->entries, count, count + 1);
	set_count(grants, count + 1);
}

/* Puts the entry in the place of another, which is the caller's then. With the
 * lock; yet who asks looks at the count without it, so that a group's only
 * grant must not be taken out in between. */
static struct entry *
replace(struct grants *grants, size_t number, struct entry *entry)
{
	struct entry *before = grants->entries[number];

	grants->entries[number] = entry;
	settle(grants->entries, number, grants_count(grants));
	return before;
}

/* Sets the times as they may be, whatever was said. */
static void
set_times(struct entry *entry, int64_t since, int64_t until)
{
	if (since < 0)
		since = 0;
	if (since > INT64_MAX - GRANTS_SECONDS_MAX)
		since = INT64_MAX - GRANTS_SECONDS_MAX;
	if (until < since)
		until = since;
	if (until > since + GRANTS_SECONDS_MAX)
		until = since + GRANTS_SECONDS_MAX;
	entry->since = since;
	entry->until = until;
}

/* 0, or -2 for what is no group's name or no pattern. */
static int
set_key(struct entry *entry, const char *group, const char *text)
{
	size_t group_length = strlen(group), length = strlen(text);
	struct pattern_error error;

	if (group_length == 0 || group_length > GROUP_NAME_MAX ||
	    length >= sizeof(entry->text) || pattern_from_text(&entry->pattern,
	    text, length, &error) != 0)
		return -2;
	memcpy(entry->group, group, group_length + 1);
	memcpy(entry->text, text, length + 1);
	return 0;
}

/* Adds the entry, which is the table's then, in the place of the same. 0, or
 * -1 where there is no room. */
static int
add_entry(struct grants *grants, struct entry *entry)
{
	size_t count = grants_count(grants);
	size_t same = find_same(grants, entry->group, &entry->pattern);
	struct entry *before = NULL;

	if (same == GRANTS_MAX)
		return -1;
	pthread_rwlock_wrlock(&grants->lock);
	if (same < count)
		before = replace(grants, same, entry);
	else
		put_in(grants, entry);
	pthread_rwlock_unlock(&grants->lock);
	free(before);
	return 0;
}

int
grants_add(struct grants *grants, const char *group, const char *pattern,
	int64_t since, int64_t until)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	int result;

	if (entry == NULL)
		return -3;
	set_times(entry, since, until);
	result = set_key(entry, group, pattern);
	if (result == 0)
		result = add_entry(grants, entry);
	if (result != 0)
		free(entry);
	return result;
}

static struct entry *
remove_entry(struct grants *grants, size_t number)
{
	struct entry *entry;

	pthread_rwlock_wrlock(&grants->lock);
	entry = take_out(grants, number);
	pthread_rwlock_unlock(&grants->lock);
	return entry;
}

int
grants_remove(struct grants *grants, const char *group, const char *pattern)
{
	struct pattern_error error;
	struct pattern parsed;
	size_t number;

	if (pattern_from_text(&parsed, pattern, strlen(pattern), &error) != 0)
		return -1;
	number = find_same(grants, group, &parsed);
	if (number == grants_count(grants))
		return -1;
	free(remove_entry(grants, number));
	return 0;
}

int
grants_get(const struct grants *grants, size_t number, struct grant *grant)
{
	const struct entry *entry;

	if (number >= grants_count(grants))
		return -1;
	entry = grants->entries[number];
	grant->group = entry->group;
	grant->pattern = entry->text;
	grant->since = entry->since;
	grant->until = entry->until;
	return 0;
}

int
grants_expire(struct grants *grants, int64_t now, char *group, char *pattern)
{
	struct entry *entry;

	if (grants_count(grants) == 0 || grants->entries[0]->until > now)
		return 0;
	entry = remove_entry(grants, 0);
	memcpy(group, entry->group, sizeof(entry->group));
	memcpy(pattern, entry->text, sizeof(entry->text));
	free(entry);
	return 1;
}

/* --- The file. */

static void
write_entry(struct record_writer *writer, const struct entry *entry)
{
	record_begin(writer, "grant");
	record_text(writer, "group", entry->group);
	record_text(writer, "pattern", entry->text);
	record_format(writer, "since", "%" PRId64, entry->since);
	record_format(writer, "until", "%" PRId64, entry->until);
	record_end(writer);
}

const char *
grants_write(const struct grants *grants, const char *directory)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	size_t i, count = grants_count(grants);

	ledger_begin(&writer, GRANTS_NAME);
	for (i = 0; i < count; i++)
		write_entry(&writer, grants->entries[i]);
	return ledger_keep(&writer, directory, GRANTS_NAME);
}

struct reading {
	struct grants *grants;
	int64_t now;
};

/* What is read goes through the same checks as what is said. */
static int
read_entry(struct entry *entry, const struct record *record)
{
	const char *group = record_get(record, "group");
	const char *pattern = record_get(record, "pattern");
	int64_t since, until;

	if (strcmp(record->kind, "grant") != 0 || group == NULL ||
	    pattern == NULL || set_key(entry, group, pattern) != 0 ||
	    ledger_time(record, "since", &since) != 0 ||
	    ledger_time(record, "until", &until) != 0 || until < since)
		return -1;
	set_times(entry, since, until);
	return 0;
}

static int
take_record(void *context, const struct record *record)
{
	struct reading *reading = context;
	struct entry *entry = calloc(1, sizeof(*entry));
	int result;

	if (entry == NULL)
		return -2;
	result = read_entry(entry, record);
	if (result == 0 && reading != NULL && reading->now < entry->until) {
		result = add_entry(reading->grants, entry);
		if (result == 0)
			return 0;
	}
	free(entry);
	return result;
}

/* Changes what two tables have for each other; nobody else uses FRESH. */
static void
change_places(struct grants *grants, struct grants *fresh)
{
	size_t count = grants_count(grants);
	struct entry *entries[GRANTS_MAX];

	pthread_rwlock_wrlock(&grants->lock);
	memcpy(entries, grants->entries, sizeof(entries));
	memcpy(grants->entries, fresh->entries, sizeof(entries));
	memcpy(fresh->entries, entries, sizeof(entries));
	set_count(grants, grants_count(fresh));
	set_count(fresh, count);
	pthread_rwlock_unlock(&grants->lock);
}

const char *
grants_read(struct grants *grants, const char *directory, int64_t now)
{
	struct reading reading = { grants_new(), now };
	const char *failed;
	int error;

	if (reading.grants == NULL) {
		errno = ENOMEM;
		return "out of memory";
	}
	failed = ledger_load(directory, GRANTS_NAME, take_record, &reading);
	error = errno;
	if (failed == NULL)
		change_places(grants, reading.grants);
	grants_free(reading.grants);
	errno = error;
	return failed;
}
