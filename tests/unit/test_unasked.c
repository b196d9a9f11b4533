/* SPDX-License-Identifier: ISC
 *
 * Packets that come unasked, between volleys: how long they are under way, and
 * which of them count. */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "daemon/estimate/unasked.h"

#define WANDER 1e-6
#define DELAY 200e-6 /* s, of a volley */
#define LAG 130e-6   /* s, of a packet: not half of that */

/* x is 5 s and grows by 10 ppm, which is known to 0.1 ppm. */
static double
x(double at)
{
	return 5 + 1e-5 * at;
}

static struct raw
raw(double at)
{
	return (struct raw){ llround(at * 1e9) };
}

static const struct estimate belief = { .y = 1e-5, .pyy = 1e-14 };

static void
volley(struct unasked *u, double at, double delay, double error)
{
	struct sample s = { raw(at), x(at) + error, delay, 1e-6 };

	unasked_volley(u, &s, &belief);
}

/* A packet that was lag s under way. */
static bool
packet(struct unasked *u, double at, double lag, struct sample *out)
{
	return unasked_packet(u, x(at) - lag, raw(at), &belief, out) ==
	    UNASKED_SAMPLE;
}

/* n packets 16 s apart up to 0, a volley next to each. */
static void
prepare(struct unasked *u, int n)
{
	struct sample s;

	unasked_init(u, WANDER);
	for (int i = 1 - n; i <= 0; i++) {
		packet(u, 16 * i, LAG, &s);
		volley(u, 16 * i + 0.001, DELAY, 0);
	}
}

START_TEST(the_lag_is_measured_before_a_packet_counts)
{
	struct unasked u;
	struct sample s;

	for (int n = 0; n <= UNASKED_LEAST; n++) {
		prepare(&u, n);
		ck_assert(unasked_wants_volley(&u));
		ck_assert_int_eq(packet(&u, 16, LAG, &s), n == UNASKED_LEAST);
	}
	ck_assert_double_eq_tol(s.offset, x(16), 1e-9);
	ck_assert_double_eq(s.delay, DELAY);
	ck_assert_double_ge(s.dispersion, 16 * WANDER);
	ck_assert_double_lt(s.dispersion, 20 * WANDER);
	prepare(&u, UNASKED_LAGS);
	ck_assert(!unasked_wants_volley(&u));
}
END_TEST

START_TEST(a_volley_may_come_before_its_packet_but_not_long)
{
	struct unasked u;
	struct sample s;

	unasked_init(&u, WANDER);
	for (unsigned i = 0; i < 3; i++) {
		volley(&u, 16 * i, DELAY, 0);
		packet(&u, 16 * i + 3, LAG, &s);
		ck_assert_uint_eq(u.n, i + 1);
	}
	ck_assert_double_eq_tol(s.offset, x(35), 1e-9);
	unasked_init(&u, WANDER);
	volley(&u, 0, DELAY, 0);
	packet(&u, 5, LAG, &s);
	ck_assert_uint_eq(u.n, 0);
}
END_TEST

START_TEST(a_packet_is_measured_once_by_the_shortest_volley)
{
	struct unasked u;
	struct sample s;

	unasked_init(&u, WANDER);
	packet(&u, 0, LAG, &s);
	volley(&u, 1, 2 * DELAY, 50e-6);
	volley(&u, 2, DELAY, 0);
	volley(&u, 3, 2 * DELAY, -50e-6);
	ck_assert_uint_eq(u.n, 1);
	ck_assert_double_eq_tol(u.lags[0].lag, LAG, 1e-9);
	ck_assert_double_eq(u.lags[0].delay, DELAY);
}
END_TEST

START_TEST(one_that_waited_does_not_shift_the_lag)
{
	struct unasked u;
	struct sample s;

	prepare(&u, 7);
	packet(&u, 16, LAG + 150e-6, &s);
	volley(&u, 16.001, DELAY, 0);
	ck_assert_uint_eq(u.n, 8);
	ck_assert(packet(&u, 32, LAG, &s));
	ck_assert_double_eq_tol(s.offset, x(32), 1e-9);
}
END_TEST

/* Whoever holds packets back makes no lag of it. */
START_TEST(a_lag_cannot_be_longer_than_the_volley_allows)
{
	static const double bad[] = { 3, 0.01, 500e-6, -300e-6, -3 };
	struct unasked u;
	struct sample s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		unasked_init(&u, WANDER);
		packet(&u, 0, bad[i], &s);
		volley(&u, 0.001, DELAY, 0);
		ck_assert_msg(u.n == 0, "%g", bad[i]);
	}
}
END_TEST

