/*
 * host.c - between Unbound and the core.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "daemon/worker.h"
#include "services/rpz.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/msgreply.h"
#include "util/log.h"
#include "util/module.h"
#include "util/netevent.h"

#include "host.h"

#include <sys/random.h>

#include "host_state.h"

int
host_client(struct address *client,
	const struct sockaddr_storage *sockaddr)
{
	switch (sockaddr->ss_family) {
	case AF_INET: {
		const struct sockaddr_in *sin =
			(const struct sockaddr_in *)sockaddr;

		address_set_ip4(client, (const uint8_t *)&sin->sin_addr);
		return 0;
	}
	case AF_INET6: {
		const struct sockaddr_in6 *sin6 =
			(const struct sockaddr_in6 *)sockaddr;

		address_set_ip6(client, sin6->sin6_addr.s6_addr);
		return 0;
	}
	default:
		/* No group can hold a client without an IP address. */
		return -1;
	}
}

/* Counts in Unbound's own RPZ statistics. RPZ has no word for refused, the one
 * it never uses for a query name stands for it; disabled is what RPZ calls
 * an action that is only logged. */
static void
count(struct worker *worker, const struct decision *decision)
{
	static const enum rpz_action actions[ACTION_COUNT] = {
		[ACTION_NXDOMAIN] = RPZ_NXDOMAIN_ACTION,
		[ACTION_NODATA] = RPZ_NODATA_ACTION,
		[ACTION_REFUSED] = RPZ_CNAME_OVERRIDE_ACTION,
		[ACTION_DROP] = RPZ_DROP_ACTION,
		[ACTION_SINKHOLE] = RPZ_LOCAL_DATA_ACTION,
	};

	if (decision->verdict == VERDICT_AUDIT)
		worker->stats.rpz_action[RPZ_DISABLED_ACTION]++;
	else
		worker->stats.rpz_action[actions[decision->action]]++;
}

static void
put_finding(struct event *event, const struct finding *finding)
{
	event->found_len = 0;
	event->address.family = ADDRESS_NONE;
	if (finding == NULL || finding->reason == REASON_ALLOWED)
		return;
	event->found_len = finding->target_len;
	memcpy(event->found, finding->target, finding->target_len);
	event->address = finding->address;
}

/* Tells the thread that watches, which has the time for it. */
static void
tell(struct module_state *state, const struct module_env *env,
	struct tally *tally, size_t worker, const struct query *query,
	const struct decision *decision, const struct finding *finding)
{
	struct event *event;

	if (state->control == NULL || (event = control_reserve(state->control,
	    tally, worker)) == NULL)
		return;
	event->is_target = 0;
	event->seconds = env->now_tv->tv_sec;
	event->microseconds = (uint32_t)env->now_tv->tv_usec;
	event->verdict = decision->verdict;
	event->reason = decision->reason;
	event->action = decision->action;
	event->group = decision->group;
	event->client = query->client;
	event->rule = decision->rule;
	event->qtype = query->qtype;
	event->qclass = query->qclass;
	event->qname_len = 0;
	if (query->qname_len <= sizeof(event->qname)) {
		event->qname_len = (uint16_t)query->qname_len;
		memcpy(event->qname, query->qname, query->qname_len);
	}
	put_finding(event, finding);
	control_publish(state->control, worker);
}

size_t
host_worker(const struct module_state *state, const struct module_env *env)
{
	return host_thread(state, env->worker->thread_num);
}

static int
wants_allowed(struct module_state *state, const struct module_env *env,
	struct tally *tally, size_t worker)
{
	return state->control != NULL && control_wants_allowed(state->control,
		tally, worker, (int64_t)env->now_tv->tv_sec * 1000 +
		env->now_tv->tv_usec / 1000);
}

int
host_passes(struct module_state *state, struct module_env *env,
	const struct force *force, size_t worker, const struct query *query,
	const struct decision *decision, const struct finding *finding)
{
	struct tally *tally = force->tally;

	if (decision->verdict == VERDICT_UNRESTRICTED) {
		tally_count(tally, worker, TALLY_UNRESTRICTED);
		return 1;
	}
	tally_decision(tally, worker, (size_t)(decision->group -
		force->standing.policy->groups), decision->reason,
		decision->in_window);
	if (decision->verdict == VERDICT_ALLOW) {
		state->workers[worker].told = host_moment(env->now_tv);
		if (wants_allowed(state, env, tally, worker))
			tell(state, env, tally, worker, query, decision, NULL);
		return 1;
	}
	count(env->worker, decision);
	/* What is no alarm is told to those alone who want to hear all. */
	if (decision->reason != REASON_QUIET ||
	    wants_allowed(state, env, tally, worker))
		tell(state, env, tally, worker, query, decision, finding);
	return decision->verdict == VERDICT_AUDIT;
}

