/* SPDX-License-Identifier: ISC
 *
 * How far an engine may move the clock.  The claim: once the start window is
 * closed, an engine that lies as well as it can displaces CLOCK_REALTIME against
 * CLOCK_MONOTONIC_RAW by at most
 *
 *	bucket + (max_base + refill) x t + 20 ms
 *
 * (2 s + 600 ppm x t), plus what root granted, plus the undoing of somebody
 * else's steps, plus 1 s for a leap second.  Frequency needs no account, its
 * limit is max_base.  Slews and steps draw on three pools, in this order:
 *
 *	grant    rest of the last slew asked for inside the window; slews only
 *	credit   minus the sum of somebody else's steps, for 24 h
 *	budget   a bucket that refills slowly, the same for both signs
 *
 * A draw is made for the whole of a slew; when the slew ends, what did not run
 * goes back and what ran too long (a late timer) is taken from the budget.
 *
 * Signs: > 0 moves the clock forward.  ns throughout; "boot" is CLOCK_BOOTTIME.
 * For every function "now" is the last guard_look(). */
#ifndef PRIVSEP_CLOCK_GUARD_H
#define PRIVSEP_CLOCK_GUARD_H

#include <stdbool.h>

#include "privsep/clock/kernel.h"
#include "privsep/wire_clock.h"

#define PPT INT64_C(1000000000000) /* 1 s/s */

#define GUARD_DAY_S INT64_C(86400)
#define GUARD_YEARS_S (INT64_C(7300) * GUARD_DAY_S) /* build to ceiling */
#define GUARD_FOREIGN_NS INT64_C(10000000) /* smaller steps go unnoticed */
#define GUARD_CREDIT_NS (GUARD_DAY_S * 1000000000)
#define GUARD_CREDIT_MOST (INT64_MAX / 4) /* 73 years, and sums do not wrap */
#define GUARD_ASLEEP_NS INT64_C(1000000000) /* an RTC shows whole seconds */
#define GUARD_ASLEEP_PPT INT64_C(200000000) /* and is off by as much */
#define GUARD_MINUTE_NS INT64_C(60000000000) /* root's grant; free steps */
#define GUARD_OPERATOR_NS INT64_C(600000000000)
#define GUARD_LEAP_NEAR_NS INT64_C(2000000000)
#define GUARD_LATE_NS INT64_C(20000000) /* a slew's end may take as much too
                                           much: 200 ms late at 10 % */

/* What outlives a restart within one boot. */
struct guard_state {
	int64_t budget, grant, credit;
	int64_t credit_end;      /* boot */
	int64_t window_end;      /* boot; 0 = closed */
	int64_t free_step;       /* boot: makestep without limit, next step */
	int64_t operator_next;   /* boot: one more operator step */
	int64_t leap_used;       /* s since 1970: midnight whose leap is done */
	int64_t base_ppt;        /* as the engine wants it */
	int64_t safe_base_ppt;   /* the same when the window closed */
	uint32_t steps;          /* left inside the window */
	uint32_t operator_steps; /* left */
	struct clock_stamp anchor;     /* the last guard_look() */
};

struct guard_record {
	uint64_t ended; /* 1: by a SIGTERM, or -q was done; the next start is a
	                   new one */
	struct guard_state state;
};
#define GUARD_RECORD "guard1-%s" /* its file's name: layout, boot id */

struct guard {
	struct clk_limits lim;
	int64_t floor_s, ceiling_s; /* s since 1970: no step leads outside */
	struct guard_state s;
	int64_t slew_ppt, slew_from; /* running since raw; 0 = none */
	struct guard_draw { int64_t grant, credit, budget; } drawn; /* for it */
	int64_t root_end;       /* boot: root's grant of one step ends */
	int64_t leap_at;        /* midnight of the armed leap, s since 1970 */
	int64_t leap_ns;        /* armed: -1 s inserts, +1 s deletes; 0 */
	bool record_due;        /* for the caller: write the record now */
	uint32_t event;         /* for the caller to send: CLK_WAS_SET, by
	                           somebody else; CLK_WOKE; 0 */
};

/* Starts with the limits; floor_s, ceiling_s and s.base_ppt are set before.
 * old is the state of this boot's last run if that is to be continued, else
 * NULL.  What moved the clock since old was written, and is not explained by
 * the base frequency, is taken off all pools. */
void guard_start(struct guard *, const struct clk_limits *,
    struct clock_stamp now, const struct guard_state *old);

/* Brings pools, window and anchor up to now, and credits somebody else's step.
 * Before every action and every time the kernel says that the clock was set.
 * No effect before guard_start(). */
void guard_look(struct guard *, struct clock_stamp now);

/* Replaces the slew that runs by one of ppt for ms.  Returns 0, or ENOSPC with
 * nothing changed. */
int guard_slew(struct guard *, int64_t ppt, int64_t ms);

/* The slew is over at raw: settles what it drew. */
void guard_slew_end(struct guard *, int64_t raw);

/* Charges a step by ns.  Returns 0: the caller does it and adds it to
 * s.anchor.real; or ENOSPC. */
int guard_step(struct guard *, int64_t ns);

/* Arms (1 insert, 2 delete) or disarms (0) a leap second; outside the last 24
 * hours of 30 June and 31 December, UTC, or when that midnight has had its
 * leap, it stays disarmed. */
void guard_leap(struct guard *, int leap);

void guard_close(struct guard *); /* ends the start window */

/* Steps that would be let through now; -1 = no limit. */
int guard_steps(const struct guard *);

/* ns x ppt, exact, rounded towards zero. */
int64_t guard_scale(int64_t ns, int64_t ppt);

#endif
