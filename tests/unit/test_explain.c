/*
 * test_explain.c - why a client gets the answer it gets.
 */
#include "support.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

#include "answer.h"
#include "clients.h"
#include "explain.h"
#include "names.h"
#include "pattern.h"
#include "record.h"

enum { TYPE_TXT = 16, CLASS_CH = 3 };

/* --- The record, as lines of "key: value". */

/* Reads the one line that the writer has. */
static void
read_record(struct record_writer *writer, struct record *record)
{
	const char *expected;
	size_t wrong;
	char *newline;

	assert_false(writer->broken);
	newline = memchr(writer->memory, '\n', writer->length);
	assert_ptr_equal(newline, writer->memory + writer->length - 1);
	*newline = '\0';
	if (record_parse(record, writer->memory, &wrong, &expected) != 0)
		fail_msg("%s: expected %s at %zu", writer->memory, expected,
			wrong);
	assert_string_equal(record->kind, "explain");
}

static int
check_record(const char *row, const struct query *query,
	const struct explanation *explanation, const char *expected)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record record;
	char found[4096];
	size_t length = 0;
	unsigned i;
	int wrong;

	explain_record(&writer, query, explanation);
	read_record(&writer, &record);
	found[0] = '\0';
	for (i = 0; i < record.count; i++)
		length += (size_t)snprintf(found + length,
			sizeof(found) - length, "%s: %s\n",
			record.fields[i].key, record.fields[i].value);
	assert_true(length < sizeof(found));
	wrong = row_text(row, expected, found);
	record_clear(&writer);
	return wrong;
}

/* The value of KEY, for the caller to free; "" where there is none. */
static char *
field_of(const struct query *query, const struct explanation *explanation,
	const char *key)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record record;
	const char *found;
	char *value;

	explain_record(&writer, query, explanation);
	read_record(&writer, &record);
	found = record_get(&record, key);
	value = strdup(found != NULL ? found : "");
	assert_non_null(value);
	record_clear(&writer);
	return value;
}

/* --- Everything there is to tell. */

static const struct text_file files[] = {
	{ "policy.conf",
		"bitsink: list-directory: lists\n"
		"group:\n"
		"    name: hosts\n"
		"    client: 192.0.2.0/24\n"
		"    client: 2001:db8::/32\n"
		"    allow: .example.com\n"
		"    deny: ads*.example.com\n"
		"    allow-list: updates\n"
		"    allow-list: sub/more.list\n"
		"    ttl: 30\n"
		"group:\n"
		"    name: sink\n"
		"    client: 192.0.2.128/25\n"
		"    allow: .\n"
		"    deny: .example.net\n"
		"    action: sinkhole\n"
		"    sinkhole: 198.51.100.1\n"
		"    sinkhole: 2001:db8:5::1\n"
		"    sinkhole: 198.51.100.2\n"
		"group:\n"
		"    name: watched\n"
		"    client: 203.0.113.1\n"
		"    allow: a.example\n"
		"    deny: \"*.a.example\"\n"
		"    action: refused\n"
		"    mode: audit\n"
		"group:\n"
		"    name: silent\n"
		"    client: 203.0.113.2\n"
		"    allow: a.example\n"
		"    action: drop\n"
		"group:\n"
		"    name: refused\n"
		"    client: 203.0.113.3\n"
		"    allow: a.example\n"
		"    action: refused\n"
		"group:\n"
		"    name: empty\n"
		"    client: 203.0.113.4\n"
		"    allow: a.example\n"
		"    action: nodata\n" },
	{ "lists/updates.list", "# What is fetched.\n\n*.updates.example\n"
		"  mirror*.example.org\n" },
	{ "sub/more.list", "first.example\nsecond.example\n" },
	{ NULL, NULL }
};

struct record_row {
	const char *row;
	const char *client;
	const char *qname;
	unsigned qtype;
	unsigned qclass;
	const char *record;
};

