/*
 * test_address.c - addresses and prefixes of clients and sinkholes.
 */
#include "support.h"

#include <arpa/inet.h>

#include "address.h"

#define ADDRESS_EXPECTED "an IPv4 or IPv6 address, or ADDRESS/LENGTH"
#define LENGTH4_EXPECTED "a prefix length from 0 to 32"
#define LENGTH6_EXPECTED "a prefix length from 0 to 128"
#define BITS_EXPECTED "no bits set behind the prefix length"
#define MAPPED_EXPECTED "a prefix of at least /96 for IPv4-mapped addresses; " \
	"write the IPv4 prefix itself"

struct good_row {
	const char *row;
	const char *text;
	/* As prefix_to_text() writes it. */
	const char *canonical;
};

static const struct good_row good_rows[] = {
	{ "IPv4 address", "192.0.2.1", "192.0.2.1/32" },
	{ "lowest IPv4 address", "0.0.0.0", "0.0.0.0/32" },
	{ "highest IPv4 address", "255.255.255.255", "255.255.255.255/32" },
	{ "all of IPv4", "0.0.0.0/0", "0.0.0.0/0" },
	{ "half of IPv4", "128.0.0.0/1", "128.0.0.0/1" },
	{ "length inside an octet", "192.0.2.64/26", "192.0.2.64/26" },
	{ "length of whole octets", "192.0.2.0/24", "192.0.2.0/24" },
	{ "IPv4 prefix of one address", "192.0.2.1/32", "192.0.2.1/32" },
	{ "IPv4 prefix of two addresses", "192.0.2.2/31", "192.0.2.2/31" },
	{ "IPv6 address", "2001:db8::1", "2001:db8::1/128" },
	{ "IPv6 address in capitals", "2001:DB8::ABCD", "2001:db8::abcd/128" },
	{ "IPv6 address written out", "2001:0db8:0000:0000:0000:0000:0000:0001",
		"2001:db8::1/128" },
	{ "the longest IPv6 address", "2001:0db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
		"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/128" },
	{ "lowest IPv6 address", "::", "::/128" },
	{ "highest IPv6 address", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	{ "all of IPv6", "::/0", "::/0" },
	{ "half of IPv6", "8000::/1", "8000::/1" },
	{ "IPv6 length between the halves", "2001:db8::/64", "2001:db8::/64" },
	{ "IPv6 length behind the first half", "2001:db8:0:0:8000::/65",
		"2001:db8:0:0:8000::/65" },
	{ "IPv6 prefix of two addresses", "2001:db8::2/127",
		"2001:db8::2/127" },
	{ "IPv6 prefix of one address", "2001:db8::1/128", "2001:db8::1/128" },
	{ "IPv4 at the end of an IPv6 address", "2001:db8::192.0.2.1",
		"2001:db8::c000:201/128" },
	{ "mapped address", "::ffff:192.0.2.1", "192.0.2.1/32" },
	{ "mapped address in hexadecimal", "::ffff:c000:201", "192.0.2.1/32" },
	{ "mapped prefix", "::ffff:192.0.2.0/120", "192.0.2.0/24" },
	{ "all mapped addresses", "::ffff:0:0/96", "0.0.0.0/0" },
	{ "mapped prefix of one address", "::ffff:192.0.2.1/128",
		"192.0.2.1/32" },
	{ "an IPv6 prefix around the mapped ones", "::/80", "::/80" },
	{ "next to the mapped ones", "::fffe:192.0.2.1",
		"::fffe:c000:201/128" },
	{ "IPv4-compatible is IPv6", "::192.0.2.1", "::192.0.2.1/128" },
	{ "NAT64 is IPv6", "64:ff9b::192.0.2.1", "64:ff9b::c000:201/128" },
};

/* What the C library makes of the address in a row. */
static void
by_inet_pton(const char *text, struct address *address)
{
	char part[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	size_t length = strcspn(text, "/");

	assert_true(length < sizeof(part));
	memcpy(part, text, length);
	part[length] = '\0';
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, part, address->octets) == 1) {
		address->family = ADDRESS_IP4;
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, part, &in6), 1);
	if (IN6_IS_ADDR_V4MAPPED(&in6)) {
		address->family = ADDRESS_IP4;
		memcpy(address->octets, in6.s6_addr + 12, 4);
	} else {
		address->family = ADDRESS_IP6;
		memcpy(address->octets, in6.s6_addr, 16);
	}
}