/* The worker that this thread is; each reply comes after a request. */
static _Thread_local size_t this_worker;

void
host_this_worker(size_t worker)
{
	this_worker = worker;
}

/* --- Targets of CNAMEs, which servers that forward to us ask for themselves;
 * what is learned in audit tells them apart. */

static void
tell_target(struct module_state *state, const struct force *force,
	const struct address *client, const struct group *group,
	const uint8_t *name, size_t length)
{
	struct event *event = control_reserve(state->control, force->tally,
		this_worker);

	if (event == NULL)
		return;
	memset(event, 0, offsetof(struct event, qname));
	event->is_target = 1;
	event->seconds = time(NULL);
	event->group = group;
	event->client = *client;
	event->qname_len = (uint16_t)length;
	memcpy(event->qname, name, length);
	control_publish(state->control, this_worker);
}

/* The target in wire format, NULL for what is no CNAME. */
static const uint8_t *
target_of(const struct ub_packed_rrset_key *rrset, size_t *length)
{
	const struct packed_rrset_data *data = rrset->entry.data;

	if (ntohs(rrset->rk.type) != LDNS_RR_TYPE_CNAME || data == NULL ||
	    data->count == 0 || data->rr_len[0] <= 2 + 1)
		return NULL;
	*length = data->rr_len[0] - 2;
	return *length <= NAME_OCTETS_MAX ? data->rr_data[0] + 2 : NULL;
}

static void
tell_targets(struct module_state *state, const struct force *force,
	const struct address *client, const struct reply_info *rep)
{
	const struct policy *policy = force->standing.policy;
	uint32_t number = clients_find(policy->clients, client);
	const uint8_t *target;
	size_t i, length;

	if (number == CLIENTS_NONE || !policy->groups[number].audit)
		return;
	for (i = 0; i < rep->an_numrrsets; i++) {
		target = target_of(rep->rrsets[i], &length);
		if (target != NULL)
			tell_target(state, force, client,
				&policy->groups[number], target, length);
	}
}

int
host_look(struct query_info *qinfo, struct module_qstate *qstate,
	struct reply_info *rep, int rcode, struct edns_data *edns,
	struct edns_option **opt_list_out, struct comm_reply *repinfo,
	struct regional *region, struct timeval *start_time, int id,
	void *callback)
{
	struct module_state *state = callback;
	struct address client;

	(void)qinfo, (void)qstate, (void)rcode, (void)edns, (void)opt_list_out;
	(void)region, (void)start_time, (void)id;
	if (state->control == NULL || !control_wants_targets(state->control) ||
	    rep == NULL || repinfo == NULL || rep->an_numrrsets == 0 ||
	    host_client(&client, &repinfo->client_addr) != 0)
		return 1;
	tell_targets(state, inforce_enter(state->inforce, this_worker),
		&client, rep);
	inforce_leave(state->inforce, this_worker);
	return 1;
}

/* A file name of unbound.conf as it is after chroot. */
static const char *
after_chroot(const struct config_file *cfg, const char *name)
{
	size_t length;

	if (cfg->chrootdir == NULL || cfg->chrootdir[0] == '\0')
		return name;
	length = strlen(cfg->chrootdir);
	while (length > 0 && cfg->chrootdir[length - 1] == '/')
		length--;
	if (strncmp(name, cfg->chrootdir, length) == 0 && name[length] == '/')
		return name + length;
	return name;
}

/* How often WORD stands in a module-config. */
static size_t
modules_named(const char *module_conf, const char *word)
{
	size_t found = 0, length;
	const char *p = module_conf;

	for (p += strspn(p, " \t"); *p != '\0'; p += strspn(p, " \t")) {
		length = strcspn(p, " \t");
		found += length == strlen(word) &&
			strncmp(p, word, length) == 0;
		p += length;
	}
	return found;
}

/* The dynlib-file NUMBER, from 0, of those that are no library: Unbound loads
 * one a "dynlib" in module-config, and leaves the others to us. */
static const char *
our_entry(const struct config_file *cfg, size_t number)
{
	const struct config_strlist *entry = cfg->dynlib_file;
	size_t skip = modules_named(cfg->module_conf, "dynlib") + number;

	for (; entry != NULL && skip > 0; skip--)
		entry = entry->next;
	return entry != NULL ? after_chroot(cfg, entry->str) : NULL;
}

