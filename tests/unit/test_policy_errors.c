/*
 * test_policy_errors.c - what is wrong with a policy is told with its place,
 * and such a policy is not loaded.
 */
#include "support.h"

#include <fcntl.h>

#include "policy.h"

#define FILES_MAX 4

struct row {
	const char *row;
	const char *policy;
	struct text_file files[FILES_MAX];
	/* All messages, each with a newline. */
	const char *expected;
};

#define G "group: name: g client: 192.0.2.1 allow: a.example\n"

#define E(place) "policy.conf:" place ": error: "
#define CLIENT_EXPECTED "expected an IPv4 or IPv6 address, or ADDRESS/LENGTH"
#define NAME_EXPECTED "expected a group name of 1 to 32 letters, digits, " \
	"'-', '_' and '.'"
#define TTL_EXPECTED "expected a number of seconds from 0 to 86400"
#define LOG_EXPECTED "expected first-seen, all or off"
#define LIMIT_EXPECTED "expected a number of lines a minute from 0 to 100000"
#define SOCKET_EXPECTED "expected off, or a name from / on of at most 107 " \
	"octets"
#define USER_EXPECTED "expected a user's name or number"
#define OWNERS_EXPECTED "expected a group's name or number"
#define MODE_EXPECTED "expected an octal mode from 0000 to 0777"
#define PORT_EXPECTED "expected http, https, a port, PORT/tcp, PORT/udp, or " \
	"'#' before a comment"
#define TOP_EXPECTED "expected bitsink:, group: or include:"

/* --- The words of a file. */

static const struct row word_rows[] = {
	{ "a word that is no attribute", G "hello\n", { { NULL, NULL } },
		E("2:1") "found \"hello\", expected an attribute that ends "
		"with ':'\n" },
	{ "no space, no colon", "group\n" G, { { NULL, NULL } },
		E("1:1") "found \"group\", expected an attribute that ends "
		"with ':'\n" },
	{ "a space before the colon", G "ttl : 60\n", { { NULL, NULL } },
		E("2:1") "found \"ttl\", expected an attribute that ends "
		"with ':'\n" },
	{ "a colon alone", G ": x\n", { { NULL, NULL } },
		E("2:1") "found \":\", expected an attribute that ends with "
		"':'\n" },
	{ "a quote where an attribute belongs", G "\"ttl\": 60\n",
		{ { NULL, NULL } }, E("2:1") "found \"\"\", expected an "
		"attribute that ends with ':'\n" },
	{ "a comment inside an attribute", G "ttl#: 60\n", { { NULL, NULL } },
		E("2:1") "found \"ttl\", expected an attribute that ends "
		"with ':'\n" },
	{ "a second value", G "ttl: 60 seconds\n", { { NULL, NULL } },
		E("2:9") "found \"seconds\", expected an attribute that ends "
		"with ':'\n" },
	{ "octets behind a quote", G "ttl: \"60\"x\n", { { NULL, NULL } },
		E("2:10") "found \"x\", expected an attribute that ends with "
		"':'\n" },
	{ "the rest of the line is passed over", G "hello ttl: x\nttl: y\n",
		{ { NULL, NULL } }, E("2:1") "found \"hello\", expected an "
		"attribute that ends with ':'\n" E("3:6") "found \"y\", "
		TTL_EXPECTED "\n" },
	{ "a double quote without its end", G "allow: \"b.example\nttl: 60\n",
		{ { NULL, NULL } }, E("2:8") "found the end of the line, "
		"expected \" to end the value that begins here\n" },
	{ "a single quote without its end", G "allow: 'b.example\n",
		{ { NULL, NULL } }, E("2:8") "found the end of the line, "
		"expected ' to end the value that begins here\n" },
	{ "a quote without its end at the end", G "allow: \"b.example",
		{ { NULL, NULL } }, E("2:8") "found the end of the line, "
		"expected \" to end the value that begins here\n" },
	{ "the other quote is no end", G "allow: \"b.example'\n",
		{ { NULL, NULL } }, E("2:8") "found the end of the line, "
		"expected \" to end the value that begins here\n" },
	{ "an escaped quote is no end", G "allow: \"b.example\\\"\n",
		{ { NULL, NULL } }, E("2:8") "found the end of the line, "
		"expected \" to end the value that begins here\n" },
	{ "no value before the end of the file", G "ttl:\n",
		{ { NULL, NULL } }, E("3:1") "found the end of the file, "
		"expected a value for \"ttl:\"\n" },
	{ "no value before the end, no newline", G "ttl:", { { NULL, NULL } },
		E("2:5") "found the end of the file, expected a value for "
		"\"ttl:\"\n" },
	{ "no value but a comment", G "ttl: # 60", { { NULL, NULL } },
		E("2:10") "found the end of the file, expected a value for "
		"\"ttl:\"\n" },
	{ "the next attribute instead of a value", G "allow:\n  ttl: 60\n",
		{ { NULL, NULL } }, E("3:3") "found \"ttl:\", expected a "
		"value for \"allow:\"\n" },
	{ "the attribute instead of a value counts", G "allow:\nttl: x\n",
		{ { NULL, NULL } }, E("3:1") "found \"ttl:\", expected a "
		"value for \"allow:\"\n" E("3:6") "found \"x\", "
		TTL_EXPECTED "\n" },
	{ "an include without a file", G "include:", { { NULL, NULL } },
		E("2:9") "found the end of the file, expected a value for "
		"\"include:\"\n" },
	{ "CRLF line ends move no place", "group:\r\n name: g\r\n ttl: x\r\n",
		{ { NULL, NULL } }, E("3:7") "found \"x\", " TTL_EXPECTED
		"\n" },
	{ "a byte order mark moves no place", "\xef\xbb\xbfhello: x\n" G,
		{ { NULL, NULL } }, E("1:1") "found \"hello:\", " TOP_EXPECTED
		"\n" },
};

/* --- Clauses and options. */

