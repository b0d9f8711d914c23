/*
 * export_names.c - the names of one group: a response policy zone, and dnsmasq.
 */
#include <stdlib.h>
#include <string.h>

#include "export.h"

/* --- Response policy zones. */

struct rpz {
	struct export *export;
	const struct group *group;
};

static void
write_sinkholes(const struct rpz *rpz, const char *owner)
{
	char text[PREFIX_TEXT_MAX];
	struct address address;
	unsigned i;

	for (i = 0; group_sinkhole(rpz->group, i, &address) == 0; i++) {
		address_to_text(&address, text);
		fprintf(rpz->export->out, "%s %s %s\n", owner,
			address.family == ADDRESS_IP4 ? "A" : "AAAA", text);
	}
}

/* REFUSED is none of a response policy's. */
static void
write_record(const struct rpz *rpz, const char *owner, int passes)
{
	const char *target = "rpz-passthru.";

	if (!passes)
		switch (rpz->group->action) {
		case ACTION_NODATA:
			target = "*.";
			break;
		case ACTION_DROP:
			target = "rpz-drop.";
			break;
		case ACTION_SINKHOLE:
			write_sinkholes(rpz, owner);
			return;
		case ACTION_NXDOMAIN:
		case ACTION_REFUSED:
		case ACTION_COUNT:
			target = ".";
			break;
		}
	fprintf(rpz->export->out, "%s CNAME %s\n", owner, target);
}

/* The root is the zone's own name here, which is no trigger. */
static void
write_name(const struct rpz *rpz, char *name, struct export_state state)
{
	char below[NAME_TEXT_MAX + 2];

	export_bare(name);
	if (strcmp(name, ".") == 0) {
		write_record(rpz, "*", state.below);
		return;
	}
	write_record(rpz, name, state.self);
	snprintf(below, sizeof(below), "*.%s", name);
	write_record(rpz, below, state.below);
}

/* A name that only others are below would hide the wildcard around it, so that
 * each has its own. */
static void
write_between(const struct rpz *rpz, const struct cuts *cuts, size_t number)
{
	const struct cut *cut = &cuts->cuts[number];
	const struct cut *before = &cuts->cuts[number - 1];
	const struct cut *above = &cuts->cuts[cut->above];
	struct export_state state = export_strict(above);
	char name[NAME_TEXT_MAX];
	uint8_t at = above->length;

	state.self = state.below;
	for (;;) {
		at = (uint8_t)(at + 1 + cut->labels[at]);
		if (at >= cut->length)
			return;
		if (before->length >= at &&
		    memcmp(before->labels, cut->labels, at) == 0)
			continue;
		cut_part(cut, at, name);
		write_name(rpz, name, state);
	}
}

void
export_rpz(struct export *export)
{
	const struct group *group = export->group;
	struct cuts *cuts = cuts_new(export->policy, group);
	struct rpz rpz = { export, group };
	char name[NAME_TEXT_MAX];
	size_t i;

	if (cuts == NULL) {
		export->broken = 1;
		return;
	}
	export_say(export, "Response policy zone of group \"%s\".",
		group->name);
	export_say(export, "It holds for whoever it is given to: a response "
		"policy zone cannot join a");
	export_say(export, "client and a name. In BIND a view chooses it "
		"(bind-views); in Unbound tags do,");
	export_say(export, "on the rpz: clause and by access-control-tag.");
	export_note_group(export, group);
	export_note_wild(export, group, cuts);
	if (group->action == ACTION_REFUSED)
		export_note_action(export, group, "NXDOMAIN");
	if (!export_strict(&cuts->cuts[0]).self)
		export_say(export, "OPEN: the root name itself may be asked "
			"for: no such zone can hold it.");
	fprintf(export->out, "$TTL %u\n"
		"@ SOA localhost. nobody.invalid. 1 3600 600 86400 %u\n"
		"@ NS localhost.\n", group->ttl, group->ttl);
	for (i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->cuts[i];

		cut_name(cut, name);
		if (i > 0 && export_cannot(export, group, cut, name, 0,
		    export_strict(&cuts->cuts[cut->above]).below))
			continue;
		if (i > 0)
			write_between(&rpz, cuts, i);
		write_name(&rpz, name, export_strict(cut));
	}
	cuts_free(cuts);
}

