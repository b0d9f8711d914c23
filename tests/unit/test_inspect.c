/*
 * test_inspect.c - inspect.h: which records an allowed answer may have.
 */
#include "support.h"

#include <arpa/inet.h>

#include "inspect.h"
#include "pattern.h"

#define POLICY "bitsink.conf"
#define NOW 1000000000 /* a Sunday, 01:46:40 in UTC */
#define LATER (NOW + 3600)

/* What a finding is not, so that it shows whether it was filled. */
#define UNTOUCHED 0xa5

/* A policy with one group, and what is allowed besides it. */
struct bench {
	struct loaded loaded;
	struct grants *grants;
	struct followed *followed;
};

/* Loads what its caller has written. */
static struct bench
bench_load(void)
{
	static const struct names_key key = { { 1, 2 } };
	struct bench bench;

	bench.loaded = load_good(POLICY);
	bench.grants = grants_new();
	bench.followed = followed_new(&key);
	assert_non_null(bench.grants);
	assert_non_null(bench.followed);
	return bench;
}

static struct bench
bench_of(const char *policy)
{
	write_text(POLICY, policy);
	return bench_load();
}

static void
bench_free(struct bench *bench)
{
	grants_free(bench->grants);
	followed_free(bench->followed);
	unload(&bench->loaded);
}

/* Octets are in a block of their own, so that reading behind them is seen. */
static int
inspect(const struct bench *bench, int64_t now, unsigned type,
	const void *octets, size_t length, struct finding *finding)
{
	const struct policy *policy = bench->loaded.policy;
	const struct exceptions exceptions = { bench->grants,
		bench->followed };
	uint8_t *rdata = malloc(length > 0 ? length : 1);
	int passes;

	assert_non_null(rdata);
	memcpy(rdata, octets, length);
	memset(finding, UNTOUCHED, sizeof(*finding));
	passes = inspect_record(policy, &policy->groups[0], &exceptions, now,
		(uint16_t)type, rdata, length, finding);
	free(rdata);
	return passes;
}

/* What was found as a word, and the line of the rule, or 0. */
static int
row_found(const char *row, const char *expected, unsigned line, int passes,
	const struct finding *finding)
{
	struct finding untouched;
	int wrong = row_text(row, expected,
		passes ? "passes" : reason_word(finding->reason));

	memset(&untouched, UNTOUCHED, sizeof(untouched));
	if (passes)
		return wrong + row_number(row, "what was written", 0,
			memcmp(finding, &untouched, sizeof(untouched)));
	wrong += row_number(row, "line", line, finding->rule.line);
	wrong += row_number(row, "file", line != 0,
		finding->rule.file != NULL);
	if (line != 0)
		wrong += row_text(row, POLICY, finding->rule.file);
	return wrong;
}

static int
row_target(const char *row, const uint8_t *wire, size_t length,
	const struct finding *finding)
{
	return row_octets(row, wire, length, finding->target,
		finding->target_len) +
		row_number(row, "family of an address", ADDRESS_NONE,
			finding->address.family);
}

/* Neither a name nor an address. */
static int
row_nothing(const char *row, const struct finding *finding)
{
	return row_target(row, finding->target, 0, finding);
}

/* --- Targets of CNAMEs. */

static const char chains[] =
	"group:\n"					/* 1 */
	"  name: update\n"
	"  client: 192.0.2.0/24\n"
	"  allow: \".allowed.example\"\n"
	"  deny: \".denied.allowed.example\"\n"		/* 5 */
	"  allow: \"but.denied.allowed.example\"\n"
	"  deny: \"*.cdn.example\"\n"
	"  quiet: \".quiet.example\"\n"
	"  quiet: \".quiet-chain.example\"\n"
	"  allow-types: A\n"				/* 10 */
	"  follow-chain: yes\n"
	"  chain: inspect\n"
	"  chain-allow: \".chain.example\"\n"
	"  chain-allow: \".edge-*.example\"\n"
	"  chain-allow: \".quiet-chain.example\"\n"	/* 15 */
	"  chain-allow: \"*.denied.allowed.example\"\n"
	"  chain-allow: \"very.special.cdn.example\"\n"
	"  window: \"Sun 02:00-03:00\"\n"
	"  window-allow: \".night.example\"\n";

static const struct {
	const char *row;
	const char *target;
	const char *found;
	unsigned line;
} targets[] = {
	{ "an allowed name", "www.allowed.example", "passes", 0 },
	{ "in another case", "WWW.aLLowed.Example", "passes", 0 },
	{ "an allow in a deny", "but.denied.allowed.example", "passes", 0 },
	{ "a denied name", "x.denied.allowed.example", "chain", 5 },
	{ "a name that is not listed", "evil.example", "chain", 0 },
	{ "and in another case", "eVil.Example", "chain", 0 },
	{ "the root", ".", "chain", 0 },
	{ "a quiet name", "a.quiet.example", "chain", 0 },
	{ "a quiet name of chain-allow", "a.quiet-chain.example", "passes",
		0 },
	{ "a name of chain-allow", "a.b.chain.example", "passes", 0 },
	{ "chain-allow itself", "chain.example", "passes", 0 },
	{ "beside chain-allow", "xchain.example", "chain", 0 },
	{ "chain-allow with a wildcard", "a.edge-7.example", "passes", 0 },
	{ "a deny as specific as chain-allow", "y.denied.allowed.example",
		"chain", 5 },
	{ "a deny less specific than chain-allow", "very.special.cdn.example",
		"chain", 7 },
	{ "above a deny", "cdn.example", "chain", 0 },
	{ "a name of a closed window", "a.night.example", "chain", 0 },
};

