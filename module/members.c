/*
 * members.c - who is in which group: the policy's own clients, and what the
 * host declares.
 *
 * Everything that says a word about a prefix stands in one array, sorted; one
 * way through it, outer prefixes before those inside them, finds what holds
 * for each. Two things are kept for every prefix on the way: the group its
 * addresses are in, and the group they would be in without tags and views. The
 * second is the first wherever the host has a netblock that no tag or view
 * takes into a group: for the host the longest netblock alone counts, so what
 * is around that one is as if it were not there.
 */
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "question.h"

/* What the zones of the host are from; it is no file that is read here. */
#define SITE_SOURCE "unbound.conf"

void
members_read_site(struct loader *loader)
{
	struct tape *tape = loader->options->tape;
	struct tape_item item = { "", 0, loader->options->site,
		loader->options->site_length };
	struct origin nowhere = { NULL, 0, 0 };
	unsigned line;

	if (tape_replays(tape)) {
		/* One that an older version recorded has none. */
		if (tape_peek(tape, TAPE_SITE, &item) != 0)
			return;
		(void)tape_take(tape, TAPE_SITE, &item);
	} else if (item.content == NULL) {
		return;
	} else if (tape != NULL) {
		tape_put(tape, TAPE_SITE, item.name, item.name_length,
			item.content, item.content_length);
	}
	switch (site_read(&loader->site, item.content, item.content_length,
	    &line)) {
	case 0:
		loader->site_known = 1;
		break;
	case -1:
		diag_error(loader->diag, nowhere, "found line %u of what "
			"unbound.conf declares damaged, expected what "
			"\"bitsinkctl site\" prints", line);
		break;
	default:
		diag_no_memory(loader->diag);
	}
}

/* --- The zones of the host. */

static int
zone_pattern(struct pattern *pattern, const char *zone)
{
	struct question question;

	memset(pattern, 0, sizeof(*pattern));
	pattern->scope = PATTERN_SELF | PATTERN_BELOW;
	if (question_read_name(&question, zone) != NULL)
		return -1;
	return name_from_wire(&pattern->name, question.qname,
		question.query.qname_len);
}

/* GROUP is one that has them allowed. */
static void
add_zones(struct loader *loader, const struct group *group)
{
	const struct origin where = { SITE_SOURCE, 0, 0 };
	struct names *names = loader->policy->site;
	struct names_rule rule = { .line = 0 };
	struct pattern pattern;
	uint32_t earlier;
	size_t i;

	rule.source = loader->source & (NAMES_SOURCES_MAX - 1);
	for (i = 0; i < loader->site.zone_count; i++) {
		const struct site_zone *zone = &loader->site.zones[i];

		/* site_read() has seen that it is a name. */
		if (zone_pattern(&pattern, zone->name) != 0)
			continue;
		if (names_add(names, &pattern, &rule, &earlier) ==
		    NAMES_NO_RULE) {
			diag_no_memory(loader->diag);
			return;
		}
		if (pattern.name.labels == 1 && earlier == NAMES_NO_RULE)
			diag_warning(loader->diag, where, "%s zone \"%s\" is "
				"of one label: with allow-site-names group "
				"\"%s\" may ask for everything below it",
				zone->kind, zone->name, group->name);
	}
	if (names_finish(names) != 0)
		diag_no_memory(loader->diag);
}

/* The first group that has the zones of the host allowed, or NULL. */
static const struct group *
wants_zones(const struct policy *policy)
{
	size_t i;

	for (i = 0; i < policy->group_count; i++)
		if (policy->groups[i].allow_site_names)
			return &policy->groups[i];
	return NULL;
}

void
members_build_site(struct loader *loader)
{
	struct policy *policy = loader->policy;
	const struct group *group = wants_zones(policy);

	if (group == NULL || !loader->site_known)
		return;
	if (loader->site.zone_count == 0) {
		diag_warning(loader->diag, group->origin, "allow-site-names "
			"changes nothing: unbound.conf declares no zone but "
			"the root");
		return;
	}
	if (loader_add_source(loader, SITE_SOURCE, group->origin) != 0)
		return;
	policy->site = names_new_in(&loader->options->key,
		policy->region);
	if (policy->site == NULL)
		diag_no_memory(loader->diag);
	else
		add_zones(loader, group);
}

