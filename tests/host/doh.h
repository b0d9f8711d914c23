/*
 * doh.h - the HTTP/2 of DNS over HTTPS, as a client speaks it (RFC 8484).
 *
 * Thread-safety: for one thread.
 */
#ifndef DOH_H
#define DOH_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

struct doh;

/* Speaks over TLS, which has shaken hands and stays the caller's. */
struct doh *doh_start(SSL *tls);
void doh_end(struct doh *doh);

/* A request for QUERY; flushing sends it. */
void doh_send(struct doh *doh, const uint8_t *query, size_t length);
void doh_flush(struct doh *doh);

/* Whether an answer was read already. */
int doh_is_answered(const struct doh *doh);

/* Waits for an answer of any request; 0 where the connection is dead or the
 * answer is not of status 200. */
size_t doh_receive(struct doh *doh, uint8_t *answer);

#endif
