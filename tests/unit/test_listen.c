/* SPDX-License-Identifier: ISC
 *
 * Servers that send the time unasked: who is believed, what it is worth, and
 * what replays and forgeries come to. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/auth.h"
#include "tests/emu/engine_world.h"

#define KEYS "7 SHA1 abcdefghijklmnop\n8 MD5 abcdefghijklmnop\n"
#define LAG 80e-6     /* s that broadcasts are under way; requests: DELAY */
#define INTERVAL 16.0 /* s between broadcasts */

static const struct mac_key key7 = { .id = 7, .type = MAC_SHA1,
	.secret = (const unsigned char *)"abcdefghijklmnop", .len = 16 };
static const struct mac_key key8 = { .id = 8, .type = MAC_MD5,
	.secret = (const unsigned char *)"abcdefghijklmnop", .len = 16 };
static const struct mac_key wrong7 = { .id = 7, .type = MAC_SHA1,
	.secret = (const unsigned char *)"abcdefghijklmnoq", .len = 16 };

static struct world w;

struct packet {
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	size_t len;
};

static void
line(const char *text)
{
	struct config_error e;

	ck_assert_msg(config_line(&w.config, "t", 1, text, &e) == 0, "%s: %s",
	    text, e.text);
}

static void
prepare(const char *text)
{
	world_init(&w, 0);
	w.key = &key7;
	w.ppm = 20;
	w.ahead = 0.003;
	line("keyfile /etc/tock/tock.keys");
	line(text);
	ck_assert_int_eq(w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS,
	    strlen(KEYS)), 0);
}

static void
start(const char *text)
{
	prepare(text);
	world_start(&w);
}

/* As the server sends it now; its clock is lie s ahead. */
static struct packet
made(const struct mac_key *key, double lie)
{
	struct packet made;
	struct ntp_packet p = { .version = 4, .mode = PACKET_MODE_BROADCAST,
		.stratum = 1, .poll = 4, .precision = -25, .root_delay = 1e-5,
		.root_dispersion = 1e-5, .refid = 0x47505300 };

	p.transmit = p.ref = ntp64_from_tspec(
	    tspec_add(world_true_time(&w), lie));
	packet_write(&p, made.bytes);
	made.len = key == NULL ? PACKET_HEADER : mac_append(key, false,
	    made.bytes, PACKET_HEADER, sizeof made.bytes);
	return made;
}

static void
arrives(const struct packet *p, const char *from, uint32_t ifindex)
{
	struct dgram d = { .ifindex = ifindex };

	ck_assert_int_eq(addr_parse(&d.remote.addr, from), 0);
	d.remote.port = 123;
	fake_receive(&w.os, d.remote.addr.family == ADDR_INET4 ? &w.server.v4
	    : &w.server.v6, &d, p->bytes, p->len);
}

/* A broadcast that is held up for `held` s on its way. */
static void
hears(const char *from, double held)
{
	struct packet p = made(&key7, 0);

	fake_advance(&w.os, LAG + held);
	arrives(&p, from, 2);
}

/* n of them from 10.0.0.1, and the time in between. */
static void
listens(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		hears("10.0.0.1", 0);
		world_run(&w, INTERVAL - LAG);
	}
}

static unsigned
count(void)
{
	struct source *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &w.engine.sources, link)
		n++;
	return n;
}

/* Synchronised, with all that is to be measured. */
static struct source *
settled(void)
{
	start("broadcastclient key 7");
	listens(12);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(count(), 1);
	return world_source(&w, 0);
}

