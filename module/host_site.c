/*
 * host_site.c - what Unbound's configuration declares: clients with tags and
 * views, and the zones of the site.
 *
 * It is read from what Unbound has made of its configuration, for of the
 * configuration itself nothing is left by then.
 */
#include "config.h"
#include "daemon/acl_list.h"
#include "daemon/daemon.h"
#include "services/localzone.h"
#include "services/view.h"
#include "sldns/rrdef.h"
#include "sldns/str2wire.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/log.h"
#include "util/module.h"

#include "host_state.h"

#include "record.h"

/* Room for the names of all tags of a client. */
#define TAGS_MAX 1024

/* Modules are told of it nowhere. */
struct daemon *
host_daemon(struct module_env *env)
{
	struct daemon *daemon = (struct daemon *)(void *)((char *)env->alloc -
		offsetof(struct daemon, superalloc));

	return daemon->env == env ? daemon : NULL;
}

int
host_prefix(const struct addr_tree_node *node, struct prefix *prefix)
{
	memset(prefix, 0, sizeof(*prefix));
	if (node->addr.ss_family == AF_INET) {
		address_set_ip4(&prefix->address, (const uint8_t *)
			&((const struct sockaddr_in *)&node->addr)->sin_addr);
		prefix->length = (unsigned)node->net;
		return 0;
	}
	if (node->addr.ss_family != AF_INET6)
		return -1;
	address_set_ip6(&prefix->address,
		((const struct sockaddr_in6 *)&node->addr)->sin6_addr.s6_addr);
	prefix->length = (unsigned)node->net;
	if (prefix->address.family == ADDRESS_IP6)
		return 0;
	/* Mapped IPv4; with fewer bits it is an IPv6 one that holds all of it,
	 * and is written as such. */
	if (node->net < 96)
		return -1;
	prefix->length -= 96;
	return 0;
}

/* Writes the names of the tags of BITS; what does not fit is said. */
static void
tags_to_text(const struct config_file *cfg, const uint8_t *bits, size_t octets,
	char *text)
{
	size_t length = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < cfg->num_tags && (size_t)i / 8 < octets; i++) {
		size_t more = strlen(cfg->tagname[i]) + (length > 0);

		if (!(bits[i / 8] >> i % 8 & 1))
			continue;
		if (length + more >= TAGS_MAX) {
			log_warn("bitsink: a client has too many tags, \"%s\" "
				"and those behind it are passed over",
				cfg->tagname[i]);
			return;
		}
		length += (size_t)sprintf(text + length, "%s%s",
			length > 0 ? " " : "", cfg->tagname[i]);
	}
}

/* Unbound has an ::ffff:127.0.0.1 of its own, which is no word on 127.0.0.1:
 * clients by IPv4 do not come that way. */
static int
is_bare_mapped(const struct acl_addr *client, const struct prefix *prefix)
{
	return client->node.addr.ss_family == AF_INET6 &&
		prefix->address.family == ADDRESS_IP4 &&
		client->taglist == NULL && client->view == NULL;
}

static void
put_client(struct record_writer *writer, const struct config_file *cfg,
	const struct acl_addr *client)
{
	char text[TAGS_MAX];
	struct prefix prefix;

	if (host_prefix(&client->node, &prefix) != 0 ||
	    is_bare_mapped(client, &prefix))
		return;
	prefix_mask(prefix.address.octets, prefix.length);
	record_begin(writer, "client");
	prefix_to_text(&prefix, text);
	record_text(writer, "prefix", text);
	if (client->taglist != NULL) {
		tags_to_text(cfg, client->taglist, client->taglen, text);
		if (text[0] != '\0')
			record_text(writer, "tags", text);
	}
	if (client->view != NULL && client->view->name != NULL)
		record_text(writer, "view", client->view->name);
	record_end(writer);
}

/* The root is nobody's own zone. */
static void
put_zone(struct record_writer *writer, const char *name, const char *kind)
{
	uint8_t wire[LDNS_MAX_DOMAINLEN];
	char text[LDNS_MAX_DOMAINLEN * 5];
	size_t length = sizeof(wire);

	if (name == NULL || sldns_str2wire_dname_buf(name, wire, &length) != 0
	    || length <= 1)
		return;
	/* As the core writes names, with a final dot. */
	name_to_text(wire, length, text);
	record_begin(writer, "zone");
	record_text(writer, "name", text);
	record_text(writer, "kind", kind);
	record_end(writer);
}

static void
put_zones(struct record_writer *writer, const struct config_file *cfg)
{
	const struct config_stub *stub;
	const struct config_auth *auth;

	for (stub = cfg->stubs; stub != NULL; stub = stub->next)
		put_zone(writer, stub->name, "stub");
	for (stub = cfg->forwards; stub != NULL; stub = stub->next)
		put_zone(writer, stub->name, "forward");
	for (auth = cfg->auths; auth != NULL; auth = auth->next)
		if (!auth->isrpz)
			put_zone(writer, auth->name, "auth");
}

static void
put_reverse_zone(struct record_writer *writer, struct local_zones *zones,
	const char *name)
{
	uint8_t wire[LDNS_MAX_DOMAINLEN];
	size_t length = sizeof(wire);
	int is_local;

	if (sldns_str2wire_dname_buf(name, wire, &length) != 0)
		return;
	lock_rw_rdlock(&zones->lock);
	is_local = local_zones_find(zones, wire, length,
		dname_count_labels(wire), LDNS_RR_CLASS_IN) != NULL;
	lock_rw_unlock(&zones->lock);
	if (!is_local)
		put_zone(writer, name, "reverse");
}

/* Reverse zones of private addresses (RFC 6303 section 4) are Unbound's own,
 * unless its configuration says that they are not: then the site has them. */
static void
put_reverse(struct record_writer *writer, struct local_zones *zones)
{
	static const char *const names[] = {
		"10.in-addr.arpa.", "168.192.in-addr.arpa.",
		"254.169.in-addr.arpa.", "d.f.ip6.arpa.", "8.e.f.ip6.arpa.",
		"9.e.f.ip6.arpa.", "a.e.f.ip6.arpa.", "b.e.f.ip6.arpa.",
	};
	char name[32];
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_reverse_zone(writer, zones, names[i]);
	for (i = 16; i < 32; i++) {
		snprintf(name, sizeof(name), "%u.172.in-addr.arpa.", i);
		put_reverse_zone(writer, zones, name);
	}
}

static void
put_tags(struct record_writer *writer, const struct config_file *cfg)
{
	int i;

	for (i = 0; i < cfg->num_tags; i++) {
		record_begin(writer, "tag");
		record_text(writer, "name", cfg->tagname[i]);
		record_end(writer);
	}
}

char *
host_site(struct module_env *env, size_t *length)
{
	struct daemon *daemon = host_daemon(env);
	struct record_writer writer = { NULL, 0, 0, 0 };
	rbnode_type *client;

	if (daemon == NULL) {
		log_err("bitsink: this is no daemon; expected unbound");
		return NULL;
	}
	put_tags(&writer, env->cfg);
	for (client = rbtree_first(&daemon->acl->tree); client != RBTREE_NULL;
	    client = rbtree_next(client))
		put_client(&writer, env->cfg, (const struct acl_addr *)client);
	put_zones(&writer, env->cfg);
	put_reverse(&writer, daemon->local_zones);
	if (writer.broken || (writer.memory == NULL &&
	    (writer.memory = calloc(1, 1)) == NULL)) {
		record_clear(&writer);
		log_err("bitsink: out of memory");
		return NULL;
	}
	*length = writer.length;
	return writer.memory;
}
