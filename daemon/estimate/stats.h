/* SPDX-License-Identifier: ISC
 *
 * The recent samples of a source, for the reports only: what chronyc's
 * sourcestats shows.  Nothing is steered by these numbers. */
#ifndef DAEMON_ESTIMATE_STATS_H
#define DAEMON_ESTIMATE_STATS_H

#include "daemon/estimate/estimate.h"

#define STATS_RING 64

struct stats {
	unsigned count, next;
	struct {
		struct raw at;
		double offset; /* z, s */
	} ring[STATS_RING];
};

struct stats_report {
	unsigned samples, runs; /* runs of residuals of one sign */
	double span;            /* s from the oldest to the newest */
	double std_dev;         /* s, of the residuals; 4.0 with < 3 samples, as
	                           chronyd reports it */
};

void stats_init(struct stats *);
void stats_add(struct stats *, const struct sample *);

/* Measures the samples against the line through e. */
struct stats_report stats_report(const struct stats *,
    const struct estimate *e);

#endif
