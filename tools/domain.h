/*
 * domain.h - where the part of a name begins that somebody registered.
 *
 * It is known without the Public Suffix List, from rules and a short table:
 * good enough to tell what may be wide, not to tell who owns a name.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_DOMAIN_H
#define BITSINK_DOMAIN_H

#include "name.h"

/* Labels of the end of NAME that looks like a registered domain, as
 * example.com or example.co.uk, or what a customer has below the domain of a
 * hoster; all of them where NAME has no more. */
unsigned domain_labels(const struct name *name);

/* Whether NAME is, or is below, a domain that a hoster shares among its
 * customers: what is beside a name there belongs to somebody else. */
int domain_is_shared(const struct name *name);

#endif
