/* SPDX-License-Identifier: ISC
 *
 * The emulated kernel against what adjtimex(2) says. */
#include "unit.h"

#include <errno.h>
#include <sys/timex.h>

#include "common/tspec.h"
#include "tests/emu/kernel_emu.h"

#define START (INT64_C(1798588800) * NSEC) /* 2026-12-30 00:00 UTC */
#define YEARS_END (INT64_C(1798761600) * NSEC)

static int
adj(struct kernel_emu *e, struct timex *tx)
{
	return e->kernel.adjtimex(&e->kernel, tx);
}

static int64_t
now(struct kernel_emu *e, clockid_t id)
{
	return e->kernel.now(&e->kernel, id);
}

START_TEST(an_untouched_clock_follows_its_oscillator)
{
	struct kernel_emu e;

	kernel_emu_init(&e, START);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START);
	kernel_emu_run(&e, 12345);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START + 12345);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC_RAW), NSEC + 12345);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC), NSEC + 12345);
	ck_assert_int_eq(now(&e, CLOCK_BOOTTIME), NSEC + 12345);
}
END_TEST

START_TEST(frequency_and_tick_add_up)
{
	struct kernel_emu e;
	struct timex tx = { .modes = ADJ_FREQUENCY | ADJ_TICK,
		.freq = 10 << 16, .tick = 10002 }; /* 10 + 200 ppm */

	kernel_emu_init(&e, START);
	ck_assert_int_eq(adj(&e, &tx), 0);
	ck_assert_int_eq(kernel_emu_rate_ppt(&e), 210000000);
	for (int i = 0; i < 1000; i++)
		kernel_emu_run(&e, NSEC + 1);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START + 1000 * NSEC + 1000 +
	    210000000 + 0);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC_RAW), 1001 * NSEC + 1000);
}
END_TEST

START_TEST(limits_are_the_kernels)
{
	struct kernel_emu e;
	const struct { long tick; int r; } ticks[] = { { 8999, -EINVAL },
		{ 9000, 0 }, { 11000, 0 }, { 11001, -EINVAL } };

	kernel_emu_init(&e, START);
	for (size_t i = 0; i < 4; i++) {
		struct timex tx = { .modes = ADJ_TICK, .tick = ticks[i].tick };
		ck_assert_int_eq(adj(&e, &tx), ticks[i].r);
	}
	struct timex tx = { .modes = ADJ_FREQUENCY, .freq = 501L << 16 };
	ck_assert_int_eq(adj(&e, &tx), 0); /* clamped, not refused */
	ck_assert_int_eq(tx.freq, 500L << 16);
	tx = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO,
		.time = { 0, 1000000000 } };
	ck_assert_int_eq(adj(&e, &tx), -EINVAL);
	tx = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO,
		.time = { INT64_MIN, 0 } };
	ck_assert_int_eq(adj(&e, &tx), -EINVAL);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START);
	e.fail = EPERM;
	tx = (struct timex){ .modes = ADJ_FREQUENCY };
	ck_assert_int_eq(adj(&e, &tx), -EPERM);
	tx = (struct timex){ .modes = 0 };
	ck_assert_int_eq(adj(&e, &tx), 0); /* everybody may read */
	ck_assert_int_eq(tx.freq, 500L << 16);
}
END_TEST

START_TEST(a_step_moves_realtime_alone_and_forgets_the_status)
{
	struct kernel_emu e;
	struct timex tx = { .modes = ADJ_STATUS | ADJ_MAXERROR,
		.status = STA_INS, .maxerror = 5 };

	kernel_emu_init(&e, START);
	ck_assert_int_eq(adj(&e, &tx), 0);
	ck_assert_int_eq(tx.status, STA_INS);
	tx = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO,
		.time = { -2, 999999999 } };
	ck_assert_int_eq(adj(&e, &tx), 0);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START - NSEC - 1);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC), NSEC);
	ck_assert_int_eq(tx.status, STA_UNSYNC | STA_NANO | STA_INS);
	ck_assert_int_eq(tx.maxerror, 16000000);
	ck_assert_uint_eq(e.sets, 1);
}
END_TEST

