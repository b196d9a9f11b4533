/* SPDX-License-Identifier: ISC
 *
 * The arithmetic behind the tests of samples. */
#include "unit.h"

#include <math.h>

#include "daemon/estimate/accept.h"
#include "daemon/estimate/medfilt.h"
#include "daemon/estimate/pollctl.h"
#include "daemon/estimate/quantile.h"

static const struct accept_path path = { 1e-3, 1e-4, 2e-3 };

static unsigned
rejected(struct accept_limits limits, double delay)
{
	struct sample s = { .delay = delay };

	return ACCEPT_ALL & ~accept_sample(&limits, &path, &s, 0);
}

START_TEST(each_limit_has_its_bit)
{
	ck_assert_uint_eq(rejected((struct accept_limits){ .max = 1 }, 0.9), 0);
	ck_assert_uint_eq(rejected((struct accept_limits){ .max = 1 }, 1.1),
	    ACCEPT_DELAY);
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 2, 0, 0 },
	    2.1e-3), ACCEPT_RATIO);
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 2, 0, 0 },
	    1.9e-3), 0);
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 0, 10, 0 },
	    2.1e-3), ACCEPT_DEVIATION);
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 0, 10, 0 },
	    1.9e-3), 0);
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 0, 0, 0.5 },
	    2.1e-3), ACCEPT_DEVIATION);
	/* the quantile replaces the deviation */
	ck_assert_uint_eq(rejected((struct accept_limits){ 1, 0, 1, 0.5 },
	    1.9e-3), 0);
}
END_TEST

START_TEST(what_is_not_known_yet_limits_nothing)
{
	const struct accept_limits all = { 1, 1e-9, 1e-9, 0 };
	const struct accept_path nothing = { 0, 0, 0 };
	struct sample s = { .delay = 0.5 };

	ck_assert_uint_eq(accept_sample(&all, &nothing, &s, 0), ACCEPT_ALL);
	ck_assert_uint_eq(accept_sample(&(struct accept_limits){ 1, 0, 0, 0.1 },
	    &nothing, &s, 0), ACCEPT_ALL);
}
END_TEST

START_TEST(a_server_may_not_keep_a_request_for_long)
{
	const struct accept_limits l = { .max = 0.5 };
	struct sample s = { .delay = 0.1 };

	ck_assert_uint_eq(accept_sample(&l, &path, &s, 0.9), ACCEPT_ALL);
	ck_assert_uint_eq(accept_sample(&l, &path, &s, 1.1),
	    ACCEPT_ALL & ~(unsigned)ACCEPT_DELAY);
	s.dispersion = 0.6; /* nor read its clock that badly */
	ck_assert_uint_eq(accept_sample(&l, &path, &s, 0),
	    ACCEPT_ALL & ~(unsigned)ACCEPT_DELAY);
}
END_TEST

START_TEST(a_quantile_is_exact_and_forgets)
{
	struct quantile q;

	quantile_init(&q);
	for (int i = 0; i < QUANTILE_LEAST - 1; i++)
		quantile_add(&q, 1);
	ck_assert_double_eq(quantile_at(&q, 0.5), 0);
	quantile_init(&q);
	for (int i = 100; i > 0; i--)
		quantile_add(&q, i);
	ck_assert_double_eq(quantile_at(&q, 0.05), 5);
	ck_assert_double_eq(quantile_at(&q, 0.5), 50);
	ck_assert_double_eq(quantile_at(&q, 0.95), 95);
	for (int i = 0; i < QUANTILE_RING; i++)
		quantile_add(&q, 7);
	ck_assert_double_eq(quantile_at(&q, 0.05), 7);
	ck_assert_double_eq(quantile_at(&q, 0.95), 7);
}
END_TEST

static struct sample
sample_at(double t, double offset)
{
	return (struct sample){ { (int64_t)(t * 1e9) }, offset, 1e-3, 1e-6 };
}

