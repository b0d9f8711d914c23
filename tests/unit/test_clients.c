/*
 * test_clients.c - from a source address to its group, by longest prefix.
 */
#include "support.h"

#include "clients.h"

/* The table of the entries, which are sorted and lose their doubles. */
static struct clients *
table_of(struct client_entry *entries, size_t *count)
{
	struct clients *clients;
	size_t i, kept = 0;

	clients_sort(entries, *count);
	for (i = 0; i < *count; i++)
		if (kept == 0 || !clients_same(&entries[kept - 1],
		    &entries[i]))
			entries[kept++] = entries[i];
	*count = kept;
	clients = clients_new(entries, kept);
	assert_non_null(clients);
	return clients;
}

/* The definition: of all prefixes that hold the address, the longest. */
static uint32_t
by_linear_scan(const struct client_entry *entries, size_t count,
	const struct address *address)
{
	const struct client_entry *longest = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (prefix_holds(&entries[i].prefix, address) &&
		    (longest == NULL ||
		    entries[i].prefix.length > longest->prefix.length))
			longest = &entries[i];
	return longest != NULL ? longest->group : CLIENTS_NONE;
}

#define PREFIXES_MAX 6
#define NONE (-1)

struct row {
	const char *row;
	/* The group of a prefix is its index. */
	const char *prefixes[PREFIXES_MAX];
	const char *address;
	int group;
};

#define NESTED { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", \
	"10.1.2.128/25" }
#define NESTED6 { "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64", \
	"2001:db8:1:2::3", "2001:db8:1:2:8000::/65" }
#define HALVES { "10.0.0.0/25", "10.0.0.128/25" }
#define EVERYTHING { "0.0.0.0/0", "::/0" }
#define ENDS4 { "0.0.0.0", "255.255.255.255" }
#define ENDS6 { "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" }

