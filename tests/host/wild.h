/*
 * wild.h - an Internet in which every name exists, slow and lossy as asked.
 *
 * It stands where upstream.h stands, for tests with names that nobody wrote
 * down: every name has an address that follows from the name, so that who gets
 * an answer can tell whether it is the right one. It remembers no query.
 *
 * Thread-safety: all functions may be called from any thread.
 */
#ifndef WILD_H
#define WILD_H

#include <stddef.h>
#include <stdint.h>

/* Names of which the first label begins with this have a CNAME to the name
 * with WILD_TARGET in its place. */
#define WILD_CNAME 'c'
#define WILD_TARGET 't'

struct wild_options {
	/* Answers come after 0 to so many milliseconds. */
	unsigned delay;
	/* So many queries of a hundred get no answer. */
	unsigned lost;
	/* TTL of all records is 1 to so many seconds. */
	unsigned ttl;
};

struct wild;

struct wild *wild_start(const struct wild_options *options);
void wild_stop(struct wild *wild);

/* Queries so far. */
unsigned long wild_total(struct wild *wild);

/* The address of a name in wire format, whatever its letter case: 4 octets,
 * from 198.18.0.0/15 (RFC 2544), for A and 16, from 2001:db8::/32, for AAAA. */
void wild_ip4(const uint8_t *name, uint8_t octets[4]);
void wild_ip6(const uint8_t *name, uint8_t octets[16]);

#endif
