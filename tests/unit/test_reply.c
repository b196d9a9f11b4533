/* SPDX-License-Identifier: ISC
 *
 * What an answer is worth: each option that decides about samples. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "tests/emu/turn.h"

#define NEAR 100e-6 /* s each way, when nothing is in the way */

static struct source *
start(struct world *w)
{
	w->config.sources[0].iburst = false;
	world_start(w);
	return world_source(w, 0);
}

/* n exchanges whose delays differ a little: 200 us to 230 us. */
static void
learn(struct world *w, struct source *s, int n)
{
	for (int i = 0; i < n; i++)
		turn(w, s, NEAR + 10e-6 * (i % 4), NEAR);
}

/* An exchange of this delay; whether it became a sample. */
static bool
is_taken(struct world *w, struct source *s, double delay)
{
	uint32_t before = s->client.total_good;

	turn(w, s, delay / 2, delay / 2);
	return s->client.total_good > before;
}

START_TEST(maxdelay_turns_long_delays_away)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].maxdelay = 0.01;
	struct source *s = start(&w);
	learn(&w, s, 3);
	ck_assert(is_taken(&w, s, 0.0099));
	ck_assert(!is_taken(&w, s, 0.0101));
	ck_assert_uint_eq(s->client.last.tests, TEST_ALL & ~ACCEPT_DELAY);
	ck_assert_uint_eq(s->client.reach & 1, 1); /* but it is there */
	world_fini(&w);
}
END_TEST

START_TEST(maxdelayratio_compares_with_the_smallest_delay)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].maxdelayratio = 3;
	struct source *s = start(&w);
	learn(&w, s, 4);
	ck_assert(is_taken(&w, s, 590e-6));
	ck_assert(!is_taken(&w, s, 620e-6));
	ck_assert_uint_eq(s->client.last.tests, TEST_ALL & ~ACCEPT_RATIO);
	world_fini(&w);
}
END_TEST

START_TEST(maxdelaydevratio_compares_with_the_offsets_deviation)
{
	for (int on = 0; on <= 1; on++) {
		struct world w;

		world_init(&w, 1);
		w.config.sources[0].maxdelaydevratio = on ? 10 : 0;
		struct source *s = start(&w);
		learn(&w, s, 20); /* offsets differ by 5 us steps */
		ck_assert(is_taken(&w, s, 205e-6));
		ck_assert_int_eq(is_taken(&w, s, 1e-3), !on);
		ck_assert_uint_eq(s->client.last.tests,
		    on ? TEST_ALL & ~ACCEPT_DEVIATION : TEST_ALL);
		world_fini(&w);
	}
}
END_TEST

START_TEST(maxdelayquant_takes_the_share_it_says)
{
	struct world w;
	unsigned taken = 0;

	world_init(&w, 1);
	w.config.sources[0].maxdelayquant = 0.25;
	w.config.sources[0].maxdelaydevratio = 1e-9; /* replaced */
	struct source *s = start(&w);
	learn(&w, s, 40);
	for (int i = 0; i < 40; i++) {
		uint32_t before = s->client.total_good;
		turn(&w, s, NEAR + 10e-6 * (i % 4), NEAR);
		taken += s->client.total_good > before;
	}
	ck_assert_uint_ge(taken, 8); /* with equal delays as chance has it */
	ck_assert_uint_le(taken, 14);
	ck_assert(!is_taken(&w, s, 1e-3));
	ck_assert_uint_eq(s->client.last.tests, TEST_ALL & ~ACCEPT_DEVIATION);
	world_fini(&w);
}
END_TEST

START_TEST(mindelay_replaces_the_smallest_delay)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].mindelay = 50e-6;
	w.config.sources[0].maxdelayratio = 3;
	struct source *s = start(&w);
	ck_assert_double_eq(estimator_min_delay(&s->estimator), 50e-6);
	ck_assert(!is_taken(&w, s, 200e-6));
	ck_assert(is_taken(&w, s, 140e-6));
	ck_assert_double_eq(estimator_min_delay(&s->estimator), 50e-6);
	world_fini(&w);
}
END_TEST

