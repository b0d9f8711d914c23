/*
 * rrtype.c - the words for types and classes of records.
 */
#include "rrtype.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "name.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct word {
	uint16_t number;
	char text[RRTYPE_TEXT_MAX];
};

/* The words of one kind, and what stands before a number without one. */
struct words {
	const char *prefix;
	const struct word *word;
	size_t count;
};

static const struct word type_words[] = {
	{ 1, "A" }, { 2, "NS" }, { 3, "MD" }, { 4, "MF" }, { 5, "CNAME" },
	{ 6, "SOA" }, { 7, "MB" }, { 8, "MG" }, { 9, "MR" }, { 10, "NULL" },
	{ 11, "WKS" }, { 12, "PTR" }, { 13, "HINFO" }, { 14, "MINFO" },
	{ 15, "MX" }, { 16, "TXT" }, { 17, "RP" }, { 18, "AFSDB" },
	{ 19, "X25" }, { 20, "ISDN" }, { 21, "RT" }, { 22, "NSAP" },
	{ 23, "NSAP-PTR" }, { 24, "SIG" }, { 25, "KEY" }, { 26, "PX" },
	{ 27, "GPOS" }, { 28, "AAAA" }, { 29, "LOC" }, { 30, "NXT" },
	{ 31, "EID" }, { 32, "NIMLOC" }, { 33, "SRV" }, { 34, "ATMA" },
	{ 35, "NAPTR" }, { 36, "KX" }, { 37, "CERT" }, { 38, "A6" },
	{ 39, "DNAME" }, { 40, "SINK" }, { 41, "OPT" }, { 42, "APL" },
	{ 43, "DS" }, { 44, "SSHFP" }, { 45, "IPSECKEY" }, { 46, "RRSIG" },
	{ 47, "NSEC" }, { 48, "DNSKEY" }, { 49, "DHCID" }, { 50, "NSEC3" },
	{ 51, "NSEC3PARAM" }, { 52, "TLSA" }, { 53, "SMIMEA" }, { 55, "HIP" },
	{ 56, "NINFO" }, { 57, "RKEY" }, { 58, "TALINK" }, { 59, "CDS" },
	{ 60, "CDNSKEY" }, { 61, "OPENPGPKEY" }, { 62, "CSYNC" },
	{ 63, "ZONEMD" }, { 64, "SVCB" }, { 65, "HTTPS" }, { 66, "DSYNC" },
	{ 67, "HHIT" }, { 68, "BRID" }, { 99, "SPF" }, { 100, "UINFO" },
	{ 101, "UID" }, { 102, "GID" }, { 103, "UNSPEC" }, { 104, "NID" },
	{ 105, "L32" }, { 106, "L64" }, { 107, "LP" }, { 108, "EUI48" },
	{ 109, "EUI64" }, { 128, "NXNAME" }, { 249, "TKEY" }, { 250, "TSIG" },
	{ 251, "IXFR" }, { 252, "AXFR" }, { 253, "MAILB" }, { 254, "MAILA" },
	{ 255, "ANY" }, { 256, "URI" }, { 257, "CAA" }, { 258, "AVC" },
	{ 259, "DOA" }, { 260, "AMTRELAY" }, { 261, "RESINFO" },
	{ 262, "WALLET" }, { 263, "CLA" }, { 264, "IPN" }, { 32768, "TA" },
	{ 32769, "DLV" },
};

static const struct word class_words[] = {
	{ 1, "IN" }, { 3, "CH" }, { 4, "HS" }, { 254, "NONE" }, { 255, "ANY" },
};

static const struct words types = {
	"TYPE", type_words, COUNT_OF(type_words)
};

static const struct words classes = {
	"CLASS", class_words, COUNT_OF(class_words)
};

static void
to_text(const struct words *words, uint16_t number, char *text)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		if (words->word[i].number == number) {
			memcpy(text, words->word[i].text, RRTYPE_TEXT_MAX);
			return;
		}
	snprintf(text, RRTYPE_TEXT_MAX, "%s%u", words->prefix,
		(unsigned)number);
}

/* How many octets WORD has that TEXT begins with, in any letter case; 0 where
 * it does not. By octet_lower(), for strncasecmp() heeds the locale. */
static size_t
begins_with(const char *text, const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++)
		if (octet_lower((uint8_t)text[i]) !=
		    octet_lower((uint8_t)word[i]))
			return 0;
	return i;
}

/* A decimal number below 65536 without a leading zero. */
static int
read_number(const char *text, uint16_t *number)
{
	uint32_t value = 0;
	const char *at;

	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return -1;
	for (at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return -1;
		value = value * 10 + (uint32_t)(*at - '0');
		if (value > UINT16_MAX)
			return -1;
	}
	*number = (uint16_t)value;
	return 0;
}

static int
from_text(const struct words *words, const char *text, uint16_t *number)
{
	size_t i, length;

	for (i = 0; i < words->count; i++) {
		length = begins_with(text, words->word[i].text);
		if (length > 0 && text[length] == '\0') {
			*number = words->word[i].number;
			return 0;
		}
	}
	length = begins_with(text, words->prefix);
	return length > 0 ? read_number(text + length, number) : -1;
}

void
rrtype_to_text(uint16_t type, char *text)
{
	to_text(&types, type, text);
}

void
rrclass_to_text(uint16_t rrclass, char *text)
{
	to_text(&classes, rrclass, text);
}

int
rrtype_from_text(const char *text, uint16_t *type)
{
	return from_text(&types, text, type);
}

int
rrclass_from_text(const char *text, uint16_t *rrclass)
{
	return from_text(&classes, text, rrclass);
}
