/* SPDX-License-Identifier: ISC
 *
 * Subnets in every spelling, and the table against a model that a child could
 * check: the list of rules, looked through from end to end (CVE-2015-1821 was a
 * table that went wrong at prefix lengths that do not divide by 4). */
#include "conf/access.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/prng.h"
#include "conf_unit.h"

static struct subnet
subnet(const char *text)
{
	struct subnet s;

	ck_assert_msg(subnet_parse(&s, text) == 0, "%s", text);
	return s;
}

static void
spelt(const char *text, const char *canonical)
{
	struct subnet s = subnet(text);
	char buf[SUBNET_STRLEN];

	ck_assert_str_eq(subnet_print(&s, buf, sizeof buf), canonical);
}

START_TEST(subnets_have_many_spellings)
{
	spelt("192.0.2.1", "192.0.2.1/32");
	spelt("192.0.2.1/24", "192.0.2.0/24");
	spelt("192.0.2.255/25", "192.0.2.128/25");
	spelt("192.0.2", "192.0.2.0/24");
	spelt("172.16", "172.16.0.0/16");
	spelt("172.16/12", "172.16.0.0/12");
	spelt("10", "10.0.0.0/8");
	spelt("10/9", "10.0.0.0/9");
	spelt("0/0", "0.0.0.0/0");
	spelt("::1", "::1/128");
	spelt("2001:db8:ffff::/33", "2001:db8:8000::/33");
	spelt("::/0", "::/0");
	spelt("::ffff:192.0.2.1", "192.0.2.1/32");
}
END_TEST

START_TEST(what_is_no_subnet_is_told_apart_from_too_many_bits)
{
	static const char *const no[] = { "", "/", "/8", "1.2.3.4.5", "1..2",
		".1", "1.", "256", "1.2.3.4/", "1.2.3.4/x", "1.2.3.4/-1",
		"1.2.3.4/1/2", "1.2.3.4/ 1", "fe80::1%1/64", "a", "a/8",
		":::", "ID#0000000001" };
	static const char *const many[] = { "1.2.3.4/33", "10/33", "::/129",
		"1.2.3.4/1000", "1.2.3.4/99999999999", "::/4294967296" };
	struct subnet s;

	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(subnet_parse(&s, no[i]) == -EINVAL, "%s", no[i]);
	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		ck_assert_msg(subnet_parse(&s, many[i]) == -ERANGE, "%s",
		    many[i]);
}
END_TEST

struct model {
	struct access table;
	struct {
		struct subnet s;
		bool may;
	} rules[400];
	size_t n;
};

static void
model_drop(struct model *m, size_t i)
{
	m->rules[i] = m->rules[--m->n];
}

static bool
is_inside(const struct subnet *in, const struct subnet *out)
{
	return in->bits >= out->bits && subnet_has(out, &in->addr);
}

/* The model knows families one by one. */
static void
model_set(struct model *m, const struct subnet *s, bool may, bool is_whole)
{
	ck_assert_int_eq(access_set(&m->table, s, may, is_whole), 0);
	for (size_t i = m->n; i-- > 0;)
		if (is_inside(&m->rules[i].s, s) &&
		    (is_whole || m->rules[i].s.bits == s->bits))
			model_drop(m, i);
	m->rules[m->n].s = *s;
	m->rules[m->n++].may = may;
}

static bool
model_may(const struct model *m, const struct addr *a)
{
	int best = -1;
	bool may = false;

	for (size_t i = 0; i < m->n; i++)
		if (subnet_has(&m->rules[i].s, a) && m->rules[i].s.bits > best) {
			best = m->rules[i].s.bits;
			may = m->rules[i].may;
		}
	return may;
}

