/*
 * diff.h - what another policy would change.
 *
 * Thread-safety: as reading two policies.
 */
#ifndef BITSINK_DIFF_H
#define BITSINK_DIFF_H

#include "policy.h"
#include "record.h"

/* Records of a kind that are written; more are counted alone. */
#define DIFF_LISTED_MAX 1000

/*
 * Appends what changes from BEFORE to AFTER, groups told apart by their names:
 *
 *   group change=added|removed|changed name= option= before= after=
 *	one for each option of a group that changed: mode, action, ttl, log,
 *	sinkhole (addresses separated by ", ", "-" for none),
 *	allow-site-names, quiet-single-labels, follow-chain, chain,
 *	time-zone, window-action ("-" for none), allow-types ("all" for
 *	none), answer-deny, answer-allow and window (separated by ", ", "-"
 *	for none, in an order of their own); without option, before and after
 *	for added and removed
 *   client change=added|removed|moved prefix= before= after=
 *	a prefix that one policy alone has, or each has in another group.
 *	before and after are the groups that its addresses are in, but for
 *	longer prefixes within it: of the prefix itself or, in the policy that
 *	does not have it, of the longest one around it; "-" for none:
 *	unrestricted. Where both are the same nothing changes for a client
 *   pattern change=added|removed group= kind= list= pattern= deny= rule=
 *	of a group of both policies, its own or of a list that it has; kind
 *	is quiet, window, chain, or site for a zone that the host declares,
 *	and is left out for what the group may ask for at all times; list is
 *	left out for its own; pattern is as names_pattern() writes it, deny is
 *	yes or no; rule is FILE:LINE:COLUMN in the policy that has it, FILE
 *	alone for a zone of the host
 *   option change=changed name= before= after=
 *	of the bitsink: clause: log-limit, watch-files, control-socket,
 *	control-user, control-group, control-mode; "-" for what is not
 *	written
 *   changes groups= clients= patterns= options=
 *	how many of these records there are, also where not all are listed
 *
 * They come in this order; groups and their patterns by name. Patterns are
 * compared by what they say, as names_missing() has it: another order, another
 * letter case or a pattern given twice is no change, and a pattern that becomes
 * a deny is one removed and one added. Lists are told apart by name; all
 * patterns of a list that a group gains or loses are added or removed, and
 * those of a list that many groups share count once for each. Zones of the host
 * are compared for groups that want them in both policies. Of groups that one
 * policy alone has, neither patterns nor options are told.
 *
 * It takes the time of reading both policies once, and memory for the longest
 * table; where there is none left, WRITER is broken.
 */
void diff_policies(struct record_writer *writer, const struct policy *before,
	const struct policy *after);

/*
 * Whether the query gets another verdict or, where it is blocked, another
 * action under AFTER, group aside; if so appends
 *
 *   verdict change=blocked|allowed|other client= name= type= before= after=
 *	before-rule= after-rule= before-group= after-group=
 *
 * before and after are words: unrestricted, allow, audit, or block with the
 * action, as "block nxdomain"; change is what the client meets: blocked where
 * it was answered and no longer is, allowed the other way round, other where
 * it is answered, or blocked, under both. Rules and groups are left out where
 * there are none. Returns 1 if so, else 0. Takes no memory but the record's.
 */
int diff_query(struct record_writer *writer, const struct policy *before,
	const struct policy *after, const struct query *query);

#endif
