/*
 * host.c - between Unbound and the core.
 */
#include "config.h"
#include "dynlibmod/dynlibmod.h"
#include "dynlibmod/dynliblayout.h"
#include "daemon/worker.h"
#include "services/rpz.h"
#include "sldns/rrdef.h"
#include "sldns/wire2str.h"
#include "util/config_file.h"
#include "util/data/msgencode.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/log.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/netevent.h"

#include "host.h"

#include <dlfcn.h>
#include <stdalign.h>
#include <sys/random.h>

#include "answer.h"
#include "keep.h"
#include "tape.h"

/* Log lines of a worker in one second; more are counted and summed up. */
#define LOG_LINES_MAX 20
/* Octets of an OPT record without options (RFC 6891 section 6.1.2). */
#define OPT_OCTETS 11u
/* In it, where the size is that the server can receive. */
#define OPT_CLASS_OFFSET 3u
/* Warnings of a policy file that go to Unbound's log. */
#define LOG_WARNINGS_MAX 20

/* What one worker writes, in cache lines of its own. */
struct worker_state {
	alignas(64) time_t log_second;
	unsigned log_lines;
	unsigned long log_dropped;
};

struct module_state {
	struct policy *policy;
	size_t policy_octets;
	/* One a worker. */
	struct worker_state *workers;
	size_t worker_count;
};

static const char *const list_directories[] = {
	BITSINK_SYSCONF_LISTS, BITSINK_DATA_LISTS, NULL
};

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

