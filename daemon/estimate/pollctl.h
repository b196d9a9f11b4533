/* SPDX-License-Identifier: ISC
 *
 * The poll interval: as long as what the oscillator is going to wander until the
 * next sample stays a given part of what a sample is wrong by.  Asking more often
 * gains little then, since noise is averaged either way; asking more rarely lets
 * the wander grow with the 3/2 power of the interval.  One packet more buys less
 * where there are many already, so intervals far from the middle go towards it.
 *
 * Or, the other way round: as long as a given error allows.  The standard error
 * of the offset, as the filters foretell it, grows until the next sample; the
 * interval ends where it reaches that error. */
#ifndef DAEMON_ESTIMATE_POLLCTL_H
#define DAEMON_ESTIMATE_POLLCTL_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"

struct pollctl {
	double log2s; /* of the interval in s; any real number */
	bool is_missed;    /* pollctl_hold: not even the shortest is enough */
	unsigned contrary; /* samples in a row that say the opposite */
};

/* log2s is where it begins. */
void pollctl_init(struct pollctl *, double log2s);

/* Goes to another interval. */
void pollctl_set(struct pollctl *, double log2s);

/* One more good sample.  noise: its variance, s^2; wander: the oscillator's,
 * (s/s)^2/s, both >= 0 and 0 while unknown (nothing changes then); target > 0:
 * chrony's polltarget, more means shorter intervals, 8 is usual.  The interval
 * stays between least and most, log2 s. */
void pollctl_sample(struct pollctl *, double noise, double wander,
    double target, double least, double most);

/* One more good sample, with error, s, > 0, to be held until the next one, which
 * takes so many polls; e: what is believed now.  The interval is the longest
 * between least and most for which the forecast is no more than error, but at
 * most twice what it was.  MISSED or HELD: for some time now it cannot, or can
 * again, be held with the shortest interval. */
enum pollctl_news {
	POLLCTL_NO_NEWS,
	POLLCTL_MISSED,
	POLLCTL_HELD,
};
enum pollctl_news pollctl_hold(struct pollctl *, const struct estimate *e,
    double wander, double error, double polls, double least, double most);

#endif
