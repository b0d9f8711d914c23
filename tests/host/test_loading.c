/*
 * test_loading.c - starting and reloading: what is refused, and how it is said.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A library of the test's own, compiled from a few lines of C. */
static char *
compile_library(const char *folder, const char *flags, const char *source)
{
	char *library, *command;

	sandbox_write(folder, "library.c", source);
	if (asprintf(&library, "%s/library.so", folder) < 0 ||
	    asprintf(&command, "cc -shared -fPIC -I'%s' %s -o '%s' "
	    "'%s/library.c' >&2", TEST_UNBOUND, flags, library, folder) < 0)
		abort();
	assert_int_equal(system(command), 0);
	free(command);
	return library;
}

static void
assert_in_log(const char *log, const char *text)
{
	if (strstr(log, text) == NULL) {
		print_error("expected in the log: %s\nfound:\n%s\n", text,
			log);
		fail();
	}
}

static void
it_says_what_it_started_with(void **state)
{
	struct world *world = *state;

	resolver_await_log(world->resolver, "bitsink: version=");
	resolver_await_log(world->resolver,
		" groups=2 prefixes=3 patterns=4 policy=");
}

struct refusal {
	const char *description;
	const char *policy;
	const char *said;
};

static const struct refusal refusals[] = {
	{ "a misspelt action", "group:\n  name: a\n  client: 192.0.2.1\n"
		"  action: nxdomian\n",
		"bitsink.conf:4:11: error: found \"nxdomian\", expected "
		"nxdomain, nodata, refused, drop or sinkhole" },
	{ "a list that is not there", "group:\n  name: a\n"
		"  client: 192.0.2.1\n  allow-list: nowhere\n",
		"bitsink.conf:4:15: error: found no list \"nowhere\"" },
	{ "a file cut short before its groups", "bitsink:\n  mode: enforce\n",
		"error: found no group, expected at least one \"group:\"" },
	{ "an empty file", "",
		"error: found no group, expected at least one \"group:\"" },
};

static void
a_policy_with_an_error_is_refused_and_all_errors_are_logged(void **state)
{
	struct resolver_options options = { 0 };
	size_t i;
	char *log;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		print_message("%s\n", refusals[i].description);
		options.policy = refusals[i].policy;
		log = resolver_refuses(&options);
		assert_in_log(log, refusals[i].said);
		assert_in_log(log, "bitsink: not started, for there is no "
			"policy: ");
		free(log);
	}
	options.policy = "group:\n  name: a b\n  client: 1.2.3\n  ttl: x\n";
	/* The name is "a"; "b" is no attribute. */
	log = resolver_refuses(&options);
	assert_in_log(log, "bitsink.conf:2:11: error: found \"b\"");
	assert_in_log(log, "bitsink.conf:3:11: error: found \"1.2.3\"");
	assert_in_log(log, "bitsink.conf:4:8: error: found \"x\"");
	free(log);
}

static void
a_missing_policy_file_is_refused(void **state)
{
	struct resolver_options options = {
		.policy = WORLD_POLICY,
		/* One more instance of the module than libraries: the policy
		 * file is taken for a library. */
		.modules = "dynlib validator iterator",
	};
	char *log, *folder = sandbox_folder(), *clauses;

	(void)state;
	if (asprintf(&clauses, "dynlib:\n  dynlib-file: \"%s/bitsink.so\"\n"
	    "  dynlib-file: \"%s/nothing.conf\"\n", TEST_BUILD, folder) < 0)
		abort();
	options.policy = NULL;
	options.clauses = clauses;
	log = resolver_refuses(&options);
	assert_in_log(log, "nothing.conf: error: cannot open");
	free(log);
	free(clauses);
	if (asprintf(&clauses, "dynlib:\n  dynlib-file: \"%s/bitsink.so\"\n",
	    TEST_BUILD) < 0)
		abort();
	options.clauses = clauses;
	log = resolver_refuses(&options);
	assert_in_log(log, "bitsink: found no policy file in the dynlib: "
		"section, expected a second \"dynlib-file:\" that names it");
	free(log);
	free(clauses);
	sandbox_remove(folder);
}

