/* SPDX-License-Identifier: ISC
 *
 * Everything that is ever asked of the clock is computed from the same two
 * lines: the estimate, moved to now, and the clock, read now.  A request that
 * must wait (ten a second at most) or that the guard cut short is therefore not
 * queued but made anew when its time comes. */
#include "daemon/engine/discipline.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/estimate/slewplan.h"

#define KERNEL_RATE 0.1 /* s/s: the most that base and slew can be */
#define MIN_GAP 0.25  /* s between adjustments, which may take two requests */
#define COMPLAIN 3600 /* s between words about a short budget */
#define RETRY_SHORT 60 /* s: the budget refills slowly */
#define RETRY_STEP 60  /* s until a step that was refused is tried again */
#define STATUS_SOONEST 1.0 /* s between two CLK_STATUS */
#define STATUS_OLD 230.0 /* s after which it is news by itself */
#define SLEW_LARGE 1e-3 /* s: where it ended is looked at, ... */
#define SLEW_LATE 0.05  /* ... s after that */
#define SURPRISE 10e-3 /* s that the error may grow by without a sample, ... */
#define SURPRISE_RATE 200e-6 /* ... and s/s */
#define TRIFLE 0.25     /* of the estimate's own scatter: adds nothing that is
                           seen to the clock's error; 0.5 adds 4 % */
#define NO_NEWS 2       /* times the time until the next news: none come */
#define MAX_SENT 4e9  /* s: what a step may ask for; from 1970 to any era */

static void apply(struct engine *);

/* How far from nominal the clock may run for good: the guard's limit. */
static double
limit_ppm(const struct engine *e)
{
	return e->config->has_maxdrift ? e->config->maxdrift_ppm : 500;
}

bool
discipline_is_explained(const struct engine *e)
{
	const struct discipline *d = &e->discipline;

	if (!d->has_target)
		return true;
	double age = mono_sub(e->os->ops->mono(e->os), d->updated);
	double err = discipline_error(e, e->os->ops->pair(e->os));

	return fabs(err) <=
	    fabs(d->updated_error) + SURPRISE + SURPRISE_RATE * age;
}

static void
fire_later(struct timer *t)
{
	if (discipline_is_explained(t->owner))
		apply(t->owner);
}

static void
fire_complain(struct timer *t)
{
	struct engine *e = t->owner;
	struct discipline *d = &e->discipline;

	if (d->short_of <= 0)
		return;
	double err = discipline_error(e, e->os->ops->pair(e->os));
	if (engine_may_say(e))
		log_warn("clock is %.1f s %s, guard allows %.1f s a day: "
			 "tockctl makestep",
		    fabs(err), err > 0 ? "behind" : "ahead",
		    (e->config->guard.refill_ppm + limit_ppm(e)) * 0.0864);
	e->os->ops->timer_set(e->os, &d->complain,
	    mono_add(e->os->ops->mono(e->os), COMPLAIN));
}

void
discipline_init(struct discipline *d, struct engine *e)
{
	const struct config *c = e->config;

	memset(d, 0, sizeof *d);
	d->is_controlled = !e->options.is_measuring_only;
	d->steps_left = c->has_makestep ? c->makestep_limit : 0;
	d->threshold = c->makestep_threshold;
	d->later.fire = fire_later;
	d->later.owner = e;
	d->complain.fire = fire_complain;
	d->complain.owner = e;
}

/* Sends one request and keeps what its answer says.  Returns its error. */
static int
ask(struct engine *e, struct clk_req *req)
{
	struct discipline *d = &e->discipline;
	struct clk_rep rep;

	memset(&rep, 0, sizeof rep);
	e->os->ops->clock(e->os, req, &rep);
	d->answered = e->os->ops->mono(e->os);
	d->freq_ppt = rep.freq_ppt;
	d->budget_ns = rep.budget_ns;
	d->steps_guard = rep.steps;
	d->window_s = rep.window_s;
	switch (rep.error) {
	case 0:
		break;
	case ERANGE:
		d->refused_range++;
		break;
	case ENOSPC:
		d->refused_budget++;
		break;
	case EAGAIN:
		d->refused_rate++;
		break;
	case EPERM:
		if (d->is_controlled)
			log_warn("clock: not permitted to change it, "
				 "measuring only");
		d->is_controlled = false;
		break;
	default:
		d->refused_other++;
		log_warn("clock: request %u failed: %s", req->type,
		    strerror(rep.error));
	}
	return rep.error;
}

