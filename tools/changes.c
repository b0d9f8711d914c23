/*
 * changes.c - queries that another policy would judge otherwise.
 */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "name.h"

#define SIZE_FIRST ((size_t)1 << 10)

/* What a change is told apart by. */
struct identity {
	/* The hash of what is here, up to the name's end. */
	uint64_t hash;
	size_t qname_len;
	struct {
		uint8_t client[16];
		uint8_t kind;
		uint8_t family;
		uint8_t class_high;
		uint8_t class_low;
		uint8_t qname[NAME_OCTETS_MAX];
	} octets;
};

void
changes_init(struct changes *changes, const struct policy *old,
	const struct policy *new, const struct names_key *key)
{
	memset(changes, 0, sizeof(*changes));
	changes->old = old;
	changes->new = new;
	changes->key = hash_key(key);
}

void
changes_clear(struct changes *changes)
{
	size_t i;

	for (i = 0; i < changes->size; i++)
		free(changes->table[i]);
	free(changes->table);
	memset(changes, 0, sizeof(*changes));
}

/* --- The difference. */

/* Groups of two policies are the same by their names. */
static int
is_same_group(const struct group *a, const struct group *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a->name, b->name) == 0;
}

static int
has_action(const struct decision *decision)
{
	return decision->verdict == VERDICT_BLOCK ||
		decision->verdict == VERDICT_AUDIT;
}

static enum change_kind
compare(const struct decision *old, const struct decision *new)
{
	int was_blocked = old->verdict == VERDICT_BLOCK;
	int is_blocked = new->verdict == VERDICT_BLOCK;

	if (was_blocked != is_blocked)
		return is_blocked ? CHANGE_BLOCKED : CHANGE_ALLOWED;
	if (old->verdict != new->verdict ||
	    !is_same_group(old->group, new->group) ||
	    (has_action(old) && old->action != new->action))
		return CHANGE_OTHER;
	return CHANGE_NONE;
}

/* --- The table. */

static void
identify(const struct changes *changes, const struct query *query,
	enum change_kind kind, struct identity *identity)
{
	size_t i;

	identity->octets.kind = (uint8_t)kind;
	memcpy(identity->octets.client, query->client.octets,
		sizeof(identity->octets.client));
	identity->octets.family = (uint8_t)query->client.family;
	identity->octets.class_high = (uint8_t)(query->qclass >> 8);
	identity->octets.class_low = (uint8_t)query->qclass;
	for (i = 0; i < query->qname_len; i++)
		identity->octets.qname[i] = octet_lower(query->qname[i]);
	identity->qname_len = query->qname_len;
	identity->hash = hash_octets(&changes->key, 0,
		(const uint8_t *)&identity->octets, sizeof(identity->octets) -
		sizeof(identity->octets.qname) + query->qname_len);
}

static int
is_of(const struct change *change, const struct identity *identity,
	const struct query *query)
{
	return change->hash == identity->hash &&
		change->kind == (enum change_kind)identity->octets.kind &&
		change->qclass == query->qclass &&
		change->client.family == query->client.family &&
		memcmp(change->client.octets, query->client.octets,
			sizeof(query->client.octets)) == 0 &&
		change->qname_len == identity->qname_len &&
		memcmp(change->qname, identity->octets.qname,
			identity->qname_len) == 0;
}

/* The place of what has this hash, or the free one where it is to go. */
static struct change **
find_place(const struct changes *changes, const struct identity *identity,
	const struct query *query)
{
	size_t at = (size_t)identity->hash & (changes->size - 1);

	while (changes->table[at] != NULL &&
	    !is_of(changes->table[at], identity, query))
		at = (at + 1) & (changes->size - 1);
	return &changes->table[at];
}

static void
put_back(struct changes *changes, struct change *change)
{
	size_t at = (size_t)change->hash & (changes->size - 1);

	while (changes->table[at] != NULL)
		at = (at + 1) & (changes->size - 1);
	changes->table[at] = change;
}

/* Half of the places at least are free. */
static int
make_room(struct changes *changes)
{
	struct change **table = changes->table;
	size_t size = changes->size, i;

	if (changes->used < size / 2)
		return 0;
	changes->size = size == 0 ? SIZE_FIRST : 2 * size;
	changes->table = calloc(changes->size, sizeof(struct change *));
	if (changes->table == NULL) {
		changes->table = table;
		changes->size = size;
		return -1;
	}
	for (i = 0; i < size; i++)
		if (table[i] != NULL)
			put_back(changes, table[i]);
	free(table);
	return 0;
}