/* What any library of a dynlib module has, but for init() and deinit(). */
#define LIBRARY \
	"#include \"config.h\"\n" \
	"#include \"dynlibmod/dynlibmod.h\"\n" \
	"#include \"sldns/sbuffer.h\"\n" \
	"#include \"util/module.h\"\n" \
	"#include \"util/netevent.h\"\n" \
	"void operate(struct module_qstate *q, enum module_ev e," \
	" int i, struct outbound_entry *o) { (void)o;" \
	" q->ext_state[i] = e == module_event_moddone ?" \
	" module_finished : module_wait_module; }\n" \
	"void inform_super(struct module_qstate *q, int i," \
	" struct module_qstate *s) { (void)q; (void)i; (void)s; }\n" \
	"void clear(struct module_qstate *q, int i) {" \
	" (void)q; (void)i; }\n" \
	"size_t get_mem(struct module_env *e, int i) {" \
	" (void)e; (void)i; return 0; }\n"

static const char ours[] = TEST_BUILD "/bitsink.so";

/* The module next to another library: the policy is behind both. */
static void
start_two(void **state, const char *folder, const char *first,
	const char *second)
{
	struct resolver_options options = {
		.modules = "dynlib dynlib validator iterator",
	};
	char *clauses;

	sandbox_write(folder, "policy.conf", WORLD_POLICY);
	if (asprintf(&clauses, "dynlib:\n  dynlib-file: \"%s\"\n"
	    "  dynlib-file: \"%s\"\n"
	    "  dynlib-file: \"%s/policy.conf\"\n", first, second,
	    folder) < 0)
		abort();
	options.clauses = clauses;
	world_start(state, &options);
	free(clauses);
}

static void
another_dynlib_module_may_stand_beside(void **state)
{
	char *folder = sandbox_folder(), *library;

	library = compile_library(folder, "",
		LIBRARY
		"int init(struct module_env *e, int i) {"
		" (void)e; (void)i; return 1; }\n"
		"void deinit(struct module_env *e, int i) {"
		" (void)e; (void)i; }\n");
	start_two(state, folder, library, ours);
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	free(library);
	sandbox_remove(folder);
}

/* The library behind ours refuses what it is asked about. It is, for whomever
 * bitsink does not answer, and each time. */
static void
another_library_may_be_asked_about_requests(void **state)
{
	char *folder = sandbox_folder(), *library;
	unsigned i;

	library = compile_library(folder, "",
		LIBRARY
		"static int refuse(struct module_env *e, struct query_info *q,"
		" struct edns_data *d, struct comm_reply *r,"
		" struct regional *g, void *a) {"
		" uint8_t *m = sldns_buffer_begin(r->c->buffer);"
		" (void)q; (void)d; (void)g; (void)a;"
		" if (e->local_zones_early != 0) return 0;"
		" m[2] |= 0x80; m[3] = (uint8_t)((m[3] & 0xf0) | 5);"
		" sldns_buffer_rewind(r->c->buffer); return 1; }\n"
		"int init(struct module_env *e, int i) {"
		" struct dynlibmod_env *d = e->modinfo[i];"
		" return d->inplace_cb_register_wrapped((void *)refuse,"
		" inplace_cb_request, NULL, e, i); }\n"
		"void deinit(struct module_env *e, int i) {"
		" struct dynlibmod_env *d = e->modinfo[i];"
		" d->inplace_cb_delete_wrapped(e, inplace_cb_request, i); }\n");
	start_two(state, folder, ours, library);
	for (i = 0; i < 3; i++) {
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A), "REFUSED");
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
			"NXDOMAIN");
		assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
			"REFUSED");
	}
	free(library);
	sandbox_remove(folder);
}

/* An executable that hands the module a description of another Unbound: the
 * module asks for it as it does under Unbound, and touches nothing else. */
