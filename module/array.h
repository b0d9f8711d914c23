/*
 * array.h - arrays that grow.
 *
 * Thread-safety: whoever has the array.
 */
#ifndef BITSINK_ARRAY_H
#define BITSINK_ARRAY_H

#include <stddef.h>

/*
 * Makes room for MORE elements of SIZE octets behind those USED of *ROOM. ARRAY
 * points to the pointer to the first, which is NULL while there is no room; to
 * be freed with free(). The room doubles, so that adding one at a time costs no
 * more than twice. Returns 0; or -1 when out of memory, or where that many fit
 * into none: then all is as it was.
 */
int array_room(void *array, size_t used, size_t *room, size_t more,
	size_t size);

#endif
