/* SPDX-License-Identifier: ISC */
#include "daemon/engine/engine.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/change.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/fusion.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/dump.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/server.h"
#include "daemon/engine/source.h"

#define UPDATE_GAP 0.3      /* s between two selections, as between adjustments:
                               with many sources at short polls they cost most */
#define UPDATE_ROW 8        /* that may be at once when there was none for long */
#define STATUS_GAP 300.0    /* s from a status to the next, at most, and a look at
                               what no update tells: ... */
#define STATUS_EARLY 70.0   /* ... that long before it comes with an update */
#define RESOLVER_GRACE 60.0 /* s that we go on without a resolver */
#define SLEW_FRACTION 0.25  /* of the poll interval, for a whole correction */
#define SLEW_LONGEST 64.0   /* s */
#define JUMP_INTERVAL 4.0   /* s: after a jump, by a source or of the clock,
                               which is certain and large */
#define EXIT_RESTART 75
#define SAY_WINDOW 600.0    /* s */
#define SAY_MOST 20
#define CRYSTAL_SD 1e-4     /* s/s: 100 ppm, an ordinary crystal */
#define DRIFT_SD 1e-5       /* s/s: what an old drift file may be off by */

static void
set_timer(struct engine *e, struct timer *t, double after)
{
	e->os->ops->timer_set(e->os, t, mono_add(e->os->ops->mono(e->os), after));
}

static void
tell_of_liar(struct engine *e, const struct source *liar,
    const struct source *best, struct raw now)
{
	struct estimate wrong, right;
	char label[ADDR_STRLEN];

	if (!estimator_at(&liar->estimator, now, &wrong) ||
	    !estimator_at(&best->estimator, now, &right) || !engine_may_say(e))
		return;
	log_warn("source %s: falseticker, %.6f s %s the majority",
	    source_label(liar, label, sizeof label), fabs(wrong.x - right.x),
	    wrong.x > right.x ? "ahead of" : "behind");
}

/* A falseticker is worth one word, until it is used again. */
static void
look_for_liars(struct engine *e, const struct source *best, struct raw now)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link) {
		if (s->verdict == SOURCE_FALSETICKER && !s->is_known_liar) {
			s->is_known_liar = true;
			tell_of_liar(e, s, best, now);
		}
		if (selection_uses(s))
			s->is_known_liar = false;
	}
}

void
engine_lose(struct engine *e)
{
	if (!e->reference.is_synced)
		return;
	if (engine_may_say(e))
		log_warn("no source can be followed: not synchronised "
			 "(tockctl sources)");
	reference_lose(&e->reference);
	discipline_status(e, true);
	crew_publish(e);
}

/* Whether what we go by is gone because of what somebody said, or because the
 * machine slept, or is too old by now; not only because who said it is no longer
 * asked. */
static bool
is_refuted(const struct engine *e, struct raw now)
{
	const struct config *c = e->config;
	const struct reference *r = &e->reference;
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->has_sample && (s->options & SELECT_NOSELECT) == 0)
			return true;
	return e->foreign.what == FOREIGN_SLEEP || r->root_delay / 2 +
	    reference_dispersion(r, now, c->maxclockerror_ppm * 1e-6) >
		c->maxdistance;
}

/* Selects; says so when nobody can be followed any more. */
static struct source *
choose(struct engine *e, struct raw now)
{
	struct source *best = selection_run(e, now);

	if (best != NULL)
		look_for_liars(e, best, now);
	else if (is_refuted(e, now))
		engine_lose(e);
	reference_tell_local(e);
	return best;
}

/* With what was said meanwhile, which counts once. */
static void
choose_again(struct engine *e)
{
	if (e->news.node.slot != 0)
		engine_update_now(e);
	else
		choose(e, e->os->ops->pair(e->os).raw);
}

static void
fire_news(struct timer *t)
{
	engine_update_now(t->owner);
}

/* What no update tells. */
static void
look_around(struct engine *e)
{
	struct mono least = mono_add(e->os->ops->mono(e->os), STATUS_EARLY);

	e->os->ops->timer_off(e->os, &e->status);
	leap_plan(e);
	reference_tell_local(e);
	if (e->options.server != NULL)
		server_tell_lost(e->options.server);
	discipline_status(e, true);
	if (e->status.node.slot != 0) /* it is to be said in a moment */
		return;
	struct mono next = mono_add(e->discipline.told, STATUS_GAP);
	e->os->ops->timer_set(e->os, &e->status,
	    next.ns < least.ns ? least : next);
}

/* Nobody needs to say anything for sources to become too old. */
static void
fire_status(struct timer *t)
{
	struct engine *e = t->owner;

	if (e->reference.is_synced && !e->is_stopping)
		choose_again(e);
	look_around(e);
}

