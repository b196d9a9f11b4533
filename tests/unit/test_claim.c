/* SPDX-License-Identifier: ISC
 *
 * The guard's claim as a property: engines that do whatever they like, for 30
 * emulated days, with crashes, restarts, other people's steps and suspends in
 * between, never displace the clock beyond it.  CLAIM_SEED=n repeats one seed;
 * CLAIM_RUNS=n does so many of each kind. */
#include "unit.h"

#include <stdio.h>

#include "common/log.h"
#include "common/prng.h"
#include "common/tspec.h"
#include "tests/emu/clock_host.h"

#define DAY (86400 * NSEC)
#define START_S INT64_C(1798588800) /* 2026-12-30: a leap's day on the way */
#define DAYS 30
#define RUNS 12

struct world {
	struct clock_host h;
	struct prng r;
	struct clk_limits lim;
	int way;         /* the greedy engine's direction, +-1 */
	unsigned deaths, steps;
};

static int64_t
below(struct world *w, int64_t n)
{
	return (int64_t)(prng_below(&w->r, (uint64_t)n));
}

/* Small and large values alike; now and then the last ones of the type. */
static int64_t
any(struct world *w, int64_t most)
{
	switch (below(w, 12)) {
	case 0: return below(w, 2) ? INT64_MAX : INT64_MIN;
	case 1: return most + below(w, 3) - 1;
	case 2: return 1 - most - below(w, 3);
	case 3: return 0;
	default:
		most >>= below(w, 30);
		return most > 0 ? below(w, 2 * most + 1) - most : 0;
	}
}

static bool
call(struct world *w, struct clk_req *req, uint32_t type, struct clk_rep *rep)
{
	bool alive = clock_host_call(&w->h, req, type, rep);

	w->deaths += !alive;
	return alive;
}

static bool
random_engine(struct world *w)
{
	struct clk_req q = { 0 };
	struct clk_rep rep;

	switch (below(w, 8)) {
	case 0:
		q.u.step_ns = any(w, 4 * NSEC);
		return call(w, &q, CLK_STEP, &rep);
	case 1:
		q.u.status = (struct clk_status){ below(w, NSEC), below(w, NSEC),
			(int32_t)below(w, 3), 37, (uint32_t)below(w, 4), 0 };
		return call(w, &q, CLK_STATUS, &rep);
	case 2:
		q.u.drift.freq_ppt = any(w, 500000000);
		return call(w, &q, CLK_DRIFT, &rep);
	case 3:
		if (below(w, 50) != 0)
			return true;
		q.u.exit_code = (int32_t)below(w, 256);
		return call(w, &q, CLK_BYE, &rep);
	default:
		q.u.adjust = (struct clk_adjust){ any(w, 500000000),
			any(w, 99000000000), below(w, 86400) >> below(w, 17) };
		q.u.adjust.slew_ms *= 1000;
		if (below(w, 2))
			q.u.adjust.base_ppt = (below(w, 2) ? 1 : -1) * 500000000;
		return call(w, &q, CLK_ADJUST, &rep);
	}
}

/* Goes one way with all that it can get: base at its limit, then steps or
 * slews of what the budget holds, which it knows from the answers; leap
 * seconds; and credit that somebody else's step may have given. */
static bool
greedy_engine(struct world *w)
{
	struct clk_req q = { 0 };
	struct clk_rep rep;
	int64_t base = w->way * w->lim.max_base_ppt;

	q.u.status = (struct clk_status){ 0, 0, w->way < 0 ? 1 : 2, 37, 3, 0 };
	if (!call(w, &q, CLK_STATUS, &rep))
		return false;
	q = (struct clk_req){ .u.adjust = { base, 0, 0 } };
	if (below(w, 2)) {
		/* Overlong slews, to be replaced or cut off by a crash. */
		q.u.adjust.slew_ms = 1000 * (1 + (below(w, 86400) >>
		    below(w, 17)));
		int64_t ppt = (int64_t)((__int128)rep.budget_ns * 1000000 /
		    q.u.adjust.slew_ms);
		if (ppt > PPT / 10 - w->lim.max_base_ppt)
			ppt = PPT / 10 - w->lim.max_base_ppt;
		q.u.adjust.slew_ppt = ppt > 0 ? w->way * ppt : 0;
		if (!call(w, &q, CLK_ADJUST, &rep))
			return false;
		return true;
	}
	if (!call(w, &q, CLK_ADJUST, &rep))
		return false;
	for (int i = 0; i < 3; i++) {
		int64_t most = i == 0 ? 5 * NSEC :
		    i == 1 ? rep.budget_ns + NSEC / 2 : rep.budget_ns;

		q = (struct clk_req){ .u.step_ns = w->way * most };
		if (most > 0 && !call(w, &q, CLK_STEP, &rep))
			return false;
		w->steps += rep.error == 0;
	}
	q = (struct clk_req){ .u.step_ns = w->way * NSEC };
	return call(w, &q, CLK_STEP, &rep); /* a leap, perhaps */
}

