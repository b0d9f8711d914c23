/*
 * host_request.c - a request, before Unbound looks into its cache.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "daemon/worker.h"
#include "sldns/rrdef.h"
#include "util/data/msgencode.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/netevent.h"

#include "host_state.h"

#include "answer.h"
#include "recall.h"

/* Octets of an OPT record without options (RFC 6891 section 6.1.2). */
#define OPT_OCTETS ((size_t)ANSWER_OPT)
/* In it, where the size is that the server can receive. */
#define OPT_CLASS_OFFSET 3u

/* What the request callback is called with, and the buffer of the query. */
struct request {
	struct module_env *env;
	struct query_info *qinfo;
	struct edns_data *edns;
	struct comm_reply *repinfo;
	struct sldns_buffer *pkt;
	struct regional *region;
};

/* --- Answering. */

/* Octets of the OPT record with its options. Not by calc_edns_field_size():
 * where that returns 16 bits, the NSIDs of a query that asks for thousands of
 * them make it wrap around. */
static size_t
edns_octets(const struct edns_data *edns)
{
	const struct edns_option *option;
	size_t octets = OPT_OCTETS;

	for (option = edns->opt_list_out; option != NULL;
	    option = option->next)
		octets += 4 + option->opt_len;
	for (option = edns->opt_list_inplace_cb_out; option != NULL;
	    option = option->next)
		octets += 4 + option->opt_len;
	return octets;
}

/*
 * Puts the Extended DNS Error "Blocked" (RFC 8914 section 4.16) and the OPT
 * record behind an answer, where that has other options as well. Where there is
 * no room for the error, the record goes without it, and where there is none
 * for the other options, without those: answer() has left room for the bare
 * record.
 */
static void
put_edns(const struct request *request, size_t limit,
	const struct decision *decision)
{
	struct edns_data *edns = request->edns;
	struct sldns_buffer *pkt = request->pkt;
	size_t at = sldns_buffer_limit(pkt), room = limit - at;
	char text[GROUP_EXPLANATION_MAX + 1];

	(void)group_explain(decision->group, decision->reason, text);
	/* Without memory the answer goes out without a reason. */
	(void)edns_opt_list_append_ede(&edns->opt_list_out, request->region,
		LDNS_EDE_BLOCKED, text);
	if (edns_octets(edns) > room)
		(void)edns_opt_list_remove(&edns->opt_list_out, LDNS_EDNS_EDE);
	if (edns_octets(edns) > room) {
		edns->opt_list_out = NULL;
		edns->opt_list_inplace_cb_out = NULL;
	}
	edns->edns_version = EDNS_ADVERTISED_VERSION;
	edns->ext_rcode = 0;
	edns->bits &= EDNS_DO;
	/* Up to here it pads; what is advertised is written over it. */
	edns->udp_size = (uint16_t)(limit < UINT16_MAX ? limit : UINT16_MAX);
	attach_edns_record(pkt, edns);
	sldns_buffer_write_u16_at(pkt, at + OPT_CLASS_OFFSET,
		EDNS_ADVERTISED_SIZE);
}

/* Puts the answer to a blocked query into the buffer; limit 0 is none. Whether
 * it is what the decision says. */
static int
answer(const struct request *request, const struct query *query,
	const struct decision *decision)
{
	struct sldns_buffer *pkt = request->pkt;
	struct edns_data *edns = request->edns;
	size_t capacity = sldns_buffer_capacity(pkt);
	size_t limit = edns->udp_size < capacity ? edns->udp_size : capacity;
	size_t opt = edns->edns_present ? OPT_OCTETS : 0;
	size_t length = 0;

	/* Unbound's buffers hold more; what cannot be answered is dropped. */
	if (capacity >= ANSWER_MAX && limit >= ANSWER_HEADER + opt)
		length = answer_write(sldns_buffer_begin(pkt), limit - opt,
			query, decision);
	sldns_buffer_clear(pkt);
	sldns_buffer_set_limit(pkt, length);
	if (length == 0)
		return decision->action == ACTION_DROP;
	/* What other modules add to local answers, they may add here. */
	if (request->env->inplace_cb_lists[inplace_cb_reply_local] != NULL)
		(void)inplace_cb_reply_local_call(request->env,
			request->qinfo, NULL, NULL,
			(int)answer_rcode(decision), edns, request->repinfo,
			request->region, request->env->now_tv);
	if (!edns->edns_present)
		return 1;
	if (edns->opt_list_out != NULL ||
	    edns->opt_list_inplace_cb_out != NULL)
		put_edns(request, limit, decision);
	else
		sldns_buffer_set_limit(pkt, answer_write_opt(
			sldns_buffer_begin(pkt), length, limit, decision,
			EDNS_ADVERTISED_SIZE, edns->bits & EDNS_DO));
	return 1;
}

