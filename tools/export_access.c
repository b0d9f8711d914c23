/*
 * export_access.c - who may reach what: Squid's access lists, and firewall
 * rules of nftables.
 */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "file.h"
#include "lists.h"

/* Names of access lists have letters, digits and '_'. */
static void
plain_name(const struct group *group, char *name)
{
	size_t i;

	memcpy(name, group->name, sizeof(group->name));
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '-' || name[i] == '.')
			name[i] = '_';
}

/* Two groups whose names differ in what plain_name() makes one of. */
static int
has_namesake(const struct policy *policy, const struct group *group)
{
	char mine[GROUP_NAME_MAX + 1], other[GROUP_NAME_MAX + 1];
	size_t i;

	plain_name(group, mine);
	for (i = 0; i < policy->group_count; i++) {
		plain_name(&policy->groups[i], other);
		if (&policy->groups[i] != group && strcmp(mine, other) == 0)
			return 1;
	}
	return 0;
}

/* The name of a group in a list; with a number where that is not enough. */
static void
list_name(const struct export *export, const struct group *group, char *name)
{
	plain_name(group, name);
	if (has_namesake(export->policy, group))
		sprintf(name + strlen(name), "_%zu",
			(size_t)(group - export->policy->groups));
}

#define LIST_NAME_MAX (GROUP_NAME_MAX + 24)

static void
note_windows(struct export *export, const struct group *group)
{
	if (group->window_count > 0)
		export_note(export, group->origin, "stricter: windows of group "
			"\"%s\" are shut", group->name);
}

/* --- Squid. */

struct sources {
	struct export *export;
	const char *name;
	size_t count;
};

static void
write_source(void *context, const struct address *first,
	const struct address *last)
{
	struct sources *sources = context;
	char from[PREFIX_TEXT_MAX], to[PREFIX_TEXT_MAX];

	address_to_text(first, from);
	address_to_text(last, to);
	sources->count++;
	if (strcmp(from, to) == 0)
		fprintf(sources->export->out, "acl bitsink_%s_src src %s\n",
			sources->name, from);
	else
		fprintf(sources->export->out, "acl bitsink_%s_src src %s-%s\n",
			sources->name, from, to);
}

/*
 * Each name that is other than what is around it is a level deeper, in a list
 * of its level: no name of a list is below another one of it, and the deepest
 * list that holds a name decides.
 */
struct levels {
	struct export *export;
	const char *name;
	/* Of each cut, of what is below it. */
	unsigned *level;
	unsigned deepest;
};

static void
write_destination(struct levels *levels, unsigned level, int below,
	const char *name)
{
	if (level > levels->deepest)
		levels->deepest = level;
	fprintf(levels->export->out, "acl bitsink_%s_dst%u dstdomain -n %s%s\n",
		levels->name, level, below ? "." : "", name);
}

/* Even levels are denied, as what is in none is; odd ones are allowed. */
static void
write_cut(struct levels *levels, const struct group *group,
	const struct cuts *cuts, size_t number)
{
	const struct cut *cut = &cuts->cuts[number];
	struct export_state state = export_strict(cut);
	unsigned around = number == 0 ? 0 : levels->level[cut->above];
	char name[NAME_TEXT_MAX];

	/* No URL names the root. */
	if (number == 0) {
		levels->level[0] = state.below != 0;
		if (state.below)
			fprintf(levels->export->out,
				"acl bitsink_%s_dst1 all-of all\n",
				levels->name);
		levels->deepest = levels->level[0];
		return;
	}
	cut_name(cut, name);
	export_bare(name);
	if (export_cannot(levels->export, group, cut, name, 1,
	    around % 2 != 0)) {
		levels->level[number] = around;
		return;
	}
	levels->level[number] = around;
	if ((state.below != 0) != (around % 2 != 0))
		levels->level[number]++;
	if (levels->level[number] != around)
		write_destination(levels, levels->level[number], 1, name);
	/* ".name" is the name itself as well. */
	if (state.self != state.below)
		write_destination(levels, levels->level[number] + 1, 0, name);
}

