/*
 * ask.h - requests of commands.h, with what is wrong printed.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_ASK_H
#define BITSINK_ASK_H

#include "session.h"

/* Ends the request in WRITER and hands it over. Allocated, NULL when out of
 * memory; WRITER is cleared. */
char *ask_finish(struct record_writer *writer);

/* Sends the request in WRITER, which is cleared. REPLY is to be cleared in any
 * case. */
enum session_code ask(const struct session *session,
	struct record_writer *writer, struct reply *reply);

/* The same for a request of one word, whose reply has a record of KIND (NULL:
 * of any). */
enum session_code ask_word(const struct session *session, const char *word,
	const char *kind, struct reply *reply);

/* The same for a top; GROUP and LIMIT may be NULL. */
enum session_code ask_for_top(const struct session *session, const char *by,
	const char *group, const char *limit, struct reply *reply);

#endif
