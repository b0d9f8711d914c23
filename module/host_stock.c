/*
 * host_stock.c - in an Unbound without our patches, which looks into its cache
 * without asking.
 *
 * Views of unbound.conf refuse before the cache what no name of a group can be;
 * that they do is seen to at the start, and for each policy. What is left is
 * judged in two more places: a query that makes a state, when the state begins;
 * and an answer for one client, when it is about to be written. There nothing
 * can be refused any more, but the callback is given the question that the
 * answer is written to: with a record in front that fits into no message, no
 * other one follows, and the message is truncated.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "daemon/worker.h"
#include "services/cache/dns.h"
#include "services/localzone.h"
#include "services/mesh.h"
#include "sldns/rrdef.h"
#include "util/data/dname.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/log.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/netevent.h"

#include "host.h"
#include "host_state.h"

#include <dlfcn.h>
#include <link.h>

#ifndef BITSINK_BUILD_ID
#error "BITSINK_BUILD_ID: expected the build ID of Unbound, see configure.ac"
#endif

/* Octets of a build ID at the most, as two digits each. */
#define BUILD_ID_MAX 64

static const char what_to_do[] = "bitsink must be compiled for the Unbound "
	"that loads it: see bitsink(8), UNBOUND";

/* --- The right Unbound. It does not tell its layout, so it has to be the very
 * program whose source tree this was compiled with. */

/* Writes the build ID of a segment of notes; "" where it has none. */
static void
read_notes(const uint8_t *at, size_t length, char *text)
{
	ElfW(Nhdr) note;

	while (length >= sizeof(note)) {
		size_t name, description, i;

		memcpy(&note, at, sizeof(note));
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		description = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > length - sizeof(note) ||
		    description > length - sizeof(note) - name)
			return;
		at += sizeof(note);
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(at, "GNU", 4) == 0 &&
		    note.n_descsz <= BUILD_ID_MAX)
			for (i = 0; i < note.n_descsz; i++)
				sprintf(text + 2 * i, "%02x", at[name + i]);
		at += name + description;
		length -= sizeof(note) + name + description;
	}
}

/* The first object is the program itself. */
static int
read_program(struct dl_phdr_info *info, size_t size, void *context)
{
	char *text = context;
	unsigned i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum && text[0] == '\0'; i++) {
		uintptr_t place = info->dlpi_addr +
			info->dlpi_phdr[i].p_vaddr;
		const uint8_t *at;

		/* It is told as a number. */
		memcpy(&at, &place, sizeof(at));
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			read_notes(at, info->dlpi_phdr[i].p_memsz, text);
	}
	return 1;
}

int
host_is_ours(void)
{
	char found[2 * BUILD_ID_MAX + 1] = "";

	if (dlsym(RTLD_DEFAULT, "dynlibmod_host") != NULL) {
		log_err("bitsink: compiled for an Unbound without bitsink's "
			"patches, found one with them; %s", what_to_do);
		return 0;
	}
	(void)dl_iterate_phdr(read_program, found);
	if (strcmp(found, BITSINK_BUILD_ID) == 0)
		return 1;
	log_err("bitsink: compiled for Unbound %s with the build ID %s, found "
		"an Unbound with %s; %s", PACKAGE_VERSION, BITSINK_BUILD_ID,
		found[0] != '\0' ? found : "none", what_to_do);
	return 0;
}

int
host_gate(struct module_state *state, struct module_env *env)
{
	state->gate = host_gate_text(env, &state->gate_length);
	return state->gate != NULL ? 0 : -1;
}

/* --- Judging. */

/* The question as the client has asked it: local data may have led on. */
static void
question_of(struct query *query, const struct module_env *env,
	const struct query_info *qinfo, const uint8_t *qname,
	const struct local_rrset *alias)
{
	query->qname = alias != NULL ? alias->rrset->rk.dname : qname;
	query->qname_len = alias != NULL ? alias->rrset->rk.dname_len
		: qinfo->qname_len;
	query->qtype = qinfo->qtype;
	query->qclass = qinfo->qclass;
	query->now = *env->now;
}

