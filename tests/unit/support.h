/*
 * support.h - what the unit tests share: conditions to wait for, rows that
 * say what they are, folders with files, policies loaded from them, names, and
 * chance that repeats.
 *
 * A table goes on after a wrong row, so that one run shows all of them: the
 * row_...() functions print the row and return how much is wrong; the test
 * adds it up and asserts 0 at its end.
 */
#ifndef BITSINK_TEST_SUPPORT_H
#define BITSINK_TEST_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "name.h"
#include "policy.h"
#include "query.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- Conditions. Only a failing test waits that long. */

#define DEADLINE_SECONDS 60

static inline int64_t
real_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static inline void
pause_for(unsigned milliseconds)
{
	struct timespec pause = { 0, (long)milliseconds * 1000000 };

	nanosleep(&pause, NULL);
}

#define wait_until(condition) do { \
	int64_t until_ = real_seconds() + DEADLINE_SECONDS; \
	while (!(condition)) { \
		assert_true(real_seconds() < until_); \
		pause_for(1); \
	} \
} while (0)

/* --- Rows of tables. */

static inline int
row_text(const char *row, const char *expected, const char *found)
{
	if (strcmp(expected, found) == 0)
		return 0;
	print_error("%s:\n  expected \"%s\"\n  found    \"%s\"\n", row,
		expected, found);
	return 1;
}

static inline int
row_number(const char *row, const char *what, long expected, long found)
{
	if (expected == found)
		return 0;
	print_error("%s: %s: expected %ld, found %ld\n", row, what, expected,
		found);
	return 1;
}

static inline int
row_octets(const char *row, const uint8_t *expected, size_t expected_length,
	const uint8_t *found, size_t found_length)
{
	size_t i;

	if (expected_length == found_length &&
	    memcmp(expected, found, found_length) == 0)
		return 0;
	print_error("%s:\n  expected", row);
	for (i = 0; i < expected_length; i++)
		print_error(" %02x", expected[i]);
	print_error("\n  found   ");
	for (i = 0; i < found_length; i++)
		print_error(" %02x", found[i]);
	print_error("\n");
	return 1;
}

/* --- Chance: the same in every run (the steps of splitmix64). */

struct chance {
	uint64_t state;
};

static inline uint64_t
chance_word(struct chance *chance)
{
	uint64_t word = chance->state += 0x9e3779b97f4a7c15u;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
	return word ^ (word >> 31);
}

/* A number from 0 to LIMIT - 1. */
static inline unsigned
chance_below(struct chance *chance, unsigned limit)
{
	return (unsigned)(chance_word(chance) % limit);
}

/* --- Names. */

/* A label of one to three octets; returns the place behind it. */
static inline char *
chance_label(struct chance *chance, char *text)
{
	unsigned length = 1 + chance_below(chance, 3);

	for (; length > 0; length--)
		*text++ = (char)('a' + chance_below(chance, 2));
	*text = '\0';
	return text;
}

/* A name over 'a' and 'b', so that many patterns match it. */
static inline void
chance_name(struct chance *chance, char *text)
{
	unsigned labels = chance_below(chance, 6);

	strcpy(text, ".");
	for (; labels > 0; labels--)
		text = strcpy(chance_label(chance, text), ".") + 1;
}

/* A pattern over 'a' and 'b'. With WILD 2 every second label has a wildcard,
 * with 3 two of three have; with 0 none has. */
static inline void
chance_pattern(struct chance *chance, unsigned wild, char *text)
{
	static const char *const labels[] = { "*", "a*", "*a", "*b", "b*",
		"*a*", "a*b", "b*a", "*ab", "a*a*", "\\*", "\\**" };
	static const char *const fronts[] = { "", "", "*.", "." };
	const char *front = fronts[chance_below(chance, 4)];
	unsigned left = chance_below(chance, 5);
	/* A lone '*' must not come first, for it would be a "*." then. */
	unsigned first = *front == '\0';

	if (left == 0) {
		strcpy(text, chance_below(chance, 2) ? "*" : ".");
		return;
	}
	text += sprintf(text, "%s", front);
	for (; left > 0; left--, first = 0) {
		if (wild > 0 && chance_below(chance, wild) > 0)
			text += sprintf(text, "%s", labels[first +
				chance_below(chance, COUNT_OF(labels) - 1)]);
		else
			text = chance_label(chance, text);
		text = strcpy(text, ".") + 1;
	}
}

/* Writes a name without escapes in wire format; returns its octets. WIRE has
 * room for two more than the text. */
static inline size_t
wire_of(const char *text, uint8_t *wire)
{
	size_t at = 0;

	while (*text != '\0' && strcmp(text, ".") != 0) {
		size_t length = strcspn(text, ".");

		wire[at] = (uint8_t)length;
		memcpy(wire + at + 1, text, length);
		at += length + 1;
		text += length;
		text += *text == '.' && text[1] != '\0';
	}
	wire[at] = 0;
	return at + 1;
}

static inline struct name
name_of(const char *text)
{
	uint8_t wire[NAME_OCTETS_MAX + 2];
	struct name name;

	assert_true(strlen(text) < NAME_OCTETS_MAX);
	assert_int_equal(name_from_wire(&name, wire, wire_of(text, wire)), 0);
	return name;
}

/* --- Folders: a test that has one works inside it, so that paths in messages
 * are short and always the same. */

struct folder {
	char path[64];
	char before[4096];
};

static inline int
folder_remove_entry(const char *path, const struct stat *status, int type,
	struct FTW *walk)
{
	(void)status;
	(void)type;
	return walk->level == 0 ? 0 : remove(path);
}