/* --- What tags and views claim. */

/* What takes a netblock of the host into a group; NULL for nothing. SECOND is
 * of another group than FIRST. */
struct claim {
	const struct site_use *first;
	const struct site_use *second;
};

static int
is_claimed(const struct site_use *use, const struct site_client *client)
{
	return use->is_view
		? site_has_view(client, use->token.text, use->token.length)
		: site_has_tag(client, use->token.text, use->token.length);
}

/* The words for a use, in messages and in the policy. */
static const char *
use_word(const struct site_use *use)
{
	return use->is_view ? "client-view" : "client-tag";
}

static void
tell_useless(struct loader *loader, const struct site_use *use)
{
	const struct token *token = &use->token;

	if (use->is_view)
		diag_error(loader->diag, token->where, "found view \"%s\", "
			"which unbound.conf gives to no client, expected one "
			"of its \"access-control-view:\"",
			loader_quote(token).text);
	else if (!site_knows_tag(&loader->site, token->text, token->length))
		diag_error(loader->diag, token->where, "found tag \"%s\", "
			"which unbound.conf does not define, expected one of "
			"its \"define-tag:\"", loader_quote(token).text);
	else
		diag_warning(loader->diag, token->where, "tag \"%s\" is given "
			"to no client by unbound.conf: client-tag takes "
			"nobody into the group", loader_quote(token).text);
}

/* Puts USE where it claims; CLAIMS has one a client of the host. */
static void
claim_clients(struct loader *loader, const struct site_use *use,
	struct claim *claims)
{
	size_t i, found = 0;

	for (i = 0; i < loader->site.client_count; i++) {
		struct claim *claim = &claims[i];

		if (!is_claimed(use, &loader->site.clients[i]))
			continue;
		found++;
		if (claim->first == NULL)
			claim->first = use;
		else if (claim->second == NULL &&
		    claim->first->group != use->group)
			claim->second = use;
	}
	if (found == 0)
		tell_useless(loader, use);
}

/* --- What is said of prefixes. The tag of an entry tells who says it: its
 * number among all clients, then all carves, then all netblocks of the host,
 * then default-group. */

/* A prefix with others inside it. */
struct level {
	struct prefix prefix;
	/* The group of its addresses, and what that is without tags and
	 * views. */
	uint32_t group;
	uint32_t plain;
	/* The group that has the prefix as a client. */
	uint32_t client;
};

/* Nested prefixes of a family, and what is around all of them. */
#define LEVELS_MAX (129 + 1)

struct members {
	struct loader *loader;
	struct client_entry *entries;
	size_t count;
	/* The first tag of each kind but the first. */
	uint32_t carves, netblocks, defaults;
	struct claim *claims;
	/* Two groups were told of with this one. */
	const struct site_use *told;
	/* Of default-group, or CLIENTS_NONE. */
	uint32_t default_group;
	struct level levels[LEVELS_MAX];
	unsigned level_count;
	/* Entries of the table so far, which are in the array's front. */
	size_t kept;
};

/* All that is said of one prefix. */
struct said {
	const struct client_entry *entries;
	size_t count;
	/* NULL, or the first of its kind. */
	const struct token *client;
	uint32_t client_group;
	/* Unrestricted for all, not for one group. */
	const struct token *carve;
	int is_netblock;
	struct claim claim;
	int is_default;
};

static const char *
group_name(const struct members *members, uint32_t group)
{
	return members->loader->policy->groups[group].name;
}

static const struct token *
client_token(const struct members *members, const struct client_entry *entry)
{
	return &members->loader->clients[entry->tag].token;
}

static const struct carve *
carve_of(const struct members *members, const struct client_entry *entry)
{
	return entry->tag < members->carves || entry->tag >= members->netblocks
		? NULL : &members->loader->carves[entry->tag - members->carves];
}

/* The same prefix in two groups would make the group a matter of luck. */
static void
tell_double_client(struct members *members, const struct said *said,
	const struct client_entry *entry)
{
	const struct token *first = said->client;
	const struct token *second = client_token(members, entry);

	if (entry->group == said->client_group)
		diag_warning(members->loader->diag, second->where, "client "
			"\"%s\" is in this group already, at %s:%u:%u",
			loader_quote(second).text, first->where.file,
			first->where.line, first->where.column);
	else
		diag_error(members->loader->diag, second->where, "found client "
			"\"%s\" in a second group, expected it in one; the "
			"first is \"%s\" at %s:%u:%u",
			loader_quote(second).text,
			group_name(members, said->client_group),
			first->where.file, first->where.line,
			first->where.column);
}

