/*
 * crowd.h - how many different clients there were, in constant memory.
 *
 * Up to CROWD_EXACT they are all known. Beyond that it is linear counting
 * (Whang, Vander-Zanden, Taylor: A Linear-Time Probabilistic Counting Algorithm
 * for Database Applications, 1990): each client sets one of CROWD_BITS bits,
 * and from the bits that nobody set follows how many there probably were. The
 * standard error is about 2 % up to 1000 clients and 6 % at 4000; more than
 * some 7700 cannot be told from those.
 *
 * The bit of an address is the same in every process, for it is kept in files.
 * Who chooses addresses can make a crowd look smaller than it is; who can do
 * that has that many addresses, and can stay one client as well.
 *
 * Thread-safety: plain values, owned by the caller.
 */
#ifndef BITSINK_CROWD_H
#define BITSINK_CROWD_H

#include <stdint.h>

#include "address.h"
#include "record.h"

#define CROWD_EXACT 8
#define CROWD_BITS 1024

/* An address without gaps. */
struct crowd_client {
	uint8_t family;
	uint8_t octets[16];
};

/* All zeroes is nobody. */
struct crowd {
	/* Of the known ones; CROWD_EXACT + 1 where the bits count. */
	uint8_t count;
	union {
		struct crowd_client clients[CROWD_EXACT];
		uint8_t bits[CROWD_BITS / 8];
	} of;
};

void crowd_add(struct crowd *crowd, const struct address *client);

/* Adds all of FROM. */
void crowd_merge(struct crowd *crowd, const struct crowd *from);

/* How many there were, or probably were; never less than CROWD_EXACT + 1 where
 * that is an estimate. */
uint64_t crowd_count(const struct crowd *crowd);

/* The client where there was one only. 0, or -1. */
int crowd_single(const struct crowd *crowd, struct address *client);

/* Writes the field "clients" with the addresses, separated by ',', or the field
 * "crowd" with the bits in hexadecimal. */
void crowd_write(const struct crowd *crowd, struct record_writer *writer);

/* Reads that. 0, or -1 for what crowd_write() did not write. */
int crowd_read(struct crowd *crowd, const struct record *record);

#endif