static const struct row option_rows[] = {
	{ "nothing", "", { { NULL, NULL } }, "policy.conf: error: found no "
		"group, expected at least one \"group:\" clause\n" },
	{ "nothing but a comment", "# group:", { { NULL, NULL } },
		"policy.conf: error: found no group, expected at least one "
		"\"group:\" clause\n" },
	{ "nothing but a byte order mark", "\xef\xbb\xbf", { { NULL, NULL } },
		"policy.conf: error: found no group, expected at least one "
		"\"group:\" clause\n" },
	{ "no group", "bitsink: mode: audit\n", { { NULL, NULL } },
		"policy.conf: error: found no group, expected at least one "
		"\"group:\" clause\n" },
	{ "an option outside a clause", "name: g\n" G, { { NULL, NULL } },
		E("1:1") "found \"name:\", " TOP_EXPECTED "\n" },
	{ "an unknown option of a group", G "alow: b.example\n",
		{ { NULL, NULL } }, E("2:1") "found \"alow:\", expected an "
		"option of the group: clause, group:, bitsink: or include:\n" },
	{ "an unknown option of bitsink:", G "bitsink: verbosity: 1\n",
		{ { NULL, NULL } }, E("2:10") "found \"verbosity:\", expected "
		"an option of the bitsink: clause, group: or include:\n" },
	{ "a group's option in bitsink:", G "bitsink: ttl: 1\n",
		{ { NULL, NULL } }, E("2:10") "found \"ttl:\", expected "
		"an option of the bitsink: clause, group: or include:\n" },
	{ "a group's option in bitsink:, behind one in a group",
		G "ttl: 60\nbitsink: ttl: 1\n", { { NULL, NULL } },
		E("3:10") "found \"ttl:\", expected an option of the "
		"bitsink: clause, group: or include:\n" },
	{ "an option of bitsink: in a group", G "list-directory: x\n",
		{ { NULL, NULL } }, E("2:1") "found \"list-directory:\", "
		"expected an option of the group: clause, group:, bitsink: "
		"or include:\n" },
	{ "options are written small", G "TTL: 60\n", { { NULL, NULL } },
		E("2:1") "found \"TTL:\", expected an option of the group: "
		"clause, group:, bitsink: or include:\n" },
	{ "a clause of unbound.conf", "server: verbosity: 1\n" G,
		{ { NULL, NULL } }, E("1:1") "found \"server:\", "
		TOP_EXPECTED "\n" },
	{ "no clause goes on behind include-toplevel",
		G "include-toplevel: more.conf ttl: 60\n",
		{ { "more.conf", "" } }, E("2:29") "found \"ttl:\", "
		TOP_EXPECTED "\n" },
	{ "no clause goes on into include-toplevel",
		G "include-toplevel: more.conf\n",
		{ { "more.conf", "ttl: 60" } },
		"more.conf:1:1: error: found \"ttl:\", " TOP_EXPECTED "\n" },

	{ "a group without a name", "\n  group: client: 192.0.2.1 "
		"allow: a.example\n", { { NULL, NULL } },
		E("2:3") "found a group without a name, expected \"name:\"\n" },
	{ "an empty name", "group: name: \"\"\n", { { NULL, NULL } },
		E("1:14") "found \"\", " NAME_EXPECTED "\n" },
	{ "a name with a space", "group: name: \"a b\"\n", { { NULL, NULL } },
		E("1:14") "found \"a b\", " NAME_EXPECTED "\n" },
	{ "a name with an equals sign", "group: name: a=b\n",
		{ { NULL, NULL } }, E("1:14") "found \"a=b\", " NAME_EXPECTED
		"\n" },
	{ "a name beyond ASCII", "group: name: \xc3\xa4\n",
		{ { NULL, NULL } }, E("1:14") "found \"\xc3\xa4\", "
		NAME_EXPECTED "\n" },
	{ "a name of 33 octets", "group: name: "
		"a-name-of-all-of-33-octets-123456\n", { { NULL, NULL } },
		E("1:14") "found \"a-name-of-all-of-33-octets-123456\", "
		NAME_EXPECTED "\n" },
	{ "a second group of a name", G "\ngroup: name: g\n",
		{ { NULL, NULL } }, E("3:14") "found a second group \"g\", "
		"expected another name; the first is at policy.conf:1:1\n" },
	{ "a second group of a name in another file", "include: 1.conf\n"
		"group: name: g\n", { { "1.conf", "\n " G } },
		E("2:14") "found a second group \"g\", expected another name; "
		"the first is at 1.conf:2:2\n" },
	{ "a second name", "group: name: g\n name: h\n", { { NULL, NULL } },
		E("2:2") "found a second \"name:\", expected one in a "
		"clause\n" },
	{ "a second action", G "action: refused action: drop\n",
		{ { NULL, NULL } }, E("2:17") "found a second \"action:\", "
		"expected one in a clause\n" },
	{ "a second ttl", G "ttl: 60\nttl: 60\n", { { NULL, NULL } },
		E("3:1") "found a second \"ttl:\", expected one in a "
		"clause\n" },
	{ "a second mode of a group", G "mode: audit\nmode: audit\n",
		{ { NULL, NULL } }, E("3:1") "found a second \"mode:\", "
		"expected one in a clause\n" },
	{ "a second log of a group", G "log: off\nlog: all\n",
		{ { NULL, NULL } }, E("3:1") "found a second \"log:\", "
		"expected one in a clause\n" },
	{ "a second mode of bitsink:", G "bitsink: mode: audit\n"
		"mode: enforce\n", { { NULL, NULL } }, E("3:1") "found a "
		"second \"mode:\", expected one in a clause\n" },
	{ "a second log, behind one of another clause",
		G "log: off\nbitsink: log: off\nlog: all\n", { { NULL, NULL } },
		E("4:1") "found a second \"log:\", expected one in a "
		"clause\n" },
	{ "a second log of bitsink:", G "bitsink: log: off\n"
		"log: all\n", { { NULL, NULL } }, E("3:1") "found a "
		"second \"log:\", expected one in a clause\n" },

	{ "a client that is a name", G "client: localhost\n",
		{ { NULL, NULL } }, E("2:9") "found \"localhost\", "
		CLIENT_EXPECTED "\n" },
	{ "an empty client", G "client: ''\n", { { NULL, NULL } },
		E("2:9") "found \"\", " CLIENT_EXPECTED "\n" },
	{ "a client with host bits", G "client: 192.0.2.1/24\n",
		{ { NULL, NULL } }, E("2:9") "found \"192.0.2.1/24\", "
		"expected no bits set behind the prefix length\n" },
	{ "a client with a wrong length", G "client: 192.0.2.0/33\n",
		{ { NULL, NULL } }, E("2:9") "found \"192.0.2.0/33\", "
		"expected a prefix length from 0 to 32\n" },
	{ "an IPv6 client with a wrong length", G "client: 2001:db8::/129\n",
		{ { NULL, NULL } }, E("2:9") "found \"2001:db8::/129\", "
		"expected a prefix length from 0 to 128\n" },
	{ "a client of mapped addresses, too short", G
		"client: ::ffff:0:0/95\n", { { NULL, NULL } }, E("2:9")
		"found \"::ffff:0:0/95\", expected a prefix of at least /96 "
		"for IPv4-mapped addresses; write the IPv4 prefix itself\n" },
	{ "a client longer than any address", G "client: 0000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000"
		"\n", { { NULL, NULL } }, E("2:9") "found \"0000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000000"
		"\", " CLIENT_EXPECTED "\n" },
	{ "a client in two groups", G "group: name: h\n client: 192.0.2.1\n"
		" allow: a.example\n", { { NULL, NULL } }, E("3:10") "found "
		"client \"192.0.2.1\" in a second group, expected it in one; "
		"the first is \"g\" at policy.conf:1:24\n" },
	{ "a client in two groups, written otherwise", G "group: name: h\n"
		" client: ::ffff:192.0.2.1/128\n allow: a.example\n",
		{ { NULL, NULL } }, E("3:10") "found client "
		"\"::ffff:192.0.2.1/128\" in a second group, expected it in "
		"one; the first is \"g\" at policy.conf:1:24\n" },
	{ "a client in three groups", G "group: name: h client: 192.0.2.1\n"
		"group: name: i client: 192.0.2.1\n", { { NULL, NULL } },
		E("2:24") "found client \"192.0.2.1\" in a second group, "
		"expected it in one; the first is \"g\" at policy.conf:1:24\n"
		E("3:24") "found client \"192.0.2.1\" in a second group, "
		"expected it in one; the first is \"g\" at policy.conf:1:24\n"
	},

	{ "an unknown action", G "action: block\n", { { NULL, NULL } },
		E("2:9") "found \"block\", expected nxdomain, nodata, "
		"refused, drop or sinkhole\n" },
	{ "an action in capitals", G "action: DROP\n", { { NULL, NULL } },
		E("2:9") "found \"DROP\", expected nxdomain, nodata, refused, "
		"drop or sinkhole\n" },
	{ "a sinkhole without an address", G "  action: sinkhole\n",
		{ { NULL, NULL } }, E("2:11") "found action sinkhole without "
		"an address, expected \"sinkhole:\"\n" },
	{ "a sinkhole that is a prefix", G "action: sinkhole\n"
		"sinkhole: 192.0.2.0/24\n", { { NULL, NULL } },
		E("3:11") "found \"192.0.2.0/24\", expected an IPv4 or IPv6 "
		"address\n" },
	{ "a sinkhole that is a name", G "sinkhole: www.example\n",
		{ { NULL, NULL } }, E("2:11") "found \"www.example\", "
		"expected an IPv4 or IPv6 address\n" },
	{ "an empty sinkhole", G "sinkhole: \"\"\n", { { NULL, NULL } },
		E("2:11") "found \"\", expected an IPv4 or IPv6 address\n" },
	{ "a fifth IPv4 sinkhole", G "action: sinkhole sinkhole: 10.0.0.1 "
		"sinkhole: 10.0.0.2 sinkhole: 10.0.0.3 sinkhole: 10.0.0.4\n"
		"sinkhole: ::1 sinkhole: ::2\nsinkhole: 10.0.0.5\n",
		{ { NULL, NULL } }, E("4:11") "found \"10.0.0.5\", expected "
		"at most 4 sinkhole addresses of a family\n" },
	{ "a fifth IPv6 sinkhole", G "action: sinkhole sinkhole: ::1 "
		"sinkhole: ::2 sinkhole: ::3 sinkhole: ::4\n"
		"sinkhole: 10.0.0.1\nsinkhole: ::5\n", { { NULL, NULL } },
		E("4:11") "found \"::5\", expected at most 4 sinkhole "
		"addresses of a family\n" },
	{ "a ttl of a day and a second", G "ttl: 86401\n", { { NULL, NULL } },
		E("2:6") "found \"86401\", " TTL_EXPECTED "\n" },
	{ "a ttl beyond 32 bits", G "ttl: 4294967297\n", { { NULL, NULL } },
		E("2:6") "found \"4294967297\", " TTL_EXPECTED "\n" },
	{ "a negative ttl", G "ttl: -1\n", { { NULL, NULL } },
		E("2:6") "found \"-1\", " TTL_EXPECTED "\n" },
	{ "a ttl with a unit", G "ttl: 60s\n", { { NULL, NULL } },
		E("2:6") "found \"60s\", " TTL_EXPECTED "\n" },
	{ "an empty ttl", G "ttl: \"\"\n", { { NULL, NULL } },
		E("2:6") "found \"\", " TTL_EXPECTED "\n" },
	{ "an unknown mode of a group", G "mode: on\n", { { NULL, NULL } },
		E("2:7") "found \"on\", expected audit or enforce\n" },
	{ "an unknown mode of bitsink:", G "bitsink: mode: learn\n",
		{ { NULL, NULL } }, E("2:16") "found \"learn\", expected "
		"audit or enforce\n" },
	{ "an unknown log of a group", G "log: yes\n", { { NULL, NULL } },
		E("2:6") "found \"yes\", " LOG_EXPECTED "\n" },
	{ "an unknown log of bitsink:", G "bitsink: log: on\n",
		{ { NULL, NULL } }, E("2:15") "found \"on\", " LOG_EXPECTED
		"\n" },
	{ "a log in capitals", G "log: ALL\n", { { NULL, NULL } },
		E("2:6") "found \"ALL\", " LOG_EXPECTED "\n" },
	{ "an empty log", G "log: \"\"\n", { { NULL, NULL } },
		E("2:6") "found \"\", " LOG_EXPECTED "\n" },
	{ "a log with an underscore", G "log: first_seen\n",
		{ { NULL, NULL } }, E("2:6") "found \"first_seen\", "
		LOG_EXPECTED "\n" },
	{ "an empty list-directory", G "bitsink: list-directory: \"\"\n",
		{ { NULL, NULL } }, E("2:26") "found \"\", expected a "
		"directory\n" },
	{ "an empty allow-list", G "allow-list: \"\"\n", { { NULL, NULL } },
		E("2:13") "found \"\", expected the name of a list\n" },

	{ "an empty pattern", G "allow: \"\"\n", { { NULL, NULL } },
		E("2:9") "in pattern \"\": expected a name\n" },
	{ "a mistake in an allow", G "allow: a..b\n", { { NULL, NULL } },
		E("2:10") "in pattern \"a..b\": expected a label before "
		"'.'\n" },
	{ "a mistake in a deny", G "  deny: a.**.b\n", { { NULL, NULL } },
		E("2:12") "in pattern \"a.**.b\": expected one '*', not two; "
		"a leading '*.' stands for any number of labels already\n" },
	{ "a pattern in UTF-8", G "allow: b\xc3\xbc" "cher.example\n",
		{ { NULL, NULL } }, E("2:9") "in pattern \"b\xc3\xbc"
		"cher.example\": expected ASCII: the name's A-label (xn--...), "
		"or \\DDD\n" },
	{ "a backslash at a pattern's end", G "allow: a.example\\\n",
		{ { NULL, NULL } }, E("2:17") "in pattern \"a.example\\\": "
		"expected an octet after '\\'\n" },
	{ "a control character is not repeated", G "allow: a\033[31mb\n",
		{ { NULL, NULL } }, E("2:9") "in pattern \"a?[31mb\": "
		"expected no space or control character; \\DDD is one\n" },
};

