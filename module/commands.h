/*
 * commands.h - the requests of the control socket, and their replies.
 *
 * A request is one record (see record.h), a reply some, the last of them "end"
 * or "error [code=busy] text=". Numbers are decimal; times are seconds since
 * 1970 in UTC; hours and steps are numbers separated by ','. Where a request is
 * wrong, the error tells what was found and what was expected. A key that a
 * client does not know is to be passed over: there may be more of them one day.
 *
 *   status
 *	status version= unbound= host= pid= mode= policy= checksum=
 *	  generation= loaded= kept= stale= started= now= groups= prefixes=
 *	  patterns= workers= listeners= memory= grants= followed= errors=
 *	  error=
 *	  unbound: its version; host: the machine's name; mode: enforce,
 *	  audit, or mixed where the groups differ; checksum: of all files of
 *	  the policy; loaded: when it was put in force; stale: yes or no;
 *	  kept: when a stale policy was first kept, else left out; grants and
 *	  followed: how many names are allowed for a time, and how many targets
 *	  of chains; errors and error: how many errors the policy's file had
 *	  when it was last read, and the first of them, left out where there was
 *	  none
 *	grant group= pattern= since= until=
 *	  one a grant, those that end first first
 *
 *   groups
 *	group name= at= mode= action= ttl= log= prefixes= patterns= lists=
 *	  sinkholes= allowed= blocked= audited= quiet=
 *	  one a group; patterns: its own; lists: names, separated by ", "
 *
 *   stats [reset=yes]
 *	line name= value=
 *	  one a line of "unbound-control stats", in the same order
 *
 *   metrics
 *	info version= unbound= checksum=
 *	gauge name= value=
 *	count name= value=
 *	  what no group has: unrestricted, unanswered, events-lost, log-lines,
 *	  log-suppressed; gauges: generation, loaded, started, stale, groups,
 *	  prefixes, patterns, grants, followed, memory, listeners
 *	cell group= verdict= reason= action= value=
 *	  those of groups begin anew with each policy, the others with a start
 *	  only; verdict is allow, block, audit or quiet; action is none where it
 *	  is allow or quiet; of a group with another action in its windows a
 *	  reason has a cell for each of the two actions;
 *	  cells of 0 are left out, but for allowed and not-listed
 *
 *   top by=clients|names|rules|pairs [group=] [limit=]
 *	top by= since= now= used= room= total= exact= lost=
 *	  total: the sum of all counts, of the group where one is named;
 *	  exact: yes or no; lost: events that are in no count
 *	entry group= client= name= rule= reason= count= error= first= last=
 *	  hours=
 *	  the most blocked first, audited ones count too; client for clients
 *	  and pairs, name for names and pairs, rule (FILE:LINE:COLUMN, left
 *	  out where there was none) and reason for rules; limit: 10 without
 *
 *   history [group=]
 *	history group= step= now=
 *	  group is left out for all together; step: seconds
 *	steps allowed= blocked= audited= quiet=
 *	  each HISTORY_STEPS numbers, the oldest first
 *
 *   watch [all=yes] [group=] [client=] [name=]
 *	event time= microseconds= client= group= name= type= class= verdict=
 *	  reason= action= rule= found=
 *	lost count=
 *	  as they come, until the client goes; blocked and audited queries, with
 *	  all=yes also allowed and quiet ones; client is a prefix, name a
 *	  pattern; found: for the reasons chain and address the name or address
 *	  in the answer, else left out
 *
 *   reload [diff=yes]
 *	problem severity=error|warning|note text=
 *	  each that was found in the policy's files
 *	reloaded generation= checksum= groups= prefixes= patterns= policy=
 *	  what is in force now; or, where there are errors, the end is an
 *	  error, and the policy before stays in force. With diff=yes nothing
 *	  changes, and there are the records of diff.h instead, verdict ones
 *	  for names that were asked for lately, and:
 *	verdicts blocked= allowed= other= asked=
 *	  how many of them get another verdict, of how many
 *
 *   learned group= [forget=yes]
 *	audit group= mode= since= now= used= room= lost=
 *	  mode: of the group; since: when the oldest name was first seen;
 *	  used, room and lost: names of all groups that are remembered, could
 *	  be, and had to go since the start
 *	learned ...
 *	  the records of learned.h; with forget=yes they are forgotten then
 *
 *   explain client= name= [type=] [class=]
 *	explain ..., see explain.h; type is A without
 *
 *   allow group= pattern= seconds=
 *	grant group= pattern= since= until=
 *	  the group may ask for what the pattern matches from now on; one of the
 *	  same group and pattern is replaced
 *
 *   revoke group= pattern=
 *	revoked group= pattern=
 *	  from now on it may not any more; the group need not be one of the
 *	  policy
 *
 *   site
 *	client ..., tag ..., zone ...
 *	  what the host declares, the records of site.h
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_COMMANDS_H
#define BITSINK_COMMANDS_H

#include "granting.h"
#include "judge.h"
#include "observer.h"
#include "service.h"
#include "standing.h"
#include "stats.h"

/* All that requests ask about; borrowed. */
struct commands {
	const struct standing *standing;
	const struct tally *tally;
	struct observer *observer;
	struct stats *stats;
	/* What is allowed besides the policy, and how that is changed. */
	const struct exceptions *exceptions;
	struct granting *granting;
	/* What the host declares, as of site.h; NULL: not known. */
	const char *site;
	size_t site_length;
	/* Where the listeners are counted. */
	const struct service *service;
	/* Unbound's version. */
	const char *unbound;
	/* Seconds since 1970; NOW is set by who calls. */
	int64_t started;
	int64_t now;
	/* Octets of what is not told of here. */
	size_t memory;
	/* Listeners that want allowed queries, too. */
	unsigned want_all;
	/* What was counted under policies before this one. */
	uint64_t earlier[TALLY_COUNTS];
	/* Begins to read the policy's file again; WAITING is who is to be told.
	 * 0, or -1 where that goes on already, -2 where it cannot be. */
	int (*load)(void *arg, int diff, const void *waiting);
	void *load_arg;
};

/* Another policy is in force; the one before still is there. */
void commands_switch(struct commands *commands,
	const struct standing *standing, const struct tally *tally);

/* Appends what AFTER would change: DIFF, the records of diff_policies(), and
 * which of the names that were asked for lately get another verdict. */
void commands_put_diff(const struct commands *commands,
	const struct policy *after, const struct record_writer *diff,
	struct record_writer *reply);

/* Appends the end of the reply to "reload": all that was found, and FAILED,
 * where that is not NULL, or what is in force. */
enum service_answer commands_put_loaded(const struct commands *commands,
	const struct diag *diag, const char *failed, int is_diff,
	struct record_writer *reply);

/* Octets that the whole module takes. */
size_t commands_memory(const struct commands *commands);

/* The functions for service_new(), with ARG a struct commands. */
enum service_answer commands_answer(void *arg, const struct record *request,
	struct record_writer *reply, void **listener);
int commands_event(void *arg, void *listener, const struct event *event,
	struct record_writer *out);
void commands_free_listener(void *arg, void *listener);

#endif
