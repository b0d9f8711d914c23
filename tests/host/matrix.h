/*
 * matrix.h - the coordinates of the leak matrix, and what the policy says of
 * each of its cells.
 *
 * A cell is one query: a place in Unbound where its name is, under a zone that
 * the policy allows or does not, or of which it does not allow what the answers
 * have, asked by a client of a group over a transport for a type with flags, of
 * an Unbound with a profile of settings.
 *
 * Thread-safety: pure functions and constant tables, but for matrix_judge(),
 * which is for one thread.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include <stdio.h>

#include "world.h"

/* --- The axes. */

enum verdict_kind {
	/* bitsink's. */
	BLOCKED_NXDOMAIN,
	BLOCKED_SINKHOLE,
	BLOCKED_NODATA,
	BLOCKED_REFUSED,
	/* The same without records. */
	BARE_NXDOMAIN,
	BARE_REFUSED,
	/* Unbound's own word, with what is known of it. */
	OWN_DATA,
	OWN_NODATA,
	OWN_NXDOMAIN,
	OWN_SERVFAIL,
	OWN_REFUSED,
	OWN_WORD,
	/* That, or what is done for a reason of the answer. */
	OWN_OR_BLOCKED,
	VERDICT_KINDS
};

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
	/* In the chain of an answer that one group got: from the cache, from
	 * upstream, and some time ago. */
	PLACE_FOLLOWED,
	PLACE_FOLLOWED_FRESH,
	PLACE_FOLLOWED_OVER,
	PLACE_COUNT
};

/* All but the first are allowed. The names in ZONE_ALIAS are CNAMEs to those of
 * ZONE_BLOCKED, and those in ZONE_ADDRESS have addresses that some groups must
 * not get. */
enum zone { ZONE_BLOCKED, ZONE_ALLOWED, ZONE_ALIAS, ZONE_ADDRESS, ZONE_COUNT };

enum group {
	GROUP_NONE,
	GROUP_NXDOMAIN,
	GROUP_SINKHOLE,
	GROUP_INSPECTED,
	GROUP_INSPECTED_SINKHOLE,
	GROUP_FOLLOWED,
	GROUP_TYPES,
	GROUP_QUIET,
	GROUP_TAG,
	GROUP_VIEW,
	GROUP_REST,
	GROUP_WINDOW_OPEN,
	GROUP_WINDOW_SHUT,
	GROUP_GRANTED,
	GROUP_GRANT_OVER,
	GROUP_COUNT
};

#define WAYS 7
#define TYPES 13
#define FLAGS 5
#define CLIENTS 20

enum feature {
	/* RD=0 is answered from the cache: ACL allow_snoop. */
	FEATURE_SNOOP = 1,
	FEATURE_RPZ = 2,
	FEATURE_DNS64 = 4,
	FEATURE_PREFETCH = 8,
	FEATURE_CACHEDB = 16,
	FEATURE_SUBNET = 32,
	/* Another module stands in front of bitsink. */
	FEATURE_BEHIND = 64,
	/* Whom the policy does not name is in the default group. */
	FEATURE_DEFAULT = 128
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
	/* A bit for each zone that has it. */
	unsigned zones;
	/* Few cells of it are enough. */
	int few;
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
	enum group group;
	/* Of so many cells one is asked, of the zones that differ only for who
	 * judges answers, and of the others. */
	unsigned of_judged;
	unsigned of_others;
};

struct group_row {
	const char *name;
	/* Its lines in the policy, but for the name and what all have. */
	const char *options;
	enum verdict_kind action;
	/* Its answers are judged, or their chains followed. */
	int inspects;
	int follows;
};

extern const struct place_row matrix_places[PLACE_COUNT];
extern const char *const matrix_zones[ZONE_COUNT];
extern const struct way matrix_ways[WAYS];
extern const struct type_row matrix_types[TYPES];
extern const struct flags_row matrix_flags[FLAGS];
extern const struct client_row matrix_clients[CLIENTS];
extern const struct group_row matrix_groups[GROUP_COUNT];
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

/* The group of the client that asks. */
enum group matrix_group(const struct cell *cell);

/* Whether a profile has the place. */
int matrix_has(const struct profile *profile, enum place place);

/* Whether a zone has it. */
int matrix_zone_has(enum zone zone, enum place place);

/* Whether the cell is asked for. Where not all are, those that are have any two
 * of the coordinates together. */
int matrix_asks(const struct cell *cell);

/* --- The policy and the world. */

#define MATRIX_SINKHOLE4 "192.0.2.10"
#define MATRIX_SINKHOLE6 "2001:db8::10"

/* What the group of GROUP_FOLLOWED asks for, to learn the names of the places
 * behind. */
#define MATRIX_LEADS "leads.allowed.test"
#define MATRIX_LEADS_FRESH "leads-fresh.allowed.test"
#define MATRIX_LEADS_OVER "leads-over.allowed.test"

/* Below this name only restricted clients ask; nobody upstream may hear. */
#define MATRIX_NOBODY "nobody.blocked.test"

/* The name that CELL asks for. */
void matrix_name(const struct cell *cell, char *name, size_t size);

/* Octets of data as text. */
#define MATRIX_DATA_MAX 128

/* A client that is in no group, whatever the profile is; see matrix_clients. */
#define MATRIX_ORDINARY 3

/* The data of a place's name: as upstream, or the site itself, has it; NULL
 * where there is none. TEXT holds it. */
const char *matrix_data(enum place place, enum zone zone, unsigned type,
	char *text, size_t size);

/* Records of PLACE as upstream has them, one a line; and those that lead to
 * the places of followed names. */
void matrix_records(FILE *to, enum place place, enum zone zone);
void matrix_leads(FILE *to);

/* The policy. */
void matrix_policy(FILE *to, const struct profile *profile);

/* Lines for the server: clause, further clauses, and the files they name, in
 * FOLDER. */
void matrix_server(FILE *to);
void matrix_clauses(FILE *to, const struct profile *profile,
	const char *folder);

/* --- The verdicts. */

/* Why it is so: who is not asked, and who has nothing to say; of what is
 * allowed, and of what is blocked, bitsink's reason. */
enum why {
	WHY_NOT_ASKED,
	WHY_UNRESTRICTED,
	WHY_ALLOWED,
	WHY_SITE,
	WHY_GRANTED,
	WHY_FOLLOWED,
	WHY_NOT_LISTED,
	WHY_DENIED,
	WHY_QUIET,
	WHY_TYPE,
	WHY_CHAIN,
	WHY_ADDRESS,
	WHY_COUNT
};

/* From the cell's coordinates alone. For OWN_OR_BLOCKED, why it is blocked if
 * it is. */
enum why matrix_why(const struct cell *cell);
enum verdict_kind matrix_expect(const struct cell *cell);

/* Whether this is bitsink's. */
int matrix_is_blocked(enum verdict_kind kind);

/* What bitsink counts a cell as that is blocked: one of the first four. */
enum verdict_kind matrix_action(const struct cell *cell);

/* NULL where ANSWER is what was expected, else what is wrong with it. KIND is
 * what was expected, and becomes what it is where that was open. */
const char *matrix_judge(const struct cell *cell, enum verdict_kind *kind,
	const ldns_pkt *answer);

/* The word in the counter num.bitsink.reason.WORD, NULL for none. */
const char *matrix_reason_word(enum why why);
const char *matrix_verdict_word(enum verdict_kind kind);

#endif