double
discipline_error(const struct engine *e, struct pair now)
{
	const struct discipline *d = &e->discipline;

	if (!d->has_target)
		return 0;
	double c = timescale_offset(&e->scale, now.real, now.raw);
	return d->target.x + d->target.y * raw_sub(now.raw, d->target.at) - c;
}

/* The frequency to rest at, inside the guard's limit. */
static int64_t
base_of(struct engine *e)
{
	double limit = limit_ppm(e);
	double y = e->discipline.target.y;

	bool was_beyond = e->discipline.is_beyond;

	e->discipline.is_beyond = fabs(y) > limit * 1e-6;
	if (e->discipline.is_beyond) {
		if (!was_beyond && engine_may_say(e))
			log_warn("clock: needs %.3f ppm, limit is %.3f ppm: "
				 "raise maxdrift if the hardware is sound",
			    y * 1e6, limit);
		y = copysign(limit * 1e-6, y);
	}
	return llround(y * 1e12);
}

static int64_t
error_ns(double s)
{
	return span_ns(fmin(fmax(s, 0), 16));
}

static void
make_status(struct engine *e, struct clk_status *to)
{
	struct discipline *d = &e->discipline;
	struct pair now = e->os->ops->pair(e->os);
	const struct reference *r = &e->reference;
	double err = fabs(discipline_error(e, now));
	double disp = reference_dispersion(r, now.raw,
	    e->config->maxclockerror_ppm * 1e-6);

	to->esterror_ns = error_ns(
	    d->has_target ? err + sqrt(d->target.pxx) : 16);
	to->maxerror_ns = error_ns(
	    r->was_updated ? err + disp + r->root_delay / 2 : 16);
	to->leap = leap_for_clock(e);
	to->tai = leap_tai(e, now.real);
	if (r->is_synced)
		to->flags |= CLK_SYNCED;
	if (d->steps_left <= 0)
		to->flags |= CLK_STARTED;
}

static int
adjust(struct engine *e, int64_t base_ppt, struct slew slew)
{
	struct discipline *d = &e->discipline;
	struct clk_req req;

	memset(&req, 0, sizeof req);
	req.type = CLK_ADJUST;
	req.u.adjust.base_ppt = base_ppt;
	req.u.adjust.slew_ppt = slew.ppt;
	req.u.adjust.slew_ms = slew.ms;
	if (e->reference.is_synced && !e->leap.is_held) {
		make_status(e, &req.u.adjust.status);
		req.u.adjust.status.is_told = true;
	}
	int error = ask(e, &req);
	if (error != 0)
		return error;
	if (req.u.adjust.status.is_told) {
		d->told = d->answered;
		d->status = req.u.adjust.status;
	}
	d->base_ppt = base_ppt;
	d->slew_rate = (double)slew.ppt * 1e-12;
	d->slew_end = raw_add(e->os->ops->pair(e->os).raw,
	    (double)slew.ms * 1e-3);
	return 0;
}

/* What the running slew is going to remove, s. */
static double
under_way(const struct engine *e)
{
	const struct discipline *d = &e->discipline;
	double left = raw_sub(d->slew_end, e->os->ops->pair(e->os).raw);

	return d->slew_rate * fmax(left, 0);
}

/* The guard's budget is short: slew what it allows, and let the frequency, which
 * costs no budget, take the rest until the next try, as far as its limit goes. */
static void
adjust_within_budget(struct engine *e, double err, double within, double rate)
{
	struct discipline *d = &e->discipline;
	double allowed = d->budget_ns > 0 ? (double)d->budget_ns * 1e-9 : 0;
	double part = fmin(fabs(err), allowed * 0.99);
	bool was_short = d->short_of > 0;

	double limit = limit_ppm(e) * 1e-6;
	double y = d->target.y + copysign(fabs(err) - part, err) / RETRY_SHORT;

	y = fmin(fmax(y, -limit), limit);
	rate = fmin(rate, KERNEL_RATE - fabs(y));
	adjust(e, llround(y * 1e12),
	    slew_plan(copysign(part, err), within, rate));
	d->short_of = fabs(err) - part;
	d->rest = err - under_way(e);
	if (!was_short)
		fire_complain(&d->complain);
	e->os->ops->timer_set(e->os, &d->later,
	    mono_add(e->os->ops->mono(e->os), RETRY_SHORT));
}

