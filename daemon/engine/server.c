/* SPDX-License-Identifier: ISC */
#include "daemon/engine/server.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cmdmon.h"
#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/peer.h"
#include "daemon/engine/told.h"

/* Requests that wait while we do not run: 0.1 s of 20 000 a second. */
#define RECEIVE_BUFFER (2 << 20)
#define PRECISION_TRIES 100
#define PRECISION_BEST (-30)
#define PRECISION_WORST (-18) /* also where the clock seems to stand still */

bool
server_is_wanted(const struct config *c)
{
	bool is_wanted = c->n_broadcasts > 0 || c->n_listeners > 0;

	for (size_t i = 0; i < c->allow.n; i++)
		is_wanted |= c->allow.all[i].may;
	for (size_t i = 0; i < c->n_sources; i++)
		is_wanted |= c->sources[i].is_peer;
	return is_wanted && c->port != 0;
}

static int64_t
ppt(double ratio)
{
	return llround(fmin(fmax(ratio, -1), 1) * 1e12);
}

void
server_tell(const struct server *s, struct pair now, struct wrk_reference *t)
{
	const struct engine *e = s->engine;
	const struct reference *r = &e->reference;
	const struct discipline *d = &e->discipline;
	double wander = e->config->maxclockerror_ppm * 1e-6;
	double err = fmin(fmax(discipline_error(e, now), -1e9), 1e9);

	*t = (struct wrk_reference){
		.at_ns = now.raw.ns,
		.target_ns = now.real.ns - now.raw.ns + span_ns(err),
		.target_ppt = ppt(d->target.y),
		.delay_ns = span_ns(r->root_delay),
		.dispersion_ns = span_ns(reference_dispersion(r, now.raw,
		    wander)),
		.growth_ppt = ppt(reference_growth(r, now.raw, wander)),
		.ref = r->was_updated ? ntp64_from_tspec(r->ref_time)
				      : NTP64_UNSET,
		.refid = r->refid,
		.leap = (uint8_t)r->leap,
		.stratum = (uint8_t)r->stratum,
		.precision = s->precision,
		.flags = WRK_IS_TOLD,
	};
	if (d->has_target)
		t->flags |= WRK_HAS_TARGET;
	if (reference_is_local(e, now)) {
		t->flags |= WRK_IS_LOCAL;
		t->leap = LEAP_NONE;
		t->stratum = (uint8_t)e->local.stratum;
		t->refid = REFID_LOCAL;
	}
}

void
server_describe(const struct server *s, struct pair now, struct ntp_packet *p)
{
	struct wrk_reference t;

	server_tell(s, now, &t);
	told_packet(&t, now, p);
}

/* In all the answers of a batch. */
static void
describe(struct server *s, struct pair now)
{
	struct wrk_reference t;

	server_tell(s, now, &t);
	told_write(&t, now, s->answerer.common.header);
}

/* Whether requests of our own leave through the server's sockets. */
static bool
is_shared(const struct server *s)
{
	const struct acquire *a = s->engine->options.acquire;

	return a != NULL && a->is_shared && a->shared4 == &s->v4;
}

/* Whose a datagram is: besides requests there are answers to such requests of
 * ours, what peers say, and what is sent unasked. */
enum taker { FOR_SERVER, FOR_CLIENT, FOR_PEER, FOR_LISTENER };

static enum taker
taker_of(const struct server *s, const struct dgram *d)
{
	unsigned mode = d->len > 0 ? d->data[0] & 7 : 0;

	if (peer_find(s->engine, d) != NULL)
		return FOR_PEER;
	if (mode == PACKET_MODE_SERVER && is_shared(s))
		return FOR_CLIENT;
	if (mode == PACKET_MODE_BROADCAST && s->engine->listen.n > 0)
		return FOR_LISTENER;
	return FOR_SERVER;
}

static void
receive_from_peer(struct server *s, struct sock *sock, const struct dgram *d)
{
	if (!peer_receive(peer_find(s->engine, d), d))
		return;
	describe(s, d->stamp.pair);
	answerer_serve_peer(&s->answerer, sock, d);
}

/* n >= 1 for one taker. */
static void
hand_out(struct server *s, struct sock *sock, enum taker taker,
    struct dgram *d, int n)
{
	switch (taker) {
	case FOR_CLIENT:
		acquire_receive(s->engine->options.acquire, d, n);
		break;
	case FOR_PEER:
		receive_from_peer(s, sock, d);
		break;
	case FOR_LISTENER:
		listen_receive(&s->engine->listen, d, n);
		break;
	case FOR_SERVER:
		describe(s, d[0].stamp.pair);
		answerer_serve(&s->answerer, sock, d, n);
		break;
	}
}

static void
receive(struct sock *sock, struct dgram *d, int n)
{
	struct server *s = sock->owner;

	for (int from = 0, to; from < n; from = to) {
		if (s->engine == NULL || s->engine->is_stopping)
			return;

		enum taker taker = taker_of(s, &d[from]);

		/* Those of peers go one by one. */
		for (to = from + 1; to < n && taker != FOR_PEER; to++)
			if (taker_of(s, &d[to]) != taker)
				break;
		hand_out(s, sock, taker, d + from, to - from);
	}
}