static const struct row rows[] = {
	{ "no prefix, IPv4", { NULL }, "192.0.2.1", NONE },
	{ "no prefix, IPv6", { NULL }, "2001:db8::1", NONE },
	{ "only prefixes of the other family", { "::/0" }, "192.0.2.1", NONE },
	{ "only prefixes of the other family", { "0.0.0.0/0" }, "2001:db8::1",
		NONE },
	{ "the outermost of nested ones", NESTED, "10.2.0.1", 0 },
	{ "the second of nested ones", NESTED, "10.1.3.1", 1 },
	{ "the third of nested ones", NESTED, "10.1.2.4", 2 },
	{ "one address inside", NESTED, "10.1.2.3", 3 },
	{ "behind one address", NESTED, "10.1.2.127", 2 },
	{ "the innermost", NESTED, "10.1.2.128", 4 },
	{ "behind the innermost, back outside", NESTED, "10.1.3.0", 1 },
	{ "before the outermost", NESTED, "9.255.255.255", NONE },
	{ "behind the outermost", NESTED, "11.0.0.0", NONE },
	{ "last of the outermost", NESTED, "10.255.255.255", 0 },
	{ "IPv6: the outermost of nested ones", NESTED6, "2001:db8:2::1", 0 },
	{ "IPv6: the second of nested ones", NESTED6, "2001:db8:1:3::1", 1 },
	{ "IPv6: the third of nested ones", NESTED6, "2001:db8:1:2::4", 2 },
	{ "IPv6: one address inside", NESTED6, "2001:db8:1:2::3", 3 },
	{ "IPv6: the first of the innermost", NESTED6,
		"2001:db8:1:2:8000::", 4 },
	{ "IPv6: the last of the innermost", NESTED6,
		"2001:db8:1:2:ffff:ffff:ffff:ffff", 4 },
	{ "IPv6: before the innermost", NESTED6,
		"2001:db8:1:2:7fff:ffff:ffff:ffff", 2 },
	{ "IPv6: behind the innermost", NESTED6, "2001:db8:1:3::", 1 },
	{ "IPv6: before the outermost", NESTED6,
		"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", NONE },
	{ "IPv6: behind the outermost", NESTED6, "2001:db9::", NONE },
	{ "last of the first neighbour", HALVES, "10.0.0.127", 0 },
	{ "first of the second neighbour", HALVES, "10.0.0.128", 1 },
	{ "behind both neighbours", HALVES, "10.0.1.0", NONE },
	{ "order of writing is no matter", { "10.1.2.3", "10.0.0.0/8",
		"10.1.0.0/16" }, "10.1.2.3", 0 },
	{ "order of writing is no matter", { "10.1.2.3", "10.0.0.0/8",
		"10.1.0.0/16" }, "10.1.2.4", 2 },
	{ "same address, three lengths", { "10.0.0.0", "10.0.0.0/8",
		"10.0.0.0/16" }, "10.0.0.0", 0 },
	{ "same address, three lengths", { "10.0.0.0", "10.0.0.0/8",
		"10.0.0.0/16" }, "10.0.0.1", 2 },
	{ "same address, three lengths", { "10.0.0.0", "10.0.0.0/8",
		"10.0.0.0/16" }, "10.1.0.0", 1 },
	{ "/0 holds the lowest IPv4 address", EVERYTHING, "0.0.0.0", 0 },
	{ "/0 holds the highest IPv4 address", EVERYTHING, "255.255.255.255",
		0 },
	{ "::/0 holds the lowest IPv6 address", EVERYTHING, "::", 1 },
	{ "::/0 holds the highest IPv6 address", EVERYTHING,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1 },
	{ "the lowest address", ENDS4, "0.0.0.0", 0 },
	{ "beside the lowest address", ENDS4, "0.0.0.1", NONE },
	{ "the highest address", ENDS4, "255.255.255.255", 1 },
	{ "beside the highest address", ENDS4, "255.255.255.254", NONE },
	{ "the lowest IPv6 address", ENDS6, "::", 0 },
	{ "beside the lowest IPv6 address", ENDS6, "::1", NONE },
	{ "the highest IPv6 address", ENDS6,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1 },
	{ "beside the highest IPv6 address", ENDS6,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", NONE },
	{ "/0 around one address", { "0.0.0.0/0", "255.255.255.255" },
		"255.255.255.254", 0 },
	{ "a mapped client is an IPv4 client", { "192.0.2.0/24" },
		"::ffff:192.0.2.1", 0 },
	{ "a mapped prefix holds IPv4 clients", { "::ffff:192.0.2.0/120" },
		"192.0.2.1", 0 },
	{ "::/0 holds no mapped client", { "::/0" }, "::ffff:192.0.2.1", NONE },
	{ "an IPv6 prefix around the mapped ones holds none", { "::/64" },
		"::ffff:192.0.2.1", NONE },
	{ "bits are compared beyond the first half of IPv6",
		{ "2001:db8::1:0:0:0/80" }, "2001:db8::2:0:0:0", NONE },
};

static size_t
entries_of(const struct row *r, struct client_entry *entries)
{
	uint32_t i;

	for (i = 0; i < PREFIXES_MAX && r->prefixes[i] != NULL; i++) {
		assert_null(prefix_from_text(&entries[i].prefix,
			r->prefixes[i]));
		entries[i].group = entries[i].tag = i;
	}
	return i;
}

static void
the_longest_prefix_decides(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct client_entry entries[PREFIXES_MAX];
		size_t count = entries_of(&rows[i], entries);
		struct clients *clients = table_of(entries, &count);
		struct address address;
		char row[160];

		snprintf(row, sizeof(row), "%s: %s", rows[i].row,
			rows[i].address);
		assert_int_equal(address_from_text(&address, rows[i].address),
			0);
		wrong += row_number(row, "group", rows[i].group == NONE
			? (long)CLIENTS_NONE : rows[i].group,
			clients_find(clients, &address));
		clients_free(clients);
	}
	assert_int_equal(wrong, 0);
}

static void
no_address_is_in_no_group(void **state)
{
	struct client_entry entries[2];
	size_t count = 2;
	struct clients *clients;
	struct address none;

	(void)state;
	memset(entries, 0, sizeof(entries));
	assert_null(prefix_from_text(&entries[0].prefix, "0.0.0.0/0"));
	assert_null(prefix_from_text(&entries[1].prefix, "::/0"));
	clients = table_of(entries, &count);
	memset(&none, 0, sizeof(none));
	assert_int_equal(clients_find(clients, &none), CLIENTS_NONE);
	clients_free(clients);
}

