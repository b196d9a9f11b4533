/* SPDX-License-Identifier: ISC */
#include "privsep/clock/clockcore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "common/log.h"
#include "common/tspec.h"

#define PPT_PER_PPM INT64_C(1000000)
#define PPT_PER_TICK INT64_C(100000000) /* one microsecond in 10 ms */
#define TICK 10000
#define FREQ_UNIT 65536 /* kernel: 2^-16 ppm */
#define FREQ_TICKS 5
#define FREQ_MOST (FREQ_TICKS * PPT_PER_TICK) /* 500 ppm: the kernel's */
#define RATE_MOST (PPT / 10)
#define ERROR_MOST (16 * NSEC)

struct clock_stamp
clock_stamp(struct clock_kernel *k)
{
	int64_t begin = k->now(k, CLOCK_MONOTONIC);
	struct clock_stamp s = { .real = k->now(k, CLOCK_REALTIME) };

	s.raw = k->now(k, CLOCK_MONOTONIC_RAW);
	s.boot = k->now(k, CLOCK_BOOTTIME);
	s.mono = k->now(k, CLOCK_MONOTONIC);
	s.asleep = s.boot - s.mono;
	s.spread = s.mono - begin;
	return s;
}

static bool
in(int64_t v, int64_t least, int64_t most)
{
	return v >= least && v <= most;
}

static int
kernel(struct clockcore *c, struct timex *tx)
{
	bool denied = c->denied && tx->modes != 0;
	int r = denied ? -EPERM : c->k->adjtimex(c->k, tx);

	if (r != 0 && !denied)
		log_error("adjtimex: %s", strerror(-r));
	return -r;
}

/* Below 500 ppm with frequency alone: a change of tick is coarse. */
static int
set_rate(struct clockcore *c, int64_t ppt)
{
	struct timex tx = { .modes = ADJ_FREQUENCY | ADJ_TICK,
		.tick = TICK + ppt / FREQ_MOST * FREQ_TICKS,
		.freq = ppt % FREQ_MOST * FREQ_UNIT / PPT_PER_PPM };

	return kernel(c, &tx);
}

static int
put_status(struct clockcore *c, const struct clk_status *s)
{
	struct timex tx = { .modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR |
		(s->tai != 0 ? ADJ_TAI : 0), .constant = s->tai,
		.maxerror = (s->maxerror_ns + 999) / 1000,
		.esterror = (s->esterror_ns + 999) / 1000 };

	if (!(s->flags & CLK_SYNCED && c->guard.lim.flags & CLK_RTCSYNC))
		tx.status |= STA_UNSYNC;
	if (c->guard.leap_ns != 0 && !(c->guard.lim.flags & CLK_LEAP_STEP))
		tx.status |= c->guard.leap_ns < 0 ? STA_INS : STA_DEL;
	return kernel(c, &tx);
}

static const struct clk_status nobody_steers = { ERROR_MOST, ERROR_MOST };

void
clockcore_init(struct clockcore *c, struct clock_kernel *k,
    const struct guard_record *rec, int64_t floor_s, int64_t ceiling_s,
    bool denied)
{
	struct timex rest = { .modes = ADJ_OFFSET_SINGLESHOT };
	/* The PLL works its rest off even when off; it takes a zero when on. */
	struct timex pll = { .modes = ADJ_STATUS | ADJ_OFFSET,
		.status = STA_PLL | STA_UNSYNC };
	struct timex tx = { .modes = 0 };

	*c = (struct clockcore){ .k = k, .phase = PHASE_NEW, .denied = denied,
		.old = rec && !rec->ended ? &rec->state : NULL,
		.guard = { .floor_s = floor_s, .ceiling_s = ceiling_s },
		.status = nobody_steers };
	kernel(c, &tx);
	c->guard.s.base_ppt = rec ? rec->state.base_ppt :
	    tx.freq * PPT_PER_PPM / FREQ_UNIT;
	kernel(c, &rest);
	kernel(c, &pll);
	set_rate(c, c->guard.s.base_ppt);
	put_status(c, &nobody_steers);
}

void
clockcore_event(struct clockcore *c, uint32_t type, struct clk_rep *rep)
{
	struct timex tx = { .modes = 0 };
	int r = kernel(c, &tx);
	struct clock_stamp now = clock_stamp(c->k);
	int64_t left = (c->guard.s.window_end - now.boot + NSEC - 1) / NSEC;
	int steps = guard_steps(&c->guard);

	*rep = (struct clk_rep){ .type = type, .real_ns = now.real,
		.mono_ns = now.mono, .error = r,
		.freq_ppt = (tx.tick - TICK) * PPT_PER_TICK +
		    tx.freq * PPT_PER_PPM / FREQ_UNIT,
		.budget_ns = c->guard.s.budget,
		.window_s = (uint16_t)(left < 0 ? 0 : left < 65535 ? left :
		    65535),
		.steps = (uint16_t)(in(steps, 0, 65534) ? steps : 65535) };
}

