/*
 * traffic_dnstap.c - queries that Unbound wrote itself ("dnstap:"): protocol
 * buffers in Frame Streams.
 */
#include <dnstap.pb-c.h>
#include <fstrm.h>
#include <string.h>

#include "traffic.h"

#define CONTENT_TYPE "protobuf:dnstap.Dnstap"

/* Numbers of dnstap, see dnstap.proto. */
enum {
	DNSTAP_MESSAGE = 1,
	CLIENT_QUERY = 5,
	CLIENT_RESPONSE = 6
};

/* --- Octets for the reader of frames. */

struct octets {
	FILE *file;
	/* A frame was read whole, and nothing behind it. */
	int between_frames;
	/* The file ended there. */
	int has_ended;
};

static fstrm_res
open_octets(void *obj)
{
	(void)obj;
	return fstrm_res_success;
}

static fstrm_res
read_octets(void *obj, void *data, size_t count)
{
	struct octets *octets = obj;
	size_t n = fread(data, 1, count, octets->file);

	/* Who writes it may have been killed, or be at it yet. */
	octets->has_ended = n == 0 && octets->between_frames &&
		feof(octets->file);
	octets->between_frames = 0;
	return n == count ? fstrm_res_success : fstrm_res_failure;
}

static fstrm_res
close_octets(void *obj)
{
	(void)obj;
	return fstrm_res_success;
}

static struct fstrm_reader *
open_frames(struct octets *octets)
{
	struct fstrm_reader_options *options = fstrm_reader_options_init();
	struct fstrm_rdwr *rdwr = fstrm_rdwr_init(octets);
	struct fstrm_reader *reader;

	fstrm_rdwr_set_open(rdwr, open_octets);
	fstrm_rdwr_set_read(rdwr, read_octets);
	fstrm_rdwr_set_close(rdwr, close_octets);
	(void)fstrm_reader_options_add_content_type(options, CONTENT_TYPE,
		strlen(CONTENT_TYPE));
	reader = fstrm_reader_init(options, &rdwr);
	fstrm_rdwr_destroy(&rdwr);
	fstrm_reader_options_destroy(&options);
	return reader;
}

/* --- Messages. */

static int
read_address(struct address *address, const ProtobufCBinaryData *octets)
{
	switch (octets->len) {
	case 4:
		address_set_ip4(address, octets->data);
		return 0;
	case 16:
		address_set_ip6(address, octets->data);
		return 0;
	default:
		return -1;
	}
}

static void
set_time(struct traffic_query *query, int has_time, uint64_t seconds)
{
	query->has_time = has_time && seconds <= INT64_MAX;
	query->seconds = query->has_time ? (int64_t)seconds : 0;
}

static int
take_message(const struct traffic_sink *sink, struct traffic *traffic,
	const Recorded__Message *message)
{
	const ProtobufCBinaryData *wire = &message->query_message;
	struct traffic_query query;

	memset(&query, 0, sizeof(query));
	set_time(&query, message->has_query_time_sec, message->query_time_sec);
	if (message->type == CLIENT_RESPONSE) {
		query.from_answer = 1;
		wire = &message->response_message;
		if (!query.has_time)
			set_time(&query, message->has_response_time_sec,
				message->response_time_sec);
	}
	/* A field that is not there has no octets. */
	if (read_address(&query.query.client, &message->query_address) != 0) {
		traffic->unreadable++;
		return 0;
	}
	return traffic_message(sink, traffic, &query, wire->data, wire->len);
}

/* An answer to a query that was recorded, too, is not wanted. */
static int
is_wanted(const struct traffic *traffic, const Recorded__Message *message)
{
	return message->type == CLIENT_QUERY ||
		(message->type == CLIENT_RESPONSE && traffic->queries == 0);
}

static int
take_frame(const struct traffic_sink *sink, struct traffic *traffic,
	const uint8_t *frame, size_t length)
{
	Recorded__Dnstap *dnstap = recorded__dnstap__unpack(NULL, length,
		frame);
	int result = 0;

	if (dnstap == NULL || (dnstap->type == DNSTAP_MESSAGE &&
	    dnstap->message == NULL))
		traffic->unreadable++;
	else if (dnstap->type != DNSTAP_MESSAGE ||
	    !is_wanted(traffic, dnstap->message))
		traffic->others++;
	else
		result = take_message(sink, traffic, dnstap->message);
	if (dnstap != NULL)
		recorded__dnstap__free_unpacked(dnstap, NULL);
	return result;
}

/* The next frame. Of one that is longer than its limit libfstrm 0.6.1 says
 * that it was read, and hands over nothing. */
static fstrm_res
read_frame(struct fstrm_reader *reader, const uint8_t **frame, size_t *length)
{
	fstrm_res result;

	*frame = NULL;
	*length = 0;
	result = fstrm_reader_read(reader, frame, length);
	return result == fstrm_res_success && *frame == NULL
		? fstrm_res_failure : result;
}

static void
take_frames(struct fstrm_reader *reader, struct octets *octets,
	const struct traffic_sink *sink, struct traffic *traffic)
{
	const uint8_t *frame;
	fstrm_res result;
	size_t length;

	do {
		octets->between_frames = 1;
		result = read_frame(reader, &frame, &length);
		if (result == fstrm_res_success &&
		    take_frame(sink, traffic, frame, length) != 0)
			return;
	} while (result == fstrm_res_success);
	if (result != fstrm_res_stop && !octets->has_ended)
		snprintf(traffic->stopped, sizeof(traffic->stopped), "found a "
			"frame that is damaged or cut short");
}

int
traffic_dnstap(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size)
{
	struct octets octets = { file, 0, 0 };
	struct fstrm_reader *reader = open_frames(&octets);
	int opened = reader != NULL &&
		fstrm_reader_open(reader) == fstrm_res_success;

	if (opened)
		take_frames(reader, &octets, sink, traffic);
	else
		snprintf(wrong, size, "found no start of Frame Streams with "
			"the content type \"" CONTENT_TYPE "\", expected it");
	fstrm_reader_destroy(&reader);
	(void)fclose(file);
	return opened ? 0 : -1;
}
