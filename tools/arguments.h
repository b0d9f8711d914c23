/*
 * arguments.h - the words of the command line, taken apart.
 *
 * Options may stand anywhere, before the command too; "--" ends them.
 *
 * Thread-safety: one thread.
 */
#ifndef BITSINK_ARGUMENTS_H
#define BITSINK_ARGUMENTS_H

#include <stddef.h>

enum option {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_AGAINST,
	OPTION_ALL,
	OPTION_CLASS,
	OPTION_CLIENT,
	OPTION_CONFIG,
	OPTION_DIFF,
	OPTION_FOR,
	OPTION_GROUP,
	OPTION_LEARNING,
	OPTION_LIMIT,
	OPTION_LISTS,
	OPTION_MIN_CLIENTS,
	OPTION_MIN_COUNT,
	OPTION_NAME,
	OPTION_OUTPUT,
	OPTION_PROMETHEUS,
	OPTION_RESET,
	OPTION_SINKHOLE_LOG,
	OPTION_SITE,
	OPTION_STATE,
	OPTION_UPSTREAM,
	OPTIONS
};

/* A bit for a set of options. */
#define OPTION_BIT(option) (1u << (option))
/* Those that every command takes. */
#define OPTIONS_EVERYWHERE (OPTION_BIT(OPTION_SOCKET) | \
	OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_HELP) | \
	OPTION_BIT(OPTION_VERSION))

struct arguments {
	/* The first word; NULL for none. */
	const char *command;
	/* The words behind it, in the memory of argv. */
	char **words;
	size_t count;
	/* The value of each option, "" for one that takes none; NULL where it
	 * was not given. */
	const char *options[OPTIONS];
};

/* Reads all of the line, and moves its words to the beginning of argv. 0, or -1
 * with what was found first that is wrong, and what was expected, in WRONG, of
 * SIZE octets; all else is read then, too. */
int arguments_read(struct arguments *arguments, int argc, char **argv,
	char *wrong, size_t size);

/* As it is written, with its value: "--limit N". */
const char *arguments_option(enum option option);

#endif
