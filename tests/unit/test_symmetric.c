/* SPDX-License-Identifier: ISC
 *
 * Two sides of a symmetric association and a network between them that loses,
 * doubles, delays, forges and replays. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/ntp64.h"
#include "common/prng.h"
#include "daemon/engine/symmetric.h"

#define EPOCH INT64_C(1790000000) /* 2026-09-21 */
#define PATH 0.010  /* s, each way, when nothing is wrong */
#define LEAVES 1e-4 /* s after its transmit timestamp a packet leaves */
#define SLACK 3e-4  /* s: that, twice, and rounding */
#define PACKETS 4096

struct side {
	struct symmetric sym;
	struct exchange x;
	struct timescale scale;
	double ahead, rate, raw_rate; /* s, s/s: of its clock, of its RAW */
	bool wants_interleaved;
	unsigned samples, interleaved;
	struct sample last;
};

struct packet {
	struct ntp_packet p;
	int64_t due; /* true time, ns; INT64_MAX = it has come, or never will */
	int to;
	bool was_measured, is_forged;
};

struct net {
	int64_t now; /* true time, ns */
	struct side side[2];
	struct packet sent[PACKETS];
	unsigned n;
	struct prng prng;
};

static struct net net;

static struct pair
read_pair(const struct side *s)
{
	double t = (double)net.now * 1e-9;

	return (struct pair){
		.real = tspec_add((struct tspec){ EPOCH * NSEC + net.now },
		    s->ahead + s->rate * t),
		.raw.ns = NSEC + net.now + (int64_t)(s->raw_rate * t * 1e9) };
}

static double
uniform(double most)
{
	return prng_unit(&net.prng) * most;
}

static void
begin(uint64_t seed)
{
	memset(&net, 0, sizeof net);
	net.now = NSEC;
	prng_init(&net.prng, seed);
	for (int i = 0; i < 2; i++) {
		struct side *s = &net.side[i];

		symmetric_init(&s->sym);
		s->ahead = uniform(2) - 1;
		s->rate = uniform(2e-5) - 1e-5;
		s->raw_rate = uniform(1e-4) - 5e-5;
		timescale_init(&s->scale, read_pair(s));
	}
}

static struct packet *
put(int to, const struct ntp_packet *p, double delay)
{
	ck_assert_uint_lt(net.n, PACKETS);
	net.sent[net.n] = (struct packet){ .p = *p, .to = to,
		.due = net.now + span_ns(delay) };
	return &net.sent[net.n++];
}

/* The side's packet, on its way with this delay; < 0: it is lost. */
static struct packet *
ask(int from, double delay)
{
	struct side *s = &net.side[from];
	struct symmetric_clock clock = { read_pair(s),
		(1 + s->rate) / (1 + s->raw_rate) - 1 };
	struct ntp_packet p = { .version = 4, .mode = PACKET_MODE_ACTIVE,
		.stratum = 2, .precision = -25 };
	struct stamp stamp = { .src = STAMP_KERNEL };

	symmetric_ask(&s->sym, &p, &clock, s->wants_interleaved);
	net.now += span_ns(LEAVES);
	stamp.pair = read_pair(s);
	stamp.at = stamp.pair.real;
	ck_assert(symmetric_left(&s->sym, p.transmit, &stamp));
	struct packet *out = put(1 - from, &p, fabs(delay));
	if (delay < 0)
		out->due = INT64_MAX;
	return out;
}

/* What a perfect measurement of the other side's clock at that instant is. */
static double
truth(const struct side *s, const struct side *of, struct raw at)
{
	double t = ((double)(at.ns - NSEC)) / (1 + s->raw_rate) * 1e-9;

	return timescale_offset(&s->scale, tspec_add((struct tspec){
		EPOCH * NSEC }, t * (1 + of->rate) + of->ahead), at);
}

/* Whether it was measured. */
static bool
take(int to, const struct ntp_packet *p)
{
	struct side *s = &net.side[to], *of = &net.side[1 - to];
	struct stamp came = { .src = STAMP_KERNEL, .pair = read_pair(s) };
	struct estimate belief = { .y = (1 + of->rate) / (1 + s->raw_rate) - 1,
		.pyy = 1e-18 };
	struct measurement m;
	unsigned which;

	came.at = came.pair.real;
	enum exchange_match how = symmetric_match(&s->sym, p, &which);
	if (how == EXCHANGE_NONE) {
		if (symmetric_is_lost(&s->sym, came.pair.raw)) {
			symmetric_guess(&s->sym, p, &came);
			exchange_forget(&s->x);
		}
		return false;
	}
	s->x.sent = s->sym.sent[which].left;
	symmetric_hear(&s->sym, p, how, which, &came);
	if (!exchange_answered(&s->x, p, how, &came, &s->scale, came.at,
	    &belief, &m))
		return false;
	s->samples++;
	s->interleaved += m.is_interleaved;
	s->last = m.sample;
	return true;
}

