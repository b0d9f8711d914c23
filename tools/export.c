/*
 * export.c - the commands that write a policy in the words of other programs.
 */
#include "export.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "session.h"

struct format {
	const char *name;
	const char *comment;
	/* It has room for one group only. */
	int is_one_group;
	void (*write)(struct export *export);
};

static const struct format formats[] = {
	{ "rpz", ";", 1, export_rpz },
	{ "unbound-views", "#", 0, export_unbound_views },
	{ "bind-views", "#", 0, export_bind_views },
	{ "dnsmasq", "#", 1, export_dnsmasq },
	{ "squid", "#", 0, export_squid },
	{ "nftables", "#", 0, export_nftables },
	{ NULL, NULL, 0, NULL }
};

static const struct format gate_format = { "gate", "#", 0, export_gate };

void
export_say(struct export *export, const char *format, ...)
{
	va_list arguments;

	fprintf(export->out, "%s ", export->comment);
	va_start(arguments, format);
	vfprintf(export->out, format, arguments);
	va_end(arguments);
	fputc('\n', export->out);
}

void
export_note(struct export *export, struct origin where, const char *format,
	...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		export->broken = 1;
		return;
	}
	diag_warning(&export->notes, where, "%s", text);
	if (where.line > 0)
		export_say(export, "NOTE %s:%u: %s", where.file, where.line,
			text);
	else
		export_say(export, "NOTE %s", text);
	free(text);
}

struct origin
export_place(const struct export *export, const struct group *group,
	const struct names_rule *rule)
{
	struct origin place = group->origin;

	if (rule->line > 0) {
		place.file = export->policy->sources[rule->source];
		place.line = rule->line;
		place.column = rule->column;
	}
	return place;
}

int
export_wants(const struct export *export, const struct group *group)
{
	return export->group == NULL || export->group == group;
}

void
export_note_audit(struct export *export, const struct group *group)
{
	if (group->audit)
		export_note(export, group->origin, "group \"%s\" is in audit: "
			"here it is enforced", group->name);
}

void
export_note_types(struct export *export, const struct group *group)
{
	if (group->type_count > 0)
		export_note(export, group->origin, "OPEN: group \"%s\" may ask "
			"for all types: allow-types is not known here",
			group->name);
}

void
export_note_group(struct export *export, const struct group *group)
{
	export_note_audit(export, group);
	export_note_types(export, group);
	if (group_inspects(group))
		export_note(export, group->origin, "OPEN: answers of group "
			"\"%s\" are not judged: chain and answer-deny are not "
			"known here", group->name);
	if (group->follow_chain)
		export_note(export, group->origin, "stricter: group \"%s\" may "
			"not ask for targets of CNAMEs: follow-chain is not "
			"known here", group->name);
	if (group->window_count > 0)
		export_note(export, group->origin, "stricter: windows of group "
			"\"%s\" are shut: what they allow is not allowed here",
			group->name);
}

void
export_note_wild(struct export *export, const struct group *group,
	const struct cuts *cuts)
{
	size_t i;

	for (i = 0; i < cuts->wild_count; i++) {
		const struct cuts_wild *wild = &cuts->wild[i];

		if (wild->in_window)
			continue;
		export_note(export, export_place(export, group, &wild->rule),
			"stricter: %s \"%s\" of group \"%s\" cannot be said "
			"here: %s", wild->rule.deny ? "deny" : "allow",
			wild->text, group->name, wild->rule.deny
			? "all that is below its last labels is denied"
			: "it is left out");
	}
}

struct export_state
export_strict(const struct cut *cut)
{
	struct export_state state = {
		cut->self && !cut->self_in_window,
		cut->below && !cut->below_in_window && !cut->wild_deny
	};

	return state;
}

int
export_cannot(struct export *export, const struct group *group,
	const struct cut *cut, const char *name, int plain, int passes)
{
	if (strchr(name, '*') == NULL &&
	    (!plain || strchr(name, '\\') == NULL))
		return 0;
	export_note(export, export_place(export, group, &cut->rule), "%s: the "
		"name \"%s\" of group \"%s\" cannot be written here: it is %s "
		"with what is around it", passes ? "OPEN" : "stricter", name,
		group->name, passes ? "allowed" : "denied");
	return 1;
}

void
export_bare(char *name)
{
	size_t length = strlen(name);

	if (length > 1)
		name[length - 1] = '\0';
}

void
export_note_action(struct export *export, const struct group *group,
	const char *instead)
{
	export_note(export, group->origin, "action %s of group \"%s\" is %s "
		"here", action_word(group->action), group->name, instead);
}

/* --- Addresses. */

