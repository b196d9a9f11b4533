/* SPDX-License-Identifier: ISC
 *
 * Requests go in, answers come out; what deserves none gets none. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/ntp64.h"
#include "tests/emu/engine_world.h"

#define KEYS                                                                   \
	"1 MD5 HEX:00112233445566778899aabbccddeeff\n"                         \
	"2 SHA1 abcdefghijklmnop\n3 SHA256 abcdefghijklmnop\n"                 \
	"4 SHA512 abcdefghijklmnop\n5 AES128 HEX:00112233445566778899aabbccddeeff\n"

static struct world w;

static void
prepare(void)
{
	world_init(&w, 1);
	world_line(&w, "allow 198.51.100.0/24");
	world_line(&w, "allow 2001:db8::/32");
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_save(&w, "keys/tock.keys", KEYS);
}

/* Synchronised, unless told otherwise. */
static void
start(void)
{
	prepare();
	world_start(&w);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

/* Hands in a request; the answer, or NULL. */
static const struct fake_sent *
ask_from(const char *from, const void *bytes, size_t len)
{
	struct dgram d = { .remote = { addr(from), 4123 },
		.local = addr("203.0.113.9"), .ifindex = 2 };
	struct sock *sock = d.remote.addr.family == ADDR_INET4 ? &w.server.v4
							       : &w.server.v6;
	unsigned before = w.os.n_sent;

	fake_receive(&w.os, sock, &d, bytes, len);
	ck_assert_uint_le(w.os.n_sent, before + 1);
	if (w.os.n_sent == before)
		return NULL;

	const struct fake_sent *s = fake_sent(&w.os, 0);

	ck_assert_ptr_eq(s->sock, sock);
	ck_assert(addr_equal(&s->dgram.remote.addr, &d.remote.addr));
	ck_assert_uint_eq(s->dgram.remote.port, 4123);
	ck_assert(addr_equal(&s->dgram.local, &d.local));
	ck_assert_uint_eq(s->dgram.ifindex, 0);
	ck_assert_uint_le(s->dgram.len, len);
	return s;
}

static const struct fake_sent *
ask(const void *bytes, size_t len)
{
	return ask_from("198.51.100.7", bytes, len);
}

static void
request(unsigned char *bytes, unsigned version, unsigned mode)
{
	memset(bytes, 0, PACKET_HEADER);
	bytes[0] = (unsigned char)(version << 3 | mode);
	bytes[2] = 7;
	put64(bytes + 40, UINT64_C(0x123456789abcdef0));
}

static struct ntp_packet
parsed(const struct fake_sent *s)
{
	struct ntp_packet p;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(packet_parse(&p, s->data, s->dgram.len), 0);
	return p;
}

static struct ntp_packet
answer(unsigned version, unsigned mode)
{
	unsigned char bytes[PACKET_HEADER];

	request(bytes, version, mode);
	return parsed(ask(bytes, sizeof bytes));
}

START_TEST(no_socket_without_an_allow_line)
{
	world_init(&w, 1);
	world_line(&w, "deny all");
	world_start(&w);
	ck_assert(!w.server.is_open);
	world_fini(&w);
	world_init(&w, 1);
	world_line(&w, "allow");
	world_line(&w, "port 0");
	world_start(&w);
	ck_assert(!w.server.is_open);
	world_fini(&w);
}
END_TEST

START_TEST(sockets_are_as_configured)
{
	const struct sock_want *want = NULL;

	prepare();
	world_line(&w, "port 11123");
	world_line(&w, "bindaddress 203.0.113.9");
	world_line(&w, "binddevice eth7");
	world_line(&w, "dscp 46");
	world_start(&w);
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (w.os.socks[i].sock == &w.server.v4)
			want = &w.os.socks[i].want;
	ck_assert_ptr_nonnull(want);
	ck_assert_uint_eq(want->local.port, 11123);
	ck_assert_uint_eq(get32(want->local.addr.bytes), 0xcb007109);
	ck_assert_str_eq(want->device, "eth7");
	ck_assert_int_eq(want->dscp, 46);
	ck_assert(want->may_be_away);
	ck_assert(want->want_stamps && want->stamps_on_demand);
	world_fini(&w);
}
END_TEST

START_TEST(the_answer_says_what_we_are)
{
	start();
	struct ntp_packet p = answer(4, 3);
	uint64_t now = ntp64_from_tspec(w.os.now.real);

	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(p.mode, PACKET_MODE_SERVER);
	ck_assert_uint_eq(p.leap, LEAP_NONE);
	ck_assert_uint_eq(p.stratum, 2);
	ck_assert_int_eq(p.poll, 7);
	ck_assert_uint_eq(p.refid, 0xc0000201); /* 192.0.2.1 */
	ck_assert_uint_eq(p.origin, UINT64_C(0x123456789abcdef0));
	ck_assert_uint_eq(p.receive, now);
	ck_assert_uint_eq(p.transmit, now);
	ck_assert_uint_eq(p.ref,
	    ntp64_from_tspec(w.engine.reference.ref_time));
	ck_assert_double_gt(p.root_delay, 1e-4);
	ck_assert_double_lt(p.root_delay, 3e-4);
	ck_assert_double_gt(p.root_dispersion, 1e-5);
	ck_assert_double_lt(p.root_dispersion, 1e-2);
	ck_assert_ptr_nonnull(ask_from("2001:db8::7",
	    (unsigned char[PACKET_HEADER]){ 0x23 }, PACKET_HEADER));
	world_fini(&w);
}
END_TEST

START_TEST(modes_and_versions_that_are_answered)
{
	start();
	for (unsigned version = 1; version <= 4; version++) {
		struct ntp_packet p = answer(version, 3);

		ck_assert_uint_eq(p.version, version);
		ck_assert_uint_eq(p.mode, 4);
		ck_assert_uint_eq(answer(version, 1).mode, 2);
	}
	ck_assert_uint_eq(answer(1, 0).mode, 4);
	world_fini(&w);
}
END_TEST

START_TEST(who_is_not_synchronised_says_so)
{
	prepare();
	world_start(&w);
	struct ntp_packet p = answer(4, 3);

	ck_assert_uint_eq(p.leap, LEAP_UNSYNC);
	ck_assert_uint_eq(p.stratum, 0);
	ck_assert_uint_eq(p.refid, 0);
	ck_assert_uint_eq(p.ref, 0);
	ck_assert_double_ge(p.root_dispersion, 1);
	world_fini(&w);
}
END_TEST

START_TEST(what_the_clock_is_off_is_root_dispersion)
{
	prepare();
	world_line(&w, "maxslewrate 1000");
	w.ahead = 0.4;
	world_start(&w);
	world_run(&w, 8);
	ck_assert(w.engine.reference.is_synced);
	double error = fabs(world_clock_error(&w));

	ck_assert_double_gt(error, 0.01);
	struct ntp_packet p = answer(4, 3);

	ck_assert_double_gt(p.root_dispersion, error);
	ck_assert_double_lt(p.root_dispersion, error + 0.05);
	world_fini(&w);
}
END_TEST

START_TEST(who_is_not_allowed_hears_nothing)
{
	unsigned char bytes[PACKET_HEADER];

	start();
	request(bytes, 4, 3);
	ck_assert_ptr_null(ask_from("198.51.101.7", bytes, sizeof bytes));
	ck_assert_ptr_null(ask_from("2001:db9::1", bytes, sizeof bytes));
	ck_assert_uint_eq(w.server.answerer.counts.refused, 2);
	ck_assert_uint_eq(w.server.answerer.counts.answered, 0);
	ck_assert_ptr_nonnull(ask(bytes, sizeof bytes));
	ck_assert_uint_eq(w.server.answerer.counts.answered, 1);
	world_fini(&w);
}
END_TEST

/* What may follow a header: nothing good, one field to the end, fields of the
 * least size. */
static void
fill(unsigned char *bytes, size_t len, int how)
{
	size_t rest = len > PACKET_HEADER ? len - PACKET_HEADER : 0;

	memset(bytes + PACKET_HEADER, how == 3 ? 0xff : 0, rest);
	if (how == 1 && rest >= 4)
		put16(bytes + PACKET_HEADER + 2, (uint16_t)rest);
	for (size_t at = 0; how == 2 && at + 16 <= rest; at += 16)
		put16(bytes + PACKET_HEADER + at + 2, 16);
}

START_TEST(an_answer_is_never_longer_and_never_two)
{
	static unsigned char bytes[DGRAM_MAX];
	unsigned answered = 0, asked = 0;

	start();
	for (int how = 0; how < 4; how++)
		for (size_t len = 0; len <= DGRAM_MAX; len++)
			for (unsigned first = 0; first < 64; first++) {
				unsigned version = first >> 3, mode = first & 7;

				request(bytes, version, mode);
				fill(bytes, len, how);

				const struct fake_sent *s = ask(bytes, len);
				bool may = version >= 1 && version <= 4 &&
				    (mode == 3 || mode == 1 ||
					(mode == 0 && version == 1));

				asked++;
				answered += s != NULL;
				ck_assert_msg(s == NULL || may,
				    "len %zu, first %u", len, first);
				if (len == PACKET_HEADER)
					ck_assert_msg((s != NULL) == may,
					    "first %u", first);
			}
	printf("%u requests, %u answers\n", asked, answered);
	ck_assert_uint_gt(answered, 1000);
	world_fini(&w);
}
END_TEST

static size_t
signed_request(unsigned char *bytes, unsigned version, uint32_t id, bool whole)
{
	const struct mac_key *key = keys_find(&w.engine.keys, id);

	ck_assert_ptr_nonnull(key);
	request(bytes, version, 3);
	return mac_append(key, whole, bytes, PACKET_HEADER,
	    PACKET_HEADER + MAC_MAX);
}

START_TEST(a_request_with_a_key_is_answered_with_it)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];

	start();
	for (unsigned version = 3; version <= 4; version++)
		for (uint32_t id = 1; id <= 5; id++)
			for (int whole = 0; whole <= (version == 3); whole++) {
				size_t len = signed_request(bytes, version, id,
				    whole);
				const struct fake_sent *s = ask(bytes, len);
				struct ntp_packet p = parsed(s);

				ck_assert_uint_eq(s->dgram.len, len);
				ck_assert(mac_check(keys_find(&w.engine.keys,
				    id), &p, s->data, len));
			}
	ck_assert_uint_eq(w.server.answerer.counts.with_mac, 15);
	world_fini(&w);
}
END_TEST

