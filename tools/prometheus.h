/*
 * prometheus.h - counters in the text exposition format of Prometheus.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_PROMETHEUS_H
#define BITSINK_PROMETHEUS_H

#include <stdio.h>

#include "client.h"

/* Writes the reply to the request "metrics" of commands.h. 0, or -1 with
 * nothing written and what is wrong with the reply in WRONG, of SIZE octets. */
int prometheus_write(FILE *out, const struct reply *reply, char *wrong,
	size_t size);

#endif
