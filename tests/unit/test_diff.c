/*
 * test_diff.c - what another policy would change, and nothing else.
 */
#include "support.h"

#include "diff.h"
#include "options.h"
#include "pattern.h"
#include "record.h"

#define FILES_MAX 4

/* --- What is told, as the text of the records. */

/* For the caller to free. */
static char *
told(const struct policy *before, const struct policy *after)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char *text;

	diff_policies(&writer, before, after);
	assert_false(writer.broken);
	text = strndup(writer.memory, writer.length);
	assert_non_null(text);
	record_clear(&writer);
	return text;
}

struct row {
	const char *row;
	struct text_file before[FILES_MAX];
	struct text_file after[FILES_MAX];
	const char *expected;
};

static int
check_row(const struct row *row)
{
	struct loaded before, after;
	char *found;
	int wrong;

	write_files(row->before, FILES_MAX);
	before = load_good("policy.conf");
	write_files(row->after, FILES_MAX);
	after = load_good("policy.conf");
	found = told(before.policy, after.policy);
	wrong = row_text(row->row, row->expected, found);
	free(found);
	unload(&before);
	unload(&after);
	folder_empty();
	return wrong;
}

#define P(text) { "policy.conf", text }
#define L(text) { "installed/l.list", text }
#define M(text) { "installed/m.list", text }
/* A group with a client; more of it follows. */
#define G "group: name: g client: 192.0.2.1\n"
#define A "allow: a.example\n"
#define GROUP(name, clients) "group: name: " name " " clients " " A
/* A group that stays, for there must be one. */
#define Z "group: name: z client: 203.0.113.1 allow: z.example\n"

#define CHANGES(groups, clients, patterns, options) "changes groups=" groups \
	" clients=" clients " patterns=" patterns " options=" options "\n"
#define NO_CHANGES CHANGES("0", "0", "0", "0")
#define OPTION(name, before, after) "group change=changed name=g option=" \
	name " before=" before " after=" after "\n"
#define CLIENT(change, prefix, before, after) "client change=" change \
	" prefix=" prefix " before=" before " after=" after "\n"
#define OWN(change, pattern, deny, place) "pattern change=" change \
	" group=g pattern=" pattern " deny=" deny " rule=policy.conf:" place \
	"\n"
#define LISTED(change, group, list, pattern, place) "pattern change=" change \
	" group=" group " list=" list " pattern=" pattern \
	" deny=no rule=installed/" list ".list:" place "\n"
#define SETTING(name, before, after) "option change=changed name=" name \
	" before=" before " after=" after "\n"

static const struct row group_rows[] = {
	{ "the same", { P(G A) }, { P(G A) }, NO_CHANGES },
	{ "the same, written otherwise", { P(G A) },
		{ P("# a group\ngroup:\n\tname: \"g\"\n" A
		"\tclient: 192.0.2.1/32 # one\n") }, NO_CHANGES },
	{ "groups in another order",
		{ P(GROUP("a", "client: ::1") GROUP("b", "client: ::2")) },
		{ P(GROUP("b", "client: ::2") GROUP("a", "client: ::1")) },
		NO_CHANGES },
	{ "a group more", { P(Z) }, { P(G A "ttl: 5 mode: audit\n" Z) },
		"group change=added name=g\n"
		CLIENT("added", "192.0.2.1/32", "-", "g")
		CHANGES("1", "1", "0", "0") },
	{ "a group less", { P(G A Z) }, { P(Z) },
		"group change=removed name=g\n"
		CLIENT("removed", "192.0.2.1/32", "g", "-")
		CHANGES("1", "1", "0", "0") },
	{ "a group of another name", { P(G A) },
		{ P("group: name: h client: 192.0.2.1 " A) },
		"group change=removed name=g\ngroup change=added name=h\n"
		CLIENT("moved", "192.0.2.1/32", "g", "h")
		CHANGES("2", "1", "0", "0") },
	{ "names differ by letter case", { P(G A) },
		{ P("group: name: G client: 192.0.2.1 " A) },
		"group change=added name=G\ngroup change=removed name=g\n"
		CLIENT("moved", "192.0.2.1/32", "g", "G")
		CHANGES("2", "1", "0", "0") },
	{ "groups first and last", { P(GROUP("b", "client: ::2")) },
		{ P(GROUP("c", "client: ::3") GROUP("b", "client: ::2")
		GROUP("a", "client: ::1")) },
		"group change=added name=a\ngroup change=added name=c\n"
		CLIENT("added", "::1/128", "-", "a")
		CLIENT("added", "::3/128", "-", "c")
		CHANGES("2", "2", "0", "0") },
	{ "mode", { P(G A) }, { P(G A "mode: audit\n") },
		OPTION("mode", "enforce", "audit")
		CHANGES("1", "0", "0", "0") },
	{ "mode, of all groups", { P("bitsink: mode: audit\n" G A) },
		{ P("bitsink: mode: enforce\n" G A) },
		OPTION("mode", "audit", "enforce")
		CHANGES("1", "0", "0", "0") },
	{ "mode, from all groups to this one",
		{ P("bitsink: mode: audit\n" G A) }, { P(G A "mode: audit") },
		NO_CHANGES },
	{ "action", { P(G A "action: refused\n") }, { P(G A) },
		OPTION("action", "refused", "nxdomain")
		CHANGES("1", "0", "0", "0") },
	{ "the action that there is anyway", { P(G A) },
		{ P(G A "action: nxdomain\n") }, NO_CHANGES },
	{ "ttl", { P(G A "ttl: 0\n") }, { P(G A "ttl: 86400\n") },
		OPTION("ttl", "0", "86400") CHANGES("1", "0", "0", "0") },
	{ "log", { P(G A "log: off\n") }, { P(G A "log: all\n") },
		OPTION("log", "off", "all") CHANGES("1", "0", "0", "0") },
	{ "log, of all groups", { P("bitsink: log: all\n" G A) }, { P(G A) },
		OPTION("log", "all", "first-seen")
		CHANGES("1", "0", "0", "0") },
	{ "a sinkhole", { P(G A) },
		{ P(G A "action: sinkhole sinkhole: 198.51.100.1\n"
		"sinkhole: 2001:DB8::1 sinkhole: 198.51.100.2\n") },
		OPTION("action", "nxdomain", "sinkhole")
		OPTION("sinkhole", "-",
			"198.51.100.1,\\032198.51.100.2,\\0322001:db8::1")
		CHANGES("2", "0", "0", "0") },
	{ "another sinkhole",
		{ P(G A "action: sinkhole sinkhole: 198.51.100.1\n") },
		{ P(G A "action: sinkhole sinkhole: ::1\n") },
		OPTION("sinkhole", "198.51.100.1", "::1")
		CHANGES("1", "0", "0", "0") },
	{ "all options", { P(G A "mode: audit action: drop ttl: 1 log: all") },
		{ P(G A "action: sinkhole sinkhole: ::1 log: off") },
		OPTION("mode", "audit", "enforce")
		OPTION("action", "drop", "sinkhole")
		OPTION("ttl", "1", "60") OPTION("log", "all", "off")
		OPTION("sinkhole", "-", "::1")
		CHANGES("5", "0", "0", "0") },
};

static int
check_rows(const struct row *rows, size_t count)
{
	size_t i;
	int wrong = 0;

	for (i = 0; i < count; i++)
		wrong += check_row(&rows[i]);
	return wrong;
}

static void
groups_and_their_options_are_told(void **state)
{
	(void)state;
	assert_int_equal(check_rows(group_rows, COUNT_OF(group_rows)), 0);
}

/* --- Clients. */

#define B GROUP("b", "client: ::1")

