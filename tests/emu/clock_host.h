/* SPDX-License-Identifier: ISC
 *
 * A machine with the clock role on it: emulated kernel, clockcore, and the
 * record that outlives the process, moved on together.  It keeps the account of
 * the guard's claim: how far the clock was displaced, and how far it may be. */
#ifndef TESTS_EMU_CLOCK_HOST_H
#define TESTS_EMU_CLOCK_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "privsep/clock/clockcore.h"
#include "tests/emu/kernel_emu.h"

struct clock_host {
	struct kernel_emu emu;
	struct clockcore core;
	struct guard_record rec;  /* in /run */
	struct guard_record read; /* what this process has found there */
	bool has_rec, has_term;
	int64_t floor_s, ceiling_s; /* given to clockcore_init() */
	int64_t record_at;        /* mono */
	int64_t late_ns;          /* so late a slew's end is noticed */
	uint32_t seq;
	unsigned sets;            /* of emu, as last looked at */
	bool denied, no_timerfd;

	/* The claim, from claim_begin() on. */
	bool is_claimed;
	struct clk_limits lim;
	int64_t apart0;           /* REALTIME - RAW - asleep */
	int64_t raw0;
	int64_t foreign;          /* sum of the steps of others */
	int64_t more, less;       /* >= 0: what was granted, by sign */
	double worst;             /* |displacement| / claim, so far */
};

void clock_host_init(struct clock_host *, int64_t real_ns);

/* The process starts, sets up with lim, and seals. */
void clock_host_start(struct clock_host *, const struct clk_limits *lim);

/* An engine's message: type and seq filled in.  False: the process has ended,
 * orderly (record written), see core.exit_code. */
bool clock_host_call(struct clock_host *, struct clk_req *, uint32_t type,
    struct clk_rep *);

void clock_host_run(struct clock_host *, int64_t raw_ns); /* time goes by */
void clock_host_engine_dies(struct clock_host *);  /* ends with 75 */
void clock_host_breach(struct clock_host *);       /* nonsense: ends with 76 */
void clock_host_kill(struct clock_host *);         /* SIGKILL, no record */
void clock_host_term(struct clock_host *);         /* SIGTERM and no BYE */
void clock_host_foreign_step(struct clock_host *, int64_t ns);
void clock_host_suspend(struct clock_host *, int64_t ns);
void clock_host_root(struct clock_host *);         /* SIGUSR1 from uid 0 */

/* From now on the claim is kept account of. */
void clock_host_claim(struct clock_host *);

/* |displacement| / claim now; > 1 breaks it. */
double clock_host_ratio(const struct clock_host *);

/* The defaults of the configuration; seq 1..2 are used by the start. */
extern const struct clk_limits clock_host_limits;

#endif
