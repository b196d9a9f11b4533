/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/noise.h"

#include <math.h>

#define CLIP 16.0 /* times what it is, at most, may one sample add */

void
noise_init(struct noise *n, double guess, double least)
{
	*n = (struct noise){ .of = { guess, guess }, .least = least };
}

static void
move(struct noise *n, double *of, double seen, double cap, double gain)
{
	*of += gain * (fmin(seen, cap) - *of);
	*of = fmax(*of, n->least);
}

void
noise_learn(struct noise *n, double before, double after, double gain)
{
	double d = before - n->last;
	double cap0 = CLIP * fmax(n->of[0], n->of[1]);
	double cap1 = CLIP * n->of[1];

	n->last = before;
	move(n, &n->of[0], fmax(before * after, 0), cap0, gain);
	move(n, &n->of[1], d * d / 2, cap1, gain);
}

double
noise_variance(const struct noise *n)
{
	return fmin(n->of[0], n->of[1]);
}
