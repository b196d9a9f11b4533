/* SPDX-License-Identifier: ISC
 *
 * A leap second, in every mode and from everybody who may announce it.  The
 * clock starts ten minutes before the midnight that ends 2026. */
#include "unit.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/engine/selection.h"
#include "tests/emu/engine_world.h"

#define MIDNIGHT INT64_C(1798761600) /* 2027-01-01 */

static const struct leap_table inserts = { 3,
	{ { 1483228800, 37 }, { MIDNIGHT, 38 }, { MIDNIGHT + 181 * 86400, 39 } },
	INT64_MAX };
static const struct leap_table deletes = { 2,
	{ { 1483228800, 37 }, { MIDNIGHT, 36 } }, INT64_MAX };
static const struct leap_table quiet = { 1, { { 1483228800, 37 } },
	INT64_MAX };

static struct world w;

/* Worst error of the clock over that time, sampled each 100 ms. */
static double
worst(double seconds)
{
	double most = 0;

	for (double t = 0; t < seconds; t += 0.1) {
		world_run(&w, 0.1);
		most = fmax(most, fabs(world_clock_error(&w)));
	}
	return most;
}

static void
begin(int mode, int leap)
{
	world_init_at(&w, 3, MIDNIGHT - 600);
	w.config.leapsecmode = mode;
	w.ppm = 15;
	w.leap_by = leap == LEAP_INSERT ? -1 : 1;
	w.leap_s = MIDNIGHT - (leap == LEAP_DELETE);
	w.options.leaps = leap == LEAP_INSERT ? &inserts : &deletes;
}

static void
everybody_announces(void)
{
	for (int i = 0; i < 3; i++)
		w.leap[i] = LEAP_INSERT;
}

static void
settle(void)
{
	world_start(&w);
	world_run(&w, 300);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-4);
}

/* Nobody jumped, nobody was taken for a liar, nothing was slewed. */
static void
nobody_noticed(void)
{
	for (unsigned i = 0; i < 3; i++) {
		const struct source *s = world_source(&w, i);

		ck_assert(selection_uses(s));
		ck_assert_uint_gt(s->stats.count, 40); /* no jump empties it */
	}
	ck_assert(w.engine.reference.is_synced);
	ck_assert_int_eq(w.engine.reference.leap, LEAP_NONE);
	ck_assert(!w.engine.leap.is_held);
	ck_assert_double_lt(fabs((double)w.os.base_ppt * 1e-6 - 15), 0.5);
}

START_TEST(the_kernel_makes_it_and_nobody_notices)
{
	for (int leap = LEAP_INSERT; leap <= LEAP_DELETE; leap++) {
		begin(LEAPSEC_SYSTEM, leap);
		settle();
		ck_assert_int_eq(w.os.leap, leap);
		ck_assert_int_eq(w.engine.reference.leap, leap);
		world_run(&w, 290);
		ck_assert_double_lt(worst(600), 1e-4);
		ck_assert_int_eq(w.os.leap_done, MIDNIGHT);
		ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
		ck_assert_int_eq(w.os.leap, 0);
		nobody_noticed();
		world_fini(&w);
	}
}
END_TEST

START_TEST(a_step_at_midnight_does_it_too)
{
	for (int leap = LEAP_INSERT; leap <= LEAP_DELETE; leap++) {
		begin(LEAPSEC_STEP, leap);
		w.os.leap_is_step = true;
		settle();
		world_run(&w, 290);
		ck_assert_int_eq(w.os.leap, leap);
		ck_assert_double_lt(worst(16), 1e-4);
		ck_assert_int_eq(w.os.leap_done, 0);
		bool found = false;
		for (unsigned i = 0; i < FAKE_REQUESTS; i++)
			found |= w.os.requests[i].type == CLK_STEP &&
			    w.os.requests[i].u.step_ns == w.leap_by * NSEC;
		ck_assert(found);
		world_run(&w, 300);
		nobody_noticed();
		world_fini(&w);
	}
}
END_TEST

