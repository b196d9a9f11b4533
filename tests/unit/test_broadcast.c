/* SPDX-License-Identifier: ISC
 *
 * What is sent without being asked for: when, what, and when not. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/auth.h"
#include "tests/emu/engine_world.h"

#define KEYS "7 SHA1 abcdefghijklmnop\n8 SHA256 abcdefghijklmnop\n"

static const struct mac_key key7 = { .id = 7, .type = MAC_SHA1,
	.secret = (const unsigned char *)"abcdefghijklmnop", .len = 16 };
static const struct mac_key key8 = { .id = 8, .type = MAC_SHA256,
	.secret = (const unsigned char *)"abcdefghijklmnop", .len = 16 };

static struct world w;

static void
keys(const char *text)
{
	world_save(&w, "keys/tock.keys", text);
}

static void
prepare(const char *broadcast)
{
	world_init(&w, 1);
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_line(&w, broadcast);
	keys(KEYS);
}

/* Synchronised; of the time that comes only broadcasts are kept. */
static void
start(const char *broadcast)
{
	prepare(broadcast);
	world_start(&w);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
}

static bool
is_broadcast(const struct fake_sent *s)
{
	return (s->data[0] & 7) == PACKET_MODE_BROADCAST;
}

/* Runs for s seconds; how many broadcasts were sent.  *last: the last one. */
static unsigned
sent_within(double s, struct fake_sent *last)
{
	unsigned before = w.os.n_sent, n = 0;

	world_run(&w, s);
	ck_assert_uint_le(w.os.n_sent - before, FAKE_SENT);
	for (unsigned i = w.os.n_sent - before; i-- > 0;)
		if (is_broadcast(fake_sent(&w.os, i))) {
			*last = *fake_sent(&w.os, i);
			n++;
		}
	return n;
}

START_TEST(it_is_sent_at_each_interval_through_the_servers_socket)
{
	static struct fake_sent s;
	struct addr to;

	start("broadcast 16 10.0.0.255");
	ck_assert_uint_eq(sent_within(64, &s), 4);
	ck_assert_int_eq(addr_parse(&to, "10.0.0.255"), 0);
	ck_assert(addr_equal(&s.dgram.remote.addr, &to));
	ck_assert_uint_eq(s.dgram.remote.port, 123);
	ck_assert_ptr_eq(s.sock, &w.server.v4);
	ck_assert_uint_eq(s.dgram.len, PACKET_HEADER);
	world_fini(&w);
	start("broadcast 4 ff02::101%3 1123");
	ck_assert_uint_eq(sent_within(40, &s), 10);
	ck_assert_ptr_eq(s.sock, &w.server.v6);
	ck_assert_uint_eq(s.dgram.remote.addr.scope, 3);
	ck_assert_uint_eq(s.dgram.remote.port, 1123);
	world_fini(&w);
}
END_TEST

START_TEST(the_socket_may_broadcast_and_serves_nobody)
{
	unsigned char bytes[PACKET_HEADER] = { 4 << 3 | PACKET_MODE_CLIENT };
	struct dgram d = { .remote = { { .family = ADDR_INET4,
		.bytes = { 10, 0, 0, 7 } }, 4123 } };

	start("broadcast 16 10.0.0.255");
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (w.os.socks[i].sock == &w.server.v4) {
			ck_assert(w.os.socks[i].want.may_broadcast);
			ck_assert_uint_eq(w.os.socks[i].want.local.port, 123);
		}
	unsigned before = w.os.n_sent;
	fake_receive(&w.os, &w.server.v4, &d, bytes, sizeof bytes);
	ck_assert_uint_eq(w.os.n_sent, before);
	ck_assert_uint_eq(w.server.answerer.counts.refused, 1);
	world_fini(&w);
	world_init(&w, 1); /* nor may it without such a line */
	world_line(&w, "allow");
	world_start(&w);
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (w.os.socks[i].sock == &w.server.v4)
			ck_assert(!w.os.socks[i].want.may_broadcast);
	world_fini(&w);
}
END_TEST

START_TEST(it_says_what_the_server_says)
{
	static struct fake_sent s;
	const struct reference *r = &w.engine.reference;
	struct ntp_packet p;

	start("broadcast 60 10.0.0.255");
	ck_assert_uint_eq(sent_within(60, &s), 1);
	ck_assert_int_eq(packet_parse(&p, s.data, s.dgram.len), 0);
	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(p.leap, LEAP_NONE);
	ck_assert_uint_eq(p.stratum, 2);
	ck_assert_int_eq(p.poll, 6); /* 64 s are near 60 */
	ck_assert_int_eq(p.precision, w.server.precision);
	ck_assert_uint_eq(p.refid, r->refid);
	ck_assert_double_ge(p.root_delay, r->root_delay);
	ck_assert_double_lt(p.root_delay, r->root_delay + 1e-4);
	ck_assert_double_ge(p.root_dispersion, 1e-5);
	ck_assert_double_lt(p.root_dispersion, 1e-2);
	ck_assert_uint_ne(p.ref, NTP64_UNSET);
	ck_assert_uint_eq(p.origin, NTP64_UNSET);
	ck_assert_uint_eq(p.receive, NTP64_UNSET);
	ck_assert_double_lt(fabs(tspec_sub(ntp64_to_tspec(p.transmit,
	    w.os.now.real), w.os.now.real)), 60);
	world_fini(&w);
}
END_TEST