/* --- What is quiet, of which type, in windows and in answers. */

#define YES_EXPECTED "expected yes or no"
#define TYPE_EXPECTED "expected a type such as AAAA, or TYPE and a number"
#define ZONE_EXPECTED "expected a time zone such as Europe/Berlin, its file " \
	"from / on, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
#define ACTION_EXPECTED "expected nxdomain, nodata, refused, drop or sinkhole"
#define START_EXPECTED "expected a day (Mon Tue Wed Thu Fri Sat Sun), daily, " \
	"or one of 1st 2nd 3rd 4th 5th last"

static const struct row group_rows[] = {
	{ "site names a bit", G "allow-site-names: some\n",
		{ { NULL, NULL } }, E("2:19") "found \"some\", " YES_EXPECTED
		"\n" },
	{ "site names twice", G "allow-site-names: no\n"
		"allow-site-names: no\n", { { NULL, NULL } }, E("3:1")
		"found a second \"allow-site-names:\", expected one in a "
		"clause\n" },
	{ "site names of all groups", G "bitsink: allow-site-names: yes\n",
		{ { NULL, NULL } }, E("2:10") "found \"allow-site-names:\", "
		"expected an option of the bitsink: clause, group: or "
		"include:\n" },

	{ "a mistake in a quiet pattern", G "quiet: a..b\n",
		{ { NULL, NULL } }, E("2:10") "in pattern \"a..b\": expected "
		"a label before '.'\n" },
	{ "an empty quiet list", G "quiet-list: ''\n", { { NULL, NULL } },
		E("2:13") "found \"\", expected the name of a list\n" },
	{ "a quiet list that is nowhere", G "quiet-list: l\n",
		{ { NULL, NULL } }, E("2:13") "found no list \"l\", expected "
		"a file \"l.list\" in a list directory\n" },
	{ "a mistake in a quiet list", G "quiet-list: l\n",
		{ { "installed/l.list", "\na b\n" } },
		"installed/l.list:2:3: error: found \"b\", " PORT_EXPECTED
		"\n" },
	{ "single labels a bit", G "quiet-single-labels: 1\n",
		{ { NULL, NULL } }, E("2:22") "found \"1\", " YES_EXPECTED
		"\n" },
	{ "single labels twice", G "quiet-single-labels: yes "
		"quiet-single-labels: yes\n", { { NULL, NULL } }, E("2:26")
		"found a second \"quiet-single-labels:\", expected one in a "
		"clause\n" },

	{ "an unknown type", G "allow-types: AAA\n", { { NULL, NULL } },
		E("2:14") "found \"AAA\", " TYPE_EXPECTED "\n" },
	{ "unknown types among others", G "allow-types: \"A  X AAAA TYPE\"\n",
		{ { NULL, NULL } }, E("2:18") "found \"X\", " TYPE_EXPECTED
		"\n" E("2:25") "found \"TYPE\", " TYPE_EXPECTED "\n" },
	{ "types with a comma", G "allow-types: A,AAAA\n",
		{ { NULL, NULL } }, E("2:14") "found \"A,AAAA\", "
		TYPE_EXPECTED "\n" },
	{ "a type beyond 65535", G "allow-types: TYPE65536\n",
		{ { NULL, NULL } }, E("2:14") "found \"TYPE65536\", "
		TYPE_EXPECTED "\n" },
	{ "a type of more octets than any", G "allow-types: TYPE123456789012\n",
		{ { NULL, NULL } }, E("2:14") "found \"TYPE123456789012\", "
		TYPE_EXPECTED "\n" },
	{ "a type's number alone", G "allow-types: 28\n", { { NULL, NULL } },
		E("2:14") "found \"28\", " TYPE_EXPECTED "\n" },
	{ "all is no type", G "allow-types: all\n", { { NULL, NULL } },
		E("2:14") "found \"all\", " TYPE_EXPECTED "\n" },
	{ "no type", G "allow-types: \"\"\n", { { NULL, NULL } }, E("2:14")
		"found \"\", expected types such as \"A AAAA\"\n" },
	{ "no type but blanks", G "allow-types: \" \t \"\n",
		{ { NULL, NULL } }, E("2:14") "found \" ? \", expected types "
		"such as \"A AAAA\"\n" },

	{ "a chain followed a bit", G "follow-chain: maybe\n",
		{ { NULL, NULL } }, E("2:15") "found \"maybe\", " YES_EXPECTED
		"\n" },
	{ "a chain followed twice", G "follow-chain: no\nfollow-chain: yes\n",
		{ { NULL, NULL } }, E("3:1") "found a second "
		"\"follow-chain:\", expected one in a clause\n" },
	{ "a chain with yes", G "chain: yes\n", { { NULL, NULL } },
		E("2:8") "found \"yes\", expected inspect or ignore\n" },
	{ "a chain twice", G "chain: inspect chain: ignore\n",
		{ { NULL, NULL } }, E("2:16") "found a second \"chain:\", "
		"expected one in a clause\n" },
	{ "a mistake in a chain's pattern", G "chain-allow: a.**.b\n",
		{ { NULL, NULL } }, E("2:17") "in pattern \"a.**.b\": "
		"expected one '*', not two; a leading '*.' stands for any "
		"number of labels already\n" },

	{ "an answer that is a name", G "answer-deny: localhost\n",
		{ { NULL, NULL } }, E("2:14") "found \"localhost\", "
		CLIENT_EXPECTED "\n" },
	{ "an answer with host bits", G "answer-allow: 10.0.0.1/8\n",
		{ { NULL, NULL } }, E("2:15") "found \"10.0.0.1/8\", expected "
		"no bits set behind the prefix length\n" },
	{ "a prefix denied and allowed", G "answer-deny: 10.0.0.0/8\n"
		"answer-deny: ::1\nanswer-allow: ::ffff:10.0.0.0/104\n",
		{ { NULL, NULL } }, E("4:15") "found answer prefix 10.0.0.0/8 "
		"denied and allowed, expected one; the first is at "
		"policy.conf:2:14\n" },
	{ "a prefix allowed and denied", G "answer-allow: ::/0\n"
		"answer-deny: ::/0\n", { { NULL, NULL } }, E("3:14") "found "
		"answer prefix ::/0 denied and allowed, expected one; the "
		"first is at policy.conf:2:15\n" },

	{ "an empty window", G "window: ''\n", { { NULL, NULL } },
		E("2:10") "in window \"\": " START_EXPECTED "\n" },
	{ "a window without quotes", G "window: Tue 22:00-04:00\n",
		{ { NULL, NULL } }, E("2:12") "in window \"Tue\": expected a "
		"space, and times such as 22:00-04:00\n" E("2:13") "found "
		"\"22:\", expected an option of the group: clause, group:, "
		"bitsink: or include:\n" },
	{ "a mistake within a window", G "window: \"Tue,Wen 22:00-04:00\"\n",
		{ { NULL, NULL } }, E("2:14") "in window \"Tue,Wen "
		"22:00-04:00\": expected one of Mon Tue Wed Thu Fri Sat "
		"Sun\n" },
	{ "a window's time beyond the day", G "window: \"Tue 24:00-04:00\"\n",
		{ { NULL, NULL } }, E("2:14") "in window \"Tue 24:00-04:00\": "
		"expected a time from 00:00 to 23:59\n" },
	{ "an unknown word for a time zone", G "time-zone: Europe.Berlin\n",
		{ { NULL, NULL } }, E("2:12") "found \"Europe.Berlin\", "
		ZONE_EXPECTED "\n" },
	{ "an empty time zone", G "time-zone: ''\n", { { NULL, NULL } },
		E("2:12") "found \"\", " ZONE_EXPECTED "\n" },
	{ "a time zone of another folder", G "time-zone: ../x\n",
		{ { NULL, NULL } }, E("2:12") "found \"../x\", " ZONE_EXPECTED
		"\n" },
	{ "a mistake in a rule", G "time-zone: CET-1CEST,M3.6.0,M10.5.0/3\n",
		{ { NULL, NULL } }, E("2:12") "found "
		"\"CET-1CEST,M3.6.0,M10.5.0/3\", " ZONE_EXPECTED "\n" },
	{ "a time zone that is nowhere", G "time-zone: No/Where\n",
		{ { NULL, NULL } }, E("2:12") "cannot open "
		"\"/usr/share/zoneinfo/No/Where\": No such file or "
		"directory\n" },
	{ "a time zone that is nowhere, for two groups", G
		"time-zone: No/Where\ngroup: name: h time-zone: No/Where\n",
		{ { NULL, NULL } }, E("2:12") "cannot open "
		"\"/usr/share/zoneinfo/No/Where\": No such file or "
		"directory\n" E("3:27") "cannot open "
		"\"/usr/share/zoneinfo/No/Where\": No such file or "
		"directory\n" },
	{ "a time zone that is a device", G "time-zone: /dev/null\n",
		{ { NULL, NULL } }, E("2:12") "\"/dev/null\" is a special "
		"file, expected a regular file\n" },
	{ "a second time zone", G "time-zone: UTC time-zone: UTC\n",
		{ { NULL, NULL } }, E("2:16") "found a second \"time-zone:\", "
		"expected one in a clause\n" },
	{ "a mistake in a window's pattern", G "window-allow: \n a..b\n",
		{ { NULL, NULL } }, E("3:4") "in pattern \"a..b\": expected a "
		"label before '.'\n" },
	{ "an empty list of windows", G "window-allow-list: \"\"\n",
		{ { NULL, NULL } }, E("2:20") "found \"\", expected the name "
		"of a list\n" },
	{ "a list of windows that is nowhere", G "window-allow-list: l\n",
		{ { NULL, NULL } }, E("2:20") "found no list \"l\", expected "
		"a file \"l.list\" in a list directory\n" },
	{ "an unknown action of windows", G "window-action: allow\n",
		{ { NULL, NULL } }, E("2:16") "found \"allow\", "
		ACTION_EXPECTED "\n" },
	{ "a second action of windows", G "window-action: drop "
		"window-action: drop\n", { { NULL, NULL } }, E("2:21") "found "
		"a second \"window-action:\", expected one in a clause\n" },
	{ "a sinkhole in windows without an address", G
		"window: 'daily 00:00-01:00'\nwindow-action: sinkhole\n",
		{ { NULL, NULL } }, E("3:16") "found window-action sinkhole "
		"without an address, expected \"sinkhole:\"\n" },
	{ "two sinkholes without an address", G "action: sinkhole\n"
		"window: 'daily 00:00-01:00' window-action: sinkhole\n",
		{ { NULL, NULL } }, E("2:9") "found action sinkhole without an "
		"address, expected \"sinkhole:\"\n" E("3:44") "found "
		"window-action sinkhole without an address, expected "
		"\"sinkhole:\"\n" },

	{ "an empty tag", G "client-tag: ''\n", { { NULL, NULL } },
		E("2:13") "found \"\", expected the name of a tag\n" },
	{ "an empty view", G "client-view: \"\"\n", { { NULL, NULL } },
		E("2:14") "found \"\", expected the name of a view\n" },
	{ "what is unrestricted is a name", G "unrestricted: localhost\n",
		{ { NULL, NULL } }, E("2:15") "found \"localhost\", "
		CLIENT_EXPECTED "\n" },
	{ "what is unrestricted in bitsink: has host bits", G
		"bitsink: unrestricted: 10.0.0.1/8\n", { { NULL, NULL } },
		E("2:24") "found \"10.0.0.1/8\", expected no bits set behind "
		"the prefix length\n" },
	{ "an empty default-group", G "bitsink: default-group: ''\n",
		{ { NULL, NULL } }, E("2:25") "found \"\", expected the name "
		"of a group\n" },
	{ "a second default-group", G "bitsink: default-group: g\n"
		"bitsink: default-group: g\n", { { NULL, NULL } }, E("3:10")
		"found a second \"default-group:\", expected one in a "
		"clause\n" },
	{ "default-group in a group", G "default-group: g\n",
		{ { NULL, NULL } }, E("2:1") "found \"default-group:\", "
		"expected an option of the group: clause, group:, bitsink: or "
		"include:\n" },
};

