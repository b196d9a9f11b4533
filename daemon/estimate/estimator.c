/* SPDX-License-Identifier: ISC
 *
 * A plain estimator behind the interface: one Kalman filter.  How much a sample
 * weighs follows from its delay: what exceeds the path's minimum was spent
 * waiting in one direction or the other, so the sample is off by at most half
 * of it (a uniform error of +-h has the variance h^2/3).  What this does not
 * explain is learned from the residuals.
 *
 * A sample further from the state than any network can put it (half its delay
 * and five standard deviations) means that the server or our oscillator jumped,
 * or that somebody lies once: it is not used until it was confirmed three times.
 * Then the offset starts anew, and the frequency is doubted as far as it alone
 * could have caused the jump: else one that is wrong would never be learned. */
#include "daemon/estimate/estimator.h"

#include <math.h>

#include "daemon/estimate/filter.h"

#define WALK 1e-8        /* (s/s)/sqrt(s): an ordinary crystal, with room */
#define RESOLUTION 30e-9 /* s: what software timestamps can resolve at best */
#define IMPOSSIBLE_SLACK 100e-6 /* s */
#define IMPOSSIBLE_ROW 4
#define JUMP_FREQ_SD 1e-4 /* s/s: what a jump may say of the frequency */
#define FINE 20e-6       /* s: more than this is not asked for more often */
#define NOISE_GAIN 32    /* samples over which the noise is averaged */

void
estimator_init(struct estimator *e, double freq, double freq_sd)
{
	*e = (struct estimator){ .freq = freq, .freq_sd = freq_sd };
	mindelay_init(&e->delays);
}

/* What is believed when there is this sample and a frequency. */
static void
start(struct estimator *e, const struct sample *s, double freq, double pyy)
{
	double sd = s->delay / 2 + s->dispersion + RESOLUTION;

	e->now = (struct estimate){ .at = s->at, .x = s->offset, .y = freq,
		.pxx = sd * sd, .pyy = pyy };
}

/* The variance of a sample as its delay tells it. */
static double
variance(const struct estimator *e, const struct sample *s)
{
	double h = fmax(s->delay - mindelay_min(&e->delays), 0) / 2 +
	    mindelay_margin(&e->delays) + s->dispersion + RESOLUTION;

	return h * h / 3;
}

/* v: how far s is from the prior, s. */
static enum estimator_result
jump(struct estimator *e, const struct sample *s, const struct estimate *prior,
    double v)
{
	double dt = fmax(raw_sub(s->at, e->now.at), 0);
	double freq = fmin(fabs(v) / dt, JUMP_FREQ_SD);

	e->impossible = 0;
	start(e, s, prior->y, prior->pyy + freq * freq);
	return ESTIMATOR_JUMPED;
}

enum estimator_result
estimator_sample(struct estimator *e, const struct sample *s)
{
	mindelay_add(&e->delays, s->delay);
	if (e->samples == 0) {
		start(e, s, e->freq, e->freq_sd * e->freq_sd);
		e->samples = 1;
		return ESTIMATOR_USED;
	}

	struct estimate prior = e->now;
	filter_predict(&prior, s->at, WALK);

	double v = s->offset - prior.x;
	if (fabs(v) > s->delay / 2 + s->dispersion + 5 * sqrt(prior.pxx) +
	    IMPOSSIBLE_SLACK) {
		if (++e->impossible < IMPOSSIBLE_ROW)
			return ESTIMATOR_IMPOSSIBLE;
		return jump(e, s, &prior, v);
	}
	e->impossible = 0;

	double r = variance(e, s);
	double surplus = v * v - prior.pxx - r;
	double cap = 16 * (e->noise + r);
	e->noise += (fmin(surplus, cap) - e->noise) / NOISE_GAIN;
	if (e->noise < 0)
		e->noise = 0;

	e->now = prior;
	filter_update(&e->now, s->offset, r + e->noise);
	/* The end of a line through n samples has the variance 4r/n. */
	e->in_use = 1 + 4 * fmax(r + e->noise, FINE * FINE) / prior.pxx;
	if (e->samples < UINT32_MAX)
		e->samples++;
	return ESTIMATOR_USED;
}

bool
estimator_at(const struct estimator *e, struct raw at, struct estimate *out)
{
	if (e->samples == 0)
		return false;
	*out = e->now;
	filter_predict(out, at, WALK);
	return true;
}

double
estimator_min_delay(const struct estimator *e)
{
	return mindelay_min(&e->delays);
}
