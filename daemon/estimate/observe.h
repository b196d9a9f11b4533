/* SPDX-License-Identifier: ISC
 *
 * What a sample says about x: the likelihood p(z | delay, x), by five models.
 * All are normalised over z, so that how well each foretells the samples can be
 * compared, and evidence decides between them (daemon/estimate/bank.h).
 *
 *   gauss    z - x is normal: a link with much random delay has no sharp
 *            minimum, and the delay of a sample says little.  A few in a hundred
 *            are off by several times as much.
 *   box      z - x is anything up to half the delay above the minimum, h, in
 *            either direction, with soft edges: nothing else is known.
 *   learned  the two waits, h + (z - x) on the way to the server and h - (z - x)
 *            on the way back, have distributions that were learned from this
 *            path (daemon/estimate/oneway.h).
 *   loose    as box, but what the noise has, too, makes it wider.
 *   graded   z - x is normal, and the less a sample waited the nearer it is: a
 *            handful of samples that say little of waits say that already.
 */
#ifndef DAEMON_ESTIMATE_OBSERVE_H
#define DAEMON_ESTIMATE_OBSERVE_H

#include <stdbool.h>

enum observe_model {
	OBSERVE_GAUSS,
	OBSERVE_BOX,
	OBSERVE_LEARNED,
	OBSERVE_LOOSE,
	OBSERVE_GRADED,
	OBSERVE_MODELS,
};

/* A generalised Pareto distribution of waits: exponential for shape 0, with a
 * heavier tail above. */
struct wait_law {
	double scale; /* s, > 0 */
	double shape; /* 0..0.75 */
};

struct observation {
	double z;       /* the sample's offset, s */
	double centred; /* z less what its delay says of its mean error, s */
	double noise;   /* variance of centred - x, s^2, > 0 */
	double graded;  /* the same by the delay of this sample */
	double half;    /* h, s: half of the delay above the minimum, >= 0 */
	double margin;  /* s, > 0: how sure the minimum is */
	double below;   /* s, >= 0: half of what the true minimum is taken to be
	                   below the one that was seen, by the learned laws */
	bool is_learned; /* up and down are valid; else the box stands in */
	struct wait_law up, down;
	double log_norm; /* ln of the learned model's integral over z */
	double unsure; /* s^2: z is off by something with this variance, too,
	                  that has nothing to do with x or delays; the bank's
	                  to mind */
};

/* Fills in log_norm from the rest. */
void observe_prepare(struct observation *);

/* What a model makes of an observation where x was normal with this mean and
 * variance: the evidence, a density in 1/s (0: impossible), and mean and
 * variance of x afterwards. */
struct verdict {
	double evidence, mean, var;
};
struct verdict observe_sample(enum observe_model,
    const struct observation *, double mean, double var);

#endif
