/* SPDX-License-Identifier: ISC
 *
 * All servers are gone: the clock runs on, its error bound grows, and when that
 * is more than anybody may be followed with, we are not synchronised. */
#include "unit.h"

#include <math.h>

#include "tests/emu/engine_world.h"

static struct world w;

static void
begin(void)
{
	world_init(&w, 2);
	w.ppm = 25;
	w.config.maxclockerror_ppm = 100;
	world_start(&w);
	world_run(&w, 300);
	ck_assert(w.engine.reference.is_synced);
	w.is_silent[0] = w.is_silent[1] = true;
}

static double
dispersion(void)
{
	return reference_dispersion(&w.engine.reference, w.os.now.raw,
	    w.config.maxclockerror_ppm * 1e-6);
}

START_TEST(an_hour_of_silence_costs_accuracy_and_nothing_else)
{
	begin();
	double before = dispersion();
	world_run(&w, 3600);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_gt(dispersion(), before + 3500 * 100e-6);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 25, 0.2);
	ck_assert_double_lt(fabs(world_clock_error(&w)), dispersion());
	world_fini(&w);
}
END_TEST

START_TEST(beyond_maxdistance_we_are_not_synchronised)
{
	begin();
	w.config.maxdistance = 0.05;
	world_run(&w, 300);
	ck_assert(w.engine.reference.is_synced);
	world_run(&w, 400);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_int_eq(w.engine.reference.leap, LEAP_UNSYNC);
	const struct clk_req *last =
	    &w.os.requests[(w.os.n_requests - 1) % FAKE_REQUESTS];
	ck_assert_uint_eq(last->type, CLK_STATUS);
	ck_assert_uint_eq(last->u.status.flags & CLK_SYNCED, 0);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 25, 0.2);
	w.is_silent[1] = false;
	world_run(&w, 120);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

/* The clock was set by an hour while nobody answered: the engine cannot know
 * whether RAW stood still, and leaves it until somebody says so. */
START_TEST(a_foreign_step_in_the_silence_waits_for_a_server)
{
	begin();
	world_run(&w, 100);
	w.os.now.real.ns -= 3600 * NSEC;
	world_run(&w, 600);
	ck_assert_double_eq_tol(world_clock_error(&w), 3600, 0.1);
	w.is_silent[0] = w.is_silent[1] = false;
	world_run(&w, 60);
	ck_assert_int_ne(w.os.slew_ppt, 0);
	ck_assert_double_lt(world_clock_error(&w), 3599.9);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("silence", an_hour_of_silence_costs_accuracy_and_nothing_else,
    beyond_maxdistance_we_are_not_synchronised,
    a_foreign_step_in_the_silence_waits_for_a_server)
