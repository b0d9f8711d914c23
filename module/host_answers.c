/*
 * host_answers.c - judging the answers to the queries of groups that inspect
 * answers or follow chains.
 *
 * A cached answer is given to a client without a module, and clients with the
 * same question share one state. So such a query is marked, with an EDNS option
 * that never leaves the host and that Unbound has been told to pass over its
 * cache for, and to make a state of its own. When that state is done, what it
 * found is judged before it is sent.
 *
 * Unbound may send what is expired before that: it is judged when it is sent.
 *
 * An answer that is made up here must be stored by nobody: a module in front of
 * ours stores what it finds in the state. Then the client gets an error without
 * records instead.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "daemon/worker.h"
#include "iterator/iter_utils.h"
#include "services/cache/dns.h"
#include "services/mesh.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/log.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"

#include "host.h"
#include "host_state.h"

#include <sys/random.h>

#include "answer.h"

/* Of the codes for local use (RFC 6891 section 9). */
#define MARK_CODE 65303

/* Octets of the name of a whole address below ip6.arpa (RFC 3596 section
 * 2.5). */
#define IP6_ARPA_OCTETS 74

/* A quarter of what a worker can have on its way is left to nobody else. */
#define WAITING_PART 4
#define WAITING_LEAST 16

/* Seconds that an answer and the next question take to come and go. */
#define GRACE 1

/* A TTL above this is a time since 1970. */
#define TTL_RELATIVE_MAX 0x40000000

/* The data of the option. */
struct mark {
	uint8_t secret[16];
	struct address client;
	uint16_t qtype;
	uint16_t qclass;
	/* The query has been counted, as allowed; its answer is not judged,
	 * only its chain is followed. */
	uint16_t counted;
	uint16_t qname_len;
	uint8_t qname[NAME_OCTETS_MAX];
};

/* What a state has of ours: that it is waited for. */
struct waiting {
	struct mark mark;
	int is_judged;
};

static int
is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && strncmp(text, word, length) == 0;
}

/* Sorts out who is in front of the instance ID of the module: respip only
 * changes what others have found, dns64 may make an answer by itself, and all
 * others may do what they like. */
static void
look_in_front(struct module_state *state, const struct config_file *cfg,
	int id)
{
	const char *p = cfg->module_conf + strspn(cfg->module_conf, " \t");

	for (; id > 0 && *p != '\0'; id--) {
		size_t length = strcspn(p, " \t");

		if (is_word(p, length, "dns64"))
			state->has_dns64 = 1;
		else if (!is_word(p, length, "respip"))
			state->has_front = 1;
		p += length;
		p += strspn(p, " \t");
	}
	state->has_dns64_alone = state->has_dns64 &&
		cfg->dns64_ignore_aaaa != NULL;
}

int
host_answers_start(struct module_state *state, struct module_env *env, int id)
{
	size_t part = env->cfg->num_queries_per_thread / WAITING_PART;

	look_in_front(state, env->cfg, id);
	state->waiting_max = part > WAITING_LEAST ? part : WAITING_LEAST;
	state->workers = aligned_alloc(alignof(struct host_worker),
		state->worker_count * sizeof(*state->workers));
	if (state->workers == NULL) {
		log_err("bitsink: out of memory");
		return -1;
	}
	memset(state->workers, 0,
		state->worker_count * sizeof(*state->workers));
	if (getrandom(state->secret, sizeof(state->secret), 0) !=
	    (ssize_t)sizeof(state->secret)) {
		log_err("bitsink: no random secret: %s", strerror(errno));
		return -1;
	}
	if (!edns_register_option(MARK_CODE, 1, 1, env)) {
		log_err("bitsink: answers cannot be judged");
		return -1;
	}
	return 0;
}

void
host_answers_stop(struct module_state *state)
{
	free(state->workers);
}

int
host_will_see(const struct module_state *state, const struct module_env *env,
	const struct query *query)
{
	if (state->has_front)
		return 0;
	/* Of the reverse of its own prefix it makes a CNAME. */
	if (state->has_dns64 && query->qtype == LDNS_RR_TYPE_PTR &&
	    query->qname_len == IP6_ARPA_OCTETS)
		return 0;
	if (!state->has_dns64 || query->qtype != LDNS_RR_TYPE_AAAA)
		return 1;
	/* dns64 looks at this each time, and fast_reload changes it. */
	return !state->has_dns64_alone && !env->cfg->dns64_synthall;
}

