/*
 * loader.h - a policy on its way from files to struct policy.
 *
 * Shared by the parts of loading alone: load.c reads files, options.c knows
 * what an attribute means, lists.c reads lists, check.c warns.
 *
 * Thread-safety: one loader belongs to one thread.
 */
#ifndef BITSINK_LOADER_H
#define BITSINK_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "file.h"
#include "lexer.h"
#include "policy.h"
#include "site.h"

enum clause { CLAUSE_NONE, CLAUSE_BITSINK, CLAUSE_GROUP };

/* An option that a group may leave to the bitsink: clause. */
enum choice { CHOICE_UNSET, CHOICE_NO, CHOICE_YES };

/* What is known of a group until all of the policy's own files are read. */
struct group_draft {
	enum choice audit;
	enum group_log log;
	/* Bit I: option I of the table was given. */
	uint64_t given;
	/* Where the name was given. */
	struct origin name_at;
	/* The prefixes of answer-deny and answer-allow, with the number of
	 * their rule as group and as tag. */
	struct client_entry *answers;
	size_t answers_room, answer_rules_room;
	size_t types_room;
};

/* Options of which it is asked at the end where they were given first. */
enum noted {
	NOTED_ACTION,
	NOTED_TTL,
	NOTED_SINKHOLE,
	NOTED_WINDOW,
	NOTED_TIME_ZONE,
	/* One of those that count in windows alone. */
	NOTED_WINDOW_USE,
	NOTED_WINDOW_ACTION,
	NOTED_CHAIN_ALLOW,
	NOTED_ANSWER_ALLOW,
	NOTED_COUNT
};

struct group_notes {
	/* Line 0 where it was not. */
	struct origin at[NOTED_COUNT];
	/* The name of the option of NOTED_WINDOW_USE. */
	const char *window_use;
};

/* What check.c wants to know of a group. While lists are read, which is when
 * the policy is about as large as it will be, it is there for each of them. */
struct group_facts {
	/* NULL where nothing was noted. */
	struct group_notes *notes;
	/* A client, tag or view was given, or it is the default group. */
	int has_clients;
};

/* What a pattern or a list is for. */
enum purpose { FOR_NAMES, FOR_QUIET, FOR_WINDOW };

/* A pattern of a group as written, for check_patterns. */
struct written_pattern {
	uint32_t group;
	uint32_t rule;
	enum purpose purpose;
	struct token token;
};

/* A client as written; tag in the client entry counts here. */
struct written_client {
	struct token token;
};

/* A list as written. Lists are read last, when the directories are known; NULL
 * is one that is not read, or is in the group already. As group_facts, it is
 * there while they are read: the text is that of a use before, where one has
 * the same, and the place as short as that of a rule. */
struct list_use {
	const struct list *list;
	const char *text;
	uint32_t length;
	uint32_t group : 24;
	uint32_t purpose : 8; /* an enum purpose */
	uint32_t line;
	uint16_t column;
	uint16_t source;
};
_Static_assert(CLIENTS_GROUPS_MAX < 1u << 24, "room for a group");

/* A client-tag or client-view as written. */
struct site_use {
	uint32_t group;
	int is_view;
	struct token token;
};

/* An unrestricted prefix as written; GROUP is CLIENTS_NONE for one of the
 * bitsink: clause. */
struct carve {
	uint32_t group;
	struct prefix prefix;
	struct token token;
};

struct loader {
	struct policy *policy;
	const struct policy_options *options;
	struct diag *diag;
	/* What is needed until all is loaded, and until it is known who is in
	 * which group; the policy has one of its own. */
	struct region *region;
	struct region *members;

	enum clause clause;
	/* The row that options_find() told last. */
	unsigned last_option;
	/* Of the bitsink: clause. */
	enum choice audit;
	enum group_log log;
	uint64_t given;

