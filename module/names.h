/*
 * names.h - from an owner name to the most specific pattern that matches it.
 *
 * A tree of labels from the root down, its edges in one keyed hash table, so
 * that a look-up costs a step a label however many patterns there are, and
 * nobody who chooses names can choose collisions. Labels between which nothing
 * branches off are one step. Labels with wildcards are found by a piece of
 * them.
 *
 * Which pattern is the most specific is defined in pattern.h; between equals
 * deny wins.
 *
 * Thread-safety: building is for one thread; a finished table may be read
 * by any number of threads.
 */
#ifndef BITSINK_NAMES_H
#define BITSINK_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "name.h"
#include "pattern.h"
#include "region.h"

/* A key for the hash; random, one a process. */
struct names_key {
	uint64_t word[2];
};

/* One written pattern. */
struct names_rule {
	uint32_t line;
	uint16_t column; /* 65535 for that and all beyond */
	uint16_t source : 14; /* the caller's number of a file */
	uint16_t deny : 1;
	/* The table's own: a deny that an equal allow stands against. */
	uint16_t beats_allow : 1;
};

#define NAMES_SOURCES_MAX 16384u
#define NAMES_NO_RULE UINT32_MAX

/* Room for the longest pattern as text: a name, and a "*." before it. */
#define NAMES_PATTERN_MAX (NAME_TEXT_MAX + 2)

struct names_match {
	/* NULL where no pattern matches; owned by the table. */
	const struct names_rule *rule;
	/* As in pattern_matches(). */
	uint8_t specificity[NAME_LABELS_MAX + 1];
};

struct names;

/* An empty table; NULL when out of memory. Free with names_free(). */
struct names *names_new(const struct names_key *key);

/* The same of memory from REGION, which has to be there as long. */
struct names *names_new_in(const struct names_key *key,
	struct region *region);
void names_free(struct names *names);

/* That as many patterns will be added, or fewer: adding them takes less time
 * then. Nothing else changes, whatever is added. */
void names_expect(struct names *names, size_t patterns);

/* How far the way of a pattern into its table is known. */
struct names_hint {
	uint32_t node;
	/* Labels of the pattern that are left from there. */
	uint32_t left;
	/* Of the next one, unless all are left. */
	uint64_t hash;
};

/* Has what names_add_from() of a pattern will look at fetched from memory: of
 * use where a few others are added in between. */
void names_fetch(const struct names *names, const struct pattern *pattern,
	struct names_hint *hint);

/*
 * Adds a pattern. Returns the rule's number; *EARLIER is the number of a rule
 * with the same pattern that makes this one or that one useless (of two equal
 * patterns the first stays, or the deny), else NAMES_NO_RULE.
 * NAMES_NO_RULE is returned when out of memory, or beyond 4 GiB; the table is
 * then to be freed.
 */
uint32_t names_add(struct names *names, const struct pattern *pattern,
	const struct names_rule *rule, uint32_t *earlier);

/* The same, with the HINT that names_fetch() gave for this pattern and table,
 * whatever was added since. */
uint32_t names_add_from(struct names *names, const struct pattern *pattern,
	const struct names_rule *rule, const struct names_hint *hint,
	uint32_t *earlier);

/* Gives memory back and makes the table ready for names_find(). 0, or -1
 * when out of memory. */
int names_finish(struct names *names);

/*
 * Improves MATCH by the best match for NAME in this table: a caller with
 * several tables sets match->rule to NULL and asks one after the other. The
 * rule numbered EXCEPT is passed over (NAMES_NO_RULE: none is).
 */
void names_find(const struct names *names, const struct name *name,
	uint32_t except, struct names_match *match);

/* Rules added so far, and the one numbered RULE. */
uint32_t names_rules(const struct names *names);
const struct names_rule *names_rule(const struct names *names, uint32_t rule);

/* The number of a rule that a match tells, or NAMES_NO_RULE where the rule is
 * not of this table. */
uint32_t names_number(const struct names *names,
	const struct names_rule *rule);

/*
 * Writes the pattern of the rule numbered RULE as it was written, but in lower
 * case, without a final dot, with \DDD for whatever is not a letter, a digit,
 * '-' or '_' and with \042 for an asterisk that is no wildcard:
 * pattern_from_text() reads the same pattern again. TEXT holds
 * NAMES_PATTERN_MAX octets; it is "" for NAMES_NO_RULE, and for a rule that
 * matches nothing because equal ones have its place. Looks through the whole
 * table: not for every query.
 */
void names_pattern(const struct names *names, uint32_t rule, char *text);

/*
 * Calls VISIT for each pattern of NAMES that OTHER does not have, with its text
 * as of names_pattern(), which is gone when VISIT returns. They come in the
 * order in which they were added. At a name where allow and deny are the same
 * in both tables no pattern is missing, whichever way they are written: ".name"
 * is "name" and "*.name", and what has no place counts nowhere. OTHER may have
 * another key; NULL is an empty table. Both are finished. Takes a look-up a
 * pattern, and no memory.
 */
typedef void names_visit(void *context, const struct names_rule *rule,
	const char *text);
void names_missing(const struct names *names, const struct names *other,
	names_visit *visit, void *context);

/* Labels with wildcards in the table. */
uint32_t names_wild_labels(const struct names *names);

/* Whether a pattern with a wildcard label was added as a deny, or an allow. */
int names_has_wild(const struct names *names, int deny);

/* Octets the table takes. */
size_t names_memory(const struct names *names);

#endif
