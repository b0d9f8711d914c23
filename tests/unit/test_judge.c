/*
 * test_judge.c - what is allowed besides the policy: names it does not speak
 * of, for a time, and never more than that.
 */
#include "support.h"


#include "judge.h"

/* A Tuesday, 22:13:20. */
#define NOW INT64_C(1700000000)
#define HOUR 3600

static const struct names_key test_key = { { 7, 8 } };

#define CLIENT "192.0.2.1"
#define AUDITED "192.0.2.2"
#define PLAIN "192.0.2.3"
#define FREE "198.51.100.1"

/* "plain" follows nothing; the window of "typed" is open. */
static const char policy_text[] =
	"group:\n"
	" name: forwarder\n client: " CLIENT "\n follow-chain: yes\n"
	" allow: ok.example\n deny: denied.example\n quiet: wpad.example\n"
	" quiet-single-labels: yes\n action: sinkhole\n sinkhole: 192.0.2.9\n"
	"group:\n"
	" name: audited\n client: " AUDITED "\n follow-chain: yes\n"
	" mode: audit\n allow: ok.example\n deny: denied.example\n"
	" quiet: wpad.example\n allow-types: A\n"
	"group:\n"
	" name: plain\n client: " PLAIN "\n allow: ok.example\n"
	" quiet: wpad.example\n"
	"group:\n"
	" name: typed\n client: 192.0.2.4\n follow-chain: yes\n"
	" allow: ok.example\n quiet: wpad.example\n"
	" allow-types: \"A AAAA\"\n action: drop\n"
	" window: \"Tue 22:00-23:00\"\n window-action: refused\n";

#define TYPED "192.0.2.4"

struct judging {
	struct loaded loaded;
	struct exceptions exceptions;
};

static void
open_judging(struct judging *judging)
{
	write_text("policy.conf", policy_text);
	judging->loaded = load_good("policy.conf");
	judging->exceptions.grants = grants_new();
	judging->exceptions.followed = followed_new(&test_key);
	assert_non_null(judging->exceptions.grants);
	assert_non_null(judging->exceptions.followed);
}

static void
close_judging(struct judging *judging)
{
	grants_free(judging->exceptions.grants);
	followed_free(judging->exceptions.followed);
	unload(&judging->loaded);
}

static void
grant(struct judging *judging, const char *group, const char *pattern)
{
	assert_int_equal(grants_add(judging->exceptions.grants, group, pattern,
		NOW, NOW + HOUR), 0);
}

static void
follow(struct judging *judging, const char *group, const char *target)
{
	struct name question = name_of("ok.example"), name = name_of(target);

	followed_add(judging->exceptions.followed, group, &question, &name,
		NOW, NOW + 60);
}

static struct decision
judge_type(struct judging *judging, const char *client, const char *name,
	uint16_t type, int64_t now)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct query query = query_of(client, name, wire);
	struct decision decision;

	query.qtype = type;
	query.now = now;
	memset(&decision, 0xa5, sizeof(decision));
	judge_query(judging->loaded.policy, &judging->exceptions, &query,
		&decision);
	return decision;
}

/* How much is wrong with the verdict on a query for an address at NOW. */
static int
row(struct judging *judging, const char *client, const char *name,
	enum verdict verdict, enum reason reason)
{
	struct decision decision = judge_type(judging, client, name, RRTYPE_A,
		NOW);
	char text[256];

	snprintf(text, sizeof(text), "%s %s", client, name);
	return row_text(text, verdict_word(verdict),
		verdict_word(decision.verdict)) +
		row_text(text, reason_word(reason),
			reason_word(decision.reason));
}

/* --- Without exceptions. */

static int
same_decisions(const struct decision *a, const struct decision *b)
{
	return a->verdict == b->verdict && a->reason == b->reason &&
		a->action == b->action && a->group == b->group &&
		a->rule.file == b->rule.file && a->rule.line == b->rule.line &&
		a->rule.column == b->rule.column &&
		a->in_window == b->in_window;
}