static void
judge(int to)
{
	const struct side *s = &net.side[to];
	double error = s->last.offset -
	    truth(s, &net.side[1 - to], s->last.at);

	ck_assert_msg(fabs(error) <= s->last.delay / 2 + SLACK,
	    "off by %.9f, delay %.9f", error, s->last.delay);
}

static void
deliver(struct packet *q)
{
	q->due = INT64_MAX;
	if (!take(q->to, &q->p))
		return;
	ck_assert_msg(!q->is_forged, "a forged packet was measured");
	ck_assert_msg(!q->was_measured, "a packet was measured twice");
	q->was_measured = true;
	judge(q->to);
}

/* Lets time pass; what comes meanwhile is taken in in its order. */
static void
pass(double seconds)
{
	int64_t end = net.now + span_ns(seconds);

	for (;;) {
		struct packet *next = NULL;

		for (unsigned i = 0; i < net.n; i++)
			if (net.sent[i].due <= end && (next == NULL ||
				net.sent[i].due < next->due))
				next = &net.sent[i];
		if (next == NULL)
			break;
		net.now = next->due > net.now ? next->due : net.now;
		deliver(next);
	}
	net.now = end;
}

/* An exchange of polls without trouble, s apart. */
static void
turns(unsigned n, double s)
{
	for (unsigned i = 0; i < 2 * n; i++) {
		ask((int)(i % 2), PATH);
		pass(s);
	}
}

START_TEST(both_sides_measure_each_other)
{
	begin(1);
	turns(10, 30);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_ge(net.side[i].samples, 8);
		ck_assert_uint_eq(net.side[i].interleaved, 0);
		ck_assert_double_eq_tol(net.side[i].last.delay, 2 * PATH,
		    1e-5); /* when a packet leaves is learned */
	}
}
END_TEST

START_TEST(interleaved_the_true_time_of_leaving_counts)
{
	begin(2);
	net.side[0].wants_interleaved = true;
	net.side[1].wants_interleaved = true;
	turns(10, 30);
	for (int i = 0; i < 2; i++) {
		struct side *s = &net.side[i];

		ck_assert_uint_ge(s->interleaved, 6);
		ck_assert_double_eq_tol(s->last.delay, 2 * PATH, 1e-6);
		ck_assert_double_eq_tol(s->last.offset, truth(s,
		    &net.side[1 - i], s->last.at), 1e-6);
	}
}
END_TEST

START_TEST(interleaved_to_a_faster_peer_only_the_first_packet_is)
{
	begin(3);
	net.side[0].wants_interleaved = net.side[1].wants_interleaved = true;
	for (int i = 0; i < 12; i++) {
		uint64_t exact = net.side[1].sym.sent[0].left.at.ns == 0 ? 0 :
		    ntp64_from_tspec(net.side[1].sym.sent[0].left.at);

		if (i % 3 == 0)
			ask(0, PATH);
		pass(10);
		struct packet *q = ask(1, PATH);

		/* A packet that answers nothing is not interleaved, nor the
		 * first after several (RFC 9769 section 3). */
		ck_assert(exact == 0 || q->p.transmit != exact);
		pass(10);
	}
	ck_assert_uint_ge(net.side[0].samples, 9);
}
END_TEST

START_TEST(a_copy_or_an_older_packet_is_nobodys)
{
	begin(4);
	turns(3, 30);
	struct packet *late = ask(0, 100);
	unsigned before = net.side[1].samples;

	pass(30);
	ask(1, PATH);
	pass(30);
	ask(0, PATH); /* overtakes it */
	pass(10);
	ck_assert_uint_eq(net.side[1].samples, before + 1);

	struct symmetric was = net.side[1].sym;
	pass(60);
	ck_assert_int_eq(late->due, INT64_MAX);
	for (unsigned i = 0; i < net.n; i++) /* all that ever was */
		ck_assert(!take(net.sent[i].to, &net.sent[i].p));
	ck_assert_int_eq(memcmp(&was, &net.side[1].sym, sizeof was), 0);
	ck_assert_uint_eq(net.side[1].samples, before + 1);
}
END_TEST

