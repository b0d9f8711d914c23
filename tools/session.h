/*
 * session.h - one run of bitsinkctl: what it was asked for, how it answers, and
 * the code that it ends with.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_SESSION_H
#define BITSINK_SESSION_H

#include <stdio.h>

#include "arguments.h"
#include "diag.h"
#include "policy.h"
#include "report.h"

enum session_code {
	SESSION_DONE = 0,
	/* What was asked is not so: the policy has errors, is stale, would
	 * change something, or the query would be blocked. */
	SESSION_NO = 1,
	/* A wrong argument, also for the module. */
	SESSION_USAGE = 2,
	SESSION_UNREACHABLE = 3,
	/* What was to be written could not be. */
	SESSION_OUTPUT = 4
};

/* Room for what is wrong: longer than an error of the module with its file's
 * name. */
#define SESSION_WRONG 8192

struct session;

struct command {
	const char *name;
	const char *arguments;
	const char *what;
	enum session_code (*run)(const struct session *session);
	/* Its own options, by OPTION_BIT(). */
	unsigned options;
	size_t words_min;
	size_t words_max;
};

/* The end of the table has no name. */
extern const struct command session_commands[];

/* A policy that was looked at. */
struct checked {
	const char *file;
	/* NULL where it has errors. */
	const struct policy *policy;
	const struct diag *diag;
};

/* A policy in another program's words. */
struct exported {
	const char *format;
	const char *file;
	const char *text;
	/* What of the policy the text does not say, as warnings. */
	const struct diag *notes;
};

/*
 * How answers are printed on standard output, as text or as JSON; errors of
 * text go to standard error. Each function returns 0, or -1 when out of
 * memory; who cares whether the output takes it looks at the stream.
 */
struct printer {
	int (*status)(const struct reply *reply);
	int (*groups)(const struct reply *reply);
	int (*stats)(const struct reply *reply);
	int (*top)(const struct reply *reply);
	/* A line each. */
	int (*event)(const struct record *record);
	int (*explain)(const struct record *record);
	int (*report)(FILE *out, const struct report *report);
	int (*check)(const struct checked *checked);
	/* The records of catalogue.c, of all lists and of one, with what is
	 * wrong with them. */
	int (*lists)(const struct reply *reply, const struct diag *diag);
	int (*list)(const struct reply *reply, const struct diag *diag);
	int (*exported)(const struct exported *exported);
	/* The records that replay.c tells of. */
	int (*replay)(const struct reply *reply);
	/* Those of suggest.c. */
	int (*suggest)(const struct reply *reply);
	/* All that "reload" answers, also with errors. */
	int (*reload)(const struct reply *reply);
	/* The one record of "allow" and of "revoke". */
	int (*grant)(const struct record *record);
	/* The records of site.h. */
	int (*site)(const struct reply *reply);
	int (*version)(const char *version);
	/* All commands for NULL. */
	int (*help)(const struct command *command);
	/* DIAG may be NULL. */
	int (*error)(const char *text, const struct diag *diag);
};

extern const struct printer print_printer;
extern const struct printer json_printer;

struct session {
	const struct printer *printer;
	const char *socket;
	struct arguments arguments;
};

/* Prints an error by printf and returns CODE. */
enum session_code session_error(const struct session *session,
	enum session_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* CODE, or the code for what a function of the printer returned. */
enum session_code session_printed(const struct session *session, int result,
	enum session_code code);

/* Makes a reply of records that are made here, as if the module had sent them:
 * it takes what WRITER has. SESSION_DONE, or the error is printed; REPLY is to
 * be cleared in any case. */
enum session_code session_reply(const struct session *session,
	struct record_writer *writer, struct reply *reply);

/* Prints the record of explain.h (NULL: it was not there); the code tells
 * whether the query would be blocked. */
enum session_code session_explained(const struct session *session,
	const struct record *record);

/* Reads the policy of PATH, or the one that TAPE replays where that is not
 * NULL, as the module does, for a host that declares what the file of --site
 * says; NULL where it has errors, which are in DIAG. Where it is an error of
 * our own, that is printed, and *CODE is another one than SESSION_DONE. */
struct policy *offline_load(const struct session *session, const char *path,
	struct tape *tape, int check_patterns, struct diag *diag,
	enum session_code *code);

/* Prints the errors of the policy WHAT, and returns the code for it. */
enum session_code offline_errors(const struct session *session,
	const char *what, const struct diag *diag);

/* The commands: ask.c has those that ask the module, collect.c the report,
 * offline.c, catalogue.c, export.c and replay.c those without a module. */
enum session_code ask_status(const struct session *session);
enum session_code ask_groups(const struct session *session);
enum session_code ask_stats(const struct session *session);
enum session_code ask_top(const struct session *session);
enum session_code ask_watch(const struct session *session);
enum session_code ask_explain(const struct session *session);
enum session_code ask_reload(const struct session *session);
enum session_code ask_allow(const struct session *session);
enum session_code ask_revoke(const struct session *session);
enum session_code ask_site(const struct session *session);
enum session_code ask_report(const struct session *session);
enum session_code offline_explain(const struct session *session);
enum session_code offline_check(const struct session *session);
enum session_code catalogue_run(const struct session *session);
enum session_code export_run(const struct session *session);
enum session_code export_run_gate(const struct session *session);
enum session_code replay_run(const struct session *session);
enum session_code suggest_run(const struct session *session);

#endif
