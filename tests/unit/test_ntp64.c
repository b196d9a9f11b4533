/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "common/ntp64.h"
#include "common/ntpshort.h"

#define DAY INT64_C(86400)

static struct tspec
at(int64_t s, int64_t ns)
{
	return (struct tspec){ s * NSEC + ns };
}

START_TEST(the_unix_epoch_is_known)
{
	/* RFC 5905 figure 4 */
	ck_assert_uint_eq(ntp64_from_tspec(at(0, 0)), UINT64_C(2208988800) << 32);
}
END_TEST

START_TEST(era_1_begins_in_february_2036)
{
	/* 2036-02-07 06:28:16 UTC, RFC 5905 figure 4 */
	int64_t edge = INT64_C(2085978496);

	ck_assert_uint_eq(ntp64_from_tspec(at(edge, 0)), 1); /* never "unset" */
	ck_assert_uint_eq(ntp64_from_tspec(at(edge + 1, 0)), UINT64_C(1) << 32);
	ck_assert_int_eq(ntp64_to_tspec(UINT64_C(1) << 32, at(edge - DAY, 0)).ns,
	    at(edge + 1, 0).ns);
	ck_assert_int_eq(
	    ntp64_to_tspec(UINT64_MAX << 32, at(edge + DAY, 0)).ns,
	    at(edge - 1, 0).ns);
}
END_TEST

START_TEST(an_instant_survives_the_round_trip_in_every_era)
{
	const int64_t edges[] = { 0, 2085978496, 2147483648, 4294967296,
		6380945792 /* 2172 */ };

	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		for (int64_t d = -3; d <= 3; d++) {
			struct tspec t = at(edges[i] + d, 123456789);
			struct tspec r = ntp64_to_tspec(ntp64_from_tspec(t),
			    at(edges[i] + d + 60 * 365 * DAY, 0));
			ck_assert_int_eq(r.ns, t.ns);
		}
}
END_TEST

START_TEST(a_fraction_next_to_a_second_carries)
{
	/* 999 999 999.9 ns would round to 2^32: it must carry, not wrap */
	struct tspec t = at(100, 999999999);
	ck_assert_int_eq(ntp64_to_tspec(ntp64_from_tspec(t), t).ns, t.ns);
}
END_TEST

START_TEST(short_format_rounds_up_and_saturates)
{
	ck_assert_uint_eq(ntpshort_from_span(0), 0);
	ck_assert_uint_eq(ntpshort_from_span(-1), 0);
	ck_assert_uint_eq(ntpshort_from_span(1), 65536);
	ck_assert_uint_eq(ntpshort_from_span(1e-9), 1);
	ck_assert_uint_eq(ntpshort_from_span(1e9), UINT32_MAX);
	ck_assert_uint_eq(ntpshort_from_span(0.0 / 0.0), 0);
	ck_assert_double_eq(ntpshort_to_span(0x18000), 1.5);
}
END_TEST

START_TEST(spans_saturate_and_round)
{
	ck_assert_int_eq(span_ns(1e30), INT64_MAX);
	ck_assert_int_eq(span_ns(-1e30), INT64_MIN);
	ck_assert_int_eq(span_ns(0.0 / 0.0), 0);
	ck_assert_int_eq(span_ns(1.5e-9), 2);
	ck_assert_int_eq(span_ns(-1.5e-9), -2);
	ck_assert_int_eq(tspec_add((struct tspec){ INT64_MAX - 1 }, 1).ns,
	    INT64_MAX);
	ck_assert_int_eq(tspec_floor((struct tspec){ -1 }), -1);
	ck_assert_int_eq(tspec_floor((struct tspec){ -NSEC }), -1);
}
END_TEST

UNIT_MAIN("ntp64", the_unix_epoch_is_known, era_1_begins_in_february_2036,
    an_instant_survives_the_round_trip_in_every_era,
    a_fraction_next_to_a_second_carries, short_format_rounds_up_and_saturates,
    spans_saturate_and_round)
