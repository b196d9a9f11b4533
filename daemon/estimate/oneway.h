/* SPDX-License-Identifier: ISC
 *
 * How a path delays packets in either direction, learned from what is left of
 * the samples when the estimate is taken for the truth.
 *
 * A stale minimum delay, or jitter without a sharp minimum, looks like waiting
 * in one direction only, and an estimate that believes it moves there and
 * confirms itself.  So that directions differ must be proven, by a statistic
 * that an error of the estimate cannot touch: do the first differences of offset
 * and delay go together? */
#ifndef DAEMON_ESTIMATE_ONEWAY_H
#define DAEMON_ESTIMATE_ONEWAY_H

#include <stdbool.h>

#include "daemon/estimate/observe.h"

#define ONEWAY_RING 128

struct oneway {
	unsigned count, next, unfitted;
	struct {
		float v; /* sample - estimate, s */
		float h; /* half of the delay above the minimum then, s */
	} ring[ONEWAY_RING];

	bool is_fitted;
	struct wait_law up, down;
	double slope; /* of v over h where that is proven, else 0; -1..1 */
};

void oneway_init(struct oneway *);

/* v and h as in the ring, and the variance of the estimate that v was measured
 * against.  may_differ: the minimum delay is a floor, so that a proven slope
 * means that the waits of the two directions differ. */
void oneway_add(struct oneway *, double v, double h, double var,
    bool may_differ);

/* Only the newest n samples still hold / the n newest are to be dropped. */
void oneway_drop(struct oneway *, unsigned n);

#endif
