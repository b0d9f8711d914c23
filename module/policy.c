/*
 * policy.c - who may ask for what, and what is done to the rest.
 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "recall.h"

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

int
group_in_window(const struct group *group, int64_t now)
{
	return group->window_count > 0 && window_any_is_open(group->windows,
		group->window_count, group->zone, now);
}

int
group_sinkhole(const struct group *group, unsigned number,
	struct address *address)
{
	if (number < group->sinkholes4) {
		address_set_ip4(address, group->sinkhole4[number]);
		return 0;
	}
	number -= group->sinkholes4;
	if (number >= group->sinkholes6)
		return -1;
	address_set_ip6(address, group->sinkhole6[number]);
	return 0;
}

int
group_allows_type(const struct group *group, uint16_t qtype)
{
	size_t low = 0, high = group->type_count;

	if (group->type_count == 0)
		return 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (group->types[middle] < qtype)
			low = middle + 1;
		else
			high = middle;
	}
	return low < group->type_count && group->types[low] == qtype;
}

int
group_inspects(const struct group *group)
{
	return group->inspect_chain || group->answers != NULL;
}

enum action
policy_action(const struct group *group, enum reason reason, int in_window)
{
	enum action action = in_window &&
		group->window_action != ACTION_COUNT ? group->window_action
		: group->action;

	switch (reason) {
	case REASON_QUIET:
		return ACTION_NXDOMAIN;
	/* What cannot be judged is refused, unless the group drops. */
	case REASON_ANSWER:
	case REASON_BUSY:
	case REASON_CLASS:
	case REASON_MALFORMED:
		return action == ACTION_DROP ? ACTION_DROP : ACTION_REFUSED;
	case REASON_NO_GROUP:
	case REASON_ALLOWED:
	case REASON_SITE:
	case REASON_GRANTED:
	case REASON_FOLLOWED:
	case REASON_NOT_LISTED:
	case REASON_DENIED:
	case REASON_TYPE:
	case REASON_CHAIN:
	case REASON_ADDRESS:
	case REASON_COUNT:
		break;
	}
	return action;
}

/* Either may be NULL, or none. */
static void
match_more(const struct names *own, const struct list *const *lists,
	size_t list_count, const struct name *name, struct names_match *match)
{
	size_t i;

	if (own != NULL)
		names_find(own, name, NAMES_NO_RULE, match);
	for (i = 0; i < list_count; i++)
		names_find(lists[i]->names, name, NAMES_NO_RULE, match);
}

/* What nothing allows and nothing denies. */
static enum reason
judge_unlisted(const struct group *group, const struct name *name,
	struct names_match *match)
{
	match_more(group->quiet, group->quiet_lists, group->quiet_list_count,
		name, match);
	if (match->rule != NULL ||
	    (group->quiet_single_labels && name->labels == 1))
		return REASON_QUIET;
	return REASON_NOT_LISTED;
}

static enum reason
find_reason(const struct policy *policy, const struct group *group,
	const struct name *name, int in_window, struct names_match *match)
{
	const struct names_rule *written;

	group_match(group, name, NAMES_NO_RULE, match);
	if (in_window)
		match_more(group->window_own, group->window_lists,
			group->window_list_count, name, match);
	written = match->rule;
	/* Last, for what is written as well is told by its place. */
	if (group->allow_site_names && policy->site != NULL)
		names_find(policy->site, name, NAMES_NO_RULE, match);
	if (match->rule == NULL)
		return judge_unlisted(group, name, match);
	if (match->rule != written)
		return REASON_SITE;
	return match->rule->deny ? REASON_DENIED : REASON_ALLOWED;
}

static void
set_no_rule(struct origin *rule)
{
	rule->file = NULL;
	rule->line = 0;
	rule->column = 0;
}

static enum reason
judge_name(const struct policy *policy, const struct group *group,
	const struct name *name, int in_window, struct origin *rule)
{
	struct names_match match;
	enum reason reason = find_reason(policy, group, name, in_window,
		&match);

	if (match.rule == NULL) {
		set_no_rule(rule);
		return reason;
	}
	rule->file = policy->sources[match.rule->source];
	rule->line = match.rule->line;
	rule->column = match.rule->column;
	return reason;
}

enum reason
policy_judge_name(const struct policy *policy, const struct group *group,
	const struct name *name, int64_t now, struct origin *rule)
{
	return judge_name(policy, group, name, group_in_window(group, now),
		rule);
}

int
policy_allows_name(const struct policy *policy, const struct group *group,
	const struct name *name, int in_window)
{
	struct names_match match;

	return reason_allows(find_reason(policy, group, name, in_window,
		&match));
}

