/* SPDX-License-Identifier: ISC
 *
 * A peer of a running engine: its packets come in at the server's socket. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/control/report.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/manage.h"
#include "daemon/engine/peer.h"
#include "daemon/wire/refid.h"
#include "tests/emu/engine_world.h"

#define PEER "198.51.100.9"
#define POLL 64

static struct world w;
static struct ntp_packet heard; /* the newest packet to the peer */
static struct tspec heard_at;   /* its clock then, which is right */

static const struct mac_key key7 = { .id = 7, .type = MAC_SHA1,
	.secret = (const unsigned char *)"twelve-bytes", .len = 12 };
static const struct mac_key key8 = { .id = 8, .type = MAC_SHA1,
	.secret = (const unsigned char *)"other--bytes", .len = 12 };
#define KEYS "7 SHA1 twelve-bytes\n"

static void
line(const char *text)
{
	struct config_error e;

	ck_assert_msg(config_line(&w.config, "t", 1, text, &e) == 0, "%s: %s",
	    text, e.text);
}

static struct source *
peer(void)
{
	struct source *s;

	TAILQ_FOREACH(s, &w.engine.sources, link)
		if (s->symmetric != NULL)
			return s;
	return NULL;
}

/* The newest packet of ours to the peer, if it is a new one. */
static bool
look(unsigned since)
{
	const struct fake_sent *out = NULL;

	for (unsigned i = 0; i < w.os.n_sent - since; i++) {
		const struct fake_sent *s = fake_sent(&w.os, i);

		if (s != NULL && s->sock == &w.server.v4 &&
		    addr_equal(&s->dgram.remote.addr, &peer()->remote.addr) &&
		    out == NULL)
			out = s;
	}
	if (out == NULL)
		return false;
	ck_assert_uint_eq(out->dgram.remote.port, 123);
	ck_assert_int_eq(packet_parse(&heard, out->data, out->dgram.len), 0);
	heard_at = world_true_time(&w);
	return true;
}

/* Until we have sent the peer a packet. */
static void
wait_for_packet(void)
{
	unsigned before = w.os.n_sent;

	for (int i = 0; i < 100000; i++) {
		const struct heap_node *next = heap_first(&w.os.timers);
		double left = (double)(next->key - w.os.mono.ns) * 1e-9;

		fake_advance(&w.os, fmax(left * 0.99, 1e-8));
		if (look(before))
			return;
		before = w.os.n_sent;
	}
	ck_abort_msg("no packet");
}

static void
start(const char *options)
{
	char text[128];

	world_init(&w, 0);
	snprintf(text, sizeof text, "peer " PEER " minpoll 6 maxpoll 6 %s",
	    options);
	line(text);
	line("keyfile /etc/tock/tock.keys");
	w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS, strlen(KEYS));
	world_start(&w);
}

/* A good packet of the peer's. */
static struct ntp_packet
reply(void)
{
	struct ntp_packet p = { .version = 4, .mode = PACKET_MODE_ACTIVE,
		.stratum = 1, .poll = 6, .precision = -25, .refid = 0x47505300,
		.root_dispersion = 1e-5, .origin = heard.transmit,
		.receive = ntp64_from_tspec(heard_at),
		.transmit = ntp64_from_tspec(world_true_time(&w)) };

	p.ref = p.transmit;
	return p;
}

/* Returns whether there was an answer. */
static bool
hand_in_from(const char *from, uint16_t port, const struct ntp_packet *p,
    const struct mac_key *key)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct dgram d = { .remote.port = port };
	unsigned before = w.os.n_sent;
	size_t len = PACKET_HEADER;

	ck_assert_int_eq(addr_parse(&d.remote.addr, from), 0);
	ck_assert_int_eq(addr_parse(&d.local, "203.0.113.9"), 0);
	packet_write(p, bytes);
	if (key != NULL)
		len = mac_append(key, false, bytes, len, sizeof bytes);
	fake_receive(&w.os, &w.server.v4, &d, bytes, len);
	return w.os.n_sent > before;
}

static bool
hand_in(const struct ntp_packet *p)
{
	return hand_in_from(PEER, 123, p, NULL);
}

/* It answers our packet 10 s later, n times. */
static void
converse(unsigned n, const struct mac_key *key)
{
	while (n-- > 0) {
		wait_for_packet();
		fake_advance(&w.os, 10);
		struct ntp_packet p = reply();
		ck_assert(!hand_in_from(PEER, 123, &p, key));
	}
}

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
	line("peer " PEER " minpoll 6 maxpoll 6 noselect");
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

