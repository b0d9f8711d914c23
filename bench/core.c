/*
 * core.c - what the tables of the core cost, next to Unbound's own and to the
 * floor of one cache miss a table.
 *
 *   core [-r ROUNDS] [-n LOOKUPS] names SHAPE PATTERNS
 *   core [-r ROUNDS] [-n LOOKUPS] clients PLACE PREFIXES
 *   core [-r ROUNDS] [-n LOOKUPS] verdicts PATTERNS PREFIXES FOLDER
 *   core [-r ROUNDS] [-n LOOKUPS] wildcards FORM LABELS
 *   core [-r ROUNDS] [-n LOOKUPS] guessed PATTERNS
 *   core memory SHAPE PATTERNS
 *
 * SHAPE and PLACE are the words in sets.c, or a form of memory below; FORM is
 * one of wildcards below. FOLDER is for the files of a policy.
 *
 * names, clients and verdicts ask the same of the core's table ("bitsink"), of
 * Unbound's ("unbound"), and take as many steps through memory of the size of
 * the core's tables ("floor"). Every answer is looked at; which pattern decided
 * is compared before, with what is known and with Unbound's.
 *
 * Prints lines of JSON, one a kind of question: nanoseconds of processor time a
 * look-up, one figure a round; and octets.
 *
 * Exit codes: 0, 1 an answer was wrong, 2 wrong usage.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "measure.h"
#include "names.h"
#include "policy.h"
#include "rival.h"
#include "sets.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static unsigned rounds = 11;
static size_t lookups = 1u << 17;

/* Octets that were taken and not given back. */
static size_t
octets_taken(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* --- Tables of names. */

static struct pattern
read_pattern(const char *text)
{
	struct pattern_error error;
	struct pattern pattern;

	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		measure_fail("%s: expected %s", text, error.expected);
	return pattern;
}

static void
add_pattern(struct names *names, const char *text, uint32_t number, int deny,
	size_t *octets)
{
	const struct names_rule rule = { number, 1, 0, deny != 0, 0 };
	struct pattern pattern = read_pattern(text);
	uint32_t earlier;

	if (names_add(names, &pattern, &rule, &earlier) != number)
		measure_fail("%s: cannot be added", text);
	*octets += pattern.name.length;
}

static struct names *
new_names(const struct names_key *key, size_t expected)
{
	struct names *names = names_new(key);

	if (names == NULL)
		measure_fail("out of memory");
	names_expect(names, expected);
	return names;
}

static void
finish_names(struct names *names)
{
	if (names_finish(names) != 0)
		measure_fail("out of memory");
}

static struct names *
make_names(const struct patterns *patterns, const struct names_key *key)
{
	struct names *names = new_names(key, patterns->count);
	char text[SET_TEXT_MAX];
	size_t octets = 0;
	uint32_t i;

	for (i = 0; i < patterns->count; i++) {
		patterns_text(patterns, i, text);
		add_pattern(names, text, i,
			patterns_effect(patterns, i) == EFFECT_DENY, &octets);
	}
	finish_names(names);
	return names;
}

static struct rival_names *
make_rival_names(const struct patterns *patterns)
{
	struct rival_names *names = rival_names_new();
	char text[SET_TEXT_MAX];
	unsigned labels;
	uint32_t i;

	if (names == NULL)
		measure_fail("out of memory");
	/* The longest first, as rival.h wants it. */
	labels = patterns->shape == SHAPE_SHARED ? SHARED_LABELS_MAX
		: SITE_LABELS_MAX;
	for (; labels > 0; labels--) {
		for (i = 0; i < patterns->count; i++) {
			struct pattern pattern;

			patterns_text(patterns, i, text);
			pattern = read_pattern(text);
			if (pattern.name.labels == labels &&
			    rival_names_add(names, pattern.name.octets,
			    pattern.name.length,
			    patterns_effect(patterns, i) == EFFECT_DENY) != 0)
				measure_fail("out of memory");
		}
		if (patterns->shape == SHAPE_SHARED)
			break;
	}
	return names;
}

static inline const struct names_rule *
find_name(const struct names *names, const struct name_question *question)
{
	struct names_match match;
	struct name name;

	match.rule = NULL;
	if (name_from_wire(&name, question->wire, question->length) == 0)
		names_find(names, &name, NAMES_NO_RULE, &match);
	return match.rule;
}

static inline unsigned
effect_of(const struct names_rule *rule)
{
	if (rule == NULL)
		return EFFECT_NONE;
	return rule->deny ? EFFECT_DENY : EFFECT_ALLOW;
}

static size_t
run_names(const struct contestant *self, size_t count)
{
	const struct name_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		unsigned effect = effect_of(find_name(self->table, question));

		wrong += effect != question->expected;
		question += 1 + (effect & zero);
	}
	return wrong;
}