static void
load_into(const char *folder, const char *host, const char *said)
{
	char *command, *output, *source;

	if (asprintf(&source,
	    "#include \"config.h\"\n"
	    "#include <dlfcn.h>\n"
	    "#include <stdarg.h>\n"
	    "#include <stdio.h>\n"
	    "#include <string.h>\n"
	    "#include \"dynlibmod/dynliblayout.h\"\n"
	    "uint16_t EDNS_ADVERTISED_SIZE = 1232;\n"
	    "rbnode_type rbtree_null_node;\n"
	    "void log_err(const char *f, ...) { va_list a; va_start(a, f);"
	    " vprintf(f, a); va_end(a); putchar('\\n'); }\n"
	    "%s\n"
	    "int main(void) { int (*init)(struct module_env *, int);\n"
	    " void (*deinit)(struct module_env *, int);\n"
	    " void *l = dlopen(\"%s/bitsink.so\", RTLD_LAZY | RTLD_GLOBAL);\n"
	    " if (l == NULL) { puts(dlerror()); return 2; }\n"
	    " init = (int (*)(struct module_env *, int))dlsym(l, \"init\");\n"
	    " deinit = (void (*)(struct module_env *, int))\n"
	    "  dlsym(l, \"deinit\");\n"
	    " if (init(NULL, 0) != 0) return 3;\n"
	    " deinit(NULL, 0); return 0; }\n", host, TEST_BUILD) < 0)
		abort();
	sandbox_write(folder, "host.c", source);
	if (asprintf(&command, "cd '%s' && cc -rdynamic -I'%s' -o host host.c "
	    "-ldl >&2 && ./host >output", folder, TEST_UNBOUND) < 0)
		abort();
	assert_int_equal(system(command), 0);
	output = sandbox_read(folder, "output");
	assert_in_log(output, said);
	assert_in_log(output, "see bitsink(8), UNBOUND");
	free(output);
	free(command);
	free(source);
}

/* Each of these is found out before any structure of Unbound's is touched:
 * init() gets no module_env at all. */
static void
an_unbound_that_it_was_not_compiled_for_is_refused(void **state)
{
	char *folder = sandbox_folder();

	(void)state;
	load_into(folder, "", "bitsink: this Unbound has no request callback");
	load_into(folder, "static const struct dynlibmod_layout l[] = "
		"DYNLIBMOD_LAYOUT; const struct dynlibmod_host "
		"dynlibmod_host = { sizeof(struct dynlibmod_host), "
		"\"1.2.3\", l };", "found Unbound 1.2.3");
	load_into(folder, "static const struct dynlibmod_layout l[] = "
		"DYNLIBMOD_LAYOUT; const struct dynlibmod_host "
		"dynlibmod_host = { sizeof(struct dynlibmod_host) + 8, "
		"PACKAGE_VERSION, l };",
		"bitsink: this Unbound describes itself in another form");
	load_into(folder, "static const struct dynlibmod_layout l[] = "
		"{ { NULL, 0 } }; const struct dynlibmod_host "
		"dynlibmod_host = { sizeof(struct dynlibmod_host), "
		"PACKAGE_VERSION, l };",
		"bitsink: this Unbound does not tell inplace_cb_request");
	load_into(folder, "static struct dynlibmod_layout l[] = "
		"DYNLIBMOD_LAYOUT; const struct dynlibmod_host "
		"dynlibmod_host = { sizeof(struct dynlibmod_host), "
		"PACKAGE_VERSION, l }; __attribute__((constructor)) "
		"static void change(void) { struct dynlibmod_layout *p = l; "
		"while (strcmp(p->name, \"sizeof(struct module_env)\") != 0) "
		"p++; p->value += 8; }",
		"in which sizeof(struct module_env) is ");
	sandbox_remove(folder);
}

static void
a_reload_takes_the_new_policy_and_the_old_cache_stays_closed(void **state)
{
	struct world *world = *state;

	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A),
		"NOERROR 198.51.100.1");
	sandbox_write(world->resolver->folder, "bitsink.conf",
		"group:\n  name: other\n  client: 127.0.0.2\n"
		"  allow: evil.test\n  action: refused\n");
	free(resolver_control(world->resolver, "reload"));
	resolver_await_log(world->resolver,
		" groups=1 prefixes=1 patterns=1 policy=");
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "www.allowed.test", TYPE_A), "REFUSED");
	assert_answer(Q(UPDATE_HOST_2, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
}

static void
several_threads_enforce_alike(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  num-threads: 4\n  so-reuseport: yes\n",
	};
	struct world *world = world_start(state, &options);
	int i;

	for (i = 0; i < 200; i++) {
		assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
			"NOERROR 203.0.113.66");
		assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	}
	assert_int_equal(resolver_stat(world->resolver,
		"num.rpz.action.rpz-nxdomain"), 200);
}

