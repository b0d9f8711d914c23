/*
 * damage.c - what may become of a policy file.
 */
#include "damage.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static void
make_missing(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
make_directory(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
make_fifo(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void
make_device(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void
make_dangling(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
}

static void
make_empty(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void
make_truncated(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	/* In the middle of the last value. */
	assert_int_equal(truncate(path, status.st_size - 3), 0);
}

/* One GiB of it, without using the disk. */
static void
make_huge(const char *path)
{
	assert_int_equal(truncate(path, (off_t)1 << 30), 0);
}

static void
append(const char *path, const char *octets, size_t length)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, length), (ssize_t)length);
	close(fd);
}

static void
make_latin1(const char *path)
{
	append(path, "# f\xfcr\n", 6);
}

static void
make_utf16(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, "\xff\xfeg\0r\0", 6), 6);
	close(fd);
}

static void
make_include_itself(const char *path)
{
	append(path, "include: \"bitsink.conf\"\n", 24);
}

static void
make_misspelt(const char *path)
{
	append(path, "alow: \"*.test\"\n", 15);
}

const struct damage damages[] = {
	{ "missing", make_missing, "cannot open" },
	{ "a directory", make_directory, "is a directory, expected a regular" },
	{ "a FIFO nobody writes to", make_fifo, "is a FIFO, expected" },
	{ "a device without end", make_device, "is a special file" },
	{ "a link to nowhere", make_dangling, "cannot open" },
	{ "empty", make_empty, "found no group" },
	{ "truncated", make_truncated, "expected" },
	{ "1 GiB", make_huge, "octets, expected at most" },
	{ "not UTF-8", make_latin1, "found octet 0xfc" },
	{ "UTF-16", make_utf16, "found octet 0xff" },
	{ "includes itself", make_include_itself, "is being read already" },
	{ "misspelt", make_misspelt, "found \"alow:\"" },
};

const size_t damage_count = sizeof(damages) / sizeof(damages[0]);
