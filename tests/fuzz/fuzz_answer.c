/*
 * fuzz_answer.c - the answers to blocked queries, read back by libldns.
 *
 * The input is octets: limit, action, type, class, TTL, numbers of sinkholes,
 * where the question is in the buffer, header flags; what is left becomes the
 * name. A name is not always whole: what cannot be judged is refused, and must
 * not be written beyond the limit.
 */
#include "fuzz.h"

#include <ldns/ldns.h>

#include "answer.h"
#include "name.h"

#define SPARE 64
#define CANARY 0xa5

struct attempt {
	struct query query;
	struct group group;
	struct decision decision;
	size_t limit;
	/* ANSWER_MAX octets and SPARE more. */
	uint8_t *message;
	uint8_t before[ANSWER_HEADER];
	/* The name, apart from the message; room for one not whole. */
	uint8_t name[320];
	int whole;
};

/* --- From the input to a query. */

/* Turns octets into a name: each length is made to fit. */
static size_t
read_name(struct input *input, uint8_t *name)
{
	size_t at = 0;

	while (input->left > 0) {
		size_t room = NAME_OCTETS_MAX - 2 - at;
		size_t length = input_octet(input) % (NAME_LABEL_MAX + 1);

		if (length > input->left)
			length = input->left;
		if (length > room)
			length = room;
		if (length == 0 || at + 2 > NAME_OCTETS_MAX)
			break;
		name[at++] = (uint8_t)length;
		for (; length > 0; length--)
			name[at++] = (uint8_t)input_octet(input);
		if (at >= NAME_OCTETS_MAX - 2)
			break;
	}
	name[at++] = 0;
	return at;
}

static size_t
read_garbage(struct input *input, uint8_t *name, size_t room)
{
	size_t at = 0;

	while (input->left > 0 && at < room)
		name[at++] = (uint8_t)input_octet(input);
	return at;
}

static void
read_group(struct input *input, struct group *group)
{
	unsigned counts = input_octet(input), i, k;

	strcpy(group->name, "fuzz");
	group->name_octets = 4;
	group->ttl = input_16(input) % 3 == 0 ? 86400 : input_16(input);
	group->sinkholes4 = counts % (GROUP_SINKHOLES_MAX + 1);
	group->sinkholes6 = counts / 16 % (GROUP_SINKHOLES_MAX + 1);
	for (i = 0; i < GROUP_SINKHOLES_MAX; i++) {
		for (k = 0; k < 4; k++)
			group->sinkhole4[i][k] = (uint8_t)(192 + i + k);
		for (k = 0; k < 16; k++)
			group->sinkhole6[i][k] = (uint8_t)(32 + i + k);
	}
}

static unsigned
read_type(struct input *input)
{
	static const uint16_t usual[] = { RRTYPE_A, RRTYPE_AAAA, RRTYPE_ANY,
		RRTYPE_SOA };
	unsigned choice = input_octet(input);

	return choice < 128 ? usual[choice % 4] : input_16(input);
}

static void
read_attempt(struct input *input, struct attempt *attempt)
{
	unsigned header, place, i;

	attempt->limit = input_16(input) % 1200;
	attempt->decision.action =
		(enum action)(input_octet(input) % ACTION_COUNT);
	attempt->query.qtype = (uint16_t)read_type(input);
	attempt->query.qclass = (uint16_t)(input_octet(input) % 4 == 0
		? input_16(input) : RRCLASS_IN);
	read_group(input, &attempt->group);
	place = input_octet(input);
	header = input_16(input);
	attempt->whole = attempt->decision.action != ACTION_REFUSED ||
		place % 8 != 0;
	attempt->query.qname_len = attempt->whole
		? read_name(input, attempt->name)
		: read_garbage(input, attempt->name, sizeof(attempt->name));
	attempt->query.qname = attempt->name;
	/* As often as not the question is in the message, where it goes or
	 * some octets behind. */
	if (place >= 128 &&
	    attempt->query.qname_len + 12 + 31 <= ANSWER_MAX) {
		uint8_t *at = attempt->message + ANSWER_HEADER + place % 32;

		memcpy(at, attempt->name, attempt->query.qname_len);
		attempt->query.qname = at;
	}
	for (i = 0; i < ANSWER_HEADER; i++)
		attempt->message[i] = (uint8_t)(header >> i);
	memcpy(attempt->before, attempt->message, ANSWER_HEADER);
	attempt->decision.verdict = VERDICT_BLOCK;
	attempt->decision.reason = REASON_NOT_LISTED;
	attempt->decision.group = &attempt->group;
}

/* --- What must hold. */

static void
check_header(const struct attempt *attempt, const ldns_pkt *answer)
{
	const uint8_t *before = attempt->before;

	fuzz_check(ldns_pkt_id(answer) ==
		(((unsigned)before[0] << 8) | before[1]));
	fuzz_check(ldns_pkt_qr(answer) && ldns_pkt_ra(answer));
	fuzz_check(!ldns_pkt_aa(answer) && !ldns_pkt_ad(answer));
	fuzz_check(ldns_pkt_rd(answer) == (before[2] & 1));
	fuzz_check(ldns_pkt_cd(answer) == (before[3] >> 4 & 1));
	fuzz_check((unsigned)ldns_pkt_get_opcode(answer) ==
		(unsigned)(before[2] >> 3 & 15));
	fuzz_check((unsigned)ldns_pkt_get_rcode(answer) ==
		answer_rcode(&attempt->decision));
	fuzz_check(ldns_pkt_arcount(answer) == 0);
}

