/*
 * test_control_socket.c - the control socket's file, and its thread in the life
 * of Unbound: start, reload, signals, stop, and what is in its way.
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

#define RELOADS 20
#define NOBODY "nobody"
#define NO_SOCKET "bitsink: there is no control socket: "

/* --- Files. */

static char *
in_folder(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

/* The usual groups, with more lines in the bitsink: clause. */
__attribute__((format(printf, 1, 2)))
static char *
policy_with(const char *format, ...)
{
	char *lines, *policy;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&lines, format, arguments) < 0 ||
	    asprintf(&policy, "bitsink:\n%s" WORLD_GROUPS, lines) < 0)
		abort();
	va_end(arguments);
	free(lines);
	return policy;
}

static void
assert_file(const char *path, mode_t mode, uid_t user, gid_t group)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode, mode);
	assert_int_equal(status.st_uid, user);
	assert_int_equal(status.st_gid, group);
}

static void
assert_no_file(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), -1);
	assert_int_equal(errno, ENOENT);
}

/* A user namespace may have one user alone: then files cannot be given away. */
static void
need_another_user(void)
{
	const struct passwd *nobody = getpwnam(NOBODY);
	char *folder = sandbox_folder();
	int given = nobody != NULL && chown(folder, nobody->pw_uid,
		nobody->pw_gid) == 0;

	sandbox_remove(folder);
	if (!given)
		skip();
}

/* --- What must go on whatever becomes of the socket. */

static void
assert_enforced(void)
{
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
}

/* That somebody answers at PATH who is the resolver. */
static void
assert_answers(const struct world *world, const char *path)
{
	int fd = control_connect(path);
	char *reply, *pid;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	control_send(fd, "status\n");
	reply = control_rest(fd);
	close(fd);
	assert_non_null(control_find(reply, "end", NULL, NULL));
	if (asprintf(&pid, "%d", world->resolver->pid) < 0)
		abort();
	assert_non_null(control_find(reply, "status", "pid", pid));
	free(pid);
	free(reply);
}

static void
assert_in_log_never(const struct world *world, const char *text)
{
	char *log = resolver_log(world->resolver);

	assert_null(strstr(log, text));
	free(log);
}

/* --- Whose it is. */

static void
it_is_the_processs_own_and_nobody_elses(void **state)
{
	struct world *world = *state;
	char *path = control_path(world->resolver);

	assert_file(path, S_IFSOCK | 0660, getuid(), getgid());
	assert_answers(world, path);
	assert_in_log_never(world, NO_SOCKET);
	free(path);
}

static void
place_owner_and_mode_are_as_the_policy_says(void **state)
{
	char *folder = sandbox_folder(), *path = in_folder(folder, "here");
	struct resolver_options options = { 0 };
	char *policy = policy_with("  control-socket: \"%s\"\n"
		"  control-user: " NOBODY "\n  control-group: 4711\n"
		"  control-mode: 0602\n", path);
	char *usual;
	struct world *world;

	need_another_user();
	options.policy = policy;
	world = world_start(state, &options);
	assert_file(path, S_IFSOCK | 0602, getpwnam(NOBODY)->pw_uid, 4711);
	assert_answers(world, path);
	usual = control_path(world->resolver);
	assert_no_file(usual);
	free(usual);
	free(policy);
	free(path);
	sandbox_remove(folder);
}

/* Unbound gives its privileges up before it loads any module. */
static char *
library_in_reach(const char *folder)
{
	char *library = in_folder(folder, "bitsink.so"), *command;

	assert_int_equal(chmod(folder, 0711), 0);
	if (asprintf(&command, "cp '" TEST_BUILD "/bitsink.so' '%s'",
	    library) < 0)
		abort();
	assert_int_equal(system(command), 0);
	free(command);
	return library;
}

