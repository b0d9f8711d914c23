/*
 * keep.c - files of the state directory that are there whole.
 */
#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than anything that is kept has, also the policy. */
#define KEPT_OCTETS_MAX ((off_t)1 << 30)

static int
write_all(int fd, const char *octets, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, octets, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		octets += n;
		length -= (size_t)n;
	}
	return 0;
}

static int
read_all(int fd, char *octets, size_t length)
{
	while (length > 0) {
		ssize_t n = read(fd, octets, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		octets += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Reads all of an open file into KEPT. 0, or -1. */
static int
read_kept(int fd, struct kept *kept)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -1;
	/* Not what the system said last, if it said anything. */
	errno = 0;
	if (!S_ISREG(status.st_mode) || status.st_size > KEPT_OCTETS_MAX)
		return -1;
	kept->length = (size_t)status.st_size;
	kept->when = status.st_mtime;
	kept->octets = malloc(kept->length + 1);
	if (kept->octets == NULL)
		return -1;
	kept->octets[kept->length] = '\0';
	if (read_all(fd, kept->octets, kept->length) == 0)
		return 0;
	keep_clear(kept);
	return -1;
}

static const char *
load(int directory, const char *name, struct kept *kept)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
		O_NOFOLLOW);
	int result;

	if (fd < 0)
		return errno == ENOENT ? NULL : "cannot open the file";
	result = read_kept(fd, kept);
	close(fd);
	return result == 0 ? NULL : "cannot read the file";
}

const char *
keep_load(const char *directory, const char *name, struct kept *kept)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *failed;

	memset(kept, 0, sizeof(*kept));
	if (fd < 0)
		return "cannot open the directory";
	failed = load(fd, name, kept);
	close(fd);
	return failed;
}

void
keep_clear(struct kept *kept)
{
	free(kept->octets);
	memset(kept, 0, sizeof(*kept));
}

static int
is_kept(int directory, const char *name, const char *octets, size_t length)
{
	struct kept kept = { NULL, 0, 0 };
	int same;

	/* Whatever cannot be read is to be replaced. */
	(void)load(directory, name, &kept);
	same = kept.octets != NULL && kept.length == length &&
		memcmp(kept.octets, octets, length) == 0;
	keep_clear(&kept);
	return same;
}

/* The new file is on the disk before it gets the name, and the name is on the
 * disk before this returns. */
static const char *
replace(int directory, const char *name, const char *octets, size_t length)
{
	char new_name[NAME_MAX + 1];
	int fd, written;

	snprintf(new_name, sizeof(new_name), "%s.new", name);
	fd = openat(directory, new_name, O_WRONLY | O_CREAT | O_TRUNC |
		O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return "cannot make the new file";
	written = write_all(fd, octets, length) == 0 && fsync(fd) == 0;
	if (close(fd) != 0 || !written) {
		(void)unlinkat(directory, new_name, 0);
		return "cannot write the new file";
	}
	if (renameat(directory, new_name, directory, name) != 0)
		return "cannot rename the new file";
	if (fsync(directory) != 0)
		return "cannot write the directory";
	return NULL;
}

const char *
keep_file(const char *directory, const char *name, const char *octets,
	size_t length)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *failed = NULL;

	if (fd < 0)
		return "cannot open the directory";
	if (!is_kept(fd, name, octets, length))
		failed = replace(fd, name, octets, length);
	/* Who kept it may not have come to that. */
	else if (fsync(fd) != 0)
		failed = "cannot write the directory";
	close(fd);
	return failed;
}

/* --- The last good policy. */

const char *
keep_write(const char *directory, const struct tape *tape)
{
	return keep_file(directory, KEEP_NAME, tape->memory, tape->length);
}

const char *
keep_read(const char *directory, struct tape *tape, time_t *when)
{
	struct kept kept;
	const char *failed;

	memset(tape, 0, sizeof(*tape));
	errno = 0;
	failed = keep_load(directory, KEEP_NAME, &kept);
	/* Without the policy there is nothing to go on with. */
	if (failed == NULL && kept.octets == NULL)
		return "cannot read " KEEP_NAME;
	if (failed != NULL)
		return failed;
	*when = kept.when;
	/* The tape takes the octets. */
	if (tape_open(tape, kept.octets, kept.length) != 0) {
		errno = 0;
		return KEEP_NAME " is damaged";
	}
	return NULL;
}