int
host_may_wait(const struct module_state *state, size_t worker)
{
	return state->workers[worker].waiting < state->waiting_max;
}

int
host_mark(const struct module_state *state, struct edns_data *edns,
	const struct query *query, int counted, struct regional *region)
{
	struct mark mark;

	memset(&mark, 0, sizeof(mark));
	memcpy(mark.secret, state->secret, sizeof(mark.secret));
	mark.client = query->client;
	mark.qtype = query->qtype;
	mark.qclass = query->qclass;
	mark.counted = counted != 0;
	/* It was a name when it was judged. */
	mark.qname_len = (uint16_t)query->qname_len;
	memcpy(mark.qname, query->qname, query->qname_len);
	return edns_opt_list_append(&edns->opt_list_in, MARK_CODE,
		sizeof(mark), (uint8_t *)&mark, region) ? 0 : -1;
}

void
host_unmark(struct edns_data *edns)
{
	(void)edns_opt_list_remove(&edns->opt_list_in, MARK_CODE);
}

/* --- States that are waited for. */

static const struct mark *
mark_of(const struct module_state *state, const struct module_qstate *qstate)
{
	const struct edns_option *option = edns_opt_list_find(
		qstate->edns_opts_front_in, MARK_CODE);

	if (option == NULL || option->opt_len != sizeof(struct mark) ||
	    memcmp(option->opt_data, state->secret,
	    sizeof(state->secret)) != 0)
		return NULL;
	return (const struct mark *)(const void *)option->opt_data;
}

/* In is_drop: the answer is not judged yet. Others write 1 there. */
#define NOT_JUDGED 2

/*
 * Unbound sends expired answers past us: when a timer ends, when cachedb has
 * nothing else, and when a module fails, for which later versions make anew
 * whatever that takes. But not for a state that is to be dropped.
 */
static void
send_nothing_unjudged(struct module_qstate *qstate)
{
	if (!qstate->is_drop)
		qstate->is_drop = NOT_JUDGED;
}

/* What is judged may be sent, and what those in front of us make of it. It is
 * no other answer, and no expired one: these come out of the cache, in which
 * the state has nothing more to look for. */
static void
send_what_is_judged(struct module_qstate *qstate)
{
	if (qstate->is_drop == NOT_JUDGED)
		qstate->is_drop = 0;
	qstate->no_cache_lookup = 1;
}

void
host_waits(struct module_state *state, struct module_qstate *qstate, int id)
{
	const struct mark *mark;
	struct waiting *waiting;

	if (qstate->minfo[id] != NULL || qstate->edns_opts_front_in == NULL)
		return;
	mark = mark_of(state, qstate);
	if (mark == NULL)
		return;
	if (!mark->counted)
		send_nothing_unjudged(qstate);
	waiting = regional_alloc_zero(qstate->region, sizeof(*waiting));
	/* host_answered() refuses what it does not find here. */
	if (waiting == NULL)
		return;
	memcpy(&waiting->mark, mark, sizeof(*mark));
	qstate->minfo[id] = waiting;
	state->workers[host_worker(state, qstate->env)].waiting++;
}

/* The query that a mark is of; it points into the mark. */
static struct query
query_of(const struct mark *mark, const struct module_qstate *qstate)
{
	struct query query = {
		.client = mark->client,
		.qname = mark->qname,
		.qname_len = mark->qname_len,
		.qtype = mark->qtype,
		.qclass = mark->qclass,
		.now = *qstate->env->now,
	};

	return query;
}

/* There was no answer to judge: an error was sent, or nothing. */
static void
count_unjudged(struct module_state *state, struct module_qstate *qstate,
	const struct mark *mark)
{
	size_t worker = host_worker(state, qstate->env);
	const struct force *force = inforce_enter(state->inforce, worker);
	struct query query = query_of(mark, qstate);
	struct decision decision;

	judge_query(force->standing.policy, &state->exceptions, &query,
		&decision);
	(void)host_passes(state, qstate->env, force, worker, &query, &decision,
		NULL);
	inforce_leave(state->inforce, worker);
}

void
host_forgets(struct module_state *state, struct module_qstate *qstate, int id)
{
	struct waiting *waiting = qstate->minfo[id];

	if (waiting == NULL)
		return;
	if (!waiting->is_judged && !waiting->mark.counted)
		count_unjudged(state, qstate, &waiting->mark);
	state->workers[host_worker(state, qstate->env)].waiting--;
	qstate->minfo[id] = NULL;
}

