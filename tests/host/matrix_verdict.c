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
		[OWN_DATA] = "the data",
		[OWN_NODATA] = "no data",
		[OWN_NXDOMAIN] = "NXDOMAIN of Unbound",
		[OWN_SERVFAIL] = "SERVFAIL of Unbound",
		[OWN_REFUSED] = "REFUSED of Unbound",
		[OWN_WORD] = "an answer of Unbound",
	};

	return words[kind];
}

/* --- What is expected. */

/* Whether Unbound can answer without asking upstream, for RD=0. */
static int
is_in_cache(const struct cell *cell)
{
	if (cell->profile->features & FEATURE_SUBNET)
		return 0;
	/* ANY is put together, by the iterator. */
	return matrix_types[cell->type].type != TYPE_ANY &&
		!matrix_places[cell->place].held &&
		!matrix_places[cell->place].unique &&
		cell->place != PLACE_CACHEDB;
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
	if (cell->place == PLACE_BOGUS && has_data && !(flags & ASK_CD))
		return OWN_SERVFAIL;
	/* Who validates gets nothing synthesized (RFC 6147 section 5.5). */
	if (cell->place == PLACE_IP4_ONLY && flags & ASK_CD &&
	    matrix_types[cell->type].type == TYPE_AAAA)
		return OWN_NODATA;
	if (cell->place == PLACE_NXDOMAIN || cell->place == PLACE_NSEC)
		return OWN_NXDOMAIN;
	return has_data ? OWN_DATA : OWN_NODATA;
}

enum verdict_kind
matrix_expect(const struct cell *cell)
{
	unsigned flags = matrix_flags[cell->flags].flags;

	/* The site's own word, for everybody. */
	if (matrix_places[cell->place].before_modules)
		return expect_own(cell);
	/* Who may not look into the cache is refused by Unbound's ACL. */
	if (flags & ASK_NO_RD && !(cell->profile->features & FEATURE_SNOOP))
		return OWN_REFUSED;
	if (cell->zone == ZONE_ALLOWED)
		return expect_own(cell);
	switch (matrix_clients[cell->client].group) {
	case GROUP_NXDOMAIN:
		return BLOCKED_NXDOMAIN;
	case GROUP_SINKHOLE:
		return BLOCKED_SINKHOLE;
	case GROUP_NONE:
		break;
	}
	return expect_own(cell);
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
	char text[64];

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

/* Nothing but what bitsink writes: the EDE where there is EDNS, and an SOA or
 * the sinkhole's addresses. */
static const char *
judge_blocked(const struct cell *cell, enum verdict_kind expected,
	const ldns_pkt *answer)
{
	int sinkhole = expected == BLOCKED_SINKHOLE, ede;
	int type = matrix_types[cell->type].type;
	unsigned flags = matrix_flags[cell->flags].flags;
	unsigned addresses = 0, four, six;
	const ldns_rr *soa = our_soa(answer);
	char text[256];

	if (ldns_pkt_get_rcode(answer) != (sinkhole ? LDNS_RCODE_NOERROR
	    : LDNS_RCODE_NXDOMAIN))
		return "another RCODE";
	if (sinkhole)
		addresses = (unsigned)((type == TYPE_A || type == TYPE_ANY) +
			(type == TYPE_AAAA || type == TYPE_ANY));
	count_records(answer, TYPE_A, MATRIX_SINKHOLE4, &four);
	count_records(answer, TYPE_AAAA, MATRIX_SINKHOLE6, &six);
	if (four + six != addresses || ldns_pkt_ancount(answer) != addresses)
		return "other answers";
	if (ldns_pkt_nscount(answer) != (addresses == 0) ||
	    (soa == NULL) != (addresses > 0))
		return "another authority section";
	if (soa != NULL && ldns_rr_ttl(soa) != (sinkhole ? 88 : 77))
		return "another TTL";
	ede = answer_ede(answer, text, sizeof(text));
	if (ede != (flags & (ASK_EDNS | ASK_DO) ? EDE_BLOCKED : -1))
		return "another EDE";
	if (ldns_pkt_aa(answer) || ldns_pkt_ad(answer) || ldns_pkt_tc(answer))
		return "flags that are not bitsink's";
	return NULL;
}

const char *
matrix_judge(const struct cell *cell, enum verdict_kind expected,
	const ldns_pkt *answer)
{
	if (expected == BLOCKED_NXDOMAIN || expected == BLOCKED_SINKHOLE)
		return judge_blocked(cell, expected, answer);
	return judge_own(cell, expected, answer);
}
