/*
 * test_site.c - what the host declares is read from its text, and nothing but
 * that.
 */
#include "support.h"

#include "question.h"
#include "site.h"

static const char whole[] =
	"tag name=update\n"
	"tag name=printers\n"
	"client prefix=0.0.0.0/0\n"
	"client prefix=192.0.2.0/24 tags=update\\032printers view=inside\n"
	"client prefix=2001:db8::/32 tags= view=of\\032all\\255\n"
	"client prefix=192.0.2.7\n"
	"zone name=corp.example. kind=stub\n"
	"zone name=Other.Example. kind=forward\n"
	"zone name=\\042.a\\092.b.example. kind=auth\n"
	"zone name=2.0.192.in-addr.arpa. kind=reverse\n";

static int
read_text(struct site *site, const char *text, unsigned *line)
{
	return site_read(site, text, strlen(text), line);
}

static void
each_kind_of_line_is_read(void **state)
{
	struct site site;
	unsigned line;

	(void)state;
	assert_int_equal(read_text(&site, whole, &line), 0);
	assert_int_equal(site.tag_count, 2);
	assert_string_equal(site.tags[0], "update");
	assert_string_equal(site.tags[1], "printers");
	assert_int_equal(site.client_count, 4);
	assert_int_equal(site.clients[0].prefix.address.family, ADDRESS_IP4);
	assert_int_equal(site.clients[0].prefix.length, 0);
	assert_string_equal(site.clients[0].tags, "");
	assert_null(site.clients[0].view);
	assert_string_equal(site.clients[1].tags, "update printers");
	assert_string_equal(site.clients[1].view, "inside");
	assert_int_equal(site.clients[2].prefix.address.family, ADDRESS_IP6);
	assert_int_equal(site.clients[2].prefix.length, 32);
	assert_string_equal(site.clients[2].tags, "");
	assert_string_equal(site.clients[2].view, "of all\xff");
	assert_int_equal(site.clients[3].prefix.length, 32);
	assert_int_equal(site.zone_count, 4);
	assert_string_equal(site.zones[0].name, "corp.example.");
	assert_string_equal(site.zones[0].kind, "stub");
	assert_string_equal(site.zones[1].name, "Other.Example.");
	assert_string_equal(site.zones[1].kind, "forward");
	assert_string_equal(site.zones[2].name, "*.a\\.b.example.");
	assert_string_equal(site.zones[2].kind, "auth");
	assert_string_equal(site.zones[3].kind, "reverse");
	site_clear(&site);
	assert_null(site.text);
	assert_int_equal(site.client_count, 0);
	/* What is cleared may be cleared. */
	site_clear(&site);
}

static void
a_host_may_declare_nothing(void **state)
{
	struct site site;
	unsigned line;

	(void)state;
	assert_int_equal(site_read(&site, NULL, 0, &line), 0);
	assert_int_equal(site.client_count + site.tag_count + site.zone_count,
		0);
	site_clear(&site);
}

