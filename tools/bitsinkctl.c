/*
 * bitsinkctl.c - the administrator's command: which command is asked for, and
 * whether it is asked as it should be.
 */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

#ifndef BITSINK_SOCKET
#error "BITSINK_SOCKET: expected the control socket's path, see Makefile.in"
#endif

static enum session_code run_version(const struct session *session);
static enum session_code run_help(const struct session *session);

const struct command session_commands[] = {
	{ "status", "", "print which policy is in force, and whether it is "
		"stale", ask_status, 0, 0, 0 },
	{ "groups", "", "print the groups with their counters", ask_groups,
		0, 0, 0 },
	{ "stats", "[--prometheus] [--reset]", "print the counters",
		ask_stats, OPTION_BIT(OPTION_PROMETHEUS) |
		OPTION_BIT(OPTION_RESET), 0, 0 },
	{ "top", "[clients|names|rules|pairs] [GROUP] [--limit N]",
		"print what was blocked most often", ask_top,
		OPTION_BIT(OPTION_LIMIT), 0, 2 },
	{ "watch", "[--all] [--group GROUP] [--client PREFIX] "
		"[--name PATTERN]", "print blocked queries as they come",
		ask_watch, OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_GROUP) |
		OPTION_BIT(OPTION_CLIENT) | OPTION_BIT(OPTION_NAME), 0, 0 },
	{ "explain", "CLIENT NAME [TYPE] [--class CLASS] "
		"[--config FILE [--lists DIRECTORY] [--site FILE]]",
		"tell what a client gets for a name, and why", ask_explain,
		OPTION_BIT(OPTION_CLASS) | OPTION_BIT(OPTION_CONFIG) |
		OPTION_BIT(OPTION_LISTS) | OPTION_BIT(OPTION_SITE), 2, 3 },
	{ "allow", "GROUP NAME --for TIME",
		"let a group ask for a name, or a pattern, for a time",
		ask_allow, OPTION_BIT(OPTION_FOR), 2, 2 },
	{ "revoke", "GROUP NAME", "end what \"allow\" began", ask_revoke,
		0, 2, 2 },
	{ "reload", "[--diff]", "read the policy again and put it in force, "
		"or tell what that would change", ask_reload,
		OPTION_BIT(OPTION_DIFF), 0, 0 },
	{ "report", "[--output FILE] [--sinkhole-log FILE]",
		"write a page of what was blocked, as HTML", ask_report,
		OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_SINKHOLE_LOG),
		0, 0 },
	{ "site", "", "print the clients, tags and zones that unbound.conf "
		"declares", ask_site, 0, 0, 0 },
	{ "check", "[--lists DIRECTORY] [--site FILE] FILE",
		"check a policy file as the module does, and warn",
		offline_check, OPTION_BIT(OPTION_LISTS) |
		OPTION_BIT(OPTION_SITE), 1, 1 },
	{ "lists", "[NAME] [--config FILE] [--lists DIRECTORY]",
		"print which lists there are, or what is in one",
		catalogue_run, OPTION_BIT(OPTION_CONFIG) |
		OPTION_BIT(OPTION_LISTS), 0, 1 },
	{ "gate", "[--lists DIRECTORY] [--site FILE] [FILE]",
		"print what \"gate: views\" needs of unbound.conf",
		export_run_gate, OPTION_BIT(OPTION_LISTS) |
		OPTION_BIT(OPTION_SITE), 0, 1 },
	{ "export", "FORMAT [--group GROUP] [--upstream ADDRESS] "
		"[--lists DIRECTORY] [--site FILE] [FILE]",
		"print a policy in the words of another program",
		export_run, OPTION_BIT(OPTION_GROUP) |
		OPTION_BIT(OPTION_UPSTREAM) | OPTION_BIT(OPTION_LISTS) |
		OPTION_BIT(OPTION_SITE), 1, 2 },
	{ "replay", "--config NEW [--against OLD | --state DIRECTORY] "
		"[--lists DIRECTORY] [--site FILE] [--limit N] FILE...",
		"tell what another policy would change for recorded queries",
		replay_run, OPTION_BIT(OPTION_CONFIG) |
		OPTION_BIT(OPTION_AGAINST) | OPTION_BIT(OPTION_STATE) |
		OPTION_BIT(OPTION_LISTS) | OPTION_BIT(OPTION_SITE) |
		OPTION_BIT(OPTION_LIMIT), 1, SIZE_MAX },
	{ "suggest", "GROUP [--min-clients N] [--min-count N] "
		"[--learning DAYS] [--lists DIRECTORY]",
		"make an allowlist of what was seen in audit", suggest_run,
		OPTION_BIT(OPTION_MIN_CLIENTS) | OPTION_BIT(OPTION_MIN_COUNT) |
		OPTION_BIT(OPTION_LEARNING) | OPTION_BIT(OPTION_LISTS), 1, 1 },
	{ "version", "", "print the version", run_version, 0, 0, 0 },
	{ "help", "[COMMAND]", "print this, or what a command takes",
		run_help, 0, 0, 1 },
	{ NULL, NULL, NULL, NULL, 0, 0, 0 }
};

static const struct command *
find_command(const char *name)
{
	const struct command *command = session_commands;

	while (command->name != NULL && strcmp(command->name, name) != 0)
		command++;
	return command->name != NULL ? command : NULL;
}

static enum session_code
run_version(const struct session *session)
{
	return session_printed(session,
		session->printer->version(BITSINK_VERSION), SESSION_DONE);
}

static enum session_code
unknown_command(const struct session *session, const char *found)
{
	return session_error(session, SESSION_USAGE, "found \"%s\", expected "
		"a command; \"bitsinkctl help\" lists them", found);
}

