/*
 * gate.c - what a policy needs of the host's configuration where the host does
 * not ask us before it looks into its cache.
 */
#include "gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cuts.h"
#include "record.h"

/* What differs is told of so many lines of a view, or netblocks. */
#define TOLD_MAX 10

/* Room for a line: a name, and what is around it. */
#define LINE_MAX_OCTETS (NAME_TEXT_MAX + 128)

/* What a zone does at a cut. */
enum kind {
	KIND_PASS,
	/* Only what is below it passes. */
	KIND_BELOW,
	KIND_BLOCK
};

static enum kind
kind_of(const struct cut *cut)
{
	if (cut->self)
		return KIND_PASS;
	return cut->below || cut->wild ? KIND_BELOW : KIND_BLOCK;
}

/* Whether something passes that may not be asked for at all times. */
static int
is_coarse(const struct cut *cut)
{
	if (cut->self && (cut->self_in_window || !cut->below))
		return 1;
	return cut->below ? cut->below_in_window || cut->wild_deny : cut->wild;
}

/* --- The lines of a view. */

struct lines {
	struct gate_view *view;
	size_t room;
	int broken;
};

static void
add_line(struct lines *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
add_line(struct lines *lines, const char *format, ...)
{
	struct gate_view *view = lines->view;
	va_list arguments;
	char *line;

	lines->broken = lines->broken || array_room(&view->lines, view->count,
		&lines->room, 1, sizeof(*view->lines)) != 0;
	if (lines->broken)
		return;
	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		lines->broken = 1;
	else
		view->lines[view->count++] = line;
	va_end(arguments);
}

static void
add_sinkholes(struct lines *lines, const char *name)
{
	const struct group *group = lines->view->group;
	char text[PREFIX_TEXT_MAX];
	struct address address;
	unsigned i;

	for (i = 0; group_sinkhole(group, i, &address) == 0; i++) {
		address_to_text(&address, text);
		add_line(lines, "local-data: \"%s %u IN %s %s\"", name,
			group->ttl, address.family == ADDRESS_IP4 ? "A"
			: "AAAA", text);
	}
}

/* The zone that refuses a name and all below it as the group does. */
static const char *
blocking_zone(const struct group *group)
{
	switch (group->action) {
	case ACTION_NODATA:
		return "always_nodata";
	case ACTION_REFUSED:
		return "always_refuse";
	case ACTION_DROP:
		return "always_deny";
	case ACTION_SINKHOLE:
		return "redirect";
	case ACTION_NXDOMAIN:
	case ACTION_COUNT:
		break;
	}
	return "always_nxdomain";
}

static void
add_zone(struct lines *lines, const char *name, enum kind kind)
{
	const struct group *group = lines->view->group;
	int sinks = group->action == ACTION_SINKHOLE;

	switch (kind) {
	case KIND_PASS:
		add_line(lines, "local-zone: \"%s\" always_transparent", name);
		return;
	case KIND_BELOW:
		/* It answers for the names alone that have data. */
		add_line(lines, "local-zone: \"%s\" transparent", name);
		if (!sinks)
			add_line(lines, "local-data: \"%s %u IN TXT %s\"",
				name, group->ttl, GATE_TEXT);
		break;
	case KIND_BLOCK:
		add_line(lines, "local-zone: \"%s\" %s", name,
			blocking_zone(group));
		break;
	}
	if (sinks)
		add_sinkholes(lines, name);
}

static void
note_coarse(const struct policy *policy, struct gate_view *view,
	const struct cut *cut)
{
	if (view->coarse++ > 0)
		return;
	cut_name(cut, view->first_coarse);
	view->first_coarse_at = view->group->origin;
	if (cut->rule.line == 0)
		return;
	view->first_coarse_at.file = policy->sources[cut->rule.source];
	view->first_coarse_at.line = cut->rule.line;
	view->first_coarse_at.column = cut->rule.column;
}

/* Zones where nothing changes are left out. PASSES tells of each cut whether
 * what is below it passes, and is all zeroes. */
static void
add_cuts(const struct policy *policy, struct lines *lines,
	const struct cuts *cuts, uint8_t *passes)
{
	char name[NAME_TEXT_MAX];
	size_t i;

	for (i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->cuts[i];
		enum kind kind = kind_of(cut);
		int is_first = cut->above == CUTS_NONE;
		int around = !is_first && passes[cut->above];

		if (is_coarse(cut))
			note_coarse(policy, lines->view, cut);
		passes[i] = kind != KIND_BLOCK;
		if (!is_first && kind != KIND_BELOW && passes[i] == around)
			continue;
		cut_name(cut, name);
		add_zone(lines, name, kind);
	}
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* 0, or -1 when out of memory. */
static int
fill_view(const struct policy *policy, const struct group *group,
	struct gate_view *view)
{
	struct lines lines = { view, 0, 0 };
	struct cuts *cuts = cuts_new(policy, group);
	uint8_t *passes = cuts != NULL ? calloc(cuts->count, 1) : NULL;

	view->group = group;
	snprintf(view->name, sizeof(view->name), GATE_VIEW "%s", group->name);
	if (passes != NULL)
		add_cuts(policy, &lines, cuts, passes);
	free(passes);
	cuts_free(cuts);
	if (passes == NULL || lines.broken)
		return -1;
	qsort(view->lines, view->count, sizeof(*view->lines), compare_lines);
	return 0;
}

/* --- The whole. */

static int
compare_groups(const void *group, const void *view)
{
	const struct group *of_view = ((const struct gate_view *)view)->group;

	if (of_view == group)
		return 0;
	return (const struct group *)group < of_view ? -1 : 1;
}

/* Views stand in the order of the groups. */
static const struct gate_view *
view_of(const struct policy *policy, const struct gate *gate, uint32_t group)
{
	if (group >= policy->group_count)
		return NULL;
	return bsearch(&policy->groups[group], gate->views, gate->view_count,
		sizeof(*gate->views), compare_groups);
}

const struct gate_view *
gate_view_around(const struct gate *gate, const struct policy *policy,
	const struct prefix *prefix)
{
	return view_of(policy, gate, clients_find_around(policy->clients,
		prefix));
}

static int
fill_clients(const struct policy *policy, struct gate *gate)
{
	struct client_entry entry;
	size_t count = 0;

	while (clients_entry(policy->clients, count, &entry) == 0)
		count++;
	gate->clients = calloc(count + 1, sizeof(*gate->clients));
	if (gate->clients == NULL)
		return -1;
	for (; gate->client_count < count; gate->client_count++) {
		(void)clients_entry(policy->clients, gate->client_count,
			&entry);
		gate->clients[gate->client_count].prefix = entry.prefix;
		gate->clients[gate->client_count].view = view_of(policy, gate,
			entry.group);
	}
	return 0;
}

struct gate *
gate_new(const struct policy *policy)
{
	struct gate *gate = calloc(1, sizeof(*gate));
	int failed = 0;
	size_t i;

	if (gate == NULL)
		return NULL;
	gate->views = calloc(policy->group_count + 1, sizeof(*gate->views));
	if (gate->views == NULL) {
		free(gate);
		return NULL;
	}
	for (i = 0; i < policy->group_count && !failed; i++)
		if (!policy->groups[i].audit)
			failed = fill_view(policy, &policy->groups[i],
				&gate->views[gate->view_count++]) != 0;
	if (!failed && fill_clients(policy, gate) == 0)
		return gate;
	gate_free(gate);
	return NULL;
}

void
gate_free(struct gate *gate)
{
	size_t i, line;

	if (gate == NULL)
		return;
	for (i = 0; i < gate->view_count; i++) {
		for (line = 0; line < gate->views[i].count; line++)
			free(gate->views[i].lines[line]);
		free(gate->views[i].lines);
	}
	free(gate->views);
	free(gate->clients);
	free(gate);
}

/* --- What the host has. */

/* What the host has of one view that is needed. */
struct found_view {
	int is_there;
	int is_first;
	char **lines;
	size_t count, room;
};

/* A view that is ours, and that the policy has no group for. */
#define OTHER_VIEW (CLIENTS_GROUPS_MAX - 1)

struct found {
	const struct gate *gate;
	/* One for each view of the gate, and the number of the last that a
	 * record was of. */
	struct found_view *views;
	size_t last;
	struct client_entry *entries;
	size_t entry_count, entry_room;
	int no_memory;
};

/* The number of the view in the gate, or how many the gate has where none is of
 * that name; VIEW may be NULL. From the last one on: all lines of a view come
 * together, and those of the next view often come next. */
static size_t
number_of(struct found *found, const char *view)
{
	const struct gate *gate = found->gate;
	size_t i;

	for (i = 0; view != NULL && i < gate->view_count; i++) {
		size_t number = (found->last + i) % gate->view_count;

		if (strcmp(gate->views[number].name, view) == 0) {
			found->last = number;
			return number;
		}
	}
	return gate->view_count;
}

/* The number of a view for a table of clients. */
static uint32_t
client_number(struct found *found, const char *view)
{
	size_t number = number_of(found, view);

	if (number < found->gate->view_count)
		return (uint32_t)number;
	return view != NULL && strncmp(view, GATE_VIEW,
		strlen(GATE_VIEW)) == 0 ? OTHER_VIEW : CLIENTS_NONE;
}

static int
take_client(struct found *found, const struct record *record)
{
	const char *prefix = record_get(record, "prefix");
	struct client_entry *entry;

	if (prefix == NULL)
		return -1;
	if (array_room(&found->entries, found->entry_count, &found->entry_room,
	    1, sizeof(*found->entries)) != 0) {
		found->no_memory = 1;
		return 0;
	}
	entry = &found->entries[found->entry_count];
	memset(entry, 0, sizeof(*entry));
	if (prefix_from_text(&entry->prefix, prefix) != NULL)
		return -1;
	entry->group = client_number(found, record_get(record, "view"));
	entry->tag = record_get(record, "snoops") != NULL;
	found->entry_count++;
	return 0;
}

static int
take_view(struct found *found, const struct record *record)
{
	const char *name = record_get(record, "name");
	const char *first = record_get(record, "first");
	size_t number = number_of(found, name);

	if (name == NULL || first == NULL)
		return -1;
	if (number == found->gate->view_count)
		return 0;
	found->views[number].is_there = 1;
	found->views[number].is_first = strcmp(first, "yes") == 0;
	return 0;
}

/* The text stays in the caller's memory. */
static int
take_line(struct found *found, const struct record *record)
{
	const char *text = record_get(record, "text");
	const char *name = record_get(record, "view");
	size_t number = number_of(found, name);
	struct found_view *view;

	if (name == NULL || text == NULL)
		return -1;
	if (number == found->gate->view_count)
		return 0;
	view = &found->views[number];
	if (array_room(&view->lines, view->count, &view->room, 1,
	    sizeof(*view->lines)) != 0)
		found->no_memory = 1;
	else
		memcpy(&view->lines[view->count++], &text, sizeof(text));
	return 0;
}

static int
take_record(struct found *found, const struct record *record)
{
	if (strcmp(record->kind, "client") == 0)
		return take_client(found, record);
	if (strcmp(record->kind, "view") == 0)
		return take_view(found, record);
	return strcmp(record->kind, "line") == 0 ? take_line(found, record)
		: -1;
}

/* Takes TEXT apart, in place. 0, or -1 for what is no such text. */
static int
read_found(struct found *found, char *text)
{
	const char *expected;
	struct record record;
	char *line, *end;
	size_t wrong;

	for (line = text; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL)
			return -1;
		*end = '\0';
		if (record_parse(&record, line, &wrong, &expected) != 0 ||
		    take_record(found, &record) != 0)
			return -1;
	}
	return 0;
}

/* --- The comparison. */

/* Where an error is told: the policy's file alone, for it is right as such. */
static struct origin
place_of(const struct policy *policy)
{
	struct origin place = { policy->sources[0], 0, 0 };

	return place;
}

static void
tell_line(const struct policy *policy, const struct gate_view *view,
	const char *line, int is_needed, struct diag *diag)
{
	if (is_needed)
		diag_error(diag, place_of(policy), "found no <%s> in view "
			"\"%s\" of unbound.conf, expected it", line,
			view->name);
	else
		diag_error(diag, place_of(policy), "found <%s> in view \"%s\" "
			"of unbound.conf, expected no such line", line,
			view->name);
}

static void
tell_more(const struct policy *policy, const char *what, size_t differences,
	struct diag *diag)
{
	if (differences > TOLD_MAX)
		diag_error(diag, place_of(policy), "found %zu more differences "
			"in %s of unbound.conf, expected what \"bitsinkctl "
			"gate\" prints", differences - TOLD_MAX, what);
}

/* Both are sorted. */
static void
compare_view(const struct policy *policy, const struct gate_view *view,
	struct found_view *found, struct diag *diag)
{
	size_t i = 0, k = 0, told = 0;

	if (!found->is_there) {
		diag_error(diag, place_of(policy), "found no view \"%s\" in "
			"unbound.conf, expected the one that \"bitsinkctl "
			"gate\" prints", view->name);
		return;
	}
	if (!found->is_first)
		diag_error(diag, place_of(policy), "found view \"%s\" of "
			"unbound.conf without <view-first: yes>, expected it",
			view->name);
	if (found->count > 0)
		qsort(found->lines, found->count, sizeof(*found->lines),
			compare_lines);
	while (i < view->count || k < found->count) {
		int order = i == view->count ? 1 : k == found->count ? -1
			: strcmp(view->lines[i], found->lines[k]);

		if (order != 0 && told++ < TOLD_MAX)
			tell_line(policy, view, order < 0 ? view->lines[i]
				: found->lines[k], order < 0, diag);
		i += order <= 0;
		k += order >= 0;
	}
	tell_more(policy, view->name, told, diag);
}

/* The same netblock twice is one: the host knows a family more, that of mapped
 * addresses. One with a view counts. */
static struct clients *
make_table(struct found *found)
{
	size_t i, kept = 0;

	clients_sort(found->entries, found->entry_count);
	for (i = 0; i < found->entry_count; i++) {
		struct client_entry *entry = &found->entries[i];

		if (kept > 0 && clients_same(entry,
		    &found->entries[kept - 1])) {
			if (found->entries[kept - 1].group == CLIENTS_NONE)
				found->entries[kept - 1].group = entry->group;
		} else {
			found->entries[kept++] = *entry;
		}
	}
	return clients_new(found->entries, kept);
}

static void
tell_client(const struct policy *policy, const struct gate *gate,
	const struct prefix *prefix, uint32_t needed, uint32_t has,
	struct diag *diag)
{
	char text[PREFIX_TEXT_MAX];

	prefix_to_text(prefix, text);
	if (needed < gate->view_count)
		diag_error(diag, place_of(policy), "found clients %s %s in "
			"unbound.conf, expected <access-control-view: %s %s>",
			text, has == CLIENTS_NONE ? "without a view of bitsink"
			: "with another view of bitsink", text,
			gate->views[needed].name);
	else
		diag_error(diag, place_of(policy), "found clients %s with view "
			"\"%s\" in unbound.conf, expected none of bitsink's: "
			"<access-control: %s allow>", text,
			has < gate->view_count ? gate->views[has].name
			: GATE_VIEW "...", text);
}

/* The number of the view that clients with the prefix need. */
static uint32_t
needed_for(const struct policy *policy, const struct gate *gate,
	const struct prefix *prefix)
{
	const struct gate_view *view = gate_view_around(gate, policy, prefix);

	return view != NULL ? (uint32_t)(view - gate->views) : CLIENTS_NONE;
}

/* At each prefix that either of the two knows, the same must come of both:
 * then it does for each address. */
static void
compare_clients(const struct policy *policy, const struct gate *gate,
	const struct clients *has, struct diag *diag)
{
	struct client_entry of_policy, of_host;
	size_t i = 0, k = 0, told = 0;

	for (;;) {
		int has_policy = clients_entry(policy->clients, i,
			&of_policy) == 0;
		int has_host = clients_entry(has, k, &of_host) == 0;
		int order = !has_policy ? 1 : !has_host ? -1
			: clients_order(&of_policy.prefix, &of_host.prefix);
		const struct prefix *prefix = order <= 0 ? &of_policy.prefix
			: &of_host.prefix;
		uint32_t needed, is;

		if (!has_policy && !has_host)
			break;
		needed = needed_for(policy, gate, prefix);
		is = clients_find_around(has, prefix);
		if (is != needed && told++ < TOLD_MAX)
			tell_client(policy, gate, prefix, needed, is, diag);
		i += order <= 0;
		k += order >= 0;
	}
	tell_more(policy, "access-control", told, diag);
}

/* To who asks without recursion the host tells what it knows of the servers,
 * and asks nobody. */
static void
refuse_snooping(const struct policy *policy, const struct found *found,
	struct diag *diag)
{
	char text[PREFIX_TEXT_MAX];
	size_t i, told = 0;

	for (i = 0; i < found->entry_count; i++) {
		const struct client_entry *entry = &found->entries[i];

		if (!entry->tag || entry->group == CLIENTS_NONE ||
		    told++ >= TOLD_MAX)
			continue;
		prefix_to_text(&entry->prefix, text);
		diag_error(diag, place_of(policy), "found <access-control: %s "
			"allow_snoop> in unbound.conf, expected <allow>, for "
			"they have a view of bitsink", text);
	}
	tell_more(policy, "access-control", told, diag);
}

static void
compare(const struct policy *policy, struct found *found, struct diag *diag)
{
	const struct gate *gate = found->gate;
	struct clients *has;
	size_t i;

	refuse_snooping(policy, found, diag);
	has = make_table(found);
	if (has == NULL) {
		diag_no_memory(diag);
		return;
	}
	compare_clients(policy, gate, has, diag);
	clients_free(has);
	for (i = 0; i < gate->view_count; i++)
		compare_view(policy, &gate->views[i], &found->views[i], diag);
}

void
gate_check(const struct policy *policy, const char *text, size_t length,
	struct diag *diag)
{
	struct gate *gate = gate_new(policy);
	struct found found = { .gate = gate };
	char *copy = strndup(text, length);
	size_t i;

	if (gate != NULL)
		found.views = calloc(gate->view_count + 1,
			sizeof(*found.views));
	found.no_memory = gate == NULL || copy == NULL || found.views == NULL;
	if (!found.no_memory && read_found(&found, copy) != 0)
		diag_error(diag, place_of(policy), "found what unbound.conf "
			"has in another form, expected records of views");
	/* Reading takes some, too. */
	else if (found.no_memory)
		diag_no_memory(diag);
	else
		compare(policy, &found, diag);
	for (i = 0; found.views != NULL && i < gate->view_count; i++)
		free(found.views[i].lines);
	free(found.views);
	free(found.entries);
	free(copy);
	gate_free(gate);
}

void
gate_warn(const struct policy *policy, struct diag *diag)
{
	struct gate *gate = gate_new(policy);
	size_t i;

	if (gate == NULL) {
		diag_no_memory(diag);
		return;
	}
	for (i = 0; i < gate->view_count; i++) {
		const struct gate_view *view = &gate->views[i];

		if (view->coarse > 0)
			diag_warning(diag, view->first_coarse_at, "views are "
				"coarser than group \"%s\" at %zu names, "
				"of which \"%s\" is the first: what it may not "
				"ask for there passes its view",
				view->group->name, view->coarse,
				view->first_coarse);
	}
	gate_free(gate);
}
