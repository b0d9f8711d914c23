/*
 * replace.c - a file that is there whole, or as it was.
 */
#include "replace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(const char *path, char *wrong, size_t size)
{
	/* A stream that failed before has forgotten why. */
	snprintf(wrong, size, "cannot write \"%s\": %s", path, errno != 0
		? strerror(errno) : "not all of it was taken");
	return -1;
}

/* A device or a link would be lost if another file took its place. */
static int
check_target(const char *path, char *wrong, size_t size)
{
	struct stat there;

	if (lstat(path, &there) != 0)
		return errno == ENOENT ? 0 : fail(path, wrong, size);
	if (S_ISREG(there.st_mode))
		return 0;
	snprintf(wrong, size, "cannot write \"%s\": found %s, expected a "
		"regular file or none", path, S_ISDIR(there.st_mode)
		? "a directory" : S_ISLNK(there.st_mode) ? "a symbolic link"
		: "a special file");
	return -1;
}

/* In the same folder, so that it can be renamed. */
static int
open_temporary(struct replacement *replacement)
{
	mode_t mask = umask(0);
	int fd;

	(void)umask(mask);
	if (asprintf(&replacement->temporary, "%s.XXXXXX",
	    replacement->path) < 0) {
		replacement->temporary = NULL;
		return -1;
	}
	fd = mkstemp(replacement->temporary);
	if (fd < 0)
		return -1;
	if (fchmod(fd, 0644 & ~mask) == 0)
		replacement->out = fdopen(fd, "w");
	if (replacement->out == NULL) {
		int error = errno;

		close(fd);
		(void)unlink(replacement->temporary);
		errno = error;
		return -1;
	}
	return 0;
}

int
replace_begin(struct replacement *replacement, const char *path, char *wrong,
	size_t size)
{
	memset(replacement, 0, sizeof(*replacement));
	replacement->path = path;
	if (check_target(path, wrong, size) != 0)
		return -1;
	if (open_temporary(replacement) == 0)
		return 0;
	free(replacement->temporary);
	return fail(path, wrong, size);
}

/* All of it is on the disk before the name is. */
static int
close_whole(FILE *out)
{
	int failed, error;

	errno = 0;
	failed = fflush(out) != 0 || ferror(out) || fsync(fileno(out)) != 0;
	error = errno;
	if (fclose(out) != 0)
		return -1;
	errno = error;
	return failed ? -1 : 0;
}

int
replace_end(struct replacement *replacement, char *wrong, size_t size)
{
	int result = close_whole(replacement->out);

	if (result == 0)
		result = rename(replacement->temporary, replacement->path);
	if (result != 0) {
		(void)fail(replacement->path, wrong, size);
		(void)unlink(replacement->temporary);
	}
	free(replacement->temporary);
	return result;
}

void
replace_cancel(struct replacement *replacement)
{
	(void)fclose(replacement->out);
	(void)unlink(replacement->temporary);
	free(replacement->temporary);
}
