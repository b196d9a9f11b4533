/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/pollctl.h"

#include <math.h>

#define STEP 0.125 /* at most: eight samples in a row change the interval */

void
pollctl_init(struct pollctl *p)
{
	p->score = 0;
}

int
pollctl_sample(struct pollctl *p, double in_use, double target)
{
	double excess = fmin(fmax(in_use / target - 1, -1), 1);

	p->score += STEP * excess;
	if (fabs(p->score) < 1)
		return 0;

	int change = p->score > 0 ? 1 : -1;

	p->score = 0;
	return change;
}