START_TEST(the_median_filter_drops_what_is_far_off)
{
	const double offsets[] = { 1.0, 900, 1.2, 1.1, -900 };
	struct medfilt f;

	medfilt_init(&f);
	for (int i = 0; i < 5; i++) {
		struct sample s = sample_at(i, offsets[i]);
		medfilt_add(&f, &s);
	}
	struct sample out = medfilt_take(&f, 0);
	ck_assert_double_eq_tol(out.offset, 1.1, 1e-9);
	ck_assert_double_eq_tol(raw_sub(out.at, (struct raw){ 0 }), 5.0 / 3,
	    1e-6);
	ck_assert_double_eq_tol(out.delay, 1e-3, 1e-12);
	ck_assert_double_eq_tol(out.dispersion, 1e-6, 1e-12);
	ck_assert_uint_eq(f.count, 0);
}
END_TEST

START_TEST(the_median_filter_knows_how_offsets_move)
{
	struct medfilt f;

	medfilt_init(&f);
	for (int i = 0; i < 200; i++) { /* the newest 64: 136..199 */
		struct sample s = sample_at(i, 1e-4 * i + (i == 150 ? 1 : 0));
		medfilt_add(&f, &s);
	}
	struct sample out = medfilt_take(&f, 1e-4);
	double at = raw_sub(out.at, (struct raw){ 0 });
	ck_assert_double_eq_tol(out.offset, 1e-4 * at, 1e-9);
	ck_assert_double_gt(at, 136);
}
END_TEST

START_TEST(of_three_samples_the_middle_one_is_taken)
{
	struct medfilt f;

	medfilt_init(&f);
	for (int i = 0; i < 3; i++) {
		struct sample s = sample_at(i, i * i);
		medfilt_add(&f, &s);
	}
	ck_assert_double_eq(medfilt_take(&f, 0).offset, 1);
	for (int i = 0; i < 2; i++) {
		struct sample s = sample_at(i, i);
		medfilt_add(&f, &s);
	}
	ck_assert_double_eq(medfilt_take(&f, 0).offset, 0.5);
}
END_TEST

START_TEST(wander_over_the_interval_is_part_of_the_noise)
{
	struct pollctl p;

	pollctl_init(&p, 6);
	for (int i = 0; i < 100; i++)
		pollctl_sample(&p, 1e-10, 1e-18, 8, 0, 20);
	/* w^2 T^3 / 3 = (0.38 x 10 us)^2, a tenth of the way to 512 s */
	ck_assert_double_eq_tol(exp2(p.log2s),
	    512 * pow(cbrt(3 * 3.8e-6 * 3.8e-6 / 1e-18) / 512, 0.9), 0.1);
}
END_TEST

START_TEST(a_greater_target_is_a_shorter_interval)
{
	struct pollctl p, q;

	pollctl_init(&p, 6);
	pollctl_init(&q, 6);
	for (int i = 0; i < 100; i++) {
		pollctl_sample(&p, 1e-10, 1e-18, 8, 0, 20);
		pollctl_sample(&q, 1e-10, 1e-18, 16, 0, 20);
	}
	ck_assert_double_eq_tol(p.log2s - q.log2s, 0.9 * 2 / 3, 1e-6);
}
END_TEST

START_TEST(the_interval_keeps_to_its_limits_and_moves_slowly)
{
	struct pollctl p;

	pollctl_init(&p, 6);
	pollctl_sample(&p, 0, 0, 8, 6, 10); /* nothing is known */
	ck_assert_double_eq(p.log2s, 6);
	pollctl_sample(&p, 1, 1e-20, 8, 6, 10);
	ck_assert_double_eq_tol(exp2(p.log2s), 64 * M_SQRT2, 0.1);
	for (int i = 0; i < 100; i++)
		pollctl_sample(&p, 1, 1e-20, 8, 6, 10);
	ck_assert_double_eq(p.log2s, 10);
	pollctl_sample(&p, 1e-15, 1e-14, 8, 6, 10);
	ck_assert_double_eq_tol(exp2(p.log2s), 1024 * 0.7, 1);
	for (int i = 0; i < 100; i++)
		pollctl_sample(&p, 1e-15, 1e-14, 8, 6, 10);
	ck_assert_double_eq(p.log2s, 6);
}
END_TEST