static void
the_last_group_number_fits(void **state)
{
	struct client_entry entry;
	size_t count = 1;
	struct clients *clients;

	(void)state;
	assert_null(prefix_from_text(&entry.prefix, "2001:db8::1"));
	entry.group = CLIENTS_GROUPS_MAX - 1;
	entry.tag = 0;
	clients = table_of(&entry, &count);
	assert_int_equal(clients_find(clients, &entry.prefix.address),
		CLIENTS_GROUPS_MAX - 1);
	clients_free(clients);
}

static void
equal_prefixes_sort_in_the_order_they_were_written(void **state)
{
	static const char *const texts[] = { "192.0.2.0/24", "192.0.2.0/25",
		"192.0.2.0/24", "::ffff:192.0.2.0/120", "2001:db8::/32" };
	static const uint32_t order[] = { 0, 2, 3, 1, 4 };
	struct client_entry entries[COUNT_OF(texts)];
	uint32_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		assert_null(prefix_from_text(&entries[i].prefix, texts[i]));
		entries[i].group = entries[i].tag = i;
	}
	clients_sort(entries, COUNT_OF(texts));
	for (i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(entries[i].tag, order[i]);
	assert_true(clients_same(&entries[0], &entries[1]));
	assert_true(clients_same(&entries[1], &entries[2]));
	assert_false(clients_same(&entries[2], &entries[3]));
	assert_false(clients_same(&entries[3], &entries[4]));
}

struct carved_row {
	const char *address;
	int group;
	/* The longest prefix; NULL for none. */
	const char *prefix;
};

static void
what_is_carved_out_is_in_no_group_and_has_its_prefix(void **state)
{
	/* A prefix with a '-' is carved out, the others are in a group each. */
	static const char *const texts[] = { "10.0.0.0/8", "-10.1.0.0/16",
		"10.1.2.0/24", "-10.1.2.3", "-192.0.2.0/24", "2001:db8::/32",
		"-2001:db8:1::/48", "2001:db8:1:2::/64" };
	static const struct carved_row carved_rows[] = {
		{ "10.2.0.1", 0, "10.0.0.0/8" },
		{ "10.1.0.1", NONE, "10.1.0.0/16" },
		{ "10.1.2.4", 2, "10.1.2.0/24" },
		{ "10.1.2.3", NONE, "10.1.2.3/32" },
		{ "192.0.2.1", NONE, "192.0.2.0/24" },
		{ "192.0.3.1", NONE, NULL },
		{ "2001:db8:2::1", 5, "2001:db8::/32" },
		{ "2001:db8:1::1", NONE, "2001:db8:1::/48" },
		{ "2001:db8:1:2::1", 7, "2001:db8:1:2::/64" },
		{ "2001:db9::1", NONE, NULL },
	};
	struct client_entry entries[COUNT_OF(texts)];
	size_t i, count = COUNT_OF(texts), counts[COUNT_OF(texts)];
	struct clients *clients;
	int wrong = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		int carved = texts[i][0] == '-';

		assert_null(prefix_from_text(&entries[i].prefix,
			texts[i] + carved));
		entries[i].tag = (uint32_t)i;
		entries[i].group = carved ? CLIENTS_NONE : (uint32_t)i;
	}
	clients = table_of(entries, &count);
	for (i = 0; i < COUNT_OF(carved_rows); i++) {
		const struct carved_row *row = &carved_rows[i];
		long group = row->group == NONE ? (long)CLIENTS_NONE
			: row->group;
		struct prefix prefix, whole;
		char text[PREFIX_TEXT_MAX];

		assert_null(prefix_from_text(&whole, row->address));
		wrong += row_number(row->address, "group", group,
			clients_find(clients, &whole.address));
		wrong += row_number(row->address, "group and prefix", group,
			clients_find_prefix(clients, &whole.address, &prefix));
		prefix_to_text(&prefix, text);
		wrong += row_text(row->address, row->prefix != NULL
			? row->prefix : "?/0", text);
		wrong += row_number(row->address, "family is none",
			row->prefix == NULL,
			prefix.address.family == ADDRESS_NONE);
		wrong += row_number(row->address, "group around", group,
			clients_find_around(clients, &whole));
	}
	assert_int_equal(wrong, 0);
	memset(counts, 0, sizeof(counts));
	clients_count(clients, counts, COUNT_OF(counts));
	for (i = 0; i < COUNT_OF(counts); i++)
		assert_int_equal(counts[i], texts[i][0] != '-');
	clients_free(clients);
}

