/* SPDX-License-Identifier: ISC
 *
 * Engine <-> clock, the one edge that crosses into privilege.  Fixed structs of
 * integers on SOCK_SEQPACKET, native byte order (both ends are the same build).
 * Requests are even, answers and events odd; every request is answered by one
 * CLK_DONE with the same seq; seq starts at 1 and grows by one.
 *
 * Ranges in the comments are the clock's own constants: a value outside is
 * answered with ERANGE and counted (a correct engine sends none).  Wrong size,
 * unknown type, wrong seq, wrong phase or a non-zero reserved field ends the
 * daemon with status 76. */
#ifndef PRIVSEP_WIRE_CLOCK_H
#define PRIVSEP_WIRE_CLOCK_H

#include <stdint.h>

enum clk_type {
	CLK_SETUP = 2,   /* limits + drift directory's fd; before SEAL, once */
	CLK_SEAL = 4,    /* limits are final */
	CLK_ADJUST = 6,  /* base frequency and one timed slew */
	CLK_STEP = 8,    /* relative, ADJ_SETOFFSET: atomic */
	CLK_STATUS = 10, /* leap, TAI, est/max error, synchronised or not */
	CLK_DRIFT = 12,  /* write the drift file's record */
	CLK_READY = 14,  /* -> READY=1 */
	CLK_BYE = 16,    /* orderly end, carries the exit code; not answered */

	CLK_DONE = 7,    /* answer to any request */
	CLK_TERM = 11,   /* event: SIGTERM, SIGINT or SIGQUIT; send CLK_BYE */
	CLK_RELOAD = 13, /* event: SIGHUP */
	CLK_WAS_SET = 15, /* event: somebody else stepped the clock */
	CLK_WOKE = 17,   /* event: the machine slept; RAW and MONOTONIC stood
	                    still meanwhile */
};

/* How often at most: the clock answers EAGAIN above the first and takes the
 * second for an attack (status 76); a correct engine stays at CLK_RATE_ENGINE
 * adjustments a second. */
#define CLK_RATE_ENGINE 10
#define CLK_RATE_AGAIN 20
#define CLK_RATE_BREACH 200

#define CLK_STEPS_UNLIMITED (-1)

enum clk_limit_flags {
	CLK_GUARD_OFF = 1,   /* `guard off`: chrony's unlimited behaviour */
	CLK_RTCSYNC = 2,     /* may clear STA_UNSYNC */
	CLK_LEAP_STEP = 4,   /* `leapsecmode step`: the leap is one step */
};

#define CLK_DRIFT_NAME 56

struct clk_limits {
	int64_t max_base_ppt;  /* 0..100 000 000 000: 500 ppm, or maxdrift */
	int64_t bucket_ns;     /* 0..86400e9, default 2e9 */
	int64_t refill_ppt;    /* 0..100e9 (100 000 ppm), default 100e6 (100 ppm) */
	int64_t notbefore_s;   /* since 1970; 0 = not set */
	int64_t notafter_s;    /* since 1970; 0 = not set */
	uint32_t window_s;     /* 0..86400, default 900 */
	int32_t steps;         /* makestep N: -1 no limit, 0 none .. 1e6 */
	uint32_t extra_steps;  /* one for each of -q, -s, initstepslew: 0..3 */
	uint32_t operator_steps; /* `guard operator N`, 0..1000 */
	uint32_t flags;        /* enum clk_limit_flags */
	char drift_name[CLK_DRIFT_NAME]; /* plain file name, NUL-padded; "" = no
	                                    drift file */
	uint32_t zero;
};

enum clk_status_flags {
	CLK_SYNCED = 1,  /* the engine holds the clock to be synchronised */
	CLK_STARTED = 2, /* makestep's N updates are used: with SYNCED this
	                    closes the guard's start window */
};

struct clk_status {
	int64_t esterror_ns; /* 0..16e9 */
	int64_t maxerror_ns; /* 0..16e9 */
	int32_t leap;        /* 0 none, 1 insert, 2 delete a second */
	int32_t tai;         /* TAI - UTC in s, 10..60; 0 = unknown, leave it */
	uint32_t flags;      /* enum clk_status_flags */
	uint32_t is_told;    /* in CLK_ADJUST; CLK_STATUS has 0 */
};

struct clk_adjust {
	int64_t base_ppt; /* steady correction, 1e-12 s/s, + speeds the clock up;
	                     |base| <= max_base_ppt */
	int64_t slew_ppt; /* added on top for slew_ms, then removed by the clock;
	                     |base + slew| <= 1e11 (100 000 ppm, the kernel's) */
	int64_t slew_ms;  /* 0..86 400 000; no message by then: back to base */
	struct clk_status status; /* told as well, once all that is done, where
	                             is_told says so: that spares a message */
};

struct clk_drift {
	int64_t freq_ppt; /* the correction in use, sign as base_ppt */
	int64_t skew_ppt; /* its error bound, 0..1e12 */
};

struct clk_req { /* always sent whole */
	uint32_t type, seq;
	union {
		struct clk_limits limits;
		struct clk_adjust adjust;
		int64_t step_ns; /* > 0: the clock goes forward */
		struct clk_status status;
		struct clk_drift drift;
		int32_t exit_code; /* 0..255 */
		unsigned char size[120];
	} u; /* bytes that a type does not use are zero */
};

struct clk_rep {
	uint32_t type, seq; /* seq 0 in events */
	int32_t error;      /* 0, or a positive errno: ERANGE no correct engine
	                       asks that; ENOSPC the budget or the steps do not
	                       allow it; EAGAIN too many requests; EPERM this run
	                       may not touch the clock; else the kernel's */
	uint16_t steps;     /* steps the guard still allows, 65535 = no limit */
	uint16_t window_s;  /* what is left of the start window, 0 = closed */
	int64_t freq_ppt;   /* what the kernel now really runs at */
	int64_t real_ns, mono_ns; /* read right after the call */
	int64_t budget_ns;  /* what the guard still allows to displace; < 0 =
	                       overdrawn by a late timer */
};

_Static_assert(sizeof(struct clk_limits) == 120, "clk_limits fills clk_req");
_Static_assert(sizeof(struct clk_req) == 128, "clk_req is wire format");
_Static_assert(sizeof(struct clk_rep) == 48, "clk_rep is wire format");

#endif