static const struct row {
	const char *row;
	const char *text;
	/* Of the line that is wrong; 0 for none. */
	unsigned line;
} rows[] = {
	{ "a line of no kind", "tag name=a\nhello\n", 2 },
	{ "an empty line", "tag name=a\n\ntag name=b\n", 2 },
	{ "a kind alone", "tag\n", 1 },
	{ "no kind", " name=a\n", 1 },
	{ "a last line without its end", "tag name=a\ntag name=b", 2 },
	{ "a line end of another system", "tag name=a\r\n", 1 },
	{ "a key twice", "tag name=a name=a\n", 1 },
	{ "a key too many", "tag name=a kind=stub\n", 1 },
	{ "an escape that is none", "tag name=a\\25\n", 1 },
	{ "a NUL by an escape", "tag name=a\\000\n", 1 },
	{ "two spaces", "tag  name=a\n", 1 },
	{ "a tag without a name", "tag name=\n", 1 },
	{ "a tag of two words", "tag name=a\\032b\n", 1 },
	{ "a tag of a space", "tag name=\\032\n", 1 },
	{ "a client without a prefix", "client tags=a\n", 1 },
	{ "a client without an address", "client prefix=\n", 1 },
	{ "no address", "client prefix=somebody\n", 1 },
	{ "a length too long", "client prefix=192.0.2.0/33\n", 1 },
	{ "bits behind the length", "client prefix=192.0.2.1/24\n", 1 },
	{ "an unknown key", "client prefix=::1 port=53\n", 1 },
	{ "an empty view", "client prefix=::1 view=\n", 1 },
	{ "a space before a tag", "client prefix=::1 tags=\\032a\n", 1 },
	{ "a space behind a tag", "client prefix=::1 tags=a\\032\n", 1 },
	{ "a space alone", "client prefix=::1 tags=\\032\n", 1 },
	{ "two spaces between tags", "client prefix=::1 "
		"tags=a\\032\\032b\n", 1 },
	{ "a zone without a name", "zone kind=stub\n", 1 },
	{ "a zone with an empty name", "zone name= kind=stub\n", 1 },
	{ "a zone without a kind", "zone name=a.\n", 1 },
	{ "a zone of another kind", "zone name=a. kind=Stub\n", 1 },
	{ "the root", "zone name=. kind=stub\n", 1 },
	{ "a zone without its final dot", "zone name=a.b kind=stub\n", 1 },
	{ "an escaped final dot", "zone name=a\\092. kind=stub\n", 1 },
	{ "an empty label", "zone name=a..b. kind=stub\n", 1 },
	{ "a leading dot", "zone name=.a. kind=stub\n", 1 },
	{ "a space in a zone", "zone name=a\\032b. kind=stub\n", 1 },
	{ "a backslash and a final dot", "zone name=a\\092\\092. kind=stub\n",
		0 },
	{ "an asterisk of a zone", "zone name=\\042.b. kind=stub\n", 0 },
	{ "the same twice", "tag name=a\ntag name=a\nclient prefix=::1\n"
		"client prefix=::1\nzone name=a. kind=stub\n"
		"zone name=a. kind=auth\n", 0 },
	{ "keys in another order", "client view=v prefix=::1\n"
		"zone kind=auth name=a.\n", 0 },
};

static void
what_is_no_such_text_is_told_with_its_line(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct site site;
		unsigned line;
		int result = read_text(&site, rows[i].text, &line);

		wrong += row_number(rows[i].row, "result",
			rows[i].line > 0 ? -1 : 0, result);
		if (rows[i].line > 0)
			wrong += row_number(rows[i].row, "line", rows[i].line,
				line);
		site_clear(&site);
	}
	assert_int_equal(wrong, 0);
}

static void
a_nul_octet_is_in_no_line(void **state)
{
	static const char text[] = "tag name=a\ntag name=b\0c\n";
	struct site site;
	unsigned line;

	(void)state;
	assert_int_equal(site_read(&site, text, sizeof(text) - 1, &line), -1);
	assert_int_equal(line, 2);
	site_clear(&site);
}

static void
a_text_has_a_largest_size(void **state)
{
	char *text = malloc(SITE_OCTETS_MAX + 1);
	struct site site;
	unsigned line;
	size_t i, clients = 0;
	static const char client[] = "client prefix=::1 tags=abcdefghijklm\n";

	(void)state;
	assert_non_null(text);
	/* It is not looked at. */
	memset(text, '\n', SITE_OCTETS_MAX + 1);
	assert_int_equal(site_read(&site, text, SITE_OCTETS_MAX + 1, &line),
		-1);
	assert_null(site.text);
	site_clear(&site);
	for (i = 0; i + strlen(client) <= SITE_OCTETS_MAX / 64; clients++) {
		memcpy(text + i, client, strlen(client));
		i += strlen(client);
	}
	assert_int_equal(site_read(&site, text, i, &line), 0);
	assert_int_equal(site.client_count, clients);
	assert_string_equal(site.clients[clients - 1].tags, "abcdefghijklm");
	site_clear(&site);
	free(text);
}

