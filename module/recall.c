/*
 * recall.c - what one worker found a moment ago.
 */
#include "recall.h"

#include "pages.h"

_Static_assert(alignof(struct recall) <= PAGES_ALIGN, "as pages_take() has it");

struct recall *
recall_new(const struct names_key *key)
{
	struct recall *recall = pages_take(sizeof(*recall));

	if (recall == NULL)
		return NULL;
	recall->key = hash_key(key);
	/* It is multiplied by. */
	recall->key.word[1] |= 1;
	return recall;
}

void
recall_free(struct recall *recall)
{
	pages_give(recall, sizeof(*recall));
}

size_t
recall_memory(void)
{
	return sizeof(struct recall);
}

struct recall_name *
recall_name(struct recall *recall, uint32_t group, const uint8_t *name,
	size_t length)
{
	uint64_t asked = recall_asked(group, length);
	struct recall_name *set;

	if (!recall_fits(length))
		return NULL;
	set = recall_set(recall, asked, name, length);
	if (recall_is(&set[0], asked, name, length))
		return &set[0];
	if (recall_is(&set[1], asked, name, length))
		return &set[1];
	set[1] = set[0];
	set[0].asked = asked;
	set[0].reason = REASON_COUNT;
	set[0].is_plain = 0;
	set[0].counter = NULL;
	memcpy(set[0].name, name, length);
	return &set[0];
}

void
recall_absent(struct recall_absents *absents, uint64_t state,
	const uint8_t *name, size_t length)
{
	struct recall_absent *set, *place;

	if (!recall_absent_fits(length))
		return;
	set = recall_absent_set(absents, name, length);
	place = recall_absent_find(set, name, length);
	if (place == NULL) {
		set[1] = set[0];
		place = &set[0];
		place->length = (uint8_t)length;
		memcpy(place->name, name, length);
	}
	place->state = state;
}