static void
restart(struct world *w)
{
	struct clk_req q = { .u.status.flags = CLK_SYNCED | CLK_STARTED };
	struct clk_rep rep;

	w->deaths++;
	clock_host_run(&w->h, NSEC); /* RestartSec */
	clock_host_start(&w->h, &w->lim);
	ck_assert_int_eq(w->h.core.phase, PHASE_RUN);
	if (below(w, 2))
		clock_host_call(&w->h, &q, CLK_STATUS, &rep);
}

/* What happens to a machine.  Root's SIGTERM would open a new window, so it
 * never comes here. */
static void
fate(struct world *w)
{
	int64_t ns = any(w, 3600 * NSEC) / 1024;
	struct clk_req q = { 0 };

	switch (below(w, 40)) {
	case 0: clock_host_engine_dies(&w->h); break;
	case 1: clock_host_kill(&w->h); break;
	case 2: clock_host_breach(&w->h); break;
	case 3: clock_host_suspend(&w->h, below(w, 3600 * NSEC)); break;
	case 4:
	case 5:
		if (llabs(ns) < 3600 * NSEC)
			clock_host_foreign_step(&w->h, ns);
		break;
	case 6: clock_host_root(&w->h); break;
	case 7: {
		struct clk_rep rep;

		for (int i = 0; i < 220 && w->h.core.phase != PHASE_ENDED; i++)
			clock_host_call(&w->h, &q, CLK_DRIFT, &rep);
		break;
	}
	default: break;
	}
}

static double
live(uint64_t seed, int kind)
{
	struct world *w = calloc(1, sizeof *w);
	struct clk_req q = { .u.status.flags = CLK_SYNCED | CLK_STARTED };
	struct clk_rep rep;

	prng_init(&w->r, seed);
	w->way = below(w, 2) ? 1 : -1;
	w->lim = clock_host_limits;
	if (below(w, 2))
		w->lim.flags |= CLK_LEAP_STEP;
	clock_host_init(&w->h, START_S * NSEC);
	w->h.late_ns = below(w, 100000000) >> below(w, 20);
	w->h.emu.call_ns = below(w, 18000000) >> below(w, 30);
	w->h.no_timerfd = below(w, 4) == 0;
	clock_host_start(&w->h, &w->lim);
	clock_host_call(&w->h, &q, CLK_STATUS, &rep);
	ck_assert_int_eq(rep.window_s, 0);
	clock_host_claim(&w->h);

	while (w->h.emu.raw_ns < DAYS * DAY && w->h.worst <= 1) {
		if (w->h.core.phase == PHASE_ENDED)
			restart(w);
		if (kind == 0 || below(w, 20) == 0)
			random_engine(w);
		else
			greedy_engine(w);
		clock_host_run(&w->h, 1 + (below(w, 7200 * NSEC) >>
		    below(w, 24)));
		fate(w);
	}
	double worst = w->h.worst;
	printf("claim: seed %llu %s: worst ratio %.5f, %u deaths\n",
	    (unsigned long long)seed, kind ? "greedy" : "random", worst,
	    w->deaths);
	free(w);
	return worst;
}

static void
all(int kind)
{
	const char *seed = getenv("CLAIM_SEED"), *runs = getenv("CLAIM_RUNS");
	double worst = 0;

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL + 1, "test");
	if (seed)
		worst = live(strtoull(seed, NULL, 0), kind);
	for (int i = 1; !seed && i <= (runs ? atoi(runs) : RUNS); i++) {
		double one = live((uint64_t)i, kind);
		worst = one > worst ? one : worst;
	}
	fflush(stdout);
	ck_assert_double_le(worst, 1);
	/* A test that never comes near says nothing. */
	ck_assert_double_gt(worst, kind ? 0.95 : 0.1);
}

START_TEST(a_random_engine_stays_within_the_claim)
{
	all(0);
}
END_TEST

START_TEST(a_greedy_engine_stays_within_the_claim)
{
	all(1);
}
END_TEST

UNIT_MAIN("claim", a_random_engine_stays_within_the_claim,
    a_greedy_engine_stays_within_the_claim)
