/* SPDX-License-Identifier: ISC
 *
 * The quantities of estimation, shared by all of daemon/estimate.
 *
 * The scale: raw time is CLOCK_MONOTONIC_RAW, which nothing ever corrects.  A
 * source's state is x = true time - raw time and y = dx/draw, both relative to
 * the engine's epoch (daemon/engine/timescale.h), so that x stays small enough
 * for a double.  The clock itself, c = CLOCK_REALTIME - raw on the same epoch,
 * is not estimated but read; x - c is the clock's error, > 0: it is behind.
 * Slews and steps, ours or anybody's, therefore change nothing in a filter. */
#ifndef DAEMON_ESTIMATE_ESTIMATE_H
#define DAEMON_ESTIMATE_ESTIMATE_H

#include "common/tspec.h"

/* One measurement of a source.  Finite, delay > 0. */
struct sample {
	struct raw at;     /* when: the middle of T1 and T4 */
	double offset;     /* z = ((T2-T1)+(T3-T4))/2, s; measures x */
	double delay;      /* (T4-T1)-(T3-T2), s */
	double dispersion; /* what reading the clocks adds, s */
};

/* What is believed at one instant: mean and covariance. */
struct estimate {
	struct raw at;
	double x, y;          /* s, s/s */
	double pxx, pxy, pyy; /* s^2, s^2/s, (s/s)^2 */
};

#endif
