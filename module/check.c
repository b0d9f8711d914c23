/*
 * check.c - warnings: what is legal but surely meant otherwise.
 */
#include <string.h>

#include "gate.h"
#include "loader.h"

/* Wildcard labels that all checks together look at, at the most: many of them
 * below one name are looked at one by one. */
#define BUDGET 20000000u

/* No pattern names this octet; where a wildcard stands, it stands for any. */
#define STAND_IN 1

/*
 * A name that PATTERN matches and that is as general as the pattern: what
 * else matches it, matches about all that the pattern does. With BELOW a
 * label more in front. Returns -1 where the name would be too long.
 */
static int
representative(const struct pattern *pattern, int below, struct name *name)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	size_t at = below ? 2 : 0;
	unsigned i, octet;

	wire[0] = 1;
	wire[1] = STAND_IN;
	memcpy(wire + at, pattern->name.octets, pattern->name.length);
	for (i = 0; i < pattern->name.labels; i++)
		for (octet = 0; octet < NAME_LABEL_MAX; octet++)
			if (pattern->star[i] >> octet & 1)
				wire[at + pattern->name.offset[i] + 1 + octet] =
					STAND_IN;
	return name_from_wire(name, wire, at + pattern->name.length);
}

/* The table of a group that has the patterns for a purpose. */
static const struct names *
table_for(const struct group *group, enum purpose purpose)
{
	switch (purpose) {
	case FOR_QUIET:
		return group->quiet;
	case FOR_WINDOW:
		return group->window_own;
	case FOR_NAMES:
		break;
	}
	return group->own;
}

/* The best match among all that counts together with the patterns for a
 * purpose, passing over rule EXCEPT of their table. */
static void
match_for(const struct group *group, enum purpose purpose,
	const struct name *name, uint32_t except, struct names_match *match)
{
	const struct list *const *lists = group->quiet_lists;
	size_t i, count = group->quiet_list_count;

	match->rule = NULL;
	if (purpose == FOR_NAMES) {
		group_match(group, name, except, match);
		return;
	}
	if (purpose == FOR_WINDOW) {
		group_match(group, name, NAMES_NO_RULE, match);
		lists = group->window_lists;
		count = group->window_list_count;
	}
	names_find(table_for(group, purpose), name, except, match);
	for (i = 0; i < count; i++)
		names_find(lists[i]->names, name, NAMES_NO_RULE, match);
}

/* What does a pattern's work, and the word for it; the rule is NULL where that
 * is that nothing matches. */
struct instead {
	const struct names_rule *rule;
	const char *word;
};

static void
note_instead(struct instead *instead, const struct names_match *match,
	const char *word)
{
	instead->rule = match->rule;
	instead->word = word != NULL ? word
		: match->rule != NULL && match->rule->deny ? "deny" : "allow";
}

/* Whether a pattern changes nothing for one name. If so, INSTEAD is what does
 * its work. */
static int
changes_nothing(const struct group *group,
	const struct written_pattern *written, const struct name *name,
	struct instead *instead)
{
	const struct names_rule *mine = names_rule(table_for(group,
		written->purpose), written->rule);
	const char *word = written->purpose == FOR_QUIET ? "quiet" : NULL;
	struct names_match match;

	if (written->purpose == FOR_QUIET) {
		group_match(group, name, NAMES_NO_RULE, &match);
		note_instead(instead, &match, NULL);
		if (match.rule != NULL)
			return 1;
	}
	match_for(group, written->purpose, name, NAMES_NO_RULE, &match);
	note_instead(instead, &match, word);
	if (match.rule == NULL || match.rule != mine)
		return 1;
	if (mine->beats_allow)
		return 0;
	match_for(group, written->purpose, name, written->rule, &match);
	note_instead(instead, &match, word);
	return (match.rule == NULL || match.rule->deny) == mine->deny;
}

/*
 * Whether a pattern with a wildcard label says the opposite of RULE. Other
 * patterns hold all of the names that a longer one holds, so that one
 * name can stand for all; those with wildcard labels cut across.
 */
