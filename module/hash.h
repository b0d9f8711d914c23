/*
 * hash.h - a keyed hash, for tables whose keys others choose.
 *
 * Multiply and fold: the two halves of a 64 x 64 bit product. An attacker sees
 * answers, never hashes or the time of a single step, and does not know the
 * key: keys cannot be chosen to collide. It is no cryptographic hash. One
 * product alone puts keys that are numbered, as in h1, h2, h3, into rows: hence
 * the last step, without which a table with open addressing gets slow.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_HASH_H
#define BITSINK_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "names.h"

static inline uint64_t
hash_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The key to hash with: a poor KEY must not make a poor hash. */
static inline struct names_key
hash_key(const struct names_key *key)
{
	struct names_key better;

	better.word[0] = hash_fold(key->word[0] ^ 0xbf58476d1ce4e5b9u,
		0x94d049bb133111ebu);
	better.word[1] = hash_fold(key->word[1] ^ 0x2545f4914f6cdd1du,
		0xd6e8feb86659fd93u);
	return better;
}

/* The last step of a hash: keys that differ little are far apart. */
static inline uint64_t
hash_end(const struct names_key *key, uint64_t hash)
{
	return hash_fold(hash ^ key->word[0], 0x9e3779b97f4a7c15u);
}

/* One to seven octets as a number: another one for others as many. */
static inline uint64_t
hash_rest(const uint8_t *octets, size_t length)
{
	uint32_t first, last;

	if (length < sizeof(first))
		return (uint32_t)octets[0] << 16 |
			(uint32_t)octets[length / 2] << 8 | octets[length - 1];
	memcpy(&first, octets, sizeof(first));
	memcpy(&last, octets + length - sizeof(last), sizeof(last));
	return (uint64_t)first << 32 | last;
}

/* The hash of LENGTH octets under a key of hash_key(); another SEED makes it
 * another function. */
static inline uint64_t
hash_octets(const struct names_key *key, uint64_t seed, const uint8_t *octets,
	size_t length)
{
	uint64_t hash = hash_fold(key->word[0] ^ seed,
		key->word[1] ^ length ^ 0x9e3779b97f4a7c15u);
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word)) {
		memcpy(&word, octets, sizeof(word));
		hash = hash_fold(hash ^ word, key->word[1]) + key->word[0];
		octets += sizeof(word);
	}
	if (length > 0)
		hash = hash_fold(hash ^ hash_rest(octets, length),
			key->word[1]) + key->word[0];
	return hash_end(key, hash);
}

/* The hash of a name in wire format, the same in any letter case. */
static inline uint64_t
hash_name(const struct names_key *key, const uint8_t *name, size_t length)
{
	uint64_t hash = key->word[0] + length, word = 0;
	size_t at;

	if (length < sizeof(word)) {
		memcpy(&word, name, length);
		return hash_fold(hash ^ octets_lower(word), key->word[1]);
	}
	for (at = 0; at + sizeof(word) < length; at += sizeof(word)) {
		memcpy(&word, name + at, sizeof(word));
		hash = hash_fold(hash ^ octets_lower(word), key->word[1]);
	}
	/* It may overlap those before. */
	memcpy(&word, name + length - sizeof(word), sizeof(word));
	return hash_fold(hash ^ octets_lower(word), key->word[1]);
}

/* One hash of two, of which each was made with another seed. */
static inline uint64_t
hash_both(const struct names_key *key, uint64_t a, uint64_t b)
{
	return hash_fold(a ^ key->word[0], b ^ key->word[1]);
}

/* A checksum without a key (FNV-1a): it notices damage of what is kept in
 * files; nobody is to be kept from forging what only Unbound's user and root
 * can write. */
#define HASH_NOTHING 0xcbf29ce484222325u

/* The checksum of what SUM is of, with LENGTH octets behind it. */
static inline uint64_t
hash_more(uint64_t sum, const char *octets, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		sum = (sum ^ (unsigned char)octets[i]) * 0x100000001b3u;
	return sum;
}

static inline uint64_t
hash_checksum(const char *octets, size_t length)
{
	return hash_more(HASH_NOTHING, octets, length);
}

#endif
