/*
 * fuzz_traffic.c - recordings that anybody may have made.
 *
 * The input is a file, of the format that its first octets tell.
 */
#include "fuzz.h"

#include "name.h"
#include "traffic.h"

struct seen {
	uint64_t queries;
	uint64_t answers;
	/* As many are taken. */
	uint64_t most;
};

static int
take(void *arg, const struct traffic_query *query)
{
	struct seen *seen = arg;
	struct name name;

	fuzz_check(query->query.client.family == ADDRESS_IP4 ||
		query->query.client.family == ADDRESS_IP6);
	fuzz_check(name_from_wire(&name, query->query.qname,
		query->query.qname_len) == 0);
	fuzz_check(query->has_time || query->seconds == 0);
	*(query->from_answer ? &seen->answers : &seen->queries) += 1;
	return seen->queries + seen->answers < seen->most ? 0 : -1;
}

static void
read_input(const uint8_t *data, size_t size, uint64_t most)
{
	struct seen seen = { 0, 0, most };
	const struct traffic_sink sink = { take, &seen };
	struct traffic traffic;
	char wrong[512] = "";
	char *copy = fuzz_memory(size, 1);
	FILE *file;

	memcpy(copy, data, size);
	file = fmemopen(copy, size, "r");
	if (file == NULL)
		exit(1);
	if (traffic_read(file, &sink, &traffic, wrong, sizeof(wrong)) == 0) {
		fuzz_check(traffic.format != NULL);
		fuzz_check(traffic.queries == seen.queries);
		fuzz_check(traffic.answers == seen.answers);
	} else {
		fuzz_check(wrong[0] != '\0');
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	read_input(data, size, UINT64_MAX);
	read_input(data, size, 1);
	return 0;
}
