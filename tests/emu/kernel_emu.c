/* SPDX-License-Identifier: ISC
 *
 * After kernel/time/{ntp,timekeeping}.c's documented behaviour: adjtimex(2),
 * RFC 5905's and the kernel's own constants. */
#include "tests/emu/kernel_emu.h"

#include <errno.h>
#include <sys/timex.h>

#include "common/tspec.h"

#define UNIT (INT64_C(65536) * 1000000) /* mono fractions in a ns */
#define MAX_FREQ (INT64_C(500) << 16)   /* 500 ppm */
#define MAX_PHASE_US INT64_C(16000000)  /* maxerror's end: unsynchronised */
#define MAX_TAI 100000
#define DAY (86400 * NSEC)
#define RDONLY                                                                 \
	(STA_PPSSIGNAL | STA_PPSJITTER | STA_PPSWANDER | STA_PPSERROR |        \
	    STA_CLOCKERR | STA_NANO | STA_MODE | STA_CLK)

static int64_t
mono(const struct kernel_emu *e)
{
	return (int64_t)(e->mono / UNIT);
}

int64_t
kernel_emu_real(const struct kernel_emu *e)
{
	return mono(e) + e->wall_ns;
}

/* In frequency units, 2^-16 ppm. */
static int64_t
rate(const struct kernel_emu *e)
{
	return e->freq + (e->tick - 10000) * (INT64_C(100) << 16);
}

int64_t
kernel_emu_rate_ppt(const struct kernel_emu *e)
{
	return rate(e) * 1000000 / 65536;
}

/* Takes at most most_ns off what is left. */
static int64_t
work_off(int64_t *left_ns, int64_t most_ns)
{
	int64_t part = *left_ns > most_ns ? most_ns :
	    *left_ns < -most_ns ? -most_ns : *left_ns;

	*left_ns -= part;
	return part;
}

static void
advance(struct kernel_emu *e, int64_t raw_ns)
{
	int64_t adj_ns = e->adjtime_us * 1000;
	int64_t pll = e->pll_ns;

	e->raw_ns += raw_ns;
	e->mono += (__int128)raw_ns * (UNIT + rate(e));
	e->mono += (__int128)work_off(&adj_ns, raw_ns / 2000) * UNIT;
	e->adjtime_us = adj_ns / 1000;
	if (pll > 0)
		pll = raw_ns >= 64 * NSEC ? pll :
		    (int64_t)((__int128)pll * raw_ns / (64 * NSEC)) + 1;
	else if (pll < 0)
		pll = raw_ns >= 64 * NSEC ? pll :
		    (int64_t)((__int128)pll * raw_ns / (64 * NSEC)) - 1;
	e->pll_ns -= pll;
	e->mono += (__int128)pll * UNIT;
}

static void
leap(struct kernel_emu *e, int s)
{
	e->wall_ns += s * NSEC;
	e->tai -= s;
	e->leap_done = true;
	e->sets++;
	e->leaps_inserted += s < 0;
	e->leaps_deleted += s > 0;
}

/* REALTIME of the leap that is armed; INT64_MAX when none is.  An inserted
 * second is at midnight, a deleted one begins a second earlier. */
static int64_t
next_leap(const struct kernel_emu *e)
{
	int64_t at = e->status & STA_DEL ? NSEC : 0;

	if (!(e->status & (STA_INS | STA_DEL)) || e->leap_done || e->leap_lost)
		return INT64_MAX;
	return ((kernel_emu_real(e) + at) / DAY + 1) * DAY - at;
}

/* How long the oscillator needs to bring REALTIME there, but for what adjtime
 * and PLL do. */
static int64_t
until(const struct kernel_emu *e, int64_t real)
{
	__int128 per_ns = UNIT + rate(e), left;

	if (real == INT64_MAX)
		return INT64_MAX;
	left = (__int128)(real - e->wall_ns) * UNIT - e->mono;
	return (int64_t)((left + per_ns - 1) / per_ns);
}

void
kernel_emu_run(struct kernel_emu *e, int64_t raw_ns)
{
	int64_t second_us = raw_ns / 2000000; /* maxerror grows by 500 ppm */

	while (raw_ns > 0) {
		int64_t at = next_leap(e), part = until(e, at);

		if (part > raw_ns)
			part = raw_ns;
		advance(e, part);
		raw_ns -= part;
		if (kernel_emu_real(e) >= at)
			leap(e, e->status & STA_INS ? -1 : 1);
	}
	e->maxerror_us += second_us;
	if (e->maxerror_us >= MAX_PHASE_US) {
		e->maxerror_us = MAX_PHASE_US;
		e->status |= STA_UNSYNC;
	}
}

void
kernel_emu_suspend(struct kernel_emu *e, int64_t ns)
{
	e->wall_ns += ns;
	e->asleep_ns += ns;
	e->sets++;
}

