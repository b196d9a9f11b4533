/* SPDX-License-Identifier: ISC
 *
 * What follows on a batch from a UDP socket.  Being woken by poll() costs more
 * than most requests do, so
 *
 * - where several came at once there are more by now;
 * - while they come soon after each other the next one is waited for in the call
 *   that receives it, for some ms at most; not where they come in bursts, since
 *   all others would wait for each burst with it;
 * - while most of what comes to a server gets no answer, and it comes fast, the
 *   next is let gather for a moment.  A good request among it has been stamped
 *   by the kernel, and is answered 0.1 ms later.
 *
 * Other descriptors wait meanwhile for half a ms, and once in 0.1 s for as
 * long as the next one is waited for. */
#ifndef DAEMON_OS_PACE_LINUX_H
#define DAEMON_OS_PACE_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tspec.h"

#define PACE_TURN 0.5e-3 /* s, after which others have their turn */

struct pace {
	bool may_gather;
	bool may_wait;    /* the socket waits in a call, but not for ever */
	struct raw last;  /* when the last batch was received */
	int64_t gap;      /* ns from the one before it, for each of it */
	unsigned row;     /* batches that came soon after each other */
	struct raw ended; /* when the last row had ended with a pause */
};

enum pace_next {
	PACE_POLL,   /* look who else is ready */
	PACE_ON,     /* receive what there is */
	PACE_WAIT,   /* wait for the next one, and receive what there is */
	PACE_WAIT_1, /* ... and receive that one: more are not expected */
	PACE_GATHER, /* pace_gather(), then receive */
};

/* For a server's socket where the kernel stamps what comes.  Its calls wait from
 * now on, those to receive for some ms, unless MSG_DONTWAIT says that they may
 * not. */
void pace_enable(struct pace *, int fd);

/* n >= 1 were received. */
void pace_note(struct pace *, struct raw now, int n);

/* in_vain: how many of those n got no answer. */
enum pace_next pace_next(const struct pace *, int n, unsigned in_vain);

/* A moment; a program for simulators links gather_none.c, which has none. */
void pace_gather(void);

#endif
