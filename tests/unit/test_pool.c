/* SPDX-License-Identifier: ISC
 *
 * Names that have many addresses, few, none, others than before. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/engine/manage.h"
#include "daemon/engine/pool.h"
#include "tests/emu/engine_world.h"

#define NAME "pool.example.net"

static struct addr net[24]; /* 192.0.2.101 .. */

/* A world with `pool NAME maxsources n`, or `server NAME` for n = 0. */
static void
start(struct world *w, int n)
{
	char text[ADDR_STRLEN];

	for (unsigned i = 0; i < 24; i++) {
		snprintf(text, sizeof text, "192.0.2.%u", 101 + i);
		ck_assert_int_eq(addr_parse(&net[i], text), 0);
	}
	world_init(w, 1);
	strcpy(w->config.sources[0].name, NAME);
	w->config.sources[0].is_pool = n != 0;
	w->config.sources[0].maxsources = n;
	world_start(w);
}

static bool
has(struct world *w, const struct addr *a)
{
	const struct source *s;

	TAILQ_FOREACH(s, &w->engine.sources, link)
		if (addr_equal(&s->remote.addr, a))
			return true;
	return false;
}

static unsigned
resolved(struct world *w)
{
	const struct source *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &w->engine.sources, link)
		n += source_is_resolved(s);
	return n;
}

/* Lets time pass, up to the next look-up; returns after how
 * many s it was answered, or -1 after `most`. */
static double
until_asked(struct world *w, double most, const struct addr *addrs, int n)
{
	for (double t = 0; t < most; t++) {
		if (fake_resolve(&w->os, NAME, addrs, n))
			return t;
		world_run(w, 1);
	}
	return -1;
}

