/*
 * matrix.h - the coordinates of the leak matrix, and what the policy says of
 * each of its cells.
 *
 * A cell is one query: a place in Unbound where its name is, under a zone that
 * the policy allows or does not, asked by a client over a transport for a type
 * with flags, of an Unbound with a profile of settings.
 *
 * Thread-safety: pure functions and constant tables, but for matrix_judge(),
 * which is for one thread.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdio.h>

#include "world.h"

/* --- The axes. */

/* Where a name is. The order is that of matrix_places. */
enum place {
	PLACE_ABSENT,
	PLACE_CACHED,
	PLACE_NXDOMAIN,
	PLACE_NODATA,
	PLACE_SECURE,
	PLACE_BOGUS,
	PLACE_NSEC,
	PLACE_STUB,
	PLACE_FORWARD,
	PLACE_AUTH_UP,
	PLACE_AUTH_DOWN,
	PLACE_LOCAL_DATA,
	PLACE_VIEW,
	PLACE_LOCAL_ALIAS,
	PLACE_RPZ,
	PLACE_RPZ_PASSTHRU,
	PLACE_RESPONSE_IP,
	PLACE_IP4_ONLY,
	PLACE_CACHEDB,
	PLACE_EXPIRED,
	PLACE_IN_FLIGHT,
	PLACE_CNAME_TARGET,
	PLACE_PREFETCH,
	PLACE_COUNT
};

enum zone { ZONE_BLOCKED, ZONE_ALLOWED, ZONE_COUNT };

#define WAYS 7
#define TYPES 13
#define FLAGS 5
#define CLIENTS 5

enum feature {
	/* RD=0 is answered from the cache: ACL allow_snoop. */
	FEATURE_SNOOP = 1,
	FEATURE_RPZ = 2,
	FEATURE_DNS64 = 4,
	FEATURE_PREFETCH = 8,
	FEATURE_CACHEDB = 16,
	FEATURE_SUBNET = 32
};

struct profile {
	const char *name;
	/* The module-config; NULL for the usual one. */
	const char *modules;
	/* A module that not every Unbound has, or NULL. */
	const char *needs;
	unsigned features;
	const char *server;
	const char *clauses;
};

struct place_row {
	const char *name;
	/* The labels of its name before the zone; see matrix_name(). */
	const char *label;
	/* The types it has data of. */
	unsigned data;
	unsigned ttl;
	/* The features it needs. */
	unsigned needs;
	/* Each query is for a name of its own. */
	int unique;
	/* Unbound answers it before it asks any module. */
	int before_modules;
	/* It is on its way from upstream, which holds it back. */
	int held;
};

struct way {
	const char *name;
	enum transport transport;
	/* How many queries are on their way at the same time. */
	unsigned window;
};

struct type_row {
	const char *name;
	int type;
	const char *data;
};

struct flags_row {
	const char *name;
	unsigned flags;
};

struct client_row {
	const char *name;
	const char *address;
	/* In which group. */
	enum { GROUP_NONE, GROUP_NXDOMAIN, GROUP_SINKHOLE } group;
};

extern const struct place_row matrix_places[PLACE_COUNT];
extern const char *const matrix_zones[ZONE_COUNT];
extern const struct way matrix_ways[WAYS];
extern const struct type_row matrix_types[TYPES];
extern const struct flags_row matrix_flags[FLAGS];
extern const struct client_row matrix_clients[CLIENTS];
extern const struct profile matrix_profiles[];
extern const size_t matrix_profile_count;

struct cell {
	const struct profile *profile;
	enum place place;
	enum zone zone;
	unsigned way;
	unsigned type;
	unsigned flags;
	unsigned client;
	/* Tells the names of unique places apart. */
	unsigned number;
};

/* --- The policy and the world. */

#define MATRIX_POLICY \
	"group:\n" \
	"  name: nx\n" \
	"  client: " UPDATE_HOST "\n" \
	"  client: " SANDBOX_IP6_UPDATE "\n" \
	"  allow: .allowed.test\n" \
	"  ttl: 77\n" \
	"group:\n" \
	"  name: sink\n" \
	"  client: " UPDATE_HOST_2 "\n" \
	"  allow: .allowed.test\n" \
	"  action: sinkhole\n" \
	"  sinkhole: " MATRIX_SINKHOLE4 "\n" \
	"  sinkhole: " MATRIX_SINKHOLE6 "\n" \
	"  ttl: 88\n"
#define MATRIX_SINKHOLE4 "192.0.2.10"
#define MATRIX_SINKHOLE6 "2001:db8::10"

/* Below this name only restricted clients ask; nobody upstream may hear. */
#define MATRIX_NOBODY "nobody.blocked.test"

/* Whether a profile has the place. */
int matrix_has(const struct profile *profile, enum place place);

/* The name that CELL asks for. */
void matrix_name(const struct cell *cell, char *name, size_t size);

/* The data of a place's name: as upstream, or the site itself, has it; NULL
 * where there is none. TEXT holds it. */
const char *matrix_data(enum place place, enum zone zone, unsigned type,
	char *text, size_t size);

/* Records of PLACE as upstream has them, one a line. */
void matrix_records(FILE *to, enum place place, enum zone zone);

/* Lines for the server: clause, further clauses, and the files they name, in
 * FOLDER. */
void matrix_server(FILE *to);
void matrix_clauses(FILE *to, const struct profile *profile,
	const char *folder);

/* --- The verdicts. */

enum verdict_kind {
	/* bitsink's. */
	BLOCKED_NXDOMAIN,
	BLOCKED_SINKHOLE,
	/* Unbound's own word, with what is known of it. */
	OWN_DATA,
	OWN_NODATA,
	OWN_NXDOMAIN,
	OWN_SERVFAIL,
	OWN_REFUSED,
	OWN_WORD,
	VERDICT_KINDS
};

/* From the cell's coordinates alone. */
enum verdict_kind matrix_expect(const struct cell *cell);

/* NULL where ANSWER is what was expected, else what is wrong with it. */
const char *matrix_judge(const struct cell *cell, enum verdict_kind expected,
	const ldns_pkt *answer);

const char *matrix_verdict_word(enum verdict_kind kind);

#endif
