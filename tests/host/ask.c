/*
 * ask.c - clients: they ask from chosen addresses, over any transport.
 */
#include "ask.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sandbox.h"

#define EDE_OPTION 15

struct asking {
	struct question question;
	struct line *line;
	uint16_t id;
};

/* Takes the owner name from text in its letter case, which ldns keeps. */
static uint8_t *
make_query(const struct question *question, uint16_t id, size_t *length)
{
	ldns_rdf *name = ldns_dname_new_frm_str(question->name);
	ldns_pkt *query;
	uint8_t *wire;

	assert_non_null(name);
	query = ldns_pkt_query_new(name,
		(ldns_rr_type)question->type,
		question->flags & ASK_CHAOS ? LDNS_RR_CLASS_CH
		: LDNS_RR_CLASS_IN,
		question->flags & ASK_NO_RD ? 0 : LDNS_RD);
	ldns_pkt_set_id(query, id);
	ldns_pkt_set_cd(query, (question->flags & ASK_CD) != 0);
	ldns_pkt_set_ad(query, (question->flags & ASK_AD) != 0);
	if (question->flags & (ASK_EDNS | ASK_DO) || question->udp_size > 0) {
		ldns_pkt_set_edns_udp_size(query, (uint16_t)
			(question->udp_size > 0 ? question->udp_size : 1232));
		ldns_pkt_set_edns_do(query, (question->flags & ASK_DO) != 0);
	}
	if (question->option != 0) {
		uint8_t option[4] = { (uint8_t)(question->option >> 8),
			(uint8_t)question->option };

		ldns_pkt_set_edns_udp_size(query, 1232);
		ldns_pkt_set_edns_data(query, ldns_rdf_new_frm_data(
			LDNS_RDF_TYPE_UNKNOWN, sizeof(option), option));
	}
	assert_int_equal(ldns_pkt2wire(&wire, query, length), LDNS_STATUS_OK);
	ldns_pkt_free(query);
	return wire;
}

struct asking *
ask_begin(struct question question)
{
	static uint16_t next_id = 0x1000;
	struct asking *asking = calloc(1, sizeof(*asking));
	size_t length;
	uint8_t *wire;

	assert_non_null(asking);
	asking->question = question;
	asking->id = next_id++;
	asking->line = line_open(question.transport, question.from);
	wire = make_query(&question, asking->id, &length);
	line_send(asking->line, wire, length);
	line_flush(asking->line);
	free(wire);
	return asking;
}

int
ask_is_answered(struct asking *asking)
{
	return line_is_answered(asking->line);
}

void
ask_cancel(struct asking *asking)
{
	line_close(asking->line);
	free(asking);
}

ldns_pkt *
ask_end(struct asking *asking)
{
	static uint8_t wire[LINE_MESSAGE_MAX];
	size_t length = line_receive(asking->line, wire);
	ldns_pkt *answer;

	if (length == 0) {
		print_error("no answer to %s asked for %s\n",
			asking->question.from, asking->question.name);
		fail();
	}
	assert_int_equal(ldns_wire2pkt(&answer, wire, length),
		LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(answer), asking->id);
	ask_cancel(asking);
	return answer;
}

ldns_pkt *
ask(struct question question)
{
	return ask_end(ask_begin(question));
}

void
ask_expect_silence(struct question question, long long milliseconds)
{
	struct asking *asking = ask_begin(question);
	long long deadline = sandbox_now() + milliseconds;

	do {
		assert_false(ask_is_answered(asking));
	} while (sandbox_wait(deadline));
	ask_cancel(asking);
}

int
answer_ede(const ldns_pkt *answer, char *text, size_t size)
{
	const ldns_rdf *options = ldns_pkt_edns_data(answer);
	const uint8_t *data;
	size_t left;

	text[0] = '\0';
	if (options == NULL)
		return -1;
	data = ldns_rdf_data(options);
	left = ldns_rdf_size(options);
	while (left >= 4) {
		unsigned code = (unsigned)data[0] << 8 | data[1];
		size_t length = (size_t)data[2] << 8 | data[3];

		assert_true(length + 4 <= left);
		if (code == EDE_OPTION && length >= 2) {
			snprintf(text, size, "%.*s", (int)length - 2,
				(const char *)data + 6);
			return data[4] << 8 | data[5];
		}
		data += length + 4;
		left -= length + 4;
	}
	return -1;
}

char *
answer_line(ldns_pkt *answer)
{
	char *line = NULL, *word;
	size_t length, i;
	FILE *memory = open_memstream(&line, &length);

	assert_non_null(memory);
	word = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
	fprintf(memory, "%s", word);
	free(word);
	for (i = 0; i < ldns_pkt_ancount(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(answer),
			i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG)
			continue;
		word = ldns_rdf2str(ldns_rr_rdf(rr, 0));
		fprintf(memory, " %s", word);
		free(word);
	}
	fclose(memory);
	ldns_pkt_free(answer);
	return line;
}

void
ask_assert(struct question question, const char *line, const char *file,
	int at)
{
	char *found = answer_line(ask(question));

	/* Compression gives names the letter case of the question. */
	if (strcasecmp(found, line) != 0) {
		print_error("%s:%d: %s asked for %s: found \"%s\", expected "
			"\"%s\"\n", file, at, question.from, question.name,
			found, line);
		fail();
	}
	free(found);
}
