/* SPDX-License-Identifier: ISC */
#include "daemon/engine/client.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "daemon/wire/refid.h"

#define BURST_GAP 2.0     /* s between the requests of a burst */
#define BURST_GOOD 4      /* answers that a burst is after ... */
#define BURST_MAX 8       /* ... and requests that it may cost */
#define NEAR_DELAY 0.010  /* s: polls below a second only to servers this near */
#define QUICK_RETRY 2.0   /* s until an impossible sample is checked */
#define GOOD_TO_SLOW 8    /* good samples in a row lengthen the interval */
#define LOST_TO_SLOW 8    /* so do lost ones */
#define LOST_TO_REPLACE 8 /* unanswered polls after which the name is asked */
#define MAX_DISTANCE 16.0 /* s, RFC 5905 MAXDISP */
#define PRECISION_UNKNOWN 32 /* draft-ietf-ntp-data-minimization */

static struct os *
os_of(const struct client *c)
{
	return c->source->engine->os;
}

static void
close_sock(struct client *c)
{
	if (c->is_waiting)
		os_of(c)->ops->sock_close(os_of(c), &c->sock);
	c->is_waiting = false;
}

double
client_interval(const struct client *c)
{
	const struct source *s = c->source;
	int poll = c->poll;

	if (c->burst > 0)
		return BURST_GAP;
	/* Not a server that is silent or has asked for less. */
	if (s->estimator.impossible > 0 && c->unanswered == 0 &&
	    c->minpoll == s->conf.minpoll)
		return fmin(QUICK_RETRY, ldexp(1, poll));
	if (c->unanswered > 0) {
		poll += (int)(c->unanswered / LOST_TO_SLOW);
		if (poll > s->conf.maxpoll)
			poll = s->conf.maxpoll;
	}
	if (poll < 0 && (c->unanswered > 0 || !s->has_sample ||
			    estimator_min_delay(&s->estimator) > NEAR_DELAY))
		poll = 0;
	return ldexp(1, poll);
}

/* The interval with 1 % of dice, so that clients and sources drift apart. */
static double
diced_interval(const struct client *c)
{
	uint32_t dice;

	os_of(c)->ops->random(os_of(c), &dice, sizeof dice);
	return client_interval(c) * (0.99 + 0.02 * dice / 4294967296.0);
}

static void
request_fields(struct client *c, unsigned char bytes[PACKET_HEADER])
{
	struct ntp_packet p;

	do
		os_of(c)->ops->random(os_of(c), &c->cookie, sizeof c->cookie);
	while (c->cookie == NTP64_UNSET);

	memset(&p, 0, sizeof p);
	p.version = auth_version(c->source);
	p.mode = PACKET_MODE_CLIENT;
	p.precision = PRECISION_UNKNOWN;
	p.transmit = c->cookie;
	packet_write(&p, bytes);
}

static int
send_request(struct client *c)
{
	struct os *os = os_of(c);
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct dgram d;

	memset(&d, 0, sizeof d);
	request_fields(c, bytes);
	d.data = bytes;
	d.len = auth_sign(c->source, bytes, PACKET_HEADER, sizeof bytes);
	if (d.len == 0)
		return -ENOKEY;
	c->sent.pair = os->ops->pair(os);
	c->sent.at = c->sent.pair.real;
	c->sent.src = STAMP_DAEMON;
	return os->ops->send(os, &c->sock, &d);
}

static int
ask(struct client *c)
{
	struct sock_want want;

	memset(&want, 0, sizeof want);
	want.kind = SOCK_KIND_UDP;
	want.peer = c->source->remote;
	want.want_stamps = true;
	want.want_local = true;

	int r = os_of(c)->ops->sock_open(os_of(c), &c->sock, &want);
	if (r < 0)
		return r;
	c->is_waiting = true;
	return send_request(c);
}

