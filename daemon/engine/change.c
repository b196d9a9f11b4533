/* SPDX-License-Identifier: ISC */
#include "daemon/engine/change.h"

#include <math.h>

#include "common/log.h"
#include "daemon/engine/engine.h"

#define EXIT_CHANGE 1 /* a service manager does not start us again */

static void
limit_skew(const struct engine *e, struct estimate *fused)
{
	const struct discipline *d = &e->discipline;

	if (sqrt(fused->pyy) > e->maxupdateskew_ppm * 1e-6)
		fused->y = d->has_target ? d->target.y : e->first_freq;
}

static bool
is_too_much(struct engine *e, double change)
{
	const struct config *c = e->config;

	if (!c->has_maxchange || fabs(change) <= c->maxchange_offset ||
	    e->reference.updates < (unsigned)c->maxchange_start)
		return false;
	if (c->maxchange_ignore < 0 ||
	    e->changes_ignored < (unsigned)c->maxchange_ignore) {
		e->changes_ignored++;
		if (engine_may_say(e))
			log_warn("update ignored: it would move the clock by "
				 "%.6f s, maxchange is %g s", change,
			    c->maxchange_offset);
		return true;
	}
	log_fatal("update would move the clock by %.6f s, maxchange is %g s: "
		  "ending", change, c->maxchange_offset);
	engine_stop(e, EXIT_CHANGE);
	return true;
}

bool
change_is_wanted(struct engine *e, struct estimate *fused, struct pair now)
{
	double change = discipline_change(e, fused, now);

	if (!e->discipline.is_controlled) { /* nothing is changed */
		limit_skew(e, fused);
		return true;
	}
	if (is_too_much(e, change))
		return false;
	if (fabs(change) > e->config->logchange && engine_may_say(e))
		log_warn("clock: wrong by %.6f s, correction started", change);
	limit_skew(e, fused);
	return true;
}
