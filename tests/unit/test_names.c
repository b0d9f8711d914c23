/*
 * test_names.c - from an owner name to the most specific pattern.
 *
 * pattern_matches() is the definition: of all patterns that match, the one
 * with the greatest specificity by memcmp() decides, a deny before an allow of
 * the same.
 */
#include "support.h"

#include "names.h"

#define NONE (-1)

/* Patterns as read, the table made of them, and their texts for messages. */
struct set {
	struct pattern *patterns;
	int *deny;
	size_t count;
	struct names *names;
};

static struct pattern
pattern_of(const char *text)
{
	struct pattern_error error;
	struct pattern pattern;

	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		fail_msg("%s: expected %s", text, error.expected);
	return pattern;
}

static struct set
set_new(size_t room, uint64_t key)
{
	const struct names_key names_key = { { key, ~key * 3 } };
	struct set set;

	memset(&set, 0, sizeof(set));
	set.patterns = calloc(room + 1, sizeof(*set.patterns));
	set.deny = calloc(room + 1, sizeof(*set.deny));
	set.names = names_new(&names_key);
	assert_non_null(set.patterns);
	assert_non_null(set.deny);
	assert_non_null(set.names);
	return set;
}

/* Adds "+PATTERN" (an allow) or "-PATTERN" (a deny), by a HINT unless it is
 * NULL; its line is its index. */
static uint32_t
set_add_from(struct set *set, const char *text, const struct names_hint *hint)
{
	struct names_rule rule;
	uint32_t earlier;

	memset(&rule, 0, sizeof(rule));
	rule.line = (uint32_t)set->count;
	rule.column = 7;
	rule.source = 5;
	rule.deny = *text == '-';
	set->patterns[set->count] = pattern_of(text + 1);
	set->deny[set->count] = rule.deny;
	if (hint == NULL)
		assert_int_equal(names_add(set->names,
			&set->patterns[set->count], &rule, &earlier),
			set->count);
	else
		assert_int_equal(names_add_from(set->names,
			&set->patterns[set->count], &rule, hint, &earlier),
			set->count);
	set->count++;
	return earlier;
}

static uint32_t
set_add(struct set *set, const char *text)
{
	return set_add_from(set, text, NULL);
}

/* What is known of the way of a pattern by now. */
static struct names_hint
set_fetch(const struct set *set, const char *text)
{
	struct pattern pattern = pattern_of(text + 1);
	struct names_hint hint;

	names_fetch(set->names, &pattern, &hint);
	return hint;
}

static void
set_free(struct set *set)
{
	free(set->patterns);
	free(set->deny);
	names_free(set->names);
}

/* The definition. Returns the index of the pattern, or NONE. */
static int
by_linear_scan(const struct set *set, const struct name *name,
	uint32_t except, uint8_t *specificity)
{
	uint8_t found[NAME_LABELS_MAX + 1];
	int best = NONE;
	size_t i;

	for (i = 0; i < set->count; i++) {
		int order = 1;

		if (i == except ||
		    !pattern_matches(&set->patterns[i], name, found))
			continue;
		if (best != NONE)
			order = memcmp(found, specificity, sizeof(found));
		if (order > 0 || (order == 0 && set->deny[i] &&
		    !set->deny[best])) {
			best = (int)i;
			memcpy(specificity, found, sizeof(found));
		}
	}
	return best;
}

static int
by_table(const struct set *set, const struct name *name, uint32_t except,
	uint8_t *specificity)
{
	struct names_match match = { NULL, { 0 } };

	names_find(set->names, name, except, &match);
	if (match.rule == NULL)
		return NONE;
	memcpy(specificity, match.specificity, sizeof(match.specificity));
	return (int)match.rule->line;
}

/* --- What "most specific" means. */

#define PATTERNS_MAX 4

struct row {
	const char *row;
	const char *patterns[PATTERNS_MAX];
	const char *name;
	/* The index of the one that decides. */
	int decides;
};

#define LITERAL_AND_WILDCARD { "+w*.example.com", "-www.example.com" }
#define DEPTHS { "+*", "-*.com", "+*.example.com", "-*.a.example.com" }
#define EXACT { "+*.example.com", "-www.example.com" }
#define SPLIT { "+example.com", "-*.example.com" }
#define ROOTS { "+.", "-*" }

