/*
 * test_views.c - what a policy needs of views, and whether the host has it.
 */
#include "support.h"

#include <stdlib.h>

#include "cuts.h"
#include "gate.h"
#include "record.h"

static struct loaded
load_text(const char *text)
{
	write_text("policy.conf", text);
	return load_good("policy.conf");
}

/* All lines of a view, each with a newline; to be freed. */
static char *
lines_of(const struct gate_view *view)
{
	size_t i, length = 1;
	char *text;

	for (i = 0; i < view->count; i++)
		length += strlen(view->lines[i]) + 1;
	text = calloc(length, 1);
	assert_non_null(text);
	for (i = 0; i < view->count; i++) {
		strcat(text, view->lines[i]);
		strcat(text, "\n");
	}
	return text;
}

static void
zones_stand_where_it_changes_what_may_be_asked_for(void **state)
{
	static const struct {
		const char *options;
		const char *lines;
		size_t coarse;
	} rows[] = {
		{ "", "local-zone: \".\" always_nxdomain\n", 0 },
		{ "allow: \".a.example\"",
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"a.example.\" always_transparent\n", 0 },
		{ "allow: \"a.example\"",
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"a.example.\" always_transparent\n", 1 },
		{ "allow: \"*.a.example\"",
			"local-data: \"a.example. 60 IN TXT bitsink\"\n"
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"a.example.\" transparent\n", 0 },
		{ "allow: \"*.a.example\" action: sinkhole\n"
			"sinkhole: 192.0.2.1 sinkhole: ::1 ttl: 7",
			"local-data: \". 7 IN A 192.0.2.1\"\n"
			"local-data: \". 7 IN AAAA ::1\"\n"
			"local-data: \"a.example. 7 IN A 192.0.2.1\"\n"
			"local-data: \"a.example. 7 IN AAAA ::1\"\n"
			"local-zone: \".\" redirect\n"
			"local-zone: \"a.example.\" transparent\n", 0 },
		/* What others say already is left out. */
		{ "allow: \".a.example\" allow: \"b.a.example\"\n"
			"allow: \".b.a.example\" deny: \"c.example\"",
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"a.example.\" always_transparent\n", 0 },
		{ "allow: \"*\" deny: \".a.example\" allow: \".b.a.example\"\n"
			"deny: \"c.example\" action: refused",
			"local-data: \". 60 IN TXT bitsink\"\n"
			"local-data: \"c.example. 60 IN TXT bitsink\"\n"
			"local-zone: \".\" transparent\n"
			"local-zone: \"a.example.\" always_refuse\n"
			"local-zone: \"b.a.example.\" always_transparent\n"
			"local-zone: \"c.example.\" transparent\n", 0 },
		{ "allow: \"x*.a.example\" action: nodata",
			"local-data: \"a.example. 60 IN TXT bitsink\"\n"
			"local-zone: \".\" always_nodata\n"
			"local-zone: \"a.example.\" transparent\n", 1 },
		/* Nothing above tells that names below b pass. */
		{ "allow: \"x.*.a.example\" allow: \"b.a.example\"\n"
			"action: drop",
			"local-data: \"a.example. 60 IN TXT bitsink\"\n"
			"local-zone: \".\" always_deny\n"
			"local-zone: \"a.example.\" transparent\n", 2 },
		{ "window: \"Mon 10:00-11:00\" window-allow: \".a.example\"",
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"a.example.\" always_transparent\n", 1 },
		{ "allow: \".\\032\\032.example\"",
			"local-zone: \".\" always_nxdomain\n"
			"local-zone: \"\\032\\032.example.\" "
			"always_transparent\n", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct loaded loaded;
		struct gate *gate;
		char text[1024], *lines;

		snprintf(text, sizeof(text), "bitsink: gate: views\n"
			"group: name: g client: ::1\n%s\n", rows[i].options);
		loaded = load_text(text);
		gate = gate_new(loaded.policy);
		assert_non_null(gate);
		assert_int_equal(gate->view_count, 1);
		assert_string_equal(gate->views[0].name, "bitsink-g");
		lines = lines_of(&gate->views[0]);
		assert_string_equal(lines, rows[i].lines);
		assert_int_equal(gate->views[0].coarse, rows[i].coarse);
		free(lines);
		gate_free(gate);
		unload(&loaded);
	}
}

/* --- By chance: the view of any policy lets everything pass that the policy
 * allows, and nothing else but what is told to be coarse. */

static unsigned
chance(unsigned below)
{
	return (unsigned)rand() % below;
}

/* Labels from a few, so that names meet. */
static void
any_name(char *text, int wild)
{
	static const char *const labels[] = { "a", "b", "ab", "ba" };
	static const char *const wilds[] = { "a*", "*b", "*" };
	unsigned i, count = 1 + chance(4);

	text[0] = '\0';
	for (i = 0; i < count; i++) {
		if (i > 0)
			strcat(text, ".");
		strcat(text, wild && chance(4) == 0 ? wilds[chance(
			i + 1 < count ? 3 : 2)] : labels[chance(4)]);
	}
}

static void
any_pattern(char *text, int wild)
{
	static const char *const fronts[] = { "", "*.", "." };

	strcpy(text, fronts[chance(3)]);
	any_name(text + strlen(text), wild);
}

static void
any_policy(int wild, int window)
{
	char text[4096], pattern[64];
	size_t used = (size_t)sprintf(text, "bitsink: gate: views\n"
		"group: name: g client: ::1\n%s", window
		? "window: \"Mon 10:00-11:00\"\n" : "");
	unsigned i, count = chance(9);

	for (i = 0; i < count; i++) {
		const char *word = chance(3) == 0 ? "deny" : "allow";

		if (window && chance(3) == 0)
			word = "window-allow";
		any_pattern(pattern, wild);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s: \"%s\"\n", word, pattern);
	}
	write_text("policy.conf", text);
}