static size_t
run_rival_names(const struct contestant *self, size_t count)
{
	const struct name_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		unsigned effect = rival_names_find(self->table,
			(uint8_t *)(uintptr_t)question->wire, question->length,
			NULL);

		wrong += effect != question->expected;
		question += 1 + (effect & zero);
	}
	return wrong;
}

/* Both tell the pattern that they should. */
static void
compare_patterns(const struct patterns *patterns, const struct names *names,
	const struct rival_names *rival, struct name_question *question)
{
	const struct names_rule *rule = find_name(names, question);
	const uint8_t *zone;
	char text[SET_TEXT_MAX];
	struct pattern pattern;

	(void)rival_names_find(rival, question->wire, question->length, &zone);
	if (question->pattern == NO_PATTERN) {
		if (rule != NULL || zone != NULL)
			measure_fail("a name was found that is not there");
		return;
	}
	patterns_text(patterns, question->pattern, text);
	pattern = read_pattern(text);
	if (rule == NULL || rule->line != question->pattern)
		measure_fail("bitsink did not find %s", text);
	if (zone == NULL || memcmp(zone, pattern.name.octets,
	    pattern.name.length) != 0)
		measure_fail("Unbound did not find %s", text);
}

static void
measure_names(const char *shape, uint32_t count)
{
	struct names_key key = measure_key();
	struct patterns patterns;
	struct names *names;
	struct rival_names *rival;
	size_t before, rival_octets, octets, i;
	struct chase *chase;
	unsigned word, kind;

	for (word = 0; strcmp(shape_words[word], shape) != 0;)
		if (++word == SHAPE_COUNT)
			exit(2);
	patterns = patterns_make((enum shape)word, count, 1);
	names = make_names(&patterns, &key);
	octets = names_memory(names);
	before = octets_taken();
	rival = make_rival_names(&patterns);
	rival_octets = octets_taken() - before;
	chase = chase_new(&octets, 1);
	for (kind = 0; kind < KIND_COUNT; kind++) {
		struct name_question *questions = questions_make(&patterns,
			(enum kind)kind, lookups);
		struct contestant contestants[] = {
			{ "bitsink", run_names, names, questions, { 0 } },
			{ "unbound", run_rival_names, rival, questions,
				{ 0 } },
			{ "floor", chase_run, chase, NULL, { 0 } },
		};

		for (i = 0; i < lookups; i++)
			compare_patterns(&patterns, names, rival,
				&questions[i]);
		measure(contestants, COUNT_OF(contestants), rounds, lookups);
		printf("{\"kind\": \"%s\", \"octets\": %zu, "
			"\"unbound octets\": %zu", kind_words[kind], octets,
			rival_octets);
		measure_print(contestants, COUNT_OF(contestants), rounds);
		puts("}");
		free(questions);
	}
	chase_free(chase);
	rival_names_free(rival);
	names_free(names);
	patterns_clear(&patterns);
}

/* --- A key that was guessed, next to one that was not. */

/* Names that were chosen for a key, in a table with another key and in one with
 * that key, next to names that were not chosen. With the key in somebody's
 * hands, each look-up passes by many others: so these names were chosen
 * well. */
