/*
 * ask.c - clients: they ask from chosen addresses, over any transport.
 */
#include "ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "resolver.h"
#include "sandbox.h"

#define EDE_OPTION 15

struct asking {
	struct question question;
	int fd;
	SSL_CTX *context;
	SSL *tls;
	uint16_t id;
};

union any_address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static socklen_t
make_address(union any_address *address, const char *text, int port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->ip4.sin_addr) == 1) {
		address->ip4.sin_family = AF_INET;
		address->ip4.sin_port = htons((uint16_t)port);
		return sizeof(address->ip4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &address->ip6.sin6_addr),
		1);
	address->ip6.sin6_family = AF_INET6;
	address->ip6.sin6_port = htons((uint16_t)port);
	return sizeof(address->ip6);
}

static int
is_ip6(const char *text)
{
	return strchr(text, ':') != NULL;
}

static int
is_stream(enum transport transport)
{
	return transport == ASK_TCP || transport == ASK_TLS ||
		transport == ASK_PROXY_TCP;
}

static int
is_proxied(enum transport transport)
{
	return transport == ASK_PROXY_UDP || transport == ASK_PROXY_TCP;
}

/* A socket from the client, or from the proxy, to the resolver. */
static int
open_socket(const struct question *question)
{
	const char *from = is_proxied(question->transport) ? ORDINARY_2
		: question->from;
	const char *to = is_ip6(from) ? SANDBOX_IP6_RESOLVER : RESOLVER_IP4;
	int port = is_proxied(question->transport) ? RESOLVER_PROXY_PORT
		: question->transport == ASK_TLS ? RESOLVER_TLS_PORT
		: RESOLVER_PORT;
	struct timeval patience = { SANDBOX_PATIENCE / 1000, 0 };
	union any_address address;
	socklen_t length = make_address(&address, from, 0);
	int fd = socket(address.any.sa_family,
		is_stream(question->transport) ? SOCK_STREAM : SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	if (bind(fd, &address.any, length) != 0) {
		print_error("bind %s: %s\n", from, strerror(errno));
		fail();
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	length = make_address(&address, to, port);
	if (connect(fd, &address.any, length) != 0) {
		print_error("connect %s: %s\n", to, strerror(errno));
		fail();
	}
	return fd;
}

/* The header of the PROXY protocol, version 2, for a client at FROM. */
static size_t
write_proxy_header(uint8_t *header, const struct question *question)
{
	static const uint8_t signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00,
		0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
	size_t octets = is_ip6(question->from) ? 16 : 4;
	int stream = is_stream(question->transport);

	memcpy(header, signature, sizeof(signature));
	header[12] = 0x21; /* version 2, PROXY */
	header[13] = (uint8_t)((octets == 16 ? 0x20 : 0x10) |
		(stream ? 1 : 2));
	header[14] = 0;
	header[15] = (uint8_t)(2 * octets + 4);
	memset(header + 16, 0, 2 * octets + 4);
	inet_pton(octets == 16 ? AF_INET6 : AF_INET, question->from,
		header + 16);
	header[16 + 2 * octets] = 0x30; /* some port */
	return 16 + 2 * octets + 4;
}

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
	assert_int_equal(ldns_pkt2wire(&wire, query, length), LDNS_STATUS_OK);
	ldns_pkt_free(query);
	return wire;
}

static void
start_tls(struct asking *asking)
{
	asking->context = SSL_CTX_new(TLS_client_method());
	asking->tls = SSL_new(asking->context);
	assert_int_equal(SSL_set_fd(asking->tls, asking->fd), 1);
	assert_int_equal(SSL_connect(asking->tls), 1);
}

static void
send_octets(struct asking *asking, const uint8_t *octets, size_t length)
{
	if (asking->tls != NULL)
		assert_int_equal(SSL_write(asking->tls, octets, (int)length),
			(int)length);
	else
		assert_int_equal(send(asking->fd, octets, length,
			MSG_NOSIGNAL), (ssize_t)length);
}

struct asking *
ask_begin(struct question question)
{
	static uint16_t next_id = 0x1000;
	struct asking *asking = calloc(1, sizeof(*asking));
	uint8_t message[1024], *wire;
	size_t at = 0, length;

	assert_non_null(asking);
	asking->question = question;
	asking->id = next_id++;
	asking->fd = open_socket(&question);
	if (question.transport == ASK_TLS)
		start_tls(asking);
	if (is_proxied(question.transport))
		at = write_proxy_header(message, &question);
	wire = make_query(&question, asking->id, &length);
	if (is_stream(question.transport)) {
		message[at++] = (uint8_t)(length >> 8);
		message[at++] = (uint8_t)length;
	}
	memcpy(message + at, wire, length);
	send_octets(asking, message, at + length);
	free(wire);
	return asking;
}

int
ask_is_answered(struct asking *asking)
{
	struct pollfd polled = { asking->fd, POLLIN, 0 };

	if (asking->tls != NULL && SSL_pending(asking->tls) > 0)
		return 1;
	return poll(&polled, 1, 0) == 1;
}

static int
receive_some(struct asking *asking, uint8_t *octets, size_t length)
{
	if (asking->tls != NULL)
		return SSL_read(asking->tls, octets, (int)length);
	return (int)recv(asking->fd, octets, length, 0);
}

static void
receive_all(struct asking *asking, uint8_t *octets, size_t length)
{
	size_t got = 0;

	while (got < length) {
		int n = receive_some(asking, octets + got, length - got);

		if (n <= 0) {
			print_error("no answer to %s asked for %s\n",
				asking->question.from, asking->question.name);
			fail();
		}
		got += (size_t)n;
	}
}

void
ask_cancel(struct asking *asking)
{
	SSL_free(asking->tls);
	SSL_CTX_free(asking->context);
	close(asking->fd);
	free(asking);
}

ldns_pkt *
ask_end(struct asking *asking)
{
	static uint8_t wire[65535];
	ldns_pkt *answer;
	int length;

	if (is_stream(asking->question.transport)) {
		receive_all(asking, wire, 2);
		length = wire[0] << 8 | wire[1];
		receive_all(asking, wire, (size_t)length);
	} else {
		length = receive_some(asking, wire, sizeof(wire));
		if (length <= 0) {
			print_error("no answer to %s asked for %s\n",
				asking->question.from, asking->question.name);
			fail();
		}
	}
	assert_int_equal(ldns_wire2pkt(&answer, wire, (size_t)length),
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
