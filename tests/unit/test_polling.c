/* SPDX-License-Identifier: ISC
 *
 * When a client asks: bursts, requests ahead, offline, the interval. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/engine/manage.h"
#include "tests/emu/turn.h"

/* One source that polls each 2^poll s, nobody answers unless told. */
static struct source *
start(struct world *w, int poll)
{
	w->config.sources[0].iburst = false;
	w->config.sources[0].maxpoll = poll;
	world_start(w);
	return world_source(w, 0);
}

START_TEST(burst_asks_up_to_four_times_for_one_good_answer)
{
	for (int burst = 0; burst <= 1; burst++) {
		struct world w;

		world_init(&w, 1);
		w.config.sources[0].burst = burst;
		struct source *s = start(&w, 6);
		turn(&w, s, DELAY, DELAY);
		s->client.poll = 5;
		pollctl_init(&s->client.pollctl, 5);
		fake_advance(&w.os, 3); /* until 4 s after the first */
		turn_ask(&w, s);
		ck_assert_uint_eq(turn_count(&w, 20), burst ? 3 : 0);

		turn(&w, s, DELAY, DELAY); /* good: enough */
		ck_assert_uint_eq(turn_count(&w, 20), 0);
		world_fini(&w);
	}
}
END_TEST

START_TEST(burst_is_no_more_than_minpoll_would_be)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].burst = true;
	struct source *s = start(&w, 6);
	turn_ask(&w, s); /* at minpoll: one */
	ck_assert_uint_eq(turn_count(&w, 3.9), 0);
	turn(&w, s, DELAY, DELAY);
	s->client.poll = 3;
	pollctl_init(&s->client.pollctl, 3);
	turn_ask(&w, s);
	ck_assert_uint_eq(turn_count(&w, 7), 1); /* twice minpoll: two */
	world_fini(&w);
}
END_TEST

START_TEST(iburst_ends_after_four_good_answers_or_eight_requests)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	ck_assert_uint_eq(turn_count(&w, 60), 8);
	world_fini(&w);

	world_init(&w, 1);
	w.config.sources[0].minpoll = w.config.sources[0].maxpoll = 6;
	world_start(&w);
	struct source *s = world_source(&w, 0);
	for (int i = 0; i < 4; i++)
		turn(&w, s, DELAY, DELAY);
	/* The other four of the eight follow at growing gaps: 4, 8, 16, 32 s. */
	ck_assert_uint_eq(turn_count(&w, 3.9), 0);
	turn(&w, s, DELAY, DELAY);
	ck_assert_uint_eq(s->client.rest, 3);
	turn(&w, s, DELAY, DELAY);
	turn(&w, s, DELAY, DELAY);
	ck_assert_uint_eq(turn_count(&w, 31), 0);
	turn(&w, s, DELAY, DELAY);
	ck_assert_uint_eq(s->client.rest, 0);
	ck_assert_uint_eq(s->client.total_tx, 8);
	ck_assert_uint_eq(turn_count(&w, 60), 0);
	world_fini(&w);
}
END_TEST

START_TEST(presend_sends_one_ahead_or_two_in_interleaved_mode)
{
	for (int xleave = 0; xleave <= 1; xleave++) {
		struct world w;
		unsigned n = xleave ? 2 : 1;

		world_init(&w, 1);
		w.config.sources[0].presend = 4;
		w.config.sources[0].xleave = xleave;
		w.config.sources[0].minpoll = 4;
		struct source *s = start(&w, 4);
		for (int poll = 0; poll < 3; poll++) {
			unsigned samples = s->estimator.samples;
			uint8_t reach = s->client.reach;
			for (unsigned i = 0; i < n; i++) {
				turn(&w, s, DELAY, DELAY);
				ck_assert(s->client.is_ahead);
				ck_assert_uint_eq(s->client.reach, reach);
				ck_assert_uint_eq(turn_count(&w, 1.9), 0);
			}
			ck_assert_uint_eq(s->estimator.samples, samples);
			turn(&w, s, DELAY, DELAY);
			ck_assert_uint_eq(s->estimator.samples, samples + 1);
			/* the interval is the whole poll's */
			ck_assert_uint_eq(turn_count(&w, 15.8 - 2 * n), 0);
		}
		world_fini(&w);
	}
}
END_TEST

