/*
 * answer.c - the message that a blocked client gets.
 */
#include "answer.h"

#include <string.h>

enum {
	RCODE_NOERROR = 0,
	RCODE_NXDOMAIN = 3,
	RCODE_REFUSED = 5
};

/* RFC 6891 section 6.1.1, RFC 8914 sections 2 and 4.16. */
enum {
	RRTYPE_OPT = 41,
	OPTION_EDE = 15,
	EDE_BLOCKED = 15
};

/* Header bits, by octet (RFC 1035 section 4.1.1, RFC 4035 section 3). */
enum {
	FLAGS2_QR = 0x80,
	FLAGS2_OPCODE = 0x78,
	FLAGS2_TC = 0x02,
	FLAGS2_RD = 0x01,
	FLAGS3_RA = 0x80,
	FLAGS3_CD = 0x10
};

/* A message that is being written; at is never beyond limit. */
struct writer {
	uint8_t *message;
	size_t at;
	size_t limit;
	int full;
};

static inline uint8_t *
take(struct writer *writer, size_t octets)
{
	uint8_t *start = writer->message + writer->at;

	if (writer->full || writer->limit - writer->at < octets) {
		writer->full = 1;
		return NULL;
	}
	writer->at += octets;
	return start;
}

static inline uint8_t *
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static inline uint8_t *
put32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
	return at + 4;
}

/* A record of QNAME (a pointer to the question, RFC 1035 section 4.1.4). */
static inline uint8_t *
put_record(struct writer *writer, unsigned type, uint32_t ttl, size_t rdlength)
{
	uint8_t *at = take(writer, 12 + rdlength);

	if (at == NULL)
		return NULL;
	at = put16(at, 0xc000 | ANSWER_HEADER);
	at = put16(at, type);
	at = put16(at, RRCLASS_IN);
	at = put32(at, ttl);
	return put16(at, (unsigned)rdlength);
}

static unsigned
put_addresses(struct writer *writer, const struct group *group, unsigned qtype)
{
	unsigned i, count = 0;
	uint8_t *at;

	if (qtype == RRTYPE_A || qtype == RRTYPE_ANY)
		for (i = 0; i < group->sinkholes4; i++, count++) {
			at = put_record(writer, RRTYPE_A, group->ttl, 4);
			if (at != NULL)
				memcpy(at, group->sinkhole4[i], 4);
		}
	if (qtype == RRTYPE_AAAA || qtype == RRTYPE_ANY)
		for (i = 0; i < group->sinkholes6; i++, count++) {
			at = put_record(writer, RRTYPE_AAAA, group->ttl, 16);
			if (at != NULL)
				memcpy(at, group->sinkhole6[i], 16);
		}
	return count;
}

/* Names under .invalid (RFC 6761 section 6.4): nobody's, and they say whose
 * answer this is to who looks at it with a tool that shows no EDE. */
static void
put_soa(struct writer *writer, const struct group *group)
{
	static const uint8_t data[] = "\7bitsink\7invalid\0"
		"\6nobody\7invalid\0"
		"\0\0\0\1" /* SERIAL */
		"\0\0\x0e\x10" /* REFRESH, 3600 */
		"\0\0\x04\xb0" /* RETRY, 1200 */
		"\0\x09\x3a\x80"; /* EXPIRE, 604800 */
	/* Without its NUL. */
	const size_t octets = sizeof(data) - 1;
	uint8_t *at = put_record(writer, RRTYPE_SOA, group->ttl, octets + 4);

	if (at == NULL)
		return;
	memcpy(at, data, octets);
	put32(at + octets, group->ttl); /* MINIMUM */
}

static void
put_question(struct writer *writer, const struct query *query)
{
	uint8_t *at = take(writer, query->qname_len + 4);

	if (at == NULL)
		return;
	/* It usually is there already; else it may overlap. */
	if (at != query->qname)
		memmove(at, query->qname, query->qname_len);
	put16(put16(at + query->qname_len, query->qtype), query->qclass);
}

