/* SPDX-License-Identifier: ISC
 *
 * One clock from several sources.  They share an oscillator, and each knows true
 * time but for a constant of its own: half the asymmetry of its path, and what
 * its server is wrong by.  So there is a joint bank that learns from every
 * sample of every source that is used, less that source's constant; more samples
 * a minute show more of the oscillator than any source alone.
 *
 * The constants are measured against the mean of the sources' own estimates,
 * never against the joint bank: that would confirm whatever it believes.  In the
 * mean a source weighs by its precision, with a variance between the sources
 * that is estimated from how much they differ (DerSimonian and Laird 1986): as
 * soon as they disagree by more than their noise, it counts how near they are,
 * since a path can be lopsided by no more than its delay.
 *
 * When the sources are no majority any more, their constants are frozen and the
 * joint bank goes on: the frequency is followed, nobody moves the offset. */
#ifndef DAEMON_ESTIMATE_FUSE_H
#define DAEMON_ESTIMATE_FUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/estimate/bank.h"
#include "daemon/estimate/estimator.h"

#define FUSE_MAX 256 /* sources */

/* What is kept of each source; all 0 at first and for a new address. */
struct fuse_member {
	bool is_used;      /* was, the last time */
	double weight;     /* in the mean; those of all used ones sum to 1 */
	double average;    /* s, its estimate less the mean */
	double constant;   /* s, what of that is taken to be so */
	double unsure;     /* s^2, variance of the constant */
	unsigned measured; /* samples that the average is of */
	unsigned astray;   /* in a row that do not fit it */
	unsigned learned;  /* the estimator's count at the last sample that the
	                      joint bank was shown */
};

struct fuse {
	bool is_running;   /* the joint bank */
	struct bank joint;
	double between;    /* variance between the sources, in parts of their
	                      distances squared */
	double lean;       /* s, of the mean, by the constants */
	double shift;      /* s, that keeps it where it was before others counted */
	double noise;      /* s^2, variance of the last estimate by what scatters
	                      alone: without what no sample can tell */
	unsigned samples;
	unsigned astray;   /* in a row with the joint bank far from the mean */
};

struct fuse_source {
	const struct estimator *estimator; /* with a sample */
	struct fuse_member *member;
	bool is_used;      /* selected, and near enough to count */
	bool is_heard;     /* has a word in where most are */
	double distance;   /* s, > 0: what it may be off by at most */
	bool is_new;       /* may have taken in a sample since the last time */
};

void fuse_init(struct fuse *);

/* RAW stood still: the joint bank is void, and begins anew with what a source
 * has learned.  The members are to be all 0 again. */
void fuse_slept(struct fuse *);

/* At least one of the n sources is used.  Returns what all say together at `at`,
 * which is not before any sample; pxx includes what the sources' disagreement
 * leaves open. */
struct estimate fuse_samples(struct fuse *, const struct fuse_source *,
    size_t n, struct raw at);

/* The same while no source can be selected, for a source that may have taken
 * in a sample.  x is where the clock is now: it stays, if nobody ever was
 * selected. */
struct estimate fuse_hold(struct fuse *, const struct fuse_source *,
    struct raw at, double x);

#endif