static void
measure_guessed(uint32_t count)
{
	struct names_key key = measure_key();
	struct patterns chosen = patterns_make(SHAPE_COLLIDING, count, 1);
	struct patterns others = patterns_make(SHAPE_RANDOM, count, 1);
	struct patterns few = patterns_make(SHAPE_COLLIDING,
		count < 20000 ? count : 20000, 1);
	struct names *tables[] = { make_names(&chosen, &key),
		make_names(&others, &key), make_names(&few, &sets_guess) };
	size_t few_lookups = lookups < 2000 ? lookups : 2000;
	struct name_question *questions[] = {
		questions_make(&chosen, KIND_HITTING, lookups),
		questions_make(&others, KIND_HITTING, lookups),
		questions_make(&few, KIND_HITTING, few_lookups) };
	struct contestant contestants[] = {
		{ "chosen", run_names, tables[0], questions[0], { 0 } },
		{ "others", run_names, tables[1], questions[1], { 0 } },
	};
	struct contestant known = { "known", run_names, tables[2],
		questions[2], { 0 } };
	size_t i;

	measure(contestants, COUNT_OF(contestants), rounds, lookups);
	measure(&known, 1, rounds, few_lookups);
	if (known.ns[0] < 4 * contestants[0].ns[0])
		measure_fail("the names do not collide under the guessed key");
	printf("{\"patterns\": %" PRIu32, count);
	measure_print(contestants, COUNT_OF(contestants), rounds);
	measure_print(&known, 1, rounds);
	puts("}");
	for (i = 0; i < COUNT_OF(tables); i++) {
		names_free(tables[i]);
		free(questions[i]);
	}
	patterns_clear(&chosen);
	patterns_clear(&few);
}

/* --- Tables of clients. */

static struct rival_clients *
make_rival_clients(const struct client_entry *entries, size_t count)
{
	struct rival_clients *clients = rival_clients_new(count);
	size_t i;

	if (clients == NULL)
		measure_fail("out of memory");
	for (i = 0; i < count; i++)
		if (rival_clients_add(clients, &entries[i].prefix,
		    entries[i].group) != 0)
			measure_fail("a prefix is there twice");
	rival_clients_finish(clients);
	return clients;
}

static size_t
run_clients(const struct contestant *self, size_t count)
{
	const struct client_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		struct address address = client_address(&question->client);
		uint32_t group = clients_find(self->table, &address);

		wrong += group != question->expected;
		question += 1 + (group & zero);
	}
	return wrong;
}

static size_t
run_rival_clients(const struct contestant *self, size_t count)
{
	const struct client_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		uint32_t group = rival_clients_find(self->table,
			(struct sockaddr_storage *)(uintptr_t)
			&question->client, question->length);

		wrong += group != question->expected;
		question += 1 + (group & zero);
	}
	return wrong;
}

static void
measure_clients(const char *place, size_t count)
{
	struct client_entry *entries;
	struct clients *clients;
	struct rival_clients *rival;
	struct chase *chase;
	size_t before, octets, rival_octets;
	unsigned word;
	int inside;

	for (word = 0; strcmp(place_words[word], place) != 0;)
		if (++word == PLACE_COUNT)
			exit(2);
	entries = prefixes_make((enum place)word, &count, 10000);
	clients = clients_new(entries, count);
	if (clients == NULL)
		measure_fail("out of memory");
	octets = clients_memory(clients);
	before = octets_taken();
	rival = make_rival_clients(entries, count);
	rival_octets = octets_taken() - before;
	chase = chase_new(&octets, 1);
	for (inside = 1; inside >= 0; inside--) {
		struct client_question *questions = clients_make(entries,
			count, inside, lookups);
		struct contestant contestants[] = {
			{ "bitsink", run_clients, clients, questions, { 0 } },
			{ "unbound", run_rival_clients, rival, questions,
				{ 0 } },
			{ "floor", chase_run, chase, NULL, { 0 } },
		};

		measure(contestants, COUNT_OF(contestants), rounds, lookups);
		printf("{\"kind\": \"%s\", \"prefixes\": %zu, "
			"\"octets\": %zu, \"unbound octets\": %zu",
			inside ? "inside" : "outside", count, octets,
			rival_octets);
		measure_print(contestants, COUNT_OF(contestants), rounds);
		puts("}");
		free(questions);
	}
	chase_free(chase);
	rival_clients_free(rival);
	clients_free(clients);
	free(entries);
}

/* --- Verdicts: who asks, and for what. */

struct verdict_question {
	struct client_question client;
	struct name_question name;
	enum reason expected;
};

/* Both of Unbound's tables: one of zones for all groups, though its views have
 * no way to share one. */
struct rival_policy {
	struct rival_clients *clients;
	struct rival_names *names;
};

