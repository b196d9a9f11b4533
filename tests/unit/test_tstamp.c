/* SPDX-License-Identifier: ISC
 *
 * Which of the kernel's stamps are on our clock's scale. */
#include "unit.h"

#include "daemon/os/net_linux.h"
#include "daemon/os/tstamp_linux.h"

/* Both clocks so many s later, the clock having been stepped, too. */
static struct pair
later(double s, double step)
{
	const struct pair start = { { INT64_C(1800000000) * NSEC },
		{ 50 * NSEC } };

	return (struct pair){ tspec_add(start.real, s + step),
		raw_add(start.raw, s) };
}

/* Whether the stamp of a packet that shows this age now is believed. */
static bool
is_kernels(struct pair now, double age, struct pair *good)
{
	const struct net_info info = { .has_stamp = true,
		.stamp = tspec_add(now.real, -age) };
	struct stamp stamp = tstamp_choose(&info, &now, good);

	ck_assert_int_eq(stamp.at.ns,
	    stamp.src == STAMP_KERNEL ? info.stamp.ns : now.real.ns);
	return stamp.src == STAMP_KERNEL;
}

START_TEST(an_old_stamp_is_right_while_the_clock_was_not_stepped)
{
	struct pair good = { 0 };

	ck_assert(!is_kernels(later(0, 0), 5, &good)); /* nothing is known */
	ck_assert(is_kernels(later(0, 0), 1e-6, &good));
	ck_assert(is_kernels(later(10, 0), 5, &good));
	ck_assert(is_kernels(later(10, 5e-3), 5, &good)); /* in a slew */
	ck_assert(!is_kernels(later(10, 5), 5, &good));
	ck_assert(!is_kernels(later(10, 5), -1e-6, &good));
	ck_assert(is_kernels(later(11, 5), 1e-6, &good));
	ck_assert(is_kernels(later(20, 5), 5, &good));
	ck_assert(!is_kernels(later(20, 0), 5, &good));
}
END_TEST

/* As under a simulator of the clock alone: the kernel has another scale. */
START_TEST(a_scale_that_was_never_ours_is_never_believed)
{
	struct pair good = { 0 };

	for (int i = 0; i < 10; i++)
		ck_assert(!is_kernels(later(64 * i, 0), 5, &good));
}
END_TEST

UNIT_MAIN("tstamp", an_old_stamp_is_right_while_the_clock_was_not_stepped,
    a_scale_that_was_never_ours_is_never_believed)
