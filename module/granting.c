/*
 * granting.c - what an administrator does with grants: each that begins, is
 * revoked or ends is said, and kept in the state directory.
 */
#include "granting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "pattern.h"
#include "record.h"

/* No pattern names this octet; where a wildcard stands, it stands for any. */
#define STAND_IN 1

/* Room for a pattern in a log line: each octet of it may be an escape. */
#define PATTERN_LINE_MAX (4 * NAMES_PATTERN_MAX + 1)

/* --- What is wrong. */

static int
refuse(struct granting_error *error, const char *found, const char *expected)
{
	error->found = found;
	snprintf(error->expected, sizeof(error->expected), "%s", expected);
	return -1;
}

/* A number of seconds that a grant may last. 0, or -1. */
static int
read_seconds(const char *text, int64_t *seconds)
{
	size_t i;

	*seconds = 0;
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		*seconds = *seconds * 10 + (text[i] - '0');
		if (*seconds > GRANTS_SECONDS_MAX)
			return -1;
	}
	return text[i] == '\0' && *seconds > 0 ? 0 : -1;
}

/* Whether the policy denies a name that stands for all of those that the
 * pattern matches, AHEAD labels below its own; RULE is set to the deny. */
static int
is_denied(const struct policy *policy, const struct group *group,
	const struct pattern *pattern, unsigned ahead, int64_t now,
	struct origin *rule)
{
	uint8_t wire[NAME_OCTETS_MAX + 2] = { 1, STAND_IN };
	unsigned i, octet, at = 2 * ahead;
	struct name name;

	memcpy(wire + at, pattern->name.octets, pattern->name.length);
	for (i = 0; i < pattern->name.labels; i++)
		for (octet = 0; octet < NAME_LABEL_MAX; octet++)
			if (pattern->star[i] >> octet & 1)
				wire[at + pattern->name.offset[i] + 1 +
					octet] = STAND_IN;
	return name_from_wire(&name, wire, at + pattern->name.length) == 0 &&
		policy_judge_name(policy, group, &name, now, rule) ==
		REASON_DENIED;
}

/* Whether a grant for PATTERN would have no effect. */
static int
is_in_vain(const struct policy *policy, const struct group *group,
	const struct pattern *pattern, int64_t now, struct origin *rule)
{
	if ((pattern->scope & PATTERN_SELF) == 0)
		return is_denied(policy, group, pattern, 1, now, rule);
	return is_denied(policy, group, pattern, 0, now, rule) &&
		((pattern->scope & PATTERN_BELOW) == 0 ||
		is_denied(policy, group, pattern, 1, now, rule));
}

/* --- What is said and kept. */

/* BEHIND is what else the line has, with a space before it, or "". */
static void
say_grant(const struct granting *granting, const char *what,
	const char *group, const char *pattern, const char *behind)
{
	char text[PATTERN_LINE_MAX];

	record_escape(text, sizeof(text), pattern);
	say(granting->line, SAY_INFO, "bitsink: %s group=%s pattern=%s%s",
		what, group, text, behind);
}

/* Without the file, a start knows another truth. */
static void
keep(const struct granting *granting)
{
	const char *failed = grants_write(granting->grants,
		granting->directory);

	if (failed != NULL)
		say(granting->line, SAY_WARNING, "bitsink: what is allowed "
			"for a time is not kept: %s: %s", failed,
			strerror(errno));
}

/* --- What is asked for. */

/* 0, or -1. */
static int
check_pattern(const struct policy *policy, const struct group *group,
	const char *text, int64_t now, struct granting_error *error)
{
	struct pattern_error wrong;
	struct pattern pattern;
	struct origin rule;

	if (pattern_from_text(&pattern, text, strlen(text), &wrong) != 0)
		return refuse(error, text, wrong.expected);
	if (strlen(text) >= NAMES_PATTERN_MAX)
		return refuse(error, text, "a shorter way to write it");
	if (!is_in_vain(policy, group, &pattern, now, &rule))
		return 0;
	error->found = text;
	snprintf(error->expected, sizeof(error->expected), "what the policy "
		"does not deny, as it does at %s:%u:%u", rule.file, rule.line,
		rule.column);
	return -1;
}

static void
say_begin(const struct granting *granting, const char *group,
	const char *pattern, int64_t until)
{
	char when[SAY_TIME_MAX], behind[SAY_TIME_MAX + 8];

	say_time(when, "%Y-%m-%dT%H:%M:%SZ", until);
	snprintf(behind, sizeof(behind), " until=%s", when);
	say_grant(granting, "allowed", group, pattern, behind);
}

int
granting_allow(const struct granting *granting, const struct policy *policy,
	const struct group *group, const char *pattern, const char *seconds,
	int64_t now, struct granting_error *error)
{
	int64_t lasts;

	if (check_pattern(policy, group, pattern, now, error) != 0)
		return -1;
	if (read_seconds(seconds, &lasts) != 0) {
		error->found = seconds;
		snprintf(error->expected, sizeof(error->expected),
			"a number of seconds from 1 to %d",
			GRANTS_SECONDS_MAX);
		return -1;
	}
	switch (grants_add(granting->grants, group->name, pattern, now,
	    now + lasts)) {
	case 0:
		break;
	case -1:
		error->found = pattern;
		snprintf(error->expected, sizeof(error->expected), "one of at "
			"most %d that are allowed at a time; \"bitsinkctl "
			"revoke\" ends one", GRANTS_MAX);
		return -1;
	case -2:
		return refuse(error, pattern, "a pattern");
	default:
		return refuse(error, pattern, "memory for it");
	}
	say_begin(granting, group->name, pattern, now + lasts);
	keep(granting);
	return 0;
}

int
granting_revoke(struct granting *granting, const char *group,
	const char *pattern, struct granting_error *error)
{
	if (grants_remove(granting->grants, group, pattern) != 0)
		return refuse(error, pattern, "what this group is allowed for "
			"a time; \"bitsinkctl status\" lists it");
	granting->ended++;
	say_grant(granting, "revoked", group, pattern, "");
	keep(granting);
	return 0;
}

void
granting_expire(struct granting *granting, int64_t now)
{
	char group[GROUP_NAME_MAX + 1], pattern[NAMES_PATTERN_MAX];
	uint64_t before = granting->ended;

	while (grants_expire(granting->grants, now, group, pattern)) {
		say_grant(granting, "expired", group, pattern, "");
		granting->ended++;
	}
	if (granting->ended != before)
		keep(granting);
}

void
granting_read(const struct granting *granting, int64_t now)
{
	const char *failed = grants_read(granting->grants,
		granting->directory, now);

	if (failed != NULL)
		say(granting->line, SAY_WARNING, "bitsink: what was allowed "
			"for a time is lost: %s: %s", failed,
			strerror(errno));
}
