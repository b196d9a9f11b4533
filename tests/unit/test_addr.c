/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/addr.h"

static struct addr
parse(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse(&a, text) == 0, "%s", text);
	return a;
}

static void
prints_as(const char *text, const char *want)
{
	struct addr a = parse(text);
	char buf[ADDR_STRLEN];

	ck_assert_str_eq(addr_print(&a, buf, sizeof buf), want);
}

START_TEST(text_comes_out_in_its_shortest_form)
{
	prints_as("192.0.2.1", "192.0.2.1");
	/* RFC 5952 sections 4.2.1 to 4.3 */
	prints_as("2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1");
	prints_as("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	prints_as("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	prints_as("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	prints_as("::", "::");
	prints_as("ID#1", "ID#0000000001");
	prints_as("ID#4294967295", "ID#4294967295");
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	const char *bad[] = { "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ",
		" 1.2.3.4", "0x7f.0.0.1", "1.2.3.4%1", "::1%1", "fe80::1%", "ff05::101%1",
		"fe80::1%0", "fe80::1%nosuchinterface", "fe80::1%4294967296",
		":::", "1::2::3", "12345::", "ID#", "ID#-1", "ID#4294967296",
		"ID#1x", "id#1", "localhost",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
	struct addr a, keep;

	memset(&a, 0x5a, sizeof a);
	keep = a;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(addr_parse(&a, bad[i]) == -EINVAL, "%s", bad[i]);
		ck_assert_mem_eq(&a, &keep, sizeof a);
	}
}
END_TEST

START_TEST(link_local_addresses_keep_their_scope)
{
	struct addr a = parse("fe80::1%7"), b = parse("fe80::1%8");
	char buf[ADDR_STRLEN];

	ck_assert_uint_eq(a.scope, 7);
	ck_assert_str_eq(addr_print(&a, buf, sizeof buf), "fe80::1%7");
	ck_assert(!addr_equal(&a, &b));
	ck_assert_int_lt(addr_cmp(&a, &b), 0);
	ck_assert_uint_eq(parse("ff02::101%9").scope, 9); /* groups, too */
	ck_assert_uint_eq(parse("ff02::101").scope, 0);
	if (if_nametoindex("lo") != 0)
		ck_assert_uint_eq(parse("fe80::1%lo").scope,
		    if_nametoindex("lo"));
}
END_TEST

START_TEST(mapped_addresses_become_ipv4)
{
	struct addr four = parse("192.0.2.1"), mapped = parse("::ffff:192.0.2.1");

	ck_assert(addr_equal(&four, &mapped));
	ck_assert_mem_eq(&four, &mapped, sizeof four);
}
END_TEST

START_TEST(a_short_buffer_is_never_overrun)
{
	struct addr a = parse("2001:db8::2:1");
	char buf[8] = "xxxxxxx";

	addr_print(&a, buf, 5);
	ck_assert_str_eq(buf, "2001");
	ck_assert_int_eq(buf[5], 'x');
}
END_TEST

START_TEST(only_unicast_can_be_a_server)
{
	const char *good[] = { "192.0.2.1", "127.0.0.1", "223.255.255.255",
		"1.0.0.0", "::1", "2001:db8::1", "fe80::1" };
	const char *bad[] = { "0.0.0.0", "0.1.2.3", "224.0.1.1", "239.0.0.1",
		"240.0.0.1", "255.255.255.255", "::", "ff02::101", "ID#3" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct addr a = parse(good[i]);
		ck_assert_msg(addr_is_unicast(&a), "%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct addr a = parse(bad[i]);
		ck_assert_msg(!addr_is_unicast(&a), "%s", bad[i]);
	}
	ck_assert(!addr_is_unicast(&(struct addr){ 0 }));
}
END_TEST

START_TEST(loopback_is_known)
{
	struct addr a = parse("127.255.0.1"), b = parse("::1"),
	    c = parse("128.0.0.1"), d = parse("::2");

	ck_assert(addr_is_loopback(&a) && addr_is_loopback(&b));
	ck_assert(!addr_is_loopback(&c) && !addr_is_loopback(&d));
}
END_TEST

START_TEST(order_is_by_family_then_bytes)
{
	const char *sorted[] = { "1.2.3.4", "1.2.4.0", "200.0.0.0", "::",
		"::1", "fe80::1%1", "fe80::1%2", "fe80::2", "ID#0", "ID#256" };
	size_t n = sizeof sorted / sizeof *sorted;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			struct addr a = parse(sorted[i]), b = parse(sorted[j]);
			int order = addr_cmp(&a, &b);

			ck_assert_int_eq((order > 0) - (order < 0),
			    (i > j) - (i < j));
		}
}
END_TEST

START_TEST(the_kernels_form_and_back)
{
	const char *all[] = { "192.0.2.1", "2001:db8::1", "fe80::1%3" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct endpoint e = { parse(all[i]), 123 }, back;
		struct sockaddr_storage ss;
		unsigned len = addr_to_sockaddr(&e, &ss);

		ck_assert_uint_eq(len, i == 0 ? sizeof(struct sockaddr_in)
		                              : sizeof(struct sockaddr_in6));
		ck_assert_int_eq(
		    addr_from_sockaddr(&back, (struct sockaddr *)&ss), 0);
		ck_assert(addr_equal(&e.addr, &back.addr));
		ck_assert_uint_eq(back.port, 123);
	}
}
END_TEST

START_TEST(foreign_families_are_refused)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	struct endpoint e = { parse("1.2.3.4"), 1 };

	ck_assert_uint_eq(addr_to_sockaddr(&(struct endpoint){ 0 }, &ss), 0);
	ss.ss_family = AF_UNIX;
	ck_assert_int_eq(addr_from_sockaddr(&e, (struct sockaddr *)&ss),
	    -EAFNOSUPPORT);
	ck_assert_uint_eq(e.addr.family, ADDR_NONE);
	ck_assert_uint_eq(e.port, 0);
}
END_TEST

START_TEST(what_is_printed_is_parsed_again)
{
	unsigned seed = 7;

	printf("seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		struct addr a = { .family = i % 2 ? ADDR_INET4 : ADDR_INET6 };
		char buf[ADDR_STRLEN];

		for (int j = 0; j < (i % 2 ? 4 : 16); j++)
			if (rand_r(&seed) % 3 != 0)
				a.bytes[j] = (unsigned char)rand_r(&seed);
		a.bytes[0] |= 1; /* neither mapped nor link-local */
		struct addr b = parse(addr_print(&a, buf, sizeof buf));
		ck_assert_mem_eq(&a, &b, sizeof a);
	}
}
END_TEST

UNIT_MAIN("addr", text_comes_out_in_its_shortest_form,
    what_is_no_address_is_refused, link_local_addresses_keep_their_scope,
    mapped_addresses_become_ipv4, a_short_buffer_is_never_overrun,
    only_unicast_can_be_a_server, loopback_is_known,
    order_is_by_family_then_bytes, the_kernels_form_and_back,
    foreign_families_are_refused, what_is_printed_is_parsed_again)