/* Addresses that share long beginnings, so that rules nest. */
static struct addr
near_address(struct prng *p, enum addr_family family)
{
	struct addr a = { .family = family };
	struct subnet all;

	memset(a.bytes, 0xa5, family == ADDR_INET4 ? 4 : 16);
	subnet_make(&all, &a, subnet_bits(&a));
	for (int k = 0; k < 3; k++) {
		uint64_t bit = prng_below(p, (uint64_t)all.bits);
		a.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	return a;
}

static void
compare_at(const struct model *m, const struct addr *a)
{
	char text[ADDR_STRLEN];

	ck_assert_msg(access_may(&m->table, a) == model_may(m, a), "%s",
	    addr_print(a, text, sizeof text));
}

/* The first and last address of a subnet and those beside it. */
static void
compare_edges(const struct model *m, const struct subnet *s)
{
	struct addr first = s->addr, last = s->addr;
	int all = subnet_bits(&s->addr);

	for (int bit = s->bits; bit < all; bit++)
		last.bytes[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
	compare_at(m, &first);
	compare_at(m, &last);
	for (int i = all / 8 - 1; i >= 0 && first.bytes[i]-- == 0;)
		i--;
	for (int i = all / 8 - 1; i >= 0 && ++last.bytes[i] == 0;)
		i--;
	compare_at(m, &first);
	compare_at(m, &last);
}

static void
try_family(enum addr_family family, uint64_t seed)
{
	static struct model m;
	struct prng p;
	struct addr a = { .family = family };

	prng_init(&p, seed);
	for (int round = 0; round < 60; round++) {
		m.n = 0;
		for (int k = 0; k < 130; k++) {
			struct subnet s;
			int bits = round == 0 && k <= subnet_bits(&a)
			    ? k
			    : (int)prng_below(&p, 1 + (uint64_t)subnet_bits(&a));

			a = near_address(&p, family);
			ck_assert_int_eq(subnet_make(&s, &a, bits), 0);
			model_set(&m, &s, prng_below(&p, 2) == 0,
			    prng_below(&p, 10) == 0);
			compare_edges(&m, &s);
		}
		for (size_t i = 0; i < m.n; i++)
			compare_edges(&m, &m.rules[i].s);
		for (int k = 0; k < 1000; k++) {
			a = near_address(&p, family);
			compare_at(&m, &a);
		}
		access_fini(&m.table);
	}
}

START_TEST(the_table_is_as_the_model_for_ipv4)
{
	try_family(ADDR_INET4, 1);
}
END_TEST

START_TEST(the_table_is_as_the_model_for_ipv6)
{
	try_family(ADDR_INET6, 2);
}
END_TEST

static bool
may(const struct access *t, const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return access_may(t, &a);
}

static void
rule(struct access *t, const char *text, bool is_allowed, bool is_whole)
{
	struct subnet s = { .addr.family = ADDR_NONE };

	if (text != NULL)
		s = subnet(text);
	ck_assert_int_eq(access_set(t, &s, is_allowed, is_whole), 0);
}

START_TEST(the_narrowest_rule_decides_in_any_order)
{
	struct access t = { 0 };

	ck_assert(!may(&t, "192.0.2.1"));
	rule(&t, "192.0.2.4/30", false, false);
	rule(&t, "192.0.2.5", true, false);
	rule(&t, "192.0.2", true, false);
	ck_assert(may(&t, "192.0.2.1"));
	ck_assert(!may(&t, "192.0.2.4"));
	ck_assert(may(&t, "192.0.2.5"));
	ck_assert(!may(&t, "192.0.3.1"));
	ck_assert(!may(&t, "::1"));
	rule(&t, NULL, true, false);
	ck_assert(may(&t, "::1"));
	ck_assert(!may(&t, "192.0.2.4"));
	rule(&t, "192.0/16", true, true);
	ck_assert(may(&t, "192.0.2.4"));
	rule(&t, NULL, false, true);
	ck_assert(!may(&t, "192.0.2.5"));
	ck_assert(!may(&t, "::1"));
	access_fini(&t);
}
END_TEST

START_TEST(lines_become_rules)
{
	struct conf_try t;
	const struct config_rule *r;

	try_init(&t);
	try_good(&t, "allow 10.0.0.0/8");
	try_good(&t, "Deny All 10.1");
	try_good(&t, "allow");
	try_good(&t, "allow ntp.example.net");
	try_good(&t, "CMDdeny all");
	ck_assert_uint_eq(t.config.allow.n, 4);
	r = t.config.allow.all;
	ck_assert(r[0].may && !r[0].is_whole && r[0].subnet.bits == 8);
	ck_assert(!r[1].may && r[1].is_whole && r[1].subnet.bits == 16);
	ck_assert(r[2].may && r[2].subnet.addr.family == ADDR_NONE);
	ck_assert_str_eq(r[3].name, "ntp.example.net");
	ck_assert_uint_eq(t.config.cmdallow.n, 1);
	ck_assert(!t.config.cmdallow.all[0].may);
	try_bad(&t, "allow 10/33", 7, "more bits");
	try_bad(&t, "allow all 1.2.3.4.5", 11, "neither a subnet nor a host");
	try_bad(&t, "deny 1.2.3.4 5", 14, "too many");
	try_bad(&t, "cmdallow all # all", 14, "neither");
	try_bad(&t, "allow all all", 11, "twice");
	try_bad(&t, "cmddeny ALL All", 13, "twice");
	try_bad(&t, "deny 10/8 all", 11, "too many");
	try_bad(&t, "cmddeny a_b/8", 9, "neither");
	ck_assert_uint_eq(t.config.allow.n, 4);
	try_fini(&t);
}
END_TEST

UNIT_MAIN("access", subnets_have_many_spellings,
    what_is_no_subnet_is_told_apart_from_too_many_bits,
    the_table_is_as_the_model_for_ipv4, the_table_is_as_the_model_for_ipv6,
    the_narrowest_rule_decides_in_any_order, lines_become_rules)