/* --- Judging. */

static void
block_unasked(struct decision *decision, enum reason reason)
{
	decision->verdict = decision->group->audit ? VERDICT_AUDIT
		: VERDICT_BLOCK;
	decision->reason = reason;
	decision->action = policy_action(decision->group, reason,
		decision->in_window);
	decision->rule.file = NULL;
}

/* An allowed query whose answer is to be looked at. Whether that is done, and
 * the query is to be counted then; else the decision may have become another
 * one. */
static int
is_marked(struct module_state *state, size_t worker,
	const struct request *request, const struct query *query,
	struct decision *decision)
{
	int inspects = group_inspects(decision->group);

	if (!inspects && !decision->group->follow_chain)
		return 0;
	if (!host_may_wait(state, worker)) {
		if (inspects)
			block_unasked(decision, REASON_BUSY);
		return 0;
	}
	if ((!inspects || host_will_see(state, request->env, query)) &&
	    host_mark(state, request->edns, query, !inspects,
	    request->region) == 0)
		return inspects;
	if (inspects)
		block_unasked(decision, REASON_ANSWER);
	return 0;
}

/* Judges the query of a client of a group. 0 passes, 1 has answered. */
static int
judge(struct host_worker *own, const struct force *force,
	const struct request *request)
{
	struct module_state *state = own->state;
	const struct policy *policy = force->standing.policy;
	const struct query_info *qinfo = request->qinfo;
	struct query query = {
		.qname = qinfo->qname,
		.qname_len = qinfo->qname_len,
		.qtype = qinfo->qtype,
		.qclass = qinfo->qclass,
		.now = *request->env->now,
	};
	struct decision decision;

	(void)host_client(&query.client,
		&request->repinfo->client_addr);
	judge_group_query(policy, &policy->groups[own->group], own->place,
		&state->exceptions, &query, &decision);
	if (own->place != NULL && own->place->is_plain)
		own->place->counter = tally_counter(force->tally, own->number,
			own->group, (enum reason)own->place->reason, 0);
	if (decision.verdict == VERDICT_ALLOW && is_marked(state, own->number,
	    request, &query, &decision))
		return 0;
	if (host_passes(state, request->env, force, own->number, &query,
	    &decision, NULL))
		return 0;
	if (!answer(request, &query, &decision))
		tally_count(force->tally, own->number, TALLY_UNANSWERED);
	return 1;
}

/* What the callback returns for a request that goes on. Called early, it is not
 * called again then: it has been told of a name that is in no local zone. */
#define PASSES inplace_cb_request_done_local

/* Judges the query of which OWN says what is known, in FORCE, which this worker
 * has entered, and leaves that. */
static int
judge_entered(struct host_worker *own, const struct force *force,
	const struct request *request)
{
	int answered = 0;

	if (own->group < force->standing.policy->group_count)
		answered = judge(own, force, request);
	else
		tally_count(force->tally, own->number, TALLY_UNRESTRICTED);
	inforce_leave_by(own->use);
	return answered ? inplace_cb_request_answered : PASSES;
}

/* Judges any request, and has remembered what was found for it. */
static __attribute__((noinline)) int
judge_any(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct regional *region, struct host_worker *own)
{
	const struct request request = { env, qinfo, edns, repinfo,
		repinfo->c->buffer, region };
	const struct sockaddr_in *sin =
		(const struct sockaddr_in *)&repinfo->client_addr;
	const struct force *force = inforce_enter_by(own->inforce, own->use);
	const struct policy *policy = force->standing.policy;
	struct address client;

	/* Clients may send the option, too. */
	if (edns->opt_list_in != NULL)
		host_unmark(edns);
	/* No group can hold a client without an IP address. */
	own->group = host_client(&client, &repinfo->client_addr) == 0
		? clients_find(policy->clients, &client) : CLIENTS_NONE;
	own->place = own->group >= policy->group_count ? NULL : recall_name(
		force->recalls[own->number], own->group, qinfo->qname,
		qinfo->qname_len);
	/* Who is not known passes this way each time. */
	if (sin->sin_family == AF_INET && !own->state->looks_at_replies)
		recall_settle(recall_client(&own->use->clients,
			sin->sin_addr.s_addr), sin->sin_addr.s_addr,
			own->group, policy->group_count, force->epoch);
	host_this_worker(own->number);
	return judge_entered(own, force, &request);
}

