/*
 * clients.c - from a source address to its group, by longest prefix.
 */
#include "clients.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"

#define NO_NODE UINT32_MAX
#define LENGTH_BITS 8
/* What is left of CLIENTS_NONE in a node. */
#define CARVED (CLIENTS_NONE >> LENGTH_BITS)

struct node4 {
	uint32_t key; /* host byte order, so that it compares */
	uint32_t parent; /* the prefix around this one, or NO_NODE */
	uint32_t group_length; /* group << LENGTH_BITS | length */
};

/* Two halves instead of a 128 bit integer, which ISO C does not have. */
struct node6 {
	uint64_t high;
	uint64_t low;
	uint32_t parent;
	uint32_t group_length;
};

/*
 * What is known by the whole of an IPv4 address, or the first half of an IPv6
 * one. The way from the first that a prefix holds to the last is cut into parts
 * of one length. Where all of a part is in one group, or in none, its cell is
 * that; else it has SEARCH, and how many nodes begin at or before it.
 */
struct index {
	uint64_t first;
	uint64_t length; /* from the first to the last */
	unsigned shift;
	uint32_t *cells;
	size_t count;
};

#define SEARCH (1u << 31)
/* Small tables have so many cells a prefix, up to so many in all, and large
 * ones have one. */
#define CELLS_EACH 16u
#define CELLS_SMALL 1024u

struct clients {
	size_t count4;
	size_t count6;
	struct node4 *nodes4;
	struct node6 *nodes6;
	/* Octets of both. */
	size_t room4;
	size_t room6;
	struct index index4;
	struct index index6;
};

static uint32_t
read32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
		(uint32_t)octets[2] << 8 | octets[3];
}

static uint64_t
read64(const uint8_t *octets)
{
	return (uint64_t)read32(octets) << 32 | read32(octets + 4);
}

static void
write32(uint8_t *octets, uint32_t value)
{
	octets[0] = (uint8_t)(value >> 24);
	octets[1] = (uint8_t)(value >> 16);
	octets[2] = (uint8_t)(value >> 8);
	octets[3] = (uint8_t)value;
}

int
clients_order(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	order = memcmp(a->address.octets, b->address.octets, 16);
	if (order != 0)
		return order;
	return a->length < b->length ? -1 : a->length > b->length;
}

