/* SPDX-License-Identifier: ISC */
#include "tests/sim/circles.h"

#include "daemon/engine/source.h"
#include "tests/sim/scenario.h"

/* NULL: none, or a server, or somebody who is not there. */
static struct simhost *
followed(const struct sim *s, const struct simhost *h)
{
	if (!h->is_running || !h->engine.reference.is_synced ||
	    !h->engine.selected)
		return NULL;
	for (struct simhost *o = s->hosts; o; o = o->next)
		if (addr_equal(&o->station.addr,
		    &h->engine.selected->remote.addr))
			return o;
	return NULL;
}

/* How many machines are in h's circle; 0: it is in none. */
static unsigned
circle(const struct simhost *h, unsigned n_hosts)
{
	const struct simhost *o = h->follows;

	for (unsigned n = 1; o && n <= n_hosts; n++, o = o->follows)
		if (o == h)
			return n;
	return 0;
}

static void
look(struct circles *c, struct simhost *h, unsigned n)
{
	double now = world_seconds(&c->sim->world);

	if (n == 0) {
		h->is_circling = false;
		return;
	}
	if (!h->is_circling)
		h->circling_since = now;
	h->is_circling = true;
	if (n > c->largest)
		c->largest = n;
	if (now - h->circling_since > c->longest) {
		c->longest = now - h->circling_since;
		c->at = now;
	}
}

static void
fire(struct simevent *e)
{
	struct circles *c = e->owner;
	struct world *w = &c->sim->world;
	unsigned n_hosts = 0, in = 0;

	for (struct simhost *h = c->sim->hosts; h; h = h->next, n_hosts++)
		h->follows = followed(c->sim, h);
	for (struct simhost *h = c->sim->hosts; h; h = h->next) {
		unsigned n = circle(h, n_hosts);

		look(c, h, n);
		in += n > 0;
	}
	c->looks++;
	c->found += in > 0;
	world_at(w, e, w->now + span_ns(c->period));
}

void
circles_watch(struct circles *c, struct sim *s, double period, double most)
{
	*c = (struct circles){ .event = { .fire = fire, .owner = c }, .sim = s,
		.period = period, .most = most };
}

void
circles_begin(struct circles *c)
{
	if (c->sim)
		world_at(&c->sim->world, &c->event, 0);
}

bool
circles_print(const struct circles *c, bool all, FILE *out)
{
	bool is_bad = c->longest > c->most;

	if (c->sim && (all || is_bad))
		fprintf(out, "%s  circles: in %u of %u looks, largest of %u, "
		    "longest for %.0f s (at %.0f s), at most %.0f s\n",
		    is_bad ? "FAILED" : "ok", c->found, c->looks, c->largest,
		    c->longest, c->at, c->most);
	return is_bad;
}
