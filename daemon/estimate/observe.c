/* SPDX-License-Identifier: ISC
 *
 * The normal models are three Kalman updates, mixed by their evidence.  The others
 * are integrated over x on a grid of midpoints that spans what both the prior
 * and the sample allow. */
#include "daemon/estimate/observe.h"

#include <math.h>

#define GRID 24
#define NEGLIGIBLE (-30.0) /* ln of what is nothing beside the peak */
#define PRIOR_SIGMAS 6.0 /* how far the grid reaches */
#define SOFT_TAILS 8.0
#define BOX_TAIL 0.2    /* of its half width: the box's soft edge */
#define SLACK 0.3        /* of the noise, by which a loose box is wider */
#define FINEST 1e-9     /* s */
#define MIN_SHAPE 1e-3  /* below, an exponential */

static const struct {
	double share, times;
} gauss_mix[] = { { 0.97, 1 }, { 0.025, 9 }, { 0.005, 400 } };

#define GAUSS_MIX (sizeof gauss_mix / sizeof *gauss_mix)

static struct verdict
observe_gauss(const struct observation *o, double usual, double mean,
    double var)
{
	struct verdict r = { 0, mean, var };
	double v = o->centred - mean, moved = 0, second = 0;

	for (unsigned i = 0; i < GAUSS_MIX; i++) {
		double noise = usual * gauss_mix[i].times;
		double s = var + noise, by = var / s * v;
		double p = gauss_mix[i].share * exp(-0.5 * v * v / s) /
		    sqrt(2 * M_PI * s);

		r.evidence += p;
		moved += p * by;
		second += p * (by * by + var * noise / s);
	}
	if (!(r.evidence > 0))
		return r;
	moved /= r.evidence;
	r.mean += moved;
	r.var = fmax(second / r.evidence - moved * moved, 0);
	return r;
}

/* ln of a law's density over that at 0; below 0 an edge as soft as the minimum
 * is unsure. */
static double
log_wait(const struct wait_law *w, double margin, double e)
{
	if (e < 0)
		return e / margin;
	if (w->shape < MIN_SHAPE)
		return -e / w->scale;
	return -(1 / w->shape + 1) * log1p(w->shape * e / w->scale);
}

/* Both waits together, before it is normalised. */
static double
log_waits(const struct observation *o, double v)
{
	double h = o->half + o->below;

	return log_wait(&o->up, o->margin, h + v) +
	    log_wait(&o->down, o->margin, h - v);
}

static double
box_tail(double h)
{
	return BOX_TAIL * h + FINEST;
}

/* The box and the loose box, before they are normalised; h is o's, then. */
static double
log_box(const struct observation *o, double v)
{
	double over = fabs(v) - o->half;

	return over > 0 ? -over / box_tail(o->half) : 0;
}

/* Assumes nothing of p but that it is negligible outside z +- reach. */
static struct verdict
integrate(const struct observation *o, double reach,
    double (*log_p)(const struct observation *, double v), double mean,
    double var)
{
	struct verdict r = { 0, mean, var };
	double sd = sqrt(var), v0 = o->z - mean; /* u = x - mean, v = v0 - u */
	double low = fmax(v0 - reach, -PRIOR_SIGMAS * sd);
	double high = fmin(v0 + reach, PRIOR_SIGMAS * sd);
	double step = (high - low) / GRID, l[GRID], top = -INFINITY;
	double sum = 0, first = 0, second = 0;

	if (!(step > 0))
		return r;
	for (int i = 0; i < GRID; i++) {
		double u = low + (i + 0.5) * step;
		l[i] = log_p(o, v0 - u) - 0.5 * u * u / var;
		if (l[i] > top)
			top = l[i];
	}
	for (int i = 0; i < GRID; i++) {
		double u = low + (i + 0.5) * step, p;
		if (l[i] - top < NEGLIGIBLE)
			continue;
		p = exp(l[i] - top);
		sum += p;
		first += p * u;
		second += p * u * u;
	}
	first /= sum;
	r.mean = mean + first;
	r.var = fmax(second / sum - first * first, 0) + step * step / 12;
	r.evidence = exp(top) * sum * step / (sd * sqrt(2 * M_PI));
	return r;
}

static double
log_learned(const struct observation *o, double v)
{
	return log_waits(o, v) - o->log_norm;
}

/* ln of the integral of p_up(h + v) p_down(h - v) over v, by the trapezoid rule:
 * from either edge inwards the steps grow geometrically, as the laws' slopes
 * fall; outwards the soft edge. */
static double
log_integral(const struct observation *o)
{
	const int soft = 6, inner = 19;
	double h = o->half + o->below, m = o->margin;
	double at[6 + 19], peak = log_waits(o, 0), sum = 0;
	double scale = fmin(o->up.scale, o->down.scale);
	double first = fmin(scale > m ? fmax(m, scale / 16) : scale, h);
	double ratio = h > 0 ? log1p(h / fmax(first, FINEST)) / (inner - 1) : 0;

	for (int i = 0; i < soft; i++)
		at[i] = -6 * m * (soft - i) / soft;
	for (int i = 0; i < inner; i++)
		at[soft + i] = fmin(fmax(first, FINEST) * expm1(ratio * i), h);
	at[soft + inner - 1] = h;
	peak = fmax(peak, fmax(log_waits(o, -h), log_waits(o, h)));
	for (int side = -1; side <= 1; side += 2) {
		double before = 0;
		for (int i = 0; i < soft + inner; i++) {
			double p = exp(log_waits(o, side * (h - at[i])) - peak);
			if (i > 0)
				sum += (before + p) / 2 * (at[i] - at[i - 1]);
			before = p;
		}
	}
	return peak + log(fmax(sum, FINEST * FINEST * FINEST));
}

void
observe_prepare(struct observation *o)
{
	o->log_norm = o->is_learned ? log_integral(o) : 0;
}

struct verdict
observe_sample(enum observe_model model, const struct observation *o,
    double mean, double var)
{
	struct observation box = *o;
	struct verdict r;

	if (model == OBSERVE_GAUSS)
		return observe_gauss(o, o->noise, mean, var);
	if (model == OBSERVE_GRADED)
		return observe_gauss(o, o->graded, mean, var);
	if (model == OBSERVE_LEARNED && o->is_learned)
		return integrate(o, o->half + o->below + SOFT_TAILS * o->margin,
		    log_learned, mean, var);
	box.half += o->margin;
	if (model == OBSERVE_LOOSE)
		box.half += SLACK * sqrt(o->noise);
	double tail = box_tail(box.half);
	r = integrate(&box, box.half + SOFT_TAILS * tail, log_box, mean, var);
	r.evidence /= 2 * box.half + 2 * tail;
	return r;
}
