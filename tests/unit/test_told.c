/* SPDX-License-Identifier: ISC
 *
 * What is told of ourselves grows old as the clock does. */
#include "unit.h"

#include "common/ntp64.h"
#include "daemon/engine/told.h"

static const struct pair then = { { INT64_C(1800000000) * NSEC },
	{ 50 * NSEC } };

/* 3 ms ahead of where it should be, as of then. */
static struct wrk_reference
synchronised(void)
{
	return (struct wrk_reference){ .at_ns = then.raw.ns,
		.target_ns = then.real.ns - then.raw.ns - 3000000,
		.delay_ns = 2000000, .dispersion_ns = 1000000,
		.growth_ppt = 10000000, .ref = 77, .refid = 0xc0000201,
		.stratum = 2, .precision = -25,
		.flags = WRK_IS_TOLD | WRK_HAS_TARGET };
}

/* As told so many s later, during which the clock gained so many. */
static struct ntp_packet
told(const struct wrk_reference *t, double later, double gained)
{
	struct pair now = { tspec_add(then.real, later + gained),
		raw_add(then.raw, later) };
	unsigned char header[PACKET_HEADER];
	struct ntp_packet p;

	told_write(t, now, header);
	ck_assert_int_eq(packet_parse(&p, header, sizeof header), 0);
	return p;
}

#define ABOUT(a, b) ck_assert_double_eq_tol(a, b, 20e-6) /* 2^-16 s, twice */

START_TEST(all_of_it_is_told)
{
	struct wrk_reference t = synchronised();
	struct ntp_packet p = told(&t, 0, 0);

	ck_assert_uint_eq(p.leap, LEAP_NONE);
	ck_assert_uint_eq(p.stratum, 2);
	ck_assert_uint_eq(p.refid, 0xc0000201);
	ck_assert_uint_eq(p.ref, 77);
	ck_assert_int_eq(p.precision, -25);
	ABOUT(p.root_delay, 2e-3);
	ABOUT(p.root_dispersion, 1e-3 + 3e-3);
}
END_TEST

START_TEST(dispersion_grows_and_the_clocks_error_counts)
{
	struct wrk_reference t = synchronised();

	ABOUT(told(&t, 20, 0).root_dispersion, 1e-3 + 200e-6 + 3e-3);
	ABOUT(told(&t, 20, -3e-3).root_dispersion, 1e-3 + 200e-6);
	ABOUT(told(&t, 20, -10e-3).root_dispersion, 1e-3 + 200e-6 + 7e-3);
	t.target_ppt = 500000000; /* it is to gain 500 ppm */
	ABOUT(told(&t, 20, 0).root_dispersion, 1e-3 + 200e-6 + 7e-3);
	ABOUT(told(&t, 20, 7e-3).root_dispersion, 1e-3 + 200e-6);
	t.flags &= (uint8_t)~WRK_HAS_TARGET;
	ABOUT(told(&t, 20, 1).root_dispersion, 1e-3 + 200e-6);
}
END_TEST

START_TEST(what_is_old_is_told_as_unsynchronised)
{
	struct wrk_reference t = synchronised(), nothing = { 0 };

	ck_assert_uint_eq(told(&t, TOLD_AGE_MAX - 0.1, 0).stratum, 2);
	struct ntp_packet p = told(&t, TOLD_AGE_MAX + 0.1, 0);

	ck_assert_uint_eq(p.leap, LEAP_UNSYNC);
	ck_assert_uint_eq(p.stratum, 0);
	ck_assert_uint_eq(p.refid, 0);
	ck_assert_uint_eq(p.ref, NTP64_UNSET);
	ck_assert_double_eq(p.root_delay, 1);
	ck_assert_double_eq(p.root_dispersion, 1);
	t.leap = LEAP_UNSYNC;
	ck_assert_double_eq(told(&t, 0, 0).root_dispersion, 1);
	ck_assert_uint_eq(told(&t, 0, 0).ref, NTP64_UNSET);
	t = synchronised();
	t.flags |= WRK_IS_LOCAL;
	ck_assert_uint_eq(told(&t, TOLD_AGE_MAX + 0.1, 0).stratum, 0);
	ck_assert_uint_eq(told(&nothing, 0, 0).leap, LEAP_UNSYNC);
}
END_TEST

START_TEST(a_stratum_that_nobody_may_have_is_told_as_unsynchronised)
{
	struct wrk_reference t = synchronised();

	t.stratum = 15;
	ck_assert_uint_eq(told(&t, 0, 0).stratum, 15);
	t.stratum = 16; /* who is followed has 15 */
	struct ntp_packet p = told(&t, 0, 0);

	ck_assert_uint_eq(p.leap, LEAP_UNSYNC);
	ck_assert_uint_eq(p.stratum, 0);
	ck_assert_uint_eq(p.refid, 0);
}
END_TEST

START_TEST(who_is_right_by_itself_has_no_error)
{
	struct wrk_reference t = synchronised();

	t.flags |= WRK_IS_LOCAL;
	struct ntp_packet p = told(&t, 5, 1);

	ck_assert_double_eq(p.root_delay, 0);
	ck_assert_double_eq(p.root_dispersion, 0);
	/* before the request came */
	ck_assert_uint_eq(p.ref, ntp64_from_tspec(tspec_add(then.real, 5)));
	ck_assert_uint_eq(p.stratum, 2);
}
END_TEST

UNIT_MAIN("told", all_of_it_is_told,
    dispersion_grows_and_the_clocks_error_counts,
    what_is_old_is_told_as_unsynchronised,
    a_stratum_that_nobody_may_have_is_told_as_unsynchronised,
    who_is_right_by_itself_has_no_error)