static const struct row client_rows[] = {
	{ "clients in another order",
		{ P(GROUP("g", "client: ::1 client: 10.0.0.0/8 client: ::2")) },
		{ P(GROUP("g", "client: ::2 client: ::1 client: 10.0.0.0/8")) },
		NO_CHANGES },
	{ "another spelling",
		{ P(GROUP("g", "client: ::ffff:10.0.0.1 client: 2001:DB8::")) },
		{ P(GROUP("g", "client: 2001:db8::/128 client: 10.0.0.1/32")) },
		NO_CHANGES },
	{ "one more and one less", { P(GROUP("g", "client: 10.0.0.1")) },
		{ P(GROUP("g", "client: 10.0.0.2")) },
		CLIENT("removed", "10.0.0.1/32", "g", "-")
		CLIENT("added", "10.0.0.2/32", "-", "g")
		CHANGES("0", "2", "0", "0") },
	{ "of both families, by address",
		{ P(GROUP("g", "client: ::/0 client: 255.255.255.255")) },
		{ P(GROUP("g", "client: ::/1 client: 0.0.0.0/0")) },
		CLIENT("added", "0.0.0.0/0", "-", "g")
		CLIENT("removed", "255.255.255.255/32", "g", "g")
		CLIENT("removed", "::/0", "g", "-")
		CLIENT("added", "::/1", "g", "g")
		CHANGES("0", "4", "0", "0") },
	{ "moved", { P(GROUP("a", "client: 10.0.0.1") B) },
		{ P(GROUP("a", "client: ::1") GROUP("b", "client: 10.0.0.1")) },
		CLIENT("moved", "10.0.0.1/32", "a", "b")
		CLIENT("moved", "::1/128", "b", "a")
		CHANGES("0", "2", "0", "0") },
	{ "added within one of another group",
		{ P(GROUP("a", "client: 10.0.0.0/8") B) },
		{ P(GROUP("a", "client: 10.0.0.0/8")
		GROUP("b", "client: 10.1.0.0/16 client: ::1")) },
		CLIENT("added", "10.1.0.0/16", "a", "b")
		CHANGES("0", "1", "0", "0") },
	{ "added within one of the same group: nobody moves",
		{ P(GROUP("a", "client: 10.0.0.0/8")) },
		{ P(GROUP("a", "client: 10.0.0.0/8 client: 10.1.0.0/16")) },
		CLIENT("added", "10.1.0.0/16", "a", "a")
		CHANGES("0", "1", "0", "0") },
	{ "removed within one of another group",
		{ P(GROUP("a", "client: 2001:db8::/32")
		GROUP("b", "client: 2001:db8:1::/48 client: ::1")) },
		{ P(GROUP("a", "client: 2001:db8::/32")
		B) },
		CLIENT("removed", "2001:db8:1::/48", "b", "a")
		CHANGES("0", "1", "0", "0") },
	{ "added around one: those within do not count",
		{ P(GROUP("a", "client: 10.0.0.0/16") B) },
		{ P(GROUP("a", "client: 10.0.0.0/16")
		GROUP("b", "client: 10.0.0.0/8 client: ::1")) },
		CLIENT("added", "10.0.0.0/8", "-", "b")
		CHANGES("0", "1", "0", "0") },
	{ "added between two",
		{ P(GROUP("a", "client: 10.0.0.0/8")
		GROUP("b", "client: 10.0.0.0/24") GROUP("c", "client: ::1")) },
		{ P(GROUP("a", "client: 10.0.0.0/8")
		GROUP("b", "client: 10.0.0.0/24")
		GROUP("c", "client: 10.0.0.0/16 client: ::1")) },
		CLIENT("added", "10.0.0.0/16", "a", "c")
		CHANGES("0", "1", "0", "0") },
	{ "replaced by a larger one and a smaller one",
		{ P(GROUP("a", "client: 10.0.0.0/16") B) },
		{ P(GROUP("a", "client: 10.0.0.0/8")
		GROUP("b", "client: 10.0.0.0/24 client: ::1")) },
		CLIENT("added", "10.0.0.0/8", "-", "a")
		CLIENT("removed", "10.0.0.0/16", "a", "a")
		CLIENT("added", "10.0.0.0/24", "a", "b")
		CHANGES("0", "3", "0", "0") },
	{ "moved, and those within stay",
		{ P(GROUP("a", "client: 10.0.0.0/8")
		GROUP("b", "client: 10.0.0.0/24")) },
		{ P(GROUP("a", "client: ::1")
		GROUP("b", "client: 10.0.0.0/8 client: 10.0.0.0/24")) },
		CLIENT("moved", "10.0.0.0/8", "a", "b")
		CLIENT("added", "::1/128", "-", "a")
		CHANGES("0", "2", "0", "0") },
	{ "carved out, and into a group",
		{ P("bitsink: unrestricted: 10.0.0.1\n"
		GROUP("a", "client: 10.0.0.0/8 client: 10.0.0.2")) },
		{ P("bitsink: unrestricted: 10.0.0.2\n"
		GROUP("a", "client: 10.0.0.0/8 client: 10.0.0.1")) },
		CLIENT("moved", "10.0.0.1/32", "-", "a")
		CLIENT("moved", "10.0.0.2/32", "a", "-")
		CHANGES("0", "2", "0", "0") },
	{ "carved out within a group",
		{ P(GROUP("a", "client: 10.0.0.0/8")) },
		{ P(GROUP("a", "client: 10.0.0.0/8 "
		"unrestricted: 10.1.0.0/16")) },
		CLIENT("added", "10.1.0.0/16", "a", "-")
		CHANGES("0", "1", "0", "0") },
	{ "no longer carved out",
		{ P("bitsink: unrestricted: ::/1\n"
		GROUP("a", "client: ::/0")) },
		{ P(GROUP("a", "client: ::/0")) },
		CLIENT("removed", "::/1", "-", "a")
		CHANGES("0", "1", "0", "0") },
	{ "never across families",
		{ P(GROUP("a", "client: 0.0.0.0/0")) },
		{ P(GROUP("a", "client: 0.0.0.0/0 client: ::/128")) },
		CLIENT("added", "::/128", "-", "a")
		CHANGES("0", "1", "0", "0") },
};

static void
clients_are_told_by_prefix(void **state)
{
	(void)state;
	assert_int_equal(check_rows(client_rows, COUNT_OF(client_rows)), 0);
}

/* --- Patterns. */