static const struct record_row record_rows[] = {
	{ "an unrestricted client", "198.51.100.9", "www.Example.com",
		RRTYPE_A, RRCLASS_IN,
		"client: 198.51.100.9\nname: www.Example.com.\n"
		"type: A\nclass: IN\nverdict: unrestricted\n"
		"reason: no-group\nanswer: as usual\n" },
	{ "an unrestricted client, another class", "2001:db9::1",
		"version.bind", TYPE_TXT, CLASS_CH,
		"client: 2001:db9::1\nname: version.bind.\n"
		"type: TXT\nclass: CH\nverdict: unrestricted\n"
		"reason: no-group\nanswer: as usual\n" },
	{ "allowed by the group's own pattern", "192.0.2.1", "Example.COM",
		RRTYPE_AAAA, RRCLASS_IN,
		"client: 192.0.2.1\nname: Example.COM.\n"
		"type: AAAA\nclass: IN\nverdict: allow\nreason: allowed\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\npattern: .example.com\ndeny: no\n"
		"rule: policy.conf:6:12\nanswer: as usual\n" },
	{ "denied by the group's own pattern", "192.0.2.1",
		"ads3.example.com", 65, RRCLASS_IN,
		"client: 192.0.2.1\nname: ads3.example.com.\n"
		"type: HTTPS\nclass: IN\nverdict: block\nreason: denied\n"
		"action: nxdomain\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\npattern: ads*.example.com\n"
		"deny: yes\nrule: policy.conf:7:11\n"
		"answer: NXDOMAIN\nttl: 30\n"
		"ede: bitsink: group \"hosts\" denies this name\n" },
	{ "allowed by a list", "2001:db8::1", "x.y.updates.example", 65280,
		RRCLASS_IN,
		"client: 2001:db8::1\nname: x.y.updates.example.\n"
		"type: TYPE65280\nclass: IN\nverdict: allow\n"
		"reason: allowed\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 2001:db8::/32\npattern: *.updates.example\n"
		"deny: no\nlist: updates\nrule: lists/updates.list:3:1\n"
		"answer: as usual\n" },
	{ "allowed by a wildcard of a list", "192.0.2.1",
		"mirror7.example.org", RRTYPE_A, RRCLASS_ANY,
		"client: 192.0.2.1\nname: mirror7.example.org.\n"
		"type: A\nclass: ANY\nverdict: allow\nreason: allowed\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\npattern: mirror*.example.org\n"
		"deny: no\nlist: updates\nrule: lists/updates.list:4:3\n"
		"answer: as usual\n" },
	{ "allowed by a list that is named by its path", "192.0.2.1",
		"second.example", RRTYPE_A, RRCLASS_IN,
		"client: 192.0.2.1\nname: second.example.\n"
		"type: A\nclass: IN\nverdict: allow\nreason: allowed\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\npattern: second.example\n"
		"deny: no\nlist: sub/more.list\nrule: sub/more.list:2:1\n"
		"answer: as usual\n" },
	{ "not listed", "192.0.2.1", "www.example.net", RRTYPE_ANY,
		RRCLASS_IN,
		"client: 192.0.2.1\nname: www.example.net.\n"
		"type: ANY\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: nxdomain\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\nanswer: NXDOMAIN\nttl: 30\n"
		"ede: bitsink: group \"hosts\" has no allow for this name\n" },
	{ "another class", "192.0.2.1", "www.example.com", TYPE_TXT, CLASS_CH,
		"client: 192.0.2.1\nname: www.example.com.\n"
		"type: TXT\nclass: CH\nverdict: block\nreason: class\n"
		"action: refused\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\nanswer: REFUSED\n"
		"ede: bitsink: group \"hosts\" may ask in class IN only\n" },
	{ "a class without a word", "192.0.2.1", "www.example.com", TYPE_TXT,
		2, "client: 192.0.2.1\nname: www.example.com.\n"
		"type: TXT\nclass: CLASS2\nverdict: block\nreason: class\n"
		"action: refused\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\nanswer: REFUSED\n"
		"ede: bitsink: group \"hosts\" may ask in class IN only\n" },
	{ "the root, allowed", "192.0.2.129", ".", 2, RRCLASS_IN,
		"client: 192.0.2.129\nname: .\n"
		"type: NS\nclass: IN\nverdict: allow\nreason: allowed\n"
		"group: sink\ngroup-at: policy.conf:11:1\n"
		"prefix: 192.0.2.128/25\npattern: .\ndeny: no\n"
		"rule: policy.conf:14:12\nanswer: as usual\n" },
	{ "a sinkhole, A", "192.0.2.129", "example.net", RRTYPE_A, RRCLASS_IN,
		"client: 192.0.2.129\nname: example.net.\n"
		"type: A\nclass: IN\nverdict: block\nreason: denied\n"
		"action: sinkhole\n"
		"group: sink\ngroup-at: policy.conf:11:1\n"
		"prefix: 192.0.2.128/25\npattern: .example.net\ndeny: yes\n"
		"rule: policy.conf:15:11\n"
		"answer: 198.51.100.1, 198.51.100.2\nttl: 60\n"
		"ede: bitsink: group \"sink\" denies this name\n" },
	{ "a sinkhole, ANY", "192.0.2.129", "example.org", RRTYPE_ANY,
		RRCLASS_IN,
		"client: 192.0.2.129\nname: example.org.\n"
		"type: ANY\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: sinkhole\n"
		"group: sink\ngroup-at: policy.conf:11:1\n"
		"prefix: 192.0.2.128/25\n"
		"answer: 198.51.100.1, 198.51.100.2, 2001:db8:5::1\n"
		"ttl: 60\n"
		"ede: bitsink: group \"sink\" has no allow for this name\n" },
	{ "a sinkhole, a type without an address", "192.0.2.129",
		"example.org", TYPE_TXT, RRCLASS_IN,
		"client: 192.0.2.129\nname: example.org.\n"
		"type: TXT\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: sinkhole\n"
		"group: sink\ngroup-at: policy.conf:11:1\n"
		"prefix: 192.0.2.128/25\nanswer: NODATA\nttl: 60\n"
		"ede: bitsink: group \"sink\" has no allow for this name\n" },
	{ "a sinkhole, another class", "192.0.2.129", "example.org",
		RRTYPE_A, CLASS_CH,
		"client: 192.0.2.129\nname: example.org.\n"
		"type: A\nclass: CH\nverdict: block\nreason: class\n"
		"action: refused\n"
		"group: sink\ngroup-at: policy.conf:11:1\n"
		"prefix: 192.0.2.128/25\nanswer: REFUSED\n"
		"ede: bitsink: group \"sink\" may ask in class IN only\n" },
	{ "audit, denied", "203.0.113.1", "b.a.example", RRTYPE_A, RRCLASS_IN,
		"client: 203.0.113.1\nname: b.a.example.\n"
		"type: A\nclass: IN\nverdict: audit\nreason: denied\n"
		"action: refused\n"
		"group: watched\ngroup-at: policy.conf:20:1\n"
		"prefix: 203.0.113.1/32\npattern: *.a.example\ndeny: yes\n"
		"rule: policy.conf:24:11\nanswer: as usual\n" },
	{ "audit, not listed", "203.0.113.1", "b.example", RRTYPE_A,
		RRCLASS_IN,
		"client: 203.0.113.1\nname: b.example.\n"
		"type: A\nclass: IN\nverdict: audit\nreason: not-listed\n"
		"action: refused\n"
		"group: watched\ngroup-at: policy.conf:20:1\n"
		"prefix: 203.0.113.1/32\nanswer: as usual\n" },
	{ "audit, allowed", "203.0.113.1", "a.example", RRTYPE_A, RRCLASS_IN,
		"client: 203.0.113.1\nname: a.example.\n"
		"type: A\nclass: IN\nverdict: allow\nreason: allowed\n"
		"group: watched\ngroup-at: policy.conf:20:1\n"
		"prefix: 203.0.113.1/32\npattern: a.example\ndeny: no\n"
		"rule: policy.conf:23:12\nanswer: as usual\n" },
	{ "drop", "203.0.113.2", "b.example", RRTYPE_A, RRCLASS_IN,
		"client: 203.0.113.2\nname: b.example.\n"
		"type: A\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: drop\n"
		"group: silent\ngroup-at: policy.conf:27:1\n"
		"prefix: 203.0.113.2/32\nanswer: none\n" },
	{ "drop, another class", "203.0.113.2", "a.example", RRTYPE_A,
		CLASS_CH,
		"client: 203.0.113.2\nname: a.example.\n"
		"type: A\nclass: CH\nverdict: block\nreason: class\n"
		"action: drop\n"
		"group: silent\ngroup-at: policy.conf:27:1\n"
		"prefix: 203.0.113.2/32\nanswer: none\n" },
	{ "refused", "203.0.113.3", "b.example", RRTYPE_A, RRCLASS_IN,
		"client: 203.0.113.3\nname: b.example.\n"
		"type: A\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: refused\n"
		"group: refused\ngroup-at: policy.conf:32:1\n"
		"prefix: 203.0.113.3/32\nanswer: REFUSED\n"
		"ede: bitsink: group \"refused\" has no allow for this "
		"name\n" },
	{ "nodata", "203.0.113.4", "b.example", RRTYPE_A, RRCLASS_IN,
		"client: 203.0.113.4\nname: b.example.\n"
		"type: A\nclass: IN\nverdict: block\nreason: not-listed\n"
		"action: nodata\n"
		"group: empty\ngroup-at: policy.conf:37:1\n"
		"prefix: 203.0.113.4/32\nanswer: NODATA\nttl: 60\n"
		"ede: bitsink: group \"empty\" has no allow for this "
		"name\n" },
};

static void
a_record_tells_the_decision_its_grounds_and_the_answer(void **state)
{
	struct loaded loaded;
	int wrong = 0;
	size_t i;

	(void)state;
	write_files(files, COUNT_OF(files));
	loaded = load_good("policy.conf");
	for (i = 0; i < COUNT_OF(record_rows); i++) {
		const struct record_row *r = &record_rows[i];
		struct explanation explanation;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of(r->client, r->qname, wire);

		query.qtype = (uint16_t)r->qtype;
		query.qclass = (uint16_t)r->qclass;
		memset(&explanation, 0xa5, sizeof(explanation));
		explain_query(loaded.policy, NULL, &query, &explanation);
		wrong += check_record(r->row, &query, &explanation,
			r->record);
	}
	assert_int_equal(wrong, 0);
	unload(&loaded);
}

