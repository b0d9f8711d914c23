/*
 * matrix_world.c - the names of the leak matrix, and the Unbound that has them
 * in their places.
 */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void
matrix_name(const struct cell *cell, char *name, size_t size)
{
	const struct place_row *place = &matrix_places[cell->place];
	const char *label = place->label;

	/* What is blocked has a name of its own. */
	if (cell->place == PLACE_ABSENT && cell->zone == ZONE_BLOCKED &&
	    matrix_why(cell) >= WHY_NOT_LISTED)
		label = "nobody";
	if (place->unique)
		snprintf(name, size, "c%u.%s.%s", cell->number, label,
			matrix_zones[cell->zone]);
	else
		snprintf(name, size, "%s.%s", label,
			matrix_zones[cell->zone]);
}

/* A redirected name has its target's, and so has what is led to it. */
static enum place
owner_of_data(enum place place, enum zone zone)
{
	return place == PLACE_LOCAL_ALIAS || (place == PLACE_ABSENT &&
		zone == ZONE_ALIAS) ? PLACE_CACHED : place;
}

/* The last part of a place's addresses. */
static unsigned
host_of(enum place place)
{
	return 20 + (unsigned)place;
}

static void
write_ip4(char *text, size_t size, enum place place, enum zone zone)
{
	static const char *const nets[ZONE_COUNT] = {
		[ZONE_BLOCKED] = "203.0.113",
		[ZONE_ALLOWED] = "198.51.100",
		[ZONE_ADDRESS] = "10.66.0",
	};

	snprintf(text, size, "%s.%u", nets[zone], host_of(place));
}

static void
write_ip6(char *text, size_t size, enum place place, enum zone zone)
{
	static const char *const nets[ZONE_COUNT] = {
		[ZONE_BLOCKED] = "2001:db8:1::",
		[ZONE_ALLOWED] = "2001:db8:2::",
		[ZONE_ADDRESS] = "fd66::",
	};
	char inside[32];

	write_ip4(inside, sizeof(inside), place, zone);
	if (place == PLACE_IP4_ONLY)
		snprintf(text, size, "64:ff9b::%s", inside);
	else
		snprintf(text, size, "%s%u", nets[zone], host_of(place));
}

static void
write_https(char *text, size_t size, enum place place, enum zone zone)
{
	char ip4[32], ip6[64];

	write_ip4(ip4, sizeof(ip4), place, zone);
	write_ip6(ip6, sizeof(ip6), place, zone);
	snprintf(text, size, "1 . alpn=h2 ipv4hint=%s ipv6hint=%s", ip4, ip6);
}

const char *
matrix_data(enum place place, enum zone zone, unsigned type, char *text,
	size_t size)
{
	enum place owner = owner_of_data(place, zone);

	if (!(matrix_places[place].data & 1u << type))
		return NULL;
	if (matrix_types[type].data != NULL)
		return matrix_types[type].data;
	if (zone == ZONE_ALIAS)
		zone = ZONE_BLOCKED;
	switch (matrix_types[type].type) {
	case TYPE_AAAA:
		write_ip6(text, size, owner, zone);
		break;
	case LDNS_RR_TYPE_HTTPS:
		write_https(text, size, owner, zone);
		break;
	default:
		if (place == PLACE_RESPONSE_IP && zone != ZONE_ADDRESS)
			snprintf(text, size, "192.0.2.%u",
				host_of(owner) + (unsigned)zone);
		else
			write_ip4(text, size, owner, zone);
	}
	return text;
}

/* What a response-ip action replaces. */
static void
replaced_address(enum zone zone, char *text, size_t size)
{
	snprintf(text, size, "203.0.113.%u", 200 + (unsigned)zone);
}

static void
print_record(FILE *to, const char *before, const char *name, unsigned ttl,
	unsigned type, const char *data, const char *after)
{
	fprintf(to, "%s%s. %u IN %s %s%s\n", before, name, ttl,
		matrix_types[type].name, data, after);
}

