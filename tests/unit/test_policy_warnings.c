/*
 * test_policy_warnings.c - what is legal but surely meant otherwise is told,
 * and nothing else.
 */
#include "support.h"

#include "policy.h"

#define FILES_MAX 3

struct row {
	const char *row;
	const char *policy;
	struct text_file files[FILES_MAX];
	/* All messages, each with a newline. */
	const char *expected;
};

/* A group that has a client; patterns follow, from line 2 on. */
#define C "group: name: g client: 192.0.2.1\n"
/* The same with something allowed. */
#define G "group: name: g client: 192.0.2.1 allow: a.example\n"

#define W(place) "policy.conf:" place ": warning: "
#define NONE_ALLOWED " changes nothing: no allow matches these names anyway\n"
#define DECIDES(place) " changes nothing: the " place " decides for these " \
	"names\n"

/* --- Groups and their options. */

static const struct row group_rows[] = {
	{ "a group with a client and an allow", G, { { NULL, NULL } }, "" },
	{ "no client", "group: name: g allow: a.example\n", { { NULL, NULL } },
		W("1:1") "group \"g\" has no client and restricts nobody\n" },
	{ "no client in the second of two", G " \n group: name: h "
		"allow: a.example\n", { { NULL, NULL } }, W("3:2") "group "
		"\"h\" has no client and restricts nobody\n" },
	{ "a client in each of two", G "group: name: h client: ::1 "
		"allow: a.example\n", { { NULL, NULL } }, "" },
	{ "no allow", C, { { NULL, NULL } }, W("1:1") "group \"g\" allows "
		"nothing: every name is blocked for its clients\n" },
	{ "neither client nor allow", "group: name: g\n", { { NULL, NULL } },
		W("1:1") "group \"g\" has no client and restricts nobody\n"
		W("1:1") "group \"g\" allows nothing: every name is blocked "
		"for its clients\n" },
	{ "a list is an allow", C "allow-list: l\n",
		{ { "installed/l.list", "a.example\n" } }, "" },
	{ "a list without patterns is none", C "allow-list: l\n",
		{ { "installed/l.list", "# a.example\n" } }, W("1:1") "group "
		"\"g\" allows nothing: every name is blocked for its "
		"clients\n" },
	{ "one of two lists has a pattern", C "allow-list: l allow-list: m\n",
		{ { "installed/l.list", "" }, { "installed/m.list",
		"a.example" } }, "" },

	{ "a sinkhole without its action", G "sinkhole: 198.51.100.1\n",
		{ { NULL, NULL } }, W("2:11") "sinkhole changes nothing "
		"without \"action: sinkhole\"\n" },
	{ "two sinkholes without their action", G "action: nodata "
		"sinkhole: 198.51.100.1 sinkhole: ::1\n", { { NULL, NULL } },
		W("2:26") "sinkhole changes nothing without "
		"\"action: sinkhole\"\n" },
	{ "a sinkhole with its action", G "sinkhole: 198.51.100.1 "
		"action: sinkhole\n", { { NULL, NULL } }, "" },
	{ "a sinkhole's action is another group's", G "sinkhole: ::1\n"
		"group: name: h client: ::2 allow: a.example action: sinkhole "
		"sinkhole: ::1", { { NULL, NULL } }, W("2:11") "sinkhole "
		"changes nothing without \"action: sinkhole\"\n" },
	{ "ttl with refused", G "action: refused ttl: 60\n", { { NULL, NULL } },
		W("2:22") "ttl changes nothing with \"action: refused\"\n" },
	{ "ttl with drop", G "ttl: 60\naction: drop\n", { { NULL, NULL } },
		W("2:6") "ttl changes nothing with \"action: drop\"\n" },
	{ "ttl without action", G "ttl: 60\n", { { NULL, NULL } }, "" },
	{ "ttl with nxdomain", G "ttl: 60 action: nxdomain\n",
		{ { NULL, NULL } }, "" },
	{ "ttl with nodata", G "ttl: 60 action: nodata\n", { { NULL, NULL } },
		"" },
	{ "ttl with a sinkhole", G "ttl: 60 action: sinkhole sinkhole: ::1\n",
		{ { NULL, NULL } }, "" },
	{ "refused without ttl", G "action: refused\n", { { NULL, NULL } },
		"" },

	{ "a sinkhole that is a client", G "action: sinkhole\n"
		"sinkhole: 192.0.2.1\n", { { NULL, NULL } }, W("3:11")
		"sinkhole 192.0.2.1 is one of the clients of group \"g\"\n" },
	{ "a sinkhole in a client's prefix", G "client: 2001:db8::/32\n"
		"action: sinkhole\nsinkhole: 2001:db8::1\n",
		{ { NULL, NULL } }, W("4:11") "sinkhole 2001:db8::1 is one of "
		"the clients of group \"g\"\n" },
	{ "a mapped sinkhole that is a client", G "action: sinkhole\n"
		"sinkhole: ::ffff:192.0.2.1\n", { { NULL, NULL } }, W("3:11")
		"sinkhole 192.0.2.1 is one of the clients of group \"g\"\n" },
	{ "the second sinkhole is a client", G "action: sinkhole\n"
		"sinkhole: 192.0.2.2\nsinkhole: 192.0.2.1\n",
		{ { NULL, NULL } }, W("3:11") "sinkhole 192.0.2.1 is one of "
		"the clients of group \"g\"\n" },
	{ "a sinkhole beside the clients", G "action: sinkhole\n"
		"sinkhole: 192.0.2.2\n", { { NULL, NULL } }, "" },
	{ "a sinkhole that is another group's client", G "action: sinkhole\n"
		"sinkhole: 192.0.2.2\ngroup: name: h client: 192.0.2.2 "
		"allow: a.example\n", { { NULL, NULL } }, "" },
	{ "a sinkhole in a prefix, but in another group inside it", G
		"client: 198.51.100.0/24 action: sinkhole\n"
		"sinkhole: 198.51.100.1\ngroup: name: h client: 198.51.100.1 "
		"allow: a.example\n", { { NULL, NULL } }, "" },
	{ "a client's address without the action", G "action: nodata\n"
		"sinkhole: 192.0.2.1\n", { { NULL, NULL } }, W("3:11")
		"sinkhole changes nothing without \"action: sinkhole\"\n" },

	{ "a client twice in a group", G "client: 192.0.2.1\n",
		{ { NULL, NULL } }, W("2:9") "client \"192.0.2.1\" is in this "
		"group already, at policy.conf:1:24\n" },
	{ "a client twice in a group, written otherwise",
		G "client: ::ffff:192.0.2.1\nclient: 192.0.2.1/32\n",
		{ { NULL, NULL } }, W("2:9") "client \"::ffff:192.0.2.1\" is "
		"in this group already, at policy.conf:1:24\n" W("3:9")
		"client \"192.0.2.1/32\" is in this group already, at "
		"policy.conf:1:24\n" },
	{ "a client twice in a group, from another file", G
		"include: 1.conf\n", { { "1.conf", "client: 192.0.2.1" } },
		"1.conf:1:9: warning: client \"192.0.2.1\" is in this group "
		"already, at policy.conf:1:24\n" },
	{ "a client and a prefix around it", G "client: 192.0.2.0/24\n",
		{ { NULL, NULL } }, "" },
	{ "a client in a prefix of another group", G "group: name: h "
		"client: 192.0.2.0/24 allow: a.example\n", { { NULL, NULL } },
		"" },

	{ "a list twice in a group", G "allow-list: l\nallow-list: l\n",
		{ { "installed/l.list", "b.example" } }, W("3:13") "list "
		"\"l\" is in this group already\n" },
	{ "a list twice in a group, by its path", G "allow-list: l\n"
		"allow-list: installed/l.list\n", { { "installed/l.list",
		"b.example" } }, W("3:13") "list \"installed/l.list\" is in "
		"this group already\n" },
	{ "a list in two groups", G "allow-list: l\ngroup: name: h "
		"client: ::1 allow-list: l\n", { { "installed/l.list",
		"b.example" } }, "" },
	{ "an include that matches no file", G "include: \"*.d\"\n",
		{ { NULL, NULL } }, W("2:10") "\"*.d\" matches no file\n" },
	{ "an include that matches a file", G "include: \"*.d\"\n",
		{ { "1.d", "" } }, "" },
};