START_TEST(a_line_with_a_key_is_signed)
{
	static struct fake_sent s;
	struct ntp_packet p;

	start("broadcast 16 10.0.0.255 key 7");
	ck_assert_uint_eq(sent_within(16, &s), 1);
	ck_assert_int_eq(packet_parse(&p, s.data, s.dgram.len), 0);
	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(s.dgram.len, 72);
	ck_assert(mac_check(&key7, &p, s.data, s.dgram.len));
	world_fini(&w);
	start("broadcast 16 10.0.0.255 key 8"); /* 256 bits, whole */
	ck_assert_uint_eq(sent_within(16, &s), 1);
	ck_assert_int_eq(packet_parse(&p, s.data, s.dgram.len), 0);
	ck_assert_uint_eq(p.version, 3);
	ck_assert_uint_eq(s.dgram.len, PACKET_HEADER + 4 + 32);
	ck_assert(mac_check(&key8, &p, s.data, s.dgram.len));
	world_fini(&w);
}
END_TEST

START_TEST(without_its_key_nothing_is_sent)
{
	static struct fake_sent s;

	start("broadcast 4 10.0.0.255 key 9");
	ck_assert_uint_eq(sent_within(20, &s), 0);
	keys("9 SHA1 abcdefghijklmnop\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert_uint_eq(sent_within(20, &s), 5);
	keys(KEYS);
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert_uint_eq(sent_within(20, &s), 0);
	world_fini(&w);
}
END_TEST

START_TEST(who_is_not_synchronised_is_silent)
{
	static struct fake_sent s;

	prepare("broadcast 1000 10.0.0.255");
	w.is_silent[0] = true;
	world_start(&w);
	ck_assert_uint_eq(sent_within(60, &s), 0);
	w.is_silent[0] = false; /* nor does it wait for an interval then */
	ck_assert_uint_eq(sent_within(120, &s), 1);
	reference_lose(&w.engine.reference);
	w.is_silent[0] = true;
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(sent_within(500, &s), 0);
	world_fini(&w);
	prepare("broadcast 4 10.0.0.255");
	world_line(&w, "local stratum 7");
	w.is_silent[0] = true;
	world_start(&w);
	ck_assert_uint_eq(sent_within(20, &s), 5);
	ck_assert_uint_eq(s.data[1], 7);
	world_fini(&w);
}
END_TEST

START_TEST(an_error_of_the_network_is_not_the_end)
{
	static struct fake_sent s;

	start("broadcast 4 10.0.0.255");
	w.os.send_error = -ENETUNREACH;
	sent_within(20, &s);
	ck_assert_int_eq(w.engine.broadcasts.all[0].error, -ENETUNREACH);
	w.os.send_error = 0;
	ck_assert_uint_eq(sent_within(20, &s), 5);
	ck_assert_int_eq(w.engine.broadcasts.all[0].error, 0);
	engine_stop(&w.engine, 0);
	ck_assert_uint_eq(sent_within(20, &s), 0);
	world_fini(&w);
}
END_TEST

START_TEST(every_line_has_its_own_interval)
{
	static struct fake_sent s;
	unsigned before, ends[2] = { 0, 0 };

	prepare("broadcast 4 10.0.0.255");
	world_line(&w, "broadcast 10 10.0.1.254 key 7");
	world_start(&w);
	world_run(&w, 30);
	before = w.os.n_sent;
	ck_assert_uint_eq(sent_within(40, &s), 14);
	for (unsigned i = 0; i < w.os.n_sent - before; i++)
		if (is_broadcast(fake_sent(&w.os, i)))
			ends[fake_sent(&w.os, i)->dgram.remote.addr.bytes[3] &
			    1]++;
	ck_assert_uint_eq(ends[1], 10);
	ck_assert_uint_eq(ends[0], 4);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("broadcast", it_is_sent_at_each_interval_through_the_servers_socket,
    the_socket_may_broadcast_and_serves_nobody, it_says_what_the_server_says,
    a_line_with_a_key_is_signed, without_its_key_nothing_is_sent,
    who_is_not_synchronised_is_silent, an_error_of_the_network_is_not_the_end,
    every_line_has_its_own_interval)
