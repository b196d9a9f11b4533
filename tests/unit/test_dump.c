/* SPDX-License-Identifier: ISC
 *
 * A daemon that ends and comes back with -r: two engines in one world. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/engine/dump.h"
#include "tests/emu/engine_world.h"

#define BOOT "0c1d2e3f-1111-2222-3333-444455556666"

static struct world w;

static void
begin(void)
{
	world_init(&w, 3);
	w.ppm = 30;
	strcpy(w.config.dumpdir, "/var/lib/tock");
	strcpy(w.options.boot_id, BOOT);
	world_start(&w);
	world_run(&w, 300);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-5);
}

/* The engine ends in order, and another one starts a second later. */
static void
start_again(bool restored)
{
	struct clk_rep term = { .type = CLK_TERM };

	engine_clock_event(&w.engine, &term);
	ck_assert(w.os.is_stopped);
	engine_fini(&w.engine);
	w.os.is_stopped = false;
	fake_advance(&w.os, 1);
	w.options.is_restoring = restored;
	world_start(&w);
}

static struct fake_file *
file_of(const char *slot)
{
	for (int i = 0; i < FAKE_FILES; i++)
		if (w.os.files[i].size > 0 &&
		    strcmp(w.os.files[i].slot, slot) == 0)
			return &w.os.files[i];
	return NULL;
}

START_TEST(after_a_restart_the_past_is_known)
{
	struct estimate e;

	for (int restored = 0; restored < 2; restored++) {
		begin();
		unsigned kept = world_source(&w, 0)->stats.count;
		start_again(restored);
		struct source *s = world_source(&w, 0);
		ck_assert(!s->has_sample);
		world_run(&w, 1); /* one sample */
		ck_assert(s->has_sample);
		ck_assert_uint_eq(s->estimator.samples,
		    restored ? kept + 1 : 1);
		ck_assert_uint_eq(s->stats.count,
		    restored ? kept + 1 : 1);
		ck_assert_ptr_eq(file_of("dump/192.0.2.1.dat"),
		    restored ? NULL : file_of("dump/192.0.2.1.dat"));
		if (restored) {
			ck_assert_double_eq_tol(w.engine.discipline.target.y,
			    30e-6, 1e-7);
			ck_assert(estimator_at(&s->estimator,
			    w.os.now.raw, &e));
			ck_assert_double_eq_tol(e.y, 30e-6, 1e-7);
			ck_assert_double_lt(sqrt(e.pyy), 1e-6);
		}
		world_fini(&w);
	}
}
END_TEST

START_TEST(who_has_a_past_but_does_not_answer_does_not_count)
{
	begin();
	w.is_silent[2] = true;
	start_again(true);
	ck_assert_uint_gt(world_source(&w, 2)->stats.count, 10);
	for (int i = 0; i < 60; i++) {
		world_run(&w, 1);
		ck_assert(isfinite(w.engine.discipline.target.pxx));
		ck_assert(isfinite(w.engine.reference.root_dispersion));
	}
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(it_is_written_at_the_end_and_on_demand)
{
	begin();
	ck_assert_ptr_null(file_of("dump/192.0.2.2.dat"));
	ck_assert_int_eq(dump_save(&w.engine), 0);
	ck_assert_ptr_nonnull(file_of("dump/192.0.2.1.dat"));
	ck_assert_ptr_nonnull(file_of("dump/192.0.2.2.dat"));
	w.os.save_error = -ENOSPC;
	ck_assert_int_eq(dump_save(&w.engine), -ENOSPC);
	w.config.dumpdir[0] = '\0';
	ck_assert_int_eq(dump_save(&w.engine), -ENOENT);
	world_fini(&w);
}
END_TEST

START_TEST(without_a_dumpdir_nothing_is_written_or_read)
{
	begin();
	w.config.dumpdir[0] = '\0';
	start_again(true);
	ck_assert_ptr_null(file_of("dump/192.0.2.1.dat"));
	ck_assert_uint_eq(world_source(&w, 0)->estimator.samples, 0);
	world_fini(&w);
}
END_TEST

START_TEST(another_boots_raw_time_means_nothing)
{
	begin();
	ck_assert_int_eq(dump_save(&w.engine), 0);
	strcpy(w.options.boot_id, "another");
	w.config.dumpdir[0] = '\0'; /* the end writes none */
	engine_stop(&w.engine, 0);
	engine_fini(&w.engine);
	strcpy(w.config.dumpdir, "/var/lib/tock");
	w.os.is_stopped = false;
	w.options.is_restoring = true;
	world_start(&w);
	ck_assert_uint_eq(world_source(&w, 0)->estimator.samples, 0);
	ck_assert_ptr_null(file_of("dump/192.0.2.1.dat")); /* gone anyway */
	world_run(&w, 60);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(what_was_read_is_not_lost_without_an_answer)
{
	begin();
	start_again(true);
	ck_assert(world_source(&w, 0)->is_restored);
	ck_assert_ptr_null(file_of("dump/192.0.2.1.dat"));
	start_again(true);
	ck_assert(world_source(&w, 0)->is_restored);
	ck_assert_uint_gt(world_source(&w, 0)->stats.count, 10);
	world_fini(&w);
}
END_TEST

/* RAW stands still in a suspend: what was true is so by an hour no more. */
START_TEST(a_machine_that_slept_in_between_begins_anew)
{
	begin();
	w.ahead += 3600;
	w.os.now.real.ns += 3600 * NSEC;
	start_again(true);
	ck_assert(world_source(&w, 0)->is_restored);
	world_run(&w, 20);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	ck_assert_uint_lt(world_source(&w, 0)->stats.count, 10);
	ck_assert_uint_eq(world_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(whatever_is_wrong_with_the_text_changes_nothing)
{
	static char text[DUMP_MAX], bad[DUMP_MAX];
	struct source *s;

	begin();
	s = world_source(&w, 0);
	size_t len = dump_write(s, text, sizeof text);
	ck_assert_uint_gt(len, 500);
	ck_assert(dump_read(s, text, len));
	struct stats was = s->stats;
	for (size_t cut = 0; cut < len - 1; cut++)
		ck_assert(!dump_read(s, text, cut));
	for (size_t at = 0; at + 1 < len; at++) {
		memcpy(bad, text, len);
		bad[at] = '!';
		ck_assert_msg(!dump_read(s, bad, len), "byte %zu", at);
	}
	ck_assert_mem_eq(&was, &s->stats, sizeof was);
	w.os.now.raw.ns -= 200 * NSEC; /* samples from the future */
	ck_assert(!dump_read(s, text, len));
	ck_assert_uint_eq(dump_write(s, bad, 300), 0);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("dump", after_a_restart_the_past_is_known,
    who_has_a_past_but_does_not_answer_does_not_count,
    it_is_written_at_the_end_and_on_demand,
    without_a_dumpdir_nothing_is_written_or_read,
    another_boots_raw_time_means_nothing,
    what_was_read_is_not_lost_without_an_answer,
    a_machine_that_slept_in_between_begins_anew,
    whatever_is_wrong_with_the_text_changes_nothing)