static void
a_name_that_cannot_be_judged_is_explained(void **state)
{
	static const uint8_t pointer[] = { 0xc0, 12 };
	struct explanation explanation;
	struct loaded loaded;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", ".", wire);

	(void)state;
	write_files(files, COUNT_OF(files));
	loaded = load_good("policy.conf");
	query.qname = pointer;
	query.qname_len = sizeof(pointer);
	explain_query(loaded.policy, NULL, &query, &explanation);
	assert_int_equal(check_record("a pointer", &query, &explanation,
		"client: 192.0.2.1\nname: ?\n"
		"type: A\nclass: IN\nverdict: block\nreason: malformed\n"
		"action: refused\n"
		"group: hosts\ngroup-at: policy.conf:2:1\n"
		"prefix: 192.0.2.0/24\nanswer: REFUSED\n"
		"ede: bitsink: group \"hosts\" asked what could not be "
		"judged\n"), 0);
	unload(&loaded);
}

static void
a_client_without_an_address_is_unrestricted(void **state)
{
	struct explanation explanation;
	struct loaded loaded;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "a.example", wire);

	(void)state;
	write_files(files, COUNT_OF(files));
	loaded = load_good("policy.conf");
	memset(&query.client, 0, sizeof(query.client));
	memset(&explanation, 0xa5, sizeof(explanation));
	explain_query(loaded.policy, NULL, &query, &explanation);
	assert_int_equal(explanation.decision.verdict, VERDICT_UNRESTRICTED);
	assert_int_equal(explanation.prefix.address.family, ADDRESS_NONE);
	assert_int_equal(explanation.prefix.length, 0);
	assert_int_equal(check_record("no address", &query, &explanation,
		"client: ?\nname: a.example.\n"
		"type: A\nclass: IN\nverdict: unrestricted\n"
		"reason: no-group\nanswer: as usual\n"), 0);
	unload(&loaded);
}

/* Whatever the name is, the record is one line of printable characters. */
static void
no_name_can_forge_a_record(void **state)
{
	struct loaded loaded;
	unsigned octet, i;

	(void)state;
	write_text("policy.conf", "group: name: g client: ::1 allow: *\n");
	loaded = load_good("policy.conf");
	for (octet = 0; octet < 256; octet++) {
		struct record_writer writer = { NULL, 0, 0, 0 };
		struct explanation explanation;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of("::1", "xyx", wire);
		char *line;

		wire[2] = (uint8_t)octet;
		explain_query(loaded.policy, NULL, &query, &explanation);
		explain_record(&writer, &query, &explanation);
		line = writer.memory;
		for (i = 0; i + 1 < writer.length; i++)
			assert_in_range(line[i], 0x20, 0x7e);
		assert_int_equal(line[writer.length - 1], '\n');
		record_clear(&writer);
	}
	unload(&loaded);
}

static void
a_long_place_is_told_whole(void **state)
{
	static const char text[] = "group: name: g client: ::1 allow: *\n";
	char path[1300], expected[1400], *value;
	struct explanation explanation;
	struct loaded loaded;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("::1", "a.example", wire);
	size_t length = 0;

	(void)state;
	while (length < 1200)
		length += (size_t)sprintf(path + length, "%s", "././././");
	strcpy(path + length, "policy.conf");
	write_text("policy.conf", text);
	loaded = load_good(path);
	explain_query(loaded.policy, NULL, &query, &explanation);
	value = field_of(&query, &explanation, "rule");
	snprintf(expected, sizeof(expected), "%s:1:35", path);
	assert_string_equal(value, expected);
	free(value);
	value = field_of(&query, &explanation, "group-at");
	snprintf(expected, sizeof(expected), "%s:1:1", path);
	assert_string_equal(value, expected);
	free(value);
	unload(&loaded);
}

/* --- What the host declares, windows, types, quiet names. */

/* Tuesday, 2023-11-14 22:13:20 in UTC, and an hour later. */
#define OPEN INT64_C(1700000000)
#define CLOSED (OPEN + 3600)

static const char site[] =
	"client prefix=198.51.100.0/24 tags=t\n"
	"tag name=t\n"
	"zone name=ad.example. kind=stub\n";

static const struct text_file site_files[] = {
	{ "policy.conf",
		"bitsink: list-directory: lists unrestricted: 192.0.2.9\n"
		"group: name: g client: 192.0.2.0/24 client-tag: t\n"
		" allow: ok.example deny: bad.ad.example\n"
		" allow-list: both allow-site-names: yes\n"
		" quiet: \"wpad.*\" quiet-list: hush\n"
		" quiet-single-labels: yes\n"
		" allow-types: \"A AAAA\" follow-chain: yes\n"
		" chain: inspect answer-deny: 10.0.0.0/8\n"
		" window: \"Tue 22:00-23:00\" window-allow: night.example\n"
		" window-allow-list: both window-allow-list: late\n"
		" window-action: nodata\n"
		"group: name: other client: 203.0.113.1 allow: ok.example\n"
		" answer-deny: 10.0.0.0/8 window: \"daily 00:00-24:00\"\n"
		" window-action: drop\n"
		"group: name: chain client: 203.0.113.2 allow: ok.example\n"
		" chain: inspect\n" },
	{ "lists/both.list", "both.example\n" },
	{ "lists/late.list", "late.example\n*.hush.example\n" },
	{ "lists/hush.list", "*.hush.example\n" },
};

/* The fields from REASON on, but for those of the group. */
static int
check_fields(const char *row, const struct query *query,
	const struct explanation *explanation, const char *expected)
{
	static const char *const keys[] = { "reason", "prefix", "pattern",
		"deny", "kind", "list", "rule", "granted", "until",
		"followed-from", "window", "window-change", "types",
		"inspects", "answer" };
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct record record;
	char found[4096] = "";
	size_t i;
	int wrong;

	explain_record(&writer, query, explanation);
	read_record(&writer, &record);
	for (i = 0; i < COUNT_OF(keys); i++)
		if (record_get(&record, keys[i]) != NULL)
			sprintf(found + strlen(found), "%s: %s\n", keys[i],
				record_get(&record, keys[i]));
	wrong = row_text(row, expected, found);
	record_clear(&writer);
	return wrong;
}

#define WIDE "prefix: 192.0.2.0/24\n"
#define TILL "window: open\nwindow-change: 1700002800\n"
#define FROM "window: closed\nwindow-change: 1700604000\n"
#define LOOKS "inspects: chain, addresses\nanswer: as usual\n"