START_TEST(presend_is_for_long_intervals)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].presend = 5;
	w.config.sources[0].minpoll = 4;
	struct source *s = start(&w, 4);
	turn(&w, s, DELAY, DELAY);
	ck_assert(!s->client.is_ahead);
	ck_assert_uint_eq(s->estimator.samples, 1);
	world_fini(&w);
}
END_TEST

START_TEST(offline_is_silent_and_online_begins_with_a_burst)
{
	struct world w;
	struct addr any = { 0 };

	world_init(&w, 1);
	w.config.sources[0].offline = true;
	w.config.sources[0].minpoll = 6;
	start(&w, 6);
	ck_assert_uint_eq(turn_count(&w, 300), 0);
	world_source(&w, 0)->conf.iburst = true;
	ck_assert_int_eq(manage_online(&w.engine, &any, &any), 0);
	ck_assert_uint_eq(turn_count(&w, 15), 8);
	ck_assert_int_eq(manage_offline(&w.engine, &any, &any), 0);
	ck_assert_uint_eq(turn_count(&w, 300), 0);
	world_fini(&w);
}
END_TEST

START_TEST(auto_offline_ends_with_the_first_send_that_fails)
{
	for (int automatic = 0; automatic <= 1; automatic++) {
		struct world w;

		world_init(&w, 1);
		w.config.sources[0].auto_offline = automatic;
		struct source *s = start(&w, 4);
		turn(&w, s, DELAY, DELAY);
		w.os.send_error = -ENETUNREACH;
		fake_advance(&w.os, 20);
		w.os.send_error = 0;
		ck_assert_int_eq(s->conf.offline, automatic);
		unsigned sent = turn_count(&w, 40);
		ck_assert(automatic ? sent == 0 : sent > 0);
		ck_assert_int_eq(s->client.sock.fd >= 0, s->client.is_waiting);
		world_fini(&w);
	}
}
END_TEST

/* A machine whose network comes later than we do, or not at all. */
START_TEST(a_burst_is_not_used_up_by_what_could_not_be_sent)
{
	const double away[] = { 5, 20, 60, 600, 86400 };
	struct world w;

	for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
		world_init(&w, 1);
		w.config.sources[0].minpoll = 6;
		w.config.sources[0].maxpoll = 10;
		w.os.send_error = -ENETUNREACH;
		world_start(&w);
		struct source *s = world_source(&w, 0);
		fake_advance(&w.os, away[i]);
		/* Each time later, as long as an interval at last. */
		unsigned last = s->client.total_tx;
		ck_assert_double_le(last, away[i] < 7200 ?
		    2 + sqrt(8 * away[i]) : 250 + away[i] / 64);
		ck_assert_uint_ge(last, 2);
		w.os.send_error = 0;
		fake_advance(&w.os, fmin(2 + sqrt(away[i]), 64 * 1.01));
		ck_assert_uint_gt(s->client.total_tx, last);
		turn_count(&w, 70);
		ck_assert_uint_eq(s->client.total_tx, last + 8);
		world_fini(&w);
	}
}
END_TEST

/* Of one that is known: a short outage would make it unreachable. */
START_TEST(a_burst_of_a_poll_ends_whether_it_could_be_sent_or_not)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].burst = true;
	struct source *s = start(&w, 6);
	turn(&w, s, DELAY, DELAY);
	s->client.poll = 5;
	pollctl_init(&s->client.pollctl, 5);
	w.os.send_error = -ENETUNREACH;
	fake_advance(&w.os, 32);
	ck_assert_uint_eq(s->client.unanswered, 4);
	world_fini(&w);
}
END_TEST

static int
no_route(const struct sock_want *want)
{
	return want->peer.addr.bytes[3] == 2 ? -ENETUNREACH : 0;
}

START_TEST(onoffline_goes_by_the_route)
{
	struct world w;

	world_init(&w, 2);
	world_start(&w);
	w.os.open_error = no_route;
	ck_assert_int_eq(manage_onoffline(&w.engine), 0);
	ck_assert(!world_source(&w, 0)->conf.offline);
	ck_assert(world_source(&w, 1)->conf.offline);
	w.os.open_error = NULL;
	manage_onoffline(&w.engine);
	ck_assert(!world_source(&w, 1)->conf.offline);
	world_fini(&w);
}
END_TEST

