/* SPDX-License-Identifier: ISC
 *
 * What a packet that came unasked says of true time.
 *
 * It brings one difference, z = its time - raw, which is x less the time that
 * it was under way.  That lag is measured where an exchange with the same server,
 * a volley, lies next to it: x by the exchange less z.  The median of the last
 * ones is taken; they share what the exchanges cannot see, an asymmetry of up to
 * half their delay.
 *
 * Nobody can tell a packet that was held up, by the network or by somebody who
 * wants to, from a server whose clock went back.  So no packet counts that lies
 * further from what the best volley foretells than that one's own error bound
 * and what our oscillator may have wandered since; and how far they strayed is
 * in the error bound of those that count.  Values in, values out. */
#ifndef DAEMON_ESTIMATE_UNASKED_H
#define DAEMON_ESTIMATE_UNASKED_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"

#define UNASKED_LAGS 8  /* that the median is of */
#define UNASKED_LEAST 3 /* before there is one */
#define UNASKED_NEXT 4.0 /* s: what counts as next to a volley */

struct unasked {
	bool has_volley;
	struct sample last;    /* the newest volley */
	struct sample best;    /* the one that bounds x best by now */
	double wander;         /* s/s, by which bounds grow */
	double stray;          /* s, the furthest from it since */
	unsigned n, next, turn;
	struct {
		double lag;    /* s */
		double delay;  /* s, of its volley */
	} lags[UNASKED_LAGS];
	bool has_packet;       /* the newest: */
	struct raw at;
	double z;              /* s */
	bool is_in_lags;       /* the last one there is its */
};

void unasked_init(struct unasked *, double wander);

/* A two-way sample.  belief: what is known of our oscillator then. */
void unasked_volley(struct unasked *, const struct sample *,
    const struct estimate *belief);

enum unasked_verdict {
	UNASKED_SAMPLE, /* *out is one */
	UNASKED_EARLY,  /* the lag is not known yet */
	UNASKED_STRAY,  /* it cannot have come at once: nothing is learned */
};

/* A packet whose time was z at raw. */
enum unasked_verdict unasked_packet(struct unasked *, double z, struct raw at,
    const struct estimate *belief, struct sample *out);

/* Whether more lags are wanted than there are. */
bool unasked_wants_volley(const struct unasked *);

#endif
