/*
 * resolver.c - a real Unbound with bitsink in it.
 */
#include "resolver.h"

#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sandbox.h"
#include "upstream.h"

static void
write_configuration(const char *folder, const struct resolver_options *options)
{
	char *text, *forward = "", *load;
	const char *modules = options->modules;

	if (!options->no_forward &&
	    asprintf(&forward, "forward-zone:\n  name: \".\"\n"
		"  forward-addr: %s@%d\n", UPSTREAM_ADDRESS,
		UPSTREAM_PORT) < 0)
		abort();
	if (asprintf(&load, "dynlib:\n  dynlib-file: \"%s\"\n"
	    "  dynlib-file: \"%s/bitsink.conf\"\n"
	    "  dynlib-file: \"%s/state\"\n", options->library != NULL
	    ? options->library : TEST_BUILD "/bitsink.so", folder,
	    folder) < 0)
		abort();
	if (modules == NULL)
		modules = options->policy != NULL
			? "dynlib validator iterator" : "validator iterator";
	if (asprintf(&text,
	    "server:\n"
	    "  directory: \"%s\"\n"
	    "  username: \"%s\"\n"
	    "  chroot: \"\"\n"
	    "  pidfile: \"\"\n"
	    "  use-syslog: no\n"
	    "  logfile: \"unbound.log\"\n"
	    "  log-time-ascii: no\n"
	    "  num-threads: 1\n"
	    "  interface: %s@%d\n"
	    "  interface: %s@%d\n"
	    "  access-control: 0.0.0.0/0 allow\n"
	    "  access-control: ::/0 allow\n"
	    "  do-not-query-localhost: no\n"
	    "  extended-statistics: yes\n"
	    "  statistics-inhibit-zero: no\n"
	    "  discard-timeout: 0\n"
	    "  local-zone: \"test.\" nodefault\n"
	    "  module-config: \"%s\"\n"
	    "%s\n"
	    "remote-control:\n"
	    "  control-enable: yes\n"
	    "  control-interface: \"%s/control\"\n"
	    "  control-use-cert: no\n"
	    "%s%s%s",
	    folder, options->user != NULL ? options->user : "", RESOLVER_IP4,
	    RESOLVER_PORT, SANDBOX_IP6_RESOLVER, RESOLVER_PORT, modules,
	    options->server != NULL ? options->server : "",
	    folder, options->policy != NULL ? load : "", forward,
	    options->clauses != NULL ? options->clauses : "") < 0)
		abort();
	sandbox_write(folder, "unbound.conf", text);
	if (options->policy != NULL)
		sandbox_write(folder, "bitsink.conf", options->policy);
	free(text);
	free(load);
	if (!options->no_forward)
		free(forward);
}

char *
resolver_tls(const char *folder)
{
	char *command, *text;

	if (asprintf(&command, "openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=resolver.test "
	    "-keyout %s/key.pem -out %s/certificate.pem 2>/dev/null",
	    folder, folder) < 0)
		abort();
	assert_int_equal(system(command), 0);
	free(command);
	if (asprintf(&text,
	    "  interface: " RESOLVER_IP4 "@%d\n"
	    "  interface: " SANDBOX_IP6_RESOLVER "@%d\n"
	    "  interface: " RESOLVER_IP4 "@%d\n"
	    "  interface: " SANDBOX_IP6_RESOLVER "@%d\n"
	    "  tls-port: %d\n"
	    "  https-port: %d\n"
	    "  http-endpoint: \"" RESOLVER_HTTPS_PATH "\"\n"
	    "  tls-service-key: \"%s/key.pem\"\n"
	    "  tls-service-pem: \"%s/certificate.pem\"\n",
	    RESOLVER_TLS_PORT, RESOLVER_TLS_PORT, RESOLVER_HTTPS_PORT,
	    RESOLVER_HTTPS_PORT, RESOLVER_TLS_PORT, RESOLVER_HTTPS_PORT,
	    folder, folder) < 0)
		abort();
	return text;
}