static const struct row pattern_rows[] = {
	{ "another order, letter case and comments",
		{ P(G "allow: a.example allow: *.B.example # one\n"
		"deny: x*.b.example\n") },
		{ P("# all\n" G "deny: X*.b.EXAMPLE.\nallow: \"*.b.example.\""
		"\n# two\nallow: A.example\n") }, NO_CHANGES },
	{ "another escape", { P(G "allow: \"a\\.b.\\*.example\"\n") },
		{ P(G "allow: \"\\097\\046b.\\042.example\"\n") },
		NO_CHANGES },
	{ "twice is once", { P(G A) }, { P(G A A) }, NO_CHANGES },
	{ "one pattern for two of the same names",
		{ P(G "allow: a.example allow: *.a.example") },
		{ P(G "allow: .a.example") }, NO_CHANGES },
	{ "which of two that overlap comes first",
		{ P(G "allow: a.example allow: .a.example") },
		{ P(G "allow: .a.example allow: a.example") }, NO_CHANGES },
	{ "an allow under an equal deny says nothing",
		{ P(G A "deny: b.example\n") },
		{ P(G A "deny: b.example allow: b.example\n") }, NO_CHANGES },
	{ "added and removed", { P(G A) }, { P(G "allow: \"*.b.example\"\n") },
		OWN("removed", "a.example", "no", "2:8")
		OWN("added", "*.b.example", "no", "2:8")
		CHANGES("0", "0", "2", "0") },
	{ "in the order of the files", { P(G A "allow: d.example\n") },
		{ P(G "allow: c.example\nallow: .b.example\n" A
		"deny: x.b.example") },
		OWN("removed", "d.example", "no", "3:8")
		OWN("added", "c.example", "no", "2:8")
		OWN("added", ".b.example", "no", "3:8")
		OWN("added", "x.b.example", "yes", "5:7")
		CHANGES("0", "0", "4", "0") },
	{ "an allow becomes a deny", { P(G "allow: . " A) },
		{ P(G "allow: . deny: a.example") },
		OWN("removed", "a.example", "no", "2:17")
		OWN("added", "a.example", "yes", "2:16")
		CHANGES("0", "0", "2", "0") },
	{ "a deny becomes an allow", { P(G "allow: .\ndeny: .a.example") },
		{ P(G "allow: .\nallow: .a.example") },
		OWN("removed", ".a.example", "yes", "3:7")
		OWN("added", ".a.example", "no", "3:8")
		CHANGES("0", "0", "2", "0") },
	{ "a deny is added to an equal allow", { P(G A) },
		{ P(G A "deny: a.example") },
		OWN("removed", "a.example", "no", "2:8")
		OWN("added", "a.example", "yes", "3:7")
		CHANGES("0", "0", "2", "0") },
	{ "a deny cuts a name out", { P(G "allow: .a.example\n") },
		{ P(G "allow: .a.example\ndeny: a.example\n") },
		OWN("added", "a.example", "yes", "3:7")
		CHANGES("0", "0", "1", "0") },
	{ "a deny no longer cuts the names below out",
		{ P(G "allow: .a.example\ndeny: \"*.a.example\"\n") },
		{ P(G "allow: .a.example\n") },
		OWN("removed", "*.a.example", "yes", "3:7")
		CHANGES("0", "0", "1", "0") },
	{ "a name and those below it become the name",
		{ P(G "allow: .a.example\n") }, { P(G "allow: a.example\n") },
		OWN("removed", ".a.example", "no", "2:8")
		OWN("added", "a.example", "no", "2:8")
		CHANGES("0", "0", "2", "0") },
	{ "the root and all below it", { P(G "allow: .") },
		{ P(G "allow: \"*\"") },
		OWN("removed", ".", "no", "2:8") OWN("added", "*", "no", "2:8")
		CHANGES("0", "0", "2", "0") },
	{ "an asterisk is no wildcard", { P(G "allow: \"\\*a.example\"") },
		{ P(G "allow: \"*a.example\"") },
		OWN("removed", "\\092042a.example", "no", "2:8")
		OWN("added", "*a.example", "no", "2:8")
		CHANGES("0", "0", "2", "0") },
	{ "octets that could forge a record",
		{ P(G A) }, { P(G A "allow: \"a\\032=\\010.example\"\n") },
		OWN("added", "a\\092032\\092061\\092010.example", "no", "3:8")
		CHANGES("0", "0", "1", "0") },
	{ "a place whose name could forge a record", { P(G "include: \"b*\""),
		{ "b d=.c", A } }, { P(G "include: \"b*\""),
		{ "b d=.c", "allow: b.example\n" } },
		"pattern change=removed group=g pattern=a.example deny=no "
		"rule=b\\032d\\061.c:1:8\n"
		"pattern change=added group=g pattern=b.example deny=no "
		"rule=b\\032d\\061.c:1:8\n"
		CHANGES("0", "0", "2", "0") },
	{ "in the group that has it",
		{ P(GROUP("b", "client: ::1") GROUP("a", "client: ::2")) },
		{ P(GROUP("b", "client: ::1") "allow: c.example\n"
		GROUP("a", "client: ::2") "allow: d.example\n") },
		"pattern change=added group=a pattern=d.example deny=no "
		"rule=policy.conf:4:8\n"
		"pattern change=added group=b pattern=c.example deny=no "
		"rule=policy.conf:2:8\n"
		CHANGES("0", "0", "2", "0") },
};

static void
patterns_are_told_by_what_they_say(void **state)
{
	(void)state;
	assert_int_equal(check_rows(pattern_rows, COUNT_OF(pattern_rows)), 0);
}

/* --- Lists. */

#define USES "allow-list: l\n"
#define USES_M "allow-list: m\n"
#define TWO GROUP("g", "client: ::1") USES GROUP("h", "client: ::2") USES

static const struct row list_rows[] = {
	{ "the same list, another order and other ports",
		{ P(G USES), L("a.example http\nb.example\n") },
		{ P(G USES), L("# two\nB.example. 443/tcp\nA.example\n") },
		NO_CHANGES },
	{ "lists in another order", { P(G USES USES_M), L("a.example"),
		M("b.example") }, { P(G USES_M USES) }, NO_CHANGES },
	{ "a list changes", { P(G USES), L("a.example\n.b.example\n") },
		{ P(G USES), L("\n a.example\n*c.example") },
		LISTED("removed", "g", "l", ".b.example", "2:1")
		LISTED("added", "g", "l", "*c.example", "3:1")
		CHANGES("0", "0", "2", "0") },
	{ "once for each group that has it", { P(TWO), L("a.example") },
		{ P(TWO), L("b.example") },
		LISTED("removed", "g", "l", "a.example", "1:1")
		LISTED("added", "g", "l", "b.example", "1:1")
		LISTED("removed", "h", "l", "a.example", "1:1")
		LISTED("added", "h", "l", "b.example", "1:1")
		CHANGES("0", "0", "4", "0") },
	{ "of groups of both policies alone",
		{ P(GROUP("g", "client: ::1") USES), L("a.example") },
		{ P(TWO), L("b.example") },
		"group change=added name=h\n"
		CLIENT("added", "::2/128", "-", "h")
		LISTED("removed", "g", "l", "a.example", "1:1")
		LISTED("added", "g", "l", "b.example", "1:1")
		CHANGES("1", "1", "2", "0") },
	{ "a group gains a list", { P(G A) },
		{ P(G A USES), L("a.example\nb.example\n") },
		LISTED("added", "g", "l", "a.example", "1:1")
		LISTED("added", "g", "l", "b.example", "2:1")
		CHANGES("0", "0", "2", "0") },
	{ "a group loses a list, which also changes",
		{ P(TWO), L("a.example\n.b.example\n") },
		{ P(GROUP("g", "client: ::1") GROUP("h", "client: ::2") USES),
		L("a.example") },
		LISTED("removed", "g", "l", "a.example", "1:1")
		LISTED("removed", "g", "l", ".b.example", "2:1")
		LISTED("removed", "h", "l", ".b.example", "2:1")
		CHANGES("0", "0", "3", "0") },
	{ "a group loses a list that the one before it keeps",
		{ P(TWO), L("a.example") },
		{ P(GROUP("g", "client: ::1") USES GROUP("h", "client: ::2")) },
		LISTED("removed", "h", "l", "a.example", "1:1")
		CHANGES("0", "0", "1", "0") },
	{ "a group gains a list that another has, and that also changes",
		{ P(GROUP("g", "client: ::1") USES GROUP("h", "client: ::2")),
		L("a.example\n") }, { P(TWO), L("a.example\nb.example\n") },
		LISTED("added", "g", "l", "b.example", "2:1")
		LISTED("added", "h", "l", "a.example", "1:1")
		LISTED("added", "h", "l", "b.example", "2:1")
		CHANGES("0", "0", "3", "0") },
	{ "one list for another of the same patterns", { P(G USES),
		L("a.example") }, { P(G USES_M), M("a.example") },
		LISTED("removed", "g", "l", "a.example", "1:1")
		LISTED("added", "g", "m", "a.example", "1:1")
		CHANGES("0", "0", "2", "0") },
	{ "from the group into its list", { P(G A USES), L("b.example") },
		{ P(G USES), L("b.example\na.example") },
		OWN("removed", "a.example", "no", "2:8")
		LISTED("added", "g", "l", "a.example", "2:1")
		CHANGES("0", "0", "2", "0") },
	{ "a list of that name in another folder", { P(G USES),
		L("a.example\nb.example\n") },
		{ P("bitsink: list-directory: own\n" G USES),
		{ "own/l.list", "b.example\n" } },
		LISTED("removed", "g", "l", "a.example", "1:1")
		CHANGES("0", "0", "1", "0") },
};

static void
lists_are_told_for_each_group(void **state)
{
	(void)state;
	assert_int_equal(check_rows(list_rows, COUNT_OF(list_rows)), 0);
}

