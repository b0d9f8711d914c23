/*
 * names.c - from an owner name to the most specific pattern that matches it.
 *
 * tree.h tells what the tree looks like.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "globs.h"
#include "hash.h"
#include "pages.h"
#include "tree.h"

/* What each step of a look-up calls: what a call costs would be a third. */
#define INLINE static inline __attribute__((always_inline))

/* Words that a slot stands for, at least. */
#define WORDS_EACH 8u
/* A table with fewer edges has more slots for each. */
#define SMALL 256u
/* Gaps that are a smaller part of all words stay. */
#define GAPS_PART 32u
/* Every so many rules it is noted where the next one is. */
#define MARK_EVERY 8u

struct names {
	/* Where the memory is from; NULL for memory of its own. */
	struct region *region;
	struct names_key key;
	/* The nodes. */
	uint32_t *words;
	uint32_t used, room;
	/* Words that are gaps between them. */
	uint32_t gaps;
	/* All edges, by parent and label. Open addressing: the number of the
	 * child, with the hash in the bits that numbers do not have, 0 (the
	 * root is nobody's child) for an empty slot. */
	uint32_t *slots;
	uint32_t slot_count, slot_used;
	/* The bits of a slot that are a number. */
	uint32_t number_bits;
	/* The nodes of the rules 0, MARK_EVERY, and so on. */
	uint32_t *marks;
	uint32_t marks_room;
	uint32_t rule_count;
	uint32_t wild_labels;
	/* Patterns with a wildcard label, by deny. */
	int has_wild[2];
	/* NULL without wildcard labels, and before names_finish(). */
	struct globs *globs;
};

/* --- The edges. */

static uint32_t
first_slot(const struct names *names, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * names->slot_count >> 32);
}

static inline uint32_t
next_slot(const struct names *names, uint32_t slot)
{
	return slot + 1 < names->slot_count ? slot + 1 : 0;
}

/* The slot with the child of PARENT by LABEL, or the empty one for it. HASH is
 * tree_hash() of both. */
static uint32_t
find_slot(const struct names *names, uint64_t hash, uint32_t parent,
	const uint8_t *label)
{
	uint32_t slot = first_slot(names, hash), bits = names->number_bits;

	for (;; slot = next_slot(names, slot)) {
		uint32_t entry = names->slots[slot];
		const uint32_t *node = names->words + (entry & bits);

		if (entry == 0 || (((entry ^ (uint32_t)hash) & ~bits) == 0 &&
		    tree_parent(node) == parent &&
		    tree_same_label(tree_labels(node), label)))
			return slot;
	}
}

/* The child of PARENT by LABEL, or the root for none. */
static uint32_t
find_child(const struct names *names, uint32_t parent, const uint8_t *label)
{
	return names->slots[find_slot(names, tree_hash(&names->key, parent,
		label), parent, label)] & names->number_bits;
}

/* Fills an empty slot, which find_slot() told for HASH. */
static void
fill_slot(struct names *names, uint32_t slot, uint64_t hash, uint32_t child)
{
	names->slots[slot] = ((uint32_t)hash & ~names->number_bits) | child;
	names->slot_used++;
}

static void
add_slot(struct names *names, uint64_t hash, uint32_t child)
{
	uint32_t slot = first_slot(names, hash);

	while (names->slots[slot] != 0)
		slot = next_slot(names, slot);
	fill_slot(names, slot, hash, child);
}

/* Whether a node is one that somebody looks for. Wildcard labels are looked for
 * in another way as soon as there is one. */
static int
has_slot(const struct names *names, const uint32_t *node)
{
	if (tree_is_late(node))
		return (*tree_bits(node) & (TREE_SELF | TREE_BELOW)) != 0;
	return names->globs == NULL || !tree_is_wild(node);
}

static uint64_t
hash_of(const struct names *names, const uint32_t *node)
{
	return tree_is_late(node)
		? tree_late_hash(&names->key, tree_parent(node))
		: tree_hash(&names->key, tree_parent(node), tree_labels(node));
}

/* The bits of a slot that numbers need, in a table with as many slots, before
 * all of it must be done again. */
static uint32_t
bits_of_numbers(const struct names *names, uint64_t slots)
{
	uint32_t bits = 1;

	while (bits < TREE_NUMBERS - 1 && (bits / 2 < names->room ||
	    bits / WORDS_EACH < slots))
		bits = bits * 2 + 1;
	return bits;
}

/* Slots for a table of EDGES that does not grow any more. */
static uint64_t
slots_for(uint64_t edges)
{
	return edges < SMALL ? 4 * edges + 4 : edges + edges / 2;
}

/* Makes COUNT slots of all edges. */
static int
rehash(struct names *names, uint64_t count)
{
	uint32_t number, *slots = count <= UINT32_MAX
		? region_take(names->region, count * sizeof(*slots)) : NULL;

	if (slots == NULL)
		return -1;
	region_give(names->region, names->slots,
		names->slot_count * sizeof(*names->slots));
	names->slots = slots;
	names->slot_count = (uint32_t)count;
	names->slot_used = 0;
	names->number_bits = bits_of_numbers(names, count);
	for (number = tree_next(names->words, names->used, TREE_ROOT);
	    number < names->used;
	    number = tree_next(names->words, names->used, number)) {
		const uint32_t *node = names->words + number;

		if (has_slot(names, node))
			add_slot(names, hash_of(names, node), number);
	}
	return 0;
}

