/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "daemon/estimate/estimator.h"
#include "daemon/estimate/filter.h"
#include "daemon/estimate/mindelay.h"
#include "daemon/estimate/noise.h"
#include "daemon/estimate/select.h"
#include "daemon/estimate/slewplan.h"
#include "daemon/estimate/stats.h"

static struct raw
at(double s)
{
	return raw_add((struct raw){ 0 }, s);
}

/* Exponential with mean 1. */
static double
waiting(void)
{
	return -log(((double)random() + 1) / (RAND_MAX + 2.0));
}

/* A path of `base` s each way with exponential queues; true x = x0 + y t. */
static struct sample
measured(double t, double x0, double y, double base, double queue)
{
	double up = queue * waiting(), down = queue * waiting();

	return (struct sample){ .at = at(t),
		.offset = x0 + y * t + (up - down) / 2,
		.delay = 2 * base + up + down, .dispersion = 1e-9 };
}

START_TEST(the_filter_predicts_a_line)
{
	struct estimate e = { .at = at(0), .x = 1, .y = 2e-6, .pxx = 1e-8,
		.pyy = 1e-14 };

	filter_predict(&e, at(100), 1e-9);
	ck_assert_double_eq_tol(e.x, 1 + 200e-6, 1e-15);
	/* 1e-8 + 1e4 * 1e-14 + 1e-18 * 1e6 / 3 */
	ck_assert_double_eq_tol(e.pxx, 1e-8 + 1e-10 + 3.333e-13, 1e-16);
	ck_assert_double_eq_tol(e.pxy, 1e-12 + 5e-15, 1e-18);
	ck_assert_double_eq_tol(e.pyy, 1e-14 + 1e-16, 1e-20);
}
END_TEST

START_TEST(the_past_changes_nothing)
{
	struct estimate e = { .at = at(10), .x = 1, .y = 1, .pxx = 1 }, f = e;

	filter_predict(&e, at(5), 1e-9);
	ck_assert_mem_eq(&e, &f, sizeof e);
}
END_TEST

START_TEST(a_measurement_as_good_as_the_state_meets_it_half_way)
{
	struct estimate e = { .x = 0, .pxx = 4, .pxy = 1, .pyy = 1 };

	/* Kalman's update for z = 1 with variance 4 leaves x so. */
	filter_learn(&e, 0.5, 2);
	ck_assert_double_eq(e.x, 0.5);
	ck_assert_double_eq(e.y, 1.0 / 8);
	ck_assert_double_eq(e.pxx, 2);
	ck_assert_double_eq(e.pxy, 0.5);
	ck_assert_double_eq(e.pyy, 1 - 1.0 / 8);
}
END_TEST

START_TEST(a_quiet_path_is_followed_to_the_microsecond)
{
	struct estimator est;
	struct estimate e;
	unsigned seed = 20261123;
	double worst = 0;

	printf("seed %u\n", seed);
	srandom(seed);
	estimator_init(&est, 0, 1e-4);
	for (int i = 0; i < 300; i++) {
		struct sample s = measured(i * 4, 0.03, 2e-5, 5e-5, 5e-6);
		ck_assert_int_eq(estimator_sample(&est, &s), ESTIMATOR_USED);
		ck_assert(estimator_at(&est, s.at, &e));
		if (i >= 50)
			worst = fmax(worst, fabs(e.x - 0.03 - 2e-5 * i * 4));
	}
	ck_assert_double_lt(worst, 10e-6);
	ck_assert_double_eq_tol(e.y, 2e-5, 1e-7);
	ck_assert_double_ge(estimator_min_delay(&est), 1e-4);
}
END_TEST

START_TEST(the_claimed_deviation_holds_the_error)
{
	struct estimator est;
	struct estimate e;
	unsigned seed = 7, outside = 0;

	printf("seed %u\n", seed);
	srandom(seed);
	estimator_init(&est, 0, 1e-4);
	for (int i = 0; i < 2000; i++) {
		struct sample s = measured(i * 16, 0, 0, 5e-3, 1e-3);
		estimator_sample(&est, &s);
		ck_assert(estimator_at(&est, s.at, &e));
		if (fabs(e.x) > 3.3 * sqrt(e.pxx) +
			estimator_min_delay(&est) / 2)
			outside++;
	}
	ck_assert_uint_eq(outside, 0);
}
END_TEST

