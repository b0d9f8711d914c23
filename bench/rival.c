/*
 * rival.c - Unbound's own tables, for the benchmark of the core.
 */
#include "rival.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"

#include "config.h"
#include "services/localzone.h"
#include "util/data/dname.h"
#include "util/storage/dnstree.h"

#define CLASS_IN 1
#define TYPE_A 1

/* --- Names. */

struct rival_names {
	struct local_zones *zones;
};

struct rival_names *
rival_names_new(void)
{
	struct rival_names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		return NULL;
	names->zones = local_zones_create();
	if (names->zones != NULL)
		return names;
	free(names);
	return NULL;
}

int
rival_names_add(struct rival_names *names, const uint8_t *wire, size_t length,
	int deny)
{
	uint8_t *copy = malloc(length);

	if (copy == NULL)
		return -1;
	memcpy(copy, wire, length);
	return local_zones_add_zone(names->zones, copy, length,
		dname_count_labels(copy), CLASS_IN, deny
		? local_zone_always_nxdomain : local_zone_transparent) == NULL
		? -1 : 0;
}

unsigned
rival_names_find(const struct rival_names *names, uint8_t *wire, size_t length,
	const uint8_t **zone)
{
	const struct local_zone *found = local_zones_lookup(names->zones, wire,
		length, dname_count_labels(wire), CLASS_IN, TYPE_A);

	if (zone != NULL)
		*zone = found != NULL ? found->name : NULL;
	if (found == NULL)
		return 0;
	return found->type == local_zone_transparent ? 1 : 2;
}

void
rival_names_free(struct rival_names *names)
{
	local_zones_delete(names->zones);
	free(names);
}

/* --- Clients. */

struct rival_client {
	struct addr_tree_node node;
	uint32_t group;
};

struct rival_clients {
	rbtree_type tree;
	struct rival_client *nodes;
	size_t count;
};

struct rival_clients *
rival_clients_new(size_t count)
{
	struct rival_clients *clients = calloc(1, sizeof(*clients));

	if (clients == NULL)
		return NULL;
	clients->nodes = calloc(count + 1, sizeof(*clients->nodes));
	if (clients->nodes == NULL) {
		free(clients);
		return NULL;
	}
	addr_tree_init(&clients->tree);
	return clients;
}

int
rival_clients_add(struct rival_clients *clients, const struct prefix *prefix,
	uint32_t group)
{
	struct rival_client *node = &clients->nodes[clients->count++];
	struct sockaddr_storage address;
	struct sockaddr_in *ip4 = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&address;
	socklen_t length;

	memset(&address, 0, sizeof(address));
	if (prefix->address.family == ADDRESS_IP4) {
		ip4->sin_family = AF_INET;
		memcpy(&ip4->sin_addr, prefix->address.octets, 4);
		length = sizeof(*ip4);
	} else {
		ip6->sin6_family = AF_INET6;
		memcpy(&ip6->sin6_addr, prefix->address.octets, 16);
		length = sizeof(*ip6);
	}
	node->group = group;
	return addr_tree_insert(&clients->tree, &node->node, &address, length,
		(int)prefix->length) ? 0 : -1;
}

void
rival_clients_finish(struct rival_clients *clients)
{
	addr_tree_init_parents(&clients->tree);
}

uint32_t
rival_clients_find(const struct rival_clients *clients,
	struct sockaddr_storage *client, socklen_t length)
{
	/* It only reads the tree, but does not say so. */
	const struct rival_client *found = (const struct rival_client *)
		addr_tree_lookup((rbtree_type *)(uintptr_t)&clients->tree,
		client, length);

	return found != NULL ? found->group : CLIENTS_NONE;
}

void
rival_clients_free(struct rival_clients *clients)
{
	free(clients->nodes);
	free(clients);
}
