/*
 * test_control.c - what the control socket tells of a live Unbound is what its
 * clients get; and no client of it keeps any of Unbound's waiting.
 */
#include "world.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define WORD_OCTETS 512

static const char control_policy[] =
	"bitsink:\n  log: off\n"
	"group:\n  name: nx\n  client: 127.0.0.2\n"
	"  client: " SANDBOX_IP6_UPDATE "\n  allow: .allowed.test\n"
	"  deny: denied.allowed.test\n  ttl: 77\n"
	"group:\n  name: nodata\n  client: 127.0.0.3\n"
	"  allow: *.allowed.test\n  action: nodata\n  ttl: 5\n"
	"group:\n  name: refuse\n  client: 127.0.0.4\n"
	"  action: refused\n"
	"group:\n  name: drop\n  client: 127.0.0.5\n"
	"  allow: .allowed.test\n  action: drop\n"
	"group:\n  name: hole\n  client: 127.0.0.6/31\n"
	"  allow: .allowed.test\n  deny: .denied.allowed.test\n"
	"  action: sinkhole\n  sinkhole: 192.0.2.10\n"
	"  sinkhole: 192.0.2.11\n  sinkhole: 2001:db8::10\n  ttl: 88\n"
	"group:\n  name: hole4\n  client: 127.0.0.8\n"
	"  action: sinkhole\n  sinkhole: 192.0.2.12\n"
	"group:\n  name: audit\n  client: 127.0.0.9\n"
	"  allow: www.allowed.test\n  action: drop\n  mode: audit\n";

#define GROUPS 7

static int
setup(void **state)
{
	static const struct resolver_options options = {
		.policy = control_policy,
	};

	world_start(state, &options);
	return 0;
}

/* --- Fields. */

static void
assert_count(const char *line, const char *key, unsigned long expected)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", expected);
	control_assert(line, key, text);
}

/* Where WORD stands in the policy, as FILE:LINE:COLUMN. */
static char *
origin_of(const struct world *world, const char *word)
{
	const char *at = strstr(control_policy, word), *begin = control_policy;
	unsigned line = 1;
	const char *p;
	char *text;

	assert_non_null(at);
	for (p = control_policy; p < at; p++)
		if (*p == '\n') {
			line++;
			begin = p + 1;
		}
	if (asprintf(&text, "%s/bitsink.conf:%u:%u", world->resolver->folder,
	    line, (unsigned)(at - begin) + 1) < 0)
		abort();
	return text;
}

/* Dropped queries have no answer: this one, behind them, has. One thread of
 * Unbound takes them in order. */
static void
ask_behind(void)
{
	assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
}

/* --- What it is. */

static void
status_tells_what_is_in_force(void **state)
{
	struct world *world = *state;
	char *status, *path, *before, *after;
	long now = time(NULL);

	if (asprintf(&path, "%s/bitsink.conf", world->resolver->folder) < 0)
		abort();
	status = control_ask(world->resolver, "status");
	assert_ptr_equal(control_find(status, "status", NULL, NULL), status);
	assert_count(status, "pid", (unsigned long)world->resolver->pid);
	control_assert(status, "mode", "mixed");
	control_assert(status, "policy", path);
	control_assert(status, "stale", "no");
	control_assert(status, "kept", NULL);
	control_assert(status, "error", NULL);
	assert_count(status, "errors", 0);
	assert_count(status, "groups", GROUPS);
	assert_count(status, "prefixes", 8);
	assert_count(status, "patterns", 7);
	assert_count(status, "workers", 1);
	assert_count(status, "listeners", 0);
	assert_in_range(control_number(status, "now"), now, now + 20);
	assert_in_range(control_number(status, "started"), now - 20,
		control_number(status, "now"));
	assert_in_range(control_number(status, "loaded"), now - 20,
		control_number(status, "now"));
	before = control_value(status, "checksum");
	assert_int_equal(strlen(before), 16);
	free(status);
	/* Another policy has another checksum. */
	sandbox_write(world->resolver->folder, "bitsink.conf", WORLD_POLICY);
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 2);
	status = control_ask(world->resolver, "status");
	after = control_value(status, "checksum");
	assert_string_not_equal(before, after);
	control_assert(status, "mode", "enforce");
	free(status);
	free(before);
	free(after);
	free(path);
}