/* dns64 behind another module synthesizes nothing. */
static void
warn_of_order(const struct config_file *cfg)
{
	const char *p = cfg->module_conf + strspn(cfg->module_conf, " \t");

	if (modules_named(cfg->module_conf, "dns64") > 0 &&
	    strncmp(p, "dns64", 5) != 0)
		log_warn("bitsink: found module-config: \"%s\", in which dns64 "
			"does nothing; expected dns64 first, as in \"dns64 "
			"dynlib validator iterator\"", cfg->module_conf);
}

/* A module in front of bitsink may answer by itself. */
static void
warn_of_front(const struct config_file *cfg, const struct policy *policy)
{
	int inspects = 0, follows = 0;
	size_t i;

	for (i = 0; i < policy->group_count; i++) {
		inspects |= group_inspects(&policy->groups[i]);
		follows |= policy->groups[i].follow_chain;
	}
	if (inspects)
		log_warn("bitsink: found module-config: \"%s\", in which "
			"answers may not come by bitsink: groups that inspect "
			"them get none; expected dynlib first, or behind dns64 "
			"and respip", cfg->module_conf);
	/* The validator comes after us then. */
	if (follows)
		log_warn("bitsink: found module-config: \"%s\", in which "
			"answers may not come by bitsink when they are "
			"complete: follow-chain does not follow those; "
			"expected dynlib first, or behind dns64 and respip",
			cfg->module_conf);
}

/* For lines that the core says. */
static void
log_line(enum say_level level, const char *line)
{
	switch (level) {
	case SAY_INFO:
		log_info("%s", line);
		break;
	case SAY_WARNING:
		log_warn("%s", line);
		break;
	case SAY_ERROR:
		log_err("%s", line);
		break;
	}
}

static int
random_key(struct names_key *key)
{
	if (getrandom(key, sizeof(*key), 0) == (ssize_t)sizeof(*key))
		return 0;
	log_err("bitsink: no random key: %s", strerror(errno));
	return -1;
}

static void
free_state(struct module_state *state)
{
	control_stop(state->control);
	stats_free(state->stats);
	observer_free(state->observer);
	inforce_free(state->inforce);
	followed_free(state->exceptions.followed);
	grants_free(state->exceptions.grants);
	host_answers_stop(state);
	free(state->site);
	free(state->gate);
	free(state);
}

/* Takes over STANDING. 0, or -1 when out of memory. */
static int
put_in_force(struct module_state *state, struct standing *standing)
{
	struct force *force = force_new(standing, state->worker_count,
		&state->key);
	size_t i;

	if (force == NULL)
		return -1;
	state->inforce = inforce_new(force, state->worker_count, &state->key);
	if (state->inforce == NULL) {
		force_free(force);
		return -1;
	}
	for (i = 0; i < state->worker_count; i++) {
		state->workers[i].number = (uint32_t)i;
		state->workers[i].inforce = state->inforce;
		state->workers[i].use = inforce_use(state->inforce, i);
		state->workers[i].state = state;
	}
	return 0;
}

/* What counts and watches. 0, or -1 when out of memory. */
static int
make_watch(struct module_state *state, const struct config_file *cfg)
{
	struct force *force = inforce_now(state->inforce);

	state->observer = observer_new(force->standing.policy, force->tally,
		&state->key, log_line, time(NULL));
	if (state->observer == NULL)
		return -1;
	state->stats = stats_new(force->tally, &force->standing,
		state->observer, cfg->stat_inhibit_zero);
	return state->stats != NULL ? 0 : -1;
}

/*
 * At a reload Unbound frees log-identity while our thread may still write a
 * line that begins with it. So the log gets a copy, which nobody can tell when
 * to free: it stays, some octets a reload, and none without log-identity.
 */
static void
keep_log_identity(const struct config_file *cfg)
{
	static char *copy;

	if (cfg->log_identity == NULL || cfg->log_identity[0] == '\0')
		return;
	copy = strdup(cfg->log_identity);
	if (copy != NULL)
		log_ident_set(copy);
}

static void
start_control(struct module_state *state)
{
	static const _Atomic int nobody;
	struct control_setup setup = {
		.inforce = state->inforce,
		.key = &state->key,
		.observer = state->observer,
		.stats = state->stats,
		.exceptions = &state->exceptions,
		.site = state->site,
		.site_length = state->site_length,
		.unbound = PACKAGE_VERSION,
		.line = log_line,
	};

	state->control = control_start(&setup);
	state->wish = state->control != NULL ? control_wish(state->control)
		: &nobody;
}

