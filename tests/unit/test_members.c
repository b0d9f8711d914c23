/*
 * test_members.c - who is in which group: clients, what is unrestricted, the
 * default group, and what the host declares.
 */
#include "support.h"

#include <time.h>

#include "clients.h"
#include "filewatch.h"
#include "names.h"
#include "tape.h"

/* Loads what POLICY writes into policy.conf; SITE is NULL where the host is not
 * known. */
static struct loaded
load_with(const char *policy, const char *site, struct tape *tape)
{
	const struct policy_options options = {
		.key = { { 0x0123456789abcdefu, 0xfedcba9876543210u } },
		.site = site,
		.site_length = site != NULL ? strlen(site) : 0,
		.tape = tape,
	};
	struct loaded loaded;
	size_t i, length = 1;

	if (policy != NULL)
		write_text("policy.conf", policy);
	memset(&loaded, 0, sizeof(loaded));
	loaded.policy = policy_load("policy.conf", &options, &loaded.diag);
	for (i = 0; i < loaded.diag.kept; i++)
		length += strlen(loaded.diag.items[i].text) + 1;
	loaded.text = calloc(1, length);
	assert_non_null(loaded.text);
	for (i = 0; i < loaded.diag.kept; i++) {
		strcat(loaded.text, loaded.diag.items[i].text);
		strcat(loaded.text, "\n");
	}
	return loaded;
}

/* "GROUP PREFIX"; "carved PREFIX" where the prefix is in none, "-" where there
 * is no prefix. */
struct place { char text[GROUP_NAME_MAX + PREFIX_TEXT_MAX + 2]; };

static struct place
place_of(const struct policy *policy, const char *client)
{
	struct place place = { "-" };
	char text[PREFIX_TEXT_MAX];
	struct address address;
	struct prefix prefix;
	uint32_t group;

	assert_int_equal(address_from_text(&address, client), 0);
	group = clients_find_prefix(policy->clients, &address, &prefix);
	assert_int_equal(clients_find(policy->clients, &address), group);
	if (prefix.address.family == ADDRESS_NONE)
		return place;
	prefix_to_text(&prefix, text);
	sprintf(place.text, "%s %s", group == CLIENTS_NONE ? "carved"
		: policy->groups[group].name, text);
	return place;
}

/* --- Who is where. */

#define PLACES_MAX 8

struct row {
	const char *row;
	const char *policy;
	/* NULL: not known. */
	const char *site;
	struct {
		const char *client;
		const char *place;
	} places[PLACES_MAX];
};

/* Allows of the groups, so that nothing is warned of. */
#define A "group: name: a allow: a.example\n"
#define B "group: name: b allow: b.example\n"

/* A netblock without a tag inside one with it, and one with it inside that. */
#define NESTED "tag name=t\nclient prefix=10.0.0.0/8 tags=t\n" \
	"client prefix=10.1.0.0/16\nclient prefix=10.1.1.0/24 tags=t\n"