static struct change *
new_change(const struct identity *identity, const struct query *query)
{
	struct change *change = calloc(1, sizeof(*change) +
		identity->qname_len);

	if (change == NULL)
		return NULL;
	change->kind = (enum change_kind)identity->octets.kind;
	change->client = query->client;
	change->qclass = query->qclass;
	change->qtype = query->qtype;
	change->now = query->now;
	change->hash = identity->hash;
	change->qname_len = identity->qname_len;
	memcpy(change->qname, identity->octets.qname, identity->qname_len);
	return change;
}

/* The change of KIND for QUERY, new where there is none yet. 0 with *CHANGE
 * NULL where the table is full, or -1 when out of memory. */
static int
find_change(struct changes *changes, const struct query *query,
	enum change_kind kind, struct change **change)
{
	struct identity identity;
	struct change **place;

	if (make_room(changes) != 0)
		return -1;
	identify(changes, query, kind, &identity);
	place = find_place(changes, &identity, query);
	if (*place == NULL && changes->used < CHANGES_MAX) {
		*place = new_change(&identity, query);
		if (*place == NULL)
			return -1;
		changes->used++;
	}
	*change = *place;
	return 0;
}

/* --- Counting. */

static void
add_time(struct change *change, int64_t seconds)
{
	if (!change->has_time || seconds < change->first)
		change->first = seconds;
	if (!change->has_time || seconds > change->last)
		change->last = seconds;
	change->has_time = 1;
}

static int
count_change(struct changes *changes, const struct traffic_query *query,
	enum change_kind kind)
{
	struct change *change;

	changes->changed[kind]++;
	if (find_change(changes, &query->query, kind, &change) != 0)
		return -1;
	if (change == NULL) {
		changes->unlisted++;
		return 0;
	}
	change->count++;
	if (query->has_time)
		add_time(change, query->seconds);
	return 0;
}

int
changes_add(struct changes *changes, const struct traffic_query *query)
{
	struct decision old, new;
	enum change_kind kind;

	policy_decide(changes->old, &query->query, &old);
	policy_decide(changes->new, &query->query, &new);
	changes->queries++;
	if (old.group != NULL || new.group != NULL)
		changes->restricted++;
	kind = compare(&old, &new);
	return kind == CHANGE_NONE ? 0 : count_change(changes, query, kind);
}

static int
merge_change(struct changes *changes, const struct change *from)
{
	struct change *change;
	struct query query;

	change_query(from, &query);
	if (find_change(changes, &query, from->kind, &change) != 0)
		return -1;
	if (change == NULL) {
		changes->unlisted += from->count;
		return 0;
	}
	change->count += from->count;
	if (from->has_time) {
		add_time(change, from->first);
		add_time(change, from->last);
	}
	return 0;
}

int
changes_merge(struct changes *changes, const struct changes *from)
{
	size_t i;

	changes->queries += from->queries;
	changes->restricted += from->restricted;
	changes->unlisted += from->unlisted;
	for (i = 0; i < CHANGE_KINDS; i++)
		changes->changed[i] += from->changed[i];
	for (i = 0; i < from->size; i++)
		if (from->table[i] != NULL &&
		    merge_change(changes, from->table[i]) != 0)
			return -1;
	return 0;
}

/* --- What came of it. */

static int
compare_names(const struct change *a, const struct change *b)
{
	size_t length = a->qname_len < b->qname_len ? a->qname_len
		: b->qname_len;
	int result = memcmp(a->qname, b->qname, length);

	if (result != 0 || a->qname_len == b->qname_len)
		return result;
	return a->qname_len < b->qname_len ? -1 : 1;
}

static int
by_count(const void *one, const void *other)
{
	const struct change *a = *(const struct change *const *)one;
	const struct change *b = *(const struct change *const *)other;
	int result;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->client.family != b->client.family)
		return a->client.family < b->client.family ? -1 : 1;
	result = memcmp(a->client.octets, b->client.octets,
		sizeof(a->client.octets));
	if (result == 0)
		result = compare_names(a, b);
	return result != 0 ? result : (int)a->qclass - (int)b->qclass;
}

size_t
changes_list(const struct changes *changes, enum change_kind kind,
	const struct change **list)
{
	size_t i, count = 0;

	for (i = 0; i < changes->size; i++)
		if (changes->table[i] != NULL &&
		    changes->table[i]->kind == kind)
			list[count++] = changes->table[i];
	qsort(list, count, sizeof(*list), by_count);
	return count;
}

void
change_query(const struct change *change, struct query *query)
{
	query->client = change->client;
	query->qname = change->qname;
	query->qname_len = change->qname_len;
	query->qtype = change->qtype;
	query->qclass = change->qclass;
	query->now = change->now;
}