static void
write_squid_group(struct export *export, const struct group *group)
{
	struct cuts *cuts = cuts_new(export->policy, group);
	unsigned *level = cuts != NULL ? calloc(cuts->count, sizeof(*level))
		: NULL;
	char name[LIST_NAME_MAX];
	struct levels levels = { export, name, level, 0 };
	struct sources sources = { export, name, 0 };
	size_t i;

	if (level == NULL) {
		cuts_free(cuts);
		export->broken = 1;
		return;
	}
	list_name(export, group, name);
	export_note_audit(export, group);
	note_windows(export, group);
	export_note_wild(export, group, cuts);
	export_ranges(export, group, write_source, &sources);
	if (sources.count == 0) {
		export_say(export, "Group \"%s\" has no client.", group->name);
	} else {
		for (i = 0; i < cuts->count; i++)
			write_cut(&levels, group, cuts, i);
		for (i = levels.deepest; i > 0; i--)
			fprintf(export->out, "http_access %s bitsink_%s_src "
				"bitsink_%s_dst%zu\n", i & 1 ? "allow"
				: "deny", name, name, i);
		fprintf(export->out, "http_access deny bitsink_%s_src\n",
			name);
	}
	free(level);
	cuts_free(cuts);
}

void
export_squid(struct export *export)
{
	size_t i;

	export_say(export, "For squid.conf, before its other http_access but "
		"those for ports.");
	for (i = 0; i < export->policy->group_count; i++)
		if (export_wants(export, &export->policy->groups[i]))
			write_squid_group(export, &export->policy->groups[i]);
}

/* --- nftables. */

struct elements {
	struct export *export;
	enum address_family family;
	size_t count;
};

static void
write_element(void *context, const struct address *first,
	const struct address *last)
{
	struct elements *elements = context;
	char from[PREFIX_TEXT_MAX], to[PREFIX_TEXT_MAX];

	if (first->family != elements->family)
		return;
	address_to_text(first, from);
	address_to_text(last, to);
	fprintf(elements->export->out, elements->count++ > 0 ? ",\n\t\t\t"
		: "\t\telements = { ");
	if (strcmp(from, to) == 0)
		fprintf(elements->export->out, "%s", from);
	else
		fprintf(elements->export->out, "%s-%s", from, to);
}

/* Whether there are any. */
static int
write_set(struct export *export, const struct group *group, const char *name,
	enum address_family family)
{
	struct elements elements = { export, family, 0 };

	fprintf(export->out, "\tset %s_%d {\n\t\ttype ipv%d_addr\n"
		"\t\tflags interval\n", name, (int)family, (int)family);
	export_ranges(export, group, write_element, &elements);
	fprintf(export->out, "%s\t}\n", elements.count > 0 ? " }\n" : "");
	return elements.count > 0;
}

/* Room for the longest, 65535/tcp. */
#define PORT_TEXT_MAX 16

/* Which ports a group may need: a bit each. */
struct ports {
	uint8_t tcp[65536 / 8];
	uint8_t udp[65536 / 8];
};

static void
add_port(struct ports *ports, const char *word)
{
	char *end;
	unsigned long port = strtoul(word, &end, 10);

	if (strcmp(word, "http") == 0)
		port = 80;
	else if (strcmp(word, "https") == 0)
		port = 443;
	if (port == 0 || port > 65535)
		return;
	if (strcmp(end, "/udp") == 0)
		ports->udp[port / 8] |= (uint8_t)(1 << port % 8);
	else
		ports->tcp[port / 8] |= (uint8_t)(1 << port % 8);
}

/* Reads a line of a list, which was read before without an error. */
static void
write_list_line(struct export *export, struct ports *ports,
	struct list_line *line)
{
	char port[PORT_TEXT_MAX];
	struct token word;

	lists_pattern(line, &word);
	if (word.length == 0)
		return;
	fprintf(export->out, "\t\t# %.*s", (int)word.length, word.text);
	lists_port(line, &word);
	if (word.length == 0) {
		fputs(" http https", export->out);
		add_port(ports, "http");
		add_port(ports, "https");
	}
	for (; word.length > 0; lists_port(line, &word)) {
		snprintf(port, sizeof(port), "%.*s", (int)word.length,
			word.text);
		fprintf(export->out, " %s", port);
		add_port(ports, port);
	}
	fputc('\n', export->out);
}

