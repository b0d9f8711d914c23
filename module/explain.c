/*
 * explain.c - why a client gets the answer it gets.
 */
#include "explain.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "rrtype.h"

/* Room for FILE:LINE:COLUMN; no longer name can be opened. */
#define ORIGIN_TEXT_MAX (PATH_MAX + 32)
/* Types in one field. */
#define TYPES_OCTETS 1024

/* --- The pattern. */

/* Looks whether the best match of NAME in TABLE, which may be NULL, is the rule
 * that decided: if so, fills in its pattern. */
static int
is_of_table(const struct policy *policy, const struct names *table,
	const struct name *name, struct explanation *explanation)
{
	const struct origin *rule = &explanation->decision.rule;
	struct names_match match;

	match.rule = NULL;
	if (table != NULL)
		names_find(table, name, NAMES_NO_RULE, &match);
	if (match.rule == NULL ||
	    policy->sources[match.rule->source] != rule->file ||
	    match.rule->line != rule->line ||
	    match.rule->column != rule->column)
		return 0;
	names_pattern(table, names_number(table, match.rule),
		explanation->pattern);
	return 1;
}

/* The same for patterns of a group's own and its lists. */
static int
is_of_tables(const struct policy *policy, const struct names *own,
	const struct list *const *lists, size_t list_count,
	const struct name *name, struct explanation *explanation)
{
	size_t i;

	if (is_of_table(policy, own, name, explanation))
		return 1;
	for (i = 0; i < list_count; i++)
		if (is_of_table(policy, lists[i]->names, name, explanation)) {
			explanation->list = lists[i];
			return 1;
		}
	return 0;
}

/* Looks for the rule that policy_decide() found, for a decision tells no more
 * of it than its place: the worker needs no more. */
static void
explain_rule(const struct policy *policy, const struct name *name,
	struct explanation *explanation)
{
	const struct group *group = explanation->decision.group;

	switch (explanation->decision.reason) {
	case REASON_SITE:
		if (is_of_table(policy, policy->site, name, explanation))
			explanation->kind = "site";
		break;
	case REASON_QUIET:
		if (is_of_tables(policy, group->quiet, group->quiet_lists,
		    group->quiet_list_count, name, explanation))
			explanation->kind = "quiet";
		break;
	default:
		/* A list may be for both. */
		if (!is_of_tables(policy, group->own, group->lists,
		    group->list_count, name, explanation) &&
		    is_of_tables(policy, group->window_own,
		    group->window_lists, group->window_list_count, name,
		    explanation))
			explanation->kind = "window";
	}
}

/* --- What is allowed besides the policy. */

/* The grant that lasts until UNTIL. */
static void
explain_grant(const struct grants *grants, const struct name *name,
	struct explanation *explanation)
{
	const char *group = explanation->decision.group->name;
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct pattern_error error;
	struct pattern pattern;
	struct grant grant;
	size_t i;

	for (i = 0; grants_get(grants, i, &grant) == 0; i++)
		if (grant.until == explanation->until &&
		    strcmp(grant.group, group) == 0 &&
		    pattern_from_text(&pattern, grant.pattern,
		    strlen(grant.pattern), &error) == 0 &&
		    pattern_matches(&pattern, name, specificity))
			snprintf(explanation->granted,
				sizeof(explanation->granted), "%s",
				grant.pattern);
}

void
explain_query(const struct policy *policy, const struct exceptions *exceptions,
	const struct query *query, struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;
	const struct group *group;
	struct name name;

	memset(explanation, 0, sizeof(*explanation));
	judge_query(policy, exceptions, query, &explanation->decision);
	(void)clients_find_prefix(policy->clients, &query->client,
		&explanation->prefix);
	group = decision->group;
	if (group == NULL)
		return;
	if (group->window_count > 0)
		explanation->window_change = window_change(group->windows,
			group->window_count, group->zone, query->now);
	if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		return;
	if (decision->rule.file != NULL)
		explain_rule(policy, &name, explanation);
	explanation->until = judge_until(exceptions, query, decision,
		&explanation->question);
	if (decision->reason == REASON_GRANTED && exceptions->grants != NULL)
		explain_grant(exceptions->grants, &name, explanation);
}

/* --- The record. */

void
explain_origin(struct record_writer *writer, const char *key,
	const struct origin *origin)
{
	char text[ORIGIN_TEXT_MAX];

	if (origin->line == 0) {
		record_text(writer, key, origin->file);
		return;
	}
	/* Not by record_format(), which would cut a long name off. */
	snprintf(text, sizeof(text), "%s:%u:%u", origin->file, origin->line,
		origin->column);
	record_text(writer, key, text);
}

void
explain_asked(struct record_writer *writer, const struct query *query)
{
	char client[PREFIX_TEXT_MAX], name[NAME_TEXT_MAX];
	char word[RRTYPE_TEXT_MAX];

	address_to_text(&query->client, client);
	record_text(writer, "client", client);
	name_to_text(query->qname, query->qname_len, name);
	record_text(writer, "name", name);
	rrtype_to_text(query->qtype, word);
	record_text(writer, "type", word);
}

static void
record_verdict(struct record_writer *writer, const struct decision *decision)
{
	record_text(writer, "verdict", verdict_word(decision->verdict));
	record_text(writer, "reason", reason_word(decision->reason));
	if (decision->verdict == VERDICT_BLOCK ||
	    decision->verdict == VERDICT_AUDIT)
		record_text(writer, "action", action_word(decision->action));
}

