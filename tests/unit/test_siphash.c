/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "common/siphash.h"

/* key 00 01 .. 0f, as in the paper and its reference vectors */
static const struct siphash_key key = { { UINT64_C(0x0706050403020100),
    UINT64_C(0x0f0e0d0c0b0a0908) } };

START_TEST(the_published_vectors_hold)
{
	/* SipHash-2-4-64 of 00 01 .. (n-1), for n = 0..16; n = 15 is the
	 * example in appendix A of the paper */
	const uint64_t want[] = {
		UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
		UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
		UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
		UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
		UINT64_C(0x93f5f5799a932462), UINT64_C(0x9e0082df0ba9e4b0),
		UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
		UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90),
		UINT64_C(0xf723ca908e7af2ee), UINT64_C(0xa129ca6149be45e5),
		UINT64_C(0x3f2acc7f57c29bdb),
	};
	unsigned char in[sizeof want / sizeof *want];

	for (size_t n = 0; n < sizeof want / sizeof *want; n++) {
		in[n] = (unsigned char)n;
		ck_assert_uint_eq(siphash(&key, in, n), want[n]);
	}
}
END_TEST

START_TEST(both_halves_of_the_key_count)
{
	struct siphash_key a = key, b = key;

	a.k[0] ^= 1;
	b.k[1] ^= 1;
	ck_assert_uint_ne(siphash(&a, "x", 1), siphash(&key, "x", 1));
	ck_assert_uint_ne(siphash(&b, "x", 1), siphash(&key, "x", 1));
}
END_TEST

UNIT_MAIN("siphash", the_published_vectors_hold, both_halves_of_the_key_count)
