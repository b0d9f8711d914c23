/*
 * test_site_facts.c - what unbound.conf declares makes a policy shorter: the
 * clients that have a tag or a view there are in a group, and the zones that it
 * declares may be asked for; and nobody else notices.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "statistics.h"

#define EVIL "NOERROR 203.0.113.66"
#define WWW "NOERROR 198.51.100.1"
#define SUNK "NOERROR 192.0.2.10"
#define SINKHOLE "  action: sinkhole\n  sinkhole: 192.0.2.10\n"
#define STALE "bitsink: STALE: the last good policy is in force, kept="

#define FROM_UPSTREAM "127.0.0.53@5300"

/* --- Clients. */

/* The whole of 127.0.0.0/8 may ask, and has no tag. */
#define TAGS \
	"  define-tag: \"update server spare idle\"\n" \
	"  access-control-tag: 127.0.0.16/28 \"update\"\n" \
	"  access-control: 127.0.0.20 allow\n" \
	"  access-control-tag: 127.0.0.24/30 \"server\"\n" \
	"  access-control-tag: 127.0.0.32/28 \"update spare\"\n" \
	"  access-control-tag: 127.0.0.64/28 \"spare\"\n" \
	"  access-control-tag: fd00:53::/64 \"update\"\n" \
	"  access-control: fd00:53::3 allow\n" \
	"  access-control-view: 127.0.0.48/28 \"servers\"\n" \
	"  access-control-tag: ::ffff:127.0.0.80/124 \"server\"\n" \
	"  interface: 127.0.0.1@5354\n  proxy-protocol-port: 5354\n"
#define VIEWS "view:\n  name: \"servers\"\nview:\n  name: \"nobody\"\n"

#define UPDATES \
	"group:\n  name: updates\n  client-tag: update\n" \
	"  client-tag: spare\n  allow: .allowed.test\n"
#define SERVERS \
	"group:\n  name: servers\n  client-tag: server\n" \
	"  client-view: servers\n" SINKHOLE

static const struct resolver_options tagged = {
	.policy = UPDATES SERVERS, .server = TAGS, .clauses = VIEWS,
};

static void
assert_ordinary_are_served(void)
{
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(ORDINARY_2, "evil.test", TYPE_A,
		.transport = ASK_TCP), EVIL);
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A,
		.transport = ASK_TCP), EVIL);
}

static void
assert_is_in(const struct world *world, const char *client, const char *group,
	const char *prefix)
{
	char *explained = control_explain(world->resolver, client,
		"evil.test");

	control_assert(explained, "group", group);
	control_assert(explained, "prefix", prefix);
	free(explained);
}

static void
clients_with_a_tag_or_a_view_are_in_the_group(void **state)
{
	static const struct {
		const char *from;
		const char *line;
	} rows[] = {
		{ "127.0.0.15", EVIL },
		{ "127.0.0.16", "NXDOMAIN" },
		{ "127.0.0.31", "NXDOMAIN" },
		{ "127.0.0.32", "NXDOMAIN" },
		{ "127.0.0.47", "NXDOMAIN" },
		{ "127.0.0.48", SUNK },
		{ "127.0.0.63", SUNK },
		{ "127.0.0.64", "NXDOMAIN" },
		{ "127.0.0.79", "NXDOMAIN" },
		{ "127.0.0.96", EVIL },
		{ SANDBOX_IP6_UPDATE, "NXDOMAIN" },
	};
	struct world *world = world_start(state, &tagged);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_answer(Q(rows[i].from, "evil.test", TYPE_A),
			rows[i].line);
		assert_answer(Q(rows[i].from, "EVIL.test", TYPE_A,
			.transport = ASK_TCP), rows[i].line);
	}
	assert_answer(Q("127.0.0.16", "www.allowed.test", TYPE_A), WWW);
	assert_is_in(world, "127.0.0.31", "updates", "127.0.0.16/28");
	assert_is_in(world, "127.0.0.48", "servers", "127.0.0.48/28");
	assert_is_in(world, SANDBOX_IP6_UPDATE, "updates", "fd00:53::/64");
	assert_is_in(world, ORDINARY, NULL, NULL);
	assert_ordinary_are_served();
}

