/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "daemon/estimate/fuse.h"

#define SOURCES 4
#define POLL 64.0

/* An oscillator that is off by 20 us/s, and servers at the ends of paths with
 * exponential waits. */
struct pool {
	struct fuse fuse;
	struct estimator est[SOURCES];
	struct fuse_member member[SOURCES];
	bool is_used[SOURCES], is_silent[SOURCES];
	double distance[SOURCES]; /* s */
	double wait[SOURCES], off[SOURCES]; /* s */
	size_t n;
	double t;
	struct estimate last;
};

static double
waiting(double mean)
{
	return -mean * log(((double)random() + 1) / (RAND_MAX + 2.0));
}

static double
truth(const struct pool *p)
{
	return 20e-6 * p->t;
}

/* What was said last was wrong by, s. */
static double
error(const struct pool *p)
{
	return p->last.x - 20e-6 * raw_sub(p->last.at, (struct raw){ 0 });
}

static void
pool_init(struct pool *p, size_t n)
{
	srandom(20261125);
	*p = (struct pool){ .n = n };
	fuse_init(&p->fuse);
	for (size_t i = 0; i < n; i++) {
		estimator_init(&p->est[i], 0, 1e-4);
		p->wait[i] = 1e-4;
		p->is_used[i] = true;
		p->distance[i] = 2.5e-3;
	}
}

static struct raw
now(const struct pool *p)
{
	return raw_add((struct raw){ 0 }, p->t);
}

static void
take_sample(struct pool *p, size_t i)
{
	double up = waiting(p->wait[i]), down = waiting(p->wait[i]);
	struct sample s = { .at = now(p),
		.offset = truth(p) + p->off[i] + (up - down) / 2,
		.delay = 5e-3 + up + down };

	estimator_sample(&p->est[i], &s);
}

/* Polls all in turn; the RMS error of the fused estimate over the second half,
 * s. */
static double
pool_run(struct pool *p, int rounds)
{
	double sum = 0;
	int count = 0;

	for (int k = 0; k < rounds * (int)p->n; k++) {
		struct fuse_source s[SOURCES];
		size_t which = (size_t)k % p->n, n = 0, at = 0, used = 0;

		p->t += POLL / (double)p->n;
		if (p->is_silent[which])
			continue;
		take_sample(p, which);
		for (size_t i = 0; i < p->n; i++) {
			if (p->est[i].samples == 0)
				continue;
			if (i == which)
				at = n;
			used += p->is_used[i];
			s[n++] = (struct fuse_source){ &p->est[i],
				&p->member[i], p->is_used[i], !p->is_silent[i],
				p->distance[i], i == which };
		}
		p->last = used > 0
		    ? fuse_samples(&p->fuse, s, n, now(p))
		    : fuse_hold(&p->fuse, &s[at], now(p), truth(p));
		if (2 * k >= rounds * (int)p->n) {
			double e = p->last.x - truth(p);
			sum += e * e;
			count++;
		}
	}
	return sqrt(sum / count);
}

START_TEST(one_source_is_itself)
{
	struct pool p;
	struct estimate own;

	pool_init(&p, 1);
	pool_run(&p, 20);
	ck_assert(estimator_at(&p.est[0], now(&p), &own));
	ck_assert_double_eq(p.last.x, own.x);
	ck_assert_double_eq(p.last.pxx, own.pxx);
	ck_assert(!p.fuse.is_running);
}
END_TEST

START_TEST(four_know_more_than_one)
{
	double alone = 0, together = 0;
	struct pool p;

	for (unsigned seed = 1; seed <= 10; seed++) {
		pool_init(&p, 1);
		srandom(seed);
		alone += pool_run(&p, 100);
		pool_init(&p, 4);
		srandom(seed);
		together += pool_run(&p, 100);
	}
	printf("alone %.2f us, together %.2f us\n", alone * 1e5,
	    together * 1e5);
	ck_assert_double_lt(together, 0.75 * alone);
}
END_TEST

START_TEST(the_precise_one_is_not_spoilt_by_the_others)
{
	struct pool p;

	pool_init(&p, 4);
	p.wait[0] = 1e-6;
	ck_assert_double_lt(pool_run(&p, 300), 2e-6);
	ck_assert_double_gt(p.member[0].weight, 0.9);
}
END_TEST

