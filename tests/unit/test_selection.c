/* SPDX-License-Identifier: ISC
 *
 * Whom the engine follows, by options and by what the servers are like. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/engine/manage.h"
#include "daemon/engine/selection.h"
#include "tests/emu/engine_world.h"

#define FOLLOWS(w, i)                                                          \
	ck_assert(addr_equal(&(w)->engine.reference.addr,                      \
	    &world_source(w, i)->remote.addr))

static void
has_verdicts(struct world *w, const char *letters)
{
	char now[WORLD_SERVERS + 1] = "";
	const struct source *s;
	unsigned i = 0;

	TAILQ_FOREACH(s, &w->engine.sources, link)
		now[i++] = (char)s->verdict;
	ck_assert_str_eq(now, letters);
}

START_TEST(noselect_is_watched_only)
{
	struct world w;

	world_init(&w, 2);
	w.config.sources[0].select = SELECT_NOSELECT;
	w.lie[0] = 5;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "N*");
	ck_assert_uint_gt(world_source(&w, 0)->client.total_good, 4);
	world_fini(&w);
}
END_TEST

/* Not even by being there when the others are not. */
START_TEST(noselect_makes_nobody_stale)
{
	struct world w;

	world_init(&w, 2);
	w.config.sources[0].select = SELECT_NOSELECT;
	world_start(&w);
	world_run(&w, 60);
	w.is_silent[1] = true;
	world_run(&w, 300);
	ck_assert_uint_eq(world_source(&w, 1)->client.reach, 0);
	has_verdicts(&w, "N*");
	world_fini(&w);
}
END_TEST

START_TEST(prefer_leaves_the_others_out)
{
	struct world w;

	world_init(&w, 3);
	w.config.sources[1].select = SELECT_PREFER;
	w.distance[1] = 1e-3;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "P*P");
	FOLLOWS(&w, 1);
	world_fini(&w);
}
END_TEST

START_TEST(prefer_does_not_save_a_falseticker)
{
	struct world w;

	world_init(&w, 3);
	w.config.sources[1].select = SELECT_PREFER;
	w.lie[1] = 0.1;
	world_start(&w);
	world_run(&w, 20);
	ck_assert_int_eq(world_source(&w, 1)->verdict, SOURCE_FALSETICKER);
	ck_assert(w.engine.reference.is_synced);
	ck_assert(world_source(&w, 1)->is_known_liar);
	ck_assert_uint_eq(w.engine.said, 2); /* whom we follow, and this */
	w.lie[1] = 0;
	world_run(&w, 200);
	ck_assert(!world_source(&w, 1)->is_known_liar);
	world_fini(&w);
}
END_TEST

START_TEST(trust_is_not_outvoted)
{
	struct world w;

	world_init(&w, 3);
	w.config.sources[0].select = SELECT_TRUST;
	w.lie[1] = w.lie[2] = 0.1;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "*xx");
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(who_might_lead_away_from_the_trusted_is_not_combined)
{
	struct world w;

	world_init(&w, 2);
	w.config.combinelimit = 1e6;
	w.config.sources[0].select = SELECT_TRUST;
	w.distance[1] = 0.5;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "*T");
	world_fini(&w);
}
END_TEST

START_TEST(require_waits_for_one_that_agrees)
{
	struct world w;

	world_init(&w, 3);
	w.config.sources[0].select = SELECT_REQUIRE;
	w.is_silent[0] = true;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "MWW");
	ck_assert(!w.engine.reference.is_synced);
	w.is_silent[0] = false;
	world_run(&w, 20);
	ck_assert(w.engine.reference.is_synced);
	w.lie[0] = 1;
	world_run(&w, 60);
	has_verdicts(&w, "xWW");
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

