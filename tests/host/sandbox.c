/*
 * sandbox.c - a network of the tests' own, and a folder.
 */
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The kernel's struct of SIOCSIFADDR for IPv6; its header clashes with the
 * C library's. */
struct in6_request {
	struct in6_addr address;
	uint32_t prefix_length;
	int interface;
};

__attribute__((noreturn)) static void
die(const char *what)
{
	fprintf(stderr, "sandbox: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
write_map(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		die(path);
}

/* Who is not root becomes root of a user namespace. */
static void
unshare_network(void)
{
	char map[32];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (uid == 0) {
		if (unshare(CLONE_NEWNET) != 0)
			die("unshare(CLONE_NEWNET)");
		return;
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		die("unshare(CLONE_NEWUSER | CLONE_NEWNET)");
	write_map("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_map("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_map("/proc/self/gid_map", map);
}

/* The kernel finishes an address some time after it was added. */
static void
await_ip6(const char *text)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	struct sockaddr_in6 address;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	memset(&address, 0, sizeof(address));
	address.sin6_family = AF_INET6;
	inet_pton(AF_INET6, text, &address.sin6_addr);
	while (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		if (!sandbox_wait(deadline))
			die(text);
	close(fd);
}

static void
add_ip6(int fd, const char *text)
{
	struct in6_request request;

	memset(&request, 0, sizeof(request));
	inet_pton(AF_INET6, text, &request.address);
	request.prefix_length = 128;
	request.interface = (int)if_nametoindex("lo");
	if (ioctl(fd, SIOCSIFADDR, &request) != 0 && errno != EEXIST)
		die(text);
	await_ip6(text);
}

void
sandbox_enter(void)
{
	struct ifreq up;
	int fd4, fd6;

	unshare_network();
	fd4 = socket(AF_INET, SOCK_DGRAM, 0);
	fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	memset(&up, 0, sizeof(up));
	strcpy(up.ifr_name, "lo");
	up.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	if (fd4 < 0 || fd6 < 0 || ioctl(fd4, SIOCSIFFLAGS, &up) != 0)
		die("loopback");
	add_ip6(fd6, SANDBOX_IP6_RESOLVER);
	add_ip6(fd6, SANDBOX_IP6_UPDATE);
	add_ip6(fd6, SANDBOX_IP6_ORDINARY);
	add_ip6(fd6, SANDBOX_IP6_UPDATE_2);
	add_ip6(fd6, SANDBOX_IP6_OTHER);
	close(fd4);
	close(fd6);
}

char *
sandbox_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	char *folder;

	if (asprintf(&folder, "%s/bitsink-test-XXXXXX",
	    tmp != NULL ? tmp : "/tmp") < 0 || mkdtemp(folder) == NULL)
		die("mkdtemp");
	return folder;
}

void
sandbox_remove(char *folder)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", folder, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	free(folder);
}

void
sandbox_make_folder(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0 ||
	    mkdir(path, 0755) != 0)
		die(name);
	free(path);
}

static FILE *
open_in(const char *folder, const char *name, const char *mode)
{
	char *path;
	FILE *file;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		die("asprintf");
	file = fopen(path, mode);
	free(path);
	return file;
}

void
sandbox_write(const char *folder, const char *name, const char *text)
{
	FILE *file = open_in(folder, name, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		die(name);
}

char *
sandbox_read(const char *folder, const char *name)
{
	FILE *file = open_in(folder, name, "r"), *memory;
	char *text = NULL, chunk[4096];
	size_t length, n;

	memory = open_memstream(&text, &length);
	if (memory == NULL)
		die("open_memstream");
	while (file != NULL &&
	    (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		fwrite(chunk, 1, n, memory);
	if (file != NULL)
		fclose(file);
	fclose(memory);
	return text;
}

long long
sandbox_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int
sandbox_wait(long long deadline)
{
	struct timespec pause = { 0, 5000000 };

	if (sandbox_now() >= deadline)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}
