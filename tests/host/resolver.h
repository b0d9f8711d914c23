/*
 * resolver.h - a real Unbound with bitsink in it.
 *
 * Thread-safety: for one thread.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#define RESOLVER_IP4 "127.0.0.1"
#define RESOLVER_PORT 5353
#define RESOLVER_TLS_PORT 8853
#define RESOLVER_PROXY_PORT 5354
#define RESOLVER_HTTPS_PORT 8443
#define RESOLVER_HTTPS_PATH "/dns-query"

struct resolver {
	/* The folder it runs in; its log is unbound.log there. */
	char *folder;
	int pid;
};

struct resolver_options {
	/* More lines for the server: clause of unbound.conf, or NULL. */
	const char *server;
	/* More clauses for unbound.conf, or NULL. */
	const char *clauses;
	/* The policy; NULL for a configuration without bitsink. */
	const char *policy;
	/* The module-config; NULL for the usual one. */
	const char *modules;
	/* The forward-zone for the root is left out. */
	int no_forward;
	/* Another library than the one under test, or NULL. */
	const char *library;
	/* Whom Unbound becomes, root to begin with, or NULL. Its state
	 * directory is that user's; the library must be in reach. */
	const char *user;
};

/* Lines for the server: clause, for who counts what comes upstream: what is
 * late there, on a busy machine or because it is held back, is not asked for
 * again for some seconds. */
#define RESOLVER_PATIENT \
	"  unknown-server-time-limit: 5000\n" \
	"  infra-cache-min-rtt: 5000\n"

/* Makes a key and a certificate in FOLDER. Returns lines for the server:
 * clause that offer DNS over TLS and over HTTPS with them, to be freed. */
char *resolver_tls(const char *folder);

/* Whether the Unbound under test was built with MODULE. */
int resolver_has_module(const char *module);

/* Skips the test where the Unbound under test has no such COMMAND of
 * unbound-control. */
void resolver_need_command(const char *command);

/* Starts Unbound and waits until it answers unbound-control. Fails the test
 * where it does not. */
struct resolver *resolver_start(const struct resolver_options *options);

/* Starts an Unbound that is expected to give up; its log, to be freed. */
char *resolver_refuses(const struct resolver_options *options);

/* Writes its configuration and its policy anew, for the next reload. */
void resolver_configure(struct resolver *resolver,
	const struct resolver_options *options);

/* Adds LINES to its configuration, for the next reload. */
void resolver_add_lines(const struct resolver *resolver, const char *lines);

/* Reloads, and waits until that is done. */
void resolver_reload(struct resolver *resolver);

/* Reloads, and waits for Unbound to end because it cannot. */
void resolver_reload_fails(struct resolver *resolver);

/* Stops it; fails the test unless it ends with success. */
void resolver_stop(struct resolver *resolver);

/* Ends it by SIGNAL, and leaves its folder; by SIGTERM it must end with
 * success. It may be started again there. */
void resolver_end(struct resolver *resolver, int signal);
void resolver_start_again(struct resolver *resolver);

/* Runs unbound-control; its output, to be freed. Fails if it fails. */
char *resolver_control(struct resolver *resolver, const char *command);

/* One number of "unbound-control stats_noreset". */
unsigned long resolver_stat(struct resolver *resolver, const char *name);

/* Waits until a line of the log holds TEXT, or so many times. */
void resolver_await_log(struct resolver *resolver, const char *text);
void resolver_await_log_count(struct resolver *resolver, const char *text,
	unsigned count);

/* The log so far, to be freed. */
char *resolver_log(struct resolver *resolver);

#endif
