/*
 * rrtype.h - the words for types and classes of records.
 *
 * The words are those of IANA's registry "Domain Name System (DNS)
 * Parameters", with ANY for 255; a number without a word is TYPEn or CLASSn
 * (RFC 3597 section 5).
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_RRTYPE_H
#define BITSINK_RRTYPE_H

#include <stdint.h>

/* Room for the longest word, with NUL. */
#define RRTYPE_TEXT_MAX 16

/* Numbers are in host byte order. TEXT holds RRTYPE_TEXT_MAX octets. */
void rrtype_to_text(uint16_t type, char *text);
void rrclass_to_text(uint16_t rrclass, char *text);

/* Reads a word, or TYPEn or CLASSn also for what has one, in any letter case.
 * 0, or -1 for what is neither; then the number is as it was. */
int rrtype_from_text(const char *text, uint16_t *type);
int rrclass_from_text(const char *text, uint16_t *rrclass);

#endif
