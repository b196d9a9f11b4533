/* SPDX-License-Identifier: ISC
 *
 * What follows on a batch: the rules, without a kernel. */
#include "unit.h"

#include "daemon/os/pace_linux.h"

#define US 1000 /* ns */

/* What follows when n have come, gap us after each other. */
static enum pace_next
after(struct pace *p, int n, int gap, unsigned in_vain)
{
	pace_note(p, (struct raw){ p->last.ns + (int64_t)n * gap * US }, n);
	return pace_next(p, n, in_vain);
}

START_TEST(where_several_came_there_are_more)
{
	struct pace p = { .may_gather = true, .last.ns = 7 };

	ck_assert_int_eq(after(&p, 1, 20, 0), PACE_POLL);
	ck_assert_int_eq(after(&p, 2, 20, 0), PACE_ON);
	ck_assert_int_eq(after(&p, 64, 1000, 64), PACE_ON);
}
END_TEST

START_TEST(a_flood_in_vain_is_let_gather)
{
	struct pace p = { .may_gather = true, .last.ns = 7 };

	ck_assert_int_eq(after(&p, 1, 20, 1), PACE_GATHER);
	ck_assert_int_eq(after(&p, 6, 20, 4), PACE_GATHER);
	ck_assert_int_eq(after(&p, 6, 20, 3), PACE_ON); /* not most of it */
	ck_assert_int_eq(after(&p, 1, 200, 1), PACE_POLL); /* no flood */
}
END_TEST

/* Without stamps of the kernel's the moment would be an error. */
START_TEST(where_that_is_not_allowed_nothing_gathers)
{
	struct pace p = { .last.ns = 7 };

	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(after(&p, 1, 20, 1), PACE_POLL);
	ck_assert_int_eq(after(&p, 6, 20, 6), PACE_ON);
}
END_TEST

START_TEST(the_next_is_waited_for_after_a_row)
{
	struct pace p = { .may_wait = true, .last.ns = 7 };

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(after(&p, 1, 25, 0), PACE_POLL);
	ck_assert_int_eq(after(&p, 1, 25, 0), PACE_WAIT_1);
	ck_assert_int_eq(after(&p, 2, 25, 0), PACE_WAIT);
	ck_assert_int_eq(after(&p, 1, 25, 0), PACE_WAIT_1);
	ck_assert_int_eq(after(&p, 1, 1000, 0), PACE_POLL); /* too late */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(after(&p, 2, 25, 0), PACE_ON);
	ck_assert_int_eq(after(&p, 2, 25, 0), PACE_WAIT);
}
END_TEST

/* While one waits nobody else is served. */
START_TEST(the_next_burst_is_not_waited_for)
{
	struct pace p = { .may_wait = true, .last.ns = 7 };

	for (int burst = 0; burst < 50; burst++) {
		after(&p, 1, 5000, 0);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(after(&p, 1, 25, 0),
			    burst == 0 && i >= 3 ? PACE_WAIT_1 : PACE_POLL);
	}
	for (int i = 0; i < 5000; i++) /* it goes on now */
		after(&p, 1, 25, 0);
	ck_assert_int_eq(after(&p, 1, 25, 0), PACE_WAIT_1);
}
END_TEST

UNIT_MAIN("pace", where_several_came_there_are_more,
    a_flood_in_vain_is_let_gather,
    where_that_is_not_allowed_nothing_gathers,
    the_next_is_waited_for_after_a_row,
    the_next_burst_is_not_waited_for)
