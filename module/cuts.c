/*
 * cuts.c - the names at which it changes what a group may ask for.
 *
 * Names are kept with their labels from the root on: sorted by octets, what is
 * above a name is what it begins with, and stands before it.
 */
#include "cuts.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"

/* No pattern names this octet. */
#define STAND_IN 1

struct draft {
	struct cut cut;
	/* Where its labels are in the memory, which may move. */
	size_t at;
};

struct builder {
	struct draft *drafts;
	size_t count, room;
	uint8_t *memory;
	size_t used, memory_room;
	struct cuts_wild *wild;
	size_t wild_count, wild_room;
	int in_window;
	int broken;
};

/* Makes room for MORE elements. 0, or -1 with the builder broken. */
static int
make_room(struct builder *builder, void *array, size_t used, size_t *room,
	size_t more, size_t size)
{
	if (!builder->broken)
		builder->broken = array_room(array, used, room, more,
			size) != 0;
	return builder->broken ? -1 : 0;
}

/* Adds the cut at the COUNT rightmost labels of NAME. */
static void
add_cut(struct builder *builder, const struct name *name, unsigned count,
	const struct names_rule *rule, int is_wild, int has_below)
{
	struct draft *draft;
	unsigned i;

	if (make_room(builder, &builder->drafts, builder->count,
	    &builder->room, 1, sizeof(*builder->drafts)) != 0 ||
	    make_room(builder, &builder->memory, builder->used,
	    &builder->memory_room, NAME_OCTETS_MAX, 1) != 0)
		return;
	draft = &builder->drafts[builder->count++];
	memset(draft, 0, sizeof(*draft));
	draft->at = builder->used;
	draft->cut.has_below = has_below != 0;
	if (rule != NULL) {
		draft->cut.rule = *rule;
		draft->cut.wild = is_wild && !rule->deny;
		draft->cut.wild_deny = is_wild && rule->deny;
	}
	for (i = name->labels; i > name->labels - count; i--) {
		const uint8_t *label = name_label(name, i - 1);

		memcpy(builder->memory + builder->used, label,
			1 + (size_t)label[0]);
		builder->used += 1 + (size_t)label[0];
	}
	draft->cut.length = (uint8_t)(builder->used - draft->at);
}

static void
add_wild(struct builder *builder, const struct names_rule *rule,
	const char *text)
{
	struct cuts_wild *wild;

	if (make_room(builder, &builder->wild, builder->wild_count,
	    &builder->wild_room, 1, sizeof(*builder->wild)) != 0)
		return;
	wild = &builder->wild[builder->wild_count];
	wild->text = strdup(text);
	wild->rule = *rule;
	wild->in_window = builder->in_window;
	if (wild->text == NULL)
		builder->broken = 1;
	else
		builder->wild_count++;
}

static void
visit(void *context, const struct names_rule *rule, const char *text)
{
	struct builder *builder = context;
	struct pattern_error error;
	struct pattern pattern;
	unsigned literal = 0;

	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0) {
		builder->broken = 1;
		return;
	}
	while (literal < pattern.name.labels &&
	    pattern.star[pattern.name.labels - 1 - literal] == 0)
		literal++;
	add_cut(builder, &pattern.name, literal, rule,
		literal < pattern.name.labels, literal ==
		pattern.name.labels && (pattern.scope & PATTERN_BELOW));
	if (literal < pattern.name.labels)
		add_wild(builder, rule, text);
}

static void
visit_tables(struct builder *builder, const struct names *own,
	const struct list *const *lists, size_t list_count)
{
	size_t i;

	if (own != NULL)
		names_missing(own, NULL, visit, builder);
	for (i = 0; i < list_count; i++)
		names_missing(lists[i]->names, NULL, visit, builder);
}

static void
gather(struct builder *builder, const struct policy *policy,
	const struct group *group)
{
	struct name root;

	(void)name_from_wire(&root, (const uint8_t *)"", 1);
	add_cut(builder, &root, 0, NULL, 0, 0);
	visit_tables(builder, group->own, group->lists, group->list_count);
	if (group->allow_site_names && policy->site != NULL)
		names_missing(policy->site, NULL, visit, builder);
	if (group->window_count == 0)
		return;
	builder->in_window = 1;
	visit_tables(builder, group->window_own, group->window_lists,
		group->window_list_count);
}

static int
compare(const void *va, const void *vb)
{
	const struct cut *a = &((const struct draft *)va)->cut;
	const struct cut *b = &((const struct draft *)vb)->cut;
	int order = memcmp(a->labels, b->labels,
		a->length < b->length ? a->length : b->length);

	return order != 0 ? order : a->length - b->length;
}

