/*
 * ask.c - the commands that ask the module.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "grants.h"
#include "observer.h"
#include "pattern.h"
#include "prometheus.h"
#include "text.h"

/* --- Asking. */

static enum session_code
code_of(enum client_result result)
{
	return result == CLIENT_DONE ? SESSION_DONE
		: result == CLIENT_ERROR ? SESSION_USAGE : SESSION_UNREACHABLE;
}

char *
ask_finish(struct record_writer *writer)
{
	char *request = NULL;

	record_end(writer);
	if (!writer->broken)
		request = strndup(writer->memory, writer->length);
	record_clear(writer);
	return request;
}

/* As ask(), and the reply is there also where the module answers with an error,
 * which is told by *RESULT and in WRONG. -1 when out of memory. */
static int
ask_raw(const struct session *session, struct record_writer *writer,
	struct reply *reply, enum client_result *result, char *wrong)
{
	char *request = ask_finish(writer);

	memset(reply, 0, sizeof(*reply));
	if (request == NULL)
		return -1;
	*result = client_ask(session->socket, request, reply, wrong,
		SESSION_WRONG);
	free(request);
	return 0;
}

enum session_code
ask(const struct session *session, struct record_writer *writer,
	struct reply *reply)
{
	char wrong[SESSION_WRONG];
	enum client_result result;

	if (ask_raw(session, writer, reply, &result, wrong) != 0)
		return session_printed(session, -1, SESSION_DONE);
	if (result != CLIENT_DONE)
		return session_error(session, code_of(result), "%s", wrong);
	return SESSION_DONE;
}

/* Looks that the reply has a record of KIND. */
static enum session_code
look_for(const struct session *session, const struct reply *reply,
	const char *kind)
{
	if (reply_find(reply, kind) != NULL)
		return SESSION_DONE;
	return session_error(session, SESSION_UNREACHABLE, "cannot understand "
		"the reply: found no record \"%s\"", kind);
}

enum session_code
ask_word(const struct session *session, const char *word, const char *kind,
	struct reply *reply)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	enum session_code code;

	record_begin(&writer, word);
	code = ask(session, &writer, reply);
	return code == SESSION_DONE && kind != NULL
		? look_for(session, reply, kind) : code;
}

/* Adds the option's value to the request, where it was given. */
static void
put_option(struct record_writer *writer, const struct session *session,
	enum option option, const char *key)
{
	const char *value = session->arguments.options[option];

	if (value != NULL)
		record_text(writer, key, value);
}

static int
is_given(const struct session *session, enum option option)
{
	return session->arguments.options[option] != NULL;
}

/* --- status, groups, stats. */

enum session_code
ask_status(const struct session *session)
{
	enum session_code code;
	struct reply reply;

	code = ask_word(session, "status", "status", &reply);
	if (code == SESSION_DONE) {
		const char *stale = record_get(reply_find(&reply, "status"),
			"stale");

		code = stale != NULL && strcmp(stale, "yes") == 0 ? SESSION_NO
			: SESSION_DONE;
		code = session_printed(session,
			session->printer->status(&reply), code);
	}
	reply_clear(&reply);
	return code;
}

enum session_code
ask_groups(const struct session *session)
{
	enum session_code code;
	struct reply reply;

	code = ask_word(session, "groups", NULL, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session,
			session->printer->groups(&reply), code);
	reply_clear(&reply);
	return code;
}

static enum session_code
ask_metrics(const struct session *session)
{
	enum session_code code;
	char wrong[SESSION_WRONG];
	struct reply reply;

	if (is_given(session, OPTION_RESET))
		return session_error(session, SESSION_USAGE, "found --reset, "
			"expected none with --prometheus, whose counters only "
			"grow");
	if (is_given(session, OPTION_JSON))
		return session_error(session, SESSION_USAGE, "found --json, "
			"expected none with --prometheus, which is a format "
			"itself");
	code = ask_word(session, "metrics", "info", &reply);
	if (code == SESSION_DONE && prometheus_write(stdout, &reply, wrong,
	    sizeof(wrong)) != 0)
		code = session_error(session, SESSION_UNREACHABLE, "%s",
			wrong);
	reply_clear(&reply);
	return code;
}

enum session_code
ask_stats(const struct session *session)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	enum session_code code;
	struct reply reply;

	if (is_given(session, OPTION_PROMETHEUS))
		return ask_metrics(session);
	record_begin(&writer, "stats");
	if (is_given(session, OPTION_RESET))
		record_text(&writer, "reset", "yes");
	code = ask(session, &writer, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session,
			session->printer->stats(&reply), code);
	reply_clear(&reply);
	return code;
}

/* --- top. */