START_TEST(a_bad_mac_is_met_with_silence)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];

	start();
	size_t len = signed_request(bytes, 4, 2, false);

	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 0x40;
		ck_assert_msg(ask(bytes, len) == NULL, "byte %zu", i);
		bytes[i] ^= 0x40;
	}
	for (size_t n = PACKET_HEADER + 1; n < len; n++)
		ck_assert_msg(ask(bytes, n) == NULL, "cut to %zu", n);
	put32(bytes + PACKET_HEADER, 0);
	ck_assert_ptr_null(ask(bytes, PACKET_HEADER + 4)); /* a crypto-NAK */
	world_fini(&w);
}
END_TEST

/* One turn of an interleaved client; returns the answer. */
static struct ntp_packet
turn(uint64_t origin, uint64_t receive, uint64_t transmit)
{
	unsigned char bytes[PACKET_HEADER];

	request(bytes, 4, 3);
	put64(bytes + 24, origin);
	put64(bytes + 32, receive);
	put64(bytes + 40, transmit);
	return parsed(ask(bytes, sizeof bytes));
}

START_TEST(interleaved_clients_learn_when_their_answer_left)
{
	start();
	struct ntp_packet p = turn(1, 2, 100);
	const struct fake_sent *s = fake_sent(&w.os, 0);

	ck_assert_uint_eq(p.origin, 100); /* basic: not known yet */
	ck_assert(!s->dgram.want_sent);

	struct stamp left = { .at = tspec_add(w.os.now.real, 1e-3) };

	w.server.v4.sent(&w.server.v4, s->data, s->dgram.len, &left);
	fake_advance(&w.os, 1);
	struct ntp_packet q = turn(p.receive, 111, 222);

	ck_assert_uint_eq(q.origin, 111);
	ck_assert(fake_sent(&w.os, 0)->dgram.want_sent);
	ck_assert_uint_eq(q.transmit, ntp64_from_tspec(left.at));
	ck_assert_uint_eq(q.receive, ntp64_from_tspec(w.os.now.real));
	ck_assert_uint_eq(w.server.answerer.counts.interleaved, 1);

	/* Without a stamp of the kernel it is the daemon's. */
	uint64_t sent_at = ntp64_from_tspec(w.os.now.real);

	fake_advance(&w.os, 1);
	p = turn(q.receive, 333, 444);
	ck_assert_uint_eq(p.origin, 333);
	ck_assert_uint_eq(p.transmit, sent_at);
	world_fini(&w);
}
END_TEST