/* The offset of an answer whose way there took 300 us longer than usual. */
static double
offset_when_up_is_slow(double asymmetry)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].asymmetry = asymmetry;
	struct source *s = start(&w);
	for (int i = 0; i < 4; i++)
		turn(&w, s, NEAR, NEAR);
	turn(&w, s, NEAR + 300e-6, NEAR);
	double offset = s->client.last.offset;
	double reported = s->client.last.jitter_asymmetry;
	ck_assert_double_eq(reported,
	    asymmetry == SOURCE_AUTO_ASYMMETRY ? 0 : asymmetry);
	world_fini(&w);
	return offset;
}

START_TEST(asymmetry_corrects_by_the_delay)
{
	/* chrony: negative = the way to the source varies more */
	ck_assert_double_eq_tol(offset_when_up_is_slow(-0.5), 0, 5e-6);
	ck_assert_double_eq_tol(offset_when_up_is_slow(0), 150e-6, 5e-6);
	ck_assert_double_eq_tol(offset_when_up_is_slow(0.5), 300e-6, 5e-6);
	ck_assert_double_eq_tol(
	    offset_when_up_is_slow(SOURCE_AUTO_ASYMMETRY), 150e-6, 5e-6);
}
END_TEST

START_TEST(offset_is_added)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].offset = 0.25;
	struct source *s = start(&w);
	turn(&w, s, NEAR, NEAR);
	ck_assert_double_eq_tol(s->client.last.offset, 0.25, 1e-6);
	ck_assert_double_eq_tol(s->last_error, 0.25, 1e-6);
	world_fini(&w);
}
END_TEST

START_TEST(filter_makes_one_sample_of_several)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].filter = 5;
	struct source *s = start(&w);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++) {
			/* one is far off */
			turn(&w, s, i == 1 ? 20e-3 : NEAR, NEAR);
			ck_assert_uint_eq(s->stats.count, (unsigned)round);
		}
		turn(&w, s, NEAR, NEAR);
		ck_assert_uint_eq(s->stats.count, (unsigned)round + 1);
		ck_assert_double_lt(fabs(s->last_error), 10e-6);
		ck_assert_double_lt(s->last.delay, 250e-6);
	}
	world_fini(&w);
}
END_TEST

START_TEST(filter_counts_polls_without_an_answer)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].filter = 3;
	struct source *s = start(&w);
	turn(&w, s, NEAR, NEAR);
	ck_assert(!s->has_sample);
	for (int i = 0; i < 2; i++) {
		turn_ask(&w, s);
		while (s->client.is_waiting)
			fake_advance(&w.os, 0.1);
	}
	turn(&w, s, NEAR, NEAR);
	ck_assert(s->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(the_last_answer_is_kept_for_the_reports)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.5;
	struct source *s = start(&w);
	struct client *c = &s->client;
	ck_assert_uint_eq(c->last.packet.mode, 0);
	turn(&w, s, 100e-6, 200e-6);
	ck_assert_uint_eq(c->last.packet.mode, PACKET_MODE_SERVER);
	ck_assert_uint_eq(c->last.packet.refid, 0x47505300);
	ck_assert_double_eq_tol(c->last.offset, 0.5 - 50e-6, 1e-6);
	ck_assert_double_eq_tol(c->last.delay, 300e-6, 1e-6);
	ck_assert_double_eq_tol(c->last.dispersion, ldexp(1, -25), 1e-9);
	ck_assert_double_eq_tol(c->last.response_time, 0, 1e-6);
	ck_assert_uint_eq(c->last.tests, TEST_ALL);
	ck_assert(!c->last.is_interleaved && !c->last.is_authenticated);
	ck_assert(c->last.tx_src == STAMP_DAEMON);
	ck_assert_uint_eq(c->total_tx, 1);
	ck_assert_uint_eq(c->total_rx, 1);
	ck_assert_uint_eq(c->total_valid, 1);
	ck_assert_uint_eq(c->total_good, 1);
	world_fini(&w);
}
END_TEST

