/*
 * groups.c - who asks in the storm, the policies that say what they may have,
 * and what follows from them.
 */
#include "groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox.h"
#include "wild.h"

enum { TYPE_OF_A = 1, TYPE_OF_AAAA = 28 };

#define MINUTE 60000
/* Unbound's clock may be so late. */
#define MARGIN 1100
/* Windows are open every other minute, so many minutes long. */
#define WINDOW_MINUTES 60
/* The other policy's clock is in a zone so many minutes east. */
#define EAST 330

const char *const groups_domains[DOMAIN_COUNT] = {
	[IN_ALL] = "all.test",
	[IN_SOME] = "some.test",
	[IN_DENIED] = "denied.all.test",
	[IN_NONE] = "none.test",
};

const char *const groups_names[KIND_COUNT] = {
	[KIND_NXDOMAIN] = "nxdomain",
	[KIND_SINKHOLE] = "sinkhole",
	[KIND_REFUSED] = "refused",
	[KIND_NODATA] = "nodata",
	[KIND_DROP] = "drop",
	[KIND_AUDIT] = "audit",
	[KIND_INSPECT] = "inspect",
	[KIND_FOLLOW] = "follow",
	[KIND_TYPES] = "types",
	[KIND_QUIET] = "quiet",
	[KIND_TAG] = "tag",
	[KIND_REST] = "rest",
	[KIND_WINDOW] = "window",
	[KIND_GRANT] = "grant",
};

/* --- The policies. */

#define SINKHOLE(number) "  action: sinkhole\n" \
	"  sinkhole: 192.0.2." number "\n  ttl: " number "\n"

static const char policy[] =
	"bitsink:\n  log: all\n  log-limit: 0\n"
	"group:\n  name: nxdomain\n  client: 127.0.10.0/24\n"
	"  client: " SANDBOX_IP6_UPDATE "\n  allow: .all.test\n"
	"  allow: *.some.test\n  deny: .denied.all.test\n"
	"group:\n  name: sinkhole\n  client: 127.0.11.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n" SINKHOLE("10")
	"group:\n  name: refused\n  client: 127.0.12.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n  action: refused\n"
	"group:\n  name: nodata\n  client: 127.0.13.0/24\n"
	"  allow: *.all.test\n  allow: *.s*e.test\n"
	"  deny: *.denied.all.test\n  action: nodata\n"
	"group:\n  name: drop\n  client: 127.0.14.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n  action: drop\n"
	"group:\n  name: audit\n  client: 127.0.15.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n  mode: audit\n"
	"group:\n  name: inspect\n  client: 127.0.16.0/24\n"
	"  allow: a*.all.test\n  allow: b*.all.test\n  allow: c*.all.test\n"
	"  allow: d*.all.test\n  chain: inspect\n  chain-allow: t*.all.test\n"
	"  deny: t*2.all.test\n  answer-deny: 198.19.0.0/16\n"
	"  answer-deny: 2001:db8::8000:0/97\n"
	"group:\n  name: follow\n  client: 127.0.17.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"  allow: c*.none.test\n  follow-chain: yes\n"
	"group:\n  name: types\n  client: 127.0.18.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n  allow-types: A\n"
	"group:\n  name: quiet\n  client: 127.0.19.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n  action: refused\n"
	"  quiet: .none.test\n"
	"group:\n  name: tag\n  client-tag: update\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"group:\n  name: rest\n  client: 127.0.21.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"group:\n  name: grant\n  client: 127.0.23.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"group:\n  name: window\n  client: 127.0.22.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"  window-allow: .some.test\n  window-action: nodata\n";