START_TEST(basic_clients_are_not_taken_for_interleaved)
{
	start();
	struct ntp_packet p = turn(0, 0, 100);

	ck_assert(!fake_sent(&w.os, 0)->dgram.want_sent);
	fake_advance(&w.os, 1);
	p = turn(p.receive, 7, 7); /* RFC 9769: receive and transmit alike */
	ck_assert_uint_eq(p.origin, 7);
	p = turn(12345, 8, 9); /* a receive timestamp that was never ours */
	ck_assert_uint_eq(p.origin, 9);
	ck_assert_uint_eq(w.server.answerer.counts.interleaved, 0);
	world_fini(&w);
}
END_TEST

START_TEST(receive_timestamps_of_interleaved_clients_differ)
{
	uint64_t last = 0;

	start();
	for (int i = 0; i < 8; i++) {
		struct ntp_packet p = turn(1, 2, 3); /* time stands still */

		ck_assert_uint_gt(p.receive, last);
		last = p.receive;
	}
	world_fini(&w);
}
END_TEST

/* Answers and kisses of n requests, gap s apart. */
static void
flood(unsigned n, double gap, unsigned *answers, unsigned *kisses)
{
	unsigned char bytes[PACKET_HEADER];

	*answers = *kisses = 0;
	request(bytes, 4, 3);
	for (unsigned i = 0; i < n; i++) {
		const struct fake_sent *s = ask(bytes, sizeof bytes);

		fake_advance(&w.os, gap);
		if (s == NULL)
			continue;
		struct ntp_packet p = parsed(s);

		if (packet_kiss(&p) != KISS_RATE) {
			ck_assert_uint_eq(p.stratum, 2);
			++*answers;
			continue;
		}
		ck_assert_uint_eq(p.leap, LEAP_UNSYNC);
		ck_assert_uint_eq(p.origin, UINT64_C(0x123456789abcdef0));
		++*kisses;
	}
}