static int
client_from_sockaddr(struct address *client,
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

/* Says how many lines were not logged, where there are such. */
static void
log_dropped(struct worker_state *worker)
{
	if (worker->log_dropped > 0)
		log_info("bitsink: log-limit dropped=%lu",
			worker->log_dropped);
	worker->log_dropped = 0;
}

/* Whether this worker may log another line now. */
static int
may_log(struct worker_state *worker, time_t now)
{
	if (worker->log_second != now) {
		worker->log_second = now;
		worker->log_lines = 0;
		log_dropped(worker);
	}
	if (worker->log_lines >= LOG_LINES_MAX) {
		worker->log_dropped++;
		return 0;
	}
	worker->log_lines++;
	return 1;
}

static void
log_decision(const struct query *query, const struct decision *decision)
{
	char client[PREFIX_TEXT_MAX], name[NAME_TEXT_MAX], type[32];
	const char *file = decision->rule.file;

	address_to_text(&query->client, client);
	name_to_text(query->qname, query->qname_len, name);
	sldns_wire2str_type_buf(query->qtype, type, sizeof(type));
	if (file == NULL)
		log_info("bitsink: %s client=%s group=%s name=%s type=%s "
			"reason=%s action=%s",
			decision->verdict == VERDICT_AUDIT ? "audit" : "block",
			client, decision->group->name, name, type,
			reason_word(decision->reason),
			action_word(decision->action));
	else
		log_info("bitsink: %s client=%s group=%s name=%s type=%s "
			"reason=%s action=%s rule=%s:%u:%u",
			decision->verdict == VERDICT_AUDIT ? "audit" : "block",
			client, decision->group->name, name, type,
			reason_word(decision->reason),
			action_word(decision->action), file,
			decision->rule.line, decision->rule.column);
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
 * record behind an answer. Where there is no room for the error, the record
 * goes without it, and where there is none for the other options, without
 * those: answer() has left room for the bare record.
 */
static void
put_edns(struct edns_data *edns, struct sldns_buffer *pkt, size_t limit,
	const struct decision *decision, struct regional *region)
{
	size_t at = sldns_buffer_limit(pkt), room = limit - at;
	const char *text = decision->group->explanation[decision->reason];

	/* Without memory the answer goes out without a reason. */
	(void)edns_opt_list_append_ede(&edns->opt_list_out, region,
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

/* Puts the answer to a blocked query into PKT; limit 0 is none. */
static void
answer(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct sldns_buffer *pkt, struct regional *region,
	const struct query *query, const struct decision *decision)
{
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
	sldns_buffer_set_position(pkt, 0);
	if (length == 0)
		return;
	/* What other modules add to local answers, they may add here. */
	(void)inplace_cb_reply_local_call(env, qinfo, NULL, NULL,
		(int)answer_rcode(decision), edns, repinfo, region,
		env->now_tv);
	if (edns->edns_present)
		put_edns(edns, pkt, limit, decision, region);
}

/* The request callback: every request that may have recursion comes here once,
 * before the cache and the mesh. 0 passes, 1 has answered. */
static int
judge_request(struct module_env *env, struct query_info *qinfo,
	struct edns_data *edns, struct comm_reply *repinfo,
	struct sldns_buffer *pkt, struct regional *region, int id,
	void *cb_args)
{
	struct module_state *state = cb_args;
	struct decision decision;
	struct query query;

	(void)id;
	if (client_from_sockaddr(&query.client, &repinfo->client_addr) != 0)
		return 0;
	query.qname = qinfo->qname;
	query.qname_len = qinfo->qname_len;
	query.qtype = qinfo->qtype;
	query.qclass = qinfo->qclass;
	policy_decide(state->policy, &query, &decision);
	if (decision.verdict == VERDICT_UNRESTRICTED ||
	    decision.verdict == VERDICT_ALLOW)
		return 0;
	count(env->worker, &decision);
	if (decision.group->log && may_log(&state->workers[
	    (size_t)env->worker->thread_num % state->worker_count],
	    *env->now))
		log_decision(&query, &decision);
	if (decision.verdict == VERDICT_AUDIT)
		return 0;
	answer(env, qinfo, edns, repinfo, pkt, region, &query, &decision);
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

/* All errors, and as many warnings as a log can bear. */
static void
log_diag(const struct diag *diag)
{
	size_t i, warned = 0;

	for (i = 0; i < diag->kept; i++) {
		if (diag->items[i].severity == DIAG_ERROR)
			log_err("bitsink: %s", diag->items[i].text);
		else if (warned++ < LOG_WARNINGS_MAX)
			log_warn("bitsink: %s", diag->items[i].text);
	}
	if (warned > LOG_WARNINGS_MAX)
		log_warn("bitsink: %zu more warnings; \"bitsinkctl check\" "
			"prints them", warned - LOG_WARNINGS_MAX);
}

static int
prepare_options(struct policy_options *options, struct tape *tape)
{
	memset(tape, 0, sizeof(*tape));
	options->list_directories = list_directories;
	/* It takes its time, and nobody is answered meanwhile. */
	options->check_patterns = 0;
	options->tape = tape;
	if (getrandom(&options->key, sizeof(options->key), 0) ==
	    (ssize_t)sizeof(options->key))
		return 0;
	log_err("bitsink: no random key: %s", strerror(errno));
	return -1;
}

/* Without the policy kept, the next start depends on its file alone. */
static void
keep_policy(const char *directory, struct tape *tape)
{
	const char *failed = tape_finish(tape) != 0 ? "out of memory"
		: keep_write(directory, tape);

	if (failed != NULL)
		log_warn("bitsink: the policy is not kept in \"%s\": %s: %s",
			directory, failed, strerror(errno));
}

/* The first error, for the last line of the log. */
static void
first_error(const struct diag *diag, char *reason, size_t size)
{
	size_t i;

	snprintf(reason, size, "out of memory");
	for (i = 0; i < diag->kept; i++)
		if (diag->items[i].severity == DIAG_ERROR) {
			snprintf(reason, size, "%s", diag->items[i].text);
			return;
		}
}

static struct policy *
load_file(const char *path, const char *directory, char *reason, size_t size)
{
	struct policy_options options;
	struct policy *policy;
	struct diag diag;
	struct tape tape;

	if (prepare_options(&options, &tape) != 0)
		return NULL;
	memset(&diag, 0, sizeof(diag));
	policy = policy_load(path, &options, &diag);
	log_diag(&diag);
	if (policy != NULL)
		keep_policy(directory, &tape);
	else
		first_error(&diag, reason, size);
	tape_clear(&tape);
	diag_clear(&diag);
	return policy;
}

/* What was in force last restricts the same clients, which is more than can
 * be said of no policy. */
static struct policy *
load_kept(const char *directory)
{
	struct policy_options options;
	struct policy *policy = NULL;
	struct diag diag;
	struct tape tape;
	const char *failed;
	time_t when;
	char day[32];
	struct tm utc;

	if (prepare_options(&options, &tape) != 0)
		return NULL;
	memset(&diag, 0, sizeof(diag));
	failed = keep_read(directory, &tape, &when);
	if (failed == NULL)
		policy = policy_load(NULL, &options, &diag);
	if (policy != NULL) {
		if (gmtime_r(&when, &utc) == NULL || strftime(day, sizeof(day),
		    "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
			memcpy(day, "?", sizeof("?"));
		log_err("bitsink: STALE: the last good policy is in force, "
			"kept=%s directory=%s", day, directory);
	} else {
		log_diag(&diag);
		log_err("bitsink: found no last good policy in \"%s\": %s",
			directory, failed != NULL ? failed
			: "it cannot be loaded");
	}
	tape_clear(&tape);
	diag_clear(&diag);
	return policy;
}

/* Unbound ends where a module's init() fails; the reason is to be the last line
 * of its log, and not that some module failed. */
static struct policy *
load_policy(const char *path, const char *directory)
{
	char reason[512] = "no random key";
	struct policy *policy = load_file(path, directory, reason,
		sizeof(reason));

	if (policy == NULL)
		policy = load_kept(directory);
	if (policy == NULL)
		fatal_exit("bitsink: not started, for there is no policy: %s",
			reason);
	return policy;
}

static void
free_state(struct module_state *state)
{
	policy_free(state->policy);
	free(state->workers);
	free(state);
}

static struct module_state *
new_state(const struct config_file *cfg, const char *path,
	const char *directory)
{
	struct module_state *state = calloc(1, sizeof(*state));

	if (state == NULL) {
		log_err("bitsink: out of memory");
		return NULL;
	}
	state->worker_count = cfg->num_threads > 0
		? (size_t)cfg->num_threads : 1;
	state->workers = aligned_alloc(alignof(struct worker_state),
		state->worker_count * sizeof(*state->workers));
	if (state->workers == NULL) {
		log_err("bitsink: out of memory");
		free_state(state);
		return NULL;
	}
	memset(state->workers, 0,
		state->worker_count * sizeof(*state->workers));
	state->policy = load_policy(path, directory);
	if (state->policy == NULL) {
		free_state(state);
		return NULL;
	}
	state->policy_octets = policy_memory(state->policy);
	return state;
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
	state = new_state(env->cfg, path, directory);
	if (state == NULL)
		return NULL;
	if (!dynlib->inplace_cb_register_wrapped((void *)judge_request,
	    inplace_cb_request, state, env, id)) {
		log_err("bitsink: the request callback cannot be registered; "
			"%s", what_to_do);
		free_state(state);
		return NULL;
	}
	log_info("bitsink: version=%s groups=%zu prefixes=%zu patterns=%zu "
		"policy=%s", BITSINK_VERSION, state->policy->group_count,
		state->policy->prefix_count, state->policy->pattern_count,
		path);
	return state;
}

void
host_stop(struct module_env *env, int id, struct module_state *state)
{
	struct dynlibmod_env *dynlib = env->modinfo[id];
	size_t i;

	if (state == NULL)
		return;
	for (i = 0; i < state->worker_count; i++)
		log_dropped(&state->workers[i]);
	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_request, id);
	free_state(state);
}

size_t
host_memory(const struct module_state *state)
{
	if (state == NULL)
		return 0;
	return sizeof(*state) + state->policy_octets +
		state->worker_count * sizeof(*state->workers);
}