/* --- What is quiet, in windows, in chains and answers. */

#define WINDOW "window: 'Tue 22:00-04:00'\n"

static const struct row option_rows[] = {
	{ "all of it", G "allow-types: A quiet: wpad quiet-single-labels: yes\n"
		"follow-chain: yes chain: inspect chain-allow: c.example\n"
		"answer-deny: 10.0.0.0/8 answer-allow: 10.1.0.0/16\n" WINDOW
		"time-zone: CET-1 window-allow: b.example\n"
		"window-action: drop\n", { { NULL, NULL } }, "" },

	{ "chain-allow without inspect", G "chain-allow: b\nchain-allow: c\n",
		{ { NULL, NULL } }, W("2:14") "chain-allow changes nothing "
		"without \"chain: inspect\"\n" },
	{ "chain-allow with ignore", G "chain: ignore chain-allow: b\n",
		{ { NULL, NULL } }, W("2:28") "chain-allow changes nothing "
		"without \"chain: inspect\"\n" },
	{ "answer-allow without answer-deny", G "answer-allow: ::1\n"
		"answer-allow: ::2\n", { { NULL, NULL } }, W("2:15")
		"answer-allow changes nothing without \"answer-deny:\"\n" },
	{ "answer-deny is another group's", G "answer-allow: ::1\n"
		"group: name: h client: ::2 allow: a.example answer-deny: ::\n",
		{ { NULL, NULL } }, W("2:15") "answer-allow changes nothing "
		"without \"answer-deny:\"\n" },
	{ "an answer twice", G "answer-deny: 10.0.0.1\n"
		"answer-deny: ::ffff:10.0.0.1\nanswer-allow: ::1\n"
		"answer-allow: ::1/128\n", { { NULL, NULL } },
		W("3:14") "answer prefix 10.0.0.1/32 is in this group already, "
		"at policy.conf:2:14\n"
		W("5:15") "answer prefix ::1/128 is in this group already, at "
		"policy.conf:4:15\n" },

	{ "a window and nothing for it", G WINDOW, { { NULL, NULL } },
		W("2:9") "window changes nothing without \"window-allow:\", "
		"\"window-allow-list:\" or \"window-action:\"\n" },
	{ "two windows and nothing for them", G WINDOW "time-zone: CET-1\n"
		WINDOW, { { NULL, NULL } },
		W("2:9") "window changes nothing without \"window-allow:\", "
		"\"window-allow-list:\" or \"window-action:\"\n" },
	{ "a pattern for windows, and none", G "window-allow: b.example\n"
		"window-action: drop\n", { { NULL, NULL } }, W("2:15")
		"window-allow changes nothing without \"window:\"\n" },
	{ "a list for windows, and none", G "window-allow-list: l\n",
		{ { "installed/l.list", "b.example" } }, W("2:20")
		"window-allow-list changes nothing without \"window:\"\n" },
	{ "an action in windows, and none", G "window-action: drop\n",
		{ { NULL, NULL } }, W("2:16") "window-action changes nothing "
		"without \"window:\"\n" },
	{ "a time zone without a window", G "time-zone: UTC\n",
		{ { NULL, NULL } }, W("2:12") "time-zone changes nothing "
		"without \"window:\"\n" },
	{ "the action that there is anyway", G WINDOW "window-action: drop\n"
		"action: drop\n", { { NULL, NULL } }, W("3:16")
		"window-action changes nothing: it is \"action:\" anyway\n" },
	{ "the action that there is without being written", G WINDOW
		"window-action: nxdomain\n", { { NULL, NULL } }, W("3:16")
		"window-action changes nothing: it is \"action:\" anyway\n" },

	{ "a sinkhole in windows alone", G WINDOW "window-action: sinkhole\n"
		"sinkhole: ::1\n", { { NULL, NULL } }, "" },
	{ "a sinkhole in windows that is a client", G WINDOW
		"window-action: sinkhole\nsinkhole: 192.0.2.1\n",
		{ { NULL, NULL } }, W("4:11") "sinkhole 192.0.2.1 is one of "
		"the clients of group \"g\"\n" },
	{ "ttl with an action in windows", G WINDOW "window-action: nodata\n"
		"ttl: 5 action: drop\n", { { NULL, NULL } }, "" },
	{ "ttl with no such action in windows", G WINDOW
		"window-action: refused\nttl: 5 action: drop\n",
		{ { NULL, NULL } }, W("4:6") "ttl changes nothing with "
		"\"action: drop\"\n" },
	{ "ttl of quiet names", G "quiet: wpad ttl: 5 action: drop\n",
		{ { NULL, NULL } }, "" },
	{ "ttl of single labels", G "quiet-single-labels: yes ttl: 5\n"
		"action: drop\n", { { NULL, NULL } }, "" },
	{ "ttl of a quiet list", G "quiet-list: l ttl: 5 action: drop\n",
		{ { "installed/l.list", "b.example" } }, "" },

	{ "an allow in windows alone", C WINDOW "window-allow: b.example\n",
		{ { NULL, NULL } }, "" },
	{ "an allow in windows, and none", C "window-allow: b.example\n",
		{ { NULL, NULL } }, W("1:1") "group \"g\" allows nothing: "
		"every name is blocked for its clients\n" W("2:15")
		"window-allow changes nothing without \"window:\"\n" },
	{ "a list in windows alone", C WINDOW "window-allow-list: l\n",
		{ { "installed/l.list", "b.example" } }, "" },
	{ "quiet is no allow", C "quiet: wpad\n", { { NULL, NULL } },
		W("1:1") "group \"g\" allows nothing: every name is blocked "
		"for its clients\n" },

	{ "a list twice for each", G WINDOW "quiet-list: l quiet-list: l\n"
		"window-allow-list: l window-allow-list: l\n",
		{ { "installed/l.list", "b.example" } }, W("3:27") "list "
		"\"l\" is in this group already\n" W("4:41") "list \"l\" is "
		"in this group already\n" },
	{ "a list that is allowed anyway", G WINDOW "quiet-list: l\n"
		"window-allow-list: l allow-list: l\n",
		{ { "installed/l.list", "b.example" } }, W("3:13")
		"quiet-list \"l\" changes nothing: the list is an allow-list "
		"of this group\n" W("4:20") "window-allow-list \"l\" changes "
		"nothing: the list is an allow-list of this group\n" },

	{ "quiet and allowed", C "allow: *.example\nquiet: a.example\n",
		{ { NULL, NULL } }, W("3:8") "quiet \"a.example\"" DECIDES(
		"allow at policy.conf:2:8") },
	{ "quiet and allowed by a list", C "allow-list: l\n"
		"quiet: .a.example\n", { { "installed/l.list", "*.example" } },
		W("3:8") "quiet \".a.example\"" DECIDES(
		"allow at installed/l.list:1:1") },
	{ "quiet and denied", C "allow: *.example\ndeny: *.a.example\n"
		"quiet: x*.a.example\n", { { NULL, NULL } }, W("4:8")
		"quiet \"x*.a.example\"" DECIDES("deny at policy.conf:3:7") },
	{ "quiet around what is allowed", C "allow: a.example\n"
		"quiet: .example\n", { { NULL, NULL } }, "" },
	{ "quiet beside a wildcard", C "allow: a*.example\n"
		"quiet: b*.example\n", { { NULL, NULL } }, "" },
	{ "quiet twice", C "allow: b.example\nquiet: *.lan\nquiet: x.lan\n",
		{ { NULL, NULL } }, W("4:8") "quiet \"x.lan\"" DECIDES(
		"quiet at policy.conf:3:8") },
	{ "quiet of a list too", C "allow: b.example\nquiet-list: l\n"
		"quiet: wpad\n", { { "installed/l.list", "\nwpad\n" } },
		W("4:8") "quiet \"wpad\"" DECIDES(
		"quiet at installed/l.list:2:1") },
	{ "the root is quiet", C "allow: b.example\nquiet: .\n",
		{ { NULL, NULL } }, "" },

	{ "in windows and always", C WINDOW "allow: *.example\n"
		"window-allow: a.example\n", { { NULL, NULL } }, W("4:15")
		"window-allow \"a.example\"" DECIDES(
		"allow at policy.conf:3:8") },
	{ "in windows, and denied", C WINDOW "allow: *.example\n"
		"deny: a.example\nwindow-allow: a.example\n",
		{ { NULL, NULL } }, W("5:15") "window-allow \"a.example\""
		DECIDES("deny at policy.conf:4:7") },
	{ "in windows, within a deny", C WINDOW "allow: *.example\n"
		"deny: *.a.example\nwindow-allow: b.a.example\n",
		{ { NULL, NULL } }, "" },
	{ "in windows twice", C WINDOW "window-allow: *.example\n"
		"window-allow: a.example\n", { { NULL, NULL } }, W("4:15")
		"window-allow \"a.example\"" DECIDES(
		"allow at policy.conf:3:15") },
	{ "in windows, across a wildcard's deny", C WINDOW
		"allow: *.example\ndeny: ads.*.example\n"
		"window-allow: *.a.example\n", { { NULL, NULL } }, "" },
	{ "the root in windows", C WINDOW "window-allow: .\n",
		{ { NULL, NULL } }, W("3:15") "\".\" is the root name alone; "
		"every name below it is \"*\"\n" },
	{ "an allow that a window's holds is for other times", C WINDOW
		"allow: a.example\nwindow-allow: *.example\n",
		{ { NULL, NULL } }, "" },
};