/* --- Options of bitsink: alone. */

#define B "bitsink: "
#define PATH_50 "/2345678901234567890123456789012345678901234567890"

static const struct row setting_rows[] = {
	{ "a limit in a group", G "log-limit: 1\n", { { NULL, NULL } },
		E("2:1") "found \"log-limit:\", expected an option of the "
		"group: clause, group:, bitsink: or include:\n" },
	{ "a socket in a group", G "control-socket: off\n",
		{ { NULL, NULL } }, E("2:1") "found \"control-socket:\", "
		"expected an option of the group: clause, group:, bitsink: or "
		"include:\n" },
	{ "an unknown option beside them", G B "control-port: 1\n",
		{ { NULL, NULL } }, E("2:10") "found \"control-port:\", "
		"expected an option of the bitsink: clause, group: or "
		"include:\n" },

	{ "a limit too high", G B "log-limit: 100001\n", { { NULL, NULL } },
		E("2:21") "found \"100001\", " LIMIT_EXPECTED "\n" },
	{ "a limit of too many digits", G B "log-limit: 0000001\n",
		{ { NULL, NULL } }, E("2:21") "found \"0000001\", "
		LIMIT_EXPECTED "\n" },
	{ "a limit beyond 64 bits", G B "log-limit: 18446744073709551617\n",
		{ { NULL, NULL } }, E("2:21") "found "
		"\"18446744073709551617\", " LIMIT_EXPECTED "\n" },
	{ "a negative limit", G B "log-limit: -1\n", { { NULL, NULL } },
		E("2:21") "found \"-1\", " LIMIT_EXPECTED "\n" },
	{ "a limit with a unit", G B "log-limit: 60/m\n", { { NULL, NULL } },
		E("2:21") "found \"60/m\", " LIMIT_EXPECTED "\n" },
	{ "a limit that is a word", G B "log-limit: off\n",
		{ { NULL, NULL } }, E("2:21") "found \"off\", "
		LIMIT_EXPECTED "\n" },
	{ "an empty limit", G B "log-limit: ''\n", { { NULL, NULL } },
		E("2:21") "found \"\", " LIMIT_EXPECTED "\n" },
	{ "a second limit", G B "log-limit: 1\nlog-limit: 1\n",
		{ { NULL, NULL } }, E("3:1") "found a second "
		"\"log-limit:\", expected one in a clause\n" },
	{ "a second limit behind a wrong one", G B "log-limit: x\n"
		"log-limit: 1\n", { { NULL, NULL } }, E("2:21") "found "
		"\"x\", " LIMIT_EXPECTED "\n" E("3:1") "found a second "
		"\"log-limit:\", expected one in a clause\n" },
	{ "a second limit in a second clause", G B "log-limit: 1\n"
		B "log-limit: 1\n", { { NULL, NULL } }, E("3:10") "found a "
		"second \"log-limit:\", expected one in a clause\n" },

	{ "a relative socket", G B "control-socket: run/x\n",
		{ { NULL, NULL } }, E("2:26") "found \"run/x\", "
		SOCKET_EXPECTED "\n" },
	{ "a socket that is on", G B "control-socket: on\n",
		{ { NULL, NULL } }, E("2:26") "found \"on\", "
		SOCKET_EXPECTED "\n" },
	{ "an empty socket", G B "control-socket: \"\"\n",
		{ { NULL, NULL } }, E("2:26") "found \"\", "
		SOCKET_EXPECTED "\n" },
	{ "a socket of 108 octets", G B "control-socket: " PATH_50 PATH_50
		"/2345678\n", { { NULL, NULL } }, E("2:26") "found \""
		PATH_50 PATH_50 "/2345678\", " SOCKET_EXPECTED "\n" },
	{ "a second socket", G B "control-socket: off control-socket: /x\n",
		{ { NULL, NULL } }, E("2:30") "found a second "
		"\"control-socket:\", expected one in a clause\n" },

	{ "an empty user", G B "control-user: \"\"\n", { { NULL, NULL } },
		E("2:24") "found \"\", " USER_EXPECTED "\n" },
	{ "a second user", G B "control-user: a control-user: a\n",
		{ { NULL, NULL } }, E("2:26") "found a second "
		"\"control-user:\", expected one in a clause\n" },
	{ "an empty group", G B "control-group: ''\n", { { NULL, NULL } },
		E("2:25") "found \"\", " OWNERS_EXPECTED "\n" },
	{ "a second group of the socket", G B "control-group: a "
		"control-group: b\n", { { NULL, NULL } }, E("2:27") "found "
		"a second \"control-group:\", expected one in a clause\n" },

	{ "watched a bit", G B "watch-files: maybe\n", { { NULL, NULL } },
		E("2:23") "found \"maybe\", expected yes or no\n" },
	{ "watched by a number", G B "watch-files: 1\n", { { NULL, NULL } },
		E("2:23") "found \"1\", expected yes or no\n" },
	{ "watched with a capital", G B "watch-files: Yes\n",
		{ { NULL, NULL } }, E("2:23") "found \"Yes\", expected yes or "
		"no\n" },
	{ "watched in a group", G "watch-files: yes\n", { { NULL, NULL } },
		E("2:1") "found \"watch-files:\", expected an option of the "
		"group: clause, group:, bitsink: or include:\n" },
	{ "watched twice", G B "watch-files: no watch-files: no\n",
		{ { NULL, NULL } }, E("2:26") "found a second "
		"\"watch-files:\", expected one in a clause\n" },
	{ "a mode that is not octal", G B "control-mode: 0668\n",
		{ { NULL, NULL } }, E("2:24") "found \"0668\", "
		MODE_EXPECTED "\n" },
	{ "a mode with a bit too many", G B "control-mode: 1000\n",
		{ { NULL, NULL } }, E("2:24") "found \"1000\", "
		MODE_EXPECTED "\n" },
	{ "a mode of too many digits", G B "control-mode: 00600\n",
		{ { NULL, NULL } }, E("2:24") "found \"00600\", "
		MODE_EXPECTED "\n" },
	{ "a mode in letters", G B "control-mode: u=rw\n",
		{ { NULL, NULL } }, E("2:24") "found \"u=rw\", "
		MODE_EXPECTED "\n" },
	{ "a mode in hexadecimal", G B "control-mode: 0x1f\n",
		{ { NULL, NULL } }, E("2:24") "found \"0x1f\", "
		MODE_EXPECTED "\n" },
	{ "a negative mode", G B "control-mode: -1\n", { { NULL, NULL } },
		E("2:24") "found \"-1\", " MODE_EXPECTED "\n" },
	{ "an empty mode", G B "control-mode: \"\"\n", { { NULL, NULL } },
		E("2:24") "found \"\", " MODE_EXPECTED "\n" },
	{ "a second mode of the socket", G B "control-mode: 0600 "
		"control-mode: 0600\n", { { NULL, NULL } }, E("2:29") "found "
		"a second \"control-mode:\", expected one in a clause\n" },
	{ "wrong ones are told together", G B "log-limit: x\n"
		"control-socket: x\ncontrol-mode: x\n", { { NULL, NULL } },
		E("2:21") "found \"x\", " LIMIT_EXPECTED "\n"
		E("3:17") "found \"x\", " SOCKET_EXPECTED "\n"
		E("4:15") "found \"x\", " MODE_EXPECTED "\n" },
};

