/* SPDX-License-Identifier: ISC
 *
 * The engine in a world of its own: a fake os, and servers that answer what it
 * sends.  True time runs at 1 + ppm of the oscillator. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "daemon/wire/packet.h"
#include "tests/emu/fake_os.h"

#define T0 INT64_C(1790000000) /* 2026-09-21 */
#define DELAY 50e-6            /* s each way */

struct world {
	struct fake_os os;
	struct config config;
	struct engine engine;
	struct engine_options options;
	double ahead;  /* s, true time - clock at the start */
	double ppm;    /* true time's rate against the oscillator */
	double lie[4]; /* s, added by server 192.0.2.1+i */
	struct raw start;
	unsigned answered;
};

static void
world_init(struct world *w, unsigned n_servers)
{
	memset(w, 0, sizeof *w);
	fake_init(&w->os, (struct tspec){ T0 * NSEC });
	w->start = w->os.now.raw;
	w->os.answer.budget_ns = 2 * NSEC;
	config_init(&w->config);
	w->config.sources = calloc(4, sizeof *w->config.sources);
	w->config.n_sources = n_servers;
	for (unsigned i = 0; i < n_servers; i++) {
		struct config_source *s = &w->config.sources[i];
		snprintf(s->name, sizeof s->name, "192.0.2.%u", i + 1);
		s->port = 123;
		s->minpoll = 2;
		s->maxpoll = 4;
		s->maxdelay = 3;
		s->version = 4;
		s->iburst = true;
	}
	w->options.drift_skew_ppm = -1;
	w->options.build_date = (struct tspec){ (T0 - 86400) * NSEC };
}

static void
world_start(struct world *w)
{
	ck_assert_int_eq(
	    engine_init(&w->engine, &w->os.os, &w->config, &w->options), 0);
}

static void
world_fini(struct world *w)
{
	engine_fini(&w->engine);
	fake_fini(&w->os);
	config_fini(&w->config);
}

static struct source *
source_at(struct world *w, unsigned i)
{
	struct source *s = TAILQ_FIRST(&w->engine.sources);

	while (i-- > 0)
		s = TAILQ_NEXT(s, link);
	return s;
}

static struct tspec
true_time(const struct world *w)
{
	double ran = raw_sub(w->os.now.raw, w->start);

	return tspec_add((struct tspec){ T0 * NSEC },
	    w->ahead + ran * (1 + w->ppm * 1e-6));
}

static double
clock_error(const struct world *w)
{
	return tspec_sub(true_time(w), w->os.now.real);
}

/* A good answer to the request that is out. */
static struct ntp_packet
answer_to(const struct world *w, const struct client *c, double lie)
{
	uint64_t t = ntp64_from_tspec(tspec_add(true_time(w), lie));

	return (struct ntp_packet){ .version = 4, .mode = PACKET_MODE_SERVER,
		.stratum = 1, .precision = -25, .root_delay = 1e-5,
		.root_dispersion = 1e-5, .refid = 0x47505300, .ref = t,
		.origin = c->cookie, .receive = t, .transmit = t };
}

static void
hand_in(struct world *w, struct source *s, const struct ntp_packet *p)
{
	unsigned char bytes[PACKET_HEADER];
	struct dgram d = { .remote = s->remote };

	packet_write(p, bytes);
	fake_receive(&w->os, &s->client.sock, &d, bytes, sizeof bytes);
}

/* To the next timer, at most 10 ms, and never past it by more than 1 us: what
 * is sent then has the true time of sending. */
static void
advance_a_bit(struct world *w)
{
	const struct heap_node *next = heap_first(&w->os.timers);
	double left = next ? (double)(next->key - w->os.mono.ns) * 1e-9 : 1;

	fake_advance(&w->os, fmin(fmax(left * 0.9, 1e-6), 0.01));
}

/* Lets time pass; every request is answered after DELAY each way. */
static void
run(struct world *w, double seconds)
{
	struct mono end = mono_add(w->os.mono, seconds);

	while (w->os.mono.ns < end.ns && !w->os.is_stopped) {
		struct source *s;
		unsigned i = 0;
		bool any = false;

		TAILQ_FOREACH(s, &w->engine.sources, link)
			any |= s->client.is_waiting;
		if (!any) {
			advance_a_bit(w);
			continue;
		}
		fake_advance(&w->os, DELAY);
		struct ntp_packet answers[4];
		for (s = source_at(w, 0); s; s = TAILQ_NEXT(s, link), i++)
			answers[i] = answer_to(w, &s->client, w->lie[i]);
		fake_advance(&w->os, DELAY);
		i = 0;
		TAILQ_FOREACH(s, &w->engine.sources, link) {
			if (s->client.is_waiting &&
			    answers[i].origin == s->client.cookie) {
				w->answered++;
				hand_in(w, s, &answers[i]);
			}
			i++;
		}
	}
}