START_TEST(what_strays_from_the_volley_does_not_count)
{
	struct unasked u;
	struct sample s;

	prepare(&u, 4);
	ck_assert(packet(&u, 16, LAG + 150e-6, &s));
	ck_assert(!packet(&u, 32, LAG + 500e-6, &s));
	ck_assert(!packet(&u, 48, LAG - 500e-6, &s));
	ck_assert(!packet(&u, 64, LAG + 1, &s));
	ck_assert(!packet(&u, 80, LAG - 3600, &s));
	/* The bound is honest about the one that did. */
	ck_assert(packet(&u, 96, LAG, &s));
	ck_assert_double_ge(s.dispersion, 150e-6);
	volley(&u, 97, DELAY, 0);
	ck_assert(packet(&u, 112, LAG, &s));
	ck_assert_double_lt(s.dispersion, 30e-6);
}
END_TEST

/* However slowly: the bound grows by what our oscillator may do, no more. */
START_TEST(packets_cannot_drag_the_time_away)
{
	struct unasked u;
	struct sample s;
	double held = 0, most = 0;

	prepare(&u, 8);
	for (int i = 1; i < 64; i++) {
		while (!packet(&u, 16 * i, LAG + held, &s) && held > 0)
			held -= 5e-6;
		most = fmax(most, fabs(s.offset - x(16 * i)));
		ck_assert_double_le(fabs(s.offset - x(16 * i)),
		    s.delay / 2 + s.dispersion);
		held += 100e-6;
	}
	ck_assert_double_le(most, DELAY / 2 + 101e-6 +
	    1024 * (WANDER + 3.4e-7));
}
END_TEST

START_TEST(a_volley_that_was_held_up_opens_no_door)
{
	struct unasked u;
	struct sample s;

	prepare(&u, 4);
	volley(&u, 10, 2, -1); /* s */
	ck_assert(!packet(&u, 16, LAG + 1, &s));
	ck_assert(packet(&u, 32, LAG, &s));
	ck_assert_double_eq_tol(s.offset, x(32), 1e-9);
}
END_TEST

START_TEST(a_server_that_was_set_is_followed_by_its_answers)
{
	struct unasked u;
	struct sample s;

	prepare(&u, 8);
	ck_assert(!packet(&u, 16, LAG + 2, &s)); /* it went back */
	volley(&u, 16.001, DELAY * 1.2, -2);
	ck_assert(packet(&u, 32, LAG + 2, &s));
	ck_assert_double_eq_tol(s.offset, x(32) - 2, 1e-9);
	ck_assert(!packet(&u, 48, LAG, &s));
}
END_TEST

/* By any network: what counts is within its bound, and almost all do. */
START_TEST(samples_keep_within_their_bounds)
{
	unsigned seed = 11, taken = 0, all = 0;

	printf("seed %u\n", seed);
	srand(seed);
	for (int net = 0; net < 200; net++) {
		double base = 1e-5 * pow(10, 3.0 * rand() / RAND_MAX);
		double jitter = base * rand() / RAND_MAX / 2, w[3];
		struct unasked u;
		struct sample s;

		unasked_init(&u, WANDER);
		for (int i = 0; i < 200; i++) {
			for (int k = 0; k < 3; k++)
				w[k] = -jitter * log((rand() + 1.0) /
				    (RAND_MAX + 1.0));
			if (packet(&u, 16 * i, base + w[0], &s)) {
				taken++;
				ck_assert_double_le(fabs(s.offset - x(16 * i)),
				    s.delay / 2 + s.dispersion);
			}
			all++;
			if (i < 8 || i % 64 == 0)
				volley(&u, 16 * i + 0.1, 2 * base + w[1] +
				    w[2], (w[1] - w[2]) / 2);
		}
	}
	printf("%u of %u\n", taken, all);
	ck_assert_uint_ge(taken, all * 9 / 10);
}
END_TEST

UNIT_MAIN("unasked", the_lag_is_measured_before_a_packet_counts,
    a_volley_may_come_before_its_packet_but_not_long,
    a_packet_is_measured_once_by_the_shortest_volley,
    one_that_waited_does_not_shift_the_lag,
    a_lag_cannot_be_longer_than_the_volley_allows,
    what_strays_from_the_volley_does_not_count,
    packets_cannot_drag_the_time_away,
    a_volley_that_was_held_up_opens_no_door,
    a_server_that_was_set_is_followed_by_its_answers,
    samples_keep_within_their_bounds)