static void
good_prefixes_are_read_and_written(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good_rows); i++) {
		const struct good_row *r = &good_rows[i];
		char text[PREFIX_TEXT_MAX] = "";
		struct address reference;
		struct prefix prefix;
		const char *error = prefix_from_text(&prefix, r->text);

		wrong += row_text(r->row, "", error != NULL ? error : "");
		if (error != NULL)
			continue;
		prefix_to_text(&prefix, text);
		wrong += row_text(r->row, r->canonical, text);
		by_inet_pton(r->text, &reference);
		wrong += row_number(r->row, "family", reference.family,
			prefix.address.family);
		wrong += row_octets(r->row, reference.octets, 16,
			prefix.address.octets, 16);
	}
	assert_int_equal(wrong, 0);
}

struct bad_row {
	const char *row;
	const char *text;
	const char *expected;
};

static const struct bad_row bad_rows[] = {
	{ "nothing", "", ADDRESS_EXPECTED },
	{ "a host name", "localhost", ADDRESS_EXPECTED },
	{ "three octets", "192.0.2", ADDRESS_EXPECTED },
	{ "five octets", "192.0.2.1.1", ADDRESS_EXPECTED },
	{ "octet beyond 255", "192.0.2.256", ADDRESS_EXPECTED },
	{ "leading zero", "192.0.2.01", ADDRESS_EXPECTED },
	{ "hexadecimal octet", "192.0.2.0x1", ADDRESS_EXPECTED },
	{ "one number", "3221225985", ADDRESS_EXPECTED },
	{ "space in front", " 192.0.2.1", ADDRESS_EXPECTED },
	{ "space behind", "192.0.2.1 ", ADDRESS_EXPECTED },
	{ "a port", "192.0.2.1@53", ADDRESS_EXPECTED },
	{ "two gaps", "2001::db8::1", ADDRESS_EXPECTED },
	{ "seven groups", "2001:db8:1:2:3:4:5", ADDRESS_EXPECTED },
	{ "nine groups", "2001:db8:1:2:3:4:5:6:7", ADDRESS_EXPECTED },
	{ "group of five digits", "2001:db8::00001", ADDRESS_EXPECTED },
	{ "a zone", "fe80::1%eth0", ADDRESS_EXPECTED },
	{ "brackets", "[2001:db8::1]", ADDRESS_EXPECTED },
	{ "longer than any address",
		"2001:0db8:0000:0000:0000:0000:0000:0000:0000:0001/64",
		ADDRESS_EXPECTED },
	{ "length without address", "/24", ADDRESS_EXPECTED },
	{ "IPv4 without length", "192.0.2.0/", LENGTH4_EXPECTED },
	{ "IPv6 without length", "2001:db8::/", LENGTH6_EXPECTED },
	{ "IPv4 length 33", "192.0.2.1/33", LENGTH4_EXPECTED },
	{ "IPv6 length 129", "2001:db8::1/129", LENGTH6_EXPECTED },
	{ "length of four digits", "2001:db8::1/1280", LENGTH6_EXPECTED },
	{ "length beyond 32 bits", "192.0.2.0/4294967320", LENGTH4_EXPECTED },
	{ "length with leading zero", "192.0.2.0/024", LENGTH4_EXPECTED },
	{ "length of two zeros", "0.0.0.0/00", LENGTH4_EXPECTED },
	{ "negative length", "192.0.2.0/-1", LENGTH4_EXPECTED },
	{ "signed length", "192.0.2.0/+24", LENGTH4_EXPECTED },
	{ "length with a space", "192.0.2.0/ 24", LENGTH4_EXPECTED },
	{ "octets behind the length", "192.0.2.0/24x", LENGTH4_EXPECTED },
	{ "two lengths", "192.0.2.0/24/24", LENGTH4_EXPECTED },
	{ "a netmask", "192.0.2.0/255.255.255.0", LENGTH4_EXPECTED },
	{ "IPv4 host bits", "192.0.2.1/24", BITS_EXPECTED },
	{ "IPv4 host bits inside an octet", "192.0.2.65/26", BITS_EXPECTED },
	{ "one bit behind /0", "0.0.0.1/0", BITS_EXPECTED },
	{ "the last bit before /31", "192.0.2.1/31", BITS_EXPECTED },
	{ "IPv6 host bits", "2001:db8::1/64", BITS_EXPECTED },
	{ "IPv6 host bits inside an octet", "2001:db8:8000::/32",
		BITS_EXPECTED },
	{ "one bit behind ::/0", "::1/0", BITS_EXPECTED },
	{ "mapped host bits", "::ffff:192.0.2.1/120", BITS_EXPECTED },
	{ "mapped prefix too short", "::ffff:0:0/95", MAPPED_EXPECTED },
	{ "mapped address of all", "::ffff:192.0.2.1/0", MAPPED_EXPECTED },
	{ "mapped length 129", "::ffff:192.0.2.1/129", LENGTH6_EXPECTED },
};

