/* SPDX-License-Identifier: ISC */
#include "daemon/engine/manage.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/peer.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"

static bool
is_at(const struct source *s, const struct addr *a)
{
	return s->remote.addr.family == a->family &&
	    memcmp(s->remote.addr.bytes, a->bytes, sizeof a->bytes) == 0;
}

static struct source *
find(struct engine *e, const struct addr *a)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (is_at(s, a))
			return s;
	return NULL;
}

static bool
is_meant(const struct source *s, const struct addr *mask, const struct addr *a)
{
	const struct addr *own = &s->remote.addr;

	if (a->family == ADDR_ID)
		return is_at(s, a);
	if (mask->family == ADDR_NONE || a->family == ADDR_NONE)
		return true;
	if (own->family != a->family || own->family != mask->family)
		return false;
	for (size_t i = 0; i < sizeof own->bytes; i++)
		if (((own->bytes[i] ^ a->bytes[i]) & mask->bytes[i]) != 0)
			return false;
	return true;
}

int
manage_add(struct engine *e, const struct config_source *wanted)
{
	struct config_source conf = *wanted;
	struct addr literal;
	bool is_literal = addr_parse(&literal, conf.name) == 0;
	const char *closed = peer_no_port(e,
	    is_literal ? literal.family : ADDR_NONE);
	const struct source *s;
	unsigned n = 0;

	if (source_check(&conf) != 0)
		return -EINVAL;
	if (conf.is_peer && closed != NULL) {
		log_warn("peer %s: not added: it would be asked from the "
			 "server's port, which is %s", conf.name, closed);
		return -ENOTCONN;
	}
	conf.iburst |= e->options.mode != ENGINE_STEER;
	if (conf.maxpoll < conf.minpoll)
		conf.maxpoll = conf.minpoll;
	TAILQ_FOREACH(s, &e->sources, link)
		n++;
	if (n >= CONFIG_SOURCES_MAX)
		return -ENOSPC;
	if (is_literal && (s = find(e, &literal)) != NULL && s->heard == NULL)
		return -EEXIST;
	return pool_add(e, &conf);
}

int
manage_delete(struct engine *e, const struct addr *a)
{
	struct source *s = find(e, a);

	if (s == NULL)
		return -ENOENT;
	source_free(s);
	engine_reselect(e);
	return 0;
}

static int
set_online(struct engine *e, const struct addr *mask, const struct addr *addr,
    bool is_online)
{
	struct source *s;
	int r = -ENOENT;

	TAILQ_FOREACH(s, &e->sources, link)
		if (is_meant(s, mask, addr)) {
			source_set_online(s, is_online);
			r = 0;
		}
	if (is_online)
		pool_hurry(e);
	return r;
}

int
manage_online(struct engine *e, const struct addr *mask,
    const struct addr *addr)
{
	return set_online(e, mask, addr, true);
}

int
manage_offline(struct engine *e, const struct addr *mask,
    const struct addr *addr)
{
	return set_online(e, mask, addr, false);
}

int
manage_burst(struct engine *e, const struct addr *mask,
    const struct addr *addr, int good, int total)
{
	struct source *s;
	int r = -ENOENT;

	if (good < 1 || total < 1)
		return -EINVAL;
	TAILQ_FOREACH(s, &e->sources, link)
		if (is_meant(s, mask, addr)) {
			if (source_burst(s, (unsigned)good, (unsigned)total))
				r = 0;
			else if (r == -ENOENT)
				r = -EPERM;
		}
	if (r == -EPERM)
		log_warn("burst: asked in one are only servers that have an "
			 "address and have not denied it: no peers");
	return r;
}

int
manage_onoffline(struct engine *e)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (source_is_resolved(s))
			source_set_online(s, acquire_has_route(&s->client));
	pool_hurry(e);
	return 0;
}

/* What a value may be is what the configuration may say. */
static int
set(struct config_source *conf, enum manage_what what, double v)
{
	int whole = fabs(v) < 0x1p31 ? (int)v : -1000;

	switch (what) {
	case MANAGE_MINPOLL:
		conf->minpoll = whole;
		if (conf->maxpoll < whole)
			conf->maxpoll = whole;
		break;
	case MANAGE_MAXPOLL:
		conf->maxpoll = whole;
		if (conf->minpoll > whole)
			conf->minpoll = whole;
		break;
	case MANAGE_MAXDELAY:
		conf->maxdelay = v;
		break;
	case MANAGE_MAXDELAYRATIO:
		conf->maxdelayratio = v;
		break;
	case MANAGE_MAXDELAYDEVRATIO:
		conf->maxdelaydevratio = v;
		break;
	case MANAGE_MINSTRATUM:
		conf->minstratum = whole;
		break;
	case MANAGE_POLLTARGET:
		conf->polltarget = whole;
		break;
	case MANAGE_OFFSET:
		conf->offset = v;
		break;
	default:
		return -EINVAL;
	}
	return source_check(conf);
}

int
manage_set(struct engine *e, const struct addr *a, enum manage_what what,
    double value)
{
	struct source *s = find(e, a);
	struct config_source conf;

	if (s == NULL)
		return -ENOENT;
	conf = s->conf;
	if (!isfinite(value) || set(&conf, what, value) != 0)
		return -EINVAL;
	s->conf = conf;
	if (what == MANAGE_MINPOLL || what == MANAGE_MAXPOLL)
		client_bounds_changed(&s->client);
	return 0;
}

int
manage_select(struct engine *e, const struct addr *a, unsigned mask,
    unsigned options)
{
	const unsigned all = SELECT_PREFER | SELECT_NOSELECT | SELECT_TRUST |
	    SELECT_REQUIRE;
	struct source *s = find(e, a);

	if (s == NULL)
		return -ENOENT;
	if (((mask | options) & ~all) != 0)
		return -EINVAL;
	s->conf.select = (s->conf.select & ~mask) | (options & mask);
	engine_reselect(e);
	return 0;
}

void
manage_reselect(struct engine *e)
{
	selection_forget(e);
	engine_reselect(e);
}

int
manage_reselectdist(struct engine *e, double distance)
{
	if (!(distance >= 0 && distance <= 1e6))
		return -EINVAL;
	e->reselectdist = distance;
	return 0;
}

int
manage_maxupdateskew(struct engine *e, double ppm)
{
	if (!(ppm >= 0 && ppm <= 1e6))
		return -EINVAL;
	e->maxupdateskew_ppm = ppm;
	return 0;
}

int
manage_local(struct engine *e, const struct config_local *l)
{
	const struct { double value, most; } bounds[] = {
		{ l->distance, 1e6 }, { l->activate, 1e6 },
		{ l->waitsynced, 1e9 },
		{ l->waitunsynced < 0 ? 0 : l->waitunsynced, 1e9 },
	};

	if (l->is_on && (l->stratum < 1 || l->stratum > 15))
		return -EINVAL;
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		if (l->is_on && !(bounds[i].value >= 0 &&
				    bounds[i].value <= bounds[i].most))
			return -EINVAL;
	e->local = *l;
	engine_reselect(e);
	crew_publish(e);
	return 0;
}

void
manage_refresh(struct engine *e)
{
	pool_refresh(e);
}

void
manage_reset_sources(struct engine *e)
{
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		source_reset(s);
	engine_lose(e);
	engine_reselect(e);
}

int
manage_reload_sources(struct engine *e)
{
	return sourcedir_reload(e);
}