static const struct site_row {
	const char *client;
	const char *qname;
	int64_t now;
	unsigned qtype;
	const char *fields;
} site_rows[] = {
	{ "192.0.2.9", "ok.example", OPEN, RRTYPE_A,
		"reason: no-group\nprefix: 192.0.2.9/32\n"
		"answer: as usual\n" },
	{ "198.51.101.0", "ok.example", OPEN, RRTYPE_A,
		"reason: no-group\nanswer: as usual\n" },
	{ "198.51.100.7", "ok.example", OPEN, RRTYPE_A,
		"reason: allowed\nprefix: 198.51.100.0/24\n"
		"pattern: ok.example\ndeny: no\nrule: policy.conf:3:9\n"
		TILL LOOKS },
	{ "192.0.2.1", "dc1.AD.example", OPEN, RRTYPE_A,
		"reason: site\n" WIDE "pattern: .ad.example\ndeny: no\n"
		"kind: site\nrule: unbound.conf\n" TILL LOOKS },
	{ "192.0.2.1", "bad.ad.example", OPEN, RRTYPE_A,
		"reason: denied\n" WIDE "pattern: bad.ad.example\ndeny: yes\n"
		"rule: policy.conf:3:26\n" TILL "answer: NODATA\n" },
	{ "192.0.2.1", "night.example", OPEN, RRTYPE_A,
		"reason: allowed\n" WIDE "pattern: night.example\ndeny: no\n"
		"kind: window\nrule: policy.conf:9:42\n" TILL LOOKS },
	{ "192.0.2.1", "night.example", CLOSED, RRTYPE_A,
		"reason: not-listed\n" WIDE FROM "answer: NXDOMAIN\n" },
	{ "192.0.2.1", "late.example", OPEN, RRTYPE_A,
		"reason: allowed\n" WIDE "pattern: late.example\ndeny: no\n"
		"kind: window\nlist: late\nrule: lists/late.list:1:1\n"
		TILL LOOKS },
	/* A list that counts at all times counts in windows, too. */
	{ "192.0.2.1", "both.example", OPEN, RRTYPE_A,
		"reason: allowed\n" WIDE "pattern: both.example\ndeny: no\n"
		"list: both\nrule: lists/both.list:1:1\n" TILL LOOKS },
	{ "192.0.2.1", "x.hush.example", OPEN, RRTYPE_A,
		"reason: allowed\n" WIDE "pattern: *.hush.example\ndeny: no\n"
		"kind: window\nlist: late\nrule: lists/late.list:2:1\n"
		TILL LOOKS },
	{ "192.0.2.1", "x.hush.example", CLOSED, RRTYPE_A,
		"reason: quiet\n" WIDE "pattern: *.hush.example\ndeny: no\n"
		"kind: quiet\nlist: hush\nrule: lists/hush.list:1:1\n"
		FROM "answer: NXDOMAIN\n" },
	{ "192.0.2.1", "wpad.corp", OPEN, RRTYPE_A,
		"reason: quiet\n" WIDE "pattern: wpad.*\ndeny: no\n"
		"kind: quiet\nrule: policy.conf:5:9\n" TILL
		"answer: NXDOMAIN\n" },
	{ "192.0.2.1", "printer", OPEN, RRTYPE_A,
		"reason: quiet\n" WIDE TILL "answer: NXDOMAIN\n" },
	{ "192.0.2.1", "ok.example", OPEN, TYPE_TXT,
		"reason: type\n" WIDE TILL "types: A, AAAA\nanswer: NODATA\n" },
	{ "203.0.113.1", "ok.example", OPEN, RRTYPE_A,
		"reason: allowed\nprefix: 203.0.113.1/32\n"
		"pattern: ok.example\ndeny: no\nrule: policy.conf:12:47\n"
		/* It never closes. */
		"window: open\ninspects: addresses\nanswer: as usual\n" },
	{ "203.0.113.2", "ok.example", OPEN, RRTYPE_A,
		"reason: allowed\nprefix: 203.0.113.2/32\n"
		"pattern: ok.example\ndeny: no\nrule: policy.conf:15:47\n"
		"inspects: chain\nanswer: as usual\n" },
};

static void
the_site_windows_types_and_quiet_names_are_told(void **state)
{
	struct loaded loaded;
	int wrong = 0;
	size_t i;

	(void)state;
	write_files(site_files, COUNT_OF(site_files));
	loaded = load_with_site("policy.conf", site);
	if (loaded.policy == NULL)
		print_error("%s", loaded.text);
	assert_non_null(loaded.policy);
	for (i = 0; i < COUNT_OF(site_rows); i++) {
		const struct site_row *r = &site_rows[i];
		struct explanation explanation;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of(r->client, r->qname, wire);

		query.now = r->now;
		query.qtype = (uint16_t)r->qtype;
		memset(&explanation, 0xa5, sizeof(explanation));
		explain_query(loaded.policy, NULL, &query, &explanation);
		wrong += check_fields(r->qname, &query, &explanation,
			r->fields);
	}
	assert_int_equal(wrong, 0);
	unload(&loaded);
}

static void
many_types_are_cut(void **state)
{
	char text[16384], *value;
	struct explanation explanation;
	struct loaded loaded;
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of("::1", "a.example", wire);
	size_t length;
	unsigned i;

	(void)state;
	length = (size_t)sprintf(text, "group: name: g client: ::1\n"
		" allow: a.example allow-types: \"");
	for (i = 65000; i < 65500; i++)
		length += (size_t)sprintf(text + length, "TYPE%u ", i);
	strcpy(text + length, "A\"\n");
	write_text("policy.conf", text);
	loaded = load_good("policy.conf");
	query.qtype = TYPE_TXT;
	explain_query(loaded.policy, NULL, &query, &explanation);
	value = field_of(&query, &explanation, "types");
	assert_memory_equal(value, "A, TYPE65000, TYPE65001, ", 25);
	length = strlen(value);
	assert_in_range(length, 900, 1023);
	assert_string_equal(value + length - 5, ", ...");
	free(value);
	unload(&loaded);
}

/* --- What is allowed besides the policy. */

static void
what_is_allowed_for_a_time_is_told_with_its_end(void **state)
{
	static const struct {
		const char *qname;
		int64_t now;
		unsigned qtype;
		const char *fields;
	} rows[] = {
		{ "a.vendor.example", OPEN, RRTYPE_A,
			"reason: granted\n" WIDE "granted: *.Vendor.example\n"
			"until: 1700000100\n" TILL LOOKS },
		/* The one that lasts longest. */
		{ "b.vendor.example", OPEN, RRTYPE_A,
			"reason: granted\n" WIDE "granted: b.vendor.example.\n"
			"until: 1700000200\n" TILL LOOKS },
		{ "b.vendor.example", OPEN + 200, RRTYPE_A,
			"reason: not-listed\n" WIDE TILL "answer: NODATA\n" },
		{ "a.vendor.example", OPEN, TYPE_TXT,
			"reason: type\n" WIDE TILL "types: A, AAAA\n"
			"answer: NODATA\n" },
		{ "shim.Example.net", OPEN, RRTYPE_A,
			"reason: followed\n" WIDE "until: 1700000300\n"
			"followed-from: ok.example.\n" TILL LOOKS },
		{ "shim.example.net", OPEN + 301, RRTYPE_A,
			"reason: not-listed\n" WIDE TILL "answer: NODATA\n" },
		/* The policy goes first. */
		{ "ok.example", OPEN, RRTYPE_A,
			"reason: allowed\n" WIDE "pattern: ok.example\n"
			"deny: no\nrule: policy.conf:3:9\n" TILL LOOKS },
		{ "bad.ad.example", OPEN, RRTYPE_A,
			"reason: denied\n" WIDE "pattern: bad.ad.example\n"
			"deny: yes\nrule: policy.conf:3:26\n" TILL
			"answer: NODATA\n" },
	};
	const struct names_key key = { { 1, 2 } };
	struct exceptions exceptions = { grants_new(), followed_new(&key) };
	struct name question = name_of("ok.example");
	struct name target = name_of("shim.example.net");
	struct loaded loaded;
	int wrong = 0;
	size_t i;

	(void)state;
	write_files(site_files, COUNT_OF(site_files));
	loaded = load_with_site("policy.conf", site);
	assert_non_null(loaded.policy);
	assert_int_equal(grants_add(exceptions.grants, "g",
		"*.Vendor.example", OPEN, OPEN + 100), 0);
	assert_int_equal(grants_add(exceptions.grants, "g",
		"b.vendor.example.", OPEN, OPEN + 200), 0);
	assert_int_equal(grants_add(exceptions.grants, "other",
		"*.vendor.example", OPEN, OPEN + 200), 0);
	assert_int_equal(grants_add(exceptions.grants, "g",
		"bad.ad.example", OPEN, OPEN + 200), 0);
	followed_add(exceptions.followed, "g", &question, &target, OPEN,
		OPEN + 300);
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct explanation explanation;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of("192.0.2.1", rows[i].qname,
			wire);

		query.now = rows[i].now;
		query.qtype = (uint16_t)rows[i].qtype;
		explain_query(loaded.policy, &exceptions, &query,
			&explanation);
		wrong += check_fields(rows[i].qname, &query, &explanation,
			rows[i].fields);
	}
	assert_int_equal(wrong, 0);
	grants_free(exceptions.grants);
	followed_free(exceptions.followed);
	unload(&loaded);
}