/* As in Unbound: the longest netblock of a client alone has tags. */
static void
a_netblock_without_the_tag_is_not_in_the_group(void **state)
{
	struct world *world = world_start(state, &tagged);

	assert_answer(Q("127.0.0.19", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A,
		.transport = ASK_TCP), EVIL);
	assert_answer(Q("127.0.0.21", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.24", "evil.test", TYPE_A), SUNK);
	assert_answer(Q("127.0.0.27", "evil.test", TYPE_A), SUNK);
	assert_answer(Q("127.0.0.28", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(SANDBOX_IP6_ORDINARY, "evil.test", TYPE_A), EVIL);
	assert_is_in(world, "127.0.0.24", "servers", "127.0.0.24/30");
	assert_is_in(world, "127.0.0.28", "updates", "127.0.0.16/28");
	assert_ordinary_are_served();
}

static void
a_mapped_address_has_the_tags_of_its_ip4_address(void **state)
{
	(void)world_start(state, &tagged);
	assert_answer(Q("::ffff:127.0.0.17", "evil.test", TYPE_A,
		.transport = ASK_PROXY_UDP), "NXDOMAIN");
	assert_answer(Q("::ffff:127.0.0.20", "evil.test", TYPE_A,
		.transport = ASK_PROXY_TCP), EVIL);
	assert_answer(Q("::ffff:127.0.0.25", "evil.test", TYPE_A,
		.transport = ASK_PROXY_TCP), SUNK);
	/* And a mapped netblock holds IPv4 addresses. */
	assert_answer(Q("::ffff:127.0.0.81", "evil.test", TYPE_A,
		.transport = ASK_PROXY_UDP), SUNK);
	assert_answer(Q("127.0.0.81", "evil.test", TYPE_A), SUNK);
	assert_answer(Q("127.0.0.96", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("::ffff:127.0.0.101", "evil.test", TYPE_A,
		.transport = ASK_PROXY_UDP), EVIL);
	assert_ordinary_are_served();
}

/* What the policy says itself of the same or a longer prefix is what counts,
 * and of a netblock without the tag, all that it says. */
static void
the_policys_own_prefixes_go_before_tags(void **state)
{
	static const struct resolver_options options = {
		.policy = "bitsink:\n  unrestricted: 127.0.0.18\n"
			UPDATES "  unrestricted: 127.0.0.64/28\n" SERVERS
			"group:\n  name: around\n  client: 127.0.0.0/26\n"
			"  action: refused\n"
			"group:\n  name: own\n  client: 127.0.0.32/28\n"
			"  client: 127.0.0.17\n  action: nodata\n",
		.server = TAGS, .clauses = VIEWS,
	};
	struct world *world = world_start(state, &options);

	assert_answer(Q("127.0.0.15", "evil.test", TYPE_A), "REFUSED");
	assert_answer(Q("127.0.0.16", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NOERROR");
	assert_answer(Q("127.0.0.18", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A), "REFUSED");
	assert_answer(Q("127.0.0.33", "evil.test", TYPE_A), "NOERROR");
	assert_answer(Q("127.0.0.49", "evil.test", TYPE_A), SUNK);
	assert_answer(Q("127.0.0.65", "evil.test", TYPE_A), EVIL);
	assert_is_in(world, "127.0.0.20", "around", "127.0.0.20/32");
	assert_is_in(world, "127.0.0.18", NULL, "127.0.0.18/32");
	assert_ordinary_are_served();
}

/* A netblock without a tag is one as if the tags around it were not there. */
static void
who_has_no_tag_is_in_the_default_group(void **state)
{
	static const struct resolver_options options = {
		.policy = "bitsink:\n  default-group: rest\n"
			"  unrestricted: 127.0.0.96/28\n"
			"  unrestricted: " SANDBOX_IP6_ORDINARY "\n"
			UPDATES "  unrestricted: 127.0.0.22/31\n" SERVERS
			"group:\n  name: rest\n  action: refused\n",
		.server = TAGS, .clauses = VIEWS,
	};
	struct world *world = world_start(state, &options);

	assert_answer(Q("127.0.0.19", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A), "REFUSED");
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A,
		.transport = ASK_TCP), "REFUSED");
	assert_answer(Q("127.0.0.22", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.24", "evil.test", TYPE_A), SUNK);
	assert_answer(Q("127.0.0.2", "evil.test", TYPE_A), "REFUSED");
	assert_answer(Q("127.0.0.48", "evil.test", TYPE_A), SUNK);
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A),
		"NXDOMAIN");
	assert_is_in(world, "127.0.0.20", "rest", "127.0.0.20/32");
	assert_is_in(world, "127.0.0.2", "rest", "0.0.0.0/0");
	assert_ordinary_are_served();
}

/* --- What unbound.conf does not have. */

static void
assert_in(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return;
	print_error("expected: %s\nfound:\n%s\n", part, text);
	fail();
}

static const struct {
	const char *policy;
	const char *said;
} wrongs[] = {
	{ "group:\n  name: a\n  client-tag: uptade\n",
		"bitsink.conf:3:15: error: found tag \"uptade\", which "
		"unbound.conf does not define, expected " },
	{ "group:\n  name: a\n  client-view: nobody\n",
		"bitsink.conf:3:16: error: found view \"nobody\", which "
		"unbound.conf gives to no client, expected " },
	/* 127.0.0.32/28 has both tags. */
	{ "group:\n  name: a\n  client-tag: update\n"
		"group:\n  name: b\n  client-tag: spare\n",
		"bitsink.conf:6:15: error: found 127.0.0.32/28 of group \"b\" "
		"by client-tag \"spare\", expected it in one group; it is in "
		"group \"a\" by client-tag \"update\" at " },
};

static void
what_unbound_does_not_know_is_refused_at_the_start(void **state)
{
	struct resolver_options options = tagged;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		char *log;

		options.policy = wrongs[i].policy;
		log = resolver_refuses(&options);
		assert_in(log, wrongs[i].said);
		assert_in(log, "bitsink: not started, for there is no "
			"policy: ");
		free(log);
	}
}

static void
what_unbound_does_not_know_is_refused_by_a_reload(void **state)
{
	struct world *world = world_start(state, &tagged);
	size_t i;

	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		char *reply;

		sandbox_write(world->resolver->folder, "bitsink.conf",
			wrongs[i].policy);
		reply = control_failed(world->resolver, "reload");
		assert_non_null(control_find(reply, "problem", "severity",
			"error"));
		free(reply);
		resolver_await_log(world->resolver, wrongs[i].said);
		assert_answer(Q("127.0.0.17", "evil.test", TYPE_A),
			"NXDOMAIN");
		assert_answer(Q("127.0.0.49", "evil.test", TYPE_A), SUNK);
		assert_ordinary_are_served();
	}
	sandbox_write(world->resolver->folder, "bitsink.conf", UPDATES);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q("127.0.0.49", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
}

static void
a_tag_that_nobody_has_restricts_nobody(void **state)
{
	static const struct resolver_options options = {
		.policy = "group:\n  name: a\n  client-tag: idle\n",
		.server = TAGS, .clauses = VIEWS,
	};
	struct world *world = world_start(state, &options);

	resolver_await_log(world->resolver, "bitsink.conf:3:15: warning: tag "
		"\"idle\" is given to no client by unbound.conf");
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

/* That says where a query came in, and not who asks. */
static void
tags_and_views_of_an_interface_restrict_nobody(void **state)
{
	static const struct resolver_options options = {
		.policy = UPDATES SERVERS,
		.server = TAGS
			"  interface-action: 127.0.0.1@5353 allow\n"
			"  interface-tag: 127.0.0.1@5353 \"update\"\n"
			"  interface-view: fd00:53::1@5353 \"servers\"\n",
		.clauses = VIEWS,
	};

	(void)world_start(state, &options);
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.49", "evil.test", TYPE_A), SUNK);
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

/* --- Another unbound.conf. */

#define MOVED_TAGS \
	"  define-tag: \"update moved\"\n" \
	"  access-control-tag: 127.0.0.16/28 \"moved\"\n" \
	"  access-control-tag: 127.0.0.128/28 \"update\"\n" \
	"  access-control-tag: fd00:53::3 \"moved\"\n"
#define MOVED "group:\n  name: updates\n  client-tag: update\n" \
	"  allow: .allowed.test\n"

static void
tags_are_those_of_the_last_reload_of_unbound(void **state)
{
	static const struct resolver_options before = {
		.policy = MOVED, .server = TAGS, .clauses = VIEWS,
	}, after = {
		.policy = MOVED, .server = MOVED_TAGS,
	};
	struct world *world = world_start(state, &before);

	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A), EVIL);
	resolver_configure(world->resolver, &after);
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
	resolver_reload(world->resolver);
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_answer(Q(SANDBOX_IP6_UPDATE, "evil.test", TYPE_A), EVIL);
	assert_ordinary_are_served();
}

/* A tag that is taken away is an error in the policy, too. */
static void
the_last_good_policy_has_the_facts_of_its_time(void **state)
{
	static const char zone[] = "stub-zone:\n  name: \"ad.test\"\n"
		"  stub-addr: " FROM_UPSTREAM "\n";
	static const struct resolver_options before = {
		.policy = UPDATES "  allow-site-names: yes\n",
		.server = TAGS, .clauses = zone,
	}, after = {
		.policy = UPDATES "  allow-site-names: yes\n",
		.server = MOVED_TAGS,
	};
	struct resolver_options with_view = before;
	struct world *world;
	char *status, *clauses;

	if (asprintf(&clauses, "%s%s", zone, VIEWS) < 0)
		abort();
	with_view.clauses = clauses;
	world = world_start(state, &with_view);
	upstream_add(world->upstream, "dc.ad.test. 60 IN A 10.0.0.2\n");
	assert_answer(Q("127.0.0.17", "dc.ad.test", TYPE_A),
		"NOERROR 10.0.0.2");
	resolver_configure(world->resolver, &after);
	resolver_reload(world->resolver);
	resolver_await_log(world->resolver, STALE);
	resolver_await_log(world->resolver, "found tag \"spare\", which "
		"unbound.conf does not define");
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.20", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.17", "dc.ad.test", TYPE_A),
		"NOERROR 10.0.0.2");
	assert_ordinary_are_served();
	status = control_ask(world->resolver, "status");
	control_assert(status, "stale", "yes");
	free(status);
	/* With the next good one it has those of now. */
	sandbox_write(world->resolver->folder, "bitsink.conf", MOVED
		"  allow-site-names: yes\n");
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q("127.0.0.17", "evil.test", TYPE_A), EVIL);
	assert_answer(Q("127.0.0.129", "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q("127.0.0.129", "dc.ad.test", TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
	free(clauses);
}

static void
the_control_socket_tells_what_was_found(void **state)
{
	struct world *world = world_start(state, &tagged);
	char *site = control_ask(world->resolver, "site");
	const char *line;

	line = control_find(site, "client", "prefix", "127.0.0.32/28");
	control_assert(line, "tags", "update spare");
	control_assert(line, "view", NULL);
	line = control_find(site, "client", "prefix", "127.0.0.48/28");
	control_assert(line, "tags", NULL);
	control_assert(line, "view", "servers");
	line = control_find(site, "client", "prefix", "127.0.0.80/28");
	control_assert(line, "tags", "server");
	line = control_find(site, "client", "prefix", "fd00:53::3/128");
	control_assert(line, "tags", NULL);
	assert_non_null(control_find(site, "tag", "name", "idle"));
	/* The root is forwarded, and nobody's zone. */
	assert_null(control_find(site, "zone", "kind", "forward"));
	free(site);
	assert_ordinary_are_served();
}

/* --- Names. */

#define ZONES \
	"stub-zone:\n  name: \"ad.test\"\n  stub-addr: " FROM_UPSTREAM "\n" \
	"forward-zone:\n  name: \"partner.test\"\n" \
	"  forward-addr: " FROM_UPSTREAM "\n"
#define REVERSE "  local-zone: \"10.in-addr.arpa.\" nodefault\n"

#define MEMBER "127.0.0.2"
#define STRICT "127.0.0.3"
#define OUTSIDE "127.0.0.4"
#define NARROW "127.0.0.5"
#define JUDGED "127.0.0.6"

#define SITE_POLICY \
	"bitsink:\n  log: all\n" \
	"group:\n  name: members\n  client: " MEMBER "\n" \
	"  client: " SANDBOX_IP6_UPDATE "\n" \
	"  allow: .allowed.test\n  allow-site-names: yes\n" \
	"  deny: denied.ad.test\n  quiet: .partner.test\n" \
	/* As specific as the zone, and more. */ \
	"group:\n  name: strict\n  client: " STRICT "\n" \
	"  allow: .allowed.test\n  allow-site-names: yes\n" \
	"  deny: .ad.test\n  deny: \"*.partner.test\"\n" \
	"  allow: dc.ad.test\n" \
	"group:\n  name: outside\n  client: " OUTSIDE "\n" \
	"  allow: .allowed.test\n" \
	"group:\n  name: narrow\n  client: " NARROW "\n" \
	"  allow-site-names: yes\n  allow-types: \"A SRV\"\n" \
	"group:\n  name: judged\n  client: " JUDGED "\n" \
	"  allow: .allowed.test\n  allow-site-names: yes\n" \
	"  chain: inspect\n  deny: denied.ad.test\n" \
	"  answer-deny: 10.0.0.0/8\n  answer-allow: 10.0.0.2\n"

#define SITE_RECORDS \
	"ad.test. 60 IN A 10.0.0.2\n" \
	"dc.ad.test. 60 IN A 10.0.0.2\n" \
	"denied.ad.test. 60 IN A 10.0.0.3\n" \
	"other.ad.test. 60 IN A 10.0.0.4\n" \
	"wsus.allowed.test. 60 IN CNAME dc.ad.test.\n" \
	"bad.allowed.test. 60 IN CNAME denied.ad.test.\n" \
	"_ldap._tcp.dc._msdcs.ad.test. 60 IN SRV 7 100 389 dc.ad.test.\n" \
	"_vlmcs._tcp.ad.test. 60 IN SRV 8 0 1688 dc.ad.test.\n" \
	"www.partner.test. 60 IN A 198.51.100.20\n" \
	"2.0.0.10.in-addr.arpa. 60 IN PTR dc.ad.test.\n" \
	"2.0.168.192.in-addr.arpa. 60 IN PTR dc.ad.test.\n" \
	"2.0.20.172.in-addr.arpa. 60 IN PTR dc.ad.test.\n" \
	"2.d.f.ip6.arpa. 60 IN PTR dc.ad.test.\n" \
	"2.2.0.192.in-addr.arpa. 60 IN PTR evil.test.\n" \
	"8.8.8.8.in-addr.arpa. 60 IN PTR evil.test.\n" \
	"xad.test. 60 IN A 203.0.113.67\n"

static const struct resolver_options with_zones = {
	.policy = SITE_POLICY, .server = REVERSE, .clauses = ZONES,
};

static struct world *
start_site(void **state, const struct resolver_options *options)
{
	struct world *world = world_start(state, options);

	upstream_add(world->upstream, SITE_RECORDS);
	return world;
}

static void
assert_reason(const struct world *world, const char *client, const char *name,
	const char *reason)
{
	char *explained = control_explain(world->resolver, client, name);

	control_assert(explained, "reason", reason);
	free(explained);
}

static void
names_of_stub_and_forward_zones_are_allowed(void **state)
{
	static const enum transport transports[] = { ASK_UDP, ASK_TCP };
	struct world *world = start_site(state, &with_zones);
	char *explained;
	size_t t;

	for (t = 0; t < 2; t++) {
		assert_answer(Q(MEMBER, "ad.test", TYPE_A,
			.transport = transports[t]), "NOERROR 10.0.0.2");
		assert_answer(Q(MEMBER, "DC.ad.TEST", TYPE_A,
			.transport = transports[t]), "NOERROR 10.0.0.2");
		assert_answer(Q(MEMBER, "_ldap._tcp.dc._msdcs.ad.test",
			LDNS_RR_TYPE_SRV, .transport = transports[t]),
			"NOERROR 7");
		assert_answer(Q(SANDBOX_IP6_UPDATE, "_vlmcs._tcp.ad.test",
			LDNS_RR_TYPE_SRV, .transport = transports[t]),
			"NOERROR 8");
		assert_answer(Q(MEMBER, "www.partner.test", TYPE_A,
			.transport = transports[t]), "NOERROR 198.51.100.20");
		assert_answer(Q(OUTSIDE, "dc.ad.test", TYPE_A,
			.transport = transports[t]), "NXDOMAIN");
	}
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.reason.site"), 10);
	explained = control_explain(world->resolver, MEMBER, "dc.ad.test");
	control_assert(explained, "verdict", "allow");
	control_assert(explained, "reason", "site");
	control_assert(explained, "kind", "site");
	control_assert(explained, "pattern", ".ad.test");
	control_assert(explained, "rule", "unbound.conf");
	free(explained);
	assert_ordinary_are_served();
}

static void
names_of_no_zone_are_blocked(void **state)
{
	struct world *world = start_site(state, &with_zones);
	unsigned before;
	char *stats;

	assert_answer(Q(ORDINARY, "xad.test", TYPE_A), "NOERROR 203.0.113.67");
	before = upstream_total(world->upstream);
	assert_answer(Q(MEMBER, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(MEMBER, "xad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(MEMBER, "test", TYPE_A, .transport = ASK_TCP),
		"NXDOMAIN");
	assert_answer(Q(MEMBER, "ad.test.evil.test", TYPE_A), "NXDOMAIN");
	/* No reverse zone of a private address. */
	assert_answer(Q(MEMBER, "8.8.8.8.in-addr.arpa", LDNS_RR_TYPE_PTR),
		"NXDOMAIN");
	assert_int_equal(upstream_total(world->upstream), before);
	stats = resolver_control(world->resolver, "stats_noreset");
	statistics_check(stats, 1);
	statistics_check_rpz(stats);
	statistics_assert(stats, "num.bitsink.reason.not-listed", 5);
	statistics_assert(stats, "num.bitsink.reason.site", 0);
	free(stats);
	assert_ordinary_are_served();
}

static void
a_deny_beats_a_zone_of_the_site(void **state)
{
	struct world *world = start_site(state, &with_zones);

	assert_answer(Q(MEMBER, "denied.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(MEMBER, "denied.ad.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_reason(world, MEMBER, "denied.ad.test", "denied");
	assert_reason(world, MEMBER, "x.denied.ad.test", "site");
	assert_answer(Q(STRICT, "denied.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(STRICT, "ad.test", TYPE_A), "NXDOMAIN");
	assert_reason(world, STRICT, "ad.test", "denied");
	assert_answer(Q(STRICT, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_reason(world, STRICT, "dc.ad.test", "allowed");
	assert_answer(Q(STRICT, "www.partner.test", TYPE_A), "NXDOMAIN");
	/* The pattern is for what is below. */
	assert_reason(world, STRICT, "partner.test", "site");
	/* And a quiet pattern takes nothing away. */
	assert_reason(world, MEMBER, "www.partner.test", "site");
	assert_answer(Q(ORDINARY, "denied.ad.test", TYPE_A),
		"NOERROR 10.0.0.3");
	assert_ordinary_are_served();
}

static void
types_count_for_names_of_the_site(void **state)
{
	struct world *world = start_site(state, &with_zones);

	assert_answer(Q(NARROW, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_answer(Q(NARROW, "_ldap._tcp.dc._msdcs.ad.test",
		LDNS_RR_TYPE_SRV), "NOERROR 7");
	assert_answer(Q(NARROW, "dc.ad.test", TYPE_TXT), "NXDOMAIN");
	assert_answer(Q(NARROW, "evil.test", TYPE_TXT), "NXDOMAIN");
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.reason.type"), 1);
	assert_ordinary_are_served();
}

/* A chain may lead to the site, and answers of the site are judged. */
static void
names_of_the_site_are_judged_as_allowed_ones(void **state)
{
	struct world *world = start_site(state, &with_zones);

	assert_answer(Q(JUDGED, "wsus.allowed.test", TYPE_A),
		"NOERROR dc.ad.test. 10.0.0.2");
	assert_answer(Q(JUDGED, "bad.allowed.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(JUDGED, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_answer(Q(JUDGED, "other.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(JUDGED, "other.ad.test", TYPE_A,
		.transport = ASK_TCP), "NXDOMAIN");
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.reason.chain"), 1);
	assert_int_equal(resolver_stat(world->resolver,
		"num.bitsink.reason.address"), 2);
	assert_answer(Q(MEMBER, "other.ad.test", TYPE_A), "NOERROR 10.0.0.4");
	assert_answer(Q(ORDINARY, "bad.allowed.test", TYPE_A),
		"NOERROR denied.ad.test. 10.0.0.3");
	assert_ordinary_are_served();
}

/* Reverse zones of private addresses that Unbound answers by itself are not the
 * site's; those that it was told to leave are. */
static void
private_reverse_zones_left_by_unbound_are_the_sites(void **state)
{
	static const char ptr[] = "NOERROR dc.ad.test.";
	struct world *world = start_site(state, &with_zones);

	assert_answer(Q(MEMBER, "2.0.0.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
		ptr);
	assert_answer(Q(MEMBER, "2.0.0.10.IN-ADDR.arpa", LDNS_RR_TYPE_PTR,
		.transport = ASK_TCP), ptr);
	assert_answer(Q(OUTSIDE, "2.0.0.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
		"NXDOMAIN");
	assert_reason(world, MEMBER, "2.0.0.10.in-addr.arpa", "site");
	assert_reason(world, OUTSIDE, "2.0.0.10.in-addr.arpa", "not-listed");
	/* Unbound's own, for everybody. */
	assert_answer(Q(MEMBER, "2.0.168.192.in-addr.arpa",
		LDNS_RR_TYPE_PTR), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "2.0.168.192.in-addr.arpa",
		LDNS_RR_TYPE_PTR), "NXDOMAIN");
	assert_reason(world, MEMBER, "2.0.168.192.in-addr.arpa",
		"not-listed");
	assert_answer(Q(ORDINARY, "2.0.0.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
		ptr);
	assert_ordinary_are_served();
}

static void
unblocked_reverse_zones_are_the_sites(void **state)
{
	static const char *const names[] = { "2.0.0.10.in-addr.arpa",
		"2.0.168.192.in-addr.arpa", "2.0.20.172.in-addr.arpa",
		"2.d.f.ip6.arpa" };
	static const struct resolver_options options = {
		.policy = SITE_POLICY, .server = "  unblock-lan-zones: yes\n",
	};
	struct world *world = start_site(state, &options);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_answer(Q(MEMBER, names[i], LDNS_RR_TYPE_PTR),
			"NOERROR dc.ad.test.");
		assert_answer(Q(OUTSIDE, names[i], LDNS_RR_TYPE_PTR),
			"NXDOMAIN");
		assert_answer(Q(ORDINARY, names[i], LDNS_RR_TYPE_PTR),
			"NOERROR dc.ad.test.");
	}
	/* Addresses of documents are nobody's, and this is no site. */
	assert_reason(world, MEMBER, "2.2.0.192.in-addr.arpa", "not-listed");
	assert_reason(world, MEMBER, "2.32.172.in-addr.arpa", "not-listed");
	assert_ordinary_are_served();
}

/* Unbound answers from its own copy; where it does so for-downstream, nobody is
 * asked at all. */
static void
names_of_auth_zones_are_allowed(void **state)
{
	static const char records[] =
		"$ORIGIN own.example.\n"
		"@ 60 IN SOA own.example. nobody.own.example. 1 60 60 60 60\n"
		"@ 60 IN NS ns.own.example.\n"
		"ns 60 IN A 198.51.100.30\n"
		"wsus 60 IN A 198.51.100.31\n"
		"denied 60 IN A 198.51.100.32\n";
	struct resolver_options options = {
		.policy = "group:\n  name: members\n  client: " MEMBER "\n"
			"  allow-site-names: yes\n"
			"  deny: denied.own.example\n"
			"group:\n  name: outside\n  client: " OUTSIDE "\n"
			"  allow: .allowed.test\n",
		/* What is forwarded is not looked for in the zone. */
		.no_forward = 1,
		.modules = "dynlib respip validator iterator",
	};
	char *folder = sandbox_folder(), *clauses, *site;
	struct world *world;

	sandbox_write(folder, "own.zone", records);
	/* A response policy zone is no zone of names. */
	sandbox_write(folder, "policy.zone", "$ORIGIN policy.example.\n"
		"@ 60 IN SOA policy.example. nobody.example. 1 60 60 60 60\n"
		"@ 60 IN NS ns.policy.example.\n");
	if (asprintf(&clauses, "auth-zone:\n  name: \"own.example\"\n"
	    "  zonefile: \"%s/own.zone\"\n  for-downstream: no\n"
	    "  for-upstream: yes\n  fallback-enabled: no\n"
	    "forward-zone:\n  name: \"test\"\n"
	    "  forward-addr: " FROM_UPSTREAM "\n"
	    "rpz:\n  name: \"policy.example\"\n"
	    "  zonefile: \"%s/policy.zone\"\n", folder, folder) < 0)
		abort();
	options.clauses = clauses;
	world = world_start(state, &options);
	assert_answer(Q(MEMBER, "wsus.own.example", TYPE_A),
		"NOERROR 198.51.100.31");
	assert_answer(Q(MEMBER, "wsus.own.example", TYPE_A,
		.transport = ASK_TCP), "NOERROR 198.51.100.31");
	assert_answer(Q(MEMBER, "nothing.own.example", TYPE_A), "NXDOMAIN");
	assert_reason(world, MEMBER, "nothing.own.example", "site");
	assert_answer(Q(MEMBER, "denied.own.example", TYPE_A), "NXDOMAIN");
	assert_reason(world, MEMBER, "denied.own.example", "denied");
	assert_answer(Q(OUTSIDE, "wsus.own.example", TYPE_A), "NXDOMAIN");
	assert_reason(world, MEMBER, "policy.example", "not-listed");
	site = control_ask(world->resolver, "site");
	assert_non_null(control_find(site, "zone", "kind", "auth"));
	assert_null(control_find(site, "zone", "name", "policy.example."));
	free(site);
	assert_answer(Q(ORDINARY, "denied.own.example", TYPE_A),
		"NOERROR 198.51.100.32");
	assert_ordinary_are_served();
	free(clauses);
	sandbox_remove(folder);
}

static void
a_top_level_domain_that_is_forwarded_is_warned_of(void **state)
{
	static const struct resolver_options options = {
		.policy = SITE_POLICY,
		.clauses = "forward-zone:\n  name: \"test\"\n"
			"  forward-addr: " FROM_UPSTREAM "\n",
	};
	struct world *world = start_site(state, &options);

	resolver_await_log(world->resolver, "warning: forward zone \"test.\" "
		"is of one label: with allow-site-names group \"members\" may "
		"ask for everything below it");
	assert_answer(Q(MEMBER, "evil.test", TYPE_A), EVIL);
	assert_answer(Q(OUTSIDE, "evil.test", TYPE_A), "NXDOMAIN");
	assert_ordinary_are_served();
}

/* Zones are those of the last reload, whatever unbound-control adds. */
static void
zones_are_those_of_the_last_reload_of_unbound(void **state)
{
	static const struct resolver_options without = {
		.policy = SITE_POLICY,
	};
	struct world *world = start_site(state, &without);

	resolver_await_log(world->resolver, "allow-site-names changes "
		"nothing: unbound.conf declares no zone but the root");
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NXDOMAIN");
	free(resolver_control(world->resolver, "forward_add ad.test "
		FROM_UPSTREAM));
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	resolver_configure(world->resolver, &with_zones);
	resolver_reload(world->resolver);
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_answer(Q(OUTSIDE, "dc.ad.test", TYPE_A), "NXDOMAIN");
	resolver_configure(world->resolver, &without);
	resolver_reload(world->resolver);
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_ordinary_are_served();
}

static void
site_names_begin_and_end_with_a_reload(void **state)
{
	struct world *world = start_site(state, &with_zones);

	assert_answer(Q(OUTSIDE, "dc.ad.test", TYPE_A), "NXDOMAIN");
	sandbox_write(world->resolver->folder, "bitsink.conf",
		"group:\n  name: outside\n  client: " OUTSIDE "\n"
		"  allow-site-names: yes\n"
		"group:\n  name: members\n  client: " MEMBER "\n"
		"  allow: .allowed.test\n");
	assert_int_equal(control_reload(world->resolver), 2);
	assert_answer(Q(OUTSIDE, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NXDOMAIN");
	sandbox_write(world->resolver->folder, "bitsink.conf", SITE_POLICY);
	assert_int_equal(control_reload(world->resolver), 3);
	assert_answer(Q(OUTSIDE, "dc.ad.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(MEMBER, "dc.ad.test", TYPE_A), "NOERROR 10.0.0.2");
	assert_ordinary_are_served();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(clients_with_a_tag_or_a_view_are_in_the_group),
		own_world_test(a_netblock_without_the_tag_is_not_in_the_group),
		own_world_test(
			a_mapped_address_has_the_tags_of_its_ip4_address),
		own_world_test(the_policys_own_prefixes_go_before_tags),
		own_world_test(who_has_no_tag_is_in_the_default_group),
		cmocka_unit_test(
			what_unbound_does_not_know_is_refused_at_the_start),
		own_world_test(
			what_unbound_does_not_know_is_refused_by_a_reload),
		own_world_test(a_tag_that_nobody_has_restricts_nobody),
		own_world_test(tags_and_views_of_an_interface_restrict_nobody),
		own_world_test(tags_are_those_of_the_last_reload_of_unbound),
		own_world_test(the_last_good_policy_has_the_facts_of_its_time),
		own_world_test(the_control_socket_tells_what_was_found),
		own_world_test(names_of_stub_and_forward_zones_are_allowed),
		own_world_test(names_of_no_zone_are_blocked),
		own_world_test(a_deny_beats_a_zone_of_the_site),
		own_world_test(types_count_for_names_of_the_site),
		own_world_test(names_of_the_site_are_judged_as_allowed_ones),
		own_world_test(
			private_reverse_zones_left_by_unbound_are_the_sites),
		own_world_test(unblocked_reverse_zones_are_the_sites),
		own_world_test(names_of_auth_zones_are_allowed),
		own_world_test(
			a_top_level_domain_that_is_forwarded_is_warned_of),
		own_world_test(zones_are_those_of_the_last_reload_of_unbound),
		own_world_test(site_names_begin_and_end_with_a_reload),
	};

	return world_main(tests);
}