START_TEST(one_wild_sample_is_not_believed_four_are)
{
	struct estimator est;
	struct estimate e;

	srandom(1);
	estimator_init(&est, 0, 1e-4);
	for (int i = 0; i < 20; i++) {
		struct sample s = measured(i * 4, 0, 0, 1e-3, 1e-5);
		estimator_sample(&est, &s);
	}
	for (int i = 0; i < 4; i++) {
		struct sample s = measured(80 + i, 0.5, 0, 1e-3, 1e-5);
		ck_assert_int_eq(estimator_sample(&est, &s),
		    i < 3 ? ESTIMATOR_IMPOSSIBLE : ESTIMATOR_JUMPED);
		ck_assert(estimator_at(&est, s.at, &e));
		ck_assert_double_eq_tol(e.x, i < 3 ? 0 : 0.5, 1e-3);
	}
}
END_TEST

/* It knows the path and 20 us/s; then RAW stands still for 2400 s. */
static void
fall_asleep(struct estimator *est)
{
	srandom(20261125);
	estimator_init(est, 0, 1e-4);
	for (int i = 0; i < 100; i++) {
		struct sample s = measured(i * 64, 0, 2e-5, 1e-3, 1e-5);
		ck_assert_int_eq(estimator_sample(est, &s), ESTIMATOR_USED);
	}
	estimator_slept(est);
}

START_TEST(after_sleep_the_first_sample_says_x_and_y_stays)
{
	struct estimator est;
	struct estimate e, before;

	fall_asleep(&est);
	ck_assert(estimator_at(&est, at(6400), &before));
	struct sample s = measured(6400, 2400, 2e-5, 1e-3, 1e-5);
	ck_assert_int_eq(estimator_sample(&est, &s), ESTIMATOR_USED);
	ck_assert(estimator_at(&est, s.at, &e));
	ck_assert_double_eq_tol(e.x, 2400 + 2e-5 * 6400, 50e-6);
	ck_assert_double_lt(sqrt(e.pxx), 200e-6);
	ck_assert_double_eq_tol(e.y, before.y, 1e-9);
	ck_assert_double_le(e.pyy, before.pyy * 1.01);

	s = measured(6464, 2400.5, 2e-5, 1e-3, 1e-5);
	ck_assert_int_eq(estimator_sample(&est, &s), ESTIMATOR_IMPOSSIBLE);
}
END_TEST

START_TEST(after_sleep_a_late_sample_is_worth_little)
{
	struct estimator est;
	struct estimate e;

	fall_asleep(&est);
	struct sample s = measured(6400, 2400, 2e-5, 1e-3, 1e-5);
	s.delay += 0.4;
	s.offset += 0.2;
	estimator_sample(&est, &s);
	ck_assert(estimator_at(&est, s.at, &e));
	ck_assert_double_gt(3.3 * sqrt(e.pxx), 0.2);
	s = measured(6402, 2400, 2e-5, 1e-3, 1e-5);
	ck_assert_int_eq(estimator_sample(&est, &s), ESTIMATOR_USED);
	ck_assert(estimator_at(&est, s.at, &e));
	ck_assert_double_eq_tol(e.x, 2400 + 2e-5 * 6402, 50e-6);
	ck_assert_double_eq_tol(e.y, 2e-5, 1e-7);
}
END_TEST

START_TEST(the_first_belief_about_the_frequency_counts)
{
	struct estimator est;
	struct estimate e;
	struct sample s = measured(0, 1, 0, 1e-3, 0);

	estimator_init(&est, 5e-6, 1e-6);
	estimator_sample(&est, &s);
	ck_assert(estimator_at(&est, at(100), &e));
	ck_assert_double_eq_tol(e.x, 1 + 500e-6, 1e-9);
	ck_assert_double_eq(e.y, 5e-6);
}
END_TEST