/* Setting the clock makes the kernel forget what NTP told it; also for which
 * midnight it waits, but not that it waits. */
void
kernel_emu_step(struct kernel_emu *e, int64_t ns)
{
	e->wall_ns += ns;
	e->sets++;
	e->adjtime_us = 0;
	e->pll_ns = 0;
	e->leap_lost = e->status & (STA_INS | STA_DEL);
	e->status |= STA_UNSYNC;
	e->maxerror_us = e->esterror_us = MAX_PHASE_US;
}

static int
write_modes(struct kernel_emu *e, const struct timex *tx)
{
	if (tx->modes & ADJ_TICK && (tx->tick < 9000 || tx->tick > 11000))
		return -EINVAL;
	if (tx->modes & ADJ_SETOFFSET) {
		int64_t part = tx->time.tv_usec;
		int64_t scale = tx->modes & ADJ_NANO ? 1 : 1000;
		int64_t ns;

		if (part < 0 || part >= NSEC / scale ||
		    __builtin_mul_overflow(tx->time.tv_sec, NSEC, &ns) ||
		    __builtin_add_overflow(ns, part * scale, &ns) ||
		    span_sum(kernel_emu_real(e), ns) < mono(e) ||
		    span_sum(kernel_emu_real(e), ns) == INT64_MAX)
			return -EINVAL; /* REALTIME may not be before boot */
		kernel_emu_step(e, ns);
	}
	if (tx->modes & ADJ_STATUS) {
		if (!(tx->status & (STA_INS | STA_DEL)) ||
		    (e->status & STA_PLL && !(tx->status & STA_PLL)))
			e->leap_lost = false;
		e->status = (e->status & RDONLY) | (tx->status & ~RDONLY);
		if (!(tx->status & (STA_INS | STA_DEL)))
			e->leap_done = false;
	}
	if (tx->modes & ADJ_NANO)
		e->status |= STA_NANO;
	if (tx->modes & ADJ_MICRO)
		e->status &= ~STA_NANO;
	if (tx->modes & ADJ_FREQUENCY)
		e->freq = tx->freq > MAX_FREQ ? MAX_FREQ :
		    tx->freq < -MAX_FREQ ? -MAX_FREQ : tx->freq;
	if (tx->modes & ADJ_MAXERROR)
		e->maxerror_us = tx->maxerror;
	if (tx->modes & ADJ_ESTERROR)
		e->esterror_us = tx->esterror;
	if (tx->modes & ADJ_TAI && tx->constant >= 0 && tx->constant <= MAX_TAI)
		e->tai = (int)tx->constant;
	if (tx->modes & ADJ_OFFSET && e->status & STA_PLL)
		e->pll_ns = tx->offset * (e->status & STA_NANO ? 1 : 1000);
	if (tx->modes & ADJ_TICK)
		e->tick = tx->tick;
	return 0;
}

static int
emu_adjtimex(struct clock_kernel *k, struct timex *tx)
{
	struct kernel_emu *e = (struct kernel_emu *)k;
	int64_t real;
	int r = 0;

	e->calls++;
	if (tx->modes != 0) {
		e->writes++;
		kernel_emu_run(e, e->call_ns);
		if (e->fail != 0)
			return -e->fail;
		/* adjtime(3)'s own bit stands alone. */
		if ((tx->modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT)
			e->adjtime_us = tx->offset;
		else
			r = write_modes(e, tx);
	}
	if (r != 0)
		return r;
	*tx = (struct timex){ .modes = tx->modes };
	real = kernel_emu_real(e);
	tx->freq = e->freq;
	tx->tick = e->tick;
	tx->status = e->status;
	tx->maxerror = e->maxerror_us;
	tx->esterror = e->esterror_us;
	tx->tai = e->tai;
	tx->offset = e->pll_ns / (e->status & STA_NANO ? 1 : 1000);
	tx->time.tv_sec = real / NSEC;
	tx->time.tv_usec = real % NSEC / (e->status & STA_NANO ? 1 : 1000);
	return 0;
}

static int64_t
emu_now(struct clock_kernel *k, clockid_t id)
{
	struct kernel_emu *e = (struct kernel_emu *)k;

	switch (id) {
	case CLOCK_REALTIME:
		return kernel_emu_real(e);
	case CLOCK_MONOTONIC_RAW:
		return e->raw_ns;
	case CLOCK_BOOTTIME:
		return mono(e) + e->asleep_ns;
	default:
		return mono(e);
	}
}

void
kernel_emu_init(struct kernel_emu *e, int64_t real_ns)
{
	*e = (struct kernel_emu){ .kernel = { emu_adjtimex, emu_now },
		.raw_ns = NSEC, .mono = (__int128)NSEC * UNIT,
		.wall_ns = real_ns - NSEC, .tick = 10000,
		.status = STA_UNSYNC, .maxerror_us = MAX_PHASE_US,
		.esterror_us = MAX_PHASE_US };
}
