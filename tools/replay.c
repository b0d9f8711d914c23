/*
 * replay.c - what another policy would change for recorded queries.
 *
 * The printer gets records, as from the module. First, one for each file:
 *
 *   recording file= format= queries= others= unreadable= fragments= segments=
 *     missing= partial= stopped=
 *
 * as struct traffic has it; partial is yes or no; stopped is there where the
 * file was not read to its end. Then:
 *
 *   replay config= against= state= kept= queries= restricted= unreadable=
 *     missing= same= changed= unlisted=
 *
 * with the sums; unreadable is all that could not be read, against a file, or
 * state and kept the directory and when it was written. Then, for each of
 * newly-blocked, newly-allowed and otherwise:
 *
 *   changes kind= queries= pairs=
 *
 * with the number of its queries and of the pairs of client and name (in its
 * class) that they are of, and as many of those as are wanted:
 *
 *   change client= name= class= count= first= last=
 *
 * each with two records of explain.h behind it: before and after. first and
 * last are there where the recording has times.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "changes.h"
#include "explain.h"
#include "keep.h"
#include "rrtype.h"
#include "session.h"
#include "text.h"
#include "traffic.h"

#ifndef BITSINK_STATE
#error "BITSINK_STATE: expected the state directory's path, see Makefile.in"
#endif

/* Lines of each kind. */
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 10000

struct replay {
	const struct session *session;
	int64_t now;
	int64_t limit;
	struct policy *old;
	struct policy *new;
	/* Where the old one comes from: a file, or a directory, in which it
	 * was kept at that time. */
	const char *against;
	const char *state;
	time_t kept;
	struct changes changes;
	/* Of the file that is read, what is known by answers alone. */
	struct changes answers;
	/* Of all files. */
	struct traffic sum;
	int was_stopped;
	struct record_writer records;
	/* Memory was out. */
	int failed;
};

/* --- The policies. */

static enum session_code
load_file(const struct replay *replay, const char *path,
	struct policy **policy)
{
	enum session_code code;
	struct diag diag;

	*policy = offline_load(replay->session, path, NULL, 0, &diag, &code);
	if (*policy == NULL && code == SESSION_DONE)
		code = offline_errors(replay->session, path, &diag);
	diag_clear(&diag);
	return code;
}

/* What the module would go back to: what it has in force, or had. */
static enum session_code
load_kept(struct replay *replay)
{
	const struct session *session = replay->session;
	enum session_code code = SESSION_DONE;
	struct diag diag;
	struct tape tape;
	const char *failed = keep_read(replay->state, &tape, &replay->kept);

	if (failed != NULL) {
		code = session_error(session, SESSION_USAGE, "found no policy "
			"in \"%s\": %s%s%s; expected the last good one, or "
			"--against OLD", replay->state, failed, errno != 0 ?
			": " : "", errno != 0 ? strerror(errno) : "");
	} else {
		replay->old = offline_load(session, NULL, &tape, 0, &diag,
			&code);
		if (replay->old == NULL && code == SESSION_DONE)
			code = offline_errors(session, replay->state, &diag);
		diag_clear(&diag);
	}
	tape_clear(&tape);
	return code;
}

static enum session_code
load_policies(struct replay *replay)
{
	const char *const *options = replay->session->arguments.options;
	enum session_code code;

	code = load_file(replay, options[OPTION_CONFIG], &replay->new);
	if (code != SESSION_DONE)
		return code;
	replay->against = options[OPTION_AGAINST];
	if (replay->against != NULL)
		return load_file(replay, replay->against, &replay->old);
	replay->state = options[OPTION_STATE] != NULL ? options[OPTION_STATE]
		: BITSINK_STATE;
	return load_kept(replay);
}

/* --- The recordings. */

static int
take_query(void *arg, const struct traffic_query *query)
{
	struct replay *replay = arg;
	struct changes *changes = query->from_answer ? &replay->answers
		: &replay->changes;
	struct traffic_query judged = *query;

	/* Windows were open when it came, or are now. */
	judged.query.now = query->has_time ? query->seconds : replay->now;
	if (changes_add(changes, &judged) == 0)
		return 0;
	replay->failed = 1;
	return -1;
}

/* Answers count in a file that has no queries; there, they are the queries. */
static void
take_answers(struct replay *replay, struct traffic *traffic)
{
	if (traffic->queries == 0) {
		traffic->queries = traffic->answers;
		if (changes_merge(&replay->changes, &replay->answers) != 0)
			replay->failed = 1;
	} else {
		traffic->others += traffic->answers;
	}
	traffic->answers = 0;
}

