/* SPDX-License-Identifier: ISC
 *
 * A peer of a running engine: its packets come in at the server's socket. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/control/report.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/manage.h"
#include "daemon/engine/peer.h"
#include "daemon/wire/refid.h"
#include "tests/unit/peer_world.h"

START_TEST(a_peer_is_asked_from_the_servers_port_and_told_the_time)
{
	start("");
	wait_for_packet();
	ck_assert_uint_eq(heard.mode, PACKET_MODE_ACTIVE);
	ck_assert_uint_eq(heard.leap, LEAP_UNSYNC);
	ck_assert(heard.origin == 0 && heard.receive == 0);
	ck_assert_int_eq(heard.poll, 6);
	converse(5, NULL);
	wait_for_packet();
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(heard.stratum, 2);
	ck_assert_uint_eq(heard.refid, refid_of(&peer()->remote.addr));
	ck_assert_uint_eq(heard.leap, LEAP_NONE);
	/* What it echoes, and when that came. */
	ck_assert_uint_eq(heard.origin, peer()->symmetric->heard.transmit);
	ck_assert_uint_ne(heard.receive, 0);
	ck_assert_int_gt((int64_t)(heard.transmit - heard.receive), 0);
	ck_assert_uint_ge(peer()->client.total_good, 4);
	ck_assert_uint_eq(peer()->client.last.tests, TEST_ALL);
	world_fini(&w);
}
END_TEST

START_TEST(reports_call_it_a_peer)
{
	struct cmdmon_source r;

	start("");
	converse(2, NULL);
	ck_assert(report_source(&w.engine, 0, &r));
	ck_assert_int_eq(r.mode, MODE_PEER);
	ck_assert_uint_eq(r.reach, 3);
	world_fini(&w);
}
END_TEST

