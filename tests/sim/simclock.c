/* SPDX-License-Identifier: ISC */
#include "tests/sim/simclock.h"

#include <math.h>
#include <stdlib.h>

#include "common/tspec.h"
#include "tests/emu/clock_host.h"

struct simclock {
	struct clock_host host;
	struct oscillator *osc;
	int64_t now;      /* true time */
	double fraction;  /* ns that RAW is behind the oscillator, < 1 */
	bool is_halted;
	bool has_drift;
	struct clk_drift drift; /* as the file has it */
	unsigned steps;
};

struct simclock *
simclock_new(struct oscillator *osc, int64_t real_ns, int64_t at)
{
	struct simclock *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	clock_host_init(&c->host, real_ns);
	c->osc = osc;
	c->now = at;
	return c;
}

void
simclock_free(struct simclock *c)
{
	free(c);
}

void
simclock_start(struct simclock *c, const struct clk_limits *limits, bool denied)
{
	c->host.denied = denied;
	clock_host_start(&c->host, limits);
}

void
simclock_run(struct simclock *c, int64_t at)
{
	double dt = (double)(at - c->now) * 1e-9, ns, more;

	if (at <= c->now)
		return;
	more = oscillator_run(c->osc, (double)c->now * 1e-9, dt);
	if (!c->is_halted) {
		ns = more * 1e9 + c->fraction;
		int64_t whole = (int64_t)floor(ns);
		int64_t raw = at - c->now + whole;
		c->fraction = ns - (double)whole;
		/* Noise cannot turn time back. */
		if (raw > 0)
			clock_host_run(&c->host, raw);
		else
			c->fraction += (double)raw;
	}
	c->now = at;
}

struct simclock_face
simclock_face(const struct simclock *c)
{
	const struct kernel_emu *e = &c->host.emu;
	int64_t real = kernel_emu_real(e);

	return (struct simclock_face){ real, real - e->wall_ns, e->raw_ns };
}

int64_t
simclock_foresee(const struct simclock *c, int64_t mono)
{
	const struct clockcore *core = &c->host.core;
	double y = 1 + oscillator_freq(c->osc, (double)c->now * 1e-9);
	double rate = 1 + (double)kernel_emu_rate_ppt(&c->host.emu) * 1e-12;
	double left = INFINITY;

	if (mono != INT64_MAX)
		left = (double)(mono - simclock_face(c).mono) / (rate * y);
	if (core->guard.slew_ppt != 0 && core->phase != PHASE_ENDED)
		left = fmin(left, (double)(core->slew_end + c->host.late_ns -
		    c->host.emu.raw_ns) / y);
	if (left > 1e18)
		return INT64_MAX;
	return c->now + (left > 0 ? (int64_t)ceil(left) : 0);
}

bool
simclock_call(struct simclock *c, struct clk_req *req, struct clk_rep *rep,
    int *exit_code)
{
	bool goes_on = clock_host_call(&c->host, req, req->type, rep);

	if (c->host.core.drift_due) {
		c->has_drift = true;
		c->drift = c->host.core.drift;
		c->host.core.drift_due = false;
	}
	c->steps += req->type == CLK_STEP && goes_on && rep->error == 0;
	*exit_code = c->host.core.exit_code;
	return goes_on;
}

void
simclock_event(struct simclock *c, uint32_t type, struct clk_rep *event)
{
	clockcore_event(&c->host.core, type, event);
}

uint32_t
simclock_was_set(struct simclock *c)
{
	uint32_t event = c->host.core.guard.event;

	c->host.core.guard.event = 0;
	return event;
}

void
simclock_engine_dies(struct simclock *c)
{
	clock_host_engine_dies(&c->host);
}

void
simclock_step(struct simclock *c, int64_t ns)
{
	clock_host_foreign_step(&c->host, ns);
}

void
simclock_late(struct simclock *c, int64_t ns)
{
	c->host.late_ns = ns;
}

void
simclock_halt(struct simclock *c, bool is_halted)
{
	c->is_halted = is_halted;
}

void
simclock_awake(struct simclock *c, int64_t ns)
{
	clock_host_suspend(&c->host, ns);
}

bool
simclock_drift(const struct simclock *c, double *ppm, double *skew_ppm)
{
	*ppm = (double)c->drift.freq_ppt * 1e-6;
	*skew_ppm = (double)c->drift.skew_ppt * 1e-6;
	return c->has_drift;
}

double
simclock_base(const struct simclock *c)
{
	return (double)c->host.core.guard.s.base_ppt * 1e-12;
}

bool
simclock_is_slewing(const struct simclock *c)
{
	return c->host.core.guard.slew_ppt != 0;
}

unsigned
simclock_steps(const struct simclock *c)
{
	return c->steps;
}
