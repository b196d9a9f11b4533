/* SPDX-License-Identifier: ISC */
#include "daemon/engine/pool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"

#define RETRY_MIN 2.0    /* s between look-ups that find nothing, doubling */
#define RETRY_MAX 512.0  /* up to this */
#define FILL_MIN 64.0    /* s, the same while there is an address: name servers
                            that rotate them do so about once a minute */
#define GAP 1800.0       /* s between look-ups for a better address ... */
#define GAP_FIRST 10.0   /* ... but doubling from this where none answered */

static struct mono
mono_now(const struct engine *e)
{
	return e->os->ops->mono(e->os);
}

static void
look_up_in(struct pool *p, double seconds)
{
	struct os *os = p->engine->os;

	os->ops->timer_set(os, &p->timer,
	    mono_add(os->ops->mono(os), seconds));
}

static struct source *
next_of(const struct pool *p, struct source *s)
{
	while (s != NULL && s->pool != p)
		s = TAILQ_NEXT(s, link);
	return s;
}

#define EACH_SOURCE(s, p)                                                      \
	for ((s) = next_of(p, TAILQ_FIRST(&(p)->engine->sources));             \
	     (s) != NULL;                                                      \
	     (s) = next_of(p, TAILQ_NEXT(s, link)))

/* The sources that have an address and need no other. */
static unsigned
count_content(const struct pool *p)
{
	struct source *s;
	unsigned n = 0;

	EACH_SOURCE(s, p)
		n += source_is_resolved(s) && !s->is_unwanted;
	return n;
}

static bool
is_taken(const struct engine *e, const struct addr *a)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->heard == NULL && addr_equal(&s->remote.addr, a))
			return true;
	return false;
}

/* The first address behind s's own that nobody has, or NULL. */
static const struct addr *
free_address(const struct source *s, const struct addr *addrs, int n)
{
	int first = 0;

	for (int i = 0; i < n; i++)
		if (addr_equal(&addrs[i], &s->remote.addr))
			first = i + 1;
	for (int i = 0; i < n; i++) {
		const struct addr *a = &addrs[(first + i) % n];

		if (addr_is_unicast(a) && !is_taken(s->engine, a))
			return a;
	}
	return NULL;
}

static void
give(struct source *s, const struct addr *a)
{
	char text[ADDR_STRLEN], old[ADDR_STRLEN];

	addr_print(a, text, sizeof text);
	if (source_is_resolved(s))
		log_info("source %s: is %s, no longer %s", s->conf.name, text,
		    addr_print(&s->remote.addr, old, sizeof old));
	else
		log_info("source %s: is %s", s->conf.name, text);
	source_use(s, a);
}

/* Notes which addresses the name still has.  Returns the source that was not
 * among them for longest and longer than `refresh`, or NULL. */
static struct source *
outdated(struct pool *p, const struct addr *addrs, int n)
{
	struct mono now = mono_now(p->engine);
	int limit = p->engine->config->refresh;
	struct source *s, *oldest = NULL;

	EACH_SOURCE(s, p) {
		for (int i = 0; i < n; i++)
			if (addr_equal(&addrs[i], &s->remote.addr))
				s->named = now;
		if (source_is_resolved(s) &&
		    (oldest == NULL || s->named.ns < oldest->named.ns))
			oldest = s;
	}
	if (oldest == NULL || limit == 0 ||
	    mono_sub(now, oldest->named) < limit)
		return NULL;
	return oldest;
}

static void
distribute(struct pool *p, const struct addr *addrs, int n)
{
	struct mono now = mono_now(p->engine);
	struct source *s, *old = outdated(p, addrs, n);

	EACH_SOURCE(s, p) {
		const struct addr *a;

		if (source_is_resolved(s) && !s->is_unwanted && s != old &&
		    (!p->refresh_all || s->named.ns == now.ns))
			continue;
		a = free_address(s, addrs, n);
		if (a != NULL)
			give(s, a);
		s->is_unwanted = s->client.is_denied; /* until there is one */
	}
	p->refresh_all = false;
}

