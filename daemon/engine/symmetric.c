/* SPDX-License-Identifier: ISC */
#include "daemon/engine/symmetric.h"

#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/timescale.h"

#define LOST_PACKETS 4   /* of ours, and no sure one of the peer's */
#define LOST_INTERVALS 4 /* of the peer's, likewise */
#define DUE_INTERVALS 1.25
#define POLL_MOST 12     /* log2 s, that are believed */
#define LEAVES_GAIN 0.25
#define LEAVES_MAX 1e-3  /* s; longer is not the sending's */
#define NUMBERS 63       /* the last 15 ns of a receive timestamp: the number of
                            our packet, since several may tell of one arrival */
#define CLOCK_MOVED 1e-3 /* s between a packet and the next: what the first one
                            said is not told in terms of the clock before */

void
symmetric_init(struct symmetric *s)
{
	memset(s, 0, sizeof *s);
}

/* What the clock would have shown at an earlier instant, had it been then what
 * it is now: slews and steps in between are not seen by the peer. */
static uint64_t
told(const struct symmetric_clock *c, struct raw then)
{
	double ago = raw_sub(c->now.raw, then) * (1 + c->rate);

	return ntp64_from_tspec(tspec_add(c->now.real, -ago));
}

/* Also for the one that is not set, as all are at first. */
static bool
is_said(const struct symmetric *s, uint64_t transmit)
{
	for (unsigned i = 0; i < SYMMETRIC_SENT; i++)
		if (s->sent[i].transmit == transmit)
			return true;
	return transmit == NTP64_UNSET;
}

static bool
has_moved(const struct symmetric_clock *c, const struct stamp *since)
{
	double real = tspec_sub(c->now.real, since->pair.real);
	double raw = raw_sub(c->now.raw, since->pair.raw);

	return fabs(real - raw * (1 + c->rate)) > CLOCK_MOVED;
}

/* RFC 9769 section 3: our packet before was the only one for the peer's packet
 * before, the peer has heard it, and nothing was sent since. */
static bool
may_interleave(const struct symmetric *s, const struct symmetric_clock *c)
{
	return s->is_sure && s->is_about_last && s->since == 0 &&
	    s->answers == 1 && s->heard.receive != NTP64_UNSET &&
	    !has_moved(c, &s->sent[0].left);
}

void
symmetric_ask(struct symmetric *s, struct ntp_packet *p,
    const struct symmetric_clock *c, bool is_interleaved)
{
	uint64_t leaves = ntp64_from_tspec(tspec_add(c->now.real, s->leaves));
	bool is_told = true;

	if (s->heard.transmit != NTP64_UNSET)
		p->receive = (told(c, timescale_raw(&s->heard.came)) &
		    ~(uint64_t)NUMBERS) | (++s->number & NUMBERS);
	p->origin = s->heard.transmit;
	if (is_interleaved && may_interleave(s, c)) {
		p->origin = s->heard.receive;
		leaves = ntp64_from_tspec(s->sent[0].left.at);
		is_told = false;
	}
	while (is_said(s, leaves)) /* no two of them are named alike */
		leaves++;
	p->transmit = leaves;

	memmove(&s->sent[1], &s->sent[0],
	    (SYMMETRIC_SENT - 1) * sizeof s->sent[0]);
	s->sent[0] = (struct symmetric_sent){ .transmit = p->transmit,
		.receive = p->receive,
		.about = s->heard.transmit, .is_told = is_told };
	s->since++;
}

/* The next one is to be told as late as this one was. */
static void
learn(struct symmetric *s, const struct symmetric_sent *sent)
{
	double late = (double)(int64_t)(ntp64_from_tspec(sent->left.at) -
	    sent->transmit) / 4294967296.0;

	if (!sent->is_told || sent->left.src == STAMP_DAEMON ||
	    fabs(late) > LEAVES_MAX)
		return;
	s->leaves = fmin(fmax(s->leaves + LEAVES_GAIN * late, 0), LEAVES_MAX);
}

bool
symmetric_left(struct symmetric *s, uint64_t transmit,
    const struct stamp *stamp)
{
	for (unsigned i = 0; i < SYMMETRIC_SENT; i++)
		if (s->sent[i].transmit == transmit &&
		    transmit != NTP64_UNSET) {
			s->sent[i].left = *stamp;
			learn(s, &s->sent[i]);
			return true;
		}
	return false;
}

/* Of two timestamps 68 years apart at most; the peer's clock goes on. */
static bool
is_newer(uint64_t a, uint64_t than)
{
	return than == NTP64_UNSET || (int64_t)(a - than) > 0;
}

enum exchange_match
symmetric_match(const struct symmetric *s, const struct ntp_packet *p,
    unsigned *which)
{
	if (p->origin == NTP64_UNSET || p->receive == NTP64_UNSET ||
	    p->transmit == NTP64_UNSET)
		return EXCHANGE_NONE;
	for (unsigned i = 0; i < SYMMETRIC_SENT; i++) {
		const struct symmetric_sent *sent = &s->sent[i];

		if (sent->transmit == NTP64_UNSET ||
		    !is_newer(p->transmit, sent->newest))
			continue;
		*which = i;
		if (p->origin == sent->transmit)
			return EXCHANGE_BASIC;
		/* What it goes on from has to be what we heard last. */
		if (p->origin == sent->receive &&
		    sent->about == s->heard.transmit)
			return EXCHANGE_INTERLEAVED;
	}
	return EXCHANGE_NONE;
}

static void
note(struct symmetric *s, const struct ntp_packet *p, const struct stamp *came)
{
	s->heard.transmit = p->transmit;
	s->heard.receive = p->receive;
	s->heard.poll = p->poll < POLL_MOST ? p->poll : POLL_MOST;
	s->heard.came = *came;
}

void
symmetric_hear(struct symmetric *s, const struct ntp_packet *p,
    enum exchange_match how, unsigned which, const struct stamp *came)
{
	s->taken = came->pair.raw;
	s->sent[which].newest = p->transmit;
	for (unsigned i = which + 1; i < SYMMETRIC_SENT; i++)
		s->sent[i].transmit = NTP64_UNSET; /* the peer is past these */
	if (s->since > 0)
		s->answers = s->since;
	s->since = 0;
	s->is_sure = true;
	s->is_answer = p->mode != PACKET_MODE_ACTIVE;
	s->is_about_last = which == 0;
	s->is_interleaving |= how == EXCHANGE_INTERLEAVED;
	note(s, p, came);
}

/* The intervals of the peer's since it was heard. */
static double
silence(const struct symmetric *s, struct raw now)
{
	return raw_sub(now, s->heard.came.pair.raw) / exp2(s->heard.poll);
}

bool
symmetric_is_lost(const struct symmetric *s, struct raw now)
{
	return !s->is_sure || s->is_answer || (s->since >= LOST_PACKETS &&
	    silence(s, now) > LOST_INTERVALS);
}

bool
symmetric_is_due(const struct symmetric *s, struct raw now)
{
	return !s->is_sure || silence(s, now) > DUE_INTERVALS;
}

void
symmetric_guess(struct symmetric *s, const struct ntp_packet *p,
    const struct stamp *came)
{
	if (p->transmit == NTP64_UNSET)
		return;
	s->is_sure = s->is_about_last = false;
	note(s, p, came);
}
