/* SPDX-License-Identifier: ISC
 *
 * The packets of a symmetric association (RFC 5905 section 9, RFC 9769 section
 * 3).  Each side sends by its own timer, and a packet ends and begins an exchange
 * at once: it names a packet of the other's (origin), says when that came
 * (receive), and when it leaves itself (transmit).
 *
 * A packet is the peer's own when its origin is one of our latest transmit
 * timestamps, or in interleaved mode a receive timestamp of ours: whoever does
 * not see our packets cannot know these.  Only such a packet is measured, once,
 * and only such a packet is sure to be the one to name in turn.  An older one
 * that comes late, or again, is nobody's.
 *
 * A peer that has restarted knows no packet of ours, and so looks as a forger
 * does.  Neither is believed as long as there is a packet that is sure; when
 * four of ours, and four intervals of the peer's, have passed since, the newest
 * one there is takes its place, until a sure one comes (CVE-2014-9750,
 * CVE-2015-1799, CVE-2015-1853).
 *
 * Mode 2 is an answer like any client's.  It is measured, but who gave it may
 * not remember it, nor know who names it: others are still listened to. */
#ifndef DAEMON_ENGINE_SYMMETRIC_H
#define DAEMON_ENGINE_SYMMETRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/exchange.h"
#include "daemon/os/os.h"
#include "daemon/wire/packet.h"

#define SYMMETRIC_SENT 4 /* packets on their way, lost, or crossing */

/* One that we sent; transmit NTP64_UNSET = none. */
struct symmetric_sent {
	uint64_t transmit, receive; /* as it said */
	uint64_t about;  /* transmit of the packet whose arrival it told */
	uint64_t newest; /* transmit of the newest packet that names this one */
	struct stamp left;
	bool is_told; /* transmit is when it was to leave */
};

struct symmetric {
	struct symmetric_sent sent[SYMMETRIC_SENT]; /* the newest first */
	struct {
		uint64_t transmit, receive; /* as it said; transmit NTP64_UNSET =
		                               no packet was heard */
		int poll; /* log2 s */
		struct stamp came;
	} heard;
	struct raw taken;   /* when the last one that matched came */
	uint64_t number;    /* of packets that told an arrival */
	bool is_sure;       /* of what was heard ... */
	bool is_answer;     /* ... which was mode 2 */
	bool is_about_last; /* it named the newest one of ours */
	unsigned since;     /* packets of ours since it came ... */
	unsigned answers;   /* ... and before, to the one that was sure before */
	bool is_interleaving; /* the peer has done so */
	double leaves;      /* s, from reading the clock to a packet's leaving, as
	                       the kernel has it */
};

/* Nothing was sent or heard. */
void symmetric_init(struct symmetric *);

/* What a packet of ours says is in terms of the clock as it stands now: rate is
 * what it gains on RAW, s/s. */
struct symmetric_clock {
	struct pair now;
	double rate;
};

/* Fills in the three timestamps of a new packet in p. */
void symmetric_ask(struct symmetric *, struct ntp_packet *p,
    const struct symmetric_clock *, bool is_interleaved);

/* The packet with this transmit field left at stamp; unknown ones are nobody's. */
bool symmetric_left(struct symmetric *, uint64_t transmit,
    const struct stamp *);

/* Which packet of ours p names, as sent[*which]. */
enum exchange_match symmetric_match(const struct symmetric *,
    const struct ntp_packet *p, unsigned *which);

/* p, which matched so and came at stamp, is the peer's. */
void symmetric_hear(struct symmetric *, const struct ntp_packet *p,
    enum exchange_match how, unsigned which, const struct stamp *came);

/* Whether a packet that does not match may be the peer's all the same. */
bool symmetric_is_lost(const struct symmetric *, struct raw now);

/* Whether the peer should have been heard again by now. */
bool symmetric_is_due(const struct symmetric *, struct raw now);

/* It is taken for that; an exchange may not go on from what was before. */
void symmetric_guess(struct symmetric *, const struct ntp_packet *p,
    const struct stamp *came);

#endif