static void
targets_are_what_the_group_may_ask_for_or_chain_allow(void **state)
{
	struct bench bench = bench_of(chains);
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(targets); i++) {
		const char *row = targets[i].row;
		uint8_t wire[NAME_OCTETS_MAX];
		size_t length = wire_of(targets[i].target, wire);
		struct finding finding;
		int passes = inspect(&bench, NOW, RRTYPE_CNAME, wire, length,
			&finding);

		wrong += row_found(row, targets[i].found, targets[i].line,
			passes, &finding);
		if (!passes)
			wrong += row_target(row, wire, length, &finding);
	}
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

/* Whether a CNAME with that target passes at that time. */
static int
target_passes(const struct bench *bench, const char *target, int64_t now)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct finding finding;

	return inspect(bench, now, RRTYPE_CNAME, wire, wire_of(target, wire),
		&finding);
}

static void
an_open_window_counts_for_targets(void **state)
{
	struct bench bench = bench_of(chains);

	(void)state;
	assert_false(target_passes(&bench, "a.night.example", NOW));
	assert_true(target_passes(&bench, "a.night.example", LATER));
	assert_false(target_passes(&bench, "a.night.example", LATER + 3600));
	bench_free(&bench);
}

static void
a_grant_allows_a_target_until_it_ends_but_none_denied(void **state)
{
	struct bench bench = bench_of(chains);

	(void)state;
	assert_int_equal(grants_add(bench.grants, "update", ".vendor.example",
		NOW, NOW + 60), 0);
	assert_int_equal(grants_add(bench.grants, "update",
		"x.denied.allowed.example", NOW, NOW + 60), 0);
	assert_int_equal(grants_add(bench.grants, "other", "evil.example",
		NOW, NOW + 60), 0);
	assert_true(target_passes(&bench, "a.vendor.example", NOW));
	assert_true(target_passes(&bench, "a.vendor.example", NOW + 59));
	assert_false(target_passes(&bench, "a.vendor.example", NOW + 60));
	assert_false(target_passes(&bench, "x.denied.allowed.example", NOW));
	assert_false(target_passes(&bench, "evil.example", NOW));
	bench_free(&bench);
}

static void
a_followed_name_is_allowed_as_a_target_while_it_lives(void **state)
{
	struct name question = name_of("www.allowed.example");
	struct name target = name_of("a.followed.example");
	struct name denied = name_of("x.denied.allowed.example");
	struct bench bench = bench_of(chains);

	(void)state;
	followed_add(bench.followed, "update", &question, &target, NOW,
		NOW + 60);
	followed_add(bench.followed, "update", &question, &denied, NOW,
		NOW + 60);
	assert_true(target_passes(&bench, "A.Followed.example", NOW));
	assert_true(target_passes(&bench, "a.followed.example", NOW + 60));
	assert_false(target_passes(&bench, "a.followed.example", NOW + 61));
	assert_false(target_passes(&bench, "x.denied.allowed.example", NOW));
	bench_free(&bench);
}

static void
what_was_followed_counts_only_where_the_group_follows(void **state)
{
	struct name question = name_of("www.allowed.example");
	struct name target = name_of("a.followed.example");
	struct bench bench = bench_of("group:\n  name: update\n"
		"  client: 192.0.2.0/24\n  allow: \".allowed.example\"\n"
		"  chain: inspect\n");

	(void)state;
	followed_add(bench.followed, "update", &question, &target, NOW,
		NOW + 60);
	assert_false(target_passes(&bench, "a.followed.example", NOW));
	bench_free(&bench);
}

static void
without_exceptions_the_policy_alone_counts(void **state)
{
	static const struct exceptions none;
	struct bench bench = bench_of(chains);
	const struct policy *policy = bench.loaded.policy;
	struct name allowed = name_of("www.allowed.example");
	struct name other = name_of("evil.example");
	struct finding finding;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct exceptions *exceptions = i == 0 ? &none : NULL;

		assert_true(inspect_record(policy, &policy->groups[0],
			exceptions, NOW, RRTYPE_CNAME, allowed.octets,
			allowed.length, &finding));
		assert_false(inspect_record(policy, &policy->groups[0],
			exceptions, NOW, RRTYPE_CNAME, other.octets,
			other.length, &finding));
	}
	bench_free(&bench);
}

static const struct {
	const char *row;
	const char *octets;
	size_t length;
} no_names[] = {
	{ "nothing", "", 0 },
	{ "no root label", "\3www", 4 },
	{ "a label that is cut short", "\3ww", 3 },
	{ "octets behind the name", "\3www\7allowed\7example\0x", 22 },
	{ "two names", "\0\0", 2 },
	{ "a compression pointer", "\3www\300\014", 6 },
	{ "a pointer alone", "\300\014", 2 },
	{ "a label of 64 octets", "\100", 1 },
};

static void
a_target_that_is_no_whole_name_is_no_answer(void **state)
{
	struct bench bench = bench_of(chains);
	uint8_t longest[NAME_OCTETS_MAX + 1];
	struct finding finding;
	int wrong = 0, passes;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(no_names); i++) {
		passes = inspect(&bench, NOW, RRTYPE_CNAME, no_names[i].octets,
			no_names[i].length, &finding);
		wrong += row_found(no_names[i].row, "answer", 0, passes,
			&finding);
		wrong += row_nothing(no_names[i].row, &finding);
	}
	/* 127 labels of one octet are a name; one octet more is none. */
	for (i = 0; i < NAME_OCTETS_MAX; i++)
		longest[i] = i % 2 == 0 ? 1 : 'a';
	longest[NAME_OCTETS_MAX - 1] = 0;
	passes = inspect(&bench, NOW, RRTYPE_CNAME, longest, NAME_OCTETS_MAX,
		&finding);
	wrong += row_found("the longest name", "chain", 0, passes, &finding);
	wrong += row_target("the longest name", longest, NAME_OCTETS_MAX,
		&finding);
	longest[NAME_OCTETS_MAX - 1] = 1;
	longest[NAME_OCTETS_MAX] = 0;
	passes = inspect(&bench, NOW, RRTYPE_CNAME, longest, sizeof(longest),
		&finding);
	wrong += row_found("a name that is too long", "answer", 0, passes,
		&finding);
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

