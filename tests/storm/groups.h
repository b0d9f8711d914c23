/*
 * groups.h - who asks in the storm, the policies that say what they may have,
 * and what follows from them, by a person's reading.
 *
 * Thread-safety: for one thread.
 */
#ifndef GROUPS_H
#define GROUPS_H

#include <stddef.h>
#include <stdint.h>

/* Each but the first is a group of the policies. */
enum kind {
	KIND_ORDINARY,
	KIND_NXDOMAIN,
	KIND_SINKHOLE,
	KIND_REFUSED,
	KIND_NODATA,
	KIND_DROP,
	KIND_AUDIT,
	/* Answers are judged; chains are followed; types are restricted. */
	KIND_INSPECT,
	KIND_FOLLOW,
	KIND_TYPES,
	KIND_QUIET,
	/* By a tag of unbound.conf, or by address; by address, or whoever is
	 * named nowhere. */
	KIND_TAG,
	KIND_REST,
	KIND_WINDOW,
	KIND_GRANT,
	KIND_COUNT
};

enum act { ACT_NXDOMAIN, ACT_SINKHOLE, ACT_REFUSED, ACT_NODATA, ACT_COUNT };

enum due {
	DUE_RECORD,
	DUE_BLOCKED,
	/* For what its answer has: where there is none, it is a failure. */
	DUE_JUDGED,
	DUE_QUIET,
	/* A record or blocked: who can tell. */
	DUE_OPEN
};

/* The domains of all names; of two that hold one, the longer counts. */
enum domain { IN_ALL, IN_SOME, IN_DENIED, IN_NONE, DOMAIN_COUNT };
extern const char *const groups_domains[DOMAIN_COUNT];

/* The group of a kind; NULL for KIND_ORDINARY. */
extern const char *const groups_names[KIND_COUNT];

/* Whether the clients ask for the name with WILD_CNAME and this number. */
#define GROUPS_LEADS(number) ((number) % 4 == 2)

/* What a client asked, and what is known of the time between that and now. */
struct moment {
	enum kind kind;
	enum domain domain;
	/* Its name as it is on the wire, and its type. */
	uint8_t name[256];
	unsigned type;
	/* Milliseconds since 1970. */
	long long begun;
	long long ended;
	/* 1: all the time what is in IN_NONE was granted, 0: it was not all the
	 * time, -1: who can tell. */
	int granted;
	/* The name was in a chain that the client got, not long ago. */
	int led;
};

enum due groups_due(const struct moment *moment);

/* What is done to what is blocked. ACT_COUNT: who can tell. */
enum act groups_act(const struct moment *moment);

/* Two policies that treat clients alike, but for the sinkhole, in other words;
 * and a bad one. Times in them begin with the first call. */
enum { GROUPS_POLICY, GROUPS_OTHER_POLICY, GROUPS_BAD_POLICY };
const char *groups_policy(int which);

/* A file that one of them names, and what unbound.conf says of clients. */
#define GROUPS_LIST "quiet.list"
#define GROUPS_LIST_TEXT ".none.test\n"
#define GROUPS_SERVER \
	"  define-tag: \"update other\"\n" \
	"  access-control: 127.0.20.0/24 allow\n" \
	"  access-control-tag: 127.0.20.0/24 \"update\"\n" \
	"  access-control: 127.0.20.128/25 allow\n"

#endif
