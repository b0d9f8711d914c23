/*
 * fuzz_inspect.c - records of answers against a second reading of them.
 *
 * The input is octets. First what the group does: bits 0 to 3 how many rules
 * for addresses it has, bit 4 it follows no chain, bit 5 it inspects none. Then
 * the rules: of each its kind (bit 0 deny, bit 1 IPv6), its length, its octets.
 * Then records: of each its kind, its length in two octets, and its data, which
 * is as short as the input is. Who may ask for what is always the same: see
 * written[].
 */
#include "fuzz.h"

#include "inspect.h"
#include "pattern.h"

#define RULES_MAX 15
#define RECORDS_MAX 64
#define DATA_MAX 600
/* The grant and what was followed end in between. */
#define EARLY 50
#define LATE 200
#define END 100

struct written_rule {
	struct prefix prefix;
	int deny;
};

struct set {
	struct written_rule rules[RULES_MAX];
	unsigned count;
};

/* --- The group. */

enum table { OWN, QUIET, CHAIN, GRANT, FOLLOWED };

/* What the target of a CNAME is compared with. */
static const struct {
	enum table table;
	int deny;
	const char *pattern;
} written[] = {
	{ OWN, 0, ".good" },
	{ OWN, 1, ".bad.good" },
	{ OWN, 0, "but.bad.good" },
	{ OWN, 1, "*.c" },
	{ QUIET, 0, ".q" },
	{ CHAIN, 0, ".chain" },
	{ CHAIN, 0, "x*.e" },
	{ CHAIN, 0, "a.b.c" },
	{ CHAIN, 0, "a.q" },
	{ GRANT, 0, ".grant" },
	{ GRANT, 0, "a.bad.good" },
	{ FOLLOWED, 0, "a.next" },
	{ FOLLOWED, 0, "b.bad.good" },
};

#define WRITTEN (sizeof(written) / sizeof(written[0]))

static struct pattern patterns[WRITTEN];
static char file_name[] = "fuzz";
static char *sources[] = { file_name };
static struct group group;
static struct policy policy;
static struct exceptions exceptions;

static struct names *
table_of(enum table table)
{
	static const struct names_key key = { { 3, 4 } };
	struct names *names = names_new(&key);
	struct names_rule rule;
	uint32_t earlier;
	size_t i;

	fuzz_check(names != NULL);
	memset(&rule, 0, sizeof(rule));
	for (i = 0; i < WRITTEN; i++) {
		if (written[i].table != table)
			continue;
		rule.line = (uint32_t)i + 1;
		rule.column = 1;
		rule.deny = written[i].deny != 0;
		fuzz_check(names_add(names, &patterns[i], &rule, &earlier) !=
			NAMES_NO_RULE);
	}
	fuzz_check(names_finish(names) == 0);
	return names;
}

static void
add_exception(size_t i)
{
	static const struct names_key key = { { 5, 6 } };

	if (exceptions.grants == NULL) {
		exceptions.grants = grants_new();
		exceptions.followed = followed_new(&key);
		fuzz_check(exceptions.grants != NULL);
		fuzz_check(exceptions.followed != NULL);
	}
	if (written[i].table == GRANT)
		fuzz_check(grants_add(exceptions.grants, group.name,
			written[i].pattern, 0, END) == 0);
	if (written[i].table == FOLLOWED)
		followed_add(exceptions.followed, group.name,
			&patterns[0].name, &patterns[i].name, 0, END);
}

static void
make_group(void)
{
	struct pattern_error error;
	size_t i;

	strcpy(group.name, "fuzz");
	group.window_action = ACTION_COUNT;
	for (i = 0; i < WRITTEN; i++) {
		fuzz_check(pattern_from_text(&patterns[i], written[i].pattern,
			strlen(written[i].pattern), &error) == 0);
		add_exception(i);
	}
	group.own = table_of(OWN);
	group.quiet = table_of(QUIET);
	group.chain = table_of(CHAIN);
	policy.groups = &group;
	policy.group_count = 1;
	policy.sources = sources;
	policy.source_count = 1;
}

