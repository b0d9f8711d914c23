/*
 * doh.c - the HTTP/2 of DNS over HTTPS, as a client speaks it (RFC 8484).
 */
#include "doh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <nghttp2/nghttp2.h>

#include "line.h"
#include "resolver.h"

/* One query, and the answer as far as it came. */
struct request {
	struct request *next;
	uint8_t *query;
	size_t query_length;
	size_t sent;
	uint8_t *answer;
	size_t answer_length;
	int status;
};

struct doh {
	SSL *tls;
	nghttp2_session *session;
	/* Answered, the oldest first. */
	struct request *first;
	struct request **last;
	/* Not answered yet. */
	struct request *waiting;
};

__attribute__((noreturn)) static void
die(const char *what, int code)
{
	fprintf(stderr, "doh: %s: %s\n", what,
		code < 0 ? nghttp2_strerror(code) : "failed");
	abort();
}

static void
free_requests(struct request *request)
{
	struct request *next;

	for (; request != NULL; request = next) {
		next = request->next;
		free(request->query);
		free(request->answer);
		free(request);
	}
}

/* --- What nghttp2 calls. */

static ssize_t
send_octets(nghttp2_session *session, const uint8_t *octets, size_t length,
	int flags, void *user)
{
	struct doh *doh = user;
	int n = SSL_write(doh->tls, octets, (int)length);

	(void)session;
	(void)flags;
	return n > 0 ? n : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static ssize_t
read_query(nghttp2_session *session, int32_t stream, uint8_t *octets,
	size_t length, uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct request *request = source->ptr;
	size_t left = request->query_length - request->sent;

	(void)session;
	(void)stream;
	(void)user;
	if (left <= length)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else
		left = length;
	memcpy(octets, request->query + request->sent, left);
	request->sent += left;
	return (ssize_t)left;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
	const uint8_t *name, size_t name_length, const uint8_t *value,
	size_t value_length, uint8_t flags, void *user)
{
	struct request *request = nghttp2_session_get_stream_user_data(session,
		frame->hd.stream_id);

	(void)value_length;
	(void)flags;
	(void)user;
	if (request != NULL && name_length == 7 &&
	    memcmp(name, ":status", 7) == 0)
		request->status = atoi((const char *)value);
	return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t stream,
	const uint8_t *octets, size_t length, void *user)
{
	struct request *request = nghttp2_session_get_stream_user_data(session,
		stream);

	(void)flags;
	(void)user;
	if (request == NULL ||
	    request->answer_length + length > LINE_MESSAGE_MAX)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	request->answer = realloc(request->answer,
		request->answer_length + length);
	if (request->answer == NULL)
		die("realloc", 0);
	memcpy(request->answer + request->answer_length, octets, length);
	request->answer_length += length;
	return 0;
}

/* From the waiting to the answered ones. */
static int
on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *user)
{
	struct doh *doh = user;
	struct request *request = nghttp2_session_get_stream_user_data(session,
		stream), **link;

	(void)error;
	if (request == NULL)
		return 0;
	for (link = &doh->waiting; *link != request; link = &(*link)->next)
		;
	*link = request->next;
	request->next = NULL;
	*doh->last = request;
	doh->last = &request->next;
	return 0;
}

/* --- What tests call. */

struct doh *
doh_start(SSL *tls)
{
	struct doh *doh = calloc(1, sizeof(*doh));
	nghttp2_session_callbacks *callbacks;
	int code;

	if (doh == NULL || nghttp2_session_callbacks_new(&callbacks) != 0)
		die("start", 0);
	doh->tls = tls;
	doh->last = &doh->first;
	nghttp2_session_callbacks_set_send_callback(callbacks, send_octets);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
		on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
		on_close);
	code = nghttp2_session_client_new(&doh->session, callbacks, doh);
	nghttp2_session_callbacks_del(callbacks);
	if (code == 0)
		code = nghttp2_submit_settings(doh->session,
			NGHTTP2_FLAG_NONE, NULL, 0);
	if (code != 0)
		die("session", code);
	return doh;
}

void
doh_end(struct doh *doh)
{
	if (doh == NULL)
		return;
	nghttp2_session_del(doh->session);
	free_requests(doh->first);
	free_requests(doh->waiting);
	free(doh);
}

#define HEADER(name, value) { (uint8_t *)(uintptr_t)(name), \
	(uint8_t *)(uintptr_t)(value), sizeof(name) - 1, sizeof(value) - 1, \
	NGHTTP2_NV_FLAG_NONE }

void
doh_send(struct doh *doh, const uint8_t *query, size_t length)
{
	static const nghttp2_nv headers[] = {
		HEADER(":method", "POST"),
		HEADER(":scheme", "https"),
		HEADER(":authority", "resolver.test"),
		HEADER(":path", RESOLVER_HTTPS_PATH),
		HEADER("content-type", "application/dns-message"),
		HEADER("accept", "application/dns-message"),
	};
	struct request *request = calloc(1, sizeof(*request));
	nghttp2_data_provider body = { { .ptr = request }, read_query };
	int32_t stream;

	if (request == NULL || (request->query = malloc(length)) == NULL)
		die("malloc", 0);
	memcpy(request->query, query, length);
	request->query_length = length;
	request->next = doh->waiting;
	doh->waiting = request;
	stream = nghttp2_submit_request(doh->session, NULL, headers,
		sizeof(headers) / sizeof(headers[0]), &body, request);
	if (stream < 0)
		die("request", stream);
}

void
doh_flush(struct doh *doh)
{
	int code = nghttp2_session_send(doh->session);

	if (code != 0)
		die("send", code);
}

int
doh_is_answered(const struct doh *doh)
{
	return doh->first != NULL;
}

size_t
doh_receive(struct doh *doh, uint8_t *answer)
{
	uint8_t octets[16384];
	struct request *request;
	size_t length = 0;

	while ((request = doh->first) == NULL) {
		int n = SSL_read(doh->tls, octets, sizeof(octets));

		if (n <= 0)
			return 0;
		if (nghttp2_session_mem_recv(doh->session, octets,
		    (size_t)n) != n)
			return 0;
		doh_flush(doh);
	}
	doh->first = request->next;
	if (doh->first == NULL)
		doh->last = &doh->first;
	if (request->status == 200) {
		length = request->answer_length;
		memcpy(answer, request->answer, length);
	}
	request->next = NULL;
	free_requests(request);
	return length;
}
