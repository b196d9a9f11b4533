/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <math.h>

#include "common/prng.h"

START_TEST(the_published_sequence_comes_out)
{
	/* xoshiro256** from the state 1, 2, 3, 4 (rand_xoshiro's vector) */
	const uint64_t want[] = { 11520, 0, 1509978240,
		UINT64_C(1215971899390074240) };
	struct prng p = { { 1, 2, 3, 4 } };

	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_uint_eq(prng_u64(&p), want[i]);
}
END_TEST

START_TEST(the_seed_goes_through_splitmix)
{
	/* SplitMix64 from the seed 1234567 (Rosetta Code) */
	struct prng p;

	prng_init(&p, 1234567);
	ck_assert_uint_eq(p.s[0], UINT64_C(6457827717110365317));
	ck_assert_uint_eq(p.s[1], UINT64_C(3203168211198807973));
	ck_assert_uint_eq(p.s[2], UINT64_C(9817491932198370423));
	ck_assert_uint_eq(p.s[3], UINT64_C(4593380528125082431));
}
END_TEST

START_TEST(below_stays_below_and_reaches_all)
{
	struct prng p;
	unsigned seen[7] = { 0 };

	prng_init(&p, 1);
	for (int i = 0; i < 70000; i++)
		seen[prng_below(&p, 7)]++;
	for (int i = 0; i < 7; i++) /* 10000 +- 5 sigma */
		ck_assert_int_le(abs((int)seen[i] - 10000), 463);
	ck_assert_uint_eq(prng_below(&p, 1), 0);
}
END_TEST

START_TEST(unit_and_normal_have_their_moments)
{
	struct prng p;
	double sum = 0, sum2 = 0, unit = 0;
	int n = 100000;

	prng_init(&p, 2);
	for (int i = 0; i < n; i++) {
		double u = prng_unit(&p), x = prng_normal(&p);

		ck_assert(u >= 0 && u < 1 && isfinite(x));
		unit += u;
		sum += x;
		sum2 += x * x;
	}
	/* five standard errors each */
	ck_assert_double_eq_tol(unit / n, 0.5, 5 * sqrt(1 / 12.0 / n));
	ck_assert_double_eq_tol(sum / n, 0, 5 / sqrt(n));
	ck_assert_double_eq_tol(sum2 / n, 1, 5 * sqrt(2.0 / n));
}
END_TEST

UNIT_MAIN("prng", the_published_sequence_comes_out,
    the_seed_goes_through_splitmix, below_stays_below_and_reaches_all,
    unit_and_normal_have_their_moments)
