/*
 * query.h - what the core is asked and what it answers.
 *
 * Data flows one way: the host adapter fills a struct query, the policy turns
 * it into a struct decision, the adapter carries the decision out. Nothing
 * here knows Unbound.
 *
 * Thread-safety: plain values, owned by the caller, one set a query.
 */
#ifndef BITSINK_QUERY_H
#define BITSINK_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct group;

/* DNS numbers that the core itself treats specially, in host byte order
 * (RFC 1035 section 3.2, RFC 3596 section 2.1, RFC 8482, RFC 9460 section
 * 14). */
enum {
	RRTYPE_A = 1,
	RRTYPE_CNAME = 5,
	RRTYPE_SOA = 6,
	RRTYPE_AAAA = 28,
	RRTYPE_SVCB = 64,
	RRTYPE_HTTPS = 65,
	RRTYPE_ANY = 255,
	RRCLASS_IN = 1,
	RRCLASS_ANY = 255
};

/* One request of a client. */
struct query {
	/* Who asks: the client itself, where a proxy forwards it. */
	struct address client;
	/* QNAME in wire format, uncompressed, in the client's letter case;
	 * borrowed from the host's packet. */
	const uint8_t *qname;
	/* Octets of qname, with the root label. */
	size_t qname_len;
	/* QTYPE and QCLASS in host byte order. */
	uint16_t qtype;
	uint16_t qclass;
	/* Seconds since 1970, in UTC: windows open and close by it. */
	int64_t now;
};

enum verdict {
	/* The client is in no group: the host answers as if bitsink were not
	 * there. */
	VERDICT_UNRESTRICTED,
	/* The client is in a group, and the group may have this answer. */
	VERDICT_ALLOW,
	/* The answer is refused, by the group's action. */
	VERDICT_BLOCK,
	/* It would be refused, but the group is only audited. */
	VERDICT_AUDIT
};

/* Why a verdict is what it is. */
enum reason {
	/* No group holds the client. */
	REASON_NO_GROUP,
	/* The most specific pattern is an allow. */
	REASON_ALLOWED,
	/* It is the name of a zone that the host itself declares. */
	REASON_SITE,
	/* An administrator allowed it for a time. */
	REASON_GRANTED,
	/* It stood in the chain of an allowed answer, which still lives. */
	REASON_FOLLOWED,
	/* No pattern matches. */
	REASON_NOT_LISTED,
	/* The most specific pattern is a deny. */
	REASON_DENIED,
	/* No pattern matches, and nobody needs to hear of it. */
	REASON_QUIET,
	/* The name is allowed, the QTYPE is not. */
	REASON_TYPE,
	/* The name is allowed, and is an alias of a name that is not. */
	REASON_CHAIN,
	/* The name is allowed, and has an address that it must not have. */
	REASON_ADDRESS,
	/* The name is allowed, and its answer could not be judged: fail
	 * closed. */
	REASON_ANSWER,
	/* The name is allowed, and too many answers are waited for that are to
	 * be judged: fail closed. */
	REASON_BUSY,
	/* The class is not IN, or ANY, which finds what is in IN: policy speaks
	 * of the Internet's names alone. */
	REASON_CLASS,
	/* The query could not be judged: fail closed. */
	REASON_MALFORMED,
	REASON_COUNT
};

/* Whether a query is answered for that reason. */
static inline int
reason_allows(enum reason reason)
{
	return reason <= REASON_FOLLOWED;
}

/* What is done to a blocked query, in RPZ's words where RPZ has them. */
enum action {
	ACTION_NXDOMAIN,
	ACTION_NODATA,
	ACTION_REFUSED,
	ACTION_DROP,
	ACTION_SINKHOLE,
	ACTION_COUNT
};

/* Where a pattern was written. */
struct origin {
	/* File name as it was opened; owned by the policy. NULL: nowhere. */
	const char *file;
	/* Line and column, from 1. */
	unsigned line;
	unsigned column;
};

struct decision {
	enum verdict verdict;
	enum reason reason;
	/* What happens, for VERDICT_BLOCK, or would, for VERDICT_AUDIT. */
	enum action action;
	/* The client's group; NULL for VERDICT_UNRESTRICTED. Owned by the
	 * policy, valid as long as it. */
	const struct group *group;
	/* The pattern that decided, or the prefix of an address; file is NULL
	 * where none did. */
	struct origin rule;
	/* A window of the group was open: its window-action counts. */
	int in_window;
};

/* The words for logs, documentation and statistics; never NULL. */
const char *verdict_word(enum verdict verdict);
const char *reason_word(enum reason reason);
const char *action_word(enum action action);

#endif