/* When the name is looked up the next time, if no source is bad before. */
static void
plan(struct pool *p)
{
	unsigned found = count_content(p), tries = p->failed;
	double wait = p->engine->config->refresh;
	struct mono now = mono_now(p->engine);
	const struct source *oldest = NULL;
	struct source *s;

	if (found < p->n_sources) {
		wait = RETRY_MIN * ldexp(1, (int)(tries < 12 ? tries : 12));
		if (found == 0)
			wait = fmin(wait, RETRY_MAX);
		else
			wait = fmin(fmax(wait, FILL_MIN), GAP);
		p->failed++;
		look_up_in(p, wait);
		return;
	}
	p->failed = 0;
	if (wait == 0)
		return;
	EACH_SOURCE(s, p)
		if (oldest == NULL || s->named.ns < oldest->named.ns)
			oldest = s;
	if (oldest != NULL)
		look_up_in(p, fmax(wait - mono_sub(now, oldest->named),
		    fmin(wait, GAP)));
}

static void
looked_up(struct lookup *l, const struct addr *addrs, int n)
{
	struct pool *p = l->owner;
	unsigned found;

	p->looked_up = mono_now(p->engine);
	if (n > 0)
		distribute(p, addrs, n);
	found = count_content(p);
	if (p->failed == 0 && found == 0)
		log_warn("source %s: %s", p->conf.name,
		    n < 0 ? "name server does not answer, trying again" :
		    n == 0 ? "no such name, trying again"
			   : "every address is used already, trying again");
	else if (p->failed == 0 && found < p->n_sources)
		log_info("source %s: %u of %u addresses found, looking for "
		    "more", p->conf.name, found, p->n_sources);
	plan(p);
}

static void
look_up(struct pool *p)
{
	struct os *os = p->engine->os;

	if (p->lookup.id != 0)
		return;
	strlcpy(p->lookup.name, p->conf.name, sizeof p->lookup.name);
	p->lookup.family = p->conf.family;
	p->lookup.owner = p;
	p->lookup.done = looked_up;
	if (os->ops->lookup(os, &p->lookup) < 0)
		plan(p);
}

static void
fire(struct timer *t)
{
	look_up(t->owner);
}

static void
pool_free(struct pool *p)
{
	struct os *os = p->engine->os;

	if (p->lookup.id != 0)
		os->ops->lookup_off(os, &p->lookup);
	os->ops->timer_off(os, &p->timer);
	TAILQ_REMOVE(&p->engine->pools, p, link);
	free(p);
}

static int
add_name(struct engine *e, const struct config_source *conf)
{
	unsigned wanted = conf->is_pool ? (unsigned)conf->maxsources : 1;
	struct pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return -ENOMEM;
	p->engine = e;
	p->conf = *conf;
	if (p->conf.family == ADDR_NONE)
		p->conf.family = e->options.family;
	p->timer.fire = fire;
	p->timer.owner = p;
	TAILQ_INSERT_TAIL(&e->pools, p, link);
	while (p->n_sources < wanted && source_new(e, conf, p) != NULL)
		p->n_sources++;
	if (p->n_sources == 0) {
		pool_free(p);
		return -ENOMEM;
	}
	look_up(p);
	return 0;
}

int
pool_add(struct engine *e, const struct config_source *conf)
{
	struct addr literal;
	struct source *s;

	if (addr_parse(&literal, conf->name) != 0)
		return add_name(e, conf);
	s = source_new(e, conf, NULL);
	if (s == NULL)
		return -ENOMEM;
	source_use(s, &literal);
	return 0;
}

void
pool_leave(struct pool *p)
{
	if (--p->n_sources == 0)
		pool_free(p);
}

void
pool_replace(struct source *s)
{
	struct pool *p = s->pool;
	double gap = GAP;

	if (p == NULL)
		return;
	if (!s->has_sample && s->replaced < 8)
		gap = GAP_FIRST * ldexp(1, (int)s->replaced);
	double left = gap - mono_sub(mono_now(p->engine), p->looked_up);

	if (left > 0 && !s->client.is_denied) /* we are called again */
		return;
	s->is_unwanted = true;
	if (left > 0) {
		look_up_in(p, left);
		return;
	}
	s->replaced++;
	look_up(p);
}

void
pool_refresh(struct engine *e)
{
	struct pool *p;

	TAILQ_FOREACH(p, &e->pools, link) {
		p->refresh_all = true;
		look_up(p);
	}
}

void
pool_hurry(struct engine *e)
{
	struct pool *p;

	TAILQ_FOREACH(p, &e->pools, link)
		if (count_content(p) < p->n_sources) {
			p->failed = 0;
			look_up(p);
		}
}

bool
pool_is_spare(const struct source *s)
{
	return s->pool != NULL && !source_is_resolved(s) &&
	    count_content(s->pool) > 0;
}
