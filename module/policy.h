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
#include "region.h"
#include "tape.h"
#include "window.h"

struct recall_name;

enum {
	GROUP_NAME_MAX = 32,
	/* As many fit into an answer of 512 octets to the longest name. */
	GROUP_SINKHOLES_MAX = 4,
	/* Octets of an EDE text, without NUL (RFC 8914 section 2). */
	GROUP_EXPLANATION_MAX = 95,
	/* Each is looked at for every query. */
	GROUP_WINDOWS_MAX = 64
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

/* A time zone, shared by the groups that name it. */
struct time_zone {
	/* As it was written. */
	char *name;
	struct zone *zone;
};

/* One answer-deny or answer-allow. */
struct answer_rule {
	int deny;
	struct origin where;
};

struct group {
	char name[GROUP_NAME_MAX + 1];
	uint8_t name_octets;
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
	/* The zones that the host declares are allowed, too. */
	int allow_site_names;
	/* Names that no pattern above matches and nobody needs to hear of; the
	 * same for all names of one label. NULL for no such pattern. */
	struct names *quiet;
	const struct list **quiet_lists;
	size_t quiet_list_count;
	int quiet_single_labels;
	/* When the patterns and lists of its windows count as well, in local
	 * time of the zone, which is the policy's as its name is; NULL is UTC.
	 * The windows are owned; patterns are NULL for none. */
	struct window *windows;
	size_t window_count;
	const struct zone *zone;
	const char *zone_name;
	struct names *window_own;
	const struct list **window_lists;
	size_t window_list_count;
	/* And another action than ACTION_COUNT then. */
	enum action window_action;
	/* QTYPEs that may be asked for, ascending, in host byte order; none
	 * for all. Owned. */
	uint16_t *types;
	size_t type_count;
	/* Targets of an allowed answer's chain may be asked for. */
	int follow_chain;
	/* Targets of an allowed answer's chain are judged, by all of the above
	 * and by these, NULL for none. */
	int inspect_chain;
	struct names *chain;
	/* Which addresses an allowed answer may not have: the prefix that
	 * fits best decides, and what none fits is allowed. Groups of the
	 * table are numbers of rules. Owned. NULL where no rule is a deny. */
	struct clients *answers;
	struct answer_rule *answer_rules;
	size_t answer_rule_count;
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
	/* Views of unbound.conf stand before the cache, as of gate.h. */
	int gate_views;
};

struct policy {
	/* What tables of names and the arrays below are made of. */
	struct region *region;
	struct group *groups;
	size_t group_count;
	struct clients *clients;
	size_t prefix_count;
	struct list **lists;
	size_t list_count;
	/* Of list-directory, in order; no directories of the installation. */
	char **list_directories;
	size_t list_directory_count;
	struct time_zone **time_zones;
	size_t time_zone_count;
	/* The files read, in order; names_rule.source counts here. Where there
	 * is a SITE, what its zones are from is the last, and no file. */
	char **sources;
	size_t source_count;
	/* Zones that the host declares, each as an allow of the name and all
	 * below it. NULL where no group wants them, or none is known. */
	struct names *site;
	/* Patterns of all kinds, those of each list counted once, without the
	 * zones of the host. */
	size_t pattern_count;
	struct policy_settings settings;
	/* Who has tags or views of the host is in groups, and nobody knows who
	 * that is. */
	int lacks_site;
};

struct policy_options {
	/* Where list files are looked for, in order, after the directories
	 * that the policy itself names; ends with NULL. */
	const char *const *list_directories;
	struct names_key key;
	/* Whether to warn of patterns that change nothing, which costs two
	 * look-ups a pattern. */
	int check_patterns;
	/* What the host declares, as of site.h; borrowed. NULL: not known, as
	 * where no host is there. A tape that replays has its own. */
	const char *site;
	size_t site_length;
	/* What stands before the cache of a host that does not ask us, as of
	 * gate.h; borrowed. NULL: it does ask us, or there is no host. */
	const char *gate;
	size_t gate_length;
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

/* The same for a client that is known to be of GROUP. PLACE, if it is not NULL,
 * is that of the name for this group: what it knows is not looked for, and it
 * learns what it does not know. */
void policy_decide_group(const struct policy *policy,
	const struct group *group, struct recall_name *place,
	const struct query *query, struct decision *decision);

/* The words for a group's options; never NULL. */
const char *group_mode_word(const struct group *group);
const char *group_log_word(const struct group *group);

/* The numbers of all groups, sorted by name, equal names by number. From
 * pages_take(), with an uint32_t a group; NULL when out of memory. */
uint32_t *policy_sort_groups(const struct policy *policy);

/* What GROUP does to a query that is blocked for REASON, in one of its windows
 * or not. A quiet name always is NXDOMAIN. */
enum action policy_action(const struct group *group, enum reason reason,
	int in_window);

/* Whether a group is in audit. */
int policy_has_audit(const struct policy *policy);

/* Whether both want the control socket to be the same. */
int policy_same_control(const struct policy *a, const struct policy *b);

/* The best match of a group's own patterns and lists for NAME, passing over
 * the group's own rule EXCEPT. match->rule is NULL where nothing matches.
 * Neither windows nor the zones of the host count. */
void group_match(const struct group *group, const struct name *name,
	uint32_t except, struct names_match *match);

/* Whether one of the group's windows is open at NOW, seconds since 1970. */
int group_in_window(const struct group *group, int64_t now);

/* Sets ADDRESS to the group's sinkhole NUMBER, from 0 on: those for A come
 * first, those for AAAA follow. 0, or -1 where it has not as many. */
int group_sinkhole(const struct group *group, unsigned number,
	struct address *address);

/* Writes what a client of GROUP that is blocked for REASON is told, with a NUL
 * behind it; all of TEXT may be written to. Returns its octets. */
size_t group_explain(const struct group *group, enum reason reason,
	char text[GROUP_EXPLANATION_MAX + 1]);

/* Whether the group may ask for QTYPE. */
int group_allows_type(const struct group *group, uint16_t qtype);

/* Whether an allowed answer is to be looked at before the group gets it. */
int group_inspects(const struct group *group);

/* The reason for which GROUP, with windows as of NOW, allows or blocks NAME,
 * types aside; RULE is set to the pattern that decided, its file to NULL where
 * none did. */
enum reason policy_judge_name(const struct policy *policy,
	const struct group *group, const struct name *name, int64_t now,
	struct origin *rule);

/* Whether GROUP may ask for NAME, in one of its windows or in none, types
 * aside. What is allowed for a time does not count. */
int policy_allows_name(const struct policy *policy, const struct group *group,
	const struct name *name, int in_window);

/* Octets the policy takes. */
size_t policy_memory(const struct policy *policy);

#endif
