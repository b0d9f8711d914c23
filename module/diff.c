/*
 * diff.c - what another policy would change.
 */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "explain.h"
#include "rrtype.h"

/* What stands for no group, no address, nothing written. */
#define NOTHING "-"

/* Room for a value that is not a text of the policy already. */
enum { VALUE_MAX = EXPLAIN_ADDRESSES_MAX };

enum kind { KIND_GROUP, KIND_CLIENT, KIND_PATTERN, KIND_OPTION, KIND_COUNT };

/* A pattern that one of two tables has. */
struct change {
	int removed;
	const struct names_rule *rule;
	char *pattern;
};

/* How two tables differ. It is looked for once, however many groups share
 * them; no more is kept of it than can be listed. */
struct comparison {
	int done;
	size_t count;
	struct change *kept;
	size_t kept_count;
	size_t kept_room;
	size_t kept_max;
	/* Out of memory. */
	int failed;
};

/* A list of one policy. */
struct view {
	const struct list *list;
	/* The list of that name in the other policy; NULL for none. */
	struct view *twin;
	/* How the two differ; the one of the policy before counts. */
	struct comparison changes;
	/* All of it, for groups that gain or lose it. */
	struct comparison whole;
	/* Number of the last pair of groups of which this side's had it. */
	size_t seen;
};

/* One of the two policies. */
struct side {
	const struct policy *policy;
	/* By name. */
	const struct group **groups;
	/* By name, then by file: for a name with '/', the file that it means
	 * depends on the file that has it. */
	struct view *views;
	size_t view_count;
};

/* The groups of one name; NULL where a policy has none. */
struct pair {
	const struct group *before;
	const struct group *after;
};

struct diff {
	struct record_writer *writer;
	struct side before;
	struct side after;
	struct pair *pairs;
	size_t pair_count;
	/* How the zones of the host differ. */
	struct comparison site;
	size_t counts[KIND_COUNT];
};

/* Counts a change. Whether it is to be listed. */
static int
count_change(struct diff *diff, enum kind kind)
{
	return diff->counts[kind]++ < DIFF_LISTED_MAX;
}

/* --- Groups. */

static const char *
mode_text(const struct group *group, char *room)
{
	(void)room;
	return group_mode_word(group);
}

static const char *
action_text(const struct group *group, char *room)
{
	(void)room;
	return action_word(group->action);
}

static const char *
ttl_text(const struct group *group, char *room)
{
	snprintf(room, VALUE_MAX, "%" PRIu32, group->ttl);
	return room;
}

static const char *
log_text(const struct group *group, char *room)
{
	(void)room;
	return group_log_word(group);
}

static const char *
sinkhole_text(const struct group *group, char *room)
{
	explain_addresses(group, RRTYPE_ANY, room);
	return room[0] != '\0' ? room : NOTHING;
}

static const char *
yes_or_no(int yes)
{
	return yes ? "yes" : "no";
}

static const char *
allow_site_names_text(const struct group *group, char *room)
{
	(void)room;
	return yes_or_no(group->allow_site_names);
}

static const char *
quiet_single_labels_text(const struct group *group, char *room)
{
	(void)room;
	return yes_or_no(group->quiet_single_labels);
}

static const char *
follow_chain_text(const struct group *group, char *room)
{
	(void)room;
	return yes_or_no(group->follow_chain);
}

static const char *
chain_text(const struct group *group, char *room)
{
	(void)room;
	return group->inspect_chain ? "inspect" : "ignore";
}

static const char *
time_zone_text(const struct group *group, char *room)
{
	(void)room;
	return group->zone_name != NULL ? group->zone_name : "UTC";
}

static const char *
window_action_text(const struct group *group, char *room)
{
	(void)room;
	return group->window_action != ACTION_COUNT
		? action_word(group->window_action) : NOTHING;
}

