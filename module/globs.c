/*
 * globs.c - which labels with wildcards may match a label.
 */
#include "globs.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "pattern.h"
#include "tree.h"

/* Below a node with as many, all are tried: about what the pieces cost. */
#define FEW 8u
/* Longer pieces between wildcards would have more lengths to look for. */
#define INNER_MAX 4u

enum piece_kind {
	PIECE_NONE, /* of a label that is one of few, or has but wildcards */
	PIECE_FRONT,
	PIECE_BACK,
	PIECE_INNER
};

/* A piece of a label; AT does not count the label's length octet. */
struct piece {
	uint8_t kind;
	uint8_t at;
	uint8_t length;
};

struct entry {
	uint32_t node;
	struct piece piece;
	uint8_t tag; /* of the hash, so that few nodes are looked at in vain */
};

/* A node with many: the lengths of the pieces that its labels are found by, a
 * bit each. */
struct many {
	uint32_t node;
	uint32_t inner;
	uint64_t front;
	uint64_t back;
};

struct globs {
	struct names_key key;
	const uint32_t *words;
	/* The entries of cell I begin at cells[I]; there is a cell more. */
	uint32_t *cells;
	uint32_t cell_count;
	struct entry *entries;
	uint32_t count;
	struct many *many; /* by node */
	uint32_t many_count;
};

static const uint8_t *
label_of(const struct globs *globs, const struct entry *entry)
{
	return tree_labels(globs->words + entry->node);
}

/* The hash of a piece of a label below a node. */
static uint64_t
hash_piece(const struct globs *globs, uint32_t parent,
	const struct piece *piece, const uint8_t *label)
{
	return hash_octets(&globs->key, (uint64_t)piece->kind << 32 | parent,
		label + 1 + piece->at, piece->length);
}

static uint32_t
cell_of(const struct globs *globs, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * globs->cell_count >> 32);
}

/* --- Which pieces a label has. */

/* The pieces between wildcards overlap: each is of INNER_MAX octets, where
 * there are so many. */
static unsigned
add_pieces(struct piece *pieces, unsigned count, unsigned kind, unsigned at,
	unsigned end)
{
	unsigned length = end - at;

	if (kind == PIECE_INNER && length > INNER_MAX)
		length = INNER_MAX;
	do {
		pieces[count].kind = (uint8_t)kind;
		pieces[count].at = (uint8_t)at;
		pieces[count++].length = (uint8_t)length;
	} while (at++ + length < end);
	return count;
}

/* Fills in the pieces of a label, at most one an octet; returns how many. */
static unsigned
pieces_of(const uint8_t *label, struct piece *pieces)
{
	unsigned length = label[0] & TREE_LENGTH, at, end, count = 0;
	uint64_t star = tree_star(label);

	for (at = 0; at < length; at = end + 1) {
		for (end = at; end < length && (star >> end & 1) == 0;)
			end++;
		if (end > at)
			count = add_pieces(pieces, count, at == 0 ? PIECE_FRONT
				: end == length ? PIECE_BACK : PIECE_INNER,
				at, end);
	}
	return count;
}

/* --- Making an index. */

/* An edge with a wildcard label, and what it will be found by. */
struct edge {
	uint32_t parent;
	struct entry entry;
};

/* What is needed on the way. */
struct making {
	struct globs *globs;
	uint32_t *words;
	struct edge *edges;
	/* By hash, how many labels have a piece. Two pieces may share a place,
	 * for this is no more than a guess which one is the best. */
	uint32_t *counts;
	uint32_t places;
};

static void
read_edges(struct making *making, uint32_t used)
{
	const uint32_t *words = making->words;
	uint32_t node = tree_next(words, used, TREE_ROOT), count = 0;

	for (; node < used; node = tree_next(words, used, node))
		if (tree_is_wild(words + node)) {
			making->edges[count].parent =
				tree_parent(words + node);
			making->edges[count++].entry.node = node;
		}
}

static int
compare_edges(const void *va, const void *vb)
{
	const struct edge *a = va, *b = vb;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	return a->entry.node < b->entry.node ? -1
		: a->entry.node > b->entry.node;
}

static uint32_t *
count_of(const struct making *making, const struct edge *edge,
	const struct piece *piece)
{
	uint64_t hash = hash_piece(making->globs, edge->parent, piece,
		label_of(making->globs, &edge->entry));

	return &making->counts[(hash >> 32) * making->places >> 32];
}

static void
count_pieces(const struct making *making, const struct edge *edge)
{
	struct piece pieces[NAME_LABEL_MAX];
	unsigned i, count = pieces_of(label_of(making->globs, &edge->entry),
		pieces);

	for (i = 0; i < count; i++)
		(*count_of(making, edge, &pieces[i]))++;
}