/* --- The prefix of a client. */

static void
the_longest_prefix_is_told(void **state)
{
	static const struct {
		const char *row;
		const char *client;
		/* "" for an unrestricted client. */
		const char *prefix;
		const char *group;
	} rows[] = {
		{ "the outer", "10.2.0.1", "10.0.0.0/8", "outer" },
		{ "the inner", "10.1.0.1", "10.1.0.0/16", "inner" },
		{ "behind the inner", "10.2.0.0", "10.0.0.0/8", "outer" },
		{ "another of the outer group inside the inner", "10.1.2.1",
			"10.1.2.0/24", "outer" },
		{ "an address alone", "10.1.2.3", "10.1.2.3/32", "one" },
		{ "beside all", "11.0.0.0", "", "" },
		{ "a mapped client", "::ffff:10.1.0.1", "10.1.0.0/16",
			"inner" },
		{ "a mapped client, an address alone", "::ffff:10.1.2.3",
			"10.1.2.3/32", "one" },
		{ "a mapped client of no group", "::ffff:11.0.0.0", "", "" },
		{ "a mapped prefix", "198.51.100.77", "198.51.100.0/24",
			"inner" },
		{ "IPv6, all", "2001:db9::1", "::/0", "all6" },
		{ "IPv6, the outer", "2001:db8:2::1", "2001:db8::/32",
			"outer" },
		{ "IPv6, the inner", "2001:db8:1:2:8001::1",
			"2001:db8:1:2:8000::/65", "inner" },
		{ "IPv6, an address alone", "2001:db8:1:2::3",
			"2001:db8:1:2::3/128", "one" },
	};
	struct loaded loaded;
	int wrong = 0;
	size_t i;

	(void)state;
	write_text("policy.conf",
		"group: name: outer client: 10.0.0.0/8 client: 10.1.2.0/24\n"
		" client: 2001:db8::/32 allow: a.example\n"
		"group: name: inner client: 10.1.0.0/16 allow: b.example\n"
		" client: 2001:db8:1:2:8000::/65\n"
		" client: ::ffff:198.51.100.0/120\n"
		"group: name: one client: 10.1.2.3 client: 2001:db8:1:2::3\n"
		" allow: c.example\n"
		"group: name: all6 client: ::/0 allow: d.example\n");
	loaded = load_good("policy.conf");
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct explanation explanation;
		uint8_t wire[NAME_OCTETS_MAX];
		struct query query = query_of(rows[i].client, "a.example",
			wire);
		char *prefix, *group;

		memset(&explanation, 0xa5, sizeof(explanation));
		explain_query(loaded.policy, NULL, &query, &explanation);
		prefix = field_of(&query, &explanation, "prefix");
		group = field_of(&query, &explanation, "group");
		wrong += row_text(rows[i].row, rows[i].prefix, prefix);
		wrong += row_text(rows[i].row, rows[i].group, group);
		free(prefix);
		free(group);
	}
	assert_int_equal(wrong, 0);
	unload(&loaded);
}

/* A prefix over few bits, so that many nest. */
static void
any_prefix(struct chance *chance, struct prefix *prefix)
{
	unsigned bits, i;

	memset(prefix, 0, sizeof(*prefix));
	prefix->address.family = chance_below(chance, 2) ? ADDRESS_IP4
		: ADDRESS_IP6;
	bits = prefix->address.family == ADDRESS_IP4 ? 32 : 128;
	for (i = 0; i < bits / 8; i++)
		prefix->address.octets[i] =
			(uint8_t)(0x80 * chance_below(chance, 2) +
			chance_below(chance, 2));
	prefix->length = chance_below(chance, bits + 1);
}

static void
the_prefix_holds_the_client_and_no_longer_one_does(void **state)
{
	enum { ENTRIES = 300 };
	struct chance chance = { 61 };
	unsigned round, i, k, found = 0;

	(void)state;
	for (round = 0; round < 20; round++) {
		struct client_entry entries[ENTRIES];
		struct clients *clients;
		size_t kept = 0;

		for (i = 0; i < ENTRIES; i++) {
			any_prefix(&chance, &entries[i].prefix);
			prefix_mask(entries[i].prefix.address.octets,
				entries[i].prefix.length);
			entries[i].group = chance_below(&chance,
				CLIENTS_GROUPS_MAX);
			entries[i].tag = i;
		}
		clients_sort(entries, ENTRIES);
		for (i = 0; i < ENTRIES; i++)
			if (kept == 0 || !clients_same(&entries[kept - 1],
			    &entries[i]))
				entries[kept++] = entries[i];
		clients = clients_new(entries, kept);
		assert_non_null(clients);
		for (i = 0; i < 500; i++) {
			const struct client_entry *longest = NULL;
			struct prefix client, prefix;
			uint32_t group;

			any_prefix(&chance, &client);
			for (k = 0; k < kept; k++)
				if (prefix_holds(&entries[k].prefix,
				    &client.address) && (longest == NULL ||
				    entries[k].prefix.length >
				    longest->prefix.length))
					longest = &entries[k];
			memset(&prefix, 0xa5, sizeof(prefix));
			group = clients_find_prefix(clients, &client.address,
				&prefix);
			assert_int_equal(group, clients_find(clients,
				&client.address));
			assert_int_equal(group, longest != NULL
				? longest->group : CLIENTS_NONE);
			assert_int_equal(prefix.length, longest != NULL
				? longest->prefix.length : 0);
			assert_int_equal(prefix.address.family,
				longest != NULL ?
				longest->prefix.address.family : ADDRESS_NONE);
			if (longest == NULL)
				continue;
			assert_memory_equal(prefix.address.octets,
				longest->prefix.address.octets, 16);
			found++;
		}
		clients_free(clients);
	}
	assert_true(found > 1000);
}

/* --- The pattern. */

static struct pattern
pattern_of(const char *text)
{
	struct pattern_error error;
	struct pattern pattern;

	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		fail_msg("%s: expected %s at %zu", text, error.expected,
			error.at);
	return pattern;
}

static struct names *
table_new(void)
{
	const struct names_key key = { { 1, 2 } };
	struct names *names = names_new(&key);

	assert_non_null(names);
	return names;
}

/* Adds "+PATTERN" (an allow) or "-PATTERN" (a deny). */
static uint32_t
add(struct names *names, const char *text)
{
	const struct names_rule rule = { 1, 1, 0, *text == '-', 0 };
	const struct pattern pattern = pattern_of(text + 1);
	uint32_t earlier, number;

	number = names_add(names, &pattern, &rule, &earlier);
	assert_int_not_equal(number, NAMES_NO_RULE);
	return number;
}

