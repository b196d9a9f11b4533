/* SPDX-License-Identifier: ISC
 *
 * Interleaved mode against a server as RFC 9769 section 2 describes it. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "tests/emu/turn.h"

#define LATE 400e-6 /* s after its transmit timestamp that a packet leaves */
#define SAVED 8

/* Keeps when it received requests and when it truly sent the answers. */
struct responder {
	uint64_t rx[SAVED], tx[SAVED];
	unsigned n;
	bool is_basic; /* knows no interleaved mode */
};

static struct ntp_packet
respond(struct responder *v, const struct world *w, const struct client *c)
{
	struct ntp_packet q = turn_request(w), p = world_answer(w, c, 0);
	unsigned now = v->n++ % SAVED;

	p.origin = q.transmit;
	for (unsigned i = 0; i < SAVED && !v->is_basic; i++)
		if (q.origin != 0 && q.origin == v->rx[i] && i != now &&
		    q.receive != q.transmit) {
			p.origin = q.receive;
			p.transmit = v->tx[i];
		}
	v->rx[now] = p.receive;
	v->tx[now] = ntp64_from_tspec(tspec_add(world_true_time(w), LATE));
	return p;
}

static void
exchange(struct world *w, struct responder *v, double up, double down)
{
	struct source *s = world_source(w, 0);

	turn_ask(w, s);
	fake_advance(&w->os, up);
	struct ntp_packet p = respond(v, w, &s->client);
	fake_advance(&w->os, LATE + down);
	world_hand_in(w, s, &p);
}

/* The world's clock is right and its oscillator too: samples are errors. */
static void
start(struct world *w, bool xleave)
{
	world_init(w, 1);
	w->config.sources[0].xleave = xleave;
	w->config.sources[0].iburst = false;
	world_start(w);
}

/* What the newest sample is off by. */
static double
off(const struct world *w, const struct source *s)
{
	return s->last.offset - timescale_offset(&w->engine.scale,
	    world_true_time(w), w->os.now.raw);
}

START_TEST(the_true_time_of_sending_counts)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, false);
	for (int i = 0; i < 6; i++)
		exchange(&w, &v, DELAY, DELAY);
	struct source *s = world_source(&w, 0);
	ck_assert_double_lt(off(&w, s), -LATE / 2 + 5e-6);
	ck_assert(!s->client.last.is_interleaved);
	world_fini(&w);

	v = (struct responder){ 0 };
	start(&w, true);
	for (int i = 0; i < 6; i++)
		exchange(&w, &v, DELAY, DELAY);
	s = world_source(&w, 0);
	ck_assert_double_lt(fabs(off(&w, s)), 1e-6);
	ck_assert_double_eq_tol(s->last.delay, 2 * DELAY, 1e-6);
	ck_assert_double_eq_tol(s->client.last.response_time, LATE, 1e-6);
	ck_assert(s->client.last.is_interleaved);
	ck_assert_uint_eq(s->client.last.tests, TEST_ALL);
	world_fini(&w);
}
END_TEST

START_TEST(an_exchange_is_not_measured_twice)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	exchange(&w, &v, DELAY, DELAY); /* by its own answer */
	struct source *s = world_source(&w, 0);
	ck_assert_uint_eq(s->estimator.samples, 1);
	exchange(&w, &v, DELAY, DELAY); /* would measure the first */
	ck_assert(s->client.last.is_interleaved);
	ck_assert_uint_eq(s->estimator.samples, 1);
	ck_assert_uint_eq(s->client.reach, 3);
	exchange(&w, &v, DELAY, DELAY);
	ck_assert_uint_eq(s->estimator.samples, 2);
	world_fini(&w);
}
END_TEST

START_TEST(a_request_names_the_last_receive_time_and_random_bits)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	turn_ask(&w, world_source(&w, 0));
	struct ntp_packet first = turn_request(&w);
	ck_assert(first.origin == 0 && first.receive != 0);
	ck_assert(first.receive != first.transmit);
	exchange(&w, &v, DELAY, DELAY);
	turn_ask(&w, world_source(&w, 0));
	struct ntp_packet second = turn_request(&w);
	ck_assert_uint_eq(second.origin, v.rx[0]);
	ck_assert(second.receive != first.receive);
	ck_assert(second.transmit != first.transmit && second.ref == 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_server_in_basic_mode_is_measured_as_ever)
{
	struct world w;
	struct responder v = { .is_basic = true };

	start(&w, true);
	for (int i = 0; i < 6; i++)
		exchange(&w, &v, DELAY, DELAY);
	struct source *s = world_source(&w, 0);
	ck_assert_uint_eq(s->estimator.samples, 6);
	ck_assert(!s->client.last.is_interleaved);
	/* One that forgot what it knew is one, until it knows again. */
	v.is_basic = false;
	exchange(&w, &v, DELAY, DELAY);
	ck_assert(s->client.last.is_interleaved);
	memset(v.rx, 0, sizeof v.rx);
	exchange(&w, &v, DELAY, DELAY);
	ck_assert(!s->client.last.is_interleaved);
	ck_assert_uint_eq(s->client.reach, 0xff);
	world_fini(&w);
}
END_TEST