/* The place of a mistake in a value in quotes is the octet, too. */
static const struct row quoted_rows[] = {
	{ "in double quotes", G "allow: \"a..b\"\n", { { NULL, NULL } },
		E("2:11") "in pattern \"a..b\": expected a label before "
		"'.'\n" },
	{ "in single quotes", G "deny: 'a b'\n", { { NULL, NULL } },
		E("2:9") "in pattern \"a b\": expected no space or control "
		"character; \\DDD is one\n" },
};

/* What an attribute and a file name repeat cannot steer a terminal either. */
static const struct row control_rows[] = {
	{ "in a word", G "a\033b c\n", { { NULL, NULL } }, E("2:1") "found "
		"\"a?b\", expected an attribute that ends with ':'\n" },
	{ "in an attribute", G "a\033b: c\n", { { NULL, NULL } }, E("2:1")
		"found \"a?b:\", expected an option of the group: clause, "
		"group:, bitsink: or include:\n" },
	{ "in the next attribute", G "ttl:\n\033: c\n", { { NULL, NULL } },
		E("3:1") "found \"?:\", expected a value for \"ttl:\"\n"
		E("3:1") "found \"?:\", expected an option of the group: "
		"clause, group:, bitsink: or include:\n" },
	{ "in a client", G "client: \033\n", { { NULL, NULL } }, E("2:9")
		"found \"?\", " CLIENT_EXPECTED "\n" },
	{ "in a list's name", G "allow-list: \033\n", { { NULL, NULL } },
		E("2:13") "found no list \"?\", expected a file \"?.list\" "
		"in a list directory\n" },
	{ "in an include", G "include: \033\n", { { NULL, NULL } },
		E("2:10") "cannot open \"?\": No such file or directory\n" },
};

