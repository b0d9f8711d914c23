/*
 * load.c - from policy files to struct policy.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "loader.h"
#include "pages.h"

#define INCLUDE_DEPTH_MAX 16u
/* Where the system's time zones are, and more than a file of one has. */
#define TIME_ZONES "/usr/share/zoneinfo/"
#define TIME_ZONE_OCTETS_MAX ((size_t)1 << 20)

/* The files being read, the innermost first; to notice a cycle. */
struct reading {
	const struct reading *outer;
	dev_t device;
	ino_t inode;
	unsigned depth;
};

static void read_file(struct loader *loader, const char *name,
	struct origin where, const struct reading *outer);

int
loader_room(struct loader *loader, struct region *region, void *array,
	size_t used, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (used < *room)
		return 0;
	memcpy(&grown, array, sizeof(grown));
	grown = more <= SIZE_MAX / size ? region_resize(region, grown,
		*room * size, more * size) : NULL;
	if (grown == NULL) {
		diag_no_memory(loader->diag);
		return -1;
	}
	memcpy(array, &grown, sizeof(grown));
	*room = more;
	return 0;
}

int
loader_add_source(struct loader *loader, const char *name,
	struct origin where)
{
	struct policy *policy = loader->policy;
	char *copy;

	if (policy->source_count >= NAMES_SOURCES_MAX) {
		diag_error(loader->diag, where, "found file %zu of the policy, "
			"expected at most %u", policy->source_count + 1,
			NAMES_SOURCES_MAX);
		return -1;
	}
	if (loader_room(loader, policy->region, &policy->sources,
	    policy->source_count, &loader->sources_room,
	    sizeof(*policy->sources)) != 0)
		return -1;
	copy = strdup(name);
	if (copy == NULL) {
		diag_no_memory(loader->diag);
		return -1;
	}
	loader->source = (uint16_t)policy->source_count;
	policy->sources[policy->source_count++] = copy;
	return 0;
}

static void
report_damage(struct loader *loader)
{
	struct origin nowhere = { NULL, 0, 0 };

	diag_error(loader->diag, nowhere,
		"found the kept policy damaged, expected it whole");
}

static int
replay_file(struct loader *loader, enum tape_kind kind, struct file *file,
	const char *name)
{
	struct tape_item item;
	char *memory;

	if (tape_take(loader->options->tape, kind, &item) != 0 ||
	    strlen(name) != item.name_length ||
	    memcmp(name, item.name, item.name_length) != 0) {
		report_damage(loader);
		return -1;
	}
	memory = pages_take(item.content_length + 1);
	if (memory == NULL) {
		diag_no_memory(loader->diag);
		return -1;
	}
	memcpy(memory, item.content, item.content_length);
	file->name = name;
	file->room = item.content_length + 1;
	file->memory = memory;
	file->text = memory;
	file->length = item.content_length;
	return 0;
}

int
loader_read(struct loader *loader, struct file *file, const char *name,
	struct origin where)
{
	struct tape *tape = loader->options->tape;

	if (tape_replays(tape))
		return replay_file(loader, TAPE_FILE, file, name);
	if (file_read(file, name, where, loader->diag) != 0)
		return -1;
	if (tape != NULL)
		tape_put(tape, TAPE_FILE, name, strlen(name), file->text,
			file->length);
	return 0;
}

char *
loader_replay_name(struct loader *loader, enum tape_kind kind)
{
	struct tape_item item;
	char *name;

	if (tape_take(loader->options->tape, kind, &item) != 0) {
		report_damage(loader);
		return NULL;
	}
	name = strndup(item.name, item.name_length);
	if (name == NULL)
		diag_no_memory(loader->diag);
	return name;
}

struct token
loader_hold(struct loader *loader, struct region *region,
	const struct token *token)
{
	char *text = region_take(region, token->length + 1);
	struct token held = *token;

	if (text == NULL) {
		diag_no_memory(loader->diag);
		held.text = "";
		held.length = 0;
		return held;
	}
	memcpy(text, token->text, token->length);
	held.text = text;
	return held;
}

