/*
 * options.c - what the attributes of a policy file mean: one row an option.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "pages.h"
#include "rrtype.h"

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
static void set_gate(struct loader *loader, const struct token *value);
static void set_control_socket(struct loader *loader,
	const struct token *value);
static void set_control_user(struct loader *loader, const struct token *value);
static void set_control_group(struct loader *loader,
	const struct token *value);
static void set_control_mode(struct loader *loader, const struct token *value);
static void add_list_directory(struct loader *loader,
	const struct token *value);
static void set_default_group(struct loader *loader,
	const struct token *value);
static void add_unrestricted(struct loader *loader,
	const struct token *value);
static void set_name(struct loader *loader, const struct token *value);
static void add_client(struct loader *loader, const struct token *value);
static void add_client_tag(struct loader *loader, const struct token *value);
static void add_client_view(struct loader *loader, const struct token *value);
static void add_allow_list(struct loader *loader, const struct token *value);
static void add_allow(struct loader *loader, const struct token *value);
static void add_deny(struct loader *loader, const struct token *value);
static void set_allow_site_names(struct loader *loader,
	const struct token *value);
static void add_quiet(struct loader *loader, const struct token *value);
static void add_quiet_list(struct loader *loader, const struct token *value);
static void set_quiet_single_labels(struct loader *loader,
	const struct token *value);
static void add_allow_types(struct loader *loader, const struct token *value);
static void set_follow_chain(struct loader *loader, const struct token *value);
static void set_chain(struct loader *loader, const struct token *value);
static void add_chain_allow(struct loader *loader, const struct token *value);
static void add_answer_deny(struct loader *loader, const struct token *value);
static void add_answer_allow(struct loader *loader, const struct token *value);
static void add_window(struct loader *loader, const struct token *value);
static void set_time_zone(struct loader *loader, const struct token *value);
static void add_window_allow(struct loader *loader, const struct token *value);
static void add_window_allow_list(struct loader *loader,
	const struct token *value);
static void set_window_action(struct loader *loader,
	const struct token *value);
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
	{ B("gate", "hook | views", "hook"), 0, set_gate },
	{ B("control-socket", "FILE | off",
		"control in the state directory"), 0, set_control_socket },
	{ B("control-user", "USER", "Unbound's"), 0, set_control_user },
	{ B("control-group", "GROUP", "Unbound's"), 0, set_control_group },
	{ B("control-mode", "MODE, 0000 to 0777", "0660"), 0,
		set_control_mode },
	{ B("list-directory", "DIRECTORY", NULL), 1, add_list_directory },
	{ B("default-group", "NAME", NULL), 0, set_default_group },
	{ B("unrestricted", "ADDRESS[/LENGTH]", NULL), 1, add_unrestricted },
	{ G("name", "NAME", NULL), 0, set_name },
	{ G("client", "ADDRESS[/LENGTH]", NULL), 1, add_client },
	{ G("client-tag", "TAG", NULL), 1, add_client_tag },
	{ G("client-view", "VIEW", NULL), 1, add_client_view },
	{ G("unrestricted", "ADDRESS[/LENGTH]", NULL), 1, add_unrestricted },
	{ G("allow-list", "NAME", NULL), 1, add_allow_list },
	{ G("allow", "PATTERN", NULL), 1, add_allow },
	{ G("deny", "PATTERN", NULL), 1, add_deny },
	{ G("allow-site-names", "yes | no", "no"), 0, set_allow_site_names },
	{ G("allow-types", "TYPE ...", "all"), 1, add_allow_types },
	{ G("quiet", "PATTERN", NULL), 1, add_quiet },
	{ G("quiet-list", "NAME", NULL), 1, add_quiet_list },
	{ G("quiet-single-labels", "yes | no", "no"), 0,
		set_quiet_single_labels },
	{ G("follow-chain", "yes | no", "no"), 0, set_follow_chain },
	{ G("chain", "inspect | ignore", "ignore"), 0, set_chain },
	{ G("chain-allow", "PATTERN", NULL), 1, add_chain_allow },
	{ G("answer-deny", "ADDRESS[/LENGTH]", NULL), 1, add_answer_deny },
	{ G("answer-allow", "ADDRESS[/LENGTH]", NULL), 1, add_answer_allow },
	{ G("window", "DAYS HH:MM-HH:MM", NULL), 1, add_window },
	{ G("time-zone", "NAME", "UTC"), 0, set_time_zone },
	{ G("window-allow", "PATTERN", NULL), 1, add_window_allow },
	{ G("window-allow-list", "NAME", NULL), 1, add_window_allow_list },
	{ G("window-action", "nxdomain | nodata | refused | drop | sinkhole",
		"as action"), 0, set_window_action },
	{ G("action", "nxdomain | nodata | refused | drop | sinkhole",
		"nxdomain"), 0, set_action },
	{ G("sinkhole", "ADDRESS", NULL), 1, add_sinkhole },
	{ G("ttl", "SECONDS, 0 to 86400", "60"), 0, set_ttl },
	{ G("mode", "enforce | audit", "as in bitsink:"), 0, set_mode },
	{ G("log", "first-seen | all | off", "as in bitsink:"), 0, set_log },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS <= 64, "a bit for each");
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

static struct group_facts *
facts_of(struct loader *loader)
{
	return &loader->facts[loader->policy->group_count - 1];
}

const struct group_notes *
options_notes(const struct loader *loader, size_t group)
{
	static const struct group_notes nothing;
	const struct group_notes *notes = loader->facts[group].notes;

	return notes != NULL ? notes : &nothing;
}

/* Where an option was given; the first of many counts. */
static void
note(struct loader *loader, enum noted noted, const struct token *value)
{
	struct group_facts *facts = facts_of(loader);

	if (facts->notes == NULL)
		facts->notes = region_take(loader->region,
			sizeof(*facts->notes));
	if (facts->notes == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	if (facts->notes->at[noted].line == 0)
		facts->notes->at[noted] = value->where;
}

static uint32_t
group_number(const struct loader *loader)
{
	return (uint32_t)loader->policy->group_count - 1;
}

/* Which options of a row's clause were given. */
static uint64_t *
given_of(struct loader *loader, unsigned number)
{
	return options[number].clause == CLAUSE_GROUP
		? &draft_of(loader)->given : &loader->given;
}

static int
is_option(const struct loader *loader, unsigned number,
	const struct token *attribute)
{
	return options[number].clause == loader->clause &&
		token_is(attribute, options[number].row.name);
}

int
options_find(struct loader *loader, const struct token *attribute,
	unsigned *number)
{
	unsigned i = loader->last_option;

	/* Most lines have the option of the line before. */
	if (!is_option(loader, i, attribute))
		for (i = 0; i < OPTIONS; i++)
			if (is_option(loader, i, attribute))
				break;
	if (i == OPTIONS)
		return 0;
	*number = loader->last_option = i;
	return 1;
}

void
options_wrong(struct loader *loader, unsigned number)
{
	*given_of(loader, number) |= (uint64_t)1 << number;
}

void
options_set(struct loader *loader, unsigned number,
	const struct token *attribute, const struct token *value)
{
	const struct option *option = &options[number];
	uint64_t *given = given_of(loader, number);

	/* Which of two was meant cannot be known. */
	if (!option->many && (*given >> number & 1)) {
		diag_error(loader->diag, attribute->where, "found a second "
			"\"%s:\", expected one in a clause", option->row.name);
		return;
	}
	*given |= (uint64_t)1 << number;
	option->set(loader, value);
}

static void
end_table(struct loader *loader, struct names *names)
{
	if (names != NULL && names_finish(names) != 0)
		diag_no_memory(loader->diag);
}

/* The groups whose clauses have been read get no more patterns. What their
 * tables took besides is for those of the next group. */
static void
end_groups(struct loader *loader)
{
	for (; loader->groups_ended < loader->policy->group_count;
	    loader->groups_ended++) {
		const struct group *group =
			&loader->policy->groups[loader->groups_ended];

		end_table(loader, group->own);
		end_table(loader, group->quiet);
		end_table(loader, group->window_own);
		end_table(loader, group->chain);
	}
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
	end_groups(loader);
	if (loader_room(loader, policy->region, &policy->groups,
	    policy->group_count, &loader->groups_room,
	    sizeof(*policy->groups)) != 0 ||
	    loader_room(loader, loader->members, &loader->drafts,
	    policy->group_count, &loader->drafts_room,
	    sizeof(*loader->drafts)) != 0 ||
	    loader_room(loader, loader->region, &loader->facts,
	    policy->group_count, &loader->facts_room,
	    sizeof(*loader->facts)) != 0)
		return;
	group = &policy->groups[policy->group_count];
	memset(group, 0, sizeof(*group));
	memset(&loader->drafts[policy->group_count], 0,
		sizeof(*loader->drafts));
	memset(&loader->facts[policy->group_count], 0,
		sizeof(*loader->facts));
	group->origin = where;
	group->action = ACTION_NXDOMAIN;
	group->window_action = ACTION_COUNT;
	group->ttl = TTL_FALLBACK;
	group->own = names_new_in(&loader->options->key,
		loader->policy->region);
	if (group->own == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	/* Where there are many groups, most are as large as the one before. */
	if (policy->group_count > 0)
		names_expect(group->own, names_rules(group[-1].own));
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
set_yes_or_no(struct loader *loader, const struct token *value, int *yes)
{
	if (token_is(value, "yes"))
		*yes = 1;
	else if (!token_is(value, "no"))
		expected(loader, value, "yes or no");
}

static void
set_watch_files(struct loader *loader, const struct token *value)
{
	set_yes_or_no(loader, value, &loader->policy->settings.watch_files);
}

static void
set_gate(struct loader *loader, const struct token *value)
{
	if (token_is(value, "views"))
		loader->policy->settings.gate_views = 1;
	else if (!token_is(value, "hook"))
		expected(loader, value, "hook or views");
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
	if (loader_room(loader, loader->region, &loader->directories,
	    loader->directory_count, &loader->directories_room,
	    sizeof(*loader->directories)) == 0)
		loader->directories[loader->directory_count++] =
			loader_hold(loader, loader->region, value);
}

static void
set_default_group(struct loader *loader, const struct token *value)
{
	loader->default_group = loader_hold(loader, loader->region, value);
	if (value->length == 0)
		expected(loader, value, "the name of a group");
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
	group->name_octets = (uint8_t)value->length;
	draft_of(loader)->name_at = value->where;
}

/* 0, or -1 with the error reported. */
static int
read_prefix(struct loader *loader, const struct token *value,
	struct prefix *prefix)
{
	char text[ADDRESS_TEXT_ROOM];
	const char *what = "an IPv4 or IPv6 address, or ADDRESS/LENGTH";

	if (value->length < sizeof(text) &&
	    memchr(value->text, '\0', value->length) == NULL) {
		memcpy(text, value->text, value->length);
		text[value->length] = '\0';
		what = prefix_from_text(prefix, text);
	}
	if (what == NULL)
		return 0;
	expected(loader, value, what);
	return -1;
}

static void
add_client(struct loader *loader, const struct token *value)
{
	struct client_entry *entry;
	struct prefix prefix;

	if (read_prefix(loader, value, &prefix) != 0 ||
	    loader_room(loader, loader->members, &loader->entries,
	    loader->entry_count, &loader->entries_room,
	    sizeof(*loader->entries)) != 0 ||
	    loader_room(loader, loader->members, &loader->clients,
	    loader->entry_count, &loader->clients_room,
	    sizeof(*loader->clients)) != 0)
		return;
	entry = &loader->entries[loader->entry_count];
	entry->prefix = prefix;
	entry->group = group_number(loader);
	entry->tag = (uint32_t)loader->entry_count;
	loader->clients[loader->entry_count++].token = loader_hold(loader,
		loader->members, value);
	facts_of(loader)->has_clients = 1;
}

static void
add_unrestricted(struct loader *loader, const struct token *value)
{
	struct carve *carve;
	struct prefix prefix;

	if (read_prefix(loader, value, &prefix) != 0 ||
	    loader_room(loader, loader->region, &loader->carves,
	    loader->carve_count, &loader->carves_room,
	    sizeof(*loader->carves)) != 0)
		return;
	carve = &loader->carves[loader->carve_count++];
	carve->group = loader->clause == CLAUSE_GROUP ? group_number(loader)
		: CLIENTS_NONE;
	carve->prefix = prefix;
	carve->token = loader_hold(loader, loader->region, value);
}

static void
add_site_use(struct loader *loader, const struct token *value, int is_view)
{
	struct site_use *use;

	if (loader_room(loader, loader->region, &loader->site_uses,
	    loader->site_use_count, &loader->site_uses_room,
	    sizeof(*loader->site_uses)) != 0)
		return;
	use = &loader->site_uses[loader->site_use_count++];
	use->group = group_number(loader);
	use->is_view = is_view;
	use->token = loader_hold(loader, loader->region, value);
	facts_of(loader)->has_clients = 1;
}

static void
add_client_tag(struct loader *loader, const struct token *value)
{
	if (value->length == 0)
		expected(loader, value, "the name of a tag");
	else
		add_site_use(loader, value, 0);
}

static void
add_client_view(struct loader *loader, const struct token *value)
{
	if (value->length == 0)
		expected(loader, value, "the name of a view");
	else
		add_site_use(loader, value, 1);
}

/* Uses before, among which one of the same list is looked for. */
#define USES_BEFORE 8u

/* The name of a list for as long as it is used: where many groups use the same
 * lists, it is there once. NULL: reported. */
static const char *
hold_list_name(struct loader *loader, const struct token *value)
{
	size_t i = loader->list_use_count, least = i < USES_BEFORE ? 0
		: i - USES_BEFORE;
	struct token held;

	while (i-- > least) {
		const struct list_use *use = &loader->list_uses[i];

		if (use->length == value->length &&
		    memcmp(use->text, value->text, value->length) == 0)
			return use->text;
	}
	held = loader_hold(loader, loader->region, value);
	return held.length > 0 ? held.text : NULL;
}

static void
add_list(struct loader *loader, const struct token *value,
	enum purpose purpose)
{
	struct list_use *use;
	const char *text;

	if (value->length == 0) {
		expected(loader, value, "the name of a list");
		return;
	}
	if (loader_room(loader, loader->region, &loader->list_uses,
	    loader->list_use_count, &loader->list_uses_room,
	    sizeof(*loader->list_uses)) != 0)
		return;
	text = hold_list_name(loader, value);
	if (text == NULL)
		return;
	use = &loader->list_uses[loader->list_use_count++];
	use->list = NULL;
	use->text = text;
	use->length = (uint32_t)value->length;
	use->group = group_number(loader) & (CLIENTS_GROUPS_MAX);
	use->purpose = purpose;
	use->line = value->where.line;
	use->column = (uint16_t)(value->where.column < UINT16_MAX
		? value->where.column : UINT16_MAX);
	use->source = loader->source;
}

static void
add_allow_list(struct loader *loader, const struct token *value)
{
	add_list(loader, value, FOR_NAMES);
}

static void
add_quiet_list(struct loader *loader, const struct token *value)
{
	add_list(loader, value, FOR_QUIET);
}

/* Most groups have no more than their own table. NULL: reported. */
static struct names *
table_of(struct loader *loader, struct names **table)
{
	if (*table == NULL)
		*table = names_new_in(&loader->options->key,
		loader->policy->region);
	if (*table == NULL)
		diag_no_memory(loader->diag);
	return *table;
}

static void
add_pattern(struct loader *loader, const struct token *value,
	struct names **table, int deny, enum purpose purpose)
{
	struct written_pattern *written;
	struct names *names = table_of(loader, table);
	uint32_t number;

	if (names == NULL)
		return;
	number = loader_add_pattern(loader, names, value, deny);
	if (number == NAMES_NO_RULE || !loader->options->check_patterns ||
	    loader_room(loader, loader->region, &loader->patterns,
	    loader->pattern_count, &loader->patterns_room,
	    sizeof(*loader->patterns)) != 0)
		return;
	written = &loader->patterns[loader->pattern_count++];
	written->group = group_number(loader);
	written->rule = number;
	written->purpose = purpose;
	written->token = loader_hold(loader, loader->region, value);
}

static void
add_allow(struct loader *loader, const struct token *value)
{
	add_pattern(loader, value, &group_of(loader)->own, 0, FOR_NAMES);
}

static void
add_deny(struct loader *loader, const struct token *value)
{
	add_pattern(loader, value, &group_of(loader)->own, 1, FOR_NAMES);
}

static void
add_quiet(struct loader *loader, const struct token *value)
{
	add_pattern(loader, value, &group_of(loader)->quiet, 0, FOR_QUIET);
}

static void
set_allow_site_names(struct loader *loader, const struct token *value)
{
	set_yes_or_no(loader, value, &group_of(loader)->allow_site_names);
}

static void
set_quiet_single_labels(struct loader *loader, const struct token *value)
{
	set_yes_or_no(loader, value, &group_of(loader)->quiet_single_labels);
}

/* Adds the type that a word of a value is the name of. */
static void
add_type(struct loader *loader, const struct token *value, size_t at,
	size_t length)
{
	struct group *group = group_of(loader);
	struct origin where = value->where;
	char word[RRTYPE_TEXT_MAX] = "";
	uint16_t type;

	if (length < sizeof(word))
		memcpy(word, value->text + at, length);
	if (rrtype_from_text(word, &type) != 0) {
		where.column += (unsigned)at + (value->quoted != 0);
		diag_error(loader->diag, where, "found \"%.*s\", expected a "
			"type such as AAAA, or TYPE and a number",
			(int)(length < 200 ? length : 200), value->text + at);
		return;
	}
	if (loader_room(loader, loader->policy->region, &group->types,
	    group->type_count, &draft_of(loader)->types_room,
	    sizeof(*group->types)) == 0)
		group->types[group->type_count++] = type;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
add_allow_types(struct loader *loader, const struct token *value)
{
	size_t at = 0, begin, words = 0;

	for (;;) {
		while (at < value->length && is_blank(value->text[at]))
			at++;
		if (at == value->length)
			break;
		for (begin = at; at < value->length &&
		    !is_blank(value->text[at]); at++)
			continue;
		add_type(loader, value, begin, at - begin);
		words++;
	}
	if (words == 0)
		expected(loader, value, "types such as \"A AAAA\"");
}

static void
set_follow_chain(struct loader *loader, const struct token *value)
{
	set_yes_or_no(loader, value, &group_of(loader)->follow_chain);
}

static void
set_chain(struct loader *loader, const struct token *value)
{
	if (token_is(value, "inspect"))
		group_of(loader)->inspect_chain = 1;
	else if (!token_is(value, "ignore"))
		expected(loader, value, "inspect or ignore");
}

static void
add_chain_allow(struct loader *loader, const struct token *value)
{
	struct names *names = table_of(loader, &group_of(loader)->chain);

	note(loader, NOTED_CHAIN_ALLOW, value);
	if (names != NULL)
		(void)loader_add_pattern(loader, names, value, 0);
}

static void
add_answer_rule(struct loader *loader, const struct token *value, int deny)
{
	struct group *group = group_of(loader);
	struct group_draft *draft = draft_of(loader);
	size_t number = group->answer_rule_count;
	struct prefix prefix;

	if (read_prefix(loader, value, &prefix) != 0)
		return;
	if (number >= CLIENTS_GROUPS_MAX) {
		diag_error(loader->diag, value->where, "found prefix %zu of "
			"answers, expected at most %u in a group", number + 1,
			CLIENTS_GROUPS_MAX);
		return;
	}
	if (loader_room(loader, loader->policy->region,
	    &group->answer_rules, number, &draft->answer_rules_room,
	    sizeof(*group->answer_rules)) != 0 ||
	    loader_room(loader, loader->region, &draft->answers, number,
	    &draft->answers_room, sizeof(*draft->answers)) != 0)
		return;
	group->answer_rules[number].deny = deny;
	group->answer_rules[number].where = value->where;
	draft->answers[number].prefix = prefix;
	draft->answers[number].group = (uint32_t)number;
	draft->answers[number].tag = (uint32_t)number;
	group->answer_rule_count++;
}

static void
add_answer_deny(struct loader *loader, const struct token *value)
{
	add_answer_rule(loader, value, 1);
}

static void
add_answer_allow(struct loader *loader, const struct token *value)
{
	note(loader, NOTED_ANSWER_ALLOW, value);
	add_answer_rule(loader, value, 0);
}

static void
add_window(struct loader *loader, const struct token *value)
{
	struct group *group = group_of(loader);
	struct window_error error;
	struct window *windows;

	note(loader, NOTED_WINDOW, value);
	if (group->window_count >= GROUP_WINDOWS_MAX) {
		diag_error(loader->diag, value->where, "found window %zu of a "
			"group, expected at most %d", group->window_count + 1,
			GROUP_WINDOWS_MAX);
		return;
	}
	windows = reallocarray(group->windows, group->window_count + 1,
		sizeof(*windows));
	if (windows == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	group->windows = windows;
	if (window_from_text(&windows[group->window_count], value->text,
	    value->length, &error) != 0) {
		struct origin where = value->where;

		where.column += (unsigned)error.at + (value->quoted != 0);
		diag_error(loader->diag, where, "in window \"%s\": expected "
			"%s", loader_quote(value).text, error.expected);
		return;
	}
	group->window_count++;
}

static void
set_time_zone(struct loader *loader, const struct token *value)
{
	const struct time_zone *time_zone;

	note(loader, NOTED_TIME_ZONE, value);
	if (token_is(value, "UTC"))
		return;
	time_zone = loader_time_zone(loader, value);
	if (time_zone == NULL)
		return;
	group_of(loader)->zone = time_zone->zone;
	group_of(loader)->zone_name = time_zone->name;
}

/* Notes an option that counts in windows alone. */
static void
note_window_use(struct loader *loader, const struct token *value,
	const char *option)
{
	struct group_notes *notes;

	note(loader, NOTED_WINDOW_USE, value);
	notes = facts_of(loader)->notes;
	if (notes != NULL && notes->window_use == NULL)
		notes->window_use = option;
}

static void
add_window_allow(struct loader *loader, const struct token *value)
{
	note_window_use(loader, value, "window-allow");
	add_pattern(loader, value, &group_of(loader)->window_own, 0,
		FOR_WINDOW);
}

static void
add_window_allow_list(struct loader *loader, const struct token *value)
{
	note_window_use(loader, value, "window-allow-list");
	add_list(loader, value, FOR_WINDOW);
}

static void
read_action(struct loader *loader, const struct token *value,
	enum action *action)
{
	unsigned i;

	for (i = 0; i < ACTION_COUNT; i++)
		if (token_is(value, action_word((enum action)i))) {
			*action = (enum action)i;
			return;
		}
	expected(loader, value, "nxdomain, nodata, refused, drop or sinkhole");
}

static void
set_window_action(struct loader *loader, const struct token *value)
{
	note_window_use(loader, value, "window-action");
	note(loader, NOTED_WINDOW_ACTION, value);
	read_action(loader, value, &group_of(loader)->window_action);
}

static void
set_action(struct loader *loader, const struct token *value)
{
	note(loader, NOTED_ACTION, value);
	read_action(loader, value, &group_of(loader)->action);
}

static void
add_sinkhole(struct loader *loader, const struct token *value)
{
	struct group *group = group_of(loader);
	struct address address;
	char text[ADDRESS_TEXT_ROOM];

	note(loader, NOTED_SINKHOLE, value);
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

	note(loader, NOTED_TTL, value);
	if (ttl < 0 || ttl > (long)TTL_MAX)
		expected(loader, value, "a number of seconds from 0 to 86400");
	else
		group_of(loader)->ttl = (uint32_t)ttl;
}

/* Whether the option that SET gives its value was given to the group, with a
 * right value or a wrong one. */
static int
was_given(const struct group_draft *draft,
	void (*set)(struct loader *, const struct token *))
{
	unsigned i;

	for (i = 0; options[i].set != set; i++)
		continue;
	return (draft->given >> i & 1) != 0;
}

static void
end_sinkhole(struct loader *loader, const struct group *group,
	const struct group_notes *notes)
{
	if (group->sinkholes4 + group->sinkholes6 > 0 ||
	    notes->at[NOTED_SINKHOLE].line != 0)
		return;
	if (group->action == ACTION_SINKHOLE)
		diag_error(loader->diag, notes->at[NOTED_ACTION], "found "
			"action sinkhole without an address, expected "
			"\"sinkhole:\"");
	if (group->window_action == ACTION_SINKHOLE)
		diag_error(loader->diag, notes->at[NOTED_WINDOW_ACTION],
			"found window-action sinkhole without an address, "
			"expected \"sinkhole:\"");
}

static int
compare_types(const void *va, const void *vb)
{
	const uint16_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

static void
end_types(struct group *group)
{
	size_t i, kept = 0;

	if (group->type_count > 1)
		qsort(group->types, group->type_count, sizeof(*group->types),
			compare_types);
	for (i = 0; i < group->type_count; i++)
		if (kept == 0 || group->types[kept - 1] != group->types[i])
			group->types[kept++] = group->types[i];
	group->type_count = kept;
}

/* Of a prefix that is denied and allowed nobody can know which was meant.
 * Returns how many remain. */
static size_t
find_double_answers(struct loader *loader, const struct group *group,
	struct client_entry *answers)
{
	size_t i, kept = 0;

	for (i = 0; i < group->answer_rule_count; i++) {
		const struct answer_rule *first, *second;
		char text[PREFIX_TEXT_MAX];

		if (kept == 0 ||
		    !clients_same(&answers[kept - 1], &answers[i])) {
			answers[kept++] = answers[i];
			continue;
		}
		first = &group->answer_rules[answers[kept - 1].tag];
		second = &group->answer_rules[answers[i].tag];
		prefix_to_text(&answers[i].prefix, text);
		if (first->deny == second->deny)
			diag_warning(loader->diag, second->where, "answer "
				"prefix %s is in this group already, at "
				"%s:%u:%u", text, first->where.file,
				first->where.line, first->where.column);
		else
			diag_error(loader->diag, second->where, "found answer "
				"prefix %s denied and allowed, expected one; "
				"the first is at %s:%u:%u", text,
				first->where.file, first->where.line,
				first->where.column);
	}
	return kept;
}

/* Where nothing is denied, there is nothing to look up. */
static void
end_answers(struct loader *loader, struct group *group,
	struct client_entry *answers)
{
	size_t i, count;

	clients_sort(answers, group->answer_rule_count);
	count = find_double_answers(loader, group, answers);
	for (i = 0; i < count; i++)
		if (group->answer_rules[answers[i].tag].deny)
			break;
	if (i == count)
		return;
	group->answers = clients_new(answers, count);
	if (group->answers == NULL)
		diag_no_memory(loader->diag);
}

static void
end_group(struct loader *loader, size_t number)
{
	const struct group_draft *draft = &loader->drafts[number];
	struct group *group = &loader->policy->groups[number];
	enum choice audit = draft->audit != CHOICE_UNSET ? draft->audit
		: loader->audit;
	enum group_log log = draft->log != GROUP_LOG_UNSET ? draft->log
		: loader->log;

	group->audit = audit == CHOICE_YES;
	group->log = log != GROUP_LOG_UNSET ? log : GROUP_LOG_FIRST_SEEN;
	/* A wrong name is reported already. */
	if (group->name[0] == '\0' && !was_given(draft, set_name))
		diag_error(loader->diag, group->origin, "found a group "
			"without a name, expected \"name:\"");
	end_sinkhole(loader, group, options_notes(loader, number));
	end_types(group);
	end_answers(loader, group, draft->answers);
}

static void
find_double_names(struct loader *loader)
{
	const struct group *groups = loader->policy->groups;
	size_t i, count = loader->policy->group_count;
	uint32_t *sorted = policy_sort_groups(loader->policy);

	if (sorted == NULL) {
		diag_no_memory(loader->diag);
		return;
	}
	for (i = 1; i < count; i++) {
		const struct group *first = &groups[sorted[i - 1]];
		const struct group *second = &groups[sorted[i]];

		if (second->name[0] != '\0' &&
		    strcmp(first->name, second->name) == 0)
			diag_error(loader->diag,
				loader->drafts[sorted[i]].name_at,
				"found a second group \"%s\", expected another "
				"name; the first is at %s:%u:%u",
				second->name, first->origin.file,
				first->origin.line, first->origin.column);
	}
	pages_give(sorted, count * sizeof(*sorted));
}

void
options_end(struct loader *loader)
{
	size_t i;

	find_double_names(loader);
	end_groups(loader);
	for (i = 0; i < loader->policy->group_count; i++)
		end_group(loader, i);
}
