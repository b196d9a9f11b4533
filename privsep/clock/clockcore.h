/* SPDX-License-Identifier: ISC
 *
 * Decides on the engine's requests and does them, all through struct
 * clock_kernel: the same object in the clock role, in the simulator and under
 * the fuzzer.  Files, signals and sockets are the caller's; it finds in the
 * struct what it has to do (drift_due, guard.record_due, phase).
 *
 * The kernel runs at base + slew; the slew's end is the core's own duty (a
 * dead man's handle), measured on CLOCK_MONOTONIC_RAW. */
#ifndef PRIVSEP_CLOCK_CLOCKCORE_H
#define PRIVSEP_CLOCK_CLOCKCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "privsep/clock/guard.h"
#include "privsep/clock/kernel.h"
#include "privsep/wire_clock.h"

#define EXIT_ENGINE_GONE 75
#define EXIT_BREACH 76

enum clock_phase {
	PHASE_NEW = 1,    /* before CLK_SETUP */
	PHASE_SETUP = 2,  /* before CLK_SEAL */
	PHASE_RUN = 4,
	PHASE_READY = 8,  /* CLK_READY came */
	PHASE_ENDED = 16, /* frozen; exit_code holds */
};

#define CLOCK_ERRORS 9 /* one ERANGE more in 60 s is an attack */

struct clockcore {
	struct clock_kernel *k;
	struct guard guard;
	const struct guard_state *old; /* the last run's; NULL = new window */
	bool denied;            /* this run may not touch the clock */
	enum clock_phase phase;
	int exit_code;
	uint32_t seq;
	int64_t slew_end;       /* raw, while guard.slew_ppt != 0 */
	struct clk_status status;
	int64_t rate_from;      /* raw: second whose requests are counted */
	unsigned rate, n_errors;
	int64_t errors[CLOCK_ERRORS]; /* raw: the last ERANGE answers count
	                                 until then */
	struct clk_drift drift;
	int64_t drift_at;       /* raw of the last record taken; 0 = never */
	bool drift_due;         /* for the caller: write drift, clear this */
};

/* Makes the kernel sane (tick 10000, no PLL, no rest of adjtime(3), the base
 * of rec or the kernel's own frequency), unless denied.  rec is this boot's
 * record or NULL, and is kept until CLK_SETUP.  The clock is never stepped out
 * of floor_s .. ceiling_s, since 1970. */
void clockcore_init(struct clockcore *, struct clock_kernel *,
    const struct guard_record *rec, int64_t floor_s, int64_t ceiling_s,
    bool denied);

/* Does what a message asks for, of which len bytes have come (only so many are
 * looked at).  True: send *rep.  False: no answer, the end has come (phase,
 * exit_code): CLK_BYE, or a breach. */
bool clockcore_request(struct clockcore *, const struct clk_req *, size_t len,
    struct clk_rep *rep);

/* ns of CLOCK_MONOTONIC until clockcore_expire() has something to do; -1 =
 * never. */
int64_t clockcore_timeout(const struct clockcore *);

/* Ends a slew whose time is over; returns whether there was one. */
bool clockcore_expire(struct clockcore *);

/* Fills an event that the caller sends. */
void clockcore_event(struct clockcore *, uint32_t type, struct clk_rep *event);

/* Ends the slew, keeps base (76: the base of the window's end), says that
 * nobody steers, and ends.  Does nothing the second time. */
void clockcore_freeze(struct clockcore *, int exit_code);

/* Four clocks, read together. */
struct clock_stamp clock_stamp(struct clock_kernel *);

#endif
