/*
 * oddity.h - names that no person chose: made by an algorithm, or of data.
 *
 * It is a guess, by what the labels look like. Words in Latin letters pass,
 * also strung together or abbreviated; so do numbers behind a word.
 *
 * Thread-safety: pure functions on the caller's values.
 */
#ifndef BITSINK_ODDITY_H
#define BITSINK_ODDITY_H

#include "name.h"

/* Room for a reason. */
#define ODDITY_MAX (NAME_TEXT_MAX + 64)

/* Whether NAME has such a label (the last one, the top-level domain, is not
 * looked at); then WHY, of ODDITY_MAX octets, tells which, and why. */
int oddity_of(const struct name *name, char *why);

#endif
