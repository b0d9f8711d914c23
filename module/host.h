/*
 * host.h - between Unbound and the core.
 *
 * Together with entry.c the only place that knows Unbound's structures.
 */
#ifndef BITSINK_HOST_H
#define BITSINK_HOST_H

#include "stats.h"

struct module_env;
struct module_qstate;
struct module_state;

/*
 * Whether this Unbound is the one that the module was compiled for, and
 * has the request callback. 1, or 0 with the reason in Unbound's log. Uses
 * none of Unbound's structures.
 */
int host_is_ours(void);

/*
 * Starts judging: loads the policy that unbound.conf names, and registers the
 * callback. Returns the module's state, to be freed by host_stop(), or NULL
 * with the reason in Unbound's log. For init() alone, before there are workers.
 */
struct module_state *host_start(struct module_env *env, int id);

/* Ends it; accepts NULL. For deinit() alone, when no worker runs any more. */
void host_stop(struct module_env *env, int id, struct module_state *state);

/*
 * For the states of queries that are in instance ID of the module: one begins,
 * and whether it goes on, or has its answer already; its answer is there and
 * may be changed before it is sent; it ends.
 */
int host_enters(struct module_state *state, struct module_qstate *qstate,
	int id);
void host_done(struct module_state *state, struct module_qstate *qstate,
	int id);
void host_leaves(struct module_state *state, struct module_qstate *qstate,
	int id);

/*
 * For statistics, as Unbound asks for them: with LINE NULL takes the counters
 * of ENV's worker or, with RESET, sets them back; with a LINE prints what was
 * taken of all, and returns 0 where LINE did. Else returns 1.
 */
int host_stats(struct module_env *env, struct module_state *state, int reset,
	stats_line line, void *arg);

/* Octets the module took when it last looked; 0 where nobody looks. */
size_t host_memory(const struct module_state *state);

#endif
