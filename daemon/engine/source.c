/* SPDX-License-Identifier: ISC */
#include "daemon/engine/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/dump.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/listen.h"
#include "daemon/engine/peer.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/standing.h"

#define BAD_POLLS 4 /* in a row, then the name may have a better one */
#define KNOWN_FREQ_SD 1e-6 /* s/s: what another source has measured */
#define JITTER_SAMPLES 3

static unsigned
limit(int own, int global)
{
	return (unsigned)(own >= 0 ? own : global);
}

/* What is believed of our oscillator before this source was ever asked. */
static void
forget(struct source *s)
{
	const struct engine *e = s->engine;

	if (e->discipline.has_target)
		estimator_init(&s->estimator, e->discipline.target.y,
		    fmax(sqrt(e->discipline.target.pyy), KNOWN_FREQ_SD));
	else
		estimator_init(&s->estimator, e->first_freq, e->first_freq_sd);
	const struct memory memory = {
		.least = limit(s->conf.minsamples, e->config->minsamples),
		.most = limit(s->conf.maxsamples, e->config->maxsamples),
		.precision = e->config->clockprecision,
	};
	estimator_limit(&s->estimator, &memory);
	mindelay_fix(&s->estimator.delays, s->conf.mindelay);
	stats_init(&s->stats);
	s->member = (struct fuse_member){ .is_used = false };
}

struct source *
source_new(struct engine *e, const struct config_source *conf,
    struct pool *pool)
{
	struct source *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	if (conf->is_peer) {
		s->symmetric = malloc(sizeof *s->symmetric);
		if (s->symmetric == NULL) {
			free(s);
			return NULL;
		}
		symmetric_init(s->symmetric);
	}
	s->engine = e;
	s->pool = pool;
	s->conf = *conf;
	s->remote.port = conf->port;
	s->remote.addr = addr_from_id(++e->next_id);
	s->verdict = SOURCE_MISSING;
	s->leap = LEAP_UNSYNC;
	s->score = 1;
	forget(s);
	client_init(&s->client, s);
	TAILQ_INSERT_TAIL(&e->sources, s, link);
	if (pool == NULL || pool->n_sources == 0) /* once for all */
		auth_announce(s);
	return s;
}

void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	client_stop(&s->client);
	TAILQ_REMOVE(&s->engine->sources, s, link);
	if (s->engine->selected == s)
		selection_forget(s->engine);
	if (s->pool != NULL)
		pool_leave(s->pool);
	if (s->heard != NULL)
		listen_leave(s->heard);
	free(s->symmetric);
	free(s);
}

void
source_use(struct source *s, const struct addr *a)
{
	struct source *o;

	TAILQ_FOREACH(o, &s->engine->sources, link)
		if (o != s && o->heard != NULL && addr_equal(&o->remote.addr, a))
			break;
	source_free(o);
	client_stop(&s->client);
	s->remote.addr = *a;
	peer_announce(s);
	s->named = s->engine->os->ops->mono(s->engine->os);
	source_reset(s);
	dump_load(s);
}

void
source_reset(struct source *s)
{
	client_stop(&s->client);
	s->has_sample = s->is_restored = false;
	s->verdict = SOURCE_MISSING;
	s->leap = LEAP_UNSYNC;
	s->has_no_time = false;
	s->score = 1;
	s->bad = 0;
	forget(s);
	client_init(&s->client, s);
	if (s->symmetric != NULL)
		symmetric_init(s->symmetric);
	if (source_is_resolved(s))
		client_start(&s->client);
}

void
source_slept(struct source *s)
{
	client_slept(&s->client);
	estimator_slept(&s->estimator);
	stats_init(&s->stats);
	s->member = (struct fuse_member){ .is_used = false };
	s->has_sample = false;
}

void
source_set_online(struct source *s, bool is_online)
{
	if (s->conf.offline != is_online)
		return;
	s->conf.offline = !is_online;
	if (!is_online)
		client_stop(&s->client);
	else if (source_is_resolved(s))
		client_start(&s->client);
}