/* --- Files. */

static const struct row file_rows[] = {
	{ "an include that is missing", G "include: no.conf\n",
		{ { NULL, NULL } }, E("2:10") "cannot open \"no.conf\": No "
		"such file or directory\n" },
	{ "an include that is missing in a folder", "include: sub/1.conf\n" G,
		{ { "sub/1.conf", "include: no.conf" } }, "sub/1.conf:1:10: "
		"error: cannot open \"sub/no.conf\": No such file or "
		"directory\n" },
	{ "an include that is a folder", G "include: sub\n",
		{ { "sub/1.conf", "" } }, E("2:10") "\"sub\" is a directory, "
		"expected a regular file\n" },
	{ "one of several includes is a folder", G "include: su*\n",
		{ { "sub/1.conf", "" } }, E("2:10") "\"sub\" is a directory, "
		"expected a regular file\n" },
	{ "an empty include", G "include: \"\"\n", { { NULL, NULL } },
		E("2:10") "cannot open \"\": No such file or directory\n" },
	{ "a device", G "include: /dev/null\n", { { NULL, NULL } },
		E("2:10") "\"/dev/null\" is a special file, expected a "
		"regular file\n" },
	{ "a file that includes itself", G "include: policy.conf\n",
		{ { NULL, NULL } }, E("2:10") "\"policy.conf\" is being read "
		"already, expected no file to include itself\n" },
	{ "a file that includes itself by another path",
		G "include: ./sub/../policy.conf\n", { { "sub/1", "" } },
		E("2:10") "\"./sub/../policy.conf\" is being read already, "
		"expected no file to include itself\n" },
	{ "a file that includes itself by another file",
		G "include: 1.conf\n", { { "1.conf", "include: 2.conf\n" },
		{ "2.conf", "\ninclude: 1.conf\n" } },
		"2.conf:2:10: error: \"1.conf\" is being read already, "
		"expected no file to include itself\n" },
	{ "a file that includes all, itself too", G "include: \"*.conf\"\n",
		{ { "1.conf", "" } }, E("2:10") "\"policy.conf\" is being "
		"read already, expected no file to include itself\n" },
	{ "an octet that is no UTF-8", "\n# \xff\n" G, { { NULL, NULL } },
		E("2:3") "found octet 0xff, expected text in UTF-8\n" },
	{ "Latin-1", "# a\xe4 b\n" G, { { NULL, NULL } },
		E("1:4") "found octet 0xe4, expected text in UTF-8\n" },
	{ "an overlong sequence", "# \xc0\xaf\n" G, { { NULL, NULL } },
		E("1:3") "found octet 0xc0, expected text in UTF-8\n" },
	{ "an overlong sequence of three", "# \xe0\x9f\xbf\n" G,
		{ { NULL, NULL } }, E("1:3") "found octet 0xe0, expected text "
		"in UTF-8\n" },
	{ "an overlong sequence of four", "# \xf0\x8f\xbf\xbf\n" G,
		{ { NULL, NULL } }, E("1:3") "found octet 0xf0, expected text "
		"in UTF-8\n" },
	{ "a surrogate", "# \xed\xa0\x80\n" G, { { NULL, NULL } },
		E("1:3") "found octet 0xed, expected text in UTF-8\n" },
	{ "beyond Unicode", "# \xf4\x90\x80\x80\n" G, { { NULL, NULL } },
		E("1:3") "found octet 0xf4, expected text in UTF-8\n" },
	{ "far beyond Unicode", "# \xf5\x80\x80\x80\n" G, { { NULL, NULL } },
		E("1:3") "found octet 0xf5, expected text in UTF-8\n" },
	{ "a sequence without its start", "# \x80\n" G, { { NULL, NULL } },
		E("1:3") "found octet 0x80, expected text in UTF-8\n" },
	{ "a sequence cut by the line's end", "# \xe2\x82\n" G,
		{ { NULL, NULL } }, E("1:3") "found octet 0xe2, expected text "
		"in UTF-8\n" },
	{ "a sequence cut by the file's end", G "# \xf0\x9f\x98",
		{ { NULL, NULL } }, E("2:3") "found octet 0xf0, expected text "
		"in UTF-8\n" },
	{ "UTF-16", "\xff\xfeg", { { NULL, NULL } }, E("1:1")
		"found octet 0xff, expected text in UTF-8\n" },
	{ "wrong octets in an include", G "include: 1.conf\n",
		{ { "1.conf", "\n\xff" } }, "1.conf:2:1: error: found octet "
		"0xff, expected text in UTF-8\n" },
};

/* --- Lists. */

static const struct row list_rows[] = {
	{ "a list that is nowhere", G "allow-list: l\n", { { NULL, NULL } },
		E("2:13") "found no list \"l\", expected a file \"l.list\" "
		"in a list directory\n" },
	{ "a list that is nowhere, for two groups", G "allow-list: l\n"
		"group: name: h allow-list: l\n", { { NULL, NULL } },
		E("2:13") "found no list \"l\", expected a file \"l.list\" "
		"in a list directory\n" E("3:28") "found no list \"l\", "
		"expected a file \"l.list\" in a list directory\n" },
	{ "a list's path that is missing", G "allow-list: ./l\n",
		{ { NULL, NULL } }, E("2:13") "cannot open \"./l\": No such "
		"file or directory\n" },
	{ "a list that is a folder", G "allow-list: l\n",
		{ { "installed/l.list/x", "" } }, E("2:13")
		"\"installed/l.list\" is a directory, expected a regular "
		"file\n" },
	{ "a bad list of two groups is told once", G "allow-list: l\n"
		"group: name: h allow-list: l\n",
		{ { "installed/l.list", "a..b\n" } }, "installed/l.list:1:3: "
		"error: in pattern \"a..b\": expected a label before '.'\n" },
	{ "a mistake in a pattern", G "allow-list: l\n",
		{ { "installed/l.list", "# x\n\n  b.**  http\n" } },
		"installed/l.list:3:6: error: in pattern \"b.**\": expected "
		"one '*', not two; a leading '*.' stands for any number of "
		"labels already\n" },
	{ "a mistake behind lines of each kind", G "allow-list: l\n",
		{ { "installed/l.list", "\n# x\n \t\r\nb.example\n"
		"c.example # d..e f\nd.example http,\r\ne.example#f g\n"
		" h.example , ,# x\n\n\tf..g" } },
		"installed/l.list:10:4: error: in pattern \"f..g\": expected "
		"a label before '.'\n" },
	{ "a pattern in UTF-8", G "allow-list: l\n", { { "installed/l.list",
		"\xc3\xa4.example\n" } }, "installed/l.list:1:1: error: in "
		"pattern \"\xc3\xa4.example\": expected ASCII: the name's "
		"A-label (xn--...), or \\DDD\n" },
	{ "a second pattern on a line", G "allow-list: l\n",
		{ { "installed/l.list", "b.example c.example\n" } },
		"installed/l.list:1:11: error: found \"c.example\", "
		PORT_EXPECTED "\n" },
	{ "every wrong word of a line", G "allow-list: l\n",
		{ { "installed/l.list", "b.example ftp,http,0 # x\n" } },
		"installed/l.list:1:11: error: found \"ftp\", " PORT_EXPECTED
		"\ninstalled/l.list:1:20: error: found \"0\", " PORT_EXPECTED
		"\n" },
	{ "a mistake in the pattern and in the ports", G "allow-list: l\n",
		{ { "installed/l.list", "b..c HTTP\n" } },
		"installed/l.list:1:3: error: in pattern \"b..c\": expected a "
		"label before '.'\ninstalled/l.list:1:6: error: found "
		"\"HTTP\", " PORT_EXPECTED "\n" },
	{ "a port beyond 65535", G "allow-list: l\n", { { "installed/l.list",
		"b.example 65536\n" } }, "installed/l.list:1:11: error: found "
		"\"65536\", " PORT_EXPECTED "\n" },
	{ "a port of six digits", G "allow-list: l\n", { { "installed/l.list",
		"b.example 100000\n" } }, "installed/l.list:1:11: error: found "
		"\"100000\", " PORT_EXPECTED "\n" },
	{ "a port with a leading zero", G "allow-list: l\n",
		{ { "installed/l.list", "b.example 080\n" } },
		"installed/l.list:1:11: error: found \"080\", " PORT_EXPECTED
		"\n" },
	{ "an unknown transport", G "allow-list: l\n", { { "installed/l.list",
		"b.example 80/sctp\n" } }, "installed/l.list:1:11: error: "
		"found \"80/sctp\", " PORT_EXPECTED "\n" },
	{ "a transport without a port", G "allow-list: l\n",
		{ { "installed/l.list", "b.example /tcp\n" } },
		"installed/l.list:1:11: error: found \"/tcp\", " PORT_EXPECTED
		"\n" },
	{ "octets behind a transport", G "allow-list: l\n",
		{ { "installed/l.list", "b.example 80/tcpx\n" } },
		"installed/l.list:1:11: error: found \"80/tcpx\", "
		PORT_EXPECTED "\n" },
	{ "wrong octets in a list", G "allow-list: l\n",
		{ { "installed/l.list", "# \xff\n" } }, "installed/l.list:1:3: "
		"error: found octet 0xff, expected text in UTF-8\n" },
	{ "a deny in a list", G "allow-list: l\n", { { "installed/l.list",
		"deny: b.example\n" } }, "installed/l.list:1:7: error: found "
		"\"b.example\", " PORT_EXPECTED "\n" },
};

