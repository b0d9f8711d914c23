/*
 * event.h - one judged query, for everything that watches: logs, lists of the
 * most blocked, live listeners.
 *
 * Thread-safety: a plain value.
 */
#ifndef BITSINK_EVENT_H
#define BITSINK_EVENT_H

#include <stdint.h>

#include "address.h"
#include "name.h"
#include "policy.h"
#include "query.h"

struct event {
	/* When, since 1970, in UTC. */
	int64_t seconds;
	uint32_t microseconds;
	/* No query, but the target of a CNAME in an answer to one that was
	 * audited or allowed in a group in audit; verdict, reason, action and
	 * rule have no meaning then. */
	int is_target;
	enum verdict verdict;
	enum reason reason;
	enum action action;
	/* Of the policy that judged, as the rule's file name is: both are
	 * valid until the event is taken from its ring. */
	const struct group *group;
	struct address client;
	/* The pattern that decided. */
	struct origin rule;
	/* Host byte order. */
	uint16_t qtype;
	uint16_t qclass;
	/* What must not have been in the answer, for REASON_CHAIN and
	 * REASON_ADDRESS: the address, ADDRESS_NONE for none, and the target of
	 * a CNAME in wire format, 0 octets for none. */
	struct address address;
	uint8_t found_len;
	/* QNAME in wire format, in the client's letter case; 0 octets where
	 * it was no name. Behind it is what few events have, so that the others
	 * take few cache lines. */
	uint16_t qname_len;
	uint8_t qname[NAME_OCTETS_MAX];
	uint8_t found[NAME_OCTETS_MAX];
};

#endif