static unsigned
count_requests(const struct world *w, enum clk_type type)
{
	unsigned n = 0, kept = w->os.n_requests;

	if (kept > FAKE_REQUESTS)
		kept = FAKE_REQUESTS;
	for (unsigned i = 0; i < kept; i++)
		n += w->os.requests[i].type == type;
	return n;
}

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
	ck_assert_uint_eq(p.transmit, source_at(&w, 0)->client.cookie);
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
	struct client *c = &source_at(&w, 0)->client;
	fake_advance(&w.os, 0.001);
	first = c->cookie;
	ck_assert(c->is_waiting);
	run(&w, 0.1);
	ck_assert(!c->is_waiting); /* answered: closed at once */
	fake_advance(&w.os, 2);
	ck_assert(c->is_waiting);
	ck_assert_uint_ne(c->cookie, first);
	world_fini(&w);
}
END_TEST

START_TEST(a_forged_answer_changes_nothing_and_the_true_one_still_counts)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = source_at(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet good = answer_to(&w, &s->client, 0), p = good;

	p.origin ^= 1;
	hand_in(&w, s, &p);
	p.origin = 0;
	hand_in(&w, s, &p);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	p.origin = good.origin + 1;
	hand_in(&w, s, &p);
	p = good;
	p.mode = PACKET_MODE_BROADCAST;
	hand_in(&w, s, &p);
	ck_assert(s->client.is_waiting);
	ck_assert(!s->client.is_denied && !s->has_sample);
	ck_assert_uint_eq(s->client.reach, 0);
	ck_assert_uint_eq(s->client.total_rx, 4);

	hand_in(&w, s, &good);
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
	struct source *s = source_at(&w, 0);
	fake_advance(&w.os, 0.001);
	s->client.cookie = 0; /* CVE-2015-8138's state */
	struct ntp_packet p = answer_to(&w, &s->client, 0);
	hand_in(&w, s, &p);
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
	struct source *s = source_at(&w, 0);
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
	struct client *c = &source_at(&w, 0)->client;
	run(&w, 0.5);
	ck_assert_uint_eq(c->total_tx, 1);
	run(&w, 6);
	ck_assert_uint_eq(c->total_tx, 4);
	run(&w, 2); /* the next one comes after 2^minpoll */
	ck_assert_uint_eq(c->total_tx, 4);
	run(&w, 2.5);
	ck_assert_uint_eq(c->total_tx, 5);
	world_fini(&w);
}
END_TEST

