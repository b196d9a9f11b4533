/* SPDX-License-Identifier: ISC
 *
 * Sockets that a service manager opened for us, see sd_listen_fds(3): each is
 * used in the place of the one that would be bound to the same address. */
#ifndef DAEMON_OS_GIVEN_LINUX_H
#define DAEMON_OS_GIVEN_LINUX_H

#include <stdint.h>

#include "common/addr.h"

struct given {
	int first;      /* descriptor */
	int n;          /* 0..64, one after the other */
	uint64_t taken; /* bit i: first + i belongs to somebody */
};

/* The UDP socket that is bound to exactly this address, as the caller's from now
 * on, non-blocking and closed by exec; -1: there is none.  One for IPv6 has to be
 * for IPv6 alone. */
int given_take(struct given *, const struct endpoint *local);

/* Says which of them nobody has taken, and closes these. */
void given_close(struct given *);

#endif
