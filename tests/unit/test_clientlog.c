/* SPDX-License-Identifier: ISC
 *
 * The log of clients and its limits. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "daemon/engine/clientlog.h"

static const unsigned char random24[24] = { 1, 2, 3 };
static struct clientlog l;
static struct mono now;

static void
start(size_t bytes)
{
	now = (struct mono){ 77 * NSEC };
	ck_assert_int_eq(clientlog_init(&l, bytes, random24, now), 0);
}

static struct addr
client(uint32_t i)
{
	struct addr a = { .family = ADDR_INET4 };

	put32(a.bytes, 0x0a000000 + i);
	return a;
}

static enum clientlog_verdict
hit(uint32_t i)
{
	struct addr a = client(i);

	return clientlog_hit(&l, CLIENTLOG_NTP, &a, now, false);
}

static struct clientlog_report
report(uint32_t i)
{
	struct clientlog_report r;
	struct addr a = client(i);

	for (size_t k = 0; k < clientlog_size(&l); k++)
		if (clientlog_get(&l, k, now, &r) && addr_equal(&r.addr, &a))
			return r;
	ck_abort_msg("client %u is not known", i);
	return r;
}

static bool
is_known(uint32_t i)
{
	struct clientlog_report r;
	struct addr a = client(i);

	for (size_t k = 0; k < clientlog_size(&l); k++)
		if (clientlog_get(&l, k, now, &r) && addr_equal(&r.addr, &a))
			return true;
	return false;
}

START_TEST(hits_and_intervals_are_counted)
{
	start(524288);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(hit(1), CLIENTLOG_PASS);
		now = mono_add(now, 64);
	}
	struct clientlog_report r = report(1);

	ck_assert_uint_eq(r.hits[CLIENTLOG_NTP], 20);
	ck_assert_uint_eq(r.hits[CLIENTLOG_COMMAND], 0);
	ck_assert_int_eq(r.interval[CLIENTLOG_NTP], 6);
	ck_assert_int_eq(r.interval[CLIENTLOG_COMMAND], CLIENTLOG_UNKNOWN);
	ck_assert_double_eq_tol(r.ago[CLIENTLOG_NTP], 64, 0.01);
	ck_assert_double_lt(r.ago[CLIENTLOG_COMMAND], 0);
	for (size_t i = 0; i < clientlog_size(&l); i++)
		clientlog_reset(&l, i);
	ck_assert_uint_eq(report(1).hits[CLIENTLOG_NTP], 0);
	ck_assert_uint_eq(l.hits[CLIENTLOG_NTP], 20);
	clientlog_fini(&l);
}
END_TEST

START_TEST(the_memory_is_as_configured)
{
	start(524288);
	ck_assert_uint_gt(clientlog_size(&l), 16000);
	ck_assert_uint_le(clientlog_size(&l) * 32, 524288);
	clientlog_fini(&l);
	start(1); /* the least there can be */
	ck_assert_uint_eq(clientlog_size(&l), CLIENTLOG_WAYS);
	clientlog_fini(&l);
}
END_TEST

START_TEST(three_quarters_of_the_places_are_taken_by_nearly_all)
{
	start(524288);
	uint32_t n = (uint32_t)clientlog_size(&l) / 4 * 3;

	for (uint32_t i = 0; i < n; i++)
		hit(i);
	ck_assert_uint_le(l.lost, n / 100);
	clientlog_fini(&l);
}
END_TEST

