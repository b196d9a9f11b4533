/* SPDX-License-Identifier: ISC
 *
 * The guard and the wall clock: other people's steps, suspends, leap seconds,
 * and the times that no step may lead to. */
#include "guard_unit.h"

#include <sys/timex.h>

#define YEARS_END INT64_C(1798761600) /* 2027-01-01 00:00 UTC */

START_TEST(somebody_elses_step_may_be_undone_once)
{
	for (int timerfd = 0; timerfd < 2; timerfd++) {
		struct clock_host *h = closed();

		h->no_timerfd = !timerfd;
		clock_host_foreign_step(h, 3600 * NSEC);
		ck_assert_int_eq(step(h, 3 * NSEC), ENOSPC); /* not that way */
		ck_assert_int_eq(slew(h, -50000, 20).error, 0); /* 1 s of it */
		seconds(h, 20);
		ck_assert_int_eq(step(h, -3599 * NSEC), 0);
		ck_assert_int_gt(budget(h), 2 * NSEC - MS);
		ck_assert_int_eq(step(h, -3 * NSEC), ENOSPC);
		free(h);
	}
}
END_TEST

START_TEST(steps_to_and_fro_give_no_credit)
{
	struct clock_host *h = closed();

	clock_host_foreign_step(h, 3600 * NSEC);
	clock_host_foreign_step(h, -3600 * NSEC);
	ck_assert_int_eq(step(h, -3 * NSEC), ENOSPC);
	ck_assert_int_eq(step(h, 3 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(credit_ends_after_a_day)
{
	struct clock_host *h = closed();

	clock_host_foreign_step(h, 3600 * NSEC);
	seconds(h, 86399);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, -3600 * NSEC);
	seconds(h, 2);
	ck_assert_int_eq(step(h, -3600 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(small_steps_and_suspends_are_no_credit)
{
	struct clock_host *h = closed();

	clock_host_foreign_step(h, 10 * MS);
	clock_host_suspend(h, 3600 * NSEC);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, 0);
	ck_assert_uint_eq(h->core.guard.event, CLK_WOKE);
	h->core.guard.event = 0;
	clock_host_foreign_step(h, 10 * MS + 1);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, -10 * MS - 1);
	ck_assert_uint_eq(h->core.guard.event, CLK_WAS_SET);
	free(h);
}
END_TEST

START_TEST(after_a_suspend_credit_is_what_an_rtc_may_err)
{
	struct clock_host *h = closed();

	h->no_timerfd = true; /* both are seen in one look */
	clock_host_suspend(h, 10000 * NSEC);
	clock_host_foreign_step(h, 3600 * NSEC);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, -3 * NSEC); /* 1 s + 200 ppm */
	free(h);
}
END_TEST

START_TEST(the_time_between_two_readings_is_no_suspend)
{
	struct clock_host *h = closed();
	struct clock_stamp now = clock_stamp(&h->emu.kernel);

	now.real += 3600 * NSEC;
	now.asleep += 300; /* ns: BOOTTIME was read that much later */
	guard_look(&h->core.guard, now);
	ck_assert_int_eq(h->core.guard.s.credit, -3600 * NSEC);
	ck_assert_uint_eq(h->core.guard.event, CLK_WAS_SET);
	free(h);
}
END_TEST

START_TEST(own_steps_and_slews_are_not_foreign)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(step(h, NSEC), 0);
	ck_assert_int_eq(slew(h, 10000, 50).error, 0);
	seconds(h, 100);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, 0);
	ck_assert_uint_eq(h->core.guard.event, 0);
	free(h);
}
END_TEST

START_TEST(a_leap_is_armed_only_on_its_day)
{
	const struct {
		int64_t at;
		bool armed;
	} cases[] = {
		{ YEARS_END - 86401, false }, { YEARS_END - 86400, true },
		{ YEARS_END - 1, true }, { YEARS_END, false },
		{ 1814313600, true },   /* 2027-06-30 00:00 */
		{ 1814313599, false }, { 1814400000, false },
		{ 1774915200, false },  /* 2026-03-31 */
		{ 1790726400, false },  /* 2026-09-30 */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct clock_host *h = closed_with(clock_host_limits,
		    cases[i].at);

		status(h, 0, 1);
		ck_assert_int_eq(h->emu.status & 0x10, cases[i].armed << 4);
		status(h, 0, 2);
		ck_assert_int_eq(h->emu.status & 0x20, cases[i].armed << 5);
		free(h);
	}
}
END_TEST

