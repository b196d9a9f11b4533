/* SPDX-License-Identifier: ISC
 *
 * A daemon that was started by hand: whoever started it waits until it works,
 * and is told why if it does not. */
#ifndef PRIVSEP_LAUNCH_DETACH_H
#define PRIVSEP_LAUNCH_DETACH_H

/* Forks.  The child returns, with a new session, 0 and 1 at /dev/null, 2 at the
 * parent's ear, and a socket on which "READY=1" is to be said (close-on-exec).
 * The parent does not return: it copies what it hears to its own stderr and
 * exits, 0 after READY=1, else with the child's status or 1.  Returns -errno
 * after logging it. */
int launch_detach(void);

#endif
