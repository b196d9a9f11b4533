/* SPDX-License-Identifier: ISC */
#include "daemon/engine/once.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/fusion.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"

#define ENOUGH 4 /* samples of a source */

static bool
is_enough(const struct engine *e)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->client.burst > 0 && s->estimator.samples < ENOUGH &&
		    (s->has_sample || s->client.total_tx < ENOUGH))
			return false;
	return true;
}

bool
once_has_hosts(const struct engine *e)
{
	return e->once.is_first && e->config->n_initstepslew_hosts > 0;
}

static bool
is_host(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_initstepslew_hosts; i++)
		if (strcmp(c->initstepslew_hosts[i], name) == 0)
			return true;
	return false;
}

/* From here on the configuration's sources are followed. */
static void
go_on(struct engine *e, struct source *best)
{
	struct source *s, *next;
	bool has_hosts = once_has_hosts(e);

	e->once.is_first = false;
	if (!has_hosts) {
		if (best != NULL)
			engine_update(e, best);
		return;
	}
	for (s = TAILQ_FIRST(&e->sources); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (is_host(e->config, s->conf.name))
			source_free(s);
	}
	if (engine_add_sources(e) < 0)
		log_error("initstepslew: no memory for the sources");
}

static void
fire(struct timer *t)
{
	struct engine *e = t->owner;
	struct pair now = e->os->ops->pair(e->os);

	if (e->is_stopping)
		return;
	struct source *best = selection_run(e, now.raw);
	if (best == NULL) {
		log_warn("initstepslew: no majority has answered: the clock is "
			 "left as it is");
		go_on(e, NULL);
		return;
	}
	e->discipline.target = fusion_follow(e, now.raw);
	e->discipline.has_target = true;
	double err = discipline_error(e, now);
	bool is_step = fabs(err) > e->config->initstepslew_threshold;
	if (is_step)
		discipline_makestep(e);
	else
		discipline_correct(e);
	log_info("initstepslew: the clock was wrong by %.6f s (%s)", err,
	    is_step ? "step" : "slew");
	go_on(e, best);
}

int
once_init(struct once *o, struct engine *e)
{
	const struct config *c = e->config;

	memset(o, 0, sizeof *o);
	o->timer.fire = fire;
	o->timer.owner = e;
	if (!c->has_initstepslew || e->options.mode != ENGINE_STEER)
		return 0;
	o->is_first = true;
	e->os->ops->timer_set(e->os, &o->timer,
	    mono_add(e->os->ops->mono(e->os), ONCE_TIMEOUT));
	for (size_t i = 0; i < c->n_initstepslew_hosts; i++) {
		struct config_source conf;

		memset(&conf, 0, sizeof conf);
		source_defaults(&conf);
		strlcpy(conf.name, c->initstepslew_hosts[i], sizeof conf.name);
		conf.iburst = true;
		if (pool_add(e, &conf) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* -q and -Q. */
static void
finish(struct engine *e, double err)
{
	int code = 0;

	if (e->options.mode == ENGINE_SHOW_ONCE) {
		log_info("System clock wrong by %.6f seconds (ignored)", err);
	} else {
		int r = discipline_makestep(e);
		if (r == 0)
			log_info("System clock wrong by %.6f seconds (step)", err);
		else
			log_error("clock: not set: %s", strerror(-r));
		code = r == 0 ? 0 : 1;
	}
	engine_stop(e, code);
}

void
once_update(struct engine *e, const struct estimate *fused, struct pair now)
{
	if (!is_enough(e))
		return;
	if (e->once.is_first) { /* sources go: not in their own call */
		e->os->ops->timer_set(e->os, &e->once.timer,
		    e->os->ops->mono(e->os));
		return;
	}
	e->discipline.target = *fused;
	e->discipline.has_target = true;
	finish(e, discipline_error(e, now));
}
