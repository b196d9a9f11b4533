/* SPDX-License-Identifier: ISC
 *
 * What sources said, and corrections, that wait for their time. */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "daemon/engine/selection.h"
#include "tests/emu/turn.h"

#define TRIFLE 0.15
#define MIDNIGHT INT64_C(1798761600) /* 2027-01-01 */

/* A server that scatters. */
static void
scatter(struct world *w, int i)
{
	w->lie[0] = 20e-6 * sin(i * i);
}

static double
freq_off(const struct world *w)
{
	return w->engine.discipline.target.y - (double)w->os.base_ppt * 1e-12;
}

START_TEST(who_is_selected_again_is_not_counted_again)
{
	struct world w;

	world_init(&w, 2);
	w.distance[0] = 5e-3;
	world_start(&w);
	struct source *s = world_source(&w, 1);
	selection_forget(&w.engine);
	world_run(&w, 20);
	w.engine.selected = world_source(&w, 0);
	w.distance[1] = 0;
	turn(&w, s, DELAY, DELAY);
	engine_update_now(&w.engine);
	w.engine.selected = world_source(&w, 0);
	s->score = 1;
	w.engine.free_at = mono_add(w.os.mono, 0.1);
	engine_update(&w.engine, s);
	ck_assert(s->is_news);
	engine_reselect(&w.engine);
	double score = s->score;
	ck_assert_double_gt(score, 1);
	engine_update_now(&w.engine);
	ck_assert_double_eq(s->score, score);
	world_fini(&w);
}
END_TEST

/* In any other order they would be taken for off by what the oscillator does
 * meanwhile, which is more than they scatter. */
START_TEST(what_waits_is_learned_in_the_order_of_time)
{
	struct world w;
	double sum = 0;

	world_init(&w, 8);
	w.ppm = 100;
	for (unsigned i = 0; i < 8; i++)
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = 0;
	world_start(&w);
	for (int i = 0; i < 10000; i++) {
		for (int j = 0; j < 8; j++)
			w.lie[j] = 3e-6 * sin(i * (i + j) + j);
		world_run(&w, 0.06);

		struct pair now = w.os.os.ops->pair(&w.os.os);

		if (i >= 5000)
			sum += discipline_error(&w.engine, now) -
			    world_clock_error(&w);
	}
	ck_assert_double_eq_tol(sum / 5000, 0, 0.5e-6);
	world_fini(&w);
}
END_TEST

START_TEST(a_correction_that_waits_is_made_when_no_news_come)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	for (int i = 0; i < 400; i++) {
		scatter(&w, i);
		world_run(&w, 4);
	}
	for (int i = 0; fabs(freq_off(&w)) < 1e-10; i++) {
		ck_assert_int_lt(i, 100);
		scatter(&w, i);
		world_run(&w, 4);
	}
	w.is_silent[0] = true;
	world_run(&w, 100);
	ck_assert_double_eq_tol(freq_off(&w), 0, 1e-12);
	world_fini(&w);
}
END_TEST

START_TEST(what_is_no_trifle_by_the_next_poll_is_corrected)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 12;
	world_start(&w);
	for (int i = 0; i < 2000; i++) {
		const struct discipline *d = &w.engine.discipline;

		scatter(&w, i);
		world_run(&w, 256);
		if (i > 200 && d->later.node.slot == 0)
			ck_assert_double_le(fabs(freq_off(&w)) * 4096,
			    1.1 * TRIFLE * sqrt(w.engine.fuse.noise) + 5e-6);
	}
	world_fini(&w);
}
END_TEST

START_TEST(a_frequency_that_was_refused_is_asked_for_again)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 4;
	world_start(&w);
	for (int i = 0; i < 400; i++) {
		scatter(&w, i);
		world_run(&w, 4);
	}
	world_run(&w, 0.3);
	w.os.answer.error = ERANGE;
	discipline_set_frequency(&w.engine, w.engine.discipline.target.y + 2e-6);
	w.os.answer.error = 0;
	ck_assert_uint_eq(w.engine.discipline.refused_range, 1);
	ck_assert_double_gt(fabs(freq_off(&w)), 1e-6);

	struct estimate same = w.engine.discipline.target;
	discipline_update(&w.engine, &same, 4, 16);
	world_run(&w, 1);
	ck_assert_double_eq_tol(freq_off(&w), 0, 1e-12);
	world_fini(&w);
}
END_TEST

START_TEST(a_noise_that_is_no_number_stops_no_correction)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	struct estimate other = w.engine.discipline.target;

	other.y += 1e-6;
	w.engine.fuse.noise = NAN;
	discipline_update(&w.engine, &other, 4, 16);
	world_run(&w, 0.5);
	ck_assert_double_eq_tol(freq_off(&w), 0, 1e-12);
	world_fini(&w);
}
END_TEST