/* The name of a list that has a '/' depends on the file that has the name. */
static void
two_lists_of_one_name_are_told_apart_by_file(void **state)
{
	static const struct row row = { "two of a name",
		{ P("include: \"?/c\""),
		{ "1/c", GROUP("g", "client: ::1") "allow-list: ./l\n" },
		{ "2/c", GROUP("h", "client: ::2") "allow-list: ./l\n" } },
		{ P("include: \"2/c\""), { "2/l", "c.example\nb.example\n" } },
		"group change=removed name=g\n"
		CLIENT("removed", "::1/128", "g", "-")
		"pattern change=added group=h list=./l pattern=c.example "
		"deny=no rule=2/./l:1:1\n"
		CHANGES("1", "1", "1", "0") };

	(void)state;
	write_text("1/l", "a.example\n");
	write_text("2/l", "b.example\n");
	assert_int_equal(check_row(&row), 0);
}

/* --- The bitsink: clause. */

static const struct row setting_rows[] = {
	{ "the fallbacks written out", { P(Z) },
		{ P("bitsink: log-limit: 60 watch-files: no\n"
		"control-mode: 660\n" Z) },
		NO_CHANGES },
	{ "each of them", { P(Z) },
		{ P("bitsink: log-limit: 0 watch-files: yes\n"
		"control-socket: \"/run/a b\"\n"
		"control-user: u control-group: \"=\" control-mode: 0\n" Z) },
		SETTING("log-limit", "60", "0")
		SETTING("watch-files", "no", "yes")
		SETTING("control-socket", "-", "/run/a\\032b")
		SETTING("control-user", "-", "u")
		SETTING("control-group", "-", "\\061")
		SETTING("control-mode", "0660", "0000")
		CHANGES("0", "0", "0", "6") },
	{ "no socket", { P("bitsink: control-socket: /run/a\n" Z) },
		{ P("bitsink: control-socket: off gate: views\n" Z) },
		SETTING("gate", "hook", "views")
		SETTING("control-socket", "/run/a", "off")
		CHANGES("0", "0", "0", "2") },
};

static void
options_of_all_groups_are_told(void **state)
{
	(void)state;
	assert_int_equal(check_rows(setting_rows, COUNT_OF(setting_rows)), 0);
}

/* --- What a group may ask for at times, what is quiet, what is in answers. */

#define KIND(change, kind, pattern, place) "pattern change=" change \
	" group=g kind=" kind " pattern=" pattern \
	" deny=no rule=policy.conf:" place "\n"
#define LISTED_KIND(change, kind, pattern, place) "pattern change=" change \
	" group=g kind=" kind " list=l pattern=" pattern \
	" deny=no rule=installed/l.list:" place "\n"
#define W "window: 'Tue 22:00-04:00'\n"

static const struct row more_option_rows[] = {
	{ "the fallbacks written out", { P(G A) },
		{ P(G A "allow-site-names: no quiet-single-labels: no\n"
		"follow-chain: no chain: ignore time-zone: UTC\n") },
		NO_CHANGES },
	{ "words", { P(G A) },
		{ P(G A "allow-site-names: yes quiet-single-labels: yes\n"
		"follow-chain: yes chain: inspect window-action: nodata\n"
		"time-zone: CET-1\n") },
		OPTION("allow-site-names", "no", "yes")
		OPTION("quiet-single-labels", "no", "yes")
		OPTION("follow-chain", "no", "yes")
		OPTION("chain", "ignore", "inspect")
		OPTION("time-zone", "UTC", "CET-1")
		OPTION("window-action", "-", "nodata")
		CHANGES("6", "0", "0", "0") },
	{ "a window's action, from one to another",
		{ P(G A W "window-action: drop") },
		{ P(G A W "window-action: sinkhole sinkhole: ::1\n") },
		OPTION("sinkhole", "-", "::1")
		OPTION("window-action", "drop", "sinkhole")
		CHANGES("2", "0", "0", "0") },
	{ "types, in any order and letter case, once or twice",
		{ P(G A "allow-types: \"A AAAA TYPE65\"\n") },
		{ P(G A "allow-types: https allow-types: 'AAAA a AAAA'\n") },
		NO_CHANGES },
	{ "types", { P(G A "allow-types: 'AAAA A'\n") },
		{ P(G A "allow-types: 'A TYPE65280 ANY'\n") },
		OPTION("allow-types", "A,\\032AAAA",
			"A,\\032ANY,\\032TYPE65280")
		CHANGES("1", "0", "0", "0") },
	{ "all types", { P(G A "allow-types: A\n") }, { P(G A) },
		OPTION("allow-types", "A", "all") CHANGES("1", "0", "0", "0") },
	{ "answers in another order", { P(G A "answer-deny: ::/0\n"
		"answer-deny: 10.0.0.0/8 answer-allow: 10.1.0.0/16\n") },
		{ P(G A "answer-allow: 10.1.0.0/16 answer-deny: 10.0.0.0/8\n"
		"answer-deny: ::/0\n") }, NO_CHANGES },
	{ "answers", { P(G A "answer-deny: ::/0 answer-deny: 10.0.0.0/8\n") },
		{ P(G A "answer-deny: 10.1.0.0/16 answer-allow: ::1\n"
		"answer-allow: 10.1.2.3\n") },
		OPTION("answer-deny", "10.0.0.0/8,\\032::/0", "10.1.0.0/16")
		OPTION("answer-allow", "-", "10.1.2.3/32,\\032::1/128")
		CHANGES("2", "0", "0", "0") },
	{ "a prefix of answers from one side to the other",
		{ P(G A "answer-deny: ::/0 answer-deny: ::1\n") },
		{ P(G A "answer-deny: ::/0 answer-allow: ::1\n") },
		OPTION("answer-deny", "::/0,\\032::1/128", "::/0")
		OPTION("answer-allow", "-", "::1/128")
		CHANGES("2", "0", "0", "0") },
	{ "an answer that is allowed as all are", { P(G A) },
		{ P(G A "answer-allow: ::1\n") }, NO_CHANGES },
	{ "windows, in another order, spelling, and twice",
		{ P(G A W "window: 'Sat,Sun 00:00-24:00'\n") },
		{ P(G A "window: 'sun,SAT 00:00-24:00' window: "
		"'TUE  22:00-04:00'\n" W) }, NO_CHANGES },
	{ "windows", { P(G A W) },
		{ P(G A "window: '2nd Tue 22:00-04:00'\n" W) },
		OPTION("window", "Tue\\03222:00-04:00",
			"2nd\\032Tue\\03222:00-04:00,\\032Tue\\03222:00-04:00")
		CHANGES("1", "0", "0", "0") },
	{ "no window", { P(G A W) }, { P(G A) },
		OPTION("window", "Tue\\03222:00-04:00", "-")
		CHANGES("1", "0", "0", "0") },
};

static const struct row kind_rows[] = {
	{ "the same pattern for each",
		{ P(G A "quiet: x window-allow: x chain-allow: x\n") },
		{ P(G A "chain-allow: X. quiet: X\n"
		"window-allow: X quiet: x\n") },
		NO_CHANGES },
	{ "each of them", { P(G A "quiet: q\nwindow-allow: w\n") },
		{ P(G A "quiet: q\nquiet: r\nchain-allow: c\n") },
		KIND("added", "quiet", "r", "4:8")
		KIND("removed", "window", "w", "4:15")
		KIND("added", "chain", "c", "5:14")
		CHANGES("0", "0", "3", "0") },
	{ "from one to another", { P(G A "quiet: x\n") },
		{ P(G A "allow: x\n") },
		OWN("added", "x", "no", "3:8")
		KIND("removed", "quiet", "x", "3:8")
		CHANGES("0", "0", "2", "0") },
	{ "a list that changes, for each that has it",
		{ P(G A "quiet-list: l window-allow-list: l\n"),
		L("q.example\n") },
		{ P(G A "window-allow-list: l quiet-list: l\n"),
		L("q.example\nr.example\n") },
		LISTED_KIND("added", "quiet", "r.example", "2:1")
		LISTED_KIND("added", "window", "r.example", "2:1")
		CHANGES("0", "0", "2", "0") },
	{ "a list that is for another thing now",
		{ P(G A "quiet-list: l\n"), L("q.example\n") },
		{ P(G A "allow-list: l\n") },
		LISTED("added", "g", "l", "q.example", "1:1")
		LISTED_KIND("removed", "quiet", "q.example", "1:1")
		CHANGES("0", "0", "2", "0") },
};

