/*
 * fuzz_tape.c - loading from a tape that is not what was recorded.
 *
 * The input is a tape without its last line; the checksum is put right, so
 * that damage gets beyond it. The input as it is, is opened too.
 */
#include "fuzz.h"

#include "policy.h"
#include "tape.h"

/* Makes a tape of the input, and puts the last line behind it. */
static void
finish(struct tape *tape, const uint8_t *data, size_t size)
{
	memset(tape, 0, sizeof(*tape));
	tape->memory = fuzz_memory(size + 64, 1);
	tape->room = size + 64;
	if (size > 0)
		memcpy(tape->memory, data, size);
	tape->length = size;
	if (size > 0)
		fuzz_check(tape_finish(tape) == 0);
}

/* At all times, for windows may be in a zone of the input. */
static void
decide(const struct policy *policy)
{
	static const int64_t times[] = { 0, 1704153600, 1719792000, INT64_MAX,
		INT64_MIN };
	struct decision decision;
	struct query query;
	size_t i;

	memset(&query, 0, sizeof(query));
	query.client.family = ADDRESS_IP4;
	query.qname = (const uint8_t *)"\3www\7example\3com";
	query.qname_len = 17;
	query.qclass = RRCLASS_IN;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		query.now = times[i];
		policy_decide(policy, &query, &decision);
	}
}

static void
load(struct tape *tape)
{
	const struct policy_options options = { .check_patterns = 1,
		.tape = tape };
	struct policy *policy;
	struct diag diag;

	memset(&diag, 0, sizeof(diag));
	policy = policy_load(NULL, &options, &diag);
	fuzz_check((policy == NULL) == (diag.errors > 0));
	if (policy != NULL)
		decide(policy);
	policy_free(policy);
	diag_clear(&diag);
}

/* Opens LENGTH octets at MEMORY, which it takes; a tape that is not whole
 * must not be replayed. */
static void
open_and_load(char *memory, size_t length)
{
	struct tape tape;

	if (tape_open(&tape, memory, length) == 0)
		load(&tape);
	tape_clear(&tape);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape tape;
	char *copy = fuzz_memory(size, 1);

	if (size > 0)
		memcpy(copy, data, size);
	open_and_load(copy, size);
	finish(&tape, data, size);
	open_and_load(tape.memory, tape.length);
	return 0;
}
