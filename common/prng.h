/* SPDX-License-Identifier: ISC
 *
 * A small generator whose numbers follow from its seed alone (xoshiro256**,
 * Blackman and Vigna, 2018), so that a simulated run repeats.  Never for
 * anything that an attacker must not guess: that is os->random. */
#ifndef COMMON_PRNG_H
#define COMMON_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t s[4];
};

/* Any seed will do; equal seeds give equal numbers on every machine. */
void prng_init(struct prng *, uint64_t seed);

uint64_t prng_u64(struct prng *);

/* 0 <= result < n, each equally likely; n > 0. */
uint64_t prng_below(struct prng *, uint64_t n);

/* 0 <= result < 1, multiples of 2^-53. */
double prng_unit(struct prng *);

/* Normal distribution with mean 0 and standard deviation 1. */
double prng_normal(struct prng *);

#endif
