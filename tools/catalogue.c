/*
 * catalogue.c - "bitsinkctl lists": which lists there are, or what is in one.
 *
 * The printer gets records, as from the module. One a list:
 *
 *   list name= title= purpose= without= date= patterns= errors= file= other=
 *
 * where title, purpose, without and date are what the list's own comments tell,
 * and other is the file that this one goes before. Where one list is asked for,
 * these follow, each line of it and each row in it:
 *
 *   text line=
 *   row line= pattern= ports= note=
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "found.h"
#include "lists.h"
#include "session.h"

/* Room for what a comment tells; what is longer is cut. */
#define FIELD_OCTETS 2048

/* What the comments at the beginning of a list tell. */
struct head {
	char title[FIELD_OCTETS];
	char purpose[FIELD_OCTETS];
	char without[FIELD_OCTETS];
	char date[FIELD_OCTETS];
};

/* Octets that are not ended by a NUL. */
struct span {
	const char *at;
	size_t length;
};

struct catalogue {
	const struct session *session;
	struct record_writer writer;
	/* What is wrong with the lists. */
	struct diag diag;
};

/* --- Lines. */

/* Takes the next line of TEXT, without its end. 0 where there is none. */
static int
next_line(struct span *text, struct span *line)
{
	const char *end = memchr(text->at, '\n', text->length);

	if (text->length == 0)
		return 0;
	line->at = text->at;
	line->length = end != NULL ? (size_t)(end - text->at) : text->length;
	text->at += line->length + (end != NULL);
	text->length -= line->length + (end != NULL);
	if (line->length > 0 && line->at[line->length - 1] == '\r')
		line->length--;
	return 1;
}

static void
skip_blanks(struct span *line)
{
	while (line->length > 0 && (*line->at == ' ' || *line->at == '\t')) {
		line->at++;
		line->length--;
	}
}

/* Takes WORD away where the line begins with it. */
static int
begins(struct span *line, const char *word)
{
	size_t length = strlen(word);

	if (line->length < length || memcmp(line->at, word, length) != 0)
		return 0;
	line->at += length;
	line->length -= length;
	return 1;
}

/* --- The comments at the beginning. */

/* A space goes before what is not the first. */
static void
append(char *field, struct span line)
{
	size_t used = strlen(field), room;

	skip_blanks(&line);
	if (used > 0 && used + 1 < FIELD_OCTETS)
		field[used++] = ' ';
	room = FIELD_OCTETS - 1 - used;
	if (line.length > room)
		line.length = room;
	memcpy(field + used, line.at, line.length);
	field[used + line.length] = '\0';
}

/* The field that a comment begins or goes on with; NULL for none. */
static char *
field_of(struct head *head, const char *name, struct span *line, char *before)
{
	struct span title = *line;

	/* More spaces go on. */
	if (line->length > 1 && line->at[0] == ' ' && line->at[1] == ' ')
		return before;
	skip_blanks(line);
	if (begins(line, "Purpose:"))
		return head->purpose;
	if (begins(line, "Without it:"))
		return head->without;
	if (begins(line, "Date:"))
		return head->date;
	skip_blanks(&title);
	if (head->title[0] == '\0' && begins(&title, name) &&
	    begins(&title, " - ")) {
		*line = title;
		return head->title;
	}
	return NULL;
}

static void
read_head(struct head *head, const char *name, struct span text)
{
	char *field = NULL;
	struct span line;

	memset(head, 0, sizeof(*head));
	while (next_line(&text, &line) && begins(&line, "#")) {
		field = field_of(head, name, &line, field);
		if (field != NULL)
			append(field, line);
	}
}

/* --- Patterns. */

static void
count_pattern(void *context, const struct names_rule *rule, const char *text)
{
	size_t *count = context;

	(void)rule;
	(void)text;
	++*count;
}