/* --- The nodes. */

/* Makes room for MORE elements of SIZE octets. */
static int
grow(struct region *region, void *array, uint32_t used, uint32_t *room,
	size_t size, uint32_t more)
{
	uint64_t want = *room;
	void *grown;

	if ((uint64_t)used + more <= *room)
		return 0;
	while (want < (uint64_t)used + more)
		want = want < 16 ? 16 : want + want / 2;
	if (want > (uint64_t)TREE_NUMBERS * 2)
		return -1;
	memcpy(&grown, array, sizeof(grown));
	grown = region_resize(region, grown, *room * size, want * size);
	if (grown == NULL)
		return -1;
	memcpy(array, &grown, sizeof(grown));
	*room = (uint32_t)want;
	return 0;
}

/* Gives back what growing left over; keeping it would be no mistake. */
static void
shrink(struct region *region, void *array, uint32_t used, uint32_t *room,
	size_t size)
{
	void *old, *fitting;

	memcpy(&old, array, sizeof(old));
	fitting = used > 0 ? region_resize(region, old, *room * size,
		used * size) : NULL;
	if (fitting == NULL)
		return;
	memcpy(array, &fitting, sizeof(fitting));
	*room = used;
}

/* Copies LENGTH octets, which is not 0, and up to seven more: labels are short,
 * and it is known beforehand how often this goes round. */
static inline void
copy_octets(uint8_t *to, const uint8_t *from, unsigned length)
{
	unsigned i = 0;

	do {
		memcpy(to + i, from + i, 8);
		i += 8;
	} while (i < length);
}

/* As tree_labels(), to write them. */
static uint8_t *
node_labels(uint32_t *node)
{
	return (uint8_t *)node + (tree_labels(node) - (const uint8_t *)node);
}

/* Adds a node with LENGTH octets of LABELS, behind which seven may be read, and
 * with RULE unless it is NULL. There is room for it. */
static uint32_t
add_node(struct names *names, uint32_t parent, const struct names_rule *rule,
	unsigned bits, const uint8_t *labels, unsigned length)
{
	uint32_t number = names->used, *node = names->words + number;

	node[0] = parent;
	tree_set_bits(node, bits);
	copy_octets(node_labels(node), labels, length);
	if (rule != NULL) {
		node[0] |= TREE_RULE;
		memcpy(node + tree_rule_at(node), rule, sizeof(*rule));
	}
	names->used += tree_words(node);
	return number;
}

