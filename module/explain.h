/*
 * explain.h - why a client gets the answer it gets.
 *
 * Thread-safety: as reading a policy.
 */
#ifndef BITSINK_EXPLAIN_H
#define BITSINK_EXPLAIN_H

#include "policy.h"
#include "record.h"

struct explanation {
	/* The same that policy_decide() gives the worker. */
	struct decision decision;
	/* The client's prefix in the policy; all zeroes for
	 * VERDICT_UNRESTRICTED. */
	struct prefix prefix;
	/* The pattern that decided, as names_pattern() writes it; "" for
	 * none. */
	char pattern[NAMES_PATTERN_MAX];
	/* The list that it stands in, owned by the policy; NULL for none, or
	 * the group's own. */
	const struct list *list;
};

/* Judges the query as policy_decide() does, and looks for what a worker need
 * not know, through the whole table of the pattern: not for every query. */
void explain_query(const struct policy *policy, const struct query *query,
	struct explanation *explanation);

/*
 * Appends the record of it:
 *
 *   explain client= name= type= class= verdict= reason= action= group=
 *     group-at= prefix= pattern= deny= list= rule= answer= ttl= ede=
 *
 * client and prefix in presentation format, name as text with its final dot,
 * type and class as words or TYPEn and CLASSn (RFC 3597). verdict is
 * unrestricted, allow, block or audit. Fields that have no value are
 * left out: group, group-at (FILE:LINE:COLUMN) and prefix for unrestricted
 * clients, pattern, deny (yes or no), rule (FILE:LINE:COLUMN) and list (its
 * name) where no pattern decided, or no list; action where nothing would be
 * blocked. answer is what the client gets: "as usual", or for a blocked query
 * NXDOMAIN, NODATA, REFUSED, "none", or the sinkhole addresses that this type
 * gets, separated by ", " (NODATA where it gets none); ttl then is in seconds,
 * where there are records, the SOA of a negative answer too, and ede is the
 * text of the Extended DNS Error that a client with EDNS gets, where there is
 * an answer. A query in audit is answered as usual.
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

/* Appends a place that has a file, as FILE:LINE:COLUMN. */
void explain_origin(struct record_writer *writer, const char *key,
	const struct origin *origin);

#endif
