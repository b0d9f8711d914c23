/*
 * general.c - the narrowest patterns that cover what was seen.
 *
 * Names that differ in one label alone, below a parent that is at least a label
 * below somebody's domain, are looked at together. Of their labels there, those
 * that differ in their digits alone make a pattern; of the others those that
 * begin, or else end, with the same word; and then what is left. The wildcard
 * stands for whole words and numbers, not for parts of them: else chance would
 * make patterns, as kv60* of kv601 to kv604.
 *
 * A pattern counts with GENERAL_MIN names and enough clients. Where a list
 * that is not wide vouches for all it stands for, names of one client each are
 * as good as a name of many. Elsewhere nothing may be said against any name
 * that it matches.
 */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "suggest.h"

/* Nobody has more labels but to make work. */
#define LABELS_MAX 16u

/* No pattern names this octet; where a wildcard stands, it stands for any. */
#define STAND_IN 1

/* A name without its label POS. */
struct probe {
	const struct seen *seen;
	unsigned pos;
};

/* A pattern on its way. */
struct candidate {
	/* Owned. */
	char *text;
	const struct seen *seen;
	unsigned pos;
	/* It stands for a whole label. */
	int whole;
	/* Names that it was made of. */
	size_t names;
};

struct search {
	struct suggestion *suggestion;
	struct probe *probes;
	size_t probe_count;
	struct candidate *candidates;
	size_t candidate_count;
	size_t room;
	/* For sorting and for counting clients. */
	struct probe *rest;
	const char **clients;
	int failed;
};

char *
general_escape(char *text, const uint8_t *octets, size_t length)
{
	for (; length > 0; octets++, length--) {
		uint8_t c = octet_lower(*octets);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_')
			*text++ = (char)c;
		else
			text = octet_escape(text, c);
	}
	*text = '\0';
	return text;
}

/* --- Names that differ in one label. */

static int
compare_octets(const uint8_t *a, size_t a_length, const uint8_t *b,
	size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	if (order != 0)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

/* By all but the label POS. */
static int
compare_around(const struct probe *a, const struct probe *b)
{
	const struct name *one = &a->seen->name, *other = &b->seen->name;
	unsigned behind_one = one->offset[a->pos + 1];
	unsigned behind_other = other->offset[b->pos + 1];
	int order;

	if (a->pos != b->pos)
		return a->pos < b->pos ? -1 : 1;
	order = compare_octets(one->octets + behind_one,
		one->length - behind_one, other->octets + behind_other,
		other->length - behind_other);
	return order != 0 ? order : compare_octets(one->octets,
		one->offset[a->pos], other->octets, other->offset[b->pos]);
}

static const uint8_t *
label_of(const struct probe *probe)
{
	return name_label(&probe->seen->name, probe->pos);
}

static int
compare_labels(const struct probe *a, const struct probe *b)
{
	return compare_octets(label_of(a) + 1, label_of(a)[0],
		label_of(b) + 1, label_of(b)[0]);
}

static int
compare_probes(const void *va, const void *vb)
{
	int order = compare_around(va, vb);

	return order != 0 ? order : compare_labels(va, vb);
}

/* Whether a pattern may be made of it, if others help. */
static int
is_candidate(const struct seen *seen)
{
	return seen->by_list == NULL && !seen->shared &&
		!(seen->doubts & ~(unsigned)DOUBT_OUTWEIGHED) &&
		seen->name.labels <= LABELS_MAX;
}

static void
collect(struct search *search)
{
	const struct suggestion *suggestion = search->suggestion;
	size_t i;

	for (i = 0; i < suggestion->count; i++) {
		const struct seen *seen = &suggestion->seen[i];
		unsigned pos;

		/* The parent is at least a label below the domain. */
		for (pos = 0; is_candidate(seen) &&
		    seen->name.labels > seen->domain + 1 + pos; pos++) {
			search->probes[search->probe_count].seen = seen;
			search->probes[search->probe_count++].pos = pos;
		}
	}
	qsort(search->probes, search->probe_count, sizeof(*search->probes),
		compare_probes);
}

/* --- Words in labels. */

enum class { CLASS_LETTER, CLASS_DIGIT, CLASS_OTHER };

static enum class
class_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return CLASS_DIGIT;
	return c >= 'a' && c <= 'z' ? CLASS_LETTER : CLASS_OTHER;
}

