/*
 * names.c - from an owner name to the most specific pattern that matches it.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define ROOT 0u
#define LIMIT (1u << 30)
#define STARRED (1u << 31)
#define BOTH_ENDS (1u << 31)

struct node {
	uint32_t parent;
	uint32_t label; /* in the pool; with STARRED, its stars are behind it */
	/* The ends: rule + 1, 0 for none; with BOTH_ENDS where the rule was
	 * written for both, whether or not another one has the other. */
	uint32_t self; /* of PATTERN_SELF */
	uint32_t below; /* of PATTERN_BELOW */
};

/* An edge with a wildcard label, sorted by parent, then by rank. */
struct glob {
	uint32_t parent;
	uint32_t node;
	uint32_t rank;
};

struct names {
	struct names_key key;
	struct node *nodes;
	uint32_t count, room;
	struct names_rule *rules;
	uint32_t rule_count, rule_room;
	uint8_t *pool;
	uint32_t pool_used, pool_room;
	struct glob *globs;
	uint32_t glob_count, glob_room;
	/* All edges. Open addressing: node numbers, 0 (the root is nobody's
	 * child) for an empty slot; a power of two, at most 3/4 full. */
	uint32_t *slots;
	uint32_t slot_mask, slot_used;
	/* Patterns with a wildcard label, by deny. */
	int has_wild[2];
	/* A bit a node: wildcard edges start here. */
	uint8_t *has_globs;
};

static const uint8_t *
label_of(const struct names *names, const struct node *node)
{
	return names->pool + (node->label & ~STARRED);
}

/* The wildcards of a node's label, 0 for a literal one. */
static uint64_t
star_of(const struct names *names, const struct node *node)
{
	const uint8_t *label = label_of(names, node);
	uint64_t star = 0;

	if (node->label & STARRED)
		memcpy(&star, label + label[0] + 1, sizeof(star));
	return star;
}

/* The slot with the child of PARENT by LABEL, or the empty one for it. */
static uint32_t
find_slot(const struct names *names, uint32_t parent, const uint8_t *label,
	uint64_t star)
{
	uint64_t hash = hash_octets(&names->key, parent, label + 1, label[0]);
	uint32_t slot = (uint32_t)(hash >> 32) & names->slot_mask;

	for (;;) {
		const struct node *node = &names->nodes[names->slots[slot]];

		if (names->slots[slot] == 0 || (node->parent == parent &&
		    label_equal(label_of(names, node), label) &&
		    star_of(names, node) == star))
			return slot;
		slot = (slot + 1) & names->slot_mask;
	}
}

/* Makes room for one more element of SIZE octets. */
static int
grow(void *array, uint32_t used, uint32_t *room, size_t size, uint32_t more)
{
	uint64_t want = *room;
	void *grown;

	if ((uint64_t)used + more <= *room)
		return 0;
	while (want < (uint64_t)used + more)
		want = want < 16 ? 16 : want + want / 2;
	if (want > (uint64_t)LIMIT * 2)
		return -1;
	memcpy(&grown, array, sizeof(grown));
	grown = realloc(grown, want * size);
	if (grown == NULL)
		return -1;
	memcpy(array, &grown, sizeof(grown));
	*room = (uint32_t)want;
	return 0;
}

static int
rehash(struct names *names, uint32_t size)
{
	uint32_t *old = names->slots, old_mask = names->slot_mask, i;

	names->slots = calloc(size, sizeof(*names->slots));
	if (names->slots == NULL) {
		names->slots = old;
		return -1;
	}
	names->slot_mask = size - 1;
	for (i = 0; old != NULL && i <= old_mask; i++) {
		const struct node *node = &names->nodes[old[i]];

		if (old[i] != 0)
			names->slots[find_slot(names, node->parent,
				label_of(names, node),
				star_of(names, node))] = old[i];
	}
	free(old);
	return 0;
}

