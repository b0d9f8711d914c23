/*
 * client.h - asking the running module.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_CLIENT_H
#define BITSINK_CLIENT_H

#include <stddef.h>

#include "record.h"

/* A reply, without its last record. All zeroes to begin with; reply_clear()
 * frees. */
struct reply {
	/* What the records point into. */
	char *memory;
	struct record *records;
	size_t count;
};

enum client_result {
	CLIENT_DONE,
	/* The module answered with an error; WRONG is its text. */
	CLIENT_ERROR,
	/* There is no module, or its answer was cut short. */
	CLIENT_UNREACHABLE
};

/* Sends REQUEST (a line of record.h with its newline) to the socket PATH and
 * waits for the whole reply. What is wrong is told in WRONG, of SIZE octets. */
enum client_result client_ask(const char *path, const char *request,
	struct reply *reply, char *wrong, size_t size);

/* Sends REQUEST and calls TAKE with each record as it comes, until the
 * connection ends or TAKE returns 0. */
enum client_result client_listen(const char *path, const char *request,
	int (*take)(void *arg, const struct record *record), void *arg,
	char *wrong, size_t size);

/* Takes the lines of MEMORY (LENGTH octets, from malloc(), taken in any case)
 * apart, which have no last record "end". 0, or -1. */
int reply_parse(struct reply *reply, char *memory, size_t length, char *wrong,
	size_t size);
void reply_clear(struct reply *reply);

/* The first record of KIND, or NULL. */
const struct record *reply_find(const struct reply *reply, const char *kind);

#endif