START_TEST(stamps_of_the_kernel_are_counted)
{
	struct world w;

	world_init(&w, 1);
	struct source *s = start(&w);
	turn_ask(&w, s);
	const struct fake_sent *out = fake_sent(&w.os, 0);
	struct stamp stamp = { w.os.now.real, w.os.now, STAMP_KERNEL };
	client_sent(&s->client, out->data, out->dgram.len, &stamp);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	unsigned char bytes[PACKET_HEADER];
	packet_write(&p, bytes);
	fake_advance(&w.os, 1e-4);
	struct dgram d = { .remote = s->remote, .data = bytes,
		.len = sizeof bytes,
		.stamp = { w.os.now.real, w.os.now, STAMP_NIC } };
	client_receive(&s->client, &d);
	ck_assert_uint_eq(s->client.kernel_tx, 1);
	ck_assert_uint_eq(s->client.nic_rx, 1);
	ck_assert_uint_eq(s->client.kernel_rx + s->client.nic_tx, 0);
	ck_assert(s->client.last.tx_src == STAMP_KERNEL);
	ck_assert(s->client.last.rx_src == STAMP_NIC);
	world_fini(&w);
}
END_TEST

/* The tests that an answer spoilt like this does not pass. */
static unsigned
failed(void (*spoil)(struct ntp_packet *))
{
	struct world w;

	world_init(&w, 1);
	struct source *s = start(&w);
	turn_ask(&w, s);
	fake_advance(&w.os, NEAR);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	fake_advance(&w.os, NEAR);
	spoil(&p);
	world_hand_in(&w, s, &p);
	unsigned tests = s->client.last.tests;
	ck_assert(!s->has_sample);
	world_fini(&w);
	return TEST_ALL & ~tests & ~(unsigned)ACCEPT_ALL;
}

static void unsynced(struct ntp_packet *p) { p->leap = LEAP_UNSYNC; }
static void stratum16(struct ntp_packet *p) { p->stratum = 16; }
static void far_away(struct ntp_packet *p) { p->root_dispersion = 16; }
static void no_transmit(struct ntp_packet *p) { p->transmit = 0; }
static void backwards(struct ntp_packet *p) { p->transmit -= UINT64_C(1) << 33; }

START_TEST(each_test_has_its_bit)
{
	ck_assert_uint_eq(failed(unsynced), TEST_SYNCED);
	ck_assert_uint_eq(failed(stratum16), TEST_SYNCED);
	ck_assert_uint_eq(failed(far_away), TEST_DISTANCE);
	ck_assert_uint_eq(failed(no_transmit), TEST_TIMES);
	ck_assert_uint_eq(failed(backwards), TEST_TIMES);
}
END_TEST

START_TEST(a_server_that_follows_us_fails_test_d)
{
	struct world w;
	unsigned char bytes[PACKET_HEADER];
	struct addr local;

	addr_parse(&local, "198.51.100.7");
	world_init(&w, 1);
	struct source *s = start(&w);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.stratum = 2;
	p.refid = 0xc6336407; /* 198.51.100.7 */
	packet_write(&p, bytes);
	struct dgram d = { .remote = s->remote, .local = local };
	fake_receive(&w.os, &s->client.sock, &d, bytes, sizeof bytes);
	ck_assert_uint_eq(TEST_ALL & ~s->client.last.tests &
	    ~(unsigned)ACCEPT_ALL, TEST_NO_LOOP);
	ck_assert(!s->has_sample);
	ck_assert(addr_equal(&s->client.last.local, &local));
	world_fini(&w);
}
END_TEST

/* Whether a server at `name` is, whose answer came to `local`. */
static bool
is_followed(const char *name, const char *local, const char *line)
{
	struct world w;
	unsigned char bytes[PACKET_HEADER];
	struct dgram d = { 0 };

	world_init(&w, 1);
	world_line(&w, "allow");
	world_line(&w, line);
	strlcpy(w.config.sources[0].name, name,
	    sizeof w.config.sources[0].name);
	struct source *s = start(&w);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	packet_write(&p, bytes);
	d.remote = s->remote;
	addr_parse(&d.local, local);
	fake_receive(&w.os, &s->client.sock, &d, bytes, sizeof bytes);
	bool is_followed = s->has_sample;
	ck_assert(is_followed || !(s->client.last.tests & TEST_NO_LOOP));
	world_fini(&w);
	return is_followed;
}

