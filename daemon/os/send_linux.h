/* SPDX-License-Identifier: ISC
 *
 * Sending: one datagram through any socket, or many at once through one for
 * UDP.  The second takes sendmmsg(), which simulators under LD_PRELOAD know
 * nothing of: a program that may run under one does not link it. */
#ifndef DAEMON_OS_SEND_LINUX_H
#define DAEMON_OS_SEND_LINUX_H

#include <sys/socket.h>

#include "daemon/os/net_linux.h"
#include "daemon/os/os.h"

/* What a message for the kernel points to. */
struct send_parts {
	_Alignas(struct cmsghdr) unsigned char control[64];
	union net_name name;
	struct iovec iov;
};

/* Makes d ready to go through a UDP socket; parts and d live as long as msg. */
void send_prepare(const struct link *, const struct dgram *d, struct msghdr *,
    struct send_parts *);

/* See os.h: ops->send. */
int net_send(struct os *, struct sock *, const struct dgram *);

/* From now on many datagrams go with one system call. */
void send_many_enable(struct os *);

#endif