static const struct row rows[] = {
	{ "clients of two groups, one inside the other",
		A "client: 10.0.0.0/8\n" B "client: 10.1.0.0/16\n", NULL,
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "b 10.1.0.0/16" }, { "11.0.0.1", "-" } } },
	{ "unrestricted inside a client, and a client inside that",
		A "client: 10.0.0.0/8 client: 10.1.1.0/24\n"
		"unrestricted: 10.1.0.0/16\n", NULL,
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "unrestricted for all, of both families",
		"bitsink: unrestricted: 10.1.0.0/16\n"
		"unrestricted: 2001:db8:1::/48\n"
		A "client: 10.0.0.0/8\n" B "client: 2001:db8::/32\n", NULL,
		{ { "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.2.0.1", "a 10.0.0.0/8" },
		{ "2001:db8:1::1", "carved 2001:db8:1::/48" },
		{ "2001:db8:2::1", "b 2001:db8::/32" } } },
	{ "unrestricted around a client", "bitsink: unrestricted: 10.0.0.0/8\n"
		A "client: 10.1.0.0/16\n", NULL,
		{ { "10.0.0.1", "carved 10.0.0.0/8" },
		{ "10.1.0.1", "a 10.1.0.0/16" } } },
	{ "the same unrestricted twice", "bitsink: unrestricted: 10.1.0.0/16\n"
		"unrestricted: 10.1.0.0/16\n" A "client: 10.0.0.0/8\n"
		"unrestricted: 10.1.0.0/16 unrestricted: 10.1.0.0/16\n", NULL,
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.1.0.0/16" } } },
	{ "unrestricted inside unrestricted", A "client: 10.0.0.0/8\n"
		"unrestricted: 10.1.0.0/16 unrestricted: 10.1.1.0/24\n", NULL,
		{ { "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "carved 10.1.0.0/16" } } },
	{ "unrestricted of a group and of all, one inside the other",
		"bitsink: unrestricted: 10.1.1.0/24\n" A "client: 10.0.0.0/8\n"
		"unrestricted: 10.1.0.0/16\n", NULL,
		{ { "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "carved 10.1.1.0/24" } } },
	{ "the default group has the rest of both families",
		"bitsink: default-group: b unrestricted: 10.9.0.0/16\n"
		A "client: 10.0.0.0/8\n" B "unrestricted: 192.0.2.0/24\n", NULL,
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.9.0.1", "carved 10.9.0.0/16" },
		{ "11.0.0.1", "b 0.0.0.0/0" },
		{ "192.0.2.1", "carved 192.0.2.0/24" },
		{ "2001:db8::1", "b ::/0" } } },
	{ "the default group has a client of all",
		"bitsink: default-group: a\n" A "client: 0.0.0.0/0\n", NULL,
		{ { "10.0.0.1", "a 0.0.0.0/0" }, { "::1", "a ::/0" } } },
	{ "the default group with a family unrestricted",
		"bitsink: default-group: a\n" A "unrestricted: ::/0\n", NULL,
		{ { "10.0.0.1", "a 0.0.0.0/0" }, { "::1", "carved ::/0" } } },
	{ "the group of a tag", A "client-tag: t\n", "tag name=t\ntag name=u\n"
		"client prefix=10.0.0.0/8 tags=u\\032t\n"
		"client prefix=192.0.2.0/24 tags=u\n"
		"client prefix=2001:db8::/32 tags=t\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" }, { "192.0.2.1", "-" },
		{ "2001:db8::1", "a 2001:db8::/32" } } },
	{ "the group of a view", A "client-view: \"of all\"\n",
		"client prefix=10.0.0.0/8 view=of\\032all\n"
		"client prefix=192.0.2.0/24 view=other tags=of\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" }, { "192.0.2.1", "-" } } },
	{ "a tag and a view of one group", A "client-tag: t client-view: v\n",
		"tag name=t\nclient prefix=10.0.0.0/8 tags=t view=v\n"
		"client prefix=192.0.2.0/24 view=v\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "192.0.2.1", "a 192.0.2.0/24" } } },
	{ "the same tag twice in a group", A "client-tag: t client-tag: t\n",
		"tag name=t\nclient prefix=10.0.0.0/8 tags=t\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" } } },
	{ "tags of two groups, one inside the other",
		A "client-tag: t\n" B "client-tag: u\n", "tag name=t\n"
		"tag name=u\nclient prefix=10.0.0.0/8 tags=t\n"
		"client prefix=10.1.0.0/16 tags=u\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "b 10.1.0.0/16" } } },
	{ "without the tag, inside it: in no group", A "client-tag: t\n",
		NESTED, { { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "without the tag, inside it: as the clients say",
		A "client-tag: t\n" B "client: 8.0.0.0/5\n", NESTED,
		{ { "8.0.0.1", "b 8.0.0.0/5" }, { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "b 10.1.0.0/16" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "without the tag, inside it: as the default group says",
		"bitsink: default-group: b\n" A "client-tag: t\n" B, NESTED,
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "b 10.1.0.0/16" },
		{ "10.1.1.1", "a 10.1.1.0/24" }, { "11.0.0.1", "b 0.0.0.0/0" },
		{ "::1", "b ::/0" } } },
	{ "without the tag, inside it: as an unrestricted one says",
		"bitsink: default-group: b unrestricted: 8.0.0.0/5\n"
		A "client-tag: t\n" B, NESTED,
		{ { "8.0.0.1", "carved 8.0.0.0/5" },
		{ "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "a client between two netblocks", A "client-tag: t\n"
		B "client: 10.0.0.0/12\n", NESTED,
		{ { "10.128.0.1", "a 10.0.0.0/8" },
		{ "10.2.0.1", "b 10.0.0.0/12" },
		{ "10.1.0.1", "b 10.0.0.0/12" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "clients of just the netblocks", A "client-tag: t\n"
		B "client: 10.0.0.0/8 client: 10.1.1.0/24\n", NESTED,
		{ { "10.0.0.1", "b 10.0.0.0/8" },
		{ "10.1.0.1", "b 10.0.0.0/8" },
		{ "10.1.1.1", "b 10.1.1.0/24" } } },
	{ "unrestricted for just a netblock", A "client-tag: t\n"
		"unrestricted: 10.0.0.0/8\n", NESTED,
		{ { "10.0.0.1", "carved 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.0.0.0/8" },
		{ "10.1.1.1", "a 10.1.1.0/24" } } },
	{ "unrestricted for all of just a netblock",
		"bitsink: unrestricted: 10.1.1.0/24\n" A "client-tag: t\n",
		NESTED, { { "10.0.0.1", "a 10.0.0.0/8" },
		{ "10.1.0.1", "carved 10.1.0.0/16" },
		{ "10.1.1.1", "carved 10.1.1.0/24" } } },
	{ "unrestricted inside a netblock", A "client-tag: t\n"
		"unrestricted: 10.2.0.0/16\n", NESTED,
		{ { "10.2.0.1", "carved 10.2.0.0/16" },
		{ "10.0.0.1", "a 10.0.0.0/8" } } },
	{ "a client inside a netblock without the tag", A "client-tag: t\n"
		B "client: 10.1.2.0/24\n", NESTED,
		{ { "10.1.2.1", "b 10.1.2.0/24" },
		{ "10.1.3.1", "carved 10.1.0.0/16" } } },
	{ "an untagged netblock of a family of its own", A "client-tag: t\n",
		"tag name=t\nclient prefix=::/0\nclient prefix=::1\n"
		"client prefix=0.0.0.0/0 tags=t\n",
		{ { "10.0.0.1", "a 0.0.0.0/0" }, { "::1", "-" } } },
	{ "a netblock that comes twice, as a mapped one too",
		A "client-tag: t\n", "tag name=t\n"
		"client prefix=10.0.0.0/8 tags=t\n"
		"client prefix=::ffff:10.0.0.0/104\n"
		"client prefix=::ffff:192.0.2.0/120\n"
		"client prefix=192.0.2.0/24 tags=t\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" },
		{ "192.0.2.1", "a 192.0.2.0/24" } } },
	{ "a netblock of two groups that is a client", A "client-tag: t\n"
		"client: 10.0.0.0/8\n" B "client-view: v\n", "tag name=t\n"
		"client prefix=10.0.0.0/8 tags=t view=v\n",
		{ { "10.0.0.1", "a 10.0.0.0/8" } } },
	{ "a netblock of two groups that is unrestricted",
		"bitsink: unrestricted: 10.0.0.0/8\n" A "client-tag: t\n"
		B "client-view: v\n", "tag name=t\n"
		"client prefix=10.0.0.0/8 tags=t view=v\n",
		{ { "10.0.0.1", "carved 10.0.0.0/8" } } },
};

static int
check_places(const struct row *row, const struct policy *policy)
{
	int wrong = 0;
	size_t i;

	for (i = 0; i < PLACES_MAX && row->places[i].client != NULL; i++) {
		char what[160];

		snprintf(what, sizeof(what), "%s: %s", row->row,
			row->places[i].client);
		wrong += row_text(what, row->places[i].place,
			place_of(policy, row->places[i].client).text);
	}
	return wrong;
}

static void
the_longest_word_said_of_a_client_counts(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct loaded loaded = load_with(rows[i].policy, rows[i].site,
			NULL);

		wrong += row_text(rows[i].row, "", loaded.text);
		if (loaded.policy != NULL)
			wrong += check_places(&rows[i], loaded.policy);
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

/* --- What is told. */

struct told_row {
	const char *row;
	const char *policy;
	const char *site;
	/* All messages, each with a newline. */
	const char *expected;
	/* A client, and where it is; NULL for a policy that does not load. */
	const char *client;
	const char *place;
};

#define E(place) "policy.conf:" place ": error: "
#define W(place) "policy.conf:" place ": warning: "
#define TAGGED "tag name=t\nclient prefix=10.0.0.0/8 tags=t\n"
#define UNKNOWN "what unbound.conf declares is not known here: client-tag, " \
	"client-view and allow-site-names change nothing\n"
#define TAG_EXPECTED "which unbound.conf does not define, expected one of " \
	"its \"define-tag:\"\n"
#define VIEW_EXPECTED "which unbound.conf gives to no client, expected one " \
	"of its \"access-control-view:\"\n"

static const struct told_row told_rows[] = {
	{ "a client twice in a group", A "client: ::1\nclient: ::1\n", NULL,
		W("3:9") "client \"::1\" is in this group already, at "
		"policy.conf:2:9\n", "::1", "a ::1/128" },
	{ "a client in two groups", A "client: ::1\n" B "client: ::1\n", NULL,
		E("4:9") "found client \"::1\" in a second group, expected it "
		"in one; the first is \"a\" at policy.conf:2:9\n", NULL, NULL },
	{ "a client in three groups", A "client: ::1\n" B "client: ::1\n"
		"group: name: c allow: c.example\nclient: ::1\n", NULL,
		E("4:9") "found client \"::1\" in a second group, expected it "
		"in one; the first is \"a\" at policy.conf:2:9\n"
		E("6:9") "found client \"::1\" in a second group, expected it "
		"in one; the first is \"a\" at policy.conf:2:9\n", NULL, NULL },
	{ "a client that is unrestricted", "bitsink: unrestricted: 10.0.0.0/8\n"
		A "client: 10.0.0.0/8\n", NULL, E("1:24") "found "
		"\"10.0.0.0/8\" unrestricted, expected one of the two: it is "
		"a client of group \"a\" at policy.conf:3:9\n", NULL, NULL },
	{ "a client that is unrestricted in its group",
		A "client: 10.0.0.1\nunrestricted: 10.0.0.1\n", NULL,
		E("3:15") "found \"10.0.0.1\" unrestricted, expected one of "
		"the two: it is a client of group \"a\" at policy.conf:2:9\n",
		NULL, NULL },
	{ "a client that is unrestricted in another group",
		A "unrestricted: 10.0.0.1\nclient: ::1\n" B
		"client: 10.0.0.1\n", NULL,
		E("2:15") "found \"10.0.0.1\" unrestricted, expected one of "
		"the two: it is a client of group \"b\" at policy.conf:5:9\n",
		NULL, NULL },
	{ "unrestricted outside of the group", A "client: 10.1.0.0/16\n"
		"unrestricted: 10.0.0.0/8\n", NULL,
		W("3:15") "unrestricted \"10.0.0.0/8\" changes nothing: it is "
		"inside no client of group \"a\"\n", "10.0.0.1", "-" },
	{ "unrestricted inside of another group", A "client: ::1\n"
		"unrestricted: 10.1.0.0/16\n" B "client: 10.0.0.0/8\n", NULL,
		W("3:15") "unrestricted \"10.1.0.0/16\" of group \"a\" changes "
		"nothing for group \"b\", whose clients these are\n",
		"10.1.0.1", "b 10.0.0.0/8" },
	{ "unrestricted where another group is inside",
		A "client: 10.0.0.0/8\nunrestricted: 10.1.1.0/24\n"
		B "client: 10.1.0.0/16\n", NULL,
		W("3:15") "unrestricted \"10.1.1.0/24\" of group \"a\" changes "
		"nothing for group \"b\", whose clients these are\n",
		"10.1.1.1", "b 10.1.0.0/16" },
	{ "unrestricted where another group has the tag",
		A "client: 10.0.0.0/7\nunrestricted: 10.1.1.0/24\n"
		B "client-tag: t\n", TAGGED,
		W("3:15") "unrestricted \"10.1.1.0/24\" of group \"a\" changes "
		"nothing for group \"b\", whose clients these are\n",
		"10.1.1.1", "b 10.0.0.0/8" },
	{ "unrestricted of a group with a tag, elsewhere",
		A "client-tag: t unrestricted: 192.0.2.0/24\n", TAGGED, "",
		"192.0.2.1", "-" },
	{ "unrestricted where the default group is", "bitsink: "
		"default-group: a\n" A B "client: ::1\n"
		"unrestricted: 10.0.0.0/8\n", NULL,
		W("5:15") "unrestricted \"10.0.0.0/8\" of group \"b\" changes "
		"nothing for group \"a\", whose clients these are\n",
		"10.0.0.1", "a 0.0.0.0/0" },
	{ "unrestricted of a tag that is not known here", A "client-tag: t\n"
		"unrestricted: 10.0.0.0/8\n", NULL, W("2:13") UNKNOWN,
		"10.0.0.1", "-" },
	{ "a default group that is none", "bitsink: default-group: c\n"
		A "client: ::1\n", NULL, E("1:25") "found group \"c\", which "
		"is not in the policy, expected the name of a group\n",
		NULL, NULL },
	{ "a default group without a name", "bitsink: default-group: \"\"\n"
		A "client: ::1\n", NULL, E("1:25") "found \"\", expected the "
		"name of a group\n", NULL, NULL },
	{ "a default group beside a client of all", "bitsink: "
		"default-group: a\n" A B "client: 0.0.0.0/0\n", NULL,
		W("1:25") "default-group does not take 0.0.0.0/0: it is in "
		"group \"b\", at policy.conf:4:9\n", "10.0.0.1",
		"b 0.0.0.0/0" },
	{ "a default group beside a tag of all", "bitsink: "
		"default-group: a\n" A B "client-tag: t\n", "tag name=t\n"
		"client prefix=::/0 tags=t\nclient prefix=2001:db8::/32\n",
		W("1:25") "default-group does not take ::/0: it is in group "
		"\"b\", at policy.conf:4:13\n", "2001:db8::1",
		"a 2001:db8::/32" },
	{ "a default group of what is unrestricted", "bitsink: "
		"default-group: a\nunrestricted: ::/0\n" A, NULL,
		W("1:25") "default-group does not take ::/0: it is "
		"unrestricted, at policy.conf:2:15\n", "::1", "carved ::/0" },
	{ "a tag that is not defined", A "client-tag: u\n", TAGGED,
		E("2:13") "found tag \"u\", " TAG_EXPECTED, NULL, NULL },
	{ "a tag in other case", A "client-tag: T\n", TAGGED,
		E("2:13") "found tag \"T\", " TAG_EXPECTED, NULL, NULL },
	{ "a view in the place of a tag", A "client-tag: v\n", TAGGED
		"client prefix=::1 view=v\n", E("2:13") "found tag \"v\", "
		TAG_EXPECTED, NULL, NULL },
	{ "a view that no client has", A "client-view: v\n", TAGGED,
		E("2:14") "found view \"v\", " VIEW_EXPECTED, NULL, NULL },
	{ "a tag in the place of a view", A "client-view: t\n", TAGGED,
		E("2:14") "found view \"t\", " VIEW_EXPECTED, NULL, NULL },
	{ "a tag that no client has", A "client-tag: u\n", TAGGED
		"tag name=u\n", W("2:13") "tag \"u\" is given to no client by "
		"unbound.conf: client-tag takes nobody into the group\n",
		"10.0.0.1", "-" },
	{ "a host that declares nothing", A "client-tag: u\n", "",
		E("2:13") "found tag \"u\", " TAG_EXPECTED, NULL, NULL },
	{ "a netblock of two groups by tags", A "client-tag: t\n"
		B "client-tag: u\n", "tag name=t\ntag name=u\n"
		"client prefix=10.0.0.0/8 tags=t\\032u\n"
		"client prefix=11.0.0.0/8 tags=u\\032t\n",
		E("4:13") "found 10.0.0.0/8 of group \"b\" by client-tag "
		"\"u\", expected it in one group; it is in group \"a\" by "
		"client-tag \"t\" at policy.conf:2:13\n", NULL, NULL },
	{ "a netblock of two groups by tag and view", A "client-view: v\n"
		B "client-tag: t\n", "tag name=t\n"
		"client prefix=10.0.0.0/8 tags=t view=v\n",
		E("4:13") "found 10.0.0.0/8 of group \"b\" by client-tag "
		"\"t\", expected it in one group; it is in group \"a\" by "
		"client-view \"v\" at policy.conf:2:14\n", NULL, NULL },
	{ "a tag of two groups", A "client-tag: t\n" B "client-tag: t\n",
		TAGGED, E("4:13") "found 10.0.0.0/8 of group \"b\" by "
		"client-tag \"t\", expected it in one group; it is in group "
		"\"a\" by client-tag \"t\" at policy.conf:2:13\n", NULL,
		NULL },
	{ "two groups of a netblock that comes twice", A "client-tag: t\n"
		B "client-tag: u\n", "tag name=t\ntag name=u\n"
		"client prefix=10.0.0.0/8 tags=t\n"
		"client prefix=::ffff:10.0.0.0/104 tags=u\n",
		E("4:13") "found 10.0.0.0/8 of group \"b\" by client-tag "
		"\"u\", expected it in one group; it is in group \"a\" by "
		"client-tag \"t\" at policy.conf:2:13\n", NULL, NULL },
	{ "a host that is not known, told once", A "client-tag: t\n"
		"client-view: v\nallow-site-names: yes\n" B "client-tag: u\n"
		"client: ::1\n", NULL, W("2:13") UNKNOWN, "::1", "b ::1/128" },
	{ "site names of a host that is not known", A "client: ::1\n"
		"allow-site-names: yes\n", NULL, W("1:1") UNKNOWN, "::1",
		"a ::1/128" },
	{ "a host that is not known and not asked", A "client: ::1\n"
		"allow-site-names: no\n", NULL, "", "::1", "a ::1/128" },
	{ "a host without a zone", A "client: ::1\nallow-site-names: yes\n",
		TAGGED, W("1:1") "allow-site-names changes nothing: "
		"unbound.conf declares no zone but the root\n", "::1",
		"a ::1/128" },
	{ "zones of one label", A "client: ::1\n" B "client: ::2\n"
		"allow-site-names: yes\n", "zone name=com. kind=forward\n"
		"zone name=corp.example. kind=stub\n"
		"zone name=COM. kind=stub\nzone name=lan. kind=auth\n",
		"unbound.conf: warning: forward zone \"com.\" is of one "
		"label: with allow-site-names group \"b\" may ask for "
		"everything below it\nunbound.conf: warning: auth zone "
		"\"lan.\" is of one label: with allow-site-names group \"b\" "
		"may ask for everything below it\n", "::2", "b ::2/128" },
	{ "zones of one label that nobody wants", A "client: ::1\n",
		"zone name=com. kind=forward\n", "", "::1", "a ::1/128" },
	{ "a text that is none", A "client: ::1\n", TAGGED "hello\n",
		"policy: error: found line 3 of what unbound.conf declares "
		"damaged, expected what \"bitsinkctl site\" prints\n", NULL,
		NULL },
};

static void
mistakes_are_told_with_their_places(void **state)
{
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(told_rows); i++) {
		const struct told_row *row = &told_rows[i];
		struct loaded loaded = load_with(row->policy, row->site, NULL);

		wrong += row_text(row->row, row->expected, loaded.text);
		wrong += row_number(row->row, "loaded", row->client != NULL,
			loaded.policy != NULL);
		if (row->client != NULL && loaded.policy != NULL)
			wrong += row_text(row->row, row->place,
				place_of(loaded.policy, row->client).text);
		unload(&loaded);
	}
	assert_int_equal(wrong, 0);
}

/* What a tag and the default group take is told by no check as missing. */
static void
a_group_without_a_client_of_its_own_may_have_some(void **state)
{
	struct loaded loaded = load_with("bitsink: default-group: c\n"
		A "client-tag: t\n" B "client-view: v\n"
		"group: name: c allow: c.example\n"
		"group: name: d allow: d.example\n", TAGGED
		"client prefix=::1 view=v\n", NULL);

	(void)state;
	assert_string_equal(loaded.text, W("7:1") "group \"d\" has no client "
		"and restricts nobody\n");
	unload(&loaded);
}

static void
prefixes_are_counted_as_they_are_in_the_table(void **state)
{
	struct loaded loaded = load_with("bitsink: default-group: b\n"
		"unrestricted: 192.0.2.0/24\n" A "client-tag: t\n"
		"client: 10.0.0.0/16\nclient: 10.0.0.0/16\n" B, NESTED, NULL);
	struct client_entry entry;
	size_t i, counts[2] = { 0, 0 };

	(void)state;
	assert_non_null(loaded.policy);
	for (i = 0; clients_entry(loaded.policy->clients, i, &entry) == 0; i++)
		assert_true(entry.group < 2 || entry.group == CLIENTS_NONE);
	assert_int_equal(i, 7);
	assert_int_equal(loaded.policy->prefix_count, 7);
	clients_count(loaded.policy->clients, counts, 2);
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 3);
	unload(&loaded);
}

/* --- The zones of the host. */

#define ZONES "zone name=Corp.example. kind=stub\n" \
	"zone name=\\042.wild.example. kind=auth\n" \
	"zone name=a\\092.b.example. kind=forward\n"

static int
is_zone(const struct policy *policy, const uint8_t *wire, size_t length)
{
	struct names_match match = { .rule = NULL };
	struct name name;

	assert_int_equal(name_from_wire(&name, wire, length), 0);
	names_find(policy->site, &name, NAMES_NO_RULE, &match);
	if (match.rule == NULL)
		return 0;
	assert_string_equal(policy->sources[match.rule->source],
		"unbound.conf");
	assert_int_equal(match.rule->line, 0);
	assert_int_equal(match.rule->column, 0);
	assert_int_equal(match.rule->deny, 0);
	return 1;
}

#define is_zone_of(policy, octets) \
	is_zone(policy, (const uint8_t *)(octets), sizeof(octets))

static void
zones_are_allowed_with_what_is_below(void **state)
{
	struct loaded loaded = load_with(A "client: ::1\n"
		"allow-site-names: yes\n", ZONES, NULL);
	const struct policy *policy = loaded.policy;

	(void)state;
	assert_string_equal(loaded.text, "");
	assert_non_null(policy);
	assert_int_equal(policy->source_count, 2);
	assert_string_equal(policy->sources[0], "policy.conf");
	assert_string_equal(policy->sources[1], "unbound.conf");
	/* Only patterns that somebody wrote are counted. */
	assert_int_equal(policy->pattern_count, 1);
	assert_true(is_zone_of(policy, "\4CORP\7example"));
	assert_true(is_zone_of(policy, "\1x\1y\4corp\7example"));
	assert_false(is_zone_of(policy, "\5xcorp\7example"));
	assert_false(is_zone_of(policy, "\7example"));
	/* An asterisk is one, and an escaped dot is inside its label. */
	assert_true(is_zone_of(policy, "\1*\4wild\7example"));
	assert_true(is_zone_of(policy, "\1x\1*\4wild\7example"));
	assert_false(is_zone_of(policy, "\1x\4wild\7example"));
	assert_true(is_zone_of(policy, "\3a.b\7example"));
	assert_false(is_zone_of(policy, "\1a\1b\7example"));
	unload(&loaded);
}

static void
zones_that_no_group_wants_are_not_kept(void **state)
{
	struct loaded loaded = load_with(A "client: ::1\n", ZONES, NULL);

	(void)state;
	assert_non_null(loaded.policy);
	assert_null(loaded.policy->site);
	assert_int_equal(loaded.policy->source_count, 1);
	unload(&loaded);
}

/* unbound.conf is not read here, and a file of that name may be anybody's. */
static void
what_the_zones_are_from_is_not_watched(void **state)
{
	static const struct timespec after_all = { INT64_C(100000000000), 0 };
	struct loaded loaded = load_with(A "client: ::1\n"
		"allow-site-names: yes\n", ZONES, NULL);
	struct filewatch watch;

	(void)state;
	assert_non_null(loaded.policy);
	filewatch_note(&watch, loaded.policy, &after_all);
	write_text("unbound.conf", "server:\n");
	assert_false(filewatch_changed(&watch, loaded.policy));
	assert_false(filewatch_changed(&watch, loaded.policy));
	write_text("policy.conf", "# another\n");
	assert_false(filewatch_changed(&watch, loaded.policy));
	assert_true(filewatch_changed(&watch, loaded.policy));
	unload(&loaded);
}

/* --- Tapes. */

static void
record(struct tape *tape, const char *site)
{
	struct loaded loaded;

	memset(tape, 0, sizeof(*tape));
	loaded = load_with(A "client-tag: t\nallow-site-names: yes\n", site,
		tape);
	assert_non_null(loaded.policy);
	assert_int_equal(tape_finish(tape), 0);
	unload(&loaded);
}

/* Replays what was recorded, on a host that declares SITE now. */
static struct loaded
replay(struct tape *tape, const char *site)
{
	struct loaded loaded;

	assert_int_equal(tape_open(tape, tape->memory, tape->length), 0);
	loaded = load_with("gone\n", site, tape);
	tape_clear(tape);
	return loaded;
}

static void
what_the_host_declared_is_replayed(void **state)
{
	struct loaded loaded;
	struct tape tape;

	(void)state;
	record(&tape, TAGGED ZONES);
	loaded = replay(&tape, NULL);
	assert_string_equal(loaded.text, "");
	assert_non_null(loaded.policy);
	assert_string_equal(place_of(loaded.policy, "10.0.0.1").text,
		"a 10.0.0.0/8");
	assert_true(is_zone_of(loaded.policy, "\4corp\7example"));
	unload(&loaded);
	record(&tape, TAGGED ZONES);
	loaded = replay(&tape, "tag name=t\nclient prefix=192.0.2.1 tags=t\n");
	assert_non_null(loaded.policy);
	assert_string_equal(place_of(loaded.policy, "10.0.0.1").text,
		"a 10.0.0.0/8");
	assert_string_equal(place_of(loaded.policy, "192.0.2.1").text, "-");
	unload(&loaded);
}

/* Nor had an older version anything to record. */
static void
what_was_not_known_is_not_known_in_a_replay(void **state)
{
	struct loaded loaded;
	struct tape tape;

	(void)state;
	record(&tape, NULL);
	loaded = replay(&tape, TAGGED ZONES);
	assert_string_equal(loaded.text, W("2:13") UNKNOWN);
	assert_non_null(loaded.policy);
	assert_null(loaded.policy->site);
	assert_string_equal(place_of(loaded.policy, "10.0.0.1").text, "-");
	unload(&loaded);
}

static void
a_recorded_text_that_is_none_is_told(void **state)
{
	static const char policy[] = A "client: ::1\n";
	struct loaded loaded;
	struct tape tape;

	(void)state;
	memset(&tape, 0, sizeof(tape));
	tape_put(&tape, TAPE_SITE, "", 0, "hello", 5);
	tape_put(&tape, TAPE_FILE, "policy.conf", 11, policy, strlen(policy));
	assert_int_equal(tape_finish(&tape), 0);
	loaded = replay(&tape, TAGGED);
	assert_null(loaded.policy);
	assert_string_equal(loaded.text, "policy: error: found line 1 of what "
		"unbound.conf declares damaged, expected what \"bitsinkctl "
		"site\" prints\n");
	unload(&loaded);
}

/* --- Chance. */

enum { WORDS_MAX = 400 };

/* Who says a word about a prefix, in the order in which it counts for the
 * same prefix: the later the more. */
enum speaker { DEFAULT, NETBLOCK, CLIENT, UNRESTRICTED, UNRESTRICTED_HERE };

struct word {
	enum speaker speaker;
	struct prefix prefix;
	/* Of a client, of a group's unrestricted, of the default; of a netblock
	 * what claims it: CLIENTS_NONE for nobody. */
	uint32_t group;
};

struct world {
	struct word words[WORDS_MAX];
	size_t count;
};

static void
any_bits_behind(struct chance *chance, struct address *address, unsigned from)
{
	unsigned bits = address->family == ADDRESS_IP4 ? 32 : 128, bit;

	for (bit = from; bit < bits; bit++)
		if (chance_below(chance, 2))
			address->octets[bit / 8] ^=
				(uint8_t)(0x80 >> bit % 8);
}

/* Often inside another, or the same as another. */
static struct prefix
any_prefix(struct chance *chance, const struct world *world)
{
	struct prefix prefix;
	unsigned bits, more;

	memset(&prefix, 0, sizeof(prefix));
	if (world->count > 0 && chance_below(chance, 8) > 0)
		prefix = world->words[chance_below(chance,
			(unsigned)world->count)].prefix;
	else
		prefix.address.family = chance_below(chance, 3) > 0
			? ADDRESS_IP4 : ADDRESS_IP6;
	bits = prefix.address.family == ADDRESS_IP4 ? 32 : 128;
	more = chance_below(chance, 4);
	any_bits_behind(chance, &prefix.address, prefix.length);
	if (prefix.length + more <= bits)
		prefix.length += more;
	prefix_mask(prefix.address.octets, prefix.length);
	return prefix;
}

static int
same_prefix(const struct prefix *a, const struct prefix *b)
{
	return clients_order(a, b) == 0;
}

/* Whether the policy may say this beside what it says already. */
static int
may_be_said(const struct world *world, const struct word *word)
{
	size_t i;

	for (i = 0; i < world->count; i++) {
		const struct word *other = &world->words[i];

		if (!same_prefix(&other->prefix, &word->prefix))
			continue;
		if (word->speaker == NETBLOCK && other->speaker == NETBLOCK)
			return 0;
		if ((word->speaker == CLIENT && other->speaker >= CLIENT) ||
		    (word->speaker > CLIENT && other->speaker == CLIENT))
			return 0;
	}
	return 1;
}

static void
any_words(struct chance *chance, struct world *world, unsigned count)
{
	static const enum speaker speakers[] = { NETBLOCK, NETBLOCK, NETBLOCK,
		CLIENT, CLIENT, UNRESTRICTED, UNRESTRICTED_HERE };

	world->count = 0;
	for (; count > 0; count--) {
		struct word *word = &world->words[world->count];

		word->speaker = speakers[chance_below(chance,
			COUNT_OF(speakers))];
		word->prefix = any_prefix(chance, world);
		word->group = chance_below(chance, 3);
		if (word->speaker == NETBLOCK && chance_below(chance, 3) == 0)
			word->group = CLIENTS_NONE;
		if (may_be_said(world, word))
			world->count++;
	}
}

/* As the manual has it: of the host's netblocks the longest counts alone; then
 * from the shortest word to the longest each one changes what was before it,
 * and a group's unrestricted only what is in that group. */
static uint32_t
by_the_rules(const struct world *world, uint32_t default_group,
	const struct address *address)
{
	const struct word *netblock = NULL;
	uint32_t group = CLIENTS_NONE;
	unsigned length, speaker;
	size_t i;

	for (i = 0; i < world->count; i++) {
		const struct word *word = &world->words[i];

		if (word->speaker == NETBLOCK &&
		    prefix_holds(&word->prefix, address) && (netblock == NULL ||
		    word->prefix.length > netblock->prefix.length))
			netblock = word;
	}
	for (length = 0; length <= 128; length++)
		for (speaker = DEFAULT; speaker <= UNRESTRICTED_HERE;
		    speaker++) {
			if (speaker == DEFAULT && length == 0)
				group = default_group;
			for (i = 0; i < world->count; i++) {
				const struct word *word = &world->words[i];

				if (word->speaker != speaker ||
				    word->prefix.length != length ||
				    !prefix_holds(&word->prefix, address))
					continue;
				if (speaker == CLIENT || (word == netblock &&
				    word->group != CLIENTS_NONE))
					group = word->group;
				else if (speaker == UNRESTRICTED || (speaker ==
				    UNRESTRICTED_HERE && word->group == group))
					group = CLIENTS_NONE;
			}
		}
	return group;
}

/* Groups are called 0, 1 and 2; each has a tag and a view. */
static void
write_world(struct chance *chance, const struct world *world,
	uint32_t default_group, char *policy, char *site)
{
	char text[PREFIX_TEXT_MAX];
	uint32_t group;
	size_t i;

	policy += sprintf(policy, "bitsink:\n");
	if (default_group != CLIENTS_NONE)
		policy += sprintf(policy, "default-group: %u\n", default_group);
	site += sprintf(site, "tag name=t0\ntag name=t1\ntag name=t2\n"
		"tag name=other\n");
	/* So that all of them are there; nobody asks from here. */
	for (group = 0; group < 3; group++)
		site += sprintf(site, "client prefix=2001:db8::%u tags=t%u "
			"view=v%u\n", group, group, group);
	for (i = 0; i < world->count; i++) {
		const struct word *word = &world->words[i];

		prefix_to_text(&word->prefix, text);
		if (word->speaker == UNRESTRICTED)
			policy += sprintf(policy, "unrestricted: %s\n", text);
		if (word->speaker != NETBLOCK)
			continue;
		site += sprintf(site, "client prefix=%s", text);
		if (word->group == CLIENTS_NONE)
			site += sprintf(site, "%s", chance_below(chance, 2)
				? " tags=other" : "");
		else if (chance_below(chance, 2))
			site += sprintf(site, " tags=other\\032t%u",
				word->group);
		else
			site += sprintf(site, " view=v%u", word->group);
		site += sprintf(site, "\n");
	}
	for (group = 0; group < 3; group++) {
		policy += sprintf(policy, "group: name: %u allow: a.example\n"
			"client-tag: t%u client-view: v%u\n", group, group,
			group);
		for (i = 0; i < world->count; i++) {
			const struct word *word = &world->words[i];

			prefix_to_text(&word->prefix, text);
			if (word->group == group && word->speaker == CLIENT)
				policy += sprintf(policy, "client: %s\n", text);
			if (word->group == group &&
			    word->speaker == UNRESTRICTED_HERE)
				policy += sprintf(policy, "unrestricted: %s\n",
					text);
		}
	}
}

/* The addresses at both ends of a prefix, and beside them. */
static struct address
any_address(struct chance *chance, const struct world *world)
{
	const struct prefix *prefix = &world->words[chance_below(chance,
		(unsigned)world->count)].prefix;
	struct address address = prefix->address;
	unsigned bits = address.family == ADDRESS_IP4 ? 32 : 128;
	unsigned bit, way = chance_below(chance, 4);

	for (bit = prefix->length; bit < bits; bit++)
		if (way == 1 || (way > 1 && chance_below(chance, 2)))
			address.octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (way == 3 && prefix->length > 0) {
		bit = prefix->length - 1;
		address.octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return address;
}

/* Returns how many addresses are in a group, of 200. */
static unsigned
compare_worlds(struct chance *chance, const struct world *world,
	uint32_t default_group)
{
	static char policy[WORDS_MAX * 100], site[WORDS_MAX * 100];
	struct loaded loaded;
	unsigned i, found = 0;

	write_world(chance, world, default_group, policy, site);
	loaded = load_with(policy, site, NULL);
	if (loaded.policy == NULL)
		print_error("%s%s%s", policy, site, loaded.text);
	assert_non_null(loaded.policy);
	for (i = 0; i < 200; i++) {
		struct address address = any_address(chance, world);
		uint32_t group = by_the_rules(world, default_group, &address);
		char text[PREFIX_TEXT_MAX];

		address_to_text(&address, text);
		if (clients_find(loaded.policy->clients, &address) != group)
			print_error("%s%s%s: expected %d, found %s\n", policy,
				site, text, (int)group,
				place_of(loaded.policy, text).text);
		assert_int_equal(clients_find(loaded.policy->clients,
			&address), group);
		found += group != CLIENTS_NONE;
	}
	unload(&loaded);
	return found;
}

static void
any_words_are_judged_by_the_rules(void **state)
{
	enum { WORLDS = 300 };
	struct chance chance = { 31 };
	static struct world world;
	unsigned i, found = 0;

	(void)state;
	for (i = 0; i < WORLDS; i++) {
		uint32_t default_group = chance_below(&chance, 6);

		if (default_group > 2)
			default_group = CLIENTS_NONE;
		any_words(&chance, &world, i % 20 == 19 ? WORDS_MAX
			: 2 + chance_below(&chance, 30));
		found += compare_worlds(&chance, &world, default_group);
	}
	assert_in_range(found, WORLDS * 200 / 4, WORLDS * 200 / 8 * 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(the_longest_word_said_of_a_client_counts),
		test_in_folder(mistakes_are_told_with_their_places),
		test_in_folder(
			a_group_without_a_client_of_its_own_may_have_some),
		test_in_folder(prefixes_are_counted_as_they_are_in_the_table),
		test_in_folder(zones_are_allowed_with_what_is_below),
		test_in_folder(zones_that_no_group_wants_are_not_kept),
		test_in_folder(what_the_zones_are_from_is_not_watched),
		test_in_folder(what_the_host_declared_is_replayed),
		test_in_folder(what_was_not_known_is_not_known_in_a_replay),
		test_in_folder(a_recorded_text_that_is_none_is_told),
		test_in_folder(any_words_are_judged_by_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