/* What makestep has stepped away is not slewed away as well. */
START_TEST(a_step_ends_the_slew_that_was_under_way)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	w.is_silent[0] = true;
	world_run(&w, 5);
	struct estimate other = w.engine.discipline.target;

	other.x += 20e-6;
	w.engine.fuse.noise = 100e-6 * 100e-6; /* 20 us are a trifle */
	discipline_set_frequency(&w.engine, other.y);
	world_run(&w, 0.5);
	w.engine.discipline.target.x += 20e-6;
	w.engine.discipline.within = 100;
	discipline_correct(&w.engine);
	world_run(&w, 0.5);
	discipline_modify_makestep(&w.engine, -1, 1e-6);
	discipline_update(&w.engine, &other, 100, 1000);
	struct pair now = w.os.os.ops->pair(&w.os.os);
	ck_assert_double_eq_tol(discipline_error(&w.engine, now), 0, 1e-6);
	ck_assert_double_eq_tol(
	    discipline_change(&w.engine, &other, now), 0, 1e-6);
	world_run(&w, 200);
	ck_assert_double_eq_tol(discipline_error(&w.engine,
	    w.os.os.ops->pair(&w.os.os)), 0, 1e-6);
	world_fini(&w);
}
END_TEST

/* 0.1 s before the clock is held, from 4 s before a leap second to 4 s after it. */
static void
world_before_leap(struct world *w)
{
	static const struct leap_table table = { 2,
		{ { 1483228800, 37 }, { MIDNIGHT, 38 } }, INT64_MAX };

	world_init_at(w, 1, MIDNIGHT - 300);
	w->config.sources[0].minpoll = w->config.sources[0].maxpoll = 10;
	w->options.leaps = &table;
	w->leap_by = -1;
	w->leap_s = MIDNIGHT;
	world_start(w);
	world_run(w, 295.9);
	ck_assert(!w->engine.leap.is_held);
}

/* One step belongs to that second, and it is not ours to make another. */
START_TEST(nothing_is_stepped_around_a_leap_second)
{
	const struct clk_rep event = { .type = CLK_WAS_SET };
	struct world w;

	world_before_leap(&w);
	discipline_modify_makestep(&w.engine, -1, 0.1);
	w.is_silent[0] = true;
	w.os.now.real = tspec_add(w.os.now.real, 0.3);
	engine_clock_event(&w.engine, &event);
	world_run(&w, 2);
	ck_assert(w.engine.leap.is_held);
	ck_assert_double_eq_tol(world_clock_error(&w), -0.3, 1e-3);
	w.is_silent[0] = false;
	world_run(&w, 20);
	ck_assert(!w.engine.leap.is_held);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(what_waits_over_a_leap_second_is_not_forgotten)
{
	struct world w;

	world_before_leap(&w);
	struct source *s = world_source(&w, 0);
	unsigned samples = s->estimator.samples;
	w.engine.free_at = mono_add(w.os.mono, 0.3);
	engine_update(&w.engine, s);
	world_run(&w, 1);
	ck_assert(w.engine.leap.is_held && s->is_news);
	world_run(&w, 8);
	ck_assert(!w.engine.leap.is_held && !s->is_news);
	ck_assert_uint_eq(s->estimator.samples, samples);
	world_fini(&w);
}
END_TEST

/* Two sources are asked at once; the first one's answer comes. */
static void
world_one_answers(struct world *w, unsigned unanswered)
{
	world_init(w, 2);
	for (int i = 0; i < 2; i++)
		w->config.sources[i].minpoll = w->config.sources[i].maxpoll = 6;
	world_start(w);
	world_run(w, 300);
	world_source(w, 1)->client.unanswered = unanswered;
	for (unsigned i = 0; i < 2; i++) {
		struct client *c = &world_source(w, i)->client;

		c->next_poll = mono_add(w->os.mono, 1);
		w->os.os.ops->timer_set(&w->os.os, &c->timer, c->next_poll);
	}
	turn(w, world_source(w, 0), DELAY, DELAY);
	ck_assert(world_source(w, 1)->client.is_waiting);
}

START_TEST(one_correction_is_made_of_answers_that_come_together)
{
	struct world w;

	world_one_answers(&w, 0);
	struct source *a = world_source(&w, 0), *b = world_source(&w, 1);
	ck_assert(a->is_news);
	turn(&w, b, 0.05, 0.05);
	ck_assert(!a->is_news && !b->is_news);
	world_fini(&w);
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_not_waited_for_long)
{
	struct world w;

	world_one_answers(&w, 0);
	const struct source *a = world_source(&w, 0);
	fake_advance(&w.os, 0.29);
	ck_assert(a->is_news);
	fake_advance(&w.os, 0.02);
	ck_assert(!a->is_news && world_source(&w, 1)->client.is_waiting);
	world_fini(&w);
}
END_TEST

START_TEST(who_was_silent_is_not_waited_for)
{
	struct world w;

	world_one_answers(&w, 1);
	ck_assert(!world_source(&w, 0)->is_news);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("waiting", one_correction_is_made_of_answers_that_come_together,
    an_answer_that_does_not_come_is_not_waited_for_long,
    who_was_silent_is_not_waited_for,
    who_is_selected_again_is_not_counted_again,
    what_waits_is_learned_in_the_order_of_time,
    a_correction_that_waits_is_made_when_no_news_come,
    what_is_no_trifle_by_the_next_poll_is_corrected,
    a_frequency_that_was_refused_is_asked_for_again,
    a_noise_that_is_no_number_stops_no_correction,
    a_step_ends_the_slew_that_was_under_way,
    nothing_is_stepped_around_a_leap_second,
    what_waits_over_a_leap_second_is_not_forgotten)
