/* SPDX-License-Identifier: ISC
 *
 * Servers and oscillators that misbehave, and how the engine stands it. */
#include "unit.h"

#include <math.h>

#include "tests/emu/engine_world.h"

START_TEST(a_drift_file_that_is_wrong_is_corrected)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	w.ppm = 20;
	w.options.drift_ppm = -130;
	w.options.drift_skew_ppm = 0.01;
	world_start(&w);
	world_run(&w, 900);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 20, 0.5);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

START_TEST(an_oscillator_far_off_is_measured)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	w.ppm = 600;
	world_start(&w);
	world_run(&w, 1800);
	ck_assert_double_eq_tol(w.engine.discipline.target.y, 600e-6, 1e-6);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("trouble", a_drift_file_that_is_wrong_is_corrected,
    an_oscillator_far_off_is_measured)