static void
status_tells_of_a_stale_policy_and_why(void **state)
{
	struct world *world = *state;
	char *status, *error;

	sandbox_write(world->resolver->folder, "bitsink.conf",
		"group:\n  nmae: a\n  client: x\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log_count(world->resolver, "bitsink: version=", 2);
	status = control_ask(world->resolver, "status");
	control_assert(status, "stale", "yes");
	assert_true(control_number(status, "kept") <=
		control_number(status, "now"));
	assert_true(control_number(status, "errors") >= 2);
	assert_count(status, "groups", GROUPS);
	error = control_value(status, "error");
	assert_non_null(strstr(error, "bitsink.conf:2:3: "));
	free(error);
	free(status);
}

static void
groups_tells_what_each_does(void **state)
{
	struct world *world = *state;
	char *groups = control_ask(world->resolver, "groups"), *origin;
	const char *line = control_find(groups, "group", "name", "hole");

	assert_non_null(line);
	origin = origin_of(world, "group:\n  name: hole\n");
	control_assert(line, "at", origin);
	free(origin);
	control_assert(line, "mode", "enforce");
	control_assert(line, "action", "sinkhole");
	assert_count(line, "ttl", 88);
	control_assert(line, "log", "off");
	assert_count(line, "prefixes", 1);
	assert_count(line, "patterns", 2);
	control_assert(line, "lists", "");
	control_assert(line, "sinkholes",
		"192.0.2.10, 192.0.2.11, 2001:db8::10");
	line = control_find(groups, "group", "name", "audit");
	control_assert(line, "mode", "audit");
	control_assert(line, "action", "drop");
	assert_null(control_find(groups, "group", "name", "other"));
	free(groups);
}

/* --- Explanations. */

/* The answer that a client got, in the words of an explanation. */
static char *
describe(const ldns_pkt *answer)
{
	char *text = NULL;
	size_t length, i;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	if (ldns_pkt_get_rcode(answer) == LDNS_RCODE_NXDOMAIN)
		fprintf(memory, "NXDOMAIN");
	else if (ldns_pkt_get_rcode(answer) == LDNS_RCODE_REFUSED)
		fprintf(memory, "REFUSED");
	else if (ldns_pkt_ancount(answer) == 0)
		fprintf(memory, "NODATA");
	for (i = 0; i < ldns_pkt_ancount(answer); i++) {
		char *word = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(
			ldns_pkt_answer(answer), i), 0));

		fprintf(memory, "%s%s", i > 0 ? ", " : "", word);
		free(word);
	}
	fclose(memory);
	return text;
}

static void
check_ttl(const char *line, const ldns_pkt *answer)
{
	const ldns_rr_list *records = ldns_pkt_ancount(answer) > 0
		? ldns_pkt_answer(answer) : ldns_pkt_authority(answer);

	if (ldns_rr_list_rr_count(records) == 0)
		control_assert(line, "ttl", NULL);
	else
		assert_count(line, "ttl",
			ldns_rr_ttl(ldns_rr_list_rr(records, 0)));
}

static void
check_blocked(const char *line, const struct question *question)
{
	char text[WORD_OCTETS], *found;
	struct asking *asking = ask_begin(*question);
	ldns_pkt *answer;

	if (control_is(line, "action", "drop")) {
		ask_behind();
		assert_false(ask_is_answered(asking));
		ask_cancel(asking);
		control_assert(line, "answer", "none");
		control_assert(line, "ede", NULL);
		return;
	}
	answer = ask_end(asking);
	found = describe(answer);
	control_assert(line, "answer", found);
	check_ttl(line, answer);
	assert_int_equal(answer_ede(answer, text, sizeof(text)), 15);
	control_assert(line, "ede", text);
	free(found);
	ldns_pkt_free(answer);
}

