/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "daemon/wire/refid.h"

static uint32_t
refid(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return refid_of(&a);
}

START_TEST(ipv4_stands_for_itself)
{
	ck_assert_uint_eq(refid("192.0.2.1"), 0xc0000201);
}
END_TEST

START_TEST(ipv6_is_the_head_of_its_md5)
{
	/* computed with Python's hashlib over the 16 bytes */
	ck_assert_uint_eq(refid("2001:db8::1"), 0x39ab9b37);
	ck_assert_uint_eq(refid("::1"), 0xcf404dc8);
}
END_TEST

START_TEST(anything_else_is_0)
{
	ck_assert_uint_eq(refid("ID#7"), 0);
	ck_assert_uint_eq(refid_of(&(struct addr){ 0 }), 0);
}
END_TEST

UNIT_MAIN("refid", ipv4_stands_for_itself, ipv6_is_the_head_of_its_md5,
    anything_else_is_0)