/* Who has not answered by now is not waited for. */
static void
fire_patience(struct timer *t)
{
	struct engine *e = t->owner;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->has_sample && !e->reference.is_synced)
			engine_update(e, s);
	reference_tell_local(e); /* also where there is no source at all */
}

void
engine_be_patient(struct engine *e, double s)
{
	e->patient_until = mono_add(e->os->ops->mono(e->os), s);
	e->os->ops->timer_set(e->os, &e->patience, e->patient_until);
}

static void
write_drift(struct engine *e)
{
	const struct discipline *d = &e->discipline;
	struct clk_req req;
	struct clk_rep rep;

	if (e->config->driftfile[0] == '\0' || !e->reference.was_updated ||
	    !d->is_controlled || d->is_beyond) /* none that could be used */
		return;
	memset(&req, 0, sizeof req);
	req.type = CLK_DRIFT;
	req.u.drift.freq_ppt = llround(d->target.y * 1e12);
	req.u.drift.skew_ppt = llround(
	    fmin(sqrt(e->reference.fused.pyy), 1) * 1e12);
	e->os->ops->clock(e->os, &req, &rep);
	if (rep.error != 0 && rep.error != EAGAIN) /* it is just written */
		log_warn("drift file %s: not written: %s",
		    e->config->driftfile, strerror(rep.error));
}

static void
fire_drift(struct timer *t)
{
	struct engine *e = t->owner;

	write_drift(e);
	set_timer(e, t, e->config->drift_interval);
}

static void
fire_timeout(struct timer *t)
{
	struct engine *e = t->owner;
	const struct source *s;
	unsigned n = 0, answered = 0;

	TAILQ_FOREACH(s, &e->sources, link) {
		n++;
		answered += s->has_sample;
	}
	log_info("timeout of %g s reached: %ssynchronised, %u of %u sources "
		 "gave measurements", e->options.timeout,
	    e->reference.is_synced ? "" : "not ", answered, n);
	engine_stop(e, e->reference.is_synced ? 0 : 1);
}

static void
fire_resolver_gone(struct timer *t)
{
	log_error("resolver is gone: ending, so that everything starts anew");
	engine_stop(t->owner, EXIT_RESTART);
}

void
engine_resolver_gone(void *engine)
{
	struct engine *e = engine;
	const struct source *s;
	double grace = RESOLVER_GRACE;

	if (e->is_stopping || e->resolver_gone.node.slot != 0)
		return;
	TAILQ_FOREACH(s, &e->sources, link)
		if (!source_is_resolved(s) && !pool_is_spare(s))
			grace = 0;
	log_error("resolver is gone: going on with the addresses known");
	e->resolver_gone.fire = fire_resolver_gone;
	e->resolver_gone.owner = e;
	set_timer(e, &e->resolver_gone, grace);
}

/* The frequency from the start: the drift file's, else what the clock runs at
 * (an earlier daemon may have known it). */
static void
preset_frequency(struct engine *e)
{
	struct discipline *d = &e->discipline;
	struct clk_req req;
	struct clk_rep rep;

	d->base_ppt = d->freq_ppt;
	e->first_freq = (double)d->freq_ppt * 1e-12;
	e->first_freq_sd = CRYSTAL_SD;
	if (e->options.drift_skew_ppm < 0)
		return;
	e->first_freq = e->options.drift_ppm * 1e-6;
	/* Who wrote the file knew no less than who knows nothing. */
	e->first_freq_sd = fmin(CRYSTAL_SD,
	    fmax(e->options.drift_skew_ppm * 1e-6, DRIFT_SD));
	if (!d->is_controlled || e->options.mode != ENGINE_STEER)
		return;
	memset(&req, 0, sizeof req);
	req.type = CLK_ADJUST;
	req.u.adjust.base_ppt = llround(e->options.drift_ppm * 1e6);
	e->os->ops->clock(e->os, &req, &rep);
	if (rep.error != 0)
		return;
	d->base_ppt = req.u.adjust.base_ppt;
	log_info("clock: frequency %+.3f ppm from the drift file",
	    e->options.drift_ppm);
}

static void
preset_time(struct engine *e)
{
	struct clk_req req;
	struct clk_rep rep;

	if (e->options.preset == 0 || !e->discipline.is_controlled)
		return;
	memset(&req, 0, sizeof req);
	req.type = CLK_STEP;
	req.u.step_ns = span_ns(e->options.preset);
	e->os->ops->clock(e->os, &req, &rep);
	if (rep.error == 0)
		log_info("clock: stepped by %.3f s before the first "
			 "measurement", e->options.preset);
	else
		log_warn("clock: step of %.3f s at start refused: %s",
		    e->options.preset, strerror(rep.error));
}

