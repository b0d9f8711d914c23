/*
 * matrix_axes.c - the axes of the leak matrix.
 */
#include "matrix.h"

/* Types by their row in matrix_types. */
enum {
	BIT_A = 1, BIT_AAAA = 2, BIT_TXT = 4, BIT_HTTPS = 8, BIT_SVCB = 16,
	BIT_ANY = 32, BIT_MX = 64, BIT_NS = 128, BIT_SOA = 256, BIT_PTR = 512,
	BIT_DS = 1024, BIT_DNSKEY = 2048, BIT_65280 = 4096
};
#define ALL 0x1fff
/* What a name that is no zone's can have. */
#define LEAF (ALL & ~(BIT_NS | BIT_SOA | BIT_DS | BIT_DNSKEY))

/* Zones by their number. */
enum {
	IN_PLAIN = 1 << ZONE_BLOCKED | 1 << ZONE_ALLOWED,
	IN_ALIAS = IN_PLAIN | 1 << ZONE_ALIAS,
	IN_ADDRESS = IN_PLAIN | 1 << ZONE_ADDRESS,
	IN_ALL = IN_ALIAS | IN_ADDRESS
};

const struct place_row matrix_places[PLACE_COUNT] = {
	[PLACE_ABSENT] = { .name = "absent", .label = "somebody", .data = ALL,
		.ttl = 3600, .unique = 1, .zones = IN_ALL },
	[PLACE_CACHED] = { .name = "cached", .label = "cached", .data = ALL,
		.ttl = 3600, .zones = IN_ALL },
	[PLACE_NXDOMAIN] = { .name = "cached NXDOMAIN", .label = "gone",
		.zones = IN_ALIAS },
	[PLACE_NODATA] = { .name = "cached NODATA", .label = "bare",
		.zones = IN_ALIAS },
	[PLACE_SECURE] = { .name = "cached secure", .label = "secure.signed",
		.data = LEAF, .ttl = 3600, .zones = IN_ALL },
	[PLACE_BOGUS] = { .name = "cached bogus", .label = "bogus.signed",
		.data = LEAF, .ttl = 3600, .zones = IN_ALL },
	[PLACE_NSEC] = { .name = "denied by NSEC", .label = "signed",
		.unique = 1, .zones = IN_PLAIN },
	[PLACE_STUB] = { .name = "stub-zone", .label = "stub", .data = LEAF,
		.ttl = 3600, .zones = IN_ALL },
	[PLACE_FORWARD] = { .name = "forward-zone", .label = "forward",
		.data = ALL, .ttl = 3600, .zones = IN_ALL },
	[PLACE_AUTH_UP] = { .name = "auth-zone, not for-downstream",
		.label = "www.authup", .data = LEAF, .ttl = 3600,
		.zones = IN_ALL },
	[PLACE_AUTH_DOWN] = { .name = "auth-zone, for-downstream",
		.label = "www.authdown", .data = LEAF, .ttl = 3600,
		.before_modules = 1, .zones = IN_PLAIN },
	[PLACE_LOCAL_DATA] = { .name = "local-data", .label = "www.local",
		.data = LEAF, .ttl = 3600, .before_modules = 1,
		.zones = IN_PLAIN },
	[PLACE_VIEW] = { .name = "local-data of a view", .label = "www.view",
		.data = LEAF, .ttl = 3600, .before_modules = 1,
		.zones = IN_PLAIN },
	[PLACE_LOCAL_ALIAS] = { .name = "redirect by local-data",
		.label = "www.alias", .data = ALL, .ttl = 3600, .zones = IN_ALL
		},
	[PLACE_RPZ] = { .name = "RPZ that triggers", .label = "rpz",
		.data = BIT_A | BIT_AAAA | BIT_TXT, .ttl = 3600,
		.needs = FEATURE_RPZ, .before_modules = 1, .zones = IN_PLAIN },
	[PLACE_RPZ_PASSTHRU] = { .name = "RPZ that passes", .label = "pass",
		.data = ALL, .ttl = 3600, .needs = FEATURE_RPZ, .zones = IN_ALL
		},
	[PLACE_RESPONSE_IP] = { .name = "response-ip", .label = "respip",
		.data = BIT_A | BIT_ANY, .ttl = 3600, .needs = FEATURE_RPZ,
		.zones = IN_ADDRESS },
	[PLACE_IP4_ONLY] = { .name = "IPv4 only", .label = "four",
		.data = BIT_A | BIT_AAAA | BIT_ANY, .ttl = 3600,
		.needs = FEATURE_DNS64, .zones = IN_ALL },
	[PLACE_CACHEDB] = { .name = "cachedb alone", .label = "db",
		.data = ALL, .ttl = 3600, .needs = FEATURE_CACHEDB,
		.zones = IN_ALL },
	[PLACE_EXPIRED] = { .name = "expired", .label = "expired", .data = ALL,
		.ttl = 1, .held = 1, .zones = IN_ALL },
	[PLACE_IN_FLIGHT] = { .name = "in flight", .label = "flight",
		.data = ALL, .ttl = 3600, .held = 1, .zones = IN_ALL },
	[PLACE_CNAME_TARGET] = { .name = "in flight as a CNAME target",
		.label = "target", .data = ALL, .ttl = 3600, .held = 1,
		.zones = IN_ALL },
	[PLACE_PREFETCH] = { .name = "in flight as a prefetch",
		.label = "prefetch", .data = ALL, .ttl = 10,
		.needs = FEATURE_PREFETCH, .held = 1, .zones = IN_ALL },
	[PLACE_FOLLOWED] = { .name = "followed, from the cache",
		.label = "followed", .data = ALL, .ttl = 3600,
		.zones = 1 << ZONE_BLOCKED, .few = 1 },
	[PLACE_FOLLOWED_FRESH] = { .name = "followed, from upstream",
		.label = "fresh", .data = ALL, .ttl = 3600,
		.zones = 1 << ZONE_BLOCKED, .few = 1 },
	[PLACE_FOLLOWED_OVER] = { .name = "followed some time ago",
		.label = "over", .data = ALL, .ttl = 3600,
		.zones = 1 << ZONE_BLOCKED, .few = 1 },
};

