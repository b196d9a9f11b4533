/* SPDX-License-Identifier: ISC
 *
 * An emulated kernel clock under struct clock_kernel: what adjtimex(2) of Linux
 * does, over an oscillator that moves only when it is told to.  As many as you
 * like per process; nothing is read from the real machine.
 *
 * CLOCK_MONOTONIC_RAW is the oscillator.  CLOCK_MONOTONIC runs at its rate plus
 * tick, frequency, adjtime(3) and PLL (kept exactly, with the fraction of a
 * ns); CLOCK_REALTIME is MONOTONIC plus an offset that steps change, and
 * CLOCK_BOOTTIME is MONOTONIC plus the time asleep.  The time that a suspend
 * adds to BOOTTIME it adds to REALTIME as well, as Linux does. */
#ifndef TESTS_EMU_KERNEL_EMU_H
#define TESTS_EMU_KERNEL_EMU_H

#include <stdbool.h>
#include <stdint.h>

#include "privsep/clock/kernel.h"

struct kernel_emu {
	struct clock_kernel kernel; /* first: give &emu.kernel to clockcore */
	int64_t raw_ns;
	__int128 mono;      /* ns x 65536e6, so that a frequency unit is exact */
	int64_t wall_ns;    /* REALTIME - MONOTONIC */
	int64_t asleep_ns;  /* BOOTTIME - MONOTONIC */
	int64_t freq;       /* 2^-16 ppm, +-500 ppm */
	int64_t tick;       /* us in 10 ms, 9000..11000 */
	int64_t adjtime_us; /* rest of adjtime(3), worked off at 500 ppm */
	int64_t pll_ns;     /* rest of ADJ_OFFSET, 1/64 of it each second */
	int status;         /* STA_* */
	int64_t maxerror_us, esterror_us;
	int tai;
	bool leap_done;     /* TIME_WAIT: until STA_INS and STA_DEL are clear */
	bool leap_lost;     /* TIME_INS for no midnight: likewise, or until the
	                       PLL is turned off */
	int64_t call_ns;    /* RAW time that a write takes before it works */
	int fail;           /* > 0: writes answer -fail (EPERM: no capability) */

	/* Bookkeeping for tests. */
	unsigned calls, writes, sets; /* sets: the timerfd would have woken up */
	unsigned leaps_inserted, leaps_deleted;
};

/* A kernel that has booted with REALTIME at real_ns; RAW, MONOTONIC and
 * BOOTTIME start at 1 s. */
void kernel_emu_init(struct kernel_emu *, int64_t real_ns);

/* The oscillator goes on by raw_ns >= 0: clocks, maxerror, adjtime, PLL and a
 * leap second at UTC midnight follow. */
void kernel_emu_run(struct kernel_emu *, int64_t raw_ns);

/* Somebody else sets the clock by ns. */
void kernel_emu_step(struct kernel_emu *, int64_t ns);

/* The machine sleeps for ns as its RTC sees it; the oscillator stands still. */
void kernel_emu_suspend(struct kernel_emu *, int64_t ns);

/* tick and frequency, without adjtime and PLL, in 1e-12 s/s. */
int64_t kernel_emu_rate_ppt(const struct kernel_emu *);

int64_t kernel_emu_real(const struct kernel_emu *); /* CLOCK_REALTIME, ns */

#endif
