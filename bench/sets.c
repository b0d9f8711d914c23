/*
 * sets.c - what tables are filled with and asked for in the benchmark.
 */
#include "sets.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "tree.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const shape_words[SHAPE_COUNT] = { "sites", "shared", "colliding",
	"random" };
const char *const kind_words[KIND_COUNT] = { "hitting", "missing", "deep" };
const char *const place_words[PLACE_COUNT] = { "spread", "clustered",
	"nested" };
const struct names_key sets_guess = { { 0, 0 } };

/* --- Patterns. */

/* Of all hashes, the ones that collide are one of so many. */
#define CHOSEN_OF 4096u
/* The name that patterns with chosen labels are below. */
#define ABOVE_CHOSEN "example"
#define CHOSEN_OCTETS 9u

static const char *const zones[] = { "com", "net", "org", "example", "info",
	"io", "co.uk", "cloud" };

/* Another number for another one, as if by chance. */
static uint64_t
mixed(uint64_t number)
{
	return measure_random(&number);
}

static uint32_t
mixed32(uint32_t number)
{
	number = (number ^ number >> 16) * 0x85ebca6bu;
	number = (number ^ number >> 13) * 0xc2b2ae35u;
	return number ^ number >> 16;
}

/* A label of CHOSEN_OCTETS octets for a number, in wire format. */
static void
chosen_label(uint64_t number, uint8_t label[1 + CHOSEN_OCTETS + 8])
{
	static const char octets[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned i;

	label[0] = CHOSEN_OCTETS;
	for (i = 1; i <= CHOSEN_OCTETS; i++, number >>= 5)
		label[i] = (uint8_t)octets[number & 31];
}

/* The number of the node of the name above, when the second pattern has made
 * it: behind the root's two words and the eight of the first pattern. */
#define NODE_ABOVE 10u

/* Those that come near to each other in a table with the guessed key; who
 * chooses them has the program, and knows how it numbers its nodes. */
static void
choose(struct patterns *patterns)
{
	struct names_key key = hash_key(&sets_guess);
	uint8_t label[1 + CHOSEN_OCTETS + 8] = { 0 };
	uint64_t number = 0;
	uint32_t i;

	patterns->chosen = measure_memory(patterns->count,
		sizeof(*patterns->chosen));
	for (i = 0; i < patterns->count; number++) {
		chosen_label(mixed(number), label);
		if (tree_hash(&key, NODE_ABOVE, label) < UINT64_MAX / CHOSEN_OF)
			patterns->chosen[i++] = mixed(number);
	}
}

struct patterns
patterns_make(enum shape shape, uint32_t count, int has_denies)
{
	struct patterns patterns = { shape, count, has_denies, NULL };

	if (shape == SHAPE_COLLIDING)
		choose(&patterns);
	return patterns;
}

void
patterns_clear(struct patterns *patterns)
{
	free(patterns->chosen);
	patterns->chosen = NULL;
}

static void
site_text(uint32_t number, char *text)
{
	const char *zone = zones[number / 4 % COUNT_OF(zones)];
	uint32_t name = mixed32(number);

	switch (number % 4) {
	case 0:
		sprintf(text, ".site-%08" PRIx32 ".%s", name, zone);
		break;
	case 1:
		sprintf(text, ".www.%08" PRIx32 ".%s", name, zone);
		break;
	case 2:
		sprintf(text, ".h%08" PRIx32 ".cdn%u.%s", name,
			(unsigned)number / 50, zone);
		break;
	default:
		sprintf(text, ".a.b.c%08" PRIx32 ".pool%u.%s", name,
			(unsigned)number / 5000, zone);
	}
}

static void
shared_text(uint32_t number, char *text)
{
	unsigned i;

	text += sprintf(text, ".h%08" PRIx32, mixed32(number));
	for (i = 0; i < 120; i++) {
		*text++ = '.';
		*text++ = (char)('a' + i % 26);
	}
	*text = '\0';
}

static void
label_text(uint64_t number, char *text)
{
	uint8_t label[1 + CHOSEN_OCTETS + 8];

	chosen_label(number, label);
	sprintf(text, ".%.*s." ABOVE_CHOSEN, (int)CHOSEN_OCTETS,
		(const char *)label + 1);
}

void
patterns_text(const struct patterns *patterns, uint32_t number,
	char text[SET_TEXT_MAX])
{
	int is_one = number < patterns->count;

	switch (patterns->shape) {
	case SHAPE_SHARED:
		shared_text(number, text);
		break;
	case SHAPE_COLLIDING:
		label_text(is_one ? patterns->chosen[number]
			: mixed(~(uint64_t)number), text);
		break;
	case SHAPE_RANDOM:
		label_text(mixed(~(uint64_t)number), text);
		break;
	case SHAPE_SITES:
	case SHAPE_COUNT:
		site_text(number, text);
		break;
	}
}

enum effect
patterns_effect(const struct patterns *patterns, uint32_t number)
{
	if (number >= patterns->count)
		return EFFECT_NONE;
	return patterns->has_denies && (mixed32(~number) & 1) != 0
		? EFFECT_DENY : EFFECT_ALLOW;
}

/* --- Questions for names. */

/* More octets than this in front of a name, and it would be too long. */
static size_t
room_in_front(const struct name *name)
{
	return NAME_OCTETS_MAX - name->length;
}

/* Writes labels in front of a pattern's name; returns their octets. */
static size_t
write_front(enum kind kind, const struct name *name, uint32_t number,
	uint8_t *wire)
{
	size_t room = room_in_front(name), at;

	if (kind != KIND_DEEP) {
		/* Half of the questions are for the name itself. */
		if ((number & 1) || room < 4)
			return 0;
		memcpy(wire, "\3www", 4);
		return 4;
	}
	for (at = 0; at + 2 <= room; at += 2) {
		wire[at] = 1;
		wire[at + 1] = (uint8_t)('a' + at / 2 % 26);
	}
	return at;
}

static void
make_question(const struct patterns *patterns, enum kind kind, uint64_t random,
	struct name_question *question)
{
	struct pattern pattern;
	struct pattern_error error;
	char text[SET_TEXT_MAX];
	uint32_t number = (uint32_t)((random >> 32) % patterns->count);
	size_t front;

	if (kind == KIND_MISSING)
		number += patterns->count;
	patterns_text(patterns, number, text);
	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		measure_fail("%s: expected %s", text, error.expected);
	front = write_front(kind, &pattern.name, (uint32_t)random,
		question->wire);
	memcpy(question->wire + front, pattern.name.octets,
		pattern.name.length);
	question->length = (uint8_t)(front + pattern.name.length);
	question->expected = (uint8_t)patterns_effect(patterns, number);
	question->pattern = number < patterns->count ? number : NO_PATTERN;
}

struct name_question *
questions_make(const struct patterns *patterns, enum kind kind, size_t count)
{
	struct name_question *questions = measure_memory(count,
		sizeof(*questions));
	uint64_t state = (uint64_t)kind + 1;
	size_t i;

	for (i = 0; i < count; i++)
		make_question(patterns, kind, measure_random(&state),
			&questions[i]);
	return questions;
}

/* --- Prefixes. */

/* Lengths, as often as they are here. */
static const uint8_t lengths4[] = { 16, 20, 22, 23, 24, 24, 24, 24, 26, 27,
	28, 29, 32, 32, 32, 32 };
static const uint8_t lengths6[] = { 32, 40, 48, 48, 56, 60, 64, 64, 64, 64,
	64, 64, 96, 128, 128, 128 };

/* This bit is set in no prefix, in all addresses that are in none, and in front
 * of the end of the shortest prefixes. */
static uint8_t *
octet_apart(struct address *address)
{
	return &address->octets[address->family == ADDRESS_IP4 ? 1 : 3];
}

/* An IPv4 address below 224.0.0.0, or an IPv6 one below 2001::/16. */
static void
random_address(enum address_family family, uint64_t *state,
	struct address *address)
{
	uint64_t halves[2] = { measure_random(state), measure_random(state) };
	uint8_t octets[16];

	memcpy(octets, halves, sizeof(octets));
	if (family == ADDRESS_IP4) {
		octets[0] = (uint8_t)(1 + octets[0] % 223);
		address_set_ip4(address, octets);
	} else {
		octets[0] = 0x20;
		octets[1] = 0x01;
		address_set_ip6(address, octets);
	}
}

static void
spread_prefix(uint64_t *state, struct prefix *prefix)
{
	uint64_t random = measure_random(state);
	int is_ip4 = (random & 1) != 0;

	random_address(is_ip4 ? ADDRESS_IP4 : ADDRESS_IP6, state,
		&prefix->address);
	prefix->length = is_ip4 ? lengths4[random >> 8 & 15]
		: lengths6[random >> 8 & 15];
}

static void
clustered_prefix(uint64_t *state, struct prefix *prefix)
{
	random_address(ADDRESS_IP4, state, &prefix->address);
	prefix->address.octets[0] = 10;
	prefix->address.octets[1] &= 0x7f;
	prefix->length = 32;
}

/* From /32 to /128, always on the left: all in all others that are shorter. And
 * beside each of them as many as are wanted. */
static void
nested_prefix(uint64_t *state, struct prefix *prefix)
{
	uint64_t random = measure_random(state);

	random_address(ADDRESS_IP6, state, &prefix->address);
	memcpy(prefix->address.octets, "\x20\x01\x0d\xb8", 4);
	prefix->length = 32 + (unsigned)(random % 97);
	if (random >> 32 & 1)
		memset(prefix->address.octets + 4, 0, 12);
	else
		memset(prefix->address.octets + 4, 0, 8);
}

static void
make_prefix(enum place place, uint64_t *state, uint32_t groups,
	struct client_entry *entry)
{
	struct prefix *prefix = &entry->prefix;

	if (place == PLACE_CLUSTERED)
		clustered_prefix(state, prefix);
	else if (place == PLACE_NESTED)
		nested_prefix(state, prefix);
	else
		spread_prefix(state, prefix);
	*octet_apart(&prefix->address) &= 0xfe;
	if (prefix->address.family == ADDRESS_IP4)
		memset(prefix->address.octets + 4, 0, 12);
	prefix_mask(prefix->address.octets, prefix->length);
	entry->group = (uint32_t)(measure_random(state) % groups);
	entry->tag = 0;
}

/* Two far off, so that what is near to each other is a small part of all. */
static void
put_far_off(struct client_entry *entries, size_t count)
{
	static const uint8_t first[4] = { 1, 0, 0, 0 };
	static const uint8_t last[4] = { 223, 254, 0, 0 };

	if (count < 3)
		return;
	address_set_ip4(&entries[0].prefix.address, first);
	address_set_ip4(&entries[1].prefix.address, last);
}

/* Sorts, and leaves each prefix once; returns how many. */
static size_t
make_unique(struct client_entry *entries, size_t count)
{
	size_t i, unique = 0;

	clients_sort(entries, count);
	for (i = 0; i < count; i++)
		if (unique == 0 ||
		    !clients_same(&entries[unique - 1], &entries[i]))
			entries[unique++] = entries[i];
	return unique;
}

struct client_entry *
prefixes_make(enum place place, size_t *count, uint32_t groups)
{
	struct client_entry *entries = measure_memory(*count,
		sizeof(*entries));
	uint64_t state = 7 + (uint64_t)place;
	size_t have = 0, i;
	unsigned tries;

	for (tries = 0; tries < 20 && have < *count; tries++) {
		for (i = have; i < *count; i++)
			make_prefix(place, &state, groups, &entries[i]);
		if (place == PLACE_CLUSTERED && have == 0)
			put_far_off(entries, *count);
		have = make_unique(entries, *count);
	}
	*count = have;
	return entries;
}

/* --- Questions for clients. */

static int
compare_prefixes(const void *a, const void *b)
{
	const struct client_entry *ea = a, *eb = b;

	return clients_order(&ea->prefix, &eb->prefix);
}

/* The group of the longest prefix around an address: all lengths are tried, the
 * longest first. */
static uint32_t
group_around(const struct client_entry *entries, size_t count,
	const struct address *address)
{
	int length = address->family == ADDRESS_IP4 ? 32 : 128;

	for (; length >= 0; length--) {
		struct client_entry wanted = { { *address, (unsigned)length },
			0, 0 };
		const struct client_entry *found;

		prefix_mask(wanted.prefix.address.octets, (unsigned)length);
		found = bsearch(&wanted, entries, count, sizeof(*entries),
			compare_prefixes);
		if (found != NULL)
			return found->group;
	}
	return CLIENTS_NONE;
}

/* Fills in the bits behind a prefix. */
static void
random_host(const struct prefix *prefix, uint64_t *state,
	struct address *address)
{
	struct address random;
	unsigned i;

	random_address(prefix->address.family, state, &random);
	*address = prefix->address;
	for (i = prefix->length; i < (address->family == ADDRESS_IP4 ? 32u
	    : 128u); i++)
		address->octets[i / 8] |= (uint8_t)(random.octets[i / 8] &
			0x80 >> i % 8);
}

static void
to_sockaddr(const struct address *address, struct client_question *question)
{
	struct sockaddr_in *ip4 = (struct sockaddr_in *)&question->client;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&question->client;

	if (address->family == ADDRESS_IP4) {
		ip4->sin_family = AF_INET;
		memcpy(&ip4->sin_addr, address->octets, 4);
		question->length = sizeof(*ip4);
	} else {
		ip6->sin6_family = AF_INET6;
		memcpy(&ip6->sin6_addr, address->octets, 16);
		question->length = sizeof(*ip6);
	}
}

struct address
client_address(const struct sockaddr_storage *client)
{
	struct address address;
	uint8_t octets[16];

	if (client->ss_family == AF_INET) {
		memcpy(octets, &((const struct sockaddr_in *)client)->sin_addr,
			4);
		address_set_ip4(&address, octets);
	} else {
		memcpy(octets,
			&((const struct sockaddr_in6 *)client)->sin6_addr, 16);
		address_set_ip6(&address, octets);
	}
	return address;
}

struct client_question *
clients_make(const struct client_entry *entries, size_t entry_count, int inside,
	size_t count)
{
	struct client_question *questions = measure_memory(count,
		sizeof(*questions));
	uint64_t state = 99 + (uint64_t)inside;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct client_entry *entry = &entries[
			measure_random(&state) % entry_count];
		struct address address;

		random_host(&entry->prefix, &state, &address);
		if (!inside)
			*octet_apart(&address) |= 1;
		to_sockaddr(&address, &questions[i]);
		questions[i].expected = group_around(entries, entry_count,
			&address);
		if (inside != (questions[i].expected != CLIENTS_NONE))
			measure_fail("a client is in the wrong place");
	}
	return questions;
}