/* What is known of the path after 16 samples makes the first ones better. */
START_TEST(the_frequency_is_known_early_on_a_quiet_path)
{
	double sum = 0;

	srandom(1);
	for (int run = 0; run < 300; run++) {
		struct estimator e;
		struct estimate now;

		estimator_init(&e, 0, 1e-4);
		for (int i = 0; i < 16; i++) {
			struct sample s = measured(4 * i, 0, 10e-6, 250e-9,
			    200e-9);
			estimator_sample(&e, &s);
		}
		estimator_at(&e, at(60), &now);
		sum += (now.y - 10e-6) * (now.y - 10e-6);
	}
	ck_assert_double_lt(sqrt(sum / 300), 2.4e-9);
}
END_TEST

START_TEST(noise_is_learned_from_residuals)
{
	struct noise n;

	noise_init(&n, 1, 1e-6);
	for (int i = 1; i <= 1000; i++) /* of one size, signs two by two */
		noise_learn(&n, i & 2 ? 0.1 : -0.1, i & 2 ? 0.1 : -0.1,
		    1.0 / i);
	/* half of the differences are 0, the others 0.2 */
	ck_assert_double_eq_tol(noise_variance(&n), 0.01, 1e-3);
}
END_TEST

START_TEST(one_wild_residual_is_worth_sixteen)
{
	struct noise n;

	noise_init(&n, 1, 0);
	noise_learn(&n, 1000, 1000, 0.01);
	ck_assert_double_eq_tol(noise_variance(&n), 1.15, 1e-9);
}
END_TEST

START_TEST(noise_is_no_less_than_the_least)
{
	struct noise n;

	noise_init(&n, 1, 0.5);
	for (int i = 0; i < 100; i++)
		noise_learn(&n, 0, 0, 0.1);
	ck_assert_double_eq(noise_variance(&n), 0.5);
}
END_TEST

START_TEST(nothing_is_claimed_without_a_sample)
{
	struct estimator est;
	struct estimate e;

	estimator_init(&est, 0, 1e-4);
	ck_assert(!estimator_at(&est, at(1), &e));
	ck_assert_double_eq(estimator_min_delay(&est), 0);
}
END_TEST

START_TEST(the_minimum_is_as_sure_as_the_smallest_delays_are_close)
{
	struct mindelay m;

	mindelay_init(&m);
	ck_assert_double_eq(mindelay_min(&m), 0);
	ck_assert_double_eq(mindelay_margin(&m), 0);
	mindelay_add(&m, 2);
	ck_assert_double_eq(mindelay_min(&m), 2);
	ck_assert_double_eq_tol(mindelay_margin(&m), 0.5, 1e-8);
	for (int i = 3; i <= 6; i++)
		mindelay_add(&m, i);
	ck_assert_double_eq(mindelay_min(&m), 2);
	ck_assert_double_eq_tol(mindelay_margin(&m), 1, 1e-8);
}
END_TEST

START_TEST(the_smallest_delay_seen_had_waits_too)
{
	struct observation o = { .noise = 1e-8, .margin = 1e-9,
		.is_learned = true, .up = { 1e-4, 0 }, .down = { 1e-4, 0 },
		.below = 1e-5 };

	observe_prepare(&o);
	struct verdict v = observe_sample(OBSERVE_LEARNED, &o, 1e-6, 1e-6);
	ck_assert_double_eq_tol(v.mean, 0, 1e-7);
	/* anything within 10 us */
	ck_assert_double_eq_tol(v.var * 1e10, 1.0 / 3, 0.02);
}
END_TEST

/* Adds n delays of floor and an exponential wait; how often a path changed. */
static int
changes(struct mindelay *m, int n, double floor, double wait)
{
	int changed = 0;

	for (int i = 0; i < n; i++)
		changed += mindelay_add(m, floor + wait * waiting()) !=
		    MINDELAY_SAME;
	return changed;
}

START_TEST(a_longer_path_is_believed_after_sixteen_samples)
{
	struct mindelay m;

	srandom(3);
	mindelay_init(&m);
	ck_assert_int_eq(changes(&m, 200, 2e-3, 2e-4), 0);
	ck_assert_int_eq(changes(&m, 20, 6e-3, 2e-4), 1);
	ck_assert_double_ge(mindelay_min(&m), 6e-3);
}
END_TEST