struct loader_text
loader_quote(const struct token *token)
{
	struct loader_text quoted;
	size_t length = token->length < 200 ? token->length : 200;

	memcpy(quoted.text, token->text, length);
	memcpy(quoted.text + length, length < token->length ? "..." : "\0\0\0",
		sizeof("..."));
	return quoted;
}

int
loader_read_pattern(struct loader *loader, const struct token *token,
	int deny, struct read_pattern *read)
{
	struct names_rule rule;
	struct pattern_error error;

	if (pattern_from_text(&read->pattern, token->text, token->length,
	    &error) != 0) {
		struct origin where = token->where;

		where.column += (unsigned)error.at + (token->quoted != 0);
		diag_error(loader->diag, where, "in pattern \"%s\": expected "
			"%s", loader_quote(token).text, error.expected);
		return -1;
	}
	rule.line = token->where.line;
	rule.column = (uint16_t)(token->where.column < UINT16_MAX
		? token->where.column : UINT16_MAX);
	rule.source = loader->source & (NAMES_SOURCES_MAX - 1);
	rule.deny = deny != 0;
	rule.beats_allow = 0;
	read->rule = rule;
	return 0;
}

uint32_t
loader_keep_pattern(struct loader *loader, struct names *names,
	const struct read_pattern *read)
{
	uint32_t earlier, number = names_add_from(names, &read->pattern,
		&read->rule, &read->hint, &earlier);

	if (number == NAMES_NO_RULE)
		diag_no_memory(loader->diag);
	else
		loader->policy->pattern_count++;
	return number;
}

uint32_t
loader_add_pattern(struct loader *loader, struct names *names,
	const struct token *token, int deny)
{
	struct read_pattern read;

	if (loader_read_pattern(loader, token, deny, &read) != 0)
		return NAMES_NO_RULE;
	names_fetch(names, &read.pattern, &read.hint);
	return loader_keep_pattern(loader, names, &read);
}

char *
loader_path(struct loader *loader, const struct token *token)
{
	const char *file = token->where.file, *slash = strrchr(file, '/');
	int directory = slash != NULL ? (int)(slash - file) + 1 : 0;
	char *path;

	if (token->length > 0 && token->text[0] == '/')
		directory = 0;
	if (asprintf(&path, "%.*s%.*s", directory, file, (int)token->length,
	    token->text) < 0) {
		diag_no_memory(loader->diag);
		return NULL;
	}
	return path;
}

/* Only what the system's names are made of: nobody gets elsewhere by one. */
static int
is_zone_name(const struct token *value)
{
	size_t i;

	for (i = 0; i < value->length; i++) {
		char c = value->text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '+' || c == '/'))
			return 0;
	}
	return value->length > 0;
}

/* As loader_read(), of the octets of a time zone's file. */
static int
read_zone_file(struct loader *loader, struct file *file, const char *path,
	struct origin where)
{
	struct tape *tape = loader->options->tape;

	if (tape_replays(tape))
		return replay_file(loader, TAPE_ZONE, file, path);
	if (file_read_octets(file, path, TIME_ZONE_OCTETS_MAX, where,
	    loader->diag) != 0)
		return -1;
	if (tape != NULL)
		tape_put(tape, TAPE_ZONE, path, strlen(path), file->text,
			file->length);
	return 0;
}

static struct zone *
zone_from_file(struct loader *loader, const char *path, struct origin where)
{
	struct zone *zone;
	struct file file;

	/* What the system has of the zone may change, too. */
	if (loader_add_source(loader, path, where) != 0 ||
	    read_zone_file(loader, &file, path, where) != 0)
		return NULL;
	zone = zone_from_tzif((const uint8_t *)file.text, file.length);
	if (zone == NULL && errno == ENOMEM)
		diag_no_memory(loader->diag);
	else if (zone == NULL)
		diag_error(loader->diag, where, "found no time zone in "
			"\"%s\", expected a file of the time zone database",
			path);
	file_free(&file);
	return zone;
}

