/*
 * test_answer.c - the message that a blocked client gets, as ldns reads it.
 */
#include "support.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

#include "answer.h"

enum {
	ID = 0x5ac3,
	TTL = 77,
	/* Of the header, in the order of its octets 2 and 3. */
	QR = 0x8000,
	AA = 0x0400,
	TC = 0x0200,
	RD = 0x0100,
	RA = 0x0080,
	Z = 0x0040,
	AD = 0x0020,
	CD = 0x0010,
	RCODE = 0x000f,
	OPCODE = 0x7800
};

/* A query and the room its answer is written to. */
struct message {
	uint8_t octets[ANSWER_MAX];
	size_t length;
	struct query query;
	uint8_t qname[NAME_OCTETS_MAX];
};

static unsigned
read16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* A query as it arrives, with the question in the message; some octets of an
 * OPT record are behind it and counted. */
static void
ask_wire(struct message *message, const uint8_t *qname, size_t qname_len,
	unsigned qtype, unsigned flags)
{
	uint8_t *at = message->octets;

	memset(message, 0xa5, sizeof(*message));
	put16(at, ID);
	put16(at + 2, flags);
	put16(at + 4, 1);
	put16(at + 6, 0);
	put16(at + 8, 0);
	put16(at + 10, 1);
	memcpy(at + ANSWER_HEADER, qname, qname_len);
	memcpy(message->qname, qname, qname_len);
	put16(at + ANSWER_HEADER + qname_len, qtype);
	put16(at + ANSWER_HEADER + qname_len + 2, RRCLASS_IN);
	memset(&message->query, 0, sizeof(message->query));
	message->query.qname = at + ANSWER_HEADER;
	message->query.qname_len = qname_len;
	message->query.qtype = (uint16_t)qtype;
	message->query.qclass = RRCLASS_IN;
}

static void
ask(struct message *message, const char *qname, unsigned qtype)
{
	uint8_t wire[NAME_OCTETS_MAX];

	ask_wire(message, wire, wire_of(qname, wire), qtype, RD);
}

/* A group with two IPv4 and three IPv6 sinkholes. */
static struct group
group_with_sinkholes(void)
{
	struct group group;

	memset(&group, 0, sizeof(group));
	strcpy(group.name, "hosts");
	group.name_octets = 5;
	group.ttl = TTL;
	group.sinkholes4 = 2;
	inet_pton(AF_INET, "192.0.2.10", group.sinkhole4[0]);
	inet_pton(AF_INET, "192.0.2.11", group.sinkhole4[1]);
	group.sinkholes6 = 3;
	inet_pton(AF_INET6, "2001:db8::10", group.sinkhole6[0]);
	inet_pton(AF_INET6, "2001:db8::11", group.sinkhole6[1]);
	inet_pton(AF_INET6, "2001:db8::12", group.sinkhole6[2]);
	return group;
}

static void
answer(struct message *message, const struct group *group,
	enum action action, size_t limit)
{
	struct decision decision;

	memset(&decision, 0, sizeof(decision));
	decision.verdict = VERDICT_BLOCK;
	decision.reason = REASON_NOT_LISTED;
	decision.action = action;
	decision.group = group;
	message->length = answer_write(message->octets, limit,
		&message->query, &decision);
	assert_true(message->length <= limit);
	assert_true(message->length <= ANSWER_MAX);
}

/* Octets of the header and of all records, one after the other. */
static size_t
octets_used(const struct message *message)
{
	static const struct {
		unsigned count_at;
		ldns_pkt_section section;
	} sections[] = { { 4, LDNS_SECTION_QUESTION },
		{ 6, LDNS_SECTION_ANSWER }, { 8, LDNS_SECTION_AUTHORITY },
		{ 10, LDNS_SECTION_ADDITIONAL } };
	size_t at = ANSWER_HEADER, i;

	for (i = 0; i < COUNT_OF(sections); i++) {
		unsigned left = read16(message->octets + sections[i].count_at);

		for (; left > 0; left--) {
			ldns_rr *rr = NULL;

			assert_int_equal(ldns_wire2rr(&rr, message->octets,
				message->length, &at, sections[i].section),
				LDNS_STATUS_OK);
			ldns_rr_free(rr);
		}
	}
	return at;
}

