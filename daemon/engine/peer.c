/* SPDX-License-Identifier: ISC */
#include "daemon/engine/peer.h"

#include <errno.h>
#include <math.h>

#include "common/bytes.h"
#include "common/log.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/client.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"
#include "daemon/engine/source.h"

#define AT_TRANSMIT 40
#define GAP_MOST 1.0 /* s, in which a peer need not be heard again */

static struct sock *
port_of(struct server *server, unsigned family)
{
	return family == ADDR_INET4 ? &server->v4 : &server->v6;
}

const char *
peer_no_port(const struct engine *e, unsigned family)
{
	struct server *server = e->options.server;

	if (server == NULL || !server->is_open)
		return "closed (start with a peer or allow line, without port "
		       "0)";
	if ((family != ADDR_INET4 && family != ADDR_INET6) ||
	    port_of(server, family)->fd >= 0)
		return NULL;
	return family == ADDR_INET4 ? "not open for IPv4 (tockd -6?)"
				    : "not open for IPv6 (tockd -4?)";
}

void
peer_announce(const struct source *s)
{
	const char *why = peer_no_port(s->engine, s->remote.addr.family);

	if (s->symmetric != NULL && why != NULL)
		log_error("source %s: not used: a peer is asked from the "
			  "server's port, which is %s", s->conf.name, why);
}

struct client *
peer_find(struct engine *e, const struct dgram *d)
{
	unsigned mode = d->len > 0 ? d->data[0] & 7 : 0;
	struct source *s;

	if (mode != PACKET_MODE_ACTIVE && mode != PACKET_MODE_PASSIVE)
		return NULL;
	TAILQ_FOREACH(s, &e->sources, link)
		if (s->symmetric != NULL && !s->conf.offline &&
		    !s->client.is_denied &&
		    s->remote.port == d->remote.port &&
		    addr_equal(&s->remote.addr, &d->remote.addr))
			return &s->client;
	return NULL;
}

/* Whether it is signed as the peer's packets are.  So is an old one of the peer's
 * that somebody sends again: it does not end what was complained about. */
static bool
is_signed(struct source *s, const struct ntp_packet *p, const struct dgram *d)
{
	bool was_forged = s->is_forged;
	bool is_good = auth_check(s, p, d->data, d->len);

	s->is_forged |= was_forged;
	return is_good;
}

/* A peer may say as much as it likes, but is heard no more often than a server
 * that we ask. */
static bool
is_too_soon(const struct client *c, const struct dgram *d)
{
	double least = fmin(exp2(c->source->conf.minpoll) / 2, GAP_MOST);

	return raw_sub(d->stamp.pair.raw, c->source->symmetric->taken) < least;
}

bool
peer_receive(struct client *c, const struct dgram *d)
{
	struct symmetric *s = c->source->symmetric;
	struct ntp_packet p;

	if ((!is_too_soon(c, d) && client_receive(c, d)) ||
	    !symmetric_is_lost(s, d->stamp.pair.raw) || d->is_cut ||
	    packet_parse(&p, d->data, d->len) != 0 ||
	    !is_signed(c->source, &p, d))
		return false;
	symmetric_guess(s, &p, &d->stamp);
	exchange_forget(&c->exchange);
	return p.mode == PACKET_MODE_ACTIVE; /* or it would go on for ever */
}

void
peer_sent(struct engine *e, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct source *s;

	if (len < PACKET_HEADER)
		return;
	TAILQ_FOREACH(s, &e->sources, link)
		if (s->symmetric != NULL && symmetric_left(s->symmetric,
		    get64(data + AT_TRANSMIT), stamp)) {
			s->client.kernel_tx += stamp->src == STAMP_KERNEL;
			s->client.nic_tx += stamp->src == STAMP_NIC;
			return;
		}
}

/* What the clock gains on RAW in steady running, s/s. */
static double
clock_rate(const struct engine *e)
{
	const struct discipline *d = &e->discipline;

	return d->has_target ? d->target.y : (double)d->freq_ppt * 1e-12;
}

int
peer_ask(struct client *c)
{
	struct source *s = c->source;
	struct symmetric *sym = s->symmetric;
	struct engine *e = s->engine;
	struct server *server = e->options.server;
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct ntp_packet p;

	if (peer_no_port(e, s->remote.addr.family) != NULL)
		return -EAFNOSUPPORT;
	struct symmetric_clock clock = { e->os->ops->pair(e->os),
		clock_rate(e) };
	server_describe(server, clock.now, &p);
	p.version = auth_version(s);
	p.mode = PACKET_MODE_ACTIVE;
	p.poll = (int8_t)c->poll;
	symmetric_ask(sym, &p, &clock,
	    s->conf.xleave || sym->is_interleaving);
	packet_write(&p, bytes);

	size_t len = auth_sign(s, bytes, PACKET_HEADER, sizeof bytes);
	struct sock *sock = port_of(server, s->remote.addr.family);
	struct dgram d = { .remote = s->remote, .data = bytes, .len = len,
		.want_sent = true };
	if (len == 0)
		return -ENOKEY;
	struct pair now = e->os->ops->pair(e->os);
	struct stamp stamp = { now.real, now, STAMP_DAEMON };
	symmetric_left(sym, p.transmit, &stamp);
	return e->os->ops->send(e->os, sock, &d);
}

bool
peer_is_awaited(const struct client *c)
{
	struct os *os = c->source->engine->os;

	return c->unanswered == 0 ||
	    symmetric_is_due(c->source->symmetric, os->ops->pair(os).raw);
}

enum exchange_match
peer_match(const struct client *c, const struct ntp_packet *p, unsigned *which)
{
	if (p->mode != PACKET_MODE_ACTIVE && p->mode != PACKET_MODE_PASSIVE)
		return EXCHANGE_NONE;
	return symmetric_match(c->source->symmetric, p, which);
}

void
peer_hear(struct client *c, const struct ntp_packet *p,
    enum exchange_match how, unsigned which, const struct stamp *came)
{
	struct symmetric *s = c->source->symmetric;

	c->exchange.sent = s->sent[which].left;
	symmetric_hear(s, p, how, which, came);
	if (p->stratum == 0) /* a kiss: not measured, so nothing to go on from */
		exchange_forget(&c->exchange);
}

struct estimate *
peer_belief(const struct source *s, const struct estimate *own,
    struct estimate *space)
{
	const struct discipline *d = &s->engine->discipline;
	double sd = s->estimator.freq_sd;

	if (own == NULL)
		*space = (struct estimate){ .y = s->estimator.freq,
			.pyy = sd * sd };
	if (d->has_target && d->target.pyy < space->pyy) {
		space->y = d->target.y;
		space->pyy = d->target.pyy;
	}
	return space;
}
