/* SPDX-License-Identifier: ISC
 *
 * A request of an NTP client, and the answer to it.  What deserves none gets
 * none: other modes and versions, what is too short or does not end as packets
 * do, a key that is not ours, a wrong MAC.  An answer is never longer than its
 * request: a header, and a MAC as long as the request's.
 *
 * Interleaved (RFC 9769): a client whose origin timestamp is the receive
 * timestamp of an earlier answer is told when that answer left.  Only answers
 * to those who have shown that they are such clients get a stamp of the
 * kernel's, which costs as much as a fifth of an answer. */
#ifndef DAEMON_ENGINE_RESPOND_H
#define DAEMON_ENGINE_RESPOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/os/os.h"
#include "daemon/wire/mac.h"
#include "daemon/wire/packet.h"

struct keys;
struct pairing;

/* What all answers have in common, from byte to byte. */
struct respond_common {
	unsigned char header[PACKET_HEADER]; /* all but mode, version, poll, and
	                                        the last three timestamps */
	const struct keys *keys;
	struct pairing *pairing; /* NULL: no interleaved answers */
};

struct answer {
	struct dgram out; /* data points to bytes */
	bool is_interleaved; /* the transmit timestamp is there already */
	bool is_remembered;  /* the client may come back for it */
	bool mac_is_whole;   /* as mac_append() has it */
	const struct mac_key *key; /* NULL = none */
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
};

/* Whether it has the form of a request, whose MAC may be forged still. */
bool respond_is_request(const struct dgram *in);

/* Makes the answer to a request but for its transmit timestamp and MAC.  False:
 * there is to be none. */
bool respond_prepare(const struct respond_common *, const struct dgram *in,
    struct answer *);

/* Makes of the answer to in the kiss code RATE: ask less often. */
void respond_kiss(struct answer *, const struct dgram *in);

/* Completes it: it will leave at transmit (ntp64). */
void respond_finish(const struct respond_common *, struct answer *,
    uint64_t transmit);

#endif
