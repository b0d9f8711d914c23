/*
 * keep.c - the last good policy, kept in the state directory.
 */
#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_NAME KEEP_NAME ".new"

/* More than any policy that can be loaded has. */
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

/* Reads the kept file. NULL where there is none, or none that can be read. */
static char *
read_kept(int directory, size_t *length, time_t *when)
{
	int fd = openat(directory, KEEP_NAME, O_RDONLY | O_CLOEXEC |
		O_NONBLOCK | O_NOFOLLOW);
	struct stat status;
	char *memory = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size > 0 && status.st_size <= KEPT_OCTETS_MAX)
		memory = malloc((size_t)status.st_size);
	if (memory != NULL &&
	    read_all(fd, memory, (size_t)status.st_size) != 0) {
		free(memory);
		memory = NULL;
	}
	close(fd);
	if (memory != NULL) {
		*length = (size_t)status.st_size;
		*when = status.st_mtime;
	}
	return memory;
}

static int
is_kept(int directory, const struct tape *tape)
{
	size_t length = 0;
	time_t when;
	char *memory = read_kept(directory, &length, &when);
	int same = memory != NULL && length == tape->length &&
		memcmp(memory, tape->memory, length) == 0;

	free(memory);
	return same;
}

/* The new file is on the disk before it gets the name, and the name is on the
 * disk before this returns. */
static const char *
replace(int directory, const struct tape *tape)
{
	int fd = openat(directory, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC |
		O_CLOEXEC | O_NOFOLLOW, 0600);
	int written;

	if (fd < 0)
		return "cannot make " NEW_NAME;
	written = write_all(fd, tape->memory, tape->length) == 0 &&
		fsync(fd) == 0;
	if (close(fd) != 0 || !written) {
		(void)unlinkat(directory, NEW_NAME, 0);
		return "cannot write " NEW_NAME;
	}
	if (renameat(directory, NEW_NAME, directory, KEEP_NAME) != 0)
		return "cannot rename " NEW_NAME;
	if (fsync(directory) != 0)
		return "cannot write the directory";
	return NULL;
}

const char *
keep_write(const char *name, const struct tape *tape)
{
	int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *failed;

	if (directory < 0)
		return "cannot open the directory";
	failed = is_kept(directory, tape) ? NULL : replace(directory, tape);
	close(directory);
	return failed;
}

const char *
keep_read(const char *name, struct tape *tape, time_t *when)
{
	int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t length = 0;
	char *memory;

	memset(tape, 0, sizeof(*tape));
	if (directory < 0)
		return "cannot open the directory";
	errno = 0;
	memory = read_kept(directory, &length, when);
	close(directory);
	if (memory == NULL)
		return "cannot read " KEEP_NAME;
	if (tape_open(tape, memory, length) != 0) {
		errno = 0;
		return KEEP_NAME " is damaged";
	}
	return NULL;
}
