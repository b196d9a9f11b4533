/* SPDX-License-Identifier: ISC
 *
 * Multicast groups of UDP sockets. */
#ifndef DAEMON_OS_GROUPS_LINUX_H
#define DAEMON_OS_GROUPS_LINUX_H

#include "daemon/os/os.h"

/* Joins the socket to want's groups.  An interface that cannot have one is
 * left out: what is broadcast there still comes in. */
void groups_join(int fd, const struct sock_want *want);

#endif
