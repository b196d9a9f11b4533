/* SPDX-License-Identifier: ISC
 *
 * What our own reports say, which only tockd's native sockets carry.  Signs are
 * those of the wire: common/cmdmon_report.h. */
#ifndef COMMON_CMDMON_NATIVE_H
#define COMMON_CMDMON_NATIVE_H

#include <stdint.h>

/* CMD_STATUS: what the four lines of `tockctl status` need beyond tracking and
 * sources. */
struct cmdmon_native_status {
	uint32_t synced_for_s;   /* since synchronised without a break */
	uint32_t updated_ago_s;  /* CMDMON_NEVER: no update yet */
	uint32_t next_poll_s;    /* CMDMON_NEVER: none planned */
	uint32_t sources, usable, combined, falsetickers, unresolved;
	uint32_t flags;          /* enum cmdmon_status_flags */
	double max_error;        /* s: |offset| + root dispersion + delay/2 */
	double skew_ppm;
};
enum cmdmon_status_flags {
	STATUS_NO_CLOCK = 1,     /* measures only: -x, or no privilege */
	STATUS_GUARD_SHORT = 2,  /* the guard's budget holds a correction back */
	STATUS_TARGET_MISSED = 4, /* a source's option target cannot be held */
};

/* CMD_GUARD. */
struct cmdmon_guard {
	uint32_t flags;          /* enum cmdmon_guard_flags */
	uint32_t window_s;       /* configured */
	uint32_t window_left_s;
	int32_t steps;           /* makestep N as configured, -1 no limit */
	uint32_t steps_left;     /* 65535 = no limit */
	uint32_t operator_steps;
	uint32_t refused_range, refused_budget, refused_rate, refused_other;
	int64_t notbefore_s, notafter_s; /* 0 = built-in bounds */
	double bucket, budget;   /* s */
	double refill_ppm, max_base_ppm;
	double wanted;           /* s of correction that waits for budget */
};
enum cmdmon_guard_flags {
	GUARD_OFF = 1,
	GUARD_NO_CLOCK = 2,
};

#endif
