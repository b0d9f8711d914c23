/*
 * policy.h - who may ask for what, and what is done to the rest.
 *
 * A policy is built once, by policy_load(), and never changes after that.
 *
 * Thread-safety: a policy may be read by any number of threads; loading and
 * freeing are for one thread, when no other reads.
 */
#ifndef BITSINK_POLICY_H
#define BITSINK_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "clients.h"
#include "diag.h"
#include "names.h"
#include "query.h"
#include "tape.h"

enum {
	GROUP_NAME_MAX = 32,
	/* As many fit into an answer of 512 octets to the longest name. */
	GROUP_SINKHOLES_MAX = 4,
	/* Octets of an EDE text, without NUL (RFC 8914 section 2). */
	GROUP_EXPLANATION_MAX = 95
};

/* Which blocked queries of a group are logged, and which in audit. */
enum group_log {
	GROUP_LOG_UNSET,
	GROUP_LOG_OFF,
	/* The first of each client and name. */
	GROUP_LOG_FIRST_SEEN,
	GROUP_LOG_ALL
};

/* One list file, shared by the groups that name it. */
struct list {
	/* The name in allow-list, and the file it was found in. */
	char *name;
	char *file;
	struct names *names;
};

struct group {
	char name[GROUP_NAME_MAX + 1];
	struct origin origin;
	enum action action;
	/* Seconds, of sinkhole records and of the SOA in negative answers. */
	uint32_t ttl;
	/* Nothing is blocked; what would be is counted and logged. */
	int audit;
	/* Never GROUP_LOG_UNSET in a policy that is loaded. */
	enum group_log log;
	/* Network byte order. */
	uint8_t sinkhole4[GROUP_SINKHOLES_MAX][4];
	uint8_t sinkhole6[GROUP_SINKHOLES_MAX][16];
	unsigned sinkholes4;
	unsigned sinkholes6;
	/* The group's own allow and deny patterns. */
	struct names *own;
	/* Its lists; the array is the group's, the lists the policy's. */
	const struct list **lists;
	size_t list_count;
	/* What a blocked client is told, by reason. */
	char explanation[REASON_COUNT][GROUP_EXPLANATION_MAX + 1];
};

/* What the bitsink: clause sets for all groups together. */
struct policy_settings {
	/* Log lines a client and minute; 0 for any number. */
	unsigned log_limit;
	/* A change of the files is noticed, and they are read. */
	int watch_files;
	/* There is no control socket. */
	int control_off;
	/* Its file, user and group as they were written; NULL where they were
	 * not. Owned. */
	char *control_socket;
	char *control_user;
	char *control_group;
	/* Permissions of its file. */
	unsigned control_mode;
};

struct policy {
	struct group *groups;
	size_t group_count;
	struct clients *clients;
	size_t prefix_count;
	struct list **lists;
	size_t list_count;
	/* The files read, in order; names_rule.source counts here. */
	char **sources;
	size_t source_count;
	/* Allow and deny patterns, those of each list counted once. */
	size_t pattern_count;
	struct policy_settings settings;
};

struct policy_options {
	/* Where list files are looked for, in order, after the directories
	 * that the policy itself names; ends with NULL. */
	const char *const *list_directories;
	struct names_key key;
	/* Whether to warn of patterns that change nothing, which costs two
	 * look-ups a pattern. */
	int check_patterns;
	/* Where what is read is recorded, or where it is replayed from (the
	 * path is the tape's then); the caller's. NULL: neither. */
	struct tape *tape;
};

/*
 * Reads the policy file PATH with all it includes and all lists it names.
 * Returns NULL if there is any error; the errors, all that were found, and
 * the warnings are in DIAG. Free with policy_free(), which accepts NULL.
 */
struct policy *policy_load(const char *path,
	const struct policy_options *options, struct diag *diag);
void policy_free(struct policy *policy);

/*
 * Judges a query. Takes no memory and cannot fail: a restricted client's query
 * that cannot be judged is blocked.
 */
void policy_decide(const struct policy *policy, const struct query *query,
	struct decision *decision);

/* The words for a group's options; never NULL. */
const char *group_mode_word(const struct group *group);
const char *group_log_word(const struct group *group);

/* What GROUP does to a query that is blocked for REASON. */
enum action policy_action(const struct group *group, enum reason reason);

/* Whether a group is in audit. */
int policy_has_audit(const struct policy *policy);

/* Whether both want the control socket to be the same. */
int policy_same_control(const struct policy *a, const struct policy *b);

/* The best match of a group's own patterns and lists for NAME, passing over
 * the group's own rule EXCEPT. match->rule is NULL where nothing matches. */
void group_match(const struct group *group, const struct name *name,
	uint32_t except, struct names_match *match);

/* Octets the policy takes. */
size_t policy_memory(const struct policy *policy);

#endif
