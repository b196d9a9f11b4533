/* SPDX-License-Identifier: ISC
 *
 * What the reports say of an engine in a known state; above all the signs. */
#include "unit.h"

#include <math.h>

#include "daemon/control/report.h"
#include "tests/emu/small_engine.h"

#define PPM 1e-6

#define near(a, b, tol)                                                        \
	ck_assert_msg(fabs((a) - (b)) <= (tol), "%s = %.12g, not %.12g", #a,   \
	    (double)(a), (double)(b))

/* The engine holds that the clock is err s behind and the oscillator y s/s
 * slow, and runs the clock by it. */
static void
aim(struct small *s, double err, double y)
{
	s->engine.discipline.has_target = true;
	s->engine.discipline.target = (struct estimate){
		.at = s->world.now.raw, .x = small_clock(s) + err, .y = y };
	s->world.base_ppt = llround(y * 1e12);
}

static void
follow(struct small *s)
{
	s->engine.reference = (struct reference){
		.is_synced = true,
		.synced_since = s->world.mono,
		.addr = small_addr("192.0.2.1"),
		.refid = 0xc0000201,
		.stratum = 3,
		.leap = LEAP_INSERT,
		.was_updated = true,
		.updated = s->world.mono,
		.updated_raw = s->world.now.raw,
		.ref_time = s->world.now.real,
		.root_delay = 0.020,
		.root_dispersion = 0.001,
		.last_offset = 0.0005,
		.rms_offset = 0.0003,
		.freq = 20 * PPM,
		.resid_freq = 0.5 * PPM,
		.fused = { .at = s->world.now.raw,
			.pyy = 0.1 * PPM * 0.1 * PPM },
		.update_interval = 64.5,
	};
}

/* One sample that found the clock err s behind. */
static void
measure(struct small *s, struct source *o, double err)
{
	o->has_sample = true;
	o->last = (struct sample){ .at = s->world.now.raw,
		.offset = small_clock(s) + err, .delay = 0.010,
		.dispersion = 1e-6 };
	o->last_error = err;
	o->root_delay = 0.004;
	o->root_dispersion = 0.002;
	o->stratum = 2;
	o->leap = 0;
	estimator_sample(&o->estimator, &o->last);
	stats_add(&o->stats, &o->last);
}

START_TEST(unsynchronised_tracking_is_as_chronyds)
{
	struct small *s = small_new();
	struct cmdmon_tracking t;

	report_tracking(&s->engine, &t);
	ck_assert_uint_eq(t.refid, 0);
	ck_assert_uint_eq(t.addr.family, ADDR_NONE);
	ck_assert_uint_eq(t.stratum, 0);
	ck_assert_uint_eq(t.leap, 3);
	ck_assert_int_eq(t.ref_time.ns, 0);
	ck_assert_double_eq(t.correction, 0);
	ck_assert_double_eq(t.resid_ppm, 0);
	ck_assert_double_eq(t.skew_ppm, 0);
	ck_assert_double_eq(t.root_delay, 1);
	ck_assert_double_eq(t.root_dispersion, 1);
	small_free(s);
}
END_TEST

START_TEST(tracking_turns_the_signs)
{
	struct small *s = small_new();
	struct cmdmon_tracking t;

	follow(s);
	aim(s, 0.010, 20 * PPM); /* 10 ms behind, oscillator slow */
	report_tracking(&s->engine, &t);
	near(t.correction, 0.010, 1e-9);    /* > 0: slow of NTP time */
	near(t.last_offset, -0.0005, 1e-12); /* > 0: was fast */
	near(t.rms_offset, 0.0003, 1e-12);
	near(t.freq_ppm, -20, 1e-9);        /* > 0: oscillator fast */
	near(t.resid_ppm, -0.5, 1e-9);
	near(t.skew_ppm, 0.26, 1e-9); /* 99 % of a normal distribution */
	near(t.root_delay, 0.020, 1e-12);
	near(t.root_dispersion, 0.001, 1e-12);
	near(t.update_interval, 64.5, 1e-12);
	ck_assert_uint_eq(t.refid, 0xc0000201);
	ck_assert_uint_eq(t.stratum, 3);
	ck_assert_uint_eq(t.leap, 1);
	ck_assert_int_eq(t.ref_time.ns, SMALL_NOW);
	small_free(s);
}
END_TEST

