/*
 * followed.c - names that stood in the chain of an allowed answer.
 *
 * A table of sets: an entry is in the set that the hash of its group and
 * target says, anywhere. Each set belongs to one of some locks, which are held
 * for as long as one set is looked at.
 */
#include "followed.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ledger.h"
#include "policy.h"

#define WAYS ((size_t)8)
#define SETS (FOLLOWED_ROOM / WAYS)
#define STRIPES ((size_t)64)

/* Who may ask for what, and by which question. */
struct link {
	uint8_t group_length;
	uint8_t target_length;
	uint8_t question_length;
	/* The group, a NUL, target and question in wire format, in lower
	 * case. */
	uint8_t octets[];
};

struct entry {
	/* NULL where there is none. */
	struct link *link;
	uint64_t hash;
	int64_t until;
};

struct stripe {
	alignas(64) pthread_mutex_t lock;
};

struct followed {
	struct stripe stripes[STRIPES];
	struct names_key key;
	/* Entries, also those that have ended, and octets of their links. */
	_Atomic size_t used;
	_Atomic size_t octets;
	/* Since it was written or read. */
	_Atomic int changed;
	struct entry sets[SETS][WAYS];
};

static void
destroy_locks(struct followed *followed, size_t count)
{
	while (count > 0)
		pthread_mutex_destroy(&followed->stripes[--count].lock);
}

static int
init_locks(struct followed *followed)
{
	size_t i;

	for (i = 0; i < STRIPES; i++)
		if (pthread_mutex_init(&followed->stripes[i].lock,
		    NULL) != 0) {
			destroy_locks(followed, i);
			return -1;
		}
	return 0;
}

struct followed *
followed_new(const struct names_key *key)
{
	struct followed *followed = aligned_alloc(alignof(struct followed),
		sizeof(*followed));

	if (followed == NULL)
		return NULL;
	memset(followed, 0, sizeof(*followed));
	followed->key = hash_key(key);
	if (init_locks(followed) != 0) {
		free(followed);
		return NULL;
	}
	return followed;
}

void
followed_free(struct followed *followed)
{
	size_t i;

	if (followed == NULL)
		return;
	for (i = 0; i < SETS * WAYS; i++)
		free(followed->sets[i / WAYS][i % WAYS].link);
	destroy_locks(followed, STRIPES);
	free(followed);
}

static void
lock_set(struct followed *followed, size_t set)
{
	pthread_mutex_lock(&followed->stripes[set % STRIPES].lock);
}

static void
unlock_set(struct followed *followed, size_t set)
{
	pthread_mutex_unlock(&followed->stripes[set % STRIPES].lock);
}

static int
is_empty(const struct followed *followed)
{
	return atomic_load_explicit(&followed->used,
		memory_order_relaxed) == 0;
}

static void
set_changed(struct followed *followed)
{
	atomic_store_explicit(&followed->changed, 1, memory_order_relaxed);
}

/* --- Keys: borrowed, as long as a look-up lasts. */

struct key {
	const char *group;
	size_t group_length;
	const struct name *target;
	uint64_t hash;
	size_t set;
};

/* 0, or -1 for what is no name of a group. */
static int
make_key(const struct followed *followed, struct key *key, const char *group,
	const struct name *target)
{
	uint64_t seed;

	key->group = group;
	key->group_length = strlen(group);
	key->target = target;
	if (key->group_length == 0 || key->group_length > GROUP_NAME_MAX)
		return -1;
	seed = hash_octets(&followed->key, 0, (const uint8_t *)group,
		key->group_length);
	key->hash = hash_octets(&followed->key, seed, target->octets,
		target->length);
	key->set = key->hash % SETS;
	return 0;
}

/* --- Links. */

static const char *
link_group(const struct link *link)
{
	return (const char *)link->octets;
}

static const uint8_t *
link_target(const struct link *link)
{
	return link->octets + link->group_length + 1;
}

static const uint8_t *
link_question(const struct link *link)
{
	return link_target(link) + link->target_length;
}

static size_t
link_octets(const struct link *link)
{
	return sizeof(*link) + link->group_length + 1u + link->target_length +
		link->question_length;
}

/* NULL when out of memory. */
static struct link *
make_link(const struct key *key, const struct name *question)
{
	struct link *link = malloc(sizeof(*link) + key->group_length + 1 +
		key->target->length + question->length);
	uint8_t *at;

	if (link == NULL)
		return NULL;
	link->group_length = (uint8_t)key->group_length;
	link->target_length = key->target->length;
	link->question_length = question->length;
	at = link->octets;
	memcpy(at, key->group, key->group_length + 1);
	at += key->group_length + 1;
	memcpy(at, key->target->octets, key->target->length);
	at += key->target->length;
	memcpy(at, question->octets, question->length);
	return link;
}

static int
has_key(const struct link *link, const struct key *key)
{
	return link->group_length == key->group_length &&
		link->target_length == key->target->length &&
		memcmp(link->octets, key->group, key->group_length) == 0 &&
		memcmp(link_target(link), key->target->octets,
			key->target->length) == 0;
}

