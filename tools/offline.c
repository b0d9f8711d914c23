/*
 * offline.c - the commands that look at files and need no module.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <time.h>

#include "explain.h"
#include "file.h"
#include "question.h"
#include "session.h"
#include "site.h"

/* Reads the file of --site. 0 with its text in FILE, or -1 with the error
 * printed. */
static int
read_site(const struct session *session, const char *path, struct file *file)
{
	const struct origin nowhere = { path, 0, 0 };
	char text[SESSION_WRONG];
	struct site site;
	struct diag diag;
	unsigned line = 0;
	int result;

	memset(&diag, 0, sizeof(diag));
	result = file_read(file, path, nowhere, &diag);
	if (result != 0) {
		snprintf(text, sizeof(text), "cannot read %s", path);
		(void)session->printer->error(text, &diag);
		diag_clear(&diag);
		return -1;
	}
	diag_clear(&diag);
	result = site_read(&site, file->text, file->length, &line);
	site_clear(&site);
	if (result == -1)
		(void)session_error(session, SESSION_USAGE, "%s:%u: found "
			"something else, expected what \"bitsinkctl site\" "
			"prints", path, line);
	else if (result != 0)
		(void)session_printed(session, -1, SESSION_DONE);
	return result;
}

/* The policy, for a site that is known. */
static struct policy *
load_for_site(const struct session *session, const char *path,
	struct policy_options *options, struct diag *diag,
	enum session_code *code)
{
	struct file file;
	struct policy *policy;

	memset(&file, 0, sizeof(file));
	if (read_site(session, session->arguments.options[OPTION_SITE],
	    &file) != 0) {
		file_free(&file);
		*code = SESSION_USAGE;
		return NULL;
	}
	options->site = file.text;
	options->site_length = file.length;
	policy = policy_load(path, options, diag);
	file_free(&file);
	return policy;
}

struct policy *
offline_load(const struct session *session, const char *path,
	struct tape *tape, int check_patterns, struct diag *diag,
	enum session_code *code)
{
	const char *own = session->arguments.options[OPTION_LISTS];
	const char *directories[] = {
		BITSINK_SYSCONF_LISTS, BITSINK_DATA_LISTS, NULL
	};
	struct policy_options options;

	if (own != NULL) {
		directories[0] = own;
		directories[1] = NULL;
	}
	memset(diag, 0, sizeof(*diag));
	memset(&options, 0, sizeof(options));
	options.list_directories = directories;
	options.check_patterns = check_patterns;
	options.tape = tape;
	*code = SESSION_DONE;
	if (getrandom(&options.key, sizeof(options.key), 0) !=
	    (ssize_t)sizeof(options.key)) {
		*code = session_error(session, SESSION_NO,
			"no random key: %s", strerror(errno));
		return NULL;
	}
	if (session->arguments.options[OPTION_SITE] != NULL)
		return load_for_site(session, path, &options, diag, code);
	return policy_load(path, &options, diag);
}

enum session_code
offline_errors(const struct session *session, const char *what,
	const struct diag *diag)
{
	char text[SESSION_WRONG];

	snprintf(text, sizeof(text), "%s: errors %zu, expected a policy "
		"without", what, diag->errors);
	(void)session->printer->error(text, diag);
	return SESSION_USAGE;
}

enum session_code
offline_check(const struct session *session)
{
	struct checked checked = { session->arguments.words[0], NULL, NULL };
	enum session_code code;
	struct policy *policy;
	struct diag diag;

	policy = offline_load(session, checked.file, NULL, 1, &diag, &code);
	if (code != SESSION_DONE)
		return code;
	checked.policy = policy;
	checked.diag = &diag;
	code = session_printed(session, session->printer->check(&checked),
		policy != NULL ? SESSION_DONE : SESSION_NO);
	policy_free(policy);
	diag_clear(&diag);
	return code;
}

/* Prints what POLICY does with QUESTION, by the record that the module would
 * send. */
static enum session_code
explain(const struct session *session, const struct policy *policy,
	const struct question *question)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct explanation explanation;
	enum session_code code;
	struct reply reply;

	explain_query(policy, NULL, &question->query, &explanation);
	explain_record(&writer, &question->query, &explanation);
	code = session_reply(session, &writer, &reply);
	if (code == SESSION_DONE)
		code = session_explained(session, reply_find(&reply,
			"explain"));
	reply_clear(&reply);
	return code;
}

enum session_code
offline_explain(const struct session *session)
{
	const struct arguments *arguments = &session->arguments;
	const char *path = arguments->options[OPTION_CONFIG];
	const char *type = arguments->count > 2 ? arguments->words[2] : NULL;
	const char *found, *expected;
	struct question question;
	enum session_code code;
	struct policy *policy;
	struct diag diag;

	expected = question_read(&question, arguments->words[0],
		arguments->words[1], type, arguments->options[OPTION_CLASS],
		&found);
	if (expected != NULL)
		return session_error(session, SESSION_USAGE, "found \"%s\", "
			"expected %s", found, expected);
	question.query.now = time(NULL);
	policy = offline_load(session, path, NULL, 0, &diag, &code);
	if (policy != NULL)
		code = explain(session, policy, &question);
	else if (code == SESSION_DONE)
		code = offline_errors(session, path, &diag);
	policy_free(policy);
	diag_clear(&diag);
	return code;
}