/* What the policy is asked with besides the query. 0, or -1 with the reason in
 * Unbound's log. */
static int
make_surroundings(struct module_state *state, struct module_env *env, int id)
{
	if (random_key(&state->key) != 0 ||
	    host_answers_start(state, env, id) != 0)
		return -1;
	state->site = host_site(env, &state->site_length);
	if (state->site == NULL || host_gate(state, env) != 0)
		return -1;
	state->exceptions.grants = grants_new();
	state->exceptions.followed = followed_new(&state->key);
	if (state->exceptions.grants != NULL &&
	    state->exceptions.followed != NULL)
		return 0;
	log_err("bitsink: out of memory");
	return -1;
}

/* 0, or -1 with the reason in Unbound's log. */
static int
make_policy(struct module_state *state, const struct config_file *cfg,
	const char *path, const char *directory)
{
	struct standing standing;
	int failed = standing_init(&standing, path, directory, state->site,
		state->site_length);

	standing.gate = state->gate;
	standing.gate_length = state->gate_length;
	/* Unbound ends where a module's init() fails; the reason is to be the
	 * last line of its log, and not that some module failed. */
	if (failed || standing_begin(&standing, &state->key, time(NULL),
	    log_line) != 0)
		fatal_exit("bitsink: not started, for there is no policy: %s",
			standing.error);
	if (put_in_force(state, &standing) == 0 && make_watch(state, cfg) == 0)
		return 0;
	log_err("bitsink: out of memory");
	/* All zeroes where it is in force. */
	standing_clear(&standing);
	return -1;
}

static struct module_state *
new_state(struct module_env *env, int id, const char *path,
	const char *directory)
{
	const struct config_file *cfg = env->cfg;
	struct module_state *state = calloc(1, sizeof(*state));

	if (state == NULL) {
		log_err("bitsink: out of memory");
		return NULL;
	}
	state->worker_count = cfg->num_threads > 0
		? (size_t)cfg->num_threads : 1;
	if (make_surroundings(state, env, id) != 0 ||
	    make_policy(state, cfg, path, directory) != 0) {
		free_state(state);
		return NULL;
	}
	keep_log_identity(cfg);
	state->looks_at_replies = policy_has_audit(
		inforce_now(state->inforce)->standing.policy);
	if (state->has_front)
		warn_of_front(cfg,
			inforce_now(state->inforce)->standing.policy);
	start_control(state);
	return state;
}

/* The first thread is worker 0 later. Another policy may be in force already,
 * by the control socket. */
static void
log_start(struct module_state *state)
{
	const struct force *force = inforce_enter(state->inforce, 0);
	const struct standing *standing = &force->standing;

	log_info("bitsink: version=%s groups=%zu prefixes=%zu patterns=%zu "
		"policy=%s", BITSINK_VERSION, standing->policy->group_count,
		standing->policy->prefix_count,
		standing->policy->pattern_count, standing->path);
	inforce_leave(state->inforce, 0);
}

struct module_state *
host_start(struct module_env *env, int id)
{
	struct dynlibmod_env *dynlib = env->modinfo[id];
	const char *path = our_entry(env->cfg, 0);
	const char *directory = our_entry(env->cfg, 1);
	struct module_state *state;

	if (path == NULL) {
		log_err("bitsink: found no policy file in the dynlib: section, "
			"expected a second \"dynlib-file:\" that names it");
		return NULL;
	}
	warn_of_order(env->cfg);
	if (directory == NULL)
		directory = after_chroot(env->cfg, BITSINK_STATE);
	state = new_state(env, id, path, directory);
	if (state == NULL)
		return NULL;
	log_start(state);
	if (!host_listen(dynlib, state, env, id)) {
		free_state(state);
		return NULL;
	}
	return state;
}

void
host_stop(struct module_env *env, int id, struct module_state *state)
{
	struct dynlibmod_env *dynlib = env->modinfo[id];

	if (state == NULL)
		return;
	host_deafen(dynlib, env, id);
	free_state(state);
}

int
host_stats(struct module_env *env, struct module_state *state, int reset,
	stats_line line, void *arg)
{
	if (state == NULL)
		return 1;
	if (line != NULL)
		return stats_print_taken(state->stats, *env->now, reset, line,
			arg);
	if (reset)
		stats_clear(state->stats, host_worker(state, env));
	else
		stats_take(state->stats, host_worker(state, env));
	return 1;
}

size_t
host_memory(const struct module_state *state)
{
	return state != NULL && state->control != NULL
		? control_memory(state->control) : 0;
}