START_TEST(root_dispersion_grows_with_skew_and_wander)
{
	struct small *s = small_new();
	struct cmdmon_tracking t;

	follow(s);
	fake_advance(&s->world, 1000);
	report_tracking(&s->engine, &t);
	/* 99.9 % of what the frequency may be off by, and maxclockerror */
	near(t.root_dispersion, 0.001 + 1000 * (3.3 * 0.1e-6 + 1e-6), 1e-9);
	s->engine.reference.wander = 0.3 * PPM;
	report_tracking(&s->engine, &t);
	near(t.root_dispersion, 0.001 + 1000 * 1e-6 +
	    3.3 * sqrt(1e-8 + 0.09e-12 * 1e9 / 3), 1e-9);
	near(t.skew_ppm, 2.6 * sqrt(0.01 + 0.09 * 1000), 1e-6);
	small_free(s);
}
END_TEST

START_TEST(after_a_loss_only_the_past_is_told)
{
	struct small *s = small_new();
	struct cmdmon_tracking t;

	follow(s);
	reference_lose(&s->engine.reference);
	report_tracking(&s->engine, &t);
	ck_assert_uint_eq(t.leap, 3);
	ck_assert_uint_eq(t.stratum, 0);
	ck_assert_double_eq(t.root_delay, 1);
	ck_assert_double_eq(t.skew_ppm, 0);
	ck_assert_int_eq(t.ref_time.ns, 0);
	near(t.freq_ppm, -20, 1e-9);
	near(t.last_offset, -0.0005, 1e-12);
	small_free(s);
}
END_TEST

START_TEST(frequency_before_the_first_update_is_the_kernels)
{
	struct small *s = small_new();
	struct cmdmon_tracking t;

	s->engine.discipline.freq_ppt = 7000000; /* 7 ppm from a drift file */
	report_tracking(&s->engine, &t);
	near(t.freq_ppm, -7, 1e-9);
	small_free(s);
}
END_TEST

START_TEST(slew_shrinks_adjusted_but_not_measured)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "192.0.2.1");
	struct cmdmon_source r;

	aim(s, 0.002, 20 * PPM);
	measure(s, o, 0.002); /* 2 ms behind */
	ck_assert(report_source(&s->engine, 0, &r));
	near(r.measured, -0.002, 1e-12);
	near(r.adjusted, -0.002, 1e-9);
	ck_assert_uint_eq(r.ago_s, 0);

	/* 64 s at the steady rate change nothing ... */
	fake_advance(&s->world, 64);
	ck_assert(report_source(&s->engine, 0, &r));
	near(r.measured, -0.002, 1e-12);
	near(r.adjusted, -0.002, 1e-9);
	ck_assert_uint_eq(r.ago_s, 64);

	/* ... 1.5 ms forward leave half a millisecond. */
	s->world.now.real.ns += 1500000;
	ck_assert(report_source(&s->engine, 0, &r));
	near(r.measured, -0.002, 1e-12);
	near(r.adjusted, -0.0005, 1e-9);
	small_free(s);
}
END_TEST

START_TEST(measuring_only_leaves_adjusted_as_measured)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "192.0.2.1");
	struct cmdmon_source r;

	aim(s, -0.5, 20 * PPM);
	s->engine.discipline.is_controlled = false;
	s->engine.discipline.freq_ppt = 3000000;
	s->world.base_ppt = 3000000; /* what another daemon left */
	measure(s, o, -0.5); /* half a second fast */
	fake_advance(&s->world, 100);
	ck_assert(report_source(&s->engine, 0, &r));
	near(r.measured, 0.5, 1e-12);
	near(r.adjusted, 0.5, 1e-9);
	small_free(s);
}
END_TEST

