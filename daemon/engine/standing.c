/* SPDX-License-Identifier: ISC */
#include "daemon/engine/standing.h"

#include <math.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/orphan.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"

/* Heard unasked, and has not answered: who sends a packet again makes one, so it
 * is not waited for, and being signed does not have others count less. */
static bool
is_stranger(const struct source *s)
{
	return s->heard != NULL && s->client.total_good == 0;
}

void
standing_options(struct engine *e)
{
	bool has_plain = false, has_auth = false;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link) {
		s->options = is_stranger(s) ? SELECT_NOSELECT : s->conf.select;
		if ((s->options & SELECT_NOSELECT) != 0)
			continue;
		if (source_is_authenticated(s))
			has_auth = true;
		else
			has_plain = true;
	}

	unsigned plain = 0, auth = 0;
	switch (e->config->authselectmode) {
	case AUTHSELECT_MIX:
		if (has_plain && has_auth)
			auth = SELECT_TRUST | SELECT_REQUIRE;
		break;
	case AUTHSELECT_PREFER:
		if (has_auth)
			plain = SELECT_NOSELECT;
		break;
	case AUTHSELECT_REQUIRE:
		plain = SELECT_NOSELECT;
		break;
	default:
		return;
	}
	TAILQ_FOREACH(s, &e->sources, link)
		s->options |= source_is_authenticated(s) ? auth : plain;
}

bool
standing_is_reachable(const struct source *s)
{
	return s->client.reach != 0 && !s->conf.offline;
}

bool
standing_is_lost(const struct source *s)
{
	return s->client.unanswered >=
	    SOURCE_LOST_POLLS + (unsigned)s->conf.maxunreach;
}

/* The verdict of a source that has no claim by itself, else 0. */
static int
disqualified(const struct source *s, struct raw now)
{
	const struct config *config = s->engine->config;
	int stratum = (int)source_stratum(s);

	if ((s->options & SELECT_NOSELECT) != 0)
		return SOURCE_NOSELECT;
	if (!s->has_sample && s->client.total_valid == 0)
		return SOURCE_MISSING;
	if (s->leap == LEAP_UNSYNC || s->stratum == 0 || s->stratum > 15 ||
	    s->has_no_time)
		return SOURCE_UNSYNCED;
	if (!s->has_sample)
		return SOURCE_MISSING;
	if (stratum < config->minstratum || stratum > config->maxstratum)
		return SOURCE_STRATUM;
	if (source_distance(s, now) > config->maxdistance)
		return SOURCE_DISTANT;
	if (source_jitter(s) > config->maxjitter)
		return SOURCE_JITTERY;
	return standing_is_lost(s) ? SOURCE_STALE : 0;
}

/* Where anybody answers, those that do not have no vote, since their claims
 * only grow wider until they agree with everything. */
void
standing_review(struct engine *e, struct raw now)
{
	bool any_reachable = false;
	struct source *s;

	TAILQ_FOREACH(s, &e->sources, link) {
		int why = disqualified(s, now);

		s->has_claim = why == 0;
		if (why != 0)
			s->verdict = (enum source_verdict)why;
	}
	orphan_review(e, now);
	TAILQ_FOREACH(s, &e->sources, link)
		any_reachable |= s->has_claim && standing_is_reachable(s);
	TAILQ_FOREACH(s, &e->sources, link)
		if (s->has_claim && any_reachable && !standing_is_reachable(s)) {
			s->verdict = SOURCE_STALE;
			s->has_claim = false;
		}
}

/* After sleep nobody has spoken yet; but who was silent before is not waited
 * for. */
static bool
is_awaited(const struct source *s)
{
	bool has_spoken = s->client.total_valid != 0 &&
	    (s->has_sample || !s->estimator.has_slept);

	return !has_spoken && s->client.unanswered < SOURCE_LOST_POLLS;
}

struct standing_awaited
standing_awaited(const struct engine *e)
{
	struct standing_awaited r = { 0, 0 };
	const struct source *s;

	if (e->os->ops->mono(e->os).ns >= e->patient_until.ns)
		return r;
	TAILQ_FOREACH(s, &e->sources, link) {
		if (!is_awaited(s) || pool_is_spare(s) ||
		    s->conf.offline || (s->options & SELECT_NOSELECT) != 0)
			continue;
		r.all++;
		r.trusted += (s->options & SELECT_TRUST) != 0;
	}
	return r;
}