static const struct row rows[] = {
	{ "nothing matches nothing", { NULL }, "www.example.com", NONE },
	{ "nothing matches nothing", { NULL }, ".", NONE },
	{ "another name", { "+www.example.com" }, "www.example.net", NONE },
	{ "the name", { "+www.example.com" }, "www.example.com", 0 },
	{ "the name in capitals", { "+www.EXAMPLE.com" }, "WWW.example.COM",
		0 },
	{ "below a name alone", { "+www.example.com" }, "a.www.example.com",
		NONE },
	{ "above a name alone", { "+www.example.com" }, "example.com", NONE },

	{ "*.name: not the name", { "+*.example.com" }, "example.com", NONE },
	{ "*.name: below", { "+*.example.com" }, "a.example.com", 0 },
	{ "*.name: far below", { "+*.example.com" }, "a.b.c.example.com", 0 },
	{ "*.name: beside", { "+*.example.com" }, "aexample.com", NONE },
	{ ".name: the name", { "+.example.com" }, "example.com", 0 },
	{ ".name: below", { "+.example.com" }, "a.b.example.com", 0 },
	{ ".name: beside", { "+.example.com" }, "aexample.com", NONE },
	{ "*: a name", { "+*" }, "com", 0 },
	{ "*: a deep name", { "+*" }, "a.b.c.d", 0 },
	{ "*: not the root", { "+*" }, ".", NONE },
	{ ".: the root", { "+." }, ".", 0 },
	{ ".: not a name", { "+." }, "com", NONE },
	{ ". and *: the root", ROOTS, ".", 0 },
	{ ". and *: a name", ROOTS, "com", 1 },

	{ "exact beats below", EXACT, "www.example.com", 1 },
	{ "exact does not decide beside it", EXACT, "ftp.example.com", 0 },
	{ "exact does not decide below it", EXACT, "a.www.example.com", 0 },
	{ "a name and what is below it are apart", SPLIT, "example.com", 0 },
	{ "a name and what is below it are apart", SPLIT, "a.example.com",
		1 },
	{ "below and both do not differ below", { "+.example.com",
		"-*.example.com" }, "a.example.com", 1 },
	{ "only both matches the name", { "+.example.com",
		"-*.example.com" }, "example.com", 0 },
	{ "exact and both do not differ at the name", { "+.example.com",
		"-example.com" }, "example.com", 1 },

	{ "longer beats shorter: one label", DEPTHS, "net", 0 },
	{ "longer beats shorter: two labels", DEPTHS, "x.com", 1 },
	{ "longer beats shorter: three labels", DEPTHS, "x.example.com", 2 },
	{ "longer beats shorter: four labels", DEPTHS, "x.a.example.com", 3 },
	{ "longer beats shorter: the names themselves", DEPTHS,
		"a.example.com", 2 },
	{ "longer beats shorter, deny or not", { "-*.example.com",
		"+*.a.example.com" }, "x.a.example.com", 1 },

	{ "literal beats wildcard", LITERAL_AND_WILDCARD, "www.example.com",
		1 },
	{ "where the literal does not match", LITERAL_AND_WILDCARD,
		"wow.example.com", 0 },
	{ "literal beats wildcard with more octets", { "-verylong*.com",
		"+verylongname.com" }, "verylongname.com", 1 },
	{ "more literal octets beat fewer", { "-w*.example.com",
		"+ww*.example.com" }, "www.example.com", 1 },
	{ "more literal octets beat fewer, wherever", { "-ww*.example.com",
		"+*w*w*w.example.com" }, "www.example.com", 1 },
	{ "any octet beats a lone wildcard", { "-a.*.com", "+a.b*.com" },
		"a.bb.com", 1 },
	{ "a lone wildcard label beats no label", { "-*.com", "+.*.com" },
		"a.com", 1 },
	{ "two lone wildcard labels beat one", { "-*.*.com", "+*.*.*.com" },
		"a.b.c.com", 1 },

	{ "nearer to the root decides first", { "-www.*.com",
		"+*.example.com" }, "www.example.com", 1 },
	{ "nearer to the root decides first, exact or not", { "-a.b.c.*",
		"+*.com" }, "a.b.c.com", 1 },
	{ "nearer to the root: rank, then the rest", { "-a.b.e*.com",
		"+*.ex*.com" }, "a.b.example.com", 1 },
	{ "equal at the root, then the next label", { "-w*.example.*",
		"+www.example.*" }, "www.example.org", 1 },
	{ "behind a literal that leads nowhere", { "+*.com",
		"-a.example.com" }, "b.example.com", 0 },
	{ "behind a literal that leads nowhere, a wildcard", {
		"+*.e*.com", "-a.example.com" }, "b.example.com", 0 },
	{ "behind a better wildcard that leads nowhere", { "+b.e*.com",
		"-a.ex*.com" }, "b.example.com", 0 },
	{ "behind all of them, back at the root", { "+*", "-a.example.com",
		"-a.e*.com", "-a.*.com" }, "b.example.com", 0 },

	{ "deny wins a tie: deny first", { "-www.example.com",
		"+www.example.com" }, "www.example.com", 0 },
	{ "deny wins a tie: deny last", { "+www.example.com",
		"-www.example.com" }, "www.example.com", 1 },
	{ "deny wins a tie: below, deny first", { "-*.example.com",
		"+*.example.com" }, "www.example.com", 0 },
	{ "deny wins a tie: below, deny last", { "+*.example.com",
		"-*.example.com" }, "www.example.com", 1 },
	{ "deny wins a tie: between wildcards", { "+a*.com", "-*b.com" },
		"ab.com", 1 },
	{ "deny wins a tie: between wildcards, deny first", { "-a*.com",
		"+*b.com" }, "ab.com", 0 },
	{ "deny wins a tie: under wildcards", { "+x.a*.com", "-x.*b.com" },
		"x.ab.com", 1 },
	{ "no tie: under wildcards the longer wins", { "-*.a*.com",
		"+x.*b.com" }, "x.ab.com", 1 },
	{ "no tie: under wildcards the longer wins, other order", {
		"+x.*b.com", "-*.a*.com" }, "x.ab.com", 0 },
	{ "deny wins a tie: number of wildcards is no matter", {
		"+*a*b*.com", "-ab*.com" }, "ab.com", 1 },

	{ "an asterisk itself is a literal", { "-*.com", "+\\*.com" },
		"*.com", 1 },
	{ "an asterisk itself matches nothing else", { "-*.com",
		"+\\*.com" }, "a.com", 0 },
	{ "an asterisk itself and a wildcard of the same octets", {
		"-.*.com", "+\\*.com" }, "*.com", 1 },
	{ "wildcards at other octets are other patterns", { "+\\**.com",
		"-*\\*.com" }, "*a.com", 0 },
	{ "a label in the query is no wildcard", { "+www.com" }, "*.com",
		NONE },
};

