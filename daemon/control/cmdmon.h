/* SPDX-License-Identifier: ISC
 *
 * One request of the control protocol in, its reply out: what the packet must
 * look like, who may ask for what, and which function answers.  Bytes to bytes;
 * the sockets are control.c's. */
#ifndef DAEMON_CONTROL_CMDMON_H
#define DAEMON_CONTROL_CMDMON_H

#include <stddef.h>
#include <stdint.h>

#include "common/cmdmon_codec.h"

struct engine;

/* The way by which a request came, hence what its sender may do. */
enum cmdmon_via {
	VIA_UDP,     /* reads that are open: see `opencommands` */
	VIA_CHRONY,  /* all of chrony's */
	VIA_MONITOR, /* all reads, ours too */
	VIA_CONTROL, /* everything */
};

/* Answers one packet of len bytes that is known to come from a host or file
 * that may ask at all; uid, for the log, is the sender's or UINT32_MAX.
 * Returns the length of the reply, never above len, or 0: say nothing. */
size_t cmdmon_answer(struct engine *, enum cmdmon_via via, uint32_t uid,
    const unsigned char *packet, size_t len,
    unsigned char reply[CMDMON_REPLY_MAX]);

#endif
