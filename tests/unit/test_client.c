/* SPDX-License-Identifier: ISC
 *
 * Requests, and which answers count. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "tests/emu/engine_world.h"

START_TEST(a_request_says_nothing_but_random_bits)
{
	struct world w;
	struct ntp_packet p;

	world_init(&w, 1);
	world_start(&w);
	fake_advance(&w.os, 0.001);
	const struct fake_sent *out = fake_sent(&w.os, 0);
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(out->dgram.len, 48);
	ck_assert_int_eq(packet_parse(&p, out->dgram.data, 48), 0);
	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(p.mode, PACKET_MODE_CLIENT);
	ck_assert_uint_eq(p.transmit, world_source(&w, 0)->client.exchange.cookie);
	ck_assert(p.receive == 0 && p.origin == 0 && p.ref == 0);
	ck_assert(p.stratum == 0 && p.refid == 0 && p.poll == 0);
	world_fini(&w);
}
END_TEST

START_TEST(every_request_has_its_own_socket_and_bits)
{
	struct world w;
	uint64_t first;

	world_init(&w, 1);
	world_start(&w);
	struct client *c = &world_source(&w, 0)->client;
	fake_advance(&w.os, 0.001);
	first = c->exchange.cookie;
	ck_assert(c->is_waiting);
	world_run(&w, 0.1);
	ck_assert(!c->is_waiting); /* answered: closed at once */
	fake_advance(&w.os, 2);
	ck_assert(c->is_waiting);
	ck_assert_uint_ne(c->exchange.cookie, first);
	world_fini(&w);
}
END_TEST

START_TEST(a_forged_answer_changes_nothing_and_the_true_one_still_counts)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = world_source(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet good = world_answer(&w, &s->client, 0), p = good;

	p.origin ^= 1;
	world_hand_in(&w, s, &p);
	p.origin = 0;
	world_hand_in(&w, s, &p);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	p.origin = good.origin + 1;
	world_hand_in(&w, s, &p);
	p = good;
	p.mode = PACKET_MODE_BROADCAST;
	world_hand_in(&w, s, &p);
	ck_assert(s->client.is_waiting);
	ck_assert(!s->client.is_denied && !s->has_sample);
	ck_assert_uint_eq(s->client.reach, 0);
	ck_assert_uint_eq(s->client.total_rx, 4);

	world_hand_in(&w, s, &good);
	ck_assert(s->has_sample && !s->client.is_waiting);
	ck_assert_uint_eq(s->client.reach, 1);
	ck_assert_uint_eq(s->client.total_valid, 1);
	world_fini(&w);
}
END_TEST

START_TEST(a_zero_cookie_in_flight_never_matches_a_zero_origin)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = world_source(&w, 0);
	fake_advance(&w.os, 0.001);
	s->client.exchange.cookie = 0; /* CVE-2015-8138's state */
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	world_hand_in(&w, s, &p);
	ck_assert(!s->has_sample && s->client.is_waiting);
	world_fini(&w);
}
END_TEST

START_TEST(late_reply_is_dropped)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].iburst = false;
	w.config.sources[0].maxdelay = 0.5;
	world_start(&w);
	struct source *s = world_source(&w, 0);
	fake_advance(&w.os, 1.01);
	ck_assert(s->client.is_waiting);
	fake_advance(&w.os, 1.5);
	ck_assert(!s->client.is_waiting);
	ck_assert_int_eq(s->client.sock.fd, -1);
	world_fini(&w);
}
END_TEST

START_TEST(a_burst_is_four_requests_two_seconds_apart)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct client *c = &world_source(&w, 0)->client;
	world_run(&w, 0.5);
	ck_assert_uint_eq(c->total_tx, 1);
	world_run(&w, 6);
	ck_assert_uint_eq(c->total_tx, 4);
	world_run(&w, 2); /* the next one comes after 2^minpoll */
	ck_assert_uint_eq(c->total_tx, 4);
	world_run(&w, 2.5);
	ck_assert_uint_eq(c->total_tx, 5);
	world_fini(&w);
}
END_TEST

START_TEST(the_kiss_rate_slows_down_and_deny_stops)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = world_source(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_RATE;
	world_hand_in(&w, s, &p);
	ck_assert_int_eq(s->client.minpoll, 3);
	ck_assert_int_eq(s->client.poll, 3);
	ck_assert_uint_eq(s->client.burst, 0);
	ck_assert_uint_eq(s->client.rest, 0);
	ck_assert(!s->has_sample);

	fake_advance(&w.os, 9);
	p = world_answer(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	world_hand_in(&w, s, &p);
	uint32_t sent = s->client.total_tx;
	fake_advance(&w.os, 5000);
	ck_assert_uint_eq(s->client.total_tx, sent);
	world_fini(&w);
}
END_TEST

static void
refuse(void (*spoil)(struct ntp_packet *))
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = world_source(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	spoil(&p);
	world_hand_in(&w, s, &p);
	ck_assert(!s->has_sample);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_uint_eq(world_requests(&w, CLK_ADJUST), 0);
	world_fini(&w);
}

static void unsynced(struct ntp_packet *p) { p->leap = LEAP_UNSYNC; }
static void stratum16(struct ntp_packet *p) { p->stratum = 16; }
static void far_away(struct ntp_packet *p) { p->root_dispersion = 16; }
static void no_transmit(struct ntp_packet *p) { p->transmit = 0; }
static void no_receive(struct ntp_packet *p) { p->receive = 0; }
static void backwards(struct ntp_packet *p) { p->transmit -= UINT64_C(1) << 32; }
static void held_long(struct ntp_packet *p) { p->transmit += UINT64_C(1) << 32; }

START_TEST(a_server_that_is_no_good_is_not_used)
{
	refuse(unsynced);
	refuse(stratum16);
	refuse(far_away);
	refuse(no_transmit);
	refuse(no_receive);
	refuse(backwards);
	refuse(held_long);
}
END_TEST

UNIT_MAIN("client", a_request_says_nothing_but_random_bits,
    every_request_has_its_own_socket_and_bits,
    a_forged_answer_changes_nothing_and_the_true_one_still_counts,
    a_zero_cookie_in_flight_never_matches_a_zero_origin,
    late_reply_is_dropped, a_burst_is_four_requests_two_seconds_apart,
    the_kiss_rate_slows_down_and_deny_stops,
    a_server_that_is_no_good_is_not_used)
