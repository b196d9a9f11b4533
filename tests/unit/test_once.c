/* SPDX-License-Identifier: ISC
 *
 * initstepslew: the clock is right before the daemon goes on. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emu/engine_world.h"

static struct world w;
static const char *const hosts_of[] = { "192.0.2.7", "192.0.2.8", "192.0.2.1" };

/* Sources that are asked only now and then; ahead s to correct. */
static void
begin(double ahead, unsigned hosts)
{
	world_init(&w, 2);
	for (int i = 0; i < 2; i++) {
		w.config.sources[i].iburst = false;
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = 6;
	}
	w.ahead = ahead;
	w.config.has_initstepslew = true;
	w.config.initstepslew_threshold = 1;
	w.config.initstepslew_hosts = calloc(3, sizeof(char *));
	w.config.n_initstepslew_hosts = hosts;
	for (unsigned i = 0; i < hosts; i++)
		w.config.initstepslew_hosts[i] = strdup(hosts_of[i]);
}

static unsigned
n_sources(void)
{
	unsigned n = 0;

	for (const struct source *s = world_source(&w, 0); s;
	     s = TAILQ_NEXT(s, link))
		n++;
	return n;
}

START_TEST(a_large_error_is_stepped_without_makestep)
{
	for (unsigned hosts = 0; hosts <= 3; hosts += 3) {
		begin(30, hosts);
		world_start(&w);
		world_run(&w, 15);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
		ck_assert_uint_eq(world_requests(&w, CLK_STEP), 1);
		world_fini(&w);
	}
}
END_TEST

/* All that is known of the frequency yet. */
START_TEST(the_frequency_of_the_drift_file_stays)
{
	begin(30, 0);
	w.options.drift_ppm = 30;
	w.options.drift_skew_ppm = 1;
	world_start(&w);
	while (world_requests(&w, CLK_STEP) == 0)
		world_run(&w, 0.01);
	ck_assert_int_eq(w.os.base_ppt, 30000000);
	world_fini(&w);
}
END_TEST

START_TEST(a_small_one_is_slewed)
{
	begin(0.5, 1);
	world_start(&w);
	world_run(&w, 16); /* without it the slew would begin at 64 s */
	ck_assert_double_lt(fabs(world_clock_error(&w)), 0.3);
	world_run(&w, 24);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(without_it_nothing_is_stepped)
{
	begin(30, 0);
	w.config.has_initstepslew = false;
	world_start(&w);
	world_run(&w, 15);
	ck_assert_double_gt(world_clock_error(&w), 25);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(afterwards_the_configured_sources_are_followed)
{
	begin(30, 3);
	world_start(&w);
	ck_assert_uint_eq(n_sources(), 3);
	ck_assert_str_eq(world_source(&w, 0)->conf.name, "192.0.2.7");
	world_run(&w, 300);
	ck_assert_uint_eq(n_sources(), 2);
	ck_assert_str_eq(world_source(&w, 0)->conf.name, "192.0.2.1");
	ck_assert(!w.engine.once.is_first);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(hosts_that_are_silent_are_not_waited_for_long)
{
	begin(30, 2);
	w.is_silent[0] = w.is_silent[1] = true; /* by place in the list */
	world_start(&w);
	world_run(&w, 21);
	ck_assert(!w.engine.once.is_first);
	ck_assert_uint_eq(n_sources(), 2);
	w.is_silent[0] = w.is_silent[1] = false;
	world_run(&w, 200);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(hosts_that_disagree_step_nothing)
{
	begin(30, 2);
	w.lie[1] = 5;
	world_start(&w);
	world_run(&w, 22);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	ck_assert(!w.engine.once.is_first);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("once", a_large_error_is_stepped_without_makestep,
    the_frequency_of_the_drift_file_stays,
    a_small_one_is_slewed, without_it_nothing_is_stepped,
    afterwards_the_configured_sources_are_followed,
    hosts_that_are_silent_are_not_waited_for_long,
    hosts_that_disagree_step_nothing)