START_TEST(a_server_that_is_heard_becomes_a_source)
{
	struct ntp_packet p;
	char buf[ADDR_STRLEN];

	start("broadcastclient key 7");
	ck_assert_uint_eq(count(), 0);
	hears("10.0.0.1", 0);
	ck_assert_uint_eq(count(), 1);
	struct source *s = world_source(&w, 0);
	ck_assert_str_eq(source_label(s, buf, sizeof buf), "10.0.0.1");
	ck_assert_uint_eq(s->conf.key, 7);
	ck_assert(!s->has_sample);
	fake_advance(&w.os, 1e-6); /* the volley */
	const struct fake_sent *out = fake_sent(&w.os, 0);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(packet_parse(&p, out->data, out->dgram.len), 0);
	ck_assert_uint_eq(p.mode, PACKET_MODE_CLIENT);
	ck_assert(mac_check(&key7, &p, out->data, out->dgram.len));
	world_run(&w, 10);
	ck_assert(s->has_sample);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(w.engine.reference.stratum, 2);
	world_fini(&w);
	start("broadcastclient key 7");
	hears("fe80::1%2", 0);
	ck_assert_uint_eq(world_source(&w, 0)->remote.addr.scope, 2);
	world_fini(&w);
}
END_TEST

START_TEST(what_is_not_signed_by_the_key_is_ignored)
{
	const struct mac_key *bad[] = { NULL, &wrong7, &key8 };
	struct packet p;

	start("broadcastclient key 7");
	for (int i = 0; i < 9; i++) {
		p = made(bad[i % 3], 0);
		arrives(&p, "10.0.0.1", 2);
		p = made(&key7, 0);
		p.bytes[20] ^= 1;
		arrives(&p, "10.0.0.1", 2);
	}
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(w.os.n_sent, 0);
	/* Said once; an hour later once more. */
	ck_assert_uint_eq(w.engine.listen.n_strangers, 1);
	fake_advance(&w.os, 3700);
	arrives(&p, "10.0.0.1", 2);
	ck_assert_uint_eq(w.engine.listen.n_strangers, 2);
	for (int i = 0; i < 256; i++) {
		char from[20];

		snprintf(from, sizeof from, "10.0.1.%d", i);
		arrives(&p, from, 2);
	}
	ck_assert_uint_eq(w.engine.listen.n_strangers, LISTEN_STRANGERS);
	world_fini(&w);
	prepare("broadcastclient key 9"); /* there is none */
	world_start(&w);
	hears("10.0.0.1", 0);
	ck_assert_uint_eq(count(), 0);
	world_fini(&w);
}
END_TEST

START_TEST(nobody_listens_without_such_a_line)
{
	start("allow");
	listens(3);
	ck_assert_uint_eq(count(), 0);
	world_fini(&w);
}
END_TEST

START_TEST(only_the_interface_of_the_line_counts)
{
	struct packet p;

	prepare("broadcastclient interface lo key 7");
	w.config.listeners[0].ifindex = 5;
	world_start(&w);
	p = made(&key7, 0);
	arrives(&p, "10.0.0.1", 4);
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(w.engine.listen.n_strangers, 0);
	arrives(&p, "10.0.0.1", 5);
	ck_assert_uint_eq(count(), 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_socket_is_in_the_groups_on_that_interface)
{
	unsigned found = 0;
	char buf[ADDR_STRLEN];

	prepare("broadcastclient interface lo key 7");
	w.config.listeners[0].ifindex = 5;
	struct sock_group list[CONFIG_LISTENERS_MAX];
	ck_assert_uint_eq(listen_groups(&w.config, ADDR_INET4, list), 1);
	ck_assert_str_eq(addr_print(&list[0].addr, buf, sizeof buf),
	    "224.0.1.1");
	ck_assert_uint_eq(list[0].ifindex, 5);
	ck_assert_uint_eq(listen_groups(&w.config, ADDR_INET6, list), 1);
	ck_assert_str_eq(addr_print(&list[0].addr, buf, sizeof buf),
	    "ff02::101");
	world_start(&w);
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (w.os.socks[i].sock == &w.server.v4 ||
		    w.os.socks[i].sock == &w.server.v6)
			found += w.os.socks[i].want.n_groups == 1;
	ck_assert_uint_eq(found, 2);
	world_fini(&w);
}
END_TEST

START_TEST(between_volleys_broadcasts_tell_the_time)
{
	struct source *s = settled();
	uint32_t asked = s->client.total_tx;
	struct raw last;

	ck_assert_uint_ge(asked, 4 + 7);
	ck_assert_uint_le(asked, 4 + 2 * 8);
	for (int i = 0; i < 50; i++) { /* 13 min */
		last = s->last.at;
		listens(1);
		ck_assert_int_gt(s->last.at.ns, last.ns);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 10e-6);
		ck_assert_double_lt(fabs(world_clock_error(&w)),
		    source_distance(s, w.os.now.raw));
	}
	ck_assert_uint_eq(s->client.total_tx, asked);
	listens(20); /* then comes the next */
	ck_assert_uint_ge(s->client.total_tx, asked + 1);
	ck_assert_uint_le(s->client.total_tx, asked + 2);
	world_fini(&w);
}
END_TEST

