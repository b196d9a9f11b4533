/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/slewplan.h"

#include <math.h>

struct slew
slew_plan(double offset, double within, double max_rate)
{
	struct slew s = { 0, 0 };
	double ms = fmax(within * 1e3, SLEW_MIN_MS);

	if (!(max_rate > 0) || offset == 0)
		return s;
	ms = fmax(ms, ceil(fabs(offset) / max_rate * 1e3));
	ms = fmin(floor(ms), SLEW_MAX_MS);

	double rate = fmin(fabs(offset) / (ms * 1e-3), max_rate);
	s.ppt = llround(copysign(rate, offset) * 1e12);
	s.ms = s.ppt == 0 ? 0 : (int64_t)ms;
	return s;
}