static void
write_list(struct export *export, struct ports *ports,
	const struct list *list)
{
	const struct origin nowhere = { list->file, 0, 0 };
	struct diag diag;
	struct file file;
	struct list_line line = { &file, 0, 0, 0 };

	memset(&diag, 0, sizeof(diag));
	memset(&file, 0, sizeof(file));
	if (file_read(&file, list->file, nowhere, &diag) != 0) {
		export_note(export, nowhere, "cannot be read again");
	} else {
		fprintf(export->out, "\t\t# List %s:\n", list->name);
		for (; line.at < file.length; line.at++)
			write_list_line(export, ports, &line);
	}
	file_free(&file);
	diag_clear(&diag);
}

struct own {
	struct export *export;
	struct ports *ports;
};

/* Patterns of the policy itself have no ports. */
static void
write_own(void *context, const struct names_rule *rule, const char *text)
{
	struct own *own = context;

	fprintf(own->export->out, "\t\t# %s%s\n", rule->deny ? "not " : "",
		text);
	if (rule->deny)
		return;
	add_port(own->ports, "http");
	add_port(own->ports, "https");
}

static void
write_ports(struct export *export, const char *protocol, const uint8_t *bits,
	const char *name, const int has[2])
{
	static const char *const words[2] = { "ip", "ip6" };
	unsigned port, family, count = 0;

	for (port = 0; port < 65536; port++)
		count += bits[port / 8] >> port % 8 & 1;
	if (count == 0)
		return;
	for (family = 0; family < 2; family++) {
		const char *separator = "";

		if (!has[family])
			continue;
		fprintf(export->out, "\t\t%s saddr @%s_%c %s dport { ",
			words[family], name, "46"[family], protocol);
		for (port = 0; port < 65536; port++)
			if (bits[port / 8] >> port % 8 & 1) {
				fprintf(export->out, "%s%u", separator, port);
				separator = ", ";
			}
		fprintf(export->out, " } accept\n");
	}
}

static void
write_chain(struct export *export, const struct group *group,
	const char *name, const int has[2], struct ports *ports)
{
	struct own own = { export, ports };
	size_t i;

	fprintf(export->out, "\tchain %s {\n", name);
	export_note(export, group->origin, "OPEN: names are not known here: "
		"group \"%s\" reaches any address at these ports",
		group->name);
	names_missing(group->own, NULL, write_own, &own);
	for (i = 0; i < group->list_count; i++)
		write_list(export, ports, group->lists[i]);
	note_windows(export, group);
	write_ports(export, "tcp", ports->tcp, name, has);
	write_ports(export, "udp", ports->udp, name, has);
	if (has[0])
		fprintf(export->out, "\t\tip saddr @%s_4 counter drop\n",
			name);
	if (has[1])
		fprintf(export->out, "\t\tip6 saddr @%s_6 counter drop\n",
			name);
	fprintf(export->out, "\t}\n");
}

static void
write_group(struct export *export, const struct group *group)
{
	struct ports *ports = calloc(1, sizeof(*ports));
	char name[LIST_NAME_MAX + 2] = "g_";
	int has[2];

	if (ports == NULL) {
		export->broken = 1;
		return;
	}
	list_name(export, group, name + 2);
	export_note_audit(export, group);
	has[0] = write_set(export, group, name, ADDRESS_IP4);
	has[1] = write_set(export, group, name, ADDRESS_IP6);
	write_chain(export, group, name, has, ports);
	free(ports);
}

void
export_nftables(struct export *export)
{
	const struct policy *policy = export->policy;
	char name[LIST_NAME_MAX];
	size_t i;

	export_say(export, "For nft -f: what the groups may reach beyond the "
		"router that has this. A resolver");
	export_say(export, "that is also beyond it needs a rule of its own, "
		"before the jumps.");
	fprintf(export->out, "table inet bitsink {\n");
	for (i = 0; i < policy->group_count; i++)
		if (export_wants(export, &policy->groups[i]))
			write_group(export, &policy->groups[i]);
	fprintf(export->out, "\tchain forward {\n"
		"\t\ttype filter hook forward priority filter\n"
		"\t\tpolicy accept\n"
		"\t\tct state established,related accept\n");
	for (i = 0; i < policy->group_count; i++)
		if (export_wants(export, &policy->groups[i])) {
			list_name(export, &policy->groups[i], name);
			fprintf(export->out, "\t\tjump g_%s\n", name);
		}
	fprintf(export->out, "\t}\n}\n");
}
