/* SPDX-License-Identifier: ISC
 *
 * What is told of ourselves, in the header of an answer.  It holds for a while:
 * how it grows old is part of it, so whoever has it can go on telling it. */
#ifndef DAEMON_ENGINE_TOLD_H
#define DAEMON_ENGINE_TOLD_H

#include "daemon/os/os.h"
#include "daemon/wire/packet.h"
#include "privsep/wire_worker.h"

#define TOLD_AGE_MAX 30.0 /* s; what is older is told as unsynchronised */

/* As it holds now, in a packet: all but poll and the last three timestamps; and
 * the same in a header. */
void told_packet(const struct wrk_reference *, struct pair now,
    struct ntp_packet *);
void told_write(const struct wrk_reference *, struct pair now,
    unsigned char header[PACKET_HEADER]);

#endif