START_TEST(short_intervals_take_two_minutes_to_double)
{
	struct pollctl p;
	double t = 0;

	pollctl_init(&p, 2);
	while (p.log2s < 4) {
		t += exp2(p.log2s);
		pollctl_sample(&p, 1, 1e-20, 8, 2, 10);
	}
	ck_assert_double_eq_tol(t, 256, 16); /* the last counts whole */
}
END_TEST

static const struct estimate near_us = { .pxx = 1e-12, .pyy = 1e-18 };

START_TEST(the_interval_ends_where_the_forecast_reaches_the_error)
{
	struct pollctl p;
	double t, var;

	pollctl_init(&p, 4);
	for (int i = 0; i < 20; i++)
		pollctl_hold(&p, &near_us, 1e-18, 1e-5, 1, 0, 20);
	t = exp2(p.log2s);
	var = 1e-12 + 1e-18 * t * t + 1e-18 * t * t * t / 3;
	ck_assert_double_eq_tol(sqrt(var), 1e-5, 1e-7);

	double whole = p.log2s; /* four polls make a sample */
	pollctl_hold(&p, &near_us, 1e-18, 1e-5, 4, 0, 20);
	ck_assert_double_eq_tol(p.log2s, whole - 2, 0.01);
}
END_TEST

START_TEST(held_errors_keep_to_the_limits_and_intervals_at_most_double)
{
	struct pollctl p;

	pollctl_init(&p, 6);
	pollctl_hold(&p, &near_us, 1e-18, 1, 1, 6, 10);
	ck_assert_double_eq_tol(p.log2s, 7, 0.01);
	for (int i = 0; i < 20; i++)
		pollctl_hold(&p, &near_us, 1e-18, 1, 1, 6, 10);
	ck_assert_double_eq_tol(p.log2s, 10, 0.01);
	pollctl_hold(&p, &near_us, 1e-18, 1e-9, 1, 6, 10);
	ck_assert_double_eq(p.log2s, 6);
}
END_TEST

START_TEST(an_error_that_cannot_be_held_is_news_once_and_so_is_the_end)
{
	struct pollctl p;
	unsigned missed = 0, held = 0;

	pollctl_init(&p, 6);
	for (int i = 0; i < 50; i++)
		missed += pollctl_hold(&p, &near_us, 1e-18, 5e-7, 1, 6, 10) ==
		    POLLCTL_MISSED;
	ck_assert_uint_eq(missed, 1);
	ck_assert(p.is_missed);
	for (int i = 0; i < 7; i++)
		held += pollctl_hold(&p, &near_us, 1e-18, 1e-4, 1, 6, 10) ==
		    POLLCTL_HELD;
	ck_assert_uint_eq(held, 0); /* not by a few */
	for (int i = 0; i < 50; i++)
		held += pollctl_hold(&p, &near_us, 1e-18, 1e-4, 1, 6, 10) ==
		    POLLCTL_HELD;
	ck_assert_uint_eq(held, 1);
	ck_assert(!p.is_missed);
}
END_TEST

UNIT_MAIN("accept", each_limit_has_its_bit,
    what_is_not_known_yet_limits_nothing,
    a_server_may_not_keep_a_request_for_long, a_quantile_is_exact_and_forgets,
    the_median_filter_drops_what_is_far_off,
    the_median_filter_knows_how_offsets_move,
    of_three_samples_the_middle_one_is_taken,
    wander_over_the_interval_is_part_of_the_noise,
    a_greater_target_is_a_shorter_interval,
    the_interval_keeps_to_its_limits_and_moves_slowly,
    short_intervals_take_two_minutes_to_double,
    the_interval_ends_where_the_forecast_reaches_the_error,
    held_errors_keep_to_the_limits_and_intervals_at_most_double,
    an_error_that_cannot_be_held_is_news_once_and_so_is_the_end)
