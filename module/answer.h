/*
 * answer.h - the message that a blocked client gets.
 *
 * Thread-safety: pure functions on the caller's values. Nothing allocates: a
 * blocked answer cannot fail for lack of memory.
 */
#ifndef BITSINK_ANSWER_H
#define BITSINK_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "query.h"

/* Octets of the header of a message (RFC 1035 section 4.1.1). */
#define ANSWER_HEADER 12

/* Octets of an OPT record without options (RFC 6891 section 6.1.2). */
#define ANSWER_OPT 11

/* Any answer fits into this. */
#define ANSWER_MAX 512

/*
 * Turns a query into its answer, in place. MESSAGE, of ANSWER_MAX octets or
 * more, holds the header of the query in wire format, and its question may
 * be there too. The answer has that ID, opcode, RD and CD, the question of
 * QUERY in its letter case, and never AA or AD. It takes at most LIMIT octets,
 * without an OPT record, and has TC set where that is too few for it.
 *
 * Returns the octets of the answer, or 0: no answer is to be sent.
 *
 * A negative answer has an SOA whose TTL and MINIMUM are the group's ttl
 * (RFC 2308 sections 3 and 5); its owner name is QNAME.
 */
size_t answer_write(uint8_t *message, size_t limit, const struct query *query,
	const struct decision *decision);

/*
 * Puts an OPT record behind an answer of LENGTH octets, with the Extended DNS
 * Error Blocked and the reason in words (RFC 8914 section 4.16); where LIMIT
 * leaves no room for those, without them. There must be room for ANSWER_OPT
 * octets. ADVERTISED is what the server can receive, FLAGS are of the record.
 * Returns the octets of it all.
 */
size_t answer_write_opt(uint8_t *message, size_t length, size_t limit,
	const struct decision *decision, unsigned advertised, unsigned flags);

/* The RCODE of the answer to DECISION (RFC 1035 section 4.1.1). */
unsigned answer_rcode(const struct decision *decision);

#endif