/* --- Several. */

static const struct row several_rows[] = {
	{ "every error of a file is told", "bitsink: mode: on\n"
		"group:\n client: x\n ttl: y\n allow: a..b\n oops\n"
		" sinkhole: z\n nope: 1\n include: no.conf\n",
		{ { NULL, NULL } },
		E("1:16") "found \"on\", expected audit or enforce\n"
		E("3:10") "found \"x\", " CLIENT_EXPECTED "\n"
		E("4:7") "found \"y\", " TTL_EXPECTED "\n"
		E("5:11") "in pattern \"a..b\": expected a label before '.'\n"
		E("6:2") "found \"oops\", expected an attribute that ends "
		"with ':'\n"
		E("7:12") "found \"z\", expected an IPv4 or IPv6 address\n"
		E("8:2") "found \"nope:\", expected an option of the group: "
		"clause, group:, bitsink: or include:\n"
		E("9:11") "cannot open \"no.conf\": No such file or "
		"directory\n"
		E("2:1") "found a group without a name, expected \"name:\"\n"
	},
	{ "every error of every file is told", "include: 1.conf\n"
		"include: 2.conf\n" G "allow-list: l\n ttl: x\n",
		{ { "1.conf", "x\n" }, { "2.conf", "\ny\n" },
		{ "installed/l.list", "a..b\n" } },
		"1.conf:1:1: error: found \"x\", expected an attribute that "
		"ends with ':'\n"
		"2.conf:2:1: error: found \"y\", expected an attribute that "
		"ends with ':'\n"
		E("5:7") "found \"x\", " TTL_EXPECTED "\n"
		"installed/l.list:1:3: error: in pattern \"a..b\": expected a "
		"label before '.'\n" },
	{ "an error leaves the warnings unsaid", G "group: name: empty\n"
		"ttl: x\n", { { NULL, NULL } }, E("3:6") "found \"x\", "
		TTL_EXPECTED "\n" },
	{ "an empty policy with a wrong word has one error", "x\n",
		{ { NULL, NULL } }, E("1:1") "found \"x\", expected an "
		"attribute that ends with ':'\n" },
};

/* The lowest number that a new descriptor gets: the same before and after, or
 * something was left open. */
static int
next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static int
check_row(const struct row *r)
{
	int before = next_descriptor(), wrong = 0;
	struct loaded loaded;

	write_text("policy.conf", r->policy);
	write_files(r->files, FILES_MAX);
	loaded = load("policy.conf");
	wrong += row_text(r->row, r->expected, loaded.text);
	wrong += row_number(r->row, "loaded", 0, loaded.policy != NULL);
	wrong += row_number(r->row, "descriptors", before, next_descriptor());
	unload(&loaded);
	folder_empty();
	return wrong;
}

static void
check_rows(const struct row *rows, size_t count)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < count; i++)
		wrong += check_row(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void
wrong_words_are_told(void **state)
{
	(void)state;
	check_rows(word_rows, COUNT_OF(word_rows));
}

static void
wrong_options_are_told(void **state)
{
	(void)state;
	check_rows(option_rows, COUNT_OF(option_rows));
}

static void
wrong_further_options_are_told(void **state)
{
	(void)state;
	check_rows(group_rows, COUNT_OF(group_rows));
}

static void
wrong_settings_are_told(void **state)
{
	(void)state;
	check_rows(setting_rows, COUNT_OF(setting_rows));
}

static void
a_mistake_in_quotes_is_told_with_its_place(void **state)
{
	(void)state;
	check_rows(quoted_rows, COUNT_OF(quoted_rows));
}

static void
control_characters_are_not_repeated(void **state)
{
	(void)state;
	check_rows(control_rows, COUNT_OF(control_rows));
}

static void
wrong_files_are_told(void **state)
{
	(void)state;
	check_rows(file_rows, COUNT_OF(file_rows));
}

static void
wrong_lists_are_told(void **state)
{
	(void)state;
	check_rows(list_rows, COUNT_OF(list_rows));
}

static void
all_errors_are_told_at_once(void **state)
{
	(void)state;
	check_rows(several_rows, COUNT_OF(several_rows));
}

/* --- Files that a row cannot write. */

static void
assert_error(const char *path, const char *expected)
{
	struct loaded loaded = load(path);

	if (row_text(path, expected, loaded.text))
		fail();
	assert_null(loaded.policy);
	unload(&loaded);
}

static void
a_missing_policy_is_told(void **state)
{
	(void)state;
	assert_error("policy.conf", "policy.conf: error: cannot open "
		"\"policy.conf\": No such file or directory\n");
	assert_error("sub/policy.conf", "sub/policy.conf: error: cannot open "
		"\"sub/policy.conf\": No such file or directory\n");
	assert_error(".", ".: error: \".\" is a directory, expected a regular "
		"file\n");
}

/* Nobody writes into it: whoever waits for that waits forever. */
static void
a_fifo_is_refused_without_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("policy.conf", 0600), 0);
	assert_error("policy.conf", "policy.conf: error: \"policy.conf\" is a "
		"FIFO, expected a regular file\n");
	write_text("including.conf", G "include: policy.conf\n"
		"allow-list: ./policy.conf\n");
	assert_error("including.conf", "including.conf:2:10: error: "
		"\"policy.conf\" is a FIFO, expected a regular file\n"
		"including.conf:3:13: error: \"./policy.conf\" is a FIFO, "
		"expected a regular file\n");
}

static void
a_nul_octet_is_told(void **state)
{
	static const char text[] = G "allow: b\0.example\n";

	(void)state;
	write_octets("policy.conf", text, sizeof(text) - 1);
	assert_error("policy.conf", E("2:9") "found octet 0x00, expected text "
		"in UTF-8\n");
}

static void
a_list_with_a_nul_octet_is_told(void **state)
{
	(void)state;
	write_text("policy.conf", G "allow-list: l\n");
	write_octets("installed/l.list", "b.example\n\0", 11);
	assert_error("policy.conf", "installed/l.list:2:1: error: found octet "
		"0x00, expected text in UTF-8\n");
}

static void
a_dangling_link_is_told(void **state)
{
	(void)state;
	write_text("policy.conf", G "include: link\n");
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_error("policy.conf", E("2:10") "cannot open \"link\": No such "
		"file or directory\n");
}

static void
links_that_lead_in_a_circle_are_told(void **state)
{
	(void)state;
	write_text("policy.conf", G "include: link\n");
	assert_int_equal(symlink("link", "link"), 0);
	assert_error("policy.conf", E("2:10") "cannot open \"link\": Too many "
		"levels of symbolic links\n");
}

static void
a_cycle_is_noticed_behind_a_link(void **state)
{
	(void)state;
	write_text("policy.conf", G "include: link\n");
	assert_int_equal(symlink("policy.conf", "link"), 0);
	assert_error("policy.conf", E("2:10") "\"link\" is being read already, "
		"expected no file to include itself\n");
}

