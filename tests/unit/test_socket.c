/*
 * test_socket.c - the control socket's file lets in whom it should, and takes
 * nobody's place.
 */
#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "socket.h"

#define PATH "control"
#define PATH_MAX_OCTETS 107
#define NOBODY 65534

static const struct socket_owner usual = { (uid_t)-1, (gid_t)-1, 0600 };

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un address;

	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	return address;
}

static int
try_connect(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A socket of any type, bound; who listens does that. */
static int
bind_raw(const char *path, int type)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
		sizeof(address)), 0);
	return fd;
}

static void
leave_stale_file(const char *path)
{
	close(bind_raw(path, SOCK_STREAM));
}

static struct socket_file
listen_well(const char *path, const struct socket_owner *owner)
{
	struct socket_file file;
	char wrong[512] = "";

	if (socket_listen(&file, path, owner, wrong, sizeof(wrong)) != 0)
		print_error("%s\n", wrong);
	assert_true(file.fd >= 0);
	assert_string_equal(wrong, "");
	return file;
}

static void
assert_refused(const char *path, const char *expected)
{
	struct socket_file file;
	char wrong[512] = "";

	assert_int_equal(socket_listen(&file, path, &usual, wrong,
		sizeof(wrong)), -1);
	assert_string_equal(wrong, expected);
	assert_int_equal(file.fd, -1);
	socket_close(&file);
}

static struct stat
status_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status;
}

static int
is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* --- Whom it lets in. */

static void
clients_connect_until_it_is_closed(void **state)
{
	struct socket_file file = listen_well(PATH, &usual);
	int client = try_connect(PATH);

	(void)state;
	assert_true(client >= 0);
	close(client);
	assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(file.fd, F_GETFL) & O_NONBLOCK);
	socket_close(&file);
	assert_int_equal(file.fd, -1);
	assert_false(is_there(PATH));
	socket_close(&file);
}

static void
the_mode_is_as_asked_under_any_umask(void **state)
{
	static const mode_t modes[] = { 0600, 0660, 0666, 0777, 0000 };
	static const mode_t masks[] = { 0000, 0022, 0077, 0177, 0777 };
	mode_t before = umask(0);
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(modes); i++)
		for (k = 0; k < COUNT_OF(masks); k++) {
			struct socket_owner owner = usual;
			struct socket_file file;

			owner.mode = modes[i];
			umask(masks[k]);
			file = listen_well(PATH, &owner);
			assert_int_equal(umask(0), masks[k]);
			assert_int_equal(status_of(PATH).st_mode & 07777,
				modes[i]);
			socket_close(&file);
		}
	umask(before);
}

struct watch {
	mode_t allowed;
	_Atomic mode_t seen;
	atomic_int stop;
};

static void *
watch_mode(void *arg)
{
	struct watch *watch = arg;
	struct stat status;

	while (!atomic_load(&watch->stop))
		if (lstat(PATH, &status) == 0)
			atomic_fetch_or(&watch->seen, status.st_mode & 0777);
	return NULL;
}

static void
the_file_is_never_more_open_than_asked(void **state)
{
	struct watch watch = { 0600, 0, 0 };
	mode_t before = umask(0);
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, watch_mode, &watch), 0);
	for (i = 0; i < 2000; i++) {
		struct socket_file file = listen_well(PATH, &usual);

		socket_close(&file);
	}
	atomic_store(&watch.stop, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	umask(before);
	assert_int_equal(watch.seen & ~watch.allowed, 0);
}

static void
the_file_belongs_to_whom_it_is_given(void **state)
{
	struct socket_owner owner = { getuid(), getgid(), 0660 };
	struct socket_file file;

	(void)state;
	if (geteuid() == 0) {
		owner.user = 12345;
		owner.group = 23456;
	}
	file = listen_well(PATH, &owner);
	assert_int_equal(status_of(PATH).st_uid, owner.user);
	assert_int_equal(status_of(PATH).st_gid, owner.group);
	assert_int_equal(status_of(PATH).st_mode & 07777, 0660);
	socket_close(&file);
	owner.user = (uid_t)-1;
	file = listen_well(PATH, &owner);
	assert_int_equal(status_of(PATH).st_uid, geteuid());
	assert_int_equal(status_of(PATH).st_gid, owner.group);
	socket_close(&file);
}

