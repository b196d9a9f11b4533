/* SPDX-License-Identifier: ISC
 *
 * The poll interval: as long as what the oscillator is going to wander until the
 * next sample stays a given part of what a sample is wrong by.  Asking more often
 * gains little then, since noise is averaged either way; asking more rarely lets
 * the wander grow with the 3/2 power of the interval. */
#ifndef DAEMON_ESTIMATE_POLLCTL_H
#define DAEMON_ESTIMATE_POLLCTL_H

struct pollctl {
	double log2s; /* of the interval in s; any real number */
};

/* log2s is where it begins. */
void pollctl_init(struct pollctl *, double log2s);

/* One more good sample.  noise: its variance, s^2; wander: the oscillator's,
 * (s/s)^2/s, both >= 0 and 0 while unknown (nothing changes then); target > 0:
 * chrony's polltarget, more means shorter intervals, 8 is usual.  The interval
 * stays between least and most, log2 s. */
void pollctl_sample(struct pollctl *, double noise, double wander,
    double target, double least, double most);

#endif