static void
poll_now(struct client *c)
{
	struct os *os = os_of(c);
	struct mono now = os->ops->mono(os);
	char label[ADDR_STRLEN];

	c->reach = (uint8_t)(c->reach << 1);
	c->unanswered++;
	c->total_tx++;
	if (c->burst > 0)
		c->burst--;
	int r = ask(c);
	if (r < 0) {
		log_debug("source %s: request not sent: %s",
		    source_label(c->source, label, sizeof label), strerror(-r));
		close_sock(c);
	}

	double gap = diced_interval(c);
	double wait = fmin(gap, c->source->conf.maxdelay);
	c->asked = now;
	c->next_poll = mono_add(now, gap);
	os->ops->timer_set(os, &c->timer,
	    c->is_waiting ? mono_add(now, wait) : c->next_poll);
	if (c->unanswered % LOST_TO_REPLACE == 0)
		source_unreachable(c->source);
}

static void
fire(struct timer *t)
{
	struct client *c = t->owner;
	struct os *os = os_of(c);

	if (c->is_waiting) {
		close_sock(c);
		if (os->ops->mono(os).ns < c->next_poll.ns) {
			os->ops->timer_set(os, t, c->next_poll);
			return;
		}
	}
	poll_now(c);
}

static void
sent(struct sock *sock, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct client *c = sock->owner;
	struct ntp_packet p;

	if (c->is_waiting && packet_parse(&p, data, len) == 0 &&
	    p.transmit == c->cookie)
		c->sent = *stamp;
}

/* A kiss that names our cookie.  Returns whether it was one. */
static bool
kissed(struct client *c, const struct ntp_packet *p)
{
	char label[ADDR_STRLEN];
	const char *who = source_label(c->source, label, sizeof label);

	switch (packet_kiss(p)) {
	case KISS_NONE:
		return false;
	case KISS_DENY:
	case KISS_RSTR:
		log_warn("source %s: denies us service, not asked any more",
		    who);
		c->is_denied = true;
		c->reach = 0; /* no vote on what it said before */
		client_stop(c);
		return true;
	case KISS_RATE:
		c->burst = 0;
		if (c->minpoll == c->source->conf.maxpoll)
			break; /* nor is it said again */
		if (c->poll < c->source->conf.maxpoll)
			c->poll++;
		c->minpoll = c->poll;
		log_info("source %s: asks for fewer requests, minpoll now %d",
		    who, c->minpoll);
		break;
	case KISS_OTHER:
		break;
	}
	return true;
}

/* RFC 5905's packet tests 3, 6 and 7: what the server says of itself. */
static bool
server_is_sane(const struct ntp_packet *p)
{
	return p->receive != NTP64_UNSET && p->transmit != NTP64_UNSET &&
	    p->root_delay / 2 + p->root_dispersion < MAX_DISTANCE;
}

/* A server that follows us would have us follow ourselves. */
static bool
is_loop(const struct ntp_packet *p, const struct dgram *d)
{
	return p->stratum > 1 && d->local.family != ADDR_NONE &&
	    !addr_is_loopback(&d->local) && p->refid == refid_of(&d->local);
}

/* The instant near which NTP's era is sought: the clock's, unless it is
 * before the program was built (RTC at 1970). */
static struct tspec
pivot(const struct client *c, struct tspec now)
{
	struct tspec floor = c->source->engine->build_date;

	return now.ns < floor.ns ? floor : now;
}

/* The sample of an exchange; false when its times cannot be. */
static bool
measure(const struct client *c, const struct ntp_packet *p,
    const struct stamp *rx, struct client_reply *reply, struct sample *s)
{
	struct timescale *scale = &c->source->engine->scale;
	struct tspec near = pivot(c, rx->pair.real);
	struct raw t1 = timescale_raw(&c->sent), t4 = timescale_raw(rx);

	reply->server_rx = ntp64_to_tspec(p->receive, near);
	reply->server_tx = ntp64_to_tspec(p->transmit, near);
	double held = tspec_sub(reply->server_tx, reply->server_rx);
	double away = raw_sub(t4, t1);
	if (!(held >= 0) || !(away >= 0) || held > away + 1e-3)
		return false;

	timescale_settle(scale, reply->server_tx, t4);
	/* z by the two halves: each difference is small, the sum of four
	 * absolute times is not. */
	double up = timescale_offset(scale, reply->server_rx, t1);
	double down = timescale_offset(scale, reply->server_tx, t4);
	s->at = raw_add(t1, away / 2);
	s->offset = (up + down) / 2;
	s->delay = fmax(away - held, 1e-9);
	s->dispersion = ldexp(1, p->precision < 0 ? p->precision : -20);
	if (s->dispersion > 1e-3)
		s->dispersion = 1e-3;
	return true;
}