static void
the_most_specific_pattern_decides(void **state)
{
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct set set = set_new(PATTERNS_MAX, 1);
		struct name name = name_of(r->name);
		uint8_t specificity[NAME_LABELS_MAX + 1];
		uint8_t found[NAME_LABELS_MAX + 1];
		char row[160];

		snprintf(row, sizeof(row), "%s: %s", r->row, r->name);
		for (k = 0; k < PATTERNS_MAX && r->patterns[k] != NULL; k++)
			(void)set_add(&set, r->patterns[k]);
		assert_int_equal(names_finish(set.names), 0);
		wrong += row_number(row, "by the definition", r->decides,
			by_linear_scan(&set, &name, NAMES_NO_RULE,
			specificity));
		wrong += row_number(row, "by the table", r->decides,
			by_table(&set, &name, NAMES_NO_RULE, found));
		if (r->decides != NONE)
			wrong += row_octets(row, specificity,
				sizeof(specificity), found, sizeof(found));
		set_free(&set);
	}
	assert_int_equal(wrong, 0);
}

static void
labels_may_be_as_long_and_as_many_as_names_have(void **state)
{
	char deep[300] = "+*", label[80] = "+";
	struct set set = set_new(4, 1);
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct name name;
	unsigned i;

	(void)state;
	memset(label + 1, 'a', 63);
	strcpy(label + 64, ".b");
	(void)set_add(&set, label);
	for (i = 0; i < 126; i++)
		strcat(deep, ".a");
	(void)set_add(&set, deep);
	assert_int_equal(names_finish(set.names), 0);
	name = name_of(label + 1);
	assert_int_equal(by_table(&set, &name, NAMES_NO_RULE, specificity), 0);
	label[40] = 'b';
	name = name_of(label + 1);
	assert_int_equal(by_table(&set, &name, NAMES_NO_RULE, specificity),
		NONE);
	deep[1] = 'x';
	name = name_of(deep + 1);
	assert_int_equal(name.labels, 127);
	assert_int_equal(by_table(&set, &name, NAMES_NO_RULE, specificity), 1);
	assert_int_equal(specificity[125], 65);
	assert_int_equal(specificity[126], 0);
	set_free(&set);
}

/* Many wildcards at every label, none of which leads to the name. */
static void
wildcards_that_lead_nowhere_are_tried_once_each(void **state)
{
	struct set set = set_new(512, 1);
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct name name;
	unsigned i;

	(void)state;
	for (i = 0; i < 512; i++) {
		char text[64];

		snprintf(text, sizeof(text),
			"+b.*a%c*.a*%c.*a%c*.a%s.a*.*a", 'a' + i % 2,
			'a' + i / 2 % 2, 'a' + i / 4 % 2,
			i / 8 % 2 ? "*" : "*a");
		(void)set_add(&set, text);
	}
	assert_int_equal(names_finish(set.names), 0);
	name = name_of("a.aaa.aaa.aaa.aaa.aaa.aaa");
	assert_int_equal(by_table(&set, &name, NAMES_NO_RULE, specificity),
		NONE);
	name = name_of("b.aaa.aaa.aaa.aaa.aaa.aaa");
	assert_int_not_equal(by_table(&set, &name, NAMES_NO_RULE,
		specificity), NONE);
	set_free(&set);
}

/* --- Rules. */