/* All the data of PLACE, in lines with something before and after. */
static void
print_records(FILE *to, enum place place, enum zone zone, const char *before,
	const char *after)
{
	struct cell cell = { .place = place, .zone = zone,
		.profile = &matrix_profiles[0], .client = MATRIX_ORDINARY };
	char name[300], text[MATRIX_DATA_MAX];
	unsigned type;

	matrix_name(&cell, name, sizeof(name));
	for (type = 0; type < TYPES; type++) {
		const char *data = matrix_data(place, zone, type, text,
			sizeof(text));

		if (data != NULL && matrix_types[type].type != TYPE_ANY)
			print_record(to, before, name,
				matrix_places[place].ttl, type, data, after);
	}
}

static void
print_wildcards(FILE *to, enum zone zone)
{
	static const char *const labels[] = { "*.somebody", "*.nobody" };
	char name[300], text[MATRIX_DATA_MAX];
	unsigned type;
	size_t i;

	for (i = 0; i < 2; i++)
		for (type = 0; type < TYPES; type++) {
			if (matrix_types[type].type == TYPE_ANY)
				continue;
			snprintf(name, sizeof(name), "%s.%s", labels[i],
				matrix_zones[zone]);
			print_record(to, "", name, 3600, type,
				matrix_data(PLACE_ABSENT, zone, type, text,
				sizeof(text)), "");
		}
}

/* Where a name of ZONE_ALIAS leads: what Unbound has there. */
static void
print_alias(FILE *to, enum place place, const char *before, const char *after)
{
	const char *label = matrix_places[place].label;

	fprintf(to, "%s%s%s.%s. %u IN CNAME %s.%s.%s\n", before,
		place == PLACE_ABSENT ? "*." : "", label,
		matrix_zones[ZONE_ALIAS], matrix_places[place].ttl > 0
		? matrix_places[place].ttl : 3600,
		matrix_places[owner_of_data(place, ZONE_ALIAS)].label,
		matrix_zones[ZONE_BLOCKED], after);
}

/* Whether upstream knows nothing of it. */
static int
is_of_the_site(enum place place)
{
	return place == PLACE_AUTH_UP || place == PLACE_AUTH_DOWN ||
		place == PLACE_LOCAL_DATA || place == PLACE_VIEW ||
		place == PLACE_LOCAL_ALIAS || place == PLACE_RPZ;
}

void
matrix_records(FILE *to, enum place place, enum zone zone)
{
	const char *domain = matrix_zones[zone];
	char text[MATRIX_DATA_MAX];

	if (!matrix_zone_has(zone, place) || is_of_the_site(place))
		return;
	if (zone == ZONE_ALIAS) {
		print_alias(to, place, "", "");
		return;
	}
	switch (place) {
	case PLACE_ABSENT:
		print_wildcards(to, zone);
		break;
	case PLACE_NODATA:
		fprintf(to, "bare.%s. 60 IN TYPE65281 \\# 1 00\n", domain);
		break;
	case PLACE_IP4_ONLY:
		fprintf(to, "four.%s. 3600 IN A %s\n", domain, matrix_data(
			place, zone, 0, text, sizeof(text)));
		break;
	case PLACE_RESPONSE_IP:
		replaced_address(zone, text, sizeof(text));
		fprintf(to, "respip.%s. 3600 IN A %s\n", domain, text);
		break;
	default:
		print_records(to, place, zone, "", "");
	}
}

static void
print_lead(FILE *to, const char *from, unsigned ttl, enum place place)
{
	fprintf(to, "%s. %u IN CNAME %s.%s.\n", from, ttl,
		matrix_places[place].label, matrix_zones[ZONE_BLOCKED]);
}

void
matrix_leads(FILE *to)
{
	print_lead(to, MATRIX_LEADS, 3600, PLACE_FOLLOWED);
	print_lead(to, MATRIX_LEADS_FRESH, 3600, PLACE_FOLLOWED_FRESH);
	print_lead(to, MATRIX_LEADS_OVER, 1, PLACE_FOLLOWED_OVER);
}

/* --- The policy. */

/* A window that is not open before three days have passed. */
static void
print_shut_window(FILE *to)
{
	time_t then = time(NULL) + 3 * 86400;
	struct tm day;
	char text[8];

	gmtime_r(&then, &day);
	strftime(text, sizeof(text), "%a", &day);
	fprintf(to, "  window: \"%s 00:00-24:00\"\n", text);
}