static int
has_opposite_wild(const struct group *group, const struct names_rule *rule)
{
	size_t i;

	if (names_has_wild(group->own, !rule->deny))
		return 1;
	for (i = 0; i < group->list_count; i++)
		if (names_has_wild(group->lists[i]->names, !rule->deny))
			return 1;
	return 0;
}

/* Whether a pattern stands for one name alone. */
static int
is_one_name(const struct pattern *pattern)
{
	unsigned i;

	for (i = 0; i < pattern->name.labels; i++)
		if (pattern->star[i] != 0)
			return 0;
	return pattern->scope == PATTERN_SELF;
}

static const char *
word_for(const struct written_pattern *written, const struct names_rule *rule)
{
	switch (written->purpose) {
	case FOR_QUIET:
		return "quiet";
	case FOR_WINDOW:
		return "window-allow";
	case FOR_NAMES:
		break;
	}
	return rule->deny ? "deny" : "allow";
}

static void
check_pattern(struct loader *loader, const struct written_pattern *written)
{
	const struct group *group = &loader->policy->groups[written->group];
	const struct names_rule *rule = names_rule(table_for(group,
		written->purpose), written->rule);
	struct instead instead = { NULL, NULL };
	struct pattern pattern;
	struct pattern_error error;
	struct name name;

	if (pattern_from_text(&pattern, written->token.text,
	    written->token.length, &error) != 0)
		return;
	/* Who asks for the root all day may well be quiet. */
	if (pattern.name.labels == 0 && pattern.scope == PATTERN_SELF &&
	    written->purpose != FOR_QUIET)
		diag_warning(loader->diag, written->token.where, "\"%s\" is "
			"the root name alone; every name below it is \"*\"",
			loader_quote(&written->token).text);
	if (written->purpose != FOR_QUIET && !is_one_name(&pattern) &&
	    has_opposite_wild(group, rule))
		return;
	if ((pattern.scope & PATTERN_SELF) &&
	    (representative(&pattern, 0, &name) != 0 ||
	    !changes_nothing(group, written, &name, &instead)))
		return;
	if ((pattern.scope & PATTERN_BELOW) &&
	    (representative(&pattern, 1, &name) != 0 ||
	    !changes_nothing(group, written, &name, &instead)))
		return;
	if (instead.rule == NULL)
		diag_warning(loader->diag, written->token.where, "deny \"%s\" "
			"changes nothing: no allow matches these names anyway",
			loader_quote(&written->token).text);
	else
		diag_warning(loader->diag, written->token.where, "%s \"%s\" "
			"changes nothing: the %s at %s:%u:%u decides for these "
			"names", word_for(written, rule),
			loader_quote(&written->token).text, instead.word,
			loader->policy->sources[instead.rule->source],
			instead.rule->line, instead.rule->column);
}

static uint64_t
wild_labels(const struct names *names, const struct list *const *lists,
	size_t list_count)
{
	uint64_t labels = names != NULL ? names_wild_labels(names) : 0;
	size_t i;

	for (i = 0; i < list_count; i++)
		labels += names_wild_labels(lists[i]->names);
	return labels;
}

/* Wildcard labels that checking one pattern of a group may look at. */
static uint64_t
cost_of(const struct group *group)
{
	return 2 * (1 + wild_labels(group->own, group->lists,
			group->list_count) +
		wild_labels(group->quiet, group->quiet_lists,
			group->quiet_list_count) +
		wild_labels(group->window_own, group->window_lists,
			group->window_list_count));
}

static void
check_patterns(struct loader *loader)
{
	uint64_t left = BUDGET;
	size_t i;

	for (i = 0; i < loader->pattern_count; i++) {
		const struct written_pattern *written = &loader->patterns[i];
		uint64_t cost = cost_of(
			&loader->policy->groups[written->group]);

		if (cost > left) {
			diag_warning(loader->diag, written->token.where,
				"too many wildcards: the patterns from here "
				"on are not checked for those that change "
				"nothing");
			return;
		}
		left -= cost;
		check_pattern(loader, written);
	}
}