/* The answer is everybody's, and nothing of bitsink is in it. */
static void
check_usual(const char *line, const struct question *question)
{
	struct question ordinary = *question;
	ldns_pkt *answer = ask(*question);
	char text[WORD_OCTETS], *found, *expected;

	control_assert(line, "answer", "as usual");
	control_assert(line, "ttl", NULL);
	control_assert(line, "ede", NULL);
	assert_int_not_equal(answer_ede(answer, text, sizeof(text)), 15);
	ordinary.from = ORDINARY;
	found = answer_line(answer);
	expected = answer_line(ask(ordinary));
	assert_string_equal(found, expected);
	free(found);
	free(expected);
}

static unsigned long
counter(const struct world *world, const char *verdict)
{
	char name[WORD_OCTETS];

	snprintf(name, sizeof(name), "total.num.bitsink.%s",
		strcmp(verdict, "block") == 0 ? "blocked" :
		strcmp(verdict, "audit") == 0 ? "audited" :
		strcmp(verdict, "allow") == 0 ? "allowed" : verdict);
	return resolver_stat(world->resolver, name);
}

static void
check_explanation(const struct world *world, const struct question *question)
{
	char request[WORD_OCTETS], *line, *verdict, *type;
	unsigned long before;

	type = ldns_rr_type2str((ldns_rr_type)question->type);
	snprintf(request, sizeof(request), "explain client=%s name=%s type=%s "
		"class=%s", question->from, question->name, type,
		question->flags & ASK_CHAOS ? "CH" : "IN");
	free(type);
	line = control_ask(world->resolver, request);
	verdict = control_value(line, "verdict");
	assert_non_null(verdict);
	before = counter(world, verdict);
	if (strcmp(verdict, "block") == 0)
		check_blocked(line, question);
	else
		check_usual(line, question);
	/* Others were asked, too, who are unrestricted. */
	if (strcmp(verdict, "unrestricted") == 0)
		assert_true(counter(world, verdict) > before);
	else
		assert_int_equal(counter(world, verdict), before + 1);
	free(verdict);
	free(line);
}

static void
explanations_agree_with_answers(void **state)
{
	static const char *const clients[] = { "127.0.0.2",
		SANDBOX_IP6_UPDATE, "127.0.0.3", "127.0.0.4", "127.0.0.5",
		"127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9", ORDINARY,
		SANDBOX_IP6_ORDINARY };
	static const char *const names[] = { "www.allowed.test", "evil.test",
		"denied.allowed.test", "allowed.test", "chain.allowed.test",
		"EVIL.Test", "nothing.test", "." };
	static const int types[] = { TYPE_A, TYPE_AAAA, TYPE_TXT, TYPE_ANY };
	struct world *world = *state;
	size_t c, n, t;

	for (c = 0; c < sizeof(clients) / sizeof(clients[0]); c++) {
		for (n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			for (t = 0; t < 4; t++)
				check_explanation(world, &Q(clients[c],
					names[n], types[t],
					.flags = ASK_EDNS));
		check_explanation(world, &Q(clients[c], "www.allowed.test",
			TYPE_A, .flags = ASK_EDNS | ASK_CHAOS));
	}
}

static void
an_explanation_tells_which_rule_decided(void **state)
{
	struct world *world = *state;
	char *line = control_ask(world->resolver, "explain client=127.0.0.7 "
		"name=a.denied.allowed.test type=AAAA");
	char *origin = origin_of(world, ".denied.allowed.test\n  action: "
		"sinkhole");

	control_assert(line, "verdict", "block");
	control_assert(line, "reason", "denied");
	control_assert(line, "group", "hole");
	control_assert(line, "prefix", "127.0.0.6/31");
	control_assert(line, "pattern", ".denied.allowed.test");
	control_assert(line, "deny", "yes");
	control_assert(line, "rule", origin);
	control_assert(line, "answer", "2001:db8::10");
	free(origin);
	free(line);
}

/* --- Counts. */

static void
ask_times(const char *from, const char *name, unsigned times)
{
	while (times-- > 0)
		ask_cancel(ask_begin(Q(from, name, TYPE_A)));
	ask_behind();
}

static void
ask_for_counts(void)
{
	ask_times("127.0.0.2", "evil.test", 7);
	ask_times("127.0.0.2", "denied.allowed.test", 5);
	ask_times("127.0.0.2", "www.allowed.test", 2);
	ask_times(SANDBOX_IP6_UPDATE, "EVIL.test", 3);
	ask_times("127.0.0.5", "evil.test", 4);
	ask_times("127.0.0.9", "evil.test", 6);
	ask_times(ORDINARY, "evil.test", 9);
}

/* Waits until the thread has seen COUNT events: each worker's come in order,
 * those of two in any. */
static void
await_events(const struct world *world, unsigned long count)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	unsigned long total;
	char *reply;

	do {
		reply = control_ask(world->resolver, "top by=clients");
		total = control_number(control_find(reply, "top", "by",
			"clients"), "total");
		if (total != count && !sandbox_wait(deadline))
			fail_msg("expected total=%lu in:\n%s", count, reply);
		free(reply);
	} while (total != count);
}

