/* SPDX-License-Identifier: ISC
 *
 * A class is the first set bit and the five behind it. */
#include "tests/bench/server/latency.h"

#define BITS 5

static unsigned
class_of(uint64_t ns)
{
	unsigned shift = 0;

	while (ns >> shift >> (BITS + 1) != 0)
		shift++;

	unsigned class = (shift << BITS) + (unsigned)(ns >> shift);

	return class < LATENCY_CLASSES ? class : LATENCY_CLASSES - 1;
}

/* The middle of a class, ns. */
static double
middle(unsigned class)
{
	unsigned shift = class >> BITS;

	if (shift <= 1)
		return class;
	shift--;
	return (double)(((uint64_t)(class - (shift << BITS)) << shift) +
	    (UINT64_C(1) << shift >> 1));
}

void
latency_add(struct latency *l, uint64_t ns)
{
	l->counts[class_of(ns)]++;
	l->n++;
	if (ns > l->largest)
		l->largest = ns;
}

double
latency_us(const struct latency *l, double share)
{
	uint64_t left = (uint64_t)(share * (double)l->n);

	if (l->n == 0)
		return 0;
	if (left >= l->n)
		return (double)l->largest * 1e-3;
	for (unsigned i = 0; i < LATENCY_CLASSES; i++) {
		if (left < l->counts[i])
			return middle(i) * 1e-3;
		left -= l->counts[i];
	}
	return 0; /* not reached */
}
