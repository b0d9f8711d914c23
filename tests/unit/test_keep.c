/*
 * test_keep.c - whenever it ends, a policy that is being kept is kept or not:
 * the file is the one before or the new one, whole. Who keeps it is killed
 * before and after each system call; then what was not on the disk yet is lost,
 * too; and each system call fails.
 */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "keep.h"
#include "policy.h"
#include "tape.h"

#define KEPT "state/" KEEP_NAME
#define NEW KEPT ".new"

/* --- The system calls. The linker has the core call these; see Makefile.in. */

int __real_open(const char *path, int flags, ...);
int __real_openat(int directory, const char *path, int flags, ...);
int __real_fstat(int fd, struct stat *status);
ssize_t __real_read(int fd, void *octets, size_t length);
ssize_t __real_write(int fd, const void *octets, size_t length);
int __real_fsync(int fd);
int __real_sync_file_range(int fd, off_t from, off_t length, unsigned flags);
int __real_close(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __real_unlinkat(int directory, const char *path, int flags);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap_fstat(int fd, struct stat *status);
ssize_t __wrap_read(int fd, void *octets, size_t length);
ssize_t __wrap_write(int fd, const void *octets, size_t length);
int __wrap_fsync(int fd);
int __wrap_sync_file_range(int fd, off_t from, off_t length, unsigned flags);
int __wrap_close(int fd);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_unlinkat(int directory, const char *path, int flags);

enum how { NOTHING_HAPPENS, KILLED_BEFORE, KILLED_AFTER, FAILS, ALL_FAIL };

/* What happens to the call numbered AT, from 1; to all from it on by
 * ALL_FAIL. */
static struct fate {
	enum how how;
	unsigned long at;
	int error;
	/* No write takes more octets; 0 for any number. */
	size_t write_max;
} fate;

static int watching;
static unsigned long calls;

/* What a power cut would leave; shared with who is killed. */
static struct disk {
	/* The file whose content is not on the disk yet; 0 for none. */
	ino_t unwritten;
	/* It has the name, or had when its content was not on the disk. */
	int renamed;
	int renamed_early;
	/* The name is not on the disk yet. */
	int name_unwritten;
} *disk;

/* Of the new file. */
static struct {
	/* What the disk was given from the start on, and how much of it was
	 * the most at once. */
	off_t octets;
	off_t most;
	/* What it was not given yet at the end. */
	off_t left;
	/* The system does not know how: the error, or 0. */
	int error;
} sent;

static ino_t
inode_of(int fd, int *is_directory)
{
	struct stat status;

	assert_int_equal(__real_fstat(fd, &status), 0);
	*is_directory = S_ISDIR(status.st_mode);
	return status.st_ino;
}

static void
be_killed(void)
{
	kill(getpid(), SIGKILL);
}

/* Whether the call is to fail. */
static int
begin_call(void)
{
	if (!watching)
		return 0;
	calls++;
	if (fate.how == KILLED_BEFORE && calls == fate.at)
		be_killed();
	if ((fate.how == FAILS && calls == fate.at) ||
	    (fate.how == ALL_FAIL && calls >= fate.at)) {
		errno = fate.error;
		return 1;
	}
	return 0;
}

static void
end_call(void)
{
	if (watching && fate.how == KILLED_AFTER && calls == fate.at)
		be_killed();
}

static void
note_open(int fd, int flags)
{
	int is_directory;

	if (flags & O_TRUNC)
		sent.octets = 0;
	if (watching && fd >= 0 && (flags & (O_CREAT | O_TRUNC)))
		disk->unwritten = inode_of(fd, &is_directory);
}

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = (mode_t)va_arg(args, int);
	va_end(args);
	if (begin_call())
		return -1;
	fd = __real_open(path, flags, mode);
	note_open(fd, flags);
	end_call();
	return fd;
}

int
__wrap_openat(int directory, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = (mode_t)va_arg(args, int);
	va_end(args);
	if (begin_call())
		return -1;
	fd = __real_openat(directory, path, flags, mode);
	note_open(fd, flags);
	end_call();
	return fd;
}

