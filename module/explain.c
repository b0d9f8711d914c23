/*
 * explain.c - why a client gets the answer it gets.
 */
#include "explain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "rrtype.h"

/* Room for FILE:LINE:COLUMN; no longer name can be opened. */
#define ORIGIN_TEXT_MAX (PATH_MAX + 32)

/* The table of the group that RULE is in, and the list that the table is of. */
static const struct names *
table_of(const struct group *group, const struct names_rule *rule,
	const struct list **list)
{
	size_t i;

	*list = NULL;
	if (names_number(group->own, rule) != NAMES_NO_RULE)
		return group->own;
	for (i = 0; i < group->list_count; i++)
		if (names_number(group->lists[i]->names, rule) !=
		    NAMES_NO_RULE) {
			*list = group->lists[i];
			return group->lists[i]->names;
		}
	return NULL;
}

/* Looks for the rule that policy_decide() found, for a decision tells no more
 * of it than its place: the worker needs no more. */
static void
explain_rule(const struct group *group, const struct query *query,
	struct explanation *explanation)
{
	const struct names *table;
	struct names_match match;
	struct name name;

	if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		return;
	group_match(group, &name, NAMES_NO_RULE, &match);
	table = table_of(group, match.rule, &explanation->list);
	if (table != NULL)
		names_pattern(table, names_number(table, match.rule),
			explanation->pattern);
}

void
explain_query(const struct policy *policy, const struct query *query,
	struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;

	policy_decide(policy, query, &explanation->decision);
	(void)clients_find_prefix(policy->clients, &query->client,
		&explanation->prefix);
	explanation->pattern[0] = '\0';
	explanation->list = NULL;
	if (decision->rule.file != NULL)
		explain_rule(decision->group, query, explanation);
}

/* --- The record. */

void
explain_origin(struct record_writer *writer, const char *key,
	const struct origin *origin)
{
	char text[ORIGIN_TEXT_MAX];

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

	if (group == NULL)
		return;
	record_text(writer, "group", group->name);
	explain_origin(writer, "group-at", &group->origin);
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
	if (explanation->list != NULL)
		record_text(writer, "list", explanation->list->name);
	explain_origin(writer, "rule", &decision->rule);
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
	if (qtype == RRTYPE_A || qtype == RRTYPE_ANY)
		for (i = 0; i < group->sinkholes4; i++) {
			address_set_ip4(&address, group->sinkhole4[i]);
			add_address(text, &address);
		}
	if (qtype == RRTYPE_AAAA || qtype == RRTYPE_ANY)
		for (i = 0; i < group->sinkholes6; i++) {
			address_set_ip6(&address, group->sinkhole6[i]);
			add_address(text, &address);
		}
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
	char addresses[EXPLAIN_ADDRESSES_MAX];

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
	record_text(writer, "ede", group->explanation[decision->reason]);
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
	record_answer(writer, query, &explanation->decision);
	record_end(writer);
}