static int
is_top(const char *word)
{
	static const char *const words[] = {
		"clients", "names", "rules", "pairs"
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return 1;
	return 0;
}

static int
is_limit(const char *text)
{
	int64_t limit;

	return text_number(text, &limit) == 0 && limit >= 1 &&
		limit <= OBSERVER_ROOM;
}

enum session_code
ask_for_top(const struct session *session, const char *by, const char *group,
	const char *limit, struct reply *reply)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	enum session_code code;

	record_begin(&writer, "top");
	record_text(&writer, "by", by);
	if (group != NULL)
		record_text(&writer, "group", group);
	if (limit != NULL)
		record_text(&writer, "limit", limit);
	code = ask(session, &writer, reply);
	return code == SESSION_DONE ? look_for(session, reply, "top") : code;
}

enum session_code
ask_top(const struct session *session)
{
	const struct arguments *arguments = &session->arguments;
	const char *limit = arguments->options[OPTION_LIMIT];
	const char *by = "clients", *group = NULL;
	enum session_code code;
	struct reply reply;
	size_t at = 0;

	if (arguments->count > 0 && is_top(arguments->words[0]))
		by = arguments->words[at++];
	if (arguments->count > at)
		group = arguments->words[at++];
	if (arguments->count > at)
		return session_error(session, SESSION_USAGE, "found \"%s\", "
			"expected clients, names, rules or pairs before a "
			"group", arguments->words[0]);
	if (limit != NULL && !is_limit(limit))
		return session_error(session, SESSION_USAGE, "found \"%s\", "
			"expected a number from 1 to %d", limit,
			OBSERVER_ROOM);
	code = ask_for_top(session, by, group, limit, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session, session->printer->top(&reply),
			code);
	reply_clear(&reply);
	return code;
}

/* --- watch. */

struct watcher {
	const struct session *session;
	enum session_code code;
};

static void
end_watch(int number)
{
	(void)number;
	/* All events were flushed; nothing else may be called here. */
	_exit(SESSION_DONE);
}

/* Ctrl-C is the way to end it, unless who started it wants it otherwise. */
static void
catch_interrupt(void)
{
	struct sigaction action;

	if (sigaction(SIGINT, NULL, &action) != 0 ||
	    action.sa_handler == SIG_IGN)
		return;
	memset(&action, 0, sizeof(action));
	action.sa_handler = end_watch;
	(void)sigaction(SIGINT, &action, NULL);
}

static int
take_event(void *arg, const struct record *record)
{
	struct watcher *watcher = arg;
	const struct session *session = watcher->session;

	if (strcmp(record->kind, "event") != 0 &&
	    strcmp(record->kind, "lost") != 0)
		return 1;
	watcher->code = session_printed(session,
		session->printer->event(record), SESSION_DONE);
	/* main() tells why the output takes no more. */
	return watcher->code == SESSION_DONE && fflush(stdout) == 0;
}

/* What is wrong with the filters is told without asking the module. 0, or
 * -1 with the error printed. */
static int
check_filters(const struct session *session)
{
	const char *client = session->arguments.options[OPTION_CLIENT];
	const char *name = session->arguments.options[OPTION_NAME];
	struct pattern_error error;
	struct pattern pattern;
	const char *expected = NULL, *found = client;
	struct prefix prefix;

	if (client != NULL)
		expected = prefix_from_text(&prefix, client);
	if (expected == NULL && name != NULL &&
	    pattern_from_text(&pattern, name, strlen(name), &error) != 0) {
		found = name;
		expected = error.expected;
	}
	if (expected == NULL)
		return 0;
	(void)session_error(session, SESSION_USAGE, "found \"%s\", expected "
		"%s", found, expected);
	return -1;
}

enum session_code
ask_watch(const struct session *session)
{
	struct watcher watcher = { session, SESSION_DONE };
	struct record_writer writer = { NULL, 0, 0, 0 };
	char wrong[SESSION_WRONG], *request;
	enum client_result result;

	if (check_filters(session) != 0)
		return SESSION_USAGE;
	record_begin(&writer, "watch");
	if (is_given(session, OPTION_ALL))
		record_text(&writer, "all", "yes");
	put_option(&writer, session, OPTION_GROUP, "group");
	put_option(&writer, session, OPTION_CLIENT, "client");
	put_option(&writer, session, OPTION_NAME, "name");
	request = ask_finish(&writer);
	if (request == NULL)
		return session_printed(session, -1, SESSION_DONE);
	catch_interrupt();
	result = client_listen(session->socket, request, take_event, &watcher,
		wrong, sizeof(wrong));
	free(request);
	if (result != CLIENT_DONE)
		return session_error(session, code_of(result), "%s", wrong);
	return watcher.code;
}

/* --- explain. */