static void
it_belongs_to_the_user_that_unbound_becomes(void **state)
{
	const struct passwd *nobody = getpwnam(NOBODY);
	struct resolver_options options = { .policy = WORLD_POLICY,
		.user = NOBODY };
	char *folder = sandbox_folder(), *path;
	char *library = library_in_reach(folder);
	struct world *world;
	int i;

	need_another_user();
	options.library = library;
	world = world_start(state, &options);
	path = control_path(world->resolver);
	for (i = 0; i < 2; i++) {
		assert_file(path, S_IFSOCK | 0660, nobody->pw_uid,
			nobody->pw_gid);
		assert_answers(world, path);
		free(resolver_control(world->resolver, "reload"));
		resolver_await_log_count(world->resolver, "bitsink: version=",
			(unsigned)i + 2);
	}
	assert_in_log_never(world, NO_SOCKET);
	assert_enforced();
	free(path);
	free(library);
	sandbox_remove(folder);
}

static void
an_owner_that_cannot_be_given_leaves_no_socket(void **state)
{
	struct resolver_options options = { .user = NOBODY };
	char *folder = sandbox_folder(), *path;
	char *library = library_in_reach(folder);
	char *policy = policy_with("  control-user: root\n");
	struct world *world;

	need_another_user();
	options.library = library;
	options.policy = policy;
	world = world_start(state, &options);
	resolver_await_log(world->resolver, NO_SOCKET "cannot set the user "
		"of \"");
	path = control_path(world->resolver);
	assert_no_file(path);
	assert_enforced();
	free(path);
	free(policy);
	free(library);
	sandbox_remove(folder);
}

/* --- Without it. */

struct absence {
	const char *description;
	const char *lines;
	/* In the log; NULL where nothing is to be said. */
	const char *said;
};

static const struct absence absences[] = {
	{ "turned off", "  control-socket: off\n", NULL },
	{ "no such user", "  control-user: nobody-of-that-name\n",
		NO_SOCKET "found control-user \"nobody-of-that-name\", "
		"expected a user of this system, or a number" },
	{ "no such group", "  control-group: nobody-of-that-name\n",
		NO_SOCKET "found control-group \"nobody-of-that-name\", "
		"expected a group of this system, or a number" },
	{ "no such folder", "  control-socket: /nowhere/at/all\n",
		NO_SOCKET "cannot make \"/nowhere/at/all\": " },
};

static void
without_a_socket_all_else_goes_on(void **state)
{
	struct resolver_options options = { 0 };
	size_t i;

	for (i = 0; i < sizeof(absences) / sizeof(absences[0]); i++) {
		char *policy = policy_with("%s", absences[i].lines), *path;
		struct world *world;

		print_message("%s\n", absences[i].description);
		options.policy = policy;
		world = world_start(state, &options);
		if (absences[i].said != NULL)
			resolver_await_log(world->resolver, absences[i].said);
		else
			assert_in_log_never(world, NO_SOCKET);
		path = control_path(world->resolver);
		assert_no_file(path);
		assert_enforced();
		resolver_await_log(world->resolver,
			"bitsink: block client=127.0.0.2 ");
		assert_int_equal(resolver_stat(world->resolver,
			"total.num.bitsink.blocked"), 1);
		free(path);
		free(policy);
		world_stop(state);
	}
}

/* --- What is in its place already. */

static void
a_socket_that_a_crash_left_is_replaced(void **state)
{
	struct world *world = *state;
	char *path = control_path(world->resolver);
	struct stat before, after;

	assert_int_equal(lstat(path, &before), 0);
	resolver_end(world->resolver, SIGKILL);
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(control_connect(path), -1);
	assert_int_equal(errno, ECONNREFUSED);
	resolver_start_again(world->resolver);
	assert_answers(world, path);
	assert_file(path, S_IFSOCK | 0660, getuid(), getgid());
	assert_in_log_never(world, NO_SOCKET);
	assert_enforced();
	free(path);
}