static void
apply(struct engine *e)
{
	struct discipline *d = &e->discipline;
	struct mono now = e->os->ops->mono(e->os);
	struct mono free_at = mono_add(d->sent, MIN_GAP);

	d->is_trifle = false;
	if (e->leap.is_held)
		free_at = mono_add(now, LEAP_HOLD);
	if ((d->sent.ns != 0 || e->leap.is_held) && now.ns < free_at.ns) {
		e->os->ops->timer_set(e->os, &d->later, free_at);
		return;
	}
	e->os->ops->timer_off(e->os, &d->later);
	d->sent = now;

	double err = discipline_error(e, e->os->ops->pair(e->os));
	int64_t base_ppt = base_of(e);
	double rate = e->config->maxslewrate_ppm * 1e-6;
	double room = KERNEL_RATE - fabs((double)base_ppt) * 1e-12;
	if (rate > room)
		rate = room;

	struct slew slew = slew_plan(err, d->within, rate);
	int error = adjust(e, base_ppt, slew);
	if (error == ENOSPC) {
		adjust_within_budget(e, err, d->within, rate);
		return;
	}
	if (error == EAGAIN)
		e->os->ops->timer_set(e->os, &d->later, mono_add(now, 1));
	else if (fabs(err) > SLEW_LARGE)
		e->os->ops->timer_set(e->os, &d->later, mono_add(now,
		    (double)slew.ms * 1e-3 + SLEW_LATE));
	d->short_of = 0;
	d->rest = err - under_way(e);
}

static int
step(struct engine *e, double err)
{
	struct clk_req req;

	memset(&req, 0, sizeof req);
	req.type = CLK_STEP;
	req.u.step_ns = span_ns(fmax(-MAX_SENT, fmin(MAX_SENT, err)));
	int error = ask(e, &req);
	if (error == 0)
		log_info("clock: stepped by %.9f s", err);
	else
		log_warn("clock: step of %.3f s refused: %s%s", err,
		    strerror(error),
		    error == ENOSPC ? " (guard; tockctl makestep as root "
				      "grants one)" : "");
	return error;
}

/* Where makestep allows it.  Returns whether it has stepped. */
static bool
step_if_allowed(struct engine *e, double err)
{
	struct discipline *d = &e->discipline;
	struct mono now = e->os->ops->mono(e->os);

	if (e->leap.is_held || d->steps_left == 0 ||
	    fabs(err) <= d->threshold ||
	    now.ns < mono_add(d->sent, MIN_GAP).ns ||
	    (d->step_refused.ns != 0 &&
		now.ns < mono_add(d->step_refused, RETRY_STEP).ns))
		return false;
	if (step(e, err) == 0)
		return true;
	d->step_refused = now;
	return false;
}

/* A correction takes three wake-ups, and the next sample, which comes in `next`
 * s, may well take it back.  Whether the clock would leave the target until
 * then, or is away from it, by more than a trifle. */
static bool
is_worth_it(const struct engine *e, double err, double next)
{
	const struct discipline *d = &e->discipline;
	double most = TRIFLE * sqrt(e->fuse.noise);
	double now = err - under_way(e);
	double then = now + next *
	    (d->target.y - (double)d->base_ppt * 1e-12);

	return d->sent.ns == 0 ||
	    (d->later.node.slot != 0 && !d->is_trifle) ||
	    !(fabs(now) <= most && fabs(then) <= most);
}

/* Over a long silence it would be none. */
static void
wait_for_news(struct engine *e, double next)
{
	struct discipline *d = &e->discipline;

	d->is_trifle = true;
	e->os->ops->timer_set(e->os, &d->later,
	    mono_add(d->updated, NO_NEWS * next));
}

