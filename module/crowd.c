/*
 * crowd.c - how many different clients there were, in constant memory.
 */
#include "crowd.h"

#include <string.h>

#include "hash.h"

#define MANY (CROWD_EXACT + 1)
#define OCTETS (CROWD_BITS / 8)

/* 10 bits of a hash are a number below CROWD_BITS. */
#define HASH_SHIFT 54

static void
pack(struct crowd_client *client, const struct address *address)
{
	client->family = (uint8_t)address->family;
	memcpy(client->octets, address->octets, sizeof(client->octets));
}

static void
unpack(struct address *address, const struct crowd_client *client)
{
	if (client->family == ADDRESS_IP4)
		address_set_ip4(address, client->octets);
	else
		address_set_ip6(address, client->octets);
}

static void
set_bit(struct crowd *crowd, const struct crowd_client *client)
{
	/* As good as any other, and never to be changed. */
	static const struct names_key key = { { 0x9ae16a3b2f90404fu,
		0xc949d7c7509e6557u } };
	uint64_t hash = hash_octets(&key, client->family, client->octets,
		sizeof(client->octets)) >> HASH_SHIFT;

	crowd->of.bits[hash / 8] |= (uint8_t)(1u << hash % 8);
}

/* From addresses to bits. */
static void
spread(struct crowd *crowd)
{
	struct crowd_client clients[CROWD_EXACT];
	unsigned i;

	memcpy(clients, crowd->of.clients, sizeof(clients));
	memset(&crowd->of, 0, sizeof(crowd->of));
	for (i = 0; i < crowd->count; i++)
		set_bit(crowd, &clients[i]);
	crowd->count = MANY;
}

static void
add_client(struct crowd *crowd, const struct crowd_client *client)
{
	unsigned i;

	if (crowd->count < MANY)
		for (i = 0; i < crowd->count; i++)
			if (memcmp(&crowd->of.clients[i], client,
			    sizeof(*client)) == 0)
				return;
	if (crowd->count < CROWD_EXACT) {
		crowd->of.clients[crowd->count++] = *client;
		return;
	}
	if (crowd->count == CROWD_EXACT)
		spread(crowd);
	set_bit(crowd, client);
}

void
crowd_add(struct crowd *crowd, const struct address *client)
{
	struct crowd_client packed;

	pack(&packed, client);
	add_client(crowd, &packed);
}

void
crowd_merge(struct crowd *crowd, const struct crowd *from)
{
	unsigned i;

	if (from->count < MANY) {
		for (i = 0; i < from->count; i++)
			add_client(crowd, &from->of.clients[i]);
		return;
	}
	if (crowd->count < MANY)
		spread(crowd);
	for (i = 0; i < OCTETS; i++)
		crowd->of.bits[i] |= from->of.bits[i];
}

/*
 * As many clients are needed, on the average, until no more than that many bits
 * are left: the first bit takes one, the next CROWD_BITS / (CROWD_BITS - 1),
 * and so on. It is what the paper's -m ln(V) approximates.
 */
uint64_t
crowd_count(const struct crowd *crowd)
{
	unsigned i, left = CROWD_BITS;
	double count = 0;

	if (crowd->count < MANY)
		return crowd->count;
	for (i = 0; i < CROWD_BITS; i++)
		if (crowd->of.bits[i / 8] >> i % 8 & 1)
			count += (double)CROWD_BITS / left--;
	return count > MANY ? (uint64_t)(count + 0.5) : MANY;
}

int
crowd_single(const struct crowd *crowd, struct address *client)
{
	if (crowd->count != 1)
		return -1;
	unpack(client, &crowd->of.clients[0]);
	return 0;
}

/* --- Kept in files. */

static void
write_bits(const struct crowd *crowd, struct record_writer *writer)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * OCTETS];
	size_t i;

	for (i = 0; i < OCTETS; i++) {
		text[2 * i] = digits[crowd->of.bits[i] >> 4];
		text[2 * i + 1] = digits[crowd->of.bits[i] & 15];
	}
	record_octets(writer, "crowd", text, sizeof(text));
}

void
crowd_write(const struct crowd *crowd, struct record_writer *writer)
{
	char text[CROWD_EXACT * PREFIX_TEXT_MAX];
	size_t used = 0;
	unsigned i;

	if (crowd->count == MANY) {
		write_bits(crowd, writer);
		return;
	}
	for (i = 0; i < crowd->count; i++) {
		struct address address;

		if (i > 0)
			text[used++] = ',';
		unpack(&address, &crowd->of.clients[i]);
		address_to_text(&address, text + used);
		used += strlen(text + used);
	}
	record_octets(writer, "clients", text, used);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
read_bits(struct crowd *crowd, const char *text)
{
	size_t i;

	if (strlen(text) != (size_t)2 * OCTETS)
		return -1;
	for (i = 0; i < OCTETS; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		crowd->of.bits[i] = (uint8_t)(high << 4 | low);
	}
	crowd->count = MANY;
	return 0;
}

/* Reads one address, up to a ',' or the end; NULL, or what is behind. */
static const char *
read_client(struct crowd *crowd, const char *text)
{
	size_t length = strcspn(text, ",");
	char copy[PREFIX_TEXT_MAX];
	struct address address;

	if (length >= sizeof(copy))
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (address_from_text(&address, copy) != 0)
		return NULL;
	crowd_add(crowd, &address);
	return text + length;
}

int
crowd_read(struct crowd *crowd, const struct record *record)
{
	const char *text = record_get(record, "crowd");
	unsigned count = 0;

	memset(crowd, 0, sizeof(*crowd));
	if (text != NULL)
		return read_bits(crowd, text);
	text = record_get(record, "clients");
	while (text != NULL && count++ < CROWD_EXACT) {
		text = read_client(crowd, text);
		if (text != NULL && *text++ == '\0')
			return 0;
	}
	return -1;
}
