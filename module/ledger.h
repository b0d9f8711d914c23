/*
 * ledger.h - a file of the state directory that is made of records: a header,
 * the records, a line each, and a trailer with a checksum of all before it. For
 * the file NAME:
 *
 *   bitsink-NAME format=1
 *   ...
 *   end sum=
 *
 * Thread-safety: as keep.h.
 */
#ifndef BITSINK_LEDGER_H
#define BITSINK_LEDGER_H

#include <stdint.h>

#include "name.h"
#include "record.h"

/* Begins the file NAME in a writer that has nothing yet. */
void ledger_begin(struct record_writer *writer, const char *name);

/* Ends the file that ledger_begin() began, keeps it in DIRECTORY by way of
 * keep_file(), and clears WRITER. Returns NULL, or what failed, a constant,
 * with errno set. */
const char *ledger_keep(struct record_writer *writer, const char *directory,
	const char *name);

/* Takes one record. 0, -1 for one that nobody wrote, or -2 when out of memory.
 * With a NULL CONTEXT it is only looked at. */
typedef int ledger_take(void *context, const struct record *record);

/*
 * Reads the file NAME in DIRECTORY, and has its records taken, in order, after
 * all of them were looked at: nothing is taken of a file that is not whole.
 * Returns NULL, also where there is no file, or what failed, a constant, with
 * errno set (0 for a file that is damaged).
 */
const char *ledger_load(const char *directory, const char *name,
	ledger_take *take, void *context);

/* The values of fields: digits alone, seconds since 1970, a name. 0, or -1. */
int ledger_number(const struct record *record, const char *key,
	uint64_t *number);
int ledger_time(const struct record *record, const char *key, int64_t *time);
int ledger_name(const struct record *record, const char *key,
	struct name *name);

/* Writes a name as ledger_name() reads it. */
void ledger_write_name(struct record_writer *writer, const char *key,
	const uint8_t *wire, size_t length);

#endif