START_TEST(forgeries_are_neither_heard_nor_answered_nor_remembered)
{
	start("");
	converse(4, NULL);
	struct symmetric was = *peer()->symmetric;
	struct client *c = &peer()->client;
	uint32_t valid = c->total_valid;
	uint8_t reach = c->reach;
	struct mono next = c->next_poll;

	for (unsigned i = 0; i < 1000; i++) {
		struct ntp_packet p = reply();

		p.mode = 1 + i % 2;
		p.origin = i % 3 == 0 ? 0 : p.origin ^ (i << 8 | 1);
		p.stratum = i % 5 == 0 ? 0 : 1; /* a kiss */
		p.refid = i % 10 == 0 ? KISS_CODE_DENY : KISS_CODE_RATE;
		p.transmit += i;
		p.poll = -6;
		ck_assert(!hand_in(&p));
	}
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(c->total_valid, valid);
	ck_assert_uint_eq(c->reach, reach);
	ck_assert_int_eq(c->next_poll.ns, next.ns);
	ck_assert(!c->is_denied);
	uint64_t echoed = was.heard.transmit;
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, echoed);
	converse(1, NULL);
	ck_assert_uint_eq(c->total_valid, valid + 1);
	world_fini(&w);
}
END_TEST

START_TEST(one_that_has_restarted_is_answered_at_once_when_nothing_is_sure)
{
	start("");
	converse(3, NULL);
	struct ntp_packet p = reply();
	p.origin = p.receive = 0;
	ck_assert(!hand_in(&p)); /* somebody says so */
	fake_advance(&w.os, 5 * POLL);
	p.transmit++;
	uint64_t named = p.transmit;
	unsigned before = w.os.n_sent;
	ck_assert(hand_in(&p));
	ck_assert(look(before));
	ck_assert_uint_eq(heard.mode, PACKET_MODE_PASSIVE);
	ck_assert_uint_eq(heard.origin, named);
	p.mode = PACKET_MODE_PASSIVE; /* that is how loops begin */
	p.transmit++;
	ck_assert(!hand_in(&p));
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, p.transmit);
	ck_assert_uint_eq(heard.mode, PACKET_MODE_ACTIVE);
	world_fini(&w);
}
END_TEST

/* Else both sides could name answers to each other for ever, and forgeries would
 * keep the one that is answered from being heard by the other. */
START_TEST(an_answer_is_measured_but_nothing_is_sure_then)
{
	start("");
	wait_for_packet();
	struct ntp_packet p = reply();
	p.mode = PACKET_MODE_PASSIVE;
	ck_assert(!hand_in(&p));
	ck_assert_uint_eq(peer()->client.total_good, 1);
	ck_assert(!hand_in(&p)); /* but once */
	ck_assert_uint_eq(peer()->client.total_good, 1);
	p = reply();
	p.origin = 1; /* the peer's own request, as far as we know */
	p.transmit++;
	ck_assert(hand_in(&p));
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, p.transmit);
	converse(1, NULL);
	p.transmit++;
	ck_assert(!hand_in(&p));
	world_fini(&w);
}
END_TEST

