/* SPDX-License-Identifier: ISC
 *
 * Three sieves, as RFC 5905 section 11.2 has them: who has a claim at all, who
 * is in the majority, and who of these is near enough to be combined.  The one
 * with the smallest root distance gives its name (refid, stratum); the incumbent
 * keeps it while it is about as good. */
#include "daemon/engine/selection.h"

#include <math.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/source.h"
#include "daemon/estimate/combine.h"
#include "daemon/estimate/select.h"

#define STRATUM_WEIGHT 1e-3 /* s of distance that a stratum is worth */

struct claimant {
	struct source *source;
	struct estimate estimate;
	double score; /* s, small is good */
};

/* Whether anybody answers at all: then those that do not have no vote, since
 * their claims only grow wider until they agree with everything. */
static bool
any_reachable(const struct engine *e)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->client.reach != 0 && s->has_sample)
			return true;
	return false;
}

/* The verdict of a source that has no claim, else 0. */
static int
disqualified(const struct source *s, struct raw now, bool others)
{
	if (!s->has_sample && s->client.total_valid == 0)
		return SOURCE_MISSING;
	if (s->leap == LEAP_UNSYNC || s->stratum == 0 || s->stratum > 15)
		return SOURCE_UNSYNCED;
	if (!s->has_sample)
		return SOURCE_MISSING;
	if (s->client.reach == 0 && others)
		return SOURCE_STALE;
	if (source_distance(s, now) > s->engine->config->maxdistance)
		return SOURCE_DISTANT;
	return 0;
}

static size_t
claimants(struct engine *e, struct raw now, struct claimant *who,
    struct candidate *claims)
{
	bool others = any_reachable(e);
	struct source *s;
	size_t n = 0;

	TAILQ_FOREACH(s, &e->sources, link) {
		int why = disqualified(s, now, others);
		double half;

		if (why != 0) {
			s->verdict = (enum source_verdict)why;
			continue;
		}
		if (n == SELECT_MAX ||
		    !source_claim(s, now, &who[n].estimate, &half)) {
			s->verdict = SOURCE_MISSING;
			continue;
		}
		claims[n].low = who[n].estimate.x - half;
		claims[n].high = who[n].estimate.x + half;
		who[n].source = s;
		who[n].score = half + STRATUM_WEIGHT * s->stratum;
		if (s->verdict == SOURCE_SELECTED)
			who[n].score -= e->reselectdist;
		n++;
	}
	return n;
}

/* Just after the start: the sources that have not answered yet.  They may turn
 * out to be the majority, and the first answer must not step the clock alone. */
static size_t
awaited(const struct engine *e)
{
	struct mono now = e->os->ops->mono(e->os);
	const struct source *s;
	size_t n = 0;

	if (mono_sub(now, e->started) >= SELECTION_PATIENCE)
		return 0;
	TAILQ_FOREACH(s, &e->sources, link)
		n += s->client.total_valid == 0 && !pool_is_spare(s);
	return n;
}

/* Verdicts of the claimants, of which `agree` agree and as many as `needed`
 * must; moves those that agree to the front and returns how many they are, 0
 * when they are too few. */
static size_t
judge(struct claimant *who, const struct candidate *claims, size_t n,
    size_t agree, size_t needed)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!claims[i].is_true) {
			who[i].source->verdict = SOURCE_FALSETICKER;
			continue;
		}
		who[i].source->verdict = agree < needed
		    ? SOURCE_WAITING : SOURCE_SELECTABLE;
		who[k++] = who[i];
	}
	return agree < needed ? 0 : k;
}

struct source *
selection_run(struct engine *e, struct raw now, struct estimate *fused)
{
	struct claimant who[SELECT_MAX];
	struct candidate claims[SELECT_MAX];
	struct estimate used[SELECT_MAX];
	size_t n = claimants(e, now, who, claims), used_n = 0, best = 0;
	size_t agree = select_majority(claims, n);

	size_t needed = (n + awaited(e)) / 2 + 1;
	if (needed < (size_t)e->config->minsources)
		needed = (size_t)e->config->minsources;
	n = judge(who, claims, n, agree, needed);
	if (n == 0)
		return NULL;
	for (size_t i = 1; i < n; i++)
		if (who[i].score < who[best].score)
			best = i;

	double far = who[best].score * e->config->combinelimit;
	for (size_t i = 0; i < n; i++) {
		if (i != best && who[i].score > far)
			continue;
		who[i].source->verdict =
		    i == best ? SOURCE_SELECTED : SOURCE_COMBINED;
		used[used_n++] = who[i].estimate;
	}
	*fused = combine_estimates(used, used_n);
	return who[best].source;
}

bool
selection_uses(const struct source *s)
{
	return s->verdict == SOURCE_SELECTED || s->verdict == SOURCE_COMBINED;
}