static void
bad_prefixes_say_what_was_expected(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_rows); i++) {
		struct prefix prefix;
		const char *error = prefix_from_text(&prefix,
			bad_rows[i].text);

		wrong += row_text(bad_rows[i].row, bad_rows[i].expected,
			error != NULL ? error : "(no error)");
	}
	assert_int_equal(wrong, 0);
}

/* One octet of a good address is changed: some stay good, most do not. */
static void
addresses_are_read_as_inet_pton_reads_them(void **state)
{
	static const char octets[] = "0123456789abcdefABCDEF:./%x ";
	struct chance chance = { 1 };
	unsigned i, good = 0, bad = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		const struct good_row *r = &good_rows[chance_below(&chance,
			COUNT_OF(good_rows))];
		char text[64];
		uint8_t ignored[16];
		struct address address, reference;
		int is_address;

		snprintf(text, sizeof(text), "%.*s",
			(int)strcspn(r->text, "/"), r->text);
		text[chance_below(&chance, (unsigned)strlen(text))] =
			octets[chance_below(&chance, sizeof(octets) - 1)];
		is_address = inet_pton(AF_INET, text, ignored) == 1 ||
			inet_pton(AF_INET6, text, ignored) == 1;
		if (row_number(text, "result", is_address ? 0 : -1,
		    address_from_text(&address, text)))
			fail();
		if (!is_address) {
			bad++;
			continue;
		}
		good++;
		by_inet_pton(text, &reference);
		assert_memory_equal(&address, &reference, sizeof(address));
	}
	assert_true(good > 1000);
	assert_true(bad > 1000);
}

static void
mapped_addresses_are_ipv4_from_octets_too(void **state)
{
	static const uint8_t mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff, 192, 0, 2, 1 };
	struct address from_mapped, from_ip4;

	(void)state;
	memset(&from_mapped, 0xa5, sizeof(from_mapped));
	address_set_ip6(&from_mapped, mapped);
	address_set_ip4(&from_ip4, mapped + 12);
	assert_int_equal(from_mapped.family, ADDRESS_IP4);
	assert_memory_equal(from_mapped.octets, from_ip4.octets, 16);
}

static void
no_address_is_written_as_a_question_mark(void **state)
{
	struct address none;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	memset(&none, 0, sizeof(none));
	address_to_text(&none, text);
	assert_string_equal(text, "?");
}

static int
bit_of(const uint8_t *octets, unsigned bit)
{
	return octets[bit / 8] >> (7 - bit % 8) & 1;
}

