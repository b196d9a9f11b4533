/* SPDX-License-Identifier: ISC
 *
 * The recent samples of a source, for the reports (what chronyc's sourcestats
 * shows) and for the next run (dumpdir).  Nothing is steered by these. */
#ifndef DAEMON_ESTIMATE_STATS_H
#define DAEMON_ESTIMATE_STATS_H

#include "daemon/estimate/estimate.h"

#define STATS_RING 64

struct stats {
	unsigned count, next;
	struct sample ring[STATS_RING];
};

struct stats_report {
	unsigned samples, runs; /* runs of residuals of one sign */
	double span;            /* s from the oldest to the newest */
};

void stats_init(struct stats *);
void stats_add(struct stats *, const struct sample *);

/* The ith sample, 0 the oldest; i < count. */
const struct sample *stats_sample(const struct stats *, unsigned i);

/* Counts the samples against the line through e. */
struct stats_report stats_report(const struct stats *,
    const struct estimate *e);

#endif