/* "unbound -V" has a line "Linked modules: dns64 dynlib ...". */
int
resolver_has_module(const char *module)
{
	FILE *pipe = popen(TEST_UNBOUND "/unbound -V", "r");
	char line[1024], word[64];
	int found = 0;

	assert_non_null(pipe);
	snprintf(word, sizeof(word), " %s", module);
	while (fgets(line, sizeof(line), pipe) != NULL)
		if (strncmp(line, "Linked modules:", 15) == 0)
			found = strstr(line, word) != NULL;
	pclose(pipe);
	return found;
}

void
resolver_need_command(const char *command)
{
	char *line;
	int found;

	if (asprintf(&line, TEST_UNBOUND "/unbound-control -h | grep -qw %s",
	    command) < 0)
		abort();
	found = system(line) == 0;
	free(line);
	if (found)
		return;
	print_message("there is no %s\n", command);
	skip();
}

static int
spawn(const char *folder)
{
	pid_t pid = fork();

	if (pid == 0) {
		char *file;

		/* A test that dies leaves nothing behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (asprintf(&file, "%s/unbound.conf", folder) < 0)
			_exit(127);
		execl(TEST_UNBOUND "/unbound", "unbound", "-d", "-c", file,
			(char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static void
give(const char *folder, const char *name, const struct passwd *user)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	assert_int_equal(chown(path, user->pw_uid, user->pw_gid), 0);
	free(path);
}

/* The user gets in, and may write the log and the state. */
static void
let_in(const char *folder, const char *user)
{
	const struct passwd *found = getpwnam(user);

	assert_non_null(found);
	assert_int_equal(chmod(folder, 0711), 0);
	sandbox_write(folder, "unbound.log", "");
	give(folder, "unbound.log", found);
	give(folder, "state", found);
}

static struct resolver *
new_resolver(const struct resolver_options *options)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	assert_non_null(resolver);
	resolver->folder = sandbox_folder();
	sandbox_make_folder(resolver->folder, "state");
	if (options->user != NULL)
		let_in(resolver->folder, options->user);
	write_configuration(resolver->folder, options);
	resolver->pid = spawn(resolver->folder);
	return resolver;
}

static char *
control(struct resolver *resolver, const char *command, int *status)
{
	char *line, *output = NULL, chunk[4096];
	size_t length, n;
	FILE *pipe, *memory = open_memstream(&output, &length);

	if (asprintf(&line, "%s/unbound-control -c %s/unbound.conf %s 2>&1",
	    TEST_UNBOUND, resolver->folder, command) < 0)
		abort();
	pipe = popen(line, "r");
	assert_non_null(pipe);
	assert_non_null(memory);
	while ((n = fread(chunk, 1, sizeof(chunk), pipe)) > 0)
		fwrite(chunk, 1, n, memory);
	fclose(memory);
	*status = pclose(pipe);
	free(line);
	return output;
}

static void
fail_with_log(struct resolver *resolver, const char *what)
{
	char *log = resolver_log(resolver);

	print_error("%s; the log of Unbound:\n%s\n", what, log);
	free(log);
	fail();
}

static void
await_start(struct resolver *resolver)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		int status;

		free(control(resolver, "status", &status));
		if (status == 0)
			return;
		if (waitpid(resolver->pid, NULL, WNOHANG) == resolver->pid)
			fail_with_log(resolver, "Unbound gave up");
		if (!sandbox_wait(deadline))
			fail_with_log(resolver, "Unbound does not start");
	}
}

struct resolver *
resolver_start(const struct resolver_options *options)
{
	struct resolver *resolver = new_resolver(options);

	await_start(resolver);
	return resolver;
}

static unsigned
times_in(const char *text, const char *word)
{
	unsigned count = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		count++;
	}
	return count;
}

