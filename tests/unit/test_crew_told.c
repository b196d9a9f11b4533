/* SPDX-License-Identifier: ISC
 *
 * What is told of workers, and by them, while they live and when they do not. */
#include "unit.h"

#include <stdio.h>

#include "crew_world.h"
#include "daemon/control/serving.h"
#include "daemon/engine/auth.h"

START_TEST(one_that_hangs_is_found_out_when_it_has_something_to_do)
{
	prepare();
	start();
	unsigned before = c.asked;

	c.hands[0].is_dead = true;
	fake_advance(&w.os, 10);
	ck_assert_uint_eq(c.asked, before); /* at rest nobody is woken up */
	ck_assert(!c.crew.is_gone[0]);
	c.hands[0].is_behind = c.hands[1].is_behind = true;
	fake_advance(&w.os, 2);
	ck_assert(c.crew.is_gone[0]);
	ck_assert(!c.crew.is_gone[1]);
	end();
}
END_TEST

/* All that the report has, most at a time; their hits. */
static unsigned
list(uint32_t most, uint32_t reset, unsigned *hits)
{
	struct cmdmon_clients_wanted want = { .most = most, .reset = reset };
	struct cmdmon_clients out = { .size = 1 };
	unsigned n = 0, turns = 0;

	for (*hits = 0; want.first < out.size; want.first = out.next) {
		ck_assert_int_eq(serving_clients(&w.engine, &want, &out),
		    STT_SUCCESS);
		ck_assert_uint_le(out.n, most);
		ck_assert_uint_gt(out.next, want.first);
		for (uint32_t i = 0; i < out.n; i++)
			*hits += out.list[i].hits[SERVICE_NTP];
		n += out.n;
		ck_assert_uint_lt(++turns, 30000);
	}
	return n;
}

/* Everybody is asked before anybody is waited for. */
START_TEST(all_that_hang_are_waited_for_together)
{
	struct wrk_counts sum = { 0 };
	unsigned hits;

	for (int way = 0; way < 4; way++) {
		prepare();
		start();
		for (int i = 0; i < N; i++)
			c.hands[i].is_hung = c.hands[i].is_behind = true;
		c.waiting = c.most_waiting = 0;
		if (way == 0)
			crew_counts(&w.engine, &sum);
		else if (way == 1)
			fake_advance(&w.os, 2);
		else if (way == 2)
			list(8, 0, &hits);
		else
			ck_assert_int_eq(crew_keys(&w.engine), 0);
		for (int i = 0; i < N; i++)
			ck_assert(c.crew.is_gone[i]);
		ck_assert_uint_eq(c.most_waiting, N);
		end();
	}
}
END_TEST

static uint64_t
told_stat(enum cmdmon_serverstat which)
{
	struct cmdmon_serverstats s;

	serving_stats(&w.engine, &s);
	return s.count[which];
}

START_TEST(what_they_count_is_told_as_a_sum_and_stays)
{
	prepare();
	world_line(&w, "ratelimit burst 4");
	start();
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < N; i++)
			ask_plain(i, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 6);
	ck_assert_uint_eq(told_stat(STAT_DAEMON_TX), 6);
	for (int k = 0; k < 40; k++)
		ask_plain(0, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 46);
	ck_assert_uint_gt(told_stat(STAT_NTP_DROPS), 10);
	c.hands[0].is_dead = true;
	ask_plain(1, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 47);
	ck_assert(c.crew.is_gone[0]);
	end();
}
END_TEST

START_TEST(clients_of_all_are_listed_once)
{
	char from[32];
	unsigned hits;

	prepare();
	start();
	for (int k = 0; k < 100; k++) {
		snprintf(from, sizeof from, "198.51.100.%d", k);
		ask_plain(k % N, from);
		if (k % 10 == 0)
			ask_plain(k % N, from);
	}
	for (uint32_t most = 1; most <= 8; most++) {
		ck_assert_uint_eq(list(most, 0, &hits), 100);
		ck_assert_uint_eq(hits, 110);
	}
	list(8, 1, &hits);
	list(8, 0, &hits);
	ck_assert_uint_eq(hits, 0);
	c.hands[0].is_dead = true;
	ck_assert_uint_eq(list(8, 0, &hits), 50);
	end();
}
END_TEST

/* Else a list of clients would never end, or places would be found in another's
 * log. */
START_TEST(a_log_does_not_grow_when_its_worker_says_so)
{
	unsigned hits;

	prepare();
	start();
	size_t size = crew_log_size(&c.crew);
	c.hands[0].lies = true;
	world_save(&w, "keys/k", "8 SHA1 abcdefghijklmnop\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert_uint_eq(crew_log_size(&c.crew), size);
	for (int i = 0; i < N; i++)
		ask_plain(i, "198.51.100.7");
	ck_assert_uint_eq(list(8, 0, &hits), N);
	end();
}
END_TEST

START_TEST(what_a_worker_takes_back_is_no_loss)
{
	prepare();
	start();
	c.hands[0].worker.answerer.counts.lost = 10;
	server_tell_lost(&w.server);
	ck_assert_uint_eq(w.server.told_lost, 10);
	c.hands[0].worker.answerer.counts.lost = 9;
	server_tell_lost(&w.server); /* not 2^64 - 1 of them */
	ck_assert_uint_eq(w.server.told_lost, 10);
	end();
}
END_TEST

/* The kernel's count is the socket's, and comes whole to whoever reads it. */
START_TEST(what_a_dead_worker_has_lost_is_counted_once)
{
	struct wrk_counts sum = { 0 };

	prepare();
	start();
	c.hands[0].worker.answerer.counts.lost = 10;
	crew_counts(&w.engine, &sum);
	ck_assert_uint_eq(sum.overflows, 10);
	c.hands[0].is_dead = true;
	sum.overflows = 0;
	crew_counts(&w.engine, &sum);
	ck_assert(c.crew.is_gone[0]);
	ck_assert_uint_eq(sum.overflows, 0);
	end();
}
END_TEST

UNIT_MAIN("crew_told", one_that_hangs_is_found_out_when_it_has_something_to_do,
    all_that_hang_are_waited_for_together,
    what_they_count_is_told_as_a_sum_and_stays, clients_of_all_are_listed_once,
    a_log_does_not_grow_when_its_worker_says_so,
    what_a_worker_takes_back_is_no_loss,
    what_a_dead_worker_has_lost_is_counted_once)