/* The answer as ldns reads it; every octet of it must be used. */
static ldns_pkt *
parse(const struct message *message)
{
	ldns_pkt *packet = NULL;

	assert_int_equal(octets_used(message), message->length);
	assert_int_equal(ldns_wire2pkt(&packet, message->octets,
		message->length), LDNS_STATUS_OK);
	return packet;
}

/* --- Which records. */

enum records { NO_RECORD, SOA, IP4, IP6, ANY };

struct row {
	const char *row;
	enum action action;
	unsigned qtype;
	unsigned rcode;
	enum records records;
};

static const struct row rows[] = {
	{ "nxdomain, A", ACTION_NXDOMAIN, RRTYPE_A, 3, SOA },
	{ "nxdomain, AAAA", ACTION_NXDOMAIN, RRTYPE_AAAA, 3, SOA },
	{ "nxdomain, ANY", ACTION_NXDOMAIN, RRTYPE_ANY, 3, SOA },
	{ "nxdomain, TXT", ACTION_NXDOMAIN, 16, 3, SOA },
	{ "nxdomain, SOA", ACTION_NXDOMAIN, RRTYPE_SOA, 3, SOA },
	{ "nxdomain, an unknown type", ACTION_NXDOMAIN, 65280, 3, SOA },
	{ "nodata, A", ACTION_NODATA, RRTYPE_A, 0, SOA },
	{ "nodata, AAAA", ACTION_NODATA, RRTYPE_AAAA, 0, SOA },
	{ "nodata, ANY", ACTION_NODATA, RRTYPE_ANY, 0, SOA },
	{ "nodata, SOA", ACTION_NODATA, RRTYPE_SOA, 0, SOA },
	{ "nodata, HTTPS", ACTION_NODATA, 65, 0, SOA },
	{ "refused, A", ACTION_REFUSED, RRTYPE_A, 5, NO_RECORD },
	{ "refused, AAAA", ACTION_REFUSED, RRTYPE_AAAA, 5, NO_RECORD },
	{ "refused, ANY", ACTION_REFUSED, RRTYPE_ANY, 5, NO_RECORD },
	{ "refused, SOA", ACTION_REFUSED, RRTYPE_SOA, 5, NO_RECORD },
	{ "sinkhole, A", ACTION_SINKHOLE, RRTYPE_A, 0, IP4 },
	{ "sinkhole, AAAA", ACTION_SINKHOLE, RRTYPE_AAAA, 0, IP6 },
	{ "sinkhole, ANY", ACTION_SINKHOLE, RRTYPE_ANY, 0, ANY },
	{ "sinkhole, TXT", ACTION_SINKHOLE, 16, 0, SOA },
	{ "sinkhole, SOA", ACTION_SINKHOLE, RRTYPE_SOA, 0, SOA },
	{ "sinkhole, HTTPS", ACTION_SINKHOLE, 65, 0, SOA },
	{ "sinkhole, CNAME", ACTION_SINKHOLE, 5, 0, SOA },
};

/* The SOA of a negative answer: ttl is how long it may be remembered. */
static int
check_soa(const char *row, const ldns_pkt *packet, const uint8_t *qname,
	size_t qname_len)
{
	const ldns_rr_list *authority = ldns_pkt_authority(packet);
	const ldns_rr *rr;
	int wrong;

	wrong = row_number(row, "authority records", 1,
		(long)ldns_rr_list_rr_count(authority));
	if (wrong > 0)
		return wrong;
	rr = ldns_rr_list_rr(authority, 0);
	wrong += row_number(row, "authority type", LDNS_RR_TYPE_SOA,
		(long)ldns_rr_get_type(rr));
	wrong += row_number(row, "TTL", TTL, ldns_rr_ttl(rr));
	wrong += row_number(row, "MINIMUM", TTL, (long)ldns_rdf2native_int32(
		ldns_rr_rdf(rr, 6)));
	wrong += row_octets(row, qname, qname_len,
		ldns_rdf_data(ldns_rr_owner(rr)),
		ldns_rdf_size(ldns_rr_owner(rr)));
	return wrong;
}

