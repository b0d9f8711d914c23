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

#include "pages.h"

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

/* --- Writing. */

/* Octets that are compared, written or copied at once. */
#define AT_ONCE 16384u
/* Octets of the new file that the disk is given at once. */
#define SENT_AT_ONCE ((off_t)1 << 17)

struct keeping {
	int directory;
	const char *name;
	/* What is kept under that name, and the file that will have it; -1 for
	 * none. */
	int old;
	int new;
	/* Octets that were looked at; as long as there is no new file, the old
	 * one begins with them. */
	off_t length;
	/* Octets of the new file, and how many of them the disk was given. */
	off_t written;
	off_t sent;
	/* Those that came and were not looked at yet. */
	size_t waiting;
	/* NULL, or the first that failed, with its errno. */
	const char *failed;
	int error;
	char came[AT_ONCE];
	/* Of the old file. */
	char octets[AT_ONCE];
};

static void
note_failed(struct keeping *keeping, const char *failed)
{
	if (keeping->failed != NULL)
		return;
	keeping->failed = failed;
	keeping->error = errno;
}

static void
name_new(const struct keeping *keeping, char new_name[NAME_MAX + 1])
{
	snprintf(new_name, NAME_MAX + 1, "%s.new", keeping->name);
}

struct keeping *
keeping_begin(const char *directory, const char *name)
{
	struct keeping *keeping = pages_take(sizeof(*keeping));

	if (keeping == NULL)
		return NULL;
	keeping->name = name;
	keeping->old = -1;
	keeping->new = -1;
	keeping->directory = open(directory, O_RDONLY | O_DIRECTORY |
		O_CLOEXEC);
	if (keeping->directory < 0)
		note_failed(keeping, "cannot open the directory");
	else
		/* Whatever cannot be read is to be replaced. */
		keeping->old = openat(keeping->directory, name, O_RDONLY |
			O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	return keeping;
}

/* Whether the old file goes on with what is waiting. */
static int
goes_on(struct keeping *keeping)
{
	size_t got = 0;

	while (got < keeping->waiting) {
		ssize_t n = pread(keeping->old, keeping->octets + got,
			keeping->waiting - got, keeping->length + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		got += (size_t)n;
	}
	return memcmp(keeping->octets, keeping->came, got) == 0;
}

/*
 * As it is written, the file goes to the disk. If all of it were left for the
 * end, the system would go through all its pages in one call, and again when
 * they are written; both it does to the end before another thread has the
 * processor, and some threads answer queries. Where the system does not know
 * how, it is left for the end.
 */
static int
write_new(struct keeping *keeping, const char *octets, size_t length)
{
	off_t more;

	if (write_all(keeping->new, octets, length) != 0)
		return -1;
	keeping->written += (off_t)length;
	more = keeping->written - keeping->sent;
	if (more >= SENT_AT_ONCE) {
		(void)sync_file_range(keeping->new, keeping->sent, more,
			SYNC_FILE_RANGE_WRITE);
		keeping->sent = keeping->written;
	}
	return 0;
}

/* What the old file begins with is in the new one, too. */
static int
copy_begin(struct keeping *keeping)
{
	off_t at = 0;

	while (at < keeping->length) {
		off_t left = keeping->length - at;
		ssize_t n = pread(keeping->old, keeping->octets,
			left < (off_t)AT_ONCE ? (size_t)left : AT_ONCE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || write_new(keeping, keeping->octets,
		    (size_t)n) != 0)
			return -1;
		at += n;
	}
	return 0;
}

/* From here on the new file is another one. */
static void
part(struct keeping *keeping)
{
	char new_name[NAME_MAX + 1];

	name_new(keeping, new_name);
	keeping->new = openat(keeping->directory, new_name, O_WRONLY | O_CREAT |
		O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (keeping->new < 0)
		note_failed(keeping, "cannot make the new file");
	else if (copy_begin(keeping) != 0)
		note_failed(keeping, "cannot write the new file");
}

static void
put_waiting(struct keeping *keeping)
{
	if (keeping->failed != NULL || keeping->waiting == 0)
		return;
	if (keeping->new < 0 && !goes_on(keeping))
		part(keeping);
	if (keeping->failed == NULL && keeping->new >= 0 &&
	    write_new(keeping, keeping->came, keeping->waiting) != 0)
		note_failed(keeping, "cannot write the new file");
	keeping->length += (off_t)keeping->waiting;
	keeping->waiting = 0;
}

void
keeping_put(void *context, const char *octets, size_t length)
{
	struct keeping *keeping = context;

	while (length > 0 && keeping->failed == NULL) {
		size_t room = AT_ONCE - keeping->waiting;
		size_t some = length < room ? length : room;

		memcpy(keeping->came + keeping->waiting, octets, some);
		keeping->waiting += some;
		octets += some;
		length -= some;
		if (keeping->waiting == AT_ONCE)
			put_waiting(keeping);
	}
}

/* Whether the old file, which begins with what came, ends there. */
static int
is_kept(const struct keeping *keeping)
{
	struct stat status;

	return keeping->old >= 0 &&
		fstat(keeping->old, &status) == 0 &&
		S_ISREG(status.st_mode) && status.st_size == keeping->length;
}

/* The new file is on the disk before it gets the name, and the name is on the
 * disk before this returns. */
static void
replace(struct keeping *keeping)
{
	char new_name[NAME_MAX + 1];

	name_new(keeping, new_name);
	if (fsync(keeping->new) != 0)
		note_failed(keeping, "cannot write the new file");
	if (close(keeping->new) != 0)
		note_failed(keeping, "cannot write the new file");
	keeping->new = -1;
	if (keeping->failed != NULL) {
		(void)unlinkat(keeping->directory, new_name, 0);
		return;
	}
	if (renameat(keeping->directory, new_name, keeping->directory,
	    keeping->name) != 0)
		note_failed(keeping, "cannot rename the new file");
	else if (fsync(keeping->directory) != 0)
		note_failed(keeping, "cannot write the directory");
}

static void
finish(struct keeping *keeping)
{
	put_waiting(keeping);
	if (keeping->failed == NULL && keeping->new < 0 && !is_kept(keeping))
		part(keeping);
	if (keeping->new >= 0)
		replace(keeping);
	/* Who kept it may not have come to that. */
	else if (keeping->failed == NULL && fsync(keeping->directory) != 0)
		note_failed(keeping, "cannot write the directory");
}

static void
drop(struct keeping *keeping)
{
	char new_name[NAME_MAX + 1];

	name_new(keeping, new_name);
	if (keeping->new < 0)
		return;
	close(keeping->new);
	(void)unlinkat(keeping->directory, new_name, 0);
}

const char *
keeping_end(struct keeping *keeping, int keep)
{
	const char *failed;
	int error;

	if (keep)
		finish(keeping);
	else
		drop(keeping);
	if (keeping->old >= 0)
		close(keeping->old);
	if (keeping->directory >= 0)
		close(keeping->directory);
	failed = keeping->failed;
	error = keeping->error;
	pages_give(keeping, sizeof(*keeping));
	if (failed != NULL)
		errno = error;
	return failed;
}

const char *
keep_file(const char *directory, const char *name, const char *octets,
	size_t length)
{
	struct keeping *keeping = keeping_begin(directory, name);

	if (keeping == NULL)
		return "no memory to write the file";
	keeping_put(keeping, octets, length);
	return keeping_end(keeping, 1);
}

/* --- The last good policy. */

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