/* Whether VIEW has a line for NAME, which has a final dot. */
static const char *
zone_type(const struct gate_view *view, const char *name)
{
	char start[256];
	size_t i, length = (size_t)snprintf(start, sizeof(start),
		"local-zone: \"%s\" ", name);

	for (i = 0; i < view->count; i++)
		if (strncmp(view->lines[i], start, length) == 0)
			return view->lines[i] + length;
	return NULL;
}

/* As Unbound does it: the longest zone decides. */
static int
passes_view(const struct gate_view *view, const char *name)
{
	const char *at = name, *type, *dot;

	while ((type = zone_type(view, at)) == NULL) {
		assert_string_not_equal(at, ".");
		dot = strchr(at, '.');
		at = dot[1] != '\0' ? dot + 1 : ".";
	}
	if (strcmp(type, "transparent") == 0)
		return at != name;
	return strcmp(type, "always_transparent") == 0;
}

static int
is_allowed(const struct policy *policy, const char *text)
{
	uint8_t wire[NAME_OCTETS_MAX];
	const struct group *group = &policy->groups[0];
	struct name name;

	assert_int_equal(name_from_wire(&name, wire, wire_of(text, wire)), 0);
	return policy_allows_name(policy, group, &name, 0) ||
		(group->window_count > 0 &&
		policy_allows_name(policy, group, &name, 1));
}

static void
check_by_chance(int wild, int window, unsigned *exact, unsigned *allowed)
{
	struct loaded loaded;
	struct gate *gate;
	unsigned i;

	any_policy(wild, window);
	loaded = load("policy.conf");
	assert_non_null(loaded.policy);
	gate = gate_new(loaded.policy);
	assert_non_null(gate);
	for (i = 0; i < 60; i++) {
		char name[64];
		int is, passes;

		any_name(name, 0);
		strcat(name, ".");
		is = is_allowed(loaded.policy, name);
		passes = passes_view(&gate->views[0], name);
		*allowed += is != 0;
		if (is && !passes)
			fail_msg("%s is allowed and does not pass", name);
		if (passes && !is && gate->views[0].coarse == 0)
			fail_msg("%s passes, and that is not told", name);
	}
	*exact += gate->views[0].coarse == 0 &&
		gate->views[0].count > 1;
	gate_free(gate);
	unload(&loaded);
}

static void
views_let_pass_what_is_allowed_and_tell_what_is_more(void **state)
{
	unsigned round, exact = 0, allowed = 0;

	(void)state;
	srand(8);
	for (round = 0; round < 2000; round++)
		check_by_chance(round % 2, round % 4 > 1, &exact, &allowed);
	/* It is no proof where there is nothing to be seen. */
	assert_true(exact > 100 && allowed > 10000);
}