int
__wrap_fstat(int fd, struct stat *status)
{
	int result;

	if (begin_call())
		return -1;
	result = __real_fstat(fd, status);
	end_call();
	return result;
}

ssize_t
__wrap_read(int fd, void *octets, size_t length)
{
	ssize_t result;

	if (begin_call())
		return -1;
	result = __real_read(fd, octets, length);
	end_call();
	return result;
}

ssize_t
__wrap_write(int fd, const void *octets, size_t length)
{
	int is_directory;
	ssize_t result;

	if (begin_call())
		return -1;
	if (watching) {
		disk->unwritten = inode_of(fd, &is_directory);
		if (fate.write_max > 0 && length > fate.write_max)
			length = fate.write_max;
	}
	result = __real_write(fd, octets, length);
	end_call();
	return result;
}

static void
note_end(int fd)
{
	struct stat status;

	assert_int_equal(__real_fstat(fd, &status), 0);
	if (S_ISREG(status.st_mode))
		sent.left = status.st_size - sent.octets;
}

int
__wrap_fsync(int fd)
{
	int is_directory, result;
	ino_t inode;

	if (begin_call())
		return -1;
	note_end(fd);
	result = __real_fsync(fd);
	if (watching && result == 0) {
		inode = inode_of(fd, &is_directory);
		if (is_directory)
			disk->name_unwritten = 0;
		else if (inode == disk->unwritten)
			disk->unwritten = 0;
	}
	end_call();
	return result;
}

int
__wrap_sync_file_range(int fd, off_t from, off_t length, unsigned flags)
{
	struct stat status;
	int result;

	if (begin_call())
		return -1;
	if (sent.error != 0) {
		errno = sent.error;
		return -1;
	}
	/* Nothing is left out, and nothing is waited for. */
	assert_int_equal(__real_fstat(fd, &status), 0);
	assert_int_equal(from, sent.octets);
	assert_true(from + length <= status.st_size);
	assert_int_equal(flags, SYNC_FILE_RANGE_WRITE);
	sent.octets += length;
	if (length > sent.most)
		sent.most = length;
	result = __real_sync_file_range(fd, from, length, flags);
	end_call();
	return result;
}

/* One that fails has closed it: so it is with Linux, whatever it tells. */
int
__wrap_close(int fd)
{
	int fails = begin_call(), error = errno, result = __real_close(fd);

	end_call();
	if (!fails)
		return result;
	errno = error;
	return -1;
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
	int result;

	if (begin_call())
		return -1;
	result = __real_renameat(from, old, to, new);
	if (watching && result == 0) {
		disk->renamed = 1;
		disk->renamed_early |= disk->unwritten != 0;
		disk->name_unwritten = 1;
	}
	end_call();
	return result;
}

int
__wrap_unlinkat(int directory, const char *path, int flags)
{
	int result;

	if (begin_call())
		return -1;
	result = __real_unlinkat(directory, path, flags);
	end_call();
	return result;
}

/* --- Policies: each of a group that has its name. */

static struct policy *
load_with(const char *path, struct tape *tape)
{
	const struct policy_options options = { .key = { { 1, 2 } },
		.tape = tape };
	struct policy *policy;
	struct diag diag;

	memset(&diag, 0, sizeof(diag));
	policy = policy_load(path, &options, &diag);
	diag_clear(&diag);
	return policy;
}

/* The tape of a policy of at least LENGTH octets. */
static void
record(struct tape *tape, const char *name, size_t length)
{
	char *text = malloc(length + 256);
	struct policy *policy;
	int used;

	assert_non_null(text);
	used = sprintf(text, "group: name: %s client: ::1 allow: %s.example\n#",
		name, name);
	memset(text + used, '#', length);
	text[(size_t)used + length] = '\0';
	write_text("policy.conf", text);
	free(text);
	memset(tape, 0, sizeof(*tape));
	policy = load_with("policy.conf", tape);
	assert_non_null(policy);
	policy_free(policy);
	assert_int_equal(tape_finish(tape), 0);
}