START_TEST(a_longer_path_is_believed_though_some_packets_wait_long)
{
	struct mindelay m;
	unsigned found = 0;

	srandom(6);
	mindelay_init(&m);
	for (unsigned i = 0; i < 221; i++) {
		double base = i < 200 ? 24e-3 : 32e-3;
		double tail = i % 8 == 4 ? 40e-3 : 0;
		found += mindelay_add(&m, base + 6e-4 * waiting() + tail) !=
		    MINDELAY_SAME;
	}
	ck_assert_uint_eq(found, 1);
	ck_assert_double_ge(mindelay_min(&m), 32e-3);
}
END_TEST

START_TEST(a_busy_path_is_no_longer_one)
{
	struct mindelay m;

	srandom(4);
	mindelay_init(&m);
	ck_assert_int_eq(changes(&m, 200, 2e-3, 2e-4), 0);
	ck_assert_int_eq(changes(&m, 200, 2e-3, 5e-3), 0);
	ck_assert_double_lt(mindelay_min(&m), 2.1e-3);
}
END_TEST

START_TEST(a_shorter_path_is_believed_at_once)
{
	struct mindelay m;

	srandom(5);
	mindelay_init(&m);
	changes(&m, 200, 6e-3, 2e-4);
	ck_assert_int_eq(mindelay_add(&m, 2e-3), MINDELAY_SHORTER);
	ck_assert_double_eq(mindelay_min(&m), 2e-3);
	ck_assert_uint_eq(m.count, 1);
}
END_TEST

START_TEST(the_oldest_delay_is_forgotten_in_the_end)
{
	struct mindelay m;

	mindelay_init(&m);
	mindelay_add(&m, 1);
	for (int i = 0; i < MINDELAY_RING - 1; i++)
		mindelay_add(&m, 1.5 + (i % 7) * 0.5);
	ck_assert_double_eq(mindelay_min(&m), 1);
	mindelay_add(&m, 2);
	ck_assert_double_eq(mindelay_min(&m), 1.5);
	for (unsigned i = 1; i < m.count; i++)
		ck_assert_double_le(m.sorted[i - 1], m.sorted[i]);
}
END_TEST

START_TEST(a_majority_outvotes_one_liar)
{
	struct candidate c[] = { { -1, 1 }, { 0, 2 }, { 40, 42 }, { -2, 0.5 } };

	ck_assert_uint_eq(select_majority(c, 4), 3);
	ck_assert(c[0].is_true && c[1].is_true && !c[2].is_true &&
	    c[3].is_true);
}
END_TEST

START_TEST(two_that_disagree_are_no_majority)
{
	struct candidate c[] = { { -1, 1 }, { 5, 6 } };

	ck_assert_uint_eq(select_majority(c, 2), 0);
	ck_assert(!c[0].is_true && !c[1].is_true);
}
END_TEST

START_TEST(half_is_not_enough)
{
	struct candidate c[] = { { 0, 1 }, { 0, 1 }, { 5, 6 }, { 9, 10 } };

	ck_assert_uint_eq(select_majority(c, 4), 0);
	ck_assert_uint_eq(select_majority(c, 3), 2);
}
END_TEST

START_TEST(one_alone_is_believed_and_none_is_none)
{
	struct candidate c[] = { { 3, 4 } };

	ck_assert_uint_eq(select_majority(c, 1), 1);
	ck_assert(c[0].is_true);
	ck_assert_uint_eq(select_majority(c, 0), 0);
}
END_TEST

START_TEST(intervals_that_touch_agree)
{
	struct candidate c[] = { { 0, 1 }, { 1, 2 } };

	ck_assert_uint_eq(select_majority(c, 2), 2);
}
END_TEST

START_TEST(the_trusted_outvote_the_many)
{
	struct candidate c[] = { { 0, 1, .is_trusted = true }, { 5, 6 },
		{ 5, 6 }, { 5, 6 } };

	ck_assert_uint_eq(select_majority(c, 4), 1);
	ck_assert(c[0].is_true && !c[1].is_true);
}
END_TEST

START_TEST(the_trusted_need_a_majority_of_their_own)
{
	struct candidate c[] = { { 0, 1, .is_trusted = true },
		{ 5, 6, .is_trusted = true }, { 5, 6 }, { 5, 6 } };

	ck_assert_uint_eq(select_majority(c, 4), 0);
}
END_TEST