/* --- Patterns. */

static const struct row pattern_rows[] = {
	{ "the root", C "allow: a.example\nallow: .\n", { { NULL, NULL } },
		W("3:8") "\".\" is the root name alone; every name below it "
		"is \"*\"\n" },
	{ "the root beside every name", C "allow: \"*\"\nallow: .\n",
		{ { NULL, NULL } }, W("3:8") "\".\" is the root name alone; "
		"every name below it is \"*\"\n" },
	{ "every name", C "allow: \"*\"\n", { { NULL, NULL } }, "" },
	{ "a deny of the root", C "allow: a.example\ndeny: .\n",
		{ { NULL, NULL } }, W("3:7") "\".\" is the root name alone; "
		"every name below it is \"*\"\n" W("3:7") "deny \".\""
		NONE_ALLOWED },

	{ "a deny of what is not allowed", G "deny: b.example\n",
		{ { NULL, NULL } }, W("2:7") "deny \"b.example\""
		NONE_ALLOWED },
	{ "a deny below what is allowed", G "deny: *.a.example\n",
		{ { NULL, NULL } }, W("2:7") "deny \"*.a.example\""
		NONE_ALLOWED },
	{ "a deny around what is allowed", G "deny: *.example\n",
		{ { NULL, NULL } }, W("2:7") "deny \"*.example\""
		NONE_ALLOWED },
	{ "a deny in quotes", G "deny: \"b.example\"\n", { { NULL, NULL } },
		W("2:7") "deny \"b.example\"" NONE_ALLOWED },
	{ "a deny inside an allow", C "allow: *.example\ndeny: a.example\n",
		{ { NULL, NULL } }, "" },
	{ "a deny inside a list's allow", C "allow-list: l\ndeny: a.example\n",
		{ { "installed/l.list", "*.example\n" } }, "" },
	{ "a deny of just a list's allow", C "allow-list: l\n"
		"deny: *.example\n", { { "installed/l.list",
		"*.example\nb.test\n" } }, "" },
	{ "a deny inside a deny", C "allow: *.example\ndeny: *.a.example\n"
		"deny: b.a.example\n", { { NULL, NULL } }, W("4:7") "deny "
		"\"b.a.example\"" DECIDES("deny at policy.conf:3:7") },
	{ "a deny inside an allow inside a deny", C "allow: *.example\n"
		"deny: *.a.example\nallow: *.b.a.example\n"
		"deny: c.b.a.example\n", { { NULL, NULL } }, "" },
	{ "a deny of another group's allow", G "group: name: h client: ::1\n"
		"allow: b.example\ndeny: a.example\n", { { NULL, NULL } },
		W("4:7") "deny \"a.example\"" NONE_ALLOWED },

	{ "an allow inside an allow", C "allow: *.example\n"
		"allow: a.example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"a.example\"" DECIDES("allow at policy.conf:2:8") },
	{ "an allow inside an allow that follows", C "allow: *.a.example\n"
		"allow: *.example\n", { { NULL, NULL } }, W("2:8") "allow "
		"\"*.a.example\"" DECIDES("allow at policy.conf:3:8") },
	{ "an allow inside every name", C "allow: a.example\n"
		"allow: \"*\"\n", { { NULL, NULL } }, W("2:8") "allow "
		"\"a.example\"" DECIDES("allow at policy.conf:3:8") },
	{ "an allow inside a list's", C "allow-list: l\nallow: a.example\n",
		{ { "installed/l.list", "\n *.example\n" } }, W("3:8")
		"allow \"a.example\"" DECIDES("allow at "
		"installed/l.list:2:2") },
	{ "an allow in another file", C "include: 1.conf\n"
		"allow: *.example\n", { { "1.conf", "allow: a.example" } },
		"1.conf:1:8: warning: allow \"a.example\""
		DECIDES("allow at policy.conf:3:8") },
	{ "an allow that a wildcard holds", C "allow: a*.example\n"
		"allow: ab.example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"ab.example\"" DECIDES("allow at policy.conf:2:8") },
	{ "a wildcard that a wildcard holds", C "allow: a*.example\n"
		"allow: ab*.example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"ab*.example\"" DECIDES("allow at policy.conf:2:8") },
	{ "an allow twice", C "allow: *.example\nallow: *.Example.\n",
		{ { NULL, NULL } }, W("3:8") "allow \"*.Example.\""
		DECIDES("allow at policy.conf:2:8") },
	{ "an allow twice, the name and all", C "allow: .example\n"
		"allow: example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"example\"" DECIDES("allow at policy.conf:2:8") },
	{ "an allow twice, below and all", C "allow: .example\n"
		"allow: *.example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"*.example\"" DECIDES("allow at policy.conf:2:8") },
	{ "an allow beside an allow", C "allow: a.example\n"
		"allow: b.example\n", { { NULL, NULL } }, "" },
	{ "a name and what is below it", C "allow: example\n"
		"allow: *.example\n", { { NULL, NULL } }, "" },
	{ "a part of an allow of all", C "allow: *.example\n"
		"allow: .example\n", { { NULL, NULL } }, "" },
	{ "an allow of another group", G "group: name: h client: ::1\n"
		"allow: a.example\n", { { NULL, NULL } }, "" },
	{ "an allow inside a deny inside an allow", C "allow: *.example\n"
		"deny: *.a.example\nallow: b.a.example\n", { { NULL, NULL } },
		"" },
	{ "wildcards that hold each other in part", C "allow: a*.example\n"
		"allow: *b.example\n", { { NULL, NULL } }, "" },
	{ "a wildcard and an asterisk itself", C "allow: a\\*.example\n"
		"allow: ab.example\n", { { NULL, NULL } }, "" },
	{ "a wildcard does not hold what is below", C "allow: a*.example\n"
		"allow: *.ab.example\n", { { NULL, NULL } }, "" },
};

