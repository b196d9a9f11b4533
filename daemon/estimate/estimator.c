/* SPDX-License-Identifier: ISC
 *
 * A sample's way: can it be at all?  What does its delay say (mindelay)?  What
 * does that say of x, by five models (observe), to nine filters (bank)?  And
 * what do the residuals teach of the path: the noise of its samples (here), the
 * law of its waits and whether they are lopsided (oneway).
 *
 * A sample further from the state than any network can put it (half its delay
 * and five standard deviations) means that the server or our oscillator jumped,
 * or that somebody lies once: it is not used until it was confirmed three times.
 * So does a longer row of samples that are possible, but that no model expects.
 * Then the offset starts anew.  The frequency is doubted only as far as these
 * samples among themselves, or one jump after another, speak against it.  Where
 * RAW is known to have stood still there is nothing to confirm.
 *
 * At the start neither the path's minimum nor its noise are known, so the first
 * samples, on which the frequency rests, would be believed far too little: while
 * they are few, all are taken in anew with each that comes. */
#include "daemon/estimate/estimator.h"

#include <limits.h>
#include <math.h>

#define IMPOSSIBLE_SLACK 100e-6 /* s */
#define IMPOSSIBLE_ROW 4
#define UNEXPLAINED_ROW 8
#define UNEXPLAINED 0.5 /* probability that a sample said nothing */
#define JUMPS_APART 8   /* samples: another jump that soon is the frequency's */
#define JUMP_FREQ_SD 5e-4 /* s/s: what jumps may say of the frequency */
#define MIN_DELAY 1e-9   /* s */
#define ABSURD 1e11      /* s: no clock is off by that much */
#define MIN_NOISE 1e-17  /* s^2 */
#define NOISE_COUNT 100  /* samples over which the noise is averaged */
#define NOISE_FROM 4     /* samples until residuals mean something */
#define GRADED_GUESS 0.35 /* waits of one kind both ways: 1/3 */
#define GRADED_LEAST 0.25 /* waits in a row are alike: less is luck */
#define GRADED_COUNT 4    /* samples that the guess is worth */
#define ONEWAY_FROM 7
#define FOURTH 2.742     /* sqrt(2) gamma(4.5) / gamma(4) */
#define VOID_SLACK 1e-4  /* s */
#define SLEPT_SD 1e9     /* s */

void
estimator_init(struct estimator *e, double freq, double freq_sd)
{
	*e = (struct estimator){ .freq = freq, .freq_sd = freq_sd,
		.since_jump = UINT_MAX };
	mindelay_init(&e->delays);
	oneway_init(&e->oneway);
	beliefs_init(&e->beliefs);
}

void
estimator_limit(struct estimator *e, const struct memory *m)
{
	e->memory = *m;
}

/* Where nothing is remembered the estimate is the sample, and no residual shows
 * noise: only the differences do. */
double
estimator_noise(const struct estimator *e)
{
	double noise = e->memory.most == 1 ? e->noise.of[1]
					   : noise_variance(&e->noise);

	return fmax(noise, MIN_NOISE + e->memory.precision *
	    e->memory.precision);
}

/* The wander with which a filter in its steady state is as sure of x as a line
 * through the last n samples: by 4/n of the noise R.  It is by sqrt(2) v, where
 * v^4 = w^2 T^3 / R (Kalata's tracking index, small). */
static double
wander_for(const struct estimator *e, unsigned n, double gap)
{
	double v = sqrt(8) / n;

	return sqrt(estimator_noise(e) * v * v * v * v / (gap * gap * gap));
}

/* Samples in quick succession would let a short memory wander wildly until the
 * next one: the longer gap counts. */
static void
limit_wander(const struct estimator *e, struct bank *b, struct raw at)
{
	double gap = fmax(raw_sub(at, e->bank.filter[0].at), e->gap);
	const struct memory *m = &e->memory;

	if (gap > 0 && (m->least > 0 || m->most > 1))
		bank_bound(b, m->most > 1 ? wander_for(e, m->most, gap) : 0,
		    m->least > 0 ? wander_for(e, m->least, gap) : INFINITY);
}

void
estimator_predict(const struct estimator *e, struct bank *b, struct raw at)
{
	double sd = 1 / e->void_density;

	bank_bound(b, e->bank.least, e->bank.most);
	bank_predict(b, at);
	if (e->memory.most == 1)
		bank_loosen(b, sd * sd);
}

static void
start(struct estimator *e, const struct sample *s)
{
	double sd = s->delay / 2 + s->dispersion;
	struct estimate first = { .at = s->at, .x = s->offset, .y = e->freq,
		.pxx = sd * sd, .pyy = e->freq_sd * e->freq_sd };

	mindelay_add(&e->delays, s->delay);
	bank_start(&e->bank, &first);
	e->early[0] = *s;
	e->n_early = 1;
	noise_init(&e->noise, s->delay * s->delay / 16, MIN_NOISE);
	noise_init(&e->graded, GRADED_GUESS, GRADED_LEAST);
	e->samples = 1;
}

