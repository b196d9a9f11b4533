/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/bank.h"

#include <math.h>
#include <stddef.h>

#include "daemon/estimate/filter.h"

#define SHARE 1e-3    /* handed back at each sample */
#define NOTHING 1e-3  /* of the samples say nothing */
#define UNLIKELY 1e-5 /* a filter and a model that both have little more than
                         their shares are not asked about each other */
#define TINY 1e-280   /* no evidence is less: weights stay above 0 */

/* (s/s)/sqrt(s): from an oven to a machine that changes its temperature. */
static const double wander[BANK_SIZE] = { 1e-10, 3.16e-10, 1e-9, 3.16e-9, 1e-8,
	3.16e-8, 1e-7, 3.16e-7, 1e-6 };

void
bank_start(struct bank *b, const struct estimate *e)
{
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		b->weight[i] = 1.0 / BANK_SIZE;
		b->filter[i] = *e;
	}
	bank_bound(b, 0, INFINITY);
}

void
bank_bound(struct bank *b, double least, double most)
{
	b->least = least;
	b->most = most;
}

static double
wander_of(const struct bank *b, unsigned i)
{
	double w = wander[i] < b->most ? wander[i] : b->most;

	return w > b->least ? w : b->least;
}

void
bank_loosen(struct bank *b, double var)
{
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		b->filter[i].pxx = var;
		b->filter[i].pxy = 0;
	}
}

void
beliefs_init(struct beliefs *p)
{
	for (unsigned k = 0; k < OBSERVE_MODELS; k++)
		p->of[k] = 1.0 / OBSERVE_MODELS;
}

void
bank_predict(struct bank *b, struct raw at)
{
	for (unsigned i = 0; i < BANK_SIZE; i++)
		filter_predict(&b->filter[i], at, wander_of(b, i));
}

/* The normal distribution with the mixture's first two moments. */
struct estimate
bank_mixture(const struct bank *b)
{
	struct estimate m = { .at = b->filter[0].at };
	double x0 = b->filter[0].x, y0 = b->filter[0].y;

	for (unsigned i = 0; i < BANK_SIZE; i++) {
		m.x += b->weight[i] * (b->filter[i].x - x0);
		m.y += b->weight[i] * (b->filter[i].y - y0);
	}
	m.x += x0;
	m.y += y0;
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		const struct estimate *f = &b->filter[i];
		double w = b->weight[i], dx = f->x - m.x, dy = f->y - m.y;
		m.pxx += w * (f->pxx + dx * dx);
		m.pxy += w * (f->pxy + dx * dy);
		m.pyy += w * (f->pyy + dy * dy);
	}
	return m;
}

struct moments
bank_moments(const struct bank *b)
{
	double var = 0;

	for (unsigned i = 0; i < BANK_SIZE; i++)
		var += b->weight[i] * wander_of(b, i) * wander_of(b, i);
	return (struct moments){ bank_mixture(b), sqrt(var) };
}

/* Time moves the moments of a mixture as those of a filter whose wander has the
 * variance of all, weighed: no need to move each. */
struct estimate
moments_at(const struct moments *m, struct raw at)
{
	struct estimate later = m->mixture;

	filter_predict(&later, at, m->wander);
	return later;
}

struct estimate
bank_at(const struct bank *b, struct raw at)
{
	struct moments m = bank_moments(b);

	return moments_at(&m, at);
}

/* f becomes the merge of itself, with mass a, and m, with mass 1 - a. */
static void
merge(struct estimate *f, double a, const struct estimate *m)
{
	double c = 1 - a, dx = m->x - f->x, dy = m->y - f->y;

	f->x += c * dx;
	f->y += c * dy;
	f->pxx = a * f->pxx + c * m->pxx + a * c * dx * dx;
	f->pxy = a * f->pxy + c * m->pxy + a * c * dx * dy;
	f->pyy = a * f->pyy + c * m->pyy + a * c * dy * dy;
}

/* Fixed share, and what comes with it. */
static void
share(struct bank *b)
{
	struct estimate m = bank_mixture(b);

	for (unsigned i = 0; i < BANK_SIZE; i++) {
		double own = (1 - SHARE) * b->weight[i];
		b->weight[i] = own + SHARE / BANK_SIZE;
		merge(&b->filter[i], own / b->weight[i], &m);
	}
}

static void
share_beliefs(struct beliefs *p)
{
	double sum = 0;

	for (unsigned k = 0; k < OBSERVE_MODELS; k++)
		sum += p->of[k];
	for (unsigned k = 0; k < OBSERVE_MODELS; k++)
		p->of[k] = (1 - SHARE) * p->of[k] / sum +
		    SHARE / OBSERVE_MODELS;
}

/* One filter learns from the sample: the mixture of what each model makes of it
 * and of the prior, should it say nothing.  What the sample measures is x and
 * something unsure, of which x has its part by the variances.  Adds the models'
 * posterior to *learn with this filter's weight and returns the evidence. */
static double
update_filter(struct estimate *f, const struct observation *o,
    const struct beliefs *p, double nothing, double weight,
    struct beliefs *learn)
{
	double mass[OBSERVE_MODELS], total = nothing, moved = 0, second;
	double var = f->pxx + o->unsure, part = f->pxx / var;

	second = nothing * var;
	for (unsigned k = 0; k < OBSERVE_MODELS; k++) {
		if (weight * p->of[k] < UNLIKELY) {
			mass[k] = 0;
			continue;
		}
		struct verdict v = observe_sample(k, o, f->x, var);
		double dx = v.mean - f->x;
		mass[k] = (1 - NOTHING) * p->of[k] * v.evidence;
		total += mass[k];
		moved += mass[k] * dx;
		second += mass[k] * (v.var + dx * dx);
	}
	for (unsigned k = 0; k < OBSERVE_MODELS; k++)
		learn->of[k] += weight * (mass[k] + nothing * p->of[k]) / total;
	moved /= total;
	second = second / total - moved * moved;
	filter_learn(f, f->x + part * moved,
	    f->pxx - part * part * (var - second));
	return total;
}

double
bank_update(struct bank *b, const struct observation *o,
    const struct beliefs *p, double void_density, struct beliefs *learn)
{
	double nothing = fmax(NOTHING * void_density, TINY), sum = 0, ignored = 0;
	struct beliefs now = { { 0 } };

	for (unsigned i = 0; i < BANK_SIZE; i++) {
		double w = b->weight[i];
		double evidence = update_filter(&b->filter[i], o, p, nothing, w,
		    &now);
		b->weight[i] = w * evidence;
		ignored += w * nothing;
		sum += b->weight[i];
	}
	for (unsigned i = 0; i < BANK_SIZE; i++)
		b->weight[i] /= sum;
	share(b);
	if (learn != NULL) {
		share_beliefs(&now);
		*learn = now;
	}
	return ignored / sum;
}

void
bank_shift(struct bank *b, double dx, double var, double freq_var)
{
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		b->filter[i].x += dx;
		b->filter[i].pxx += var;
		b->filter[i].pyy += freq_var;
	}
}

void
bank_move(struct bank *b, double dx, double dy)
{
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		b->filter[i].x += dx;
		b->filter[i].y += dy;
	}
}

double
bank_wander(const struct bank *b)
{
	double sum = 0;

	for (unsigned i = 0; i < BANK_SIZE; i++) {
		double real = fmax(b->weight[i] - 4 * SHARE / BANK_SIZE, 0);
		sum += real * wander_of(b, i) * wander_of(b, i);
	}
	return sum;
}