START_TEST(we_do_not_follow_our_own_server)
{
	const char *open = "port 123";

	ck_assert(!is_followed("127.0.0.1", "127.0.0.1", open));
	ck_assert(!is_followed("127.0.1.1", "127.0.0.1", open));
	ck_assert(!is_followed("::1", "::1", open));
	ck_assert(!is_followed("10.1.1.1", "10.1.1.1", open));
	ck_assert(is_followed("10.1.1.1", "10.1.1.2", open));
	/* Others may be at the port where we are not. */
	ck_assert(is_followed("127.0.0.1", "127.0.0.1", "port 0"));
	ck_assert(is_followed("127.0.0.1", "127.0.0.1", "port 124"));
	ck_assert(is_followed("127.0.0.1", "127.0.0.1", "binddevice eth0"));
	ck_assert(is_followed("10.1.1.1", "10.1.1.1", "bindaddress 10.1.1.2"));
	ck_assert(!is_followed("10.1.1.2", "10.1.1.2", "bindaddress 10.1.1.2"));
	ck_assert(!is_followed("::1", "::1", "bindaddress 10.1.1.2"));
}
END_TEST

static void distant(struct ntp_packet *p) { p->root_dispersion = 16; }
static void follower(struct ntp_packet *p)
{
	p->stratum = 2;
	p->refid = 0xc6336407; /* 198.51.100.7 */
}

START_TEST(a_server_that_lost_the_time_is_not_followed_by_what_it_said_before)
{
	void (*const say[])(struct ntp_packet *) = { distant, follower };

	for (int i = 0; i < 2; i++) {
		struct world w;
		unsigned char bytes[PACKET_HEADER];
		struct addr local;

		addr_parse(&local, "198.51.100.7");
		world_init(&w, 1);
		struct source *s = start(&w);
		learn(&w, s, 4);
		ck_assert(w.engine.reference.is_synced);
		turn_ask(&w, s);
		struct ntp_packet p = world_answer(&w, &s->client, 0);
		say[i](&p);
		packet_write(&p, bytes);
		struct dgram d = { .remote = s->remote, .local = local };
		fake_receive(&w.os, &s->client.sock, &d, bytes, sizeof bytes);
		ck_assert_int_eq(s->verdict, SOURCE_UNSYNCED);
		ck_assert(!w.engine.reference.is_synced);
		learn(&w, s, 2); /* and it is welcome again */
		ck_assert(w.engine.reference.is_synced);
		world_fini(&w);
	}
}
END_TEST

/* After a sample that cannot be the next comes soon, but only for as long as
 * answers are samples at all. */
START_TEST(nobody_is_asked_in_haste_who_gives_no_samples)
{
	struct world w;
	unsigned char bytes[PACKET_HEADER];

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	struct source *s = start(&w);
	learn(&w, s, 4);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 1);
	world_hand_in(&w, s, &p);
	ck_assert_uint_eq(s->estimator.impossible, 1);
	ck_assert_double_eq(client_interval(&s->client), 2);
	turn_ask(&w, s);
	p = world_answer(&w, &s->client, 1);
	distant(&p);
	packet_write(&p, bytes);
	struct dgram d = { .remote = s->remote };
	fake_receive(&w.os, &s->client.sock, &d, bytes, sizeof bytes);
	ck_assert_uint_eq(s->estimator.impossible, 1);
	ck_assert_double_eq(client_interval(&s->client), 64);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("reply", maxdelay_turns_long_delays_away,
    maxdelayratio_compares_with_the_smallest_delay,
    maxdelaydevratio_compares_with_the_offsets_deviation,
    maxdelayquant_takes_the_share_it_says, mindelay_replaces_the_smallest_delay,
    asymmetry_corrects_by_the_delay, offset_is_added,
    filter_makes_one_sample_of_several, filter_counts_polls_without_an_answer,
    the_last_answer_is_kept_for_the_reports, stamps_of_the_kernel_are_counted,
    each_test_has_its_bit, we_do_not_follow_our_own_server,
    a_server_that_follows_us_fails_test_d,
    a_server_that_lost_the_time_is_not_followed_by_what_it_said_before,
    nobody_is_asked_in_haste_who_gives_no_samples)