bool
source_burst(struct source *s, unsigned good, unsigned total)
{
	return client_burst(&s->client, good, total);
}

bool
source_is_resolved(const struct source *s)
{
	return s->remote.addr.family != ADDR_ID;
}

bool
source_is_authenticated(const struct source *s)
{
	return s->conf.key != 0;
}

unsigned
source_stratum(const struct source *s)
{
	unsigned least = (unsigned)s->conf.minstratum;

	return s->stratum < least ? least : s->stratum;
}

void
source_unreachable(struct source *s)
{
	if (s->client.unanswered % SOURCE_LOST_POLLS == 0)
		pool_replace(s);
	if (standing_is_lost(s) && s->has_claim)
		engine_reselect(s->engine);
}

/* Bad in a way that does not pass by itself. */
static bool
is_bad(const struct source *s)
{
	return s->verdict == SOURCE_FALSETICKER ||
	    s->verdict == SOURCE_UNSYNCED ||
	    s->verdict == SOURCE_STRATUM || s->verdict == SOURCE_DISTANT;
}

void
source_update(struct source *s)
{
	engine_update(s->engine, s);
	if (!is_bad(s)) {
		s->bad = 0;
		s->is_unwanted = false;
	} else if (++s->bad >= BAD_POLLS) {
		pool_replace(s);
	}
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

double
source_jitter(const struct source *s)
{
	return s->stats.count < JITTER_SAMPLES ? 0 :
	    sqrt(estimator_noise(&s->estimator));
}

static enum estimator_result
learn(struct source *s, const struct sample *sample)
{
	enum estimator_result r = estimator_sample(&s->estimator, sample);

	if (r == ESTIMATOR_JUMPED)
		stats_init(&s->stats);
	if (r != ESTIMATOR_IMPOSSIBLE)
		stats_add(&s->stats, sample);
	return r;
}

void
source_restore(struct source *s, const struct stats *stats)
{
	forget(s);
	for (unsigned i = 0; i < stats->count; i++)
		learn(s, stats_sample(stats, i));
	s->is_restored = true;
}

/* As a server that has done its leap second, and not too early, says it. */
static struct sample
past_leap(const struct source *s, const struct sample *sample)
{
	struct sample moved = *sample;
	struct estimate prior;

	if (estimator_at(&s->estimator, sample->at, &prior))
		moved.offset = leap_nearest(s->engine, sample->at,
		    sample->offset, prior.x);
	return moved;
}

void
source_sample(struct source *s, const struct sample *measured,
    const struct client_reply *reply)
{
	struct engine *e = s->engine;
	struct os *os = e->os;
	struct pair now = os->ops->pair(os);
	const struct sample taken = past_leap(s, measured), *sample = &taken;
	char label[ADDR_STRLEN];

	if (e->leap.is_held)
		return;
	if (s->is_news)
		engine_update_now(e);
	enum estimator_result r = learn(s, sample);
	if (s->is_restored && r != ESTIMATOR_USED) { /* the machine slept */
		forget(s);
		r = learn(s, sample);
	}
	s->is_restored = false;
	if (r == ESTIMATOR_JUMPED && engine_may_say(e))
		log_info("source %s: jumped: what it said before is forgotten",
		    source_label(s, label, sizeof label));
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
	s->refid = reply->packet.refid;
	log_debug("source %s: offset %+.9f delay %.9f at %c%c, raw %.9f %+.9f",
	    source_label(s, label, sizeof label), s->last_error, sample->delay,
	    reply->tx_src, reply->rx_src, (double)sample->at.ns * 1e-9,
	    sample->offset);
	if (r != ESTIMATOR_IMPOSSIBLE)
		source_update(s);
}

const char *
source_label(const struct source *s, char *buf, size_t size)
{
	if (!source_is_resolved(s))
		return s->conf.name;
	return addr_print(&s->remote.addr, buf, size);
}
