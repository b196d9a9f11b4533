/* SPDX-License-Identifier: ISC
 *
 * What one path says about true time: samples in, an estimate with an honest
 * variance out, at any instant.  One per source; values in, values out. */
#ifndef DAEMON_ESTIMATE_ESTIMATOR_H
#define DAEMON_ESTIMATE_ESTIMATOR_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"
#include "daemon/estimate/mindelay.h"

struct estimator {
	unsigned samples; /* taken in since the start */
	double freq, freq_sd; /* the first belief about y, s/s */
	struct estimate now; /* as of the last sample */
	struct mindelay delays;
	double noise;     /* running variance of what a sample's delay does not
	                     explain, s^2 */
	double in_use; /* samples that the belief about x rests on: the newest
	                  and as many as a straight line would need to predict
	                  it as well; a path is not better than 20 us here */
	unsigned impossible; /* in a row */
};

/* freq, s/s, is what y is believed to be before anything was measured, freq_sd
 * > 0 how well. */
void estimator_init(struct estimator *, double freq, double freq_sd);

enum estimator_result {
	ESTIMATOR_USED,       /* the sample went in */
	ESTIMATOR_IMPOSSIBLE, /* cannot come from this state of things: not used;
	                         poll again soon */
	ESTIMATOR_JUMPED,     /* the fourth of these in a row: believed, and the
	                         state moved there */
};
enum estimator_result estimator_sample(struct estimator *,
    const struct sample *);

/* The belief at an instant not before the last sample.  Returns false, and
 * leaves *out alone, while there is no sample. */
bool estimator_at(const struct estimator *, struct raw at,
    struct estimate *out);

/* The smallest delay of the path, s; 0 while there is no sample. */
double estimator_min_delay(const struct estimator *);

#endif
