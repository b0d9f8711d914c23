/*
 * standing.c - the policy in force, and how it came to be.
 */
#include "standing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keep.h"

/* Warnings of a policy file that are said, and notes. */
#define WARNINGS_MAX 20

static const char *const list_directories[] = {
	BITSINK_SYSCONF_LISTS, BITSINK_DATA_LISTS, NULL
};

/* All errors, and as many warnings and notes as a log can bear. */
static void
say_diag(say_line line, const struct diag *diag)
{
	static const enum say_level levels[] = {
		[DIAG_ERROR] = SAY_ERROR,
		[DIAG_WARNING] = SAY_WARNING,
		[DIAG_NOTE] = SAY_INFO
	};
	size_t i, said[DIAG_NOTE + 1] = { 0, 0, 0 };

	for (i = 0; i < diag->kept; i++) {
		enum diag_severity severity = diag->items[i].severity;

		if (severity == DIAG_ERROR ||
		    said[severity]++ < WARNINGS_MAX)
			say(line, levels[severity], "bitsink: %s",
				diag->items[i].text);
	}
	if (said[DIAG_WARNING] > WARNINGS_MAX)
		say(line, SAY_WARNING, "bitsink: %zu more warnings; "
			"\"bitsinkctl check\" prints them",
			said[DIAG_WARNING] - WARNINGS_MAX);
	if (said[DIAG_NOTE] > WARNINGS_MAX)
		say(line, SAY_INFO, "bitsink: %zu more notes; "
			"\"bitsinkctl check\" prints them",
			said[DIAG_NOTE] - WARNINGS_MAX);
}

static void
prepare_options(struct policy_options *options,
	const struct standing *standing, const struct names_key *key,
	struct tape *tape)
{
	memset(tape, 0, sizeof(*tape));
	options->list_directories = list_directories;
	/* It takes its time, and nobody is answered meanwhile. */
	options->check_patterns = 0;
	options->key = *key;
	options->site = standing->site;
	options->site_length = standing->site_length;
	options->gate = standing->gate;
	options->gate_length = standing->gate_length;
	options->tape = tape;
}

/* What is read is compared with what is kept, or only summed up. */
static void
pass_over(void *context, const char *octets, size_t length)
{
	(void)context;
	(void)octets;
	(void)length;
}

/* Without the policy kept, the next start depends on its file alone. */
static void
keep_policy(const struct standing *standing, struct keeping *keeping,
	say_line line)
{
	const char *failed = keeping_end(keeping, 1);

	if (failed != NULL)
		say(line, SAY_WARNING, "bitsink: the policy is not kept in "
			"\"%s\": %s: %s", standing->directory, failed,
			strerror(errno));
}

/* The first error; it is the one to begin with. */
static void
note_errors(struct standing *standing, const struct diag *diag)
{
	size_t i;

	standing->errors = diag->errors;
	for (i = 0; i < diag->kept; i++)
		if (diag->items[i].severity == DIAG_ERROR) {
			snprintf(standing->error, sizeof(standing->error),
				"%s", diag->items[i].text);
			return;
		}
	snprintf(standing->error, sizeof(standing->error), "out of memory");
}

static void
take_policy(struct standing *standing, struct policy *policy,
	const struct tape *tape)
{
	standing->policy = policy;
	standing->memory = policy_memory(policy);
	standing->checksum = tape->sum;
}

int
standing_read(struct standing *standing, const struct names_key *key, int keep,
	struct diag *diag, say_line line)
{
	struct policy_options options;
	struct keeping *keeping = NULL;
	struct policy *policy;
	struct tape tape;

	prepare_options(&options, standing, key, &tape);
	if (keep)
		keeping = keeping_begin(standing->directory, KEEP_NAME);
	tape.write = keeping != NULL ? keeping_put : pass_over;
	tape.context = keeping;
	/* The clock that the system takes the times of files from. */
	clock_gettime(CLOCK_REALTIME_COARSE, &standing->begun);
	policy = policy_load(standing->path, &options, diag);
	say_diag(line, diag);
	if (policy == NULL) {
		note_errors(standing, diag);
		if (keeping != NULL)
			(void)keeping_end(keeping, 0);
		return -1;
	}
	(void)tape_finish(&tape);
	if (keeping != NULL)
		keep_policy(standing, keeping, line);
	else if (keep)
		say(line, SAY_WARNING,
			"bitsink: the policy is not kept: out of memory");
	take_policy(standing, policy, &tape);
	return 0;
}

static void
say_stale(const struct standing *standing, say_line line)
{
	char day[SAY_TIME_MAX];

	say_time(day, "%Y-%m-%dT%H:%M:%SZ", standing->kept);
	say(line, SAY_ERROR, "bitsink: STALE: the last good policy is in "
		"force, kept=%s directory=%s", day, standing->directory);
}

/* What was in force last restricts the same clients, which is more than can
 * be said of no policy. */
static void
load_kept(struct standing *standing, const struct names_key *key,
	say_line line)
{
	struct policy_options options;
	struct policy *policy = NULL;
	struct diag diag;
	struct tape tape;
	const char *failed;
	time_t when = 0;

	prepare_options(&options, standing, key, &tape);
	memset(&diag, 0, sizeof(diag));
	failed = keep_read(standing->directory, &tape, &when);
	if (failed == NULL)
		policy = policy_load(NULL, &options, &diag);
	if (policy != NULL) {
		take_policy(standing, policy, &tape);
		standing->stale = 1;
		standing->kept = when;
		say_stale(standing, line);
	} else {
		say_diag(line, &diag);
		say(line, SAY_ERROR, "bitsink: found no last good policy in "
			"\"%s\": %s", standing->directory,
			failed != NULL ? failed : "it cannot be loaded");
	}
	tape_clear(&tape);
	diag_clear(&diag);
}

int
standing_init(struct standing *standing, const char *path,
	const char *directory, const char *site, size_t site_length)
{
	memset(standing, 0, sizeof(*standing));
	standing->site = site;
	standing->site_length = site_length;
	standing->path = strdup(path);
	standing->directory = strdup(directory);
	if (standing->path != NULL && standing->directory != NULL)
		return 0;
	snprintf(standing->error, sizeof(standing->error), "out of memory");
	return -1;
}

int
standing_load(struct standing *standing, const char *path,
	const char *directory, const char *site, size_t site_length,
	const struct names_key *key, int64_t now, say_line line)
{
	if (standing_init(standing, path, directory, site, site_length) != 0)
		return -1;
	return standing_begin(standing, key, now, line);
}

int
standing_begin(struct standing *standing, const struct names_key *key,
	int64_t now, say_line line)
{
	struct diag diag;

	memset(&diag, 0, sizeof(diag));
	if (standing_read(standing, key, 1, &diag, line) != 0)
		load_kept(standing, key, line);
	diag_clear(&diag);
	if (standing->policy == NULL)
		return -1;
	standing->generation = 1;
	standing->loaded = now;
	return 0;
}

void
standing_fail(struct standing *standing, size_t errors, const char *error)
{
	standing->errors = errors;
	snprintf(standing->error, sizeof(standing->error), "%s", error);
	standing->stale = 1;
}

void
standing_clear(struct standing *standing)
{
	policy_free(standing->policy);
	free(standing->path);
	free(standing->directory);
	memset(standing, 0, sizeof(*standing));
}
