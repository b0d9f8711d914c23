/*
 * matrix_verdict.c - what each cell of the leak matrix must get.
 */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

#define EDE_BLOCKED 15

const char *
matrix_verdict_word(enum verdict_kind kind)
{
	static const char *const words[VERDICT_KINDS] = {
		[BLOCKED_NXDOMAIN] = "bitsink's NXDOMAIN",
		[BLOCKED_SINKHOLE] = "bitsink's sinkhole",
		[BLOCKED_NODATA] = "bitsink's answer without data",
		[BLOCKED_REFUSED] = "bitsink's REFUSED",
		[BARE_NXDOMAIN] = "bitsink's NXDOMAIN without records",
		[BARE_REFUSED] = "bitsink's REFUSED in place of records",
		[OWN_DATA] = "the data",
		[OWN_NODATA] = "no data",
		[OWN_NXDOMAIN] = "NXDOMAIN of Unbound",
		[OWN_SERVFAIL] = "SERVFAIL of Unbound",
		[OWN_REFUSED] = "REFUSED of Unbound",
		[OWN_WORD] = "an answer of Unbound",
		[OWN_OR_BLOCKED] = "an answer of Unbound, or what is done",
	};

	return words[kind];
}

/* What the EDE says, behind the group's name, and the word of the counter; as
 * bitsink(8) has them. */
static const struct {
	const char *word;
	const char *explanation;
} reasons[WHY_COUNT] = {
	[WHY_SITE] = { "site", NULL },
	[WHY_GRANTED] = { "granted", NULL },
	[WHY_FOLLOWED] = { "followed", NULL },
	[WHY_NOT_LISTED] = { "not-listed", "has no allow for this name" },
	[WHY_DENIED] = { "denied", "denies this name" },
	[WHY_QUIET] = { "quiet", "has no allow for this quiet name" },
	[WHY_TYPE] = { "type", "may not ask for this type" },
	[WHY_CHAIN] = { "chain", "has no allow for an alias's target" },
	[WHY_ADDRESS] = { "address", "may not have this answer's address" },
};

const char *
matrix_reason_word(enum why why)
{
	return reasons[why].word;
}

int
matrix_is_blocked(enum verdict_kind kind)
{
	return kind <= BARE_REFUSED;
}

/* --- What is expected. */

/* Whether Unbound can answer without asking upstream, for RD=0. */
static int
is_in_cache(const struct cell *cell)
{
	if (cell->profile->features & FEATURE_SUBNET)
		return 0;
	/* The proof that a signed alias has none is looked for. */
	if (cell->zone == ZONE_ALIAS && cell->place == PLACE_SECURE &&
	    matrix_types[cell->type].type == LDNS_RR_TYPE_DS)
		return 0;
	/* ANY is put together, by the iterator. */
	return matrix_types[cell->type].type != TYPE_ANY &&
		!matrix_places[cell->place].held &&
		!matrix_places[cell->place].unique &&
		cell->place != PLACE_CACHEDB;
}

/* Where what is cached for one subnet is not for another, ANY is what was asked
 * for by IPv6 before; of the zones that few ask for, that may be little. */
static int
is_put_together(const struct cell *cell)
{
	return cell->profile->features & FEATURE_SUBNET &&
		cell->zone >= ZONE_ALIAS &&
		matrix_types[cell->type].type == TYPE_ANY &&
		strchr(matrix_clients[cell->client].address, ':') != NULL;
}

