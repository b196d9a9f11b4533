/* SPDX-License-Identifier: ISC */
#include "daemon/engine/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"

#define RETRY_MIN 2.0   /* s between look-ups that fail, doubling up to ... */
#define RETRY_MAX 512.0
#define REPLACE_MIN 10.0   /* s between two look-ups for a better address while
                              none has answered, doubling up to ... */
#define REPLACE_GAP 1800.0 /* ... the gap for one that once did */
#define KNOWN_FREQ_SD 1e-6 /* s/s: what another source has measured */
#define CLAIM_SIGMAS 3.3   /* 99.9 % of a normal distribution */

static void
retry_later(struct source *s)
{
	struct os *os = s->engine->os;
	double wait = RETRY_MIN * ldexp(1, (int)(s->lookups < 9 ? s->lookups : 9));

	s->lookups++;
	os->ops->timer_set(os, &s->retry,
	    mono_add(os->ops->mono(os), fmin(wait, RETRY_MAX)));
}

static bool
is_taken(const struct source *s, const struct addr *a)
{
	const struct source *o;

	TAILQ_FOREACH(o, &s->engine->sources, link)
		if (o != s && addr_equal(&o->remote.addr, a))
			return true;
	return false;
}

/* What is believed of our oscillator before this source was ever asked. */
static void
init_estimator(struct source *s)
{
	const struct engine *e = s->engine;

	if (e->discipline.has_target)
		estimator_init(&s->estimator, e->discipline.target.y,
		    fmax(sqrt(e->discipline.target.pyy), KNOWN_FREQ_SD));
	else
		estimator_init(&s->estimator, e->first_freq, e->first_freq_sd);
}

/* Everything that was learned belongs to an address. */
static void
use_address(struct source *s, const struct addr *a)
{
	client_stop(&s->client);
	s->remote.addr = *a;
	s->lookups = 0;
	source_reset(s);
}

static void
looked_up(struct lookup *l, const struct addr *addrs, int n)
{
	struct source *s = l->owner;
	char text[ADDR_STRLEN];
	int next = 0; /* behind the one that does not answer */

	s->looked_up = s->engine->os->ops->mono(s->engine->os);
	for (int i = 0; i < n; i++)
		if (addr_equal(&addrs[i], &s->remote.addr))
			next = i + 1;
	for (int i = 0; i < n; i++) {
		const struct addr *a = &addrs[(next + i) % n];

		if (addr_equal(a, &s->remote.addr))
			return; /* once round: there is no other */
		if (!addr_is_unicast(a) || is_taken(s, a))
			continue;
		log_info("source %s: is %s", s->conf.name,
		    addr_print(a, text, sizeof text));
		use_address(s, a);
		return;
	}
	if (source_is_resolved(s))
		return;
	if (s->lookups == 0)
		log_warn("source %s: %s", s->conf.name,
		    n < 0 ? "name server does not answer, trying again" :
		    n == 0 ? "no such name, trying again"
			   : "every address is used already, trying again");
	retry_later(s);
}

static void
look_up(struct source *s)
{
	struct os *os = s->engine->os;

	strlcpy(s->lookup.name, s->conf.name, sizeof s->lookup.name);
	s->lookup.family = s->conf.family;
	s->lookup.owner = s;
	s->lookup.done = looked_up;
	if (os->ops->lookup(os, &s->lookup) < 0)
		retry_later(s);
}

static void
fire_retry(struct timer *t)
{
	look_up(t->owner);
}

struct source *
source_new(struct engine *e, const struct config_source *conf)
{
	struct source *s = calloc(1, sizeof *s);
	struct addr literal;

	if (s == NULL)
		return NULL;
	s->engine = e;
	s->conf = *conf;
	s->is_offline = conf->offline;
	s->remote.port = conf->port;
	s->remote.addr = addr_from_id(++e->next_id);
	s->verdict = SOURCE_MISSING;
	s->leap = LEAP_UNSYNC;
	s->retry.fire = fire_retry;
	s->retry.owner = s;
	init_estimator(s);
	stats_init(&s->stats);
	client_init(&s->client, s);
	TAILQ_INSERT_TAIL(&e->sources, s, link);
	auth_announce(s);

	if (addr_parse(&literal, conf->name) == 0)
		use_address(s, &literal);
	else
		look_up(s);
	return s;
}

void
source_free(struct source *s)
{
	struct os *os;

	if (s == NULL)
		return;
	os = s->engine->os;
	client_stop(&s->client);
	if (s->lookup.id != 0)
		os->ops->lookup_off(os, &s->lookup);
	os->ops->timer_off(os, &s->retry);
	TAILQ_REMOVE(&s->engine->sources, s, link);
	free(s);
}

