/* SPDX-License-Identifier: ISC */
#include "tests/sim/simhost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/setup.h"
#include "daemon/setup_config.h"

#define SAMPLE 8.0   /* s */
#define BUILD_AGE (30 * 86400 * NSEC) /* the program's, at the start */

struct judge_sample
simhost_sample(const struct simhost *h)
{
	const struct world *w = h->station.world;
	const struct engine *e = &h->engine;
	const struct reference *r = &e->reference;
	struct pair now = simos_pair(h);
	double at = world_seconds(w);
	struct judge_sample s = { .at = at, .claim = INFINITY,
		.error = (double)(w->epoch_ns + w->now - now.real.ns) * 1e-9,
		.freq = oscillator_freq(&h->osc, at) +
		    simclock_base(h->clock),
		.raw = (double)now.raw.ns * 1e-9 };

	if (!h->is_running)
		return s;
	s.is_synced = r->is_synced;
	if (r->was_updated)
		s.claim = fabs(discipline_error(e, now)) + r->root_delay / 2 +
		    reference_dispersion(r, now.raw,
			h->config.maxclockerror_ppm * 1e-6);
	return s;
}

/* Nobody can read the clock of a machine that stands still. */
static void
observe(struct simhost *h)
{
	struct judge_sample s = simhost_sample(h);

	if (!h->is_paused && !h->is_asleep)
		judge_sample(&h->judge, &s);
}

void
simhost_begin(struct simhost *h)
{
	simclock_run(h->clock, h->station.world->now);
	observe(h);
}

void
simhost_woke(struct simhost *h)
{
	h->wakeups += h->woke != h->station.world->now;
	h->woke = h->station.world->now;
}

/* The engine's process is over. */
static void
finish(struct simhost *h)
{
	struct clk_req req = { .type = CLK_BYE, .u.exit_code = h->exit_code };
	struct clk_rep rep;
	int ignored;

	if (!h->is_running)
		return;
	engine_fini(&h->engine);
	server_close(&h->server, &h->os);
	simos_close(h);
	config_fini(&h->config);
	simclock_call(h->clock, &req, &rep, &ignored);
	h->is_running = h->is_stopping = false;
}

static void
tell(struct simhost *h, uint32_t type)
{
	struct clk_rep event;

	if (!h->is_running)
		return;
	simclock_event(h->clock, type, &event);
	h->os.clock_event(h->os.engine, &event);
}

static void
rearm(struct simhost *h)
{
	const struct heap_node *first = heap_first(&h->timers);
	int64_t at = simclock_foresee(h->clock, first ? first->key : INT64_MAX);

	if (h->is_paused || h->is_asleep || at == INT64_MAX)
		world_off(h->station.world, &h->wake);
	else
		world_at(h->station.world, &h->wake, at);
}

void
simhost_end(struct simhost *h)
{
	for (;;) {
		uint32_t event = simclock_was_set(h->clock);

		if (event != 0)
			tell(h, event);
		else if (!simos_tell_sent(h))
			break;
	}
	if (h->is_stopping)
		finish(h);
	struct judge_sample s = simhost_sample(h);
	if (s.error != h->judge.last.error && !h->is_paused && !h->is_asleep)
		judge_jump(&h->judge, &s);
	rearm(h);
}

/* Noise may bring the clock here a little late; then it waits once more. */
static void
fire_wake(struct simevent *e)
{
	struct simhost *h = e->owner;
	struct heap_node *node;
	bool was_slewing = simclock_is_slewing(h->clock);

	simhost_begin(h);
	h->wakeups += was_slewing && !simclock_is_slewing(h->clock);
	while (!h->is_stopping && (node = heap_first(&h->timers)) != NULL &&
	    node->key <= simclock_face(h->clock).mono) {
		struct timer *t = (struct timer *)node;

		heap_remove(&h->timers, node);
		simhost_woke(h);
		t->fire(t);
	}
	simhost_end(h);
}

static void
fire_look(struct simevent *e)
{
	struct simhost *h = e->owner;
	struct world *w = h->station.world;

	simhost_begin(h);
	world_at(w, &h->look, w->now + span_ns(h->sample));
}

static void
fire_begin(struct simevent *e)
{
	struct simhost *h = e->owner;

	simhost_begin(h);
	if (!simhost_start(h))
		exit(2);
	simhost_end(h);
}

static void
fire_resume(struct simevent *e)
{
	struct simhost *h = e->owner;

	simhost_begin(h);
	simclock_halt(h->clock, false);
	if (h->is_asleep)
		simclock_awake(h->clock, h->slept);
	h->is_paused = h->is_asleep = false;
	simhost_end(h);
}