/* The piece that the fewest others have; of those the longest. */
static void
choose_piece(const struct making *making, struct edge *edge)
{
	struct piece pieces[NAME_LABEL_MAX], *chosen = &edge->entry.piece;
	unsigned i, count = pieces_of(label_of(making->globs, &edge->entry),
		pieces);
	uint32_t fewest = UINT32_MAX;

	for (i = 0; i < count; i++) {
		uint32_t others = *count_of(making, edge, &pieces[i]);

		if (others < fewest || (others == fewest &&
		    pieces[i].length > chosen->length)) {
			*chosen = pieces[i];
			fewest = others;
		}
	}
}

static void
note_length(struct many *many, const struct piece *piece)
{
	uint64_t bit = (uint64_t)1 << piece->length;

	if (piece->kind == PIECE_FRONT)
		many->front |= bit;
	else if (piece->kind == PIECE_BACK)
		many->back |= bit;
	else if (piece->kind == PIECE_INNER)
		many->inner |= (uint32_t)bit;
}

/* Edges [FIRST, END) have one parent, and are many. */
static void
choose_pieces(const struct making *making, uint32_t first, uint32_t end)
{
	struct globs *globs = making->globs;
	struct many *many = &globs->many[globs->many_count++];
	uint32_t i;

	many->node = making->edges[first].parent;
	for (i = first; i < end; i++)
		count_pieces(making, &making->edges[i]);
	for (i = first; i < end; i++) {
		choose_piece(making, &making->edges[i]);
		note_length(many, &making->edges[i].entry.piece);
	}
}

/* Goes through the nodes that have edges, and tells them. */
static void
read_parents(const struct making *making)
{
	const struct edge *edges = making->edges;
	uint32_t first, end, count = making->globs->count;

	for (first = 0; first < count; first = end) {
		for (end = first + 1; end < count &&
		    edges[end].parent == edges[first].parent;)
			end++;
		tree_add_bits(making->words + edges[first].parent,
			end - first > FEW ? TREE_MANY_GLOBS : TREE_FEW_GLOBS);
		if (end - first > FEW)
			choose_pieces(making, first, end);
	}
}

static uint64_t
hash_edge(const struct globs *globs, const struct edge *edge)
{
	return hash_piece(globs, edge->parent, &edge->entry.piece,
		label_of(globs, &edge->entry));
}

/* Puts the entries into their cells. */
static void
fill_cells(struct making *making)
{
	struct globs *globs = making->globs;
	uint32_t i, at = 0;

	for (i = 0; i < globs->count; i++)
		globs->cells[cell_of(globs, hash_edge(globs,
			&making->edges[i]))]++;
	for (i = 0; i <= globs->cell_count; i++) {
		at += globs->cells[i];
		globs->cells[i] = at;
	}
	/* From the last to the first, so that each cell ends at its begin. */
	for (i = globs->count; i-- > 0;) {
		struct edge *edge = &making->edges[i];
		uint64_t hash = hash_edge(globs, edge);

		edge->entry.tag = (uint8_t)hash;
		globs->entries[--globs->cells[cell_of(globs, hash)]] =
			edge->entry;
	}
}

static int
make(struct making *making, uint32_t used)
{
	struct globs *globs = making->globs;
	uint32_t count = globs->count;

	making->places = count > 1u << 29 ? UINT32_MAX : 8 * count;
	making->edges = calloc(count, sizeof(*making->edges));
	making->counts = calloc(making->places, sizeof(*making->counts));
	globs->cell_count = count / 2 + 1;
	globs->cells = calloc((size_t)globs->cell_count + 1,
		sizeof(*globs->cells));
	globs->entries = calloc(count, sizeof(*globs->entries));
	globs->many = calloc(count / FEW + 1, sizeof(*globs->many));
	if (making->edges == NULL || making->counts == NULL ||
	    globs->cells == NULL || globs->entries == NULL ||
	    globs->many == NULL)
		return -1;
	read_edges(making, used);
	qsort(making->edges, count, sizeof(*making->edges), compare_edges);
	read_parents(making);
	fill_cells(making);
	return 0;
}

struct globs *
globs_new(const struct names_key *key, uint32_t *words, uint32_t used,
	uint32_t count)
{
	struct making making = { NULL, words, NULL, NULL, 0 };
	struct globs *globs = calloc(1, sizeof(*globs));
	int failed;

	if (globs == NULL)
		return NULL;
	globs->key = *key;
	globs->words = words;
	globs->count = count;
	making.globs = globs;
	failed = make(&making, used);
	free(making.edges);
	free(making.counts);
	if (failed) {
		globs_free(globs);
		return NULL;
	}
	return globs;
}

void
globs_free(struct globs *globs)
{
	if (globs == NULL)
		return;
	free(globs->cells);
	free(globs->entries);
	free(globs->many);
	free(globs);
}

