/* SPDX-License-Identifier: ISC */
#include "daemon/engine/client.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/peer.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/source.h"

#define DICE 0.01         /* of an interval, more or less */
#define BURST_GAP 2.0     /* s between the requests of a burst */
#define UNSENT_SLOWER 8.0 /* of it later each time that the network is away */
#define IBURST_GOOD 4     /* answers that iburst is after ... */
#define IBURST_MAX 8      /* ... and requests that it may cost */
#define REST_LOG2S 6      /* what is left of them is sent 4, 8, 16, 32 s apart */
#define BURST_MAX 4       /* requests of a poll with burst */
#define AHEAD_GAP 2.0     /* s from a request of presend to the next one */
#define NEAR_DELAY 0.010  /* s: polls below a second only to servers this near */
#define QUICK_RETRY 2.0   /* s until an impossible sample is checked */
#define LOST_TO_SLOW 8    /* polls lost in a row lengthen the interval */
#define LOST_TO_BASIC 4   /* ... begin interleaved mode anew */
#define UNSEEN 64         /* intervals that fit between two jumps */
#define WAIT_LEAST 1.0    /* s: an answer later than maxdelay still says that the
                             server is reachable */

static struct os *
os_of(const struct client *c)
{
	return c->source->engine->os;
}

static const char *
label(const struct client *c, char buf[ADDR_STRLEN])
{
	return source_label(c->source, buf, ADDR_STRLEN);
}

static void
end_wait(struct client *c)
{
	acquire_end(c);
	exchange_close(&c->exchange);
	c->is_waiting = false;
}

static void
set_poll(struct client *c, int poll)
{
	c->poll = poll;
	pollctl_set(&c->pollctl, poll);
}

double
client_interval(const struct client *c)
{
	const struct source *s = c->source;
	double poll = c->pollctl.log2s;

	if (c->burst > 0)
		return fmax(BURST_GAP, fmin(exp2(poll), BURST_GAP *
		    (1 + c->unsent / UNSENT_SLOWER)));
	if (c->rest > 0)
		poll = fmin(poll, REST_LOG2S - (double)c->rest);
	/* Not a server that is silent, has no time, or has asked for less. */
	if (s->estimator.impossible > 0 && c->unanswered == 0 &&
	    c->last.tests == TEST_ALL && c->minpoll == s->conf.minpoll &&
	    s->symmetric == NULL)
		return fmin(QUICK_RETRY, exp2(poll));
	/* Of both sides the one that wants more packets has its way (RFC 5905
	 * appendix A.5.7.3). */
	if (s->symmetric != NULL && c->last.packet.mode != 0 &&
	    c->unanswered < LOST_TO_SLOW)
		poll = fmax(fmin(poll, c->last.packet.poll), c->minpoll);
	if (c->unanswered > 0)
		poll = fmin(poll + floor((double)c->unanswered / LOST_TO_SLOW),
		    fmax(poll, s->conf.maxpoll));
	if (poll < 0 && (c->unanswered > 0 || !s->has_sample ||
			    estimator_min_delay(&s->estimator) > NEAR_DELAY))
		poll = 0;
	return exp2(poll);
}

/* How many requests go ahead of the one that is measured. */
static unsigned
wanted_ahead(const struct client *c)
{
	const struct config_source *conf = &c->source->conf;

	if (c->burst > 0 || c->rest > 0 || c->poll < conf->presend)
		return 0;
	return conf->xleave ? 2 : 1;
}

/* From the last request to the next: the interval with 1 % of dice, so that the
 * clients of a server drift apart. */
static double
gap(const struct client *c)
{
	uint32_t dice;

	if (c->is_ahead)
		return AHEAD_GAP;
	os_of(c)->ops->random(os_of(c), &dice, sizeof dice);

	double whole = client_interval(c) *
	    (1 + DICE * (2.0 * dice / 4294967296.0 - 1));
	double ahead = wanted_ahead(c) * AHEAD_GAP;

	return whole - ahead > AHEAD_GAP ? whole - ahead : fmin(whole, AHEAD_GAP);
}

/* Sets the timer for the next request, if there is to be one. */
static void
schedule(struct client *c)
{
	struct os *os = os_of(c);

	if (c->burst == 0 && c->source->conf.offline) {
		client_stop(c);
		return;
	}
	c->next_poll = mono_add(c->asked, gap(c));
	os->ops->timer_set(os, &c->timer, c->next_poll);
}