static void
more_options_of_groups_are_told(void **state)
{
	(void)state;
	assert_int_equal(check_rows(more_option_rows,
		COUNT_OF(more_option_rows)), 0);
}

static void
patterns_are_told_with_what_they_are_for(void **state)
{
	(void)state;
	assert_int_equal(check_rows(kind_rows, COUNT_OF(kind_rows)), 0);
}

/* --- What the host declares. */

#define ZONE(name) "zone name=" name " kind=stub\n"
#define SITE_CHANGE(change, pattern) "pattern change=" change \
	" group=g kind=site pattern=" pattern \
	" deny=no rule=unbound.conf\n"
#define WANTS "allow-site-names: yes\n"

static const struct site_row {
	const char *row;
	const char *policies[2];
	const char *sites[2];
	const char *expected;
} site_rows[] = {
	{ "the same zones, in another order", { G A WANTS, G A WANTS },
		{ ZONE("a.test.") ZONE("b.test."), ZONE("b.test.")
		ZONE("A.test.") }, NO_CHANGES },
	{ "a zone more and one less", { G A WANTS, G A WANTS },
		{ ZONE("a.test."), ZONE("b.test.") },
		SITE_CHANGE("removed", ".a.test")
		SITE_CHANGE("added", ".b.test") CHANGES("0", "0", "2", "0") },
	{ "zones that were not known", { G A WANTS, G A WANTS },
		{ NULL, ZONE("b.test.") }, SITE_CHANGE("added", ".b.test")
		CHANGES("0", "0", "1", "0") },
	{ "zones that nobody wants", { G A, G A },
		{ ZONE("a.test."), ZONE("b.test.") }, NO_CHANGES },
	{ "zones that nobody wanted", { G A, G A WANTS },
		{ ZONE("a.test."), ZONE("b.test.") },
		OPTION("allow-site-names", "no", "yes")
		CHANGES("1", "0", "0", "0") },
	{ "zones of two groups", { G A WANTS Z WANTS, G A WANTS Z WANTS },
		{ ZONE("a.test."), ZONE("a.test.") ZONE("b.test.") },
		SITE_CHANGE("added", ".b.test")
		"pattern change=added group=z kind=site pattern=.b.test "
		"deny=no rule=unbound.conf\n"
		CHANGES("0", "0", "2", "0") },
	{ "clients by tag", { G A "client-tag: t", G A "client-tag: t" },
		{ "tag name=t\nclient prefix=10.0.0.0/24 tags=t\n",
		"tag name=t\nclient prefix=10.0.0.0/24 tags=t\n"
		"client prefix=10.0.0.1/32\n" },
		CLIENT("added", "10.0.0.1/32", "g", "-")
		CHANGES("0", "1", "0", "0") },
};

static void
what_the_host_declares_is_told(void **state)
{
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(site_rows); i++) {
		const struct site_row *row = &site_rows[i];
		struct loaded loaded[2];
		char *found;

		for (k = 0; k < 2; k++) {
			write_text("policy.conf", row->policies[k]);
			loaded[k] = load_with_site("policy.conf",
				row->sites[k]);
			if (loaded[k].policy == NULL)
				fail_msg("%s: %s", row->row, loaded[k].text);
		}
		found = told(loaded[0].policy, loaded[1].policy);
		wrong += row_text(row->row, row->expected, found);
		free(found);
		for (k = 0; k < 2; k++)
			unload(&loaded[k]);
	}
	assert_int_equal(wrong, 0);
}

/* --- Each option that there is, given with another value than it has. */

static const struct given {
	const char *clause;
	const char *name;
	const char *value;
} given[] = {
	{ "bitsink", "mode", "audit" },
	{ "bitsink", "log", "all" },
	{ "bitsink", "log-limit", "1" },
	{ "bitsink", "watch-files", "yes" },
	{ "bitsink", "gate", "views" },
	{ "bitsink", "control-socket", "off" },
	{ "bitsink", "control-user", "0" },
	{ "bitsink", "control-group", "0" },
	{ "bitsink", "control-mode", "0600" },
	/* Told by what the lists in it change. */
	{ "bitsink", "list-directory", "own" },
	{ "bitsink", "default-group", "g" },
	{ "bitsink", "unrestricted", "2001:db8::1" },
	{ "group", "name", "x" },
	{ "group", "client", "::5" },
	{ "group", "client-tag", "t" },
	{ "group", "client-view", "v" },
	{ "group", "unrestricted", "2001:db8::1" },
	{ "group", "allow-list", "m" },
	{ "group", "allow", "x.example" },
	{ "group", "deny", "x.a.example" },
	{ "group", "action", "drop" },
	{ "group", "sinkhole", "::1" },
	{ "group", "ttl", "5" },
	{ "group", "mode", "audit" },
	{ "group", "log", "all" },
	{ "group", "allow-site-names", "yes" },
	{ "group", "allow-types", "A" },
	{ "group", "quiet", "x.example" },
	{ "group", "quiet-list", "m" },
	{ "group", "quiet-single-labels", "yes" },
	{ "group", "follow-chain", "yes" },
	{ "group", "chain", "inspect" },
	{ "group", "chain-allow", "x.example" },
	{ "group", "answer-deny", "192.168.0.0/16" },
	{ "group", "answer-allow", "10.0.0.0/16" },
	{ "group", "window", "\"Mon 00:00-01:00\"" },
	{ "group", "time-zone", "CET-1" },
	{ "group", "window-allow", "x.example" },
	{ "group", "window-allow-list", "m" },
	{ "group", "window-action", "drop" },
};

/* What the host declares, and what the options above need besides them. */
#define EVERY_SITE "tag name=t\nclient prefix=10.0.0.0/24 tags=t\n" \
	"client prefix=10.0.1.0/24 view=v\nzone name=s.example. kind=stub\n"
#define EVERY_CLIENT " client: ::9 client: 2001:db8::/32\n"
#define EVERY_REST " allow: .a.example\n allow-list: l\n" \
	" answer-deny: 10.0.0.0/8 window: 'Tue 22:00-04:00'\n" \
	" window-allow: w.example\n"

/* Of one that is new: it belongs into the table, and into diff.c. */
static const char *
other_value(const struct option_row *row)
{
	size_t i;

	for (i = 0; i < COUNT_OF(given); i++)
		if (strcmp(given[i].clause, row->clause) == 0 &&
		    strcmp(given[i].name, row->name) == 0)
			return given[i].value;
	fail_msg("%s: %s: found no value for it", row->clause, row->name);
	return NULL;
}

static void
write_with_option(const struct option_row *row, const char *value)
{
	int of_group = strcmp(row->clause, "group") == 0;
	char option[64], text[512];

	snprintf(option, sizeof(option), "%s: %s\n", row->name, value);
	snprintf(text, sizeof(text), "%s%sgroup:\n%s" EVERY_CLIENT EVERY_REST
		"%s",
		of_group ? "" : "bitsink: ", of_group ? "" : option,
		of_group && strcmp(row->name, "name") == 0 ? "" : " name: g\n",
		of_group ? option : "");
	write_text("policy.conf", text);
}

static void
every_option_is_told(void **state)
{
	const struct option_row *row;
	struct loaded plain;
	unsigned i;
	int wrong = 0;

	(void)state;
	write_text("installed/l.list", "l.example\n");
	write_text("installed/m.list", "m.example\n");
	write_text("own/l.list", "own.example\n");
	write_text("policy.conf", "group: name: g" EVERY_CLIENT EVERY_REST);
	plain = load_with_site("policy.conf", EVERY_SITE);
	assert_non_null(plain.policy);
	for (i = 0; (row = options_row(i)) != NULL; i++) {
		struct loaded loaded;
		char *found;

		/* With it answers are not judged; "no socket" has it. */
		if (strcmp(row->name, "gate") == 0)
			continue;
		write_with_option(row, other_value(row));
		loaded = load_with_site("policy.conf", EVERY_SITE);
		if (loaded.policy == NULL)
			fail_msg("%s", loaded.text);
		found = told(plain.policy, loaded.policy);
		if (strcmp(found, NO_CHANGES) == 0) {
			print_error("%s: %s is not told\n", row->clause,
				row->name);
			wrong++;
		}
		free(found);
		unload(&loaded);
	}
	assert_int_equal(i, COUNT_OF(given));
	assert_int_equal(wrong, 0);
	unload(&plain);
}

