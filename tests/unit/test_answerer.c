/* SPDX-License-Identifier: ISC
 *
 * Batches of requests, without an engine. */
#include "unit.h"

#include <string.h>

#include "common/bytes.h"
#include "conf/access.h"
#include "daemon/engine/answerer.h"
#include "daemon/engine/clientlog.h"
#include "daemon/wire/keys.h"
#include "tests/emu/fake_os.h"

#define MOST 64 /* datagrams that come at once */

static struct fake_os world;
static struct answerer answerer;
static struct access access_rules;
static struct clientlog clients;
static struct sock sock;

static bool is_to_many; /* of what is asked */
static unsigned n_sent, n_calls;
static uint64_t origins[2 * MOST], transmits[2 * MOST];

static int
note_answers(struct os *os, struct sock *s, const struct dgram *d, int n)
{
	(void)os;
	ck_assert_ptr_eq(s, &sock);
	n_calls++;
	for (int i = 0; i < n; i++) {
		origins[n_sent] = get64(d[i].data + 24);
		transmits[n_sent++] = get64(d[i].data + 40);
	}
	return n;
}

static void
start(void)
{
	const unsigned char random[24] = { 1 };
	struct subnet all = { 0 };

	fake_init(&world, (struct tspec){ INT64_C(1700000000) * NSEC });
	world.os.send_many = note_answers;
	ck_assert_int_eq(access_set(&access_rules, &all, true, true), 0);
	ck_assert_int_eq(clientlog_init(&clients, 1 << 16, random,
	    world.mono), 0);
	ck_assert_int_eq(answerer_init(&answerer, &world.os, &access_rules,
	    &clients, NULL, true), 0);
	n_sent = n_calls = 0;
}

static void
end(void)
{
	answerer_fini(&answerer);
	clientlog_fini(&clients);
	access_fini(&access_rules);
	fake_fini(&world);
}

/* n requests from addresses of their own; number i has the transmit timestamp
 * i + 1. */
static void
ask(int n)
{
	static unsigned char bytes[MOST][PACKET_HEADER];
	struct dgram d[MOST];

	for (int i = 0; i < n; i++) {
		memset(bytes[i], 0, sizeof bytes[i]);
		bytes[i][0] = 4 << 3 | PACKET_MODE_CLIENT;
		put64(bytes[i] + 40, (uint64_t)i + 1);
		d[i] = (struct dgram){ .remote.port = 123, .data = bytes[i],
			.len = sizeof bytes[i], .is_to_many = is_to_many,
			.stamp = { world.now.real, world.now, STAMP_KERNEL } };
		ck_assert_int_eq(addr_parse(&d[i].remote.addr, "10.0.0.1"), 0);
		d[i].remote.addr.bytes[3] = (unsigned char)i;
	}
	answerer.send_time = 5e-6;
	answerer_serve(&answerer, &sock, d, n);
}

START_TEST(every_request_of_a_batch_is_answered_in_its_turn)
{
	start();
	for (int n = 1; n <= MOST; n++) {
		n_sent = n_calls = 0;
		ask(n);
		ck_assert_uint_eq(n_sent, (unsigned)n);
		ck_assert_uint_eq(n_calls, (unsigned)(n + ANSWERER_BATCH - 1) /
		    ANSWERER_BATCH);
		for (int i = 0; i < n; i++) {
			ck_assert_uint_eq(origins[i], (uint64_t)i + 1);
			if (i % ANSWERER_BATCH > 0)
				ck_assert_uint_gt(transmits[i],
				    transmits[i - 1]);
		}
	}
	ck_assert_uint_eq(answerer.counts.answered, MOST * (MOST + 1) / 2);
	end();
}
END_TEST

START_TEST(each_client_of_a_batch_is_counted_once)
{
	struct clientlog_report r;
	unsigned found = 0;

	start();
	ask(MOST);
	for (size_t i = 0; i < clientlog_size(&clients); i++)
		if (clientlog_get(&clients, i, world.mono, &r)) {
			ck_assert_uint_eq(r.hits[CLIENTLOG_NTP], 1);
			found++;
		}
	ck_assert_uint_eq(found, MOST);
	end();
}
END_TEST

START_TEST(what_was_sent_to_all_is_neither_answered_nor_counted)
{
	struct clientlog_report r;

	start();
	is_to_many = true;
	ask(MOST);
	is_to_many = false;
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(answerer.counts.received, 0);
	for (size_t i = 0; i < clientlog_size(&clients); i++)
		ck_assert(!clientlog_get(&clients, i, world.mono, &r));
	end();
}
END_TEST

START_TEST(what_gets_no_answer_is_told)
{
	start();
	clients.limits[CLIENTLOG_NTP] = (struct config_ratelimit){
		.is_on = true, .interval = 12, .burst = 1, .leak = 4 };
	sock.in_vain = 0;
	ask(MOST);
	ck_assert_uint_eq(sock.in_vain, 0);
	ask(MOST);
	ck_assert_uint_gt(sock.in_vain, 0);
	ck_assert_uint_eq(n_sent + sock.in_vain, 2 * MOST);
	end();
}
END_TEST

/* Whether something of this length is counted as its sender's request. */
static bool
is_counted(unsigned version, unsigned mode, size_t len)
{
	unsigned char bytes[PACKET_HEADER + 20] = { (unsigned char)(version << 3 |
	    mode) };
	struct dgram d = { .remote.port = 123, .data = bytes, .len = len };
	uint64_t before = clients.hits[CLIENTLOG_NTP];

	ck_assert_int_eq(addr_parse(&d.remote.addr, "10.0.0.1"), 0);
	answerer_serve(&answerer, &sock, &d, 1);
	return clients.hits[CLIENTLOG_NTP] > before;
}

/* A forged MAC is: to find that out costs as much as an answer. */
START_TEST(only_what_looks_like_a_request_is_counted)
{
	struct keys none = { 0 };

	start();
	answerer.common.keys = &none;
	for (unsigned version = 0; version < 8; version++)
		for (unsigned mode = 0; mode < 8; mode++) {
			bool asks = version >= 1 && version <= 4 &&
			    (mode == PACKET_MODE_CLIENT ||
			    mode == PACKET_MODE_ACTIVE ||
			    (mode == PACKET_MODE_UNSPEC && version == 1));

			ck_assert(!is_counted(version, mode, 0));
			ck_assert(!is_counted(version, mode, PACKET_HEADER - 1));
			ck_assert(!is_counted(version, mode, PACKET_HEADER + 9));
			ck_assert(is_counted(version, mode, PACKET_HEADER) ==
			    asks);
			ck_assert(is_counted(version, mode,
			    PACKET_HEADER + 20) == asks);
		}
	end();
}
END_TEST

UNIT_MAIN("answerer", every_request_of_a_batch_is_answered_in_its_turn,
    each_client_of_a_batch_is_counted_once,
    what_was_sent_to_all_is_neither_answered_nor_counted,
    what_gets_no_answer_is_told, only_what_looks_like_a_request_is_counted)
