/*
 * lists.c - list files: a pattern a line, its ports, comments.
 */
#include "lists.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "loader.h"

/* What an octet of a line is, in bits; 0 for one of a word. */
enum octet_kind {
	OCTET_BLANK = 1,
	OCTET_COMMA = 2,
	OCTET_COMMENT = 4,
	OCTET_END = 8 /* of a line, and of the text */
};

static const uint8_t octet_kinds[UCHAR_MAX + 1] = {
	[' '] = OCTET_BLANK,
	['\t'] = OCTET_BLANK,
	['\r'] = OCTET_BLANK,
	[','] = OCTET_COMMA,
	['#'] = OCTET_COMMENT,
	['\n'] = OCTET_END,
	['\0'] = OCTET_END
};

/* Where the line ends that AT is in. */
static size_t
end_of_line(const struct file *file, size_t at)
{
	const char *end = memchr(file->text + at, '\n', file->length - at);

	return end != NULL ? (size_t)(end - file->text) : file->length;
}

/* The next word of the line; length 0 where there is none. */
static void
next_word(struct list_line *line, unsigned separators, struct token *word)
{
	const char *text = line->file->text;
	unsigned ends = separators | OCTET_COMMENT | OCTET_END;
	size_t at = line->at, first;

	/* What ends the line ends both. */
	while (octet_kinds[(unsigned char)text[at]] & separators)
		at++;
	first = at;
	while ((octet_kinds[(unsigned char)text[at]] & ends) == 0)
		at++;
	word->text = text + first;
	word->length = at - first;
	word->quoted = 0;
	word->where.file = line->file->name;
	word->where.line = line->number;
	word->where.column = (unsigned)(first - line->start) + 1;
	/* Where a comment begins in front of any word, none follows. */
	line->at = at > first || text[at] == '\n' ? at
		: end_of_line(line->file, at);
}

void
lists_pattern(struct list_line *line, struct token *word)
{
	next_word(line, OCTET_BLANK, word);
}

void
lists_port(struct list_line *line, struct token *word)
{
	next_word(line, OCTET_BLANK | OCTET_COMMA, word);
}

static int
is_port(const struct token *word)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; i < word->length && i < 5 && word->text[i] >= '0' &&
	    word->text[i] <= '9'; i++)
		port = port * 10 + (unsigned)(word->text[i] - '0');
	if (i == 0 || port == 0 || port > 65535 || word->text[0] == '0')
		return 0;
	return i == word->length || (word->length - i == 4 &&
		(memcmp(word->text + i, "/tcp", 4) == 0 ||
		memcmp(word->text + i, "/udp", 4) == 0));
}

static int
is_transport(const struct token *word)
{
	return (word->length == 4 && memcmp(word->text, "http", 4) == 0) ||
		(word->length == 5 && memcmp(word->text, "https", 5) == 0) ||
		is_port(word);
}

/* --- Patterns on their way into a list. */

/* As many are read before the first of them is added: what that takes is
 * fetched from memory in the meantime. */
#define WAITING 8u

struct queue {
	struct loader *loader;
	struct names *names;
	struct read_pattern waiting[WAITING];
	unsigned first;
	unsigned count;
};

static void
add_first(struct queue *queue)
{
	(void)loader_keep_pattern(queue->loader, queue->names,
		&queue->waiting[queue->first]);
	queue->first = (queue->first + 1) % WAITING;
	queue->count--;
}

static void
add_later(struct queue *queue, const struct token *word)
{
	struct read_pattern *last;

	if (queue->count == WAITING)
		add_first(queue);
	last = &queue->waiting[(queue->first + queue->count) % WAITING];
	if (loader_read_pattern(queue->loader, word, 0, last) != 0)
		return;
	names_fetch(queue->names, &last->pattern, &last->hint);
	queue->count++;
}

/* --- Lines. */

static void
take_line(struct queue *queue, struct list_line *line)
{
	struct token word;

	lists_pattern(line, &word);
	if (word.length == 0)
		return;
	add_later(queue, &word);
	for (;;) {
		lists_port(line, &word);
		if (word.length == 0)
			return;
		if (!is_transport(&word))
			diag_error(queue->loader->diag, word.where, "found "
				"\"%s\", expected http, https, a port, "
				"PORT/tcp, PORT/udp, or '#' before a comment",
				loader_quote(&word).text);
	}
}

