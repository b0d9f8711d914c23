/*
 * traffic.c - recorded queries: what sort of file it is, and what all sorts
 * have in common.
 */
#include "traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"

/* Octets that tell what a file is. */
#define HEAD_OCTETS 4u
/* Of the stream that begins with them again. */
#define BUFFER_OCTETS ((size_t)1 << 16)

/* --- A file whose first octets were looked at. */

/* Those, and the file behind them: nobody can go back in a pipe. */
struct source {
	FILE *file;
	uint8_t head[HEAD_OCTETS];
	size_t length;
	size_t at;
};

static ssize_t
read_source(void *cookie, char *out, size_t size)
{
	struct source *source = cookie;
	size_t left = source->length - source->at;
	size_t n = size < left ? size : left;

	if (n > 0) {
		memcpy(out, source->head + source->at, n);
		source->at += n;
		return (ssize_t)n;
	}
	n = fread(out, 1, size, source->file);
	return n == 0 && ferror(source->file) ? -1 : (ssize_t)n;
}

static int
close_source(void *cookie)
{
	struct source *source = cookie;
	int result = fclose(source->file);

	free(source);
	return result;
}

/* The whole of SOURCE, which it takes in any case, as a stream. NULL when
 * out of memory. */
static FILE *
open_source(struct source *source)
{
	static const cookie_io_functions_t functions = {
		.read = read_source, .close = close_source
	};
	FILE *stream = fopencookie(source, "r", functions);

	if (stream == NULL)
		(void)close_source(source);
	else
		(void)setvbuf(stream, NULL, _IOFBF, BUFFER_OCTETS);
	return stream;
}

/* --- Formats. */

struct format {
	const char *word;
	uint8_t head[HEAD_OCTETS];
	int (*read)(FILE *file, const struct traffic_sink *sink,
		struct traffic *traffic, char *wrong, size_t size);
};

/* An escape of Frame Streams; the section header of pcapng, the same in both
 * byte orders; pcap in each, with micro- and with nanoseconds. */
static const struct format formats[] = {
	{ "dnstap", { 0, 0, 0, 0 }, traffic_dnstap },
	{ "pcapng", { 0x0a, 0x0d, 0x0d, 0x0a }, traffic_pcap },
	{ "pcap", { 0xa1, 0xb2, 0xc3, 0xd4 }, traffic_pcap },
	{ "pcap", { 0xd4, 0xc3, 0xb2, 0xa1 }, traffic_pcap },
	{ "pcap", { 0xa1, 0xb2, 0x3c, 0x4d }, traffic_pcap },
	{ "pcap", { 0x4d, 0x3c, 0xb2, 0xa1 }, traffic_pcap },
};

static const struct format log_format = { "log", { 0 }, traffic_log };

/* A line of a log begins with printable characters, if there is one. */
static int
is_text(const uint8_t *head, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((head[i] < ' ' && head[i] != '\t' && head[i] != '\n' &&
		    head[i] != '\r') || head[i] >= 0x7f)
			return 0;
	return 1;
}

static const struct format *
find_format(const uint8_t *head, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (length == HEAD_OCTETS &&
		    memcmp(head, formats[i].head, HEAD_OCTETS) == 0)
			return &formats[i];
	return is_text(head, length) ? &log_format : NULL;
}

static int
fail(struct source *source, char *wrong, size_t size, const char *text)
{
	snprintf(wrong, size, "%s", text);
	(void)close_source(source);
	return -1;
}

int
traffic_read(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size)
{
	struct source *source = calloc(1, sizeof(*source));
	const struct format *format;
	FILE *stream;

	memset(traffic, 0, sizeof(*traffic));
	if (source == NULL) {
		(void)fclose(file);
		snprintf(wrong, size, "out of memory");
		return -1;
	}
	source->file = file;
	source->length = fread(source->head, 1, HEAD_OCTETS, file);
	if (ferror(file))
		return fail(source, wrong, size, strerror(errno));
	format = find_format(source->head, source->length);
	if (format == NULL)
		return fail(source, wrong, size, "found another format, "
			"expected dnstap in Frame Streams, pcap, pcapng, or a "
			"log of bitsink; what is compressed must be unpacked");
	stream = open_source(source);
	if (stream == NULL) {
		snprintf(wrong, size, "out of memory");
		return -1;
	}
	traffic->format = format->word;
	return format->read(stream, sink, traffic, wrong, size);
}

/* --- Messages. */

int
traffic_message(const struct traffic_sink *sink, struct traffic *traffic,
	struct traffic_query *query, const uint8_t *wire, size_t length)
{
	uint8_t qname[NAME_OCTETS_MAX];

	switch (message_question(wire, length, query->from_answer,
	    &query->query, qname)) {
	case MESSAGE_QUESTION:
		break;
	case MESSAGE_OTHER:
		traffic->others++;
		return 0;
	case MESSAGE_DAMAGED:
		traffic->unreadable++;
		return 0;
	}
	if (query->from_answer)
		traffic->answers++;
	else
		traffic->queries++;
	return sink->take(sink->arg, query);
}
