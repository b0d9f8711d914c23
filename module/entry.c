/*
 * entry.c - the functions that Unbound's dynlib module calls.
 *
 * bitsink decides in the request callback, before the cache and the mesh.
 * In the module chain it passes on, and judges the answers to queries that the
 * callback has marked.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "util/module.h"

#include "host.h"

/* Only these leave the library; see bitsink.map. */
#pragma GCC visibility push(default)
int init(struct module_env *env, int id);
void deinit(struct module_env *env, int id);
void operate(struct module_qstate *qstate, enum module_ev event, int id,
	struct outbound_entry *entry);
void inform_super(struct module_qstate *qstate, int id,
	struct module_qstate *super);
void clear(struct module_qstate *qstate, int id);
size_t get_mem(struct module_env *env, int id);
int get_stats(struct module_env *env, int id, int reset, stats_line line,
	void *arg);
#pragma GCC visibility pop

/* Set by init() when it found the host to be the right one: Unbound calls
 * deinit() after a refused init() too. */
static int accepted;

static struct dynlibmod_env *
dynlib_of(struct module_env *env, int id)
{
	return (struct dynlibmod_env *)env->modinfo[id];
}

int
init(struct module_env *env, int id)
{
	struct module_state *state;

	/* Before anything of Unbound's is touched. */
	if (!accepted && !host_is_ours())
		return 0;
	accepted = 1;
	dynlib_of(env, id)->dyn_env = NULL;
	state = host_start(env, id);
	dynlib_of(env, id)->dyn_env = state;
	return state != NULL;
}

void
deinit(struct module_env *env, int id)
{
	struct dynlibmod_env *dynlib;

	if (!accepted)
		return;
	dynlib = dynlib_of(env, id);
	host_stop(env, id, (struct module_state *)dynlib->dyn_env);
	dynlib->dyn_env = NULL;
}

static struct module_state *
state_of(struct module_env *env, int id)
{
	return (struct module_state *)dynlib_of(env, id)->dyn_env;
}

void
operate(struct module_qstate *qstate, enum module_ev event, int id,
	struct outbound_entry *entry)
{
	(void)entry;
	switch (event) {
	case module_event_new:
	case module_event_pass:
		qstate->ext_state[id] = host_enters(state_of(qstate->env, id),
			qstate, id) ? module_wait_module : module_finished;
		break;
	case module_event_moddone:
		host_done(state_of(qstate->env, id), qstate, id);
		qstate->ext_state[id] = module_finished;
		break;
	default:
		/* bitsink sends no queries; nothing else can come. */
		qstate->ext_state[id] = module_error;
		break;
	}
}

void
inform_super(struct module_qstate *qstate, int id, struct module_qstate *super)
{
	(void)qstate;
	(void)id;
	(void)super;
}

void
clear(struct module_qstate *qstate, int id)
{
	host_leaves(state_of(qstate->env, id), qstate, id);
}

size_t
get_mem(struct module_env *env, int id)
{
	return host_memory(state_of(env, id));
}

/* For Unbound's statistics; an Unbound that does not ask works as well. */
int
get_stats(struct module_env *env, int id, int reset, stats_line line,
	void *arg)
{
	return host_stats(env, state_of(env, id), reset, line, arg);
}
