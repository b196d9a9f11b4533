/* SPDX-License-Identifier: ISC
 *
 * A datagram that the kernel refuses (no route, a full buffer) is left out, and
 * those behind it go on. */
#include <errno.h>

#include "daemon/os/send_linux.h"

static int
send_batch(const struct sock *sock, const struct dgram *d, int n)
{
	struct mmsghdr msgs[NET_BATCH];
	struct send_parts parts[NET_BATCH];
	int at = 0, gone = 0;

	for (int i = 0; i < n; i++)
		send_prepare(sock->backend, &d[i], &msgs[i].msg_hdr,
		    &parts[i]);
	while (at < n) {
		int r = sendmmsg(sock->fd, msgs + at, (unsigned)(n - at),
		    MSG_DONTWAIT);

		if (r < 0 && errno == EINTR)
			continue;
		gone += r > 0 ? r : 0;
		at += r > 0 ? r : 1;
	}
	return gone;
}

static int
send_many(struct os *os, struct sock *sock, const struct dgram *d, int n)
{
	int gone = 0;

	if (sock->fd < 0)
		return 0;
	if (n == 1)
		return net_send(os, sock, d) == 0;
	for (int at = 0; at < n; at += NET_BATCH)
		gone += send_batch(sock, d + at,
		    n - at < NET_BATCH ? n - at : NET_BATCH);
	return gone;
}

void
send_many_enable(struct os *os)
{
	os->send_many = send_many;
}