/* What the policy says to one client. */
static void
judge_client(struct module_state *state, const struct force *force,
	const struct comm_reply *repinfo, struct query *query,
	struct decision *decision)
{
	memset(decision, 0, sizeof(*decision));
	decision->verdict = VERDICT_UNRESTRICTED;
	if (host_client(&query->client, &repinfo->client_addr) == 0)
		judge_query(force->standing.policy, &state->exceptions, query,
			decision);
}

/* What the policy says to a client that waits for a state. */
static void
judge_waiting(struct module_state *state, const struct force *force,
	const struct module_qstate *qstate, const struct mesh_reply *reply,
	struct query *query, struct decision *decision)
{
	question_of(query, qstate->env, &qstate->qinfo, reply->qname,
		reply->local_alias);
	judge_client(state, force, &reply->query_reply, query, decision);
}

/* The state has an answer of ours. */
static char is_ours;

/* Writes our answer. The state is found by its flags, too, which are about to
 * change: it is taken out for so long, and nobody else finds it from now on. */
static void
answer_apart(struct module_qstate *qstate, int id, const struct query *query,
	const struct decision *decision)
{
	struct mesh_state *waiting = qstate->mesh_info;
	struct mesh_area *mesh = qstate->env->mesh;

	(void)rbtree_delete(&mesh->all, waiting);
	mesh_state_make_unique(waiting);
	host_replace(qstate, id, query, decision);
	(void)rbtree_insert(&mesh->all, &waiting->node);
}

static void
replace(struct module_state *state, const struct force *force,
	struct module_qstate *qstate, int id, const struct query *query,
	const struct decision *decision)
{
	qstate->minfo[id] = &is_ours;
	answer_apart(qstate, id, query, decision);
	/* Then nobody comes by who would count it. */
	if (decision->action == ACTION_DROP)
		(void)host_passes(state, qstate->env, force,
			host_worker(state, qstate->env), query, decision,
			NULL);
}

/* Whether it is one client alone that waits for a state: others may come, and
 * those of Unbound itself have none, or one that has come later. */
static int
has_one_client(const struct mesh_state *waiting)
{
	return waiting->reply_list != NULL &&
		waiting->reply_list->next == NULL &&
		waiting->cb_list == NULL && waiting->super_set.count == 0;
}

/* A state that a client's query has made has that client alone now. */
int
host_enters(struct module_state *state, struct module_qstate *qstate, int id)
{
	const struct mesh_reply *reply = qstate->mesh_info->reply_list;
	size_t worker = host_worker(state, qstate->env);
	struct decision decision;
	const struct force *force;
	struct query query;
	int goes_on;

	/* A state may start again. */
	if (!has_one_client(qstate->mesh_info) || qstate->minfo[id] != NULL)
		return 1;
	force = inforce_enter(state->inforce, worker);
	judge_waiting(state, force, qstate, reply, &query, &decision);
	goes_on = decision.verdict != VERDICT_BLOCK;
	if (!goes_on)
		replace(state, force, qstate, id, &query, &decision);
	inforce_leave(state->inforce, worker);
	return goes_on;
}

/* Gives the answers to blocked clients another option than those of others
 * have: Unbound may write one answer for all that are alike. */
static void
tell_apart(struct module_state *state, const struct force *force,
	struct module_qstate *qstate)
{
	char text[GROUP_EXPLANATION_MAX + 1];
	struct mesh_reply *reply;
	struct decision decision;
	struct query query;

	for (reply = qstate->mesh_info->reply_list; reply != NULL;
	    reply = reply->next) {
		judge_waiting(state, force, qstate, reply, &query, &decision);
		if (decision.verdict != VERDICT_BLOCK)
			continue;
		(void)group_explain(decision.group, decision.reason, text);
		(void)edns_opt_list_append_ede(&reply->edns.opt_list_out,
			qstate->region, LDNS_EDE_BLOCKED, text);
	}
}

/* Unbound writes what we put in front of an answer to those alone that are
 * NOERROR or NXDOMAIN. */
