/* SPDX-License-Identifier: ISC
 *
 * A virtual machine that stood still has not slept, as far as it knows; when its
 * host then sets its clock, that is right and our estimate is not.  From inside
 * it looks like any step by somebody else.  So the servers are asked first, and
 * the estimate counts where none of them has answered, or objected, in time. */
#include "daemon/engine/foreign.h"

#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"

#define LEAST 1e-3       /* s: smaller ones wait for the next sample */
#define ANSWER_WAIT 1.0  /* s for the servers */
#define WITHIN 0.5       /* s, for a correction without them */
#define AFTER_SLEEP 8    /* requests, 2 s apart, until the network is back, ... */
#define AFTER_SLEEP_GOOD 4 /* ... and answers */
#define AFTER_SLEEP_WAIT 16.0 /* s for those that answered before */

static void
ask_all(struct engine *e, bool has_slept)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link) {
		if (!has_slept && selection_uses(s))
			client_ask_now(&s->client);
		else if (has_slept && !s->conf.offline &&
		    (s->client.burst == 0 || s->client.unsent > 0))
			source_burst(s, AFTER_SLEEP_GOOD, AFTER_SLEEP);
	}
}

/* Nobody knows the time any more, as after a start. */
static void
forget_offsets(struct engine *e)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		source_slept(s);
	fuse_slept(&e->fuse);
	engine_be_patient(e, AFTER_SLEEP_WAIT);
}

/* Whether a server says that the estimate is no longer true. */
static bool
is_doubted(const struct engine *e)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (selection_uses(s) && s->estimator.impossible > 0)
			return true;
	return false;
}

static void
fire(struct timer *t)
{
	struct engine *e = t->owner;

	if (e->foreign.what == FOREIGN_STEP && !is_doubted(e))
		discipline_repair(e, WITHIN);
}

void
foreign_init(struct foreign *f, struct engine *e)
{
	memset(f, 0, sizeof *f);
	f->timer.fire = fire;
	f->timer.owner = e;
}

static void
tell(struct engine *e, double by, bool has_slept)
{
	if (!engine_may_say(e))
		return;
	if (has_slept)
		log_info("clock: the machine slept, %.3f s by its clock: the "
			 "servers are asked", by);
	else
		log_warn("clock: moved by %+.6f s by somebody else", by);
}

void
foreign_was_set(struct engine *e, bool has_slept)
{
	const struct discipline *d = &e->discipline;
	struct foreign *f = &e->foreign;
	struct mono now = e->os->ops->mono(e->os);

	if (!d->has_target || e->is_stopping || e->leap.is_held)
		return;
	/* What we do ourselves, we know of. */
	double by = -discipline_change(e, &d->target, e->os->ops->pair(e->os));
	if (fabs(by) < LEAST)
		return;
	tell(e, by, has_slept);
	if (has_slept) {
		forget_offsets(e);
		f->what = FOREIGN_SLEEP;
	}
	ask_all(e, has_slept);
	if (f->what == FOREIGN_SLEEP)
		return;
	f->what = FOREIGN_STEP;
	e->os->ops->timer_set(e->os, &f->timer, mono_add(now, ANSWER_WAIT));
}

void
foreign_updated(struct foreign *f, double err)
{
	if (fabs(err) < LEAST)
		f->what = FOREIGN_NOTHING;
	else if (f->what == FOREIGN_SLEEP)
		f->what = FOREIGN_STEP;
}