static void
record_file(struct record_writer *records, const char *path,
	const struct traffic *traffic)
{
	record_begin(records, "recording");
	record_text(records, "file", path);
	record_text(records, "format", traffic->format);
	record_number(records, "queries", traffic->queries);
	record_number(records, "others", traffic->others);
	record_number(records, "unreadable", traffic->unreadable);
	record_number(records, "fragments", traffic->fragments);
	record_number(records, "segments", traffic->segments);
	record_number(records, "missing", traffic->missing);
	record_text(records, "partial", traffic->is_partial ? "yes" : "no");
	if (traffic->stopped[0] != '\0')
		record_text(records, "stopped", traffic->stopped);
	record_end(records);
}

static void
add_traffic(struct replay *replay, const struct traffic *traffic)
{
	replay->sum.others += traffic->others;
	replay->sum.unreadable += traffic->unreadable + traffic->fragments +
		traffic->segments;
	replay->sum.missing += traffic->missing;
	replay->was_stopped |= traffic->stopped[0] != '\0';
}

/* "-" is standard input, as often as it is named: it has an end once. */
static FILE *
open_file(const char *path)
{
	int fd;
	FILE *file;

	if (strcmp(path, "-") != 0)
		return fopen(path, "re");
	fd = dup(STDIN_FILENO);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file == NULL)
		close(fd);
	return file;
}

static enum session_code
read_file(struct replay *replay, const char *path,
	const struct names_key *key)
{
	const struct traffic_sink sink = { take_query, replay };
	char wrong[SESSION_WRONG / 2];
	struct traffic traffic;
	FILE *file = open_file(path);

	if (file == NULL)
		return session_error(replay->session, SESSION_USAGE,
			"cannot open %s: %s", path, strerror(errno));
	changes_init(&replay->answers, replay->old, replay->new, key);
	if (traffic_read(file, &sink, &traffic, wrong, sizeof(wrong)) != 0)
		return session_error(replay->session, SESSION_USAGE,
			"cannot read %s: %s", path, wrong);
	take_answers(replay, &traffic);
	changes_clear(&replay->answers);
	record_file(&replay->records, path, &traffic);
	add_traffic(replay, &traffic);
	return SESSION_DONE;
}

static enum session_code
read_files(struct replay *replay)
{
	const struct arguments *arguments = &replay->session->arguments;
	enum session_code code = SESSION_DONE;
	struct names_key key;
	size_t i;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return session_error(replay->session, SESSION_NO,
			"no random key: %s", strerror(errno));
	changes_init(&replay->changes, replay->old, replay->new, &key);
	for (i = 0; i < arguments->count && code == SESSION_DONE &&
	    !replay->failed; i++)
		code = read_file(replay, arguments->words[i], &key);
	return code;
}

/* --- What is told. */

static uint64_t
sum_changed(const struct changes *changes)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < CHANGE_KINDS; i++)
		sum += changes->changed[i];
	return sum;
}

static void
record_sums(struct replay *replay)
{
	const struct changes *changes = &replay->changes;
	struct record_writer *records = &replay->records;
	uint64_t changed = sum_changed(changes);

	record_begin(records, "replay");
	record_text(records, "config",
		replay->session->arguments.options[OPTION_CONFIG]);
	if (replay->against != NULL) {
		record_text(records, "against", replay->against);
	} else {
		record_text(records, "state", replay->state);
		record_format(records, "kept", "%" PRId64,
			(int64_t)replay->kept);
	}
	record_number(records, "queries", changes->queries);
	record_number(records, "restricted", changes->restricted);
	record_number(records, "unreadable", replay->sum.unreadable);
	record_number(records, "missing", replay->sum.missing);
	record_number(records, "same", changes->queries - changed);
	record_number(records, "changed", changed);
	record_number(records, "unlisted", changes->unlisted);
	record_end(records);
}

static void
record_explained(struct record_writer *records, const struct policy *policy,
	const struct query *query)
{
	struct explanation explanation;

	explain_query(policy, NULL, query, &explanation);
	explain_record(records, query, &explanation);
}