static void
say_client(struct members *members, struct said *said,
	const struct client_entry *entry)
{
	if (said->client != NULL) {
		tell_double_client(members, said, entry);
		return;
	}
	said->client = client_token(members, entry);
	said->client_group = entry->group;
}

/* Clients sort before carves, so the client is known. */
static void
say_carve(struct members *members, struct said *said,
	const struct carve *carve)
{
	if (said->client != NULL)
		diag_error(members->loader->diag, carve->token.where, "found "
			"\"%s\" unrestricted, expected one of the two: it is a "
			"client of group \"%s\" at %s:%u:%u",
			loader_quote(&carve->token).text,
			group_name(members, said->client_group),
			said->client->where.file, said->client->where.line,
			said->client->where.column);
	else if (carve->group == CLIENTS_NONE && said->carve == NULL)
		said->carve = &carve->token;
}

/* A netblock may come twice, for the host knows a family more: that of mapped
 * IPv4 addresses. */
static void
say_netblock(struct said *said, const struct claim *claim)
{
	said->is_netblock = 1;
	if (said->claim.first == NULL)
		said->claim = *claim;
	else if (said->claim.second != NULL || claim->first == NULL)
		return;
	else if (claim->first->group != said->claim.first->group)
		said->claim.second = claim->first;
	else
		said->claim.second = claim->second;
}

static void
gather(struct members *members, struct said *said)
{
	size_t i;

	for (i = 0; i < said->count; i++) {
		const struct client_entry *entry = &said->entries[i];

		if (entry->tag < members->carves)
			say_client(members, said, entry);
		else if (entry->tag < members->netblocks)
			say_carve(members, said, carve_of(members, entry));
		else if (entry->tag < members->defaults)
			say_netblock(said, &members->claims[entry->tag -
				members->netblocks]);
		else
			said->is_default = 1;
	}
}

/* A client or a carve of just this prefix says which of the two it is. */
static void
check_claims(struct members *members, const struct said *said)
{
	const struct site_use *first = said->claim.first;
	const struct site_use *second = said->claim.second;
	char prefix[PREFIX_TEXT_MAX];

	if (second == NULL || said->client != NULL || said->carve != NULL ||
	    second == members->told)
		return;
	members->told = second;
	prefix_to_text(&said->entries[0].prefix, prefix);
	diag_error(members->loader->diag, second->token.where, "found %s of "
		"group \"%s\" by %s \"%s\", expected it in one group; it is in "
		"group \"%s\" by %s \"%s\" at %s:%u:%u", prefix,
		group_name(members, second->group), use_word(second),
		loader_quote(&second->token).text,
		group_name(members, first->group), use_word(first),
		loader_quote(&first->token).text, first->token.where.file,
		first->token.where.line, first->token.where.column);
}

/* Tells what default-group does not take, because it is said otherwise. */
static void
check_default(struct members *members, const struct said *said)
{
	const struct token *instead = said->client;
	uint32_t group = said->client_group;
	char prefix[PREFIX_TEXT_MAX];

	if (!said->is_default)
		return;
	if (instead == NULL)
		instead = said->carve;
	if (instead == NULL && said->claim.first != NULL) {
		instead = &said->claim.first->token;
		group = said->claim.first->group;
	}
	if (instead == NULL || group == members->default_group)
		return;
	prefix_to_text(&said->entries[0].prefix, prefix);
	diag_warning(members->loader->diag,
		members->loader->default_group.where, "default-group does not "
		"take %s: %s%s%s, at %s:%u:%u", prefix,
		group == CLIENTS_NONE ? "it is unrestricted" :
			"it is in group \"",
		group == CLIENTS_NONE ? "" : group_name(members, group),
		group == CLIENTS_NONE ? "" : "\"", instead->where.file,
		instead->where.line, instead->where.column);
}

