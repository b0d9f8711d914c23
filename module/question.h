/*
 * question.h - a query as people write it.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_QUESTION_H
#define BITSINK_QUESTION_H

#include "name.h"
#include "query.h"

struct question {
	struct query query;
	/* What query.qname points to; a struct that is copied points to the
	 * first. */
	uint8_t qname[NAME_OCTETS_MAX];
};

/*
 * Reads CLIENT, an address, NAME in presentation format (RFC 1035 section
 * 5.1, final dot optional, '*' is itself), TYPE and CLASS as words or TYPEn
 * and CLASSn; NULL stands for A and IN. Letter case of NAME is lost. Returns
 * NULL, or what was expected in the place of *FOUND.
 */
const char *question_read(struct question *question, const char *client,
	const char *name, const char *type, const char *rrclass,
	const char **found);

/* Reads NAME alone, in the same way. NULL, or what was expected. */
const char *question_read_name(struct question *question, const char *name);

#endif
