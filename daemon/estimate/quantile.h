/* SPDX-License-Identifier: ISC
 *
 * A quantile of the last QUANTILE_RING delays of a path, exactly: for a day or
 * so at the poll intervals of the internet.  Delays that were turned away count
 * too, or it would only ever fall. */
#ifndef DAEMON_ESTIMATE_QUANTILE_H
#define DAEMON_ESTIMATE_QUANTILE_H

#define QUANTILE_RING 256
#define QUANTILE_LEAST 16 /* delays before there is one */

struct quantile {
	unsigned count, next;
	double ring[QUANTILE_RING]; /* s */
};

void quantile_init(struct quantile *);
void quantile_add(struct quantile *, double delay);

/* The p-quantile (0 < p < 1), s: a share p of the delays is not above it.  0
 * while there are fewer than QUANTILE_LEAST. */
double quantile_at(const struct quantile *, double p);

#endif