static void
without_exceptions_it_is_the_policys_verdict(void **state)
{
	static const char *const clients[] = { CLIENT, AUDITED, PLAIN, TYPED,
		FREE };
	static const char *const names[] = { "ok.example", "denied.example",
		"wpad.example", "single", "other.example", "." };
	const struct exceptions none = { NULL, NULL };
	struct decision expected, decision;
	struct judging judging;
	size_t i, k;

	(void)state;
	open_judging(&judging);
	for (i = 0; i < COUNT_OF(clients); i++)
		for (k = 0; k < COUNT_OF(names); k++) {
			uint8_t wire[NAME_OCTETS_MAX];
			struct query query = query_of(clients[i], names[k],
				wire);

			query.now = NOW;
			policy_decide(judging.loaded.policy, &query,
				&expected);
			decision = judge_type(&judging, clients[i], names[k],
				RRTYPE_A, NOW);
			assert_true(same_decisions(&decision, &expected));
			judge_query(judging.loaded.policy, &none, &query,
				&decision);
			assert_true(same_decisions(&decision, &expected));
			judge_query(judging.loaded.policy, NULL, &query,
				&decision);
			assert_true(same_decisions(&decision, &expected));
		}
	close_judging(&judging);
}

/* --- Grants. */

static void
a_granted_name_is_allowed_where_the_policy_says_nothing_of_it(void **state)
{
	struct judging judging;
	int wrong = 0;

	(void)state;
	open_judging(&judging);
	grant(&judging, "forwarder", "*");
	grant(&judging, "audited", ".new.example");
	wrong += row(&judging, CLIENT, "new.example", VERDICT_ALLOW,
		REASON_GRANTED);
	wrong += row(&judging, CLIENT, "wpad.example", VERDICT_ALLOW,
		REASON_GRANTED);
	wrong += row(&judging, CLIENT, "single", VERDICT_ALLOW,
		REASON_GRANTED);
	wrong += row(&judging, CLIENT, "ok.example", VERDICT_ALLOW,
		REASON_ALLOWED);
	wrong += row(&judging, CLIENT, "denied.example", VERDICT_BLOCK,
		REASON_DENIED);
	wrong += row(&judging, CLIENT, ".", VERDICT_BLOCK, REASON_NOT_LISTED);
	wrong += row(&judging, AUDITED, "x.new.example", VERDICT_ALLOW,
		REASON_GRANTED);
	wrong += row(&judging, AUDITED, "other.example", VERDICT_AUDIT,
		REASON_NOT_LISTED);
	wrong += row(&judging, AUDITED, "wpad.example", VERDICT_AUDIT,
		REASON_QUIET);
	wrong += row(&judging, AUDITED, "denied.example", VERDICT_AUDIT,
		REASON_DENIED);
	wrong += row(&judging, PLAIN, "new.example", VERDICT_BLOCK,
		REASON_NOT_LISTED);
	wrong += row(&judging, FREE, "new.example", VERDICT_UNRESTRICTED,
		REASON_NO_GROUP);
	assert_int_equal(wrong, 0);
	close_judging(&judging);
}

static void
it_ends_at_its_time_and_when_it_is_revoked(void **state)
{
	struct judging judging;

	(void)state;
	open_judging(&judging);
	grant(&judging, "plain", "new.example");
	assert_int_equal(judge_type(&judging, PLAIN, "New.Example", RRTYPE_A,
		NOW + HOUR - 1).verdict, VERDICT_ALLOW);
	assert_int_equal(judge_type(&judging, PLAIN, "new.example", RRTYPE_A,
		NOW + HOUR).verdict, VERDICT_BLOCK);
	assert_int_equal(grants_remove(judging.exceptions.grants, "plain",
		"new.example"), 0);
	assert_int_equal(judge_type(&judging, PLAIN, "new.example", RRTYPE_A,
		NOW).verdict, VERDICT_BLOCK);
	close_judging(&judging);
}

/* --- Chains. */