START_TEST(an_offset_over_a_long_wait_is_right)
{
	world_init(&w, 0);
	world_line(&w, "peer " PEER " minpoll 6 maxpoll 6 noselect");
	w.ppm = 40;
	w.ahead = 0.05;
	world_start(&w);
	for (int i = 0; i < 20; i++) {
		wait_for_packet();
		fake_advance(&w.os, 30);
		struct ntp_packet p = reply();
		hand_in(&p);
	}
	struct source *s = peer();
	struct estimate e;
	ck_assert(estimator_at(&s->estimator, w.os.now.raw, &e));
	ck_assert_double_eq_tol(e.x - timescale_offset(&w.engine.scale,
	    w.os.now.real, w.os.now.raw), world_clock_error(&w), 1e-5);
	ck_assert_double_lt(s->client.last.delay, 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(what_is_no_peers_is_a_clients)
{
	struct ntp_packet p = { .version = 4, .mode = PACKET_MODE_ACTIVE,
		.transmit = 5 };

	start("");
	ck_assert(!hand_in_from("198.51.100.1", 123, &p, NULL));
	ck_assert(!hand_in_from(PEER, 1024, &p, NULL));
	world_fini(&w);

	world_init(&w, 0);
	world_line(&w, "peer " PEER);
	world_line(&w, "allow");
	world_start(&w);
	for (int i = 0; i < 100; i++) {
		unsigned before = w.os.n_sent;

		ck_assert(hand_in_from(i % 2 ? "198.51.100.1" : PEER,
		    (uint16_t)(124 + i), &p, NULL));
		ck_assert_uint_eq(fake_sent(&w.os, 0)->data[0] & 7,
		    PACKET_MODE_PASSIVE);
		ck_assert_uint_eq(w.os.n_sent, before + 1);
		p.transmit++;
	}
	p.mode = PACKET_MODE_PASSIVE;
	ck_assert(!hand_in_from("198.51.100.1", 123, &p, NULL));
	ck_assert_uint_eq(report_n_sources(&w.engine), 1);
	ck_assert_int_eq(manage_offline(&w.engine, &(struct addr){ 0 },
	    &(struct addr){ 0 }), 0);
	p.mode = PACKET_MODE_ACTIVE;
	ck_assert(hand_in(&p)); /* as anybody */
	ck_assert_uint_eq(peer()->client.total_rx, 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_passive_side_is_followed_too)
{
	start("");
	for (int i = 0; i < 3; i++) {
		wait_for_packet();
		struct ntp_packet p = reply();
		p.mode = PACKET_MODE_PASSIVE;
		ck_assert(!hand_in(&p));
	}
	ck_assert_uint_eq(peer()->client.total_good, 3);
	struct ntp_packet p = reply();
	p.mode = PACKET_MODE_SERVER; /* nobody asked a server */
	wait_for_packet();
	ck_assert(!hand_in(&p));
	ck_assert_uint_eq(peer()->client.total_good, 3);
	world_fini(&w);
}
END_TEST

START_TEST(rekey_begins_anew_with_the_new_key)
{
	const char *new = "7 SHA1 other--bytes\n";
	struct mac_key changed = key8;

	changed.id = 7;
	start("key 7");
	converse(2, &key7);
	world_save(&w, "keys/tock.keys", new);
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	wait_for_packet();
	struct ntp_packet p = reply();
	uint32_t before = peer()->client.total_valid;
	hand_in_from(PEER, 123, &p, &key7);
	ck_assert_uint_eq(peer()->client.total_valid, before);
	hand_in_from(PEER, 123, &p, &changed);
	ck_assert_uint_eq(peer()->client.total_valid, before + 1);
	world_fini(&w);
}
END_TEST

/* s from one packet to the next, when the peer says it wants 2^poll. */
static double
interval(const char *options, int poll)
{
	world_init(&w, 0);
	world_line(&w, options);
	world_start(&w);
	for (int i = 0; i < 3; i++) {
		wait_for_packet();
		struct ntp_packet p = reply();
		p.poll = (int8_t)poll;
		hand_in(&p);
	}
	double s = client_interval(&peer()->client);
	world_fini(&w);
	return s;
}

START_TEST(the_shorter_poll_of_both_holds_but_not_below_minpoll)
{
	ck_assert_double_eq(interval("peer " PEER " minpoll 3 maxpoll 6 "
	    "minsamples 1", 10), interval("peer " PEER " minpoll 3 maxpoll 6 "
	    "minsamples 1", 6));
	ck_assert_double_eq(interval("peer " PEER " minpoll 4 maxpoll 4", 10),
	    16);
	ck_assert_double_eq(interval("peer " PEER " minpoll 4 maxpoll 6", -6),
	    16);
}
END_TEST

START_TEST(one_that_sends_less_often_is_reachable_and_sure)
{
	world_init(&w, 0);
	world_line(&w, "peer " PEER " minpoll 2 maxpoll 2");
	world_start(&w);
	for (int i = 0; i < 8; i++) {
		fake_advance(&w.os, 128);
		wait_for_packet();
		struct ntp_packet p = reply();
		p.poll = 7;
		hand_in(&p);
	}
	ck_assert_uint_ge(peer()->client.total_tx, 8 * 128 / 5);
	ck_assert_uint_ge(peer()->client.reach, 0x7f);
	fake_advance(&w.os, 120);
	ck_assert_uint_eq(peer()->client.unanswered, 1);
	struct symmetric was = *peer()->symmetric;
	struct ntp_packet p = reply();
	p.origin = 0;
	ck_assert(!hand_in(&p));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	fake_advance(&w.os, 600);
	ck_assert_uint_eq(peer()->client.reach, 0);
	ck_assert(hand_in(&p));
	world_fini(&w);
}
END_TEST

START_TEST(a_peer_that_follows_us_is_not_followed)
{
	start("");
	for (int i = 0; i < 3; i++) {
		wait_for_packet();
		struct ntp_packet p = reply();
		struct addr us;

		addr_parse(&us, "203.0.113.9");
		p.stratum = 3;
		p.refid = refid_of(&us);
		hand_in(&p);
	}
	ck_assert_uint_eq(peer()->client.total_valid, 3);
	ck_assert_uint_eq(peer()->client.total_good, 0);
	ck_assert_uint_eq(peer()->client.last.tests & TEST_NO_LOOP, 0);
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(without_the_servers_port_there_is_no_peer)
{
	struct config_source s = { .is_peer = true, .name = PEER };

	source_defaults(&s);
	world_init(&w, 1);
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), -ENOTCONN);
	ck_assert_uint_eq(report_n_sources(&w.engine), 1);
	world_fini(&w);

	world_init(&w, 1);
	world_line(&w, "allow 192.0.2.0/24");
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	wait_for_packet();
	world_fini(&w);

	world_init(&w, 1);
	world_line(&w, "peer " PEER);
	world_line(&w, "port 0");
	world_start(&w);
	fake_advance(&w.os, 1000);
	ck_assert_uint_eq(peer()->client.total_tx, 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_clock_that_is_stepped_between_does_not_mislead_the_peer)
{
	start("");
	converse(3, NULL);
	fake_advance(&w.os, 1);
	w.os.now.real.ns += 100 * NSEC; /* by whoever */
	wait_for_packet();
	double held = (double)(int64_t)(heard.transmit - heard.receive) /
	    4294967296.0;
	ck_assert_double_gt(held, 0);
	ck_assert_double_lt(held, POLL + 1);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("peer", a_peer_is_asked_from_the_servers_port_and_told_the_time,
    reports_call_it_a_peer, an_offset_over_a_long_wait_is_right,
    what_is_no_peers_is_a_clients, a_passive_side_is_followed_too,
    rekey_begins_anew_with_the_new_key,
    the_shorter_poll_of_both_holds_but_not_below_minpoll,
    one_that_sends_less_often_is_reachable_and_sure,
    a_peer_that_follows_us_is_not_followed,
    without_the_servers_port_there_is_no_peer,
    a_clock_that_is_stepped_between_does_not_mislead_the_peer)
