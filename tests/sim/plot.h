/* SPDX-License-Identifier: ISC
 *
 * Pictures of a simulation, SVG without any library: the error of the clock
 * (with the claim as a shade around zero) above, its frequency error below. */
#ifndef TESTS_SIM_PLOT_H
#define TESTS_SIM_PLOT_H

#include "tests/sim/judge.h"

/* Writes DIR/NAME.svg.  Returns 0 or -errno. */
int plot_write(const struct judge *, const char *dir, const char *name,
    const char *title);

#endif
