/* SPDX-License-Identifier: ISC
 *
 * What the clock is told of errors and state: the kernel tells it to others, and
 * a service manager hears with it that we live. */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "tests/emu/engine_world.h"

/* The number of the newest request that told something, from `from` on; or
 * `from`. */
static unsigned
newest(const struct world *w, unsigned from)
{
	for (unsigned n = w->os.n_requests; n > from; n--) {
		const struct clk_req *r = &w->os.requests[(n - 1) %
		    FAKE_REQUESTS];

		if (r->type == CLK_STATUS || (r->type == CLK_ADJUST &&
			r->u.adjust.status.is_told != 0))
			return n;
	}
	return from;
}

static const struct clk_status *
told(const struct world *w)
{
	const struct clk_req *r = &w->os.requests[(newest(w, 0) - 1) %
	    FAKE_REQUESTS];

	return r->type == CLK_STATUS ? &r->u.status : &r->u.adjust.status;
}

/* The kernel is told again after a step what it was told last. */
START_TEST(after_makestep_the_error_is_not_that_of_before)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 10;
	world_start(&w);
	world_run(&w, 5000);
	w.os.now.real = tspec_add(w.os.now.real, -20);
	ck_assert_int_eq(discipline_makestep(&w.engine), 0);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 1e-3);
	world_run(&w, 1.1);
	ck_assert_int_lt(told(&w)->maxerror_ns, NSEC / 10);
	ck_assert_uint_eq(told(&w)->flags & CLK_SYNCED, CLK_SYNCED);
	world_fini(&w);
}
END_TEST

/* As man/tockd.8 promises. */
START_TEST(something_is_told_every_five_minutes)
{
	for (int poll = 4; poll <= 10; poll++) {
		struct world w;
		double longest = 0;

		world_init(&w, 1);
		w.config.sources[0].minpoll = w.config.sources[0].maxpoll = poll;
		world_start(&w);
		unsigned seen = w.os.n_requests;
		struct mono last = w.os.mono;
		for (int i = 0; i < 20000; i++) {
			w.lie[0] = 20e-6 * sin(i * i);
			world_run(&w, 1);
			if (newest(&w, seen) > seen) {
				seen = w.os.n_requests;
				last = w.os.mono;
			}
			longest = fmax(longest, mono_sub(w.os.mono, last));
		}
		ck_assert_double_le(longest, 301);
		world_fini(&w);
	}
}
END_TEST

/* Two updates within a second: the second one's is told a moment later. */
START_TEST(what_comes_too_soon_is_told_a_moment_later)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 10;
	world_start(&w);
	world_run(&w, 5000);
	w.engine.reference.root_delay = 1;
	discipline_status(&w.engine, false);
	world_run(&w, 0.5);
	ck_assert_int_gt(told(&w)->maxerror_ns, NSEC / 2);
	w.engine.reference.root_delay = 0.01;
	discipline_status(&w.engine, false);
	world_run(&w, 1);
	ck_assert_int_lt(told(&w)->maxerror_ns, NSEC / 10);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("status", after_makestep_the_error_is_not_that_of_before,
    something_is_told_every_five_minutes,
    what_comes_too_soon_is_told_a_moment_later)