/* --- dnsmasq. */

/* dnsmasq knows a name with all that is below it. What it has a server for, it
 * asks there; so nothing is in the place of what it has none for. */
static void
write_domain(struct export *export, const struct group *group,
	const char *name, int passes)
{
	const char *domain = strcmp(name, ".") == 0 ? "#" : name;
	char text[PREFIX_TEXT_MAX];
	struct address address;
	unsigned i;

	if (passes && strcmp(name, ".") == 0) {
		fprintf(export->out, "server=%s\n", export->upstream);
		return;
	}
	if (passes) {
		fprintf(export->out, "server=/%s/%s\n", domain,
			export->upstream);
		return;
	}
	if (group->action != ACTION_SINKHOLE) {
		fprintf(export->out, "address=/%s/\n", domain);
		return;
	}
	/* An address alone would leave other types to the server around. */
	if (strcmp(name, ".") != 0)
		fprintf(export->out, "local=/%s/\n", domain);
	for (i = 0; group_sinkhole(group, i, &address) == 0; i++) {
		address_to_text(&address, text);
		fprintf(export->out, "address=/%s/%s\n", domain, text);
	}
}

static void
note_coarse(struct export *export, const struct group *group,
	const struct cut *cut, const char *name)
{
	struct export_state state = export_strict(cut);
	struct origin where = export_place(export, group, &cut->rule);

	if (state.self && !state.below)
		export_note(export, where, "OPEN: what is below \"%s\" may be "
			"asked for, too", name);
	else if (!state.self && state.below)
		export_note(export, where, "OPEN: \"%s\" itself may be asked "
			"for, too", name);
}

static void
write_domains(struct export *export, const struct group *group,
	const struct cuts *cuts, uint8_t *passes)
{
	char name[NAME_TEXT_MAX];
	size_t i;

	for (i = 0; i < cuts->count; i++) {
		const struct cut *cut = &cuts->cuts[i];
		struct export_state state = export_strict(cut);
		int is_root = cut->above == CUTS_NONE;

		/* "#" is every name, the root's own too. */
		passes[i] = is_root ? state.below != 0
			: state.self || state.below;
		cut_name(cut, name);
		export_bare(name);
		if (!is_root && export_cannot(export, group, cut, name, 1,
		    passes[cut->above])) {
			passes[i] = passes[cut->above];
			continue;
		}
		if (!is_root)
			note_coarse(export, group, cut, name);
		if (is_root || passes[i] != passes[cut->above])
			write_domain(export, group, name, passes[i]);
	}
}

void
export_dnsmasq(struct export *export)
{
	const struct group *group = export->group;
	struct cuts *cuts = cuts_new(export->policy, group);
	uint8_t *passes = cuts != NULL ? calloc(cuts->count, 1) : NULL;

	if (passes == NULL) {
		cuts_free(cuts);
		export->broken = 1;
		return;
	}
	export_say(export, "For dnsmasq, names of group \"%s\". Have no other "
		"server= and no resolv-file=:", group->name);
	export_say(export, "what is not allowed would be asked for there.");
	export_note(export, group->origin, "clients are not known here: let "
		"those of group \"%s\" alone use this dnsmasq", group->name);
	export_note_group(export, group);
	export_note_wild(export, group, cuts);
	if (group->action != ACTION_NXDOMAIN &&
	    group->action != ACTION_SINKHOLE)
		export_note_action(export, group, "NXDOMAIN");
	fprintf(export->out, "no-resolv\n");
	write_domains(export, group, cuts, passes);
	free(passes);
	cuts_free(cuts);
}
