/*
 * options.c - what the attributes of a policy file mean: one row an option.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"

#define TTL_MAX 86400u
#define LOG_LIMIT_MAX 100000u
/* The longest path that a socket can have, sockaddr_un's without its NUL. */
#define SOCKET_PATH_MAX 107
/* More than any address with its length takes. */
#define ADDRESS_TEXT_ROOM 128

struct option {
	enum clause clause;
	struct option_row row;
	/* May be given more than once. */
	int many;
	void (*set)(struct loader *loader, const struct token *value);
};

static void set_mode(struct loader *loader, const struct token *value);
static void set_log(struct loader *loader, const struct token *value);
static void set_log_limit(struct loader *loader, const struct token *value);
static void set_watch_files(struct loader *loader, const struct token *value);
static void set_control_socket(struct loader *loader,
	const struct token *value);
static void set_control_user(struct loader *loader, const struct token *value);
static void set_control_group(struct loader *loader,
	const struct token *value);
static void set_control_mode(struct loader *loader, const struct token *value);
static void add_list_directory(struct loader *loader,
	const struct token *value);
static void set_name(struct loader *loader, const struct token *value);
static void add_client(struct loader *loader, const struct token *value);
static void add_allow_list(struct loader *loader, const struct token *value);
static void add_allow(struct loader *loader, const struct token *value);
static void add_deny(struct loader *loader, const struct token *value);
static void set_action(struct loader *loader, const struct token *value);
static void add_sinkhole(struct loader *loader, const struct token *value);
static void set_ttl(struct loader *loader, const struct token *value);

#define B(name, values, fallback) \
	CLAUSE_BITSINK, { "bitsink", name, values, fallback }
#define G(name, values, fallback) \
	CLAUSE_GROUP, { "group", name, values, fallback }

static const struct option options[] = {
	{ B("mode", "enforce | audit", "enforce"), 0, set_mode },
	{ B("log", "first-seen | all | off", "first-seen"), 0, set_log },
	{ B("log-limit", "LINES, 0 to 100000", "60"), 0, set_log_limit },
	{ B("watch-files", "yes | no", "no"), 0, set_watch_files },
	{ B("control-socket", "FILE | off",
		"control in the state directory"), 0, set_control_socket },
	{ B("control-user", "USER", "Unbound's"), 0, set_control_user },
	{ B("control-group", "GROUP", "Unbound's"), 0, set_control_group },
	{ B("control-mode", "MODE, 0000 to 0777", "0660"), 0,
		set_control_mode },
	{ B("list-directory", "DIRECTORY", NULL), 1, add_list_directory },
	{ G("name", "NAME", NULL), 0, set_name },
	{ G("client", "ADDRESS[/LENGTH]", NULL), 1, add_client },
	{ G("allow-list", "NAME", NULL), 1, add_allow_list },
	{ G("allow", "PATTERN", NULL), 1, add_allow },
	{ G("deny", "PATTERN", NULL), 1, add_deny },
	{ G("action", "nxdomain | nodata | refused | drop | sinkhole",
		"nxdomain"), 0, set_action },
	{ G("sinkhole", "ADDRESS", NULL), 1, add_sinkhole },
	{ G("ttl", "SECONDS, 0 to 86400", "60"), 0, set_ttl },
	{ G("mode", "enforce | audit", "as in bitsink:"), 0, set_mode },
	{ G("log", "first-seen | all | off", "as in bitsink:"), 0, set_log },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))
#define TTL_FALLBACK 60
#define LOG_LIMIT_FALLBACK 60
#define CONTROL_MODE_FALLBACK 0660

const struct option_row *
options_row(unsigned number)
{
	return number < OPTIONS ? &options[number].row : NULL;
}

void
options_begin(struct loader *loader)
{
	loader->policy->settings.log_limit = LOG_LIMIT_FALLBACK;
	loader->policy->settings.control_mode = CONTROL_MODE_FALLBACK;
}

static void
expected(struct loader *loader, const struct token *value, const char *what)
{
	diag_error(loader->diag, value->where, "found \"%s\", expected %s",
		loader_quote(value).text, what);
}

/* Allocated; NULL with out of memory reported. */
static char *
copy_of(struct loader *loader, const struct token *value)
{
	char *copy = strndup(value->text, value->length);

	if (copy == NULL)
		diag_no_memory(loader->diag);
	return copy;
}

static struct group *
group_of(struct loader *loader)
{
	return &loader->policy->groups[loader->policy->group_count - 1];
}

static struct group_draft *
draft_of(struct loader *loader)
{
	return &loader->drafts[loader->policy->group_count - 1];
}

static uint32_t
group_number(const struct loader *loader)
{
	return (uint32_t)loader->policy->group_count - 1;
}

