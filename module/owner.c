/*
 * owner.c - the control socket's owner, from names to numbers.
 */
#include "owner.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads a decimal number. 0, or -1; the greatest stands for none. */
static int
read_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	*number = strtoul(text, &end, 10);
	return *end == '\0' && *number < UINT32_MAX ? 0 : -1;
}

static int
find_user(const char *name, uid_t *user)
{
	const struct passwd *found = getpwnam(name);
	unsigned long number;

	if (found != NULL) {
		*user = found->pw_uid;
		return 0;
	}
	if (read_number(name, &number) != 0)
		return -1;
	*user = (uid_t)number;
	return 0;
}

static int
find_group(const char *name, gid_t *group)
{
	const struct group *found = getgrnam(name);
	unsigned long number;

	if (found != NULL) {
		*group = found->gr_gid;
		return 0;
	}
	if (read_number(name, &number) != 0)
		return -1;
	*group = (gid_t)number;
	return 0;
}

int
owner_find(const char *user, const char *group, struct socket_owner *owner,
	char *wrong, size_t size)
{
	owner->user = (uid_t)-1;
	owner->group = (gid_t)-1;
	if (user != NULL && find_user(user, &owner->user) != 0) {
		snprintf(wrong, size, "found control-user \"%s\", expected a "
			"user of this system, or a number", user);
		return -1;
	}
	if (group != NULL && find_group(group, &owner->group) != 0) {
		snprintf(wrong, size, "found control-group \"%s\", expected a "
			"group of this system, or a number", group);
		return -1;
	}
	return 0;
}