static const struct {
	const char *name;
	const char *(*text)(const struct group *group, char *room);
} group_options[] = {
	{ "mode", mode_text },
	{ "action", action_text },
	{ "ttl", ttl_text },
	{ "log", log_text },
	{ "sinkhole", sinkhole_text },
	{ "allow-site-names", allow_site_names_text },
	{ "quiet-single-labels", quiet_single_labels_text },
	{ "follow-chain", follow_chain_text },
	{ "chain", chain_text },
	{ "time-zone", time_zone_text },
	{ "window-action", window_action_text },
};

#define GROUP_OPTIONS (sizeof(group_options) / sizeof(group_options[0]))

/* A value of as many words as a group has; allocated. */
struct words {
	char *text;
	size_t length;
	size_t room;
	/* Out of memory. */
	int failed;
};

static void
add_word(struct words *words, const char *word)
{
	const char *before = words->length > 0 ? ", " : "";
	size_t more = strlen(before) + strlen(word) + 1;
	char *grown;

	if (words->failed)
		return;
	if (words->room - words->length < more) {
		grown = realloc(words->text, words->room * 2 + more);
		if (grown == NULL) {
			words->failed = 1;
			return;
		}
		words->text = grown;
		words->room = words->room * 2 + more;
	}
	words->length += (size_t)snprintf(words->text + words->length, more,
		"%s%s", before, word);
}

static void
add_types(const struct group *group, struct words *words)
{
	char word[RRTYPE_TEXT_MAX];
	size_t i;

	for (i = 0; i < group->type_count; i++) {
		rrtype_to_text(group->types[i], word);
		add_word(words, word);
	}
}

/* In the order of the table, whichever they are written in. */
static void
add_answers(const struct group *group, int deny, struct words *words)
{
	struct client_entry entry;
	char text[PREFIX_TEXT_MAX];
	size_t i;

	for (i = 0; group->answers != NULL &&
	    clients_entry(group->answers, i, &entry) == 0; i++)
		if (group->answer_rules[entry.group].deny == deny) {
			prefix_to_text(&entry.prefix, text);
			add_word(words, text);
		}
}

static void
add_denied_answers(const struct group *group, struct words *words)
{
	add_answers(group, 1, words);
}

static void
add_allowed_answers(const struct group *group, struct words *words)
{
	add_answers(group, 0, words);
}