static void
a_target_is_allowed_where_the_group_follows_chains(void **state)
{
	struct judging judging;
	int wrong = 0;

	(void)state;
	open_judging(&judging);
	follow(&judging, "forwarder", "cdn.example");
	follow(&judging, "forwarder", "denied.example");
	follow(&judging, "forwarder", "wpad.example");
	follow(&judging, "forwarder", "ok.example");
	follow(&judging, "plain", "cdn.example");
	follow(&judging, "audited", "cdn.example");
	wrong += row(&judging, CLIENT, "CDN.Example", VERDICT_ALLOW,
		REASON_FOLLOWED);
	wrong += row(&judging, CLIENT, "wpad.example", VERDICT_ALLOW,
		REASON_FOLLOWED);
	wrong += row(&judging, CLIENT, "ok.example", VERDICT_ALLOW,
		REASON_ALLOWED);
	wrong += row(&judging, CLIENT, "denied.example", VERDICT_BLOCK,
		REASON_DENIED);
	wrong += row(&judging, CLIENT, "x.cdn.example", VERDICT_BLOCK,
		REASON_NOT_LISTED);
	wrong += row(&judging, AUDITED, "cdn.example", VERDICT_ALLOW,
		REASON_FOLLOWED);
	/* It may have followed chains before. */
	wrong += row(&judging, PLAIN, "cdn.example", VERDICT_BLOCK,
		REASON_NOT_LISTED);
	wrong += row(&judging, TYPED, "cdn.example", VERDICT_BLOCK,
		REASON_NOT_LISTED);
	wrong += row(&judging, FREE, "cdn.example", VERDICT_UNRESTRICTED,
		REASON_NO_GROUP);
	assert_int_equal(wrong, 0);
	assert_int_equal(judge_type(&judging, CLIENT, "cdn.example", RRTYPE_A,
		NOW + 60).verdict, VERDICT_ALLOW);
	assert_int_equal(judge_type(&judging, CLIENT, "cdn.example", RRTYPE_A,
		NOW + 61).verdict, VERDICT_BLOCK);
	/* What an administrator said goes before what was seen. */
	grant(&judging, "forwarder", "cdn.example");
	assert_int_equal(row(&judging, CLIENT, "cdn.example", VERDICT_ALLOW,
		REASON_GRANTED), 0);
	close_judging(&judging);
}

static void
one_kind_of_exceptions_does_without_the_other(void **state)
{
	struct judging judging;
	struct exceptions all, one = { NULL, NULL };

	(void)state;
	open_judging(&judging);
	all = judging.exceptions;
	grant(&judging, "forwarder", "granted.example");
	follow(&judging, "forwarder", "cdn.example");
	one.grants = all.grants;
	judging.exceptions = one;
	assert_int_equal(row(&judging, CLIENT, "granted.example",
		VERDICT_ALLOW, REASON_GRANTED) + row(&judging, CLIENT,
		"cdn.example", VERDICT_BLOCK, REASON_NOT_LISTED), 0);
	one.grants = NULL;
	one.followed = all.followed;
	judging.exceptions = one;
	assert_int_equal(row(&judging, CLIENT, "granted.example",
		VERDICT_BLOCK, REASON_NOT_LISTED) + row(&judging, CLIENT,
		"cdn.example", VERDICT_ALLOW, REASON_FOLLOWED), 0);
	judging.exceptions = all;
	close_judging(&judging);
}

/* --- What else is decided. */

static void
an_exception_has_no_rule_and_no_quiet_answer(void **state)
{
	struct judging judging;
	struct decision decision;

	(void)state;
	open_judging(&judging);
	decision = judge_type(&judging, CLIENT, "wpad.example", RRTYPE_A, NOW);
	assert_int_equal(decision.reason, REASON_QUIET);
	assert_int_equal(decision.action, ACTION_NXDOMAIN);
	assert_string_equal(decision.rule.file, "policy.conf");
	grant(&judging, "forwarder", "wpad.example");
	decision = judge_type(&judging, CLIENT, "wpad.example", RRTYPE_A, NOW);
	assert_int_equal(decision.reason, REASON_GRANTED);
	assert_int_equal(decision.action, ACTION_SINKHOLE);
	assert_null(decision.rule.file);
	assert_int_equal(decision.rule.line, 0);
	assert_int_equal(decision.rule.column, 0);
	assert_string_equal(decision.group->name, "forwarder");
	assert_false(decision.in_window);
	close_judging(&judging);
}

