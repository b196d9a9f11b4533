/* SPDX-License-Identifier: ISC
 *
 * What the clock role gives away.  A step that fails is logged, and the caller
 * must exit. */
#ifndef PRIVSEP_CLOCK_CONFINE_CLOCK_H
#define PRIVSEP_CLOCK_CONFINE_CLOCK_H

#include <stdbool.h>

/* First of all: every capability but SYS_TIME (that too, if *denied), dumps,
 * resources, new privileges.  Sets *denied where SYS_TIME is missing. */
bool confine_clock_drop(bool *denied);

/* Last of all: files only below the n directories (those not open are left
 * out), and the system calls of confine_clock.c. */
bool confine_clock_seal(const int *dirs, int n);

#endif
