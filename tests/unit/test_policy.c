/*
 * test_policy.c - policies read from files, and what they decide.
 */
#include "support.h"

#include "policy.h"

/* --- Decisions. */

#define UNRESTRICTED VERDICT_UNRESTRICTED
#define ALLOW VERDICT_ALLOW
#define BLOCK VERDICT_BLOCK
#define AUDIT VERDICT_AUDIT
#define CLASS_CH 3
#define CLASS_ANY 255

struct decision_row {
	const char *row;
	const char *client;
	const char *qname;
	unsigned qclass;
	enum verdict verdict;
	enum reason reason;
	enum action action;
	/* NULL where there is none. */
	const char *group;
	/* "file:line:column" of the pattern that decides, or "". */
	const char *rule;
};

/* "file:line:column" where there is a file, else "". */
static void
write_origin(const struct origin *origin, char *text, size_t room)
{
	text[0] = '\0';
	if (origin->file != NULL)
		snprintf(text, room, "%s:%u:%u", origin->file, origin->line,
			origin->column);
}

static int
check_decision(const struct decision_row *r, const struct decision *found)
{
	char rule[300];
	int wrong = 0;

	wrong += row_number(r->row, "verdict", r->verdict, found->verdict);
	wrong += row_text(r->row, reason_word(r->reason),
		reason_word(found->reason));
	wrong += row_text(r->row, action_word(r->action),
		action_word(found->action));
	wrong += row_text(r->row, r->group != NULL ? r->group : "(none)",
		found->group != NULL ? found->group->name : "(none)");
	write_origin(&found->rule, rule, sizeof(rule));
	wrong += row_text(r->row, r->rule, rule);
	return wrong;
}

static int
check_decisions(const struct policy *policy, const struct decision_row *rows,
	size_t count)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct decision decision;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of(rows[i].client, rows[i].qname,
			wire);

		query.qclass = (uint16_t)rows[i].qclass;
		memset(&decision, 0xa5, sizeof(decision));
		policy_decide(policy, &query, &decision);
		wrong += check_decision(&rows[i], &decision);
	}
	return wrong;
}

static const char groups_policy[] =
	"group:\n"
	"    name: one\n"
	"    client: 192.0.2.0/24\n"
	"    client: 2001:db8::/32\n"
	"    allow: *.example.com\n"
	"    deny: www.example.com\n"
	"group:\n"
	"    name: two\n"
	"    client: 192.0.2.128/25\n"
	"    allow: .\n"
	"    allow: .example.net\n"
	"    deny: *.ads.example.net\n"
	"    action: sinkhole\n"
	"    sinkhole: 198.51.100.1\n"
	"group:\n"
	"    name: three\n"
	"    client: 2001:db8:3::/48\n"
	"    allow: \"*\"\n"
	"    action: drop\n"
	"group:\n"
	"    name: four\n"
	"    client: 203.0.113.4\n"
	"    allow: a.example\n"
	"    action: nodata\n"
	"group:\n"
	"    name: five\n"
	"    client: 203.0.113.5\n"
	"    allow: a.example\n"
	"    action: refused\n";

static const struct decision_row group_rows[] = {
	{ "a client of no group", "198.51.100.1", "www.example.com", 1,
		UNRESTRICTED, REASON_NO_GROUP, ACTION_NXDOMAIN, NULL, "" },
	{ "a client of no group, another class", "198.51.100.1",
		"version.bind", CLASS_CH, UNRESTRICTED, REASON_NO_GROUP,
		ACTION_NXDOMAIN, NULL, "" },
	{ "allowed", "192.0.2.1", "a.example.com", 1, ALLOW, REASON_ALLOWED,
		ACTION_NXDOMAIN, "one", "policy.conf:5:12" },
	{ "allowed in capitals", "192.0.2.1", "A.EXAMPLE.Com", 1, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, "one", "policy.conf:5:12" },
	{ "denied", "192.0.2.1", "www.example.com", 1, BLOCK, REASON_DENIED,
		ACTION_NXDOMAIN, "one", "policy.conf:6:11" },
	{ "denied in capitals", "192.0.2.1", "WWW.example.COM", 1, BLOCK,
		REASON_DENIED, ACTION_NXDOMAIN, "one", "policy.conf:6:11" },
	{ "not listed", "192.0.2.1", "example.com", 1, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, "one", "" },
	{ "not listed, the root", "192.0.2.1", ".", 1, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, "one", "" },
	{ "the group's other prefix", "2001:db8::1", "a.example.com", 1,
		ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, "one",
		"policy.conf:5:12" },
	{ "a mapped client", "::ffff:192.0.2.1", "a.example.com", 1, ALLOW,
		REASON_ALLOWED, ACTION_NXDOMAIN, "one", "policy.conf:5:12" },
	{ "another class is refused", "192.0.2.1", "a.example.com", CLASS_CH,
		BLOCK, REASON_CLASS, ACTION_REFUSED, "one", "" },
	{ "class ANY is judged by the name: allowed", "192.0.2.1",
		"a.example.com", CLASS_ANY, ALLOW, REASON_ALLOWED,
		ACTION_NXDOMAIN, "one", "policy.conf:5:12" },
	{ "class ANY is judged by the name: denied", "192.0.2.1",
		"www.example.com", CLASS_ANY, BLOCK, REASON_DENIED,
		ACTION_NXDOMAIN, "one", "policy.conf:6:11" },
	{ "class ANY is judged by the name: not listed", "192.0.2.1",
		"example.com", CLASS_ANY, BLOCK, REASON_NOT_LISTED,
		ACTION_NXDOMAIN, "one", "" },
	{ "class NONE is refused", "192.0.2.1", "a.example.com", 254, BLOCK,
		REASON_CLASS, ACTION_REFUSED, "one", "" },
	{ "the inner of two groups", "192.0.2.129", "a.example.com", 1, BLOCK,
		REASON_NOT_LISTED, ACTION_SINKHOLE, "two", "" },
	{ "the inner of two groups, allowed", "192.0.2.129", "example.net", 1,
		ALLOW, REASON_ALLOWED, ACTION_SINKHOLE, "two",
		"policy.conf:11:12" },
	{ "the inner of two groups, the root", "192.0.2.129", ".", 1, ALLOW,
		REASON_ALLOWED, ACTION_SINKHOLE, "two", "policy.conf:10:12" },
	{ "a sinkhole, denied", "192.0.2.129", "x.ads.example.net", 1, BLOCK,
		REASON_DENIED, ACTION_SINKHOLE, "two", "policy.conf:12:11" },
	{ "a sinkhole, another class is refused", "192.0.2.129",
		"example.net", CLASS_CH, BLOCK, REASON_CLASS, ACTION_REFUSED,
		"two", "" },
	{ "a value in quotes", "2001:db8:3::1", "any.name", 1, ALLOW,
		REASON_ALLOWED, ACTION_DROP, "three", "policy.conf:18:12" },
	{ "drop, not listed", "2001:db8:3::1", ".", 1, BLOCK,
		REASON_NOT_LISTED, ACTION_DROP, "three", "" },
	{ "drop, another class is dropped", "2001:db8:3::1", "version.bind",
		CLASS_CH, BLOCK, REASON_CLASS, ACTION_DROP, "three", "" },
	{ "nodata", "203.0.113.4", "b.example", 1, BLOCK, REASON_NOT_LISTED,
		ACTION_NODATA, "four", "" },
	{ "nodata, another class is refused", "203.0.113.4", "a.example",
		CLASS_CH, BLOCK, REASON_CLASS, ACTION_REFUSED, "four", "" },
	{ "refused", "203.0.113.5", "b.example", 1, BLOCK, REASON_NOT_LISTED,
		ACTION_REFUSED, "five", "" },
};