static void
tags_and_views_are_found_by_all_of_their_name(void **state)
{
	struct site site;
	const struct site_client *none, *both, *view;
	unsigned line;

	(void)state;
	assert_int_equal(read_text(&site, whole, &line), 0);
	none = &site.clients[0];
	both = &site.clients[1];
	view = &site.clients[2];
	assert_true(site_has_tag(both, "update", 6));
	assert_true(site_has_tag(both, "printers", 8));
	assert_false(site_has_tag(both, "update", 5));
	assert_false(site_has_tag(both, "updates", 7));
	assert_false(site_has_tag(both, "Update", 6));
	assert_false(site_has_tag(both, "update printers", 15));
	assert_false(site_has_tag(both, "", 0));
	assert_false(site_has_tag(none, "update", 6));
	assert_false(site_has_tag(none, "", 0));
	assert_true(site_has_view(both, "inside", 6));
	assert_false(site_has_view(both, "inside", 5));
	assert_false(site_has_view(both, "insider", 7));
	assert_true(site_has_view(view, "of all\xff", 7));
	assert_false(site_has_view(none, "", 0));
	assert_true(site_knows_tag(&site, "printers", 8));
	assert_false(site_knows_tag(&site, "printer", 7));
	assert_false(site_knows_tag(&site, "inside", 6));
	site_clear(&site);
}

/* A text that is cut short passes for a whole one only between two lines. */
static void
a_text_that_was_cut_is_not_read(void **state)
{
	size_t length;
	int wrong = 0;

	(void)state;
	for (length = 0; length < strlen(whole); length++) {
		int ends = length == 0 || whole[length - 1] == '\n';
		struct site site;
		unsigned line;

		wrong += row_number("cut", whole + length, ends ? 0 : -1,
			site_read(&site, whole, length, &line));
		site_clear(&site);
	}
	assert_int_equal(wrong, 0);
}

/* Whatever is read keeps what the header promises. */
static void
assert_promises(const struct site *site)
{
	struct question question;
	size_t i;

	for (i = 0; i < site->client_count; i++) {
		const struct site_client *client = &site->clients[i];
		struct prefix prefix = client->prefix;

		assert_true(prefix.address.family == ADDRESS_IP4 ||
			prefix.address.family == ADDRESS_IP6);
		prefix_mask(prefix.address.octets, prefix.length);
		assert_memory_equal(prefix.address.octets,
			client->prefix.address.octets, 16);
		assert_non_null(client->tags);
		assert_true(client->view == NULL || client->view[0] != '\0');
	}
	for (i = 0; i < site->tag_count; i++) {
		assert_true(strlen(site->tags[i]) > 0);
		assert_null(strchr(site->tags[i], ' '));
	}
	for (i = 0; i < site->zone_count; i++) {
		const char *name = site->zones[i].name;

		assert_int_equal(name[strlen(name) - 1], '.');
		assert_null(question_read_name(&question, name));
		assert_true(question.query.qname_len > 1);
	}
}

static void
any_octets_are_read_or_refused(void **state)
{
	static const char octets[] = "\n\n =\\.*:/0129afz-\r\t\"\xff";
	struct chance chance = { 21 };
	unsigned i, read = 0, refused = 0;

	(void)state;
	for (i = 0; i < 60000; i++) {
		char text[sizeof(whole)];
		unsigned changes = 1 + chance_below(&chance, 3);
		size_t length = strlen(whole);
		struct site site;
		unsigned line;

		memcpy(text, whole, sizeof(whole));
		for (; changes > 0; changes--)
			text[chance_below(&chance, (unsigned)length)] =
				chance_below(&chance, 16) == 0 ? '\0'
				: octets[chance_below(&chance,
					sizeof(octets) - 1)];
		if (site_read(&site, text, length, &line) == 0) {
			assert_promises(&site);
			read++;
		} else {
			assert_in_range(line, 1, length);
			refused++;
		}
		site_clear(&site);
	}
	assert_true(read > 1000);
	assert_true(refused > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_line_is_read),
		cmocka_unit_test(a_host_may_declare_nothing),
		cmocka_unit_test(what_is_no_such_text_is_told_with_its_line),
		cmocka_unit_test(a_nul_octet_is_in_no_line),
		cmocka_unit_test(a_text_has_a_largest_size),
		cmocka_unit_test(tags_and_views_are_found_by_all_of_their_name),
		cmocka_unit_test(a_text_that_was_cut_is_not_read),
		cmocka_unit_test(any_octets_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
