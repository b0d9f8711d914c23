/*
 * lexer.h - the words of a policy file: unbound.conf's own grammar.
 *
 * An attribute is a word that ends with ':'; its value is the next word, in
 * quotes or not; '#' where a word may begin starts a comment up to the end of
 * the line. In quotes and outside, a backslash takes the octet behind it
 * along, and both stay in the value.
 *
 * Thread-safety: one lexer belongs to one thread.
 */
#ifndef BITSINK_LEXER_H
#define BITSINK_LEXER_H

#include <stddef.h>
#include <string.h>

#include "file.h"

struct lexer {
	const struct file *file;
	size_t at;
	unsigned line;
	size_t line_start;
};

struct token {
	/* The word, without quotes and without an attribute's ':'; in the
	 * file's memory, not ended by a NUL. */
	const char *text;
	size_t length;
	struct origin where;
	/* The text begins one octet behind where. */
	int quoted;
};

enum lexer_result {
	LEXER_WORD, /* the token is filled */
	LEXER_END, /* the file ends here; where is filled */
	LEXER_WRONG /* reported; the token is what was found */
};

void lexer_start(struct lexer *lexer, const struct file *file);

/* Reads an attribute. What is no attribute is reported and passed over. */
enum lexer_result lexer_attribute(struct lexer *lexer, struct token *token,
	struct diag *diag);

/*
 * Reads the value of ATTRIBUTE. A value may stand on a later line, as in
 * unbound.conf; what ends with ':' there is taken for the next attribute, the
 * missing value is reported, and the attribute is left to be read.
 */
enum lexer_result lexer_value(struct lexer *lexer,
	const struct token *attribute, struct token *token, struct diag *diag);

/* Whether the token is WORD. Most words are known when this is compiled, and
 * most tokens have another length. */
static inline int
token_is(const struct token *token, const char *word)
{
	return token->length == strlen(word) &&
		memcmp(token->text, word, token->length) == 0;
}

/* Goes on at the next line, after an error. */
void lexer_skip_line(struct lexer *lexer);

#endif