/* A policy that allows the one list. */
static void
put_policy(struct tape *tape, const char *name)
{
	char *text;
	int length = asprintf(&text, "group:\n name: \"lists\"\n"
		" client: 192.0.2.1\n allow-list: \"%s\"\n", name);

	if (length < 0) {
		tape->broken = 1;
		return;
	}
	tape_put(tape, TAPE_FILE, "lists", strlen("lists"), text,
		(size_t)length);
	free(text);
}

/* Errors of the list are those of both. */
static void
take_items(struct diag *all, const struct diag *diag)
{
	size_t i;

	for (i = 0; i < diag->kept; i++) {
		const struct diag_item *item = &diag->items[i];
		char file[FIELD_OCTETS];
		struct origin where = { file, item->line, item->column };

		if (item->severity != DIAG_ERROR)
			continue;
		snprintf(file, sizeof(file), "%.*s", (int)item->file_length,
			item->text);
		diag_error(all, where, "%s", item->text + item->message);
	}
}

/* Reads the list as the module does. *PATTERNS is how many it has. */
static enum session_code
judge(struct catalogue *catalogue, const struct found_list *list,
	const struct file *file, size_t *patterns, size_t *errors)
{
	enum session_code code = SESSION_DONE;
	struct policy *policy = NULL;
	struct tape tape;
	struct diag diag;

	memset(&tape, 0, sizeof(tape));
	memset(&diag, 0, sizeof(diag));
	put_policy(&tape, list->name);
	found_put(&tape, list->path, file->text, file->length);
	if (found_rewind(&tape) != 0)
		code = session_printed(catalogue->session, -1, SESSION_DONE);
	else
		policy = offline_load(catalogue->session, NULL, &tape, 0,
			&diag, &code);
	if (policy != NULL)
		names_missing(policy->lists[0]->names, NULL, count_pattern,
			patterns);
	*errors = diag.errors;
	take_items(&catalogue->diag, &diag);
	policy_free(policy);
	diag_clear(&diag);
	tape_clear(&tape);
	return code;
}

/* --- Records. */

static void
put_field(struct record_writer *writer, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		record_text(writer, key, value);
}

static void
put_list(struct record_writer *writer, const struct found_list *list,
	const struct head *head, size_t patterns, size_t errors)
{
	record_begin(writer, "list");
	record_text(writer, "name", list->name);
	put_field(writer, "title", head->title);
	put_field(writer, "purpose", head->purpose);
	put_field(writer, "without", head->without);
	put_field(writer, "date", head->date);
	if (errors == 0)
		record_number(writer, "patterns", patterns);
	record_number(writer, "errors", errors);
	record_text(writer, "file", list->path);
	put_field(writer, "other", list->other);
	record_end(writer);
}

/* The line is one of the file. */
static void
put_row(struct record_writer *writer, const struct file *file,
	struct span line, uint64_t number)
{
	size_t start = (size_t)(line.at - file->text);
	struct list_line row = { file, start, start, (unsigned)number };
	char ports[FIELD_OCTETS] = "";
	struct token word;

	lists_pattern(&row, &word);
	if (word.length == 0)
		return;
	record_begin(writer, "row");
	record_number(writer, "line", number);
	record_octets(writer, "pattern", word.text, word.length);
	for (lists_port(&row, &word); word.length > 0; lists_port(&row, &word))
		append(ports, (struct span){ word.text, word.length });
	record_text(writer, "ports", ports);
	if (*word.text == '#') {
		line.length -= (size_t)(word.text + 1 - line.at);
		line.at = word.text + 1;
		skip_blanks(&line);
		record_octets(writer, "note", line.at, line.length);
	}
	record_end(writer);
}

static void
put_lines(struct record_writer *writer, const struct file *file, size_t errors)
{
	struct span text = { file->text, file->length }, line;
	uint64_t number = 0;

	while (next_line(&text, &line)) {
		record_begin(writer, "text");
		record_octets(writer, "line", line.at, line.length);
		record_end(writer);
		number++;
		if (errors == 0)
			put_row(writer, file, line, number);
	}
}

