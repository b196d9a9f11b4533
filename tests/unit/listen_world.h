/* SPDX-License-Identifier: ISC
 *
 * A running engine that hears servers which send the time unasked; for unit
 * programs. */
#ifndef TESTS_UNIT_LISTEN_WORLD_H
#define TESTS_UNIT_LISTEN_WORLD_H

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
prepare(const char *text)
{
	world_init(&w, 0);
	w.key = &key7;
	w.ppm = 20;
	w.ahead = 0.003;
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_line(&w, text);
	world_save(&w, "keys/tock.keys", KEYS);
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

#endif
