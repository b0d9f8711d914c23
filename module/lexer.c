/*
 * lexer.c - the words of a policy file: unbound.conf's own grammar.
 */
#include "lexer.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

void
lexer_start(struct lexer *lexer, const struct file *file)
{
	lexer->file = file;
	lexer->at = 0;
	lexer->line = 1;
	lexer->line_start = 0;
}

static int
at_end(const struct lexer *lexer)
{
	return lexer->at >= lexer->file->length;
}

static char
peek(const struct lexer *lexer)
{
	return lexer->file->text[lexer->at];
}

static void
step(struct lexer *lexer)
{
	if (peek(lexer) == '\n') {
		lexer->line++;
		lexer->line_start = lexer->at + 1;
	}
	lexer->at++;
}

/* What an octet may end, in bits; 0 for one that ends nothing. */
enum octet_kind {
	OCTET_SPACE = 1,
	OCTET_LINE = 2,
	OCTET_QUOTE = 4,
	OCTET_ESCAPE = 8,
	OCTET_COLON = 16,
	OCTET_COMMENT = 32
};

static const uint8_t octet_kinds[UCHAR_MAX + 1] = {
	[' '] = OCTET_SPACE,
	['\t'] = OCTET_SPACE,
	['\r'] = OCTET_SPACE,
	['\n'] = OCTET_SPACE | OCTET_LINE,
	['"'] = OCTET_QUOTE,
	['\''] = OCTET_QUOTE,
	['\\'] = OCTET_ESCAPE,
	[':'] = OCTET_COLON,
	['#'] = OCTET_COMMENT
};

static int
is_space(char c)
{
	return (octet_kinds[(unsigned char)c] & OCTET_SPACE) != 0;
}

/* Goes on to the next octet of one of KINDS, which have OCTET_LINE or
 * OCTET_SPACE, so that no line ends on the way. */
static void
skip_to(struct lexer *lexer, unsigned kinds)
{
	const char *text = lexer->file->text;
	size_t at = lexer->at, end = lexer->file->length;

	while (at < end && (octet_kinds[(unsigned char)text[at]] & kinds) == 0)
		at++;
	lexer->at = at;
}

void
lexer_skip_line(struct lexer *lexer)
{
	while (!at_end(lexer) && peek(lexer) != '\n')
		step(lexer);
}

/* Spaces and comments. */
static void
skip_blank(struct lexer *lexer)
{
	while (!at_end(lexer)) {
		if (peek(lexer) == '#')
			lexer_skip_line(lexer);
		else if (is_space(peek(lexer)))
			step(lexer);
		else
			return;
	}
}

static void
begin(const struct lexer *lexer, struct token *token)
{
	token->text = lexer->file->text + lexer->at;
	token->length = 0;
	token->quoted = 0;
	token->where.file = lexer->file->name;
	token->where.line = lexer->line;
	token->where.column = (unsigned)(lexer->at - lexer->line_start) + 1;
}

static void
end(const struct lexer *lexer, struct token *token)
{
	token->length = (size_t)(lexer->file->text + lexer->at - token->text);
}

/* A backslash, and the octet behind it unless the line ends there. */
static void
take_escape(struct lexer *lexer)
{
	step(lexer);
	if (!at_end(lexer) && peek(lexer) != '\n')
		step(lexer);
}

/* Up to a space or a quote; a backslash takes the next octet along. */
static void
read_unquoted(struct lexer *lexer)
{
	for (;;) {
		skip_to(lexer, OCTET_SPACE | OCTET_QUOTE | OCTET_ESCAPE);
		if (at_end(lexer) || peek(lexer) != '\\')
			return;
		take_escape(lexer);
	}
}

enum lexer_result
lexer_attribute(struct lexer *lexer, struct token *token, struct diag *diag)
{
	skip_blank(lexer);
	begin(lexer, token);
	if (at_end(lexer))
		return LEXER_END;
	skip_to(lexer, OCTET_SPACE | OCTET_COLON | OCTET_QUOTE | OCTET_COMMENT);
	end(lexer, token);
	if (token->length > 0 && !at_end(lexer) && peek(lexer) == ':') {
		step(lexer);
		return LEXER_WORD;
	}
	if (token->length == 0)
		token->length = 1; /* the quote, '#' or ':' that stands there */
	diag_error(diag, token->where,
		"found \"%.*s\", expected an attribute that ends with ':'",
		(int)(token->length < 80 ? token->length : 80), token->text);
	lexer_skip_line(lexer);
	return LEXER_WRONG;
}

static enum lexer_result
read_quoted(struct lexer *lexer, struct token *token, struct diag *diag)
{
	char quote = peek(lexer);

	step(lexer);
	token->text++;
	token->quoted = 1;
	for (;;) {
		skip_to(lexer, OCTET_LINE | OCTET_QUOTE | OCTET_ESCAPE);
		if (at_end(lexer) || peek(lexer) == quote ||
		    peek(lexer) == '\n')
			break;
		if (peek(lexer) == '\\')
			take_escape(lexer);
		else
			step(lexer); /* the other quote */
	}
	end(lexer, token);
	if (at_end(lexer) || peek(lexer) != quote) {
		diag_error(diag, token->where, "found the end of the line, "
			"expected %c to end the value that begins here", quote);
		return LEXER_WRONG;
	}
	step(lexer);
	return LEXER_WORD;
}

/* An unquoted value on a line of its own that looks like an attribute. */
static int
is_next_attribute(const struct token *attribute, const struct token *token)
{
	return token->where.line != attribute->where.line &&
		token->length > 1 && memchr(token->text, ':', token->length) ==
		token->text + token->length - 1;
}

enum lexer_result
lexer_value(struct lexer *lexer, const struct token *attribute,
	struct token *token, struct diag *diag)
{
	struct lexer before;

	skip_blank(lexer);
	before = *lexer;
	begin(lexer, token);
	if (at_end(lexer)) {
		diag_error(diag, token->where, "found the end of the file, "
			"expected a value for \"%.*s:\"",
			(int)attribute->length, attribute->text);
		return LEXER_END;
	}
	if (peek(lexer) == '"' || peek(lexer) == '\'')
		return read_quoted(lexer, token, diag);
	read_unquoted(lexer);
	end(lexer, token);
	if (is_next_attribute(attribute, token)) {
		*lexer = before;
		diag_error(diag, token->where,
			"found \"%.*s\", expected a value for \"%.*s:\"",
			(int)(token->length < 80 ? token->length : 80),
			token->text, (int)attribute->length, attribute->text);
		return LEXER_WRONG;
	}
	return LEXER_WORD;
}