/* How many lines a file has, at most. */
static size_t
count_lines(const struct file *file)
{
	const char *at = file->text, *end = at + file->length;
	size_t count = 1;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		count++;
		at++;
	}
	return count;
}

static void
parse_list(struct loader *loader, struct list *list, const struct file *file)
{
	struct list_line line = { file, 0, 0, 0 };
	struct queue queue;
	size_t dropped = 0;

	queue.loader = loader;
	queue.names = list->names;
	queue.first = queue.count = 0;
	names_expect(list->names, count_lines(file));
	for (; line.at < file->length; line.at++) {
		line.number++;
		line.start = line.at;
		take_line(&queue, &line);
		/* As much as the table grows, the text shrinks. */
		file_drop(file, line.start, &dropped);
	}
	while (queue.count > 0)
		add_first(&queue);
}

/* DIRECTORY/NAME.list where there is such a file, else NULL; *PATH is
 * allocated. 0, or -1 when out of memory, which is reported. */
static int
try_directory(struct loader *loader, const char *directory,
	const struct token *name, char **path)
{
	struct stat status;

	if (asprintf(path, "%s/%.*s.list", directory, (int)name->length,
	    name->text) < 0) {
		diag_no_memory(loader->diag);
		*path = NULL;
		return -1;
	}
	/* Only where there is surely none, the next directory counts: a site's
	 * own list must not be passed over for want of a permission. */
	if (lstat(*path, &status) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR))
		return 0;
	free(*path);
	*path = NULL;
	return 0;
}

/* The same for directory number AT, of all that lists are looked for in. 1
 * where there are not as many. */
static int
try_number(struct loader *loader, size_t at, const struct token *name,
	char **path)
{
	const char *const *directory = loader->options->list_directories;

	if (at < loader->policy->list_directory_count)
		return try_directory(loader,
			loader->policy->list_directories[at], name, path);
	at -= loader->policy->list_directory_count;
	for (; directory != NULL && *directory != NULL; directory++)
		if (at-- == 0)
			return try_directory(loader, *directory, name, path);
	return 1;
}

static int
is_path(const struct token *name)
{
	return memchr(name->text, '/', name->length) != NULL;
}

/* The file of a list: as it is with a '/' in it, else from the directories of
 * the policy and then from those of the installation. NULL: reported. */
static char *
search_list(struct loader *loader, const struct token *name)
{
	char *path = NULL;
	size_t at;
	int result;

	if (is_path(name))
		return loader_path(loader, name);
	for (at = 0;; at++) {
		result = try_number(loader, at, name, &path);
		if (result < 0 || path != NULL)
			return path;
		if (result > 0)
			break;
	}
	diag_error(loader->diag, name->where, "found no list \"%s\", expected "
		"a file \"%s.list\" in a list directory",
		loader_quote(name).text, loader_quote(name).text);
	return NULL;
}

static char *
find_list(struct loader *loader, const struct token *name)
{
	struct tape *tape = loader->options->tape;
	char *path;

	if (tape_replays(tape))
		return loader_replay_name(loader, TAPE_LIST);
	path = search_list(loader, name);
	if (path != NULL && tape != NULL)
		tape_put(tape, TAPE_LIST, path, strlen(path), "", 0);
	return path;
}

/* A site's list that goes before one of the same name is what the site wants;
 * but who looks for a name in the other one should know. */
static void
note_others(struct loader *loader, const struct token *name, const char *path)
{
	char *other = NULL;
	size_t at;

	if (is_path(name) || tape_replays(loader->options->tape))
		return;
	for (at = 0; try_number(loader, at, name, &other) == 0; at++) {
		if (other != NULL && file_are_two(path, other))
			diag_note(loader->diag, name->where, "list \"%s\" is "
				"\"%s\", which goes before \"%s\"",
				loader_quote(name).text, path, other);
		free(other);
		other = NULL;
	}
}

