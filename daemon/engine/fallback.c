/* SPDX-License-Identifier: ISC */
#include "daemon/engine/fallback.h"

#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"

static void
set_timer(struct engine *e)
{
	struct fallback *f = &e->fallback;

	e->os->ops->timer_set(e->os, &f->timer,
	    mono_add(e->reference.updated, ldexp(1, f->next)));
}

static void
fire(struct timer *t)
{
	struct engine *e = t->owner;
	struct fallback *f = &e->fallback;
	int i = f->next++;
	double whole = ldexp(1, i);

	if (f->next <= e->config->fallback_max)
		set_timer(e);
	/* Not measured for that long; or the machine slept, and to set the
	 * frequency is to correct the clock, too. */
	if (f->averages[i].seconds < whole || !discipline_is_explained(e))
		return;
	log_info("clock: no update for %.0f s: frequency %+.3f ppm, the "
		 "average over as long", whole, f->averages[i].freq * 1e6);
	discipline_set_frequency(e, f->averages[i].freq);
}

void
fallback_init(struct fallback *f, struct engine *e)
{
	memset(f, 0, sizeof *f);
	f->timer.fire = fire;
	f->timer.owner = e;
}

void
fallback_update(struct engine *e)
{
	struct fallback *f = &e->fallback;
	const struct config *c = e->config;
	double known = fmin(e->reference.update_interval,
	    ldexp(1, c->fallback_min)); /* a gap tells nothing */

	if (c->fallback_max == 0 || !e->discipline.is_controlled)
		return;
	for (int i = c->fallback_min; i <= c->fallback_max; i++) {
		double *seconds = &f->averages[i].seconds;
		double *freq = &f->averages[i].freq;

		*seconds = fmin(*seconds + known, ldexp(1, i));
		if (*seconds > 0)
			*freq += (e->reference.freq - *freq) *
			    known / *seconds;
	}
	f->next = c->fallback_min;
	if (f->next <= c->fallback_max)
		set_timer(e);
}
