/*
 * test_policy_options.c - what a group's further options decide: what is
 * quiet, of which type, in a window, of the host, or in an answer.
 */
#include "support.h"

#include "pattern.h"
#include "policy.h"
#include "window.h"

#define UNRESTRICTED VERDICT_UNRESTRICTED
#define ALLOW VERDICT_ALLOW
#define BLOCK VERDICT_BLOCK
#define AUDIT VERDICT_AUDIT

/* A Tuesday, 2024-01-02, at midnight in UTC. */
#define TUESDAY INT64_C(1704153600)
#define HOUR 3600
#define DAY 86400

#define TYPE_TXT 16
#define TYPE_HTTPS 65
#define CLASS_CH 3

struct row {
	const char *row;
	const char *client;
	const char *qname;
	uint16_t qtype;
	int64_t now;
	enum verdict verdict;
	enum reason reason;
	enum action action;
	int in_window;
	/* "file:line" of what decides, or "". */
	const char *rule;
};

static int
check_row(const struct policy *policy, const struct row *r)
{
	struct decision found;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of(r->client, r->qname, wire);
	char rule[300] = "";
	int wrong = 0;

	query.qtype = r->qtype;
	query.now = r->now;
	memset(&found, 0xa5, sizeof(found));
	policy_decide(policy, &query, &found);
	wrong += row_text(r->row, verdict_word(r->verdict),
		verdict_word(found.verdict));
	wrong += row_text(r->row, reason_word(r->reason),
		reason_word(found.reason));
	wrong += row_text(r->row, action_word(r->action),
		action_word(found.action));
	wrong += row_number(r->row, "in window", r->in_window,
		found.in_window);
	if (found.rule.file != NULL)
		snprintf(rule, sizeof(rule), "%s:%u", found.rule.file,
			found.rule.line);
	return wrong + row_text(r->row, r->rule, rule);
}

/* Loads the text with what the host declares, and checks the rows. */
static void
check_rows(const char *text, const char *site, const struct row *rows,
	size_t count)
{
	struct loaded loaded;
	int wrong = 0;
	size_t i;

	write_text("policy.conf", text);
	loaded = load_with_site("policy.conf", site);
	if (loaded.policy == NULL)
		fail_msg("%s", loaded.text);
	for (i = 0; i < count; i++)
		wrong += check_row(loaded.policy, &rows[i]);
	unload(&loaded);
	assert_int_equal(wrong, 0);
}

/* --- What is quiet. */

static const char quiet_policy[] =
	"group: name: one client: 192.0.2.1\n"
	"action: drop\n"
	"allow: *.example.com\n"
	"deny: bad.example.com\n"
	"quiet: wpad\n"
	"quiet: .lan\n"
	"quiet: www.example.com\n"
	"quiet: bad.example.com\n"
	"quiet: isa*.example.net\n"
	"quiet-list: l\n"
	"group: name: two client: 192.0.2.2\n"
	"allow: com\n"
	"quiet-single-labels: yes\n"
	"quiet-list: l\n"
	"group: name: three client: 192.0.2.3\n"
	"allow: a.example mode: audit\n"
	"quiet: wpad action: refused\n";

