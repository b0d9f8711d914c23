/*
 * line.c - the ways to a resolver, from chosen addresses.
 */
#include "line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "ask.h"
#include "doh.h"
#include "resolver.h"
#include "sandbox.h"

#define PROXY_HEADER_MAX 52
#define OUT_MAX (LINE_MESSAGE_MAX + 2 + PROXY_HEADER_MAX)

struct line {
	enum transport transport;
	int fd;
	SSL_CTX *context;
	SSL *tls;
	struct doh *doh;
	/* For each datagram, or once at the start of a connection. */
	uint8_t proxy_header[PROXY_HEADER_MAX];
	size_t proxy_length;
	/* What a stream has still to send. */
	uint8_t out[OUT_MAX];
	size_t out_length;
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
		transport == ASK_PROXY_TCP || transport == ASK_HTTPS;
}

static int
is_proxied(enum transport transport)
{
	return transport == ASK_PROXY_UDP || transport == ASK_PROXY_TCP;
}

static int
port_of(enum transport transport)
{
	switch (transport) {
	case ASK_TLS:
		return RESOLVER_TLS_PORT;
	case ASK_HTTPS:
		return RESOLVER_HTTPS_PORT;
	case ASK_PROXY_UDP:
	case ASK_PROXY_TCP:
		return RESOLVER_PROXY_PORT;
	case ASK_UDP:
	case ASK_TCP:
		break;
	}
	return RESOLVER_PORT;
}

/* A socket from the client, or from the proxy, to the resolver. */
static int
open_socket(enum transport transport, const char *client)
{
	const char *from = is_proxied(transport) ? ORDINARY_2 : client;
	const char *to = is_ip6(from) ? SANDBOX_IP6_RESOLVER : RESOLVER_IP4;
	struct timeval patience = { SANDBOX_PATIENCE / 1000, 0 };
	union any_address address;
	socklen_t length = make_address(&address, from, 0);
	int on = 1, fd = socket(address.any.sa_family,
		is_stream(transport) ? SOCK_STREAM : SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	/* Many connections of one client: a port counts for a peer only. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, &address.any, length) != 0) {
		print_error("bind %s: %s\n", from, strerror(errno));
		fail();
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (is_stream(transport))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	length = make_address(&address, to, port_of(transport));
	if (connect(fd, &address.any, length) != 0) {
		print_error("connect %s: %s\n", to, strerror(errno));
		fail();
	}
	return fd;
}

/* The header of the PROXY protocol, version 2, for a client at FROM. */
static size_t
write_proxy_header(uint8_t *header, enum transport transport,
	const char *from)
{
	static const uint8_t signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00,
		0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
	size_t octets = is_ip6(from) ? 16 : 4;

	memcpy(header, signature, sizeof(signature));
	header[12] = 0x21; /* version 2, PROXY */
	header[13] = (uint8_t)((octets == 16 ? 0x20 : 0x10) |
		(is_stream(transport) ? 1 : 2));
	header[14] = 0;
	header[15] = (uint8_t)(2 * octets + 4);
	memset(header + 16, 0, 2 * octets + 4);
	inet_pton(octets == 16 ? AF_INET6 : AF_INET, from, header + 16);
	header[16 + 2 * octets] = 0x30; /* some port */
	return 16 + 2 * octets + 4;
}

static void
start_tls(struct line *line)
{
	static const unsigned char h2[] = "\2h2";

	line->context = SSL_CTX_new(TLS_client_method());
	if (line->transport == ASK_HTTPS)
		assert_int_equal(SSL_CTX_set_alpn_protos(line->context, h2,
			sizeof(h2) - 1), 0);
	line->tls = SSL_new(line->context);
	assert_int_equal(SSL_set_fd(line->tls, line->fd), 1);
	assert_int_equal(SSL_connect(line->tls), 1);
	if (line->transport == ASK_HTTPS)
		line->doh = doh_start(line->tls);
}

struct line *
line_open(enum transport transport, const char *from)
{
	struct line *line = calloc(1, sizeof(*line));

	assert_non_null(line);
	line->transport = transport;
	line->fd = open_socket(transport, from);
	if (transport == ASK_TLS || transport == ASK_HTTPS)
		start_tls(line);
	if (is_proxied(transport))
		line->proxy_length = write_proxy_header(line->proxy_header,
			transport, from);
	if (transport == ASK_PROXY_TCP) {
		memcpy(line->out, line->proxy_header, line->proxy_length);
		line->out_length = line->proxy_length;
	}
	return line;
}

void
line_close(struct line *line)
{
	if (line == NULL)
		return;
	doh_end(line->doh);
	SSL_free(line->tls);
	SSL_CTX_free(line->context);
	close(line->fd);
	free(line);
}

void
line_flush(struct line *line)
{
	if (line->doh != NULL)
		doh_flush(line->doh);
	else if (line->out_length == 0)
		return;
	else if (line->tls != NULL)
		assert_int_equal(SSL_write(line->tls, line->out,
			(int)line->out_length), (int)line->out_length);
	else
		assert_int_equal(send(line->fd, line->out, line->out_length,
			MSG_NOSIGNAL), (ssize_t)line->out_length);
	line->out_length = 0;
}

static void
send_datagram(struct line *line, const uint8_t *query, size_t length)
{
	size_t before = line->proxy_length;

	memcpy(line->out, line->proxy_header, before);
	memcpy(line->out + before, query, length);
	assert_int_equal(send(line->fd, line->out, before + length, 0),
		(ssize_t)(before + length));
}

void
line_send(struct line *line, const uint8_t *query, size_t length)
{
	uint8_t *at;

	assert_true(length + PROXY_HEADER_MAX + 2 <= OUT_MAX);
	if (line->doh != NULL) {
		doh_send(line->doh, query, length);
		return;
	}
	if (!is_stream(line->transport)) {
		send_datagram(line, query, length);
		return;
	}
	if (line->out_length + 2 + length > OUT_MAX)
		line_flush(line);
	at = line->out + line->out_length;
	at[0] = (uint8_t)(length >> 8);
	at[1] = (uint8_t)length;
	memcpy(at + 2, query, length);
	line->out_length += 2 + length;
}

int
line_is_answered(struct line *line)
{
	struct pollfd polled = { line->fd, POLLIN, 0 };

	if (line->doh != NULL && doh_is_answered(line->doh))
		return 1;
	if (line->tls != NULL && SSL_pending(line->tls) > 0)
		return 1;
	return poll(&polled, 1, 0) == 1;
}

/* Returns 0 when all was read, -1 on a dead line. An acknowledgement that is
 * late would keep further answers back at the resolver. */
static int
receive_all(struct line *line, uint8_t *octets, size_t length)
{
	size_t got = 0;
	int on = 1;

	setsockopt(line->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	while (got < length) {
		int n = line->tls != NULL
			? SSL_read(line->tls, octets + got, (int)(length - got))
			: (int)recv(line->fd, octets + got, length - got, 0);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	return 0;
}

size_t
line_receive(struct line *line, uint8_t *answer)
{
	uint8_t framed[2];
	ssize_t n;
	size_t length;

	if (line->doh != NULL)
		return doh_receive(line->doh, answer);
	if (!is_stream(line->transport)) {
		n = recv(line->fd, answer, LINE_MESSAGE_MAX, 0);
		return n > 0 ? (size_t)n : 0;
	}
	if (receive_all(line, framed, 2) != 0)
		return 0;
	length = (size_t)framed[0] << 8 | framed[1];
	return receive_all(line, answer, length) == 0 ? length : 0;
}