static void
check_question(const struct attempt *attempt, const ldns_pkt *answer)
{
	const ldns_rr *question;
	const ldns_rdf *owner;

	if (ldns_pkt_qdcount(answer) == 0) {
		/* Only where it did not fit. */
		fuzz_check(ldns_pkt_tc(answer));
		fuzz_check(attempt->limit <
			ANSWER_HEADER + attempt->query.qname_len + 4);
		return;
	}
	fuzz_check(ldns_pkt_qdcount(answer) == 1);
	question = ldns_rr_list_rr(ldns_pkt_question(answer), 0);
	owner = ldns_rr_owner(question);
	fuzz_check(ldns_rr_get_type(question) == attempt->query.qtype);
	fuzz_check(ldns_rr_get_class(question) == attempt->query.qclass);
	fuzz_check(ldns_rdf_size(owner) == attempt->query.qname_len);
	/* The letter case too. */
	fuzz_check(memcmp(ldns_rdf_data(owner), attempt->name,
		attempt->query.qname_len) == 0);
}

/* A record of an answer section: one of the group's sinkholes, of the type
 * that was asked for. */
static void
check_sinkhole(const struct attempt *attempt, const ldns_rr *rr)
{
	const struct group *group = &attempt->group;
	const uint8_t *data = ldns_rdf_data(ldns_rr_rdf(rr, 0));
	unsigned type = ldns_rr_get_type(rr), i, found = 0;

	fuzz_check(attempt->decision.action == ACTION_SINKHOLE);
	fuzz_check(attempt->query.qtype == type ||
		attempt->query.qtype == RRTYPE_ANY);
	fuzz_check(ldns_rr_ttl(rr) == group->ttl);
	fuzz_check(ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN);
	for (i = 0; type == RRTYPE_A && i < group->sinkholes4; i++)
		found |= memcmp(data, group->sinkhole4[i], 4) == 0;
	for (i = 0; type == RRTYPE_AAAA && i < group->sinkholes6; i++)
		found |= memcmp(data, group->sinkhole6[i], 16) == 0;
	fuzz_check(found);
}

static void
check_soa(const struct attempt *attempt, const ldns_rr *rr)
{
	fuzz_check(ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA);
	fuzz_check(ldns_rr_rd_count(rr) == 7);
	fuzz_check(ldns_rr_ttl(rr) == attempt->group.ttl);
	fuzz_check(ldns_rdf2native_int32(ldns_rr_rdf(rr, 6)) ==
		attempt->group.ttl);
}

/* How many sinkholes the question asks for. */
static unsigned
sinkholes_asked(const struct attempt *attempt)
{
	unsigned type = attempt->query.qtype, count = 0;

	if (attempt->decision.action != ACTION_SINKHOLE)
		return 0;
	if (type == RRTYPE_A || type == RRTYPE_ANY)
		count += attempt->group.sinkholes4;
	if (type == RRTYPE_AAAA || type == RRTYPE_ANY)
		count += attempt->group.sinkholes6;
	return count;
}

static void
check_records(const struct attempt *attempt, const ldns_pkt *answer)
{
	const ldns_rr_list *records = ldns_pkt_answer(answer);
	unsigned expected = sinkholes_asked(attempt), i;
	const ldns_rr *rr;

	if (ldns_pkt_tc(answer) ||
	    attempt->decision.action == ACTION_REFUSED) {
		fuzz_check(ldns_pkt_ancount(answer) == 0);
		fuzz_check(ldns_pkt_nscount(answer) == 0);
		return;
	}
	fuzz_check(ldns_pkt_ancount(answer) == expected);
	fuzz_check(ldns_pkt_nscount(answer) == (expected == 0));
	for (i = 0; i < expected; i++) {
		rr = ldns_rr_list_rr(records, i);
		fuzz_check(ldns_rdf_size(ldns_rr_owner(rr)) ==
			attempt->query.qname_len);
		check_sinkhole(attempt, rr);
	}
	if (expected == 0)
		check_soa(attempt, ldns_rr_list_rr(ldns_pkt_authority(answer),
			0));
}

static void
check_bounds(const struct attempt *attempt, size_t length)
{
	size_t i, limit = attempt->limit;

	if (limit > ANSWER_MAX)
		limit = ANSWER_MAX;
	fuzz_check(length <= limit);
	if (attempt->decision.action == ACTION_DROP ||
	    attempt->limit < ANSWER_HEADER)
		fuzz_check(length == 0);
	else
		fuzz_check(length >= ANSWER_HEADER);
	for (i = 0; i < SPARE; i++)
		fuzz_check(attempt->message[ANSWER_MAX + i] == CANARY);
	/* A question that is elsewhere leaves the rest of the buffer alone. */
	for (i = limit; attempt->query.qname == attempt->name &&
	    i >= ANSWER_HEADER && i < ANSWER_MAX; i++)
		fuzz_check(attempt->message[i] == CANARY);
}

static void
check_answer(const struct attempt *attempt, size_t length)
{
	ldns_pkt *answer;
	ldns_status status;

	check_bounds(attempt, length);
	if (length == 0 || !attempt->whole)
		return;
	status = ldns_wire2pkt(&answer, attempt->message, length);
	if (status != LDNS_STATUS_OK)
		fuzz_found("not a message: %s",
			ldns_get_errorstr_by_id(status));
	check_header(attempt, answer);
	check_question(attempt, answer);
	check_records(attempt, answer);
	ldns_pkt_free(answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct attempt attempt;

	memset(&attempt, 0, sizeof(attempt));
	attempt.message = fuzz_memory(ANSWER_MAX + SPARE, 1);
	memset(attempt.message, CANARY, ANSWER_MAX + SPARE);
	read_attempt(&input, &attempt);
	check_answer(&attempt, answer_write(attempt.message, attempt.limit,
		&attempt.query, &attempt.decision));
	free(attempt.message);
	return 0;
}
