/* SPDX-License-Identifier: ISC
 *
 * What an update may change: maxchange, maxupdateskew, logchange, and in what
 * time (corrtimeratio).  Each fails when its directive does nothing. */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/emu/engine_world.h"

static struct world w;

static void
begin(int start, int ignore)
{
	world_init(&w, 1);
	w.config.has_maxchange = true;
	w.config.maxchange_offset = 0.5;
	w.config.maxchange_start = start;
	w.config.maxchange_ignore = ignore;
}

START_TEST(a_change_too_large_ends_the_daemon)
{
	begin(1, 2);
	world_start(&w);
	world_run(&w, 60);
	ck_assert(w.engine.reference.is_synced);
	w.ahead += 5;
	world_run(&w, 120);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 1);
	ck_assert_uint_eq(w.engine.changes_ignored, 2);
	ck_assert_double_eq_tol(world_clock_error(&w), 5, 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(it_is_ignored_for_ever_where_that_is_wanted)
{
	begin(1, -1);
	world_start(&w);
	world_run(&w, 60);
	w.ahead += 5;
	world_run(&w, 300);
	ck_assert(!w.os.is_stopped);
	ck_assert_uint_gt(w.engine.changes_ignored, 5);
	ck_assert_double_eq_tol(world_clock_error(&w), 5, 1e-2);
	world_fini(&w);
}
END_TEST

START_TEST(somebody_elses_step_is_a_change)
{
	begin(1, 0);
	world_start(&w);
	world_run(&w, 60);
	w.os.now.real.ns += 5 * NSEC;
	world_run(&w, 60);
	ck_assert(w.os.is_stopped);
	world_fini(&w);
}
END_TEST

START_TEST(what_is_under_way_is_no_change)
{
	begin(1, 0);
	w.ahead = 10; /* two minutes of slewing */
	world_start(&w);
	world_run(&w, 300);
	ck_assert(!w.os.is_stopped);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(changes_count_after_the_first_updates)
{
	begin(20, 0);
	world_start(&w);
	world_run(&w, 30);
	ck_assert_uint_lt(w.engine.reference.updates, 15);
	w.ahead += 5;
	world_run(&w, 60);
	ck_assert(!w.os.is_stopped);
	world_run(&w, 400);
	w.ahead += 5;
	world_run(&w, 120);
	ck_assert(w.os.is_stopped);
	world_fini(&w);
}
END_TEST

START_TEST(a_frequency_that_is_not_known_well_is_not_taken_over)
{
	for (int limited = 0; limited < 2; limited++) {
		world_init(&w, 1);
		w.ppm = 50;
		if (limited)
			w.config.maxupdateskew_ppm = 1e-6;
		world_start(&w);
		world_run(&w, 300);
		ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6,
		    limited ? 0 : 50, 0.5);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 2e-3);
		world_fini(&w);
	}
}
END_TEST

static int64_t
longest_slew(void)
{
	int64_t most = 0;

	for (unsigned i = 0; i < FAKE_REQUESTS; i++)
		if (w.os.requests[i].type == CLK_ADJUST &&
		    w.os.requests[i].u.adjust.slew_ms > most)
			most = w.os.requests[i].u.adjust.slew_ms;
	return most;
}

START_TEST(a_slew_takes_as_long_as_it_is_told_to)
{
	for (int told = 0; told < 2; told++) {
		world_init(&w, 1);
		w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 4;
		w.config.sources[0].iburst = false;
		w.ahead = 0.01;
		w.config.has_corrtimeratio = told;
		w.config.corrtimeratio = 2.5;
		world_start(&w);
		world_run(&w, 10);
		ck_assert_int_eq(longest_slew(), told ? 40000 : 4000);
		world_fini(&w);
	}
}
END_TEST

/* What is logged when the clock is 0.3 s off. */
static void
log_of(double logchange, bool is_measuring, char *text, size_t size)
{
	char path[] = "/tmp/test_change.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	world_init(&w, 1);
	w.ahead = 0.3;
	w.config.logchange = logchange;
	w.options.is_measuring_only = is_measuring;
	world_start(&w);
	world_run(&w, 60);
	world_fini(&w);
	ssize_t n = pread(fd, text, size - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

START_TEST(a_large_correction_is_logged_once)
{
	char text[4096];

	log_of(0.1, false, text, sizeof text);
	char *first = strstr(text, "clock: wrong by 0.3");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "clock: wrong by"));
	log_of(0.5, false, text, sizeof text);
	ck_assert_ptr_null(strstr(text, "clock: wrong by"));
	log_of(0.1, true, text, sizeof text); /* no correction starts */
	ck_assert_ptr_null(strstr(text, "clock: wrong by"));
}
END_TEST

UNIT_MAIN("change", a_change_too_large_ends_the_daemon,
    it_is_ignored_for_ever_where_that_is_wanted,
    somebody_elses_step_is_a_change, what_is_under_way_is_no_change,
    changes_count_after_the_first_updates,
    a_frequency_that_is_not_known_well_is_not_taken_over,
    a_slew_takes_as_long_as_it_is_told_to, a_large_correction_is_logged_once)