START_TEST(maxerror_grows_until_nobody_believes_it)
{
	struct kernel_emu e;
	struct timex tx = { .modes = ADJ_STATUS | ADJ_MAXERROR };

	kernel_emu_init(&e, START);
	adj(&e, &tx);
	kernel_emu_run(&e, 10 * NSEC);
	tx = (struct timex){ .modes = 0 };
	adj(&e, &tx);
	ck_assert_int_eq(tx.maxerror, 5000); /* 500 ppm */
	ck_assert_int_eq(tx.status & STA_UNSYNC, 0);
	kernel_emu_run(&e, 32000 * NSEC);
	tx = (struct timex){ .modes = 0 };
	adj(&e, &tx);
	ck_assert_int_ne(tx.status & STA_UNSYNC, 0);
}
END_TEST

START_TEST(a_leap_second_is_done_once_at_midnight)
{
	for (int del = 0; del < 2; del++) {
		struct kernel_emu e;
		struct timex tx = { .modes = ADJ_STATUS | ADJ_TAI,
			.status = del ? STA_DEL : STA_INS, .constant = 37 };

		kernel_emu_init(&e, YEARS_END - 10 * NSEC);
		adj(&e, &tx);
		kernel_emu_run(&e, (del ? 9 : 10) * NSEC - 1);
		ck_assert_int_eq(now(&e, CLOCK_REALTIME),
		    YEARS_END - 1 - (del ? NSEC : 0));
		kernel_emu_run(&e, 20 * NSEC + 1);
		ck_assert_int_eq(now(&e, CLOCK_REALTIME), YEARS_END +
		    (del ? 20 : 19) * NSEC);
		ck_assert_int_eq(e.tai, del ? 36 : 38);
		kernel_emu_run(&e, 2 * 86400 * NSEC);
		ck_assert_uint_eq(e.leaps_inserted + e.leaps_deleted, 1);
	}
}
END_TEST

START_TEST(a_run_that_ends_at_midnight_does_not_miss_the_leap)
{
	struct kernel_emu e;
	struct timex tx = { .modes = ADJ_STATUS | ADJ_FREQUENCY,
		.status = STA_INS, .freq = 1 << 16 }; /* 1 ppm: fractions */

	kernel_emu_init(&e, YEARS_END - 10 * NSEC);
	adj(&e, &tx);
	while (e.leaps_inserted == 0 &&
	    now(&e, CLOCK_REALTIME) < YEARS_END + NSEC) {
		int64_t left = YEARS_END - now(&e, CLOCK_REALTIME);

		kernel_emu_run(&e, left > 100000 ? left - 100000 : 1);
	}
	ck_assert_uint_eq(e.leaps_inserted, 1);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), YEARS_END - NSEC);
}
END_TEST

START_TEST(a_suspend_counts_in_realtime_and_boottime)
{
	struct kernel_emu e;

	kernel_emu_init(&e, START);
	kernel_emu_suspend(&e, 3600 * NSEC);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START + 3600 * NSEC);
	ck_assert_int_eq(now(&e, CLOCK_BOOTTIME), 3601 * NSEC);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC), NSEC);
	ck_assert_int_eq(now(&e, CLOCK_MONOTONIC_RAW), NSEC);
}
END_TEST

START_TEST(adjtime_works_its_rest_off_at_500_ppm)
{
	struct kernel_emu e;
	struct timex tx = { .modes = ADJ_OFFSET_SINGLESHOT, .offset = 1000 };

	kernel_emu_init(&e, START);
	adj(&e, &tx);
	kernel_emu_run(&e, NSEC);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START + NSEC + 500000);
	kernel_emu_run(&e, 9 * NSEC);
	ck_assert_int_eq(now(&e, CLOCK_REALTIME), START + 10 * NSEC + 1000000);
}
END_TEST

UNIT_MAIN("kernel_emu", an_untouched_clock_follows_its_oscillator,
    frequency_and_tick_add_up, limits_are_the_kernels,
    a_step_moves_realtime_alone_and_forgets_the_status,
    maxerror_grows_until_nobody_believes_it,
    a_leap_second_is_done_once_at_midnight,
    a_run_that_ends_at_midnight_does_not_miss_the_leap,
    a_suspend_counts_in_realtime_and_boottime,
    adjtime_works_its_rest_off_at_500_ppm)