void
matrix_policy(FILE *to, const struct profile *profile)
{
	int has_rest = (profile->features & FEATURE_DEFAULT) != 0;
	unsigned group;

	if (has_rest)
		fprintf(to, "bitsink:\n  default-group: %s\n"
			"  unrestricted: " ORDINARY "\n"
			"  unrestricted: " ORDINARY_2 "\n"
			"  unrestricted: " SANDBOX_IP6_ORDINARY "\n",
			matrix_groups[GROUP_REST].name);
	for (group = GROUP_NONE + 1; group < GROUP_COUNT; group++) {
		if (group == GROUP_REST && !has_rest)
			continue;
		fprintf(to, "group:\n  name: %s\n  allow: .allowed.test\n",
			matrix_groups[group].name);
		if (strstr(matrix_groups[group].options, "  ttl:") == NULL)
			fprintf(to, "  ttl: 77\n");
		fputs(matrix_groups[group].options, to);
		if (group == GROUP_WINDOW_SHUT)
			print_shut_window(to);
	}
}

/* --- Unbound. */

static void
print_local(FILE *to, enum zone zone)
{
	const char *domain = matrix_zones[zone];

	if (matrix_zone_has(zone, PLACE_LOCAL_DATA)) {
		fprintf(to, "  local-zone: \"local.%s.\" static\n", domain);
		print_records(to, PLACE_LOCAL_DATA, zone, "  local-data: '",
			"'");
	}
	fprintf(to, "  local-zone: \"alias.%s.\" redirect\n"
		"  local-data: 'alias.%s. IN CNAME cached.%s.'\n", domain,
		domain, domain);
}

void
matrix_server(FILE *to)
{
	unsigned zone;

	fprintf(to,
		"  interface: %s@%d\n"
		"  proxy-protocol-port: %d\n"
		"  define-tag: \"update other\"\n"
		"  access-control-tag: 127.0.0.112/30 \"update\"\n"
		"  access-control-tag: 127.0.0.101/32 \"other\"\n"
		"  access-control-view: 127.0.0.0/8 siteview\n"
		"  access-control-view: fd00:53::/64 siteview\n"
		"  access-control-view: 127.0.0.9/32 updateview\n"
		"  access-control-view: 127.0.0.101/32 siteview\n"
		"  access-control-view: 127.0.0.112/30 siteview\n"
		"  access-control-view: 127.0.0.114/32 siteview\n"
		"  incoming-num-tcp: 300\n"
		"  outgoing-range: 1000\n"
		"  so-rcvbuf: 4m\n"
		/* Judged answers are waited for one by one, and may have a
		 * quarter of it. */
		"  num-queries-per-thread: 4096\n"
		"  max-udp-size: 4096\n"
		"  wait-limit: 0\n"
		"  val-bogus-ttl: 3600\n"
		/* What upstream holds back is not asked for twice. */
		"  infra-cache-min-rtt: 9000\n",
		RESOLVER_IP4, RESOLVER_PROXY_PORT, RESOLVER_PROXY_PORT);
	for (zone = 0; zone < ZONE_COUNT; zone++)
		print_local(to, zone);
}

/* A file of the folder, from what PRINT writes. */
static FILE *
open_file(const char *folder, const char *name)
{
	char *path;
	FILE *file;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	file = fopen(path, "w");
	free(path);
	assert_non_null(file);
	return file;
}

static void
print_auth_zone(FILE *to, const char *folder, enum place place, enum zone zone)
{
	int down = place == PLACE_AUTH_DOWN;
	char apex[300];
	FILE *file;

	snprintf(apex, sizeof(apex), "%s.%s", down ? "authdown" : "authup",
		matrix_zones[zone]);
	fprintf(to, "auth-zone:\n  name: \"%s\"\n  zonefile: \"%s/%s.zone\"\n"
		"  for-downstream: %s\n  for-upstream: %s\n", apex, folder,
		apex, down ? "yes" : "no", down ? "no" : "yes");
	snprintf(apex + strlen(apex), sizeof(apex) - strlen(apex), ".zone");
	file = open_file(folder, apex);
	apex[strlen(apex) - 5] = '\0';
	fprintf(file, "%s. 3600 IN SOA ns.site.test. nobody.site.test. 1 3600 "
		"1200 604800 60\n%s. 3600 IN NS ns.site.test.\n", apex, apex);
	if (zone == ZONE_ALIAS)
		print_alias(file, place, "", "");
	else
		print_records(file, place, zone, "", "");
	fclose(file);
}