static void
nothing_is_freed_without_complaint(void **state)
{
	(void)state;
	clients_free(NULL);
}

/* Sets the bits behind LENGTH to any. */
static void
any_bits_behind(struct chance *chance, struct address *address,
	unsigned length)
{
	unsigned bits = address->family == ADDRESS_IP4 ? 32 : 128, bit;

	for (bit = length; bit < bits; bit++)
		if (chance_below(chance, 2))
			address->octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

/* Grows a prefix from one that is there already, so that they nest deeply. */
static struct client_entry
any_entry(struct chance *chance, const struct client_entry *before,
	uint32_t count, enum address_family family)
{
	struct client_entry entry;
	unsigned bits = family == ADDRESS_IP4 ? 32 : 128;

	memset(&entry, 0, sizeof(entry));
	entry.prefix.address.family = family;
	entry.prefix.length = 12; /* leaves most addresses in no group */
	if (count > 0 && chance_below(chance, 8) > 0)
		entry.prefix = before[chance_below(chance, count)].prefix;
	else
		any_bits_behind(chance, &entry.prefix.address, 0);
	any_bits_behind(chance, &entry.prefix.address, entry.prefix.length);
	entry.prefix.length += chance_below(chance, 9);
	if (entry.prefix.length > bits)
		entry.prefix.length = bits;
	prefix_mask(entry.prefix.address.octets, entry.prefix.length);
	entry.group = chance_below(chance, 5) == 0 ? CLIENTS_NONE : count;
	entry.tag = count;
	return entry;
}

/* The address before or behind all of a prefix. */
static void
step_outside(const struct prefix *prefix, int behind, struct address *address)
{
	unsigned bits = prefix->address.family == ADDRESS_IP4 ? 32 : 128, bit;

	*address = prefix->address;
	if (behind)
		for (bit = prefix->length; bit < bits; bit++)
			address->octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	for (bit = bits; bit-- > 0;) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		address->octets[bit / 8] ^= mask;
		if (((address->octets[bit / 8] & mask) != 0) == behind)
			return; /* nothing to carry */
	}
}

/* The definition: of all prefixes that hold all of PREFIX, the longest. */
static uint32_t
around_by_linear_scan(const struct client_entry *entries, size_t count,
	const struct prefix *prefix)
{
	const struct client_entry *longest = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (prefix_holds(&entries[i].prefix, &prefix->address) &&
		    entries[i].prefix.length <= prefix->length &&
		    (longest == NULL ||
		    entries[i].prefix.length > longest->prefix.length))
			longest = &entries[i];
	return longest != NULL ? longest->group : CLIENTS_NONE;
}

/* Of prefixes of the table, and of longer and shorter ones than they are.
 * Returns how many have one around them. */
static unsigned
any_prefixes_around(struct chance *chance, const struct clients *clients,
	const struct client_entry *entries, size_t count)
{
	unsigned i, found = 0;

	for (i = 0; i < 3000; i++) {
		struct prefix prefix = entries[chance_below(chance,
			(unsigned)count)].prefix;
		unsigned bits = prefix.address.family == ADDRESS_IP4 ? 32 : 128;
		unsigned step = chance_below(chance, 12);
		uint32_t group;

		if (chance_below(chance, 2))
			prefix.length -= step < prefix.length ? step
				: prefix.length;
		else
			any_bits_behind(chance, &prefix.address, prefix.length);
		if (prefix.length + step <= bits && chance_below(chance, 2))
			prefix.length += step;
		prefix_mask(prefix.address.octets, prefix.length);
		group = around_by_linear_scan(entries, count, &prefix);
		assert_int_equal(clients_find_around(clients, &prefix), group);
		found += group != CLIENTS_NONE;
	}
	return found;
}

static void
assert_entries(const struct clients *clients,
	const struct client_entry *entries, size_t count)
{
	struct client_entry entry;
	size_t i;

	for (i = 0; i < count; i++) {
		assert_int_equal(clients_entry(clients, i, &entry), 0);
		assert_true(clients_same(&entry, &entries[i]));
		assert_int_equal(entry.group, entries[i].group);
		assert_int_equal(entry.tag, 0);
	}
	assert_int_equal(clients_entry(clients, count, &entry), -1);
	assert_int_equal(clients_entry(clients, SIZE_MAX, &entry), -1);
}

