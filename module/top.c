/*
 * top.c - which keys came most often, in constant memory.
 */
#include "top.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_SECONDS 3600
#define NONE UINT32_MAX

struct place {
	uint64_t error;
	/* Which of all the keys that came was the last of this one. */
	uint64_t turn;
	int64_t first;
	int64_t last;
	/* Element hour % TOP_HOURS has the hour's; this is the newest. */
	int64_t newest;
	uint32_t hours[TOP_HOURS];
	uint64_t hash;
	/* The next place of the same chain, or NONE. */
	uint32_t next;
	/* Where in the heap its count is. */
	uint32_t node;
	uint32_t key_length;
};

/* A count, beside the others: what moves in the heap is next to each other. */
struct node {
	uint64_t count;
	uint32_t place;
};

/* What top_list() sorts by. */
struct rank {
	uint64_t count;
	uint64_t turn;
	uint32_t place;
};

struct top {
	size_t key_max;
	uint32_t room;
	uint32_t used;
	/* All the keys that came. */
	uint64_t turn;
	/* A key had to go: from then on the lowest count is the first in the
	 * heap. */
	int displaced;
	/* When something was counted last, the hour of that, and which element
	 * of hours it has. */
	int64_t now;
	int64_t hour;
	unsigned hour_at;
	struct place *places;
	/* The key of place i is at i * key_max. */
	uint8_t *keys;
	/* The lowest count first, a parent is not above its children; without
	 * any order as long as there is room. */
	struct node *heap;
	/* Chains of places, by hash; a power of two. */
	uint32_t *chains;
	uint32_t chain_mask;
	/* For top_list() alone. */
	struct rank *ranks;
};

static uint32_t
chains_for(size_t room)
{
	uint32_t chains = 1;

	while (chains < room)
		chains *= 2;
	return chains;
}

struct top *
top_new(size_t room, size_t key_max)
{
	struct top *top;
	uint32_t chains;

	if (room == 0 || room > INT32_MAX)
		return NULL;
	top = calloc(1, sizeof(*top));
	if (top == NULL)
		return NULL;
	chains = chains_for(room);
	top->key_max = key_max;
	top->room = (uint32_t)room;
	top->chain_mask = chains - 1;
	top->places = calloc(room, sizeof(*top->places));
	top->keys = calloc(room, key_max);
	top->heap = calloc(room, sizeof(*top->heap));
	top->chains = malloc(chains * sizeof(*top->chains));
	top->ranks = calloc(room, sizeof(*top->ranks));
	if (top->places == NULL || top->keys == NULL || top->heap == NULL ||
	    top->chains == NULL || top->ranks == NULL) {
		top_free(top);
		return NULL;
	}
	/* NONE in every octet. */
	memset(top->chains, 0xff, chains * sizeof(*top->chains));
	return top;
}

void
top_free(struct top *top)
{
	if (top == NULL)
		return;
	free(top->places);
	free(top->keys);
	free(top->heap);
	free(top->chains);
	free(top->ranks);
	free(top);
}

static uint8_t *
key_of(const struct top *top, uint32_t place)
{
	return top->keys + place * top->key_max;
}

static uint32_t *
chain_of(const struct top *top, uint64_t hash)
{
	return &top->chains[hash >> 32 & top->chain_mask];
}

static uint32_t
find(const struct top *top, uint64_t hash)
{
	uint32_t i = *chain_of(top, hash);

	while (i != NONE && top->places[i].hash != hash)
		i = top->places[i].next;
	return i;
}

static void
unchain(struct top *top, uint32_t place)
{
	uint32_t *link = chain_of(top, top->places[place].hash);

	while (*link != place)
		link = &top->places[*link].next;
	*link = top->places[place].next;
}

static void
set_node(struct top *top, uint32_t at, const struct node *node)
{
	top->heap[at] = *node;
	top->places[node->place].node = at;
}

/* Takes a node that is too high for where it is down to the leaves. */
static void
sift_down(struct top *top, uint32_t at)
{
	struct node node = top->heap[at];
	uint32_t child;

	while ((child = 2 * at + 1) < top->used) {
		if (child + 1 < top->used &&
		    top->heap[child + 1].count < top->heap[child].count)
			child++;
		if (top->heap[child].count >= node.count)
			break;
		set_node(top, at, &top->heap[child]);
		at = child;
	}
	set_node(top, at, &node);
}

/* A place nobody had, with a count of 0. */
static uint32_t
take_free(struct top *top)
{
	const struct node node = { 0, top->used };

	set_node(top, top->used, &node);
	return top->used++;
}

static void
make_heap(struct top *top)
{
	uint32_t i;

	for (i = top->used / 2; i-- > 0;)
		sift_down(top, i);
	top->displaced = 1;
}

/* The place of a key with the lowest count, which stays. */
static uint32_t
take_lowest(struct top *top)
{
	uint32_t place;

	if (!top->displaced)
		make_heap(top);
	place = top->heap[0].place;
	unchain(top, place);
	return place;
}