static int
check_addresses(const char *row, const ldns_pkt *packet,
	const struct group *group, enum records records)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);
	unsigned count4 = records == IP4 || records == ANY
		? group->sinkholes4 : 0;
	unsigned count6 = records == IP6 || records == ANY
		? group->sinkholes6 : 0;
	int wrong = row_number(row, "answer records", count4 + count6,
		(long)ldns_rr_list_rr_count(list));
	unsigned i;

	for (i = 0; wrong == 0 && i < count4 + count6; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

		wrong += row_number(row, "type", i < count4
			? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA,
			(long)ldns_rr_get_type(rr));
		wrong += row_number(row, "class", LDNS_RR_CLASS_IN,
			(long)ldns_rr_get_class(rr));
		wrong += row_number(row, "TTL", TTL, ldns_rr_ttl(rr));
		wrong += i < count4
			? row_octets(row, group->sinkhole4[i], 4,
				ldns_rdf_data(rdf), ldns_rdf_size(rdf))
			: row_octets(row, group->sinkhole6[i - count4], 16,
				ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	}
	return wrong;
}

static void
each_action_has_its_records(void **state)
{
	const struct group group = group_with_sinkholes();
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct message message;
		ldns_pkt *packet;

		ask(&message, "www.Example.COM", r->qtype);
		answer(&message, &group, r->action, ANSWER_MAX);
		packet = parse(&message);
		wrong += row_number(r->row, "RCODE", r->rcode,
			ldns_pkt_get_rcode(packet));
		wrong += row_number(r->row, "questions", 1,
			ldns_pkt_qdcount(packet));
		wrong += row_number(r->row, "QTYPE", r->qtype,
			(long)ldns_rr_get_type(ldns_rr_list_rr(
			ldns_pkt_question(packet), 0)));
		wrong += row_number(r->row, "additional records", 0,
			ldns_pkt_arcount(packet));
		wrong += check_addresses(r->row, packet, &group, r->records);
		if (r->records == SOA)
			wrong += check_soa(r->row, packet, message.qname,
				message.query.qname_len);
		else
			wrong += row_number(r->row, "authority records", 0,
				ldns_pkt_nscount(packet));
		ldns_pkt_free(packet);
	}
	assert_int_equal(wrong, 0);
}

static void
a_sinkhole_of_one_family_has_no_data_for_the_other(void **state)
{
	static const struct {
		const char *row;
		unsigned sinkholes4, sinkholes6, qtype;
		enum records records;
	} cases[] = {
		{ "only IPv4, A", 1, 0, RRTYPE_A, IP4 },
		{ "only IPv4, AAAA", 1, 0, RRTYPE_AAAA, SOA },
		{ "only IPv4, ANY", 1, 0, RRTYPE_ANY, ANY },
		{ "only IPv6, A", 0, 1, RRTYPE_A, SOA },
		{ "only IPv6, AAAA", 0, 1, RRTYPE_AAAA, IP6 },
		{ "only IPv6, ANY", 0, 1, RRTYPE_ANY, ANY },
	};
	int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++) {
		struct group group = group_with_sinkholes();
		struct message message;
		ldns_pkt *packet;

		group.sinkholes4 = cases[i].sinkholes4;
		group.sinkholes6 = cases[i].sinkholes6;
		ask(&message, "www.example.com", cases[i].qtype);
		answer(&message, &group, ACTION_SINKHOLE, ANSWER_MAX);
		packet = parse(&message);
		wrong += row_number(cases[i].row, "RCODE", 0,
			ldns_pkt_get_rcode(packet));
		wrong += check_addresses(cases[i].row, packet, &group,
			cases[i].records);
		if (cases[i].records == SOA)
			wrong += check_soa(cases[i].row, packet,
				message.qname, message.query.qname_len);
		ldns_pkt_free(packet);
	}
	assert_int_equal(wrong, 0);
}