static int
do_setup(struct clockcore *c, const struct clk_req *req)
{
	const struct clk_limits *l = &req->u.limits;

	if (!in(l->max_base_ppt, 0, RATE_MOST) ||
	    !in(l->bucket_ns, 0, 86400 * NSEC) ||
	    !in(l->refill_ppt, 0, RATE_MOST) ||
	    !in(l->notbefore_s, 0, INT64_MAX / NSEC) ||
	    !in(l->notafter_s, 0, INT64_MAX / NSEC) ||
	    l->window_s > 86400 || !in(l->steps, -1, 1000000) ||
	    l->extra_steps > 3 || l->operator_steps > 1000 || l->flags > 7 ||
	    !memchr(l->drift_name, '\0', CLK_DRIFT_NAME) ||
	    strchr(l->drift_name, '/'))
		return ERANGE;
	guard_start(&c->guard, l, clock_stamp(c->k), c->old);
	set_rate(c, c->guard.s.base_ppt);
	return 0;
}

static int
do_status(struct clockcore *c, const struct clk_req *req)
{
	const struct clk_status *s = &req->u.status;

	if (!in(s->esterror_ns, 0, ERROR_MOST) ||
	    !in(s->maxerror_ns, 0, ERROR_MOST) || !in(s->leap, 0, 2) ||
	    !(s->tai == 0 || in(s->tai, 10, 60)) || s->flags > 3)
		return ERANGE;
	c->status = *s;
	if (s->flags == (CLK_SYNCED | CLK_STARTED))
		guard_close(&c->guard);
	guard_leap(&c->guard, s->leap);
	return put_status(c, s);
}

static int
do_adjust(struct clockcore *c, const struct clk_req *req)
{
	const struct clk_adjust *a = &req->u.adjust;
	const struct clk_req told = { .u.status = a->status };
	int64_t raw = c->guard.s.anchor.raw;
	int64_t most = c->guard.lim.max_base_ppt, was = c->guard.slew_ppt;

	if (!in(a->base_ppt, -most, most) ||
	    !in(a->slew_ppt, -RATE_MOST - a->base_ppt,
	    RATE_MOST - a->base_ppt) || !in(a->slew_ms, 0, 86400000))
		return ERANGE;
	if (guard_slew(&c->guard, a->slew_ppt, a->slew_ms) != 0)
		return ENOSPC;
	c->guard.s.base_ppt = a->base_ppt;
	c->slew_end = raw + a->slew_ms * 1000000;
	int r = set_rate(c, a->base_ppt + c->guard.slew_ppt);
	/* The old slew ran until now. */
	raw -= c->k->now(c->k, CLOCK_MONOTONIC_RAW);
	c->guard.s.budget -= llabs(guard_scale(raw, was));
	return r != 0 || a->status.is_told == 0 ? r : do_status(c, &told);
}

static int
do_step(struct clockcore *c, const struct clk_req *req)
{
	int64_t ns = req->u.step_ns, s = tspec_floor((struct tspec){ ns });
	struct timex tx = { .modes = ADJ_SETOFFSET | ADJ_NANO };
	struct timex pll = { .modes = ADJ_STATUS,
		.status = STA_PLL | STA_UNSYNC };

	if (!in(ns, -INT64_MAX / 2, INT64_MAX / 2))
		return ERANGE;
	if (guard_step(&c->guard, ns) != 0)
		return ENOSPC;
	tx.time = (struct timeval){ s, ns - s * NSEC }; /* ns, by ADJ_NANO */
	int r = kernel(c, &tx);
	if (r != 0)
		return r;
	c->guard.s.anchor.real += ns; /* not somebody else's */
	log_info("clock stepped by %lld us", ns / 1000LL);
	/* The kernel has forgotten status and errors, and goes on waiting for a
	 * leap, but for no midnight, until the PLL is turned off. */
	guard_leap(&c->guard, c->status.leap);
	kernel(c, &pll);
	return put_status(c, &c->status);
}

static int
do_drift(struct clockcore *c, const struct clk_req *req)
{
	const struct clk_drift *d = &req->u.drift;
	int64_t most = c->guard.lim.max_base_ppt, raw = c->guard.s.anchor.raw;

	if (!in(d->freq_ppt, -most, most) || !in(d->skew_ppt, 0, PPT))
		return ERANGE;
	if (c->drift_at != 0 && raw - c->drift_at < GUARD_MINUTE_NS)
		return EAGAIN;
	c->drift = *d;
	c->drift_at = raw;
	c->drift_due = true;
	return 0;
}

