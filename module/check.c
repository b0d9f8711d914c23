/*
 * check.c - warnings: what is legal but surely meant otherwise.
 */
#include <string.h>

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

/* Whether a pattern changes nothing for one name. If so, INSTEAD is the rule
 * that does its work, or NULL. */
static int
changes_nothing(const struct group *group, uint32_t rule,
	const struct name *name, const struct names_rule **instead)
{
	const struct names_rule *mine = names_rule(group->own, rule);
	struct names_match match;

	group_match(group, name, NAMES_NO_RULE, &match);
	*instead = match.rule;
	if (match.rule != mine)
		return 1;
	if (mine->beats_allow)
		return 0;
	group_match(group, name, rule, &match);
	*instead = match.rule;
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

static void
check_pattern(struct loader *loader, const struct written_pattern *written)
{
	const struct group *group = &loader->policy->groups[written->group];
	const struct names_rule *rule = names_rule(group->own, written->rule);
	const struct names_rule *instead = NULL;
	struct pattern pattern;
	struct pattern_error error;
	struct name name;

	if (pattern_from_text(&pattern, written->token.text,
	    written->token.length, &error) != 0)
		return;
	if (pattern.name.labels == 0 && pattern.scope == PATTERN_SELF)
		diag_warning(loader->diag, written->token.where, "\"%s\" is "
			"the root name alone; every name below it is \"*\"",
			loader_quote(&written->token).text);
	if (!is_one_name(&pattern) && has_opposite_wild(group, rule))
		return;
	if ((pattern.scope & PATTERN_SELF) &&
	    (representative(&pattern, 0, &name) != 0 ||
	    !changes_nothing(group, written->rule, &name, &instead)))
		return;
	if ((pattern.scope & PATTERN_BELOW) &&
	    (representative(&pattern, 1, &name) != 0 ||
	    !changes_nothing(group, written->rule, &name, &instead)))
		return;
	if (instead == NULL)
		diag_warning(loader->diag, written->token.where, "deny \"%s\" "
			"changes nothing: no allow matches these names anyway",
			loader_quote(&written->token).text);
	else
		diag_warning(loader->diag, written->token.where, "%s \"%s\" "
			"changes nothing: the %s at %s:%u:%u decides for these "
			"names", rule->deny ? "deny" : "allow",
			loader_quote(&written->token).text,
			instead->deny ? "deny" : "allow",
			loader->policy->sources[instead->source],
			instead->line, instead->column);
}

/* Wildcard labels that checking one pattern of a group may look at. */
static uint64_t
cost_of(const struct group *group)
{
	uint64_t labels = names_wild_labels(group->own) + 1;
	size_t i;

	for (i = 0; i < group->list_count; i++)
		labels += names_wild_labels(group->lists[i]->names);
	return 2 * labels;
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

/* Whether anything is allowed at all. */
static int
allows_nothing(const struct group *group)
{
	uint32_t i;
	size_t list;

	for (list = 0; list < group->list_count; list++)
		if (names_rules(group->lists[list]->names) > 0)
			return 0;
	for (i = 0; i < names_rules(group->own); i++)
		if (!names_rule(group->own, i)->deny)
			return 0;
	return 1;
}

static void
check_sinkhole(struct loader *loader, uint32_t number,
	const struct address *address)
{
	char text[PREFIX_TEXT_MAX];

	if (clients_find(loader->policy->clients, address) != number)
		return;
	address_to_text(address, text);
	diag_warning(loader->diag, loader->drafts[number].sinkhole_at,
		"sinkhole %s is one of the clients of group \"%s\"", text,
		loader->policy->groups[number].name);
}

static void
check_sinkholes(struct loader *loader, uint32_t number)
{
	const struct group *group = &loader->policy->groups[number];
	struct address address;
	unsigned i;

	for (i = 0; i < group->sinkholes4; i++) {
		address_set_ip4(&address, group->sinkhole4[i]);
		check_sinkhole(loader, number, &address);
	}
	for (i = 0; i < group->sinkholes6; i++) {
		address_set_ip6(&address, group->sinkhole6[i]);
		check_sinkhole(loader, number, &address);
	}
}

static void
check_group(struct loader *loader, uint32_t number, int has_clients)
{
	const struct group *group = &loader->policy->groups[number];
	const struct group_draft *draft = &loader->drafts[number];

	if (!has_clients)
		diag_warning(loader->diag, group->origin, "group \"%s\" has no "
			"client and restricts nobody", group->name);
	if (allows_nothing(group))
		diag_warning(loader->diag, group->origin, "group \"%s\" allows "
			"nothing: every name is blocked for its clients",
			group->name);
	if (group->action != ACTION_SINKHOLE && draft->sinkhole_at.line != 0)
		diag_warning(loader->diag, draft->sinkhole_at, "sinkhole "
			"changes nothing without \"action: sinkhole\"");
	if ((group->action == ACTION_REFUSED || group->action == ACTION_DROP)
	    && draft->ttl_at.line != 0)
		diag_warning(loader->diag, draft->ttl_at, "ttl changes nothing "
			"with \"action: %s\"", action_word(group->action));
	if (group->action == ACTION_SINKHOLE)
		check_sinkholes(loader, number);
}

void
check_policy(struct loader *loader)
{
	const struct policy *policy = loader->policy;
	size_t i, entry;

	/* Groups with a client; the drafts' bit 31 is no option's. */
	for (entry = 0; entry < loader->entry_count; entry++)
		loader->drafts[loader->entries[entry].group].given |= 1u << 31;
	for (i = 0; i < policy->group_count; i++)
		check_group(loader, (uint32_t)i,
			(loader->drafts[i].given & 1u << 31) != 0);
	if (loader->options->check_patterns)
		check_patterns(loader);
}
