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

START_TEST(tiny_steps_of_flicker_do_not_lose_their_noise)
{
	/* 16 ms against 4^8 s: each part is moved by far less than itself. */
	struct oscillator o = { .flicker = 3e-9 };
	double sum = 0;

	oscillator_init(&o, 1);
	o.flicker = 3e-9;
	for (int i = 0; i < 6000; i++) {
		double before = o.parts[0];
		double x = oscillator_run(&o, i * 0.016, 0.016);
		double least = 0;

		if (i == 0)
			continue;
		for (int part = 0; part < OSC_FLICKERS; part++)
			least += o.parts[part] * 0.016;
		sum += (x - least) * (x - least);
		ck_assert(o.parts[0] != before);
	}
	/* What is left of a step is about half of what the frequency moved by;
	 * the fastest part has 2 x 0.016 of its variance in a step. */
	double a = 9e-18 * 2 * 0.016 * 0.016 * 0.016 / 3;
	ck_assert_double_lt(sum / 6000, 2 * a);
	ck_assert_double_gt(sum / 6000, a);
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
    tiny_steps_of_flicker_do_not_lose_their_noise, waves_are_integrated)
