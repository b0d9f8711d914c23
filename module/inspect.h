/*
 * inspect.h - whether an answer to an allowed query may be given: the targets
 * of its CNAMEs and its addresses.
 *
 * The host hands over one record after the other; the first that is not
 * allowed decides.
 *
 * Thread-safety: any number of threads at a time.
 */
#ifndef BITSINK_INSPECT_H
#define BITSINK_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "judge.h"
#include "policy.h"

/* What must not be in an answer. */
struct finding {
	/* REASON_CHAIN, REASON_ADDRESS or REASON_ANSWER. */
	enum reason reason;
	/* The deny pattern or the answer-deny that decided; file is NULL where
	 * it was that nothing allows the target, and for REASON_ANSWER. */
	struct origin rule;
	/* For REASON_CHAIN the target of the CNAME in wire format, in the
	 * letter case it has, else 0 octets; for REASON_ADDRESS the address as
	 * it stands in the record, else ADDRESS_NONE. */
	uint8_t target_len;
	uint8_t target[NAME_OCTETS_MAX];
	struct address address;
};

/*
 * Judges one record of an answer for GROUP at NOW. TYPE is its type in host
 * byte order, RDATA its data in wire format without compression (RFC 1035
 * section 3.3, RFC 3596 section 2.2, RFC 9460 section 2.2). Returns 1 if it may
 * be given, else 0 with FINDING filled.
 *
 * CNAME is judged where the group inspects chains: its target must be a name
 * that the group may ask for at NOW, by the policy or by an exception, or that
 * chain-allow has. What a deny of the policy denies stays denied, however
 * specific the chain-allow or the exception is. QTYPEs do not count. EXCEPTIONS
 * may be NULL.
 *
 * A, AAAA and the hints of SVCB and HTTPS are judged where the group has
 * answer-deny or answer-allow. Of an IPv6 address that stands for an IPv4 one,
 * each must be allowed:
 *
 *	64:ff9b::a.b.c.d	a translator (RFC 6052 section 2.1)
 *	::a.b.c.d		IPv4-compatible (RFC 4291 section 2.5.5.1), ::
 *				and ::1 among them
 *	2002:ab:cd::/48		6to4 (RFC 3056 section 2)
 *	2001:0:...		Teredo, the client's (RFC 4380 section 4)
 *	...:0:5efe:a.b.c.d	ISATAP, also with 200 (RFC 5214 section 6.1)
 *
 * ::ffff:a.b.c.d is the IPv4 address (address.h). The prefix of a translator of
 * the site's own cannot be known here: it is an address like any other.
 *
 * All else passes: other types, and the TargetName of SVCB and HTTPS, which a
 * client asks for by itself. What is judged must be what its type says, or the
 * reason is REASON_ANSWER; of a record with more than one mistake the first, in
 * the order of its octets, is told.
 */
int inspect_record(const struct policy *policy, const struct group *group,
	const struct exceptions *exceptions, int64_t now, uint16_t type,
	const uint8_t *rdata, size_t length, struct finding *finding);

#endif
