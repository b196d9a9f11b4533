/* SPDX-License-Identifier: ISC
 *
 * The poll interval: as long as the estimate then still rests on about a
 * wanted number of samples.  Where noise rules, many samples are averaged and
 * may come less often; where the oscillator's wander rules, few are in use and
 * more are wanted. */
#ifndef DAEMON_ESTIMATE_POLLCTL_H
#define DAEMON_ESTIMATE_POLLCTL_H

struct pollctl {
	double score; /* -1..1 */
};

void pollctl_init(struct pollctl *);

/* One more good sample.  in_use: how many the estimate rests on; target > 0: how
 * many it should.  Returns by how much log2 of the interval changes: -1, 0, 1. */
int pollctl_sample(struct pollctl *, double in_use, double target);

#endif