double
discipline_update(struct engine *e, const struct estimate *target,
    double within, double next)
{
	struct discipline *d = &e->discipline;

	d->target = *target;
	d->has_target = true;
	d->within = within;

	double err = discipline_error(e, e->os->ops->pair(e->os));
	struct mono now = e->os->ops->mono(e->os);
	d->updated = now;
	d->updated_error = err;
	foreign_updated(&e->foreign, err);
	if (!d->is_controlled)
		return err;
	bool is_stepped = step_if_allowed(e, err);
	if (d->steps_left > 0)
		d->steps_left--;
	/* A slew under way would go on after the step. */
	if (is_stepped || is_worth_it(e, err, next)) {
		apply(e);
	} else {
		d->rest = err - under_way(e);
		wait_for_news(e, next);
	}
	return err;
}

double
discipline_change(const struct engine *e, const struct estimate *target,
    struct pair now)
{
	double err = target->x + target->y * raw_sub(now.raw, target->at) -
	    timescale_offset(&e->scale, now.real, now.raw);

	if (!e->discipline.has_target || !e->discipline.is_controlled)
		return err;
	return err - under_way(e) - e->discipline.rest;
}

void
discipline_correct(struct engine *e)
{
	struct discipline *d = &e->discipline;

	if (!d->has_target || !d->is_controlled || e->is_stopping)
		return;
	d->updated = e->os->ops->mono(e->os);
	d->updated_error = discipline_error(e, e->os->ops->pair(e->os));
	apply(e);
}

void
discipline_repair(struct engine *e, double within)
{
	struct discipline *d = &e->discipline;

	if (!d->has_target || !d->is_controlled || e->is_stopping)
		return;
	d->within = fmin(d->within, within);
	step_if_allowed(e, discipline_error(e, e->os->ops->pair(e->os)));
	discipline_correct(e);
}

void
discipline_set_frequency(struct engine *e, double y)
{
	struct estimate *t = &e->discipline.target;
	struct raw now = e->os->ops->pair(e->os).raw;

	t->x += t->y * raw_sub(now, t->at);
	t->at = now;
	t->y = y;
	discipline_correct(e);
}

int
discipline_makestep(struct engine *e)
{
	struct discipline *d = &e->discipline;

	if (!d->is_controlled)
		return -EPERM;
	if (!d->has_target || e->leap.is_held)
		return -EAGAIN;
	/* A slew under way would go on after the step. */
	adjust(e, d->base_ppt, (struct slew){ 0, 0 });
	int error = step(e, discipline_error(e, e->os->ops->pair(e->os)));
	d->sent = e->os->ops->mono(e->os);
	if (error != 0) {
		apply(e);
	} else {
		d->short_of = d->rest = 0;
		discipline_status(e, true); /* it has just heard of the error */
	}
	return -error;
}

void
discipline_modify_makestep(struct engine *e, int limit, double threshold)
{
	e->discipline.steps_left = limit;
	e->discipline.threshold = threshold;
}

static bool
is_far_from(int64_t a, int64_t b)
{
	return a > 2 * b || b > 2 * a;
}

static bool
is_news(const struct discipline *d, const struct clk_status *s,
    struct mono now)
{
	const struct clk_status *said = &d->status;

	return d->told.ns == 0 || now.ns >= mono_add(d->told, STATUS_OLD).ns ||
	    s->flags != said->flags || s->leap != said->leap ||
	    s->tai != said->tai ||
	    is_far_from(s->maxerror_ns, said->maxerror_ns) ||
	    is_far_from(s->esterror_ns, said->esterror_ns);
}

void
discipline_status(struct engine *e, bool must)
{
	struct discipline *d = &e->discipline;
	struct mono now = e->os->ops->mono(e->os);
	struct mono free_at = mono_add(d->said, STATUS_SOONEST);
	struct clk_req req;

	if (e->leap.is_held) /* told before and afterwards */
		return;
	/* The kernel is told nothing, but a service manager that we live. */
	if (!must && !d->is_controlled)
		return;
	memset(&req, 0, sizeof req);
	req.type = CLK_STATUS;
	make_status(e, &req.u.status);
	if (!is_news(d, &req.u.status, now))
		return;
	if (d->said.ns != 0 && now.ns < free_at.ns) {
		e->os->ops->timer_set(e->os, &e->status, free_at);
		return;
	}
	d->told = d->said = now;
	d->status = req.u.status;
	ask(e, &req);
}
