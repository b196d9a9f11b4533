/* SPDX-License-Identifier: ISC
 *
 * The smallest delay of a path, as far as it still holds: the minimum over the
 * last MINDELAY_RING samples, so that a path that became longer is believed
 * after that many. */
#ifndef DAEMON_ESTIMATE_MINDELAY_H
#define DAEMON_ESTIMATE_MINDELAY_H

#define MINDELAY_RING 64

struct mindelay {
	unsigned count, next;
	double fixed; /* s, what it is known to be; 0 = measured */
	double ring[MINDELAY_RING]; /* s */
};

void mindelay_init(struct mindelay *);
/* From now on the minimum is this; 0 = measured. */
void mindelay_fix(struct mindelay *, double delay);

void mindelay_add(struct mindelay *, double delay);

/* The minimum (0 without samples), and how sure it is: half the distance of the
 * smallest to the fourth smallest delay, half the smallest with fewer. */
double mindelay_min(const struct mindelay *);
double mindelay_margin(const struct mindelay *);

#endif