/* Before 1970 there were no hours. */
static int64_t
hour_of(int64_t now)
{
	return now > 0 ? now / HOUR_SECONDS : 0;
}

/* Gives a place to a key that has none. */
static void
settle(struct top *top, uint32_t number, uint64_t hash, const uint8_t *key,
	size_t key_length, int64_t now)
{
	struct place *place = &top->places[number];
	uint32_t *chain = chain_of(top, hash);

	place->error = top->heap[place->node].count;
	place->first = now;
	place->newest = hour_of(now);
	memset(place->hours, 0, sizeof(place->hours));
	place->hash = hash;
	place->next = *chain;
	place->key_length = (uint32_t)key_length;
	memcpy(key_of(top, number), key, key_length);
	*chain = number;
}

static int
has_hour(const struct place *place, int64_t hour)
{
	return hour >= 0 && hour <= place->newest &&
		hour > place->newest - TOP_HOURS;
}

/* Counts one in HOUR. An hour that is over may still get some, of a clock that
 * goes back; one that is not kept any more shows that the clock was wrong
 * before, and the hours with it. */
static void
count_hour(struct place *place, int64_t hour)
{
	if (hour <= place->newest - TOP_HOURS ||
	    hour >= place->newest + TOP_HOURS) {
		memset(place->hours, 0, sizeof(place->hours));
		place->newest = hour;
	}
	while (place->newest < hour)
		place->hours[++place->newest % TOP_HOURS] = 0;
	if (place->hours[hour % TOP_HOURS] < UINT32_MAX)
		place->hours[hour % TOP_HOURS]++;
}

static void
count(struct top *top, uint32_t number, int64_t now)
{
	struct place *place = &top->places[number];

	if (now != top->now) {
		top->now = now;
		top->hour = hour_of(now);
		top->hour_at = (unsigned)(top->hour % TOP_HOURS);
	}
	place->turn = ++top->turn;
	place->last = now;
	/* The clock went back. */
	if (place->first > now)
		place->first = now;
	if (place->newest == top->hour &&
	    place->hours[top->hour_at] < UINT32_MAX)
		place->hours[top->hour_at]++;
	else
		count_hour(place, top->hour);
	top->heap[place->node].count++;
	if (top->displaced)
		sift_down(top, place->node);
}

int
top_again(struct top *top, uint64_t hash, int64_t now)
{
	uint32_t number = find(top, hash);

	if (number == NONE)
		return 0;
	count(top, number, now);
	return 1;
}

void
top_add(struct top *top, uint64_t hash, const uint8_t *key, size_t key_length,
	int64_t now)
{
	uint32_t number = top->used < top->room ? take_free(top)
		: take_lowest(top);

	settle(top, number, hash, key, key_length, now);
	count(top, number, now);
}

static void
show(const struct top *top, const struct rank *rank, int64_t now,
	struct top_entry *entry)
{
	const struct place *place = &top->places[rank->place];
	int64_t hour = hour_of(now) - TOP_HOURS;
	int i;

	entry->key = key_of(top, rank->place);
	entry->key_length = place->key_length;
	entry->count = rank->count;
	entry->error = place->error;
	entry->first = place->first;
	entry->last = place->last;
	for (i = 0; i < TOP_HOURS; i++) {
		hour++;
		entry->hours[i] = has_hour(place, hour)
			? place->hours[hour % TOP_HOURS] : 0;
	}
}

static int
compare_ranks(const void *va, const void *vb)
{
	const struct rank *a = va, *b = vb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->turn > b->turn ? -1 : a->turn < b->turn;
}

size_t
top_list(const struct top *top, int64_t now,
	int (*wanted)(const struct top_entry *entry, const void *arg),
	const void *arg, struct top_entry *entries, size_t limit)
{
	size_t i, listed = 0;

	for (i = 0; i < top->used; i++) {
		top->ranks[i].count = top->heap[i].count;
		top->ranks[i].place = top->heap[i].place;
		top->ranks[i].turn = top->places[top->heap[i].place].turn;
	}
	qsort(top->ranks, top->used, sizeof(*top->ranks), compare_ranks);
	for (i = 0; i < top->used && listed < limit; i++) {
		show(top, &top->ranks[i], now, &entries[listed]);
		if (wanted == NULL || wanted(&entries[listed], arg))
			listed++;
	}
	return listed;
}

size_t
top_used(const struct top *top)
{
	return top->used;
}

size_t
top_room(const struct top *top)
{
	return top->room;
}

int
top_is_exact(const struct top *top)
{
	return !top->displaced;
}

size_t
top_memory(const struct top *top)
{
	return sizeof(*top) + top->room * (sizeof(*top->places) +
		top->key_max + sizeof(*top->heap) + sizeof(*top->ranks)) +
		(top->chain_mask + (size_t)1) * sizeof(*top->chains);
}
