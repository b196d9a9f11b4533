/* SPDX-License-Identifier: ISC
 *
 * One exchange with a server: what the request says, which answer is its own,
 * and the times of both as a sample.
 *
 * Basic mode (RFC 5905): T1 and T4 are ours, T2 and T3 in the answer; T3 was
 * read before the answer left.  Interleaved mode (RFC 9769 section 2): an answer
 * brings the true time at which the answer before it left, so that exchange is
 * measured when this one ends.  The request asks for it with the server's T2 in
 * its origin field; its receive field then holds 64 random bits of its own, and
 * an interleaved answer brings back these instead of the transmit field's.
 *
 * The exchange before is replaced by an answer with the right bits only, and a
 * request's bits are good for one answer: whoever does not see our requests can
 * neither spoil nor reset anything (CVE-2016-1548, CVE-2018-7184). */
#ifndef DAEMON_ENGINE_EXCHANGE_H
#define DAEMON_ENGINE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/timescale.h"
#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"
#include "daemon/wire/packet.h"

/* What is kept of an exchange that was answered. */
struct exchange_past {
	uint64_t receive; /* T2 as it was sent; NTP64_UNSET = there is none */
	struct tspec server_rx;
	struct raw t1, t4;
	enum stamp_src tx_src, rx_src;
	bool is_measured; /* by its own answer, in basic mode */
};

struct exchange {
	uint64_t cookie;   /* the transmit field that is out; NTP64_UNSET = no
	                      answer is awaited */
	uint64_t cookie_x; /* its receive field; NTP64_UNSET = basic mode only */
	struct stamp sent; /* when it left, the best stamp so far */
	struct exchange_past past;
};

enum exchange_match { EXCHANGE_NONE, EXCHANGE_BASIC, EXCHANGE_INTERLEAVED };

struct measurement {
	struct sample sample;
	double held; /* s, the server's, from T2 to T3; 0 where these belong to
	                two exchanges */
	bool is_interleaved;
	enum stamp_src tx_src, rx_src; /* of T1 and T4 */
};

/* A new request in p, whose version is set already.  random: two words, made
 * for this request. */
void exchange_ask(struct exchange *, struct ntp_packet *p, bool is_interleaved,
    const uint64_t random[2]);

enum exchange_match exchange_match(const struct exchange *,
    const struct ntp_packet *);

/* No answer counts any more.  What came before is kept. */
void exchange_close(struct exchange *);

/* The next request is a basic one. */
void exchange_forget(struct exchange *);

/* Takes in the answer p, which matches, has a transmit and a receive timestamp
 * and came at rx.  near: what tells its era.  belief: what is known of our
 * oscillator, NULL = nothing; where it is known well enough the sample is, in
 * interleaved mode, of the way back of the exchange before and the way out of
 * this one, else of the exchange before.  Returns false when there is no sample: the times
 * cannot be, or were measured already. */
bool exchange_answered(struct exchange *, const struct ntp_packet *p,
    enum exchange_match how, const struct stamp *rx, struct timescale *,
    struct tspec near, const struct estimate *belief, struct measurement *out);

#endif