/* What anybody gets of whom the policy says nothing. */
static enum verdict_kind
expect_own(const struct cell *cell)
{
	const struct place_row *place = &matrix_places[cell->place];
	unsigned flags = matrix_flags[cell->flags].flags;
	int has_data = (place->data & 1u << cell->type) != 0;

	if (!place->before_modules && flags & ASK_NO_RD) {
		if (!(cell->profile->features & FEATURE_SNOOP))
			return OWN_REFUSED;
		if (!is_in_cache(cell))
			return OWN_WORD;
	}
	if (place->before_modules && matrix_types[cell->type].type == TYPE_ANY)
		return OWN_WORD;
	if (cell->place == PLACE_BOGUS && !(flags & ASK_CD) &&
	    (has_data || cell->zone == ZONE_ALIAS))
		return OWN_SERVFAIL;
	/* The CNAME is the whole answer; an auth-zone's may be followed. */
	if (cell->zone == ZONE_ALIAS &&
	    matrix_types[cell->type].type == TYPE_ANY)
		return cell->place == PLACE_AUTH_UP ? OWN_WORD : OWN_NODATA;
	if (is_put_together(cell))
		return OWN_WORD;
	/* Who validates gets nothing synthesized (RFC 6147 section 5.5). */
	if (cell->place == PLACE_IP4_ONLY && flags & ASK_CD &&
	    matrix_types[cell->type].type == TYPE_AAAA)
		return OWN_NODATA;
	if (cell->place == PLACE_NXDOMAIN || cell->place == PLACE_NSEC)
		return OWN_NXDOMAIN;
	return has_data ? OWN_DATA : OWN_NODATA;
}

/* What the policy says of a name, whatever its type and its answer. */
static enum why
why_name(const struct cell *cell, enum group group)
{
	/* Where the site has zones of its own. */
	if (group == GROUP_VIEW && (cell->place == PLACE_STUB ||
	    cell->place == PLACE_FORWARD || cell->place == PLACE_AUTH_UP))
		return WHY_SITE;
	if (cell->zone != ZONE_BLOCKED)
		return WHY_ALLOWED;
	switch (group) {
	case GROUP_FOLLOWED:
		return cell->place == PLACE_FOLLOWED ||
			cell->place == PLACE_FOLLOWED_FRESH ? WHY_FOLLOWED
			: WHY_NOT_LISTED;
	case GROUP_QUIET:
		return cell->place == PLACE_ABSENT ? WHY_DENIED : WHY_QUIET;
	case GROUP_WINDOW_OPEN:
		return cell->place == PLACE_ABSENT ? WHY_DENIED : WHY_ALLOWED;
	case GROUP_GRANTED:
		return WHY_GRANTED;
	default:
		return WHY_NOT_LISTED;
	}
}

/* Whether response-ip puts in an address that bitsink does not see. */
static int
is_put_in_later(const struct cell *cell)
{
	return cell->place == PLACE_RESPONSE_IP &&
		cell->profile->features & FEATURE_BEHIND;
}

/* What has no address has nothing to hide. A bogus one may be looked at before
 * Unbound makes it SERVFAIL. */
static int
has_address(const struct cell *cell, enum verdict_kind own)
{
	switch (matrix_types[cell->type].type) {
	case TYPE_A:
	case TYPE_AAAA:
	case TYPE_ANY:
	case LDNS_RR_TYPE_HTTPS:
		break;
	default:
		return 0;
	}
	return (own == OWN_DATA || own == OWN_WORD || own == OWN_SERVFAIL) &&
		!is_put_in_later(cell);
}

/* What is found in an allowed answer. */
static enum why
why_answer(const struct cell *cell)
{
	enum verdict_kind own = expect_own(cell);

	if (cell->zone == ZONE_ALIAS)
		return WHY_CHAIN;
	if (cell->zone == ZONE_ADDRESS && has_address(cell, own))
		return WHY_ADDRESS;
	return WHY_ALLOWED;
}

enum why
matrix_why(const struct cell *cell)
{
	unsigned flags = matrix_flags[cell->flags].flags;
	enum group group = matrix_group(cell);
	int type = matrix_types[cell->type].type;
	enum why why;

	/* The site's own word, for everybody; and who may not look into the
	 * cache is refused by Unbound's ACL. */
	if (matrix_places[cell->place].before_modules ||
	    (flags & ASK_NO_RD && !(cell->profile->features & FEATURE_SNOOP)))
		return WHY_NOT_ASKED;
	if (group == GROUP_NONE)
		return WHY_UNRESTRICTED;
	why = why_name(cell, group);
	if (why == WHY_ALLOWED && group == GROUP_TYPES && type != TYPE_A &&
	    type != TYPE_AAAA)
		return WHY_TYPE;
	if (why == WHY_ALLOWED && matrix_groups[group].inspects)
		return why_answer(cell);
	return why;
}

