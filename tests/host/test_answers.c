/*
 * test_answers.c - what a blocked client gets, action by action, on the wire.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDE_BLOCKED 15

/* A group of its own for each action, each with one client. */
#define ACTIONS_POLICY \
	"group:\n  name: nx\n  client: 127.0.0.2\n  client: " \
		SANDBOX_IP6_UPDATE "\n" \
	"  allow: .allowed.test\n  deny: denied.allowed.test\n  ttl: 77\n" \
	"group:\n  name: nodata\n  client: 127.0.0.3\n" \
	"  allow: .allowed.test\n  action: nodata\n  ttl: 5\n" \
	"group:\n  name: refuse\n  client: 127.0.0.4\n" \
	"  allow: .allowed.test\n  action: refused\n" \
	"group:\n  name: drop\n  client: 127.0.0.5\n" \
	"  allow: .allowed.test\n  action: drop\n" \
	"group:\n  name: hole\n  client: 127.0.0.6\n" \
	"  allow: .allowed.test\n  action: sinkhole\n" \
	"  sinkhole: 192.0.2.10\n  sinkhole: 2001:db8::10\n  ttl: 88\n" \
	"group:\n  name: hole4\n  client: 127.0.0.7\n" \
	"  allow: .allowed.test\n  action: sinkhole\n" \
	"  sinkhole: 192.0.2.11\n  sinkhole: 192.0.2.12\n"

static int
setup(void **state)
{
	static const struct resolver_options options = {
		.policy = ACTIONS_POLICY,
		.server = "  max-udp-size: 4096\n",
	};

	world_start(state, &options);
	return 0;
}

struct expected {
	const char *description;
	const char *client;
	int type;
	const char *line;
	/* TTL of the SOA in the authority section; -1: there is none. */
	int soa_ttl;
	/* TTL of the answers; -1: there are none. */
	int answer_ttl;
	const char *explanation;
};

static const struct expected table[] = {
	{ "nxdomain, A", "127.0.0.2", TYPE_A, "NXDOMAIN", 77, -1,
		"bitsink: group \"nx\" has no allow for this name" },
	{ "nxdomain, TXT", "127.0.0.2", TYPE_TXT, "NXDOMAIN", 77, -1,
		"bitsink: group \"nx\" has no allow for this name" },
	{ "nxdomain over IPv6", SANDBOX_IP6_UPDATE, TYPE_AAAA, "NXDOMAIN",
		77, -1, "bitsink: group \"nx\" has no allow for this name" },
	{ "nodata, A", "127.0.0.3", TYPE_A, "NOERROR", 5, -1,
		"bitsink: group \"nodata\" has no allow for this name" },
	{ "nodata, ANY", "127.0.0.3", TYPE_ANY, "NOERROR", 5, -1,
		"bitsink: group \"nodata\" has no allow for this name" },
	{ "refused, A", "127.0.0.4", TYPE_A, "REFUSED", -1, -1,
		"bitsink: group \"refuse\" has no allow for this name" },
	{ "sinkhole, A", "127.0.0.6", TYPE_A, "NOERROR 192.0.2.10", -1, 88,
		"bitsink: group \"hole\" has no allow for this name" },
	{ "sinkhole, AAAA", "127.0.0.6", TYPE_AAAA, "NOERROR 2001:db8::10",
		-1, 88, "bitsink: group \"hole\" has no allow for this name" },
	{ "sinkhole, ANY: all there is", "127.0.0.6", TYPE_ANY,
		"NOERROR 192.0.2.10 2001:db8::10", -1, 88,
		"bitsink: group \"hole\" has no allow for this name" },
	{ "sinkhole, TXT: no such data", "127.0.0.6", TYPE_TXT, "NOERROR",
		88, -1, "bitsink: group \"hole\" has no allow for this name" },
	{ "sinkhole, HTTPS: no hints past it", "127.0.0.6",
		LDNS_RR_TYPE_HTTPS, "NOERROR", 88, -1,
		"bitsink: group \"hole\" has no allow for this name" },
	{ "IPv4 sinkholes, A: all of them", "127.0.0.7", TYPE_A,
		"NOERROR 192.0.2.11 192.0.2.12", -1, 60,
		"bitsink: group \"hole4\" has no allow for this name" },
	{ "IPv4 sinkholes, AAAA: no such data", "127.0.0.7", TYPE_AAAA,
		"NOERROR", 60, -1,
		"bitsink: group \"hole4\" has no allow for this name" },
};

