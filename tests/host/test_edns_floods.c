/*
 * test_edns_floods.c - queries whose EDNS options make the answer's options
 * outgrow it. Some Unbounds do not survive such queries for other names; for
 * blocked ones bitsink must not be how they die.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "line.h"

#define OPTION_NSID 3
#define OPTION_PADDING 12

struct flood {
	const char *description;
	enum transport transport;
	unsigned nsids;
	int padding;
	unsigned udp_size;
};

static const struct flood floods[] = {
	{ "UDP, one NSID", ASK_UDP, 1, 0, 1232 },
	{ "UDP, more NSIDs than fit", ASK_UDP, 100, 0, 1232 },
	{ "UDP, as many as wrap 16 bits", ASK_UDP, 8192, 0, 65535 },
	{ "UDP, as many as make a large packet", ASK_UDP, 9000, 0, 65535 },
	{ "TCP, as many as wrap 16 bits", ASK_TCP, 8192, 0, 1232 },
	{ "TCP, as many as fit into a message", ASK_TCP, 16000, 0, 1232 },
	{ "TLS, padding alone", ASK_TLS, 0, 1, 1232 },
	{ "TLS, padding behind some NSIDs", ASK_TLS, 100, 1, 1232 },
	{ "TLS, padding behind many NSIDs", ASK_TLS, 2000, 1, 1232 },
	{ "TLS, padding behind all that wrap", ASK_TLS, 8192, 1, 1232 },
	{ "TLS, padding behind still more", ASK_TLS, 9000, 1, 1232 },
};

static uint8_t *
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

/* A query for NAME (wire format), type ANY, with the flood's options. */
static size_t
write_query(uint8_t *query, const uint8_t *name, size_t length,
	const struct flood *flood)
{
	static const uint8_t header[12] = { 0x12, 0x34, 0x01, 0, 0, 1, 0, 0,
		0, 0, 0, 1 };
	unsigned i, options = 4 * (flood->nsids + (flood->padding != 0));
	uint8_t *at = query;

	memcpy(at, header, sizeof(header));
	memcpy(at + sizeof(header), name, length);
	at = put16(at + sizeof(header) + length, LDNS_RR_TYPE_ANY);
	at = put16(at, LDNS_RR_CLASS_IN);
	*at++ = 0;
	at = put16(at, LDNS_RR_TYPE_OPT);
	at = put16(at, flood->udp_size);
	at = put16(put16(at, 0), 0);
	at = put16(at, options);
	for (i = 0; i < flood->nsids; i++)
		at = put16(put16(at, OPTION_NSID), 0);
	if (flood->padding)
		at = put16(put16(at, OPTION_PADDING), 0);
	return (size_t)(at - query);
}

/* Sends the flood for a blocked name; what comes back is a whole answer with
 * one OPT record and no record of the name. */
static void
assert_survives(const char *from, const uint8_t *name, size_t length,
	const struct flood *flood)
{
	static uint8_t query[LINE_MESSAGE_MAX], octets[LINE_MESSAGE_MAX];
	struct line *line = line_open(flood->transport, from);
	size_t got;
	ldns_pkt *answer;

	line_send(line, query, write_query(query, name, length, flood));
	line_flush(line);
	got = line_receive(line, octets);
	assert_true(got > 0);
	assert_int_equal(ldns_wire2pkt(&answer, octets, got), LDNS_STATUS_OK);
	assert_true(ldns_pkt_edns(answer));
	assert_int_equal(ldns_pkt_arcount(answer), 0);
	assert_true(ldns_pkt_get_rcode(answer) == LDNS_RCODE_NXDOMAIN ||
		ldns_pkt_ancount(answer) == 2);
	ldns_pkt_free(answer);
	line_close(line);
}

static void
flood(void **state, const char *more)
{
	static const uint8_t name[] = "\4evil\4test";
	struct resolver_options options = { .policy = WORLD_POLICY };
	char *folder = sandbox_folder(), *tls = resolver_tls(folder), *server;
	size_t i;

	if (asprintf(&server, "%s  nsid: \"ascii_abcdefghijkl\"\n%s",
	    tls, more) < 0)
		abort();
	options.server = server;
	world_start(state, &options);
	for (i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		print_message("%s\n", floods[i].description);
		assert_survives(UPDATE_HOST, name, sizeof(name), &floods[i]);
		assert_survives(UPDATE_HOST_2, name, sizeof(name), &floods[i]);
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
			"NOERROR 203.0.113.66");
	}
	free(server);
	free(tls);
	sandbox_remove(folder);
}

static void
no_flood_of_options_kills_the_resolver(void **state)
{
	flood(state, "");
}

static void
no_flood_kills_a_resolver_that_advertises_little(void **state)
{
	flood(state, "  edns-buffer-size: 512\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		own_world_test(no_flood_of_options_kills_the_resolver),
		own_world_test(
			no_flood_kills_a_resolver_that_advertises_little),
	};

	return world_main(tests);
}
