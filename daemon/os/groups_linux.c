/* SPDX-License-Identifier: ISC */
#include "daemon/os/groups_linux.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"

static void
join(int fd, const struct sock_group *g, uint32_t ifindex)
{
	struct endpoint e = { .addr = g->addr };
	struct group_req req = { .gr_interface = ifindex };
	int level = g->addr.family == ADDR_INET4 ? IPPROTO_IP : IPPROTO_IPV6;
	char buf[ADDR_STRLEN];

	addr_to_sockaddr(&e, &req.gr_group);
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &req, sizeof req) < 0 &&
	    errno != EADDRINUSE) /* it is in there already */
		log_debug("group %s: not joined on interface %u: %s",
		    addr_print(&g->addr, buf, sizeof buf), ifindex,
		    strerror(errno));
}

void
groups_join(int fd, const struct sock_want *want)
{
	struct if_nameindex *all = NULL;

	for (size_t i = 0; i < want->n_groups; i++) {
		const struct sock_group *g = &want->groups[i];

		if (g->ifindex != 0) {
			join(fd, g, g->ifindex);
			continue;
		}
		if (all == NULL)
			all = if_nameindex();
		for (struct if_nameindex *x = all; x != NULL &&
		     x->if_index != 0; x++)
			join(fd, g, x->if_index);
	}
	if (all != NULL)
		if_freenameindex(all);
}