struct names *
names_new_in(const struct names_key *key, struct region *region)
{
	static const uint8_t no_label[8] = { TREE_LAST };
	struct names *names = region_take(region, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->region = region;
	names->key = hash_key(key);
	if (grow(region, &names->words, 0, &names->room,
	    sizeof(*names->words), 16)) {
		names_free(names);
		return NULL;
	}
	(void)add_node(names, TREE_ROOT, NULL, 0, no_label, 1);
	if (rehash(names, 16) != 0) {
		names_free(names);
		return NULL;
	}
	return names;
}

struct names *
names_new(const struct names_key *key)
{
	return names_new_in(key, NULL);
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	region_give(names->region, names->words,
		names->room * sizeof(*names->words));
	region_give(names->region, names->slots,
		names->slot_count * sizeof(*names->slots));
	region_give(names->region, names->marks,
		names->marks_room * sizeof(*names->marks));
	globs_free(names->globs);
	region_give(names->region, names, sizeof(*names));
}

/* --- Rules and their numbers. */

/* The node of a rule. */
static uint32_t
node_of(const struct names *names, uint32_t rule)
{
	uint32_t node = names->marks[rule / MARK_EVERY];
	uint32_t left = rule % MARK_EVERY;

	while (left > 0) {
		node = tree_next(names->words, names->used, node);
		left -= (names->words[node] & TREE_RULE) != 0;
	}
	return node;
}

/* The number of the rule of the node that has a word, by that word. */
static uint32_t
rule_of(const struct names *names, uint32_t word)
{
	uint32_t low = 0, high = (names->rule_count - 1) / MARK_EVERY, rule;
	uint32_t node, next;

	while (low < high) {
		uint32_t middle = high - (high - low) / 2;

		if (names->marks[middle] <= word)
			low = middle;
		else
			high = middle - 1;
	}
	rule = low * MARK_EVERY;
	for (node = names->marks[low]; ; node = next) {
		next = tree_next(names->words, names->used, node);
		if (next > word)
			return rule;
		rule += (names->words[node] & TREE_RULE) != 0;
	}
}

/* The late rule of a node at END. */
static uint32_t
find_late(const struct names *names, uint32_t number, unsigned end)
{
	uint64_t hash = tree_late_hash(&names->key, number);
	uint32_t slot = first_slot(names, hash), bits = names->number_bits;

	for (;; slot = next_slot(names, slot)) {
		uint32_t entry = names->slots[slot];
		const uint32_t *node = names->words + (entry & bits);

		if (entry == 0 || (((entry ^ (uint32_t)hash) & ~bits) == 0 &&
		    (*tree_bits(node) & end) != 0 &&
		    tree_parent(node) == number && tree_is_late(node)))
			return entry & bits;
	}
}

/* The node with the rule at an end of a node: that node, a late one, or the
 * root, which has none itself, for none. */
static inline uint32_t
holder_of(const struct names *names, uint32_t number, unsigned end)
{
	unsigned bits = *tree_bits(names->words + number);

	if (bits & end)
		return number;
	return bits & TREE_LATE(end) ? find_late(names, number, end)
		: TREE_ROOT;
}

uint32_t
names_rules(const struct names *names)
{
	return names->rule_count;
}

const struct names_rule *
names_rule(const struct names *names, uint32_t rule)
{
	return tree_rule(names->words + node_of(names, rule));
}

uint32_t
names_number(const struct names *names, const struct names_rule *rule)
{
	/* As numbers, for C compares no pointers into two arrays. */
	uintptr_t first = (uintptr_t)names->words, at = (uintptr_t)rule;

	if (at < first || at - first >= names->used * sizeof(*names->words))
		return NAMES_NO_RULE;
	return rule_of(names, (uint32_t)((at - first) /
		sizeof(*names->words)));
}

/* --- Adding. */

/* A pattern on its way into the table. */
struct way {
	const struct pattern *pattern;
	const struct names_rule *rule;
	/* Where it has got to, and how many labels it still has to go. */
	uint32_t node;
	unsigned left;
	/* Whether the node has been made, and has the rule, if none is left. */
	int is_new;
};

/* Writes the label I of a pattern as a node has it, and up to seven octets
 * behind it; returns its octets. */
static unsigned
write_form(const struct pattern *pattern, unsigned i, uint8_t *form)
{
	const uint8_t *label = name_label(&pattern->name, i);
	uint64_t star = pattern->star[i];
	unsigned length = 1u + label[0];

	copy_octets(form, label, length);
	if (star == 0)
		return length;
	form[0] |= TREE_WILD;
	for (i = 0; i < label[0]; i += 8)
		form[length++] = (uint8_t)(star >> i);
	return length;
}

static unsigned
bits_for(unsigned scope)
{
	return scope == (TREE_SELF | TREE_BELOW) ? scope | TREE_BOTH : scope;
}

/* Makes a child by LENGTH octets of LABELS, and goes there. */
static void
make_node(struct names *names, struct way *way, const uint8_t *labels,
	unsigned length)
{
	const struct names_rule *rule = way->left == 0 ? way->rule : NULL;

	way->node = add_node(names, way->node, rule, rule != NULL
		? bits_for(way->pattern->scope) : 0, labels, length);
	way->is_new = 1;
}

static void
go_by_wild(struct names *names, struct way *way)
{
	uint8_t form[1 + NAME_LABEL_MAX + 8 + 8];
	unsigned length = write_form(way->pattern, --way->left, form);
	uint64_t hash = tree_hash(&names->key, way->node, form);
	uint32_t slot = find_slot(names, hash, way->node, form);
	uint32_t child = names->slots[slot] & names->number_bits;

	names->has_wild[way->rule->deny] = 1;
	if (child != TREE_ROOT) {
		way->node = child;
		return;
	}
	names->wild_labels++;
	form[0] |= TREE_LAST;
	make_node(names, way, form, length);
	fill_slot(names, slot, hash, way->node);
}

/* Makes a node with all labels up to the next one with a wildcard, in SLOT,
 * which is empty, for HASH of the first label. */
static void
go_by_new(struct names *names, struct way *way, uint32_t slot, uint64_t hash)
{
	uint8_t labels[NAME_OCTETS_MAX + 8];
	unsigned at, length = 0;

	do {
		at = length;
		length += write_form(way->pattern, --way->left, labels + at);
	} while (way->left > 0 && way->pattern->star[way->left - 1] == 0);
	labels[at] |= TREE_LAST;
	tree_add_bits(names->words + way->node, TREE_LITERALS);
	make_node(names, way, labels, length);
	fill_slot(names, slot, hash, way->node);
}

/*
 * Parts the edge to the node in SLOT between the labels LAST and REST: what is
 * in front leads to a new node, and the rest from there to the old one, which
 * keeps its number, for its children know it.
 */
static void
part_edge(struct names *names, struct way *way, uint32_t slot,
	const uint8_t *last, const uint8_t *rest)
{
	uint8_t front[NAME_OCTETS_MAX + 8], back[NAME_OCTETS_MAX + 8];
	uint32_t child = names->slots[slot] & names->number_bits;
	uint32_t *node = names->words + child, *end = node + tree_words(node);
	unsigned front_length = (unsigned)(rest - tree_labels(node));
	unsigned back_length = (unsigned)(tree_end(node) - rest);
	struct names_rule rule = { 0, 0, 0, 0, 0 };

	if (node[0] & TREE_RULE)
		rule = *tree_rule(node);
	memcpy(front, tree_labels(node), front_length);
	front[last - tree_labels(node)] |= TREE_LAST;
	memcpy(back, rest, back_length);
	names->slots[slot] &= ~names->number_bits;
	names->slots[slot] |= names->used;
	make_node(names, way, front, front_length);
	tree_add_bits(names->words + way->node, TREE_LITERALS);
	node[0] = (node[0] & TREE_RULE) | way->node;
	memcpy(node_labels(node), back, back_length);
	if (node[0] & TREE_RULE)
		memcpy(node + tree_rule_at(node), &rule, sizeof(rule));
	add_slot(names, tree_hash(&names->key, way->node, back), child);
	for (node += tree_words(node); node < end; node++) {
		*node = TREE_GAP;
		names->gaps++;
	}
}

/* HASH is that of the next label. */
static void
go_by_literal(struct names *names, struct way *way, uint64_t hash)
{
	const struct pattern *pattern = way->pattern;
	const uint8_t *label = name_label(&pattern->name, way->left - 1), *at;
	uint32_t slot = find_slot(names, hash, way->node, label);
	uint32_t child = names->slots[slot] & names->number_bits;

	if (child == TREE_ROOT) {
		go_by_new(names, way, slot, hash);
		return;
	}
	/* The first label is the same; so may be others. */
	at = tree_labels(names->words + child);
	for (way->left--; (*at & TREE_LAST) == 0; way->left--) {
		const uint8_t *next = tree_next_label(at);

		if (way->left == 0 || pattern->star[way->left - 1] != 0 ||
		    !tree_same_label(next, name_label(&pattern->name,
		    way->left - 1))) {
			part_edge(names, way, slot, at, next);
			return;
		}
		at = next;
	}
	way->node = child;
}

/* Whether a new rule gets an end of a node. Of two rules, the first stays, or
 * the deny. */
static int
gets_end(struct names *names, uint32_t node, unsigned end,
	struct names_rule *rule, uint32_t *earlier)
{
	uint32_t *holder = names->words + holder_of(names, node, end);
	struct names_rule *other = (struct names_rule *)(holder +
		tree_rule_at(holder));

	if (holder == names->words)
		return 1;
	*earlier = rule_of(names, (uint32_t)(holder - names->words));
	if (rule->deny == other->deny)
		return 0;
	if (other->deny) {
		other->beats_allow = 1;
		return 0;
	}
	rule->beats_allow = 1;
	tree_set_bits(holder, *tree_bits(holder) & ~end);
	return 1;
}

/* Adds a rule to a node that was there. */
static void
add_late(struct names *names, struct way *way, uint32_t *earlier)
{
	static const uint8_t label[8] = { TREE_LAST };
	struct names_rule rule = *way->rule;
	unsigned scope = way->pattern->scope, got = 0, end;
	uint32_t late;

	for (end = TREE_SELF; end <= TREE_BELOW; end <<= 1)
		if ((scope & end) && gets_end(names, way->node, end, &rule,
		    earlier))
			got |= end;
	tree_add_bits(names->words + way->node, TREE_LATE(got));
	late = add_node(names, way->node, &rule, got |
		(bits_for(scope) & TREE_BOTH), label, 1);
	if (got != 0)
		add_slot(names, tree_late_hash(&names->key, way->node), late);
	way->node = late;
}

/* Makes room for all that a pattern may need: a node for each label with a
 * wildcard, for what is between, for an edge that is parted and for its rule;
 * and a mark. */
static int
make_room(struct names *names, const struct pattern *pattern)
{
	unsigned nodes = pattern->name.labels + 3u;
	/* A node has 13 octets, up to 8 bits of wildcards, and 3 that mean
	 * nothing; a label is in one node, but if it is parted in two. */
	uint32_t words = 6 * nodes + pattern->name.length / 2 + TREE_SLACK;
	uint64_t slots = names->slot_count;

	if (names->used + words >= TREE_NUMBERS ||
	    names->rule_count == UINT32_MAX ||
	    grow(names->region, &names->words, names->used, &names->room,
		sizeof(*names->words), words) != 0 ||
	    grow(names->region, &names->marks, names->rule_count / MARK_EVERY,
		&names->marks_room, sizeof(*names->marks), 1) != 0)
		return -1;
	while (slots / 4 * 3 < names->slot_used + nodes)
		slots *= 2;
	return slots == names->slot_count && names->used + words <=
		names->number_bits ? 0 : rehash(names, slots);
}

void
names_expect(struct names *names, size_t patterns)
{
	/* Without the memory it goes on as it is. */
	if (patterns < TREE_NUMBERS && slots_for(patterns) > names->slot_count)
		(void)rehash(names, slots_for(patterns));
}

/* The next label, and others that have none to part from behind it. */
static void
go_on(struct names *names, struct way *way)
{
	unsigned next = way->left - 1;

	way->is_new = 0;
	if (way->pattern->star[next] != 0)
		go_by_wild(names, way);
	else
		go_by_literal(names, way, tree_hash(&names->key, way->node,
			name_label(&way->pattern->name, next)));
}

/* A node keeps its number and its name, whatever is added: a hint stays right
 * until the table is finished. */
uint32_t
names_add_from(struct names *names, const struct pattern *pattern,
	const struct names_rule *rule, const struct names_hint *hint,
	uint32_t *earlier)
{
	struct names_rule clean = *rule;
	struct way way = { pattern, &clean, hint->node, hint->left, 0 };

	*earlier = NAMES_NO_RULE;
	if (make_room(names, pattern) != 0)
		return NAMES_NO_RULE;
	/* Written only where it must be: what is read as a whole right after
	 * would have to wait for it. */
	if (clean.beats_allow)
		clean.beats_allow = 0;
	if (way.left < pattern->name.labels && pattern->star[way.left - 1] == 0)
		go_by_literal(names, &way, hint->hash);
	while (way.left > 0)
		go_on(names, &way);
	if (!way.is_new)
		add_late(names, &way, earlier);
	if (names->rule_count % MARK_EVERY == 0)
		names->marks[names->rule_count / MARK_EVERY] = way.node;
	return names->rule_count++;
}

uint32_t
names_add(struct names *names, const struct pattern *pattern,
	const struct names_rule *rule, uint32_t *earlier)
{
	const struct names_hint none = { TREE_ROOT, pattern->name.labels, 0 };

	return names_add_from(names, pattern, rule, &none, earlier);
}

/* --- Finishing. */

/* Where nodes will be when the gaps in front of them are closed. */
struct moves {
	/* A bit a word: it is a gap. */
	uint64_t *gaps;
	/* How many gaps are in front of the words of each element of gaps. */
	uint32_t *before;
};

static uint32_t
moved(const struct moves *moves, uint32_t number)
{
	uint64_t bits = moves->gaps[number / 64] &
		(((uint64_t)1 << number % 64) - 1);

	return number - moves->before[number / 64] -
		(uint32_t)__builtin_popcountll(bits);
}

static void
find_gaps(const struct names *names, struct moves *moves)
{
	uint32_t number = 0, next, i, gaps = 0;

	for (; number < names->used; number = next) {
		next = tree_next(names->words, names->used, number);
		for (i = number + tree_words(names->words + number); i < next;
		    i++)
			moves->gaps[i / 64] |= (uint64_t)1 << i % 64;
	}
	for (i = 0; i <= names->used / 64; i++) {
		moves->before[i] = gaps;
		gaps += (uint32_t)__builtin_popcountll(moves->gaps[i]);
	}
}

static void
move_nodes(struct names *names, const struct moves *moves)
{
	uint32_t number = 0, next, i, used = 0;

	for (; number < names->used; number = next) {
		uint32_t *node = names->words + number;
		uint32_t words = tree_words(node);

		next = tree_next(names->words, names->used, number);
		node[0] = (node[0] & TREE_RULE) |
			moved(moves, tree_parent(node));
		memmove(names->words + used, node, words * sizeof(*node));
		used += words;
	}
	for (i = 0; i * MARK_EVERY < names->rule_count; i++)
		names->marks[i] = moved(moves, names->marks[i]);
	names->used = used;
	names->gaps = 0;
}

static int
close_gaps(struct names *names)
{
	size_t count = names->used / 64 + 1;
	struct moves moves = { NULL, NULL };

	if (names->gaps <= names->used / GAPS_PART)
		return 0;
	moves.gaps = pages_take(count * sizeof(*moves.gaps));
	moves.before = pages_take(count * sizeof(*moves.before));
	if (moves.gaps != NULL && moves.before != NULL) {
		find_gaps(names, &moves);
		move_nodes(names, &moves);
	}
	pages_give(moves.gaps, count * sizeof(*moves.gaps));
	pages_give(moves.before, count * sizeof(*moves.before));
	if (names->gaps > 0)
		return -1;
	/* All numbers have changed. */
	names->slot_used = 0;
	return 0;
}

int
names_finish(struct names *names)
{
	uint64_t edges = names->slot_used - names->wild_labels;

	if (close_gaps(names) != 0)
		return -1;
	shrink(names->region, &names->words, names->used + TREE_SLACK,
		&names->room, sizeof(*names->words));
	shrink(names->region, &names->marks, (names->rule_count +
		MARK_EVERY - 1) / MARK_EVERY, &names->marks_room,
		sizeof(*names->marks));
	if (names->wild_labels > 0) {
		names->globs = globs_new(&names->key, names->words,
			names->used, names->wild_labels);
		if (names->globs == NULL)
			return -1;
	}
	/* About as many as there should be may stay. */
	if (names->slot_used == edges &&
	    names->slot_count >= slots_for(edges) - edges / 6 &&
	    names->slot_count <= slots_for(edges) + edges / 16)
		return 0;
	return rehash(names, slots_for(edges));
}

/* --- Looking up. */

/* Where a look-up is, and how many labels of the name are left: with none it is
 * the node's own end that counts, else the one for what is below it. */
struct place {
	uint32_t node;
	unsigned left;
};

/* More labels than a name has: no place; and not even the first label of the
 * way there is the same. */
#define NOWHERE (NAME_LABELS_MAX + 1u)
#define ANOTHER (NOWHERE + 1u)

/* A look-up on its way through a table with wildcard labels. */
struct walk {
	const struct names *names;
	const struct name *name;
	/* Passed over; NULL for none. */
	const struct names_rule *except;
	struct names_match *match;
	/* Wildcard labels on the way: which labels, and their octets of a
	 * specificity. */
	unsigned globs;
	uint8_t glob[NAME_LABELS_MAX];
	uint8_t octet[NAME_LABELS_MAX];
};

/* How many labels of the name are left when those that lead to NODE have been
 * gone by; LEFT is one less than there are now. Or NOWHERE, or ANOTHER. */
static unsigned
labels_behind(const uint32_t *node, const struct name *name, unsigned left)
{
	const uint8_t *label = tree_labels(node);

	if (!tree_same_octets(label, name_label(name, left)))
		return ANOTHER;
	while ((*label & TREE_LAST) == 0) {
		/* It is a literal one, for it is not alone. */
		label += *label + 1;
		if (left == 0 ||
		    !tree_same_octets(label, name_label(name, --left)))
			return NOWHERE;
	}
	return left;
}

/* The place that the next labels of the name lead to, or NOWHERE. */
INLINE struct place
follow(const struct names *names, const struct name *name, struct place at)
{
	uint64_t hash = tree_hash(&names->key, at.node,
		name_label(name, --at.left));
	uint32_t slot = first_slot(names, hash), bits = names->number_bits;

	for (;; slot = next_slot(names, slot)) {
		uint32_t entry = names->slots[slot];
		struct place there = { entry & bits, NOWHERE };

		if (entry == 0)
			return there;
		if (((entry ^ (uint32_t)hash) & ~bits) != 0 ||
		    tree_parent(names->words + there.node) != at.node)
			continue;
		there.left = labels_behind(names->words + there.node, name,
			at.left);
		if (there.left != ANOTHER)
			return there;
	}
}

INLINE const struct names_rule *
rule_at(const struct names *names, struct place at)
{
	return tree_rule(names->words + holder_of(names, at.node,
		at.left == 0 ? TREE_SELF : TREE_BELOW));
}

/* Whether there is a rule at a place whose node has BITS, and which may match.
 */
INLINE int
has_rule(const struct names *names, struct place at, unsigned bits,
	const struct names_rule *except)
{
	unsigned end = at.left == 0 ? TREE_SELF : TREE_BELOW;

	return (bits & (end | TREE_LATE(end))) != 0 &&
		(except == NULL || rule_at(names, at) != except);
}

/*
 * Goes down from AT as far as literal labels lead, but not beyond a node with
 * wildcard labels. Returns the last place where a rule matches; AT becomes the
 * one where wildcard labels are to be tried, or NOWHERE.
 */
INLINE struct place
go_down(const struct names *names, const struct name *name,
	const struct names_rule *except, struct place *at)
{
	struct place best = { TREE_ROOT, NOWHERE };

	for (;;) {
		unsigned bits = *tree_bits(names->words + at->node);

		if (at->left > 0 && (bits & TREE_GLOBS))
			return best;
		if (has_rule(names, *at, bits, except))
			best = *at;
		if (at->left == 0 || (bits & TREE_LITERALS) == 0)
			break;
		*at = follow(names, name, *at);
		if (at->left == NOWHERE)
			break;
	}
	at->left = NOWHERE;
	return best;
}

/* The specificity of as many literal labels as there are octets in front of
 * the zeroes. */
#define ONE (PATTERN_RANK_LITERAL + 1)
#define EIGHT ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE
#define HALF EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT
static const uint8_t literals[2 * (NAME_LABELS_MAX + 1)] = { HALF, HALF };

static const uint8_t *
literal_labels(unsigned count)
{
	return literals + NAME_LABELS_MAX + 1 - count;
}

/* Keeps a rule if it beats what there is. */
static inline void
keep(struct names_match *match, const struct names_rule *rule,
	const uint8_t *specificity)
{
	int order = match->rule == NULL ? 1 : memcmp(specificity,
		match->specificity, sizeof(match->specificity));

	if (order < 0 || (order == 0 &&
	    (!rule->deny || match->rule->deny)))
		return;
	match->rule = rule;
	memcpy(match->specificity, specificity, sizeof(match->specificity));
}

static int descend(struct walk *walk, struct place at);

/* Wildcard labels below a node that match the next label. */
struct branch {
	struct walk *walk;
	struct place at;
	/* The best rank behind which something matched, and whether any did. */
	unsigned rank;
	int found;
};

static void
visit_glob(void *context, uint32_t child)
{
	struct branch *branch = context;
	struct walk *walk = branch->walk;
	struct place below = { child, branch->at.left - 1 };
	const uint8_t *label = tree_labels(walk->names->words + child);
	unsigned rank = pattern_label_rank(label, tree_star(label));

	if (branch->found && rank < branch->rank)
		return;
	walk->glob[walk->globs] = (uint8_t)(walk->name->labels -
		branch->at.left);
	walk->octet[walk->globs++] = (uint8_t)(rank + 1);
	if (descend(walk, below)) {
		branch->found = 1;
		branch->rank = rank;
	}
	walk->globs--;
}

/* The rule of a place matches. */
static void
offer(struct walk *walk, struct place at)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];
	unsigned i;

	memcpy(specificity, literal_labels(walk->name->labels - at.left),
		sizeof(specificity));
	for (i = 0; i < walk->globs; i++)
		specificity[walk->glob[i]] = walk->octet[i];
	keep(walk->match, rule_at(walk->names, at), specificity);
}

