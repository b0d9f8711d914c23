/*
 * message.c - the question of a recorded DNS message.
 */
#include <ldns/ldns.h>
#include <string.h>

#include "name.h"
#include "traffic.h"

/* Takes the question, unless its name was compressed: Unbound answers that with
 * FORMERR, and nobody judges it. */
static enum message
take_question(const ldns_rr *rr, size_t length, struct query *query,
	uint8_t *qname)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	size_t octets = ldns_rdf_size(owner);

	if (octets > NAME_OCTETS_MAX || octets + 4 != length)
		return MESSAGE_DAMAGED;
	memcpy(qname, ldns_rdf_data(owner), octets);
	query->qname = qname;
	query->qname_len = octets;
	query->qtype = (uint16_t)ldns_rr_get_type(rr);
	query->qclass = (uint16_t)ldns_rr_get_class(rr);
	return MESSAGE_QUESTION;
}

enum message
message_question(const uint8_t *wire, size_t length, int is_answer,
	struct query *query, uint8_t *qname)
{
	size_t at = LDNS_HEADER_SIZE;
	enum message result;
	ldns_rr *rr = NULL;

	if (length < LDNS_HEADER_SIZE)
		return MESSAGE_DAMAGED;
	if (!LDNS_QR_WIRE(wire) != !is_answer ||
	    LDNS_OPCODE_WIRE(wire) != LDNS_PACKET_QUERY)
		return MESSAGE_OTHER;
	/* What is behind the question may be cut off: it is not judged. */
	if (LDNS_QDCOUNT(wire) != 1 || ldns_wire2rr(&rr, wire, length, &at,
	    LDNS_SECTION_QUESTION) != LDNS_STATUS_OK)
		return MESSAGE_DAMAGED;
	result = take_question(rr, at - LDNS_HEADER_SIZE, query, qname);
	ldns_rr_free(rr);
	return result;
}