static void
free_resolver(struct resolver *resolver)
{
	sandbox_remove(resolver->folder);
	free(resolver);
}

/* Waits for the process; its exit status. */
static int
await_end(struct resolver *resolver)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;
	int status;

	while (waitpid(resolver->pid, &status, WNOHANG) == 0)
		if (!sandbox_wait(deadline)) {
			kill(resolver->pid, SIGKILL);
			waitpid(resolver->pid, &status, 0);
			fail_with_log(resolver, "Unbound does not end");
		}
	return status;
}

char *
resolver_refuses(const struct resolver_options *options)
{
	struct resolver *resolver = new_resolver(options);
	int status = await_end(resolver);
	char *log = resolver_log(resolver);

	/* An exit, not a signal: a refusal is no crash. */
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 0);
	free_resolver(resolver);
	return log;
}

void
resolver_configure(struct resolver *resolver,
	const struct resolver_options *options)
{
	write_configuration(resolver->folder, options);
}

void
resolver_add_lines(const struct resolver *resolver, const char *lines)
{
	char *text = sandbox_read(resolver->folder, "unbound.conf"), *more;

	if (asprintf(&more, "%s%s", text, lines) < 0)
		abort();
	sandbox_write(resolver->folder, "unbound.conf", more);
	free(more);
	free(text);
}

void
resolver_reload(struct resolver *resolver)
{
	static const char said[] = "bitsink: version=";
	char *log = resolver_log(resolver);
	unsigned before = times_in(log, said);

	free(log);
	free(resolver_control(resolver, "reload"));
	resolver_await_log_count(resolver, said, before + 1);
}

void
resolver_reload_fails(struct resolver *resolver)
{
	int status;

	free(control(resolver, "reload", &status));
	status = await_end(resolver);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	resolver->pid = 0;
}

void
resolver_end(struct resolver *resolver, int signal)
{
	int status;

	kill(resolver->pid, signal);
	status = await_end(resolver);
	resolver->pid = 0;
	if (signal == SIGTERM &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		fail_with_log(resolver, "Unbound did not end with success");
}

void
resolver_start_again(struct resolver *resolver)
{
	resolver->pid = spawn(resolver->folder);
	await_start(resolver);
}

void
resolver_stop(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	if (resolver->pid != 0)
		resolver_end(resolver, SIGTERM);
	free_resolver(resolver);
}

char *
resolver_control(struct resolver *resolver, const char *command)
{
	int status;
	char *output = control(resolver, command, &status);

	if (status != 0) {
		print_error("unbound-control %s: %s\n", command, output);
		fail_with_log(resolver, "unbound-control failed");
	}
	return output;
}

unsigned long
resolver_stat(struct resolver *resolver, const char *name)
{
	char *output = resolver_control(resolver, "stats_noreset"), *line;
	char *rest = output;
	size_t length = strlen(name);
	unsigned long value = 0;
	int found = 0;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			value = strtoul(line + length + 1, NULL, 10);
			found = 1;
		}
	if (!found)
		print_error("no statistics line \"%s\"\n", name);
	assert_true(found);
	free(output);
	return value;
}

char *
resolver_log(struct resolver *resolver)
{
	return sandbox_read(resolver->folder, "unbound.log");
}

void
resolver_await_log_count(struct resolver *resolver, const char *text,
	unsigned count)
{
	long long deadline = sandbox_now() + SANDBOX_PATIENCE;

	for (;;) {
		char *log = resolver_log(resolver);
		unsigned found = times_in(log, text);

		free(log);
		if (found >= count)
			return;
		if (!sandbox_wait(deadline)) {
			print_error("expected in the log %u times, found %u "
				"times: %s\n", count, found, text);
			fail_with_log(resolver, "it is not there");
		}
	}
}

void
resolver_await_log(struct resolver *resolver, const char *text)
{
	resolver_await_log_count(resolver, text, 1);
}
