/*
 * export.h - a policy in the words of other programs.
 *
 * What a format cannot say is written into the output as a comment, with the
 * place in the policy, and noted: it is told at the end that the output is not
 * all of the policy.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_EXPORT_H
#define BITSINK_EXPORT_H

#include <stdio.h>

#include "cuts.h"
#include "diag.h"
#include "policy.h"
#include "site.h"

/* What is done with a name and what is below it, where windows are shut. */
struct export_state {
	int self;
	int below;
};

struct export {
	const struct policy *policy;
	/* What the host declares; all zeroes where that is not known. */
	struct site site;
	/* Where names are asked for, an address; NULL where that is not to be
	 * said. */
	const char *upstream;
	/* The one group that is asked for; NULL for all. */
	const struct group *group;
	FILE *out;
	/* What a comment begins with. */
	const char *comment;
	/* Notes, as warnings. */
	struct diag notes;
	/* Out of memory. */
	int broken;
};

/* Writes a comment, and notes it. */
void export_note(struct export *export, struct origin where,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes a comment that is no note. */
void export_say(struct export *export, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The place of a pattern; of the group where it has none. */
struct origin export_place(const struct export *export,
	const struct group *group, const struct names_rule *rule);

/* Whether GROUP is to be written. */
int export_wants(const struct export *export, const struct group *group);

/* That a group in audit is enforced, and that the format knows no types. */
void export_note_audit(struct export *export, const struct group *group);
void export_note_types(struct export *export, const struct group *group);

/* What the format cannot say of a group whatever its names are: types, windows,
 * judged answers, audit. */
void export_note_group(struct export *export, const struct group *group);

/* And of its patterns with wildcard labels, where they are left out. */
void export_note_wild(struct export *export, const struct group *group,
	const struct cuts *cuts);

/* The stricter side: windows are shut, allowing wildcards are left out, and
 * what a denying one is in is denied. */
struct export_state export_strict(const struct cut *cut);

/* Whether NAME, of the cut, cannot be written: it has an asterisk that is no
 * wildcard, or, where PLAIN, something else that has to be escaped. Then it is
 * noted, and what is around it holds for it: PASSES. */
int export_cannot(struct export *export, const struct group *group,
	const struct cut *cut, const char *name, int plain, int passes);

/* NAME without its final dot, but for the root. */
void export_bare(char *name);

/* The action that is not one of the format. */
void export_note_action(struct export *export, const struct group *group,
	const char *instead);

/* Calls RANGE for the addresses of a group, from FIRST to LAST, which are in
 * one family, ascending, with no gaps and none twice. */
typedef void export_range(void *context, const struct address *first,
	const struct address *last);
void export_ranges(const struct export *export, const struct group *group,
	export_range *range, void *context);

/* The formats. */
void export_gate(struct export *export);
void export_unbound_views(struct export *export);
void export_bind_views(struct export *export);
void export_rpz(struct export *export);
void export_dnsmasq(struct export *export);
void export_squid(struct export *export);
void export_nftables(struct export *export);

#endif
