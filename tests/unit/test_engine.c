/* SPDX-License-Identifier: ISC
 *
 * What the engine makes of good answers: selection, steering, the end. */
#include <errno.h>

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "tests/emu/engine_world.h"

START_TEST(thirty_ms_and_20_ppm_are_slewed_away)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.03;
	w.ppm = 20;
	world_start(&w);
	world_run(&w, 20);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_run(&w, 40);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_run(&w, 240);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 5e-6);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 20, 0.1);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(w.engine.reference.stratum, 2);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(makestep_steps_once)
{
	struct world w;
	unsigned steps = 0;

	world_init(&w, 1);
	w.ahead = -0.2;
	w.config.has_makestep = true;
	w.config.makestep_threshold = 0.1;
	w.config.makestep_limit = 3;
	world_start(&w);
	world_run(&w, 1);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
	for (int i = 0; i < 60; i++) {
		world_run(&w, 1);
		steps = world_requests(&w, CLK_STEP);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
	}
	ck_assert_uint_eq(steps, 1);
	world_fini(&w);
}
END_TEST

START_TEST(somebody_elses_step_is_slewed_back)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	w.os.now.real = tspec_add(w.os.now.real, 0.05);
	world_run(&w, 40);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

/* By a slew of 0.4 s at most; what it leaves is seen before the next poll. */
START_TEST(what_a_large_slew_has_left_is_slewed_too)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	w.is_silent[0] = true;
	w.os.now.real = tspec_add(w.os.now.real, -0.05);
	discipline_correct(&w.engine);
	world_run(&w, 1);
	w.os.now.real = tspec_add(w.os.now.real, -0.008); /* late, say */
	world_run(&w, 39);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

/* A round trip between processes for each word: what the kernel is to hear goes
 * with the adjustments, and by itself where there are none. */
START_TEST(no_news_are_told_with_adjustments)
{
	struct world w;
	unsigned n, adjusted = 0;

	world_init(&w, 1);
	w.config.sources[0].maxpoll = 2;
	world_start(&w);
	world_run(&w, 2000);
	n = w.os.n_requests;
	world_run(&w, 600);
	ck_assert_uint_lt(w.os.n_requests - n, FAKE_REQUESTS);
	for (; n < w.os.n_requests; n++) {
		const struct clk_req *r = &w.os.requests[n % FAKE_REQUESTS];

		ck_assert_uint_eq(r->type, CLK_ADJUST);
		ck_assert_uint_eq(r->u.adjust.status.is_told, true);
		ck_assert_uint_eq(r->u.adjust.status.flags & CLK_SYNCED,
		    CLK_SYNCED);
		ck_assert_int_lt(r->u.adjust.status.maxerror_ns, NSEC / 1000);
		adjusted++;
	}
	ck_assert_uint_ge(adjusted, 30);
	w.is_silent[0] = true;
	world_run(&w, 700);
	ck_assert_uint_ge(w.os.n_requests - n, 2);
	ck_assert_uint_le(w.os.n_requests - n, 4);
	for (; n < w.os.n_requests; n++)
		ck_assert_uint_eq(w.os.requests[n % FAKE_REQUESTS].type,
		    CLK_STATUS);
	world_fini(&w);
}
END_TEST

START_TEST(when_the_clock_was_set_servers_are_asked_but_not_twice_within_minpoll)
{
	const struct clk_rep was_set = { .type = CLK_WAS_SET };
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	const struct client *c = &TAILQ_FIRST(&w.engine.sources)->client;
	uint32_t asked = c->total_tx;

	for (int i = 0; i < 2; i++) {
		w.os.now.real = tspec_add(w.os.now.real, 0.05);
		engine_clock_event(&w.engine, &was_set);
		world_run(&w, 3);
	}
	ck_assert_uint_eq(c->total_tx, asked + 1);
	world_fini(&w);
}
END_TEST

