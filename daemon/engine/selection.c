/* SPDX-License-Identifier: ISC
 *
 * Sieves, after RFC 5905 section 11.2: who has a claim at all (standing.c), who
 * is in the majority, whether these are enough, who of them is preferred, and
 * who of these is near enough to be combined.
 *
 * The best one gives its name (refid, stratum).  It is the nearest one when
 * there was none before; later another takes over when it has been nearer often
 * and clearly enough: each of its samples multiplies its score, which is never
 * below 1, by the ratio of the distances. */
#include "daemon/engine/selection.h"

#include <math.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/orphan.h"
#include "daemon/engine/standing.h"
#include "daemon/estimate/select.h"
#include "daemon/wire/refid.h"

#define TAKE_OVER 10.0 /* score */

struct claimant {
	struct source *source;
	struct estimate estimate;
	double distance; /* s */
};

static size_t
collect_claims(struct engine *e, struct raw now, struct claimant *who,
    struct candidate *claims)
{
	struct source *s;
	size_t n = 0;

	TAILQ_FOREACH(s, &e->sources, link) {
		double half;

		if (!s->has_claim)
			continue;
		if (n == SELECT_MAX ||
		    !source_claim(s, now, &who[n].estimate, &half)) {
			s->verdict = SOURCE_MISSING;
			continue;
		}
		who[n].source = s;
		who[n].distance = half;
		claims[n].low = who[n].estimate.x - half;
		claims[n].high = who[n].estimate.x + half;
		claims[n].is_trusted = (s->options & SELECT_TRUST) != 0;
		n++;
	}
	return n;
}

/* Gives these a verdict; nobody is left. */
static size_t
all_are(struct claimant *who, size_t n, enum source_verdict v)
{
	for (size_t i = 0; i < n; i++)
		who[i].source->verdict = v;
	return 0;
}

/* Moves those that agree with the majority to the front and returns how many
 * they are; 0 while those that have not answered yet may be more. */
static size_t
sift_truth(const struct engine *e, struct claimant *who,
    struct candidate *claims, size_t n)
{
	struct standing_awaited awaited = standing_awaited(e);
	size_t agree = select_majority(claims, n), trusted = 0, k = 0;

	for (size_t i = 0; i < n; i++)
		trusted += claims[i].is_trusted;
	for (size_t i = 0; i < n; i++) {
		if (!claims[i].is_true)
			who[i].source->verdict = SOURCE_FALSETICKER;
		else if (claims[i].is_vague)
			who[i].source->verdict = SOURCE_UNTRUSTED;
		else
			who[k++] = who[i];
	}

	size_t trusted_agree = 0;
	for (size_t i = 0; i < k; i++)
		trusted_agree += (who[i].source->options & SELECT_TRUST) != 0;
	if (trusted > 0 ? 2 * trusted_agree <= trusted + awaited.trusted
			: awaited.trusted > 0 || 2 * agree <= n + awaited.all)
		return all_are(who, k, SOURCE_AWAITING);
	return k;
}

/* 0 unless the n that agree are as many as minsources wants, and one of them
 * is required if any source is.  But an orphan follows one other, and no vote. */
static size_t
sift_enough(const struct engine *e, struct claimant *who, size_t n)
{
	bool is_wanted = false, is_here = false;
	const struct source *s;

	if (n > 0 && orphan_is_mate(who[0].source))
		return n;
	TAILQ_FOREACH(s, &e->sources, link)
		is_wanted |= (s->options & SELECT_REQUIRE) != 0 &&
		    (s->options & SELECT_NOSELECT) == 0;
	for (size_t i = 0; i < n; i++)
		is_here |= (who[i].source->options & SELECT_REQUIRE) != 0;
	if (n < (size_t)e->config->minsources || (is_wanted && !is_here))
		return all_are(who, n, SOURCE_WAITING);
	return n;
}

