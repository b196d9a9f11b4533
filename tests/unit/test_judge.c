/* SPDX-License-Identifier: ISC
 *
 * What a simulation says about a clock, and the servers that it has. */
#include "unit.h"

#include <math.h>

#include "tests/sim/judge.h"
#include "tests/sim/responder.h"

static void
sample(struct judge *j, double at, double error, double claim)
{
	struct judge_sample s = { .at = at, .error = error, .claim = claim,
		.freq = 1e-6, .is_synced = at < 20 };

	judge_sample(j, &s);
}

START_TEST(a_line_is_integrated_between_its_samples)
{
	struct judge j;

	judge_init(&j);
	j.end = 20;
	sample(&j, 0, 0, 1);
	sample(&j, 10, 3e-3, 1); /* mean of squares: 3e-6 */
	sample(&j, 20, 3e-3, 1); /* 9e-6 */
	ck_assert_double_eq_tol(judge_rms(&j), sqrt(6e-6), 1e-9);
	ck_assert_double_eq_tol(judge_freq_rms(&j), 1e-6, 1e-12);
	ck_assert_double_eq_tol(j.max, 3e-3, 1e-12);
	ck_assert_double_eq_tol(j.synced, 10, 1e-9);
}
END_TEST

START_TEST(what_is_before_settle_does_not_count)
{
	struct judge j;

	judge_init(&j);
	j.settle = 10;
	j.end = 20;
	sample(&j, 0, 1, 1);
	sample(&j, 9, 1, 1);
	sample(&j, 10, 1e-6, 1);
	sample(&j, 20, 1e-6, 1);
	ck_assert_double_eq_tol(judge_rms(&j), 1e-6, 1e-12);
	ck_assert_double_eq_tol(j.max, 1e-6, 1e-12);
}
END_TEST

START_TEST(a_step_is_no_line)
{
	struct judge j;
	struct judge_sample after = { .at = 10, .error = 0, .claim = 1 };

	judge_init(&j);
	j.end = 20;
	sample(&j, 0, 2e-3, 1);
	sample(&j, 10, 2e-3, 1);
	judge_jump(&j, &after);
	sample(&j, 20, 0, 1);
	ck_assert_double_eq_tol(judge_rms(&j), sqrt(2e-6), 1e-9);
}
END_TEST

START_TEST(quantiles_are_shares_of_the_time)
{
	struct judge j;

	judge_init(&j);
	j.end = 1000;
	for (int i = 0; i <= 1000; i++) /* 1 us most of the time */
		sample(&j, i, i >= 500 && i < 520 ? 1e-3 : 1e-6, 1);
	ck_assert_double_eq_tol(judge_quantile(&j, 0.9), 1e-6, 2e-8);
	ck_assert_double_eq_tol(judge_quantile(&j, 0.99), 1e-3, 2e-5);
}
END_TEST

START_TEST(a_claim_that_is_too_small_is_found)
{
	struct judge j;

	judge_init(&j);
	j.end = 20;
	sample(&j, 0, 1e-3, INFINITY); /* claims nothing yet */
	sample(&j, 5, 1e-3, 2e-3);
	sample(&j, 15, 1e-3, 2e-3);
	sample(&j, 20, -3e-3, 2e-3);
	ck_assert_double_eq_tol(judge_honesty(&j), 10.0 / 15, 1e-9);
	ck_assert_double_eq_tol(j.ratio, 1.5, 1e-9);
}
END_TEST

START_TEST(near_is_since_when_it_stays_near)
{
	struct judge j;

	judge_init(&j);
	j.settle = 100;
	j.end = 200;
	sample(&j, 0, 1, 1);
	sample(&j, 10, 1e-6, 1);
	sample(&j, 20, 2e-3, 1);
	ck_assert(isinf(judge_time_to_near(&j)));
	sample(&j, 30, 1e-6, 1);
	sample(&j, 90, 1e-6, 1);
	ck_assert_double_eq_tol(judge_time_to_near(&j), 30, 1e-9);
}
END_TEST

START_TEST(windows_are_watched)
{
	struct judge j;

	judge_init(&j);
	j.end = 100;
	j.n_windows = 3;
	j.windows[0] = (struct judge_window){ WINDOW_WITHIN, 10, 20, 1e-3,
		0, 0, 0 };
	j.windows[1] = (struct judge_window){ WINDOW_SYNCED, 0, 30, 0,
		0, 0, 0 };
	j.windows[2] = (struct judge_window){ WINDOW_UNSYNCED, 25, 30, 0,
		0, 0, 0 };
	sample(&j, 5, 1, 1);
	sample(&j, 15, 2e-3, 1);
	sample(&j, 29, 1e-6, 1);
	ck_assert_uint_eq(j.windows[0].broken, 1);
	ck_assert_double_eq_tol(j.windows[0].first_broken, 15, 1e-9);
	ck_assert_double_eq_tol(j.windows[0].worst, 2e-3, 1e-9);
	ck_assert_uint_eq(j.windows[1].broken, 1);
	ck_assert_uint_eq(j.windows[2].broken, 0);
}
END_TEST

START_TEST(an_interleaved_answer_has_the_last_ones_true_departure)
{
	struct responder r = { .has_interleaved = true };
	struct ntp_packet q = { .version = 4, .mode = PACKET_MODE_CLIENT,
		.transmit = 111 }, p = { .stratum = 1 };

	ck_assert(responder_answer(&r, &q, 1000, 1010, 1015, &p));
	ck_assert_uint_eq(p.mode, PACKET_MODE_SERVER);
	ck_assert_uint_eq(p.origin, 111);
	ck_assert_uint_eq(p.receive, 1000);
	ck_assert_uint_eq(p.transmit, 1010);
	q.origin = p.receive;
	q.receive = 222;
	q.transmit = 333;
	ck_assert(responder_answer(&r, &q, 2000, 2010, 2015, &p));
	ck_assert_uint_eq(p.origin, 222);
	ck_assert_uint_eq(p.receive, 2000);
	ck_assert_uint_eq(p.transmit, 1015);
}
END_TEST

START_TEST(what_is_not_asked_for_is_answered_basically)
{
	struct responder r = { .has_interleaved = true };
	struct ntp_packet q = { .version = 3, .mode = PACKET_MODE_CLIENT,
		.origin = 5, .receive = 222, .transmit = 333 };
	struct ntp_packet p = { .stratum = 1 };

	ck_assert(responder_answer(&r, &q, 1000, 1010, 1015, &p));
	ck_assert_uint_eq(p.origin, 333);
	ck_assert_uint_eq(p.version, 3);
	q.origin = 1000; /* known, but its two timestamps are the same */
	q.receive = q.transmit;
	ck_assert(responder_answer(&r, &q, 2000, 2010, 2015, &p));
	ck_assert_uint_eq(p.origin, 333);
	ck_assert_uint_eq(p.transmit, 2010);
	q.mode = PACKET_MODE_SERVER;
	ck_assert(!responder_answer(&r, &q, 1, 2, 3, &p));
}
END_TEST

UNIT_MAIN("judge", a_line_is_integrated_between_its_samples,
    what_is_before_settle_does_not_count, a_step_is_no_line,
    quantiles_are_shares_of_the_time, a_claim_that_is_too_small_is_found,
    near_is_since_when_it_stays_near, windows_are_watched,
    an_interleaved_answer_has_the_last_ones_true_departure,
    what_is_not_asked_for_is_answered_basically)