int
engine_add_sources(struct engine *e)
{
	e->started = e->os->ops->mono(e->os);
	engine_be_patient(e, SELECTION_PATIENCE);
	for (size_t i = 0; i < e->config->n_sources; i++) {
		struct config_source conf = e->config->sources[i];

		conf.iburst |= e->options.mode != ENGINE_STEER ||
		    e->once.is_first;
		if (pool_add(e, &conf) != 0)
			return -ENOMEM;
	}
	return sourcedir_reload(e);
}

int
engine_init(struct engine *e, struct os *os, const struct config *config,
    const struct engine_options *options)
{
	memset(e, 0, sizeof *e);
	e->os = os;
	e->config = config;
	e->options = *options;
	e->build_date = options->build_date;
	os->engine = e;
	os->clock_event = engine_clock_event;
	os->resolver_gone = engine_resolver_gone;
	TAILQ_INIT(&e->sources);
	TAILQ_INIT(&e->pools);
	e->reselectdist = config->reselectdist;
	e->maxupdateskew_ppm = config->maxupdateskew_ppm;
	e->local = config->local;
	if (options->acquire != NULL)
		options->acquire->engine = e;
	e->started = os->ops->mono(os);
	reference_init(&e->reference);
	fuse_init(&e->fuse);
	discipline_init(&e->discipline, e);
	foreign_init(&e->foreign, e);
	leap_init(&e->leap, e);
	fallback_init(&e->fallback, e);
	e->status = (struct timer){ .fire = fire_status, .owner = e };
	discipline_status(e, true); /* and learn what the clock runs at */
	preset_time(e);
	preset_frequency(e);
	timescale_init(&e->scale, os->ops->pair(os));

	e->news = (struct timer){ .fire = fire_news, .owner = e };
	e->patience = (struct timer){ .fire = fire_patience, .owner = e };
	e->timeout = (struct timer){ .fire = fire_timeout, .owner = e };
	e->drift = (struct timer){ .fire = fire_drift, .owner = e };
	if (options->timeout == 0 && options->mode != ENGINE_STEER)
		e->options.timeout = ONCE_TIMEOUT;
	if (e->options.timeout > 0)
		set_timer(e, &e->timeout, e->options.timeout);
	set_timer(e, &e->drift, config->drift_interval);
	set_timer(e, &e->status, STATUS_GAP);
	engine_be_patient(e, SELECTION_PATIENCE);

	if (admission_init(e) < 0)
		return -ENOMEM;
	if (options->server != NULL && server_start(options->server, e) < 0)
		return -ENOMEM;
	auth_rekey(e); /* without it sources that need a key wait for it */
	crew_start(e);
	broadcasts_start(&e->broadcasts, e);
	listen_start(&e->listen, e);
	if (once_init(&e->once, e) < 0)
		return -ENOMEM;
	return once_has_hosts(e) ? 0 : engine_add_sources(e);
}

void
engine_fini(struct engine *e)
{
	while (!TAILQ_EMPTY(&e->sources))
		source_free(TAILQ_FIRST(&e->sources));
	sourcedir_fini(&e->sourcedirs);
	crew_stop(e);
	admission_fini(e);
	broadcasts_stop(&e->broadcasts);
	if (e->options.server != NULL)
		server_stop(e->options.server);
	if (e->options.acquire != NULL)
		e->options.acquire->engine = NULL;
	keys_fini(&e->keys);
	struct timer *timers[] = { &e->news, &e->patience, &e->timeout, &e->drift,
		&e->status, &e->resolver_gone, &e->leap.timer, &e->fallback.timer,
		&e->once.timer, &e->discipline.later, &e->discipline.complain,
		&e->foreign.timer };
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		e->os->ops->timer_off(e->os, timers[i]);
}

bool
engine_may_say(struct engine *e)
{
	struct mono now = e->os->ops->mono(e->os);

	if (mono_sub(now, e->said_since) > SAY_WINDOW) {
		e->said_since = now;
		e->said = 0;
	}
	if (e->said >= SAY_MOST)
		return false;
	if (++e->said == SAY_MOST)
		log_info("sources change often: the next word about it in "
			 "10 min");
	return true;
}

void
engine_reselect(struct engine *e)
{
	if (!e->is_stopping && !e->leap.is_held)
		choose_again(e);
}

