/* SPDX-License-Identifier: ISC
 *
 * The steps and their order are those of the protocol, down to the truncation
 * of the logarithm: a reply is compared byte for byte. */
#include "common/cmdfloat.h"

#include <math.h>
#include <stdbool.h>

#define EXP_MIN (-64)
#define EXP_MAX 63
#define COEF_BITS 25
#define COEF_MASK ((UINT32_C(1) << COEF_BITS) - 1)
#define COEF_MAX ((UINT32_C(1) << (COEF_BITS - 1)) - 1)

uint32_t
cmdfloat_encode(double x)
{
	bool negative = x < 0;
	double size = fabs(x);
	uint32_t limit = negative ? COEF_MAX + 1 : COEF_MAX;
	uint32_t coef = limit;
	int exp = EXP_MAX;

	if (isnan(x) || size < 1e-100)
		return 0;
	if (size <= 1e100) {
		exp = (int)(log2(size) + 1);
		/* At most 2^26: size is less than 2^(exp + 1). */
		coef = (uint32_t)(ldexp(size, COEF_BITS - exp) + 0.5);
		for (; coef > limit; exp++)
			coef >>= 1;
	}
	if (exp > EXP_MAX) {
		exp = EXP_MAX;
		coef = limit;
	} else if (exp < EXP_MIN) {
		if (exp + COEF_BITS < EXP_MIN)
			return 0;
		coef >>= EXP_MIN - exp;
		exp = EXP_MIN;
	}
	if (negative)
		coef = (0 - coef) & COEF_MASK;
	return (uint32_t)exp << COEF_BITS | coef;
}

double
cmdfloat_decode(uint32_t word)
{
	int exp = (int)(word >> COEF_BITS);
	int32_t coef = (int32_t)(word & COEF_MASK);

	if (exp > EXP_MAX)
		exp -= 1 << (32 - COEF_BITS);
	if (coef > (int32_t)COEF_MAX)
		coef -= INT32_C(1) << COEF_BITS;
	return ldexp(coef, exp - COEF_BITS);
}