static int
compare_windows(const void *va, const void *vb)
{
	const struct window *a = va, *b = vb;

	if (a->weeks != b->weeks)
		return a->weeks < b->weeks ? -1 : 1;
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* The same windows in another order, or twice, are the same times. */
static void
add_windows(const struct group *group, struct words *words)
{
	struct window sorted[GROUP_WINDOWS_MAX];
	size_t i, count = group->window_count;
	char text[WINDOW_TEXT_MAX];

	if (count == 0)
		return;
	memcpy(sorted, group->windows, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_windows);
	for (i = 0; i < count; i++) {
		if (i > 0 && compare_windows(&sorted[i - 1], &sorted[i]) == 0)
			continue;
		window_to_text(&sorted[i], text);
		add_word(words, text);
	}
}

static const struct {
	const char *name;
	void (*add)(const struct group *group, struct words *words);
	/* Where there is none. */
	const char *fallback;
} group_lists[] = {
	{ "allow-types", add_types, "all" },
	{ "answer-deny", add_denied_answers, NOTHING },
	{ "answer-allow", add_allowed_answers, NOTHING },
	{ "window", add_windows, NOTHING },
};

#define GROUP_LISTS (sizeof(group_lists) / sizeof(group_lists[0]))

static void
tell_group_option(struct diff *diff, const char *name, const char *option,
	const char *before, const char *after)
{
	if (!count_change(diff, KIND_GROUP))
		return;
	record_begin(diff->writer, "group");
	record_text(diff->writer, "change", "changed");
	record_text(diff->writer, "name", name);
	record_text(diff->writer, "option", option);
	record_text(diff->writer, "before", before);
	record_text(diff->writer, "after", after);
	record_end(diff->writer);
}

static void
compare_list_option(struct diff *diff, const struct pair *pair, size_t i)
{
	struct words before = { NULL, 0, 0, 0 }, after = { NULL, 0, 0, 0 };
	const char *old, *new;

	group_lists[i].add(pair->before, &before);
	group_lists[i].add(pair->after, &after);
	old = before.length > 0 ? before.text : group_lists[i].fallback;
	new = after.length > 0 ? after.text : group_lists[i].fallback;
	if (before.failed || after.failed)
		diff->writer->broken = 1;
	else if (strcmp(old, new) != 0)
		tell_group_option(diff, pair->after->name,
			group_lists[i].name, old, new);
	free(before.text);
	free(after.text);
}

static void
compare_options(struct diff *diff, const struct pair *pair)
{
	char room_before[VALUE_MAX], room_after[VALUE_MAX];
	size_t i;

	for (i = 0; i < GROUP_OPTIONS; i++) {
		const char *before = group_options[i].text(pair->before,
			room_before);
		const char *after = group_options[i].text(pair->after,
			room_after);

		if (strcmp(before, after) != 0)
			tell_group_option(diff, pair->after->name,
				group_options[i].name, before, after);
	}
	for (i = 0; i < GROUP_LISTS; i++)
		compare_list_option(diff, pair, i);
}

static void
tell_group(struct diff *diff, const char *change, const struct group *group)
{
	if (!count_change(diff, KIND_GROUP))
		return;
	record_begin(diff->writer, "group");
	record_text(diff->writer, "change", change);
	record_text(diff->writer, "name", group->name);
	record_end(diff->writer);
}

static void
compare_groups(struct diff *diff)
{
	size_t i;

	for (i = 0; i < diff->pair_count; i++) {
		const struct pair *pair = &diff->pairs[i];

		if (pair->before == NULL)
			tell_group(diff, "added", pair->after);
		else if (pair->after == NULL)
			tell_group(diff, "removed", pair->before);
		else
			compare_options(diff, pair);
	}
}

/* --- Clients. */

static const char *
group_name(const struct policy *policy, uint32_t group)
{
	/* What is carved out has the number of no group. */
	return group < policy->group_count ? policy->groups[group].name
		: NOTHING;
}

static void
tell_client(struct diff *diff, const char *change, const struct prefix *prefix)
{
	const struct policy *before = diff->before.policy;
	const struct policy *after = diff->after.policy;
	char text[PREFIX_TEXT_MAX];

	if (!count_change(diff, KIND_CLIENT))
		return;
	prefix_to_text(prefix, text);
	record_begin(diff->writer, "client");
	record_text(diff->writer, "change", change);
	record_text(diff->writer, "prefix", text);
	record_text(diff->writer, "before", group_name(before,
		clients_find_around(before->clients, prefix)));
	record_text(diff->writer, "after", group_name(after,
		clients_find_around(after->clients, prefix)));
	record_end(diff->writer);
}

/* Both tables are sorted: one way through the two. */
static void
compare_clients(struct diff *diff)
{
	const struct policy *before = diff->before.policy;
	const struct policy *after = diff->after.policy;
	struct client_entry old, new;
	size_t i = 0, k = 0;

	for (;;) {
		int no_old = clients_entry(before->clients, i, &old) != 0;
		int no_new = clients_entry(after->clients, k, &new) != 0;
		int order;

		if (no_old && no_new)
			return;
		order = no_old ? 1 : no_new ? -1 :
			clients_order(&old.prefix, &new.prefix);
		if (order < 0)
			tell_client(diff, "removed", &old.prefix);
		else if (order > 0)
			tell_client(diff, "added", &new.prefix);
		else if (strcmp(group_name(before, old.group),
		    group_name(after, new.group)) != 0)
			tell_client(diff, "moved", &new.prefix);
		i += order <= 0;
		k += order >= 0;
	}
}

/* --- Patterns. */

/* Room for one more; NULL when out of memory. */
static struct change *
new_change(struct comparison *comparison)
{
	if (array_room(&comparison->kept, comparison->kept_count,
	    &comparison->kept_room, 1, sizeof(*comparison->kept)) != 0)
		return NULL;
	return &comparison->kept[comparison->kept_count];
}

static void
keep_change(struct comparison *comparison, const struct names_rule *rule,
	const char *text, int removed)
{
	struct change *change;

	if (comparison->count++ >= comparison->kept_max || comparison->failed)
		return;
	change = new_change(comparison);
	if (change == NULL) {
		comparison->failed = 1;
		return;
	}
	change->removed = removed;
	change->rule = rule;
	change->pattern = strdup(text);
	if (change->pattern == NULL)
		comparison->failed = 1;
	else
		comparison->kept_count++;
}

static void
keep_removed(void *context, const struct names_rule *rule, const char *text)
{
	keep_change(context, rule, text, 1);
}

static void
keep_added(void *context, const struct names_rule *rule, const char *text)
{
	keep_change(context, rule, text, 0);
}

/* Either table may be NULL: there is none. */
static void
compare_tables(struct diff *diff, struct comparison *comparison,
	const struct names *before, const struct names *after)
{
	size_t listed = diff->counts[KIND_PATTERN];

	if (comparison->done)
		return;
	comparison->done = 1;
	/* Later there will be room for less, never for more. */
	comparison->kept_max = listed < DIFF_LISTED_MAX
		? DIFF_LISTED_MAX - listed : 0;
	if (before != NULL)
		names_missing(before, after, keep_removed, comparison);
	if (after != NULL)
		names_missing(after, before, keep_added, comparison);
	if (comparison->failed)
		diff->writer->broken = 1;
}

static void
comparison_clear(struct comparison *comparison)
{
	size_t i;

	for (i = 0; i < comparison->kept_count; i++)
		free(comparison->kept[i].pattern);
	free(comparison->kept);
}

/* What a table of patterns is of. */
struct table {
	const char *group;
	/* The word for what the patterns are for; NULL for what may be asked
	 * for at all times. */
	const char *kind;
	/* NULL for the group's own. */
	const struct list *list;
};

static void
tell_pattern(struct diff *diff, const struct table *table,
	const struct change *change)
{
	const struct policy *policy = change->removed ? diff->before.policy
		: diff->after.policy;
	struct origin origin;

	origin.file = policy->sources[change->rule->source];
	origin.line = change->rule->line;
	origin.column = change->rule->column;
	record_begin(diff->writer, "pattern");
	record_text(diff->writer, "change", change->removed ? "removed"
		: "added");
	record_text(diff->writer, "group", table->group);
	if (table->kind != NULL)
		record_text(diff->writer, "kind", table->kind);
	if (table->list != NULL)
		record_text(diff->writer, "list", table->list->name);
	record_text(diff->writer, "pattern", change->pattern);
	record_text(diff->writer, "deny", change->rule->deny ? "yes" : "no");
	explain_origin(diff->writer, "rule", &origin);
	record_end(diff->writer);
}

static void
tell_patterns(struct diff *diff, const struct table *table,
	const struct comparison *comparison)
{
	size_t i;

	for (i = 0; i < comparison->kept_count; i++)
		if (diff->counts[KIND_PATTERN] + i < DIFF_LISTED_MAX)
			tell_pattern(diff, table, &comparison->kept[i]);
	diff->counts[KIND_PATTERN] += comparison->count;
}

/* Either table may be NULL. */
static void
compare_own(struct diff *diff, const struct table *table,
	const struct names *before, const struct names *after)
{
	struct comparison comparison;

	memset(&comparison, 0, sizeof(comparison));
	compare_tables(diff, &comparison, before, after);
	tell_patterns(diff, table, &comparison);
	comparison_clear(&comparison);
}

/* --- Lists. */

static int
compare_view_names(const void *va, const void *vb)
{
	const struct view *a = va, *b = vb;

	return strcmp(a->list->name, b->list->name);
}

static int
compare_views(const void *va, const void *vb)
{
	const struct view *a = va, *b = vb;
	int order = compare_view_names(a, b);

	return order != 0 ? order : strcmp(a->list->file, b->list->file);
}

/* Makes twins of the views that are equal by ORDER and have none yet. */
static void
pair_views(struct side *before, struct side *after,
	int (*order)(const void *a, const void *b))
{
	size_t i = 0, k = 0;

	while (i < before->view_count && k < after->view_count) {
		struct view *old = &before->views[i], *new = &after->views[k];
		int sign = old->twin != NULL ? -1 : new->twin != NULL ? 1 :
			order(old, new);

		if (sign == 0) {
			old->twin = new;
			new->twin = old;
		}
		i += sign <= 0;
		k += sign >= 0;
	}
}

static struct view *
find_view(const struct side *side, const struct list *list)
{
	struct view key;

	memset(&key, 0, sizeof(key));
	key.list = list;
	return bsearch(&key, side->views, side->view_count, sizeof(key),
		compare_views);
}

/* The lists of a group that are for the same. */
struct lists {
	const struct list *const *list;
	size_t count;
};

static void
mark_lists(const struct side *side, const struct lists *lists, size_t number)
{
	size_t i;

	for (i = 0; i < lists->count; i++)
		find_view(side, lists->list[i])->seen = number;
}

static void
tell_lost_or_kept(struct diff *diff, struct table *table, struct view *view,
	size_t number)
{
	struct comparison *comparison = &view->whole;

	if (view->twin != NULL && view->twin->seen == number) {
		comparison = &view->changes;
		compare_tables(diff, comparison, view->list->names,
			view->twin->list->names);
	} else {
		compare_tables(diff, comparison, view->list->names, NULL);
	}
	table->list = view->list;
	tell_patterns(diff, table, comparison);
}

static void
tell_gained(struct diff *diff, struct table *table, struct view *view,
	size_t number)
{
	if (view->twin != NULL && view->twin->seen == number)
		return;
	compare_tables(diff, &view->whole, NULL, view->list->names);
	table->list = view->list;
	tell_patterns(diff, table, &view->whole);
}

/* NUMBER is another one for each pair of lists, and not 0. */
static void
compare_lists(struct diff *diff, struct table *table,
	const struct lists *before, const struct lists *after, size_t number)
{
	size_t i;

	mark_lists(&diff->before, before, number);
	mark_lists(&diff->after, after, number);
	for (i = 0; i < before->count; i++)
		tell_lost_or_kept(diff, table, find_view(&diff->before,
			before->list[i]), number);
	for (i = 0; i < after->count; i++)
		tell_gained(diff, table, find_view(&diff->after,
			after->list[i]), number);
}

/* What a group has of one kind. */
struct patterns {
	const char *kind;
	const struct names *own;
	struct lists lists;
};

enum { PATTERN_KINDS = 4 };

static void
patterns_of(const struct group *group, struct patterns patterns[PATTERN_KINDS])
{
	const struct patterns all[PATTERN_KINDS] = {
		{ NULL, group->own, { group->lists, group->list_count } },
		{ "quiet", group->quiet, { group->quiet_lists,
			group->quiet_list_count } },
		{ "window", group->window_own, { group->window_lists,
			group->window_list_count } },
		{ "chain", group->chain, { NULL, 0 } },
	};

	memcpy(patterns, all, sizeof(all));
}

/* The zones of the host are the same for all groups that want them. */
static void
compare_site(struct diff *diff, const struct pair *pair)
{
	const struct table table = { pair->after->name, "site", NULL };

	if (!pair->before->allow_site_names || !pair->after->allow_site_names)
		return;
	compare_tables(diff, &diff->site, diff->before.policy->site,
		diff->after.policy->site);
	tell_patterns(diff, &table, &diff->site);
}

static void
compare_pair(struct diff *diff, const struct pair *pair, size_t number)
{
	struct patterns before[PATTERN_KINDS], after[PATTERN_KINDS];
	size_t i;

	patterns_of(pair->before, before);
	patterns_of(pair->after, after);
	for (i = 0; i < PATTERN_KINDS; i++) {
		struct table table = { pair->after->name, before[i].kind,
			NULL };

		compare_own(diff, &table, before[i].own, after[i].own);
		compare_lists(diff, &table, &before[i].lists, &after[i].lists,
			number * PATTERN_KINDS + i + 1);
	}
	compare_site(diff, pair);
}

static void
compare_patterns(struct diff *diff)
{
	size_t i;

	for (i = 0; i < diff->pair_count; i++)
		if (diff->pairs[i].before != NULL &&
		    diff->pairs[i].after != NULL)
			compare_pair(diff, &diff->pairs[i], i);
}

/* --- The bitsink: clause. */

static const char *
written_text(const char *value)
{
	return value != NULL ? value : NOTHING;
}

static const char *
log_limit_text(const struct policy_settings *settings, char *room)
{
	snprintf(room, VALUE_MAX, "%u", settings->log_limit);
	return room;
}

static const char *
watch_files_text(const struct policy_settings *settings, char *room)
{
	(void)room;
	return yes_or_no(settings->watch_files);
}

static const char *
gate_text(const struct policy_settings *settings, char *room)
{
	(void)room;
	return settings->gate_views ? "views" : "hook";
}

static const char *
control_socket_text(const struct policy_settings *settings, char *room)
{
	(void)room;
	return settings->control_off ? "off"
		: written_text(settings->control_socket);
}

static const char *
control_user_text(const struct policy_settings *settings, char *room)
{
	(void)room;
	return written_text(settings->control_user);
}

static const char *
control_group_text(const struct policy_settings *settings, char *room)
{
	(void)room;
	return written_text(settings->control_group);
}

static const char *
control_mode_text(const struct policy_settings *settings, char *room)
{
	snprintf(room, VALUE_MAX, "%04o", settings->control_mode);
	return room;
}

static const struct {
	const char *name;
	const char *(*text)(const struct policy_settings *settings,
		char *room);
} settings_options[] = {
	{ "log-limit", log_limit_text },
	{ "watch-files", watch_files_text },
	{ "gate", gate_text },
	{ "control-socket", control_socket_text },
	{ "control-user", control_user_text },
	{ "control-group", control_group_text },
	{ "control-mode", control_mode_text },
};

#define SETTINGS_OPTIONS \
	(sizeof(settings_options) / sizeof(settings_options[0]))

static void
tell_setting(struct diff *diff, const char *name, const char *before,
	const char *after)
{
	if (!count_change(diff, KIND_OPTION))
		return;
	record_begin(diff->writer, "option");
	record_text(diff->writer, "change", "changed");
	record_text(diff->writer, "name", name);
	record_text(diff->writer, "before", before);
	record_text(diff->writer, "after", after);
	record_end(diff->writer);
}

static void
compare_settings(struct diff *diff)
{
	char room_before[VALUE_MAX], room_after[VALUE_MAX];
	size_t i;

	for (i = 0; i < SETTINGS_OPTIONS; i++) {
		const char *before = settings_options[i].text(
			&diff->before.policy->settings, room_before);
		const char *after = settings_options[i].text(
			&diff->after.policy->settings, room_after);

		if (strcmp(before, after) != 0)
			tell_setting(diff, settings_options[i].name, before,
				after);
	}
}

/* --- All of it. */

static int
compare_group_names(const void *va, const void *vb)
{
	const struct group *const *a = va, *const *b = vb;

	return strcmp((*a)->name, (*b)->name);
}

static int
side_begin(struct side *side, const struct policy *policy)
{
	size_t i;

	side->policy = policy;
	side->groups = calloc(policy->group_count + 1, sizeof(*side->groups));
	side->views = calloc(policy->list_count + 1, sizeof(*side->views));
	if (side->groups == NULL || side->views == NULL)
		return -1;
	for (i = 0; i < policy->group_count; i++)
		side->groups[i] = &policy->groups[i];
	qsort(side->groups, policy->group_count, sizeof(*side->groups),
		compare_group_names);
	side->view_count = policy->list_count;
	for (i = 0; i < policy->list_count; i++)
		side->views[i].list = policy->lists[i];
	qsort(side->views, side->view_count, sizeof(*side->views),
		compare_views);
	return 0;
}

static void
side_end(struct side *side)
{
	size_t i;

	for (i = 0; i < side->view_count; i++) {
		comparison_clear(&side->views[i].changes);
		comparison_clear(&side->views[i].whole);
	}
	free(side->views);
	free(side->groups);
}

static int
pair_groups(struct diff *diff)
{
	size_t befores = diff->before.policy->group_count, i = 0;
	size_t afters = diff->after.policy->group_count, k = 0;

	diff->pairs = calloc(befores + afters + 1, sizeof(*diff->pairs));
	if (diff->pairs == NULL)
		return -1;
	while (i < befores || k < afters) {
		const struct group **before = &diff->before.groups[i];
		const struct group **after = &diff->after.groups[k];
		int order = i == befores ? 1 : k == afters ? -1 :
			compare_group_names(before, after);
		struct pair *pair = &diff->pairs[diff->pair_count++];

		pair->before = order <= 0 ? *before : NULL;
		pair->after = order >= 0 ? *after : NULL;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

static void
tell_counts(struct diff *diff)
{
	record_begin(diff->writer, "changes");
	record_number(diff->writer, "groups", diff->counts[KIND_GROUP]);
	record_number(diff->writer, "clients", diff->counts[KIND_CLIENT]);
	record_number(diff->writer, "patterns", diff->counts[KIND_PATTERN]);
	record_number(diff->writer, "options", diff->counts[KIND_OPTION]);
	record_end(diff->writer);
}

static void
compare_all(struct diff *diff)
{
	/* The same file before the same name alone. */
	pair_views(&diff->before, &diff->after, compare_views);
	pair_views(&diff->before, &diff->after, compare_view_names);
	compare_groups(diff);
	compare_clients(diff);
	compare_patterns(diff);
	compare_settings(diff);
	tell_counts(diff);
}

void
diff_policies(struct record_writer *writer, const struct policy *before,
	const struct policy *after)
{
	struct diff diff;

	memset(&diff, 0, sizeof(diff));
	diff.writer = writer;
	if (side_begin(&diff.before, before) == 0 &&
	    side_begin(&diff.after, after) == 0 && pair_groups(&diff) == 0)
		compare_all(&diff);
	else
		writer->broken = 1;
	side_end(&diff.before);
	side_end(&diff.after);
	comparison_clear(&diff.site);
	free(diff.pairs);
}

/* --- One query. */

static int
is_same(const struct decision *a, const struct decision *b)
{
	return a->verdict == b->verdict &&
		(a->verdict != VERDICT_BLOCK || a->action == b->action);
}

/* What the client meets. */
static const char *
change_word(const struct decision *before, const struct decision *after)
{
	int was_blocked = before->verdict == VERDICT_BLOCK;
	int is_blocked = after->verdict == VERDICT_BLOCK;

	if (was_blocked == is_blocked)
		return "other";
	return is_blocked ? "blocked" : "allowed";
}

static void
tell_outcome(struct record_writer *writer, const char *key,
	const struct decision *decision)
{
	if (decision->verdict == VERDICT_BLOCK)
		record_format(writer, key, "block %s",
			action_word(decision->action));
	else
		record_text(writer, key, verdict_word(decision->verdict));
}

static void
tell_grounds(struct record_writer *writer, const struct decision *before,
	const struct decision *after)
{
	if (before->rule.file != NULL)
		explain_origin(writer, "before-rule", &before->rule);
	if (after->rule.file != NULL)
		explain_origin(writer, "after-rule", &after->rule);
	if (before->group != NULL)
		record_text(writer, "before-group", before->group->name);
	if (after->group != NULL)
		record_text(writer, "after-group", after->group->name);
}

int
diff_query(struct record_writer *writer, const struct policy *before,
	const struct policy *after, const struct query *query)
{
	struct decision old, new;

	policy_decide(before, query, &old);
	policy_decide(after, query, &new);
	if (is_same(&old, &new))
		return 0;
	record_begin(writer, "verdict");
	record_text(writer, "change", change_word(&old, &new));
	explain_asked(writer, query);
	tell_outcome(writer, "before", &old);
	tell_outcome(writer, "after", &new);
	tell_grounds(writer, &old, &new);
	record_end(writer);
	return 1;
}
