/* SPDX-License-Identifier: ISC */
#include "unit.h"

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

UNIT_MAIN("sim", a_run_repeats_bit_by_bit, another_seed_is_another_run,
    an_engine_finds_the_time)