/* The name of the policy that is kept, "" where none is; fails where it is
 * not whole. */
static void
read_name(char *name)
{
	struct policy *policy;
	struct tape tape;
	const char *failed;
	time_t when;

	failed = keep_read("state", &tape, &when);
	name[0] = '\0';
	if (failed != NULL) {
		tape_clear(&tape);
		if (access(KEPT, F_OK) == 0)
			fail_msg("%s", failed);
		return;
	}
	policy = load_with(NULL, &tape);
	assert_non_null(policy);
	assert_int_equal(policy->group_count, 1);
	strcpy(name, policy->groups[0].name);
	policy_free(policy);
	tape_clear(&tape);
}

static void
assert_kept(const char *name)
{
	char found[GROUP_NAME_MAX + 1];

	read_name(found);
	assert_string_equal(found, name);
}

/* The octets of the file, for what has the right start is not yet whole. */
static void
assert_octets(const struct tape *tape)
{
	char *octets = malloc(tape->length + 1);
	FILE *file = fopen(KEPT, "rb");

	assert_non_null(octets);
	assert_non_null(file);
	assert_int_equal(fread(octets, 1, tape->length + 1, file),
		tape->length);
	assert_memory_equal(octets, tape->memory, tape->length);
	fclose(file);
	free(octets);
}

/* --- What there is before a policy is kept. */

enum start { START_EMPTY, START_OLD, START_LEFTOVER, START_COUNT };

struct tapes {
	struct tape old;
	/* Longer than a page, and in short writes of many. */
	struct tape new;
	/* Shorter than what a write of the new one leaves. */
	struct tape next;
};

static void
tapes_begin(struct tapes *tapes)
{
	record(&tapes->old, "old", 500);
	record(&tapes->new, "new", 5000);
	record(&tapes->next, "next", 10);
	assert_int_equal(mkdir("state", 0700), 0);
	disk = mmap(NULL, sizeof(*disk), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(disk != MAP_FAILED);
}

/* Keeps a finished tape as the last good policy. */
static const char *
keep_tape(const char *directory, const struct tape *tape)
{
	return keep_file(directory, KEEP_NAME, tape->memory, tape->length);
}

static void
tapes_end(struct tapes *tapes)
{
	tape_clear(&tapes->old);
	tape_clear(&tapes->new);
	tape_clear(&tapes->next);
	assert_int_equal(munmap(disk, sizeof(*disk)), 0);
	disk = NULL;
}

static void
prepare(const struct tapes *tapes, enum start start)
{
	static char more[20000];

	(void)unlink(KEPT);
	(void)unlink(NEW);
	if (start != START_EMPTY)
		assert_null(keep_tape("state", &tapes->old));
	/* Of whatever was killed here before. */
	if (start == START_LEFTOVER)
		write_octets(NEW, more, sizeof(more));
	memset(disk, 0, sizeof(*disk));
}

static const char *
name_before(enum start start)
{
	return start == START_EMPTY ? "" : "old";
}

/* Keeps TAPE under a fate. */
static const char *
keep_by_fate(const struct fate *destiny, const struct tape *tape)
{
	const char *failed;

	fate = *destiny;
	calls = 0;
	errno = 0;
	watching = 1;
	failed = keep_tape("state", tape);
	watching = 0;
	return failed;
}

/* Whether it was killed; else it has kept the tape. */
static int
is_killed_by_fate(const struct fate *destiny, const struct tape *tape)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(keep_by_fate(destiny, tape) == NULL ? 0 : 1);
	assert_true(waitpid(child, &status, 0) == child);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return 1;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

static int
has_inode(const char *path, ino_t inode)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_ino == inode;
}

/* Of what was not on the disk yet LEFT eighths are. */
static void
cut_power(unsigned left)
{
	const char *path = has_inode(KEPT, disk->unwritten) ? KEPT : NEW;
	struct stat status;

	if (disk->unwritten == 0 || !has_inode(path, disk->unwritten))
		return;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size * (off_t)left / 8), 0);
}