/* --- Addresses. */

static const char addresses[] =
	"group:\n"					/* 1 */
	"  name: update\n"
	"  client: 192.0.2.0/24\n"
	"  allow: \"*\"\n"
	"  answer-deny: 10.0.0.0/8\n"			/* 5 */
	"  answer-allow: 10.1.0.0/16\n"
	"  answer-deny: 10.1.2.3\n"
	"  answer-deny: ::ffff:192.168.0.0/112\n"
	"  answer-deny: fc00::/7\n"
	"  answer-allow: fd00:1::/32\n"			/* 10 */
	"  answer-allow: 64:ff9b::/96\n"
	"  answer-deny: 64:ff9b::198.51.100.0/120\n"
	"  answer-deny: 127.0.0.0/8\n"
	"  answer-deny: 0.0.0.0\n"
	"  answer-deny: ::1\n";				/* 15 */

static const struct {
	const char *address;
	const char *found;
	unsigned line;
} judged[] = {
	{ "192.0.2.1", "passes", 0 },
	{ "9.255.255.255", "passes", 0 },
	{ "10.0.0.0", "address", 5 },
	{ "10.255.255.255", "address", 5 },
	{ "11.0.0.0", "passes", 0 },
	{ "10.1.2.2", "passes", 0 },
	{ "10.1.2.3", "address", 7 },
	{ "192.168.7.7", "address", 8 },
	{ "192.169.0.0", "passes", 0 },
	/* No IPv4 address stands for another one. */
	{ "32.2.10.9", "passes", 0 },
	{ "2001:db8::1", "passes", 0 },
	{ "fc00::1", "address", 9 },
	{ "fd00:1::1", "passes", 0 },
	{ "fd00:2::1", "address", 9 },
	{ "fe00::", "passes", 0 },
	/* Mapped ones are IPv4. */
	{ "::ffff:10.9.9.9", "address", 5 },
	{ "::ffff:10.1.9.9", "passes", 0 },
	/* A translator: an allow of its prefix is none of what is inside, and
	 * the other way round. */
	{ "64:ff9b::192.0.2.1", "passes", 0 },
	{ "64:ff9b::10.9.9.9", "address", 5 },
	{ "64:ff9b::10.1.2.2", "passes", 0 },
	{ "64:ff9b::198.51.100.7", "address", 12 },
	{ "64:ff9b:0:1::10.9.9.9", "passes", 0 },
	{ "64:ff9c::10.9.9.9", "passes", 0 },
	/* A site's own prefix is not known. */
	{ "64:ff9b:1::10.9.9.9", "passes", 0 },
	/* IPv4-compatible. */
	{ "::10.9.9.9", "address", 5 },
	{ "::10.1.9.9", "passes", 0 },
	{ "::", "address", 14 },
	{ "::1", "address", 15 },
	{ "::2", "passes", 0 },
	{ "::1:0:10.9.9.9", "passes", 0 },
	{ "::ffff:0:10.9.9.9", "passes", 0 },
	/* 6to4. */
	{ "2002:a09:909::1", "address", 5 },
	{ "2002:a01:909::", "passes", 0 },
	{ "2002:a01:203:1:2:3:4:5", "address", 7 },
	{ "2003:a09:909::1", "passes", 0 },
	/* Teredo has the client's address turned over. */
	{ "2001::f5f6:f6f6", "address", 5 },
	{ "2001:0:c000:201:8000:63bf:f5f6:f6f6", "address", 5 },
	{ "2001:0:c000:201:8000:63bf:f5fe:f6f6", "passes", 0 },
	{ "2001:0:a09:909:8000:63bf:3fff:fdfe", "passes", 0 },
	{ "2001:1:c000:201:8000:63bf:f5f6:f6f6", "passes", 0 },
	/* ISATAP, under any prefix. */
	{ "2001:db8::5efe:10.9.9.9", "address", 5 },
	{ "2001:db8::200:5efe:10.9.9.9", "address", 5 },
	{ "fe80::5efe:192.168.0.1", "address", 8 },
	{ "fe80::200:5efe:10.1.2.3", "address", 7 },
	{ "fe80::5efe:10.1.2.4", "passes", 0 },
	{ "fe80::100:5efe:10.9.9.9", "passes", 0 },
	{ "fe80::5eff:10.9.9.9", "passes", 0 },
	/* Two at once. */
	{ "2002:c000:201::5efe:10.9.9.9", "address", 5 },
	{ "2002:a01:909::5efe:10.1.9.9", "passes", 0 },
};

/* The address as an A or AAAA record: the type, and its octets. */
static unsigned
record_of(const char *text, uint8_t octets[16], size_t *length)
{
	if (inet_pton(AF_INET, text, octets) == 1) {
		*length = 4;
		return RRTYPE_A;
	}
	*length = 16;
	return inet_pton(AF_INET6, text, octets) == 1 ? RRTYPE_AAAA : 0;
}

/* The address that was found is that of the record. */
static int
row_address(const char *row, const char *text, const struct finding *finding)
{
	char found[PREFIX_TEXT_MAX], expected[PREFIX_TEXT_MAX];
	struct address address;

	assert_int_equal(address_from_text(&address, text), 0);
	address_to_text(&address, expected);
	address_to_text(&finding->address, found);
	return row_text(row, expected, found) +
		row_number(row, "octets of a target", 0, finding->target_len);
}

