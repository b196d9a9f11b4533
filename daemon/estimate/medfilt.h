/* SPDX-License-Identifier: ISC
 *
 * A median filter: several samples of a path become one, made of those whose
 * offsets lie in the middle (60 %), so that a few that are far off count for
 * nothing. */
#ifndef DAEMON_ESTIMATE_MEDFILT_H
#define DAEMON_ESTIMATE_MEDFILT_H

#include "daemon/estimate/estimate.h"

#define MEDFILT_MAX 64 /* of more samples the newest are kept */

struct medfilt {
	unsigned count; /* added since it was empty */
	struct sample ring[MEDFILT_MAX];
};

void medfilt_init(struct medfilt *);
void medfilt_add(struct medfilt *, const struct sample *);

/* The sample that stands for all, and an empty filter; there must be one at
 * least.  rate is dx/draw, s/s, by which offsets of different instants are made
 * comparable. */
struct sample medfilt_take(struct medfilt *, double rate);

#endif