/* --- Killed. */

static void
check_killed(const struct tapes *tapes, enum start start,
	const struct fate *destiny)
{
	assert_kept(disk->renamed ? "new" : name_before(start));
	if (disk->renamed)
		assert_octets(&tapes->new);
	/* The next one goes over what was left, whatever that is. */
	assert_null(keep_tape("state", destiny->at % 2 ? &tapes->next
		: &tapes->new));
	assert_octets(destiny->at % 2 ? &tapes->next : &tapes->new);
	assert_kept(destiny->at % 2 ? "next" : "new");
	assert_int_not_equal(access(NEW, F_OK), 0);
}

/* Returns how many calls there are. */
static unsigned long
kill_at_each_call(const struct tapes *tapes, enum start start, enum how how,
	size_t write_max, int with_power_cut)
{
	struct fate destiny = { how, 1, 0, write_max };

	for (;; destiny.at++) {
		prepare(tapes, start);
		if (!is_killed_by_fate(&destiny, &tapes->new))
			break;
		if (with_power_cut)
			cut_power((unsigned)destiny.at % 8);
		check_killed(tapes, start, &destiny);
	}
	assert_octets(&tapes->new);
	assert_kept("new");
	return destiny.at - 1;
}

static void
kill_everywhere(int with_power_cut)
{
	struct tapes tapes;
	int start;

	tapes_begin(&tapes);
	for (start = 0; start < START_COUNT; start++) {
		unsigned long before, after, many;

		before = kill_at_each_call(&tapes, (enum start)start,
			KILLED_BEFORE, 0, with_power_cut);
		after = kill_at_each_call(&tapes, (enum start)start,
			KILLED_AFTER, 0, with_power_cut);
		assert_int_equal(before, after);
		/* Open, make, write, sync, close, rename, sync, close. */
		assert_true(before >= 8);
		many = kill_at_each_call(&tapes, (enum start)start,
			KILLED_BEFORE, 500, with_power_cut);
		assert_true(many >= before + 10);
		many = kill_at_each_call(&tapes, (enum start)start,
			KILLED_AFTER, 500, with_power_cut);
		assert_true(many >= before + 10);
	}
	tapes_end(&tapes);
}

static void
killed_at_any_call_it_leaves_the_old_or_the_new(void **state)
{
	(void)state;
	kill_everywhere(0);
}

static void
a_power_cut_at_any_call_leaves_the_old_or_the_new(void **state)
{
	(void)state;
	kill_everywhere(1);
}

/* --- What is on the disk, and when. */

static void
the_content_is_on_the_disk_before_the_name_and_the_name_at_last(void **state)
{
	static const size_t sizes[] = { 0, 1000, 1 };
	struct tapes tapes;
	int start;
	size_t i;

	(void)state;
	tapes_begin(&tapes);
	for (start = 0; start < START_COUNT; start++)
		for (i = 0; i < COUNT_OF(sizes); i++) {
			struct fate destiny = { NOTHING_HAPPENS, 0, 0,
				sizes[i] };

			prepare(&tapes, (enum start)start);
			assert_null(keep_by_fate(&destiny, &tapes.new));
			assert_true(disk->renamed);
			assert_false(disk->renamed_early);
			assert_false(disk->name_unwritten);
			assert_true(disk->unwritten == 0);
			assert_octets(&tapes.new);
		}
	tapes_end(&tapes);
}

/* --- Calls that fail. */