/* Those with the option prefer, where there are any. */
static size_t
sift_preferred(struct claimant *who, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += (who[i].source->options & SELECT_PREFER) != 0;
	if (k == 0)
		return n;
	k = 0;
	for (size_t i = 0; i < n; i++)
		if ((who[i].source->options & SELECT_PREFER) != 0)
			who[k++] = who[i];
		else
			who[i].source->verdict = SOURCE_UNPREFERRED;
	return k;
}

static double
ranked(const struct engine *e, const struct claimant *c)
{
	return c->distance +
	    e->config->stratumweight * source_stratum(c->source);
}

static size_t
nearest(const struct engine *e, const struct claimant *who, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (ranked(e, &who[i]) < ranked(e, &who[best]))
			best = i;
	return best;
}

/* The score of the one with a new sample, against the incumbent. */
static void
update_score(const struct engine *e, const struct claimant *c, double incumbent)
{
	struct source *s = c->source;

	s->score = fmax(1, s->score * incumbent /
	    (ranked(e, c) + e->reselectdist));
}

static size_t
choose_best(struct engine *e, const struct claimant *who, size_t n)
{
	size_t best = n;
	struct source *s;

	for (size_t i = 0; i < n; i++)
		if (who[i].source == e->selected)
			best = i;
	if (best < n) {
		double incumbent = ranked(e, &who[best]);

		for (size_t i = 0; i < n; i++)
			if (i != best && who[i].source->is_news)
				update_score(e, &who[i], incumbent);
		for (size_t i = 0; i < n; i++)
			if (who[i].source->score > TAKE_OVER)
				best = i;
	} else {
		best = nearest(e, who, n);
	}
	if (who[best].source != e->selected)
		TAILQ_FOREACH(s, &e->sources, link)
			s->score = 1;
	e->selected = who[best].source;
	return best;
}

/* Whether this one, further down, only repeats what another of them says, or is
 * a peer, which may have it from us: two machines that also ask each other would
 * soon believe their own echo more than their servers, and walk away together. */
static bool
is_echo(const struct claimant *who, size_t n, const struct source *s)
{
	for (size_t i = 0; i < n; i++)
		if (who[i].source->stratum < s->stratum &&
		    (s->symmetric != NULL ||
		    refid_of(&who[i].source->remote.addr) == s->refid))
			return true;
	return false;
}

struct source *
selection_run(struct engine *e, struct raw now)
{
	struct claimant who[SELECT_MAX];
	struct candidate claims[SELECT_MAX];

	standing_options(e);
	standing_review(e, now);
	size_t n = collect_claims(e, now, who, claims);
	n = sift_truth(e, who, claims, n);
	n = sift_enough(e, who, n);
	n = sift_preferred(who, n);
	if (n == 0)
		return NULL;

	size_t best = choose_best(e, who, n);
	double far = who[best].distance * e->config->combinelimit;
	for (size_t i = 0; i < n; i++) {
		enum source_verdict *v = &who[i].source->verdict;

		*v = i == best ? SOURCE_SELECTED :
		    who[i].distance > far || is_echo(who, n, who[i].source) ?
		    SOURCE_SELECTABLE : SOURCE_COMBINED;
	}
	return who[best].source;
}

void
selection_forget(struct engine *e)
{
	e->selected = NULL;
}

bool
selection_uses(const struct source *s)
{
	return s->verdict == SOURCE_SELECTED || s->verdict == SOURCE_COMBINED;
}

void
selection_describe(const struct source *s, struct pair now,
    struct selection_report *r)
{
	struct estimate e;
	double half;

	*r = (struct selection_report){
		.verdict = s->verdict,
		.is_authenticated = source_is_authenticated(s),
		.leap = s->leap,
		.configured = s->conf.select,
		.effective = s->options,
		.score = s->score,
	};
	if (!source_claim(s, now.raw, &e, &half))
		return;
	double error = e.x -
	    timescale_offset(&s->engine->scale, now.real, now.raw);
	r->has_sample = true;
	r->ago = fmax(raw_sub(now.raw, s->last.at), 0);
	r->low = error - half;
	r->high = error + half;
}