static void
check_entry(const char *line, const char *group, const char *client,
	const char *name, unsigned long count)
{
	long now = time(NULL);

	control_assert(line, "group", group);
	control_assert(line, "client", client);
	control_assert(line, "name", name);
	assert_count(line, "count", count);
	assert_count(line, "error", 0);
	assert_in_range(control_number(line, "first"), now - 60, now + 1);
	assert_in_range(control_number(line, "last"),
		control_number(line, "first"), now + 1);
}

static const char *
next_line(const char *line)
{
	return strchr(line, '\n') + 1;
}

static void
top_has_the_most_blocked_first(void **state)
{
	struct world *world = *state;
	char *reply, *origin;
	const char *line;

	ask_for_counts();
	await_events(world, 12 + 6 + 4 + 3);
	reply = control_ask(world->resolver, "top by=clients");
	line = control_find(reply, "top", "by", "clients");
	assert_ptr_equal(line, reply);
	control_assert(line, "exact", "yes");
	assert_count(line, "lost", 0);
	assert_count(line, "used", 4);
	line = next_line(line);
	check_entry(line, "nx", "127.0.0.2", NULL, 12);
	line = next_line(line);
	check_entry(line, "audit", "127.0.0.9", NULL, 6);
	line = next_line(line);
	check_entry(line, "drop", "127.0.0.5", NULL, 4);
	line = next_line(line);
	check_entry(line, "nx", SANDBOX_IP6_UPDATE, NULL, 3);
	assert_string_equal(next_line(line), "");
	free(reply);
	reply = control_ask(world->resolver, "top by=names group=nx");
	line = next_line(reply);
	check_entry(line, "nx", NULL, "evil.test.", 10);
	line = next_line(line);
	check_entry(line, "nx", NULL, "denied.allowed.test.", 5);
	assert_string_equal(next_line(line), "");
	free(reply);
	reply = control_ask(world->resolver, "top by=pairs limit=1");
	line = next_line(reply);
	check_entry(line, "nx", "127.0.0.2", "evil.test.", 7);
	assert_string_equal(next_line(line), "");
	free(reply);
	reply = control_ask(world->resolver, "top by=rules group=nx");
	line = control_find(reply, "entry", "reason", "denied");
	assert_count(line, "count", 5);
	origin = origin_of(world, "denied.allowed.test");
	control_assert(line, "rule", origin);
	free(origin);
	line = control_find(reply, "entry", "reason", "not-listed");
	assert_count(line, "count", 10);
	control_assert(line, "rule", NULL);
	free(reply);
}