static unsigned
open_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* Fails at a call, and is tried again. Returns whether there was the call. */
static int
fail_at(const struct tapes *tapes, enum start start,
	const struct fate *destiny, unsigned *told)
{
	unsigned open_before = open_files();
	const char *failed;
	int error, there;

	prepare(tapes, start);
	failed = keep_by_fate(destiny, &tapes->new);
	error = errno;
	there = calls >= destiny->at;
	assert_int_equal(open_files(), open_before);
	assert_false(disk->renamed_early);
	if (failed != NULL) {
		(*told)++;
		assert_true(there);
		assert_int_equal(error, destiny->error);
	} else {
		assert_true(disk->renamed);
		assert_false(disk->name_unwritten);
	}
	assert_kept(disk->renamed ? "new" : name_before(start));
	if (disk->renamed)
		assert_octets(&tapes->new);
	assert_null(keep_tape("state", &tapes->next));
	assert_octets(&tapes->next);
	assert_int_not_equal(access(NEW, F_OK), 0);
	return there;
}

static void
a_call_that_fails_leaves_the_old_or_the_new(void **state)
{
	static const int errors[] = { ENOSPC, EIO, EINTR, EDQUOT, EROFS };
	static const enum how ways[] = { FAILS, ALL_FAIL };
	struct fate destiny = { FAILS, 1, 0, 0 };
	struct tapes tapes;
	unsigned told;
	size_t i, k, short_writes;
	int start;

	(void)state;
	tapes_begin(&tapes);
	for (i = 0; i < COUNT_OF(errors); i++)
		for (k = 0; k < COUNT_OF(ways); k++)
			for (start = 0; start < START_COUNT; start++)
				for (short_writes = 0; short_writes < 2;
				    short_writes++) {
					/* Which a write waits out. */
					if (ways[k] == ALL_FAIL &&
					    errors[i] == EINTR)
						continue;
					destiny.how = ways[k];
					destiny.error = errors[i];
					destiny.write_max = short_writes * 700;
					destiny.at = 1;
					told = 0;
					while (fail_at(&tapes,
					    (enum start)start, &destiny,
					    &told))
						destiny.at++;
					/* All but those that look for what is
					 * kept already, and the last. */
					assert_true(told >= 5);
				}
	tapes_end(&tapes);
}

static void
a_write_that_a_signal_interrupts_goes_on(void **state)
{
	struct fate destiny = { FAILS, 1, EINTR, 700 };
	struct tapes tapes;
	unsigned long count;
	unsigned failed = 0;

	(void)state;
	tapes_begin(&tapes);
	prepare(&tapes, START_EMPTY);
	destiny.how = NOTHING_HAPPENS;
	assert_null(keep_by_fate(&destiny, &tapes.new));
	count = calls;
	destiny.how = FAILS;
	for (destiny.at = 1; destiny.at <= count; destiny.at++) {
		prepare(&tapes, START_EMPTY);
		failed += keep_by_fate(&destiny, &tapes.new) != NULL;
	}
	/* Eight writes at least go on. */
	assert_true(failed + 8 <= count);
	tapes_end(&tapes);
}

/* Reading: what fails is told, and nothing of the file is taken. */
static void
a_policy_is_read_whole_or_not(void **state)
{
	struct fate destiny = { FAILS, 1, EIO, 0 };
	unsigned open_before, failures = 0;
	struct tapes tapes;
	int there = 1;

	(void)state;
	tapes_begin(&tapes);
	prepare(&tapes, START_OLD);
	open_before = open_files();
	for (; there; destiny.at++) {
		const char *failed;
		struct tape tape;
		time_t when;

		fate = destiny;
		calls = 0;
		watching = 1;
		failed = keep_read("state", &tape, &when);
		watching = 0;
		there = calls >= destiny.at;
		if (failed != NULL) {
			assert_int_equal(errno, EIO);
			failures++;
		} else {
			assert_true(tape_replays(&tape));
		}
		tape_clear(&tape);
		assert_int_equal(open_files(), open_before);
	}
	/* Open, open, look, read; closing does not count. */
	assert_true(failures >= 4);
	tapes_end(&tapes);
}

/* --- Piece by piece. */

/* What failed with LENGTH octets that came in pieces of PIECE. */
static const char *
keep_pieces(const char *octets, size_t length, size_t piece, int keep)
{
	struct keeping *keeping = keeping_begin("state", KEEP_NAME);
	size_t at;

	assert_non_null(keeping);
	for (at = 0; at < length; at += piece)
		keeping_put(keeping, octets + at, length - at < piece
			? length - at : piece);
	return keeping_end(keeping, keep);
}