enum verdict_kind
matrix_action(const struct cell *cell)
{
	return matrix_why(cell) == WHY_QUIET ? BLOCKED_NXDOMAIN
		: matrix_groups[matrix_group(cell)].action;
}

/* What a blocked client gets. In front of bitsink nobody must store what is
 * made up of an answer. */
static enum verdict_kind
expect_blocked(const struct cell *cell, enum why why)
{
	enum verdict_kind action = matrix_action(cell);

	if ((why != WHY_CHAIN && why != WHY_ADDRESS) ||
	    !(cell->profile->features & FEATURE_BEHIND))
		return action;
	return action == BLOCKED_NXDOMAIN ? BARE_NXDOMAIN : BARE_REFUSED;
}

enum verdict_kind
matrix_expect(const struct cell *cell)
{
	enum verdict_kind own = expect_own(cell);
	enum why why = matrix_why(cell);

	if (why < WHY_NOT_LISTED)
		return own;
	if ((why == WHY_CHAIN || why == WHY_ADDRESS) &&
	    (own == OWN_WORD || own == OWN_SERVFAIL))
		return OWN_OR_BLOCKED;
	return expect_blocked(cell, why);
}

/* --- What came. */

static int
is_of_type(const ldns_rr *rr, int type)
{
	return (int)ldns_rr_get_type(rr) == type;
}

/* The data of RR as one string, to be freed. */
static char *
data_of(const ldns_rr *rr)
{
	char *text = NULL, *word;
	size_t length, i;
	FILE *memory = open_memstream(&text, &length);

	assert_non_null(memory);
	for (i = 0; i < ldns_rr_rd_count(rr); i++) {
		word = ldns_rdf2str(ldns_rr_rdf(rr, i));
		fprintf(memory, "%s%s", i > 0 ? " " : "", word);
		free(word);
	}
	fclose(memory);
	return text;
}

/* Records of TYPE in the answer section, and how many of them are DATA. */
static unsigned
count_records(const ldns_pkt *answer, int type, const char *data,
	unsigned *same)
{
	unsigned i, count = 0;

	*same = 0;
	for (i = 0; i < ldns_pkt_ancount(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(answer),
			i);
		char *text;

		if (!is_of_type(rr, type))
			continue;
		count++;
		text = data_of(rr);
		*same += data != NULL && strcasecmp(text, data) == 0;
		free(text);
	}
	return count;
}