/* --- Following. */

/* A TTL of a state's message, in seconds from now. */
static int64_t
seconds_left(time_t ttl, int64_t now)
{
	return ttl > TTL_RELATIVE_MAX ? ttl - now : ttl;
}

/* The data of the CNAME of NAME; NULL where there is none. */
static const struct packed_rrset_data *
cname_of(const struct reply_info *rep, uint8_t *name)
{
	size_t i;

	for (i = 0; i < rep->an_numrrsets; i++) {
		const struct packed_rrset_data *data =
			rep->rrsets[i]->entry.data;

		if (ntohs(rep->rrsets[i]->rk.type) == LDNS_RR_TYPE_CNAME &&
		    query_dname_compare(rep->rrsets[i]->rk.dname, name) == 0 &&
		    data->count > 0 && data->rr_len[0] > 2)
			return data;
	}
	return NULL;
}

/* Where local data has led from the name that was asked for: its CNAME; NULL
 * where it did not. */
static const struct packed_rrset_data *
alias_of(const struct module_qstate *qstate)
{
	const struct mesh_reply *reply = qstate->mesh_info->reply_list;

	return reply != NULL && reply->local_alias != NULL
		? reply->local_alias->rrset->entry.data : NULL;
}

/* Whether it is given to clients: to those with CD an answer is that Unbound
 * does not accept, but it leads them nowhere. */
static int
is_accepted(const struct module_qstate *qstate, const struct reply_info *rep)
{
	return !qstate->env->need_to_validate ||
		(rep->security > sec_status_bogus &&
		rep->security != sec_status_secure_sentinel_fail);
}

static void
remember_chain(const struct module_state *state, const struct query *query,
	const struct decision *decision, const struct module_qstate *qstate,
	const struct reply_info *rep)
{
	const struct packed_rrset_data *data = alias_of(qstate);
	struct name question, target;
	/* What is allowed for a time leads no further than that. A grant ends
	 * at its last second, and what is followed behind it. */
	int64_t until = judge_until(&state->exceptions, query, decision,
		&question);
	size_t steps;

	if (decision->reason == REASON_GRANTED)
		until--;
	else if (decision->reason != REASON_FOLLOWED)
		until = query->now + FOLLOWED_SECONDS_MAX;
	if (decision->reason != REASON_FOLLOWED && name_from_wire(&question,
	    query->qname, query->qname_len) != 0)
		return;
	if (data == NULL)
		data = cname_of(rep, qstate->qinfo.qname);
	/* There are no more steps than records, and the one of local data. */
	for (steps = 0; data != NULL && steps <= rep->an_numrrsets; steps++) {
		uint8_t *at = data->rr_data[0] + 2;
		int64_t end = query->now + seconds_left(data->rr_ttl[0],
			query->now) + GRACE;

		if (name_from_wire(&target, at, data->rr_len[0] - 2) != 0)
			return;
		if (end < until)
			until = end;
		followed_add(state->exceptions.followed,
			decision->group->name, &question, &target, query->now,
			until);
		data = cname_of(rep, at);
	}
}

/* --- Inspecting. */

static int
may_give_rrset(const struct module_state *state, const struct policy *policy,
	const struct group *group, int64_t now,
	const struct ub_packed_rrset_key *rrset, struct finding *finding)
{
	const struct packed_rrset_data *data = rrset->entry.data;
	size_t i;

	for (i = 0; i < data->count; i++)
		if (data->rr_len[i] < 2 || !inspect_record(policy, group,
		    &state->exceptions, now, ntohs(rrset->rk.type),
		    data->rr_data[i] + 2, data->rr_len[i] - 2, finding))
			return 0;
	return 1;
}

/* Addresses that nobody asked for go where one of them must not be given. */
static void
inspect_additional(const struct module_state *state,
	const struct policy *policy, const struct group *group, int64_t now,
	struct reply_info *rep)
{
	size_t i, others = rep->an_numrrsets + rep->ns_numrrsets;
	struct finding finding;

	for (i = others; i < rep->rrset_count; i++)
		if (ntohs(rep->rrsets[i]->rk.type) != LDNS_RR_TYPE_CNAME &&
		    !may_give_rrset(state, policy, group, now, rep->rrsets[i],
		    &finding)) {
			rep->ar_numrrsets = 0;
			rep->rrset_count = others;
			return;
		}
}