START_TEST(what_both_services_say_is_told_together)
{
	struct clientlog_report r;
	struct addr a = client(1), b = client(2);
	unsigned told = 0;

	start(524288);
	hit(1);
	for (int i = 0; i < 3; i++)
		clientlog_hit(&l, CLIENTLOG_COMMAND, &a, now, false);
	clientlog_hit(&l, CLIENTLOG_COMMAND, &b, now, false);
	now = mono_add(now, 5);
	for (size_t i = 0; i < clientlog_size(&l); i++)
		told += clientlog_get(&l, i, now, &r);
	ck_assert_uint_eq(told, 2);
	r = report(1);
	ck_assert_uint_eq(r.hits[CLIENTLOG_NTP], 1);
	ck_assert_uint_eq(r.hits[CLIENTLOG_COMMAND], 3);
	ck_assert_double_eq_tol(r.ago[CLIENTLOG_COMMAND], 5, 1e-3);
	r = report(2);
	ck_assert_uint_eq(r.hits[CLIENTLOG_NTP], 0);
	ck_assert_double_lt(r.ago[CLIENTLOG_NTP], 0);
	ck_assert_uint_eq(r.hits[CLIENTLOG_COMMAND], 1);
	for (size_t i = 0; i < clientlog_size(&l); i++)
		if (clientlog_get(&l, i, now, &r))
			clientlog_reset(&l, i);
	ck_assert_uint_eq(report(1).hits[CLIENTLOG_COMMAND], 0);
	ck_assert_uint_eq(report(2).hits[CLIENTLOG_COMMAND], 0);
	clientlog_fini(&l);
}
END_TEST

START_TEST(intervals_are_rounded_to_a_quarter_and_told_in_whole_steps)
{
	const struct { double s; int log2s; } all[] = {
		{ 1e-6, -20 }, { 1.0 / 64, -6 }, { 1, 0 }, { 1.25, 0 },
		{ 1.6, 1 }, { 64 * 1.25, 6 }, { 64 * 1.6, 7 }, { 131072, 17 },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		start(1);
		for (int k = 0; k < 20; k++) {
			hit(1);
			now = mono_add(now, all[i].s);
		}
		ck_assert_int_eq(report(1).interval[CLIENTLOG_NTP],
		    all[i].log2s);
		clientlog_fini(&l);
	}
}
END_TEST

START_TEST(the_oldest_of_the_same_places_goes)
{
	start(1);
	for (uint32_t i = 0; i < CLIENTLOG_WAYS; i++) {
		hit(i);
		now = mono_add(now, 1);
	}
	hit(0); /* now 1 is the oldest */
	hit(100);
	ck_assert(is_known(0));
	ck_assert(!is_known(1));
	ck_assert(is_known(100));
	ck_assert_uint_eq(l.lost, 1);
	clientlog_fini(&l);
}
END_TEST

START_TEST(a_million_addresses_push_out_none_that_ask_on)
{
	unsigned kept = 0;

	start(524288);
	for (uint32_t i = 0; i < 1000000; i++) {
		hit(1000 + i);
		if (i % 200 == 0)
			for (uint32_t k = 0; k < 10; k++)
				hit(k);
		now = mono_add(now, 1e-3);
	}
	for (uint32_t k = 0; k < 10; k++)
		kept += is_known(k) && report(k).hits[CLIENTLOG_NTP] == 5000;
	ck_assert_uint_eq(kept, 10);
	clientlog_fini(&l);
}
END_TEST

/* Passes of n requests, gap s apart. */
static unsigned
passes(unsigned n, double gap)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++) {
		passed += hit(1) == CLIENTLOG_PASS;
		now = mono_add(now, gap);
	}
	return passed;
}

START_TEST(a_limit_is_a_burst_and_a_rate)
{
	start(1);
	l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){ .is_on = true,
		.interval = 3, .burst = 8, .leak = 4 };
	ck_assert_uint_eq(passes(8, 0), 8);
	/* A flood of a second earns 1/8 answer; of the rest 1/16 leak. */
	unsigned flood = passes(10000, 1e-4);

	ck_assert_uint_ge(flood, 500);
	ck_assert_uint_le(flood, 750);
	ck_assert_uint_eq(report(1).drops[CLIENTLOG_NTP], 10000 - flood);
	now = mono_add(now, 8 * 8 + 1);
	ck_assert_uint_eq(passes(8, 0), 8);
	now = mono_add(now, 8 * 8 + 1);
	ck_assert_uint_eq(passes(1000, 8.1), 1000);
	clientlog_fini(&l);
}
END_TEST