static void
nobodys_names_are_in_the_soa(void **state)
{
	const struct group group = group_with_sinkholes();
	struct message message;
	ldns_pkt *packet;
	ldns_rr *rr;
	char *text;

	(void)state;
	ask(&message, "example.com", RRTYPE_A);
	answer(&message, &group, ACTION_NXDOMAIN, ANSWER_MAX);
	packet = parse(&message);
	rr = ldns_rr_list_rr(ldns_pkt_authority(packet), 0);
	text = ldns_rr2str(rr);
	assert_string_equal(text, "example.com.\t77\tIN\tSOA\t"
		"bitsink.invalid. nobody.invalid. 1 3600 1200 604800 77\n");
	free(text);
	ldns_pkt_free(packet);
}

static void
a_ttl_is_written_whole(void **state)
{
	static const uint32_t ttls[] = { 0, 1, 86400, 0x01020304 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(ttls); i++) {
		struct group group = group_with_sinkholes();
		struct message message;
		ldns_pkt *packet;

		group.ttl = ttls[i];
		ask(&message, "example.com", RRTYPE_A);
		answer(&message, &group, ACTION_SINKHOLE, ANSWER_MAX);
		packet = parse(&message);
		assert_int_equal(ldns_rr_ttl(ldns_rr_list_rr(
			ldns_pkt_answer(packet), 0)), ttls[i]);
		ldns_pkt_free(packet);
		ask(&message, "example.com", RRTYPE_A);
		answer(&message, &group, ACTION_NODATA, ANSWER_MAX);
		packet = parse(&message);
		assert_int_equal(ldns_rdf2native_int32(ldns_rr_rdf(
			ldns_rr_list_rr(ldns_pkt_authority(packet), 0), 6)),
			ttls[i]);
		ldns_pkt_free(packet);
	}
}

/* --- The header. */

static void
header_bits_are_those_of_an_answer(void **state)
{
	static const struct {
		const char *row;
		unsigned query, answer;
	} cases[] = {
		{ "no bit", 0, QR | RA },
		{ "RD is kept", RD, QR | RD | RA },
		{ "CD is kept", CD, QR | RA | CD },
		{ "RD and CD are kept", RD | CD, QR | RD | RA | CD },
		{ "AA is cleared", AA, QR | RA },
		{ "AD is cleared", AD, QR | RA },
		{ "TC is cleared", TC, QR | RA },
		{ "the reserved bit is cleared", Z, QR | RA },
		{ "RA stays", RA, QR | RA },
		{ "an RCODE is replaced", RCODE, QR | RA },
		{ "the opcode NOTIFY is kept", 4 << 11, QR | 4 << 11 | RA },
		{ "every opcode bit is kept", OPCODE, QR | OPCODE | RA },
		{ "all bits", 0xffff, QR | OPCODE | RD | RA | CD },
	};
	static const struct {
		enum action action;
		unsigned rcode;
	} actions[] = { { ACTION_NXDOMAIN, 3 }, { ACTION_NODATA, 0 },
		{ ACTION_REFUSED, 5 }, { ACTION_SINKHOLE, 0 } };
	const struct group group = group_with_sinkholes();
	int wrong = 0;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(cases); i++)
		for (k = 0; k < COUNT_OF(actions); k++) {
			struct message message;
			uint8_t wire[32];

			ask_wire(&message, wire, wire_of("a.example", wire),
				RRTYPE_A, cases[i].query);
			answer(&message, &group, actions[k].action,
				ANSWER_MAX);
			wrong += row_number(cases[i].row, action_word(
				actions[k].action), cases[i].answer |
				actions[k].rcode, read16(message.octets + 2));
			wrong += row_number(cases[i].row, "ID", ID,
				read16(message.octets));
		}
	assert_int_equal(wrong, 0);
}

static void
rcodes_are_told_without_a_message(void **state)
{
	static const unsigned rcodes[] = {
		[ACTION_NXDOMAIN] = 3,
		[ACTION_NODATA] = 0,
		[ACTION_REFUSED] = 5,
		[ACTION_DROP] = 5,
		[ACTION_SINKHOLE] = 0,
	};
	struct decision decision;
	unsigned i;

	(void)state;
	memset(&decision, 0, sizeof(decision));
	for (i = 0; i < COUNT_OF(rcodes); i++) {
		decision.action = (enum action)i;
		assert_int_equal(answer_rcode(&decision), rcodes[i]);
	}
}