static void
each_client_is_judged_by_its_group(void **state)
{
	struct loaded loaded;

	(void)state;
	write_text("policy.conf", groups_policy);
	loaded = load_good("policy.conf");
	assert_int_equal(check_decisions(loaded.policy, group_rows,
		COUNT_OF(group_rows)), 0);
	unload(&loaded);
}

/* What is expected of a group is what the one before it has. */
static void
groups_of_any_sizes_have_their_own_patterns(void **state)
{
	static const unsigned sizes[] = { 300, 1, 700, 0, 0, 2000, 40 };
	FILE *file = fopen("policy.conf", "w");
	struct loaded loaded;
	size_t i, all = 0;
	unsigned j;

	(void)state;
	assert_non_null(file);
	for (i = 0; i < COUNT_OF(sizes); i++) {
		fprintf(file, "group: name: g%zu client: 192.0.2.%zu\n", i, i);
		for (j = 0; j < sizes[i]; j++)
			fprintf(file, "allow: n%u.g%zu.example\n", j, i);
		all += sizes[i];
	}
	assert_int_equal(fclose(file), 0);
	loaded = load_good("policy.conf");
	assert_int_equal(loaded.policy->pattern_count, all);
	for (i = 0; i < COUNT_OF(sizes); i++) {
		const struct names *own = loaded.policy->groups[i].own;

		assert_int_equal(names_rules(own), sizes[i]);
		for (j = 0; j <= sizes[i]; j++) {
			struct names_match match = { .rule = NULL };
			struct name name;
			char text[64];

			snprintf(text, sizeof(text), "n%u.g%zu.example", j, i);
			name = name_of(text);
			names_find(own, &name, NAMES_NO_RULE, &match);
			assert_int_equal(match.rule != NULL, j < sizes[i]);
		}
	}
	unload(&loaded);
}

static void
every_type_is_judged_alike(void **state)
{
	static const uint16_t types[] = { 1, 2, 5, 6, 12, 15, 16, 28, 33, 64,
		65, 255, 65280, 0 };
	struct loaded loaded;
	size_t i;

	(void)state;
	write_text("policy.conf", groups_policy);
	loaded = load_good("policy.conf");
	for (i = 0; i < COUNT_OF(types); i++) {
		struct decision decision;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of("192.0.2.1", "www.example.com",
			wire);

		query.qtype = types[i];
		policy_decide(loaded.policy, &query, &decision);
		assert_int_equal(decision.verdict, VERDICT_BLOCK);
		query = query_of("192.0.2.1", "a.example.com", wire);
		query.qtype = types[i];
		policy_decide(loaded.policy, &query, &decision);
		assert_int_equal(decision.verdict, VERDICT_ALLOW);
	}
	unload(&loaded);
}

static void
a_malformed_name_is_blocked(void **state)
{
	static const struct {
		const char *row;
		const char *wire;
		size_t length;
	} names[] = {
		{ "no octet", "", 0 },
		{ "cut short", "\3com", 4 },
		{ "a pointer", "\300\14", 2 },
		{ "octets behind the root", "\1a\0\0", 4 },
	};
	static const struct {
		const char *client, *group;
		enum action action;
	} clients[] = {
		{ "192.0.2.1", "one", ACTION_REFUSED },
		{ "192.0.2.129", "two", ACTION_REFUSED },
		{ "2001:db8:3::1", "three", ACTION_DROP },
		{ "203.0.113.4", "four", ACTION_REFUSED },
	};
	struct loaded loaded;
	int wrong = 0;
	size_t i, k;

	(void)state;
	write_text("policy.conf", groups_policy);
	loaded = load_good("policy.conf");
	for (i = 0; i < COUNT_OF(names); i++)
		for (k = 0; k < COUNT_OF(clients); k++) {
			const struct decision_row expected = { names[i].row,
				clients[k].client, "", 1, BLOCK,
				REASON_MALFORMED, clients[k].action,
				clients[k].group, "" };
			struct decision decision;
			uint8_t ignored[NAME_OCTETS_MAX];
			struct query query = query_of(clients[k].client, ".",
				ignored);

			query.qname = (const uint8_t *)names[i].wire;
			query.qname_len = names[i].length;
			policy_decide(loaded.policy, &query, &decision);
			wrong += check_decision(&expected, &decision);
		}
	assert_int_equal(wrong, 0);
	unload(&loaded);
}

static const char audit_policy[] =
	"group:\n"
	"    name: before\n"
	"    client: 192.0.2.1\n"
	"    allow: a.example\n"
	"bitsink:\n"
	"    mode: audit\n"
	"    log: off\n"
	"group:\n"
	"    name: behind\n"
	"    client: 192.0.2.2\n"
	"    allow: a.example\n"
	"    deny: b.example\n"
	"    deny: *.b.example\n"
	"    allow: c.b.example\n"
	"    action: refused\n"
	"group:\n"
	"    name: enforced\n"
	"    client: 192.0.2.3\n"
	"    allow: a.example\n"
	"    mode: enforce\n"
	"    log: all\n";

