/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/accept.h"

#include <math.h>

unsigned
accept_sample(const struct accept_limits *l, const struct accept_path *path,
    const struct sample *s, double held)
{
	double more = s->delay - path->min_delay;
	unsigned passed = 0;

	if (s->delay <= l->max && s->dispersion <= l->max &&
	    held <= fmax(l->max, 1))
		passed |= ACCEPT_DELAY;
	if (l->ratio <= 0 || path->min_delay <= 0 ||
	    s->delay <= l->ratio * path->min_delay)
		passed |= ACCEPT_RATIO;
	if (l->quantile > 0) {
		if (path->quantile <= 0 || s->delay <= path->quantile)
			passed |= ACCEPT_DEVIATION;
	} else if (l->devratio <= 0 || path->min_delay <= 0 ||
	    path->std_dev <= 0 || more <= l->devratio * path->std_dev) {
		passed |= ACCEPT_DEVIATION;
	}
	return passed;
}
