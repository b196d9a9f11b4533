/* SPDX-License-Identifier: ISC
 *
 * The engine's epoch: the whole seconds between CLOCK_REALTIME and
 * CLOCK_MONOTONIC_RAW when it started.  x (true time - raw) and c (REALTIME -
 * raw) are counted from there, so that they fit a double to 1e-11 s for weeks.
 */
#ifndef DAEMON_ENGINE_TIMESCALE_H
#define DAEMON_ENGINE_TIMESCALE_H

#include "common/tspec.h"
#include "daemon/os/os.h"

struct timescale {
	int64_t epoch_ns; /* whole seconds */
};

void timescale_init(struct timescale *, struct pair now);

/* The raw instant of a stamp. */
struct raw timescale_raw(const struct stamp *);

/* t - raw on the engine's epoch, s: of the true time when t is a server's, of
 * the clock (c) when both are ours. */
double timescale_offset(const struct timescale *, struct tspec t, struct raw);

/* The wall time that is at offset x at raw. */
struct tspec timescale_tspec(const struct timescale *, double x, struct raw);

#endif
