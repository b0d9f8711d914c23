/*
 * array.c - arrays that grow.
 */
#include "array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

int
array_room(void *array, size_t used, size_t *room, size_t more, size_t size)
{
	size_t wanted = *room == 0 ? ROOM_MIN : *room;
	void *grown;

	if (more <= *room - used)
		return 0;
	while (wanted - used < more) {
		if (wanted > SIZE_MAX / 2)
			return -1;
		wanted *= 2;
	}
	/* Of whatever type the pointer is. */
	memcpy(&grown, array, sizeof(grown));
	grown = reallocarray(grown, wanted, size);
	if (grown == NULL)
		return -1;
	memcpy(array, &grown, sizeof(grown));
	*room = wanted;
	return 0;
}
