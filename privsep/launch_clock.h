/* SPDX-License-Identifier: ISC
 *
 * What the launcher does for the clock before it becomes the clock, since it
 * survives the exec: the privileged program need not contain it. */
#ifndef PRIVSEP_LAUNCH_CLOCK_H
#define PRIVSEP_LAUNCH_CLOCK_H

#include <stdint.h>

#include "privsep/confine.h"

/* Descriptors, close-on-exec, for the numbers of privsep/fds.h. */
struct launch_clock {
	int signals, was_set, filter;
};

/* From here on the signals that the clock hears are blocked, and wait for it.
 * Returns 0, or -errno after logging it. */
int launch_clock_prepare(struct launch_clock *);

/* Waits for CLK_SETUP: the drift file's directory, which the engine passes with
 * it; -1 when it passes none, is gone, or we are to end.  The message stays for
 * the clock. */
int launch_clock_drift(int channel);

/* Becomes u, with CAP_SYS_TIME alone (nothing, if is_denied), with limits and
 * no_new_privs.  Returns 0, or -errno after logging it. */
int launch_clock_become(const struct confine_user *u, bool is_denied);

/* Opens a record that the clock has left, as its user; -1 = there is none. */
int launch_clock_record(int dir, const char *name);

/* What no step may lead to before, s since 1970: build_s (when we were built),
 * or a day before seen_ns (a time that has been, since 1970), which counts for
 * nothing when it is damaged: beyond the ceiling. */
int64_t launch_clock_floor(int64_t build_s, int64_t seen_ns);

#endif
