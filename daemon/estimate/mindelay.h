/* SPDX-License-Identifier: ISC
 *
 * The smallest delay of a path, as far as it still holds.
 *
 * What a sample's delay has above the minimum was spent waiting, so the minimum
 * is what makes a delay say something about an offset.  It is taken over the
 * last MINDELAY_RING samples, and forgotten at once when the path changed: when
 * a delay comes that is far below it, or when the floor of the recent ones rose
 * by more than their spread explains. */
#ifndef DAEMON_ESTIMATE_MINDELAY_H
#define DAEMON_ESTIMATE_MINDELAY_H

#include <stdbool.h>

#define MINDELAY_RING 512
#define MINDELAY_RECENT 16 /* samples that tell whether the floor rose */

struct mindelay {
	unsigned count, next;
	double ring[MINDELAY_RING];   /* s, in order of arrival */
	double sorted[MINDELAY_RING]; /* the same, ascending */
	double old_spread; /* s, median - minimum before the path changed */
};

enum mindelay_change {
	MINDELAY_SAME,
	MINDELAY_SHORTER, /* only the newest delay was kept */
	MINDELAY_LONGER,  /* only the MINDELAY_RECENT last were kept */
};

void mindelay_init(struct mindelay *);

/* delay > 0, finite. */
enum mindelay_change mindelay_add(struct mindelay *, double delay);

/* The minimum, 0 without samples. */
double mindelay_min(const struct mindelay *);

/* How sure the minimum is, s: half the distance from the smallest to the fourth
 * smallest delay, with less to go by a guess on the safe side; > 0 when there
 * is a sample. */
double mindelay_margin(const struct mindelay *);

/* How lopsided the delays are, from -1 to 1: Bowley's coefficient with deciles,
 * 0 for a symmetric distribution, 0.46 for an exponential one. */
double mindelay_skew(const struct mindelay *);

/* The mean of what the middle half of the delays has above the minimum, s. */
double mindelay_usual(const struct mindelay *);

#endif