static int
compare_entries(const void *va, const void *vb)
{
	const struct client_entry *a = va, *b = vb;
	int order = clients_order(&a->prefix, &b->prefix);

	if (order != 0)
		return order;
	/* Equal prefixes in the order they were written. */
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

/* Merges two sorted runs, which are side by side at FROM. */
static void
merge(struct client_entry *to, const struct client_entry *from, size_t first,
	size_t second)
{
	const struct client_entry *other = from + first;

	while (first > 0 && second > 0) {
		if (compare_entries(other, from) < 0) {
			*to++ = *other++;
			second--;
		} else {
			*to++ = *from++;
			first--;
		}
	}
	memcpy(to, from, first * sizeof(*to));
	memcpy(to + first, other, second * sizeof(*to));
}

/* From runs of one entry to one run. There is ROOM for all entries. */
static void
merge_all(struct client_entry *entries, size_t count,
	struct client_entry *room)
{
	struct client_entry *from = entries, *to = room, *swap;
	size_t run, at;

	for (run = 1; run < count; run *= 2) {
		for (at = 0; at < count; at += 2 * run) {
			size_t left = count - at;
			size_t first = left < run ? left : run;
			size_t second = left - first < run ? left - first : run;

			merge(to + at, from + at, first, second);
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != entries)
		memcpy(entries, from, count * sizeof(*entries));
}

/* qsort() does the same with memory from malloc(): as much as there is to sort,
 * of which free() would keep a part, and more of all that it gets later. */
void
clients_sort(struct client_entry *entries, size_t count)
{
	struct client_entry *room = pages_take(count * sizeof(*room));

	if (room != NULL)
		merge_all(entries, count, room);
	else if (count > 1)
		qsort(entries, count, sizeof(*entries), compare_entries);
	pages_give(room, count * sizeof(*room));
}

int
clients_same(const struct client_entry *a, const struct client_entry *b)
{
	return clients_order(&a->prefix, &b->prefix) == 0;
}

/* Whether the prefix KEY/LENGTH holds the address. Lengths 0 and 32 make a
 * shift by the whole width, which C leaves undefined. */
static int
holds4(uint32_t key, unsigned length, uint32_t address)
{
	return length == 0 || (key ^ address) >> (32 - length) == 0;
}

static int
holds6(uint64_t khigh, uint64_t klow, unsigned length, uint64_t high,
	uint64_t low)
{
	if (length == 0)
		return 1;
	if (length <= 64)
		return (khigh ^ high) >> (64 - length) == 0;
	return khigh == high && (klow ^ low) >> (128 - length) == 0;
}

static unsigned
length_of(uint32_t group_length)
{
	return group_length & ((1u << LENGTH_BITS) - 1);
}

static uint32_t
group_of(uint32_t group_length)
{
	uint32_t group = group_length >> LENGTH_BITS;

	return group == CARVED ? CLIENTS_NONE : group;
}

/* From a node outwards to the first one that holds the address, or NO_NODE. */
static inline uint32_t
outwards4(const struct clients *clients, uint32_t i, uint32_t address)
{
	const struct node4 *nodes = clients->nodes4;

	while (i != NO_NODE && !holds4(nodes[i].key,
	    length_of(nodes[i].group_length), address))
		i = nodes[i].parent;
	return i;
}

static inline uint32_t
outwards6(const struct clients *clients, uint32_t i, uint64_t high,
	uint64_t low)
{
	const struct node6 *nodes = clients->nodes6;

	while (i != NO_NODE && !holds6(nodes[i].high, nodes[i].low,
	    length_of(nodes[i].group_length), high, low))
		i = nodes[i].parent;
	return i;
}

/* The parent of a new node is the node before it or one of that one's
 * ancestors: sorted prefixes are nested or apart, never crossing. */
static void
add4(struct clients *clients, const struct client_entry *entry)
{
	struct node4 *node = &clients->nodes4[clients->count4];

	node->key = read32(entry->prefix.address.octets);
	node->group_length = entry->group << LENGTH_BITS | entry->prefix.length;
	node->parent = outwards4(clients, (uint32_t)clients->count4 - 1,
		node->key);
	clients->count4++;
}

static void
add6(struct clients *clients, const struct client_entry *entry)
{
	struct node6 *node = &clients->nodes6[clients->count6];

	node->high = read64(entry->prefix.address.octets);
	node->low = read64(entry->prefix.address.octets + 8);
	node->group_length = entry->group << LENGTH_BITS | entry->prefix.length;
	node->parent = outwards6(clients, (uint32_t)clients->count6 - 1,
		node->high, node->low);
	clients->count6++;
}

/* --- The index. */

/* What an index has of a prefix. */
struct span {
	uint64_t first;
	uint64_t last;
	/* Whether the first address, or the last, is inside of what an index
	 * takes for one. */
	int cuts_first;
	int cuts_last;
};

static struct span
span4(const struct clients *clients, size_t i)
{
	const struct node4 *node = &clients->nodes4[i];
	unsigned length = length_of(node->group_length);
	struct span span = { node->key, node->key, 0, 0 };

	if (length < 32)
		span.last |= UINT32_MAX >> length;
	return span;
}

static struct span
span6(const struct clients *clients, size_t i)
{
	const struct node6 *node = &clients->nodes6[i];
	unsigned length = length_of(node->group_length);
	struct span span = { node->high, node->high, node->low != 0, 0 };

	if (length < 64)
		span.last |= UINT64_MAX >> length;
	else if (length > 64)
		span.cuts_last = length == 128 ? node->low != UINT64_MAX
			: (node->low | UINT64_MAX >> (length - 64)) !=
			UINT64_MAX;
	return span;
}

/* What the index is made of. */
struct making {
	const struct clients *clients;
	struct index *index;
	size_t count;
	struct span (*span)(const struct clients *clients, size_t i);
	uint32_t (*group_before)(const struct clients *clients, size_t next,
		uint64_t first);
};

/* The group of the address whose first half is FIRST, the rest zero; NEXT nodes
 * begin at or before it. */
static uint32_t
group_before4(const struct clients *clients, size_t next, uint64_t first)
{
	uint32_t i = outwards4(clients, (uint32_t)next - 1, (uint32_t)first);

	return i == NO_NODE ? CLIENTS_NONE
		: group_of(clients->nodes4[i].group_length);
}

static uint32_t
group_before6(const struct clients *clients, size_t next, uint64_t first)
{
	uint32_t i = outwards6(clients, (uint32_t)next - 1, first, 0);

	return i == NO_NODE ? CLIENTS_NONE
		: group_of(clients->nodes6[i].group_length);
}

/* Has the cells searched in which a prefix begins or ends. */
static void
mark_cells(const struct making *making)
{
	struct index *index = making->index;
	uint64_t inside = ((uint64_t)1 << index->shift) - 1;
	size_t i;

	for (i = 0; i < making->count; i++) {
		struct span span = making->span(making->clients, i);
		uint64_t first = span.first - index->first;
		uint64_t last = span.last - index->first;

		if (span.cuts_first || (first & inside) != 0)
			index->cells[first >> index->shift] = SEARCH;
		if (span.cuts_last || (last & inside) != inside)
			index->cells[last >> index->shift] = SEARCH;
	}
}

static void
fill_cells(const struct making *making)
{
	struct index *index = making->index;
	size_t i, next = 0;

	for (i = 0; i < index->count; i++) {
		uint64_t first = index->first + ((uint64_t)i << index->shift);
		struct span span;

		for (; next < making->count; next++) {
			span = making->span(making->clients, next);
			if (span.first > first ||
			    (span.first == first && span.cuts_first))
				break;
		}
		if (index->cells[i] == SEARCH)
			index->cells[i] |= (uint32_t)next;
		else
			index->cells[i] = making->group_before(
				making->clients, next, first);
	}
}

static int
make_index(const struct making *making)
{
	struct index *index = making->index;
	uint64_t last = 0, room = making->count * CELLS_EACH;
	size_t i;

	if (room > CELLS_SMALL)
		room = making->count > CELLS_SMALL ? making->count
			: CELLS_SMALL;
	for (i = 0; i < making->count; i++) {
		struct span span = making->span(making->clients, i);

		if (i == 0)
			index->first = span.first;
		if (span.last > last)
			last = span.last;
	}
	index->length = last - index->first;
	while (making->count > 0 && index->length >> index->shift >= room)
		index->shift++;
	index->count = (size_t)(index->length >> index->shift) + 1;
	index->cells = pages_take(index->count * sizeof(*index->cells));
	if (index->cells == NULL)
		return -1;
	if (making->count == 0)
		index->cells[0] = CLIENTS_NONE;
	mark_cells(making);
	fill_cells(making);
	return 0;
}

static int
make_indexes(struct clients *clients)
{
	const struct making making4 = { clients, &clients->index4,
		clients->count4, span4, group_before4 };
	const struct making making6 = { clients, &clients->index6,
		clients->count6, span6, group_before6 };

	return make_index(&making4) != 0 || make_index(&making6) != 0 ? -1 : 0;
}

struct clients *
clients_new(const struct client_entry *entries, size_t count)
{
	struct clients *clients;
	size_t i, count4 = 0;

	if (count >= INT32_MAX)
		return NULL;
	for (i = 0; i < count; i++)
		count4 += entries[i].prefix.address.family == ADDRESS_IP4;
	clients = calloc(1, sizeof(*clients));
	if (clients == NULL)
		return NULL;
	clients->room4 = (count4 + 1) * sizeof(*clients->nodes4);
	clients->nodes4 = pages_take(clients->room4);
	clients->room6 = (count - count4 + 1) * sizeof(*clients->nodes6);
	clients->nodes6 = pages_take(clients->room6);
	if (clients->nodes4 == NULL || clients->nodes6 == NULL) {
		clients_free(clients);
		return NULL;
	}
	for (i = 0; i < count; i++) {
		if (entries[i].prefix.address.family == ADDRESS_IP4)
			add4(clients, &entries[i]);
		else
			add6(clients, &entries[i]);
	}
	if (make_indexes(clients) != 0) {
		clients_free(clients);
		return NULL;
	}
	return clients;
}

void
clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	pages_give(clients->nodes4, clients->room4);
	pages_give(clients->nodes6, clients->room6);
	pages_give(clients->index4.cells,
		clients->index4.count * sizeof(*clients->index4.cells));
	pages_give(clients->index6.cells,
		clients->index6.count * sizeof(*clients->index6.cells));
	free(clients);
}

/* --- Looking up. */

/* How many nodes begin at or before an address: from LOW to HIGH, and rather
 * few more than LOW. */
static size_t
search4(const struct node4 *nodes, size_t low, size_t high, uint32_t address)
{
	size_t step = 1;

	while (low + step < high && nodes[low + step].key <= address) {
		low += step + 1;
		step *= 2;
	}
	if (low + step < high)
		high = low + step;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes[middle].key <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether a node begins at or before an address. */
static inline int
begins6(const struct node6 *node, uint64_t high, uint64_t low)
{
	return node->high < high || (node->high == high && node->low <= low);
}

static size_t
search6(const struct node6 *nodes, size_t low, size_t high, uint64_t ahigh,
	uint64_t alow)
{
	size_t step = 1;

	while (low + step < high && begins6(&nodes[low + step], ahigh, alow)) {
		low += step + 1;
		step *= 2;
	}
	if (low + step < high)
		high = low + step;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (begins6(&nodes[middle], ahigh, alow))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where a search begins goes by what a cell has: more nodes than that are not
 * looked at one after the other. */
#define FEW 8u

/* The node of the longest prefix that holds the address, or NO_NODE. At least
 * LOW nodes begin at or before it. */
static inline uint32_t
find4(const struct clients *clients, size_t low, uint32_t address)
{
	const struct node4 *nodes = clients->nodes4;
	size_t high = clients->count4, few = low + FEW;

	while (low < high && nodes[low].key <= address && low < few)
		low++;
	if (low == few)
		low = search4(nodes, low, high, address);
	return outwards4(clients, (uint32_t)low - 1, address);
}

static inline uint32_t
find6(const struct clients *clients, size_t low, uint64_t ahigh, uint64_t alow)
{
	const struct node6 *nodes = clients->nodes6;
	size_t high = clients->count6, few = low + FEW;

	while (low < high && begins6(&nodes[low], ahigh, alow) && low < few)
		low++;
	if (low == few)
		low = search6(nodes, low, high, ahigh, alow);
	return outwards6(clients, (uint32_t)low - 1, ahigh, alow);
}

/* The cell for an address by its first half. */
static inline uint32_t
cell_of(const struct index *index, uint64_t half)
{
	uint64_t offset = half - index->first;

	/* One before the first is far behind the last. */
	return offset > index->length ? CLIENTS_NONE
		: index->cells[offset >> index->shift];
}

/* Whether a cell is a group, or none. */
static inline int
is_group(uint32_t cell)
{
	return cell < SEARCH || cell == CLIENTS_NONE;
}

static uint32_t
find_ip4(const struct clients *clients, const uint8_t octets[4])
{
	uint32_t address = read32(octets), i;
	uint32_t cell = cell_of(&clients->index4, address);

	if (is_group(cell))
		return cell;
	i = find4(clients, cell & ~SEARCH, address);
	return i != NO_NODE ? group_of(clients->nodes4[i].group_length)
		: CLIENTS_NONE;
}

static uint32_t
find_ip6(const struct clients *clients, const uint8_t octets[16])
{
	uint64_t high = read64(octets);
	uint32_t cell = cell_of(&clients->index6, high), i;

	if (is_group(cell))
		return cell;
	i = find6(clients, cell & ~SEARCH, high, read64(octets + 8));
	return i != NO_NODE ? group_of(clients->nodes6[i].group_length)
		: CLIENTS_NONE;
}

uint32_t
clients_find(const struct clients *clients, const struct address *address)
{
	switch (address->family) {
	case ADDRESS_IP4:
		return find_ip4(clients, address->octets);
	case ADDRESS_IP6:
		return find_ip6(clients, address->octets);
	case ADDRESS_NONE:
		break;
	}
	return CLIENTS_NONE;
}

static void
prefix_of4(struct prefix *prefix, const struct node4 *node)
{
	uint8_t octets[4];

	write32(octets, node->key);
	address_set_ip4(&prefix->address, octets);
	prefix->length = length_of(node->group_length);
}

static void
prefix_of6(struct prefix *prefix, const struct node6 *node)
{
	uint8_t octets[16];

	write32(octets, (uint32_t)(node->high >> 32));
	write32(octets + 4, (uint32_t)node->high);
	write32(octets + 8, (uint32_t)(node->low >> 32));
	write32(octets + 12, (uint32_t)node->low);
	address_set_ip6(&prefix->address, octets);
	prefix->length = length_of(node->group_length);
}

uint32_t
clients_find_prefix(const struct clients *clients,
	const struct address *address, struct prefix *prefix)
{
	uint32_t i;

	switch (address->family) {
	case ADDRESS_IP4:
		i = find4(clients, 0, read32(address->octets));
		if (i == NO_NODE)
			break;
		prefix_of4(prefix, &clients->nodes4[i]);
		return group_of(clients->nodes4[i].group_length);
	case ADDRESS_IP6:
		i = find6(clients, 0, read64(address->octets),
			read64(address->octets + 8));
		if (i == NO_NODE)
			break;
		prefix_of6(prefix, &clients->nodes6[i]);
		return group_of(clients->nodes6[i].group_length);
	case ADDRESS_NONE:
		break;
	}
	memset(prefix, 0, sizeof(*prefix));
	return CLIENTS_NONE;
}

/* Outwards from the longest prefix that holds the first address: what is no
 * longer than PREFIX and holds one address of it holds all. */
uint32_t
clients_find_around(const struct clients *clients, const struct prefix *prefix)
{
	const uint8_t *octets = prefix->address.octets;
	uint32_t i, group_length = 0;

	if (prefix->address.family == ADDRESS_IP4) {
		for (i = find4(clients, 0, read32(octets)); i != NO_NODE;
		    i = clients->nodes4[i].parent) {
			group_length = clients->nodes4[i].group_length;
			if (length_of(group_length) <= prefix->length)
				return group_of(group_length);
		}
	} else if (prefix->address.family == ADDRESS_IP6) {
		for (i = find6(clients, 0, read64(octets), read64(octets + 8));
		    i != NO_NODE; i = clients->nodes6[i].parent) {
			group_length = clients->nodes6[i].group_length;
			if (length_of(group_length) <= prefix->length)
				return group_of(group_length);
		}
	}
	return CLIENTS_NONE;
}

int
clients_entry(const struct clients *clients, size_t number,
	struct client_entry *entry)
{
	uint32_t group_length;

	if (number < clients->count4) {
		prefix_of4(&entry->prefix, &clients->nodes4[number]);
		group_length = clients->nodes4[number].group_length;
	} else if (number - clients->count4 < clients->count6) {
		number -= clients->count4;
		prefix_of6(&entry->prefix, &clients->nodes6[number]);
		group_length = clients->nodes6[number].group_length;
	} else {
		return -1;
	}
	entry->group = group_of(group_length);
	entry->tag = 0;
	return 0;
}

static void
count_one(size_t *counts, size_t groups, uint32_t group_length)
{
	uint32_t group = group_of(group_length);

	if (group < groups)
		counts[group]++;
}

void
clients_count(const struct clients *clients, size_t *counts, size_t groups)
{
	size_t i;

	for (i = 0; i < clients->count4; i++)
		count_one(counts, groups, clients->nodes4[i].group_length);
	for (i = 0; i < clients->count6; i++)
		count_one(counts, groups, clients->nodes6[i].group_length);
}

size_t
clients_memory(const struct clients *clients)
{
	return sizeof(*clients) +
		(clients->count4 + 1) * sizeof(*clients->nodes4) +
		(clients->count6 + 1) * sizeof(*clients->nodes6) +
		(clients->index4.count + clients->index6.count) *
		sizeof(uint32_t);
}
