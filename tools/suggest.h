/*
 * suggest.h - what was seen in audit on its way to an allowlist.
 *
 * Shared by the parts of "bitsinkctl suggest" alone: suggest.c asks and judges,
 * shelf.c knows the lists, general.c finds patterns.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_SUGGEST_H
#define BITSINK_SUGGEST_H

#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "policy.h"
#include "session.h"

/* As many names that differ in one label make a pattern. */
#define GENERAL_MIN 4u

/* What is to be said against a name. */
enum doubt {
	/* The policy denies it. */
	DOUBT_DENIED = 1,
	/* Only CNAMEs led there. */
	DOUBT_TARGET = 2,
	/* It looks made by an algorithm. */
	DOUBT_ODD = 4,
	DOUBT_ONE_CLIENT = 8,
	/* It came after the learning time. */
	DOUBT_NEW = 16,
	DOUBT_FEW_CLIENTS = 32,
	DOUBT_SELDOM = 64,
	/* Those that other names with it may outweigh. */
	DOUBT_OUTWEIGHED = DOUBT_ONE_CLIENT | DOUBT_NEW | DOUBT_FEW_CLIENTS |
		DOUBT_SELDOM
};

/* A list of the list directories. */
struct shelf_list {
	const struct list *list;
	size_t patterns;
	/* Patterns for all that is below somebody's domain, or more. */
	size_t wide_patterns;
	/* It is proposed, for that many names, which need that many of its
	 * patterns. */
	int proposed;
	size_t names;
	size_t needed;
};

struct shelf {
	/* A policy with all lists in one group. Owned. */
	struct policy *policy;
	/* One a list, in the order of their names; the first is our own, of
	 * what Microsoft documents, which is never proposed. Owned. */
	struct shelf_list *lists;
	size_t count;
};

/* A name that was seen. */
struct seen {
	struct name name;
	/* As a pattern, without the final dot. Owned. */
	char *text;
	/* Labels of the domain that it is in. */
	unsigned domain;
	/* It is below a domain that customers of a hoster share. */
	int shared;
	uint64_t count;
	uint64_t clients;
	int64_t first;
	int64_t last;
	/* Of the reply; client is NULL where there were more. */
	const char *client;
	const char *types;
	unsigned doubts;
	/* Why it is odd; NULL where it is not. Owned. */
	char *odd;
	/* The list whose pattern for it is the most specific; NULL: none. */
	const struct shelf_list *list;
	/* The proposed list, or the pattern, that allows it. */
	const struct shelf_list *by_list;
	const struct general *by_pattern;
};

/* A pattern for some names. */
struct general {
	/* Owned. */
	char *text;
	/* What is known of the names together; clients is the least that there
	 * must have been. */
	size_t names;
	uint64_t count;
	uint64_t clients;
	int64_t first;
	int64_t last;
};

struct suggestion {
	const struct session *session;
	const char *group;
	/* Options. */
	int64_t min_clients;
	int64_t min_count;
	int64_t learning; /* days */
	/* When the group was first audited, and the learning time ends. */
	int64_t since;
	int64_t until;
	struct shelf shelf;
	/* Sorted by domain, then by labels from the right: what is below a name
	 * stands together. */
	struct seen *seen;
	size_t count;
	struct general *patterns;
	size_t pattern_count;
};

/* shelf.c: reads all lists. Where that fails the error is printed. */
enum session_code shelf_open(struct shelf *shelf,
	const struct session *session);
void shelf_close(struct shelf *shelf);

/* Whether a list that is not wide, or our own, has NAME. */
int shelf_vouches(const struct shelf *shelf, const struct name *name);

/* The list with the most specific pattern for NAME; of equals one that is not
 * wide, then the first. NULL: none. */
const struct shelf_list *shelf_find(const struct shelf *shelf,
	const struct name *name);

/* Chooses the lists to propose, and sets by_list of the names they allow. 0, or
 * -1 when out of memory. */
int shelf_choose(struct suggestion *suggestion);

/* Whether a list is for whole domains. */
int shelf_is_wide(const struct shelf_list *list);

/* general.c: finds patterns for what no list allows, and sets by_pattern. 0, or
 * -1 when out of memory. */
int general_find(struct suggestion *suggestion);

/* Writes octets of a label as a pattern has them; TEXT holds 4 * LENGTH + 1. */
char *general_escape(char *text, const uint8_t *octets, size_t length);

/* fragment.c: prints the records of suggest.c as lines of a policy. */
int fragment_print(const struct reply *reply);

#endif
