/*
 * fuzz_addresses.c - addresses against the C library, and clients against a
 * scan of all prefixes.
 *
 * The input is text. A line with '?' first is an address to look up, any other
 * line is the prefix of a client; its group is its number.
 */
#include "fuzz.h"

#include <arpa/inet.h>

#include "address.h"
#include "clients.h"

#define PREFIXES_MAX 256
#define PROBES_MAX 64
#define LINE_MAX_OCTETS 200

struct set {
	struct client_entry *entries;
	size_t count;
	struct address *probes;
	size_t probe_count;
};

static int
bit_of(const uint8_t *octets, unsigned i)
{
	return octets[i / 8] >> (7 - i % 8) & 1;
}

/* --- The rules of address.h, written down a second time. */

/* Decimal, no sign, no leading zero, at most MAX. -1 if it is not that. */
static int
plain_length(const char *text, int max)
{
	char again[16];
	int length = atoi(text);

	if (strlen(text) > 3 || length < 0 || length > max)
		return -1;
	snprintf(again, sizeof(again), "%d", length);
	return strcmp(again, text) == 0 ? length : -1;
}

/* Returns 0, or -1 where TEXT is no prefix. */
static int
plain_prefix(const char *text, struct prefix *prefix)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char head[LINE_MAX_OCTETS + 1];
	const char *slash = strchr(text, '/');
	uint8_t octets[16] = { 0 };
	int bits, length, i;

	memset(prefix, 0, sizeof(*prefix));
	snprintf(head, sizeof(head), "%.*s",
		slash != NULL ? (int)(slash - text) : (int)strlen(text), text);
	if (inet_pton(AF_INET, head, octets) == 1)
		bits = 32;
	else if (inet_pton(AF_INET6, head, octets) == 1)
		bits = 128;
	else
		return -1;
	length = slash != NULL ? plain_length(slash + 1, bits) : bits;
	if (length < 0)
		return -1;
	if (bits == 128 && memcmp(octets, mapped, sizeof(mapped)) == 0) {
		if (length < 96)
			return -1;
		memmove(octets, octets + 12, 4);
		memset(octets + 4, 0, 12);
		bits = 32;
		length -= 96;
	}
	for (i = length; i < bits; i++)
		if (bit_of(octets, (unsigned)i))
			return -1;
	prefix->address.family = bits == 32 ? ADDRESS_IP4 : ADDRESS_IP6;
	memcpy(prefix->address.octets, octets, sizeof(octets));
	prefix->length = (unsigned)length;
	return 0;
}

static int
plain_holds(const struct prefix *prefix, const struct address *address)
{
	unsigned i;

	if (prefix->address.family != address->family)
		return 0;
	for (i = 0; i < prefix->length; i++)
		if (bit_of(prefix->address.octets, i) !=
		    bit_of(address->octets, i))
			return 0;
	return 1;
}

/* --- The comparisons. */