/* Runs what root may do in a child without its rights; its exit code. */
static int
run_as_nobody(int (*run)(void))
{
	pid_t child;
	int status;

	assert_int_equal(chmod(".", 0777), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) != 0 ||
		    setuid(NOBODY) != 0))
			_exit(100);
		_exit(run());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* As nobody: WRONG is to be EXPECTED, and no file is left. */
static int
is_refused(const struct socket_owner *owner, const char *expected)
{
	struct socket_file file;
	char wrong[512] = "";

	return socket_listen(&file, PATH, owner, wrong, sizeof(wrong)) == -1 &&
		file.fd == -1 && strcmp(wrong, expected) == 0;
}

static int
give_the_file_to_root(void)
{
	const struct socket_owner user = { 0, (gid_t)-1, 0600 };
	const struct socket_owner group = { (uid_t)-1, 0, 0600 };

	return is_refused(&user, "cannot set the user of \"" PATH "\": "
		"Operation not permitted") && !is_there(PATH) &&
		is_refused(&group, "cannot set the group of \"" PATH "\": "
		"Operation not permitted") && !is_there(PATH) ? 0 : 1;
}

static void
a_file_that_cannot_be_given_away_is_removed(void **state)
{
	(void)state;
	assert_int_equal(run_as_nobody(give_the_file_to_root), 0);
}

static int
replace_what_is_not_mine(void)
{
	return is_refused(&usual, "found a socket at \"" PATH "\", cannot "
		"tell whether it is stale: Permission denied") ? 0 : 1;
}

static void
a_socket_that_cannot_be_asked_is_left(void **state)
{
	struct socket_owner closed = usual;
	struct socket_file file;

	(void)state;
	if (geteuid() != 0)
		skip();
	closed.mode = 0000;
	file = listen_well(PATH, &closed);
	assert_int_equal(run_as_nobody(replace_what_is_not_mine), 0);
	assert_true(is_there(PATH));
	socket_close(&file);
}

/* --- What is there already. */

static void
a_stale_file_is_replaced(void **state)
{
	struct socket_file file;
	int client;

	(void)state;
	leave_stale_file(PATH);
	assert_int_equal(try_connect(PATH), -1);
	file = listen_well(PATH, &usual);
	client = try_connect(PATH);
	assert_true(client >= 0);
	close(client);
	assert_int_equal(status_of(PATH).st_mode & 07777, 0600);
	socket_close(&file);
	close(bind_raw(PATH, SOCK_DGRAM));
	file = listen_well(PATH, &usual);
	socket_close(&file);
}

static void
a_file_in_use_is_left(void **state)
{
	static const char expected[] = "found a socket in use at \"" PATH
		"\", expected none, or a stale one";
	struct socket_file file = listen_well(PATH, &usual);
	struct stat before = status_of(PATH);
	int client;

	(void)state;
	assert_refused(PATH, expected);
	assert_true(status_of(PATH).st_ino == before.st_ino);
	client = try_connect(PATH);
	assert_true(client >= 0);
	close(client);
	socket_close(&file);
	/* Not even a stream socket. */
	client = bind_raw(PATH, SOCK_DGRAM);
	assert_refused(PATH, expected);
	close(client);
}

static void
a_file_in_use_is_left_when_its_queue_is_full(void **state)
{
	int clients[8], count = 0;
	int fd = bind_raw(PATH, SOCK_STREAM);

	(void)state;
	assert_int_equal(listen(fd, 0), 0);
	while (count < (int)COUNT_OF(clients) &&
	    (clients[count] = try_connect(PATH)) >= 0)
		count++;
	assert_true(count < (int)COUNT_OF(clients));
	assert_refused(PATH, "found a socket in use at \"" PATH "\", expected "
		"none, or a stale one");
	while (count > 0)
		close(clients[--count]);
	close(fd);
}