static void
put_file(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs("mine\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
put_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
put_symlink(const char *path)
{
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static int other_server = -1;

static void
put_server(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	other_server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(bind(other_server, (struct sockaddr *)&address,
		sizeof(address)), 0);
	assert_int_equal(listen(other_server, 16), 0);
}

struct obstacle {
	const char *description;
	void (*put)(const char *path);
	const char *said;
};

static const struct obstacle obstacles[] = {
	{ "a file", put_file, "found a file that is no socket at \"" },
	{ "a folder", put_folder, "found a file that is no socket at \"" },
	{ "a symbolic link", put_symlink,
		"found a file that is no socket at \"" },
	{ "another server's socket", put_server, "found a socket in use at "
		"\"" },
};

/* At a start, and at a reload too. */
static void
check_obstacle(void **state, const struct obstacle *obstacle)
{
	char *folder = sandbox_folder(), *path = in_folder(folder, "control");
	char *policy = policy_with("  control-socket: \"%s\"\n", path), *said;
	const struct resolver_options options = { .policy = policy };
	struct stat before, after;
	struct world *world;
	unsigned i;

	obstacle->put(path);
	assert_int_equal(lstat(path, &before), 0);
	if (asprintf(&said, NO_SOCKET "%s%s\"", obstacle->said, path) < 0)
		abort();
	world = world_start(state, &options);
	for (i = 1; i <= 2; i++) {
		resolver_await_log_count(world->resolver, said, i);
		assert_enforced();
		free(resolver_control(world->resolver, "reload"));
	}
	/* Amid a reload Unbound may not hear that it is to end. */
	resolver_await_log_count(world->resolver, said, i);
	world_stop(state);
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	free(said);
	free(policy);
	free(path);
	sandbox_remove(folder);
}

static void
what_is_somebody_elses_is_left_and_said(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		print_message("%s\n", obstacles[i].description);
		check_obstacle(state, &obstacles[i]);
	}
	/* Nobody has asked it more than whether it listens. */
	close(other_server);
}

/* --- Stop and reload. */

static void
it_is_removed_at_the_stop(void **state)
{
	struct world *world = *state;
	char *path = control_path(world->resolver);

	assert_answers(world, path);
	resolver_end(world->resolver, SIGTERM);
	assert_no_file(path);
	free(path);
}

static void
what_took_its_place_is_not_removed_at_the_stop(void **state)
{
	struct world *world = *state;
	char *path = control_path(world->resolver);

	assert_int_equal(unlink(path), 0);
	put_file(path);
	resolver_end(world->resolver, SIGTERM);
	assert_int_equal(access(path, F_OK), 0);
	free(path);
}

static void
a_reload_moves_it_where_the_new_policy_says(void **state)
{
	struct world *world = *state;
	char *folder = sandbox_folder(), *there = in_folder(folder, "there");
	char *here = control_path(world->resolver);
	char *policy = policy_with("  control-socket: \"%s\"\n", there);

	assert_answers(world, here);
	sandbox_write(world->resolver->folder, "bitsink.conf", policy);
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 2);
	assert_answers(world, there);
	assert_no_file(here);
	sandbox_write(world->resolver->folder, "bitsink.conf", WORLD_POLICY);
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 3);
	assert_answers(world, here);
	assert_no_file(there);
	free(policy);
	free(here);
	free(there);
	sandbox_remove(folder);
}

/* --- Many reloads, with company. */

static unsigned
entries(const struct world *world, const char *what)
{
	unsigned count = 0;
	char *path;
	DIR *folder;

	if (asprintf(&path, "/proc/%d/%s", world->resolver->pid, what) < 0)
		abort();
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	free(path);
	return count;
}

static void
await_entries(const struct world *world, const char *what, unsigned expected)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	while (entries(world, what) != expected)
		if (!sandbox_wait(deadline)) {
			print_error("%s: found %u, expected %u\n", what,
				entries(world, what), expected);
			fail();
		}
}

/* Clients that are there when it reloads: silent ones, one that has begun to
 * ask, one that does not read, and listeners. */
static const char *const company_says[] = { "", "", "stat", "metrics\n",
	"watch\n", "watch all=yes\n", "watch name=nowhere.test\n", "watch" };

#define COMPANY (sizeof(company_says) / sizeof(company_says[0]))

static void
invite(const struct world *world, int *company)
{
	size_t i;

	for (i = 0; i < COMPANY; i++) {
		company[i] = control_open(world->resolver);
		control_send(company[i], company_says[i]);
	}
}

/* Each of them must see the end. */
static void
await_leave(const int *company)
{
	size_t i;

	for (i = 0; i < COMPANY; i++) {
		free(control_rest(company[i]));
		close(company[i]);
	}
}

/* One who asks all the time, in a thread; whoever is not there, or goes in the
 * midst of it, is excused, but must not keep it waiting. */
struct asker {
	struct sockaddr_un address;
	_Atomic int stop;
	unsigned long whole;
	unsigned long stuck;
};

