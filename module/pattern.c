/*
 * pattern.c - what an allow or a deny says: one pattern of owner names.
 */
#include "pattern.h"

#include <limits.h>
#include <string.h>

/* The text on its way into labels. */
struct reader {
	const char *text;
	size_t length;
	size_t at;
	struct pattern *pattern;
	struct pattern_error *error;
};

static int
fail(struct reader *reader, size_t at, const char *expected)
{
	reader->error->at = at;
	reader->error->expected = expected;
	return -1;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads what follows a backslash into OCTET. */
static int
read_escape(struct reader *reader, uint8_t *octet)
{
	const char *text = reader->text + reader->at;
	size_t left = reader->length - reader->at;
	int value;

	if (left == 0)
		return fail(reader, reader->at - 1, "an octet after '\\'");
	if (!is_digit(text[0])) {
		*octet = (uint8_t)text[0];
		reader->at++;
		return 0;
	}
	if (left < 3 || !is_digit(text[1]) || !is_digit(text[2]))
		return fail(reader, reader->at - 1, "three digits after '\\'");
	value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0';
	if (value > 255)
		return fail(reader, reader->at - 1,
			"an octet from \\000 to \\255");
	*octet = (uint8_t)value;
	reader->at += 3;
	return 0;
}

/* Reads one octet of a label; *WILD tells whether it is a wildcard. */
static int
read_octet(struct reader *reader, uint8_t *octet, int *wild)
{
	char c = reader->text[reader->at];

	*wild = 0;
	if ((uint8_t)c <= ' ' || (uint8_t)c == 0x7f)
		return fail(reader, reader->at,
			"no space or control character; \\DDD is one");
	if ((uint8_t)c > 0x7f)
		return fail(reader, reader->at,
			"ASCII: the name's A-label (xn--...), or \\DDD");
	reader->at++;
	if (c == '\\')
		return read_escape(reader, octet);
	*wild = c == '*';
	*octet = (uint8_t)c;
	return 0;
}

/* Of each octet that stands for itself in a label, written unescaped, its lower
 * case; 0 for the others. */
#define EIGHT(c) (c), (c) + 1, (c) + 2, (c) + 3, (c) + 4, (c) + 5, (c) + 6, \
	(c) + 7
static const uint8_t plain[UCHAR_MAX + 1] = {
	[0x21] = '!', '"', '#', '$', '%', '&', '\'', '(', ')', 0, '+', ',', '-',
	0, '/', EIGHT('0'), '8', '9', ':', ';', '<', '=', '>', '?', '@',
	EIGHT('a'), EIGHT('i'), EIGHT('q'), 'y', 'z', '[', 0, ']', '^', '_',
	'`', EIGHT('a'), EIGHT('i'), EIGHT('q'), 'y', 'z', '{', '|', '}', '~'
};

/* Reads what is plain of the label that begins at START, of which LENGTH octets
 * have been read, as far as there is room. Returns its octets. */
static unsigned
read_plain(struct reader *reader, unsigned start, unsigned length)
{
	const char *text = reader->text + reader->at;
	uint8_t *octets = reader->pattern->name.octets + start + 1 + length;
	size_t i, most = NAME_LABEL_MAX - length;

	/* The root label must fit behind it. */
	while (most > 0 && start + 1 + length + most + 1 > NAME_OCTETS_MAX)
		most--;
	if (most > reader->length - reader->at)
		most = reader->length - reader->at;
	for (i = 0; i < most; i++) {
		uint8_t octet = plain[(unsigned char)text[i]];

		if (octet == 0)
			break;
		octets[i] = octet;
	}
	reader->at += i;
	return (unsigned)i;
}

/* Reads the label at reader->at up to its dot or the end of the text. */
static int
read_label(struct reader *reader)
{
	struct name *name = &reader->pattern->name;
	unsigned length = 0, start = name->length;
	uint64_t star = 0;
	int wild, after_wild = 0;

	if (reader->text[reader->at] == '.')
		return fail(reader, reader->at, "a label before '.'");
	while (reader->at < reader->length && reader->text[reader->at] != '.') {
		unsigned run = read_plain(reader, start, length);
		size_t from = reader->at;
		uint8_t octet;

		if (run > 0) {
			length += run;
			after_wild = 0;
			continue;
		}
		if (read_octet(reader, &octet, &wild) != 0)
			return -1;
		if (wild && after_wild)
			return fail(reader, from, "one '*', not two; a leading "
				"'*.' stands for any number of labels already");
		after_wild = wild;
		if (length == NAME_LABEL_MAX)
			return fail(reader, from,
				"a label of at most 63 octets");
		/* The root label must fit behind it. */
		if (start + 1 + length + 2 > NAME_OCTETS_MAX)
			return fail(reader, from,
				"a name of at most 255 octets");
		if (wild)
			star |= (uint64_t)1 << length;
		name->octets[start + 1 + length++] = octet_lower(octet);
	}
	name->octets[start] = (uint8_t)length;
	name->offset[name->labels] = (uint8_t)start;
	reader->pattern->star[name->labels++] = star;
	name->length = (uint8_t)(start + 1 + length);
	return 0;
}

/* Takes the leading '.', '*.' or '*' that says whether names below count. */
static void
read_scope(struct reader *reader)
{
	const char *text = reader->text;
	size_t length = reader->length;

	reader->pattern->scope = PATTERN_SELF;
	if (length == 1 && text[0] == '.') {
		reader->at = 1;
	} else if (text[0] == '.') {
		reader->pattern->scope = PATTERN_SELF | PATTERN_BELOW;
		reader->at = 1;
	} else if (text[0] == '*' && (length == 1 || text[1] == '.')) {
		reader->pattern->scope = PATTERN_BELOW;
		reader->at = length == 1 ? 1 : 2;
	}
}

int
pattern_from_text(struct pattern *pattern, const char *text, size_t length,
	struct pattern_error *error)
{
	struct reader reader = { text, length, 0, pattern, error };
	struct name *name = &pattern->name;

	name->length = 0;
	name->labels = 0;
	if (length == 0)
		return fail(&reader, 0, "a name");
	read_scope(&reader);
	while (reader.at < length) {
		if (read_label(&reader) != 0)
			return -1;
		if (reader.at < length)
			reader.at++; /* the dot; a final one ends the name */
	}
	name->octets[name->length] = 0;
	name->offset[name->labels] = name->length;
	name->length++;
	/* The shortest name below has one label of one octet more. */
	if (pattern->scope == PATTERN_BELOW &&
	    name->length + 2 > NAME_OCTETS_MAX)
		return fail(&reader, 0, "a name short enough to have names "
			"below it");
	return 0;
}

unsigned
pattern_label_rank(const uint8_t *label, uint64_t star)
{
	unsigned stars = 0;

	if (star == 0)
		return PATTERN_RANK_LITERAL;
	for (; star != 0; star &= star - 1)
		stars++;
	return (label[0] & NAME_LABEL_MAX) - stars;
}

/* The usual two-pointer match: on a mismatch the last '*' takes one octet more.
 * At most 63 * 63 steps. */
int
pattern_label_matches(const uint8_t *label, uint64_t star,
	const uint8_t *other)
{
	unsigned p = 0, o = 0, retry_p = 0, retry_o = 0;
	unsigned length = label[0] & NAME_LABEL_MAX;
	int have_star = 0;

	while (o < other[0]) {
		if (p < length && (star >> p & 1)) {
			have_star = 1;
			retry_p = ++p;
			retry_o = o;
		} else if (p < length && label[1 + p] == other[1 + o]) {
			p++;
			o++;
		} else if (have_star) {
			p = retry_p;
			o = ++retry_o;
		} else {
			return 0;
		}
	}
	while (p < length && (star >> p & 1))
		p++;
	return p == length;
}

int
pattern_matches(const struct pattern *pattern, const struct name *name,
	uint8_t *specificity)
{
	unsigned i, labels = pattern->name.labels;

	if (name->labels < labels ||
	    (name->labels == labels && !(pattern->scope & PATTERN_SELF)) ||
	    (name->labels > labels && !(pattern->scope & PATTERN_BELOW)))
		return 0;
	memset(specificity, 0, NAME_LABELS_MAX + 1);
	for (i = 1; i <= labels; i++) {
		const uint8_t *label = name_label(&pattern->name, labels - i);
		const uint8_t *other = name_label(name, name->labels - i);
		uint64_t star = pattern->star[labels - i];

		if (star == 0 ? !label_equal(label, other)
		    : !pattern_label_matches(label, star, other))
			return 0;
		specificity[i - 1] =
			(uint8_t)(pattern_label_rank(label, star) + 1);
	}
	return 1;
}
