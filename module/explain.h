/*
 * explain.h - why a client gets the answer it gets.
 *
 * Thread-safety: as reading a policy.
 */
#ifndef BITSINK_EXPLAIN_H
#define BITSINK_EXPLAIN_H

#include "judge.h"
#include "policy.h"
#include "record.h"

struct explanation {
	/* The same that judge_query() gives the worker. */
	struct decision decision;
	/* The client's prefix in the policy; of an unrestricted client one that
	 * is carved out, or all zeroes. */
	struct prefix prefix;
	/* The pattern that decided, as names_pattern() writes it; "" for
	 * none. */
	char pattern[NAMES_PATTERN_MAX];
	/* What it is for, as in diff.h: "window", "quiet" or "site"; NULL for
	 * what may, or may not, be asked for at all times. */
	const char *kind;
	/* The list that it stands in, owned by the policy; NULL for none, or
	 * the group's own. */
	const struct list *list;
	/* Until when what is allowed besides the policy is; 0: it is not for
	 * that. The pattern of the grant, "" for none, and the question whose
	 * chain was followed, of no octets for none. */
	int64_t until;
	char granted[NAMES_PATTERN_MAX];
	struct name question;
	/* When a window opens or closes next; 0 where none does. */
	int64_t window_change;
};

/* Judges the query as judge_query() does, and looks for what a worker need not
 * know, through the whole table of the pattern: not for every query, and for
 * the thread that changes the grants. */
void explain_query(const struct policy *policy,
	const struct exceptions *exceptions, const struct query *query,
	struct explanation *explanation);

/*
 * Appends the record of it:
 *
 *   explain client= name= type= class= verdict= reason= action= group=
 *     group-at= prefix= pattern= deny= kind= list= rule= granted= until=
 *     followed-from= window= window-change= types= inspects= answer= ttl= ede=
 *
 * client and prefix in presentation format, name as text with its final dot,
 * type and class as words or TYPEn and CLASSn (RFC 3597). verdict is
 * unrestricted, allow, block or audit. Fields that have no value are left out:
 * group and group-at (FILE:LINE:COLUMN) for unrestricted clients, and prefix
 * for those of them that no prefix is carved out for; pattern, deny (yes or
 * no), rule (FILE:LINE:COLUMN) and list (its name) where no pattern decided, or
 * no list; kind where the pattern is none of a window, of quiet names, or a
 * zone that the host declares (window, quiet or site); action where nothing
 * would be blocked. For what is allowed besides the policy until is when that
 * ends, with granted, the pattern of the grant, or followed-from, the question
 * that led there. For groups with windows window is open or closed, and
 * window-change is when that changes. types are those that may be asked for,
 * for the reason type; inspects is what is judged in an answer to an allowed
 * query (chain, addresses); both are separated by ", ", and a last type "..."
 * stands for more. answer is what the client gets: "as usual", or for a blocked
 * query NXDOMAIN, NODATA, REFUSED, "none", or the sinkhole addresses that this
 * type gets, separated by ", " (NODATA where it gets none); ttl then is in
 * seconds, where there are records, the SOA of a negative answer too, and ede
 * is the text of the Extended DNS Error that a client with EDNS gets, where
 * there is an answer. A query in audit is answered as usual.
 */
void explain_record(struct record_writer *writer, const struct query *query,
	const struct explanation *explanation);

/* Room for all sinkhole addresses, each with ", " before it. */
#define EXPLAIN_ADDRESSES_MAX \
	(2 * GROUP_SINKHOLES_MAX * (PREFIX_TEXT_MAX + 2))

/* Writes the addresses that answer_write() gives to a type, separated by ", ";
 * "" for none. */
void explain_addresses(const struct group *group, uint16_t qtype, char *text);

/* Appends client=, name= and type= of a query. */
void explain_asked(struct record_writer *writer, const struct query *query);

/* Appends a place that has a file, as FILE:LINE:COLUMN; as FILE alone for what
 * the host declares. */
void explain_origin(struct record_writer *writer, const char *key,
	const struct origin *origin);

#endif
