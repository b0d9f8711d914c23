/*
 * address.c - addresses and prefixes of clients and sinkholes.
 */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

void
address_set_ip4(struct address *address, const uint8_t octets[4])
{
	memset(address, 0, sizeof(*address));
	address->family = ADDRESS_IP4;
	memcpy(address->octets, octets, 4);
}

void
address_set_ip6(struct address *address, const uint8_t octets[16])
{
	if (memcmp(octets, mapped, sizeof(mapped)) == 0) {
		address_set_ip4(address, octets + sizeof(mapped));
		return;
	}
	address->family = ADDRESS_IP6;
	memcpy(address->octets, octets, 16);
}

int
address_from_text(struct address *address, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		address_set_ip4(address, octets);
		return 0;
	}
	if (inet_pton(AF_INET6, text, octets) == 1) {
		address_set_ip6(address, octets);
		return 0;
	}
	return -1;
}

/* A prefix length: decimal, no sign, no leading zero. -1 if it is none. */
static int
length_from_text(const char *text)
{
	int length = 0;
	const char *p;

	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return -1;
	for (p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || p - text > 2)
			return -1;
		length = length * 10 + (*p - '0');
	}
	return length;
}

void
prefix_mask(uint8_t octets[16], unsigned length)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		if (length >= 8 * (i + 1))
			continue;
		if (length <= 8 * i)
			octets[i] = 0;
		else
			octets[i] &= (uint8_t)(0xff << (8 - length % 8));
	}
}

const char *
prefix_from_text(struct prefix *prefix, const char *text)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t masked[16];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned bits;
	int is_ip6, length;

	if (len >= sizeof(address))
		return "an IPv4 or IPv6 address, or ADDRESS/LENGTH";
	memcpy(address, text, len);
	address[len] = '\0';
	if (address_from_text(&prefix->address, address) != 0)
		return "an IPv4 or IPv6 address, or ADDRESS/LENGTH";
	is_ip6 = strchr(address, ':') != NULL;
	bits = is_ip6 ? 128 : 32;
	length = slash != NULL ? length_from_text(slash + 1) : (int)bits;
	if (length < 0 || (unsigned)length > bits)
		return is_ip6 ? "a prefix length from 0 to 128"
			: "a prefix length from 0 to 32";
	if (is_ip6 && prefix->address.family == ADDRESS_IP4) {
		if (length < 96)
			return "a prefix of at least /96 for IPv4-mapped "
				"addresses; write the IPv4 prefix itself";
		length -= 96;
	}
	prefix->length = (unsigned)length;
	memcpy(masked, prefix->address.octets, sizeof(masked));
	prefix_mask(masked, prefix->length);
	if (memcmp(masked, prefix->address.octets, sizeof(masked)) != 0)
		return "no bits set behind the prefix length";
	return NULL;
}

void
address_to_text(const struct address *address, char *text)
{
	int family = address->family == ADDRESS_IP4 ? AF_INET : AF_INET6;

	if (address->family == ADDRESS_NONE ||
	    inet_ntop(family, address->octets, text, PREFIX_TEXT_MAX) == NULL)
		memcpy(text, "?", sizeof("?"));
}

void
prefix_to_text(const struct prefix *prefix, char *text)
{
	size_t len;

	address_to_text(&prefix->address, text);
	len = strlen(text);
	snprintf(text + len, PREFIX_TEXT_MAX - len, "/%u",
		prefix->length % 1000);
}

int
prefix_holds(const struct prefix *prefix, const struct address *address)
{
	uint8_t masked[16];

	if (prefix->address.family != address->family)
		return 0;
	memcpy(masked, address->octets, sizeof(masked));
	prefix_mask(masked, prefix->length);
	return memcmp(masked, prefix->address.octets, sizeof(masked)) == 0;
}