/* --- The question. */

static void
the_question_keeps_its_letter_case(void **state)
{
	const struct group group = group_with_sinkholes();
	unsigned action;

	(void)state;
	for (action = 0; action < ACTION_COUNT; action++) {
		struct message message;

		if (action == ACTION_DROP)
			continue;
		ask(&message, "wWw.ExAmPlE.cOm", RRTYPE_A);
		answer(&message, &group, (enum action)action, ANSWER_MAX);
		assert_memory_equal(message.octets + ANSWER_HEADER,
			message.qname, message.query.qname_len);
	}
}

static void
the_question_may_come_from_elsewhere(void **state)
{
	const struct group group = group_with_sinkholes();
	struct message here, elsewhere;

	(void)state;
	ask(&here, "www.Example.com", RRTYPE_A);
	ask(&elsewhere, "www.Example.com", RRTYPE_A);
	memset(elsewhere.octets + ANSWER_HEADER, 0xee,
		sizeof(elsewhere.octets) - ANSWER_HEADER);
	elsewhere.query.qname = elsewhere.qname;
	answer(&here, &group, ACTION_SINKHOLE, ANSWER_MAX);
	answer(&elsewhere, &group, ACTION_SINKHOLE, ANSWER_MAX);
	assert_int_equal(here.length, elsewhere.length);
	assert_memory_equal(here.octets, elsewhere.octets, here.length);
}

static void
the_question_may_overlap_its_place(void **state)
{
	const struct group group = group_with_sinkholes();
	struct message message;
	int shift;

	(void)state;
	for (shift = -4; shift <= 4; shift += 4) {
		uint8_t *at;

		ask(&message, "www.Example.com", RRTYPE_A);
		at = message.octets + ANSWER_HEADER + shift;
		memmove(at, message.qname, message.query.qname_len);
		message.query.qname = at;
		answer(&message, &group, ACTION_REFUSED, ANSWER_MAX);
		assert_memory_equal(message.octets + ANSWER_HEADER,
			message.qname, message.query.qname_len);
	}
}

static void
the_question_keeps_its_class(void **state)
{
	const struct group group = group_with_sinkholes();
	struct message message;
	ldns_pkt *packet;

	(void)state;
	ask(&message, "version.bind", 16);
	message.query.qclass = 3;
	answer(&message, &group, ACTION_REFUSED, ANSWER_MAX);
	packet = parse(&message);
	assert_int_equal(ldns_rr_get_class(ldns_rr_list_rr(
		ldns_pkt_question(packet), 0)), LDNS_RR_CLASS_CH);
	assert_int_equal(ldns_pkt_get_rcode(packet), LDNS_RCODE_REFUSED);
	ldns_pkt_free(packet);
}

/* --- Limits. */

static void
drop_has_no_answer(void **state)
{
	const struct group group = group_with_sinkholes();
	struct message message, before;

	(void)state;
	ask(&message, "www.example.com", RRTYPE_A);
	before = message;
	answer(&message, &group, ACTION_DROP, ANSWER_MAX);
	assert_int_equal(message.length, 0);
	assert_memory_equal(message.octets, before.octets, ANSWER_MAX);
}

/* A name of 255 octets and all sinkholes that a group may have. */
static void
the_longest_answer_fits(void **state)
{
	struct group group = group_with_sinkholes();
	uint8_t wire[300];
	char text[300];
	unsigned action, i;

	(void)state;
	group.sinkholes4 = group.sinkholes6 = GROUP_SINKHOLES_MAX;
	for (i = 0; i < 254; i++)
		text[i] = i % 64 == 63 ? '.' : 'a';
	text[253] = '\0';
	assert_int_equal(wire_of(text, wire), NAME_OCTETS_MAX);
	for (action = 0; action < ACTION_COUNT; action++) {
		struct message message;
		ldns_pkt *packet;

		if (action == ACTION_DROP)
			continue;
		ask_wire(&message, wire, NAME_OCTETS_MAX, RRTYPE_ANY, RD);
		answer(&message, &group, (enum action)action, ANSWER_MAX);
		packet = parse(&message);
		assert_false(ldns_pkt_tc(packet));
		assert_int_equal(ldns_pkt_qdcount(packet), 1);
		if (action == ACTION_SINKHOLE)
			assert_int_equal(ldns_pkt_ancount(packet), 8);
		ldns_pkt_free(packet);
	}
}