static void
check_sections(const struct expected *row, const ldns_pkt *answer)
{
	const ldns_rr_list *authority = ldns_pkt_authority(answer);
	size_t i;

	if (row->soa_ttl >= 0) {
		const ldns_rr *soa;

		assert_int_equal(ldns_pkt_nscount(answer), 1);
		soa = ldns_rr_list_rr(authority, 0);
		assert_int_equal(ldns_rr_get_type(soa), LDNS_RR_TYPE_SOA);
		assert_int_equal(ldns_rr_ttl(soa), row->soa_ttl);
		assert_int_equal(ldns_rdf2native_int32(ldns_rr_rdf(soa, 6)),
			row->soa_ttl);
	} else {
		assert_int_equal(ldns_pkt_nscount(answer), 0);
	}
	for (i = 0; i < ldns_pkt_ancount(answer); i++)
		assert_int_equal(ldns_rr_ttl(ldns_rr_list_rr(
			ldns_pkt_answer(answer), i)), row->answer_ttl);
}

static void
check_header(const ldns_pkt *answer, const struct question *question)
{
	assert_true(ldns_pkt_qr(answer));
	assert_true(ldns_pkt_ra(answer));
	assert_true(ldns_pkt_rd(answer));
	assert_false(ldns_pkt_aa(answer));
	assert_false(ldns_pkt_ad(answer));
	assert_false(ldns_pkt_tc(answer));
	assert_int_equal(ldns_pkt_cd(answer) != 0,
		(question->flags & ASK_CD) != 0);
	assert_int_equal(ldns_pkt_qdcount(answer), 1);
}

static void
check_edns(const struct expected *row, const ldns_pkt *answer,
	const struct question *question)
{
	char text[256];
	int code = answer_ede(answer, text, sizeof(text));

	if (!(question->flags & (ASK_EDNS | ASK_DO))) {
		assert_false(ldns_pkt_edns(answer));
		return;
	}
	assert_true(ldns_pkt_edns(answer));
	assert_int_equal(ldns_pkt_edns_do(answer) != 0,
		(question->flags & ASK_DO) != 0);
	assert_int_equal(code, EDE_BLOCKED);
	assert_string_equal(text, row->explanation);
}

static void
each_action_has_its_answer(void **state)
{
	static const unsigned flags[] = { 0, ASK_EDNS, ASK_DO | ASK_CD,
		ASK_DO | ASK_AD };
	static const enum transport transports[] = { ASK_UDP, ASK_TCP };
	size_t i, f, t;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
	for (f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
	for (t = 0; t < sizeof(transports) / sizeof(transports[0]); t++) {
		const struct expected *row = &table[i];
		struct question question = Q(row->client, "eViL.tEsT",
			row->type, .flags = flags[f],
			.transport = transports[t]);
		ldns_pkt *answer;
		char *line, *owner;

		print_message("%s\n", row->description);
		answer = ask(question);
		check_header(answer, &question);
		check_sections(row, answer);
		check_edns(row, answer, &question);
		owner = ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(
			ldns_pkt_question(answer), 0)));
		assert_string_equal(owner, "eViL.tEsT.");
		free(owner);
		line = answer_line(answer);
		assert_string_equal(line, row->line);
		free(line);
	}
}

