/*
 * found.c - the lists that there are in list directories.
 */
#include "found.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define NAME_END ".list"

/* What can stand between quotes, and in a path, as it is. */
static int
is_plain(const char *name)
{
	return name[0] != '.' && strspn(name, "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

static struct found_list *
find(const struct found_lists *found, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (strlen(found->lists[i].name) == length &&
		    memcmp(found->lists[i].name, name, length) == 0)
			return &found->lists[i];
	return NULL;
}

/* Takes PATH. 0, or -1 when out of memory. */
static int
add_path(struct found_lists *found, const char *name, size_t length,
	char *path)
{
	struct found_list *list = find(found, name, length);

	if (list != NULL) {
		if (list->other == NULL && file_are_two(list->path, path))
			list->other = path;
		else
			free(path);
		return 0;
	}
	list = reallocarray(found->lists, found->count + 1, sizeof(*list));
	if (list == NULL) {
		free(path);
		return -1;
	}
	found->lists = list;
	list += found->count;
	list->name = strndup(name, length);
	if (list->name == NULL) {
		free(path);
		return -1;
	}
	list->path = path;
	list->other = NULL;
	found->count++;
	return 0;
}

/* 0, or -1 with errno. */
static int
search_directory(struct found_lists *found, const char *directory)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	int result = 0;

	if (stream == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	while (result == 0 && (entry = readdir(stream)) != NULL) {
		size_t length = strlen(entry->d_name), end = strlen(NAME_END);
		char *path;

		if (length <= end || !is_plain(entry->d_name) ||
		    strcmp(entry->d_name + length - end, NAME_END) != 0)
			continue;
		if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
			result = -1;
		else
			result = add_path(found, entry->d_name, length - end,
				path);
	}
	closedir(stream);
	if (result != 0)
		errno = ENOMEM;
	return result;
}

static int
compare(const void *va, const void *vb)
{
	const struct found_list *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static enum session_code
search(struct found_lists *found, const struct session *session,
	const char *directory)
{
	if (search_directory(found, directory) == 0)
		return SESSION_DONE;
	return session_error(session, SESSION_USAGE, "cannot read the "
		"directory \"%s\": %s", directory, strerror(errno));
}

enum session_code
found_search(struct found_lists *found, const struct session *session,
	const struct policy *policy)
{
	const char *own = session->arguments.options[OPTION_LISTS];
	enum session_code code = SESSION_DONE;
	size_t i;

	memset(found, 0, sizeof(*found));
	for (i = 0; policy != NULL && code == SESSION_DONE &&
	    i < policy->list_directory_count; i++)
		code = search(found, session, policy->list_directories[i]);
	if (code == SESSION_DONE)
		code = search(found, session, own != NULL ? own
			: BITSINK_SYSCONF_LISTS);
	if (code == SESSION_DONE && own == NULL)
		code = search(found, session, BITSINK_DATA_LISTS);
	if (found->count > 0)
		qsort(found->lists, found->count, sizeof(*found->lists),
			compare);
	return code;
}

void
found_clear(struct found_lists *found)
{
	size_t i;

	for (i = 0; i < found->count; i++) {
		free(found->lists[i].name);
		free(found->lists[i].path);
		free(found->lists[i].other);
	}
	free(found->lists);
}

void
found_put(struct tape *tape, const char *path, const char *text, size_t length)
{
	tape_put(tape, TAPE_LIST, path, strlen(path), "", 0);
	tape_put(tape, TAPE_FILE, path, strlen(path), text, length);
}

int
found_rewind(struct tape *tape)
{
	struct tape recorded = *tape;

	if (tape_finish(&recorded) != 0) {
		*tape = recorded;
		return -1;
	}
	return tape_open(tape, recorded.memory, recorded.length);
}