/* Whether the table writes TEXT as EXPECTED, which means the same. */
static int
check_pattern(const char *row, const char *text, const char *expected)
{
	struct names *names = table_new();
	struct pattern before = pattern_of(text), behind;
	const struct names_rule rule = { 1, 1, 0, 0, 0 };
	char found[NAMES_PATTERN_MAX];
	uint32_t earlier;
	unsigned i;
	int wrong;

	memset(found, 0xa5, sizeof(found));
	assert_int_equal(names_add(names, &before, &rule, &earlier), 0);
	assert_int_equal(names_finish(names), 0);
	names_pattern(names, 0, found);
	assert_non_null(memchr(found, '\0', sizeof(found)));
	wrong = expected != NULL ? row_text(row, expected, found) : 0;
	behind = pattern_of(found);
	wrong += row_number(row, "scope", (long)before.scope,
		(long)behind.scope);
	wrong += row_octets(row, before.name.octets, before.name.length,
		behind.name.octets, behind.name.length);
	for (i = 0; i < before.name.labels && i < behind.name.labels; i++)
		wrong += row_number(row, "wildcards", (long)before.star[i],
			(long)behind.star[i]);
	names_free(names);
	return wrong;
}

static void
patterns_are_written_as_they_are_read(void **state)
{
	static const struct {
		const char *row;
		const char *text;
		const char *expected;
	} rows[] = {
		{ "a name", "www.example.com", "www.example.com" },
		{ "a final dot", "www.example.com.", "www.example.com" },
		{ "one label", "com", "com" },
		{ "one octet", "x", "x" },
		{ "capitals", "WWW.Example.COM", "www.example.com" },
		{ "below", "*.example.com", "*.example.com" },
		{ "below, final dot", "*.example.com.", "*.example.com" },
		{ "both", ".example.com", ".example.com" },
		{ "both, final dot", ".example.com.", ".example.com" },
		{ "every name", "*", "*" },
		{ "every name, final dot", "*.", "*" },
		{ "the root", ".", "." },
		{ "wildcard in front", "*foo.com", "*foo.com" },
		{ "wildcard behind", "foo*.com", "foo*.com" },
		{ "wildcard inside", "f*o.com", "f*o.com" },
		{ "several in a label", "*a*b*.com", "*a*b*.com" },
		{ "a label that is one", "a.*.com", "a.*.com" },
		{ "below a label that is one", "*.*.com", "*.*.com" },
		{ "a label that is one, and below", ".*.com", ".*.com" },
		{ "any label, and below", ".*", ".*" },
		{ "two labels or more", "*.*", "*.*" },
		{ "two labels with wildcards", "a*.*b.com", "a*.*b.com" },
		{ "the last label a wildcard", "example.*", "example.*" },
		{ "an asterisk itself", "\\*.example", "\\042.example" },
		{ "by its number", "\\042.example", "\\042.example" },
		{ "alone", "\\*", "\\042" },
		{ "an asterisk itself, and below", ".\\*.example",
			".\\042.example" },
		{ "below an asterisk itself", "*.\\*.example",
			"*.\\042.example" },
		{ "an asterisk itself beside a wildcard", "\\**.example",
			"\\042*.example" },
		{ "a wildcard beside an asterisk itself", "*\\*.example",
			"*\\042.example" },
		{ "a wildcard, an asterisk itself, a wildcard", "*\\042*.x",
			"*\\042*.x" },
		{ "a dot in a label", "a\\.b.com", "a\\046b.com" },
		{ "a label that is a dot", "\\.", "\\046" },
		{ "a label that ends with a dot", "a\\..", "a\\046" },
		{ "a backslash", "a\\\\b", "a\\092b" },
		{ "a letter escaped for nothing", "\\a\\B.com", "ab.com" },
		{ "a capital by its number", "\\065.com", "a.com" },
		{ "the lowest octet", "\\000", "\\000" },
		{ "the highest octet", "\\255", "\\255" },
		{ "a digit behind a number", "\\0000", "\\0000" },
		{ "an escaped space", "a\\ b", "a\\032b" },
		{ "a quote", "a\"b", "a\\034b" },
		{ "an underscore and digits", "_443._tcp.example",
			"_443._tcp.example" },
		{ "an A-label", "xn--bcher-kva.example",
			"xn--bcher-kva.example" },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		wrong += check_pattern(rows[i].row, rows[i].text,
			rows[i].expected);
	assert_int_equal(wrong, 0);
}

/* Labels of any octets, some of them wildcards, and a front. */
static void
any_pattern(struct chance *chance, char *text)
{
	static const char *const fronts[] = { "", "*.", "." };
	unsigned labels = 1 + chance_below(chance, 4), length;
	int after_wild = 0;

	text += sprintf(text, "%s", fronts[chance_below(chance, 3)]);
	/* Not a lone '*' that would be a front. */
	text += sprintf(text, "%c", 'a' + (int)chance_below(chance, 26));
	for (; labels > 0; labels--) {
		for (length = 1 + chance_below(chance, 9); length > 0;
		    length--) {
			int wild = !after_wild && chance_below(chance, 3) == 0;

			text += wild ? sprintf(text, "*") : sprintf(text,
				"\\%03u", chance_below(chance, 256));
			after_wild = wild;
		}
		if (labels > 1)
			text += sprintf(text, ".");
		after_wild = 0;
	}
}

static void
any_pattern_can_be_read_again(void **state)
{
	struct chance chance = { 62 };
	int wrong = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		char text[256];

		if (i % 2 == 0)
			any_pattern(&chance, text);
		else
			chance_pattern(&chance, 3, text);
		wrong += check_pattern(text, text, NULL);
	}
	assert_int_equal(wrong, 0);
}

static void
the_longest_patterns_have_room(void **state)
{
	static const struct {
		const char *row;
		const char *front;
		const char *octet;
		unsigned labels, octets, last;
	} rows[] = {
		{ "long labels", "", "\\255", 3, 63, 61 },
		{ "long labels, and below", ".", "\\255", 3, 63, 61 },
		{ "long labels, below", "*.", "\\255", 3, 63, 59 },
		{ "many labels", "", "\\255", 126, 1, 1 },
		{ "many labels, below", "*.", "\\255", 125, 1, 1 },
		{ "many wildcards, below", "*.", "*", 125, 1, 1 },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[NAMES_PATTERN_MAX + 2];
		unsigned label, k;

		strcpy(text, rows[i].front);
		for (label = 0; label <= rows[i].labels; label++) {
			unsigned octets = label < rows[i].labels
				? rows[i].octets : rows[i].last;

			if (label > 0)
				strcat(text, ".");
			for (k = 0; k < octets; k++)
				strcat(text, rows[i].octet);
		}
		wrong += check_pattern(rows[i].row, text, text);
	}
	assert_int_equal(wrong, 0);
}