/* What a group may ask for is told by its cuts alone, but for wildcards. */
static void
cuts_tell_all_of_a_policy_without_wildcards(void **state)
{
	unsigned round, i, allowed = 0;

	(void)state;
	srand(9);
	for (round = 0; round < 1000; round++) {
		struct loaded loaded;
		struct cuts *cuts;

		any_policy(0, round % 2);
		loaded = load("policy.conf");
		cuts = cuts_new(loaded.policy, &loaded.policy->groups[0]);
		assert_non_null(cuts);
		assert_int_equal(cuts->wild_count, 0);
		for (i = 0; i < 40; i++) {
			char name[64], text[NAME_TEXT_MAX];
			size_t k, longest = 0;
			int told = cuts->cuts[0].below;

			any_name(name, 0);
			strcat(name, ".");
			for (k = 1; k < cuts->count; k++) {
				size_t length, whole = strlen(name);

				cut_name(&cuts->cuts[k], text);
				length = strlen(text);
				if (length <= longest || length > whole ||
				    strcmp(name + whole - length, text) != 0 ||
				    (length < whole &&
				    name[whole - length - 1] != '.'))
					continue;
				longest = length;
				told = length == whole ? cuts->cuts[k].self
					: cuts->cuts[k].below;
			}
			assert_int_equal(told, is_allowed(loaded.policy,
				name));
			allowed += told != 0;
		}
		cuts_free(cuts);
		unload(&loaded);
	}
	assert_true(allowed > 1000);
}

/* --- Clients. */

static const char *
view_around(const struct loaded *loaded, const struct gate *gate,
	const char *text)
{
	const struct gate_view *view;
	struct prefix prefix;

	assert_null(prefix_from_text(&prefix, text));
	view = gate_view_around(gate, loaded->policy, &prefix);
	return view != NULL ? view->name : "-";
}

static void
clients_need_the_view_of_the_longest_prefix(void **state)
{
	static const char *const expected[] = {
		"192.0.2.0/24 bitsink-a", "192.0.2.7/32 -",
		"192.0.2.64/26 bitsink-b", "192.0.2.80/28 -",
		"2001:db8::/32 bitsink-a",
	};
	struct loaded loaded = load_text("bitsink: gate: views "
		"unrestricted: 192.0.2.7\n"
		"group: name: a client: 192.0.2.0/24 client: 2001:db8::/32 "
		"allow: .x\n"
		"group: name: b client: 192.0.2.64/26 allow: .x\n"
		"group: name: c client: 192.0.2.80/28 allow: .x mode: audit");
	struct gate *gate = gate_new(loaded.policy);
	size_t i;

	(void)state;
	assert_non_null(gate);
	assert_int_equal(gate->view_count, 2);
	assert_int_equal(gate->client_count, COUNT_OF(expected));
	for (i = 0; i < COUNT_OF(expected); i++) {
		char text[128], prefix[PREFIX_TEXT_MAX];

		prefix_to_text(&gate->clients[i].prefix, prefix);
		snprintf(text, sizeof(text), "%s %s", prefix,
			gate->clients[i].view != NULL
			? gate->clients[i].view->name : "-");
		assert_string_equal(text, expected[i]);
	}
	assert_string_equal(view_around(&loaded, gate, "192.0.2.0/25"),
		"bitsink-a");
	assert_string_equal(view_around(&loaded, gate, "192.0.2.7"), "-");
	assert_string_equal(view_around(&loaded, gate, "192.0.2.64/27"),
		"bitsink-b");
	assert_string_equal(view_around(&loaded, gate, "192.0.2.80/29"), "-");
	assert_string_equal(view_around(&loaded, gate, "2001:db8::1"),
		"bitsink-a");
	assert_string_equal(view_around(&loaded, gate, "192.0.2.0/23"), "-");
	gate_free(gate);
	unload(&loaded);
}

/* --- The comparison. */

#define CHECKED \
	"bitsink: gate: views unrestricted: 192.0.2.7\n" \
	"group: name: a client: 192.0.2.0/24 client: ::1 allow: *.x\n" \
	"group: name: b client: 192.0.2.64/26 allow: .y\n"

static void
put_line(struct record_writer *writer, const char *view, const char *line)
{
	record_begin(writer, "line");
	record_text(writer, "view", view);
	record_text(writer, "text", line);
	record_end(writer);
}

/* What a host tells that has what is needed, without the line SKIP, from 0;
 * returns how many there are. */