static int
ask(struct client *c)
{
	const struct config_source *conf = &c->source->conf;
	struct ntp_packet p = { .version = auth_version(c->source) };
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	uint64_t random[2];

	if (c->source->symmetric != NULL)
		return peer_ask(c);
	do
		os_of(c)->ops->random(os_of(c), random, sizeof random);
	while (random[0] == NTP64_UNSET || random[1] == NTP64_UNSET);
	if (c->unanswered > LOST_TO_BASIC)
		exchange_forget(&c->exchange);
	exchange_ask(&c->exchange, &p, conf->xleave, random);
	packet_write(&p, bytes);
	size_t len = auth_sign(c->source, bytes, PACKET_HEADER, sizeof bytes);
	return len == 0 ? -ENOKEY : acquire_send(c, bytes, len);
}

/* Which request of a poll this is. */
static void
count_request(struct client *c)
{
	const struct config_source *conf = &c->source->conf;
	double room = exp2(c->pollctl.log2s - c->minpoll);

	c->total_tx++;
	c->is_ahead = c->ahead < wanted_ahead(c);
	c->ahead = c->is_ahead ? c->ahead + 1 : 0;
	if (c->is_ahead ||
	    (c->source->symmetric != NULL && !peer_is_awaited(c)))
		return;
	c->reach = (uint8_t)(c->reach << 1);
	c->unanswered++;
	c->filter_polls++;
	if (c->rest > 0)
		c->rest--;
	if (c->burst > 0) {
		c->burst--;
	} else if (conf->burst && room >= 2) {
		/* No more than minpoll would come to in all. */
		c->burst = (unsigned)fmin(room, BURST_MAX) - 1;
		c->burst_good = 1;
	}
}

/* Sending failed.  Returns whether the source is offline from now on. */
static bool
could_not_send(struct client *c, int error)
{
	char buf[ADDR_STRLEN];

	end_wait(c);
	log_debug("source %s: request not sent: %s", label(c, buf),
	    strerror(error));
	if (!c->source->conf.auto_offline || c->source->conf.offline)
		return false;
	log_info("source %s: offline, since a request could not be sent: %s",
	    label(c, buf), strerror(error));
	source_set_online(c->source, false);
	return true;
}

/* What could not be sent costs nobody anything: the first burst, and that after
 * sleep, waits for the network, which may come later than we do. */
static void
keep_burst(struct client *c, unsigned burst, unsigned rest)
{
	const struct source *s = c->source;

	if (burst == 0 || s->conf.offline ||
	    (s->has_sample && !s->estimator.has_slept))
		return;
	c->burst = burst;
	c->rest = rest;
	c->unsent++;
}

static void
poll_now(struct client *c)
{
	struct os *os = os_of(c);
	unsigned burst = c->burst, rest = c->rest;

	count_request(c);
	c->asked = os->ops->mono(os);
	/* A peer's packets come in any time. */
	c->is_waiting = c->source->symmetric == NULL;
	int r = ask(c);
	if (r < 0 && could_not_send(c, -r))
		return;
	if (r < 0)
		keep_burst(c, burst, rest);
	else
		c->unsent = 0;
	if (r < 0 || !c->is_waiting) {
		schedule(c);
	} else {
		double next = gap(c);
		double wait = fmax(c->source->conf.maxdelay, WAIT_LEAST);

		c->next_poll = mono_add(c->asked, next);
		os->ops->timer_set(os, &c->timer,
		    mono_add(c->asked, fmin(next, wait)));
	}
	if (!c->is_ahead && c->unanswered >= SOURCE_LOST_POLLS)
		source_unreachable(c->source);
}

static void
fire(struct timer *t)
{
	struct client *c = t->owner;

	if (!c->is_waiting) {
		poll_now(c);
		return;
	}
	end_wait(c);
	schedule(c);
}

void
client_sent(struct client *c, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct ntp_packet p;

	if (!c->is_waiting || packet_parse(&p, data, len) != 0 ||
	    p.transmit != c->exchange.cookie)
		return;
	c->exchange.sent = *stamp;
	c->kernel_tx += stamp->src == STAMP_KERNEL;
	c->nic_tx += stamp->src == STAMP_NIC;
}