static void
assert_kept_octets(const char *octets, size_t length)
{
	struct kept kept;

	assert_null(keep_load("state", KEEP_NAME, &kept));
	assert_int_equal(kept.length, length);
	assert_memory_equal(kept.octets, octets, length);
	keep_clear(&kept);
	assert_int_not_equal(access(NEW, F_OK), 0);
}

/* The files differ from one place on, or one of them ends behind it. */
static void
pieces_are_kept_as_a_whole_is(void **state)
{
	static const size_t pieces[] = { 1000, 65535, 65536, 65537, 400000 };
	static const size_t places[] = { 0, 1, 65535, 65536, 131073, 199999 };
	static char octets[200000];
	struct stat before, after;
	size_t i, j;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 31 >> 3);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (j = 0; j < sizeof(places) / sizeof(places[0]); j++) {
			octets[places[j]]++;
			assert_null(keep_pieces(octets, sizeof(octets),
				pieces[i], 1));
			assert_kept_octets(octets, sizeof(octets));
			assert_int_equal(stat(KEPT, &before), 0);
			/* What is kept already is not written again. */
			assert_null(keep_pieces(octets, sizeof(octets),
				pieces[i], 1));
			assert_int_equal(stat(KEPT, &after), 0);
			assert_true(before.st_ino == after.st_ino);
			/* What is not to be kept leaves it as it is. */
			octets[places[j]]++;
			assert_null(keep_pieces(octets, sizeof(octets),
				pieces[i], 0));
			octets[places[j]]--;
			assert_kept_octets(octets, sizeof(octets));
			assert_null(keep_pieces(octets, places[j] + 1,
				pieces[i], 1));
			assert_kept_octets(octets, places[j] + 1);
		}
}

enum { LARGE = 1000000, SOME = 200000 };

static void
assert_large_is_kept(const char *octets)
{
	int error = sent.error;

	memset(&sent, 0, sizeof(sent));
	sent.error = error;
	assert_null(keep_pieces(octets, LARGE, 1000, 1));
	assert_kept_octets(octets, LARGE);
}

/* To go through all of it at the end would keep a processor from workers. */
static void
the_disk_has_most_of_a_large_file_before_its_end(void **state)
{
	static const size_t differs_at[] = { 0, LARGE / 2, LARGE - 1 };
	static char octets[LARGE];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	for (i = 0; i < COUNT_OF(differs_at); i++) {
		octets[differs_at[i]]++;
		assert_large_is_kept(octets);
		assert_in_range(sent.left, 0, SOME);
		assert_in_range(sent.most, 1, SOME);
	}
}

static void
a_system_that_cannot_write_meanwhile_writes_at_the_end(void **state)
{
	static const int errors[] = { ENOSYS, EIO, ESPIPE };
	static char octets[LARGE];
	size_t i;

	(void)state;
	assert_int_equal(mkdir("state", 0755), 0);
	for (i = 0; i < COUNT_OF(errors); i++) {
		sent.error = errors[i];
		octets[i]++;
		assert_large_is_kept(octets);
		assert_int_equal(sent.left, LARGE);
	}
	sent.error = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(
	the_content_is_on_the_disk_before_the_name_and_the_name_at_last),
		test_in_folder(killed_at_any_call_it_leaves_the_old_or_the_new),
		test_in_folder(
			a_power_cut_at_any_call_leaves_the_old_or_the_new),
		test_in_folder(a_call_that_fails_leaves_the_old_or_the_new),
		test_in_folder(a_write_that_a_signal_interrupts_goes_on),
		test_in_folder(a_policy_is_read_whole_or_not),
		test_in_folder(pieces_are_kept_as_a_whole_is),
		test_in_folder(
			the_disk_has_most_of_a_large_file_before_its_end),
		test_in_folder(
			a_system_that_cannot_write_meanwhile_writes_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
