/*
 * query.c - the words for verdicts.
 */
#include "query.h"

const char *
verdict_word(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_UNRESTRICTED:
		return "unrestricted";
	case VERDICT_ALLOW:
		return "allow";
	case VERDICT_AUDIT:
		return "audit";
	case VERDICT_BLOCK:
		break;
	}
	return "block";
}

const char *
reason_word(enum reason reason)
{
	static const char *const words[REASON_COUNT] = {
		[REASON_NO_GROUP] = "no-group",
		[REASON_ALLOWED] = "allowed",
		[REASON_SITE] = "site",
		[REASON_GRANTED] = "granted",
		[REASON_FOLLOWED] = "followed",
		[REASON_NOT_LISTED] = "not-listed",
		[REASON_DENIED] = "denied",
		[REASON_QUIET] = "quiet",
		[REASON_TYPE] = "type",
		[REASON_CHAIN] = "chain",
		[REASON_ADDRESS] = "address",
		[REASON_ANSWER] = "answer",
		[REASON_BUSY] = "busy",
		[REASON_CLASS] = "class",
		[REASON_MALFORMED] = "malformed",
	};

	return reason < REASON_COUNT ? words[reason] : "unknown";
}

const char *
action_word(enum action action)
{
	static const char *const words[ACTION_COUNT] = {
		[ACTION_NXDOMAIN] = "nxdomain",
		[ACTION_NODATA] = "nodata",
		[ACTION_REFUSED] = "refused",
		[ACTION_DROP] = "drop",
		[ACTION_SINKHOLE] = "sinkhole",
	};

	return action < ACTION_COUNT ? words[action] : "unknown";
}
