/*
 * nothing.c - a module that does nothing. What goes wrong with it in front of
 * the module chain goes wrong with every module there.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "util/module.h"

int init(struct module_env *env, int id);
void deinit(struct module_env *env, int id);
void operate(struct module_qstate *qstate, enum module_ev event, int id,
	struct outbound_entry *entry);
void inform_super(struct module_qstate *qstate, int id,
	struct module_qstate *super);
void clear(struct module_qstate *qstate, int id);
size_t get_mem(struct module_env *env, int id);

int
init(struct module_env *env, int id)
{
	((struct dynlibmod_env *)env->modinfo[id])->dyn_env = NULL;
	return 1;
}

void
deinit(struct module_env *env, int id)
{
	(void)env;
	(void)id;
}

void
operate(struct module_qstate *qstate, enum module_ev event, int id,
	struct outbound_entry *entry)
{
	(void)entry;
	if (event == module_event_moddone)
		qstate->ext_state[id] = module_finished;
	else
		qstate->ext_state[id] = module_wait_module;
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
	(void)qstate;
	(void)id;
}

size_t
get_mem(struct module_env *env, int id)
{
	(void)env;
	(void)id;
	return 0;
}