/* --- Looking up. */

/* A look-up on its way; VISIT and CONTEXT are as of globs_find(). */
struct search {
	const struct globs *globs;
	uint32_t parent;
	const uint8_t *label;
	globs_visit *visit;
	void *context;
};

/* Whether what is at AT in a label is also further in front of it. */
static int
is_repeated(const uint8_t *label, unsigned at, unsigned length)
{
	unsigned i;

	for (i = 0; i < at; i++)
		if (memcmp(label + 1 + i, label + 1 + at, length) == 0)
			return 1;
	return 0;
}

/* Whether an entry is found by PIECE of the label that is looked up. */
static int
has_piece(const struct search *search, const struct entry *entry,
	const struct piece *piece)
{
	const struct globs *globs = search->globs;

	return entry->piece.kind == piece->kind &&
		entry->piece.length == piece->length &&
		tree_parent(globs->words + entry->node) == search->parent &&
		memcmp(label_of(globs, entry) + 1 + entry->piece.at,
		search->label + 1 + piece->at, piece->length) == 0;
}

/* Visits what matches of that which is found by a piece of the label. */
static void
visit_piece(const struct search *search, unsigned kind, unsigned at,
	unsigned length)
{
	const struct piece piece = { (uint8_t)kind, (uint8_t)at,
		(uint8_t)length };
	const struct globs *globs = search->globs;
	uint64_t hash = hash_piece(globs, search->parent, &piece,
		search->label);
	uint32_t cell = cell_of(globs, hash), i;

	for (i = globs->cells[cell]; i < globs->cells[cell + 1]; i++) {
		const struct entry *entry = &globs->entries[i];
		const uint8_t *label = label_of(globs, entry);

		if (entry->tag != (uint8_t)hash ||
		    !has_piece(search, entry, &piece))
			continue;
		/* Found at the first place already, and so are all others. */
		if (kind == PIECE_INNER &&
		    is_repeated(search->label, at, length))
			return;
		if (pattern_label_matches(label, tree_star(label),
		    search->label))
			search->visit(search->context, entry->node);
	}
}

/* A node with many; it is there. */
static const struct many *
find_many(const struct globs *globs, uint32_t node)
{
	uint32_t low = 0, high = globs->many_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (globs->many[middle].node <= node)
			low = middle;
		else
			high = middle;
	}
	return &globs->many[low];
}

static void
visit_pieces(const struct search *search)
{
	const struct many *many = find_many(search->globs, search->parent);
	unsigned octets = search->label[0], length, at;

	for (length = 1; length <= octets; length++) {
		if (many->front >> length & 1)
			visit_piece(search, PIECE_FRONT, 0, length);
		if (many->back >> length & 1)
			visit_piece(search, PIECE_BACK, octets - length,
				length);
		if (length > INNER_MAX || (many->inner >> length & 1) == 0)
			continue;
		for (at = 0; at + length <= octets; at++)
			visit_piece(search, PIECE_INNER, at, length);
	}
}

void
globs_find(const struct globs *globs, uint32_t parent, const uint8_t *label,
	globs_visit *visit, void *context)
{
	const struct search search = { globs, parent, label, visit, context };

	if (*tree_bits(globs->words + parent) & TREE_MANY_GLOBS)
		visit_pieces(&search);
	visit_piece(&search, PIECE_NONE, 0, 0);
}

/* The entry of PARENT that is found by a piece of LABEL and has that label, or
 * 0. */
static uint32_t
child_by_piece(const struct globs *globs, uint32_t parent,
	const uint8_t *label, const struct piece *piece)
{
	uint32_t cell = cell_of(globs, hash_piece(globs, parent, piece,
		label)), i;

	for (i = globs->cells[cell]; i < globs->cells[cell + 1]; i++) {
		uint32_t node = globs->entries[i].node;

		if (tree_parent(globs->words + node) == parent &&
		    tree_same_label(tree_labels(globs->words + node), label))
			return node;
	}
	return 0;
}

uint32_t
globs_child(const struct globs *globs, uint32_t parent, const uint8_t *label)
{
	struct piece pieces[NAME_LABEL_MAX + 1];
	unsigned i, count = pieces_of(label, pieces);
	uint32_t child = 0;

	/* By no piece, where there are few. */
	memset(&pieces[count], 0, sizeof(*pieces));
	for (i = 0; i <= count && child == 0; i++)
		child = child_by_piece(globs, parent, label, &pieces[i]);
	return child;
}

size_t
globs_memory(const struct globs *globs)
{
	return sizeof(*globs) +
		((size_t)globs->cell_count + 1) * sizeof(*globs->cells) +
		globs->count * sizeof(*globs->entries) +
		(globs->count / FEW + 1) * sizeof(*globs->many);
}