/* Reads a list that is not there yet. It takes the path. */
static struct list *
read_list(struct loader *loader, const struct token *name, char *path)
{
	struct policy *policy = loader->policy;
	struct list *list;
	struct file file;

	if (loader_room(loader, policy->region, &policy->lists,
	    policy->list_count, &loader->lists_room,
	    sizeof(*policy->lists)) != 0) {
		free(path);
		return NULL;
	}
	list = calloc(1, sizeof(*list));
	if (list == NULL) {
		free(path);
		diag_no_memory(loader->diag);
		return NULL;
	}
	policy->lists[policy->list_count++] = list;
	list->file = path;
	list->name = strndup(name->text, name->length);
	list->names = names_new_in(&loader->options->key,
		loader->policy->region);
	if (list->name == NULL || list->names == NULL) {
		diag_no_memory(loader->diag);
		return NULL;
	}
	if (loader_add_source(loader, path, name->where) != 0 ||
	    loader_read(loader, &file, path, name->where) != 0)
		return list;
	file.name = policy->sources[loader->source];
	parse_list(loader, list, &file);
	file_free(&file);
	if (names_finish(list->names) != 0)
		diag_no_memory(loader->diag);
	return list;
}

static struct list *
get_list(struct loader *loader, const struct token *name)
{
	char *path = find_list(loader, name);
	size_t i;

	if (path == NULL)
		return NULL;
	for (i = 0; i < loader->policy->list_count; i++)
		if (strcmp(loader->policy->lists[i]->file, path) == 0) {
			free(path);
			return loader->policy->lists[i];
		}
	note_others(loader, name, path);
	return read_list(loader, name, path);
}

/* Where a group has its lists for a purpose. */
struct place {
	const struct list ***lists;
	size_t *count;
};

static struct place
place_for(struct group *group, enum purpose purpose)
{
	struct place place = { &group->lists, &group->list_count };

	if (purpose == FOR_QUIET) {
		place.lists = &group->quiet_lists;
		place.count = &group->quiet_list_count;
	} else if (purpose == FOR_WINDOW) {
		place.lists = &group->window_lists;
		place.count = &group->window_list_count;
	}
	return place;
}

struct token
lists_token(const struct loader *loader, const struct list_use *use)
{
	struct token token = { use->text, use->length,
		{ loader->policy->sources[use->source], use->line,
		use->column }, 0 };

	return token;
}

static void
use_list(struct loader *loader, struct list_use *use)
{
	struct place place = place_for(&loader->policy->groups[use->group],
		(enum purpose)use->purpose);
	const struct token token = lists_token(loader, use);
	const struct list *list = get_list(loader, &token), **lists;
	size_t i;

	if (list == NULL)
		return;
	for (i = 0; i < *place.count; i++)
		if ((*place.lists)[i] == list) {
			diag_warning(loader->diag, token.where, "list \"%s\" "
				"is in this group already",
				loader_quote(&token).text);
			return;
		}
	lists = region_resize(loader->policy->region, *place.lists,
		*place.count * sizeof(*lists),
		(*place.count + 1) * sizeof(*lists));
	if (lists == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	use->list = list;
	lists[(*place.count)++] = list;
	*place.lists = lists;
}

/* The directories of the policy as paths. 0, or -1: reported. */
static int
put_directories(struct loader *loader)
{
	struct policy *policy = loader->policy;
	size_t i;

	if (loader->directory_count == 0)
		return 0;
	policy->list_directories = calloc(loader->directory_count,
		sizeof(*policy->list_directories));
	if (policy->list_directories == NULL) {
		diag_no_memory(loader->diag);
		return -1;
	}
	for (i = 0; i < loader->directory_count; i++) {
		policy->list_directories[i] = loader_path(loader,
			&loader->directories[i]);
		if (policy->list_directories[i] == NULL)
			return -1;
		policy->list_directory_count++;
	}
	return 0;
}

void
lists_load(struct loader *loader)
{
	size_t i;

	if (put_directories(loader) != 0)
		return;
	for (i = 0; i < loader->list_use_count; i++)
		use_list(loader, &loader->list_uses[i]);
}
