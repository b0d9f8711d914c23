/*
 * host_hook.c - in an Unbound with our patches, which asks before it looks into
 * its cache.
 *
 * In its place, host_stock.c is for one without them.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "dynlibmod/dynliblayout.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/msgreply.h"
#include "util/log.h"
#include "util/module.h"

#include "host.h"
#include "host_state.h"

#include <dlfcn.h>

static const char what_to_do[] = "bitsink must be compiled for the Unbound "
	"that loads it, and that Unbound needs bitsink's patches: see "
	"bitsink(8), UNBOUND";

/* Compares what this file was compiled with to what Unbound was. */
static int
layouts_agree(const struct dynlibmod_layout *host)
{
	static const struct dynlibmod_layout mine[] = DYNLIBMOD_LAYOUT;
	size_t i;

	for (i = 0; mine[i].name != NULL; i++) {
		if (host[i].name == NULL ||
		    strcmp(host[i].name, mine[i].name) != 0) {
			log_err("bitsink: this Unbound does not tell %s; %s",
				mine[i].name, what_to_do);
			return 0;
		}
		if (host[i].value != mine[i].value) {
			log_err("bitsink: compiled for an Unbound in which %s "
				"is %zu, found %zu; %s", mine[i].name,
				mine[i].value, host[i].value, what_to_do);
			return 0;
		}
	}
	return 1;
}

int
host_is_ours(void)
{
	const struct dynlibmod_host *host = (const struct dynlibmod_host *)
		dlsym(RTLD_DEFAULT, "dynlibmod_host");

	if (host == NULL) {
		log_err("bitsink: this Unbound has no request callback; %s",
			what_to_do);
		return 0;
	}
	if (host->size != sizeof(*host)) {
		log_err("bitsink: this Unbound describes itself in another "
			"form; %s", what_to_do);
		return 0;
	}
	if (strcmp(host->version, PACKAGE_VERSION) != 0) {
		log_err("bitsink: compiled for Unbound %s, found Unbound %s; "
			"%s", PACKAGE_VERSION, host->version, what_to_do);
		return 0;
	}
	return layouts_agree(host->layout);
}

int
host_gate(struct module_state *state, struct module_env *env)
{
	(void)state;
	(void)env;
	return 0;
}

/* With an error nothing is sent that would be judged. */
static int
judge_reply(struct query_info *qinfo, struct module_qstate *qstate,
	struct reply_info *rep, int rcode, struct edns_data *edns,
	struct edns_option **opt_list_out, struct comm_reply *repinfo,
	struct regional *region, struct timeval *start_time, int id,
	void *callback)
{
	(void)qinfo, (void)edns, (void)repinfo, (void)region, (void)start_time;
	if (qstate != NULL && rep != NULL && rcode == LDNS_RCODE_NOERROR)
		host_sends(callback, qstate, id, rep, opt_list_out);
	return 1;
}

void
host_deafen(const struct dynlibmod_env *dynlib, struct module_env *env,
	int id)
{
	/* Those that were not registered are not there to be deleted. */
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_request, id);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply, id);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_cache, id);
}

int
host_listen(const struct dynlibmod_env *dynlib,
	struct module_state *state, struct module_env *env, int id)
{
	if (dynlib->inplace_cb_register_wrapped((void *)host_request,
	    inplace_cb_request, state, env, id) &&
	    (!env->cfg->serve_expired ||
	    dynlib->inplace_cb_register_wrapped((void *)judge_reply,
	    inplace_cb_reply, state, env, id)) && (!state->looks_at_replies ||
	    (dynlib->inplace_cb_register_wrapped((void *)host_look,
	    inplace_cb_reply, state, env, id) &&
	    dynlib->inplace_cb_register_wrapped((void *)host_look,
	    inplace_cb_reply_cache, state, env, id))))
		return 1;
	host_deafen(dynlib, env, id);
	log_err("bitsink: the request callback cannot be registered; %s",
		what_to_do);
	return 0;
}

int
host_enters(struct module_state *state, struct module_qstate *qstate, int id)
{
	host_waits(state, qstate, id);
	return 1;
}

void
host_done(struct module_state *state, struct module_qstate *qstate, int id)
{
	host_answered(state, qstate, id);
}

void
host_leaves(struct module_state *state, struct module_qstate *qstate, int id)
{
	host_forgets(state, qstate, id);
}
