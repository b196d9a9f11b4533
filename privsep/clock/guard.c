/* SPDX-License-Identifier: ISC
 *
 * Every rule here answers an attack; the tests that show it are in
 * tests/unit/test_guard.c, and the claim itself in test_claim.c. */
#include "privsep/clock/guard.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/tspec.h"

int64_t
guard_scale(int64_t ns, int64_t ppt)
{
	return (int64_t)((__int128)ns * ppt / PPT);
}

/* A full budget runs over. */
static void
fill(struct guard *g, int64_t ns)
{
	g->s.budget += ns;
	if (g->s.budget > g->lim.bucket_ns)
		g->s.budget = g->lim.bucket_ns;
}

/* As much of want as a pool of the same sign holds. */
static int64_t
part(int64_t pool, int64_t want)
{
	if ((pool < 0) != (want < 0))
		return 0;
	return llabs(pool) < llabs(want) ? pool : want;
}

void
guard_start(struct guard *g, const struct clk_limits *lim,
    struct clock_stamp now, const struct guard_state *old)
{
	uint32_t steps = lim->steps > 0 ? (uint32_t)lim->steps : 0;
	struct guard_state *s = &g->s;
	struct guard_state new = { .budget = lim->bucket_ns,
		.window_end = now.boot + lim->window_s * NSEC,
		.steps = steps + lim->extra_steps,
		.operator_steps = lim->operator_steps, .base_ppt = s->base_ppt,
		.safe_base_ppt = s->base_ppt, .anchor = now };

	g->lim = *lim;
	if (lim->notafter_s != 0)
		g->ceiling_s = lim->notafter_s;
	if (g->floor_s < lim->notbefore_s)
		g->floor_s = lim->notbefore_s;
	*s = old ? *old : new;
	s->base_ppt = llabs(new.base_ppt) <= lim->max_base_ppt ?
	    new.base_ppt : 0;

	/* What moved the clock while nobody watched may have been a helper that
	 * was killed after its last record. */
	int64_t ran = now.raw - s->anchor.raw;
	int64_t slept = now.asleep - s->anchor.asleep;
	int64_t moved = now.real - s->anchor.real - ran - slept;
	int64_t by_base = guard_scale(ran, lim->max_base_ppt);
	moved -= part(moved, moved < 0 ? -by_base : by_base);
	/* First the budget fills up, from the old anchor on: it may have been
	 * spent after it had. */
	s->anchor = now;
	s->anchor.raw -= ran;
	guard_look(g, now);
	s->grant -= part(s->grant, moved);
	s->credit -= part(s->credit, moved);
	s->budget -= part(s->budget + GUARD_LATE_NS, llabs(moved));
	g->record_due = true;
}

void
guard_close(struct guard *g)
{
	if (g->s.window_end == 0)
		return;
	g->s.window_end = 0;
	g->s.steps = 0;
	g->s.safe_base_ppt = g->s.base_ppt;
	g->record_due = true;
	log_info("start window closed");
}

/* REALTIME and BOOTTIME are slewed alike and both count suspends: a difference
 * is a step.  x: by how much the clock was stepped, and we did not do it. */
static void
note_foreign_step(struct guard *g, const struct clock_stamp *now)
{
	const struct clock_stamp *then = &g->s.anchor;
	int64_t x = (now->real - then->real) - (now->boot - then->boot);
	int64_t slept = now->asleep - then->asleep, most = GUARD_CREDIT_MOST;

	if (slept > GUARD_FOREIGN_NS)
		g->event = CLK_WOKE;
	/* The kernel applies a leap on a timer tick, a little late. */
	if (g->leap_ns != 0 && !(g->lim.flags & CLK_LEAP_STEP) &&
	    llabs(x - g->leap_ns) < NSEC / 2 &&
	    then->real < (g->leap_at + 1) * NSEC &&
	    now->real >= (g->leap_at - 1) * NSEC) {
		g->s.leap_used = g->leap_at;
		x -= g->leap_ns;
		g->leap_ns = 0;
	}
	if (llabs(x) <= GUARD_FOREIGN_NS + now->spread + then->spread)
		return;
	log_warn("clock was stepped by %lld us, not by us", x / 1000LL);
	g->event = g->event ? g->event : CLK_WAS_SET;
	if (slept > GUARD_FOREIGN_NS)
		most = GUARD_ASLEEP_NS + guard_scale(slept, GUARD_ASLEEP_PPT);
	x = g->s.credit - part(x, x < 0 ? -most : most);
	g->s.credit = part(x, x < 0 ? -GUARD_CREDIT_MOST : GUARD_CREDIT_MOST);
	g->s.credit_end = now->boot + GUARD_CREDIT_NS;
}