/* The reason that is the name's, and the rule. */
static __attribute__((noinline)) enum reason
look_up(const struct policy *policy, const struct query *query,
	struct decision *decision)
{
	struct name name;

	if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		return REASON_MALFORMED;
	return judge_name(policy, decision->group, &name, decision->in_window,
		&decision->rule);
}

/* Whether nothing is done to an allowed query but to count it, ever. */
static int
is_plain(const struct group *group)
{
	return group->type_count == 0 && group->window_count == 0 &&
		!group->follow_chain && !group_inspects(group);
}

/* The same, but what PLACE knows is not looked up, and what it does not know it
 * learns. */
static inline enum reason
recall_or_look_up(const struct policy *policy, struct recall_name *place,
	const struct query *query, struct decision *decision)
{
	enum reason reason;

	if (place != NULL && place->reason != REASON_COUNT &&
	    place->in_window == decision->in_window) {
		decision->rule = place->rule;
		return (enum reason)place->reason;
	}
	reason = look_up(policy, query, decision);
	if (place != NULL) {
		place->reason = (uint8_t)reason;
		place->in_window = (uint8_t)decision->in_window;
		place->is_plain = reason_allows(reason) &&
			is_plain(decision->group);
		place->rule = decision->rule;
	}
	return reason;
}

/* Sets the rule as well. */
static inline enum reason
judge_restricted(const struct policy *policy, struct recall_name *place,
	const struct query *query, struct decision *decision)
{
	enum reason reason;

	if (query->qclass != RRCLASS_IN && query->qclass != RRCLASS_ANY)
		return REASON_CLASS;
	reason = recall_or_look_up(policy, place, query, decision);
	if (reason_allows(reason) && decision->group->type_count > 0 &&
	    !group_allows_type(decision->group, query->qtype)) {
		/* The pattern that allows the name decided nothing. */
		set_no_rule(&decision->rule);
		return REASON_TYPE;
	}
	return reason;
}

void
policy_decide_group(const struct policy *policy, const struct group *group,
	struct recall_name *place, const struct query *query,
	struct decision *decision)
{
	set_no_rule(&decision->rule);
	decision->group = group;
	decision->in_window = group->window_count > 0 &&
		group_in_window(group, query->now);
	decision->reason = judge_restricted(policy, place, query, decision);
	decision->action = policy_action(group, decision->reason,
		decision->in_window);
	if (reason_allows(decision->reason))
		decision->verdict = VERDICT_ALLOW;
	else
		decision->verdict = group->audit ? VERDICT_AUDIT
			: VERDICT_BLOCK;
}

void
policy_decide(const struct policy *policy, const struct query *query,
	struct decision *decision)
{
	uint32_t number = clients_find(policy->clients, &query->client);

	/* No group has the number of a prefix that is carved out. */
	if (number < policy->group_count) {
		policy_decide_group(policy, &policy->groups[number], NULL,
			query, decision);
		return;
	}
	set_no_rule(&decision->rule);
	decision->in_window = 0;
	decision->verdict = VERDICT_UNRESTRICTED;
	decision->reason = REASON_NO_GROUP;
	decision->action = ACTION_NXDOMAIN;
	decision->group = NULL;
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

static void
group_free(struct group *group)
{
	names_free(group->own);
	names_free(group->quiet);
	names_free(group->window_own);
	names_free(group->chain);
	clients_free(group->answers);
	free(group->windows);
}

static void
time_zone_free(struct time_zone *time_zone)
{
	if (time_zone == NULL)
		return;
	free(time_zone->name);
	zone_free(time_zone->zone);
	free(time_zone);
}

void
policy_free(struct policy *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->group_count; i++)
		group_free(&policy->groups[i]);
	for (i = 0; i < policy->list_count; i++)
		list_free(policy->lists[i]);
	for (i = 0; i < policy->time_zone_count; i++)
		time_zone_free(policy->time_zones[i]);
	for (i = 0; i < policy->source_count; i++)
		free(policy->sources[i]);
	for (i = 0; i < policy->list_directory_count; i++)
		free(policy->list_directories[i]);
	free(policy->list_directories);
	free(policy->settings.control_socket);
	free(policy->settings.control_user);
	free(policy->settings.control_group);
	names_free(policy->site);
	clients_free(policy->clients);
	region_free(policy->region);
	free(policy);
}

#define BEFORE_NAME "bitsink: group \""
#define BEFORE_OCTETS (sizeof(BEFORE_NAME) - 1)
#define BEHIND_OCTETS 48

