/* SPDX-License-Identifier: ISC
 *
 * An engine's words in short, for the tests of the guard. */
#ifndef TESTS_UNIT_GUARD_UNIT_H
#define TESTS_UNIT_GUARD_UNIT_H

#include "unit.h"

#include <errno.h>

#include "common/log.h"
#include "common/tspec.h"
#include "tests/emu/clock_host.h"

#define START_S INT64_C(1790000000) /* 2026-09-21 */
#define MS (NSEC / 1000)
#define PPM INT64_C(1000000)

static struct clk_rep
ask(struct clock_host *h, struct clk_req req, uint32_t type)
{
	struct clk_rep rep;

	ck_assert(clock_host_call(h, &req, type, &rep));
	return rep;
}

static inline int
step(struct clock_host *h, int64_t ns)
{
	int64_t before = kernel_emu_real(&h->emu);
	int error = ask(h, (struct clk_req){ .u.step_ns = ns }, CLK_STEP).error;

	/* What is admitted is done, what is refused is not. */
	ck_assert_int_eq(kernel_emu_real(&h->emu) - before, error ? 0 : ns);
	return error;
}

static struct clk_rep
slew(struct clock_host *h, int64_t ppm, int64_t s)
{
	return ask(h, (struct clk_req){ .u.adjust = { 0, ppm * PPM, s * 1000 } },
	    CLK_ADJUST);
}

static struct clk_rep
status(struct clock_host *h, uint32_t flags, int leap)
{
	return ask(h, (struct clk_req){ .u.status = { 0, 0, leap, 0, flags, 0 } },
	    CLK_STATUS);
}

static inline int64_t
budget(struct clock_host *h)
{
	return status(h, 0, 0).budget_ns;
}

static inline void
seconds(struct clock_host *h, int64_t s)
{
	clock_host_run(h, s * NSEC);
}

/* A machine with the window still open. */
static inline struct clock_host *
opened(struct clk_limits lim, int64_t start_s)
{
	struct clock_host *h = calloc(1, sizeof *h);

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL + 1, "test");
	clock_host_init(h, start_s * NSEC);
	clock_host_start(h, &lim);
	return h;
}

static inline struct clock_host *
closed_with(struct clk_limits lim, int64_t start_s)
{
	struct clock_host *h = opened(lim, start_s);

	ck_assert_uint_eq(status(h, CLK_SYNCED | CLK_STARTED, 0).window_s, 0);
	return h;
}

static inline struct clock_host *
closed(void)
{
	return closed_with(clock_host_limits, START_S);
}

#endif