/* --- From the input to rules. */

static void
read_rule(struct input *input, struct set *set)
{
	struct written_rule *rule = &set->rules[set->count];
	unsigned kind = input_octet(input), bits = kind & 2 ? 128 : 32, i;
	uint8_t octets[16] = { 0 };
	unsigned length = input_octet(input) % (bits + 1);

	for (i = 0; i < bits / 8; i++)
		octets[i] = (uint8_t)input_octet(input);
	prefix_mask(octets, length);
	if (bits == 32)
		address_set_ip4(&rule->prefix.address, octets);
	else
		address_set_ip6(&rule->prefix.address, octets);
	rule->prefix.length = length;
	if (bits == 128 && rule->prefix.address.family == ADDRESS_IP4)
		rule->prefix.length -= 96;
	rule->deny = kind & 1;
	for (i = 0; i < set->count; i++)
		if (clients_order(&set->rules[i].prefix, &rule->prefix) == 0)
			return;
	set->count++;
}

/* Fills the group's table. */
static void
use_rules(const struct set *set, struct answer_rule *rules)
{
	struct client_entry entries[RULES_MAX];
	unsigned i;

	memset(entries, 0, sizeof(entries));
	for (i = 0; i < set->count; i++) {
		entries[i].prefix = set->rules[i].prefix;
		entries[i].group = i;
		rules[i].deny = set->rules[i].deny;
		rules[i].where.file = file_name;
		rules[i].where.line = i + 1;
		rules[i].where.column = 1;
	}
	group.answers = NULL;
	group.answer_rules = rules;
	group.answer_rule_count = set->count;
	if (set->count == 0)
		return;
	clients_sort(entries, set->count);
	group.answers = clients_new(entries, set->count);
	fuzz_check(group.answers != NULL);
}

/* --- The rules of inspect.h, written down a second time. What they say of a
 * record is a word and, for an address, where that is in the data. */

struct verdict_of {
	enum { PASSES, BAD_NAME, NOT_ALLOWED, DENIED_NAME, BAD_ADDRESS } word;
	size_t at;
	size_t size;
};

/* Octets of the name at AT, 0 for none. */
static size_t
plain_name(const uint8_t *data, size_t length)
{
	size_t at;

	for (at = 0; at < length; at += data[at] + 1u) {
		if (data[at] > 63 || at > 254)
			return 0;
		if (data[at] == 0)
			return at + 1;
	}
	return 0;
}

static int
pattern_has(size_t i, const struct name *name, uint8_t *specificity)
{
	return pattern_matches(&patterns[i], name, specificity);
}

static struct verdict_of
plain_target(const uint8_t *data, size_t length, int64_t now)
{
	uint8_t best[NAME_LABELS_MAX + 1], found[NAME_LABELS_MAX + 1];
	struct verdict_of verdict = { NOT_ALLOWED, 0, 0 };
	int spoken = 0, others = 0;
	struct name name;
	size_t i;

	if (length == 0 || plain_name(data, length) != length ||
	    name_from_wire(&name, data, length) != 0) {
		verdict.word = BAD_NAME;
		return verdict;
	}
	for (i = 0; i < WRITTEN; i++) {
		if (!pattern_has(i, &name, found))
			continue;
		others |= written[i].table == CHAIN ||
			(written[i].table == GRANT && now < END) ||
			(written[i].table == FOLLOWED && now <= END &&
			group.follow_chain);
		/* No two of the own ones are equal. */
		if (written[i].table != OWN ||
		    (spoken && memcmp(found, best, sizeof(best)) < 0))
			continue;
		spoken = 1;
		memcpy(best, found, sizeof(best));
		verdict.word = written[i].deny ? DENIED_NAME : PASSES;
	}
	if (!spoken && others)
		verdict.word = PASSES;
	return verdict;
}