/* --- Limits: many are counted, some are listed. */

/* How many lines of TEXT begin with KIND. */
static unsigned
lines_of(const char *text, const char *kind)
{
	unsigned count = 0;

	for (; *text != '\0'; text = strchr(text, '\n') + 1)
		count += strncmp(text, kind, strlen(kind)) == 0 &&
			text[strlen(kind)] == ' ';
	return count;
}

static const char *
last_line(const char *text)
{
	const char *last = text;

	for (; *text != '\0'; text = strchr(text, '\n') + 1)
		last = text;
	return last;
}

#define MANY 1200u
/* Groups that share a list, of more patterns than are listed. */
#define SHARERS 3u

/* Many groups, each with a client and a pattern of its own, and some that
 * share a list; FLAVOUR tells two such policies apart. */
static struct loaded
load_many(const char *flavour, const char *ttl, int with_list)
{
	FILE *file = fopen("policy.conf", "w");
	struct loaded loaded;
	unsigned i;

	assert_non_null(file);
	for (i = 0; i < MANY; i++)
		fprintf(file, "group: name: g%u client: 10.0.%u.%u\n"
			" allow: %s%u.example ttl: %s\n%s", i, i / 256, i % 256,
			flavour, i, ttl, with_list && i < SHARERS ? USES : "");
	assert_int_equal(fclose(file), 0);
	write_text("installed/l.list", "");
	file = fopen("installed/l.list", "w");
	assert_non_null(file);
	for (i = 0; i < MANY; i++)
		fprintf(file, "%s%u.list.example\n", flavour, i);
	assert_int_equal(fclose(file), 0);
	loaded = load_good("policy.conf");
	return loaded;
}

static int
check_many(const char *row, const struct loaded *before,
	const struct loaded *after, const char *expected)
{
	char *found = told(before->policy, after->policy);
	int wrong = row_text(row, expected, last_line(found));

	wrong += row_number(row, "groups", DIFF_LISTED_MAX,
		lines_of(found, "group"));
	wrong += row_number(row, "patterns", DIFF_LISTED_MAX,
		lines_of(found, "pattern"));
	free(found);
	return wrong;
}

static void
many_are_counted_and_some_are_listed(void **state)
{
	struct loaded one = load_many("a", "1", 1), two = load_many("b", "2",
		1), bare = load_many("b", "1", 0);
	int wrong = 0;

	(void)state;
	/* Each group's ttl; its pattern is one for another, and so is each of
	 * the list, for each group that has it. */
	wrong += check_many("changed", &one, &two,
		CHANGES("1200", "0", "9600", "0"));
	wrong += check_many("lists gained", &bare, &two,
		CHANGES("1200", "0", "3600", "0"));
	wrong += check_many("lists lost", &two, &bare,
		CHANGES("1200", "0", "3600", "0"));
	assert_int_equal(wrong, 0);
	unload(&one);
	unload(&two);
	unload(&bare);
}

static void
many_groups_and_clients_come_and_go(void **state)
{
	struct loaded many = load_many("a", "1", 1), none;
	char *found;

	(void)state;
	write_text("policy.conf", Z);
	none = load_good("policy.conf");
	found = told(none.policy, many.policy);
	/* And z that goes. */
	assert_string_equal(last_line(found),
		CHANGES("1201", "1201", "0", "0"));
	assert_int_equal(lines_of(found, "group"), DIFF_LISTED_MAX);
	assert_int_equal(lines_of(found, "client"), DIFF_LISTED_MAX);
	assert_int_equal(lines_of(found, "pattern"), 0);
	free(found);
	found = told(many.policy, none.policy);
	assert_string_equal(last_line(found),
		CHANGES("1201", "1201", "0", "0"));
	free(found);
	found = told(many.policy, many.policy);
	assert_string_equal(found, NO_CHANGES);
	free(found);
	unload(&many);
	unload(&none);
}

/* What is listed of a list does not depend on how many are listed already but
 * by the limit: a group's own first, then as many as fit, in order. */
static void
the_list_is_cut_off_where_the_limit_is(void **state)
{
	struct loaded before, after;
	unsigned i, shared = DIFF_LISTED_MAX / 2 + 10;
	char *found, last[128];
	FILE *file;

	(void)state;
	write_text("policy.conf", TWO);
	write_text("installed/l.list", "a.example");
	before = load_good("policy.conf");
	file = fopen("installed/l.list", "w");
	assert_non_null(file);
	for (i = 0; i <= shared; i++)
		fprintf(file, "%u.example\n", i);
	assert_int_equal(fclose(file), 0);
	after = load_good("policy.conf");
	found = told(before.policy, after.policy);
	assert_int_equal(lines_of(found, "pattern"), DIFF_LISTED_MAX);
	assert_string_equal(last_line(found), CHANGES("0", "0", "1024", "0"));
	/* One removed, 511 added; then one removed, and 487 fit. */
	snprintf(last, sizeof(last), "\n" LISTED("added", "h", "l",
		"%u.example", "%u:1"), 486u, 487u);
	assert_non_null(strstr(found, last));
	snprintf(last, sizeof(last), "\n" LISTED("added", "h", "l",
		"%u.example", "%u:1"), 487u, 488u);
	assert_null(strstr(found, last));
	free(found);
	unload(&before);
	unload(&after);
}

/* --- Chance: the model is what each pattern says about each name. */

#define CHANCE_PATTERNS 12

struct written {
	struct pattern pattern;
	int deny;
};

struct model {
	struct written patterns[CHANCE_PATTERNS];
	unsigned count;
	char text[CHANCE_PATTERNS][80];
};

static struct pattern
pattern_of(const char *text)
{
	struct pattern_error error;
	struct pattern pattern;

	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		fail_msg("%s: expected %s", text, error.expected);
	return pattern;
}

static int
is_same_name(const struct pattern *a, const struct pattern *b)
{
	return a->name.length == b->name.length &&
		memcmp(a->name.octets, b->name.octets, a->name.length) == 0 &&
		memcmp(a->star, b->star, a->name.labels * sizeof(*a->star)) ==
			0;
}

/* What is said about the names of PATTERN, at one of its ends: 0 nothing, 1
 * allow, 2 deny. */
static int
said(const struct model *model, const struct pattern *pattern, unsigned scope)
{
	int effect = 0;
	unsigned i;

	for (i = 0; i < model->count; i++) {
		const struct written *written = &model->patterns[i];

		if ((written->pattern.scope & scope) &&
		    is_same_name(&written->pattern, pattern) &&
		    effect < 1 + written->deny)
			effect = 1 + written->deny;
	}
	return effect;
}

/* Few names, so that the same come again; now and then with a wildcard. */
static void
any_written(struct chance *chance, struct model *model, unsigned i)
{
	static const char *const names[] = { "a", "a.b", "*a.b", "a*.b" };
	static const char *const fronts[] = { "", "*.", "." };
	unsigned front = chance_below(chance, 3);
	unsigned name = chance_below(chance, front == 0 ? 2 : 4);
	int deny = chance_below(chance, 3) == 0;

	snprintf(model->text[i], sizeof(model->text[i]), "%s%s",
		fronts[front], names[name]);
	model->patterns[i].pattern = pattern_of(model->text[i]);
	model->patterns[i].deny = deny;
}

static void
any_model(struct chance *chance, struct model *model)
{
	unsigned i;

	model->count = 1 + chance_below(chance, CHANCE_PATTERNS);
	for (i = 0; i < model->count; i++)
		any_written(chance, model, i);
}

/* Another order, and perhaps other patterns. */
static void
change_model(struct chance *chance, struct model *model)
{
	unsigned changes = chance_below(chance, 3), i;

	for (i = model->count; i-- > 1;) {
		unsigned other = chance_below(chance, i + 1);
		struct written written = model->patterns[i];
		char text[sizeof(model->text[0])];

		memcpy(text, model->text[i], sizeof(text));
		model->patterns[i] = model->patterns[other];
		memcpy(model->text[i], model->text[other], sizeof(text));
		model->patterns[other] = written;
		memcpy(model->text[other], text, sizeof(text));
	}
	while (changes-- > 0)
		any_written(chance, model, chance_below(chance, model->count));
}

