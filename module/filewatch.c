/*
 * filewatch.c - whether the files of a policy have changed.
 */
#include "filewatch.h"

#include <sys/stat.h>

/* FNV-1a over whole words. */
static uint64_t
mix(uint64_t sum, uint64_t word)
{
	unsigned i;

	for (i = 0; i < sizeof(word); i++) {
		sum = (sum ^ (word & 0xff)) * 0x100000001b3u;
		word >>= 8;
	}
	return sum;
}

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
	uint64_t sum = 0xcbf29ce484222325u;
	struct stat status;
	size_t i;

	for (i = 0; i < policy->source_count; i++) {
		if (stat(policy->sources[i], &status) != 0) {
			sum = mix(sum, i);
			continue;
		}
		sum = mix(sum, (uint64_t)status.st_dev);
		sum = mix(sum, (uint64_t)status.st_ino);
		sum = mix(sum, (uint64_t)status.st_size);
		sum = mix(sum, (uint64_t)status.st_mtim.tv_sec);
		sum = mix(sum, (uint64_t)status.st_mtim.tv_nsec);
		/* Who may read it has changed, too. */
		sum = mix(sum, (uint64_t)status.st_ctim.tv_sec);
		sum = mix(sum, (uint64_t)status.st_ctim.tv_nsec);
		if (begun != NULL && is_since(&status.st_ctim, begun))
			*changed = 1;
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