static void
record_group(struct record_writer *writer,
	const struct explanation *explanation)
{
	const struct group *group = explanation->decision.group;
	char prefix[PREFIX_TEXT_MAX];

	if (group != NULL) {
		record_text(writer, "group", group->name);
		explain_origin(writer, "group-at", &group->origin);
	}
	/* Of a client in no group it is one that is carved out. */
	if (explanation->prefix.address.family == ADDRESS_NONE)
		return;
	prefix_to_text(&explanation->prefix, prefix);
	record_text(writer, "prefix", prefix);
}

static void
record_rule(struct record_writer *writer,
	const struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;

	if (decision->rule.file == NULL)
		return;
	record_text(writer, "pattern", explanation->pattern);
	record_text(writer, "deny",
		decision->reason == REASON_DENIED ? "yes" : "no");
	if (explanation->kind != NULL)
		record_text(writer, "kind", explanation->kind);
	if (explanation->list != NULL)
		record_text(writer, "list", explanation->list->name);
	explain_origin(writer, "rule", &decision->rule);
}

static void
record_exception(struct record_writer *writer,
	const struct explanation *explanation)
{
	const struct name *question = &explanation->question;
	char text[NAME_TEXT_MAX];

	if (explanation->until == 0)
		return;
	if (explanation->granted[0] != '\0')
		record_text(writer, "granted", explanation->granted);
	record_format(writer, "until", "%" PRId64, explanation->until);
	if (question->length == 0)
		return;
	name_to_text(question->octets, question->length, text);
	record_text(writer, "followed-from", text);
}

static void
record_window(struct record_writer *writer,
	const struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;

	if (decision->group == NULL || decision->group->window_count == 0)
		return;
	record_text(writer, "window", decision->in_window ? "open" : "closed");
	if (explanation->window_change != 0)
		record_format(writer, "window-change", "%" PRId64,
			explanation->window_change);
}

/* What may be asked for, where that is why a query is blocked. */
static void
record_types(struct record_writer *writer, const struct decision *decision)
{
	const struct group *group = decision->group;
	char text[TYPES_OCTETS] = "", word[RRTYPE_TEXT_MAX];
	size_t i, used = 0;

	if (decision->reason != REASON_TYPE)
		return;
	for (i = 0; i < group->type_count; i++) {
		rrtype_to_text(group->types[i], word);
		if (used + strlen(word) + sizeof(", , ...") > sizeof(text))
			strcpy(word, "...");
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%s", i > 0 ? ", " : "", word);
		if (word[0] == '.')
			break;
	}
	record_text(writer, "types", text);
}

/* What is looked at in an answer before the client gets it. */
static void
record_inspects(struct record_writer *writer, const struct decision *decision)
{
	const struct group *group = decision->group;

	if (decision->verdict != VERDICT_ALLOW || !group_inspects(group))
		return;
	record_text(writer, "inspects", !group->inspect_chain ? "addresses"
		: group->answers != NULL ? "chain, addresses" : "chain");
}

static void
add_address(char *text, const struct address *address)
{
	size_t length = strlen(text);

	if (length > 0) {
		memcpy(text + length, ", ", sizeof(", "));
		length += 2;
	}
	address_to_text(address, text + length);
}

void
explain_addresses(const struct group *group, uint16_t qtype, char *text)
{
	struct address address;
	unsigned i;

	text[0] = '\0';
	for (i = 0; group_sinkhole(group, i, &address) == 0; i++)
		if (qtype == RRTYPE_ANY || qtype == (address.family ==
		    ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA))
			add_address(text, &address);
}

/* What answer_write() does; ADDRESSES is room for them. */
static const char *
answer_text(const struct query *query, const struct decision *decision,
	char *addresses)
{
	switch (decision->action) {
	case ACTION_NXDOMAIN:
		return "NXDOMAIN";
	case ACTION_NODATA:
		return "NODATA";
	case ACTION_DROP:
		return "none";
	case ACTION_SINKHOLE:
		explain_addresses(decision->group, query->qtype, addresses);
		return addresses[0] != '\0' ? addresses : "NODATA";
	case ACTION_REFUSED:
	case ACTION_COUNT:
		break;
	}
	return "REFUSED";
}

static void
record_answer(struct record_writer *writer, const struct query *query,
	const struct decision *decision)
{
	const struct group *group = decision->group;
	char addresses[EXPLAIN_ADDRESSES_MAX], text[GROUP_EXPLANATION_MAX + 1];

	if (decision->verdict != VERDICT_BLOCK) {
		record_text(writer, "answer", "as usual");
		return;
	}
	record_text(writer, "answer", answer_text(query, decision, addresses));
	if (decision->action == ACTION_DROP)
		return;
	/* The others have addresses, or the SOA of a negative answer. */
	if (decision->action != ACTION_REFUSED)
		record_number(writer, "ttl", group->ttl);
	(void)group_explain(group, decision->reason, text);
	record_text(writer, "ede", text);
}

void
explain_record(struct record_writer *writer, const struct query *query,
	const struct explanation *explanation)
{
	char class[RRTYPE_TEXT_MAX];

	record_begin(writer, "explain");
	explain_asked(writer, query);
	rrclass_to_text(query->qclass, class);
	record_text(writer, "class", class);
	record_verdict(writer, &explanation->decision);
	record_group(writer, explanation);
	record_rule(writer, explanation);
	record_exception(writer, explanation);
	record_window(writer, explanation);
	record_types(writer, &explanation->decision);
	record_inspects(writer, &explanation->decision);
	record_answer(writer, query, &explanation->decision);
	record_end(writer);
}
