/*
 * fuzz_policy.c - reading policy files and lists.
 *
 * The input is a policy file. What follows a line "%%" in it is another file,
 * which include: finds under the name "included" and allow-list: under the name
 * "included", wherever they look for it; no other file is there. The input
 * is also read as a list that a good policy names. The host has the tags "t"
 * and "u" and the view "v". What loads must load alike with another key for the
 * hashes, and from the tape of what was read; and it must decide as its
 * patterns say by their definition.
 *
 * Files are in memory, and read as /proc/self/fd/N; the calls that open files
 * and look for them are wrapped, so that the input reaches nothing else.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"
#include "tape.h"

#define INCLUDED "/included"
#define INCLUDED_LIST "/included.list"

/* The linker gives these names to what the core calls. */
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_stat(const char *path, struct stat *status);
int __real_stat(const char *path, struct stat *status);
int __wrap_lstat(const char *path, struct stat *status);
int __real_lstat(const char *path, struct stat *status);
int __wrap_glob(const char *pattern, int flags,
	int (*error)(const char *, int), glob_t *found);
int __real_glob(const char *pattern, int flags,
	int (*error)(const char *, int), glob_t *found);

/* A file of the input. */
struct text {
	int fd;
	char path[32];
};

/* What the host declares. */
static const char site[] = "tag name=t\ntag name=u\n"
	"client prefix=0.0.0.0/0\nclient prefix=10.0.0.0/8 tags=t\n"
	"client prefix=10.0.0.0/24\nclient prefix=192.0.2.0/24 tags=t view=v\n"
	"client prefix=192.0.2.1\nclient prefix=2001:db8::/32 view=v\n"
	"client prefix=::ffff:192.0.2.0/121 tags=u\n"
	"zone name=example.com. kind=stub\nzone name=a. kind=forward\n";

static struct text policy_text, included_text, list_text;
/* Whether the core is at work: libFuzzer opens files too. */
static int confined;

static int
ends_with(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length >= end_length &&
		strcmp(path + length - end_length, end) == 0;
}

static int
is_included(const char *path)
{
	return ends_with(path, INCLUDED) || ends_with(path, INCLUDED_LIST);
}

/* The file behind a name of the core's, NULL for none. */
static const char *
behind(const char *path)
{
	if (is_included(path))
		return included_text.path;
	if (strcmp(path, policy_text.path) == 0 ||
	    strcmp(path, list_text.path) == 0)
		return path;
	errno = ENOENT;
	return NULL;
}

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (!confined)
		return __real_open(path, flags, mode);
	path = behind(path);
	return path != NULL ? __real_open(path, flags) : -1;
}

int
__wrap_stat(const char *path, struct stat *status)
{
	if (confined)
		path = behind(path);
	return path != NULL ? __real_stat(path, status) : -1;
}

/* Links are followed: one to memory is what a name of /proc/self/fd is. */
int
__wrap_lstat(const char *path, struct stat *status)
{
	if (!confined)
		return __real_lstat(path, status);
	return __wrap_stat(path, status);
}

/* Finds the one file that there is, by its name. */
int
__wrap_glob(const char *pattern, int flags, int (*error)(const char *, int),
	glob_t *found)
{
	if (!confined)
		return __real_glob(pattern, flags, error, found);
	if (fnmatch(pattern, "/proc/self/fd" INCLUDED, 0) != 0)
		return GLOB_NOMATCH;
	return __real_glob("/proc/self/fd" INCLUDED, GLOB_NOCHECK, error,
		found);
}

/* --- Files. */

static void
new_text(struct text *text, const char *name)
{
	text->fd = memfd_create(name, MFD_CLOEXEC);
	if (text->fd < 0)
		exit(1);
	snprintf(text->path, sizeof(text->path), "/proc/self/fd/%d", text->fd);
}

static void
set_text(struct text *text, const void *octets, size_t length)
{
	if (ftruncate(text->fd, 0) != 0 ||
	    pwrite(text->fd, octets, length, 0) != (ssize_t)length)
		exit(1);
}

/* --- What must hold. */

/* No message has what a terminal or a log would act upon. */
static void
check_messages(const struct diag *diag)
{
	size_t i, errors = 0;

	for (i = 0; i < diag->kept; i++) {
		const char *p;

		errors += diag->items[i].severity == DIAG_ERROR;
		for (p = diag->items[i].text; *p != '\0'; p++)
			fuzz_check((unsigned char)*p >= ' ' && *p != 0x7f);
	}
	fuzz_check(diag->kept <= DIAG_KEPT_MAX);
	if (diag->errors + diag->warnings + diag->notes <= DIAG_KEPT_MAX)
		fuzz_check(errors == diag->errors && diag->kept ==
			diag->errors + diag->warnings + diag->notes);
}