START_TEST(a_replay_is_dropped)
{
	struct source *s = settled();
	struct packet old = made(&key7, 0);
	struct raw last;
	struct unasked before;

	fake_advance(&w.os, LAG);
	arrives(&old, "10.0.0.1", 2);
	last = s->last.at;
	before = w.engine.listen.heard[0][0].unasked;
	for (int i = 0; i < 20; i++) {
		arrives(&old, "10.0.0.1", 2);
		world_run(&w, 1);
	}
	ck_assert_int_eq(s->last.at.ns, last.ns);
	ck_assert_mem_eq(&before, &w.engine.listen.heard[0][0].unasked,
	    sizeof before);
	listens(2);
	ck_assert_int_gt(s->last.at.ns, last.ns);
	world_fini(&w);
}
END_TEST

/* Of a time when the server's clock was ahead. */
START_TEST(a_time_to_come_shuts_nobody_out)
{
	struct source *s = settled();
	struct raw last;
	struct packet p = made(&key7, 3600);

	arrives(&p, "10.0.0.1", 2);
	last = s->last.at;
	listens(1);
	ck_assert_int_gt(s->last.at.ns, last.ns);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
	start("broadcastclient key 7"); /* nor at the start */
	p = made(&key7, 3600);
	arrives(&p, "10.0.0.1", 2);
	world_run(&w, INTERVAL);
	listens(12);
	ck_assert_uint_ge(w.engine.listen.heard[0][0].unasked.turn, 3);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
	world_fini(&w);
}
END_TEST

/* Not one of those that were heard: the newest is late. */
START_TEST(a_server_that_does_not_stop_is_not_heard_more_often)
{
	struct source *s = settled();
	const struct unasked *u = &w.engine.listen.heard[0][0].unasked;
	unsigned taken = u->turn;
	uint32_t asked = s->client.total_tx;
	struct mono begin = w.os.mono;

	for (int i = 0; i < 1000; i++)
		hears("10.0.0.1", 0);
	double s_for_all = mono_sub(w.os.mono, begin);
	ck_assert_double_lt(s_for_all, 10);
	ck_assert_uint_gt(u->turn, taken);
	ck_assert_uint_le(u->turn - taken, (unsigned)(s_for_all * 2) + 1);
	ck_assert_uint_le(s->client.total_tx - asked, 2);
	world_fini(&w);
}
END_TEST

START_TEST(what_was_held_back_does_not_move_the_clock)
{
	static const double held[] = { 500e-6, 0.01, 1, 100 };

	for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
		struct source *s = settled();
		const struct unasked *u =
		    &w.engine.listen.heard[0][0].unasked;
		uint32_t asked = s->client.total_tx;
		unsigned taken = u->turn;

		for (int k = 0; k < 20; k++) {
			hears("10.0.0.1", held[i]);
			ck_assert_uint_eq(u->turn, taken);
			world_run(&w, 10);
			ck_assert_double_lt(fabs(world_clock_error(&w)), 20e-6);
		}
		ck_assert_uint_gt(s->client.total_tx, asked); /* it asks */
		world_fini(&w);
	}
}
END_TEST