/* Whether there is an allow in a table or in lists. */
static int
has_allow(const struct names *names, const struct list *const *lists,
	size_t list_count)
{
	uint32_t i;
	size_t list;

	for (list = 0; list < list_count; list++)
		if (names_rules(lists[list]->names) > 0)
			return 1;
	for (i = 0; names != NULL && i < names_rules(names); i++)
		if (!names_rule(names, i)->deny)
			return 1;
	return 0;
}

/* Whether anything is allowed at all. */
static int
allows_nothing(const struct loader *loader, const struct group *group)
{
	const struct names *site = loader->policy->site;

	if (group->allow_site_names && (!loader->site_known ||
	    (site != NULL && names_rules(site) > 0)))
		return 0;
	if (group->window_count > 0 && has_allow(group->window_own,
	    group->window_lists, group->window_list_count))
		return 0;
	return !has_allow(group->own, group->lists, group->list_count);
}

static void
check_sinkhole(struct loader *loader, uint32_t number,
	const struct address *address)
{
	char text[PREFIX_TEXT_MAX];

	if (clients_find(loader->policy->clients, address) != number)
		return;
	address_to_text(address, text);
	diag_warning(loader->diag,
		options_notes(loader, number)->at[NOTED_SINKHOLE],
		"sinkhole %s is one of the clients of group \"%s\"", text,
		loader->policy->groups[number].name);
}

static void
check_sinkholes(struct loader *loader, uint32_t number)
{
	const struct group *group = &loader->policy->groups[number];
	struct address address;
	unsigned i;

	for (i = 0; group_sinkhole(group, i, &address) == 0; i++)
		check_sinkhole(loader, number, &address);
}

/* Whether an answer of ACTION has a record with a TTL; ACTION_COUNT is none. */
static int
has_ttl(enum action action)
{
	return action == ACTION_NXDOMAIN || action == ACTION_NODATA ||
		action == ACTION_SINKHOLE;
}

static int
has_quiet(const struct group *group)
{
	return group->quiet != NULL || group->quiet_list_count > 0 ||
		group->quiet_single_labels;
}

static void
check_actions(struct loader *loader, uint32_t number)
{
	const struct group *group = &loader->policy->groups[number];
	const struct group_notes *notes = options_notes(loader, number);
	int sinks = group->action == ACTION_SINKHOLE ||
		group->window_action == ACTION_SINKHOLE;

	if (!sinks && notes->at[NOTED_SINKHOLE].line != 0)
		diag_warning(loader->diag, notes->at[NOTED_SINKHOLE],
			"sinkhole changes nothing without "
			"\"action: sinkhole\"");
	if (notes->at[NOTED_TTL].line != 0 && !has_ttl(group->action) &&
	    !has_ttl(group->window_action) && !has_quiet(group))
		diag_warning(loader->diag, notes->at[NOTED_TTL], "ttl changes "
			"nothing with \"action: %s\"",
			action_word(group->action));
	if (sinks)
		check_sinkholes(loader, number);
}

static void
check_windows(struct loader *loader, const struct group *group,
	const struct group_notes *notes)
{
	if (group->window_count == 0) {
		if (notes->window_use != NULL)
			diag_warning(loader->diag, notes->at[NOTED_WINDOW_USE],
				"%s changes nothing without \"window:\"",
				notes->window_use);
		if (notes->at[NOTED_TIME_ZONE].line != 0)
			diag_warning(loader->diag, notes->at[NOTED_TIME_ZONE],
				"time-zone changes nothing without "
				"\"window:\"");
		return;
	}
	if (notes->window_use == NULL)
		diag_warning(loader->diag, notes->at[NOTED_WINDOW], "window "
			"changes nothing without \"window-allow:\", "
			"\"window-allow-list:\" or \"window-action:\"");
	if (group->window_action == group->action)
		diag_warning(loader->diag, notes->at[NOTED_WINDOW_ACTION],
			"window-action changes nothing: it is \"action:\" "
			"anyway");
}

