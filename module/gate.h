/*
 * gate.h - what a policy needs of the host's configuration where the host does
 * not ask us before it looks into its cache: a view for each group, which
 * refuses before the cache what no name of the group can be.
 *
 * Views know zones: a name with everything below it. Whatever a group may ask
 * for at any time passes; the rest is refused as far as zones can tell it
 * apart. What is told apart exactly: a name that may be asked for, with
 * everything below it; names below one that may not be asked for itself; and
 * names that may not be asked for, with everything below them. All else is
 * coarse: it passes with its surroundings.
 *
 * A group in audit has no view: nothing of it is to be refused.
 *
 * What the host has is told as text, records of record.h, a line each:
 *
 *   client prefix= [view=] [snoops=yes]
 *	a netblock of access-control, and whether its clients may ask without
 *	recursion; of those that hold a client, the longest alone counts
 *   view name= first=yes|no
 *	a view, and whether names that no zone of it decides go on to what
 *	holds for all
 *   line view= text=
 *	what stands in it, as struct gate_view has it
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_GATE_H
#define BITSINK_GATE_H

#include "diag.h"
#include "policy.h"

/* In front of the group's name, in the name of its view. */
#define GATE_VIEW "bitsink-"
#define GATE_VIEW_MAX (sizeof(GATE_VIEW) + GROUP_NAME_MAX)

/* The one record that a name which is refused alone has, where it has no
 * addresses to go to. */
#define GATE_TEXT "bitsink"

struct gate_view {
	const struct group *group;
	char name[GATE_VIEW_MAX];
	/* As unbound.conf has them: local-zone: and local-data: with their
	 * values in quotes. Sorted by their octets. */
	char **lines;
	size_t count;
	/* Names that pass with everything below them, though not all of that
	 * may be asked for, and the first of them, with its place. */
	size_t coarse;
	char first_coarse[NAME_TEXT_MAX];
	struct origin first_coarse_at;
};

/* A netblock, and whose view its clients need: NULL is no view of ours. */
struct gate_client {
	struct prefix prefix;
	const struct gate_view *view;
};

struct gate {
	/* In the order of the groups. */
	struct gate_view *views;
	size_t view_count;
	/* In the order of clients.h. */
	struct gate_client *clients;
	size_t client_count;
};

/* What POLICY needs, which is to live longer; NULL when out of memory. Free
 * with gate_free(), which accepts NULL. */
struct gate *gate_new(const struct policy *policy);
void gate_free(struct gate *gate);

/* The view that clients with PREFIX need, but for those of longer prefixes
 * inside it, of GATE, which is POLICY's; NULL is no view of ours. */
const struct gate_view *gate_view_around(const struct gate *gate,
	const struct policy *policy, const struct prefix *prefix);

/* Compares what POLICY needs to what the host has, the LENGTH octets of TEXT.
 * What differs is an error. */
void gate_check(const struct policy *policy, const char *text, size_t length,
	struct diag *diag);

/* Warns of what is coarse. */
void gate_warn(const struct policy *policy, struct diag *diag);

#endif