START_TEST(replays_to_a_daemon_that_starts_tell_nothing)
{
	struct packet old[20];

	start("broadcastclient key 7");
	for (int i = 0; i < 20; i++) {
		old[i] = made(&key7, 0);
		fake_advance(&w.os, INTERVAL);
	}
	fake_advance(&w.os, 1000);
	for (int i = 0; i < 20; i++) {
		arrives(&old[i], "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert(w.engine.reference.is_synced); /* by the volley alone */
	ck_assert_uint_eq(w.engine.listen.heard[0][0].unasked.n, 0);
	ck_assert_double_lt(fabs(world_clock_error(&w)), 100e-6);
	listens(12);
	ck_assert_uint_eq(w.engine.listen.heard[0][0].unasked.n, UNASKED_LAGS);
	world_fini(&w);
}
END_TEST

/* A signature says nothing about the address that a packet comes from. */
START_TEST(forged_addresses_take_a_few_places_for_a_while)
{
	struct source *real = settled();
	struct packet p = made(&key7, 0);
	unsigned sent = w.os.n_sent;
	char from[20];

	for (int i = 0; i < WORLD_SERVERS; i++)
		w.is_silent[i] = i > 0;
	for (int i = 0; i < 250; i++) {
		snprintf(from, sizeof from, "10.1.0.%d", i + 1);
		arrives(&p, from, 2);
		ck_assert_uint_le(count(), LISTEN_SERVERS);
	}
	world_run(&w, 20);
	ck_assert_uint_le(w.os.n_sent - sent, 4 * (LISTEN_SERVERS - 1) + 2);
	world_run(&w, 20);
	for (int i = 0; i < 250; i++) {
		snprintf(from, sizeof from, "10.2.0.%d", i + 1);
		arrives(&p, from, 2);
		ck_assert_uint_le(count(), LISTEN_SERVERS);
	}
	ck_assert_ptr_eq(world_source(&w, 0), real);
	listens(3);
	ck_assert(w.engine.reference.is_synced);
	ck_assert(addr_equal(&w.engine.reference.addr, &real->remote.addr));
	world_run(&w, 40); /* a server that is new finds a place */
	hears("10.0.0.2", 0);
	ck_assert_uint_eq(count(), LISTEN_SERVERS);
	ck_assert_uint_eq(TAILQ_LAST(&w.engine.sources,
	    source_list)->remote.addr.bytes[1], 0);
	world_fini(&w);
}
END_TEST

/* By IPv6 a machine takes in what comes from outside in its own name; and its
 * server answers what it asks itself. */
START_TEST(a_replay_in_our_own_name_does_not_have_us_follow_ourselves)
{
	struct source *real = settled();
	struct packet p = made(&key7, 0);

	ck_assert_int_eq(addr_parse(&w.own, "10.0.0.2"), 0);
	arrives(&p, "10.0.0.2", 2);
	ck_assert_uint_eq(count(), 2);
	world_run(&w, 30);
	ck_assert(!world_source(&w, 1)->has_sample);
	ck_assert(!w.engine.listen.heard[0][1].has_answered);
	world_run(&w, 10);
	hears("10.0.0.3", 0); /* its place is free again */
	ck_assert_uint_eq(count(), 3);
	for (int i = 4; i < 6; i++) {
		char from[20];

		snprintf(from, sizeof from, "10.0.0.%d", i);
		hears(from, 0);
	}
	ck_assert_uint_eq(count(), LISTEN_SERVERS);
	ck_assert_ptr_eq(world_source(&w, 0), real);
	world_fini(&w);
}
END_TEST

START_TEST(a_source_that_is_deleted_is_heard_anew)
{
	struct source *s = settled();

	source_free(s);
	ck_assert_uint_eq(count(), 0);
	listens(2);
	ck_assert_uint_eq(count(), 1);
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(a_configured_source_is_left_alone)
{
	struct packet p;

	world_init(&w, 1);
	line("keyfile /etc/tock/tock.keys");
	line("broadcastclient key 7");
	ck_assert_int_eq(w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS,
	    strlen(KEYS)), 0);
	world_start(&w);
	world_run(&w, 20);
	struct raw last = world_source(&w, 0)->last.at;
	p = made(&key7, 0);
	arrives(&p, "192.0.2.1", 2);
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(world_source(&w, 0)->last.at.ns, last.ns);
	world_fini(&w);
}
END_TEST

START_TEST(our_own_broadcasts_are_not_heard)
{
	const struct fake_sent *s;
	struct packet p;

	world_init(&w, 1);
	line("keyfile /etc/tock/tock.keys");
	line("broadcastclient key 7");
	line("broadcast 8 10.0.0.255 key 7");
	ck_assert_int_eq(w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS,
	    strlen(KEYS)), 0);
	world_start(&w);
	world_run(&w, 30);
	for (unsigned i = 0; (s = fake_sent(&w.os, i)) != NULL; i++)
		if ((s->data[0] & 7) == PACKET_MODE_BROADCAST)
			break;
	ck_assert_ptr_nonnull(s);
	p.len = s->dgram.len;
	memcpy(p.bytes, s->data, p.len);
	arrives(&p, "10.0.0.9", 2);
	ck_assert_uint_eq(count(), 1);
	world_fini(&w);
}
END_TEST

START_TEST(a_server_that_is_set_is_followed)
{
	settled();
	w.lie[0] = -0.5; /* its clock goes back */
	for (int i = 0; i < 40; i++) {
		struct packet p = made(&key7, -0.5);

		fake_advance(&w.os, LAG);
		arrives(&p, "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w) - 0.5), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(one_that_says_it_has_no_time_is_not_followed)
{
	settled();
	for (int i = 0; i < 3; i++) {
		struct packet p = made(NULL, 0);

		p.bytes[0] |= 0xc0;
		p.len = mac_append(&key7, false, p.bytes, PACKET_HEADER,
		    sizeof p.bytes);
		fake_advance(&w.os, LAG);
		arrives(&p, "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert(!w.engine.reference.is_synced);
	listens(2);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(who_is_offline_or_denies_service_is_not_heard)
{
	for (int i = 0; i < 2; i++) {
		struct source *s = settled();
		struct raw last;

		if (i == 0)
			source_set_online(s, false);
		else
			s->client.is_denied = true;
		last = s->last.at;
		listens(3);
		ck_assert_int_eq(s->last.at.ns, last.ns);
		world_fini(&w);
	}
}
END_TEST

START_TEST(without_its_key_nobody_is_heard_any_more)
{
	struct source *s = settled();
	struct raw last = s->last.at;
	const char *other = "8 MD5 abcdefghijklmnop\n";

	ck_assert_int_eq(w.os.os.ops->save(&w.os.os, "keys/tock.keys", other,
	    strlen(other)), 0);
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	listens(3);
	ck_assert_int_eq(world_source(&w, 0)->last.at.ns, last.ns);
	ck_assert(!world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("listen", a_server_that_is_heard_becomes_a_source,
    what_is_not_signed_by_the_key_is_ignored,
    nobody_listens_without_such_a_line, only_the_interface_of_the_line_counts,
    the_socket_is_in_the_groups_on_that_interface,
    between_volleys_broadcasts_tell_the_time, a_replay_is_dropped,
    a_time_to_come_shuts_nobody_out,
    a_server_that_does_not_stop_is_not_heard_more_often,
    what_was_held_back_does_not_move_the_clock,
    replays_to_a_daemon_that_starts_tell_nothing,
    forged_addresses_take_a_few_places_for_a_while,
    a_replay_in_our_own_name_does_not_have_us_follow_ourselves,
    a_source_that_is_deleted_is_heard_anew,
    a_configured_source_is_left_alone, our_own_broadcasts_are_not_heard,
    a_server_that_is_set_is_followed,
    one_that_says_it_has_no_time_is_not_followed,
    who_is_offline_or_denies_service_is_not_heard,
    without_its_key_nobody_is_heard_any_more)
