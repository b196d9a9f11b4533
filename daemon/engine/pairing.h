/* SPDX-License-Identifier: ISC
 *
 * What interleaved clients come back for (RFC 9769): the receive timestamp of
 * each answer, by which such a client names it, and when that answer really
 * left.  The memory is fixed; a flood makes clients fall back to basic answers
 * and does no other harm.  Nothing of it depends on addresses: who cannot know
 * the 64 bits of a receive timestamp cannot ask for it. */
#ifndef DAEMON_ENGINE_PAIRING_H
#define DAEMON_ENGINE_PAIRING_H

#include <stdbool.h>
#include <stdint.h>

#define PAIRING_WAYS 4    /* places for one hash */
#define PAIRING_SETS 2048 /* a power of two; 128 KiB in all */

struct pairing {
	/* A set is a cache line of most machines. */
	_Alignas(64) struct pairing_pair {
		uint64_t receive, transmit; /* ntp64; 0 0 = free */
	} pairs[PAIRING_SETS][PAIRING_WAYS];
	uint64_t hash_key; /* odd, random */
};

/* All zeros but for the key: 64 random bits. */
void pairing_init(struct pairing *, uint64_t hash_key);

/* When the answer with this receive timestamp left; false: not known. */
bool pairing_find(const struct pairing *, uint64_t receive, uint64_t *transmit);

/* Keeps a pair in place of the oldest around, or sets it right. */
void pairing_put(struct pairing *, uint64_t receive, uint64_t transmit);

/* Sets right a pair that is still there. */
void pairing_correct(struct pairing *, uint64_t receive, uint64_t transmit);

/* How many pairs there are, and the s between the first and the last. */
void pairing_count(const struct pairing *, uint64_t *n, uint64_t *span_s);

#endif