static void
an_address_and_what_it_stands_for_are_judged(void **state)
{
	struct bench bench = bench_of(addresses);
	struct finding finding;
	uint8_t octets[16];
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(judged); i++) {
		const char *text = judged[i].address;
		size_t length;
		unsigned type = record_of(text, octets, &length);
		int passes;

		assert_int_not_equal(type, 0);
		passes = inspect(&bench, NOW, type, octets, length, &finding);
		wrong += row_found(text, judged[i].found, judged[i].line,
			passes, &finding);
		if (!passes)
			wrong += row_address(text, text, &finding);
	}
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

static void
a_record_of_another_length_is_no_address(void **state)
{
	static const uint8_t octets[64];
	struct bench bench = bench_of(addresses);
	struct finding finding;
	int wrong = 0, passes;
	size_t length;
	char row[32];

	(void)state;
	for (length = 0; length <= sizeof(octets); length++) {
		snprintf(row, sizeof(row), "A of %zu octets", length);
		passes = inspect(&bench, NOW, RRTYPE_A, octets, length,
			&finding);
		wrong += row_found(row, length == 4 ? "address" : "answer",
			length == 4 ? 14 : 0, passes, &finding);
		snprintf(row, sizeof(row), "AAAA of %zu octets", length);
		passes = inspect(&bench, NOW, RRTYPE_AAAA, octets, length,
			&finding);
		wrong += row_found(row, length == 16 ? "address" : "answer",
			length == 16 ? 14 : 0, passes, &finding);
	}
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

/* --- SVCB and HTTPS. */

/* The first octets of a record: priority 1, the target as the owner's name. */
#define SELF "\0\1\0"
#define ALPN "\0\1\0\3\2h2"
#define HINT4 "\0\4\0\4"
#define HINT6 "\0\6\0\20"
#define GOOD4 "\300\0\2\1"
#define BAD4 "\12\11\11\11"
#define GOOD6 "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define BAD6 "\xfc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define BAD6_INSIDE "\0\x64\xff\x9b\0\0\0\0\0\0\0\0\12\11\11\11"

/* A row of octets, without the NUL at their end. */
#define OCTETS(text) (text), sizeof(text) - 1

static const struct {
	const char *row;
	const char *octets;
	size_t length;
	const char *found;
	unsigned line;
	const char *address;
} services[] = {
	{ "a target alone", OCTETS(SELF), "passes", 0, NULL },
	{ "an alias, whose target the client asks for",
		OCTETS("\0\0\4evil\7example\0"), "passes", 0, NULL },
	{ "parameters", OCTETS(SELF ALPN), "passes", 0, NULL },
	{ "hints", OCTETS(SELF ALPN HINT4 GOOD4 HINT6 GOOD6), "passes", 0,
		NULL },
	{ "a denied hint", OCTETS(SELF HINT4 BAD4), "address", 5,
		"10.9.9.9" },
	{ "a denied IPv6 hint", OCTETS(SELF HINT6 BAD6), "address", 9,
		"fc00::1" },
	{ "an IPv6 hint that stands for a denied IPv4 one",
		OCTETS(SELF HINT6 BAD6_INSIDE), "address", 5,
		"64:ff9b::10.9.9.9" },
	{ "a denied hint behind a good one",
		OCTETS(SELF "\0\4\0\10" GOOD4 BAD4), "address", 5,
		"10.9.9.9" },
	{ "a denied IPv6 hint behind a good one",
		OCTETS(SELF "\0\6\0\40" GOOD6 BAD6), "address", 9,
		"fc00::1" },
	{ "two denied hints, of which the first is told",
		OCTETS(SELF HINT4 BAD4 HINT6 BAD6), "address", 5,
		"10.9.9.9" },
	{ "a denied hint of an alias", OCTETS("\0\0\1x\0" HINT4 BAD4),
		"address", 5, "10.9.9.9" },
	{ "a denied hint before a mistake",
		OCTETS(SELF HINT4 BAD4 HINT4 GOOD4), "address", 5,
		"10.9.9.9" },
	{ "a mistake before a denied hint",
		OCTETS(SELF ALPN ALPN HINT4 BAD4), "answer", 0, NULL },
	{ "the octets of a denied one in another parameter",
		OCTETS(SELF "\0\7\0\4" BAD4), "passes", 0, NULL },
	{ "the last key", OCTETS(SELF "\377\377\0\0"), "passes", 0, NULL },
	{ "the last key twice", OCTETS(SELF "\377\377\0\0\377\377\0\0"),
		"answer", 0, NULL },
	{ "a parameter without a value", OCTETS(SELF "\0\2\0\0"), "passes", 0,
		NULL },
	{ "the first key", OCTETS(SELF "\0\0\0\2\0\4" HINT4 GOOD4), "passes",
		0, NULL },
	{ "nothing", OCTETS(""), "answer", 0, NULL },
	{ "half a priority", OCTETS("\0"), "answer", 0, NULL },
	{ "no target", OCTETS("\0\1"), "answer", 0, NULL },
	{ "a target that is cut short", OCTETS("\0\1\3ww"), "answer", 0,
		NULL },
	{ "a target without the root label", OCTETS("\0\1\3www"), "answer", 0,
		NULL },
	{ "a target with a compression pointer", OCTETS("\0\1\300\14"),
		"answer", 0, NULL },
	{ "half a key", OCTETS(SELF "\0"), "answer", 0, NULL },
	{ "no length", OCTETS(SELF "\0\1"), "answer", 0, NULL },
	{ "half a length", OCTETS(SELF "\0\1\0"), "answer", 0, NULL },
	{ "a value that is cut short", OCTETS(SELF "\0\1\0\3\2h"), "answer",
		0, NULL },
	{ "a length beyond all", OCTETS(SELF "\0\4\377\374" GOOD4), "answer",
		0, NULL },
	{ "octets behind the parameters", OCTETS(SELF ALPN "\0"), "answer", 0,
		NULL },
	{ "a key twice", OCTETS(SELF HINT4 GOOD4 HINT4 GOOD4), "answer", 0,
		NULL },
	{ "keys in the wrong order", OCTETS(SELF HINT6 GOOD6 HINT4 GOOD4),
		"answer", 0, NULL },
	{ "a hint without an address", OCTETS(SELF "\0\4\0\0"), "answer", 0,
		NULL },
	{ "an IPv6 hint without an address", OCTETS(SELF "\0\6\0\0"),
		"answer", 0, NULL },
	{ "a hint of 3 octets", OCTETS(SELF "\0\4\0\3\300\0\2"), "answer", 0,
		NULL },
	{ "a hint of 5 octets", OCTETS(SELF "\0\4\0\5" GOOD4 "\0"), "answer",
		0, NULL },
	{ "an IPv6 hint of 4 octets", OCTETS(SELF "\0\6\0\4" GOOD4), "answer",
		0, NULL },
};

static void
hints_are_judged_as_addresses(void **state)
{
	static const unsigned types[] = { RRTYPE_SVCB, RRTYPE_HTTPS };
	struct bench bench = bench_of(addresses);
	struct finding finding;
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * COUNT_OF(services); i++) {
		size_t k = i / 2;
		const char *row = services[k].row;
		int passes = inspect(&bench, NOW, types[i % 2],
			services[k].octets, services[k].length, &finding);

		wrong += row_found(row, services[k].found, services[k].line,
			passes, &finding);
		if (services[k].address != NULL)
			wrong += row_address(row, services[k].address,
				&finding);
		else if (!passes)
			wrong += row_nothing(row, &finding);
	}
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

/* A target of LABELS labels with one octet each, and a last one with more. */
static size_t
long_service(uint8_t *octets, unsigned labels, unsigned last)
{
	size_t at = 2;

	memset(octets, 'a', 2 + NAME_OCTETS_MAX + 80);
	octets[0] = 0;
	octets[1] = 1;
	for (; labels > 0; labels--, at += 2)
		octets[at] = 1;
	octets[at] = (uint8_t)last;
	at += 1 + last;
	octets[at] = 0;
	return at + 1;
}

static void
a_service_may_have_the_longest_target_but_no_longer(void **state)
{
	static const struct {
		unsigned labels;
		unsigned last;
		int passes;
	} longs[] = {
		{ 126, 1, 1 }, { 126, 2, 0 }, { 126, 3, 0 }, { 127, 1, 0 },
		{ 0, 63, 1 }, { 0, 64, 0 }, { 95, 63, 1 }, { 95, 64, 0 },
		{ 96, 63, 0 }
	};
	struct bench bench = bench_of(addresses);
	uint8_t octets[2 + NAME_OCTETS_MAX + 80];
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(longs); i++) {
		size_t length = long_service(octets, longs[i].labels,
			longs[i].last);
		struct finding finding;
		char row[64];
		int passes = inspect(&bench, NOW, RRTYPE_HTTPS, octets,
			length, &finding);

		snprintf(row, sizeof(row), "%u labels, and one of %u octets",
			longs[i].labels, longs[i].last);
		wrong += row_found(row, longs[i].passes ? "passes" : "answer",
			0, passes, &finding);
	}
	bench_free(&bench);
	assert_int_equal(wrong, 0);
}

