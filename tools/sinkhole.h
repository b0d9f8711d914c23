/*
 * sinkhole.h - who asked at the sinkhole, joined with what was blocked.
 *
 * The log is JSON, an object a line, as conf/nginx-sinkhole.conf and
 * conf/nginx-sinkhole-tls.conf have it; docs/sinkhole.md tells its keys. What
 * is in it was chosen by whoever asked: nothing of it is trusted, and all that
 * is kept of it is bounded.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_SINKHOLE_H
#define BITSINK_SINKHOLE_H

#include "session.h"

/*
 * Reads the log PATH ("-": standard input), and joins it with PAIRS, a reply
 * to "top by=pairs". FINDINGS, to be cleared in any case, gets records:
 *
 *   sinkhole file= lines= requests= bits= tls= unreadable= left-out=
 *   problem text=
 *   finding client= name= group= count= blocked-first= blocked-last=
 *     requests= first= last= method= path= agent=
 *   unmatched client= name= requests= first= last= method= path= agent=
 *
 * A finding is a client that was blocked from a name, and for which BITS asked
 * the sinkhole for that name; unmatched is one of whose pair PAIRS does not
 * know. Those that asked last come first. Method, path and agent are of the
 * first of the requests, the texts cut off by "..." where they are long. Times
 * are seconds since 1970.
 *
 * A line that is not as it should be is counted in unreadable; for the first
 * of them there is a problem, FILE:LINE:COLUMN and what was expected. tls are
 * connections over TLS; left-out are requests of BITS for more pairs than are
 * kept.
 *
 * SESSION_DONE, or the error is printed.
 */
enum session_code sinkhole_join(const struct session *session,
	const char *path, const struct reply *pairs, struct reply *findings);

#endif
