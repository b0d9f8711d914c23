/*
 * traffic.h - recorded queries, whatever they were recorded by.
 *
 * What a file is, its first octets tell: dnstap in Frame Streams, pcap or
 * pcapng, and text as bitsink's own: Unbound's log, or what "bitsinkctl watch
 * --json" prints. A file may come from anybody: what is no query is counted,
 * and memory is bounded.
 *
 * Thread-safety: one thread a file.
 */
#ifndef BITSINK_TRAFFIC_H
#define BITSINK_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

#include "query.h"

struct traffic_query {
	/* qname is valid until the call that hands it over returns. */
	struct query query;
	/* Whether the recording tells when it came: seconds since 1970. */
	int has_time;
	int64_t seconds;
	/* It is known by its answer alone. */
	int from_answer;
};

/* What a file had. */
struct traffic {
	/* A word: dnstap, pcap, pcapng or log. */
	const char *format;
	uint64_t queries;
	/* Known by their answers alone. They count only in a file without
	 * queries: else they would count twice. */
	uint64_t answers;
	/* What is no client's query, as it should be. */
	uint64_t others;
	/* What should be a query and is none that can be read. */
	uint64_t unreadable;
	/* First fragments of UDP queries. */
	uint64_t fragments;
	/* TCP segments with a message that is not whole in one. */
	uint64_t segments;
	/* Queries that are not in the file, as it says itself. */
	uint64_t missing;
	/* Whether it is of a kind that has refused queries alone. */
	int is_partial;
	/* Why it was not read to its end; "" where it was. */
	char stopped[256];
};

/* Where queries go. Returns 0, or -1 to end reading. */
struct traffic_sink {
	int (*take)(void *arg, const struct traffic_query *query);
	void *arg;
};

/*
 * Reads FILE to its end, closes it, and hands each query to SINK. Returns 0, or
 * -1 where none of it can be read: WRONG, of SIZE octets, tells what was found
 * and what was expected. Where the sink ends reading, that is no error here.
 */
int traffic_read(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size);

/* --- For those who read the formats. */

enum message {
	MESSAGE_QUESTION,
	/* None of a query, or of an answer where that was looked for. */
	MESSAGE_OTHER,
	MESSAGE_DAMAGED
};

/*
 * Reads the question of the DNS message of LENGTH octets at WIRE: of a query,
 * or, with IS_ANSWER, of an answer to one. QNAME, of NAME_OCTETS_MAX octets, is
 * room for what query->qname points to; query->client is left as it is.
 */
enum message message_question(const uint8_t *wire, size_t length,
	int is_answer, struct query *query, uint8_t *qname);

/* A query that came from query->client in a DNS message: reads it, counts it
 * and hands it on. Returns what the sink returned, or 0. */
int traffic_message(const struct traffic_sink *sink, struct traffic *traffic,
	struct traffic_query *query, const uint8_t *wire, size_t length);

/* The formats, as traffic_read(). */
int traffic_dnstap(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size);
int traffic_pcap(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size);
int traffic_log(FILE *file, const struct traffic_sink *sink,
	struct traffic *traffic, char *wrong, size_t size);

#endif