/* Looks at and under a place with wildcard labels. */
static int
descend_all(struct walk *walk, struct place at)
{
	const struct names *names = walk->names;
	struct branch branch = { walk, at, 0, 0 };
	unsigned bits = *tree_bits(names->words + at.node);
	struct place child = { TREE_ROOT, NOWHERE };

	if (bits & TREE_LITERALS)
		child = follow(names, walk->name, at);
	if (child.left != NOWHERE && descend(walk, child))
		return 1;
	globs_find(names->globs, at.node, name_label(walk->name, at.left - 1),
		visit_glob, &branch);
	if (branch.found)
		return 1;
	if (!has_rule(names, at, bits, walk->except))
		return 0;
	offer(walk, at);
	return 1;
}

/*
 * Looks at and under a place. Returns whether anything matched: then what is
 * less specific need not be tried. Every node is visited at most once. It calls
 * itself only where there are labels with wildcards, at most once a label of
 * the name: 127 deep.
 */
static int
descend(struct walk *walk, struct place at)
{
	struct place best = go_down(walk->names, walk->name, walk->except,
		&at);

	if (at.left != NOWHERE && descend_all(walk, at))
		return 1;
	if (best.left == NOWHERE)
		return 0;
	offer(walk, best);
	return 1;
}

static void
find_all(const struct names *names, const struct name *name, uint32_t except,
	struct names_match *match)
{
	const struct place root = { TREE_ROOT, name->labels };
	struct walk walk;