START_TEST(a_burst_by_hand_ends_offline_where_it_began)
{
	for (int offline = 0; offline <= 1; offline++) {
		struct world w;
		struct addr any = { 0 };

		world_init(&w, 1);
		w.config.sources[0].offline = offline;
		w.config.sources[0].minpoll = 6;
		struct source *s = start(&w, 6);
		if (!offline)
			turn(&w, s, DELAY, DELAY);
		ck_assert_int_eq(manage_burst(&w.engine, &any, &any, 2, 5), 0);
		unsigned before = w.os.n_sent;
		turn(&w, s, DELAY, DELAY);
		turn(&w, s, DELAY, DELAY);
		ck_assert_uint_eq(w.os.n_sent - before, 2);
		ck_assert_uint_eq(turn_count(&w, 60), 0);
		ck_assert(s->client.reach & 1);
		ck_assert_uint_eq(turn_count(&w, 10), offline ? 0 : 1);

		manage_burst(&w.engine, &any, &any, 2, 5); /* no answers */
		ck_assert_uint_eq(turn_count(&w, 55), 5);
		world_fini(&w);
	}
}
END_TEST

START_TEST(the_poll_bounds_change_while_it_runs)
{
	struct world w;
	struct addr a;

	addr_parse(&a, "192.0.2.1");
	world_init(&w, 1);
	w.config.sources[0].minpoll = 8;
	struct source *s = start(&w, 8);
	turn(&w, s, DELAY, DELAY);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXPOLL, 3), 0);
	ck_assert_int_eq(s->conf.minpoll, 3); /* moved along */
	ck_assert_int_eq(s->client.poll, 3);
	ck_assert_uint_eq(turn_count(&w, 9), 1); /* not after 256 s */
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MINPOLL, 5), 0);
	ck_assert_int_eq(s->conf.maxpoll, 5);
	ck_assert_int_eq(s->client.poll, 5);
	world_fini(&w);
}
END_TEST

/* Where a source with a microsecond of noise ends up. */
static int
poll_for(int target)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].polltarget = target;
	w.config.sources[0].minpoll = 2;
	w.config.sources[0].maxpoll = 10;
	world_start(&w);
	srandom(1);
	for (int i = 0; i < 4000; i++) {
		w.lie[0] = random() % 2 ? 1e-6 : -1e-6;
		world_run(&w, 5);
	}
	int poll = world_source(&w, 0)->client.poll;
	world_fini(&w);
	return poll;
}

START_TEST(polltarget_decides_how_long_the_interval_becomes)
{
	int few = poll_for(4), many = poll_for(60);

	ck_assert_int_gt(few, many);
	ck_assert_int_gt(many, 2);
	ck_assert_int_lt(few, 10);
}
END_TEST

/* Runs a source with two microseconds of noise and this target for a while. */
static struct source *
run_target(struct world *w, double target)
{
	world_init(w, 1);
	w->config.sources[0].target = target;
	w->config.sources[0].minpoll = 2;
	w->config.sources[0].maxpoll = 10;
	world_start(w);
	srandom(1);
	for (int i = 0; i < 1000; i++) {
		w->lie[0] = random() % 2 ? 2e-6 : -2e-6;
		world_run(w, 5);
	}
	return world_source(w, 0);
}

START_TEST(a_looser_target_is_a_longer_interval)
{
	struct world w;
	struct source *s = run_target(&w, 1e-3);
	uint32_t requests = s->client.total_tx;

	ck_assert_int_eq(s->client.poll, 10);
	ck_assert(!s->client.pollctl.is_missed);
	world_fini(&w);
	s = run_target(&w, 3e-6);
	ck_assert_int_lt(s->client.poll, 10);
	ck_assert_uint_gt(s->client.total_tx, 2 * requests);
	world_fini(&w);
}
END_TEST

START_TEST(a_target_that_cannot_be_held_is_told)
{
	struct world w;
	struct source *s = run_target(&w, 1e-9);

	ck_assert_int_eq(s->client.poll, 2);
	ck_assert(s->client.pollctl.is_missed);
	world_fini(&w);
}
END_TEST

