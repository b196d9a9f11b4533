/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <math.h>
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

/* A number that is none has no place; the others stay what they are. */
START_TEST(what_is_no_number_ends_it_too)
{
	const double odd[] = { NAN, -NAN, INFINITY, -INFINITY, 0, -0.0, 1 };
	double x[MOST + 2], sum[2];
	struct prng dice;

	prng_init(&dice, 2);
	for (int run = 0; run < 100000; run++) {
		size_t n = 1 + prng_below(&dice, MOST), nans[2] = { 0 };

		x[0] = x[n + 1] = 7; /* on both sides, not ours */
		sum[0] = sum[1] = 0;
		for (size_t i = 1; i <= n; i++) {
			uint64_t k = prng_below(&dice, 20);

			x[i] = k < sizeof odd / sizeof *odd ? odd[k]
							    : (double)k;
			nans[0] += isnan(x[i]) != 0;
			sum[0] += isfinite(x[i]) ? x[i] : 0;
		}
		smallest(x + 1, n, prng_below(&dice, n));
		for (size_t i = 1; i <= n; i++) {
			nans[1] += isnan(x[i]) != 0;
			sum[1] += isfinite(x[i]) ? x[i] : 0;
		}
		ck_assert_uint_eq(nans[0], nans[1]);
		ck_assert_double_eq(sum[0], sum[1]);
		ck_assert_double_eq(x[0], 7);
		ck_assert_double_eq(x[n + 1], 7);
	}
}
END_TEST

UNIT_MAIN("smallest", it_is_what_sorting_would_find,
    what_is_no_number_ends_it_too)
