/* SPDX-License-Identifier: ISC
 *
 * Somebody else sets the clock while the engine steers it. */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "daemon/engine/source.h"
#include "tests/emu/engine_world.h"

static struct world w;

static void
prepare(unsigned servers)
{
	world_init(&w, servers);
	w.ppm = 20;
	for (unsigned i = 0; i < servers; i++)
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = 10;
}

/* An hour in, with polls every 1024 s. */
static void
begin(unsigned servers)
{
	prepare(servers);
	world_start(&w);
	world_run(&w, 3600);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
}

static void
tell(uint32_t type)
{
	const struct clk_rep event = { .type = type };

	w.os.os.clock_event(w.os.os.engine, &event);
}

static void
move(double s)
{
	w.os.now.real = tspec_add(w.os.now.real, s);
	tell(CLK_WAS_SET);
}

static void
sleep_for(double s)
{
	w.os.now.real = tspec_add(w.os.now.real, s);
	w.ahead += s; /* true time went on, the oscillator stood */
	tell(CLK_WOKE);
}

START_TEST(a_step_is_put_back_within_two_seconds)
{
	begin(1);
	move(0.05);
	world_run(&w, 2);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	move(-0.05);
	world_run(&w, 2);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(it_is_put_back_without_any_server)
{
	begin(1);
	w.is_silent[0] = true;
	move(0.05);
	world_run(&w, 2);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	move(2);
	world_run(&w, 30);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(a_large_one_is_stepped_back_where_makestep_allows)
{
	begin(1);
	w.is_silent[0] = true;
	discipline_modify_makestep(&w.engine, -1, 1);
	move(-3600);
	world_run(&w, 1.1);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 1);
	world_fini(&w);
}
END_TEST

START_TEST(a_late_answer_does_not_slow_it_down)
{
	begin(1);
	w.is_silent[0] = true;
	move(0.1);
	world_run(&w, 1.1);
	w.is_silent[0] = false;
	source_burst(world_source(&w, 0), 1, 1);
	world_run(&w, 1.4);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_int_eq(w.engine.foreign.what, FOREIGN_STEP);
	source_burst(world_source(&w, 0), 1, 1);
	world_run(&w, 1);
	ck_assert_int_eq(w.engine.foreign.what, FOREIGN_NOTHING);
	world_fini(&w);
}
END_TEST

START_TEST(our_own_steps_and_small_ones_do_nothing)
{
	begin(1);
	unsigned n = world_requests(&w, CLK_ADJUST), said = w.engine.said;

	move(0);
	move(0.5e-3);
	world_run(&w, 1);
	ck_assert_uint_eq(world_requests(&w, CLK_ADJUST), n);
	w.os.now.real = tspec_add(w.os.now.real, 5);
	ck_assert_int_eq(discipline_makestep(&w.engine), 0);
	n = world_requests(&w, CLK_ADJUST);
	tell(CLK_WAS_SET);
	ck_assert_uint_eq(world_requests(&w, CLK_ADJUST), n);
	ck_assert_uint_eq(w.engine.said, said);
	world_fini(&w);
}
END_TEST

START_TEST(a_slew_under_way_is_no_step)
{
	begin(1);
	move(0.3);
	world_run(&w, 2);
	unsigned n = world_requests(&w, CLK_ADJUST);

	tell(CLK_WAS_SET);
	ck_assert_uint_eq(world_requests(&w, CLK_ADJUST), n);
	ck_assert_double_gt(fabs(world_clock_error(&w)), 0.1);
	world_run(&w, 5);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(after_sleep_only_a_server_is_believed)
{
	begin(1);
	w.is_silent[0] = true;
	sleep_for(600);
	world_run(&w, 5);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	move(0.3); /* as the kernel's RTC or a person has it */
	world_run(&w, 5);
	ck_assert_double_eq_tol(world_clock_error(&w), -0.3, 1e-3);
	w.is_silent[0] = false;
	world_run(&w, 12);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

/* As it sleeps, its clock gains 0.3 s. */
static void
sleep_badly(double s)
{
	w.os.now.real = tspec_add(w.os.now.real, 0.3);
	sleep_for(s);
}

/* How far the estimate is from the truth, s. */
static double
misled(void)
{
	return fabs(discipline_error(&w.engine, w.os.os.ops->pair(&w.os.os)) -
	    world_clock_error(&w));
}

START_TEST(after_sleep_the_first_answer_counts)
{
	begin(1);
	sleep_badly(600);
	ck_assert_double_gt(misled(), 599);
	world_run(&w, 0.1);
	ck_assert_double_lt(misled(), 0.2e-3);
	world_run(&w, 4.5);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_double_eq_tol(w.engine.discipline.target.y, 20e-6, 1e-7);
	world_fini(&w);
}
END_TEST

START_TEST(after_sleep_the_first_to_answer_is_no_majority)
{
	begin(3);
	w.lie[0] = 0.5;
	w.is_silent[1] = w.is_silent[2] = true;
	sleep_for(600);
	world_run(&w, 10);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert(!w.engine.reference.is_synced);
	w.is_silent[1] = w.is_silent[2] = false;
	world_run(&w, 10);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_int_eq(world_source(&w, 0)->verdict, SOURCE_FALSETICKER);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(after_sleep_nobody_waits_for_who_was_silent_before)
{
	begin(3);
	w.is_silent[1] = w.is_silent[2] = true;
	world_run(&w, 20000);
	sleep_badly(600);
	world_run(&w, 0.1);
	ck_assert_double_lt(misled(), 0.2e-3);
	world_fini(&w);
}
END_TEST

START_TEST(after_sleep_no_sample_of_before_counts)
{
	prepare(1);
	w.config.sources[0].filter = 3;
	world_start(&w);
	world_run(&w, 12000);
	for (int polls = 0; polls < 3; polls++) {
		sleep_badly(600);
		world_run(&w, 5);
		ck_assert_double_lt(misled(), 0.2e-3);
		world_run(&w, 1024);
	}
	world_fini(&w);
}
END_TEST

/* It slept before its frequency was known: all that comes in the time from one
 * poll to the next may be more than the path hides, again and again. */
START_TEST(after_an_early_sleep_the_frequency_is_learned)
{
	world_init(&w, 1);
	w.ppm = 80;
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	world_run(&w, 1);
	sleep_for(600);
	world_run(&w, 3600);
	ck_assert_double_eq_tol(w.engine.discipline.target.y, 80e-6, 1e-8);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

/* Who was never reached has a burst left, at long intervals by now. */
START_TEST(after_sleep_a_burst_that_waits_for_the_network_begins_anew)
{
	prepare(2);
	world_start(&w);
	world_run(&w, 20);
	sleep_for(600);
	w.os.send_error = -ENETUNREACH;
	fake_advance(&w.os, 20000);
	w.os.send_error = 0;
	sleep_for(600);
	unsigned n = w.answered;
	world_run(&w, 1);
	ck_assert_uint_ge(w.answered, n + 2);
	world_fini(&w);
}
END_TEST

START_TEST(after_sleep_those_that_disagree_leave_the_clock_where_it_is)
{
	begin(2);
	w.lie[0] = 0.2;
	w.lie[1] = -0.2;
	sleep_for(600);
	world_run(&w, 3600);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 5e-3);
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(a_host_that_sets_a_machine_which_stood_still_is_right)
{
	begin(1);
	w.os.now.real = tspec_add(w.os.now.real, 60);
	w.ahead += 60;
	tell(CLK_WAS_SET);
	world_run(&w, 20);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(who_sets_it_again_and_again_causes_no_more_polls)
{
	begin(1);
	unsigned n = w.answered, said = w.engine.said;

	world_run(&w, 1100);
	for (int i = 0; i < 100; i++) {
		move(i % 2 ? 0.1 : -0.1);
		world_run(&w, 8);
	}
	ck_assert_uint_le(w.answered, n + 3);
	ck_assert_uint_le(w.engine.said, said + 40);
	world_fini(&w);
}
END_TEST

START_TEST(who_only_measures_leaves_it_alone)
{
	world_init(&w, 1);
	w.options.is_measuring_only = true;
	world_start(&w);
	world_run(&w, 60);
	move(0.05);
	world_run(&w, 2);
	ck_assert_uint_eq(world_requests(&w, CLK_ADJUST), 0);
	ck_assert_double_eq_tol(world_clock_error(&w), -0.05, 1e-3);
	world_fini(&w);
}
END_TEST

/* Nobody is left to say so. */
START_TEST(after_sleep_nobody_is_held_over)
{
	for (int is_before = 0; is_before <= 1; is_before++) {
		begin(1);
		w.is_silent[0] = true;
		if (is_before)
			source_free(world_source(&w, 0));
		sleep_badly(600);
		if (!is_before)
			source_free(world_source(&w, 0));
		world_run(&w, 400);
		ck_assert(!w.engine.reference.is_synced);
		world_fini(&w);
	}
}
END_TEST

/* What the clock seems to be off by is the time that it slept. */
START_TEST(after_sleep_no_frequency_of_before_is_set)
{
	prepare(1);
	world_line(&w, "fallbackdrift 10 12");
	world_start(&w);
	world_run(&w, 9000);
	w.is_silent[0] = true;
	sleep_for(3600);
	world_run(&w, 3000);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 0.1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("foreign", after_sleep_nobody_is_held_over,
    after_sleep_no_frequency_of_before_is_set,
    a_step_is_put_back_within_two_seconds,
    it_is_put_back_without_any_server,
    a_large_one_is_stepped_back_where_makestep_allows,
    a_late_answer_does_not_slow_it_down,
    our_own_steps_and_small_ones_do_nothing, a_slew_under_way_is_no_step,
    after_sleep_only_a_server_is_believed,
    after_sleep_the_first_answer_counts,
    after_sleep_the_first_to_answer_is_no_majority,
    after_sleep_nobody_waits_for_who_was_silent_before,
    after_sleep_no_sample_of_before_counts,
    after_an_early_sleep_the_frequency_is_learned,
    after_sleep_a_burst_that_waits_for_the_network_begins_anew,
    after_sleep_those_that_disagree_leave_the_clock_where_it_is,
    a_host_that_sets_a_machine_which_stood_still_is_right,
    who_sets_it_again_and_again_causes_no_more_polls,
    who_only_measures_leaves_it_alone)
