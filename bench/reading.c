/*
 * reading.c - how long it takes to load a policy, next to reading its files.
 *
 *   reading [-r ROUNDS] POLICY FILE...
 *
 * FILE are the files of the policy. In each round, one after the other:
 *
 *	load	policy_load()
 *	words	each file is read, its octets are looked at one by one: whether
 *		they are UTF-8, where lines end, and which words they make
 *	plain	each file is read, and nothing else
 *	floor	as many steps through memory of the size of the lists' tables as
 *		they have patterns: one cache miss each
 *
 * Prints one line of JSON: milliseconds of processor time, one figure a round,
 * patterns, octets of the files, and words.
 *
 * Exit codes: 0, 1 something is not as it should be, 2 wrong usage.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"
#include "policy.h"

static unsigned rounds = 11;

struct text {
	unsigned char *octets;
	size_t length;
};

/* What a reader finds that only looks at the octets. */
struct found {
	size_t lines;
	size_t words;
	size_t wrong;
};

static struct text
read_file(const char *path)
{
	struct text text = { NULL, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) != 0)
		measure_fail("cannot read %s", path);
	text.octets = malloc((size_t)status.st_size + 1);
	if (text.octets == NULL)
		measure_fail("out of memory");
	while ((got = read(fd, text.octets + text.length,
	    (size_t)status.st_size + 1 - text.length)) > 0)
		text.length += (size_t)got;
	if (got < 0 || text.length != (size_t)status.st_size)
		measure_fail("cannot read %s", path);
	close(fd);
	return text;
}

/* Octets that follow a first one in UTF-8; 4 for what is no first one. */
static unsigned
octets_behind(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc2 || first > 0xf4)
		return 4;
	return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

/* Octet by octet, as it is written down: a floor for who reads text with care,
 * not for who reads it cleverly. */
static void
look_at(const struct text *text, struct found *found)
{
	unsigned behind = 0;
	int in_word = 0;
	size_t i;

	for (i = 0; i < text->length; i++) {
		unsigned char octet = text->octets[i];

		if (behind > 0) {
			found->wrong += (octet & 0xc0) != 0x80;
			behind--;
			continue;
		}
		behind = octets_behind(octet);
		found->wrong += behind == 4;
		if (octet == '\n')
			found->lines++;
		if (octet == ' ' || octet == '\t' || octet == '\n' ||
		    octet == '\r') {
			in_word = 0;
		} else {
			found->words += !in_word;
			in_word = 1;
		}
	}
	found->wrong += behind > 0;
}

static double
time_words(char **paths, struct found *found)
{
	double before = measure_now();

	memset(found, 0, sizeof(*found));
	for (; *paths != NULL; paths++) {
		struct text text = read_file(*paths);

		look_at(&text, found);
		free(text.octets);
	}
	if (found->wrong > 0 || found->words == 0)
		measure_fail("the files are no text");
	return measure_now() - before;
}

static double
time_plain(char **paths, size_t *octets)
{
	double before = measure_now();

	for (*octets = 0; *paths != NULL; paths++) {
		struct text text = read_file(*paths);

		*octets += text.length;
		free(text.octets);
	}
	return measure_now() - before;
}

static size_t
list_memory(const struct policy *policy)
{
	size_t i, octets = 0;

	for (i = 0; i < policy->list_count; i++)
		octets += names_memory(policy->lists[i]->names);
	return octets;
}

static double
time_load(const char *path)
{
	double before = measure_now(), after;
	struct policy *policy = measure_load(path);

	after = measure_now();
	policy_free(policy);
	return after - before;
}

static double
time_floor(const struct chase *chase, size_t patterns)
{
	const struct contestant floor = { "floor", chase_run, chase, NULL,
		{ 0 } };
	double before = measure_now();

	if (chase_run(&floor, patterns) != 0)
		measure_fail("the floor has holes");
	return measure_now() - before;
}

enum { LOAD, WORDS, PLAIN, FLOOR, COUNT };

static void
print(double ms[COUNT][ROUNDS_MAX])
{
	static const char *const words[COUNT] = { "load", "words", "plain",
		"floor" };
	unsigned i, round;

	for (i = 0; i < COUNT; i++) {
		printf(", \"%s\": [", words[i]);
		for (round = 0; round < rounds; round++)
			printf("%s%.4f", round > 0 ? ", " : "",
				ms[i][round] / 1e6);
		putchar(']');
	}
}

static void
measure_all(const char *path, char **files)
{
	static double ms[COUNT][ROUNDS_MAX];
	struct policy *policy = measure_load(path);
	size_t patterns = policy->pattern_count, octets = list_memory(policy);
	struct chase *chase = chase_new(&octets, 1);
	struct found found;
	unsigned round;

	policy_free(policy);
	for (round = 0; round < rounds; round++) {
		ms[LOAD][round] = time_load(path);
		ms[WORDS][round] = time_words(files, &found);
		ms[PLAIN][round] = time_plain(files, &octets);
		ms[FLOOR][round] = time_floor(chase, patterns);
	}
	chase_free(chase);
	printf("{\"patterns\": %zu, \"octets\": %zu, \"words found\": %zu",
		patterns, octets, found.words);
	print(ms);
	puts("}");
}

int
main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "r:")) != -1) {
		unsigned long value = option == 'r'
			? strtoul(optarg, NULL, 10) : 0;

		if (value == 0 || value > ROUNDS_MAX)
			return 2;
		rounds = (unsigned)value;
	}
	if (argc - optind < 2) {
		fputs("usage: reading [-r ROUNDS] POLICY FILE...\n", stderr);
		return 2;
	}
	measure_all(argv[optind], argv + optind + 1);
	return 0;
}