static void
learn_path(struct estimator *e, double delay)
{
	switch (mindelay_add(&e->delays, delay)) {
	case MINDELAY_SAME:
		break;
	case MINDELAY_SHORTER:
	case MINDELAY_LONGER:
		oneway_drop(&e->oneway, MINDELAY_RECENT);
		e->n_early = 0;
		break;
	}
}

/* Where the normal model puts the sample: by a proven slope of offset over
 * delay, it is where it would be without waiting, or, where the minimum is no
 * floor, with the usual delay. */
static double
centre(const struct estimator *e, double z, double delay)
{
	return z - e->oneway.slope * (delay - mindelay_rest(&e->delays)) / 2;
}

/* How far the true minimum of the delays lies below that of n.  Waits in either
 * direction with densities 1/up and 1/down at 0 have a sum below d with a
 * probability of d^2 / (2 up down), where that is small; so the fourth smallest
 * of n sums is FOURTH sqrt(up down / n) in the mean, and as much of that as the
 * smallest is not below it lies still lower; not by much more than these are
 * apart, or most waits are shorter than the law has it.  A minimum without an
 * edge has nothing below it; and where the directions differ, which of them the
 * rest belongs to would move the offset. */
static double
unseen_below(const struct estimator *e)
{
	const struct oneway *w = &e->oneway;
	unsigned n = e->delays.count;

	if (!w->is_fitted || w->slope != 0 || e->delays.fixed > 0 || n < 4)
		return 0;
	double fourth = FOURTH * sqrt(w->up.scale * w->down.scale / n);
	double apart = 3 * mindelay_margin(&e->delays);
	return mindelay_trust(&e->delays) *
	    fmin(fmax(fourth - apart, 0), 2 * apart);
}

/* How far from the truth a sample may be that waited for 2 half: half, and what
 * also those that waited least may have. */
static double
reach(const struct estimator *e, double half)
{
	return half + fmax(mindelay_usual(&e->delays) / 2,
	    mindelay_margin(&e->delays));
}

static void
see(struct estimator *e, const struct sample *s)
{
	struct observation *o = &e->seen;

	o->z = s->offset;
	o->half = fmax(s->delay - mindelay_min(&e->delays), 0) / 2;
	o->margin = fmax(mindelay_margin(&e->delays), e->memory.precision);
	o->centred = centre(e, o->z, s->delay);
	o->noise = estimator_noise(e);
	double far = reach(e, o->half);
	o->graded = fmax(noise_variance(&e->graded) * far * far,
	    MIN_NOISE + e->memory.precision * e->memory.precision);
	o->is_learned = e->oneway.is_fitted;
	o->up = e->oneway.up;
	o->down = e->oneway.down;
	o->below = unseen_below(e) / 2;
	observe_prepare(o);
	e->void_density = 1 / (s->delay + VOID_SLACK);
}

static void
learn_noise(struct estimator *e, double before, double after)
{
	double far = reach(e, e->seen.half), gain = 0, graded_gain = 0;

	if (e->samples >= NOISE_FROM) {
		if (e->residuals < NOISE_COUNT)
			e->residuals++;
		gain = 1.0 / e->residuals;
		graded_gain = 1.0 / (e->residuals + GRADED_COUNT);
	}
	noise_learn(&e->noise, before, after, gain);
	noise_learn(&e->graded, before / far, after / far, graded_gain);
}

/* How far from the truth the frequency may be, that samples this far from the
 * prior came in a row, s/s. */
static double
doubt(const struct estimator *e, const struct sample *s,
    const struct estimate *prior)
{
	const struct sample *f = &e->first_impossible;
	double row = raw_sub(s->at, f->at);
	double gap = raw_sub(s->at, e->bank.filter[0].at);
	double drift = fabs(s->offset - f->offset - prior->y * row) -
	    3 * sqrt(2 * estimator_noise(e));
	double freq = 0;

	if (e->impossible > 1 && row > 0 && drift > 0)
		freq = drift / row;
	if (e->since_jump < JUMPS_APART && gap > 0)
		freq = fmax(freq, fabs(s->offset - prior->x) / gap);
	return fmin(freq, JUMP_FREQ_SD);
}

static void
jump(struct estimator *e, const struct sample *s, const struct estimate *prior)
{
	double freq = doubt(e, s, prior), sd = s->delay / 2 + s->dispersion;

	bank_predict(&e->bank, s->at);
	bank_shift(&e->bank, s->offset - prior->x, sd * sd, freq * freq);
	e->impossible = e->unexplained = e->since_jump = 0;
	e->n_early = 0;
}

void
estimator_slept(struct estimator *e)
{
	e->has_slept = e->samples > 0;
	e->impossible = e->unexplained = e->n_early = 0;
	bank_loosen(&e->bank, SLEPT_SD * SLEPT_SD);
	e->moments = bank_moments(&e->bank);
}

/* The first sample after sleep, and each that is surer than those before it since
 * had left it: then x is only known to be within this one's delay, before it is
 * taken in as any other. */