START_TEST(what_was_set_is_set_back_within_two_seconds)
{
	const struct clk_rep was_set = { .type = CLK_WAS_SET };
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 100);
	w.os.now.real = tspec_add(w.os.now.real, 0.05);
	engine_clock_event(&w.engine, &was_set);
	world_run(&w, 4);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 50e-6);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(without_permission_it_measures_only)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.03;
	w.os.answer.error = EPERM;
	world_start(&w);
	world_run(&w, 60);
	ck_assert_double_eq_tol(world_clock_error(&w), 0.03, 1e-9);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_eq_tol(w.engine.reference.last_offset, 0.03, 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(a_short_budget_is_used_and_no_more)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 30);
	w.os.answer.error = ENOSPC;
	w.os.answer.budget_ns = NSEC / 100;
	w.ahead += 5; /* the server jumps: believed at the fourth sample */
	world_run(&w, 30);
	ck_assert_double_gt(w.engine.discipline.short_of, 4);
	const struct clk_req *last = NULL;
	for (unsigned i = 0; i < FAKE_REQUESTS; i++)
		if (w.os.requests[i].type == CLK_ADJUST &&
		    (!last || w.os.requests[i].seq >= last->seq))
			last = &w.os.requests[i];
	ck_assert_ptr_nonnull(last);
	ck_assert_uint_gt(w.engine.discipline.refused_budget, 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_short_budget_is_used_within_what_the_kernel_can)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 10;
	w.config.maxslewrate_ppm = 100000;
	w.os.answer.error = ENOSPC;
	w.os.answer.budget_ns = NSEC;
	world_start(&w);
	world_run(&w, 100);
	for (unsigned i = 0; i < w.os.n_requests && i < FAKE_REQUESTS; i++) {
		const struct clk_req *r = &w.os.requests[i];

		if (r->type == CLK_ADJUST)
			ck_assert_int_le(r->u.adjust.base_ppt +
			    r->u.adjust.slew_ppt, INT64_C(100000000000));
	}
	ck_assert_uint_gt(world_requests(&w, CLK_ADJUST), 1);
	world_fini(&w);
}
END_TEST

START_TEST(a_minority_is_a_falseticker)
{
	struct world w;

	world_init(&w, 3);
	w.lie[1] = 0.1;
	world_start(&w);
	world_run(&w, 60);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	ck_assert_int_eq(world_source(&w, 1)->verdict, SOURCE_FALSETICKER);
	ck_assert_int_ne(world_source(&w, 0)->verdict, SOURCE_FALSETICKER);
	world_fini(&w);
}
END_TEST

START_TEST(two_that_disagree_are_not_followed)
{
	struct world w;

	world_init(&w, 2);
	world_start(&w);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
	w.lie[1] = 0.1;
	world_run(&w, 60);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_int_eq(w.engine.reference.leap, LEAP_UNSYNC);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(names_are_asked_for_until_they_are_known)
{
	struct world w;
	struct addr a;

	world_init(&w, 1);
	strcpy(w.config.sources[0].name, "ntp.example.net");
	world_start(&w);
	struct source *s = world_source(&w, 0);
	ck_assert_uint_eq(s->remote.addr.family, ADDR_ID);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", NULL, -1));
	fake_advance(&w.os, 2.1);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", NULL, 0));
	fake_advance(&w.os, 4.1);
	ck_assert_int_eq(addr_parse(&a, "192.0.2.77"), 0);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", &a, 1));
	ck_assert(addr_equal(&s->remote.addr, &a));
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(show_once_says_the_offset_and_ends)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.05;
	w.options.mode = ENGINE_SHOW_ONCE;
	w.options.is_measuring_only = true;
	world_start(&w);
	world_run(&w, 20);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	ck_assert_double_eq_tol(world_clock_error(&w), 0.05, 1e-9);
	world_fini(&w);
}
END_TEST

START_TEST(set_once_steps_and_ends)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.05;
	w.os.base_ppt = 1000000;
	w.options.mode = ENGINE_SET_ONCE;
	world_start(&w);
	world_run(&w, 20);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 1);
	ck_assert_int_eq(w.os.base_ppt, 1000000);
	world_fini(&w);
}
END_TEST

