/* SPDX-License-Identifier: ISC
 *
 * Servers that send the time unasked: what replays, forgeries and floods come
 * to. */
#include "unit.h"

#include <errno.h>

#include "daemon/engine/manage.h"
#include "daemon/engine/source.h"
#include "tests/unit/listen_world.h"

START_TEST(what_is_not_signed_by_the_key_is_ignored)
{
	const struct mac_key *bad[] = { NULL, &wrong7, &key8 };
	struct packet p;

	start("broadcastclient key 7");
	for (int i = 0; i < 9; i++) {
		p = made(bad[i % 3], 0);
		arrives(&p, "10.0.0.1", 2);
		p = made(&key7, 0);
		p.bytes[20] ^= 1;
		arrives(&p, "10.0.0.1", 2);
	}
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(w.os.n_sent, 0);
	/* Said once; an hour later once more. */
	ck_assert_uint_eq(w.engine.listen.n_strangers, 1);
	fake_advance(&w.os, 3700);
	arrives(&p, "10.0.0.1", 2);
	ck_assert_uint_eq(w.engine.listen.n_strangers, 2);
	for (int i = 0; i < 256; i++) {
		char from[20];

		snprintf(from, sizeof from, "10.0.1.%d", i);
		arrives(&p, from, 2);
	}
	ck_assert_uint_eq(w.engine.listen.n_strangers, LISTEN_STRANGERS);
	world_fini(&w);
	prepare("broadcastclient key 9"); /* there is none */
	world_start(&w);
	hears("10.0.0.1", 0);
	ck_assert_uint_eq(count(), 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_replay_is_dropped)
{
	struct source *s = settled();
	struct packet old = made(&key7, 0);
	struct raw last;
	struct unasked before;

	fake_advance(&w.os, LAG);
	arrives(&old, "10.0.0.1", 2);
	last = s->last.at;
	before = w.engine.listen.heard[0][0].unasked;
	for (int i = 0; i < 20; i++) {
		arrives(&old, "10.0.0.1", 2);
		world_run(&w, 1);
	}
	ck_assert_int_eq(s->last.at.ns, last.ns);
	ck_assert_mem_eq(&before, &w.engine.listen.heard[0][0].unasked,
	    sizeof before);
	listens(2);
	ck_assert_int_gt(s->last.at.ns, last.ns);
	world_fini(&w);
}
END_TEST

/* Of a time when the server's clock was ahead. */
START_TEST(a_time_to_come_shuts_nobody_out)
{
	struct source *s = settled();
	struct raw last;
	struct packet p = made(&key7, 3600);

	arrives(&p, "10.0.0.1", 2);
	last = s->last.at;
	listens(1);
	ck_assert_int_gt(s->last.at.ns, last.ns);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
	start("broadcastclient key 7"); /* nor at the start */
	p = made(&key7, 3600);
	arrives(&p, "10.0.0.1", 2);
	world_run(&w, INTERVAL);
	listens(12);
	ck_assert_uint_ge(w.engine.listen.heard[0][0].unasked.turn, 3);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

/* Not one of those that were heard: the newest is late. */
START_TEST(a_server_that_does_not_stop_is_not_heard_more_often)
{
	struct source *s = settled();
	const struct unasked *u = &w.engine.listen.heard[0][0].unasked;
	unsigned taken = u->turn;
	uint32_t asked = s->client.total_tx;
	struct mono begin = w.os.mono;

	for (int i = 0; i < 1000; i++)
		hears("10.0.0.1", 0);
	double s_for_all = mono_sub(w.os.mono, begin);
	ck_assert_double_lt(s_for_all, 10);
	ck_assert_uint_gt(u->turn, taken);
	ck_assert_uint_le(u->turn - taken, (unsigned)(s_for_all * 2) + 1);
	ck_assert_uint_le(s->client.total_tx - asked, 2);
	world_fini(&w);
}
END_TEST

START_TEST(what_was_held_back_does_not_move_the_clock)
{
	static const double held[] = { 500e-6, 0.01, 1, 100 };

	for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
		struct source *s = settled();
		const struct unasked *u =
		    &w.engine.listen.heard[0][0].unasked;
		uint32_t asked = s->client.total_tx;
		unsigned taken = u->turn;

		for (int k = 0; k < 20; k++) {
			hears("10.0.0.1", held[i]);
			ck_assert_uint_eq(u->turn, taken);
			world_run(&w, 10);
			ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
		}
		ck_assert_uint_gt(s->client.total_tx, asked); /* it asks */
		world_fini(&w);
	}
}
END_TEST

START_TEST(replays_to_a_daemon_that_starts_tell_nothing)
{
	struct packet old[20];

	start("broadcastclient key 7");
	for (int i = 0; i < 20; i++) {
		old[i] = made(&key7, 0);
		fake_advance(&w.os, INTERVAL);
	}
	fake_advance(&w.os, 1000);
	for (int i = 0; i < 20; i++) {
		arrives(&old[i], "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert(w.engine.reference.is_synced); /* by the volley alone */
	ck_assert_uint_eq(w.engine.listen.heard[0][0].unasked.n, 0);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 100e-6);
	listens(12);
	ck_assert_uint_eq(w.engine.listen.heard[0][0].unasked.n, UNASKED_LAGS);
	world_fini(&w);
}
END_TEST

/* A signature says nothing about the address that a packet comes from. */
START_TEST(forged_addresses_take_a_few_places_for_a_while)
{
	struct source *real = settled();
	struct packet p = made(&key7, 0);
	unsigned sent = w.os.n_sent;
	char from[20];

	for (int i = 0; i < WORLD_SERVERS; i++)
		w.is_silent[i] = i > 0;
	for (int i = 0; i < 250; i++) {
		snprintf(from, sizeof from, "10.1.0.%d", i + 1);
		arrives(&p, from, 2);
		ck_assert_uint_le(count(), LISTEN_SERVERS);
	}
	world_run(&w, 20);
	ck_assert_uint_le(w.os.n_sent - sent, 4 * (LISTEN_SERVERS - 1) + 2);
	world_run(&w, 20);
	for (int i = 0; i < 250; i++) {
		snprintf(from, sizeof from, "10.2.0.%d", i + 1);
		arrives(&p, from, 2);
		ck_assert_uint_le(count(), LISTEN_SERVERS);
	}
	ck_assert_ptr_eq(world_source(&w, 0), real);
	listens(3);
	ck_assert(w.engine.reference.is_synced);
	ck_assert(addr_equal(&w.engine.reference.addr, &real->remote.addr));
	world_run(&w, 40); /* a server that is new finds a place */
	hears("10.0.0.2", 0);
	ck_assert_uint_eq(count(), LISTEN_SERVERS);
	ck_assert_uint_eq(TAILQ_LAST(&w.engine.sources,
	    source_list)->remote.addr.bytes[1], 0);
	world_fini(&w);
}
END_TEST

START_TEST(replays_do_not_keep_a_new_server_from_its_place)
{
	char from[20];

	start("broadcastclient key 7");
	struct packet p = made(&key7, 0);

	for (int i = 0; i < 160; i++) {
		for (int k = 100; k < 108; k++) {
			snprintf(from, sizeof from, "10.1.%d.%d", i, k);
			arrives(&p, from, 2);
		}
		struct source *s;
		unsigned n = 0;

		TAILQ_FOREACH(s, &w.engine.sources, link)
			w.is_silent[n++] = s->remote.addr.bytes[1] != 0;
		world_run(&w, 1);
		if (i % 16 == 5) {
			p = made(&key7, 0); /* seen, and sent again */
			hears("10.0.0.1", 0);
			w.is_silent[count() - 1] = false;
			world_run(&w, 1);
		}
	}
	ck_assert_uint_le(w.os.n_sent, 400);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

/* Nor does it make others, that are not authenticated, less than they were. */
START_TEST(who_has_not_answered_has_no_say_in_who_is_followed)
{
	for (int mode = AUTHSELECT_MIX; mode <= AUTHSELECT_REQUIRE; mode++) {
		prepare("broadcastclient key 7");
		world_line(&w, "server 192.0.2.1 iburst maxpoll 6");
		w.config.authselectmode = mode;
		world_start(&w);
		world_run(&w, 600);
		bool was_synced = w.engine.reference.is_synced;
		ck_assert(was_synced == (mode != AUTHSELECT_REQUIRE));
		struct packet p = made(&key7, 0);
		w.is_silent[1] = true;
		arrives(&p, "10.1.0.100", 2);
		ck_assert_uint_eq(count(), 2);
		world_run(&w, 4000);
		ck_assert(w.engine.reference.is_synced == was_synced);
		ck_assert(!was_synced || world_source(&w, 0)->verdict ==
		    SOURCE_SELECTED);
		world_fini(&w);
	}
}
END_TEST

START_TEST(an_address_that_was_heard_is_there_for_who_is_configured)
{
	struct config_source conf = { .name = "10.0.0.8" };
	struct addr a;

	prepare("broadcastclient key 7");
	world_line(&w, "server host.example iburst");
	world_start(&w);
	struct packet p = made(&key7, 0);
	arrives(&p, "10.0.0.9", 2);
	arrives(&p, "10.0.0.8", 2);
	ck_assert_uint_eq(count(), 3);
	ck_assert_int_eq(addr_parse(&a, "10.0.0.9"), 0);
	ck_assert(fake_resolve(&w.os, "host.example", &a, 1));
	ck_assert_uint_eq(count(), 2);
	ck_assert(addr_equal(&world_source(&w, 0)->remote.addr, &a));
	source_defaults(&conf);
	ck_assert_int_eq(manage_add(&w.engine, &conf), 0);
	ck_assert_uint_eq(count(), 2);
	ck_assert_ptr_null(world_source(&w, 1)->heard);
	ck_assert_int_eq(manage_add(&w.engine, &conf), -EEXIST);
	hears("10.0.0.9", 0); /* nor is it heard then */
	ck_assert_uint_eq(count(), 2);
	world_fini(&w);
}
END_TEST

/* By IPv6 a machine takes in what comes from outside in its own name; and its
 * server answers what it asks itself. */
START_TEST(a_replay_in_our_own_name_does_not_have_us_follow_ourselves)
{
	struct source *real = settled();
	struct packet p = made(&key7, 0);

	ck_assert_int_eq(addr_parse(&w.own, "10.0.0.2"), 0);
	arrives(&p, "10.0.0.2", 2);
	ck_assert_uint_eq(count(), 2);
	world_run(&w, 30);
	ck_assert(!world_source(&w, 1)->has_sample);
	ck_assert(!w.engine.listen.heard[0][1].has_answered);
	ck_assert_ptr_eq(world_source(&w, 0), real);
	world_fini(&w);
}
END_TEST

START_TEST(our_own_broadcasts_are_not_heard)
{
	const struct fake_sent *s;
	struct packet p;

	world_init(&w, 1);
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_line(&w, "broadcastclient key 7");
	world_line(&w, "broadcast 8 10.0.0.255 key 7");
	world_save(&w, "keys/tock.keys", KEYS);
	world_start(&w);
	world_run(&w, 30);
	for (unsigned i = 0; (s = fake_sent(&w.os, i)) != NULL; i++)
		if ((s->data[0] & 7) == PACKET_MODE_BROADCAST)
			break;
	ck_assert_ptr_nonnull(s);
	p.len = s->dgram.len;
	memcpy(p.bytes, s->data, p.len);
	arrives(&p, "10.0.0.9", 2);
	ck_assert_uint_eq(count(), 1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("listen_forged", what_is_not_signed_by_the_key_is_ignored,
    a_replay_is_dropped, a_time_to_come_shuts_nobody_out,
    a_server_that_does_not_stop_is_not_heard_more_often,
    what_was_held_back_does_not_move_the_clock,
    replays_to_a_daemon_that_starts_tell_nothing,
    forged_addresses_take_a_few_places_for_a_while,
    replays_do_not_keep_a_new_server_from_its_place,
    who_has_not_answered_has_no_say_in_who_is_followed,
    an_address_that_was_heard_is_there_for_who_is_configured,
    a_replay_in_our_own_name_does_not_have_us_follow_ourselves,
    our_own_broadcasts_are_not_heard)