/* Whether a word goes on from octet AT - 1 to octet AT of a label. */
static int
goes_on(const uint8_t *label, unsigned at)
{
	return at > 0 && at < label[0] &&
		class_of(label[at]) == class_of(label[at + 1]) &&
		class_of(label[at]) != CLASS_OTHER;
}

/* Octets of the first word or number of a label. */
static unsigned
first_word(const uint8_t *label)
{
	unsigned at = 1;

	while (goes_on(label, at))
		at++;
	return at;
}

/* Where the last one begins. */
static unsigned
last_word(const uint8_t *label)
{
	unsigned at = label[0] - 1u;

	while (goes_on(label, at))
		at--;
	return at;
}

/* A label with one 0 for each number. */
static void
without_numbers(const uint8_t *label, uint8_t *out)
{
	unsigned i, used = 0;

	for (i = 1; i <= label[0]; i++)
		if (class_of(label[i]) != CLASS_DIGIT)
			out[++used] = label[i];
		else if (i == 1 || class_of(label[i - 1]) != CLASS_DIGIT)
			out[++used] = '0';
	out[0] = (uint8_t)used;
}

/* Writes what labels of one kind have in common, as a label, to OUT of
 * NAME_LABEL_MAX + 1 octets; an empty one for what is of no kind. */
typedef void kind(const uint8_t *label, uint8_t *out);

static void
kind_by_numbers(const uint8_t *label, uint8_t *out)
{
	without_numbers(label, out);
	/* Without a number it is of no kind. */
	if (memchr(out + 1, '0', out[0]) == NULL)
		out[0] = 0;
}

static void
kind_by_first(const uint8_t *label, uint8_t *out)
{
	out[0] = (uint8_t)first_word(label);
	memcpy(out + 1, label + 1, out[0]);
}

static void
kind_by_last(const uint8_t *label, uint8_t *out)
{
	unsigned at = last_word(label);

	out[0] = (uint8_t)(label[0] - at);
	memcpy(out + 1, label + 1 + at, out[0]);
}

static void
kind_any(const uint8_t *label, uint8_t *out)
{
	(void)label;
	out[0] = 1;
	out[1] = '*';
}

/* --- Candidates. */

/* Whether a word goes on at octet AT, counted from the end where FROM_END is
 * set, in any of the labels. */
static int
cuts_word(const struct probe *probes, size_t count, unsigned at, int from_end)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const uint8_t *label = label_of(&probes[i]);

		if (goes_on(label, from_end ? label[0] - at : at))
			return 1;
	}
	return 0;
}

/* How many octets all labels begin with, up to the end of a word. */
static unsigned
common_begin(const struct probe *probes, size_t count)
{
	const uint8_t *first = label_of(&probes[0]);
	unsigned length = first[0];
	size_t i;

	for (i = 1; i < count; i++) {
		const uint8_t *label = label_of(&probes[i]);
		unsigned same = 0;

		while (same < length && same < label[0] &&
		    first[1 + same] == label[1 + same])
			same++;
		length = same;
	}
	while (length > 0 && cuts_word(probes, count, length, 0))
		length--;
	return length;
}

/* How many octets all of them end with, from the beginning of a word, BEGIN
 * octets not counted. */
static unsigned
common_end(const struct probe *probes, size_t count, unsigned begin)
{
	const uint8_t *first = label_of(&probes[0]);
	unsigned length = first[0] - begin;
	size_t i;

	for (i = 1; i < count; i++) {
		const uint8_t *label = label_of(&probes[i]);
		unsigned same = 0;

		while (same < length && same < label[0] - begin &&
		    first[first[0] - same] == label[label[0] - same])
			same++;
		length = same;
	}
	while (length > 0 && cuts_word(probes, count, length, 1))
		length--;
	return length;
}

/* The labels from BEGIN to END, each with the dot before it. */
static char *
write_labels(char *text, const struct name *name, unsigned begin, unsigned end)
{
	for (; begin < end; begin++) {
		const uint8_t *label = name_label(name, begin);

		if (begin > 0)
			*text++ = '.';
		text = general_escape(text, label + 1, label[0]);
	}
	return text;
}

