/* SPDX-License-Identifier: ISC
 *
 * A running engine with a peer, whose packets come in at the server's socket;
 * for unit programs. */
#ifndef TESTS_UNIT_PEER_WORLD_H
#define TESTS_UNIT_PEER_WORLD_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/source.h"
#include "daemon/engine/symmetric.h"
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
	world_line(&w, text);
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_save(&w, "keys/tock.keys", KEYS);
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

#endif