static struct zone *
zone_from_name(struct loader *loader, const struct token *value)
{
	int is_path = value->length > 0 && value->text[0] == '/';
	struct zone *zone;
	char *path;

	if (!is_path && !is_zone_name(value)) {
		diag_error(loader->diag, value->where, "found \"%s\", expected "
			"a time zone such as Europe/Berlin, its file from / "
			"on, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3",
			loader_quote(value).text);
		return NULL;
	}
	if (asprintf(&path, "%s%.*s", is_path ? "" : TIME_ZONES,
	    (int)value->length, value->text) < 0) {
		diag_no_memory(loader->diag);
		return NULL;
	}
	zone = zone_from_file(loader, path, value->where);
	free(path);
	return zone;
}

/* A rule needs no file, so that it is tried first. */
static struct zone *
read_zone(struct loader *loader, const struct token *value)
{
	struct zone *zone = zone_from_rule(value->text, value->length);

	if (zone != NULL || errno != ENOMEM)
		return zone != NULL ? zone : zone_from_name(loader, value);
	diag_no_memory(loader->diag);
	return NULL;
}

const struct time_zone *
loader_time_zone(struct loader *loader, const struct token *value)
{
	struct policy *policy = loader->policy;
	struct time_zone *time_zone;
	size_t i;

	for (i = 0; i < policy->time_zone_count; i++)
		if (token_is(value, policy->time_zones[i]->name))
			return policy->time_zones[i];
	if (loader_room(loader, policy->region, &policy->time_zones,
	    policy->time_zone_count, &loader->time_zones_room,
	    sizeof(*policy->time_zones)) != 0)
		return NULL;
	time_zone = calloc(1, sizeof(*time_zone));
	if (time_zone != NULL)
		time_zone->name = strndup(value->text, value->length);
	if (time_zone == NULL || time_zone->name == NULL) {
		free(time_zone);
		diag_no_memory(loader->diag);
		return NULL;
	}
	time_zone->zone = read_zone(loader, value);
	if (time_zone->zone == NULL) {
		free(time_zone->name);
		free(time_zone);
		return NULL;
	}
	policy->time_zones[policy->time_zone_count++] = time_zone;
	return time_zone;
}

/* As loader_path(), and what glob() would read in the directory is escaped:
 * only the value itself is a pattern. */
static char *
glob_path(struct loader *loader, const struct token *token)
{
	const char *file = token->where.file, *slash = strrchr(file, '/');
	char *path = malloc(2 * strlen(file) + token->length + 1), *at = path;

	if (path == NULL) {
		diag_no_memory(loader->diag);
		return NULL;
	}
	if (slash != NULL && token->text[0] != '/')
		for (; file <= slash; file++) {
			if (strchr("\\*?[{~", *file) != NULL)
				*at++ = '\\';
			*at++ = *file;
		}
	memcpy(at, token->text, token->length);
	at[token->length] = '\0';
	return path;
}

/* Reads the files that a pattern matched, and has their names recorded before
 * any of them, for they may include others. */
static void
read_matches(struct loader *loader, const struct token *value,
	const struct reading *reading, char **names, size_t count)
{
	struct tape *tape = loader->options->tape;
	char number[24];
	size_t i;

	snprintf(number, sizeof(number), "%zu", count);
	if (tape != NULL && !tape_replays(tape))
		tape_put(tape, TAPE_GLOB, value->text, value->length, number,
			strlen(number));
	for (i = 0; tape != NULL && !tape_replays(tape) && i < count; i++)
		tape_put(tape, TAPE_PATH, names[i], strlen(names[i]), "", 0);
	for (i = 0; i < count; i++)
		read_file(loader, names[i], value->where, reading);
	if (count == 0)
		diag_warning(loader->diag, value->where,
			"\"%s\" matches no file", loader_quote(value).text);
}

