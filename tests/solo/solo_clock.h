/* SPDX-License-Identifier: ISC
 *
 * The clock role without a process of its own: the same core, on the kernel's
 * clock, called directly.  Signals come in here, too, as they do there.
 *
 * Of the clocks only REALTIME and MONOTONIC are read.  What simulators have for
 * the others differs (an error, an abort, MONOTONIC under another name), so
 * BOOTTIME is MONOTONIC here, and MONOTONIC_RAW is MONOTONIC with what we know
 * to be the kernel's correction taken off: every change of it passes through
 * here. */
#ifndef TESTS_SOLO_SOLO_CLOCK_H
#define TESTS_SOLO_SOLO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/os/os_poll.h"
#include "privsep/clock/clockcore.h"

struct solo_clock {
	struct os_clock os; /* first: what the loop is given */
	struct clock_kernel kernel;
	struct clockcore core;
	uint32_t seq;
	int drift_dir; /* -1: none */
	bool is_term_told;
	/* The last change: RAW was raw_ns at MONOTONIC mono_ns, and from there
	 * on MONOTONIC runs faster by rate. */
	int64_t mono_ns, raw_ns;
	double rate;
};

/* SIGTERM, SIGINT, SIGQUIT and SIGHUP are events of the clock from here on;
 * once in a process. */
void solo_clock_signals(void);

/* may_steer: false forbids it; whether the kernel does is found out by a change
 * to the present value, and is then in core.denied. */
void solo_clock_init(struct solo_clock *, bool may_steer);

/* CLK_SETUP and CLK_SEAL.  drift_dir is kept; -1 = none.  Returns 0 or
 * -errno. */
int solo_clock_setup(struct solo_clock *, struct clk_req *limits,
    int drift_dir);

#endif
