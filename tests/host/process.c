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
