/*
 * sets.h - what tables are filled with and asked for in the benchmark.
 *
 * All of it is made from numbers, and is always the same for the same ones.
 *
 * Thread-safety: for programs with one thread.
 */
#ifndef BENCH_SETS_H
#define BENCH_SETS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "clients.h"
#include "pattern.h"

/* Labels of the longest patterns. */
#define SITE_LABELS_MAX 6u
#define SHARED_LABELS_MAX 121u

/* What patterns look like; each is for a name and all below it. */
enum shape {
	SHAPE_SITES, /* as in lists: two to six labels */
	SHAPE_SHARED, /* which have 120 labels in common */
	SHAPE_COLLIDING, /* whose hashes collide under a key that was guessed */
	SHAPE_RANDOM, /* as many labels and octets as those, not chosen */
	SHAPE_COUNT
};

/* What is asked for. */
enum kind {
	KIND_HITTING, /* a pattern's name, or one below it */
	KIND_MISSING, /* a name that looks like those of patterns */
	KIND_DEEP, /* far below a pattern's name, as many labels as fit */
	KIND_COUNT
};

extern const char *const shape_words[SHAPE_COUNT];
extern const char *const kind_words[KIND_COUNT];

/* What an answer is. */
enum effect { EFFECT_NONE, EFFECT_ALLOW, EFFECT_DENY };

#define NO_PATTERN UINT32_MAX
/* Room for a pattern of a set as text. */
#define SET_TEXT_MAX 300

/* The key that somebody guesses who chooses names to collide. */
extern const struct names_key sets_guess;

struct patterns {
	enum shape shape;
	uint32_t count;
	/* Whether some are denies; else all are allows. */
	int has_denies;
	/* Of SHAPE_COLLIDING, what was chosen. */
	uint64_t *chosen;
};

/* Chooses what is to be chosen. Free with patterns_clear(). */
struct patterns patterns_make(enum shape shape, uint32_t count,
	int has_denies);
void patterns_clear(struct patterns *patterns);
/* Writes the pattern NUMBER; those of the count and above are none of the
 * set. */
void patterns_text(const struct patterns *patterns, uint32_t number,
	char text[SET_TEXT_MAX]);
enum effect patterns_effect(const struct patterns *patterns, uint32_t number);

struct name_question {
	/* The pattern that decides, or NO_PATTERN. */
	uint32_t pattern;
	uint8_t expected; /* an enum effect */
	uint8_t length;
	/* In wire format; octets_head() may read behind it. */
	uint8_t wire[NAME_OCTETS_MAX + 9];
};

/* COUNT questions; owned by the caller. */
struct name_question *questions_make(const struct patterns *patterns,
	enum kind kind, size_t count);

/* Where prefixes are. */
enum place {
	PLACE_SPREAD, /* both families, lengths as sites have them */
	PLACE_CLUSTERED, /* IPv4 addresses near to each other, two far off */
	PLACE_NESTED, /* IPv6, in each other as deep as it goes */
	PLACE_COUNT
};

extern const char *const place_words[PLACE_COUNT];

/* COUNT prefixes, sorted, each in one of GROUPS groups; owned by the caller.
 * *COUNT may become less where there is no place for as many. */
struct client_entry *prefixes_make(enum place place, size_t *count,
	uint32_t groups);

struct client_question {
	struct sockaddr_storage client;
	socklen_t length;
	/* CLIENTS_NONE for none. */
	uint32_t expected;
};

/* COUNT questions of clients that are in a prefix, or in none. */
struct client_question *clients_make(const struct client_entry *entries,
	size_t entry_count, int inside, size_t count);

/* As the module reads it. */
struct address client_address(const struct sockaddr_storage *client);

#endif