static int
ask_once(const struct asker *asker, int fd)
{
	static const char request[] = "top by=pairs\n";
	char octets[65536];
	size_t got = 0;
	ssize_t n;

	if (connect(fd, (const struct sockaddr *)&asker->address,
	    sizeof(asker->address)) != 0 || send(fd, request,
	    sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? -1 : 0;
	while ((n = recv(fd, octets + got, sizeof(octets) - got, 0)) > 0)
		got += (size_t)n;
	if (n < 0 && errno == EAGAIN)
		return -1;
	return got >= 4 && memcmp(octets + got - 4, "end\n", 4) == 0;
}

static void *
keep_asking(void *arg)
{
	struct timeval patience = { SANDBOX_PATIENCE / 1000, 0 };
	struct asker *asker = arg;

	while (!asker->stop) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), is;

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience));
		is = ask_once(asker, fd);
		asker->whole += is > 0;
		asker->stuck += is < 0;
		close(fd);
	}
	return NULL;
}

static void
begin_asking(const struct world *world, struct asker *asker,
	pthread_t *thread)
{
	char *path = control_path(world->resolver);

	memset(asker, 0, sizeof(*asker));
	asker->address.sun_family = AF_UNIX;
	assert_true(strlen(path) < sizeof(asker->address.sun_path));
	strcpy(asker->address.sun_path, path);
	free(path);
	assert_int_equal(pthread_create(thread, NULL, keep_asking, asker), 0);
}

static void
reload(const struct world *world)
{
	free(resolver_control(world->resolver, "reload"));
	/* It has reloaded when it answers again. */
	free(resolver_control(world->resolver, "status"));
}

static void
many_reloads_with_clients_lose_nothing_and_hang_nobody(void **state)
{
	struct world *world = *state;
	unsigned descriptors, threads, i;
	int company[COMPANY];
	struct asker asker;
	pthread_t thread;
	char *path;

	assert_enforced();
	reload(world);
	descriptors = entries(world, "fd");
	threads = entries(world, "task");
	begin_asking(world, &asker, &thread);
	for (i = 0; i < RELOADS; i++) {
		invite(world, company);
		assert_enforced();
		reload(world);
		await_leave(company);
		assert_enforced();
	}
	asker.stop = 1;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(asker.whole > RELOADS);
	assert_int_equal(asker.stuck, 0);
	await_entries(world, "fd", descriptors);
	await_entries(world, "task", threads);
	path = control_path(world->resolver);
	assert_answers(world, path);
	free(path);
	assert_in_log_never(world, NO_SOCKET);
	resolver_await_log_count(world->resolver, "bitsink: version=",
		RELOADS + 2);
}

/* The thread must not take a signal from those who wait for it. */
static void
signals_reach_unbound_with_the_thread_there(void **state)
{
	struct world *world = *state;
	char *path = control_path(world->resolver);
	int company[COMPANY];
	unsigned i;

	for (i = 0; i < 5; i++) {
		invite(world, company);
		assert_int_equal(kill(world->resolver->pid, SIGHUP), 0);
		resolver_await_log_count(world->resolver, "bitsink: version=",
			i + 2);
		await_leave(company);
		assert_enforced();
		assert_answers(world, path);
	}
	invite(world, company);
	resolver_end(world->resolver, SIGTERM);
	await_leave(company);
	assert_no_file(path);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(it_is_the_processs_own_and_nobody_elses),
		own_world_test(place_owner_and_mode_are_as_the_policy_says),
		own_world_test(it_belongs_to_the_user_that_unbound_becomes),
		own_world_test(an_owner_that_cannot_be_given_leaves_no_socket),
		own_world_test(without_a_socket_all_else_goes_on),
		world_test(a_socket_that_a_crash_left_is_replaced),
		own_world_test(what_is_somebody_elses_is_left_and_said),
		world_test(it_is_removed_at_the_stop),
		world_test(what_took_its_place_is_not_removed_at_the_stop),
		world_test(a_reload_moves_it_where_the_new_policy_says),
		world_test(
		many_reloads_with_clients_lose_nothing_and_hang_nobody),
		world_test(signals_reach_unbound_with_the_thread_there),
	};

	return world_main(tests);
}
