/*
 * shelf.c - the lists that names seen in audit may stand in.
 *
 * They are read as the module reads them: a policy that names them all is put
 * on a tape, with the files, and loaded from there.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "domain.h"
#include "file.h"
#include "suggest.h"

/* A list is proposed where names need as many of its patterns, or all it has,
 * and one of so many. */
#define NEEDED_MIN 3u
#define NEEDED_SHARE 4u

/* Tells our own list from files: no file has an empty path. */
#define OWN_PATH ""
#define OWN_NAME "microsoft"

#define NAME_END ".list"

/*
 * Where Microsoft's own documents tell that names vary (Manage connection
 * endpoints for Windows 11; Windows Update troubleshooting; WSUS; Configuration
 * Manager internet endpoints; Delivery Optimization; Defender): these zones are
 * Microsoft's, so that labels in them are not somebody else's data. Zones of
 * networks that deliver for others stand in these documents too, and not here.
 */
static const char own_list[] =
	"*.update.microsoft.com\n"
	"*.windowsupdate.microsoft.com\n"
	"*.windowsupdate.com\n"
	"*.delivery.mp.microsoft.com\n"
	"*.do.dsp.mp.microsoft.com\n"
	"*.emdl.ws.microsoft.com\n"
	"*.download.microsoft.com\n"
	"*.officecdn.microsoft.com\n"
	"*.office.delivery.microsoft.com\n"
	"*.cdn.office.net\n"
	"*.endpoint.security.microsoft.com\n"
	"*.events.data.microsoft.com\n"
	"*.manage.microsoft.com\n"
	"*.wd.microsoft.com\n"
	"*.wdcp.microsoft.com\n"
	"*.wdcpalt.microsoft.com\n"
	"*.wns.windows.com\n"
	"*.sls.microsoft.com\n"
	"watson.*.microsoft.com\n";

/* --- Files. */

/* Lists by name, with the file of each; the first of a name counts. */
struct found {
	char *name;
	char *path;
};

struct search {
	struct found *found;
	size_t count;
	int failed;
};

