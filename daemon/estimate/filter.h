/* SPDX-License-Identifier: ISC
 *
 * A two-state Kalman filter for offset and frequency of a clock whose frequency
 * does a random walk (Brown and Hwang, "Introduction to Random Signals and
 * Applied Kalman Filtering", the two-state clock model). */
#ifndef DAEMON_ESTIMATE_FILTER_H
#define DAEMON_ESTIMATE_FILTER_H

#include "daemon/estimate/estimate.h"

/* Moves the estimate to a later instant (an earlier one changes nothing).
 * walk is the frequency's random walk in (s/s)/sqrt(s). */
void filter_predict(struct estimate *, struct raw at, double walk);

/* Takes in a measurement z of x with variance r > 0, at the estimate's own
 * instant. */
void filter_update(struct estimate *, double z, double r);

#endif