START_TEST(the_kiss_rate_slows_down_and_deny_stops)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	struct source *s = source_at(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet p = answer_to(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_RATE;
	hand_in(&w, s, &p);
	ck_assert_int_eq(s->client.minpoll, 3);
	ck_assert_int_eq(s->client.poll, 3);
	ck_assert_uint_eq(s->client.burst, 0);
	ck_assert(!s->has_sample);

	fake_advance(&w.os, 9);
	p = answer_to(&w, &s->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	hand_in(&w, s, &p);
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
	struct source *s = source_at(&w, 0);
	fake_advance(&w.os, 0.001);
	struct ntp_packet p = answer_to(&w, &s->client, 0);
	spoil(&p);
	hand_in(&w, s, &p);
	ck_assert(!s->has_sample);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_uint_eq(count_requests(&w, CLK_ADJUST), 0);
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

START_TEST(thirty_ms_and_20_ppm_are_slewed_away)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.03;
	w.ppm = 20;
	world_start(&w);
	run(&w, 20);
	ck_assert_double_lt(fabs(clock_error(&w)), 1e-3);
	run(&w, 40);
	ck_assert_double_lt(fabs(clock_error(&w)), 20e-6);
	run(&w, 240);
	ck_assert_double_lt(fabs(clock_error(&w)), 5e-6);
	ck_assert_double_eq_tol((double)w.os.base_ppt * 1e-6, 20, 0.1);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(w.engine.reference.stratum, 2);
	ck_assert_uint_eq(count_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(makestep_steps_once)
{
	struct world w;
	unsigned steps = 0;

	world_init(&w, 1);
	w.ahead = -0.2;
	w.config.has_makestep = true;
	w.config.makestep_threshold = 0.1;
	w.config.makestep_limit = 3;
	world_start(&w);
	run(&w, 1);
	ck_assert_double_lt(fabs(clock_error(&w)), 1e-4);
	for (int i = 0; i < 60; i++) {
		run(&w, 1);
		steps = count_requests(&w, CLK_STEP);
		ck_assert_double_lt(fabs(clock_error(&w)), 1e-4);
	}
	ck_assert_uint_eq(steps, 1);
	world_fini(&w);
}
END_TEST

START_TEST(somebody_elses_step_is_slewed_back)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	run(&w, 100);
	w.os.now.real = tspec_add(w.os.now.real, 0.05);
	run(&w, 40);
	ck_assert_double_lt(fabs(clock_error(&w)), 20e-6);
	ck_assert_uint_eq(count_requests(&w, CLK_STEP), 0);
	world_fini(&w);
}
END_TEST

START_TEST(without_permission_it_measures_only)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.03;
	w.os.answer.error = EPERM;
	world_start(&w);
	run(&w, 60);
	ck_assert_double_eq_tol(clock_error(&w), 0.03, 1e-9);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_double_eq_tol(w.engine.reference.last_offset, 0.03, 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(a_short_budget_is_used_and_no_more)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	run(&w, 30);
	w.os.answer.error = ENOSPC;
	w.os.answer.budget_ns = NSEC / 100;
	w.ahead += 5; /* the server jumps: believed at the fourth sample */
	run(&w, 30);
	ck_assert_double_gt(w.engine.discipline.short_of, 4);
	const struct clk_req *last = NULL;
	for (unsigned i = 0; i < FAKE_REQUESTS; i++)
		if (w.os.requests[i].type == CLK_ADJUST &&
		    (!last || w.os.requests[i].seq >= last->seq))
			last = &w.os.requests[i];
	ck_assert_ptr_nonnull(last);
	ck_assert_uint_gt(w.engine.discipline.refused_budget, 0);
	world_fini(&w);
}
END_TEST

START_TEST(a_minority_is_a_falseticker)
{
	struct world w;

	world_init(&w, 3);
	w.lie[1] = 0.1;
	world_start(&w);
	run(&w, 60);
	ck_assert_double_lt(fabs(clock_error(&w)), 20e-6);
	ck_assert_int_eq(source_at(&w, 1)->verdict, SOURCE_FALSETICKER);
	ck_assert_int_ne(source_at(&w, 0)->verdict, SOURCE_FALSETICKER);
	world_fini(&w);
}
END_TEST

START_TEST(two_that_disagree_are_not_followed)
{
	struct world w;

	world_init(&w, 2);
	world_start(&w);
	run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
	w.lie[1] = 0.1;
	run(&w, 60);
	ck_assert(!w.engine.reference.is_synced);
	ck_assert_int_eq(w.engine.reference.leap, LEAP_UNSYNC);
	ck_assert_double_lt(fabs(clock_error(&w)), 1e-4);
	world_fini(&w);
}
END_TEST

START_TEST(names_are_asked_for_until_they_are_known)
{
	struct world w;
	struct addr a;

	world_init(&w, 1);
	strcpy(w.config.sources[0].name, "ntp.example.net");
	world_start(&w);
	struct source *s = source_at(&w, 0);
	ck_assert_uint_eq(s->remote.addr.family, ADDR_ID);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", NULL, -1));
	fake_advance(&w.os, 2.1);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", NULL, 0));
	fake_advance(&w.os, 4.1);
	ck_assert_int_eq(addr_parse(&a, "192.0.2.77"), 0);
	ck_assert(fake_resolve(&w.os, "ntp.example.net", &a, 1));
	ck_assert(addr_equal(&s->remote.addr, &a));
	run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(show_once_says_the_offset_and_ends)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.05;
	w.options.mode = ENGINE_SHOW_ONCE;
	w.options.is_measuring_only = true;
	world_start(&w);
	run(&w, 20);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	ck_assert_double_eq_tol(clock_error(&w), 0.05, 1e-9);
	world_fini(&w);
}
END_TEST

START_TEST(set_once_steps_and_ends)
{
	struct world w;

	world_init(&w, 1);
	w.ahead = 0.05;
	w.options.mode = ENGINE_SET_ONCE;
	world_start(&w);
	run(&w, 20);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	ck_assert_double_lt(fabs(clock_error(&w)), 1e-4);
	ck_assert_uint_eq(count_requests(&w, CLK_STEP), 1);
	world_fini(&w);
}
END_TEST

START_TEST(a_timeout_without_time_is_a_failure)
{
	struct world w;

	world_init(&w, 1);
	w.options.timeout = 5;
	world_start(&w);
	fake_advance(&w.os, 6);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_end_writes_the_drift_file)
{
	struct world w;
	struct clk_rep term = { .type = CLK_TERM };

	world_init(&w, 1);
	strcpy(w.config.driftfile, "/var/lib/tock/clock/drift");
	w.ppm = -7;
	world_start(&w);
	run(&w, 300);
	engine_clock_event(&w.engine, &term);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	bool found = false;
	for (unsigned i = 0; i < FAKE_REQUESTS; i++)
		if (w.os.requests[i].type == CLK_DRIFT) {
			found = true;
			ck_assert_double_eq_tol(
			    (double)w.os.requests[i].u.drift.freq_ppt * 1e-6, -7,
			    0.1);
		}
	ck_assert(found);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("engine", a_request_says_nothing_but_random_bits,
    every_request_has_its_own_socket_and_bits,
    a_forged_answer_changes_nothing_and_the_true_one_still_counts,
    a_zero_cookie_in_flight_never_matches_a_zero_origin, late_reply_is_dropped,
    a_burst_is_four_requests_two_seconds_apart,
    the_kiss_rate_slows_down_and_deny_stops,
    a_server_that_is_no_good_is_not_used,
    thirty_ms_and_20_ppm_are_slewed_away, makestep_steps_once,
    somebody_elses_step_is_slewed_back, without_permission_it_measures_only,
    a_short_budget_is_used_and_no_more, a_minority_is_a_falseticker,
    two_that_disagree_are_not_followed,
    names_are_asked_for_until_they_are_known,
    show_once_says_the_offset_and_ends, set_once_steps_and_ends,
    a_timeout_without_time_is_a_failure, the_end_writes_the_drift_file)
