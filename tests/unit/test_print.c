/* SPDX-License-Identifier: ISC
 *
 * The numbers of chronyc's reports at every edge where unit or width change;
 * the tool's whole output is compared with a real chronyc's in
 * tests/interop/test_chronyc_output.py. */
#include "unit.h"

#include <math.h>

#include "common/cmdmon.h"
#include "ctl/fields.h"
#include "ctl/print.h"
#include "ctl/print_detail.h"
#include "ctl/status.h"
#include "ctl/table_detail.h"
#include "ctl/tables.h"

START_TEST(intervals_change_their_unit)
{
	static const struct {
		uint32_t s;
		const char *text;
	} cases[] = {
		{ 0, "   0" }, { 1, "   1" }, { 1199, "1199" }, { 1200, " 20m" },
		{ 1259, " 20m" }, { 35999, "599m" }, { 36000, " 10h" },
		{ 345599, " 95h" }, { 345600, "  4d" }, { 86399999, "999d" },
		{ 86400000, "  2y" }, { 315576000, " 10y" },
		{ 4294967294, "136y" }, { CMDMON_NEVER, "   -" },
	};
	char buf[FIELD_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(field_interval(buf, cases[i].s),
		    cases[i].text);
}
END_TEST

static const struct {
	double s;
	const char *text, *with_sign;
} spans[] = {
	{ 0, "   0ns", "   +0ns" },
	{ 0.4e-9, "   0ns", "   +0ns" },
	{ -0.4e-9, "   0ns", "   -0ns" },
	{ 9999.4e-9, "9999ns", "+9999ns" },
	{ 9999.6e-9, "  10us", "  +10us" },
	{ -9999.4e-6, "9999us", "-9999us" },
	{ 9999.6e-6, "  10ms", "  +10ms" },
	{ 4, "4000ms", "+4000ms" },
	{ 9.9994, "9999ms", "+9999ms" },
	{ 9.9996, " 10.0s", " +10.0s" },
	{ 999.4, "999.4s", "+999.4s" },
	{ 999.6, " 1000s", " +1000s" },
	{ -99999.4, "99999s", "-99999s" },
	{ 99999.6, " 1667m", " +1667m" },
	{ 99999.4 * 60, "99999m", "+99999m" },
	{ 99999.6 * 60, " 1667h", " +1667h" },
	{ 99999.6 * 3600, " 4167d", " +4167d" },
	{ 99999.6 * 86400, "  274y", "  +274y" },
};

START_TEST(spans_change_their_unit)
{
	char buf[FIELD_SIZE];

	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		ck_assert_str_eq(field_span(buf, spans[i].s), spans[i].text);
		ck_assert_str_eq(field_signed_span(buf, spans[i].s),
		    spans[i].with_sign);
	}
}
END_TEST

START_TEST(frequencies_lose_their_fraction_when_large)
{
	char buf[FIELD_SIZE];

	ck_assert_str_eq(field_ppm(buf, 0), "     0.000");
	ck_assert_str_eq(field_ppm(buf, 2000), "  2000.000");
	ck_assert_str_eq(field_ppm(buf, 99999.4), " 99999.400");
	ck_assert_str_eq(field_ppm(buf, 99999.5), "    100000");
	ck_assert_str_eq(field_signed_ppm(buf, 0), "    +0.000");
	ck_assert_str_eq(field_signed_ppm(buf, -0.0001), "    -0.000");
	ck_assert_str_eq(field_signed_ppm(buf, -99999.4), "-99999.400");
	ck_assert_str_eq(field_signed_ppm(buf, -1e6), "  -1000000");
}
END_TEST

START_TEST(instants_are_shown_in_utc)
{
	const struct tspec t = { INT64_C(1795442838060736736) };
	char buf[FIELD_SIZE];

	ck_assert_str_eq(field_date(buf, t), "Mon Nov 23 14:07:18 2026");
	ck_assert_str_eq(field_seconds(buf, t), "1795442838.060736736");
	ck_assert_str_eq(field_date(buf, (struct tspec){ 0 }),
	    "Thu Jan 01 00:00:00 1970");
	ck_assert_str_eq(field_seconds(buf, (struct tspec){ INT64_MIN }),
	    "-9223372037.145224192");
	ck_assert_str_eq(field_seconds(buf, (struct tspec){ -1 }),
	    "-1.999999999");
}
END_TEST

START_TEST(reference_ids_keep_their_printable_bytes)
{
	char buf[FIELD_SIZE];

	ck_assert_str_eq(field_refid(buf, 0x47505358), "GPSX");
	ck_assert_str_eq(field_refid(buf, 0x50505300), "PPS");
	ck_assert_str_eq(field_refid(buf, 0x7f7f0101), "");
	ck_assert_str_eq(field_refid(buf, 0), "");
}
END_TEST

START_TEST(leap_modes_and_states_have_names)
{
	ck_assert_str_eq(field_leap(0), "Normal");
	ck_assert_str_eq(field_leap(1), "Insert second");
	ck_assert_str_eq(field_leap(2), "Delete second");
	ck_assert_str_eq(field_leap(3), "Not synchronised");
	ck_assert_str_eq(field_leap(4), "Invalid");
	ck_assert_int_eq(print_mode_char(MODE_REFCLOCK), '#');
	ck_assert_int_eq(print_mode_char(3), ' ');
	ck_assert_int_eq(print_state_char(SRC_SELECTABLE), '-');
	ck_assert_int_eq(print_state_char(6), ' ');
	ck_assert_str_eq(print_status_text(STT_UNAUTH), "501 Not authorised");
	ck_assert_str_eq(print_status_text(20),
	    "520 Got unexpected error from daemon");
	ck_assert_str_eq(print_status_text(65535),
	    "520 Got unexpected error from daemon");
}
END_TEST