#define RUNNING (PHASE_RUN | PHASE_READY)

/* phases: where it is allowed; then: the phase that it leads to, if done;
 * writes: needs the right to touch the clock; used: bytes of u, the others must
 * be zero. */
static const struct verb {
	unsigned phases, then;
	bool writes;
	size_t used;
	int (*run)(struct clockcore *, const struct clk_req *);
} verbs[] = {
	[CLK_SETUP] = { PHASE_NEW, PHASE_SETUP, false, 116, do_setup },
	[CLK_SEAL] = { PHASE_SETUP, PHASE_RUN, false, 0, NULL },
	[CLK_ADJUST] = { RUNNING, 0, true, 56, do_adjust },
	[CLK_STEP] = { RUNNING, 0, true, 8, do_step },
	[CLK_STATUS] = { RUNNING, 0, true, 28, do_status },
	[CLK_DRIFT] = { RUNNING, 0, false, 16, do_drift },
	[CLK_READY] = { PHASE_RUN, PHASE_READY, false, 0, NULL },
	[CLK_BYE] = { ~0U, 0, false, 4, NULL },
};

/* NULL when no engine of ours has written this. */
static const struct verb *
find_verb(const struct clockcore *c, const struct clk_req *req, size_t len)
{
	if (len != sizeof *req || req->type > CLK_BYE || req->seq != c->seq + 1)
		return NULL;
	const struct verb *v = &verbs[req->type];
	for (size_t i = v->used; i < sizeof req->u; i++)
		if (req->u.size[i] != 0)
			return NULL;
	return v->phases & c->phase ? v : NULL;
}

/* A message that must not be answered. */
static bool
breach(struct clockcore *c, const char *why)
{
	clockcore_freeze(c, EXIT_BREACH);
	log_fatal("engine sent %s: taken for compromised", why);
	return false;
}

bool
clockcore_request(struct clockcore *c, const struct clk_req *req, size_t len,
    struct clk_rep *rep)
{
	const struct verb *v = find_verb(c, req, len);
	struct clock_stamp now = clock_stamp(c->k);
	int error = 0;

	if (!v)
		return breach(c, "a malformed message");
	c->seq++;
	c->rate = now.raw - c->rate_from < NSEC ? c->rate + 1 : 1;
	if (c->rate == 1)
		c->rate_from = now.raw;
	if (c->rate > CLK_RATE_BREACH)
		return breach(c, "a flood");
	guard_look(&c->guard, now);
	if (req->type == CLK_BYE) { /* never answered, so never refused */
		bool good = in(req->u.exit_code, 0, 255);
		clockcore_freeze(c, good ? req->u.exit_code : EXIT_BREACH);
		return false;
	}
	if (c->rate > CLK_RATE_AGAIN)
		error = EAGAIN;
	else if (c->denied && v->writes)
		error = EPERM;
	else if (v->run)
		error = v->run(c, req);
	if (error == ERANGE) {
		int64_t *slot = &c->errors[c->n_errors++ % CLOCK_ERRORS];
		if (now.raw <= *slot)
			return breach(c, "nonsense again and again");
		*slot = now.raw + GUARD_MINUTE_NS;
	}
	if (error == 0 && v->then)
		c->phase = v->then;
	clockcore_event(c, CLK_DONE, rep);
	rep->seq = c->seq;
	rep->error = error;
	return true;
}

int64_t
clockcore_timeout(const struct clockcore *c)
{
	int64_t left = c->slew_end - c->k->now(c->k, CLOCK_MONOTONIC_RAW);

	if (c->guard.slew_ppt == 0)
		return -1;
	return left <= 0 ? 0 : left + 1 + guard_scale(left,
	    c->guard.s.base_ppt + c->guard.slew_ppt);
}

static void
end_slew(struct clockcore *c)
{
	set_rate(c, c->guard.s.base_ppt);
	guard_slew_end(&c->guard, c->k->now(c->k, CLOCK_MONOTONIC_RAW));
	guard_look(&c->guard, clock_stamp(c->k));
}

bool
clockcore_expire(struct clockcore *c)
{
	if (clockcore_timeout(c) != 0)
		return false;
	end_slew(c);
	return true;
}

void
clockcore_freeze(struct clockcore *c, int exit_code)
{
	if (c->phase == PHASE_ENDED)
		return;
	if (exit_code == EXIT_BREACH && c->phase & RUNNING)
		c->guard.s.base_ppt = c->guard.s.safe_base_ppt;
	end_slew(c);
	c->guard.leap_ns = 0;
	put_status(c, &nobody_steers); /* status: what the engine said last */
	c->phase = PHASE_ENDED;
	c->exit_code = exit_code;
}