static int
can_be_withheld(const struct reply_info *rep)
{
	uint16_t rcode = FLAGS_GET_RCODE(rep->flags);

	return rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN ||
		rep->rrset_count == 0;
}

static void
forget(struct module_qstate *qstate, uint8_t *name, size_t length)
{
	msg_cache_remove(qstate->env, name, length, qstate->qinfo.qtype,
		qstate->qinfo.qclass, qstate->query_flags);
}

/* Takes an answer that cannot be withheld out of the cache, where it is under
 * the name that was asked for, and under that which an alias has led to; and
 * its records out of the answer, for a module in front of us may store that
 * again. The RCODE is all that such an answer, YXDOMAIN, tells most clients. */
static void
empty(struct module_qstate *qstate, struct reply_info *rep)
{
	size_t i;

	forget(qstate, qstate->qinfo.qname, qstate->qinfo.qname_len);
	for (i = 0; i < rep->an_numrrsets; i++) {
		uint8_t *target = NULL;
		size_t length = 0;

		get_cname_target(rep->rrsets[i], &target, &length);
		if (target != NULL)
			forget(qstate, target, length);
	}
	rep->an_numrrsets = 0;
	rep->ns_numrrsets = 0;
	rep->ar_numrrsets = 0;
	rep->rrset_count = 0;
}

void
host_done(struct module_state *state, struct module_qstate *qstate, int id)
{
	size_t worker = host_worker(state, qstate->env);

	if (qstate->minfo[id] != NULL)
		return;
	if (qstate->return_msg != NULL && qstate->return_msg->rep != NULL &&
	    !can_be_withheld(qstate->return_msg->rep))
		empty(qstate, qstate->return_msg->rep);
	if (qstate->mesh_info->reply_list == NULL)
		return;
	tell_apart(state, inforce_enter(state->inforce, worker), qstate);
	inforce_leave(state->inforce, worker);
}

void
host_leaves(struct module_state *state, struct module_qstate *qstate, int id)
{
	(void)state;
	qstate->minfo[id] = NULL;
}

/* --- Withholding. */

/* More than any message holds; nobody writes it. */
#define TOO_MUCH 70000

static uint8_t too_much[TOO_MUCH];

/* What stands in front of an answer that is withheld, as Unbound has records:
 * one of a type in which it compresses nothing. One a thread, for as long as an
 * answer is written. */
struct obstacle {
	struct local_rrset list;
	struct ub_packed_rrset_key key;
	struct packed_rrset_data data;
	size_t length;
	uint8_t *rdata;
	time_t ttl;
	uint8_t qname[LDNS_MAX_DOMAINLEN];
};

static _Thread_local struct obstacle obstacle;

static void
withhold(struct query_info *qinfo, const struct query *query)
{
	memset(&obstacle, 0, sizeof(obstacle));
	memcpy(obstacle.qname, query->qname, query->qname_len);
	obstacle.length = TOO_MUCH;
	obstacle.rdata = too_much;
	obstacle.data.count = 1;
	obstacle.data.rr_len = &obstacle.length;
	obstacle.data.rr_data = &obstacle.rdata;
	obstacle.data.rr_ttl = &obstacle.ttl;
	obstacle.key.entry.key = &obstacle.key;
	obstacle.key.entry.data = &obstacle.data;
	obstacle.key.rk.dname = obstacle.qname;
	obstacle.key.rk.dname_len = query->qname_len;
	obstacle.key.rk.type = htons(LDNS_RR_TYPE_NULL);
	obstacle.key.rk.rrset_class = htons(LDNS_RR_CLASS_IN);
	obstacle.list.rrset = &obstacle.key;
	qinfo->local_alias = &obstacle.list;
}

/* --- The callbacks. What they return is not looked at. */

/* The worker that a client's message came to; NULL for what came elsewhere. */
static struct worker *
worker_of(const struct comm_reply *repinfo)
{
	return repinfo != NULL && repinfo->c != NULL &&
		repinfo->c->callback == worker_handle_request
		? repinfo->c->cb_arg : NULL;
}

/* Judges one client's question and counts it. Whether the answer may be given;
 * LOCAL: it is the site's own word, which counts for nobody else. */