struct names *
names_new(const struct names_key *key)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->key = hash_key(key);
	if (grow(&names->nodes, 0, &names->room, sizeof(*names->nodes), 1) ||
	    rehash(names, 16) != 0) {
		names_free(names);
		return NULL;
	}
	memset(&names->nodes[ROOT], 0, sizeof(names->nodes[ROOT]));
	names->count = 1;
	return names;
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	free(names->nodes);
	free(names->rules);
	free(names->pool);
	free(names->globs);
	free(names->slots);
	free(names->has_globs);
	free(names);
}

/* Puts a label, and the stars behind it if it has any, into the pool. */
static int
add_label(struct names *names, const uint8_t *label, uint64_t star,
	uint32_t *at)
{
	uint32_t stars = star != 0 ? (uint32_t)sizeof(star) : 0;
	uint32_t more = label[0] + 1u + stars;

	if (names->pool_used >= LIMIT || grow(&names->pool, names->pool_used,
	    &names->pool_room, 1, more) != 0)
		return -1;
	*at = names->pool_used | (star != 0 ? STARRED : 0);
	memcpy(names->pool + names->pool_used, label, label[0] + 1u);
	memcpy(names->pool + names->pool_used + label[0] + 1, &star, stars);
	names->pool_used += more;
	return 0;
}

static int
add_node(struct names *names, uint32_t parent, const uint8_t *label,
	uint64_t star, uint32_t *number)
{
	struct node *node;

	if (names->count >= LIMIT || grow(&names->nodes, names->count,
	    &names->room, sizeof(*names->nodes), 1) != 0)
		return -1;
	node = &names->nodes[names->count];
	memset(node, 0, sizeof(*node));
	node->parent = parent;
	if (add_label(names, label, star, &node->label) != 0)
		return -1;
	*number = names->count++;
	return 0;
}

static int
add_glob(struct names *names, uint32_t parent, uint32_t node, unsigned rank)
{
	struct glob *glob;

	if (grow(&names->globs, names->glob_count, &names->glob_room,
	    sizeof(*names->globs), 1) != 0)
		return -1;
	glob = &names->globs[names->glob_count++];
	glob->parent = parent;
	glob->node = node;
	glob->rank = rank;
	return 0;
}

/* Goes from PARENT to its child by LABEL, which is made where it is missing. */
static int
child_of(struct names *names, uint32_t parent, const uint8_t *label,
	uint64_t star, uint32_t *child)
{
	uint32_t slot = find_slot(names, parent, label, star);

	if (names->slots[slot] != 0) {
		*child = names->slots[slot];
		return 0;
	}
	if (names->slot_used >= names->slot_mask / 4 * 3) {
		if (rehash(names, (names->slot_mask + 1) * 2) != 0)
			return -1;
		slot = find_slot(names, parent, label, star);
	}
	if (add_node(names, parent, label, star, child) != 0)
		return -1;
	names->slots[slot] = *child;
	names->slot_used++;
	return star == 0 ? 0 : add_glob(names, parent, *child,
		pattern_label_rank(label, star));
}

/* The rule at an end of a node, or NAMES_NO_RULE. */
static inline uint32_t
rule_at(uint32_t end)
{
	return (end & ~BOTH_ENDS) - 1;
}

/* Puts what is WRITTEN at one end of a node. Of two rules, the first stays, or
 * the deny. */
static void
place_rule(struct names *names, uint32_t *end, uint32_t written,
	uint32_t *earlier)
{
	struct names_rule *rules = names->rules;
	uint32_t rule = rule_at(written);

	if (*end == 0) {
		*end = written;
		return;
	}
	*earlier = rule_at(*end);
	if (rules[rule].deny && !rules[*earlier].deny)
		*end = written;
	if (rules[rule].deny != rules[*earlier].deny)
		rules[rule_at(*end)].beats_allow = 1;
}