static enum session_code
run_help(const struct session *session)
{
	const struct command *command = NULL;

	if (session->arguments.count > 0) {
		command = find_command(session->arguments.words[0]);
		if (command == NULL)
			return unknown_command(session,
				session->arguments.words[0]);
	}
	return session_printed(session, session->printer->help(command),
		SESSION_DONE);
}

enum session_code
session_error(const struct session *session, enum session_code code,
	const char *format, ...)
{
	char text[SESSION_WRONG];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)session->printer->error(text, NULL);
	return code;
}

enum session_code
session_printed(const struct session *session, int result,
	enum session_code code)
{
	if (result != 0)
		return session_error(session, SESSION_OUTPUT, "out of memory");
	return code;
}

enum session_code
session_reply(const struct session *session, struct record_writer *writer,
	struct reply *reply)
{
	char wrong[SESSION_WRONG];
	int failed;

	memset(reply, 0, sizeof(*reply));
	if (writer->broken) {
		record_clear(writer);
		return session_printed(session, -1, SESSION_DONE);
	}
	failed = reply_parse(reply, writer->memory, writer->length, wrong,
		sizeof(wrong));
	/* The reply has taken it. */
	memset(writer, 0, sizeof(*writer));
	return failed ? session_error(session, SESSION_OUTPUT, "%s", wrong)
		: SESSION_DONE;
}

enum session_code
session_explained(const struct session *session, const struct record *record)
{
	const char *verdict = record != NULL ? record_get(record, "verdict")
		: NULL;

	if (verdict == NULL)
		return session_error(session, SESSION_UNREACHABLE, "cannot "
			"understand the reply: found no verdict");
	return session_printed(session, session->printer->explain(record),
		strcmp(verdict, "block") == 0 ? SESSION_NO : SESSION_DONE);
}

/* --- What is wrong with the command line. */

static enum session_code
wrong_option(const struct session *session, const struct command *command,
	enum option option)
{
	char options[256] = "";
	size_t used = 0;
	unsigned i;

	for (i = 0; i < OPTIONS; i++)
		if ((command->options | OPTION_BIT(OPTION_SOCKET) |
		    OPTION_BIT(OPTION_JSON)) & OPTION_BIT(i))
			used += (size_t)snprintf(options + used,
				sizeof(options) - used, "%s%s",
				used > 0 ? ", " : "",
				arguments_option((enum option)i));
	return session_error(session, SESSION_USAGE, "found \"%s\", expected "
		"an option of %s: %s", arguments_option(option), command->name,
		options);
}

static enum session_code
wrong_words(const struct session *session, const struct command *command)
{
	size_t count = session->arguments.count;

	return session_error(session, SESSION_USAGE, "found %zu argument%s of "
		"%s, expected: bitsinkctl %s%s%s", count,
		count == 1 ? "" : "s", command->name, command->name,
		command->arguments[0] != '\0' ? " " : "", command->arguments);
}

static enum session_code
run(struct session *session)
{
	const struct arguments *arguments = &session->arguments;
	const struct command *command;
	unsigned i;

	if (arguments->options[OPTION_VERSION] != NULL)
		return run_version(session);
	if (arguments->command == NULL) {
		if (arguments->options[OPTION_HELP] != NULL)
			return run_help(session);
		return session_error(session, SESSION_USAGE, "found no "
			"command, expected one; \"bitsinkctl help\" lists "
			"them");
	}
	command = find_command(arguments->command);
	if (command == NULL)
		return unknown_command(session, arguments->command);
	if (arguments->options[OPTION_HELP] != NULL)
		return session_printed(session,
			session->printer->help(command), SESSION_DONE);
	for (i = 0; i < OPTIONS; i++)
		if (arguments->options[i] != NULL && !((command->options |
		    OPTIONS_EVERYWHERE) & OPTION_BIT(i)))
			return wrong_option(session, command, (enum option)i);
	if (arguments->count < command->words_min ||
	    arguments->count > command->words_max)
		return wrong_words(session, command);
	return command->run(session);
}

/* --- The end. */

/* Whether standard output is a pipe that nobody reads. */
static int
is_hung_up(void)
{
	struct pollfd output = { STDOUT_FILENO, POLLOUT, 0 };

	return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

static enum session_code
end_output(enum session_code code)
{
	int failed = ferror(stdout), error = 0;

	if (fflush(stdout) != 0) {
		failed = 1;
		error = errno;
	}
	/* Who reads no further, as head, has what it wanted. */
	if (!failed || error == EPIPE || is_hung_up())
		return code;
	/* A stream that failed before has forgotten why. */
	fprintf(stderr, "bitsinkctl: cannot write to standard output: %s\n",
		error != 0 ? strerror(error) : "not all of it was taken");
	return SESSION_OUTPUT;
}

static const char *
socket_path(const struct arguments *arguments)
{
	const char *path = arguments->options[OPTION_SOCKET];

	if (path == NULL)
		path = getenv("BITSINK_SOCKET");
	return path != NULL && path[0] != '\0' ? path : BITSINK_SOCKET;
}

int
main(int argc, char **argv)
{
	char wrong[SESSION_WRONG];
	struct session session = { 0 };
	enum session_code code;
	int result;

	/* For what is printable; all else stays as in C. */
	(void)setlocale(LC_CTYPE, "");
	/* A write tells of it, and there is a code to end with. */
	(void)signal(SIGPIPE, SIG_IGN);
	result = arguments_read(&session.arguments, argc, argv, wrong,
		sizeof(wrong));
	session.printer = session.arguments.options[OPTION_JSON] != NULL
		? &json_printer : &print_printer;
	session.socket = socket_path(&session.arguments);
	code = result == 0 ? run(&session)
		: session_error(&session, SESSION_USAGE, "%s", wrong);
	return (int)end_output(code);
}