static unsigned long
sum_of(const char *line, const char *key)
{
	char *text = control_value(line, key), *at = text, *word;
	unsigned long sum = 0;

	assert_non_null(text);
	while ((word = strsep(&at, ",")) != NULL)
		sum += strtoul(word, NULL, 10);
	free(text);
	return sum;
}

/* Waits until all that is blocked is there: a query that is dropped has no
 * answer to wait for. */
static void
check_history(const struct world *world, const char *request,
	unsigned long allowed, unsigned long blocked, unsigned long audited)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	char *reply;
	const char *line;

	for (;;) {
		reply = control_ask(world->resolver, request);
		line = control_find(reply, "steps", NULL, NULL);
		/* A group that was not blocked yet has none. */
		if ((line != NULL && sum_of(line, "blocked") >= blocked &&
		    sum_of(line, "audited") >= audited) ||
		    !sandbox_wait(deadline))
			break;
		free(reply);
	}
	assert_non_null(line);
	assert_int_equal(sum_of(line, "allowed"), allowed);
	assert_int_equal(sum_of(line, "blocked"), blocked);
	assert_int_equal(sum_of(line, "audited"), audited);
	free(reply);
}

static void
history_has_what_was_asked(void **state)
{
	struct world *world = *state;

	ask_for_counts();
	check_history(world, "history", 2, 19, 6);
	check_history(world, "history group=nx", 2, 15, 0);
	check_history(world, "history group=drop", 0, 4, 0);
	check_history(world, "history group=audit", 0, 0, 6);
	ask_for_counts();
	check_history(world, "history", 4, 38, 12);
}

static unsigned long
metric(const char *metrics, const char *kind, const char *name)
{
	return control_number(control_find(metrics, kind, "name", name),
		"value");
}

static unsigned long
cell(const char *metrics, const char *group, const char *reason,
	const char *verdict, const char *action)
{
	const char *line = metrics;

	while ((line = control_find(line, "cell", "group", group)) != NULL) {
		if (control_is(line, "reason", reason)) {
			control_assert(line, "verdict", verdict);
			control_assert(line, "action", action);
			return control_number(line, "value");
		}
		line = next_line(line);
	}
	return 0;
}

static void
metrics_and_groups_have_what_was_asked_and_never_go_back(void **state)
{
	struct world *world = *state;
	unsigned unrestricted = 7 + 9;
	const char *line;
	char *reply;

	ask_for_counts();
	free(resolver_control(world->resolver, "stats"));
	free(control_ask(world->resolver, "stats reset=yes"));
	reply = control_ask(world->resolver, "metrics");
	assert_int_equal(metric(reply, "count", "unrestricted"),
		unrestricted);
	assert_int_equal(metric(reply, "count", "unanswered"), 0);
	assert_int_equal(metric(reply, "count", "events-lost"), 0);
	assert_int_equal(metric(reply, "count", "log-lines"), 0);
	assert_int_equal(metric(reply, "gauge", "groups"), GROUPS);
	assert_int_equal(metric(reply, "gauge", "stale"), 0);
	assert_int_equal(cell(reply, "nx", "allowed", "allow", "none"), 2);
	assert_int_equal(cell(reply, "nx", "not-listed", "block",
		"nxdomain"), 10);
	assert_int_equal(cell(reply, "nx", "denied", "block", "nxdomain"),
		5);
	assert_int_equal(cell(reply, "drop", "not-listed", "block", "drop"),
		4);
	assert_int_equal(cell(reply, "audit", "not-listed", "audit", "drop"),
		6);
	free(reply);
	reply = control_ask(world->resolver, "groups");
	line = control_find(reply, "group", "name", "nx");
	assert_count(line, "allowed", 2);
	assert_count(line, "blocked", 15);
	assert_count(line, "audited", 0);
	line = control_find(reply, "group", "name", "audit");
	assert_count(line, "blocked", 0);
	assert_count(line, "audited", 6);
	free(reply);
}

