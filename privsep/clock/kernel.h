/* SPDX-License-Identifier: ISC
 *
 * The kernel's clock, as far as the clock role touches it: adjtimex(2) and four
 * clocks that are read.  kernel_linux.c is the real one; tests and simulator
 * put an emulated one underneath the same code. */
#ifndef PRIVSEP_CLOCK_KERNEL_H
#define PRIVSEP_CLOCK_KERNEL_H

#include <stdint.h>
#include <time.h>

struct timex;

struct clock_kernel {
	/* adjtimex(2): 0 with *tx filled, or -errno. */
	int (*adjtimex)(struct clock_kernel *, struct timex *tx);
	/* CLOCK_REALTIME, _MONOTONIC, _MONOTONIC_RAW or _BOOTTIME in ns (where
	 * the last does not exist: CLOCK_MONOTONIC).  Cannot fail. */
	int64_t (*now)(struct clock_kernel *, clockid_t);
};

/* Four clocks read together, ns.  asleep: boot - mono; spread: how long the
 * reading took. */
struct clock_stamp {
	int64_t real, mono, raw, boot, asleep, spread;
};

/* The real ones; the first argument is not looked at. */
int kernel_adjtimex(struct clock_kernel *, struct timex *);
int64_t kernel_now(struct clock_kernel *, clockid_t);

#endif
