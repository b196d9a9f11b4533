/* SPDX-License-Identifier: ISC
 *
 * One estimate from several that agree: a mean weighted by precision, with a
 * variance between the sources that is estimated from how much they differ
 * (DerSimonian and Laird 1986), so that servers that are wrong by more than
 * their noise count alike. */
#ifndef DAEMON_ESTIMATE_COMBINE_H
#define DAEMON_ESTIMATE_COMBINE_H

#include <stddef.h>

#include "daemon/estimate/estimate.h"

/* e[0..n-1], n >= 1, all as of the same instant.  pxx, pyy must be > 0. */
struct estimate combine_estimates(const struct estimate *e, size_t n);

#endif