static void
check_answers(const struct group *group)
{
	struct client_entry entry;
	size_t i, denied = 0;

	for (i = 0; group->answers != NULL &&
	    clients_entry(group->answers, i, &entry) == 0; i++) {
		fuzz_check(entry.group < group->answer_rule_count);
		fuzz_check(group->answer_rules[entry.group].where.line > 0);
		denied += group->answer_rules[entry.group].deny != 0;
	}
	fuzz_check((group->answers != NULL) == (denied > 0));
}

static void
check_group(const struct group *group)
{
	size_t i, length = strlen(group->name);

	fuzz_check(length > 0 && length <= GROUP_NAME_MAX);
	fuzz_check(group->action < ACTION_COUNT);
	fuzz_check(group->ttl <= 86400);
	fuzz_check(group->sinkholes4 <= GROUP_SINKHOLES_MAX);
	fuzz_check(group->sinkholes6 <= GROUP_SINKHOLES_MAX);
	fuzz_check(group->action != ACTION_SINKHOLE ||
		group->sinkholes4 + group->sinkholes6 > 0);
	fuzz_check(group->own != NULL && group->origin.line > 0);
	fuzz_check(group->window_action <= ACTION_COUNT);
	fuzz_check(group->window_action != ACTION_SINKHOLE ||
		group->sinkholes4 + group->sinkholes6 > 0);
	fuzz_check(group->window_count <= GROUP_WINDOWS_MAX);
	fuzz_check((group->zone == NULL) == (group->zone_name == NULL));
	for (i = 1; i < group->type_count; i++)
		fuzz_check(group->types[i - 1] < group->types[i]);
	check_answers(group);
}

/* What a decision says must agree with itself and with the policy. */
static void
check_decision(const struct policy *policy, const struct decision *decision)
{
	const struct group *group = decision->group;
	char text[GROUP_EXPLANATION_MAX + 1];

	if (decision->verdict == VERDICT_UNRESTRICTED) {
		fuzz_check(group == NULL);
		fuzz_check(decision->reason == REASON_NO_GROUP);
		return;
	}
	fuzz_check(group >= policy->groups &&
		group < policy->groups + policy->group_count);
	fuzz_check((decision->verdict == VERDICT_ALLOW) ==
		reason_allows(decision->reason));
	fuzz_check(decision->verdict == VERDICT_ALLOW ||
		(decision->verdict == VERDICT_AUDIT) == (group->audit != 0));
	/* Of quiet names some match a pattern, and some have one label. */
	fuzz_check(decision->reason == REASON_QUIET ||
		(decision->rule.file != NULL) ==
		(decision->reason == REASON_ALLOWED ||
		decision->reason == REASON_SITE ||
		decision->reason == REASON_DENIED));
	if (decision->verdict != VERDICT_ALLOW) {
		size_t octets = group_explain(group, decision->reason, text);

		fuzz_check(octets < sizeof(text) && text[octets] == '\0');
		fuzz_check(strlen(text) == octets);
	}
}

/* --- What the patterns say by their definition. */

/* With more patterns that takes its time. */
#define REFERENCE_PATTERNS 64

struct best {
	const char *found;
	int deny;
	uint8_t specificity[NAME_LABELS_MAX + 1];
};

static void
match_table(const struct names *names, const char *what,
	const struct name *name, struct best *best)
{
	uint8_t specificity[NAME_LABELS_MAX + 1];
	char text[NAMES_PATTERN_MAX];
	struct pattern_error error;
	struct pattern pattern;
	uint32_t i;
	int order;

	for (i = 0; names != NULL && i < names_rules(names); i++) {
		int deny = names_rule(names, i)->deny;

		names_pattern(names, i, text);
		if (text[0] == '\0')
			continue;
		fuzz_check(pattern_from_text(&pattern, text, strlen(text),
			&error) == 0);
		if (!pattern_matches(&pattern, name, specificity))
			continue;
		order = best->found == NULL ? 1 : memcmp(specificity,
			best->specificity, sizeof(specificity));
		if (order < 0 || (order == 0 && !(deny && !best->deny)))
			continue;
		best->found = what;
		best->deny = deny;
		memcpy(best->specificity, specificity, sizeof(specificity));
	}
}

static void
match_lists(const struct list *const *lists, size_t count,
	const struct name *name, struct best *best)
{
	size_t i;

	for (i = 0; i < count; i++)
		match_table(lists[i]->names, "list", name, best);
}