/* The options that two plain sources and one with a key have in a mode. */
static void
has_options(int mode, unsigned plain, unsigned auth)
{
	struct world w;

	world_init(&w, 3);
	w.config.authselectmode = mode;
	w.config.sources[2].key = 7;
	world_start(&w);
	world_run(&w, 20);
	ck_assert_uint_eq(world_source(&w, 0)->options, plain);
	ck_assert_uint_eq(world_source(&w, 1)->options, plain);
	ck_assert_uint_eq(world_source(&w, 2)->options, auth);
	/* Nobody has that key. */
	ck_assert_int_eq(w.engine.reference.is_synced, plain == 0 && auth == 0);
	world_fini(&w);
}

START_TEST(authentication_counts_by_mode)
{
	has_options(AUTHSELECT_MIX, 0, SELECT_TRUST | SELECT_REQUIRE);
	has_options(AUTHSELECT_IGNORE, 0, 0);
	has_options(AUTHSELECT_PREFER, SELECT_NOSELECT, 0);
	has_options(AUTHSELECT_REQUIRE, SELECT_NOSELECT, 0);
}
END_TEST

START_TEST(where_nobody_is_authenticated_only_require_matters)
{
	for (int mode = AUTHSELECT_MIX; mode <= AUTHSELECT_REQUIRE; mode++) {
		struct world w;

		world_init(&w, 1);
		w.config.authselectmode = mode;
		world_start(&w);
		world_run(&w, 20);
		has_verdicts(&w, mode == AUTHSELECT_REQUIRE ? "N" : "*");
		world_fini(&w);
	}
}
END_TEST

START_TEST(minsources_have_to_agree)
{
	struct world w;

	world_init(&w, 3);
	w.config.minsources = 3;
	w.lie[2] = 0.1;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "WWx");
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(maxdistance_keeps_out)
{
	struct world w;

	world_init(&w, 2);
	w.config.maxdistance = 0.2;
	w.distance[0] = 0.25;
	w.distance[1] = 0.15;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "d*");
	world_fini(&w);
}
END_TEST

START_TEST(maxjitter_keeps_out)
{
	for (int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, 2);
		w.config.maxjitter = i == 0 ? 10e-6 : 1;
		w.distance[0] = w.distance[1] = 0.1;
		world_start(&w);
		for (int k = 0; k < 200; k++) {
			w.lie[0] = k % 3 == 0 ? 40e-6 : -40e-6;
			world_run(&w, 1);
		}
		ck_assert_int_eq(world_source(&w, 0)->verdict == SOURCE_JITTERY,
		    i == 0);
		ck_assert(selection_uses(world_source(&w, 1)));
		world_fini(&w);
	}
}
END_TEST

START_TEST(strata_out_of_range_are_kept_out)
{
	struct world w;

	world_init(&w, 3);
	w.config.minstratum = 2;
	w.config.maxstratum = 4;
	w.stratum[1] = 4;
	w.stratum[2] = 5;
	world_start(&w);
	world_run(&w, 20);
	has_verdicts(&w, "r*r");
	ck_assert_uint_eq(w.engine.reference.stratum, 5);
	world_fini(&w);
}
END_TEST

START_TEST(a_stratum_is_raised_to_the_sources_minstratum)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minstratum = 6;
	world_start(&w);
	world_run(&w, 20);
	ck_assert_uint_eq(w.engine.reference.stratum, 7);
	world_fini(&w);
}
END_TEST

START_TEST(a_stratum_is_worth_its_weight)
{
	for (int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, 2);
		w.distance[0] = 10e-3;
		w.distance[1] = 9e-3;
		w.stratum[1] = 3;
		if (i == 1)
			w.config.stratumweight = 0;
		world_start(&w);
		world_run(&w, 20);
		FOLLOWS(&w, (unsigned)i);
		world_fini(&w);
	}
}
END_TEST

/* Two that change places; which one is followed afterwards? */
static void
overtaken(struct world *w, double reselectdist)
{
	world_init(w, 2);
	w->config.reselectdist = reselectdist;
	w->distance[0] = 9e-3;
	w->distance[1] = 11e-3;
	world_start(w);
	world_run(w, 60);
	FOLLOWS(w, 0);
	w->distance[0] = 11e-3;
	w->distance[1] = 9e-3;
	world_run(w, 60);
	FOLLOWS(w, 0); /* not at once */
	world_run(w, 400);
}

