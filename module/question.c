/*
 * question.c - a query as people write it.
 */
#include "question.h"

#include <string.h>

#include "pattern.h"
#include "rrtype.h"

/* More than any name takes whose octets are all escaped. */
#define TEXT_MAX (2 * NAME_TEXT_MAX)

/* In a name an asterisk is no wildcard. 0, or -1 for what is too long. */
static int
escape_asterisks(char *out, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		if (used + sizeof("\\042") > size)
			return -1;
		if (*text == '\\' && text[1] != '\0') {
			out[used++] = *text++;
			out[used++] = *text;
		} else if (*text == '*') {
			memcpy(out + used, "\\042", 4);
			used += 4;
		} else {
			out[used++] = *text;
		}
	}
	out[used] = '\0';
	return 0;
}

const char *
question_read_name(struct question *question, const char *name)
{
	struct pattern pattern;
	struct pattern_error error;
	char text[TEXT_MAX];

	if (escape_asterisks(text, sizeof(text), name) != 0)
		return "a name of at most 255 octets";
	if (pattern_from_text(&pattern, text, strlen(text), &error) != 0)
		return error.expected;
	if (pattern.scope != PATTERN_SELF)
		return "a name, which does not begin with a dot";
	memcpy(question->qname, pattern.name.octets, pattern.name.length);
	question->query.qname = question->qname;
	question->query.qname_len = pattern.name.length;
	return NULL;
}

const char *
question_read(struct question *question, const char *client, const char *name,
	const char *type, const char *rrclass, const char **found)
{
	const char *expected;

	*found = client != NULL ? client : "";
	if (address_from_text(&question->query.client, *found) != 0)
		return "an IPv4 or IPv6 address of a client";
	*found = name != NULL ? name : "";
	expected = question_read_name(question, *found);
	if (expected != NULL)
		return expected;
	question->query.qtype = RRTYPE_A;
	*found = type;
	if (type != NULL && rrtype_from_text(type, &question->query.qtype) != 0)
		return "a type, as A, AAAA, HTTPS or TYPE65";
	question->query.qclass = RRCLASS_IN;
	*found = rrclass;
	if (rrclass != NULL &&
	    rrclass_from_text(rrclass, &question->query.qclass) != 0)
		return "a class, as IN, CH, ANY or CLASS1";
	return NULL;
}
