/* SPDX-License-Identifier: ISC
 *
 * Servers and oscillators that misbehave, and how the engine stands it. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/emu/engine_world.h"

START_TEST(a_drift_file_that_is_wrong_is_corrected)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	w.ppm = 20;
	w.options.drift_ppm = -130;
	w.options.drift_skew_ppm = 0.01;
	world_start(&w);
	world_run(&w, 900);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 20, 0.5);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

START_TEST(an_oscillator_far_off_is_measured)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	w.ppm = 600;
	world_start(&w);
	world_run(&w, 1800);
	ck_assert_double_eq_tol(w.engine.discipline.target.y, 600e-6, 1e-6);
	world_fini(&w);
}
END_TEST

static void
run_of_answers(struct world *w, struct source *s, double seconds, int leap)
{
	struct mono end = mono_add(w->os.mono, seconds);

	for (unsigned i = 0; w->os.mono.ns < end.ns; fake_advance(&w->os, 5e-4)) {
		if (!s->client.is_waiting)
			continue;
		struct ntp_packet p = world_answer(w, &s->client, 0);
		if (i++ % 2 != 0)
			p.leap = (uint8_t)leap;
		world_hand_in(w, s, &p);
	}
}

/* The clock helper takes a flood of requests for an attack. */
START_TEST(a_server_cannot_make_us_flood_the_clock)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = -7;
	world_start(&w);
	world_run(&w, 10);
	unsigned before = w.os.n_requests;
	run_of_answers(&w, world_source(&w, 0), 10, LEAP_UNSYNC);
	ck_assert_uint_gt(w.answered, 0);
	ck_assert_uint_le(w.os.n_requests - before, 10 * CLK_RATE_ENGINE);

	w.os.answer.error = ENOSPC; /* each adjustment takes two requests */
	w.os.answer.budget_ns = 0;
	before = w.os.n_requests;
	run_of_answers(&w, world_source(&w, 0), 10, LEAP_NONE);
	ck_assert_uint_le(w.os.n_requests - before, 10 * CLK_RATE_ENGINE);
	world_fini(&w);
}
END_TEST

START_TEST(a_liar_that_answers_first_does_not_step)
{
	struct world w;

	world_init(&w, 3);
	w.config.has_makestep = true;
	w.config.makestep_threshold = 1;
	w.config.makestep_limit = 3;
	w.lie[0] = 3e7;
	world_start(&w);
	world_run(&w, 10);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

START_TEST(who_does_not_answer_is_waited_for_3_s)
{
	struct world w;

	world_init(&w, 2);
	strcpy(w.config.sources[1].name, "gone.example.net");
	w.config.sources[0].iburst = false;
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	world_run(&w, 2.5);
	ck_assert_uint_eq(w.answered, 1);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_int_eq(world_source(&w, 0)->verdict, SOURCE_AWAITING);
	world_run(&w, 1);
	ck_assert_uint_eq(w.answered, 1);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(a_clock_at_1970_is_set_and_kept)
{
	struct world w;

	world_init(&w, 1);
	w.os.now.real.ns = 1000 * NSEC;
	w.config.has_makestep = true;
	w.config.makestep_threshold = 1;
	w.config.makestep_limit = 3;
	world_start(&w);
	world_run(&w, 300);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 1);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-6);
	/* As fine as when the clock was right. */
	ck_assert_double_lt(fabs(w.engine.discipline.target.x), 1e4);
	world_fini(&w);
}
END_TEST

START_TEST(who_denies_service_has_no_vote)
{
	struct world w;

	world_init(&w, 3);
	world_start(&w);
	world_run(&w, 60);
	struct source *s = world_source(&w, 0);
	while (!s->client.is_waiting)
		fake_advance(&w.os, 0.01);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	world_hand_in(&w, s, &p);
	ck_assert_uint_eq(s->client.reach, 0);
	world_run(&w, 60);
	ck_assert_int_eq(s->verdict, SOURCE_STALE);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(the_silent_are_not_asked_more_often)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	world_run(&w, 300);
	struct source *s = world_source(&w, 0);
	w.lie[0] = 1;
	while (s->estimator.impossible == 0)
		world_run(&w, 1);
	uint32_t before = s->client.total_tx;
	fake_advance(&w.os, 640);
	ck_assert_uint_le(s->client.total_tx - before, 12);
	world_fini(&w);
}
END_TEST

START_TEST(who_asks_for_less_is_asked_less)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].maxpoll = 10;
	world_start(&w);
	world_run(&w, 300);
	struct source *s = world_source(&w, 0);
	int poll = s->client.poll;
	ck_assert_int_gt(poll, s->client.minpoll);
	while (!s->client.is_waiting)
		fake_advance(&w.os, 0.01);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_RATE;
	world_hand_in(&w, s, &p);
	ck_assert_int_eq(s->client.poll, poll + 1);
	ck_assert_int_eq(s->client.minpoll, poll + 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_next_address_is_tried_when_one_is_dead)
{
	struct world w;
	struct addr addrs[2];

	addr_parse(&addrs[0], "2001:db8::1");
	addr_parse(&addrs[1], "192.0.2.9");
	world_init(&w, 1);
	strcpy(w.config.sources[0].name, "ntp.example.net");
	world_start(&w);
	struct source *s = world_source(&w, 0);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", addrs, 2));
	ck_assert(addr_equal(&s->remote.addr, &addrs[0]));
	fake_advance(&w.os, 20);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", addrs, 2));
	ck_assert(addr_equal(&s->remote.addr, &addrs[1]));
	/* Not for ever as quick as at first. */
	unsigned asked = 0;
	for (int i = 0; i < 3600; i++) {
		fake_advance(&w.os, 1);
		asked += fake_resolve(&w.os, "ntp.example.net", addrs, 2);
	}
	ck_assert_uint_gt(asked, 2);
	ck_assert_uint_lt(asked, 12);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(a_sleep_in_mid_slew_does_no_harm)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	world_run(&w, 300);
	w.ahead += 0.3;
	while (w.os.slew_ppt < 1000000000)
		world_run(&w, 1);
	/* RAW stands still meanwhile, the clock is set from the RTC. */
	w.ahead += 3600;
	w.os.now.real.ns += 3600 * NSEC;
	for (int i = 0; i < 200; i++) {
		world_run(&w, 1);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 0.31);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

START_TEST(once_without_an_answer_ends)
{
	struct world w;

	world_init(&w, 1);
	w.options.mode = ENGINE_SHOW_ONCE;
	world_start(&w);
	fake_advance(&w.os, 19);
	ck_assert(!w.os.is_stopped);
	fake_advance(&w.os, 2);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("trouble", a_drift_file_that_is_wrong_is_corrected,
    an_oscillator_far_off_is_measured, a_server_cannot_make_us_flood_the_clock,
    a_liar_that_answers_first_does_not_step,
    who_does_not_answer_is_waited_for_3_s, a_clock_at_1970_is_set_and_kept,
    who_denies_service_has_no_vote, the_silent_are_not_asked_more_often,
    who_asks_for_less_is_asked_less,
    the_next_address_is_tried_when_one_is_dead,
    a_sleep_in_mid_slew_does_no_harm, once_without_an_answer_ends)