START_TEST(a_slew_begins_at_midnight)
{
	for (int leap = LEAP_INSERT; leap <= LEAP_DELETE; leap++) {
		begin(LEAPSEC_SLEW, leap);
		settle();
		ck_assert_int_eq(w.os.leap, 0);
		ck_assert_double_lt(worst(298), 1e-4);
		world_run(&w, 4);
		ck_assert_double_eq_tol(world_clock_error(&w), w.leap_by, 1e-4);
		world_run(&w, 60);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
		ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
		world_run(&w, 300);
		nobody_noticed();
		world_fini(&w);
	}
}
END_TEST

START_TEST(ignored_it_is_a_jump_of_the_servers)
{
	begin(LEAPSEC_IGNORE, LEAP_INSERT);
	everybody_announces();
	settle();
	ck_assert_int_eq(w.os.leap, 0);
	ck_assert_int_eq(w.engine.reference.leap, LEAP_NONE);
	world_run(&w, 301);
	ck_assert_double_eq_tol(world_clock_error(&w), -1, 1e-3);
	world_run(&w, 300);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(a_majority_of_the_sources_is_enough)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	w.options.leaps = NULL;
	w.leap[0] = w.leap[2] = LEAP_INSERT;
	settle();
	ck_assert_int_eq(w.os.leap, LEAP_INSERT);
	ck_assert_double_lt(worst(600), 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(a_minority_is_not)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	w.options.leaps = NULL;
	w.leap_s = 0;
	w.leap[1] = LEAP_INSERT;
	settle();
	ck_assert_int_eq(w.os.leap, 0);
	ck_assert_double_lt(worst(600), 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(a_table_knows_better_than_the_sources_until_it_expires)
{
	struct leap_table old = quiet;

	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	everybody_announces();
	w.options.leaps = &quiet;
	settle();
	ck_assert_int_eq(w.os.leap, 0);
	ck_assert(!w.engine.leap.has_complained);
	world_fini(&w);

	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	everybody_announces();
	old.expires_s = MIDNIGHT - 86400;
	w.options.leaps = &old;
	settle();
	ck_assert_int_eq(w.os.leap, LEAP_INSERT);
	ck_assert(w.engine.leap.has_complained);
	world_fini(&w);
}
END_TEST

/* As the file is now. */
static void
write_table(const char *text)
{
	w.os.os.ops->save(&w.os.os, "leap/list", text, strlen(text));
}

START_TEST(a_new_table_is_read_at_reload_and_once_a_day)
{
	const struct clk_rep reload = { .type = CLK_RELOAD };

	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	w.options.leaps = &quiet;
	w.options.leap_slot = "leap/list";
	world_start(&w);
	world_run(&w, 60);
	ck_assert_ptr_eq(w.engine.leap.table, &quiet);
	engine_clock_event(&w.engine, &reload); /* there is no such file */
	ck_assert_ptr_eq(w.engine.leap.table, &quiet);
	write_table("#@ 9999999999\n3692217600 37\n");
	engine_clock_event(&w.engine, &reload);
	ck_assert_ptr_ne(w.engine.leap.table, &quiet);
	ck_assert_uint_eq(w.engine.leap.table->n, 1);
	write_table("#@ 9999999999\n3644697600 36\n3692217600 37\n");
	world_run(&w, 80000);
	ck_assert_uint_eq(w.engine.leap.table->n, 1);
	world_run(&w, 8000);
	ck_assert_uint_eq(w.engine.leap.table->n, 2);
	write_table("nonsense");
	engine_clock_event(&w.engine, &reload);
	ck_assert_uint_eq(w.engine.leap.table->n, 2);
	world_fini(&w);
}
END_TEST

START_TEST(a_table_that_has_lost_rows_is_not_taken)
{
	const struct clk_rep reload = { .type = CLK_RELOAD };
	const char *const cut[] = {
		"#@ 4007750400\n3644697600 36\n", /* in the middle of being written */
		"#@ 3928521600\n3644697600 36\n", /* an old one */
	};

	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	w.options.leaps = NULL;
	w.options.leap_slot = "leap/list";
	write_table("#@ 4007750400\n3644697600 36\n3692217600 37\n");
	settle();
	engine_clock_event(&w.engine, &reload);
	for (unsigned i = 0; i < sizeof cut / sizeof *cut; i++) {
		write_table(cut[i]);
		engine_clock_event(&w.engine, &reload);
		ck_assert_uint_eq(w.engine.leap.table->n, 2);
	}
	/* Of one that is good for longer it may be meant. */
	write_table("#@ 4007836800\n3692217600 37\n");
	engine_clock_event(&w.engine, &reload);
	ck_assert_uint_eq(w.engine.leap.table->n, 1);
	world_fini(&w);
}
END_TEST

START_TEST(on_any_other_day_there_is_none)
{
	world_init(&w, 3); /* September */
	everybody_announces();
	settle();
	ck_assert_int_eq(w.engine.reference.leap, LEAP_NONE);
	ck_assert_int_eq(w.os.leap, 0);
	world_fini(&w);
}
END_TEST

START_TEST(servers_that_are_late_or_early_are_understood)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	w.late[0] = 60;
	w.late[1] = -45;
	w.late[2] = 1;
	settle();
	ck_assert_double_lt(worst(600), 1e-4);
	nobody_noticed();
	world_fini(&w);
}
END_TEST

START_TEST(servers_that_never_do_it_are_followed_in_the_end)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	for (int i = 0; i < 3; i++)
		w.late[i] = 1e6;
	settle();
	world_run(&w, 300 + LEAP_LATE + 200);
	ck_assert_double_lt(fabs(world_clock_error(&w) + 1), 1e-3);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(servers_that_change_their_mind_cannot_fill_the_log)
{
	char path[] = "/tmp/test_leap.XXXXXX";
	static char text[65536];
	unsigned lines = 0;
	int fd = mkstemp(path);

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	world_init_at(&w, 3, MIDNIGHT - 4000);
	world_start(&w);
	for (int i = 0; i < 60; i++) {
		for (int k = 0; k < 3; k++)
			w.leap[k] = i % 2;
		world_run(&w, 20);
	}
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	for (char *p = text; n > 0 && (p = strstr(p, "leap second")); p++)
		lines++;
	ck_assert_uint_ge(lines, 10);
	ck_assert_uint_le(lines, 40); /* 20 in ten minutes */
	close(fd);
	world_fini(&w);
}
END_TEST

static int
last_tai(void)
{
	for (unsigned i = 1; i <= FAKE_REQUESTS; i++) {
		const struct clk_req *r =
		    &w.os.requests[(w.os.n_requests - i) % FAKE_REQUESTS];
		if (r->type == CLK_STATUS)
			return r->u.status.tai;
		if (r->type == CLK_ADJUST && r->u.adjust.status.is_told)
			return r->u.adjust.status.tai;
	}
	return -1;
}

START_TEST(tai_goes_to_the_kernel)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	settle();
	ck_assert_int_eq(last_tai(), 37);
	world_run(&w, 300 + 70);
	ck_assert_int_eq(last_tai(), 38);
	world_fini(&w);
}
END_TEST

START_TEST(a_clock_set_during_the_hold_is_put_right)
{
	begin(LEAPSEC_SYSTEM, LEAP_INSERT);
	settle();
	world_run(&w, 298);
	ck_assert(w.engine.leap.is_held);
	w.os.now.real.ns -= 3600 * NSEC;
	world_run(&w, 30);
	ck_assert(!w.engine.leap.is_held);
	w.os.now.real.ns += 3600 * NSEC;
	world_run(&w, 400);
	ck_assert(!w.engine.leap.is_held);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("leap", a_new_table_is_read_at_reload_and_once_a_day,
    the_kernel_makes_it_and_nobody_notices,
    a_step_at_midnight_does_it_too, a_slew_begins_at_midnight,
    ignored_it_is_a_jump_of_the_servers, a_majority_of_the_sources_is_enough,
    a_minority_is_not,
    a_table_knows_better_than_the_sources_until_it_expires,
    a_table_that_has_lost_rows_is_not_taken, on_any_other_day_there_is_none,
    servers_that_are_late_or_early_are_understood,
    servers_that_never_do_it_are_followed_in_the_end,
    servers_that_change_their_mind_cannot_fill_the_log,
    tai_goes_to_the_kernel, a_clock_set_during_the_hold_is_put_right)