START_TEST(who_asks_too_often_is_answered_less)
{
	unsigned answers, kisses;

	prepare();
	world_line(&w, "ratelimit interval 1 burst 4 leak 4 kod 2");
	world_line(&w, "clientloglimit 0"); /* there is room for it even so */
	world_start(&w);
	world_run(&w, 30);
	flood(1000, 0.001, &answers, &kisses);
	printf("%u answers, %u kisses\n", answers, kisses);
	ck_assert_uint_ge(answers, 4 + 30); /* 1/16 of the rest: 62 */
	ck_assert_uint_le(answers, 4 + 95);
	ck_assert_uint_ge(kisses, 180); /* 1/4 of the rest: 233 */
	ck_assert_uint_le(kisses, 290);
	fake_advance(&w.os, 20);
	flood(50, 2.1, &answers, &kisses);
	ck_assert_uint_eq(answers, 50);
	world_fini(&w);
}
END_TEST

START_TEST(client_and_server_can_share_a_port)
{
	prepare();
	world_line(&w, "acquisitionport 123");
	world_start(&w);
	ck_assert_ptr_eq(w.acquire.shared4, &w.server.v4);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(w.server.answerer.counts.received, 0);
	ck_assert_uint_eq(answer(4, 3).stratum, 2);
	world_fini(&w);
}
END_TEST

