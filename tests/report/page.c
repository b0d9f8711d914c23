/*
 * page.c - makes a page of replies that lie in files, for tests/report/run.
 *
 *   page FOLDER >PAGE
 *
 * FOLDER has the replies of report.h, without their last record: status,
 * groups, history, clients, names, rules, pairs, findings, and history-N of
 * group number N, from 1; a reply whose file is missing has no record.
 *
 * Exit codes: 0 done, 1 a reply is wrong or the page was not written, 2 wrong
 * usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define PATH_OCTETS 4096
#define REPLY_OCTETS_MAX (16U << 20)

static void
die(const char *path, const char *wrong)
{
	fprintf(stderr, "page: %s: %s\n", path, wrong);
	exit(1);
}

/* The whole of FILE, with a NUL behind it. */
static char *
read_all(FILE *file, const char *path, size_t *length)
{
	char *memory = malloc(REPLY_OCTETS_MAX + 1);

	if (memory == NULL)
		die(path, "out of memory");
	*length = fread(memory, 1, REPLY_OCTETS_MAX + 1, file);
	if (ferror(file))
		die(path, "cannot be read");
	if (*length > REPLY_OCTETS_MAX)
		die(path, "is too long");
	memory[*length] = '\0';
	return memory;
}

static void
read_reply(struct reply *reply, const char *folder, const char *name)
{
	char path[PATH_OCTETS], wrong[256] = "";
	size_t length;
	char *memory;
	FILE *file;

	memset(reply, 0, sizeof(*reply));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (file == NULL && errno == ENOENT)
		return;
	if (file == NULL)
		die(path, strerror(errno));
	memory = read_all(file, path, &length);
	(void)fclose(file);
	if (reply_parse(reply, memory, length, wrong, sizeof(wrong)) != 0)
		die(path, wrong);
}

static void
read_histories(struct report *report, const char *folder)
{
	size_t i;

	report->group_history_count = report->groups.count;
	if (report->groups.count == 0)
		return;
	report->group_history = calloc(report->groups.count,
		sizeof(*report->group_history));
	if (report->group_history == NULL)
		die(folder, "out of memory");
	for (i = 0; i < report->groups.count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "history-%zu", i + 1);
		read_reply(&report->group_history[i], folder, name);
	}
}

int
main(int argc, char **argv)
{
	struct report report;
	int result;

	if (argc != 2) {
		fprintf(stderr, "usage: page FOLDER >PAGE\n");
		return 2;
	}
	memset(&report, 0, sizeof(report));
	read_reply(&report.status, argv[1], "status");
	read_reply(&report.groups, argv[1], "groups");
	read_reply(&report.history, argv[1], "history");
	read_reply(&report.clients, argv[1], "clients");
	read_reply(&report.names, argv[1], "names");
	read_reply(&report.rules, argv[1], "rules");
	read_reply(&report.pairs, argv[1], "pairs");
	read_reply(&report.findings, argv[1], "findings");
	read_histories(&report, argv[1]);
	result = report_write(stdout, &report);
	report_clear(&report);
	if (result != 0)
		die("standard output", "the page was not written");
	return 0;
}
