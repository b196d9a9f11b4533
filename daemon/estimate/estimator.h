/* SPDX-License-Identifier: ISC
 *
 * What one path says about true time: samples in, an estimate with an honest
 * variance out, at any instant.  One per source; values in, values out. */
#ifndef DAEMON_ESTIMATE_ESTIMATOR_H
#define DAEMON_ESTIMATE_ESTIMATOR_H

#include <stdbool.h>

#include "daemon/estimate/bank.h"
#include "daemon/estimate/estimate.h"
#include "daemon/estimate/mindelay.h"
#include "daemon/estimate/noise.h"
#include "daemon/estimate/observe.h"
#include "daemon/estimate/oneway.h"

/* How far back to look, in samples, and what the stamps are worth.  0: by what
 * the samples themselves show. */
struct memory {
	unsigned least, most; /* a line through so many of them would be no less,
	                         and no more, steady; most = 1: the frequency is
	                         never learned */
	double precision; /* s: no sample is better */
};

#define ESTIMATOR_EARLY 24

struct estimator {
	unsigned samples; /* taken in since the start */
	struct memory memory;
	double gap; /* s, between the last two samples */
	double freq, freq_sd; /* the first belief about y, s/s */
	unsigned impossible; /* in a row */
	unsigned unexplained; /* in a row: possible, but no model expects them */
	unsigned since_jump;  /* samples taken in since the last jump */
	struct sample first_impossible; /* of the row */
	bool has_slept;         /* and no sample was ordinary since */

	struct sample early[ESTIMATOR_EARLY]; /* the first ... */
	unsigned n_early; /* ... 0: too long ago, or the path was another */

	struct bank bank;
	struct moments moments; /* the bank's: who has many sources asks often */
	struct beliefs beliefs;
	struct mindelay delays;
	struct oneway oneway;
	unsigned residuals; /* that the variances below were averaged over */
	struct noise noise;  /* s^2, of a sample */
	struct noise graded; /* of a sample, by its reach, squared */
	struct observation seen; /* the newest sample that was taken in */
	double void_density;     /* 1/s, of that one */
};

/* freq, s/s, is what y is believed to be before anything was measured, freq_sd
 * > 0 how well. */
void estimator_init(struct estimator *, double freq, double freq_sd);

/* Before the first sample. */
void estimator_limit(struct estimator *, const struct memory *);

enum estimator_result {
	ESTIMATOR_USED,       /* the sample went in */
	ESTIMATOR_IMPOSSIBLE, /* cannot come from this state of things: not used;
	                         poll again soon */
	ESTIMATOR_JUMPED,     /* the fourth of these in a row: believed, and the
	                         state moved there */
};
enum estimator_result estimator_sample(struct estimator *,
    const struct sample *);

/* RAW stood still for a while: where x is now only the next sample can say, and
 * it is believed with its own error.  y, and what is known of the path, stay. */
void estimator_slept(struct estimator *);

/* The belief at an instant not before the last sample.  Returns false, and
 * leaves *out alone, while there is no sample. */
bool estimator_at(const struct estimator *, struct raw at,
    struct estimate *out);

/* Moves a bank to the instant of a sample of this source that it is going to
 * learn; at most so much is remembered as the limits let it. */
void estimator_predict(const struct estimator *, struct bank *, struct raw at);

/* The smallest delay of the path, s; 0 while there is no sample. */
double estimator_min_delay(const struct estimator *);

/* The variance of a sample's offset that its delay does not explain, s^2, and
 * the wander of our oscillator that this path believes in, (s/s)^2/s: what the
 * poll control weighs against each other.  0 while nothing is known. */
double estimator_noise(const struct estimator *);
double estimator_wander(const struct estimator *);

#endif
