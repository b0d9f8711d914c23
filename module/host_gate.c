/*
 * host_gate.c - what stands before the cache: the views of Unbound's
 * configuration, and which clients have them.
 *
 * It is read from what Unbound has made of its configuration, for that is what
 * it goes by.
 */
#include "config.h"
#include "daemon/acl_list.h"
#include "daemon/daemon.h"
#include "services/localzone.h"
#include "services/view.h"
#include "sldns/rrdef.h"
#include "sldns/wire2str.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/log.h"
#include "util/module.h"

#include "host_state.h"

#include "name.h"
#include "record.h"

/* Room for a record's data; longer ones are none of ours, and cut off. */
#define DATA_MAX 512

static void
put_client(struct record_writer *writer, const struct acl_addr *client)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;

	if (host_prefix(&client->node, &prefix) != 0)
		return;
	/* Unbound's own ::ffff:127.0.0.1, which is no word on 127.0.0.1. */
	if (client->node.addr.ss_family == AF_INET6 &&
	    prefix.address.family == ADDRESS_IP4 && client->view == NULL)
		return;
	prefix_mask(prefix.address.octets, prefix.length);
	prefix_to_text(&prefix, text);
	record_begin(writer, "client");
	record_text(writer, "prefix", text);
	if (client->view != NULL && client->view->name != NULL)
		record_text(writer, "view", client->view->name);
	if (client->control == acl_allow_snoop)
		record_text(writer, "snoops", "yes");
	record_end(writer);
}

static void
put_line(struct record_writer *writer, const char *view, const char *line)
{
	record_begin(writer, "line");
	record_text(writer, "view", view);
	record_text(writer, "text", line);
	record_end(writer);
}

/* One word of a TXT record is written without quotes. */
static void
strip_quotes(char *data)
{
	size_t length = strlen(data);

	if (length > 2 && data[0] == '"' && data[length - 1] == '"' &&
	    strpbrk(data + 1, " \\\"") == data + length - 1) {
		memmove(data, data + 1, length - 2);
		data[length - 2] = '\0';
	}
}

static void
put_record(struct record_writer *writer, const char *view, const char *name,
	const struct ub_packed_rrset_key *rrset, size_t number)
{
	const struct packed_rrset_data *packed = rrset->entry.data;
	char line[NAME_TEXT_MAX + DATA_MAX + 64], data[DATA_MAX], type[32];
	uint16_t rrtype = ntohs(rrset->rk.type);

	if (packed->rr_len[number] < 2)
		return;
	sldns_wire2str_type_buf(rrtype, type, sizeof(type));
	sldns_wire2str_rdata_buf(packed->rr_data[number] + 2,
		packed->rr_len[number] - 2, data, sizeof(data), rrtype);
	strip_quotes(data);
	snprintf(line, sizeof(line), "local-data: \"%s %u IN %s %s\"", name,
		(unsigned)packed->rr_ttl[number], type, data);
	put_line(writer, view, line);
}

static void
put_data(struct record_writer *writer, const char *view,
	const struct local_data *data)
{
	char name[NAME_TEXT_MAX];
	const struct local_rrset *list;
	size_t i;

	name_to_text(data->name, data->namelen, name);
	for (list = data->rrsets; list != NULL; list = list->next) {
		const struct packed_rrset_data *packed =
			list->rrset->entry.data;

		for (i = 0; i < packed->count; i++)
			put_record(writer, view, name, list->rrset, i);
	}
}

static void
put_zone(struct record_writer *writer, const char *view,
	struct local_zone *zone)
{
	char line[NAME_TEXT_MAX + 64], name[NAME_TEXT_MAX];
	rbnode_type *node;

	name_to_text(zone->name, zone->namelen, name);
	snprintf(line, sizeof(line), "local-zone: \"%s\" %s", name,
		local_zone_type2str(zone->type));
	put_line(writer, view, line);
	for (node = rbtree_first(&zone->data); node != RBTREE_NULL;
	    node = rbtree_next(node))
		put_data(writer, view, (const struct local_data *)node);
}

static void
put_view(struct record_writer *writer, struct view *view)
{
	rbnode_type *node;

	record_begin(writer, "view");
	record_text(writer, "name", view->name);
	record_text(writer, "first", view->isfirst ? "yes" : "no");
	record_end(writer);
	if (view->local_zones == NULL)
		return;
	for (node = rbtree_first(&view->local_zones->ztree);
	    node != RBTREE_NULL; node = rbtree_next(node))
		put_zone(writer, view->name, (struct local_zone *)node);
}

char *
host_gate_text(struct module_env *env, size_t *length)
{
	struct daemon *daemon = host_daemon(env);
	struct record_writer writer = { NULL, 0, 0, 0 };
	rbnode_type *node;

	if (daemon == NULL) {
		log_err("bitsink: this is no daemon; expected unbound");
		return NULL;
	}
	/* No worker runs yet. */
	for (node = rbtree_first(&daemon->acl->tree); node != RBTREE_NULL;
	    node = rbtree_next(node))
		put_client(&writer, (const struct acl_addr *)node);
	for (node = rbtree_first(&daemon->views->vtree); node != RBTREE_NULL;
	    node = rbtree_next(node))
		put_view(&writer, (struct view *)node);
	if (writer.broken || (writer.memory == NULL &&
	    (writer.memory = calloc(1, 1)) == NULL)) {
		record_clear(&writer);
		log_err("bitsink: out of memory");
		return NULL;
	}
	*length = writer.length;
	return writer.memory;
}