	walk.names = names;
	walk.name = name;
	walk.except = except < names->rule_count ? names_rule(names, except)
		: NULL;
	walk.match = match;
	walk.globs = 0;
	(void)descend(&walk, root);
}

/* The rule of a place without wildcard labels matches. */
static void
offer_literal(const struct names *names, const struct name *name,
	struct place at, struct names_match *match)
{
	keep(match, rule_at(names, at), literal_labels(name->labels -
		at.left));
}

/* The same without wildcard labels, and with no rule passed over. */
static void
find_literal(const struct names *names, const struct name *name,
	struct names_match *match)
{
	struct place at = { TREE_ROOT, name->labels }, best;

	best = go_down(names, name, NULL, &at);
	if (best.left != NOWHERE)
		offer_literal(names, name, best, match);
}

void
names_find(const struct names *names, const struct name *name,
	uint32_t except, struct names_match *match)
{
	if (names->rule_count == 0)
		return;
	if (names->globs != NULL || except < names->rule_count)
		find_all(names, name, except, match);
	else
		find_literal(names, name, match);
}

/* The first labels lead where many patterns go by: that is at hand. What they
 * lead to most often is not. */
void
names_fetch(const struct names *names, const struct pattern *pattern,
	struct names_hint *hint)
{
	struct place at = { TREE_ROOT, pattern->name.labels };
	unsigned i;