START_TEST(who_is_nearer_takes_over_after_a_while)
{
	struct world w;

	overtaken(&w, 1e-4);
	FOLLOWS(&w, 1);
	world_fini(&w);
}
END_TEST

START_TEST(reselectdist_keeps_the_old_one)
{
	struct world w;

	overtaken(&w, 5e-3);
	FOLLOWS(&w, 0);
	manage_reselect(&w.engine);
	has_verdicts(&w, "+*");
	world_fini(&w);
}
END_TEST

START_TEST(the_score_grows_with_each_sample)
{
	struct world w;
	struct selection_report r;

	overtaken(&w, 1.9e-3); /* nearly as good as the difference */
	FOLLOWS(&w, 0);
	selection_describe(world_source(&w, 1), w.os.os.ops->pair(&w.os.os),
	    &r);
	ck_assert_double_gt(r.score, 1);
	ck_assert_double_lt(r.score, 10);
	world_fini(&w);
}
END_TEST

START_TEST(combinelimit_keeps_the_far_ones_out)
{
	static const struct {
		double limit;
		const char *verdicts;
	} cases[] = { { 3, "*+D" }, { 10, "*++" }, { 0, "*DD" } };

	for (unsigned i = 0; i < 3; i++) {
		struct world w;

		world_init(&w, 3);
		w.config.combinelimit = cases[i].limit;
		w.distance[0] = 10e-3;
		w.distance[1] = 20e-3;
		w.distance[2] = 50e-3;
		world_start(&w);
		world_run(&w, 30);
		has_verdicts(&w, cases[i].verdicts);
		world_fini(&w);
	}
}
END_TEST

START_TEST(who_repeats_another_source_is_not_combined)
{
	struct world w;

	world_init(&w, 2);
	w.stratum[1] = 2;
	world_start(&w);
	world_run(&w, 30);
	has_verdicts(&w, "*+");
	world_source(&w, 1)->refid = 0xc0000201; /* 192.0.2.1 */
	engine_reselect(&w.engine);
	has_verdicts(&w, "*D");
	world_fini(&w);
}
END_TEST

START_TEST(maxunreach_ends_what_is_left_of_a_silent_source)
{
	for (int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, 1);
		w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 2;
		if (i == 0)
			w.config.sources[0].maxunreach = 4;
		world_start(&w);
		world_run(&w, 30);
		w.is_silent[0] = true;
		world_run(&w, 4 * 8); /* the intervals grow then */
		ck_assert(w.engine.reference.is_synced);
		world_run(&w, 300);
		ck_assert_int_eq(w.engine.reference.is_synced, i == 1);
		if (i == 0)
			has_verdicts(&w, "S");
		w.is_silent[0] = false;
		world_run(&w, 60);
		ck_assert(w.engine.reference.is_synced);
		world_fini(&w);
	}
}
END_TEST

START_TEST(copy_takes_over_stratum_and_refid)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].copy = true;
	w.stratum[0] = 3;
	world_start(&w);
	world_run(&w, 20);
	ck_assert_uint_eq(w.engine.reference.stratum, 3);
	ck_assert_uint_eq(w.engine.reference.refid, 0x47505300);
	world_fini(&w);
}
END_TEST