static void
record_change(struct replay *replay, const struct change *change)
{
	struct record_writer *records = &replay->records;
	char client[PREFIX_TEXT_MAX], name[NAME_TEXT_MAX];
	char class[RRTYPE_TEXT_MAX];
	struct query query;

	change_query(change, &query);
	address_to_text(&query.client, client);
	name_to_text(query.qname, query.qname_len, name);
	rrclass_to_text(query.qclass, class);
	record_begin(records, "change");
	record_text(records, "client", client);
	record_text(records, "name", name);
	record_text(records, "class", class);
	record_number(records, "count", change->count);
	if (change->has_time) {
		record_format(records, "first", "%" PRId64, change->first);
		record_format(records, "last", "%" PRId64, change->last);
	}
	record_end(records);
	record_explained(records, replay->old, &query);
	record_explained(records, replay->new, &query);
}

static void
record_changes(struct replay *replay, enum change_kind kind, const char *word,
	const struct change **list)
{
	size_t count = changes_list(&replay->changes, kind, list), i;

	record_begin(&replay->records, "changes");
	record_text(&replay->records, "kind", word);
	record_number(&replay->records, "queries",
		replay->changes.changed[kind]);
	record_number(&replay->records, "pairs", count);
	record_end(&replay->records);
	for (i = 0; i < count && i < (size_t)replay->limit; i++)
		record_change(replay, list[i]);
}

static void
record_all(struct replay *replay)
{
	const struct change **list = calloc(replay->changes.used + 1,
		sizeof(*list));

	if (list == NULL) {
		replay->failed = 1;
		return;
	}
	record_sums(replay);
	record_changes(replay, CHANGE_BLOCKED, "newly-blocked", list);
	record_changes(replay, CHANGE_ALLOWED, "newly-allowed", list);
	record_changes(replay, CHANGE_OTHER, "otherwise", list);
	free(list);
}

/* A change is certain also where something could not be read. */
static enum session_code
code_of(const struct replay *replay)
{
	if (sum_changed(&replay->changes) > 0)
		return SESSION_NO;
	return replay->was_stopped ? SESSION_USAGE : SESSION_DONE;
}

static enum session_code
print_records(struct replay *replay)
{
	const struct session *session = replay->session;
	enum session_code code;
	struct reply reply;

	if (replay->failed)
		return session_printed(session, -1, SESSION_DONE);
	code = session_reply(session, &replay->records, &reply);
	if (code == SESSION_DONE)
		code = session_printed(session,
			session->printer->replay(&reply), code_of(replay));
	reply_clear(&reply);
	return code;
}

static enum session_code
tell(struct replay *replay)
{
	/* Where nothing was asked, that nothing changes says nothing. */
	if (!replay->failed && replay->changes.queries == 0)
		return session_error(replay->session, SESSION_USAGE, "found "
			"no query, expected some: unreadable %" PRIu64
			", of another kind %" PRIu64, replay->sum.unreadable,
			replay->sum.others);
	if (!replay->failed)
		record_all(replay);
	return print_records(replay);
}

/* --- The command. */

static enum session_code
read_options(struct replay *replay)
{
	const char *const *options = replay->session->arguments.options;
	const char *limit = options[OPTION_LIMIT];

	if (options[OPTION_CONFIG] == NULL)
		return session_error(replay->session, SESSION_USAGE, "found "
			"no --config, expected --config NEW");
	if (options[OPTION_AGAINST] != NULL && options[OPTION_STATE] != NULL)
		return session_error(replay->session, SESSION_USAGE, "found "
			"--against and --state, expected one of them");
	replay->limit = LIMIT_DEFAULT;
	if (limit != NULL && (text_number(limit, &replay->limit) != 0 ||
	    replay->limit < 1 || replay->limit > LIMIT_MAX))
		return session_error(replay->session, SESSION_USAGE, "found "
			"\"%s\", expected a number from 1 to %d", limit,
			LIMIT_MAX);
	return SESSION_DONE;
}

enum session_code
replay_run(const struct session *session)
{
	struct replay replay;
	enum session_code code;

	memset(&replay, 0, sizeof(replay));
	replay.session = session;
	replay.now = time(NULL);
	code = read_options(&replay);
	if (code == SESSION_DONE)
		code = load_policies(&replay);
	if (code == SESSION_DONE)
		code = read_files(&replay);
	if (code == SESSION_DONE)
		code = tell(&replay);
	changes_clear(&replay.changes);
	changes_clear(&replay.answers);
	record_clear(&replay.records);
	policy_free(replay.old);
	policy_free(replay.new);
	return code;
}
