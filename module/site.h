/*
 * site.h - what the host itself declares: which clients have which tags and
 * views, and which zones are the site's own.
 *
 * The host tells it as text, records of record.h, a line each:
 *
 *   client prefix= [tags=] [view=]
 *	a netblock of access-control, access-control-tag or access-control-view;
 *	tags: separated by spaces. Of the netblocks that hold a client, the
 *	longest alone counts, as it does for Unbound; the same one twice has the
 *	tags of both
 *   tag name=
 *	a tag that is defined
 *   zone name= kind=stub|forward|auth|reverse
 *	a zone that the site answers for, as text with its final dot; never
 *	the root
 *
 * Thread-safety: plain values; one thread.
 */
#ifndef BITSINK_SITE_H
#define BITSINK_SITE_H

#include <stddef.h>

#include "address.h"
#include "name.h"

struct site_client {
	struct prefix prefix;
	/* Separated by spaces; "" for none. Owned by the site. */
	const char *tags;
	/* NULL for none. */
	const char *view;
};

struct site_zone {
	/* As text with the final dot, and what declares it. */
	const char *name;
	const char *kind;
};

struct site {
	struct site_client *clients;
	size_t client_count, client_room;
	const char **tags;
	size_t tag_count, tag_room;
	struct site_zone *zones;
	size_t zone_count, zone_room;
	/* The text, which the above points into. */
	char *text;
};

/* Octets of a text at the most. */
#define SITE_OCTETS_MAX ((size_t)64 << 20)

/*
 * Reads LENGTH octets; every line ends with a newline. 0; -1 for what is no
 * such text, or is longer than SITE_OCTETS_MAX, with *LINE the number, from 1,
 * of the line; -2 when out of memory. To be cleared in any case.
 */
int site_read(struct site *site, const char *text, size_t length,
	unsigned *line);
void site_clear(struct site *site);

/* Whether CLIENT has the tag, or the view, NAME, of LENGTH octets. */
int site_has_tag(const struct site_client *client, const char *name,
	size_t length);
int site_has_view(const struct site_client *client, const char *name,
	size_t length);

/* Whether the tag is defined. */
int site_knows_tag(const struct site *site, const char *name, size_t length);

#endif
