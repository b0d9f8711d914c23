/*
 * host_state.h - what the parts of the host adapter share.
 *
 * host.c starts and counts, host_request.c judges requests, host_answers.c the
 * answers to some of them, host_site.c reads what Unbound's configuration
 * declares; host_hook.c or host_stock.c is how Unbound asks. Nobody else
 * includes this.
 */
#ifndef BITSINK_HOST_STATE_H
#define BITSINK_HOST_STATE_H

#include <sys/time.h>

#include "control.h"
#include "inforce.h"
#include "inspect.h"
#include "judge.h"
#include "observer.h"

struct comm_reply;
struct dynlibmod_env;
struct edns_data;
struct edns_option;
struct module_env;
struct module_qstate;
struct query_info;
struct regional;
struct reply_info;
struct sldns_buffer;
struct sockaddr_storage;

struct module_state;

/* What is one worker's alone; in a cache line of its own. */
struct host_worker {
	/* Queries whose answers are waited for, to be judged. */
	alignas(64) size_t waiting;
	/* In which moment an allowed query was last told of. */
	uint64_t told;
	/* Of the query that is being judged: the client's group, CLIENTS_NONE
	 * or another number beyond the groups for none; and the places of the
	 * name, which may be NULL, and of the client. */
	uint32_t group;
	/* Of this worker. */
	uint32_t number;
	struct recall_name *place;
	const struct recall_client *client;
	/* What there is one of. */
	struct inforce *inforce;
	struct inforce_use *use;
	struct module_state *state;
};
_Static_assert(sizeof(struct host_worker) == 64, "a cache line");

struct module_state {
	struct names_key key;
	size_t worker_count;
	struct inforce *inforce;
	struct exceptions exceptions;
	struct observer *observer;
	struct stats *stats;
	/* NULL where it could not be had. */
	struct control *control;
	/* Of it; what is always false where there is none. */
	const _Atomic int *wish;
	/* What Unbound's configuration declares; owned. */
	char *site;
	size_t site_length;
	/* What stands before its cache where it does not ask us, as of gate.h,
	 * owned; NULL where it does. */
	char *gate;
	size_t gate_length;
	/* Replies are looked at, for a group was in audit at the start: it
	 * costs all clients a little. */
	int looks_at_replies;
	/* --- For host_answers.c. */
	/* Nobody else knows it: no client can make a mark. */
	uint8_t secret[16];
	struct host_worker *workers;
	/* How many a worker may wait for. */
	size_t waiting_max;
	/* Unbound's dns64 is in front of us, and makes AAAA records of its own:
	 * where there are none, or also where there are. */
	int has_dns64;
	int has_dns64_alone;
	/* Another module is in front of us, which may answer by itself. */
	int has_front;
};

/* --- host.c */

/* The worker that is thread NUMBER of Unbound, which has as many as its
 * configuration told us. */
static inline size_t
host_thread(const struct module_state *state, int number)
{
	return (size_t)number < state->worker_count ? (size_t)number : 0;
}

/* The number of ENV's worker. */
size_t host_worker(const struct module_state *state,
	const struct module_env *env);

/* Counts the decision and tells of it, with FINDING, which may be NULL.
 * Whether the query passes. */
int host_passes(struct module_state *state, struct module_env *env,
	const struct force *force, size_t worker, const struct query *query,
	const struct decision *decision, const struct finding *finding);

/* The client of a socket address. 0, or -1 for one that no group can hold. */
int host_client(struct address *client,
	const struct sockaddr_storage *sockaddr);

/* Some four milliseconds: one query for a name that is known to be allowed is
 * told of in each. Not as long from one to the next: who always asks right
 * behind another one is told of, too, now and then. */
static inline uint64_t
host_moment(const struct timeval *now)
{
	return (((uint64_t)now->tv_sec << 20) +
		(uint64_t)now->tv_usec) >> 12;
}

/* Tells which worker this thread is, for host_look(). */
void host_this_worker(size_t worker);