static size_t
run_verdicts(const struct contestant *self, size_t count)
{
	const struct verdict_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		struct decision decision;
		struct query query;

		query.client = client_address(&question->client.client);
		query.qname = question->name.wire;
		query.qname_len = question->name.length;
		query.qtype = RRTYPE_A;
		query.qclass = RRCLASS_IN;
		query.now = 0;
		policy_decide(self->table, &query, &decision);
		wrong += decision.reason != question->expected;
		question += 1 + ((size_t)decision.reason & zero);
	}
	return wrong;
}

static enum reason
rival_verdict(const struct rival_policy *policy,
	const struct verdict_question *question)
{
	if (rival_clients_find(policy->clients, (struct sockaddr_storage *)
	    (uintptr_t)&question->client.client, question->client.length) ==
	    CLIENTS_NONE)
		return REASON_NO_GROUP;
	switch (rival_names_find(policy->names, (uint8_t *)(uintptr_t)
	    question->name.wire, question->name.length, NULL)) {
	case EFFECT_ALLOW:
		return REASON_ALLOWED;
	case EFFECT_DENY:
		return REASON_DENIED;
	default:
		return REASON_NOT_LISTED;
	}
}

static size_t
run_rival_verdicts(const struct contestant *self, size_t count)
{
	const struct verdict_question *question = self->questions;
	size_t wrong = 0, i, zero = measure_zero;

	for (i = 0; i < count; i++) {
		enum reason reason = rival_verdict(self->table, question);

		wrong += reason != question->expected;
		question += 1 + ((size_t)reason & zero);
	}
	return wrong;
}

