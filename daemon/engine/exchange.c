/* SPDX-License-Identifier: ISC */
#include "daemon/engine/exchange.h"

#include <math.h>
#include <string.h>

#include "common/ntp64.h"

#define PRECISION_UNKNOWN 32 /* draft-ietf-ntp-data-minimization */
#define READING_MAX 1e-3     /* s, what a server's precision may add */
#define READING_SLACK 1e-3   /* s, by which a server may hold a packet longer
                                than we wait: clocks are read unevenly */
#define DELAY_MIN 1e-9       /* s */
#define HELD_LONG 1.0        /* s: no server's answer, but a peer's own packet */

/* The four times of a sample. */
struct times {
	struct raw t1, t4;
	struct tspec t2, t3;
};

/* All that a request says (draft-ietf-ntp-data-minimization). */
void
exchange_ask(struct exchange *x, struct ntp_packet *p, bool is_interleaved,
    const uint64_t random[2])
{
	p->mode = PACKET_MODE_CLIENT;
	p->precision = PRECISION_UNKNOWN;
	x->cookie = random[0];
	x->cookie_x = NTP64_UNSET;
	p->transmit = x->cookie;
	if (!is_interleaved || random[1] == random[0])
		return;
	x->cookie_x = random[1];
	p->receive = x->cookie_x;
	p->origin = x->past.receive;
}

enum exchange_match
exchange_match(const struct exchange *x, const struct ntp_packet *p)
{
	if (p->origin == NTP64_UNSET || x->cookie == NTP64_UNSET)
		return EXCHANGE_NONE;
	if (p->origin == x->cookie)
		return EXCHANGE_BASIC;
	/* Nothing interleaved can be the answer to a first request. */
	if (p->origin == x->cookie_x && x->past.receive != NTP64_UNSET)
		return EXCHANGE_INTERLEAVED;
	return EXCHANGE_NONE;
}

void
exchange_close(struct exchange *x)
{
	x->cookie = x->cookie_x = NTP64_UNSET;
}

void
exchange_forget(struct exchange *x)
{
	x->past.receive = NTP64_UNSET;
}

/* Of one exchange in which the other side took its time.  The middle of both
 * offsets is right at whatever rate the oscillator runs.  The delay is not: it is
 * said to be what it is at most, so that the shortest one is never too short. */
static bool
measure_apart(const struct timescale *scale, const struct times *t,
    const struct estimate *belief, struct measurement *m)
{
	double gap = raw_sub(t->t4, t->t1), sd = sqrt(belief->pyy) * gap;
	double up = timescale_offset(scale, t->t2, t->t1);
	double down = timescale_offset(scale, t->t3, t->t4);
	double delay = up - down + belief->y * gap;

	if (!(gap >= 0) || !(delay + 2 * sd > 0))
		return false;
	m->held = tspec_sub(t->t3, t->t2);
	m->sample.at = raw_add(t->t1, gap / 2);
	m->sample.offset = (up + down) / 2;
	m->sample.delay = fmax(delay, 0) + 2 * sd;
	return true;
}

/* Of one exchange; false when its times cannot be. */
static bool
measure(const struct timescale *scale, const struct times *t,
    const struct estimate *belief, struct measurement *m)
{
	double held = tspec_sub(t->t3, t->t2), away = raw_sub(t->t4, t->t1);

	if (held > HELD_LONG && belief != NULL)
		return measure_apart(scale, t, belief, m);
	if (!(held >= 0) || !(away >= 0) || held > away + READING_SLACK)
		return false;
	/* z by the two halves: each difference is small, the sum of four
	 * absolute times is not. */
	double up = timescale_offset(scale, t->t2, t->t1);
	double down = timescale_offset(scale, t->t3, t->t4);
	m->held = held;
	m->sample.at = raw_add(t->t1, away / 2);
	m->sample.offset = (up + down) / 2;
	m->sample.delay = fmax(away - held, DELAY_MIN);
	return true;
}

/* Of the way back at t4 and a later way out at t1.  The middle of both offsets
 * is right at whatever rate the oscillator runs; of their difference, what that
 * rate made in between has to be taken off to leave the delay. */
static bool
measure_across(const struct timescale *scale, const struct times *t,
    const struct estimate *belief, struct measurement *m)
{
	double gap = raw_sub(t->t1, t->t4), sd = sqrt(belief->pyy) * gap;
	double up = timescale_offset(scale, t->t2, t->t1);
	double down = timescale_offset(scale, t->t3, t->t4);
	double delay = up - down - belief->y * gap;

	if (!(gap > 0) || !(delay + sd > 0) || sd > delay / 2)
		return false;
	m->held = 0;
	m->sample.at = raw_add(t->t4, gap / 2);
	m->sample.offset = (up + down) / 2;
	m->sample.delay = delay + 2 * sd; /* as in measure_apart() */
	return true;
}

/* The newer of the two samples that there may be, always: whoever took the better
 * one would use some stamps twice, just the good ones, and take their common
 * error for the oscillator's. */
static bool
measure_interleaved(const struct exchange_past *past, const struct times *now,
    const struct timescale *scale, const struct estimate *belief,
    struct measurement *m)
{
	struct times whole = { past->t1, past->t4, past->server_rx, now->t3 };
	struct times across = { now->t1, past->t4, now->t2, now->t3 };

	if (past->receive == NTP64_UNSET)
		return false;

	if (belief != NULL && tspec_sub(now->t3, past->server_rx) >= 0 &&
	    tspec_sub(now->t2, now->t3) >= 0 &&
	    measure_across(scale, &across, belief, m))
		return true;
	m->tx_src = past->tx_src;
	return measure(scale, &whole, belief, m) && !past->is_measured;
}

bool
exchange_answered(struct exchange *x, const struct ntp_packet *p,
    enum exchange_match how, const struct stamp *rx, struct timescale *scale,
    struct tspec near, const struct estimate *belief, struct measurement *out)
{
	struct times t = { timescale_raw(&x->sent), timescale_raw(rx),
		ntp64_to_tspec(p->receive, near),
		ntp64_to_tspec(p->transmit, near) };
	bool is_measured;

	memset(out, 0, sizeof *out);
	out->sample.dispersion = fmin(READING_MAX,
	    ldexp(1, p->precision < 0 ? p->precision : -20));
	out->tx_src = x->sent.src;
	out->rx_src = rx->src;
	if (how == EXCHANGE_INTERLEAVED) {
		out->rx_src = x->past.rx_src;
		out->is_interleaved = true;
		timescale_settle(scale, t.t3, x->past.t4);
		is_measured = measure_interleaved(&x->past, &t, scale, belief,
		    out);
	} else {
		timescale_settle(scale, t.t3, t.t4);
		is_measured = measure(scale, &t, belief, out);
	}
	x->past = (struct exchange_past){ p->receive, t.t2, t.t1, t.t4,
		x->sent.src, rx->src, is_measured && how == EXCHANGE_BASIC };
	exchange_close(x);
	return is_measured;
}
