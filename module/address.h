/*
 * address.h - addresses and prefixes of clients and sinkholes.
 *
 * An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address
 * it holds, everywhere: a host that listens with one socket for both families
 * hands IPv4 clients over in that form.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_ADDRESS_H
#define BITSINK_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

enum address_family {
	ADDRESS_NONE = 0,
	ADDRESS_IP4 = 4,
	ADDRESS_IP6 = 6
};

struct address {
	enum address_family family;
	/* Network byte order; IPv4 uses the first four, the rest is zero. */
	uint8_t octets[16];
};

struct prefix {
	struct address address;
	/* Bits, 0 to 32 or 0 to 128. */
	unsigned length;
};

/* Longest presentation form, with the prefix length and the final NUL. */
#define PREFIX_TEXT_MAX 51

/* Sets ADDRESS from 4 or 16 octets in network byte order. */
void address_set_ip4(struct address *address, const uint8_t octets[4]);
void address_set_ip6(struct address *address, const uint8_t octets[16]);

/* Reads an address in presentation form (as inet_pton does). 0, or -1. */
int address_from_text(struct address *address, const char *text);

/*
 * Reads ADDRESS or ADDRESS/LENGTH. Returns NULL, or what was expected
 * instead, for an error message. Bits behind the length are an error, for
 * nobody can know whether the length or the address is the mistake.
 * A prefix of mapped addresses (::ffff:0:0/96 or longer) becomes an IPv4 one.
 */
const char *prefix_from_text(struct prefix *prefix, const char *text);

/* Writes the presentation form; TEXT holds PREFIX_TEXT_MAX octets. */
void address_to_text(const struct address *address, char *text);
void prefix_to_text(const struct prefix *prefix, char *text);

/* Whether PREFIX holds ADDRESS; never across families. */
int prefix_holds(const struct prefix *prefix, const struct address *address);

/* Clears the bits of OCTETS (16 of them) behind LENGTH. */
void prefix_mask(uint8_t octets[16], unsigned length);

#endif
