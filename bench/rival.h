/*
 * rival.h - Unbound's own tables, for the benchmark of the core: local_zones,
 * which its views are made of, and addr_tree, which its access control is.
 *
 * Locks, which Unbound takes for both, are not taken.
 *
 * Thread-safety: for programs with one thread.
 */
#ifndef BENCH_RIVAL_H
#define BENCH_RIVAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address.h"

struct rival_names;

/* An empty table. Zones with more labels are to be added before those with
 * fewer. */
struct rival_names *rival_names_new(void);
/* Adds a name in wire format, and all below it; -1 when out of memory. */
int rival_names_add(struct rival_names *names, const uint8_t *wire,
	size_t length, int deny);
/*
 * Of the zone around a name in wire format: 0 there is none, 1 its names are
 * resolved, 2 they are not. What Unbound does with a query up to there is done:
 * labels are counted. ZONE, unless it is NULL, becomes the zone's name.
 */
unsigned rival_names_find(const struct rival_names *names, uint8_t *wire,
	size_t length, const uint8_t **zone);
void rival_names_free(struct rival_names *names);

struct rival_clients;

/* Room for COUNT prefixes. */
struct rival_clients *rival_clients_new(size_t count);
/* Adds one that is not there yet; -1 where it is. */
int rival_clients_add(struct rival_clients *clients,
	const struct prefix *prefix, uint32_t group);
/* To be called when all have been added. */
void rival_clients_finish(struct rival_clients *clients);
/* The group of the longest prefix around a client, or CLIENTS_NONE. */
uint32_t rival_clients_find(const struct rival_clients *clients,
	struct sockaddr_storage *client, socklen_t length);
void rival_clients_free(struct rival_clients *clients);

#endif