START_TEST(who_disagrees_by_more_than_the_noise_counts_alike)
{
	struct pool p;

	pool_init(&p, 2);
	p.wait[0] = 1e-6;
	p.off[1] = 1e-3;
	pool_run(&p, 300);
	ck_assert_double_eq_tol(p.last.x - truth(&p), 0.5e-3, 0.05e-3);
	ck_assert_double_gt(sqrt(p.last.pxx), 0.2e-3); /* and says so */
}
END_TEST

START_TEST(the_nearer_of_two_that_disagree_counts_more)
{
	struct pool p;

	pool_init(&p, 2);
	p.off[1] = 1e-3;
	p.distance[1] = 7.5e-3;
	pool_run(&p, 300);
	ck_assert_double_eq_tol(p.last.x - truth(&p), 0.1e-3, 0.03e-3);
}
END_TEST

START_TEST(one_that_strays_within_its_claim_does_not_count)
{
	struct pool p;

	pool_init(&p, 3);
	p.off[2] = 2e-3; /* less than half its delay */
	pool_run(&p, 300);
	ck_assert_double_lt(fabs(p.last.x - truth(&p)), 50e-6);
}
END_TEST

START_TEST(one_that_walks_away_takes_nobody_along)
{
	double worst = 0;
	struct pool p;

	pool_init(&p, 4);
	pool_run(&p, 100);
	for (int k = 0; k < 1000; k++) {
		p.off[3] += 1e-8 * POLL;
		pool_run(&p, 1);
		worst = fmax(worst, fabs(p.last.x - truth(&p)));
	}
	ck_assert_double_lt(worst, 60e-6);
}
END_TEST

/* Three far ones, which need not agree, and one nearby that alone is used. */
static void
near_and_far(struct pool *p, double near, double low, double high)
{
	pool_init(p, 4);
	p->off[0] = low;
	p->off[2] = high;
	p->off[3] = near;
	p->wait[3] = 1e-6;
	p->distance[3] = 0.1e-3;
	p->is_used[0] = p->is_used[1] = p->is_used[2] = false;
	pool_run(p, 100);
}

START_TEST(the_claim_reaches_beyond_where_most_are)
{
	struct pool p;

	near_and_far(&p, 2e-3, 0, 0);
	ck_assert_double_eq_tol(p.last.x - truth(&p), 2e-3, 0.1e-3);
	ck_assert_double_ge(3.3 * sqrt(p.last.pxx), 1.1 * 2e-3);
}
END_TEST

START_TEST(a_liar_does_not_draw_the_claim_to_its_side_of_most)
{
	struct pool p;

	near_and_far(&p, 2e-3, -0.5e-3, 0.5e-3);
	ck_assert_double_ge(3.3 * sqrt(p.last.pxx), 1.1 * 2e-3);
	near_and_far(&p, -2e-3, -0.5e-3, 0.5e-3);
	ck_assert_double_ge(3.3 * sqrt(p.last.pxx), 1.1 * 2e-3);
}
END_TEST

START_TEST(who_differs_to_either_side_does_not_widen_the_claim)
{
	struct pool p;

	near_and_far(&p, 0, -0.5e-3, 0.5e-3);
	ck_assert_double_lt(3.3 * sqrt(p.last.pxx), 0.1e-3);
}
END_TEST

START_TEST(a_jump_of_one_is_not_the_others)
{
	struct pool p;
	double worst = 0;

	pool_init(&p, 3);
	pool_run(&p, 200);
	p.off[2] = 2e-3;
	for (int i = 0; i < 40; i++) {
		pool_run(&p, 1);
		worst = fmax(worst, fabs(p.last.x - truth(&p)));
	}
	ck_assert_double_lt(worst, 0.05 * 2e-3 + 50e-6);
}
END_TEST

START_TEST(who_joins_late_does_not_make_the_clock_jump)
{
	struct pool p;

	pool_init(&p, 3);
	p.off[2] = 0.3e-3;
	p.is_used[2] = false;
	pool_run(&p, 200);
	double before = p.last.x - truth(&p);
	p.is_used[2] = true;
	pool_run(&p, 1);
	ck_assert_double_lt(fabs(p.last.x - truth(&p) - before), 0.05e-3);
}
END_TEST

static void
set_there(struct pool *p, size_t i, bool is_there)
{
	p->is_used[i] = is_there;
	p->is_silent[i] = !is_there;
}

