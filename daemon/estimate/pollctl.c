/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/pollctl.h"

#include <math.h>

/* With a random walk w of the frequency, the offset wanders in T by
 * w sqrt(T^3/3).  That is to be PART of the noise; but what one packet more buys
 * is less where there are many: towards MIDDLE, in log2 s, by a part. */
#define PART 0.38
#define MIDDLE 9.0
#define TOWARDS 0.1
#define USUAL_TARGET 8.0
#define FASTER (-0.515) /* log2 0.7: at most, per sample */
#define SLOWER 0.5      /* log2 1.4, and twice as long only after ... */
#define DOUBLING 128.0  /* s */

#define HOLD_SLOWER 1.0 /* log2 2: at most, per sample */
#define NEWS_ROW 8      /* samples: one alone is no news */
#define HELD_AGAIN 0.8  /* of the error: no news by a hair */

void
pollctl_init(struct pollctl *p, double log2s)
{
	*p = (struct pollctl){ .log2s = log2s };
}

void
pollctl_set(struct pollctl *p, double log2s)
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

		aim += TOWARDS * (MIDDLE - aim);
		double slower = fmin(exp2(p->log2s) / DOUBLING, SLOWER);
		p->log2s += fmin(fmax(aim - p->log2s, FASTER), slower);
	}
	p->log2s = fmax(fmin(p->log2s, most), least);
}

/* The standard error of the offset t s from now.  A negative covariance would
 * have it shrink at first: that is not relied on. */
static double
forecast(const struct estimate *e, double wander, double t)
{
	return sqrt(e->pxx + 2 * t * fmax(e->pxy, 0) + t * t * e->pyy +
	    wander * t * t * t / 3);
}

static enum pollctl_news
tell(struct pollctl *p, bool is_contrary)
{
	p->contrary = is_contrary ? p->contrary + 1 : 0;
	if (p->contrary < NEWS_ROW)
		return POLLCTL_NO_NEWS;
	p->contrary = 0;
	p->is_missed = !p->is_missed;
	return p->is_missed ? POLLCTL_MISSED : POLLCTL_HELD;
}

enum pollctl_news
pollctl_hold(struct pollctl *p, const struct estimate *e, double wander,
    double error, double polls, double least, double most)
{
	double low = least, high = fmin(most, p->log2s + HOLD_SLOWER);

	while (high - low > 1e-3) {
		double mid = (low + high) / 2;
		if (forecast(e, wander, polls * exp2(mid)) > error)
			high = mid;
		else
			low = mid;
	}
	p->log2s = fmax(low, least);

	double best = forecast(e, wander, polls * exp2(least));
	return tell(p, p->is_missed ? best <= HELD_AGAIN * error
				    : best > error);
}