static void
rules_come_back_as_they_were_added(void **state)
{
	const struct names_rule rule = { UINT32_MAX, UINT16_MAX,
		NAMES_SOURCES_MAX - 1, 1, 0 };
	struct set set = set_new(1, 1);
	const struct names_rule *found;
	struct pattern pattern = pattern_of("example.com");
	uint32_t earlier;

	(void)state;
	assert_int_equal(names_rules(set.names), 0);
	assert_int_equal(names_add(set.names, &pattern, &rule, &earlier), 0);
	assert_int_equal(names_finish(set.names), 0);
	assert_int_equal(names_rules(set.names), 1);
	found = names_rule(set.names, 0);
	assert_int_equal(found->line, UINT32_MAX);
	assert_int_equal(found->column, UINT16_MAX);
	assert_int_equal(found->source, NAMES_SOURCES_MAX - 1);
	assert_int_equal(found->deny, 1);
	set_free(&set);
}

static void
an_equal_pattern_is_told_as_earlier(void **state)
{
	static const struct {
		const char *row;
		const char *patterns[3];
		/* What the last one is told. */
		int earlier;
	} cases[] = {
		{ "the same name", { "+a.com", "+b.com", "+a.com" }, 0 },
		{ "the same name in capitals", { "+a.com", "+A.COM." }, 0 },
		{ "the same name, escaped", { "+a.com", "+\\097.com" }, 0 },
		{ "deny behind allow", { "+a.com", "-a.com" }, 0 },
		{ "allow behind deny", { "-a.com", "+a.com" }, 0 },
		{ "the one that is in force", { "+a.com", "-a.com", "+a.com" },
			1 },
		{ "the same wildcard", { "+a*.com", "+a*.com" }, 0 },
		{ "both, twice", { "+.a.com", "+.a.com" }, 0 },
		{ "below, in both", { "+.a.com", "+*.a.com" }, 0 },
		{ "the name, in both", { "+.a.com", "+a.com" }, 0 },
		{ "another name", { "+a.com", "+b.com" }, NONE },
		{ "the name and below it", { "+a.com", "+*.a.com" }, NONE },
		{ "a wildcard and an asterisk itself", { "+.*.com",
			"+\\*.com" }, NONE },
		{ "a wildcard that matches it", { "+a*.com", "+ab.com" },
			NONE },
		{ "the root and every name", { "+.", "+*" }, NONE },
	};
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		struct set set = set_new(3, 1);
		uint32_t earlier = NAMES_NO_RULE;

		for (k = 0; k < 3 && cases[i].patterns[k] != NULL; k++)
			earlier = set_add(&set, cases[i].patterns[k]);
		wrong += row_number(cases[i].row, "earlier",
			cases[i].earlier == NONE ? (long)NAMES_NO_RULE
			: cases[i].earlier, earlier);
		wrong += row_number(cases[i].row, "rules", (long)k,
			names_rules(set.names));
		set_free(&set);
	}
	assert_int_equal(wrong, 0);
}

static void
of_equal_allows_the_first_stays(void **state)
{
	struct set set = set_new(4, 1);
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct name name = name_of("www.example.com");

	(void)state;
	(void)set_add(&set, "+*.example.com");
	(void)set_add(&set, "+.example.com");
	(void)set_add(&set, "+*.example.com");
	assert_int_equal(names_finish(set.names), 0);
	assert_int_equal(by_table(&set, &name, NAMES_NO_RULE, specificity), 0);
	set_free(&set);
}

static void
a_rule_can_be_passed_over(void **state)
{
	static const struct {
		const char *row;
		uint32_t except;
		const char *name;
		int decides;
	} cases[] = {
		{ "none is", NAMES_NO_RULE, "www.example.com", 3 },
		{ "the one that decides", 3, "www.example.com", 2 },
		{ "another one", 1, "www.example.com", 3 },
		{ "the name itself, of both", 1, "example.com", 0 },
		{ "below, of both", 1, "a.example.com", 0 },
		{ "a wildcard's", 2, "wow.example.com", 1 },
		{ "the only one", 0, "net", NONE },
		{ "the root's", 4, ".", NONE },
		{ "no rule's number", 5, "net", 0 },
	};
	struct set set = set_new(5, 1);
	int wrong = 0;
	size_t i;

	(void)state;
	(void)set_add(&set, "+*");
	(void)set_add(&set, "-.example.com");
	(void)set_add(&set, "-w*.example.com");
	(void)set_add(&set, "+www.example.com");
	(void)set_add(&set, "+.");
	assert_int_equal(names_finish(set.names), 0);
	for (i = 0; i < COUNT_OF(cases); i++) {
		uint8_t specificity[NAME_LABELS_MAX + 1];
		struct name name = name_of(cases[i].name);

		wrong += row_number(cases[i].row, "by the definition",
			cases[i].decides, by_linear_scan(&set, &name,
			cases[i].except, specificity));
		wrong += row_number(cases[i].row, "by the table",
			cases[i].decides, by_table(&set, &name,
			cases[i].except, specificity));
	}
	assert_int_equal(wrong, 0);
	set_free(&set);
}