/* Which options of a row's clause were given. */
static uint32_t *
given_of(struct loader *loader, unsigned number)
{
	return options[number].clause == CLAUSE_GROUP
		? &draft_of(loader)->given : &loader->given;
}

int
options_find(const struct loader *loader, const struct token *attribute,
	unsigned *number)
{
	unsigned i;

	for (i = 0; i < OPTIONS; i++)
		if (options[i].clause == loader->clause &&
		    token_is(attribute, options[i].row.name)) {
			*number = i;
			return 1;
		}
	return 0;
}

void
options_wrong(struct loader *loader, unsigned number)
{
	*given_of(loader, number) |= (uint32_t)1 << number;
}

void
options_set(struct loader *loader, unsigned number,
	const struct token *attribute, const struct token *value)
{
	const struct option *option = &options[number];
	uint32_t *given = given_of(loader, number);

	/* Which of two was meant cannot be known. */
	if (!option->many && (*given >> number & 1)) {
		diag_error(loader->diag, attribute->where, "found a second "
			"\"%s:\", expected one in a clause", option->row.name);
		return;
	}
	*given |= (uint32_t)1 << number;
	option->set(loader, value);
}

void
options_begin_group(struct loader *loader, struct origin where)
{
	struct policy *policy = loader->policy;
	struct group *group;

	loader->clause = CLAUSE_NONE;
	if (policy->group_count >= CLIENTS_GROUPS_MAX) {
		diag_error(loader->diag, where, "found group %zu, expected at "
			"most %u", policy->group_count + 1, CLIENTS_GROUPS_MAX);
		return;
	}
	if (loader_room(loader, &policy->groups, policy->group_count,
	    &loader->groups_room, sizeof(*policy->groups)) != 0 ||
	    loader_room(loader, &loader->drafts, policy->group_count,
	    &loader->drafts_room, sizeof(*loader->drafts)) != 0)
		return;
	group = &policy->groups[policy->group_count];
	memset(group, 0, sizeof(*group));
	memset(&loader->drafts[policy->group_count], 0,
		sizeof(*loader->drafts));
	group->origin = where;
	group->action = ACTION_NXDOMAIN;
	group->ttl = TTL_FALLBACK;
	group->own = names_new(&loader->options->key);
	if (group->own == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	policy->group_count++;
	loader->clause = CLAUSE_GROUP;
}

static void
set_mode(struct loader *loader, const struct token *value)
{
	enum choice *audit = loader->clause == CLAUSE_GROUP
		? &draft_of(loader)->audit : &loader->audit;

	if (token_is(value, "enforce"))
		*audit = CHOICE_NO;
	else if (token_is(value, "audit"))
		*audit = CHOICE_YES;
	else
		expected(loader, value, "audit or enforce");
}

static void
set_log(struct loader *loader, const struct token *value)
{
	enum group_log *log = loader->clause == CLAUSE_GROUP
		? &draft_of(loader)->log : &loader->log;

	if (token_is(value, "off"))
		*log = GROUP_LOG_OFF;
	else if (token_is(value, "first-seen"))
		*log = GROUP_LOG_FIRST_SEEN;
	else if (token_is(value, "all"))
		*log = GROUP_LOG_ALL;
	else
		expected(loader, value, "first-seen, all or off");
}

/* Reads a number of BASE in all of the value, of at most DIGITS digits. -1 for
 * what is none. */
static long
number_of(const struct token *value, unsigned base, size_t digits)
{
	unsigned long number = 0;
	size_t i;

	if (value->length == 0 || value->length > digits)
		return -1;
	for (i = 0; i < value->length; i++) {
		unsigned digit = (unsigned)(unsigned char)value->text[i] - '0';

		if (digit >= base)
			return -1;
		number = number * base + digit;
	}
	return (long)number;
}

static void
set_log_limit(struct loader *loader, const struct token *value)
{
	long limit = number_of(value, 10, 6);

	if (limit < 0 || limit > (long)LOG_LIMIT_MAX)
		expected(loader, value,
			"a number of lines a minute from 0 to 100000");
	else
		loader->policy->settings.log_limit = (unsigned)limit;
}

static void
set_watch_files(struct loader *loader, const struct token *value)
{
	if (token_is(value, "yes"))
		loader->policy->settings.watch_files = 1;
	else if (!token_is(value, "no"))
		expected(loader, value, "yes or no");
}

static void
set_control_socket(struct loader *loader, const struct token *value)
{
	struct policy_settings *settings = &loader->policy->settings;

	if (token_is(value, "off")) {
		settings->control_off = 1;
		return;
	}
	/* The folder that a relative name is in would be a matter of luck:
	 * who asks is elsewhere. */
	if (value->length == 0 || value->text[0] != '/' ||
	    value->length > SOCKET_PATH_MAX ||
	    memchr(value->text, '\0', value->length) != NULL) {
		expected(loader, value,
			"off, or a name from / on of at most 107 octets");
		return;
	}
	settings->control_socket = copy_of(loader, value);
}

static void
set_control_user(struct loader *loader, const struct token *value)
{
	if (value->length == 0)
		expected(loader, value, "a user's name or number");
	else
		loader->policy->settings.control_user = copy_of(loader, value);
}

static void
set_control_group(struct loader *loader, const struct token *value)
{
	if (value->length == 0)
		expected(loader, value, "a group's name or number");
	else
		loader->policy->settings.control_group = copy_of(loader,
			value);
}

static void
set_control_mode(struct loader *loader, const struct token *value)
{
	long mode = number_of(value, 8, 4);

	if (mode < 0 || mode > 0777)
		expected(loader, value, "an octal mode from 0000 to 0777");
	else
		loader->policy->settings.control_mode = (unsigned)mode;
}

static void
add_list_directory(struct loader *loader, const struct token *value)
{
	if (value->length == 0) {
		expected(loader, value, "a directory");
		return;
	}
	if (loader_room(loader, &loader->directories, loader->directory_count,
	    &loader->directories_room, sizeof(*loader->directories)) == 0)
		loader->directories[loader->directory_count++] = *value;
}

/* Group names stand in logs, statistics and answers: no octet of them may
 * need quoting anywhere. */
static int
is_group_name(const struct token *value)
{
	size_t i;

	if (value->length == 0 || value->length > GROUP_NAME_MAX)
		return 0;
	for (i = 0; i < value->length; i++) {
		char c = value->text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.'))
			return 0;
	}
	return 1;
}

static void
set_name(struct loader *loader, const struct token *value)
{
	struct group *group = group_of(loader);

	if (!is_group_name(value)) {
		expected(loader, value, "a group name of 1 to 32 letters, "
			"digits, '-', '_' and '.'");
		return;
	}
	memcpy(group->name, value->text, value->length);
	group->name[value->length] = '\0';
	draft_of(loader)->name_at = value->where;
}

static void
add_client(struct loader *loader, const struct token *value)
{
	struct client_entry *entry;
	char text[ADDRESS_TEXT_ROOM];
	const char *what = "an IPv4 or IPv6 address, or ADDRESS/LENGTH";
	struct prefix prefix;

	if (value->length < sizeof(text) &&
	    memchr(value->text, '\0', value->length) == NULL) {
		memcpy(text, value->text, value->length);
		text[value->length] = '\0';
		what = prefix_from_text(&prefix, text);
	}
	if (what != NULL) {
		expected(loader, value, what);
		return;
	}
	if (loader_room(loader, &loader->entries, loader->entry_count,
	    &loader->entries_room, sizeof(*loader->entries)) != 0 ||
	    loader_room(loader, &loader->clients, loader->entry_count,
	    &loader->clients_room, sizeof(*loader->clients)) != 0)
		return;
	entry = &loader->entries[loader->entry_count];
	entry->prefix = prefix;
	entry->group = group_number(loader);
	entry->tag = (uint32_t)loader->entry_count;
	loader->clients[loader->entry_count++].token = *value;
}

static void
add_allow_list(struct loader *loader, const struct token *value)
{
	struct list_use *use;

	if (value->length == 0) {
		expected(loader, value, "the name of a list");
		return;
	}
	if (loader_room(loader, &loader->list_uses, loader->list_use_count,
	    &loader->list_uses_room, sizeof(*loader->list_uses)) != 0)
		return;
	use = &loader->list_uses[loader->list_use_count++];
	use->group = group_number(loader);
	use->token = *value;
}

static void
add_pattern(struct loader *loader, const struct token *value, int deny)
{
	uint32_t number = loader_add_pattern(loader, group_of(loader)->own,
		value, deny);
	struct written_pattern *written;

	if (number == NAMES_NO_RULE || loader_room(loader, &loader->patterns,
	    loader->pattern_count, &loader->patterns_room,
	    sizeof(*loader->patterns)) != 0)
		return;
	written = &loader->patterns[loader->pattern_count++];
	written->group = group_number(loader);
	written->rule = number;
	written->token = *value;
}

static void
add_allow(struct loader *loader, const struct token *value)
{
	add_pattern(loader, value, 0);
}

static void
add_deny(struct loader *loader, const struct token *value)
{
	add_pattern(loader, value, 1);
}

static void
set_action(struct loader *loader, const struct token *value)
{
	unsigned i;

	draft_of(loader)->action_at = value->where;
	for (i = 0; i < ACTION_COUNT; i++)
		if (token_is(value, action_word((enum action)i))) {
			group_of(loader)->action = (enum action)i;
			return;
		}
	expected(loader, value, "nxdomain, nodata, refused, drop or sinkhole");
}

static void
add_sinkhole(struct loader *loader, const struct token *value)
{
	struct group *group = group_of(loader);
	struct group_draft *draft = draft_of(loader);
	struct address address;
	char text[ADDRESS_TEXT_ROOM];

	if (draft->sinkhole_at.line == 0)
		draft->sinkhole_at = value->where;
	text[0] = '\0';
	if (value->length < sizeof(text)) {
		memcpy(text, value->text, value->length);
		text[value->length] = '\0';
	}
	if (address_from_text(&address, text) != 0) {
		expected(loader, value, "an IPv4 or IPv6 address");
		return;
	}
	if (address.family == ADDRESS_IP4 &&
	    group->sinkholes4 < GROUP_SINKHOLES_MAX)
		memcpy(group->sinkhole4[group->sinkholes4++], address.octets,
			4);
	else if (address.family == ADDRESS_IP6 &&
	    group->sinkholes6 < GROUP_SINKHOLES_MAX)
		memcpy(group->sinkhole6[group->sinkholes6++], address.octets,
			16);
	else
		expected(loader, value,
			"at most 4 sinkhole addresses of a family");
}

static void
set_ttl(struct loader *loader, const struct token *value)
{
	long ttl = number_of(value, 10, 6);

	draft_of(loader)->ttl_at = value->where;
	if (ttl < 0 || ttl > (long)TTL_MAX)
		expected(loader, value, "a number of seconds from 0 to 86400");
	else
		group_of(loader)->ttl = (uint32_t)ttl;
}

static void
explain(struct group *group)
{
	snprintf(group->explanation[REASON_NOT_LISTED],
		GROUP_EXPLANATION_MAX + 1,
		"bitsink: group \"%s\" has no allow for this name",
		group->name);
	snprintf(group->explanation[REASON_DENIED],
		GROUP_EXPLANATION_MAX + 1,
		"bitsink: group \"%s\" denies this name", group->name);
	snprintf(group->explanation[REASON_CLASS],
		GROUP_EXPLANATION_MAX + 1,
		"bitsink: group \"%s\" may ask in class IN only",
		group->name);
	snprintf(group->explanation[REASON_MALFORMED],
		GROUP_EXPLANATION_MAX + 1,
		"bitsink: group \"%s\" asked what could not be judged",
		group->name);
}

static void
end_group(struct loader *loader, struct group *group,
	const struct group_draft *draft)
{
	enum choice audit = draft->audit != CHOICE_UNSET ? draft->audit
		: loader->audit;
	enum group_log log = draft->log != GROUP_LOG_UNSET ? draft->log
		: loader->log;
	unsigned i;

	group->audit = audit == CHOICE_YES;
	group->log = log != GROUP_LOG_UNSET ? log : GROUP_LOG_FIRST_SEEN;
	if (group->name[0] == '\0') {
		for (i = 0; options[i].set != set_name; i++)
			continue;
		/* A wrong name is reported already. */
		if (!(draft->given >> i & 1))
			diag_error(loader->diag, group->origin,
				"found a group without a name, expected "
				"\"name:\"");
	}
	if (group->action == ACTION_SINKHOLE &&
	    group->sinkholes4 + group->sinkholes6 == 0 &&
	    draft->sinkhole_at.line == 0)
		diag_error(loader->diag, draft->action_at, "found action "
			"sinkhole without an address, expected \"sinkhole:\"");
	explain(group);
	if (names_finish(group->own) != 0)
		diag_no_memory(loader->diag);
}

/* A group with its name; sorted, equal names stand together. */
struct named {
	const char *name;
	size_t number;
};

static int
compare_named(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : a->number < b->number ? -1 :
		a->number > b->number;
}

static void
find_double_names(struct loader *loader)
{
	const struct group *groups = loader->policy->groups;
	size_t i, count = loader->policy->group_count;
	struct named *named = calloc(count + 1, sizeof(*named));

	if (named == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	for (i = 0; i < count; i++) {
		named[i].name = groups[i].name;
		named[i].number = i;
	}
	qsort(named, count, sizeof(*named), compare_named);
	for (i = 1; i < count; i++) {
		const struct group *first = &groups[named[i - 1].number];

		if (named[i].name[0] != '\0' &&
		    strcmp(named[i - 1].name, named[i].name) == 0)
			diag_error(loader->diag,
				loader->drafts[named[i].number].name_at,
				"found a second group \"%s\", expected another "
				"name; the first is at %s:%u:%u",
				named[i].name, first->origin.file,
				first->origin.line, first->origin.column);
	}
	free(named);
}

void
options_end(struct loader *loader)
{
	size_t i;

	find_double_names(loader);
	for (i = 0; i < loader->policy->group_count; i++)
		end_group(loader, &loader->policy->groups[i],
			&loader->drafts[i]);
}
