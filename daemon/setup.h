/* SPDX-License-Identifier: ISC
 *
 * What the engine prepares while it is still root: the guard's limits for the
 * clock, the drift file's place, the time to start from. */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include <stdbool.h>

#include "common/options.h"
#include "conf/config.h"
#include "daemon/engine/engine.h"
#include "privsep/wire_clock.h"

/* The request CLK_SETUP that says what the configuration allows. */
void setup_limits(struct clk_req *, const struct config *,
    const struct options *);

/* Where the drift record is read and written. */
struct setup_drift {
	char dir[CONFIG_PATH_MAX];  /* "" = no drift file */
	char name[CLK_DRIFT_NAME];
	int fd; /* of the existing file, opened and checked; -1 = none */
};

/* Splits c's drift file into directory and name, and opens the record that is
 * there.  A file that is no plain file is refused with a warning, without
 * waiting for it.  Returns 0, or -EINVAL after logging that the name cannot be
 * used. */
int setup_open_drift(struct setup_drift *, const struct config *c);

/* The same, but in the directory in which the clock may write: the driftfile's
 * own, or DIR_STATE_CLOCK, which is logged.  clock_uid is USER_CLOCK's. */
int setup_find_drift(struct setup_drift *, const struct config *,
    unsigned clock_uid, unsigned clock_gid);

/* The key file as it is now, opened while that cannot be refused and not yet
 * looked at; -1 = it cannot be opened, or there is none. */
int setup_open_keys(const struct config *);

/* Reads the record: the correction in ppm, > 0 speeds the clock up (chrony's
 * file has the other sign), and its error bound.  Called after the drop, closes
 * d->fd.  Returns false, after a warning, for anything that is not two finite
 * numbers within limit_ppm. */
bool setup_read_drift(struct setup_drift *, double limit_ppm, double *ppm,
    double *skew_ppm);

/* The same, for the engine's start. */
void setup_apply_drift(struct setup_drift *, const struct config *,
    struct engine_options *);

/* Where the engine's user, who has these ids, may not write in dumpdir, which
 * may be chrony's, takes DIR_STATE instead, or no dumpdir; either is logged.
 * Without uid 0 nobody knows, and nothing happens. */
void setup_place_dumps(struct config *, unsigned uid, unsigned gid);

/* The kernel's name for this boot, "" where it has none. */
void setup_boot_id(char *id, size_t size);

/* -s: what to step by, s: to the RTC's time, or to the time of the drift file's
 * last change where that is later.  0 when neither can be read. */
double setup_preset(const struct config *);

#endif
