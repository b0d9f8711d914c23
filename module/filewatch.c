/*
 * filewatch.c - whether the files of a policy have changed.
 */
#include "filewatch.h"

#include <sys/stat.h>

#include "hash.h"

static int
is_since(const struct timespec *when, const struct timespec *begun)
{
	return when->tv_sec != begun->tv_sec ? when->tv_sec > begun->tv_sec
		: when->tv_nsec >= begun->tv_nsec;
}

/* *CHANGED becomes 1 where a file changed since BEGUN, unless that is NULL. */
static uint64_t
look(const struct policy *policy, const struct timespec *begun, int *changed)
{
	/* What the host's zones are from is the last, and no file. */
	size_t i, files = policy->source_count - (policy->site != NULL);
	struct stat status;
	uint64_t sum = 0;

	for (i = 0; i < files; i++) {
		/* All of the files before, and this one. */
		uint64_t words[8] = { sum };

		if (stat(policy->sources[i], &status) == 0) {
			words[1] = (uint64_t)status.st_dev;
			words[2] = (uint64_t)status.st_ino;
			words[3] = (uint64_t)status.st_size;
			words[4] = (uint64_t)status.st_mtim.tv_sec;
			words[5] = (uint64_t)status.st_mtim.tv_nsec;
			/* Who may read it has changed, too. */
			words[6] = (uint64_t)status.st_ctim.tv_sec;
			words[7] = (uint64_t)status.st_ctim.tv_nsec;
			if (begun != NULL && is_since(&status.st_ctim, begun))
				*changed = 1;
		}
		sum = hash_checksum((const char *)words, sizeof(words));
	}
	return sum;
}

void
filewatch_note(struct filewatch *watch, const struct policy *policy,
	const struct timespec *begun)
{
	int changed = 0;

	watch->seen = look(policy, begun, &changed);
	watch->read = changed ? ~watch->seen : watch->seen;
}

int
filewatch_changed(struct filewatch *watch, const struct policy *policy)
{
	uint64_t sum = look(policy, NULL, NULL);
	int is_settled = sum == watch->seen;

	watch->seen = sum;
	return sum != watch->read && is_settled;
}