uint32_t
names_add(struct names *names, const struct pattern *pattern,
	const struct names_rule *rule, uint32_t *earlier)
{
	uint32_t node = ROOT, number = names->rule_count, written = number + 1;
	unsigned i;

	*earlier = NAMES_NO_RULE;
	if (names->rule_count >= LIMIT || grow(&names->rules, number,
	    &names->rule_room, sizeof(*names->rules), 1) != 0)
		return NAMES_NO_RULE;
	for (i = pattern->name.labels; i > 0; i--) {
		if (pattern->star[i - 1] != 0)
			names->has_wild[rule->deny] = 1;
		if (child_of(names, node, name_label(&pattern->name, i - 1),
		    pattern->star[i - 1], &node) != 0)
			return NAMES_NO_RULE;
	}
	names->rules[number] = *rule;
	names->rules[number].beats_allow = 0;
	names->rule_count++;
	if (pattern->scope == (PATTERN_SELF | PATTERN_BELOW))
		written |= BOTH_ENDS;
	if (pattern->scope & PATTERN_SELF)
		place_rule(names, &names->nodes[node].self, written, earlier);
	if (pattern->scope & PATTERN_BELOW)
		place_rule(names, &names->nodes[node].below, written, earlier);
	return number;
}

static int
compare_globs(const void *va, const void *vb)
{
	const struct glob *a = va, *b = vb;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* Gives back what growing left over; keeping it would be no mistake. */
static void
shrink(void *array, uint32_t used, uint32_t *room, size_t size)
{
	void *old, *fitting;

	memcpy(&old, array, sizeof(old));
	fitting = used > 0 ? realloc(old, used * size) : NULL;
	if (fitting == NULL)
		return;
	memcpy(array, &fitting, sizeof(fitting));
	*room = used;
}

int
names_finish(struct names *names)
{
	uint32_t i;

	names->has_globs = calloc(names->count / 8 + 1, 1);
	if (names->has_globs == NULL)
		return -1;
	if (names->glob_count > 1)
		qsort(names->globs, names->glob_count, sizeof(*names->globs),
			compare_globs);
	for (i = 0; i < names->glob_count; i++)
		names->has_globs[names->globs[i].parent / 8] |=
			(uint8_t)(1u << names->globs[i].parent % 8);
	shrink(&names->nodes, names->count, &names->room,
		sizeof(*names->nodes));
	shrink(&names->rules, names->rule_count, &names->rule_room,
		sizeof(*names->rules));
	shrink(&names->pool, names->pool_used, &names->pool_room, 1);
	return 0;
}

/* A look-up on its way: the path so far is in path[0..depth). */
struct walk {
	const struct names *names;
	const struct name *name;
	uint32_t except;
	struct names_match *match;
	uint8_t path[NAME_LABELS_MAX + 1];
};

/* The path ends in a rule: keep it if it beats what there is. */
static int
offer(struct walk *walk, uint32_t end, unsigned depth)
{
	const struct names_rule *rule;
	int order;

	if (end == 0 || rule_at(end) == walk->except)
		return 0;
	rule = &walk->names->rules[rule_at(end)];
	memset(walk->path + depth, 0, sizeof(walk->path) - depth);
	order = walk->match->rule == NULL ? 1 : memcmp(walk->path,
		walk->match->specificity, sizeof(walk->path));
	if (order > 0 || (order == 0 && rule->deny &&
	    !walk->match->rule->deny)) {
		walk->match->rule = rule;
		memcpy(walk->match->specificity, walk->path,
			sizeof(walk->path));
	}
	return 1;
}

static int descend(struct walk *walk, uint32_t number, unsigned depth);

/* The first of NODE's wildcard edges. */
static uint32_t
first_glob(const struct names *names, uint32_t node)
{
	uint32_t low = 0, high = names->glob_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (names->globs[middle].parent < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Tries the wildcard edges, best rank first; edges of one rank are all tried,
 * for only what is behind them can tell them apart. */
static int
descend_globs(struct walk *walk, uint32_t number, unsigned depth,
	const uint8_t *label)
{
	const struct names *names = walk->names;
	uint32_t i = first_glob(names, number), rank = 0;
	int found = 0;

	for (; i < names->glob_count && names->globs[i].parent == number; i++) {
		const struct glob *glob = &names->globs[i];
		const struct node *node = &names->nodes[glob->node];

		if (found && glob->rank < rank)
			break;
		if (!pattern_label_matches(label_of(names, node),
		    star_of(names, node), label))
			continue;
		walk->path[depth] = (uint8_t)(glob->rank + 1);
		if (descend(walk, glob->node, depth + 1)) {
			found = 1;
			rank = glob->rank;
		}
	}
	return found;
}

/*
 * Looks at and under a node that DEPTH labels of the name have led to. Returns
 * whether anything matched: then what is less specific need not be tried.
 * Every node is visited at most once, and the depth is at most 127.
 */
static int
descend(struct walk *walk, uint32_t number, unsigned depth)
{
	const struct names *names = walk->names;
	const struct node *node = &names->nodes[number];
	const uint8_t *label;
	uint32_t child;

	if (depth == walk->name->labels)
		return offer(walk, node->self, depth);
	label = name_label(walk->name, walk->name->labels - 1 - depth);
	child = names->slots[find_slot(names, number, label, 0)];
	if (child != 0) {
		walk->path[depth] = PATTERN_RANK_LITERAL + 1;
		if (descend(walk, child, depth + 1))
			return 1;
	}
	if ((names->has_globs[number / 8] >> number % 8 & 1) &&
	    descend_globs(walk, number, depth, label))
		return 1;
	return offer(walk, node->below, depth);
}

void
names_find(const struct names *names, const struct name *name,
	uint32_t except, struct names_match *match)
{
	struct walk walk;

	walk.names = names;
	walk.name = name;
	walk.except = except;
	walk.match = match;
	(void)descend(&walk, ROOT, 0);
}

uint32_t
names_rules(const struct names *names)
{
	return names->rule_count;
}

const struct names_rule *
names_rule(const struct names *names, uint32_t rule)
{
	return &names->rules[rule];
}

uint32_t
names_number(const struct names *names, const struct names_rule *rule)
{
	/* As numbers, for C compares no pointers into two arrays. */
	uintptr_t first = (uintptr_t)names->rules, at = (uintptr_t)rule;

	if (at < first ||
	    at - first >= names->rule_count * sizeof(*names->rules))
		return NAMES_NO_RULE;
	return (uint32_t)((at - first) / sizeof(*names->rules));
}

/* Whether an octet of a pattern may stand unescaped; name_to_text() has the
 * asterisk too, which is a wildcard here. */
static int
stands_for_itself(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') ||
		(octet >= '0' && octet <= '9') || octet == '-' || octet == '_';
}

/* Writes the label of a node; returns the place behind it. */
static char *
write_label(const struct names *names, const struct node *node, char *text)
{
	const uint8_t *label = label_of(names, node);
	uint64_t star = star_of(names, node);
	unsigned i;

	for (i = 0; i < label[0]; i++) {
		uint8_t octet = label[i + 1];

		if ((star >> i & 1) || stands_for_itself(octet))
			*text++ = (char)octet;
		else
			text = octet_escape(text, octet);
	}
	return text;
}

/* Writes the pattern whose rule is at END of the node NUMBER; BELOW tells which
 * of the two ends that is. */
static void
write_pattern(const struct names *names, uint32_t number, uint32_t end,
	int below, char *text)
{
	const char *front = end & BOTH_ENDS ? "." : below ? "*." : "";

	/* The root has no label to stand behind the front. */
	if (number == ROOT)
		front = below ? "*" : ".";
	for (; *front != '\0'; front++)
		*text++ = *front;
	while (number != ROOT) {
		text = write_label(names, &names->nodes[number], text);
		number = names->nodes[number].parent;
		if (number != ROOT)
			*text++ = '.';
	}
	*text = '\0';
}

void
names_pattern(const struct names *names, uint32_t rule, char *text)
{
	uint32_t i;

	*text = '\0';
	/* Which is what an empty end holds. */
	if (rule == NAMES_NO_RULE)
		return;
	for (i = 0; i < names->count; i++) {
		const struct node *node = &names->nodes[i];

		if (rule_at(node->self) == rule) {
			write_pattern(names, i, node->self, 0, text);
			return;
		}
		if (rule_at(node->below) == rule) {
			write_pattern(names, i, node->below, 1, text);
			return;
		}
	}
}

/* --- What another table does not have. */

/* What an end says: 0 nothing, 1 allow, 2 deny. */
static unsigned
effect_of(const struct names *names, uint32_t end)
{
	return end == 0 ? 0 : 1u + names->rules[rule_at(end)].deny;
}

/* What the rule at an end was written for. */
static unsigned
scope_of(uint32_t end, unsigned scope)
{
	return end & BOTH_ENDS ? PATTERN_SELF | PATTERN_BELOW : scope;
}

/* Whether a node has a rule of that effect, written for that scope. */
static int
node_has(const struct names *names, const struct node *node, unsigned effect,
	unsigned scope)
{
	return (effect_of(names, node->self) == effect &&
		scope_of(node->self, PATTERN_SELF) == scope) ||
		(effect_of(names, node->below) == effect &&
		scope_of(node->below, PATTERN_BELOW) == scope);
}

/* A comparison on its way. */
struct missing {
	const struct names *names;
	const struct names *other;
	names_visit *visit;
	void *context;
};

static void
visit_end(const struct missing *missing, uint32_t number,
	const struct node *twin, uint32_t end, unsigned scope)
{
	const struct names *names = missing->names;
	char text[NAMES_PATTERN_MAX];

	if (end == 0 || (twin != NULL && node_has(missing->other, twin,
	    effect_of(names, end), scope_of(end, scope))))
		return;
	write_pattern(names, number, end, scope == PATTERN_BELOW, text);
	missing->visit(missing->context, &names->rules[rule_at(end)], text);
}

/* TWIN is the same name's node in the other table, NULL for none. */
static void
visit_node(const struct missing *missing, uint32_t number,
	const struct node *twin)
{
	const struct names *names = missing->names;
	const struct node *node = &names->nodes[number];

	if (twin != NULL && effect_of(names, node->self) ==
	    effect_of(missing->other, twin->self) &&
	    effect_of(names, node->below) ==
	    effect_of(missing->other, twin->below))
		return;
	visit_end(missing, number, twin, node->self, PATTERN_SELF);
	/* A rule that has both ends is one. */
	if (rule_at(node->below) != rule_at(node->self))
		visit_end(missing, number, twin, node->below, PATTERN_BELOW);
}

/* The twin of NODE, a child of the node whose twin is PARENT; the root, which
 * is nobody's child, for none. */
static uint32_t
find_twin(const struct missing *missing, const struct node *node,
	uint32_t parent)
{
	const struct names *names = missing->names, *other = missing->other;

	return other->slots[find_slot(other, parent, label_of(names, node),
		star_of(names, node))];
}

int
names_missing(const struct names *names, const struct names *other,
	names_visit *visit, void *context)
{
	const struct missing missing = { names, other, visit, context };
	uint32_t *twins = NULL, i;

	if (other != NULL) {
		twins = calloc(names->count, sizeof(*twins));
		if (twins == NULL)
			return -1;
	}
	visit_node(&missing, ROOT, other != NULL ? &other->nodes[ROOT] : NULL);
	/* Parents come before their children. */
	for (i = 1; i < names->count; i++) {
		const struct node *node = &names->nodes[i];

		if (twins != NULL &&
		    (node->parent == ROOT || twins[node->parent] != ROOT))
			twins[i] = find_twin(&missing, node,
				twins[node->parent]);
		visit_node(&missing, i, twins != NULL && twins[i] != ROOT
			? &other->nodes[twins[i]] : NULL);
	}
	free(twins);
	return 0;
}

uint32_t
names_wild_labels(const struct names *names)
{
	return names->glob_count;
}

int
names_has_wild(const struct names *names, int deny)
{
	return names->has_wild[deny != 0];
}

size_t
names_memory(const struct names *names)
{
	return sizeof(*names) + names->room * sizeof(*names->nodes) +
		names->rule_room * sizeof(*names->rules) + names->pool_room +
		names->glob_room * sizeof(*names->globs) +
		(names->slot_mask + (size_t)1) * sizeof(*names->slots) +
		names->count / 8 + 1;
}
