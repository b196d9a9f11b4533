/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/sim/scenario.h"

static const char *const basic[] = {
	"duration 4h", "settle 2h", "node a 10.0.0.1",
	"config a server 192.0.2.1 iburst minpoll 6 maxpoll 6",
	"config a makestep 1 3",
	"clock a behind 10ms freq 10ppm wander 1e-9 white 2e-9 flicker 1e-9",
	"server s 192.0.2.1", "path a s 1ms+exp:100us loss 10%", NULL,
};

static void
run(struct sim *s, uint64_t seed, const char *const *lines)
{
	log_init(2, LOGSTYLE_PLAIN, (enum log_level)(LOGLEVEL_FATAL + 1), "");
	sim_init(s, seed);
	for (; *lines; lines++)
		ck_assert_int_eq(sim_line(s, *lines), 0);
	ck_assert_int_eq(sim_run(s, NULL), 0);
}

static uint64_t
hash_of(uint64_t seed)
{
	static struct sim s;

	run(&s, seed, basic);
	uint64_t hash = s.hosts->judge.hash;
	ck_assert_uint_gt(s.hosts->judge.samples, 1000);
	sim_fini(&s);
	return hash;
}

START_TEST(a_run_repeats_bit_by_bit)
{
	ck_assert_uint_eq(hash_of(1), hash_of(1));
}
END_TEST

START_TEST(another_seed_is_another_run)
{
	ck_assert_uint_ne(hash_of(1), hash_of(2));
}
END_TEST

START_TEST(an_engine_finds_the_time)
{
	static struct sim s;

	run(&s, 1, basic);
	ck_assert(s.hosts->judge.last.is_synced);
	ck_assert_double_lt(judge_rms(&s.hosts->judge), 1e-4);
	ck_assert_double_lt(judge_time_to_near(&s.hosts->judge), 60);
	sim_fini(&s);
}
END_TEST

/* A clock without an engine, which runs 100 ppm fast. */
static const char *const idle[] = { "duration 1h", "node a 10.0.0.1 start 1d",
	"clock a freq 100ppm", NULL };

static double
behind_after(const char *const *more)
{
	static struct sim s;

	log_init(2, LOGSTYLE_PLAIN, (enum log_level)(LOGLEVEL_FATAL + 1), "");
	sim_init(&s, 1);
	for (const char *const *l = idle; *l; l++)
		ck_assert_int_eq(sim_line(&s, *l), 0);
	for (; *more; more++)
		ck_assert_int_eq(sim_line(&s, *more), 0);
	ck_assert_int_eq(sim_run(&s, NULL), 0);
	double error = s.hosts->judge.last.error;
	sim_fini(&s);
	return error;
}

START_TEST(a_clock_alone_goes_its_way)
{
	const char *const none[] = { NULL };

	ck_assert_double_eq_tol(behind_after(none), -0.36, 1e-8);
}
END_TEST

START_TEST(a_pause_leaves_the_clock_behind)
{
	const char *const pause[] = { "at 10m pause a 20m", NULL };

	ck_assert_double_eq_tol(behind_after(pause), 1200 - 0.24, 1e-8);
}
END_TEST

START_TEST(a_sleep_is_made_good_by_the_rtc)
{
	const char *const sleep[] = { "at 10m suspend a 20m 0.5", NULL };

	ck_assert_double_eq_tol(behind_after(sleep), -0.5 - 0.24, 1e-8);
}
END_TEST

START_TEST(somebody_steps_and_jumps)
{
	const char *const steps[] = { "every 10m from 10m step a -1", NULL };
	const char *const jump[] = { "at 30m clock a jump 100ppm", NULL };

	ck_assert_double_eq_tol(behind_after(steps), 6 - 0.36, 1e-8);
	ck_assert_double_eq_tol(behind_after(jump), -0.54, 1e-8);
}
END_TEST