static void
a_dropped_query_has_no_answer(void **state)
{
	struct world *world = *state;

	ask_expect_silence(Q("127.0.0.5", "evil.test", TYPE_A), 300);
	ask_expect_silence(Q("127.0.0.5", "evil.test", TYPE_TXT,
		.flags = ASK_DO), 300);
	/* Names that it may have, it gets. */
	assert_answer(Q("127.0.0.5", "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	assert_int_equal(upstream_count(world->upstream, "evil.test", 0), 0);
}

static void
a_dropped_query_leaves_nothing_behind(void **state)
{
	struct world *world = *state;
	int i;

	for (i = 0; i < 20; i++) {
		struct asking *asking = ask_begin(Q("127.0.0.5", "evil.test",
			TYPE_A, .transport = i % 2 ? ASK_TCP : ASK_UDP));

		assert_answer(Q(ORDINARY, "www.allowed.test", TYPE_A),
			"NOERROR 198.51.100.1");
		ask_cancel(asking);
	}
	assert_int_equal(resolver_stat(world->resolver,
		"total.requestlist.current.all"), 0);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-drop"), 20);
}

static void
a_denied_name_says_so(void **state)
{
	char text[256];
	ldns_pkt *answer = ask(Q("127.0.0.2", "denied.allowed.test", TYPE_A,
		.flags = ASK_EDNS));

	(void)state;
	assert_int_equal(answer_ede(answer, text, sizeof(text)), EDE_BLOCKED);
	assert_string_equal(text, "bitsink: group \"nx\" denies this name");
	ldns_pkt_free(answer);
}

static void
another_class_says_so(void **state)
{
	char text[256];
	ldns_pkt *answer = ask(Q("127.0.0.2", "www.allowed.test", TYPE_A,
		.flags = ASK_EDNS | ASK_CHAOS));

	(void)state;
	assert_int_equal(ldns_pkt_get_rcode(answer), LDNS_RCODE_REFUSED);
	assert_int_equal(answer_ede(answer, text, sizeof(text)), EDE_BLOCKED);
	assert_string_equal(text,
		"bitsink: group \"nx\" may ask in class IN only");
	ldns_pkt_free(answer);
}

/* The longest name there is, with labels of 63 octets. */
static void
make_longest_name(char *name, const char *top)
{
	static const char label[] = "0123456789abcdef0123456789abcdef"
		"0123456789abcdef0123456789abcde.";

	/* 3 * 64, then 255 - 192 - 1 - 5 - 1 octets for the last. */
	snprintf(name, 300, "%s%s%s%.*s.%s", label, label, label, 56, label,
		top);
}

static void
the_longest_name_fits_into_the_smallest_answer(void **state)
{
	static const char *const clients[] = { "127.0.0.2", "127.0.0.3",
		"127.0.0.4", "127.0.0.6", "127.0.0.7" };
	char name[300];
	size_t i;

	(void)state;
	make_longest_name(name, "test");
	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		ldns_pkt *answer = ask(Q(clients[i], name, TYPE_ANY));

		assert_false(ldns_pkt_tc(answer));
		ldns_pkt_free(answer);
		answer = ask(Q(clients[i], name, TYPE_ANY,
			.flags = ASK_DO, .udp_size = 512));
		assert_false(ldns_pkt_tc(answer));
		assert_true(ldns_pkt_edns(answer));
		assert_true(ldns_pkt_size(answer) <= 512);
		ldns_pkt_free(answer);
	}
}

/* A buffer size below 512 counts as 512 only by RFC 6891; Unbound takes it at
 * its word unless told otherwise. */
static void
a_tiny_buffer_size_truncates_and_reveals_nothing(void **state)
{
	static const struct resolver_options options = {
		.policy = ACTIONS_POLICY,
		.server = "  harden-short-bufsize: no\n",
	};
	unsigned size;

	world_start(state, &options);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	for (size = 24; size <= 200; size += 8) {
		ldns_pkt *answer = ask(Q("127.0.0.6", "evil.test", TYPE_A,
			.flags = ASK_EDNS, .udp_size = size));

		assert_true(ldns_pkt_size(answer) <= size);
		assert_true(ldns_pkt_tc(answer) ||
			ldns_pkt_ancount(answer) == 1);
		ldns_pkt_free(answer);
		answer = ask(Q("127.0.0.2", "evil.test", TYPE_A,
			.flags = ASK_EDNS, .udp_size = size));
		assert_true(ldns_pkt_size(answer) <= size);
		assert_int_equal(ldns_pkt_ancount(answer), 0);
		assert_int_equal(ldns_pkt_get_rcode(answer),
			LDNS_RCODE_NXDOMAIN);
		ldns_pkt_free(answer);
	}
}

static void
statistics_count_blocked_answers_by_action(void **state)
{
	static const struct {
		const char *client;
		const char *counter;
		int count;
	} rows[] = {
		{ "127.0.0.2", "num.rpz.action.rpz-nxdomain", 3 },
		{ "127.0.0.3", "num.rpz.action.rpz-nodata", 4 },
		{ "127.0.0.4", "num.rpz.action.rpz-cname-override", 5 },
		{ "127.0.0.6", "num.rpz.action.rpz-local-data", 6 },
	};
	struct world *world = *state;
	size_t i;
	int n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (n = 0; n < rows[i].count; n++)
			ldns_pkt_free(ask(Q(rows[i].client, "evil.test",
				TYPE_A)));
		assert_answer(Q(rows[i].client, "www.allowed.test", TYPE_A),
			"NOERROR 198.51.100.1");
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(resolver_stat(world->resolver,
			rows[i].counter), rows[i].count);
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-disabled"), 0);
	/* Unbound's own counters see the answers too. */
	assert_int_equal(resolver_stat(world->resolver,
		"num.answer.rcode.NXDOMAIN"), 3);
	assert_int_equal(resolver_stat(world->resolver,
		"num.answer.rcode.REFUSED"), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_action_has_its_answer,
			setup, world_stop),
		cmocka_unit_test_setup_teardown(a_dropped_query_has_no_answer,
			setup, world_stop),
		cmocka_unit_test_setup_teardown(
			a_dropped_query_leaves_nothing_behind, setup,
			world_stop),
		cmocka_unit_test_setup_teardown(a_denied_name_says_so, setup,
			world_stop),
		cmocka_unit_test_setup_teardown(another_class_says_so, setup,
			world_stop),
		cmocka_unit_test_setup_teardown(
			the_longest_name_fits_into_the_smallest_answer, setup,
			world_stop),
		own_world_test(
			a_tiny_buffer_size_truncates_and_reveals_nothing),
		cmocka_unit_test_setup_teardown(
			statistics_count_blocked_answers_by_action, setup,
			world_stop),
	};

	return world_main(tests);
}