/* What can stand between quotes, and in a path, as it is. */
static int
is_plain(const char *name)
{
	return name[0] != '.' && strspn(name, "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

static void
add_found(struct search *search, const char *directory, const char *file)
{
	size_t i, length = strlen(file) - strlen(NAME_END);
	struct found *found;
	char *path;

	for (i = 0; i < search->count; i++)
		if (strlen(search->found[i].name) == length &&
		    memcmp(search->found[i].name, file, length) == 0)
			return;
	found = reallocarray(search->found, search->count + 1,
		sizeof(*found));
	if (found == NULL) {
		search->failed = 1;
		return;
	}
	search->found = found;
	found += search->count;
	found->name = strndup(file, length);
	if (found->name == NULL ||
	    asprintf(&path, "%s/%s", directory, file) < 0) {
		free(found->name);
		search->failed = 1;
		return;
	}
	found->path = path;
	search->count++;
}

/* 0, or -1 with errno where DIRECTORY cannot be read. */
static int
search_directory(struct search *search, const char *directory)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;

	if (stream == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	while ((entry = readdir(stream)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > strlen(NAME_END) && is_plain(entry->d_name) &&
		    strcmp(entry->d_name + length - strlen(NAME_END),
		    NAME_END) == 0)
			add_found(search, directory, entry->d_name);
	}
	closedir(stream);
	return 0;
}

static int
compare_found(const void *va, const void *vb)
{
	const struct found *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static void
search_clear(struct search *search)
{
	size_t i;

	for (i = 0; i < search->count; i++) {
		free(search->found[i].name);
		free(search->found[i].path);
	}
	free(search->found);
}

static enum session_code
search_all(struct search *search, const struct session *session)
{
	const char *own = session->arguments.options[OPTION_LISTS];
	const char *directories[] = { BITSINK_SYSCONF_LISTS,
		BITSINK_DATA_LISTS };
	size_t i, count = own != NULL ? 1 : 2;

	if (own != NULL)
		directories[0] = own;
	for (i = 0; i < count; i++)
		if (search_directory(search, directories[i]) != 0)
			return session_error(session, SESSION_USAGE, "cannot "
				"read the directory \"%s\": %s",
				directories[i], strerror(errno));
	if (search->failed)
		return session_printed(session, -1, SESSION_DONE);
	if (search->count > 0)
		qsort(search->found, search->count, sizeof(*search->found),
			compare_found);
	return SESSION_DONE;
}

/* --- The tape. */

static void
put_policy(struct tape *tape, const struct search *search)
{
	static const char begin[] = "group:\n name: \"lists\"\n"
		" client: 192.0.2.1\n allow-list: \"" OWN_NAME "\"\n";
	char *text = NULL;
	size_t i, length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL) {
		tape->broken = 1;
		return;
	}
	fputs(begin, out);
	for (i = 0; i < search->count; i++)
		fprintf(out, " allow-list: \"%s\"\n", search->found[i].name);
	if (fclose(out) == 0)
		tape_put(tape, TAPE_FILE, "lists", strlen("lists"), text,
			length);
	else
		tape->broken = 1;
	free(text);
}

static void
put_list(struct tape *tape, const char *path, const char *text, size_t length)
{
	tape_put(tape, TAPE_LIST, path, strlen(path), "", 0);
	tape_put(tape, TAPE_FILE, path, strlen(path), text, length);
}

/* What cannot be read is in DIAG. */
static void
put_lists(struct tape *tape, const struct search *search, struct diag *diag)
{
	size_t i;

	put_list(tape, OWN_PATH, own_list, strlen(own_list));
	for (i = 0; i < search->count; i++) {
		const char *path = search->found[i].path;
		struct origin nowhere = { path, 0, 0 };
		struct file file;

		if (file_read(&file, path, nowhere, diag) != 0)
			continue;
		put_list(tape, path, file.text, file.length);
		file_free(&file);
	}
}

/* From recording to replaying, for which the tape gives its memory away. */
static int
rewind_tape(struct tape *tape)
{
	struct tape recorded = *tape;

	if (tape_finish(&recorded) != 0) {
		*tape = recorded;
		return -1;
	}
	return tape_open(tape, recorded.memory, recorded.length);
}

static enum session_code
load(struct shelf *shelf, const struct session *session,
	const struct search *search)
{
	enum session_code code = SESSION_DONE;
	struct tape tape;
	struct diag diag;

	memset(&tape, 0, sizeof(tape));
	memset(&diag, 0, sizeof(diag));
	put_policy(&tape, search);
	put_lists(&tape, search, &diag);
	if (diag.errors > 0) {
		code = offline_errors(session, "the lists", &diag);
	} else if (rewind_tape(&tape) != 0) {
		code = session_printed(session, -1, SESSION_DONE);
	} else {
		shelf->policy = offline_load(session, NULL, &tape, 0, &diag,
			&code);
		if (shelf->policy == NULL && code == SESSION_DONE)
			code = offline_errors(session, "the lists", &diag);
	}
	diag_clear(&diag);
	tape_clear(&tape);
	return code;
}

/* --- What they are. */

static int
is_own(const struct shelf_list *list)
{
	return list->list->file[0] == '\0';
}

/* Whether a pattern allows what is below a domain, or more. */
static int
is_wide(const struct pattern *pattern)
{
	const struct name *name = &pattern->name;
	unsigned i, domain = domain_labels(name), fixed = name->labels;

	/* Labels in front of the last wildcard do not make it narrower. */
	for (i = 0; i < name->labels; i++)
		if (pattern->star[i] != 0)
			fixed = name->labels - 1u - i;
	if (fixed < name->labels)
		return fixed < domain;
	return (pattern->scope & PATTERN_BELOW) && fixed <= domain;
}

static void
count_pattern(void *context, const struct names_rule *rule, const char *text)
{
	struct shelf_list *list = context;
	struct pattern_error error;
	struct pattern pattern;

	(void)rule;
	list->patterns++;
	if (pattern_from_text(&pattern, text, strlen(text), &error) == 0 &&
	    is_wide(&pattern))
		list->wide_patterns++;
}

int
shelf_is_wide(const struct shelf_list *list)
{
	return !is_own(list) && list->wide_patterns * 2 >= list->patterns;
}

enum session_code
shelf_open(struct shelf *shelf, const struct session *session)
{
	struct search search = { NULL, 0, 0 };
	enum session_code code = search_all(&search, session);
	size_t i;

	if (code == SESSION_DONE)
		code = load(shelf, session, &search);
	search_clear(&search);
	if (code != SESSION_DONE)
		return code;
	shelf->count = shelf->policy->list_count;
	shelf->lists = calloc(shelf->count, sizeof(*shelf->lists));
	if (shelf->lists == NULL)
		return session_printed(session, -1, SESSION_DONE);
	for (i = 0; i < shelf->count; i++) {
		struct shelf_list *list = &shelf->lists[i];

		list->list = shelf->policy->lists[i];
		names_missing(list->list->names, NULL, count_pattern, list);
	}
	return SESSION_DONE;
}

void
shelf_close(struct shelf *shelf)
{
	free(shelf->lists);
	policy_free(shelf->policy);
}

/* --- What stands in them. */

static int
has(const struct shelf_list *list, const struct name *name,
	struct names_match *match)
{
	match->rule = NULL;
	names_find(list->list->names, name, NAMES_NO_RULE, match);
	return match->rule != NULL;
}

int
shelf_vouches(const struct shelf *shelf, const struct name *name)
{
	struct names_match match;
	size_t i;

	for (i = 0; i < shelf->count; i++)
		if (!shelf_is_wide(&shelf->lists[i]) &&
		    has(&shelf->lists[i], name, &match))
			return 1;
	return 0;
}

const struct shelf_list *
shelf_find(const struct shelf *shelf, const struct name *name)
{
	const struct shelf_list *best = NULL;
	struct names_match match, best_match;
	size_t i;

	for (i = 0; i < shelf->count; i++) {
		const struct shelf_list *list = &shelf->lists[i];
		int order;

		if (is_own(list) || !has(list, name, &match))
			continue;
		order = best == NULL ? 1 : memcmp(match.specificity,
			best_match.specificity, sizeof(match.specificity));
		if (order > 0 || (order == 0 && shelf_is_wide(best) &&
		    !shelf_is_wide(list))) {
			best = list;
			best_match = match;
		}
	}
	return best;
}

/* --- Which to propose. */

/* Counts the names that LIST would be proposed for, and the patterns that they
 * need; USED has an element for each pattern. Returns -1 where it allows what
 * the policy denies. */
static int
count_needs(struct shelf_list *list, const struct suggestion *suggestion,
	uint8_t *used)
{
	const struct names *names = list->list->names;
	struct names_match match;
	size_t i;

	list->names = list->needed = 0;
	memset(used, 0, names_rules(names));
	for (i = 0; i < suggestion->count; i++) {
		const struct seen *seen = &suggestion->seen[i];
		uint32_t rule;

		if (seen->by_list != NULL || !has(list, &seen->name, &match))
			continue;
		if (seen->doubts & DOUBT_DENIED)
			return -1;
		if (seen->doubts != 0)
			continue;
		rule = names_number(names, match.rule);
		list->names++;
		list->needed += !used[rule];
		used[rule] = 1;
	}
	return 0;
}

static int
is_needed(const struct shelf_list *list)
{
	size_t enough = list->patterns < NEEDED_MIN ? list->patterns
		: NEEDED_MIN;

	return list->needed >= enough && list->needed > 0 &&
		list->needed * NEEDED_SHARE >= list->patterns;
}

/* The list for most of the names that have none; of equals the one with fewer
 * patterns. NULL where none is worth it. *FAILED: memory is out. */
static struct shelf_list *
choose_one(struct suggestion *suggestion, int *failed)
{
	struct shelf *shelf = &suggestion->shelf;
	struct shelf_list *best = NULL;
	size_t i;

	for (i = 0; i < shelf->count; i++) {
		struct shelf_list *list = &shelf->lists[i];
		uint8_t *used;
		int result;

		if (is_own(list) || list->proposed || shelf_is_wide(list))
			continue;
		used = malloc(names_rules(list->list->names) + 1u);
		if (used == NULL) {
			*failed = 1;
			return NULL;
		}
		result = count_needs(list, suggestion, used);
		free(used);
		if (result == 0 && is_needed(list) && (best == NULL ||
		    list->names > best->names || (list->names == best->names &&
		    list->patterns < best->patterns)))
			best = list;
	}
	return best;
}

/* What a list allows is allowed by it, whatever is to be said against it; but
 * targets need no allow, and to tell that helps. */
static void
take_names(struct suggestion *suggestion, struct shelf_list *list)
{
	struct names_match match;
	size_t i;

	list->proposed = 1;
	list->names = 0;
	for (i = 0; i < suggestion->count; i++) {
		struct seen *seen = &suggestion->seen[i];

		if (seen->by_list == NULL && !(seen->doubts & DOUBT_TARGET) &&
		    has(list, &seen->name, &match)) {
			seen->by_list = list;
			list->names++;
		}
	}
}

int
shelf_choose(struct suggestion *suggestion)
{
	struct shelf_list *list;
	int failed = 0;

	while ((list = choose_one(suggestion, &failed)) != NULL)
		take_names(suggestion, list);
	return failed ? -1 : 0;
}