static int
may_give(struct module_state *state, struct worker *worker,
	const struct query_info *qinfo, const struct comm_reply *repinfo,
	int local, struct query *query, struct decision *decision)
{
	size_t number = host_worker(state, &worker->env);
	const struct force *force = inforce_enter(state->inforce, number);
	int passes = 1;

	question_of(query, &worker->env, qinfo, qinfo->qname,
		qinfo->local_alias);
	judge_client(state, force, repinfo, query, decision);
	if (!local || decision->verdict == VERDICT_BLOCK)
		passes = host_passes(state, &worker->env, force, number, query,
			decision, NULL);
	inforce_leave(state->inforce, number);
	host_this_worker(number);
	return passes;
}

/* An answer for one client is about to be written; QSTATE is NULL for one of
 * the cache. */
static int
judge_reply(struct query_info *qinfo, struct module_qstate *qstate,
	struct reply_info *rep, int rcode, struct edns_data *edns,
	struct edns_option **opt_list_out, struct comm_reply *repinfo,
	struct regional *region, struct timeval *start_time, int id,
	void *callback)
{
	struct worker *worker = worker_of(repinfo);
	struct decision decision;
	struct query query;

	(void)rep, (void)rcode, (void)edns, (void)opt_list_out, (void)region;
	(void)start_time;
	if (qinfo->local_alias == &obstacle.list) {
		/* Unbound itself asked, for the same as a client just before;
		 * or it writes the same answer once more. */
		if (repinfo == NULL)
			qinfo->local_alias = NULL;
		return 1;
	}
	if (worker != NULL && !may_give(callback, worker, qinfo, repinfo, 0,
	    &query, &decision) && (qstate == NULL ||
	    qstate->minfo[id] == NULL))
		withhold(qinfo, &query);
	return 1;
}

/* What a view has refused is counted, and told of. */
static int
see_local(struct query_info *qinfo, struct module_qstate *qstate,
	struct reply_info *rep, int rcode, struct edns_data *edns,
	struct edns_option **opt_list_out, struct comm_reply *repinfo,
	struct regional *region, struct timeval *start_time, int id,
	void *callback)
{
	struct worker *worker = worker_of(repinfo);
	struct decision decision;
	struct query query;

	(void)qstate, (void)rep, (void)rcode, (void)edns, (void)opt_list_out;
	(void)region, (void)start_time, (void)id;
	/* What Unbound says of itself has no question here. */
	if (worker != NULL && qinfo != NULL)
		(void)may_give(callback, worker, qinfo, repinfo, 1, &query,
			&decision);
	return 1;
}

/* --- Starting. */

void
host_deafen(const struct dynlibmod_env *dynlib, struct module_env *env, int id)
{
	/* Those that were not registered are not there to be deleted. */
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply, id);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_cache, id);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_servfail, id);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_local, id);
}

static int
is_registered(const struct dynlibmod_env *dynlib, struct module_state *state,
	struct module_env *env, int id, enum inplace_cb_list_type type,
	inplace_cb_reply_func_type *callback)
{
	return dynlib->inplace_cb_register_wrapped((void *)callback, type,
		state, env, id) != 0;
}

int
host_listen(const struct dynlibmod_env *dynlib, struct module_state *state,
	struct module_env *env, int id)
{
	static const enum inplace_cb_list_type judged[] = {
		inplace_cb_reply, inplace_cb_reply_cache,
		inplace_cb_reply_servfail
	};
	int works = is_registered(dynlib, state, env, id,
		inplace_cb_reply_local, see_local);
	size_t i;

	for (i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
		works = works && is_registered(dynlib, state, env, id,
			judged[i], judge_reply);
	if (works && (!state->looks_at_replies || (is_registered(dynlib, state,
	    env, id, inplace_cb_reply, host_look) && is_registered(dynlib,
	    state, env, id, inplace_cb_reply_cache, host_look))))
		return 1;
	host_deafen(dynlib, env, id);
	log_err("bitsink: the reply callbacks cannot be registered; %s",
		what_to_do);
	return 0;
}