/* --- Watching. */

struct seen {
	struct question question;
	const char *group;
	const char *name;
	const char *type;
	const char *class;
	const char *verdict;
	const char *reason;
	const char *action;
	/* Where the rule begins in the policy, or NULL. */
	const char *rule;
};

/* In the order in which they are asked; an unrestricted one has no group. */
static const struct seen sights[] = {
	{ { "127.0.0.2", "EviL.test", TYPE_A, ASK_UDP, 0, 0, 0 }, "nx",
		"EviL.test.", "A", "IN", "block", "not-listed", "nxdomain",
		NULL },
	{ { ORDINARY, "evil.test", TYPE_A, ASK_UDP, 0, 0, 0 }, NULL, NULL, NULL,
		NULL, NULL, NULL, NULL, NULL },
	{ { SANDBOX_IP6_UPDATE, "denied.allowed.test", TYPE_AAAA, ASK_TCP, 0,
		0, 0 }, "nx", "denied.allowed.test.", "AAAA", "IN", "block",
		"denied", "nxdomain", "denied.allowed.test" },
	{ { "127.0.0.2", "www.allowed.test", TYPE_TXT, ASK_UDP, 0, 0, 0 }, "nx",
		"www.allowed.test.", "TXT", "IN", "allow", "allowed", "none",
		".allowed.test" },
	{ { "127.0.0.6", "www.allowed.test", TYPE_A, ASK_UDP, ASK_CHAOS, 0,
		0 },
		"hole", "www.allowed.test.", "A", "CH", "block", "class",
		"refused", NULL },
	{ { "127.0.0.9", "evil.test", LDNS_RR_TYPE_HTTPS, ASK_UDP, 0, 0, 0 },
		"audit", "evil.test.", "HTTPS", "IN", "audit", "not-listed",
		"drop", NULL },
	{ { "127.0.0.9", "www.allowed.test", TYPE_A, ASK_UDP, 0, 0, 0 },
		"audit", "www.allowed.test.", "A", "IN", "allow", "allowed",
		"none", "www.allowed.test" },
	{ { "127.0.0.4", "a\\010b\\032c\\200.test", 65280, ASK_UDP, 0, 0, 0 },
		"refuse", "a\\010b\\032c\\200.test.", "TYPE65280", "IN",
		"block", "not-listed", "refused", NULL },
};

#define SIGHTS (sizeof(sights) / sizeof(sights[0]))

static void
check_event(const struct world *world, const char *line,
	const struct seen *seen)
{
	long now = time(NULL);
	char *rule = NULL;

	assert_ptr_equal(control_find(line, "event", NULL, NULL), line);
	control_assert(line, "client", seen->question.from);
	control_assert(line, "group", seen->group);
	control_assert(line, "name", seen->name);
	control_assert(line, "type", seen->type);
	control_assert(line, "class", seen->class);
	control_assert(line, "verdict", seen->verdict);
	control_assert(line, "reason", seen->reason);
	control_assert(line, "action", seen->action);
	if (seen->rule != NULL)
		rule = origin_of(world, seen->rule);
	control_assert(line, "rule", rule);
	free(rule);
	assert_in_range(control_number(line, "time"), now - 60, now);
	assert_true(control_number(line, "microseconds") < 1000000);
}

/* Each is there before the next is asked. */
static void
a_listener_sees_each_query_as_it_comes(void **state)
{
	struct world *world = *state;
	struct watcher *blocked = control_watch(world->resolver, "watch");
	struct watcher *all = control_watch(world->resolver, "watch all=yes");
	size_t i;

	for (i = 0; i < SIGHTS; i++) {
		ldns_pkt_free(ask(sights[i].question));
		if (sights[i].group == NULL)
			continue;
		check_event(world, control_next(all), &sights[i]);
		if (strcmp(sights[i].verdict, "allow") != 0)
			check_event(world, control_next(blocked), &sights[i]);
	}
	control_unwatch(blocked);
	control_unwatch(all);
}

