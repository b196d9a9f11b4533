/* SPDX-License-Identifier: ISC */
#include "daemon/engine/listen.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "common/ntp64.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/reply.h"
#include "daemon/engine/source.h"

#define FIRST_REQUESTS 4    /* of the first volley; of others: */
#define VOLLEY_REQUESTS 2
#define VOLLEY_GAP 1024.0   /* s */
#define VOLLEY_SOON 16.0    /* s, when a packet lies where it should not */
#define UNANSWERED_GAP 64.0 /* s, doubling to VOLLEY_GAP */
#define POLL 11             /* log2 s: asked also where nothing is heard */
#define LEAST_GAP 0.5       /* s from one packet to the next that is heard */
#define UNANSWERED 32.0     /* s until its place may be taken, ... */
#define SILENT 3600.0       /* s: ... likewise */
#define SAY_AGAIN 3600.0    /* s */

static struct mono
mono_now(const struct engine *e)
{
	return e->os->ops->mono(e->os);
}

void
listen_start(struct listen *l, struct engine *e)
{
	const struct config *c = e->config;

	*l = (struct listen){ .engine = e };
	l->n = e->options.server != NULL ? c->n_listeners : 0;
	for (size_t i = 0; i < l->n; i++)
		auth_judge_key(e, "broadcastclient", c->listeners[i].ifindex
		    ? c->listeners[i].interface : "of all interfaces",
		    c->listeners[i].key);
}

size_t
listen_groups(const struct config *c, enum addr_family family,
    struct sock_group *list)
{
	const struct addr group = family == ADDR_INET4 ?
	    (struct addr){ .family = family, .bytes = LISTEN_MULTICAST4 } :
	    (struct addr){ .family = family, .bytes = LISTEN_MULTICAST6 };

	for (size_t i = 0; i < c->n_listeners; i++)
		list[i] = (struct sock_group){ group, c->listeners[i].ifindex };
	return c->n_listeners;
}

/* One word an hour about each stranger; more of them than there is room for
 * share those. */
static void
complain(struct listen *l, const struct addr *from, const char *why)
{
	struct mono now = mono_now(l->engine);
	char buf[ADDR_STRLEN];
	struct stranger *s = l->strangers;

	for (unsigned i = 0; i < l->n_strangers; i++)
		if (addr_equal(&s[i].addr, from) &&
		    mono_sub(now, s[i].said) < SAY_AGAIN)
			return;
	if (l->n_strangers == LISTEN_STRANGERS) {
		if (mono_sub(now, s[0].said) < SAY_AGAIN)
			return;
		memmove(s, s + 1, (LISTEN_STRANGERS - 1) * sizeof *s);
		l->n_strangers--;
	}
	s[l->n_strangers++] = (struct stranger){ *from, now };
	log_warn("broadcast of %s: ignored: %s",
	    addr_print(from, buf, sizeof buf), why);
}

/* The line that the packet is good for, or -1. */
static int
line_of(const struct listen *l, const struct dgram *d,
    const struct ntp_packet *p, const char **why)
{
	const struct config *c = l->engine->config;

	*why = NULL;
	for (size_t i = 0; i < l->n; i++) {
		const struct config_listener *line = &c->listeners[i];
		const struct mac_key *key = keys_find(&l->engine->keys,
		    line->key);

		if (line->ifindex != 0 && line->ifindex != d->ifindex)
			continue;
		if (key != NULL && mac_check(key, p, d->data, d->len))
			return (int)i;
		*why = p->mac_len == 0 ? "it is not signed" :
		    key == NULL ? "there is no key to check it by" :
		    "it is not signed by the broadcastclient line's key";
	}
	return -1;
}

/* Whether it makes room for a new one, whose packet says transmit.  What is sent
 * again is never as new as what a server has just sent. */
static bool
may_go(const struct heard *h, struct mono now, uint64_t transmit)
{
	if (h->has_answered)
		return mono_sub(now, h->last) >= SILENT;
	return mono_sub(now, h->since) >= UNANSWERED ||
	    (int64_t)(transmit - h->newest) > 0;
}

/* A place for a server that has not been heard yet, or NULL. */
static struct heard *
find_place(const struct engine *e, struct heard *places, uint64_t transmit)
{
	struct mono now = mono_now(e);
	struct heard *oldest = NULL;

	for (unsigned i = 0; i < LISTEN_SERVERS; i++) {
		struct heard *h = &places[i];

		if (h->source == NULL)
			return h;
		if (may_go(h, now, transmit) &&
		    (oldest == NULL || h->last.ns < oldest->last.ns))
			oldest = h;
	}
	if (oldest != NULL)
		source_free(oldest->source);
	return oldest;
}

static void
ask(struct heard *h, unsigned good, unsigned total)
{
	struct mono now = mono_now(h->source->engine);

	h->volley = mono_add(now, h->gap);
	if (!h->has_answered)
		h->gap = fmin(h->gap * 2, VOLLEY_GAP);
	client_burst(&h->source->client, good, total);
}

