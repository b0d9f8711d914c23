/*
 * fuzz_names.c - the table of names against the definition.
 *
 * The input is text, a line a step:
 *
 *	+PATTERN	an allow of the first table
 *	-PATTERN	a deny of the first table
 *	&PATTERN	an allow of the second table, as a list is
 *	?NAME		a name to look up
 *
 * For every name, names_find() over both tables must find what a scan of all
 * patterns with pattern_matches() finds, and so must it when it passes over
 * the rule that it found.
 */
#include "fuzz.h"

#include "names.h"
#include "pattern.h"

#define PATTERNS_MAX 96
#define NAMES_MAX 48

struct written {
	struct pattern pattern;
	int deny;
	int table;
	/* In its table, as names_add() said. */
	uint32_t rule;
};

struct set {
	struct names *tables[2];
	struct written *patterns;
	size_t count;
	struct name *names;
	size_t name_count;
};

static int
same_pattern(const struct written *a, const struct written *b)
{
	return a->table == b->table &&
		a->pattern.scope == b->pattern.scope &&
		a->pattern.name.length == b->pattern.name.length &&
		memcmp(a->pattern.name.octets, b->pattern.name.octets,
			a->pattern.name.length) == 0 &&
		memcmp(a->pattern.star, b->pattern.star,
			a->pattern.name.labels *
			sizeof(a->pattern.star[0])) == 0;
}

/* Whether a rule with the scope of B makes one of A useless, or is made so:
 * both speak of the name itself, or both of what is below it. */
static int
overlapping(const struct written *a, const struct written *b)
{
	struct written same = *a;

	same.pattern.scope = b->pattern.scope;
	return (a->pattern.scope & b->pattern.scope) != 0 &&
		same_pattern(&same, b);
}

/* A pattern that was read must be what its text says, read by another hand:
 * whole labels, lower case, stars only where there is a '*'. */
static void
check_pattern(const struct pattern *pattern)
{
	struct name name;
	unsigned i, k;

	fuzz_check(name_from_wire(&name, pattern->name.octets,
		pattern->name.length) == 0);
	fuzz_check(name.labels == pattern->name.labels);
	fuzz_check(memcmp(name.octets, pattern->name.octets,
		name.length) == 0);
	for (i = 0; i < name.labels; i++) {
		const uint8_t *label = name_label(&name, i);

		fuzz_check(name.offset[i] == pattern->name.offset[i]);
		fuzz_check(label[0] == 63 || pattern->star[i] >> label[0] == 0);
		for (k = 0; k < label[0]; k++)
			if (pattern->star[i] >> k & 1)
				fuzz_check(label[1 + k] == '*');
	}
}

static void
check_earlier(const struct set *set, const struct written *written,
	uint32_t earlier)
{
	size_t i;
	int any = 0;

	for (i = 0; i < set->count; i++) {
		const struct written *other = &set->patterns[i];

		if (!overlapping(written, other))
			continue;
		any = 1;
		if (other->rule == earlier)
			return;
	}
	if (any || earlier != NAMES_NO_RULE)
		fuzz_found("earlier rule %u", earlier);
}

static void
add_pattern(struct set *set, char mark, const char *text, size_t length)
{
	struct written *written = &set->patterns[set->count];
	struct pattern_error error = { SIZE_MAX, NULL };
	struct names_rule rule;
	struct names_hint hint;
	uint32_t earlier;

	if (set->count == PATTERNS_MAX)
		return;
	if (pattern_from_text(&written->pattern, text, length, &error) != 0) {
		fuzz_check(error.at <= length && error.expected != NULL);
		return;
	}
	check_pattern(&written->pattern);
	written->deny = mark == '-';
	written->table = mark == '&';
	memset(&rule, 0, sizeof(rule));
	rule.line = (uint32_t)set->count;
	rule.deny = mark == '-';
	names_fetch(set->tables[written->table], &written->pattern, &hint);
	written->rule = names_add_from(set->tables[written->table],
		&written->pattern, &rule, &hint, &earlier);
	fuzz_check(written->rule != NAMES_NO_RULE);
	check_earlier(set, written, earlier);
	set->count++;
}

/* Names are written as patterns are; their stars are octets like others. */
static void
add_name(struct set *set, const char *text, size_t length)
{
	struct pattern_error error;
	struct pattern pattern;

	if (set->name_count < NAMES_MAX &&
	    pattern_from_text(&pattern, text, length, &error) == 0)
		set->names[set->name_count++] = pattern.name;
}