/* A pattern with a wildcard cuts across longer ones: what one name tells says
 * nothing of the others. */
static const struct row across_rows[] = {
	{ "an allow against a wildcard's deny", C "allow: *.example\n"
		"deny: *c.example\nallow: ab*.example\n", { { NULL, NULL } },
		"" },
	{ "an allow against a deny in another label", C "allow: *.example\n"
		"deny: ads.*.example\nallow: *.a.example\n",
		{ { NULL, NULL } }, "" },
	{ "a deny against an allow in another label", C "allow: ads.*.example\n"
		"deny: *.a.example\n", { { NULL, NULL } }, "" },
	{ "a deny that wins ties alone", C "allow: *ab.example\n"
		"deny: ab*.example\n", { { NULL, NULL } }, "" },
	{ "a deny against a list's wildcard", C "allow-list: l\n"
		"deny: *.a.example\n", { { "installed/l.list",
		"www.*.example\n" } }, "" },
};

/* Of equal patterns the one that loses changes nothing. The one that wins
 * does, for without it the other would decide. */
static const struct row equal_rows[] = {
	{ "an allow, then a deny of the same", C "allow: a.example\n"
		"deny: a.example\n", { { NULL, NULL } }, W("2:8") "allow "
		"\"a.example\"" DECIDES("deny at policy.conf:3:7") },
	{ "a deny, then an allow of the same", C "deny: a.example\n"
		"allow: a.example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"a.example\"" DECIDES("deny at policy.conf:2:7") },
	{ "a deny below, then an allow of all", C "deny: *.example\n"
		"allow: .example\n", { { NULL, NULL } }, "" },
	{ "an allow of all, then a deny below", C "allow: .example\n"
		"deny: *.example\n", { { NULL, NULL } }, "" },
	{ "an allow of all, then a deny of the name", C "allow: .example\n"
		"deny: example\n", { { NULL, NULL } }, "" },
	{ "a deny of all, then an allow of the name", C "deny: .example\n"
		"allow: example\n", { { NULL, NULL } }, W("3:8") "allow "
		"\"example\"" DECIDES("deny at policy.conf:2:7") },
	{ "a deny twice", C "allow: *.example\ndeny: a.example\n"
		"deny: a.example\n", { { NULL, NULL } }, W("4:7") "deny "
		"\"a.example\"" DECIDES("deny at policy.conf:3:7") },
};