START_TEST(margin_is_the_root_distance_of_the_measurement)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "192.0.2.1");
	struct cmdmon_source r, later;

	measure(s, o, 0.002);
	ck_assert(report_source(&s->engine, 0, &r));
	/* half of 10 ms and of 4 ms, and 2 ms, and what noise adds */
	ck_assert_double_gt(r.margin, 0.009);
	ck_assert_double_lt(r.margin, 0.030);
	fake_advance(&s->world, 3600);
	ck_assert(report_source(&s->engine, 0, &later));
	near(later.margin, r.margin, 1e-12);
	small_free(s);
}
END_TEST

START_TEST(source_without_samples_is_all_zero)
{
	struct small *s = small_new();
	struct cmdmon_source r;

	small_source(s, "nosuch.invalid", "ID#1");
	ck_assert(report_source(&s->engine, 0, &r));
	ck_assert_uint_eq(r.addr.family, ADDR_ID);
	ck_assert_int_eq(r.poll, 6);
	ck_assert_uint_eq(r.stratum, 0);
	ck_assert_int_eq(r.state, SRC_UNUSABLE);
	ck_assert_uint_eq(r.reach, 0);
	ck_assert_uint_eq(r.ago_s, UINT32_MAX);
	ck_assert_double_eq(r.measured, 0);
	ck_assert_double_eq(r.adjusted, 0);
	ck_assert_double_eq(r.margin, 0);
	ck_assert(!report_source(&s->engine, 1, &r));
	ck_assert(!report_source(&s->engine, UINT32_MAX, &r));
	small_free(s);
}
END_TEST

START_TEST(verdicts_become_the_states_of_chronyc)
{
	static const struct {
		enum source_verdict verdict;
		int state;
	} map[] = {
		{ SOURCE_SELECTED, 0 }, { SOURCE_MISSING, 1 },
		{ SOURCE_UNSYNCED, 1 }, { SOURCE_DISTANT, 1 },
		{ SOURCE_FALSETICKER, 2 }, { SOURCE_JITTERY, 3 },
		{ SOURCE_COMBINED, 4 }, { SOURCE_SELECTABLE, 5 },
		{ SOURCE_WAITING, 5 },
	};
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "2001:db8::1");
	struct cmdmon_source r;

	o->client.reach = 0377;
	for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
		o->verdict = map[i].verdict;
		ck_assert(report_source(&s->engine, 0, &r));
		ck_assert_int_eq(r.state, map[i].state);
		ck_assert_uint_eq(r.reach, 255);
		ck_assert_int_eq(r.mode, MODE_CLIENT);
	}
	small_free(s);
}
END_TEST

START_TEST(sourcestats_turn_the_signs)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "192.0.2.1");
	struct cmdmon_sourcestats r;

	aim(s, 0, 20 * PPM);
	for (int i = 0; i < 5; i++) {
		measure(s, o, 0.003);
		fake_advance(&s->world, 16);
	}
	struct estimate known = { .at = s->world.now.raw,
		.x = small_clock(s) + 0.003, .y = 30 * PPM, .pxx = 1e-8,
		.pyy = 4e-14 };
	bank_start(&o->estimator.bank, &known);
	o->estimator.moments = bank_moments(&o->estimator.bank);
	ck_assert(report_sourcestats(&s->engine, 0, &r));
	ck_assert_uint_eq(r.refid, 0xc0000201);
	ck_assert_uint_eq(r.samples, 5);
	ck_assert_uint_eq(r.span_s, 64);
	ck_assert_uint_ge(r.runs, 1);
	near(r.resid_ppm, -10, 1e-6); /* the clock runs 10 ppm too slow */
	near(r.skew_ppm, 0.52, 1e-6);
	near(r.offset, -0.003, 1e-9); /* > 0: fast */
	near(r.offset_error, 1e-4, 1e-9);
	small_free(s);
}
END_TEST