	/* One a group; drafts are of the region of members. */
	struct group_draft *drafts;
	struct group_facts *facts;
	size_t drafts_room, facts_room, groups_room;
	/* Groups whose tables are finished. */
	size_t groups_ended;
	/* One a client; of the region of members, as those below. */
	struct client_entry *entries;
	size_t entry_count, entries_room;
	struct written_client *clients;
	size_t clients_room;
	struct written_pattern *patterns;
	size_t pattern_count, patterns_room;
	struct list_use *list_uses;
	size_t list_use_count, list_uses_room;
	struct site_use *site_uses;
	size_t site_use_count, site_uses_room;
	struct carve *carves;
	size_t carve_count, carves_room;
	/* Of default-group; its text is NULL where it was not given. */
	struct token default_group;
	/* What the host declares, and whether that is known. */
	struct site site;
	int site_known;
	struct token *directories; /* of list-directory */
	size_t directory_count, directories_room;
	size_t sources_room, lists_room, time_zones_room;
	/* The file that is read now; counts in policy->sources. */
	uint16_t source;
};

/* Makes room for one element more of an ARRAY that is in REGION. 0, or -1 with
 * out of memory reported. */
int loader_room(struct loader *loader, struct region *region, void *array,
	size_t used, size_t *room, size_t size);

/* Adds a file name to policy->sources and sets loader->source. 0, or -1
 * with the error reported at WHERE. */
int loader_add_source(struct loader *loader, const char *name,
	struct origin where);

/* The token with a copy of its text, in REGION; that of the file goes when the
 * file is read. Empty with out of memory reported. */
struct token loader_hold(struct loader *loader, struct region *region,
	const struct token *token);

/* The value as a string, cut at 200 octets, for messages only. */
struct loader_text { char text[204]; };
struct loader_text loader_quote(const struct token *token);

/* A pattern and where it is written. */
struct read_pattern {
	struct pattern pattern;
	struct names_rule rule;
	/* Filled in by names_fetch(). */
	struct names_hint hint;
};

/* Reads the pattern that TOKEN writes, of the file read now. 0, or -1 with the
 * error reported. */
int loader_read_pattern(struct loader *loader, const struct token *token,
	int deny, struct read_pattern *read);

/* Adds it, with its hint. Its rule's number, or NAMES_NO_RULE with the error
 * reported. */
uint32_t loader_keep_pattern(struct loader *loader, struct names *names,
	const struct read_pattern *read);

/* Both. */
uint32_t loader_add_pattern(struct loader *loader, struct names *names,
	const struct token *token, int deny);

/* NAME as seen from the file at WHERE: its directory goes before a relative
 * name. Allocated; NULL with out of memory reported. */
char *loader_path(struct loader *loader, const struct token *token);

/* The time zone that VALUE names. NULL: reported. */
const struct time_zone *loader_time_zone(struct loader *loader,
	const struct token *value);

/* file_read(), to or from the tape where there is one. */
int loader_read(struct loader *loader, struct file *file, const char *name,
	struct origin where);
/* Takes the next name of KIND from the tape. Allocated; NULL: reported. */
char *loader_replay_name(struct loader *loader, enum tape_kind kind);

/* options.c: sets what is in force without options, starts a clause, or gives
 * an option its value. */
void options_begin(struct loader *loader);
void options_begin_group(struct loader *loader, struct origin where);
void options_end(struct loader *loader);
/* Whether the loader's clause has the attribute; if so *NUMBER is its row. */
int options_find(struct loader *loader, const struct token *attribute,
	unsigned *number);
void options_set(struct loader *loader, unsigned number,
	const struct token *attribute, const struct token *value);
/* The option was given with a value that could not be read. */
void options_wrong(struct loader *loader, unsigned number);
/* What was noted of a group. */
const struct group_notes *options_notes(const struct loader *loader,
	size_t group);

/*
 * members.c: reads what the host declares, from the tape where it replays one
 * and to it where it records; makes policy->clients of everything that says who
 * is in which group, when all files of the policy are read, and policy->site
 * of the zones, where a group wants them, when all others are. Errors are
 * reported.
 */
void members_read_site(struct loader *loader);
void members_build(struct loader *loader);
void members_build_site(struct loader *loader);

/* lists.c: reads the lists that the groups name. */
void lists_load(struct loader *loader);
/* The word that a list was named with, and where. */
struct token lists_token(const struct loader *loader,
	const struct list_use *use);

/* check.c: warns of what is legal but surely meant otherwise. */
void check_policy(struct loader *loader);

#endif
