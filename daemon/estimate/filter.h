/* SPDX-License-Identifier: ISC
 *
 * A two-state filter for offset and frequency of a clock whose frequency does a
 * random walk (Brown and Hwang, "Introduction to Random Signals and Applied
 * Kalman Filtering", the two-state clock model).  Its measurement update takes
 * any likelihood: whoever knows what the offset alone is believed to be after a
 * sample hands in mean and variance, and the frequency follows by regression. */
#ifndef DAEMON_ESTIMATE_FILTER_H
#define DAEMON_ESTIMATE_FILTER_H

#include "daemon/estimate/estimate.h"

/* Moves the estimate to a later instant (an earlier one changes nothing).
 * walk is the frequency's random walk in (s/s)/sqrt(s). */
void filter_predict(struct estimate *, struct raw at, double walk);

/* A measurement left x with this mean and variance var >= 0. */
void filter_learn(struct estimate *, double mean, double var);

#endif