/* The same for the clients, but for the sinkhole, in other words. */
static const char other_policy[] =
	"bitsink:\n  log: all\n  log-limit: 0\n  default-group: rest\n"
	"  unrestricted: 127.0.9.0/24\n  unrestricted: 127.0.20.128/25\n"
	"  unrestricted: " SANDBOX_IP6_ORDINARY "\n"
	"group:\n  name: nobody\n  client: 192.0.2.0/24\n"
	"  allow: a.test\n  allow: b.test\n  allow: c.test\n"
	"group:\n  name: grant\n  client: 127.0.23.0/25\n"
	"  client: 127.0.23.128/25\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n"
	"group:\n  name: audit\n  client: 127.0.15.0/25\n"
	"  client: 127.0.15.128/25\n  mode: audit\n"
	"  allow: .all.test\n  deny: .denied.all.test\n"
	"group:\n  name: drop\n  client: 127.0.14.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n  action: drop\n"
	"group:\n  name: nodata\n  client: 127.0.13.0/24\n"
	"  allow: .all.test\n  allow: .some.test\n"
	"  deny: .denied.all.test\n  action: nodata\n"
	"group:\n  name: sinkhole\n  client: 127.0.11.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n" SINKHOLE("20")
	"group:\n  name: refused\n  client: 127.0.12.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n  action: refused\n"
	"group:\n  name: rest\n  allow: *.all.test\n"
	"  deny: *.denied.all.test\n"
	"group:\n  name: types\n  client: 127.0.18.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n"
	"  allow-types: TYPE1\n"
	"group:\n  name: quiet\n  client: 127.0.19.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n  action: refused\n"
	"  quiet-list: \"./" GROUPS_LIST "\"\n"
	"group:\n  name: tag\n  client: 127.0.20.0/25\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n"
	"group:\n  name: follow\n  client: 127.0.17.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n"
	"  allow: *c*.none.test\n  follow-chain: yes\n"
	"group:\n  name: inspect\n  client: 127.0.16.0/24\n"
	"  allow: .all.test\n  deny: .denied.all.test\n  chain: inspect\n"
	"  deny: t*2.all.test\n  answer-deny: 198.18.0.0/15\n"
	"  answer-allow: 198.18.0.0/16\n  answer-deny: 2001:db8::/32\n"
	"  answer-allow: 2001:db8::/97\n"
	"group:\n  name: nxdomain\n  client: 127.0.10.0/24\n"
	"  client: " SANDBOX_IP6_UPDATE "\n  allow: *.all.test\n"
	"  allow: .some.test\n  deny: *.denied.all.test\n"
	"group:\n  name: window\n  client: 127.0.22.0/24\n"
	"  allow: *.all.test\n  deny: *.denied.all.test\n"
	"  window-allow: *.some.test\n  window-action: nodata\n"
	"  time-zone: \"XYZ-5:30\"\n";

static const char bad_policy[] =
	"group:\n  name: a\n  client: 127.0.16.0/24\n  alow: .all.test\n"
	"group:\n  client: b\n";

static long long
now_minute(void)
{
	return (long long)time(NULL) / 60;
}

/* The minute since 1970 in which the first window opens. */
static long long
first_minute(void)
{
	static long long minute;

	if (minute == 0)
		minute = now_minute();
	return minute;
}

static void
print_windows(FILE *to, unsigned east)
{
	unsigned i;

	for (i = 0; i < WINDOW_MINUTES; i += 2) {
		unsigned at = (unsigned)((first_minute() + i + east) % 1440);

		fprintf(to, "  window: \"daily %02u:%02u-%02u:%02u\"\n",
			at / 60, at % 60, (at + 1) / 60, (at + 1) % 60);
	}
}

static char *
with_windows(const char *text, unsigned east)
{
	char *whole = NULL;
	size_t length;
	FILE *memory = open_memstream(&whole, &length);

	if (memory == NULL)
		abort();
	fputs(text, memory);
	print_windows(memory, east);
	fclose(memory);
	return whole;
}

const char *
groups_policy(int which)
{
	static char *first, *other;

	if (first == NULL) {
		/* The last group of both is the one that has windows. */
		first = with_windows(policy, 0);
		other = with_windows(other_policy, EAST);
	}
	return which == GROUPS_POLICY ? first
		: which == GROUPS_OTHER_POLICY ? other : bad_policy;
}

/* --- What follows from them. */