/* Whether a client of GROUP is around the prefix that is looked at. */
static int
is_inside_client(const struct members *members, uint32_t group)
{
	unsigned i;

	for (i = 0; i < members->level_count; i++)
		if (members->levels[i].client == group)
			return 1;
	return 0;
}

static int
has_site_use(const struct members *members, uint32_t group)
{
	const struct loader *loader = members->loader;
	size_t i;

	for (i = 0; i < loader->site_use_count; i++)
		if (loader->site_uses[i].group == group)
			return 1;
	return 0;
}

/* A carve of a group, of a prefix that is IN another one, or in none. */
static void
check_carve(struct members *members, const struct carve *carve, uint32_t in)
{
	struct loader *loader = members->loader;
	struct loader_text text = loader_quote(&carve->token);
	int has_others = has_site_use(members, carve->group);

	/* Then nobody knows whom the host gives to the group. */
	if (has_others && !loader->site_known)
		return;
	if (in != CLIENTS_NONE)
		diag_warning(loader->diag, carve->token.where, "unrestricted "
			"\"%s\" of group \"%s\" changes nothing for group "
			"\"%s\", whose clients these are", text.text,
			group_name(members, carve->group),
			group_name(members, in));
	else if (!has_others && carve->group != members->default_group &&
	    !is_inside_client(members, carve->group))
		diag_warning(loader->diag, carve->token.where, "unrestricted "
			"\"%s\" changes nothing: it is inside no client of "
			"group \"%s\"", text.text,
			group_name(members, carve->group));
}

/* What groups have carved out, they have carved out of themselves: what is in
 * another group stays there. */
static void
carve_out(struct members *members, const struct said *said,
	struct level *level)
{
	uint32_t group = level->group, plain = level->plain;
	size_t i;

	for (i = 0; i < said->count; i++) {
		const struct carve *carve = carve_of(members,
			&said->entries[i]);

		if (carve == NULL || carve->group == CLIENTS_NONE)
			continue;
		if (carve->group == plain)
			level->plain = CLIENTS_NONE;
		if (carve->group == group)
			level->group = CLIENTS_NONE;
		else
			check_carve(members, carve, group);
	}
}

/* Decides what holds for the prefix, inside the level AROUND. Returns whether
 * the table is to have it. */
static int
decide(struct members *members, const struct said *said,
	const struct level *around, struct level *level)
{
	int is_said = said->client != NULL || said->carve != NULL;

	level->client = CLIENTS_NONE;
	level->plain = level->group = CLIENTS_NONE;
	if (said->client != NULL) {
		level->client = said->client_group;
		level->plain = level->group = said->client_group;
	} else if (said->carve == NULL) {
		level->plain = said->is_default ? members->default_group
			: around->plain;
		level->group = said->claim.first != NULL
			? said->claim.first->group
			: said->is_netblock || said->is_default ? level->plain
			: around->group;
		is_said = said->claim.first != NULL || said->is_default;
		carve_out(members, said, level);
	}
	return is_said || level->group != around->group;
}

/* The level around PREFIX, when those that end before it are left. */
static const struct level *
leave_levels(struct members *members, const struct prefix *prefix)
{
	while (members->level_count > 1 && !prefix_holds(
	    &members->levels[members->level_count - 1].prefix,
	    &prefix->address))
		members->level_count--;
	return &members->levels[members->level_count - 1];
}

/* Takes all that is said of the prefix of the entry at FIRST. Returns the place
 * behind it. */
static size_t
take_prefix(struct members *members, size_t first)
{
	struct client_entry entry = members->entries[first];
	const struct level *around = leave_levels(members, &entry.prefix);
	struct level level = { .prefix = entry.prefix };
	struct said said = { .entries = &members->entries[first], .count = 1,
		.client_group = CLIENTS_NONE };

	while (first + said.count < members->count &&
	    clients_same(&entry, &said.entries[said.count]))
		said.count++;
	gather(members, &said);
	check_claims(members, &said);
	check_default(members, &said);
	if (decide(members, &said, around, &level)) {
		entry.group = level.group;
		/* At most where the entries are that it is made of. */
		members->entries[members->kept++] = entry;
	}
	members->levels[members->level_count++] = level;
	return first + said.count;
}

/* --- Building. */

static void
add_entry(struct members *members, const struct prefix *prefix,
	uint32_t group)
{
	struct client_entry *entry = &members->entries[members->count];

	entry->prefix = *prefix;
	entry->group = group;
	entry->tag = (uint32_t)members->count++;
}

