/* SPDX-License-Identifier: ISC
 *
 * Delays and the paths they lie on. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "common/tspec.h"
#include "tests/sim/world.h"

#define DRAWS 40000

static double values[DRAWS];

/* Draws the word's delay at intervals of a second; returns the mean. */
static double
draw(const char *word, double *sd)
{
	double sum = 0, sum2 = 0;
	struct delay d;
	struct prng p;

	prng_init(&p, 7);
	ck_assert_int_eq(delay_parse(&d, word), 0);
	for (int i = 0; i < DRAWS; i++) {
		values[i] = delay_draw(&d, &p, i);
		sum += values[i];
		sum2 += values[i] * values[i];
	}
	*sd = sqrt(sum2 / DRAWS - sum / DRAWS * (sum / DRAWS));
	return sum / DRAWS;
}

static double
share_above(double limit)
{
	int n = 0;

	for (int i = 0; i < DRAWS; i++)
		n += values[i] > limit;
	return (double)n / DRAWS;
}

static void
has(const char *word, double mean, double deviation)
{
	double sd, m = draw(word, &sd);

	ck_assert_msg(fabs(m - mean) <= 0.03 * mean, "%s: mean %g", word, m);
	ck_assert_msg(fabs(sd - deviation) <= 0.03 * mean, "%s: sd %g", word,
	    sd);
}

START_TEST(distributions_have_their_moments)
{
	has("5ms", 5e-3, 0);
	has("1ms+exp:1ms", 2e-3, 1e-3);
	has("normal:10ms:1ms", 10e-3, 1e-3);
	has("1ms+uniform:0:12ms", 7e-3, 12e-3 / sqrt(12));
	has("sine:1ms:100", 1e-3, 1e-3 / sqrt(2));
	has("30%:10ms", 3e-3, sqrt(0.21) * 10e-3);
	has("50%:exp:2ms", 1e-3, sqrt(0.5 * 8 - 1) * 1e-3);
}
END_TEST

START_TEST(pareto_has_its_tail_up_to_a_limit)
{
	double sd;

	draw("pareto:1.5:100us", &sd); /* P(x > t) = (1 + t / s)^-k */
	ck_assert_double_eq_tol(share_above(300e-6), 0.125, 0.008);
	ck_assert_double_eq_tol(share_above(9900e-6), 0.001, 0.0008);
	draw("pareto:1.2:3ms:300ms", &sd);
	ck_assert(share_above(300e-3) == 0);
	ck_assert(share_above(100e-3) > 0.005);
}
END_TEST

START_TEST(a_queue_is_exponential_and_correlated)
{
	double sd, mean = draw("queue:200us:10", &sd), sum = 0;

	ck_assert_double_eq_tol(mean, 200e-6, 20e-6);
	ck_assert_double_eq_tol(sd, 200e-6, 30e-6);
	for (int i = 10; i < DRAWS; i++)
		sum += (values[i] - mean) * (values[i - 10] - mean);
	/* the square of a normal process's exp(-1) */
	ck_assert_double_eq_tol(sum / DRAWS / (sd * sd), exp(-2), 0.06);
}
END_TEST

START_TEST(hops_stay_for_a_while)
{
	double sd;
	int hops = 0;

	draw("hops:500us:100", &sd);
	for (int i = 1; i < DRAWS; i++)
		hops += values[i] != values[i - 1];
	ck_assert_int_gt(hops, 300);
	ck_assert_int_lt(hops, 500);
	ck_assert_double_eq_tol(sd, 500e-6 / sqrt(12), 20e-6);
}
END_TEST

START_TEST(a_sum_below_zero_is_zero)
{
	double sd;

	draw("normal:0:1ms", &sd);
	ck_assert_double_eq_tol(share_above(0), 0.5, 0.02);
}
END_TEST

START_TEST(words_that_are_none_are_refused)
{
	const char *const bad[] = { "", "x", "1ms+", "exp", "exp:", "1k",
		"exp:1ms:2ms", "normal:1ms", "pareto:1:2:3:4", "1ms exp:1ms",
		"5%", "5%:", "1+1+1+1+1+1+1", "exp:1ms+ +" };
	struct delay d;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(delay_parse(&d, bad[i]) < 0, "%s", bad[i]);
	ck_assert_int_eq(delay_parse(&d, "1"), 0); /* s */
}
END_TEST

