/* SPDX-License-Identifier: ISC
 *
 * The server's half of an exchange, basic and interleaved (RFC 9769 section 2):
 * a request whose origin is the receive timestamp of an earlier answer gets
 * the true transmit timestamp of that answer. */
#ifndef TESTS_SIM_RESPONDER_H
#define TESTS_SIM_RESPONDER_H

#include <stdbool.h>

#include "daemon/wire/packet.h"

#define RESPONDER_PAIRS 64

struct responder_pair {
	uint64_t rx; /* receive timestamp of an answer, its name */
	uint64_t tx; /* when that answer really left */
};

struct responder {
	bool has_interleaved;
	struct responder_pair pairs[RESPONDER_PAIRS]; /* the last ones */
	unsigned n;
};

/* The answer to a request that came at rx and is answered at tx (ntp64, on the
 * server's clock); `left` is when it will really leave, known to interleaved
 * mode only.  p has what the server says of itself: leap, stratum, precision,
 * root delay and dispersion, refid, ref; the rest is filled in.  False: no
 * answer is due. */
bool responder_answer(struct responder *, const struct ntp_packet *request,
    uint64_t rx, uint64_t tx, uint64_t left, struct ntp_packet *p);

#endif
