/* SPDX-License-Identifier: ISC
 *
 * Latencies by the million: counted in classes that are 3 % wide. */
#ifndef TESTS_BENCH_SERVER_LATENCY_H
#define TESTS_BENCH_SERVER_LATENCY_H

#include <stdint.h>

#define LATENCY_CLASSES 1024

struct latency {
	uint64_t counts[LATENCY_CLASSES];
	uint64_t n, largest; /* ns */
};

void latency_add(struct latency *, uint64_t ns);

/* us that a share 0..1 of them did not exceed; 0 without any. */
double latency_us(const struct latency *, double share);

#endif