START_TEST(sourcestats_know_nothing_without_samples)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "a", "192.0.2.1");
	struct cmdmon_sourcestats r;

	small_source(s, "b", "ID#1");
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert(report_sourcestats(&s->engine, i, &r));
		ck_assert_uint_eq(r.samples, 0);
		ck_assert_double_eq(r.skew_ppm, 2000);
		ck_assert_double_eq(r.std_dev, 4);
		ck_assert_double_eq(r.offset, 0);
		ck_assert_double_eq(r.offset_error, 0);
	}
	ck_assert_uint_eq(r.refid, 0);
	ck_assert(!report_sourcestats(&s->engine, 2, &r));

	measure(s, o, 0.001); /* one tells an offset, but no spread */
	ck_assert(report_sourcestats(&s->engine, 0, &r));
	ck_assert_uint_eq(r.samples, 1);
	ck_assert_double_eq(r.skew_ppm, 2000);
	ck_assert_double_eq(r.std_dev, 4);
	near(r.offset, -0.001, 1e-9);
	small_free(s);
}
END_TEST

START_TEST(names_are_found_by_address)
{
	struct small *s = small_new();
	struct addr a = small_addr("192.0.2.2");
	char name[CMDMON_NAME_SIZE];

	small_source(s, "one.example", "192.0.2.1");
	small_source(s, "two.example", "192.0.2.2");
	small_source(s, "lost.example", "ID#1");
	small_source(s, "near.example", "fe80::1%1");
	ck_assert(report_source_name(&s->engine, &a, name));
	ck_assert_str_eq(name, "two.example");
	a = addr_from_id(1);
	ck_assert(report_source_name(&s->engine, &a, name));
	ck_assert_str_eq(name, "lost.example");
	a = small_addr("fe80::1"); /* interfaces do not travel */
	ck_assert(report_source_name(&s->engine, &a, name));
	ck_assert_str_eq(name, "near.example");
	a = small_addr("192.0.2.3");
	ck_assert(!report_source_name(&s->engine, &a, name));
	small_free(s);
}
END_TEST

START_TEST(activity_counts_each_source_once)
{
	struct small *s = small_new();
	struct cmdmon_activity a;

	small_source(s, "a", "192.0.2.1");
	small_source(s, "b", "192.0.2.2")->client.burst = 3;
	small_source(s, "c", "192.0.2.3")->client.is_denied = true;
	small_source(s, "d", "ID#1")->client.burst = 3;
	report_activity(&s->engine, &a);
	ck_assert_int_eq(a.online, 1);
	ck_assert_int_eq(a.burst_online, 1);
	ck_assert_int_eq(a.burst_offline, 0);
	ck_assert_int_eq(a.offline, 1);
	ck_assert_int_eq(a.unresolved, 1);
	ck_assert_uint_eq(report_n_sources(&s->engine), 4);
	small_free(s);
}
END_TEST

START_TEST(status_of_a_daemon_that_just_started)
{
	struct small *s = small_new();
	struct cmdmon_native_status r;

	report_status(&s->engine, &r);
	ck_assert_uint_eq(r.synced_for_s, 0);
	ck_assert_uint_eq(r.updated_ago_s, UINT32_MAX);
	ck_assert_uint_eq(r.next_poll_s, UINT32_MAX);
	ck_assert_uint_eq(r.sources, 0);
	ck_assert_uint_eq(r.flags, 0);
	near(r.max_error, 1.5, 1e-12);
	small_free(s);
}
END_TEST

START_TEST(status_sums_up)
{
	static const enum source_verdict verdicts[] = { SOURCE_SELECTED,
		SOURCE_COMBINED, SOURCE_SELECTABLE, SOURCE_FALSETICKER,
		SOURCE_MISSING };
	struct small *s = small_new();
	struct cmdmon_native_status r;
	char addr[] = "192.0.2.0";

	follow(s);
	for (size_t i = 0; i < 5; i++) {
		struct source *o;

		addr[8]++;
		o = small_source(s, "x", addr);
		o->verdict = verdicts[i];
		o->client.next_poll = mono_add(s->world.mono,
		    50 + 10 * (double)i);
	}
	small_source(s, "y", "ID#1");
	aim(s, -0.002, 0);
	s->engine.discipline.short_of = 0.5;
	s->engine.discipline.is_controlled = false;
	struct source *first = TAILQ_FIRST(&s->engine.sources);
	first->client.pollctl.is_missed = true; /* it has no target yet */
	fake_advance(&s->world, 30);
	report_status(&s->engine, &r);
	ck_assert_uint_eq(r.synced_for_s, 30);
	ck_assert_uint_eq(r.updated_ago_s, 30);
	ck_assert_uint_eq(r.next_poll_s, 20);
	ck_assert_uint_eq(r.sources, 6);
	ck_assert_uint_eq(r.usable, 3);
	ck_assert_uint_eq(r.combined, 2);
	ck_assert_uint_eq(r.falsetickers, 1);
	ck_assert_uint_eq(r.unresolved, 1);
	ck_assert_uint_eq(r.flags, STATUS_NO_CLOCK | STATUS_GUARD_SHORT);
	/* offset, dispersion after 30 s, half the delay */
	near(r.max_error, 0.002 + 0.001 + 30 * 1.33e-6 + 0.010, 1e-9);
	near(r.skew_ppm, 0.26, 1e-9);
	first->conf.target = 1e-6;
	report_status(&s->engine, &r);
	ck_assert_uint_eq(r.flags, STATUS_NO_CLOCK | STATUS_GUARD_SHORT |
	    STATUS_TARGET_MISSED);
	small_free(s);
}
END_TEST