/* A kiss that brought our bits. */
static void
kissed(struct client *c, enum packet_kiss kiss)
{
	char buf[ADDR_STRLEN];

	switch (kiss) {
	case KISS_DENY:
	case KISS_RSTR:
		log_warn("source %s: denies us service, not asked any more",
		    label(c, buf));
		c->is_denied = true;
		c->reach = 0; /* no vote on what it said before */
		client_stop(c);
		pool_replace(c->source);
		break;
	case KISS_RATE:
		c->burst = c->burst_good = c->rest = 0;
		if (c->minpoll == c->source->conf.maxpoll)
			break; /* nor is it said again */
		if (c->poll < c->source->conf.maxpoll)
			c->poll++;
		set_poll(c, c->poll);
		c->minpoll = c->poll;
		log_info("source %s: asks for fewer requests, minpoll now %d",
		    label(c, buf), c->minpoll);
		break;
	case KISS_NONE:
	case KISS_OTHER:
		break;
	}
}

static enum exchange_match
match(const struct client *c, const struct ntp_packet *p, unsigned *which)
{
	if (c->source->symmetric != NULL)
		return peer_match(c, p, which);
	return c->is_waiting && p->mode == PACKET_MODE_SERVER ?
	    exchange_match(&c->exchange, p) : EXCHANGE_NONE;
}

/* Whoever is to be asked next, if that is about now, is asked now that we are
 * awake: one, so that its answer does not meet another one on its way.  Not who
 * is silent: with its answer the next one would be asked.  The dice do not part
 * again who has met. */
static void
ask_next(const struct client *c)
{
	struct os *os = os_of(c);
	struct mono now = os->ops->mono(os);
	struct client *next = NULL;
	struct source *s;

	TAILQ_FOREACH(s, &c->source->engine->sources, link) {
		struct client *o = &s->client;

		if (o->next_poll.ns > now.ns && !o->is_waiting &&
		    o->unanswered == 0 && o->burst == 0 &&
		    s->symmetric == NULL &&
		    (next == NULL || o->next_poll.ns < next->next_poll.ns) &&
		    mono_sub(o->next_poll, now) <
			2 * DICE * mono_sub(o->next_poll, o->asked))
			next = o;
	}
	if (next == NULL)
		return;
	next->next_poll = now;
	os->ops->timer_set(os, &next->timer, now);
}

bool
client_receive(struct client *c, const struct dgram *d)
{
	enum exchange_match how;
	struct ntp_packet p;
	unsigned which = 0;

	c->total_rx++;
	c->kernel_rx += d->stamp.src == STAMP_KERNEL;
	c->nic_rx += d->stamp.src == STAMP_NIC;
	if (d->is_cut || packet_parse(&p, d->data, d->len) != 0)
		return false;
	how = match(c, &p, &which);
	if (how == EXCHANGE_NONE ||
	    !auth_check(c->source, &p, d->data, d->len))
		return false;
	if (c->source->symmetric != NULL)
		peer_hear(c, &p, how, which, &d->stamp);

	ask_next(c);

	/* It is the answer, whatever it says: the wait is over. */
	enum packet_kiss kiss = packet_kiss(&p);
	c->total_valid++;
	c->unanswered = 0;
	if (kiss != KISS_NONE)
		kissed(c, kiss);
	else
		reply_take(c, &p, d, how, c->source->conf.key != 0);
	end_wait(c);
	/* What the answer said may have changed the interval. */
	if (!c->is_denied && !c->source->engine->is_stopping)
		schedule(c);
	return true;
}

bool
client_answers_soon(const struct client *c, double s)
{
	struct mono now = os_of(c)->ops->mono(os_of(c));

	if (c->is_waiting)
		return c->unanswered == 1 && mono_sub(now, c->asked) < s;
	return c->unanswered == 0 && c->next_poll.ns != 0 &&
	    c->next_poll.ns <= now.ns;
}

void
client_init(struct client *c, struct source *source)
{
	memset(c, 0, sizeof *c);
	c->source = source;
	c->timer.fire = fire;
	c->timer.owner = c;
	c->sock.fd = -1;
	c->minpoll = c->poll = source->conf.minpoll;
	pollctl_init(&c->pollctl, c->poll);
	quantile_init(&c->delays);
	medfilt_init(&c->filter);
}

void
client_start(struct client *c)
{
	struct os *os = os_of(c);
	uint32_t dice;
	double first = 0;

	if (c->is_denied || c->source->conf.offline ||
	    !auth_is_ready(c->source) || (c->source->symmetric != NULL &&
	    peer_no_port(c->source->engine,
		c->source->remote.addr.family) != NULL))
		return;
	if (c->source->conf.iburst && c->source->symmetric == NULL) {
		c->burst = c->rest = IBURST_MAX;
		c->burst_good = IBURST_GOOD;
	} else {
		os->ops->random(os, &dice, sizeof dice);
		first = 0.2 + dice / 4294967296.0 * 0.8;
	}
	c->unanswered = c->unsent = 0;
	c->next_poll = mono_add(os->ops->mono(os), first);
	os->ops->timer_set(os, &c->timer, c->next_poll);
}