struct behind_name {
	char text[BEHIND_OCTETS];
	uint8_t octets;
};

#define BEHIND(text) { "\" " text, sizeof("\" " text) - 1 }

static const struct behind_name behind_names[REASON_COUNT] = {
	[REASON_NOT_LISTED] = BEHIND("has no allow for this name"),
	[REASON_DENIED] = BEHIND("denies this name"),
	[REASON_QUIET] = BEHIND("has no allow for this quiet name"),
	[REASON_TYPE] = BEHIND("may not ask for this type"),
	[REASON_CHAIN] = BEHIND("has no allow for an alias's target"),
	[REASON_ADDRESS] = BEHIND("may not have this answer's address"),
	[REASON_ANSWER] = BEHIND("got what could not be judged"),
	[REASON_BUSY] = BEHIND("asked while too many answers waited"),
	[REASON_CLASS] = BEHIND("may ask in class IN only"),
	[REASON_MALFORMED] = BEHIND("asked what could not be judged")
};

_Static_assert(BEFORE_OCTETS + GROUP_NAME_MAX + BEHIND_OCTETS ==
	GROUP_EXPLANATION_MAX + 1, "room for the longest name");

/* A text a group and reason would be a quarter of a policy with many groups. As
 * many octets as each part may have are copied: that is known beforehand. */
size_t
group_explain(const struct group *group, enum reason reason,
	char text[GROUP_EXPLANATION_MAX + 1])
{
	const struct behind_name *behind = &behind_names[reason];
	char *at = text + BEFORE_OCTETS + group->name_octets;

	memcpy(text, BEFORE_NAME, BEFORE_OCTETS);
	memcpy(text + BEFORE_OCTETS, group->name, GROUP_NAME_MAX);
	memcpy(at, behind->text, BEHIND_OCTETS);
	return BEFORE_OCTETS + group->name_octets + behind->octets;
}

/* Whether group A comes before group B. */
static int
is_before(const struct policy *policy, uint32_t a, uint32_t b)
{
	int order = strcmp(policy->groups[a].name, policy->groups[b].name);

	return order < 0 || (order == 0 && a < b);
}

/* Of a heap of COUNT numbers, with the last group first, all but the one at AT
 * is right. */
static void
sift(const struct policy *policy, uint32_t *heap, size_t at, size_t count)
{
	uint32_t number = heap[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count &&
		    is_before(policy, heap[child], heap[child + 1]))
			child++;
		if (!is_before(policy, number, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = number;
}

/* qsort() takes as much as it sorts from malloc(), where a hole would stay. */
uint32_t *
policy_sort_groups(const struct policy *policy)
{
	size_t i, count = policy->group_count;
	uint32_t *sorted = pages_take(count * sizeof(*sorted));

	if (sorted == NULL)
		return NULL;
	for (i = 0; i < count; i++)
		sorted[i] = (uint32_t)i;
	for (i = count / 2; i > 0; i--)
		sift(policy, sorted, i - 1, count);
	for (i = count; i > 1; i--) {
		uint32_t last = sorted[0];

		sorted[0] = sorted[i - 1];
		sorted[i - 1] = last;
		sift(policy, sorted, 0, i - 1);
	}
	return sorted;
}

static size_t
memory_of(const struct names *names)
{
	return names != NULL ? names_memory(names) : 0;
}

static size_t
group_memory(const struct group *group)
{
	size_t lists = group->list_count + group->quiet_list_count +
		group->window_list_count;
	size_t octets = sizeof(*group) + memory_of(group->own) +
		memory_of(group->quiet) + memory_of(group->window_own) +
		memory_of(group->chain) + lists * sizeof(*group->lists) +
		group->window_count * sizeof(*group->windows) +
		group->type_count * sizeof(*group->types) +
		group->answer_rule_count * sizeof(*group->answer_rules);

	return group->answers == NULL ? octets
		: octets + clients_memory(group->answers);
}

size_t
policy_memory(const struct policy *policy)
{
	size_t i, octets = sizeof(*policy) + clients_memory(policy->clients) +
		memory_of(policy->site);

	for (i = 0; i < policy->group_count; i++)
		octets += group_memory(&policy->groups[i]);
	for (i = 0; i < policy->list_count; i++)
		octets += sizeof(*policy->lists[i]) +
			names_memory(policy->lists[i]->names);
	for (i = 0; i < policy->time_zone_count; i++)
		octets += sizeof(*policy->time_zones[i]) +
			zone_memory(policy->time_zones[i]->zone);
	return octets;
}
