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

const struct place_row matrix_places[PLACE_COUNT] = {
	[PLACE_ABSENT] = { .name = "absent", .label = "somebody", .data = ALL,
		.ttl = 3600, .unique = 1 },
	[PLACE_CACHED] = { .name = "cached", .label = "cached", .data = ALL,
		.ttl = 3600 },
	[PLACE_NXDOMAIN] = { .name = "cached NXDOMAIN", .label = "gone" },
	[PLACE_NODATA] = { .name = "cached NODATA", .label = "bare" },
	[PLACE_SECURE] = { .name = "cached secure", .label = "secure.signed",
		.data = LEAF, .ttl = 3600 },
	[PLACE_BOGUS] = { .name = "cached bogus", .label = "bogus.signed",
		.data = LEAF, .ttl = 3600 },
	[PLACE_NSEC] = { .name = "denied by NSEC", .label = "signed",
		.unique = 1 },
	[PLACE_STUB] = { .name = "stub-zone", .label = "stub", .data = LEAF,
		.ttl = 3600 },
	[PLACE_FORWARD] = { .name = "forward-zone", .label = "forward",
		.data = ALL, .ttl = 3600 },
	[PLACE_AUTH_UP] = { .name = "auth-zone, not for-downstream",
		.label = "www.authup", .data = LEAF, .ttl = 3600 },
	[PLACE_AUTH_DOWN] = { .name = "auth-zone, for-downstream",
		.label = "www.authdown", .data = LEAF, .ttl = 3600,
		.before_modules = 1 },
	[PLACE_LOCAL_DATA] = { .name = "local-data", .label = "www.local",
		.data = LEAF, .ttl = 3600, .before_modules = 1 },
	[PLACE_VIEW] = { .name = "local-data of a view", .label = "www.view",
		.data = LEAF, .ttl = 3600, .before_modules = 1 },
	[PLACE_LOCAL_ALIAS] = { .name = "redirect by local-data",
		.label = "www.alias", .data = ALL, .ttl = 3600 },
	[PLACE_RPZ] = { .name = "RPZ that triggers", .label = "rpz",
		.data = BIT_A | BIT_AAAA | BIT_TXT, .ttl = 3600,
		.needs = FEATURE_RPZ, .before_modules = 1 },
	[PLACE_RPZ_PASSTHRU] = { .name = "RPZ that passes", .label = "pass",
		.data = ALL, .ttl = 3600, .needs = FEATURE_RPZ },
	[PLACE_RESPONSE_IP] = { .name = "response-ip", .label = "respip",
		.data = BIT_A | BIT_ANY, .ttl = 3600, .needs = FEATURE_RPZ },
	[PLACE_IP4_ONLY] = { .name = "IPv4 only", .label = "four",
		.data = BIT_A | BIT_AAAA | BIT_ANY, .ttl = 3600,
		.needs = FEATURE_DNS64 },
	[PLACE_CACHEDB] = { .name = "cachedb alone", .label = "db",
		.data = ALL, .ttl = 3600, .needs = FEATURE_CACHEDB },
	[PLACE_EXPIRED] = { .name = "expired", .label = "expired",
		.data = ALL, .ttl = 1, .held = 1 },
	[PLACE_IN_FLIGHT] = { .name = "in flight", .label = "flight",
		.data = ALL, .ttl = 3600, .held = 1 },
	[PLACE_CNAME_TARGET] = { .name = "in flight as a CNAME target",
		.label = "target", .data = ALL, .ttl = 3600, .held = 1 },
	[PLACE_PREFETCH] = { .name = "in flight as a prefetch",
		.label = "prefetch", .data = ALL, .ttl = 10,
		.needs = FEATURE_PREFETCH, .held = 1 },
};

const char *const matrix_zones[ZONE_COUNT] = {
	[ZONE_BLOCKED] = "blocked.test",
	[ZONE_ALLOWED] = "allowed.test",
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

/* A and AAAA are the place's own; see matrix_data(). */
const struct type_row matrix_types[TYPES] = {
	{ "A", LDNS_RR_TYPE_A, NULL },
	{ "AAAA", LDNS_RR_TYPE_AAAA, NULL },
	{ "TXT", LDNS_RR_TYPE_TXT, "\"command\"" },
	{ "HTTPS", LDNS_RR_TYPE_HTTPS, "1 . alpn=h2" },
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

const struct client_row matrix_clients[CLIENTS] = {
	{ "restricted by IPv4", UPDATE_HOST, GROUP_NXDOMAIN },
	{ "restricted by IPv6", SANDBOX_IP6_UPDATE, GROUP_NXDOMAIN },
	{ "restricted by IPv4 to a sinkhole", UPDATE_HOST_2, GROUP_SINKHOLE },
	{ "unrestricted, IPv4", ORDINARY, GROUP_NONE },
	{ "unrestricted, IPv6", SANDBOX_IP6_ORDINARY, GROUP_NONE },
};

const struct profile matrix_profiles[] = {
	{ .name = "usual", .features = FEATURE_SNOOP },
	{ .name = "no snooping, prefetch",
		.features = FEATURE_PREFETCH,
		.server = "  prefetch: yes\n  prefetch-key: yes\n" },
	{ .name = "serve-expired",
		.features = FEATURE_SNOOP,
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
		.features = FEATURE_SNOOP | FEATURE_RPZ,
		.modules = "respip dynlib validator iterator" },
	{ .name = "dns64", .features = FEATURE_SNOOP | FEATURE_DNS64,
		.modules = "dns64 dynlib validator iterator" },
	{ .name = "qname-minimisation: no, 4 threads",
		.features = FEATURE_SNOOP,
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
			"  outgoing-range: 4096\n"
			"  num-queries-per-thread: 4096\n" },
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
