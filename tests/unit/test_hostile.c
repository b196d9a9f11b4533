/* SPDX-License-Identifier: ISC
 *
 * The estimator against samples that no honest path makes: whatever comes, its
 * beliefs stay finite, its variances positive, and it comes back when the truth
 * does. */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/estimate/estimator.h"

static void
check_sane(const struct estimator *e, struct raw at)
{
	struct estimate x;
	double sum = 0;

	if (!estimator_at(e, at, &x))
		return;
	ck_assert(isfinite(x.x) && isfinite(x.y) && isfinite(x.pxy));
	ck_assert(isfinite(x.pxx) && x.pxx > 0);
	ck_assert(isfinite(x.pyy) && x.pyy > 0);
	/* What is kept to be asked is what the filters come to. */
	struct estimate own = bank_mixture(&e->bank);
	ck_assert(estimator_at(e, own.at, &x));
	ck_assert_mem_eq(&x, &own, sizeof x);
	ck_assert(isfinite(estimator_noise(e)) && estimator_noise(e) > 0);
	ck_assert(isfinite(estimator_wander(e)) && estimator_wander(e) >= 0);
	ck_assert(isfinite(estimator_min_delay(e)));
	for (unsigned i = 0; i < BANK_SIZE; i++) {
		ck_assert(e->bank.weight[i] > 0);
		sum += e->bank.weight[i];
	}
	ck_assert_double_eq_tol(sum, 1, 1e-9);
	sum = 0;
	for (unsigned k = 0; k < OBSERVE_MODELS; k++)
		sum += e->beliefs.of[k];
	ck_assert_double_eq_tol(sum, 1, 1e-9);
}

static double
odd_number(double usual)
{
	static const double odd[] = { 0, 1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e9,
		1e12, 1e300, DBL_MAX, DBL_MIN, 5e-324, INFINITY, NAN };
	unsigned n = sizeof odd / sizeof *odd, k = (unsigned)random() % (3 * n);
	double x = k < n ? odd[k] : usual;

	return random() % 2 ? x : -x;
}

START_TEST(whatever_comes_beliefs_stay_finite)
{
	unsigned seed = (unsigned)time(NULL);

	printf("seed %u\n", seed);
	srandom(seed);
	for (int run = 0; run < 200; run++) {
		double usual = pow(10, -9 + (double)(random() % 12));
		struct raw at = { 0 };
		struct estimator e;

		estimator_init(&e, odd_number(1e-6) > 0 ? 1e-4 : 0, 1e-4);
		for (int i = 0; i < 400; i++) {
			at = raw_add(at, fmod(fabs(odd_number(usual)), 1e7));
			struct sample s = { .at = at,
				.offset = odd_number(usual),
				.delay = fabs(odd_number(usual)),
				.dispersion = fabs(odd_number(1e-9)) };
			if (random() % 50 == 0)
				s.at = raw_add(at, -100); /* late */
			if (random() % 50 == 0)
				estimator_slept(&e);
			else
				estimator_sample(&e, &s);
			check_sane(&e, at);
		}
		check_sane(&e, raw_add(at, 1e6));
	}
}
END_TEST

/* n samples of one kind, then the truth, x = 0; how far off it is at last. */
static double
back_from(struct estimator *e, double offset, double delay, int n)
{
	struct raw at = { 0 };
	struct estimate x;

	for (int i = 0; i < n + 200; i++) {
		bool is_true = i >= n;
		at = raw_add(at, 16);
		struct sample s = { .at = at,
			.offset = is_true ? 1e-6 * (double)(i % 5 - 2)
					  : offset * (i % 2 ? 1 : -1),
			.delay = is_true ? 1e-3 + 4e-6 * (i % 3) : delay };
		estimator_sample(e, &s);
		check_sane(e, at);
	}
	ck_assert(estimator_at(e, at, &x));
	return fabs(x.x);
}

START_TEST(the_truth_is_found_after_anything)
{
	static const struct {
		double offset, delay;
	} bad[] = { { 0, 1e-9 }, { 1e-3, 1e-9 }, { 1, 1e-9 }, { 1e6, 1e-9 },
		{ 1, 1e3 }, { 1e-9, 10 }, { 1e10, 1e10 }, { 0.4, 1 } };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct estimator e;

		estimator_init(&e, 0, 1e-4);
		double off = back_from(&e, bad[i].offset, bad[i].delay, 300);
		printf("after %g s at %g s: %g s off\n", bad[i].offset,
		    bad[i].delay, off);
		ck_assert_double_lt(off, 20e-6);
	}
}
END_TEST

START_TEST(equal_samples_do_not_freeze_it)
{
	struct estimator e;
	struct raw at = { 0 };
	struct estimate x;

	estimator_init(&e, 0, 1e-4);
	for (int i = 0; i < 2000; i++) {
		at = raw_add(at, 64);
		struct sample s = { .at = at, .offset = 0.5, .delay = 1e-3 };
		estimator_sample(&e, &s);
		check_sane(&e, at);
	}
	for (int i = 0; i < 40; i++) { /* 2 ppm off from now on */
		at = raw_add(at, 64);
		struct sample s = { .at = at, .delay = 1e-3,
			.offset = 0.5 + 2e-6 * 64 * (i + 1) };
		estimator_sample(&e, &s);
	}
	ck_assert(estimator_at(&e, at, &x));
	ck_assert_double_eq_tol(x.y, 2e-6, 1e-8);
	ck_assert_double_eq_tol(x.x, 0.5 + 2e-6 * 64 * 40, 1e-6);
}
END_TEST

START_TEST(dense_samples_without_delay_are_a_reference_clock)
{
	struct estimator e;
	struct raw at = { 0 };
	struct estimate x;

	srandom(2);
	estimator_init(&e, 0, 1e-4);
	for (int i = 0; i < 20000; i++) {
		double noise = ((double)random() / RAND_MAX - 0.5) * 2e-6;
		at = raw_add(at, 0.0625);
		struct sample s = { .at = at, .delay = 1e-9,
			.offset = 0.01 + 5e-6 * i * 0.0625 + noise };
		estimator_sample(&e, &s);
	}
	ck_assert(estimator_at(&e, at, &x));
	check_sane(&e, at);
	ck_assert_double_eq_tol(x.x, 0.01 + 5e-6 * 19999 * 0.0625, 0.2e-6);
	ck_assert_double_eq_tol(x.y, 5e-6, 1e-8);
}
END_TEST

START_TEST(a_sample_costs_little_time)
{
	struct estimator e;
	struct raw at = { 0 };
	const int n = 5000;

	srandom(3);
	estimator_init(&e, 0, 1e-4);
	clock_t before = clock();
	for (int i = 0; i < n; i++) {
		double up = -1e-4 * log(((double)random() + 1) / (RAND_MAX + 2.0));
		double down = -1e-4 * log(((double)random() + 1) /
		    (RAND_MAX + 2.0));
		at = raw_add(at, 64);
		struct sample s = { .at = at, .offset = (up - down) / 2,
			.delay = 1e-3 + up + down };
		estimator_sample(&e, &s);
	}
	double us = (double)(clock() - before) / CLOCKS_PER_SEC / n * 1e6;
	printf("%.1f us a sample, %zu bytes\n", us, sizeof e);
	ck_assert_double_lt(us, 600); /* ten times what it is */
	ck_assert_uint_lt(sizeof e, 16384);
}
END_TEST

UNIT_MAIN("hostile", whatever_comes_beliefs_stay_finite,
    the_truth_is_found_after_anything, equal_samples_do_not_freeze_it,
    dense_samples_without_delay_are_a_reference_clock,
    a_sample_costs_little_time)
