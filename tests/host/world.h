/*
 * world.h - what most tests start with: an Internet, a resolver, a policy.
 *
 * Thread-safety: for the test's thread.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "ask.h"
#include "resolver.h"
#include "sandbox.h"
#include "upstream.h"

struct world {
	struct upstream *upstream;
	struct resolver *resolver;
};

/* The first update host, by IPv4 and IPv6: nxdomain. The second: sinkhole. */
#define WORLD_GROUPS \
	"group:\n" \
	"  name: \"wsus\"\n" \
	"  client: " UPDATE_HOST "\n" \
	"  client: " SANDBOX_IP6_UPDATE "\n" \
	"  allow: \".allowed.test\"\n" \
	"  allow: \".signed.test\"\n" \
	"  deny: \"denied.allowed.test\"\n" \
	"  ttl: 77\n" \
	"group:\n" \
	"  name: \"sink\"\n" \
	"  client: " UPDATE_HOST_2 "\n" \
	"  allow: \".allowed.test\"\n" \
	"  action: sinkhole\n" \
	"  sinkhole: 192.0.2.10\n" \
	"  sinkhole: 2001:db8::10\n" \
	"  ttl: 88\n"
#define WORLD_POLICY "bitsink:\n  log: all\n" WORLD_GROUPS

#define WORLD_RECORDS \
	"www.allowed.test. 3600 IN A 198.51.100.1\n" \
	"www.allowed.test. 3600 IN AAAA 2001:db8:100::1\n" \
	"www.allowed.test. 3600 IN TXT \"text\"\n" \
	"chain.allowed.test. 3600 IN CNAME edge.cdn.test.\n" \
	"edge.cdn.test. 3600 IN CNAME node.content.test.\n" \
	"node.content.test. 3600 IN A 198.51.100.2\n" \
	"denied.allowed.test. 3600 IN A 198.51.100.3\n" \
	"evil.test. 3600 IN A 203.0.113.66\n" \
	"evil.test. 3600 IN AAAA 2001:db8:bad::66\n" \
	"evil.test. 3600 IN TXT \"command\"\n" \
	"evil.test. 3600 IN HTTPS 1 . alpn=h2\n"

/* A world in *STATE; to be ended by world_stop() as the test's teardown. */
struct world *world_start(void **state,
	const struct resolver_options *options);
int world_stop(void **state);

/* The usual one, as a test's setup. */
int world_setup(void **state);

/* A question in short: who, QNAME, QTYPE, and what else by name. */
#define Q(...) ((struct question){ .from = __VA_ARGS__ })

#define world_test(function) \
	cmocka_unit_test_setup_teardown(function, world_setup, world_stop)
#define own_world_test(function) \
	cmocka_unit_test_setup_teardown(function, NULL, world_stop)

/* Runs the tests in a network of their own. */
#define world_main(tests) \
	(sandbox_enter(), cmocka_run_group_tests(tests, NULL, NULL))

#endif