static int
same_address(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
		memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

static void
check_round_trip(const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix again;
	struct address address;

	prefix_to_text(prefix, text);
	fuzz_check(strlen(text) < sizeof(text));
	fuzz_check(prefix_from_text(&again, text) == NULL);
	fuzz_check(same_address(&again.address, &prefix->address));
	fuzz_check(again.length == prefix->length);
	address_to_text(&prefix->address, text);
	fuzz_check(address_from_text(&address, text) == 0);
	fuzz_check(same_address(&address, &prefix->address));
}

static void
take_prefix(struct set *set, const char *text)
{
	struct client_entry *entry = &set->entries[set->count];
	struct prefix expected, found;
	int wrong = plain_prefix(text, &expected);
	const char *error = prefix_from_text(&found, text);

	if (wrong != 0) {
		if (error == NULL)
			fuzz_found("\"%s\" is taken for a prefix", text);
		return;
	}
	if (error != NULL)
		fuzz_found("\"%s\": expected %s", text, error);
	fuzz_check(same_address(&expected.address, &found.address));
	fuzz_check(expected.length == found.length);
	check_round_trip(&found);
	if (set->count == PREFIXES_MAX)
		return;
	entry->prefix = found;
	/* Some are carved out. */
	entry->group = set->count % 5 == 4 ? CLIENTS_NONE
		: (uint32_t)set->count;
	entry->tag = (uint32_t)set->count;
	set->count++;
}

static void
take_probe(struct set *set, const char *text)
{
	struct address address;
	uint8_t octets[16];
	int ip4 = inet_pton(AF_INET, text, octets) == 1;
	int is_address = ip4 || inet_pton(AF_INET6, text, octets) == 1;

	fuzz_check((address_from_text(&address, text) == 0) == is_address);
	if (!is_address)
		return;
	fuzz_check(memcmp(address.octets, address.family == ADDRESS_IP4 && !ip4
		? octets + 12 : octets,
		address.family == ADDRESS_IP4 ? 4 : 16) == 0);
	if (set->probe_count < PROBES_MAX)
		set->probes[set->probe_count++] = address;
}

static void
read_set(struct set *set, struct input input)
{
	char text[LINE_MAX_OCTETS + 1];
	const char *line;
	size_t length;

	while (input_line(&input, &line, &length)) {
		if (length >= sizeof(text))
			continue;
		/* A line with a NUL in it is what is before the NUL. */
		memcpy(text, line, length);
		text[length] = '\0';
		if (*text == '?')
			take_probe(set, text + 1);
		else
			take_prefix(set, text);
	}
}

/* Of equal prefixes the first stays, as policy_load() does it. */
static void
remove_doubles(struct set *set)
{
	size_t i, kept = 0;

	for (i = 0; i < set->count; i++)
		if (kept == 0 || !clients_same(&set->entries[kept - 1],
		    &set->entries[i]))
			set->entries[kept++] = set->entries[i];
	set->count = kept;
}

static void
compare(const struct set *set, const struct clients *clients,
	const struct address *address)
{
	const struct client_entry *best = NULL;
	uint32_t expected, found = clients_find(clients, address);
	char text[PREFIX_TEXT_MAX];
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct prefix *prefix = &set->entries[i].prefix;
		int holds = plain_holds(prefix, address);

		fuzz_check(prefix_holds(prefix, address) == holds);
		if (holds && (best == NULL ||
		    prefix->length > best->prefix.length))
			best = &set->entries[i];
	}
	expected = best != NULL ? best->group : CLIENTS_NONE;
	if (found == expected)
		return;
	address_to_text(address, text);
	fuzz_found("%s: group %u by the scan, %u by the table", text, expected,
		found);
}

/* The neighbours of a prefix: its ends, and the addresses beside them. */
static void
compare_around(const struct set *set, const struct clients *clients,
	const struct prefix *prefix)
{
	unsigned bits = prefix->address.family == ADDRESS_IP4 ? 32 : 128;
	struct address address = prefix->address;
	unsigned i;

	compare(set, clients, &address);
	for (i = prefix->length; i < bits; i++)
		address.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
	compare(set, clients, &address);
	if (prefix->length > 0) {
		i = prefix->length - 1;
		address.octets[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		compare(set, clients, &address);
	}
	address = prefix->address;
	address.octets[bits / 8 - 1] ^= 1;
	compare(set, clients, &address);
	/* The same octets in the other family. */
	address.family = bits == 32 ? ADDRESS_IP6 : ADDRESS_IP4;
	if (bits == 128)
		memset(address.octets + 4, 0, 12);
	compare(set, clients, &address);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct address nobody;
	struct input input = { data, size };
	struct clients *clients;
	struct set set;
	size_t i;

	memset(&set, 0, sizeof(set));
	set.entries = fuzz_memory(PREFIXES_MAX, sizeof(*set.entries));
	set.probes = fuzz_memory(PROBES_MAX, sizeof(*set.probes));
	read_set(&set, input);
	clients_sort(set.entries, set.count);
	remove_doubles(&set);
	clients = clients_new(set.entries, set.count);
	fuzz_check(clients != NULL);
	for (i = 0; i < set.probe_count; i++)
		compare(&set, clients, &set.probes[i]);
	for (i = 0; i < set.count; i++)
		compare_around(&set, clients, &set.entries[i].prefix);
	fuzz_check(clients_find(clients, &nobody) == CLIENTS_NONE);
	clients_free(clients);
	free(set.entries);
	free(set.probes);
	return 0;
}