	hint->node = TREE_ROOT;
	hint->left = at.left;
	if (at.left == 0)
		return;
	at = follow(names, &pattern->name, at);
	if (at.left == NOWHERE || at.left == 0)
		return;
	/* A wildcard is no asterisk, though both are the same octet. */
	for (i = at.left; i < pattern->name.labels; i++)
		if (pattern->star[i] != 0)
			return;
	hint->node = at.node;
	hint->left = at.left;
	hint->hash = tree_hash(&names->key, at.node,
		name_label(&pattern->name, at.left - 1));
	__builtin_prefetch(&names->slots[first_slot(names, hint->hash)]);
}

/* --- Patterns as text. */

/* Whether an octet of a pattern may stand unescaped; name_to_text() has the
 * asterisk too, which is a wildcard here. */
static int
stands_for_itself(uint8_t octet)
{
	return (octet >= 'a' && octet <= 'z') ||
		(octet >= '0' && octet <= '9') || octet == '-' || octet == '_';
}

/* Writes a label; returns the place behind it. */
static char *
write_label(const uint8_t *label, char *text)
{
	uint64_t star = tree_star(label);
	unsigned i, length = label[0] & TREE_LENGTH;

	for (i = 0; i < length; i++) {
		uint8_t octet = label[i + 1];

		if ((star >> i & 1) || stands_for_itself(octet))
			*text++ = (char)octet;
		else
			text = octet_escape(text, octet);
	}
	return text;
}