START_TEST(servers_cannot_fill_the_log)
{
	struct world w;
	unsigned said = 0;

	world_init(&w, 1);
	world_start(&w);
	for (int i = 0; i < 1000; i++)
		said += engine_may_say(&w.engine);
	ck_assert_uint_eq(said, 20);
	fake_advance(&w.os, 601);
	ck_assert(engine_may_say(&w.engine));
	world_fini(&w);
}
END_TEST

/* Lines that a file has. */
static unsigned
lines_of(FILE *f)
{
	unsigned n = 0;

	rewind(f);
	for (int c; (c = getc(f)) != EOF;)
		n += c == '\n';
	return n;
}

START_TEST(a_server_that_comes_and_goes_cannot_fill_the_log)
{
	struct world w;
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	log_init(fileno(f), LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	world_init(&w, 1);
	world_start(&w);
	for (int i = 0; i < 150; i++) { /* in the budget, and beyond it */
		w.lie[0] = i % 2 ? 10 : 0;
		w.os.answer.error = i % 2 ? ENOSPC : 0;
		w.os.answer.budget_ns = NSEC;
		world_run(&w, 20);
	}
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	ck_assert_uint_le(lines_of(f), 6 * 21);
	fclose(f);
	world_fini(&w);
}
END_TEST

START_TEST(a_timeout_without_time_is_a_failure)
{
	struct world w;

	world_init(&w, 1);
	w.options.timeout = 5;
	world_start(&w);
	fake_advance(&w.os, 6);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_end_writes_the_drift_file)
{
	struct world w;
	struct clk_rep term = { .type = CLK_TERM };

	world_init(&w, 1);
	strcpy(w.config.driftfile, "/var/lib/tock/clock/drift");
	w.ppm = -7;
	world_start(&w);
	world_run(&w, 300);
	engine_clock_event(&w.engine, &term);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	bool found = false;
	for (unsigned i = 0; i < FAKE_REQUESTS; i++)
		if (w.os.requests[i].type == CLK_DRIFT) {
			found = true;
			ck_assert_double_eq_tol(
			    (double)w.os.requests[i].u.drift.freq_ppt * 1e-6, -7,
			    0.1);
		}
	ck_assert(found);
	world_fini(&w);
}
END_TEST

START_TEST(a_drift_file_that_knows_nothing_does_no_harm)
{
	const double skews[] = { 1e6, 1e9, 1e160, 1e300 }; /* ppm */

	for (size_t i = 0; i < sizeof skews / sizeof *skews; i++) {
		struct world w;

		world_init(&w, 3);
		w.options.drift_ppm = 1;
		w.options.drift_skew_ppm = skews[i];
		w.ahead = 0.01;
		w.ppm = 20;
		world_start(&w);
		world_run(&w, 300);
		ck_assert(w.engine.reference.is_synced);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-5);
		world_fini(&w);
	}
}
END_TEST

/* Who combines sources may be far from the best one, whose distance from the
 * truth is the one that is passed on. */
START_TEST(the_claim_includes_the_distance_to_the_best_source)
{
	struct world w;
	struct estimate own;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 60);
	struct engine *e = &w.engine;
	struct source *s = world_source(&w, 0);
	struct pair now = e->os->ops->pair(e->os);
	ck_assert(estimator_at(&s->estimator, now.raw, &own));
	double age = raw_sub(now.raw, s->last.at);
	double known = s->root_dispersion + s->last.dispersion + 1e-6 * age;

	reference_follow(e, s, &own, now, 0);
	ck_assert_double_eq_tol(e->reference.root_dispersion,
	    known + CLAIM_SIGMAS * sqrt(own.pxx), 1e-12);
	own.x += 5e-3;
	reference_follow(e, s, &own, now, 0);
	ck_assert_double_eq_tol(e->reference.root_dispersion, known + 5e-3,
	    1e-9);

	own.x -= 5e-3;
	s->last.at = raw_add(s->last.at, -1000); /* silent for that long */
	reference_follow(e, s, &own, now, 0);
	ck_assert_double_eq_tol(e->reference.root_dispersion,
	    known + CLAIM_SIGMAS * sqrt(own.pxx) + 1e-3, 1e-9);
	world_fini(&w);
}
END_TEST

