/* SPDX-License-Identifier: ISC
 *
 * Each rule of the guard, seen from the engine's side: what is admitted, what
 * is refused, and what is charged. */
#include "guard_unit.h"

START_TEST(steps_are_charged_to_the_budget)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(budget(h), 2 * NSEC);
	ck_assert_int_eq(step(h, 2 * NSEC + 1), ENOSPC);
	ck_assert_int_eq(step(h, 1500 * MS), 0);
	ck_assert_int_eq(budget(h), 500 * MS);
	ck_assert_int_eq(step(h, -500 * MS - 1), ENOSPC);
	ck_assert_int_eq(step(h, -500 * MS), 0); /* no refund for turning back */
	ck_assert_int_eq(budget(h), 0);
	ck_assert_int_eq(step(h, 1), ENOSPC);
	ck_assert_int_eq(step(h, 0), 0);
	free(h);
}
END_TEST

START_TEST(the_budget_fills_up_with_raw_time_to_the_bucket)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(step(h, 2 * NSEC), 0);
	seconds(h, 1000);
	ck_assert_int_eq(budget(h), 100 * MS); /* 100 ppm */
	seconds(h, 86400);
	ck_assert_int_eq(budget(h), 2 * NSEC);
	ck_assert_int_eq(step(h, 2 * NSEC), 0);
	clock_host_suspend(h, 86400 * NSEC); /* no RAW time */
	ck_assert_int_eq(budget(h), 0);
	free(h);
}
END_TEST

START_TEST(a_slew_is_charged_for_what_really_ran)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(slew(h, 50000, 40).error, 0); /* 2 s, all there is */
	ck_assert_int_eq(step(h, 50 * MS), ENOSPC); /* already promised */
	seconds(h, 10);
	struct clk_rep rep = slew(h, 0, 0);
	ck_assert_int_eq(rep.error, 0);
	/* 500 ms ran; 10 s of refill */
	ck_assert_int_ge(rep.budget_ns, 1501 * MS - 100);
	ck_assert_int_le(rep.budget_ns, 1501 * MS);
	free(h);
}
END_TEST

START_TEST(a_late_timer_takes_the_budget_below_zero)
{
	struct clock_host *h = closed();

	h->late_ns = 10 * MS;
	ck_assert_int_eq(slew(h, 100000, 20).error, 0);
	seconds(h, 21);
	ck_assert_int_lt(h->core.guard.s.budget, 2200000 - 1 * MS);
	h->core.guard.s.budget = 0;
	ck_assert_int_eq(slew(h, 100000, 20).error, ENOSPC);
	free(h);
}
END_TEST

START_TEST(a_slew_that_is_replaced_late_is_charged_until_then)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(slew(h, 100000, 20).error, 0);
	seconds(h, 1);
	h->emu.call_ns = 10 * MS; /* preempted in the system call */
	/* 1.01 s ran at 100 000 ppm; the refill cannot exceed the bucket */
	int64_t left = slew(h, 0, 0).budget_ns;
	ck_assert_int_le(left, 2 * NSEC - 101 * MS + MS / 10);
	ck_assert_int_gt(left, 2 * NSEC - 101 * MS - 1000);
	free(h);
}
END_TEST

START_TEST(a_refused_slew_leaves_the_running_one_alone)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(slew(h, 1000, 100).error, 0); /* 100 ms */
	struct clk_rep rep = slew(h, 50000, 60);       /* 3 s */
	ck_assert_int_eq(rep.error, ENOSPC);
	ck_assert_int_eq(rep.freq_ppt, 1000 * PPM);
	seconds(h, 200);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 0);
	ck_assert_int_eq(kernel_emu_real(&h->emu), (START_S + 200) * NSEC +
	    100 * MS);
	free(h);
}
END_TEST

START_TEST(long_products_do_not_wrap)
{
	struct clock_host *h = closed();

	/* 83 333 ppm for 24 h is 7.2e18 ppt ms; the largest is 1.7e19. */
	ck_assert_int_eq(slew(h, 83333, 86400).error, ENOSPC);
	ck_assert_int_eq(ask(h, (struct clk_req){ .u.adjust = { 500 * PPM,
	    -100500 * PPM, 86400000 } }, CLK_ADJUST).error, ENOSPC);
	free(h);
}
END_TEST

START_TEST(inside_the_window_steps_are_counted)
{
	struct clk_limits lim = clock_host_limits;
	lim.steps = 1;
	lim.extra_steps = 1;
	struct clock_host *h = opened(lim, START_S);

	ck_assert_uint_eq(status(h, 0, 0).steps, 2);
	ck_assert_int_eq(step(h, 86400 * NSEC), 0);
	ck_assert_int_eq(step(h, -86400 * NSEC), 0);
	ck_assert_int_eq(step(h, 86400 * NSEC), ENOSPC);
	ck_assert_int_eq(budget(h), 2 * NSEC); /* they were free */
	free(h);
}
END_TEST