unsigned
answer_rcode(const struct decision *decision)
{
	switch (decision->action) {
	case ACTION_NXDOMAIN:
		return RCODE_NXDOMAIN;
	case ACTION_NODATA:
	case ACTION_SINKHOLE:
		return RCODE_NOERROR;
	case ACTION_REFUSED:
	case ACTION_DROP:
	case ACTION_COUNT:
		break;
	}
	return RCODE_REFUSED;
}

static void
put_header(uint8_t *message, unsigned rcode, unsigned questions,
	unsigned answers, unsigned authority, int truncated)
{
	message[2] = (uint8_t)(FLAGS2_QR | (truncated ? FLAGS2_TC : 0) |
		(message[2] & (FLAGS2_OPCODE | FLAGS2_RD)));
	message[3] = (uint8_t)(FLAGS3_RA | (message[3] & FLAGS3_CD) | rcode);
	put16(message + 4, questions);
	put16(message + 6, answers);
	put16(message + 8, authority);
	put16(message + 10, 0);
}

size_t
answer_write(uint8_t *message, size_t limit, const struct query *query,
	const struct decision *decision)
{
	struct writer writer = { message, ANSWER_HEADER, limit, 0 };
	unsigned answers = 0, authority = 0, questions = 1;
	size_t behind_question;

	if (decision->action == ACTION_DROP || limit < ANSWER_HEADER)
		return 0;
	if (writer.limit > ANSWER_MAX)
		writer.limit = ANSWER_MAX;
	put_question(&writer, query);
	if (writer.full)
		questions = 0;
	behind_question = writer.at;
	if (decision->action == ACTION_SINKHOLE)
		answers = put_addresses(&writer, decision->group,
			query->qtype);
	if (decision->action != ACTION_REFUSED && answers == 0) {
		put_soa(&writer, decision->group);
		authority = 1;
	}
	if (writer.full) {
		writer.at = behind_question;
		answers = 0;
		authority = 0;
	}
	put_header(message, answer_rcode(decision), questions, answers,
		authority, writer.full);
	return writer.at;
}

/* A code and a length; in the option a code, too. */
#define ERROR_BEFORE (4 + 2)

/* Where there may be less room than any text takes. Octets of the text, or 0
 * for none. */
static size_t
put_short_text(uint8_t *at, size_t room, const struct decision *decision)
{
	char text[GROUP_EXPLANATION_MAX + 1];
	size_t octets = group_explain(decision->group, decision->reason, text);

	if (octets > room)
		return 0;
	memcpy(at, text, octets);
	return octets;
}

/* The Extended DNS Error, where ROOM is enough for it. Returns its octets. */
static size_t
put_error(uint8_t *at, size_t room, const struct decision *decision)
{
	size_t octets;

	if (room < ERROR_BEFORE)
		return 0;
	room -= ERROR_BEFORE;
	if (room > GROUP_EXPLANATION_MAX)
		octets = group_explain(decision->group, decision->reason,
			(char *)at + ERROR_BEFORE);
	else
		octets = put_short_text(at + ERROR_BEFORE, room, decision);
	if (octets == 0)
		return 0;
	at = put16(put16(at, OPTION_EDE), (unsigned)octets + 2);
	(void)put16(at, EDE_BLOCKED);
	return ERROR_BEFORE + octets;
}

size_t
answer_write_opt(uint8_t *message, size_t length, size_t limit,
	const struct decision *decision, unsigned advertised, unsigned flags)
{
	uint8_t *at = message + length;
	size_t rdlength = put_error(at + ANSWER_OPT, limit - length -
		ANSWER_OPT, decision);

	/* ARCOUNT. */
	put16(message + 10, 1);
	*at++ = 0;
	at = put16(put16(at, RRTYPE_OPT), advertised);
	(void)put16(put32(at, flags), (unsigned)rdlength);
	return length + ANSWER_OPT + rdlength;
}