static int
has_question(const struct link *link, const struct name *question)
{
	return link->question_length == question->length &&
		memcmp(link_question(link), question->octets,
			question->length) == 0;
}

static void
read_question(const struct link *link, struct name *question)
{
	/* It was a name before. */
	(void)name_from_wire(question, link_question(link),
		link->question_length);
}

/* --- Entries; with the lock of their set. */

/* Whether an entry counts: it has not ended, and no clock that has gone back
 * makes it last. */
static int
is_live(int64_t until, int64_t now)
{
	return until >= now && (uint64_t)until - (uint64_t)now <=
		FOLLOWED_SECONDS_MAX;
}

static struct entry *
find_entry(struct followed *followed, const struct key *key)
{
	struct entry *entries = followed->sets[key->set];
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (entries[i].link != NULL && entries[i].hash == key->hash &&
		    has_key(entries[i].link, key))
			return &entries[i];
	return NULL;
}

/* Sets the link of an entry. Returns what it had, the caller's to free. */
static struct link *
exchange_link(struct followed *followed, struct entry *entry,
	struct link *link)
{
	struct link *before = entry->link;

	if (before != NULL) {
		atomic_fetch_sub_explicit(&followed->octets,
			link_octets(before), memory_order_relaxed);
		atomic_fetch_sub_explicit(&followed->used, 1,
			memory_order_relaxed);
	}
	if (link != NULL) {
		atomic_fetch_add_explicit(&followed->octets,
			link_octets(link), memory_order_relaxed);
		atomic_fetch_add_explicit(&followed->used, 1,
			memory_order_relaxed);
	}
	entry->link = link;
	return before;
}

static void
forget(struct followed *followed, struct entry *entry)
{
	free(exchange_link(followed, entry, NULL));
}

/* The place for one that is new: an empty one, one that has ended, or that
 * ends first. */
static struct entry *
find_place(struct followed *followed, size_t set, int64_t now)
{
	struct entry *entries = followed->sets[set], *place = entries;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (entries[i].link == NULL || !is_live(entries[i].until, now))
			return &entries[i];
		if (entries[i].until < place->until)
			place = &entries[i];
	}
	return place;
}

/* Forgets what has ended. Returns how many are left. */
static size_t
clean_set(struct followed *followed, size_t set, int64_t now)
{
	size_t i, count = 0;

	for (i = 0; i < WAYS; i++) {
		struct entry *entry = &followed->sets[set][i];

		if (entry->link != NULL && !is_live(entry->until, now))
			forget(followed, entry);
		count += entry->link != NULL;
	}
	return count;
}

/* --- Adding. */

enum prolonged { PROLONGED_NOT, PROLONGED_BEFORE, PROLONGED_NOW };

/* What is remembered already lasts, or is made to, without memory. */
static enum prolonged
prolong_entry(struct entry *entry, const struct name *question, int64_t now,
	int64_t until)
{
	if (entry == NULL)
		return PROLONGED_NOT;
	if (is_live(entry->until, now) && entry->until >= until)
		return PROLONGED_BEFORE;
	if (!has_question(entry->link, question))
		return PROLONGED_NOT;
	entry->until = until;
	return PROLONGED_NOW;
}

static enum prolonged
prolong(struct followed *followed, const struct key *key,
	const struct name *question, int64_t now, int64_t until)
{
	enum prolonged prolonged;

	lock_set(followed, key->set);
	prolonged = prolong_entry(find_entry(followed, key), question, now,
		until);
	unlock_set(followed, key->set);
	return prolonged;
}

/* Puts the link to its place, unless another thread did so meanwhile. Returns
 * what is to be freed. */
static struct link *
place(struct followed *followed, const struct key *key, struct link *link,
	const struct name *question, int64_t now, int64_t until)
{
	struct entry *entry;

	lock_set(followed, key->set);
	entry = find_entry(followed, key);
	if (prolong_entry(entry, question, now, until) == PROLONGED_NOT) {
		if (entry == NULL)
			entry = find_place(followed, key->set, now);
		link = exchange_link(followed, entry, link);
		entry->hash = key->hash;
		entry->until = until;
	}
	unlock_set(followed, key->set);
	return link;
}

/* Whether that changed anything. Memory is taken and given back where nobody
 * waits for it. */
static int
remember(struct followed *followed, const struct key *key,
	const struct name *question, int64_t now, int64_t until)
{
	enum prolonged prolonged = prolong(followed, key, question, now,
		until);
	struct link *link;

	if (prolonged != PROLONGED_NOT)
		return prolonged == PROLONGED_NOW;
	link = make_link(key, question);
	if (link == NULL)
		return 0;
	free(place(followed, key, link, question, now, until));
	return 1;
}

void
followed_add(struct followed *followed, const char *group,
	const struct name *question, const struct name *target, int64_t now,
	int64_t until)
{
	struct key key;

	if (until < now || make_key(followed, &key, group, target) != 0)
		return;
	if (!is_live(until, now))
		until = now + FOLLOWED_SECONDS_MAX;
	/* 0 is no time; a clock that was never set may be before that. */
	if (until > 0 && remember(followed, &key, question, now, until))
		set_changed(followed);
}

