/*
 * export_views.c - views of Unbound, and of BIND.
 */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "gate.h"

/* Makes PREFIX a bit shorter: what is around that is around PREFIX, and is not
 * PREFIX itself. -1 where it has none. */
static int
widen(struct prefix *prefix)
{
	if (prefix->length == 0)
		return -1;
	prefix->length--;
	prefix_mask(prefix->address.octets, prefix->length);
	return 0;
}

/* --- Unbound. */

/* What the host says of a netblock itself is to stay. */
static int
has_netblock(const struct export *export, const struct prefix *prefix)
{
	size_t i;

	for (i = 0; i < export->site.client_count; i++)
		if (clients_order(&export->site.clients[i].prefix,
		    prefix) == 0)
			return 1;
	return 0;
}

static void
write_client(struct export *export, const struct gate *gate, size_t number)
{
	const struct gate_client *client = &gate->clients[number];
	struct prefix outer = client->prefix;
	char prefix[PREFIX_TEXT_MAX];

	prefix_to_text(&client->prefix, prefix);
	if (client->view != NULL) {
		/* By itself, a view would let everybody in. */
		if (client->prefix.length == 0 &&
		    !has_netblock(export, &client->prefix))
			fprintf(export->out, "    access-control: %s refuse\n",
				prefix);
		fprintf(export->out, "    access-control-view: %s %s\n",
			prefix, client->view->name);
	} else if (widen(&outer) == 0 &&
	    gate_view_around(gate, export->policy, &outer) != NULL &&
	    !has_netblock(export, &client->prefix)) {
		fprintf(export->out, "    access-control: %s allow\n", prefix);
	}
}

/* Netblocks that unbound.conf has itself count more than those around them. */
static void
write_site_clients(struct export *export, const struct gate *gate)
{
	char text[PREFIX_TEXT_MAX];
	size_t i, k;

	for (i = 0; i < export->site.client_count; i++) {
		const struct site_client *client = &export->site.clients[i];
		const struct gate_view *view = gate_view_around(gate,
			export->policy, &client->prefix);

		for (k = 0; k < gate->client_count; k++)
			if (clients_order(&gate->clients[k].prefix,
			    &client->prefix) == 0)
				break;
		if (view == NULL || k < gate->client_count)
			continue;
		prefix_to_text(&client->prefix, text);
		if (client->view != NULL && strcmp(client->view,
		    view->name) != 0)
			export_note(export, view->group->origin, "clients %s "
				"have the view \"%s\" already, and need this "
				"one", text, client->view);
		fprintf(export->out, "    access-control-view: %s %s\n", text,
			view->name);
	}
}

static void
write_view(struct export *export, const struct gate_view *view)
{
	size_t i;

	if (view->coarse > 0)
		export_note(export, view->first_coarse_at, "coarser than group "
			"\"%s\" at %zu names, of which \"%s\" is the first: "
			"what it may not ask for there passes this view",
			view->group->name, view->coarse, view->first_coarse);
	fprintf(export->out, "view:\n    name: \"%s\"\n    view-first: yes\n",
		view->name);
	for (i = 0; i < view->count; i++)
		fprintf(export->out, "    %s\n", view->lines[i]);
}

static void
note_unviewed(struct export *export)
{
	size_t i;

	for (i = 0; i < export->policy->group_count; i++) {
		const struct group *group = &export->policy->groups[i];

		if (group->audit)
			export_say(export, "Group \"%s\" is in audit and has "
				"no view.", group->name);
	}
}

static void
write_gate(struct export *export)
{
	struct gate *gate = gate_new(export->policy);
	size_t i;

	if (gate == NULL) {
		export->broken = 1;
		return;
	}
	note_unviewed(export);
	export_say(export, "Where access-control of unbound.conf has one of "
		"these netblocks already, leave");
	export_say(export, "out the access-control here; --site does.");
	fprintf(export->out, "server:\n");
	for (i = 0; i < gate->client_count; i++)
		write_client(export, gate, i);
	write_site_clients(export, gate);
	for (i = 0; i < gate->view_count; i++)
		write_view(export, &gate->views[i]);
	gate_free(gate);
}

void
export_gate(struct export *export)
{
	export_say(export, "For unbound.conf: what stands before the cache "
		"with \"gate: views\" in");
	export_say(export, "bitsink.conf. bitsink compares it with its policy, "
		"line by line.");
	write_gate(export);
}

void
export_unbound_views(struct export *export)
{
	size_t i;

	export_say(export, "For unbound.conf, of an Unbound without bitsink.");
	for (i = 0; i < export->policy->group_count; i++) {
		const struct group *group = &export->policy->groups[i];

		export_note_types(export, group);
		if (group_inspects(group))
			export_note(export, group->origin, "OPEN: answers of "
				"group \"%s\" are not judged here",
				group->name);
		if (group->follow_chain)
			export_note(export, group->origin, "stricter: group "
				"\"%s\" may not ask for targets of CNAMEs",
				group->name);
	}
	write_gate(export);
}

/* --- BIND. */

/* Inner netblocks come first, for BIND takes the first that matches: those of
 * others inside the group's are left out. */
static void
write_acl(struct export *export, const struct group *group)
{
	const struct policy *policy = export->policy;
	uint32_t number = (uint32_t)(group - policy->groups);
	struct client_entry entry;
	char text[PREFIX_TEXT_MAX];
	size_t i = 0;

	fprintf(export->out, "acl \"bitsink-%s\" {\n", group->name);
	while (clients_entry(policy->clients, i, &entry) == 0)
		i++;
	while (i-- > 0) {
		struct prefix outer;

		(void)clients_entry(policy->clients, i, &entry);
		outer = entry.prefix;
		prefix_to_text(&entry.prefix, text);
		if (entry.group == number) {
			fprintf(export->out, "\t%s;\n", text);
			continue;
		}
		if (widen(&outer) == 0 &&
		    clients_find_around(policy->clients, &outer) == number)
			fprintf(export->out, "\t!%s;\n", text);
	}
	fprintf(export->out, "};\n");
}

static void
write_bind_view(struct export *export, const struct group *group)
{
	fprintf(export->out,
		"view \"bitsink-%s\" {\n"
		"\tmatch-clients { \"bitsink-%s\"; };\n"
		"\trecursion yes;\n"
		"\tresponse-policy { zone \"bitsink-%s.rpz\"; }\n"
		"\t\tqname-wait-recurse no break-dnssec yes;\n"
		"\tzone \"bitsink-%s.rpz\" {\n"
		"\t\ttype primary;\n"
		"\t\tfile \"bitsink-%s.rpz\";\n"
		"\t\tallow-query { none; };\n"
		"\t};\n"
		"};\n", group->name, group->name, group->name, group->name,
		group->name);
}

void
export_bind_views(struct export *export)
{
	const struct policy *policy = export->policy;
	size_t i;

	export_say(export, "For named.conf, where all zones must be in views. "
		"Each view reads a");
	export_say(export, "response policy zone, which is made by");
	export_say(export, "bitsinkctl export rpz POLICY --group GROUP "
		">bitsink-GROUP.rpz");
	for (i = 0; i < policy->group_count; i++) {
		if (!export_wants(export, &policy->groups[i]))
			continue;
		write_acl(export, &policy->groups[i]);
		write_bind_view(export, &policy->groups[i]);
	}
	fprintf(export->out, "view \"bitsink-others\" {\n"
		"\tmatch-clients { any; };\n\trecursion yes;\n};\n");
}