static void
an_exception_is_for_the_types_that_the_group_may_have(void **state)
{
	static const uint16_t types[] = { RRTYPE_A, RRTYPE_AAAA, 16,
		RRTYPE_ANY };
	static const int64_t times[] = { NOW, NOW + HOUR };
	struct judging judging;
	size_t i, k;

	(void)state;
	open_judging(&judging);
	assert_int_equal(grants_add(judging.exceptions.grants, "typed",
		"granted.example", NOW, NOW + 2 * HOUR), 0);
	grant(&judging, "typed", "wpad.example");
	for (i = 0; i < COUNT_OF(types); i++)
		for (k = 0; k < COUNT_OF(times); k++) {
			struct decision decision = judge_type(&judging, TYPED,
				"granted.example", types[i], times[k]);

			assert_int_equal(decision.verdict, i < 2
				? VERDICT_ALLOW : VERDICT_BLOCK);
			assert_int_equal(decision.reason, i < 2
				? REASON_GRANTED : REASON_TYPE);
			assert_int_equal(decision.in_window, k == 0);
			assert_int_equal(decision.action, k == 0
				? ACTION_REFUSED : ACTION_DROP);
			assert_null(decision.rule.file);
		}
	/* Nor is it quiet any more. */
	assert_int_equal(judge_type(&judging, TYPED, "wpad.example", 16,
		NOW).reason, REASON_TYPE);
	assert_int_equal(judge_type(&judging, TYPED, "wpad.example", 16,
		NOW).action, ACTION_REFUSED);
	follow(&judging, "typed", "cdn.example");
	assert_int_equal(judge_type(&judging, TYPED, "cdn.example", 16,
		NOW).reason, REASON_TYPE);
	assert_int_equal(judge_type(&judging, TYPED, "cdn.example",
		RRTYPE_AAAA, NOW).reason, REASON_FOLLOWED);
	close_judging(&judging);
}

static void
another_type_is_audited_where_the_group_is(void **state)
{
	struct judging judging;
	struct decision decision;

	(void)state;
	open_judging(&judging);
	grant(&judging, "audited", "granted.example");
	decision = judge_type(&judging, AUDITED, "granted.example",
		RRTYPE_AAAA, NOW);
	assert_int_equal(decision.verdict, VERDICT_AUDIT);
	assert_int_equal(decision.reason, REASON_TYPE);
	close_judging(&judging);
}

static void
what_is_no_name_or_of_another_class_is_no_exception(void **state)
{
	static const uint8_t broken[] = "\3abc\xc0\1";
	struct judging judging;
	struct decision decision;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query;
	struct name question;

	(void)state;
	open_judging(&judging);
	grant(&judging, "forwarder", "*");
	query = query_of(CLIENT, "new.example", wire);
	query.now = NOW;
	query.qclass = 3;
	judge_query(judging.loaded.policy, &judging.exceptions, &query,
		&decision);
	assert_int_equal(decision.verdict, VERDICT_BLOCK);
	assert_int_equal(decision.reason, REASON_CLASS);
	query.qclass = RRCLASS_ANY;
	judge_query(judging.loaded.policy, &judging.exceptions, &query,
		&decision);
	assert_int_equal(decision.reason, REASON_GRANTED);
	query.qname = broken;
	query.qname_len = sizeof(broken);
	/* Whatever was said of it. */
	assert_int_equal(judge_until(&judging.exceptions, &query, &decision,
		&question), 0);
	judge_query(judging.loaded.policy, &judging.exceptions, &query,
		&decision);
	assert_int_equal(decision.verdict, VERDICT_BLOCK);
	assert_int_equal(decision.reason, REASON_MALFORMED);
	close_judging(&judging);
}

/* --- One name, without a query. */

