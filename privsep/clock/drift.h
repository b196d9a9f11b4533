/* SPDX-License-Identifier: ISC
 *
 * Small files in directories that are held open, the drift file before all.  A
 * file is replaced whole or not at all (no fsync: readers reject what a crash
 * of the machine tore). */
#ifndef PRIVSEP_CLOCK_DRIFT_H
#define PRIVSEP_CLOCK_DRIFT_H

#include <stddef.h>

#include "privsep/wire_clock.h"

#define FILE_TEMP "tockd.tmp" /* what a file is called until it is whole */

/* Puts len bytes into name (mode 0644) below dir; logs a failure.  Without a
 * name it does nothing. */
void file_replace(int dir, const char *name, const void *data, size_t len);

#define DRIFT_LEN 64

/* The one line of a drift file, "%20.6f %20.6f\n": ppm and its error bound, as
 * chrony writes it.  The sign there is the other one: > 0 means that the clock
 * gains, so it is minus our correction.  Exact, since a ppt is the last digit.
 * Writes text and NUL, returns the length. */
size_t drift_text(const struct clk_drift *, char text[DRIFT_LEN]);

#endif