static void
a_second_table_improves_a_match(void **state)
{
	static const struct {
		const char *row;
		const char *first;
		const char *second;
		/* Which of the two decides www.example.com. */
		int decides;
	} cases[] = {
		{ "neither", "+a.com", "+b.com", NONE },
		{ "only the first", "+*", "+b.com", 0 },
		{ "only the second", "+a.com", "+*", 1 },
		{ "the first is more specific", "+*.example.com", "-*.com",
			0 },
		{ "the second is more specific", "-*.com", "+*.example.com",
			1 },
		{ "equal, the first stays", "+*.com", "+*.com", 0 },
		{ "equal, the first denies", "-*.com", "+*.com", 0 },
		{ "equal, the second denies", "+*.com", "-*.com", 1 },
		{ "equal ranks in other patterns", "+w*.example.com",
			"-*w.example.com", 1 },
	};
	struct name name = name_of("www.example.com");
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		struct set first = set_new(1, 1), second = set_new(1, 2);
		struct names_match match = { NULL, { 0 } };

		(void)set_add(&first, cases[i].first);
		(void)set_add(&second, cases[i].second);
		assert_int_equal(names_finish(first.names), 0);
		assert_int_equal(names_finish(second.names), 0);
		names_find(first.names, &name, NAMES_NO_RULE, &match);
		names_find(second.names, &name, NAMES_NO_RULE, &match);
		wrong += row_number(cases[i].row, "decides", cases[i].decides,
			match.rule == NULL ? NONE :
			match.rule == names_rule(second.names, 0));
		set_free(&first);
		set_free(&second);
	}
	assert_int_equal(wrong, 0);
}

/* --- Chance. */

/* With its sign, as set_add() takes it. */
static void
any_rule(struct chance *chance, char *text)
{
	*text = chance_below(chance, 3) == 0 ? '-' : '+';
	chance_pattern(chance, 2, text + 1);
}

/* Whether the set has the same pattern already, deny or not, or one that has
 * an end with it in common. */
static int
has_alike(const struct set *set, const struct pattern *pattern)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct pattern *other = &set->patterns[i];

		if ((other->scope & pattern->scope) != 0 &&
		    other->name.length == pattern->name.length &&
		    memcmp(other->name.octets, pattern->name.octets,
			pattern->name.length) == 0 &&
		    memcmp(other->star, pattern->star,
			pattern->name.labels * sizeof(*other->star)) == 0)
			return 1;
	}
	return 0;
}

/* Equal matches may differ in the rule, never in what they decide. */
static void
assert_agreement(const struct set *set, const char *text, uint32_t except)
{
	uint8_t expected[NAME_LABELS_MAX + 1], found[NAME_LABELS_MAX + 1];
	uint8_t claimed[NAME_LABELS_MAX + 1];
	struct name name = name_of(text);
	int scan = by_linear_scan(set, &name, except, expected);
	int table = by_table(set, &name, except, found);

	if ((scan == NONE) != (table == NONE))
		fail_msg("%s: scan %d, table %d", text, scan, table);
	if (scan == NONE)
		return;
	if (row_octets(text, expected, sizeof(expected), found,
	    sizeof(found)) ||
	    row_number(text, "deny", set->deny[scan], set->deny[table]))
		fail();
	/* The rule is one that matches, and so specifically. */
	assert_int_not_equal(table, (int)except);
	assert_true(pattern_matches(&set->patterns[table], &name, claimed));
	assert_memory_equal(claimed, expected, sizeof(claimed));
}

/* Adds COUNT rules, with which the table is finished. */
static void
fill(struct set *set, struct chance *chance, size_t count)
{
	char text[64];

	while (count-- > 0) {
		any_rule(chance, text);
		(void)set_add(set, text);
	}
	assert_int_equal(names_finish(set->names), 0);
}

/* COUNT names are looked up. */
static void
assert_agreement_on_some(const struct set *set, struct chance *chance,
	unsigned count)
{
	char text[64];

	while (count-- > 0) {
		chance_name(chance, text);
		assert_agreement(set, text, NAMES_NO_RULE);
	}
}

static void
random_tables_agree_with_a_linear_scan(void **state)
{
	struct chance chance = { 41 };
	unsigned round;

	(void)state;
	for (round = 0; round < 100; round++) {
		size_t room = 1 + chance_below(&chance, 400);
		struct set set = set_new(room, chance_word(&chance));

		fill(&set, &chance, room);
		assert_agreement_on_some(&set, &chance, 1500);
		set_free(&set);
	}
}

/* Without equal patterns, of which the table keeps one. */
static void
random_tables_agree_when_a_rule_is_passed_over(void **state)
{
	struct chance chance = { 42 };
	unsigned round, i;

	(void)state;
	for (round = 0; round < 100; round++) {
		size_t room = 1 + chance_below(&chance, 200);
		struct set set = set_new(room, chance_word(&chance));
		char text[64];

		for (i = 0; i < room; i++) {
			struct pattern pattern;

			any_rule(&chance, text);
			pattern = pattern_of(text + 1);
			if (!has_alike(&set, &pattern))
				(void)set_add(&set, text);
		}
		assert_int_equal(names_finish(set.names), 0);
		for (i = 0; i < 1000; i++) {
			uint8_t specificity[NAME_LABELS_MAX + 1];
			struct name name;
			int decides;

			chance_name(&chance, text);
			name = name_of(text);
			decides = by_linear_scan(&set, &name, NAMES_NO_RULE,
				specificity);
			assert_agreement(&set, text, decides != NONE
				? (uint32_t)decides : 0);
		}
		set_free(&set);
	}
}

