/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/combine.h"

#include <assert.h>

/* The variance between sources that explains their scatter around the weighted
 * mean, as far as their own variances do not. */
static double
between(const struct estimate *e, size_t n)
{
	double w = 0, w2 = 0, wx = 0, q = 0;

	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++) {
		double wi = 1 / e[i].pxx;
		w += wi;
		w2 += wi * wi;
		wx += wi * e[i].x;
	}
	for (size_t i = 0; i < n; i++) {
		double d = e[i].x - wx / w;
		q += d * d / e[i].pxx;
	}

	double excess = q - (double)(n - 1), scale = w - w2 / w;
	return excess > 0 && scale > 0 ? excess / scale : 0;
}

struct estimate
combine_estimates(const struct estimate *e, size_t n)
{
	assert(n >= 1);

	struct estimate r = { .at = e[0].at };
	double tau2 = between(e, n), wx = 0, wy = 0;

	for (size_t i = 0; i < n; i++) {
		double wi = 1 / (e[i].pxx + tau2), vi = 1 / e[i].pyy;
		r.x += wi * e[i].x;
		r.y += vi * e[i].y;
		r.pxy += wi * vi * e[i].pxy;
		wx += wi;
		wy += vi;
	}
	r.x /= wx;
	r.y /= wy;
	r.pxy /= wx * wy;
	r.pxx = 1 / wx;
	r.pyy = 1 / wy;
	return r;
}