static void
read_set(struct set *set, struct input input)
{
	const char *line;
	size_t length;

	while (input_line(&input, &line, &length)) {
		if (length == 0)
			continue;
		if (*line == '?')
			add_name(set, line + 1, length - 1);
		else if (*line == '+' || *line == '-' || *line == '&')
			add_pattern(set, *line, line + 1, length - 1);
	}
}

/* The definition. */
static const struct written *
by_scan(const struct set *set, const struct name *name,
	const struct written *except, uint8_t *specificity)
{
	const struct written *best = NULL;
	uint8_t found[NAME_LABELS_MAX + 1];
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct written *written = &set->patterns[i];
		int order = 1;

		if (written == except ||
		    !pattern_matches(&written->pattern, name, found))
			continue;
		if (best != NULL)
			order = memcmp(found, specificity, sizeof(found));
		if (order > 0 ||
		    (order == 0 && written->deny && !best->deny)) {
			best = written;
			memcpy(specificity, found, sizeof(found));
		}
	}
	return best;
}

static const struct written *
by_table(const struct set *set, const struct name *name,
	const struct written *except, struct names_match *match)
{
	int i;

	match->rule = NULL;
	for (i = 0; i < 2; i++)
		names_find(set->tables[i], name,
			except != NULL && except->table == i ? except->rule
			: NAMES_NO_RULE, match);
	if (match->rule == NULL)
		return NULL;
	fuzz_check(match->rule->line < set->count);
	return &set->patterns[match->rule->line];
}

/* Returns what was found. Of several allows that tie, any may be found. */
static const struct written *
compare(const struct set *set, const struct name *name,
	const struct written *except)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct names_match match;
	const struct written *expected = by_scan(set, name, except,
		specificity);
	const struct written *found = by_table(set, name, except, &match);
	char text[NAME_TEXT_MAX];

	name_to_text(name->octets, name->length, text);
	if (found == NULL && expected == NULL)
		return NULL;
	if (found == NULL || expected == NULL)
		fuzz_found("%s: %s by the definition, %s by the table", text,
			expected != NULL ? "a match" : "no match",
			found != NULL ? "a match" : "no match");
	if (memcmp(specificity, match.specificity, sizeof(specificity)) != 0)
		fuzz_found("%s: another specificity", text);
	if (expected->deny != found->deny || match.rule->deny != found->deny)
		fuzz_found("%s: deny is %d by the definition, %d by the table",
			text, expected->deny, found->deny);
	fuzz_check(pattern_matches(&found->pattern, name, specificity));
	fuzz_check(memcmp(specificity, match.specificity,
		sizeof(specificity)) == 0);
	return found;
}

/* Passing over a rule is exact only where no second one overlaps it. */
static int
is_alone(const struct set *set, const struct written *written)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (&set->patterns[i] != written &&
		    overlapping(&set->patterns[i], written))
			return 0;
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct names_key keys[2] = {
		{ { 0, 0 } }, { { 0x0123456789abcdefu, 0xfedcba9876543210u } }
	};
	struct input input = { data, size };
	struct set set;
	size_t i;

	memset(&set, 0, sizeof(set));
	set.patterns = fuzz_memory(PATTERNS_MAX, sizeof(*set.patterns));
	set.names = fuzz_memory(NAMES_MAX, sizeof(*set.names));
	set.tables[0] = names_new(&keys[0]);
	set.tables[1] = names_new(&keys[1]);
	fuzz_check(set.tables[0] != NULL && set.tables[1] != NULL);
	read_set(&set, input);
	fuzz_check(names_finish(set.tables[0]) == 0);
	fuzz_check(names_finish(set.tables[1]) == 0);
	for (i = 0; i < set.name_count; i++) {
		const struct written *found = compare(&set, &set.names[i],
			NULL);

		if (found != NULL && is_alone(&set, found))
			(void)compare(&set, &set.names[i], found);
	}
	/* The patterns' own names are near their borders. */
	for (i = 0; i < set.count; i++)
		(void)compare(&set, &set.patterns[i].pattern.name, NULL);
	names_free(set.tables[0]);
	names_free(set.tables[1]);
	free(set.patterns);
	free(set.names);
	return 0;
}
