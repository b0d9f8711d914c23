/*
 * owner.h - the control socket's owner, from names to numbers.
 *
 * Thread-safety: for the main thread, before there are others that look
 * up users.
 */
#ifndef BITSINK_OWNER_H
#define BITSINK_OWNER_H

#include <stddef.h>

#include "socket.h"

/*
 * Sets user and group of OWNER by their names or decimal numbers; NULL leaves
 * them to the process. Returns 0, or -1 with what was found and what was
 * expected in WRONG, of SIZE octets.
 */
int owner_find(const char *user, const char *group, struct socket_owner *owner,
	char *wrong, size_t size);

#endif