START_TEST(the_kernels_leap_is_not_foreign_and_comes_once)
{
	struct clock_host *h = closed_with(clock_host_limits, YEARS_END - 1);

	status(h, 0, 1);
	seconds(h, 2);
	ck_assert_uint_eq(h->emu.leaps_inserted, 1);
	status(h, 0, 0);
	ck_assert_int_eq(h->core.guard.s.credit, 0);
	/* Back to before midnight: that leap was used. */
	ck_assert_int_eq(step(h, -NSEC - 500 * MS), 0);
	status(h, 0, 1);
	ck_assert_int_eq(h->core.guard.leap_ns, 0);
	free(h);
}
END_TEST

START_TEST(a_step_does_not_lose_the_leap)
{
	struct clock_host *h = closed_with(clock_host_limits, YEARS_END - 100);

	status(h, CLK_SYNCED | CLK_STARTED, 1);
	seconds(h, 10);
	ck_assert_int_eq(step(h, -1 * NSEC), 0);
	status(h, CLK_SYNCED | CLK_STARTED, 1);
	seconds(h, 100);
	ck_assert_uint_eq(h->emu.leaps_inserted, 1);
	free(h);
}
END_TEST

START_TEST(a_step_to_another_day_takes_no_leap_along)
{
	struct clock_host *h = opened(clock_host_limits, YEARS_END - 100);

	status(h, CLK_SYNCED, 1);
	ck_assert_int_eq(step(h, -86400 * NSEC), 0);
	seconds(h, 200);
	ck_assert_uint_eq(h->emu.leaps_inserted, 0);
	ck_assert_int_eq(h->emu.status & (STA_INS | STA_DEL), 0);
	free(h);
}
END_TEST

START_TEST(leapsecmode_step_is_one_free_second_at_midnight)
{
	struct clk_limits lim = clock_host_limits;
	lim.flags |= CLK_LEAP_STEP;
	struct clock_host *h = closed_with(lim, YEARS_END - 100);

	status(h, 0, 1);
	ck_assert_int_eq(h->emu.status & 0x30, 0); /* the kernel does nothing */
	h->core.guard.s.budget = 0;
	ck_assert_int_eq(step(h, -NSEC), ENOSPC); /* too early */
	seconds(h, 99);
	h->core.guard.s.budget = 0;
	ck_assert_int_eq(step(h, NSEC), ENOSPC); /* wrong sign */
	ck_assert_int_eq(step(h, -NSEC), 0);
	ck_assert_int_eq(step(h, -NSEC), ENOSPC);
	status(h, 0, 1);
	ck_assert_int_eq(step(h, -NSEC), ENOSPC); /* used */
	free(h);
}
END_TEST

START_TEST(no_step_leaves_the_absolute_window)
{
	const int64_t day = 86400;
	struct clk_limits lim = clock_host_limits;
	lim.steps = CLK_STEPS_UNLIMITED;
	struct clock_host *h = opened(lim, START_S);

	/* built a day ago */
	ck_assert_int_eq(step(h, -day * NSEC - 1), ENOSPC);
	ck_assert_int_eq(step(h, -day * NSEC), 0);
	ck_assert_int_eq(step(h, 20 * 365 * day * NSEC), ENOSPC);
	ck_assert_int_eq(step(h, 20 * 365 * day * NSEC - 1), 0);
	ck_assert_int_eq(step(h, INT64_MAX / 2), ENOSPC);
	free(h);

	lim.notbefore_s = START_S - 100;
	lim.notafter_s = START_S + 100;
	h = opened(lim, START_S);
	ck_assert_int_eq(step(h, -101 * NSEC), ENOSPC);
	ck_assert_int_eq(step(h, 101 * NSEC), ENOSPC);
	ck_assert_int_eq(step(h, 99 * NSEC), 0);
	free(h);
}
END_TEST

UNIT_MAIN("guard_time", somebody_elses_step_may_be_undone_once,
    steps_to_and_fro_give_no_credit, credit_ends_after_a_day,
    small_steps_and_suspends_are_no_credit,
    after_a_suspend_credit_is_what_an_rtc_may_err,
    the_time_between_two_readings_is_no_suspend,
    own_steps_and_slews_are_not_foreign, a_leap_is_armed_only_on_its_day,
    the_kernels_leap_is_not_foreign_and_comes_once,
    a_step_does_not_lose_the_leap, a_step_to_another_day_takes_no_leap_along,
    leapsecmode_step_is_one_free_second_at_midnight,
    no_step_leaves_the_absolute_window)