static void
wake(struct estimator *e, const struct sample *s, struct estimate *prior)
{
	double sd = s->delay + s->dispersion;

	e->has_slept = bank_mixture(&e->bank).pxx > sd * sd;
	if (!e->has_slept)
		return;
	bank_predict(&e->bank, s->at);
	bank_shift(&e->bank, s->offset - prior->x, 0, 0);
	bank_loosen(&e->bank, sd * sd);
	*prior = bank_mixture(&e->bank);
}

/* What the first samples were worth when they came nobody knew: neither the
 * path's minimum nor its noise.  So they are taken in again, all of them, with
 * what is known by now; it is they that tell the frequency. */
static void
take_in_again(struct estimator *e, const struct sample *newest)
{
	const struct observation seen = e->seen;
	const struct memory *m = &e->memory;
	const struct sample *s = e->early;

	if (e->n_early == 0)
		return;
	if (e->n_early == ESTIMATOR_EARLY || m->least > 0 || m->most > 0) {
		e->n_early = 0;
		return;
	}
	e->early[e->n_early++] = *newest;
	see(e, s);
	double sd = e->seen.half + s->dispersion +
	    sqrt(fmin(e->seen.noise, e->seen.graded));
	const struct estimate first = { .at = s->at, .x = s->offset,
		.y = e->freq, .pxx = sd * sd,
		.pyy = e->freq_sd * e->freq_sd };
	bank_start(&e->bank, &first);
	beliefs_init(&e->beliefs);
	for (s++; s <= &e->early[e->n_early - 1]; s++) {
		see(e, s);
		estimator_predict(e, &e->bank, s->at);
		bank_update(&e->bank, &e->seen, &e->beliefs, e->void_density,
		    &e->beliefs);
	}
	e->seen = seen;
}

static enum estimator_result
take_in(struct estimator *e, const struct sample *s,
    const struct estimate *prior)
{
	learn_path(e, s->delay);
	see(e, s);
	limit_wander(e, &e->bank, s->at);
	e->gap = raw_sub(s->at, e->bank.filter[0].at);
	estimator_predict(e, &e->bank, s->at);
	if (bank_update(&e->bank, &e->seen, &e->beliefs, e->void_density,
		&e->beliefs) < UNEXPLAINED)
		e->unexplained = 0;
	else if (++e->unexplained >= UNEXPLAINED_ROW) {
		jump(e, s, prior);
		return ESTIMATOR_JUMPED;
	}

	struct estimate post = bank_mixture(&e->bank);
	learn_noise(e, e->seen.centred - prior->x, e->seen.centred - post.x);
	if (e->samples >= ONEWAY_FROM)
		oneway_add(&e->oneway, s->offset - post.x, e->seen.half,
		    post.pxx, mindelay_trust(&e->delays) > 0.5);
	if (e->samples < UINT_MAX)
		e->samples++;
	if (e->since_jump < UINT_MAX)
		e->since_jump++;
	take_in_again(e, s);
	return ESTIMATOR_USED;
}

/* Any but the first. */
static enum estimator_result
judge(struct estimator *e, const struct sample *s)
{
	struct estimate prior;

	estimator_at(e, s->at, &prior);
	if (e->has_slept)
		wake(e, s, &prior);
	if (fabs(s->offset - prior.x) > s->delay / 2 + s->dispersion +
	    5 * sqrt(prior.pxx) + IMPOSSIBLE_SLACK) {
		if (e->impossible++ == 0)
			e->first_impossible = *s;
		if (e->impossible < IMPOSSIBLE_ROW)
			return ESTIMATOR_IMPOSSIBLE;
		jump(e, s, &prior);
		return ESTIMATOR_JUMPED;
	}
	e->impossible = 0;
	return take_in(e, s, &prior);
}

enum estimator_result
estimator_sample(struct estimator *e, const struct sample *sample)
{
	struct sample s = *sample;
	enum estimator_result r = ESTIMATOR_USED;

	if (!(fabs(s.offset) < ABSURD) || !(s.delay < ABSURD) ||
	    !(s.dispersion < ABSURD))
		return ESTIMATOR_IMPOSSIBLE;
	s.delay = fmax(s.delay, MIN_DELAY);
	s.dispersion = fmax(s.dispersion, 0);
	if (e->samples == 0)
		start(e, &s);
	else
		r = judge(e, &s);
	e->moments = bank_moments(&e->bank);
	return r;
}

bool
estimator_at(const struct estimator *e, struct raw at, struct estimate *out)
{
	if (e->samples == 0)
		return false;

	if (e->memory.least > 0 || e->memory.most > 1) {
		struct bank now = e->bank;
		limit_wander(e, &now, at);
		*out = bank_at(&now, at);
	} else {
		*out = moments_at(&e->moments, at);
	}
	return true;
}

double
estimator_min_delay(const struct estimator *e)
{
	return mindelay_min(&e->delays);
}

double
estimator_wander(const struct estimator *e)
{
	return e->samples == 0 ? 0 : bank_wander(&e->bank);
}