/* One that cannot be read is listed all the same: it goes before others. */
static enum session_code
put_found(struct catalogue *catalogue, const struct found_list *list,
	int with_lines)
{
	struct origin nowhere = { list->path, 0, 0 };
	enum session_code code = SESSION_DONE;
	size_t patterns = 0, errors = 1;
	struct file file;
	struct head head;

	memset(&head, 0, sizeof(head));
	if (file_read(&file, list->path, nowhere, &catalogue->diag) != 0) {
		put_list(&catalogue->writer, list, &head, 0, 1);
		return SESSION_DONE;
	}
	read_head(&head, list->name,
		(struct span){ file.text, file.length });
	code = judge(catalogue, list, &file, &patterns, &errors);
	put_list(&catalogue->writer, list, &head, patterns, errors);
	if (with_lines)
		put_lines(&catalogue->writer, &file, errors);
	file_free(&file);
	return code;
}

/* --- What is asked for. */

static enum session_code
no_list(const struct session *session, const struct found_lists *found,
	const char *name)
{
	char names[SESSION_WRONG / 2] = "";
	size_t i, used = 0;

	if (found->count == 0)
		return session_error(session, SESSION_USAGE, "found no list "
			"\"%s\", expected a file \"%s.list\" in a list "
			"directory", name, name);
	for (i = 0; i < found->count && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
			"%s%s", i > 0 ? ", " : "", found->lists[i].name);
	return session_error(session, SESSION_USAGE, "found no list \"%s\", "
		"expected one of: %s", name, names);
}

static enum session_code
put_wanted(struct catalogue *catalogue, const struct found_lists *found)
{
	const struct arguments *arguments = &catalogue->session->arguments;
	const char *name = arguments->count > 0 ? arguments->words[0] : NULL;
	enum session_code code = SESSION_DONE;
	size_t i, wanted = 0;

	for (i = 0; i < found->count && code == SESSION_DONE; i++)
		if (name == NULL || strcmp(found->lists[i].name, name) == 0) {
			code = put_found(catalogue, &found->lists[i],
				name != NULL);
			wanted++;
		}
	if (name != NULL && wanted == 0)
		return no_list(catalogue->session, found, name);
	return code;
}

static enum session_code
print(struct catalogue *catalogue)
{
	const struct session *session = catalogue->session;
	int one = session->arguments.count > 0;
	enum session_code code;
	struct reply reply;

	code = session_reply(session, &catalogue->writer, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session, one
			? session->printer->list(&reply, &catalogue->diag)
			: session->printer->lists(&reply, &catalogue->diag),
			catalogue->diag.errors > 0 ? SESSION_NO
			: SESSION_DONE);
	reply_clear(&reply);
	return code;
}

/* The policy of --config, for its directories alone. */
static enum session_code
read_policy(const struct session *session, struct policy **policy)
{
	const char *path = session->arguments.options[OPTION_CONFIG];
	enum session_code code = SESSION_DONE;
	struct diag diag;

	if (path == NULL)
		return SESSION_DONE;
	*policy = offline_load(session, path, NULL, 0, &diag, &code);
	if (*policy == NULL && code == SESSION_DONE)
		code = offline_errors(session, path, &diag);
	diag_clear(&diag);
	return code;
}

enum session_code
catalogue_run(const struct session *session)
{
	struct catalogue catalogue;
	struct found_lists found;
	struct policy *policy = NULL;
	enum session_code code = read_policy(session, &policy);

	memset(&catalogue, 0, sizeof(catalogue));
	memset(&found, 0, sizeof(found));
	catalogue.session = session;
	if (code == SESSION_DONE)
		code = found_search(&found, session, policy);
	if (code == SESSION_DONE)
		code = put_wanted(&catalogue, &found);
	if (code == SESSION_DONE)
		code = print(&catalogue);
	record_clear(&catalogue.writer);
	diag_clear(&catalogue.diag);
	found_clear(&found);
	policy_free(policy);
	return code;
}