START_TEST(forged_packets_reset_nothing)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	for (int i = 0; i < 12; i++)
		exchange(&w, &v, DELAY, DELAY);
	struct source *s = world_source(&w, 0);
	turn_ask(&w, s);
	fake_advance(&w.os, DELAY);
	struct exchange before = s->client.exchange;
	struct ntp_packet good = respond(&v, &w, &s->client);
	const uint64_t origins[] = { 0, before.past.receive, good.receive,
		good.transmit, before.cookie ^ 1, before.cookie_x ^ 1 };
	for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
		struct ntp_packet p = good;
		p.origin = origins[i];
		p.transmit = p.receive = 0;
		world_hand_in(&w, s, &p);
		p.transmit = p.receive = good.receive + 77;
		p.stratum = 0;
		p.refid = KISS_CODE_DENY;
		world_hand_in(&w, s, &p);
	}
	ck_assert(s->client.is_waiting);
	ck_assert_int_eq(memcmp(&before, &s->client.exchange, sizeof before),
	    0);
	unsigned samples = s->estimator.samples;
	fake_advance(&w.os, LATE + DELAY);
	world_hand_in(&w, s, &good);
	ck_assert_uint_eq(s->estimator.samples, samples + 1);
	ck_assert_double_lt(fabs(off(&w, s)), 1e-6);
	world_fini(&w);
}
END_TEST

START_TEST(an_answer_counts_once)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	exchange(&w, &v, DELAY, DELAY);
	exchange(&w, &v, DELAY, DELAY);
	struct client *c = &world_source(&w, 0)->client;
	turn_ask(&w, c->source);
	struct ntp_packet p = respond(&v, &w, c);
	world_hand_in(&w, c->source, &p);
	struct exchange_past past = c->exchange.past;
	uint32_t valid = c->total_valid;
	/* Of the next request, too: its bits are others. */
	unsigned char bytes[PACKET_HEADER];
	struct dgram d = { .data = bytes, .len = sizeof bytes };
	packet_write(&p, bytes);
	client_receive(c, &d);
	turn_ask(&w, c->source);
	client_receive(c, &d);
	ck_assert_uint_eq(c->total_valid, valid);
	ck_assert(c->is_waiting);
	ck_assert_int_eq(memcmp(&past, &c->exchange.past, sizeof past), 0);
	world_fini(&w);
}
END_TEST

START_TEST(nothing_interleaved_answers_a_first_request)
{
	struct world w;

	start(&w, true);
	struct source *s = world_source(&w, 0);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.origin = s->client.exchange.cookie_x;
	world_hand_in(&w, s, &p);
	ck_assert(s->client.is_waiting && !s->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(lost_answers_lead_back_to_basic_mode)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	exchange(&w, &v, DELAY, DELAY);
	struct client *c = &world_source(&w, 0)->client;
	for (int lost = 0; lost < 5; lost++) {
		turn_ask(&w, c->source);
		ck_assert_uint_eq(turn_request(&w).origin,
		    lost < 4 ? v.rx[0] : 0);
		while (c->is_waiting)
			fake_advance(&w.os, 0.5);
	}
	world_fini(&w);
}
END_TEST

START_TEST(the_better_of_both_samples_is_taken)
{
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	for (int i = 0; i < 40; i++)
		exchange(&w, &v, DELAY, DELAY);
	struct source *s = world_source(&w, 0);
	exchange(&w, &v, 20e-3, DELAY); /* a request that was held up */
	exchange(&w, &v, DELAY, DELAY);
	ck_assert_double_lt(s->last.delay, 1e-3);
	ck_assert_double_lt(fabs(off(&w, s)), 20e-6);
	/* An answer that was held up is in both. */
	exchange(&w, &v, DELAY, 20e-3);
	exchange(&w, &v, DELAY, DELAY);
	ck_assert_double_gt(s->last.delay, 19e-3);
	world_fini(&w);
}
END_TEST

START_TEST(no_exchange_spans_a_sleep)
{
	const struct clk_rep woke = { .type = CLK_WOKE };
	struct world w;
	struct responder v = { 0 };

	start(&w, true);
	struct source *s = world_source(&w, 0);
	for (int i = 0; i < 6; i++)
		exchange(&w, &v, DELAY, DELAY);
	ck_assert(s->client.last.is_interleaved);
	w.os.now.real = tspec_add(w.os.now.real, 600);
	w.ahead += 600;
	w.os.os.clock_event(w.os.os.engine, &woke);
	for (int i = 0; i < 3; i++) {
		exchange(&w, &v, DELAY, DELAY);
		ck_assert_double_lt(fabs(off(&w, s)), LATE);
		ck_assert_int_eq(s->client.last.is_interleaved, i > 0);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w)), LATE);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("xleave", no_exchange_spans_a_sleep,
    the_true_time_of_sending_counts,
    an_exchange_is_not_measured_twice,
    a_request_names_the_last_receive_time_and_random_bits,
    a_server_in_basic_mode_is_measured_as_ever, forged_packets_reset_nothing,
    an_answer_counts_once, nothing_interleaved_answers_a_first_request,
    lost_answers_lead_back_to_basic_mode, the_better_of_both_samples_is_taken)