void
client_stop(struct client *c)
{
	end_wait(c);
	c->burst = c->rest = c->ahead = 0;
	c->next_poll = (struct mono){ 0 };
	os_of(c)->ops->timer_off(os_of(c), &c->timer);
}

void
client_slept(struct client *c)
{
	end_wait(c);
	exchange_forget(&c->exchange);
	if (c->source->symmetric != NULL)
		symmetric_init(c->source->symmetric);
	medfilt_init(&c->filter);
	c->filter_polls = 0;
}

/* `target`: the error is held, by this source alone. */
static void
hold(struct client *c, double most)
{
	const struct source *s = c->source;
	char buf[ADDR_STRLEN];
	struct estimate now;

	if (!estimator_at(&s->estimator, os_of(c)->ops->pair(os_of(c)).raw,
		&now))
		return;
	enum pollctl_news news = pollctl_hold(&c->pollctl, &now,
	    estimator_wander(&s->estimator), s->conf.target,
	    fmax(s->conf.filter, 1), c->minpoll, most);
	if (news == POLLCTL_NO_NEWS || !engine_may_say(s->engine))
		return;
	if (news == POLLCTL_MISSED)
		log_warn("source %s: target of %g s cannot be held with "
		    "minpoll %d", label(c, buf), s->conf.target, c->minpoll);
	else
		log_info("source %s: target of %g s is held again",
		    label(c, buf), s->conf.target);
}

/* A jump of the server or of our oscillator shows with the next answer, half an
 * interval later in the mean.  Who jumped does so again: that is to be a small
 * part of the time between two of them, or since the last one. */
static double
longest(struct client *c, bool has_jumped)
{
	double most = fmax(c->source->conf.maxpoll, c->minpoll);
	struct mono now = os_of(c)->ops->mono(os_of(c));

	if (c->jumped.ns == 0)
		c->jumped = now;
	double calm = mono_sub(now, c->jumped);
	if (has_jumped) {
		c->calm = calm;
		c->jumped = now;
	}
	if (c->calm > 0)
		most = fmin(most, log2(fmax(calm, c->calm) / UNSEEN));
	return fmax(most, c->minpoll);
}

void
client_judge(struct client *c, enum estimator_result result)
{
	const struct config_source *conf = &c->source->conf;
	double most = longest(c, result == ESTIMATOR_JUMPED);

	if (result == ESTIMATOR_JUMPED)
		set_poll(c, c->minpoll);
	if (result != ESTIMATOR_USED || c->burst > 0 || c->rest > 0)
		return;
	const struct estimator *est = &c->source->estimator;
	if (conf->target > 0)
		hold(c, most);
	else
		pollctl_sample(&c->pollctl, estimator_noise(est),
		    estimator_wander(est), conf->polltarget, c->minpoll, most);
	c->poll = (int)lround(c->pollctl.log2s);
}

bool
client_burst(struct client *c, unsigned good, unsigned total)
{
	if (c->is_denied || !source_is_resolved(c->source) ||
	    c->source->symmetric != NULL)
		return false;
	c->burst = total;
	c->burst_good = good;
	c->ahead = c->unsent = 0;
	if (!c->is_waiting)
		os_of(c)->ops->timer_set(os_of(c), &c->timer,
		    os_of(c)->ops->mono(os_of(c)));
	return true;
}

void
client_ask_now(struct client *c)
{
	struct os *os = os_of(c);
	struct mono now = os->ops->mono(os);

	if (c->next_poll.ns == 0 || c->is_waiting || c->burst > 0 ||
	    now.ns < c->next_extra.ns)
		return;
	c->next_extra = mono_add(now, exp2(c->minpoll));
	struct mono soonest = mono_add(c->asked, BURST_GAP);
	if (soonest.ns < c->next_poll.ns) {
		c->next_poll = soonest.ns < now.ns ? now : soonest;
		os->ops->timer_set(os, &c->timer, c->next_poll);
	}
}

void
client_bounds_changed(struct client *c)
{
	const struct config_source *conf = &c->source->conf;

	c->minpoll = conf->minpoll;
	if (c->pollctl.log2s < conf->minpoll)
		set_poll(c, conf->minpoll);
	if (c->pollctl.log2s > conf->maxpoll)
		set_poll(c, conf->maxpoll);
	if (c->next_poll.ns != 0 && !c->is_waiting)
		schedule(c);
}
