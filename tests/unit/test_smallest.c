/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <string.h>

#include "common/prng.h"
#include "daemon/estimate/smallest.h"

#define MOST 40

static int
order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Every k of n numbers, of which about `kinds' differ. */
static void
agrees_with_sorting(struct prng *dice, size_t n, uint64_t kinds)
{
	double drawn[MOST] = { 0 }, sorted[MOST], x[MOST];

	for (size_t i = 0; i < n; i++)
		drawn[i] = (double)prng_below(dice, kinds);
	memcpy(sorted, drawn, sizeof sorted);
	qsort(sorted, n, sizeof *sorted, order);
	for (size_t k = 0; k < n; k++) {
		memcpy(x, drawn, sizeof x);
		ck_assert_double_eq(smallest(x, n, k), sorted[k]);
		for (size_t i = 0; i < n; i++)
			ck_assert(i <= k ? x[i] <= x[k] : x[i] >= x[k]);
		qsort(x, n, sizeof *x, order);
		ck_assert(memcmp(x, sorted, n * sizeof *x) == 0);
	}
}

START_TEST(it_is_what_sorting_would_find)
{
	struct prng dice;

	prng_init(&dice, 1);
	for (size_t n = 1; n <= MOST; n++) {
		agrees_with_sorting(&dice, n, 1);
		agrees_with_sorting(&dice, n, 3);
		agrees_with_sorting(&dice, n, UINT64_MAX);
	}
}
END_TEST

UNIT_MAIN("smallest", it_is_what_sorting_would_find)