static size_t
tell_host(struct record_writer *writer, const struct gate *gate, size_t skip)
{
	char prefix[PREFIX_TEXT_MAX];
	size_t i, k, number = 0;

	/* What others have does not matter. */
	record_begin(writer, "client");
	record_text(writer, "prefix", "10.0.0.0/8");
	record_text(writer, "view", "inside");
	record_end(writer);
	record_begin(writer, "view");
	record_text(writer, "name", "inside");
	record_text(writer, "first", "no");
	record_end(writer);
	put_line(writer, "inside", "local-zone: \"x.\" static");
	for (i = 0; i < gate->client_count; i++) {
		if (number++ == skip)
			continue;
		prefix_to_text(&gate->clients[i].prefix, prefix);
		record_begin(writer, "client");
		record_text(writer, "prefix", prefix);
		if (gate->clients[i].view != NULL)
			record_text(writer, "view",
				gate->clients[i].view->name);
		record_end(writer);
	}
	for (i = 0; i < gate->view_count; i++) {
		if (number++ == skip)
			continue;
		record_begin(writer, "view");
		record_text(writer, "name", gate->views[i].name);
		record_text(writer, "first", "yes");
		record_end(writer);
		for (k = 0; k < gate->views[i].count; k++)
			if (number++ != skip)
				put_line(writer, gate->views[i].name,
					gate->views[i].lines[k]);
	}
	return number;
}

static size_t
errors_of(const struct policy *policy, const struct record_writer *writer,
	char *first, size_t size)
{
	struct diag diag;
	size_t errors;

	memset(&diag, 0, sizeof(diag));
	gate_check(policy, writer->memory, writer->length, &diag);
	errors = diag.errors;
	snprintf(first, size, "%s", errors > 0 ? diag.items[0].text : "");
	diag_clear(&diag);
	return errors;
}

static void
what_is_needed_is_enough_and_nothing_less_is(void **state)
{
	struct loaded loaded = load_text(CHECKED);
	struct gate *gate = gate_new(loaded.policy);
	struct record_writer writer = { NULL, 0, 0, 0 };
	size_t i, lines = tell_host(&writer, gate, SIZE_MAX);
	char first[512];

	(void)state;
	assert_int_equal(errors_of(loaded.policy, &writer, first,
		sizeof(first)), 0);
	assert_true(lines > 8);
	record_clear(&writer);
	for (i = 0; i < lines; i++) {
		memset(&writer, 0, sizeof(writer));
		(void)tell_host(&writer, gate, i);
		assert_true(errors_of(loaded.policy, &writer, first,
			sizeof(first)) > 0);
		record_clear(&writer);
	}
	gate_free(gate);
	unload(&loaded);
}

static void
what_is_more_than_is_needed_is_told(void **state)
{
	static const struct {
		const char *more;
		const char *told;
	} rows[] = {
		{ "line view=bitsink-a text=local-zone:\\032\\034z.\\034\\032"
			"always_transparent\n",
			"found <local-zone: \"z.\" always_transparent> in view "
			"\"bitsink-a\" of unbound.conf, expected no such "
			"line" },
		{ "client prefix=192.0.2.128/25\n",
			"found clients 192.0.2.128/25 without a view of "
			"bitsink in unbound.conf, expected "
			"<access-control-view: 192.0.2.128/25 bitsink-a>" },
		{ "client prefix=192.0.2.70 view=bitsink-a\n",
			"found clients 192.0.2.70/32 with another view of "
			"bitsink in unbound.conf, expected "
			"<access-control-view: 192.0.2.70/32 bitsink-b>" },
		{ "client prefix=198.51.100.0/24 view=bitsink-a\n",
			"found clients 198.51.100.0/24 with view \"bitsink-a\" "
			"in unbound.conf, expected none of bitsink's: "
			"<access-control: 198.51.100.0/24 allow>" },
		{ "client prefix=198.51.100.0/24 view=bitsink-old\n",
			"found clients 198.51.100.0/24 with view "
			"\"bitsink-...\"" },
		{ "client prefix=192.0.2.70 view=bitsink-b snoops=yes\n",
			"found <access-control: 192.0.2.70/32 allow_snoop> in "
			"unbound.conf, expected <allow>" },
		{ "nonsense\n", "found what unbound.conf has in another form" },
		{ "client view=x\n",
			"found what unbound.conf has in another form" },
		{ "view name=bitsink-a first=no\n",
			"without <view-first: yes>, expected it" },
	};
	struct loaded loaded = load_text(CHECKED);
	struct gate *gate = gate_new(loaded.policy);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct record_writer writer = { NULL, 0, 0, 0 };
		char *text, first[512];

		(void)tell_host(&writer, gate, SIZE_MAX);
		assert_true(asprintf(&text, "%.*s%s", (int)writer.length,
			writer.memory, rows[i].more) > 0);
		record_clear(&writer);
		writer.memory = text;
		writer.length = strlen(text);
		assert_true(errors_of(loaded.policy, &writer, first,
			sizeof(first)) > 0);
		if (strstr(first, rows[i].told) == NULL)
			fail_msg("expected \"%s\", found \"%s\"", rows[i].told,
				first);
		free(text);
	}
	gate_free(gate);
	unload(&loaded);
}