/* Only its size is there; it takes no room on the disk. */
static void
a_file_that_is_too_large_is_told(void **state)
{
	(void)state;
	write_text("policy.conf", G "include: large\n");
	write_text("large", "");
	assert_int_equal(truncate("large", (off_t)268435457), 0);
	assert_error("policy.conf", E("2:10") "\"large\" has 268435457 octets, "
		"expected at most 268435456\n");
}

/* Files of the kernel are regular, of size 0, and not empty: like one that
 * grew, and one that a disk cannot read. */
static void
a_file_that_grows_or_cannot_be_read_is_told(void **state)
{
	(void)state;
	if (access("/proc/self/status", R_OK) != 0 ||
	    access("/proc/self/mem", R_OK) != 0)
		skip();
	write_text("policy.conf", G "include: /proc/self/status\n"
		"include: /proc/self/mem\n");
	assert_error("policy.conf", E("2:10") "\"/proc/self/status\" changed "
		"while it was read; expected it to stay, try again\n"
		E("3:10") "cannot read \"/proc/self/mem\": Input/output "
		"error\n");
}

/* Includes DEPTH files, each in the one before. */
static void
write_chain(unsigned depth)
{
	unsigned i;

	for (i = 1; i <= depth; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "%u.conf", i);
		snprintf(text, sizeof(text), "include: %u.conf\n", i + 1);
		write_text(name, i < depth ? text : G);
	}
	write_text("policy.conf", "include: 1.conf\n");
}

static void
includes_go_16_deep_and_no_deeper(void **state)
{
	struct loaded loaded;

	(void)state;
	write_chain(16);
	loaded = load_good("policy.conf");
	assert_int_equal(loaded.policy->source_count, 17);
	unload(&loaded);
	write_chain(17);
	assert_error("policy.conf", "16.conf:1:10: error: found include number "
		"17 inside each other, expected at most 16\n");
}

/* A rule has 15 bits for its file. */
static void
a_policy_has_at_most_16384_files(void **state)
{
	FILE *file = fopen("policy.conf", "w");
	struct loaded loaded;
	struct decision decision;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query;
	unsigned i;

	(void)state;
	assert_non_null(file);
	for (i = 1; i < NAMES_SOURCES_MAX - 1; i++)
		fprintf(file, "include: empty\n");
	fprintf(file, G "include: last\n");
	assert_int_equal(fclose(file), 0);
	write_text("empty", "");
	write_text("last", "\nallow: b.example\n");
	loaded = load_good("policy.conf");
	assert_int_equal(loaded.policy->source_count, NAMES_SOURCES_MAX);
	query = query_of("192.0.2.1", "b.example", wire);
	policy_decide(loaded.policy, &query, &decision);
	assert_string_equal(decision.rule.file, "last");
	assert_int_equal(decision.rule.line, 2);
	unload(&loaded);
	file = fopen("policy.conf", "a");
	assert_non_null(file);
	fprintf(file, "\ninclude: empty\nallow-list: ./empty\n");
	assert_int_equal(fclose(file), 0);
	assert_error("policy.conf",
		E("16386:10") "found file 16385 of the policy, expected at "
		"most 16384\n"
		E("16387:13") "found file 16385 of the policy, expected at "
		"most 16384\n");
}

static void
a_time_zone_that_is_none_is_told(void **state)
{
	const struct folder *folder = *state;
	char text[300], expected[400];

	snprintf(text, sizeof(text), G "time-zone: \"%s/zone\"\n",
		folder->path);
	write_text("policy.conf", text);
	write_text("zone", "TZif");
	snprintf(expected, sizeof(expected), E("2:12") "found no time zone in "
		"\"%s/zone\", expected a file of the time zone database\n",
		folder->path);
	assert_error("policy.conf", expected);
	assert_int_equal(truncate("zone", 1048577), 0);
	snprintf(expected, sizeof(expected), E("2:12") "\"%s/zone\" has "
		"1048577 octets, expected at most 1048576\n", folder->path);
	assert_error("policy.conf", expected);
}

static void
a_group_has_at_most_64_windows(void **state)
{
	FILE *file = fopen("policy.conf", "w");
	struct loaded loaded;
	unsigned i;

	(void)state;
	assert_non_null(file);
	fprintf(file, G "window-allow: b.example\n");
	for (i = 0; i < GROUP_WINDOWS_MAX; i++)
		fprintf(file, "window: 'daily 00:00-00:%02u'\n", i % 59 + 1);
	assert_int_equal(fclose(file), 0);
	loaded = load_good("policy.conf");
	assert_int_equal(loaded.policy->groups[0].window_count, 64);
	unload(&loaded);
	file = fopen("policy.conf", "a");
	assert_non_null(file);
	fprintf(file, "window: 'daily 00:00-01:00'\n");
	assert_int_equal(fclose(file), 0);
	assert_error("policy.conf", E("67:9") "found window 65 of a group, "
		"expected at most 64\n");
}

static void
more_errors_than_are_kept_are_counted(void **state)
{
	enum { ERRORS = DIAG_KEPT_MAX + 7 };
	FILE *file = fopen("policy.conf", "w");
	struct loaded loaded;
	unsigned i;

	(void)state;
	assert_non_null(file);
	for (i = 0; i < ERRORS; i++)
		fprintf(file, "x\n");
	assert_int_equal(fclose(file), 0);
	loaded = load("policy.conf");
	assert_null(loaded.policy);
	assert_int_equal(loaded.diag.errors, ERRORS);
	assert_int_equal(loaded.diag.warnings, 0);
	assert_int_equal(loaded.diag.kept, DIAG_KEPT_MAX);
	assert_string_equal(loaded.diag.items[DIAG_KEPT_MAX - 1].text,
		E("10000:1") "found \"x\", expected an attribute that ends "
		"with ':'");
	unload(&loaded);
}

static void
a_long_value_is_cut_in_messages(void **state)
{
	char text[400] = "group: name: ", expected[500];
	size_t front = strlen(text);

	(void)state;
	memset(text + front, 'x', 300);
	text[front + 300] = '\0';
	write_text("policy.conf", text);
	snprintf(expected, sizeof(expected), E("1:14") "found \"%.200s...\", "
		NAME_EXPECTED "\n", text + front);
	assert_error("policy.conf", expected);
}

/* Who asks twice with one struct diag gets both answers, and no policy that
 * sets everybody free. */
static void
errors_of_before_hide_none_of_now(void **state)
{
	struct loaded loaded;

	(void)state;
	write_text("policy.conf", "x\n");
	loaded = load("policy.conf");
	assert_null(loaded.policy);
	write_text("policy.conf", "");
	policy_reload(&loaded, "policy.conf");
	assert_null(loaded.policy);
	assert_int_equal(loaded.diag.errors, 2);
	unload(&loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(wrong_words_are_told),
		test_in_folder(wrong_options_are_told),
		test_in_folder(wrong_further_options_are_told),
		test_in_folder(wrong_settings_are_told),
		test_in_folder(a_mistake_in_quotes_is_told_with_its_place),
		test_in_folder(control_characters_are_not_repeated),
		test_in_folder(wrong_files_are_told),
		test_in_folder(wrong_lists_are_told),
		test_in_folder(all_errors_are_told_at_once),
		test_in_folder(a_missing_policy_is_told),
		test_in_folder(a_fifo_is_refused_without_waiting),
		test_in_folder(a_nul_octet_is_told),
		test_in_folder(a_list_with_a_nul_octet_is_told),
		test_in_folder(a_dangling_link_is_told),
		test_in_folder(links_that_lead_in_a_circle_are_told),
		test_in_folder(a_cycle_is_noticed_behind_a_link),
		test_in_folder(a_file_that_is_too_large_is_told),
		test_in_folder(a_file_that_grows_or_cannot_be_read_is_told),
		test_in_folder(includes_go_16_deep_and_no_deeper),
		test_in_folder(a_policy_has_at_most_16384_files),
		test_in_folder(a_time_zone_that_is_none_is_told),
		test_in_folder(a_group_has_at_most_64_windows),
		test_in_folder(more_errors_than_are_kept_are_counted),
		test_in_folder(a_long_value_is_cut_in_messages),
		test_in_folder(errors_of_before_hide_none_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