/* An auth-zone is asked instead of a stub's server, not of a forwarder. */
static void
print_stub_and_forward(FILE *to, enum zone zone)
{
	static const char *const stubs[] = { "stub", "authup" };
	const char *domain = matrix_zones[zone];
	size_t i;

	for (i = 0; i < 2; i++)
		fprintf(to, "stub-zone:\n  name: \"%s.%s\"\n"
			"  stub-addr: %s@%d\n", stubs[i], domain,
			UPSTREAM_ADDRESS, UPSTREAM_PORT);
	fprintf(to, "forward-zone:\n  name: \"forward.%s\"\n"
		"  forward-addr: %s@%d\n", domain, UPSTREAM_ADDRESS,
		UPSTREAM_PORT);
}

static void
print_rpz_zone(const char *folder)
{
	FILE *file = open_file(folder, "rpz.zone");
	char text[MATRIX_DATA_MAX];
	unsigned zone, type;

	fprintf(file, "$ORIGIN rpz.site.\n"
		"@ 3600 IN SOA ns.site.test. nobody.site.test. 1 3600 1200 "
		"604800 60\n@ 3600 IN NS ns.site.test.\n"
		"unrelated.example 3600 IN CNAME .\n");
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		for (type = 0; type < TYPES; type++) {
			const char *data = matrix_data(PLACE_RPZ, zone, type,
				text, sizeof(text));

			if (data != NULL && matrix_zone_has(zone, PLACE_RPZ))
				fprintf(file, "rpz.%s 3600 IN %s %s\n",
					matrix_zones[zone],
					matrix_types[type].name, data);
		}
		fprintf(file, "pass.%s 3600 IN CNAME rpz-passthru.\n",
			matrix_zones[zone]);
	}
	fclose(file);
}

/* The server: clause may be opened again. */
static void
print_respip(FILE *to, const char *folder)
{
	char from[64], data[MATRIX_DATA_MAX];
	unsigned zone;

	print_rpz_zone(folder);
	fprintf(to, "rpz:\n  name: \"rpz.site\"\n  zonefile: \"%s/rpz.zone\"\n"
		"server:\n", folder);
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		if (!matrix_zone_has(zone, PLACE_RESPONSE_IP))
			continue;
		replaced_address(zone, from, sizeof(from));
		fprintf(to, "  response-ip: %s/32 redirect\n"
			"  response-ip-data: %s/32 \"A %s\"\n", from, from,
			matrix_data(PLACE_RESPONSE_IP, zone, 0, data,
			sizeof(data)));
	}
}

static void
print_view(FILE *to, const char *name)
{
	unsigned zone;

	fprintf(to, "view:\n  name: \"%s\"\n  view-first: yes\n", name);
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		if (!matrix_zone_has(zone, PLACE_VIEW))
			continue;
		fprintf(to, "  local-zone: \"view.%s.\" static\n",
			matrix_zones[zone]);
		print_records(to, PLACE_VIEW, zone, "  local-data: '", "'");
	}
}

/* One for each netblock that has a tag or a view: Unbound takes the longest
 * alone. */
static void
print_access(FILE *to, const char *word)
{
	static const char *const netblocks[] = { "127.0.0.0/8",
		"fd00:53::/64", "127.0.0.9/32", "127.0.0.101/32",
		"127.0.0.112/30", "127.0.0.114/32" };
	size_t i;

	fprintf(to, "server:\n");
	for (i = 0; i < sizeof(netblocks) / sizeof(netblocks[0]); i++)
		fprintf(to, "  access-control: %s %s\n", netblocks[i], word);
}

void
matrix_clauses(FILE *to, const struct profile *profile, const char *folder)
{
	unsigned zone;

	if (profile->clauses != NULL)
		fputs(profile->clauses, to);
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		print_auth_zone(to, folder, PLACE_AUTH_UP, zone);
		if (matrix_zone_has(zone, PLACE_AUTH_DOWN))
			print_auth_zone(to, folder, PLACE_AUTH_DOWN, zone);
		print_stub_and_forward(to, zone);
	}
	print_view(to, "siteview");
	print_view(to, "updateview");
	if (profile->features & FEATURE_RPZ)
		print_respip(to, folder);
	print_access(to, profile->features & FEATURE_SNOOP ? "allow_snoop"
		: "allow");
}
