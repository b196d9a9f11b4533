/* SPDX-License-Identifier: ISC */
#include "daemon/os/given_linux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

static int
option_of(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, option, &value, &len) < 0 ? -1 : value;
}

/* Where a socket that we could use is bound; false: it is none. */
static bool
bound_to(int fd, struct endpoint *e)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof ss;

	return option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM &&
	    getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    (ss.ss_family == AF_INET || (ss.ss_family == AF_INET6 &&
	    option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1)) &&
	    addr_from_sockaddr(e, (const struct sockaddr *)&ss) == 0;
}

int
given_take(struct given *g, const struct endpoint *local)
{
	for (int i = 0; i < g->n; i++) {
		const uint64_t bit = UINT64_C(1) << i;
		int fd = g->first + i;
		struct endpoint e;

		if ((g->taken & bit) != 0 || !bound_to(fd, &e) ||
		    e.port != local->port || !addr_equal(&e.addr, &local->addr))
			continue;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
		    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
			continue;
		g->taken |= bit;
		return fd;
	}
	return -1;
}

void
given_close(struct given *g)
{
	for (int i = 0; i < g->n; i++) {
		const uint64_t bit = UINT64_C(1) << i;
		int fd = g->first + i;
		char text[ADDR_STRLEN];
		struct endpoint e;

		if ((g->taken & bit) != 0)
			continue;
		g->taken |= bit;
		if (bound_to(fd, &e))
			log_warn("LISTEN_FDS: socket %d, for %s port %u, is "
				 "closed: nothing here is bound to just that",
			    i + 1, addr_print(&e.addr, text, sizeof text),
			    e.port);
		else
			log_warn("LISTEN_FDS: socket %d is closed: not UDP, or "
				 "for IPv4 and IPv6 at once", i + 1);
		close(fd);
	}
}