/* Adds one; returns whether there was one behind. */
static int
increase(struct address *address)
{
	size_t i = address->family == ADDRESS_IP4 ? 4 : 16;

	while (i > 0)
		if (++address->octets[--i] != 0)
			return 1;
	return 0;
}

static void
decrease(struct address *address)
{
	size_t i = address->family == ADDRESS_IP4 ? 4 : 16;

	while (i > 0)
		if (address->octets[--i]-- != 0)
			return;
}

static void
last_of(const struct prefix *prefix, struct address *last)
{
	unsigned bit, bits = prefix->address.family == ADDRESS_IP4 ? 32 : 128;

	*last = prefix->address;
	for (bit = prefix->length; bit < bits; bit++)
		last->octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* Walks through a table of nested prefixes. */
struct walk {
	uint32_t group;
	export_range *range;
	void *context;
	/* What is around, the innermost last, with where each ends. */
	struct { uint32_t group; struct address last; } around[130];
	unsigned depth;
	/* Up to where nothing has been told of yet. */
	struct address next;
	int is_over;
	/* A range that has begun, for others that follow without a gap. */
	struct address first, last;
	int has_range;
};

static void
tell_range(struct walk *walk)
{
	if (walk->has_range)
		walk->range(walk->context, &walk->first, &walk->last);
	walk->has_range = 0;
}

/* Tells what is from walk->next up to LAST, which the innermost decides. */
static void
tell_up_to(struct walk *walk, const struct address *last)
{
	size_t size = sizeof(last->octets);

	if (walk->is_over || memcmp(walk->next.octets, last->octets, size) > 0)
		return;
	if (walk->depth > 0 &&
	    walk->around[walk->depth - 1].group == walk->group) {
		if (!walk->has_range)
			walk->first = walk->next;
		walk->last = *last;
		walk->has_range = 1;
	} else {
		tell_range(walk);
	}
	walk->next = *last;
	walk->is_over = !increase(&walk->next);
}

static void
leave(struct walk *walk)
{
	tell_up_to(walk, &walk->around[walk->depth - 1].last);
	walk->depth--;
}

static void
enter(struct walk *walk, const struct client_entry *entry)
{
	const struct address *first = &entry->prefix.address;
	struct address before = *first;

	while (walk->depth > 0 && memcmp(
	    walk->around[walk->depth - 1].last.octets, first->octets,
	    sizeof(first->octets)) < 0)
		leave(walk);
	if (walk->depth == 0) {
		tell_range(walk);
		walk->next = *first;
		walk->is_over = 0;
	} else if (memcmp(walk->next.octets, first->octets,
	    sizeof(first->octets)) < 0) {
		decrease(&before);
		tell_up_to(walk, &before);
	}
	walk->around[walk->depth].group = entry->group;
	last_of(&entry->prefix, &walk->around[walk->depth].last);
	walk->depth++;
}

void
export_ranges(const struct export *export, const struct group *group,
	export_range *range, void *context)
{
	const struct policy *policy = export->policy;
	enum address_family family = ADDRESS_NONE;
	struct client_entry entry;
	struct walk walk;
	size_t i;

	memset(&walk, 0, sizeof(walk));
	walk.group = (uint32_t)(group - policy->groups);
	walk.range = range;
	walk.context = context;
	for (i = 0; clients_entry(policy->clients, i, &entry) == 0; i++) {
		if (entry.prefix.address.family != family)
			while (walk.depth > 0)
				leave(&walk);
		family = entry.prefix.address.family;
		enter(&walk, &entry);
	}
	while (walk.depth > 0)
		leave(&walk);
	tell_range(&walk);
}

/* --- The commands. */

static enum session_code
print_export(const struct session *session, const struct format *format,
	const char *path, struct export *export)
{
	struct exported exported = { format->name, path, NULL,
		&export->notes };
	enum session_code code;
	size_t length = 0;
	char *text = NULL;

	export->out = open_memstream(&text, &length);
	if (export->out == NULL)
		return session_printed(session, -1, SESSION_DONE);
	format->write(export);
	if (fclose(export->out) != 0 || export->broken) {
		free(text);
		return session_printed(session, -1, SESSION_DONE);
	}
	exported.text = text;
	code = session_printed(session, session->printer->exported(&exported),
		export->notes.warnings > 0 ? SESSION_NO : SESSION_DONE);
	free(text);
	return code;
}

/* The group of --group, or the only one where there is room for one. */
static enum session_code
choose_group(const struct session *session, const struct format *format,
	struct export *export)
{
	const char *name = session->arguments.options[OPTION_GROUP];
	const struct policy *policy = export->policy;
	size_t i;

	if (name != NULL && format->write == export_unbound_views)
		return session_error(session, SESSION_USAGE, "found --group, "
			"expected none: %s is of all groups", format->name);

	if (name == NULL) {
		if (format->is_one_group && policy->group_count > 1)
			return session_error(session, SESSION_USAGE, "found "
				"%zu groups, expected --group: %s has room for "
				"one", policy->group_count, format->name);
		if (format->is_one_group)
			export->group = &policy->groups[0];
		return SESSION_DONE;
	}
	for (i = 0; i < policy->group_count; i++)
		if (strcmp(policy->groups[i].name, name) == 0)
			export->group = &policy->groups[i];
	return export->group != NULL ? SESSION_DONE
		: session_error(session, SESSION_USAGE, "found group \"%s\", "
			"expected a group of the policy", name);
}

/* An address is all that may be in the output: the port is dnsmasq's way. */
static enum session_code
choose_upstream(const struct session *session, const struct format *format,
	struct export *export)
{
	const char *upstream = session->arguments.options[OPTION_UPSTREAM];
	char text[PREFIX_TEXT_MAX + 8] = "";
	struct address address;
	size_t length;

	if (format->write != export_dnsmasq)
		return upstream == NULL ? SESSION_DONE
			: session_error(session, SESSION_USAGE, "found "
			"--upstream, expected it for dnsmasq alone");
	if (upstream == NULL)
		return session_error(session, SESSION_USAGE, "found no "
			"--upstream, expected the address of the server that "
			"dnsmasq is to ask");
	length = strcspn(upstream, "#");
	if (length < sizeof(text))
		memcpy(text, upstream, length);
	if (address_from_text(&address, text) != 0 ||
	    (upstream[length] == '#' && strspn(upstream + length + 1,
	    "0123456789") != strlen(upstream + length + 1)))
		return session_error(session, SESSION_USAGE, "found \"%s\", "
			"expected an address, or ADDRESS#PORT", upstream);
	export->upstream = upstream;
	return SESSION_DONE;
}

/* What the file of --site says was read with the policy already. */
static enum session_code
read_site(const struct session *session, struct export *export)
{
	const char *path = session->arguments.options[OPTION_SITE];
	const struct origin nowhere = { path, 0, 0 };
	struct diag diag;
	struct file file;
	unsigned line;
	int failed;

	if (path == NULL)
		return SESSION_DONE;
	memset(&diag, 0, sizeof(diag));
	memset(&file, 0, sizeof(file));
	failed = file_read(&file, path, nowhere, &diag) != 0 ||
		site_read(&export->site, file.text, file.length, &line) != 0;
	diag_clear(&diag);
	file_free(&file);
	return failed ? session_error(session, SESSION_USAGE, "cannot read %s",
		path) : SESSION_DONE;
}

static enum session_code
run(const struct session *session, const struct format *format,
	const char *path)
{
	struct export export = { .comment = format->comment };
	enum session_code code;
	struct policy *policy;
	struct diag diag;

	policy = offline_load(session, path, NULL, 0, &diag, &code);
	export.policy = policy;
	if (policy == NULL) {
		if (code == SESSION_DONE)
			code = offline_errors(session, path, &diag);
	} else if (policy->lacks_site) {
		code = session_error(session, SESSION_USAGE, "found "
			"client-tag, client-view or allow-site-names in %s, "
			"expected --site with what \"bitsinkctl site\" "
			"prints", path);
	} else {
		code = choose_group(session, format, &export);
		if (code == SESSION_DONE)
			code = choose_upstream(session, format, &export);
		if (code == SESSION_DONE)
			code = read_site(session, &export);
		if (code == SESSION_DONE)
			code = print_export(session, format, path, &export);
	}
	site_clear(&export.site);
	diag_clear(&export.notes);
	policy_free(policy);
	diag_clear(&diag);
	return code;
}

static const char *
policy_path(const struct session *session, size_t number)
{
	return session->arguments.count > number
		? session->arguments.words[number] : BITSINK_POLICY;
}

enum session_code
export_run(const struct session *session)
{
	const char *name = session->arguments.words[0];
	const struct format *format = formats;

	while (format->name != NULL && strcmp(format->name, name) != 0)
		format++;
	if (format->name == NULL)
		return session_error(session, SESSION_USAGE, "found format "
			"\"%s\", expected rpz, unbound-views, bind-views, "
			"dnsmasq, squid or nftables", name);
	return run(session, format, policy_path(session, 1));
}

enum session_code
export_run_gate(const struct session *session)
{
	return run(session, &gate_format, policy_path(session, 0));
}
