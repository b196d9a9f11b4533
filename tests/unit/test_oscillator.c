/* SPDX-License-Identifier: ISC
 *
 * Variances over 20 000 oscillators; 5 % is five deviations of such a one. */
#include "unit.h"

#include <math.h>

#include "tests/sim/oscillator.h"

#define RUNS 20000
#define SPAN 100.0 /* s */

struct moments {
	double xx, yy, xy; /* phase s^2, frequency, both */
};

static struct moments
measure(const struct oscillator *like, unsigned steps)
{
	struct moments m = { 0, 0, 0 };

	for (int run = 0; run < RUNS; run++) {
		struct oscillator o = *like;
		double at = 0, x = 0;

		prng_init(&o.prng, (uint64_t)run + 1);
		for (unsigned i = 1; i <= steps; i++) { /* unequal ones */
			double dt = SPAN * 2 * i / (steps * (steps + 1.0));

			x += oscillator_run(&o, at, dt);
			at += dt;
		}
		double y = oscillator_freq(&o, at);
		m.xx += x * x / RUNS;
		m.yy += y * y / RUNS;
		m.xy += x * y / RUNS;
	}
	return m;
}

static void
near(double is, double wanted)
{
	ck_assert_double_lt(fabs(is / wanted - 1), 0.05);
}

START_TEST(white_noise_grows_with_the_root_of_time)
{
	struct oscillator o = { .white = 2e-9 };

	near(measure(&o, 1).xx, 4e-18 * SPAN);
	near(measure(&o, 9).xx, 4e-18 * SPAN);
	ck_assert(measure(&o, 1).yy == 0);
}
END_TEST

START_TEST(wander_is_a_random_walk_of_frequency)
{
	struct oscillator o = { .wander = 1e-9 };
	double q = 1e-18;

	for (unsigned steps = 1; steps < 20; steps += 6) {
		struct moments m = measure(&o, steps);

		near(m.yy, q * SPAN);
		near(m.xx, q * SPAN * SPAN * SPAN / 3);
		near(m.xy, q * SPAN * SPAN / 2);
	}
}
END_TEST

START_TEST(flicker_is_nine_ornstein_uhlenbeck_parts)
{
	struct oscillator o = { .flicker = 3e-9 };
	double xx = 0, xy = 0;

	for (int i = 0; i < OSC_FLICKERS; i++) {
		double tau = pow(4, i), u = SPAN / tau;

		xx += 2 * 9e-18 * tau * tau * (u + expm1(-u));
		xy += 9e-18 * tau * -expm1(-u);
	}
	for (unsigned steps = 1; steps < 60; steps += 29) {
		struct moments m = measure(&o, steps);

		near(m.yy, 9 * 9e-18);
		near(m.xx, xx);
		near(m.xy, xy);
	}
}
END_TEST

START_TEST(the_noise_is_the_same_whenever_somebody_looks)
{
	struct oscillator often, seldom;

	oscillator_init(&often, 1);
	often.wander = 1e-8;
	often.white = often.flicker = 1e-9;
	seldom = often;
	double x = 0, at = 0;

	while (at < SPAN) {
		double dt = fmin(0.3, SPAN - at);

		x += oscillator_run(&often, at, dt);
		at += dt;
	}
	ck_assert_double_eq_tol(oscillator_run(&seldom, 0, SPAN), x, 1e-16);
	ck_assert(fabs(x) > 1e-9);
	ck_assert(oscillator_freq(&often, SPAN) ==
	    oscillator_freq(&seldom, SPAN));
}
END_TEST

START_TEST(within_a_second_nothing_jumps)
{
	struct oscillator o;

	oscillator_init(&o, 1);
	o.wander = 1e-8;
	for (double at = 0; at < 3; at += 0.001) {
		double x = oscillator_run(&o, at, 0.001);

		ck_assert_double_lt(fabs(x), 0.001 * 1e-7);
	}
}
END_TEST

static void
integral_is_right(bool is_triangle)
{
	struct oscillator o;

	oscillator_init(&o, 1);
	o.offset = 10e-6;
	o.n_waves = 1;
	o.waves[0] = (struct osc_wave){ 1e-6, 700, 0.2, is_triangle };
	for (double from = 0; from < 2000; from += 130) {
		double sum = 0;

		for (int i = 0; i < 10000; i++)
			sum += oscillator_freq(&o, from + (i + 0.5) * 0.025) *
			    0.025;
		ck_assert_double_eq_tol(oscillator_run(&o, from, 250), sum,
		    1e-12);
	}
}

START_TEST(waves_are_integrated)
{
	integral_is_right(false);
	integral_is_right(true);
}
END_TEST

UNIT_MAIN("oscillator", white_noise_grows_with_the_root_of_time,
    wander_is_a_random_walk_of_frequency,
    flicker_is_nine_ornstein_uhlenbeck_parts,
    the_noise_is_the_same_whenever_somebody_looks,
    within_a_second_nothing_jumps, waves_are_integrated)
