/* SPDX-License-Identifier: ISC
 *
 * The clock of one simulated machine: an oscillator below an emulated kernel
 * below the real clock role (privsep/clock/clockcore.c, tests/emu).  It moves
 * only when it is told what true time it is.
 *
 * True time is ns since the scenario's start. */
#ifndef TESTS_SIM_SIMCLOCK_H
#define TESTS_SIM_SIMCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "privsep/wire_clock.h"
#include "tests/sim/oscillator.h"

struct simclock;

struct simclock_face { /* all clocks at one instant, ns */
	int64_t real, mono, raw;
};

/* A machine that has just booted at true time at; its REALTIME is then real_ns
 * since 1970, and its RAW is the oscillator's, which is the caller's and kept.
 * NULL without memory. */
struct simclock *simclock_new(struct oscillator *, int64_t real_ns, int64_t at);
void simclock_free(struct simclock *);

/* The clock role starts (again), with these limits, or without the right to
 * touch the clock. */
void simclock_start(struct simclock *, const struct clk_limits *, bool denied);

/* Lets true time come to at. */
void simclock_run(struct simclock *, int64_t at);
struct simclock_face simclock_face(const struct simclock *);

/* At what true time MONOTONIC will be at mono, or the running slew over if that
 * is earlier, as far as can be foreseen; at least the present. */
int64_t simclock_foresee(const struct simclock *, int64_t mono);

/* A request; false: the clock role has ended (CLK_BYE, or it took the engine
 * for compromised), with *exit_code. */
bool simclock_call(struct simclock *, struct clk_req *, struct clk_rep *,
    int *exit_code);
void simclock_event(struct simclock *, uint32_t type, struct clk_rep *);

/* CLK_WAS_SET or CLK_WOKE, if there is such an event to tell, once; else 0. */
uint32_t simclock_was_set(struct simclock *);

/* The engine dies, or the clock role hears nothing more from it. */
void simclock_engine_dies(struct simclock *);

void simclock_step(struct simclock *, int64_t ns); /* by somebody else */
/* So late does the clock role notice that a slew is over. */
void simclock_late(struct simclock *, int64_t ns);
void simclock_halt(struct simclock *, bool); /* the oscillator stands still */
/* The end of a sleep that the RTC takes for ns long. */
void simclock_awake(struct simclock *, int64_t ns);

/* The record that CLK_DRIFT has left: whether there is one; ppm, > 0: speeds
 * the clock up. */
bool simclock_drift(const struct simclock *, double *ppm, double *skew_ppm);

/* s/s: what the kernel adds to the oscillator's frequency for good. */
double simclock_base(const struct simclock *);

/* Whether a correction is under way. */
bool simclock_is_slewing(const struct simclock *);

/* Those that the engine asked for and that were made. */
unsigned simclock_steps(const struct simclock *);

#endif