/* DATA as ldns writes it. */
static char *
normal_data(int type, const char *data)
{
	char *line, *text, *word = ldns_rr_type2str((ldns_rr_type)type);
	ldns_rr *rr;

	if (asprintf(&line, "x. 1 IN %s %s", word, data) < 0 ||
	    ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		abort();
	text = data_of(rr);
	ldns_rr_free(rr);
	free(word);
	free(line);
	return text;
}

/* Kept, for there are few and they are asked for often. */
static const char *
expected_data(const struct cell *cell, unsigned type)
{
	static char *known[PLACE_COUNT][ZONE_COUNT][TYPES];
	char **slot = &known[cell->place][cell->zone][type];
	const char *data;
	char text[MATRIX_DATA_MAX];

	if (*slot == NULL) {
		data = matrix_data(cell->place, cell->zone, type, text,
			sizeof(text));
		assert_non_null(data);
		*slot = normal_data(matrix_types[type].type, data);
	}
	return *slot;
}

/* The SOA in the authority section that only bitsink writes, or NULL. */
static const ldns_rr *
our_soa(const ldns_pkt *answer)
{
	static ldns_rdf *mname;
	unsigned i;

	if (mname == NULL)
		mname = ldns_dname_new_frm_str("bitsink.invalid.");
	for (i = 0; i < ldns_pkt_nscount(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_authority(answer),
			i);

		if (is_of_type(rr, LDNS_RR_TYPE_SOA) &&
		    ldns_dname_compare(ldns_rr_rdf(rr, 0), mname) == 0)
			return rr;
	}
	return NULL;
}

static int
has_sinkhole(const ldns_pkt *answer)
{
	unsigned four, six;

	count_records(answer, TYPE_A, MATRIX_SINKHOLE4, &four);
	count_records(answer, TYPE_AAAA, MATRIX_SINKHOLE6, &six);
	return four + six > 0;
}

static const char *
judge_own(const struct cell *cell, enum verdict_kind expected,
	const ldns_pkt *answer)
{
	static const ldns_pkt_rcode rcodes[VERDICT_KINDS] = {
		[OWN_DATA] = LDNS_RCODE_NOERROR,
		[OWN_NODATA] = LDNS_RCODE_NOERROR,
		[OWN_NXDOMAIN] = LDNS_RCODE_NXDOMAIN,
		[OWN_SERVFAIL] = LDNS_RCODE_SERVFAIL,
		[OWN_REFUSED] = LDNS_RCODE_REFUSED,
	};
	int any = matrix_types[cell->type].type == TYPE_ANY;
	/* The address is what anybody wants to see of ANY. */
	unsigned type = any ? 0 : cell->type, count, same;
	char text[256];

	if (our_soa(answer) != NULL)
		return "bitsink's SOA";
	if (answer_ede(answer, text, sizeof(text)) == EDE_BLOCKED)
		return "the EDE Blocked";
	if (has_sinkhole(answer))
		return "the sinkhole's address";
	if (expected == OWN_WORD)
		return NULL;
	if (ldns_pkt_get_rcode(answer) != rcodes[expected])
		return "another RCODE";
	if (ldns_pkt_tc(answer))
		return any ? NULL : "a truncated answer";
	count = count_records(answer, matrix_types[type].type,
		expected == OWN_DATA ? expected_data(cell, type) : NULL, &same);
	if (expected == OWN_DATA && (count != 1 || same != 1))
		return "not the data";
	if (expected != OWN_DATA && count > 0)
		return "data";
	return NULL;
}

/* Whether the EDE tells why; without EDNS there is none. */
static int
is_explained(const struct cell *cell, const ldns_pkt *answer)
{
	unsigned flags = matrix_flags[cell->flags].flags;
	char text[256], expected[256];
	int ede = answer_ede(answer, text, sizeof(text));

	if (!(flags & (ASK_EDNS | ASK_DO)))
		return ede == -1;
	snprintf(expected, sizeof(expected), "bitsink: group \"%s\" %s",
		matrix_groups[matrix_group(cell)].name,
		reasons[matrix_why(cell)].explanation);
	return ede == EDE_BLOCKED && strcmp(text, expected) == 0;
}

static const ldns_pkt_rcode blocked_rcodes[] = {
	[BLOCKED_NXDOMAIN] = LDNS_RCODE_NXDOMAIN,
	[BLOCKED_SINKHOLE] = LDNS_RCODE_NOERROR,
	[BLOCKED_NODATA] = LDNS_RCODE_NOERROR,
	[BLOCKED_REFUSED] = LDNS_RCODE_REFUSED,
	[BARE_NXDOMAIN] = LDNS_RCODE_NXDOMAIN,
	[BARE_REFUSED] = LDNS_RCODE_REFUSED,
};

/* How many addresses the sinkhole has of the cell's type. */
static unsigned
sinkholes(const struct cell *cell)
{
	int type = matrix_types[cell->type].type;

	return (unsigned)((type == TYPE_A || type == TYPE_ANY) +
		(type == TYPE_AAAA || type == TYPE_ANY));
}

/* Whether the site's own redirect is in front of it: that is not judged, but
 * what is behind it. */
static unsigned
redirects(const struct cell *cell, enum verdict_kind expected)
{
	enum why why = matrix_why(cell);

	return cell->place == PLACE_LOCAL_ALIAS && expected < BARE_NXDOMAIN &&
		(why == WHY_CHAIN || why == WHY_ADDRESS);
}

/* Nothing but what bitsink writes: the EDE where there is EDNS, and an SOA or
 * the sinkhole's addresses. */
static const char *
judge_blocked(const struct cell *cell, enum verdict_kind expected,
	const ldns_pkt *answer)
{
	int sinkhole = expected == BLOCKED_SINKHOLE;
	unsigned addresses = sinkhole ? sinkholes(cell) : 0, four, six;
	int has_soa = addresses == 0 && expected <= BLOCKED_NODATA;
	const ldns_rr *soa = our_soa(answer);

	if (ldns_pkt_get_rcode(answer) != blocked_rcodes[expected])
		return "another RCODE";
	count_records(answer, TYPE_A, MATRIX_SINKHOLE4, &four);
	count_records(answer, TYPE_AAAA, MATRIX_SINKHOLE6, &six);
	if (four + six != addresses || ldns_pkt_ancount(answer) != addresses +
	    redirects(cell, expected))
		return "other answers";
	if (ldns_pkt_nscount(answer) != has_soa || (soa != NULL) != has_soa)
		return "another authority section";
	if (soa != NULL && ldns_rr_ttl(soa) != (sinkhole ? 88 : 77))
		return "another TTL";
	if (!is_explained(cell, answer))
		return "another EDE";
	/* Who redirects is the authority for it. */
	if ((ldns_pkt_aa(answer) && !redirects(cell, expected)) ||
	    ldns_pkt_ad(answer) || ldns_pkt_tc(answer))
		return "flags that are not bitsink's";
	return NULL;
}

/* --- What must never come, for who has his answers judged. */

static int
is_within(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the record has what the policy denies: an address of ZONE_ADDRESS, in
 * whatever form, or a name of ZONE_BLOCKED. */
static int
leaks(const ldns_rr *rr)
{
	static const char alias[] = "blocked.test.";
	char *text = data_of(rr);
	size_t length = strlen(text);
	int found = 0;

	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		found = is_within(text, "10.");
		break;
	case LDNS_RR_TYPE_AAAA:
		found = is_within(text, "fd66:") ||
			is_within(text, "64:ff9b::a42:");
		break;
	case LDNS_RR_TYPE_SVCB:
	case LDNS_RR_TYPE_HTTPS:
		found = strstr(text, "=10.") != NULL ||
			strstr(text, "=fd66:") != NULL;
		break;
	case LDNS_RR_TYPE_CNAME:
		found = length >= sizeof(alias) - 1 &&
			is_within(text + length - (sizeof(alias) - 1), alias);
		break;
	default:
		break;
	}
	free(text);
	return found;
}

static int
any_leaks(const ldns_rr_list *records)
{
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(records); i++)
		if (leaks(ldns_rr_list_rr(records, i)))
			return 1;
	return 0;
}

/* Whatever was expected: an inspected answer has no record of that sort. */
static int
has_leak(const struct cell *cell, const ldns_pkt *answer)
{
	return matrix_groups[matrix_group(cell)].inspects &&
		!is_put_in_later(cell) &&
		(any_leaks(ldns_pkt_answer(answer)) ||
		any_leaks(ldns_pkt_authority(answer)) ||
		any_leaks(ldns_pkt_additional(answer)));
}

const char *
matrix_judge(const struct cell *cell, enum verdict_kind *kind,
	const ldns_pkt *answer)
{
	if (has_leak(cell, answer))
		return "what must not be in it";
	if (*kind == OWN_OR_BLOCKED) {
		*kind = expect_blocked(cell, matrix_why(cell));
		if (judge_blocked(cell, *kind, answer) == NULL)
			return NULL;
		*kind = expect_own(cell);
	}
	if (matrix_is_blocked(*kind))
		return judge_blocked(cell, *kind, answer);
	return judge_own(cell, *kind, answer);
}