static int
reference_in_window(const struct group *group, int64_t now)
{
	int open = 0;
	size_t i;

	for (i = 0; i < group->window_count; i++)
		open |= window_is_open(&group->windows[i], group->zone, now);
	return open;
}

static int
reference_allows_type(const struct group *group, uint16_t qtype)
{
	size_t i;

	for (i = 0; i < group->type_count; i++)
		if (group->types[i] == qtype)
			return 1;
	return group->type_count == 0;
}

static enum reason
reference_reason(const struct policy *policy, const struct group *group,
	const struct query *query)
{
	struct best best = { .found = NULL }, quiet = { .found = NULL };
	struct name name;

	if (query->qclass != RRCLASS_IN && query->qclass != RRCLASS_ANY)
		return REASON_CLASS;
	if (name_from_wire(&name, query->qname, query->qname_len) != 0)
		return REASON_MALFORMED;
	match_table(group->own, "own", &name, &best);
	match_lists(group->lists, group->list_count, &name, &best);
	if (reference_in_window(group, query->now)) {
		match_table(group->window_own, "window", &name, &best);
		match_lists(group->window_lists, group->window_list_count,
			&name, &best);
	}
	if (group->allow_site_names)
		match_table(policy->site, "site", &name, &best);
	match_table(group->quiet, "quiet", &name, &quiet);
	match_lists(group->quiet_lists, group->quiet_list_count, &name,
		&quiet);
	if (best.found == NULL)
		return quiet.found != NULL || (group->quiet_single_labels &&
			name.labels == 1) ? REASON_QUIET : REASON_NOT_LISTED;
	if (best.deny)
		return REASON_DENIED;
	if (!reference_allows_type(group, query->qtype))
		return REASON_TYPE;
	return strcmp(best.found, "site") == 0 ? REASON_SITE : REASON_ALLOWED;
}

static const struct {
	const char *wire;
	size_t length;
	uint16_t qclass;
	uint16_t qtype;
	/* Hours of a Tuesday. */
	unsigned hour;
} questions[] = {
	{ "", 1, RRCLASS_IN, RRTYPE_A, 0 },
	{ "\1a", 3, RRCLASS_IN, RRTYPE_A, 0 },
	{ "\3www\7example\3com", 17, RRCLASS_IN, RRTYPE_A, 23 },
	{ "\3WWW\7eXample\3com", 17, RRCLASS_IN, RRTYPE_A, 0 },
	{ "\1*\7example\3com", 15, RRCLASS_IN, RRTYPE_AAAA, 12 },
	{ "\3www\7example\3com", 17, 3, RRTYPE_A, 23 },
	{ "\300\014", 2, RRCLASS_IN, RRTYPE_A, 0 },
	{ "\4wpad", 6, RRCLASS_IN, 65, 23 },
};

#define TUESDAY INT64_C(1704153600)

#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))
#define CLIENTS 3

static void
check_reason(const struct policy *policy, const struct query *query,
	const struct decision *decision)
{
	const struct group *group = decision->group;

	fuzz_check(decision->reason == reference_reason(policy, group, query));
	fuzz_check(decision->in_window == reference_in_window(group,
		query->now));
	fuzz_check(decision->action == policy_action(group, decision->reason,
		decision->in_window));
}

/* The decisions on some questions of some clients. */
static void
decide(const struct policy *policy, struct decision decisions[CLIENTS *
	QUESTIONS])
{
	static const char *const clients[CLIENTS] = {
		"192.0.2.1", "2001:db8::1", "10.0.0.1"
	};
	int is_small = policy->pattern_count <= REFERENCE_PATTERNS;
	struct query query;
	size_t i, k;

	for (i = 0; i < CLIENTS; i++) {
		fuzz_check(address_from_text(&query.client, clients[i]) == 0);
		for (k = 0; k < QUESTIONS; k++) {
			struct decision *decision =
				&decisions[i * QUESTIONS + k];

			query.qname = (const uint8_t *)questions[k].wire;
			query.qname_len = questions[k].length;
			query.qtype = questions[k].qtype;
			query.qclass = questions[k].qclass;
			query.now = TUESDAY + questions[k].hour * 3600;
			policy_decide(policy, &query, decision);
			check_decision(policy, decision);
			if (decision->group != NULL && is_small)
				check_reason(policy, &query, decision);
		}
	}
}

