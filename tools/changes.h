/*
 * changes.h - queries that another policy would judge otherwise.
 *
 * Each query is judged under two policies. Those that make a difference are
 * counted by client, name, class and the kind of the difference, which may be
 * another for another type or time, up to CHANGES_MAX of them; all queries are
 * counted by what becomes of them.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_CHANGES_H
#define BITSINK_CHANGES_H

#include "policy.h"
#include "traffic.h"

/* Clients' names that are told apart: some 100 MB at most. */
#define CHANGES_MAX ((size_t)1 << 18)

enum change_kind {
	/* Answered before, blocked now: what a site suffers from. */
	CHANGE_BLOCKED,
	/* Blocked before, answered now: what its security suffers from. */
	CHANGE_ALLOWED,
	/* Another action, another group, audited or no more. */
	CHANGE_OTHER,
	CHANGE_KINDS,
	/* Nobody notices. */
	CHANGE_NONE = CHANGE_KINDS
};

/* The queries of one client for one name, with one kind of difference. */
struct change {
	enum change_kind kind;
	struct address client;
	uint16_t qclass;
	/* Of the first query, which stands for them. */
	uint16_t qtype;
	int64_t now;
	uint64_t count;
	/* Seconds since 1970, where any of them has a time. */
	int has_time;
	int64_t first;
	int64_t last;
	uint64_t hash;
	/* Wire format, lower case. */
	size_t qname_len;
	uint8_t qname[];
};

struct changes {
	/* Borrowed. */
	const struct policy *old;
	const struct policy *new;
	/* Of hash_key(). */
	struct names_key key;
	/* Queries, those of clients that are in a group under either policy,
	 * those that change by kind, and those of them that are not in the
	 * table because it is full. */
	uint64_t queries;
	uint64_t restricted;
	uint64_t changed[CHANGE_KINDS];
	uint64_t unlisted;
	/* Open addressing; SIZE is a power of two, or 0. Owned. */
	struct change **table;
	size_t size;
	size_t used;
};

/* KEY is random. To be ended by changes_clear(). */
void changes_init(struct changes *changes, const struct policy *old,
	const struct policy *new, const struct names_key *key);
void changes_clear(struct changes *changes);

/* Judges a query under both policies. 0, or -1 when out of memory. */
int changes_add(struct changes *changes, const struct traffic_query *query);

/* Adds what FROM, of the same policies and key, has counted. 0, or -1. */
int changes_merge(struct changes *changes, const struct changes *from);

/*
 * Writes the changes of KIND, those of most queries first, then by client and
 * name, to LIST, which has room for changes->used. Returns how many.
 */
size_t changes_list(const struct changes *changes, enum change_kind kind,
	const struct change **list);

/* The query that a change is of, to be judged again; it points into CHANGE. */
void change_query(const struct change *change, struct query *query);

#endif