static const struct row quiet_rows[] = {
	{ "quiet is NXDOMAIN whatever the action is", "192.0.2.1", "WPAD", 1,
		0, BLOCK, REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:5" },
	{ "below a quiet name", "192.0.2.1", "x.y.lan", 1, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:6" },
	{ "a quiet name itself", "192.0.2.1", "lan", 1, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:6" },
	{ "a wildcard", "192.0.2.1", "isatap.example.net", 1, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:9" },
	{ "of a list", "192.0.2.1", "listed.example.net", 28, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "installed/l.list:2" },
	{ "what is allowed is not quiet, however short the allow",
		"192.0.2.1", "www.example.com", 1, 0, ALLOW, REASON_ALLOWED,
		ACTION_DROP, 0, "policy.conf:3" },
	{ "what is denied is not quiet", "192.0.2.1", "bad.example.com", 1, 0,
		BLOCK, REASON_DENIED, ACTION_DROP, 0, "policy.conf:4" },
	{ "not below a quiet name", "192.0.2.1", "x.wpad", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_DROP, 0, "" },
	{ "a single label is none but where that is said", "192.0.2.1",
		"printer", 1, 0, BLOCK, REASON_NOT_LISTED, ACTION_DROP, 0,
		"" },
	{ "a single label", "192.0.2.2", "printer", 1, 0, BLOCK, REASON_QUIET,
		ACTION_NXDOMAIN, 0, "" },
	{ "a single label of a list too", "192.0.2.2", "wpad", 1, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "installed/l.list:1" },
	{ "a single label that is allowed", "192.0.2.2", "com", 1, 0, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:12" },
	{ "two labels", "192.0.2.2", "printer.local", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "the root has no label", "192.0.2.2", ".", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "audited", "192.0.2.3", "wpad", 1, 0, AUDIT, REASON_QUIET,
		ACTION_NXDOMAIN, 0, "policy.conf:17" },
	{ "not of another group", "192.0.2.3", "lan", 1, 0, AUDIT,
		REASON_NOT_LISTED, ACTION_REFUSED, 0, "" },
};

static void
quiet_names_are_those_that_nothing_else_matches(void **state)
{
	(void)state;
	write_text("installed/l.list", "wpad\nlisted.example.net http\n");
	check_rows(quiet_policy, NULL, quiet_rows, COUNT_OF(quiet_rows));
}

/* --- Types. */

static const char types_policy[] =
	"group: name: one client: 192.0.2.1 action: refused\n"
	"allow: *.example.com\n"
	"deny: bad.example.com\n"
	"quiet: wpad\n"
	"allow-site-names: yes\n"
	"allow-types: \"A  AAAA\tTYPE65\" allow-types: srv\n"
	"group: name: two client: 192.0.2.2\n"
	"allow: *.example.com allow-types: any\n"
	"group: name: three client: 192.0.2.3\n"
	"allow: *.example.com allow-types: TYPE0 mode: audit\n"
	"group: name: four client: 192.0.2.4\n"
	"allow: *.example.com\n";

static const struct row type_rows[] = {
	{ "A", "192.0.2.1", "a.example.com", 1, 0, ALLOW, REASON_ALLOWED,
		ACTION_REFUSED, 0, "policy.conf:2" },
	{ "AAAA", "192.0.2.1", "a.example.com", 28, 0, ALLOW, REASON_ALLOWED,
		ACTION_REFUSED, 0, "policy.conf:2" },
	{ "SRV, of the other line", "192.0.2.1", "a.example.com", 33, 0, ALLOW,
		REASON_ALLOWED, ACTION_REFUSED, 0, "policy.conf:2" },
	{ "TYPE65 is HTTPS", "192.0.2.1", "a.example.com", TYPE_HTTPS, 0,
		ALLOW, REASON_ALLOWED, ACTION_REFUSED, 0, "policy.conf:2" },
	{ "TXT", "192.0.2.1", "a.example.com", TYPE_TXT, 0, BLOCK,
		REASON_TYPE, ACTION_REFUSED, 0, "" },
	{ "ANY is one to be named", "192.0.2.1", "a.example.com", RRTYPE_ANY,
		0, BLOCK, REASON_TYPE, ACTION_REFUSED, 0, "" },
	{ "beside the first", "192.0.2.1", "a.example.com", 0, 0, BLOCK,
		REASON_TYPE, ACTION_REFUSED, 0, "" },
	{ "beside the last", "192.0.2.1", "a.example.com", 65535, 0, BLOCK,
		REASON_TYPE, ACTION_REFUSED, 0, "" },
	{ "a name that is denied anyway", "192.0.2.1", "bad.example.com",
		TYPE_TXT, 0, BLOCK, REASON_DENIED, ACTION_REFUSED, 0,
		"policy.conf:3" },
	{ "a quiet name", "192.0.2.1", "wpad", TYPE_TXT, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:4" },
	{ "a name that is not listed anyway", "192.0.2.1", "other.example",
		TYPE_TXT, 0, BLOCK, REASON_NOT_LISTED, ACTION_REFUSED, 0,
		"" },
	{ "a name of the host", "192.0.2.1", "dc.corp.example", 33, 0, ALLOW,
		REASON_SITE, ACTION_REFUSED, 0, "unbound.conf:0" },
	{ "a name of the host, another type", "192.0.2.1", "dc.corp.example",
		TYPE_TXT, 0, BLOCK, REASON_TYPE, ACTION_REFUSED, 0, "" },
	{ "ANY named", "192.0.2.2", "a.example.com", RRTYPE_ANY, 0, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:8" },
	{ "ANY named is ANY alone", "192.0.2.2", "a.example.com", 1, 0, BLOCK,
		REASON_TYPE, ACTION_NXDOMAIN, 0, "" },
	{ "audited", "192.0.2.3", "a.example.com", 1, 0, AUDIT, REASON_TYPE,
		ACTION_NXDOMAIN, 0, "" },
	{ "TYPE0", "192.0.2.3", "a.example.com", 0, 0, ALLOW, REASON_ALLOWED,
		ACTION_NXDOMAIN, 0, "policy.conf:10" },
	{ "all types", "192.0.2.4", "a.example.com", TYPE_TXT, 0, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:12" },
	{ "all types, ANY too", "192.0.2.4", "a.example.com", RRTYPE_ANY, 0,
		ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:12" },
};

static void
a_name_is_allowed_for_some_types(void **state)
{
	(void)state;
	check_rows(types_policy, "zone name=corp.example. kind=stub\n",
		type_rows, COUNT_OF(type_rows));
}

static void
types_are_kept_in_order_and_once(void **state)
{
	static const uint16_t expected[] = { 1, 2, 28, 65, 255, 65535 };
	struct loaded loaded;
	const struct group *group;
	unsigned type, k;

	(void)state;
	write_text("policy.conf", "group: name: g client: ::1 allow: a\n"
		"allow-types: 'TYPE65535 HTTPS A AAAA a'\n"
		"allow-types: 'TYPE1 ns ANY'\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	group = &loaded.policy->groups[0];
	assert_int_equal(group->type_count, COUNT_OF(expected));
	assert_memory_equal(group->types, expected, sizeof(expected));
	for (type = 0; type <= UINT16_MAX; type++) {
		for (k = 0; k < COUNT_OF(expected); k++)
			if (expected[k] == type)
				break;
		assert_int_equal(group_allows_type(group, (uint16_t)type),
			k < COUNT_OF(expected));
	}
	unload(&loaded);
}

/* --- Windows. */

static const char window_policy[] =
	"group: name: one client: 192.0.2.1\n"
	"allow: *.example.com\n"
	"deny: .bad.example.com\n"
	"deny: same.example.com\n"
	"window: \"Tue 22:00-04:00\"\n"
	"window: \"Thu 10:00-11:00\"\n"
	"window-allow: *.vendor.example\n"
	"window-allow: good.bad.example.com\n"
	"window-allow: same.example.com\n"
	"window-allow-list: l\n"
	"quiet: x.vendor.example\n"
	"window-action: drop\n"
	"group: name: two client: 192.0.2.2\n"
	"allow: a.example action: sinkhole sinkhole: ::1\n"
	"window: \"Tue 22:00-04:00\" time-zone: CET-1\n"
	"window-allow: b.example mode: audit\n"
	"group: name: three client: 192.0.2.3\n"
	"allow: a.example window-allow: b.example\n";

#define OPEN (TUESDAY + 22 * HOUR)
#define CLOSED (TUESDAY + 28 * HOUR)

static const struct row window_rows[] = {
	{ "before it opens", "192.0.2.1", "a.vendor.example", 1, OPEN - 1,
		BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "when it opens", "192.0.2.1", "a.vendor.example", 1, OPEN, ALLOW,
		REASON_ALLOWED, ACTION_DROP, 1, "policy.conf:7" },
	{ "behind midnight", "192.0.2.1", "a.vendor.example", 1, CLOSED - 1,
		ALLOW, REASON_ALLOWED, ACTION_DROP, 1, "policy.conf:7" },
	{ "when it closes", "192.0.2.1", "a.vendor.example", 1, CLOSED, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "the other window", "192.0.2.1", "a.vendor.example", 1,
		TUESDAY + 2 * DAY + 10 * HOUR, ALLOW, REASON_ALLOWED,
		ACTION_DROP, 1, "policy.conf:7" },
	{ "between them", "192.0.2.1", "a.vendor.example", 1,
		TUESDAY + 2 * DAY + 11 * HOUR, BLOCK, REASON_NOT_LISTED,
		ACTION_NXDOMAIN, 0, "" },
	{ "a list of the window", "192.0.2.1", "listed.example", 1, OPEN,
		ALLOW, REASON_ALLOWED, ACTION_DROP, 1, "installed/l.list:1" },
	{ "a list of the window, closed", "192.0.2.1", "listed.example", 1,
		CLOSED, BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "always allowed, open", "192.0.2.1", "a.example.com", 1, OPEN,
		ALLOW, REASON_ALLOWED, ACTION_DROP, 1, "policy.conf:2" },
	{ "always allowed, closed", "192.0.2.1", "a.example.com", 1, CLOSED,
		ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:2" },
	{ "more specific than a deny", "192.0.2.1", "good.bad.example.com",
		1, OPEN, ALLOW, REASON_ALLOWED, ACTION_DROP, 1,
		"policy.conf:8" },
	{ "more specific than a deny, closed", "192.0.2.1",
		"good.bad.example.com", 1, CLOSED, BLOCK, REASON_DENIED,
		ACTION_NXDOMAIN, 0, "policy.conf:3" },
	{ "as specific as a deny", "192.0.2.1", "same.example.com", 1, OPEN,
		BLOCK, REASON_DENIED, ACTION_DROP, 1, "policy.conf:4" },
	{ "another action", "192.0.2.1", "other.example", 1, OPEN, BLOCK,
		REASON_NOT_LISTED, ACTION_DROP, 1, "" },
	{ "no longer another action", "192.0.2.1", "other.example", 1, CLOSED,
		BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "quiet but in a window", "192.0.2.1", "x.vendor.example", 1, OPEN,
		ALLOW, REASON_ALLOWED, ACTION_DROP, 1, "policy.conf:7" },
	{ "quiet, closed", "192.0.2.1", "x.vendor.example", 1, CLOSED, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:11" },
	{ "an hour before Greenwich", "192.0.2.2", "b.example", 1, OPEN - HOUR,
		ALLOW, REASON_ALLOWED, ACTION_SINKHOLE, 1, "policy.conf:16" },
	{ "a second before that", "192.0.2.2", "b.example", 1,
		OPEN - HOUR - 1, AUDIT, REASON_NOT_LISTED, ACTION_SINKHOLE, 0,
		"" },
	{ "closed an hour before Greenwich", "192.0.2.2", "b.example", 1,
		CLOSED - HOUR, AUDIT, REASON_NOT_LISTED, ACTION_SINKHOLE, 0,
		"" },
	{ "the same action in the window", "192.0.2.2", "c.example", 1, OPEN,
		AUDIT, REASON_NOT_LISTED, ACTION_SINKHOLE, 1, "" },
	{ "no window", "192.0.2.3", "b.example", 1, OPEN, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "a client of no group", "192.0.2.4", "b.example", 1, OPEN,
		UNRESTRICTED, REASON_NO_GROUP, ACTION_NXDOMAIN, 0, "" },
};

static void
windows_allow_more_and_act_otherwise_while_they_are_open(void **state)
{
	(void)state;
	write_text("installed/l.list", "listed.example\n");
	check_rows(window_policy, NULL, window_rows, COUNT_OF(window_rows));
}

/* What cannot be judged is refused, unless the action of that time drops. */
static void
what_cannot_be_judged_is_dropped_in_a_window_that_drops(void **state)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "a.example", wire);
	struct decision decision;
	struct loaded loaded;

	(void)state;
	write_text("installed/l.list", "listed.example\n");
	write_text("policy.conf", window_policy);
	loaded = load_good("policy.conf");
	query.qclass = CLASS_CH;
	query.now = OPEN;
	policy_decide(loaded.policy, &query, &decision);
	assert_int_equal(decision.reason, REASON_CLASS);
	assert_int_equal(decision.action, ACTION_DROP);
	assert_true(decision.in_window);
	query.now = CLOSED;
	policy_decide(loaded.policy, &query, &decision);
	assert_int_equal(decision.action, ACTION_REFUSED);
	assert_false(decision.in_window);
	unload(&loaded);
}

static void
a_group_is_in_a_window_when_one_of_its_windows_is_open(void **state)
{
	struct loaded loaded;
	const struct group *group;
	int64_t now;
	unsigned minutes = 0;

	(void)state;
	write_text("policy.conf", "group: name: g client: ::1 allow: a\n"
		"window: 'Mon-Fri 08:00-09:00' window: 'Wed 08:30-10:00'\n"
		"window: 'daily 23:45-00:15' window-allow: b\n"
		"time-zone: '<+0530>-5:30'\n"
		"group: name: h client: ::2 allow: a\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	group = &loaded.policy->groups[0];
	for (now = TUESDAY; now < TUESDAY + 7 * DAY; now += 60) {
		int64_t local = now + 5 * HOUR + HOUR / 2;
		/* 1970 began on a Thursday; 0 is Monday here. */
		int64_t day = (local / DAY + 3) % 7;
		int64_t minute = local % DAY / 60;
		int open = (day < 5 && minute >= 480 && minute < 540) ||
			(day == 2 && minute >= 510 && minute < 600) ||
			minute >= 1425 || minute < 15;

		assert_int_equal(group_in_window(group, now) != 0, open);
		assert_int_equal(group_in_window(&loaded.policy->groups[1],
			now), 0);
		minutes += (unsigned)open;
	}
	assert_int_equal(minutes, 5 * 60 + 60 + 7 * 30);
	unload(&loaded);
}

static void
a_time_zone_comes_from_a_file_once_for_all_its_groups(void **state)
{
	const struct folder *folder = *state;
	const struct group *groups;
	struct loaded loaded;
	char text[600];

	write_zone("zone", "EST5EDT,M3.2.0,M11.1.0");
	snprintf(text, sizeof(text), "group: name: one client: ::1 allow: a\n"
		"window: 'daily 00:00-01:00' window-allow: b\n"
		"time-zone: %s/zone include: more.conf allow: c\n"
		"group: name: two client: ::2 allow: a\n"
		"time-zone: \"%s/zone\" window: 'daily 00:00-01:00'\n"
		"window-allow: b\n"
		"group: name: three client: ::3 allow: a\n"
		"time-zone: UTC window: 'daily 00:00-01:00'\n"
		"window-allow: b\n", folder->path, folder->path);
	write_text("policy.conf", text);
	write_text("more.conf", "deny: x.example\ndeny: .c\nallow: *.c\n");
	loaded = load("policy.conf");
	assert_non_null(loaded.policy);
	groups = loaded.policy->groups;
	assert_int_equal(loaded.policy->time_zone_count, 1);
	/* It is one of the files to be watched. */
	assert_int_equal(loaded.policy->source_count, 3);
	snprintf(text, sizeof(text), "%s/zone", folder->path);
	assert_string_equal(loaded.policy->sources[1], text);
	assert_string_equal(loaded.policy->sources[2], "more.conf");
	assert_string_equal(groups[0].zone_name, text);
	assert_ptr_equal(groups[0].zone, groups[1].zone);
	assert_non_null(groups[0].zone);
	assert_null(groups[2].zone);
	assert_null(groups[2].zone_name);
	/* Five hours behind Greenwich in winter, four in summer. */
	assert_true(group_in_window(&groups[1], TUESDAY + 5 * HOUR));
	assert_false(group_in_window(&groups[1], TUESDAY + 4 * HOUR));
	assert_true(group_in_window(&groups[1], TUESDAY + 182 * DAY +
		4 * HOUR));
	assert_true(group_in_window(&groups[2], TUESDAY));
	assert_false(group_in_window(&groups[2], TUESDAY + HOUR));
	unload(&loaded);
	/* What stands behind a time zone is of the policy's file. */
	write_text("policy.conf", "group: name: one client: ::1\n"
		"time-zone: CET-1 allow: a\n");
	loaded = load_good("policy.conf");
	assert_int_equal(loaded.policy->source_count, 1);
	unload(&loaded);
}

static void
a_pattern_behind_a_time_zone_is_of_its_own_file(void **state)
{
	const struct folder *folder = *state;
	char text[300];
	const struct row row = { "behind", "192.0.2.1", "a", 1, 0, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:2" };

	write_zone("zone", "UTC0");
	snprintf(text, sizeof(text), "group: name: g client: 192.0.2.1\n"
		"time-zone: %s/zone allow: a\n", folder->path);
	check_rows(text, NULL, &row, 1);
}

static void
a_time_zone_of_the_system_is_known_by_name(void **state)
{
	struct loaded loaded;
	const struct group *group;

	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		skip();
	write_text("policy.conf", "group: name: g client: ::1 allow: a\n"
		"window: 'daily 00:00-01:00' window-allow: b\n"
		"time-zone: Europe/Berlin\n");
	loaded = load_good("policy.conf");
	group = &loaded.policy->groups[0];
	assert_string_equal(group->zone_name, "Europe/Berlin");
	assert_string_equal(loaded.policy->sources[1],
		"/usr/share/zoneinfo/Europe/Berlin");
	assert_true(group_in_window(group, TUESDAY - HOUR));
	assert_false(group_in_window(group, TUESDAY));
	assert_true(group_in_window(group, TUESDAY + 182 * DAY - 2 * HOUR));
	unload(&loaded);
}

/* --- What the host declares. */

#define SITE "zone name=corp.example. kind=stub\n" \
	"zone name=_msdcs.corp.example. kind=forward\n" \
	"zone name=10.in-addr.arpa. kind=reverse\n" \
	"tag name=update\nclient prefix=198.51.100.0/24 tags=update\n"

static const char site_policy[] =
	"group: name: one client: 192.0.2.1\n"
	"allow: .example.com\n"
	"allow: dc.corp.example\n"
	"deny: bad.corp.example\n"
	"deny: ._msdcs.corp.example\n"
	"allow-site-names: yes\n"
	"quiet: .corp.example\n"
	"window: \"Tue 22:00-04:00\"\n"
	"window-allow: *.w.corp.example\n"
	"group: name: two client: 192.0.2.2 client-tag: update\n"
	"allow: .example.com\n"
	"group: name: three client: 192.0.2.3\n"
	"allow: a.example allow: .corp.example\n"
	"allow-site-names: yes mode: audit\n";

static const struct row site_rows[] = {
	{ "a zone", "192.0.2.1", "Corp.example", 6, 0, ALLOW, REASON_SITE,
		ACTION_NXDOMAIN, 0, "unbound.conf:0" },
	{ "below a zone", "192.0.2.1", "_ldap._tcp.x.corp.example", 33, 0,
		ALLOW, REASON_SITE, ACTION_NXDOMAIN, 0, "unbound.conf:0" },
	{ "a reverse zone", "192.0.2.1", "1.2.3.10.in-addr.arpa", 12, 0,
		ALLOW, REASON_SITE, ACTION_NXDOMAIN, 0, "unbound.conf:0" },
	{ "above a zone", "192.0.2.1", "example", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "beside a zone", "192.0.2.1", "xcorp.example", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "what is written as well", "192.0.2.1", "dc.corp.example", 1, 0,
		ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:3" },
	{ "a deny within a zone", "192.0.2.1", "bad.corp.example", 1, 0,
		BLOCK, REASON_DENIED, ACTION_NXDOMAIN, 0, "policy.conf:4" },
	{ "below a deny within a zone", "192.0.2.1", "x.bad.corp.example", 1,
		0, ALLOW, REASON_SITE, ACTION_NXDOMAIN, 0, "unbound.conf:0" },
	{ "a deny of just a zone", "192.0.2.1", "x._msdcs.corp.example", 1, 0,
		BLOCK, REASON_DENIED, ACTION_NXDOMAIN, 0, "policy.conf:5" },
	{ "in a window", "192.0.2.1", "x.w.corp.example", 1, OPEN, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, 1, "policy.conf:9" },
	{ "out of the window", "192.0.2.1", "x.w.corp.example", 1, CLOSED,
		ALLOW, REASON_SITE, ACTION_NXDOMAIN, 0, "unbound.conf:0" },
	{ "a group that does not want them", "192.0.2.2", "corp.example", 1,
		0, BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "a client by its tag", "198.51.100.7", "corp.example", 1, 0, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "an allow as specific as the zone", "192.0.2.3", "x.corp.example",
		1, 0, ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, 0,
		"policy.conf:13" },
	{ "another zone of that group", "192.0.2.3", "10.in-addr.arpa", 1, 0,
		ALLOW, REASON_SITE, ACTION_NXDOMAIN, 0, "unbound.conf:0" },
};

static const struct row unknown_rows[] = {
	{ "nothing is known of zones", "192.0.2.1", "10.in-addr.arpa", 1, 0,
		BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, 0, "" },
	{ "but what is written is", "192.0.2.1", "dc.corp.example", 1, 0,
		ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, 0, "policy.conf:3" },
	{ "and quiet", "192.0.2.1", "corp.example", 1, 0, BLOCK,
		REASON_QUIET, ACTION_NXDOMAIN, 0, "policy.conf:7" },
	{ "nothing is known of tags", "198.51.100.7", "corp.example", 1, 0,
		UNRESTRICTED, REASON_NO_GROUP, ACTION_NXDOMAIN, 0, "" },
};

static void
names_of_the_host_are_allowed_to_groups_that_want_them(void **state)
{
	(void)state;
	check_rows(site_policy, SITE, site_rows, COUNT_OF(site_rows));
	check_rows(site_policy, NULL, unknown_rows, COUNT_OF(unknown_rows));
}

static void
zones_of_the_host_are_no_patterns_of_the_policy(void **state)
{
	struct loaded with, without;

	(void)state;
	write_text("policy.conf", site_policy);
	with = load_with_site("policy.conf", SITE);
	without = load("policy.conf");
	assert_non_null(with.policy);
	assert_non_null(without.policy);
	assert_int_equal(with.policy->pattern_count, 9);
	assert_int_equal(without.policy->pattern_count, 9);
	assert_non_null(with.policy->site);
	assert_null(without.policy->site);
	assert_int_equal(names_rules(with.policy->site), 3);
	assert_true(policy_memory(with.policy) >
		policy_memory(without.policy));
	unload(&with);
	unload(&without);
}

/* --- Chains and answers: the tables for those who look into them. */

static void
prefixes_of_answers_lead_to_their_rules(void **state)
{
	static const struct {
		const char *address;
		/* The line of the rule, 0 for none. */
		unsigned line;
		int deny;
	} rows[] = {
		{ "10.0.0.1", 2, 1 }, { "10.1.0.1", 3, 0 },
		{ "10.1.2.3", 4, 1 }, { "10.1.2.4", 3, 0 },
		{ "11.0.0.1", 0, 0 }, { "fe80::1", 5, 1 },
		{ "2001:db8::1", 6, 0 }, { "2001:db9::1", 7, 1 },
		{ "::ffff:10.0.0.1", 2, 1 },
	};
	struct loaded loaded;
	const struct group *group;
	size_t i;

	(void)state;
	write_text("policy.conf", "group: name: g client: ::1 allow: a\n"
		"answer-deny: 10.0.0.0/8\n answer-allow: 10.1.0.0/16\n"
		"answer-deny: ::ffff:10.1.2.3\nanswer-deny: fe80::/10\n"
		"answer-allow: 2001:db8::/32\nanswer-deny: 2000::/3\n"
		"group: name: h client: ::2 allow: a\n"
		"answer-allow: 10.0.0.0/8\n");
	loaded = load_good("policy.conf");
	group = &loaded.policy->groups[0];
	assert_int_equal(group->answer_rule_count, 6);
	assert_true(group_inspects(group));
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct answer_rule *rule;
		struct address address;
		uint32_t number;

		assert_int_equal(address_from_text(&address, rows[i].address),
			0);
		number = clients_find(group->answers, &address);
		if (rows[i].line == 0) {
			assert_int_equal(number, CLIENTS_NONE);
			continue;
		}
		assert_true(number < group->answer_rule_count);
		rule = &group->answer_rules[number];
		assert_int_equal(rule->where.line, rows[i].line);
		assert_string_equal(rule->where.file, "policy.conf");
		assert_int_equal(rule->deny, rows[i].deny);
	}
	/* Where nothing is denied, no answer need be looked at. */
	assert_null(loaded.policy->groups[1].answers);
	assert_false(group_inspects(&loaded.policy->groups[1]));
	unload(&loaded);
}

static void
chains_are_as_the_options_say(void **state)
{
	const struct name target = name_of("x.cdn.example");
	struct names_match match = { .rule = NULL };
	const struct group *groups;
	struct loaded loaded;

	(void)state;
	write_text("policy.conf", "group: name: a client: ::1 allow: a\n"
		"chain: inspect chain-allow: *.cdn.example chain-allow: b\n"
		"group: name: b client: ::2 allow: a follow-chain: yes\n"
		"chain: ignore\n"
		"group: name: c client: ::3 allow: a follow-chain: no\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	groups = loaded.policy->groups;
	assert_int_equal(loaded.policy->pattern_count, 5);
	assert_true(groups[0].inspect_chain);
	assert_true(group_inspects(&groups[0]));
	assert_false(groups[0].follow_chain);
	assert_non_null(groups[0].chain);
	names_find(groups[0].chain, &target, NAMES_NO_RULE, &match);
	assert_non_null(match.rule);
	assert_int_equal(match.rule->line, 2);
	assert_true(groups[1].follow_chain);
	assert_false(group_inspects(&groups[1]));
	assert_null(groups[1].chain);
	assert_false(groups[2].follow_chain);
	unload(&loaded);
}

/* --- What is done. */

static void
the_action_follows_from_group_reason_and_window(void **state)
{
	struct group group;
	unsigned action, window, reason;

	(void)state;
	memset(&group, 0, sizeof(group));
	for (action = 0; action < ACTION_COUNT; action++)
		for (window = 0; window <= ACTION_COUNT; window++)
			for (reason = 0; reason < 2 * REASON_COUNT; reason++) {
				int in_window = reason >= REASON_COUNT;
				enum action of_time = in_window &&
					window != ACTION_COUNT
					? (enum action)window
					: (enum action)action;
				enum action refused = of_time == ACTION_DROP
					? ACTION_DROP : ACTION_REFUSED;
				enum action found;

				group.action = (enum action)action;
				group.window_action = (enum action)window;
				found = policy_action(&group, (enum reason)
					(reason % REASON_COUNT), in_window);
				switch (reason % REASON_COUNT) {
				case REASON_QUIET:
					assert_int_equal(found,
						ACTION_NXDOMAIN);
					break;
				case REASON_CLASS:
				case REASON_MALFORMED:
				case REASON_ANSWER:
				case REASON_BUSY:
					assert_int_equal(found, refused);
					break;
				default:
					assert_int_equal(found, of_time);
				}
			}
}

/* --- Chance: the model is what each pattern says, by its definition. */

#define CHANCE_PATTERNS 10
#define CHANCE_ZONES 3

enum part { PART_ALLOW, PART_DENY, PART_WINDOW, PART_QUIET, PART_SITE };

struct model {
	struct pattern patterns[CHANCE_PATTERNS + CHANCE_ZONES];
	enum part parts[CHANCE_PATTERNS + CHANCE_ZONES];
	unsigned count;
	int has_window, wants_site, has_types, quiet_single;
};

static void
add_to_model(struct model *model, const char *text, enum part part)
{
	struct pattern_error error;

	assert_int_equal(pattern_from_text(&model->patterns[model->count],
		text, strlen(text), &error), 0);
	model->parts[model->count++] = part;
}

/* Makes a policy and a site, and the model of both. */
static struct loaded
any_policy(struct chance *chance, struct model *model)
{
	static const char *const options[] = { "allow", "deny", "window-allow",
		"quiet" };
	char text[2048] = "group: name: g client: 192.0.2.1\n", site[512] = "";
	char *at = text + strlen(text), *site_at = site;
	unsigned i;

	memset(model, 0, sizeof(*model));
	model->has_window = chance_below(chance, 3) > 0;
	model->wants_site = chance_below(chance, 2) > 0;
	model->has_types = chance_below(chance, 3) == 0;
	model->quiet_single = chance_below(chance, 4) == 0;
	at += sprintf(at, "%s%s%s%s", model->has_window
		? "window: 'Tue 22:00-04:00'\n" : "", model->wants_site
		? "allow-site-names: yes\n" : "", model->has_types
		? "allow-types: A\n" : "", model->quiet_single
		? "quiet-single-labels: yes\n" : "");
	for (i = 0; i < CHANCE_PATTERNS; i++) {
		enum part part = (enum part)chance_below(chance, 4);
		char pattern[64];

		chance_pattern(chance, 2, pattern);
		add_to_model(model, pattern, part);
		at += sprintf(at, "%s: '%s'\n", options[part], pattern);
	}
	for (i = 0; i < CHANCE_ZONES; i++) {
		char zone[64] = ".";

		chance_name(chance, zone + 1);
		/* The root is never a zone of the host. */
		if (strcmp(zone, "..") == 0)
			continue;
		add_to_model(model, zone, PART_SITE);
		site_at += sprintf(site_at, "zone name=%s kind=stub\n",
			zone + 1);
	}
	write_text("policy.conf", text);
	return load_with_site("policy.conf", site);
}

static enum reason
reason_of(const struct model *model, const struct name *name, uint16_t qtype,
	int in_window)
{
	uint8_t best[NAME_LABELS_MAX + 1], specificity[NAME_LABELS_MAX + 1];
	enum part part = PART_QUIET;
	unsigned i;
	int order, quiet = model->quiet_single && name->labels == 1;

	for (i = 0; i < model->count; i++) {
		enum part other = model->parts[i];

		if ((other == PART_WINDOW && !in_window) ||
		    (other == PART_SITE && !model->wants_site) ||
		    !pattern_matches(&model->patterns[i], name, specificity))
			continue;
		if (other == PART_QUIET) {
			quiet = 1;
			continue;
		}
		order = part == PART_QUIET ? 1 : memcmp(specificity, best,
			sizeof(best));
		if (order < 0 || (order == 0 && (part == PART_DENY ||
		    (other != PART_DENY && part != PART_SITE))))
			continue;
		part = other;
		memcpy(best, specificity, sizeof(best));
	}
	if (part == PART_QUIET)
		return quiet ? REASON_QUIET : REASON_NOT_LISTED;
	if (part == PART_DENY)
		return REASON_DENIED;
	if (model->has_types && qtype != RRTYPE_A)
		return REASON_TYPE;
	return part == PART_SITE ? REASON_SITE : REASON_ALLOWED;
}

static void
random_names_are_judged_as_the_model_has_it(void **state)
{
	struct chance chance = { 97 };
	unsigned round, i, seen[REASON_COUNT] = { 0 };

	(void)state;
	for (round = 0; round < 600; round++) {
		struct model model;
		struct loaded loaded = any_policy(&chance, &model);

		if (loaded.policy == NULL)
			fail_msg("%s", loaded.text);
		for (i = 0; i < 60; i++) {
			int open = chance_below(&chance, 2) > 0;
			struct decision decision;
			uint8_t wire[NAME_OCTETS_MAX];
			struct query query;
			struct origin rule;
			struct name name;
			enum reason expected;
			char text[64];

			chance_name(&chance, text);
			name = name_of(text);
			query = query_of("192.0.2.1", text, wire);
			query.now = open ? OPEN : CLOSED;
			query.qtype = chance_below(&chance, 4) > 0 ? RRTYPE_A
				: TYPE_TXT;
			policy_decide(loaded.policy, &query, &decision);
			expected = reason_of(&model, &name, query.qtype,
				open && model.has_window);
			if (decision.reason != expected)
				fail_msg("%s: expected %s, found %s", text,
					reason_word(expected),
					reason_word(decision.reason));
			assert_int_equal(decision.in_window,
				open && model.has_window);
			seen[expected]++;
			/* The same for the name alone. */
			expected = policy_judge_name(loaded.policy,
				decision.group, &name, query.now, &rule);
			assert_int_equal(expected, reason_of(&model, &name,
				RRTYPE_A, open && model.has_window));
		}
		unload(&loaded);
	}
	assert_true(seen[REASON_ALLOWED] > 1000);
	assert_true(seen[REASON_SITE] > 500);
	assert_true(seen[REASON_DENIED] > 1000);
	assert_true(seen[REASON_QUIET] > 500);
	assert_true(seen[REASON_NOT_LISTED] > 1000);
	assert_true(seen[REASON_TYPE] > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(
			quiet_names_are_those_that_nothing_else_matches),
		test_in_folder(a_name_is_allowed_for_some_types),
		test_in_folder(types_are_kept_in_order_and_once),
		test_in_folder(
		windows_allow_more_and_act_otherwise_while_they_are_open),
		test_in_folder(
		what_cannot_be_judged_is_dropped_in_a_window_that_drops),
		test_in_folder(
			a_group_is_in_a_window_when_one_of_its_windows_is_open),
		test_in_folder(
			a_time_zone_comes_from_a_file_once_for_all_its_groups),
		test_in_folder(
			a_pattern_behind_a_time_zone_is_of_its_own_file),
		test_in_folder(a_time_zone_of_the_system_is_known_by_name),
		test_in_folder(
			names_of_the_host_are_allowed_to_groups_that_want_them),
		test_in_folder(
			zones_of_the_host_are_no_patterns_of_the_policy),
		test_in_folder(prefixes_of_answers_lead_to_their_rules),
		test_in_folder(chains_are_as_the_options_say),
		cmocka_unit_test(
			the_action_follows_from_group_reason_and_window),
		test_in_folder(random_names_are_judged_as_the_model_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
