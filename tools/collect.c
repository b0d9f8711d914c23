/*
 * collect.c - the command that collects all that a report is made of.
 */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "replace.h"
#include "sinkhole.h"

/* As much as a page can show. */
#define REPORT_TOP "50"
#define REPORT_PAIRS "1000"
/* All there are, for what is to be found among them. */
#define JOIN_PAIRS "4096"

/* The steps of GROUP, the record of one. A group that is no more there, for
 * another policy came, is one without steps. */
static enum session_code
collect_group_history(const struct session *session,
	const struct record *group, struct reply *reply)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char wrong[SESSION_WRONG], *request;
	const char *name = record_get(group, "name");
	enum client_result result;

	if (name == NULL)
		return SESSION_DONE;
	record_begin(&writer, "history");
	record_text(&writer, "group", name);
	request = ask_finish(&writer);
	if (request == NULL)
		return session_printed(session, -1, SESSION_DONE);
	result = client_ask(session->socket, request, reply, wrong,
		sizeof(wrong));
	free(request);
	if (result == CLIENT_UNREACHABLE)
		return session_error(session, SESSION_UNREACHABLE, "%s",
			wrong);
	if (result == CLIENT_ERROR || reply_find(reply, "steps") == NULL)
		reply_clear(reply);
	return SESSION_DONE;
}

/* Whether there can be steps of its own: they begin with the first query that
 * was blocked. */
static int
may_have_steps(const struct record *group)
{
	const char *blocked = record_get(group, "blocked");
	const char *audited = record_get(group, "audited");

	return (blocked != NULL && strcmp(blocked, "0") != 0) ||
		(audited != NULL && strcmp(audited, "0") != 0);
}

static enum session_code
collect_group_histories(const struct session *session, struct report *report)
{
	size_t i, count = report->groups.count;

	report->group_history = calloc(count + 1,
		sizeof(*report->group_history));
	if (report->group_history == NULL)
		return session_printed(session, -1, SESSION_DONE);
	report->group_history_count = count;
	for (i = 0; i < count; i++) {
		const struct record *group = &report->groups.records[i];
		enum session_code code = SESSION_DONE;

		if (may_have_steps(group))
			code = collect_group_history(session, group,
				&report->group_history[i]);
		if (code != SESSION_DONE)
			return code;
	}
	return SESSION_DONE;
}

static enum session_code
collect_tops(const struct session *session, struct report *report)
{
	const struct {
		const char *by;
		const char *limit;
		struct reply *reply;
	} tops[] = {
		{ "clients", REPORT_TOP, &report->clients },
		{ "names", REPORT_TOP, &report->names },
		{ "rules", REPORT_TOP, &report->rules },
		{ "pairs", REPORT_PAIRS, &report->pairs },
	};
	enum session_code code = SESSION_DONE;
	size_t i;

	for (i = 0; code == SESSION_DONE &&
	    i < sizeof(tops) / sizeof(tops[0]); i++)
		code = ask_for_top(session, tops[i].by, NULL, tops[i].limit,
			tops[i].reply);
	return code;
}

static enum session_code
collect(const struct session *session, struct report *report)
{
	enum session_code code;

	code = ask_word(session, "status", "status", &report->status);
	if (code == SESSION_DONE)
		code = ask_word(session, "groups", NULL, &report->groups);
	if (code == SESSION_DONE)
		code = ask_word(session, "history", "history",
			&report->history);
	if (code == SESSION_DONE)
		code = collect_group_histories(session, report);
	if (code == SESSION_DONE)
		code = collect_tops(session, report);
	return code;
}

/* What the sinkhole was asked for by clients that were blocked; nothing where
 * no log of it is given. */
static enum session_code
collect_findings(const struct session *session, struct report *report)
{
	const char *path = session->arguments.options[OPTION_SINKHOLE_LOG];
	enum session_code code;
	struct reply pairs;

	if (path == NULL)
		return SESSION_DONE;
	memset(&pairs, 0, sizeof(pairs));
	code = ask_for_top(session, "pairs", NULL, JOIN_PAIRS, &pairs);
	if (code == SESSION_DONE)
		code = sinkhole_join(session, path, &pairs, &report->findings);
	reply_clear(&pairs);
	return code;
}

/* An error of the stream itself is for who closes it to tell. */
static enum session_code
write_report(const struct session *session, FILE *out,
	const struct report *report)
{
	int result = session->printer->report(out, report);

	return session_printed(session, ferror(out) ? 0 : result,
		SESSION_DONE);
}

static enum session_code
write_to_file(const struct session *session, const struct report *report,
	const char *path)
{
	struct replacement replacement;
	char wrong[SESSION_WRONG];
	enum session_code code;

	if (replace_begin(&replacement, path, wrong, sizeof(wrong)) != 0)
		return session_error(session, SESSION_OUTPUT, "%s", wrong);
	code = write_report(session, replacement.out, report);
	if (code != SESSION_DONE)
		replace_cancel(&replacement);
	else if (replace_end(&replacement, wrong, sizeof(wrong)) != 0)
		code = session_error(session, SESSION_OUTPUT, "%s", wrong);
	return code;
}

enum session_code
ask_report(const struct session *session)
{
	const char *path = session->arguments.options[OPTION_OUTPUT];
	enum session_code code;
	struct report report;

	memset(&report, 0, sizeof(report));
	code = collect(session, &report);
	if (code == SESSION_DONE)
		code = collect_findings(session, &report);
	if (code == SESSION_DONE && path != NULL)
		code = write_to_file(session, &report, path);
	else if (code == SESSION_DONE)
		code = write_report(session, stdout, &report);
	report_clear(&report);
	return code;
}