/* Judges a request for a name that the client's group asked for before. */
static __attribute__((noinline)) int
judge_again(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct regional *region, struct host_worker *own)
{
	const struct request request = { env, qinfo, edns, repinfo,
		repinfo->c->buffer, region };

	return judge_entered(own, atomic_load_explicit(&own->use->force,
		memory_order_relaxed), &request);
}

/* Judges a request of a client that has a place. Most allowed names come again,
 * and all that is done for them is here. */
static __attribute__((noinline)) int
judge_known(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct regional *region, struct host_worker *own)
{
	const struct recall_client *client = own->client;
	const struct force *force = inforce_enter_by(own->inforce, own->use);
	struct recall_name *place;
	uint64_t asked;

	if (client->restricted != force->epoch ||
	    !recall_fits(qinfo->qname_len))
		return judge_any(env, qinfo, edns, repinfo, region, own);
	asked = recall_asked(client->group, qinfo->qname_len);
	place = recall_set(force->recalls[own->number], asked, qinfo->qname,
		qinfo->qname_len);
	if (!recall_is(place, asked, qinfo->qname, qinfo->qname_len) &&
	    !recall_is(++place, asked, qinfo->qname, qinfo->qname_len))
		return judge_any(env, qinfo, edns, repinfo, region, own);
	/* Nothing is to be done but to count it, or to tell of it, too. */
	if (place->counter != NULL && qinfo->qclass == RRCLASS_IN &&
	    own->told == host_moment(env->now_tv) && !atomic_load_explicit(
	    own->state->wish, memory_order_relaxed)) {
		tally_raise(place->counter);
		inforce_leave_by(own->use);
		return PASSES;
	}
	own->group = client->group;
	own->place = place;
	return judge_again(env, qinfo, edns, repinfo, region, own);
}

/* Whether Unbound looks for the name itself in its local zones of this class:
 * for a DS it looks one label higher. */
static inline int
is_looked_for(const struct query_info *qinfo)
{
	return qinfo->qclass == RRCLASS_IN &&
		qinfo->qtype != LDNS_RR_TYPE_DS;
}

/* Whether a request is to be judged now. Called early, that is so for a name
 * that is in no local zone of this moment; else for any, and what Unbound has
 * found out of such a name is remembered. */
static inline int
is_due(const struct host_worker *own, const struct module_env *env,
	const struct query_info *qinfo)
{
	if (env->local_zones_early != 0)
		return is_looked_for(qinfo) && recall_is_absent(
			&own->use->absents, env->local_zones_early,
			qinfo->qname, qinfo->qname_len);
	if (env->local_zones_none != 0 && is_looked_for(qinfo))
		recall_absent(&own->use->absents, env->local_zones_none,
			qinfo->qname, qinfo->qname_len);
	return 1;
}

/* Most clients are in no group, and all that is done for those of them that
 * asked before stands here: every query of a site pays for it. */
int
host_request(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct regional *region, void *cb_args)
{
	struct module_state *state = cb_args;
	struct host_worker *own = &state->workers[host_thread(state,
		env->worker->thread_num)];
	const struct sockaddr_in *sin =
		(const struct sockaddr_in *)&repinfo->client_addr;
	const struct recall_client *client = recall_client(
		&own->use->clients, sin->sin_addr.s_addr);

	if (!is_due(own, env, qinfo))
		return inplace_cb_request_pass;
	if (sin->sin_family != AF_INET ||
	    client->address != sin->sin_addr.s_addr ||
	    edns->opt_list_in != NULL)
		return judge_any(env, qinfo, edns, repinfo, region, own);
	if (inforce_passes(own->inforce, own->use, client))
		return PASSES;
	own->client = client;
	return judge_known(env, qinfo, edns, repinfo, region, own);
}