static struct policy *
load(const char *path, uint64_t key, struct tape *tape, struct diag *diag)
{
	static const char *const directories[] = { "/proc/self/fd", NULL };
	const struct policy_options options = {
		.list_directories = directories,
		.key = { { key, ~key } },
		.check_patterns = 1,
		.site = site,
		.site_length = sizeof(site) - 1,
		.tape = tape,
	};
	struct policy *policy;
	size_t i;

	memset(diag, 0, sizeof(*diag));
	confined = 1;
	policy = policy_load(path, &options, diag);
	confined = 0;
	fuzz_check((policy == NULL) == (diag->errors > 0));
	check_messages(diag);
	if (policy == NULL)
		return NULL;
	fuzz_check(policy->group_count > 0);
	fuzz_check(policy_memory(policy) > 0);
	for (i = 0; i < policy->group_count; i++)
		check_group(&policy->groups[i]);
	return policy;
}

/* Where a rule is, for two policies of the same files. */
static int
same_place(const struct origin *a, const struct origin *b)
{
	if (a->file == NULL || b->file == NULL)
		return a->file == b->file;
	return strcmp(a->file, b->file) == 0 && a->line == b->line &&
		a->column == b->column;
}

static void
check_same_decisions(const struct policy *a, const struct policy *b)
{
	struct decision of_a[CLIENTS * QUESTIONS], of_b[CLIENTS * QUESTIONS];
	size_t i;

	decide(a, of_a);
	decide(b, of_b);
	for (i = 0; i < CLIENTS * QUESTIONS; i++) {
		fuzz_check(of_a[i].verdict == of_b[i].verdict);
		fuzz_check(of_a[i].reason == of_b[i].reason);
		fuzz_check(of_a[i].action == of_b[i].action);
		fuzz_check(of_a[i].in_window == of_b[i].in_window);
		fuzz_check(same_place(&of_a[i].rule, &of_b[i].rule));
	}
}

static void
check_same_messages(const struct diag *a, const struct diag *b)
{
	size_t i;

	fuzz_check(a->kept == b->kept);
	for (i = 0; i < a->kept; i++)
		fuzz_check(strcmp(a->items[i].text, b->items[i].text) == 0);
}

/* What was recorded loads without any file. */
static void
check_tape(struct tape *recorded, const struct policy *policy)
{
	struct policy *again;
	struct tape tape;
	struct diag diag;

	fuzz_check(tape_finish(recorded) == 0);
	fuzz_check(tape_open(&tape, recorded->memory, recorded->length) == 0);
	recorded->memory = NULL;
	set_text(&policy_text, "", 0);
	set_text(&list_text, "", 0);
	again = load(NULL, 0, &tape, &diag);
	fuzz_check(again != NULL);
	check_same_decisions(policy, again);
	policy_free(again);
	diag_clear(&diag);
	tape_clear(&tape);
}

/* Loads twice, with another key: the same messages, the same decisions. */
static void
load_twice(const char *path)
{
	struct tape tape;
	struct diag diag_a, diag_b;
	struct policy *a, *b;

	memset(&tape, 0, sizeof(tape));
	a = load(path, 0, &tape, &diag_a);
	b = load(path, 0x0123456789abcdefu, NULL, &diag_b);
	check_same_messages(&diag_a, &diag_b);
	fuzz_check((a == NULL) == (b == NULL));
	if (a != NULL) {
		check_same_decisions(a, b);
		check_tape(&tape, a);
	}
	policy_free(a);
	policy_free(b);
	diag_clear(&diag_a);
	diag_clear(&diag_b);
	tape_clear(&tape);
}

/* Takes the input apart at its line "%%". */
static void
set_input(const uint8_t *data, size_t size)
{
	static const char separator[] = "\n%%\n";
	const uint8_t *second = memmem(data, size, separator,
		strlen(separator));
	size_t first = second != NULL ? (size_t)(second - data) + 1 : size;

	set_text(&policy_text, data, first);
	second = second != NULL ? second + strlen(separator) : data + size;
	set_text(&included_text, second, (size_t)(data + size - second));
}

static void
load_list(const uint8_t *data, size_t size)
{
	char policy[160];

	set_text(&list_text, data, size);
	snprintf(policy, sizeof(policy), "group:\n  name: a\n"
		"  client: 192.0.2.1\n  deny: \"www.example.com\"\n"
		"  allow-list: \"%s\"\n", list_text.path);
	set_text(&policy_text, policy, strlen(policy));
	load_twice(policy_text.path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (policy_text.fd == 0) {
		new_text(&policy_text, "policy");
		new_text(&included_text, "included");
		new_text(&list_text, "list");
	}
	set_input(data, size);
	load_twice(policy_text.path);
	load_list(data, size);
	return 0;
}