/* --- What is not judged. */

/* All types that are not judged at all pass, whatever they hold. */
static void
other_types_pass(void **state)
{
	char *policy;
	struct bench bench;
	struct finding finding;
	unsigned type;

	(void)state;
	assert_true(asprintf(&policy, "%s  chain: inspect\n", addresses) > 0);
	bench = bench_of(policy);
	for (type = 0; type <= UINT16_MAX; type++) {
		int is_judged = type == RRTYPE_A || type == RRTYPE_AAAA ||
			type == RRTYPE_CNAME || type == RRTYPE_SVCB ||
			type == RRTYPE_HTTPS;

		assert_int_equal(inspect(&bench, NOW, type, BAD4 "\300", 5,
			&finding), !is_judged);
	}
	bench_free(&bench);
	free(policy);
}

static void
a_group_without_chain_inspection_takes_any_chain(void **state)
{
	struct bench bench = bench_of(addresses);
	struct finding finding;

	(void)state;
	assert_true(target_passes(&bench, "evil.example", NOW));
	assert_true(inspect(&bench, NOW, RRTYPE_CNAME, "\300\14", 2,
		&finding));
	bench_free(&bench);
}

static void
a_group_without_address_rules_takes_any_address(void **state)
{
	static const unsigned types[] = { RRTYPE_A, RRTYPE_AAAA, RRTYPE_SVCB,
		RRTYPE_HTTPS };
	struct bench bench = bench_of(chains);
	struct finding finding;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(types); i++) {
		assert_true(inspect(&bench, NOW, types[i], BAD4, 4, &finding));
		assert_true(inspect(&bench, NOW, types[i], "", 0, &finding));
	}
	bench_free(&bench);
}

/* --- Chance. The references are definitions: scans of what was written. */

#define CHANCE_RULES 12
#define CHANCE_PATTERNS 5

/* An address, IPv6 where LENGTH is 16. */
struct any_address {
	uint8_t octets[16];
	size_t length;
};

/* Of so few octets that prefixes hold many of them. */
static void
any_ip4(struct chance *chance, uint8_t *octets)
{
	static const uint8_t some[] = { 0, 10, 10, 127, 255 };
	unsigned i;

	for (i = 0; i < 4; i++)
		octets[i] = some[chance_below(chance, COUNT_OF(some))];
}

