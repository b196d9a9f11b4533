/* SPDX-License-Identifier: ISC
 *
 * Control sockets in the file system.  The kernel vouches for the uid at the
 * other end; a client that does not take its answer is dropped, never waited
 * for. */
#ifndef DAEMON_OS_UNIX_LINUX_H
#define DAEMON_OS_UNIX_LINUX_H

#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/os/net_linux.h"

#define UNIX_CONNS 32 /* per listening socket; one more drops the one that was
                         silent longest */

/* The peer's path, NUL-terminated inside un (which is a union net_name), or
 * NULL when it has none. */
const char *unix_path(struct sockaddr_un *un, socklen_t len);

/* Makes the socket and its file and fills link; a file that nobody listens on
 * is replaced.  Returns the descriptor, -EADDRINUSE when another process
 * listens there, -EEXIST for a file that is no socket, other -errno. */
int unix_open(struct link *, const struct sock_want *);

/* Closes the connections of a listening socket. */
void unix_close_conns(struct os_linux *, struct link *);

/* 0, -ENOTCONN when there is no such connection (any more), other -errno. */
int unix_send(struct os_linux *, struct link *, const struct dgram *);

#endif