/* The last error of a host that has COUNT lines too many; their number. */
static size_t
too_many(const struct policy *policy, const struct gate *gate, size_t count,
	char *last, size_t size)
{
	struct record_writer writer = { NULL, 0, 0, 0 };
	struct diag diag;
	size_t errors, i;

	(void)tell_host(&writer, gate, SIZE_MAX);
	for (i = 0; i < count; i++)
		put_line(&writer, "bitsink-b", "local-zone: \"z.\" deny");
	memset(&diag, 0, sizeof(diag));
	gate_check(policy, writer.memory, writer.length, &diag);
	record_clear(&writer);
	errors = diag.errors;
	assert_true(errors > 0 && errors <= DIAG_KEPT_MAX);
	snprintf(last, size, "%s", diag.items[errors - 1].text);
	diag_clear(&diag);
	return errors;
}

static void
ten_differences_are_told_and_the_others_counted(void **state)
{
	struct loaded loaded = load_text(CHECKED);
	struct gate *gate = gate_new(loaded.policy);
	char last[512];

	(void)state;
	assert_int_equal(too_many(loaded.policy, gate, 10, last,
		sizeof(last)), 10);
	assert_non_null(strstr(last, "expected no such line"));
	assert_int_equal(too_many(loaded.policy, gate, 12, last,
		sizeof(last)), 11);
	assert_non_null(strstr(last,
		"found 2 more differences in bitsink-b of unbound.conf"));
	gate_free(gate);
	unload(&loaded);
}

/* A host that asks needs no views, and one that does not takes nothing else. */
static void
a_policy_is_checked_where_the_host_does_not_ask(void **state)
{
	static const struct {
		const char *policy;
		const char *gate;
		const char *told;
	} rows[] = {
		{ CHECKED, NULL, "" },
		{ "group: name: a client: ::1 allow: .x\n", NULL, "" },
		{ "group: name: a client: ::1 allow: .x\n", "",
			"policy.conf: error: found no \"gate: views\", "
			"expected it: this Unbound does not ask bitsink "
			"before its cache\n" },
		{ "bitsink: gate: views\ngroup: name: a client: ::1 "
			"allow: .x\n", "",
			"policy.conf: error: found clients ::1/128 without a "
			"view of bitsink in unbound.conf, expected "
			"<access-control-view: ::1/128 bitsink-a>\n"
			"policy.conf: error: found no view \"bitsink-a\" in "
			"unbound.conf, expected the one that \"bitsinkctl "
			"gate\" prints\n" },
		{ "bitsink: gate: views\ngroup: name: a client-view: v "
			"allow: .x\n", NULL,
			"policy.conf:2:29: error: found client-view, expected "
			"client or client-tag with \"gate: views\": a client "
			"has one view\n" },
		{ "bitsink: gate: views\ngroup: name: a client: ::1 "
			"allow: .x\nallow: y\n", NULL,
			"policy.conf:3:8: warning: views are coarser than "
			"group \"a\" at 1 names, of which \"y.\" is the first: "
			"what it may not ask for there passes its view\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct policy_options options = {
			.list_directories = (const char *const[]){ NULL },
			.gate = rows[i].gate,
			.site = "client prefix=192.0.2.1 view=v\n",
			.site_length = strlen(
				"client prefix=192.0.2.1 view=v\n"),
		};
		struct policy *policy;
		char text[2048] = "";
		struct diag diag;
		size_t k;

		memset(&diag, 0, sizeof(diag));
		write_text("policy.conf", rows[i].policy);
		policy = policy_load("policy.conf", &options, &diag);
		for (k = 0; k < diag.kept; k++) {
			strcat(text, diag.items[k].text);
			strcat(text, "\n");
		}
		assert_string_equal(text, rows[i].told);
		policy_free(policy);
		diag_clear(&diag);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			zones_stand_where_it_changes_what_may_be_asked_for),
		cmocka_unit_test(
			views_let_pass_what_is_allowed_and_tell_what_is_more),
		cmocka_unit_test(cuts_tell_all_of_a_policy_without_wildcards),
		cmocka_unit_test(clients_need_the_view_of_the_longest_prefix),
		cmocka_unit_test(what_is_needed_is_enough_and_nothing_less_is),
		cmocka_unit_test(what_is_more_than_is_needed_is_told),
		cmocka_unit_test(
			ten_differences_are_told_and_the_others_counted),
		cmocka_unit_test(
			a_policy_is_checked_where_the_host_does_not_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
