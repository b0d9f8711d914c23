/*
 * socket.h - the control socket's file: made, replaced where it is stale, and
 * removed.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_SOCKET_H
#define BITSINK_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

/* How the file is to be; user and group (uid_t)-1 and (gid_t)-1: as they come,
 * which is those of the process. */
struct socket_owner {
	uid_t user;
	gid_t group;
	mode_t mode;
};

/* A socket that listens; fd is -1 for none. */
struct socket_file {
	int fd;
	char path[108];
	/* The file that was made: another in its place is not ours. */
	dev_t device;
	ino_t inode;
};

/*
 * Listens on PATH: a stream socket of AF_UNIX, non-blocking and close-on-exec,
 * whose file at no moment lets anybody in that OWNER does not. A socket file
 * to which nobody listens any more is replaced. One to which somebody does,
 * and a file that is no socket (also a symbolic link), is left as it is, and
 * that is an error. Returns 0, or -1 with what was found and what was expected
 * in WRONG, of SIZE octets.
 */
int socket_listen(struct socket_file *socket, const char *path,
	const struct socket_owner *owner, char *wrong, size_t size);

/* Ends listening, and removes the file if it is still ours. */
void socket_close(struct socket_file *socket);

#endif
