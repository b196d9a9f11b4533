/* SPDX-License-Identifier: ISC */
#include "daemon/os/given_linux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

static int
option_of(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, option, &value, &len) < 0 ? -1 : value;
}

static bool
is_bound_to(int fd, const struct endpoint *local)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof ss;
	struct endpoint e;

	return option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM &&
	    getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    (ss.ss_family == AF_INET || (ss.ss_family == AF_INET6 &&
	    option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1)) &&
	    addr_from_sockaddr(&e, (const struct sockaddr *)&ss) == 0 &&
	    e.port == local->port && addr_equal(&e.addr, &local->addr);
}

int
given_take(struct given *g, const struct endpoint *local)
{
	for (int i = 0; i < g->n; i++) {
		const uint64_t bit = UINT64_C(1) << i;
		int fd = g->first + i;

		if ((g->taken & bit) != 0 || !is_bound_to(fd, local))
			continue;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
		    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
			continue;
		g->taken |= bit;
		return fd;
	}
	return -1;
}