static void
a_listener_sees_only_what_it_wants(void **state)
{
	static const struct {
		const char *request;
		/* Whether it sees a row of the table above. */
		int sees[SIGHTS];
	} rows[] = {
		{ "watch group=nx", { 1, 0, 1, 0, 0, 0, 0, 0 } },
		{ "watch all=yes group=audit", { 0, 0, 0, 0, 0, 1, 1, 0 } },
		{ "watch client=127.0.0.0/29", { 1, 0, 0, 0, 1, 0, 0, 1 } },
		{ "watch all=yes client=" SANDBOX_IP6_UPDATE,
			{ 0, 0, 1, 0, 0, 0, 0, 0 } },
		{ "watch all=yes name=.allowed.test",
			{ 0, 0, 1, 1, 1, 0, 1, 0 } },
		{ "watch name=e*.test client=127.0.0.2",
			{ 1, 0, 0, 0, 0, 0, 0, 0 } },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct watcher *watchers[ROWS];
	struct world *world = *state;
	size_t i, k;

	for (k = 0; k < ROWS; k++)
		watchers[k] = control_watch(world->resolver, rows[k].request);
	for (i = 0; i < SIGHTS; i++)
		ldns_pkt_free(ask(sights[i].question));
	/* Whoever saw too much sees something else at its next. */
	for (k = 0; k < ROWS; k++)
		for (i = 0; i < SIGHTS; i++)
			if (rows[k].sees[i])
				check_event(world, control_next(watchers[k]),
					&sights[i]);
	for (i = 0; i < SIGHTS; i++)
		ldns_pkt_free(ask(sights[i].question));
	for (k = 0; k < ROWS; k++) {
		for (i = 0; i < SIGHTS; i++)
			if (rows[k].sees[i])
				check_event(world, control_next(watchers[k]),
					&sights[i]);
		control_unwatch(watchers[k]);
	}
}

static void
a_listener_that_leaves_is_forgotten(void **state)
{
	struct world *world = *state;
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	struct watcher *watcher = control_watch(world->resolver,
		"watch all=yes");
	char *status;

	control_unwatch(watcher);
	for (;;) {
		status = control_ask(world->resolver, "status");
		if (control_number(status, "listeners") == 0)
			break;
		free(status);
		assert_true(sandbox_wait(deadline));
	}
	free(status);
}

/* --- What is wrong. */

static void
wrong_requests_are_told_what_was_expected(void **state)
{
	static const char *const rows[][2] = {
		{ "halp", "found \"halp\", expected status, groups, stats, "
			"metrics, top, history, watch, reload, learned, "
			"explain, allow, revoke or site" },
		{ "top by=colour", "found \"colour\", expected by=clients, "
			"names, rules or pairs" },
		{ "top by=names group=nobody", "found \"nobody\", expected a "
			"group of the policy" },
		{ "status now=yes", "found \"now\", expected a key that this "
			"request takes, once" },
		{ "watch all=maybe", "found \"maybe\", expected yes or no" },
		{ "GET / HTTP/1.0\r", "found 'G' in column 1, expected " },
	};
	struct world *world = *state;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = control_refused(world->resolver, rows[i][0]);

		if (strncmp(text, rows[i][1], strlen(rows[i][1])) != 0) {
			print_error("%s: found: %s\nexpected: %s\n",
				rows[i][0], text, rows[i][1]);
			fail();
		}
		free(text);
	}
}

/* --- Bad company. */

#define CROWD 72
/* As many as bitsink takes; it tells the others. */
#define CLIENTS_MAX 64
#define ANSWERS 200
#define MANY_GROUPS 3000