static void
sent(struct sock *sock, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct server *s = sock->owner;

	if (s->engine == NULL || len < PACKET_HEADER)
		return;
	if ((data[0] & 7) == PACKET_MODE_CLIENT && is_shared(s))
		acquire_sent(s->engine->options.acquire, data, len, stamp);
	else if ((data[0] & 7) == PACKET_MODE_ACTIVE)
		peer_sent(s->engine, data, len, stamp);
	else
		answerer_sent(&s->answerer, data, len, stamp);
}

static int
open_one(struct server *s, struct os *os, struct sock *sock,
    const struct config *c, enum addr_family family, enum sock_share share)
{
	struct sock_group groups[CONFIG_LISTENERS_MAX];
	struct sock_want want = {
		.kind = SOCK_KIND_UDP,
		.local = { family == ADDR_INET4 ? c->bind4 : c->bind6,
		    c->port },
		.want_stamps = true,
		.stamps_on_demand = true,
		.want_local = true,
		.is_small = true,
		.dscp = c->dscp,
		.device = c->binddevice,
		.buffer = RECEIVE_BUFFER,
		.share = share,
		.may_be_away = true,
		.may_broadcast = c->n_broadcasts > 0,
		.groups = groups,
		.n_groups = listen_groups(c, family, groups),
	};

	want.local.addr.family = family; /* any, if not set */
	*sock = (struct sock){ .fd = -1, .owner = s, .receive = receive,
		.sent = sent };
	return os->ops->sock_open(os, sock, &want);
}

/* The shortest time between two readings of the clock, unless it is told. */
static int8_t
find_precision(struct os *os, double configured)
{
	double least = INFINITY;
	struct tspec last = os->ops->real(os);

	if (configured > 0) /* 1e-9..1 */
		return (int8_t)ceil(log2(configured));
	for (int i = 0; i < PRECISION_TRIES; i++) {
		struct tspec now = os->ops->real(os);
		double step = tspec_sub(now, last);

		if (step > 0 && step < least)
			least = step;
		last = now;
	}
	if (least == INFINITY)
		return PRECISION_WORST;

	double log2s = ceil(log2(least));

	return (int8_t)fmin(fmax(log2s, PRECISION_BEST), PRECISION_WORST);
}

static void
close_more(struct server *s, struct os *os)
{
	for (unsigned i = 0; i < s->n_more; i++)
		os->ops->sock_close(os, &s->more[i]);
	free(s->more);
	s->more = NULL;
	s->n_more = 0;
}

int
server_open(struct server *s, struct os *os, const struct config *c,
    enum addr_family family)
{
	enum sock_share share = c->serverworkers > 0 ? SOCK_FIRST : SOCK_ALONE;
	int r4 = -EAFNOSUPPORT, r6 = -EAFNOSUPPORT;

	memset(s, 0, sizeof *s);
	s->v4.fd = s->v6.fd = -1;
	if (!server_is_wanted(c))
		return 0;
	if (family != ADDR_INET6)
		r4 = open_one(s, os, &s->v4, c, ADDR_INET4, share);
	if (family != ADDR_INET4)
		r6 = open_one(s, os, &s->v6, c, ADDR_INET6, share);

	bool no4 = r4 == -EAFNOSUPPORT || r4 == -EADDRNOTAVAIL;
	bool no6 = r6 == -EAFNOSUPPORT || r6 == -EADDRNOTAVAIL;
	int r = r4 < 0 && (!no4 || r6 < 0) ? r4 : r6 < 0 && !no6 ? r6 : 0;

	s->is_open = true;
	if (r < 0)
		server_close(s, os);
	return r;
}

int
server_open_more(struct server *s, struct os *os, const struct config *c,
    unsigned n)
{
	int r = 0;

	s->more = calloc(2 * (size_t)n, sizeof *s->more);
	if (s->more == NULL)
		return -ENOMEM;
	s->n_more = 2 * n;
	for (unsigned i = 0; i < s->n_more; i++)
		s->more[i].fd = -1;
	for (unsigned i = 0; i < s->n_more && r == 0; i += 2) {
		if (s->v4.fd >= 0)
			r = open_one(s, os, &s->more[i], c, ADDR_INET4,
			    SOCK_MORE);
		if (r == 0 && s->v6.fd >= 0)
			r = open_one(s, os, &s->more[i + 1], c, ADDR_INET6,
			    SOCK_MORE);
	}
	if (r < 0)
		close_more(s, os);
	return r;
}

int
server_start(struct server *s, struct engine *e)
{
	if (!s->is_open)
		return 0;

	int r = answerer_init(&s->answerer, e->os, &e->admission.clients,
	    &e->clientlog, &e->keys, !e->config->noclientlog);

	if (r < 0)
		return r;
	s->precision = find_precision(e->os, e->config->clockprecision);
	s->engine = e;
	return 0;
}

void
server_tell_lost(struct server *s)
{
	struct wrk_counts of_workers = { 0 };

	if (s->engine != NULL)
		crew_counts(s->engine, &of_workers);

	uint64_t lost = s->answerer.counts.lost + of_workers.overflows;

	if (s->engine == NULL || lost <= s->told_lost ||
	    !engine_may_say(s->engine))
		return;
	log_warn("server: %" PRIu64 " requests were lost in the receive queue",
	    lost - s->told_lost);
	s->told_lost = lost;
}

void
server_stop(struct server *s)
{
	s->engine = NULL;
	answerer_fini(&s->answerer);
}

void
server_close(struct server *s, struct os *os)
{
	if (!s->is_open)
		return;
	os->ops->sock_close(os, &s->v4);
	os->ops->sock_close(os, &s->v6);
	close_more(s, os);
	s->is_open = false;
}
