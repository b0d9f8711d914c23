/*
 * options.h - the options of a policy file, as a table for documentation.
 */
#ifndef BITSINK_OPTIONS_H
#define BITSINK_OPTIONS_H

struct option_row {
	/* "bitsink" or "group". */
	const char *clause;
	const char *name;
	/* What a value looks like. */
	const char *values;
	/* What is in force without it; NULL where that means nothing. */
	const char *fallback;
};

/* Row NUMBER of the table, or NULL behind its end. */
const struct option_row *options_row(unsigned number);

#endif