/* The server becomes a source. */
static void
meet(struct engine *e, struct heard *h, const struct dgram *d, uint32_t key,
    uint64_t transmit)
{
	struct config_source conf;
	struct mono now = mono_now(e);
	char text[ADDR_STRLEN];

	memset(&conf, 0, sizeof conf);
	source_defaults(&conf);
	addr_print(&d->remote.addr, text, sizeof text);
	memcpy(conf.name, text, strlen(text) + 1);
	conf.port = d->remote.port;
	conf.key = key;
	conf.minpoll = conf.maxpoll = POLL;
	struct source *s = source_new(e, &conf, NULL);
	if (s == NULL)
		return;
	*h = (struct heard){ .source = s, .since = now, .last = now,
		.newest = transmit, .gap = UNANSWERED_GAP };
	unasked_init(&h->unasked, e->config->maxclockerror_ppm * 1e-6);
	s->heard = h;
	if (engine_may_say(e))
		log_info("source %s: heard, it broadcasts with key %" PRIu32,
		    text, key);
	source_use(s, &d->remote.addr);
	ask(h, FIRST_REQUESTS, FIRST_REQUESTS);
}

/* Of a server that has answered: its time may be a sample.  Returns false when
 * it cannot be the time. */
static bool
take(struct heard *h, const struct ntp_packet *p, const struct dgram *d)
{
	struct source *s = h->source;
	struct engine *e = s->engine;
	struct client_reply reply = { .packet = *p,
		.rx_src = d->stamp.src, .tx_src = STAMP_DAEMON };
	struct raw at = timescale_raw(&d->stamp);
	double z = timescale_offset(&e->scale, ntp64_to_tspec(p->transmit,
	    reply_pivot(e, d->stamp.pair.real)), at);
	struct estimate belief;
	struct sample sample;

	if (e->leap.is_held || !estimator_at(&s->estimator, at, &belief))
		return true;
	z = leap_nearest(e, at, z, belief.x);
	switch (unasked_packet(&h->unasked, z, at, &belief, &sample)) {
	case UNASKED_STRAY:
		return false;
	case UNASKED_EARLY:
		break;
	case UNASKED_SAMPLE:
		if (reply_header(s, p, TEST_TIMES |
			reply_header_tests(p, &s->client.last.local)))
			source_sample(s, &sample, &reply);
		break;
	}
	return true;
}

/* Of a known server.  What strays is not the newest, either: it may be of a time
 * that is still to come. */
static void
hear_again(struct heard *h, const struct ntp_packet *p, const struct dgram *d)
{
	struct mono now = mono_now(h->source->engine);

	if ((int64_t)(p->transmit - h->newest) <= 0 ||
	    mono_sub(now, h->last) < LEAST_GAP)
		return;
	if (h->has_answered && !take(h, p, d)) {
		struct mono soon = mono_add(now, VOLLEY_SOON);
		if (h->volley.ns > soon.ns)
			h->volley = soon;
	} else {
		h->newest = p->transmit;
		h->last = now;
	}
	if (now.ns >= h->volley.ns)
		ask(h, 1, VOLLEY_REQUESTS);
}

/* A signed packet of the line i. */
static void
hear(struct listen *l, size_t i, const struct dgram *d,
    const struct ntp_packet *p)
{
	struct engine *e = l->engine;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (addr_equal(&s->remote.addr, &d->remote.addr))
			break;
	if (s == NULL) {
		struct heard *h = find_place(e, l->heard[i],
		    p->transmit);
		if (h != NULL)
			meet(e, h, d, e->config->listeners[i].key, p->transmit);
		return;
	}
	if (s->heard != NULL && !s->conf.offline && !s->client.is_denied &&
	    s->conf.key == e->config->listeners[i].key)
		hear_again(s->heard, p, d);
}

void
listen_receive(struct listen *l, const struct dgram *d, int n)
{
	const char *why;
	struct ntp_packet p;

	for (int i = 0; i < n && !l->engine->is_stopping; i++) {
		if (d[i].is_cut || d[i].remote.port == 0 ||
		    packet_parse(&p, d[i].data, d[i].len) != 0 ||
		    p.mode != PACKET_MODE_BROADCAST ||
		    p.transmit == NTP64_UNSET ||
		    !addr_is_unicast(&d[i].remote.addr) ||
		    broadcasts_sent(&l->engine->broadcasts, p.transmit))
			continue;
		int line = line_of(l, &d[i], &p, &why);
		if (line >= 0)
			hear(l, (size_t)line, &d[i], &p);
		else if (why != NULL)
			complain(l, &d[i].remote.addr, why);
	}
}

void
listen_answered(struct heard *h, uint64_t transmit)
{
	struct source *s = h->source;
	struct estimate belief;

	if (s->engine->leap.is_held ||
	    !estimator_at(&s->estimator, s->last.at, &belief))
		return;
	h->has_answered = true;
	h->newest = transmit;
	unasked_volley(&h->unasked, &s->last, &belief);
	h->gap = unasked_wants_volley(&h->unasked) ? 0 : VOLLEY_GAP;
	h->volley = mono_add(mono_now(s->engine), h->gap);
}

void
listen_leave(struct heard *h)
{
	h->source = NULL;
}
