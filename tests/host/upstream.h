/*
 * upstream.h - the Internet of the tests: one scripted name server.
 *
 * It answers what it was told, in its own thread, over UDP and TCP, and
 * remembers what it was asked. A name can be held back: its queries wait until
 * the test lets them go, so that "in flight" is a state and not a race.
 *
 * Names and records are in presentation format. All functions may be called
 * from the test's thread at any time.
 */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <ldns/ldns.h>

#define UPSTREAM_ADDRESS "127.0.0.53"
#define UPSTREAM_PORT 5300

struct upstream;

struct upstream *upstream_start(void);
void upstream_stop(struct upstream *upstream);

/* Adds records, one a line: "name TTL IN TYPE RDATA". A CNAME's target is
 * followed within what was added, unless it is a wildcard's, and a wildcard
 * "*.name" answers for names just below it. What is asked and not there is
 * NXDOMAIN. */
void upstream_add(struct upstream *upstream, const char *records);

/*
 * Adds the zone ORIGIN with RECORDS, signed with a new key, and with NSEC
 * records that deny the rest. Returns its trust anchor as a DNSKEY record in
 * presentation format, to be freed.
 */
char *upstream_add_signed(struct upstream *upstream, const char *origin,
	const char *records);

/* Forgets all records of a name, as if they never were. */
void upstream_forget(struct upstream *upstream, const char *name);

/* From now on answers for NAME have RCODE, and their records as well. */
void upstream_set_rcode(struct upstream *upstream, const char *name,
	ldns_pkt_rcode rcode);

/* Makes the signatures of a name's data wrong. */
void upstream_spoil(struct upstream *upstream, const char *name);

/* From now on queries for NAME, or for NAME and TYPE, wait until
 * upstream_release(). */
void upstream_hold(struct upstream *upstream, const char *name);
void upstream_hold_type(struct upstream *upstream, const char *name,
	ldns_rr_type type);
void upstream_release(struct upstream *upstream, const char *name);

/* How many queries came for NAME and TYPE (0: any type), and in all. */
unsigned upstream_count(struct upstream *upstream, const char *name,
	ldns_rr_type type);
unsigned upstream_total(struct upstream *upstream);

/* How many came for ZONE and all names below it. */
unsigned upstream_count_below(struct upstream *upstream, const char *zone);

/* Waits until at least COUNT came; fails the test when they do not. */
void upstream_await(struct upstream *upstream, const char *name,
	ldns_rr_type type, unsigned count);

#endif
