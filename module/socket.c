/*
 * socket.c - the control socket's file: made, replaced where it is stale, and
 * removed.
 */
#include "socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

_Static_assert(sizeof(((struct socket_file *)0)->path) ==
	sizeof(((struct sockaddr_un *)0)->sun_path),
	"a path that the system takes fits");

static int
open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
set_address(struct sockaddr_un *address, const char *path, char *wrong,
	size_t size)
{
	size_t length = strlen(path);

	/* An empty path would be a socket without a file. */
	if (length == 0 || length >= sizeof(address->sun_path)) {
		snprintf(wrong, size, "found a path of %zu octets, expected 1 "
			"to %zu: \"%s\"", length,
			sizeof(address->sun_path) - 1, path);
		return -1;
	}
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length);
	return 0;
}

/* Whether somebody listens at ADDRESS; -1 where that cannot be told. */
static int
has_listener(const struct sockaddr_un *address)
{
	int fd = open_socket(), failed;

	if (fd < 0)
		return -1;
	failed = connect(fd, (const struct sockaddr *)address,
		sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	errno = failed;
	switch (failed) {
	case 0:
	case EAGAIN: /* its queue is full */
	case EPROTOTYPE: /* no stream socket, but one that is in use */
		return 1;
	case ECONNREFUSED:
	case ENOENT: /* it went in this moment */
		return 0;
	default:
		return -1;
	}
}

/* Removes the socket at PATH, but nothing that has taken its place. */
static int
remove_socket(const char *path, dev_t device, ino_t inode)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(status.st_mode) || status.st_dev != device ||
	    status.st_ino != inode) {
		errno = EEXIST;
		return -1;
	}
	return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

/* Removes the socket at ADDRESS if it is stale; nothing else may be there. */
static int
make_way(const struct sockaddr_un *address, char *wrong, size_t size)
{
	const char *path = address->sun_path;
	struct stat status;
	int used;

	if (lstat(path, &status) != 0) {
		if (errno == ENOENT)
			return 0;
		snprintf(wrong, size, "cannot look at \"%s\": %s", path,
			strerror(errno));
		return -1;
	}
	if (!S_ISSOCK(status.st_mode)) {
		snprintf(wrong, size, "found a file that is no socket at "
			"\"%s\", expected none, or a stale socket", path);
		return -1;
	}
	used = has_listener(address);
	if (used < 0) {
		snprintf(wrong, size, "found a socket at \"%s\", cannot tell "
			"whether it is stale: %s", path, strerror(errno));
		return -1;
	}
	if (used) {
		snprintf(wrong, size, "found a socket in use at \"%s\", "
			"expected none, or a stale one", path);
		return -1;
	}
	if (remove_socket(path, status.st_dev, status.st_ino) != 0) {
		snprintf(wrong, size, "cannot remove the stale socket \"%s\": "
			"%s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Makes the file, for nobody yet, and remembers which it is. */
static const char *
make_file(struct socket_file *socket, const struct sockaddr_un *address)
{
	struct stat status;

	/* The file gets this mode; the umask is the process', where other
	 * threads make files. Should a system refuse that: nobody gets in
	 * either way, before listen(). */
	(void)fchmod(socket->fd, 0);
	if (bind(socket->fd, (const struct sockaddr *)address,
	    sizeof(*address)) != 0)
		return "make";
	memcpy(socket->path, address->sun_path, sizeof(socket->path));
	if (lstat(socket->path, &status) != 0)
		return "look at";
	socket->device = status.st_dev;
	socket->inode = status.st_ino;
	return NULL;
}

/*
 * The user comes last: the mode would be set on whatever a user to whom the
 * file belongs already had put in its place. The group comes first: the mode
 * must not let in the one that the file had.
 */
static const char *
give_file(const char *path, const struct socket_owner *owner)
{
	if (owner->group != (gid_t)-1 &&
	    lchown(path, (uid_t)-1, owner->group) != 0)
		return "set the group of";
	if (chmod(path, owner->mode) != 0)
		return "set the mode of";
	if (owner->user != (uid_t)-1 &&
	    lchown(path, owner->user, (gid_t)-1) != 0)
		return "set the user of";
	return NULL;
}

/* What could not be done, or NULL. */
static const char *
set_up(struct socket_file *socket, const struct sockaddr_un *address,
	const struct socket_owner *owner)
{
	const char *failed = make_file(socket, address);

	if (failed == NULL)
		failed = give_file(socket->path, owner);
	if (failed == NULL && listen(socket->fd, BACKLOG) != 0)
		failed = "listen on";
	return failed;
}

int
socket_listen(struct socket_file *socket, const char *path,
	const struct socket_owner *owner, char *wrong, size_t size)
{
	struct sockaddr_un address;
	const char *failed;

	memset(socket, 0, sizeof(*socket));
	socket->fd = -1;
	if (set_address(&address, path, wrong, size) != 0 ||
	    make_way(&address, wrong, size) != 0)
		return -1;
	socket->fd = open_socket();
	failed = socket->fd < 0 ? "make" : set_up(socket, &address, owner);
	if (failed == NULL)
		return 0;
	snprintf(wrong, size, "cannot %s \"%s\": %s", failed, path,
		strerror(errno));
	socket_close(socket);
	return -1;
}

void
socket_close(struct socket_file *socket)
{
	if (socket->fd < 0)
		return;
	/* Before close(): as long as the socket is open its inode, and so the
	 * number of it, cannot become another file's. */
	if (socket->path[0] != '\0')
		(void)remove_socket(socket->path, socket->device,
			socket->inode);
	close(socket->fd);
	socket->fd = -1;
}