/* The labels of a node's name, the one nearest to the root last. Returns how
 * many. */
static unsigned
labels_of(const struct names *names, uint32_t number,
	const uint8_t *labels[NAME_LABELS_MAX])
{
	unsigned count = 0, here, i;

	while (number != TREE_ROOT) {
		const uint32_t *node = names->words + number;
		const uint8_t *label = tree_labels(node);

		for (here = 1; (label[0] & TREE_LAST) == 0; here++)
			label = tree_next_label(label);
		label = tree_labels(node);
		for (i = here; i > 0; i--, label = tree_next_label(label))
			labels[count + i - 1] = label;
		count += here;
		number = tree_parent(node);
	}
	return count;
}

/* Writes the pattern of the rule that HOLDER has at END of the node NUMBER. */
static void
write_pattern(const struct names *names, uint32_t number, uint32_t holder,
	unsigned end, char *text)
{
	unsigned both = *tree_bits(names->words + holder) & TREE_BOTH;
	const char *front = both ? "." : end == TREE_BELOW ? "*." : "";
	const uint8_t *labels[NAME_LABELS_MAX];
	unsigned i, count = labels_of(names, number, labels);

	/* The root has no label to stand behind the front. */
	if (number == TREE_ROOT)
		front = end == TREE_BELOW ? "*" : ".";
	for (; *front != '\0'; front++)
		*text++ = *front;
	for (i = 0; i < count; i++) {
		if (i > 0)
			*text++ = '.';
		text = write_label(labels[i], text);
	}
	*text = '\0';
}