static void
random_tables_agree_with_a_linear_scan(struct chance *chance,
	enum address_family family)
{
	enum { ENTRIES = 3000, LOOKUPS = 6000 };
	struct client_entry *entries = calloc(ENTRIES, sizeof(*entries));
	struct clients *clients;
	size_t i, count = ENTRIES;
	unsigned found = 0, missed = 0;

	assert_non_null(entries);
	for (i = 0; i < ENTRIES; i++)
		entries[i] = any_entry(chance, entries, (uint32_t)i, family);
	clients = table_of(entries, &count);
	for (i = 0; i < LOOKUPS; i++) {
		const struct prefix *prefix = &entries[chance_below(chance,
			(unsigned)count)].prefix;
		struct address address = prefix->address;
		unsigned way = chance_below(chance, 4);
		uint32_t group;

		if (way < 2)
			step_outside(prefix, (int)way, &address);
		else
			any_bits_behind(chance, &address,
				way == 2 ? prefix->length : 0);
		group = by_linear_scan(entries, count, &address);
		assert_int_equal(clients_find(clients, &address), group);
		found += group != CLIENTS_NONE;
		missed += group == CLIENTS_NONE;
	}
	assert_true(found > LOOKUPS / 10);
	assert_true(missed > LOOKUPS / 100);
	assert_entries(clients, entries, count);
	found = any_prefixes_around(chance, clients, entries, count);
	assert_in_range(found, 300, 2990);
	clients_free(clients);
	free(entries);
}

static void
both_families_are_told_in_the_order_of_sorting(void **state)
{
	static const char *const texts[] = { "::/0", "10.0.0.0/8", "0.0.0.0/0",
		"10.0.0.0/24", "::/64", "255.0.0.0/8" };
	struct client_entry entries[COUNT_OF(texts)];
	size_t i, count = COUNT_OF(texts);
	struct clients *clients;
	struct prefix prefix;

	(void)state;
	memset(entries, 0, sizeof(entries));
	for (i = 0; i < COUNT_OF(texts); i++) {
		assert_null(prefix_from_text(&entries[i].prefix, texts[i]));
		entries[i].group = (uint32_t)i;
	}
	clients = table_of(entries, &count);
	assert_int_equal(count, COUNT_OF(texts));
	assert_entries(clients, entries, count);
	memset(&prefix, 0, sizeof(prefix));
	assert_int_equal(clients_find_around(clients, &prefix), CLIENTS_NONE);
	clients_free(clients);
}

static void
nested_ipv4_prefixes_agree_with_a_linear_scan(void **state)
{
	struct chance chance = { 11 };

	(void)state;
	random_tables_agree_with_a_linear_scan(&chance, ADDRESS_IP4);
	random_tables_agree_with_a_linear_scan(&chance, ADDRESS_IP4);
}

static void
nested_ipv6_prefixes_agree_with_a_linear_scan(void **state)
{
	struct chance chance = { 12 };

	(void)state;
	random_tables_agree_with_a_linear_scan(&chance, ADDRESS_IP6);
	random_tables_agree_with_a_linear_scan(&chance, ADDRESS_IP6);
}

static void
every_length_from_0_to_128_nests_in_the_one_before(void **state)
{
	static const struct {
		enum address_family family;
		unsigned bits;
	} families[] = { { ADDRESS_IP4, 32 }, { ADDRESS_IP6, 128 } };
	size_t f;

	(void)state;
	for (f = 0; f < COUNT_OF(families); f++) {
		struct client_entry entries[129];
		size_t count = families[f].bits + 1;
		struct clients *clients;
		unsigned length;

		memset(entries, 0, sizeof(entries));
		for (length = 0; length < count; length++) {
			struct client_entry *entry = &entries[length];

			entry->prefix.address.family = families[f].family;
			memset(entry->prefix.address.octets, 0xff,
				families[f].bits / 8);
			prefix_mask(entry->prefix.address.octets, length);
			entry->prefix.length = length;
			entry->group = length;
		}
		clients = table_of(entries, &count);
		assert_int_equal(count, families[f].bits + 1);
		/* With bit I cleared the address leaves all longer than I. */
		for (length = 0; length < families[f].bits; length++) {
			struct address address = entries[count - 1].prefix
				.address;

			address.octets[length / 8] ^=
				(uint8_t)(0x80 >> length % 8);
			assert_int_equal(clients_find(clients, &address),
				length);
		}
		assert_int_equal(clients_find(clients,
			&entries[count - 1].prefix.address),
			families[f].bits);
		clients_free(clients);
	}
}

