/* SPDX-License-Identifier: ISC
 *
 * NTP short format: unsigned 16.16 fixed-point seconds (RFC 5905 section 6),
 * for root delay and root dispersion.  Host order. */
#ifndef COMMON_NTPSHORT_H
#define COMMON_NTPSHORT_H

#include <stdint.h>

/* Seconds, 0..65536. */
static inline double
ntpshort_to_span(uint32_t n)
{
	return n / 65536.0;
}

/* Rounds up, since both users are error bounds; saturates; NaN and negative
 * spans give 0. */
static inline uint32_t
ntpshort_from_span(double s)
{
	double n = s * 65536.0;

	if (!(n > 0))
		return 0;
	if (n > 4294967295.0)
		return UINT32_MAX;

	uint32_t r = (uint32_t)n;

	return r < n && r < UINT32_MAX ? r + 1 : r;
}

#endif
