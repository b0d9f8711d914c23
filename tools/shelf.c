/*
 * shelf.c - the lists that names seen in audit may stand in.
 *
 * They are read as the module reads them: a policy that names them all is put
 * on a tape, with the files, and loaded from there.
 */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "file.h"
#include "found.h"
#include "suggest.h"

/* A list is proposed where names need as many of its patterns, or all it has,
 * and one of so many. */
#define NEEDED_MIN 3u
#define NEEDED_SHARE 4u

/* Tells our own list from files: no file has an empty path. */
#define OWN_PATH ""
#define OWN_NAME "microsoft"

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

/* --- The tape. */

static void
put_policy(struct tape *tape, const struct found_lists *found)
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
	for (i = 0; i < found->count; i++)
		fprintf(out, " allow-list: \"%s\"\n", found->lists[i].name);
	if (fclose(out) == 0)
		tape_put(tape, TAPE_FILE, "lists", strlen("lists"), text,
			length);
	else
		tape->broken = 1;
	free(text);
}

/* What cannot be read is in DIAG. */
static void
put_lists(struct tape *tape, const struct found_lists *found, struct diag *diag)
{
	size_t i;

	found_put(tape, OWN_PATH, own_list, strlen(own_list));
	for (i = 0; i < found->count; i++) {
		const char *path = found->lists[i].path;
		struct origin nowhere = { path, 0, 0 };
		struct file file;

		if (file_read(&file, path, nowhere, diag) != 0)
			continue;
		found_put(tape, path, file.text, file.length);
		file_free(&file);
	}
}

static enum session_code
load(struct shelf *shelf, const struct session *session,
	const struct found_lists *found)
{
	enum session_code code = SESSION_DONE;
	struct tape tape;
	struct diag diag;

	memset(&tape, 0, sizeof(tape));
	memset(&diag, 0, sizeof(diag));
	put_policy(&tape, found);
	put_lists(&tape, found, &diag);
	if (diag.errors > 0) {
		code = offline_errors(session, "the lists", &diag);
	} else if (found_rewind(&tape) != 0) {
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
	struct found_lists found;
	enum session_code code = found_search(&found, session, NULL);
	size_t i;

	if (code == SESSION_DONE)
		code = load(shelf, session, &found);
	found_clear(&found);
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