/* The node whose ends the rule of HOLDER may have. */
static uint32_t
node_held(const struct names *names, uint32_t holder)
{
	const uint32_t *node = names->words + holder;

	return tree_is_late(node) ? tree_parent(node) : holder;
}

void
names_pattern(const struct names *names, uint32_t rule, char *text)
{
	uint32_t holder;
	unsigned bits;

	*text = '\0';
	if (rule >= names->rule_count)
		return;
	holder = node_of(names, rule);
	bits = *tree_bits(names->words + holder) & (TREE_SELF | TREE_BELOW);
	if (bits != 0)
		write_pattern(names, node_held(names, holder), holder,
			bits & TREE_SELF ? TREE_SELF : TREE_BELOW, text);
}

/* --- What another table does not have. */

/* What an end says: 0 nothing, 1 allow, 2 deny. */
static unsigned
effect_of(const struct names *names, uint32_t node, unsigned end)
{
	uint32_t holder = holder_of(names, node, end);

	return holder == TREE_ROOT ? 0
		: 1u + tree_rule(names->words + holder)->deny;
}

/* What the rule at an end, which has one, was written for. */
static unsigned
scope_of(const struct names *names, uint32_t node, unsigned end)
{
	uint32_t holder = holder_of(names, node, end);

	return *tree_bits(names->words + holder) & TREE_BOTH
		? TREE_SELF | TREE_BELOW : end;
}

/* Whether a node has a rule of that effect, written for that scope. */
static int
node_has(const struct names *names, uint32_t node, unsigned effect,
	unsigned scope)
{
	unsigned end;

	for (end = TREE_SELF; end <= TREE_BELOW; end <<= 1)
		if (effect_of(names, node, end) == effect &&
		    scope_of(names, node, end) == scope)
			return 1;
	return 0;
}

static int
same_effects(const struct names *names, uint32_t node,
	const struct names *other, uint32_t twin)
{
	return effect_of(names, node, TREE_SELF) ==
		effect_of(other, twin, TREE_SELF) &&
		effect_of(names, node, TREE_BELOW) ==
		effect_of(other, twin, TREE_BELOW);
}

/* The child of a node by a label that may have wildcards. */
static uint32_t
any_child(const struct names *names, uint32_t node, const uint8_t *label)
{
	return (label[0] & TREE_WILD) == 0 || names->globs == NULL
		? find_child(names, node, label)
		: globs_child(names->globs, node, label);
}

/* The node of OTHER with the same name, labels and wildcards, as a node of
 * NAMES; *FOUND tells whether there is one. */
static uint32_t
find_twin(const struct names *names, uint32_t node, const struct names *other,
	int *found)
{
	const uint8_t *labels[NAME_LABELS_MAX] = { NULL }, *at;
	unsigned left = labels_of(names, node, labels);
	uint32_t twin = TREE_ROOT;

	*found = 0;
	while (left > 0) {
		twin = any_child(other, twin, labels[--left]);
		if (twin == TREE_ROOT)
			return TREE_ROOT;
		at = tree_labels(other->words + twin);
		while ((*at & TREE_LAST) == 0) {
			at = tree_next_label(at);
			if (left == 0 || !tree_same_label(at, labels[--left]))
				return TREE_ROOT;
		}
	}
	*found = 1;
	return twin;
}

/* Whether OTHER has what the rule of HOLDER, at END, says. */
static int
other_has(const struct names *names, uint32_t holder, unsigned end,
	const struct names *other)
{
	uint32_t node = node_held(names, holder), twin;
	int found;

	if (other == NULL)
		return 0;
	twin = find_twin(names, node, other, &found);
	return found && (same_effects(names, node, other, twin) ||
		node_has(other, twin, effect_of(names, node, end),
		scope_of(names, node, end)));
}

void
names_missing(const struct names *names, const struct names *other,
	names_visit *visit, void *context)
{
	uint32_t holder = TREE_ROOT;
	char text[NAMES_PATTERN_MAX];

	for (; holder < names->used;
	    holder = tree_next(names->words, names->used, holder)) {
		const uint32_t *node = names->words + holder;
		unsigned end = *tree_bits(node) & TREE_SELF ? TREE_SELF
			: *tree_bits(node) & TREE_BELOW;

		if (end == 0 || other_has(names, holder, end, other))
			continue;
		write_pattern(names, node_held(names, holder), holder, end,
			text);
		visit(context, tree_rule(node), text);
	}
}

uint32_t
names_wild_labels(const struct names *names)
{
	return names->wild_labels;
}

int
names_has_wild(const struct names *names, int deny)
{
	return names->has_wild[deny != 0];
}

size_t
names_memory(const struct names *names)
{
	return sizeof(*names) + names->room * sizeof(*names->words) +
		(size_t)names->slot_count * sizeof(*names->slots) +
		names->marks_room * sizeof(*names->marks) +
		(names->globs != NULL ? globs_memory(names->globs) : 0);
}