static void
an_answer_that_just_fits_is_whole(void **state)
{
	const struct group group = group_with_sinkholes();
	unsigned action;

	(void)state;
	for (action = 0; action < ACTION_COUNT; action++) {
		struct message message;
		uint8_t whole[ANSWER_MAX];
		size_t length;

		if (action == ACTION_DROP)
			continue;
		ask(&message, "www.example.com", RRTYPE_ANY);
		answer(&message, &group, (enum action)action, ANSWER_MAX);
		length = message.length;
		memcpy(whole, message.octets, length);
		ask(&message, "www.example.com", RRTYPE_ANY);
		answer(&message, &group, (enum action)action, length);
		assert_int_equal(message.length, length);
		assert_memory_equal(message.octets, whole, length);
	}
}

/* With one octet less than each needs, and all the way down: TC, no record, and
 * the question as long as there is room for it. */
static void
what_does_not_fit_is_cut_at_the_question(void **state)
{
	const struct group group = group_with_sinkholes();
	unsigned action;

	(void)state;
	for (action = 0; action < ACTION_COUNT; action++) {
		struct message message;
		size_t limit, question;

		if (action == ACTION_DROP)
			continue;
		ask(&message, "www.example.com", RRTYPE_ANY);
		question = ANSWER_HEADER + message.query.qname_len + 4;
		answer(&message, &group, (enum action)action, ANSWER_MAX);
		for (limit = message.length - 1; limit >= ANSWER_HEADER;
		    limit--) {
			int whole = limit >= question;
			ldns_pkt *packet;

			ask(&message, "www.example.com", RRTYPE_ANY);
			answer(&message, &group, (enum action)action, limit);
			assert_int_equal(message.length, whole ? question :
				ANSWER_HEADER);
			packet = parse(&message);
			assert_true(ldns_pkt_tc(packet));
			assert_true(ldns_pkt_qr(packet));
			assert_int_equal(ldns_pkt_qdcount(packet), whole);
			assert_int_equal(ldns_pkt_ancount(packet), 0);
			assert_int_equal(ldns_pkt_nscount(packet), 0);
			assert_int_equal(ldns_pkt_arcount(packet), 0);
			assert_int_equal(ldns_pkt_id(packet), ID);
			ldns_pkt_free(packet);
		}
	}
}

static void
nothing_fits_into_less_than_a_header(void **state)
{
	const struct group group = group_with_sinkholes();
	size_t limit;

	(void)state;
	for (limit = 0; limit < ANSWER_HEADER; limit++) {
		struct message message;

		ask(&message, "www.example.com", RRTYPE_A);
		answer(&message, &group, ACTION_NXDOMAIN, limit);
		assert_int_equal(message.length, 0);
	}
}

/* What policy calls malformed may be of any length; the answer is no longer
 * than its room all the same. */
static void
a_question_beyond_the_room_is_left_out(void **state)
{
	const struct group group = group_with_sinkholes();
	static const size_t lengths[] = { ANSWER_MAX - ANSWER_HEADER - 3,
		ANSWER_MAX - ANSWER_HEADER, ANSWER_MAX, 2 * ANSWER_MAX };
	uint8_t qname[2 * ANSWER_MAX] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lengths); i++) {
		struct message message;

		ask(&message, "www.example.com", RRTYPE_A);
		message.query.qname = qname;
		message.query.qname_len = lengths[i];
		answer(&message, &group, ACTION_REFUSED, 65535);
		assert_int_equal(message.length, ANSWER_HEADER);
		assert_int_equal(read16(message.octets + 2),
			QR | TC | RD | RA | 5);
		assert_int_equal(read16(message.octets + 4), 0);
	}
}
/* --- The OPT record behind it. */