/* A reply callback that looks for targets of CNAMEs, and can do no harm: what
 * it returns is not looked at. */
int host_look(struct query_info *qinfo, struct module_qstate *qstate,
	struct reply_info *rep, int rcode, struct edns_data *edns,
	struct edns_option **opt_list_out, struct comm_reply *repinfo,
	struct regional *region, struct timeval *start_time, int id,
	void *callback);

/* --- host_hook.c, or host_stock.c for an Unbound without our patches */

/* Sets what stands before the cache, where that counts. 0, or -1 with the
 * reason in Unbound's log. */
int host_gate(struct module_state *state, struct module_env *env);

/* Registers the callbacks of instance ID of the module, whether it worked, else
 * with the reason in Unbound's log; and takes them back. */
int host_listen(const struct dynlibmod_env *dynlib,
	struct module_state *state, struct module_env *env, int id);
void host_deafen(const struct dynlibmod_env *dynlib, struct module_env *env,
	int id);

/* --- host_request.c, for host_hook.c */

/* The request callback: every request that may have recursion comes here once,
 * before the cache and the mesh; and before that, once more, while Unbound has
 * not looked into its local zones yet. */
int host_request(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct regional *region, void *cb_args);

/* --- host_gate.c, for host_stock.c */

/* What stands before the cache, as of gate.h. Allocated, of *LENGTH octets;
 * NULL with the reason in Unbound's log. */
char *host_gate_text(struct module_env *env, size_t *length);

/* --- host_answers.c */

/* Makes host_mark() possible, for instance ID of the module. 0, or -1 with the
 * reason in Unbound's log. */
int host_answers_start(struct module_state *state, struct module_env *env,
	int id);
void host_answers_stop(struct module_state *state);

/* Whether the answer to the query will come to host_answered(), and not be made
 * by a module in front of us alone. */
int host_will_see(const struct module_state *state,
	const struct module_env *env, const struct query *query);

/* Whether WORKER may wait for one more answer that is to be judged. */
int host_may_wait(const struct module_state *state, size_t worker);

/*
 * Marks an allowed query of a group that inspects answers or follows chains:
 * Unbound passes over its cache and makes a state for this query alone, and its
 * answer comes to host_answered(). COUNTED: the query has been counted, as
 * allowed. 0, or -1 when out of memory.
 */
int host_mark(const struct module_state *state, struct edns_data *edns,
	const struct query *query, int counted, struct regional *region);

/*
 * For the states of queries that are in instance ID of the module: one begins,
 * its answer is there and may be changed before it is sent, it ends.
 */
void host_waits(struct module_state *state, struct module_qstate *qstate,
	int id);
void host_answered(struct module_state *state, struct module_qstate *qstate,
	int id);
void host_forgets(struct module_state *state, struct module_qstate *qstate,
	int id);

/* Puts the answer to a blocked query in the place of what the state has, or of
 * what it has not yet. */
void host_replace(struct module_qstate *qstate, int id,
	const struct query *query, const struct decision *decision);

/* Takes a mark away that a client made. */
void host_unmark(struct edns_data *edns);

/* REP is about to be sent for a state that is in instance ID of the module:
 * judges it where host_answered() has not. What may not be given is taken out,
 * and why is added to OPTIONS. */
void host_sends(struct module_state *state, struct module_qstate *qstate,
	int id, struct reply_info *rep, struct edns_option **options);

/* --- host_site.c */

struct addr_tree_node;
struct daemon;

/* The daemon that ENV is of; NULL where there is none. */
struct daemon *host_daemon(struct module_env *env);

/* The netblock of an element of access control. 0, or -1 for none. */
int host_prefix(const struct addr_tree_node *node, struct prefix *prefix);

/* What Unbound's configuration declares, as of site.h. Allocated, of *LENGTH
 * octets; NULL with the reason in Unbound's log. */
char *host_site(struct module_env *env, size_t *length);

#endif