static void
the_key_changes_no_answer(void **state)
{
	static const struct names_key keys[] = { { { 0, 0 } },
		{ { 1, 0 } }, { { 0, 1 } },
		{ { UINT64_MAX, UINT64_MAX } } };
	size_t k;

	(void)state;
	for (k = 0; k < COUNT_OF(keys); k++) {
		struct chance chance = { 43 };
		struct set set = set_new(100, 0);

		names_free(set.names);
		set.names = names_new(&keys[k]);
		assert_non_null(set.names);
		fill(&set, &chance, 100);
		assert_agreement_on_some(&set, &chance, 500);
		set_free(&set);
	}
}

/* --- Many. */

#define MANY 200000u

/* Two of three under one name, the rest under a hundred others. */
static void
nth_name(unsigned i, const char *wrong, char *text)
{
	if (i % 3 == 0)
		sprintf(text, "host%s.zone-%u.example.net", wrong, i);
	else
		sprintf(text, "h%u%s.example.com", i, wrong);
}

static void
all_of_many_patterns_are_found_and_no_neighbour(void **state)
{
	const struct names_key key = { { 0x8c5b1d6e02f7a394u,
		0x3ae94f7b60d1c825u } };
	struct names *names = names_new(&key);
	unsigned i;

	(void)state;
	assert_non_null(names);
	for (i = 0; i < MANY; i++) {
		const struct names_rule rule = { i, 1, 0, i % 2, 0 };
		struct pattern pattern;
		uint32_t earlier;
		char text[64] = "*.";

		nth_name(i, "", text + 2);
		/* A third are names, a third below them, a third both. */
		pattern = pattern_of(text + (i / 3 % 3 == 0 ? 2 :
			i / 3 % 3 == 1));
		assert_int_equal(names_add(names, &pattern, &rule, &earlier),
			i);
		assert_int_equal(earlier, NAMES_NO_RULE);
	}
	assert_int_equal(names_finish(names), 0);
	assert_int_equal(names_rules(names), MANY);
	for (i = 0; i < MANY; i++) {
		char text[64] = "x.";
		unsigned below;

		nth_name(i, "", text + 2);
		for (below = 0; below < 2; below++) {
			struct name name = name_of(text + (below ? 0 : 2));
			struct names_match match = { NULL, { 0 } };
			unsigned form = i / 3 % 3;
			int matches = form == 0 ? !below :
				form == 1 ? 1 : (int)below;

			names_find(names, &name, NAMES_NO_RULE, &match);
			assert_int_equal(match.rule != NULL, matches);
			if (matches) {
				assert_int_equal(match.rule->line, i);
				assert_int_equal(match.rule->deny, i % 2);
			}
		}
	}
	for (i = 0; i < MANY; i++) {
		char text[64];
		struct name name;
		struct names_match match = { NULL, { 0 } };

		nth_name(i, "x", text);
		name = name_of(text);
		names_find(names, &name, NAMES_NO_RULE, &match);
		assert_null(match.rule);
	}
	names_free(names);
}

static void
memory_grows_with_patterns_and_shrinks_when_finished(void **state)
{
	struct set set = set_new(1000, 1);
	size_t empty = names_memory(set.names), full;
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		char text[64];

		sprintf(text, "+name-%u.example.com", i);
		(void)set_add(&set, text);
	}
	full = names_memory(set.names);
	assert_true(full > empty + 1000 * sizeof(struct names_rule));
	assert_int_equal(names_finish(set.names), 0);
	assert_true(names_memory(set.names) < full);
	set_free(&set);
	names_free(NULL);
}

/* --- What many cost. */

/* Adds COUNT patterns of FORM, which has a %u for the number of each; returns
 * their octets. */
static size_t
add_many(struct names *names, const char *form, unsigned count)
{
	size_t octets = 0;
	unsigned i;

	for (i = 0; i < count; i++) {
		const struct names_rule rule = { i, 1, 0, 0, 0 };
		struct pattern pattern;
		uint32_t earlier;
		char text[300];
		struct names_hint hint;

		snprintf(text, sizeof(text), form, i, i / 2, i / 50);
		pattern = pattern_of(text);
		names_fetch(names, &pattern, &hint);
		assert_int_equal(names_add_from(names, &pattern, &rule, &hint,
			&earlier), i);
		octets += strlen(text);
	}
	return octets;
}

