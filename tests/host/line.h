/*
 * line.h - the ways to a resolver, from chosen addresses.
 *
 * A line is a socket, or a connection, and carries many queries: several may
 * be on their way, and answers come in any order. Whatever goes wrong, or
 * takes longer than SANDBOX_PATIENCE, fails the test.
 *
 * Thread-safety: for one thread.
 */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

enum transport {
	ASK_UDP,
	ASK_TCP,
	ASK_TLS,
	/* Behind a proxy that speaks PROXYv2, which is at ORDINARY_2. */
	ASK_PROXY_UDP,
	ASK_PROXY_TCP,
	/* DNS over HTTPS: a request a query, by POST. */
	ASK_HTTPS
};

/* No message is longer. */
#define LINE_MESSAGE_MAX 65535

struct line;

struct line *line_open(enum transport transport, const char *from);
void line_close(struct line *line);

/* Sends a query, or has it sent by the next line_flush(). */
void line_send(struct line *line, const uint8_t *query, size_t length);
void line_flush(struct line *line);

/* Whether there is something to receive, without waiting. */
int line_is_answered(struct line *line);

/* Waits for an answer; its octets, 0 where the line is dead. */
size_t line_receive(struct line *line, uint8_t *answer);

#endif