/* Stratum of an answer; its leap is as that says. */
static unsigned
served_stratum(void)
{
	struct ntp_packet p = answer(4, 3);

	ck_assert_uint_eq(p.leap, p.stratum == 0 ? LEAP_UNSYNC : LEAP_NONE);
	return p.stratum;
}

START_TEST(local_serves_who_has_no_source)
{
	prepare();
	world_line(&w, "local stratum 8");
	w.is_silent[0] = true;
	world_start(&w);
	struct ntp_packet p = answer(4, 3);

	ck_assert_uint_eq(p.stratum, 8);
	ck_assert_uint_eq(p.leap, LEAP_NONE);
	ck_assert_uint_eq(p.refid, 0x7f7f0101);
	ck_assert_double_eq(p.root_dispersion, 0);
	ck_assert_uint_lt(p.ref, p.receive);
	w.is_silent[0] = false;
	world_run(&w, 100);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(served_stratum(), 2);
	world_fini(&w);
}
END_TEST

START_TEST(local_waits_as_it_is_told)
{
	prepare();
	world_line(&w, "local activate 0.1 distance 0.01 waitsynced 500");
	w.is_silent[0] = true;
	world_start(&w);
	ck_assert_uint_eq(served_stratum(), 0); /* never was near */
	w.is_silent[0] = false;
	world_run(&w, 100);
	ck_assert_uint_eq(served_stratum(), 2);
	w.is_silent[0] = true;
	world_line(&w, "maxclockerror 100"); /* 10 ms in 100 s */
	world_run(&w, 300);
	ck_assert_uint_eq(served_stratum(), 2);
	world_run(&w, 300);
	ck_assert_uint_eq(served_stratum(), 10);
	world_fini(&w);

	prepare();
	world_line(&w, "local waitunsynced 300");
	w.is_silent[0] = true;
	world_start(&w);
	world_run(&w, 290);
	ck_assert_uint_eq(served_stratum(), 0);
	world_run(&w, 20);
	ck_assert_uint_eq(served_stratum(), 10);
	world_fini(&w);
}
END_TEST

START_TEST(the_servers_port_takes_no_answers_that_are_not_for_it)
{
	unsigned char bytes[PACKET_HEADER];

	prepare();
	world_start(&w);
	struct source *s = world_source(&w, 0);

	while (!s->client.is_waiting)
		fake_advance(&w.os, 0.1);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	struct dgram d = { .remote = s->remote };

	packet_write(&p, bytes);
	fake_receive(&w.os, &w.server.v4, &d, bytes, sizeof bytes);
	ck_assert(s->client.is_waiting);
	ck_assert_uint_eq(s->client.total_rx, 0);
	world_fini(&w);
}
END_TEST

START_TEST(nothing_is_answered_after_the_end)
{
	unsigned char bytes[PACKET_HEADER];

	start();
	engine_stop(&w.engine, 0);
	request(bytes, 4, 3);
	ck_assert_ptr_null(ask(bytes, sizeof bytes));
	world_fini(&w);
}
END_TEST

UNIT_MAIN("server", no_socket_without_an_allow_line, sockets_are_as_configured,
    the_answer_says_what_we_are, modes_and_versions_that_are_answered,
    who_is_not_synchronised_says_so, what_the_clock_is_off_is_root_dispersion,
    who_is_not_allowed_hears_nothing, an_answer_is_never_longer_and_never_two,
    a_request_with_a_key_is_answered_with_it, a_bad_mac_is_met_with_silence,
    interleaved_clients_learn_when_their_answer_left,
    basic_clients_are_not_taken_for_interleaved,
    receive_timestamps_of_interleaved_clients_differ,
    who_asks_too_often_is_answered_less, client_and_server_can_share_a_port,
    local_serves_who_has_no_source, local_waits_as_it_is_told,
    the_servers_port_takes_no_answers_that_are_not_for_it,
    nothing_is_answered_after_the_end)