static void
what_is_no_socket_is_left(void **state)
{
	static const char *const paths[] = { "file", "folder", "fifo",
		"to-stale", "to-nothing" };
	char expected[256];
	size_t i;

	(void)state;
	write_text("file", "text");
	leave_stale_file("stale");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("stale", "to-stale"), 0);
	assert_int_equal(symlink("nothing", "to-nothing"), 0);
	for (i = 0; i < COUNT_OF(paths); i++) {
		struct stat before = status_of(paths[i]);

		snprintf(expected, sizeof(expected), "found a file that is no "
			"socket at \"%s\", expected none, or a stale socket",
			paths[i]);
		assert_refused(paths[i], expected);
		assert_true(status_of(paths[i]).st_ino == before.st_ino);
		assert_int_equal(status_of(paths[i]).st_mode, before.st_mode);
	}
	assert_true(is_there("stale"));
	assert_false(is_there("nothing"));
}

/* --- Paths. */

static void
the_longest_path_is_taken_and_longer_ones_are_not(void **state)
{
	char path[PATH_MAX_OCTETS + 2], expected[256];
	struct socket_file file;

	(void)state;
	memset(path, 'p', sizeof(path));
	path[PATH_MAX_OCTETS] = '\0';
	file = listen_well(path, &usual);
	assert_true(is_there(path));
	socket_close(&file);
	assert_false(is_there(path));
	path[PATH_MAX_OCTETS] = 'p';
	path[PATH_MAX_OCTETS + 1] = '\0';
	snprintf(expected, sizeof(expected), "found a path of %d octets, "
		"expected 1 to %d: \"%s\"", PATH_MAX_OCTETS + 1,
		PATH_MAX_OCTETS, path);
	assert_refused(path, expected);
	assert_refused("", "found a path of 0 octets, expected 1 to 107: \"\"");
}

static void
a_folder_that_is_not_there_is_reported(void **state)
{
	(void)state;
	write_text("file", "");
	assert_refused("missing/control",
		"cannot make \"missing/control\": No such file or directory");
	assert_refused("file/control",
		"cannot look at \"file/control\": Not a directory");
}

static void
a_message_is_cut_to_its_room(void **state)
{
	struct socket_file file;
	char wrong[16];

	(void)state;
	memset(wrong, 'x', sizeof(wrong));
	assert_int_equal(socket_listen(&file, "missing/control", &usual, wrong,
		8), -1);
	assert_string_equal(wrong, "cannot ");
	assert_int_equal(wrong[8], 'x');
}

/* --- The end. */

static void
what_took_its_place_is_left(void **state)
{
	struct socket_file file = listen_well(PATH, &usual), other;

	(void)state;
	assert_int_equal(unlink(PATH), 0);
	write_text(PATH, "text");
	socket_close(&file);
	assert_true(S_ISREG(status_of(PATH).st_mode));
	assert_int_equal(unlink(PATH), 0);
	/* Another socket, as another resolver would make. */
	file = listen_well(PATH, &usual);
	assert_int_equal(unlink(PATH), 0);
	other = listen_well(PATH, &usual);
	socket_close(&file);
	assert_true(is_there(PATH));
	socket_close(&other);
	assert_false(is_there(PATH));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(clients_connect_until_it_is_closed),
		test_in_folder(the_mode_is_as_asked_under_any_umask),
		test_in_folder(the_file_is_never_more_open_than_asked),
		test_in_folder(the_file_belongs_to_whom_it_is_given),
		test_in_folder(a_file_that_cannot_be_given_away_is_removed),
		test_in_folder(a_socket_that_cannot_be_asked_is_left),
		test_in_folder(a_stale_file_is_replaced),
		test_in_folder(a_file_in_use_is_left),
		test_in_folder(a_file_in_use_is_left_when_its_queue_is_full),
		test_in_folder(what_is_no_socket_is_left),
		test_in_folder(
			the_longest_path_is_taken_and_longer_ones_are_not),
		test_in_folder(a_folder_that_is_not_there_is_reported),
		test_in_folder(a_message_is_cut_to_its_room),
		test_in_folder(what_took_its_place_is_left),
	};

	return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