/* Everybody, in both families. */
static void
add_default(struct members *members)
{
	static const enum address_family families[] = { ADDRESS_IP4,
		ADDRESS_IP6 };
	struct prefix prefix;
	size_t i;

	if (members->default_group == CLIENTS_NONE)
		return;
	memset(&prefix, 0, sizeof(prefix));
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		prefix.address.family = families[i];
		add_entry(members, &prefix, members->default_group);
	}
}

static void
add_all(struct members *members)
{
	const struct loader *loader = members->loader;
	size_t i;

	for (i = 0; i < loader->entry_count; i++)
		add_entry(members, &loader->entries[i].prefix,
			loader->entries[i].group);
	members->carves = (uint32_t)members->count;
	for (i = 0; i < loader->carve_count; i++)
		add_entry(members, &loader->carves[i].prefix, CLIENTS_NONE);
	members->netblocks = (uint32_t)members->count;
	for (i = 0; i < loader->site.client_count; i++)
		add_entry(members, &loader->site.clients[i].prefix,
			CLIENTS_NONE);
	members->defaults = (uint32_t)members->count;
	add_default(members);
}

static void
find_default(struct members *members)
{
	struct loader *loader = members->loader;
	const struct token *token = &loader->default_group;
	size_t i;

	members->default_group = CLIENTS_NONE;
	/* An empty one is reported already. */
	if (token->text == NULL || token->length == 0)
		return;
	for (i = 0; i < loader->policy->group_count; i++)
		if (token_is(token, loader->policy->groups[i].name)) {
			members->default_group = (uint32_t)i;
			loader->facts[i].has_clients = 1;
			return;
		}
	diag_error(loader->diag, token->where, "found group \"%s\", which is "
		"not in the policy, expected the name of a group",
		loader_quote(token).text);
}

/* Without the host nobody can know. Told once: it is so for all of them. */
static void
warn_unknown(struct loader *loader)
{
	const struct group *group = wants_zones(loader->policy);
	struct origin where;

	if (loader->site_use_count > 0)
		where = loader->site_uses[0].token.where;
	else if (group != NULL)
		where = group->origin;
	else
		return;
	diag_warning(loader->diag, where, "what unbound.conf declares is not "
		"known here: client-tag, client-view and allow-site-names "
		"change nothing");
}

static void
use_site(struct members *members)
{
	struct loader *loader = members->loader;
	size_t i;

	if (!loader->site_known) {
		warn_unknown(loader);
		return;
	}
	for (i = 0; i < loader->site_use_count; i++)
		claim_clients(loader, &loader->site_uses[i], members->claims);
}

static void
build_clients(struct members *members)
{
	struct policy *policy = members->loader->policy;
	size_t at = 0;

	add_all(members);
	clients_sort(members->entries, members->count);
	members->level_count = 1;
	members->levels[0].group = CLIENTS_NONE;
	members->levels[0].plain = CLIENTS_NONE;
	members->levels[0].client = CLIENTS_NONE;
	while (at < members->count)
		at = take_prefix(members, at);
	policy->prefix_count = members->kept;
	policy->clients = clients_new(members->entries, members->kept);
	if (policy->clients == NULL)
		diag_no_memory(members->loader->diag);
}

void
members_build(struct loader *loader)
{
	struct members members = { .loader = loader };
	size_t most = loader->entry_count + loader->carve_count +
		loader->site.client_count + 2;

	loader->policy->lacks_site = !loader->site_known &&
		(loader->site_use_count > 0 ||
		wants_zones(loader->policy) != NULL);
	if (most <= INT32_MAX) {
		members.entries = region_take(loader->members, most *
			sizeof(*members.entries));
		members.claims = region_take(loader->members,
			(loader->site.client_count + 1) *
			sizeof(*members.claims));
	}
	if (members.entries == NULL || members.claims == NULL) {
		diag_no_memory(loader->diag);
	} else {
		find_default(&members);
		use_site(&members);
		build_clients(&members);
	}
	/* The lists need memory, too. */
	region_free(loader->members);
	loader->members = NULL;
	loader->entries = NULL;
	loader->clients = NULL;
	loader->drafts = NULL;
}