/* Between two rows of a table. */
static inline void
folder_empty(void)
{
	assert_int_equal(nftw(".", folder_remove_entry, 8,
		FTW_DEPTH | FTW_PHYS), 0);
}

/* A cmocka setup and its teardown. */
static inline int
folder_enter(void **state)
{
	struct folder *folder = malloc(sizeof(*folder));

	if (folder == NULL)
		return -1;
	strcpy(folder->path, "/tmp/bitsink-test-XXXXXX");
	if (getcwd(folder->before, sizeof(folder->before)) == NULL ||
	    mkdtemp(folder->path) == NULL || chdir(folder->path) != 0) {
		free(folder);
		return -1;
	}
	*state = folder;
	return 0;
}

static inline int
folder_leave(void **state)
{
	struct folder *folder = *state;
	int result;

	folder_empty();
	result = chdir(folder->before) | rmdir(folder->path);
	free(folder);
	return result;
}

#define test_in_folder(test) \
	cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

/* Writes a file, and makes the folders it is in. */
static inline void
write_octets(const char *name, const void *octets, size_t length)
{
	char folder[256];
	const char *slash = name;
	FILE *file;

	while ((slash = strchr(slash, '/')) != NULL) {
		assert_true((size_t)(slash - name) < sizeof(folder));
		memcpy(folder, name, (size_t)(slash - name));
		folder[slash - name] = '\0';
		assert_true(mkdir(folder, 0777) == 0 || errno == EEXIST);
		slash++;
	}
	file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void
write_text(const char *name, const char *text)
{
	write_octets(name, text, strlen(text));
}

/* Writes what a file of the time zone database has at least, for each of two
 * versions, and a rule (RFC 8536 section 3). */
static inline void
write_zone(const char *path, const char *rule)
{
	/* Six counts behind the version: one type, four octets of names. */
	static const char header[44] = { 'T', 'Z', 'i', 'f', '2',
		[39] = 1, [43] = 4 };
	/* The offset, whether it is daylight saving time, the name's place. */
	static const char type[10] = { 0, 0, 0, 0, 0, 0, 'U', 'T', 'C' };
	char octets[256];
	size_t length = 0;
	int i;

	for (i = 0; i < 2; i++) {
		memcpy(octets + length, header, sizeof(header));
		memcpy(octets + length + sizeof(header), type, sizeof(type));
		length += sizeof(header) + sizeof(type);
	}
	length += (size_t)snprintf(octets + length, sizeof(octets) - length,
		"\n%s\n", rule);
	write_octets(path, octets, length);
}

/* A file of a table's row; name NULL ends them. */
struct text_file {
	const char *name;
	const char *text;
};

static inline void
write_files(const struct text_file *files, size_t room)
{
	size_t i;

	for (i = 0; i < room && files[i].name != NULL; i++)
		write_text(files[i].name, files[i].text);
}

/* --- Policies. */

struct loaded {
	struct policy *policy;
	struct diag diag;
	/* All messages, each with a newline. */
	char *text;
};

/* Lists of the installation are in ./installed of the test's folder. SITE is
 * what the host declares, or NULL. */
static inline void
policy_reload_with(struct loaded *loaded, const char *path, const char *site)
{
	static const char *const directories[] = { "missing", "installed",
		NULL };
	const struct policy_options options = {
		.list_directories = directories,
		.key = { { 0x0123456789abcdefu, 0xfedcba9876543210u } },
		.check_patterns = 1,
		.site = site,
		.site_length = site != NULL ? strlen(site) : 0,
	};
	size_t i, length = 0;

	loaded->policy = policy_load(path, &options, &loaded->diag);
	for (i = 0; i < loaded->diag.kept; i++)
		length += strlen(loaded->diag.items[i].text) + 1;
	free(loaded->text);
	loaded->text = malloc(length + 1);
	assert_non_null(loaded->text);
	loaded->text[0] = '\0';
	for (i = 0, length = 0; i < loaded->diag.kept; i++)
		length += (size_t)sprintf(loaded->text + length, "%s\n",
			loaded->diag.items[i].text);
}

static inline void
policy_reload(struct loaded *loaded, const char *path)
{
	policy_reload_with(loaded, path, NULL);
}

static inline struct loaded
load_with_site(const char *path, const char *site)
{
	struct loaded loaded;

	memset(&loaded, 0, sizeof(loaded));
	policy_reload_with(&loaded, path, site);
	return loaded;
}

static inline struct loaded
load(const char *path)
{
	return load_with_site(path, NULL);
}

static inline void
unload(struct loaded *loaded)
{
	policy_free(loaded->policy);
	diag_clear(&loaded->diag);
	free(loaded->text);
}

/* Loads what must load; prints the messages where it does not. */
static inline struct loaded
load_good(const char *path)
{
	struct loaded loaded = load(path);

	if (loaded.policy == NULL)
		print_error("%s", loaded.text);
	assert_non_null(loaded.policy);
	return loaded;
}

/* A query in class IN for an address, in 1970; WIRE as in wire_of(). */
static inline struct query
query_of(const char *client, const char *qname, uint8_t *wire)
{
	struct query query;

	assert_int_equal(address_from_text(&query.client, client), 0);
	query.qname_len = wire_of(qname, wire);
	query.qname = wire;
	query.qtype = RRTYPE_A;
	query.qclass = RRCLASS_IN;
	query.now = 0;
	return query;
}

/* What a policy says to that query. */
static inline enum verdict
verdict_of(const struct policy *policy, const char *client, const char *qname)
{
	uint8_t wire[NAME_OCTETS_MAX];
	struct query query = query_of(client, qname, wire);
	struct decision decision;

	policy_decide(policy, &query, &decision);
	return decision.verdict;
}

#endif