static void
check_rows(const struct row *rows, size_t count)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		struct loaded loaded;

		write_text("policy.conf", rows[i].policy);
		write_files(rows[i].files, FILES_MAX);
		loaded = load("policy.conf");
		wrong += row_text(rows[i].row, rows[i].expected, loaded.text);
		wrong += row_number(rows[i].row, "loaded", 1,
			loaded.policy != NULL);
		wrong += row_number(rows[i].row, "errors", 0,
			(long)loaded.diag.errors);
		wrong += row_number(rows[i].row, "warnings",
			(long)loaded.diag.kept, (long)loaded.diag.warnings);
		unload(&loaded);
		folder_empty();
	}
	assert_int_equal(wrong, 0);
}

static void
groups_and_options_without_effect_are_told(void **state)
{
	(void)state;
	check_rows(group_rows, COUNT_OF(group_rows));
}

static void
further_options_without_effect_are_told(void **state)
{
	(void)state;
	check_rows(option_rows, COUNT_OF(option_rows));
}

static void
names_of_the_host_are_an_allow(void **state)
{
	static const struct {
		const char *site;
		const char *expected;
	} rows[] = {
		{ "zone name=a.example. kind=stub\n", "" },
		{ NULL, W("1:1") "what unbound.conf declares is not known "
			"here: client-tag, client-view and allow-site-names "
			"change nothing\n" },
		{ "", W("1:1") "allow-site-names changes nothing: "
			"unbound.conf declares no zone but the root\n"
			W("1:1") "group \"g\" allows nothing: every name is "
			"blocked for its clients\n" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	write_text("policy.conf", C "allow-site-names: yes\n");
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct loaded loaded = load_with_site("policy.conf",
			rows[i].site);

		assert_non_null(loaded.policy);
		wrong += row_text(rows[i].site != NULL ? rows[i].site
			: "not known", rows[i].expected, loaded.text);
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

static void
patterns_that_change_nothing_are_told(void **state)
{
	(void)state;
	check_rows(pattern_rows, COUNT_OF(pattern_rows));
}

static void
patterns_against_a_wildcard_are_not_told(void **state)
{
	(void)state;
	check_rows(across_rows, COUNT_OF(across_rows));
}

static void
of_equal_patterns_only_the_loser_is_told(void **state)
{
	(void)state;
	check_rows(equal_rows, COUNT_OF(equal_rows));
}

static void
an_absolute_include_that_matches_no_file_is_told(void **state)
{
	const struct folder *folder = *state;
	char text[300], expected[300];
	struct loaded loaded;

	snprintf(text, sizeof(text), G "include: %s/*.d\n", folder->path);
	snprintf(expected, sizeof(expected), W("2:10") "\"%s/*.d\" matches no "
		"file\n", folder->path);
	write_text("policy.conf", text);
	loaded = load_good("policy.conf");
	assert_string_equal(loaded.text, expected);
	unload(&loaded);
}

/* --- Chance: who believes a warning and takes the pattern out, changes
 * nothing for any name. */

enum { LINES = 8, NAMES = 400 };

/* A policy of some patterns, without line EXCEPT. */
static struct loaded
load_without(char lines[LINES][64], unsigned except)
{
	char text[1200] = C;
	unsigned i;

	for (i = 0; i < LINES; i++)
		strcat(strcat(text, i != except ? lines[i] : "#"), "\n");
	write_text("policy.conf", text);
	return load_good("policy.conf");
}

static int
same_decisions(const struct policy *a, const struct policy *b,
	struct chance chance)
{
	unsigned i;

	for (i = 0; i < NAMES; i++) {
		struct decision first, second;
		char name[64];
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query;

		chance_name(&chance, name);
		query = query_of("192.0.2.1", name, wire);
		policy_decide(a, &query, &first);
		policy_decide(b, &query, &second);
		if (first.verdict != second.verdict) {
			print_error("%s is decided otherwise\n", name);
			return 0;
		}
	}
	return 1;
}

/* Whether the pattern on line NUMBER is told to change nothing. */
static int
is_told(const struct loaded *loaded, unsigned number)
{
	char place[32];
	size_t i;

	snprintf(place, sizeof(place), "policy.conf:%u:", number);
	for (i = 0; i < loaded->diag.kept; i++) {
		const char *text = loaded->diag.items[i].text;

		if (strncmp(text, place, strlen(place)) == 0 &&
		    strstr(text, "changes nothing") != NULL)
			return 1;
	}
	return 0;
}

/* Returns how many patterns were told. */
static unsigned
believe_the_warnings(struct chance *chance, unsigned wild)
{
	char lines[LINES][64];
	struct loaded all;
	unsigned i, told = 0;

	for (i = 0; i < LINES; i++) {
		strcpy(lines[i], chance_below(chance, 2) ? "deny: '"
			: "allow: '");
		chance_pattern(chance, wild, lines[i] + strlen(lines[i]));
		strcat(lines[i], "'");
	}
	all = load_without(lines, LINES);
	for (i = 0; i < LINES; i++) {
		struct loaded without;

		if (!is_told(&all, i + 2))
			continue;
		told++;
		without = load_without(lines, i);
		if (!same_decisions(all.policy, without.policy, *chance)) {
			print_error("without line %u of:\n" C, i + 2);
			for (i = 0; i < LINES; i++)
				print_error("%s\n", lines[i]);
			fail_msg("which was told to change nothing");
		}
		unload(&without);
	}
	unload(&all);
	return told;
}

static void
patterns_that_are_told_change_nothing_indeed(void **state)
{
	struct chance chance = { 71 };
	unsigned round, told = 0;

	(void)state;
	for (round = 0; round < 600; round++)
		told += believe_the_warnings(&chance, round % 3);
	assert_true(told > 300);
}

/* --- Notes. */

#define N(place) "policy.conf:" place ": note: list \"l\" is "
#define OWN(directories) "bitsink:\n" directories C

static const struct row note_rows[] = {
	{ "a list that is there once", OWN("list-directory: own\n")
		"allow-list: l\n", { { "own/l.list", "a.example\n" },
		{ "installed/m.list", "a.example\n" } }, "" },
	{ "the site's before the installation's", OWN("list-directory: own\n")
		"allow-list: l\n", { { "own/l.list", "a.example\n" },
		{ "installed/l.list", "b.example\n" } },
		N("4:13") "\"own/l.list\", which goes before "
		"\"installed/l.list\"\n" },
	{ "one in each of three", OWN("list-directory: own\n"
		"list-directory: other\n") "allow-list: l\n",
		{ { "own/l.list", "a.example\n" },
		{ "other/l.list", "c.example\n" },
		{ "installed/l.list", "b.example\n" } },
		N("5:13") "\"own/l.list\", which goes before "
		"\"other/l.list\"\n" N("5:13") "\"own/l.list\", which goes "
		"before \"installed/l.list\"\n" },
	{ "a list of two groups is noted once", OWN("list-directory: own\n")
		"allow-list: l\ngroup: name: h client: ::1 allow-list: l\n",
		{ { "own/l.list", "a.example\n" },
		{ "installed/l.list", "b.example\n" } },
		N("4:13") "\"own/l.list\", which goes before "
		"\"installed/l.list\"\n" },
	{ "for whatever the list is", OWN("list-directory: own\n")
		"allow: b.example quiet-list: l\n",
		{ { "own/l.list", "a.example\n" },
		{ "installed/l.list", "b.example\n" } },
		N("4:30") "\"own/l.list\", which goes before "
		"\"installed/l.list\"\n" },
	{ "a directory said twice", OWN("list-directory: installed\n")
		"allow-list: l\n", { { "installed/l.list", "a.example\n" } },
		"" },
	{ "a list by its path goes before none", OWN("list-directory: own\n")
		"allow-list: ./own/l.list\n", { { "own/l.list", "a.example\n" },
		{ "installed/l.list", "b.example\n" } }, "" },
};

static void
a_list_that_goes_before_another_of_its_name_is_noted(void **state)
{
	size_t i;
	int wrong = 0;

	(void)state;
	for (i = 0; i < COUNT_OF(note_rows); i++) {
		const struct row *row = &note_rows[i];
		struct loaded loaded;

		write_text("policy.conf", row->policy);
		write_files(row->files, FILES_MAX);
		loaded = load("policy.conf");
		wrong += row_text(row->row, row->expected, loaded.text);
		wrong += row_number(row->row, "notes",
			(long)loaded.diag.kept, (long)loaded.diag.notes);
		wrong += row_number(row->row, "errors and warnings", 0,
			(long)(loaded.diag.errors + loaded.diag.warnings));
		wrong += row_number(row->row, "loaded", 1,
			loaded.policy != NULL);
		if (loaded.policy != NULL)
			wrong += row_number(row->row, "a.example is allowed",
				row->policy != note_rows[4].policy,
				verdict_of(loaded.policy, "192.0.2.1",
				"a.example") == VERDICT_ALLOW);
		unload(&loaded);
		folder_empty();
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(groups_and_options_without_effect_are_told),
		test_in_folder(further_options_without_effect_are_told),
		test_in_folder(names_of_the_host_are_an_allow),
		test_in_folder(patterns_that_change_nothing_are_told),
		test_in_folder(patterns_against_a_wildcard_are_not_told),
		test_in_folder(of_equal_patterns_only_the_loser_is_told),
		test_in_folder(
			an_absolute_include_that_matches_no_file_is_told),
		test_in_folder(patterns_that_are_told_change_nothing_indeed),
		test_in_folder(
			a_list_that_goes_before_another_of_its_name_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