/* Forms in which an IPv6 address has an IPv4 one. */
static const struct {
	/* What it looks like around 0.0.0.0, and the bits that tell. */
	const char *around;
	const char *mask;
	unsigned at;
	int inverted;
} any_forms[] = {
	{ "64:ff9b::", "ffff:ffff:ffff:ffff:ffff:ffff::", 12, 0 },
	{ "::", "ffff:ffff:ffff:ffff:ffff:ffff::", 12, 0 },
	{ "2002::", "ffff::", 2, 0 },
	{ "2001::ffff:ffff", "ffff:ffff::", 12, 1 },
	{ "fe80::5efe:0:0", "::ffff:ffff:0:0", 12, 0 },
	{ "fe80::200:5efe:0:0", "::ffff:ffff:0:0", 12, 0 },
	/* And this is an IPv4 one. */
	{ "::ffff:0:0", "ffff:ffff:ffff:ffff:ffff:ffff::", 12, 0 },
};

static struct any_address
any_address(struct chance *chance)
{
	struct any_address address = { { 0 }, 16 };
	unsigned form = chance_below(chance, COUNT_OF(any_forms) + 4), i;
	uint8_t ip4[4];

	any_ip4(chance, ip4);
	if (form < COUNT_OF(any_forms)) {
		assert_int_equal(inet_pton(AF_INET6, any_forms[form].around,
			address.octets), 1);
		for (i = 0; i < 4; i++)
			address.octets[any_forms[form].at + i] ^= ip4[i];
	} else if (form == COUNT_OF(any_forms)) {
		for (i = 0; i < 16; i += 4)
			any_ip4(chance, address.octets + i);
	} else {
		memcpy(address.octets, ip4, 4);
		address.length = 4;
	}
	return address;
}

struct any_rule {
	struct any_address address;
	unsigned bits;
	int deny;
};

struct any_rules {
	struct any_rule rules[CHANCE_RULES];
	unsigned count;
};

static int
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned i;

	for (i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
			return 0;
	return 1;
}

static int
is_mapped(const uint8_t *octets)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return same_bits(octets, mapped, 96);
}

static void
add_rule(struct chance *chance, struct any_rules *rules)
{
	struct any_rule *rule = &rules->rules[rules->count];
	unsigned i, bits;

	rule->address = any_address(chance);
	if (rule->address.length == 16 && is_mapped(rule->address.octets))
		return;
	bits = (unsigned)rule->address.length * 8;
	rule->bits = chance_below(chance, 4) == 0 ? bits
		: chance_below(chance, bits + 1);
	rule->deny = chance_below(chance, 3) > 0;
	for (i = rule->bits; i < bits; i++)
		rule->address.octets[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	for (i = 0; i < rules->count; i++)
		if (rules->rules[i].bits == rule->bits &&
		    rules->rules[i].address.length == rule->address.length &&
		    same_bits(rules->rules[i].address.octets,
			rule->address.octets, rule->bits))
			return;
	rules->count++;
}

/* Rule I is in line I + 5. */
static void
write_rules(FILE *file, const struct any_rules *rules)
{
	char text[INET6_ADDRSTRLEN];
	unsigned i;

	for (i = 0; i < rules->count; i++) {
		const struct any_rule *rule = &rules->rules[i];

		assert_non_null(inet_ntop(rule->address.length == 4 ? AF_INET
			: AF_INET6, rule->address.octets, text, sizeof(text)));
		fprintf(file, "  answer-%s: %s/%u\n",
			rule->deny ? "deny" : "allow", text, rule->bits);
	}
}

/* The deny that the longest prefix is, or NULL. */
static const struct any_rule *
deny_of(const struct any_rules *rules, const uint8_t *octets, size_t length)
{
	const struct any_rule *best = NULL;
	unsigned i;

	if (length == 16 && is_mapped(octets))
		return deny_of(rules, octets + 12, 4);
	for (i = 0; i < rules->count; i++) {
		const struct any_rule *rule = &rules->rules[i];

		if (rule->address.length == length &&
		    same_bits(rule->address.octets, octets, rule->bits) &&
		    (best == NULL || rule->bits > best->bits))
			best = rule;
	}
	return best != NULL && best->deny ? best : NULL;
}

static int
has_form(const uint8_t *octets, size_t form)
{
	uint8_t around[16], mask[16];
	unsigned i;

	assert_int_equal(inet_pton(AF_INET6, any_forms[form].around, around),
		1);
	assert_int_equal(inet_pton(AF_INET6, any_forms[form].mask, mask), 1);
	for (i = 0; i < 16; i++)
		if ((octets[i] ^ around[i]) & mask[i])
			return 0;
	return 1;
}

/* Whether RULE is one of those that may be told for the address. With NULL:
 * whether none denies it. */
static int
may_decide(const struct any_rules *rules, const struct any_address *address,
	const struct any_rule *rule)
{
	const struct any_rule *deny = deny_of(rules, address->octets,
		address->length);
	uint8_t ip4[4];
	size_t form;
	unsigned i;

	if (deny != NULL || address->length == 4)
		return deny == rule;
	for (form = 0; form < COUNT_OF(any_forms); form++) {
		const struct any_rule *inside;

		if (!has_form(address->octets, form))
			continue;
		for (i = 0; i < 4; i++)
			ip4[i] = address->octets[any_forms[form].at + i] ^
				(any_forms[form].inverted ? 0xff : 0);
		inside = deny_of(rules, ip4, 4);
		if (inside != NULL && inside == rule)
			return 1;
		if (inside != NULL)
			deny = inside;
	}
	return rule == NULL && deny == NULL;
}

static void
write_head(FILE *file)
{
	assert_non_null(file);
	fputs("group:\n  name: update\n  client: 192.0.2.0/24\n"
		"  allow: \"some.example\"\n", file);
}

static struct bench
bench_of_rules(const struct any_rules *rules)
{
	FILE *file = fopen(POLICY, "w");

	write_head(file);
	write_rules(file, rules);
	assert_int_equal(fclose(file), 0);
	return bench_load();
}

/* Asserts what was found for the address. Returns whether it passed. */
static int
assert_judged(const struct any_rules *rules,
	const struct any_address *address, int passes,
	const struct finding *finding)
{
	struct address found;

	if (passes) {
		assert_true(may_decide(rules, address, NULL));
		return 1;
	}
	assert_int_equal(finding->reason, REASON_ADDRESS);
	assert_in_range(finding->rule.line, 5, 4 + rules->count);
	assert_true(may_decide(rules, address,
		&rules->rules[finding->rule.line - 5]));
	if (address->length == 4)
		address_set_ip4(&found, address->octets);
	else
		address_set_ip6(&found, address->octets);
	assert_int_equal(finding->address.family, found.family);
	assert_memory_equal(finding->address.octets, found.octets,
		sizeof(found.octets));
	return 0;
}

static void
any_rules(struct chance *chance, struct any_rules *rules)
{
	unsigned i;

	rules->count = 0;
	for (i = 0; i < CHANCE_RULES; i++)
		add_rule(chance, rules);
}

static void
random_addresses_are_judged_as_a_scan_judges_them(void **state)
{
	enum { ROUNDS = 60, LOOKUPS = 150 };
	struct chance chance = { 61 };
	unsigned round, i, passed = 0;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		struct any_rules rules;
		struct bench bench;

		any_rules(&chance, &rules);
		if (rules.count == 0)
			continue;
		bench = bench_of_rules(&rules);
		for (i = 0; i < LOOKUPS; i++) {
			struct any_address address = any_address(&chance);
			struct finding finding;
			int passes = inspect(&bench, NOW,
				address.length == 4 ? RRTYPE_A : RRTYPE_AAAA,
				address.octets, address.length, &finding);

			passed += (unsigned)assert_judged(&rules, &address,
				passes, &finding);
		}
		bench_free(&bench);
	}
	assert_in_range(passed, ROUNDS * LOOKUPS / 10,
		ROUNDS * LOOKUPS * 9 / 10);
}

