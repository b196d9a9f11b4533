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
	double fixed; /* s, what the minimum is known to be; 0: measured */
	unsigned count, next;
	double ring[MINDELAY_RING];   /* s, in order of arrival */
	double sorted[MINDELAY_RING]; /* the same, ascending */
	double trust; /* see below */
	bool was_shaped;
	double old_spread; /* s, median - minimum before the path changed */
};

enum mindelay_change {
	MINDELAY_SAME,
	MINDELAY_SHORTER, /* only the newest delay was kept */
	MINDELAY_LONGER,  /* only the MINDELAY_RECENT last were kept */
};

void mindelay_init(struct mindelay *);

/* From now on the minimum is this; 0: measured. */
void mindelay_fix(struct mindelay *, double delay);

/* delay > 0, finite. */
enum mindelay_change mindelay_add(struct mindelay *, double delay);

/* The minimum, 0 without samples. */
double mindelay_min(const struct mindelay *);

/* How sure the minimum is, s: a third of the distance from the smallest to the
 * fourth smallest delay, or half of that to the next, if that is more: one stamp
 * may have erred.  With less to go by a guess on the safe side; > 0 when there is
 * a sample.  A minimum that is known is sure. */
double mindelay_margin(const struct mindelay *);

/* By how much half of the delays exceed the minimum at most, s. */
double mindelay_usual(const struct mindelay *);

/* Whether the minimum is a floor, from which waiting adds (1), or the tail of a
 * scatter about a mean that no packet ever waited less than (0). */
double mindelay_trust(const struct mindelay *);

/* The delay, s, that offsets are extrapolated to: of the last delays the minimum
 * where it is a floor, the mean of the middle half where it is none.  The path
 * may have drifted away from the minimum of all. */
double mindelay_rest(const struct mindelay *);

#endif
