/* SPDX-License-Identifier: ISC
 *
 * What the clock role gives away.  A step that fails is logged, and the caller
 * must exit. */
#ifndef PRIVSEP_CLOCK_CONFINE_CLOCK_H
#define PRIVSEP_CLOCK_CONFINE_CLOCK_H

#include <stdbool.h>

/* First of all: every capability but SYS_TIME (that too, if denied), and dumps.
 * Fails where SYS_TIME is missing that is not denied. */
bool confine_clock_drop(bool denied);

/* Last of all: the launcher's Landlock rules, with the drift directory added,
 * where the kernel has any; and its filter of system calls. */
bool confine_clock_seal(void);

#endif