START_TEST(the_window_ends_with_the_first_update_or_after_15_minutes)
{
	struct clock_host *h = opened(clock_host_limits, START_S);

	ck_assert_uint_eq(status(h, CLK_SYNCED, 0).window_s, 900);
	ck_assert_uint_eq(status(h, CLK_STARTED, 0).window_s, 900);
	clock_host_suspend(h, 800 * NSEC); /* BOOTTIME counts */
	ck_assert_uint_eq(status(h, 0, 0).window_s, 100);
	seconds(h, 99);
	ck_assert_uint_eq(status(h, 0, 0).window_s, 1);
	seconds(h, 1);
	ck_assert_uint_eq(status(h, 0, 0).window_s, 0);
	ck_assert_int_eq(step(h, 86400 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(the_start_grant_is_the_last_slew_and_keeps_its_sign)
{
	struct clock_host *h = opened(clock_host_limits, START_S);

	ck_assert_int_eq(slew(h, -80000, 3600).error, 0); /* replaced: gone */
	ck_assert_int_eq(slew(h, 80000, 1250).error, 0);  /* 100 s */
	seconds(h, 10);
	status(h, CLK_SYNCED | CLK_STARTED, 0);
	seconds(h, 115); /* 10 s of 100 s have run */
	ck_assert_int_eq(slew(h, 0, 0).error, 0);
	ck_assert_int_eq(slew(h, -80000, 50).error, ENOSPC);
	ck_assert_int_eq(step(h, 50 * NSEC), ENOSPC); /* slews only */
	ck_assert_int_eq(slew(h, 80000, 1150).error, ENOSPC); /* 92 + 2 needed */
	ck_assert_int_eq(slew(h, 80000, 1149).error, 0);
	ck_assert_int_eq(h->core.guard.s.grant, 0);
	free(h);
}
END_TEST

START_TEST(a_crash_does_not_open_the_window_again)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(step(h, 2 * NSEC), 0);
	clock_host_engine_dies(h);
	ck_assert_int_eq(h->core.exit_code, 75);
	seconds(h, 1);
	clock_host_start(h, &clock_host_limits);
	struct clk_rep rep = status(h, 0, 0);
	ck_assert_uint_eq(rep.window_s, 0);
	ck_assert_uint_eq(rep.steps, 0);
	ck_assert_int_lt(rep.budget_ns, MS);
	ck_assert_int_eq(step(h, 2 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(an_open_window_goes_on_where_it_was)
{
	struct clock_host *h = opened(clock_host_limits, START_S);

	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	seconds(h, 100);
	clock_host_engine_dies(h);
	seconds(h, 100);
	clock_host_start(h, &clock_host_limits);
	struct clk_rep rep = status(h, 0, 0);
	ck_assert_uint_eq(rep.window_s, 700);
	ck_assert_uint_eq(rep.steps, 2);
	free(h);
}
END_TEST

START_TEST(a_sigterm_does_open_a_new_window)
{
	struct clock_host *h = closed();

	ck_assert_int_eq(step(h, 2 * NSEC), 0);
	clock_host_term(h);
	ck_assert_int_eq(h->core.exit_code, 0);
	clock_host_start(h, &clock_host_limits);
	struct clk_rep rep = status(h, 0, 0);
	ck_assert_uint_eq(rep.window_s, 900);
	ck_assert_uint_eq(rep.steps, 3);
	ck_assert_int_eq(rep.budget_ns, 2 * NSEC);
	free(h);
}
END_TEST

START_TEST(what_happened_after_the_last_record_is_charged)
{
	struct clock_host *h = closed();

	seconds(h, 60);
	budget(h); /* a record is written */
	seconds(h, 10);
	ck_assert_int_eq(step(h, 1500 * MS), 0);
	clock_host_kill(h);
	clock_host_start(h, &clock_host_limits);
	/* 10 s of base frequency, 5 ms, would explain a little of it. */
	ck_assert_int_eq(budget(h), 2 * NSEC - 1495 * MS);
	free(h);
}
END_TEST

START_TEST(what_filled_up_after_the_last_record_may_be_spent_too)
{
	struct clock_host *h = closed();
	struct clk_req q = { .u.adjust = { 500 * PPM, 0, 0 } };

	seconds(h, 60);
	ask(h, q, CLK_ADJUST);
	ck_assert_int_eq(step(h, 2 * NSEC), 0);
	seconds(h, 60);
	budget(h); /* a record with 6 ms */
	seconds(h, 1000);
	q.u.adjust.slew_ppt = 99500 * PPM;
	q.u.adjust.slew_ms = 1060;
	ask(h, q, CLK_ADJUST);
	seconds(h, 1);
	clock_host_kill(h); /* 99.5 ms of 106 ms are spent */
	clock_host_start(h, &clock_host_limits);
	ck_assert_int_le(budget(h), 7 * MS);
	ck_assert_int_ge(budget(h), 6 * MS);
	free(h);
}
END_TEST

START_TEST(root_grants_one_step_for_a_minute)
{
	struct clock_host *h = closed();

	clock_host_root(h);
	ck_assert_uint_eq(status(h, 0, 0).steps, 1);
	seconds(h, 59);
	ck_assert_int_eq(step(h, -3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	ck_assert_int_gt(budget(h), 2 * NSEC - 1); /* not charged */
	clock_host_root(h);
	seconds(h, 60);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	clock_host_root(h);
	ck_assert_int_eq(step(h, 30 * 365 * 86400 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(an_operator_has_a_few_steps)
{
	struct clk_limits lim = clock_host_limits;
	lim.operator_steps = 2;
	struct clock_host *h = closed_with(lim, START_S);

	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	seconds(h, 601);
	ck_assert_uint_eq(status(h, 0, 0).steps, 1);
	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	seconds(h, 86400);
	for (int i = 0; i < 5; i++)
		status(h, 0, 0);
	ck_assert_uint_eq(status(h, 0, 0).steps, 2);
	free(h);
}
END_TEST

START_TEST(makestep_without_a_limit_is_one_step_a_minute)
{
	struct clk_limits lim = clock_host_limits;
	lim.steps = CLK_STEPS_UNLIMITED;
	struct clock_host *h = opened(lim, START_S);

	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_uint_eq(status(h, CLK_SYNCED | CLK_STARTED, 0).steps, 65535);
	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	seconds(h, 59);
	ck_assert_int_eq(step(h, 3600 * NSEC), ENOSPC);
	seconds(h, 1);
	ck_assert_int_eq(step(h, 3600 * NSEC), 0);
	seconds(h, 61);
	ck_assert_int_eq(step(h, -365 * 86400 * NSEC), ENOSPC);
	free(h);
}
END_TEST

START_TEST(guard_off_means_off)
{
	struct clk_limits lim = clock_host_limits;
	lim.flags |= CLK_GUARD_OFF;
	struct clock_host *h = closed_with(lim, START_S);

	ck_assert_int_eq(step(h, 365 * 86400 * NSEC), 0);
	ck_assert_int_eq(step(h, -2 * 365 * 86400 * NSEC), 0);
	ck_assert_int_eq(slew(h, 90000, 86400).error, 0);
	ck_assert_uint_eq(status(h, 0, 0).steps, 65535);
	free(h);
}
END_TEST

START_TEST(a_breach_goes_back_to_the_base_of_the_windows_end)
{
	struct clock_host *h = opened(clock_host_limits, START_S);
	struct clk_req req = { .u.adjust = { 20 * PPM, 0, 0 } };

	ask(h, req, CLK_ADJUST);
	status(h, CLK_SYNCED | CLK_STARTED, 0);
	req.u.adjust = (struct clk_adjust){ 500 * PPM, 1000 * PPM, 1000000 };
	ask(h, req, CLK_ADJUST);
	clock_host_breach(h);
	ck_assert_int_eq(h->core.exit_code, 76);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 20 * PPM);
	ck_assert_int_eq(h->emu.tick, 10000);
	free(h);
}
END_TEST

START_TEST(an_engine_that_dies_leaves_its_base)
{
	struct clock_host *h = closed();
	struct clk_req req = { .u.adjust = { 16 * PPM, 9000 * PPM, 100000 } };

	ask(h, req, CLK_ADJUST);
	seconds(h, 10);
	clock_host_engine_dies(h);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 16 * PPM);
	clock_host_start(h, &clock_host_limits); /* and it is kept */
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 16 * PPM);
	clock_host_kill(h);
	free(h);
}
END_TEST

UNIT_MAIN("guard", steps_are_charged_to_the_budget,
    the_budget_fills_up_with_raw_time_to_the_bucket,
    a_slew_is_charged_for_what_really_ran,
    a_late_timer_takes_the_budget_below_zero,
    a_slew_that_is_replaced_late_is_charged_until_then,
    a_refused_slew_leaves_the_running_one_alone, long_products_do_not_wrap,
    inside_the_window_steps_are_counted,
    the_window_ends_with_the_first_update_or_after_15_minutes,
    the_start_grant_is_the_last_slew_and_keeps_its_sign,
    a_crash_does_not_open_the_window_again,
    an_open_window_goes_on_where_it_was, a_sigterm_does_open_a_new_window,
    what_happened_after_the_last_record_is_charged,
    what_filled_up_after_the_last_record_may_be_spent_too,
    root_grants_one_step_for_a_minute, an_operator_has_a_few_steps,
    makestep_without_a_limit_is_one_step_a_minute, guard_off_means_off,
    a_breach_goes_back_to_the_base_of_the_windows_end,
    an_engine_that_dies_leaves_its_base)
