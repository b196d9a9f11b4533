/* SPDX-License-Identifier: ISC
 *
 * A wait's law is fitted to its median and its 90 % quantile: of a generalised
 * Pareto distribution with shape xi they are in the ratio (10^xi - 1)/(2^xi - 1).
 *
 * The proof of a slope is Student's t without an assumption about tails: a sum
 * divided by the root of the sum of its squared terms.  Where the terms' signs
 * are coin tosses, |t| > k has a probability below 2 exp(-k^2/2) whatever their
 * sizes (Hoeffding 1963); one huge outlier makes it 1, not more.  The terms are
 * clipped at a few times their usual size, so that few are needed. */
#include "daemon/estimate/oneway.h"

#include <math.h>
#include <stdlib.h>

#define MIN_COUNT 16   /* samples that a law is fitted to */
#define SLOPE_COUNT 24
#define REFIT 12       /* samples between two fits */
#define EXP_RATIO 3.9  /* up to this ratio of the quantiles, an exponential */
#define MAX_SHAPE 0.75
#define PROVEN 4.0     /* t of a slope; 99.9 % and more, differences overlap */
#define FINEST 1e-9    /* s */
#define CLIP 3.0

void
oneway_init(struct oneway *o)
{
	*o = (struct oneway){ 0 };
}

static int
float_order(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double
quantile_ratio(double shape)
{
	return expm1(shape * M_LN10) / expm1(shape * M_LN2);
}

/* The law of n waits; floor is what their scale cannot be finer than. */
static struct wait_law
fit_law(float *e, unsigned n, double floor)
{
	qsort(e, n, sizeof *e, float_order);

	double q50 = fmax((double)e[n / 2], floor);
	double q90 = fmax((double)e[n * 9 / 10], 2 * q50);
	double low = 0, high = MAX_SHAPE;

	if (q90 / q50 <= EXP_RATIO)
		return (struct wait_law){ (q50 / M_LN2 + q90 / M_LN10) / 2, 0 };
	for (int i = 0; i < 24; i++) {
		double mid = (low + high) / 2;
		if (quantile_ratio(mid) < q90 / q50)
			low = mid;
		else
			high = mid;
	}
	return (struct wait_law){ q50 * high / expm1(high * M_LN2), high };
}

static double
clip(double x, double limit)
{
	return fmin(fmax(x, -limit), limit);
}

/* Of first differences, clipped: t and slope of v over h. */
static double
proven_slope(const struct oneway *o)
{
	double dv[ONEWAY_RING], dh[ONEWAY_RING];
	float size[ONEWAY_RING];
	double sum = 0, squares = 0, hh = 0, limit;
	unsigned n = 0, first = (o->next + ONEWAY_RING - o->count) % ONEWAY_RING;

	if (o->count < SLOPE_COUNT)
		return 0;
	for (unsigned i = 1; i < o->count; i++) {
		unsigned b = (first + i) % ONEWAY_RING;
		unsigned a = (b + ONEWAY_RING - 1) % ONEWAY_RING;
		dv[n] = (double)(o->ring[b].v - o->ring[a].v);
		dh[n] = (double)(o->ring[b].h - o->ring[a].h);
		size[n] = (float)fabs(dh[n]);
		n++;
	}
	qsort(size, n, sizeof *size, float_order);
	limit = CLIP * (double)size[n / 2];
	for (unsigned i = 0; i < n; i++) {
		double term = clip(dv[i], limit) * clip(dh[i], limit);
		double c = clip(dh[i], limit);
		sum += term;
		squares += term * term;
		hh += c * c;
	}
	if (!(squares > 0) || sum * sum < PROVEN * PROVEN * squares)
		return 0;
	return clip(sum / hh, 1);
}

/* The waits themselves, for both directions together: an error of the estimate
 * adds to the one what it takes from the other. */
static struct wait_law
fit_both(const struct oneway *o, double floor)
{
	float up[ONEWAY_RING], down[ONEWAY_RING];

	for (unsigned i = 0; i < o->count; i++) {
		up[i] = fmaxf(o->ring[i].h + o->ring[i].v, 0);
		down[i] = fmaxf(o->ring[i].h - o->ring[i].v, 0);
	}
	struct wait_law u = fit_law(up, o->count, floor);
	struct wait_law d = fit_law(down, o->count, floor);
	return (struct wait_law){ (u.scale + d.scale) / 2,
		(u.shape + d.shape) / 2 };
}

/* One direction alone (sign > 0: up): from the distances of two waits in a row,
 * which an error of the estimate does not touch.  Those of two exponential waits
 * have the law of the waits; for heavier tails it is near. */
static struct wait_law
fit_one(const struct oneway *o, float sign, double floor)
{
	unsigned first = (o->next + ONEWAY_RING - o->count) % ONEWAY_RING;
	float apart[ONEWAY_RING], last = 0;

	for (unsigned i = 0; i < o->count; i++) {
		unsigned k = (first + i) % ONEWAY_RING;
		float wait = o->ring[k].h + sign * o->ring[k].v;
		if (i > 0)
			apart[i - 1] = fabsf(wait - last);
		last = wait;
	}
	return fit_law(apart, o->count - 1, floor);
}

static void
fit(struct oneway *o, double var, bool may_differ)
{
	double floor = 1.5 * sqrt(var) + FINEST;

	o->slope = proven_slope(o);
	if (o->slope == 0 || !may_differ) {
		o->up = o->down = fit_both(o, floor);
	} else {
		o->up = fit_one(o, 1, floor);
		o->down = fit_one(o, -1, floor);
	}
	o->is_fitted = true;
}

void
oneway_add(struct oneway *o, double v, double h, double var, bool may_differ)
{
	o->ring[o->next].v = (float)v;
	o->ring[o->next].h = (float)h;
	o->next = (o->next + 1) % ONEWAY_RING;
	if (o->count < ONEWAY_RING)
		o->count++;
	o->unfitted++;
	if (o->count < MIN_COUNT) {
		o->is_fitted = false;
		o->slope = 0;
	} else if (!o->is_fitted || o->unfitted >= REFIT) {
		o->unfitted = 0;
		fit(o, var, may_differ);
	}
}

void
oneway_drop(struct oneway *o, unsigned n)
{
	if (n > o->count)
		n = o->count;
	o->count -= n;
	o->next = (o->next + ONEWAY_RING - n) % ONEWAY_RING;
}
