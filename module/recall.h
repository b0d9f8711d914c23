/*
 * recall.h - what one worker found a moment ago, under one policy: the groups
 * of clients, and what was decided of names.
 *
 * Most clients and names come again, and are not looked for again then. What is
 * compared is all that was asked with, octet by octet: the answer is never
 * another one than without all this, and a name in another letter case is
 * looked for. Each hash has one place, in which the last one stays; the hash is
 * keyed, and who makes many names takes from nobody but what is found faster.
 *
 * Thread-safety: for the one worker that it is made for.
 */
#ifndef BITSINK_RECALL_H
#define BITSINK_RECALL_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clients.h"
#include "hash.h"
#include "query.h"

enum {
	/* Powers of two. */
	RECALL_CLIENTS = 1024,
	RECALL_NAMES = 1024,
	/* Octets of a name; what is shorter or longer has no place. */
	RECALL_LEAST = 8,
	RECALL_MOST = 96
};

struct recall_client {
	/* As it is in the packet. */
	uint32_t address;
	uint32_t group;
};

/* Two cache lines. */
struct recall_name {
	/* Who asked, as of recall_asker(). */
	alignas(128) uint32_t asker;
	/* Of the name; 0 for an empty place. */
	uint8_t length;
	/* Of enum reason; what is not the name's is not in it. */
	uint8_t reason;
	/* Allowed, and nothing is to be done but to count it. */
	uint8_t is_plain;
	/* The pattern that decided. */
	struct origin rule;
	uint8_t name[RECALL_MOST];
};

struct recall {
	struct names_key key;
	struct recall_client clients[RECALL_CLIENTS];
	struct recall_name names[RECALL_NAMES];
};

/* One for each of WORKERS; NULL when out of memory. */
struct recall *recall_new(size_t workers, const struct names_key *key);
void recall_free(struct recall *recall);

/* Octets that those of WORKERS take. */
size_t recall_memory(size_t workers);

/* --- Clients. */

/* The place of an IPv4 address as it is in the packet; it may be another
 * one's. */
static inline struct recall_client *
recall_client(struct recall *recall, uint32_t address)
{
	uint32_t hash = (address ^ (uint32_t)recall->key.word[0]) *
		0x9e3779b1u;

	return &recall->clients[hash / (UINT32_MAX / RECALL_CLIENTS + 1)];
}

/* The group of an IPv4 address in network byte order, as of
 * clients_find_ip4(). */
static inline uint32_t
recall_group(struct recall *recall, const struct clients *clients,
	const uint8_t octets[4])
{
	struct recall_client *client;
	uint32_t address;

	memcpy(&address, octets, sizeof(address));
	client = recall_client(recall, address);
	if (client->address != address) {
		client->address = address;
		client->group = clients_find_ip4(clients, octets);
	}
	return client->group;
}

/* --- Names. */

/* A group, and whether its window is open. */
static inline uint32_t
recall_asker(uint32_t group, int in_window)
{
	return group * 2 + (in_window != 0);
}

/* Eight octets; the last ones of a name may overlap those before. */
static inline uint64_t
recall_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* The place of a name in wire format, NULL where it has none; it may be another
 * one's. */
static inline struct recall_name *
recall_name(struct recall *recall, uint32_t asker, const uint8_t *name,
	size_t length)
{
	uint64_t hash = recall->key.word[0] + ((uint64_t)asker << 8) + length;
	size_t at;

	if (length < RECALL_LEAST || length > RECALL_MOST)
		return NULL;
	for (at = 0; at + 8 < length; at += 8)
		hash = hash_fold(hash ^ recall_word(name + at),
			recall->key.word[1]);
	hash = hash_fold(hash ^ recall_word(name + length - 8),
		recall->key.word[1]);
	return &recall->names[(hash >> 32) % RECALL_NAMES];
}

/* Whether it is that one's. */
static inline int
recall_is(const struct recall_name *place, uint32_t asker,
	const uint8_t *name, size_t length)
{
	size_t at;

	if (place->asker != asker || place->length != length)
		return 0;
	for (at = 0; at + 8 < length; at += 8)
		if (recall_word(place->name + at) != recall_word(name + at))
			return 0;
	return recall_word(place->name + length - 8) ==
		recall_word(name + length - 8);
}

/* Gives it to a name; reason, rule and is_plain are the caller's to set. */
static inline void
recall_settle(struct recall_name *place, uint32_t asker, const uint8_t *name,
	size_t length)
{
	place->asker = asker;
	place->length = (uint8_t)length;
	memcpy(place->name, name, length);
}

#endif
