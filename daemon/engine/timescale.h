/* SPDX-License-Identifier: ISC
 *
 * The engine's epoch: the whole seconds between true time and
 * CLOCK_MONOTONIC_RAW, as the first answer of a server has it (the clock may be
 * decades off).  x (true time - raw) and c (REALTIME - raw) are counted from
 * there, so that they fit a double to 1e-11 s for weeks. */
#ifndef DAEMON_ENGINE_TIMESCALE_H
#define DAEMON_ENGINE_TIMESCALE_H

#include <stdbool.h>

#include "common/tspec.h"
#include "daemon/os/os.h"

struct timescale {
	int64_t epoch_ns; /* whole seconds */
	bool is_settled;  /* there is a sample: it must not change any more */
};

void timescale_init(struct timescale *, struct pair now);

/* The first sample will be of true time t at raw; later calls do nothing. */
void timescale_settle(struct timescale *, struct tspec t, struct raw);

/* The raw instant of a stamp. */
struct raw timescale_raw(const struct stamp *);

/* t - raw on the engine's epoch, s: of the true time when t is a server's, of
 * the clock (c) when both are ours. */
double timescale_offset(const struct timescale *, struct tspec t, struct raw);

/* The wall time that is at offset x at raw. */
struct tspec timescale_tspec(const struct timescale *, double x, struct raw);

#endif
