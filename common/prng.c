/* SPDX-License-Identifier: ISC
 *
 * The state is filled by SplitMix64, as xoshiro's authors advise: it is never
 * all zero, and near seeds have nothing in common. */
#include "common/prng.h"

#include <assert.h>
#include <math.h>

static uint64_t
splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

void
prng_init(struct prng *p, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		p->s[i] = splitmix(&seed);
}

uint64_t
prng_u64(struct prng *p)
{
	uint64_t *s = p->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t
prng_below(struct prng *p, uint64_t n)
{
	assert(n > 0);

	/* The first 2^64 mod n numbers would make small results likelier. */
	uint64_t skip = -n % n, r;

	do
		r = prng_u64(p);
	while (r < skip);
	return r % n;
}

double
prng_unit(struct prng *p)
{
	return (double)(prng_u64(p) >> 11) * 0x1p-53;
}

double
prng_normal(struct prng *p)
{
	/* Box and Muller; 1 - u, since log(0) would be infinite. */
	double r = sqrt(-2 * log(1 - prng_unit(p)));

	return r * cos(2 * M_PI * prng_unit(p));
}