/* --- Asking. */

int64_t
followed_find(struct followed *followed, const char *group,
	const struct name *name, int64_t now, struct name *question)
{
	const struct entry *entry;
	int64_t until = 0;
	struct key key;

	if (is_empty(followed) || make_key(followed, &key, group, name) != 0)
		return 0;
	lock_set(followed, key.set);
	entry = find_entry(followed, &key);
	if (entry != NULL && is_live(entry->until, now)) {
		until = entry->until;
		if (question != NULL)
			read_question(entry->link, question);
	}
	unlock_set(followed, key.set);
	return until;
}

size_t
followed_count(struct followed *followed, int64_t now)
{
	size_t set, count = 0;

	for (set = 0; set < SETS && !is_empty(followed); set++) {
		lock_set(followed, set);
		count += clean_set(followed, set, now);
		unlock_set(followed, set);
	}
	return count;
}

size_t
followed_memory(const struct followed *followed)
{
	return sizeof(*followed) + atomic_load_explicit(&followed->octets,
		memory_order_relaxed);
}

/* --- After a change of policy. */

static void
review_set(struct followed *followed, size_t set, followed_keep *keep,
	void *context)
{
	struct name question;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		struct entry *entry = &followed->sets[set][i];

		if (entry->link == NULL)
			continue;
		read_question(entry->link, &question);
		if (keep(context, link_group(entry->link), &question))
			continue;
		forget(followed, entry);
		set_changed(followed);
	}
}

void
followed_review(struct followed *followed, followed_keep *keep, void *context)
{
	size_t set;

	for (set = 0; set < SETS && !is_empty(followed); set++) {
		lock_set(followed, set);
		review_set(followed, set, keep, context);
		unlock_set(followed, set);
	}
}

/* --- The file. */

/* Room for a link. */
union any_link {
	struct link link;
	uint8_t octets[sizeof(struct link) + GROUP_NAME_MAX + 1 +
		NAME_OCTETS_MAX + NAME_OCTETS_MAX];
};

/* Until when it lasts, or 0 where there is none. */
static int64_t
copy_entry(struct followed *followed, size_t set, size_t way,
	union any_link *copy)
{
	const struct entry *entry = &followed->sets[set][way];
	int64_t until = 0;

	lock_set(followed, set);
	if (entry->link != NULL) {
		memcpy(copy->octets, entry->link, link_octets(entry->link));
		until = entry->until;
	}
	unlock_set(followed, set);
	return until;
}

static void
write_link(struct record_writer *writer, const struct link *link,
	int64_t until)
{
	record_begin(writer, "followed");
	record_text(writer, "group", link_group(link));
	ledger_write_name(writer, "name", link_target(link),
		link->target_length);
	ledger_write_name(writer, "question", link_question(link),
		link->question_length);
	record_format(writer, "until", "%" PRId64, until);
	record_end(writer);
}

/* Nobody waits for what is written. */
static void
write_entries(struct followed *followed, struct record_writer *writer)
{
	union any_link copy;
	int64_t until;
	size_t i;

	for (i = 0; i < SETS * WAYS; i++) {
		until = copy_entry(followed, i / WAYS, i % WAYS, &copy);
		if (until != 0)
			write_link(writer, &copy.link, until);
	}
}

const char *
followed_write(struct followed *followed, const char *directory, int64_t now)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	const char *failed;

	(void)followed_count(followed, now);
	/* What changes from here on is for the next time. */
	if (!atomic_exchange(&followed->changed, 0))
		return NULL;
	ledger_begin(&writer, FOLLOWED_NAME);
	write_entries(followed, &writer);
	failed = ledger_keep(&writer, directory, FOLLOWED_NAME);
	if (failed != NULL)
		set_changed(followed);
	return failed;
}

struct reading {
	struct followed *followed;
	int64_t now;
};

static int
take_record(void *context, const struct record *record)
{
	const char *group = record_get(record, "group");
	struct name target, question;
	struct reading *reading = context;
	struct key key;
	int64_t until;

	if (strcmp(record->kind, "followed") != 0 || group == NULL ||
	    group[0] == '\0' || strlen(group) > GROUP_NAME_MAX ||
	    ledger_name(record, "name", &target) != 0 ||
	    ledger_name(record, "question", &question) != 0 ||
	    ledger_time(record, "until", &until) != 0)
		return -1;
	if (reading != NULL && is_live(until, reading->now) &&
	    make_key(reading->followed, &key, group, &target) == 0)
		(void)remember(reading->followed, &key, &question,
			reading->now, until);
	return 0;
}

const char *
followed_read(struct followed *followed, const char *directory, int64_t now)
{
	struct reading reading = { followed, now };
	int is_more = !is_empty(followed);
	const char *failed;

	failed = ledger_load(directory, FOLLOWED_NAME, take_record, &reading);
	/* What is read into nothing is what the file has. */
	if (failed == NULL && is_more)
		set_changed(followed);
	return failed;
}