static void
check_group(struct loader *loader, uint32_t number)
{
	const struct group *group = &loader->policy->groups[number];
	const struct group_notes *notes = options_notes(loader, number);

	if (!loader->facts[number].has_clients)
		diag_warning(loader->diag, group->origin, "group \"%s\" has no "
			"client and restricts nobody", group->name);
	if (allows_nothing(loader, group))
		diag_warning(loader->diag, group->origin, "group \"%s\" allows "
			"nothing: every name is blocked for its clients",
			group->name);
	check_actions(loader, number);
	if (notes->at[NOTED_CHAIN_ALLOW].line != 0 && !group->inspect_chain)
		diag_warning(loader->diag, notes->at[NOTED_CHAIN_ALLOW],
			"chain-allow changes nothing without "
			"\"chain: inspect\"");
	if (notes->at[NOTED_ANSWER_ALLOW].line != 0 && group->answers == NULL)
		diag_warning(loader->diag, notes->at[NOTED_ANSWER_ALLOW],
			"answer-allow changes nothing without "
			"\"answer-deny:\"");
	check_windows(loader, group, notes);
}

/* What is allowed anyway is neither quiet nor a matter of time. */
static void
check_list(struct loader *loader, const struct list_use *use)
{
	const struct group *group = &loader->policy->groups[use->group];
	const struct token token = lists_token(loader, use);
	size_t i;

	if (use->purpose == FOR_NAMES || use->list == NULL)
		return;
	for (i = 0; i < group->list_count; i++)
		if (group->lists[i] == use->list)
			diag_warning(loader->diag, token.where, "%s \"%s\" "
				"changes nothing: the list is an allow-list "
				"of this group",
				use->purpose == FOR_QUIET ? "quiet-list"
				: "window-allow-list",
				loader_quote(&token).text);
}

/* --- Views before the cache. */

static void
check_gated_group(struct loader *loader, const struct group *group)
{
	const char *option = group->inspect_chain ? "chain: inspect"
		: group->answers != NULL ? "answer-deny"
		: group->follow_chain ? "follow-chain" : NULL;

	if (option != NULL)
		diag_error(loader->diag, group->origin, "found %s in group "
			"\"%s\", expected none with \"gate: views\": who does "
			"not ask bitsink before the cache cannot have answers "
			"judged", option, group->name);
}

/* What views cannot do; and whether the host has the ones that are needed. */
static void
check_gate(struct loader *loader)
{
	const struct policy *policy = loader->policy;
	const struct origin file = { policy->sources[0], 0, 0 };
	size_t i, errors = loader->diag->errors;

	if (!policy->settings.gate_views) {
		if (loader->options->gate != NULL)
			diag_error(loader->diag, file, "found no \"gate: "
				"views\", expected it: this Unbound does not "
				"ask bitsink before its cache");
		return;
	}
	for (i = 0; i < policy->group_count; i++)
		check_gated_group(loader, &policy->groups[i]);
	for (i = 0; i < loader->site_use_count; i++)
		if (loader->site_uses[i].is_view)
			diag_error(loader->diag,
				loader->site_uses[i].token.where, "found "
				"client-view, expected client or client-tag "
				"with \"gate: views\": a client has one view");
	if (loader->diag->errors > errors)
		return;
	gate_warn(policy, loader->diag);
	if (loader->options->gate != NULL)
		gate_check(policy, loader->options->gate,
			loader->options->gate_length, loader->diag);
}

void
check_policy(struct loader *loader)
{
	size_t i;

	for (i = 0; i < loader->policy->group_count; i++)
		check_group(loader, (uint32_t)i);
	for (i = 0; i < loader->list_use_count; i++)
		check_list(loader, &loader->list_uses[i]);
	if (loader->options->check_patterns)
		check_patterns(loader);
	check_gate(loader);
}