START_TEST(a_peer_that_does_not_stop_is_not_heard_more_often)
{
	start("");
	converse(3, NULL);
	uint32_t good = peer()->client.total_good;
	for (int i = 0; i < 1000; i++) {
		fake_advance(&w.os, 0.005);
		struct ntp_packet p = reply();
		p.mode = i < 500 ? PACKET_MODE_ACTIVE : PACKET_MODE_PASSIVE;
		ck_assert(!hand_in(&p));
	}
	ck_assert_uint_ge(peer()->client.total_good, good + 4);
	ck_assert_uint_le(peer()->client.total_good, good + 6);
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
	line("peer " PEER);
	line("allow");
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

START_TEST(a_key_counts_alone)
{
	start("key 7");
	converse(3, &key7);
	ck_assert_uint_eq(peer()->client.total_good, 3);
	struct symmetric was = *peer()->symmetric;
	wait_for_packet();
	fake_advance(&w.os, 1);
	struct ntp_packet p = reply();
	was = *peer()->symmetric;
	ck_assert(!hand_in(&p));                              /* none */
	ck_assert(!hand_in_from(PEER, 123, &p, &key8));       /* another */
	struct mac_key wrong = key8;
	wrong.id = 7;
	ck_assert(!hand_in_from(PEER, 123, &p, &wrong));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(peer()->client.total_good, 3);
	ck_assert(!hand_in_from(PEER, 123, &p, &key7));
	ck_assert_uint_eq(peer()->client.total_good, 4);
	/* Nor where nothing is sure. */
	fake_advance(&w.os, 5 * POLL);
	was = *peer()->symmetric;
	p.transmit++;
	ck_assert(!hand_in(&p) && !hand_in_from(PEER, 123, &p, &key8));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert(hand_in_from(PEER, 123, &p, &key7));
	world_fini(&w);
}
END_TEST

START_TEST(forged_and_old_packets_in_turn_do_not_fill_the_log)
{
	FILE *file = tmpfile();
	char text[4096];

	log_init(fileno(file), LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	start("key 7");
	for (int i = 0; i < 5; i++)
		wait_for_packet();
	struct ntp_packet p = reply();
	p.origin = 1;
	for (int i = 0; i < 1000; i++) {
		p.transmit++;
		hand_in_from(PEER, 123, &p, &key7);
		hand_in(&p);
	}
	rewind(file);
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	const char *said = strstr(text, "it has no MAC");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "it has no MAC"));
	/* What is sure to be the peer's ends it. */
	wait_for_packet();
	p = reply();
	hand_in_from(PEER, 123, &p, &key7);
	ck_assert(!peer()->is_forged);
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	fclose(file);
	world_fini(&w);
}
END_TEST

START_TEST(a_key_that_another_source_has_does_not_count)
{
	world_init(&w, 0);
	line("peer " PEER " key 7 minpoll 6 maxpoll 6");
	line("server 192.0.2.1 key 8");
	line("keyfile /etc/tock/tock.keys");
	w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS
	    "8 SHA1 other--bytes\n", strlen(KEYS) + 20);
	world_start(&w);
	ck_assert_uint_eq(w.engine.keys.n, 2);
	wait_for_packet();
	struct ntp_packet p = reply();
	ck_assert(!hand_in_from(PEER, 123, &p, &key8));
	ck_assert_uint_eq(peer()->client.total_valid, 0);
	hand_in_from(PEER, 123, &p, &key7);
	ck_assert_uint_eq(peer()->client.total_valid, 1);
	world_fini(&w);
}
END_TEST

START_TEST(old_packets_with_a_right_mac_change_nothing)
{
	struct ntp_packet old[5];

	start("key 7");
	for (int i = 0; i < 5; i++) {
		wait_for_packet();
		fake_advance(&w.os, 10);
		old[i] = reply();
		hand_in_from(PEER, 123, &old[i], &key7);
	}
	wait_for_packet();
	struct symmetric was = *peer()->symmetric;
	uint32_t good = peer()->client.total_good;
	for (int i = 0; i < 5; i++)
		ck_assert(!hand_in_from(PEER, 123, &old[i], &key7));
	/* Nor do our own, sent back to us. */
	ck_assert(!hand_in_from(PEER, 123, &heard, &key7));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(peer()->client.total_good, good);
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
	w.os.os.ops->save(&w.os.os, "keys/tock.keys", new, strlen(new));
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
	line(options);
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
	line("peer " PEER " minpoll 2 maxpoll 2");
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
	line("allow 192.0.2.0/24");
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	wait_for_packet();
	world_fini(&w);

	world_init(&w, 1);
	line("peer " PEER);
	line("port 0");
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
    forgeries_are_neither_heard_nor_answered_nor_remembered,
    one_that_has_restarted_is_answered_at_once_when_nothing_is_sure,
    an_answer_is_measured_but_nothing_is_sure_then,
    forged_and_old_packets_in_turn_do_not_fill_the_log,
    a_peer_that_does_not_stop_is_not_heard_more_often,
    what_is_no_peers_is_a_clients, a_passive_side_is_followed_too,
    a_key_counts_alone, a_key_that_another_source_has_does_not_count,
    old_packets_with_a_right_mac_change_nothing,
    rekey_begins_anew_with_the_new_key,
    the_shorter_poll_of_both_holds_but_not_below_minpoll,
    one_that_sends_less_often_is_reachable_and_sure,
    a_peer_that_follows_us_is_not_followed,
    without_the_servers_port_there_is_no_peer,
    a_clock_that_is_stepped_between_does_not_mislead_the_peer)