/* Tables of a few prefixes: most addresses are known by their first bits. */
static void
small_tables_agree_with_a_linear_scan(void **state)
{
	struct chance chance = { 13 };
	unsigned round, i;

	(void)state;
	for (round = 0; round < 1000; round++) {
		struct client_entry entries[20];
		size_t count = 1 + chance_below(&chance, COUNT_OF(entries));
		struct clients *clients;

		for (i = 0; i < count; i++)
			entries[i] = any_entry(&chance, entries, i, round % 2
				? ADDRESS_IP4 : ADDRESS_IP6);
		clients = table_of(entries, &count);
		for (i = 0; i < 100; i++) {
			const struct prefix *prefix = &entries[chance_below(
				&chance, (unsigned)count)].prefix;
			struct address address = prefix->address;
			unsigned way = chance_below(&chance, 5);

			if (way < 2)
				step_outside(prefix, (int)way, &address);
			else if (way < 4)
				any_bits_behind(&chance, &address, way == 2
					? prefix->length : 0);
			assert_int_equal(clients_find(clients, &address),
				by_linear_scan(entries, count, &address));
		}
		clients_free(clients);
	}
}

/* COUNT prefixes, STEP addresses from one to the next. */
static struct clients *
many_clients(size_t count, enum address_family family, uint64_t step)
{
	struct client_entry *entries = calloc(count, sizeof(*entries));
	struct clients *clients;
	size_t i, kept = count, k;

	assert_non_null(entries);
	for (i = 0; i < count; i++) {
		struct client_entry *entry = &entries[i];
		uint64_t at = i * step;

		entry->prefix.address.family = family;
		entry->prefix.length = family == ADDRESS_IP4 ? 32 : 64;
		for (k = 0; k < (family == ADDRESS_IP4 ? 4 : 8); k++)
			entry->prefix.address.octets[k] = (uint8_t)(at >>
				((family == ADDRESS_IP4 ? 24 : 56) - 8 * k));
		entry->group = (uint32_t)i;
		entry->tag = (uint32_t)i;
	}
	clients = table_of(entries, &kept);
	assert_int_equal(kept, count);
	free(entries);
	return clients;
}

static void
a_prefix_takes_32_octets(void **state)
{
	static const struct {
		size_t count;
		enum address_family family;
		uint64_t step;
	} cases[] = {
		{ 1000, ADDRESS_IP4, 1 },
		{ 200000, ADDRESS_IP4, 1 },
		{ 200000, ADDRESS_IP4, 2 },
		{ 200000, ADDRESS_IP4, 20000 },
		{ 200000, ADDRESS_IP6, 1 },
		{ 200000, ADDRESS_IP6, (uint64_t)1 << 45 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		size_t count = cases[i].count;
		struct clients *clients = many_clients(count, cases[i].family,
			cases[i].step);
		struct client_entry entry;

		assert_in_range(clients_memory(clients), 1, 32 * count);
		for (k = 0; k < count; k += 7) {
			assert_int_equal(clients_entry(clients, k, &entry), 0);
			assert_int_equal(clients_find(clients,
				&entry.prefix.address), k);
		}
		clients_free(clients);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_decides),
		cmocka_unit_test(no_address_is_in_no_group),
		cmocka_unit_test(the_last_group_number_fits),
		cmocka_unit_test(
			equal_prefixes_sort_in_the_order_they_were_written),
		cmocka_unit_test(
			what_is_carved_out_is_in_no_group_and_has_its_prefix),
		cmocka_unit_test(nothing_is_freed_without_complaint),
		cmocka_unit_test(
			both_families_are_told_in_the_order_of_sorting),
		cmocka_unit_test(nested_ipv4_prefixes_agree_with_a_linear_scan),
		cmocka_unit_test(nested_ipv6_prefixes_agree_with_a_linear_scan),
		cmocka_unit_test(
			every_length_from_0_to_128_nests_in_the_one_before),
		cmocka_unit_test(small_tables_agree_with_a_linear_scan),
		cmocka_unit_test(a_prefix_takes_32_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