/* The pattern I is in line I + 2. */
static struct loaded
load_model(const struct model *model)
{
	char text[4096], *at = text;
	unsigned i;

	at += sprintf(at, G);
	for (i = 0; i < model->count; i++)
		at += sprintf(at, "%s: \"%s\"\n", model->patterns[i].deny
			? "deny" : "allow", model->text[i]);
	write_text("policy.conf", text);
	return load_good("policy.conf");
}

/* A change that is told. */
struct account {
	int added;
	struct written written;
};

static void
check_account(const struct record *record, const struct model *before,
	const struct model *after, struct account *account)
{
	const struct model *model;
	const char *rule = record_get(record, "rule");
	unsigned line, other;

	account->added = strcmp(record_get(record, "change"), "added") == 0;
	account->written.pattern = pattern_of(record_get(record, "pattern"));
	account->written.deny = strcmp(record_get(record, "deny"), "yes") == 0;
	model = account->added ? after : before;
	assert_int_equal(sscanf(rule, "policy.conf:%u:", &line), 1);
	assert_in_range(line, 2, model->count + 1);
	assert_int_equal(model->patterns[line - 2].deny, account->written.deny);
	assert_true(is_same_name(&model->patterns[line - 2].pattern,
		&account->written.pattern));
	assert_int_equal(model->patterns[line - 2].pattern.scope,
		account->written.pattern.scope);
	/* And something there is said otherwise. */
	other = 0;
	for (line = PATTERN_SELF; line <= PATTERN_BELOW; line++)
		other += said(before, &account->written.pattern, line) !=
			said(after, &account->written.pattern, line);
	assert_true(other > 0);
}

/* Whether a change is told that speaks about that end of that name. */
static int
is_told(const struct account *accounts, unsigned count,
	const struct pattern *pattern, unsigned scope)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if ((accounts[i].written.pattern.scope & scope) &&
		    is_same_name(&accounts[i].written.pattern, pattern))
			return 1;
	return 0;
}

/* Returns how many patterns of MODEL say what they do not in the other. */
static unsigned
check_all_told(const struct model *model, const struct model *before,
	const struct model *after, const struct account *accounts,
	unsigned count)
{
	unsigned i, scope, changed = 0;

	for (i = 0; i < model->count; i++)
		for (scope = PATTERN_SELF; scope <= PATTERN_BELOW; scope++) {
			const struct pattern *pattern =
				&model->patterns[i].pattern;

			if (said(before, pattern, scope) ==
			    said(after, pattern, scope))
				continue;
			changed++;
			if (!is_told(accounts, count, pattern, scope))
				fail_msg("%s is not told", model->text[i]);
		}
	return changed;
}

static unsigned
check_models(const struct model *before, const struct model *after)
{
	struct account accounts[2 * CHANCE_PATTERNS];
	struct loaded one = load_model(before), two = load_model(after);
	char *text = told(one.policy, two.policy), *line = text, *next;
	unsigned count = 0, changed;

	for (; strncmp(line, "pattern ", 8) == 0; line = next) {
		const char *expected;
		struct record record;
		size_t wrong;

		next = strchr(line, '\n');
		*next++ = '\0';
		assert_int_equal(record_parse(&record, line, &wrong,
			&expected), 0);
		assert_true(count < COUNT_OF(accounts));
		check_account(&record, before, after, &accounts[count++]);
	}
	changed = check_all_told(before, before, after, accounts, count);
	changed += check_all_told(after, before, after, accounts, count);
	assert_true((changed > 0) == (count > 0));
	free(text);
	unload(&one);
	unload(&two);
	return count;
}

static void
random_patterns_are_told_if_they_say_something_else(void **state)
{
	struct chance chance = { 71 };
	unsigned round, same = 0, changed = 0;

	(void)state;
	for (round = 0; round < 1500; round++) {
		struct model before, after;

		any_model(&chance, &before);
		after = before;
		change_model(&chance, &after);
		if (check_models(&before, &after) > 0)
			changed++;
		else
			same++;
	}
	assert_true(same > 200);
	assert_true(changed > 200);
}

/* --- One query. */

/* For the caller to free; "" for no difference. */
static char *
told_of(const struct policy *before, const struct policy *after,
	const struct query *query)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	int differs = diff_query(&writer, before, after, query);
	char *text;

	assert_false(writer.broken);
	assert_int_equal(differs, writer.length > 0);
	text = strndup(differs ? writer.memory : "", writer.length);
	assert_non_null(text);
	record_clear(&writer);
	return text;
}

/* A policy for one client for each thing that can come of a query, and the
 * word for it; WHERE is its rule. */
struct outcome {
	const char *word;
	const char *text;
	const char *rule;
	const char *group;
	int blocked;
};

static const struct outcome outcomes[] = {
	{ "unrestricted", "group: name: o client: ::1 " A, NULL, NULL, 0 },
	{ "allow", G A, "policy.conf:2:8", "g", 0 },
	{ "audit", G "allow: b.example mode: audit", NULL, "g", 0 },
	{ "block\\032nxdomain", G "allow: .example\ndeny: a.example",
		"policy.conf:3:7", "g", 1 },
	{ "block\\032nodata", G "allow: b.example action: nodata", NULL, "g",
		1 },
	{ "block\\032refused", "group: name: h client: 192.0.2.0/24 "
		"allow: b.example action: refused", NULL, "h", 1 },
	{ "block\\032drop", G "allow: b.example action: drop", NULL, "g", 1 },
	{ "block\\032sinkhole", G "allow: b.example action: sinkhole "
		"sinkhole: ::1", NULL, "g", 1 },
};

static void
expect_outcome(const struct outcome *before, const struct outcome *after,
	char *text, size_t size)
{
	size_t length;

	if (before == after) {
		text[0] = '\0';
		return;
	}
	length = (size_t)snprintf(text, size, "verdict change=%s "
		"client=192.0.2.1 name=A.example. type=AAAA before=%s after=%s",
		before->blocked == after->blocked ? "other" :
		after->blocked ? "blocked" : "allowed",
		before->word, after->word);
	if (before->rule != NULL)
		length += (size_t)snprintf(text + length, size - length,
			" before-rule=%s", before->rule);
	if (after->rule != NULL)
		length += (size_t)snprintf(text + length, size - length,
			" after-rule=%s", after->rule);
	if (before->group != NULL)
		length += (size_t)snprintf(text + length, size - length,
			" before-group=%s", before->group);
	if (after->group != NULL)
		length += (size_t)snprintf(text + length, size - length,
			" after-group=%s", after->group);
	snprintf(text + length, size - length, "\n");
}

static void
a_query_is_told_for_all_pairs_of_verdicts(void **state)
{
	struct loaded loaded[COUNT_OF(outcomes)];
	char expected[512], row[128], *found;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "A.example", wire);
	size_t i, k;
	int wrong = 0;

	(void)state;
	query.qtype = RRTYPE_AAAA;
	for (i = 0; i < COUNT_OF(outcomes); i++) {
		write_text("policy.conf", outcomes[i].text);
		loaded[i] = load_good("policy.conf");
	}
	for (i = 0; i < COUNT_OF(outcomes); i++)
		for (k = 0; k < COUNT_OF(outcomes); k++) {
			expect_outcome(&outcomes[i], &outcomes[k], expected,
				sizeof(expected));
			snprintf(row, sizeof(row), "%s, then %s",
				outcomes[i].word, outcomes[k].word);
			found = told_of(loaded[i].policy, loaded[k].policy,
				&query);
			wrong += row_text(row, expected, found);
			free(found);
		}
	for (i = 0; i < COUNT_OF(outcomes); i++)
		unload(&loaded[i]);
	assert_int_equal(wrong, 0);
}

