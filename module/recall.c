/*
 * recall.c - what one worker found a moment ago, under one policy.
 */
#include "recall.h"

#include <stdlib.h>

/* Places are those of address 0 in the beginning, which is found in one of them
 * alone: that one is made another one's. */
static void
empty_clients(struct recall *recall)
{
	struct recall_client *place = recall_client(recall, 0);

	do
		place->address++;
	while (recall_client(recall, place->address) == place);
}

struct recall *
recall_new(size_t workers, const struct names_key *key)
{
	struct recall *recall = aligned_alloc(alignof(struct recall),
		workers * sizeof(*recall));
	size_t i;

	if (recall == NULL)
		return NULL;
	memset(recall, 0, workers * sizeof(*recall));
	for (i = 0; i < workers; i++) {
		recall[i].key = hash_key(key);
		empty_clients(&recall[i]);
	}
	return recall;
}

void
recall_free(struct recall *recall)
{
	free(recall);
}

size_t
recall_memory(size_t workers)
{
	return workers * sizeof(struct recall);
}