/* Whether the answer may be given. */
static int
inspect_answer(const struct module_state *state, const struct policy *policy,
	const struct group *group, int64_t now, struct reply_info *rep,
	struct finding *finding)
{
	size_t i;

	for (i = 0; i < rep->an_numrrsets; i++)
		if (!may_give_rrset(state, policy, group, now, rep->rrsets[i],
		    finding))
			return 0;
	inspect_additional(state, policy, group, now, rep);
	return 1;
}

static void
block(struct decision *decision, const struct finding *finding)
{
	decision->verdict = decision->group->audit ? VERDICT_AUDIT
		: VERDICT_BLOCK;
	decision->reason = finding->reason;
	decision->action = policy_action(decision->group, finding->reason,
		decision->in_window);
	decision->rule = finding->rule;
}

/* --- Answering. */

/* The answer to a blocked query as Unbound has messages. NULL: none can be
 * made. */
static struct dns_msg *
make_message(struct module_qstate *qstate, const struct query *query,
	const struct decision *decision)
{
	struct sldns_buffer *pkt = qstate->env->scratch_buffer;
	struct query shown = *query;
	struct msg_parse *parsed;
	struct dns_msg *message;
	size_t length;

	/* Where local data leads to another name, its answer is behind it. */
	shown.qname = qstate->qinfo.qname;
	shown.qname_len = qstate->qinfo.qname_len;
	sldns_buffer_clear(pkt);
	if (sldns_buffer_capacity(pkt) < ANSWER_MAX)
		return NULL;
	memset(sldns_buffer_begin(pkt), 0, ANSWER_HEADER);
	length = answer_write(sldns_buffer_begin(pkt), ANSWER_MAX, &shown,
		decision);
	sldns_buffer_set_limit(pkt, length);
	sldns_buffer_set_position(pkt, 0);
	parsed = regional_alloc_zero(qstate->region, sizeof(*parsed));
	if (length == 0 || parsed == NULL ||
	    parse_packet(pkt, parsed, qstate->region) != LDNS_RCODE_NOERROR)
		return NULL;
	message = dns_alloc_msg(pkt, parsed, qstate->region);
	if (message != NULL)
		/* Nobody has to validate it, and nobody could. */
		message->rep->security = sec_status_insecure;
	return message;
}

static void
tell_clients_why(struct module_qstate *qstate, const struct decision *decision)
{
	char text[GROUP_EXPLANATION_MAX + 1];
	struct mesh_reply *reply;

	(void)group_explain(decision->group, decision->reason, text);
	for (reply = qstate->mesh_info->reply_list; reply != NULL;
	    reply = reply->next)
		(void)edns_opt_list_append_ede(&reply->edns.opt_list_out,
			qstate->region, LDNS_EDE_BLOCKED, text);
}

/* An error has an RCODE: what would be without one is refused. */
static int
error_rcode(const struct decision *decision)
{
	int rcode = (int)answer_rcode(decision);

	return rcode != LDNS_RCODE_NOERROR ? rcode : LDNS_RCODE_REFUSED;
}

void
host_replace(struct module_qstate *qstate, int id,
	const struct query *query, const struct decision *decision)
{
	struct dns_msg *message = NULL;

	qstate->return_msg = NULL;
	/* No AAAA is to be made of an A that must not be known. */
	qstate->query_flags |= BIT_CD;
	qstate->return_rcode = error_rcode(decision);
	if (decision->action == ACTION_DROP) {
		qstate->is_drop = 1;
		return;
	}
	/* Who is in front of us would store it. */
	if (id == 0)
		message = make_message(qstate, query, decision);
	if (message != NULL) {
		qstate->return_msg = message;
		qstate->return_rcode = LDNS_RCODE_NOERROR;
	}
	tell_clients_why(qstate, decision);
}

/* Judges the answer to a marked query, and follows it; REP is NULL where there
 * is none. */
static void
judge_answer(struct module_state *state, const struct policy *policy,
	const struct module_qstate *qstate, const struct query *query,
	struct reply_info *rep, struct decision *decision,
	struct finding *finding)
{
	finding->reason = REASON_ALLOWED;
	/* The policy may be another one by now. */
	judge_query(policy, &state->exceptions, query, decision);
	if (decision->verdict != VERDICT_ALLOW || rep == NULL)
		return;
	if (group_inspects(decision->group) && !inspect_answer(state, policy,
	    decision->group, query->now, rep, finding))
		block(decision, finding);
	else if (decision->group->follow_chain && is_accepted(qstate, rep))
		remember_chain(state, query, decision, qstate, rep);
}