static int
plain_rule_denies(const struct set *set, const uint8_t *octets, size_t size)
{
	const struct written_rule *best = NULL;
	struct address address;
	unsigned i;

	if (size == 4)
		address_set_ip4(&address, octets);
	else
		address_set_ip6(&address, octets);
	for (i = 0; i < set->count; i++)
		if (prefix_holds(&set->rules[i].prefix, &address) &&
		    (best == NULL ||
		    set->rules[i].prefix.length > best->prefix.length))
			best = &set->rules[i];
	return best != NULL && best->deny;
}

static int
plain_denies(const struct set *set, const uint8_t *o, size_t size)
{
	uint32_t first = (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 |
		(uint32_t)o[2] << 8 | o[3];
	uint8_t turned[4];
	unsigned i, zeroes = 0;

	if (plain_rule_denies(set, o, size))
		return 1;
	if (size == 4)
		return 0;
	for (i = 4; i < 12; i++)
		zeroes += o[i] == 0;
	if (zeroes == 8 && (first == 0 || first == 0x0064ff9b))
		return plain_rule_denies(set, o + 12, 4);
	for (i = 0; i < 4; i++)
		turned[i] = (uint8_t)~o[12 + i];
	if (first == 0x20010000 && plain_rule_denies(set, turned, 4))
		return 1;
	if (first >> 16 == 0x2002 && plain_rule_denies(set, o + 2, 4))
		return 1;
	return (o[8] == 0 || o[8] == 2) && o[9] == 0 && o[10] == 0x5e &&
		o[11] == 0xfe && plain_rule_denies(set, o + 12, 4);
}

static struct verdict_of
plain_addresses(const struct set *set, const uint8_t *data, size_t from,
	size_t to, size_t size)
{
	struct verdict_of verdict = { PASSES, from, size };

	if (to == from || (to - from) % size != 0)
		verdict.word = BAD_NAME;
	for (; verdict.word == PASSES && verdict.at < to; verdict.at += size)
		if (plain_denies(set, data + verdict.at, size)) {
			verdict.word = BAD_ADDRESS;
			break;
		}
	return verdict;
}

static struct verdict_of
plain_service(const struct set *set, const uint8_t *data, size_t length)
{
	struct verdict_of verdict = { BAD_NAME, 0, 0 };
	size_t name = length > 2 ? plain_name(data + 2, length - 2) : 0;
	size_t at = 2 + name;
	int before = -1;

	if (name == 0)
		return verdict;
	verdict.word = PASSES;
	while (verdict.word == PASSES && at != length) {
		int key = at + 4 <= length ? data[at] * 256 + data[at + 1] : -1;
		size_t end = key >= 0 ? at + 4 + data[at + 2] * 256u +
			data[at + 3] : SIZE_MAX;

		if (key <= before || end > length)
			verdict.word = BAD_NAME;
		else if (key == 4 || key == 6)
			verdict = plain_addresses(set, data, at + 4, end,
				key == 4 ? 4 : 16);
		before = key;
		at = end;
	}
	return verdict;
}

static struct verdict_of
plain_record(const struct set *set, unsigned type, const uint8_t *data,
	size_t length, int64_t now)
{
	struct verdict_of verdict = { PASSES, 0, 0 };

	if (type == 5 && group.inspect_chain)
		return plain_target(data, length, now);
	if (set->count == 0)
		return verdict;
	if (type == 64 || type == 65)
		return plain_service(set, data, length);
	if (type != 1 && type != 28)
		return verdict;
	if (length == (type == 1 ? 4 : 16))
		return plain_addresses(set, data, 0, length, length);
	verdict.word = BAD_NAME;
	return verdict;
}

/* --- The comparisons. */

static void
check_address(const struct set *set, const struct finding *finding,
	const uint8_t *octets, size_t size)
{
	struct address address;

	fuzz_check(finding->reason == REASON_ADDRESS);
	if (size == 4)
		address_set_ip4(&address, octets);
	else
		address_set_ip6(&address, octets);
	fuzz_check(finding->address.family == address.family);
	fuzz_check(memcmp(finding->address.octets, address.octets, 16) == 0);
	fuzz_check(finding->rule.file == file_name);
	fuzz_check(finding->rule.line >= 1 && finding->rule.line <= set->count);
	fuzz_check(set->rules[finding->rule.line - 1].deny);
	fuzz_check(finding->target_len == 0);
}

static void
check_target(const struct finding *finding, int denied, const uint8_t *data,
	size_t length)
{
	fuzz_check(finding->reason == REASON_CHAIN);
	fuzz_check(finding->target_len == length);
	fuzz_check(memcmp(finding->target, data, length) == 0);
	fuzz_check(finding->address.family == ADDRESS_NONE);
	fuzz_check((finding->rule.file != NULL) == denied);
	if (denied)
		fuzz_check(finding->rule.line >= 1 &&
			finding->rule.line <= WRITTEN &&
			written[finding->rule.line - 1].deny);
}

static void
check_finding(const struct set *set, const struct finding *finding,
	const struct verdict_of *verdict, const uint8_t *data, size_t length)
{
	switch (verdict->word) {
	case PASSES:
		fuzz_found("what must pass does not");
	case BAD_NAME:
		fuzz_check(finding->reason == REASON_ANSWER);
		fuzz_check(finding->rule.file == NULL);
		fuzz_check(finding->target_len == 0);
		fuzz_check(finding->address.family == ADDRESS_NONE);
		break;
	case NOT_ALLOWED:
	case DENIED_NAME:
		check_target(finding, verdict->word == DENIED_NAME, data,
			length);
		break;
	case BAD_ADDRESS:
		check_address(set, finding, data + verdict->at, verdict->size);
		break;
	}
}

/* DATA is in a block of its own, so that reading behind it is seen. */
static void
check_record(const struct set *set, unsigned type, const uint8_t *data,
	size_t length, int64_t now)
{
	struct verdict_of verdict = plain_record(set, type, data, length, now);
	struct finding finding;
	int passes;

	memset(&finding, 0xa5, sizeof(finding));
	passes = inspect_record(&policy, &group, &exceptions, now,
		(uint16_t)type, data, length, &finding);
	if (passes && verdict.word != PASSES)
		fuzz_found("what must not pass does");
	if (!passes)
		check_finding(set, &finding, &verdict, data, length);
}

static void
take_record(struct input *input, const struct set *set)
{
	static const unsigned types[] = { RRTYPE_A, RRTYPE_AAAA, RRTYPE_CNAME,
		RRTYPE_HTTPS, RRTYPE_SVCB };
	unsigned kind = input_octet(input);
	unsigned type = kind % 8 < 5 ? types[kind % 8] : input_16(input);
	size_t length = input_16(input) % (DATA_MAX + 1), i;
	uint8_t *data;

	if (length > input->left)
		length = input->left;
	data = malloc(length > 0 ? length : 1);
	if (data == NULL)
		exit(1);
	for (i = 0; i < length; i++)
		data[i] = (uint8_t)input_octet(input);
	check_record(set, type, data, length, kind & 128 ? LATE : EARLY);
	free(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct input input = { octets, size };
	struct answer_rule rules[RULES_MAX];
	struct set set;
	unsigned does = input_octet(&input), left;

	if (group.own == NULL)
		make_group();
	group.follow_chain = (does & 16) == 0;
	group.inspect_chain = (does & 32) == 0;
	set.count = 0;
	for (left = does % (RULES_MAX + 1); left > 0; left--)
		read_rule(&input, &set);
	use_rules(&set, rules);
	for (left = RECORDS_MAX; left > 0 && input.left > 0; left--)
		take_record(&input, &set);
	clients_free(group.answers);
	return 0;
}
