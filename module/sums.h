/*
 * sums.h - counters as they are told: by what came of queries, and by group.
 *
 * A tally counts by group, reason and whether a window was open, of one policy;
 * what that means, whether blocked or audited and by which action, is the
 * policy's to say. Sums hold the meaning, so that those of several policies can
 * be added.
 *
 * Thread-safety: plain values, owned by the caller.
 */
#ifndef BITSINK_SUMS_H
#define BITSINK_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "outcomes.h"
#include "policy.h"
#include "tally.h"

struct sums {
	uint64_t counts[TALLY_COUNTS];
	struct outcomes all;
	/* Those of restricted clients, whatever came of them. */
	uint64_t by_reason[REASON_COUNT];
	/* Blocked ones; quiet names are in none. */
	uint64_t by_action[ACTION_COUNT];
	/* By group of the policy in force, and those of groups that it does
	 * not have any more. */
	struct outcomes *groups;
	size_t group_count;
	struct outcomes gone;
};

/* What the CELLS of a group, TALLY_CELLS of them, mean. */
struct outcomes outcomes_of(const struct group *group, const uint64_t *cells);

/* All zeroes. 0, or -1 when out of memory. */
int sums_init(struct sums *sums, size_t groups);
void sums_clear(struct sums *sums);

/* Sets all to zero. */
void sums_zero(struct sums *sums);

/* Adds MORE, of as many groups. */
void sums_add(struct sums *sums, const struct sums *more);

/* Adds what WORKER has in TALLY, one for POLICY, beyond BASE. With SET_BACK
 * that is the base from now on: nothing is counted in between and forgotten. */
void sums_add_tally(struct sums *sums, const struct policy *policy,
	const struct tally *tally, size_t worker, struct tally_values *base,
	int set_back);

/* Adds FROM, of an earlier policy; MAP has the number of each of its groups
 * in SUMS, or SIZE_MAX. */
void sums_add_earlier(struct sums *sums, const struct sums *from,
	const size_t *map);

#endif