START_TEST(who_goes_and_comes_back_does_not_move_the_clock)
{
	double worst = 0, fastest = 0;
	struct pool p;

	pool_init(&p, 3);
	p.off[0] = 0.3e-3;
	p.off[1] = -0.3e-3;
	pool_run(&p, 300);
	double before = error(&p);
	for (size_t k = 0; k < 60; k++) {
		size_t i = k % 6 / 2; /* at times the others are all there are */
		set_there(&p, i, k % 2 != 0);
		pool_run(&p, 10);
		worst = fmax(worst, fabs(error(&p) - before));
		fastest = fmax(fastest, fabs(p.last.y - 20e-6));
	}
	printf("moved %.1f us, %.1f ppb\n", worst * 1e6, fastest * 1e9);
	ck_assert_double_lt(worst, 40e-6);
	ck_assert_double_lt(fastest, 30e-9);
}
END_TEST

START_TEST(the_only_one_left_changes_and_the_clock_stays)
{
	double worst = 0;
	struct pool p;

	pool_init(&p, 2);
	p.off[0] = 0.3e-3;
	p.off[1] = -0.3e-3;
	pool_run(&p, 300);
	double before = error(&p);
	for (size_t k = 0; k < 20; k++) {
		set_there(&p, k % 2, false);
		set_there(&p, 1 - k % 2, true);
		pool_run(&p, 5);
		worst = fmax(worst, fabs(error(&p) - before));
	}
	printf("moved %.1f us\n", worst * 1e6);
	ck_assert_double_lt(worst, 100e-6);
}
END_TEST

START_TEST(the_offset_stays_while_nobody_is_believed)
{
	struct pool p;

	pool_init(&p, 2);
	pool_run(&p, 200);
	p.is_used[0] = p.is_used[1] = false;
	ck_assert_double_lt(pool_run(&p, 500), 50e-6);
	ck_assert_double_eq_tol(p.last.y, 20e-6, 2e-8);
}
END_TEST

START_TEST(without_an_anchor_the_clock_is_the_anchor)
{
	struct pool p;

	pool_init(&p, 2);
	p.off[0] = 3e-3;
	p.off[1] = -3e-3;
	p.is_used[0] = p.is_used[1] = false;
	for (int i = 0; i < 100; i++) { /* until their frequencies are known */
		p.t += POLL / 2;
		take_sample(&p, (size_t)i % 2);
	}
	pool_run(&p, 300);
	ck_assert_double_lt(fabs(p.last.x - truth(&p)), 3e-3);
	ck_assert_double_eq_tol(p.last.y, 20e-6, 2e-8);
}
END_TEST

START_TEST(a_sample_is_learned_once)
{
	struct pool p;

	pool_init(&p, 2);
	pool_run(&p, 50);
	struct fuse_source s[] = {
		{ &p.est[0], &p.member[0], true, true, 1e-3, true },
		{ &p.est[1], &p.member[1], true, true, 1e-3, true } };
	struct estimate a = fuse_samples(&p.fuse, s, 2, now(&p));
	struct estimate b = fuse_samples(&p.fuse, s, 2, now(&p));
	ck_assert_double_eq(a.x, b.x);
	ck_assert_double_eq(a.pxy, b.pxy);
}
END_TEST

START_TEST(who_replaces_all_others_is_believed_at_once)
{
	struct pool p;

	pool_init(&p, 3);
	p.off[0] = p.off[1] = 8e-3;
	p.is_used[2] = false;
	pool_run(&p, 200);
	ck_assert_double_gt(p.last.x - truth(&p), 7e-3);
	p.is_used[0] = p.is_used[1] = false;
	p.is_used[2] = true;
	pool_run(&p, 1);
	ck_assert_double_lt(fabs(p.last.x - truth(&p)), 0.1e-3);
}
END_TEST

UNIT_MAIN("fuse", one_source_is_itself, four_know_more_than_one,
    the_precise_one_is_not_spoilt_by_the_others,
    who_disagrees_by_more_than_the_noise_counts_alike,
    the_nearer_of_two_that_disagree_counts_more,
    one_that_strays_within_its_claim_does_not_count,
    one_that_walks_away_takes_nobody_along,
    the_claim_reaches_beyond_where_most_are,
    a_liar_does_not_draw_the_claim_to_its_side_of_most,
    who_differs_to_either_side_does_not_widen_the_claim,
    a_jump_of_one_is_not_the_others,
    who_joins_late_does_not_make_the_clock_jump,
    who_goes_and_comes_back_does_not_move_the_clock,
    the_only_one_left_changes_and_the_clock_stays,
    the_offset_stays_while_nobody_is_believed,
    without_an_anchor_the_clock_is_the_anchor, a_sample_is_learned_once,
    who_replaces_all_others_is_believed_at_once)
