/* SPDX-License-Identifier: ISC
 *
 * The era of a timestamp is never stored anywhere: it follows from how near the
 * timestamp is to a pivot that is known to be about right. */
#include "common/ntp64.h"

#include <assert.h>

#define UNIX_EPOCH INT64_C(2208988800) /* 1970-01-01 on the NTP scale, s */

struct tspec
ntp64_to_tspec(uint64_t n, struct tspec pivot)
{
	assert(n != NTP64_UNSET);

	/* The signed 32-bit distance from the pivot picks the era. */
	int64_t near = tspec_floor(pivot) + UNIX_EPOCH;
	int64_t sec = near + (int32_t)((uint32_t)(n >> 32) - (uint32_t)near);
	uint64_t nsec = ((n & UINT32_MAX) * NSEC + (UINT64_C(1) << 31)) >> 32;

	return (struct tspec){ (sec - UNIX_EPOCH) * NSEC + (int64_t)nsec };
}

uint64_t
ntp64_from_tspec(struct tspec t)
{
	int64_t sec = tspec_floor(t);
	uint64_t nsec = (uint64_t)(t.ns - sec * NSEC);
	uint64_t frac = ((nsec << 32) + NSEC / 2) / NSEC;
	uint64_t n = ((uint64_t)(sec + UNIX_EPOCH) << 32) + frac;

	return n == NTP64_UNSET ? 1 : n;
}