/* --- Services made of parts that are known. */

#define CHANCE_HINTS 4

struct any_service {
	uint8_t octets[512];
	size_t length;
	/* Whether the record is whole where it ends there. */
	uint8_t whole[512];
	struct any_address hints[2 * CHANCE_HINTS];
	/* Where the parameter with it ends. */
	size_t ends[2 * CHANCE_HINTS];
	unsigned hint_count;
};

static void
put(struct any_service *service, const void *octets, size_t length)
{
	memcpy(service->octets + service->length, octets, length);
	service->length += length;
}

static void
put16(struct any_service *service, unsigned value)
{
	const uint8_t octets[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(service, octets, sizeof(octets));
}

/* Hints of SIZE octets each. */
static void
put_hints(struct chance *chance, struct any_service *service, size_t size)
{
	unsigned left = 1 + chance_below(chance, CHANCE_HINTS);
	unsigned first = service->hint_count;

	put16(service, size == 4 ? 4 : 6);
	put16(service, left * (unsigned)size);
	while (left > 0) {
		struct any_address address = any_address(chance);

		if (address.length != size)
			continue;
		put(service, address.octets, size);
		service->hints[service->hint_count++] = address;
		left--;
	}
	for (; first < service->hint_count; first++)
		service->ends[first] = service->length;
}

static void
put_other(struct chance *chance, struct any_service *service, unsigned key)
{
	static const uint8_t some[] = { 10, 0, 255, 1 };
	unsigned length = chance_below(chance, 12);

	put16(service, key);
	put16(service, length);
	for (; length > 0; length--)
		put(service, &some[chance_below(chance, 4)], 1);
}

static void
any_service(struct chance *chance, struct any_service *service)
{
	static const char *const names[] = { ".", "a.example",
		"www.example.com", "x" };
	uint8_t wire[NAME_OCTETS_MAX];
	unsigned key = 0;

	memset(service, 0, sizeof(*service));
	put16(service, chance_below(chance, 3));
	put(service, wire, wire_of(names[chance_below(chance, 4)], wire));
	service->whole[service->length] = 1;
	for (key = chance_below(chance, 4); key < 16;
	    key += 1 + chance_below(chance, 3)) {
		if (key == 4)
			put_hints(chance, service, 4);
		else if (key == 6)
			put_hints(chance, service, 16);
		else
			put_other(chance, service, key);
		service->whole[service->length] = 1;
	}
}

/* The first hint that is denied, or their number. */
static unsigned
first_denied(const struct any_service *service, const struct any_rules *rules)
{
	unsigned i;

	for (i = 0; i < service->hint_count; i++)
		if (!may_decide(rules, &service->hints[i], NULL))
			break;
	return i;
}

/* The record, and what is left where it is cut: a hint in a parameter that is
 * cut is not looked at. Returns whether the whole one passes. */
static int
assert_service(const struct bench *bench, const struct any_rules *rules,
	const struct any_service *service)
{
	unsigned denied = first_denied(service, rules);
	size_t length, end = denied < service->hint_count
		? service->ends[denied] : SIZE_MAX;
	struct finding finding;
	int passes = 0;

	for (length = 0; length <= service->length; length++) {
		passes = inspect(bench, NOW, RRTYPE_HTTPS, service->octets,
			length, &finding);
		if (length >= end) {
			assert_false(assert_judged(rules,
				&service->hints[denied], passes, &finding));
			continue;
		}
		assert_int_equal(passes, service->whole[length]);
		if (!passes)
			assert_int_equal(finding.reason, REASON_ANSWER);
	}
	return passes;
}

static void
random_services_are_judged_by_their_parts(void **state)
{
	enum { ROUNDS = 40, SERVICES = 20 };
	struct chance chance = { 62 };
	unsigned round, i, passed = 0;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		struct any_rules rules;
		struct bench bench;

		any_rules(&chance, &rules);
		if (rules.count == 0)
			continue;
		bench = bench_of_rules(&rules);
		for (i = 0; i < SERVICES; i++) {
			struct any_service service;

			any_service(&chance, &service);
			passed += (unsigned)assert_service(&bench, &rules,
				&service);
		}
		bench_free(&bench);
	}
	assert_in_range(passed, ROUNDS * SERVICES / 10,
		ROUNDS * SERVICES * 9 / 10);
}