const char *const matrix_zones[ZONE_COUNT] = {
	[ZONE_BLOCKED] = "blocked.test",
	[ZONE_ALLOWED] = "allowed.test",
	[ZONE_ALIAS] = "led.allowed.test",
	[ZONE_ADDRESS] = "inside.allowed.test",
};

const struct way matrix_ways[WAYS] = {
	{ "UDP", ASK_UDP, 32 },
	{ "TCP", ASK_TCP, 1 },
	{ "TCP, pipelined", ASK_TCP, 32 },
	{ "DoT", ASK_TLS, 32 },
	{ "DoH", ASK_HTTPS, 32 },
	{ "PROXYv2 over UDP", ASK_PROXY_UDP, 32 },
	{ "PROXYv2 over TCP", ASK_PROXY_TCP, 32 },
};

/* A, AAAA and HTTPS are the place's own; see matrix_data(). */
const struct type_row matrix_types[TYPES] = {
	{ "A", LDNS_RR_TYPE_A, NULL },
	{ "AAAA", LDNS_RR_TYPE_AAAA, NULL },
	{ "TXT", LDNS_RR_TYPE_TXT, "\"command\"" },
	{ "HTTPS", LDNS_RR_TYPE_HTTPS, NULL },
	{ "SVCB", LDNS_RR_TYPE_SVCB, "1 svc.content.test. port=8443" },
	{ "ANY", LDNS_RR_TYPE_ANY, NULL },
	{ "MX", LDNS_RR_TYPE_MX, "10 mail.content.test." },
	{ "NS", LDNS_RR_TYPE_NS, "ns.content.test." },
	{ "SOA", LDNS_RR_TYPE_SOA, "ns.content.test. nobody.content.test. 7 "
		"3600 1200 604800 60" },
	{ "PTR", LDNS_RR_TYPE_PTR, "host.content.test." },
	{ "DS", LDNS_RR_TYPE_DS, "4711 13 2 0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcdef" },
	{ "DNSKEY", LDNS_RR_TYPE_DNSKEY, "257 3 13 "
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAA==" },
	{ "TYPE65280", 65280, "\\# 4 deadbeef" },
};

const struct flags_row matrix_flags[FLAGS] = {
	{ "RD", ASK_EDNS },
	{ "no RD", ASK_EDNS | ASK_NO_RD },
	{ "CD", ASK_EDNS | ASK_CD },
	{ "DO", ASK_DO },
	{ "no EDNS", 0 },
};

/* One cell of so many. A prime, above all factors in spread(). */
#define FEW 23

const struct client_row matrix_clients[CLIENTS] = {
	{ "restricted by IPv4", UPDATE_HOST, GROUP_NXDOMAIN, FEW, 1 },
	{ "restricted by IPv6", SANDBOX_IP6_UPDATE, GROUP_NXDOMAIN, FEW, 1 },
	{ "restricted by IPv4 to a sinkhole", UPDATE_HOST_2, GROUP_SINKHOLE,
		FEW, 1 },
	{ "unrestricted, IPv4", ORDINARY, GROUP_NONE, FEW, 1 },
	{ "unrestricted, IPv6", SANDBOX_IP6_ORDINARY, GROUP_NONE, FEW, 1 },
	{ "inspected, by IPv4", "127.0.0.4", GROUP_INSPECTED, 2, FEW },
	{ "inspected, by IPv6 to a sinkhole", SANDBOX_IP6_UPDATE_2,
		GROUP_INSPECTED_SINKHOLE, 7, FEW },
	{ "followed", "127.0.0.5", GROUP_FOLLOWED, FEW, FEW },
	{ "restricted to types", "127.0.0.18", GROUP_TYPES, FEW, FEW },
	{ "carved out of its group", "127.0.0.17", GROUP_NONE, FEW, FEW },
	{ "with quiet names", "127.0.0.7", GROUP_QUIET, FEW, FEW },
	{ "restricted by a tag", "127.0.0.113", GROUP_TAG, FEW, FEW },
	{ "inside that, without the tag", "127.0.0.114", GROUP_REST, FEW,
		FEW },
	{ "restricted by a view, with names of the site", "127.0.0.9",
		GROUP_VIEW, FEW, FEW },
	{ "not named, by IPv4", "127.0.0.110", GROUP_REST, FEW, FEW },
	{ "not named, by IPv6", SANDBOX_IP6_OTHER, GROUP_REST, FEW, FEW },
	{ "in a window", "127.0.0.11", GROUP_WINDOW_OPEN, FEW, FEW },
	{ "in no window", "127.0.0.12", GROUP_WINDOW_SHUT, FEW, FEW },
	{ "with a grant", "127.0.0.13", GROUP_GRANTED, FEW, FEW },
	{ "with grants that are over", "127.0.0.14", GROUP_GRANT_OVER, FEW,
		FEW },
};

#define JUDGED "  chain: inspect\n  chain-allow: *.cdn.test\n" \
	"  answer-deny: 10.0.0.0/8\n  answer-deny: fc00::/7\n"
#define TO_SINKHOLE "  action: sinkhole\n" \
	"  sinkhole: " MATRIX_SINKHOLE4 "\n" \
	"  sinkhole: " MATRIX_SINKHOLE6 "\n  ttl: 88\n"

const struct group_row matrix_groups[GROUP_COUNT] = {
	[GROUP_NXDOMAIN] = { "nx", "  client: " UPDATE_HOST "\n"
		"  client: " SANDBOX_IP6_UPDATE "\n", BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_SINKHOLE] = { "sink", "  client: " UPDATE_HOST_2 "\n"
		TO_SINKHOLE, BLOCKED_SINKHOLE, 0, 0 },
	[GROUP_INSPECTED] = { "inspected", "  client: 127.0.0.4\n" JUDGED,
		BLOCKED_NXDOMAIN, 1, 0 },
	[GROUP_INSPECTED_SINKHOLE] = { "inspected-sink",
		"  client: " SANDBOX_IP6_UPDATE_2 "\n" JUDGED TO_SINKHOLE,
		BLOCKED_SINKHOLE, 1, 0 },
	[GROUP_FOLLOWED] = { "followed", "  client: 127.0.0.5\n"
		"  follow-chain: yes\n", BLOCKED_NXDOMAIN, 0, 1 },
	[GROUP_TYPES] = { "types", "  client: 127.0.0.16/30\n"
		"  unrestricted: 127.0.0.17\n  allow-types: \"A AAAA\"\n",
		BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_QUIET] = { "quiet", "  client: 127.0.0.7\n"
		"  action: refused\n  quiet: .blocked.test\n"
		"  deny: *." MATRIX_NOBODY "\n", BLOCKED_REFUSED, 0, 0 },
	[GROUP_TAG] = { "tag", "  client-tag: \"update\"\n",
		BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_VIEW] = { "view", "  client-view: \"updateview\"\n"
		"  allow-site-names: yes\n", BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_REST] = { "rest", "", BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_WINDOW_OPEN] = { "open", "  client: 127.0.0.11\n"
		"  window: \"Mon-Fri 00:00-24:00\"\n"
		"  window: \"Sat,Sun 00:00-24:00\"\n"
		"  window-allow: .blocked.test\n  window-action: nodata\n"
		"  deny: *." MATRIX_NOBODY "\n", BLOCKED_NODATA, 0, 0 },
	/* The window is written by matrix_policy(). */
	[GROUP_WINDOW_SHUT] = { "shut", "  client: 127.0.0.12\n"
		"  window-allow: .blocked.test\n  window-action: nodata\n",
		BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_GRANTED] = { "granted", "  client: 127.0.0.13\n",
		BLOCKED_NXDOMAIN, 0, 0 },
	[GROUP_GRANT_OVER] = { "over", "  client: 127.0.0.14\n",
		BLOCKED_NXDOMAIN, 0, 0 },
};

const struct profile matrix_profiles[] = {
	{ .name = "usual", .features = FEATURE_SNOOP },
	{ .name = "no snooping, prefetch",
		.features = FEATURE_PREFETCH,
		.server = "  prefetch: yes\n  prefetch-key: yes\n" },
	{ .name = "serve-expired",
		.features = FEATURE_SNOOP | FEATURE_DEFAULT,
		.server = "  serve-expired: yes\n"
			"  serve-expired-client-timeout: 0\n" },
	{ .name = "serve-expired with a client timeout",
		.features = FEATURE_SNOOP,
		.server = "  serve-expired: yes\n"
			"  serve-expired-client-timeout: 50\n"
			"  serve-expired-reply-ttl: 5\n" },
	{ .name = "serve-expired and prefetch, 4 threads",
		.features = FEATURE_SNOOP | FEATURE_PREFETCH,
		.server = "  serve-expired: yes\n"
			"  serve-expired-client-timeout: 1800\n"
			"  prefetch: yes\n"
			"  num-threads: 4\n" },
	{ .name = "respip and RPZ", .features = FEATURE_SNOOP | FEATURE_RPZ,
		.modules = "dynlib respip validator iterator" },
	{ .name = "respip and RPZ, bitsink behind",
		.features = FEATURE_SNOOP | FEATURE_RPZ | FEATURE_BEHIND,
		.modules = "respip dynlib validator iterator" },
	{ .name = "dns64",
		.features = FEATURE_SNOOP | FEATURE_DNS64 | FEATURE_BEHIND,
		.modules = "dns64 dynlib validator iterator" },
	{ .name = "qname-minimisation: no, 4 threads",
		.features = FEATURE_SNOOP | FEATURE_DEFAULT,
		.server = "  qname-minimisation: no\n"
			"  num-threads: 4\n" },
	{ .name = "aggressive-nsec", .features = FEATURE_SNOOP,
		.server = "  aggressive-nsec: yes\n" },
	{ .name = "subnetcache", .needs = "subnetcache",
		.features = FEATURE_SNOOP | FEATURE_SUBNET,
		.modules = "dynlib subnetcache validator iterator",
		.server = "  send-client-subnet: " UPSTREAM_ADDRESS "\n"
			"  client-subnet-always-forward: yes\n"
			/* It merges no queries. */
			"  outgoing-range: 4096\n" },
	{ .name = "cachedb", .needs = "cachedb",
		.features = FEATURE_SNOOP | FEATURE_CACHEDB,
		.modules = "dynlib validator cachedb iterator",
		.clauses = "cachedb:\n  backend: \"testframe\"\n" },
};
const size_t matrix_profile_count =
	sizeof(matrix_profiles) / sizeof(matrix_profiles[0]);

int
matrix_has(const struct profile *profile, enum place place)
{
	unsigned needs = matrix_places[place].needs;

	return (profile->features & needs) == needs;
}

enum group
matrix_group(const struct cell *cell)
{
	enum group group = matrix_clients[cell->client].group;

	return group == GROUP_REST && !(cell->profile->features &
		FEATURE_DEFAULT) ? GROUP_NONE : group;
}

int
matrix_zone_has(enum zone zone, enum place place)
{
	return (matrix_places[place].zones & 1u << zone) != 0;
}

/* Which of so many cells this is. */
static unsigned
spread(const struct cell *cell)
{
	return cell->type + 2 * cell->flags + 3 * cell->way + 5 * cell->place +
		7 * (unsigned)cell->zone + cell->client;
}

int
matrix_asks(const struct cell *cell)
{
	const struct client_row *client = &matrix_clients[cell->client];
	enum group group = matrix_group(cell);
	unsigned of = client->of_others;

	if (!matrix_zone_has(cell->zone, cell->place))
		return 0;
	/* It would learn names that it is to be blocked for. */
	if (cell->zone == ZONE_ALIAS && matrix_groups[group].follows)
		return 0;
	if (cell->zone == ZONE_ALIAS || cell->zone == ZONE_ADDRESS)
		of = client->of_judged;
	if (matrix_places[cell->place].few)
		of = matrix_groups[group].follows ? 1 : FEW;
	return spread(cell) % of == 0;
}
