/*
 * lists.h - the lines of a list file: a pattern, its ports, a comment.
 *
 *	# comment
 *	*.windowsupdate.com    http          # comment
 *	download.example       http https
 *	other.example          443/tcp,8530
 *
 * The ports are for people and for firewalls; DNS has none.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_LISTS_H
#define BITSINK_LISTS_H

#include <stddef.h>

#include "lexer.h"

/* A line on its way: AT is that of the newline, or of the NUL behind the text,
 * when all of it has been read; the next line begins behind that. */
struct list_line {
	const struct file *file;
	size_t at;
	size_t start;
	unsigned number;
};

/* The pattern, which is the first word of a line, and each of the words behind
 * it. A length of 0 is none: then WORD's text is where the comment begins, or
 * where the line ends. */
void lists_pattern(struct list_line *line, struct token *word);
void lists_port(struct list_line *line, struct token *word);

#endif