START_TEST(guard_tells_limits_and_what_is_left)
{
	struct small *s = small_new();
	struct discipline *d = &s->engine.discipline;
	struct cmdmon_guard g;

	report_guard(&s->engine, &g);
	ck_assert_uint_eq(g.flags, 0);
	ck_assert_uint_eq(g.window_s, 900);
	ck_assert_int_eq(g.steps, 0);
	near(g.bucket, 2, 0);
	near(g.refill_ppm, 100, 0);
	near(g.max_base_ppm, 500, 0);

	s->config.guard = (struct config_guard){ .off = true, .window_s = 60,
		.bucket = 5, .refill_ppm = 10, .operator_steps = 4,
		.notbefore_s = 1, .notafter_s = -2 };
	s->config.has_makestep = true;
	s->config.makestep_limit = 3;
	s->config.has_maxdrift = true;
	s->config.maxdrift_ppm = 600;
	d->answered = s->world.mono;
	d->window_s = 17;
	d->steps_guard = 2;
	d->budget_ns = -250000000;
	d->short_of = 3600;
	d->refused_range = 1;
	d->refused_budget = 2;
	d->refused_rate = 3;
	d->refused_other = 4;
	d->is_controlled = false;
	report_guard(&s->engine, &g);
	ck_assert_uint_eq(g.flags, GUARD_OFF | GUARD_NO_CLOCK);
	ck_assert_uint_eq(g.window_left_s, 17);
	ck_assert_int_eq(g.steps, 3);
	ck_assert_uint_eq(g.steps_left, 2);
	ck_assert_uint_eq(g.operator_steps, 4);
	ck_assert_uint_eq(g.refused_range, 1);
	ck_assert_uint_eq(g.refused_budget, 2);
	ck_assert_uint_eq(g.refused_rate, 3);
	ck_assert_uint_eq(g.refused_other, 4);
	ck_assert_int_eq(g.notbefore_s, 1);
	ck_assert_int_eq(g.notafter_s, -2);
	near(g.budget, -0.25, 1e-12);
	near(g.max_base_ppm, 600, 0);
	near(g.wanted, 3600, 0);
	s->config.makestep_limit = -7;
	report_guard(&s->engine, &g);
	ck_assert_int_eq(g.steps, -1);
	small_free(s);
}
END_TEST

UNIT_MAIN("report", unsynchronised_tracking_is_as_chronyds,
    tracking_turns_the_signs, root_dispersion_grows_with_skew_and_wander,
    after_a_loss_only_the_past_is_told,
    frequency_before_the_first_update_is_the_kernels,
    slew_shrinks_adjusted_but_not_measured,
    measuring_only_leaves_adjusted_as_measured,
    margin_is_the_root_distance_of_the_measurement,
    source_without_samples_is_all_zero, verdicts_become_the_states_of_chronyc,
    sourcestats_turn_the_signs, sourcestats_know_nothing_without_samples,
    names_are_found_by_address, activity_counts_each_source_once,
    status_of_a_daemon_that_just_started, status_sums_up,
    guard_tells_limits_and_what_is_left)