enum session_code
ask_explain(const struct session *session)
{
	const struct arguments *arguments = &session->arguments;
	struct record_writer writer = { NULL, 0, 0, 0 };
	const struct record *record;
	enum session_code code;
	struct reply reply;

	if (is_given(session, OPTION_CONFIG))
		return offline_explain(session);
	if (is_given(session, OPTION_LISTS))
		return session_error(session, SESSION_USAGE, "found --lists, "
			"expected it with --config FILE alone: the module "
			"knows where its lists are");
	if (is_given(session, OPTION_SITE))
		return session_error(session, SESSION_USAGE, "found --site, "
			"expected it with --config FILE alone: the module "
			"knows its site");
	record_begin(&writer, "explain");
	record_text(&writer, "client", arguments->words[0]);
	record_text(&writer, "name", arguments->words[1]);
	if (arguments->count > 2)
		record_text(&writer, "type", arguments->words[2]);
	put_option(&writer, session, OPTION_CLASS, "class");
	code = ask(session, &writer, &reply);
	if (code == SESSION_DONE) {
		record = reply_find(&reply, "explain");
		code = session_explained(session, record);
	}
	reply_clear(&reply);
	return code;
}

/* --- allow, revoke. */

/* Begins a request for the group and the pattern of the command line. */
static void
begin_grant(const struct session *session, struct record_writer *writer,
	const char *kind)
{
	record_begin(writer, kind);
	record_text(writer, "group", session->arguments.words[0]);
	record_text(writer, "pattern", session->arguments.words[1]);
}

/* Sends it, and prints the record of KIND that answers it. */
static enum session_code
end_grant(const struct session *session, struct record_writer *writer,
	const char *kind)
{
	enum session_code code;
	struct reply reply;

	code = ask(session, writer, &reply);
	if (code == SESSION_DONE)
		code = look_for(session, &reply, kind);
	if (code == SESSION_DONE)
		code = session_printed(session, session->printer->grant(
			reply_find(&reply, kind)), code);
	reply_clear(&reply);
	return code;
}

enum session_code
ask_allow(const struct session *session)
{
	const char *lasts = session->arguments.options[OPTION_FOR];
	struct record_writer writer = { NULL, 0, 0, 0 };
	int64_t seconds;

	if (lasts == NULL)
		return session_error(session, SESSION_USAGE, "found no --for, "
			"expected --for TIME, as in --for 2h");
	if (text_duration(lasts, &seconds) != 0 ||
	    seconds > GRANTS_SECONDS_MAX)
		return session_error(session, SESSION_USAGE, "found \"%s\", "
			"expected a time from 1s to %dd, as 90s, 30m, 2h or "
			"1d12h", lasts, GRANTS_SECONDS_MAX / 86400);
	begin_grant(session, &writer, "allow");
	record_number(&writer, "seconds", (uint64_t)seconds);
	return end_grant(session, &writer, "grant");
}

enum session_code
ask_revoke(const struct session *session)
{
	struct record_writer writer = { NULL, 0, 0, 0 };

	begin_grant(session, &writer, "revoke");
	return end_grant(session, &writer, "revoked");
}

/* --- site. */

enum session_code
ask_site(const struct session *session)
{
	enum session_code code;
	struct reply reply;

	code = ask_word(session, "site", NULL, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session, session->printer->site(&reply),
			code);
	reply_clear(&reply);
	return code;
}

/* --- reload. */

static int
would_change(const struct reply *reply)
{
	static const char *const counts[] = {
		"groups", "clients", "patterns", "options"
	};
	const struct record *changes = reply_find(reply, "changes");
	size_t i;

	for (i = 0; changes != NULL && i < sizeof(counts) / sizeof(*counts);
	    i++) {
		const char *count = record_get(changes, counts[i]);

		if (count != NULL && strcmp(count, "0") != 0)
			return 1;
	}
	return 0;
}

/* Errors of the policy are an answer; all else that the module refuses is not:
 * it says nothing of the files then. */
static int
is_of_the_policy(const struct reply *reply)
{
	size_t i;

	for (i = 0; i < reply->count; i++) {
		const struct record *record = &reply->records[i];
		const char *severity = record_get(record, "severity");

		if (strcmp(record->kind, "problem") == 0 && severity != NULL &&
		    strcmp(severity, "error") == 0)
			return 1;
	}
	return 0;
}

enum session_code
ask_reload(const struct session *session)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char wrong[SESSION_WRONG];
	int diff = is_given(session, OPTION_DIFF);
	enum session_code code = SESSION_DONE;
	enum client_result result;
	struct reply reply;

	record_begin(&writer, "reload");
	if (diff)
		record_text(&writer, "diff", "yes");
	if (ask_raw(session, &writer, &reply, &result, wrong) != 0)
		return session_printed(session, -1, SESSION_DONE);
	if (result == CLIENT_ERROR && is_of_the_policy(&reply))
		code = diff ? SESSION_USAGE : SESSION_NO;
	else if (result != CLIENT_DONE)
		code = session_error(session, code_of(result), "%s", wrong);
	else if (diff && would_change(&reply))
		code = SESSION_NO;
	if (result == CLIENT_DONE || is_of_the_policy(&reply))
		code = session_printed(session,
			session->printer->reload(&reply), code);
	reply_clear(&reply);
	return code;
}
