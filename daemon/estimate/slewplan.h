/* SPDX-License-Identifier: ISC
 *
 * How an offset is slewed away: at a rate and for a time, inside the limits.
 * The clock helper ends the slew by itself. */
#ifndef DAEMON_ESTIMATE_SLEWPLAN_H
#define DAEMON_ESTIMATE_SLEWPLAN_H

#include <stdint.h>

struct slew {
	int64_t ppt; /* 1e-12 s/s on top of the base, + speeds the clock up */
	int64_t ms;  /* for this long, 0..86 400 000 */
};

#define SLEW_MIN_MS 100      /* shorter ones gain nothing and cost a request */
#define SLEW_MAX_MS 86400000

/* The slew that removes offset (s, > 0: the clock must go forward) in about
 * `within` s (at least SLEW_MIN_MS), or more slowly where max_rate (s/s) forbids
 * that.  ppt x ms is the offset to the resolution of 1 ppt.  What cannot be done
 * in SLEW_MAX_MS is left. */
struct slew slew_plan(double offset, double within, double max_rate);

#endif
