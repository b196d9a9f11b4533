/* SPDX-License-Identifier: ISC
 *
 * Apart from chan.c, since not everybody who talks makes the channels. */
#include <errno.h>
#include <sys/socket.h>

#include "privsep/chan.h"

int
chan_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	return 0;
}
