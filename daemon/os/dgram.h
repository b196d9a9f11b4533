/* SPDX-License-Identifier: ISC
 *
 * A datagram on its way in or out, and when it passed. */
#ifndef DAEMON_OS_DGRAM_H
#define DAEMON_OS_DGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/tspec.h"

/* REALTIME and MONOTONIC_RAW read together, as near as the machine can: the
 * link between timestamps of the kernel (REALTIME) and the estimator (RAW). */
struct pair {
	struct tspec real;
	struct raw raw;
};

enum stamp_src { STAMP_DAEMON = 'D', STAMP_KERNEL = 'K', STAMP_NIC = 'H' };

/* When a packet passed: REALTIME of the best source there was, and the pair
 * that was read right after it was handed over.  raw of the stamp is
 * pair.raw - (pair.real - at); a clock that is slewed in between makes an
 * error of the slew rate x that time. */
struct stamp {
	struct tspec at;
	struct pair pair;
	enum stamp_src src;
};

#define DGRAM_MAX 2048 /* longer ones are cut and is_cut says so */

/* One datagram, in or out. */
struct dgram {
	struct endpoint remote; /* out on a connected socket: not used */
	struct addr local;      /* in: where it was sent to; out: from where, or
	                           ADDR_NONE */
	uint32_t ifindex;       /* in: where it came in; 0 = unknown */
	bool is_to_many;        /* in: by broadcast, or to a group */
	struct stamp stamp;     /* in only */
	bool is_cut;
	bool want_sent;         /* out: sent() is to be called for this one, of
	                           a socket with stamps_on_demand */
	size_t len;
	unsigned char *data; /* in: valid during the call */
	const char *path;    /* peer of a Unix datagram socket, else NULL */
	uint32_t uid;        /* of a Unix peer, UINT32_MAX when unknown */
	uint32_t conn;       /* SEQPACKET: in: the connection, never 0; out: the
	                        one to answer; -ENOTCONN when it has gone */
};

#endif