START_TEST(verdicts_and_keys_have_names)
{
	ck_assert_str_eq(table_verdict('*'), "selected");
	ck_assert_str_eq(table_verdict('x'), "falseticker");
	ck_assert_str_eq(table_verdict('?'), "unknown");
	ck_assert_str_eq(table_key_type(0), "");
	ck_assert_str_eq(table_key_type(13), "aes128");
	ck_assert_str_eq(table_key_type(12), "?");
	ck_assert_str_eq(table_key_type(31), "?");
	ck_assert_str_eq(print_auth(CMDMON_SYMMETRIC), "SK");
	ck_assert_str_eq(print_auth(3), "?");
	ck_assert_str_eq(print_ntp_mode(4), "Server");
	ck_assert_str_eq(print_ntp_mode(3), "Invalid");
	ck_assert_str_eq(print_stamp('H'), "Hardware");
	ck_assert_str_eq(print_stamp(0), "Invalid");
}
END_TEST

START_TEST(human_spans_have_three_digits)
{
	static const struct {
		double s;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" }, { 618e-9, "618 ns" }, { 999.4e-9, "999 ns" },
		{ 999.6e-9, "1.00 us" }, { 12e-6, "12.0 us" },
		{ 9.994e-6, "9.99 us" }, { 9.996e-6, "10.0 us" },
		{ 99.94e-6, "99.9 us" }, { 99.96e-6, "100 us" },
		{ 999.6e-6, "1.00 ms" }, { -0.0413, "-41.3 ms" },
		{ 0.9996, "1.00 s" }, { 3600, "3600.0 s" }, { 2e5, "2.3 d" },
		{ 1e10, "317 y" },
	};
	char buf[FIELD_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(human_span(buf, cases[i].s), cases[i].text);
	ck_assert_str_eq(human_signed_span(buf, 12e-6), "+12.0 us");
	ck_assert_str_eq(human_signed_span(buf, -12e-6), "-12.0 us");
}
END_TEST

START_TEST(human_durations_have_two_units)
{
	char buf[FIELD_SIZE];

	ck_assert_str_eq(human_duration(buf, 0), "0 s");
	ck_assert_str_eq(human_duration(buf, 59), "59 s");
	ck_assert_str_eq(human_duration(buf, 60), "1 min 0 s");
	ck_assert_str_eq(human_duration(buf, 3599), "59 min 59 s");
	ck_assert_str_eq(human_duration(buf, 3600), "1 h 0 min");
	ck_assert_str_eq(human_duration(buf, 3 * 86400 + 4 * 3600), "3 d 4 h");
	ck_assert_str_eq(human_duration(buf, CMDMON_NEVER), "never");
}
END_TEST

START_TEST(a_column_has_the_unit_of_its_median)
{
	const double mostly_us[] = { 12e-6, 41e-3, -90e-6, 0, 3e-6 };
	const double zeros[] = { 0, 0 };

	ck_assert_str_eq(table_unit(mostly_us, 5, sizeof(double)).name, "us");
	ck_assert_str_eq(table_unit(mostly_us + 1, 1, sizeof(double)).name,
	    "ms");
	ck_assert_str_eq(table_unit(zeros, 2, sizeof(double)).name, "us");
	ck_assert_str_eq(table_unit(zeros, 0, sizeof(double)).name, "us");
	ck_assert_str_eq(table_unit((const double[]){ 1e9 }, 1,
	    sizeof(double)).name, "s");
}
END_TEST

START_TEST(health_follows_the_largest_error)
{
	struct status s = { .native.max_error = 0.1 };

	ck_assert_int_eq(status_judge(&s), HEALTH_OK);
	s.native.flags = STATUS_NO_CLOCK;
	ck_assert_int_eq(status_judge(&s), HEALTH_OK);
	s.native.flags = STATUS_GUARD_SHORT;
	ck_assert_int_eq(status_judge(&s), HEALTH_WARN);
	s.native.flags = 0;
	s.native.max_error = 0.11;
	ck_assert_int_eq(status_judge(&s), HEALTH_WARN);
	s.native.max_error = 1.1;
	ck_assert_int_eq(status_judge(&s), HEALTH_CRIT);
	s.native.max_error = (double)NAN;
	ck_assert_int_eq(status_judge(&s), HEALTH_CRIT);
	s.native.max_error = 0;
	s.tracking.leap = 3;
	ck_assert_int_eq(status_judge(&s), HEALTH_CRIT);
}
END_TEST

UNIT_MAIN("print", intervals_change_their_unit, spans_change_their_unit,
    frequencies_lose_their_fraction_when_large, instants_are_shown_in_utc,
    reference_ids_keep_their_printable_bytes, leap_modes_and_states_have_names,
    verdicts_and_keys_have_names,
    human_spans_have_three_digits, human_durations_have_two_units,
    a_column_has_the_unit_of_its_median, health_follows_the_largest_error)
