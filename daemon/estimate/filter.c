/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/filter.h"

#include <assert.h>

#define MIN_PYY 1e-28 /* keeps the gain of a very old filter above zero */

void
filter_predict(struct estimate *e, struct raw at, double walk)
{
	double dt = raw_sub(at, e->at);
	double q = walk * walk;

	if (!(dt > 0))
		return;
	e->at = at;
	e->x += e->y * dt;
	e->pxx += 2 * dt * e->pxy + dt * dt * e->pyy + q * dt * dt * dt / 3;
	e->pxy += dt * e->pyy + q * dt * dt / 2;
	e->pyy += q * dt;
}

void
filter_update(struct estimate *e, double z, double r)
{
	assert(r > 0);

	double s = e->pxx + r;
	double kx = e->pxx / s, ky = e->pxy / s, v = z - e->x;

	e->x += kx * v;
	e->y += ky * v;
	e->pyy -= ky * e->pxy;
	if (e->pyy < MIN_PYY)
		e->pyy = MIN_PYY;
	/* 1 - kx, which may round to 0: a variance never is. */
	e->pxy *= r / s;
	e->pxx *= r / s;
}
