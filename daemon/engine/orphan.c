/* SPDX-License-Identifier: ISC */
#include "daemon/engine/orphan.h"

#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "daemon/engine/standing.h"
#include "daemon/wire/refid.h"

#define STEPS 16 /* from a server to the time that it follows */

static bool
is_on(const struct engine *e)
{
	return e->local.is_on && e->local.is_orphan;
}

bool
orphan_is_mate(const struct source *s)
{
	const struct engine *e = s->engine;

	return is_on(e) && s->stratum >= (unsigned)e->local.stratum;
}

bool
orphan_is_led(const struct engine *e)
{
	const struct source *s = e->selected;

	return s != NULL && s->verdict == SOURCE_SELECTED &&
	    orphan_is_mate(s) && standing_is_reachable(s);
}

/* Where mates know us by several addresses, the smallest counts: then an ID
 * that is smaller than ours is smaller than all of them.  0 if none is known. */
static uint32_t
own_id(const struct engine *e)
{
	const struct source *s;
	uint32_t least = 0;

	TAILQ_FOREACH(s, &e->sources, link) {
		const struct addr *own = &s->client.last.local;
		uint32_t id = refid_of(own);

		if (orphan_is_mate(s) && own->family != ADDR_NONE &&
		    (least == 0 || id < least))
			least = id;
	}
	return least;
}

static bool
is_nearer(const struct source *a, const struct source *b)
{
	if (b == NULL || a->stratum != b->stratum)
		return b == NULL || a->stratum < b->stratum;
	return refid_of(&a->remote.addr) < refid_of(&b->remote.addr);
}

/* Whom to follow; NULL: nobody. */
static struct source *
find_guide(const struct engine *e, struct raw now)
{
	bool is_leader = reference_is_ready(e, now) && !orphan_is_led(e);
	uint32_t own = own_id(e);
	struct source *s, *best = NULL;

	TAILQ_FOREACH(s, &e->sources, link) {
		bool leads = s->stratum == (unsigned)e->local.stratum;

		if (!s->has_claim || !orphan_is_mate(s) ||
		    !standing_is_reachable(s))
			continue;
		if (is_leader && !leads) /* it may follow us */
			continue;
		if (refid_of(&s->remote.addr) >= own && (is_leader || !leads))
			continue;
		if (is_nearer(s, best))
			best = s;
	}
	return best;
}

/* A source with real time that is not too far away for `distance`, and does not
 * come back from before a mate was followed. */
static bool
is_real(const struct source *s, struct raw now)
{
	const struct engine *e = s->engine;

	return s->has_claim && !orphan_is_mate(s) &&
	    source_distance(s, now) < e->local.distance &&
	    (!e->reference.was_led || standing_is_reachable(s));
}

static bool
has_real(const struct engine *e, struct raw now)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (is_real(s, now))
			return true;
	return false;
}

/* The last guide, which is silent: until our turn has come, we go on from what
 * it said. */
static bool
is_remembered(const struct source *s)
{
	return s == s->engine->selected && s->engine->reference.was_led &&
	    !standing_is_reachable(s);
}

/* Whom s follows, if we ask that one, too. */
static const struct source *
guide_of(const struct source *s)
{
	uint32_t refid = s->client.last.packet.refid;
	const struct source *o;

	if (s->stratum <= 1)
		return NULL;
	TAILQ_FOREACH(o, &s->engine->sources, link)
		if (refid_of(&o->remote.addr) == refid &&
		    o->client.unanswered < SOURCE_LOST_POLLS)
			return o;
	return NULL;
}

/* Whether s follows us, through others that we ask, too. */
static bool
leads_back(const struct source *s)
{
	for (unsigned i = 0; i < STEPS && s != NULL && !s->has_no_time; i++)
		s = guide_of(s);
	return s != NULL;
}

/* What takes a source its claim, else 0. */
static int
disqualified(const struct source *s, bool has_real, const struct source *guide)
{
	if (!s->has_claim || s == guide)
		return 0;
	if (orphan_is_mate(s))
		return has_real || guide != NULL || !is_remembered(s) ?
		    SOURCE_ORPHAN : 0;
	if (guide != NULL)
		return SOURCE_DISTANT;
	return s->engine->reference.was_led && !standing_is_reachable(s) ?
	    SOURCE_STALE : 0;
}

void
orphan_review(struct engine *e, struct raw now)
{
	const struct source *guide;
	struct source *s;
	bool is_real;

	if (!is_on(e))
		return;
	TAILQ_FOREACH(s, &e->sources, link)
		if (s->has_claim && leads_back(s)) {
			s->has_claim = false;
			s->verdict = SOURCE_ORPHAN;
		}
	is_real = has_real(e, now);
	guide = is_real ? NULL : find_guide(e, now);
	TAILQ_FOREACH(s, &e->sources, link) {
		int why = disqualified(s, is_real, guide);

		if (why == 0)
			continue;
		s->has_claim = false;
		s->verdict = (enum source_verdict)why;
	}
}