START_TEST(forged_packets_change_nothing_that_is_sure)
{
	struct ntp_packet forged = { .version = 4, .mode = PACKET_MODE_ACTIVE,
		.receive = 5, .transmit = 7 };

	begin(5);
	turns(3, 30);
	struct symmetric was = net.side[0].sym;

	for (uint64_t i = 0; i < 100; i++) {
		forged.origin = i % 2 ? prng_u64(&net.prng) : 0;
		forged.transmit = prng_u64(&net.prng);
		ck_assert(!take(0, &forged));
	}
	ck_assert_int_eq(memcmp(&was, &net.side[0].sym, sizeof was), 0);
	ask(0, PATH);
	ck_assert_uint_eq(net.side[0].sym.sent[0].about,
	    was.heard.transmit);
}
END_TEST

START_TEST(crossing_packets_are_measured)
{
	begin(6);
	turns(2, 30);
	unsigned before = net.side[0].samples;

	for (int i = 0; i < 8; i++) { /* each leaves before the other comes */
		ask(0, PATH);
		ask(1, PATH);
		pass(30);
	}
	ck_assert_uint_ge(net.side[0].samples, before + 7);
}
END_TEST

START_TEST(a_peer_that_restarts_is_found_again)
{
	begin(7);
	turns(5, 30);
	symmetric_init(&net.side[1].sym);
	unsigned before = net.side[0].samples;

	turns(3, 30); /* it knows nothing, hence believes what comes */
	ck_assert_uint_ge(net.side[0].samples, before + 2);
	ck_assert(!symmetric_is_lost(&net.side[1].sym,
	    read_pair(&net.side[1]).raw));
}
END_TEST

/* What an attacker who does not see packets sends, or one who has seen some. */
static void
attack(void)
{
	int to = (int)(prng_u64(&net.prng) & 1);
	struct ntp_packet p = { .version = 4, .mode = PACKET_MODE_ACTIVE,
		.origin = prng_u64(&net.prng) & 1 ? prng_u64(&net.prng) : 0,
		.receive = prng_u64(&net.prng),
		.transmit = ntp64_from_tspec(read_pair(&net.side[0]).real) };

	if (net.n > 4 && (prng_u64(&net.prng) & 1) != 0) {
		struct packet *old = &net.sent[prng_u64(&net.prng) % net.n];

		if (old->due == INT64_MAX) /* again, or at last */
			old->due = net.now + span_ns(uniform(50));
		return;
	}
	put(to, &p, uniform(1))->is_forged = true;
}

static void
storm(unsigned packets)
{
	for (unsigned i = 0; i < packets; i++) {
		if (uniform(1) < 0.5)
			attack();
		double delay = PATH + uniform(PATH);

		if (uniform(1) < 0.05)
			delay += uniform(60);
		int from = (int)(prng_u64(&net.prng) & 1);
		struct packet *q = ask(from, uniform(1) < 0.3 ? -delay : delay);
		struct packet *copy = uniform(1) < 0.2 && q->due != INT64_MAX
		    ? q : NULL;

		pass(uniform(40));
		if (copy != NULL && copy->due == INT64_MAX)
			copy->due = net.now + span_ns(uniform(20));
	}
}

START_TEST(whatever_happens_no_sample_is_wrong)
{
	unsigned samples = 0, interleaved = 0;
	uint64_t seed = 20260921;

	printf("seed %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < 100; i++) {
		begin(seed + i);
		net.side[0].wants_interleaved = i % 2 != 0;
		net.side[1].wants_interleaved = i / 2 % 2 != 0;
		storm(200);
		for (int k = 0; k < 2; k++) {
			samples += net.side[k].samples;
			interleaved += net.side[k].interleaved;
		}
		for (unsigned k = 0; k < net.n; k++) /* the storm is over */
			net.sent[k].due = INT64_MAX;
		unsigned before[2] = { net.side[0].samples,
			net.side[1].samples };

		turns(12, 20);
		for (int k = 0; k < 2; k++)
			ck_assert_uint_ge(net.side[k].samples, before[k] + 4);
	}
	printf("%u samples, %u of them interleaved\n", samples, interleaved);
	ck_assert_uint_ge(samples, 100 * 40);
	ck_assert_uint_ge(interleaved, 100);
}
END_TEST

UNIT_MAIN("symmetric", both_sides_measure_each_other,
    interleaved_the_true_time_of_leaving_counts,
    interleaved_to_a_faster_peer_only_the_first_packet_is,
    a_copy_or_an_older_packet_is_nobodys,
    forged_packets_change_nothing_that_is_sure,
    crossing_packets_are_measured, a_peer_that_restarts_is_found_again,
    whatever_happens_no_sample_is_wrong)
