/* SPDX-License-Identifier: ISC
 *
 * Sending NTP answers that tell when they left.  The clock can only be read
 * before the packet is handed over, so an answer's transmit stamp is early by
 * what the kernel needs until it stamps the packet itself: on the loopback a few
 * us the first time, and a third of it when its code is in the caches.  A client
 * takes half of that for an error of its clock, and no client can tell.
 *
 * So every answer is rehearsed: it is sent to a socket of our own, by the same
 * code, until the caches have that; the kernel's stamps tell how long it took,
 * and as much is added to the reading.  What is left is about 0.1 us. */
#ifndef TESTS_REFERENCE_REFSEND_H
#define TESTS_REFERENCE_REFSEND_H

#include <stdint.h>
#include <sys/socket.h>

#include "tests/reference/refscale.h"

struct refsend {
	int fd;                   /* borrowed: the server's socket */
	int sink;                 /* what rehearsals go to */
	struct sockaddr_storage own;
	socklen_t own_size;
	int64_t lead_ns;          /* from the reading to the kernel's stamp */
};

/* fd is a bound UDP socket, kept.  Returns 0 or -errno. */
int refsend_init(struct refsend *, int fd);

/* A rehearsal, so that the next answer finds the kernel awake. */
void refsend_rehearse(struct refsend *, const struct refscale *);

/* Sends a packet of REFSEND_SIZE bytes, and puts the scale's time at which it
 * leaves into its transmit stamp, the last 8. */
#define REFSEND_SIZE 48
void refsend_answer(struct refsend *, const struct refscale *,
    unsigned char packet[REFSEND_SIZE], const struct sockaddr_storage *to,
    socklen_t to_size);

/* Drops stamps that came late: they would keep poll() awake. */
void refsend_drain(struct refsend *);

#define REF_SECOND INT64_C(1000000000) /* ns */

/* ns since 1970 as an NTP timestamp. */
uint64_t refsend_ntp(int64_t ns);

#endif