/* A policy of which "groups" tells more than a socket's buffer holds. */
static char *
long_policy(void)
{
	char *text = NULL;
	size_t length;
	unsigned i;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	fprintf(memory, WORLD_POLICY);
	for (i = 0; i < MANY_GROUPS; i++)
		fprintf(memory, "group:\n  name: g%u\n  client: 10.1.%u.%u\n",
			i, i / 256, i % 256);
	fclose(memory);
	return text;
}

/* What the crowd sends: nothing, garbage, the beginning of a request, and
 * requests of which it reads nothing. */
static const char *const noise[] = { "", "\x80\xff{}", "status a=\\0",
	"groups\n", "watch all=yes\n", "top by=pai",
	"explain client=127.0.0.2 name=" };

/* Whether nothing has come, and nothing has ended. */
static int
is_silent(int fd)
{
	struct pollfd polled = { fd, POLLIN, 0 };

	return poll(&polled, 1, 0) == 0;
}

static void
let_in_crowd(const struct world *world, int *crowd)
{
	size_t i;

	for (i = 0; i < CROWD; i++) {
		const char *says = noise[i % (sizeof(noise) /
			sizeof(noise[0]))];

		crowd[i] = control_open(world->resolver);
		/* Who is one too many may be closed already. */
		(void)!send(crowd[i], says, strlen(says), MSG_NOSIGNAL);
	}
}

/* Waits until the last of the crowd is told that there are enough. */
static void
await_crowd(const int *crowd)
{
	char *text = control_rest(crowd[CROWD - 1]);

	assert_non_null(strstr(text, "error code=busy text=found\\03264"
		"\\032connections\\032already,"));
	free(text);
}

static void
no_crowd_at_the_socket_delays_answers(void **state)
{
	char *policy = long_policy();
	const struct resolver_options options = { .policy = policy };
	struct world *world = world_start(state, &options);
	int crowd[CROWD];
	unsigned i;

	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	let_in_crowd(world, crowd);
	await_crowd(crowd);
	for (i = 0; i < ANSWERS; i++) {
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
			"NXDOMAIN");
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
			"NOERROR 203.0.113.66");
	}
	/* All the time they were there: the first, which is silent, would have
	 * been told after 10 seconds. */
	assert_true(is_silent(crowd[0]));
	assert_int_equal(resolver_stat(world->resolver,
		"total.num.bitsink.blocked"), ANSWERS);
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	free(policy);
}

/* Who does not read loses its place in time, and others get it. */
static void
a_crowd_that_does_nothing_is_sent_away(void **state)
{
	char *policy = long_policy(), *text;
	const struct resolver_options options = { .policy = policy };
	struct world *world = world_start(state, &options);
	int crowd[CROWD];
	unsigned i;

	let_in_crowd(world, crowd);
	await_crowd(crowd);
	text = control_rest(crowd[0]);
	assert_non_null(strstr(text, "error text=found\\0320\\032octets"));
	free(text);
	text = control_ask(world->resolver, "groups");
	assert_non_null(control_find(text, "group", "name", "g2999"));
	free(text);
	for (i = 0; i < CROWD; i++)
		close(crowd[i]);
	free(policy);
}

#define control_test(function) \
	cmocka_unit_test_setup_teardown(function, setup, world_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		control_test(status_tells_what_is_in_force),
		control_test(status_tells_of_a_stale_policy_and_why),
		control_test(groups_tells_what_each_does),
		control_test(explanations_agree_with_answers),
		control_test(an_explanation_tells_which_rule_decided),
		control_test(top_has_the_most_blocked_first),
		control_test(history_has_what_was_asked),
		control_test(
		metrics_and_groups_have_what_was_asked_and_never_go_back),
		control_test(a_listener_sees_each_query_as_it_comes),
		control_test(a_listener_sees_only_what_it_wants),
		control_test(a_listener_that_leaves_is_forgotten),
		control_test(wrong_requests_are_told_what_was_expected),
		own_world_test(no_crowd_at_the_socket_delays_answers),
		own_world_test(a_crowd_that_does_nothing_is_sent_away),
	};

	return world_main(tests);
}
