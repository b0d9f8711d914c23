/*
 * matrix_world.c - the names of the leak matrix, and the Unbound that has them
 * in their places.
 */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

void
matrix_name(const struct cell *cell, char *name, size_t size)
{
	const struct place_row *place = &matrix_places[cell->place];
	const char *label = place->label;

	/* What only restricted clients ask for has a name of its own. */
	if (cell->place == PLACE_ABSENT && cell->zone == ZONE_BLOCKED &&
	    matrix_clients[cell->client].group != GROUP_NONE)
		label = "nobody";
	if (place->unique)
		snprintf(name, size, "c%u.%s.%s", cell->number, label,
			matrix_zones[cell->zone]);
	else
		snprintf(name, size, "%s.%s", label,
			matrix_zones[cell->zone]);
}

/* A redirected name has its target's. */
static enum place
owner_of_data(enum place place)
{
	return place == PLACE_LOCAL_ALIAS ? PLACE_CACHED : place;
}

const char *
matrix_data(enum place place, enum zone zone, unsigned type, char *text,
	size_t size)
{
	unsigned host = 20 + (unsigned)owner_of_data(place);

	if (!(matrix_places[place].data & 1u << type))
		return NULL;
	if (matrix_types[type].data != NULL)
		return matrix_types[type].data;
	if (matrix_types[type].type == TYPE_AAAA && place == PLACE_IP4_ONLY)
		snprintf(text, size, "64:ff9b::%s.%u",
			zone == ZONE_BLOCKED ? "203.0.113" : "198.51.100",
			host);
	else if (matrix_types[type].type == TYPE_AAAA)
		snprintf(text, size, "2001:db8:%u::%u", (unsigned)zone + 1,
			host);
	else if (place == PLACE_RESPONSE_IP)
		snprintf(text, size, "192.0.2.%u", host + (unsigned)zone);
	else
		snprintf(text, size, "%s.%u", zone == ZONE_BLOCKED
			? "203.0.113" : "198.51.100", host);
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
	struct cell cell = { .place = place, .zone = zone, .client = 3 };
	char name[300], text[64];
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
	char name[300], text[64];
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

void
matrix_records(FILE *to, enum place place, enum zone zone)
{
	const char *domain = matrix_zones[zone];
	char text[64];

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
	case PLACE_AUTH_UP:
	case PLACE_AUTH_DOWN:
	case PLACE_LOCAL_DATA:
	case PLACE_VIEW:
	case PLACE_LOCAL_ALIAS:
	case PLACE_RPZ:
		/* Upstream knows nothing of the site's own. */
		break;
	default:
		print_records(to, place, zone, "", "");
	}
}

static void
print_local(FILE *to, enum zone zone)
{
	const char *domain = matrix_zones[zone];

	fprintf(to, "  local-zone: \"local.%s.\" static\n", domain);
	print_records(to, PLACE_LOCAL_DATA, zone, "  local-data: '", "'");
	fprintf(to, "  local-zone: \"alias.%s.\" redirect\n"
		"  local-data: 'alias.%s. IN CNAME cached.%s.'\n", domain,
		domain, domain);
}

void
matrix_server(FILE *to)
{
	fprintf(to,
		"  interface: %s@%d\n"
		"  proxy-protocol-port: %d\n"
		"  access-control-view: 127.0.0.0/8 siteview\n"
		"  access-control-view: fd00:53::/64 siteview\n"
		"  incoming-num-tcp: 300\n"
		"  outgoing-range: 1000\n"
		"  max-udp-size: 4096\n"
		"  wait-limit: 0\n"
		"  val-bogus-ttl: 3600\n"
		/* What upstream holds back is not asked for twice. */
		"  infra-cache-min-rtt: 9000\n",
		RESOLVER_IP4, RESOLVER_PROXY_PORT, RESOLVER_PROXY_PORT);
	print_local(to, ZONE_BLOCKED);
	print_local(to, ZONE_ALLOWED);
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
	char text[64];
	unsigned zone, type;

	fprintf(file, "$ORIGIN rpz.site.\n"
		"@ 3600 IN SOA ns.site.test. nobody.site.test. 1 3600 1200 "
		"604800 60\n@ 3600 IN NS ns.site.test.\n"
		"unrelated.example 3600 IN CNAME .\n");
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		for (type = 0; type < TYPES; type++) {
			const char *data = matrix_data(PLACE_RPZ, zone, type,
				text, sizeof(text));

			if (data != NULL)
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
	char from[64], data[64];
	unsigned zone;

	print_rpz_zone(folder);
	fprintf(to, "rpz:\n  name: \"rpz.site\"\n  zonefile: \"%s/rpz.zone\"\n"
		"server:\n", folder);
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		replaced_address(zone, from, sizeof(from));
		fprintf(to, "  response-ip: %s/32 redirect\n"
			"  response-ip-data: %s/32 \"A %s\"\n", from, from,
			matrix_data(PLACE_RESPONSE_IP, zone, 0, data,
			sizeof(data)));
	}
}

void
matrix_clauses(FILE *to, const struct profile *profile, const char *folder)
{
	const char *snoop;
	unsigned zone;

	if (profile->clauses != NULL)
		fputs(profile->clauses, to);
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		print_auth_zone(to, folder, PLACE_AUTH_UP, zone);
		print_auth_zone(to, folder, PLACE_AUTH_DOWN, zone);
		print_stub_and_forward(to, zone);
	}
	fprintf(to, "view:\n  name: \"siteview\"\n  view-first: yes\n");
	for (zone = 0; zone < ZONE_COUNT; zone++) {
		fprintf(to, "  local-zone: \"view.%s.\" static\n",
			matrix_zones[zone]);
		print_records(to, PLACE_VIEW, zone, "  local-data: '", "'");
	}
	if (profile->features & FEATURE_RPZ)
		print_respip(to, folder);
	snoop = profile->features & FEATURE_SNOOP ? "allow_snoop" : "allow";
	fprintf(to, "server:\n  access-control: 127.0.0.0/8 %s\n"
		"  access-control: fd00:53::/64 %s\n", snoop, snoop);
}