static void
take(struct client *c, const struct ntp_packet *p, const struct dgram *d)
{
	struct source *source = c->source;
	struct client_reply reply;
	struct sample s;

	memset(&reply, 0, sizeof reply);
	reply.packet = *p;
	reply.local.addr = d->local;
	reply.tx_src = c->sent.src;
	reply.rx_src = d->stamp.src;
	source->leap = p->leap;
	source->stratum = p->stratum;
	if (!server_is_sane(p) || is_loop(p, d) ||
	    !measure(c, p, &d->stamp, &reply, &s))
		return;
	if (p->leap == LEAP_UNSYNC || p->stratum == 0 || p->stratum > 15) {
		source_update(source);
		return;
	}
	c->reach |= 1;
	c->answered = os_of(c)->ops->mono(os_of(c));
	if (s.delay > source->conf.maxdelay)
		return;
	c->total_good++;
	source_sample(source, &s, &reply);
}

static void
receive(struct sock *sock, struct dgram *d, int n)
{
	struct client *c = sock->owner;
	struct os *os = os_of(c);

	for (int i = 0; i < n && c->is_waiting; i++) {
		struct ntp_packet p;

		c->total_rx++;
		if (d[i].is_cut || packet_parse(&p, d[i].data, d[i].len) != 0)
			continue;
		if (p.mode != PACKET_MODE_SERVER || p.origin != c->cookie ||
		    p.origin == NTP64_UNSET ||
		    !auth_check(c->source, &p, d[i].data, d[i].len))
			continue;

		/* It is the answer, whatever it says: the wait is over. */
		close_sock(c);
		c->total_valid++;
		c->unanswered = 0;
		if (!kissed(c, &p))
			take(c, &p, &d[i]);
		if (c->is_denied || c->source->engine->is_stopping)
			return;
		/* What the answer said may have changed the interval. */
		c->next_poll = mono_add(c->asked, diced_interval(c));
		os->ops->timer_set(os, &c->timer, c->next_poll);
	}
}

void
client_init(struct client *c, struct source *source)
{
	memset(c, 0, sizeof *c);
	c->source = source;
	c->timer.fire = fire;
	c->timer.owner = c;
	c->sock.fd = -1;
	c->sock.owner = c;
	c->sock.receive = receive;
	c->sock.sent = sent;
	c->minpoll = source->conf.minpoll;
	c->poll = c->minpoll;
}

void
client_start(struct client *c)
{
	struct os *os = os_of(c);
	uint32_t dice;
	double first = 0;

	if (c->is_denied || !auth_is_ready(c->source))
		return;
	if (c->source->conf.iburst) {
		c->burst = BURST_MAX;
	} else {
		os->ops->random(os, &dice, sizeof dice);
		first = 0.2 + dice / 4294967296.0 * 0.8;
	}
	c->unanswered = 0;
	os->ops->timer_set(os, &c->timer, mono_add(os->ops->mono(os), first));
}

void
client_stop(struct client *c)
{
	close_sock(c);
	os_of(c)->ops->timer_off(os_of(c), &c->timer);
}

void
client_judge(struct client *c, enum estimator_result result)
{
	if (c->burst > 0 && c->burst <= BURST_MAX - BURST_GOOD &&
	    c->total_good >= BURST_GOOD)
		c->burst = 0;
	if (result != ESTIMATOR_USED) {
		c->good_in_row = 0;
		if (result == ESTIMATOR_JUMPED)
			c->poll = c->minpoll;
		return;
	}
	if (++c->good_in_row < GOOD_TO_SLOW || c->burst > 0)
		return;
	c->good_in_row = 0;
	if (c->poll < c->source->conf.maxpoll)
		c->poll++;
}