static void
judge_found(struct module_state *state, const struct force *force,
	size_t worker, struct module_qstate *qstate, int id,
	const struct mark *mark)
{
	struct reply_info *rep = qstate->return_rcode == LDNS_RCODE_NOERROR &&
		qstate->return_msg != NULL ? qstate->return_msg->rep : NULL;
	struct query query = query_of(mark, qstate);
	struct decision decision;
	struct finding finding;
	int passes;

	judge_answer(state, force->standing.policy, qstate, &query, rep,
		&decision, &finding);
	/* What was counted as allowed has been allowed. */
	passes = mark->counted || host_passes(state, qstate->env, force,
		worker, &query, &decision, &finding);
	if (!passes)
		host_replace(qstate, id, &query, &decision);
	else if (state->has_dns64 && decision.group != NULL &&
	    decision.group->answers != NULL && (rep == NULL ||
	    reply_find_answer_rrset(&qstate->qinfo, rep) == NULL))
		/* What it would make of an A was not inspected. */
		qstate->query_flags |= BIT_CD;
}

void
host_answered(struct module_state *state, struct module_qstate *qstate, int id)
{
	struct waiting *waiting = qstate->minfo[id];
	size_t worker;

	if (waiting == NULL) {
		/* For lack of memory; see host_waits(). */
		if (qstate->edns_opts_front_in != NULL &&
		    mark_of(state, qstate) != NULL) {
			qstate->return_msg = NULL;
			qstate->query_flags |= BIT_CD;
			qstate->return_rcode = LDNS_RCODE_SERVFAIL;
			send_what_is_judged(qstate);
		}
		return;
	}
	if (waiting->is_judged)
		return;
	waiting->is_judged = 1;
	worker = host_worker(state, qstate->env);
	judge_found(state, inforce_enter(state->inforce, worker), worker,
		qstate, id, &waiting->mark);
	inforce_leave(state->inforce, worker);
	if (!waiting->mark.counted)
		send_what_is_judged(qstate);
}

/* --- Sending. */

/* Takes everything out of an answer that is on its way. */
static void
empty_answer(struct reply_info *rep, struct edns_option **options,
	struct regional *region, const struct decision *decision)
{
	char text[GROUP_EXPLANATION_MAX + 1];

	rep->an_numrrsets = 0;
	rep->ns_numrrsets = 0;
	rep->ar_numrrsets = 0;
	rep->rrset_count = 0;
	rep->flags &= (uint16_t)~BIT_AA;
	FLAGS_SET_RCODE(rep->flags, error_rcode(decision));
	(void)group_explain(decision->group, decision->reason, text);
	(void)edns_opt_list_append_ede(options, region, LDNS_EDE_BLOCKED,
		text);
}

static void
judge_sent(struct module_state *state, const struct force *force,
	size_t worker, struct module_qstate *qstate, const struct mark *mark,
	struct reply_info *rep, struct edns_option **options)
{
	struct query query = query_of(mark, qstate);
	struct decision decision;
	struct finding finding;

	judge_answer(state, force->standing.policy, qstate, &query, rep,
		&decision, &finding);
	if (!mark->counted && !host_passes(state, qstate->env, force, worker,
	    &query, &decision, &finding))
		empty_answer(rep, options, qstate->region, &decision);
}

void
host_sends(struct module_state *state, struct module_qstate *qstate, int id,
	struct reply_info *rep, struct edns_option **options)
{
	struct waiting *waiting = qstate->minfo[id];
	const struct mark *mark;
	size_t worker;

	if (waiting != NULL)
		mark = waiting->is_judged ? NULL : &waiting->mark;
	else
		mark = qstate->edns_opts_front_in != NULL
			? mark_of(state, qstate) : NULL;
	if (mark == NULL)
		return;
	worker = host_worker(state, qstate->env);
	judge_sent(state, inforce_enter(state->inforce, worker), worker,
		qstate, mark, rep, options);
	inforce_leave(state->inforce, worker);
	if (waiting != NULL && !mark->counted)
		waiting->is_judged = 1;
}