/* A prefix of any length, most often with some bits in common with others. */
static struct prefix
any_prefix(struct chance *chance)
{
	uint8_t octets[16];
	struct prefix prefix;
	unsigned i, is_ip4 = chance_below(chance, 2);

	for (i = 0; i < 16; i++)
		octets[i] = chance_below(chance, 3) == 0
			? (uint8_t)chance_word(chance) : 0;
	octets[0] |= 0x20; /* not a mapped address */
	prefix.length = chance_below(chance, is_ip4 ? 33 : 129);
	prefix_mask(octets, prefix.length);
	if (is_ip4)
		address_set_ip4(&prefix.address, octets);
	else
		address_set_ip6(&prefix.address, octets);
	return prefix;
}

static void
a_prefix_holds_what_agrees_in_every_bit(void **state)
{
	struct chance chance = { 2 };
	unsigned i, bit, held = 0, apart = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		struct prefix prefix = any_prefix(&chance);
		struct address address = prefix.address;
		unsigned bits = address.family == ADDRESS_IP4 ? 32 : 128;
		unsigned flips = chance_below(&chance, 4);
		int agrees = 1;

		while (flips-- > 0) {
			bit = chance_below(&chance, bits);
			address.octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		for (bit = 0; bit < prefix.length; bit++)
			agrees &= bit_of(prefix.address.octets, bit) ==
				bit_of(address.octets, bit);
		held += (unsigned)agrees;
		apart += !agrees;
		assert_int_equal(prefix_holds(&prefix, &address), agrees);
	}
	assert_true(held > 1000);
	assert_true(apart > 1000);
}

static void
a_prefix_holds_no_address_of_the_other_family(void **state)
{
	static const char *const prefixes[] = { "0.0.0.0/0", "::/0",
		"0.0.0.0", "::" };
	static const char *const others[] = { "::", "0.0.0.0", "::",
		"0.0.0.0" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(prefixes); i++) {
		struct prefix prefix;
		struct address address;

		assert_null(prefix_from_text(&prefix, prefixes[i]));
		assert_int_equal(address_from_text(&address, others[i]), 0);
		assert_false(prefix_holds(&prefix, &address));
	}
}

static void
masking_clears_every_bit_behind_the_length(void **state)
{
	struct chance chance = { 3 };
	unsigned length, bit, i;

	(void)state;
	for (length = 0; length <= 128; length++) {
		uint8_t before[16], masked[16];

		for (i = 0; i < 16; i++)
			before[i] = (uint8_t)(chance_word(&chance) | 0x11);
		memcpy(masked, before, 16);
		prefix_mask(masked, length);
		for (bit = 0; bit < 128; bit++)
			assert_int_equal(bit_of(masked, bit),
				bit < length ? bit_of(before, bit) : 0);
	}
}

static void
text_of_a_prefix_reads_back_as_that_prefix(void **state)
{
	struct chance chance = { 4 };
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct prefix prefix = any_prefix(&chance), again;
		char text[PREFIX_TEXT_MAX];

		prefix_to_text(&prefix, text);
		if (row_text(text, "", prefix_from_text(&again, text) != NULL
		    ? "an error" : ""))
			fail();
		assert_int_equal(again.address.family, prefix.address.family);
		assert_int_equal(again.length, prefix.length);
		assert_memory_equal(again.address.octets,
			prefix.address.octets, 16);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_prefixes_are_read_and_written),
		cmocka_unit_test(bad_prefixes_say_what_was_expected),
		cmocka_unit_test(addresses_are_read_as_inet_pton_reads_them),
		cmocka_unit_test(mapped_addresses_are_ipv4_from_octets_too),
		cmocka_unit_test(no_address_is_written_as_a_question_mark),
		cmocka_unit_test(a_prefix_holds_what_agrees_in_every_bit),
		cmocka_unit_test(a_prefix_holds_no_address_of_the_other_family),
		cmocka_unit_test(masking_clears_every_bit_behind_the_length),
		cmocka_unit_test(text_of_a_prefix_reads_back_as_that_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