START_TEST(random_times_have_their_mean)
{
	const char *const steps[] = { "duration 1000h",
		"random 1h step a -1", "clock a freq 0", NULL };
	double n = behind_after(steps);

	ck_assert_double_gt(n, 850); /* Poisson, 5 sd */
	ck_assert_double_lt(n, 1150);
}
END_TEST

START_TEST(lines_that_mean_nothing_are_refused)
{
	const char *const bad[] = { "nonsense", "duration", "duration x",
		"node a 10.0.0.1", "node b nowhere", "clock b freq 1ppm",
		"clock a freq", "clock a freq 1x", "limit a nonsense 1",
		"path a b 1ms", "at 1h", "at 1h nonsense", "at x step a 1",
		"server s",
		"server * offset 1", "step a 1", "expect a synced 1h",
		"server s 192.0.2.1 nonsense 1", "name x", "leap 2",
		"config b server x", "random 1h from", "stamps a none" };
	static struct sim s;
	FILE *was = stderr;

	sim_init(&s, 1);
	ck_assert_int_eq(sim_line(&s, "node a 10.0.0.1"), 0);
	stderr = fopen("/dev/null", "w");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(sim_line(&s, bad[i]) < 0, "%s", bad[i]);
	fclose(stderr);
	stderr = was;
	sim_fini(&s);
}
END_TEST

START_TEST(a_bad_line_that_acts_later_ends_the_run)
{
	static struct sim s;

	sim_init(&s, 1);
	ck_assert_int_eq(sim_line(&s, "at 1m duration x"), 0);
	ck_assert_int_lt(sim_run(&s, NULL), 0);
	sim_fini(&s);
}
END_TEST

START_TEST(recorded_delays_come_in_their_order)
{
	char name[] = "/tmp/test_sim.XXXXXX";
	struct replay r = { 0 };
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "0.001\n0.25\n", 11), 11);
	ck_assert_int_eq(replay_load(&r, name), 0);
	ck_assert_double_eq(replay_next(&r), 0.001);
	ck_assert_double_eq(replay_next(&r), 0.25);
	ck_assert_double_eq(replay_next(&r), 0.001);
	ck_assert_int_eq(write(fd, "-1\n", 3), 3);
	ck_assert_int_eq(replay_load(&r, name), -1);
	ck_assert_uint_eq(r.n, 2); /* as it was */
	replay_fini(&r);
	close(fd);
	unlink(name);
}
END_TEST

/* Three that ask each other, and a server that goes after an hour. */
static const char *const three[] = {
	"duration 3h", "server s 192.0.2.1", "repeat 3 node n& 10.0.0.&",
	"ask n* 1 s iburst minpoll 4 maxpoll 5",
	"ask n* 2 n* iburst minpoll 4 maxpoll 5",
	"path n* * 1ms+exp:100us", "clock n* behind ~1ms freq ~10ppm",
	"at 1h path s * cut 1", "circles 1s 10m", NULL,
};

START_TEST(who_has_no_server_left_runs_in_circles_but_not_for_long)
{
	static struct sim s;

	run(&s, 1, three);
	ck_assert_uint_eq(s.hosts->n_lines, 3);
	ck_assert_uint_ge(s.circles.looks, 3 * 3600);
	ck_assert_uint_gt(s.circles.found, 0);
	ck_assert_uint_ge(s.circles.largest, 2);
	ck_assert_double_lt(s.circles.longest, 600);
	ck_assert(!circles_print(&s.circles, false, stdout));
	sim_fini(&s);
}
END_TEST

UNIT_MAIN("sim", a_run_repeats_bit_by_bit, another_seed_is_another_run,
    an_engine_finds_the_time, a_clock_alone_goes_its_way,
    a_pause_leaves_the_clock_behind, a_sleep_is_made_good_by_the_rtc,
    somebody_steps_and_jumps, random_times_have_their_mean,
    lines_that_mean_nothing_are_refused,
    a_bad_line_that_acts_later_ends_the_run,
    recorded_delays_come_in_their_order,
    who_has_no_server_left_runs_in_circles_but_not_for_long)
