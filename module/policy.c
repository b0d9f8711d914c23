/*
 * policy.c - who may ask for what, and what is done to the rest.
 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

const char *
group_mode_word(const struct group *group)
{
	return group->audit ? "audit" : "enforce";
}

const char *
group_log_word(const struct group *group)
{
	switch (group->log) {
	case GROUP_LOG_OFF:
		return "off";
	case GROUP_LOG_ALL:
		return "all";
	case GROUP_LOG_FIRST_SEEN:
	case GROUP_LOG_UNSET:
		break;
	}
	return "first-seen";
}

void
group_match(const struct group *group, const struct name *name,
	uint32_t except, struct names_match *match)
{
	size_t i;

	match->rule = NULL;
	names_find(group->own, name, except, match);
	for (i = 0; i < group->list_count; i++)
		names_find(group->lists[i]->names, name, NAMES_NO_RULE, match);
}

/* What cannot be judged is refused, unless the group drops. */
enum action
policy_action(const struct group *group, enum reason reason)
{
	if (reason != REASON_CLASS && reason != REASON_MALFORMED)
		return group->action;
	return group->action == ACTION_DROP ? ACTION_DROP : ACTION_REFUSED;
}

static void
block_unjudged(struct decision *decision, enum reason reason)
{
	decision->verdict = VERDICT_BLOCK;
	decision->reason = reason;
	decision->action = policy_action(decision->group, reason);
}

static void
judge_name(const struct policy *policy, const struct name *name,
	struct decision *decision)
{
	struct names_match match;

	group_match(decision->group, name, NAMES_NO_RULE, &match);
	if (match.rule == NULL) {
		decision->verdict = VERDICT_BLOCK;
		decision->reason = REASON_NOT_LISTED;
		return;
	}
	decision->verdict = match.rule->deny ? VERDICT_BLOCK : VERDICT_ALLOW;
	decision->reason = match.rule->deny ? REASON_DENIED : REASON_ALLOWED;
	decision->rule.file = policy->sources[match.rule->source];
	decision->rule.line = match.rule->line;
	decision->rule.column = match.rule->column;
}

void
policy_decide(const struct policy *policy, const struct query *query,
	struct decision *decision)
{
	uint32_t number = clients_find(policy->clients, &query->client);
	struct name name;

	decision->rule.file = NULL;
	decision->rule.line = 0;
	decision->rule.column = 0;
	if (number == CLIENTS_NONE) {
		decision->verdict = VERDICT_UNRESTRICTED;
		decision->reason = REASON_NO_GROUP;
		decision->action = ACTION_NXDOMAIN;
		decision->group = NULL;
		return;
	}
	decision->group = &policy->groups[number];
	decision->action = decision->group->action;
	if (query->qclass != RRCLASS_IN && query->qclass != RRCLASS_ANY)
		block_unjudged(decision, REASON_CLASS);
	else if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		block_unjudged(decision, REASON_MALFORMED);
	else
		judge_name(policy, &name, decision);
	if (decision->verdict == VERDICT_BLOCK && decision->group->audit)
		decision->verdict = VERDICT_AUDIT;
}

int
policy_has_audit(const struct policy *policy)
{
	size_t i;

	for (i = 0; i < policy->group_count; i++)
		if (policy->groups[i].audit)
			return 1;
	return 0;
}

static int
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
policy_same_control(const struct policy *a, const struct policy *b)
{
	const struct policy_settings *sa = &a->settings, *sb = &b->settings;

	return sa->control_off == sb->control_off &&
		sa->control_mode == sb->control_mode &&
		same_text(sa->control_socket, sb->control_socket) &&
		same_text(sa->control_user, sb->control_user) &&
		same_text(sa->control_group, sb->control_group);
}

static void
list_free(struct list *list)
{
	if (list == NULL)
		return;
	free(list->name);
	free(list->file);
	names_free(list->names);
	free(list);
}

void
policy_free(struct policy *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->group_count; i++) {
		names_free(policy->groups[i].own);
		free(policy->groups[i].lists);
	}
	for (i = 0; i < policy->list_count; i++)
		list_free(policy->lists[i]);
	for (i = 0; i < policy->source_count; i++)
		free(policy->sources[i]);
	free(policy->settings.control_socket);
	free(policy->settings.control_user);
	free(policy->settings.control_group);
	free(policy->groups);
	free(policy->lists);
	free(policy->sources);
	clients_free(policy->clients);
	free(policy);
}

size_t
policy_memory(const struct policy *policy)
{
	size_t i, octets = sizeof(*policy) + clients_memory(policy->clients);

	for (i = 0; i < policy->group_count; i++)
		octets += sizeof(policy->groups[i]) +
			names_memory(policy->groups[i].own) +
			policy->groups[i].list_count *
				sizeof(*policy->groups[i].lists);
	for (i = 0; i < policy->list_count; i++)
		octets += sizeof(*policy->lists[i]) +
			names_memory(policy->lists[i]->names);
	return octets;
}