/* All that they say is taken in, but not one selection for each. */
START_TEST(what_many_sources_say_is_followed_together)
{
	struct world w;

	world_init(&w, 16);
	for (unsigned i = 0; i < 16; i++)
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = 0;
	world_start(&w);
	world_run(&w, 30);

	unsigned before = w.engine.fuse.samples, said = w.answered;

	world_run(&w, 30);
	ck_assert_uint_gt(w.answered - said, 400);
	ck_assert_uint_le(w.engine.fuse.samples - before, 109);
	ck_assert_uint_gt(w.engine.fuse.samples - before, 50);
	for (unsigned i = 0; i < 16; i++) {
		const struct source *source = world_source(&w, i);

		ck_assert_uint_gt(source->estimator.samples, 30);
		ck_assert_uint_eq(source->member.learned + source->is_news,
		    source->estimator.samples);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w)), 5e-6);
	world_fini(&w);
}
END_TEST

START_TEST(what_one_source_says_is_all_learned)
{
	struct world w;
	unsigned before;

	world_init(&w, 2);
	for (int i = 0; i < 2; i++)
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = -4;
	world_start(&w);
	world_run(&w, 10);
	for (unsigned i = 0; i < 100; i++) {
		struct source *s = world_source(&w, i % 2);

		before = s->estimator.samples;
		world_run(&w, 0.0625);
		ck_assert_uint_le(s->estimator.samples - before, 2);
		ck_assert_uint_eq(s->member.learned + s->is_news,
		    s->estimator.samples);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w)), 5e-6);
	world_fini(&w);
}
END_TEST

/* Requests to the clock from number `from` on that are adjustments. */
static unsigned
adjustments(const struct world *w, unsigned from)
{
	unsigned n = 0;

	for (unsigned i = from; i < w->os.n_requests; i++)
		n += w->os.requests[i % FAKE_REQUESTS].type == CLK_ADJUST;
	return n;
}

/* By a server that scatters, of which no sample says much. */
START_TEST(what_drowns_in_the_noise_is_not_corrected)
{
	struct world w;
	unsigned adjusted = 0, answered = 0;
	double worst = 0;

	world_init(&w, 1);
	world_start(&w);
	for (int i = 0; i < 1000; i++) {
		unsigned asked = w.os.n_requests, before = w.answered;

		w.lie[0] = 20e-6 * sin(i * i);
		world_run(&w, 4);
		if (i < 200)
			continue;
		adjusted += adjustments(&w, asked);
		answered += w.answered - before;
		worst = fmax(worst, fabs(world_clock_error(&w)));
	}
	ck_assert_uint_gt(answered, 150);
	ck_assert_uint_lt(4 * adjusted, 3 * answered);
	ck_assert_double_lt(worst, 20e-6);

	w.ppm += 0.5; /* is news, and does not wait */
	w.lie[0] = 0;
	world_run(&w, 400);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, w.ppm, 0.1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("engine", thirty_ms_and_20_ppm_are_slewed_away, makestep_steps_once,
    somebody_elses_step_is_slewed_back,
    what_a_large_slew_has_left_is_slewed_too, no_news_are_told_with_adjustments,
    when_the_clock_was_set_servers_are_asked_but_not_twice_within_minpoll,
    what_was_set_is_set_back_within_two_seconds,
    without_permission_it_measures_only,
    a_short_budget_is_used_and_no_more, a_minority_is_a_falseticker,
    a_short_budget_is_used_within_what_the_kernel_can,
    two_that_disagree_are_not_followed,
    names_are_asked_for_until_they_are_known,
    show_once_says_the_offset_and_ends, set_once_steps_and_ends,
    servers_cannot_fill_the_log,
    a_server_that_comes_and_goes_cannot_fill_the_log, a_timeout_without_time_is_a_failure,
    the_end_writes_the_drift_file,
    a_drift_file_that_knows_nothing_does_no_harm,
    the_claim_includes_the_distance_to_the_best_source,
    what_many_sources_say_is_followed_together,
    what_one_source_says_is_all_learned,
    what_drowns_in_the_noise_is_not_corrected)
