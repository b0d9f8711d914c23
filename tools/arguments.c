/*
 * arguments.c - the words of the command line, taken apart.
 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

/* The words that are left, and where to say what is wrong. */
struct reader {
	int argc;
	char **argv;
	int at;
	struct arguments *arguments;
	char *wrong;
	size_t size;
	int failed;
};

static const char *const texts[OPTIONS] = {
	[OPTION_SOCKET] = "--socket PATH",
	[OPTION_JSON] = "--json",
	[OPTION_HELP] = "--help",
	[OPTION_VERSION] = "--version",
	[OPTION_AGAINST] = "--against OLD",
	[OPTION_ALL] = "--all",
	[OPTION_CLASS] = "--class CLASS",
	[OPTION_CLIENT] = "--client PREFIX",
	[OPTION_CONFIG] = "--config FILE",
	[OPTION_DIFF] = "--diff",
	[OPTION_FOR] = "--for TIME",
	[OPTION_GROUP] = "--group GROUP",
	[OPTION_LEARNING] = "--learning DAYS",
	[OPTION_LIMIT] = "--limit N",
	[OPTION_LISTS] = "--lists DIRECTORY",
	[OPTION_MIN_CLIENTS] = "--min-clients N",
	[OPTION_MIN_COUNT] = "--min-count N",
	[OPTION_NAME] = "--name PATTERN",
	[OPTION_OUTPUT] = "--output FILE",
	[OPTION_PROMETHEUS] = "--prometheus",
	[OPTION_RESET] = "--reset",
	[OPTION_SINKHOLE_LOG] = "--sinkhole-log FILE",
	[OPTION_SITE] = "--site FILE",
	[OPTION_STATE] = "--state DIRECTORY",
	[OPTION_UPSTREAM] = "--upstream ADDRESS",
};

const char *
arguments_option(enum option option)
{
	return texts[option];
}

/* The placeholder of the option's value, NULL where it takes none. */
static const char *
value_of(enum option option)
{
	const char *space = strchr(texts[option], ' ');

	return space != NULL ? space + 1 : NULL;
}

/* The option whose name is WORD up to LENGTH, or OPTIONS. */
static enum option
find_option(const char *word, size_t length)
{
	unsigned i;

	for (i = 0; i < OPTIONS; i++)
		if (strcspn(texts[i], " ") == length &&
		    memcmp(texts[i], word, length) == 0)
			break;
	return (enum option)i;
}

/* Whether nothing was wrong before: the first that is wrong is told. */
static int
is_first(struct reader *reader)
{
	int first = !reader->failed;

	reader->failed = 1;
	return first;
}

static void
set_option(struct reader *reader, enum option option, const char *value)
{
	if (value_of(option) != NULL && value[0] == '\0') {
		if (is_first(reader))
			snprintf(reader->wrong, reader->size, "found an empty "
				"value, expected \"%s\"", texts[option]);
		return;
	}
	if (reader->arguments->options[option] != NULL &&
	    value_of(option) != NULL) {
		if (is_first(reader))
			snprintf(reader->wrong, reader->size, "found \"%s\" "
				"twice, expected it once", texts[option]);
		return;
	}
	reader->arguments->options[option] = value;
}

static void
take_option(struct reader *reader, const char *word)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] == '=' ? word + length + 1 : NULL;
	enum option option = find_option(word, length);

	if (option == OPTIONS) {
		if (is_first(reader))
			snprintf(reader->wrong, reader->size, "found \"%s\", "
				"expected an option; what begins with '-' and "
				"is none goes behind \"--\"", word);
	} else if (value_of(option) == NULL) {
		if (value == NULL)
			set_option(reader, option, "");
		else if (is_first(reader))
			snprintf(reader->wrong, reader->size, "found \"%s\", "
				"expected no value", word);
	} else if (value != NULL) {
		set_option(reader, option, value);
	} else if (reader->at < reader->argc) {
		set_option(reader, option, reader->argv[reader->at++]);
	} else if (is_first(reader)) {
		snprintf(reader->wrong, reader->size, "found nothing behind "
			"\"%s\", expected %s", word, value_of(option));
	}
}

/* The words go to the beginning of argv, of which more was read. */
static void
take_word(struct arguments *arguments, char *word)
{
	if (arguments->command == NULL) {
		arguments->command = word;
		return;
	}
	arguments->words[arguments->count++] = word;
}

int
arguments_read(struct arguments *arguments, int argc, char **argv,
	char *wrong, size_t size)
{
	struct reader reader = { argc, argv, 1, arguments, wrong, size, 0 };
	int options = 1;

	memset(arguments, 0, sizeof(*arguments));
	arguments->words = argv;
	while (reader.at < argc) {
		char *word = argv[reader.at++];

		/* A lone '-' is a word, as everywhere. */
		if (options && strcmp(word, "--") == 0)
			options = 0;
		else if (options && word[0] == '-' && word[1] != '\0')
			take_option(&reader, word);
		else
			take_word(arguments, word);
	}
	return reader.failed ? -1 : 0;
}
