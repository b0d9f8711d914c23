/*
 * damage.h - what may become of a policy file.
 *
 * Thread-safety: for one thread.
 */
#ifndef DAMAGE_H
#define DAMAGE_H

#include <stddef.h>

struct damage {
	const char *description;
	/* PATH is a good policy that ends with a quoted value and a newline. */
	void (*make)(const char *path);
	/* What is said of it. */
	const char *said;
};

extern const struct damage damages[];
extern const size_t damage_count;

#endif