/* Sorts, and leaves one of each name. */
static void
sort(struct builder *builder)
{
	size_t i, kept = 0;

	for (i = 0; i < builder->count; i++)
		builder->drafts[i].cut.labels = builder->memory +
			builder->drafts[i].at;
	qsort(builder->drafts, builder->count, sizeof(*builder->drafts),
		compare);
	for (i = 0; i < builder->count; i++) {
		struct draft *draft = &builder->drafts[i];

		if (kept > 0 && compare(draft,
		    &builder->drafts[kept - 1]) == 0) {
			struct cut *same = &builder->drafts[kept - 1].cut;

			same->has_below |= draft->cut.has_below;
			same->wild |= draft->cut.wild;
			same->wild_deny |= draft->cut.wild_deny;
			if (same->rule.line == 0)
				same->rule = draft->cut.rule;
		} else {
			builder->drafts[kept++] = *draft;
		}
	}
	builder->count = kept;
}

/* The wire format of a cut's name, of NAME_OCTETS_MAX octets, with BELOW a
 * label in front that no pattern has. Returns its length, 0 where it is too
 * long. */
static size_t
to_wire(const struct cut *cut, int below, uint8_t *wire)
{
	size_t front = below ? 2 : 0, length = front + cut->length + 1;
	size_t at = length - 1, i;

	if (length > NAME_OCTETS_MAX)
		return 0;
	wire[at] = 0;
	for (i = 0; i < cut->length; i += 1 + (size_t)cut->labels[i]) {
		at -= 1 + (size_t)cut->labels[i];
		memcpy(wire + at, cut->labels + i,
			1 + (size_t)cut->labels[i]);
	}
	if (below) {
		wire[0] = 1;
		wire[1] = STAND_IN;
	}
	return length;
}

/* Whether it may be asked for at any time, and whether in windows alone. */
static int
may_ask(const struct policy *policy, const struct group *group,
	const struct cut *cut, int below, int *in_window)
{
	uint8_t wire[NAME_OCTETS_MAX];
	size_t length = to_wire(cut, below, wire);
	struct name name;

	*in_window = 0;
	if (length == 0 || name_from_wire(&name, wire, length) != 0)
		return 0;
	if (policy_allows_name(policy, group, &name, 0))
		return 1;
	*in_window = group->window_count > 0 &&
		policy_allows_name(policy, group, &name, 1);
	return *in_window;
}

static uint32_t
find_above(const struct cut *cuts, uint32_t number)
{
	const struct cut *cut = &cuts[number];
	uint32_t above = number - 1;

	/* Whatever is above the one before, and not above this, is not needed
	 * again: names that begin alike stand together. */
	while (above != CUTS_NONE && (cuts[above].length > cut->length ||
	    memcmp(cuts[above].labels, cut->labels, cuts[above].length) != 0))
		above = cuts[above].above;
	return above;
}

static void
judge(const struct policy *policy, const struct group *group,
	struct cuts *cuts)
{
	uint32_t i;
	int in_window;

	for (i = 0; i < cuts->count; i++) {
		struct cut *cut = &cuts->cuts[i];

		cut->above = i == 0 ? CUTS_NONE : find_above(cuts->cuts, i);
		if (cut->above != CUTS_NONE && !cut->has_below) {
			cut->wild |= cuts->cuts[cut->above].wild;
			cut->wild_deny |= cuts->cuts[cut->above].wild_deny;
		}
		cut->self = may_ask(policy, group, cut, 0, &in_window) != 0;
		cut->self_in_window = in_window != 0;
		cut->below = may_ask(policy, group, cut, 1, &in_window) != 0;
		cut->below_in_window = in_window != 0;
	}
}

struct cuts *
cuts_new(const struct policy *policy, const struct group *group)
{
	struct builder builder = { .count = 0 };
	struct cuts *cuts = calloc(1, sizeof(*cuts));
	size_t i;

	gather(&builder, policy, group);
	if (cuts != NULL && !builder.broken) {
		sort(&builder);
		cuts->cuts = calloc(builder.count + 1, sizeof(*cuts->cuts));
	}
	if (cuts == NULL || cuts->cuts == NULL) {
		for (i = 0; i < builder.wild_count; i++)
			free(builder.wild[i].text);
		free(builder.wild);
		free(builder.drafts);
		free(builder.memory);
		free(cuts);
		return NULL;
	}
	for (i = 0; i < builder.count; i++)
		cuts->cuts[i] = builder.drafts[i].cut;
	cuts->count = builder.count;
	cuts->wild = builder.wild;
	cuts->wild_count = builder.wild_count;
	cuts->memory = builder.memory;
	free(builder.drafts);
	judge(policy, group, cuts);
	return cuts;
}

void
cuts_free(struct cuts *cuts)
{
	size_t i;

	if (cuts == NULL)
		return;
	for (i = 0; i < cuts->wild_count; i++)
		free(cuts->wild[i].text);
	free(cuts->wild);
	free(cuts->cuts);
	free(cuts->memory);
	free(cuts);
}

void
cut_part(const struct cut *cut, uint8_t length, char *text)
{
	struct cut part = *cut;
	uint8_t wire[NAME_OCTETS_MAX];

	part.length = length;
	name_to_text(wire, to_wire(&part, 0, wire), text);
}

void
cut_name(const struct cut *cut, char *text)
{
	cut_part(cut, cut->length, text);
}