/* --- Random chains. */

struct any_patterns {
	char own[CHANCE_PATTERNS][64];
	int deny[CHANCE_PATTERNS];
	char chain[CHANCE_PATTERNS][64];
	char grant[64];
};

static void
any_patterns(struct chance *chance, struct any_patterns *patterns)
{
	unsigned i;

	for (i = 0; i < CHANCE_PATTERNS; i++) {
		chance_pattern(chance, 2, patterns->own[i]);
		patterns->deny[i] = i > 0 && chance_below(chance, 2);
		chance_pattern(chance, 2, patterns->chain[i]);
	}
	chance_pattern(chance, 2, patterns->grant);
}

static struct bench
bench_of_patterns(const struct any_patterns *patterns)
{
	FILE *file = fopen(POLICY, "w");
	struct bench bench;
	unsigned i;

	assert_non_null(file);
	fputs("group:\n  name: update\n  client: 192.0.2.0/24\n"
		"  chain: inspect\n", file);
	for (i = 0; i < CHANCE_PATTERNS; i++)
		fprintf(file, "  %s: \"%s\"\n  chain-allow: \"%s\"\n",
			patterns->deny[i] ? "deny" : "allow", patterns->own[i],
			patterns->chain[i]);
	assert_int_equal(fclose(file), 0);
	bench = bench_load();
	assert_int_equal(grants_add(bench.grants, "update", patterns->grant,
		NOW, NOW + 1), 0);
	return bench;
}

static int
text_matches(const char *text, const struct name *name, uint8_t *specificity)
{
	struct pattern_error error;
	struct pattern pattern;

	assert_int_equal(pattern_from_text(&pattern, text, strlen(text),
		&error), 0);
	return pattern_matches(&pattern, name, specificity);
}

/* What the patterns say to NAME: 1 allowed, 0 denied, -1 nothing. */
static int
own_say(const struct any_patterns *patterns, const struct name *name)
{
	uint8_t best[NAME_LABELS_MAX + 1], found[NAME_LABELS_MAX + 1];
	int says = -1, order;
	unsigned i;

	for (i = 0; i < CHANCE_PATTERNS; i++) {
		if (!text_matches(patterns->own[i], name, found))
			continue;
		order = says < 0 ? 1 : memcmp(found, best, sizeof(best));
		if (order > 0 || (order == 0 && patterns->deny[i])) {
			says = !patterns->deny[i];
			memcpy(best, found, sizeof(best));
		}
	}
	return says;
}

static int
expected_to_pass(const struct any_patterns *patterns, const struct name *name)
{
	uint8_t found[NAME_LABELS_MAX + 1];
	int says = own_say(patterns, name);
	unsigned i;

	if (says >= 0)
		return says;
	for (i = 0; i < CHANCE_PATTERNS; i++)
		if (text_matches(patterns->chain[i], name, found))
			return 1;
	return text_matches(patterns->grant, name, found);
}

static void
random_targets_are_judged_as_a_scan_judges_them(void **state)
{
	enum { ROUNDS = 150, LOOKUPS = 60 };
	struct chance chance = { 63 };
	unsigned round, i, passed = 0;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		struct any_patterns patterns;
		struct bench bench;

		any_patterns(&chance, &patterns);
		bench = bench_of_patterns(&patterns);
		for (i = 0; i < LOOKUPS; i++) {
			char text[64];
			struct finding finding;
			struct name name;
			int expected, passes;

			chance_name(&chance, text);
			name = name_of(text);
			expected = expected_to_pass(&patterns, &name);
			passes = inspect(&bench, NOW, RRTYPE_CNAME,
				name.octets, name.length, &finding);
			assert_int_equal(passes, expected);
			passed += (unsigned)passes;
			if (passes)
				continue;
			assert_int_equal(finding.reason, REASON_CHAIN);
			assert_int_equal(finding.rule.file != NULL,
				own_say(&patterns, &name) == 0);
		}
		bench_free(&bench);
	}
	assert_in_range(passed, ROUNDS * LOOKUPS / 10,
		ROUNDS * LOOKUPS * 9 / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(
			targets_are_what_the_group_may_ask_for_or_chain_allow),
		test_in_folder(an_open_window_counts_for_targets),
		test_in_folder(
			a_grant_allows_a_target_until_it_ends_but_none_denied),
		test_in_folder(
			a_followed_name_is_allowed_as_a_target_while_it_lives),
		test_in_folder(
			what_was_followed_counts_only_where_the_group_follows),
		test_in_folder(without_exceptions_the_policy_alone_counts),
		test_in_folder(a_target_that_is_no_whole_name_is_no_answer),
		test_in_folder(an_address_and_what_it_stands_for_are_judged),
		test_in_folder(a_record_of_another_length_is_no_address),
		test_in_folder(hints_are_judged_as_addresses),
		test_in_folder(
			a_service_may_have_the_longest_target_but_no_longer),
		test_in_folder(other_types_pass),
		test_in_folder(
			a_group_without_chain_inspection_takes_any_chain),
		test_in_folder(a_group_without_address_rules_takes_any_address),
		test_in_folder(
			random_addresses_are_judged_as_a_scan_judges_them),
		test_in_folder(random_services_are_judged_by_their_parts),
		test_in_folder(random_targets_are_judged_as_a_scan_judges_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
