/*
 * judge.h - the verdict on a query: the policy's, and what besides it is
 * allowed for a time.
 *
 * Thread-safety: any number of threads at a time.
 */
#ifndef BITSINK_JUDGE_H
#define BITSINK_JUDGE_H

#include "followed.h"
#include "grants.h"
#include "policy.h"
#include "query.h"

/* What is allowed besides the policy; NULL for none of that kind. Only names
 * that no pattern of the policy mentions, or that are quiet, can be: a deny
 * stays a deny. */
struct exceptions {
	struct grants *grants;
	struct followed *followed;
};

/* Judges a query. As policy_decide(): it cannot fail. EXCEPTIONS may be
 * NULL. */
void judge_query(const struct policy *policy,
	const struct exceptions *exceptions, const struct query *query,
	struct decision *decision);

/* The same for a client that is known to be of GROUP; PLACE as in
 * policy_decide_group(). */
void judge_group_query(const struct policy *policy, const struct group *group,
	struct recall_name *place, const struct exceptions *exceptions,
	const struct query *query, struct decision *decision);

/* REASON_GRANTED or REASON_FOLLOWED where there is an exception, by which GROUP
 * may ask for NAME at NOW, else REASON_NOT_LISTED. EXCEPTIONS may be NULL. */
enum reason judge_exception(const struct exceptions *exceptions,
	const struct group *group, const struct name *name, int64_t now);

/* Until when the exception counts that a decision of judge_query() with
 * REASON_GRANTED or REASON_FOLLOWED is due to, else 0, also when it has ended
 * since; QUESTION is what was followed, its length 0 where nothing was. */
int64_t judge_until(const struct exceptions *exceptions,
	const struct query *query, const struct decision *decision,
	struct name *question);

#endif