/* Whether the window's clients ask in a window; -1: who can tell. */
static int
in_window(const struct moment *moment)
{
	long long minute = (moment->begun - MARGIN) / MINUTE;

	if (minute != (moment->ended + MARGIN) / MINUTE)
		return -1;
	minute -= first_minute();
	return minute >= 0 && minute < WINDOW_MINUTES && minute % 2 == 0;
}

/* The number in the first label. */
static unsigned
number_of(const uint8_t *name)
{
	unsigned i, number = 0;

	for (i = 2; i <= name[0]; i++)
		number = number * 10 + (name[i] - '0');
	return number;
}

static int
letter_of(const uint8_t *name)
{
	return name[1] | 0x20;
}

/* Whether the answer has what the group must not get. */
static int
is_to_hide(const struct moment *moment)
{
	uint8_t name[sizeof(moment->name)], octets[16];

	if (letter_of(moment->name) == WILD_CNAME &&
	    number_of(moment->name) % 10 == 2)
		return 1;
	memcpy(name, moment->name, sizeof(name));
	if (letter_of(name) == WILD_CNAME)
		name[1] = WILD_TARGET;
	switch (moment->type) {
	case TYPE_OF_A:
		wild_ip4(name, octets);
		return octets[1] == 19;
	case TYPE_OF_AAAA:
		wild_ip6(name, octets);
		return octets[12] >= 0x80;
	default:
		return 0;
	}
}

/* In IN_NONE. */
static enum due
due_followed(const struct moment *moment)
{
	if (letter_of(moment->name) == WILD_CNAME)
		return DUE_RECORD;
	if (letter_of(moment->name) != WILD_TARGET ||
	    !GROUPS_LEADS(number_of(moment->name)))
		return DUE_BLOCKED;
	return moment->led ? DUE_RECORD : DUE_OPEN;
}

static enum due
due_in_all(const struct moment *moment)
{
	switch (moment->kind) {
	case KIND_INSPECT:
		return is_to_hide(moment) ? DUE_JUDGED : DUE_RECORD;
	case KIND_TYPES:
		return moment->type == TYPE_OF_A ? DUE_RECORD : DUE_BLOCKED;
	default:
		return DUE_RECORD;
	}
}

static enum due
due_in_some(const struct moment *moment)
{
	switch (moment->kind) {
	case KIND_NXDOMAIN:
	case KIND_NODATA:
	case KIND_GRANT:
		return DUE_RECORD;
	case KIND_WINDOW:
		switch (in_window(moment)) {
		case 0:
			return DUE_BLOCKED;
		case 1:
			return DUE_RECORD;
		default:
			return DUE_OPEN;
		}
	default:
		return DUE_BLOCKED;
	}
}

static enum due
due_in_none(const struct moment *moment)
{
	switch (moment->kind) {
	case KIND_FOLLOW:
		return due_followed(moment);
	case KIND_QUIET:
		return DUE_QUIET;
	case KIND_GRANT:
		return moment->granted < 0 ? DUE_OPEN
			: moment->granted ? DUE_RECORD : DUE_BLOCKED;
	default:
		return DUE_BLOCKED;
	}
}

enum due
groups_due(const struct moment *moment)
{
	if (moment->kind == KIND_ORDINARY)
		return DUE_RECORD;
	switch (moment->domain) {
	case IN_ALL:
		return due_in_all(moment);
	case IN_SOME:
		return due_in_some(moment);
	case IN_NONE:
		return due_in_none(moment);
	default:
		return DUE_BLOCKED;
	}
}

enum act
groups_act(const struct moment *moment)
{
	switch (moment->kind) {
	case KIND_SINKHOLE:
		return ACT_SINKHOLE;
	case KIND_REFUSED:
	case KIND_QUIET:
		return ACT_REFUSED;
	case KIND_NODATA:
		return ACT_NODATA;
	case KIND_WINDOW:
		switch (in_window(moment)) {
		case 0:
			return ACT_NXDOMAIN;
		case 1:
			return ACT_NODATA;
		default:
			return ACT_COUNT;
		}
	default:
		return ACT_NXDOMAIN;
	}
}