static const struct decision_row audit_rows[] = {
	{ "mode of bitsink: counts for a group before it", "192.0.2.1",
		"x.example", 1, AUDIT, REASON_NOT_LISTED, ACTION_NXDOMAIN,
		"before", "" },
	{ "audit allows as ever", "192.0.2.2", "a.example", 1, ALLOW,
		REASON_ALLOWED, ACTION_REFUSED, "behind",
		"policy.conf:11:12" },
	{ "audit of not listed", "192.0.2.2", "x.example", 1, AUDIT,
		REASON_NOT_LISTED, ACTION_REFUSED, "behind", "" },
	{ "audit of denied", "192.0.2.2", "b.example", 1, AUDIT,
		REASON_DENIED, ACTION_REFUSED, "behind", "policy.conf:12:11" },
	{ "audit of another class", "192.0.2.2", "a.example", CLASS_CH, AUDIT,
		REASON_CLASS, ACTION_REFUSED, "behind", "" },
	{ "a group's own mode", "192.0.2.3", "x.example", 1, BLOCK,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, "enforced", "" },
};

static const char one_audited_policy[] =
	"group:\n"
	"    name: audited\n"
	"    client: 192.0.2.1\n"
	"    allow: a.example\n"
	"    mode: audit\n"
	"    log: off\n"
	"group:\n"
	"    name: other\n"
	"    client: 192.0.2.2\n"
	"    allow: a.example\n";

static const struct decision_row one_audited_rows[] = {
	{ "audit of one group", "192.0.2.1", "x.example", 1, AUDIT,
		REASON_NOT_LISTED, ACTION_NXDOMAIN, "audited", "" },
	{ "audit of one group is not another's", "192.0.2.2", "x.example", 1,
		BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, "other", "" },
};

static void
audit_blocks_nothing_in_all_groups_or_in_one(void **state)
{
	struct loaded loaded;

	(void)state;
	write_text("policy.conf", audit_policy);
	loaded = load_good("policy.conf");
	assert_int_equal(check_decisions(loaded.policy, audit_rows,
		COUNT_OF(audit_rows)), 0);
	assert_int_equal(loaded.policy->groups[0].log, GROUP_LOG_OFF);
	assert_int_equal(loaded.policy->groups[1].log, GROUP_LOG_OFF);
	assert_int_equal(loaded.policy->groups[2].log, GROUP_LOG_ALL);
	unload(&loaded);
	write_text("policy.conf", one_audited_policy);
	loaded = load_good("policy.conf");
	assert_int_equal(check_decisions(loaded.policy, one_audited_rows,
		COUNT_OF(one_audited_rows)), 0);
	assert_int_equal(loaded.policy->groups[0].log, GROUP_LOG_OFF);
	assert_int_equal(loaded.policy->groups[1].log, GROUP_LOG_FIRST_SEEN);
	unload(&loaded);
}