START_TEST(who_claims_more_than_the_trusted_is_vague)
{
	struct candidate c[] = { { 0, 1, .is_trusted = true }, { 0.2, 0.8 },
		{ 0.5, 3 } };

	ck_assert_uint_eq(select_majority(c, 3), 3);
	ck_assert(!c[0].is_vague && !c[1].is_vague && c[2].is_vague);
}
END_TEST

START_TEST(a_slew_moves_the_clock_by_the_offset)
{
	struct slew s = slew_plan(0.03, 1, 0.083);

	ck_assert_int_eq(s.ms, 1000);
	ck_assert_int_eq(s.ppt, INT64_C(30000000000));
	s = slew_plan(-0.03, 1, 0.083);
	ck_assert_int_eq(s.ppt, -INT64_C(30000000000));
}
END_TEST

START_TEST(a_slew_keeps_to_the_rate_and_the_day)
{
	struct slew s = slew_plan(100, 1, 0.08);

	ck_assert_int_eq(s.ms, 1250000);
	ck_assert_int_eq(s.ppt, INT64_C(80000000000));
	s = slew_plan(1e6, 1, 0.08); /* the rest is for later */
	ck_assert_int_eq(s.ms, SLEW_MAX_MS);
	ck_assert_int_le(s.ppt, INT64_C(80000000000));
}
END_TEST

START_TEST(nothing_to_slew_is_no_slew)
{
	struct slew s = slew_plan(0, 1, 0.08);

	ck_assert(s.ms == 0 && s.ppt == 0);
	s = slew_plan(1e-14, 1, 0.08);
	ck_assert(s.ms == 0 && s.ppt == 0);
	s = slew_plan(1, 1, 0);
	ck_assert(s.ms == 0 && s.ppt == 0);
}
END_TEST

START_TEST(slews_shorter_than_the_least_are_stretched)
{
	struct slew s = slew_plan(1e-6, 0.001, 0.08);

	ck_assert_int_eq(s.ms, SLEW_MIN_MS);
	ck_assert_int_eq(s.ppt, 10000000);
}
END_TEST

START_TEST(stats_count_runs)
{
	const double z[] = { 1, 1, -1, -1, 1, -1 };
	struct estimate e = { .at = at(0) };
	struct stats st;

	stats_init(&st);
	for (int i = 0; i < 6; i++) {
		struct sample s = { .at = at(i), .offset = z[i] };
		stats_add(&st, &s);
	}
	struct stats_report r = stats_report(&st, &e);
	ck_assert_uint_eq(r.samples, 6);
	ck_assert_uint_eq(r.runs, 4);
	ck_assert_double_eq(r.span, 5);
}
END_TEST

UNIT_MAIN("estimate", the_filter_predicts_a_line, the_past_changes_nothing,
    a_measurement_as_good_as_the_state_meets_it_half_way,
    a_quiet_path_is_followed_to_the_microsecond,
    the_claimed_deviation_holds_the_error,
    one_wild_sample_is_not_believed_four_are,
    after_sleep_the_first_sample_says_x_and_y_stays,
    after_sleep_a_late_sample_is_worth_little,
    the_first_belief_about_the_frequency_counts,
    the_frequency_is_known_early_on_a_quiet_path,
    noise_is_learned_from_residuals, one_wild_residual_is_worth_sixteen,
    noise_is_no_less_than_the_least, nothing_is_claimed_without_a_sample,
    the_minimum_is_as_sure_as_the_smallest_delays_are_close,
    the_smallest_delay_seen_had_waits_too,
    a_longer_path_is_believed_after_sixteen_samples,
    a_longer_path_is_believed_though_some_packets_wait_long,
    a_busy_path_is_no_longer_one, a_shorter_path_is_believed_at_once,
    the_oldest_delay_is_forgotten_in_the_end, a_majority_outvotes_one_liar,
    two_that_disagree_are_no_majority, half_is_not_enough,
    one_alone_is_believed_and_none_is_none, intervals_that_touch_agree,
    the_trusted_outvote_the_many, the_trusted_need_a_majority_of_their_own,
    who_claims_more_than_the_trusted_is_vague,  a_slew_moves_the_clock_by_the_offset,
    a_slew_keeps_to_the_rate_and_the_day, nothing_to_slew_is_no_slew,
    slews_shorter_than_the_least_are_stretched, stats_count_runs)
