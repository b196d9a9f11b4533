/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/record.h"

static struct record_in in;

static void
open_text(const char *text)
{
	record_open(&in, text, strlen(text));
}

START_TEST(numbers_come_back_exactly)
{
	const double numbers[] = { 0, -0.1, 1e-300, DBL_MAX, 4e-9, 1.0 / 3 };
	struct record_out out;
	char text[512];

	record_begin(&out, text, sizeof text);
	record_put(&out, "head %" PRId64 "\n", INT64_MIN);
	for (size_t i = 0; i < 6; i++)
		record_put_double(&out, numbers[i]);
	ck_assert(!out.has_failed);
	record_open(&in, text, out.len);
	record_expect(&in, "head");
	ck_assert_int_eq(record_int(&in, INT64_MIN, INT64_MAX), INT64_MIN);
	for (size_t i = 0; i < 6; i++)
		ck_assert(record_double(&in, -DBL_MAX, DBL_MAX) == numbers[i]);
	ck_assert(record_is_over(&in));
}
END_TEST

START_TEST(what_does_not_fit_is_not_half_written)
{
	struct record_out out;
	char text[8];

	record_begin(&out, text, sizeof text);
	record_put(&out, "1234567");
	ck_assert(!out.has_failed);
	record_put(&out, "8");
	record_put(&out, " ");
	ck_assert(out.has_failed);
	ck_assert_uint_eq(out.len, 7);
}
END_TEST

START_TEST(errors_stick)
{
	const char *const bad[] = { "", "x", "1x", "nan", "inf", "-inf", "1e999",
		"3", "-1", "0x", "1.5.2" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		open_text(bad[i]);
		ck_assert(record_double(&in, 0, 2) == 0);
		ck_assert_msg(in.has_failed, "%s", bad[i]);
		ck_assert(record_double(&in, -10, 10) == 0);
		ck_assert(!record_is_over(&in));
	}
	open_text("99999999999999999999");
	ck_assert_int_eq(record_int(&in, INT64_MIN, INT64_MAX), 0);
	ck_assert(in.has_failed);
	open_text("one two");
	record_expect(&in, "two");
	ck_assert(in.has_failed);
	open_text("1 2");
	record_int(&in, 0, 9);
	ck_assert(!record_is_over(&in));
	record_open(&in, "a\0b", 3);
	record_expect(&in, "a");
	ck_assert(in.has_failed);
}
END_TEST

UNIT_MAIN("record", numbers_come_back_exactly,
    what_does_not_fit_is_not_half_written, errors_stick)
