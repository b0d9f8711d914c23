/*
 * tape.h - what a policy was loaded from, so that it can be loaded again.
 *
 * Loading asks for files, for the files that an include's pattern matches, and
 * for the file of a list. Recording, it writes down each question's answer in
 * order; replaying, it is answered from that, whatever has become of the files.
 *
 * Format, of octets: a line "bitsink-policy 1", then items: a line with the
 * kind, the octets of the name and those of the content, the name and the
 * content, a newline; at the end a line "end" with a checksum of all before it.
 *
 * Thread-safety: one tape belongs to one thread.
 */
#ifndef BITSINK_TAPE_H
#define BITSINK_TAPE_H

#include <stddef.h>
#include <stdint.h>

enum tape_kind {
	TAPE_FILE = 'F', /* a file: its name, its text */
	TAPE_GLOB = 'G', /* a pattern: how many names follow, in decimal */
	TAPE_PATH = 'P', /* one of them: the name */
	TAPE_LIST = 'L', /* a list: the name of its file */
	TAPE_SITE = 'S', /* what the host declares: no name, the text */
	TAPE_ZONE = 'Z' /* a time zone: its name, the octets of its file */
};

/* Takes LENGTH octets of a tape that is recorded. */
typedef void tape_write(void *context, const char *octets, size_t length);

/* All zeroes but WRITE and its context to begin recording. */
struct tape {
	/* Where what is recorded goes, with its context; NULL for memory. */
	tape_write *write;
	void *context;
	/* Owned; freed by tape_clear(). */
	char *memory;
	size_t length;
	size_t room;
	/* Where replaying has come to; 0 while recording. */
	size_t at;
	/* Out of memory while recording: the tape is no good. */
	int broken;
	/* The checksum of what is recorded, or of what was opened. */
	uint64_t sum;
};

struct tape_item {
	/* In the tape's memory, not ended by a NUL. */
	const char *name;
	size_t name_length;
	const char *content;
	size_t content_length;
};

/* Records an item. Lack of memory shows in tape_finish(). */
void tape_put(struct tape *tape, enum tape_kind kind, const char *name,
	size_t name_length, const char *content, size_t content_length);

/* Ends recording. 0, or -1 where the tape is not whole. */
int tape_finish(struct tape *tape);

/*
 * Makes TAPE of a finished one, LENGTH octets at MEMORY (from malloc), which it
 * takes in any case. 0, or -1 where it is not whole.
 */
int tape_open(struct tape *tape, char *memory, size_t length);

static inline int
tape_replays(const struct tape *tape)
{
	return tape != NULL && tape->at != 0;
}

/* Takes the next item, which must be of KIND. 0, or -1. */
int tape_take(struct tape *tape, enum tape_kind kind, struct tape_item *item);

/* As tape_take(), and the item is left to be taken. */
int tape_peek(const struct tape *tape, enum tape_kind kind,
	struct tape_item *item);

void tape_clear(struct tape *tape);

#endif