/* More than are held against each other. */
START_TEST(of_hundreds_some_are_followed)
{
	struct world w;
	struct config_source conf;
	struct source *s = NULL;

	world_init(&w, 0);
	world_start(&w);
	memset(&conf, 0, sizeof conf);
	source_defaults(&conf);
	for (int i = 0; i < 600; i++) {
		struct sample sample = { .at = w.os.now.raw, .delay = 1e-3,
			.dispersion = 1e-6 };

		snprintf(conf.name, sizeof conf.name, "10.0.%d.%d", i / 200,
		    1 + i % 200);
		conf.select = i < 300 ? SELECT_NOSELECT : 0;
		ck_assert_int_eq(manage_add(&w.engine, &conf), 0);
		s = TAILQ_LAST(&w.engine.sources, source_list);
		estimator_sample(&s->estimator, &sample);
		s->has_sample = true;
		s->last = sample;
		s->leap = LEAP_NONE;
		s->stratum = 1;
		s->client.reach = 1;
		s->client.total_valid = 1;
	}
	engine_update(&w.engine, world_source(&w, 300));
	ck_assert(w.engine.reference.is_synced);
	ck_assert_int_eq(world_source(&w, 0)->verdict, SOURCE_NOSELECT);
	ck_assert(selection_uses(world_source(&w, 300)));
	ck_assert_int_eq(s->verdict, SOURCE_MISSING);
	world_fini(&w);
}
END_TEST

START_TEST(options_change_at_run_time)
{
	struct world w;

	world_init(&w, 2);
	world_start(&w);
	world_run(&w, 20);
	struct addr a = world_source(&w, 0)->remote.addr;
	ck_assert_int_eq(manage_select(&w.engine, &a, SELECT_NOSELECT,
	    SELECT_NOSELECT), 0);
	has_verdicts(&w, "N*");
	ck_assert_int_eq(manage_select(&w.engine, &a,
	    SELECT_NOSELECT | SELECT_PREFER, SELECT_PREFER), 0);
	has_verdicts(&w, "*P");
	world_fini(&w);
}
END_TEST

START_TEST(what_is_known_of_a_source_can_be_told)
{
	struct world w;
	struct selection_report r;

	world_init(&w, 2);
	w.config.authselectmode = AUTHSELECT_REQUIRE;
	w.config.sources[0].select = SELECT_TRUST;
	w.config.sources[1].key = 7;
	w.options.is_measuring_only = true;
	w.os.answer.error = 1;
	w.ahead = 0.03;
	world_start(&w);
	world_run(&w, 20);
	selection_describe(world_source(&w, 0), w.os.os.ops->pair(&w.os.os),
	    &r);
	ck_assert_int_eq(r.verdict, SOURCE_NOSELECT);
	ck_assert(!r.is_authenticated);
	ck_assert_uint_eq(r.configured, SELECT_TRUST);
	ck_assert_uint_eq(r.effective, SELECT_TRUST | SELECT_NOSELECT);
	ck_assert_int_eq(r.leap, LEAP_NONE);
	ck_assert(r.has_sample);
	ck_assert_double_eq(r.score, 1);
	ck_assert_double_lt(r.ago, 17);
	ck_assert_double_le(r.low, 0.03);
	ck_assert_double_ge(r.high, 0.03);
	ck_assert_double_lt(r.high - r.low, 0.01);
	selection_describe(world_source(&w, 1), w.os.os.ops->pair(&w.os.os),
	    &r);
	ck_assert(r.is_authenticated);
	ck_assert(!r.has_sample);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("selection", noselect_is_watched_only, noselect_makes_nobody_stale,
    prefer_leaves_the_others_out, prefer_does_not_save_a_falseticker,
    trust_is_not_outvoted,
    who_might_lead_away_from_the_trusted_is_not_combined,
    require_waits_for_one_that_agrees, authentication_counts_by_mode,
    where_nobody_is_authenticated_only_require_matters,
    minsources_have_to_agree, maxdistance_keeps_out, maxjitter_keeps_out,
    strata_out_of_range_are_kept_out,
    a_stratum_is_raised_to_the_sources_minstratum,
    a_stratum_is_worth_its_weight, who_is_nearer_takes_over_after_a_while,
    reselectdist_keeps_the_old_one, the_score_grows_with_each_sample,
    combinelimit_keeps_the_far_ones_out,
    who_repeats_another_source_is_not_combined,
    maxunreach_ends_what_is_left_of_a_silent_source,
    copy_takes_over_stratum_and_refid, options_change_at_run_time,
    of_hundreds_some_are_followed,
    what_is_known_of_a_source_can_be_told)
