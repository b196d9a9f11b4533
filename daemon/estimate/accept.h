/* SPDX-License-Identifier: ISC
 *
 * Which delays are acceptable: tests A, B and C of chrony's measurements log.
 * They are the administrator's; a limit of 0 is off (but for max).  Values in,
 * values out. */
#ifndef DAEMON_ESTIMATE_ACCEPT_H
#define DAEMON_ESTIMATE_ACCEPT_H

#include "daemon/estimate/estimate.h"

/* The bits of chrony's ntpdata report. */
enum accept_test {
	ACCEPT_DELAY = 1 << 3,     /* A: a plausible packet and delay at all */
	ACCEPT_RATIO = 1 << 2,     /* B: against the smallest delay */
	ACCEPT_DEVIATION = 1 << 1, /* C: against the offsets' deviation, or the
	                              quantile of the delays */
	ACCEPT_ALL = ACCEPT_DELAY | ACCEPT_RATIO | ACCEPT_DEVIATION,
};

struct accept_limits {
	double max;       /* s */
	double ratio;     /* delay / smallest */
	double devratio;  /* (delay - smallest) / standard deviation */
	double quantile;  /* 0..1; replaces devratio */
};

/* What is known of the path; 0 = nothing yet. */
struct accept_path {
	double min_delay; /* s */
	double std_dev;   /* s, of the offsets */
	double quantile;  /* s, of the delays */
};

/* The bits of enum accept_test that s passes.  held is how long the server had
 * the packet, s; reading its clock is in s->dispersion. */
unsigned accept_sample(const struct accept_limits *, const struct accept_path *,
    const struct sample *s, double held);

#endif