static FILE *
open_file(const char *folder, const char *name, char *path, size_t room)
{
	FILE *file;

	snprintf(path, room, "%s/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL)
		measure_fail("cannot write %s", path);
	return file;
}

static void
close_file(FILE *file, const char *path)
{
	int wrong = ferror(file);

	if (fclose(file) != 0 || wrong)
		measure_fail("cannot write %s", path);
}

static void
write_list(const struct patterns *patterns, const char *folder)
{
	char text[SET_TEXT_MAX], path[4096];
	FILE *file = open_file(folder, "core.list", path, sizeof(path));
	uint32_t i;

	for (i = 0; i < patterns->count; i++) {
		patterns_text(patterns, i, text);
		fprintf(file, "%s https\n", text);
	}
	close_file(file, path);
}

/* By group, each of which has the list and a pattern of its own. PATH becomes
 * the name of the file. */
static void
write_policy(const struct client_entry *entries, size_t count, uint32_t groups,
	const char *folder, char *path, size_t room)
{
	FILE *file = open_file(folder, "policy.conf", path, room);
	size_t *first = measure_memory(groups + 1u, sizeof(*first));
	size_t *order = measure_memory(count, sizeof(*order)), i;
	char text[PREFIX_TEXT_MAX];
	uint32_t group;

	for (i = 0; i < count; i++)
		first[entries[i].group + 1]++;
	for (group = 0; group < groups; group++)
		first[group + 1] += first[group];
	for (i = count; i-- > 0;)
		order[--first[entries[i].group + 1]] = i;
	fprintf(file, "bitsink:\n    list-directory: \"%s\"\n", folder);
	for (group = 0, i = 0; group < groups; group++) {
		fprintf(file, "group:\n    name: \"g%" PRIu32 "\"\n"
			"    allow-list: \"core\"\n"
			"    allow: \"g%" PRIu32 ".test\"\n", group, group);
		/* One at least, which nobody asks by. */
		fprintf(file, "    client: 240.%" PRIu32 ".%" PRIu32
			".%" PRIu32 "\n", group >> 16, group >> 8 & 255,
			group & 255);
		for (; i < count && entries[order[i]].group == group; i++) {
			prefix_to_text(&entries[order[i]].prefix, text);
			fprintf(file, "    client: %s\n", text);
		}
	}
	close_file(file, path);
	free(first);
	free(order);
}

static struct verdict_question *
make_verdict_questions(const struct client_question *clients,
	const struct name_question *names, size_t count)
{
	struct verdict_question *questions = measure_memory(count,
		sizeof(*questions));
	size_t i;

	for (i = 0; i < count; i++) {
		questions[i].client = clients[i];
		questions[i].name = names[i];
		questions[i].expected = REASON_NOT_LISTED;
		if (clients[i].expected == CLIENTS_NONE)
			questions[i].expected = REASON_NO_GROUP;
		else if (names[i].expected == EFFECT_ALLOW)
			questions[i].expected = REASON_ALLOWED;
	}
	return questions;
}

/* Octets of the groups, with the patterns that they have of their own. */
static size_t
own_memory(const struct policy *policy)
{
	size_t i, octets = 0;

	for (i = 0; i < policy->group_count; i++)
		octets += sizeof(policy->groups[i]) +
			names_memory(policy->groups[i].own);
	return octets;
}

/* Kinds of questions of clients in a group; the one behind them is of clients
 * in none. */
static void
measure_verdict(const struct patterns *patterns,
	const struct client_entry *entries, size_t prefixes, unsigned kind,
	const struct policy *policy, const struct rival_policy *rival)
{
	int inside = kind < KIND_COUNT;
	size_t octets[] = { clients_memory(policy->clients),
		own_memory(policy), names_memory(policy->lists[0]->names) };
	struct client_question *clients = clients_make(entries, prefixes,
		inside, lookups);
	struct name_question *names = questions_make(patterns, inside
		? (enum kind)kind : KIND_HITTING, lookups);
	struct verdict_question *questions = make_verdict_questions(clients,
		names, lookups);
	struct chase *chase = chase_new(octets, inside ? 3 : 1);
	struct contestant contestants[] = {
		{ "bitsink", run_verdicts, policy, questions, { 0 } },
		{ "unbound", run_rival_verdicts, rival, questions, { 0 } },
		{ "floor", chase_run, chase, NULL, { 0 } },
	};

	measure(contestants, COUNT_OF(contestants), rounds, lookups);
	printf("{\"kind\": \"%s\", \"octets\": %zu", inside ? kind_words[kind]
		: "unrestricted", octets[0] + octets[1] + octets[2]);
	measure_print(contestants, COUNT_OF(contestants), rounds);
	puts("}");
	chase_free(chase);
	free(questions);
	free(names);
	free(clients);
}

static void
measure_verdicts(uint32_t pattern_count, size_t prefixes, const char *folder)
{
	uint32_t groups = prefixes / 10 < 1 ? 1 : prefixes / 10 > 10000 ? 10000
		: (uint32_t)(prefixes / 10);
	struct patterns patterns = patterns_make(SHAPE_SITES, pattern_count,
		0);
	struct client_entry *entries = prefixes_make(PLACE_SPREAD, &prefixes,
		groups);
	struct rival_policy rival;
	struct policy *policy;
	char path[4096];
	unsigned kind;

	write_list(&patterns, folder);
	write_policy(entries, prefixes, groups, folder, path, sizeof(path));
	policy = measure_load(path);
	rival.clients = make_rival_clients(entries, prefixes);
	rival.names = make_rival_names(&patterns);
	for (kind = 0; kind <= KIND_COUNT; kind++)
		measure_verdict(&patterns, entries, prefixes, kind, policy,
			&rival);
	rival_names_free(rival.names);
	rival_clients_free(rival.clients);
	policy_free(policy);
	free(entries);
	patterns_clear(&patterns);
}

/* --- Labels with wildcards, all below one name. */

/* So many names are looked up again and again: what decides is found by trying
 * all patterns. */
#define WILD_QUESTIONS 512u
#define WILD_ALIKE 64u

static const char *const wild_forms[] = { "front", "back", "inside", "ends",
	"mixed", "alike" };
/* The first of them are those that "mixed" has in turn. */
#define WILD_MIXED 4u

static uint32_t
spread(uint32_t number)
{
	return number * 0x9e3779b1u;
}

/* The pattern NUMBER, or with WITH not NULL a name that it matches: that is
 * what wildcards are replaced by. */
static void
wild_text(const char *form, uint32_t number, const char *with, char *text)
{
	const char *star = with != NULL ? with : "*";
	const char *front = with != NULL ? "" : ".";
	uint32_t name = spread(number);
	unsigned i;

	if (strcmp(form, "mixed") == 0)
		form = wild_forms[number % WILD_MIXED];
	text += sprintf(text, "%s", front);
	if (strcmp(form, "front") == 0)
		text += sprintf(text, "%08" PRIx32 "%s", name, star);
	else if (strcmp(form, "back") == 0)
		text += sprintf(text, "%s%08" PRIx32, star, name);
	else if (strcmp(form, "inside") == 0)
		text += sprintf(text, "%s%08" PRIx32 "%s", star, name, star);
	else if (strcmp(form, "ends") == 0)
		text += sprintf(text, "%04x%s%04x", (unsigned)(name >> 16),
			star, (unsigned)(name & 0xffff));
	else
		for (i = 0; i < 16; i++)
			text += sprintf(text, "%c%c", star[0],
				number >> i & 1 ? 'a' : 'b');
	sprintf(text, ".cdn.example");
}

static struct name
read_name(const char *text)
{
	return read_pattern(text).name;
}

/* By the definition, one pattern after the other. */
static uint32_t
decides(const struct pattern *patterns, uint32_t count,
	const struct name *name)
{
	uint8_t found[NAME_LABELS_MAX + 1], best[NAME_LABELS_MAX + 1];
	uint32_t i, decided = NO_PATTERN;

	for (i = 0; i < count; i++)
		if (pattern_matches(&patterns[i], name, found) &&
		    (decided == NO_PATTERN ||
		    memcmp(found, best, sizeof(best)) > 0)) {
			decided = i;
			memcpy(best, found, sizeof(best));
		}
	return decided;
}

/* What a name is like that is asked for. */
enum wild_kind { WILD_HITTING, WILD_MISSING, WILD_LONGEST, WILD_KINDS };

static const char *const wild_kind_words[WILD_KINDS] = { "hitting", "missing",
	"longest" };

/* A name for the pattern NUMBER of COUNT; the longest has as many octets as a
 * label may, so that most places in it are tried. */
static struct name
wild_name(const char *form, enum wild_kind kind, uint32_t number,
	uint32_t count)
{
	uint64_t state = number;
	char text[SET_TEXT_MAX];
	unsigned i;

	if (kind != WILD_LONGEST) {
		wild_text(form, number + (kind == WILD_HITTING ? 0 : count),
			"cdn-3", text);
		return read_name(text);
	}
	for (i = 0; i < NAME_LABEL_MAX; i++)
		text[i] = (char)('a' + measure_random(&state) % 26);
	strcpy(text + NAME_LABEL_MAX, ".cdn.example");
	return read_name(text);
}

static struct name_question *
make_wild_questions(const struct pattern *patterns, uint32_t count,
	const char *form, enum wild_kind kind)
{
	struct name_question *questions = measure_memory(lookups,
		sizeof(*questions));
	uint64_t state = 17;
	size_t i;

	for (i = 0; i < lookups && i < WILD_QUESTIONS; i++) {
		struct name name = wild_name(form, kind,
			(uint32_t)(measure_random(&state) % count), count);

		questions[i].length = name.length;
		memcpy(questions[i].wire, name.octets, name.length);
		questions[i].pattern = decides(patterns, count, &name);
		questions[i].expected = questions[i].pattern != NO_PATTERN
			? EFFECT_ALLOW : EFFECT_NONE;
	}
	for (; i < lookups; i++)
		questions[i] = questions[i % WILD_QUESTIONS];
	return questions;
}

/* Of equal patterns any may be told: their texts are all different. */
static void
compare_decisions(const struct names *names, const struct pattern *patterns,
	const struct name_question *question)
{
	const struct names_rule *rule = find_name(names, question);
	uint8_t found[2][NAME_LABELS_MAX + 1];
	struct name name;

	if ((rule == NULL) != (question->pattern == NO_PATTERN))
		measure_fail("a wildcard label gave a wrong answer");
	if (rule == NULL || rule->line == question->pattern)
		return;
	/* Two may match as specifically. */
	if (name_from_wire(&name, question->wire, question->length) != 0 ||
	    !pattern_matches(&patterns[rule->line], &name, found[0]) ||
	    !pattern_matches(&patterns[question->pattern], &name, found[1]) ||
	    memcmp(found[0], found[1], sizeof(found[0])) != 0)
		measure_fail("a wildcard label is not the most specific");
}

static void
measure_wildcards(const char *form, uint32_t count)
{
	struct names_key key = measure_key();
	struct pattern *patterns = measure_memory(count, sizeof(*patterns));
	struct names *names = new_names(&key, count);
	char text[SET_TEXT_MAX];
	size_t octets = 0, i;
	uint32_t number;
	unsigned kind;

	for (i = 0; strcmp(wild_forms[i], form) != 0;)
		if (++i == COUNT_OF(wild_forms))
			exit(2);
	/* What cannot be told apart takes as long as there are many. */
	if (strcmp(form, "alike") == 0 && lookups > WILD_ALIKE)
		lookups = WILD_ALIKE;
	for (number = 0; number < count; number++) {
		wild_text(form, number, NULL, text);
		patterns[number] = read_pattern(text);
		add_pattern(names, text, number, 0, &octets);
	}
	finish_names(names);
	for (kind = 0; kind < WILD_KINDS; kind++) {
		struct name_question *questions = make_wild_questions(patterns,
			count, form, (enum wild_kind)kind);
		struct contestant contestant = { "bitsink", run_names, names,
			questions, { 0 } };

		for (i = 0; i < lookups && i < WILD_QUESTIONS; i++)
			compare_decisions(names, patterns, &questions[i]);
		measure(&contestant, 1, rounds, lookups);
		printf("{\"kind\": \"%s\", \"octets\": %.3f",
			wild_kind_words[kind],
			(double)(names_memory(names) - octets) / count);
		measure_print(&contestant, 1, rounds);
		puts("}");
		free(questions);
	}
	names_free(names);
	free(patterns);
}

/* --- Memory. */

/* What patterns may look like; %1$u is the number of each, %2$u that of two and
 * %3$u that of fifty. */
static const struct {
	const char *word;
	const char *form;
} memory_forms[] = {
	{ "name", "host-%1$u.cdn.example.net" },
	{ "name-and-below", ".zone%1$u.example" },
	{ "below", "*.z%1$u.test" },
	{ "two-of-a-zone", "h%1$u.site-%2$u.example" },
	{ "fifty-of-a-zone", "h%1$u.s%2$u.zone%3$u.example" },
	{ "wildcard-label", "*-%1$u.cdn.example" },
	{ "deep", "a.b.c.d.e.f.g.h.i.j.site-%1$u.example" },
};

static void
measure_memory_of(const char *word, uint32_t count)
{
	struct names_key key = measure_key();
	struct names *names = new_names(&key, count);
	char text[SET_TEXT_MAX];
	size_t octets = 0, form;
	uint32_t i;

	for (form = 0; strcmp(memory_forms[form].word, word) != 0;)
		if (++form == COUNT_OF(memory_forms))
			exit(2);
	for (i = 0; i < count; i++) {
		snprintf(text, sizeof(text), memory_forms[form].form,
			(unsigned)i, (unsigned)i / 2, (unsigned)i / 50);
		add_pattern(names, text, i, 0, &octets);
	}
	finish_names(names);
	printf("{\"form\": \"%s\", \"own\": %.3f, \"beyond\": %.3f}\n",
		memory_forms[form].form, (double)octets / count,
		((double)names_memory(names) - (double)octets) / count);
	names_free(names);
}

/* --- */

static void
usage(void)
{
	fputs("usage: core [-r ROUNDS] [-n LOOKUPS] names SHAPE PATTERNS | "
		"clients PLACE PREFIXES |\n       verdicts PATTERNS PREFIXES "
		"FOLDER | wildcards FORM LABELS | guessed PATTERNS |\n"
		"       memory FORM PATTERNS\n", stderr);
	exit(2);
}

static uint32_t
number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value == 0 || value > 100000000)
		usage();
	return (uint32_t)value;
}

int
main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "r:n:")) != -1)
		switch (option) {
		case 'r':
			rounds = number(optarg);
			if (rounds > ROUNDS_MAX)
				usage();
			break;
		case 'n':
			lookups = number(optarg);
			break;
		default:
			usage();
		}
	argc -= optind;
	argv += optind;
	if (argc == 3 && strcmp(argv[0], "names") == 0)
		measure_names(argv[1], number(argv[2]));
	else if (argc == 3 && strcmp(argv[0], "clients") == 0)
		measure_clients(argv[1], number(argv[2]));
	else if (argc == 4 && strcmp(argv[0], "verdicts") == 0)
		measure_verdicts(number(argv[1]), number(argv[2]), argv[3]);
	else if (argc == 3 && strcmp(argv[0], "wildcards") == 0)
		measure_wildcards(argv[1], number(argv[2]));
	else if (argc == 2 && strcmp(argv[0], "guessed") == 0)
		measure_guessed(number(argv[1]));
	else if (argc == 3 && strcmp(argv[0], "memory") == 0)
		measure_memory_of(argv[1], number(argv[2]));
	else
		usage();
	return 0;
}