struct simhost *
simhost_new(struct world *w, const char *name, const struct addr *addr)
{
	struct simhost *h = world_alloc(sizeof *h);

	h->os.ops = &simos_ops;
	station_init(&h->station, w, name, addr);
	h->station.owner = h;
	h->station.receive = simos_receive;
	oscillator_init(&h->osc, world_seed(w, name, "oscillator"));
	prng_init(&h->random, world_seed(w, name, "random"));
	prng_init(&h->noise_prng, world_seed(w, name, "stamps"));
	judge_init(&h->judge);
	h->judge.name = h->station.name;
	h->wake = (struct simevent){ .fire = fire_wake, .owner = h };
	h->begin = (struct simevent){ .fire = fire_begin, .owner = h };
	h->resume = (struct simevent){ .fire = fire_resume, .owner = h };
	h->look = (struct simevent){ .fire = fire_look, .owner = h };
	h->sample = SAMPLE;
	h->stamps = STAMP_KERNEL;
	h->resolution = 1;
	h->exit_code = -1;
	h->argc = 1; /* the program's name */
	heap_init(&h->timers);
	h->last_sent = &h->sents;
	return h;
}

void
simhost_boot(struct simhost *h)
{
	struct world *w = h->station.world;

	h->clock = simclock_new(&h->osc,
	    w->epoch_ns + w->now - span_ns(h->behind), w->now);
	if (!h->clock)
		abort();
	simclock_late(h->clock, span_ns(h->late));
	world_at(w, &h->look, w->now);
	world_at(w, &h->begin, span_ns(h->start));
}

/* leapseclist's, of lines "NTP-SECONDS TAI-UTC" that never expire. */
static const struct leap_table *
read_leaps(struct simhost *h)
{
	char text[1024] = "#@ 9999999999\n";
	size_t len = strlen(text);
	ssize_t n = h->os.ops->load(&h->os, "leap/list", text + len,
	    sizeof text - len);

	if (n <= 0)
		return NULL;
	if (!leapfile_read_list(&h->leaps, text, len + (size_t)n))
		abort(); /* the scenario's mistake */
	return &h->leaps;
}

/* Configuration, options and drift file, as engine_main.c reads them. */
static bool
configure(struct simhost *h, struct engine_options *eo)
{
	char program[] = "tockd", text[CONFIG_PATH_MAX + 600];
	struct config_error e;

	h->argv[0] = program;
	config_init(&h->config);
	for (unsigned i = 0; i < h->n_lines; i++)
		if (config_line(&h->config, h->station.name, i + 1, h->lines[i],
			&e) != 0) {
			config_error_print(&e, text, sizeof text);
			fprintf(stderr, "%s\n", text);
			return false;
		}
	memset(&h->options, 0, sizeof h->options);
	if (options_parse(&h->options, h->argc, h->argv, text,
		sizeof text) < 0) {
		fprintf(stderr, "%s: %s\n", h->station.name, text);
		return false;
	}
	setup_apply_options(&h->config, eo, &h->options);
	eo->leaps = read_leaps(h);
	eo->build_date.ns = h->station.world->epoch_ns - BUILD_AGE;
	if (simclock_drift(h->clock, &eo->drift_ppm, &eo->drift_skew_ppm))
		return true;
	eo->drift_ppm = h->drift_ppm;
	eo->drift_skew_ppm = h->has_drift ? h->drift_skew_ppm : -1;
	return true;
}

bool
simhost_start(struct simhost *h)
{
	struct engine_options eo = { 0 };
	struct clk_req req, ready = { .type = CLK_READY };
	struct clk_rep rep;

	if (h->is_running)
		return true;
	if (!configure(h, &eo))
		return false;
	setup_limits(&req, &h->config, &h->options);
	if (h->config.driftfile[0] != '\0')
		snprintf(req.u.limits.drift_name,
		    sizeof req.u.limits.drift_name, "drift");
	simclock_start(h->clock, &req.u.limits, eo.is_measuring_only);
	h->is_running = true;
	if (server_open(&h->server, &h->os, &h->config,
		h->station.addr.family) != 0)
		return false;
	if (h->server.is_open)
		eo.server = &h->server;
	if (engine_init(&h->engine, &h->os, &h->config, &eo) != 0)
		return false;
	h->os.ops->clock(&h->os, &ready, &rep);
	return true;
}

void
simhost_term(struct simhost *h)
{
	if (h->is_running)
		engine_stop(&h->engine, 0);
}

void
simhost_kill(struct simhost *h)
{
	if (!h->is_running)
		return;
	simclock_engine_dies(h->clock);
	h->exit_code = 75;
	finish(h);
}

void
simhost_pause(struct simhost *h, double s)
{
	struct world *w = h->station.world;

	h->is_paused = true;
	h->resumes = w->now + span_ns(s);
	simclock_halt(h->clock, true);
	world_at(w, &h->resume, h->resumes);
}

void
simhost_suspend(struct simhost *h, double s, double rtc_error)
{
	simhost_pause(h, s);
	h->is_paused = false;
	h->is_asleep = true;
	h->slept = span_ns(s + rtc_error);
}

void
simhost_step(struct simhost *h, double s)
{
	simclock_step(h->clock, span_ns(s));
}

void
simhost_free(struct simhost *h)
{
	struct simevent *events[] = { &h->wake, &h->begin, &h->resume,
		&h->look };

	finish(h);
	simos_fini(h);
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		world_off(h->station.world, events[i]);
	simclock_free(h->clock);
	heap_fini(&h->timers);
	for (unsigned i = 0; i < h->n_lines; i++)
		free(h->lines[i]);
	for (int i = 1; i < h->argc; i++)
		free(h->argv[i]);
	station_fini(&h->station);
	free(h);
}