void
source_reset(struct source *s)
{
	client_stop(&s->client);
	s->has_sample = false;
	s->verdict = SOURCE_MISSING;
	s->leap = LEAP_UNSYNC;
	init_estimator(s);
	stats_init(&s->stats);
	client_init(&s->client, s);
	if (source_is_resolved(s) && !s->is_offline)
		client_start(&s->client);
}

void
source_set_online(struct source *s, bool is_online)
{
	if (s->is_offline != is_online)
		return;
	s->is_offline = !is_online;
	if (!is_online)
		client_stop(&s->client);
	else if (source_is_resolved(s))
		client_start(&s->client);
}

void
source_burst(struct source *s, unsigned good, unsigned total)
{
	(void)good;
	if (!source_is_resolved(s))
		return;
	client_start(&s->client);
	s->client.burst = total;
}

bool
source_has_route(const struct source *s)
{
	struct os *os = s->engine->os;
	struct sock_want want = { .kind = SOCK_KIND_UDP, .peer = s->remote };
	struct sock probe = { .fd = -1 };

	if (os->ops->sock_open(os, &probe, &want) < 0)
		return false;
	os->ops->sock_close(os, &probe);
	return true;
}

void
source_refresh(struct source *s)
{
	struct addr literal;

	if (s->lookup.id == 0 && addr_parse(&literal, s->conf.name) != 0)
		look_up(s);
}

bool
source_is_resolved(const struct source *s)
{
	return s->remote.addr.family != ADDR_ID;
}

void
source_unreachable(struct source *s)
{
	struct os *os = s->engine->os;
	struct mono now = os->ops->mono(os);
	struct addr literal;
	double gap = REPLACE_GAP;

	if (!s->has_sample && s->replaced < 8)
		gap = REPLACE_MIN * ldexp(1, (int)s->replaced);
	if (s->lookup.id != 0 || addr_parse(&literal, s->conf.name) == 0 ||
	    mono_sub(now, s->looked_up) < gap)
		return;
	s->replaced++;
	look_up(s);
}

bool
source_claim(const struct source *s, struct raw at, struct estimate *e,
    double *half)
{
	if (!s->has_sample || !estimator_at(&s->estimator, at, e))
		return false;
	*half = source_distance(s, at);
	return true;
}

double
source_distance(const struct source *s, struct raw at)
{
	double wander = s->engine->config->maxclockerror_ppm * 1e-6;
	double age = fmax(raw_sub(at, s->last.at), 0);
	struct estimate e;

	if (!s->has_sample || !estimator_at(&s->estimator, at, &e))
		return INFINITY;
	return estimator_min_delay(&s->estimator) / 2 + s->root_delay / 2 +
	    s->root_dispersion + s->last.dispersion + wander * age +
	    CLAIM_SIGMAS * sqrt(e.pxx);
}

void
source_sample(struct source *s, const struct sample *sample,
    const struct client_reply *reply)
{
	struct engine *e = s->engine;
	struct os *os = e->os;
	struct pair now = os->ops->pair(os);
	char label[ADDR_STRLEN];

	enum estimator_result r = estimator_sample(&s->estimator, sample);
	if (r == ESTIMATOR_JUMPED) {
		if (engine_may_say(e))
			log_info("source %s: jumped, believed after %u samples",
			    source_label(s, label, sizeof label), 4u);
		stats_init(&s->stats);
	}
	client_judge(&s->client, r);
	s->has_sample = true;
	s->replaced = 0;
	s->last = *sample;
	s->last_error = sample->offset -
	    timescale_offset(&e->scale, now.real, now.raw) +
	    (e->discipline.has_target ? e->discipline.target.y *
		    raw_sub(now.raw, sample->at) : 0);
	s->root_delay = reply->packet.root_delay;
	s->root_dispersion = reply->packet.root_dispersion;
	log_debug("source %s: offset %+.9f delay %.9f at %c%c",
	    source_label(s, label, sizeof label), s->last_error, sample->delay,
	    reply->tx_src, reply->rx_src);
	if (r == ESTIMATOR_IMPOSSIBLE)
		return;
	stats_add(&s->stats, sample);
	engine_update(e, s);
}

const char *
source_label(const struct source *s, char *buf, size_t size)
{
	if (!source_is_resolved(s))
		return s->conf.name;
	return addr_print(&s->remote.addr, buf, size);
}
