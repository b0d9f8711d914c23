/*
 * oddity.c - names that no person chose: made by an algorithm, or of data.
 */
#include "oddity.h"

#include <stdio.h>

/* Names that carry data are about as long as they may be. */
#define LONG_NAME 110
#define LONG_LABEL 45
/* Shorter runs of hexadecimal digits may be words or numbers. */
#define HEX_LONG 16
#define HEX_MIXED 10
#define MIXED_MIN 10
#define LETTERS_MIN 9
/* No word that one meets has as many in a row. */
#define CONSONANTS_MAX 6

/* What a label is made of; hyphens and underscores do not count. */
struct makeup {
	unsigned length;
	unsigned digits;
	unsigned letters;
	unsigned hex;
	/* Octets that are in no host name. */
	unsigned others;
	/* From a letter to a digit, or back. */
	unsigned changes;
	/* Pairs of letters, and those of them that are common in words. */
	unsigned pairs;
	unsigned common;
	/* The longest run of consonants. */
	unsigned consonants;
};

/* About four of five pairs of letters in English words and names of services
 * are of these, and one of six in random letters. */
static const char common_pairs[] =
	"ab ac ad ag ai al am an ap ar as at av ba be bi bl bo ca ce ch ci ck "
	"cl co ct da de di do ea ec ed ee ef el em en er es et ev ew ex fe fi "
	"fo fr ge gi gr ha he hi ho ic id ie if ig il im in io ir is it iv ke "
	"la ld le li ll lo ly ma me mi mo na nc nd ne ng ni no ns nt oa ob oc "
	"od of og ok ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr ra "
	"rc rd re ri ro rs rt sa sc se sh si so sp ss st su ta te th ti to tr "
	"ts ty ub uc ul um un up ur us ut va ve vi wa we wi";

static int
is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static int
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int
is_common(const uint8_t *pair)
{
	const char *at;

	for (at = common_pairs; ; at += 3) {
		if (at[0] == (char)pair[0] && at[1] == (char)pair[1])
			return 1;
		if (at[2] == '\0')
			return 0;
	}
}

static int
is_consonant(uint8_t c)
{
	return is_letter(c) && strchr("aeiouy", c) == NULL;
}

/* Counts octet I of a label, which has some before it. */
static void
count_octet(struct makeup *makeup, const uint8_t *octets, unsigned i,
	unsigned *run)
{
	uint8_t c = octets[i], before = i > 0 ? octets[i - 1] : '-';

	*run = is_consonant(c) ? *run + 1 : 0;
	if (*run > makeup->consonants)
		makeup->consonants = *run;
	if (c == '-' || c == '_')
		return;
	makeup->length++;
	makeup->digits += is_digit(c) != 0;
	makeup->letters += is_letter(c) != 0;
	makeup->others += !is_digit(c) && !is_letter(c);
	makeup->hex += is_digit(c) || (c >= 'a' && c <= 'f');
	makeup->changes += (is_letter(c) && is_digit(before)) ||
		(is_digit(c) && is_letter(before));
	if (is_letter(c) && is_letter(before)) {
		makeup->pairs++;
		makeup->common += is_common(octets + i - 1) != 0;
	}
}

static void
take_apart(struct makeup *makeup, const uint8_t *label)
{
	unsigned i, run = 0;

	memset(makeup, 0, sizeof(*makeup));
	for (i = 0; i < label[0]; i++)
		count_octet(makeup, label + 1, i, &run);
}

static int
is_hex(const struct makeup *makeup)
{
	if (makeup->hex < makeup->length || makeup->digits == 0)
		return 0;
	return makeup->length >= HEX_LONG ||
		(makeup->length >= HEX_MIXED && makeup->changes >= 3);
}

/* Letters and digits in turn, as in base32. */
static int
is_mixed(const struct makeup *makeup)
{
	return makeup->length >= MIXED_MIN && makeup->changes >= 3 &&
		makeup->changes * 5 > makeup->length &&
		(makeup->changes * 7 > makeup->length * 2 ||
		makeup->common * 2 < makeup->pairs);
}

/* Letters that make no words. */
static int
is_gibberish(const struct makeup *makeup)
{
	if (makeup->letters < LETTERS_MIN)
		return 0;
	return makeup->common * 3 < makeup->pairs ||
		(makeup->consonants > CONSONANTS_MAX &&
		makeup->common * 2 < makeup->pairs);
}

/* Why LABEL looks like that; NULL where it does not. */
static const char *
oddity_of_label(const uint8_t *label)
{
	struct makeup makeup;

	take_apart(&makeup, label);
	if (makeup.length >= 8 && makeup.others * 4 >= makeup.length)
		return "binary data";
	if (label[0] >= LONG_LABEL && makeup.common * 3 < makeup.pairs * 2)
		return "very long";
	if (is_hex(&makeup))
		return "hexadecimal";
	/* An A-label looks like that in every language. */
	if (label[0] > 4 && memcmp(label + 1, "xn--", 4) == 0)
		return NULL;
	if (is_mixed(&makeup))
		return "letters and digits in turn";
	return is_gibberish(&makeup) ? "random letters" : NULL;
}

/* A label as text, without a dot; an asterisk is one that is no wildcard. */
static void
write_label(const uint8_t *label, char *text)
{
	uint8_t wire[NAME_LABEL_MAX + 2];

	memcpy(wire, label, label[0] + 1u);
	wire[label[0] + 1] = 0;
	name_to_text(wire, label[0] + 2u, text);
	text[strlen(text) - 1] = '\0';
}

int
oddity_of(const struct name *name, char *why)
{
	char text[NAME_TEXT_MAX];
	unsigned i;

	for (i = 0; i + 1 < name->labels; i++) {
		const char *reason = oddity_of_label(name_label(name, i));

		if (reason == NULL)
			continue;
		write_label(name_label(name, i), text);
		snprintf(why, ODDITY_MAX, "%s: %s", text, reason);
		return 1;
	}
	/* Data may be cut into labels that each look like nothing. */
	if (name->length >= LONG_NAME && !(name->labels >= 2 &&
	    memcmp(name_label(name, name->labels - 1u), "\4arpa", 5) == 0)) {
		snprintf(why, ODDITY_MAX, "a name of %u octets", name->length);
		return 1;
	}
	return 0;
}