START_TEST(polls_below_a_second_need_a_near_server)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].minpoll = -3;
	struct source *s = start(&w, -3);
	turn(&w, s, DELAY, DELAY);
	ck_assert_double_eq(client_interval(&s->client), 0.125);
	world_fini(&w);

	world_init(&w, 1);
	w.config.sources[0].minpoll = -3;
	s = start(&w, -3);
	turn(&w, s, 6e-3, 6e-3);
	ck_assert_double_eq(client_interval(&s->client), 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_version_is_the_configured_one)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].version = 3;
	struct source *s = start(&w, 4);
	turn_ask(&w, s);
	ck_assert_uint_eq(turn_request(&w).version, 3);
	world_fini(&w);
}
END_TEST

START_TEST(the_kiss_rate_ends_a_burst)
{
	struct world w;

	world_init(&w, 1);
	w.config.sources[0].burst = true;
	struct source *s = start(&w, 8);
	turn(&w, s, DELAY, DELAY);
	s->client.poll = 5;
	pollctl_init(&s->client.pollctl, 5);
	fake_advance(&w.os, 3);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_RATE;
	world_hand_in(&w, s, &p);
	ck_assert_uint_eq(turn_count(&w, 60), 0);
	ck_assert_uint_eq(turn_count(&w, 5), 1);
	ck_assert_uint_eq(turn_count(&w, 30), 0); /* at its minpoll */
	world_fini(&w);
}
END_TEST

/* The second source's turn comes so many s after the first's, and gap s after
 * its last. */
static bool
is_asked_with_an_answer(double after, double gap)
{
	struct world w;

	world_init(&w, 2);
	for (int i = 0; i < 2; i++)
		w.config.sources[i].minpoll = w.config.sources[i].maxpoll = 4;
	world_start(&w);
	world_run(&w, 100);

	struct client *a = &world_source(&w, 0)->client;
	struct client *b = &world_source(&w, 1)->client;

	a->next_poll = mono_add(w.os.mono, 1);
	b->next_poll = mono_add(a->next_poll, after);
	b->asked = mono_add(b->next_poll, -gap);
	w.os.os.ops->timer_set(&w.os.os, &a->timer, a->next_poll);
	w.os.os.ops->timer_set(&w.os.os, &b->timer, b->next_poll);
	uint32_t asked = b->total_tx;
	world_run(&w, 1.01);
	bool is_asked = b->total_tx == asked + 1;
	ck_assert(is_asked || b->total_tx == asked);
	world_run(&w, 2); /* once, sooner or later */
	ck_assert_uint_eq(b->total_tx, asked + 1);
	world_fini(&w);
	return is_asked;
}

START_TEST(who_is_about_to_be_asked_is_asked_with_an_answer)
{
	ck_assert(is_asked_with_an_answer(0.3, 16));
	ck_assert(!is_asked_with_an_answer(0.4, 16)); /* more than 2 % */
	ck_assert(!is_asked_with_an_answer(0.3, 2)); /* as presend has it */
}
END_TEST

UNIT_MAIN("polling", burst_asks_up_to_four_times_for_one_good_answer,
    burst_is_no_more_than_minpoll_would_be,
    iburst_ends_after_four_good_answers_or_eight_requests,
    presend_sends_one_ahead_or_two_in_interleaved_mode,
    presend_is_for_long_intervals,
    offline_is_silent_and_online_begins_with_a_burst,
    a_burst_is_not_used_up_by_what_could_not_be_sent,
    a_burst_of_a_poll_ends_whether_it_could_be_sent_or_not,
    auto_offline_ends_with_the_first_send_that_fails,
    onoffline_goes_by_the_route, a_burst_by_hand_ends_offline_where_it_began,
    the_poll_bounds_change_while_it_runs,
    polltarget_decides_how_long_the_interval_becomes,
    a_looser_target_is_a_longer_interval,
    a_target_that_cannot_be_held_is_told,
    polls_below_a_second_need_a_near_server,
    the_version_is_the_configured_one, the_kiss_rate_ends_a_burst,
    who_is_about_to_be_asked_is_asked_with_an_answer)
