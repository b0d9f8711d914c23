/*
 * bitsinkctl.c - the administrator's command.
 *
 * Exit codes: 0 done, 1 the policy has errors, 2 wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "policy.h"

enum { EXIT_DONE = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *arguments;
	const char *what;
	int (*run)(int argc, char **argv);
};

static int run_check(int argc, char **argv);
static int run_version(int argc, char **argv);
static int run_help(int argc, char **argv);

static const struct command commands[] = {
	{ "check", "[--lists DIRECTORY] FILE",
		"check a policy file as the module does, and warn", run_check },
	{ "version", "", "print the version", run_version },
	{ "help", "", "print this", run_help },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
usage(const char *wrong)
{
	if (wrong != NULL)
		fprintf(stderr, "bitsinkctl: %s\n", wrong);
	fprintf(stderr, "usage: bitsinkctl COMMAND; \"bitsinkctl help\" lists "
		"the commands\n");
	return EXIT_USAGE;
}

static void
print_diag(const struct diag *diag)
{
	size_t i, all = diag->errors + diag->warnings;

	for (i = 0; i < diag->kept; i++)
		fprintf(stderr, "%s\n", diag->items[i].text);
	if (all > diag->kept)
		fprintf(stderr, "and %zu more\n", all - diag->kept);
}

static int
run_check(int argc, char **argv)
{
	const char *directories[] = {
		BITSINK_SYSCONF_LISTS, BITSINK_DATA_LISTS, NULL
	};
	struct policy_options options;
	struct policy *policy;
	struct diag diag;
	int result;

	if (argc == 3 && strcmp(argv[0], "--lists") == 0) {
		directories[0] = argv[1];
		directories[1] = NULL;
		argc -= 2;
		argv += 2;
	}
	if (argc != 1 || argv[0][0] == '-')
		return usage("check takes [--lists DIRECTORY] FILE");
	memset(&diag, 0, sizeof(diag));
	options.list_directories = directories;
	options.check_patterns = 1;
	options.tape = NULL;
	if (getrandom(&options.key, sizeof(options.key), 0) !=
	    (ssize_t)sizeof(options.key)) {
		fprintf(stderr, "bitsinkctl: no random key: %s\n",
			strerror(errno));
		return EXIT_WRONG;
	}
	policy = policy_load(argv[0], &options, &diag);
	print_diag(&diag);
	if (policy != NULL)
		printf("%s: groups %zu, prefixes %zu, patterns %zu, warnings "
			"%zu\n", argv[0], policy->group_count,
			policy->prefix_count, policy->pattern_count,
			diag.warnings);
	else
		printf("%s: errors %zu, warnings %zu\n", argv[0], diag.errors,
			diag.warnings);
	result = policy != NULL ? EXIT_DONE : EXIT_WRONG;
	policy_free(policy);
	diag_clear(&diag);
	return result;
}

static int
run_version(int argc, char **argv)
{
	(void)argv;
	if (argc != 0)
		return usage("version takes no argument");
	printf("bitsinkctl %s\n", BITSINK_VERSION);
	return EXIT_DONE;
}

static int
run_help(int argc, char **argv)
{
	size_t i;

	(void)argv;
	if (argc != 0)
		return usage("help takes no argument");
	printf("usage: bitsinkctl COMMAND\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %-26s %s\n", commands[i].name,
			commands[i].arguments, commands[i].what);
	printf("\nSee bitsinkctl(1).\n");
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return usage(NULL);
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	fprintf(stderr, "bitsinkctl: found \"%s\", expected a command\n",
		argv[1]);
	return usage(NULL);
}