static void
a_pattern_keeps_its_form_when_another_takes_one_end(void **state)
{
	static const struct {
		const char *row;
		const char *patterns[3];
		const char *expected[3];
	} rows[] = {
		{ "a deny takes the name", { "+.a.com", "-a.com" },
			{ ".a.com", "a.com" } },
		{ "a deny takes what is below", { "+.a.com", "-*.a.com" },
			{ ".a.com", "*.a.com" } },
		{ "an earlier one has the name", { "+a.com", "+.a.com" },
			{ "a.com", ".a.com" } },
		{ "an earlier one has what is below", { "+*.a.com",
			"+.a.com" }, { "*.a.com", ".a.com" } },
		{ "a later one takes nothing", { "-.a.com", "+a.com" },
			{ ".a.com", "" } },
		{ "a deny takes both", { "+.a.com", "-.a.com" },
			{ "", ".a.com" } },
		{ "two take both", { "+.a.com", "-a.com", "-*.a.com" },
			{ "", "a.com", "*.a.com" } },
		{ "a name and what is below it", { "+a.com", "+*.a.com" },
			{ "a.com", "*.a.com" } },
		{ "the root and every name", { "+*", "+." }, { "*", "." } },
		{ "one below the other", { "+.a.com", "+.b.a.com",
			"+*.b*.a.com" }, { ".a.com", ".b.a.com",
			"*.b*.a.com" } },
	};
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct names *names = table_new();

		for (k = 0; k < 3 && rows[i].patterns[k] != NULL; k++)
			assert_int_equal(add(names, rows[i].patterns[k]), k);
		assert_int_equal(names_finish(names), 0);
		for (k = 0; k < 3 && rows[i].patterns[k] != NULL; k++) {
			char found[NAMES_PATTERN_MAX];

			names_pattern(names, (uint32_t)k, found);
			wrong += row_text(rows[i].row, rows[i].expected[k],
				found);
		}
		names_free(names);
	}
	assert_int_equal(wrong, 0);
}

static void
a_rule_is_known_by_its_own_table_alone(void **state)
{
	struct names *first = table_new(), *second = table_new();
	struct names *empty = table_new();
	char found[NAMES_PATTERN_MAX];
	const struct names_rule *rule;
	uint32_t i;

	(void)state;
	for (i = 0; i < 40; i++) {
		char text[32];

		sprintf(text, "+n%u.example", i);
		assert_int_equal(add(first, text), i);
		assert_int_equal(add(second, text), i);
	}
	assert_int_equal(names_finish(first), 0);
	assert_int_equal(names_finish(second), 0);
	assert_int_equal(names_finish(empty), 0);
	for (i = 0; i < 40; i++) {
		rule = names_rule(first, i);
		assert_int_equal(names_number(first, rule), i);
		assert_int_equal(names_number(second, rule), NAMES_NO_RULE);
		assert_int_equal(names_number(empty, rule), NAMES_NO_RULE);
	}
	assert_int_equal(names_number(first, names_rule(first, 39) + 1),
		NAMES_NO_RULE);
	assert_int_equal(names_number(first, NULL), NAMES_NO_RULE);
	assert_int_equal(names_number(empty, NULL), NAMES_NO_RULE);
	names_pattern(first, NAMES_NO_RULE, found);
	assert_string_equal(found, "");
	names_pattern(first, 40, found);
	assert_string_equal(found, "");
	names_free(first);
	names_free(second);
	names_free(empty);
}

/* --- The answer, as answer_write() writes it and ldns reads it. */

/* A group with as many sinkholes of each family. */
static struct group
group_with(enum action action, unsigned sinkholes4, unsigned sinkholes6)
{
	struct group group;
	unsigned i;

	memset(&group, 0, sizeof(group));
	strcpy(group.name, "hosts");
	group.name_octets = 5;
	group.origin.file = "policy.conf";
	group.action = action;
	group.ttl = 77;
	group.sinkholes4 = sinkholes4;
	group.sinkholes6 = sinkholes6;
	for (i = 0; i < GROUP_SINKHOLES_MAX; i++) {
		inet_pton(AF_INET, "192.0.2.255", group.sinkhole4[i]);
		group.sinkhole4[i][3] = (uint8_t)(100 + i);
		inet_pton(AF_INET6, "2001:db8:ffff:ffff:ffff:ffff:ffff:0",
			group.sinkhole6[i]);
		group.sinkhole6[i][15] = (uint8_t)(0xf0 + i);
	}
	return group;
}

/* The addresses of the answer section, separated by ", ". */
static void
write_rdata(const ldns_rr_list *list, char *text)
{
	size_t i;

	*text = '\0';
	for (i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *rdata = ldns_rdf2str(ldns_rr_rdf(
			ldns_rr_list_rr(list, i), 0));

		assert_non_null(rdata);
		text += sprintf(text, "%s%s", i > 0 ? ", " : "", rdata);
		free(rdata);
	}
}

/* What a record should say of a message of LENGTH octets; the TTL is "" where
 * there are no records. */
static void
describe(const uint8_t *message, size_t length, char *answer, char *ttl)
{
	ldns_pkt *packet = NULL;
	const ldns_rr_list *list;

	strcpy(answer, "none");
	strcpy(ttl, "");
	if (length == 0)
		return;
	assert_int_equal(ldns_wire2pkt(&packet, message, length),
		LDNS_STATUS_OK);
	assert_false(ldns_pkt_tc(packet));
	list = ldns_pkt_ancount(packet) > 0 ? ldns_pkt_answer(packet)
		: ldns_pkt_authority(packet);
	if (ldns_pkt_ancount(packet) > 0)
		write_rdata(list, answer);
	else if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN)
		strcpy(answer, "NXDOMAIN");
	else if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_REFUSED)
		strcpy(answer, "REFUSED");
	else if (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NOERROR)
		strcpy(answer, "NODATA");
	else
		fail_msg("RCODE %d", ldns_pkt_get_rcode(packet));
	if (ldns_rr_list_rr_count(list) > 0)
		sprintf(ttl, "%u", ldns_rr_ttl(ldns_rr_list_rr(list, 0)));
	ldns_pkt_free(packet);
}

static int
check_answer(const struct group *group, unsigned qtype, unsigned qclass)
{
	struct explanation explanation;
	uint8_t message[ANSWER_MAX] = { 0 }, wire[NAME_OCTETS_MAX];
	struct query query = query_of("192.0.2.1", "www.example.com", wire);
	const struct decision *decision = &explanation.decision;
	char answer[1024], ttl[16], row[128], *found;
	int wrong;

	memset(&explanation, 0, sizeof(explanation));
	explanation.decision.verdict = VERDICT_BLOCK;
	explanation.decision.reason = REASON_NOT_LISTED;
	explanation.decision.action = group->action;
	explanation.decision.group = group;
	query.qtype = (uint16_t)qtype;
	query.qclass = (uint16_t)qclass;
	describe(message, answer_write(message, sizeof(message), &query,
		decision), answer, ttl);
	snprintf(row, sizeof(row), "%s with %u and %u addresses, type %u, "
		"class %u", action_word(group->action), group->sinkholes4,
		group->sinkholes6, qtype, qclass);
	found = field_of(&query, &explanation, "answer");
	wrong = row_text(row, answer, found);
	free(found);
	found = field_of(&query, &explanation, "ttl");
	wrong += row_text(row, ttl, found);
	free(found);
	found = field_of(&query, &explanation, "ede");
	wrong += row_text(row, strcmp(answer, "none") == 0 ? "" :
		"bitsink: group \"hosts\" has no allow for this name", found);
	free(found);
	return wrong;
}

static void
the_answer_is_the_one_that_is_written(void **state)
{
	static const unsigned types[] = { RRTYPE_A, RRTYPE_AAAA, RRTYPE_ANY,
		TYPE_TXT, RRTYPE_SOA, 5, 65, 65280 };
	static const unsigned classes[] = { RRCLASS_IN, RRCLASS_ANY };
	unsigned action, four, six;
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (action = 0; action < ACTION_COUNT; action++)
		for (four = 0; four <= GROUP_SINKHOLES_MAX; four++)
			for (six = 0; six <= GROUP_SINKHOLES_MAX; six++) {
				struct group group = group_with(
					(enum action)action, four, six);

				for (i = 0; i < COUNT_OF(types); i++)
					for (k = 0; k < COUNT_OF(classes); k++)
						wrong += check_answer(&group,
							types[i], classes[k]);
			}
	assert_int_equal(wrong, 0);
}