static void
add_candidate(struct search *search, const struct probe *probes, size_t count)
{
	const struct name *name = &probes[0].seen->name;
	const uint8_t *label = label_of(&probes[0]);
	unsigned begin = common_begin(probes, count);
	unsigned end = common_end(probes, count, begin);
	char text[NAMES_PATTERN_MAX], *at = text;
	struct candidate *candidate;

	if (array_room(&search->candidates, search->candidate_count,
	    &search->room, 1, sizeof(*search->candidates)) != 0) {
		search->failed = 1;
		return;
	}
	at = write_labels(at, name, 0, probes[0].pos);
	if (probes[0].pos > 0)
		*at++ = '.';
	at = general_escape(at, label + 1, begin);
	*at++ = '*';
	at = general_escape(at, label + 1 + label[0] - end, end);
	(void)write_labels(at, name, probes[0].pos + 1u, name->labels);
	candidate = &search->candidates[search->candidate_count];
	candidate->text = strdup(text);
	candidate->seen = probes[0].seen;
	candidate->pos = probes[0].pos;
	candidate->whole = begin + end == 0;
	candidate->names = count;
	if (candidate->text == NULL)
		search->failed = 1;
	else
		search->candidate_count++;
}

static int
compare_kinds(const void *va, const void *vb, void *arg)
{
	kind *const *kind_of = arg;
	uint8_t a[NAME_LABEL_MAX + 1], b[NAME_LABEL_MAX + 1];
	int order;

	(*kind_of)(label_of(va), a);
	(*kind_of)(label_of(vb), b);
	order = compare_octets(a + 1, a[0], b + 1, b[0]);
	return order != 0 ? order : compare_labels(va, vb);
}

/* Whether two labels are of one kind, which is one. */
static int
same_kind(const struct probe *a, const struct probe *b, kind *kind_of)
{
	uint8_t one[NAME_LABEL_MAX + 1], other[NAME_LABEL_MAX + 1];

	kind_of(label_of(a), one);
	kind_of(label_of(b), other);
	return one[0] > 0 && label_equal(one, other);
}

/* Takes the labels of kinds that have GENERAL_MIN of them out of the rest.
 * Returns how many are left. */
static size_t
take_kinds(struct search *search, size_t count, kind *kind_of)
{
	size_t i, same, kept = 0;

	qsort_r(search->rest, count, sizeof(search->rest[0]), compare_kinds,
		&kind_of);
	for (i = 0; i < count; i += same) {
		same = 1;
		while (i + same < count && same_kind(&search->rest[i],
		    &search->rest[i + same], kind_of))
			same++;
		if (same >= GENERAL_MIN) {
			add_candidate(search, &search->rest[i], same);
			continue;
		}
		memmove(&search->rest[kept], &search->rest[i],
			same * sizeof(search->rest[0]));
		kept += same;
	}
	return kept;
}

/* Whether a list that is not wide vouches for all that PATTERN stands for. */
static int
is_vouched(const struct shelf *shelf, const struct pattern *pattern)
{
	uint8_t wire[NAME_OCTETS_MAX + 4] = { 1, STAND_IN, 1, STAND_IN };
	unsigned i, octet, ahead = pattern->scope & PATTERN_BELOW ? 4 : 0;
	struct name name;

	memcpy(wire + ahead, pattern->name.octets, pattern->name.length);
	for (i = 0; i < pattern->name.labels; i++)
		for (octet = 0; octet < NAME_LABEL_MAX; octet++)
			if (pattern->star[i] >> octet & 1)
				wire[ahead + pattern->name.offset[i] + 1 +
					octet] = STAND_IN;
	if (name_from_wire(&name, wire, ahead + pattern->name.length) != 0 ||
	    !shelf_vouches(shelf, &name))
		return 0;
	/* As deep as can be, and next to it. */
	return ahead == 0 || (name_from_wire(&name, wire + 2,
		2 + pattern->name.length) == 0 && shelf_vouches(shelf, &name));
}

/* The names of a run about which there is no doubt, or for which is vouched, to
 * the rest. Returns how many. */
