/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/pollctl.h"

#include <math.h>

/* With a random walk w of the frequency, the offset wanders in T by
 * w sqrt(T^3/3).  That is to be PART of the noise. */
#define PART 0.4
#define USUAL_TARGET 8.0
#define FASTER -0.515 /* log2 0.7: at most, per sample */
#define SLOWER 0.138  /* log2 1.1 */

void
pollctl_init(struct pollctl *p, double log2s)
{
	p->log2s = log2s;
}

void
pollctl_sample(struct pollctl *p, double noise, double wander, double target,
    double least, double most)
{
	if (noise > 0 && wander > 0) {
		double part = PART * USUAL_TARGET / target;
		double aim = log2(part * part * 3 * noise / wander) / 3;

		p->log2s += fmin(fmax(aim - p->log2s, FASTER), SLOWER);
	}
	p->log2s = fmax(fmin(p->log2s, most), least);
}
