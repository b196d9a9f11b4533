/* SPDX-License-Identifier: ISC */
#include "daemon/engine/fusion.h"

#include <assert.h>
#include <math.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/selection.h"

#define SAME_SIGMAS 3.0 /* of two frequencies that agree */
#define SURE 0.1e-6     /* s/s: how well a frequency must be known to count, if
                           the clock's own is known no worse */

struct estimate
fusion_follow(struct engine *e, struct raw now)
{
	struct fuse_source all[FUSE_MAX];
	size_t n = 0;

	/* Those that are used first: there may be too many of the others. */
	for (int is_used = 1; is_used >= 0; is_used--) {
		struct source *s;

		TAILQ_FOREACH(s, &e->sources, link) {
			struct estimate any;

			if (n == FUSE_MAX || selection_uses(s) != is_used ||
			    !s->has_sample ||
			    !estimator_at(&s->estimator, now, &any))
				continue;
			all[n++] = (struct fuse_source){ &s->estimator,
				&s->member, is_used, s->has_claim,
				source_distance(s, now), s->is_news };
		}
	}
	return fuse_samples(&e->fuse, all, n, now);
}

/* Whether most of those that contradict each other have the same frequency and
 * know it with a variance of at most pyy, and s is one of them. */
static bool
agrees_in_frequency(const struct engine *e, const struct source *s,
    struct raw now, double pyy)
{
	const struct source *o;
	struct estimate mine, other;
	size_t all = 0, same = 0;

	if (!estimator_at(&s->estimator, now, &mine) || mine.pyy > pyy)
		return false;
	TAILQ_FOREACH(o, &e->sources, link) {
		if (o->verdict != SOURCE_FALSETICKER ||
		    !estimator_at(&o->estimator, now, &other))
			continue;
		all++;
		same += other.pyy <= pyy && fabs(other.y - mine.y) <=
		    SAME_SIGMAS * sqrt(mine.pyy + other.pyy);
	}
	return same >= 2 && 2 * same > all;
}

/* What was learned while the frequency was known this badly, the constants
 * above all, is no ground to go on from: the clock is, where it is now. */
static void
forget(struct engine *e)
{
	struct source *s;

	fuse_slept(&e->fuse);
	TAILQ_FOREACH(s, &e->sources, link)
		s->member = (struct fuse_member){ .is_used = false };
}

bool
fusion_hold(struct engine *e, struct source *updated, struct pair now,
    struct estimate *held)
{
	struct fuse_source s = { &updated->estimator, &updated->member, false, true,
		source_distance(updated, now.raw), true };

	if (updated->verdict != SOURCE_FALSETICKER)
		return false;
	if (!agrees_in_frequency(e, updated, now.raw, SURE * SURE)) {
		/* 0 while the clock follows nothing. */
		if (!agrees_in_frequency(e, updated, now.raw,
			e->discipline.target.pyy))
			return false;
		forget(e);
	}
	*held = fuse_hold(&e->fuse, &s, now.raw,
	    timescale_offset(&e->scale, now.real, now.raw));
	return true;
}