static size_t
take_rest(struct search *search, const struct probe *probes, size_t count)
{
	const struct name *name = &probes[0].seen->name;
	char text[NAMES_PATTERN_MAX], *at = text;
	struct pattern_error error;
	struct pattern pattern;
	size_t i, taken = 0;
	int vouched;

	at = write_labels(at, name, 0, probes[0].pos);
	if (probes[0].pos > 0)
		*at++ = '.';
	*at++ = '*';
	(void)write_labels(at, name, probes[0].pos + 1u, name->labels);
	vouched = pattern_from_text(&pattern, text, strlen(text), &error) ==
		0 && is_vouched(&search->suggestion->shelf, &pattern);
	for (i = 0; i < count; i++)
		if (vouched || probes[i].seen->doubts == 0)
			search->rest[taken++] = probes[i];
	return taken;
}

/* Makes patterns of names that differ in one label. */
static void
take_run(struct search *search, const struct probe *probes, size_t count)
{
	static kind *const kinds[] = { kind_by_numbers, kind_by_first,
		kind_by_last, kind_any };
	size_t i, left = take_rest(search, probes, count);

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (left >= GENERAL_MIN)
			left = take_kinds(search, left, kinds[i]);
}

static void
find_candidates(struct search *search)
{
	size_t i, same;

	for (i = 0; i < search->probe_count && !search->failed; i += same) {
		const struct probe *first = &search->probes[i];

		same = 1;
		while (i + same < search->probe_count &&
		    compare_around(first, first + same) == 0)
			same++;
		if (same >= GENERAL_MIN)
			take_run(search, first, same);
	}
}

/* The narrow ones first, then those of most names. */
static int
compare_candidates(const void *va, const void *vb)
{
	const struct candidate *a = va, *b = vb;

	if (a->whole != b->whole)
		return a->whole - b->whole;
	if (a->names != b->names)
		return a->names > b->names ? -1 : 1;
	return strcmp(a->text, b->text);
}

/* --- Which of them count. */

/* Whether NAME is below the parent of a candidate. */
static int
is_beside(const struct candidate *candidate, const struct name *name)
{
	const struct name *mine = &candidate->seen->name;
	unsigned parent = mine->labels - candidate->pos - 1u;
	unsigned at = mine->offset[candidate->pos + 1];

	return name->labels > parent && compare_octets(mine->octets + at,
		mine->length - at, name->octets +
		name->offset[name->labels - parent], name->length -
		name->offset[name->labels - parent]) == 0;
}

static int
matches(const struct pattern *pattern, const struct name *name)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];

	return pattern_matches(pattern, name, specificity);
}

static int
compare_clients(const void *va, const void *vb)
{
	return strcmp(*(const char *const *)va, *(const char *const *)vb);
}

/* Different clients in the first COUNT of search->clients. */
static uint64_t
count_clients(struct search *search, size_t count)
{
	uint64_t different = 0;
	size_t i;

	if (count > 0)
		qsort(search->clients, count, sizeof(*search->clients),
			compare_clients);
	for (i = 0; i < count; i++)
		different += i == 0 || strcmp(search->clients[i - 1],
			search->clients[i]) != 0;
	return different;
}

/* Whether SEEN, which a pattern matches, is against it. */
static int
objects(const struct seen *seen, int vouched)
{
	if (seen->by_list != NULL)
		return 0;
	return vouched ? (seen->doubts & DOUBT_DENIED) != 0
		: seen->doubts != 0;
}

/* Whether a pattern is to allow it. */
static int
is_for(const struct seen *seen)
{
	return seen->by_list == NULL && seen->by_pattern == NULL &&
		!(seen->doubts & ~(unsigned)DOUBT_OUTWEIGHED);
}

static void
add_up(struct general *general, const struct seen *seen)
{
	if (general->names == 0 || seen->first < general->first)
		general->first = seen->first;
	if (general->names == 0 || seen->last > general->last)
		general->last = seen->last;
	if (seen->clients > general->clients)
		general->clients = seen->clients;
	general->count += seen->count;
	general->names++;
}

