/* SPDX-License-Identifier: ISC */
#include "tests/sim/groups.h"

#include <fnmatch.h>
#include <math.h>

#include "tests/sim/scenario.h"

#define PERIOD 8.0      /* s between two looks */
#define FALSE_MOST 1e-3 /* of the claims */

static bool
leads(const struct simhost *h)
{
	return h->is_running &&
	    reference_is_local(&h->engine, h->os.ops->pair(
		(struct os *)(void *)&h->os));
}

/* How much of the leader's clock the others claim to know, and do not. */
static void
judge_claims(struct group *g, double leader)
{
	for (struct simhost *h = g->sim->hosts; h; h = h->next) {
		struct judge_sample s;

		if (fnmatch(g->nodes, h->station.name, 0) != 0 ||
		    h == g->leader)
			continue;
		s = simhost_sample(h);
		if (!s.is_synced)
			continue;
		g->claims++;
		g->false_claims += fabs(s.error - leader) > s.claim;
	}
}

static void
look(struct group *g)
{
	double low = INFINITY, high = -INFINITY, at = 0;
	const struct simhost *leader = NULL;
	unsigned n = 0;

	for (struct simhost *h = g->sim->hosts; h; h = h->next) {
		double error;

		if (fnmatch(g->nodes, h->station.name, 0) != 0)
			continue;
		simhost_begin(h);
		error = simhost_sample(h).error;
		low = fmin(low, error);
		high = fmax(high, error);
		if (leads(h) && n++ == 0) {
			leader = h;
			at = error;
		}
		simhost_end(h);
	}
	if (n != g->leaders && g->wrong++ == 0)
		g->at = world_seconds(&g->sim->world);
	g->changes += g->looks++ > 0 && leader != g->leader;
	g->leader = leader;
	g->worst = fmax(g->worst, high - low);
	if (n == 1)
		judge_claims(g, at);
}

static void
fire(struct simevent *e)
{
	struct group *g = e->owner;
	struct world *w = &g->sim->world;

	look(g);
	if (world_seconds(w) + PERIOD < g->to)
		world_at(w, e, w->now + span_ns(PERIOD));
}

void
group_begin(struct group *g)
{
	g->event = (struct simevent){ .fire = fire, .owner = g };
	world_at(&g->sim->world, &g->event, span_ns(g->from));
}

bool
group_print(const struct group *g, bool all, FILE *out)
{
	bool is_bad = g->looks == 0 || g->wrong > 0 || g->changes > 0 ||
	    g->worst > g->most || g->false_claims > FALSE_MOST * g->claims;

	if (!all && !is_bad)
		return false;
	fprintf(out, "%s  group %s from %g to %g s: %s leads, not %u leaders "
	    "in %u of %u looks", is_bad ? "FAILED" : "ok", g->nodes, g->from,
	    g->to, g->leader ? g->leader->station.name : "nobody", g->leaders,
	    g->wrong, g->looks);
	if (g->wrong > 0)
		fprintf(out, " (first at %.0f s)", g->at);
	fprintf(out, ", %u changes, %.3g s apart (at most %g s), %u of %u "
	    "claims false\n", g->changes, g->worst, g->most, g->false_claims,
	    g->claims);
	return is_bad;
}