/* 65535 would be said of each of them. */
START_TEST(what_a_flood_loses_is_told_to_some_percent)
{
	for (unsigned n = 1000; n <= 10000000; n *= 10) {
		start(1);
		l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){
			.is_on = true, .interval = 12, .burst = 1, .leak = 4 };
		unsigned dropped = n - passes(n, 0);
		double told = report(1).drops[CLIENTLOG_NTP];

		ck_assert_uint_eq(l.drops[CLIENTLOG_NTP], dropped);
		ck_assert_double_eq_tol(told, dropped,
		    dropped < 16384 ? 0.5 : 0.08 * dropped);
		ck_assert_double_le(told, n);
		clientlog_fini(&l);
	}
}
END_TEST

START_TEST(short_intervals_are_limits_too)
{
	start(1);
	l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){ .is_on = true,
		.interval = -10, .burst = 16, .leak = 4 };
	unsigned n = passes(100000, 1e-4); /* 10 s, 1024 a second */

	ck_assert_uint_ge(n, 10240 + 4500);
	ck_assert_uint_le(n, 10240 + 6700);
	clientlog_fini(&l);
}
END_TEST

START_TEST(other_addresses_have_their_own_tokens)
{
	start(524288);
	l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){ .is_on = true,
		.interval = 3, .burst = 1, .leak = 1 };
	hit(1);
	hit(1);
	ck_assert_int_eq(hit(2), CLIENTLOG_PASS);
	for (int i = 0; i < 50; i++) {
		struct addr a = client(1);
		ck_assert_int_eq(clientlog_hit(&l, CLIENTLOG_COMMAND, &a, now,
		    false), CLIENTLOG_PASS);
		ck_assert_int_eq(clientlog_hit(&l, CLIENTLOG_NTP, &a, now,
		    true), CLIENTLOG_PASS);
	}
	clientlog_fini(&l);
}
END_TEST

START_TEST(without_a_log_there_are_counts_alone)
{
	start(0);
	l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){ .is_on = true,
		.interval = 12, .burst = 1, .leak = 1 };
	ck_assert_uint_eq(passes(50, 0), 50);
	ck_assert_uint_eq(l.hits[CLIENTLOG_NTP], 50);
	ck_assert_uint_eq(clientlog_size(&l), 0);
	clientlog_fini(&l);
}
END_TEST

START_TEST(a_year_changes_nothing)
{
	/* 28 bits of seconds are 3106.89 days: before, at and behind that. */
	const double days[] = { 365, 3100, 3106.8913, 3106.89186, 3107, 9000 };

	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		start(1);
		l.limits[CLIENTLOG_NTP] = (struct config_ratelimit){
			.is_on = true, .interval = 3, .burst = 8, .leak = 4 };
		now = mono_add(now, days[i] * 86400);
		ck_assert_uint_le(passes(10000, 1e-4), 750);
		ck_assert_double_le(report(1).ago[CLIENTLOG_NTP], 0.01);
		for (uint32_t k = 2; k < CLIENTLOG_WAYS + 1; k++) {
			now = mono_add(now, 1);
			hit(k);
		}
		now = mono_add(now, 1);
		hit(1); /* now 2 is the oldest */
		hit(100);
		ck_assert(is_known(1) && is_known(100) && !is_known(2));
		clientlog_fini(&l);
	}
}
END_TEST

UNIT_MAIN("clientlog", hits_and_intervals_are_counted,
    the_memory_is_as_configured,
    three_quarters_of_the_places_are_taken_by_nearly_all,
    what_both_services_say_is_told_together,
    intervals_are_rounded_to_a_quarter_and_told_in_whole_steps,
    the_oldest_of_the_same_places_goes,
    a_million_addresses_push_out_none_that_ask_on,
    a_limit_is_a_burst_and_a_rate, what_a_flood_loses_is_told_to_some_percent,
    short_intervals_are_limits_too,
    other_addresses_have_their_own_tokens, without_a_log_there_are_counts_alone,
    a_year_changes_nothing)