static void
a_pattern_takes_24_octets_beyond_its_own(void **state)
{
	static const struct {
		const char *form;
		unsigned count;
	} cases[] = {
		{ "h%u.cdn7.example.net", 100000 },
		{ ".zone%u.example", 100000 },
		{ "*.z%u.test", 100000 },
		{ "www.site-%u.example", 100000 },
		{ "h%1$u.site-%2$u.example", 100000 },
		{ "h%1$u.s%2$u.z%3$u.example", 100000 },
		{ "a.b.c.d.e.f.g.h.i.j.site-%u.example", 20000 },
		{ "*-%u.cdn.example", 100000 },
		/* Where the table is as full as it gets, and beyond. */
		{ "h%u.example", 98304 },
		{ "h%u.example", 98305 },
		{ "h%u.example", 600 },
	};
	const struct names_key key = { { 5, 6 } };
	unsigned expected;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++)
		for (expected = 0; expected < 2; expected++) {
			struct names *names = names_new(&key);
			size_t octets, limit;

			assert_non_null(names);
			if (expected)
				names_expect(names, cases[i].count);
			octets = add_many(names, cases[i].form,
				cases[i].count);
			assert_int_equal(names_finish(names), 0);
			limit = octets + 24 * (size_t)cases[i].count;
			if (names_memory(names) > limit)
				fail_msg("%s: %zu octets, expected %zu",
					cases[i].form, names_memory(names),
					limit);
			names_free(names);
		}
}

static void
names_may_share_120_labels(void **state)
{
	enum { COUNT = 20000 };
	const struct names_key key = { { 7, 8 } };
	struct names *names = names_new(&key);
	char form[300] = "h%u";
	unsigned i;

	(void)state;
	assert_non_null(names);
	for (i = 0; i < 120; i++)
		strcat(form, i % 2 ? ".a" : ".b");
	(void)add_many(names, form, COUNT);
	assert_int_equal(names_finish(names), 0);
	assert_true(names_memory(names) < (size_t)COUNT * 40);
	for (i = 0; i < 2 * COUNT; i++) {
		struct names_match match = { NULL, { 0 } };
		struct name name;
		char text[300];

		snprintf(text, sizeof(text), form, i);
		name = name_of(text);
		names_find(names, &name, NAMES_NO_RULE, &match);
		assert_int_equal(match.rule != NULL, i < COUNT);
		assert_true(match.rule == NULL || match.rule->line == i);
	}
	names_free(names);
}

/* What is expected, rightly or not, changes no answer. */
static void
patterns_may_be_expected(void **state)
{
	static const size_t counts[] = { 0, 1, 300, 100000, SIZE_MAX };
	size_t k;

	(void)state;
	for (k = 0; k < COUNT_OF(counts); k++) {
		struct chance chance = { 44 };
		struct set set = set_new(300, 4);

		names_expect(set.names, counts[k]);
		fill(&set, &chance, 300);
		assert_agreement_on_some(&set, &chance, 500);
		set_free(&set);
	}
}

/* Between finding the way of a pattern and adding it, others are added, which
 * part that way, or make it longer. */
static void
a_way_that_was_found_stays_right_whatever_is_added(void **state)
{
	enum { AHEAD = 40, COUNT = 400 };
	static char texts[AHEAD][64];
	static struct names_hint hints[AHEAD];
	unsigned seed;

	(void)state;
	for (seed = 0; seed < 60; seed++) {
		struct chance chance = { 700 + seed };
		unsigned ahead = 1 + seed % AHEAD, i;
		struct set set = set_new(COUNT, seed);

		for (i = 0; i < COUNT + ahead; i++) {
			if (i >= ahead)
				(void)set_add_from(&set, texts[i % ahead],
					&hints[i % ahead]);
			any_rule(&chance, texts[i % ahead]);
			hints[i % ahead] = set_fetch(&set, texts[i % ahead]);
		}
		assert_int_equal(names_finish(set.names), 0);
		assert_agreement_on_some(&set, &chance, 500);
		set_free(&set);
	}
}

static void
no_way_leads_by_an_asterisk_for_a_wildcard(void **state)
{
	static const char *const names[] = { "a*b.test", "x.a*b.test",
		"x.axb.test", "y.a*b.test", "y.axb.test" };
	struct set set = set_new(8, 3);
	struct names_hint hint;
	size_t i;

	(void)state;
	(void)set_add(&set, "-x.a\\042b.test");
	(void)set_add(&set, "-z.a\\042b.test");
	hint = set_fetch(&set, "+y.a*b.test");
	(void)set_add_from(&set, "+y.a*b.test", &hint);
	assert_int_equal(names_finish(set.names), 0);
	for (i = 0; i < COUNT_OF(names); i++)
		assert_agreement(&set, names[i], NAMES_NO_RULE);
	set_free(&set);
}

/* --- Many labels with wildcards below one name. */

