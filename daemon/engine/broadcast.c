/* SPDX-License-Identifier: ISC */
#include "daemon/engine/broadcast.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"

#define FIRST 1.0  /* s after the start */
#define AGAIN 16.0 /* s, at most, to see whether we are synchronised */

static const char *
label(const struct broadcast *b, char buf[ADDR_STRLEN])
{
	return addr_print(&b->conf->addr, buf, ADDR_STRLEN);
}

/* Finds the key; false: there is none, though there has to be one. */
static bool
find_key(struct broadcast *b, const struct mac_key **key)
{
	const struct engine *e = b->engine;
	char buf[ADDR_STRLEN];

	*key = keys_find(&e->keys, b->conf->key);
	if (b->conf->key == 0 || *key != NULL) {
		b->has_no_key = false;
		return true;
	}
	if (!b->has_no_key)
		auth_judge_key(e, "broadcast", label(b, buf), b->conf->key);
	b->has_no_key = true;
	return false;
}

/* The packet p as it is sent now; returns its length. */
static size_t
finish(struct os *os, struct ntp_packet *p, const struct mac_key *key,
    unsigned char bytes[PACKET_HEADER + MAC_MAX])
{
	bool is_whole = key != NULL && mac_is_long(key->type);

	p->mode = PACKET_MODE_BROADCAST;
	p->version = is_whole ? 3 : PACKET_VERSION;
	p->transmit = ntp64_from_tspec(os->ops->real(os));
	packet_write(p, bytes);
	return key == NULL ? PACKET_HEADER : mac_append(key, is_whole, bytes,
	    PACKET_HEADER, PACKET_HEADER + MAC_MAX);
}

static int
send_now(struct broadcast *b, unsigned char *bytes, size_t len)
{
	struct server *s = b->engine->options.server;
	const struct addr *to = &b->conf->addr;
	struct sock *sock = to->family == ADDR_INET4 ? &s->v4 : &s->v6;
	struct dgram d = { .remote = { *to, b->conf->port }, .len = len,
		.data = bytes };
	struct os *os = b->engine->os;

	return sock->fd < 0 ? -EAFNOSUPPORT : os->ops->send(os, sock, &d);
}

/* Returns whether we are synchronised. */
static bool
say_time(struct broadcast *b)
{
	struct engine *e = b->engine;
	struct ntp_packet p;
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	const struct mac_key *key;
	char buf[ADDR_STRLEN];

	server_describe(e->options.server, e->os->ops->pair(e->os), &p);
	if (p.leap == LEAP_UNSYNC)
		return false;
	if (!find_key(b, &key))
		return true;
	p.poll = (int8_t)lround(log2(b->conf->interval));

	int r = send_now(b, bytes, finish(e->os, &p, key, bytes));

	b->sent = p.transmit;
	if (r < 0 && r != b->error)
		log_warn("broadcast %s: not sent: %s", label(b, buf),
		    strerror(-r));
	b->error = r;
	return true;
}

static void
set_timer(struct broadcast *b, double after)
{
	struct os *os = b->engine->os;

	os->ops->timer_set(os, &b->timer, mono_add(os->ops->mono(os), after));
}

static void
fire(struct timer *t)
{
	struct broadcast *b = t->owner;
	double interval = b->conf->interval;

	if (b->engine->is_stopping)
		return;
	set_timer(b, say_time(b) ? interval : fmin(interval, AGAIN));
}

void
broadcasts_start(struct broadcasts *bs, struct engine *e)
{
	const struct config *c = e->config;
	const struct mac_key *key;
	char buf[ADDR_STRLEN];

	bs->n = e->options.server != NULL ? c->n_broadcasts : 0;
	for (size_t i = 0; i < bs->n; i++) {
		struct broadcast *b = &bs->all[i];

		*b = (struct broadcast){ .engine = e,
			.conf = &c->broadcasts[i] };
		b->timer = (struct timer){ .fire = fire, .owner = b };
		if (find_key(b, &key) && key != NULL)
			auth_judge_key(e, "broadcast", label(b, buf),
			    b->conf->key);
		set_timer(b, FIRST);
	}
}

void
broadcasts_stop(struct broadcasts *bs)
{
	for (size_t i = 0; i < bs->n; i++) {
		struct os *os = bs->all[i].engine->os;

		os->ops->timer_off(os, &bs->all[i].timer);
	}
}

bool
broadcasts_sent(const struct broadcasts *bs, uint64_t transmit)
{
	for (size_t i = 0; i < bs->n; i++)
		if (bs->all[i].sent == transmit)
			return true;
	return false;
}
