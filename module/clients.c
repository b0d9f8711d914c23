/*
 * clients.c - from a source address to its group, by longest prefix.
 */
#include "clients.h"

#include <stdlib.h>
#include <string.h>

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

struct clients {
	size_t count4;
	size_t count6;
	struct node4 *nodes4;
	struct node6 *nodes6;
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

void
clients_sort(struct client_entry *entries, size_t count)
{
	if (count > 1)
		qsort(entries, count, sizeof(*entries), compare_entries);
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

/* The parent of a new node is the node before it or one of that one's
 * ancestors: sorted prefixes are nested or apart, never crossing. */
static void
add4(struct clients *clients, const struct client_entry *entry)
{
	struct node4 *node = &clients->nodes4[clients->count4];
	uint32_t parent = clients->count4 > 0
		? (uint32_t)clients->count4 - 1 : NO_NODE;

	node->key = read32(entry->prefix.address.octets);
	node->group_length = entry->group << LENGTH_BITS | entry->prefix.length;
	while (parent != NO_NODE &&
	    !holds4(clients->nodes4[parent].key,
		length_of(clients->nodes4[parent].group_length), node->key))
		parent = clients->nodes4[parent].parent;
	node->parent = parent;
	clients->count4++;
}

static void
add6(struct clients *clients, const struct client_entry *entry)
{
	struct node6 *node = &clients->nodes6[clients->count6];
	uint32_t parent = clients->count6 > 0
		? (uint32_t)clients->count6 - 1 : NO_NODE;

	node->high = read64(entry->prefix.address.octets);
	node->low = read64(entry->prefix.address.octets + 8);
	node->group_length = entry->group << LENGTH_BITS | entry->prefix.length;
	while (parent != NO_NODE &&
	    !holds6(clients->nodes6[parent].high, clients->nodes6[parent].low,
		length_of(clients->nodes6[parent].group_length),
		node->high, node->low))
		parent = clients->nodes6[parent].parent;
	node->parent = parent;
	clients->count6++;
}

struct clients *
clients_new(const struct client_entry *entries, size_t count)
{
	struct clients *clients;
	size_t i, count4 = 0;

	if (count > INT32_MAX)
		return NULL;
	for (i = 0; i < count; i++)
		count4 += entries[i].prefix.address.family == ADDRESS_IP4;
	clients = calloc(1, sizeof(*clients));
	if (clients == NULL)
		return NULL;
	clients->nodes4 = calloc(count4 + 1, sizeof(*clients->nodes4));
	clients->nodes6 = calloc(count - count4 + 1, sizeof(*clients->nodes6));
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
	return clients;
}

void
clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	free(clients->nodes4);
	free(clients->nodes6);
	free(clients);
}

/* The node of the longest prefix that holds the address, or NO_NODE. */
static inline uint32_t
find4(const struct clients *clients, uint32_t address)
{
	const struct node4 *nodes = clients->nodes4;
	size_t low = 0, high = clients->count4;
	uint32_t i;

	/* The last node whose key is not beyond the address. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes[middle].key <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (i = (uint32_t)low - 1; i != NO_NODE; i = nodes[i].parent)
		if (holds4(nodes[i].key, length_of(nodes[i].group_length),
		    address))
			break;
	return i;
}

static inline uint32_t
find6(const struct clients *clients, uint64_t ahigh, uint64_t alow)
{
	const struct node6 *nodes = clients->nodes6;
	size_t low = 0, high = clients->count6;
	uint32_t i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes[middle].high < ahigh ||
		    (nodes[middle].high == ahigh && nodes[middle].low <= alow))
			low = middle + 1;
		else
			high = middle;
	}
	for (i = (uint32_t)low - 1; i != NO_NODE; i = nodes[i].parent)
		if (holds6(nodes[i].high, nodes[i].low,
		    length_of(nodes[i].group_length), ahigh, alow))
			break;
	return i;
}

uint32_t
clients_find(const struct clients *clients, const struct address *address)
{
	uint32_t i;

	switch (address->family) {
	case ADDRESS_IP4:
		i = find4(clients, read32(address->octets));
		if (i != NO_NODE)
			return group_of(clients->nodes4[i].group_length);
		break;
	case ADDRESS_IP6:
		i = find6(clients, read64(address->octets),
			read64(address->octets + 8));
		if (i != NO_NODE)
			return group_of(clients->nodes6[i].group_length);
		break;
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
		i = find4(clients, read32(address->octets));
		if (i == NO_NODE)
			break;
		prefix_of4(prefix, &clients->nodes4[i]);
		return group_of(clients->nodes4[i].group_length);
	case ADDRESS_IP6:
		i = find6(clients, read64(address->octets),
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
		for (i = find4(clients, read32(octets)); i != NO_NODE;
		    i = clients->nodes4[i].parent) {
			group_length = clients->nodes4[i].group_length;
			if (length_of(group_length) <= prefix->length)
				return group_of(group_length);
		}
	} else if (prefix->address.family == ADDRESS_IP6) {
		for (i = find6(clients, read64(octets), read64(octets + 8));
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
		(clients->count6 + 1) * sizeof(*clients->nodes6);
}
