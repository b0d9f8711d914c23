/*
 * host_state.h - what the parts of the host adapter share.
 *
 * host.c judges requests, host_answers.c the answers to some of them,
 * host_site.c reads what Unbound's configuration declares. Nobody else includes
 * this.
 */
#ifndef BITSINK_HOST_STATE_H
#define BITSINK_HOST_STATE_H

#include "control.h"
#include "inforce.h"
#include "inspect.h"
#include "judge.h"
#include "observer.h"

struct edns_data;
struct edns_option;
struct module_env;
struct module_qstate;
struct regional;
struct reply_info;

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

/* The number of ENV's worker. */
size_t host_worker(const struct module_state *state,
	const struct module_env *env);

/* Counts the decision and tells of it, with FINDING, which may be NULL.
 * Whether the query passes. */
int host_passes(struct module_state *state, struct module_env *env,
	const struct force *force, size_t worker, const struct query *query,
	const struct decision *decision, const struct finding *finding);

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

/* Takes a mark away that a client made. */
void host_unmark(struct edns_data *edns);

/* REP is about to be sent for a state that is in instance ID of the module:
 * judges it where host_answered() has not. What may not be given is taken out,
 * and why is added to OPTIONS. */
void host_sends(struct module_state *state, struct module_qstate *qstate,
	int id, struct reply_info *rep, struct edns_option **options);

/* --- host_site.c */

/* What Unbound's configuration declares, as of site.h. Allocated, of *LENGTH
 * octets; NULL with the reason in Unbound's log. */
char *host_site(struct module_env *env, size_t *length);

#endif