START_TEST(a_pool_takes_as_many_as_it_wants)
{
	struct world w;

	start(&w, 3);
	ck_assert(fake_resolve(&w.os, NAME, net, 5));
	ck_assert_uint_eq(resolved(&w), 3);
	ck_assert(has(&w, &net[0]) && has(&w, &net[1]) && has(&w, &net[2]));
	world_run(&w, 20);
	ck_assert(w.engine.reference.is_synced);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_gt(world_source(&w, i)->client.total_good, 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_server_takes_one)
{
	struct world w;

	start(&w, 0);
	ck_assert(fake_resolve(&w.os, NAME, net, 5));
	ck_assert_ptr_null(world_source(&w, 1));
	ck_assert(has(&w, &net[0]));
	world_fini(&w);
}
END_TEST

START_TEST(slots_without_address_have_ids_of_their_own)
{
	struct world w;
	char text[ADDR_STRLEN];

	start(&w, 4);
	ck_assert_str_eq(addr_print(&world_source(&w, 0)->remote.addr, text,
	    sizeof text), "ID#0000000001");
	ck_assert_str_eq(addr_print(&world_source(&w, 3)->remote.addr, text,
	    sizeof text), "ID#0000000004");
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	ck_assert_uint_eq(resolved(&w), 2);
	ck_assert_str_eq(addr_print(&world_source(&w, 3)->remote.addr, text,
	    sizeof text), "ID#0000000004");
	ck_assert(pool_is_spare(world_source(&w, 3)));
	world_fini(&w);
}
END_TEST

START_TEST(a_pool_with_few_addresses_looks_for_more)
{
	struct world w;

	start(&w, 4);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	double after = until_asked(&w, 200, net, 3);
	ck_assert_double_ge(after, 60);
	ck_assert_uint_eq(resolved(&w), 3);
	/* Less and less often, and never more than every half hour. */
	for (int i = 0; i < 12; i++)
		after = until_asked(&w, 4000, net, 3);
	ck_assert_double_ge(after, 1700);
	ck_assert_uint_eq(resolved(&w), 3);
	world_fini(&w);
}
END_TEST

START_TEST(an_address_is_used_once)
{
	struct world w;
	struct config_source second;

	start(&w, 2);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	second = w.config.sources[0];
	second.maxsources = 2;
	ck_assert_int_eq(manage_add(&w.engine, &second), 0);
	ck_assert(fake_resolve(&w.os, NAME, net, 3));
	ck_assert_uint_eq(resolved(&w), 3);
	ck_assert(has(&w, &net[2]));
	world_fini(&w);
}
END_TEST

START_TEST(the_silent_one_of_a_pool_is_replaced_and_no_other)
{
	struct world w;
	struct mono end;

	start(&w, 2);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	world_run(&w, 60);
	w.is_silent[1] = true;
	end = mono_add(w.os.mono, 4000);
	unsigned asked = 0;
	while (w.os.mono.ns < end.ns && asked == 0) {
		world_run(&w, 10);
		asked += fake_resolve(&w.os, NAME, net, 3);
	}
	ck_assert_uint_eq(asked, 1);
	/* Half an hour after the last look-up, not before. */
	ck_assert_double_ge(mono_sub(w.os.mono, w.engine.started), 1800);
	ck_assert(has(&w, &net[0]));
	ck_assert(!has(&w, &net[1]));
	ck_assert(has(&w, &net[2]));
	world_fini(&w);
}
END_TEST

START_TEST(the_falseticker_of_a_pool_is_replaced)
{
	struct world w;

	start(&w, 3);
	ck_assert(fake_resolve(&w.os, NAME, net, 3));
	w.lie[1] = 0.5;
	world_run(&w, 1700);
	ck_assert_int_eq(world_source(&w, 1)->verdict, SOURCE_FALSETICKER);
	ck_assert(!fake_resolve(&w.os, NAME, net, 4));
	world_run(&w, 200);
	ck_assert(fake_resolve(&w.os, NAME, net, 4));
	ck_assert(addr_equal(&world_source(&w, 1)->remote.addr, &net[3]));
	ck_assert(has(&w, &net[0]) && has(&w, &net[2]));
	world_fini(&w);
}
END_TEST

START_TEST(an_unsynchronised_server_is_replaced_at_once)
{
	struct world w;

	start(&w, 0);
	w.leap[0] = LEAP_UNSYNC;
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	world_run(&w, 30);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	ck_assert(has(&w, &net[1]));
	w.leap[0] = LEAP_NONE;
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

/* The next answer of this source is that kiss. */
static void
kiss(struct world *w, struct source *s, uint32_t code)
{
	while (!s->client.is_waiting)
		fake_advance(&w->os, 0.01);

	struct ntp_packet p = world_answer(w, &s->client, 0);

	p.stratum = 0;
	p.refid = code;
	world_hand_in(w, s, &p);
}

START_TEST(who_denies_us_is_replaced)
{
	struct world w;

	for (int later = 0; later <= 1; later++) {
		start(&w, 2);
		ck_assert(fake_resolve(&w.os, NAME, net, 2));
		struct source *s = world_source(&w, 0);
		world_run(&w, later ? 100 : 0.1);
		kiss(&w, s, KISS_CODE_DENY);
		ck_assert(s->client.is_denied);
		/* There is no other address yet. */
		ck_assert_double_ge(until_asked(&w, 1900, net, 2), 0);
		ck_assert(has(&w, &net[0]) && s->client.is_denied);
		ck_assert_double_ge(until_asked(&w, 1900, net, 3), 0);
		ck_assert(has(&w, &net[2]) && !has(&w, &net[0]));
		world_run(&w, 40);
		ck_assert_uint_gt(s->client.total_good, 0);
		world_fini(&w);
	}
}
END_TEST

START_TEST(when_dns_is_gone_the_addresses_are_kept)
{
	struct world w;

	start(&w, 2);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	world_run(&w, 60);
	manage_refresh(&w.engine);
	ck_assert(fake_resolve(&w.os, NAME, NULL, -1));
	manage_refresh(&w.engine);
	ck_assert(fake_resolve(&w.os, NAME, NULL, 0));
	ck_assert_uint_eq(resolved(&w), 2);
	world_run(&w, 60);
	ck_assert(w.engine.reference.is_synced);
	/* It is back, with other addresses: the refresh is made up for. */
	manage_refresh(&w.engine);
	ck_assert(fake_resolve(&w.os, NAME, net + 1, 2));
	ck_assert(!has(&w, &net[0]) && has(&w, &net[1]) && has(&w, &net[2]));
	world_fini(&w);
}
END_TEST

START_TEST(refresh_replaces_what_the_name_lost_one_at_a_time)
{
	struct world w;

	start(&w, 2);
	w.config.refresh = 5000;
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	double after = until_asked(&w, 1, net, 2);
	ck_assert_double_eq(after, -1);
	world_run(&w, 4990);
	ck_assert(!fake_resolve(&w.os, NAME, net + 2, 4));
	world_run(&w, 20);
	ck_assert(fake_resolve(&w.os, NAME, net + 2, 4));
	ck_assert(!has(&w, &net[0]) && has(&w, &net[1]));
	world_run(&w, 1790);
	ck_assert(!fake_resolve(&w.os, NAME, net + 2, 4));
	world_run(&w, 20);
	ck_assert(fake_resolve(&w.os, NAME, net + 2, 4));
	ck_assert(!has(&w, &net[1]));
	world_fini(&w);
}
END_TEST

START_TEST(refresh_0_never_asks_again)
{
	struct world w;

	start(&w, 2);
	w.config.refresh = 0;
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	world_run(&w, 20000);
	ck_assert(!fake_resolve(&w.os, NAME, net + 2, 4));
	world_fini(&w);
}
END_TEST

START_TEST(both_families_fill_a_pool)
{
	struct world w;
	struct addr mixed[2];

	ck_assert_int_eq(addr_parse(&mixed[0], "2001:db8::1"), 0);
	ck_assert_int_eq(addr_parse(&mixed[1], "192.0.2.50"), 0);
	start(&w, 2);
	ck_assert(fake_resolve(&w.os, NAME, mixed, 2));
	ck_assert(has(&w, &mixed[0]) && has(&w, &mixed[1]));
	world_fini(&w);
}
END_TEST

START_TEST(names_are_looked_up_in_the_family_that_is_wanted)
{
	struct world w;
	struct config_source s;

	memset(&s, 0, sizeof s);
	source_defaults(&s);
	strcpy(s.name, NAME);
	world_init(&w, 0);
	w.options.family = ADDR_INET6; /* -6 */
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	ck_assert_int_eq(w.os.lookups[0]->family, ADDR_INET6);
	s.family = ADDR_INET4;
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	ck_assert_int_eq(w.os.lookups[1]->family, ADDR_INET4);
	world_fini(&w);
}
END_TEST

START_TEST(a_network_that_comes_is_asked_at_once)
{
	struct world w;

	start(&w, 0);
	for (int i = 0; i < 9; i++)
		ck_assert_double_ge(until_asked(&w, 600, NULL, -1), 0);
	world_run(&w, 10); /* of 512 */
	ck_assert(!fake_resolve(&w.os, NAME, NULL, -1));
	manage_onoffline(&w.engine);
	ck_assert(fake_resolve(&w.os, NAME, NULL, -1));
	ck_assert_double_lt(until_asked(&w, 600, net, 1), 4);
	ck_assert(has(&w, &net[0]));
	/* Who has all that it wants does not ask. */
	manage_onoffline(&w.engine);
	ck_assert(!fake_resolve(&w.os, NAME, net, 1));
	world_fini(&w);
}
END_TEST

START_TEST(a_pool_goes_with_its_last_source)
{
	struct world w;

	start(&w, 2);
	ck_assert(fake_resolve(&w.os, NAME, net, 2));
	ck_assert_int_eq(manage_delete(&w.engine, &net[0]), 0);
	ck_assert(!TAILQ_EMPTY(&w.engine.pools));
	ck_assert_int_eq(manage_delete(&w.engine, &net[1]), 0);
	ck_assert(TAILQ_EMPTY(&w.engine.pools));
	fake_advance(&w.os, 5000);
	ck_assert(!fake_resolve(&w.os, NAME, net, 2));
	world_fini(&w);
}
END_TEST

UNIT_MAIN("pool", a_pool_takes_as_many_as_it_wants, a_server_takes_one,
    slots_without_address_have_ids_of_their_own,
    a_pool_with_few_addresses_looks_for_more, an_address_is_used_once,
    the_silent_one_of_a_pool_is_replaced_and_no_other,
    the_falseticker_of_a_pool_is_replaced,
    an_unsynchronised_server_is_replaced_at_once,
    who_denies_us_is_replaced,
    when_dns_is_gone_the_addresses_are_kept,
    refresh_replaces_what_the_name_lost_one_at_a_time,
    refresh_0_never_asks_again, both_families_fill_a_pool,
    names_are_looked_up_in_the_family_that_is_wanted,
    a_network_that_comes_is_asked_at_once,
    a_pool_goes_with_its_last_source)