void
guard_look(struct guard *g, struct clock_stamp now)
{
	struct guard_state *s = &g->s;
	int64_t ran = now.raw - s->anchor.raw;

	if (s->anchor.raw == 0)
		return;
	fill(g, guard_scale(ran, g->lim.refill_ppt));
	if (now.boot >= s->window_end)
		guard_close(g);
	if (now.boot >= s->credit_end)
		s->credit = 0;
	if (now.boot >= g->root_end)
		g->root_end = 0;
	if (s->operator_steps >= g->lim.operator_steps) {
		s->operator_next = now.boot + GUARD_OPERATOR_NS;
	} else if (now.boot >= s->operator_next) {
		s->operator_next += GUARD_OPERATOR_NS;
		s->operator_steps++;
	}
	note_foreign_step(g, &now);
	s->anchor = now;
}

static int
draw(struct guard *g, int64_t want, bool is_slew)
{
	struct guard_state *s = &g->s;
	int64_t grant = is_slew ? part(s->grant, want) : 0;
	int64_t credit = part(s->credit, want - grant);
	int64_t rest = llabs(want - grant - credit);

	if (rest > 0 && rest > s->budget)
		return ENOSPC;
	s->grant -= grant;
	s->credit -= credit;
	s->budget -= rest;
	if (is_slew)
		g->drawn = (struct guard_draw){ grant, credit, rest };
	return 0;
}

void
guard_slew_end(struct guard *g, int64_t raw)
{
	int64_t ran = guard_scale(raw - g->slew_from, g->slew_ppt);
	int64_t grant = part(g->drawn.grant, ran);
	int64_t credit = part(g->drawn.credit, ran - grant);

	if (g->slew_ppt == 0)
		return;
	g->s.grant += g->drawn.grant - grant;
	g->s.credit += g->drawn.credit - credit;
	fill(g, g->drawn.budget - llabs(ran - grant - credit) - 1);
	g->slew_ppt = 0;
}

int
guard_slew(struct guard *g, int64_t ppt, int64_t ms)
{
	struct guard was = *g;
	int64_t want = guard_scale(ms * 1000000, ppt); /* 17 280 s at most */

	guard_slew_end(g, g->s.anchor.raw);
	if (g->s.window_end != 0 || g->lim.flags & CLK_GUARD_OFF)
		g->s.grant = want;
	if (draw(g, want, true) == 0) {
		g->slew_ppt = ms > 0 ? ppt : 0;
		g->slew_from = g->s.anchor.raw;
		return 0;
	}
	*g = was;
	return ENOSPC;
}

int
guard_step(struct guard *g, int64_t ns)
{
	struct guard_state *s = &g->s;
	int64_t real = s->anchor.real;
	bool unlimited = g->lim.steps == CLK_STEPS_UNLIMITED;
	int64_t target = tspec_floor((struct tspec){ span_sum(real, ns) });

	if (g->lim.flags & CLK_GUARD_OFF)
		return 0; /* as chrony */
	if (target < g->floor_s || target >= g->ceiling_s)
		return ENOSPC;
	if (g->lim.flags & CLK_LEAP_STEP && ns != 0 && ns == g->leap_ns &&
	    llabs(real - g->leap_at * NSEC) <= GUARD_LEAP_NEAR_NS) {
		s->leap_used = g->leap_at;
		g->leap_ns = 0;
	} else if (g->root_end != 0) {
		g->root_end = 0;
	} else if (s->window_end != 0 && (unlimited || s->steps > 0)) {
		s->steps -= s->steps > 0;
	} else if (draw(g, ns, false) == 0) {
		return 0;
	} else if (s->operator_steps > 0) {
		s->operator_steps--;
	} else if (unlimited && s->anchor.boot >= s->free_step) {
		s->free_step = s->anchor.boot + GUARD_MINUTE_NS;
	} else {
		return ENOSPC;
	}
	return 0;
}

void
guard_leap(struct guard *g, int leap)
{
	int64_t day = g->s.anchor.real / NSEC / GUARD_DAY_S + 1;
	time_t midnight = day * GUARD_DAY_S;
	struct tm tm;

	gmtime_r(&midnight, &tm);
	if (tm.tm_mday != 1 || tm.tm_mon % 6 != 0 || midnight == g->s.leap_used)
		leap = 0;
	g->leap_ns = leap == 1 ? -NSEC : leap == 2 ? NSEC : 0;
	g->leap_at = midnight;
}

int
guard_steps(const struct guard *g)
{
	if (g->lim.steps == CLK_STEPS_UNLIMITED || g->lim.flags & CLK_GUARD_OFF)
		return -1;
	return (int)(g->s.steps + g->s.operator_steps) + (g->root_end != 0);
}
