/*
 * file.c - one file, read whole.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pages.h"

#define READ_AT_ONCE ((size_t)1 << 15)
#define DROPPED_AT_ONCE ((size_t)1 << 16)

static int
same_version(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the SIZE octets that the file should have, and looks for more. */
static int
read_all(int fd, char *memory, size_t size, size_t *got)
{
	*got = 0;
	for (;;) {
		/* One octet of room more, to notice a file that grew; and not
		 * all at once, for who has a processor to read may be kept
		 * from giving it up meanwhile. */
		size_t left = size + 1 - *got;
		ssize_t n = read(fd, memory + *got, left < READ_AT_ONCE
			? left : READ_AT_ONCE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || (*got += (size_t)n) > size)
			return 0;
	}
}

static int
read_open_file(int fd, struct file *file, size_t most, struct origin where,
	struct diag *diag)
{
	struct stat before, after;
	size_t got;

	if (fstat(fd, &before) != 0) {
		diag_error(diag, where, "cannot read \"%s\": %s", file->name,
			strerror(errno));
		return -1;
	}
	if (!S_ISREG(before.st_mode)) {
		diag_error(diag, where, "\"%s\" is %s, expected a regular file",
			file->name, S_ISDIR(before.st_mode) ? "a directory" :
			S_ISFIFO(before.st_mode) ? "a FIFO" : "a special file");
		return -1;
	}
	if ((uintmax_t)before.st_size > most) {
		diag_error(diag, where, "\"%s\" has %ju octets, expected at "
			"most %zu", file->name, (uintmax_t)before.st_size,
			most);
		return -1;
	}
	file->room = (size_t)before.st_size + 2;
	file->memory = pages_take(file->room);
	if (file->memory == NULL) {
		diag_no_memory(diag);
		return -1;
	}
	if (read_all(fd, file->memory, (size_t)before.st_size, &got) != 0) {
		diag_error(diag, where, "cannot read \"%s\": %s", file->name,
			strerror(errno));
		return -1;
	}
	if (fstat(fd, &after) != 0 || !same_version(&before, &after) ||
	    got != (size_t)before.st_size) {
		diag_error(diag, where, "\"%s\" changed while it was read; "
			"expected it to stay, try again", file->name);
		return -1;
	}
	file->memory[got] = '\0';
	file->text = file->memory;
	file->length = got;
	return 0;
}

void
file_drop(const struct file *file, size_t at, size_t *dropped)
{
	size_t before = (size_t)(file->text - file->memory);

	if (at - *dropped < DROPPED_AT_ONCE)
		return;
	*dropped = pages_drop(file->memory, file->room, before + *dropped,
		before + at) - before;
}

/* Octets of the UTF-8 sequence at TEXT, 0 for none (RFC 3629 section 4). */
static size_t
utf8_sequence(const unsigned char *text, size_t left)
{
	size_t i, length;
	unsigned char low = 0x80, high = 0xbf;

	if (text[0] < 0x80)
		return text[0] != 0;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (text[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (text[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (text[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (text[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (left < length || text[1] < low || text[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return length;
}

/* Passes over whole eights of ASCII, without zeroes. */
static size_t
skip_ascii(const unsigned char *text, size_t at, size_t length)
{
	const uint64_t each = UINT64_MAX / 255; /* 1 in each octet */
	uint64_t word;

	/* Nothing is borrowed from an octet that is not zero; so the lowest
	 * zero is noticed, whatever is behind it. */
	for (; at + sizeof(word) <= length; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (((word | (word - each)) & each * 0x80) != 0)
			break;
	}
	return at;
}

/* Reports what is no text. Columns are octets, as in all other messages. */
static void
report_octet(const struct file *file, size_t at, struct diag *diag)
{
	struct origin where = { file->name, 1, 1 };
	const char *text = file->text, *end;

	while ((end = memchr(text, '\n', (size_t)(file->text + at - text))) !=
	    NULL) {
		where.line++;
		text = end + 1;
	}
	where.column += (unsigned)(file->text + at - text);
	diag_error(diag, where, "found octet 0x%02x, expected text in UTF-8",
		(unsigned char)file->text[at]);
}

static int
check_utf8(const struct file *file, struct diag *diag)
{
	const unsigned char *text = (const unsigned char *)file->text;
	size_t at = 0, length;

	while ((at = skip_ascii(text, at, file->length)) < file->length) {
		length = utf8_sequence(text + at, file->length - at);
		if (length == 0) {
			report_octet(file, at, diag);
			return -1;
		}
		at += length;
	}
	return 0;
}

int
file_read_octets(struct file *file, const char *name, size_t most,
	struct origin where, struct diag *diag)
{
	int fd, result;

	memset(file, 0, sizeof(*file));
	file->name = name;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		diag_error(diag, where, "cannot open \"%s\": %s", name,
			strerror(errno));
		return -1;
	}
	result = read_open_file(fd, file, most, where, diag);
	close(fd);
	if (result != 0)
		file_free(file);
	return result;
}

int
file_read(struct file *file, const char *name, struct origin where,
	struct diag *diag)
{
	if (file_read_octets(file, name, FILE_OCTETS_MAX, where, diag) != 0)
		return -1;
	/* Editors on Windows put a byte order mark first. */
	if (file->length >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0) {
		file->text += 3;
		file->length -= 3;
	}
	if (check_utf8(file, diag) == 0)
		return 0;
	file_free(file);
	return -1;
}

void
file_free(struct file *file)
{
	pages_give(file->memory, file->room);
	file->memory = NULL;
	file->text = NULL;
	file->length = 0;
}

int
file_are_two(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
		(of_a.st_dev != of_b.st_dev || of_a.st_ino != of_b.st_ino);
}