/* A label of up to seven 'a' and 'b', with STARS one with wildcards. */
static char *
any_label(struct chance *chance, int stars, char *text)
{
	unsigned left = 1 + chance_below(chance, 7), star;

	for (star = 0; left > 0; left--) {
		/* Not two together, and not one alone. */
		star = stars && !star && chance_below(chance, 3) == 0;
		*text++ = star ? '*' : (char)('a' + chance_below(chance, 2));
	}
	if (stars)
		text += sprintf(text, star ? "a" : "*a");
	*text = '\0';
	return text;
}

static void
any_wild_rule(struct chance *chance, char *text)
{
	static const char *const fronts[] = { "", "*.", "." };

	text += sprintf(text, "%c%s", chance_below(chance, 3) ? '+' : '-',
		fronts[chance_below(chance, 3)]);
	if (chance_below(chance, 3) == 0)
		text = strcpy(any_label(chance, (int)chance_below(chance, 2),
			text), ".") + 1;
	strcpy(any_label(chance, chance_below(chance, 8) > 0, text), ".x");
}

static void
many_wildcards_below_one_name_agree_with_a_linear_scan(void **state)
{
	struct chance chance = { 45 };
	unsigned round, i;

	(void)state;
	for (round = 0; round < 40; round++) {
		/* Few that are tried one after the other, to many. */
		size_t room = 1 + chance_below(&chance, 2) * 600 +
			chance_below(&chance, 40);
		struct set set = set_new(room, chance_word(&chance));
		char text[64];

		for (i = 0; i < room; i++) {
			any_wild_rule(&chance, text);
			(void)set_add(&set, text);
		}
		assert_int_equal(names_finish(set.names), 0);
		for (i = 0; i < 1000; i++) {
			char *at = text;

			if (chance_below(&chance, 2))
				at = strcpy(any_label(&chance, 0, at), ".") + 1;
			strcpy(any_label(&chance, 0, at), ".x");
			assert_agreement(&set, text, NAMES_NO_RULE);
		}
		set_free(&set);
	}
}

/* Whatever piece they are told apart by: the one that matches is found, and no
 * other. */
static void
wildcards_are_told_apart_by_any_piece(void **state)
{
	enum { COUNT = 3000 };
	static const struct {
		const char *form;
		const char *name;
	} cases[] = {
		{ "v%05u*.example", "v%05uxx.example" },
		{ "*-%05u.example", "xx-%05u.example" },
		{ "a*-%05u-*b.example", "axx-%05u-xxb.example" },
		{ "common*%05u*common.example", "common%05ucommon.example" },
		{ "*%05u*.example", "xxxx%05uxxxx.example" },
		{ "*%1$03u*%1$05u.example", "x%1$03ux%1$05u.example" },
		{ "www.*-%05u.example", "www.xx-%05u.example" },
	};
	const struct names_key key = { { 9, 10 } };
	size_t i;
	unsigned k;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		struct names *names = names_new(&key);

		assert_non_null(names);
		(void)add_many(names, cases[i].form, COUNT);
		assert_int_equal(names_finish(names), 0);
		assert_int_equal(names_wild_labels(names), COUNT);
		for (k = 0; k < COUNT + 100; k++) {
			struct names_match match = { NULL, { 0 } };
			struct name name;
			char text[80];

			snprintf(text, sizeof(text), cases[i].name, k);
			name = name_of(text);
			names_find(names, &name, NAMES_NO_RULE, &match);
			if ((match.rule != NULL) != (k < COUNT) ||
			    (match.rule != NULL && match.rule->line != k))
				fail_msg("%s: %s", cases[i].form, text);
		}
		names_free(names);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_pattern_decides),
		cmocka_unit_test(
			labels_may_be_as_long_and_as_many_as_names_have),
		cmocka_unit_test(
			wildcards_that_lead_nowhere_are_tried_once_each),
		cmocka_unit_test(rules_come_back_as_they_were_added),
		cmocka_unit_test(an_equal_pattern_is_told_as_earlier),
		cmocka_unit_test(of_equal_allows_the_first_stays),
		cmocka_unit_test(a_rule_can_be_passed_over),
		cmocka_unit_test(a_second_table_improves_a_match),
		cmocka_unit_test(random_tables_agree_with_a_linear_scan),
		cmocka_unit_test(
			random_tables_agree_when_a_rule_is_passed_over),
		cmocka_unit_test(the_key_changes_no_answer),
		cmocka_unit_test(
			all_of_many_patterns_are_found_and_no_neighbour),
		cmocka_unit_test(
			memory_grows_with_patterns_and_shrinks_when_finished),
		cmocka_unit_test(a_pattern_takes_24_octets_beyond_its_own),
		cmocka_unit_test(names_may_share_120_labels),
		cmocka_unit_test(patterns_may_be_expected),
		cmocka_unit_test(
			a_way_that_was_found_stays_right_whatever_is_added),
		cmocka_unit_test(no_way_leads_by_an_asterisk_for_a_wildcard),
		cmocka_unit_test(
			many_wildcards_below_one_name_agree_with_a_linear_scan),
		cmocka_unit_test(wildcards_are_told_apart_by_any_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
