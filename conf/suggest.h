/* SPDX-License-Identifier: ISC
 *
 * "Did you mean": the known word that a wrong one is closest to. */
#ifndef CONF_SUGGEST_H
#define CONF_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word;  /* what was written */
	const char *best;  /* the closest so far, NULL = none close enough */
	size_t distance;
};

/* Changes needed to get from a to b: letters put in, left out, replaced or
 * swapped with the next, whatever their case.  SIZE_MAX when one of them is
 * longer than 31 bytes. */
size_t suggest_distance(const char *a, const char *b);

/* Begins with word (borrowed, kept); then each known word is offered. */
void suggest_init(struct suggest *, const char *word);
void suggest_offer(struct suggest *, const char *known);

#endif