static void
dns64_behind_another_module_is_warned_of(void **state)
{
	struct resolver_options options = {
		.policy = WORLD_POLICY,
		.modules = "dns64 dynlib validator iterator",
	};
	struct world *world = world_start(state, &options);
	char *log = resolver_log(world->resolver);

	assert_null(strstr(log, "in which dns64 does nothing"));
	free(log);
	/* The order that works does, and blocks. */
	assert_answer(Q(ORDINARY, "denied.allowed.test", TYPE_AAAA),
		"NOERROR 64:ff9b::c633:6403");
	assert_answer(Q(UPDATE_HOST, "denied.allowed.test", TYPE_AAAA),
		"NXDOMAIN");
	world_stop(state);
	options.modules = "dynlib dns64 validator iterator";
	world = world_start(state, &options);
	resolver_await_log(world->resolver, "bitsink: found module-config: "
		"\"dynlib dns64 validator iterator\", in which dns64 does "
		"nothing; expected dns64 first");
}

static void
a_chroot_is_taken_off_the_names(void **state)
{
	char *folder = sandbox_folder(), *server, *clauses, *command;
	struct resolver_options options = { 0 };

	/* The library is loaded after chroot, so it has to be in there. */
	if (asprintf(&command, "cp '%s/bitsink.so' '%s'", TEST_BUILD,
	    folder) < 0)
		abort();
	assert_int_equal(system(command), 0);
	free(command);
	sandbox_write(folder, "policy.conf", WORLD_POLICY);
	sandbox_write(folder, "unbound.log", "");
	if (asprintf(&server, "  chroot: \"%s\"\n  directory: \"%s\"\n"
	    "  logfile: \"%s/unbound.log\"\n", folder, folder, folder) < 0 ||
	    asprintf(&clauses, "dynlib:\n  dynlib-file: \"/bitsink.so\"\n"
	    "  dynlib-file: \"%s/policy.conf\"\n", folder) < 0)
		abort();
	options.modules = "dynlib validator iterator";
	options.server = server;
	options.clauses = clauses;
	world_start(state, &options);
	assert_answer(Q(UPDATE_HOST, "evil.test", TYPE_A), "NXDOMAIN");
	assert_answer(Q(ORDINARY, "evil.test", TYPE_A),
		"NOERROR 203.0.113.66");
	world_stop(state);
	free(server);
	free(clauses);
	sandbox_remove(folder);
}

/* Local data is the site's own word, which Unbound gives before any module is
 * asked; a name that is only redirected goes on and is judged. */
static void
local_data_is_answered_by_unbound_and_redirects_are_judged(void **state)
{
	static const struct resolver_options options = {
		.policy = WORLD_POLICY,
		.server = "  local-zone: \"site.test.\" static\n"
			"  local-data: \"www.site.test. A 192.0.2.99\"\n"
			"  local-zone: \"moved.test.\" redirect\n"
			"  local-data: \"moved.test. CNAME evil.test.\"\n",
	};

	world_start(state, &options);
	assert_answer(Q(UPDATE_HOST, "www.site.test", TYPE_A),
		"NOERROR 192.0.2.99");
	assert_answer(Q(ORDINARY, "www.moved.test", TYPE_A),
		"NOERROR evil.test. 203.0.113.66");
	assert_answer(Q(UPDATE_HOST, "www.moved.test", TYPE_A), "NXDOMAIN");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(it_says_what_it_started_with),
		cmocka_unit_test(
		a_policy_with_an_error_is_refused_and_all_errors_are_logged),
		cmocka_unit_test(a_missing_policy_file_is_refused),
		own_world_test(another_dynlib_module_may_stand_beside),
		own_world_test(another_library_may_be_asked_about_requests),
		cmocka_unit_test(
			an_unbound_that_it_was_not_compiled_for_is_refused),
		world_test(
		a_reload_takes_the_new_policy_and_the_old_cache_stays_closed),
		own_world_test(several_threads_enforce_alike),
		own_world_test(dns64_behind_another_module_is_warned_of),
		own_world_test(a_chroot_is_taken_off_the_names),
		own_world_test(
		local_data_is_answered_by_unbound_and_redirects_are_judged),
	};

	return world_main(tests);
}