/* The group, the rule, what is never done to a query: no other answer. */
static void
the_same_answer_for_another_reason_is_no_difference(void **state)
{
	static const char *const pairs[][2] = {
		{ G A, "group: name: h client: 192.0.2.0/24 allow: .example" },
		{ G A "action: drop", G A "action: refused" },
		{ G "allow: b.example", G "allow: .example deny: a.example" },
		{ G "allow: b.example mode: audit action: drop",
			G "allow: b.example mode: audit" },
		{ G "allow: b.example ttl: 1", G "allow: b.example ttl: 2" },
		{ G "allow: b.example action: sinkhole sinkhole: ::1",
			G "allow: b.example action: sinkhole sinkhole: ::2" },
	};
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "a.example", wire);
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		struct loaded one, two;
		char *found;

		write_text("policy.conf", pairs[i][0]);
		one = load_good("policy.conf");
		write_text("policy.conf", pairs[i][1]);
		two = load_good("policy.conf");
		found = told_of(one.policy, two.policy, &query);
		wrong += row_text(pairs[i][1], "", found);
		free(found);
		unload(&one);
		unload(&two);
	}
	assert_int_equal(wrong, 0);
}

static void
a_query_that_cannot_be_judged_is_told(void **state)
{
	static const uint8_t cut[] = { 9, 'a' };
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "a.example", wire);
	struct loaded one, two;
	char *found;

	(void)state;
	write_text("policy.conf", G A "action: drop");
	one = load_good("policy.conf");
	write_text("policy.conf", G A);
	two = load_good("policy.conf");
	query.qname = cut;
	query.qname_len = sizeof(cut);
	query.qtype = 65280;
	found = told_of(one.policy, two.policy, &query);
	assert_string_equal(found, "verdict change=other client=192.0.2.1 "
		"name=? type=TYPE65280 before=block\\032drop "
		"after=block\\032refused before-group=g after-group=g\n");
	free(found);
	query = query_of("192.0.2.1", "a.example", wire);
	query.qclass = 3;
	found = told_of(two.policy, one.policy, &query);
	assert_non_null(strstr(found, "before=block\\032refused "
		"after=block\\032drop "));
	free(found);
	unload(&one);
	unload(&two);
}

/* --- Chance: queries under two policies, of which the second is often the
 * first with little changed. */

#define CHANCE_GROUPS 4

struct any_group {
	const char *options;
	char clients[64];
	char patterns[CHANCE_PATTERNS][80];
	unsigned count;
};

static void
any_pattern(struct chance *chance, struct any_group *group, unsigned i)
{
	char pattern[64];

	chance_pattern(chance, 2, pattern);
	snprintf(group->patterns[i], sizeof(group->patterns[i]), "%s: \"%s\"",
		i > 0 && chance_below(chance, 2) ? "deny" : "allow", pattern);
}

static void
any_group(struct chance *chance, struct any_group *group, unsigned number)
{
	static const char *const options[] = { "", "", "action: nodata",
		"action: refused", "action: drop", "mode: audit",
		"action: sinkhole sinkhole: ::1" };
	unsigned i;

	group->options = options[chance_below(chance, COUNT_OF(options))];
	snprintf(group->clients, sizeof(group->clients),
		"client: 10.%u.0.0/16 client: 10.%u.%u.0/24", number,
		chance_below(chance, 5), number);
	group->count = 1 + chance_below(chance, CHANCE_PATTERNS);
	for (i = 0; i < group->count; i++)
		any_pattern(chance, group, i);
}

static struct loaded
load_groups(const struct any_group *groups)
{
	char text[16384], *at = text;
	unsigned i, k;

	for (i = 0; i < CHANCE_GROUPS; i++) {
		at += sprintf(at, "group: name: g%u %s %s\n", i,
			groups[i].clients, groups[i].options);
		for (k = 0; k < groups[i].count; k++)
			at += sprintf(at, "%s\n", groups[i].patterns[k]);
	}
	write_text("policy.conf", text);
	return load_good("policy.conf");
}

/* As documented, by other means than diff_query(). */
static void
outcome_of(const struct policy *policy, const struct query *query, char *text)
{
	struct decision decision;

	policy_decide(policy, query, &decision);
	switch (decision.verdict) {
	case VERDICT_UNRESTRICTED:
		strcpy(text, "unrestricted");
		break;
	case VERDICT_ALLOW:
		strcpy(text, "allow");
		break;
	case VERDICT_AUDIT:
		strcpy(text, "audit");
		break;
	case VERDICT_BLOCK:
		sprintf(text, "block %s", action_word(decision.action));
		break;
	}
}

/* Returns whether there is a difference. */
static int
check_query(const struct policy *before, const struct policy *after,
	const struct query *query)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	char old[64], new[64], *newline;
	const char *expected;
	struct record record;
	size_t wrong;
	int differs;

	outcome_of(before, query, old);
	outcome_of(after, query, new);
	differs = strcmp(old, new) != 0;
	assert_int_equal(diff_query(&writer, before, after, query), differs);
	assert_int_equal(writer.length > 0, differs);
	if (differs) {
		newline = memchr(writer.memory, '\n', writer.length);
		assert_ptr_equal(newline, writer.memory + writer.length - 1);
		*newline = '\0';
		assert_int_equal(record_parse(&record, writer.memory, &wrong,
			&expected), 0);
		assert_string_equal(record_get(&record, "before"), old);
		assert_string_equal(record_get(&record, "after"), new);
	}
	record_clear(&writer);
	return differs;
}

static int
any_query_differs(struct chance *chance, const struct policy *before,
	const struct policy *after)
{
	unsigned i;
	int differs = 0;

	for (i = 0; i < 300; i++) {
		uint8_t wire[NAME_OCTETS_MAX];
		char client[32], name[64];
		struct query query;

		sprintf(client, "10.%u.%u.1", chance_below(chance, 5),
			chance_below(chance, 5));
		chance_name(chance, name);
		query = query_of(client, name, wire);
		if (chance_below(chance, 16) == 0)
			query.qclass = 3;
		differs |= check_query(before, after, &query);
	}
	return differs;
}

/* And where no change is told, no query differs. */
static void
random_queries_differ_as_they_are_decided(void **state)
{
	struct chance chance = { 83 };
	unsigned round, i, changed = 0, same = 0;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct any_group groups[CHANCE_GROUPS];
		struct loaded before, after;
		char *found;

		for (i = 0; i < CHANCE_GROUPS; i++)
			any_group(&chance, &groups[i], i);
		before = load_groups(groups);
		i = chance_below(&chance, CHANCE_GROUPS);
		if (chance_below(&chance, 3) == 0)
			any_group(&chance, &groups[i], i);
		else if (chance_below(&chance, 2))
			any_pattern(&chance, &groups[i],
				chance_below(&chance, groups[i].count));
		after = load_groups(groups);
		found = told(before.policy, after.policy);
		if (any_query_differs(&chance, before.policy, after.policy)) {
			assert_string_not_equal(found, NO_CHANGES);
			changed++;
		}
		same += strcmp(found, NO_CHANGES) == 0;
		free(found);
		unload(&before);
		unload(&after);
	}
	assert_true(changed > 50);
	assert_true(same > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(groups_and_their_options_are_told),
		test_in_folder(clients_are_told_by_prefix),
		test_in_folder(patterns_are_told_by_what_they_say),
		test_in_folder(lists_are_told_for_each_group),
		test_in_folder(two_lists_of_one_name_are_told_apart_by_file),
		test_in_folder(options_of_all_groups_are_told),
		test_in_folder(more_options_of_groups_are_told),
		test_in_folder(patterns_are_told_with_what_they_are_for),
		test_in_folder(what_the_host_declares_is_told),
		test_in_folder(every_option_is_told),
		test_in_folder(many_are_counted_and_some_are_listed),
		test_in_folder(many_groups_and_clients_come_and_go),
		test_in_folder(the_list_is_cut_off_where_the_limit_is),
		test_in_folder(
			random_patterns_are_told_if_they_say_something_else),
		test_in_folder(a_query_is_told_for_all_pairs_of_verdicts),
		test_in_folder(
			the_same_answer_for_another_reason_is_no_difference),
		test_in_folder(a_query_that_cannot_be_judged_is_told),
		test_in_folder(random_queries_differ_as_they_are_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
