/* SPDX-License-Identifier: ISC
 *
 * fallbackdrift: what the clock runs at when nobody says what time it is. */
#include "unit.h"

#include <math.h>

#include "tests/emu/engine_world.h"

static struct world w;

static double
base_ppm(void)
{
	return (double)w.os.base_ppt * 1e-6;
}

static void
begin(int min, int max)
{
	world_init(&w, 1);
	w.ppm = 20;
	w.config.fallback_min = min;
	w.config.fallback_max = max;
	world_start(&w);
	world_run(&w, 700);
	ck_assert_double_eq_tol(base_ppm(), 20, 0.1);
}

START_TEST(averages_become_those_of_what_was_measured)
{
	begin(6, 9);
	for (int i = 6; i <= 9; i++) {
		ck_assert_double_eq(w.engine.fallback.averages[i].seconds,
		    ldexp(1, i));
		ck_assert_double_eq_tol(w.engine.fallback.averages[i].freq,
		    20e-6, 2e-6);
	}
	ck_assert_double_eq(w.engine.fallback.averages[5].seconds, 0);
	world_fini(&w);
}
END_TEST

START_TEST(without_updates_they_take_over_one_after_the_other)
{
	begin(6, 8);
	for (int i = 6; i <= 8; i++)
		w.engine.fallback.averages[i].freq = i * 1e-6;
	w.engine.fallback.averages[7].seconds = 100; /* not 128 */
	w.is_silent[0] = true;
	world_run(&w, 30);
	ck_assert_double_eq_tol(base_ppm(), 20, 0.1);
	world_run(&w, 50);
	ck_assert_double_eq_tol(base_ppm(), 6, 1e-6);
	world_run(&w, 60);
	ck_assert_double_eq_tol(base_ppm(), 6, 1e-6);
	world_run(&w, 130);
	ck_assert_double_eq_tol(base_ppm(), 8, 1e-6);
	w.is_silent[0] = false;
	world_run(&w, 300);
	ck_assert_double_eq_tol(base_ppm(), 20, 0.5);
	world_fini(&w);
}
END_TEST

START_TEST(without_the_directive_the_last_frequency_stays)
{
	begin(0, 0);
	w.is_silent[0] = true;
	world_run(&w, 600);
	ck_assert_double_eq_tol(base_ppm(), 20, 0.1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("fallback", averages_become_those_of_what_was_measured,
    without_updates_they_take_over_one_after_the_other,
    without_the_directive_the_last_frequency_stays)