/* In what time a correction is to be made, s. */
static double
slew_time(const struct engine *e, const struct source *source)
{
	double interval = client_interval(&source->client);

	if (e->config->has_corrtimeratio)
		return interval * e->config->corrtimeratio;
	if (source->estimator.since_jump == 0 ||
	    e->foreign.what != FOREIGN_NOTHING || !discipline_is_explained(e))
		interval = fmin(interval, JUMP_INTERVAL);
	return fmin(interval * SLEW_FRACTION, SLEW_LONGEST);
}

/* When the source has something new to say, s. */
static double
until_next(const struct source *source)
{
	return client_interval(&source->client) *
	    fmax(source->conf.filter, 1);
}

/* Nobody can be followed in time; maybe in frequency. */
static void
hold(struct engine *e, struct pair now)
{
	struct estimate held;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->is_news && e->options.mode == ENGINE_STEER &&
		    fusion_hold(e, s, now, &held))
			discipline_update(e, &held, slew_time(e, s),
			    until_next(s));
}

/* What those that are used have said, all at once. */
static void
follow(struct engine *e, struct source *best, struct pair now)
{
	double within = INFINITY, next = INFINITY;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->is_news && selection_uses(s)) {
			within = fmin(within, slew_time(e, s));
			next = fmin(next, until_next(s));
		}
	if (within == INFINITY)
		return;

	struct estimate fused = fusion_follow(e, now.raw);

	if (e->options.mode != ENGINE_STEER || e->once.is_first) {
		once_update(e, &fused, now);
		return;
	}
	if (!change_is_wanted(e, &fused, now))
		return;
	double err = discipline_update(e, &fused, within, next);
	bool was_synced = e->reference.is_synced;
	reference_follow(e, best, &fused, now, err);
	fallback_update(e);
	leap_plan(e);
	discipline_status(e, !was_synced);
	crew_publish(e);
}

/* One each UPDATE_GAP, and what was saved up lately: sources that began together
 * answer together, and each answer has us awake anyway. */
static void
count_update(struct engine *e)
{
	struct mono now = e->os->ops->mono(e->os);
	struct mono least = mono_add(now, -UPDATE_ROW * UPDATE_GAP);
	struct mono most = mono_add(now, UPDATE_GAP);

	if (e->free_at.ns < least.ns)
		e->free_at = least;
	e->free_at = mono_add(e->free_at, UPDATE_GAP);
	if (e->free_at.ns > most.ns)
		e->free_at = most;
}

void
engine_update_now(struct engine *e)
{
	struct pair now = e->os->ops->pair(e->os);
	struct source *s;

	if (e->is_stopping || e->leap.is_held)
		return;
	e->os->ops->timer_off(e->os, &e->news);
	count_update(e);
	struct source *best = choose(e, now.raw);
	if (best == NULL)
		hold(e, now);
	else
		follow(e, best, now);
	TAILQ_FOREACH(s, &e->sources, link)
		s->is_news = false;
	if (e->status.node.slot != 0 && e->status.node.key <
	    mono_add(e->os->ops->mono(e->os), STATUS_EARLY).ns)
		look_around(e);
}

/* Whether somebody else is about to answer: one correction is made of both. */
static bool
is_more_coming(const struct engine *e, const struct source *source)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s != source && client_answers_soon(&s->client, UPDATE_GAP))
			return true;
	return false;
}

void
engine_update(struct engine *e, struct source *source)
{
	struct mono now = e->os->ops->mono(e->os);
	struct mono at = e->free_at;

	source->is_news = true;
	if (e->reference.is_synced && is_more_coming(e, source))
		at = mono_add(now, UPDATE_GAP);
	if (!e->reference.is_synced || now.ns >= at.ns)
		engine_update_now(e);
	else if (e->news.node.slot == 0 || e->news.node.key > at.ns)
		e->os->ops->timer_set(e->os, &e->news, at);
}

void
engine_clock_event(void *engine, const struct clk_rep *event)
{
	struct engine *e = engine;

	switch (event->type) {
	case CLK_WAS_SET:
	case CLK_WOKE:
		foreign_was_set(e, event->type == CLK_WOKE);
		break;
	case CLK_TERM:
		log_info("asked to end");
		engine_stop(e, 0);
		break;
	case CLK_RELOAD:
		log_info("reload: files of sources and of leap seconds are "
			 "read again, the configuration at the start only");
		sourcedir_reload(e);
		leap_reload(e);
		leap_plan(e);
		break;
	default:
		log_warn("clock: unknown event %u", event->type);
	}
}

void
engine_stop(struct engine *e, int exit_code)
{
	if (e->is_stopping)
		return;
	e->is_stopping = true;
	if (e->options.mode == ENGINE_STEER) {
		write_drift(e);
		dump_save(e);
	}
	e->os->ops->stop(e->os, exit_code);
}