/* --- Chance. */

#define CHANCE_CLIENTS 6
#define CHANCE_LISTS 3

/* A deny needs no allow that it cuts out of; warnings are no matter here. */
static void
write_any_policy(struct chance *chance)
{
	static const char *const actions[] = { "nxdomain", "nodata",
		"refused", "drop", "sinkhole sinkhole: 192.0.2.1" };
	char text[16384], *at = text, pattern[64];
	unsigned group, i;

	for (group = 0; group < 4; group++) {
		at += sprintf(at, "group: name: g%u client: 10.%u.0.0/16\n"
			" client: 10.%u.%u.0/24\n action: %s\n mode: %s\n",
			group, group, (group + 1) % 4, group,
			actions[chance_below(chance, COUNT_OF(actions))],
			chance_below(chance, 4) == 0 ? "audit" : "enforce");
		for (i = 0; i < 1 + chance_below(chance, 12); i++) {
			chance_pattern(chance, 2, pattern);
			at += sprintf(at, " %s: \"%s\"\n",
				i > 0 && chance_below(chance, 2) ? "deny"
				: "allow", pattern);
		}
		for (i = 0; i < CHANCE_LISTS; i++)
			if (chance_below(chance, 2))
				at += sprintf(at, " allow-list: l%u\n", i);
	}
	write_text("policy.conf", text);
	for (i = 0; i < CHANCE_LISTS; i++) {
		char name[32];
		unsigned left = 1 + chance_below(chance, 8);

		for (at = text; left > 0; left--) {
			chance_pattern(chance, 2, pattern);
			at += sprintf(at, "%s\n", pattern);
		}
		sprintf(name, "installed/l%u.list", i);
		write_text(name, text);
	}
}

static struct query
any_query(struct chance *chance, uint8_t *wire)
{
	static const uint16_t qclasses[] = { RRCLASS_IN, RRCLASS_IN,
		RRCLASS_IN, RRCLASS_ANY, CLASS_CH };
	char client[32], name[64];
	struct query query;

	sprintf(client, "%s10.%u.%u.1", chance_below(chance, 2) ? "::ffff:"
		: "", chance_below(chance, 5), chance_below(chance, 5));
	chance_name(chance, name);
	query = query_of(client, name, wire);
	query.qclass = qclasses[chance_below(chance, COUNT_OF(qclasses))];
	return query;
}

static void
assert_same_decision(const struct decision *a, const struct decision *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->action, b->action);
	assert_ptr_equal(a->group, b->group);
	assert_ptr_equal(a->rule.file, b->rule.file);
	assert_int_equal(a->rule.line, b->rule.line);
	assert_int_equal(a->rule.column, b->rule.column);
}

/* The pattern must match, and stand in the list that is told. */
static void
assert_grounds(const struct query *query,
	const struct explanation *explanation)
{
	const struct decision *decision = &explanation->decision;
	uint8_t specificity[NAME_LABELS_MAX + 1];
	struct pattern pattern;
	struct name name;

	if (decision->rule.file == NULL) {
		assert_string_equal(explanation->pattern, "");
		assert_null(explanation->list);
		return;
	}
	assert_int_equal(name_from_wire(&name, query->qname,
		query->qname_len), 0);
	pattern = pattern_of(explanation->pattern);
	if (!pattern_matches(&pattern, &name, specificity))
		fail_msg("%s does not match", explanation->pattern);
	if (explanation->list == NULL)
		assert_string_equal(decision->rule.file, "policy.conf");
	else
		assert_string_equal(decision->rule.file,
			explanation->list->file);
}

/* The line of the rule has the pattern that is told. */
static void
assert_written(const struct explanation *explanation)
{
	const struct origin *rule = &explanation->decision.rule;
	struct pattern told, written;
	struct pattern_error error;
	char line[256], *end;
	unsigned i;
	FILE *file;

	if (rule->file == NULL)
		return;
	file = fopen(rule->file, "r");
	assert_non_null(file);
	for (i = 0; i < rule->line; i++)
		assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(fclose(file), 0);
	line[strcspn(line, "\n")] = '\0';
	assert_true(rule->column <= strlen(line));
	end = line + rule->column - 1;
	if (*end == '"')
		*strchr(++end, '"') = '\0';
	told = pattern_of(explanation->pattern);
	assert_int_equal(pattern_from_text(&written, end, strlen(end),
		&error), 0);
	assert_int_equal(told.scope, written.scope);
	assert_int_equal(told.name.length, written.name.length);
	assert_memory_equal(told.name.octets, written.name.octets,
		told.name.length);
	assert_memory_equal(told.star, written.star,
		told.name.labels * sizeof(*told.star));
}

static void
random_queries_are_explained_as_they_are_decided(void **state)
{
	struct chance chance = { 63 };
	unsigned round, i, lists = 0, own = 0, none = 0;

	(void)state;
	for (round = 0; round < 40; round++) {
		struct loaded loaded;

		write_any_policy(&chance);
		loaded = load_good("policy.conf");
		for (i = 0; i < 500; i++) {
			struct explanation explanation;
			struct decision decision;
			uint8_t wire[NAME_OCTETS_MAX];
			struct query query = any_query(&chance, wire);

			memset(&explanation, 0xa5, sizeof(explanation));
			policy_decide(loaded.policy, &query, &decision);
			explain_query(loaded.policy, NULL, &query,
				&explanation);
			assert_same_decision(&decision,
				&explanation.decision);
			assert_grounds(&query, &explanation);
			assert_written(&explanation);
			lists += explanation.list != NULL;
			own += explanation.list == NULL &&
				decision.rule.file != NULL;
			none += decision.rule.file == NULL;
		}
		unload(&loaded);
		folder_empty();
	}
	assert_true(lists > 1000);
	assert_true(own > 1000);
	assert_true(none > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(
			a_record_tells_the_decision_its_grounds_and_the_answer),
		test_in_folder(a_name_that_cannot_be_judged_is_explained),
		test_in_folder(a_client_without_an_address_is_unrestricted),
		test_in_folder(no_name_can_forge_a_record),
		test_in_folder(a_long_place_is_told_whole),
		test_in_folder(
			the_site_windows_types_and_quiet_names_are_told),
		test_in_folder(many_types_are_cut),
		test_in_folder(what_is_allowed_for_a_time_is_told_with_its_end),
		test_in_folder(the_longest_prefix_is_told),
		cmocka_unit_test(
			the_prefix_holds_the_client_and_no_longer_one_does),
		cmocka_unit_test(patterns_are_written_as_they_are_read),
		cmocka_unit_test(any_pattern_can_be_read_again),
		cmocka_unit_test(the_longest_patterns_have_room),
		cmocka_unit_test(
			a_pattern_keeps_its_form_when_another_takes_one_end),
		cmocka_unit_test(a_rule_is_known_by_its_own_table_alone),
		cmocka_unit_test(the_answer_is_the_one_that_is_written),
		test_in_folder(
			random_queries_are_explained_as_they_are_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