static void
options_and_what_is_in_force_without_them(void **state)
{
	struct loaded loaded;
	const struct group *group;
	static const uint8_t first[4] = { 192, 0, 2, 10 };
	static const uint8_t second[4] = { 192, 0, 2, 11 };
	static const uint8_t third[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };

	(void)state;
	write_text("policy.conf",
		"group:\n name: plain.Name-1_\n client: 198.51.100.1\n"
		" allow: a.example\n"
		"group:\n name: full\n client: 198.51.100.2\n"
		" allow: a.example\n action: sinkhole\n ttl: 86400\n"
		" sinkhole: 192.0.2.10\n sinkhole: 2001:db8::1\n"
		" sinkhole: ::ffff:192.0.2.11\n"
		"group:\n name: zero\n client: 198.51.100.3\n"
		" allow: a.example\n ttl: 0\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	assert_int_equal(loaded.policy->group_count, 3);
	assert_int_equal(loaded.policy->prefix_count, 3);
	assert_int_equal(loaded.policy->pattern_count, 3);
	assert_int_equal(loaded.policy->source_count, 1);
	group = &loaded.policy->groups[0];
	assert_string_equal(group->name, "plain.Name-1_");
	assert_int_equal(group->action, ACTION_NXDOMAIN);
	assert_int_equal(group->ttl, 60);
	assert_false(group->audit);
	assert_int_equal(group->log, GROUP_LOG_FIRST_SEEN);
	assert_int_equal(group->sinkholes4 + group->sinkholes6, 0);
	assert_int_equal(group->origin.line, 1);
	assert_int_equal(group->origin.column, 1);
	group = &loaded.policy->groups[1];
	assert_int_equal(group->action, ACTION_SINKHOLE);
	assert_int_equal(group->ttl, 86400);
	assert_int_equal(group->sinkholes4, 2);
	assert_int_equal(group->sinkholes6, 1);
	assert_memory_equal(group->sinkhole4[0], first, 4);
	assert_memory_equal(group->sinkhole4[1], second, 4);
	assert_memory_equal(group->sinkhole6[0], third, 16);
	assert_int_equal(loaded.policy->groups[2].ttl, 0);
	assert_true(policy_memory(loaded.policy) > 3 * sizeof(*group));
	unload(&loaded);
}

static void
each_group_logs_as_it_says_or_as_all_do(void **state)
{
	static const char *const words[] = { NULL, "off", "first-seen",
		"all" };
	static const enum group_log logs[] = { GROUP_LOG_UNSET, GROUP_LOG_OFF,
		GROUP_LOG_FIRST_SEEN, GROUP_LOG_ALL };
	struct loaded loaded;
	char text[512];
	size_t all, own;

	(void)state;
	for (all = 0; all < COUNT_OF(words); all++)
		for (own = 0; own < COUNT_OF(words); own++) {
			enum group_log expected = own > 0 ? logs[own]
				: all > 0 ? logs[all] : GROUP_LOG_FIRST_SEEN;

			snprintf(text, sizeof(text), "group: name: g client: "
				"::1 allow: a %s %s\nbitsink: %s %s\n",
				own > 0 ? "log:" : "",
				own > 0 ? words[own] : "",
				all > 0 ? "log:" : "",
				all > 0 ? words[all] : "");
			write_text("policy.conf", text);
			loaded = load_good("policy.conf");
			assert_string_equal(loaded.text, "");
			assert_int_equal(loaded.policy->groups[0].log,
				expected);
			unload(&loaded);
		}
}

#define PATH_50 "/2345678901234567890123456789012345678901234567890"

static void
settings_and_what_is_in_force_without_them(void **state)
{
	static const struct {
		const char *options;
		struct policy_settings settings;
	} rows[] = {
		{ "", { 60, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "log-limit: 0", { 0, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "log-limit: 1", { 1, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "log-limit: 000007", { 7, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "log-limit: 100000", { 100000, 0, 0, NULL, NULL, NULL,
			0660, 0 } },
		{ "watch-files: yes", { 60, 1, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "watch-files: \"yes\"", { 60, 1, 0, NULL, NULL, NULL,
			0660, 0 } },
		{ "gate: hook", { 60, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "gate: views", { 60, 0, 0, NULL, NULL, NULL, 0660, 1 } },
		{ "watch-files: no", { 60, 0, 0, NULL, NULL, NULL, 0660, 0 } },
		{ "control-socket: off", { 60, 0, 1, NULL, NULL, NULL,
			0660, 0 } },
		{ "control-socket: \"off\"", { 60, 0, 1, NULL, NULL, NULL,
			0660, 0 } },
		{ "control-socket: /run/x", { 60, 0, 0, "/run/x", NULL, NULL,
			0660, 0 } },
		{ "control-socket: '/a b=\"c'", { 60, 0, 0, "/a b=\"c", NULL,
			NULL, 0660, 0 } },
		{ "control-socket: /off", { 60, 0, 0, "/off", NULL, NULL,
			0660, 0 } },
		{ "control-socket: " PATH_50 PATH_50 "/234567",
			{ 60, 0, 0, PATH_50 PATH_50 "/234567", NULL, NULL,
			0660, 0 } },
		{ "control-user: root", { 60, 0, 0, NULL, "root", NULL,
			0660, 0 } },
		{ "control-user: 0", { 60, 0, 0, NULL, "0", NULL, 0660, 0 } },
		{ "control-user: \"no one\"", { 60, 0, 0, NULL, "no one", NULL,
			0660, 0 } },
		{ "control-group: adm", { 60, 0, 0, NULL, NULL, "adm",
			0660, 0 } },
		{ "control-mode: 0", { 60, 0, 0, NULL, NULL, NULL, 0, 0 } },
		{ "control-mode: 0000", { 60, 0, 0, NULL, NULL, NULL, 0, 0 } },
		{ "control-mode: 600", { 60, 0, 0, NULL, NULL, NULL,
			0600, 0 } },
		{ "control-mode: 0777", { 60, 0, 0, NULL, NULL, NULL,
			0777, 0 } },
		{ "log-limit: 5 control-socket: /s control-user: u\n"
			"control-group: g control-mode: 0666 log: off\n"
			"bitsink: mode: audit watch-files: yes",
			{ 5, 1, 0, "/s", "u", "g", 0666, 0 } },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct policy_settings *expected = &rows[i].settings;
		const struct policy_settings *found;
		const char *row = rows[i].options;
		struct loaded loaded;
		char text[512];

		snprintf(text, sizeof(text), "bitsink: %s\ngroup: name: g "
			"client: ::1 allow: .a\n", row);
		write_text("policy.conf", text);
		loaded = load_good("policy.conf");
		wrong += row_text(row, "", loaded.text);
		found = &loaded.policy->settings;
		wrong += row_number(row, "log-limit",
			(long)expected->log_limit, (long)found->log_limit);
		wrong += row_number(row, "watch-files", expected->watch_files,
			found->watch_files);
		wrong += row_number(row, "gate", expected->gate_views,
			found->gate_views);
		wrong += row_number(row, "off", expected->control_off,
			found->control_off);
		wrong += row_number(row, "mode", (long)expected->control_mode,
			(long)found->control_mode);
#define CHECK(member) \
		wrong += row_text(row, expected->member != NULL ? \
			expected->member : "none", found->member != NULL ? \
			found->member : "none")
		CHECK(control_socket);
		CHECK(control_user);
		CHECK(control_group);
#undef CHECK
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

static void
policies_that_want_the_same_socket(void **state)
{
	/* Each wants another one. */
	static const char *const rows[] = { "", "control-socket: off",
		"control-socket: /run/x", "control-socket: /run/y",
		"control-user: x", "control-user: y", "control-group: x",
		"control-group: y", "control-mode: 0600", "control-mode: 0666",
		"control-mode: 0600 control-user: x control-group: x",
	};
	struct loaded loaded[COUNT_OF(rows)], other;
	size_t i, k;
	int wrong = 0;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[512];

		snprintf(text, sizeof(text), "bitsink: %s\ngroup: name: g "
			"client: ::1 allow: a\n", rows[i]);
		write_text("policy.conf", text);
		loaded[i] = load_good("policy.conf");
	}
	for (i = 0; i < COUNT_OF(rows); i++)
		for (k = 0; k < COUNT_OF(rows); k++)
			wrong += row_number(rows[i], rows[k], i == k,
				policy_same_control(loaded[i].policy,
				loaded[k].policy));
	/* Written or not, and whatever else there is. */
	write_text("policy.conf", "bitsink: control-mode: 0660 log-limit: 1 "
		"watch-files: yes\ngroup: name: h client: ::2 allow: b\n");
	other = load_good("policy.conf");
	assert_true(policy_same_control(loaded[0].policy, other.policy));
	unload(&other);
	for (i = 0; i < COUNT_OF(rows); i++)
		unload(&loaded[i]);
	assert_int_equal(wrong, 0);
}

static void
audit_is_known_of_a_policy(void **state)
{
	static const struct {
		const char *text;
		int audit;
	} rows[] = {
		{ "group: name: g client: ::1 allow: a\n", 0 },
		{ "group: name: g client: ::1 allow: a mode: audit\n", 1 },
		{ "bitsink: mode: audit\n"
			"group: name: g client: ::1 allow: a\n", 1 },
		{ "bitsink: mode: audit\ngroup: name: g client: ::1 allow: a "
			"mode: enforce\n", 0 },
		{ "group: name: g client: ::1 allow: a\n"
			"group: name: h client: ::2 allow: a mode: audit\n",
			1 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct loaded loaded;

		write_text("policy.conf", rows[i].text);
		loaded = load_good("policy.conf");
		wrong += row_number(rows[i].text, "audit", rows[i].audit,
			policy_has_audit(loaded.policy));
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

static void
every_reason_to_block_has_an_explanation(void **state)
{
	static const struct {
		enum reason reason;
		const char *text;
	} rows[] = {
		{ REASON_NOT_LISTED, "bitsink: group \"%s\" has no allow for "
			"this name" },
		{ REASON_DENIED, "bitsink: group \"%s\" denies this name" },
		{ REASON_QUIET, "bitsink: group \"%s\" has no allow for this "
			"quiet name" },
		{ REASON_TYPE, "bitsink: group \"%s\" may not ask for this "
			"type" },
		{ REASON_CHAIN, "bitsink: group \"%s\" has no allow for an "
			"alias's target" },
		{ REASON_ADDRESS, "bitsink: group \"%s\" may not have this "
			"answer's address" },
		{ REASON_ANSWER, "bitsink: group \"%s\" got what could not be "
			"judged" },
		{ REASON_BUSY, "bitsink: group \"%s\" asked while too many "
			"answers waited" },
		{ REASON_CLASS, "bitsink: group \"%s\" may ask in class IN "
			"only" },
		{ REASON_MALFORMED, "bitsink: group \"%s\" asked what could "
			"not be judged" },
	};
	static const char *const names[] = { "g",
		"a-name-of-just-32-octets-1234567" };
	int wrong = 0;
	size_t i, k, blocking = 0;

	(void)state;
	assert_int_equal(strlen(names[1]), GROUP_NAME_MAX);
	for (i = 0; i < REASON_COUNT; i++)
		blocking += !reason_allows((enum reason)i);
	assert_int_equal(blocking, COUNT_OF(rows));
	for (k = 0; k < COUNT_OF(names); k++) {
		char text[200], told[GROUP_EXPLANATION_MAX + 1];
		struct loaded loaded;

		snprintf(text, sizeof(text), "group: name: %s client: ::1 "
			"allow: a", names[k]);
		write_text("policy.conf", text);
		loaded = load_good("policy.conf");
		for (i = 0; i < COUNT_OF(rows); i++) {
			const char *before = rows[i].text;
			const char *mark = strstr(before, "%s");

			snprintf(text, sizeof(text), "%.*s%s%s",
				(int)(mark - before), before, names[k],
				mark + 2);
			wrong += row_number(reason_word(rows[i].reason),
				"octets", (long)strlen(text),
				(long)group_explain(&loaded.policy->groups[0],
				rows[i].reason, told));
			wrong += row_text(reason_word(rows[i].reason), text,
				told);
		}
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

static void
words_are_those_of_the_documentation(void **state)
{
	(void)state;
	assert_string_equal(reason_word(REASON_NO_GROUP), "no-group");
	assert_string_equal(reason_word(REASON_ALLOWED), "allowed");
	assert_string_equal(reason_word(REASON_SITE), "site");
	assert_string_equal(reason_word(REASON_GRANTED), "granted");
	assert_string_equal(reason_word(REASON_FOLLOWED), "followed");
	assert_string_equal(reason_word(REASON_NOT_LISTED), "not-listed");
	assert_string_equal(reason_word(REASON_DENIED), "denied");
	assert_string_equal(reason_word(REASON_QUIET), "quiet");
	assert_string_equal(reason_word(REASON_TYPE), "type");
	assert_string_equal(reason_word(REASON_CHAIN), "chain");
	assert_string_equal(reason_word(REASON_ADDRESS), "address");
	assert_string_equal(reason_word(REASON_ANSWER), "answer");
	assert_string_equal(reason_word(REASON_BUSY), "busy");
	assert_string_equal(reason_word(REASON_CLASS), "class");
	assert_string_equal(reason_word(REASON_MALFORMED), "malformed");
	assert_string_equal(reason_word(REASON_COUNT), "unknown");
	assert_string_equal(action_word(ACTION_NXDOMAIN), "nxdomain");
	assert_string_equal(action_word(ACTION_NODATA), "nodata");
	assert_string_equal(action_word(ACTION_REFUSED), "refused");
	assert_string_equal(action_word(ACTION_DROP), "drop");
	assert_string_equal(action_word(ACTION_SINKHOLE), "sinkhole");
	assert_string_equal(action_word(ACTION_COUNT), "unknown");
}

/* --- Ways to write the same. */

#define FILES_MAX 5

/* In each of them 192.0.2.1, in group "g", may ask for a.example and for
 * nothing else. */
struct layout_row {
	const char *row;
	struct text_file files[FILES_MAX];
	/* Where the allow is. */
	const char *rule;
};

#define G "group:\n name: g\n client: 192.0.2.1\n"
#define ONE_FILE(text) { { "policy.conf", text } }

static const struct layout_row layout_rows[] = {
	{ "a line each", ONE_FILE(G " allow: a.example\n"),
		"policy.conf:4:9" },
	{ "no newline at the end", ONE_FILE(G " allow: a.example"),
		"policy.conf:4:9" },
	{ "all on one line", ONE_FILE("group: name: g client: 192.0.2.1 "
		"allow: a.example"), "policy.conf:1:41" },
	{ "no space behind the colon", ONE_FILE("group:name:g "
		"client:192.0.2.1 allow:a.example"), "policy.conf:1:37" },
	{ "a value on the next line", ONE_FILE(G " allow:\n  a.example\n"),
		"policy.conf:5:3" },
	{ "a value behind a comment", ONE_FILE(G " allow: # this:\n\n"
		"a.example\n"), "policy.conf:6:1" },
	{ "a value that ends with a colon", ONE_FILE(G
		" client: 2001:db8::\n allow: a.example\n"),
		"policy.conf:5:9" },
	{ "a value that ends with a colon, in quotes on the next line",
		ONE_FILE(G " client:\n \"2001:db8::\"\n"
		" allow: a.example\n"), "policy.conf:6:9" },
	{ "tabs and empty lines", ONE_FILE("\n\tgroup:\n\n\tname:\tg\n\n"
		"\tclient:\t192.0.2.1\n\t\n\tallow:\ta.example\n\n"),
		"policy.conf:8:9" },
	{ "CRLF line ends", ONE_FILE("group:\r\n name: g\r\n"
		" client: 192.0.2.1\r\n allow: a.example\r\n"),
		"policy.conf:4:9" },
	{ "a byte order mark", ONE_FILE("\xef\xbb\xbf" G
		" allow: a.example\n"), "policy.conf:4:9" },
	{ "a byte order mark before the place", ONE_FILE("\xef\xbb\xbfgroup: "
		"name: g client: 192.0.2.1 allow: a.example\n"),
		"policy.conf:1:41" },
	{ "comments", ONE_FILE("# group:\n" G "# deny: a.example\n"
		" allow: a.example # deny: a.example\n#"),
		"policy.conf:6:9" },
	{ "comments in UTF-8", ONE_FILE("# \xc3\xa4\xe2\x82\xac\xf0\x9f\x98"
		"\x80\n" G " allow: a.example\n"), "policy.conf:5:9" },
	{ "a comment without a newline", ONE_FILE(G " allow: a.example #"),
		"policy.conf:4:9" },
	{ "double quotes", ONE_FILE("group:\n name: \"g\"\n client: "
		"\"192.0.2.1\"\n allow: \"a.example\"\n"),
		"policy.conf:4:9" },
	{ "single quotes", ONE_FILE("group:\n name: 'g'\n client: "
		"'192.0.2.1'\n allow: 'a.example'\n"), "policy.conf:4:9" },
	{ "a quote ends a value", ONE_FILE("group: name: 'g'client:'192.0.2.1'"
		"allow:\"a.example\""), "policy.conf:1:41" },
	{ "an escape in a value", ONE_FILE(G " allow: \\097.example\n"),
		"policy.conf:4:9" },
	{ "an escape in quotes", ONE_FILE(G " allow: \"\\097.example\"\n"),
		"policy.conf:4:9" },
	{ "a clause is left and another begins", ONE_FILE("group: name: h "
		"bitsink: log: off " G " allow: a.example\n"),
		"policy.conf:4:9" },

	{ "an include in a clause", { { "policy.conf", G
		" include: more.conf\n" },
		{ "more.conf", "allow: a.example" } }, "more.conf:1:8" },
	{ "an include of a clause", { { "policy.conf",
		"include: \"more.conf\"\n" },
		{ "more.conf", G " allow: a.example" } }, "more.conf:4:9" },
	{ "a clause goes on behind an include", { { "policy.conf", G
		" include: more.conf\n allow: a.example\n" },
		{ "more.conf", "action: refused" } }, "policy.conf:5:9" },
	{ "a clause that an include began goes on", { { "policy.conf",
		"include: more.conf\n allow: a.example\n" },
		{ "more.conf", G } }, "policy.conf:2:9" },
	{ "an include in an include", { { "policy.conf", G
		" include: 1.conf\n" }, { "1.conf", "include: 2.conf" },
		{ "2.conf", "include: 3.conf" },
		{ "3.conf", "allow: a.example" } }, "3.conf:1:8" },
	{ "the same file for two groups", { { "policy.conf",
		"group: name: h client: 192.0.2.99 include: more.conf\n"
		G " include: more.conf\n" },
		{ "more.conf", "allow: a.example" } }, "more.conf:1:8" },
	{ "an include in a folder, relative to its file", { { "policy.conf",
		G " include: \"sub/1.conf\"\n" },
		{ "sub/1.conf", "include: 2.conf" },
		{ "sub/2.conf", "allow: a.example" },
		{ "2.conf", "allow: wrong.example" } }, "sub/2.conf:1:8" },
	{ "an include in the folder above", { { "policy.conf",
		G " include: sub/1.conf\n" },
		{ "sub/1.conf", "include: ../2.conf" },
		{ "2.conf", "allow: a.example" } }, "sub/../2.conf:1:8" },
	{ "an include of several files", { { "policy.conf",
		"include: \"conf.d/*.conf\"\n" },
		{ "conf.d/1.conf", G }, { "conf.d/2.conf",
		"allow: a.example" }, { "conf.d/3.other",
		"allow: wrong.example" } }, "conf.d/2.conf:1:8" },
	{ "files of an include come in the order of their names", {
		{ "policy.conf", "include: \"*.d\"\n" },
		{ "c.d", "allow: a.example" }, { "a.d", "group: name: g" },
		{ "b.d", "client: 192.0.2.1" } }, "c.d:1:8" },
	{ "an include by one of some octets", { { "policy.conf", G
		"include: \"[ab].conf\"\n" }, { "b.conf",
		"allow: a.example" }, { "c.conf", "allow: wrong.example" } },
		"b.conf:1:8" },
	{ "an include by words in braces", { { "policy.conf", G
		"include: \"{a,b}.conf\"\n" }, { "a.conf", "" },
		{ "b.conf", "allow: a.example" } }, "b.conf:1:8" },
	{ "an include of an empty file", { { "policy.conf", G
		"include: empty.conf\n allow: a.example" },
		{ "empty.conf", "" } }, "policy.conf:5:9" },
	{ "include-toplevel ends the clause and begins none", {
		{ "policy.conf", "group: name: h\n"
		"include-toplevel: more.conf\ninclude: rest.conf\n" },
		{ "more.conf", G " allow: a.example" },
		{ "rest.conf", "bitsink: log: off" } }, "more.conf:4:9" },
	{ "a file name with spaces", { { "policy.conf", G
		" include: \"my more.conf\"\n" },
		{ "my more.conf", "allow: a.example" } },
		"my more.conf:1:8" },

	{ "a list of list-directory", { { "policy.conf", "bitsink:\n"
		" list-directory: own\n" G " allow-list: l\n" },
		{ "own/l.list", "a.example\n" } }, "own/l.list:1:1" },
	{ "list-directory behind the group", { { "policy.conf", G
		" allow-list: l\nbitsink: list-directory: own\n" },
		{ "own/l.list", "a.example\n" } }, "own/l.list:1:1" },
	{ "list-directory before the installed ones", { { "policy.conf",
		"bitsink: list-directory: own\n" G " allow-list: l\n" },
		{ "own/l.list", "a.example\n" },
		{ "installed/l.list", "wrong.example\n" } },
		"own/l.list:1:1" },
	{ "the first list-directory that has it", { { "policy.conf",
		"bitsink: list-directory: none list-directory: first\n"
		"list-directory: second\n" G " allow-list: l\n" },
		{ "first/l.list", "a.example\n" },
		{ "second/l.list", "wrong.example\n" } },
		"first/l.list:1:1" },
	{ "an installed list", { { "policy.conf",
		"bitsink: list-directory: own\n" G " allow-list: \"l\"\n" },
		{ "installed/l.list", "a.example\n" },
		{ "own/other.list", "wrong.example\n" } },
		"installed/l.list:1:1" },
	{ "list-directory relative to its file", { { "policy.conf",
		"include: sub/more.conf\n" G " allow-list: l\n" },
		{ "sub/more.conf", "bitsink: list-directory: own" },
		{ "sub/own/l.list", "a.example\n" } },
		"sub/own/l.list:1:1" },
	{ "a list by its path", { { "policy.conf", G
		" allow-list: own/l.txt\n" },
		{ "own/l.txt", "a.example\n" } }, "own/l.txt:1:1" },
	{ "a list beside the policy", { { "policy.conf", G
		" allow-list: ./l.txt\n" },
		{ "l.txt", "a.example\n" } }, "./l.txt:1:1" },
	{ "a list's path is relative to its file", { { "policy.conf", G
		" include: sub/more.conf\n" },
		{ "sub/more.conf", "allow-list: own/l.txt" },
		{ "sub/own/l.txt", "a.example\n" } }, "sub/own/l.txt:1:1" },
	{ "a list with comments and empty lines", { { "policy.conf", G
		" allow-list: l\n" }, { "installed/l.list",
		"# wrong.example\n\n   \n\t# wrong.example\n"
		"  a.example # x\n" } }, "installed/l.list:5:3" },
	{ "a list without a newline at its end", { { "policy.conf", G
		" allow-list: l\n" }, { "installed/l.list", "a.example" } },
		"installed/l.list:1:1" },
	{ "a list with CRLF line ends", { { "policy.conf", G
		" allow-list: l\n" }, { "installed/l.list",
		"# x\r\n\r\na.example\r\n" } }, "installed/l.list:3:1" },
	{ "a list with a byte order mark", { { "policy.conf", G
		" allow-list: l\n" }, { "installed/l.list",
		"\xef\xbb\xbf" "a.example\n" } }, "installed/l.list:1:1" },
	{ "a list with ports", { { "policy.conf", G " allow-list: l\n" },
		{ "installed/l.list", "a.example http https,80 , 8530/tcp"
		",1/udp 65535 # x\n" } }, "installed/l.list:1:1" },
	{ "a comment right behind a pattern", { { "policy.conf", G
		" allow-list: l\n" }, { "installed/l.list",
		"a.example#http\n" } }, "installed/l.list:1:1" },
};

static int
check_layout(const struct layout_row *r)
{
	const struct decision_row rows[] = {
		{ r->row, "192.0.2.1", "a.example", 1, ALLOW, REASON_ALLOWED,
			ACTION_NXDOMAIN, "g", r->rule },
		{ r->row, "192.0.2.1", "wrong.example", 1, BLOCK,
			REASON_NOT_LISTED, ACTION_NXDOMAIN, "g", "" },
		{ r->row, "192.0.2.2", "a.example", 1, UNRESTRICTED,
			REASON_NO_GROUP, ACTION_NXDOMAIN, NULL, "" },
	};
	struct loaded loaded;
	struct policy *policy;
	size_t i;
	int wrong;

	write_files(r->files, FILES_MAX);
	loaded = load("policy.conf");
	policy = loaded.policy;
	wrong = policy == NULL ? row_text(r->row, "", loaded.text) : 0;
	/* What a blocked query gets is no matter here. */
	for (i = 0; policy != NULL && i < policy->group_count; i++)
		policy->groups[i].action = ACTION_NXDOMAIN;
	if (policy != NULL)
		wrong += check_decisions(policy, rows, COUNT_OF(rows));
	unload(&loaded);
	folder_empty();
	return wrong;
}

static void
the_same_may_be_written_in_many_ways(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(layout_rows); i++)
		wrong += check_layout(&layout_rows[i]);
	assert_int_equal(wrong, 0);
}

/* Whatever octets the path of the policy itself has. */
static void
an_include_is_found_beside_a_policy_in_any_folder(void **state)
{
	static const char *const folders[] = { "plain", "with space",
		"a[b]", "a*", "{a,b}", "a?", "-" };
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(folders); i++) {
		char path[64], more[64];
		struct loaded loaded;

		snprintf(path, sizeof(path), "%s/policy.conf", folders[i]);
		snprintf(more, sizeof(more), "%s/more.conf", folders[i]);
		write_text(path, G " include: more.conf\n");
		write_text(more, "allow: a.example\n");
		loaded = load(path);
		wrong += row_text(folders[i], "", loaded.text);
		wrong += row_number(folders[i], "files", 2, loaded.policy ?
			(long)loaded.policy->source_count : 0);
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

static void
paths_may_be_absolute(void **state)
{
	const struct folder *folder = *state;
	char text[600];
	struct loaded loaded;

	snprintf(text, sizeof(text), "include: %s/sub/more.conf\n"
		"bitsink: list-directory: %s/own\n" G " allow-list: l\n"
		" allow-list: %s/other.txt\n", folder->path, folder->path,
		folder->path);
	write_text("sub/policy.conf", text);
	write_text("sub/more.conf", "bitsink: mode: audit\n");
	write_text("own/l.list", "a.example\n");
	write_text("other.txt", "b.example\n");
	loaded = load_good("sub/policy.conf");
	assert_string_equal(loaded.text, "");
	assert_int_equal(loaded.policy->source_count, 4);
	assert_true(loaded.policy->groups[0].audit);
	assert_int_equal(loaded.policy->pattern_count, 2);
	unload(&loaded);
}

/* --- Lists. */

static void
a_list_is_read_once_for_all_its_groups(void **state)
{
	static const struct decision_row rows[] = {
		{ "the first group", "192.0.2.1", "a.example", 1, ALLOW,
			REASON_ALLOWED, ACTION_NXDOMAIN, "one",
			"installed/l.list:1:1" },
		{ "the second group", "192.0.2.2", "a.example", 1, ALLOW,
			REASON_ALLOWED, ACTION_NXDOMAIN, "two",
			"installed/l.list:1:1" },
		{ "the second group's other list", "192.0.2.2", "b.example",
			1, ALLOW, REASON_ALLOWED, ACTION_NXDOMAIN, "two",
			"installed/m.list:2:1" },
		{ "is not the first group's", "192.0.2.1", "b.example", 1,
			BLOCK, REASON_NOT_LISTED, ACTION_NXDOMAIN, "one", "" },
	};
	struct loaded loaded;

	(void)state;
	write_text("policy.conf",
		"group: name: one client: 192.0.2.1 allow-list: l\n"
		"group: name: two client: 192.0.2.2 allow-list: l "
		"allow-list: m\n");
	write_text("installed/l.list", "a.example\n*.a.example\n");
	write_text("installed/m.list", "# m\nb.example\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	assert_int_equal(loaded.policy->list_count, 2);
	assert_int_equal(loaded.policy->pattern_count, 3);
	assert_int_equal(loaded.policy->source_count, 3);
	assert_string_equal(loaded.policy->lists[0]->name, "l");
	assert_string_equal(loaded.policy->lists[0]->file,
		"installed/l.list");
	assert_ptr_equal(loaded.policy->groups[0].lists[0],
		loaded.policy->groups[1].lists[0]);
	assert_int_equal(check_decisions(loaded.policy, rows,
		COUNT_OF(rows)), 0);
	unload(&loaded);
}

static void
own_patterns_and_lists_are_weighed_together(void **state)
{
	static const struct decision_row rows[] = {
		{ "a deny beats a list's shorter pattern", "192.0.2.1",
			"www.example.com", 1, BLOCK, REASON_DENIED,
			ACTION_NXDOMAIN, "g", "policy.conf:1:57" },
		{ "a list's longer pattern beats a deny", "192.0.2.1",
			"x.www.example.com", 1, ALLOW, REASON_ALLOWED,
			ACTION_NXDOMAIN, "g", "installed/m.list:1:1" },
		{ "a list's shorter pattern for the rest", "192.0.2.1",
			"ftp.example.com", 1, ALLOW, REASON_ALLOWED,
			ACTION_NXDOMAIN, "g", "installed/l.list:1:1" },
		{ "a deny wins a tie with a list", "192.0.2.1",
			"x.example.net", 1, BLOCK, REASON_DENIED,
			ACTION_NXDOMAIN, "g", "policy.conf:2:7" },
		{ "neither", "192.0.2.1", "example.com", 1, BLOCK,
			REASON_NOT_LISTED, ACTION_NXDOMAIN, "g", "" },
	};
	struct loaded loaded;

	(void)state;
	write_text("policy.conf", "group: name: g client: 192.0.2.1 "
		"allow-list: l    deny: .www.example.com\n"
		"deny: *.example.net\nallow-list: m");
	write_text("installed/l.list", "*.example.com\n*.example.net\n");
	write_text("installed/m.list", "x.www.example.com\n");
	loaded = load_good("policy.conf");
	assert_int_equal(check_decisions(loaded.policy, rows,
		COUNT_OF(rows)), 0);
	unload(&loaded);
}

static void
the_delivered_policy_and_its_lists_are_good(void **state)
{
	static const char *const directories[] = {
		TEST_SOURCE "/conf/lists", NULL };
	const struct policy_options options = {
		.list_directories = directories,
		.key = { { 1, 2 } },
		.check_patterns = 1,
	};
	struct diag diag;
	struct policy *policy;
	size_t i;

	(void)state;
	memset(&diag, 0, sizeof(diag));
	policy = policy_load(TEST_SOURCE "/conf/bitsink.conf", &options,
		&diag);
	for (i = 0; i < diag.kept; i++)
		print_error("%s\n", diag.items[i].text);
	assert_int_equal(diag.errors + diag.warnings, 0);
	assert_non_null(policy);
	assert_true(policy->list_count > 0);
	policy_free(policy);
	diag_clear(&diag);
}

static void
nothing_is_freed_without_complaint(void **state)
{
	(void)state;
	policy_free(NULL);
}

/* Many groups, clients and patterns: every array has to grow. */
static void
a_large_policy_is_read_whole(void **state)
{
	enum { GROUPS = 300, EACH = 40 };
	struct loaded loaded;
	FILE *file = fopen("policy.conf", "w");
	unsigned group, i;

	(void)state;
	assert_non_null(file);
	for (group = 0; group < GROUPS; group++) {
		fprintf(file, "group:\n name: g%u\n allow-list: l\n", group);
		for (i = 0; i < EACH; i++)
			fprintf(file, " client: 10.%u.%u.%u\n"
				" allow: n%u.g%u.example\n", group / 256,
				group % 256, i, i, group);
	}
	assert_int_equal(fclose(file), 0);
	write_text("installed/l.list", "l.example\n");
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, "");
	assert_int_equal(loaded.policy->group_count, GROUPS);
	assert_int_equal(loaded.policy->prefix_count, GROUPS * EACH);
	assert_int_equal(loaded.policy->pattern_count, GROUPS * EACH + 1);
	for (group = 0; group < GROUPS; group++) {
		char client[32], name[40], qname[64], rule[64];
		const struct decision_row rows[] = {
			{ "its own name", client, qname, 1, ALLOW,
				REASON_ALLOWED, ACTION_NXDOMAIN, name, rule },
			{ "the list", client, "l.example", 1, ALLOW,
				REASON_ALLOWED, ACTION_NXDOMAIN, name,
				"installed/l.list:1:1" },
			{ "another name", client, "x.example", 1, BLOCK,
				REASON_NOT_LISTED, ACTION_NXDOMAIN, name, "" },
		};

		i = group % EACH;
		snprintf(client, sizeof(client), "10.%u.%u.%u", group / 256,
			group % 256, i);
		snprintf(name, sizeof(name), "g%u", group);
		snprintf(qname, sizeof(qname), "n%u.g%u.example", i, group);
		snprintf(rule, sizeof(rule), "policy.conf:%u:9",
			group * (3 + 2 * EACH) + 3 + 2 * i + 2);
		assert_int_equal(check_decisions(loaded.policy, rows,
			COUNT_OF(rows)), 0);
	}
	unload(&loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(each_client_is_judged_by_its_group),
		test_in_folder(groups_of_any_sizes_have_their_own_patterns),
		test_in_folder(every_type_is_judged_alike),
		test_in_folder(a_malformed_name_is_blocked),
		test_in_folder(audit_blocks_nothing_in_all_groups_or_in_one),
		test_in_folder(options_and_what_is_in_force_without_them),
		test_in_folder(each_group_logs_as_it_says_or_as_all_do),
		test_in_folder(settings_and_what_is_in_force_without_them),
		test_in_folder(policies_that_want_the_same_socket),
		test_in_folder(audit_is_known_of_a_policy),
		test_in_folder(every_reason_to_block_has_an_explanation),
		cmocka_unit_test(words_are_those_of_the_documentation),
		test_in_folder(the_same_may_be_written_in_many_ways),
		test_in_folder(
			an_include_is_found_beside_a_policy_in_any_folder),
		test_in_folder(paths_may_be_absolute),
		test_in_folder(a_list_is_read_once_for_all_its_groups),
		test_in_folder(own_patterns_and_lists_are_weighed_together),
		cmocka_unit_test(the_delivered_policy_and_its_lists_are_good),
		cmocka_unit_test(nothing_is_freed_without_complaint),
		test_in_folder(a_large_policy_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
