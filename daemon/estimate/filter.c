/* SPDX-License-Identifier: ISC
 *
 * The update: with k = Pxy/Pxx, the belief about y given x is a line of slope k
 * with a variance that no measurement of x changes.  So y moves by k times what
 * x moved, and Pyy keeps that variance plus k^2 times the new Pxx.  For a
 * Gaussian likelihood this is Kalman's update; for any other it is exact up to
 * the second moments (assumed density filtering, Maybeck 1982). */
#include "daemon/estimate/filter.h"

#define MIN_PXX 1e-24 /* a picosecond: no variance rounds to nothing, ... */
#define MIN_PYY 1e-28 /* ... nor the gain of a very old filter */

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
filter_learn(struct estimate *e, double mean, double var)
{
	double k = e->pxy / e->pxx;

	if (var < MIN_PXX)
		var = MIN_PXX;
	e->y += k * (mean - e->x);
	e->x = mean;
	e->pyy += k * k * (var - e->pxx);
	if (e->pyy < MIN_PYY)
		e->pyy = MIN_PYY;
	e->pxy = k * var;
	e->pxx = var;
}
