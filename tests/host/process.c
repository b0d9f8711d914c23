/*
 * process.c - what a process takes of the system.
 */
#include "process.h"

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define PATH_OCTETS 64

static unsigned
entries_of(int pid, const char *what)
{
	char path[PATH_OCTETS];
	const struct dirent *entry;
	unsigned count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

unsigned
process_descriptors(int pid)
{
	return entries_of(pid, "fd");
}

unsigned
process_threads(int pid)
{
	return entries_of(pid, "task");
}

/* Each has the name of its listener, at the end of its line; the client's side
 * has none. The listener is one of them. */
unsigned
process_connections(const char *path)
{
	FILE *file = fopen("/proc/self/net/unix", "r");
	char line[512];
	unsigned count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *found = strstr(line, path);

		count += found != NULL && found[strlen(path)] == '\n';
	}
	fclose(file);
	assert_true(count > 0);
	return count - 1;
}

long
process_resident_kib(int pid)
{
	char path[PATH_OCTETS], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = atol(line + 6);
	fclose(file);
	assert_true(kib > 0);
	return kib;
}

void
process_print_descriptors(int pid)
{
	char path[PATH_OCTETS], *file, target[256];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		ssize_t length;

		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			abort();
		length = readlink(file, target, sizeof(target));
		if (length > 0)
			print_error("%s: %.*s\n", file, (int)length, target);
		free(file);
	}
	closedir(folder);
}