struct net {
	struct world world;
	struct station a, b, c;
	int64_t last;
	unsigned overtakings;
};

static void
receive(struct station *s, struct simpacket *p)
{
	struct net *n = s->owner;
	int64_t sent;

	memcpy(&sent, p->data, sizeof sent);
	n->overtakings += sent < n->last;
	n->last = sent;
}

static void
net_init(struct net *n)
{
	const char *const names[] = { "a", "b", "c" };
	struct station *s[] = { &n->a, &n->b, &n->c };

	memset(n, 0, sizeof *n);
	world_init(&n->world, 1);
	for (int i = 0; i < 3; i++) {
		struct addr addr = { .family = ADDR_INET4 };

		addr.bytes[0] = 10;
		addr.bytes[3] = (unsigned char)(i + 1);
		station_init(s[i], &n->world, names[i], &addr);
		s[i]->owner = n;
		s[i]->receive = receive;
	}
	delay_parse(&station_path(&n->a, &n->b)->delay, "1ms+exp:5ms");
	delay_parse(&station_path(&n->a, &n->c)->delay, "1ms");
}

static void
net_fini(struct net *n)
{
	world_fini(&n->world);
	free(n->a.paths);
}

/* A packet each ms from a to the address. */
static void
send_many(struct net *n, const struct addr *to, int count)
{
	struct endpoint src = { n->a.addr, 1000 }, dst = { *to, 123 };

	for (int i = 0; i < count; i++) {
		n->world.end = n->world.now + 1000000;
		world_run(&n->world);
		world_send(&n->a, &src, &dst, &n->world.now,
		    sizeof n->world.now, 0);
	}
	n->world.end += NSEC;
	world_run(&n->world);
}

START_TEST(packets_are_lost_and_doubled)
{
	struct net n;

	net_init(&n);
	station_path(&n.a, &n.b)->loss = 0.3;
	send_many(&n, &n.b.addr, 10000);
	ck_assert_int_le(abs((int)n.b.received - 7000), 230); /* 5 sd */
	ck_assert_uint_eq(n.c.received, 0);
	n.b.received = 0;
	station_path(&n.a, &n.b)->loss = 0;
	station_path(&n.a, &n.b)->dup = 0.1;
	send_many(&n, &n.b.addr, 10000);
	ck_assert_int_le(abs((int)n.b.received - 11000), 150);
	net_fini(&n);
}
END_TEST

START_TEST(packets_overtake_each_other_unless_ordered)
{
	struct net n;

	net_init(&n);
	send_many(&n, &n.b.addr, 1000);
	ck_assert_uint_gt(n.overtakings, 100);
	n.overtakings = 0;
	station_path(&n.a, &n.b)->is_ordered = true;
	send_many(&n, &n.b.addr, 1000);
	ck_assert_uint_eq(n.overtakings, 0);
	net_fini(&n);
}
END_TEST

START_TEST(a_cut_path_carries_nothing)
{
	struct net n;

	net_init(&n);
	station_path(&n.a, &n.b)->is_cut = true;
	send_many(&n, &n.b.addr, 10);
	ck_assert_uint_eq(n.b.received, 0);
	net_fini(&n);
}
END_TEST

START_TEST(a_broadcast_reaches_all_that_have_a_path)
{
	struct addr all = { .family = ADDR_INET4,
		.bytes = { 10, 0, 0, 255 } };
	struct net n;

	net_init(&n);
	send_many(&n, &all, 10);
	ck_assert_uint_eq(n.b.received, 10);
	ck_assert_uint_eq(n.c.received, 10);
	ck_assert_uint_eq(n.a.received, 0);
	net_fini(&n);
}
END_TEST

UNIT_MAIN("simnet", distributions_have_their_moments,
    pareto_has_its_tail_up_to_a_limit, a_queue_is_exponential_and_correlated,
    hops_stay_for_a_while, a_sum_below_zero_is_zero,
    words_that_are_none_are_refused, packets_are_lost_and_doubled,
    packets_overtake_each_other_unless_ordered, a_cut_path_carries_nothing,
    a_broadcast_reaches_all_that_have_a_path)