static void
replay_all(struct loader *loader, const struct token *value,
	const struct reading *reading)
{
	struct tape_item item;
	char number[24] = "", **names;
	size_t i, got, count;

	if (tape_take(loader->options->tape, TAPE_GLOB, &item) != 0 ||
	    item.content_length >= sizeof(number)) {
		report_damage(loader);
		return;
	}
	memcpy(number, item.content, item.content_length);
	count = strtoul(number, NULL, 10);
	names = calloc(count + 1, sizeof(*names));
	if (names == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	for (got = 0; got < count; got++)
		if ((names[got] = loader_replay_name(loader, TAPE_PATH)) ==
		    NULL)
			break;
	if (got == count)
		read_matches(loader, value, reading, names, count);
	for (i = 0; i < got; i++)
		free(names[i]);
	free(names);
}

static void
include_all(struct loader *loader, const struct token *value,
	const struct reading *reading)
{
	char *path;
	glob_t found;

	if (tape_replays(loader->options->tape)) {
		replay_all(loader, value, reading);
		return;
	}
	path = glob_path(loader, value);
	if (path == NULL)
		return;
	switch (glob(path, GLOB_ERR | GLOB_BRACE, NULL, &found)) {
	case 0:
		read_matches(loader, value, reading, found.gl_pathv,
			found.gl_pathc);
		globfree(&found);
		break;
	case GLOB_NOMATCH:
		read_matches(loader, value, reading, NULL, 0);
		break;
	case GLOB_NOSPACE:
		diag_no_memory(loader->diag);
		break;
	default:
		diag_error(loader->diag, value->where, "cannot list \"%s\": "
			"%s", loader_quote(value).text, strerror(errno));
	}
	free(path);
}

static void
include(struct loader *loader, const struct token *value,
	const struct reading *reading)
{
	char *path;
	size_t i;

	for (i = 0; i < value->length; i++)
		if (strchr("*?[{", value->text[i]) != NULL) {
			include_all(loader, value, reading);
			return;
		}
	path = loader_path(loader, value);
	if (path != NULL)
		read_file(loader, path, value->where, reading);
	free(path);
}

static const char *
attributes_here(const struct loader *loader)
{
	switch (loader->clause) {
	case CLAUSE_BITSINK:
		return "an option of the bitsink: clause, group: or include:";
	case CLAUSE_GROUP:
		return "an option of the group: clause, group:, bitsink: or "
			"include:";
	case CLAUSE_NONE:
		break;
	}
	return "bitsink:, group: or include:";
}

/* Takes one attribute, and its value where it has one. */
static void
take(struct loader *loader, struct lexer *lexer, const struct token *attribute,
	const struct reading *reading)
{
	struct token value;
	unsigned number = 0;
	int included = token_is(attribute, "include");
	int toplevel = token_is(attribute, "include-toplevel");

	if (token_is(attribute, "bitsink")) {
		loader->clause = CLAUSE_BITSINK;
		return;
	}
	if (token_is(attribute, "group")) {
		options_begin_group(loader, attribute->where);
		return;
	}
	if (!included && !toplevel &&
	    !options_find(loader, attribute, &number)) {
		diag_error(loader->diag, attribute->where,
			"found \"%s:\", expected %s",
			loader_quote(attribute).text, attributes_here(loader));
		lexer_skip_line(lexer);
		return;
	}
	if (lexer_value(lexer, attribute, &value, loader->diag) !=
	    LEXER_WORD) {
		if (!included && !toplevel)
			options_wrong(loader, number);
		return;
	}
	if (toplevel)
		loader->clause = CLAUSE_NONE;
	if (included || toplevel)
		include(loader, &value, reading);
	else
		options_set(loader, number, attribute, &value);
	if (toplevel)
		loader->clause = CLAUSE_NONE;
}

static void
parse(struct loader *loader, const struct file *file,
	const struct reading *reading)
{
	uint16_t source = loader->source;
	struct lexer lexer;
	struct token attribute;
	size_t dropped = 0;

	lexer_start(&lexer, file);
	for (;;) {
		file_drop(file, lexer.at, &dropped);
		enum lexer_result result = lexer_attribute(&lexer, &attribute,
			loader->diag);

		if (result == LEXER_END)
			return;
		if (result != LEXER_WORD)
			continue;
		take(loader, &lexer, &attribute, reading);
		loader->source = source; /* an include has another */
	}
}

static int
is_cycle(const struct reading *reading)
{
	const struct reading *outer;

	for (outer = reading->outer; outer != NULL; outer = outer->outer)
		if (outer->device == reading->device &&
		    outer->inode == reading->inode)
			return 1;
	return 0;
}

static void
read_file(struct loader *loader, const char *name, struct origin where,
	const struct reading *outer)
{
	struct reading reading = { outer, 0, 0, outer ? outer->depth + 1 : 0 };
	struct stat status;
	struct file file;

	/* What is replayed was no cycle. */
	if (!tape_replays(loader->options->tape) &&
	    stat(name, &status) == 0) {
		reading.device = status.st_dev;
		reading.inode = status.st_ino;
		if (is_cycle(&reading)) {
			diag_error(loader->diag, where, "\"%s\" is being read "
				"already, expected no file to include itself",
				name);
			return;
		}
	}
	if (reading.depth > INCLUDE_DEPTH_MAX) {
		diag_error(loader->diag, where, "found include number %u "
			"inside each other, expected at most %u",
			reading.depth, INCLUDE_DEPTH_MAX);
		return;
	}
	if (loader_add_source(loader, name, where) != 0)
		return;
	name = loader->policy->sources[loader->source];
	if (loader_read(loader, &file, name, where) != 0)
		return;
	parse(loader, &file, &reading);
	file_free(&file);
}

static void
loader_clear(struct loader *loader)
{
	site_clear(&loader->site);
	region_free(loader->region);
	region_free(loader->members);
}

static void
load(struct loader *loader, const char *path)
{
	struct origin nowhere = { path, 0, 0 };
	size_t errors = loader->diag->errors;

	read_file(loader, path, nowhere, NULL);
	/* A file cut short must not set everybody free. */
	if (loader->policy->group_count == 0 &&
	    loader->diag->errors == errors)
		diag_error(loader->diag, nowhere, "found no group, expected at "
			"least one \"group:\" clause");
	options_end(loader);
	members_build(loader);
	lists_load(loader);
	members_build_site(loader);
	if (loader->diag->errors == errors)
		check_policy(loader);
}

/* The policy's name is that of the first file. */
static void
replay(struct loader *loader)
{
	struct tape_item first;
	char *path;

	if (tape_peek(loader->options->tape, TAPE_FILE, &first) != 0) {
		report_damage(loader);
		return;
	}
	path = strndup(first.name, first.name_length);
	if (path == NULL)
		diag_no_memory(loader->diag);
	else
		load(loader, path);
	free(path);
}

struct policy *
policy_load(const char *path, const struct policy_options *options,
	struct diag *diag)
{
	struct loader loader;
	struct policy *policy = calloc(1, sizeof(*policy));
	size_t errors = diag->errors;

	memset(&loader, 0, sizeof(loader));
	loader.region = region_new();
	loader.members = region_new();
	if (policy != NULL)
		policy->region = region_new();
	if (policy == NULL || policy->region == NULL ||
	    loader.region == NULL || loader.members == NULL) {
		diag_no_memory(diag);
		loader_clear(&loader);
		policy_free(policy);
		return NULL;
	}
	loader.policy = policy;
	loader.options = options;
	loader.diag = diag;
	options_begin(&loader);
	members_read_site(&loader);
	if (tape_replays(options->tape))
		replay(&loader);
	else
		load(&loader, path);
	loader_clear(&loader);
	if (diag->errors > errors) {
		policy_free(policy);
		return NULL;
	}
	return policy;
}
