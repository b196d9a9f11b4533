/* SPDX-License-Identifier: ISC */
#include "tests/emu/clock_host.h"

#include <stdlib.h>
#include <string.h>

#include "common/tspec.h"

#define RECORD_NS (60 * NSEC)
#define SLACK_NS (20 * NSEC / 1000)

const struct clk_limits clock_host_limits = {
	.max_base_ppt = 500000000,
	.bucket_ns = 2 * NSEC,
	.refill_ppt = 100000000,
	.window_s = 900,
	.steps = 3,
	.flags = CLK_RTCSYNC,
	.drift_name = "drift",
};

void
clock_host_init(struct clock_host *h, int64_t real_ns)
{
	*h = (struct clock_host){ .floor_s = real_ns / NSEC - 86400 };
	h->ceiling_s = h->floor_s + GUARD_YEARS_S;
	kernel_emu_init(&h->emu, real_ns);
	h->core.phase = PHASE_ENDED;
}

static int64_t
apart(const struct clock_host *h)
{
	return kernel_emu_real(&h->emu) - h->emu.raw_ns - h->emu.asleep_ns;
}

void
clock_host_claim(struct clock_host *h)
{
	h->is_claimed = true;
	h->apart0 = apart(h);
	h->raw0 = h->emu.raw_ns;
	h->foreign = h->more = h->less = 0;
	h->worst = 0;
	h->lim = h->core.guard.lim;
}

double
clock_host_ratio(const struct clock_host *h)
{
	int64_t moved = apart(h) - h->apart0 - h->foreign;
	double claim = (double)(h->lim.bucket_ns + SLACK_NS) + 1e-12 *
	    (double)(h->lim.max_base_ppt + h->lim.refill_ppt) *
	    (double)(h->emu.raw_ns - h->raw0);

	return (double)(moved > 0 ? moved - h->more : -moved - h->less) / claim;
}

static void
grant(struct clock_host *h, int64_t ns)
{
	if (ns > 0)
		h->more += ns;
	else
		h->less -= ns;
}

/* After everything that may have moved the clock. */
static void
settle(struct clock_host *h)
{
	if (h->emu.sets != h->sets && h->core.phase != PHASE_ENDED &&
	    !h->no_timerfd)
		guard_look(&h->core.guard, clock_stamp(&h->emu.kernel));
	h->sets = h->emu.sets;
	if (h->is_claimed && clock_host_ratio(h) > h->worst)
		h->worst = clock_host_ratio(h);
}

/* As clock_main.c does. */
static void
save(struct clock_host *h)
{
	struct clockcore *c = &h->core;
	const struct clock_stamp *now = &c->guard.s.anchor;
	bool is_end = c->phase == PHASE_ENDED;

	if (c->guard.slew_ppt != 0 || now->raw == 0)
		return;
	if (h->has_rec && !is_end && !c->guard.record_due &&
	    now->mono - h->record_at < RECORD_NS)
		return;
	h->rec = (struct guard_record){ .ended = is_end && h->has_term,
		.state = c->guard.s };
	h->record_at = now->mono;
	h->has_rec = true;
	c->guard.record_due = false;
}

void
clock_host_start(struct clock_host *h, const struct clk_limits *lim)
{
	struct clk_req req = { .u.limits = *lim };
	struct clk_rep rep;

	h->read = h->rec;
	h->seq = 0;
	h->has_term = false;
	clockcore_init(&h->core, &h->emu.kernel, h->has_rec ? &h->read : NULL,
	    h->floor_s, h->ceiling_s, h->denied);
	clock_host_call(h, &req, CLK_SETUP, &rep);
	req = (struct clk_req){ 0 };
	clock_host_call(h, &req, CLK_SEAL, &rep);
}

bool
clock_host_call(struct clock_host *h, struct clk_req *req, uint32_t type,
    struct clk_rep *rep)
{
	const struct guard *g = &h->core.guard;
	bool by_root = g->root_end != 0;
	int64_t leap = g->s.leap_used;

	req->type = type;
	req->seq = ++h->seq;
	*rep = (struct clk_rep){ 0 };
	int64_t before = apart(h);
	bool goes_on = clockcore_request(&h->core, req, sizeof *req, rep);
	int64_t step = apart(h) - before;

	if (step != 0 && ((by_root && g->root_end == 0) ||
	    (g->lim.flags & CLK_LEAP_STEP && leap != g->s.leap_used)))
		grant(h, step);
	settle(h);
	save(h);
	return goes_on;
}

void
clock_host_run(struct clock_host *h, int64_t raw_ns)
{
	int64_t end = h->emu.raw_ns + raw_ns;

	while (h->emu.raw_ns < end) {
		struct clockcore *c = &h->core;
		int64_t part = end - h->emu.raw_ns;
		unsigned ins = h->emu.leaps_inserted;
		unsigned del = h->emu.leaps_deleted;
		int64_t due = c->slew_end + h->late_ns - h->emu.raw_ns;

		if (c->phase != PHASE_ENDED && c->guard.slew_ppt != 0 &&
		    due < part)
			part = due > 0 ? due : 1;
		kernel_emu_run(&h->emu, part);
		grant(h, -(int64_t)(h->emu.leaps_inserted - ins) * NSEC);
		grant(h, (int64_t)(h->emu.leaps_deleted - del) * NSEC);
		if (c->phase == PHASE_ENDED) {
			/* A helper that was killed has left its slew. */
			int64_t rate = kernel_emu_rate_ppt(&h->emu);
			int64_t over = llabs(rate) - h->lim.max_base_ppt;

			if (over > 0)
				grant(h, guard_scale(part, rate < 0 ? -over :
				    over) + (rate < 0 ? -1 : 1));
		} else if (clockcore_expire(c)) {
			save(h);
		}
		settle(h);
	}
}

void
clock_host_engine_dies(struct clock_host *h)
{
	clockcore_freeze(&h->core, EXIT_ENGINE_GONE);
	settle(h);
	save(h);
}

void
clock_host_breach(struct clock_host *h)
{
	const struct clk_req none = { 0 };
	struct clk_rep rep;

	clockcore_request(&h->core, &none, 0, &rep);
	settle(h);
	save(h);
}

void
clock_host_kill(struct clock_host *h)
{
	h->core.phase = PHASE_ENDED;
}

void
clock_host_term(struct clock_host *h)
{
	h->has_term = true;
	clockcore_freeze(&h->core, 0);
	save(h);
}

void
clock_host_foreign_step(struct clock_host *h, int64_t ns)
{
	kernel_emu_step(&h->emu, ns);
	h->foreign += ns;
	if (llabs(ns) > GUARD_FOREIGN_NS)
		grant(h, -ns); /* the right to undo it */
	settle(h);
}

void
clock_host_suspend(struct clock_host *h, int64_t ns)
{
	kernel_emu_suspend(&h->emu, ns);
	settle(h);
}

void
clock_host_root(struct clock_host *h)
{
	h->core.guard.root_end = GUARD_MINUTE_NS +
	    h->emu.kernel.now(&h->emu.kernel, CLOCK_BOOTTIME);
}
