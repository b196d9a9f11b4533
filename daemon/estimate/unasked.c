/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/unasked.h"

#include <math.h>

#define SLACK 100e-6 /* s: waits on an idle network */
#define SIGMAS 3.3   /* 99.9 % of a normal distribution */

void
unasked_init(struct unasked *u, double wander)
{
	*u = (struct unasked){ .wander = wander };
}

/* By how much x may be off from what the sample foretells at an instant. */
static double
bound(const struct unasked *u, const struct sample *s, struct raw at,
    const struct estimate *belief)
{
	return s->delay / 2 + s->dispersion + fabs(raw_sub(at, s->at)) *
	    (u->wander + SIGMAS * sqrt(belief->pyy));
}

static double
foretold(const struct sample *s, struct raw at, const struct estimate *belief)
{
	return s->offset + belief->y * raw_sub(at, s->at);
}

/* The newest packet next to the newest volley.  A packet can be next to several
 * volleys: the one with the least delay counts. */
static void
measure_lag(struct unasked *u, const struct estimate *belief)
{
	const struct sample *v = &u->last;

	if (!u->has_volley || !u->has_packet ||
	    fabs(raw_sub(u->at, v->at)) > UNASKED_NEXT)
		return;

	double lag = foretold(v, u->at, belief) - u->z;
	unsigned i = (u->next + UNASKED_LAGS - 1) % UNASKED_LAGS;

	/* The packet took no longer than the volley both ways, which may be off
	 * by half of that. */
	if (lag < -v->delay / 2 - SLACK || lag > v->delay * 1.5 + SLACK ||
	    (u->is_in_lags && u->lags[i].delay <= v->delay))
		return;
	if (!u->is_in_lags) {
		i = u->next;
		u->next = (u->next + 1) % UNASKED_LAGS;
		if (u->n < UNASKED_LAGS)
			u->n++;
	}
	u->is_in_lags = true;
	u->lags[i].lag = lag;
	u->lags[i].delay = v->delay;
}

/* Delays cannot make two volleys contradict each other: then the server's clock
 * was set, or ours did not count for a while, and the older one is void. */
void
unasked_volley(struct unasked *u, const struct sample *s,
    const struct estimate *belief)
{
	double mine = bound(u, s, s->at, belief);
	double best = bound(u, &u->best, s->at, belief);
	double apart = fabs(s->offset - foretold(&u->best, s->at, belief));
	bool is_better = !u->has_volley || mine <= best ||
	    apart > mine + best + SLACK;

	u->has_volley = true;
	u->last = *s;
	measure_lag(u, belief);
	if (is_better) {
		u->best = *s;
		u->stray = 0;
	}
}

static double
median_lag(const struct unasked *u)
{
	double sorted[UNASKED_LAGS];

	for (unsigned i = 0; i < u->n; i++) {
		unsigned k = i;

		for (; k > 0 && sorted[k - 1] > u->lags[i].lag; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = u->lags[i].lag;
	}
	return (sorted[(u->n - 1) / 2] + sorted[u->n / 2]) / 2;
}

enum unasked_verdict
unasked_packet(struct unasked *u, double z, struct raw at,
    const struct estimate *belief, struct sample *out)
{
	u->has_packet = true;
	u->is_in_lags = false;
	u->at = at;
	u->z = z;
	measure_lag(u, belief);
	if (u->n < UNASKED_LEAST)
		return UNASKED_EARLY;

	double age = fabs(raw_sub(at, u->best.at));
	double offset = z + median_lag(u);
	double away = fabs(offset - foretold(&u->best, at, belief));

	if (away > bound(u, &u->best, at, belief) + SLACK)
		return UNASKED_STRAY;
	u->stray = fmax(u->stray, away);
	/* It waited as volleys do: their delays in turn. */
	*out = (struct sample){ .at = at, .offset = offset,
		.delay = u->lags[u->turn++ % u->n].delay,
		.dispersion = u->best.dispersion + u->stray + u->wander * age };
	return UNASKED_SAMPLE;
}

bool
unasked_wants_volley(const struct unasked *u)
{
	return u->n < UNASKED_LAGS;
}
