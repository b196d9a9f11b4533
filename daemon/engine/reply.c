/* SPDX-License-Identifier: ISC */
#include "daemon/engine/reply.h"

#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/listen.h"
#include "daemon/engine/peer.h"
#include "daemon/engine/server.h"
#include "daemon/engine/source.h"
#include "daemon/wire/refid.h"

#define MAX_DISTANCE 16.0 /* s, RFC 5905 MAXDISP */

/* A server that follows us would have us follow ourselves. */
static bool
is_loop(const struct ntp_packet *p, const struct addr *local)
{
	return p->stratum > 1 && local->family != ADDR_NONE &&
	    !addr_is_loopback(local) && p->refid == refid_of(local);
}

/* Whether it is our own server that answered: at its port, at an address of
 * this machine.  While it is open, the port is nobody else's. */
static bool
is_ourselves(const struct source *s, const struct addr *local)
{
	const struct server *server = s->engine->options.server;
	const struct config *c = s->engine->config;
	const struct addr *a = &s->remote.addr;
	bool is_v4 = a->family == ADDR_INET4;
	const struct addr *bound = is_v4 ? &c->bind4 : &c->bind6;

	return server != NULL && s->remote.port == c->port &&
	    (is_v4 ? server->v4.fd : server->v6.fd) >= 0 &&
	    c->binddevice[0] == '\0' &&
	    (bound->family == ADDR_NONE || addr_equal(bound, a)) &&
	    (addr_equal(local, a) ||
	    (addr_is_loopback(local) && addr_is_loopback(a)));
}

unsigned
reply_header_tests(const struct ntp_packet *p, const struct addr *local)
{
	unsigned passed = TEST_UNIQUE | TEST_ORIGIN | TEST_AUTH;

	if (p->receive != NTP64_UNSET && p->transmit != NTP64_UNSET)
		passed |= TEST_TIMES;
	if (p->leap != LEAP_UNSYNC && p->stratum > 0 &&
	    p->stratum <= PACKET_STRATUM_MAX)
		passed |= TEST_SYNCED;
	if (p->root_delay / 2 + p->root_dispersion < MAX_DISTANCE)
		passed |= TEST_DISTANCE;
	if (!is_loop(p, local))
		passed |= TEST_NO_LOOP;
	return passed;
}

struct tspec
reply_pivot(const struct engine *e, struct tspec now)
{
	return now.ns < e->build_date.ns ? e->build_date : now;
}

/* The administrator's tests of a measurement. */
static unsigned
delay_tests(struct client *c, const struct measurement *m)
{
	const struct source *s = c->source;
	struct accept_limits limits = { s->conf.maxdelay,
		s->conf.maxdelayratio, s->conf.maxdelaydevratio,
		s->conf.maxdelayquant };
	struct accept_path path = {
		.min_delay = estimator_min_delay(&s->estimator),
		.std_dev = source_jitter(s) };

	if (limits.quantile > 0) {
		path.quantile = quantile_at(&c->delays, limits.quantile);
		quantile_add(&c->delays, m->sample.delay);
	}
	/* A peer answers when its own time has come. */
	return accept_sample(&limits, &path, &m->sample,
	    s->symmetric != NULL ? 0 : m->held);
}

/* offset, asymmetry and clockprecision.  Of what a packet took longer than the
 * shortest, 1/2 + a is the way back's: the offset is off by -a times that. */
static void
correct(const struct source *s, struct sample *sample)
{
	double min = estimator_min_delay(&s->estimator);

	if (s->conf.asymmetry != SOURCE_AUTO_ASYMMETRY && min > 0)
		sample->offset += s->conf.asymmetry *
		    fmax(sample->delay - min, 0);
	sample->offset += s->conf.offset;
	sample->dispersion += s->engine->config->clockprecision;
}

static void
remember(struct client_reply *r, const struct source *s,
    const struct measurement *m, const struct stamp *rx,
    const struct estimate *belief)
{
	const struct sample *sample = &m->sample;
	double age = raw_sub(rx->pair.raw, sample->at);

	r->offset = sample->offset - timescale_offset(&s->engine->scale,
	    rx->pair.real, rx->pair.raw) +
	    (belief != NULL ? belief->y * age : 0);
	r->delay = sample->delay;
	r->dispersion = sample->dispersion;
	r->response_time = m->held;
	if (s->conf.asymmetry != SOURCE_AUTO_ASYMMETRY)
		r->jitter_asymmetry = s->conf.asymmetry;
	r->tx_src = m->tx_src;
	r->rx_src = m->rx_src;
}

/* `filter`: samples are gathered until that many polls were made. */
static void
hand_on(struct client *c, struct sample *sample, const struct estimate *belief)
{
	c->total_good++;
	if (c->burst_good > 0 && --c->burst_good == 0)
		c->burst = 0;
	if (c->source->conf.filter > 0) {
		medfilt_add(&c->filter, sample);
		if (c->filter_polls < (unsigned)c->source->conf.filter)
			return;
		c->filter_polls = 0;
		*sample = medfilt_take(&c->filter,
		    belief != NULL ? belief->y : 0);
	}
	source_sample(c->source, sample, &c->last);
	if (c->source->heard != NULL)
		listen_answered(c->source->heard, c->last.packet.transmit);
}

bool
reply_header(struct source *s, const struct ntp_packet *p, unsigned passed)
{
	s->leap = p->leap;
	s->stratum = p->stratum;
	if (~passed & TEST_TIMES)
		return false;
	s->has_no_time = ~passed & (TEST_DISTANCE | TEST_NO_LOOP);
	if (!s->has_no_time && passed & TEST_SYNCED)
		return true;
	source_update(s);
	return false;
}

void
reply_take(struct client *c, const struct ntp_packet *p,
    const struct dgram *d, enum exchange_match how, bool is_authenticated)
{
	struct source *s = c->source;
	struct client_reply *r = &c->last;
	struct estimate at, *belief = NULL;
	struct measurement m = { 0 };
	bool is_measured = false;

	memset(r, 0, sizeof *r);
	r->packet = *p;
	r->local = d->local;
	r->tx_src = c->exchange.sent.src;
	r->rx_src = d->stamp.src;
	r->is_interleaved = how == EXCHANGE_INTERLEAVED;
	r->is_authenticated = is_authenticated;
	r->tests = reply_header_tests(p, &d->local);
	if (is_ourselves(s, &d->local))
		r->tests &= ~(unsigned)TEST_NO_LOOP;
	if (estimator_at(&s->estimator, timescale_raw(&d->stamp), &at))
		belief = &at;
	if (s->symmetric != NULL)
		belief = peer_belief(s, belief, &at);
	if (r->tests & TEST_TIMES)
		is_measured = exchange_answered(&c->exchange, p, how,
		    &d->stamp, &s->engine->scale,
		    reply_pivot(s->engine, d->stamp.pair.real), belief, &m);
	if (is_measured) {
		correct(s, &m.sample);
		remember(r, s, &m, &d->stamp, belief);
	} else if (how == EXCHANGE_BASIC) {
		r->tests &= ~(unsigned)TEST_TIMES;
	}
	if (c->is_ahead) { /* but in interleaved mode the next answer may */
		c->exchange.past.is_measured = false;
		return;
	}
	if (!reply_header(s, p, r->tests))
		return;
	c->reach |= 1;
	c->answered = s->engine->os->ops->mono(s->engine->os);
	if (is_measured)
		r->tests |= delay_tests(c, &m);
	if (r->tests == TEST_ALL)
		hand_on(c, &m.sample, belief);
}