/* The names below the candidate's parent, from *BEGIN to the one returned. */
static size_t
find_range(const struct suggestion *suggestion,
	const struct candidate *candidate, size_t *begin)
{
	size_t at = (size_t)(candidate->seen - suggestion->seen);
	size_t end = at;

	while (at > 0 && is_beside(candidate, &suggestion->seen[at - 1].name))
		at--;
	while (end < suggestion->count &&
	    is_beside(candidate, &suggestion->seen[end].name))
		end++;
	*begin = at;
	return end;
}

/* Adds up what PATTERN would allow. Returns whether it counts. */
static int
weigh(struct search *search, const struct pattern *pattern, size_t begin,
	size_t end, struct general *general)
{
	const struct suggestion *suggestion = search->suggestion;
	unsigned depth = pattern->name.labels +
		(pattern->scope & PATTERN_BELOW ? 1u : 0);
	int vouched = is_vouched(&suggestion->shelf, pattern);
	size_t i, support = 0, clients = 0;
	uint64_t different;

	for (i = begin; i < end; i++) {
		const struct seen *seen = &suggestion->seen[i];

		if (!matches(pattern, &seen->name))
			continue;
		if (objects(seen, vouched))
			return 0;
		if (!is_for(seen))
			continue;
		add_up(general, seen);
		support += seen->name.labels == depth;
		if (seen->client != NULL)
			search->clients[clients++] = seen->client;
	}
	different = count_clients(search, clients);
	if (different > general->clients)
		general->clients = different;
	return support >= GENERAL_MIN &&
		general->clients >= (uint64_t)suggestion->min_clients &&
		general->count >= (uint64_t)suggestion->min_count &&
		general->first <= suggestion->until;
}

/* Takes a candidate that counts to the patterns. */
static void
judge_candidate(struct search *search, struct candidate *candidate)
{
	struct suggestion *suggestion = search->suggestion;
	struct general *general =
		&suggestion->patterns[suggestion->pattern_count];
	struct pattern_error error;
	struct pattern pattern;
	size_t i, begin, end;

	memset(general, 0, sizeof(*general));
	if (pattern_from_text(&pattern, candidate->text,
	    strlen(candidate->text), &error) != 0)
		return;
	end = find_range(suggestion, candidate, &begin);
	if (!weigh(search, &pattern, begin, end, general))
		return;
	for (i = begin; i < end; i++)
		if (matches(&pattern, &suggestion->seen[i].name) &&
		    is_for(&suggestion->seen[i]))
			suggestion->seen[i].by_pattern = general;
	general->text = candidate->text;
	candidate->text = NULL;
	suggestion->pattern_count++;
}

static int
search_init(struct search *search, struct suggestion *suggestion)
{
	size_t i, probes = 0;

	memset(search, 0, sizeof(*search));
	search->suggestion = suggestion;
	for (i = 0; i < suggestion->count; i++)
		if (is_candidate(&suggestion->seen[i]))
			probes += suggestion->seen[i].name.labels;
	search->probes = calloc(probes + 1, sizeof(*search->probes));
	search->rest = calloc(suggestion->count + 1, sizeof(*search->rest));
	search->clients = calloc(suggestion->count + 1,
		sizeof(*search->clients));
	return search->probes != NULL && search->rest != NULL &&
		search->clients != NULL ? 0 : -1;
}

static void
search_clear(struct search *search)
{
	size_t i;

	for (i = 0; i < search->candidate_count; i++)
		free(search->candidates[i].text);
	free(search->candidates);
	free(search->probes);
	free(search->rest);
	free(search->clients);
}

static void
find_all(struct search *search)
{
	struct suggestion *suggestion = search->suggestion;
	size_t i;

	collect(search);
	find_candidates(search);
	if (search->failed)
		return;
	suggestion->patterns = calloc(search->candidate_count + 1,
		sizeof(*suggestion->patterns));
	if (suggestion->patterns == NULL) {
		search->failed = 1;
		return;
	}
	if (search->candidate_count > 0)
		qsort(search->candidates, search->candidate_count,
			sizeof(*search->candidates), compare_candidates);
	for (i = 0; i < search->candidate_count; i++)
		judge_candidate(search, &search->candidates[i]);
}

int
general_find(struct suggestion *suggestion)
{
	struct search search;
	int failed = search_init(&search, suggestion);

	if (failed == 0) {
		find_all(&search);
		failed = search.failed ? -1 : 0;
	}
	search_clear(&search);
	return failed;
}