enum { ADVERTISED = 1232 };

/* Puts it behind the answer to www.example.com; LIMIT counts from the answer's
 * end. */
static void
answer_with_opt(struct message *message, size_t limit, unsigned flags)
{
	static struct group group;
	struct decision decision;
	size_t length;

	group = group_with_sinkholes();
	memset(&decision, 0, sizeof(decision));
	decision.verdict = VERDICT_BLOCK;
	decision.reason = REASON_DENIED;
	decision.action = ACTION_NXDOMAIN;
	decision.group = &group;
	ask(message, "www.example.com", RRTYPE_A);
	length = answer_write(message->octets, ANSWER_MAX, &message->query,
		&decision);
	message->length = answer_write_opt(message->octets, length,
		length + limit, &decision, ADVERTISED, flags);
	assert_true(message->length <= length + limit);
}

static void
an_opt_record_tells_why(void **state)
{
	static const char text[] = "bitsink: group \"hosts\" denies this name";
	/* RFC 8914 section 2: the option's code, length and INFO-CODE. */
	uint8_t expected[6 + sizeof(text) - 1] = { 0, 15, 0,
		2 + sizeof(text) - 1, 0, 15 };
	struct message message;
	ldns_pkt *packet;
	ldns_rdf *data;

	(void)state;
	memcpy(expected + 6, text, sizeof(text) - 1);
	answer_with_opt(&message, ANSWER_OPT + sizeof(expected), 0x8000);
	packet = parse(&message);
	assert_true(ldns_pkt_edns(packet));
	assert_int_equal(ldns_pkt_edns_udp_size(packet), ADVERTISED);
	assert_int_equal(ldns_pkt_edns_version(packet), 0);
	assert_int_equal(ldns_pkt_edns_extended_rcode(packet), 0);
	assert_true(ldns_pkt_edns_do(packet));
	assert_int_equal(ldns_pkt_nscount(packet), 1);
	data = ldns_pkt_edns_data(packet);
	assert_non_null(data);
	assert_int_equal(ldns_rdf_size(data), sizeof(expected));
	assert_memory_equal(ldns_rdf_data(data), expected, sizeof(expected));
	ldns_pkt_free(packet);
	answer_with_opt(&message, ANSWER_OPT + sizeof(expected), 0);
	packet = parse(&message);
	assert_false(ldns_pkt_edns_do(packet));
	ldns_pkt_free(packet);
}

static void
without_room_an_opt_record_tells_nothing(void **state)
{
	size_t room;

	(void)state;
	for (room = 0; room < 6 + 39; room++) {
		struct message message;
		ldns_pkt *packet;

		answer_with_opt(&message, ANSWER_OPT + room, 0);
		packet = parse(&message);
		assert_true(ldns_pkt_edns(packet));
		assert_null(ldns_pkt_edns_data(packet));
		ldns_pkt_free(packet);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_action_has_its_records),
		cmocka_unit_test(
			a_sinkhole_of_one_family_has_no_data_for_the_other),
		cmocka_unit_test(nobodys_names_are_in_the_soa),
		cmocka_unit_test(a_ttl_is_written_whole),
		cmocka_unit_test(header_bits_are_those_of_an_answer),
		cmocka_unit_test(rcodes_are_told_without_a_message),
		cmocka_unit_test(the_question_keeps_its_letter_case),
		cmocka_unit_test(the_question_may_come_from_elsewhere),
		cmocka_unit_test(the_question_may_overlap_its_place),
		cmocka_unit_test(the_question_keeps_its_class),
		cmocka_unit_test(drop_has_no_answer),
		cmocka_unit_test(the_longest_answer_fits),
		cmocka_unit_test(an_answer_that_just_fits_is_whole),
		cmocka_unit_test(what_does_not_fit_is_cut_at_the_question),
		cmocka_unit_test(nothing_fits_into_less_than_a_header),
		cmocka_unit_test(a_question_beyond_the_room_is_left_out),
		cmocka_unit_test(an_opt_record_tells_why),
		cmocka_unit_test(without_room_an_opt_record_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