static void
an_exception_for_a_name_is_told(void **state)
{
	const struct exceptions none = { NULL, NULL };
	struct judging judging;
	struct name granted = name_of("granted.example");
	struct name target = name_of("cdn.example");
	const struct group *forwarder, *plain;

	(void)state;
	open_judging(&judging);
	forwarder = &judging.loaded.policy->groups[0];
	plain = &judging.loaded.policy->groups[2];
	grant(&judging, "forwarder", "granted.example");
	follow(&judging, "forwarder", "cdn.example");
	follow(&judging, "plain", "cdn.example");
	assert_int_equal(judge_exception(&judging.exceptions, forwarder,
		&granted, NOW), REASON_GRANTED);
	assert_int_equal(judge_exception(&judging.exceptions, forwarder,
		&target, NOW), REASON_FOLLOWED);
	assert_int_equal(judge_exception(&judging.exceptions, forwarder,
		&target, NOW + 61), REASON_NOT_LISTED);
	assert_int_equal(judge_exception(&judging.exceptions, plain,
		&granted, NOW), REASON_NOT_LISTED);
	assert_int_equal(judge_exception(&judging.exceptions, plain,
		&target, NOW), REASON_NOT_LISTED);
	assert_int_equal(judge_exception(&none, forwarder, &granted, NOW),
		REASON_NOT_LISTED);
	assert_int_equal(judge_exception(NULL, forwarder, &granted, NOW),
		REASON_NOT_LISTED);
	close_judging(&judging);
}

/* --- Until when. */

static int64_t
until(struct judging *judging, const char *name, struct name *question)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of(CLIENT, name, wire);
	struct decision decision;

	query.now = NOW;
	judge_query(judging->loaded.policy, &judging->exceptions, &query,
		&decision);
	memset(question, 0xa5, sizeof(*question));
	return judge_until(&judging->exceptions, &query, &decision, question);
}

static void
it_is_told_until_when_and_by_which_question(void **state)
{
	static const char *const others[] = { "ok.example", "denied.example",
		"wpad.example", "other.example" };
	struct name question, expected = name_of("ok.example");
	struct judging judging;
	size_t i;

	(void)state;
	open_judging(&judging);
	grant(&judging, "forwarder", "granted.example");
	follow(&judging, "forwarder", "cdn.example");
	assert_int_equal(until(&judging, "granted.example", &question),
		NOW + HOUR);
	assert_int_equal(question.length, 0);
	assert_int_equal(until(&judging, "cdn.example", &question), NOW + 60);
	assert_int_equal(question.length, expected.length);
	assert_memory_equal(question.octets, expected.octets,
		expected.length);
	for (i = 0; i < COUNT_OF(others); i++) {
		assert_int_equal(until(&judging, others[i], &question), 0);
		assert_int_equal(question.length, 0);
	}
	close_judging(&judging);
}

static void
what_has_ended_since_has_no_time(void **state)
{
	const struct exceptions none = { NULL, NULL };
	struct judging judging;
	struct decision decision;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of(CLIENT, "granted.example", wire);
	struct name question;

	(void)state;
	open_judging(&judging);
	grant(&judging, "forwarder", "granted.example");
	query.now = NOW;
	judge_query(judging.loaded.policy, &judging.exceptions, &query,
		&decision);
	assert_int_equal(decision.reason, REASON_GRANTED);
	assert_int_equal(judge_until(&none, &query, &decision, &question), 0);
	assert_int_equal(judge_until(NULL, &query, &decision, &question), 0);
	assert_int_equal(grants_remove(judging.exceptions.grants, "forwarder",
		"granted.example"), 0);
	assert_int_equal(judge_until(&judging.exceptions, &query, &decision,
		&question), 0);
	decision.reason = REASON_FOLLOWED;
	assert_int_equal(judge_until(&judging.exceptions, &query, &decision,
		&question), 0);
	assert_int_equal(judge_until(&none, &query, &decision, &question), 0);
	close_judging(&judging);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(without_exceptions_it_is_the_policys_verdict),
		test_in_folder(
		a_granted_name_is_allowed_where_the_policy_says_nothing_of_it),
		test_in_folder(it_ends_at_its_time_and_when_it_is_revoked),
		test_in_folder(
			a_target_is_allowed_where_the_group_follows_chains),
		test_in_folder(one_kind_of_exceptions_does_without_the_other),
		test_in_folder(an_exception_has_no_rule_and_no_quiet_answer),
		test_in_folder(
			an_exception_is_for_the_types_that_the_group_may_have),
		test_in_folder(another_type_is_audited_where_the_group_is),
		test_in_folder(
			what_is_no_name_or_of_another_class_is_no_exception),
		test_in_folder(an_exception_for_a_name_is_told),
		test_in_folder(it_is_told_until_when_and_by_which_question),
		test_in_folder(what_has_ended_since_has_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
