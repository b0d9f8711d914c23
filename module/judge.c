/*
 * judge.c - the verdict on a query: the policy's, and what besides it is
 * allowed for a time.
 */
#include "judge.h"

/* Whether the policy leaves it open: it does not speak of that name. */
static int
is_open(const struct decision *decision)
{
	return (decision->verdict == VERDICT_BLOCK ||
		decision->verdict == VERDICT_AUDIT) &&
		(decision->reason == REASON_NOT_LISTED ||
		decision->reason == REASON_QUIET);
}

/* Whether it is worth to take the name apart. */
static int
has_any(const struct exceptions *exceptions, const struct group *group)
{
	return (exceptions->grants != NULL &&
		grants_count(exceptions->grants) > 0) ||
		(exceptions->followed != NULL && group->follow_chain);
}

enum reason
judge_exception(const struct exceptions *exceptions, const struct group *group,
	const struct name *name, int64_t now)
{
	if (exceptions == NULL)
		return REASON_NOT_LISTED;
	if (exceptions->grants != NULL &&
	    grants_allow(exceptions->grants, group->name, name, now) != 0)
		return REASON_GRANTED;
	if (exceptions->followed != NULL && group->follow_chain &&
	    followed_find(exceptions->followed, group->name, name, now,
	    NULL) != 0)
		return REASON_FOLLOWED;
	return REASON_NOT_LISTED;
}

/* An exception is for the name, not for what else is asked of it. */
static void
except(struct decision *decision, enum reason reason, uint16_t qtype)
{
	const struct group *group = decision->group;

	decision->reason = reason;
	decision->verdict = VERDICT_ALLOW;
	if (!group_allows_type(group, qtype)) {
		decision->reason = REASON_TYPE;
		decision->verdict = group->audit ? VERDICT_AUDIT
			: VERDICT_BLOCK;
	}
	decision->action = policy_action(group, decision->reason,
		decision->in_window);
	decision->rule.file = NULL;
	decision->rule.line = 0;
	decision->rule.column = 0;
}

static __attribute__((noinline)) void
look_for_exception(const struct exceptions *exceptions,
	const struct query *query, struct decision *decision)
{
	enum reason reason;
	struct name name;

	if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		return;
	reason = judge_exception(exceptions, decision->group, &name,
		query->now);
	if (reason != REASON_NOT_LISTED)
		except(decision, reason, query->qtype);
}

/* What the policy leaves open may be allowed for a time. */
static inline void
judge_open(const struct exceptions *exceptions, const struct query *query,
	struct decision *decision)
{
	if (exceptions != NULL && is_open(decision) &&
	    has_any(exceptions, decision->group))
		look_for_exception(exceptions, query, decision);
}

void
judge_query(const struct policy *policy, const struct exceptions *exceptions,
	const struct query *query, struct decision *decision)
{
	policy_decide(policy, query, decision);
	judge_open(exceptions, query, decision);
}

void
judge_group_query(const struct policy *policy, const struct group *group,
	struct recall_name *place, const struct exceptions *exceptions,
	const struct query *query, struct decision *decision)
{
	policy_decide_group(policy, group, place, query, decision);
	judge_open(exceptions, query, decision);
}

int64_t
judge_until(const struct exceptions *exceptions, const struct query *query,
	const struct decision *decision, struct name *question)
{
	struct name name;

	question->length = 0;
	question->labels = 0;
	if (exceptions == NULL ||
	    name_from_wire(&name, query->qname, query->qname_len) != 0)
		return 0;
	if (decision->reason == REASON_GRANTED && exceptions->grants != NULL)
		return grants_allow(exceptions->grants, decision->group->name,
			&name, query->now);
	if (decision->reason == REASON_FOLLOWED &&
	    exceptions->followed != NULL)
		return followed_find(exceptions->followed,
			decision->group->name, &name, query->now, question);
	return 0;
}
