/*
 * inspect.c - whether an answer to an allowed query may be given.
 */
#include "inspect.h"

#include <string.h>

enum {
	/* Of SVCB and HTTPS (RFC 9460 section 2.2): octets of SvcPriority, and
	 * of the key and the length before each value. */
	SVCB_PRIORITY = 2,
	SVCB_PARAM = 4,
	/* Keys (RFC 9460 section 14.3.2). */
	SVCB_IPV4HINT = 4,
	SVCB_IPV6HINT = 6,
	IP4_OCTETS = 4,
	IP6_OCTETS = 16
};

/* A form of IPv6 addresses that stand for IPv4 ones: what they have at FROM,
 * and where the IPv4 one is, its octets turned over by FLIP. */
struct form {
	uint8_t from;
	uint8_t length;
	uint8_t octets[12];
	uint8_t ip4_at;
	uint8_t flip;
};

static const struct form forms[] = {
	{ 0, 12, { 0x00, 0x64, 0xff, 0x9b }, 12, 0x00 },
	{ 0, 12, { 0x00 }, 12, 0x00 }, /* IPv4-compatible */
	{ 0, 2, { 0x20, 0x02 }, 2, 0x00 }, /* 6to4 */
	{ 0, 4, { 0x20, 0x01, 0x00, 0x00 }, 12, 0xff }, /* Teredo */
	{ 8, 4, { 0x00, 0x00, 0x5e, 0xfe }, 12, 0x00 }, /* ISATAP */
	{ 8, 4, { 0x02, 0x00, 0x5e, 0xfe }, 12, 0x00 },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* Fills FINDING; returns 0 for the caller to return. */
static int
found(struct finding *finding, enum reason reason)
{
	memset(finding, 0, sizeof(*finding));
	finding->reason = reason;
	return 0;
}

/* --- Targets. */

/* Whether the group may ask for NAME for a time, as in judge_query(). */
static int
is_exception(const struct exceptions *exceptions, const struct group *group,
	const struct name *name, int64_t now)
{
	if (exceptions == NULL)
		return 0;
	if (exceptions->grants != NULL &&
	    grants_allow(exceptions->grants, group->name, name, now) != 0)
		return 1;
	return exceptions->followed != NULL && group->follow_chain &&
		followed_find(exceptions->followed, group->name, name, now,
			NULL) != 0;
}

/* Whether NAME may be a target; where not, RULE is the deny, if one is. */
static int
target_is_allowed(const struct policy *policy, const struct group *group,
	const struct exceptions *exceptions, int64_t now,
	const struct name *name, struct origin *rule)
{
	enum reason reason = policy_judge_name(policy, group, name, now, rule);
	struct names_match match;

	if (reason_allows(reason))
		return 1;
	if (reason == REASON_DENIED)
		return 0;
	/* Not the pattern that makes a name a quiet one: it denies nothing. */
	memset(rule, 0, sizeof(*rule));
	match.rule = NULL;
	if (group->chain != NULL)
		names_find(group->chain, name, NAMES_NO_RULE, &match);
	return match.rule != NULL ||
		is_exception(exceptions, group, name, now);
}

static int
inspect_target(const struct policy *policy, const struct group *group,
	const struct exceptions *exceptions, int64_t now, const uint8_t *rdata,
	size_t length, struct finding *finding)
{
	struct origin rule;
	struct name name;

	if (name_from_wire(&name, rdata, length) != 0)
		return found(finding, REASON_ANSWER);
	if (target_is_allowed(policy, group, exceptions, now, &name, &rule))
		return 1;
	(void)found(finding, REASON_CHAIN);
	finding->rule = rule;
	finding->target_len = name.length;
	memcpy(finding->target, rdata, length);
	return 0;
}

/* --- Addresses. */

/* The answer-deny that decides, or NULL. */
static const struct answer_rule *
denied_by(const struct group *group, const struct address *address)
{
	uint32_t number = clients_find(group->answers, address);

	if (number == CLIENTS_NONE || !group->answer_rules[number].deny)
		return NULL;
	return &group->answer_rules[number];
}

/* The same for the IPv4 address that ADDRESS stands for, if it has the form. */
static const struct answer_rule *
denied_inside(const struct group *group, const struct address *address,
	const struct form *form)
{
	uint8_t octets[IP4_OCTETS];
	struct address inside;
	unsigned i;

	if (address->family != ADDRESS_IP6 || memcmp(address->octets +
	    form->from, form->octets, form->length) != 0)
		return NULL;
	for (i = 0; i < IP4_OCTETS; i++)
		octets[i] = address->octets[form->ip4_at + i] ^ form->flip;
	address_set_ip4(&inside, octets);
	return denied_by(group, &inside);
}

static int
inspect_address(const struct group *group, const uint8_t *octets, size_t size,
	struct finding *finding)
{
	const struct answer_rule *rule;
	struct address address;
	size_t i;

	if (size == IP4_OCTETS)
		address_set_ip4(&address, octets);
	else
		address_set_ip6(&address, octets);
	rule = denied_by(group, &address);
	for (i = 0; rule == NULL && i < FORMS; i++)
		rule = denied_inside(group, &address, &forms[i]);
	if (rule == NULL)
		return 1;
	(void)found(finding, REASON_ADDRESS);
	finding->rule = rule->where;
	finding->address = address;
	return 0;
}

static int
inspect_one_address(const struct group *group, const uint8_t *rdata,
	size_t length, size_t size, struct finding *finding)
{
	if (length != size)
		return found(finding, REASON_ANSWER);
	return inspect_address(group, rdata, size, finding);
}

/* --- SVCB and HTTPS. */

static unsigned
read16(const uint8_t *octets)
{
	return (unsigned)octets[0] << 8 | octets[1];
}

/* Octets of the name that DATA begins with, 0 where that is none. */
static size_t
name_octets(const uint8_t *data, size_t length)
{
	size_t at = 0;

	while (at < length && at < NAME_OCTETS_MAX && data[at] != 0) {
		if (data[at] > NAME_LABEL_MAX)
			return 0;
		at += data[at] + 1u;
	}
	return at < length && at < NAME_OCTETS_MAX ? at + 1 : 0;
}

/* Judges the value of a parameter. */
static int
inspect_param(const struct group *group, unsigned key, const uint8_t *value,
	size_t length, struct finding *finding)
{
	size_t at, size;

	if (key == SVCB_IPV4HINT)
		size = IP4_OCTETS;
	else if (key == SVCB_IPV6HINT)
		size = IP6_OCTETS;
	else
		return 1;
	if (length == 0 || length % size != 0)
		return found(finding, REASON_ANSWER);
	for (at = 0; at < length; at += size)
		if (!inspect_address(group, value + at, size, finding))
			return 0;
	return 1;
}

/* Hints count also in AliasMode, where a client must not look at them. */
static int
inspect_svcb(const struct group *group, const uint8_t *rdata, size_t length,
	struct finding *finding)
{
	unsigned key, least_key = 0;
	size_t at, size;

	if (length < SVCB_PRIORITY)
		return found(finding, REASON_ANSWER);
	size = name_octets(rdata + SVCB_PRIORITY, length - SVCB_PRIORITY);
	if (size == 0)
		return found(finding, REASON_ANSWER);
	for (at = SVCB_PRIORITY + size; at < length; at += size) {
		if (length - at < SVCB_PARAM)
			return found(finding, REASON_ANSWER);
		key = read16(rdata + at);
		size = read16(rdata + at + 2);
		at += SVCB_PARAM;
		if (key < least_key || size > length - at)
			return found(finding, REASON_ANSWER);
		if (!inspect_param(group, key, rdata + at, size, finding))
			return 0;
		least_key = key + 1;
	}
	return 1;
}

int
inspect_record(const struct policy *policy, const struct group *group,
	const struct exceptions *exceptions, int64_t now, uint16_t type,
	const uint8_t *rdata, size_t length, struct finding *finding)
{
	if (type == RRTYPE_CNAME)
		return !group->inspect_chain || inspect_target(policy, group,
			exceptions, now, rdata, length, finding);
	if (group->answers == NULL)
		return 1;
	switch (type) {
	case RRTYPE_A:
		return inspect_one_address(group, rdata, length, IP4_OCTETS,
			finding);
	case RRTYPE_AAAA:
		return inspect_one_address(group, rdata, length, IP6_OCTETS,
			finding);
	case RRTYPE_SVCB:
	case RRTYPE_HTTPS:
		return inspect_svcb(group, rdata, length, finding);
	default:
		return 1;
	}
}
