/* SPDX-License-Identifier: ISC
 *
 * NTP timestamps: 32.32 fixed-point seconds since 1900, modulo 2^32 s (RFC 5905
 * section 6).  Host order; the packet codec alone swaps bytes. */
#ifndef COMMON_NTP64_H
#define COMMON_NTP64_H

#include <stdint.h>

#include "common/tspec.h"

#define NTP64_UNSET UINT64_C(0) /* "not set", never an instant */

/* Wall time for a timestamp of unknown era: of all candidates 2^32 s apart, the
 * one closest to pivot.  Right while the truth lies within 68 years of pivot;
 * exact to 0.5 ns.  n must not be NTP64_UNSET.  Cannot fail. */
struct tspec ntp64_to_tspec(uint64_t n, struct tspec pivot);

/* The timestamp of t in whatever era t lies; exact to 2^-32 s.  The one instant
 * per era that would come out as NTP64_UNSET is moved by 2^-32 s. */
uint64_t ntp64_from_tspec(struct tspec t);

#endif
