/* SPDX-License-Identifier: ISC
 *
 * minsamples, maxsamples and clockprecision: what limits the estimator. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/estimate/estimator.h"
#include "tests/emu/turn.h"

#define POLL 64.0    /* s */
#define NOISE 100e-6 /* s, standard deviation */
#define FREQ 10e-6   /* s/s */

static double
normal(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += (double)random() / RAND_MAX;
	return sum - 6;
}

/* n samples with this noise of a clock whose frequency does this random walk;
 * what is left of it is the truth then. */
static struct estimate
run(const struct memory *m, unsigned n, double noise, double wander,
    double *truth)
{
	struct estimate e = { .pxx = 0 };
	struct estimator est;
	double x = 0, y = FREQ;

	srandom(1);
	estimator_init(&est, 0, 1e-4);
	estimator_limit(&est, m);
	for (unsigned i = 1; i <= n; i++) {
		struct sample s = { .at = { (int64_t)(i * POLL * 1e9) },
			.delay = 1e-3 };

		x += y * POLL;
		y += wander * sqrt(POLL) * normal();
		s.offset = x + noise * normal();
		estimator_sample(&est, &s);
		ck_assert(estimator_at(&est, s.at, &e));
	}
	*truth = x;
	return e;
}

START_TEST(maxsamples_makes_the_estimate_that_of_so_many)
{
	const unsigned most[] = { 4, 8, 16, 32 };
	double last = INFINITY, truth;

	for (unsigned i = 0; i < 4; i++) {
		struct memory m = { .most = most[i] };
		struct estimate e = run(&m, 500, NOISE, 0, &truth);
		double line = 4 * NOISE * NOISE / most[i];

		ck_assert_double_gt(e.pxx, line / 3);
		ck_assert_double_lt(e.pxx, line * 3);
		ck_assert_double_lt(fabs(e.x - truth), 4 * sqrt(e.pxx));
		ck_assert_double_lt(e.pyy, last);
		last = e.pyy;
	}
	struct memory all = { 0 };
	ck_assert_double_lt(run(&all, 500, NOISE, 0, &truth).pyy, last / 1.5);
}
END_TEST

START_TEST(minsamples_keeps_the_estimate_steady)
{
	struct memory few = { 0 }, many = { .least = 64 };
	double truth;
	struct estimate e = run(&few, 500, NOISE, 3e-7, &truth);
	struct estimate f = run(&many, 500, NOISE, 3e-7, &truth);

	ck_assert_double_lt(f.pyy, e.pyy / 4);
	/* a steady oscillator has more memory anyway */
	e = run(&few, 500, NOISE, 0, &truth);
	many.least = 4;
	f = run(&many, 500, NOISE, 0, &truth);
	ck_assert_double_eq_tol(f.x, e.x, 20e-6);
	ck_assert_double_eq_tol(sqrt(f.pxx), sqrt(e.pxx), 0.5 * sqrt(e.pxx));
}
END_TEST

START_TEST(maxsamples_1_follows_the_newest_and_learns_no_frequency)
{
	struct memory one = { .most = 1 }, all = { 0 };
	double truth;
	struct estimate e = run(&one, 300, NOISE, 0, &truth);

	ck_assert_double_eq(e.y, 0);
	ck_assert_double_gt(sqrt(e.pyy), FREQ);
	ck_assert_double_lt(fabs(e.x - truth), 4 * NOISE);
	ck_assert_double_gt(sqrt(e.pxx), NOISE / 2);
	ck_assert_double_eq_tol(run(&all, 300, NOISE, 0, &truth).y, FREQ, 1e-7);
}
END_TEST

START_TEST(no_sample_is_better_than_the_clocks_precision)
{
	struct memory fine = { 0 }, coarse = { .precision = 20e-6 };
	double truth;
	struct estimate e = run(&fine, 300, 1e-7, 1e-8, &truth);
	struct estimate f = run(&coarse, 300, 1e-7, 1e-8, &truth);

	ck_assert_double_lt(sqrt(e.pxx), 1.5e-6);
	ck_assert_double_gt(sqrt(f.pxx), 3e-6);
}
END_TEST

START_TEST(the_options_of_a_source_go_before_the_directives)
{
	struct world w;

	world_init(&w, 2);
	w.config.minsamples = 5;
	w.config.maxsamples = 50;
	w.config.clockprecision = 1e-5;
	w.config.sources[1].minsamples = 0;
	w.config.sources[1].maxsamples = 20;
	w.config.sources[0].minsamples = w.config.sources[0].maxsamples = -1;
	world_start(&w);
	const struct memory *m = &world_source(&w, 0)->estimator.memory;
	ck_assert_uint_eq(m->least, 5);
	ck_assert_uint_eq(m->most, 50);
	ck_assert_double_eq(m->precision, 1e-5);
	m = &world_source(&w, 1)->estimator.memory;
	ck_assert_uint_eq(m->least, 0);
	ck_assert_uint_eq(m->most, 20);
	turn(&w, world_source(&w, 0), DELAY, DELAY);
	ck_assert_double_gt(world_source(&w, 0)->last.dispersion, 1e-5);
	world_fini(&w);
}
END_TEST

START_TEST(the_server_tells_the_precision_that_it_was_told)
{
	struct world w;

	world_init(&w, 1);
	world_line(&w, "allow");
	world_line(&w, "clockprecision 1e-4");
	world_start(&w);
	ck_assert_int_eq(w.server.precision, -13); /* 122 us */
	world_fini(&w);
}
END_TEST

UNIT_MAIN("memory", maxsamples_makes_the_estimate_that_of_so_many,
    minsamples_keeps_the_estimate_steady,
    maxsamples_1_follows_the_newest_and_learns_no_frequency,
    no_sample_is_better_than_the_clocks_precision,
    the_options_of_a_source_go_before_the_directives,
    the_server_tells_the_precision_that_it_was_told)
